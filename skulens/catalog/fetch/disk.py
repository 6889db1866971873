"""How much of the disk downloads and unpacking may take."""

import shutil
from pathlib import Path

from skulens.errors import StoreError

RESERVE = 200 * 2**20
"""Bytes that they leave free."""


def check_space(folder: Path, needed: int, what: str) -> None:
    """Raise StoreError before something is written that the disk cannot take."""
    free = shutil.disk_usage(folder).free
    if needed + RESERVE > free:
        raise StoreError(
            f"{what} needs {size_text(needed)} and {folder} has {size_text(free)} free; "
            "make room, or point SKULENS_CACHE at a larger disk"
        )


def size_text(size: float) -> str:
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"
