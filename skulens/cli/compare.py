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
@click.option("--results", type=click.Path(path_type=Path), default=Path("results"), show_default=True, help="Folder of results.")
@click.option("--metric", default="hit_rate@1", show_default=True, help="Any metric kept per probe; macro_hit_rate@1 weighs every SKU the same.")
@click.option("--gallery", default="", help="Only this gallery: text, image or both.")
@click.option("--data", help="Where the catalogue lies now, for the paths of photos; by default where it was measured.")
@click.option("--skus", default=TOP, show_default=True, help="SKUs to describe.")
@click.option("--resamples", default=10_000, show_default=True, help="Of the bootstrap and of the paired test.")
@click.option("--seed", default=0, show_default=True, help="Of both.")
@catalog_options
@json_option
def command(a, b, results, metric, gallery, data, skus, resamples, seed, map_, as_json) -> None:
    """Is A better than B? A and B are encoders or folders of results, measured on the same probes.

    Prints mean(A) - mean(B) with its 95 % interval and the p of a paired test over SKUs (Holm over all
    comparisons made), the SKUs on which they differ most, and photos of them.
    """
    from skulens.bench.pairs import pair, pair_up
    from skulens.bench.stored import find_stored
    from skulens.evaluate.compare import holm

    sides = [[s for s in find_stored(word, results) if gallery in ("", s.record["gallery"])] for word in (a, b)]
    for word, found in zip((a, b), sides, strict=True):
        if not found:
            raise click.UsageError(f"{word} was never measured with --gallery {gallery}")
    pairings = []
    for one, other in pair_up(*sides):
        photos, note = photos_or_why(one, data, map_)
        pairings.append((pair(one, other, metric, most=skus, photos=photos, resamples=resamples, seed=seed), note))
    adjusted = holm([p.difference.p for p, _ in pairings])
    if as_json:
        rows = [p.as_dict() | {"p_holm": float(q), "photos": note or "found"} for (p, note), q in zip(pairings, adjusted, strict=True)]
        click.echo(json.dumps({"comparisons": rows}, ensure_ascii=False))
        return
    for pairing, note in pairings:
        show(pairing, note)
    for (pairing, _), q in zip(pairings, adjusted, strict=True):
        click.echo(verdict(pairing, float(q), len(pairings)))


def photos_or_why(stored, data, map_) -> tuple[dict[str, str], str]:
    """(probe -> path of its photo, why there is none)."""
    from skulens.bench.stored import open_measured, photos_of
    from skulens.errors import SkulensError

    try:
        catalog = open_measured([stored], data, {"map": map_} if map_ else None)
        return photos_of(catalog, stored.record["settings"]["split"]), ""
    except SkulensError as e:
        return {}, f"no photos shown: {e}"


def show(pairing, note: str) -> None:
    """One comparison as a table for people."""
    from rich.console import Console
    from rich.table import Table

    record, d = pairing.a.record, pairing.difference
    a, b = names(pairing)
    click.echo(f"{pairing.metric} on {Path(record['data']).name}, {record['n_queries']} probes -> {record['gallery']} of {record['n_gallery']} SKUs")
    click.echo(f"  {a} {pairing.mean_a:.3f}, {b} {pairing.mean_b:.3f}; SKUs ahead {pairing.wins} and {pairing.losses}, {pairing.ties} equal; "
               f"probes ahead {pairing.probes_only_a} and {pairing.probes_only_b}")  # fmt: skip
    if pairing.skus:
        table = Table(title=f"where they differ most (of {d.groups} SKUs)", title_justify="left")
        for column in ("SKU", "probes", a, b, f"{a} found instead", f"{b} found instead", "photo"):
            table.add_column(column, justify="right" if column in ("probes", a, b) else "left", overflow="fold")
        for s in pairing.skus:
            table.add_row(s.sku, str(s.n), f"{s.a:.2f}", f"{s.b:.2f}", s.a_found or "-", s.b_found or "-", next(iter(s.photos.values()), "-"))
        console = Console()
        Console(width=None if console.is_terminal else 150).print(table)
    if note:
        click.echo(note)


def names(pairing) -> tuple[str, str]:
    """What tells the two sides apart: encoders, or folders where the encoder is the same."""
    a, b = pairing.a, pairing.b
    return (a.name, b.name) if a.name != b.name else (a.folder.name, b.folder.name)


def verdict(pairing, p_holm: float, family: int) -> str:
    """One line: the difference, and whether it can be told from none."""
    d, (a, b) = pairing.difference, names(pairing)
    interval = f"{d.value:+.3f} [{d.low:+.3f}, {d.high:+.3f}], p = {p_holm:.2g}" + (f" (Holm, {family} comparisons)" if family > 1 else "")
    if p_holm < 0.05:
        better, worse = (a, b) if d.value > 0 else (b, a)
        said = f"{better} is better than {worse}"
    else:
        said = f"{a} and {b} cannot be told apart on {d.groups} SKUs"
    return f"{pairing.record_name}: {said}: {interval}"
