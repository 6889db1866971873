"""Items -> vectors. One file per model family; batching, caching and fusion live here once.

encoder = open_encoder("mini")
[found] = Embedder([encoder]).embed_items(items, "query")   # found.vectors: (items, dim), length 1
"""

import hashlib
import json
import os
import re
from collections.abc import Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from skulens import __version__
from skulens.encode.memo import Memo, stat_of
from skulens.errors import EncoderError, unknown
from skulens.files import cache_folder
from skulens.protocols import Encoder, Modality, Numerics, Role, TokenEncoder
from skulens.records import EncoderInfo
from skulens.registry import resolve, rows

if TYPE_CHECKING:
    import PIL.Image

PACKAGES = (
    "torch",
    "open_clip_torch",
    "timm",
    "transformers",
    "sentence-transformers",
    "onnxruntime",
    "pillow",
)

IDENTITIES = 2
"""Raised where identities come to cover something else; what was remembered is then learned anew.
1 had no version of Pillow and no external data of ONNX."""


class OpenedEncoder:
    """An encoder that loads its model when it first has to compute something.

    Its `info` is remembered from the last time the same name, settings, files and package
    versions were opened, so a run whose vectors are all cached imports no model at all.
    """

    def __init__(
        self, name: str, numerics: Numerics, device: str, revision: str, memo: Memo | None
    ):
        self.name, self.numerics, self.memo = name, numerics, memo
        self.family, self.argument = split_name(name)
        self._settings = {"numerics": numerics, "device": device, "revision": revision}
        self._model: Encoder | None = None
        self._info: EncoderInfo | None = None
        plain: dict[str, object] = {
            "numerics": asdict(numerics),
            "device": device,
            "revision": revision,
        }
        self._key = opening_key(self.family, self.argument, plain)

    @property
    def model(self) -> Encoder:
        """The loaded encoder of the family."""
        if self._model is None:
            family = resolve("encoder", self.family)
            model: Encoder = family(self.argument, **self._settings)
            self._model, self._info = model, model.info
            if self.memo is not None:
                self.memo.set_encoder_info(self._key, model.info)
        return self._model

    @property
    def info(self) -> EncoderInfo:
        if self._info is None and self.memo is not None:
            self._info = self.memo.encoder_info(self._key)
        return self._info or self.model.info

    @property
    def opening(self) -> dict[str, object]:
        """What opens it again, in another process too: JSON values."""
        return {
            "name": self.name,
            "numerics": asdict(self.numerics),
            "device": self._settings["device"],
            "revision": self._settings["revision"],
        }

    @property
    def device(self) -> str:
        return self.model.device

    def prepare_image(self, picture: "PIL.Image.Image", role: Role = "query") -> Any:
        return self.model.prepare_image(picture, role)

    def prepare_text(self, text: str, role: Role = "query") -> Any:
        return self.model.prepare_text(text, role)

    def prepare_item(self, parts: "Sequence[str | PIL.Image.Image]", role: Role = "query") -> Any:
        return self.model.prepare_item(parts, role)

    def count_tokens(self, text: str) -> int:
        return self.model.count_tokens(text)

    def encode_batch(self, modality: Modality, batch: Sequence[Any]) -> np.ndarray:
        return self.model.encode_batch(modality, batch)

    def encode_tokens(self, modality: Modality, batch: Sequence[Any]) -> list[np.ndarray]:
        return self._token_model().encode_tokens(modality, batch)

    def grid(self, picture: "PIL.Image.Image") -> tuple[int, int]:
        return self._token_model().grid(picture)

    def _token_model(self) -> TokenEncoder:
        if not isinstance(self.model, TokenEncoder):
            raise EncoderError(
                f"{self.name} shows no token vectors; open_clip, local and hf encoders do"
            )
        return self.model


def open_encoder(
    name: str,
    *,
    numerics: Numerics = Numerics(),
    device: str = "auto",
    revision: str = "",
    memo: Memo | None = None,
) -> OpenedEncoder:
    """An encoder by name, such as "mini", "open_clip:ViT-B-32/openai", "local:DIR" or "onnx:FILE".

    The model is loaded when it first has to compute, or when its `info` is asked for and no
    memo remembers it.

    Args:
        numerics: in which precision it computes; families refuse what they cannot do on loading.
        memo: where the encoder's info is remembered between runs.
    Raises:
        UnknownName: no family or file is called so; names the nearest.
        EncoderError: a name without the argument that its family needs.
    """
    return OpenedEncoder(name, numerics, device, revision, memo)


def split_name(name: str) -> tuple[str, str]:
    """Family and rest: ("open_clip", "ViT-B-32/openai"); bare paths and pairs are recognised."""
    family, colon, argument = name.partition(":")
    families = rows("encoder")
    if family in families and (colon or not families[family].needs):
        return family, argument
    path = Path(name)
    if (path / "open_clip_config.json").is_file():  # with its image tower as ONNX, perhaps
        return "local", name
    if path.suffix == ".onnx" or (path.is_dir() and any(path.glob("*.onnx"))):
        return "onnx", name
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


def opening_key(family: str, argument: str, settings: dict[str, object]) -> str:
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
        IDENTITIES,
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
    """Names, sizes and times of the files behind a local model; empty where there are none.

    Of a single file those that it refers to are among them: what stands beside an ONNX file.
    """
    if path.is_file():
        files = [path, *sorted(path.parent.glob("*.json")), *refers_to(path)]
    elif path.is_dir():
        files = sorted(f for f in path.rglob("*") if f.is_file())
    else:
        return []
    return [f"{f} {stat_of(str(f))}" for f in files]


def refers_to(path: Path) -> list[Path]:
    """Files that hold weights of an ONNX file; none of what opening it will refuse."""
    from skulens.encode.external_data import external_files

    try:
        return external_files(path) if path.suffix == ".onnx" else []
    except (EncoderError, OSError):
        return []


def open_memo() -> Memo:
    return Memo(cache_folder())
