"""Products of the store, and their pictures."""

import hashlib
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Depends, Header, Query
from fastapi.responses import Response

from skulens.index.stores.fields import is_twin
from skulens.protocols import Store
from skulens.search.claims import fetch_claims
from skulens.search.overview import find_variants, pick_varied
from skulens.search.request import read_filter
from skulens.serve.answering.about import VARIED, Describer
from skulens.serve.answering.bounds import check_where
from skulens.serve.answering.claims import write_product_claims
from skulens.serve.answering.writing import shown_fields, write_json
from skulens.serve.bodies.answers import Cards, ProductAnswer
from skulens.serve.bodies.problems import answers
from skulens.serve.pictures.addresses import picture_url, thumbnail_url
from skulens.serve.pictures.catalogue import Catalogue, View
from skulens.serve.problems import Problem
from skulens.serve.state import catalogue_of, describer_of, service_of
from skulens.serve.work.service import Service

router = APIRouter(tags=["products"])
SHORT, LONG = "private, max-age=60", "private, max-age=31536000, immutable"
"""How long a picture is kept: one whose address names its version, for ever."""
JPEG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": {}}, "description": "A JPEG"}, 304: {"description": "As it was"}}  # fmt: skip


@router.get(
    "/v1/products",
    summary="Some products: different ones, or those that satisfy a filter",
    responses=answers(Cards, 400, 422, 429, 503),
)
async def list_products(
    k: int = Query(12, ge=1, le=VARIED),
    where: str = Query("", description="a filter"),
    varied: bool = Query(True, description="as different as they can be; else by id"),
    service: Service = Depends(service_of),
    describer: Describer = Depends(describer_of),
) -> Response:
    found = await service.run(lambda: list_cards(service, describer, k, where, varied))
    return Response(found, media_type="application/json")


def list_cards(
    service: Service, describer: Describer, k: int, where: str = "", varied: bool = True
) -> bytes:
    """The answer of `list_products`."""
    check_where(where, service.settings)
    store, asked = service.shop.store, read_filter(where)
    if varied and asked is None:
        ids = describer.varied(k)
    elif varied:
        ids = pick_varied(store, k, asked, describer.fields())
    else:
        ids = list(store.select(asked, k))
    held = zip(ids, fetch(store, ids), strict=True)
    return write_json({"products": [card(product, fields) for product, fields in held]})


@router.get(
    "/v1/products/{product:path}",
    summary="A product, its pictures, its variants and what its pictures prove",
    responses=answers(ProductAnswer, 404, 429, 503),
)
async def get_product(
    product: str,
    service: Service = Depends(service_of),
    catalogue: Catalogue = Depends(catalogue_of),
) -> Response:
    def describe() -> bytes:
        store = service.shop.store
        [fields] = fetch(store, [product])
        if not fields:
            raise no_product(product)
        [checked] = fetch_claims(store, [product])
        wanted = {e.image for claim, _ in checked for e in claim.evidence if e.image}
        views = catalogue.find(product, wanted)
        return write_json(
            card(product, fields)
            | {
                "pictures": list_pictures(product, catalogue, views),
                "siblings": [
                    {
                        "id": other.id,
                        "title": other.fields.get("title", ""),
                        "thumbnail": thumbnail_url(other.id, other.fields),
                        "differs": other.differs,
                    }
                    for other in find_variants(store, product, fields)
                ],
                "claims": write_product_claims(checked, fields, views),
            }
        )

    return Response(await service.run(describe), media_type="application/json")


def list_pictures(
    product: str, catalogue: Catalogue, views: Mapping[str, View]
) -> list[dict[str, Any]]:
    """The views of a product; those that evidence is on with their hash and size."""
    found: list[dict[str, Any]] = [
        {"url": picture_url(product, n), "view": image.view}
        for n, image in enumerate(catalogue.images(product))
    ]
    for sha256, view in views.items():
        found[view.number] |= {"sha256": sha256, "width": view.width, "height": view.height}
    return found


@router.get(
    "/v1/thumbnails/{product:path}", summary="A small JPEG of a product", responses=JPEG
)  # fmt: skip
async def get_thumbnail(
    product: str,
    v: str = Query("", description="version of the picture"),
    if_none_match: str = Header(""),
    service: Service = Depends(service_of),
) -> Response:
    [held] = await service.run(lambda: service.shop.store.fetch([product], ["thumbnail"]))
    if not held.get("thumbnail"):
        raise no_product(product) if not held else no_thumbnail(product)
    return send_picture(held["thumbnail"], if_none_match, LONG if v else SHORT)


@router.get(
    "/v1/pictures/{product:path}", summary="A picture of the catalogue", responses=JPEG
)  # fmt: skip
async def get_picture(
    product: str,
    view: int = Query(0, ge=0),
    if_none_match: str = Header(""),
    service: Service = Depends(service_of),
    catalogue: Catalogue = Depends(catalogue_of),
) -> Response:
    shown = await service.run(lambda: catalogue.show(product, view))
    return send_picture(shown, if_none_match, SHORT)


def send_picture(data: bytes, known: str, cache: str) -> Response:
    """A JPEG, or that the browser has it. Args: known: the header If-None-Match."""
    tag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
    headers = {"ETag": tag, "Cache-Control": cache}
    if known == "*" or tag in [one.strip().removeprefix("W/") for one in known.split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(data, media_type="image/jpeg", headers=headers)


def fetch(store: Store, ids: list[str]) -> list[Mapping[str, Any]]:
    names = [c.field for c in store.schema.fields if not is_twin(c.field)]
    return store.fetch(ids, names)


def card(product: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    thumbnail = thumbnail_url(product, fields)
    return {"id": product, "fields": shown_fields(fields), "thumbnail": thumbnail}


def no_product(product: str) -> Problem:
    detail = f"the store has no product {product!r:.80}; give its id as it is there"
    return Problem(404, "no-product", "There is no such product", detail)


def no_thumbnail(product: str) -> Problem:
    detail = f"the product {product!r:.80} came without a picture that can be read"
    return Problem(404, "no-thumbnail", "The product has no picture", detail)
