"""A shop of coloured squares, small enough to train on in a second."""

import io
from dataclasses import replace

import numpy as np
import PIL.Image
import pytest

import skulens.torch_shim  # noqa: F401  # before a test file imports open_clip or timm
from skulens.records import DatasetInfo, Image, Item, Product, Query
from skulens.train.config import from_dict

COLOURS = {
    "red": (220, 30, 30),
    "green": (30, 200, 40),
    "blue": (30, 40, 220),
    "white": (240, 240, 240),
}
TINY = {
    "towers": {
        "vision": "test_efficientnet",
        "image_px": 32,
        "embed_dim": 16,
        "text_width": 16,
        "text_layers": 1,
        "text_heads": 2,
        "context_length": 12,
        "vocab_size": 300,
    },
    "batch": 8,
    "epochs": 3,
    "warmup": 1,
    "ema": 0.5,
}


def png(colour, seed: int) -> bytes:
    noise = np.random.default_rng(seed).integers(-20, 20, (24, 20, 3))
    out = io.BytesIO()
    PIL.Image.fromarray(np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)).save(out, "PNG")
    return out.getvalue()


class Squares:
    """Four products with an iconic picture, photos in three splits; `broken` adds a bad file."""

    info = DatasetInfo(
        "squares",
        "Squares",
        licence="CC0",
        splits=("train", "val", "test"),
        gallery_text=("description",),
    )

    def __init__(self, photos: int = 4, broken: bool = False, name: str = "squares"):
        self.photos, self.broken, self.rejects = photos, broken, []
        self.info = replace(self.info, name=name)

    def products(self):
        for name, colour in COLOURS.items():
            pictures = (Image(data=png(colour, 0), view="iconic"),)
            if self.broken and name == "red":
                pictures += (Image(data=b"<html>not found", view="side"),)
            yield Product(
                name,
                title=f"{name} square",
                texts={"description": f"a {name} thing"},
                images=pictures,
            )

    def queries(self, split):
        for i, (name, colour) in enumerate(COLOURS.items()):
            for k in range(self.photos):
                seed = 100 * len(split) + 10 * i + k + 1
                item = Item(f"{split}-{name}-{k}", (Image(data=png(colour, seed), view="photo"),))
                yield Query(item.id, item, {name: 1}, group=name)


@pytest.fixture
def squares():
    return Squares()


@pytest.fixture
def tiny():
    return from_dict(TINY)
