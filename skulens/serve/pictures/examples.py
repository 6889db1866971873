"""Photos to try, of a folder: for people who have none at hand."""

from collections.abc import Iterator
from pathlib import Path

from skulens.errors import PictureError
from skulens.pictures import load
from skulens.records import Image

MOST = 12
KINDS = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}
"""Suffix of a photo -> its type."""


def list_examples(folder: Path | None) -> list[Path]:
    """The first MOST photos of a folder by name; files that are none are left out."""
    return [path for path, problem in check_examples(folder) if not problem][:MOST]


def check_examples(folder: Path | None) -> Iterator[tuple[Path, str]]:
    """(file, why it is not a photo; "": it is one) of each file that should be one, by name."""
    for path in sorted(folder.iterdir()) if folder is not None else ():
        if path.suffix.lower() in KINDS:
            try:
                load(Image(path=str(path)))
            except PictureError as e:
                yield path, str(e)
            else:
                yield path, ""
