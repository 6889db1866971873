"""Progress of long work on stderr: a bar on a terminal, a plain line now and then in a log."""

import os
import sys
from typing import Any

from tqdm import tqdm

EVERY_S = 30.0
"""Seconds between two lines where stderr is no terminal."""
QUIET = "SKULENS_QUIET"
"""Variable that silences progress and notes, as `skulens --quiet` does."""


def is_quiet() -> bool:
    return os.environ.get(QUIET, "") not in ("", "0")


class Bar(tqdm):
    """tqdm on stderr, with the arguments of tqdm.

    Where stderr is no terminal it prints a whole line every EVERY_S, without control characters,
    and nothing for what takes less. With SKULENS_QUIET it prints nothing.
    """

    def __init__(self, *args: Any, **options: Any):
        file: Any = options.setdefault("file", sys.stderr)
        self.plain = not file.isatty()
        if is_quiet():
            options["disable"] = True
        if self.plain:
            options |= {"delay": EVERY_S, "mininterval": EVERY_S, "miniters": 1, "leave": False}
            options |= {"ncols": 100, "bar_format": options.get("bar_format") or PLAIN}
        super().__init__(*args, **options)

    def display(self, msg: str | None = None, pos: int | None = None) -> bool:
        """Print the state; as a whole line where this is a log. Returns whether a bar stands
        there that has to be wiped out."""
        if not self.plain:
            return bool(super().display(msg, pos))
        if msg is None:
            self.fp.write(f"{str(self).strip()}\n")
            self.fp.flush()
        return False

    def clear(self, nolock: bool = False) -> None:
        """Wipe out the bar; a line of a log stays."""
        if not self.plain:
            super().clear(nolock)


PLAIN = "{desc}: {n_fmt} of {total_fmt}{unit}, {elapsed} gone, {remaining} left{postfix}"
