"""The fake shop with what the tray, the sheet and sharing ask for besides."""

import io
from typing import Any

import numpy as np
from fastapi import FastAPI, Request
from fastapi.responses import Response
from PIL import Image, ImageDraw

from skulens.serve.problems import Problem
from tests.serve.fake_shop import FakeShop, make_fake

MAKER = "8c41436acdd7142e117ef73952e82cc872ba1eda9df32aadcf5a7c63db88f49e"
LABEL = (640, 480)
"""Width and height of the catalogue's pictures."""
LONG = "Wheat, water, salt. " * 20
TEXT = (100.0, 120.0, 300.0, 110.0, 305.0, 170.0, 105.0, 180.0)
BARS = (400.0, 300.0, 600.0, 300.0, 600.0, 400.0, 400.0, 400.0)


class PartsShop(FakeShop):
    def __init__(self) -> None:
        super().__init__()
        self.read: list[dict[str, Any]] = []
        self.claims: list[dict[str, Any]] = []
        self.limits = {"body_bytes": 20_000_000, "parts": 16, "k": 1000}

    def about(self) -> dict[str, Any]:
        columns = [
            {"name": "picture", "encoder": "tiny", "modalities": ["image", "text"], "dim": 128,
             "made_from": "image", "maker": MAKER},
            {"name": "text", "encoder": "words", "modalities": ["text"], "dim": 8,
             "made_from": "text", "maker": "f" * 64},
        ]  # fmt: skip
        can = {"photos": True, "words": True, "read": True, "pictures": True}
        tries = ("shirt/en-navy", "mug/en-red")
        examples = [{"photo": f"/v1/thumbnails/{name}", "name": name} for name in tries]
        about = super().about()
        return about | {
            "columns": columns,
            "can": can,
            "limits": self.limits,
            "examples": [*about["examples"], *examples],
        }

    async def search(self, body: dict[str, Any]) -> dict[str, Any]:
        answer = await super().search(body)
        if body.get("give_vectors"):
            answer["vectors"] = {"picture": make_vector(), "text": [1.0] * 8}
        return answer

    def hit(self, product: Any, rank: int, body: dict[str, Any]) -> dict[str, Any]:
        found = super().hit(product, rank, body)
        legs = {"picture": {"score": 0.9 - rank / 100, "rank": rank, "share": 0.6},
                "words": {"score": 7.25, "rank": 2, "share": 0.4}}  # fmt: skip
        found["why"] |= {"legs": legs}
        return found

    def product(self, name: str) -> dict[str, Any]:
        known = {p.id: p for p in self.products}
        if name not in known:
            raise Problem(404, "no-product", "There is no such product", f"no {name!r}")
        kind = name.rpartition("-")[0]
        others = [p for p in self.products if p.id.startswith(f"{kind}-") and p.id != name]
        differs = {p.id: {"attributes.color": self.value(p), "price": p.price} for p in others}
        plain = self.plain(known[name])
        plain["fields"] |= {"attributes.ingredients": [LONG], "extras.code_of_no_end": "x" * 300}
        plain["fields"] |= {"extras.page": "https://shop.example/mug", "extras.typo": "https://["}
        return plain | {
            "pictures": [
                {"url": f"/v1/pictures/{name}?view={n}", "view": ("front", "back")[n],
                 "sha256": str(n) * 64, "width": LABEL[0], "height": LABEL[1]} for n in range(2)],
            "siblings": [
                {"id": p.id, "title": p.title, "thumbnail": f"/v1/thumbnails/{p.id}", "differs": differs[p.id]}
                for p in others
            ],
            "claims": self.claims,
        }  # fmt: skip

    @staticmethod
    def value(product: Any) -> str:
        return next(a.value for a in product.attributes if a.key == "color")

    def read_label(self, body: dict[str, Any]) -> dict[str, Any]:
        self.read.append(body)
        evidence = [{"image": "a" * 64, "source": "ocr", "quote": "1,5 L", "quad": TEXT}]
        claims = [
            {"field": "attributes.net_content", "value": "1.5", "unit": "l", "verdict": {"label": "VC"},
             "evidence": evidence},
            {"field": "attributes.brand", "value": "Ilum", "unit": "", "verdict": {"label": "VI"}, "evidence": []},
        ]  # fmt: skip
        bars = [
            {"text": "4006381333931", "gtin": "04006381333931", "symbology": "EAN-13", "quad": BARS}
        ]
        lines = [
            {"text": "1,5 L", "quad": TEXT, "confidence": 0.9},
            {"text": "shake well", "quad": BARS, "confidence": 0.8},
        ]
        size = {"sha256": "a" * 64, "width": LABEL[0], "height": LABEL[1]}
        return {"pictures": [size], "bars": bars, "claims": claims, "lines": lines}


def make_claim(field: str, value: str, label: str, fact: str = "", **more: Any) -> dict[str, Any]:
    """A claim of `/v1/products/ID`; `quad` and `view` say where its one piece of evidence is."""
    quad, view = more.get("quad"), more.get("view")
    evidence = [{"image": str(view) * 64, "source": more.get("source", "ocr"), "view": view,
                 "quote": more.get("quote", ""), "quad": quad}]  # fmt: skip
    return {
        "field": field, "value": value, "unit": more.get("unit", ""), "language": "", "confidence": None,
        "verdict": {"label": label, "sub": "", "verifier": "text/1"}, "fact": fact,
        "same": more.get("same", False), "evidence": evidence if view is not None else [],
    }  # fmt: skip


def make_vector() -> list[float]:
    """(128,) of length 1, in numbers that float32 holds."""
    given = np.random.default_rng(5).normal(size=128)
    return (given / np.linalg.norm(given)).astype(np.float32).astype(float).tolist()


def make_label() -> bytes:
    """A JPEG with a line of text and bars, half the size of the original."""
    picture = Image.new("RGB", LABEL, "#e8e0d0")
    pen = ImageDraw.Draw(picture)
    pen.polygon([TEXT[i : i + 2] for i in range(0, 8, 2)], fill="#b8322a")
    for x in range(400, 600, 14):
        pen.rectangle((x, 300, x + 6, 400), fill="black")
    out = io.BytesIO()
    picture.resize((LABEL[0] // 2, LABEL[1] // 2)).save(out, "JPEG")
    return out.getvalue()


def make_parts(shop: PartsShop) -> FastAPI:
    """The page over the shop, with products, pictures and labels that can be read."""
    app = FastAPI()
    inner = make_fake(shop)
    app.exception_handlers.update(inner.exception_handlers)

    @app.get("/v1/products/{product:path}")
    async def product(product: str) -> dict:
        return shop.product(product)

    @app.get("/v1/pictures/{product:path}")
    async def picture(product: str, view: int = 0) -> Response:
        return Response(make_label(), media_type="image/jpeg")

    @app.post("/v1/read")
    async def read(request: Request) -> dict:
        return shop.read_label(await request.json())

    app.mount("/", inner)
    return app
