"""Any model of sentence-transformers, text-only or multimodal: a hub id or a folder."""

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
from sentence_transformers import SentenceTransformer

from skulens.checkpoints import (
    card_licence,
    folder_hash,
    identity_of,
    model_folder,
    packages,
    shown_name,
)
from skulens.encode.numerics import check_dtype_only
from skulens.encode.parts import PartByPart
from skulens.encode.precision import choose_precision, has_rotary
from skulens.encode.recipes import PROMPT_NAMES, ROLES, choose_prompts
from skulens.encode.tokenization import MAX_TEXT
from skulens.encode.transformers import UNLIMITED, towers_params
from skulens.encode.zoo.warnings import warn, warn_of_card
from skulens.errors import EncoderError
from skulens.opening import check_finite, check_tokenizers, opening
from skulens.protocols import Modality, Numerics, Role
from skulens.records import EncoderInfo, Warning_


class Sentence(PartByPart):
    """A SentenceTransformer; its own modules decide pooling, projection and normalisation.

    Texts and pictures are preprocessed where the batch is encoded, because its processors
    pad per batch. Texts get the prompt that the model names for their role, else its default one.
    """

    family = "st"

    def __init__(
        self,
        argument: str,
        numerics: Numerics = Numerics(),
        device: str = "auto",
        revision: str = "",
    ):
        check_dtype_only(numerics, "sentence-transformers")
        folder, commit = model_folder(argument, revision or None)
        with opening(folder):
            self._open(argument, folder, commit, numerics, device)

    def _open(
        self, argument: str, folder: Path, commit: str, numerics: Numerics, device: str
    ) -> None:
        check_tokenizers(folder)
        self.precision = choose_precision(numerics, device)
        self.device = self.precision.device
        model = limit_length(open_model(folder, self.device))
        check_finite(model, folder)
        params = towers_params(model)
        self.model: Any = self.precision.apply(model)
        chosen = choose_prompts(model.prompts, model.default_prompt_name)
        self.prompts = {role: chosen.get(role) for role in ROLES}
        self.lock = threading.Lock()  # Rust tokenizers keep padding settings inside
        self.info = self._describe(argument, folder, commit, params)

    def _describe(
        self, name: str, folder: Path, commit: str, params: tuple[int, int]
    ) -> EncoderInfo:
        more = {"document_prompt": self.prompts["document"]} if self._roles() else {}
        if self.precision.dtype != "float32" and has_rotary(self.model):
            more["rotary"] = "float32"  # earlier versions cast these tables too
        modalities = tuple(m for m in ("image", "text") if self.model.supports(m))
        resizes = ("pillow",) if "image" in modalities else ()
        identity = identity_of(
            files=folder_hash(folder),
            prompt=self.prompts["query"],
            **more,
            dtype=self.precision.dtype,
            versions=packages("torch", "transformers", "sentence-transformers", *resizes),
        )
        licence = card_licence(folder)
        return EncoderInfo(
            name=shown_name(name),
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
            dtype=self.precision.dtype,
            roles=self._roles(),
            warnings=(*warn_of_card(licence), *unused_prompts(self.model)),
            about={"numerics": asdict(self.precision.numerics)},
        )

    def _roles(self) -> tuple[Role, ...]:
        """Both roles, where queries and documents get different prompts."""
        same = self.prompts["query"] == self.prompts["document"]
        return () if same else ("query", "document")

    def prepare_image(
        self, picture: PIL.Image.Image, role: Role = "query"
    ) -> tuple[PIL.Image.Image, None]:
        """The picture itself; prompts are put before texts only."""
        if "image" not in self.info.modalities:
            raise EncoderError(
                f"{self.info.name} reads text only; choose an encoder with an image tower"
            )
        return picture, None

    def prepare_text(self, text: str, role: Role = "query") -> tuple[str, str | None]:
        """The text itself and the prompt of its role."""
        return text[:MAX_TEXT], self.prompts[role]

    def count_tokens(self, text: str) -> int:
        with self.lock:
            prompted = f"{self.prompts['query'] or ''}{text}"
            return len(self.model.tokenizer(prompted, truncation=False).input_ids)

    def encode_batch(self, modality: Modality, batch: Sequence[Any]) -> np.ndarray:
        """(batch, dim) float32, normalised only if a module of the model does so."""
        rows = np.empty((len(batch), self.info.dim), np.float32)
        for prompt in dict.fromkeys(prompt for _, prompt in batch):
            mine = [i for i, (_, own) in enumerate(batch) if own == prompt]
            rows[mine] = self._forward([batch[i][0] for i in mine], prompt)
        return rows

    def _forward(self, parts: list, prompt: str | None) -> np.ndarray:
        with self.lock:
            features = self.model.preprocess(parts, prompt=prompt)
        with self.precision.forward_pass():
            found = self.model({key: self._send(value) for key, value in features.items()})
            return found["sentence_embedding"].float().cpu().numpy()

    def _send(self, value: Any) -> Any:
        return self.precision.send(value) if isinstance(value, torch.Tensor) else value


def open_model(folder: Path, device: str) -> SentenceTransformer:
    settings = {"dtype": torch.float32, "use_safetensors": True}
    try:
        return SentenceTransformer(
            str(folder),
            device=device,
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs=settings,
        )
    except Exception as e:  # broken files raise anything, the Rust tokenizer a bare Exception
        raise EncoderError(f"sentence-transformers cannot read {folder}: {str(e)[:400]}") from e


def limit_length(model: SentenceTransformer) -> SentenceTransformer:
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


def unused_prompts(model: SentenceTransformer) -> tuple[Warning_, ...]:
    """A warning where the model names prompts that no role uses, such as those of other tasks."""
    used = {model.default_prompt_name, *(name for names in PROMPT_NAMES.values() for name in names)}
    named = [name for name, prompt in model.prompts.items() if prompt and name not in used]
    return (warn("unused-prompts", ", ".join(named)),) if named else ()
