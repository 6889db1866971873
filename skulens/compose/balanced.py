"""The balanced benchmark: few answers, near misses for every condition, equal shares of everything.

Queries composed by chance have many answers, one condition that decides alone, and mostly colour.
Here every combination of values that a class has is listed first (a cell), those with too many
answers or too few near misses are left out, and the rest is drawn by quota: for each number of
conditions the same thirds of few, some and more answers, and within them the languages in turn.
A near miss of a condition is a product that fails this condition and no other.
"""

import math
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from skulens.compose.cells import Bounds, Cells, list_cells
from skulens.compose.chance import stream_of, uniforms
from skulens.compose.pool import Pool
from skulens.compose.proposals import NONE, Composed, Composition
from skulens.compose.references import (
    DRAWS,
    Asked,
    Shown,
    choose,
    choose_references,
    has_sibling,
    spread,
)
from skulens.compose.run import Progress
from skulens.compose.told import Titles

SIBLING = "sibling"
"""Method of queries whose first reference is a sibling of an answer."""
Watch = Callable[[str, int], Progress]
"""Called when a phase begins, with its name and number of steps (0: unknown); what it returns is
told how many steps are done since it was last called."""


def unwatched(phase: str, steps: int) -> Progress:
    """A `Watch` that looks at nothing."""
    return lambda done: None


@dataclass(frozen=True)
class Balanced:
    """Rules of the benchmark; part of a dataset's provenance."""

    name: str = "balanced"
    bands: tuple[tuple[int, int], ...] = ((1, 2), (3, 5), (6, 10))
    """Numbers of answers, from and to, in equal shares."""
    near: int = 10
    """Near misses that every condition has at least, references left out."""
    most_told: float = 0.5
    """Share of the values that the title of an answer may tell."""
    most_key: float = 0.25
    """Share of the conditions on one key, for each number of conditions."""
    siblings: float = 0.2
    """Share of the queries of two conditions whose first reference is a sibling of an answer."""
    listed: int = 10
    """Verified hard negatives of a query, spread over its conditions."""

    def bounds(self, conditions: int) -> Bounds:
        """What these rules ask of a combination of values."""
        most = max(high for _, high in self.bands)
        return Bounds(most, self.near, int(self.most_told * conditions))

    def band_of(self, answers: int) -> int:
        """Position in `bands`, NONE outside all of them."""
        found = (i for i, (low, high) in enumerate(self.bands) if low <= answers <= high)
        return next(found, NONE)


@dataclass(frozen=True)
class Place:
    """One share of a quota."""

    band: int
    language: int
    sibling: bool


@dataclass(frozen=True)
class Ease:
    """What is no longer asked of a query once the cells run out."""

    keys: bool = False
    """That no key takes more than its share of one place, too."""
    language: bool = False
    """That every language has its share."""


def compose_balanced(
    pool: Pool,
    titles: Sequence[str],
    quotas: Mapping[int, int],
    design: Balanced,
    seed: int = 0,
    watch: Watch = unwatched,
) -> Composition:
    """Queries by the rules of a design, as many as asked for wherever the pool has them.

    Args:
        titles: of each product of the pool.
        quotas: conditions -> queries.
    """
    funnel: Counter[tuple[str, str]] = Counter()
    queries: list[Composed] = []
    missing: dict[str, int] = {}
    told = Titles(pool, titles)
    for conditions, wanted in quotas.items():
        drawer = Drawer(pool, told, design, conditions, wanted, funnel)
        queries += drawer.draw(seed, watch)
        missing |= dict(drawer.short())
    return Composition(queries, dict(funnel), missing)


class Drawer:
    """Fills the quota of one number of conditions.

    Attributes:
        open: queries still wanted of each place.
        used: conditions on each key, in all and by place.
    """

    def __init__(
        self,
        pool: Pool,
        titles: Titles,
        design: Balanced,
        conditions: int,
        wanted: int,
        funnel: Counter[tuple[str, str]],
    ):
        self.pool, self.titles, self.design = pool, titles, design
        self.conditions, self.funnel = conditions, funnel
        self.wanted = divide(pool, design, conditions, wanted)
        self.open = Counter(self.wanted)
        self.most = max(1, int(design.most_key * conditions * wanted))
        self.most_by = {
            place: math.ceil(design.most_key * conditions * count)
            for place, count in self.wanted.items()
        }
        self.used: Counter[int] = Counter()
        self.used_by: Counter[tuple[Place, int]] = Counter()

    def draw(self, seed: int, watch: Watch) -> list[Composed]:
        """Queries, those with few answers first, for which there are the fewest cells."""
        pool, wanted = self.pool, self.open.total()
        classes = watch(f"classes, {self.conditions} conditions", max(1, len(pool.kind.names)))
        bounds = self.design.bounds(self.conditions)
        cells = list_cells(pool, self.conditions, bounds, classes)
        self.stop_at("cells", len(cells))
        ids = np.arange(len(cells), dtype=np.uint64) | np.uint64(self.conditions) << np.uint64(56)
        chance = uniforms(seed, ids, DRAWS, stream=stream_of(self.design.name))
        turns, last = take_turns(pool, cells, chance[:, 0], self.design.most_key)
        bands = np.array([self.design.band_of(int(size)) for size in cells.sizes], int)[turns]
        queries: list[Composed] = []
        made = watch(f"queries of {self.conditions} conditions", wanted)

        def look_up(rows: np.ndarray) -> Iterator[Asked | None]:
            return (self.look_up(cells, r, int(ids[r]), chance[r]) for r in rows)

        for band in range(len(self.design.bands)):
            first = look_up(turns[(bands == band) & ~last[turns]])
            for query in self.fill_band(first, look_up(turns[(bands == band) & last[turns]])):
                queries.append(query)
                made(1)
        return queries

    def fill_band(
        self, first: Iterable[Asked | None], last: Iterable[Asked | None]
    ) -> Iterator[Composed]:
        """Queries of one band; what finds no place is tried again when less is asked of it."""
        waiting: list[Asked] = []
        for cells in (first, last):
            rest = yield from self.fill(cells, Ease())
            waiting += yield from self.fill(rest, Ease(keys=True))
        yield from self.fill(waiting, Ease(keys=True, language=True))

    def fill(
        self, cells: Iterable[Asked | None], ease: Ease
    ) -> Generator[Composed, None, list[Asked]]:
        """Queries of cells that fit an open place; returns the cells that do not."""
        waiting: list[Asked] = []
        for asked in cells:
            if asked and (query := self.serve(asked, ease)):
                yield query
            elif asked:
                waiting.append(asked)
        return waiting

    def stop_at(self, step: str, count: int = 1) -> None:
        self.funnel[self.design.name, step] += count

    def wants(self, answers: int) -> bool:
        """Whether a place is open for so many answers."""
        band = self.design.band_of(answers)
        return any(left and place.band == band for place, left in self.open.items())

    def look_up(self, cells: Cells, row: int, name: int, chance: np.ndarray) -> Asked | None:
        """A cell with its products; None where no place is open or, counted, a rule refuses it."""
        if not self.wants(int(cells.sizes[row])):
            return None
        pairs, kind = tuple(map(int, cells.pairs[row])), int(cells.kinds[row])
        answers = self.pool.answers(pairs, kind)
        near = tuple(
            np.setdiff1d(self.pool.answers(pairs[:i] + pairs[i + 1 :], kind), answers, True)
            for i in range(len(pairs))
        )
        if not self.wants(len(answers)) or min(map(len, near)) < self.design.near:
            self.stop_at("answers or near misses")
        elif self.told(answers, pairs) > self.design.most_told * len(pairs):
            self.stop_at("told by the title")
        else:
            return Asked(name, kind, pairs, answers, near, chance)
        return None

    def told(self, answers: np.ndarray, pairs: tuple[int, ...]) -> int:
        """Most values that the title of an answer tells."""
        return max(self.titles.count_told(int(p), pairs) for p in answers)

    def serve(self, asked: Asked, ease: Ease) -> Composed | None:
        """The query of a cell at the first open place that it fits; None where there is none."""
        for place, language in self.places_of(asked, ease):
            shown = choose_references(self.pool, asked, language, place.sibling)
            if shown and (query := self.finish(asked, shown, place, language)):
                return query
        return None

    def places_of(self, asked: Asked, ease: Ease) -> list[tuple[Place, int]]:
        """Open places with a language of an answer: siblings first, then the emptiest."""
        own = np.unique(self.pool.language.codes[asked.answers]).tolist()
        band = self.design.band_of(len(asked.answers))
        fitting = [
            (place, language)
            for place, left in self.open.items()
            for language in own
            if left and place.band == band and (ease.language or place.language == language)
            if self.may_use(asked.pairs, None if ease.keys else place)
        ]
        return sorted(fitting, key=lambda f: (not f[0].sibling, -self.open[f[0]], f[1]))

    def may_use(self, pairs: tuple[int, ...], place: Place | None) -> bool:
        """Whether no key of the pairs is used up, in all and, where one is given, at a place."""
        keys = [int(k) for k in self.pool.key_of[list(pairs)]]
        if place and any(self.used_by[place, k] >= self.most_by[place] for k in keys):
            return False
        return all(self.used[k] < self.most for k in keys)

    def finish(self, asked: Asked, shown: Shown, place: Place, language: int) -> Composed | None:
        """The query with these references, if their absence leaves near misses enough."""
        references = [product for product, _ in shown]
        near = tuple(n[~np.isin(n, references)] for n in asked.near)
        if min(map(len, near)) < self.design.near or not has_sibling(
            self.pool, asked.answers, near
        ):
            return None
        self.open[place] -= 1
        for key in map(int, self.pool.key_of[list(asked.pairs)]):
            self.used[key] += 1
            self.used_by[place, key] += 1
        method = SIBLING if place.sibling else self.design.name
        self.funnel[method, "accepted"] += 1
        low, high = self.design.bands[place.band]
        own = asked.answers[self.pool.language.codes[asked.answers] == language]
        return Composed(
            id=asked.id,
            method=method,
            shown=shown,
            kind=asked.kind,
            target=choose(own, asked.chance[2]),
            answers=asked.answers,
            near=spread(self.pool, asked, near, self.design.listed),
            log_importance=math.nan,
            tags={"answers": f"{low}-{high}"},
        )

    def short(self) -> Iterator[tuple[str, int]]:
        """Places that stay open, languages together, with the queries that lack."""
        left: Counter[tuple[int, bool]] = Counter()
        for place, count in self.open.items():
            left[place.band, place.sibling] += count
        for (band, sibling), count in left.items():
            low, high = self.design.bands[band]
            method = SIBLING if sibling else self.design.name
            if count:
                yield f"n_conditions={self.conditions} answers={low}-{high} method={method}", count


def divide(pool: Pool, design: Balanced, conditions: int, wanted: int) -> Counter[Place]:
    """Queries of each place: bands, then languages, in turn."""
    languages = np.unique(pool.language.codes).tolist()
    siblings = round(design.siblings * wanted) if conditions == 2 else 0
    bands = len(design.bands)
    return Counter(
        Place(i % bands, languages[(i % bands + i // bands) % len(languages)], i < siblings)
        for i in range(wanted)
    )


def take_turns(
    pool: Pool, cells: Cells, chance: np.ndarray, most_key: float
) -> tuple[np.ndarray, np.ndarray]:
    """Cells in random order, one of each class in turn, and within it one of each set of keys.

    Returns:
        (cells,) their numbers in this order, and (cells,) bool by number: whether a cell should
        wait for the others, since two of its keys are more than `most_key` of all and it would
        use up both.
    """
    keys = pool.key_of[cells.pairs]  # (cells, conditions)
    crowded = np.bincount(keys.ravel(), minlength=len(pool.keys)) > most_key * keys.size
    _, sets = np.unique(np.column_stack([cells.kinds, keys]), axis=0, return_inverse=True)
    turn = rank_within(sets.ravel(), chance)
    order = np.lexsort((chance, rank_within(cells.kinds, turn + chance)))
    return order, crowded[keys].sum(axis=1) > 1


def rank_within(groups: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Rank of each row within its group, from 0, by ascending `order`."""
    rows = np.lexsort((order, groups))
    ranks = np.empty(len(groups), int)
    ranks[rows] = np.arange(len(groups)) - np.searchsorted(groups[rows], groups[rows])
    return ranks
