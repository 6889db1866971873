"""Texts -> token ids for open_clip style towers, as numpy and safe in worker threads.

Every tokenizer answers `ids(text)`, all tokens of the whole text with special ones, and
`cut(ids)`, what fits into the context. Padding happens where a batch is made.
"""

import hashlib
import html
import json
import string
import threading
from pathlib import Path

import ftfy
import numpy as np

from skulens.errors import EncoderError
from skulens.opening import check_tokenizer, opening

MAX_TEXT = 100_000
"""Characters of a text that are looked at for the tokens of a vector; contexts are far shorter."""
PUNCTUATION = str.maketrans("", "", string.punctuation)


class ClipTokens:
    """open_clip's SimpleTokenizer: CLIP's byte-pair merges, start and end tokens, padded with 0."""

    pad = 0
    trims = True
    """Whether the tokens alone, without the padding, decide the vector of a causal tower."""

    def __init__(self, tokenizer, context_length: int):
        self.tokenizer, self.context_length = tokenizer, context_length
        self.end = tokenizer.eot_token_id
        if tokenizer.reduction_fn is not None:
            raise EncoderError(
                "a tokenizer that drops random words (reduction_mask) is for training only"
            )

    def ids(self, text: str) -> list[int]:
        return [self.tokenizer.sot_token_id, *self.tokenizer.encode(text), self.end]

    def cut(self, text: str) -> np.ndarray:
        """int64 (tokens,), at most the context length; the last one is the end token."""
        return cut_ids(self.ids(text[:MAX_TEXT]), self.context_length, self.end)

    def describe(self) -> dict:
        return {
            "class": "clip",
            "context_length": self.context_length,
            "vocabulary": self.tokenizer.vocab_size,
        }


class FileTokens:
    """A tokenizer.json of ours: byte-level BPE, end token = largest id, padded with 0.

    A start token is added where the file has one (`<start_of_text>`) and its own template
    did not; the same for the end token.
    """

    pad = 0
    trims = True
    STARTS = ("<start_of_text>", "<|startoftext|>", "<s>", "[SOT]", "<sot>")

    def __init__(self, path: Path, context_length: int):
        from tokenizers import Tokenizer

        check_tokenizer(path)
        self.context_length = context_length
        self.source = path.read_text(encoding="utf-8")
        with opening(path):
            self.tokenizer = Tokenizer.from_str(self.source)
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        self.end = self.tokenizer.get_vocab_size(with_added_tokens=True) - 1
        known = (self.tokenizer.token_to_id(name) for name in self.STARTS)
        self.start = next((i for i in known if i is not None), None)

    def ids(self, text: str) -> list[int]:
        ids = self.tokenizer.encode(text).ids
        if self.start is not None and ids[:1] != [self.start]:
            ids = [self.start, *ids]
        return ids if ids[-1:] == [self.end] else [*ids, self.end]

    def cut(self, text: str) -> np.ndarray:
        """int64 (tokens,), at most the context length; the last one is the end token."""
        return cut_ids(self.ids(text[:MAX_TEXT]), self.context_length, self.end)

    def describe(self) -> dict:
        return {
            "class": "file",
            "context_length": self.context_length,
            "tokenizer.json": self.source,
        }


class HubTokens:
    """open_clip's HFTokenizer around a tokenizer of transformers, padded to the whole context.

    The Rust tokenizer behind it keeps its padding and truncation settings inside, so two
    threads must not call it at once.
    """

    trims = False

    def __init__(self, tokenizer, context_length: int):
        self.tokenizer, self.context_length = tokenizer, context_length
        self.pad = tokenizer.tokenizer.pad_token_id or 0
        self.lock = threading.Lock()

    def ids(self, text: str) -> list[int]:
        """All tokens; in open_clip's mode "clips", start, end and class token are added here."""
        clips = self.tokenizer.tokenizer_mode == "clips"
        cleaned, inner = self.tokenizer.clean_fn(text), self.tokenizer.tokenizer
        with self.lock:
            ids = inner(
                cleaned, add_special_tokens=not clips, truncation=False, padding=False
            ).input_ids
        return [inner.bos_token_id, *ids, inner.eos_token_id, inner.cls_token_id] if clips else ids

    def cut(self, text: str) -> np.ndarray:
        """int64 (context_length,), padded."""
        with self.lock:
            return self.tokenizer([text[:MAX_TEXT]], context_length=self.context_length)[0].numpy()

    def describe(self) -> dict:
        inner = self.tokenizer.tokenizer
        backend = getattr(inner, "backend_tokenizer", None)
        vocabulary = backend.to_str() if backend else json.dumps(inner.get_vocab(), sort_keys=True)
        return {
            "class": "hub",
            "vocabulary": hashlib.sha256(vocabulary.encode()).hexdigest(),
            "context_length": self.context_length,
            "clean": self.tokenizer.clean_fn.__name__,
            "mode": self.tokenizer.tokenizer_mode,
        }


def cut_ids(ids: list[int], length: int, end: int) -> np.ndarray:
    """int64 (at most length,), the end token kept last."""
    return np.array(ids if len(ids) <= length else [*ids[: length - 1], end], np.int64)


def canonicalise(text: str) -> str:
    """Lower case, no punctuation, single spaces, repaired letters: the input of SigLIP's towers.

    The rules of big_vision's `canonicalize_text`, behind open_clip's `basic_clean`. transformers
    leaves this to the caller for SigLIP 2, at a cost of some 12 points of zero-shot accuracy.
    """
    text = html.unescape(html.unescape(ftfy.fix_text(text))).strip()
    text = text.replace("_", " ").translate(PUNCTUATION).lower()
    return " ".join(text.split())


Tokens = ClipTokens | FileTokens | HubTokens


def tokens_of(tokenizer, context_length: int) -> ClipTokens | HubTokens:
    """Ours around what `open_clip.get_tokenizer` returned."""
    wrapped = ClipTokens if hasattr(tokenizer, "sot_token_id") else HubTokens
    return wrapped(tokenizer, context_length)


def pad_ids(batch, length: int, pad: int) -> np.ndarray:
    """int64 (batch, length) from token arrays of at most that length."""
    rows = np.full((len(batch), length), pad, np.int64)
    for row, ids in zip(rows, batch, strict=True):
        row[: len(ids)] = ids
    return rows
