"""Where skulens keeps its own files, how it writes them so that a kill loses little, and its lock.

A journal is a file of JSON lines, each appended in one synced write: two processes may append at
once, and a line cut by a power failure is skipped when the journal is read.
"""

import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from skulens.errors import StoreBusy


def cache_folder() -> Path:
    """$SKULENS_CACHE, else the user's cache folder."""
    if own := os.environ.get("SKULENS_CACHE"):
        return Path(own).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("skulens"))


def sha256_of_file(path: Path) -> str:
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def append_line(path: Path, entry: Mapping[str, Any]) -> None:
    """Append one JSON line in one synced write, starting a new line where a kill cut the last one.

    Raises:
        OSError: the disk is full or read-only.
    """
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        line = json.dumps(entry) + "\n"
        if ends_unfinished(path):
            line = "\n" + line
        if os.write(fd, line.encode()) != len(line.encode()):
            raise OSError(errno.ENOSPC, "the journal line was written only in part")
        os.fsync(fd)
    finally:
        os.close(fd)


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The whole lines of a journal, in order; lines that a kill cut are left out. No file: none."""
    if not path.exists():
        return
    for line in path.read_text(errors="replace").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            yield entry


def ends_unfinished(path: Path) -> bool:
    """Whether the last line lacks its end."""
    with path.open("rb") as f:
        f.seek(0, os.SEEK_END)
        if not f.tell():
            return False
        f.seek(-1, os.SEEK_END)
        return f.read(1) != b"\n"


def write_whole(path: Path, write: Callable[[BinaryIO], object], sync: bool = True) -> int:
    """Write a file aside, sync it and rename it: it is there whole or not at all.

    Args:
        sync: False saves the wait for the disk, for files whose damage is found when they are
            read; a power failure may then leave one empty.

    Returns:
        Its size, bytes.

    Raises:
        OSError: the disk is full or read-only. Whatever is raised, nothing is left behind.
    """
    aside = path.with_name(aside_name(path.name, ".tmp"))
    try:
        with aside.open("wb") as f:
            write(f)
            f.flush()
            if sync:
                os.fsync(f.fileno())
            size = f.tell()
        aside.replace(path)
        if sync:
            sync_folder(path.parent)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    return size


def write_record(path: Path, record: Mapping[str, Any], **options: Any) -> None:
    """Write one JSON object, indented; the file is there whole or not at all.

    Args:
        options: of `json.dumps`.
    """
    text = json.dumps(record, ensure_ascii=False, indent=1, **options) + "\n"
    write_whole(path, lambda file: file.write(text.encode()))


LEFTOVER_S = 3600.0
"""Age from which what a killed writer left behind is removed; no live one takes that long."""


def aside_name(name: str = "", end: str = "") -> str:
    """A hidden name that no other writer takes: `.NAME.HEX.END`."""
    return f".{name}{'.' * bool(name)}{uuid.uuid4().hex}{end}"


def remove_leftovers(folder: Path) -> None:
    """Remove what killed writers left in a folder, under names of `aside_name`, an hour ago."""
    oldest = time.time() - LEFTOVER_S
    for path in folder.iterdir():
        if not re.fullmatch(r"\.(.+\.)?[0-9a-f]{32}(\.tmp)?", path.name):
            continue
        with contextlib.suppress(OSError):  # another process removes it too
            if path.lstat().st_mtime > oldest:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()


def sync_folder(folder: Path) -> None:
    """Make a rename inside the folder survive a power failure."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@contextlib.contextmanager
def locked(lock: Path, busy: str) -> Iterator[None]:
    """Hold the file `lock` for this process; it goes when the process ends, however it ends.

    Raises:
        StoreBusy: another process holds it; `busy` is the message.
    """
    try:
        import fcntl
    except ImportError:  # not supported on Windows: two processes at a time are not kept apart
        yield
        return
    with lock.open("w") as f:
        try:
            fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
            mine = os.path.samestat(os.fstat(f.fileno()), lock.stat())
        except OSError as e:
            raise StoreBusy(busy) from e
        if not mine:  # its last holder removed the file between our two calls
            raise StoreBusy(busy)
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)
