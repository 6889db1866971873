"""What readers share whose splits have galleries of their own."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from skulens.catalog.mapping import as_id
from skulens.catalog.picture_paths import OUTSIDE, Boundary
from skulens.catalog.reader import Reader
from skulens.errors import DataError, MissingFile
from skulens.records import Image

CHANGE = "change"
"""Key of a condition that is given as a sentence about a photo."""
TODO = "complete the photos or correct the entry"


class PoolReader(Reader):
    """A reader that is opened for the products of one split, its pool.

    Args:
        root: the folder.
        pool: the split whose products are the gallery; if empty the usual one, or the first that
            the folder has.
    """

    usual: ClassVar[str] = ""
    """The pool where none is asked for."""

    def __init__(self, root: Path, pool: str = ""):
        super().__init__(root)
        self.boundary = Boundary(self.root)
        if there := tuple(s for s in self.info.splits if self.has_split(s)):
            self.info = replace(self.info, splits=there)
        splits = self.info.splits
        if pool and pool not in splits:
            raise DataError(
                f"{self.info.name} has no pool {pool!r}; expected one of {', '.join(splits)}"
            )
        self.pool = pool or (self.usual if self.usual in splits else splits[0])

    def has_split(self, split: str) -> bool:
        """Whether the folder has the queries of a split."""
        return True

    def for_split(self, split: str) -> "PoolReader":
        return self if split == self.pool else type(self)(self.root, split)

    def listed(self, written: str, source: str, item: str) -> Image | None:
        """The picture that a file names, from the folder; a reject where it is not there or lies
        outside of it."""
        path = self.root / written
        if path.is_file() and not self.boundary.holds(str(path)):
            self.reject(source, item, f"picture {written[:200]} {OUTSIDE.reason}", "copy it there")
            return None
        return self.picture(path, source, item)

    def read_json(self, name: str) -> Any:
        """The content of a JSON file of the folder.

        Raises:
            MissingFile, DataError: it is not there, or no JSON in UTF-8.
        """
        path = self.root / name
        if not path.is_file():
            raise MissingFile(f"{self.root} has no {name}; put that file of the dataset there")
        try:
            return json.loads(path.read_text(encoding="utf-8-sig"))
        except (ValueError, RecursionError) as e:
            raise DataError(f"{path} is not JSON: {str(e)[:200]}; fetch it again") from None

    def entries(self, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """(place, entry) of a JSON list of objects; what is not an object is rejected."""
        found = self.read_json(name)
        if not isinstance(found, list):
            raise DataError(f"{self.root / name} is a {type(found).__name__}, expected a list")
        for number, entry in enumerate(found, 1):
            where = f"{name}#{number}"
            if isinstance(entry, dict):
                yield where, entry
            else:
                reason = f"a JSON {type(entry).__name__}, not an object"
                self.reject(where, "", reason, "correct or delete the entry")


def find_reference(name: str, photos: Mapping[str, Image | None]) -> Image:
    """The reference photo of a query. Raises ValueError where it is missing."""
    photo = photos.get(name)
    if photo is None:
        raise ValueError(f"there is no photo of its reference {name!r}")
    return photo


def find_target(written: object, photos: Mapping[str, Image | None]) -> dict[str, int]:
    """The judgements of a query with this target; empty where the data set does not publish it.

    Raises:
        ValueError: it is not in the gallery.
    """
    if written is None:
        return {}
    if as_id(written) not in photos:
        raise ValueError(f"its target {written!r} is not in the gallery")
    return {as_id(written): 1}
