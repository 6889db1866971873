"""`skulens train`: make encoders."""

import dataclasses
import json
from pathlib import Path

import click

from skulens.cli.completion import DATA
from skulens.cli.lazy import Group
from skulens.cli.options import DATA_HELP, catalog_options, json_option, open_data


@click.group(cls=Group)
def command() -> None:
    """Train small image+text encoders."""


@command.command(epilog=DATA_HELP)
@click.argument("data", type=DATA, nargs=-1, required=True)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the run and the encoder; resumed if it holds one.",
)
@click.option(
    "--recipe",
    type=click.Path(path_type=Path),
    help="YAML with settings, or the name of a recipe that comes with skulens: groceries, "
    "groceries-small, groceries-frozen, mini; without: the defaults.",
)
@click.option("--epochs", type=click.IntRange(min=1), help="Passes over the pictures.")
@click.option("--batch", type=click.IntRange(min=1), help="Pictures per step.")
@click.option("--lr", type=click.FloatRange(min=0, min_open=True), help="Peak learning rate.")
@click.option(
    "--loss",
    type=click.Choice(["infonce", "siglip"]),
    help="infonce: symmetric softmax; siglip: pairwise sigmoid.",
)
@click.option("--seed", type=click.IntRange(min=0), help="Of weights, order and augmentation.")
@click.option("--bf16", is_flag=True, default=None, help="bfloat16 autocast of the vision tower.")
@click.option(
    "--frozen-image",
    metavar="ENCODER",
    help="Train onto this encoder's frozen vectors instead, such as onnx:DIR: "
    "a reference, not a new encoder.",
)
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="NAME=VALUE",
    help="Any setting of the recipe, such as augment.flip=0; may be repeated.",
)
@click.option(
    "--split",
    default="train",
    show_default=True,
    help="Queries whose photos are trained on, where DATA has it.",
)
@click.option(
    "--val",
    default="val",
    show_default=True,
    help="Queries watched while training, where there are such.",
)
@click.option("--test", help="Queries to measure once, at the end.")
@click.option(
    "--val-data",
    metavar="DATA",
    help="Catalogue of the --val queries, where it is not the first DATA.",
)
@click.option(
    "--test-data",
    metavar="DATA",
    help="Catalogue of the --test queries, where it is not the first DATA.",
)
@click.option(
    "--hold-out",
    metavar="SHARE",
    help="Share of the SPUs, such as 1/3, kept out of training completely: their photos, catalogue "
    "pictures and texts. Chosen by --hold-out-seed, evenly over the top classes.",
)
@click.option(
    "--hold-out-seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Which SPUs are held out.",
)
@click.option("--threads", type=click.IntRange(min=0), default=0, help="Cores to train on; 0: all.")
@catalog_options
@json_option
def contrastive(
    data,
    out,
    recipe,
    changes,
    split,
    val,
    test,
    val_data,
    test_data,
    hold_out,
    hold_out_seed,
    threads,
    map_,
    as_json,
    **given,
) -> None:
    """Train an image and a text tower on the pictures and texts of DATA.

    Symmetric InfoNCE with a learnable temperature (OpenMPR, Eq. 1-3) or the SigLIP loss. Killed at
    any moment and started again, it goes on after the last whole epoch with the same numbers.
    """
    import torch

    from skulens.train.contrastive import train_contrastive
    from skulens.train.hold_out import HoldOut
    from skulens.train.measure import format_metric

    if threads:
        torch.set_num_threads(threads)
    config = configure(recipe, given, changes)
    watched, measured = (open_data(d, map_) if d else None for d in (val_data, test_data))
    left = HoldOut.parse(hold_out, hold_out_seed) if hold_out else None
    catalogs = [open_data(d, map_) for d in data]
    found = train_contrastive(
        catalogs, config, out, split, val, test, watched, measured, hold_out=left
    )
    report_rejects(found.rejects)
    if as_json:
        click.echo(json.dumps(summary(found, config), ensure_ascii=False))
        return
    for gallery, row in found.measured.items():
        name, first = next(iter(row["metrics"].items()))
        click.echo(f"{test} -> {gallery}: {name} {format_metric(first)}, {row['n_queries']} photos")
    what = "reference" if config.frozen_image else "encoder"
    made = (
        f"{found.n_pictures} pictures of {found.n_products} products, {found.minutes:.1f} minutes"
    )
    click.echo(f"{what} from {made}: local:{out}")


def configure(recipe: Path | None, given: dict, changes: tuple[str, ...]):
    """The recipe with the options typed over it."""
    import yaml

    from skulens.train.config import Contrastive, RecipeError, as_dict, from_dict, read_recipe

    settings = as_dict(read_recipe(recipe) if recipe else Contrastive())
    settings |= {name: value for name, value in given.items() if value is not None}
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals:
            raise click.BadParameter(
                f"expected NAME=VALUE, such as augment.flip=0, got {change!r}", param_hint="--set"
            )
        group, dot, inner = name.partition(".")
        place = settings.get(group) if dot else settings
        if not isinstance(place, dict):
            raise RecipeError(
                f"unknown setting {name!r}; expected a name of the recipe, "
                "such as epochs or augment.flip"
            )
        place[inner if dot else name] = yaml.safe_load(value)
    return from_dict(settings)


def summary(found, config) -> dict:
    """The one JSON object of a run."""
    from skulens.train.config import as_dict

    return {
        "encoder": None if config.frozen_image else f"local:{found.encoder}",
        "folder": str(found.encoder),
        "n_pictures": found.n_pictures,
        "n_products": found.n_products,
        "minutes": found.minutes,
        "measured": found.measured,
        "rejects": [dataclasses.asdict(r) for r in found.rejects],
        "recipe": as_dict(config),
    }


def report_rejects(rejects) -> None:
    from skulens.catalog.rejects import list_rejects

    if rejects:
        click.echo(f"{len(rejects)} pictures left out:", err=True)
    for line in list_rejects(rejects):
        click.echo(line, err=True)
