"""Parts of the small-model benchmark: encoders, baselines, tasks, paired differences."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, cast

import bm25s
import numpy as np

from skulens import pictures
from skulens.encode import open_encoder
from skulens.encode.batching import Batching
from skulens.encode.cache import VectorCache
from skulens.encode.embed import Embedder
from skulens.encode.fusion import normalise
from skulens.evaluate.intervals import Grouped, difference_intervals, intervals
from skulens.evaluate.ranking import hit_rate_at_k, judge
from skulens.evaluate.scores import number_groups
from skulens.protocols import Catalog
from skulens.records import Image, Part, Product, Qrels, Query, Run

DEPTH = 10


class Method(Protocol):
    """An encoder or baseline: parts of its modalities in, unit vectors (parts, dim) out."""

    @property
    def modalities(self) -> Sequence[str]: ...

    def __call__(self, parts: Sequence[Any]) -> np.ndarray: ...


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
    """Square roots of the shares of 6 x 6 x 6 colours; inner product: Bhattacharyya's."""

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
        """Paired differences of `first` and every other method, on each task both were run on."""
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
    """The first part of each query, which in every task here is a photo."""
    return [cast(Image, q.item.parts[0]) for q in queries]


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


def sku_text(product: Product, language: str) -> str:
    """Caption (everything visible) and title (brand and everything else) in a language."""
    suffix = "" if language == "en" else f"_{language}"
    return f"{product.texts[f'caption{suffix}']}. {product.text(f'title{suffix}')}"
