"""The nouns of a store: what a product is there, what it is asked, what it finds.

A store knows columns: vectors of named makers, and fields with one type each, so that a filter
means the same in every engine. `index.stores.fields` makes fields from products,
`index.stores.where` checks a filter against them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from skulens.records import Filter

Value = str | float | bool
FieldKind = Literal["text", "number", "truth"]


@dataclass(frozen=True, slots=True)
class VectorColumn:
    """Vectors of one encoder, at most one per product, each of length 1."""

    name: str
    """"picture", "text" ..."""
    dim: int
    maker: str
    """`EncoderInfo.identity`: vectors of another maker are refused."""
    encoder: str = ""
    """Name under which the encoder is opened to embed a query, "onnx:model.onnx"."""
    modalities: tuple[str, ...] = ()
    """What its encoder embeds: of "image", "text" and "item"."""
    made_from: str = "image"
    """What of a product was embedded: "image" (mean of all pictures), "first image" or "text"."""


@dataclass(frozen=True, slots=True)
class FieldColumn:
    """Values to filter, count and sort by."""

    field: str
    """As a filter names it: "price", "attributes.color" (lower case), "extras.stock"; and
    "pictures", the sha256 of the product's pictures."""
    kind: FieldKind
    many: bool = False
    """Several values per product; a comparison holds where it holds for any of them."""


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns of a store."""

    vectors: tuple[VectorColumn, ...] = ()
    fields: tuple[FieldColumn, ...] = ()
    data: str = ""
    """What the catalogue is called."""

    def vector(self, name: str) -> VectorColumn | None:
        return next((c for c in self.vectors if c.name == name), None)

    def field(self, name: str) -> FieldColumn | None:
        return next((c for c in self.fields if c.field == name), None)


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A product as a store holds it."""

    id: str
    vectors: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Column -> (dim,) float32 of length 1; a product may lack one."""
    fields: Mapping[str, Value | tuple[Value, ...]] = field(default_factory=dict)
    """Field -> value, or values where the column holds several; a missing field is not there."""
    words: str = ""
    """Full text: title, texts, values of attributes."""
    thumbnail: bytes = b""
    """A small JPEG to show."""
    digest: str = ""
    """Of all that this document was made from; equal: nothing to do."""


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """What a store is asked: a vector for one of its columns, or words; one of them, not both.

    Several legs are fused outside (`search.legs`), so that every engine fuses alike.
    """

    vector: np.ndarray | None = None
    """(dim,) float32; its length is brought to 1."""
    column: str = ""
    maker: str = ""
    """`EncoderInfo.identity` of the vector."""
    words: str = ""
    where: Filter | None = None
    k: int = 10
    exclude: tuple[str, ...] = ()
    """Ids that may not be found."""
    exact: bool = False
    """Compare with every vector, whatever index there is."""


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """What a store found, best first; of equal scores the larger id, as in every Run."""

    ids: tuple[str, ...]
    scores: np.ndarray
    """(found,) float32, higher is better: cosine, or BM25."""
    how: str = "exact"
    """"exact", or what the engine's index was asked: "hnsw ef 128"."""
