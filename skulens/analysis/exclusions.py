"""Which constraint excludes most systems, and which systems miss one by little."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from skulens.analysis.choose import Option, Outcome

FEW = 3
"""Nearest systems of one constraint, before those of the next."""


@dataclass(frozen=True, slots=True)
class Exclusion:
    """What one constraint does."""

    kind: str
    systems: int
    """That miss it."""
    alone: int
    """That miss nothing else."""


def count_exclusions(options: Sequence[Option]) -> list[Exclusion]:
    """Each constraint with the systems that miss it; that which excludes most by itself first."""
    kinds = Counter(reason.kind for o in options for reason in o.reasons)
    alone = Counter(o.reasons[0].kind for o in options if len(o.reasons) == 1)
    found = [Exclusion(kind, n, alone[kind]) for kind, n in kinds.items()]
    return sorted(found, key=lambda e: (-e.alone, -e.systems))


def order_by_nearness(options: Sequence[Option]) -> list[Option]:
    """Systems that meet all constraints and are worse, then those that nearly meet them.

    The fewer constraints are missed the nearer, and of one constraint the smaller the miss. The
    nearest few of every constraint come before the fourth of any, so that none fills the list.
    """
    worse = [o for o in options if o.outcome is Outcome.WORSE]
    out = sorted((o for o in options if o.outcome is Outcome.OUT), key=distance)
    seen: Counter[tuple[int, str]] = Counter()
    turns = {}
    for o in out:
        key = len(o.reasons), o.reasons[0].kind
        turns[id(o)] = (len(o.reasons), seen[key] // FEW)
        seen[key] += 1
    return worse + sorted(out, key=lambda o: turns[id(o)])


def distance(option: Option) -> tuple[int, float, float]:
    """Order: constraints missed, by how much in all (a share of the limit), the value."""
    missed = sum(reason.miss for reason in option.reasons)
    return len(option.reasons), missed, -(option.value if option.value is not None else -1)
