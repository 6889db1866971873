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
from skulens.records import Image, Product, chunks

COLUMNS = 8
SIDE_PX = 192
LINES = 4
"""lines of title under a picture"""


def sheet(shop: Catalog, out: Path, skus: int, photos: bool = False) -> tuple[int, int]:
    """Write the first `skus` products as a PNG and return its (width, height) in pixels."""
    rows = list(photo_rows(shop, skus) if photos else title_rows(shop, skus))
    columns, text_px = max(map(len, rows)), 14 * LINES + 8
    picture = PIL.Image.new("RGB", (columns * SIDE_PX, len(rows) * (SIDE_PX + text_px)), "white")
    font = PIL.ImageFont.truetype(FONTS / "NotoSans-Regular.ttf", 11)
    draw = PIL.ImageDraw.Draw(picture)
    for row, column, (words, image) in ((r, c, cell) for r, cells in enumerate(rows) for c, cell in enumerate(cells)):
        x, y = column * SIDE_PX, row * (SIDE_PX + text_px)
        picture.paste(decode(image.read()).resize((SIDE_PX - 8, SIDE_PX - 8)), (x + 4, y + 4))
        draw.multiline_text((x + 6, y + SIDE_PX), wrapped(words), "#333", font, spacing=1)
    out.parent.mkdir(parents=True, exist_ok=True)
    picture.save(out, "PNG", optimize=True)
    return picture.size


def wrapped(words: str) -> str:
    """At most LINES lines."""
    lines = textwrap.wrap(words, 32)
    return "\n".join([*lines[: LINES - 1], textwrap.shorten(" ".join(lines[LINES - 1 :]), 32, placeholder=" ...")])


def title_rows(shop: Catalog, skus: int) -> Iterator[list[tuple[str, Image]]]:
    """Products side by side, (title, clean picture)."""
    cells = [(p.title, p.images[0]) for p in itertools.islice(shop.products(), skus) if p.images]
    yield from chunks(cells, COLUMNS)


def photo_rows(shop: Catalog, skus: int) -> Iterator[list[tuple[str, Image]]]:
    """For each product a row: its clean picture, then its photos, with the caption."""
    wanted: dict[str, tuple[Product, list[Image]]] = {p.id: (p, []) for p in itertools.islice(shop.products(), skus)}
    for query in itertools.chain.from_iterable(map(shop.queries, shop.info.splits)):
        for product in query.relevant:
            if product in wanted:
                wanted[product][1].append(query.item.parts[0])
    for product, found in wanted.values():
        yield [(product.texts.get("caption", ""), i) for i in [*product.images[:1], *found][:COLUMNS]]
