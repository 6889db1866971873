"""`skulens catalog`: tables from what lies in a folder, and catalogues in other layouts."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from skulens.cli.completion import DATA
from skulens.cli.lazy import Group
from skulens.cli.options import catalog_options, json_option, open_data

FEW = 3
REJECTS = 20
"""Rejects that are printed; --json has all."""


@click.group(cls=Group)
def command() -> None:
    """Make the tables of a catalogue from what lies in its folder, or write it in another layout."""


@command.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--captions",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON list of product_id and label; by default the one in FOLDER.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="Write the manifest here, such as barcode_to_images_map.json.",
)
@json_option
def manifest(folder: Path, captions: Path | None, out: Path, as_json: bool) -> None:
    """Write OpenMPR's manifest (barcode -> photos) of the photos in FOLDER.

    FOLDER is a clone of OpenMPR's repository with the photos below it, or the folder of
    single_frame_front_view and single_frame_front_drop with --captions. Photos are named
    BARCODE_NUMBER.jpg. Equal to what map_barcode_to_images.py of OpenMPR writes.
    """
    from skulens.catalog.openmpr import OpenMPR
    from skulens.errors import DataError
    from skulens.files import write_whole

    entries = OpenMPR(folder, captions=captions).entries_of_photos()
    bare = [barcode for barcode, entry in entries.items() if not entry["image_paths"]]
    if bare:
        raise DataError(
            f"{len(bare):,} of {len(entries):,} barcodes have no photo in {folder}, such as "
            f"{', '.join(bare[:FEW])}; photos are named BARCODE_NUMBER.jpg. Without a manifest, "
            "`skulens bench mpr` takes the photos that are there"
        )
    text = json.dumps(entries, indent=4).encode()
    out.parent.mkdir(parents=True, exist_ok=True)
    write_whole(out, lambda f: f.write(text))
    photos = sum(len(entry["image_paths"]) for entry in entries.values())
    if as_json:
        click.echo(json.dumps({"out": str(out), "barcodes": len(entries), "photos": photos}))
    else:
        click.echo(f"{out}: {photos:,} photos of {len(entries):,} barcodes")


@command.command()
@click.argument("data", type=DATA)
@click.option(
    "--as",
    "layout",
    required=True,
    metavar="LAYOUT",
    help="One of `skulens list layouts`, such as merit or m-beir.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="A new folder.",
)
@click.option("--split", "splits", multiple=True, help="Which queries; may be repeated. [all]")
@click.option(
    "--tile",
    is_flag=True,
    help="Lay the pictures of a query side by side where the layout shows one (fusion cat); "
    "otherwise such queries are left out.",
)
@catalog_options
@json_option
def export(
    data: str,
    layout: str,
    out: Path,
    splits: tuple[str, ...],
    tile: bool,
    map_: dict[str, str],
    as_json: bool,
) -> None:
    """Write the products and queries of DATA in another project's layout.

    Lossless for what was read from MERIT's files, also by way of our own folders (--as skulens).
    What a layout cannot say is left out, with the reason, or counted.
    """
    from skulens.catalog.layouts.export import export_catalog
    from skulens.cli.progress import watch

    beside = tile_pictures if tile else None
    made = export_catalog(open_data(data, map_), layout, out, splits, beside, watch)
    notes = {what: count for what, count in made.notes.items() if count}
    if as_json:
        numbers = {"products": made.products, "queries": made.queries, "notes": notes}
        files = [str(f.relative_to(out)) for f in made.files]
        rejects = [asdict(r) for r in made.rejects]
        click.echo(json.dumps({"out": str(out), "files": files, **numbers, "rejects": rejects}))
        return
    from skulens.catalog.rejects import list_rejects

    if made.rejects:
        click.echo(f"{len(made.rejects):,} left out; --json has all:")
    for line in list_rejects(made.rejects, REJECTS):
        click.echo(line)
    for what, count in notes.items():
        click.echo(f"note: {count:,} {what}")
    click.echo(
        f"{out}: {made.products:,} products, {made.queries:,} queries of "
        f"{', '.join(made.splits)} as {layout}; {len(made.rejects):,} left out. "
        f"Next: {next_command(layout, out)}"
    )


def next_command(layout: str, out: Path) -> str:
    """What opens the folder again, or lists its files where only others read it."""
    from skulens.registry import rows

    same = {"skulens": "own", "merit-annotation": "merit", "vlm2vec-eval": "vlm2vec"}
    reader = same.get(layout, layout)
    return f"skulens audit {reader}:{out}" if reader in rows("dataset") else f"ls {out}"


def tile_pictures(images) -> bytes:
    """Pictures side by side as one JPEG, as fusion cat shows them to an encoder."""
    import io

    from skulens import pictures
    from skulens.encode.parts import Tiled, tile

    beside, out = Tiled(tuple(images)), io.BytesIO()
    tile([pictures.load(i) for i in images], beside.height_px).save(out, "JPEG", quality=95)
    return out.getvalue()
