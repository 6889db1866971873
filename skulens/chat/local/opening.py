"""A model of transformers in this process: opened from safetensors, never running code of its
folder, and fed with questions as its own chat template writes them."""

import copy
import io
import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import PIL.Image

import skulens.torch_shim  # noqa: F401  # before anything that imports torchvision

# isort: split
import torch
from transformers import (
    AutoConfig,
    AutoImageProcessor,
    AutoModelForCausalLM,
    AutoModelForImageTextToText,
    AutoProcessor,
    AutoTokenizer,
    DynamicCache,
    GenerationConfig,
)
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES,
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
)
from transformers.utils import logging

from skulens.chat.local.turns import Turns, learn_turns
from skulens.errors import ChatError, EncoderError, PictureError
from skulens.opening import (
    check_finite,
    check_tokenizers,
    check_vocabulary,
    choose_device,
    open_pretrained,
    opening,
)
from skulens.protocols import Ask

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
LEAST_PREFIX = 16
"""Tokens of shared instructions from which it pays to keep what the model made of them."""
MOST_SHARED = 256
"""Instructions whose tokens are kept."""
LARGE_BYTES = 2_000_000_000
"""Of weights whose reading is shown."""
PROCESSOR_FILES = ("preprocessor_config.json", "processor_config.json")
TOKEN_KEYS = ("input_ids", "attention_mask", "token_type_ids", "mm_token_type_ids")


@contextmanager
def at_the_door(folder: Path | str) -> Iterator[None]:
    """Whatever is raised while a model is opened, as a ChatError that names its folder."""
    try:
        with opening(folder):
            yield
    except EncoderError as e:
        raise ChatError(str(e)) from e


@contextmanager
def quiet_bars(folder: Path) -> Iterator[None]:
    """No progress bar for weights that are read in a moment."""
    size = sum(f.stat().st_size for f in folder.glob("*.safetensors"))
    quiet = size < LARGE_BYTES and logging.is_progress_bar_enabled()
    if quiet:
        logging.disable_progress_bar()
    try:
        yield
    finally:
        if quiet:
            logging.enable_progress_bar()


@dataclass(frozen=True)
class Prefix:
    """What a model remembers of the instructions that many questions share."""

    tokens: tuple[int, ...]
    cache: DynamicCache


class LocalModel:
    """A text-only or image-text model with its tokenizer, processor and template.

    Args:
        folder: of safetensors, configuration and tokenizer.
        dtype: "auto", "float32" or "bfloat16".
        device: "auto", "cpu", "cuda", "cuda:1" ...
    Raises:
        ChatError: it is no model that answers, or its files are broken; says which.
    """

    def __init__(self, folder: Path, name: str, dtype: str = "auto", device: str = "auto"):
        self.name = name
        self._shared: dict[str, tuple[int, ...]] = {}
        with at_the_door(folder):
            check_tokenizers(folder)
            self.device = choose_device(device)
            self.dtype = choose_dtype(dtype, self.device)
            config = open_pretrained(AutoConfig, folder)
            self.reads_pictures = reads_pictures(config, folder)
            self._open_words(folder, config)
            self._open_weights(folder)

    def _open_words(self, folder: Path, config: Any) -> None:
        self.processor: Any = None
        if self.reads_pictures:
            self.processor = open_pretrained(AutoProcessor, folder)
            if not hasattr(self.processor, "tokenizer"):
                raise ChatError(f"{folder} holds no processor of pictures and texts")
            self.processor.image_processor = open_pretrained(
                AutoImageProcessor, folder, backend="pil"
            )
            self.tokenizer = self.processor.tokenizer
        else:
            self.tokenizer = open_pretrained(AutoTokenizer, folder)
        text = config.get_text_config()
        largest = max(self.tokenizer.get_vocab().values(), default=0)
        check_vocabulary(largest, getattr(text, "vocab_size", None), folder)
        self.context: int | None = getattr(text, "max_position_embeddings", None)
        """Tokens of question and answer together; None: the model does not say."""
        self.turns: Turns = learn_turns(
            self.processor or self.tokenizer,
            special_tokens(self.tokenizer, self.processor),
            self.reads_pictures,
            self.name,
        )
        self.image_token: int | None = next(
            (v for k in ("image_token_id", "image_token_index")
             if isinstance(v := getattr(config, k, None), int)), None,
        )  # fmt: skip
        # Full attention in every layer: rows and prefixes can be taken out of what it remembers.
        kinds = set(getattr(text, "layer_types", None) or ["full_attention"])
        self.plain = not self.reads_pictures and kinds == {"full_attention"}
        # Without any mask, attention in bfloat16 on a CPU takes 2.5 times as long per step (0.26 s
        # for 0.10 s, 16 rows of SmolLM2), so there is always a column to mask.
        self.spare = int(self.plain and (self.dtype, self.device) == ("bfloat16", "cpu"))

    def _open_weights(self, folder: Path) -> None:
        kind = AutoModelForImageTextToText if self.reads_pictures else AutoModelForCausalLM
        with quiet_bars(folder):
            model, loaded = open_pretrained(
                kind, folder, dtype=DTYPES[self.dtype], use_safetensors=True,
                output_loading_info=True,
            )  # fmt: skip
        if missing := sorted(loaded["missing_keys"]):
            raise ChatError(
                f"{folder} lacks {len(missing)} of the model's weights, such as {missing[0]}: its "
                "safetensors files are of another model, or some are not there"
            )
        check_finite(model, folder)
        self.params = sum(p.numel() for p in model.parameters())
        head = model.get_output_embeddings()
        # The last states of a batch are no contiguous block, for which torch would copy the whole
        # matrix once per row: 1.8 GB at 16 rows of SmolLM2.
        head.register_forward_pre_hook(lambda _, states: (states[0].contiguous(), *states[1:]))
        self.vocabulary: int = head.weight.shape[0]
        """Tokens that the model gives a logit."""
        own = model.generation_config.eos_token_id
        ends = {*(own if isinstance(own, list) else [own]), self.tokenizer.eos_token_id} - {None}
        if not ends:
            raise ChatError(f"{folder} names no token that ends an answer (eos_token)")
        self.ends = frozenset(ends)
        pad = self.tokenizer.pad_token_id
        self.pad: int = min(ends) if pad is None else pad
        # The question's sampling alone decides, no penalties or temperatures of the checkpoint.
        model.generation_config = GenerationConfig(
            eos_token_id=sorted(ends), pad_token_id=self.pad, do_sample=False, use_cache=True
        )
        self.model: Any = model.to(self.device).eval().requires_grad_(False)

    def tokens(self, prompt: str) -> list[int]:
        """Token ids of a written question without pictures."""
        own = self.turns.template  # a template writes its special tokens itself
        return self.tokenizer(prompt, add_special_tokens=not own).input_ids

    def read(self, prompt: str, pictures: Sequence[bytes]) -> dict[str, torch.Tensor]:
        """The arrays of one question: ids and mask (1, tokens), and pixels of pictures.

        Raises:
            PictureError: a picture of a shape that the model cannot read.
        """
        if not pictures and not self.reads_pictures:
            ids = torch.tensor([self.tokens(prompt)])
            return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        seen = [PIL.Image.open(io.BytesIO(data)).convert("RGB") for data in pictures]
        bos = self.tokenizer.bos_token
        try:
            found = self.processor(
                text=[prompt],
                images=[seen] if seen else None,
                add_special_tokens=not (bos and prompt.startswith(bos)),
                return_tensors="pt",
            )
        except ValueError as e:
            if not seen:
                raise
            raise PictureError(f"{self.name} cannot read it: {str(e)[:300]}") from e
        return {key: torch.as_tensor(value) for key, value in found.items()}

    def collate(
        self, batch: Sequence[dict[str, torch.Tensor]], prefix: int = 0
    ) -> dict[str, torch.Tensor]:
        """One question's arrays beside another's, on the model's device.

        Tokens are padded on the left, behind the first `prefix` columns, which all rows share;
        arrays of pictures stand in a row, smaller ones padded with zeros.
        """
        lengths = [one["input_ids"].shape[1] for one in batch]
        width = max(lengths) + self.spare
        found = {}
        for key in dict.fromkeys(key for one in batch for key in one):
            held = [one[key] for one in batch if key in one]
            if key in TOKEN_KEYS:
                fill = self.pad if key == "input_ids" else 0
                whole = torch.full((len(batch), width), fill, dtype=torch.long)
                for row, one, n in zip(whole, batch, lengths, strict=True):
                    row[:prefix] = one[key][0, :prefix]
                    row[len(row) - n + prefix :] = one[key][0, prefix:]
            else:
                whole = stack_ragged(held)
            if whole.is_floating_point():
                whole = whole.to(DTYPES[self.dtype])
            found[key] = whole.to(self.device)
        return found

    def remember(self, tokens: tuple[int, ...]) -> Prefix:
        """What the model makes of the first tokens of many questions."""
        cache = DynamicCache(config=self.model.config)
        ids = torch.tensor([tokens], device=self.device)
        self.model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
        return Prefix(tokens, cache)

    def recall(self, prefix: Prefix | None, rows: int) -> DynamicCache | None:
        """A copy of a prefix for each row; an empty one without a prefix; None for models whose
        memory cannot be taken apart."""
        if not self.plain:
            return None
        if prefix is None:
            return DynamicCache(config=self.model.config)
        cache = copy.deepcopy(prefix.cache)
        cache.batch_repeat_interleave(rows)
        return cache

    def shared_tokens(self, system: str) -> tuple[int, ...]:
        """The tokens with which every question with these instructions begins; none where they are
        too few to keep, or the model cannot go on from them."""
        if not self.plain or not system:
            return ()
        if system not in self._shared:
            asks = [Ask("", (text,), system) for text in ("a", "1")]
            one, other = (self.tokens(self.turns.write(ask)) for ask in asks)
            pairs = zip(one, other, strict=False)
            same = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
            if len(self._shared) >= MOST_SHARED:
                self._shared.clear()
            self._shared[system] = tuple(one[:same]) if same >= LEAST_PREFIX else ()
        return self._shared[system]

    def decode(self, tokens: Sequence[int]) -> str:
        """What tokens say, without special ones."""
        return self.tokenizer.decode(
            tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )


def choose_dtype(dtype: str, device: str) -> str:
    """Decide "auto"."""
    if dtype not in (*DTYPES, "auto"):
        raise ChatError(f"unknown dtype {dtype!r}; expected auto, {' or '.join(DTYPES)}")
    if dtype != "auto":
        return dtype
    return "bfloat16" if device.startswith("cuda") and torch.cuda.is_bf16_supported() else "float32"


def reads_pictures(config: Any, folder: Path) -> bool:
    """Whether a model reads pictures beside texts.

    Raises:
        ChatError: it does neither.
    """
    kind = config.model_type
    has_processor = any((folder / name).is_file() for name in PROCESSOR_FILES)
    if kind in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES and has_processor:
        return True
    causal = MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.get(kind)
    encodes = kind in MODEL_FOR_MASKED_LM_MAPPING_NAMES
    if causal and (not encodes or causal in (config.architectures or ())):
        return False
    if kind in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES:
        raise ChatError(f"{folder} lacks the configuration of its processor: {PROCESSOR_FILES[0]}")
    raise ChatError(
        f"{folder} holds a {kind!r} model, which answers no questions; "
        "expected a causal language model or an image-text-to-text model"
    )


def special_tokens(tokenizer: Any, processor: Any) -> list[str]:
    """Texts that the tokenizer takes for something other than words."""
    found = {t.content for t in tokenizer.added_tokens_decoder.values() if t.special}
    for name in ("image_token", "video_token", "boi_token", "eoi_token"):
        token = getattr(processor, name, None)
        found |= {token} if isinstance(token, str) else set()
    return sorted(found)


def stack_ragged(arrays: Sequence[torch.Tensor]) -> torch.Tensor:
    """Arrays joined along the first axis, the others padded with zeros to the largest."""
    most = [max(sizes) for sizes in zip(*(a.shape[1:] for a in arrays), strict=True)]
    whole = arrays[0].new_zeros((sum(len(a) for a in arrays), *most))
    at = 0
    for a in arrays:
        whole[(slice(at, at + len(a)), *(slice(n) for n in a.shape[1:]))] = a
        at += len(a)
    return whole
