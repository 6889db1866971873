"""Photos of a grocery store: the browser's ten are Python's ten, in their order."""

import base64
import os
from pathlib import Path

import numpy as np
import pytest

from skulens.documents import Document, Schema
from skulens.encode import open_encoder
from skulens.encode.embed import Embedder
from skulens.index.stores import open_store
from skulens.index.stores.fields import infer
from skulens.records import Image, Product
from skulens.search.indexing.columns import describe_column
from skulens.search.shop import Shop
from skulens.search.vectors import QUIET
from skulens.serve.publish.site import Options, publish
from tests.serve.publish.conftest import opened, serve

DATA = Path(os.environ.get("SKULENS_DATA", "")) / "groceries"
PHOTOS, GALLERY = 200, 1000
NEAR = 2e-5
"""Scores nearer than that may change places: vectors are two bytes a number."""


def photos_of(split: str, count: int) -> list[Path]:
    """So many photos of a split, spread over all of it."""
    lines = (DATA / f"{split}.txt").read_text().splitlines()
    step = max(1, len(lines) // count)
    return [DATA / line.split(",")[0].strip() for line in lines[::step][:count]]


@pytest.fixture(scope="module")
def shop() -> Shop:
    """Every photo of the training split that is taken is a product."""
    if not (DATA / "test.txt").is_file():
        pytest.skip("needs the groceries of SKULENS_DATA")
    pytest.importorskip("torch", reason="needs the encoder that ships: pip install 'skulens[clip]'")
    encoder = open_encoder("groceries", device="cpu")
    products = [Product(f"{n:04}", title=p.stem) for n, p in enumerate(photos_of("train", GALLERY))]
    images = [Image(path=str(p)) for p in photos_of("train", GALLERY)]
    [found] = Embedder([encoder], [None], None, QUIET).embed_parts(images, "document")
    unit = found.vectors / np.linalg.norm(found.vectors, axis=1, keepdims=True)
    schema = Schema((describe_column("picture", encoder, "image"),), infer(products), "groceries")
    store = open_store("memory:", schema)
    store.upsert(
        Document(p.id, {"picture": np.float32(v)}, {"title": p.title}, p.title, digest=p.id)
        for p, v in zip(products, unit, strict=True)
    )
    return Shop(store)


def test_ten_products_of_200_photos_are_those_of_the_shop(shop, runtime, chromium, tmp_path):
    publish(shop.store, tmp_path / "site", Options(progress=False))
    ask = (
        "async (image) => { const a = await backend.search({item: [{image}], k: 10, give_vectors: true});"
        " return [a.vectors.picture, a.hits.map(({id, score}) => [id, score])]; }"
    )
    worst, photos = 0.0, photos_of("test", PHOTOS)
    assert len(photos) == PHOTOS
    with serve(tmp_path / "site") as url, opened(chromium, f"{url}/") as page:
        for photo in photos:
            data = photo.read_bytes()
            uri = f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"
            vector, hits = page.evaluate(ask, uri)
            expected = shop.search(photo=data, k=11, codes=False, give_vectors=True)
            worst = max(worst, float(np.abs(np.array(vector) - expected.vectors["picture"]).max()))
            scores = [hit.score for hit in expected]
            for n, (product, score) in enumerate(hits):
                assert abs(score - scores[n]) < NEAR, photo
                near = [h.id for h in expected if abs(h.score - scores[n]) < NEAR]
                assert product == expected[n].id or (len(near) > 1 and product in near), photo
    assert worst < 1e-5
