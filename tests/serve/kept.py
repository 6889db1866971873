"""A shop in a folder, with an encoder that needs no weights, and pictures to send."""

import base64
import io
from pathlib import Path

import PIL.Image

from skulens.documents import Schema
from skulens.index.stores import open_store as open_engine
from skulens.index.stores.fields import infer
from skulens.records import Attribute, Image, Product
from skulens.search.indexing.columns import open_makers
from skulens.search.shop import Shop, open_store

ENCODER = "histogram:4"


def picture(colour: tuple[int, int, int] | str = "red", side: int = 16) -> bytes:
    out = io.BytesIO()
    PIL.Image.new("RGB", (side, side), colour).save(out, "PNG")
    return out.getvalue()


def colour_of(n: int) -> tuple[int, int, int]:
    """A colour of its own in the histogram for each of 64 numbers."""
    return tuple(32 + 64 * (n // place % 4) for place in (1, 4, 16))


def uri(data: bytes | str = "red") -> str:
    data = picture(data) if isinstance(data, str) else data
    return "data:image/png;base64," + base64.b64encode(data).decode()


def make_product(n: int, **given) -> Product:
    told = {
        "title": f"thing {n}",
        "images": (Image(data=picture(colour_of(n))),),
        "price": float(n),
        "attributes": (Attribute("Colour", "red"), Attribute("Colour", "blue")),
        "category": ("home", "things"),
        "extras": {"stock": n, "size": {"cm": 3.5}},
    }
    return Product(f"p{n}", **(told | given))


def make_store(place: str | Path, encoder: str = ENCODER) -> Shop:
    """An empty store with a column of pictures."""
    columns = tuple(maker.column for maker in open_makers(encoder, ""))
    open_engine(str(place), Schema(columns, infer(()), "kept")).close()
    return open_store(place)
