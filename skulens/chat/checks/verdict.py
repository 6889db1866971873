"""The rows of a check and what follows from them."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Verdict = Literal["pass", "fail", "unjudged"]
Need = Literal["all", "pictures", ""]
"""What a failed check spoils: every run, those with pictures, or none."""


@dataclass(frozen=True)
class Check:
    """One row of the table."""

    name: str
    verdict: Verdict
    said: str
    """What was seen, and what to do where it fails."""
    need: Need = "all"
    facts: dict[str, Any] = field(default_factory=dict)
    """The numbers, JSON values."""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def conclude(checks: Iterable[Check]) -> tuple[bool, str]:
    """(whether bulk runs may start, a sentence on it)."""
    checks = list(checks)
    failed = [c for c in checks if c.verdict == "fail" and c.need == "all"]
    if failed:
        return False, "do not use: " + "; ".join(f"{c.name}: {c.said}" for c in failed)
    canary = next((c for c in checks if c.name == "pictures not mixed up"), None)
    doubts = [c.name for c in checks if c.verdict == "unjudged" and c.need]
    but = f"; cannot be judged: {', '.join(doubts)}" if doubts else ""
    if canary is not None and canary.verdict == "pass":
        return True, f"fit for bulk runs with pictures{but}"
    if canary is not None:
        return True, f"fit for bulk runs with texts; pictures at your own risk{but}"
    why = next((c.said for c in checks if c.name == "pictures"), "not asked about")
    return True, f"fit for bulk runs with texts only; pictures: {why}{but}"
