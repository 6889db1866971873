"""Tokens and money: what a provider reports -> one count of tokens, its price, and a budget.

    prices = Prices.read()
    budget = Budget(money=5.0, prices=prices, model="openai:gpt-4o-mini")
    while budget.left(): budget.started(); budget.note(ask_one())

Tokens are always counted; money is None where the price or the tokens are unknown, never 0.
"""

import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from skulens.chat.money.prices import Price, Prices
from skulens.errors import ChatError
from skulens.protocols import Reply

__all__ = ["Budget", "Price", "Prices", "cost_of", "normalise_usage", "sum_usage"]

TOKENS = ("input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens", "image_tokens")
"""Keys of `Reply.usage`: cached and image tokens are part of input, reasoning is part of output."""
MOST = 10**12
"""Tokens of one question; a larger number is no count (and would not fit into a database)."""


def normalise_usage(raw: object) -> dict[str, int]:
    """What a provider reports of one attempt, as `Reply.usage`; {} where it reports nothing.

    Read are OpenAI's object (which vLLM, SGLang and most hosted models copy), the newer
    names input_tokens and output_tokens, and DeepSeek's prompt_cache_hit_tokens. Reasoning tokens
    are part of completion_tokens; some servers report them beside instead, which their total
    shows: then they are added, once. What is no count (text, negative, infinite) is left out.
    """
    given = as_mapping(raw)
    inside = as_mapping(given.get("prompt_tokens_details") or given.get("input_tokens_details"))
    outside = as_mapping(
        given.get("completion_tokens_details") or given.get("output_tokens_details")
    )
    input_ = first_count(given.get("prompt_tokens"), given.get("input_tokens"))
    output = first_count(given.get("completion_tokens"), given.get("output_tokens"))
    total = first_count(given.get("total_tokens"))
    if input_ is None and output is None:
        return {}
    reasoning = first_count(outside.get("reasoning_tokens"), given.get("reasoning_tokens")) or 0
    if total is not None and (input_ is None or output is None):
        rest = max(0, total - (input_ or 0) - (output or 0))
        input_, output = rest if input_ is None else input_, rest if output is None else output
    input_, output = input_ or 0, output or 0
    if reasoning > output or (reasoning and total == input_ + output + reasoning):
        output += reasoning
    cached = first_count(inside.get("cached_tokens"), given.get("prompt_cache_hit_tokens")) or 0
    image = first_count(inside.get("image_tokens"), given.get("image_tokens")) or 0
    counts = (input_, min(cached, input_), output, min(reasoning, output), min(image, input_))
    return dict(zip(TOKENS, counts, strict=True))


def as_mapping(thing: Any) -> Mapping[str, Any]:
    """A mapping, or an object of the openai package as one; {} for anything else."""
    if hasattr(thing, "model_dump"):
        thing = thing.model_dump()
    return thing if isinstance(thing, Mapping) else {}


def first_count(*values: object) -> int | None:
    """The first of the values that is a number of tokens; None where none is."""
    for value in values:
        if isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                continue
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MOST:
            return int(value)
    return None


def sum_usage(usages: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """The tokens of several attempts or replies together; {} where none is known."""
    total: dict[str, int] = {}
    for usage in usages:
        for name in TOKENS if usage else ():
            total[name] = total.get(name, 0) + usage.get(name, 0)
    return total


def cost_of(usage: Mapping[str, int], prices: Prices, model: str, hours: float = 0.0) -> (
    float | None
):  # fmt: skip
    """Money for tokens, in the currency of the model's price; None where it is unknown.

    Cached tokens cost `cached_input`; of the others, image tokens `image` and the rest `input`.
    Reasoning tokens are part of the output.

    Args:
        hours: for which the model's machine was in use, where it is paid by the hour.
    """
    price = prices.find(model)
    if price is None or (price.by_token and not usage):
        return None
    return token_cost(split_input(usage), usage.get("output_tokens", 0), price) + hours * (
        price.per_hour or 0.0
    )


def split_input(usage: Mapping[str, int]) -> tuple[int, int, int]:
    """(cached, image, other) tokens; an image token that is cached counts as cached."""
    total = usage.get("input_tokens", 0)
    cached = min(usage.get("cached_tokens", 0), total)
    image = min(usage.get("image_tokens", 0), total - cached)
    return cached, image, total - cached - image


def token_cost(split: tuple[int, int, int], output: int, price: Price) -> float:
    """Money for tokens that are split as `split_input` does; 0 where only hours are paid."""
    if price.input is None or price.output is None:
        return 0.0
    cached, image, other = split
    as_cached = price.input if price.cached_input is None else price.cached_input
    as_image = price.input if price.image is None else price.image
    return (
        cached * as_cached + image * as_image + other * price.input + output * price.output
    ) / 1e6


class Budget:
    """Stops in time: what questions in flight will cost is reserved, by the mean so far.

    Safe to use from several threads. Replies out of the store cost nothing.

    Args:
        tokens: input and output together. None: no limit.
        money: in the currency of the model's price. None: no limit.
        clock: seconds, for machines paid by the hour.
    Raises:
        ChatError: a limit of nothing, or one of money for a model without a price.
    """

    def __init__(
        self,
        tokens: int | None = None,
        money: float | None = None,
        prices: Prices | None = None,
        model: str = "",
        clock: Callable[[], float] = time.monotonic,
    ):
        self.prices, self.model, self.clock = prices or Prices(), model, clock
        self.price = self.prices.find(model)
        for what, limit in (("tokens", tokens), ("money", money)):
            if limit is not None and not 0 < limit < math.inf:
                raise ChatError(f"a budget of {limit} {what}: expected more than 0")
        if money is not None and self.price is None:
            raise ChatError(
                f"a budget in money needs a price, and {model!r} has none: "
                f"{self.prices.how_to_add(model)}; or set a budget in tokens"
            )
        self.most_tokens, self.most_money = tokens, money
        self.spent_tokens, self.spent_money = 0, 0.0
        self.in_flight = self.counted = self.uncounted = 0
        self.since: float | None = None
        self.lock = threading.Lock()

    def started(self) -> None:
        """A question goes out. Without this call nothing is reserved."""
        with self.lock:
            self.in_flight += 1
            if self.since is None:
                self.since = self.clock()

    def note(self, reply: Reply) -> None:
        """A reply came back; one of the store changes nothing."""
        if reply.cached:
            return
        with self.lock:
            self.in_flight = max(0, self.in_flight - 1)
            if self.since is None:  # nobody calls started()
                self.since = self.clock() - reply.latency_s
            if reply.usage:
                self.counted += 1
                self.spent_tokens += reply.usage.get("input_tokens", 0)
                self.spent_tokens += reply.usage.get("output_tokens", 0)
                self.spent_money += cost_of(reply.usage, self.prices, self.model) or 0.0
            elif not reply.error:
                self.uncounted += 1

    def left(self) -> bool:
        """Whether another question may go out."""
        with self.lock:
            if self._is_blind():
                return False
            # An answer without a count of tokens is taken to cost what others do.
            share = 1 + (self.uncounted + self.in_flight) / max(1, self.counted)
            tokens, money = self.spent_tokens * share, self.spent_money * share + self._rent()
            return not (
                (self.most_tokens is not None and tokens >= self.most_tokens)
                or (self.most_money is not None and money >= self.most_money)
            )

    def about(self) -> str:
        """What is spent, and of how much: "0.42 of 5.00 USD and 1,200 of 2,000 tokens"."""
        with self.lock:
            said = []
            if self.most_money is not None and self.price is not None:
                spent = self.spent_money + self._rent()
                said.append(
                    f"{money_text(spent)} of {money_text(self.most_money)} {self.price.currency}"
                )
            if self.most_tokens is not None:
                said.append(f"{self.spent_tokens:,} of {self.most_tokens:,} tokens")
            if not said:
                return f"{self.spent_tokens:,} tokens are spent, without a limit"
            blind = (
                "; the server does not say how many tokens its answers take, so that no budget "
                "can be kept: ask without one"
                if self._is_blind()
                else ""
            )
            reserved = f", and {self.in_flight:,} questions are on their way" * bool(self.in_flight)
            return f"{' and '.join(said)} are spent{reserved}{blind}"

    def _is_blind(self) -> bool:
        """Whether answers came and none had a count of tokens, where tokens are what is limited."""
        by_token = self.price is not None and self.price.by_token
        limited = self.most_tokens is not None or (self.most_money is not None and by_token)
        return limited and self.uncounted > 0 and not self.counted

    def _rent(self) -> float:
        """Money for the machine so far."""
        if self.since is None or self.price is None or self.price.per_hour is None:
            return 0.0
        return (self.clock() - self.since) / 3600 * self.price.per_hour


def money_text(money: float) -> str:
    """Two digits after the point, more for small sums: 0.42, 0.0013, 0."""
    if money == 0:
        return "0"
    if abs(money) >= 0.1:
        return f"{money:,.2f}"
    return f"{money:.2g}" if abs(money) >= 1e-4 else f"{money:.1e}"
