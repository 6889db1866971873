"""`skulens confusion`: which SKUs a stored run confuses, and why."""

import json
from pathlib import Path

import click

from skulens.cli.completion import DATA, RESULT, RESULTS
from skulens.cli.options import catalog_options, json_option, reader_options


@click.command()
@click.argument("result", type=RESULT)
@click.option(
    "--results",
    type=RESULTS,
    default=Path("results"),
    show_default=True,
    help="Folder of results.",
)
@click.option(
    "--gallery",
    default="",
    help="Which one, where an encoder was measured with several: text, image or both.",
)
@click.option(
    "--data", type=DATA, help="Where the catalogue lies now; by default where it was measured."
)
@click.option(
    "--sku", default="", help="Why this one is not found: its probes, what they find instead."
)
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Of --sku: also write a page with the photos.",
)
@click.option(
    "--pairs",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    help="Pairs of SKUs to describe.",
)
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
    result, results, gallery, data, sku, html, pairs, no_angles, figures, kind, map_, suite, as_json
) -> None:
    """The most confused SKU pairs of RESULT (an encoder, or a folder of a result), how alike they
    are, and the angle between them; or, with --sku, why one SKU is not found."""
    from skulens.analysis.confusions import analyse_errors
    from skulens.bench.naming import find_result
    from skulens.bench.reopen import pick_products, reopen_catalog
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
    if sku:
        explain_sku(measured, sku, catalog, html, as_json, with_vectors=not no_angles, notes=notes)
        return
    if html:
        raise click.UsageError("--html needs --sku; for pairs of SKUs there is --figures")
    found = analyse_errors(measured, catalog, most=pairs, with_vectors=not no_angles, notes=notes)
    files = draw(found, figures, kind) if figures else []
    if as_json:
        answer = found.as_dict() | {"figures": [str(f) for f in files]}
        click.echo(json.dumps(answer, ensure_ascii=False))
        return
    named = {sku for p in found.pairs for sku in (p.right, p.found)}
    print_confusion(found, pick_products(catalog, named))
    for file in files:
        click.echo(f"figure: {file}")
    click.echo(conclude_confusion(found))


def explain_sku(measured, sku, catalog, html, as_json, **more) -> None:
    """What the probes of one SKU find, and why."""
    from skulens.analysis.diagnosis import diagnose
    from skulens.report.diagnosis import conclude_diagnosis, print_diagnosis, write_diagnosis

    found = diagnose(measured, sku, catalog, **more)
    page = write_diagnosis(found, html) if html else None
    if as_json:
        click.echo(json.dumps(found.as_dict() | {"html": page and str(page)}, ensure_ascii=False))
        return
    print_diagnosis(found)
    if page:
        click.echo(f"page with photos: {page}")
    click.echo(conclude_diagnosis(found))


def draw(found, folder: Path, kind: str) -> list[Path]:
    from skulens.errors import DataError
    from skulens.report.collapse import write_collapse

    if not found.collapse:
        raise DataError(
            f"no vectors, so no figure: {'; '.join(found.notes) or 'leave out --no-angles'}"
        )
    return write_collapse(found.collapse, folder, kind)
