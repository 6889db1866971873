"""Queries of a folder into train, val and test, and holdouts: `splits.parquet` and `split.json`.

Queries of one group (`Query.group`: the SPU of the target) stay on one side, and the shares of
every language, class, condition count and method are kept (`stratify`). MERIT (section B.8) draws
its test set in two steps, the first in proportion to languages and classes, the second from what is
left in proportion to the sources; `Plan.second` is the share of the test set drawn by the second.

Both tables are written whole, so that another run replaces what the last one wrote. Queries that
reviewers called ambiguous are on no side: they are the split "ambiguous".
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from skulens.catalog.folder import (
    SPLITS,
    read_manifest,
    write_json,
    write_manifest,
    write_table,
)
from skulens.catalog.mapping import explain
from skulens.catalog.own import OwnCatalog
from skulens.catalog.picture_paths import Boundary
from skulens.catalog.queries import StoredQueries
from skulens.compose.balanced import Watch, unwatched
from skulens.curate.queries.holdout import (
    Ground,
    Holdout,
    Row,
    Scope,
    make_row,
    make_rows_like_paper,
)
from skulens.curate.queries.overlap import Overlap, find_overlap
from skulens.curate.queries.stratify import Unit, allocate
from skulens.errors import DataError, SkulensError
from skulens.files import locked, write_record, write_whole
from skulens.records import DatasetInfo, Image, Product, Query, Reject

STRATIFY = ("language", "class", "n_conditions", "method")
FIRST = ("language", "class")
"""Strata of the paper's first draw."""
SOURCE = "method"
"""Tag that says where a query comes from: strata of the paper's second draw."""
REVIEW, AMBIGUOUS = "review", "ambiguous"
"""Tag of reviewed queries, and its value for those that are kept apart."""
HOLDOUT = "holdout"
"""Tag of queries that are of what is held out: names of the rows, "+" between."""
RECORD = "split.json"


@dataclass(frozen=True)
class Plan:
    """What a split is to be."""

    test: float = 0.1
    """Queries; below 1 a share of all."""
    val: float = 0.0
    """The same."""
    stratify: tuple[str, ...] = STRATIFY
    """Tags of which every side gets its share."""
    second: float = 0.0
    """Share of the test set drawn in proportion to SOURCE, after a draw by FIRST; 0: one draw."""
    holdouts: tuple[Holdout, ...] = ()
    scope: Scope = "condition"
    like_paper: bool = False
    """Holdouts of one axis together, any product counts, a test query counts once."""
    seed: int = 0

    def __post_init__(self):
        for name in ("test", "val"):
            size = getattr(self, name)
            if size < 0 or (size >= 1 and size != int(size)):
                raise DataError(f"{name}: {size:g}; expected a share below 1 or a whole number")
        if not 0 <= self.second <= 1:
            raise DataError(f"second draw: {self.second:g}; expected a share from 0 to 1")
        if len({h.name for h in self.holdouts}) != len(self.holdouts):
            raise DataError("two holdouts have the same name; give each once")


@dataclass(frozen=True)
class Split:
    """What was written.

    Attributes:
        splits: name -> query ids, sorted.
        strata: tag -> value -> side -> queries.
        empty: splits without a query.
    """

    folder: Path
    splits: Mapping[str, Sequence[str]]
    strata: Mapping[str, Mapping[str, Mapping[str, int]]]
    overlap: Sequence[Overlap]
    rows: Sequence[Row]
    rejects: Sequence[Reject]
    outside: bool = False
    """Whether pictures lie outside the folder, so that it is read with --allow-outside."""

    @property
    def empty(self) -> list[str]:
        return [name for name, ids in self.splits.items() if not ids]


def split_catalog(folder: Path, plan: Plan, watch: Watch = unwatched) -> Split:
    """Split the queries of a folder anew and write the splits.

    Raises:
        StoreError: another process is splitting the folder.
        DataError: no queries, or more asked for than there are.
        UnknownName: a holdout of what nothing has.
    """
    with locked(folder / ".split.lock", f"another process is splitting {folder}; wait for it"):
        products, queries, rejects = read_folder(folder, watch)
        watch("drawing", 0)
        splits, rows = split_queries(queries, products, plan)
        overlap = find_overlaps(splits, queries, products, rows, watch)
        strata, outside = count_strata(queries, splits, plan), lie_outside(folder, queries)
        made = Split(folder, splits, strata, overlap, rows, rejects, outside)
        write_holdout_tags(folder, rows)
        write_splits(folder, splits, {q.id for q in queries})
        write_split_record(made, plan)
    return made


def read_folder(
    folder: Path, watch: Watch = unwatched
) -> tuple[dict[str, Product], list[Query], list[Reject]]:
    """Products and all queries of a folder, whatever split they are in now, and what is unusable.

    Pictures may lie anywhere: nobody looks at them here.
    """
    catalog = OwnCatalog(folder, allow_outside=True)
    products = {p.id: p for p in catalog.products()}
    rejects = list(catalog.rejects)
    stored = StoredQueries(folder)
    if not stored:
        raise DataError(f"{folder} has no queries; make some with `skulens curate compose`")

    def reject(source: str, item: str, reason: str, todo: str) -> None:
        rejects.append(Reject(source, item, reason, todo))

    judged = stored.read_judgments(products, reject)
    read = watch("queries", 0)
    queries: dict[str, Query] = {}
    for row in stored.rows("queries", reject):
        read(1)
        name = str(row.cells.get("query_id") or "")
        try:
            query = stored.query(row, judged)
        except (ValueError, SkulensError) as e:
            reject(row.where, name[:80], *explain(e))
            continue
        if query.id in queries:
            reject(row.where, name[:80], "the id occurred before", "give each query its own id")
        else:
            queries[query.id] = query
    for name in sorted(judged.keys() - queries.keys()):
        reject("judgments", name, "no usable query has this id", "add the query or delete its rows")
    if not queries:
        raise DataError(f"{folder} has no usable query: {len(rejects):,} rejects")
    return products, list(queries.values()), rejects


def lie_outside(folder: Path, queries: Iterable[Query]) -> bool:
    """Whether a query shows a picture from outside the folder."""
    inside = Boundary(folder)
    images = (part for q in queries for part in q.item.parts if isinstance(part, Image))
    return not all(inside.holds(image.path) for image in images if image.path)


# ----- drawing --------------------------------------------------------------------------------


def split_queries(
    queries: Sequence[Query], products: Mapping[str, Product], plan: Plan
) -> tuple[dict[str, tuple[str, ...]], list[Row]]:
    """(name -> query ids, rows of the holdouts); every query is on exactly one of the sides train,
    val, test and "ambiguous"."""
    side_of = draw_sides([q for q in queries if q.tags.get(REVIEW) != AMBIGUOUS], plan)
    sides: dict[str, list[Query]] = {"train": [], "val": [], "test": []}
    for query in sorted(queries, key=lambda q: q.id):
        if query.id in side_of:
            sides[side_of[query.id]].append(query)
    splits = {name: tuple(q.id for q in found) for name, found in sides.items()}
    apart = sorted(q.id for q in queries if q.id not in side_of)
    if apart:
        splits[AMBIGUOUS] = tuple(apart)
    if not plan.val:
        del splits["val"]
    ground = Ground(sides, products, plan.scope, plan.seed)
    if plan.like_paper:
        rows = make_rows_like_paper(plan.holdouts, ground)
    else:
        rows = [make_row(holdout, ground) for holdout in plan.holdouts]
    for row in rows:
        splits |= row.splits
    return splits, rows


def draw_sides(queries: Sequence[Query], plan: Plan) -> dict[str, str]:
    """Query id -> "train", "val" or "test"."""
    units = [Unit(q.id, q.group or q.id, q.tags) for q in queries]
    test, val = (count_of(size, len(units)) for size in (plan.test, plan.val))
    if test + val > len(units):
        raise DataError(
            f"test {test:,} and val {val:,} are more than the {len(units):,} queries; ask for less"
        )
    if not plan.second:
        sizes = {"train": len(units) - test - val, "val": val, "test": test}
        return allocate(units, sizes, plan.stratify, plan.seed)
    by_source = round(plan.second * test)
    drawn = take(units, test - by_source, FIRST, plan.seed)
    drawn += take(without(units, drawn), by_source, (SOURCE,), plan.seed + 1)
    left = without(units, drawn)
    held = {u.id for u in take(left, min(val, len(left)), plan.stratify, plan.seed)}
    chosen = {u.id for u in drawn}
    return {u.id: "test" if u.id in chosen else "val" if u.id in held else "train" for u in units}


def count_of(size: float, n: int) -> int:
    """Queries that a size asks for: a share of n below 1, else itself."""
    return round(size * n) if size < 1 else int(size)


def take(units: Sequence[Unit], n: int, keys: Sequence[str], seed: int) -> list[Unit]:
    """About n units, in whole groups and in proportion to the strata."""
    n = min(n, len(units))
    side_of = allocate(units, {"rest": len(units) - n, "taken": n}, keys, seed)
    return [u for u in units if side_of[u.id] == "taken"]


def without(units: Iterable[Unit], gone: Iterable[Unit]) -> list[Unit]:
    taken = {u.id for u in gone}
    return [u for u in units if u.id not in taken]


# ----- counting -------------------------------------------------------------------------------


def find_overlaps(
    splits: Mapping[str, Sequence[str]],
    queries: Sequence[Query],
    products: Mapping[str, Product],
    rows: Sequence[Row],
    watch: Watch = unwatched,
) -> list[Overlap]:
    """Between the sides, and between each training without a holdout and the tests of it."""
    by_id = {q.id: q for q in queries}
    pairs = [("train", "test"), ("train", "val"), ("val", "test")]
    for row in rows:
        tests = [name for name in row.splits if name.startswith("test-")]
        mine = [test for test in tests if not test.endswith("-control")]
        pairs += [(f"train-without-{row.name}", test) for test in mine]
    found: list[Overlap] = []
    done = watch("overlap", len(pairs))
    for one, other in pairs:
        done(1)
        if splits.get(one) and splits.get(other):
            held = {name: [by_id[i] for i in splits[name]] for name in (one, other)}
            found += find_overlap(one, other, held, products)
    return found


def count_strata(
    queries: Sequence[Query], splits: Mapping[str, Sequence[str]], plan: Plan
) -> dict[str, dict[str, dict[str, int]]]:
    """Tag -> value -> side -> queries."""
    by_id = {q.id: q for q in queries}
    sides = [side for side in ("train", "val", "test") if side in splits]
    counts = {
        (key, side): Counter(by_id[i].tags.get(key, "") for i in splits[side])
        for key in plan.stratify
        for side in sides
    }
    return {
        key: {
            value: {side: counts[key, side][value] for side in sides}
            for value in sorted(set().union(*(counts[key, side] for side in sides)))
        }
        for key in plan.stratify
    }


# ----- writing --------------------------------------------------------------------------------


def write_splits(folder: Path, splits: Mapping[str, Sequence[str]], known: set[str]) -> None:
    """Write the table of splits whole, and the manifest with its digest.

    Raises:
        DataError: an id that no query has.
    """
    strange = sorted({i for found in splits.values() for i in found} - known)
    if strange:
        raise DataError(f"{len(strange):,} ids are of no query of {folder}, such as {strange[0]!r}")
    rows = ({"query_id": i, "split": name} for name, found in splits.items() for i in found)
    write_table(folder / "splits.parquet", SPLITS, rows)
    said = read_manifest(folder)
    if said:
        names = {f.name for f in fields(DatasetInfo)}
        told: dict[str, Any] = {k: v for k, v in said.items() if k in names}
        write_manifest(folder, DatasetInfo(**told | {"splits": tuple(splits)}))


def write_holdout_tags(folder: Path, rows: Sequence[Row]) -> None:
    """Tag the queries of each row, and take the tags of the last split away.

    Raises:
        DataError: the queries are no Parquet table, so that tags cannot be rewritten.
    """
    path = folder / "queries.parquet"
    if not path.exists():
        if rows:
            raise DataError(f"{folder}: holdouts tag queries, which needs queries.parquet")
        return
    table = pq.read_table(path)
    if "tags" not in table.column_names:
        table = table.append_column("tags", pa.nulls(len(table), pa.string()))
    before = table["tags"].to_pylist()
    after = [
        tag(said, [row.name for row in rows if name in row.of])
        for name, said in zip(table["query_id"].to_pylist(), before, strict=True)
    ]
    if after != before:
        place = table.column_names.index("tags")
        changed = table.set_column(place, "tags", pa.array(after, pa.string()))
        write_whole(path, lambda file: pq.write_table(changed, file, compression="zstd"))


def tag(said: str | None, names: Sequence[str]) -> str | None:
    """Stored tags with these names of holdouts in place of others; the same text where nothing
    changes."""
    tags = json.loads(said) if said else {}
    if tags.get(HOLDOUT, "") == "+".join(names):
        return said
    tags.pop(HOLDOUT, None)
    return write_json(tags | ({HOLDOUT: "+".join(names)} if names else {}), "tags of a query")


def write_split_record(made: Split, plan: Plan) -> None:
    """`split.json`: the plan, sizes, strata, overlap and holdouts."""
    record = {
        "plan": asdict(plan) | {"holdouts": [h.name for h in plan.holdouts]},
        **describe(made),
    }
    write_record(made.folder / RECORD, record, default=sorted)


def describe(made: Split) -> dict[str, object]:
    """For JSON."""
    return {
        "splits": {name: len(ids) for name, ids in made.splits.items()},
        "empty": made.empty,
        "strata": made.strata,
        "overlap": [asdict(o) | {"share": o.share} for o in made.overlap],
        "holdouts": [
            {
                "name": row.name,
                "held_out": sorted(row.holdout.wanted),
                "splits": {name: len(ids) for name, ids in row.splits.items()},
                "missing_in_control": dict(row.missing),
                "near_keys": [asdict(n) for n in row.near],
                "still_in_training": [asdict(c) for c in row.carried],
            }
            for row in made.rows
        ],
        "rejects": [asdict(r) for r in made.rejects],
    }
