"""The catalogue of `search_speed`: clustered vectors, filters that know them and filters that do not.

Vectors are those of 2,000 random centres with noise; a product's cosine with another of its centre is
about 0.67. A query is a product's vector and noise (cosine 0.9), as in `skulens index check`. `price`
knows nothing of the vector; `attributes.kind`, `.style` and `.line` are groups of centres, of which
one keeps 10, 1 and 0.1 % of the products, like a shopper's "shoes".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from skulens.documents import Document, FieldColumn, Schema, VectorColumn
from skulens.filters import parse_filter
from skulens.index.stores.check.recall import add_noise
from skulens.records import Filter

CENTRES = 2000
NOISE = 0.7
"""Length of the noise beside the centre's."""
BLOCK = 10_000
MAKER = "benchmark"
GROUPS = {"kind": 10, "style": 100, "line": 1000}
"""Attribute -> its values."""
SYLLABLES = [c + v + e for c, v, e in product("bdfghjklmnprstvw", "aeiou", ("", "n", "s"))]
WORDS = ["".join(np.random.default_rng(n).choice(SYLLABLES, 2 + n % 2)) for n in range(5000)]
"""Of two or three of 240 syllables."""


@dataclass(frozen=True)
class Catalogue:
    """Products made of a seed, block by block."""

    rows: int
    dim: int
    seed: int = 0

    @property
    def schema(self) -> Schema:
        vectors = (VectorColumn("picture", self.dim, MAKER),)
        texts = (
            FieldColumn("id", "text"),
            *(FieldColumn(f"attributes.{g}", "text", True) for g in GROUPS),
        )
        return Schema(vectors, (*texts, FieldColumn("price", "number")), "search_speed")

    def centres_of(self, start: int) -> np.ndarray:
        """(products of a block,) their centre."""
        count = min(BLOCK, self.rows - start)
        return np.random.default_rng((self.seed, 1, start)).integers(0, CENTRES, count)

    def vectors_of(self, start: int) -> np.ndarray:
        """(products of a block, dim) float32 of length 1."""
        centres = np.random.default_rng((self.seed, 0)).standard_normal(
            (CENTRES, self.dim), np.float32
        )
        mine = self.centres_of(start)
        noise = np.random.default_rng((self.seed, 2, start))
        found = centres[mine] + NOISE * noise.standard_normal((len(mine), self.dim), np.float32)
        return found / np.linalg.norm(found, axis=1, keepdims=True)

    def prices_of(self, start: int) -> np.ndarray:
        """(products of a block,) uniform from 0 to 1,000."""
        count = min(BLOCK, self.rows - start)
        return np.random.default_rng((self.seed, 3, start)).uniform(0, 1000, count)

    def gather(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(vectors, centres, prices) of all products."""
        starts = range(0, self.rows, BLOCK)
        vectors = np.empty((self.rows, self.dim), np.float32)
        for start in starts:
            vectors[start : start + BLOCK] = self.vectors_of(start)
        centres = np.concatenate([self.centres_of(s) for s in starts])
        return vectors, centres, np.concatenate([self.prices_of(s) for s in starts])

    def documents(self, last: int = 0) -> Iterator[Document]:
        """Products in order, up to a number; 0: all."""
        for start in range(0, last or self.rows, BLOCK):
            words = np.random.default_rng((self.seed, 4, start)).integers(0, len(WORDS), (BLOCK, 3))
            rows = zip(
                range(start, last or self.rows),
                self.vectors_of(start),
                self.centres_of(start).tolist(),
                self.prices_of(start).tolist(),
                words.tolist(),
                strict=False,
            )
            for row, vector, centre, price, rare in rows:
                name, groups = (
                    id_of(row),
                    {f"attributes.{g}": (group_of(g, centre),) for g in GROUPS},
                )
                text = " ".join([WORDS[centre % len(WORDS)], *(WORDS[w] for w in rare)])
                fields = {"id": name, "price": price, **groups}
                yield Document(name, {"picture": vector}, fields, text, digest=name)

    def queries(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """(queries, dim) float32 of length 1, and (queries,) the product that each is near to."""
        rng = np.random.default_rng((self.seed, 5))
        near = rng.choice(self.rows, count, replace=False)
        near = np.sort(near)
        blocks = {s: self.vectors_of(s) for s in np.unique(near - near % BLOCK).tolist()}
        vectors = np.stack([blocks[r - r % BLOCK][r % BLOCK] for r in near.tolist()])
        return add_noise(vectors, rng), near


def id_of(row: int) -> str:
    return f"sku-{row:08d}"


def group_of(name: str, centre: int) -> str:
    """The value of an attribute: GROUPS[name] of them, of as many centres each."""
    return f"{name} {centre * GROUPS[name] // CENTRES}"


@dataclass(frozen=True)
class Condition:
    """A filter for each query."""

    name: str
    share: float
    """Of the products, kept on average."""
    correlated: str = ""
    """Attribute by which it filters; empty: by price, or not at all."""
    shift: int = 0
    """0: the group of the product that the query is near to; else another one."""

    def where(self, centre: int) -> Filter | None:
        if self.share == 1:
            return None
        if not self.correlated:
            return parse_filter(f"price < {1000 * self.share!r}")
        return Filter("=", f"attributes.{self.correlated}", self._group(centre))

    def _group(self, centre: int) -> str:
        return group_of(self.correlated, (centre + self.shift * CENTRES // 2) % CENTRES)

    def mask(self, centre: int, centres: np.ndarray, prices: np.ndarray) -> np.ndarray:
        """(products,) bool: the same, worked out without the store."""
        if self.share == 1:
            return np.ones(len(centres), bool)
        if not self.correlated:
            return prices < 1000 * self.share
        count = GROUPS[self.correlated]
        wanted = (centre + self.shift * CENTRES // 2) % CENTRES * count // CENTRES
        return centres * count // CENTRES == wanted


CONDITIONS = (
    Condition("no filter", 1),
    *(
        Condition(f"{share:.1%} {what}", share, group if shift is not None else "", shift or 0)
        for what, shift in (("independent", None), ("its own group", 0), ("another group", 1))
        for share, group in zip((0.1, 0.01, 0.001), GROUPS, strict=True)
    ),
)
