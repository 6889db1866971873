"""Which words and grams find a product by what a shopper types: five languages, slips and affixes.

Every product is one text, its titles and descriptions in all languages together, as a store holds
it. A query is three words of a title, typed as they stand, without marks (Vietnamese), with an affix
put on or taken off (Indonesian, Malay, English), with one slip (a letter left out, doubled or two
swapped), or cut to how far one has typed; in Thai the words stand in a row, unspaced. recall@10 of
the product whose title it is.

Rule: of the sizes and weights of grams in GRID, those whose mean over languages and kinds is within
half a point of the highest on products of even number (shop of seed 7, `retail_text`); of these the
fewest sizes, since each is an index of its own, then the least weight. It is measured on the other
products (shop of seed 8 and the odd ones) beside the words alone, the retriever `bm25`, and LanceDB,
which cuts texts by an ICU of its own.

    python -m benchmarks.words SHOP7 SHOP8 --save       # folders of `skulens world make --no-pictures`

Limits: cutting texts into words and grams, 0.1 and 0.3 ms each.
"""

import argparse
import random
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.common import report
from skulens.catalog.open import open_catalog
from skulens.documents import Document, FieldColumn, Probe, Schema
from skulens.evaluate.compare import compare
from skulens.evaluate.intervals import Grouped, intervals
from skulens.index.bm25 import WordIndex, best_places, split_words
from skulens.index.stores import open_store, words
from skulens.records import Product
from skulens.values.text import fold_accents

LANGUAGES = "en", "id", "ms", "vi", "th"
AFFIXES = {
    "id": (("me", ""), ("ber", ""), ("di", ""), ("", "nya"), ("", "an"), ("pe", "an")),
    "ms": (("me", ""), ("ber", ""), ("di", ""), ("", "nya"), ("", "an"), ("pe", "an")),
    "en": (("", "s"), ("", "es"), ("", "ed"), ("", "ing"), ("un", ""), ("re", "")),
}
GRID = tuple(
    (sizes, weight)
    for sizes in ((2,), (3,), (4,), (2, 3), (3, 4))
    for weight in (0.0625, 0.125, 0.25, 0.5, 1.0)
)
K = 10
ASKED = 3
"""Words of a query."""
Cut = Callable[[str], list[str]]


@dataclass(frozen=True)
class Asked:
    """A query, and the number of the text that it is about."""

    text: str
    finds: int
    language: str
    kind: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("shops", nargs=2, help="the shop that chooses, the shop that measures")
    parser.add_argument("--texts", default="retail_text", help="a catalogue to halve; empty: none")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    choosing, held = (
        [Collection.read(place, part) for place in (shop, args.texts) if place]
        for part, shop in enumerate(args.shops)
    )
    chosen = choose(choosing, args)
    rows = [row for collection in held for row in measure(collection, chosen[0], args.seed)]
    settings = {"tokeniser": words.tokeniser(), "k": K, "words": ASKED, "seed": args.seed}
    settings |= {"chosen": name_of(*chosen[0]), "grid": {name_of(*c): s for c, s in chosen[1]}}
    report("words", rows, settings, args.save)


@dataclass
class Collection:
    """Texts of products, and titles to ask for."""

    name: str
    texts: list[str]
    titles: list[dict[str, str]]
    """Language -> title, product by product."""
    part: int
    """0: products of even number are asked for; 1: of odd number."""

    @classmethod
    def read(cls, place: str, part: int) -> "Collection":
        """One product of each SPU: siblings have the same title."""
        catalog = open_catalog(place)
        first = {p.spu or p.id: p for p in reversed(list(catalog.products()))}
        products = sorted(first.values(), key=lambda p: p.id)
        texts = ["\n".join([p.title, *p.texts.values()]) for p in products]
        return cls(catalog.info.name, texts, [titles_of(p) for p in products], part)

    def queries(self, seed: int) -> Iterator[Asked]:
        rng = random.Random(f"{self.name} {seed}")
        for number, titles in enumerate(self.titles):
            for language, title in titles.items():
                taken = take_words(title, language, rng)
                if number % 2 == self.part and len(taken) == ASKED:
                    for kind, text in vary(taken, language, rng).items():
                        yield Asked(text, number, language, kind)


def titles_of(product: Product) -> dict[str, str]:
    own = {"en": product.title}
    return own | {n: t for n in LANGUAGES[1:] if (t := product.texts.get(f"title_{n}"))}


def take_words(title: str, language: str, rng: random.Random) -> list[str]:
    """Three words of a title in its order; of a Thai one, three that stand side by side."""
    found = [(s, e) for s, e in words.cut_by_icu(title) if title[s:e].isalpha() or language == "th"]
    found = [(s, e) for s, e in found if e - s > 1 and not title[s:e].isnumeric()]
    if language != "th":
        return [title[s:e] for s, e in sorted(rng.sample(found, min(ASKED, len(found))))]
    rows = [
        found[i : i + ASKED]
        for i in range(len(found) - ASKED + 1)
        if words.THAI.match(title[found[i][0]])
        and all(a[1] == b[0] for a, b in zip(found[i:], found[i + 1 : i + ASKED], strict=False))
    ]
    return [title[s:e] for s, e in rng.choice(rows)] if rows else []


def vary(taken: list[str], language: str, rng: random.Random) -> dict[str, str]:
    """Kind -> query."""
    space = "" if language == "th" else " "
    place = max(range(len(taken)), key=lambda i: len(taken[i]))  # the longest word suffers
    found = {"as it stands": taken, "a slip": replace_at(taken, place, slip(taken[place], rng))}
    found["cut"] = [*taken[:-1], taken[-1][: max(2, len(taken[-1]) * 2 // 3)]]
    if language == "vi":
        found["without marks"] = [fold_accents(w) for w in taken]
        found["decomposed"] = [unicodedata.normalize("NFD", w) for w in taken]
    if language in AFFIXES:
        found["an affix"] = replace_at(taken, place, affix(taken[place].lower(), language, rng))
    return {kind: space.join(parts) for kind, parts in found.items()}


def replace_at(taken: list[str], place: int, word: str) -> list[str]:
    return [*taken[:place], word, *taken[place + 1 :]]


def slip(word: str, rng: random.Random) -> str:
    """A letter left out, one twice, or two swapped; never the first."""
    i = rng.randrange(1, len(word)) if len(word) > 1 else 0
    left_out, twice = word[:i] + word[i + 1 :], word[:i] + word[i : i + 1] + word[i:]
    swapped = word[:i] + word[i + 1 : i + 2] + word[i] + word[i + 2 :]
    return rng.choice([left_out, twice, swapped])


def affix(word: str, language: str, rng: random.Random) -> str:
    """An affix taken off where the word has one of four letters or more left, else one put on."""
    for front, back in AFFIXES[language]:
        rest = word.removeprefix(front).removesuffix(back)
        if len(rest) >= 4 and word == front + rest + back:
            return rest
    front, back = rng.choice(AFFIXES[language])
    return front + word + back


def choose(collections: Sequence[Collection], args: argparse.Namespace):
    """((sizes, weight) by the rule above, [((sizes, weight), mean recall@10)])."""
    means = []
    for sizes, weight in GRID:
        cells = []
        for collection in collections:
            asked = list(collection.queries(args.seed))
            found = search(collection, asked, sizes, weight)
            cells += [
                found[[q.language == language and q.kind == kind for q in asked]].mean()
                for language, kind in dict.fromkeys((q.language, q.kind) for q in asked)
            ]
        means.append(((sizes, weight), round(float(np.mean(cells)), 4)))
    best = max(mean for _, mean in means)
    near = [c for c, mean in means if mean >= best - 0.005]
    return min(near, key=lambda c: (len(c[0]), c[1])), means


def search(
    collection: Collection, asked: Sequence[Asked], sizes: Sequence[int], weight: float
) -> np.ndarray:
    """(queries,) 1 where the product is among the first K by words and grams, else 0.

    As the engines do, grams are those of the words that the best products lack.
    """
    by_words = WordIndex(words.split(text) for text in collection.texts)
    by_grams = WordIndex(words.grams(text, sizes) for text in collection.texts)

    def score(query: str) -> np.ndarray:
        scores = by_words.score(Counter(words.split(query)))
        rows, _ = best_places(scores, K)
        missing = words.missing_words(query, [collection.texts[row] for row in rows])
        letters = Counter(gram for word in missing for gram in words.grams(word, sizes))
        return scores + weight * by_grams.score(letters)

    return hits(asked, (score(q.text) for q in asked))


def score_all(collection: Collection, asked: Sequence[Asked], cut: Cut) -> Iterator[np.ndarray]:
    index = WordIndex(cut(text) for text in collection.texts)
    return (index.score(Counter(cut(query.text))) for query in asked)


def hits(asked: Sequence[Asked], scores: Iterator[np.ndarray]) -> np.ndarray:
    found = [q.finds in best_places(s, K)[0] for q, s in zip(asked, scores, strict=True)]
    return np.array(found, float)


def search_store(collection: Collection, asked: Sequence[Asked]) -> np.ndarray:
    """The same as `search`, of LanceDB."""
    with tempfile.TemporaryDirectory() as place:
        store = open_store(place, Schema((), (FieldColumn("id", "text"),)))
        store.upsert(Document(f"{i:06}", words=text) for i, text in enumerate(collection.texts))
        store.optimise()
        found = [f"{q.finds:06}" in store.search(Probe(words=q.text, k=K)).ids for q in asked]
        store.close()
    return np.array(found, float)


def measure(collection: Collection, chosen, seed: int) -> list[dict]:
    """One row per language and kind of query."""
    asked = list(collection.queries(seed))
    systems = {
        "bm25": hits(asked, score_all(collection, asked, split_words)),
        "words": hits(asked, score_all(collection, asked, words.split)),
        "words and grams": search(collection, asked, *chosen),
        "lance": search_store(collection, asked),
    }
    rows = []
    for language, kind in dict.fromkeys((q.language, q.kind) for q in asked):
        at = [i for i, q in enumerate(asked) if (q.language, q.kind) == (language, kind)]
        groups = np.arange(len(at))
        row = {"data": collection.name, "language": language, "kind": kind, "n": len(at)}
        for name, found in systems.items():
            [mean] = intervals(Grouped.of(found[at][:, None], groups).micro())
            row[name] = f"{mean.value:.3f} [{mean.low:.3f}, {mean.high:.3f}]"
        for name, a, b in (
            ("grams gain", "words and grams", "words"),
            ("lance - ours", "lance", "words and grams"),
        ):
            d = compare(systems[a][at], systems[b][at], groups)
            row[name] = f"{d.value:+.3f} [{d.low:+.3f}, {d.high:+.3f}]"
        rows.append(row)
    return rows


def name_of(sizes: Sequence[int], weight: float) -> str:
    return f"{'and'.join(map(str, sizes))} letters x {weight:g}"


if __name__ == "__main__":
    main()
