"""The one console on which tables are printed."""

from rich.console import Console

WIDTH = 170
"""Characters where the output is not a terminal."""


def console() -> Console:
    """As wide as the terminal; WIDTH in a file or a pipe."""
    found = Console()
    return found if found.is_terminal else Console(width=WIDTH)
