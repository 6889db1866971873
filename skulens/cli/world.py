"""`skulens world`: make and show the procedural shop."""

import json
from pathlib import Path

import click

from skulens.cli.options import json_option


@click.group()
def command() -> None:
    """Make or show the procedural shop."""


@command.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--skus", default=300, show_default=True, help="Products.")
@click.option("--seed", default=7, show_default=True, help="Another seed gives another shop.")
@click.option("--px", default=224, show_default=True, help="Side of the pictures, pixels.")
@click.option("--photos", default=4, show_default=True, help="Probe photos of each product.")
@click.option("--classes", default="", help="Only these classes, between commas.")
@click.option("--split-all", type=click.Choice(["train", "test"]), help="Put every product into one split.")
@click.option("--workers", type=int, help="Processes; all cores by default.")
@json_option
def make(folder: Path, skus: int, seed: int, px: int, photos: int, classes: str, split_all: str | None, workers: int | None, as_json: bool) -> None:
    """Write a shop into FOLDER. A killed run goes on where it stopped; a larger --skus adds to it."""
    from time import perf_counter

    from skulens.catalog.world.config import CLASSES, WorldConfig
    from skulens.catalog.world.reader import generator

    chosen = tuple(c.strip() for c in classes.split(",") if c.strip()) or CLASSES
    config = WorldConfig(skus=skus, seed=seed, px=px, photos=photos, classes=chosen, split=split_all or "hash")
    start = perf_counter()
    made = generator()(folder, config, workers)
    took = perf_counter() - start
    if as_json:
        fields = {"folder": str(made.folder), "skus": made.skus, "spus": made.spus, "photos": made.photos, "reused": made.reused}
        hashes = {"records_sha256": made.records_sha256, "pictures_sha256": made.pictures_sha256}
        click.echo(json.dumps(fields | hashes | {"seconds": round(took, 2), "identity": config.identity()}))
        return
    click.echo(f"{made.skus} SKUs of {made.spus} products, {made.photos} photos ({made.reused} pictures were there) in {took:.1f} s: {folder}")


@command.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="PNG file; FOLDER/sheet.png by default.")
@click.option("--skus", default=48, show_default=True, help="Products on the sheet.")
@click.option("--photos", is_flag=True, help="Show the probe photos, a row for each product.")
@json_option
def show(folder: Path, out: Path | None, skus: int, photos: bool, as_json: bool) -> None:
    """Draw a contact sheet of FOLDER with titles."""
    from skulens.catalog.world import World
    from skulens.catalog.world.sheet import sheet

    out = out or folder / "sheet.png"
    width, height = sheet(World(folder), out, skus, photos)
    click.echo(json.dumps({"file": str(out), "width": width, "height": height}) if as_json else f"{width} x {height} px: {out}")
