"""An open_clip model, built from its configuration and run: what every source of weights shares."""

import contextlib
import functools
import inspect
import threading
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image

import skulens.torch_shim  # noqa: F401  # before anything that imports torchvision

# isort: split
import open_clip
import torch
from open_clip.coca_model import CoCa
from open_clip.factory import load_checkpoint
from open_clip.transformer import ResidualAttentionBlock, Transformer
from safetensors import SafetensorError, safe_open

from skulens.checkpoints import by_hand, hub_file, identity_of, packages
from skulens.encode.flops import gflops
from skulens.encode.parts import PartByPart
from skulens.encode.patches import check_text_tokens, map_patches, project_text, read_states
from skulens.encode.precision import NORMS, choose_precision
from skulens.encode.preprocess import Preprocess
from skulens.encode.tokenization import Tokens, pad_ids
from skulens.errors import EncoderError
from skulens.files import sha256_of_file
from skulens.opening import check_finite
from skulens.protocols import Modality, Numerics, Role
from skulens.records import EncoderInfo, Warning_

RANDOM_SEED = 0


@dataclass(frozen=True)
class Source:
    """What a name stands for, before anything heavy happens."""

    name: str
    config: dict
    """open_clip's model_cfg."""
    preprocess: dict
    """open_clip's preprocess_cfg, without the size."""
    weights: Path | None
    """None: random weights."""
    revision: str = ""
    licence: str = "unknown"
    warnings: tuple[Warning_, ...] = ()
    trained_on: tuple[str, ...] = ()
    trained_spus: Mapping[str, str] | None = None
    strict_positions: bool = False
    """Refuse weights whose position embeddings open_clip would interpolate."""


class Towers(PartByPart):
    """An image tower and a text tower of open_clip behind skulens' Encoder protocol."""

    family = "open_clip"

    def __init__(self, source: Source, tokens: Tokens, numerics: Numerics, device: str):
        self.precision = choose_precision(numerics, device)
        self.device, self.tokens = self.precision.device, tokens
        model: Any = load_model(source)
        self.preprocess = Preprocess.of_open_clip(
            {**source.preprocess, "size": model.visual.image_size}
        )
        params = towers_params(model)
        costs = towers_gflops(source.config, self.preprocess, tokens.context_length)
        self.model: Any = self.precision.apply(model)
        self.layout = torch.contiguous_format
        if not self.precision.plain:
            self.layout = arrange_for_speed(self.model, self.precision.dtype)
        whole = self.precision.plain or not tokens.trims
        self.fast_text = not whole and can_trim(text_tower(model))
        self.normalises = self.precision.plain and normalises_by_default(self.model)
        self.info = self._describe(source, params, costs)

    def _describe(self, source: Source, params: tuple[int, int], costs: tuple) -> EncoderInfo:
        identity = identity_of(
            weights=sha256_of_file(source.weights)
            if source.weights
            else f"random, seed {RANDOM_SEED}",
            config=source.config,
            preprocess=self.preprocess.describe(),
            tokens=self.tokens.describe(),
            **self.precision.describe(),
            **({"calls": "normalised"} if self.normalises else {}),
            versions=packages("torch", "open_clip_torch", "timm", "pillow"),
        )
        sigmoid = (
            "siglip" in source.name.lower() or source.config.get("init_logit_bias") is not None
        )
        return EncoderInfo(
            name=source.name,
            family=self.family,
            identity=identity,
            dim=source.config["embed_dim"],
            modalities=("image", "text"),
            image_px=self.preprocess.height,
            context_length=self.tokens.context_length,
            revision=source.revision,
            licence=source.licence,
            params_image=params[0],
            params_text=params[1],
            gflops_image=costs[0],
            gflops_text=costs[1],
            dtype=self.precision.dtype,
            activation="sigmoid" if sigmoid else "softmax",
            warnings=source.warnings,
            trained_on=source.trained_on,
            trained_spus=source.trained_spus,
            about={"numerics": asdict(self.precision.numerics)},
        )

    def prepare_image(self, picture: PIL.Image.Image, role: Role = "query") -> np.ndarray:
        """float32 (3, height, width)."""
        return self.preprocess(picture)

    def prepare_text(self, text: str, role: Role = "query") -> np.ndarray:
        """int64 (tokens,), cut to the context length; padded only where the model needs it."""
        return self.tokens.cut(text)

    def count_tokens(self, text: str) -> int:
        return len(self.tokens.ids(text))

    def encode_batch(self, modality: Modality, batch: Sequence[np.ndarray]) -> np.ndarray:
        """(batch, dim) float32; not normalised, but where a script's plain call would be (CoCa)."""
        with self.precision.forward_pass():
            encode = self._images if modality == "image" else self._texts
            return encode(batch).float().cpu().numpy()

    def _images(self, batch: Sequence[np.ndarray]) -> torch.Tensor:
        pixels = self.precision.send(torch.from_numpy(np.stack(batch)))  # (batch, 3, height, width)
        return self.model.encode_image(
            pixels.contiguous(memory_format=self.layout), normalize=self.normalises
        )

    def _texts(self, batch: Sequence[np.ndarray]) -> torch.Tensor:
        ids = self._pad(batch)
        if self.fast_text:
            return encode_trimmed(text_tower(self.model), ids)
        return self.model.encode_text(ids, normalize=self.normalises)

    def _pad(self, batch: Sequence[np.ndarray]) -> torch.Tensor:
        """(batch, tokens) on the device; the whole context where padding is part of the model."""
        longest = max(map(len, batch)) if self.fast_text else self.tokens.context_length
        return self.precision.send(torch.from_numpy(pad_ids(batch, longest, self.tokens.pad)))

    def encode_tokens(self, modality: Modality, batch: Sequence[np.ndarray]) -> list[np.ndarray]:
        """(tokens, dim) float32 of each part, as skulens.encode.patches says.

        Raises:
            EncoderError: towers that do not show them.
        """
        with self.precision.forward_pass():
            if modality == "image":
                pixels = self.precision.send(torch.from_numpy(np.stack(batch)))
                found = map_patches(self.model.visual, pixels).flatten(1, 2)
                return list(found.float().cpu().numpy())
            return self._text_tokens(batch)

    def _text_tokens(self, batch: Sequence[np.ndarray]) -> list[np.ndarray]:
        tower = text_tower(self.model)
        check_text_tokens(tower)
        ids = self._pad(batch)
        found = project_text(tower, read_states(tower, ids)).float().cpu().numpy()
        lengths = [len(np.trim_zeros(one - self.tokens.pad, "b")) for one in batch]
        return [rows[:length] for rows, length in zip(found, lengths, strict=True)]

    def grid(self, picture: PIL.Image.Image) -> tuple[int, int]:
        """(rows, columns) of patches, the same for every picture."""
        return self._grid

    @functools.cached_property
    def _grid(self) -> tuple[int, int]:
        frame = (1, 3, self.preprocess.height, self.preprocess.width)
        with self.precision.forward_pass():
            found = map_patches(self.model.visual, self.precision.send(torch.zeros(frame)))
        return found.shape[1], found.shape[2]


def build_model(config: dict) -> torch.nn.Module:
    """The bare model of a configuration, as open_clip.create_model builds it; no download."""
    config = deepcopy(config)
    config["vision_cfg"]["timm_model_pretrained"] = False
    if "hf_model_name" in config["text_cfg"]:
        config["text_cfg"] |= {
            "hf_model_pretrained": False,
            "hf_model_name": text_config_source(config),
        }
    custom = config.pop("custom_text", False) or "hf_model_name" in config["text_cfg"]
    kind = (
        (CoCa if "multimodal_cfg" in config else open_clip.CustomTextCLIP)
        if custom
        else open_clip.CLIP
    )
    try:
        return kind(**config)
    except (TypeError, RuntimeError, KeyError) as e:
        raise EncoderError(f"open_clip cannot build a model of this configuration: {e}") from e


def text_config_source(config: dict) -> str:
    """Where transformers finds a text tower's configuration: a folder or cached hub repository."""
    name = config["text_cfg"]["hf_model_name"]
    if not by_hand(name).is_dir():
        hub_file(name, "config.json", None, by_hand(name))  # its error names the file and its place
        return name
    return str(by_hand(name))


STARTS = (
    "normal_",
    "trunc_normal_",
    "uniform_",
    "kaiming_uniform_",
    "kaiming_normal_",
    "xavier_uniform_",
    "xavier_normal_",
)
_building = threading.Lock()


@contextlib.contextmanager
def without_random_start():
    """Leave new weights as they lie in memory, for models whose every weight is loaded right after.

    Drawing random numbers to throw them away takes 0.9 s for ViT-B-32, 10 s for ViT-H-14.
    """
    with _building:
        usual = {name: getattr(torch.nn.init, name) for name in STARTS}
        try:
            for name in STARTS:
                setattr(torch.nn.init, name, lambda tensor, *_, **__: tensor)
            yield
        finally:
            for name, start in usual.items():
                setattr(torch.nn.init, name, start)


def load_model(source: Source) -> torch.nn.Module:
    """The float32 model with its weights; random ones are the same on every call."""
    if source.weights is None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(RANDOM_SEED)
            return build_model(source.config)
    with without_random_start():
        model = build_model(source.config)
    try:
        if source.strict_positions:
            check_positions(model, source.weights)
        # Strict: a missing or unknown weight is an error.
        load_checkpoint(model, str(source.weights))
    except (
        RuntimeError,
        KeyError,
        ValueError,
        AssertionError,
        AttributeError,
        SafetensorError,
    ) as e:
        raise EncoderError(f"{source.weights} does not fit {source.name}: {str(e)[:400]}") from e
    # open_clip leaves a projection of CoCa's caption decoder, which makes no vectors, to chance
    check_finite(model, source.weights, unused="text_decoder.")
    return model


def check_positions(model: torch.nn.Module, weights: Path) -> None:
    """Refuse weights of another picture size or context, which open_clip would stretch.

    Raises:
        ValueError: names the tensor and both shapes.
    """
    expected = {
        name: tuple(p.shape)
        for name, p in model.named_parameters()
        if name.endswith("positional_embedding")
    }
    with safe_open(weights, "pt") as f:
        have = {
            name: tuple(f.get_slice(name).get_shape()) for name in expected.keys() & set(f.keys())
        }
    for name, shape in have.items():
        if shape != expected[name]:
            raise ValueError(
                f"{name} has shape {shape}, the architecture {expected[name]}: "
                "the weights were trained for another picture size or context length"
            )


def arrange_for_speed(model: Any, dtype: str) -> torch.memory_format:
    """Lay the model out for speed; the vectors stay the same. Returns the layout for pictures.

    Texts go through attention as (tokens, batch, width): with a mask, torch's own attention
    turns (batch, tokens, width) round before every layer and then copies its weights once per
    text, which made bfloat16 texts 3 to 4 times slower on a CPU. Convolutions with batch norms
    like channels last: RN50 in bfloat16 +20 %, neutral elsewhere.
    """
    layers = getattr(text_tower(model), "transformer", None)
    if isinstance(layers, Transformer) and all(
        type(b) is ResidualAttentionBlock for b in layers.resblocks
    ):
        layers.batch_first = False
        for block in layers.resblocks:
            block.attn.batch_first = False
    if dtype == "float32" or not any(isinstance(m, NORMS) for m in model.visual.modules()):
        return torch.contiguous_format
    model.visual.to(memory_format=torch.channels_last)
    return torch.channels_last


def text_tower(model: Any) -> Any:
    """Where the text layers live: open_clip.CLIP holds them itself, other classes in `.text`."""
    return getattr(model, "text", model)


def towers_params(model: Any) -> tuple[int, int]:
    """(image, text) parameters; shared ones (scale, bias, caption decoder) count as text."""
    image = sum(p.numel() for p in model.visual.parameters())
    return image, sum(p.numel() for p in model.parameters()) - image


def towers_gflops(
    config: dict, preprocess: Preprocess, context_length: int
) -> tuple[float | None, float | None]:
    """GFLOPs of a picture and of a text that fills the context, on a copy without numbers."""
    with torch.device("meta"):
        model = build_model(config).eval()
    image = gflops(model.encode_image, 1, 3, preprocess.height, preprocess.width)
    return image, gflops(model.encode_text, 1, context_length, dtype=torch.int64)


def normalises_by_default(model: Any) -> bool:
    """Whether encode_image and encode_text of the model normalise unless told otherwise (CoCa)."""
    return inspect.signature(model.encode_image).parameters["normalize"].default is True


def can_trim(tower: Any) -> bool:
    """Can tokens after the end token not reach the vector: causal mask, pooled at the end?"""
    pool = getattr(tower, "text_pool_type", None) or getattr(tower, "pool_type", None)
    plain = getattr(tower, "cls_emb", None) is None and not getattr(tower, "output_tokens", False)
    return plain and pool == "argmax" and getattr(tower, "attn_mask", None) is not None


def encode_trimmed(tower: Any, ids: torch.Tensor) -> torch.Tensor:
    """encode_text on as many positions as the longest text of the batch has, instead of all 77.

    Under a causal mask the state at the end token never sees the padding behind it, so the
    vector is the same but for rounding (tested); 30-token captions cost 2.6 times less.
    """
    states = read_states(tower, ids)
    ends = torch.arange(len(states), device=states.device), ids.argmax(dim=-1)
    return project_text(tower, states[ends])
