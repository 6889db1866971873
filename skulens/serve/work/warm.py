"""What a first search would wait for, done before: encoders, vectors in memory."""

from collections.abc import Callable

import numpy as np

from skulens.documents import Probe, VectorColumn
from skulens.index.stores.local.scan import AFTER
from skulens.search.request import make_request
from skulens.search.shop import Shop

WORDS = "warm"


def warm(shop: Shop, say: Callable[[str], None] = lambda _: None) -> None:
    """Open every encoder and read the vectors of every column once.

    Raises:
        StoreError: an encoder that is not the one that made its column.
        MissingDependency: a package that an encoder needs.
    """
    for column in shop.store.schema.vectors:
        say(f"opening {column.encoder or 'the encoder'} of column {column.name}")
        shop.embedder.encoder(column)
        if "text" in column.modalities:
            request = make_request(WORDS, details=False, weights=only(shop, column))
            shop.embedder.embed([request])
        say(f"reading the vectors of column {column.name}")
        read_vectors(shop, column)


def only(shop: Shop, column: VectorColumn) -> dict[str, float]:
    """Weights under which nothing but a column is asked."""
    others = [c.name for c in shop.store.schema.vectors if c.name != column.name]
    return {column.name: 1.0, "words": 0.0} | dict.fromkeys(others, 0.0)


def read_vectors(shop: Shop, column: VectorColumn) -> None:
    """Search often enough that a store in memory has made all its copies."""
    vector = np.zeros(column.dim, np.float32)
    vector[0] = 1.0
    probe = Probe(vector=vector, column=column.name, maker=column.maker, k=10)
    for _ in range(AFTER + 2):
        shop.store.search(probe)
