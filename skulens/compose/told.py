"""Whether a title tells a value: what a search over titles would find without any picture.

A title tells a value that its catalogue declares to be told by text (modality "text"), in whatever
language it is written, and one whose words stand in it. A value of modality "both" is told by some
text, not always by the title, so that there the words decide.
"""

import re
from collections.abc import Sequence

import numpy as np

from skulens.compose.pool import MODALITIES, Pool
from skulens.values.text import fold

TEXT = MODALITIES.index("text")
SPACELESS = re.compile(r"[\u0e00-\u0eff]")
"""Scripts whose words stand side by side: Thai and Lao."""


class Titles:
    """The titles of a pool, asked for values.

    Args:
        titles: of each product, in the order of the pool.
    """

    def __init__(self, pool: Pool, titles: Sequence[str]):
        self.pool, self.titles = pool, titles
        self.patterns: dict[int, re.Pattern[str]] = {}

    def count_told(self, product: int, pairs: Sequence[int]) -> int:
        """How many of the pairs, all held by the product, its title tells."""
        return sum(self.tells(product, pair) for pair in pairs)

    def tells(self, product: int, pair: int) -> bool:
        if is_declared(self.pool, int(self.pool.kind.codes[product]), pair):
            return True
        if pair not in self.patterns:
            self.patterns[pair] = pattern_of(self.pool.pairs[pair][1])
        return self.patterns[pair].search(fold(self.titles[product])) is not None


def is_declared(pool: Pool, kind: int, pair: int) -> bool:
    """Whether the catalogue says that text tells the key of a pair in this class (-1: unknown)."""
    return kind >= 0 and bool(pool.modality[kind, pool.key_of[pair]] == TEXT)


def text_keys(pool: Pool, kind: int) -> np.ndarray:
    """(keys,) bool: which keys of a class text tells; none of an unknown class."""
    return pool.modality[kind] == TEXT if kind >= 0 else np.zeros(len(pool.keys), bool)


def pattern_of(value: str) -> re.Pattern[str]:
    """Finds the words of a value in a folded title: "red", not "bored"."""
    words = re.escape(fold(value))
    return re.compile(words if SPACELESS.search(value) else rf"(?<!\w){words}(?!\w)")
