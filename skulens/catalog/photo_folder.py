"""A folder of photos and nothing else: each is a product of its own."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from skulens.catalog.photo_files import Listing, composed, list_photos
from skulens.catalog.reader import Reader
from skulens.errors import DataError
from skulens.records import DatasetInfo, Image, Product, Query


class PhotoFolder(Reader):
    """Every photo below the folder is a product, its path the id. There are no queries.

    Args:
        root: the folder.
        allow_outside: follow links that leave the folder.
    """

    def __init__(self, root: Path, allow_outside: bool = False):
        super().__init__(root)
        if not self.root.is_dir():
            raise DataError(f"{self.root} is not a folder; photo-folder reads DIR/photo.jpg")
        self.outside = allow_outside
        self.info = DatasetInfo(
            name=self.root.resolve().name,
            title=f"photos of {self.root.resolve().name}",
            source=str(self.root),
        )

    @property
    def notes(self) -> tuple[str, ...]:
        ignored = (f"{n:,} files are ignored: {why}" for why, n in self.listing.ignored.items())
        said = f"a folder of photos: {len(self.listing.photos):,} in all, each a product of its own"
        return (said, *ignored)

    @cached_property
    def listing(self) -> Listing:
        found = list_photos(self.root, self.outside)
        if not found.photos:
            raise DataError(f"{self.root} holds no photos")
        return found

    def queries(self, split: str) -> Iterator[Query]:
        """Raises DataError: nobody said what the photos show."""
        raise DataError(
            f"{self.info.name} is a folder of photos that say nothing of their products, so there "
            "is nothing to measure; put the photos of each product into a folder of its own "
            "(DIR/PRODUCT/photo.jpg), or name them in a table with the columns id, image and split"
            " (docs/data.md)"
        )

    def _products(self) -> Iterator[Product]:
        self.rejects.extend(self.listing.rejects)
        seen: set[str] = set()
        for parts in self.listing.photos:
            name = composed(parts)
            if name in seen:
                reason = "another file's name differs in Unicode's form only"
                self.reject("/".join(parts), name, reason, "rename one of them")
                continue
            seen.add(name)
            yield Product(id=name, images=(Image(path="/".join((str(self.root), *parts))),))
