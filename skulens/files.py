"""Where skulens keeps its own files, the hash by which it knows a file, and the lock by which one process holds it."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from skulens.errors import StoreError


def cache_folder() -> Path:
    """$SKULENS_CACHE, else the user's cache folder."""
    if own := os.environ.get("SKULENS_CACHE"):
        return Path(own).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("skulens"))


def sha256_of_file(path: Path) -> str:
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


@contextmanager
def locked(lock: Path, busy: str) -> Iterator[None]:
    """Hold the file `lock` for this process; it goes when the process ends, however it ends.

    Raises:
        StoreError: another process holds it; `busy` is the message.
    """
    try:
        import fcntl
    except ImportError:  # Windows: two processes at a time are the user's affair
        yield
        return
    with lock.open("w") as f:
        try:
            fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as e:
            raise StoreError(busy) from e
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)
