"""Leaderboards: published results, results measured here and CSV files, side by side.

Entries of one board answered the same queries, so their hits per SKU can be compared with each
other. Entries measured on anything else may stand beside them, but `Entry.data` says so and
their hits are unknown (NaN): numbers of different photos or different galleries do not compare.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from skulens.bench.result import ResultStore
from skulens.encode.zoo.rows import ZooRow, find_row
from skulens.encode.zoo.warnings import SERIOUS, split_code
from skulens.errors import DataError, StoreError, unknown
from skulens.evaluate import power
from skulens.papers.openmpr.published import KS, SUMMARY, openmpr_folder
from skulens.papers.openmpr.summary_csv import model_name, read_csv, read_hits
from skulens.records import Reject

PUBLISHED = "published"


@dataclass(frozen=True)
class Entry:
    """One line of a leaderboard."""

    name: str
    """As the registry writes it ("open_clip:ViT-B-32/openai") where it knows the encoder, else as written."""
    source: str
    """"published", "here" (a result store), or the name of the CSV file."""
    family: str = ""
    params: int | None = None
    """Of the image and the text tower."""
    licence: str | None = None
    metrics: dict[str, float | None] = field(default_factory=dict)
    """hit_rate@k and macro_hit_rate@k as fractions, phi as the paper prints it; None: unknown."""
    latency_ms: float | None = None
    """Median of one probe, only where it was measured on this machine's kind (see `machine`)."""
    memory_mb: float | None = None
    """Peak resident memory of the measuring process, 10^6 bytes."""
    machine: str | None = None
    commercial: str = "unknown"
    """Whether the licence allows commercial use: yes, no or unknown."""
    traps: tuple[str, ...] = ()
    """Codes of skulens.encode.zoo.warnings that may change this entry's numbers or their use."""
    data: str = ""
    """What it was measured on."""
    folder: str | None = None
    """Of the stored result, where there is one."""


@dataclass(frozen=True)
class Board:
    """Entries with their hits per SKU."""

    name: str
    entries: tuple[Entry, ...]
    skus: tuple[str, ...] = ()
    photos: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    """(skus,) probes of each SKU; empty where unknown."""
    hits: dict[int, np.ndarray] = field(default_factory=dict)
    """k -> (skus, entries) probes whose SKU is among the first k; a NaN column where unknown."""
    data: str = ""
    """What the entries with hits were measured on."""
    rejects: tuple[Reject, ...] = ()
    """Rows that could not be used."""
    task: str = ""
    """What was asked of what; boards of different tasks never mix."""
    asked: str = ""
    """Hash of the queries, the gallery and what is right, where it is known."""

    def known(self, k: int = 1) -> np.ndarray:
        """(entries,) bool: entries whose hits per SKU are known, and so can be compared with each other."""
        if k not in self.hits or not len(self.skus):
            return np.zeros(len(self.entries), bool)
        return ~np.isnan(self.hits[k]).any(axis=0)

    def same_data(self) -> np.ndarray:
        """(entries,) bool: entries measured on the board's own queries, hits known or not."""
        return np.array([e.data == self.data for e in self.entries], bool)


def open_boards(what: str) -> list[Board]:
    """The boards behind a name ("openmpr"), a CSV in OpenMPR's format, or a folder of stored results.

    Raises:
        UnknownName, MissingFile: nothing of that name, nothing at that path.
        StoreError, DataError: nothing in it that can be used.
    """
    path = Path(what)
    if what == "openmpr":
        return [openmpr_board()]
    if path.is_dir():
        return (
            [csv_board(path / SUMMARY)]
            if (path / SUMMARY).is_file()
            else store_boards(stored(path))
        )
    if not path.exists() and not path.suffix and "/" not in what:
        raise unknown("leaderboard", what, ["openmpr"], "skulens leaderboard --help")
    return [csv_board(path)]


def stored(folder: Path) -> list[dict]:
    """The records of a result store, oldest first. Raises StoreError where there are none."""
    records = ResultStore(folder).records()
    if not records:
        raise StoreError(
            f"no results in {folder}: measure with `skulens bench mpr DATA --results {folder}` first"
        )
    return records


def openmpr_board(root: str | Path | None = None) -> Board:
    """The 190 published results of OpenMPR (Maminta and Atienza, ICPR 2026), hits per SKU included.

    Args:
        root: folder with benchmark_summary.csv and per_sku_hits.json.gz; None finds or fetches it.
    """
    folder = Path(root) if root else openmpr_folder()
    board = csv_board(folder / SUMMARY, source=PUBLISHED)
    data = f"openmpr: {len(board.skus)} SKUs, {int(board.photos.sum()):,} photos"
    return replace(
        board,
        name="openmpr",
        data=data,
        entries=tuple(replace(e, data=data) for e in board.entries),
    )


def csv_board(path: str | Path, source: str = "") -> Board:
    """A board from a CSV in OpenMPR's format (benchmark_summary.csv).

    Hits per SKU are read from `per_sku_hits.json` or `.json.gz` beside the file, where there is one.

    Raises:
        MissingFile: no such file.
        DataError: no CSV, columns missing, or no row that can be used; names row and column.
    """
    path = Path(path)
    rows, rejects = read_csv(path)
    entries = [entry_of(row, source or path.name) for row in rows]
    skus, photos, hits, more = read_hits(path.parent, rows)
    data = f"{path.stem}: {len(skus)} SKUs, {int(photos.sum()):,} photos" if skus else path.name
    entries = [replace(e, data=data) for e in entries]
    return Board(
        path.stem,
        tuple(entries),
        skus,
        photos,
        hits,
        data,
        (*rejects, *more),
        task_of("text", ("caption",), len(skus)),
    )


def task_of(gallery: str, texts: Sequence[str], n_gallery: int) -> str:
    """photo -> text (caption) of 409 SKUs"""
    roles = f" ({', '.join(texts)})" if gallery != "image" else ""
    return f"photo -> {gallery}{roles} of {n_gallery} SKUs"


def entry_of(row: dict, source: str) -> Entry:
    """An entry from a row of `read_csv`, with what the registry knows of the model."""
    known = find_row(row["vision_model"].strip(), (row["pretrained_on"] or "").strip())
    metrics = {f"hit_rate@{k}": row[f"micro_cmc@{k}"] for k in KS} | {
        f"macro_hit_rate@{k}": row[f"macro_cmc@{k}"] for k in KS
    }
    metrics["gap"] = metrics["hit_rate@5"] - metrics["hit_rate@1"]
    params = row["nparams"]
    metrics["phi"] = power.phi(metrics["hit_rate@1"], params) if params else None
    name = f"open_clip:{known.name}" if known else model_name(row)
    entry = Entry(
        name,
        source,
        family=(row.get("architecture_family") or "").strip(),
        params=params,
        metrics=metrics,
    )
    return registered(entry, known)


def registered(entry: Entry, known: ZooRow | None) -> Entry:
    """The entry with family, licence and traps of the registry's row."""
    if known is None:
        return entry
    traps = tuple(
        code
        for code in known.lint
        if split_code(code)[0] in (*SERIOUS, "activation-doubtful", "short-context")
    )
    params = entry.params or known.params
    return replace(
        entry,
        family=known.family,
        params=params,
        licence=known.licence,
        commercial=known.commercial,
        traps=traps,
    )


def store_boards(records: Iterable[dict]) -> list[Board]:
    """Boards of stored results, one per (suite, data, gallery): their entries answered the same queries.

    Of one encoder measured again under the same settings, the latest record stands.
    """
    groups: dict[tuple, dict[tuple, dict]] = {}
    for record in records:
        try:
            same = (record["suite"], record["data_hash"], record["gallery"])
            which = (record["encoder"], json.dumps(record["settings"], sort_keys=True))
            record["metrics"], record["encoder_info"]
        except (KeyError, TypeError) as e:
            raise StoreError(
                f"{record.get('folder', 'a record')} lacks {e}; it is no result of `skulens bench`"
            ) from None
        groups.setdefault(same, {}).pop(which, None)
        groups[same][which] = record
    return [store_board(list(group.values())) for group in groups.values()]


def store_board(records: Sequence[dict]) -> Board:
    """The board of records of one data and gallery."""
    first = records[0]
    n_skus = first["counts"].get("groups", 0)
    data = f"{Path(first['data']).name} -> {first['gallery']} of {first['n_gallery']} SKUs, {first['n_queries']:,} probes of {n_skus}"
    ks = sorted(int(m.partition("@")[2]) for m in first["metrics"] if m.startswith("hit_rate@"))
    skus, photos, hits = (
        (),
        np.zeros(0, np.int64),
        {k: np.full((0, len(records)), np.nan) for k in ks},
    )
    rejects = []
    for at, record in enumerate(records):
        counted = count_hits(record)
        if counted is None:
            rejects.append(
                Reject(
                    str(record.get("folder", "")),
                    record["encoder"],
                    "no per_query.parquet",
                    "it stands without intervals",
                )
            )
            continue
        if not skus:
            skus, photos, _ = counted
            hits = {k: np.full((len(skus), len(records)), np.nan) for k in ks}
        if counted[0] != skus or not np.array_equal(counted[1], photos):
            reason = f"{len(counted[0])} SKUs and {int(counted[1].sum())} probes where the others have {len(skus)} and {int(photos.sum())}"
            rejects.append(
                Reject(
                    str(record.get("folder", "")),
                    record["encoder"],
                    reason,
                    "it stands without intervals; measure it again",
                )
            )
            continue
        for k in ks:
            if k in counted[2]:
                hits[k][:, at] = counted[2][k]
    entries = tuple(
        replace(e, data=data) for e in distinct([stored_entry(r) for r in records], records)
    )
    task = task_of(first["gallery"], first["settings"].get("texts") or (), first["n_gallery"])
    return Board(
        f"{first['suite']}: {data}",
        entries,
        skus,
        photos,
        hits,
        data,
        tuple(rejects),
        task,
        first["data_hash"],
    )


def count_hits(record: dict) -> tuple[tuple[str, ...], np.ndarray, dict[int, np.ndarray]] | None:
    """(skus, photos, hits) of a stored result, added up by group; None where it has no values per query."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = Path(record.get("folder", "")) / "per_query.parquet"
    if not path.is_file():
        return None
    try:
        table = pq.read_table(path)
        groups = np.array(table.column("group").to_pylist(), dtype=str)
    except (OSError, pa.ArrowException, KeyError) as e:
        raise StoreError(
            f"{path} cannot be read ({e}); remove its folder and measure again"
        ) from None
    rates = [c for c in table.column_names if c.startswith("hit_rate@")]
    values = {
        int(c.partition("@")[2]): table.column(c).to_numpy(zero_copy_only=False).astype(float)
        for c in rates
    }
    answered = ~np.isnan(next(iter(values.values()))) if values else np.ones(len(groups), bool)
    skus, numbers = np.unique(groups[answered], return_inverse=True)
    photos = np.bincount(numbers, minlength=len(skus))
    hits = {k: np.bincount(numbers, v[answered], minlength=len(skus)) for k, v in values.items()}
    return tuple(skus.tolist()), photos, hits


def stored_entry(record: dict) -> Entry:
    """An entry from a stored record."""
    info, speed = record["encoder_info"], record.get("speed") or {}
    params = (info.get("params_image") or 0) + (info.get("params_text") or 0) or None
    metrics = {name: m["value"] for name, m in record["metrics"].items()}
    machine = (record.get("provenance") or {}).get("machine")
    family, _, pair = record["encoder"].partition(":")
    arch, slash, tag = pair.rpartition("/")
    known = find_row(arch, tag) if family == "open_clip" and slash else None
    entry = Entry(
        name=record["encoder"],
        source="here",
        family=info.get("family") or "",
        params=params,
        licence=None if info.get("licence") in (None, "", "unknown") else info["licence"],
        metrics=metrics,
        latency_ms=speed.get("latency_ms_p50"),
        memory_mb=speed.get("peak_memory_mb"),
        machine=f"{machine['cpu']}, {machine['cores']} cores" if machine else None,
        folder=record.get("folder"),
    )
    return registered(entry, known)


def distinct(entries: Sequence[Entry], records: Sequence[dict]) -> list[Entry]:
    """Entries of one encoder under several settings are told apart by the settings that differ."""
    names = [e.name for e in entries]
    named = []
    for entry, record in zip(entries, records, strict=True):
        others = [r["settings"] for r in records if r["encoder"] == record["encoder"]]
        differing = [k for k, v in record["settings"].items() if any(o.get(k) != v for o in others)]
        said = (
            ", ".join(f"{k} {record['settings'][k]}" for k in differing)
            if names.count(entry.name) > 1
            else ""
        )
        mode = record["settings"].get("mode", "sound")
        said = said or ("" if mode == "sound" else f"mode {mode}")
        named.append(replace(entry, name=f"{entry.name} ({said})") if said else entry)
    return named


def by_data(boards: Sequence[Board]) -> list[Board]:
    """The same boards, those on the same queries made one; entries that fit no board keep their own.

    The first board with hits per SKU takes in every board that asked the same (see `aligned`), and
    those entries without hits whose recalls could be of its photos (see `fits`).
    """
    found: list[Board] = []
    for board in sorted(boards, key=lambda b: not b.skus):
        home = next((i for i, b in enumerate(found) if aligned(b, board) is not None), None)
        if home is not None:
            found[home] = merged(found[home], board)
            continue
        stray = []
        for entry in board.entries if not board.skus else ():
            home = next((i for i, b in enumerate(found) if fits(b, board, entry)), None)
            if home is None:
                stray.append(replace(entry, data=why_stray(found, board)))
            else:
                found[home] = merged(
                    found[home], replace(board, entries=(entry,), hits={}, rejects=())
                )
        if board.skus or stray:
            found.append(
                board if board.skus else replace(board, entries=tuple(stray), data=stray[0].data)
            )
        elif board.rejects:
            found[0] = replace(found[0], rejects=(*found[0].rejects, *board.rejects))
    return found


def why_stray(found: Sequence[Board], board: Board) -> str:
    """The data of entries without hits per SKU that fit no board so far."""
    if board.asked or not found:
        return board.data
    return f"{board.data}: recalls that are no whole numbers of {int(found[0].photos.sum()):,} photos, so rounded or of other photos"


def merged(*boards: Board) -> Board:
    """Boards side by side; the first one's queries are the board's.

    An entry of another board keeps its hits where that board asked the same (see `aligned`). One without hits per SKU passes for the same data where all its recalls are
    whole numbers of the board's photos. All others stay, marked by their `data`.

    Raises:
        DataError: no board at all.
    """
    if not boards:
        raise DataError("nothing to merge: give at least one board")
    first = next((b for b in boards if b.skus), boards[0])
    ks = sorted({k for b in boards for k in b.hits})
    columns: dict[int, list[np.ndarray]] = {k: [] for k in ks}
    entries: list[Entry] = []
    for board in boards:
        rows = aligned(first, board)
        for k in ks:
            unknown = np.full((len(first.skus), len(board.entries)), np.nan)
            columns[k].append(
                unknown if rows is None or k not in board.hits else board.hits[k][rows]
            )
        mine = [
            replace(e, data=first.data) if rows is not None or fits(first, board, e) else e
            for e in board.entries
        ]
        entries += mine
    hits = {k: np.concatenate(columns[k], axis=1) for k in ks}
    rejects = tuple(r for b in boards for r in b.rejects)
    return replace(first, entries=tuple(entries), hits=hits, rejects=rejects)


def aligned(first: Board, other: Board) -> np.ndarray | None:
    """Where the SKUs of `first` stand in `other`, (skus,); None where the queries are others.

    Same hashes prove it; where one is unknown, the same task, SKUs and photo counts are taken for it.
    """
    if other is first:
        return np.arange(len(first.skus))
    if first.task != other.task or (first.asked and other.asked and first.asked != other.asked):
        return None
    places = {sku: i for i, sku in enumerate(other.skus)}
    if not first.skus or set(places) != set(first.skus):
        return None
    rows = np.array([places[s] for s in first.skus])
    return rows if np.array_equal(other.photos[rows], first.photos) else None


def fits(first: Board, board: Board, entry: Entry) -> bool:
    """Could these recalls be of the photos of `first`? Then each is a whole number of them."""
    if board.skus or board.asked or first.asked or not first.skus:
        return False
    counts = [
        v * first.photos.sum()
        for m, v in entry.metrics.items()
        if m.startswith("hit_rate@") and v is not None
    ]
    return bool(counts) and all(abs(c - round(c)) < 1e-4 for c in counts)
