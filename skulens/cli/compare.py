"""`skulens compare`: two stored results on the same probes."""

import json
from pathlib import Path

import click

from skulens.cli.options import catalog_options, json_option

TOP = 10
"""SKUs that are described."""


@click.command()
@click.argument("a")
@click.argument("b")
@click.option(
    "--results",
    type=click.Path(path_type=Path),
    default=Path("results"),
    show_default=True,
    help="Folder of results.",
)
@click.option(
    "--board",
    help="Two encoders of a leaderboard instead: openmpr, or a CSV in its format with hits per SKU beside it.",
)
@click.option(
    "--metric",
    default="hit_rate@1",
    show_default=True,
    help="Any metric kept per probe; macro_hit_rate@1 weighs every SKU the same.",
)
@click.option("--gallery", default="", help="Only this gallery: text, image or both.")
@click.option(
    "--data",
    help="Where the catalogue lies now, for the paths of photos; by default where it was measured.",
)
@click.option("--skus", default=TOP, show_default=True, help="SKUs to describe.")
@click.option(
    "--resamples",
    default=10_000,
    show_default=True,
    help="Of the bootstrap and of the paired test.",
)
@click.option("--seed", default=0, show_default=True, help="Of both.")
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write a page with the photos on which they differ.",
)
@catalog_options
@json_option
def command(
    a, b, results, board, metric, gallery, data, skus, resamples, seed, html, map_, as_json
) -> None:
    """Is A better than B? A and B are encoders or folders of results, measured on the same probes.

    Prints mean(A) - mean(B) with its 95 % interval and the p of a paired test over SKUs (Holm over all
    comparisons made), the SKUs on which they differ most, and photos of them.
    """
    from skulens.analysis.pairs import adjusted, effort, pair
    from skulens.bench.store import photos_of

    pairings, catalogs = [], []
    for one, other in (
        pairs_of_board(a, b, board) if board else pairs_of_store(a, b, results, gallery)
    ):
        catalog, note = (None, "") if board else catalog_or_why(one, data, map_)
        photos = photos_of(catalog, one.record["settings"]["split"]) if catalog else {}
        pairings.append(
            pair(one, other, metric, most=skus, photos=photos, resamples=resamples, seed=seed)
        )
        catalogs.append((catalog, note))
    pairings = adjusted(pairings)
    if html:
        write_page(pairings, catalogs, html)
    if as_json:
        rows = [
            p.as_dict() | {"photos": note or "found"}
            for p, (_, note) in zip(pairings, catalogs, strict=True)
        ]
        click.echo(
            json.dumps({"comparisons": rows, "html": html and str(html)}, ensure_ascii=False)
        )
        return
    for pairing, (_, note) in zip(pairings, catalogs, strict=True):
        show(pairing)
        if note:
            click.echo(note)
    for pairing in pairings:
        if said := effort(pairing):
            click.echo(f"{pairing.data}: {said}")
    if html:
        click.echo(f"page with photos: {html}")
    for pairing in pairings:
        click.echo(last_line(pairing, len(pairings)))


def pairs_of_store(a: str, b: str, results: Path, gallery: str):
    from skulens.analysis.pairs import pair_up
    from skulens.bench.store import find_stored

    sides = [
        [s for s in find_stored(word, results) if gallery in ("", s.record["gallery"])]
        for word in (a, b)
    ]
    for word, found in zip((a, b), sides, strict=True):
        if not found:
            raise click.UsageError(f"{word} was never measured with --gallery {gallery}")
    return pair_up(*sides)


def pairs_of_board(a: str, b: str, board: str):
    from skulens.analysis.boards import csv_board, openmpr_board
    from skulens.bench.store import of_board

    opened = openmpr_board() if board == "openmpr" else csv_board(board)
    return [(of_board(opened, a), of_board(opened, b))]


def catalog_or_why(stored, data, map_):
    """(the catalogue that was measured or None, why there is none)."""
    from skulens.bench.store import open_measured
    from skulens.errors import SkulensError

    try:
        return open_measured([stored], data, {"map": map_} if map_ else None), ""
    except SkulensError as e:
        if data:
            raise
        return None, f"no photos shown: {e}"


def write_page(pairings, catalogs, out: Path) -> None:
    from skulens.bench.store import products_of
    from skulens.report.comparison import write_comparison

    products = [products_of(catalog) if catalog else {} for catalog, _ in catalogs]
    write_comparison(pairings, products, out)


def show(pairing) -> None:
    """One comparison as a table for people."""
    from rich.console import Console
    from rich.table import Table

    record, d = pairing.a.record, pairing.difference
    a, b = pairing.names
    where = (
        f"{record['gallery']} of {record['n_gallery']}"
        if record["gallery"]
        else record["n_gallery"]
    )
    click.echo(
        f"{pairing.metric} on {Path(record['data']).name}, {record['n_queries']} probes -> {where} SKUs"
    )
    known = pairing.probes_only_a is not None
    probes = f"; probes ahead {pairing.probes_only_a} and {pairing.probes_only_b}" if known else ""
    click.echo(
        f"  {a} {pairing.mean_a:.3f}, {b} {pairing.mean_b:.3f}; SKUs ahead {pairing.wins} and {pairing.losses}, {pairing.ties} equal{probes}"
    )
    if not pairing.skus:
        return
    table = Table(title=f"where they differ most (of {d.groups} SKUs)", title_justify="left")
    for column in (
        "SKU",
        "probes",
        a,
        b,
        *((f"{a} found instead", f"{b} found instead", "photo") if known else ()),
    ):
        table.add_column(
            column, justify="right" if column in ("probes", a, b) else "left", overflow="fold"
        )
    for s in pairing.skus:
        seen = (
            (s.a_found or "-", s.b_found or "-", next(iter(s.photos.values()), "-"))
            if known
            else ()
        )
        table.add_row(s.sku, str(s.n), f"{s.a:.2f}", f"{s.b:.2f}", *seen)
    console = Console()
    Console(width=None if console.is_terminal else 150).print(table)


def last_line(pairing, family: int) -> str:
    """The difference, and whether it can be told from none."""
    d = pairing.difference
    holm = f" (Holm, {family} comparisons)" if family > 1 else ""
    interval = (
        f"[{d.low:+.3f}, {d.high:+.3f}]"
        if d.groups > 1
        else "(no interval with fewer than two SKUs)"
    )
    return (
        f"{pairing.data}: {pairing.verdict()}: {d.value:+.3f} {interval}, p = {pairing.p:.2g}{holm}"
    )
