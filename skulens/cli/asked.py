"""An engine with its store, budget and batch files while a command asks it: a `Chat` that counts."""

import operator
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import click

from skulens.errors import ChatError
from skulens.protocols import Ask, Reply
from skulens.records import SystemInfo

if TYPE_CHECKING:
    from skulens.chat.batch.files import BatchFiles
    from skulens.chat.bulk.remember import Remembered
    from skulens.chat.money.ledger import Prices


class Asked:
    """What `Asking.open` gives. Replies and tokens are counted as they pass.

    Args:
        remembered: the engine over its store.
        prices: of which the engine's model may have one.
        batch: new folder for batch files: questions are written instead of asked.
        bar: whether to show progress; False for a command that shows its own.
    """

    def __init__(
        self, remembered: "Remembered", prices: "Prices", batch: Path | None = None,
        bar: bool = True,
    ):  # fmt: skip
        from skulens.chat.batch.files import BatchWriter

        self.remembered, self.prices, self.bar = remembered, prices, bar
        self.store, self.chat, self.run = remembered.store, remembered.chat, remembered.run
        self.folder, self.model = self.store.folder, self.chat.info.name
        self.writer = BatchWriter(self.chat, batch) if batch is not None else None
        self.files: BatchFiles | None = None
        self.questions = self.uncounted = 0
        self.outcomes: Counter[str] = Counter()
        self.old: Counter[str] = Counter()
        """Of the outcomes, those that came out of the store."""
        self.usage: dict[str, int] = {}
        self.seconds = 0.0

    @property
    def info(self) -> SystemInfo:
        return self.chat.info

    @property
    def writes_batch(self) -> bool:
        """Whether questions are written instead of asked, so that some stay without a reply."""
        return self.writer is not None

    def ask(self, questions: Iterable[Ask], total: int | None = None) -> Iterator[Reply]:
        """Each question's reply, as `Chat.ask`, with progress on stderr.

        With --batch: the replies that the store has, and failures of questions that cannot be sent;
        those that are written get none.

        Args:
            total: number of questions, for the time that is left; default: what they say of
                themselves.
        """
        from skulens.progress import Bar

        begun, before = time.monotonic(), self.seconds
        hidden = not self.bar
        with (
            Bar(
                total=total or operator.length_hint(questions) or None,
                delay=2,
                mininterval=0.5,
                unit="reply",
                file=sys.stderr,
                disable=hidden,
            ) as bar,
            closing(self._replies(self._count(questions))) as replies,
        ):
            for reply in replies:
                self.seconds = before + time.monotonic() - begun
                self._note(reply)
                bar.set_postfix_str(self.progress(), refresh=False)
                bar.update()
                yield reply

    def _count(self, questions: Iterable[Ask]) -> Iterator[Ask]:
        for question in questions:
            self.questions += 1
            yield question

    def _replies(self, questions: Iterable[Ask]) -> Any:
        from skulens.chat.batch.files import write_unknown

        if self.writer is None:
            return self.remembered.ask(questions)
        return write_unknown(questions, self.writer, self.store, self.remembered.retry)

    def _note(self, reply: Reply) -> None:
        from skulens.chat.money.ledger import sum_usage

        if self.writer and not reply.cached:
            return  # it cannot be sent; the writer counts it
        self.outcomes[reply.error] += 1
        if reply.cached:
            self.old[reply.error] += 1
            return
        self.usage = sum_usage([self.usage, reply.usage])
        self.uncounted += not reply.usage and not reply.error

    @property
    def answered(self) -> int:
        return self.outcomes[""]

    @property
    def failed(self) -> dict[str, int]:
        """Error class -> questions, the most frequent first."""
        return {error: n for error, n in self.outcomes.most_common() if error}

    @property
    def asked_anew(self) -> int:
        """Questions whose reply did not come out of the store."""
        return self.outcomes.total() - self.old.total()

    @property
    def money(self) -> float | None:
        """Of what was asked anew; None where the price or all tokens are unknown."""
        from skulens.chat.money.ledger import cost_of

        if not self.asked_anew:
            return 0.0
        return cost_of(self.usage, self.prices, self.model, self.seconds / 3600)

    def money_said(self) -> str:
        """ "0.42 USD", or why it is unknown."""
        from skulens.chat.money.ledger import money_text

        price, money = self.prices.find(self.model), self.money
        if price is None:
            return f"money unknown: no price for {self.model}, see --prices"
        if money is None:
            return "money unknown: the server reported no tokens"
        return f"{money_text(money)} {price.currency}"

    def progress(self) -> str:
        """Behind the bar."""
        said = [f"{self.answered:,} answered"]
        if failed := sum(self.failed.values()):
            said.append(f"{failed:,} failed")
        if self.old:
            said.append(f"{self.old.total():,} from the store")
        if self.money is not None and self.asked_anew and self.prices.find(self.model):
            said.append(self.money_said())
        return ", ".join(said)

    def last_line(self) -> str:
        """What was asked, what became of it and what it cost."""
        if self.writer:
            return self.batch_line()
        stored = f" ({self.old['']:,} from the store)" if self.old[""] else ""
        said = [f"{self.answered:,} answered{stored}"]
        if self.failed:
            said.append(f"{sum(self.failed.values()):,} failed ({self.failures_said()})")
        open_ = self.questions - self.outcomes.total()
        if open_:
            said.append(f"{open_:,} not asked")
        spent = "nothing was asked anew"
        if self.asked_anew:
            tokens = self.usage.get("input_tokens", 0) + self.usage.get("output_tokens", 0)
            without = ""
            if self.uncounted:
                without = f" ({number(self.uncounted, 'answer')} without a count)"
            spent = f"{short(tokens)} tokens{without}, {self.money_said()}"
        return (
            f"{number(self.questions, 'question')}: {', '.join(said)}; {spent}; "
            f"replies in {self.folder}"
        )

    def failures_said(self) -> str:
        """ "20 truncated, 14 refused; 30 of them known: --ask-again CLASS" """
        known = sum(n for error, n in self.old.items() if error)
        again = f"; {known:,} of them stored before: --ask-again CLASS" if known else ""
        return ", ".join(f"{n:,} {error}" for error, n in self.failed.items()) + again

    def batch_line(self) -> str:
        """What was written, and what to do with it."""
        files = self.files or self.finish_batch()
        said = [f"{self.old.total():,} in the store", f"{files.questions:,} written"]
        if files.repeated:
            said.append(f"{files.repeated:,} equal to another")
        said += [f"{n:,} cannot be sent ({why})" for why, n in files.unsendable.items()]
        line = f"{number(self.questions, 'question')}: {', '.join(said)}"
        if not files.files:
            return f"{line}; nothing is left to ask"
        return (
            f"{line}; {number(len(files.files), 'file')} ({files.bytes / 1e6:,.1f} MB) in {files.folder}: have them answered, "
            f"then `skulens replies import {files.folder} RESULTS` and this command again"
        )

    def finish_batch(self) -> "BatchFiles":
        """Put the batch files into their folder; later calls say what was written."""
        assert self.writer is not None
        if self.files is None:
            self.files = self.writer.finish()
        return self.files

    def record(self) -> dict[str, Any]:
        """JSON values for --json of the asking command."""
        price = self.prices.find(self.model)
        record = {
            "engine": self.model,
            "run": self.run,
            "questions": self.questions,
            "answered": self.answered,
            "failed": self.failed,
            "from_store": self.old.total(),
            "tokens": dict(self.usage),
            "answers_without_tokens": self.uncounted,
            "money": self.money if price is not None else None,
            "currency": price.currency if price is not None else None,
            "replies": str(self.folder),
        }
        if self.writer:
            files = self.finish_batch()
            record["batch"] = {
                "folder": str(files.folder),
                "files": [str(file) for file in files.files],
                "questions": files.questions,
                "repeated": files.repeated,
                "unsendable": dict(files.unsendable),
            }
        return record

    def __enter__(self) -> "Asked":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        """Stopped half-way: say how far it came. A batch that was not finished is not written."""
        try:
            if self.writer:
                if kind is None:
                    self.finish_batch()
                self.writer.__exit__(kind, error, where)
            # A stop at the door, before any reply, says enough by itself.
            elif self.outcomes and kind and issubclass(kind, ChatError | KeyboardInterrupt):
                click.echo(self.last_line(), err=True)
        finally:
            self.store.close()


def number(n: int, noun: str) -> str:
    """ "1 question", "1,200 questions" """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def short(n: int) -> str:
    """950, 45.1 k, 1.2 M, 3.4 G"""
    for size, unit in ((10**9, " G"), (10**6, " M"), (10**4, " k")):
        if n >= size:
            return f"{n / (1000 if unit == ' k' else size):,.1f}{unit}"
    return f"{n:,}"
