"""What each vector column reads of a request: parts to embed, products of the store, vectors given."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skulens.documents import Schema, VectorColumn
from skulens.errors import DataError, EncoderError
from skulens.records import Image, Part
from skulens.search.draft import GivenVector
from skulens.search.request import Request


@dataclass(frozen=True, slots=True, eq=False)
class Ingredient:
    """Something to embed, to fetch or to take, for the vector of one request and column."""

    position: int
    """As in `Asked.parts`."""
    weight: float
    part: Part | None = None
    product: str = ""
    """Of the store, in place of a part."""
    vector: np.ndarray | None = None
    """(dim,) of any length, in place of a part."""


def wants(request: Request, column: VectorColumn) -> bool:
    """Whether a request may have a leg on a column."""
    return request.weights.get(column.name, 1.0) > 0


def reads(column: VectorColumn, part: Part) -> bool:
    return ("image" if isinstance(part, Image) else "text") in column.modalities


def ingredients(request: Request, column: VectorColumn, schema: Schema) -> list[Ingredient]:
    """What a column reads of a request, in reading order; products named and vectors given last."""
    parts, conditions = request.query.item.parts, request.query.conditions
    taken = {n for n, one in request.given.items() if column.name in takers(one, request, schema)}
    found = []
    for i, part in enumerate(parts):
        if not reads(column, part):
            continue
        if i in request.keys:
            n = request.keys[i]
            about = conditions[n].part
            unread = about is not None and not reads(column, parts[about])
            if unread or (n in request.given and n not in taken):
                continue
        found.append(Ingredient(i, request.weight_of(i), part))
    for n, c in enumerate(conditions):
        if n in request.named and c.product is not None:
            found.append(Ingredient(len(parts) + n, c.weight, product=c.product))
        elif n in taken:
            found.append(Ingredient(len(parts) + n, c.weight, vector=request.given[n].values))
    return found


def takers(given: GivenVector, request: Request, schema: Schema) -> list[str]:
    """Columns that are searched with a vector: those of its maker.

    It is taken for that of a photo, which is not compared with texts of products where pictures of
    them are there, unless the request weighs that column.
    """
    same = [c for c in schema.vectors if c.maker == given.maker]
    pictured = any(c.made_from != "text" for c in same)
    return [
        c.name for c in same if c.made_from != "text" or not pictured or c.name in request.weights
    ]


def check_vectors(request: Request, schema: Schema) -> None:
    """Raise DataError for a vector that no column takes, as a part or in place of all of them."""
    for given in request.given.values():
        same = [c for c in schema.vectors if c.maker == given.maker]
        if not same:
            makers = ", ".join(f"{c.maker} ({c.name})" for c in schema.vectors) or "none"
            raise DataError(
                f"a vector of {given.maker:.200}, which made no column of this store; the makers are "
                f"{makers}: embed the photo anew, or give it as it is"
            )
        for column in same:
            if given.values.shape != (column.dim,):
                raise DataError(
                    f"a vector of {given.maker} has {len(given.values):,} numbers, those of "
                    f"{column.name!r} have {column.dim:,}"
                )
    for column in (c for c in schema.vectors if c.name in request.vectors):
        vector = request.vectors[column.name]
        if vector.shape != (column.dim,):
            raise DataError(
                f"vectors: {column.name} takes {column.dim:,} numbers, got {len(vector):,}"
            )
        if not 0 < np.linalg.norm(vector.astype(np.float64)) < np.inf:
            raise DataError(
                f"vectors: {column.name} has NaN, infinity or length 0; give another vector"
            )


def has_vector(request: Request, mine: Sequence[Ingredient], each: np.ndarray) -> np.ndarray:
    """(ingredients,) bool: false for a product without a vector, and for the key of one."""
    here = ~np.isnan(each).any(axis=1)
    size = len(request.query.item.parts)
    missing = {x.position - size for x, kept in zip(mine, here, strict=True) if not kept}
    return np.array(
        [
            kept and request.keys.get(x.position) not in missing
            for x, kept in zip(mine, here, strict=True)
        ]
    )


def way_of(request: Request, column: VectorColumn, mine: Sequence[Ingredient]) -> str:
    """How a column fuses the parts of a request, of which it reads `mine`.

    Under `seq`, columns of encoders that read one part at a time average.

    Raises:
        DataError: weights or products named, where the encoder sees all parts at once.
    """
    if request.fusion == "avg" or (request.fusion == "seq" and "item" not in column.modalities):
        return "avg"
    if any(x.part is None for x in mine):
        raise DataError(
            f"{request.fusion} reads photos, and a product named by its id is a vector; give its "
            "photo, or fuse by avg"
        )
    if any(x.weight != 1 for x in mine):
        raise DataError(
            f"{request.fusion} shows all parts to the encoder at once, which takes no weights; "
            "leave them out, or fuse by avg"
        )
    return request.fusion


def check_ways(request: Request, schema: Schema) -> None:
    """Raise EncoderError where no column can do the fusion asked for."""
    if request.fusion == "seq" and not any("item" in c.modalities for c in schema.vectors):
        names = ", ".join(c.encoder or c.name for c in schema.vectors) or "none"
        raise EncoderError(
            f"seq needs an encoder of whole items (mllm:), the store has {names}; use avg or cat"
        )
