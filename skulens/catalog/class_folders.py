"""Folders of photos, one folder for each product: DIR/CLASS/*.jpg, or DIR/SPLIT/CLASS/*.jpg."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from skulens.catalog.photo_files import SPLIT_OF, composed, list_photos
from skulens.catalog.queries import ALL
from skulens.catalog.reader import IN_GALLERY, Reader
from skulens.catalog.shares import say_share, share_photos
from skulens.errors import DataError
from skulens.records import DatasetInfo, Image, Item, Product, Query, Reject

T = TypeVar("T")
Parts = tuple[str, ...]
ORDER = ("train", "val", "test")


@dataclass
class Shelf:
    """A product and its photos by split ("" where the folder has no splits), in order."""

    folder: Parts
    """Within its split."""
    photos: dict[str, list[Parts]] = field(default_factory=dict)


@dataclass(frozen=True)
class Contents:
    """What listing the folder gave."""

    shelves: dict[str, Shelf]
    """By product id."""
    splits: tuple[str, ...]
    """Of folders; empty where there are none."""
    notes: tuple[str, ...]
    rejects: tuple[Reject, ...]


class ClassFolders(Reader):
    """A folder is a product: its name is the id and, with blanks for "_", the title.

    Folders below a folder with photos belong to it. Of deeper ones (Fruit/Apple/Fuji) the path is
    the id and the folders above are the category. Where the first folders are those of splits
    (train, val, test, gallery, and their usual other names), they say whose photos are probes, and
    the photos of gallery, else of train, are the products' pictures. Without them the first photos
    of each product by name, at most 5 and no more than half, are its pictures and the others the
    probes of the split "test".

    Args:
        root: the folder.
        gallery_photos: how many photos of each product are its pictures. 0 without folders of
            splits: all, and each is a probe of the split "all" too.
        allow_outside: follow links that leave the folder.
    """

    def __init__(self, root: Path, gallery_photos: int | None = None, allow_outside: bool = False):
        super().__init__(root)
        if not self.root.is_dir():
            raise DataError(f"{self.root} is not a folder; class-folders reads DIR/CLASS/photo.jpg")
        self.asked, self.outside, self.whole = gallery_photos, allow_outside, False

    def with_all_pictures(self) -> "ClassFolders":
        """As `Reader`; it has no queries worth asking."""
        if self.asked is not None:
            return self
        other = ClassFolders(self.root, self.asked, self.outside)
        other.whole = True
        return other

    @cached_property
    def info(self) -> DatasetInfo:  # type: ignore[override]  # lists the folder, so on demand
        return DatasetInfo(
            name=self.root.resolve().name,
            title=f"class folders of {self.root.resolve().name}",
            source=str(self.root),
            splits=self._splits(),
            gallery_text=("title",),
        )

    def _splits(self) -> tuple[str, ...]:
        if not self.contents.splits:
            return (ALL,) if self._both else ("test",)
        return tuple(s for s in self.contents.splits if s != "gallery")

    @cached_property
    def _both(self) -> bool:
        """Whether every photo is a picture and a probe: on request, or where no product has two."""
        if self.contents.splits:
            return False
        photos = (
            photos for shelf in self.contents.shelves.values() for photos in shelf.photos.values()
        )
        return self.asked == 0 or self.asked is None and max(map(len, photos)) == 1

    @property
    def notes(self) -> tuple[str, ...]:
        shelves = self.contents.shelves.values()
        pictures = sum(len(self._pictures(shelf)) for shelf in shelves)
        said = f"class folders: {len(shelves):,} products"
        if self.whole or self._both:
            said += f" with all their {pictures:,} photos as pictures"
            if not self.whole:
                said += ", which are the probes too: they can be compared with --gallery text alone"
        elif self._source == "gallery" and self.asked is None:
            said += f"; the {pictures:,} photos of gallery are their pictures"
        elif pictures:
            most = max(len(self._pictures(shelf)) for shelf in shelves)
            of = f" of {self._source}" if self._source else ""
            said += f"; {say_share(pictures, most, of)}"
            if not self.contents.splits:
                said += f", the other {sum(1 for _ in self._probes('test')):,} are probes"
            said += "; --gallery-photos N takes another number"
        return (said, *self.contents.notes)

    @property
    def _source(self) -> str:
        """The split whose photos are the products' pictures; "" without splits."""
        splits = self.contents.splits
        return next((s for s in ("gallery", "train") if s in splits), (*splits, "")[0])

    def _pictures(self, shelf: Shelf) -> list[Parts]:
        if self.whole:
            return [photo for photos in shelf.photos.values() for photo in photos]
        mine, source = shelf.photos.get(self._source, []), self._source
        if self._both or source == "gallery" and self.asked is None:
            return mine
        return mine[: share_photos(len(mine), self.asked, len(self.contents.splits) > 1)]

    def _probes(self, split: str) -> Iterator[tuple[str, Parts, bool]]:
        """(product, photo, whether it is a picture of the product too)"""
        bare = not self.contents.splits
        for product, shelf in self.contents.shelves.items():
            taken = set(self._pictures(shelf))
            for photo in shelf.photos.get("" if bare else split, ()):
                # Beside other splits, train keeps its photos: one may train on them.
                if photo not in taken or len(self.contents.splits) > 1 or split == ALL:
                    yield product, photo, photo in taken

    def _products(self) -> Iterator[Product]:
        self.rejects.extend(self.contents.rejects)
        for product, shelf in self.contents.shelves.items():
            *above, last = [composed((part,)) for part in shelf.folder]
            yield Product(
                id=product,
                title=last.replace("_", " ").strip() or last,
                images=tuple(self._image(photo) for photo in self._pictures(shelf)),
                category=tuple(above),
            )

    def _queries(self, split: str) -> Iterator[Query]:
        self.rejects.extend(self.contents.rejects)
        seen: set[str] = set()
        for product, photo, taken in self._probes(split):
            name = composed(photo)
            if name in seen:
                reason = "another file's name differs in Unicode's form only"
                self.reject("/".join(photo), product, reason, "rename one of them")
                continue
            seen.add(name)
            yield Query(
                id=name,
                item=Item(name, (self._image(photo),)),
                relevant={product: 1},
                tags={IN_GALLERY: "yes"} if taken else {},
                group=product,
            )

    def _image(self, photo: Parts) -> Image:
        return Image(path="/".join((str(self.root), *photo)))

    @cached_property
    def contents(self) -> Contents:
        found = list_photos(self.root, self.outside)
        rejects = list(found.rejects)
        split = bool(found.photos) and all(
            len(p) > 1 and p[0].lower() in SPLIT_OF for p in found.photos
        ) and any(len(p) > 2 for p in found.photos)  # fmt: skip
        holders = {parts[split:-1] for parts in found.photos}
        shelves: dict[str, Shelf] = {}
        loose: list[Parts] = []
        for parts in found.photos:
            folder = parts[split:-1]
            if not folder:
                loose.append(parts)
                continue
            owner = next(folder[:n] for n in range(1, len(folder) + 1) if folder[:n] in holders)
            name = SPLIT_OF[parts[0].lower()] if split else ""
            shelf = shelves.setdefault(composed(owner), Shelf(owner))
            shelf.photos.setdefault(name, []).append(parts)
        if loose:
            beside = "the folders of splits" if split else "class folders"
            reason = f"{len(loose):,} photos lie beside {beside}, so their product is not known"
            rejects.append(
                Reject("/".join(loose[0]), "", reason, "move each into the folder of its product")
            )
        known = {shelf.folder for shelf in shelves.values()}
        rejects += [
            Reject("/".join(folder), "", "an empty folder", "add photos or delete it")
            for folder in found.empty
            if not any(folder[split:][:n] in known for n in range(1, len(folder)))
        ]
        if not shelves:
            raise DataError(
                f"{self.root} has no folder with photos; expected DIR/CLASS/photo.jpg, or give "
                f"photo-folder:{self.root} for photos without classes"
            )
        names = {name for shelf in shelves.values() for name in shelf.photos} if split else set()
        order = {name: n for n, name in enumerate(ORDER)}
        splits = tuple(sorted(names, key=lambda s: (order.get(s, len(order)), s)))
        said = tuple(f"{n:,} files are ignored: {why}" for why, n in found.ignored.items())
        return Contents(dict(sorted(shelves.items())), splits, said, tuple(rejects))
