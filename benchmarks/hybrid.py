"""How legs of a search are fused: by ranks or scores, with which weights, and is it worth it?

Stores are built and asked as a user's (`build_index`, `open_store`). Shop: titles and
descriptions in English, or in five languages; queries are three words of a title, the same with a
slip, a caption (in no store), and a photo with three words. Groceries: a photo and the name of the
kind of product ("milk"), pictures by MobileNet V1, which knows neither. A leg's candidates are its
first 100; nDCG@10 of the product asked for (three words of a title: of its siblings, too).

Rule, written before the first run: of GRID x METHODS that with the highest mean of all cells (data,
kind of query, language) on the choosing half: SHOP_A and train photos. Of those within half a point
of it, ranks before scores, then the weights that differ least. The other half, SHOP_B and test
photos, says what it is worth beside each leg alone and beside equal weights.

    python -m benchmarks.hybrid SHOP_A SHOP_B --mobilenet FILE.onnx --save

SHOP_A and SHOP_B: `skulens world make DIR --skus 300 --seed 11 --views front --photos 1 --px 128` (12).
Limits: e5, 20 to 40 ms a text, kept in $SKULENS_CACHE.
"""

import argparse
import itertools
import random
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from benchmarks.common import report
from benchmarks.words import replace_at, slip, take_words, titles_of
from skulens.catalog.open import open_catalog
from skulens.documents import Hits
from skulens.encode import open_memo
from skulens.evaluate.compare import compare
from skulens.evaluate.intervals import Grouped, intervals
from skulens.files import cache_folder
from skulens.protocols import Catalog
from skulens.records import Image, Part, Product, Reject
from skulens.search.fuse import reciprocal_ranks, relative_scores
from skulens.search.indexing.build import build_index
from skulens.search.legs import make_probes
from skulens.search.request import Request, make_request
from skulens.search.shop import Shop, open_store

DEPTH = 100
"""Candidates of a leg."""
K = 10
LEGS = "picture", "text", "words"
WEIGHTS = 0.0, 0.25, 0.5, 1.0, 2.0


def standard_scores(scores: np.ndarray) -> np.ndarray:
    """Falling scores above the last of them, in standard deviations."""
    spread = float(scores.std()) if len(scores) else 0.0
    return (scores - scores[-1]) / spread if spread > 0 else np.ones(len(scores))


METHODS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "ranks": reciprocal_ranks,
    "scores": relative_scores,
    "standard scores": standard_scores,
}


@dataclass(frozen=True)
class Setting:
    """A fusion."""

    method: str
    weights: tuple[float, ...]
    """Of LEGS."""

    def __str__(self) -> str:
        return f"{self.method} {' '.join(f'{n} {w:g}' for n, w in zip(LEGS, self.weights, strict=True))}"


def grid() -> list[Setting]:
    """Every method with weights of every ratio; a single leg once."""
    found: dict[tuple, Setting] = {}
    for method, weights in itertools.product(METHODS, itertools.product(WEIGHTS, repeat=3)):
        if max(weights) == 1 or sum(w > 0 for w in weights) > 1 and max(weights) == 2:
            alone = sum(w > 0 for w in weights) == 1
            ratio = tuple(w / max(weights) for w in weights)
            found.setdefault(("" if alone else method, ratio), Setting(method, ratio))
    return list(found.values())


@dataclass(frozen=True)
class Asked:
    """A query and what it is about."""

    request: Request
    grades: Mapping[str, int]
    """Product -> 1."""
    cell: tuple[str, str, str]
    """Data, kind, language."""
    group: str
    """What is resampled: the SPU."""


@dataclass(frozen=True)
class Found:
    """A query with the candidates of its legs, the larger id first."""

    asked: Asked
    gains: np.ndarray  # (candidates,)
    terms: Mapping[str, np.ndarray]
    """Method -> (legs, candidates): what each leg adds; 0 where it did not find a product."""
    found: np.ndarray  # (legs, candidates) bool

    @classmethod
    def of(cls, asked: Asked, hits: Mapping[str, Hits]) -> "Found":
        ids = sorted({i for h in hits.values() for i in h.ids}, reverse=True)
        place = {product: column for column, product in enumerate(ids)}
        terms = {name: np.zeros((len(LEGS), len(ids))) for name in METHODS}
        found = np.zeros((len(LEGS), len(ids)), bool)
        for leg, held in hits.items():
            row, columns = LEGS.index(leg), [place[i] for i in held.ids]
            found[row, columns] = True
            for name, measure in METHODS.items():
                terms[name][row, columns] = measure(held.scores)
        return cls(asked, np.array([asked.grades.get(i, 0) for i in ids], float), terms, found)


@dataclass
class Texts:
    """A catalogue whose products show some of their texts."""

    inner: Catalog
    shown: Callable[[str], bool]

    def __post_init__(self):
        self.info, self.rejects, self.queries = self.inner.info, [], self.inner.queries

    def products(self) -> Iterator[Product]:
        for p in self.inner.products():
            yield replace(p, texts={n: t for n, t in p.texts.items() if self.shown(n)})


SHOWN = {
    "five languages": lambda name: name.startswith(("title", "description")),
    "English": lambda name: name == "description",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("shops", nargs=2)
    parser.add_argument("--mobilenet", default="", help="ONNX file; without it no groceries")
    parser.add_argument("--ask", type=int, default=60, help="products asked for in each shop")
    parser.add_argument("--photos", type=int, default=240, help="photos of groceries in each half")
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        tempfile.tempdir = place  # every store goes with it
        halves = [
            [*search_shop(shop, args.ask), *search_groceries(split, args.mobilenet, args.photos)]
            for shop, split in zip(args.shops, ("train", "test"), strict=True)
        ]
    chosen, means = choose(halves[0])
    rows = [measure(halves[1], cell, chosen) for cell in cells_of(halves[1])]
    settings = {"chosen": str(chosen), "depth": DEPTH, "k": K, "rule": "see the docstring"}
    settings |= {"choosing": {str(s): round(m, 4) for s, m in means[:20]}}
    equal = [(s, m) for s, m in means if s.weights == (1, 1, 1)]
    settings |= {"equal weights, choosing": {str(s): round(m, 4) for s, m in equal}}
    settings |= {"mean, measured": mean_of(halves[1], chosen, equal)}
    report("hybrid", rows, settings, args.save)


# ----- queries --------------------------------------------------------------------------------


def search_shop(folder: str, ask: int) -> Iterator[Found]:
    catalog = open_catalog(folder)
    products = list(catalog.products())
    queries = [q for split in catalog.info.splits for q in catalog.queries(split)]
    photos = {product: q.item.parts[0] for q in queries for product in q.answers}
    for scene, shown in SHOWN.items():
        shop = build(Texts(catalog, shown), encoder="mini", text_encoder="e5")
        yield from search(shop, shop_queries(products, photos, ask, scene))


def shop_queries(
    products: Sequence[Product], photos: Mapping[str, Part], ask: int, scene: str
) -> Iterator[Asked]:
    rng = random.Random(f"{len(products)} {products[0].id}")
    siblings: dict[str, list[str]] = {}
    for p in products:
        siblings.setdefault(p.spu or p.id, []).append(p.id)
    for p in rng.sample(list(products), min(ask, len(products))):
        group = p.spu or p.id
        for language, title in titles_of(p).items():
            taken, space = take_words(title, language, rng), "" if language == "th" else " "
            if not taken:
                continue
            longest = max(range(len(taken)), key=lambda i: len(taken[i]))
            slipped = replace_at(taken, longest, slip(taken[longest], rng))
            caption = p.texts["caption" if language == "en" else f"caption_{language}"]
            texts = {"three words": space.join(taken), "a slip": space.join(slipped)}
            alike = dict.fromkeys(siblings[group], 1)
            for kind, text in texts.items():
                yield Asked(make_request(text), alike, (f"shop, {scene}", kind, language), group)
            cell = f"shop, {scene}", "caption", language
            yield Asked(make_request(caption), {p.id: 1}, cell, group)
            shown = photos[p.id]
            assert isinstance(shown, Image)
            shot = make_request(space.join(taken), shown)
            cell = f"shop, {scene}", "photo and words", language
            yield Asked(shot, {p.id: 1}, cell, group)


def search_groceries(split: str, mobilenet: str, most: int) -> Iterator[Found]:
    if not mobilenet:
        return
    catalog = open_catalog("groceries")
    kinds = {p.id: p.category[-1] for p in catalog.products()}
    queries = list(catalog.queries(split))
    queries = queries[:: max(1, len(queries) // most)]
    shop = build(catalog, encoder=f"onnx:{mobilenet}", text_encoder="e5")
    cell = "groceries", "photo and kind", "en"
    asked = []
    for query in queries:
        [product] = query.answers
        [photo] = query.item.parts
        assert isinstance(photo, Image)
        request = make_request(kinds[product].replace("-", " "), photo)
        asked.append(Asked(request, {product: 1}, cell, product))
    yield from search(shop, asked)


def build(catalog: Catalog, **options: Any) -> Shop:
    place = tempfile.mkdtemp()
    build_index(catalog, place, cache=cache_folder(), memo=open_memo(), progress=True, **options)
    return open_store(place, cache=cache_folder(), memo=open_memo())


def search(shop: Shop, asked: Iterable[Asked]) -> Iterator[Found]:
    """Each query with the first DEPTH of every leg that reads it."""
    queries = list(asked)
    embedded = shop.embedder.embed([query.request for query in queries])
    for query, found in zip(queries, embedded, strict=True):
        assert not isinstance(found, Reject), found
        probes = make_probes(query.request, shop.store.schema, found, None, DEPTH)
        yield Found.of(query, {leg: shop.store.search(p) for leg, p in probes.items()})


# ----- choosing and measuring -----------------------------------------------------------------


def cells_of(found: Sequence[Found]) -> list[tuple[str, str, str]]:
    return list(dict.fromkeys(one.asked.cell for one in found))


def ndcg(one: Found, setting: Setting) -> float:
    """nDCG@K of a query's fused candidates, as `fuse_legs` orders them; a leg of weight 0 finds none."""
    weights = np.array(setting.weights)
    there = one.found[weights > 0].any(axis=0)
    scores = (weights @ one.terms[setting.method])[there]
    gains = one.gains[there][np.argsort(-scores, kind="stable")[:K]]
    discounts = 1 / np.log2(np.arange(2, K + 2))
    ideal = discounts[: min(len(one.asked.grades), K)].sum()
    return float(discounts[: len(gains)] @ gains / ideal)


def values_of(found: Sequence[Found], setting: Setting) -> np.ndarray:
    """(queries,) nDCG@K."""
    return np.array([ndcg(one, setting) for one in found])


def mean_over_cells(found: Sequence[Found], setting: Setting) -> float:
    values, cells = values_of(found, setting), [one.asked.cell for one in found]
    by_cell = [values[[c == cell for c in cells]].mean() for cell in cells_of(found)]
    return float(np.mean(by_cell))


def choose(found: Sequence[Found]) -> tuple[Setting, list[tuple[Setting, float]]]:
    """(the setting by the rule, all settings with their means, best first)."""
    means = sorted(((s, mean_over_cells(found, s)) for s in grid()), key=lambda m: -m[1])
    near = [s for s, mean in means if mean >= means[0][1] - 0.005]
    methods = list(METHODS)
    return min(near, key=lambda s: (methods.index(s.method), np.std(s.weights))), means


def measure(found: Sequence[Found], cell: tuple[str, str, str], chosen: Setting) -> dict:
    """The chosen fusion, each leg alone, and the difference to the best of them."""
    mine = [one for one in found if one.asked.cell == cell]
    names = list(dict.fromkeys(one.asked.group for one in mine))
    groups = np.array([names.index(one.asked.group) for one in mine])
    row = {"data": cell[0], "kind": cell[1], "language": cell[2], "n": len(mine)}
    fused = values_of(mine, chosen)
    row["fused"] = show(fused, groups)
    alone = {leg: values_of(mine, only(leg)) for leg in LEGS}
    row |= {leg: show(values, groups) for leg, values in alone.items()}
    best = max(alone, key=lambda leg: alone[leg].mean())
    row |= {"best leg": best} | versus("fused - best leg", fused, alone[best], groups)
    equal = values_of(mine, Setting("ranks", (1, 1, 1)))
    return row | versus("fused - equal ranks", fused, equal, groups)


def only(leg: str) -> Setting:
    return Setting("ranks", tuple(float(leg == other) for other in LEGS))


def show(values: np.ndarray, groups: np.ndarray) -> str:
    [mean] = intervals(Grouped.of(values[:, None], groups).micro())
    return f"{mean.value:.3f} [{mean.low:.3f}, {mean.high:.3f}]"


def versus(name: str, a: np.ndarray, b: np.ndarray, groups: np.ndarray) -> dict[str, str]:
    d = compare(a, b, groups)
    return {name: f"{d.value:+.3f} [{d.low:+.3f}, {d.high:+.3f}]"}


def mean_of(found: Sequence[Found], chosen: Setting, equal) -> dict[str, float]:
    """Setting -> mean of all cells of the measured half."""
    settings = [chosen, *(s for s, _ in equal), *map(only, LEGS)]
    return {str(s): round(mean_over_cells(found, s), 4) for s in settings}


if __name__ == "__main__":
    main()
