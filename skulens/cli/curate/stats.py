"""`skulens curate stats`: a data set of composed queries in numbers, tables and figures."""

import json
from pathlib import Path

import click

from skulens.cli.completion import DATA
from skulens.cli.options import DATA_HELP, catalog_options, json_option, open_data
from skulens.cli.progress import note, watch

PAGE = "index.html"


@click.command("stats", epilog=DATA_HELP)
@click.argument("data", type=DATA)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False),
    help="Folder for stats.json, the tables and the page.",
)  # fmt: skip
@click.option("--split", "splits", multiple=True,
              help="Split whose queries are counted; may be repeated. Default: all.")  # fmt: skip
@catalog_options
@json_option
def command(data, out, splits, map_, as_json) -> None:
    """Count what DATA holds: queries, products, attributes before and after sampling, flows from
    references to answers, lengths.

    OUT gets stats.json, each table as Parquet and CSV, and index.html with figures. Files there
    are replaced.
    """
    from skulens.curate.queries.stats import describe_data
    from skulens.curate.queries.stats_tables import write_stats
    from skulens.report.dataset import write_dataset_page
    from skulens.report.page import without_figures

    stats = describe_data(open_data(data, map_), splits, watch)
    files = write_stats(stats, out)
    page = write_dataset_page(stats, out / PAGE, read_funnel(data))
    if as_json:
        made = {"folder": str(out), "page": str(page), "files": [str(f) for f in files]}
        click.echo(json.dumps(stats.record() | made, ensure_ascii=False))
        return
    if why := without_figures():
        note(f"some figures are missing: {why}")
    for problem in stats.tables["problems"].to_pylist():
        click.echo(f"{problem['count']:9,}  {problem['problem']}")
    n = stats.numbers
    click.echo(
        f"{n['queries']:,} queries over {n['products']:,} products with {n['keys']:,} attribute "
        f"keys: {len(stats.tables)} tables in {out}; open {page}"
    )


def read_funnel(data: str) -> dict[str, dict[str, int]]:
    """The funnel beside a folder made by `curate compose`; {} where there is none."""
    from skulens.curate.queries.make import RECORD

    try:
        found = json.loads((Path(data) / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    funnel = found.get("funnel") if isinstance(found, dict) else None
    return funnel if isinstance(funnel, dict) else {}
