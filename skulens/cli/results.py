"""`skulens results`: show and export what has been measured."""

import json
from pathlib import Path

import click

from skulens.cli.options import json_option
from skulens.errors import StoreError

results_option = click.option(
    "--results",
    type=click.Path(path_type=Path),
    default=Path("results"),
    show_default=True,
    help="Folder of results.",
)


@click.group()
def command() -> None:
    """Show and export what has been measured."""


def stored(folder: Path) -> list[dict]:
    from skulens.bench.result import ResultStore

    records = ResultStore(folder).records()
    if not records:
        raise StoreError(
            f"no results in {folder}: measure with `skulens bench mpr DATA --results {folder}` first"
        )
    return records


@command.command()
@results_option
@json_option
def show(results: Path, as_json: bool) -> None:
    """Print the tables of all stored results."""
    from skulens.report.tables import print_results

    records = stored(results)
    if as_json:
        click.echo(json.dumps({"results": records}, ensure_ascii=False))
    else:
        print_results(records)


@command.command()
@results_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("report.html"),
    show_default=True,
    help="The page.",
)
def report(results: Path, out: Path) -> None:
    """Write one self-contained HTML page: leaderboards, figures, confusable products, audit, provenance.

    Findings of `skulens audit DATA --out RESULTS/audit.json` stand on the page too.
    """
    from skulens.report.page import without_figures, write_page

    records = stored(results)
    write_page(records, out)
    if why := without_figures():
        click.echo(f"note: no figures on the page: {why}", err=True)
    click.echo(f"report of {len(records)} result{'s' * (len(records) != 1)}: {out}")


@command.command()
@results_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder for the figures.",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["svg", "png"]),
    default="svg",
    show_default=True,
    help="Of the files.",
)
@json_option
def figures(results: Path, out: Path, kind: str, as_json: bool) -> None:
    """Write the report's figures as files: Pareto fronts, phi, CMC curves, gaps."""
    from skulens.report.figures import write_figures
    from skulens.report.views import views_of_records

    files = write_figures(views_of_records(stored(results)), out, kind)
    if as_json:
        click.echo(json.dumps({"figures": [str(file) for file in files]}))
    else:
        click.echo(f"{len(files)} figures in {out}")


@command.command()
@results_option
@click.option(
    "--format",
    "kind",
    type=click.Choice(["trec", "mteb", "csv", "json"]),
    required=True,
    help="trec: run and qrels; mteb: its result files; csv, json: all metrics.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder for trec and mteb, file for csv and json.",
)
def export(results: Path, kind: str, out: Path) -> None:
    """Write runs and qrels for trec_eval, results for mteb, or all metrics as CSV or JSON."""
    from skulens.report.export import export_results

    made = export_results(stored(results), kind, out)
    click.echo(f"{kind} of {made} results in {out}")
