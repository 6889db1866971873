"""`skulens index info`: what a store holds."""

import json
import shlex
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from skulens.cli.options import json_option

if TYPE_CHECKING:
    from skulens.search.indexing.about import FieldAbout, StoreAbout

WIDEST = 28
"""Characters of an example."""


@click.command()
@click.argument("store")
@json_option
def command(store, as_json) -> None:
    """What STORE holds: engine, products, columns and who made them, fields, snapshots."""
    from skulens.encode.memo import Memo
    from skulens.files import cache_folder
    from skulens.index.stores import open_store
    from skulens.search.indexing.about import describe_store

    with closing(open_store(store)) as opened:
        about = describe_store(opened, Memo(cache_folder()))
    if as_json:
        click.echo(json.dumps(to_json(store, about), ensure_ascii=False))
    else:
        click.echo("\n".join(tell(store, about)))


def to_json(store: str, about: "StoreAbout") -> dict:
    return {
        "store": store,
        "data": about.data,
        **about.engine,
        "products": about.products,
        "columns": [
            {**asdict(c), "opens": c.name not in about.closed, "problem": about.closed.get(c.name)}
            for c in about.columns
        ],
        "fields": [
            {
                **asdict(f.column),
                "products": f.products,
                "values": [{"value": v, "products": n} for v, n in f.values.items()],
                "least": f.least,
                "most": f.most,
            }
            for f in about.fields
        ],
        "snapshots": list(about.snapshots),
    }


def tell(store: str, about: "StoreAbout") -> Iterator[str]:
    yield f"{about.data or store}: {about.products:,} products"
    facts = {n: v for n, v in about.engine.items() if n != "products" and is_plain(v)}
    width = max(map(len, facts), default=0)
    for name, value in facts.items():
        yield f"  {name:<{width}}  {f'{value:,}' if isinstance(value, int) else value}"
    yield "columns of vectors"
    for c in about.columns:
        state = "opens here" if c.name not in about.closed else "CANNOT BE OPENED HERE"
        yield f"  {c.name:<12} {c.dim} numbers from {c.made_from} by {c.encoder} ({state})"
    yield "fields to filter by"
    width = max((len(f.column.field) for f in about.fields), default=0)
    for f in about.fields:
        many = ", several" if f.column.many else ""
        yield f"  {f.column.field:<{width}}  {f.column.kind + many:<15} {f.products:>8,}  {examples(f)}"
    yield f"snapshots: {', '.join(about.snapshots) or 'none'}"
    yield from about.closed.values()
    yield f"next: {shlex.join(['skulens', 'search', store, '--text', 'red'])}"


def is_plain(value: object) -> bool:
    """Whether a fact of the engine fits on a line; lists and objects are printed by --json only."""
    return not isinstance(value, dict | list | tuple)


def examples(field: "FieldAbout") -> str:
    if field.least is not None:
        return f"{field.least:g} to {field.most:g}"
    shown = ((" ".join(str(value).split())[:WIDEST], n) for value, n in field.values.items())
    return ", ".join(f"{value} ({n:,})" if n > 1 else value for value, n in shown)
