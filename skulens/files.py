"""Where skulens keeps its own files, and the hash by which it knows a file."""

import hashlib
import os
from pathlib import Path


def cache_folder() -> Path:
    """$SKULENS_CACHE, else the user's cache folder."""
    if own := os.environ.get("SKULENS_CACHE"):
        return Path(own).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("skulens"))


def sha256_of_file(path: Path) -> str:
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()
