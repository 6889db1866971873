"""What commands share that ask about queries: with an engine or without, now or by batch files."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

from skulens.cli.asking import Asking
from skulens.cli.curate.captions import Passed

if TYPE_CHECKING:
    from skulens.cli.asked import Asked
    from skulens.protocols import Chat

T = TypeVar("T")


def work_with(
    asking: Asking | None,
    run: str,
    work: Callable[["Chat | None"], T],
    tell: Callable[[T, "Asked | None"], None],
    as_json: bool,
) -> None:
    """Do something with the engine that the options describe, then tell what was made.

    With --batch, questions without a stored reply are written instead; then nothing is made yet.

    Args:
        run: what the ledger calls it.
        asking: None where no engine was named; `work` then gets None.
    """
    from skulens.curate.asked.rounds import Unanswered

    if asking is None:
        tell(work(None), None)
        return
    with asking.open(run) as asked:
        try:
            made = work(Passed(asked))
        except Unanswered:
            if asking.batch is None:
                raise
            click.echo(json.dumps(asked.record()) if as_json else asked.last_line())
            return
        tell(made, asked)


def asking_line(asked: "Asked | None") -> str:
    """What was asked and what it cost."""
    return asked.last_line() if asked else "nobody was asked: no --engine"
