"""`skulens choose`: which encoder to deploy, under constraints."""

import json
from pathlib import Path

import click

from skulens.cli.completion import BOARD, RESULTS
from skulens.cli.options import json_option, patterns_options
from skulens.cli.progress import note

FEWEST = 10_000
"""Parameters; who asks for fewer means millions."""


def size(_ctx, _param, text: str | None) -> int | None:
    """--max-params 200M -> 200,000,000."""
    from skulens.analysis.choose import read_size

    try:
        count = None if text is None else read_size(text)
        if count is not None and count < FEWEST:
            raise click.BadParameter(
                f"{count:,} parameters? No encoder is that small: {count}M is {count} million"
            )
        return count
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
    type=click.FloatRange(min=0, min_open=True),
    help="Median of one probe on this machine, where it was measured here.",
)
@click.option(
    "--max-memory-mb",
    type=click.FloatRange(min=0, min_open=True),
    help="Peak memory of the measuring process on this machine.",
)
@click.option(
    "--license",
    "licence",
    default="any",
    type=click.Choice(["any", "commercial", "not-forbidden"]),
    show_default=True,
    help="commercial: known to allow it; not-forbidden: also those whose terms you have to read.",
)
@click.option(
    "--min-recall",
    "--min-value",
    "min_recall",
    type=float,
    help="Least value of the metric, a fraction.",
)
@click.option(
    "--metric",
    default="",
    help="Any metric of the suite, macro means too; by default its first headline metric.",
)
@click.option(
    "--on",
    "on",
    type=RESULTS,
    help="Folder of results to choose from, and of what was timed here; by default `results`.",
)
@click.option(
    "--board",
    type=BOARD,
    help="openmpr (190 published encoders) or a CSV in its format; "
    "by default the results of --on, or openmpr where there are none.",
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
    "--across",
    is_flag=True,
    help="One choice over all galleries, prompts and other variants "
    "that answered the same queries.",
)
@patterns_options
@click.option("--all", "everything", is_flag=True, help="Print every excluded system.")
@json_option
def command(on, board, gallery, across, patterns, seed, everything, as_json, **limits) -> None:
    """The systems that do not differ significantly from the best under your constraints, and why
    each other one was excluded.

    Differences are paired over groups (SKUs). The best is chosen by the same data, so all pairs of
    those that meet the constraints are tested at once (max T, 5 % for the family).
    """
    from skulens.analysis.boards import store_boards
    from skulens.analysis.choose import Constraints, choose
    from skulens.report.choices import (
        conclude_choice,
        conclude_sections,
        next_command,
        print_choice,
    )

    wanted = Constraints(**limits)
    boards, stores, data = find_boards(on, board, gallery, across)
    among = [e.result for b in stores for e in b.entries]
    rated = [i for i, b in enumerate(boards) if has_metric(b, wanted)]
    for i in set(range(len(boards))) - set(rated) if rated else ():
        note(f"{boards[i].name}: no {wanted.metric}, left out")
    asked = rated or range(len(boards))  # where no board has it, the error names what there is
    choices = [choose(boards[i], wanted, costs=stores, patterns=patterns, seed=seed) for i in asked]
    typed = [
        next_command(c, data[i], f" --results {on}" if on else "", among)
        for c, i in zip(choices, asked, strict=True)
    ]
    if as_json:
        answer = [c.as_dict() | {"next": n} for c, n in zip(choices, typed, strict=True)]
        click.echo(json.dumps({"choices": answer}, ensure_ascii=False))
        return
    for choice, words in zip(choices, typed, strict=True):
        print_choice(choice, everything)
        click.echo(conclude_choice(choice, words))
    if len(choices) > 1:
        merged = store_boards([e.result for b in boards for e in b.entries], across=True)
        every = [b for b in merged if has_metric(b, wanted)]
        together = [choose(b, wanted, costs=stores, patterns=patterns, seed=seed) for b in every]
        for line in conclude_sections(len(choices), together):
            click.echo(line)


def has_metric(board, wanted) -> bool:
    return not wanted.metric or board.has(wanted.metric)


def find_boards(on: Path | None, board: str | None, gallery: str, across: bool):
    """(boards to choose from, boards that know costs, what `bench` calls the data of each)."""
    from skulens.analysis.boards import published_board, read_board, store_boards
    from skulens.analysis.merging import merge, same_units
    from skulens.bench.store import ResultStore
    from skulens.errors import StoreError
    from skulens.registry import rows

    results = ResultStore(on or Path("results")).results()
    stores = store_boards(results)
    wanted = [r for r in results if gallery in ("", r.variant.get("gallery"))]
    if not wanted and (on or (gallery and board is None)):
        of = f" with gallery {gallery}" if gallery and results else ""
        raise StoreError(
            f"no results{of} in {on or 'results'}: "
            "measure with `skulens bench mpr DATA --encoder NAME`, or choose with --board openmpr"
        )
    if board is None and wanted:
        mine = store_boards(wanted, across)
        return mine, stores, [b.entries[0].result.data.name for b in mine]
    name = board or "openmpr"
    published = published_board(name) if name in rows("board") else read_board(name)
    for reject in published.rejects[:5]:
        note(f"{reject.source}: {reject.item}: {reject.reason}")
    # measured here on the board's own photos
    mine = [b for b in stores if same_units(published, b)]
    return [merge(published, *mine)], stores, ["DATA"]
