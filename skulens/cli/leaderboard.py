"""`skulens leaderboard`: published results and yours, with rank uncertainty."""

import csv
import json
from dataclasses import asdict
from pathlib import Path

import click

from skulens.cli.completion import BOARD, RESULTS
from skulens.cli.options import count_option, json_option
from skulens.cli.progress import note

PAPER = (
    "--paper prints what the paper says that its files do not: misprints, contradictions, claims"
)
REJECTS = 20
"""Rows left out that are printed; --json has all."""


@click.command()
@click.argument("boards", nargs=-1, type=BOARD, metavar="[openmpr | merit | FILE.csv | RESULTS]...")
@click.option(
    "--on",
    type=RESULTS,
    multiple=True,
    metavar="RESULTS",
    help="Folder of results of `skulens bench`, to stand beside.",
)
@click.option(
    "--csv",
    "tables",
    type=click.Path(path_type=Path),
    multiple=True,
    help="CSV in OpenMPR's format, to stand beside.",
)
@count_option("--top", 20, "Entries shown; 0: all. Your own are always shown.", least=0)
@click.option("--metric", default="", help="Order by this metric; default: the suite's first.")
@click.option("--k", type=click.IntRange(min=1), help="Order by that metric at another cut-off.")
@click.option("--macro", is_flag=True, help="Mean over SKUs instead of photos.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write all entries as CSV too."
)
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write all entries as one self-contained page too.",
)
@click.option(
    "--sizes",
    is_flag=True,
    help="Quality by size class and pretraining set too, with its correlation with parameters.",
)
@click.option(
    "--paper",
    is_flag=True,
    help="Print too what a paper says that its files do not: misprinted cells, contradictions and "
    "claims with verdicts. --html and --json have them always.",
)
@click.option(
    "--check",
    type=click.Path(path_type=Path),
    metavar="RESULTS",
    help="Only compare these results with the published rows of their models: pass or fail.",
)
@click.option(
    "--tolerance",
    default=0.005,
    show_default=True,
    type=click.FloatRange(min=0),
    help="Of --check: how far a recall may differ.",
)
@json_option
def command(
    boards, on, tables, top, metric, k, macro, out, html, sizes, paper, check, tolerance, as_json
) -> None:
    """Rank systems with intervals, rank intervals and groups without significant differences.

    "openmpr" is the 190 published results of the OpenMPR paper (found like a dataset, or fetched);
    --paper adds the cells of the paper's Tables 1-11 that its files do not give, each with the
    likely reason, and its claims with a verdict. "merit" is Tables 2, 3 and 12 of the MERIT paper,
    with the intervals that its numbers of queries imply; --paper adds its contradictions. Without
    any board, the folder `results` is shown.
    """
    from skulens.analysis.merging import merge_same_data
    from skulens.analysis.ranks import flatten, rank_board
    from skulens.papers.merit.contradictions import list_contradictions
    from skulens.papers.openmpr.check import check_paper
    from skulens.papers.openmpr.sizes import size_tables

    if check:
        check_results(boards, check, tolerance, as_json)
        return
    found = merge_same_data(open_all(boards, on, tables))
    asked = [order_by(board, metric, k, macro) for board in found]
    unrated = [list_unrated(board, m) for board, m in zip(found, asked, strict=True)]
    every = list(zip(found, asked, unrated, strict=True))
    rated = [(b, m) for b, m, left_out in every if len(left_out) < len(b.entries)]
    standings = [rank_board(b, m) for b, m in rated or [(found[0], asked[0])]]
    rejects = [r for board in found for r in board.rejects]
    rejects += [reject for left_out in unrated for reject in left_out]
    checked = check_paper() if "openmpr" in boards else None
    against = list_contradictions() if "merit" in boards else []
    by_size = size_tables(found[0], asked[0]) if sizes or (html and checked) else None
    if out:
        write(out, [row for s in standings for row in flatten(s)])
    if html:
        write_page(html, rated, checked, by_size, against)
    if as_json:
        click.echo(to_json(standings, rejects, checked, by_size, against))
        return
    more = (checked, against) if paper else (None, [])
    show(standings, top, more[0], by_size if sizes else None, more[1])
    list_rejects(rejects)
    if (checked or against) and not paper:
        click.echo(PAPER)
    click.echo(last_line(standings, checked, rejects, [p for p in (out, html) if p]))


def list_rejects(rejects: list) -> None:
    from skulens.catalog.rejects import list_rejects as lines_of

    if rejects:
        click.echo(f"{len(rejects):,} left out; --json has all:")
    for line in lines_of(rejects, REJECTS):
        click.echo(line)


def check_results(boards, results: Path, tolerance: float, as_json: bool) -> None:
    """Reruns against the published rows; exit status 1 where one fails."""
    from skulens.analysis.boards import open_boards
    from skulens.papers.openmpr.rerun import check_reruns
    from skulens.report.rerun import print_check

    published = [
        e.result for what in boards or ("openmpr",) for b in open_boards(what) for e in b.entries
    ]
    opened = open_boards(str(results))
    found = check_reruns(published, [e for board in opened for e in board.entries], tolerance)
    rejects = [r for board in opened for r in board.rejects]
    if as_json:
        body = found.as_dict() | {"rejects": [asdict(r) for r in rejects]}
        click.echo(json.dumps(body, ensure_ascii=False))
    else:
        print_check(found)
        list_rejects(rejects)
    if found.failures:
        raise SystemExit(1)


def open_all(boards, on, tables) -> list:
    """Boards of all that was named; without anything, those of the folder `results`."""
    from skulens.analysis.boards import open_boards, read_board, store_boards
    from skulens.bench.store import stored_results

    opened = [board for what in boards for board in open_boards(what)]
    opened += [read_board(path) for path in tables]
    folders = on if opened or on else [Path("results")]
    return opened + [b for folder in folders for b in store_boards(stored_results(folder))]


def order_by(board, metric: str, k: int | None, macro: bool) -> str:
    """The metric that orders a board: the one asked for, else the suite's first."""
    from skulens.evaluate.metric import at_cutoff, macro_of
    from skulens.report.views import order_metric

    chosen = metric or order_metric(board)
    if k:
        chosen = at_cutoff(chosen, k)
    if not macro:
        return chosen
    mean = macro_of(chosen)
    if mean is None:
        raise click.UsageError(f"--macro: {chosen} has no mean over groups")
    return mean


def list_unrated(board, metric: str) -> list:
    """Rejects for the entries that cannot be ordered as asked."""
    from skulens.records import Reject

    todo = "choose another --metric or --k"
    return [
        Reject(board.name, e.name, f"no {metric}", todo)
        for e in board.entries
        if e.metrics.get(metric) is None
    ]


def to_json(standings: list, rejects: list, paper, by_size, against: list) -> str:
    """The one object of --json."""
    answer = {
        "board": standings[0].as_dict(),
        "other_boards": [s.as_dict() for s in standings[1:]],
        "rejects": [asdict(r) for r in rejects],
    }
    more = (paper.as_dict() if paper else {}) | ({"sizes": by_size.as_dict()} if by_size else {})
    more |= {"contradictions": [asdict(c) for c in against]} if against else {}
    return json.dumps(more | answer, ensure_ascii=False)


def show(standings: list, top: int, paper, by_size, against: list) -> None:
    from skulens.report.merit_paper import print_merit
    from skulens.report.paper import print_paper
    from skulens.report.sizes import print_sizes
    from skulens.report.standings import print_standings

    for number, s in enumerate(standings):
        if number:
            click.echo(
                "\nMeasured on something else, so not to be compared with the numbers above:"
            )
        print_standings(s, top)
        print_published_slices(s)
    if by_size:
        click.echo()
        print_sizes(by_size)
    if paper:
        click.echo()
        print_paper(paper)
    if against:
        click.echo()
        print_merit(against)


def print_published_slices(standings) -> None:
    """The slices that published results come with, such as numbers of conditions."""
    from skulens.analysis.boards import PUBLISHED
    from skulens.report.slices import slice_tables
    from skulens.report.tables import print_slice

    entries = [s.entry for s in standings.rows if s.entry.source == PUBLISHED]
    results = [e.result for e in entries]
    for found in slice_tables([(e.name, e.result) for e in entries]):
        print_slice(found, results)


def write(out: Path, rows: list[dict]) -> None:
    with out.open("w", encoding="utf-8", newline="") as f:
        writer = csv.DictWriter(f, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_page(html: Path, found: list, paper, by_size, against: list) -> None:
    """Leaderboards, figures, and what the paper says that its files do not."""
    from skulens.report.merit_paper import merit_tables
    from skulens.report.page import render, without_figures
    from skulens.report.paper import paper_tables
    from skulens.report.sizes import size_pages
    from skulens.report.views import view_of_board

    origin = [
        ("left out", f"{r.source}: {r.item}: {r.reason}")
        for board, _ in found
        for r in board.rejects
    ]
    if why := without_figures():
        note(f"no figures on the page: {why}")
    render(
        [view_of_board(board, metric) for board, metric in found],
        html,
        f"Leaderboard: {found[0][0].name}",
        origin=origin,
        tables=[
            *(size_pages(by_size) if by_size else ()),
            *(paper_tables(paper) if paper else ()),
            *(merit_tables(against) if against else ()),
        ],
    )


def last_line(standings: list, paper, rejects: list, written: list[Path]) -> str:
    from skulens.report.names import count

    entries = count(sum(len(s.rows) for s in standings), "entry")
    parts = [f"{entries} on {len(standings)} sets of queries" if len(standings) > 1 else entries]
    if paper:
        parts.append(f"{paper.agree} of {len(paper.cells)} printed cells agree")
    parts += [f"{len(rejects)} left out"] if rejects else []
    parts += [f"written to {' and '.join(map(str, written))}"] if written else []
    return "; ".join(parts)
