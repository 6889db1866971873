"""Queries of a folder in the format skulens/1, or made by hand beside one's own products."""

import json
from collections import defaultdict
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast, get_args, get_type_hints

from skulens.catalog.folder import HARD_NEGATIVE
from skulens.catalog.mapping import RowError, as_id, as_text, explain
from skulens.catalog.picture_paths import OUTSIDE, Boundary
from skulens.catalog.tables import Row, open_table
from skulens.errors import SkulensError
from skulens.filters import filter_from_json, parse_filter
from skulens.records import Condition, Filter, Image, Item, Part, Query

ALL = "all"
"""The one split of a table without a split column, and of queries without a table of splits."""
TABLES = ("queries", "judgments", "splits")
SUFFIXES = (".parquet", ".jsonl")
HINTS = get_type_hints(Condition)

RejectItem = Callable[[str, str, str, str], None]
"""Called with source, item, reason and todo."""


@dataclass
class Judged:
    """What is known of one query's products."""

    grades: dict[str, int] = field(default_factory=dict)
    hard_negatives: list[str] = field(default_factory=list)


class StoredQueries:
    """The tables queries, judgments and splits of a folder, each as .parquet or .jsonl.

    By hand, `parts` may be left out for `image` (a path or a list of paths) and `text`, `where` may
    be written as a filter's text, and every column but query_id may be missing.
    """

    def __init__(self, folder: Path, boundary: Boundary | None = None):
        """Queries of a folder; their pictures must lie inside the boundary, if there is one."""
        self.folder, self.boundary = folder, boundary
        self.paths = {
            name: path
            for name in TABLES
            for suffix in reversed(SUFFIXES)
            if (path := folder / f"{name}{suffix}").is_file()
        }

    def __bool__(self) -> bool:
        return "queries" in self.paths

    def rows(self, name: str, reject: RejectItem) -> Iterator[Row]:
        if name in self.paths:
            yield from open_table(self.paths[name]).rows(lambda w, r, t: reject(w, "", r, t))

    def splits(self, reject: RejectItem = lambda *_: None) -> Mapping[str, set[str]]:
        """Split -> ids of its queries; {} without a table of splits."""
        found: dict[str, set[str]] = defaultdict(set)
        for row in self.rows("splits", reject):
            query, split = row.cells.get("query_id"), row.cells.get("split")
            if query is not None and split:
                found[str(split)].add(str(query))
        return found

    def read_judgments(self, products: Container[str], reject: RejectItem) -> Mapping[str, Judged]:
        """Query id -> its judgements; rows on unknown products are rejected."""
        found: dict[str, Judged] = defaultdict(Judged)
        for row in self.rows("judgments", reject):
            try:
                query, product = (
                    as_id(row.cells.get("query_id")),
                    as_id(row.cells.get("product_id")),
                )
                grade = as_grade(row.cells.get("grade"))
                if product not in products:
                    raise RowError(f"no product {product!r}", "add it or delete the judgement")
            except ValueError as e:
                reject(row.where, str(row.cells.get("query_id"))[:80], *explain(e))
                continue
            if row.cells.get("role") == HARD_NEGATIVE:
                found[query].hard_negatives.append(product)
            elif grade is None:
                continue
            if grade is not None:
                found[query].grades[product] = grade
        return found

    def read(self, split: str, products: Container[str], reject: RejectItem) -> Iterator[Query]:
        """The queries of a split, in the order of their table."""
        splits = self.splits(reject)
        wanted = splits.get(split, set())
        judged = self.read_judgments(products, reject)
        seen: set[str] = set()
        names: set[str] = set()
        for row in self.rows("queries", reject):
            name = str(row.cells.get("query_id") or "").strip()
            names.add(name)
            if splits and name and name not in wanted:
                continue
            try:
                query = self.query(row, judged)
                if query.id in seen:
                    raise RowError("the id occurred before", "give each query its own id")
            except (ValueError, SkulensError) as e:
                reject(row.where, name[:80], *explain(e))
                continue
            seen.add(query.id)
            yield query
        for table, known in (("splits", wanted), ("judgments", judged.keys())):
            for name in sorted(known - names):
                source = self.paths[table].name
                reject(source, name, "no query has this id", "add the query or delete its rows")

    def query(self, row: Row, judged: Mapping[str, Judged]) -> Query:
        cells = row.cells
        name = as_id(cells.get("query_id"))
        parts = self.parts(cells)
        found = judged[name] if name in judged else Judged()
        tags = read_object(cells.get("tags"), "tags")
        return Query(
            id=name,
            item=Item(name, parts),
            relevant=found.grades,
            conditions=tuple(read_condition(c, parts) for c in as_list(cells, "conditions")),
            where=read_where(cells.get("where")),
            references=tuple(as_id(r) for r in as_list(cells, "references")),
            hard_negatives=tuple(found.hard_negatives),
            tags={str(key): as_text(value) for key, value in tags.items()},
            group=as_text(cells.get("group")) or None,
        )

    def parts(self, cells: Mapping[str, object]) -> tuple[Part, ...]:
        """The parts of the item; raises ValueError where there is none or a picture is missing."""
        if cells.get("parts") is not None:
            parts = [self.part(p) for p in as_list(cells, "parts")]
        else:
            image, text = cells.get("image"), as_text(cells.get("text"))
            paths = image if isinstance(image, list) else [image] if image else []
            parts = [self.picture(path, None) for path in paths] + ([text] if text else [])
        if not parts:
            raise RowError("neither text nor picture", "fill parts, or text or image")
        return tuple(parts)

    def part(self, found: Any) -> Part:
        if isinstance(found, str):
            return found
        if not isinstance(found, dict) or (found.get("text") is None) == (
            found.get("path") is None
        ):
            raise RowError(
                "a part is neither text nor picture", 'write {"text": ...} or {"path": ...}'
            )
        if found.get("text") is not None:
            return str(found["text"])
        return self.picture(found["path"], found.get("view"))

    def picture(self, path: object, view: object) -> Image:
        if isinstance(path, Image):
            return path
        place = self.folder / as_text(path)
        if not place.is_file():
            raise RowError(f"there is no picture {place}", "put it there or correct the path")
        if self.boundary is not None and not self.boundary.holds(str(place)):
            raise RowError(f"picture {str(path)[:200]} {OUTSIDE.reason}", OUTSIDE.todo)
        return Image(path=str(place), view=as_text(view) or None)


def read_condition(found: object, parts: tuple[Part, ...]) -> Condition:
    """Raises ValueError for a condition that does not fit the record or the query's parts."""
    if not isinstance(found, dict) or not found.get("key"):
        raise RowError("a condition without a key", 'write {"key": ..., "value": ...}')
    given = {k: v for k, v in found.items() if v is not None and k in HINTS}
    if found.get("product_id") is not None:
        given["product"] = as_id(found["product_id"])
    for name in ("relation", "modality"):
        if name in given and given[name] not in get_args(HINTS[name]):
            allowed = ", ".join(get_args(HINTS[name]))
            raise RowError(f"a condition of {name} {given[name]!r}", f"write one of {allowed}")
    part = given.get("part")
    if part is not None and not (
        isinstance(part, int) and 0 <= part < len(parts) and isinstance(parts[part], Image)
    ):
        raise RowError(f"a condition on part {part!r}, which is not a picture", "correct `part`")
    return Condition(**given)


def read_where(found: object) -> Filter | None:
    """A filter from its JSON or its text."""
    if found is None or found == "":
        return None
    if isinstance(found, str) and not found.lstrip().startswith("{"):
        return parse_filter(found)
    return filter_from_json(found)


def read_object(found: object, name: str) -> dict[str, Any]:
    """An object from itself or its JSON text."""
    if found is None or found == "":
        return {}
    value = json.loads(found) if isinstance(found, str) else found
    if not isinstance(value, dict):
        raise RowError(f"{name} are a {type(value).__name__}", "write an object")
    return value


def as_list(cells: Mapping[str, object], name: str) -> list[object]:
    value = cells.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise RowError(f"{name} are a {type(value).__name__}", "write a list")
    return cast(list[object], value)


def as_grade(value: object) -> int | None:
    """Raises ValueError for anything but None or a whole number from 0 on."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise RowError(
            f"the grade {value!r}", "write 0 for judged not relevant, more for relevant, or nothing"
        )
    return value
