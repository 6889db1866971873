"""`skulens index check`: is a store sound, and does its search find what is there?"""

import json
import sys
from dataclasses import asdict
from typing import Any

import click

from skulens.cli.options import count_option, json_option


@click.command()
@click.argument("store")
@count_option("--queries", 100, "Searches per column and filter.")
@count_option("--sample", 10_000, "Products whose vectors and thumbnails are read.")
@count_option("--seed", 0, "Of what is drawn at random.", least=0)
@json_option
def command(store, queries, sample, seed, as_json) -> None:
    """Compare what a store finds with an exact scan, without a filter and with filters that keep
    10, 1 and 0.1 % of the products; check ids, vectors and thumbnails.

    Exit status 1 where recall@10 is under 0.95 or something is damaged.
    """
    from skulens.cli.progress import watch
    from skulens.index.stores import open_store
    from skulens.index.stores.check import check_store

    checked = check_store(open_store(store), queries, sample, seed, watch)
    if as_json:
        click.echo(json.dumps(record_of(checked)))
    else:
        print_tables(checked)
        click.echo(verdict_of(checked, store))
    if not checked.ok:
        sys.exit(1)


def record_of(checked) -> dict[str, Any]:
    """JSON values; a recall that was not measured is null."""
    from skulens.filters import filter_to_json

    recalls = [
        {name: None if value != value else value for name, value in asdict(recall).items()}
        | {"where": recall.where and filter_to_json(recall.where), "ok": recall.ok}
        for recall in checked.recalls
    ]
    return {**asdict(checked), "recalls": recalls, "ok": checked.ok}


def print_tables(checked) -> None:
    from skulens.report.console import show
    from skulens.report.grid import Grid

    recalls = Grid(f"share of an exact scan's first ten that was found, seed {checked.seed}")
    recalls.add_column("column", "name")
    recalls.add_column("filter")
    for name in ("products", "queries", "recall", "worst", "missed"):
        recalls.add_column(name, "number", drop={"queries": 2, "worst": 1}.get(name, 0))
    recalls.add_column("how", "name")
    for r in checked.recalls:
        measured = (f"{r.recall:.3f}", f"{r.worst:.1f}") if r.queries else ("", "")
        found = (*measured, str(r.missed), r.how)
        recalls.add_row(r.column, name_filter(r), f"{r.matching:,}", str(r.queries), *found)
    show(recalls)
    vectors = Grid("vectors of a sample")
    vectors.add_column("column", "name")
    for name in ("products", "without one", "with NaN or infinity", "length not 1"):
        vectors.add_column(name, "number")
    for v in checked.vectors:
        counts = (v.products, v.missing, v.damaged, v.wrong_length)
        vectors.add_row(v.column, *(f"{count:,}" for count in counts))
    show(vectors)


def name_filter(recall) -> str:
    """A filter in a cell of a table."""
    from skulens.filters import format_filter

    if recall.share == 1:
        return "none"
    if recall.where is None:
        return f"{recall.share:.1%}: too few products, or no such filter"
    text = format_filter(recall.where)
    return f"{recall.share:.1%}: {text if len(text) <= 60 else text[:57] + '...'}"


def verdict_of(checked, store: str) -> str:
    """The last line: sound, or what is wrong and what to do."""
    problems = []
    if low := [r for r in checked.recalls if r.recall < checked.least]:
        named = ", ".join(f"{r.recall:.3f} ({r.column}, {r.share:.1%})" for r in low)
        problems.append(f"recall of the first ten under {checked.least}: {named}")
    if missed := sum(r.missed for r in checked.recalls):
        problems.append(f"the exact scan missed {missed:,} nearer products")
    if checked.extra or checked.repeated:
        named = ", ".join(checked.repeated[:3])
        problems.append(f"{checked.extra:,} rows too many: {named or 'ids'} more than once")
    for v in checked.vectors:
        if not v.ok:
            problems.append(f"{v.column}: {v.damaged + v.wrong_length:,} vectors are damaged")
    shown = checked.thumbnails
    if shown.undecodable:
        named = ", ".join(shown.undecodable[:3])
        problems.append(f"{len(shown.undecodable):,} thumbnails are no pictures: {named}")
    if shown.dangling:
        problems.append(f"{shown.dangling:,} pictured products lack a thumbnail")
    if problems:
        return (
            f"{store} is not sound: {'; '.join(problems)}. Build it anew, or go back to a snapshot."
        )
    return (
        f"{store} is sound: {checked.products:,} products, "
        f"{shown.present:,} of {shown.products:,} sampled have a thumbnail"
    )
