"""Products in a store without vectors, for what needs no encoder."""

from skulens.documents import Document, Schema
from skulens.index.stores import open_store
from skulens.index.stores.fields import Typing, infer, values_of
from skulens.thumbnails import make_thumbnail
from tests.serve.publish.shop import draw


def make_store(products):
    """A store in memory: fields, titles and drawn thumbnails."""
    schema = Schema((), infer(products), "fields")
    store = open_store("memory:", schema)
    store.upsert(
        Document(
            p.id, {}, Typing(schema).type(values_of(p))[0], p.title,
            make_thumbnail(draw(n)), digest=f"{p.id} {p.title}",
        )
        for n, p in enumerate(products)
    )  # fmt: skip
    return store
