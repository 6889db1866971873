"""`skulens catalog`: make the tables of a catalogue from what lies in its folder."""

import json
from pathlib import Path

import click

from skulens.cli.options import json_option

FEW = 3


@click.group()
def command() -> None:
    """Make the tables of a catalogue from what lies in its folder."""


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
