"""The columns of a store as JSON values: kept beside the products, read by whoever opens it."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from skulens.documents import FieldColumn, Schema, VectorColumn
from skulens.errors import StoreError

FORMAT = "skulens store"
VERSION = 1
"""Raised where a store of an older version can no longer be read."""
LONGEST = 40
"""Letters of a column's name that are kept in an engine's."""


def write_schema(schema: Schema) -> dict[str, Any]:
    """JSON values that `read_schema` reads."""
    return {"format": FORMAT, "version": VERSION, **asdict(schema)}


def read_schema(record: Mapping[str, Any], place: str) -> Schema:
    """The columns that a store was made with.

    Args:
        place: of the store, for messages.
    Raises:
        StoreError: not the record of a store, one of another version, or a damaged one.
    """
    if record.get("format") != FORMAT:
        raise StoreError(f"{place} is no store of skulens; choose another place for a new one")
    if record.get("version") != VERSION:
        raise StoreError(
            f"{place} is a store of version {record.get('version')!r}, this skulens reads version "
            f"{VERSION}; update skulens, or build the store anew"
        )
    try:
        vectors = tuple(
            VectorColumn(**{**v, "modalities": tuple(v["modalities"])}) for v in record["vectors"]
        )
        fields = tuple(FieldColumn(**f) for f in record["fields"])
        return Schema(vectors, fields, str(record["data"]))
    except (KeyError, TypeError) as e:
        raise StoreError(f"the columns of {place} are damaged ({e}); build the store anew") from e


def no_store(address: str) -> StoreError:
    """The error for an address that nothing is at."""
    return StoreError(
        f"there is no store at {address}; make one with `skulens index build DATA --encoder NAME "
        f"--store {address}`"
    )


def name_vectors(schema: Schema) -> dict[str, str]:
    """Vector column -> its name in an engine that takes letters, digits and _ only: v0_picture."""
    return {c.name: _plain(f"v{n}", c.name) for n, c in enumerate(schema.vectors)}


def name_fields(schema: Schema) -> dict[str, str]:
    """Field -> its name in such an engine: f3_attributes_color. Columns that are added later leave
    the names of present ones as they are."""
    return {c.field: _plain(f"f{n}", c.field) for n, c in enumerate(schema.fields)}


def point_id(product: str) -> str:
    """The UUID that numbers a product in an engine that takes no id of ours."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, product))


def _plain(prefix: str, name: str) -> str:
    kept = re.sub(r"[^A-Za-z0-9]+", "_", name)[:LONGEST].strip("_")
    return f"{prefix}_{kept}" if kept else prefix
