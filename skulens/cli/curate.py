"""`skulens curate`."""

import click


@click.group()
def command() -> None:
    """To be written."""
