"""`skulens curate`: captions, attribute cards and composed queries, made, checked and reviewed."""

import click

from skulens.cli.lazy import LazyGroup

COMMANDS = {
    "captions": "Compress texts of products into captions that fit an encoder.",
    "review-sheet": "Write sheets on which people pass or fail captions.",
    "reviewed": "Evaluate filled sheets: pass rates and agreement.",
    "compose": "Compose queries of several conditions, with all their answers.",
    "split": "Split queries into train, val and test, with holdouts and controls.",
    "review-export": "Write tasks for Label Studio, in which people judge queries.",
    "review-import": "Read what people judged in Label Studio back into a folder.",
    "expand": "Make queries from pairs of similar products (MERIT's cold start).",
    "rewrite": "Rewrite the instructions of queries in natural words, checked.",
    "filter": "Take out queries that break one of MERIT's three principles.",
}
"""Command -> one line of help; see `LazyGroup`."""
PLACES = {"review-sheet": "captions:review_sheet", "reviewed": "captions:reviewed"}


@click.group(cls=LazyGroup, lazy=COMMANDS, package="skulens.cli.curate", places=PLACES)
def command() -> None:
    """Make data: captions, attribute cards and composed queries, checked and reviewed by people."""
