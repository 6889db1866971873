"""`skulens choose`: which encoder to deploy, under constraints."""

import json
from pathlib import Path

import click

from skulens.cli.options import json_option, patterns_option


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
    type=click.Path(path_type=Path),
    help="Folder of results to choose from, and of what was timed here; by default `results`.",
)
@click.option(
    "--board",
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
@patterns_option
@click.option("--seed", default=0, show_default=True, help="Of the random sign patterns.")
@click.option("--all", "everything", is_flag=True, help="Print every excluded system.")
@json_option
def command(on, board, gallery, across, patterns, seed, everything, as_json, **limits) -> None:
    """The systems that do not differ significantly from the best under your constraints, and why
    each other one was excluded.

    Differences are paired over groups (SKUs). The best is chosen by the same data, so all pairs of
    those that meet the constraints are tested at once (max T, 5 % for the family).
    """
    from skulens.analysis.choose import Constraints, choose
    from skulens.report.decisions import conclude_choice, next_command, print_choice

    wanted = Constraints(**limits)
    boards, stores, data = find_boards(on, board, gallery, across)
    rated = [i for i, b in enumerate(boards) if not wanted.metric or b.has(wanted.metric)]
    for i in set(range(len(boards))) - set(rated) if rated else ():
        click.echo(f"note: {boards[i].name}: no {wanted.metric}, left out", err=True)
    asked = rated or range(len(boards))  # where no board has it, the error names what there is
    choices = [choose(boards[i], wanted, costs=stores, patterns=patterns, seed=seed) for i in asked]
    typed = [
        next_command(c, data[i], f" --results {on}" if on else "")
        for c, i in zip(choices, asked, strict=True)
    ]
    if as_json:
        answer = [c.as_dict() | {"next": n} for c, n in zip(choices, typed, strict=True)]
        click.echo(json.dumps({"choices": answer}, ensure_ascii=False))
        return
    for choice, words in zip(choices, typed, strict=True):
        print_choice(choice, everything)
        click.echo(conclude_choice(choice, words))


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
        click.echo(f"note: {reject.source}: {reject.item}: {reject.reason}", err=True)
    # measured here on the board's own photos
    mine = [b for b in stores if same_units(published, b)]
    return [merge(published, *mine)], stores, ["DATA"]
