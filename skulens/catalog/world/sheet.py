"""A contact sheet of a shop: what a person looks at to see whether it is one."""

import itertools
import textwrap
from collections.abc import Iterator
from pathlib import Path

import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont

from skulens.catalog.world.config import FONTS
from skulens.pictures import decode
from skulens.protocols import Catalog
from skulens.records import Image, Product

COLUMNS = 8
SIDE_PX = 192
LINES = 4
"""lines of title under a picture"""


def sheet(shop: Catalog, out: Path, skus: int, photos: bool = False) -> tuple[int, int]:
    """Write the first `skus` products as a PNG and return its (width, height) in pixels."""
    cells = list(photo_cells(shop, skus) if photos else itertools.islice(((p.title, p.images[0]) for p in shop.products() if p.images), skus))
    rows = -(-len(cells) // COLUMNS)
    text_px = 14 * LINES + 8
    picture = PIL.Image.new("RGB", (COLUMNS * SIDE_PX, rows * (SIDE_PX + text_px)), "white")
    font = PIL.ImageFont.truetype(FONTS / "NotoSans-Regular.ttf", 11)
    draw = PIL.ImageDraw.Draw(picture)
    for number, (words, image) in enumerate(cells):
        x, y = number % COLUMNS * SIDE_PX, number // COLUMNS * (SIDE_PX + text_px)
        picture.paste(decode(image.read()).resize((SIDE_PX - 8, SIDE_PX - 8)), (x + 4, y + 4))
        lines = textwrap.wrap(words, 32)
        text = "\n".join([*lines[: LINES - 1], textwrap.shorten(" ".join(lines[LINES - 1 :]), 32, placeholder=" ...")])
        draw.multiline_text((x + 6, y + SIDE_PX), text, "#333", font, spacing=1)
    out.parent.mkdir(parents=True, exist_ok=True)
    picture.save(out, "PNG", optimize=True)
    return picture.size


def photo_cells(shop: Catalog, skus: int) -> Iterator[tuple[str, Image]]:
    """For each product its clean picture, then its photos, one row of the sheet."""
    wanted: dict[str, tuple[Product, list[Image]]] = {p.id: (p, []) for p in itertools.islice(shop.products(), skus)}
    for query in itertools.chain.from_iterable(map(shop.queries, shop.info.splits)):
        for product in query.relevant:
            if product in wanted:
                wanted[product][1].append(query.item.parts[0])
    for product, found in wanted.values():
        yield from [(product.texts.get("caption", ""), i) for i in [*product.images[:1], *found][:COLUMNS]]
