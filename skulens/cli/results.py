"""`skulens results`: show and export what has been measured."""

import json
from pathlib import Path

import click

from skulens.cli.completion import DATA, RESULTS
from skulens.cli.lazy import Group
from skulens.cli.options import catalog_options, json_option, reader_options
from skulens.cli.progress import note

results_option = click.option(
    "--results",
    type=RESULTS,
    default=Path("results"),
    show_default=True,
    help="Folder of results.",
)


@click.group(cls=Group)
def command() -> None:
    """Show and export what has been measured."""


@command.command()
@results_option
@json_option
def show(results: Path, as_json: bool) -> None:
    """Print the tables of all stored results."""
    from skulens.bench.store import stored_results

    found = stored_results(results)
    if as_json:
        from skulens.report.export import stored_record

        body = {"results": [stored_record(r) for r in found]}
        click.echo(json.dumps(body, ensure_ascii=False))
    else:
        from skulens.report.tables import print_results

        print_results(found)


@command.command()
@results_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("report.html"),
    show_default=True,
    help="The page.",
)
@json_option
def report(results: Path, out: Path, as_json: bool) -> None:
    """Write one self-contained HTML page: leaderboards, figures, confusable products, audit,
    provenance.

    Findings of `skulens audit DATA --out RESULTS/audit.json` stand on the page too.
    """
    from skulens.bench.store import stored_results
    from skulens.report.names import count
    from skulens.report.page import without_figures, write_page

    found = stored_results(results)
    write_page(found, out)
    if as_json:
        click.echo(json.dumps({"page": str(out), "results": len(found)}))
        return
    if why := without_figures():
        note(f"no figures on the page: {why}")
    click.echo(f"report of {count(len(found), 'result')}: {out}")


@command.command()
@results_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("queries.html"),
    show_default=True,
    help="The page.",
)
@click.option(
    "--data", type=DATA, help="The catalogue that was measured. Default: where it was then."
)
@click.option("--split", default="", help="Whose queries. Default: the split of most queries.")
@click.option(
    "--queries", "n_queries", default=60, show_default=True, type=click.IntRange(min=1),
    help="How many, drawn evenly by number of conditions and by how many systems are right.",
)  # fmt: skip
@click.option("--top", default=8, show_default=True, type=click.IntRange(1, 50),
              help="Products shown of what each system found.")  # fmt: skip
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the draw."
)
@catalog_options
@json_option
def queries(results, out, data, split, n_queries, top, seed, map_, as_json) -> None:
    """Write one self-contained HTML page on which to look at queries of several conditions: their
    references, answers, near misses, and what each system found, with the conditions that fail.

    Of stored results of `skulens bench merit`; search, filters and keys work offline.
    """
    from skulens.bench.reopen import reopen_catalog
    from skulens.bench.store import stored_results
    from skulens.report.finders import choose_results
    from skulens.report.names import count
    from skulens.report.queries import write_queries_page

    chosen, other = choose_results(stored_results(results), split)
    catalog = reopen_catalog(chosen, data, reader_options(map_))
    made = write_queries_page(chosen, catalog, out, n_queries, top, seed)
    if as_json:
        page = {"page": str(out), "queries": made.queries, "of": made.of}
        click.echo(json.dumps(page | {"systems": list(made.systems)}, ensure_ascii=False))
        return
    if other:
        note(f"results on other splits, see --split: {', '.join(other)}")
    size, systems = out.stat().st_size / 1e6, count(len(made.systems), "system")
    click.echo(
        f"{made.queries} of {count(made.of, 'query')} with what {systems} found: {out} "
        f"({size:.1f} MB); open it in a browser"
    )


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
    """Write the report's figures as files: differences to the first, the SKUs on which the first two
    differ, Pareto fronts, CMC curves and more; see "Figures as files" in docs/report.md."""
    from skulens.bench.store import stored_results
    from skulens.report.figures import write_figures
    from skulens.report.views import views_of_results

    files = write_figures(views_of_results(stored_results(results)), out, kind)
    if as_json:
        click.echo(json.dumps({"figures": [str(file) for file in files]}))
    else:
        click.echo(f"{len(files)} figures in {out}")


@command.command()
@results_option
@click.option(
    "--format",
    "kind",
    type=click.Choice(["trec", "mteb", "openmpr", "csv", "json"]),
    required=True,
    help="trec: run and qrels; mteb: its result files; openmpr: recalls of each SKU as its script "
    "writes them; csv, json: all metrics.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder for trec, mteb and openmpr, file for csv and json.",
)
@json_option
def export(results: Path, kind: str, out: Path, as_json: bool) -> None:
    """Write runs and qrels for trec_eval, results for mteb or in OpenMPR's files, or all metrics as
    CSV or JSON.

    Results that have nothing of the kind, such as claims for trec_eval, are left out with a note.
    """
    from skulens.bench.store import stored_results
    from skulens.report.export import export_results

    done = export_results(stored_results(results), kind, out)
    if as_json:
        body = {"format": kind, "out": str(out), "written": done.written}
        click.echo(json.dumps(body | {"left_out": list(done.skipped)}, ensure_ascii=False))
        return
    for reason in done.skipped:
        note(f"left out: {reason}")
    click.echo(f"{kind} of {done.written} results in {out}")
