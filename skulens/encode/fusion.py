"""Items of several parts -> one vector each: `avg`, `cat`, or (encoders that read sequences) `seq`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from skulens.encode.batching import Encoded
from skulens.encode.parts import Tiled
from skulens.errors import EncoderError
from skulens.records import Item, Part

FUSIONS = ("avg", "cat")


def parts_of(item: Item, fusion: str) -> list[Part | Tiled]:
    """What is embedded on its own before it is averaged.

    avg: every part. cat: all pictures tiled into one, and all texts joined into one.
    """
    if fusion not in FUSIONS:
        raise EncoderError(f"unknown fusion {fusion!r}, expected one of {', '.join(FUSIONS)}")
    images = tuple(p for p in item.parts if not isinstance(p, str))
    if fusion == "avg" or len(item.parts) == 1:
        return list(item.parts)
    texts = [p for p in item.parts if isinstance(p, str)]
    joined = [" ".join(texts)] if texts else []
    return [*([Tiled(images)] if len(images) > 1 else images), *joined]


def fuse(vectors: np.ndarray, owners: np.ndarray, items: int) -> np.ndarray:
    """Mean of each item's normalised part vectors, normalised again.

    Normalising first keeps the modality with the longer vectors from winning. An item with
    an unreadable part (a NaN row) is NaN as a whole: half an item is another item.

    Args:
        vectors: (parts, dim); owners: (parts,) the item of each part; items: how many there are.
    Returns:
        (items, dim) float32, rows of length 1, NaN where an item has no vector.
    """
    unit = normalised(vectors)
    total = np.zeros((items, vectors.shape[1]), np.float32)
    np.add.at(total, owners, unit)
    total[np.bincount(owners, minlength=items) == 0] = np.nan
    return normalised(total)


def normalised(vectors: np.ndarray) -> np.ndarray:
    """Rows divided by their Euclidean length; NaN where the length is 0."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (vectors / np.where(lengths == 0, np.nan, lengths)).astype(np.float32)


@dataclass(frozen=True)
class Fused:
    """One vector for each item."""

    vectors: np.ndarray  # (items, dim) float32, length 1; NaN where a part could not be read
    hashes: list[tuple[str | None, ...]]
    """Content hashes of each item's parts."""
    encoded: Encoded
    """Of the parts, with rejects and rates."""


def encode_items(
    encode: Callable[[list[Part | Tiled]], list[Encoded]],
    items: Sequence[Item],
    fusion: str = "avg",
) -> list[Fused]:
    """Fused vectors of items for every encoder behind `encode` (batching.encode_parts with its settings)."""
    split = [parts_of(item, fusion) for item in items]
    sizes = [len(parts) for parts in split]
    owners, ends = np.repeat(np.arange(len(items)), sizes), np.cumsum(sizes)
    answers = encode([part for parts in split for part in parts])
    return [
        Fused(
            fuse(answer.vectors, owners, len(items)),
            [tuple(answer.hashes[end - size : end]) for end, size in zip(ends, sizes, strict=True)],
            answer,
        )
        for answer in answers
    ]
