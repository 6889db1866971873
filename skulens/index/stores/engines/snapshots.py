"""Names of snapshots, and copies of folders that survive a power failure."""

import contextlib
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from skulens.errors import StoreError
from skulens.files import aside_name, sync_folder

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
BLOCK = 1 << 16
"""Bytes read at once."""
ZEROS = bytes(BLOCK)


def check_new(name: str, known: Sequence[str]) -> None:
    """Raise StoreError where a snapshot cannot be called so."""
    if not NAME.fullmatch(name):
        raise StoreError(
            f"a snapshot cannot be called {name!r}; take up to 64 of a-z, 0-9, _ and -, with a "
            "letter or a digit first"
        )
    if name in known:
        raise StoreError(f"a snapshot {name!r} is there already; choose another name")


def check_known(name: str, known: Sequence[str]) -> None:
    """Raise StoreError where there is no such snapshot."""
    if name not in known:
        raise StoreError(f"no snapshot {name!r}; there are {', '.join(known) or 'none'}")


@contextlib.contextmanager
def explain_disk(place: Path) -> Iterator[None]:
    """Raise what the disk refuses as StoreError."""
    try:
        yield
    except OSError as e:
        raise StoreError(
            f"{place} cannot be written to ({e.strerror or e}); what was acknowledged is there. Free "
            "some space, see the folder's permissions, or choose another place, and do it again"
        ) from e


def copy_folder(source: Path, target: Path) -> None:
    """A copy of a folder, there whole or not at all; holes of files stay holes.

    Raises:
        OSError: the disk is full, or cannot be read.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.parent / aside_name(target.name)
    try:
        shutil.copytree(source, aside, copy_function=_copy_file)
        sync_tree(aside)
        aside.rename(target)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    sync_folder(target.parent)


def _copy_file(source: str, target: str) -> None:
    """Blocks of zeros are left out: engines reserve far more than they fill."""
    with Path(source).open("rb") as old, Path(target).open("wb") as new:
        while block := old.read(BLOCK):
            if block == ZEROS[: len(block)]:
                new.seek(len(block), 1)
            else:
                new.write(block)
        new.truncate(old.tell())


def sync_tree(folder: Path) -> None:
    """Make all files of a folder, and that they are there, survive a power failure."""
    for path in [*folder.rglob("*"), folder]:
        sync_folder(path)  # opened to be read, which is all that files need, too
