"""What commands share that may ask a model and work without one: options, and how work is done."""

import json
from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

from skulens.cli.asking import ENGINE, STORE, Asking

if TYPE_CHECKING:
    from skulens.cli.asked import Asked
    from skulens.protocols import Chat

T = TypeVar("T")

NAME = click.option(
    "--engine", "-e", metavar="NAME",
    help="Who is asked: a row of `skulens list chats`, such as openai:MODEL.  [default: nobody]",
)  # fmt: skip


def optional_engine(command: Callable) -> Callable:
    """`cli.asking.engine_options` with an --engine that may be left out: `asking` is None then."""

    @wraps(command)
    def with_asking(**given: Any) -> Any:
        taken = {f.name: given.pop(f.name) for f in fields(Asking)}
        if taken["engine"]:
            return command(asking=Asking(**taken), **given)
        if said := [name for name, value in taken.items() if value]:
            raise click.UsageError(
                f"--{said[0].replace('_', '-')} is for a model: give --engine too"
            )
        return command(asking=None, **given)

    made: Callable = with_asking
    for option in reversed((NAME, *ENGINE[1:], *STORE)):
        made = option(made)
    return made


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
            made = work(asked)
        except Unanswered:
            if asking.batch is None:
                raise
            click.echo(json.dumps(asked.record()) if as_json else asked.last_line())
            return
        tell(made, asked)


def asking_line(asked: "Asked | None") -> str:
    """What was asked and what it cost."""
    return asked.last_line() if asked else "nobody was asked: no --engine"
