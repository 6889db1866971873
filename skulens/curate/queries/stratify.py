"""Units into sides of given sizes: groups stay whole, strata keep their shares.

Strata are tags (language, class ...) and all of them together. Groups are taken one after another,
those of the rarest stratum first (Sechidis, Tsoumakas and Vlahavas 2011), and each goes to the side
where the shares of its strata then come closest to what that side should have of the units seen so
far: minimisation (Pocock and Simon 1975) with the expected imbalance of every prefix as its
target, so that a stratum too small for a unit of its own on the small side is balanced by others of
the same language or class. At the end groups move until the sizes fit.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from skulens.errors import DataError

ALL = ("", "")
"""The stratum of every unit."""
Stratum = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """What is put on a side: a query."""

    id: str
    group: str
    tags: Mapping[str, str]

    def strata(self, keys: Sequence[str]) -> list[Stratum]:
        """ALL, one of each tag, and all tags together."""
        told = [(key, self.tags.get(key, "")) for key in keys]
        together = ("\0", *(value for _, value in told))
        return [ALL, *told, *([together] if len(keys) > 1 else [])]


def draw_key(seed: int, *names: str) -> bytes:
    """A number of a name, the same on every machine; sorting by it is a random order."""
    said = "\0".join((str(seed), *names)).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(said, digest_size=16).digest()


def allocate(
    units: Iterable[Unit], sizes: Mapping[str, int], keys: Sequence[str], seed: int = 0
) -> dict[str, str]:
    """Unit -> side; the same whatever the order of the units.

    Every size is met within the size of the largest group. Shares of strata are balanced, not
    guaranteed: groups of several strata can make that impossible.

    Args:
        sizes: side -> units; they add up to all units.
        keys: tags that are strata.
    Raises:
        DataError: sizes that do not add up, or two units of one id.
    """
    listed = sorted(units, key=lambda u: u.id)  # sums of floats depend on the order, too
    if len({u.id for u in listed}) != len(listed):
        raise DataError("two units have the same id; ids must be unique")
    if sum(sizes.values()) != len(listed) or min(sizes.values(), default=0) < 0:
        asked = ", ".join(f"{side} {n:,}" for side, n in sizes.items())
        raise DataError(f"{asked} do not add up to {len(listed):,}")
    groups: dict[str, list[Unit]] = defaultdict(list)
    for unit in listed:
        groups[unit.group].append(unit)
    balance = Balance(
        {name: Counter(s for u in held for s in u.strata(keys)) for name, held in groups.items()},
        {side: n for side, n in sizes.items() if n},
        seed,
    )
    side_of = balance.fill()
    return {unit.id: side_of[unit.group] for unit in listed}


class Balance:
    """Sides while they fill."""

    def __init__(self, groups: Mapping[str, Counter[Stratum]], sizes: Mapping[str, int], seed: int):
        """
        Args:
            groups: name -> units of each stratum.
            sizes: side -> units; none is 0.
        """
        self.groups, self.sizes, self.seed = groups, sizes, seed
        total = sum(sizes.values())
        self.shares = {side: n / total for side, n in sizes.items()}
        self.held: dict[str, Counter[Stratum]] = {side: Counter() for side in sizes}
        self.seen: Counter[Stratum] = Counter()
        self.side_of: dict[str, str] = {}

    def fill(self) -> dict[str, str]:
        """Group -> side."""
        for name in self.order():
            self.seen.update(self.groups[name])
            self.put(name, min(self.sizes, key=lambda side: self.cost(name, side)))
        self.fit()
        return self.side_of

    def order(self) -> list[str]:
        """Groups of the rarest stratum first, of these the largest, then at random."""
        counts: Counter[Stratum] = Counter()
        for held in self.groups.values():
            counts.update(held)
        rarest = {name: min(counts[s] for s in held) for name, held in self.groups.items()}
        return sorted(
            self.groups,
            key=lambda g: (rarest[g], -self.groups[g][ALL], draw_key(self.seed, "group", g)),
        )

    def cost(self, name: str, side: str) -> float:
        """How much the squared imbalance of the group's strata grows where it joins a side."""
        held, share = self.held[side], self.shares[side]
        return sum(
            n * (n + 2 * (held[stratum] - share * self.seen[stratum]))
            for stratum, n in self.groups[name].items()
        )

    def put(self, name: str, side: str) -> None:
        self.held[side].update(self.groups[name])
        self.side_of[name] = side

    def fit(self) -> None:
        """Move groups from the side that has most too many to the one that has most too few, as
        long as that brings the sizes closer to what they should be."""
        while True:
            excess = {side: self.held[side][ALL] - n for side, n in self.sizes.items()}
            full, short = max(excess, key=excess.__getitem__), min(excess, key=excess.__getitem__)
            room = min(excess[full], -excess[short])
            able = [
                g
                for g, side in self.side_of.items()
                if side == full and self.groups[g][ALL] < 2 * room
            ]
            if not able:
                return
            best = min(able, key=lambda g: (*self.cost_of_move(g, full, short, room), g))
            self.held[full].subtract(self.groups[best])
            self.put(best, short)

    def cost_of_move(self, name: str, full: str, short: str, room: int) -> tuple[int, float]:
        """By how much the move overshoots, then what it does to the strata."""
        over = max(self.groups[name][ALL] - room, 0)
        return over, self.cost(name, short) - self.cost(name, full)
