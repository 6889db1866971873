"""Photos as they lie on a disk -> products: one per photo, or one of all of them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from skulens.errors import MissingFile
from skulens.records import Image, Product

SUFFIXES = (
    ".jpg", ".jpeg", ".png", ".webp", ".gif", ".tif", ".tiff", ".bmp", ".avif", ".jp2", ".ppm",
)  # fmt: skip
"""Of files that are taken from folders; a file that is named itself may have any suffix."""


def find_photos(places: Iterable[Path]) -> list[Path]:
    """Files as given, and of folders, at any depth, those with the suffix of a picture, by name.

    A file named twice is there once.

    Raises:
        MissingFile: a place does not exist, or a folder holds no picture.
    """
    found: dict[Path, None] = {}
    for place in places:
        if place.is_dir():
            inside = sorted(p for p in place.rglob("*") if p.suffix.lower() in SUFFIXES)
            if not inside:
                raise MissingFile(
                    f"the folder {place} holds no pictures ({', '.join(SUFFIXES)}); name the files"
                )
            found.update(dict.fromkeys(inside))
        elif place.exists():
            found[place] = None
        else:
            raise MissingFile(f"there is no {place}; give photos or folders of photos")
    return list(found)


def products_of_photos(
    photos: Sequence[Path], together: bool = False, languages: Sequence[str] = ()
) -> Iterator[Product]:
    """One product per photo, its id the path as given; with `together` one that has them all."""
    about = Product(
        id=str(photos[0]) if photos else "",
        language=languages[0] if languages else None,
        extras={"languages": list(languages)} if languages else {},
    )
    if together:
        yield replace(about, images=tuple(Image(path=str(path)) for path in photos))
        return
    for path in photos:
        yield replace(about, id=str(path), images=(Image(path=str(path)),))
