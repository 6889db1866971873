"""Which data may read pictures outside their folder, as somebody said on this machine.

A result remembers how its data were opened, but not this: results come from others, too, and a
table beside them could name any file of this machine.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from skulens.encode import open_memo

OPTION = "allow_outside"


def remember_trust(data: str, options: Mapping[str, object]) -> dict[str, object]:
    """The options without `allow_outside`; where it was said, this machine remembers it."""
    if options.get(OPTION):
        open_memo().set_note(_key(data), {OPTION: True})
    return {name: value for name, value in options.items() if name != OPTION}


def recall_trust(data: str) -> dict[str, object]:
    """{"allow_outside": True} where that was said of these data on this machine, else {}."""
    return {OPTION: True} if open_memo().note(_key(data)) else {}


def _key(data: str) -> str:
    place = str(Path(data.partition(":")[2] if not Path(data).exists() else data).resolve())
    return f"outside {hashlib.sha256(place.encode('utf-8', 'surrogateescape')).hexdigest()}"
