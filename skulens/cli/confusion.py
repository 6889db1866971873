"""`skulens confusion`: which SKUs a stored run takes for one another, and why."""

import json
from pathlib import Path

import click

from skulens.cli.options import catalog_options, json_option


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
@json_option
def command(result, results, gallery, data, pairs, no_angles, figures, kind, map_, as_json) -> None:
    """The most confused SKU pairs of RESULT (an encoder, or a folder of a result), how alike they are, and the angle between them."""
    from skulens.analysis.confusions import confusion
    from skulens.bench.store import one_stored, open_measured
    from skulens.errors import SkulensError

    stored = one_stored(result, results, gallery)
    try:
        catalog, notes = open_measured([stored], data, {"map": map_} if map_ else None), []
    except SkulensError as e:
        if data:
            raise
        catalog, notes = None, [f"no texts, causes or angles: {e}"]
    found = confusion(stored, catalog, most=pairs, with_vectors=not no_angles, notes=notes)
    files = drawn(found, figures, kind) if figures else []
    if as_json:
        click.echo(
            json.dumps(found.as_dict() | {"figures": [str(f) for f in files]}, ensure_ascii=False)
        )
        return
    show(found)
    for file in files:
        click.echo(f"figure: {file}")
    click.echo(last_line(found))


def drawn(found, folder: Path, kind: str) -> list[Path]:
    from skulens.errors import DataError
    from skulens.report.collapse import write_collapse

    if not found.collapse:
        raise DataError(
            f"no vectors, so no figure: {'; '.join(found.notes) or 'leave out --no-angles'}"
        )
    return write_collapse(found.collapse, folder, kind)


def show(found) -> None:
    """Pairs, causes and angles for people."""
    from rich.console import Console
    from rich.table import Table

    record = found.stored.record
    click.echo(
        f"{record['encoder']} on {Path(record['data']).name}, {found.probes} probes -> {record['gallery']} of {record['n_gallery']} SKUs: "
        f"{found.errors} errors in {found.n_pairs} pairs"
    )
    console = Console()
    console = Console(width=None if console.is_terminal else 150, highlight=False)
    if found.pairs:
        table = Table(title="most confused", title_justify="left")
        for column in (
            "right",
            "found instead",
            "probes",
            "back",
            "alike",
            "texts",
            "pictures",
            "photo",
        ):
            table.add_column(
                column,
                justify="right" if column in ("probes", "back", "texts", "pictures") else "left",
                overflow="fold",
            )
        for p in found.pairs:
            angles = (
                "-" if a is None else f"{a:.1f}°" for a in (p.text_angle_deg, p.picture_angle_deg)
            )
            table.add_row(
                *(
                    sku + (f"\n{words[:50]}" if words else "")
                    for sku, words in zip((p.right, p.found), p.words, strict=True)
                ),
                f"{p.probes} of {p.of}",
                f"{p.back} of {p.back_of}",
                p.kind or "-",
                *angles,
                next(iter(p.photos.values()), "-"),
            )
        console.print(table)
    for cause in found.causes:
        click.echo(
            f"  {cause.kind:<11} {cause.errors:>6} errors, {cause.share:.0%}; a random wrong product: {cause.expected:.0%}"
        )
    if found.unnamed:
        click.echo(f"  the catalogue names no {' and no '.join(found.unnamed)}")
    if angles := found.collapse.get("angles"):
        said = "; ".join(
            f"{name} {middle:.1f}° ({low:.1f} to {high:.1f})"
            for name, (low, middle, high) in angles.items()
        )
        click.echo(f"angles between gallery vectors, median and middle half: {said}")
    for note in found.notes:
        click.echo(f"note: {note}")


def last_line(found) -> str:
    if not found.errors:
        return f"no probe of {found.probes} errs"
    said = f"{found.errors} of {found.probes} probes err ({found.errors / found.probes:.0%})"
    if not found.causes:
        return said
    variants, *others = found.causes
    alike = variants.errors + sum(c.errors for c in others[:2])
    return f"{said}: {variants.errors} take another variant of the same product, {alike - variants.errors} one of the same brand or class, {others[-1].errors} another product"
