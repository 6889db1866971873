"""Every combination of values that a query may ask for, with few answers and many near misses.

A cell is a combination of values, one for each of a few keys of a class, that some product has. Keys
are taken in all combinations, so that a class of 13 keys has 715 sets of four.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import combinations

import numpy as np

from skulens.compose.pool import MODALITIES, Pool
from skulens.compose.proposals import NONE
from skulens.compose.run import Progress
from skulens.compose.told import text_keys

SEEN = tuple(MODALITIES.index(m) for m in ("visual", "both"))


@dataclass(frozen=True)
class Cells:
    """Combinations of values of one class that a query could ask for.

    Attributes:
        pairs: (cells, conditions) int32.
        kinds: (cells,) int32 class, NONE of products without one.
        sizes: (cells,) int64 products that have all pairs.
    """

    pairs: np.ndarray
    kinds: np.ndarray
    sizes: np.ndarray

    def __len__(self) -> int:
        return len(self.kinds)


@dataclass(frozen=True)
class Bounds:
    """What a cell must have."""

    answers: int
    """Products with all values, at most."""
    near: int
    """Products that fail one value alone, at least, for each value."""
    told: int
    """Keys that text tells, at most."""


def list_cells(
    pool: Pool, conditions: int, bounds: Bounds, progress: Progress = lambda classes: None
) -> Cells:
    """Every cell within the bounds of which some value is seen and a sibling of an answer fails one.

    By class, keys and first product; products without a class are left out where others have one,
    since a query could not name theirs. Where products have several values of one key, the last is
    listed: this can miss a cell, and what it lists is to be looked up exactly.

    Args:
        progress: told when a class is done.
    """
    found: list[Cells] = []
    for kind in range(len(pool.kind.names)) if pool.kind.names else (NONE,):
        found += cells_of_class(pool, kind, conditions, bounds)
        progress(1)
    empty = Cells(np.empty((0, conditions), np.int32), np.empty(0, np.int32), np.empty(0, int))
    columns = ([getattr(c, f.name) for c in (empty, *found)] for f in fields(Cells))
    return Cells(*map(np.concatenate, columns))


def cells_of_class(pool: Pool, kind: int, conditions: int, bounds: Bounds) -> Iterator[Cells]:
    """The cells of each set of keys that may be asked for together."""
    members = np.flatnonzero(pool.kind.codes == kind)
    values = values_of(pool, members)
    keys = [k for k in range(values.shape[1]) if len(np.unique(values[:, k])) > 1]
    told = text_keys(pool, kind)
    seen = np.isin(pool.modality[kind], SEEN) if kind >= 0 else np.ones(len(pool.keys), bool)
    groups = Groups(values, pool.spu.codes[members])
    for chosen in combinations(keys, conditions):
        mine = list(chosen)
        if not seen[mine].any() or told[mine].sum() > bounds.told:
            continue
        first, sizes = groups.select(chosen, bounds)
        pairs = values[first][:, mine].astype(np.int32)
        yield Cells(pairs, np.full(len(first), kind, np.int32), sizes)


def values_of(pool: Pool, members: np.ndarray) -> np.ndarray:
    """(members, keys) pair of each product and key, -1 where it has none."""
    rows = np.repeat(np.arange(len(members)), np.diff(pool.starts)[members])
    held = np.concatenate([pool.pairs_of(int(p)) for p in members])
    values = np.full((len(members), len(pool.keys)), -1, np.int64)
    values[rows, pool.key_of[held]] = held
    return values


class Groups:
    """Products of one class that agree on some keys.

    Args:
        values: (products, keys) int64, -1 where a product lacks the key.
        families: (products,) SPU of each, -1 for none.
    """

    def __init__(self, values: np.ndarray, families: np.ndarray):
        self.values = values
        alone = families.max(initial=0) + 1 + np.arange(len(families))
        self.families = np.where(families >= 0, families, alone).astype(np.int64)
        self.known: dict[tuple[int, ...], tuple[np.ndarray, np.ndarray]] = {}

    def codes(self, keys: tuple[int, ...]) -> np.ndarray:
        """(products,) the group of each, from 0; -1 where a product lacks a key."""
        return self.count(keys)[0]

    def count(self, keys: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        """Codes, and of each product how many siblings, itself included, are in its group."""
        if keys not in self.known:
            last = self.values[:, keys[-1]]
            codes = last if len(keys) == 1 else join(self.codes(keys[:-1]), last)
            self.known[keys] = codes, sizes_of(join(codes, self.families))
        return self.known[keys]

    def select(self, keys: tuple[int, ...], bounds: Bounds) -> tuple[np.ndarray, np.ndarray]:
        """Groups within the bounds that a sibling misses by one key: first products and sizes."""
        codes, kin = self.count(keys)
        sizes = sizes_of(codes)
        good, missed = sizes <= bounds.answers, np.zeros(len(codes), bool)
        for i in range(len(keys)):
            fewer, wider = self.count(keys[:i] + keys[i + 1 :])
            good &= sizes_of(fewer) - sizes >= bounds.near
            missed |= wider > kin
        good &= codes >= 0
        close = np.bincount(codes[good], missed[good], minlength=codes.max(initial=0) + 1) > 0
        groups, first = np.unique(codes[good], return_index=True)
        first = np.flatnonzero(good)[first][close[groups]]
        return first, sizes[first]


def join(codes: np.ndarray, more: np.ndarray) -> np.ndarray:
    """Codes from 0 of the combinations of two columns; -1 where either is below 0."""
    whole = (codes >= 0) & (more >= 0)
    joined = np.full(len(codes), -1, np.int64)
    pairs = codes[whole] * (more.max(initial=0) + 1) + more[whole]
    joined[whole] = np.unique(pairs, return_inverse=True)[1]
    return joined


def sizes_of(codes: np.ndarray) -> np.ndarray:
    """(products,) members of each product's group; 0 for -1."""
    counts = np.bincount(codes + 1)
    counts[0] = 0
    return counts[codes + 1]
