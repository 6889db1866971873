"""What small encoders are worth beside chance, colour, words and MobileNet; and whether one of two sources beats either.

Tasks: photos of a shop whose SKUs nobody trained on -> caption and title in five languages, and -> front picture;
grocery photos -> description and -> iconic picture; home photos of clothing -> photos of the same class by other
people; photo and words -> the sibling that differs so (`world.truth.composed`). What limits: pictures per second
of the encoders; vectors are kept in --cache.

    python -m benchmarks.small_models --shop world:1000:1002:test --train-shop world:1000:1001:train \\
        --groceries groceries --clothing ../shared/data/clothing --encoder mini \\
        --mobilenet onnx:../shared/weights/mobilenet_v1_embedding --save

`--encoder LABEL=NAME` may be repeated; the first is compared with each other one, question by question (paired).
"""

import argparse
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import bm25s
import numpy as np

from benchmarks.common import RESULTS
from skulens import pictures
from skulens.bench.result import provenance
from skulens.catalog.clothing import Clothing
from skulens.catalog.open import open_catalog
from skulens.encode import open_encoder
from skulens.encode.batching import Batching
from skulens.encode.cache import VectorCache
from skulens.encode.embed import Embedder
from skulens.encode.fusion import normalise
from skulens.evaluate.intervals import Grouped, difference_intervals, intervals
from skulens.evaluate.ranking import hit_rate_at_k, judge, precision_at_k
from skulens.evaluate.scores import number_groups
from skulens.files import cache_folder
from skulens.protocols import Catalog
from skulens.records import Image, Part, Product, Qrels, Query, Run
from skulens.world.truth.composed import compose_changes, visible_values
from skulens.world.truth.vocabulary import LANGUAGES, vocabulary

DEPTH = 10
WEIGHTS = tuple(i / 10 for i in range(11))
"""Shares of the words in a query and of the texts in a gallery, tried on train SKUs."""


# Encoders and baselines: parts in, unit vectors out.


class Encoded:
    """An encoder by name, its vectors kept on disk."""

    def __init__(self, name: str, cache: Path):
        self.encoder, self.cache = open_encoder(name).model, cache
        self.modalities = self.encoder.info.modalities

    @cached_property
    def kept(self) -> VectorCache:
        return VectorCache(self.cache, self.encoder.info)

    def __call__(self, parts: Sequence[Part]) -> np.ndarray:
        embedder = Embedder([self.encoder], [self.kept], batching=Batching(progress=False))
        return normalise(embedder.embed_parts(parts)[0].vectors)


class Histogram:
    """Joint histogram of 6 x 6 x 6 colours, square roots of its shares: their inner product is Bhattacharyya's."""

    modalities = ("image",)

    def __call__(self, parts: Sequence[Image]) -> np.ndarray:
        return np.stack([self.one(image) for image in parts])

    def one(self, image: Image) -> np.ndarray:
        small = (
            np.asarray(pictures.decode(image.read()).resize((64, 64))).reshape(-1, 3).astype(int)
            * 6
            // 256
        )
        return np.sqrt(np.bincount(small @ (36, 6, 1), minlength=216) / len(small))


class Words:
    """BM25 (Lucene's) over the candidates' texts."""

    def __init__(self, texts: Sequence[str]):
        self.index = bm25s.BM25()
        self.index.index(
            bm25s.tokenize(list(texts), stopwords=None, show_progress=False), show_progress=False
        )

    def __call__(self, queries: Sequence[str]) -> np.ndarray:
        """(queries, texts) scores."""
        tokens = bm25s.tokenize(
            list(queries), stopwords=None, return_ids=False, show_progress=False
        )
        return np.stack([self.index.get_scores(t) for t in tokens])


# Measuring.


@dataclass
class Task:
    """Queries with judgements, and the products they are looked for among."""

    name: str
    queries: list[Query]
    gallery: list[str]
    """Product ids."""
    metrics: Mapping[str, Callable] = field(
        default_factory=lambda: {
            "hit_rate@1": lambda j: hit_rate_at_k(j, 1),
            "hit_rate@5": lambda j: hit_rate_at_k(j, 5),
        }
    )

    def values(self, scores: np.ndarray) -> dict[str, np.ndarray]:
        """Per-query values of scores (queries, gallery); a product to be left out scores -inf."""
        larger_first = np.argsort(np.array(self.gallery))[::-1]
        columns = larger_first[
            np.argsort(-scores[:, larger_first], axis=1, kind="stable")[:, :DEPTH]
        ]
        found = np.take_along_axis(scores, columns, 1).astype(np.float32)
        columns = np.where(np.isfinite(found), columns, -1).astype(np.int32)
        run = Run(tuple(q.id for q in self.queries), tuple(self.gallery), columns, found)
        judged = judge(run, Qrels.of(self.queries))
        return {name: metric(judged) for name, metric in self.metrics.items()}

    def with_interval(self, values: np.ndarray, of: Callable = intervals) -> dict:
        """Mean and 95 % interval, bootstrap over the queries' groups."""
        ratio = Grouped.of(
            values[:, None], number_groups([q.group or q.id for q in self.queries])
        ).micro()
        return of(ratio)[0].as_dict()


class Report:
    """Rows (task, method, metrics) and per-query values for paired differences."""

    def __init__(self):
        self.rows: list[dict] = []
        self.values: dict[tuple[str, str], dict[str, np.ndarray]] = {}
        self.tasks: dict[str, Task] = {}

    def add(self, task: Task, method: str, values: dict[str, np.ndarray]) -> None:
        self.tasks[task.name], self.values[task.name, method] = task, values
        metrics = {name: task.with_interval(v) for name, v in values.items()}
        self.rows.append(
            {
                "task": task.name,
                "method": method,
                "candidates": len(task.gallery),
                "metrics": metrics,
            }
        )
        shown = "  ".join(f"{name} {interval_text(m)}" for name, m in metrics.items())
        print(f"{task.name:34} {method:24} {shown}", flush=True)

    def differences(self, first: str, others: Sequence[str]) -> list[dict]:
        """Paired differences of `first` and each other method, on every task both were measured on."""
        found = []
        for other in others:
            for name, task in self.tasks.items():
                if (name, first) in self.values and (name, other) in self.values:
                    metric = next(iter(task.metrics))
                    difference = self.values[name, first][metric] - self.values[name, other][metric]
                    found.append(
                        {"task": name, "minus": other, "metric": metric}
                        | task.with_interval(difference, difference_intervals)
                    )
        return found


def interval_text(found: Mapping) -> str:
    if found["low"] is None:
        return f"{found['value']:.3f}"
    return f"{found['value']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"


def photos_of(catalog: Catalog, split: str) -> list[Query]:
    return list(catalog.queries(split))


def pictures_of(queries: Sequence[Query]) -> list[Image]:
    return [q.item.parts[0] for q in queries]


def guess(task: Task) -> dict[str, np.ndarray]:
    """Expected values of a random order."""
    values = {}
    for name in task.metrics:
        k = int(name.split("@")[1])
        share = [len(q.relevant) / len(task.gallery) for q in task.queries]
        hits = [
            1 - (1 - s) ** k if name.startswith("hit") and len(q.relevant) > 1 else s * k
            for s, q in zip(share, task.queries, strict=True)
        ]
        values[name] = np.array(share if name.startswith("precision") else hits)
    return values


# Tasks of one photo.


def shop_texts(report: Report, shop: Catalog, encoders: Mapping[str, Callable]) -> None:
    """Photo -> what is visible, then brand and facts, in each language."""
    queries, products = photos_of(shop, "test"), list(shop.products())
    task = Task("shop: photo -> text", queries, [p.id for p in products])
    report.add(task, "chance", guess(task))
    for language in LANGUAGES:
        task = Task(f"shop: photo -> text, {language}", queries, [p.id for p in products])
        texts = [sku_text(p, language) for p in products]
        for label, encoder in encoders.items():
            if "text" in encoder.modalities:
                report.add(
                    task, label, task.values(encoder(pictures_of(queries)) @ encoder(texts).T)
                )


def sku_text(product: Product, language: str) -> str:
    """Caption (everything visible) and title (brand and everything else) in a language."""
    suffix = "" if language == "en" else f"_{language}"
    return f"{product.texts[f'caption{suffix}']}. {product.text(f'title{suffix}')}"


def grocery_texts(report: Report, catalog: Catalog, encoders: Mapping[str, Callable]) -> None:
    queries, products = (
        photos_of(catalog, "test"),
        [p for p in catalog.products() if p.text("description")],
    )
    task = Task("groceries: photo -> description", queries, [p.id for p in products])
    report.add(task, "chance", guess(task))
    for label, encoder in encoders.items():
        if "text" in encoder.modalities:
            texts = encoder([p.text("description") for p in products])
            report.add(task, label, task.values(encoder(pictures_of(queries)) @ texts.T))


def catalogue_pictures(
    report: Report, name: str, catalog: Catalog, encoders: Mapping[str, Callable]
) -> None:
    """Photo -> the catalogue's first picture of each product."""
    queries, products = photos_of(catalog, "test"), [p for p in catalog.products() if p.images]
    task = Task(name, queries, [p.id for p in products])
    report.add(task, "chance", guess(task))
    for label, encoder in encoders.items():
        fronts = encoder([p.images[0] for p in products])
        report.add(task, label, task.values(encoder(pictures_of(queries)) @ fronts.T))


def clothing(report: Report, folder: Path, encoders: Mapping[str, Callable]) -> None:
    """Test photo -> train photos, all of other contributors; relevant are those of its class."""
    catalog = Clothing(folder)
    gallery = photos_of(catalog, "train")
    of_class: dict[str, dict[str, int]] = {}
    for q in gallery:
        of_class.setdefault(next(iter(q.relevant)), {})[q.id] = 1
    queries = [
        Query(q.id, q.item, of_class.get(next(iter(q.relevant)), {}), group=q.group)
        for q in photos_of(catalog, "test")
    ]
    precision = {f"precision@{k}": lambda j, k=k: precision_at_k(j, k) for k in (1, 10)}
    task = Task(
        "clothing: same class",
        [q for q in queries if q.relevant],
        [q.id for q in gallery],
        precision,
    )
    report.add(task, "chance", guess(task))
    for label, encoder in encoders.items():
        report.add(
            task,
            label,
            task.values(encoder(pictures_of(task.queries)) @ encoder(pictures_of(gallery)).T),
        )


# Photo and words.


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
            photos.setdefault(next(iter(query.relevant)), []).append(query.item.parts[0])
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

    def vectors(self, encoder: Callable) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
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
        """Expected hit rates of a reader who cannot tell apart the candidates that `agree`, and knows no others."""
        look = {p.id: visible_values(p) | {"class": p.category[0]} for p in self.products}
        found = {name: [] for name in self.task.metrics}
        for query in self.queries:
            left = [
                i for i, values in look.items() if i != query.references[0] and agree(query, values)
            ]
            right = sum(i in query.relevant for i in left)
            for name in found:
                k = min(int(name.split("@")[1]), len(left))
                found[name].append(1 - math.comb(len(left) - right, k) / math.comb(len(left), k))
        return {name: np.array(v) for name, v in found.items()}


def fused(a: np.ndarray, b: np.ndarray, share: float) -> np.ndarray:
    """Unit vectors with `share` of b."""
    return np.nan_to_num(normalise((1 - share) * a + share * b))


def photo_and_words(
    report: Report, train: Composed, test: Composed, encoders: Mapping[str, Callable]
) -> dict:
    """Words only, picture only, both; shares of words and texts chosen on train SKUs for each of the three."""
    chosen: dict[str, dict] = {}
    report.add(test.task, "chance", guess(test.task))
    add_oracles(report, test)
    texts = Words([sku_text(p, "en") for p in test.products])
    titles = {p.id: p.title for p in test.products}
    report.add(
        test.task, "words only: BM25", test.values(texts([q.item.parts[1] for q in test.queries]))
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
    return fused(photo, said, words) @ fused(front, text, texts).T


def told(query: Query) -> dict[str, str]:
    """What the words say: key -> value."""
    return {c.key: c.value for c in query.conditions if c.value is not None}


def add_oracles(report: Report, test: Composed) -> None:
    """What perfect readers of one half reach, whose every value is the ground truth."""
    shown = {p.id: visible_values(p) | {"class": p.category[0]} for p in test.products}

    def by_words(query: Query, values: dict[str, str]) -> bool:
        return all(values.get(key) == value for key, value in told(query).items())

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
        test.oracle(lambda q, v: v == shown[q.references[0]] | told(q)),
    )


def shortcuts(report: Report, test: Composed, label: str) -> dict:
    """How much of an encoder's score of both is lost by either half alone, read by whom; half or more is asked for."""
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


def describe(shop: Catalog) -> dict:
    """How a shop was made and the hashes of what it holds."""
    card = json.loads((shop.root / "world.json").read_text("utf-8"))
    return {k: card.get(k) for k in ("config", "generator", "records_sha256", "pictures_sha256")}


def table(report: Report) -> str:
    """Markdown."""
    lines = []
    for name, task in report.tasks.items():
        metrics = list(task.metrics)
        lines += [
            "",
            f"**{name}**, {len(task.queries)} queries, {len(task.gallery)} candidates",
            "",
        ]
        lines += [f"| method | {' | '.join(metrics)} |", "|---|" + "---|" * len(metrics)]
        rows = [r for r in report.rows if r["task"] == name]
        lines += [
            f"| {r['method']} | {' | '.join(interval_text(r['metrics'][m]) for m in metrics)} |"
            for r in rows
        ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--shop", required=True, help="shop of SKUs that were not trained on, all in the split test"
    )
    parser.add_argument(
        "--train-shop",
        required=True,
        help="shop that was trained on, for the shares of composed queries",
    )
    parser.add_argument("--groceries", help="the grocery photos, such as groceries")
    parser.add_argument("--clothing", type=Path, help="folder of the clothing photos")
    parser.add_argument("--encoder", action="append", default=None, metavar="[LABEL=]NAME")
    parser.add_argument("--mobilenet", help="encoder of pictures only, such as onnx:DIR")
    parser.add_argument("--cache", type=Path, default=cache_folder(), help="where vectors are kept")
    parser.add_argument(
        "--save", action="store_true", help="write benchmarks/results/small_models.json"
    )
    args = parser.parse_args()
    named = [e.split("=", 1) if "=" in e else (e, e) for e in args.encoder or ["mini"]]
    encoders = {label: Encoded(name, args.cache) for label, name in named}
    baselines = {"colour histogram": Histogram()} | (
        {"MobileNet V1": Encoded(args.mobilenet, args.cache)} if args.mobilenet else {}
    )
    shop, train_shop = open_catalog(args.shop), open_catalog(args.train_shop)
    report = Report()
    shop_texts(report, shop, encoders)
    catalogue_pictures(report, "shop: photo -> front picture", shop, baselines | encoders)
    if args.groceries:
        groceries = open_catalog(args.groceries)
        grocery_texts(report, groceries, encoders)
        catalogue_pictures(report, "groceries: photo -> iconic", groceries, baselines | encoders)
    if args.clothing:
        clothing(report, args.clothing, baselines | encoders)
    test = Composed.of(shop, "test")
    chosen = photo_and_words(
        report, Composed.of(train_shop, train_shop.info.splits[0], 1000), test, baselines | encoders
    )
    first, *others = encoders
    made = {
        "benchmark": "small_models",
        "shop": describe(shop),
        "train_shop": describe(train_shop),
        "encoders": {label: encoder.encoder.info.identity for label, encoder in encoders.items()},
        "rows": report.rows,
        "differences": report.differences(first, others),
        "shares": chosen,
        "shortcuts": {e: shortcuts(report, test, e) for e in encoders},
    } | provenance()
    print(table(report))
    print(json.dumps(made))
    if args.save:
        (RESULTS / "small_models.json").write_text(json.dumps(made, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
