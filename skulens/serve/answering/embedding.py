"""Texts and pictures of a body -> vectors of a column's encoder, some at a time, so that searches have
the encoder in between."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from skulens.catalog.mapping import whole
from skulens.documents import Schema, VectorColumn
from skulens.encode.fusion import normalise
from skulens.errors import DataError, EncoderError, PictureError, unknown
from skulens.protocols import Role
from skulens.records import Image, Part, chunks
from skulens.search.shop import Shop
from skulens.serve.pictures.given import check_pixels, read_data_uri
from skulens.serve.settings import Settings

TOGETHER = 16
"""Parts that are embedded before searches have the encoder again."""
BREATH_S = 0.001
"""Between two such groups: whoever waits for the encoder gets it."""


@dataclass(frozen=True)
class Stored:
    """A product of the store, by its id."""

    id: str


Thing = Part | Stored


@dataclass(frozen=True, eq=False)
class Embedded:
    """Vectors of things."""

    vectors: np.ndarray  # (things, dim) float32, length 1
    tokens: int
    """Of all texts, as the encoder read them."""


def read_text(text: str, name: str) -> str:
    """The text. Raises DataError for an empty one, or one that no tokenizer takes."""
    try:
        if not whole(text):
            raise DataError(f"{name} is empty; leave it out")
    except ValueError as e:
        raise DataError(f"{name} {e}") from None
    return text


def read_picture(uri: str, name: str, settings: Settings) -> Image:
    """Raises DataError for no data: address, PictureError for more pixels than are decoded."""
    data = read_data_uri(uri, name)
    check_pixels(data, settings.picture_pixels)
    return Image(data=data)


def choose_column(schema: Schema, model: str, things: Iterable[Thing]) -> VectorColumn:
    """The column of a name or of an encoder; for no name the first that reads all the things.

    Raises:
        UnknownName: no such column. EncoderError: none that reads these.
    """
    asked = {
        "image" if isinstance(t, Image) else "text" for t in things if not isinstance(t, Stored)
    }
    named = [c for c in schema.vectors if model in ("", c.name, c.encoder)]
    if not named:
        known = [name for c in schema.vectors for name in (c.name, c.encoder) if name]
        raise unknown("model", model, known, "GET /v1/about")
    for column in named:
        if asked <= set(column.modalities):
            return column
    has = "; ".join(f"{c.name} reads {' and '.join(c.modalities)}" for c in named)
    raise EncoderError(f"no model reads {' and '.join(sorted(asked))} here: {has}")


def embed_things(
    shop: Shop, column: VectorColumn, things: Sequence[Thing], names: Sequence[str], role: Role
) -> Embedded:
    """Vectors of texts and pictures by the column's encoder, and of products as the store has them.

    Args:
        names: of the things, for messages.
    Raises:
        DataError: a product that there is not, or that has no vector in the column.
        PictureError: a picture that cannot be decoded.
    """
    found = np.full((len(things), column.dim), np.nan, np.float32)
    stored = {i: thing.id for i, thing in enumerate(things) if isinstance(thing, Stored)}
    if stored:
        found[list(stored)] = shop.store.vectors(column.name, list(stored.values()))
        for i, product in stored.items():
            if np.isnan(found[i]).any():
                raise DataError(
                    f"{names[i]}: {product!r:.80} is no product of the store, or has no vector in "
                    f"{column.name!r}; leave it out"
                )
    given = {i: thing for i, thing in enumerate(things) if not isinstance(thing, Stored)}
    tokens = 0
    for place, group in enumerate(chunks(list(given), TOGETHER)):
        if place:
            time.sleep(BREATH_S)
        encoded = shop.embedder.embed_parts(column, [given[i] for i in group], role)
        if encoded.rejects:
            lost = next(i for i, ok in zip(group, encoded.ok, strict=True) if not ok)
            reason = encoded.rejects[0].reason
            raise PictureError(f"{names[lost]} cannot be read: {reason}; give another")
        found[group] = encoded.vectors
        texts = [t for i in group if isinstance(t := given[i], str)]
        tokens += shop.embedder.count_tokens(column, texts)
    return Embedded(normalise(found), tokens)
