"""Why one SKU is not found: for a terminal, and as a page with its photos."""

from pathlib import Path

from skulens.analysis.boards import unit_words
from skulens.analysis.diagnosis import Diagnosis, ProbeAnswer, Rival
from skulens.bench.examples import thumbnail
from skulens.records import Image
from skulens.report.comparison import find_picture
from skulens.report.console import show
from skulens.report.decisions import shorten_paths
from skulens.report.grid import Grid
from skulens.report.html import write_html
from skulens.report.names import count, name_product, plural, singular

CLOSE = 0.75
"""Of the usual angle to the nearest neighbour: below it two products stand closer than most."""
PROBES = 24
"""Shown on the page."""


def print_diagnosis(found: Diagnosis) -> None:
    """Tables of the probes and of what they find instead."""
    r = found.result
    gallery = f"{r.variant.get('gallery', '')} of {r.counts.get('gallery', 0)} SKUs"
    units, _ = unit_words(r)
    folder, photos = shorten_paths(p.photo or "" for p in found.probes)
    probes = Grid(
        f"{name(found, found.sku)}: {r.name} on {r.data.short} -> {gallery}",
        f"rank of {found.sku}; how far its score is below the first one's"
        + (f"\nphotos below {folder}" if folder else ""),
    )
    probes.add_column(singular(units), "name")
    probes.add_column("rank", "number")
    probes.add_column("behind", "number")
    probes.add_column("found first")
    for p, photo in zip(found.probes, photos, strict=True):
        probes.add_row(photo or p.query, write_rank(p), write_behind(p), first_of(found, p))
    show(probes)
    if found.rivals or found.nearest:
        show(make_rivals(found, units))
    for note in found.notes:
        print(f"note: {note}")


def make_rivals(found: Diagnosis, units: str) -> Grid:
    """What is found instead, then the nearest neighbours."""
    usual = found.usual_angle_deg
    caption = f"usual angle to the nearest neighbour: {usual:.1f}°" if usual is not None else ""
    table = Grid("found instead, and nearest in the gallery", caption)
    table.add_column("SKU")
    for column in (f"its {units}", "the other way", "angle"):
        table.add_column(column, "number")
    table.add_column("alike", "name")
    for r in list_others(found):
        back = f"{r.back} of {r.back_of}" if r.back_of else "-"
        angle = "-" if r.angle_deg is None else f"{r.angle_deg:.1f}°"
        alike = r.alike if r.alike and r.alike != "other" else "-"
        table.add_row(name(found, r.sku), str(r.probes or "-"), back, angle, alike)
    return table


def list_others(found: Diagnosis) -> list[Rival]:
    """Rivals, then the neighbours that are none."""
    known = {r.sku for r in found.rivals}
    return [*found.rivals, *(r for r in found.nearest if r.sku not in known)]


def conclude_diagnosis(found: Diagnosis) -> str:
    """What happens to the SKU's probes, and what that usually means."""
    units, _ = unit_words(found.result)
    n, said = len(found.probes), name(found, found.sku)
    head = f"{said}: found first by {found.hits} of {count(n, singular(units))}"
    if found.hits == n:
        return head
    if all(p.rank is None for p in found.probes) and found.notes:
        return f"{head}; {found.notes[-1]}"
    top = found.rivals[0] if found.rivals else None
    if top is None:
        return f"{head}; the others found nothing"
    misses = n - found.hits
    where = f"{top.probes} put {name(found, top.sku)} first"
    return f"{head}; {where}{advise(found, top, misses)}"


def advise(found: Diagnosis, top: Rival, misses: int) -> str:
    """What the main rival says of the cause; empty where nothing does."""
    usual, angle = found.usual_angle_deg, top.angle_deg
    if usual is not None and angle is not None and angle < CLOSE * usual:
        more = "more gallery pictures" if found.result.variant.get("gallery") != "text" else "words"
        return (
            f", only {angle:.0f}° away where {usual:.0f}° is usual: the gallery hardly tells the "
            f"two apart; give it {more} that show the difference, or a reranker"
        )
    if len(found.rivals) == misses > 2:
        return "; each finds another product, so look at the photos themselves"
    if usual is not None and angle is not None:
        return (
            f", {angle:.0f}° away where {usual:.0f}° is usual: the gallery tells them apart, the "
            "photos are misread"
        )
    return ""


def name(found: Diagnosis, sku: str) -> str:
    """The product's title with its id, or the id alone."""
    product = found.products.get(sku)
    title = name_product(product) if product else ""
    return f"{title} ({sku})" if title and title != sku else sku


def write_rank(p: ProbeAnswer) -> str:
    return str(p.rank) if p.rank else "-"


def write_behind(p: ProbeAnswer) -> str:
    return "-" if p.behind is None else f"{p.behind:.3f}"


def first_of(found: Diagnosis, p: ProbeAnswer) -> str:
    """What was put first; the SKU itself is a hit."""
    if not p.found:
        return "nothing"
    first = p.found[0][0]
    return "it" if p.rank == 1 else name(found, first)


def write_diagnosis(found: Diagnosis, out: Path) -> Path:
    """Render it to `out`: each probe beside the product that it shows and the one it found."""
    units, _ = unit_words(found.result)
    values = {
        "title": name(found, found.sku),
        "found": found,
        "conclusion": conclude_diagnosis(found),
        "probes": found.probes[:PROBES],
        "left": len(found.probes) - PROBES,
        "rivals": list_others(found),
        "unit": singular(units),
        "units": plural(singular(units)),
    }
    functions = {
        "photo": lambda p: thumbnail(Image(path=p.photo)) if p.photo else None,
        "picture": lambda sku: find_picture(found.products.get(sku)),
        "name": lambda sku: name(found, sku),
    }
    return write_html("diagnosis.html", out, values, functions)
