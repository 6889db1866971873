"""Suite `labels`: what pictures of products say, read by any reader, against gold, with verdicts.

Beside F1 (see suite `aspect`) every claim gets a verdict: VC, VI or U, by the chain of verifiers
on what was seen in the pictures (eBay, arXiv 2602.11733, Table 3; docs/metrics.md). The number to
stand on is `vc_precision`: of the claims that we call confirmed and gold can judge, those that are
right. A reader that brings verdicts of its own (`labels`) is measured on them; the claims of any
other are verified against `--text`. Pictures are read once and kept, so that a run resumes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Literal

from skulens.bench.extraction import Task, check_gold, check_reader, make_task, measure
from skulens.bench.result import Result
from skulens.bench.task import Tools
from skulens.errors import MissingDependency
from skulens.protocols import Catalog, Reader

if TYPE_CHECKING:
    from skulens.bench.looking import Looking


@dataclass(frozen=True)
class LabelsSettings:
    """What decides the numbers; part of a result's key."""

    split: str = ""
    """Which products; empty: all that have gold."""
    fields: tuple[str, ...] = ()
    """Path of a field, or a prefix ending in "."; may be repeated. Empty: every field of gold."""
    level: Literal["L0", "L1", "L2", "L3"] = "L1"
    """How far a claim may be from the true value: L1 is equality after norm-v1."""
    least: int = 5
    """Gold values that a field needs to enter the mean over fields and the table of fields."""
    text: str = "routed"
    """Text reader against which claims are verified that have no verdict; none: bars alone."""
    limit: int = 0
    """Only the first products; 0 is all."""


class Labels:
    """Product -> claims with verdicts, against gold; readers see the pictures and what sellers say."""

    name = "labels"
    Settings = LabelsSettings
    systems = ("labels",)
    headline = ("f1", "vc_precision", "vc", "vc_per_item", "invented_vc", "recall")
    columns = (
        "f1",
        "vc_precision",
        "precision",
        "recall",
        "vc",
        "vi",
        "u",
        "vc_per_item",
        "invented_vc",
        "reference_gap",
        "cer",
    )
    units, groups = "facts", "items"

    def __init__(
        self,
        catalog: Catalog,
        settings: LabelsSettings = LabelsSettings(),
        *,
        name: str = "",
        tools: Tools = Tools(),
    ):
        check_gold(catalog, name)
        self.catalog, self.settings, self.tools = catalog, settings, tools
        self.data = name or catalog.info.name

    def check(self, system: Reader) -> None:
        """Raises DataError for a system that does not read products into claims."""
        check_reader(system)

    def run(self, systems: Sequence[Reader]) -> Iterator[Result]:
        """One result per reader, in that order."""
        if not systems:
            return
        with open_looking(self.settings.text, self.tools) as looking:
            yield from measure(self.task(looking), systems)

    def task(self, looking: "Looking") -> Task:
        """The products as sellers list them, their gold, and printed lines where known."""
        s = self.settings
        task = make_task(self.name, self.catalog, self.data, s, asdict(s))
        kept = {p.id for p in task.products}
        printed = self.catalog.lines() if hasattr(self.catalog, "lines") else {}
        lines = {item: found for item, found in printed.items() if item in kept}
        return replace(task, ask=looking.ask, lines=lines)


def open_looking(text: str, tools: Tools) -> "Looking":
    """What looks at pictures. Raises MissingDependency where its packages are not installed."""
    try:
        from skulens.bench.looking import Looking
    except ModuleNotFoundError as e:
        raise MissingDependency(
            f"suite 'labels' needs {e.name}: pip install 'skulens[ocr]'"
        ) from None
    return Looking(text, tools)
