"""Why paper mode differs from sound mode: one change at a time, in a fixed order.

Sound mode becomes paper mode in five steps, each measured on the same probes: weights as
published, pictures as stored, bfloat16 throughout, bfloat16 scores with ties in random order, ties
as `torch.topk` leaves them. The steps add up to the whole difference. Another order would divide it
otherwise; this one is the order in which the script itself works.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from enum import Enum
from typing import Any

import numpy as np

from skulens import pictures
from skulens.bench.result import Result
from skulens.bench.run import Opening, open_system
from skulens.bench.suites.mpr import Mpr, MprSettings
from skulens.bench.task import Tools
from skulens.encode.embed import Embedder, Fused
from skulens.encode.gallery import pictures_of
from skulens.encode.numerics import SCRIPT
from skulens.errors import PictureError
from skulens.evaluate.compare import Difference, compare, holm
from skulens.evaluate.ranking import name_hit_rate
from skulens.papers.openmpr.procedure import OpenMPR
from skulens.papers.openmpr.ties import EXPECTED
from skulens.protocols import Catalog, Numerics
from skulens.records import Item


class Change(Enum):
    """One step from sound mode to paper mode."""

    WEIGHTS = "weights as published"
    PICTURES = "pictures as stored"
    PRECISION = "bfloat16 vectors"
    SCORES = "bfloat16 scores"
    TIES = "order of ties"


@dataclass(frozen=True)
class Cause:
    """What one change does to a metric."""

    change: Change
    before: float
    after: float
    difference: Difference
    p_holm: float
    """p after Holm's correction over the five changes."""
    applies: bool = True
    """False: nothing here is changed by it (no other activation, no turned picture)."""


@dataclass(frozen=True)
class Explained:
    """Paper mode against sound mode on the same probes."""

    sound: Result
    paper: Result
    metric: str
    total: Difference
    """paper - sound."""
    causes: tuple[Cause, ...]
    """In the order of `Change`; their differences add up to the total."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "system": self.paper.name,
            "gallery": self.paper.variant.get("gallery", ""),
            "metric": self.metric,
            "difference": asdict(self.total),
            "causes": [asdict(c) | {"change": c.change.value} for c in self.causes],
        }


@dataclass(frozen=True)
class Partial:
    """The procedure as far as it is changed: vectors as the script makes them, or some of that,
    ranked by float32 cosines."""

    numerics: Numerics
    upright: bool
    batches: bool = False
    """As the script's."""
    depth: int = OpenMPR.depth

    def adapt(self, tools: Tools) -> Tools:
        """Batches and turning."""
        own = OpenMPR().adapt(tools) if self.batches else tools
        batching = replace(own.batching, upright=self.upright)
        return replace(own, batching=batching, time_probes=False)

    def embed(self, embedder: Embedder, items: Sequence[Item], fusion: str) -> list[Fused]:
        """The gallery's vectors."""
        if self.batches:
            return OpenMPR().embed(embedder, items, fusion)
        return embedder.embed_items(items, "document", fusion)

    def rank(self, shots: str, ks: Sequence[int]) -> None:
        """Exact cosines."""


def pair_modes(results: Iterable[Result]) -> list[tuple[Result, Result]]:
    """(sound, paper) of the same encoder and gallery."""
    found: dict[tuple[str, str], dict[object, Result]] = {}
    for r in results:
        if r.system.kind == "encoder":
            place = found.setdefault((r.name, r.variant.get("gallery", "")), {})
            place[r.settings.get("mode")] = r
    return [(f["sound"], f["paper"]) for f in found.values() if {"sound", "paper"} <= set(f)]


def explain(
    catalog: Catalog,
    sound: Result,
    paper: Result,
    *,
    tools: Tools = Tools(),
    opening: Opening = Opening(),
    metric: str = "",
) -> Explained:
    """The difference of the two modes and its causes.

    What one step does not change is not computed again, and what the vector cache of `tools` holds
    neither; without a cache all is.

    Args:
        opening: how `sound` was opened.
        metric: a hit rate; default: at the smallest cut-off.
    """
    chosen = MprSettings(**paper.settings)  # type: ignore[arg-type]
    metric = metric or name_hit_rate(min(chosen.ks))
    steps = measure_steps(catalog, sound, paper, tools, opening)
    ladder = [(r, metric) for r in (sound, *steps)] + [(paper, EXPECTED + metric), (paper, metric)]
    values, groups = align(ladder)

    def is_same(after: int, before: int) -> bool:
        return ladder[after][0] is ladder[before][0] and ladder[after][1] == ladder[before][1]

    def difference(after: int, before: int) -> Difference:
        if is_same(after, before):  # no difference, instead of none that was seen
            return Difference(0.0, 0.0, 0.0, 1.0, len(groups), len(set(groups.tolist())))
        return compare(values[after], values[before], groups)

    found = [difference(i + 1, i) for i in range(len(Change))]
    causes = [
        Cause(
            change,
            float(np.nanmean(values[i])),
            float(np.nanmean(values[i + 1])),
            found[i],
            float(p),
            not is_same(i + 1, i),
        )
        for i, (change, p) in enumerate(zip(Change, holm([d.p for d in found]), strict=True))
    ]
    return Explained(sound, paper, metric, difference(-1, 0), tuple(causes))


def measure_steps(
    catalog: Catalog, sound: Result, paper: Result, tools: Tools, opening: Opening
) -> list[Result]:
    """Results after each of the first three changes; the same one again where nothing changes."""
    settings = MprSettings(**paper.settings)  # type: ignore[arg-type]
    published = replace(opening.numerics, as_published=True)

    def measure(step: Partial) -> Result:
        encoder = open_system(paper.name, step.numerics, opening.device, tools)
        task = Mpr(catalog, settings, name=paper.data.name, tools=tools, procedure=step)
        [result] = task.run([encoder])
        return result

    first = sound
    opened = open_system(paper.name, published, opening.device, tools)
    if opened.info.identity != sound.system.identity:
        first = measure(Partial(published, upright=True))
    second = measure(Partial(published, upright=False)) if has_turned(catalog, settings) else first
    return [first, second, measure(Partial(SCRIPT, upright=False, batches=True))]


def has_turned(catalog: Catalog, settings: MprSettings) -> bool:
    """Whether any picture that a run reads has an EXIF orientation other than upright."""
    asked = (query.item for query in catalog.queries(settings.split))
    shown = (Item(p.id, p.images) for p in catalog.products() if settings.gallery != "text")
    for items in (asked, shown):
        for image in (image for item in items for image in pictures_of([item])):
            try:
                if pictures.orientation(pictures.read_bytes(image)) != 1:
                    return True
            except PictureError:  # a reject of every run
                continue
    return False


def align(ladder: Sequence[tuple[Result, str]]) -> tuple[list[np.ndarray], np.ndarray]:
    """Values (units,) of each result's metric on the units that all of them have, and the group
    of each unit."""
    first = ladder[0][0].scores
    shared = set(first.units).intersection(*(r.scores.units for r, _ in ladder))
    units = [u for u in first.units if u in shared]
    values = []
    for result, metric in ladder:
        place = {u: i for i, u in enumerate(result.scores.units)}
        values.append(result.scores.values(metric)[[place[u] for u in units]])
    return values, first.take(np.array([u in shared for u in first.units])).numbers
