"""How often the held-out probes of a result were asked whether a threshold keeps its precision.

Whoever changes the seed, the split or the target until one attempt is confirmed has not shown what
one attempt shows. So each goes into a journal beside the results, and its number decides the level
of its bound (`evaluate.calibration.attempt_level`). The same attempt again has the same number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from skulens.bench.result import Result
from skulens.errors import StoreError
from skulens.files import append_line, read_lines

JOURNAL = "calibrations.jsonl"
"""In the folder of the results."""


@dataclass(frozen=True, slots=True)
class Attempts:
    """Where an attempt stands among those on the same probes."""

    number: int
    """From 1: of this system on these probes."""
    others: int
    """Attempts of other systems, or against other galleries, on these probes."""


def count_attempt(result: Result, how: Mapping[str, object]) -> Attempts:
    """Note an attempt, unless it was made before, and number it.

    Two processes may do so at once: the order of their lines decides.

    Args:
        how: what tells attempts apart: target, seed, share of the split and so on.
    Raises:
        StoreError: the journal cannot be written, so attempts cannot be counted.
    """
    if result.folder is None:
        return Attempts(1, 0)
    journal = result.folder.parent / JOURNAL
    mine = {"system": result.system.identity, "data": result.data.fingerprint}
    entry = {
        **mine,
        "queries": result.data.queries or result.data.fingerprint,
        "encoder": result.name,
        "how": dict(how),
    }
    if entry not in (before := _distinct(journal)):
        _append(journal, entry)
        before = _distinct(journal)
    same = [e for e in before if e["queries"] == entry["queries"]]
    own = [e for e in same if all(e.get(k) == v for k, v in mine.items())]
    return Attempts(own.index(entry) + 1, len(same) - len(own))


def _distinct(journal: Path) -> list[dict]:
    """Its entries in order, each once."""
    found: list[dict] = []
    for entry in read_lines(journal):
        if "queries" in entry and entry not in found:
            found.append(entry)
    return found


def _append(journal: Path, entry: Mapping[str, object]) -> None:
    try:
        append_line(journal, entry)
    except OSError as e:
        raise StoreError(
            f"{journal}: cannot note this attempt ({e.strerror or e}), and a precision that was "
            "tried unseen is not confirmed; make the folder writable, or copy the results to one "
            "that is"
        ) from e
