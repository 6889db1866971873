"""What a site ships of the encoder of its pictures: the image tower, and texts that it has read."""

import importlib.util
import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from skulens.documents import Schema, VectorColumn
from skulens.encode import OpenedEncoder, split_name
from skulens.encode.batching import Batching
from skulens.encode.embed import Embedder
from skulens.encode.external_data import external_files
from skulens.encode.fusion import normalise
from skulens.encode.memo import Memo
from skulens.encode.preprocess import Preprocess
from skulens.errors import EncoderError
from skulens.search.indexing.columns import open_column

WEIGHTS = Path(__file__).parents[2] / "encode" / "weights"
SHIPPED = ("mini", "groceries")
"""Encoders whose image tower lies as ONNX beside their weights."""
KERNELS = ("bicubic", "bilinear", "lanczos", "random")
"""Ways to resize that the page does as Pillow does."""


@dataclass(frozen=True)
class Tower:
    """What a browser needs to embed a photo."""

    onnx: bytes
    preprocess: dict[str, Any]
    """Of `Preprocess.describe`."""
    encoder: OpenedEncoder | None
    """To embed texts; None where torch is not installed."""


def picture_column(schema: Schema) -> VectorColumn | None:
    """The column that photos are compared with: the first that was made of pictures."""
    made = (c for c in schema.vectors if c.made_from != "text" and "image" in c.modalities)
    return next(made, None)


def open_tower(column: VectorColumn, name: str = "", memo: Memo | None = None) -> Tower:
    """The tower of a column's encoder.

    Args:
        name: of the encoder where its model has moved.
    Raises:
        StoreError: the encoder is not the one that made the column.
        EncoderError: it has no tower that a browser could run, or that could be exported here.
    """
    wanted = name or column.encoder
    if wanted in SHIPPED and importlib.util.find_spec("torch") is None:
        folder = WEIGHTS / wanted
        return Tower((folder / "encoder.onnx").read_bytes(), shipped_preprocess(folder), None)
    encoder = open_column(column, name, memo)
    if wanted in SHIPPED:
        onnx = (WEIGHTS / wanted / "encoder.onnx").read_bytes()
    elif split_name(wanted)[0] == "onnx":
        onnx = read_onnx(encoder)
    else:
        onnx = export(encoder)
    preprocess: Preprocess = encoder.model.preprocess  # type: ignore[attr-defined]
    return Tower(onnx, check_preprocess(preprocess, wanted), encoder)


def shipped_preprocess(folder: Path) -> dict[str, Any]:
    """How a shipped encoder wants its pictures, read without torch."""
    config = json.loads((folder / "open_clip_config.json").read_text("utf-8"))
    size = config["model_cfg"]["vision_cfg"]["image_size"]
    return Preprocess.of_open_clip({**config["preprocess_cfg"], "size": size}).describe()


def check_preprocess(preprocess: Preprocess, name: str) -> dict[str, Any]:
    """As values. Raises EncoderError for a way to resize that the page cannot do."""
    if preprocess.interpolation not in KERNELS:
        raise EncoderError(
            f"{name} resizes by {preprocess.interpolation!r}, the page by one of "
            f"{', '.join(KERNELS)}; --no-photos publishes without search by photo"
        )
    return asdict(preprocess)


def read_onnx(encoder: OpenedEncoder) -> bytes:
    """The file of an ONNX encoder. Raises EncoderError for one of several files or of half floats."""
    model: Any = encoder.model
    if list(external_files(model.path)):
        raise EncoderError(
            f"{model.path} keeps weights in other files; a site ships one: join them"
        )
    if model.input.type != "tensor(float)":
        raise EncoderError(f"{model.path} reads {model.input.type}; browsers need float32")
    return model.path.read_bytes()


def export(encoder: OpenedEncoder) -> bytes:
    """The tower, exported by torch. Raises EncoderError where that cannot be done."""
    from skulens.serve.publish.tower import write_tower

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "encoder.onnx"
        write_tower(encoder.model, file)
        return file.read_bytes()


def embed_texts(encoder: OpenedEncoder, texts: Sequence[str]) -> np.ndarray:
    """(texts, dim) float32 of length 1, as the text parts of a query are embedded."""
    [encoded] = Embedder([encoder], [None], None, Batching(progress=False)).embed_parts(
        list(texts), "query"
    )
    return normalise(encoded.vectors)
