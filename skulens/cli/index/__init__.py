"""`skulens index`: make a store of a catalogue and look after it. One file per command."""

import click

from skulens.cli.lazy import LazyGroup

COMMANDS = {
    "build": "Index a catalogue, or bring its store up to date.",
    "check": "Is a store sound? recall against an exact scan, ids, vectors, thumbnails.",
    "info": "What a store holds.",
    "delete": "Delete products of a store.",
    "snapshot": "Name the present state of a store.",
    "rollback": "Return a store to a named state.",
}
"""Command -> one line of help; `skulens.cli.index.<command>` defines `command`."""


@click.group(cls=LazyGroup, lazy=COMMANDS, package="skulens.cli.index")
def command() -> None:
    """Make a store of a catalogue, so that it can be searched, and look after it.

    A store is a folder, or an address such as qdrant:http://host:6333/shop.
    """
