"""A small store of LanceDB, for its tests and for the programs that they start."""

import numpy as np
import pytest

pytest.importorskip("lancedb", reason="needs skulens[search]")

from skulens.documents import Document, FieldColumn, Probe, Schema, VectorColumn  # noqa: E402
from skulens.filters import parse_filter  # noqa: E402
from skulens.index.stores.engines.lance.store import Lance  # noqa: E402

DIM, MAKER = 8, "pictures/1"
SCHEMA = Schema(
    (VectorColumn("picture", DIM, MAKER),),
    (
        FieldColumn("id", "text"),
        FieldColumn("price", "number"),
        FieldColumn("attributes.closure type", "text", many=True),
        FieldColumn("extras.stock", "truth"),
    ),
    "shop",
)


def make_document(number: int, words: str = "red shoe", **fields) -> Document:
    vector = np.random.default_rng(number).normal(size=DIM)
    held = {"id": f"p{number:04}", "price": float(number), **fields}
    vector = (vector / np.linalg.norm(vector)).astype(np.float32)
    return Document(held["id"], {"picture": vector}, held, words, b"jpeg", f"digest {number}")


def fill(made: Lance, count: int, start: int = 0) -> Lance:
    made.upsert(make_document(n) for n in range(start, start + count))
    return made


def picture(seed: int = 0, **options) -> Probe:
    vector = np.random.default_rng(10_000 + seed).normal(size=DIM).astype(np.float32)
    return Probe(vector, "picture", MAKER, **options)


def ids_and_bytes(hits) -> tuple:
    return hits.ids, hits.scores.tobytes()


def everything(made: Lance) -> tuple:
    """What searches of many kinds find, scores as bytes."""
    found = [ids_and_bytes(made.search(picture(seed, k=20))) for seed in range(5)]
    for words in ("red shoe", "shoes", "number7", "กางเกง"):
        found.append(ids_and_bytes(made.search(Probe(words=words, k=20))))
        cheap = parse_filter("price < 50")
        found.append(ids_and_bytes(made.search(Probe(words=words, where=cheap, k=20))))
    return (*found, made.schema, made.digests(), made.count(parse_filter("price < 50")))
