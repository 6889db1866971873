"""`skulens curate`: captions, attribute cards and composed queries, made, checked and reviewed."""

import click

from skulens.cli.lazy import LazyGroup

COMMANDS = {
    "captions": "Compress texts of products into captions that fit an encoder.",
    "review-sheet": "Write sheets on which people pass or fail captions.",
    "reviewed": "Evaluate filled sheets: pass rates and agreement.",
    "cards": "Make attribute cards: the keys and values of each class, to be edited.",
    "lint-cards": "Name duplicates, clashes and other faults of attribute cards.",
    "import-cards": "Turn MERIT's JSON cards into YAML cards.",
    "pictures": "Score pictures, and choose the best one of each product.",
    "calibrate-pictures": "Measure how well the scores of pictures find known faults.",
    "annotate": "Put the attributes of products onto cards, and filter them.",
    "stats": "Count what a data set holds: tables, and a page with figures.",
    "compose": "Compose queries of several conditions, with all their answers.",
    "gate": "Measure what composed queries give away to systems without eyes.",
    "split": "Split queries into train, val and test, with holdouts and controls.",
    "review-export": "Write tasks for Label Studio, in which people judge queries.",
    "review-import": "Read what people judged in Label Studio back into a folder.",
    "expand": "Make queries from pairs of similar products (MERIT's cold start).",
    "rewrite": "Rewrite the instructions of queries in natural words, checked.",
    "filter": "Take out queries that break one of MERIT's three principles.",
}
"""Command -> one line of help; see `LazyGroup`."""
PLACES = {
    "review-sheet": "captions:review_sheet",
    "reviewed": "captions:reviewed",
    "lint-cards": "cards:lint_cards",
    "import-cards": "cards:import_cards",
    "calibrate-pictures": "pictures:calibrate_pictures",
}


@click.group(cls=LazyGroup, lazy=COMMANDS, package="skulens.cli.curate", places=PLACES)
def command() -> None:
    """Make data: captions, attribute cards and composed queries, checked and reviewed by people."""
