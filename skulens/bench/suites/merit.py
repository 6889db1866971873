"""Suite `merit`: queries of several conditions, in pictures and words -> SKUs that satisfy all.

The task of MERIT (Chow et al., arXiv 2506.03144) on any catalogue with such queries: the shop's
composed ones, MERIT's own files, or a folder with `queries.parquet`. A product that a query shows
usually satisfies one condition only and ranks first all the same: it is excluded, or kept if asked.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np

from skulens.bench.errors import know_products, sort_errors
from skulens.bench.necessity import Missing, Removal, change_gallery, remove
from skulens.bench.ranking import RankingSuite
from skulens.bench.result import Result
from skulens.bench.retrieval import measure
from skulens.bench.retrievers import Informed
from skulens.bench.task import Aside, Task, check_gallery, check_kind, is_encoder, parts_of
from skulens.compose.balanced import SIBLING
from skulens.compose.oracle import Oracle, expected_hit
from skulens.compose.pool import make_pool
from skulens.encode.fusion import check_fusion
from skulens.encode.gallery import build_gallery
from skulens.errors import DataError
from skulens.protocols import Encoder, Retriever
from skulens.records import Query, Reject
from skulens.search.fuse import modalities_of

WHOLE = "nothing"
REMOVALS = ("images", "titles")
LANGUAGE, COUNT = "language", "n_conditions"
LANGUAGE_ROW = "language_row"
"""Slice: queries of a language against the products of that language alone."""
CONTROL = "-control"
"""Ends the name of the split that a held-out one is compared with."""
HELD_OUT = "test-"
DIFFICULTY = "all_but_one"


@dataclass(frozen=True)
class MeritSettings:
    """What decides the numbers; part of a result's key."""

    gallery: Literal["auto", "text", "image", "both"] = "auto"
    """What queries are ranked against; auto: texts and pictures, as far as the encoder reads
    them."""
    split: str = "composed"
    """Which queries; test-NAME of a holdout is measured beside its control."""
    references: Literal["excluded", "kept"] = "excluded"
    """Whether the products that a query shows may be found by it; the other is printed beside."""
    fusion: Literal["avg", "cat", "seq"] = "avg"
    """How the parts of a query become one vector."""
    texts: tuple[str, ...] = ()
    """Text role that represents a product (description, title ...); may be repeated."""
    slices: tuple[str, ...] = (LANGUAGE, COUNT, "method", "class")
    """Tag of the queries to give numbers by; may be repeated."""
    ks: tuple[int, ...] = (1, 5, 10)
    """Cut-off of hit rates, recall and nDCG; may be repeated."""
    limit: int = 0
    """Only the first queries; 0 is all."""
    without: Literal["nothing", "images", "titles", "each"] = "nothing"
    """What queries and products lose: pictures (captions stand for them), titles, or each in turn
    beside nothing."""

    def __post_init__(self):
        if not self.ks or min(self.ks) < 1:
            raise DataError(f"expected cut-offs of at least 1, got {self.ks}")

    @property
    def removals(self) -> tuple[str, ...]:
        """What is taken away in each of the runs."""
        return (WHOLE, *REMOVALS) if self.without == "each" else (self.without,)


@dataclass
class Counted:
    """What was seen of the queries while they were read."""

    absent: int = 0
    """References that are not among the products."""
    changed: bool = False
    """Whether a removal took anything away."""
    rejects: list[Reject] = field(default_factory=list)


class Merit(RankingSuite[MeritSettings]):
    """Queries of several conditions -> SKUs, by encoders or retrievers; sliced by tags."""

    name = "merit"
    Settings = MeritSettings
    headline = ("hit_rate@1", "hit_rate@5", "hit_rate@10", "mrr@10")
    columns = ("hit_rate@1", "hit_rate@5", "hit_rate@10", "recall@10", "ndcg@10", "mrr@10")
    beside = {COUNT: DIFFICULTY}
    """Slice -> metric that is shown beside the systems."""
    part_of = {LANGUAGE_ROW: LANGUAGE}
    """Slice -> the slice that has all queries of its values; in it only some have an answer."""
    units, groups = "queries", "SPUs"

    def check(self, system: Encoder | Retriever) -> None:
        """Raise here, before anything is computed, what `run` would raise for this system."""
        check_kind(system, self.name)
        kinds = self.galleries_of(system.info)
        for part in parts_of(system):
            if isinstance(part, Informed):
                part.inform(self.products)
            if is_encoder(part):
                check_fusion([part], self.settings.fusion)
                alone = part is system and not reads_texts(part)  # it is shown pictures alone
                check_gallery(
                    part, [k for k in kinds if k != "both"] if alone else [*kinds, "text"]
                )

    def run(self, systems: Sequence[Encoder | Retriever]) -> Iterator[Result]:
        """One result per system, gallery, removal and split, in that order of change."""
        plan = [(system, kind) for system in systems for kind in self.galleries_of(system.info)]
        if not plan:
            return
        for split in self.splits():
            for without in self.settings.removals:
                task = self.task([kind for _, kind in plan], split, without)
                able = [pair for pair in plan if without != "images" or reads_texts(pair[0])]
                yield from measure(task, able, self.tools)

    def splits(self) -> list[str]:
        """The split asked for, and its control where it is a holdout with one."""
        split = self.settings.split
        control = split + CONTROL
        held_out = split.startswith(HELD_OUT) and control in self.catalog.info.splits
        return [split, control] if held_out else [split]

    def task(self, kinds: Sequence[str], split: str = "", without: str = WHOLE) -> Task:
        """What is asked, against galleries of these kinds."""
        s, info, split = self.settings, self.catalog.info, split or self.settings.split
        roles, removal = s.texts or info.gallery_text, remove(without, self.products)
        whole = {k: build_gallery(self.products, k, info, texts=s.texts) for k in set(kinds)}
        galleries = {k: change_gallery(gallery, removal) for k, gallery in whole.items()}
        seen = Counted(changed=without == WHOLE or galleries_differ(whole, galleries))
        settings = asdict(s) | {"texts": roles, "split": split, "without": without}
        if without == WHOLE:
            del settings["without"]  # as results were keyed before there was anything to remove
        return Task(
            suite=self.name,
            data=self.data,
            dataset=info.name,
            split=split,
            queries=lambda: self._queries(split, removal, seen),
            galleries=galleries,
            products=self.products,
            settings=settings,
            variant={"references": s.references}
            | ({"fusion": s.fusion} if s.fusion != "avg" else {})
            | ({"without": without} if without != WHOLE else {})
            | ({"split": split} if split.startswith(HELD_OUT) else {}),
            fusion=s.fusion,
            **self.rules(),
            more=self._all_but_one if self.oracle else None,
            sort_errors=lambda run, queries: sort_errors(run, queries, self.known),
            pictures_alone=True,
            roles=tuple(roles),
            rejects=lambda: [*self.rejects, *seen.rejects],
            counts=lambda: {"references_not_in_catalogue": seen.absent},
        )

    def rules(self) -> dict[str, Any]:
        """The fields of a task that say how candidates are ranked and measured."""
        s = self.settings
        return {
            "ks": s.ks,
            "slices": s.slices,
            "slice_of": slice_of,
            "exclude": RULES[s.references],
            "asides": tuple(self._asides()),
            "metrics": (self.headline[-1],),
            "shallow": True,
        }

    def _asides(self) -> Iterator[Aside]:
        """References excluded and kept; each language among its own products."""
        for value, rule in RULES.items():
            yield Aside("references", value, rule)
        spoken: dict[str, list[str]] = {}
        for product in self.products:
            spoken.setdefault(product.language or "", []).append(product.id)
        if LANGUAGE in self.settings.slices and len(spoken) > 1:
            rule = RULES[self.settings.references]
            for language in sorted(spoken.keys() - {""}):
                mine = frozenset(spoken[language])
                yield Aside(LANGUAGE_ROW, language, rule, (LANGUAGE, language), mine)

    @cached_property
    def known(self):
        """Id -> what is true of a product."""
        return know_products(self.products)

    @cached_property
    def oracle(self) -> Oracle | None:
        """Finds by true attributes; None where no product has any."""
        if not any(p.attributes for p in self.products):
            return None
        return Oracle(make_pool(self.products)[0])

    def _all_but_one(self, queries: Sequence[Query]) -> dict[str, np.ndarray]:
        """What knowing all conditions of each query but one is worth; NaN where none has a value."""
        assert self.oracle is not None
        found = []
        for query in queries:
            sought = self.oracle.read(query)
            least = max(len(sought.pairs) - 1, 0)
            hits = [expected_hit(ties, 1) for ties in self.oracle.know(sought, least)]
            found.append(np.mean(hits) if sought.pairs else np.nan)
        return {DIFFICULTY: np.array(found, float)}

    def _queries(self, split: str, removal: Removal, seen: Counted) -> Iterator[Query]:
        """The queries that state conditions and can be answered and asked so; others are rejects."""
        products, none = {p.id for p in self.products}, True
        seen.absent, seen.rejects = 0, []
        for query in self.first(self._composed(split, seen)):
            none = False
            try:
                asked = removal.query(query)
            except Missing as e:
                todo = "complete the captions, or measure with the pictures"
                seen.rejects.append(Reject(split, query.id, str(e), todo))
                seen.changed = True  # there was something to take away
                continue
            seen.absent += len(set(query.references) - products)
            seen.changed |= asked is not query and asked.item != query.item
            yield asked
        if none:
            raise DataError(
                f"no query of split {split!r} of {self.data} states conditions; this suite asks composed "
                "queries: those of the shop (--split composed), of MERIT, or of a folder with queries.parquet"
            )
        if not seen.changed:
            raise DataError(f"{self.data} shows nothing that --without could take away")

    def _composed(self, split: str, seen: Counted) -> Iterator[Query]:
        """The queries that are of this task; the others are rejects unless there are no such."""
        for query in self.catalog.queries(split):
            if not query.conditions:
                reason, todo = "it states no condition", "measure it with another suite"
            elif not query.answers:
                reason, todo = "no product is judged relevant to it", "judge it, or leave it out"
            else:
                yield query
                continue
            seen.rejects.append(Reject(split, query.id, reason, todo))


Rules = dict[str, Callable[[Query], tuple[str, ...]] | None]
RULES: Rules = {"excluded": lambda query: query.references, "kept": None}
"""Setting `references` -> the products that a query may not be answered with."""


def pair_controls(results: Iterable[Result]) -> list[tuple[Result, Result]]:
    """(held out, control) of the same system and variant."""
    found: dict[tuple, dict[str, Result]] = {}
    for result in results:
        variant = sorted((k, v) for k, v in result.variant.items() if k != "split")
        found.setdefault((result.name, *variant), {})[result.data.split] = result
    return [
        (mine[split], mine[split + CONTROL])
        for mine in found.values()
        for split in mine
        if split + CONTROL in mine
    ]


def slice_of(query: Query, tag: str) -> str:
    """The value of a tag; queries of the method SIBLING stand apart from others of as many
    conditions: whoever finds the SPU of the first reference has nearly solved them."""
    value = query.tags.get(tag, "")
    apart = value and tag == COUNT and query.tags.get("method") == SIBLING
    return f"{value} ({SIBLING})" if apart else value


def reads_texts(system: Encoder | Retriever) -> bool:
    """Without pictures there is nothing to ask of a system that reads pictures alone."""
    return "text" in modalities_of(system.info)


def galleries_differ(whole: dict, less: dict) -> bool:
    return any(whole[kind].items != less[kind].items for kind in whole)
