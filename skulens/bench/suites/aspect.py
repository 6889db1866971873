"""Suite `aspect`: the facts of products, read by any reader, against gold.

F1 over (product, field) leaves after norm-v1: micro over all leaves, and macro over fields. The
protocol is that of eBay's item intelligence (docs/metrics.md, "Claims against gold", says how
values are matched and what legibility excuses). Products are given to readers as sellers list them, never
with the attributes from which gold was made.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from skulens.bench.extraction import Task, measure
from skulens.bench.result import Result
from skulens.bench.task import Tools
from skulens.errors import DataError
from skulens.protocols import Catalog, Reader, TrueCatalog
from skulens.records import Reject
from skulens.values.fields import is_asked


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
        if not isinstance(catalog, TrueCatalog):
            raise DataError(
                f"{name or catalog.info.name} has no gold to compare claims with; take the shop or "
                "another dataset that has (see `skulens list datasets`)"
            )
        self.catalog, self.settings, self.data = catalog, settings, name or catalog.info.name

    def check(self, system: Reader) -> None:
        """Raises DataError for a system that does not read products into claims."""
        if not hasattr(system, "read"):
            raise DataError(
                f"{system.info.name} is of kind {system.info.kind}; this suite measures readers, "
                "see `skulens list readers`"
            )

    def run(self, systems: Sequence[Reader]) -> Iterator[Result]:
        """One result per reader, in that order."""
        if systems:
            yield from measure(self.task(), systems)

    def task(self) -> Task:
        """The products as sellers list them, and their gold."""
        s = self.settings
        gold = [
            g for g in self.catalog.gold(s.split) if not s.fields or is_asked(g.field, s.fields)
        ]
        if not gold:
            raise DataError(no_gold(self.catalog, self.data, s))
        asked = {g.item for g in gold}
        products = [p for p in self.catalog.listings() if p.id in asked]
        rejects: list[Reject] = list(self.catalog.rejects)
        products = products[: s.limit or None]
        kept = {p.id for p in products}
        return Task(
            suite=self.name,
            data=self.data,
            dataset=self.catalog.info.name,
            split=s.split,
            products=products,
            gold=[g for g in gold if g.item in kept],
            classes={p.id: p.category[0] for p in self.catalog.products() if p.category},
            settings=asdict(s),
            level=s.level,
            least=s.least,
            rejects=lambda: rejects,
        )


def no_gold(catalog: TrueCatalog, data: str, settings: AspectSettings) -> str:
    """Why there is nothing to compare claims with."""
    there = sorted({g.field for g in catalog.gold(settings.split)})
    if not there:
        return f"{data} has no gold in split {settings.split!r}; give another --split"
    asked, some = ", ".join(settings.fields), ", ".join(there[:12])
    more = f" and {len(there) - 12} more" if len(there) > 12 else ""
    return f"{data} has no gold of {asked}; it has {some}{more}"
