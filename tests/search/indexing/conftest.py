"""A store that outlives its opening, encoders that count, and catalogues in memory."""

import io

import numpy as np
import PIL.Image
import pytest

from skulens.errors import StoreError
from skulens.index.stores import open_store as open_real
from skulens.index.stores.engines.memory import Memory
from skulens.records import DatasetInfo, Image, Product, Reject
from tests.encode.fake import FakeEncoder


class Counting(FakeEncoder):
    """A fake encoder with the names of an opened one; counts what goes through it by content."""

    family, argument = "fake", ""

    def __init__(self, name, **more):
        super().__init__(name, **more)
        self.name = name


class ListCatalog:
    """Products in memory, read again at will."""

    info = DatasetInfo("listed", "listed")

    def __init__(self, products, rejects=()):
        self.listed, self.rejects = list(products), [Reject(*r) for r in rejects]
        self.reads = 0

    def products(self):
        self.reads += 1
        return iter(self.listed)


def png(colour) -> bytes:
    out = io.BytesIO()
    PIL.Image.new("RGB", (300, 200), colour).save(out, "PNG")
    return out.getvalue()


def make_product(n: int, **given) -> Product:
    image = Image(data=png((n % 256, n // 256 % 256, 7)))
    return Product(str(n), **{"title": f"thing {n}", "images": (image,), "price": float(n)} | given)


@pytest.fixture
def stores(monkeypatch):
    """Address -> store; "kept:NAME" stays between openings, as a folder does."""
    held: dict[str, Memory] = {}

    def open_store(address, schema=None):
        if not address.startswith("kept:"):
            return open_real(address, schema)
        if address not in held:
            if schema is None:
                raise StoreError(f"there is no store at {address}")
            held[address] = Memory("", schema)
        if schema is not None:
            held[address].widen(schema)
        return held[address]

    monkeypatch.setattr("skulens.search.indexing.build.open_store", open_store)
    return held


@pytest.fixture
def encoders(monkeypatch):
    """Name -> the one encoder of that name; "blind" embeds no pictures."""
    made: dict[str, Counting] = {}

    def open_encoder(name, memo=None):
        if name not in made:
            made[name] = Counting(name)
            if name == "blind":
                object.__setattr__(made[name].info, "modalities", ("text",))
        return made[name]

    monkeypatch.setattr("skulens.search.indexing.columns.open_encoder", open_encoder)
    return made


def cosine(a, b) -> float:
    return float(np.dot(a, b) / np.linalg.norm(a) / np.linalg.norm(b))
