"""Multimodal language models as encoders: texts, pictures and interleaved items in one pass.

The vector is the state of the last token. Items are padded on the right, where a causal model
cannot see the padding, so the batch does not change a vector.
"""

import copy
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
from transformers import AutoImageProcessor, AutoModelForImageTextToText, AutoProcessor

from skulens.checkpoints import (
    card_licence,
    folder_hash,
    identity_of,
    model_folder,
    packages,
    shown_name,
)
from skulens.encode.numerics import check_dtype_only
from skulens.encode.parts import Leaf
from skulens.encode.precision import choose_precision
from skulens.encode.recipes import SIDECAR, Recipe, find_recipe
from skulens.encode.transformers import UNLIMITED, towers_params
from skulens.encode.zoo.warnings import warn, warn_of_card
from skulens.errors import EncoderError, PictureError
from skulens.opening import check_finite, check_tokenizers, open_pretrained, opening
from skulens.protocols import Modality, Numerics, Role
from skulens.records import EncoderInfo, Warning_


class Mllm:
    """`REPO` or `DIR` of transformers' image-text-to-text models, such as Qwen2-VL.

    The words around an item come from its recipe (see skulens.encode.recipes).
    """

    family = "mllm"

    def __init__(
        self,
        argument: str,
        numerics: Numerics = Numerics(),
        device: str = "auto",
        revision: str = "",
    ):
        check_dtype_only(numerics, "mllm")
        folder, commit = model_folder(argument, revision or None)
        with opening(folder):
            self._open(argument, folder, commit, numerics, device)

    def _open(
        self, argument: str, folder: Path, commit: str, numerics: Numerics, device: str
    ) -> None:
        check_tokenizers(folder)
        self.recipe, source = find_recipe(folder, argument)
        self.precision = choose_precision(numerics, device)
        self.device = self.precision.device
        self._processor = open_processor(folder, self.recipe)
        # Rust tokenizers keep settings inside, so each thread has one.
        self._own = threading.local()
        whole: Any = open_pretrained(
            AutoModelForImageTextToText,
            folder,
            dtype=self.precision.torch_dtype,  # not cast later: rotary tables stay in float32
            use_safetensors=True,
        )
        check_finite(whole, folder)
        params = towers_params(whole)
        self.model = whole.base_model.to(self.device).eval().requires_grad_(False)
        text = whole.config.get_text_config()
        self.max_tokens = self.recipe.max_tokens or min(
            text.max_position_embeddings, self._processor.tokenizer.model_max_length, UNLIMITED
        )
        identity = identity_of(
            files=folder_hash(folder),
            recipe=asdict(self.recipe),
            dtype=self.precision.dtype,
            versions=packages("torch", "transformers", "pillow"),
        )
        licence = card_licence(folder)
        self.info = EncoderInfo(
            name=shown_name(argument),
            family=self.family,
            identity=identity,
            dim=text.hidden_size,
            modalities=("image", "text", "item"),
            image_px=largest_px(self._processor),
            context_length=self.max_tokens,
            revision=commit,
            licence=licence,
            params_image=params[0],
            params_text=params[1],
            dtype=self.precision.dtype,
            roles=self.recipe.roles,
            warnings=(*warn_of_card(licence), *warn_of_recipe(source)),
            about={"numerics": asdict(numerics), "recipe": asdict(self.recipe)},
        )

    @property
    def processor(self) -> Any:
        """This thread's copy."""
        if not hasattr(self._own, "processor"):
            self._own.processor = copy.deepcopy(self._processor)
        return self._own.processor

    def prepare_image(
        self, picture: PIL.Image.Image, role: Role = "query"
    ) -> dict[str, np.ndarray]:
        """`prepare_item` of one picture."""
        return self.prepare_item([picture], role)

    def prepare_text(self, text: str, role: Role = "query") -> dict[str, np.ndarray]:
        """`prepare_item` of one text."""
        return self.prepare_item([text], role)

    def prepare_item(self, parts: Sequence[Leaf], role: Role = "query") -> dict[str, np.ndarray]:
        """The processor's arrays of one item: token ids (1, tokens), and pixels of pictures.

        Raises:
            PictureError: a picture of a shape that the model cannot read.
        """
        if self.recipe.images_first:
            parts = sorted(parts, key=lambda part: isinstance(part, str))
        found = self._arrays(parts, role)
        for _ in range(len(parts) + 2):  # each turn empties a text or ends it
            excess = found["input_ids"].shape[1] - self.max_tokens
            if excess <= 0 or not any(isinstance(part, str) and part for part in parts):
                break
            parts = self._cut(parts, excess)
            found = self._arrays(parts, role)
        return found

    def _arrays(self, parts: Sequence[Leaf], role: Role) -> dict[str, np.ndarray]:
        pictures = [part for part in parts if not isinstance(part, str)]
        words = self.wrap(parts, role)
        try:
            found = self.processor(text=[words], images=pictures or None, return_tensors="np")
        except ValueError as e:
            if not pictures:
                raise
            raise PictureError(f"{self.info.name} cannot read it: {e}") from e
        return {key: np.asarray(value) for key, value in found.items()}

    def wrap(self, parts: Sequence[Leaf], role: Role = "query") -> str:
        """The text that the tokenizer gets, a token standing for each picture."""
        prefix, recipe = self.recipe.prefix.get(role, ""), self.recipe
        if recipe.template == "plain":
            image = recipe.image or self.processor.image_token
            words = [part if isinstance(part, str) else image for part in parts]
            return prefix + recipe.separator.join(words) + recipe.ending
        content: list[dict[str, str]] = [{"type": "text", "text": prefix}] if prefix else []
        for part in parts:
            text = {"type": "text", "text": part} if isinstance(part, str) else None
            content.append(text or {"type": "image"})
        turns: list[dict[str, Any]] = [{"role": "user", "content": content}]
        if system := recipe.system.get(role):
            turns.insert(0, {"role": "system", "content": [{"type": "text", "text": system}]})
        written = self.processor.apply_chat_template(
            turns, tokenize=False, add_generation_prompt=True
        )
        return written + recipe.ending

    def _cut(self, parts: Sequence[Leaf], excess: int) -> list[Leaf]:
        """The parts with the last text that is not empty `excess` tokens shorter."""
        cut = list(parts)
        last = max(i for i, part in enumerate(cut) if isinstance(part, str) and part)
        text = str(cut[last])
        tokens = self.processor.tokenizer(
            text, add_special_tokens=False, return_offsets_mapping=True
        )
        keep = len(tokens["offset_mapping"]) - excess
        cut[last] = text[: tokens["offset_mapping"][keep][0]] if keep > 0 else ""
        return cut

    def count_tokens(self, text: str) -> int:
        return len(self.processor.tokenizer(self.wrap([text])).input_ids)

    def encode_batch(
        self, modality: Modality, batch: Sequence[dict[str, np.ndarray]]
    ) -> np.ndarray:
        """(batch, dim) float32, not normalised: the state of each item's last token."""
        pad = self._processor.tokenizer.pad_token_id or 0
        arrays = collate(batch, pad)
        last = torch.from_numpy(arrays["attention_mask"].sum(1) - 1)  # (batch,)
        inputs = {k: self.precision.send(torch.from_numpy(v)) for k, v in arrays.items()}
        with self.precision.forward_pass():
            states = self.model(**inputs, use_cache=False).last_hidden_state
            rows = torch.arange(len(batch), device=states.device)
            return states[rows, last.to(states.device)].float().cpu().numpy()


def collate(batch: Sequence[dict[str, np.ndarray]], pad: int) -> dict[str, np.ndarray]:
    """One item's arrays beside another's: tokens padded on the right, pictures in a row.

    Args:
        batch: of each item, arrays of shape (1, tokens) with its ids, mask and token types, and
            arrays of its pictures, (pictures or patches, ...); items without pictures lack these.
        pad: id of the padding token.
    """
    lengths = [one["input_ids"].shape[1] for one in batch]
    found: dict[str, np.ndarray] = {}
    for key in dict.fromkeys(key for one in batch for key in one):
        held = [(one[key], n) for one, n in zip(batch, lengths, strict=True) if key in one]
        if all(array.shape == (1, n) for array, n in held):
            rows = np.full((len(batch), max(lengths)), pad if key == "input_ids" else 0, np.int64)
            for row, one in zip(rows, batch, strict=True):
                if key in one:
                    row[: one[key].shape[1]] = one[key][0]
            found[key] = rows
        else:
            found[key] = stack_ragged([array for array, _ in held])
    return found


def stack_ragged(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """Arrays joined along the first axis, the others padded with zeros to the largest."""
    rest = np.max([array.shape[1:] for array in arrays], axis=0).astype(int)
    padded = [
        np.pad(a, [(0, 0), *((0, n - m) for m, n in zip(a.shape[1:], rest, strict=True))])
        for a in arrays
    ]
    return np.concatenate(padded)


def open_processor(folder: Path, recipe: Recipe) -> Any:
    """The processor of a model, pictures by Pillow, with the recipe's bounds on their size."""
    processor = open_pretrained(AutoProcessor, folder)
    processor.image_processor = open_pretrained(AutoImageProcessor, folder, backend="pil")
    size = getattr(processor.image_processor, "size", None)
    bounds = {"shortest_edge": recipe.min_pixels, "longest_edge": recipe.max_pixels}
    wanted = {key: value for key, value in bounds.items() if value}
    if not wanted:
        return processor
    if size is None or set(bounds) - set(dict(size)):
        raise EncoderError(
            "min_pixels and max_pixels mean nothing to "
            f"{type(processor.image_processor).__name__}; leave them out of {SIDECAR}"
        )
    processor.image_processor.size = {**dict(size), **wanted}
    return processor


def largest_px(processor: Any) -> int | None:
    """Side of the largest square picture that is not scaled down, or of the only size there is."""
    size = dict(getattr(processor.image_processor, "size", None) or {})
    if size.get("longest_edge", 0) > 10_000:  # pixels of the whole picture, as Qwen2-VL counts
        return int(size["longest_edge"] ** 0.5)
    return size.get("height") or size.get("longest_edge") or size.get("shortest_edge")


def warn_of_recipe(source: str) -> tuple[Warning_, ...]:
    if source:
        return ()
    return (warn("recipe-unknown", f"its chat template and no instruction; see {SIDECAR}"),)
