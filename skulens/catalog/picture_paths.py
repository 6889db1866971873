"""Pictures as the cells of a table name them: whether a file is there, and may be read.

A table may name what lies below its folder; the rest of the machine only where the user says so.
"""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from skulens.catalog.mapping import RowError, as_text
from skulens.pictures import NO_FILE, file_problem

OUTSIDE = RowError(
    "lies outside the folder of the table",
    "copy it there or, if you trust the table, say --allow-outside",
)


WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")
"""C:\\photos\\a.jpg, or \\\\server\\photos."""


def other_writings(name: str) -> list[str]:
    """Other ways to write a path that is none as it stands: file://, ~ and backslashes."""
    found = []
    if name.lower().startswith("file:"):
        try:
            address = urlsplit(name)
        except ValueError:
            return []
        if address.netloc.lower() in ("", "localhost"):
            found.append(unquote(address.path))
    elif name.startswith("~"):
        found.append(os.path.expanduser(name))  # noqa: PTH111
    elif "\\" in name:
        found.append(name.replace("\\", "/"))
    return found


class Boundary:
    """Folders below which files may be read, links followed to where they lead."""

    def __init__(self, *folders: Path):
        self.roots = tuple(os.path.realpath(folder) for folder in folders)
        self.real: dict[str, str] = {}
        """Folder as written -> where it really is; pictures share few."""

    def holds(self, path: str) -> bool:
        """Whether a path, whatever it is written like, leads to something below the folders."""
        folder, name = os.path.split(path)
        if folder not in self.real:
            self.real[folder] = os.path.realpath(folder)
        full = os.path.join(self.real[folder], name)  # noqa: PTH118  # called for every picture
        if name in ("", ".", "..") or os.path.islink(full):  # noqa: PTH114
            full = os.path.realpath(full)
        return any(
            full == root or full.startswith(root.rstrip(os.sep) + os.sep) for root in self.roots
        )


@dataclass(frozen=True, slots=True)
class Written:
    """A picture as a cell names it."""

    path: str
    view: str | None
    problem: RowError | None
    """Why no picture can be read there."""
    file: str = ""
    """The path as this machine writes it: without file://, with / for backslashes."""


class PicturePaths:
    """Reads the cells of picture columns of one table."""

    def __init__(self, folder: Path, boundary: Boundary | None):
        """Paths start from `folder`; without a boundary they may lead anywhere."""
        self.folder_name, self.boundary = str(folder), boundary

    def of_cell(self, cell: Any, view: str | None = None) -> list[Written]:
        """Pictures of a cell: text, several split by "|" or ";", a list, JSON; or {path, view}."""
        if isinstance(cell, str) and cell.lstrip().startswith("["):
            cell = json.loads(cell)
        if isinstance(cell, dict):
            cell, view = cell.get("path"), as_text(cell.get("view")) or None
        if isinstance(cell, (list, tuple)):
            return [path for entry in cell for path in self.of_cell(entry, view)]
        text = as_text(cell)
        file, problem = self.find(text) if text else ("", None)
        several = problem is not None and not text.lower().startswith("data:")
        parts = [p.strip() for p in re.split(r"[|;]", text) if p.strip()] if several else []
        if len(parts) > 1:  # a name that is there as a whole may hold these signs itself
            found = [(part, *self.find(part)) for part in parts]
            return [Written(part, view, problem, file) for part, file, problem in found]
        return [Written(text, view, problem, file)] if text else []

    def find(self, name: str) -> tuple[str, RowError | None]:
        """(the path as this machine writes it, why no picture can be read there)."""
        problem = self.missing(name)
        if problem is None or problem is OUTSIDE:
            return name, problem
        for other in other_writings(name):
            if os.path.isfile(os.path.join(self.folder_name, other)):  # noqa: PTH113, PTH118
                return other, self.missing(other)
        return name, problem

    def missing(self, name: str) -> RowError | None:
        """Why no picture can be read there and what to do; None where there is a file."""
        full = os.path.join(self.folder_name, name)  # noqa: PTH118
        # The usual case comes first, without pathlib's cost.
        if os.path.isfile(full):  # noqa: PTH113
            return None if self.boundary is None or self.boundary.holds(full) else OUTSIDE
        if re.match(r"(?i)(https?|ftp|s3|gs|data):", name):
            return RowError(
                "an address, and nothing is downloaded while reading",
                "download the pictures and write their paths",
            )
        if name.lower().startswith("file:"):
            return RowError(
                "a file: address of a file that is not on this machine",
                f"put the picture into {self.folder_name} and write its path from there",
            )
        if WINDOWS.match(name) and os.sep == "/":
            return RowError(
                "a path of another machine (Windows)",
                f"put the picture into {self.folder_name} and write its path from there",
            )
        problem = file_problem(full)
        if problem == NO_FILE:
            return RowError(
                "there is no such file",
                f"put the picture into {self.folder_name}, or correct the path",
            )
        return RowError(problem, "name a picture file")
