"""Photos, texts, products and vectors with their weights -> the parts and conditions of a query."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from skulens.errors import DataError
from skulens.records import Condition, Image, Item, Part, Query

SKU = "sku:"
MOST_PHOTOS = 16
MOST_TEXTS = 16
MOST_CHARACTERS = 10_000
"""Of all texts together."""


@dataclass(frozen=True, slots=True, eq=False)
class GivenVector:
    """A vector in place of the photo or text that it was made of.

    Raises:
        DataError: not one (dim,) vector of finite numbers, of a length above 0.
    """

    values: np.ndarray
    """(dim,) float32, of any length but 0."""
    maker: str
    """`EncoderInfo.identity`; columns of this maker are searched with it, others do not read it."""

    def __post_init__(self):
        if not self.maker:
            raise DataError("a vector needs its maker: of which encoder is it?")
        object.__setattr__(self, "values", read_vector(f"of {self.maker}", self.values))
        length = float(np.linalg.norm(self.values.astype(np.float64)))
        if not 0 < length < math.inf:
            raise DataError(
                f"a vector of {self.maker} has length {length:g}; expected finite numbers, not all 0"
            )


Given = str | Path | bytes | Image | GivenVector
"""A file, an encoded picture, "sku:ID" for a product of the store, or a vector."""
Weighted = tuple[Given, float]
Like = Mapping[str, Given | Weighted] | Sequence[tuple[str, Given] | tuple[str, Given, float]]


class Draft:
    """The parts and conditions of a query, as they are gathered."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.conditions: list[Condition] = []
        self.words: list[str] = []
        self.keys: dict[int, int] = {}
        self.named: list[int] = []
        self.vectors: dict[int, GivenVector] = {}
        """Position of a condition -> the vector that stands for its photo."""

    def show(self, given: Given, weight: float, key: str = "") -> None:
        """A photo, product or vector as a whole, or with a key what is meant of it."""
        product = given[len(SKU) :] if isinstance(given, str) and given.startswith(SKU) else None
        if product == "":
            raise DataError(f"expected {SKU} and the id of a product, got {given!r}")
        relation = ("same" if weight >= 0 else "different") if key else "whole"
        if key:
            self.keys[len(self.parts)] = len(self.conditions)
            self.parts.append(key)
        if product is not None:
            self.named.append(len(self.conditions))
        if isinstance(given, GivenVector):
            self.vectors[len(self.conditions)] = given
        shown = product is None and not isinstance(given, GivenVector)
        part = len(self.parts) if shown else None
        if key or weight != 1 or not shown:
            found = Condition(key, None, part, product, relation, weight=weight)  # type: ignore[arg-type]
            self.conditions.append(found)
        if shown:
            self.parts.append(as_image(given))

    def say(self, words: object, weight: float) -> None:
        if not isinstance(words, str):
            raise DataError(f"expected a text, got {type(words).__name__}: {words!r:.80}")
        if not words.strip():
            return
        if weight != 1:
            self.conditions.append(
                Condition("", part=len(self.parts), relation="whole", weight=weight)
            )
        if weight > 0:
            self.words.append(words)
        self.parts.append(words)

    def query(self) -> Query:
        """Raises DataError where there is too much of anything."""
        texts = [p for i, p in enumerate(self.parts) if isinstance(p, str) and i not in self.keys]
        shown = [c.product for c in self.conditions if c.product is not None]
        photos = sum(isinstance(p, Image) for p in self.parts) + len(shown) + len(self.vectors)
        letters = sum(len(p) for p in self.parts if isinstance(p, str))
        if photos > MOST_PHOTOS or len(texts) > MOST_TEXTS:
            raise DataError(
                f"{photos} photos and {len(texts)} texts; at most {MOST_PHOTOS} and {MOST_TEXTS} "
                "are read"
            )
        if letters > MOST_CHARACTERS:
            raise DataError(
                f"texts of {letters:,} characters, at most {MOST_CHARACTERS:,} are searched for; "
                "give the words that matter"
            )
        return Query(
            "query",
            Item("query", tuple(self.parts)),
            conditions=tuple(self.conditions),
            references=tuple(dict.fromkeys(shown)),
        )


def weighted(given: Any) -> Iterator[tuple[Any, float]]:
    """(what, weight) of one thing or several, each alone or with its weight."""
    if isinstance(given, str | Path | bytes | Image | GivenVector) or is_pair(given):
        given = [given]
    if not isinstance(given, Sequence):
        raise DataError(f"expected a photo, a text or a list of them, got {given!r:.80}")
    for one in given:
        what, weight = one if is_pair(one) else (one, 1.0)
        yield what, check_weight(what, weight)


def is_pair(given: Any) -> bool:
    """Whether it is (what, weight)."""
    return isinstance(given, tuple | list) and len(given) == 2 and is_number(given[1])


def likes(given: Any) -> Iterator[tuple[str, Any, float]]:
    """(key, photo, weight) of each condition."""
    pairs = given.items() if isinstance(given, Mapping) else given
    for pair in pairs:
        if not isinstance(pair, tuple | list) or len(pair) not in (2, 3):
            raise DataError(f"expected (key, photo) or (key, photo, weight), got {pair!r:.80}")
        key, shown, *more = pair
        if not more and is_pair(shown):
            shown, *more = shown
        if not isinstance(key, str) or not key.strip():
            raise DataError(f"the key of a condition is a text such as collar, got {key!r:.80}")
        yield key.strip(), shown, check_weight(shown, more[0] if more else 1.0)


def check_weight(what: Any, weight: Any) -> float:
    if not is_number(weight):
        raise DataError(f"the weight of {what!r:.80} is a finite number, got {weight!r}")
    return float(weight)


def is_number(given: Any) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool) and math.isfinite(given)


def as_image(given: Any) -> Image:
    """Raises DataError for what is not a file, no bytes and no Image."""
    if isinstance(given, Image):
        return given
    if isinstance(given, bytes):
        return Image(data=given)
    if isinstance(given, str | Path) and str(given).strip():
        if str(given).startswith(("http://", "https://")):
            raise DataError(f"{given}: addresses are not fetched; save the photo and give the file")
        return Image(path=str(given))
    raise DataError(f"expected the file of a photo, its bytes or {SKU}ID, got {given!r:.80}")


def read_vector(column: str, given: Any) -> np.ndarray:
    """(dim,) float32; its length may be any but 0."""
    try:
        vector = np.asarray(given, np.float32)
    except (TypeError, ValueError):
        raise DataError(f"vectors: {column} takes a list of numbers, got {given!r:.80}") from None
    if vector.ndim != 1:
        raise DataError(f"vectors: {column} takes one (dim,) vector, got {vector.shape}")
    return vector
