"""Words as sparse vectors, for engines that multiply by the rarity of a word but know no tokeniser.

The score of a product is BM25: what stands here is its part that the product alone decides; the
engine adds the inverse document frequency (its "IDF modifier"). Grams count GRAM_WEIGHT as much as
words. A word's dimension is a hash of 32 bits: of a million words about a hundred share one.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from skulens.errors import StoreError
from skulens.index.bm25 import K1, B
from skulens.index.stores.words import GRAM_WEIGHT, grams, split, tokeniser


@dataclass(frozen=True)
class Lengths:
    """Words and grams of the average product, which BM25 measures a product's length by. A store
    keeps those it began with: scores of later products must be comparable."""

    words: float
    grams: float


USUAL = Lengths(40.0, 300.0)
"""Of a store that began with fewer products than SAMPLE."""
SAMPLE = 100


@dataclass(frozen=True)
class Sparse:
    """A sparse vector."""

    dims: list[int]
    """Sorted."""
    weights: list[float]


def measure_lengths(texts: Sequence[str]) -> Lengths:
    """Averages over texts, at least 1 each; USUAL for fewer texts than SAMPLE."""
    if len(texts) < SAMPLE:
        return USUAL
    words = sum(len(split(text)) for text in texts) / len(texts)
    return Lengths(max(1.0, words), max(1.0, sum(len(grams(text)) for text in texts) / len(texts)))


def weigh_document(text: str, lengths: Lengths) -> Sparse:
    """The words and grams of a product, each by how often it stands there; Okapi BM25."""
    found: dict[int, float] = {}
    for kind, tokens, usual in (
        ("w", split(text), lengths.words),
        ("g", grams(text), lengths.grams),
    ):
        flat = K1 * (1 - B + B * len(tokens) / usual)
        for token, count in Counter(tokens).items():
            dim = dim_of(kind + token)
            found[dim] = found.get(dim, 0.0) + count * (K1 + 1) / (count + flat)
    return make_sparse(found)


def weigh_query(text: str) -> Sparse:
    """The words of a query count 1 each, its grams GRAM_WEIGHT."""
    found: dict[int, float] = {}
    for kind, tokens, weight in (("w", split(text), 1.0), ("g", grams(text), GRAM_WEIGHT)):
        for token in tokens:
            dim = dim_of(kind + token)
            found[dim] = found.get(dim, 0.0) + weight
    return make_sparse(found)


def make_sparse(weights: dict[int, float]) -> Sparse:
    dims = sorted(weights)
    return Sparse(dims, [weights[d] for d in dims])


def check_tokeniser(mine: str, place: str) -> None:
    """Raise StoreError where words would be cut otherwise than `mine`, the store's tokeniser, cut."""
    if mine != tokeniser():
        raise StoreError(
            f"the words of {place} were cut by {mine!r}, here they would be by {tokeniser()!r} and "
            "not be found; install the same packages, or build a new store"
        )


def dim_of(token: str) -> int:
    return int.from_bytes(hashlib.blake2b(token.encode(), digest_size=4).digest())
