"""What is left after each step of a selection, and where the rest went."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

FORMAT = "skulens-funnel/1"


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """The state after one step."""

    name: str
    products: int
    """That have a pair."""
    pairs: int
    """(product, key, value)."""
    keys: int
    """Different ones, over all classes."""
    gone: Mapping[str, int] = field(default_factory=dict)
    """Reason -> pairs that this step took away."""


@dataclass(frozen=True)
class Funnel:
    """All steps in order; the first takes nothing away."""

    steps: tuple[FunnelStep, ...]

    def as_dict(self) -> dict[str, Any]:
        return {"format": FORMAT, "steps": [asdict(step) for step in self.steps]}

    def lines(self) -> Iterator[str]:
        """A table for a terminal."""
        width = max(len(step.name) for step in self.steps)
        yield f"{'step':<{width}}  {'products':>9}  {'pairs':>10}  {'keys':>5}  gone"
        for s in self.steps:
            gone = ", ".join(f"{n:,} {reason}" for reason, n in s.gone.items() if n)
            row = f"{s.name:<{width}}  {s.products:>9,}  {s.pairs:>10,}  {s.keys:>5,}  {gone}"
            yield row.rstrip()
