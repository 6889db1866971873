"""Products of a store, drawn at random: what is read of them one by one."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skulens.protocols import Store

BATCH = 1000
Watch = Callable[[Any, str], Iterable]
"""Called with things to do and what they are; gives them back, one by one, and shows progress."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Products in random order, and what is stored of them."""

    ids: tuple[str, ...]
    vectors: Mapping[str, np.ndarray]
    """Column -> (ids, dim) float32."""
    fields: tuple[Mapping[str, Any], ...]

    def good(self, column: str) -> np.ndarray:
        """Places of the products whose vector can be searched for."""
        vectors = self.vectors[column]
        return np.flatnonzero(np.isfinite(vectors).all(axis=1) & vectors.any(axis=1))


def draw_sample(
    store: Store, ids: Sequence[str], size: int, rng: np.random.Generator, watch: Watch
) -> Sample:
    """Products in random order."""
    places = rng.permutation(len(ids))[:size]
    chosen = tuple(ids[place] for place in places.tolist())
    columns = {c.name: np.empty((len(chosen), c.dim), np.float32) for c in store.schema.vectors}
    fields: list[Mapping[str, Any]] = []
    for start in watch(range(0, len(chosen), BATCH), "vectors"):
        part = chosen[start : start + BATCH]
        for name, held in columns.items():
            held[start : start + BATCH] = store.vectors(name, part)
        fields += store.fetch(part)
    return Sample(chosen, columns, tuple(fields))
