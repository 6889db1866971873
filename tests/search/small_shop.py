"""A small shop whose right answers are known by hand: products in one colour each, in memory."""

import hashlib
import io
from dataclasses import replace

import numpy as np
import PIL.Image

from skulens import registry
from skulens.documents import Document, Schema, VectorColumn
from skulens.encode.parts import PartByPart
from skulens.index.stores import open_store
from skulens.index.stores.fields import PICTURES, Typing, infer, values_of
from skulens.records import Attribute, EncoderInfo, Image, Product
from skulens.registry import Row
from skulens.search.shop import Shop

COLOURS = {
    "red": (220, 30, 30),
    "orange": (230, 120, 30),
    "green": (30, 200, 40),
    "blue": (30, 60, 220),
    "navy": (10, 20, 110),
}


class Colours(PartByPart):
    """Mean colour of a picture, colour words of a text; other words have an axis of their own."""

    device = "cpu"
    modalities: tuple[str, ...] = ("image", "text")

    def __init__(self, argument="", numerics=None, device="auto", revision=""):
        name = type(self).__name__.lower()
        self.info = EncoderInfo(
            name=name, identity=f"{name}-1", dim=4, modalities=self.modalities, context_length=8
        )

    def prepare_image(self, picture, role="query"):
        return np.append(np.asarray(picture, np.float32).mean((0, 1)) / 255, 0)

    def prepare_text(self, text, role="query"):
        named = [COLOURS[w] for w in text.lower().split() if w in COLOURS]
        return np.append(np.mean(named, 0) / 255, 0) if named else np.array([0, 0, 0, 1.0])

    def count_tokens(self, text):
        return len(text.split()) + 2

    def encode_batch(self, modality, batch):
        return np.stack(batch).astype(np.float32)


class Pictures(Colours):
    modalities = ("image",)


class Texts(Colours):
    modalities = ("text",)


class Readers(Texts):
    """Reads texts of any length."""

    def __init__(self, *args, **more):
        super().__init__()
        self.info = replace(self.info, context_length=1000)


class Items(Colours):
    """Reads whole items too: later parts weigh more."""

    modalities = ("image", "text", "item")

    def prepare_item(self, parts, role="query"):
        each = [
            self.prepare_text(p) if isinstance(p, str) else self.prepare_image(p) for p in parts
        ]
        return np.sum([(n + 1) * one for n, one in enumerate(each)], axis=0)


def register(monkeypatch) -> None:
    """Make the encoders above known by their names in small letters."""
    for kind in (Colours, Pictures, Texts, Readers, Items):
        row = Row(f"{__name__}:{kind.__name__}", "a test's")
        monkeypatch.setitem(registry.ENCODERS, kind.__name__.lower(), row)


def photo(colour: str | tuple[int, int, int], side: int = 12) -> Image:
    """A picture in one colour."""
    out = io.BytesIO()
    rgb = COLOURS[colour] if isinstance(colour, str) else colour
    PIL.Image.new("RGB", (side, side), rgb).save(out, "PNG")
    return Image(data=out.getvalue())


def make_product(sku: str, colour: str, spu: str, price: float, **more) -> Product:
    collar = more.pop("collar", None)
    attributes = [Attribute("Colour", colour), *([Attribute("collar", collar)] if collar else [])]
    side = 12 + int(hashlib.sha256(sku.encode()).hexdigest()[:2], 16)  # each file differs
    return Product(
        sku,
        title=f"{colour} {spu}",
        images=(photo(colour, side),),
        spu=spu,
        price=price,
        attributes=tuple(attributes),
        **more,
    )


PRODUCTS = (
    make_product("r1", "red", "shirt", 20, collar="Polo", gtin="4006381333931"),
    make_product("r2", "red", "shirt", 12, collar="polo "),
    make_product("r3", "red", "coat", 90, collar="fur", extras={"sold": 500.0}),
    make_product("o1", "orange", "shirt", 15, collar="polo"),
    make_product("o2", "orange", "hat", 9, extras={"sold": 20.0}),
    make_product("g1", "green", "shirt", 18, collar="v-neck"),
    make_product("g2", "green", "hat", 5, extras={"sold": 1.0}),
    make_product("b1", "blue", "coat", 70, collar="fur"),
    make_product("b2", "blue", "hat", 8),
    make_product("n1", "navy", "coat", 80, collar="v-neck"),
)


def column(name: str, encoder: str = "colours") -> VectorColumn:
    kinds = (Colours, Pictures, Texts, Readers, Items)
    info = {kind.__name__.lower(): kind for kind in kinds}[encoder]().info
    made_from = "text" if name == "text" else "image"
    return VectorColumn(name, info.dim, info.identity, encoder, info.modalities, made_from)


def make_document(product: Product, columns: tuple[VectorColumn, ...], schema: Schema) -> Document:
    """Vectors of picture or title, fields and words of a product."""
    encoder = Colours()
    made = {
        "image": encoder.prepare_image(PIL.Image.open(io.BytesIO(product.images[0].read()))),
        "text": encoder.prepare_text(product.title),
    }
    vectors = {
        c.name: np.float32(v / np.linalg.norm(v)) for c in columns for v in [made[c.made_from]]
    }
    fields, problems = Typing(schema).type(values_of(product))
    assert not problems
    fields[PICTURES.field] = tuple(image.sha256() for image in product.images)
    return Document(product.id, vectors, fields, product.title, thumbnail=product.id.encode())


def make_shop(*columns: VectorColumn, products=PRODUCTS, **options) -> Shop:
    """The products in memory; columns default to one of pictures that reads texts too."""
    columns = columns or (column("picture"),)
    schema = Schema(columns, infer(products))
    store = open_store("memory:", schema)
    store.upsert(make_document(p, columns, schema) for p in products)
    return Shop(store, **options)


def ids(answer) -> list[str]:
    return [hit.id for hit in answer.hits]


def codes_of(answer) -> list[str]:
    """Of its notes."""
    return [note.code for note in answer.notes]
