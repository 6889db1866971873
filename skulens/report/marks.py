"""What stands beside a system's numbers because a reader should know it before trusting them."""

from collections.abc import Iterable
from pathlib import Path

from skulens.analysis.boards import HERE, Entry
from skulens.bench.result import Result
from skulens.encode.zoo.warnings import KINDS
from skulens.records import SystemInfo, Warning_

SEEN = "†"
SEEN_SHORT = "trained on this data"
SEEN_SENTENCE = (
    "trained on this dataset, if on other items; its numbers say little about other data"
)
OF_OTHERS = ("activation-mismatch", "image-size")
"""Warnings about how others ran a checkpoint; a run in sound mode here has put them right."""


def mark_of(warning: Warning_) -> str:
    """A warning's mark in a narrow table; empty where none is shown."""
    kind = KINDS.get(warning.code)
    return kind.mark if kind else warning.short or warning.code


def meaning_of(warning: Warning_) -> str:
    """What its mark means."""
    kind = KINDS.get(warning.code)
    return kind.legend if kind else warning.sentence


def warnings_of(entry: Entry) -> list[Warning_]:
    """An entry's warnings, without those that do not concern how it was measured here."""
    settings = entry.result.settings
    sound = entry.source == HERE and settings.get("mode", "sound") == "sound"
    return [w for w in entry.warnings if not (sound and w.code in OF_OTHERS)]


def marks_of(entry: Entry) -> list[str]:
    """Marks of an entry's warnings."""
    return [mark for w in warnings_of(entry) if (mark := mark_of(w))]


def explain_marks(entries: Iterable[Entry]) -> str:
    """What the marks of some entries mean, in the order of the table of warnings: "twin: ...; cut:
    ..."."""
    meant = {mark_of(w): meaning_of(w) for e in entries for w in warnings_of(e)}
    order = [kind.mark for kind in KINDS.values()]
    order += [mark for mark in meant if mark not in order]
    return "; ".join(f"{m}: {meant[m]}" for m in dict.fromkeys(order) if m and m in meant)


def has_seen(result: Result) -> bool:
    """Whether the system, or a part of it, was trained on the data of the result."""
    names = {result.data.short, result.data.dataset}
    return any(Path(name).name in names for name in _trained_on(result.system))


def _trained_on(system: SystemInfo) -> list[str]:
    return [*system.trained_on, *(name for part in system.parts for name in _trained_on(part))]
