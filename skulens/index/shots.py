"""Galleries with several vectors per product (multi-shot): how they become one score.

`max` needs all vectors at search time. `mean` and `prototype` do not: an inner product is
linear, so the mean of a product's scores is the score of its mean vector, and the gallery
shrinks to one vector per product.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from skulens.errors import DataError

How = Literal["single", "max", "mean", "prototype"]

_ROWS = 8192  # vectors folded at a time: bounds the float64 copy


@dataclass(frozen=True, slots=True)
class Shots:
    """Where each product's vectors begin in a gallery that keeps them together."""

    starts: np.ndarray
    """(products,) int64, ascending from 0."""


def fold(
    ids: Sequence[str], vectors: np.ndarray, how: How
) -> tuple[tuple[str, ...], np.ndarray, Shots | None]:
    """Products, in the order of their first vector, with the vectors that stand for them.

    Returns:
        products: distinct ids.
        vectors: one per product, or all of them, together by product, for "max".
        shots: where each product's vectors begin; None where there is one vector each.

    Raises:
        DataError: `how` is unknown, ids and vectors differ in number, or "single" with an id twice.
    """
    if how not in get_args(How):
        raise DataError(f"unknown shots {how!r}; expected one of {', '.join(get_args(How))}")
    if len(ids) != len(vectors):
        raise DataError(
            f"an index needs one id per vector, got {len(ids)} ids for {len(vectors)} vectors"
        )
    position: dict[str, int] = {}
    owners = np.fromiter((position.setdefault(i, len(position)) for i in ids), np.int64, len(ids))
    products = tuple(position)
    if how == "prototype" or (how == "mean" and len(products) < len(ids)):
        return (
            products,
            mean_vectors(owners, vectors, len(products), normalise=how == "prototype"),
            None,
        )
    if len(products) == len(ids):
        return products, vectors, None
    if how == "single":
        twice = products[int(np.argmax(np.bincount(owners) > 1))]
        raise DataError(
            f"product {twice!r} has several vectors; say how they score: "
            "shots='max', 'mean' or 'prototype'"
        )
    return products, *_together(owners, vectors)


def mean_vectors(
    owners: np.ndarray, vectors: np.ndarray, count: int, normalise: bool
) -> np.ndarray:
    """(count, dim) float32: mean of each owner's vectors, summed in float64.

    With `normalise`, of unit vectors, and brought to unit length again: the prototype of
    Snell et al. 2017 on the sphere. A zero vector stays zero.
    """
    dim = vectors.shape[1]
    sums = np.zeros((count, dim))
    for start in range(0, len(owners), _ROWS):
        block = np.asarray(vectors[start : start + _ROWS], np.float64)
        np.add.at(sums, owners[start : start + _ROWS], _unit(block) if normalise else block)
    sums /= np.maximum(np.bincount(owners, minlength=count), 1)[:, None]
    return (_unit(sums) if normalise else sums).astype(np.float32)


def _unit(vectors: np.ndarray) -> np.ndarray:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)


def _together(owners: np.ndarray, vectors: np.ndarray) -> tuple[np.ndarray, Shots]:
    """Vectors in the order of their product; untouched, even on disk, where they are so already."""
    if (np.diff(owners) < 0).any():
        by_product = np.argsort(owners, kind="stable")
        vectors, owners = np.asarray(vectors)[by_product], owners[by_product]
    return vectors, Shots(np.flatnonzero(np.diff(owners, prepend=-1)))
