"""`skulens curate expand`: queries of a cold start, from pairs of similar products."""

import json
import sys
from pathlib import Path

import click

from skulens.cli.asking import Asking
from skulens.cli.completion import DATA, ENCODER
from skulens.cli.curate.compose import in_language, read_quota
from skulens.cli.curate.engine import asking_line, optional_engine, work_with
from skulens.cli.options import DATA_HELP, catalog_options, json_option, open_data


@click.command("expand", epilog=DATA_HELP)
@click.argument("data", type=DATA)
@optional_engine
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the catalogue with its queries.",
)  # fmt: skip
@click.option(
    "--encoder", type=ENCODER, default="mini", show_default=True,
    help="Says which products are similar: a row of `skulens list encoders`.",
)  # fmt: skip
@click.option(
    "--quota", default="2=100,3=100,4=100", show_default=True, callback=read_quota,
    help="Queries by number of conditions.",
)  # fmt: skip
@click.option("--neighbours", default=10, show_default=True, type=click.IntRange(min=1),
              help="Products of a class that count as similar to another one.")  # fmt: skip
@click.option("--mutual/--one-way", default=True, show_default=True,
              help="A pair has to be similar both ways.")  # fmt: skip
@click.option(
    "--least",
    type=click.FloatRange(min=-1, max=1),
    default=0.0,
    show_default=True,
    help="Least cosine of a pair.",
)
@click.option("--most", type=click.FloatRange(min=-1, max=1), default=0.9999, show_default=True,
              help="Most cosine of a pair; identical pictures never are one.")  # fmt: skip
@click.option("--siblings", is_flag=True, help="Take variants of one product (SPU) as pairs, too.")
@click.option(
    "--towards", type=click.Choice(["target", "references"]), default="target", show_default=True,
    help="What the products that show further conditions should look like: the target, as in the "
    "authors' code, or the references, as in the paper.",
)  # fmt: skip
@click.option(
    "--tell", type=click.Choice(["pictures", "words"]), default="pictures", show_default=True,
    help="Whether a product shows each further condition, or words tell it.",
)  # fmt: skip
@click.option(
    "--instruct", is_flag=True,
    help="Ask for the instruction with the paper's prompt, which adds a trait of the target: then "
    "the target alone is known to be right and the query is tagged unverified.",
)  # fmt: skip
@click.option("--candidates", default=30, show_default=True, type=click.IntRange(min=1),
              help="Products kept for annotators that could show a condition, too.")  # fmt: skip
@click.option("--retries", default=2, show_default=True, type=click.IntRange(min=0),
              help="How often an answer that cannot be used is asked for again.")  # fmt: skip
@click.option(
    "--profile", default="sound", show_default=True,
    help="Rules for queries whose answers the catalogue knows: sound or a YAML file.",
)  # fmt: skip
@click.option(
    "--language", help="Of a shop's texts: en, id, ms, vi, th; market: that of each country. "
    "[default: market]",
)  # fmt: skip
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Another seed gives other queries.",
)
@catalog_options
@json_option
def command(
    asking: Asking | None, data, out, encoder, quota, neighbours, mutual, least, most, siblings, towards,
    tell, instruct, candidates, retries, profile, language, seed, map_, as_json,
) -> None:  # fmt: skip
    """Make queries from pairs of similar products of DATA (MERIT's cold start).

    What both share is the first condition, where they differ the further ones. Where the catalogue
    has attributes they are looked up and all answers are listed; otherwise --engine is asked, and
    the query is tagged unverified. Nothing is asked twice: run the same command again to resume.
    """
    from skulens.compose.profiles import read_profile
    from skulens.curate.asked.expand import Plan, expand_catalog
    from skulens.curate.asked.pictures import Window
    from skulens.progress import Bar

    if instruct and asking is None:
        raise click.UsageError("--instruct asks a model: name it by --engine")
    window = Window(neighbours, mutual, least, most, siblings)
    if any(q.language or q.kind or not q.conditions for q in quota):
        raise click.BadParameter("--quota: expected numbers of conditions alone, such as 2=100")
    quotas = {q.conditions: q.count for q in quota}
    plan = Plan(
        quotas, window, towards, tell, instruct, candidates, retries, seed, read_profile(profile)
    )
    catalog, embedder = in_language(open_data(data, map_), language), open_embedder(encoder)

    def make(chat):
        wanted = sum(quotas.values())
        with Bar(desc="queries", total=wanted, delay=2, leave=False, file=sys.stderr) as bar:
            return expand_catalog(catalog, embedder, chat, plan, out, bar.update)

    def tell_made(made, asked) -> None:
        if as_json:
            more = {"asking": asked.record()} if asked else {}
            click.echo(json.dumps(made.as_dict() | more, ensure_ascii=False))
            return
        for (_, step), count in made.composition.funnel.items():
            click.echo(f"{count:9,}  {step}")
        for name, short in made.composition.missing.items():
            click.echo(f"missing: {short:,} queries of {name}")
        click.echo(asking_line(asked))
        click.echo(
            f"{made.queries:,} queries over {made.products:,} products: {out}; next: "
            f"skulens curate rewrite {out} --allow-outside --engine NAME --out FOLDER"
        )

    work_with(
        asking,
        "expand",
        make,
        tell_made,
        as_json,
    )


def open_embedder(name: str):
    """An encoder with the cache of vectors."""
    from skulens.encode import open_encoder, open_memo
    from skulens.encode.cache import VectorCache
    from skulens.encode.embed import Embedder
    from skulens.files import cache_folder

    memo = open_memo()
    encoder = open_encoder(name, memo=memo)
    return Embedder([encoder], [VectorCache(cache_folder(), encoder.info)], memo)
