"""Comparisons of two stored results -> one self-contained page with the photos on which they
differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from skulens.analysis.boards import unit_words
from skulens.analysis.pairs import (
    GroupDifference,
    Pairing,
    answered_by_both,
    differences_by_group,
)
from skulens.bench.examples import thumbnail
from skulens.bench.result import Result
from skulens.evaluate.metric import find_metric
from skulens.records import Image, Product
from skulens.report.html import write_html
from skulens.report.mistakes import TITLE
from skulens.report.names import name_product, shorten, singular
from skulens.report.words import conclude_pair

WIDTH, HEIGHT = 640, 160
"""Of the chart of all groups, in its own units."""


@dataclass(frozen=True)
class Side:
    """A picture of a card, and what it is."""

    role: str
    """"photo", "right product" or "put first by mini"."""
    id: str
    title: str
    picture: str | None
    kind: str
    """Style of the title: "", "right" or "wrong"."""


def write_comparison(
    pairings: Sequence[Pairing], products: Sequence[Mapping[str, Product]], out: Path
) -> Path:
    """Render comparisons to `out` (written aside, then renamed).

    Args:
        products: for each comparison the products of its catalogue by id; empty where it is not
            there.
    """
    shown = [
        replace(p, a=rename(p.a), b=rename(p.b)) for p in pairings
    ]  # names without folders, so that sentences have none either
    values = {
        "title": " against ".join(shown[0].names),
        "pairs": list(zip(shown, products, strict=True)),
        "width": WIDTH,
        "height": HEIGHT,
    }
    functions = {
        "sides": list_sides,
        "name": name_group,
        "bars": draw_bars,
        "conclude": conclude_pair,
        "unit_words": unit_words,
        "singular": singular,
    }
    return write_html("comparison.html", out, values, functions)


def rename(result: Result) -> Result:
    """The result under its short name."""
    return replace(result, name=shorten(result.name))


def draw_bars(
    pairing: Pairing, products: Mapping[str, Product]
) -> tuple[float, list[dict[str, float | str]]]:
    """(height of the line of no difference, a bar for each group, most in favour of A first, with
    what it says under the pointer)."""
    x, y = answered_by_both(pairing.a, pairing.b, find_metric(pairing.metric).plain)
    gaps = differences_by_group(x, y, find_metric(pairing.metric).plain, fine=False)
    gaps.sort(key=lambda g: -g.difference)
    line, places = place_bars([g.difference for g in gaps])
    a, b = pairing.names
    units = unit_words(pairing.a)[0]
    said = (
        f"{name_group(pairing, products, g.sku)}: {a} {g.a:.2f}, {b} {g.b:.2f} of {g.n} {units}"
        for g in gaps
    )
    return line, [place | {"said": words} for place, words in zip(places, said, strict=True)]


def place_bars(gaps: Sequence[float]) -> tuple[float, list[dict]]:
    """(height of the line of no difference, one bar for each group: x, y, width, height, and
    whether A is ahead)."""
    high, low = max(0.0, *gaps), min(0.0, *gaps)
    scale, step = HEIGHT / ((high - low) or 1), WIDTH / max(len(gaps), 1)
    line = round(high * scale, 2)
    return line, [
        {
            "x": round(i * step, 2),
            "y": round(line - max(g, 0) * scale, 2),
            "width": round(step * 0.9, 2),
            "height": round(abs(g) * scale, 2),
            "a": g > 0,
        }
        for i, g in enumerate(gaps)
    ]


def list_sides(
    pairing: Pairing, products: Mapping[str, Product], group: GroupDifference
) -> list[Side]:
    """What a card shows: a photo on which they differ, the right product, and what either put first
    instead most often."""
    unit = singular(unit_words(pairing.a)[0])
    probe = next(iter((*group.only_a, *group.only_b)), "")
    photo = group.photos.get(probe)
    found = [Side(unit, probe, "", photo and thumbnail(Image(path=photo)), "")]
    wrong: dict[str, list[str]] = {}
    for name, product in zip(pairing.names, (group.a_found, group.b_found), strict=True):
        if product:
            wrong.setdefault(product, []).append(name)
    places = [("right product", group.sku, "right")]
    places += [(f"put first by {' and '.join(names)}", p, "wrong") for p, names in wrong.items()]
    return found + [
        Side(role, p, name_group(pairing, products, p), find_picture(products.get(p)), kind)
        for role, p, kind in places
    ]


def find_picture(product: Product | None) -> str | None:
    """A thumbnail of a product's first gallery picture."""
    return thumbnail(product.images[0]) if product and product.images else None


def name_group(pairing: Pairing, products: Mapping[str, Product], of: str) -> str:
    """What people call a product; its id where it is not known."""
    product, texts = products.get(of), pairing.a.settings.get("texts")
    roles = texts if isinstance(texts, list | tuple) else ()
    return name_product(product, TITLE, roles) if product else of
