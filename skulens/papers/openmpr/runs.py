"""Results as OpenMPR's own files: micro_cmc/ and macro_cmc/ with one JSON file per model.

Its script writes them, its compare_results.py and its notebook read them:

    micro_cmc/ARCHITECTURE--TAG.json   {"@k=1": 0.77, "@k=3": ..., "@k=5": ...}
    macro_cmc/ARCHITECTURE--TAG.json   {"0093": {"@k=5": 0.9, "@k=3": ..., "@k=1": ...}, ...}
    openclip_model_nparams.json        {"open_clip/ARCHITECTURE--TAG": 102007137, ...}

A recall is hits over photos, so hits come back by the photos of each SKU, which
barcode_to_images_statistics.json holds; ours has no labels, which a result does not know.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from skulens.bench.result import Result
from skulens.encode.zoo.rows import find_row
from skulens.errors import DataError, StoreError
from skulens.papers.openmpr.published import HITS, KS
from skulens.papers.openmpr.summary_csv import check_hits, model_name
from skulens.records import Reject

SUITE = "mpr"
MICRO, MACRO = "micro_cmc", "macro_cmc"
PARAMS, STATISTICS = "openclip_model_nparams.json", "barcode_to_images_statistics.json"
PLACES = (".", "..", "../src/data", "../../data")
"""Where the statistics may lie, seen from the folder of both: beside it, or in a clone."""
WHOLE = 1e-6
"""How far recall x photos may be from a whole number."""


@dataclass(frozen=True)
class Hits:
    """Photos that were found, by SKU."""

    skus: tuple[str, ...]
    photos: np.ndarray
    """(skus,) int"""
    hits: Mapping[int, np.ndarray]
    """k -> (skus,) int"""

    def micro(self, k: int) -> float:
        return int(self.hits[k].sum()) / int(self.photos.sum())

    def macro(self, k: int) -> float:
        """As the paper's scripts work it out: one SKU after the other, added in their order."""
        return sum(
            h / n for h, n in zip(self.hits[k].tolist(), self.photos.tolist(), strict=True)
        ) / len(self.skus)


def hits_of(result: Result) -> Hits | None:
    """The hits at 1, 3 and 5 of a result; None where they are not known by SKU."""
    sums = result.sums
    if sums is None or any(f"hit_rate@{k}" not in sums.metrics for k in KS):
        return None
    top = {k: sums.sums_of(f"hit_rate@{k}") for k in KS}
    asked = top[1][1] > 0
    if not asked.any() or any((bottom != top[1][1]).any() for _, bottom in top.values()):
        return None
    hits = {k: np.rint(found[asked]).astype(np.int64) for k, (found, _) in top.items()}
    skus = tuple(g for g, there in zip(sums.groups, asked, strict=True) if there)
    return Hits(skus, np.rint(top[1][1][asked]).astype(np.int64), hits)


def lacks_hits(result: Result) -> str:
    """Why a result cannot be written as OpenMPR's files; empty where it can."""
    if result.suite != SUITE:
        return f"suite {result.suite}, OpenMPR's files are of suite {SUITE}"
    if result.variant.get("gallery", "text") != "text":
        return f"gallery {result.variant['gallery']}, OpenMPR ranks texts"
    return "" if hits_of(result) else "hit_rate@1, @3 and @5 are not known for each SKU"


def file_stem(result: Result) -> str:
    """ARCHITECTURE--TAG; of what open_clip did not publish NAME--skulens."""
    family, _, pair = result.name.partition(":")
    arch, slash, tag = pair.rpartition("/")
    if family != "open_clip" or not slash or find_row(arch, tag) is None:
        arch, tag = result.name, "skulens"
    return "--".join(re.sub(r"[^\w.-]+", "_", part).replace("--", "-") for part in (arch, tag))


def write_runs(results: Sequence[Result], folder: Path) -> tuple[list[str], list[str]]:
    """Write results as OpenMPR's files.

    Of one model measured in several ways the one in paper mode is written, then the latest. One
    folder holds results of the same photos only: those of the first.

    Returns:
        The names of the files, and a sentence for each result that was left out.
    Raises:
        StoreError: the folder cannot be written, or holds results of other photos.
    """
    ordered = sorted(
        enumerate(results), key=lambda r: (r[1].variant.get("mode") == "paper", r[0]), reverse=True
    )
    written: dict[str, Result] = {}
    skipped, first = [], None
    for _, result in ordered:
        found, stem = hits_of(result), file_stem(result)
        first = first or found
        said = ", ".join(filter(None, (result.name, result.variants())))
        if found is None or first is None or lacks_hits(result):
            skipped.append(f"{said}: {lacks_hits(result)}")
        elif not same_photos(first, found):
            skipped.append(f"{said}: other photos than the others, write it into another folder")
        elif stem in written:
            skipped.append(f"{said}: {stem}.json is of {written[stem].variants()} already")
        else:
            written[stem] = result
    if first and written:
        try:
            write_files(written, first, folder)
        except OSError as e:
            raise StoreError(f"cannot write {folder}: {e.strerror or e}") from e
    return sorted(written), skipped


def same_photos(a: Hits, b: Hits) -> bool:
    """Whether two were measured on as many photos of each SKU."""
    return dict(zip(a.skus, a.photos, strict=True)) == dict(zip(b.skus, b.photos, strict=True))


def write_files(written: Mapping[str, Result], first: Hits, folder: Path) -> None:
    photos = {s: int(n) for s, n in zip(first.skus, first.photos, strict=True)}
    stated = read_photos(folder / STATISTICS)
    if stated not in (None, photos):
        raise StoreError(f"{folder} holds results of other photos; choose another folder")
    for name in (MICRO, MACRO):
        (folder / name).mkdir(parents=True, exist_ok=True)
    params = read_object(folder / PARAMS) or {}
    for stem, result in written.items():
        found = hits_of(result)
        assert found is not None
        micro = {f"@k={k}": found.micro(k) for k in KS}
        macro = {
            sku: {f"@k={k}": int(found.hits[k][i]) / int(found.photos[i]) for k in reversed(KS)}
            for i, sku in enumerate(found.skus)
        }
        write_json(folder / MICRO / f"{stem}.json", micro)
        write_json(folder / MACRO / f"{stem}.json", macro)
        if result.system.params:
            params[f"open_clip/{stem}"] = result.system.params
    write_json(folder / PARAMS, params)
    counts = {sku: {"barcode": sku, "num_images": n} for sku, n in photos.items()}
    write_json(folder / STATISTICS, counts)


def write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=4), encoding="utf-8")


def read_object(path: Path) -> dict[str, Any] | None:
    """A JSON object; None where there is none to read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def read_photos(path: Path) -> dict[str, int] | None:
    """SKU -> photos of barcode_to_images_statistics.json; None where it does not say."""
    found = read_object(path)
    try:
        counts = {sku: int(entry["num_images"]) for sku, entry in (found or {}).items()}
    except (TypeError, KeyError, ValueError):
        return None
    return counts if counts and min(counts.values()) > 0 else None


def holds_runs(folder: Path) -> bool:
    """Whether a folder holds OpenMPR's files."""
    return (folder / MICRO).is_dir() and (folder / MACRO).is_dir()


def find_photos(folder: Path, given: Mapping[str, int] | None = None) -> dict[str, int] | None:
    """SKU -> photos, of the statistics beside the files, else `given`."""
    found = (read_photos(folder / place / STATISTICS) for place in PLACES)
    return next((f for f in found if f), dict(given) if given else None)


def read_runs(folder: Path) -> tuple[list[dict], list[Reject]]:
    """Rows as `summary_csv.read_csv` gives them, one for each pair of files.

    Raises:
        DataError: none of the files can be used.
    """
    params = read_object(folder / PARAMS) or {}
    rows, rejects = [], []
    for path in sorted((folder / MICRO).glob("*.json")):
        try:
            rows.append(read_run(folder, path.stem, params))
        except DataError as e:
            rejects.append(Reject(f"{MICRO}/{path.name}", path.stem, str(e), "write it again"))
    if not rows:
        why = f"; first reason: {rejects[0].reason}" if rejects else ""
        raise DataError(f"{folder} has no results in {MICRO}/ that can be used{why}")
    return rows, rejects


def read_run(folder: Path, stem: str, params: Mapping[str, Any]) -> dict:
    """One model's recalls. Raises DataError."""
    arch, _, tag = stem.partition("--")
    micro, macro = (read_object(folder / kind / f"{stem}.json") for kind in (MICRO, MACRO))
    if micro is None or not macro:
        raise DataError(f"{stem}.json is no JSON object in {MICRO if micro is None else MACRO}/")
    row: dict[str, Any] = {"vision_model": arch, "pretrained_on": tag, "macro": macro}
    for k in KS:
        row[f"micro_cmc@{k}"] = read_rate(micro, k)
        each = [read_rate(m, k) for m in macro.values()]
        row[f"macro_cmc@{k}"] = sum(each) / len(each)
    known, stated = find_row(arch, tag), params.get(f"open_clip/{stem}")
    row["nparams"] = stated if isinstance(stated, int) and stated > 0 else known and known.params
    row["architecture_family"] = known.family if known else ""
    return row


def read_rate(values: object, k: int) -> float:
    """The recall at k. Raises DataError."""
    value = values.get(f"@k={k}") if isinstance(values, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise DataError(f"@k={k} is {value!r}, expected a fraction between 0 and 1")
    return float(value)


def read_run_hits(
    folder: Path, rows: Sequence[Mapping], given: Mapping[str, int] | None = None
) -> tuple[tuple[str, ...], np.ndarray, dict[int, np.ndarray], list[Reject]]:
    """What `summary_csv.read_hits` gives, from the files in macro_cmc/.

    Args:
        given: SKU -> photos, where no statistics lie beside the files.
    """
    photos = find_photos(folder, given)
    if photos is None:
        todo = f"put {STATISTICS} beside {MACRO}/; they stand without intervals"
        reject = Reject(str(folder), MACRO, "the photos of each SKU are not known", todo)
        return (), np.zeros(0, np.int64), {}, [reject]
    skus, counts = tuple(sorted(photos)), np.array([photos[s] for s in sorted(photos)])
    hits = {k: np.full((len(skus), len(rows)), np.nan) for k in KS}
    rejects = []
    for at, row in enumerate(rows):
        try:
            for k, found in count_hits(folder, row, photos, skus).items():
                hits[k][:, at] = found
        except (DataError, ValueError) as e:
            todo = "it stands without intervals; are the files and the photos of one run?"
            rejects.append(Reject(f"{MACRO}/", model_name(row), str(e), todo))
    return skus, counts, hits, rejects


def count_hits(
    folder: Path, row: Mapping, photos: Mapping[str, int], skus: Sequence[str]
) -> dict[int, np.ndarray]:
    """k -> (skus,) hits. Raises DataError or ValueError where the photos do not fit the recalls."""
    stem = f"{row['vision_model']}--{row['pretrained_on']}"
    macro = row.get("macro") or read_object(folder / MACRO / f"{stem}.json")
    if not isinstance(macro, Mapping) or set(macro) != set(skus):
        n = len(macro) if isinstance(macro, Mapping) else 0
        raise DataError(f"recalls of {n} SKUs, the photos of {len(skus)} are known, not the same")
    counts = np.array([photos[s] for s in skus], float)
    found = {}
    for k in KS:
        exact = np.array([read_rate(macro[s], k) for s in skus]) * counts
        if (np.abs(exact - np.rint(exact)) > WHOLE).any():
            raise DataError(f"a recall@{k} is not a whole number of its SKU's photos")
        found[k] = check_hits(np.rint(exact), row[f"micro_cmc@{k}"], counts)
    return found


def has_packed_hits(folder: Path) -> bool:
    """Whether hits per SKU lie beside a CSV in one file."""
    return any((folder / name).is_file() for name in (HITS, HITS.removesuffix(".gz")))
