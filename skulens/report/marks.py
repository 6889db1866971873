"""What stands beside a system's numbers because a reader should know it before trusting them."""

from collections.abc import Iterable
from pathlib import Path

from skulens.analysis.boards import HERE, Entry
from skulens.bench.result import Result
from skulens.records import SystemInfo, Warning_

SEEN = "†"
SEEN_SHORT = "trained on this data"
SEEN_SENTENCE = "the system has seen this data in training"
OF_OTHERS = ("activation-mismatch", "image-size")
"""Warnings about how others ran a checkpoint; a run in sound mode here has put them right."""


def mark_of(warning: Warning_) -> str:
    """A warning in a word or a few, for the column of a table."""
    return warning.short or warning.code


def warnings_of(entry: Entry) -> list[Warning_]:
    """An entry's warnings, without those that do not concern how it was measured here."""
    settings = entry.result.settings
    sound = entry.source == HERE and settings.get("mode", "sound") == "sound"
    return [w for w in entry.warnings if not (sound and w.code in OF_OTHERS)]


def phrases(entry: Entry) -> list[str]:
    """Its warnings in a few words each, with what they are about: "same weights as RN50/openai"."""
    return [" ".join(part for part in (mark_of(w), w.argument) if part) for w in warnings_of(entry)]


def explain(entries: Iterable[Entry]) -> str:
    """The sentences behind the marks of some entries: "mark: sentence; mark: sentence"."""
    meant = {mark_of(w): w.sentence for entry in entries for w in warnings_of(entry)}
    return "; ".join(f"{mark}: {sentence}" for mark, sentence in meant.items() if sentence)


def has_seen(result: Result) -> bool:
    """Whether the system, or a part of it, was trained on the data of the result."""
    return any(Path(name).name == result.data.short for name in _trained_on(result.system))


def _trained_on(system: SystemInfo) -> list[str]:
    return [*system.trained_on, *(name for part in system.parts for name in _trained_on(part))]
