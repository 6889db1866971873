"""One batch through a model: each row with its own sampling, grammar, limit and stop strings.

transformers' `generate` runs greedily; what a row may and does take is decided here, in a logits
processor, so that rows of different settings share a batch and no row depends on its neighbours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import skulens.torch_shim  # noqa: F401  # before anything that imports torchvision

# isort: split
import torch
from transformers import (
    DynamicCache,
    LogitsProcessor,
    LogitsProcessorList,
    StoppingCriteria,
    StoppingCriteriaList,
)

from skulens.chat.local.guide import Guide
from skulens.errors import DataError

KNOWN = ("max_tokens", "temperature", "top_p", "seed", "stop")
STOP_TAIL = 16
"""Tokens beyond a stop string's length within which its end is looked for."""


@dataclass(frozen=True)
class Sampling:
    """How an answer is drawn; greedy at temperature 0."""

    max_tokens: int = 1024
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    """Of this answer alone: the same question, settings and seed give the same answer."""
    stop: tuple[str, ...] = ()
    """Strings that end an answer; they are cut off."""


def read_sampling(settings: Mapping[str, object]) -> Sampling:
    """Settings as questions have them.

    Raises:
        DataError: an unknown setting, or a value that it cannot have.
    """
    if strange := [k for k in settings if k not in KNOWN]:
        raise DataError(f"unknown sampling setting {strange[0]!r}; expected {', '.join(KNOWN)}")
    found: dict[str, Any] = {k: v for k, v in settings.items() if v is not None}
    bounds = {
        "max_tokens": (1, 10**6),
        "temperature": (0, 100),
        "top_p": (0, 1),
        "seed": (0, 2**63),
    }
    for name, (least, most) in bounds.items():
        value = found.get(name, least)
        kinds = (int, float) if name in ("temperature", "top_p") else (int,)
        if isinstance(value, bool) or not isinstance(value, kinds) or not least <= value <= most:
            raise DataError(
                f"sampling: {name} is {value!r}, expected {kinds[-1].__name__} "
                f"from {least} to {most}"
            )
    stop = found.get("stop", ())
    stop = (stop,) if isinstance(stop, str) else tuple(stop)
    if not all(isinstance(s, str) and s for s in stop):
        raise DataError(f"sampling: stop is {stop!r}, expected texts that are not empty")
    return Sampling(**{**found, "stop": stop})


@dataclass
class Row:
    """An answer in the making."""

    sampling: Sampling
    limit: int
    """Most tokens."""
    guide: Guide | None = None
    tokens: list[int] = field(default_factory=list)
    """Without the one that ended it."""
    used: int = 0
    """Tokens made, the one that ended it included."""
    finish: str = ""
    """ "stop", "length" or "error"; empty while it goes on."""
    problem: str = ""
    text: str | None = None
    """Where a stop string ended it: what stands before it."""
    _draw: np.random.Generator | None = None

    def choose(self, logits: np.ndarray) -> int | None:
        """The next token; None: the most likely of those left, which are in `logits` (in place).

        Args:
            logits: (vocabulary,) float32; what the grammar forbids becomes -inf.
        """
        if self.guide is not None:
            logits[~self.guide.allowed()] = -np.inf
        if not self.sampling.temperature:
            return None
        if self._draw is None:
            self._draw = np.random.default_rng(self.sampling.seed)
        return draw_token(logits, self.sampling, self._draw.random())

    def take(self, token: int, ends: frozenset[int], decode: Any) -> None:
        """Add a token and see whether the answer ends with it."""
        self.used += 1
        if token in ends:
            self.finish = "stop"
            return
        self.tokens.append(token)
        if self.guide is not None:
            self.guide.advance(token)
            if self.guide.problem:
                self.finish, self.problem = "error", self.guide.problem
            elif self.guide.done:
                self.finish = "stop"
        if not self.finish and self.sampling.stop and self._meets_stop(decode):
            self.finish = "stop"
        if not self.finish and self.used >= self.limit:
            self.finish = "length"

    def _meets_stop(self, decode: Any) -> bool:
        longest = max(map(len, self.sampling.stop))
        tail = decode(self.tokens[-(longest + STOP_TAIL) :])
        if not any(s in tail for s in self.sampling.stop):
            return False
        whole = decode(self.tokens)
        ends = [at for s in self.sampling.stop if (at := whole.find(s)) >= 0]
        if not ends:
            return False
        self.text = whole[: min(ends)]
        return True


def draw_token(logits: np.ndarray, sampling: Sampling, u: float) -> int:
    """A token by temperature and nucleus (Holtzman et al. 2020): the smallest set of the most
    likely tokens whose probability is at least `top_p`.

    Args:
        logits: (vocabulary,).
        u: uniform in [0, 1).
    """
    scaled = logits.astype(np.float64) / sampling.temperature
    weights = np.exp(scaled - scaled.max())  # -inf becomes 0
    order = np.argsort(-weights, kind="stable")
    sums = np.cumsum(weights[order])
    kept = int(np.searchsorted(sums, sampling.top_p * sums[-1])) + 1
    kept = min(kept, int(np.count_nonzero(weights)))
    return int(order[min(np.searchsorted(sums[:kept], u * sums[kept - 1], "right"), kept - 1)])


class Watch(LogitsProcessor):
    """Lets every row choose, and sees what it got; one per call of `generate`."""

    def __init__(self, rows: Sequence[Row], start: int, ends: frozenset[int], decode: Any):
        self.rows, self.seen, self.ends, self.decode = rows, start, ends, decode

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Logits in which what a row takes is the highest."""
        self.look(input_ids)
        for i, row in enumerate(self.rows):
            if row.finish or not (row.guide or row.sampling.temperature):
                continue
            logits = scores[i].float().cpu().numpy()  # a view where it can be one
            token = row.choose(logits)
            if token is not None:
                logits[:] = -np.inf
                logits[token] = 0
            scores[i] = torch.from_numpy(logits).to(scores)
        return scores

    def look(self, input_ids: torch.Tensor) -> None:
        """Hand the rows their new tokens, if there are any."""
        new = input_ids[:, self.seen :].tolist()
        self.seen = input_ids.shape[1]
        for row, tokens in zip(self.rows, new, strict=True):
            for token in tokens:
                if not row.finish:
                    row.take(token, self.ends, self.decode)


class Enough(StoppingCriteria):
    """Ends rows that are whole, and the call once few enough are left."""

    def __init__(self, watch: Watch, least: int):
        self.watch, self.least = watch, least

    def __call__(self, input_ids: torch.Tensor, scores: Any, **more: Any) -> torch.Tensor:
        self.watch.look(input_ids)
        whole = [bool(row.finish) for row in self.watch.rows]
        if whole.count(False) < self.least:
            whole = [True] * len(whole)
        return torch.tensor(whole, device=input_ids.device)


def decode_rows(
    model: Any,
    inputs: Mapping[str, torch.Tensor],
    rows: Sequence[Row],
    ends: frozenset[int],
    decode: Any,
    cache: DynamicCache | None = None,
) -> None:
    """Fill the rows with tokens until all are finished.

    Args:
        inputs: of a whole batch, padded on the left.
        ends: tokens that end an answer.
        decode: token ids -> text.
        cache: what the model remembers of the first columns of `inputs`, or nothing yet; it is
            changed. Given one, the model goes on with the unfinished rows alone once fewer than half are
            left.
    """
    inputs, live = dict(inputs), list(rows)
    while live:
        ids = inputs["input_ids"]
        watch = Watch(live, ids.shape[1], ends, decode)
        least = 1 if cache is None else (len(live) + 1) // 2
        out = model.generate(
            **inputs,
            past_key_values=cache,
            logits_processor=LogitsProcessorList([watch]),
            stopping_criteria=StoppingCriteriaList([Enough(watch, least)]),
            max_new_tokens=max(row.limit - row.used for row in live),
            return_dict_in_generate=True,
        )
        watch.look(out.sequences)
        left = [i for i, row in enumerate(live) if not row.finish]
        if not left:
            return
        if cache is None:  # the criteria end with the last row, and each has its limit
            raise RuntimeError("the model stopped before all its answers were whole")
        kept = torch.tensor(left, device=ids.device)
        cache.batch_select_indices(kept)
        new = torch.ones_like(out.sequences[:, ids.shape[1] :])
        mask = torch.cat([inputs["attention_mask"], new], 1)
        inputs = {"input_ids": out.sequences[kept], "attention_mask": mask[kept]}
        live = [live[i] for i in left]
