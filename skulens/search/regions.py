"""Which region of a hit's picture resembles a part of the query: its best patches.

Patches come from encoders that show them (`protocols.TokenEncoder`). Each is multiplied with the
vector of a text or a photo; where a picture's vector is the mean of its patches, that is the patch's
share of the score. The patches around the best one make the region.

What a region is worth is measured by `benchmarks.regions`: in a picture of several things it tells
which one was meant; in a picture of one product alone the middle of the picture is as good a guess,
also of where a single attribute is. So regions are computed only when they are asked for, for photos
and texts that are meant as a whole and not for the keys of conditions, and a region that would cover
most of the picture is left out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import PIL.Image

from skulens.errors import EncoderError, PictureError
from skulens.pictures import decode, load
from skulens.protocols import Encoder, TokenEncoder
from skulens.records import Image, Part, chunks
from skulens.search.answers import Answer, Hit, Note, PictureRegion
from skulens.search.request import Request
from skulens.search.shop import Shop

BATCH = 16
"""Pictures of one forward pass."""
LARGEST = 0.5
"""Share of the picture beyond which a region says nothing."""
WHITE = (255, 255, 255)

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Heat:
    """How well the patches of one picture fit one vector."""

    values: np.ndarray
    """(rows, columns) float32 of the patches that touch the picture: inner products with the
    vector, divided by the mean length of the patches."""
    frame: Box
    """Left, top, right, bottom of these patches, as shares of the picture; may go beyond 0 and 1."""


def find_regions(shop: Shop, answer: Answer) -> Answer:
    """The answer with `Why.regions` of each hit that has a thumbnail, one per part at most.

    The first vector column of pictures whose encoder shows patches is asked; a note says where none
    does.
    """
    reason = "no vector column of the store is made of pictures"
    for column in shop.store.schema.vectors:
        if column.made_from == "text":
            continue
        encoder = shop.embedder.encoder(column)
        if not isinstance(encoder, TokenEncoder):
            reason = f"{column.encoder} shows no patches"
            continue
        try:
            hits = mark_hits(encoder, answer)
        except EncoderError as e:
            reason = str(e)
            continue
        return replace(answer, hits=tuple(hits))
    note = Note("no-regions", f"No regions of pictures: {reason}")
    return replace(answer, notes=(*answer.notes, note))


def mark_hits(encoder: TokenEncoder, answer: Answer) -> Iterator[Hit]:
    """Raises EncoderError where the encoder shows no patches."""
    parts = dict(read_parts(encoder, answer.request))
    shown = dict(read_thumbnails(answer.hits))
    if not parts or not shown:
        return iter(answer.hits)
    heats = dict(
        zip(
            shown,
            map_heats(encoder, list(shown.values()), np.stack(list(parts.values()))),
            strict=True,
        )
    )
    return (
        replace(hit, why=replace(hit.why, regions=tuple(mark_parts(list(parts), heats[hit.id]))))
        if hit.id in heats
        else hit
        for hit in answer.hits
    )


def mark_parts(parts: Sequence[int], heats: Sequence[Heat]) -> list[PictureRegion]:
    """Best first."""
    found = []
    for part, heat in zip(parts, heats, strict=True):
        box = region_of(heat)
        if box is not None:
            best, mean = float(heat.values.max()), float(heat.values.mean())
            found.append(PictureRegion(part, box, best, best - mean))
    return sorted(found, key=lambda region: -region.lead)


def read_thumbnails(hits: Sequence[Hit]) -> Iterator[tuple[str, PIL.Image.Image]]:
    for hit in hits:
        if hit.thumbnail:
            try:
                yield hit.id, decode(hit.thumbnail)
            except PictureError:  # nothing to mark
                continue


def read_parts(encoder: Encoder, request: Request) -> Iterator[tuple[int, np.ndarray]]:
    """(position, (dim,) of length 1) of each part that is wanted as a whole and that the encoder
    reads."""
    keyed = {c.part for c in request.query.conditions if c.relation != "whole"} | set(request.keys)
    for position, part in enumerate(request.query.item.parts):
        modality = "image" if isinstance(part, Image) else "text"
        reads = modality in encoder.info.modalities
        if reads and position not in keyed and request.weight_of(position) > 0:
            yield position, embed_part(encoder, part)


def embed_part(encoder: Encoder, part: Part) -> np.ndarray:
    if isinstance(part, str):
        [vector] = encoder.encode_batch("text", [encoder.prepare_text(part, "query")])
    else:
        [vector] = encoder.encode_batch("image", [encoder.prepare_image(load(part), "query")])
    return divide_by_length(vector)


def divide_by_length(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


# ----- patches --------------------------------------------------------------------------------


def map_heats(
    encoder: TokenEncoder, pictures: Sequence[PIL.Image.Image], vectors: np.ndarray
) -> Iterator[list[Heat]]:
    """For each picture its heat for each of the vectors.

    Args:
        vectors: (vectors, dim) of length 1.
    Raises:
        EncoderError: the encoder shows no patches.
    """
    for group in chunks(pictures, BATCH):
        squares = [make_square(picture) for picture in group]
        prepared = [encoder.prepare_image(square, "document") for square in squares]
        for picture, square, patches in zip(
            group, squares, encoder.encode_tokens("image", prepared), strict=True
        ):
            rows, columns = encoder.grid(square)
            length = max(float(np.linalg.norm(patches, axis=1).mean()), 1e-12)
            values = patches @ vectors.T / length  # (patches, vectors)
            grid = values.T.reshape(len(vectors), rows, columns)
            yield [crop_padding(one, picture.size) for one in grid]


def make_square(picture: PIL.Image.Image) -> PIL.Image.Image:
    """The picture in the middle of a white square, of which no encoder crops anything."""
    side = max(picture.size)
    square = PIL.Image.new("RGB", (side, side), WHITE)
    square.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    return square


def crop_padding(values: np.ndarray, size: tuple[int, int]) -> Heat:
    """Of the patches of a square those that touch the picture of (width, height) in its middle."""
    side = max(size)
    down, across = (inside(n, px / side) for n, px in zip(values.shape, size[::-1], strict=True))
    rows, columns = values.shape
    left, right = (to_picture(x / columns, size[0] / side) for x in across)
    top, bottom = (to_picture(y / rows, size[1] / side) for y in down)
    return Heat(values[slice(*down), slice(*across)], (left, top, right, bottom))


def inside(cells: int, share: float) -> tuple[int, int]:
    """First and end of the cells of a side that touch its middle `share`."""
    margin = cells * (1 - share) / 2
    return int(np.floor(margin + 1e-9)), int(np.ceil(cells - margin - 1e-9))


def to_picture(place: float, share: float) -> float:
    """A place of the square's side, as a share of the picture's side."""
    return (place - (1 - share) / 2) / share


def region_of(heat: Heat) -> Box | None:
    """The box of the patches around the best one whose values are nearer to it than to the mean.

    None where the patches are all alike, or where the box covers more than LARGEST.
    """
    values = heat.values
    best, mean = float(values.max()), float(values.mean())
    if best - mean < 1e-6:
        return None
    peak = np.unravel_index(int(values.argmax()), values.shape)
    rows, columns = np.nonzero(spread_from(peak, values >= (best + mean) / 2))
    left, top, right, bottom = heat.frame
    width, height = (right - left) / values.shape[1], (bottom - top) / values.shape[0]
    box = (
        max(0.0, left + int(columns.min()) * width),
        max(0.0, top + int(rows.min()) * height),
        min(1.0, left + int(columns.max() + 1) * width),
        min(1.0, top + int(rows.max() + 1) * height),
    )
    return box if (box[2] - box[0]) * (box[3] - box[1]) <= LARGEST else None


def spread_from(peak: tuple[Any, ...], hot: np.ndarray) -> np.ndarray:
    """(rows, columns) bool: the hot cells that are connected with the peak by their sides."""
    found = np.zeros_like(hot)
    found[peak] = True
    while True:
        grown = found.copy()
        grown[1:] |= found[:-1]
        grown[:-1] |= found[1:]
        grown[:, 1:] |= found[:, :-1]
        grown[:, :-1] |= found[:, 1:]
        grown &= hot
        if (grown == found).all():
            return found
        found = grown
