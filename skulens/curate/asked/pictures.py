"""How alike pictures are: vectors of products and of what queries show, by any encoder."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from skulens.encode.embed import Embedder
from skulens.index.exact import top_k
from skulens.records import Image, Item, Reject


@dataclass(frozen=True)
class Pictures:
    """Pictures with their vectors.

    Attributes:
        names: what each picture is called, such as the id of its product.
        vectors: (pictures, dim) float32 of length 1; NaN where one could not be read.
        hashes: sha256 of each picture's content; None where it could not be read.
        rejects: pictures without a vector.
    """

    names: tuple[str, ...]
    vectors: np.ndarray
    hashes: tuple[str | None, ...]
    rejects: tuple[Reject, ...]

    @property
    def readable(self) -> np.ndarray:
        """(pictures,) bool."""
        return ~np.isnan(self.vectors).any(axis=1)


def embed_pictures(images: Mapping[str, Image], embedder: Embedder) -> Pictures:
    """Vectors of pictures by the embedder's first encoder, in their order; equal ones once."""
    items = [Item(name, (image,)) for name, image in images.items()]
    fused = embedder.embed_items(items, "document")[0]
    return Pictures(
        tuple(images),
        fused.vectors,
        tuple(h[0] for h in fused.hashes),
        tuple(fused.encoded.rejects),
    )


@dataclass(frozen=True)
class Window:
    """Which products are similar enough to be a pair, and not too similar.

    A pair are two products of one class, each among the `neighbours` nearest of the other (or the
    second among those of the first, without `mutual`), whose pictures have a cosine from `least` to
    `most` and are not the identical picture. Variants of one product (SPU) are no pair unless
    `siblings`: with one of them shown, the others are found by similarity alone.
    """

    neighbours: int = 10
    mutual: bool = True
    least: float = 0.0
    most: float = 0.9999
    siblings: bool = False


@dataclass(frozen=True, slots=True)
class Pair:
    """Two similar products: the one shown and the one looked for, as positions of `Pictures`."""

    shown: int
    target: int
    cosine: float


def similar_pairs(
    pictures: Pictures, kinds: Sequence[int], spus: Sequence[int], window: Window = Window()
) -> list[Pair]:
    """Pairs of similar products in both directions, most similar first, then by position.

    Args:
        kinds: the class of each picture, negative: none, which is in no pair.
        spus: the SPU of each, negative: its own.
    """
    found: list[Pair] = []
    kind_of, spu_of = np.asarray(kinds), np.asarray(spus)
    for kind in np.unique(kind_of[kind_of >= 0]):
        places = np.flatnonzero((kind_of == kind) & pictures.readable)
        found += pairs_within(pictures, places, spu_of, window)
    return sorted(found, key=lambda p: (-p.cosine, p.shown, p.target))


def pairs_within(
    pictures: Pictures, places: np.ndarray, spus: np.ndarray, window: Window
) -> list[Pair]:
    """Pairs among some pictures."""
    near: dict[tuple[int, int], float] = {}
    for place, ranked in zip(places, neighbours_of(pictures, places, window), strict=True):
        allowed = (
            (other, cosine)
            for other, cosine in ranked
            if pictures.hashes[other] != pictures.hashes[place]
            and window.least <= cosine <= window.most
            and (window.siblings or spus[place] < 0 or spus[place] != spus[other])
        )
        for (other, cosine), _ in zip(allowed, range(window.neighbours), strict=False):
            near[int(place), other] = cosine
    return [
        Pair(a, b, cosine) for (a, b), cosine in near.items() if not window.mutual or (b, a) in near
    ]


def neighbours_of(
    pictures: Pictures, places: np.ndarray, window: Window
) -> Iterator[list[tuple[int, float]]]:
    """For each place the others, nearest first, with their cosines; more than the window wants,
    since identical pictures and siblings are left out later."""
    vectors = pictures.vectors[places]
    depth = min(len(places), 1 + 4 * window.neighbours + 16)
    order, scores = top_k(vectors, vectors, depth)
    for row, place in enumerate(places):
        yield [
            (int(places[i]), float(score))
            for i, score in zip(order[row], scores[row], strict=True)
            if places[i] != place
        ]


def mean_cosines(vectors: np.ndarray, towards: np.ndarray) -> np.ndarray:
    """(n,) float64 mean cosine of each of (n, dim) vectors with (m, dim) others, all of length 1.

    NaN where a picture was unreadable, or there is nothing to be near to.
    """
    if not len(towards):
        return np.full(len(vectors), np.nan)
    return (vectors.astype(np.float64) @ towards.astype(np.float64).T).mean(axis=1)


def rank(names: Sequence[str], scores: np.ndarray) -> list[int]:
    """Positions of names by score, best first; of equal scores the larger name, as in a `Run`.

    Those without a score (NaN) are left out.
    """
    scored = np.flatnonzero(~np.isnan(scores)).tolist()
    return sorted(scored, key=lambda i: (scores[i], names[i]), reverse=True)
