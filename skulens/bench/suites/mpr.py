"""Suite `mpr`: probe photo -> SKU, by texts, pictures or both (OpenMPR's task, with intervals).

`sound` (default) ranks float32 cosines of the right activation, ties by id, pictures turned
upright. `paper` follows OpenMPR's script, found as the procedure "openmpr" (docs/protocols.md).
"""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Any, Literal

from skulens.bench.ranking import RankingSuite
from skulens.bench.result import TRAINED, Result
from skulens.bench.retrieval import measure
from skulens.bench.task import (
    Task,
    Tools,
    check_gallery,
    check_kind,
    is_encoder,
    modalities_of,
    parts_of,
)
from skulens.catalog.reader import IN_GALLERY
from skulens.encode.gallery import AUTO, JOINED, SINGLE, Gallery, build_gallery
from skulens.errors import DataError
from skulens.filters import matches, parse_filter
from skulens.protocols import Catalog, Encoder, Numerics, Retriever
from skulens.records import Query, SystemInfo
from skulens.registry import resolve
from skulens.trained_on import find_trained


@dataclass(frozen=True)
class MprSettings:
    """What decides the numbers; part of a result's key."""

    gallery: Literal["auto", "text", "image", "both"] = "auto"
    """What probes are ranked against; auto: texts and pictures, as far as the encoder reads
    them."""
    split: str = "test"
    """Which probes."""
    texts: tuple[str, ...] = ()
    """Text role that represents a product (description, title ...); may be repeated."""
    shots: Literal["auto", "single", "max", "mean", "prototype"] = "auto"
    """Pictures and texts that stand for a product. auto: its first text and all its pictures, by the
    best score; single: its first text and picture; the others join all texts and pictures, by the
    best score, the mean score or the normalised mean of the vectors."""
    fusion: Literal["avg", "cat", "seq"] = "avg"
    """How parts of one item become one vector."""
    mode: Literal["sound", "paper", "both"] = "sound"
    """sound: float32 cosines; paper: as OpenMPR's script; both: and the difference."""
    ks: tuple[int, ...] = (1, 3, 5, 10)
    """Cut-off of hit rates, recall and nDCG; may be repeated."""
    where: str = ""
    """Only probes of products that satisfy this filter: 'category = "Juice" and price < 3'."""
    unseen: bool = False
    """Only probes of SKUs that no system has seen in training, nor another SKU of their SPU; the
    gallery stays whole."""
    limit: int = 0
    """Only the first queries; 0 is all."""

    def __post_init__(self):
        if self.where:
            parse_filter(self.where)
        if not self.ks or min(self.ks) < 1:
            raise DataError(f"expected cut-offs of at least 1, got {self.ks}")

    def each(self) -> tuple["MprSettings", ...]:
        """The settings of single runs: both modes, or this one."""
        if self.mode != "both":
            return (self,)
        # the two differ in nothing else
        return replace(single_shot(self), mode="sound"), replace(self, mode="paper")


def single_shot(settings: MprSettings) -> MprSettings:
    """The settings with one gallery item per product where they leave that to the suite."""
    return replace(settings, shots=SINGLE) if settings.shots == AUTO else settings


class Mpr(RankingSuite[MprSettings]):
    """Photo -> SKU for one catalogue and any number of systems; pictures are decoded once for
    all."""

    name = "mpr"
    Settings = MprSettings
    headline = ("hit_rate@1", "hit_rate@5", "macro_hit_rate@1", "mrr", "gap", "phi")
    columns = (
        "hit_rate@1",
        "hit_rate@3",
        "hit_rate@5",
        "macro_hit_rate@1",
        "macro_hit_rate@3",
        "macro_hit_rate@5",
        "phi",
    )
    units, groups = "probes", "SKUs"

    def __init__(
        self,
        catalog: Catalog,
        settings: MprSettings | None = None,
        *,
        name: str = "",
        tools: Tools = Tools(),
        procedure: Any = None,
    ):
        """As `RankingSuite`.

        Args:
            procedure: measures as it does; default: the paper's own in paper mode, else none.
        Raises:
            DataError: cut-offs that the procedure does not have.
        """
        super().__init__(catalog, settings, name=name, tools=tools)
        if procedure is None and self.settings.mode == "paper":
            procedure = resolve("procedure", "openmpr")()
        if procedure is not None:  # papers know one item per product
            self.settings = single_shot(self.settings)
        self.procedure = procedure
        self._unseen: frozenset[str] | None = None
        self.ks = check_ks(self.settings.ks, procedure.depth) if procedure else self.settings.ks

    @property
    def numerics(self) -> Numerics | None:
        """The precision that encoders must be opened in; None leaves it to the user."""
        return self.procedure.numerics if self.procedure else None

    def check(self, system: Encoder | Retriever) -> None:
        """Raise here, before anything is computed, what `run` would raise for this system."""
        check_kind(system, self.name)
        kinds = self._kinds(system)
        if self.procedure and not is_encoder(system):
            raise DataError(
                f"paper mode measures encoders, as the paper's script does; {system.info.name} is "
                f"of kind {system.info.kind}: leave --mode out"
            )
        for part in parts_of(system):
            if is_encoder(part):
                check_gallery(part, kinds)
            elif "image" not in modalities_of(part.info):
                raise DataError(
                    f"{part.info.name} reads no pictures, and the probes of {self.name} are"
                )

    def run(self, systems: Sequence[Encoder | Retriever]) -> Iterator[Result]:
        """One result per system and gallery, in that order."""
        if self.settings.unseen and self._unseen is None:
            self.ask_unseen([system.info for system in systems])
        plan = [(system, kind) for system in systems for kind in self._kinds(system)]
        if plan and self._are_gallery_pictures and not any(kind == "image" for _, kind in plan):
            warnings.warn(
                "not measured against pictures: every probe is itself a gallery picture; mark "
                "probes in a column `split` (gallery, test), or say --gallery-photos N where "
                "products have several photos, to measure that",
                stacklevel=2,
            )
        if plan:
            task = self.task(list(dict.fromkeys(kind for _, kind in plan)))
            tools = self.procedure.adapt(self.tools) if self.procedure else self.tools
            yield from measure(task, plan, tools)

    def ask_unseen(self, systems: Sequence[SystemInfo]) -> None:
        """Ask for the products alone that none of these systems has seen in training.

        Systems that do not say what they have seen are asked the same.

        Raises:
            DataError: none says it, or together they have seen every product asked for.
        """
        known = {s.name: find_trained(s, self.catalog.info.name, self.products) for s in systems}
        said = [seen for seen in known.values() if seen is not None]
        if not said:
            raise DataError(
                f"--unseen: it is not known which SKUs {', '.join(known)} saw in training; add a "
                "system that says so (histogram, mini, groceries, one of `skulens train`), or "
                "leave --unseen out"
            )
        self._unseen = frozenset(p.id for p in self.products).difference(*said)
        if not any(self._queries()):
            every = {p for q in self.catalog.queries(self.settings.split) for p in q.answers}
            who = [f"{n} saw {len(s & every)}" for n, s in known.items() if s is not None]
            raise DataError(
                f"--unseen: no probe of {self.data} asks for a SKU that all of them are new to; of "
                f"its {len(every)} SKUs asked for, {', '.join(who)}. Train an encoder with "
                "--hold-out, or take data that they were not trained on"
            )

    def task(self, kinds: Sequence[str]) -> Task:
        """What is asked, against galleries of these kinds."""
        s, info = self.settings, self.catalog.info
        roles = s.texts or info.gallery_text
        usual = MprSettings()
        beside = {k: str(getattr(s, k)) for k in ("fusion", "mode", "where")}
        settings = {k: v for k, v in asdict(s).items() if k not in ("where", "unseen") or v}
        variant = {k: v for k, v in beside.items() if v != getattr(usual, k)}
        if s.unseen:
            variant[TRAINED] = "unseen"
        return Task(
            suite=self.name,
            data=self.data,
            dataset=info.name,
            split=s.split,
            queries=self._queries,
            galleries={
                k: build_gallery(self.products, k, info, texts=s.texts, shots=s.shots)
                for k in kinds
            },
            products=self.products,
            settings=settings | {"texts": roles, "ks": self.ks},
            variant=variant,
            mark=self._mark,
            ks=self.ks,
            fusion=s.fusion,
            shots=JOINED if s.shots == AUTO else s.shots,
            embed=self.procedure.embed if self.procedure else None,
            rank=self.procedure.rank(s.shots, self.ks) if self.procedure else None,
            roles=tuple(roles),
            rejects=lambda: self.rejects,
        )

    def _mark(self, gallery: Gallery) -> tuple[dict[str, str], dict[str, object]]:
        """As `Task.mark`: shots and texts, as far as they decide what is in the gallery."""
        usual = tuple(self.catalog.info.gallery_text)
        roles = tuple(self.settings.texts) or usual
        variant = {} if gallery.usual else {"shots": gallery.shots}
        settings: dict[str, object] = {"shots": gallery.shots}
        if gallery.kind == "image":
            settings["texts"] = usual
        elif roles != usual:
            variant["texts"] = "+".join(roles)
        return variant, settings

    def _kinds(self, system: Encoder | Retriever) -> list[str]:
        # a text role that nobody has must be said, not skipped
        kinds = self.galleries_of(system.info, ("text",) if self.settings.texts else ())
        if self.settings.gallery == "auto" and len(kinds) > 1 and self._are_gallery_pictures:
            return [kind for kind in kinds if kind != "image"]
        return kinds

    @cached_property
    def _are_gallery_pictures(self) -> bool:
        """Whether every probe is itself a gallery picture, as where nothing says which is which."""
        if self.settings.gallery != "auto":
            return False
        queries = self.catalog.queries(self.settings.split)
        first = next(queries, None)
        return first is not None and all(IN_GALLERY in q.tags for q in chain([first], queries))

    def _queries(self) -> Iterator[Query]:
        queries = self.catalog.queries(self.settings.split)
        if self.settings.where:
            queries = filter(self._is_asked, queries)
        if self.settings.unseen:
            queries = filter(self._is_unseen, queries)
        return self.first(queries)

    def _is_asked(self, query: Query) -> bool:
        """Whether a product that the query is about satisfies the filter."""
        return not self._asked.isdisjoint(query.answers)

    def _is_unseen(self, query: Query) -> bool:
        """Whether it asks for products that no system of the run has seen, and for nothing else."""
        assert self._unseen is not None, "ask_unseen comes first"
        return bool(query.answers) and self._unseen.issuperset(query.answers)

    @cached_property
    def _asked(self) -> frozenset[str]:
        """The products that satisfy the filter. Raises DataError where none does."""
        wanted = parse_filter(self.settings.where)
        found = frozenset(p.id for p in self.products if matches(wanted, p))
        if not found:
            raise DataError(
                f"no product of {self.data} satisfies {self.settings.where!r}; a field compared "
                "with text must equal it to the letter"
            )
        return found


def check_ks(ks: tuple[int, ...], depth: int) -> tuple[int, ...]:
    """The cut-offs that a procedure of so many candidates has; the usual ones are cut to them.

    Raises:
        DataError: one beyond was asked for.
    """
    kept = tuple(k for k in ks if k <= depth)
    if kept != ks and ks != MprSettings.ks:
        raise DataError(
            f"paper mode ends at k = {depth}, as the paper's script does; got k {ks}: "
            f"ask for --k up to {depth}, or for --mode sound"
        )
    return kept
