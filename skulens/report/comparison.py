"""Comparisons of two stored results -> one self-contained page with the photos on which they differ."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import jinja2
from markupsafe import Markup

from skulens import __version__
from skulens.analysis.pairs import Pairing, SkuDifference
from skulens.bench.examples import WORDS, thumbnail
from skulens.records import Image, Product

HERE = Path(__file__).parent
WIDTH, HEIGHT = 640, 160
"""Of the chart of all SKUs, in its own units."""


def write_comparison(
    pairings: Sequence[Pairing], products: Sequence[Mapping[str, Product]], out: Path
) -> Path:
    """Render comparisons to `out` (written aside, then renamed).

    Args:
        products: for each comparison the products of its catalogue by id; empty where it is not there.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.update(picture=picture, words=words, bars=bars, width=WIDTH, height=HEIGHT)
    page = environment.get_template("comparison.html").render(
        title=" against ".join(pairings[0].names),
        pairs=list(zip(pairings, products, strict=True)),
        style=Markup((HERE / "page.css").read_text(encoding="utf-8")),
        version=__version__,
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    aside = out.with_name(f".{out.name}.tmp")
    aside.write_text(page, encoding="utf-8")
    aside.replace(out)
    return out


def bars(gaps: Sequence[float]) -> tuple[float, list[dict[str, float]]]:
    """(height of the line of no difference, one bar for each SKU: x, y, width, height, and whether A is ahead)."""
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


def picture(sku: SkuDifference, products: Mapping[str, Product], of: str) -> str | None:
    """A thumbnail of a probe (its id) or of a product's gallery picture (its id)."""
    if of in sku.photos:
        return thumbnail(Image(path=sku.photos[of]))
    product = products.get(of)
    return thumbnail(product.images[0]) if product and product.images else None


def words(pairing: Pairing, products: Mapping[str, Product], sku: str | None) -> str:
    """A text that tells a person what a product is."""
    product = products.get(sku)
    roles = pairing.a.record["settings"]["texts"]
    return (
        next((t for r in roles if (t := product.text(r))), product.title)[:WORDS] if product else ""
    )
