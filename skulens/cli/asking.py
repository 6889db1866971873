"""Options of every command that asks a model, and the engine and store they describe."""

from collections.abc import Callable

import click


def engine_options(command: Callable) -> Callable:
    """--engine and all that says how it is asked."""
    return click.option(
        "--engine", required=True, metavar="NAME", help="A row of `skulens list chats`."
    )(command)
