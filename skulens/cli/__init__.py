"""The command line: one file per command, imported when the command is typed."""

import os
import sys
import warnings
from pathlib import Path

import click

from skulens import __version__
from skulens.cli.lazy import LazyGroup, suggest_options
from skulens.errors import SkulensError

COMMANDS = {
    "demo": "Try all of it on real photos that come with skulens.",
    "bench": "Measure encoders on a suite, with intervals.",
    "index": "Make a store of a catalogue, so that it can be searched.",
    "search": "Find products by photos, words and conditions.",
    "serve": "Search a store over HTTP, and on a page.",
    "serve-token": "Say who may ask a server.",
    "publish": "Make a site of a store that searches by photo in the browser.",
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
@click.option("--quiet", "-q", is_flag=True, help="No progress and no notes; errors stay.")
@click.pass_context
def skulens(context: click.Context, quiet: bool) -> None:
    """Find, read and compare products by their pictures.

    Start with `skulens bench mpr DATA --encoder mini`, where DATA is a folder, a CSV,
    JSONL or Parquet file of yours, or a dataset name of `skulens list datasets`.
    """
    if quiet:
        be_quiet(context)


def be_quiet(context: click.Context) -> None:
    """Silence progress and notes until the command ends, in processes that it starts, too."""
    from skulens.progress import QUIET

    before = os.environ.get(QUIET, "")
    os.environ[QUIET] = "1"
    context.call_on_close(lambda: os.environ.__setitem__(QUIET, before))


def show_own_warnings_plainly() -> None:
    """A warning of ours is one line for the user, without the place in our code that gives it."""
    from skulens.progress import is_quiet

    shown, ours = warnings.showwarning, str(Path(__file__).parents[1])

    def show(message, category, filename, lineno, file=None, line=None):
        if category is UserWarning and filename.startswith(ours) and file is None:
            if not is_quiet():
                click.echo(f"warning: {message}", err=True)
        else:
            shown(message, category, filename, lineno, file, line)

    warnings.showwarning = show


def main() -> None:
    """Entry point: a SkulensError becomes one line on stderr and exit status 2, no traceback."""
    show_own_warnings_plainly()
    try:
        sys.exit(skulens.main(standalone_mode=False) or 0)
    except click.UsageError as e:
        suggest_options(e).show()
        sys.exit(e.exit_code)
    except click.ClickException as e:
        e.show()
        sys.exit(e.exit_code)
    except click.Abort:  # the end of the input at a question
        click.echo("aborted: no answer", err=True)
        sys.exit(1)
    except SkulensError as e:
        click.echo(f"error: {e}", err=True)
        sys.exit(2)
    except OSError as e:
        if isinstance(e, BrokenPipeError):  # `skulens ... | head`
            sys.stderr.close()
            sys.exit(0)
        click.echo(f"error: {e.strerror or e}{f': {e.filename}' if e.filename else ''}", err=True)
        sys.exit(2)
