"""`skulens index snapshot`: name the present state of a store."""

import json
import shlex
from contextlib import closing

import click

from skulens.cli.options import json_option


@click.command()
@click.argument("store")
@click.argument("name")
@json_option
def command(store, name, as_json) -> None:
    """Name the present state of STORE, so that `index rollback` can return to it."""
    from skulens.index.stores import open_store

    with closing(open_store(store)) as opened:
        opened.snapshot(name)
        products = opened.count()
    if as_json:
        click.echo(json.dumps({"store": store, "snapshot": name, "products": products}))
        return
    back = shlex.join(["skulens", "index", "rollback", store, name])
    click.echo(f"{store}: {products:,} products are kept as {name!r}; to return to them: {back}")
