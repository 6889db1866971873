"""`skulens world`: make, show and check the procedural shop."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Literal, cast

import click

from skulens.cli.lazy import Group
from skulens.cli.options import json_option


@click.group(cls=Group)
def command() -> None:
    """Make, show or check the procedural shop."""


@command.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--skus", type=click.IntRange(min=1), default=300, show_default=True, help="Products."
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=7,
    show_default=True,
    help="Another seed gives another shop.",
)
@click.option(
    "--px",
    type=click.IntRange(min=16),
    default=224,
    show_default=True,
    help="Side of the pictures, pixels.",
)
@click.option(
    "--label-px",
    type=click.IntRange(min=16),
    default=384,
    show_default=True,
    help="Side of the close-ups of labels, pixels.",
)
@click.option(
    "--views", default="", help="Only these of front, back, side, use, label, between commas."
)
@click.option(
    "--photos",
    type=click.IntRange(min=0),
    default=4,
    show_default=True,
    help="Probe photos of each product.",
)
@click.option("--no-pictures", is_flag=True, help="Only the tables: a million products in minutes.")
@click.option("--classes", default="", help="Only these classes, between commas.")
@click.option(
    "--noise",
    type=click.FloatRange(min=0, max=1),
    default=0.2,
    show_default=True,
    help="Share of listings that are wrong on purpose.",
)
@click.option(
    "--split-all", type=click.Choice(["train", "test"]), help="Put every product into one split."
)
@click.option("--workers", type=click.IntRange(min=1), help="Processes; all cores by default.")
@json_option
def make(
    folder: Path,
    skus: int,
    seed: int,
    px: int,
    label_px: int,
    views: str,
    photos: int,
    no_pictures: bool,
    classes: str,
    noise: float,
    split_all: str | None,
    workers: int | None,
    as_json: bool,
) -> None:
    """Write a shop into FOLDER.

    A killed run goes on where it stopped; a larger --skus adds to it.
    """
    from time import perf_counter

    from skulens.world.config import CLASSES, VIEWS, WorldConfig
    from skulens.world.reader import generator

    chosen = () if no_pictures else words(views) or VIEWS
    config = WorldConfig(
        skus=skus,
        seed=seed,
        px=px,
        label_px=label_px,
        views=chosen,
        photos=0 if no_pictures else photos,
        classes=words(classes) or CLASSES,
        noise=noise,
        split=cast(Literal["hash", "train", "test"], split_all or "hash"),
    )
    start = perf_counter()
    made = generator()(folder, config, workers)
    took = perf_counter() - start
    if as_json:
        click.echo(
            json.dumps(
                asdict(made)
                | {
                    "folder": str(made.folder),
                    "seconds": round(took, 2),
                    "identity": config.identity(),
                }
            )
        )
        return
    pictures = (
        f"{made.pictures} pictures, {made.photos} of them photos ({made.reused} were there)"
        if made.pictures
        else "no pictures"
    )
    click.echo(f"{made.skus} SKUs of {made.spus} products, {pictures}, in {took:.1f} s: {folder}")


def words(given: str) -> tuple[str, ...]:
    """The words between commas."""
    return tuple(w.strip() for w in given.split(",") if w.strip())


@command.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="PNG file; FOLDER/sheet.png by default.",
)
@click.option(
    "--skus",
    type=click.IntRange(min=1),
    default=48,
    show_default=True,
    help="Products on the sheet.",
)
@click.option(
    "--of",
    "kind",
    type=click.Choice(["titles", "views", "photos", "labels"]),
    default="titles",
    show_default=True,
    help="Front pictures with titles; or of one variant of each product all views, its photos, "
    "or its label and what can be read.",
)
@json_option
def show(folder: Path, out: Path | None, skus: int, kind: str, as_json: bool) -> None:
    """Draw a contact sheet of FOLDER."""
    from skulens.world import World
    from skulens.world.sheet import sheet

    out = out or folder / "sheet.png"
    width, height = sheet(World(folder), out, skus, kind)
    click.echo(
        json.dumps({"file": str(out), "width": width, "height": height})
        if as_json
        else f"{width} x {height} px: {out}"
    )


@command.command()
@click.option(
    "--skus",
    type=click.IntRange(min=1),
    default=100_000,
    show_default=True,
    help="Products; none is drawn.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Of the shop."
)
@click.option(
    "--examples",
    type=click.IntRange(min=0),
    default=3,
    show_default=True,
    help="Shown of each kind.",
)
@json_option
def check(skus: int, seed: int, examples: int, as_json: bool) -> None:
    """Look for contradictions in what a shop says of its products.

    Attributes, texts in all languages and labels are read; exit code 1 where something is found.
    """
    from collections import Counter, defaultdict

    from skulens.world.check import RULES, check_shop
    from skulens.world.config import WorldConfig

    found: Counter[str] = Counter()
    shown: dict[str, list[str]] = defaultdict(list)
    for wrong in check_shop(WorldConfig(skus=skus, seed=seed)):
        found[wrong.rule] += 1
        if len(shown[wrong.rule]) < examples:
            shown[wrong.rule].append(f"{wrong.sku}: {wrong.said}")
    if as_json:
        counts = {rule: found[rule] for rule in RULES}
        click.echo(json.dumps({"skus": skus, "seed": seed, "found": counts, "examples": shown}))
    else:
        for rule in RULES:
            click.echo(f"{found[rule]:9,}  {rule}")
            for line in shown[rule]:
                click.echo(f"{'':11}{line}")
        click.echo(f"{found.total():,} contradictions in the records of {skus:,} SKUs")
    if found:
        raise SystemExit(1)
