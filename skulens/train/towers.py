"""The two towers as an open_clip model, and the folder an encoder is stored in."""

import difflib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import skulens.torch_shim  # noqa: F401

# isort: split
import open_clip
import safetensors.torch
import timm
import tokenizers
import torch
from torch import Tensor

from skulens.train.config import Contrastive, RecipeError, Towers
from skulens.train.tokens import save_tokenizer

MEAN, STD = (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)
"""Per channel, of pictures in [0, 1]: plain centring, the towers start from random weights."""


def model_config(towers: Towers, vocab_size: int) -> dict[str, Any]:
    """`model_cfg` as open_clip reads it; `vocab_size` is what the tokenizer really has."""
    return {
        "embed_dim": towers.embed_dim,
        "vision_cfg": {
            "timm_model_name": towers.vision,
            "timm_model_pretrained": False,
            "timm_pool": "avg",
            # The network's own head; open_clip's own would miss MobileNet's last layer.
            "timm_proj": "",
            "timm_drop_path": towers.drop_path or None,
            "image_size": towers.image_px,
        },
        "text_cfg": {
            "context_length": towers.context_length,
            "vocab_size": vocab_size,
            "hf_tokenizer_name": "tokenizer.json",
            "width": towers.text_width,
            "heads": towers.text_heads,
            "layers": towers.text_layers,
        },
    }


def build_model(config: Contrastive, vocab_size: int) -> open_clip.CLIP:
    """Both towers with random weights from the run's seed.

    Raises:
        RecipeError: timm knows no such architecture; names the nearest.
    """
    if not timm.is_model(config.towers.vision):
        near = difflib.get_close_matches(config.towers.vision, timm.list_models(), n=3)
        raise RecipeError(
            f"towers.vision is {config.towers.vision!r}, expected a timm architecture such as "
            f"{', '.join(near) or 'resnet10t'}"
        )
    torch.manual_seed(config.seed)
    bias = {"init_logit_bias": config.bias} if config.loss == "siglip" else {}
    scale = float(torch.tensor(1 / config.temperature).log())
    return open_clip.CLIP(**model_config(config.towers, vocab_size), init_logit_scale=scale, **bias)


def save_encoder(
    model: torch.nn.Module,
    bpe: tokenizers.Tokenizer,
    config: Contrastive,
    folder: Path,
    card: str,
    trained_spus: Mapping[str, str] | None = None,
) -> Path:
    """Write an encoder as open_clip's `local-dir:` reads it; fp16 weights in safetensors.

    Args:
        trained_spus: dataset -> its SPUs seen, as `skulens.trained_on` writes them; `local:DIR`
            says them in its info.
    Returns:
        The folder: open_clip_config.json, open_clip_model.safetensors, tokenizer.json, README.md;
        for a run over frozen vectors no encoder but frozen_reference.safetensors.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "README.md").write_text(card, "utf-8")
    save_tokenizer(bpe, folder)
    weights = {name: to_half(value) for name, value in model.state_dict().items()}
    if config.frozen_image:  # a projection of another encoder's vectors is not a model of open_clip
        safetensors.torch.save_file(
            weights, folder / "frozen_reference.safetensors", {"format": "pt"}
        )
        return folder
    model_cfg = model_config(config.towers, bpe.get_vocab_size())
    if config.loss == "siglip":
        model_cfg["init_logit_bias"] = config.bias
    preprocess = {
        "mean": MEAN,
        "std": STD,
        "interpolation": "bicubic",
        "resize_mode": config.towers.resize_mode,
    }
    settings = {
        "model_cfg": model_cfg,
        "preprocess_cfg": preprocess,
        "trained_on": list(trained_spus or ()),
        "trained_spus": trained_spus,
    }
    (folder / "open_clip_config.json").write_text(json.dumps(settings, indent=2) + "\n", "utf-8")
    safetensors.torch.save_file(weights, folder / "open_clip_model.safetensors", {"format": "pt"})
    return folder


def to_half(value: Tensor) -> Tensor:
    """Weights in fp16; counters stay what they are."""
    return (value.half() if value.is_floating_point() else value).contiguous().clone()


def normalise(x: Tensor) -> Tensor:
    """Pictures in [0, 1] -> what the vision tower reads."""
    return (x - MEAN[0]) / STD[0]
