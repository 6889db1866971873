"""Items -> vectors. One file per model family; batching, caching and fusion live here once.

encoder = open_encoder("mini")
vectors = encode(encoder, items)          # (items, dim) float32, rows of length 1
"""

import hashlib
import json
import os
import re
from importlib import metadata
from pathlib import Path

import numpy as np

from skulens import __version__
from skulens.encode.memo import Memo
from skulens.errors import EncoderError, unknown
from skulens.files import cache_folder
from skulens.protocols import Encoder, Modality
from skulens.records import EncoderInfo
from skulens.registry import resolve, rows

PACKAGES = (
    "torch",
    "open_clip_torch",
    "timm",
    "transformers",
    "sentence-transformers",
    "onnxruntime",
    "pillow",
)
MODES = ("sound", "paper")
DTYPES = ("auto", "float32", "bfloat16")


class OpenedEncoder:
    """An encoder that loads its model when it first has to compute something.

    Its `info` is remembered from the last time the same name, settings, files and package
    versions were opened, so a run whose vectors are all cached imports no model at all.
    """

    def __init__(self, name: str, settings: dict, memo: Memo | None):
        self.name, self.settings, self.memo = name, settings, memo
        self.family, self.argument = split_name(name)
        self._model: Encoder | None = None
        self._info: EncoderInfo | None = None
        self._key = opening_key(self.family, self.argument, settings)

    @property
    def model(self) -> Encoder:
        """The loaded encoder of the family."""
        if self._model is None:
            family = resolve("encoder", self.family)
            self._model = family(self.argument, **self.settings)
            self._info = self._model.info
            if self.memo is not None:
                self.memo.set_encoder_info(self._key, self._info)
        return self._model

    @property
    def info(self) -> EncoderInfo:
        if self._info is None and self.memo is not None:
            self._info = self.memo.encoder_info(self._key)
        return self._info or self.model.info

    @property
    def device(self) -> str:
        return self.model.device

    def prepare_image(self, picture):
        return self.model.prepare_image(picture)

    def prepare_text(self, text: str):
        return self.model.prepare_text(text)

    def count_tokens(self, text: str) -> int:
        return self.model.count_tokens(text)

    def encode_batch(self, modality: Modality, batch) -> np.ndarray:
        return self.model.encode_batch(modality, batch)


def open_encoder(
    name: str,
    *,
    mode: str = "sound",
    dtype: str = "auto",
    device: str = "auto",
    revision: str = "",
    memo: Memo | None = None,
) -> OpenedEncoder:
    """An encoder by name, such as "mini", "open_clip:ViT-B-32/openai", "local:DIR" or "onnx:FILE".

    Args:
        mode: "sound" (right activation, best precision for the ranking) or "paper" (as OpenMPR ran it).
        dtype: "auto", "float32" or "bfloat16"; what the forward pass computes in.
        memo: where the encoder's info is remembered; without it the model is loaded at once.
    Raises:
        UnknownName: no family or file is called so; names the nearest.
        EncoderError: a setting that no encoder has.
    """
    if mode not in MODES or dtype not in DTYPES:
        raise EncoderError(
            f"expected mode in {MODES} and dtype in {DTYPES}, got {mode!r} and {dtype!r}"
        )
    settings = {"mode": mode, "dtype": dtype, "device": device, "revision": revision}
    return OpenedEncoder(name, settings, memo)


def split_name(name: str) -> tuple[str, str]:
    """("open_clip", "ViT-B-32/openai"); a bare path or open_clip pair is recognised by its looks."""
    family, colon, argument = name.partition(":")
    families = rows("encoder")
    if family in families and (colon or not families[family].needs):
        return family, argument
    path = Path(name)
    if path.suffix == ".onnx" or (path.is_dir() and any(path.glob("*.onnx"))):
        return "onnx", name
    if (path / "open_clip_config.json").is_file():
        return "local", name
    if family in families:
        raise EncoderError(
            f"encoder {name!r} needs what comes after the colon: {families[family].about}"
        )
    if re.fullmatch(r"[\w.+-]+/[\w.+-]+", name) and name.split("/")[0] in open_clip_architectures():
        return "open_clip", name
    raise unknown("encoder", name, [*families, *open_clip_names()], "skulens list encoders")


def open_clip_names() -> list[str]:
    from skulens.encode.zoo.rows import list_rows

    return [f"open_clip:{row.arch}/{row.tag}" for row in list_rows()]


def open_clip_architectures() -> set[str]:
    return {name.partition(":")[2].split("/")[0] for name in open_clip_names()}


def opening_key(family: str, argument: str, settings: dict) -> str:
    """Hash of all that decides what an opened encoder is, without opening it."""
    versions = {"skulens": __version__}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    weights = Path(__file__).parent / "weights" / family
    files = fingerprint(Path(argument.partition("#")[0])) if argument else fingerprint(weights)
    what = [
        family,
        argument,
        settings,
        versions,
        files,
        os.environ.get("HF_HUB_CACHE"),
        str(Path.cwd()) if files else "",
    ]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()


def fingerprint(path: Path) -> list[str]:
    """Names, sizes and times of the files behind a local model; empty where there are none."""
    if path.is_file():
        files = [path]
    elif path.is_dir():
        files = sorted(f for f in path.rglob("*") if f.is_file())[:1000]
    else:
        return []
    return [f"{f} {(s := f.stat()).st_size} {s.st_mtime_ns} {s.st_ctime_ns}" for f in files]


def open_memo() -> Memo:
    return Memo(cache_folder())
