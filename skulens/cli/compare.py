"""`skulens compare`: two results on the same units."""

import json
from pathlib import Path

import click

from skulens.cli.completion import BOARD, DATA, RESULT, RESULTS
from skulens.cli.options import catalog_options, json_option, patterns_options, reader_options
from skulens.cli.progress import note

TOP = 10
"""SKUs that are described."""


@click.command()
@click.argument("a", type=RESULT)
@click.argument("b", type=RESULT)
@click.option(
    "--results",
    type=RESULTS,
    default=Path("results"),
    show_default=True,
    help="Folder of results.",
)
@click.option(
    "--board",
    type=BOARD,
    help="Two encoders of a leaderboard instead: "
    "openmpr, or a CSV in its format with hits per SKU beside it.",
)
@click.option(
    "--metric",
    default="",
    help="Any metric of the suite, macro means too; by default its first headline metric.",
)
@click.option("--gallery", default="", help="Only this gallery: text, image or both.")
@click.option(
    "--data",
    type=DATA,
    help="Where the catalogue lies now, for the paths of photos; by default where it was measured.",
)
@click.option(
    "--skus", type=click.IntRange(min=0), default=TOP, show_default=True, help="SKUs to describe."
)
@patterns_options
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write a page with the photos on which they differ.",
)
@catalog_options
@json_option
def command(
    a,
    b,
    results,
    board,
    metric,
    gallery,
    data,
    skus,
    patterns,
    seed,
    html,
    map_,
    as_json,
) -> None:
    """Is A better than B? A and B are encoders or folders of results, measured on the same probes.

    Prints mean(A) - mean(B) with its 95 % interval and the p of a paired test over SKUs (Holm over
    all comparisons made), the SKUs on which they differ most, and photos of them.
    """
    from skulens.analysis.boards import unit_words
    from skulens.analysis.pairs import adjust, pair
    from skulens.bench.reopen import photos_of, pick_products
    from skulens.evaluate.compare import patterns_for
    from skulens.report.decisions import conclude_pairing, print_pairing
    from skulens.report.words import conclude_pair, describe_limit, estimate_effort

    pairings, catalogs = [], []
    asked = list(pairs_of_board(a, b, board) if board else pairs_of_store(a, b, results, gallery))
    patterns = patterns_for(len(asked), patterns)
    for one, other in asked:
        catalog, why = (None, "") if board else catalog_or_why(one, data, map_)
        photos = photos_of(catalog, one.data.split) if catalog else {}
        found = pair(
            one,
            other,
            metric,
            most=skus,
            photos=photos,
            patterns=patterns,
            seed=seed,
        )
        pairings.append(found)
        catalogs.append((catalog, why))
    pairings = adjust(pairings)
    if html:
        write_page(pairings, catalogs, html)
    if as_json:
        rows = [
            p.as_dict()
            | {"verdict": conclude_pair(p, unit_words(p.a)[1]), "photos": why or "found"}
            for p, (_, why) in zip(pairings, catalogs, strict=True)
        ]
        click.echo(
            json.dumps({"comparisons": rows, "html": html and str(html)}, ensure_ascii=False)
        )
        return
    for pairing, (catalog, why) in zip(pairings, catalogs, strict=True):
        named = {sku for s in pairing.skus for sku in (s.sku, s.a_found, s.b_found)}
        print_pairing(pairing, pick_products(catalog, named))
        if why:
            click.echo(why)
    for pairing in pairings:
        units = unit_words(pairing.a)
        for said in (estimate_effort(pairing, *units), describe_limit(pairing, units[1])):
            if said:
                click.echo(f"{pairing.data}: {said}")
    if html:
        click.echo(f"page with photos: {html}")
    for pairing in pairings:
        click.echo(conclude_pairing(pairing, len(pairings)))


def pairs_of_store(a: str, b: str, results: Path, gallery: str):
    from skulens.analysis.pairing import left_out, pair_up
    from skulens.bench.naming import address, find_results

    sides = [
        [r for r in find_results(word, results) if gallery in ("", r.variant.get("gallery"))]
        for word in (a, b)
    ]
    for word, found in zip((a, b), sides, strict=True):
        if not found:
            raise click.UsageError(f"{word} was never measured with --gallery {gallery}")
    mine, others = sides
    pairs = pair_up(mine, others)
    if lost := left_out(mine, others, pairs):
        names = [address(r, [*mine, *others]) or str(r.folder) for r in lost]
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        note(
            "in no comparison, because the other side has no result of the same settings: "
            f"{', '.join(names[:3])}{more}"
        )
    return pairs


def pairs_of_board(a: str, b: str, board: str):
    from skulens.analysis.boards import published_board, read_board
    from skulens.analysis.pairs import pair_of_board
    from skulens.registry import rows

    opened = published_board(board) if board in rows("board") else read_board(board)
    return [pair_of_board(opened, a, b)]


def catalog_or_why(result, data, map_):
    """(the catalogue that was measured or None, why there is none); only rankings have photos."""
    from skulens.bench.reopen import reopen_catalog
    from skulens.errors import SkulensError

    if "run" not in result.tables:
        return None, ""
    try:
        return reopen_catalog([result], data, reader_options(map_) or None), ""
    except SkulensError as e:
        if data:
            raise
        return None, f"no photos shown: {e}"


def write_page(pairings, catalogs, out: Path) -> None:
    from skulens.report.comparison import write_comparison

    products = [{p.id: p for p in c.products()} if c else {} for c, _ in catalogs]
    write_comparison(pairings, products, out)
