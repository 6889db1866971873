"""`skulens publish`: a store as a folder that any static host serves."""

import json
import sys
from pathlib import Path

import click

from skulens.cli.options import json_option
from skulens.cli.progress import note
from skulens.errors import DataError, MissingDependency


@click.command()
@click.argument("store")
@click.option("--out", default="site", show_default=True, metavar="DIR", help="The folder to make.")
@click.option("--name", default="", help="Name of the shop, shown above the page.")
@click.option(
    "--runtime",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder with two files of onnxruntime-web, kept for the next time.",
)
@click.option(
    "--encoder",
    default="",
    metavar="COLUMN=NAME",
    help="The picture column's encoder under the name that it has here.",
)
@click.option(
    "--photos",
    "examples",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder of photos to try, up to 12; shown until something is searched for.",
)
@click.option("--no-photos", is_flag=True, help="Leave out the search by photo.")
@json_option
def command(
    store: str,
    out: str,
    name: str,
    runtime: Path | None,
    encoder: str,
    examples: Path | None,
    no_photos: bool,
    as_json: bool,
) -> None:
    """Publish STORE as a static site that searches by photo in the browser.

    \b
    skulens publish shop.store --runtime package/dist
    python -m http.server -d site
    """
    from skulens.index.stores import open_store

    try:
        from skulens.serve.publish.site import Options, publish
    except ModuleNotFoundError as e:
        raise MissingDependency(f"publish needs {e.name}: pip install 'skulens[serve]'") from e
    column, sign, named = encoder.rpartition("=")
    opened = open_store(store)
    try:
        if sign and opened.schema.vector(column) is None:
            known = ", ".join(c.name for c in opened.schema.vectors)
            raise DataError(
                f"--encoder {encoder}: the store has no column {column!r}, only {known}"
            )
        options = Options(
            name, not no_photos, named, examples, runtime, progress=sys.stderr.isatty()
        )
        made = publish(opened, out, options)
    finally:
        opened.close()
    for sentence in made.notes:
        note(sentence)
    if as_json:
        record = {
            n: getattr(made, n) for n in ("products", "thumbnails", "photos", "words", "bytes")
        }
        click.echo(json.dumps({"folder": str(made.folder), **record, "notes": made.notes}))
        return
    how = "by photo, words and filters" if made.photos else "by words and filters"
    click.echo(
        f"{out}: {made.products:,} products, searched {how}, {made.bytes / 1e6:.1f} MB; "
        f"python -m http.server -d {out}"
    )
