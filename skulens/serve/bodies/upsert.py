"""Bodies of the routes that change the store. A row that cannot be used becomes a reject; the others
are written all the same."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from skulens.catalog.mapping import as_id, whole
from skulens.errors import DataError
from skulens.records import Attribute, Product, Reject
from skulens.search.indexing.documents import HashedImage
from skulens.search.indexing.upsert import Status, Upserted
from skulens.serve.bodies import Body
from skulens.serve.pictures.given import read_data_uri

MOST = 256
"""Products of a call."""
MOST_IDS = 1_000
MOST_PICTURES = 64
"""Of a product."""
Text = str | None


class ProductBody(Body):
    """A product, in the nouns of `records.Product`."""

    id: str | int
    title: Text = None
    texts: dict[str, str] = Field(
        default_factory=dict, description='by their role: {"description": "..."}'
    )
    images: list[str] = Field(
        default_factory=list, max_length=MOST_PICTURES, description="data:image/jpeg;base64,..."
    )
    spu: Text = None
    category: list[str] = Field(default_factory=list, description="root first")
    attributes: dict[str, str | list[str]] = Field(default_factory=dict)
    language: Text = None
    country: Text = None
    price: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    currency: Text = None
    gtin: Text = None
    extras: dict[str, Any] = Field(default_factory=dict)


class UpsertBody(Body):
    """Products to insert or replace."""

    products: list[Annotated[ProductBody | Any, Field(union_mode="left_to_right")]] = Field(
        min_length=1, max_length=MOST
    )
    """Any, so that one bad row does not refuse the others."""


class DeleteBody(Body):
    """Ids of products."""

    ids: list[str] = Field(min_length=1, max_length=MOST_IDS)


class RejectBody(BaseModel):
    """Something that could not be used."""

    source: str = Field(description='place in the body: "products[3].images[1]"')
    item: str = Field(description="id of the product")
    reason: str
    todo: str


class UpsertAnswer(BaseModel):
    """What came of a call. `written` products are kept, and synced to the disk."""

    written: int
    unchanged: int
    statuses: list[Status] = Field(description="one for each product, in their order")
    rejects: list[RejectBody]


class DeleteAnswer(BaseModel):
    """How many of the products there were."""

    deleted: int


def read_products(rows: Sequence[Any]) -> tuple[list[Product | None], list[Reject]]:
    """(each row's product, None where it cannot be used; why rows and pictures cannot)."""
    products: list[Product | None] = []
    rejects: list[Reject] = []
    for place, row in enumerate(rows):
        source = f"products[{place}]"
        try:
            body = row if isinstance(row, ProductBody) else ProductBody.model_validate(row)
            images, bad = read_images(body, source)
            products.append(product_of(body, images))
            rejects += bad
        except (ValidationError, ValueError) as e:
            products.append(None)
            item = row.get("id", "") if isinstance(row, Mapping) else getattr(row, "id", "")
            rejects.append(Reject(source, str(item)[:80], reason_of(e), "correct the row"))
    return products, rejects


def product_of(body: ProductBody, images: tuple[HashedImage, ...]) -> Product:
    """Raises ValueError for a text that no file takes, or one that is too long."""
    texts = {role.strip(): whole(text) for role, text in body.texts.items()}
    return Product(
        as_id(body.id),
        whole(body.title or ""),
        {role: text for role, text in texts.items() if role and text},
        images,
        spu=clean(body.spu),
        category=tuple(text for one in body.category if (text := whole(one))),
        attributes=tuple(read_attributes(body.attributes)),
        language=clean(body.language),
        country=clean(body.country),
        price=body.price,
        currency=clean(body.currency),
        gtin=clean(body.gtin),
        extras=body.extras,
    )


def clean(text: Text) -> Text:
    return (whole(text) or None) if text is not None else None


def read_attributes(given: Mapping[str, str | list[str]]) -> Iterator[Attribute]:
    for key, values in given.items():
        for value in values if isinstance(values, list) else [values]:
            if (name := whole(key)) and (text := whole(value)):
                yield Attribute(name, text, source="own")


def read_images(body: ProductBody, source: str) -> tuple[tuple[HashedImage, ...], list[Reject]]:
    """(pictures under their place in the body, a reject for each that is none)."""
    found, rejects = [], []
    for place, given in enumerate(body.images):
        name = f"{source}.images[{place}]"
        try:
            data = read_data_uri(given, name)
        except DataError as e:
            rejects.append(Reject(name, str(body.id)[:80], str(e), "send the picture again"))
            continue
        found.append(HashedImage(name, known=hashlib.sha256(data).hexdigest(), held=data))
    return tuple(found), rejects


def reason_of(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    told = [
        f"{'.'.join(map(str, e['loc']))}: {e['msg']}".removeprefix(": ") for e in error.errors()
    ]
    return "; ".join(told[:5])


def answer_of(
    products: Sequence[Product | None], rejects: Sequence[Reject], upserted: Upserted
) -> UpsertAnswer:
    """What is said of a call's rows: of those that were read what `upserted` says, in their order."""
    read = iter(upserted.statuses)
    statuses: list[Status] = ["rejected" if p is None else next(read) for p in products]
    listed = [RejectBody(**asdict(r)) for r in (*rejects, *upserted.rejects)]
    return UpsertAnswer(
        written=upserted.written,
        unchanged=upserted.unchanged,
        statuses=statuses,
        rejects=listed,
    )
