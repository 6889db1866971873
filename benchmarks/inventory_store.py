"""A store that serves while its products change, and what it finds for photos."""

import statistics
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from skulens.documents import Document, FieldColumn, Schema, VectorColumn
from skulens.encode import open_encoder, open_memo
from skulens.encode.cache import VectorCache
from skulens.encode.embed import Embedder
from skulens.evaluate.compare import compare
from skulens.evaluate.intervals import Grouped, Interval, intervals
from skulens.evaluate.scores import number_groups
from skulens.files import cache_folder
from skulens.index.stores import open_store
from skulens.records import Image, Item, Query
from skulens.search.request import Request
from skulens.search.shop import Shop

K = 10
COLUMN = "picture"
ENTRY = "@"
"""Between a SKU and the number of a further entry of it."""


@dataclass(frozen=True)
class Photo:
    """A probe and what is in it."""

    sku: str
    group: str
    image: Image


@dataclass(frozen=True)
class Found:
    """What a store found for photos: arrays (photos,)."""

    photos: Sequence[Photo]
    hits: list[list[str]]
    score: np.ndarray
    margin: np.ndarray

    @property
    def first(self) -> np.ndarray:
        """1.0 where the first hit is the SKU of the photo."""
        return np.array(
            [h[:1] == [p.sku] for h, p in zip(self.hits, self.photos, strict=True)], float
        )

    @property
    def within(self) -> np.ndarray:
        """1.0 where it is among the first K."""
        return np.array([p.sku in h for h, p in zip(self.hits, self.photos, strict=True)], float)

    def of(self, skus: Collection[str]) -> np.ndarray:
        """bool: the photo is of one of these."""
        return np.array([p.sku in skus for p in self.photos])

    @property
    def groups(self) -> np.ndarray:
        return number_groups([p.group for p in self.photos])


class Inventory:
    """A store with one column of pictures, and what changes in it."""

    def __init__(self, place: Path, encoder: str):
        opened, self.memo = open_encoder(encoder, memo=open_memo()), open_memo()
        info = opened.info
        self.embedder = Embedder([opened], [VectorCache(cache_folder(), info)], self.memo)
        column = VectorColumn(COLUMN, info.dim, info.identity, encoder, info.modalities)
        self.store = open_store(str(place), Schema((column,), (FieldColumn("sku", "text"),)))
        self.shop = Shop(self.store, cache=cache_folder(), memo=self.memo)

    def documents(self, entries: Mapping[str, Sequence[Image]]) -> list[Document]:
        """An entry per id; several pictures are averaged, as the builder of stores does."""
        items = [Item(name, tuple(images)) for name, images in entries.items()]
        [fused] = self.embedder.embed_items(items, "document")
        return [
            Document(
                item.id, {COLUMN: vector}, {"sku": item.id.partition(ENTRY)[0]}, digest=item.id
            )
            for item, vector in zip(items, fused.vectors, strict=True)
            if np.isfinite(vector).all()
        ]

    def put(self, entries: Mapping[str, Sequence[Image]]) -> None:
        self.store.upsert(self.documents(entries))

    def ask(self, photos: Sequence[Photo], collapse: str = "") -> Found:
        """The first K SKUs of each photo; "sku" collapses several entries of one."""
        queries = [Query(str(i), Item(str(i), (p.image,))) for i, p in enumerate(photos)]
        usual = Request(queries[0], k=K, collapse=collapse, codes=False, details=False)
        requests = [replace(usual, query=query) for query in queries]
        hits, scores = [], np.full((len(photos), 2), -1.0)
        for row, answer in enumerate(self.shop.answers(requests)):
            found = getattr(answer, "hits", ())
            hits.append([h.id.partition(ENTRY)[0] for h in found])
            scores[row, : len(found[:2])] = [h.score for h in found[:2]]
        return Found(photos, hits, scores[:, 0], scores[:, 0] - scores[:, 1])

    def time_upserts(self, entries: Mapping[str, Sequence[Image]]) -> dict[str, float]:
        """Add entries one by one; milliseconds from the call until a search finds each."""
        took, lost = [], 0
        for document in self.documents(entries):
            vector = document.vectors[COLUMN]
            asked = Request(Query("q", Item("q", ())), k=1, vectors={COLUMN: vector}, details=False)
            began = time.perf_counter()
            self.store.upsert([document])
            [hit] = self.shop.answer(asked).hits
            took.append(1e3 * (time.perf_counter() - began))
            lost += hit.id != document.id
        return {
            "ms to findable, median": round(statistics.median(took), 1),
            "ms to findable, most": round(max(took), 1),
            "not found at once": lost,
        }


def share(values: np.ndarray, groups: np.ndarray, mine: np.ndarray) -> str:
    """Mean over photos with its 95 % interval over groups."""
    if not mine.any():
        return "-"
    numbers = np.unique(groups[mine], return_inverse=True)[1]
    [found] = intervals(Grouped.of(values[mine][:, None].astype(float), numbers).micro())
    return show(found)


def show(found: Interval) -> str:
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"


def change(after: Found, before: Found, mine: np.ndarray) -> str:
    """Paired difference of hit_rate@1, after minus before, over photos."""
    numbers = np.unique(after.groups[mine], return_inverse=True)[1]
    d = compare(after.first[mine], before.first[mine], numbers)
    return f"{d.value:+.3f} [{d.low:+.3f}, {d.high:+.3f}]"
