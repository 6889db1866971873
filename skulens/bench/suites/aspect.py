"""Suite `aspect`: the facts of products, read by any reader, against gold.

F1 over (product, field) leaves after norm-v1: micro over all leaves, and macro over fields. The
protocol is that of eBay's item intelligence (docs/metrics.md, "Claims against gold", says how
values are matched and what legibility excuses). Products are given to readers as sellers list them, never
with the attributes from which gold was made.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from skulens.bench.extraction import Task, check_gold, check_reader, make_task, measure
from skulens.bench.result import Result
from skulens.bench.task import Tools
from skulens.protocols import Catalog, Reader


@dataclass(frozen=True)
class AspectSettings:
    """What decides the numbers; part of a result's key."""

    split: str = ""
    """Which products; empty: all that have gold."""
    fields: tuple[str, ...] = ()
    """Path of a field, or a prefix ending in "."; may be repeated. Empty: every field of gold."""
    level: Literal["L0", "L1", "L2", "L3"] = "L1"
    """How far a claim may be from the true value: L1 is equality after norm-v1."""
    least: int = 20
    """Gold values that a field needs to enter the mean over fields and the table of fields."""
    limit: int = 0
    """Only the first products; 0 is all."""


class Aspect:
    """Product -> claims, against gold; readers see what sellers say and the pictures."""

    name = "aspect"
    Settings = AspectSettings
    systems = ("seller", "title-words")
    headline = ("f1", "macro_f1", "precision", "recall")
    columns = ("f1", "macro_f1", "precision", "recall", "coverage", "exact_match", "false_alarm")
    units, groups = "facts", "SPUs"

    def __init__(
        self,
        catalog: Catalog,
        settings: AspectSettings = AspectSettings(),
        *,
        name: str = "",
        tools: Tools = Tools(),
    ):
        check_gold(catalog, name)
        self.catalog, self.settings, self.data = catalog, settings, name or catalog.info.name

    def check(self, system: Reader) -> None:
        """Raises DataError for a system that does not read products into claims."""
        check_reader(system)

    def run(self, systems: Sequence[Reader]) -> Iterator[Result]:
        """One result per reader, in that order."""
        if systems:
            yield from measure(self.task(), systems)

    def task(self) -> Task:
        """The products as sellers list them, and their gold."""
        s = self.settings
        return make_task(self.name, self.catalog, self.data, s, asdict(s))
