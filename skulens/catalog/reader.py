"""What every reader shares: rejects, splits, pictures that must exist."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from skulens.claims import Gold
from skulens.errors import DataError
from skulens.pictures import file_problem
from skulens.records import DatasetInfo, Image, Product, Query, Reject

IN_GALLERY = "in_gallery"
"""Tag of a query whose picture is a gallery picture of its product too, and would find itself."""
T = TypeVar("T")


class Reader:
    """A catalogue on disk; a subclass yields products and queries and calls `reject`.

    Attributes:
        rejects: what the latest iteration left out, filled while iterating. Every iteration has a
            list of its own, so that iterating again, or in turns, neither loses nor doubles any.
    """

    info: DatasetInfo

    def __init__(self, root: Path):
        self.root = Path(root)
        self.rejects: list[Reject] = []

    def products(self) -> Iterator[Product]:
        """Every SKU once, in the order of the data."""
        return self._separate_rejects(self._products())

    def queries(self, split: str) -> Iterator[Query]:
        """The queries of a split. Raises DataError, naming the splits there are, for another."""
        return self._separate_rejects(self._queries(find_split(self.info, split)))

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know of how the data were read, in sentences."""
        return ()

    def for_split(self, split: str) -> "Reader":
        """The same data with the products that queries of a split are ranked against, where splits
        have pools of their own."""
        return self

    def with_all_pictures(self) -> "Reader":
        """The same data with every photo among the pictures of its product, as a store wants it."""
        return self

    def listings(self) -> Iterator[Product]:
        """Products without their attributes, from which gold may have been made; a dataset that
        knows what sellers say gives that."""
        return (replace(product, attributes=()) for product in self.products())

    def _separate_rejects(self, rows: Iterator[T]) -> Iterator[T]:
        mine: list[Reject] = []
        while True:
            self.rejects = mine  # again before each step: another iteration may have run meanwhile
            try:
                row = next(rows)
            except StopIteration:
                return
            yield row

    def _products(self) -> Iterator[Product]:
        raise NotImplementedError

    def _queries(self, split: str) -> Iterator[Query]:
        raise NotImplementedError

    def reject(self, source: str, item: str, reason: str, todo: str) -> None:
        self.rejects.append(Reject(source, item, reason, todo))

    def reject_failed(self, source: str, item: str, error: Exception, todo: str) -> None:
        """Reject something that could not be read; the error is the reason."""
        reason = f"lacks the key {error}" if isinstance(error, KeyError) else str(error)
        self.reject(source, item, reason, todo)

    def reject_row(self, where: str, reason: str, todo: str) -> None:
        """Reject a row of a table before it is known which item it is of."""
        self.reject(where, "", reason, todo)

    def names_of(self, images: Iterable[Image]) -> tuple[str, ...]:
        """Paths of pictures within the catalogue's folder."""
        return tuple(name_inside(image, self.root) for image in images)

    def picture(self, path: Path, source: str, item: str, view: str | None = None) -> Image | None:
        """The picture at `path`, or None and a reject where there is no file."""
        if path.is_file():
            return Image(path=str(path), view=view)
        self.reject(
            source,
            item,
            f"picture {path}: {file_problem(str(path))}",
            "put the picture there or correct the path",
        )
        return None


class TrueReader(Reader):
    """A reader that knows what is true of its products (`protocols.TrueCatalog`)."""

    def gold(self, split: str = "") -> Iterator[Gold]:
        """Truth about the products of a split; "": of all. Raises DataError for an unknown one."""
        if split and split not in self.info.splits:
            there = ", ".join(self.info.splits) or "none: leave the split empty"
            raise DataError(f"{self.info.name} has no split {split!r}; its splits: {there}")
        return self._separate_rejects(self._gold(split))

    def _gold(self, split: str) -> Iterator[Gold]:
        raise NotImplementedError


def find_split(info: DatasetInfo, split: str) -> str:
    """A split as the catalogue writes it, whatever the case.

    Raises:
        DataError: there is none; names those there are and what to type.
    """
    if split in info.splits:
        return split
    alike = [s for s in info.splits if s.casefold() == split.casefold()]
    if len(alike) == 1:
        return alike[0]
    if not info.splits:
        raise DataError(
            f"{info.name} has no split {split!r}; its splits: none: this catalogue has products only"
        )
    raise DataError(
        f"{info.name} has no split {split!r}; its splits: {', '.join(info.splits)}. "
        f"Say which: --split {info.splits[-1]}"
    )


def name_inside(image: Image, root: Path | None) -> str:
    """The path of a picture as the catalogue's folder sees it."""
    if image.path is None:
        return "picture in memory"
    path = Path(image.path)
    return (
        str(path.relative_to(root)) if root is not None and path.is_relative_to(root) else str(path)
    )
