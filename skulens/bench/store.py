"""Stored results: one folder per (suite, data, system, settings), never overwritten silently.

`result.json` is the record with its format version, provenance and the digest of every other
file; tables lie beside it as Parquet, examples as JSON. Folders that earlier versions wrote
(format 1: an encoder and a gallery, no digests) are read too.
"""

import hashlib
import json
import shutil
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from skulens.bench.result import FORMAT, GROUPS, Data, Result, describe_run
from skulens.encode.zoo.warnings import warnings_of
from skulens.errors import StoreError, unknown
from skulens.evaluate.intervals import Interval
from skulens.files import sha256_of_file
from skulens.records import EncoderInfo, Qrels, Reject, Run, SystemInfo

if TYPE_CHECKING:
    import pyarrow as pa

RECORD = "result.json"
RUN_DEPTH = 100
"""Candidates kept per query in the stored run."""
USUAL = {"shots": "single", "fusion": "avg", "mode": "sound"}
"""Settings of format 1 that are said only where they are something else."""
GONE = ("resamples", "seed")
"""Settings of earlier versions that decide no number any more."""


class ResultStore:
    """Results as folders of files, readable without skulens."""

    def __init__(self, folder: Path):
        self.folder = folder

    def add(self, result: Result) -> tuple[Path, str]:
        """Store a result; (its folder, "new", "unchanged" or "differs").

        A result measured before with the same numbers is left as it is. One with other
        numbers goes beside it under the next number, and the caller should say so.
        """
        number, status = 1, "new"
        while True:
            place = self.folder / (result.key if number == 1 else f"{result.key}.{number}")
            if not place.exists():
                break
            if same_numbers(read_record(place), result):
                return place, "unchanged"
            number, status = number + 1, "differs"
        self._write(place, result)
        return place, status

    def _write(self, place: Path, result: Result) -> None:
        import pyarrow.parquet as pq

        aside = self.folder / f".{uuid.uuid4().hex}"
        try:
            aside.mkdir(parents=True)
            tables = {name: self._cut(name, table) for name, table in result.tables.items()}
            if GROUPS not in tables and result.sums is not None:
                tables[GROUPS] = result.sums.to_arrow()
            for name, table in tables.items():
                pq.write_table(table, aside / f"{name}.parquet")
            if result.look is not None:
                text = json.dumps(result.look(), ensure_ascii=False)
                (aside / "examples.json").write_text(text, encoding="utf-8")
            files = {f.name: sha256_of_file(f) for f in sorted(aside.iterdir())}
            record = result.record() | {"provenance": describe_run(), "files": files}
            text = json.dumps(record, indent=1, ensure_ascii=False)
            (aside / RECORD).write_text(text, encoding="utf-8")
            aside.rename(place)
        except OSError as e:
            shutil.rmtree(aside, ignore_errors=True)
            if place.exists():  # another process stored the same result first
                return
            raise StoreError(
                f"cannot write results to {self.folder}: {e.strerror or e}; use --results DIR"
            ) from e

    def _cut(self, name: str, table: "pa.Table") -> "pa.Table":
        import pyarrow.compute as pc

        return table.filter(pc.less_equal(table["rank"], RUN_DEPTH)) if name == "run" else table

    def results(self) -> list[Result]:
        """Every stored result, oldest first. Raises StoreError for one that cannot be read."""
        found = [read_result(p.parent) for p in sorted(self.folder.glob(f"*/{RECORD}"))]
        return sorted(found, key=lambda r: str(r.provenance["measured_at"]))


def same_numbers(record: Mapping, result: Result) -> bool:
    """Whether a stored record holds the metrics of a result, to the last digit."""
    return record["metrics"] == {name: i.as_dict() for name, i in result.metrics.items()}


def read_record(place: Path) -> dict:
    """The JSON object of a stored result. Raises StoreError."""
    try:
        record = json.loads((place / RECORD).read_text(encoding="utf-8"))
        if not isinstance(record, dict):
            raise ValueError(f"{RECORD} holds {type(record).__name__}, expected an object")
        return record
    except (OSError, ValueError) as e:
        raise StoreError(
            f"{place} is not a readable result ({e}); remove the folder and measure again"
        ) from e


def read_result(place: Path) -> Result:
    """A stored result of any format; its tables are read when they are asked for.

    Raises:
        StoreError: it is damaged, or a newer version wrote it.
    """
    record = read_record(place)
    if record.get("format", 1) > FORMAT:
        raise StoreError(
            f"{place} is of format {record['format']}, this version reads up to {FORMAT}; "
            "upgrade skulens"
        )
    try:
        return result_of(record, place)
    except (KeyError, TypeError, ValueError, AttributeError) as e:
        raise StoreError(
            f"{place} is not a result of `skulens bench` ({type(e).__name__}: {e}); "
            "remove the folder and measure again"
        ) from None


def result_of(record: Mapping, place: Path) -> Result:
    """The result of a record; what format 1 did not write is worked out from what it did."""
    first = record.get("format", 1) == 1
    settings = {k: v for k, v in record["settings"].items() if k not in GONE}
    counts = dict(record["counts"])
    counts = {"units": record["n_queries"], "gallery": record["n_gallery"]} | counts
    variant = {"gallery": record["gallery"]} if first else record["variant"]
    if first:
        variant |= {
            k: str(settings[k]) for k, usual in USUAL.items() if settings.get(k, usual) != usual
        }
    split = settings.get("split", "") if first else record["data_split"]
    return Result(
        suite=record["suite"],
        data=Data(
            record["data"],
            record["data_hash"],
            split,
            record.get("dataset", ""),
            record.get("data_queries", ""),
        ),
        system=system_of(record["encoder_info"] if first else record["system"], record["encoder"]),
        name=record["encoder"],
        variant=variant,
        settings=settings,
        metrics={name: Interval.from_dict(m) for name, m in record["metrics"].items()},
        tables=StoredTables(place, record.get("files")),
        slices={
            s: {v: {m: Interval.from_dict(i) for m, i in ms.items()} for v, ms in values.items()}
            for s, values in record.get("slices", {}).items()
        },
        curves={"cmc": record["cmc"]} if record.get("cmc") else {},
        cost=record["speed"],
        counts=counts,
        rejects=tuple(Reject(**r) for r in record["rejects"]),
        provenance=record["provenance"],
        folder=place,
    )


def system_of(stored: Mapping, name: str) -> SystemInfo:
    """The info of a stored system; facts that this version does not know are left out."""
    kind: type[SystemInfo] = EncoderInfo if "dim" in stored else SystemInfo
    known = {f.name for f in fields(kind)}
    facts: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in stored.items() if k in known
    }
    facts |= {"name": stored.get("name", name), "kind": stored.get("kind", "encoder")}
    facts["warnings"] = warnings_of(stored)
    facts["parts"] = tuple(system_of(p, p["name"]) for p in stored.get("parts", ()))
    return kind(**facts)


class StoredTables(Mapping[str, "pa.Table"]):
    """The Parquet files of a result's folder by name, read and checked when asked for."""

    def __init__(self, folder: Path, digests: Mapping[str, str] | None):
        self.folder, self.digests = folder, digests
        self._read: dict[str, pa.Table] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(p.stem for p in self.folder.glob("*.parquet")))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        return (self.folder / f"{name}.parquet").is_file()

    def __getitem__(self, name: str) -> "pa.Table":
        """Raises StoreError where the file is missing or damaged."""
        if name not in self._read:
            self._read[name] = read_table(
                self.folder, name, (self.digests or {}).get(f"{name}.parquet")
            )
        return self._read[name]


def read_table(folder: Path, name: str, digest: str | None = None) -> "pa.Table":
    """A Parquet file of a result.

    Raises:
        StoreError: it is missing, damaged, or not what was written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / f"{name}.parquet"
    try:
        data = path.read_bytes()
        if digest and hashlib.sha256(data).hexdigest() != digest:
            raise OSError("its bytes are not those that were written")
        # one thread: a pool that still reads ahead at exit can abort the process
        return pq.ParquetFile(pa.BufferReader(data)).read(use_threads=False)
    except (OSError, pa.ArrowInvalid) as e:
        raise StoreError(f"{path} cannot be read ({e}); remove the folder and measure again") from e


def stored_results(folder: Path) -> list[Result]:
    """The results of a store, oldest first. Raises StoreError where there are none."""
    found = ResultStore(folder).results()
    if not found:
        raise StoreError(
            f"no results in {folder}: "
            f"measure with `skulens bench mpr DATA --results {folder}` first"
        )
    return found


def find_results(word: str, results: Path) -> list[Result]:
    """The results that a word means: a result's folder, its name in the store, or a system.

    Of a system all its results, newest last.

    Raises:
        StoreError: the store is empty.
        UnknownName: none is called so; names the nearest.
    """
    place = Path(word)
    for folder in (place, results / word):
        if (folder / RECORD).is_file():
            return [read_result(folder)]
    if place.is_dir() and any(place.glob(f"*/{RECORD}")):
        return ResultStore(place).results()
    stored = ResultStore(results).results()
    if not stored:
        raise StoreError(
            f"no results in {results}: measure with `skulens bench mpr DATA --encoder {word}`, "
            "or give --results DIR"
        )
    found = [r for r in stored if word in (r.name, r.system.name)]
    if not found:
        names = [r.name for r in stored] + [r.folder.name for r in stored if r.folder]
        see = f"skulens results show --results {results}"
        raise unknown("result", word, dict.fromkeys(names), see)
    return found


def find_result(word: str, results: Path, gallery: str = "", suite: str = "") -> Result:
    """The one result that a word means; of several runs of the same thing the newest.

    Raises:
        StoreError: it means several; names them.
    """
    found = [
        r
        for r in find_results(word, results)
        if gallery in ("", r.variant.get("gallery")) and suite in ("", r.suite)
    ]
    if not found:
        asked = f"--gallery {gallery} " * bool(gallery) + f"--suite {suite} " * bool(suite)
        raise StoreError(f"{word} was never measured with {asked}in {results}")
    newest = {(r.name, r.data.fingerprint, str(r.settings)): r for r in found}
    if len(newest) > 1:
        folders = "\n  ".join(str(r.folder) for r in newest.values())
        raise StoreError(
            f"{word} means {len(newest)} results; give one of these folders, or --gallery or "
            f"--suite:\n"
            f"  {folders}"
        )
    return next(iter(newest.values()))


def read_run(result: Result) -> Run:
    """The candidates of a result, in the order in which they were ranked. Raises StoreError."""
    import pyarrow as pa
    import pyarrow.compute as pc

    table = result.tables["run"]
    row, product = (
        pc.dictionary_encode(table[c].cast(pa.string())).combine_chunks()
        for c in ("query", "product")
    )
    rank = table["rank"].to_numpy() - 1
    at = row.indices.to_numpy(), rank
    order = np.full((len(row.dictionary), int(rank.max(initial=-1)) + 1), -1, np.int32)
    scores = np.full(order.shape, -np.inf, np.float32)
    order[at], scores[at] = product.indices.to_numpy(), table["score"].to_numpy()
    return Run(
        tuple(row.dictionary.to_pylist()), tuple(product.dictionary.to_pylist()), order, scores
    )


def read_qrels(result: Result) -> Qrels:
    """The judgements of a result with their groups, of queries without any too.

    Raises:
        StoreError: a table of the result cannot be read.
    """
    asked, judged = result.tables["per_query"], nest_values(result.tables["qrels"], "grade")
    queries, groups = asked["query"].to_pylist(), asked["group"].to_pylist()
    return Qrels({q: judged.get(q, {}) for q in queries}, dict(zip(queries, groups, strict=True)))


def nest_values(table: "pa.Table", value: str) -> dict[str, dict]:
    """query -> product -> value."""
    found: dict[str, dict] = {}
    columns = (table.column(name).to_pylist() for name in ("query", "product", value))
    for query, product, x in zip(*columns, strict=True):
        found.setdefault(query, {})[product] = x
    return found


def first_products(result: Result) -> dict[str, str]:
    """Query -> the product that was ranked first; empty where no run is known."""
    import pyarrow.compute as pc

    if "run" not in result.tables:
        return {}
    run = result.tables["run"]
    first = run.filter(pc.equal(run["rank"], 1))
    return dict(zip(first["query"].to_pylist(), first["product"].to_pylist(), strict=True))


def relevant_products(result: Result) -> dict[str, tuple[str, ...]]:
    """Query -> its relevant products, best grade first; queries without any are left out."""
    if "qrels" not in result.tables:
        return {}
    table = result.tables["qrels"]
    columns = (table[c].to_pylist() for c in ("query", "grade", "product"))
    found: dict[str, tuple[str, ...]] = {}
    for query, grade, product in sorted(zip(*columns, strict=True), key=lambda r: -r[1]):
        if grade > 0:
            found[query] = (*found.get(query, ()), product)
    return found


def ranked_products(result: Result) -> tuple[str, ...]:
    """Every product that some query was given among its candidates, sorted."""
    return tuple(sorted(set(result.tables["run"]["product"].unique().to_pylist())))
