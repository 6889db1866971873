"""An address -> the store behind it.

open_store("DIR")                        # LanceDB, the default
open_store("memory:")                    # gone with the process
open_store("qdrant:http://host:6333/shop")
"""

import re
from pathlib import Path

from skulens.documents import Schema
from skulens.errors import StoreError, unknown
from skulens.protocols import Store
from skulens.registry import resolve, rows

DEFAULT = "lance"


def open_store(address: str | Path, schema: Schema | None = None) -> Store:
    """The store at an address, "ENGINE:PLACE" or a folder.

    Args:
        schema: makes the store where there is none; the columns that an existing one lacks are
            added.
    Raises:
        StoreError: nothing there, of a newer version, damaged, or with other columns.
        UnknownName: no such engine.
    """
    engine, place = split_address(str(address))
    store = resolve("store", engine)(place, schema)
    if schema is not None:
        try:
            store.widen(schema)
        except BaseException:
            store.close()
            raise
    return store


def split_address(address: str) -> tuple[str, str]:
    """(engine, place).

    Raises:
        StoreError: the place is missing.
        UnknownName: what stands before the colon is no engine, and the whole is no path.
    """
    head, colon, rest = address.partition(":")
    known = rows("store")
    if colon and head in known:
        engine, place = head, rest
    elif looks_like_engine(head, colon, rest) and not Path(address).exists():
        raise unknown("store engine", head, known, "skulens list stores")
    else:
        engine, place = DEFAULT, address
    if not place.strip() and (engine == DEFAULT or known[engine].needs):
        needs = known[engine].needs if engine in known else "DIR"
        raise StoreError(f"the store address {address!r} names no place; expected {engine}:{needs}")
    return engine, place


def looks_like_engine(head: str, colon: str, rest: str) -> bool:
    """Whether an address begins like "engine:" and not like s3://bucket or C:\\folder."""
    return bool(colon and re.fullmatch(r"[a-z][a-z_-]+", head)) and not rest.startswith("//")


def folder_of(address: str) -> Path | None:
    """The folder that an existing store lies in; None for one in memory, a file or on a server."""
    place = split_address(address)[1]
    folder = Path(place).expanduser()
    return folder if place and "://" not in place and folder.is_dir() else None
