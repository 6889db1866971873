"""Photo and words -> the sibling that differs so (`world.truth.composed`): is one enough?"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np

from benchmarks.small_models_measures import Method, Report, Task, Words, guess, sku_text
from skulens.encode.fusion import normalise
from skulens.evaluate.intervals import difference_intervals
from skulens.protocols import Catalog
from skulens.records import Image, Product, Query
from skulens.world.truth.composed import compose_changes, visible_values
from skulens.world.truth.vocabulary import vocabulary

WEIGHTS = tuple(i / 10 for i in range(11))
"""Shares of the words in a query and of the texts in a gallery, tried on train SKUs."""


@dataclass
class Composed:
    """Composed queries of a shop, with what every method needs of them."""

    products: list[Product]
    queries: list[Query]
    task: Task

    @classmethod
    def of(cls, shop: Catalog, split: str, most: int | None = None) -> "Composed":
        """Of the shop's first `most` SKUs."""
        products = list(shop.products())[:most]
        photos: dict[str, list[Image]] = {}
        for query in shop.queries(split):
            photos.setdefault(next(iter(query.relevant)), []).append(
                cast(Image, query.item.parts[0])
            )
        queries = list(compose_changes(products, photos))
        return cls(
            products, queries, Task("photo and words -> sibling", queries, [p.id for p in products])
        )

    @cached_property
    def own(self) -> tuple[np.ndarray, np.ndarray]:
        """Where each query's own SKU stands, to be left out."""
        place = {p.id: i for i, p in enumerate(self.products)}
        return np.arange(len(self.queries)), np.array(
            [place[q.references[0]] for q in self.queries]
        )

    def values(self, scores: np.ndarray) -> dict[str, np.ndarray]:
        scores = scores.astype(np.float64)
        scores[self.own] = -np.inf
        return self.task.values(scores)

    def right(self, scores: np.ndarray) -> float:
        """Share of queries whose best candidate answers: hit_rate@1 without its care for ties."""
        scores[self.own] = -np.inf
        best = scores.argmax(1)
        return sum(
            self.task.gallery[i] in q.relevant for i, q in zip(best, self.queries, strict=True)
        ) / len(best)

    def vectors(self, encoder: Method) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Of photos, words, fronts, texts; words and texts are zero for an encoder of pictures."""
        photos, fronts = (
            encoder([q.item.parts[0] for q in self.queries]),
            encoder([p.images[0] for p in self.products]),
        )
        if "text" not in encoder.modalities:
            return photos, np.zeros_like(photos), fronts, np.zeros_like(fronts)
        return (
            photos,
            encoder([q.item.parts[1] for q in self.queries]),
            fronts,
            encoder([sku_text(p, "en") for p in self.products]),
        )

    def oracle(self, agree: Callable[[Query, dict[str, str]], bool]) -> dict[str, np.ndarray]:
        """Expected hit rates of a reader who guesses among the candidates that `agree`."""
        look = {p.id: visible_values(p) | {"class": p.category[0]} for p in self.products}
        found: dict[str, list[float]] = {name: [] for name in self.task.metrics}
        for query in self.queries:
            left = [
                i for i, values in look.items() if i != query.references[0] and agree(query, values)
            ]
            right = sum(i in query.relevant for i in left)
            for name in found:
                k = min(int(name.split("@")[1]), len(left))
                found[name].append(1 - math.comb(len(left) - right, k) / math.comb(len(left), k))
        return {name: np.array(v) for name, v in found.items()}


def fuse(a: np.ndarray, b: np.ndarray, share: float) -> np.ndarray:
    """Unit vectors with `share` of b."""
    return np.nan_to_num(normalise((1 - share) * a + share * b))


def photo_and_words(
    report: Report, train: Composed, test: Composed, encoders: Mapping[str, Method]
) -> dict:
    """Words, picture, both; shares of words and texts chosen on train SKUs for each of them."""
    chosen: dict[str, dict] = {}
    report.add(test.task, "chance", guess(test.task))
    add_oracles(report, test)
    texts = Words([sku_text(p, "en") for p in test.products])
    titles = {p.id: p.title for p in test.products}
    report.add(
        test.task,
        "words only: BM25",
        test.values(texts([str(q.item.parts[1]) for q in test.queries])),
    )
    listed = [f"{titles[q.references[0]]} {q.item.parts[1]}" for q in test.queries]
    report.add(test.task, "title and words: BM25", test.values(texts(listed)))
    for label, encoder in encoders.items():
        can_read = "text" in encoder.modalities
        there, here = train.vectors(encoder), test.vectors(encoder)
        for kind, words in {"words only": (1.0,), "picture only": (0.0,), "both": WEIGHTS}.items():
            if not can_read and kind != "picture only":
                continue
            best = max(
                ((w, t) for w in words for t in (WEIGHTS if can_read else (0.0,))),
                key=lambda s: train.right(scores_of(there, *s)),
            )
            chosen.setdefault(label, {})[kind] = {
                "words in query": best[0],
                "texts in gallery": best[1],
            }
            report.add(test.task, f"{kind}: {label}", test.values(scores_of(here, *best)))
    return chosen


def scores_of(vectors: tuple[np.ndarray, ...], words: float, texts: float) -> np.ndarray:
    photo, said, front, text = vectors
    return fuse(photo, said, words) @ fuse(front, text, texts).T


def read_words(query: Query) -> dict[str, str]:
    """What the words say: key -> value."""
    return {c.key: c.value for c in query.conditions if c.value is not None}


def add_oracles(report: Report, test: Composed) -> None:
    """What perfect readers of one half reach, whose every value is the ground truth."""
    shown = {p.id: visible_values(p) | {"class": p.category[0]} for p in test.products}

    def by_words(query: Query, values: dict[str, str]) -> bool:
        return all(values.get(key) == value for key, value in read_words(query).items())

    def by_picture(query: Query, values: dict[str, str]) -> bool:
        """Agrees in all that variants of one product share."""
        own = shown[query.references[0]]
        keys = vocabulary()["classes"][own["class"]]["keys"]
        shared = {
            k for k in own if k in ("brand", "class") or keys.get(k, {}).get("level") == "spu"
        }
        return all(values.get(k) == own[k] for k in shared)

    report.add(test.task, "words only: ground truth", test.oracle(by_words))
    report.add(test.task, "picture only: ground truth", test.oracle(by_picture))
    report.add(
        test.task,
        "both: ground truth",
        test.oracle(lambda q, v: v == shown[q.references[0]] | read_words(q)),
    )


def shortcuts(report: Report, test: Composed, label: str) -> dict:
    """Share of an encoder's score of both that either half alone loses, by method."""
    found = {}
    values = {m: v["hit_rate@1"] for (t, m), v in report.values.items() if t == test.task.name}
    both = values[f"both: {label}"]
    methods = (label, "BM25", "MobileNet V1", "ground truth")
    for name in (
        f"{kind}: {method}" for kind in ("words only", "picture only") for method in methods
    ):
        if (part := values.get(name)) is None:
            continue
        found[name] = {
            "lost": 1 - float(part.mean() / both.mean()),
            "both - 2 x part": test.task.with_interval(both - 2 * part, difference_intervals),
        }
    return found
