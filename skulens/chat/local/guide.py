"""JSON schemas as grammars: which tokens may come next, by llguidance.

Whitespace is what `json.dumps` writes and nothing else, so that no answer ends in endless spaces.
The part of llguidance for torch compiles on first use (36 s); its part for numpy does not.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import skulens.torch_shim  # noqa: F401  # before anything that imports torchvision

# isort: split
import llguidance
import llguidance.hf
import llguidance.numpy
import numpy as np

from skulens.errors import ChatError, DataError

SPACES: Any = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
MOST_KEPT = 64
"""Compiled schemas that are kept."""


class Guide:
    """One answer's way through a grammar."""

    def __init__(self, matcher: llguidance.LLMatcher, vocabulary: int):
        self.matcher, self.vocabulary = matcher, vocabulary
        self._bits = llguidance.numpy.allocate_token_bitmask(1, vocabulary)

    def allowed(self) -> np.ndarray:  # (vocabulary,) bool
        """The tokens that may come next; of a whole answer, those that end it."""
        llguidance.numpy.fill_next_token_bitmask(self.matcher, self._bits)
        bits = np.unpackbits(self._bits[0].view(np.uint8), bitorder="little")
        return bits[: self.vocabulary].astype(bool)

    def advance(self, token: int) -> None:
        """Take the token that was chosen."""
        self.matcher.consume_token(token)

    @property
    def done(self) -> bool:
        """The answer is whole and nothing can follow."""
        return self.matcher.is_stopped() and not self.problem

    @property
    def problem(self) -> str:
        """Why no token can follow although the answer is not whole, such as a limit of the
        grammar; empty where all is well."""
        return self.matcher.get_error() if self.matcher.is_error() else ""


class Grammars:
    """Compiles schemas for one tokenizer, each once.

    Args:
        vocabulary: tokens that the model gives a logit.
        ends: tokens that end an answer.
    Raises:
        ChatError: the tokenizer is none that llguidance reads.
    """

    def __init__(self, tokenizer: Any, vocabulary: int, ends: Sequence[int]):
        self.vocabulary = vocabulary
        try:
            self._tokenizer = llguidance.hf.from_tokenizer(
                tokenizer, n_vocab=vocabulary, eos_token=list(ends)
            )
        except ValueError as e:
            raise ChatError(
                f"the tokenizer {type(tokenizer).__name__} cannot follow a JSON schema ({e}); "
                "ask without one, or take a model with a tokenizer.json"
            ) from e
        self._known: dict[str, llguidance.LLMatcher] = {}

    def guide(self, schema: Mapping[str, object]) -> Guide:
        """The way through the grammar of a schema, from its start.

        Raises:
            DataError: llguidance cannot compile the schema; says what it does not take.
        """
        written = json.dumps(schema)
        if written not in self._known:
            matcher = self._compile(written)
            if len(self._known) >= MOST_KEPT:
                self._known.pop(next(iter(self._known)))
            self._known[written] = matcher
        return Guide(self._known[written].deep_copy(), self.vocabulary)

    def _compile(self, written: str) -> llguidance.LLMatcher:
        try:
            grammar = llguidance.LLMatcher.grammar_from_json_schema(written, overrides=SPACES)
            problem = llguidance.LLMatcher.validate_grammar(grammar, self._tokenizer)
            matcher = llguidance.LLMatcher(self._tokenizer, grammar, log_level=0)
            problem = matcher.get_error() or problem
        except ValueError as e:
            problem = str(e)
        if problem and not problem.startswith("WARNING"):
            raise DataError(
                f"no grammar can be made of the schema: {' '.join(problem.split())[:300]}. "
                f"The schema begins {written[:120]}"
            )
        return matcher
