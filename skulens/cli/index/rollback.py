"""`skulens index rollback`: return to a named state of a store."""

import json
from contextlib import closing

import click

from skulens.cli.options import json_option


@click.command()
@click.argument("store")
@click.argument("name")
@json_option
def command(store, name, as_json) -> None:
    """Return STORE to the state that `index snapshot` or `index build --snapshot` named.

    What was written since is gone, unless it has a snapshot of its own.
    """
    from skulens.index.stores import open_store

    with closing(open_store(store)) as opened:
        before = opened.count()
        opened.rollback(name)
        products = opened.count()
    if as_json:
        told = {"store": store, "snapshot": name, "before": before, "products": products}
        click.echo(json.dumps(told))
        return
    click.echo(f"{store}: as it was at {name!r}, {products:,} products (before: {before:,})")
