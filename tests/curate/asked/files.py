"""Products of `engine` with pictures that lie on disk and can be sent."""

import io
from dataclasses import replace
from pathlib import Path

from PIL import Image as PIL

from skulens.records import Image
from tests.curate.asked.engine import Shop, Vectors


def on_disk(products, vectors, folder: Path):
    """A shop whose pictures are files of one colour each, and an embedder that knows them.

    Args:
        vectors: id of a product, as bytes -> its vector.
    """
    known, made = {}, []
    for number, product in enumerate(products):
        file = io.BytesIO()
        PIL.new("RGB", (8, 8), (number * 7 % 256, number * 31 % 256, 99)).save(file, "PNG")
        path = folder / f"{product.id}.png"
        path.write_bytes(file.getvalue())
        made.append(replace(product, images=(Image(path=str(path)),)))
        if product.id.encode() in vectors:
            known[file.getvalue()] = vectors[product.id.encode()]
    return Shop(made), Vectors(known)
