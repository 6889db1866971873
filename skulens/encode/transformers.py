"""CLIP, SigLIP and SigLIP 2 as transformers has them: a hub id or a folder."""

import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image

import skulens.torch_shim  # noqa: F401  # before anything that imports torchvision

# isort: split
import torch
from transformers import AutoConfig, AutoImageProcessor, AutoModel, AutoTokenizer

from skulens.checkpoints import (
    card_licence,
    folder_hash,
    identity_of,
    model_folder,
    packages,
    shown_name,
)
from skulens.encode.flops import gflops
from skulens.encode.parts import PartByPart
from skulens.encode.precision import choose_precision
from skulens.encode.preprocess import FILTERS, Preprocess
from skulens.encode.tokenization import MAX_TEXT, canonicalise, pad_ids
from skulens.encode.zoo.warnings import warn_of_card
from skulens.errors import EncoderError
from skulens.opening import (
    check_finite,
    check_tokenizers,
    check_vocabulary,
    open_pretrained,
    opening,
)
from skulens.protocols import Modality, Numerics, Role
from skulens.records import EncoderInfo

PLAIN_PROCESSORS = ("CLIPImageProcessorPil", "SiglipImageProcessorPil")
UNLIMITED = 10**6
"""Tokens; tokenizers without a limit answer about 10^30."""
SIGLIP_CONTEXT = 64
"""Texts of every published SigLIP checkpoint are padded to this; other lengths are near random."""


class DualEncoder(PartByPart):
    """Two towers behind get_image_features and get_text_features.

    SigLIP kinds read canonical text padded on the right to the full context, whatever the
    tokenizer's own settings say: their vector is the state of the last position.
    """

    family = "hf"

    def __init__(
        self,
        argument: str,
        numerics: Numerics = Numerics(),
        device: str = "auto",
        revision: str = "",
    ):
        folder, commit = model_folder(argument, revision or None)
        with opening(folder):
            self._open(argument, folder, commit, numerics, device)

    def _open(
        self, argument: str, folder: Path, commit: str, numerics: Numerics, device: str
    ) -> None:
        check_tokenizers(folder)
        self.precision = choose_precision(numerics, device)
        self.device = self.precision.device
        self.config = read_config(folder)
        self.siglip = self.config.model_type.startswith("siglip")
        self.context_length = context_length(self.config)
        self.tokenizer = open_pretrained(AutoTokenizer, folder)
        self.processor = open_pretrained(AutoImageProcessor, folder, backend="pil")
        self.preprocess = plain_preprocess(self.processor)
        self.lock = threading.Lock()  # the Rust tokenizer keeps truncation settings inside
        largest = max(self.tokenizer.get_vocab().values(), default=0)
        size = getattr(self.config.text_config, "vocab_size", None)
        check_vocabulary(largest, size, folder)
        model = open_pretrained(AutoModel, folder, dtype=torch.float32, use_safetensors=True)
        check_finite(model, folder)
        params = towers_params(model)
        self.model: Any = self.precision.apply(model)
        self.info = self._describe(argument, folder, commit, params)

    def _describe(
        self, name: str, folder: Path, commit: str, params: tuple[int, int]
    ) -> EncoderInfo:
        identity = identity_of(
            files=folder_hash(folder),
            canonical=self.siglip,
            context_length=self.context_length,
            **self.precision.describe(),
            versions=packages("torch", "transformers", "pillow"),
        )
        image_px = getattr(self.config.vision_config, "image_size", None) or naflex_px(self.config)
        costs, licence = self._gflops(), card_licence(folder)
        return EncoderInfo(
            name=shown_name(name),
            family=self.family,
            identity=identity,
            dim=embedding_dim(self.config),
            modalities=("image", "text"),
            image_px=image_px,
            context_length=self.context_length,
            revision=commit,
            licence=licence,
            params_image=params[0],
            params_text=params[1],
            gflops_image=costs[0],
            gflops_text=costs[1],
            dtype=self.precision.dtype,
            activation="sigmoid" if self.siglip else "softmax",
            warnings=warn_of_card(licence, canonical_text=self.siglip),
            about={"numerics": asdict(self.precision.numerics)},
        )

    def _gflops(self) -> tuple[float | None, float | None]:
        with torch.device("meta"):
            model = AutoModel.from_config(self.config, attn_implementation="eager").eval()
        vision = self.config.vision_config
        text = gflops(
            lambda ids: model.get_text_features(input_ids=ids),
            1,
            self.context_length,
            dtype=torch.int64,
        )
        if not getattr(vision, "image_size", None):
            return None, text
        frame = (3, vision.image_size, vision.image_size)
        return gflops(lambda pixels: model.get_image_features(pixel_values=pixels), 1, *frame), text

    def prepare_image(
        self, picture: PIL.Image.Image, role: Role = "query"
    ) -> dict[str, np.ndarray]:
        """The processor's arrays of one picture: pixel_values; patch masks for NaFlex towers."""
        if self.preprocess:
            return {"pixel_values": self.preprocess(picture)}
        return {
            key: np.asarray(value[0])
            for key, value in self.processor([picture], return_tensors="np").items()
        }

    def prepare_text(self, text: str, role: Role = "query") -> np.ndarray:
        """int64 (tokens,), cut to the context length with the end token kept; not padded."""
        with self.lock:
            clean = self._clean(text[:MAX_TEXT])
            cut = self.tokenizer(clean, truncation=True, max_length=self.context_length)
        return np.array(cut.input_ids, np.int64)

    def count_tokens(self, text: str) -> int:
        with self.lock:
            return len(self.tokenizer(self._clean(text)).input_ids)

    def _clean(self, text: str) -> str:
        return canonicalise(text) if self.siglip else text

    def encode_batch(self, modality: Modality, batch: Sequence[Any]) -> np.ndarray:
        """(batch, dim) float32, not normalised."""
        with self.precision.forward_pass():
            if modality == "image":
                found = self.model.get_image_features(**self._stack(batch))
            else:
                found = self.model.get_text_features(**self._text_inputs(batch))
            vectors = getattr(found, "pooler_output", found)  # transformers 5 wraps it
            return vectors.float().cpu().numpy()

    def _stack(self, batch: Sequence[dict[str, np.ndarray]]) -> dict[str, torch.Tensor]:
        stacked = {key: torch.from_numpy(np.stack([one[key] for one in batch])) for key in batch[0]}
        return {key: self.precision.send(value) for key, value in stacked.items()}

    def _text_inputs(self, batch: Sequence[np.ndarray]) -> dict[str, torch.Tensor]:
        pad = self.tokenizer.pad_token_id or 0
        if self.siglip:  # trained without a mask, on padded texts
            ids = torch.from_numpy(pad_ids(batch, self.context_length, pad))
            return {"input_ids": self.precision.send(ids)}
        longest = max(map(len, batch))
        ids = torch.from_numpy(pad_ids(batch, longest, pad))
        lengths = torch.tensor([len(one) for one in batch])
        mask = torch.arange(longest)[None] < lengths[:, None]  # (batch, longest)
        return {
            "input_ids": self.precision.send(ids),
            "attention_mask": self.precision.send(mask.long()),
        }

    def encode_tokens(self, modality: Modality, batch: Sequence[Any]) -> list[np.ndarray]:
        """(tokens, dim) float32 of each part, in the joint space.

        A patch is what the tower's head makes of it alone: CLIP's final norm and projection,
        SigLIP's attention pooling over that one patch. The class token is left out. A text token
        is its last state, projected; special tokens are there, padding is not.
        """
        with self.precision.forward_pass():
            return self._patches(batch) if modality == "image" else self._tokens(batch)

    def _patches(self, batch: Sequence[dict[str, np.ndarray]]) -> list[np.ndarray]:
        inputs = self._stack(batch)
        tower: Any = self.model.vision_model
        states = tower(**inputs).last_hidden_state  # (batch, tokens, width)
        if self.siglip:
            if getattr(tower, "head", None) is None:
                raise EncoderError(
                    f"{self.info.name} has no pooling head and shows no patch vectors"
                )
            alone = states.reshape(-1, 1, states.shape[-1])
            found = tower.head(alone).reshape(*states.shape[:2], -1)
        else:
            found = self.model.visual_projection(tower.post_layernorm(states[:, 1:]))
        rows = found.float().cpu().numpy()
        sizes = [
            int(one["pixel_attention_mask"].sum()) if "pixel_attention_mask" in one else len(row)
            for one, row in zip(batch, rows, strict=True)
        ]
        return [row[:size] for row, size in zip(rows, sizes, strict=True)]

    def _tokens(self, batch: Sequence[np.ndarray]) -> list[np.ndarray]:
        tower: Any = self.model.text_model
        states = tower(**self._text_inputs(batch)).last_hidden_state
        projection = tower.head if self.siglip else self.model.text_projection
        rows = projection(states).float().cpu().numpy()
        return [row[: len(one)] for row, one in zip(rows, batch, strict=True)]

    def grid(self, picture: PIL.Image.Image) -> tuple[int, int]:
        """(rows, columns) of patches; NaFlex towers keep the picture's shape."""
        vision = self.config.vision_config
        if getattr(vision, "image_size", None):
            side = vision.image_size // vision.patch_size
            return side, side
        rows, columns = self.prepare_image(picture)["spatial_shapes"]
        return int(rows), int(columns)


def read_config(folder: Path):
    """The configuration of a model with an image and a text tower."""
    config = open_pretrained(AutoConfig, folder)
    if not (hasattr(config, "vision_config") and hasattr(config, "text_config")):
        raise EncoderError(
            f"{folder} holds a {config.model_type!r} model; "
            "expected two towers such as clip, siglip or siglip2. "
            "Text or multimodal models of sentence-transformers are opened with st:"
        )
    return config


def context_length(config) -> int:
    """Tokens, special ones included."""
    length = getattr(config.text_config, "max_position_embeddings", SIGLIP_CONTEXT)
    return min(length, SIGLIP_CONTEXT) if config.model_type.startswith("siglip") else length


def embedding_dim(config) -> int:
    """Of the vector both towers end in; SigLIP has no projection of its own on the image side."""
    dim = getattr(config, "projection_dim", None)
    if config.model_type.startswith("siglip") or dim is None:
        return (
            getattr(config.text_config, "projection_size", None) or config.vision_config.hidden_size
        )
    return dim


def naflex_px(config) -> int | None:
    """Side of a square with as many patches as a NaFlex tower, whose pictures keep their shape."""
    patches = getattr(config.vision_config, "num_patches", None)
    return int(patches**0.5) * config.vision_config.patch_size if patches else None


def plain_preprocess(processor) -> Preprocess | None:
    """The processor's steps in half its time, where they are the common ones; else None."""
    if type(processor).__name__ not in PLAIN_PROCESSORS:
        return None
    steps = (processor.do_resize, processor.do_rescale, processor.do_normalize)
    if not all(steps) or abs(processor.rescale_factor * 255 - 1) > 1e-9:
        return None
    kernel = PIL.Image.Resampling(processor.resample).name.lower()
    look: dict[str, Any] = {
        "mean": tuple(processor.image_mean),
        "std": tuple(processor.image_std),
        "interpolation": kernel,
    }
    size, crop = (
        dict(processor.size),
        dict(processor.crop_size or {}) if processor.do_center_crop else {},
    )
    if kernel not in FILTERS or any(value is None for value in (*size.values(), *crop.values())):
        return None
    if set(size) == {"height", "width"} and crop in ({}, size):
        return Preprocess(**size, **look, resize_mode="squash")
    side = size.get("shortest_edge")
    if side and set(size) == {"shortest_edge"} and crop == {"height": side, "width": side}:
        return Preprocess(side, side, **look, crop_rounding="down")
    return None


def towers_params(model: torch.nn.Module) -> tuple[int, int]:
    """(image, text) parameters; scale and bias go to text."""
    counts = {True: 0, False: 0}
    for name, parameter in model.named_parameters():
        counts["vision" in name or "visual" in name] += parameter.numel()
    return counts[True], counts[False]
