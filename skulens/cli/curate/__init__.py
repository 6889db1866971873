"""`skulens curate`: captions, attribute cards and composed queries, made, checked and reviewed."""

import click

from skulens.cli.lazy import LazyGroup

COMMANDS = {
    "captions": "Compress texts of products into captions that fit an encoder.",
    "review-sheet": "Write sheets on which people pass or fail captions.",
    "reviewed": "Evaluate filled sheets: pass rates and agreement.",
    "compose": "Compose queries of several conditions, with all their answers.",
    "gate": "Measure what composed queries give away to systems without eyes.",
}
"""Command -> one line of help; see `LazyGroup`."""
PLACES = {"review-sheet": "captions:review_sheet", "reviewed": "captions:reviewed"}


@click.group(cls=LazyGroup, lazy=COMMANDS, package="skulens.cli.curate", places=PLACES)
def command() -> None:
    """Make data: captions, attribute cards and composed queries, checked and reviewed by people."""
