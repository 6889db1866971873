"""The results of data-quality checks: plain data, which `skulens audit` prints."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from skulens.records import Image

Level = Literal["error", "warning", "note"]
LEVELS: tuple[Level, ...] = ("error", "warning", "note")
EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check: how many, of how many, examples, and what to do."""

    check: str
    """Name of the check, for programs: "equal_captions"."""
    level: Level
    """error: a benchmark on this is wrong or unfair; warning: check it; note: good to know."""
    what: str
    count: int
    of: int
    """How many were looked at, in the unit of `count`; 0 where there is no such number."""
    examples: tuple[str, ...]
    todo: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture and the product that it shows: the place is "gallery" or a split."""

    place: str
    product: str
    name: str
    image: Image


@dataclass(frozen=True, slots=True)
class Audit:
    """What was looked at and what was found, worst first."""

    data: str
    products: int
    pictures: Mapping[str, int]
    """Place ("gallery" or a split) -> pictures."""
    findings: tuple[Finding, ...]
    skipped: tuple[str, ...]
    """What could not be looked at, and why."""

    def to_dict(self) -> dict:
        """Plain data for JSON."""
        return asdict(self)

    def count(self, level: Level) -> int:
        return sum(f.level == level for f in self.findings)


Tokens = Callable[[str], int]
"""A text -> its tokens, special ones included, before any cut."""


def pick_examples(rows: Iterable[str]) -> tuple[str, ...]:
    """The first few, as examples."""
    return tuple(str(row) for _, row in zip(range(EXAMPLES), rows, strict=False))
