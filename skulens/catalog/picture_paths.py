"""Pictures as the cells of a table name them: whether a file is there, and may be read.

A table may name what lies below its folder; the rest of the machine only where the user says so.
"""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skulens.catalog.mapping import RowError, as_text
from skulens.pictures import NO_FILE, file_problem

OUTSIDE = RowError(
    "lies outside the folder of the table",
    "copy it there or, if you trust the table, say --allow-outside",
)


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
        problem = self.missing(text) if text else None
        several = problem is not None and not text.lower().startswith("data:")
        parts = [p.strip() for p in re.split(r"[|;]", text) if p.strip()] if several else []
        if len(parts) > 1:  # a name that is there as a whole may hold these signs itself
            return [Written(part, view, self.missing(part)) for part in parts]
        return [Written(text, view, problem)] if text else []

    def missing(self, name: str) -> RowError | None:
        """Why no picture can be read there and what to do; None where there is a file."""
        full = os.path.join(self.folder_name, name)  # noqa: PTH118
        # The usual case comes first, without pathlib's cost.
        if os.path.isfile(full):  # noqa: PTH113
            return None if self.boundary is None or self.boundary.holds(full) else OUTSIDE
        if re.match(r"(?i)(https?|ftp|s3|gs|data):", name):
            return RowError(
                "an address, and skulens fetches none while reading",
                "download the pictures and write their paths",
            )
        if name.lower().startswith("file:"):
            return RowError(
                "a file: address, not a path", "write the path alone, without file: and %20"
            )
        slashes = name.replace("\\", "/")
        if slashes != name and os.path.isfile(full.replace("\\", "/")):  # noqa: PTH113
            return RowError("a path with backslashes", f"write {slashes}")
        problem = file_problem(full)
        if problem == NO_FILE:
            return RowError(
                "there is no such file",
                f"put the picture into {self.folder_name}, or correct the path",
            )
        return RowError(problem, "name a picture file")
