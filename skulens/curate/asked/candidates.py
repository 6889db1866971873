"""Candidates for annotators: what satisfies a query's conditions, nearest to its pictures first.

MERIT shows annotators the products that have every attribute asked for, ranked by the similarity
of their picture to the pictures of the query (A.3, figures 17 to 19). The authors' code looks at 64
of them, or takes the 15 nearest to each reference of 128; here all are ranked unless `Limits` say
otherwise, since vectors are cached.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from skulens.compose.chance import uniforms
from skulens.compose.pool import Pool, make_pool
from skulens.compose.words import CLASS
from skulens.curate.asked.pictures import embed_pictures, mean_cosines, rank
from skulens.encode.embed import Embedder
from skulens.records import Image, Product, Query


@dataclass(frozen=True)
class Limits:
    """How many candidates, and how they are chosen."""

    most: int = 30
    """Of a query; 0: all."""
    sample: int = 0
    """Products that are looked at, drawn with `seed` where more satisfy the conditions; 0: all."""
    per_reference: int = 0
    """The union of so many nearest to each picture; 0: ranked by the mean of all pictures alone."""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A product that satisfies the conditions of a query."""

    product: str
    score: float
    """Mean cosine with the query's pictures."""


def rank_candidates(
    queries: Sequence[Query],
    products: Sequence[Product],
    embedder: Embedder,
    limits: Limits = Limits(),
) -> dict[str, tuple[Candidate, ...]]:
    """The candidates of each query, best first; equal scores: larger id first.

    Recalled are products with every (key, value) that a condition names, of the class that it
    names; conditions whose value nobody knows recall nothing away. The query's references are left
    out, and products or queries without a readable picture.

    Args:
        products: the gallery.
        embedder: its first encoder is asked.
    Raises:
        DataError: no products.
    """
    pool, _ = make_pool(products)
    pairs = {pair: number for number, pair in enumerate(pool.pairs)}
    gallery = embed_pictures({p.id: p.images[0] for p in products if p.images}, embedder)
    shown = embed_pictures(
        {f"{q.id} {i}": image for q in queries for i, image in enumerate(pictures_of(q))}, embedder
    )
    row_of = {name: row for row, name in enumerate(gallery.names)}
    found, start = {}, 0
    for number, query in enumerate(queries):
        end = start + len(pictures_of(query))
        towards = shown.vectors[start:end][shown.readable[start:end]]
        names = [pool.ids[i] for i in recall(pool, pairs, query)]
        names = draw([n for n in names if n in row_of], limits, number)
        rows = [row_of[name] for name in names]
        found[query.id] = choose(names, gallery.vectors[rows], towards, limits)
        start = end
    return found


def pictures_of(query: Query) -> list[Image]:
    """What the query shows, in reading order."""
    return [part for part in query.item.parts if isinstance(part, Image)]


def recall(pool: Pool, pairs: Mapping[tuple[str, str], int], query: Query) -> np.ndarray:
    """Products that satisfy every condition with a known value, references left out; ascending.

    Args:
        pairs: (key, value) -> its number in the pool. A pair that no product has recalls nothing.
    """
    wanted = [(c.key, c.value) for c in query.conditions if c.value is not None and c.weight > 0]
    kind = next((value for key, value in wanted if key == CLASS), None)
    numbers = [pairs.get(pair) for pair in wanted if pair[0] != CLASS]
    if not numbers or None in numbers or (kind and kind not in pool.kind.names):
        return np.empty(0, np.int32)
    code = pool.kind.names.index(kind) if kind else -1
    found = pool.answers([n for n in numbers if n is not None], code)
    left_out = set(query.references)
    return np.array([i for i in found if pool.ids[i] not in left_out], np.int32)


def draw(names: list[str], limits: Limits, query: int) -> list[str]:
    """At most `limits.sample` names, each query's own draw, in their order."""
    if not limits.sample or len(names) <= limits.sample:
        return names
    chances = uniforms(limits.seed, np.array([query], np.uint64), len(names))[0]
    return [names[i] for i in sorted(np.argsort(chances, kind="stable")[: limits.sample])]


def choose(
    names: Sequence[str], vectors: np.ndarray, towards: np.ndarray, limits: Limits
) -> tuple[Candidate, ...]:
    """The best of some products by their vectors.

    Args:
        vectors: (names, dim); towards: (pictures of the query, dim); all of length 1.
    """
    scores = mean_cosines(vectors, towards)
    order = rank(names, scores)
    if limits.per_reference:
        alone = (rank(names, mean_cosines(vectors, one[None])) for one in towards)
        near = {i for ranked in alone for i in ranked[: limits.per_reference]}
        order = [i for i in order if i in near]
    return tuple(Candidate(names[i], float(scores[i])) for i in order[: limits.most or None])
