"""`skulens choose`: which encoder to deploy, under constraints."""

import json
from pathlib import Path

import click

from skulens.cli.options import json_option

SHOWN = 12
"""Encoders that fell out and are printed without --all."""


def size(_ctx, _param, text: str | None) -> int | None:
    """--max-params 200M -> 200,000,000."""
    from skulens.analysis.choose import read_size

    try:
        return None if text is None else read_size(text)
    except ValueError:
        raise click.BadParameter(
            f"expected a count such as 200M, 1.5B or 150000000, got {text!r}"
        ) from None


@click.command()
@click.option(
    "--max-params", callback=size, metavar="COUNT", help="Parameters of both towers: 200M, 1.5B."
)
@click.option(
    "--max-latency-ms",
    type=float,
    help="Median of one probe on this machine, where it was measured here.",
)
@click.option(
    "--max-memory-mb", type=float, help="Peak memory of the measuring process on this machine."
)
@click.option(
    "--license",
    "licence",
    default="any",
    type=click.Choice(["any", "commercial", "not-forbidden"]),
    show_default=True,
    help="commercial: known to allow it; not-forbidden: also those whose terms you have to read.",
)
@click.option("--min-recall", type=float, help="Least value of the metric, a fraction.")
@click.option(
    "--metric", default="hit_rate@1", show_default=True, help="hit_rate@K or macro_hit_rate@K."
)
@click.option(
    "--on",
    "on",
    type=click.Path(path_type=Path),
    help="Folder of results to choose from, and of what was timed here; by default `results`.",
)
@click.option(
    "--board",
    help="openmpr (190 published encoders) or a CSV in its format; by default the results of --on, or openmpr where there are none.",
)
@click.option(
    "--gallery", default="", help="Of the results, only this gallery: text, image or both."
)
@click.option(
    "--unknown",
    default="keep",
    type=click.Choice(["keep", "drop"]),
    show_default=True,
    help="Encoders whose limited latency, memory or size is unknown.",
)
@click.option(
    "--resamples",
    default=10_000,
    show_default=True,
    help="Of the bootstrap and of the paired test.",
)
@click.option("--seed", default=0, show_default=True, help="Of both.")
@click.option("--all", "everything", is_flag=True, help="Print every encoder that fell out.")
@json_option
def command(on, board, gallery, resamples, seed, everything, as_json, **wishes) -> None:
    """The encoders that cannot be told apart from the best under your constraints, and why each other one fell out.

    Differences are paired over SKUs, Holm over the family of all that meet the constraints.
    """
    from skulens.analysis.choose import Wishes, choose, next_command

    wanted = Wishes(**wishes)
    boards, stores, data = chosen_boards(on, board, gallery)
    choices = [choose(b, wanted, costs=stores, resamples=resamples, seed=seed) for b in boards]
    typed = [
        next_command(c, d, f" --results {on}" if on else "")
        for c, d in zip(choices, data, strict=True)
    ]
    if as_json:
        click.echo(
            json.dumps(
                {
                    "choices": [
                        c.as_dict() | {"next": n} for c, n in zip(choices, typed, strict=True)
                    ]
                },
                ensure_ascii=False,
            )
        )
        return
    for choice, words in zip(choices, typed, strict=True):
        show(choice, everything)
        click.echo(last_line(choice, words))


def chosen_boards(on: Path | None, board: str | None, gallery: str):
    """(boards to choose from, boards that know costs, what `bench` calls the data of each)."""
    from skulens.analysis.boards import aligned, csv_board, merged, openmpr_board, store_boards
    from skulens.bench.result import ResultStore
    from skulens.errors import StoreError

    records = ResultStore(on or Path("results")).records()
    stores = store_boards(records)
    wanted = [r for r in records if gallery in ("", r["gallery"])]
    if not wanted and (on or (gallery and board is None)):
        of = f" with gallery {gallery}" if gallery and records else ""
        raise StoreError(
            f"no results{of} in {on or 'results'}: measure with `skulens bench mpr DATA --encoder NAME`, or choose with --board openmpr"
        )
    if board is None and wanted:
        names = {(r["suite"], r["data_hash"], r["gallery"]): r["data"] for r in wanted}
        return store_boards(wanted), stores, list(names.values())
    published = openmpr_board() if board in (None, "openmpr") else csv_board(board)
    for reject in published.rejects[:5]:
        click.echo(f"note: {reject.source}: {reject.item}: {reject.reason}", err=True)
    mine = [
        b for b in stores if aligned(published, b) is not None
    ]  # measured here on the board's own photos
    return [merged(published, *mine)], stores, ["DATA"]


def show(choice, everything: bool) -> None:
    """The set, then those that fell out, as tables for people."""
    from rich.console import Console
    from rich.table import Table

    from skulens.analysis.choose import millions, summary

    console = Console()
    console = Console(width=None if console.is_terminal else 150, highlight=False)
    mixed = len({c.entry.source for c in choice.candidates}) > 1
    kept, out = choice.of("best") + choice.of("untested"), choice.of("worse") + choice.of("out")
    click.echo(
        f"{choice.board}: {len(choice.candidates)} encoders; {choice.wishes.metric} with 95 % interval over SKUs; latency and memory: on this machine"
    )
    if kept:
        table = Table(
            title="cannot be told apart from the best"
            if choice.of("best")
            else "no hits per SKU, so none can be tested",
            title_justify="left",
        )
        for column in (
            "encoder",
            choice.wishes.metric,
            "params",
            "licence",
            "p50 ms",
            "MB",
            "note",
        ):
            table.add_column(
                column,
                justify="right" if column in ("params", "p50 ms", "MB") else "left",
                overflow="fold",
            )
        for c in kept:
            e = c.entry
            table.add_row(
                e.name + f" ({e.source})" * mixed,
                rate(c),
                millions(e.params) if e.params else "-",
                e.licence or "unknown",
                written(e.latency_ms, 1),
                written(e.memory_mb, 0),
                "; ".join(c.notes),
            )
        console.print(table)
    if out:
        click.echo("fell out: " + ", ".join(f"{n} {kind}" for kind, n in summary(out).items()))
        table = Table(box=None, show_header=False, pad_edge=False)
        for c in out if everything else out[:SHOWN]:
            table.add_row(
                c.entry.name + f" ({c.entry.source})" * mixed, rate(c), "; ".join(c.reasons)
            )
        console.print(table)
        if len(out) > SHOWN and not everything:
            click.echo(f"and {len(out) - SHOWN} more: --all prints them")


def rate(c) -> str:
    if c.value is None:
        return "-"
    return f"{c.value:.3f}" + (f" [{c.low:.3f}, {c.high:.3f}]" if c.low is not None else "")


def written(x: float | None, digits: int) -> str:
    return "unknown" if x is None else f"{x:,.{digits}f}"


def last_line(choice, words: str) -> str:
    best = choice.of("best")
    if not best and not choice.of("untested"):
        return "no encoder meets all of this; relax what most of them fell out for, or add encoders: skulens bench mpr DATA --encoder NAME"
    if best:
        said = f"{best[0].entry.name} is highest" + (
            f"; {len(best) - 1} more cannot be told apart from it" if len(best) > 1 else ", alone"
        )
    else:
        said = f"{choice.of('untested')[0].entry.name} is highest, untested"
    return f"{said}. Next: {words}"
