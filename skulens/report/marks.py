"""What stands beside a system's numbers because a reader should know it before trusting them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from skulens.analysis.boards import HERE, Entry
from skulens.bench.result import TRAINED, Result
from skulens.encode.zoo.warnings import KINDS
from skulens.records import SystemInfo, Warning_
from skulens.trained_on import SAMPLE


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a system has seen in training of what it is measured on."""

    mark: str
    short: str
    sentence: str


SEEN = Exposure(
    "†",
    "trained on these SKUs",
    "trained on these SKUs or some of them, if on other photos; its numbers say little about new "
    "SKUs",
)
SEEN_DATA = Exposure(
    "†",
    "trained on this data",
    "trained on this dataset, if on other photos; which of its SKUs it saw is not known",
)
TRAINED_ON_THESE = (SEEN, SEEN_DATA)
SEEN_OTHERS = Exposure(
    "°",
    "trained on other SKUs of this data",
    "trained on other SKUs of this dataset, on none of those asked for",
)
NOT_KNOWN = Exposure(
    "§",
    "not known whether it saw these SKUs",
    "it is not known whether it saw these SKUs in training",
)
EARLIER = "‡"
"""Beside rates, latency and memory that an earlier run measured."""
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


def was_earlier(result: Result, what: str) -> bool:
    """Whether `what`, "rates" or "latency" (with memory), was measured in a run before the one that
    made the result."""
    cost = result.cost
    if "process" in cost or "images_timed" in cost:
        return f"{what}_measured_at" in cost
    return cost.get("measured") == "earlier"  # an earlier version kept no dates


def mark_earlier(entry: Entry, cost: str) -> str:
    """The mark of a latency or memory that an earlier run measured; empty beside any other cost."""
    measured = cost in ("latency_ms", "memory_mb") and getattr(entry, cost) is not None
    return f" {EARLIER}" if measured and was_earlier(entry.result, "latency") else ""


def explain_earlier(results: Iterable[Result]) -> str:
    """What EARLIER means beside numbers of these results: when they were measured, and of how many
    pictures; empty where none has it."""
    said = []
    for result in results:
        cost = result.cost
        if was_earlier(result, "rates") and "images_per_s" in cost:
            n = cost.get("images_timed")
            of = f" of {n:,} pictures" if isinstance(n, int) else ""
            said.append(f"images/s{of}{_on_day(cost.get('rates_measured_at'))}")
        if was_earlier(result, "latency") and "latency_ms_p50" in cost:
            said.append(f"latency and memory{_on_day(cost.get('latency_measured_at'))}")
    if not said:
        return ""
    return f"{EARLIER} measured in an earlier run: {'; '.join(dict.fromkeys(said))}"


def _on_day(at: object) -> str:
    return f" on {at[:10]}" if isinstance(at, str) else ""


def explain_shared(results: Iterable[Result]) -> str:
    """A sentence on memory that compares with nothing; empty where there is none."""
    n = sum(result.has_shared_memory for result in results)
    if not n:
        return ""
    return (
        f"Memory of {n} result{'s' * (n != 1)} is left out: an earlier version measured it beside "
        "other work; measure again"
    )


def exposure_of(result: Result) -> Exposure | None:
    """What stands beside a result's numbers; None: nothing is known to say.

    That nothing is known of what a system saw is said only where unseen SKUs were asked for.
    """
    names = {result.data.short, result.data.dataset, result.data.dataset.removesuffix(SAMPLE)}
    named = any(Path(name).name in names for name in _trained_on(result.system))
    seen = result.counts.get("seen_products")
    if seen is None:
        unseen = result.variant.get(TRAINED) == "unseen"
        return SEEN_DATA if named and not unseen else NOT_KNOWN if unseen else None
    if seen:
        return SEEN
    return SEEN_OTHERS if named else None


def explain_exposures(results: Iterable[Result]) -> str:
    """The marks of some results and what they mean, a line each: "†: ..."."""
    found = dict.fromkeys(exposure_of(r) for r in results)
    return "\n".join(f"{e.mark}: {e.sentence}" for e in found if e)


def _trained_on(system: SystemInfo) -> list[str]:
    return [*system.trained_on, *(name for part in system.parts for name in _trained_on(part))]
