"""The photos on which two systems differ: one puts the right product first, the other does not.

Pictures and names come from the catalogue where it is still there, else from the examples that
were kept with the results.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from skulens.bench.examples import thumbnail
from skulens.bench.reopen import reopen_catalog
from skulens.bench.result import Result
from skulens.bench.store import first_products, relevant_products
from skulens.encode.gallery import pictures_of
from skulens.errors import SkulensError
from skulens.protocols import Catalog
from skulens.records import Image, Product
from skulens.report.mistakes import DETAILED, TITLE, Sheet, read_examples
from skulens.report.names import cut_at_word, name_product
from skulens.report.views import Row, View

SHOWN = 12
"""Probes shown of a pair."""
SEED = 0
"""Of the draw."""
MOST_PRODUCTS = 20_000
"""A larger catalogue is not read again for its pictures."""
REASON = 200
"""Characters of the reason why a catalogue cannot be opened."""


@dataclass(frozen=True)
class Shown:
    """What is known of probes and products by id."""

    probes: Mapping[str, Image | str] = field(default_factory=dict)
    """Probe -> its photo, or a thumbnail that was kept."""
    products: Mapping[str, Image | str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    whole: bool = False
    """Of all probes and products, because the catalogue was opened again."""
    why_not: str = ""
    """Why it was not."""

    def known(self, probes: Sequence[str]) -> list[str]:
        """Those that can be shown."""
        return [q for q in probes if self.whole or q in self.probes]

    def probe(self, id_: str) -> str | None:
        return show(self.probes.get(id_))

    def product(self, id_: str) -> str | None:
        return show(self.products.get(id_))


def show(picture: Image | str | None) -> str | None:
    """A thumbnail."""
    return thumbnail(picture) if isinstance(picture, Image) else picture


@dataclass(frozen=True)
class Side:
    """A product on a card."""

    id: str
    name: str
    picture: str | None
    missing: str = ""
    """Why there is no picture."""


@dataclass(frozen=True)
class DifferenceCard:
    """A probe that one of two systems puts right and the other wrong."""

    probe: str
    photo: str | None
    right: Side
    wrong: Side
    winner: str
    loser: str
    winner_score: float | None
    """The score of what it put first."""
    loser_score: float | None
    place: int | None
    """Where the loser ranked the right product; None: not among its candidates."""


@dataclass(frozen=True)
class Differing:
    """Two systems on the same probes."""

    a: Row
    b: Row
    both: int
    only_a: int
    only_b: int
    neither: int
    cards: Sequence[DifferenceCard]
    why_not: str
    """Why only pictures that were kept with the results are shown; empty where all could be."""


def compare_first_two(
    view: View, first: Row | None, shown: Shown, pictures: Sheet
) -> Differing | None:
    """A system and the next best of a view whose rankings were kept, on the probes that they
    decide differently; None where there are no two."""
    if first is None or "run" not in first.result.tables:
        return None
    others = (r for r in view.rows if r.place and r is not first and "run" in r.result.tables)
    other = next(others, None)
    if other is None:
        return None
    a, b = (find_hits(row.result) for row in (first, other))
    asked = [q for q in a if q in b]
    only_a, only_b = ([q for q in asked if x[q] and not y[q]] for x, y in ((a, b), (b, a)))
    both = sum(a[q] and b[q] for q in asked)
    picked = draw(shown.known(only_a), shown.known(only_b), SHOWN)
    winners = dict.fromkeys(only_a, (first, other)) | dict.fromkeys(only_b, (other, first))
    cards = make_cards(picked, winners, shown, pictures)
    neither = len(asked) - both - len(only_a) - len(only_b)
    counts = (both, len(only_a), len(only_b), neither)
    return Differing(first, other, *counts, cards, shown.why_not)


def find_hits(result: Result) -> dict[str, bool]:
    """Query -> whether what was put first is right; queries without an answer are left out."""
    firsts = first_products(result)
    return {q: firsts.get(q) in right for q, right in relevant_products(result).items()}


def draw(only_a: Sequence[str], only_b: Sequence[str], most: int, seed: int = SEED) -> list[str]:
    """At most so many of both, seeded, in the proportion in which they occur; at least one of each
    that occurs."""
    total = len(only_a) + len(only_b)
    if not total:
        return []
    n = min(most, total)
    of_a = round(n * len(only_a) / total)
    of_a = min(max(of_a, bool(only_a), n - len(only_b)), len(only_a), n - bool(only_b))
    rng = np.random.default_rng(seed)
    picked = []
    for side, k in ((only_a, of_a), (only_b, n - of_a)):
        ordered = sorted(side)
        picked += [ordered[i] for i in rng.permutation(len(ordered))[:k]]
    return picked


def make_cards(
    picked: Sequence[str],
    winners: Mapping[str, tuple[Row, Row]],
    shown: Shown,
    pictures: Sheet,
) -> list[DifferenceCard]:
    """A card for each probe."""
    ranked = {
        id(r): read_candidates(r.result, set(picked)) for pair in winners.values() for r in pair
    }
    cards = []
    for query in picked:
        winner, loser = winners[query]
        relevant = relevant_products(winner.result)[query]
        mine, other = ranked[id(winner)][query], ranked[id(loser)].get(query, [])
        found, wrong = mine[0][0], other[0][0] if other else ""
        place = next((n for n, (p, _) in enumerate(other, 1) if p in relevant), None)
        cards.append(
            DifferenceCard(
                query,
                pictures.take(shown.probe(query)),
                make_side(found, shown, pictures),
                make_side(wrong, shown, pictures),
                winner.name,
                loser.name,
                mine[0][1],
                other[0][1] if other else None,
                place,
            )
        )
    return cards


def make_side(product: str, shown: Shown, pictures: Sheet) -> Side:
    """A product with its name and picture."""
    if not product:
        return Side("", "nothing", None, "found nothing")
    there = shown.product(product)
    picture = pictures.take(there)
    missing = (
        "" if picture else "left out" if there else "no picture" if shown.whole else "not kept"
    )
    return Side(product, shown.names.get(product, ""), picture, missing)


def read_candidates(result: Result, queries: set[str]) -> dict[str, list[tuple[str, float]]]:
    """Query -> its candidates, best first, of some queries."""
    import pyarrow as pa
    import pyarrow.compute as pc

    run = result.tables["run"]
    run = run.filter(pc.is_in(run["query"], value_set=pa.array(sorted(queries), pa.string())))
    columns = (run[c].to_pylist() for c in ("rank", "query", "product", "score"))
    found: dict[str, list[tuple[str, float]]] = {}
    for _, query, product, score in sorted(zip(*columns, strict=True)):
        found.setdefault(query, []).append((product, score))
    return found


# ----- where pictures come from ---------------------------------------------------------------


def find_pictures(view: View) -> Shown:
    """From the catalogue where it is still there and not too large, else what was kept."""
    rows = [row for row in view.rows if "run" in row.result.tables]
    if not rows:
        return Shown()
    first, why_not = rows[0].result, f"the catalogue has more than {MOST_PRODUCTS:,} products."
    if first.counts.get("gallery", 0) <= MOST_PRODUCTS:
        try:
            return open_pictures(reopen_catalog([first]), first)
        except (SkulensError, OSError) as e:  # moved, or measured on another machine
            why_not = cut_at_word(str(e), REASON)
    return replace(kept_pictures(rows[:DETAILED]), why_not=why_not)


def open_pictures(catalog: Catalog, result: Result) -> Shown:
    """What the catalogue has of a result's probes and products."""
    products: list[Product] = list(catalog.products())
    photos = {q.id: pictures_of([q.item])[:1] for q in catalog.queries(result.data.split)}
    roles = result.settings.get("texts")
    roles = tuple(map(str, roles)) if isinstance(roles, list | tuple) else ()
    return Shown(
        {q: found[0] for q, found in photos.items() if found},
        {p.id: p.images[0] for p in products if p.images},
        {p.id: name_product(p, TITLE, roles) for p in products},
        whole=True,
    )


def kept_pictures(rows: Sequence[Row]) -> Shown:
    """What the examples of results hold."""
    shown = Shown({}, {}, {})
    for row in rows:
        seen = read_examples(row) or {"examples": []}
        examples = seen["examples"]
        probes = {e["query"]: e["probe"] for e in examples if e["probe"]}
        products = {p: data for e in (*examples, seen) for p, data in e.get("pictures", {}).items()}
        names = {p: words for e in (*examples, seen) for p, words in e.get("words", {}).items()}
        names = {p: cut_at_word(words, TITLE) for p, words in names.items()}
        shown = replace(
            shown,
            probes={**probes, **shown.probes},
            products={**products, **shown.products},
            names={**names, **shown.names},
        )
    return shown
