"""Any model of sentence-transformers, text-only or multimodal: a hub id or a folder."""

import threading
from pathlib import Path

import numpy as np

import skulens.torch_shim  # noqa: F401  # before anything that imports torchvision

# isort: split
import torch
from sentence_transformers import SentenceTransformer

from skulens.encode.checkpoints import (
    card_licence,
    folder_hash,
    identity_of,
    model_folder,
    packages,
)
from skulens.encode.precision import chosen_device, chosen_dtype, forward_pass, settle
from skulens.encode.transformers import towers_params
from skulens.encode.zoo.lint import card_lint
from skulens.errors import EncoderError
from skulens.records import EncoderInfo

UNLIMITED = 10**6
"""Tokens; tokenizers without a limit answer about 10^30."""


class Sentence:
    """A SentenceTransformer; its own modules decide pooling, projection and normalisation.

    Texts and pictures are preprocessed where the batch is encoded, because its processors
    pad per batch. The model's default prompt is used where it names one.
    """

    family = "st"

    def __init__(self, argument, mode="sound", dtype="auto", device="auto", revision=None):
        if mode == "paper":
            raise EncoderError(
                "OpenMPR ran open_clip models only; there is no paper mode for sentence-transformers"
            )
        folder, commit = model_folder(str(argument), revision)
        self.device = chosen_device(device)
        self.dtype, self.mode = chosen_dtype(dtype, mode, self.device), mode
        model = limited(opened(folder, self.device))
        params = towers_params(model)
        self.model = settle(model, self.dtype, mode, self.device)
        self.prompt = model.prompts.get(model.default_prompt_name or "")
        self.lock = threading.Lock()  # Rust tokenizers keep padding settings inside
        self.info = self._described(str(argument), folder, commit, params)

    def _described(
        self, name: str, folder: Path, commit: str, params: tuple[int, int]
    ) -> EncoderInfo:
        identity = identity_of(
            files=folder_hash(folder),
            prompt=self.prompt,
            dtype=self.dtype,
            versions=packages("torch", "transformers", "sentence-transformers"),
        )
        licence = card_licence(folder)
        modalities = tuple(m for m in ("image", "text") if self.model.supports(m))
        return EncoderInfo(
            name=Path(name).name if Path(name).is_dir() else name,
            family=self.family,
            identity=identity,
            dim=self.model.get_embedding_dimension(),
            modalities=modalities,
            image_px=image_px(self.model) if "image" in modalities else None,
            context_length=self.model.max_seq_length,
            revision=commit,
            licence=licence,
            params_image=params[0] if "image" in modalities else None,
            params_text=params[1] if "text" in modalities else None,
            dtype=self.dtype,
            mode=self.mode,
            lint=(*card_lint(licence), *unused_prompts(self.model)),
        )

    def prepare_image(self, picture):
        """The picture itself."""
        if "image" not in self.info.modalities:
            raise EncoderError(
                f"{self.info.name} reads text only; choose an encoder with an image tower"
            )
        return picture

    def prepare_text(self, text: str) -> str:
        """The text itself."""
        return text

    def count_tokens(self, text: str) -> int:
        with self.lock:
            return len(
                self.model.tokenizer(f"{self.prompt or ''}{text}", truncation=False).input_ids
            )

    def encode_batch(self, modality: str, batch) -> np.ndarray:
        """(batch, dim) float32, normalised only if a module of the model does so."""
        with self.lock:
            prompt = self.prompt if modality == "text" else None
            features = self.model.preprocess(list(batch), prompt=prompt)
        with forward_pass(self.dtype, self.mode, self.device):
            found = self.model({key: self._sent(value) for key, value in features.items()})
            return found["sentence_embedding"].float().cpu().numpy()

    def _sent(self, value):
        if not isinstance(value, torch.Tensor):
            return value
        value = value.to(self.device)
        return value.to(getattr(torch, self.dtype)) if value.is_floating_point() else value


def opened(folder: Path, device: str) -> SentenceTransformer:
    settings = {"dtype": torch.float32, "use_safetensors": True}
    try:
        return SentenceTransformer(
            str(folder),
            device=device,
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs=settings,
        )
    except (OSError, ValueError, KeyError, ImportError) as e:
        raise EncoderError(f"sentence-transformers cannot read {folder}: {str(e)[:400]}") from e


def limited(model: SentenceTransformer) -> SentenceTransformer:
    """The model, cutting texts at its position embeddings where its tokenizer sets no limit.

    Folders saved without `model_max_length` answer 10^30 and then fail on the first long text.
    """
    if (model.max_seq_length or UNLIMITED) >= UNLIMITED:
        config = backbone_config(model)
        limit = getattr(getattr(config, "text_config", config), "max_position_embeddings", None)
        if limit:
            model.max_seq_length = limit
    return model


def backbone_config(model: SentenceTransformer):
    backbone = getattr(model[0], "model", None) or getattr(model[0], "auto_model", None)
    return getattr(backbone, "config", None)


def image_px(model: SentenceTransformer) -> int | None:
    """Side of the pictures, where the vision tower has a fixed one."""
    return getattr(getattr(backbone_config(model), "vision_config", None), "image_size", None)


def unused_prompts(model: SentenceTransformer) -> tuple[str, ...]:
    """A line where the model was trained with prompts that are not put before texts by themselves."""
    named = [
        name
        for name, prompt in model.prompts.items()
        if prompt and name != model.default_prompt_name
    ]
    if not named:
        return ()
    return (
        f"prompts {', '.join(named)}: the model was trained with them; give them as --prompt where they fit",
    )
