"""Comparisons of two stored results -> one self-contained page with the photos on which they
differ."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from skulens.analysis.boards import unit_words
from skulens.analysis.pairs import GroupDifference, Pairing
from skulens.bench.examples import WORDS, thumbnail
from skulens.records import Image, Product
from skulens.report.html import write_html
from skulens.report.words import conclude_pair

WIDTH, HEIGHT = 640, 160
"""Of the chart of all groups, in its own units."""


def write_comparison(
    pairings: Sequence[Pairing], products: Sequence[Mapping[str, Product]], out: Path
) -> Path:
    """Render comparisons to `out` (written aside, then renamed).

    Args:
        products: for each comparison the products of its catalogue by id; empty where it is not
            there.
    """
    values = {
        "title": " against ".join(pairings[0].names),
        "pairs": list(zip(pairings, products, strict=True)),
        "width": WIDTH,
        "height": HEIGHT,
    }
    functions = {
        "picture": find_picture,
        "words": describe_product,
        "bars": place_bars,
        "conclude": conclude_pair,
        "unit_words": unit_words,
    }
    return write_html("comparison.html", out, values, functions)


def place_bars(gaps: Sequence[float]) -> tuple[float, list[dict[str, float]]]:
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


def find_picture(
    group: GroupDifference, products: Mapping[str, Product], of: str | None
) -> str | None:
    """A thumbnail of a probe (its id) or of a product's gallery picture (its id)."""
    if of in group.photos:
        return thumbnail(Image(path=group.photos[of]))
    product = products.get(of or "")
    return thumbnail(product.images[0]) if product and product.images else None


def describe_product(pairing: Pairing, products: Mapping[str, Product], of: str | None) -> str:
    """A text that tells a person what a product is."""
    product, texts = products.get(of or ""), pairing.a.settings.get("texts")
    if product is None:
        return ""
    roles = texts if isinstance(texts, list | tuple) else ()
    return next((t for r in roles if (t := product.text(r))), product.title)[:WORDS]
