"""Folders of photos, listed without opening a picture: what is there, and what is left out."""

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from skulens.catalog.photos import SUFFIXES
from skulens.catalog.picture_paths import OUTSIDE, Boundary
from skulens.errors import DataError
from skulens.records import Reject

DEPTH = 12
"""Folders below the one that is given; deeper ones are named and left out."""
LOOK = 10_000
"""Entries that are looked at to tell what a folder holds."""
SYSTEM = ("thumbs.db", "desktop.ini", "__macosx", "$recycle.bin", "@eadir", "lost+found")
"""Names, in lower case, of what operating systems put into folders."""
SPLITS = {
    "train": ("train", "training"),
    "val": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing", "eval", "evaluation", "query", "queries", "probe", "probes"),
    "gallery": ("gallery", "catalog", "catalogue", "reference", "references"),
}
"""Split -> the names of folders and files that mean it."""
SPLIT_OF = {name: split for split, names in SPLITS.items() for name in names}


@dataclass
class Listing:
    """What a folder of photos holds."""

    photos: list[tuple[str, ...]] = field(default_factory=list)
    """Parts of the path of each within the folder, as on the disk, in natural order."""
    empty: list[tuple[str, ...]] = field(default_factory=list)
    """Folders with neither a picture nor a folder."""
    ignored: Counter[str] = field(default_factory=Counter)
    """What was passed over -> how many."""
    rejects: list[Reject] = field(default_factory=list)


def list_photos(root: Path, allow_outside: bool = False) -> Listing:
    """Every picture below a folder, by suffix. Raises DataError where the folder cannot be read."""
    found = Listing()
    boundary = None if allow_outside else Boundary(root)
    _Walk(str(root), boundary, found).visit(())
    return found


@dataclass
class _Walk:
    root: str
    boundary: Boundary | None
    found: Listing
    seen: set[str] = field(default_factory=set)
    """Real paths of folders that were visited: links may lead in circles."""

    def visit(self, parts: tuple[str, ...]) -> None:
        full = os.path.join(self.root, *parts)  # noqa: PTH118  # called for every folder
        real = os.path.realpath(full)
        if real in self.seen:
            self.found.ignored["links to folders that are read already"] += 1
            return None
        self.seen.add(real)
        try:
            with os.scandir(full) as entries:
                inside = sorted(entries, key=lambda e: natural_key(e.name))
        except OSError as e:
            if not parts:
                raise DataError(f"{full} cannot be read: {e.strerror or e}") from None
            return self.reject(parts, f"cannot be read: {e.strerror or e}", "correct its rights")
        folders, pictures = [], 0
        for entry in inside:
            here = (*parts, entry.name)
            if is_hidden(entry.name):
                self.found.ignored["hidden or of the system"] += 1
            elif not self.is_usable(entry, here):
                continue
            elif entry.is_dir():
                folders.append(here)
            elif is_picture(entry.name) and entry.is_file():
                pictures += 1
                self.found.photos.append(here)
            else:
                self.found.ignored["not pictures"] += 1
        if parts and not folders and not pictures:
            self.found.empty.append(parts)
        for here in folders:
            if len(here) > DEPTH:
                self.reject(here, f"lies more than {DEPTH} folders deep", "move it up")
            else:
                self.visit(here)
        return None

    def is_usable(self, entry: os.DirEntry[str], here: tuple[str, ...]) -> bool:
        """Whether a name can stand in results and a link may be followed; else it is rejected."""
        try:
            entry.name.encode()
        except UnicodeEncodeError:
            self.reject(here, "the name is not UTF-8", "rename it")
            return False
        if entry.is_symlink():
            if not os.path.exists(entry.path):  # noqa: PTH110
                self.reject(here, "a link that leads nowhere", "restore what it leads to")
                return False
            if self.boundary is not None and not self.boundary.holds(entry.path):
                todo = "copy it there or, if you trust the folder, say --allow-outside"
                self.reject(here, f"a link that {OUTSIDE.reason}".replace("table", "data"), todo)
                return False
        return True

    def reject(self, parts: tuple[str, ...], reason: str, todo: str) -> None:
        self.found.rejects.append(Reject("/".join(parts), "", reason, todo))


def is_hidden(name: str) -> bool:
    """Whether a file or folder is hidden, or of an operating system."""
    return name.startswith(".") or name.lower() in SYSTEM


def is_picture(name: str) -> bool:
    """By its suffix."""
    return name.lower().endswith(SUFFIXES)


def natural_key(name: str) -> tuple[list[str | int], str]:
    """Sorts 2.jpg before 10.jpg, whatever the case; equal ones by the bare name."""
    words = re.split(r"([0-9]+)", unicodedata.normalize("NFC", name).casefold())
    # Odd places hold the numbers, so that texts and numbers are never compared.
    return [int(w) if i % 2 else w for i, w in enumerate(words)], name


def composed(parts: tuple[str, ...]) -> str:
    """A path in Unicode's composed form, as keyboards write it; macOS stores the other one."""
    return unicodedata.normalize("NFC", "/".join(parts))


@dataclass(frozen=True)
class Look:
    """What a first look into a folder shows; of large folders of their first LOOK entries."""

    loose: int
    """Pictures in the folder itself."""
    inside: int
    """Pictures below."""
    classes: int
    """Folders that hold pictures, those of splits looked through."""
    tables: tuple[str, ...]
    """Names of tables in the folder itself."""


def look_into(root: Path) -> Look:
    """Count pictures and the folders that hold them. Reads names only."""
    tables: list[str] = []
    loose = 0
    holders: Counter[tuple[str, ...]] = Counter()
    for parts in _some(root):
        if len(parts) > 1:
            holders[parts[:-1]] += is_picture(parts[-1])
        elif is_picture(parts[0]):
            loose += 1
        elif parts[0].lower().endswith((".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".arrow")):
            tables.append(parts[0])
    full = [folder for folder, count in holders.items() if count]
    if full and all(folder[0].lower() in SPLIT_OF for folder in full):
        # Photos that lie in a split's folder itself belong to no class.
        full = [folder[1:] for folder in full if len(folder) > 1]
    classes = len({folder for folder in full if folder})
    return Look(loose, holders.total(), classes, tuple(sorted(tables)))


def _some(root: Path) -> Iterator[tuple[str, ...]]:
    """Parts of the paths of files below a folder, nearest folders first, at most LOOK entries."""
    left = LOOK
    waiting: list[tuple[str, ...]] = [()]
    while waiting and left > 0:
        parts = waiting.pop(0)
        try:
            with os.scandir(os.path.join(root, *parts)) as entries:  # noqa: PTH118
                # One huge folder must not hide the ones beside it.
                for number, entry in enumerate(entries):
                    left -= 1
                    if left <= 0 or parts and number > LOOK // 20:
                        break
                    if is_hidden(entry.name):
                        continue
                    if not entry.is_dir(follow_symlinks=True):
                        yield (*parts, entry.name)
                    elif len(parts) < DEPTH:
                        waiting.append((*parts, entry.name))
        except OSError:
            continue


def holds_any(root: Path, suffixes: tuple[str, ...]) -> bool:
    """Whether a first look shows a file with one of these suffixes."""
    return any(parts[-1].lower().endswith(suffixes) for parts in _some(root))


def is_class_folders(root: Path) -> bool:
    """Several folders of photos, and few photos beside them; no table that would say more."""
    found = look_into(root)
    return found.classes > 1 and found.loose < found.inside and not found.tables


def is_photo_folder(root: Path) -> bool:
    """Photos in any other order; no table that would say more."""
    found = look_into(root)
    return found.loose + found.inside > 0 and not found.tables
