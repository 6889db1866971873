"""store.json: the columns of a store, what they are called in its table, and its snapshots.

The table is the truth: a column counts where the table has it, so that a process killed between
the two writes of `widen` or `rollback` leaves a store that is whole.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from skulens.documents import Schema
from skulens.errors import StoreError
from skulens.files import write_record
from skulens.index.stores.columns import read_schema, write_schema
from skulens.index.stores.engines.lance.failures import damaged
from skulens.index.stores.engines.lance.layout import Layout

FILE = "store.json"
TABLE = "products"


@dataclass(frozen=True)
class Snapshot:
    """A named state."""

    name: str
    version: int
    """Of the table."""
    layout: Layout


@dataclass(frozen=True)
class Record:
    """What store.json holds."""

    layout: Layout
    snapshots: tuple[Snapshot, ...] = ()
    """Oldest first."""


def table_folder(folder: Path) -> Path:
    return folder / f"{TABLE}.lance"


def read_store(folder: Path) -> Record | None:
    """None where there is none.

    Raises:
        StoreError: of a newer version, or damaged.
    """
    path = folder / FILE
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(told, dict):
            raise ValueError("no JSON object")
    except FileNotFoundError:
        if table_folder(folder).exists():
            raise StoreError(damaged(folder, f"{FILE} is missing")) from None
        return None
    except NotADirectoryError:
        raise StoreError(f"{folder} is not a folder; a store of LanceDB needs one") from None
    except (ValueError, OSError) as e:
        raise StoreError(damaged(folder, f"{FILE} cannot be read: {e}")) from e
    try:
        snapshots = tuple(
            Snapshot(str(s["name"]), int(s["version"]), _read_layout(s, folder))
            for s in told.get("snapshots", ())
        )
        return Record(_read_layout(told, folder), snapshots)
    except (KeyError, TypeError, ValueError) as e:
        raise StoreError(damaged(folder, f"{FILE} has no valid entry: {e}")) from e


def _read_layout(told: Mapping[str, Any], folder: Path) -> Layout:
    schema = read_schema(told["schema"], str(folder))
    layout = Layout(schema, dict(told["columns"]["vectors"]), dict(told["columns"]["fields"]))
    layout.columns()  # KeyError where one has no name
    return layout


def write_store(folder: Path, record: Record) -> None:
    """Raises OSError where the disk is full or read-only; what was there stays."""
    told = _tell(record.layout) | {
        "snapshots": [
            {"name": s.name, "version": s.version} | _tell(s.layout) for s in record.snapshots
        ]
    }
    write_record(folder / FILE, told)


def _tell(layout: Layout) -> dict[str, Any]:
    names = {"vectors": dict(layout.vectors), "fields": dict(layout.fields)}
    return {"schema": write_schema(layout.schema), "columns": names}


def present(layout: Layout, columns: Collection[str]) -> Layout:
    """Of a layout, what a table with these columns holds."""
    schema = layout.schema
    vectors = tuple(c for c in schema.vectors if layout.vectors[c.name] in columns)
    fields = tuple(c for c in schema.fields if layout.fields[c.field] in columns)
    if len(vectors) == len(schema.vectors) and len(fields) == len(schema.fields):
        return layout
    kept: Schema = replace(schema, vectors=vectors, fields=fields)
    return Layout(
        kept,
        {c.name: layout.vectors[c.name] for c in vectors},
        {c.field: layout.fields[c.field] for c in fields},
    )
