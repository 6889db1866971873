"""OpenMPR's results, and tables in its format, as results like our own: groups with sums.

Which photo of a SKU was found is not published, so no photo is invented: hits per SKU are the
finest that is known, and of a table without them only the rates are.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from skulens.analysis.boards import Published, describe_task
from skulens.bench.result import GROUPS, Data, Result
from skulens.encode.zoo.rows import ZooRow, find_row
from skulens.evaluate import density
from skulens.evaluate.intervals import Interval
from skulens.evaluate.scores import Scores
from skulens.papers.openmpr.published import KS, SUMMARY, openmpr_folder
from skulens.papers.openmpr.runs import (
    SUITE,
    has_packed_hits,
    holds_runs,
    read_run_hits,
    read_runs,
)
from skulens.papers.openmpr.summary_csv import model_name, read_csv, read_hits
from skulens.records import Reject, SystemInfo

TEXTS = ("caption",)
"""What stood for a product in the paper's gallery."""


class OpenMPR:
    """The registered leaderboard "openmpr", and the CSV format that it brings."""

    @staticmethod
    def holds(path: Path) -> bool:
        """Whether a path is a table, or a folder with one, in this format."""
        return path.suffix == ".csv" or (path / SUMMARY).is_file() or holds_runs(path)

    @staticmethod
    def published(root: str | Path | None = None) -> Published:
        """The 190 published results (Maminta and Atienza, ICPR 2026), hits per SKU included.

        Args:
            root: folder with benchmark_summary.csv and per_sku_hits.json.gz; None finds or fetches
                it.
        """
        folder = Path(root) if root else openmpr_folder()
        return read_results(folder / SUMMARY, name="openmpr")

    @staticmethod
    def read(path: Path) -> Published:
        """Results from a CSV in this format, a folder with one, or the script's own files.

        See `read_results` and `read_run_folder`.
        """
        if path.is_dir() and not (path / SUMMARY).is_file():
            return read_run_folder(path)
        return read_results(path / SUMMARY if path.is_dir() else path)


def read_results(path: Path, name: str = "") -> Published:
    """Results from a CSV in OpenMPR's format (benchmark_summary.csv).

    Hits per SKU are read from `per_sku_hits.json` or `.json.gz`, if that lies beside the file, else
    from the script's files in `macro_cmc/`.

    Raises:
        MissingFile: no such file.
        DataError: not a CSV, columns missing, or no row that can be used; names row and column.
    """
    rows, rejects = read_csv(path)
    if holds_runs(path.parent) and not has_packed_hits(path.parent):
        hits = read_run_hits(path.parent, rows)
    else:
        hits = read_hits(path.parent, rows)
    return publish(name or path.stem, path.name, rows, hits, rejects)


def read_run_folder(folder: Path) -> Published:
    """Results from the files of OpenMPR's script, micro_cmc/ and macro_cmc/ (`papers.openmpr.runs`).

    Raises:
        DataError: no file that can be used.
    """
    rows, rejects = read_runs(folder)
    return publish(folder.name, folder.name, rows, read_run_hits(folder, rows), rejects)


def publish(
    name: str,
    data: str,
    rows: Sequence[Mapping],
    by_sku: tuple[tuple[str, ...], np.ndarray, Mapping[int, np.ndarray], Sequence[Reject]],
    rejects: Sequence[Reject],
) -> Published:
    """Rows and their hits per SKU as results.

    Args:
        by_sku: as `summary_csv.read_hits` gives them.
    """
    skus, photos, hits, more = by_sku
    data = f"{name}: {len(skus)} SKUs, {int(photos.sum()):,} photos" if skus else data
    known = [find_zoo_row(row) for row in rows]
    results = tuple(
        result_of(row, zoo, Data(name, data), skus, photos, {k: h[:, at] for k, h in hits.items()})
        for at, (row, zoo) in enumerate(zip(rows, known, strict=True))
    )
    task = describe_task("text", TEXTS, len(skus))
    return Published(name, data, task, results, skus, tuple(known), (*rejects, *more))


def find_zoo_row(row: Mapping) -> ZooRow | None:
    """What the registry knows of a row's model."""
    return find_row(row["vision_model"].strip(), (row["pretrained_on"] or "").strip())


def result_of(
    row: Mapping,
    known: ZooRow | None,
    data: Data,
    skus: tuple[str, ...],
    photos: np.ndarray,
    hits: Mapping[int, np.ndarray],
) -> Result:
    """The result of a row of `read_csv`; intervals are worked out by whoever asks."""
    values = {f"hit_rate@{k}": row[f"micro_cmc@{k}"] for k in KS}
    values |= {f"macro_hit_rate@{k}": row[f"macro_cmc@{k}"] for k in KS}
    values["gap"] = values["hit_rate@5"] - values["hit_rate@1"]
    params = row["nparams"]
    values["phi"] = density.phi(values["hit_rate@1"], params) if params else None
    name = f"open_clip:{known.name}" if known else model_name(row)
    tables = {}
    if hits and not any(np.isnan(h).any() for h in hits.values()):
        top = {f"hit_rate@{k}": h.astype(float) for k, h in hits.items()}
        seen = photos.astype(float)
        same = dict.fromkeys(top, seen)
        scores = Scores(skus, skus, top, same, counts=same, sizes=seen, unit="group")
        tables[GROUPS] = scores.to_arrow()
    n = int(photos.sum()) if tables else 0
    return Result(
        suite=SUITE,
        data=data,
        system=SystemInfo(
            name=name,
            kind="encoder",
            identity="",
            family=(row.get("architecture_family") or "").strip(),
            params=params,
        ),
        name=name,
        variant={"gallery": "text"},
        settings={},
        metrics={m: wrap_value(v, n, len(skus)) for m, v in values.items()},
        tables=tables,
        counts={"units": n, "groups": len(skus), "gallery": len(skus)},
    )


def wrap_value(value: float | None, n: int, groups: int) -> Interval:
    """A value without an interval."""
    return Interval(np.nan if value is None else float(value), np.nan, np.nan, n, groups)
