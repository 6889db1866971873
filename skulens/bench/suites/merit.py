"""Suite `merit`: queries of several conditions, in pictures and words -> SKUs that satisfy all.

The task of MERIT (Chow et al., arXiv 2506.03144) on any catalogue with such queries: the shop's
composed ones, MERIT's own files, or a folder with `queries.parquet`. A product that a query shows
usually satisfies one condition only and ranks first all the same: it is excluded, or kept if asked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from skulens.bench.ranking import RankingSuite
from skulens.bench.result import Result
from skulens.bench.retrieval import measure
from skulens.bench.task import Task, check_gallery, check_kind, is_encoder, parts_of
from skulens.encode.gallery import build_gallery
from skulens.errors import DataError
from skulens.protocols import Encoder, Retriever
from skulens.records import Query


@dataclass(frozen=True)
class MeritSettings:
    """What decides the numbers; part of a result's key."""

    gallery: Literal["auto", "text", "image", "both"] = "auto"
    """What queries are ranked against; auto: texts and pictures, as far as the encoder reads
    them."""
    split: str = "composed"
    """Which queries."""
    references: Literal["excluded", "kept"] = "excluded"
    """Whether the products that a query shows may be found by it."""
    fusion: Literal["avg", "cat", "seq"] = "avg"
    """How the parts of a query become one vector."""
    texts: tuple[str, ...] = ()
    """Text role that represents a product (description, title ...); may be repeated."""
    slices: tuple[str, ...] = ("language", "n_conditions", "method", "class")
    """Tag of the queries to give numbers by; may be repeated."""
    ks: tuple[int, ...] = (1, 5, 10)
    """Cut-off of hit rates, recall and nDCG; may be repeated."""
    limit: int = 0
    """Only the first queries; 0 is all."""


class Merit(RankingSuite[MeritSettings]):
    """Queries of several conditions -> SKUs, by encoders or retrievers; sliced by tags."""

    name = "merit"
    Settings = MeritSettings
    headline = ("hit_rate@1", "hit_rate@5", "hit_rate@10", "mrr")
    columns = ("hit_rate@1", "hit_rate@5", "hit_rate@10", "recall@10", "ndcg@10", "mrr")
    units, groups = "queries", "SPUs"

    def check(self, system: Encoder | Retriever) -> None:
        """Raise here, before anything is computed, what `run` would raise for this system."""
        check_kind(system, self.name)
        kinds = self.galleries_of(system.info)
        for part in filter(is_encoder, parts_of(system)):
            check_gallery(part, [*kinds, "text"])

    def run(self, systems: Sequence[Encoder | Retriever]) -> Iterator[Result]:
        """One result per system and gallery, in that order."""
        plan = [(system, kind) for system in systems for kind in self.galleries_of(system.info)]
        if plan:
            yield from measure(self.task([kind for _, kind in plan]), plan, self.tools)

    def task(self, kinds: Sequence[str]) -> Task:
        """What is asked, against galleries of these kinds."""
        s, info = self.settings, self.catalog.info
        roles = s.texts or info.gallery_text
        return Task(
            suite=self.name,
            data=self.data,
            dataset=info.name,
            split=s.split,
            queries=self._queries,
            galleries={
                kind: build_gallery(self.products, kind, info, texts=s.texts) for kind in kinds
            },
            products=self.products,
            settings=asdict(s) | {"texts": roles},
            variant={"references": s.references}
            | ({"fusion": s.fusion} if s.fusion != "avg" else {}),
            ks=s.ks,
            fusion=s.fusion,
            slices=s.slices,
            exclude=(lambda query: query.references) if s.references == "excluded" else None,
            roles=tuple(roles),
            rejects=lambda: self.rejects,
        )

    def _queries(self) -> Iterator[Query]:
        """The queries whose conditions are known; others are not of this task."""
        split, none = self.settings.split, True
        for query in self.first(q for q in self.catalog.queries(split) if q.conditions):
            none = False
            yield query
        if none:
            raise DataError(
                f"no query of split {split!r} of {self.data} states conditions; this suite asks composed "
                "queries: those of the shop (--split composed), of MERIT, or of a folder with queries.parquet"
            )
