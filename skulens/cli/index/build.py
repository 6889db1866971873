"""`skulens index build`: a catalogue -> a store."""

import json
import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from skulens.cli.completion import DATA, ENCODER
from skulens.cli.options import DATA_HELP, catalog_options, json_option, open_data

if TYPE_CHECKING:
    from skulens.search.indexing.build import Built


@click.command(epilog=DATA_HELP)
@click.argument("data", type=DATA)
@click.option("--encoder", type=ENCODER, default="", metavar="NAME",
              help="Embeds pictures: mini, groceries, onnx:FILE ...  [default: that of the store]")  # fmt: skip
@click.option("--text-encoder", type=ENCODER, default="", metavar="NAME",
              help="Embeds titles, captions and descriptions, into a column of their own.")  # fmt: skip
@click.option("--store", required=True, metavar="DIR|URL", help="Where it is kept.")
@click.option("--views", type=click.Choice(["mean", "first"]), default=None,
              help="Of a product with several pictures: the mean of all, or the first.  "
              "[default: mean, or that of the store]")  # fmt: skip
@click.option("--prune", is_flag=True,
              help="Delete products that the catalogue no longer has, and claims of products that no "
              "--claims names; else they are kept.")  # fmt: skip
@click.option("--claims", multiple=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Show these facts with their evidence: what `skulens verify --out` wrote, or "
              "`skulens read-labels --json` printed; may be repeated. Products that no FILE names keep "
              "what they have, unless --prune is given.")  # fmt: skip
@click.option("--snapshot", default="", metavar="NAME",
              help="Name the state before the first change; `skulens index rollback` returns to it.")  # fmt: skip
@catalog_options
@json_option
def command(data, store, map_, as_json, views, **options) -> None:
    """Index a catalogue, or bring its store up to date: only what changed is embedded.

    A build that was interrupted goes on when it is given again.
    """
    from skulens.encode.memo import Memo
    from skulens.files import cache_folder
    from skulens.search.indexing.build import build_index

    built = build_index(
        open_data(data, map_, whole=True),
        store,
        cache=cache_folder() / "vectors",
        memo=Memo(cache_folder()),
        rejects=rejects_path(store),
        progress=True,
        data=data,
        views=views or "",
        **options,
    )
    click.echo(json.dumps(describe(store, built)) if as_json else tell(store, built))


def rejects_path(store: str) -> Path | None:
    """In the current folder for a store on a server; others keep the file beside their own."""
    from skulens.index.stores.open import split_address

    place = split_address(store)[1]
    if "://" not in place:
        return None
    return Path("".join(c if c.isalnum() else "-" for c in place).strip("-") + ".rejects.jsonl")


def describe(store: str, built: "Built") -> dict:
    rejects = built.rejects
    return {
        "store": store,
        "products": built.products,
        "written": built.written,
        "unchanged": built.unchanged,
        "gone": built.gone,
        "removed": built.removed,
        "embedded": built.forwarded,
        "reclaimed": built.reclaimed,
        "columns": {m.column.name: m.column.encoder for m in built.makers},
        "snapshot": built.snapshot or None,
        "seconds": round(built.seconds, 3),
        "rejects": rejects.count,
        "rejects_file": str(rejects.path) if rejects.count and rejects.path else None,
        "first_rejects": [asdict(r) for r in rejects.first],
    }


def tell(store: str, built: "Built") -> str:
    """What was made, what could not be used, and the next command; a line each."""
    from skulens.catalog.rejects import list_rejects
    from skulens.report.names import count

    said = list(list_rejects(built.rejects.first))
    if built.rejects.count:
        where = f": {built.rejects.path}" if built.rejects.path else ""
        said.append(f"{count(built.rejects.count, 'reject')}{where}")
    if built.gone and built.removed:
        said.append(f"{built.removed:,} products that the catalogue no longer has are deleted")
    elif built.gone:
        said.append(
            f"{built.gone:,} products of the store are not in the catalogue; "
            "they are kept, and --prune deletes them"
        )
    if built.snapshot:
        back = shlex.join(["skulens", "index", "rollback", store, built.snapshot])
        said.append(f"the state before is kept as {built.snapshot!r}: {back}")
    if built.reclaimed:
        said.append(
            f"of {count(built.reclaimed, 'product')} the claims alone changed; nothing of them was "
            "embedded"
        )
    if built.written or built.removed:
        made = ", ".join(f"{m.column.name} by {m.column.encoder}" for m in built.makers)
        said.append(
            f"{store}: {built.written:,} products written and {built.unchanged:,} unchanged in "
            f"{built.seconds:.1f} s, {built.forwarded:,} pictures and texts embedded ({made})"
        )
    else:
        said.append(
            f"{store}: nothing to do, {built.unchanged:,} products are up to date "
            f"({built.seconds:.1f} s)"
        )
    words = shlex.join(["skulens", "search", store, "--text", built.example or "red"])
    return "\n".join([*said, f"next: {words}"])
