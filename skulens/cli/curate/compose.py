"""`skulens curate compose`: queries of several conditions over a catalogue."""

import json
from pathlib import Path
from typing import cast

import click

from skulens.cli.options import DATA_HELP, catalog_options, json_option, open_data


def read_quota(_ctx, _param, text: str) -> dict[int, int]:
    """ "2=1000,3=500" -> {2: 1000, 3: 500}."""
    found: dict[int, int] = {}
    for part in text.split(","):
        conditions, _, count = part.partition("=")
        if not (conditions.strip() in ("2", "3", "4") and count.strip().isdecimal()):
            raise click.BadParameter(
                f"expected CONDITIONS=QUERIES with 2 to 4 conditions, such as 2=1000,3=500; "
                f"got {part!r}"
            )
        found[int(conditions)] = int(count)
    return found


@click.command("compose", epilog=DATA_HELP)
@click.argument("data")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the catalogue with its queries.",
)  # fmt: skip
@click.option(
    "--quota", default="2=1000,3=1000,4=1000", show_default=True, callback=read_quota,
    help="Accepted queries by number of conditions.",
)  # fmt: skip
@click.option(
    "--profile", default="sound", show_default=True,
    help="Rules of acceptance: sound, merit, balanced, or a YAML file.",
)  # fmt: skip
@click.option("--seed", default=0, show_default=True, help="Another seed gives other queries.")
@click.option(
    "--language", help="Of a shop's texts: en, id, ms, vi, th; market: that of each country. "
    "[default: market]",
)  # fmt: skip
@catalog_options
@json_option
def command(data, out, quota, profile, seed, language, map_, as_json) -> None:
    """Compose queries of several conditions over DATA, each with all its answers."""
    from skulens.curate.queries.make import compose_catalog, read_rules

    rules = read_rules(profile)
    catalog = in_language(open_data(data, map_), language)
    made = compose_catalog(catalog, quota, rules, out, seed)
    next_command = f"skulens bench merit {out} --allow-outside --split composed --encoder mini"
    if as_json:
        click.echo(json.dumps(made.as_dict() | {"next": next_command}, ensure_ascii=False))
        return
    for (method, step), count in made.funnel.items():
        click.echo(f"{count:9,}  {method}: {step}")
    for name, short in made.missing.items():
        click.echo(f"missing: {short:,} queries of {name}")
    click.echo(
        f"{made.queries:,} queries over {made.products:,} products (sha256 {made.digest[:16]}): "
        f"{out}; next: {next_command}"
    )


def in_language(catalog, language: str | None):
    """A shop with its texts in a language, by default each SKU's own; others as they are."""
    from skulens.world.reader import Language, World

    if isinstance(catalog, World):
        return World(catalog.root, language=cast(Language, language or "market"))
    if language:
        raise click.UsageError("--language is for shops of `skulens world make`; leave it out")
    return catalog
