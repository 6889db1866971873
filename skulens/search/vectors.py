"""Requests -> vectors to search the columns of a store with.

A column gets the parts that its encoder reads; one made of texts gets no photos, unless the request
gives it a weight. Under `avg`, each vector is divided by its length and weighted, and their sum is
divided by its own length; weights may be negative. Under `cat` and `seq` the encoder sees all parts
at once (`encode.fusion`), and there are no weights.

The key of a condition is a text of its own before its photo. It is embedded only where its photo is:
"collar" alone is nothing that a shopper asks for.
"""

import sys
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from skulens.documents import VectorColumn
from skulens.encode.batching import Batching, Encoded
from skulens.encode.cache import VectorCache
from skulens.encode.embed import Embedder
from skulens.encode.fusion import fuse, normalise
from skulens.encode.memo import Memo
from skulens.errors import DataError, unknown
from skulens.protocols import Encoder, Role, Store
from skulens.records import Item, Part, Reject
from skulens.search.indexing.columns import open_column
from skulens.search.ingredients import Ingredient, has_vector, ingredients, wants, way_of
from skulens.search.request import Request

QUIET = Batching(progress=False)
EXTRA = 4
"""Special tokens of a text, at most; of the others there are no more than bytes."""
CANCELLED = 1e-5
"""Length of a weighted sum, as a share of the weights, below which nothing but rounding is left."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What one column is asked."""

    vector: np.ndarray
    """(dim,) float32, of length 1 but where it was given."""
    parts: tuple[int, ...] = ()
    """Positions of the parts in it, and len(parts of the query) + n for the product that condition
    n names; ascending."""
    weights: tuple[float, ...] = ()
    """Of each."""
    each: np.ndarray | None = None
    """(parts, dim) float32 of length 1, where they were embedded one by one."""


class QueryEmbedder:
    """Encoders of a store's columns, opened when first needed.

    Threads may share it: each encoder works for one of them at a time.

    Args:
        cache: folder of the embedding cache; None keeps nothing.
        memo: remembers hashes of files and infos of encoders.
        encoders: column -> name of its encoder where it is not the one written in the store, such
            as a model file that has moved; it must be the same model.
    Raises:
        UnknownName: an encoder for a column that there is not.
    """

    def __init__(
        self,
        store: Store,
        cache: Path | None = None,
        memo: Memo | None = None,
        encoders: Mapping[str, str] | None = None,
        batching: Batching = QUIET,
    ):
        columns = [column.name for column in store.schema.vectors]
        for name in encoders or ():
            if name not in columns:
                raise unknown("vector column", name, columns, "skulens index info STORE")
        self.store, self.cache, self.memo = store, cache, memo
        self.encoders, self.batching = dict(encoders or {}), batching
        self._embedders: dict[str, Embedder] = {}
        self._opening = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}

    def embed(self, requests: Sequence[Request]) -> list[dict[str, Asked] | Reject]:
        """Column -> what it is asked, for each request; a Reject where a part cannot be read.

        Raises:
            DataError: weights that cancel out, a product that the store lacks; StoreError: an
                encoder that is not the one that made its column; EncoderError: a fusion that no
                column can do.
        """
        found: list[dict[str, Asked] | Reject] = [{} for _ in requests]
        for column in self.store.schema.vectors:
            given = [i for i, r in enumerate(requests) if wants(r, column)]
            named = [i for i in given if column.name in requests[i].weights]
            others = [i for i in given if column.name not in requests[i].weights]
            for read, mine in ((column, named), (self._by_default(column), others)):
                asked = self._embed_column(read, [requests[i] for i in mine])
                for i, one in zip(mine, asked, strict=True):
                    held = found[i]
                    if isinstance(one, Reject):
                        found[i] = one
                    elif one is not None and isinstance(held, dict):
                        held[column.name] = one
        return found

    def columns_to_read(self, request: Request) -> tuple[str, ...]:
        """Names of the columns whose encoders have something of a request to read."""
        return tuple(
            column.name
            for column in self.store.schema.vectors
            if wants(request, column)
            and column.name not in request.vectors
            and any(
                x.part is not None
                for x in self._ingredients(request, self._read_as(request, column))
            )
        )

    def _read_as(self, request: Request, column: VectorColumn) -> VectorColumn:
        return column if column.name in request.weights else self._by_default(column)

    def _by_default(self, column: VectorColumn) -> VectorColumn:
        """The column as it is asked by requests that give it no weight: photos are not compared with
        texts of products where there are pictures to compare them with.

        With both comparisons 0.25 of the photos of groceries found their product first, with
        pictures alone 0.48.
        """
        pictures = any(
            c.made_from != "text" and "image" in c.modalities for c in self.store.schema.vectors
        )
        if column.made_from != "text" or not pictures:
            return column
        return replace(column, modalities=tuple(m for m in column.modalities if m == "text"))

    def encoder(self, column: VectorColumn) -> Encoder:
        """The one that made a column. Raises StoreError where it cannot be had any more."""
        return self._embedder(column).encoders[0]

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep the encoders of all columns from other threads while the block runs."""
        with ExitStack() as held:
            for column in self.store.schema.vectors:
                held.enter_context(self._lock(column))
            yield

    def embed_parts(
        self, column: VectorColumn, parts: Sequence[Part], role: Role = "query"
    ) -> Encoded:
        """Vectors of texts and pictures by the encoder of a column.

        Raises:
            EncoderError: it does not read them; StoreError: see `encoder`.
        """
        embedder = self._embedder(column)
        with self._lock(column):
            return embedder.embed_parts(parts, role)[0]

    def count_tokens(self, column: VectorColumn, texts: Sequence[str]) -> int:
        """Tokens of texts that the encoder of a column reads; what it cuts is left out."""
        encoder = self.encoder(column)
        limit = encoder.info.context_length or sys.maxsize
        with self._lock(column):
            return sum(min(limit, encoder.count_tokens(text)) for text in texts)

    def cut_texts(self, request: Request, column: VectorColumn) -> list[tuple[int, int, int]]:
        """(part, its tokens, tokens that the encoder reads) of each text longer than these."""
        if column.name in request.vectors:
            return []
        texts = ((x.position, x.part) for x in self._ingredients(request, column))
        cuts = ((i, self._cut(column, text)) for i, text in texts if isinstance(text, str))
        return [(i, *cut) for i, cut in cuts if cut is not None]

    def _embedder(self, column: VectorColumn) -> Embedder:
        with self._opening:
            if column.name not in self._embedders:
                encoder = open_column(column, self.encoders.get(column.name, ""), self.memo)
                cache = VectorCache(self.cache, encoder.info) if self.cache else None
                made = Embedder([encoder], [cache], self.memo, self.batching)
                self._embedders[column.name] = made
            return self._embedders[column.name]

    def _lock(self, column: VectorColumn) -> threading.Lock:
        return self._locks.setdefault(column.name, threading.Lock())

    def _embed_column(
        self, column: VectorColumn, requests: Sequence[Request]
    ) -> list[Asked | Reject | None]:
        """What each request asks of the column; None where it can read nothing of the request."""
        found: list[Asked | Reject | None] = [None] * len(requests)
        ways: dict[str, list[int]] = defaultdict(list)
        for i, request in enumerate(requests):
            if column.name in request.vectors:
                found[i] = Asked(request.vectors[column.name])
            elif mine := self._ingredients(request, column):
                ways[way_of(request, column, mine)].append(i)
        for fusion, places in ways.items():
            embed = self._average if fusion == "avg" else self._read_whole
            for i, asked in zip(places, embed(column, [requests[i] for i in places]), strict=True):
                found[i] = asked
        return found

    def _ingredients(self, request: Request, column: VectorColumn) -> list[Ingredient]:
        """What a column reads of a request. A text that its encoder would cut is left to a column that
        reads the whole of it, where there is one, unless the request weighs the column: "oat milk" in
        Thai has 32 tokens for an encoder that knows no Thai and reads 24."""
        found = ingredients(request, column, self.store.schema)
        if column.name in request.weights:
            return found
        others = [
            c
            for c in self.store.schema.vectors
            if c.name != column.name and "text" in c.modalities and wants(request, c)
        ]
        return [
            x
            for x in found
            if not (isinstance(x.part, str) and others and self._cut(column, x.part))
            or all(self._cut(c, x.part) for c in others)
        ]

    def _cut(self, column: VectorColumn, text: str) -> tuple[int, int] | None:
        """(tokens of a text, tokens that the encoder of a column reads) where these are fewer."""
        encoder = self.encoder(column)
        limit = encoder.info.context_length or sys.maxsize
        if len(text.encode(errors="replace")) + EXTRA <= limit:
            return None
        with self._lock(column):
            tokens = encoder.count_tokens(text)
        return (tokens, limit) if tokens > limit else None

    def _average(
        self, column: VectorColumn, requests: Sequence[Request]
    ) -> list[Asked | Reject | None]:
        """Weighted sums of the parts' vectors."""
        split = [self._ingredients(request, column) for request in requests]
        vectors, rejects = self._embed_parts(
            column, [x.part for mine in split for x in mine if x.part is not None]
        )
        found: list[Asked | Reject | None] = []
        start = 0
        for request, mine in zip(requests, split, strict=True):
            end = start + sum(x.part is not None for x in mine)
            bad = next((r for r in rejects[start:end] if r is not None), None)
            if bad is not None:
                found.append(replace(bad, item=request.query.id))
            else:
                found.append(self._sum(column, request, mine, vectors[start:end]))
            start = end
        return found

    def _embed_parts(
        self, column: VectorColumn, parts: Sequence[Part]
    ) -> tuple[np.ndarray, list[Reject | None]]:
        """(parts, dim) float32, and why a part has none."""
        if not parts:
            return np.zeros((0, column.dim), np.float32), []
        encoded = self.embed_parts(column, parts)
        lost = iter(encoded.rejects)
        return encoded.vectors, [None if ok else next(lost) for ok in encoded.ok]

    def _sum(
        self,
        column: VectorColumn,
        request: Request,
        mine: Sequence[Ingredient],
        embedded: np.ndarray,
    ) -> Asked | None:
        """Args: embedded: (those of `mine` with a part, dim)."""
        each = np.empty((len(mine), column.dim), np.float32)
        each[[x.part is not None for x in mine]] = embedded
        products = [x.product for x in mine if x.product]
        if products:
            each[[bool(x.product) for x in mine]] = self._stored(column, products)
        for row, x in enumerate(mine):
            if x.vector is not None:
                each[row] = x.vector
        here = has_vector(request, mine, each)
        if not here.any():
            return None
        mine, each = [x for x, kept in zip(mine, here, strict=True) if kept], each[here]
        weights = np.array([x.weight for x in mine])
        positions = tuple(x.position for x in mine)
        vector = add_up(each, weights, column.name)
        return Asked(vector, positions, tuple(weights.tolist()), normalise(each))

    def _stored(self, column: VectorColumn, products: Sequence[str]) -> np.ndarray:
        """(products, dim) float32; NaN rows of those without. Raises DataError."""
        known = self.store.fetch(products, ["id"])
        for product, held in zip(products, known, strict=True):
            if not held:
                raise DataError(f"the store has no product {product!r}; give its id as it is there")
        return self.store.vectors(column.name, products)

    def _read_whole(
        self, column: VectorColumn, requests: Sequence[Request]
    ) -> list[Asked | Reject | None]:
        """Vectors of all parts at once, by `cat` or `seq`."""
        split = [self._ingredients(request, column) for request in requests]
        items = [
            Item(str(i), tuple(x.part for x in mine if x.part is not None))
            for i, mine in enumerate(split)
        ]
        embedder = self._embedder(column)
        with self._lock(column):
            [fused] = embedder.embed_items(items, "query", requests[0].fusion)
        lost = {int(r.item): r for r in reversed(fused.encoded.rejects)}
        found: list[Asked | Reject | None] = []
        for i, (request, mine) in enumerate(zip(requests, split, strict=True)):
            if i in lost:
                found.append(replace(lost[i], item=request.query.id))
            else:
                positions = tuple(x.position for x in mine)
                found.append(Asked(fused.vectors[i], positions, (1.0,) * len(mine)))
        return found


def add_up(each: np.ndarray, weights: np.ndarray, column: str) -> np.ndarray:
    """(dim,) float32 of length 1: the weighted sum of vectors, each of length 1.

    Args:
        each: (parts, dim) of any length; weights: (parts,).
    Raises:
        DataError: nothing is left of the sum.
    """
    total = weights @ normalise(each).astype(np.float64)
    length = float(np.linalg.norm(total))
    if not length > CANCELLED * np.abs(weights).sum():
        raise DataError(
            f"the vectors of the query cancel out in {column!r} (weights "
            f"{', '.join(f'{w:g}' for w in weights)}): their weighted sum has length 0; give "
            "other weights, or photos that differ"
        )
    if (weights == 1).all():  # the very numbers of `encode.fusion`, so that rankings agree
        return fuse(each, np.zeros(len(each), np.int64), 1)[0]
    return (total / length).astype(np.float32)
