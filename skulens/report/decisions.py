"""Comparisons and confusions for a terminal."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from skulens.analysis.boards import unit_words
from skulens.analysis.confusions import Confusion
from skulens.analysis.mistakes import Pair
from skulens.analysis.pairs import Pairing
from skulens.records import Product
from skulens.report.console import show
from skulens.report.grid import Grid
from skulens.report.names import name_apart, name_product
from skulens.report.words import conclude_pair

Products = Mapping[str, Product]
"""Of the catalogue by id; empty where it is not there."""


def print_pairing(pairing: Pairing, products: Products | None = None) -> None:
    """One comparison: means, where the two differ most, and what differs beside the systems."""
    record, d = pairing.a.record(), pairing.difference
    a, b = pairing.names
    units, groups = unit_words(pairing.a)
    head = f"{pairing.metric} on {pairing.a.data.short}, {record['n_queries']} {units}"
    if record["gallery"]:
        gallery = "" if "gallery" in pairing.differing else f"{record['gallery']} of "
        head += f" -> {gallery}{record['n_gallery']} SKUs"
    print(head)
    fine = pairing.probes_only_a is not None
    ahead = f"; {units} ahead {pairing.probes_only_a} and {pairing.probes_only_b}" if fine else ""
    print(
        f"  {a} {pairing.mean_a:.3f}, {b} {pairing.mean_b:.3f}; {groups} ahead {pairing.wins} and "
        f"{pairing.losses}, {pairing.ties} equal{ahead}"
    )
    for name, (left, right) in pairing.differing.items():
        print(f"  they differ in {name} too: {left} against {right}")
    if pairing.skus:
        _print_groups(pairing, f"where they differ most (of {d.groups} {groups})", products or {})


def _print_groups(pairing: Pairing, title: str, products: Products) -> None:
    """The groups that are described, with what was found instead where a run is known."""
    a, b = pairing.names
    ranked = any(s.a_found or s.b_found or s.photos for s in pairing.skus)
    units, groups = unit_words(pairing.a)
    firsts = [next(iter(s.photos.values()), "") for s in pairing.skus]
    folder, photos = shorten_paths(firsts)
    table = Grid(title, f"photos below {folder}" if folder else "")
    table.add_column(groups.removesuffix("s"), least=14)
    table.add_column(units, "number", drop=2)
    for name in (a, b):
        table.add_column(name, "number", named=True)
    for name in (a, b) if ranked else ():
        table.add_column(f"{name} found instead", least=14, drop=1, named=True)
    if any(firsts):
        table.add_column("photo", "name", drop=3)
    for s, photo in zip(pairing.skus, photos, strict=True):
        name = name_in_table(s.sku, products)
        instead = (name_in_table(found, products) for found in (s.a_found, s.b_found))
        table.add_row(
            *(name, str(s.n), f"{s.a:.2f}", f"{s.b:.2f}"),
            *(instead if ranked else ()),
            *([photo or "-"] if any(firsts) else ()),
        )
    show(table)


def name_in_table(sku: str | None, products: Products) -> str:
    """What people call the product, with its id."""
    if not sku:
        return "-"
    product = products.get(sku)
    name = name_product(product) if product else sku
    return sku if name == sku else f"{name} ({sku})"


def shorten_paths(paths: Iterable[str]) -> tuple[str, list[str]]:
    """(the folder that holds all of them, each below it); "" stays."""
    every = list(paths)
    known = [path for path in every if path]
    folder = ""
    if known and all(Path(path).is_absolute() for path in known):
        folder = os.path.commonpath([str(Path(path).parent) for path in known])
    below = [os.path.relpath(path, folder) if path and folder else path for path in every]
    return folder, below


def conclude_pairing(pairing: Pairing, family: int) -> str:
    """The difference, and whether it is significant."""
    d, (_, groups) = pairing.difference, unit_words(pairing.a)
    holm = f" (Holm, {family} comparisons)" if family > 1 else ""
    interval = (
        f"[{d.low:+.3f}, {d.high:+.3f}]"
        if d.groups > 1
        else f"(no interval with fewer than two {groups})"
    )
    conclusion = conclude_pair(pairing, groups)
    return f"{pairing.data}: {conclusion}: {d.value:+.3f} {interval}, p = {pairing.p:.2g}{holm}"


def print_confusion(found: Confusion, products: Products | None = None) -> None:
    """Pairs, causes and angles."""
    r = found.result
    print(
        f"{r.name} on {r.data.short}, {found.probes} probes -> {r.variant.get('gallery', '')} of "
        f"{r.counts.get('gallery', 0)} SKUs: {found.errors} errors in {found.n_pairs} pairs"
    )
    if found.pairs:
        _print_pairs(found, products or {})
    for cause in found.causes:
        print(
            f"  {cause.kind:<11} {cause.errors:>6} errors, {cause.share:.0%}; "
            f"a random wrong product: {cause.expected:.0%}"
        )
    if found.unnamed:
        print(f"  the catalogue names no {' and no '.join(found.unnamed)}")
    if angles := found.collapse.get("angles"):
        said = "; ".join(
            f"{name} {middle:.1f}° ({low:.1f} to {high:.1f})"
            for name, (low, middle, high) in angles.items()
        )
        print(f"angles between gallery vectors, median and middle half: {said}")
    for note in found.notes:
        print(f"note: {note}")


def _print_pairs(found: Confusion, products: Products) -> None:
    folder, photos = shorten_paths(next(iter(p.photos.values()), "") for p in found.pairs)
    caption = "probes: of the right product; back: probes of the other that found this one"
    table = Grid("most confused", caption + (f"\nphotos below {folder}" if folder else ""))
    table.add_column("right", least=14)
    table.add_column("found instead", least=14)
    table.add_column("probes", "number")
    table.add_column("back", "number", drop=2)
    table.add_column("alike", "name", drop=3)
    for column in ("texts", "pictures"):
        table.add_column(column, "number", drop=4)
    if any(photos):
        table.add_column("photo", "name", drop=5)
    for p, photo in zip(found.pairs, photos, strict=True):
        angles = (
            "-" if a is None else f"{a:.1f}°" for a in (p.text_angle_deg, p.picture_angle_deg)
        )
        counts = f"{p.probes} of {p.of}", f"{p.back} of {p.back_of}"
        last = [photo or "-"] if any(photos) else []
        table.add_row(*name_pair(p, products), *counts, p.kind or "-", *angles, *last)
    show(table)


def name_pair(pair: Pair, products: Products) -> tuple[str, str]:
    """Ids and names of two confused products; variants of one title by what differs."""
    right, other = products.get(pair.right), products.get(pair.found)
    if right is None or other is None:
        return pair.right, pair.found
    names = name_apart(right, other)
    ids = (pair.right, pair.found)
    one, two = (i if i == n else f"{n} ({i})" for i, n in zip(ids, names, strict=True))
    return one, two


def conclude_confusion(found: Confusion) -> str:
    """How many probes are wrong, and how alike the wrong products are."""
    if not found.errors:
        return f"no errors in {found.probes} probes"
    share = found.errors / found.probes
    said = f"{found.errors} of {found.probes} probes are wrong ({share:.0%})"
    if not found.causes:
        return said
    variants, *others = found.causes
    alike = sum(c.errors for c in others[:2])
    return (
        f"{said}: {variants.errors} find another variant of the same product, "
        f"{alike} one of the same brand or class, {others[-1].errors} another product"
    )
