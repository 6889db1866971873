"""`skulens curate compose`: queries of several conditions over a catalogue."""

import json
import sys
from pathlib import Path
from typing import Any, cast

import click

from skulens.cli.completion import DATA
from skulens.cli.options import DATA_HELP, catalog_options, json_option, open_data


def read_quota(_ctx, _param, text: str):
    """ "2=1000,3=500/language=th" -> quotas."""
    from skulens.compose.quotas import read_quotas
    from skulens.errors import DataError

    try:
        return read_quotas(text)
    except DataError as e:
        raise click.BadParameter(str(e)) from e


@click.command("compose", epilog=DATA_HELP)
@click.argument("data", type=DATA)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the catalogue with its queries.",
)  # fmt: skip
@click.option(
    "--quota", default="2=1000,3=1000,4=1000", show_default=True, callback=read_quota,
    help="Accepted queries by number of conditions; /language=th or /class=chair behind one "
    "narrows it.",
)  # fmt: skip
@click.option(
    "--profile", default="sound", show_default=True,
    help="Rules of acceptance: sound, merit, balanced, or a YAML file.",
)  # fmt: skip
@click.option("--method", default="", help="Ask this sampler alone: target-first ...")
@click.option(
    "--limit", type=click.IntRange(min=1),
    help="Proposals of each method and number of conditions. [default: as the profile says]",
)  # fmt: skip
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Another seed gives other queries.",
)
@click.option("--workers", default=1, show_default=True, type=click.IntRange(min=1),
              help="Processes; any number gives the same queries.")  # fmt: skip
@click.option(
    "--language", help="Of a shop's texts: en, id, ms, vi, th; market: that of each country. "
    "[default: market]",
)  # fmt: skip
@click.option("--cards", type=click.Path(path_type=Path, exists=True, file_okay=False),
              help="Attribute cards (`curate cards`): only what is on them is asked for.")  # fmt: skip
@click.option("--proposals", type=click.Path(path_type=Path, dir_okay=False),
              help="Also list the first proposals of each method, with what was decided "
              "(JSON Lines).")  # fmt: skip
@catalog_options
@json_option
def command(
    data,
    out,
    quota,
    profile,
    method,
    limit,
    seed,
    workers,
    language,
    cards,
    proposals,
    map_,
    as_json,
) -> None:
    """Compose queries of several conditions over DATA, each with all its answers.

    OUT refers to the pictures of DATA where they lie, so that it is read with --allow-outside. A
    quota that cannot be filled is said and the rest is written. After an interruption the same
    command begins anew and gives the same queries.
    """
    from skulens.curate.queries.make import Plan, compose_catalog, read_rules

    rules = read_rules(profile, method)
    plan = Plan(rules, quota, seed, limit, workers, cards, proposals)
    with Phases() as phases:
        made = compose_catalog(
            in_language(open_data(data, map_), language), plan, out, phases.begin
        )
    next_command = f"skulens bench merit {out} --allow-outside --split composed --encoder mini"
    if as_json:
        click.echo(json.dumps(made.as_dict() | {"next": next_command}, ensure_ascii=False))
        return
    show(made, out)
    click.echo(
        f"{made.queries:,} queries over {made.products:,} products (sha256 {made.digest[:16]}): "
        f"{out}; next: {next_command}"
    )


def show(made, out: Path) -> None:
    """The funnel, what is missing, and what could not be used."""
    for (name, step), count in made.composition.funnel.items():
        click.echo(f"{count:9,}  {name}: {step}")
    for short in made.composition.shortfalls:
        click.echo(
            f"{short.method} made {short.accepted:,} of {short.wanted:,} queries of {short.quota} "
            f"in {short.proposed:,} proposals"
        )
    for name, count in made.composition.missing.items():
        click.echo(f"missing: {count:,} queries of {name}")
    if made.rejects:
        click.echo(f"{len(made.rejects):,} rejects: see {out / 'rejects.parquet'}")


class Phases:
    """A bar on stderr for every phase, one after another; a line for a phase of unknown length."""

    def __init__(self) -> None:
        self.bar: Any = None

    def begin(self, phase: str, steps: int):
        from skulens.progress import Bar

        self.close()
        if steps:
            self.bar = Bar(desc=phase, total=steps, delay=0.5, leave=False, file=sys.stderr)
        else:
            said = "{desc}: {n_fmt} done, {elapsed}"
            self.bar = Bar(desc=phase, bar_format=said, leave=False, file=sys.stderr)
        return self.bar.update

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()

    def __enter__(self) -> "Phases":
        return self

    def __exit__(self, *error) -> None:
        self.close()


def in_language(catalog, language: str | None):
    """A shop with its texts in a language, by default each SKU's own; others as they are."""
    from skulens.world.reader import Language, World

    if isinstance(catalog, World):
        return World(catalog.root, language=cast(Language, language or "market"))
    if language:
        raise click.UsageError("--language is for shops of `skulens world make`; leave it out")
    return catalog
