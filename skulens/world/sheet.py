"""Contact sheets of a shop: what a person looks at to see whether it is one."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont
import pyarrow.parquet as pq

from skulens.pictures import decode
from skulens.records import Image, Product, chunks
from skulens.world.config import FONTS
from skulens.world.reader import World

COLUMNS = 8
SIDE_PX, LABEL_PX = 192, 384
LINES = 4
"""Lines of words under a picture."""
INK = {"yes": "#1a8f3c", "partly": "#d98a00", "no": "#cc2222"}
"""Colour of the box around print, by legibility."""


@dataclass(frozen=True)
class Cell:
    words: str
    image: Image
    boxes: tuple[tuple[list[float], str], ...] = ()
    """(quad in pixels, legible) of what is printed in it"""


def sheet(shop: World, out: Path, skus: int, kind: str = "titles") -> tuple[int, int]:
    """Write `skus` products as a PNG and return its (width, height) in pixels.

    Kinds: "titles" (front pictures side by side, variants and all), and of one variant of each
    product "views" and "photos" (a row per product) and "labels" (close-ups with a box around
    everything printed: green can be read, orange partly, red not).
    """
    products = list(
        itertools.islice(shop.products() if kind == "titles" else firsts(shop.products()), skus)
    )
    rows = list(
        {"titles": title_rows, "views": view_rows, "photos": photo_rows, "labels": label_rows}[
            kind
        ](shop, products)
    )
    side = LABEL_PX if kind == "labels" else SIDE_PX
    cell_height = side + 14 * LINES + 8
    picture = PIL.Image.new(
        "RGB", (max(map(len, rows), default=1) * side, max(len(rows), 1) * cell_height), "white"
    )
    font = PIL.ImageFont.truetype(FONTS / "NotoSans-Regular.ttf", 11)
    draw = PIL.ImageDraw.Draw(picture)
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            x, y = column * side, row * cell_height
            picture.paste(draw_cell(cell, side - 8), (x + 4, y + 4))
            draw.multiline_text(
                (x + 6, y + side), wrap(cell.words, font, side - 12), "#333", font, spacing=1
            )
    out.parent.mkdir(parents=True, exist_ok=True)
    picture.save(out, "PNG", optimize=True)
    return picture.size


def firsts(products: Iterable[Product]) -> Iterator[Product]:
    """The first variant of each SPU."""
    seen: set[str | None] = set()
    for product in products:
        if product.spu not in seen:
            seen.add(product.spu)
            yield product


def draw_cell(cell: Cell, px: int) -> PIL.Image.Image:
    """The picture with its boxes, px by px."""
    picture = decode(cell.image.read())
    scale = px / picture.width
    picture = picture.resize((px, px), PIL.Image.Resampling.LANCZOS)
    draw = PIL.ImageDraw.Draw(picture)
    for quad, legible in cell.boxes:
        draw.polygon([v * scale for v in quad], outline=INK[legible])
    return picture


def wrap(words: str, font: PIL.ImageFont.FreeTypeFont, width_px: int) -> str:
    """At most LINES lines, none wider than `width_px`; "..." where words are left out."""
    lines: list[str] = []
    for word in words.split():
        if lines and font.getlength(f"{lines[-1]} {word}") <= width_px:
            lines[-1] += f" {word}"
        elif len(lines) < LINES:
            lines.append(clip(word, font, width_px))
        else:
            lines[-1] = clip(f"{lines[-1]} {word}", font, width_px)
            break
    return "\n".join(lines)


def clip(words: str, font: PIL.ImageFont.FreeTypeFont, width_px: int) -> str:
    """As many letters as fit, with "..." behind them where some do not."""
    if font.getlength(words) <= width_px:
        return words
    kept = words
    while kept and font.getlength(f"{kept} ...") > width_px:
        kept = kept[:-1]
    return f"{kept.rstrip(' ,')} ..."


def title_rows(_shop: World, products: list[Product]) -> Iterator[list[Cell]]:
    cells = [Cell(p.title, p.images[0]) for p in products if p.images]
    yield from map(list, chunks(cells, COLUMNS))


def view_rows(_shop: World, products: list[Product]) -> Iterator[list[Cell]]:
    for product in products:
        yield [
            Cell(f"{image.view}: {product.title}" if n else product.title, image)
            for n, image in enumerate(product.images)
        ]


def photo_rows(shop: World, products: list[Product]) -> Iterator[list[Cell]]:
    """For each product a row: its front, then its photos, with the caption."""
    found: dict[str, list[Image]] = {p.id: list(p.images[:1]) for p in products}
    for query in itertools.chain.from_iterable(map(shop.queries, shop.info.splits)):
        for sku in query.relevant:
            if sku in found:
                found[sku] += [part for part in query.item.parts if isinstance(part, Image)]
    for product in products:
        yield [
            Cell(product.texts.get("caption", ""), image) for image in found[product.id][:COLUMNS]
        ]


def label_rows(shop: World, products: list[Product]) -> Iterator[list[Cell]]:
    wanted = [(p, image) for p in products for image in p.images if image.view == "label"]
    ids = [p.id for p, _ in wanted]
    boxes: dict[str, list[tuple[list[float], str]]] = {}
    for row in (
        pq.read_table(shop.root / "regions.parquet", filters=[("id", "in", ids)]).to_pylist()
        if ids
        else ()
    ):
        boxes.setdefault(row["image"], []).append((row["quad"], row["legible"]))
    cells = [
        Cell(p.title, i, tuple(boxes.get(str(Path(i.path or "").relative_to(shop.root)), ())))
        for p, i in wanted
    ]
    yield from map(list, chunks(cells, COLUMNS // 2))
