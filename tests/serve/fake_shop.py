"""A shop that answers as /v1 does, without a store and without encoders: fast, and as one wishes.

Words match folded titles; a product as an example scores others by shared attributes. Slow and
failing answers are switched on by whoever tests.
"""

import asyncio
import io
import unicodedata
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from PIL import Image, ImageDraw

from skulens.filters import format_filter, matches, parse_filter
from skulens.records import Attribute, Filter, Product
from skulens.serve.door.envelope import HEADERS
from skulens.serve.problems import Problem, add_handlers
from skulens.serve.routes import page

COLOURS = {"navy": "#1f2f5c", "white": "#e9e6df", "red": "#b8322a", "olive": "#6a6b3a", "black": "#26262a", "sand": "#cdb58c"}  # fmt: skip
TITLES = {
    "shirt": {
        "en": "Linen shirt with a stand-up collar, {}, relaxed fit for warm days and long evenings",
        "id": "Kemeja linen kerah tegak, {}",
        "ms": "Baju kemeja linen kolar tegak, {}",
        "vi": "Áo sơ mi vải lanh cổ đứng, {}",
        "th": "เสื้อเชิ้ตผ้าลินินคอตั้ง สี {}",
    },
    "bag": {"en": "Canvas tote bag, {}", "vi": "Túi vải canvas, {}"},
    "mug": {"en": "Stoneware mug, {}", "id": "Cangkir keramik, {}"},
}
FACETS = ("category", "attributes.color", "attributes.collar", "language")


def make_products() -> list[Product]:
    """54 of them, in five languages."""
    found = []
    for kind, titles in TITLES.items():
        for language, title in titles.items():
            for n, colour in enumerate(COLOURS):
                keys = [Attribute("color", colour)]
                if kind == "shirt":
                    keys.append(Attribute("collar", ("stand-up", "button-down")[n % 2]))
                price = {"shirt": 39.9, "bag": 24.5, "mug": 12.0}[kind] + n * 3
                found.append(
                    Product(f"{kind}/{language}-{colour}", title=title.format(colour),
                            category=("Clothes" if kind == "shirt" else "Home", kind.capitalize()),
                            attributes=tuple(keys), language=language, price=price, currency="EUR")
                )  # fmt: skip
    return found


class FakeShop:
    """What it answers, and what it was asked.

    delay_s: before each search. problem: raised by each search, as long as it is set.
    """

    def __init__(self) -> None:
        self.products = make_products()
        self.asked: list[dict[str, Any]] = []
        self.delay_s = 0.0
        self.problem: Problem | None = None
        self.known: bool | None = None
        self.token = ""
        self.loading = False

    def about(self) -> dict[str, Any]:
        fields = [
            {"field": name, "kind": "text", "many": True, "products": 54, "facet": True,
             "values": as_values(count_values(self.products, name))}
            for name in FACETS
        ]  # fmt: skip
        prices = [p.price for p in self.products if p.price is not None]
        price = {"field": "price", "kind": "number", "many": False, "products": 54, "facet": False,
                 "values": [], "least": min(prices), "most": max(prices)}  # fmt: skip
        return {
            "name": "Fake shop",
            "products": len(self.products),
            "columns": [{"name": "picture", "made_from": "image"}, {"name": "text", "made_from": "text"}],
            "fields": [*fields, price],
            "keys": ["color", "collar"],
            "examples": [{"text": "linen shirt"}, {"text": "mug"}, {"where": "price < 30"}],
            "limits": {"body_bytes": 20_000_000, "parts": 16, "k": 1000},
            "can": {"photos": True, "words": True},
            "languages": ["en", "id", "ms", "th", "vi"],
        }  # fmt: skip

    async def search(self, body: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(body)
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        if self.problem:
            raise self.problem
        where = parse_filter(body["where"]) if body.get("where") else None
        found = [p for p in self.products if where is None or matches(where, p)]
        matching = len(found)
        text = " ".join(fold(part["text"]) for part in body["item"] if "text" in part)
        shown = {part["product"] for part in body["item"] if "product" in part}
        found = [
            p for p in found if all(w in fold(p.title) for w in text.split()) and p.id not in shown
        ]
        by, sign = (
            body.get("sort", "").lstrip("-"),
            -1 if body.get("sort", "").startswith("-") else 1,
        )
        if by:
            found.sort(key=lambda p: sign * (getattr(p, by) or 0))
        offset = body.get("offset", 0)
        page = found[offset : offset + body["k"]]
        answer = {
            "hits": [self.hit(p, n, body) for n, p in enumerate(page, offset + 1)],
            "candidates": len(found), "known": self.known, "notes": [], "legs": {},
            "counts": {"matching": matching if not text else len(found), "total": len(self.products)},
            "facets": {f: as_values(count_values(self.but(where, f), f)) for f in body.get("facets", [])},
        }  # fmt: skip
        if not found and where is not None:
            answer["without"] = self.without(where)
        return answer

    def but(self, where: Filter | None, field: str) -> list[Product]:
        """Products that satisfy the clauses on other fields."""
        clauses = [c for c in clauses_of(where) if c.field != field]
        return [p for p in self.products if all(matches(c, p) for c in clauses)]

    def without(self, where: Filter) -> list[dict[str, Any]]:
        clauses, found = clauses_of(where), []
        for one in clauses:
            others = [c for c in clauses if c is not one]
            n = sum(all(matches(c, p) for c in others) for p in self.products)
            rest = " and ".join(map(format_filter, others)) or None
            if n:
                found.append({"kind": "filter", "text": format_filter(one), "where": rest,
                              "condition": None, "products": n})  # fmt: skip
        return found

    def hit(self, product: Product, rank: int, body: dict[str, Any]) -> dict[str, Any]:
        parts, facts, words = [], [], []
        for n, part in enumerate(body["item"]):
            column = "text" if "text" in part else "picture"
            parts.append(
                {"column": column, "item": n, "score": 0.95 - rank / 100, "weight": 1, "key": ""}
            )
            if "text" in part:
                words = [w for w in product.title.split() if fold(w) in fold(part["text"]).split()]
        for c in body.get("conditions", []):
            if c["key"]:
                facts.append(self.fact(product, c, body["item"][c["part"]]))
        why = {"code": "", "parts": parts, "facts": facts, "words": words, "shown": []}
        return self.plain(product) | {"rank": rank, "score": 1 / rank, "why": why, "others": []}

    def fact(self, product: Product, condition: dict, part: dict) -> dict[str, Any]:
        given = next((p for p in self.products if p.id == part.get("product")), None)
        wanted, has = (value_of(p, condition["key"]) for p in (given, product))
        known = bool(wanted and has)
        holds = ((wanted == has) == (condition["relation"] == "same")) if known else None
        return {"item": condition["part"], "key": condition["key"], "relation": condition["relation"],
                "wanted": wanted, "has": has, "holds": holds}  # fmt: skip

    def plain(self, p: Product) -> dict[str, Any]:
        fields = {
            "id": p.id,
            "title": p.title,
            "language": p.language,
            "price": p.price,
            "currency": p.currency,
        }
        fields |= {f"attributes.{a.key}": [a.value] for a in p.attributes} | {
            "category": list(p.category)
        }
        return {"id": p.id, "fields": fields, "thumbnail": f"/v1/thumbnails/{p.id}?v=1"}

    def suggest(self, q: str) -> list[dict[str, Any]]:
        values = [
            {"text": v, "kind": "value", "field": "attributes.color", "count": 9} for v in COLOURS
        ]
        titles = [
            {"text": p.title, "kind": "title", "field": "title", "count": 1} for p in self.products
        ]
        return [one for one in values + titles if fold(q) in fold(one["text"])][:8]


def fold(text: str) -> str:
    found = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(
        c for c in found if not unicodedata.combining(c) or "\u0e00" <= c <= "\u0e7f"
    ).replace(",", "")


def clauses_of(where: Filter | None) -> list[Filter]:
    if where is None:
        return []
    return list(where.of) if where.op == "and" else [where]


def value_of(product: Product | None, key: str) -> list[str]:
    return [a.value for a in product.attributes if a.key == key] if product else []


def count_values(products: list[Product], field: str) -> Counter:
    found: Counter = Counter()
    for p in products:
        if field == "category":
            found.update(p.category)
        elif field == "language":
            found.update([p.language])
        else:
            found.update(value_of(p, field.removeprefix("attributes.")))
    return found


def as_values(counts: Counter) -> list[dict[str, Any]]:
    return [
        {"value": v, "count": n} for v, n in sorted(counts.items(), key=lambda c: (-c[1], c[0]))
    ]


def draw(product: str) -> bytes:
    """A JPEG that shows the colour and a shape of the kind."""
    kind, rest = product.split("/")
    picture = Image.new("RGB", (192, 192), "white")
    pen, colour = ImageDraw.Draw(picture), COLOURS[rest.split("-")[1]]
    if kind == "mug":
        pen.ellipse((105, 70, 165, 130), outline=colour, width=12)
        pen.rectangle((40, 50, 130, 150), fill=colour)
    elif kind == "bag":
        pen.arc((60, 20, 132, 110), 180, 360, fill=colour, width=8)
        pen.rectangle((36, 66, 156, 170), fill=colour)
    else:
        pen.polygon([(60, 30), (132, 30), (184, 80), (158, 104), (140, 90), (140, 170), (52, 170), (52, 90), (34, 104), (8, 80)], fill=colour)  # fmt: skip
    out = io.BytesIO()
    picture.save(out, "JPEG")
    return out.getvalue()


def make_fake(shop: FakeShop) -> FastAPI:
    """The page over the fake shop, with the headers of the server's envelope."""
    app = FastAPI()
    add_handlers(app)

    @app.middleware("http")
    async def protect(request: Request, answer_to: Callable[..., Awaitable[Response]]) -> Response:
        answer = await answer_to(request)
        answer.raw_headers.extend(HEADERS)
        return answer

    def check(request: Request) -> None:
        if shop.loading:
            again = {"Retry-After": "2"}
            raise Problem(503, "loading", "The server is still loading", "try again soon", again)
        if shop.token and request.headers.get("authorization") != f"Bearer {shop.token}":
            raise Problem(401, "no-token", "Say who you are", "send a token")

    @app.get("/v1/about")
    async def about(request: Request) -> dict:
        check(request)
        return shop.about()

    @app.get("/v1/products")
    async def browse(request: Request, k: int = 12) -> dict:
        check(request)
        return {"products": [shop.plain(p) for p in shop.products[:: len(shop.products) // k][:k]]}

    @app.get("/v1/products/{product:path}")
    async def product(product: str) -> dict:
        [found] = [p for p in shop.products if p.id == product]
        return shop.plain(found) | {"pictures": [], "siblings": [], "claims": []}

    @app.get("/v1/thumbnails/{product:path}")
    async def thumbnail(request: Request, product: str) -> Response:
        check(request)
        return Response(draw(product), media_type="image/jpeg")

    @app.get("/v1/suggest")
    async def suggest(q: str) -> dict:
        return {"suggestions": shop.suggest(q)}

    @app.post("/v1/search")
    async def search(request: Request) -> JSONResponse:
        check(request)
        return JSONResponse(await shop.search(await request.json()))

    app.include_router(page.router)
    app.dependency_overrides[page.find_for] = lambda: {}
    return app
