"""Token and patch vectors of open_clip's towers, in the joint space, for late interaction.

What a vector stands for:

- a patch: what the tower's own head makes of that patch alone, as if it were the whole picture:
  final norm, pooling over one position, projection. Where the head is a mean and a linear map
  (ResNets of timm), the mean of the patch vectors is the picture's vector.
- a text token: its last state through final norm and text projection, special tokens included.

The class token of a vision transformer stands for no place and is left out. Vectors are not
normalised.
"""

from typing import Any

import skulens.torch_shim  # noqa: F401  # before anything that imports torchvision

# isort: split
import torch
from open_clip.timm_model import TimmModel
from open_clip.transformer import VisionTransformer

from skulens.errors import EncoderError


def map_patches(visual: Any, pixels: torch.Tensor) -> torch.Tensor:
    """(batch, rows, columns, dim) of an image tower.

    Args:
        visual: the image tower of an open_clip model.
        pixels: (batch, 3, height, width).
    Raises:
        EncoderError: a tower whose head cannot be applied to single patches.
    """
    if isinstance(visual, VisionTransformer) and visual.attn_pool is None:
        return map_transformer(visual, pixels)
    if isinstance(visual, TimmModel) and "pool" not in dict(visual.head.named_children()):
        return map_timm(visual, pixels)
    raise EncoderError(
        f"{type(visual).__name__} pools with an attention of fixed size "
        "and shows no patch vectors; take a vision transformer or a timm tower"
    )


def map_transformer(visual: Any, pixels: torch.Tensor) -> torch.Tensor:
    """open_clip's own vision transformer, one class token before the patches."""
    states = visual.ln_post(visual.transformer(visual._embeds(pixels)))[:, 1:]
    if visual.proj is not None:
        states = states @ visual.proj
    rows, columns = visual.grid_size
    return states.reshape(len(states), rows, columns, -1)


def map_timm(visual: Any, pixels: torch.Tensor) -> torch.Tensor:
    """A network of timm; every position goes through pooling and head by itself."""
    trunk = visual.trunk
    features = trunk.forward_features(pixels)
    if features.ndim == 4:  # a map of channels
        if getattr(trunk, "output_fmt", "NCHW") == "NHWC":
            features = features.permute(0, 3, 1, 2)
        batch, channels, rows, columns = features.shape
        alone = features.permute(0, 2, 3, 1).reshape(-1, channels, 1, 1)
    else:
        prefix = getattr(trunk, "num_prefix_tokens", 0)
        batch, tokens, channels = features[:, prefix:].shape
        rows, columns = (
            side // patch
            for side, patch in zip(pixels.shape[2:], trunk.patch_embed.patch_size, strict=True)
        )
        if rows * columns != tokens:
            raise EncoderError(
                f"{type(trunk).__name__} answers {tokens} tokens for a grid of {rows} x {columns} "
                "patches and shows no patch vectors"
            )
        alone = features[:, prefix:].reshape(-1, 1, channels)
        if getattr(trunk, "global_pool", "") == "avg":  # its pooling skips the prefix
            alone = torch.nn.functional.pad(alone, (0, 0, prefix, 0))
    vectors = visual.head(trunk.forward_head(alone))
    return vectors.reshape(batch, rows, columns, -1)


def read_states(tower: Any, ids: torch.Tensor) -> torch.Tensor:
    """(batch, tokens, width): last states of a text tower, final norm included.

    Args:
        ids: (batch, tokens), at most the context length; shorter only under a causal mask.
    """
    length = ids.shape[1]
    states = tower.token_embedding(ids)
    states = states + tower.positional_embedding[:length].to(states.dtype)
    mask = getattr(tower, "attn_mask", None)
    states = tower.transformer(states, attn_mask=None if mask is None else mask[:length, :length])
    return tower.ln_final(states)


def project_text(tower: Any, states: torch.Tensor) -> torch.Tensor:
    """States (..., width) -> (..., dim) of the joint space."""
    projection = tower.text_projection
    if projection is None:
        return states
    if isinstance(projection, torch.nn.Linear):
        return projection(states)
    return states @ projection


def check_text_tokens(tower: Any) -> None:
    """Raise EncoderError for a text tower whose tokens cannot be projected one by one."""
    if not hasattr(tower, "token_embedding") or getattr(tower, "cls_emb", None) is not None:
        raise EncoderError(
            f"the text tower {type(tower).__name__} shows no token vectors; take a pair whose "
            "text tower is open_clip's own and has no class token"
        )
