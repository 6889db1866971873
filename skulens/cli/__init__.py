"""The command line: one file per command, imported when the command is typed."""

import sys
import warnings
from pathlib import Path

import click

from skulens import __version__
from skulens.cli.lazy import LazyGroup
from skulens.errors import SkulensError

COMMANDS = {
    "bench": "Measure encoders on a suite, with intervals.",
    "verify": "Verify claims about products against their pictures.",
    "list": "List encoders, datasets, suites and all else that has a name.",
    "audit": "Check the data quality of a catalogue before you use it.",
    "catalog": "Make the tables of a catalogue, or write it in another layout.",
    "train": "Train small image+text encoders.",
    "world": "Make or show the procedural shop.",
    "results": "Show and export what has been measured.",
    "read-labels": "Read bar codes, print and facts in product photos, with evidence.",
    "leaderboard": "Published results and yours, ranked with intervals.",
    "choose": "Which encoder to deploy, under your constraints.",
    "compare": "Is encoder A better than B on the same probes?",
    "confusion": "Which SKUs a run confuses, and why.",
    "prompts": "Show and check what is said to models.",
    "curate": "Make captions, attribute cards and composed queries, and let people review them.",
    "replies": "What models were asked, what it cost and what failed.",
    "chat": "Check a server before a bulk run.",
    "chat-stub": "Start a server that answers like a model, and fails on demand.",
    "calibrate": "From which confidence on a checkout may answer.",
}
"""Command -> one line of help; `skulens.cli.<command>` defines `command`."""


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    package="skulens.cli",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="skulens")
def skulens() -> None:
    """Find, read and compare products by their pictures.

    Start with `skulens bench mpr DATA --encoder mini`, where DATA is a folder, a CSV,
    JSONL or Parquet file of yours, or a dataset name of `skulens list datasets`.
    """


def show_own_warnings_plainly() -> None:
    """A warning of ours is one line for the user, without the place in our code that gives it."""
    shown, ours = warnings.showwarning, str(Path(__file__).parents[1])

    def show(message, category, filename, lineno, file=None, line=None):
        if category is UserWarning and filename.startswith(ours) and file is None:
            click.echo(f"warning: {message}", err=True)
        else:
            shown(message, category, filename, lineno, file, line)

    warnings.showwarning = show


def main() -> None:
    """Entry point: a SkulensError becomes one line on stderr and exit status 2, no traceback."""
    show_own_warnings_plainly()
    try:
        skulens()
    except SkulensError as e:
        click.echo(f"error: {e}", err=True)
        sys.exit(2)
    except OSError as e:
        if isinstance(e, BrokenPipeError):  # `skulens ... | head`
            sys.stderr.close()
            sys.exit(0)
        click.echo(f"error: {e.strerror or e}{f': {e.filename}' if e.filename else ''}", err=True)
        sys.exit(2)
