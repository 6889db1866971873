"""The claims tables of strangers: Parquet, CSV or JSON rows -> claims, each with its place.

A table is long (one row per claim: item, field, value) or wide (one row per item, one column per
field), as it has a column for fields or not. Columns are found by their names. What cannot be
used is rejected with its place, the reason and what to do; nothing is dropped in silence.
"""

import datetime
import decimal
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from skulens.catalog.claims import read_evidence
from skulens.catalog.mapping import RowError, as_id, as_text, explain, parse_pairs
from skulens.catalog.tables import Row, open_table
from skulens.claims import Claim
from skulens.errors import DataError, UnknownName
from skulens.records import Reject
from skulens.values.fields import find_field, find_path
from skulens.values.normalise import normalise

ALIASES = {
    "item": ("item", "item_id", "product", "product_id", "sku", "sku_id", "asin", "article_id",
             "article", "idx", "id"),
    "field": ("field", "field_name", "attribute", "attribute_name", "aspect", "key", "property"),
    "value": ("value", "attribute_value", "val", "answer", "prediction"),
    "unit": ("unit", "units", "uom"),
    "language": ("language", "lang", "locale"),
    "confidence": ("confidence",),
    "evidence": ("evidence",),
    "predictor": ("predictor",),
    "n": ("n",),
}  # fmt: skip
"""What a column holds -> the names that are taken for it, first match wins."""
NO_FACTS = frozenset((
    "image", "images", "image_path", "image_paths", "image_url", "photo", "picture", "file_name",
    "filename", "file", "path", "url", "link", "view", "split", "subset", "spu", "spu_id",
    "parent_id", "price", "currency", "description", "caption", "text", "body", "stock",
    "created_at", "updated_at",
))  # fmt: skip
"""Columns of catalogues that no picture can prove; a wide table may have them."""
SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?[eE]\+?\d{1,2}")
"""A number as spreadsheets write long ones: 4.00638E+12."""


@dataclass(frozen=True, slots=True)
class Told:
    """A claim and where it stands."""

    claim: Claim
    where: str
    """File and line."""


@dataclass(frozen=True)
class Columns:
    """What the columns of a claims table hold."""

    roles: Mapping[str, str]
    """"item", "field", "value" ... -> column."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """Of a wide table: column -> path of the field."""
    units: Mapping[str, str] = field(default_factory=dict)
    """Of a wide table: column -> the column of its unit."""
    left_out: tuple[str, ...] = ()

    @property
    def wide(self) -> bool:
        return bool(self.facts)


class ClaimTable:
    """A claims table.

    Args:
        path: Parquet, CSV, TSV, JSONL, JSON or Arrow.
        asked: role or path of a field -> column, or "role=column" strings.
    Raises:
        MissingFile, DataError: no such table, no column for the item, none for any claim.
    """

    def __init__(self, path: Path, asked: Mapping[str, str] | Iterable[str] = ()):
        self.path = Path(path)
        self.table = open_table(self.path)
        self.columns = find_columns(self.table.columns, parse_pairs(asked), str(path))
        self.rows = 0
        """Rows of the latest reading, those refused included."""

    def read(self, reject: Callable[[Reject], object]) -> Iterator[Told]:
        """Every claim in the order of the file; what cannot be used goes to `reject`."""
        self.rows = 0

        def refuse(where: str, reason: str, todo: str) -> None:
            self.rows += 1
            reject(Reject(where, "", reason, todo))

        for row in self.table.rows(refuse):
            self.rows += 1
            try:
                item = as_id(row.cells.get(self.columns.roles["item"]))
            except ValueError as e:
                reject(Reject(row.where, "", *explain(e)))
                continue
            read = self._read_wide if self.columns.wide else self._read_long
            for told in read(row, item):
                if isinstance(told, Reject):
                    reject(told)
                else:
                    yield told

    def _read_long(self, row: Row, item: str) -> Iterator[Told | Reject]:
        roles = self.columns.roles
        cells = {role: row.cells.get(column) for role, column in roles.items()}
        try:
            path = _path_of(as_text(cells["field"]))
            values = values_of(cells["value"], path)
            claim = Claim(
                item, path, None, as_text(cells.get("unit")), as_text(cells.get("language")),
                read_evidence(cells.get("evidence")), _number(cells.get("confidence")),
                as_text(cells.get("predictor")), _position(cells.get("n")),
            )  # fmt: skip
        except ValueError as e:
            yield Reject(row.where, item, *explain(e))
            return
        for value in values or [""]:
            yield Told(_with_value(claim, value), row.where)

    def _read_wide(self, row: Row, item: str) -> Iterator[Told | Reject]:
        """An empty cell claims nothing: a row has a cell for every field of any product."""
        columns = self.columns
        for column, path in columns.facts.items():
            try:
                values = values_of(row.cells.get(column), path)
                unit = as_text(row.cells.get(columns.units.get(column, "")))
                language = as_text(row.cells.get(columns.roles.get("language", "")))
            except ValueError as e:
                reason, todo = explain(e)
                yield Reject(row.where, item, f"{column}: {reason}", todo)
                continue
            for value in values:
                claim = Claim(item, path, value, unit, language)
                yield Told(_with_value(claim, value), row.where)


def _with_value(claim: Claim, value: str) -> Claim:
    """The claim of a value; of None where the value says that nothing is visible."""
    said = normalise(value) != ""
    return Claim(
        claim.item, claim.field, value if said else None, claim.unit if said else "",
        claim.language, claim.evidence, claim.confidence, claim.predictor, claim.n,
    )  # fmt: skip


@lru_cache(maxsize=4096)
def _path_of(key: str) -> str:
    """Path of a field. Raises RowError for a key that is none."""
    if not key:
        raise RowError("the field is empty", "name the field, such as brand or net_content")
    try:
        return find_path(key)
    except UnknownName:
        todo = "take a field of skulens/values/fields.py, or begin it with attributes. or free."
        raise RowError(f"unknown field {key[:80]!r}", todo) from None


def values_of(cell: object, path: str) -> list[str]:
    """The values in a cell as texts: none where it is empty, several where it is a list.

    Raises:
        RowError: a cell that holds no value, or a GTIN whose digits a spreadsheet has lost.
    """
    if isinstance(cell, list | tuple):
        return [text for part in cell for text in values_of(part, path)]
    text = _text_of(cell)
    if find_field(path).type == "gtin" and SCIENTIFIC.fullmatch(text):
        raise RowError(
            f"the GTIN {text} is in scientific notation: its last digits are lost",
            "format the column as text in the spreadsheet and export it again",
        )
    return [text] if text else []


def _text_of(cell: object) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    if isinstance(cell, datetime.date | datetime.datetime):
        return cell.isoformat()[:10]
    if isinstance(cell, decimal.Decimal):
        return f"{cell:f}"
    if isinstance(cell, float) and math.isinf(cell):
        raise RowError("the value is infinite", "correct the value")
    try:
        return as_text(cell)
    except ValueError as e:
        raise RowError(f"value: {e}", "write a text, a number, or a list of them") from None


def _number(cell: object) -> float | None:
    """A confidence; None where there is none that can be read."""
    try:
        found = float(as_text(cell))
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _position(cell: object) -> int:
    found = _number(cell)
    return int(found) if found is not None and found.is_integer() else 0


# ----- columns --------------------------------------------------------------------------------


def find_columns(names: list[str], asked: Mapping[str, str], source: str) -> Columns:
    """What the columns hold, from what was asked, then from their names.

    Raises:
        DataError: an unknown role or column; no column for the item; no column for any claim.
    """
    for role, column in asked.items():
        if column not in names:
            raise DataError(
                f"--map {role}={column}: {source} has no column {column!r}; "
                f"it has: {', '.join(names)}"
            )
    given = {role: column for role, column in asked.items() if role in ALIASES}
    paths = {column: _asked_path(role, column) for role, column in asked.items()
             if role not in ALIASES}  # fmt: skip
    roles = _find_roles(names, given, set(paths), source)
    if "item" not in roles:
        raise DataError(
            f"{source}: no column for the product; it has: {', '.join(names)}. "
            "Say which: --map item=COLUMN"
        )
    if "field" in roles and "value" not in roles:
        raise DataError(
            f"{source}: {roles['field']!r} names fields, and no column holds values; it has: "
            f"{', '.join(names)}. Say which: --map value=COLUMN"
        )
    if "field" not in roles:
        return _wide_columns(names, roles, paths, source)
    if paths:
        raise DataError(
            f"{source} has a column for fields ({roles['field']!r}), so that --map takes "
            f"{', '.join(ALIASES)}; got {', '.join(paths.values())}"
        )
    used = set(roles.values())
    return Columns(roles, left_out=tuple(n for n in names if n not in used))


def _asked_path(role: str, column: str) -> str:
    try:
        return find_path(role)
    except UnknownName as e:
        raise DataError(f"--map {role}={column}: {e}") from None


def _find_roles(
    names: list[str], given: Mapping[str, str], taken: set[str], source: str
) -> dict[str, str]:
    """Role -> column."""
    roles = dict(given)
    free = [n for n in names if n not in {*given.values(), *taken}]
    folded = [_fold_name(n) for n in free]
    alike = Counter(folded)
    known = dict(zip(reversed(folded), reversed(free), strict=True))
    for role, aliases in ALIASES.items():
        name = next((a for a in aliases if a in known), None)
        if role in roles or name is None:
            continue
        if alike[name] > 1:
            raise DataError(
                f"{source}: several columns are called {known[name]!r} but for case and blanks; "
                f"say which holds the {role}: --map {role}=COLUMN"
            )
        roles[role] = known.pop(name)
    return roles


def _wide_columns(
    names: list[str], roles: dict[str, str], paths: Mapping[str, str], source: str
) -> Columns:
    """Every column that is neither a role, a unit nor known to hold no fact is a field."""
    kept = {r: c for r, c in roles.items() if r in ("item", "language")}
    free = [n for n in names if n not in kept.values()]
    folded = {_fold_name(n): n for n in free}
    units = {
        column: folded[end]
        for name, column in folded.items()
        for end in (f"{name}_unit", f"{name}_uom")
        if end in folded
    }
    facts = dict(paths)
    for column in free:
        if column in facts or column in units.values() or _fold_name(column) in NO_FACTS:
            continue
        try:
            facts[column] = find_path(column)
        except UnknownName:  # a name without a word in it
            continue
    if not facts:
        raise DataError(
            f"{source}: no column holds claims; it has: {', '.join(names)}. Expected item, field "
            "and value, or one column per field such as brand, net_content, origin"
        )
    used = {*kept.values(), *facts, *units.values()}
    return Columns(kept, facts, units, tuple(n for n in names if n not in used))


def _fold_name(name: str) -> str:
    return re.sub(r"[\s_-]+", "_", name.strip().lower())
