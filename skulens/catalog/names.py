"""What files and folders of data are called, and where named datasets may lie."""

import os
from collections.abc import Iterator
from pathlib import Path

from skulens import files

OWN_NAMES = ("products.parquet", "products.jsonl", "products.csv")
"""Tables that make a folder a catalogue of one's own, first match wins."""
UNFINISHED = (".fetching", ".unpacking")
"""Marks in a folder whose download was interrupted; it may look complete, and is not."""
TABLE_SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet", ".arrow")


def data_folders() -> Iterator[Path]:
    """Where named datasets may lie: the folders of $SKULENS_DATA, then the cache."""
    for folder in os.environ.get("SKULENS_DATA", "").split(os.pathsep):
        if folder:
            yield Path(folder).expanduser()
    yield cache_folder()


def cache_folder() -> Path:
    """Where downloads of datasets go: $SKULENS_CACHE/data or the platform's cache folder."""
    return files.cache_folder() / "data"


def is_unfinished(path: Path) -> bool:
    """Was the download into this folder interrupted?"""
    return any((path / mark).exists() for mark in UNFINISHED)
