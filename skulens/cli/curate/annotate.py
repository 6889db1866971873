"""`skulens curate annotate`: closed-set attributes, from a card, filtered by named rules."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from skulens.cli.completion import DATA
from skulens.cli.curate.cards import claims_option, opened, read_products
from skulens.cli.curate.engine import optional_engine
from skulens.cli.options import DATA_HELP, catalog_options, json_option, open_data
from skulens.cli.progress import watch

LIMITS = ("seen_once", "keys_of_few_products", "rare_values")


def filter_options(command: Callable) -> Callable:
    """One option for each filter; what is not given is as the profile says."""
    limit = "A count such as 4 or a share such as 0.1%; 0 is off."
    options = (
        click.option("--profile", default="sound", show_default=True,
                     help="Filters: sound, or merit for those of the released code."),
        click.option("--new-attributes", type=click.Choice(["off", "keys", "pairs"]),
                     help="Out: keys that are not on the card, or also values that are not."),
        click.option("--none-skip/--no-none-skip", default=None,
                     help='Out: "none", "skip" and the like.'),
        click.option("--most-frequent-value", metavar="off|exact|share>=X",
                     help="Out: the most frequent value of a key, always or from this share on."),
        click.option("--seen-once", metavar="LIMIT",
                     help=f"Out: values of at most so many products of the class. {limit}"),
        click.option("--keys-of-few-products", metavar="LIMIT",
                     help=f"Out: keys of at most so many products of all classes. {limit}"),
        click.option("--keys-of-few-values", type=click.IntRange(min=0),
                     help="Out: keys of at most so many values; 0 is off."),
        click.option("--rare-values", metavar="LIMIT",
                     help=f"Out: values of at most so many products of all classes. {limit}"),
        click.option("--drop-empty/--keep-empty", default=None,
                     help="Whether products without any attribute left are dropped."),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def read_filters(profile: str, said: dict[str, Any]):
    """The profile's filters with what was given in place of its own."""
    from skulens.curate.cards.filters import PROFILES, Limit
    from skulens.errors import unknown

    if profile not in PROFILES:
        raise unknown("profile", profile, PROFILES, "skulens curate annotate --help")
    given = {name: value for name, value in said.items() if value is not None}
    given |= {name: Limit.read(given[name]) for name in LIMITS if name in given}
    return replace(PROFILES[profile], **given)


@click.command("annotate", epilog=DATA_HELP)
@click.argument("data", type=DATA)
@click.option(
    "--cards", "folder", required=True, type=click.Path(path_type=Path, file_okay=False),
    help="Folder with attribute cards, as `skulens curate cards` makes them.",
)  # fmt: skip
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the annotated catalogue.",
)  # fmt: skip
@claims_option
@filter_options
@optional_engine
@catalog_options
@json_option
def command(data, folder, out, claims, profile, asking, map_, as_json, **said) -> None:
    """Put the attributes of DATA onto the cards, then filter them, with a funnel.

    A product keeps the attributes whose key and value are on the card of its class: the same words,
    or a synonym that the card lists. With --engine a model chooses a value for each key of the
    card, from picture, attributes and description; what it says beside the card is rejected.
    """
    from skulens.curate.cards.annotate import annotate, check_folder, write_annotated
    from skulens.curate.cards.files import read_cards
    from skulens.curate.cards.model import Answers, annotate_by_model

    filters = read_filters(profile, said)
    check_folder(out)
    cards, problems = read_cards(folder)
    catalog, answers = open_data(data, map_), Answers()
    with opened(asking, "annotate") as asked:
        products = watch(catalog.products(), "products")
        products = read_products(products, claims, False, asked, answers)
        if asked is not None:
            listed = list(products)
            chosen = annotate_by_model(listed, cards, asked, answers)
            place = {p.id: n for n, p in enumerate(listed)}
            products = iter(sorted(chosen, key=lambda p: place[p.id]))
            if answers.open:
                click.echo(json.dumps(asked.record()) if as_json else asked.last_line())
                return
        done = annotate(products, cards, filters)
        settings = {"data": catalog.info.name, "profile": profile, "filters": asdict(filters)}
        if asked is not None:
            settings["engine"] = asked.info.name
        rejects = (*catalog.rejects, *problems, *answers.rejects)
        record = write_annotated(out, catalog, done, settings, rejects)
        write_page(out, record)
        finish(out, done, record, rejects, asked, as_json)


def write_page(out: Path, record) -> None:
    """The funnel as a page beside the catalogue, up to the step that leaves nothing; none where no
    attribute was given."""
    from skulens.report.sankey import write_sankey_page

    steps = record["funnel"]["steps"]
    empty = next((n for n, step in enumerate(steps) if not step["pairs"]), len(steps))
    steps = steps[: empty + 1]
    if empty:
        title = f"Attributes of {record['settings']['data']} on cards"
        subtitle = f"Filters: {record['settings']['profile']}. Pairs of a product and a value."
        write_sankey_page(steps, out / "funnel.html", title, subtitle)


def finish(out: Path, done, record, rejects, asked, as_json: bool) -> None:
    if as_json:
        asking = {"asking": asked.record()} if asked is not None else {}
        click.echo(json.dumps({"folder": str(out)} | record | asking, ensure_ascii=False))
        return
    for line in done.funnel.lines():
        click.echo(line)
    from skulens.catalog.rejects import list_rejects

    for line in list_rejects(rejects):
        click.echo(line)
    if asked is not None:
        click.echo(asked.last_line())
    click.echo(
        f"{record['products']:,} products, {record['without_attributes']:,} without an attribute, "
        f"{record['rejects']:,} rejects: {out}; next: skulens curate compose {out} "
        "--allow-outside --out QUERIES"
    )
