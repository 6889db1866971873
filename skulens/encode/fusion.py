"""Items of several parts -> what is embedded of them, and vectors of parts -> one of each item.

avg: every part by itself; the mean of their normalised vectors.
cat: all pictures tiled into one, all texts joined into one. A dual encoder averages the two
    vectors; an encoder of items reads [tile, text] in one pass.
seq: the texts and pictures in their order, in one pass; encoders of items only.
"""

from collections.abc import Sequence

import numpy as np

from skulens.encode.parts import AnyPart, Interleaved, Tiled
from skulens.errors import EncoderError
from skulens.protocols import Encoder
from skulens.records import EncoderInfo, Image, Item

FUSIONS = ("avg", "cat", "seq")


def check_fusion(encoders: Sequence[Encoder], fusion: str) -> None:
    """Raise EncoderError for an unknown fusion, or one that an encoder cannot do."""
    if fusion not in FUSIONS:
        raise EncoderError(f"unknown fusion {fusion!r}, expected one of {', '.join(FUSIONS)}")
    for encoder in encoders:
        if fusion == "seq" and "item" not in encoder.info.modalities:
            raise EncoderError(
                f"{encoder.info.name} reads {' and '.join(encoder.info.modalities)} one part at a "
                "time, and seq needs an encoder of whole items (mllm:); use avg or cat"
            )


def reads_in_one_pass(info: EncoderInfo, fusion: str) -> bool:
    """Whether an encoder reads an item of several parts as one sequence under this fusion."""
    return fusion == "seq" or (fusion == "cat" and "item" in info.modalities)


def parts_of(item: Item, fusion: str, one_pass: bool = False) -> list[AnyPart]:
    """What is embedded of an item; several vectors are averaged. A single part stays what it is.

    Args:
        one_pass: as `reads_in_one_pass` says of the encoder.
    """
    if fusion == "avg" or len(item.parts) == 1:
        return list(item.parts)
    if fusion == "seq":
        return [Interleaved(item.parts)]
    images = tuple(part for part in item.parts if isinstance(part, Image))
    texts = [part for part in item.parts if isinstance(part, str)]
    pictured = [Tiled(images)] if len(images) > 1 else list(images)
    parts = [*pictured, *([" ".join(texts)] if texts else [])]
    return [Interleaved(tuple(parts))] if one_pass and len(parts) > 1 else list(parts)


def fuse(vectors: np.ndarray, owners: np.ndarray, items: int) -> np.ndarray:
    """Mean of each item's normalised part vectors, normalised again.

    Normalising first keeps the modality with the longer vectors from winning. An item with
    an unreadable part (a NaN row) is NaN as a whole: half an item is another item.

    Args:
        vectors: (parts, dim); owners: (parts,) the item of each part; items: how many there are.
    Returns:
        (items, dim) float32, rows of length 1, NaN where an item has no vector.
    """
    if vectors.ndim != 2 or owners.shape != vectors.shape[:1]:
        raise EncoderError(
            f"fuse needs (parts, dim) vectors and their owners, got {vectors.shape} and "
            f"{owners.shape}"
        )
    unit = normalise(vectors)
    total = np.zeros((items, vectors.shape[1]), np.float32)
    np.add.at(total, owners, unit)
    total[np.bincount(owners, minlength=items) == 0] = np.nan
    return normalise(total)


def normalise(vectors: np.ndarray) -> np.ndarray:
    """Rows divided by their Euclidean length; NaN where the length is 0."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (vectors / np.where(lengths == 0, np.nan, lengths)).astype(np.float32)
