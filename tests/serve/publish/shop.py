"""A small shop of drawn pictures with fields of every kind, embedded by the encoder that ships."""

import functools
import io

import numpy as np
import PIL.Image

from skulens.documents import Document, Schema
from skulens.encode import open_encoder
from skulens.encode.embed import Embedder
from skulens.index.stores import open_store
from skulens.index.stores.fields import PICTURES, Typing, infer, values_of
from skulens.records import Attribute, Image, Product
from skulens.search.indexing.columns import describe_column
from skulens.search.shop import Shop
from skulens.search.vectors import QUIET
from skulens.thumbnails import make_thumbnail

COLOURS = ("red", "navy", "Grün", "สีขาว", "white")
COLLARS = ("polo", "v-neck", "fur")
PRODUCTS = 48


def draw(seed: int, width: int = 96, height: int = 80) -> PIL.Image.Image:
    """A picture of blocks in random colours, smooth enough to compress."""
    rng = np.random.default_rng(seed)
    small = PIL.Image.fromarray(rng.integers(0, 256, (5, 6, 3), dtype=np.uint8))
    return small.resize((width, height), PIL.Image.Resampling.BICUBIC)


def encode(picture: PIL.Image.Image, kind: str = "JPEG", **options) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def make_product(n: int) -> Product:
    """Some fields are missing, some have several values, some look like numbers, some are odd."""
    attributes = [Attribute("Color", COLOURS[n % 5])]
    if n % 3:
        attributes.append(Attribute("collar", COLLARS[n % 3]))
    if n % 4 == 0:
        attributes.append(Attribute("color", COLOURS[(n + 2) % 5]))
    extras: dict[str, object] = {"size": str(n % 7) if n % 7 else "one size"}
    if n % 5:
        extras |= {
            "stock": n % 2 == 0,
            "sold": [float(n), n / 2.0],
            "odd name": 'a"b\\c`\n😀\uffee'[n % 9 :],
        }
    return Product(
        f"sku/{n:02} é",
        title=f"{COLOURS[n % 5]} shirt {n % 6}" if n % 11 else "",
        images=(Image(data=encode(draw(n), quality=92)),),
        spu=f"spu{n // 3}" if n % 4 else None,
        price=None if n % 9 == 8 else round(5 + (n * 37 % 41) / 4, 2),
        category=("clothes", "shirts" if n % 2 else "coats"),
        language=("en", "de", "th")[n % 3],
        attributes=tuple(attributes),
        extras=extras,
    )


@functools.cache
def make_shop(encoder: str = "mini") -> Shop:
    """The products in memory; the last has no vector and no thumbnail."""
    products = [make_product(n) for n in range(PRODUCTS)]
    opened = open_encoder(encoder, device="cpu")
    column = describe_column("picture", opened, "image")
    [found] = Embedder([opened], [None], None, QUIET).embed_parts(
        [p.images[0] for p in products], "document"
    )
    schema = Schema((column,), infer(products), "drawn shop")
    documents = []
    for product, vector in zip(products, found.vectors, strict=True):
        fields, problems = Typing(schema).type(values_of(product))
        assert not problems
        fields[PICTURES.field] = (product.images[0].sha256(),)
        small = make_thumbnail(PIL.Image.open(io.BytesIO(product.images[0].read())))
        held = {"picture": np.float32(vector / np.linalg.norm(vector))}
        documents.append(
            Document(product.id, held, fields, product.title, small, digest=product.id)
        )
    documents[-1] = Document(documents[-1].id, {}, documents[-1].fields, digest="last")
    store = open_store("memory:", schema)
    store.upsert(documents)
    return Shop(store)
