"""The engine's errors -> StoreError: what happened, and what to do."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from skulens.errors import StoreError

FULL = (
    "no space left",
    "file too large",
    "disk quota",
    "os error 28",
    "os error 27",
    "os error 122",
)
READ_ONLY = ("read-only file system", "permission denied")
DAMAGED = (
    "not found",
    "fill whole buffer",
    "file size is too small",
    "invalid range",
    "invalid input",
    "metadata",
    "magic",
    "decode",
    "corrupt",
    "no such file",
    "unexpected end",
    "panic",
)
"""Of what LanceDB says where a file is missing, cut short or holds something else."""


@contextlib.contextmanager
def explain(folder: Path, doing: str) -> Iterator[None]:
    """Raise what LanceDB raises as StoreError.

    Args:
        doing: what was under way, "writing 500 products".
    """
    try:
        yield
    except StoreError:
        raise
    except (OSError, RuntimeError, ValueError, TypeError) as e:
        raise StoreError(describe(folder, doing, e)) from e
    except BaseException as e:
        if type(e).__name__ != "PanicException":  # of the engine's Rust; no Exception in Python
            raise
        raise StoreError(describe(folder, doing, e)) from e


def describe(folder: Path, doing: str, error: BaseException) -> str:
    said = " ".join(str(error).split())
    low = said.casefold()
    if any(sign in low for sign in FULL):
        return (
            f"{folder}: the disk is full; {doing} stopped. What was acknowledged is there; free "
            "some space and do it again"
        )
    if any(sign in low for sign in READ_ONLY):
        return f"{folder}: {doing} failed, the folder cannot be written to; see its permissions"
    if any(sign in low for sign in DAMAGED):
        return damaged(folder, f"{doing} failed: {said[:300]}")
    return f"{folder}: {doing} failed; LanceDB says: {said[:300]}"


def damaged(folder: Path, what: str) -> str:
    return (
        f"the store {folder} is damaged ({what}); put the folder back from a backup, or build the "
        "store anew"
    )
