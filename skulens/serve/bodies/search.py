"""`POST /v1/search`: a query of parts and conditions, in the nouns of `records.Query`."""

from typing import Any, Literal

from pydantic import Field

from skulens.serve.bodies import Body, Number


class PartBody(Body):
    """One thing the shopper gives: a picture, a text, a product of the store, or a vector."""

    image: str | None = Field(None, description="data:image/jpeg;base64,...")
    region: tuple[int, int, int, int] | None = Field(
        None, description="left, top, width, height in pixels of the upright picture"
    )
    text: str | None = None
    product: str | None = Field(None, description="id of a product of the store")
    view: int | None = Field(
        None, ge=0, description="which of the product's pictures, where a region of it is meant"
    )
    vector: list[Number] | None = Field(None, description="in place of what it was made of")
    maker: str | None = Field(None, description="of the vector, as /v1/about names it")


class ConditionBody(Body):
    """What of a part counts, and how much."""

    part: int = Field(ge=0, description="position in `item`")
    key: str = Field("", description='"collar"; empty: the whole part')
    relation: Literal["same", "different", "whole"] = "whole"
    weight: Number = 1.0

    @property
    def signed(self) -> float:
        """Below 0 for what is not wanted."""
        return -abs(self.weight) if self.relation == "different" else self.weight


class SearchBody(Body):
    """A query, and how to answer it. Without parts, products are listed.

    Options mean what they mean in `search.request.Request`.
    """

    item: list[PartBody] = Field(default_factory=list)
    conditions: list[ConditionBody] = Field(default_factory=list)
    where: str | dict[str, Any] | None = Field(
        None, description='"price < 30 and language in ("en", "th")", or the same as JSON'
    )
    k: int = 10
    offset: int = 0
    fusion: str = "avg"
    weights: dict[str, Number] = Field(default_factory=dict, description="leg -> weight")
    by: str = "scores"
    least: dict[str, Number] | Number = Field(
        default_factory=dict, description="leg -> score below which it finds nothing"
    )
    within: Number = 0.0
    sort: str = Field("", description='field, "-price" for the largest first')
    among: int = 0
    collapse: str = Field("", description='field whose equal values are one hit: "spu"')
    boosts: list[dict[str, Any]] = Field(default_factory=list)
    facets: list[str] = Field(default_factory=list)
    disjunctive: bool = Field(
        False, description="a facet's counts ignore the clauses of the filter about its own field"
    )
    counts: bool = False
    without: bool = Field(True, description="of an empty answer: what would be found, without what")
    facts: str = "explain"
    codes: bool = Field(True, description="whether bar codes in photos are read")
    exact: bool = False
    exclude: list[str] = Field(default_factory=list)
    references: str = "exclude"
    details: bool = True
    vectors: dict[str, list[Number]] = Field(default_factory=dict)
    give_vectors: bool = Field(
        False, description="whether the answer has the vectors searched with"
    )
