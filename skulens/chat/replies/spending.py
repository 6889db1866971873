"""What runs asked, what became of it and what it cost: sums over the ledger of a reply store.

Money is computed when it is looked at, from tokens that were stored and the prices of today.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from skulens.chat.money.ledger import TOKENS, Prices, token_cost

BATCH = "batch:"
"""Begins the name of a run whose replies came from batch files: no time is known of them."""

GROUP = "run, stage, model"
SPLIT = """
    sum(min(cached_tokens, input_tokens)) as cached,
    sum(min(image_tokens, input_tokens - min(cached_tokens, input_tokens))) as image
"""
"""As `ledger.split_input`, row by row, summed."""
SUMS = f"""
select {GROUP}, min(made), max(made), count(*), count(distinct item), sum(outcome = 'answered'),
    {", ".join(f"sum({name})" for name in TOKENS)}, sum(seconds),
    sum(outcome = 'answered' and input_tokens + output_tokens = 0),
    {SPLIT}
from spent where (? = '' or run = ?) group by {GROUP} order by min(made), {GROUP}
"""
OUTCOMES = f"""
select {GROUP}, outcome, count(*) from spent
where outcome != 'answered' and (? = '' or run = ?) group by {GROUP}, outcome order by 5 desc, 4
"""
BUSY = f"""
with spans as (
    select {GROUP}, made - seconds as begun, made as done,
        max(made) over (
            partition by {GROUP} order by made - seconds, made
            rows between unbounded preceding and 1 preceding
        ) as before
    from spent where (? = '' or run = ?)
)
select {GROUP}, sum(max(0, done - max(begun, coalesce(before, begun)))) from spans group by {GROUP}
"""
"""Time in which at least one question was out: the union of the rows' spans."""


@dataclass(frozen=True)
class Spending:
    """One run, stage and model."""

    run: str
    stage: str
    model: str
    first: float
    """Unix time of the first reply."""
    last: float
    items: int
    """Different items asked about."""
    questions: int
    """Questions that were put to the model; what the store knew is not among them."""
    answered: int
    failed: Mapping[str, int] = field(default_factory=dict)
    """Error class -> questions."""
    tokens: Mapping[str, int] = field(default_factory=dict)
    """As `Reply.usage`."""
    seconds: float = 0.0
    """Sum of the questions' latencies."""
    busy_s: float = 0.0
    """Time in which at least one question was out."""
    uncounted: int = 0
    """Answers whose tokens the server did not report."""
    money: float | None = None
    """None: the price or the tokens are unknown. Of what was counted: more, where answers are
    `uncounted`."""
    currency: str = ""

    @property
    def money_per_answer(self) -> float | None:
        """Money over answered questions; None where either is missing."""
        return self.money / self.answered if self.money is not None and self.answered else None

    def for_items(self, items: int = 1_000_000) -> dict[str, float | None]:
        """What as many items would take at this run's mean: questions, tokens, hours, money."""
        share = items / self.items if self.items else 0.0
        tokens = self.tokens["input_tokens"] + self.tokens["output_tokens"]
        return {
            "items": items,
            "questions": self.questions * share,
            "tokens": tokens * share if not self.uncounted else None,
            "hours": self.busy_s / 3600 * share if self.busy_s else None,
            "money": self.money * share if self.money is not None else None,
        }

    def record(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "run": self.run,
            "stage": self.stage,
            "model": self.model,
            "first": self.first,
            "last": self.last,
            "items": self.items,
            "questions": self.questions,
            "answered": self.answered,
            "failed": dict(self.failed),
            "tokens": dict(self.tokens),
            "answers_without_tokens": self.uncounted,
            "latency_s": self.seconds,
            "busy_s": self.busy_s,
            "money": self.money,
            "currency": self.currency or None,
            "money_per_answer": self.money_per_answer,
            "for_a_million_items": self.for_items(),
        }


def sum_spending(db: sqlite3.Connection, prices: Prices, run: str = "") -> list[Spending]:
    """Every run, stage and model of a store, the oldest first; of one run only, where it is named.

    Args:
        db: of `stored.open_stored`.
    """
    only = (run, run)
    failed: dict[tuple, dict[str, int]] = {}
    for *group, outcome, count in db.execute(OUTCOMES, only):
        failed.setdefault(tuple(group), {})[outcome] = count
    busy = {tuple(group): seconds for *group, seconds in db.execute(BUSY, only)}
    return [
        priced(cells, failed.get(cells[:3], {}), busy[cells[:3]], prices)
        for cells in db.execute(SUMS, only)
    ]


def priced(cells: tuple, failed: dict[str, int], busy_s: float, prices: Prices) -> Spending:
    """A row of SUMS with its money."""
    run, stage, model, first, last, questions, items, answered = cells[:8]
    tokens = dict(zip(TOKENS, cells[8:13], strict=True))
    seconds, uncounted, cached, image = cells[13:]
    price, money = prices.find(model), None
    rent_known = price is None or price.per_hour is None or not run.startswith(BATCH)
    nothing_known = price is not None and price.by_token and 0 < uncounted == answered
    if price is not None and rent_known and not nothing_known:
        split = (cached, image, tokens["input_tokens"] - cached - image)
        money = token_cost(split, tokens["output_tokens"], price)
        money += busy_s / 3600 * (price.per_hour or 0.0)
    currency = price.currency if price is not None and money is not None else ""
    return Spending(
        run, stage, model, first, last, items, questions, answered, failed, tokens, seconds,
        busy_s, uncounted, money, currency,
    )  # fmt: skip


def total_money(rows: Iterable[Spending]) -> tuple[dict[str, float], int]:
    """(currency -> money, questions whose money is unknown)."""
    by_currency: dict[str, float] = {}
    unknown = 0
    for row in rows:
        if row.money is None:
            unknown += row.questions
        else:
            by_currency[row.currency] = by_currency.get(row.currency, 0.0) + row.money
    return by_currency, unknown


def models_without_price(rows: Iterable[Spending], prices: Prices) -> Iterator[str]:
    """Names of models that no price is known of, each once."""
    yield from dict.fromkeys(r.model for r in rows if prices.find(r.model) is None)
