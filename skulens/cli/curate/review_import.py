"""`skulens curate review-import`: what people judged in Label Studio, back into a folder."""

import json
import math
from pathlib import Path

import click

from skulens.cli.curate.review_export import name_exports
from skulens.cli.options import catalog_options, json_option, open_data

LISTED = 20
"""Disagreements and rejects on a terminal; the folder has all."""


@click.command("review-import")
@click.argument("folder", type=click.Path(exists=True, file_okay=False))
@click.argument(
    "exports", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False),
              help="Folder for the catalogue with the reviewed queries.")  # fmt: skip
@click.option(
    "--annotator", "annotators", multiple=True,
    help="Who filled an export, one for each, in order. Default: Label Studio's numbers.",
)  # fmt: skip
@click.option(
    "--pictures", type=click.Choice(["refer", "copy"]), default="refer", show_default=True,
    help="refer: the folder names pictures where they lie (read it with --allow-outside); copy: "
    "it can be moved.",
)  # fmt: skip
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Of the resamples behind intervals.",
)
@catalog_options
@json_option
def command(folder, exports, out, annotators, pictures, seed, map_, as_json) -> None:
    """Read EXPORTS of Label Studio (JSON or JSON-MIN) and apply them to the queries of FOLDER.

    Give the exports of all rounds: the latest round decides, and where its people do not agree a
    query stays as it was and comes first in the next round.
    """
    from skulens.curate.asked.folders import read_queries
    from skulens.curate.review.answers import read_exports
    from skulens.curate.review.apply import apply_rulings, describe, write_reviewed
    from skulens.curate.review.rulings import measure_agreement, settle
    from skulens.errors import DataError

    queried = read_queries(open_data(folder, map_))
    by_id = {q.id: q for q in queried.queries}
    answers, rejects = read_exports(exports, by_id, name_exports(exports, annotators))
    if not answers:
        first = f"; the first: {rejects[0].item}: {rejects[0].reason}" if rejects else ""
        raise DataError(f"no usable answer in {len(exports)} exports{first}")
    rulings, agreement = settle(answers, by_id), measure_agreement(answers, by_id, seed)
    applied = apply_rulings(queried.queries, rulings)
    write_reviewed(queried, applied, rulings, agreement, rejects, out, pictures)
    every = [*queried.rejects, *rejects, *applied.rejects]
    record = describe(applied, rulings, agreement, len(every))
    if as_json:
        click.echo(json.dumps({"folder": str(out), **record}, ensure_ascii=False))
        return
    print_agreement(agreement)
    for row in record["next_round"][:LISTED]:
        products = f"; products {', '.join(row['products'])}" if row["products"] else ""
        click.echo(f"for the next round: {row['query']}: {' and '.join(row['said'])}{products}")
    if len(record["next_round"]) > LISTED:
        click.echo(f"and {len(record['next_round']) - LISTED:,} more: {out / 'review.json'}")
    for reject in every[:LISTED]:
        click.echo(f"{reject.source}: {reject.item}: {reject.reason}; {reject.todo}")
    if len(every) > LISTED:
        click.echo(f"and {len(every) - LISTED:,} more: {out / 'rejects.parquet'}")
    became = ", ".join(f"{said} {n:,}" for said, n in sorted(applied.counts.items()))
    click.echo(
        f"{became}; {applied.added:,} answers added, {applied.refused:,} products refused: "
        f"{len(applied.queries):,} queries in {out}; next: skulens curate split {out}"
    )


def print_agreement(agreement) -> None:
    """A line for each coefficient, then the labels."""
    if not agreement:
        click.echo("no agreement to measure: nothing was judged by two people in one round")
    for a in agreement:
        told = [("agreement", a.share), *((c.name, c) for c in a.coefficients)]
        for name, c in told:
            ends = "no interval" if math.isnan(c.low) else f"[{c.low:.2f}, {c.high:.2f}]"
            value = (
                "not defined: one answer throughout" if math.isnan(c.value) else f"{c.value:.2f}"
            )
            click.echo(f"round {a.round}, {a.asked}: {name} {value} {ends}, n = {c.n:,}")
        labels = ", ".join(f"{x.label} {x.agreement:.2f} ({x.given:,})" for x in a.labels)
        click.echo(f"round {a.round}, {a.asked}, by answer: {labels}")
