"""Options of commands that may ask a model, and work without one."""

from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from typing import Any

import click

from skulens.cli.asking import ENGINE, STORE, Asking

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


class Counting:
    """An engine of a command as a `Chat`: with progress where the number of questions is known."""

    def __init__(self, asked):
        self.asked, self.info = asked, asked.info

    def ask(self, questions):
        total = len(questions) if isinstance(questions, list) else None
        return self.asked.ask(questions, total=total)
