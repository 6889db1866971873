"""`skulens curate split`: queries into train, val and test, and holdouts with their controls."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from skulens.cli.options import json_option

if TYPE_CHECKING:
    from skulens.curate.queries.split import Split


@click.command("split")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--test", default=0.1, show_default=True, type=click.FloatRange(min=0),
              help="Test queries: a number, or below 1 a share of all.")  # fmt: skip
@click.option(
    "--val",
    default=0.0,
    show_default=True,
    type=click.FloatRange(min=0),
    help="Validation queries, likewise.",
)
@click.option(
    "--stratify", multiple=True, default=("language", "class", "n_conditions", "method"),
    show_default=True, help="Tag of which every side gets its share; may be repeated.",
)  # fmt: skip
@click.option(
    "--second-draw", "second", default=0.0, show_default=True, type=click.FloatRange(min=0, max=1),
    help="Share of the test set drawn in proportion to the method, after a draw in proportion to "
    "language and class, as in the paper (which does not say what share).",
)  # fmt: skip
@click.option(
    "--holdout", "holdouts", multiple=True, metavar="AXIS=VALUE,VALUE",
    help="Also splits without it, and with it alone: language=th, key=brand, class=drink,table "
    "(both together); may be repeated.",
)  # fmt: skip
@click.option(
    "--closure", type=click.Choice(["none", "synonyms"]), default="none", show_default=True,
    help="synonyms: a key is held out under all its names on --cards.",
)  # fmt: skip
@click.option("--cards", type=click.Path(path_type=Path, exists=True),
              help="Folder of attribute cards, for --closure.")  # fmt: skip
@click.option(
    "--scope", type=click.Choice(["condition", "product"]), default="condition", show_default=True,
    help="What keeps a query out of training: what it asks, or any of its products.",
)  # fmt: skip
@click.option(
    "--like-paper", is_flag=True,
    help="Holdouts of one axis removed together, by any product; a test query counts once.",
)  # fmt: skip
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Another seed gives another split.",
)
@json_option
def command(
    folder,
    test,
    val,
    stratify,
    second,
    holdouts,
    closure,
    cards,
    scope,
    like_paper,
    seed,
    as_json,
) -> None:
    """Split the queries of FOLDER: grouped by SPU, in proportion to their tags.

    Replaces the splits of FOLDER. Holdouts come with a control of the same size.
    """
    from skulens.cli.curate.compose import Phases
    from skulens.curate.queries.holdout import read_holdout
    from skulens.curate.queries.split import Plan, describe, split_catalog

    if (closure == "synonyms") != (cards is not None):
        raise click.UsageError("--closure synonyms and --cards go together")
    held = tuple(map(read_holdout, holdouts))
    if cards is not None:
        held = close_over_cards(held, cards)
    plan = Plan(test, val, stratify, second, held, scope, like_paper, seed)
    with Phases() as phases:
        made = split_catalog(folder, plan, phases.begin)
    if as_json:
        click.echo(json.dumps({"folder": str(folder), **describe(made)}, default=sorted))
        return
    print_split(made)
    name = "test" if made.splits.get("test") else "train"
    outside = " --allow-outside" if made.outside else ""
    click.echo(
        f"{sum(map(len, made.splits.values())):,} rows of {len(made.splits)} splits: "
        f"{folder / 'splits.parquet'}, report in {folder / 'split.json'}; next: "
        f"skulens bench merit {folder}{outside} --split {name} --encoder mini"
    )


def close_over_cards(holdouts, folder: Path) -> tuple:
    """The holdouts with the synonyms that cards give."""
    from skulens.curate.cards.files import read_cards
    from skulens.curate.queries.holdout import add_synonyms

    cards, rejects = read_cards(folder)
    for reject in rejects:
        click.echo(f"{reject.source}: {reject.item}: {reject.reason}; {reject.todo}", err=True)
    names = [(key.name, *key.synonyms) for card in cards.values() for key in card.keys]
    return tuple(add_synonyms(h, names) for h in holdouts)


def print_split(made: "Split") -> None:
    """Sizes, strata, overlap, holdouts, and what is to be known of them."""
    for name, ids in made.splits.items():
        click.echo(f"{len(ids):9,}  {name}")
    for name in made.empty:
        click.echo(f"empty: split {name} has no query")
    for key, values in made.strata.items():
        told = (
            f"{value or '(none)'} {'/'.join(f'{n:,}' for n in sides.values())}"
            for value, sides in sorted(values.items(), key=lambda v: -sum(v[1].values()))[:12]
        )
        click.echo(f"{key}: {', '.join(told)}{' ...' if len(values) > 12 else ''}")
    for o in made.overlap:
        if (o.one, o.other) == ("train", "test") and o.role == o.other_role:
            click.echo(
                f"train and test share {o.both:,} {o.kind}s as {o.role}: {100 * o.share:.1f} % of "
                f"those in test, in {o.queries:,} of its queries"
            )
    for row in made.rows:
        for near in row.near:
            click.echo(
                f"{row.name}: key {near.key!r} stays in training ({near.because} alike): "
                f"{near.queries:,} queries, {near.products:,} products"
            )
        for c in row.carried:
            if c.queries:
                click.echo(
                    f"{row.name}: {c.queries:,} training queries have it in a product that is "
                    f"{c.role} ({c.products:,} products)"
                )
        for n, short in row.missing.items():
            click.echo(f"{row.name}: the control test lacks {short:,} queries of {n} conditions")
    if made.rejects:
        first = made.rejects[0]
        click.echo(
            f"{len(made.rejects):,} rejects, in no split; the first: {first.item or first.source}: "
            f"{first.reason}; {first.todo}"
        )
