"""Stored results: one folder per (suite, data, system, settings), never overwritten silently.

`result.json` is the record with its format version, provenance and digests (`stored_files.py`);
tables lie beside it as Parquet, examples as JSON. Folders that earlier versions wrote
(format 1: an encoder and a gallery, no digests) are read too.
"""

import contextlib
import errno
import shutil
import warnings
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from skulens.bench.result import GROUPS, RUN_DEPTH, Data, Result, describe_run
from skulens.bench.stored_files import (
    EXAMPLES,
    RECORD,
    DamagedResult,
    StoredTables,
    find_damage,
    read_record,
    rewrite_record,
    to_json,
    write_record,
)
from skulens.encode.gallery import JOINED
from skulens.encode.zoo.warnings import warnings_of
from skulens.errors import StoreError
from skulens.evaluate.intervals import Interval
from skulens.files import aside_name, remove_leftovers
from skulens.records import EncoderInfo, Qrels, Reject, Run, SystemInfo

if TYPE_CHECKING:
    import pyarrow as pa

USUAL = {"fusion": "avg", "mode": "sound"}
"""Settings of format 1 that are said only where they are something else."""
PICTURES = "gallery_pictures"
"""A count of results with pictures in the gallery; those of earlier versions lack it."""
GONE = ("resamples", "seed")
"""Settings of earlier versions that decide no number any more."""


class ResultStore:
    """Results as folders of files, readable without skulens."""

    def __init__(self, folder: Path):
        self.folder = folder

    def add(self, result: Result) -> tuple[Path, str]:
        """Store a result; (its folder, "new", "unchanged", "differs" or "renewed").

        A result measured before with the same numbers is left as it is. One with other
        numbers goes beside it under the next number, and the caller should say so. A stored
        result that is damaged is named in a warning and replaced.

        Raises:
            StoreError: the folder cannot be written, or a newer version wrote this result there.
        """
        number, status = 1, "new"
        while True:
            place = self.folder / (result.key if number == 1 else f"{result.key}.{number}")
            if not place.exists():
                break
            try:
                record = read_record(place)
                damaged = ", ".join(find_damage(place, record))
                same = not damaged and same_numbers(record, result)
            except DamagedResult as e:
                damaged, same = e.why, False
            if damaged:
                self._write(place, result, instead=True)
                warnings.warn(
                    f"the stored result {place} was damaged ({damaged}) and is replaced by "
                    "this measurement",
                    stacklevel=2,
                )
                return place, "renewed"
            if same:
                known = PICTURES in record["counts"] or PICTURES not in result.counts
                priced = "process" in record["speed"] or "process" not in result.cost
                if not (known and priced) or record.get("variant") != dict(result.variant):
                    read_with = record["provenance"].get("reader", {}) | result.reader
                    told = replace(result, provenance={"reader": read_with})
                    self._write(place, told, instead=True)  # an earlier version wrote it
                else:
                    remember_reader(place, record, result)
                return place, "unchanged"
            number, status = number + 1, "differs"
        self._write(place, result)
        return place, status

    def _write(self, place: Path, result: Result, instead: bool = False) -> None:
        """Write aside and rename; `instead` of what is there, else only where nothing is."""
        aside, before = self.folder / aside_name(), self.folder / aside_name()
        try:
            aside.mkdir(parents=True)
            remove_leftovers(self.folder)
            self._fill(aside, result)
            if instead:
                with contextlib.suppress(FileNotFoundError):  # another process replaces it too
                    place.rename(before)
            aside.rename(place)
        except OSError as e:
            if place.exists() and not instead or e.errno in (errno.ENOTEMPTY, errno.EEXIST):
                return  # another process stored the same result first
            raise StoreError(
                f"cannot write results to {self.folder}: {e.strerror or e}; use --results DIR"
            ) from e
        finally:
            for left in (aside, before):
                shutil.rmtree(left, ignore_errors=True)

    def _fill(self, aside: Path, result: Result) -> None:
        import pyarrow.parquet as pq

        tables = {name: self._cut(name, table) for name, table in result.tables.items()}
        if GROUPS not in tables and result.sums is not None:
            tables[GROUPS] = result.sums.to_arrow()
        for name, table in tables.items():
            pq.write_table(table, aside / f"{name}.parquet")
        if result.look is not None:
            (aside / EXAMPLES).write_text(to_json(result.look()), encoding="utf-8")
        said = {"reader": result.reader} if result.reader else {}
        write_record(aside, result.record() | {"provenance": describe_run() | said})

    def _cut(self, name: str, table: "pa.Table") -> "pa.Table":
        import pyarrow.compute as pc

        return table.filter(pc.less_equal(table["rank"], RUN_DEPTH)) if name == "run" else table

    def places(self) -> list[Path]:
        """The folders of stored results; hidden ones are unfinished writes."""
        found = (path.parent for path in self.folder.glob(f"*/{RECORD}"))
        return sorted(place for place in found if not place.name.startswith("."))

    def results(self) -> list[Result]:
        """The stored results, oldest first; damaged ones are named in a warning and left out.

        Raises:
            StoreError: a newer version wrote one.
        """
        found = []
        for place in self.places():
            try:
                found.append(read_result(place))
            except DamagedResult as e:
                warnings.warn(f"left out: {e}", stacklevel=2)
        return sorted(found, key=lambda r: str(r.provenance["measured_at"]))


def remember_reader(place: Path, record: Mapping[str, Any], result: Result) -> None:
    """Note in a stored result how its data were opened this time, where the folder can be written.

    What was remembered stays where nothing was typed now: the numbers are the same.
    """
    if result.reader and result.reader != record["provenance"].get("reader"):
        told = {**record["provenance"], "reader": result.reader}
        with contextlib.suppress(OSError):
            rewrite_record(place, {**record, "provenance": told})


def same_numbers(record: Mapping, result: Result) -> bool:
    """Whether a stored record holds the metrics of a result, to the last digit."""
    return record["metrics"] == {name: i.as_dict() for name, i in result.metrics.items()}


def read_result(place: Path) -> Result:
    """A stored result of any format; its tables are read when they are asked for.

    Raises:
        DamagedResult: it cannot be read, or is none.
        StoreError: a newer version wrote it.
    """
    record = read_record(place)
    try:
        found = result_of(record, place)
        found.provenance["measured_at"]
    except (KeyError, TypeError, ValueError, AttributeError) as e:
        raise DamagedResult(place, f"not one of `skulens bench`, {type(e).__name__}: {e}") from None
    return found


def result_of(record: Mapping, place: Path) -> Result:
    """The result of a record; what format 1 did not write is worked out from what it did."""
    first = record.get("format", 1) == 1
    settings = {k: v for k, v in record["settings"].items() if k not in GONE}
    counts = dict(record["counts"])
    counts = {"units": record["n_queries"], "gallery": record["n_gallery"]} | counts
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
        variant=read_variant(record, settings, counts),
        settings=settings,
        metrics={name: Interval.from_dict(m) for name, m in record["metrics"].items()},
        tables=StoredTables(place, record.get("files")),
        slices={
            s: {v: {m: Interval.from_dict(i) for m, i in ms.items()} for v, ms in values.items()}
            for s, values in record.get("slices", {}).items()
        },
        errors={k: Interval.from_dict(i) for k, i in record.get("errors", {}).items()},
        curves={"cmc": record["cmc"]} if record.get("cmc") else {},
        cost=record["speed"],
        counts=counts,
        rejects=tuple(Reject(**r) for r in record["rejects"]),
        provenance=record["provenance"],
        folder=place,
    )


def read_variant(record: Mapping, settings: Mapping, counts: Mapping) -> dict[str, str]:
    """The variant; of results of earlier versions what now is one.

    Format 1 wrote none, and before pictures were counted products had one picture by default.
    """
    if record.get("format", 1) == 1:
        found = {"gallery": record["gallery"]}
        found |= {k: str(settings[k]) for k, v in USUAL.items() if settings.get(k, v) != v}
    else:
        found = dict(record["variant"])
    shots, kind = settings.get("shots"), found.get("gallery")
    one_text = kind == "image" or len(settings.get("texts") or ()) <= 1
    if shots is None or PICTURES in counts or (kind == "text" and not one_text):
        return found
    found.pop("shots", None)
    usual = kind == "text" or (shots == JOINED and one_text)
    return found if usual else found | {"shots": str(shots)}


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


def stored_results(folder: Path) -> list[Result]:
    """The results of a store that can be read, oldest first. Raises StoreError where none can."""
    store = ResultStore(folder)
    if found := store.results():
        return found
    damaged = f" that can be read ({len(store.places())} are damaged)" if store.places() else ""
    raise StoreError(
        f"no results in {folder}{damaged}: "
        f"measure with `skulens bench mpr DATA --results {folder}` first"
    )


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
