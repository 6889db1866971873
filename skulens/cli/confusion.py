"""`skulens confusion`: which SKUs a stored run confuses, and why."""

import json
from pathlib import Path

import click

from skulens.cli.options import catalog_options, json_option, reader_options


@click.command()
@click.argument("result")
@click.option(
    "--results",
    type=click.Path(path_type=Path),
    default=Path("results"),
    show_default=True,
    help="Folder of results.",
)
@click.option(
    "--gallery",
    default="",
    help="Which one, where an encoder was measured with several: text, image or both.",
)
@click.option("--data", help="Where the catalogue lies now; by default where it was measured.")
@click.option("--pairs", default=20, show_default=True, help="Pairs of SKUs to describe.")
@click.option("--no-angles", is_flag=True, help="Leave vectors alone; counts and causes only.")
@click.option(
    "--figures",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the manifold-collapse figures.",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["svg", "png"]),
    default="svg",
    show_default=True,
    help="Of the figures.",
)
@catalog_options
@click.option("--suite", default="", help="Only results of this suite, such as mpr.")
@json_option
def command(
    result, results, gallery, data, pairs, no_angles, figures, kind, map_, suite, as_json
) -> None:
    """The most confused SKU pairs of RESULT (an encoder, or a folder of a result), how alike they
    are, and the angle between them."""
    from skulens.analysis.confusions import analyse_errors
    from skulens.bench.reopen import reopen_catalog
    from skulens.bench.store import find_result
    from skulens.errors import SkulensError
    from skulens.report.decisions import conclude_confusion, print_confusion

    measured = find_result(result, results, gallery, suite)
    catalog, notes = None, []
    try:
        catalog = reopen_catalog([measured], data, reader_options(map_) or None)
    except SkulensError as e:
        if data:
            raise
        notes = [f"no texts, causes or angles: {e}"]
    found = analyse_errors(measured, catalog, most=pairs, with_vectors=not no_angles, notes=notes)
    files = draw(found, figures, kind) if figures else []
    if as_json:
        answer = found.as_dict() | {"figures": [str(f) for f in files]}
        click.echo(json.dumps(answer, ensure_ascii=False))
        return
    print_confusion(found)
    for file in files:
        click.echo(f"figure: {file}")
    click.echo(conclude_confusion(found))


def draw(found, folder: Path, kind: str) -> list[Path]:
    from skulens.errors import DataError
    from skulens.report.collapse import write_collapse

    if not found.collapse:
        raise DataError(
            f"no vectors, so no figure: {'; '.join(found.notes) or 'leave out --no-angles'}"
        )
    return write_collapse(found.collapse, folder, kind)
