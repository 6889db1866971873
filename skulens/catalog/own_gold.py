"""Gold of one's own: a table beside the products, which makes them a `protocols.TrueCatalog`."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from skulens.catalog.claims import GOLD
from skulens.catalog.mapping import RowError, as_id, as_text, explain
from skulens.catalog.tables import RejectRow, open_table
from skulens.claims import Gold, Legibility
from skulens.errors import DataError, UnknownName
from skulens.values.fields import find_path

GOLD_NAMES = ("gold.parquet", "gold.jsonl", "gold.csv")
LEGIBILITIES: tuple[Legibility, ...] = ("yes", "partly", "no", "not pictured", "unknown")
SEPARATOR = "|"
"""Between several values, or pictures, in one cell of a CSV."""


class StoredGold:
    """The table of gold beside a catalogue of `catalog.own`."""

    def __init__(self, catalog: Any, path: Path):
        self.catalog, self.path = catalog, path

    def read(self, split: str = "") -> Iterator[Gold]:
        """Truth about the products of a split; "": of all. Raises DataError for an unknown one.

        Rows that cannot be used, and those of products that are not there, become rejects.
        """
        there = self.catalog.info.splits
        if split and split not in there:
            words = ", ".join(there) or "none: leave the split empty"
            raise DataError(f"{self.catalog.info.name} has no split {split!r}; its splits: {words}")
        return self.catalog._separate_rejects(self._rows(split))

    def _rows(self, split: str) -> Iterator[Gold]:
        contents = self.catalog.contents
        known = contents.drafts.keys()
        shown = {p.product for p in contents.probes.get(split, ())} if split else known
        for gold in read_gold(self.path, self.catalog.reject_row):
            if gold.item not in known:
                reason = f"gold of a product that {self.catalog.path.name} does not have"
                todo = "correct the item, or add the product"
                self.catalog.reject(self.path.name, gold.item, reason, todo)
            elif gold.item in shown:
                yield gold


def find_gold(folder: Path) -> Path | None:
    """The table of gold in a folder."""
    return next((folder / name for name in GOLD_NAMES if (folder / name).is_file()), None)


def read_gold(path: Path, reject: RejectRow) -> Iterator[Gold]:
    """Gold of a table with the columns item, field, values; legible, images, group where known.

    `values` is a list, a JSON list, or in CSV values between bars; nothing means that the product
    lacks the field. An empty group is the item. Raises DataError where a column is missing.
    """
    table = open_table(path)
    columns = {c.strip().lower(): c for c in table.columns}
    missing = [c for c in ("item", "field", "values") if c not in columns]
    if missing:
        raise DataError(
            f"{path} lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}; gold has "
            f"{', '.join(GOLD.names)} (the first three are needed), here are "
            f"{', '.join(table.columns)}"
        )
    for row in table.rows(reject):
        cells = {name: row.cells.get(columns[name]) for name in GOLD.names if name in columns}
        try:
            yield _gold_of(cells)
        except (ValueError, UnknownName) as e:
            reject(row.where, *explain(e))


def _gold_of(cells: Mapping[str, object]) -> Gold:
    legible = as_text(cells.get("legible")) or "unknown"
    if legible not in LEGIBILITIES:
        raise RowError(
            f"legible is {legible[:40]!r}", f"write one of {', '.join(LEGIBILITIES)}, or nothing"
        )
    item = as_id(cells["item"])
    return Gold(
        item,
        find_path(as_text(cells["field"])),
        _list_of(cells["values"]),
        legible,
        _list_of(cells.get("images")),
        as_text(cells.get("group")) or item,
    )


def _list_of(cell: object) -> tuple[str, ...]:
    """Texts of a list, of a JSON list in a text, or between bars; without empty ones."""
    if isinstance(cell, str) and cell.strip().startswith("["):
        cell = json.loads(cell)
    if isinstance(cell, str):
        cell = cell.split(SEPARATOR)
    parts = cell if isinstance(cell, list | tuple) else [cell]
    return tuple(text for part in parts if (text := as_text(part)))
