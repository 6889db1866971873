"""`skulens index delete`: products out of a store."""

import json
from collections.abc import Iterable
from contextlib import closing

import click

from skulens.cli.options import json_option


@click.command()
@click.argument("store")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--from", "listed", type=click.File(encoding="utf-8"),
              help="File with one id per line; - is the standard input.")  # fmt: skip
@click.option("--where", default=None, metavar="FILTER",
              help="Every product that satisfies it, such as \"extras.season = '2024'\".")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Only say how many it would be.")
@json_option
def command(store, ids, listed, where, dry_run, as_json) -> None:
    """Delete products of STORE: those named, or those that satisfy a filter.

    The next `index build` brings back what the catalogue still has.
    """
    from skulens.filters import parse_filter
    from skulens.index.stores import open_store

    named = [*ids, *(line.strip() for line in listed or () if line.strip())]
    if bool(named or listed) == (where is not None):
        raise click.UsageError("give ids, a file of ids (--from) or a filter (--where); not both")
    tree = None if where is None else parse_filter(where)
    with closing(open_store(store)) as opened:
        wanted = named if tree is None else opened.select(tree, k=max(1, opened.count(tree)))
        there = known_ids(opened, wanted)
        deleted = 0 if dry_run else opened.delete(there)
        left = opened.count()
    told = {"store": store, "asked": len(set(wanted)), "there": len(there)}
    if as_json:
        click.echo(json.dumps({**told, "deleted": deleted, "products": left}))
        return
    missing = len(set(wanted)) - len(there)
    if missing:
        click.echo(f"{missing:,} of the ids are not in the store", err=True)
    if dry_run:
        click.echo(f"{store}: {len(there):,} of {left:,} products would be deleted")
    else:
        click.echo(f"{store}: {deleted:,} products deleted, {left:,} left")


def known_ids(store, wanted: Iterable[str]) -> list[str]:
    """Those ids that a store has, each once, in their order."""
    ids = list(dict.fromkeys(wanted))
    return [i for i, row in zip(ids, store.fetch(ids, ["id"]), strict=True) if row]
