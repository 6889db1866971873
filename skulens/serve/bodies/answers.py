"""Answers of the reading side, described for OpenAPI; nothing is checked against them at run time
but by the tests."""

from typing import Literal

from pydantic import BaseModel, Field

from skulens.serve.bodies.labels import ProductClaim

Value = str | float | bool
Fields = dict[str, Value | list[Value]]


class Leg(BaseModel):
    column: str = Field(description='a vector column, or "words"')
    weight: float
    found: int
    how: str = Field(description='"exact", or what the index was asked')
    parts: list[int] = Field(description="positions in `item` that it read")


class LegScore(BaseModel):
    score: float = Field(description="cosine, or BM25")
    rank: int
    share: float = Field(description="of the fused score")


class PartScore(BaseModel):
    column: str
    part: int
    item: int | None = Field(description="position in the body's `item`")
    score: float = Field(description="cosine of the part and the product")
    weight: float
    key: str


class FactCheck(BaseModel):
    key: str
    relation: Literal["same", "different"]
    wanted: list[str]
    has: list[str]
    holds: bool | None = Field(description="null: one side is not known")
    part: int | None
    item: int | None = Field(description="position in the body's `item`")
    condition: int | None = Field(description="position in the body's `conditions`")
    field: str


class Boosted(BaseModel):
    name: str
    value: Value | None
    factor: float


class Region(BaseModel):
    part: int
    box: tuple[float, float, float, float]
    score: float
    lead: float


class Why(BaseModel):
    legs: dict[str, LegScore]
    parts: list[PartScore]
    facts: list[FactCheck]
    code: str = Field(description="bar code in a photo that the product carries")
    shown: list[int] = Field(description="positions in `item` that show this very product")
    boosts: list[Boosted]
    relevance: float
    regions: list[Region]
    words: list[str] = Field(description="what the query's words find in the product's text")


class Hit(BaseModel):
    rank: int
    id: str
    score: float
    fields: Fields
    others: list[str] = Field(description="variants behind this one")
    thumbnail: str = Field(description="address of a small JPEG")
    why: Why


class ValueCount(BaseModel):
    value: Value
    count: int


class Note(BaseModel):
    code: str
    sentence: str


class Counts(BaseModel):
    matching: int = Field(description="products that satisfy the filter")
    total: int


class Relaxation(BaseModel):
    kind: Literal["filter", "fact", "least"]
    text: str
    where: str | None = Field(description="the filter that is left")
    condition: int | None = Field(description="position in the body's `conditions`")
    leg: str
    products: int


class SearchAnswer(BaseModel):
    hits: list[Hit]
    candidates: int = Field(description="products that the pages are cut from")
    known: bool | None
    legs: dict[str, Leg]
    facets: dict[str, list[ValueCount]]
    notes: list[Note]
    took_s: dict[str, float]
    counts: Counts | None = Field(None, description="where asked for")
    without: list[Relaxation] | None = Field(None, description="of an answer without hits")
    vectors: dict[str, list[float]] | None = Field(None, description="where asked for")


class Card(BaseModel):
    id: str
    fields: Fields
    thumbnail: str


class Cards(BaseModel):
    products: list[Card]


class Picture(BaseModel):
    url: str
    view: str | None
    sha256: str | None = Field(None, description="where evidence of a claim is on it")
    width: int | None = Field(None, description="of the upright original, where evidence is on it")
    height: int | None = None


class Sibling(BaseModel):
    id: str
    title: str
    thumbnail: str
    differs: dict[str, Value | list[Value] | None]


class ProductAnswer(Card):
    pictures: list[Picture]
    siblings: list[Sibling]
    claims: list[ProductClaim]


class Column(BaseModel):
    name: str
    encoder: str
    modalities: list[str]
    made_from: str
    dim: int
    maker: str


class FieldAnswer(BaseModel):
    field: str
    kind: Literal["text", "number", "truth"]
    many: bool
    products: int
    facet: bool = Field(description="whether its values are few enough to choose from")
    values: list[ValueCount]
    least: float | None
    most: float | None


class Example(BaseModel):
    text: str | None = None
    where: str | None = None
    photo: str | None = Field(None, description="address of a photo to try")
    name: str | None = None


class Limits(BaseModel):
    body_bytes: int
    picture_pixels: int
    parts: int
    k: int
    reach: int
    characters: int


class Can(BaseModel):
    photos: bool
    words: bool
    read: bool
    write: bool
    pictures: bool


class About(BaseModel):
    name: str
    products: int
    columns: list[Column]
    fields: list[FieldAnswer]
    keys: list[str] = Field(description="attributes that a condition can name")
    examples: list[Example]
    limits: Limits
    can: Can
    languages: list[str]


class Suggestion(BaseModel):
    text: str
    kind: Literal["value", "title"]
    field: str
    count: int


class Suggestions(BaseModel):
    suggestions: list[Suggestion]
