"""Archives of strangers, unpacked strictly, on every Python.

Files and folders are made by us alone and nothing that exists is followed. Refused: links, devices,
names that leave the folder, members that meet, and archives that grow beyond their bounds.
"""

import errno
import hashlib
import os
import re
import shutil
import unicodedata
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from skulens.catalog.fetch.disk import check_space
from skulens.catalog.fetch.members import Bounds, Member, Meter, Refused, read_members
from skulens.errors import DataError, StoreError

NAME_BYTES, PATH_BYTES, DEPTH = 255, 1024, 32


def extract(
    archive: Path, folder: Path, bounds: Bounds | None = None, digests: bool = False
) -> dict[str, str]:
    """Write all members into an empty or new folder.

    Returns:
        Path within `folder` -> sha256 (empty unless `digests`), of every file.
    Raises:
        DataError: no archive, a damaged one, or one with a member that we refuse; names the member
            and the reason. Nothing of it stays.
        StoreError: the disk is full; nothing stays.
    """
    if folder.exists() and any(folder.iterdir()):
        raise DataError(f"{folder} is not empty; archives are unpacked into a folder of their own")
    planned = unpack_into(None, archive, bounds or Bounds(), False)
    check_space(archive.parent, planned.written, f"unpacking {archive.name}")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return unpack_into(folder, archive, bounds or Bounds(), digests).files
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def unpack_into(folder: Path | None, archive: Path, bounds: Bounds, digests: bool) -> "Sink":
    """Read a whole archive, into `folder` or (None) only to see whether it can be unpacked and
    how much it holds: what is refused is refused before anything is written."""
    sink = Sink(archive.stat().st_size, bounds, root=folder, digests=digests)
    try:
        with archive.open("rb") as f:
            for member in read_members(f, sink):
                sink.write(member)
    except Exception as e:
        if isinstance(e, OSError) and e.errno == errno.ENOSPC:
            raise StoreError(f"the disk is full: {archive} cannot be unpacked; make room") from e
        where = f"member {sink.current[:80]!r}: " if sink.current else ""
        kind = "" if isinstance(e, Refused) else f"{type(e).__name__}: "
        raise DataError(
            f"{archive} cannot be unpacked: {where}{kind}{e}; delete it to fetch it again"
        ) from e
    return sink


@dataclass
class Sink(Meter):
    """Writes members below `root`, which nobody else writes to."""

    root: Path | None = None
    """None: nothing is written."""
    digests: bool = False
    files: dict[str, str] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)

    def write(self, member: Member) -> None:
        self.current = member.name
        parts = split_name(member.name)
        if member.folder:
            self.make_folders(parts)
        elif not parts:
            raise Refused("a file without a name")
        else:
            self.write_file(parts, member.blocks)
        self.current = ""

    def make_folders(self, parts: list[str]) -> None:
        for n in range(1, len(parts) + 1):
            name = "/".join(parts[:n])
            if name in self.folders:
                continue
            if name in self.files:
                raise Refused(f"{name[:80]!r} is a file, too")
            self.count_member()
            if self.root:
                place(self.root, name).mkdir()
            self.folders.add(name)

    def write_file(self, parts: list[str], blocks: Iterator[bytes]) -> None:
        self.make_folders(parts[:-1])
        self.count_member()
        name = "/".join(parts)
        if name in self.files or name in self.folders:
            raise Refused("it occurs twice")
        digest = hashlib.sha256()
        with place(self.root, name).open("xb", buffering=0) if self.root else nullcontext() as f:
            for block in blocks:
                self.count_bytes(len(block))
                if self.digests:
                    digest.update(block)
                if f:
                    f.write(block)
        self.files[name] = digest.hexdigest() if self.digests else ""

    def count_member(self) -> None:
        if len(self.files) + len(self.folders) >= self.bounds.members:
            raise Refused(f"there are more than {self.bounds.members:,} files and folders")


def split_name(name: str) -> list[str]:
    """The folders and the file that a member's name means. Raises Refused for a name that no
    dataset needs: one that leaves its folder, is too long, or cannot be written everywhere."""
    if name.startswith("/") or "\\" in name or re.match("[A-Za-z]:", name):
        raise Refused("its name is an absolute path or has a backslash")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise Refused("its name would land outside its folder")
    if any(unicodedata.category(c) in ("Cc", "Cs") for c in name):
        raise Refused("its name has a control character or is not valid Unicode")
    if len(name.encode()) > PATH_BYTES or len(parts) > DEPTH:
        raise Refused(f"its name has more than {PATH_BYTES} bytes or {DEPTH} folders")
    if any(len(part.encode()) > NAME_BYTES for part in parts):
        raise Refused(f"a part of its name has more than {NAME_BYTES} bytes")
    return parts


def place(root: Path, name: str) -> Path:
    """Where a member goes. Raises Refused where its folder is not really below `root`."""
    path = root / name
    if not Path(os.path.realpath(path.parent)).is_relative_to(os.path.realpath(root)):
        raise Refused("it would land outside its folder")
    return path
