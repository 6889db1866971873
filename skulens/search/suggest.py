"""What a shopper may be about to type: values of fields and titles, by the beginning of a word.

In scripts without spaces, such as Thai, any place in a text will do. Case and marks do not matter.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from skulens.documents import FieldColumn
from skulens.index.stores.words import fold_word
from skulens.protocols import Store
from skulens.search.overview import FieldOverview

MOST_VALUES = 5_000
"""Of each field, the most frequent."""
MOST_TITLES = 200_000
LONGEST = 80
"""Characters of what is suggested, and of what is typed."""
GAPS = re.compile(r"[^\w]+")
NO_SPACES = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
"""Letters of scripts that put no spaces between words."""
START = "\x01"
"""Stands before each word, so that a word's beginning is found as part of a text."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something to type."""

    text: str
    kind: Literal["value", "title"]
    field: str
    count: int
    """Products that have it."""


class Suggestions:
    """Values and titles of a store as it was when this was made.

    Args:
        fields: of `overview.describe_choices`.
    """

    def __init__(self, store: Store, fields: Sequence[FieldOverview]):
        found = [
            *(s for f in fields if f.facet and f.column.kind == "text" for s in values_of(store, f.column)),
            *titles_of(store),
        ]  # fmt: skip
        self._texts, self._fields = [t for t, _, _ in found], [f for _, f, _ in found]
        self._counts = np.array([n for _, _, n in found], np.int64)
        self._titles = np.array([f == "title" for f in self._fields], bool)
        self._folded = pa.array([fold_words(t) for t in self._texts], pa.large_string())

    def find(self, typed: str, k: int = 8) -> list[Suggestion]:
        """Values first, then titles; of each those that begin so, then the most frequent, then the
        shortest."""
        wanted = fold_words(typed[:LONGEST])
        if not wanted:
            return []
        plain = wanted[1:] if NO_SPACES.search(typed) else wanted
        rows = np.flatnonzero(
            pc.match_substring(self._folded, plain).to_numpy(zero_copy_only=False)
        )
        first = pc.starts_with(self._folded.take(pa.array(rows)), wanted)
        begins = first.to_numpy(zero_copy_only=False)
        order = np.lexsort((rows, -self._counts[rows], ~begins, self._titles[rows]))
        told: dict[str, Suggestion] = {}
        for row in rows[order[: 4 * k]].tolist():
            kind: Literal["value", "title"] = "title" if self._titles[row] else "value"
            one = Suggestion(self._texts[row], kind, self._fields[row], int(self._counts[row]))
            told.setdefault(f"{one.field} {one.text}".casefold(), one)
        return list(told.values())[:k]


def values_of(store: Store, column: FieldColumn) -> Iterator[tuple[str, str, int]]:
    """(value, field, products)."""
    for value, count in store.facets([column.field], most=MOST_VALUES)[column.field].items():
        if isinstance(value, str) and len(value) <= LONGEST:
            yield value, column.field, count


def titles_of(store: Store) -> Iterator[tuple[str, str, int]]:
    if store.schema.field("title") is not None:
        for title, count in store.facets(["title"], most=MOST_TITLES)["title"].items():
            yield str(title), "title", count


def fold_words(text: str) -> str:
    """Words as they are compared, START before each; empty where there are none."""
    words = (fold_word(word) for word in GAPS.split(text))
    return "".join(f"{START}{word}" for word in words if word)
