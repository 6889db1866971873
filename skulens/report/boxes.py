"""Evidence drawn on the pictures that it was read in: numbered boxes, and crops of them."""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont

from skulens.claims import Label, Quad

COLOURS = {"VC": (0, 122, 92), "VI": (196, 50, 20), "U": (150, 105, 0)}
"""Label -> colour; each of 4.5 to 1 against white, told apart by people who see no red or green.
Labels also differ by line: VC whole, VI double, U dashed."""
NAMES = {"VC": "confirmed", "VI": "contradicted", "U": "undecided"}
"""Label -> the word that people read."""
WORST: tuple[Label, ...] = ("VC", "U", "VI")
"""The last is the worst."""
DASH = 9
MARGIN = 0.35
"""Space around a crop, in heights of its text."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A box to draw."""

    quad: Quad
    label: Label
    number: int = 0
    """Drawn at its corner; 0 draws none."""
    words: str = ""
    """For the legend: field and value."""


def draw_boxes(picture: PIL.Image.Image, marks: Sequence[Mark]) -> PIL.Image.Image:
    """A copy of the picture with a box around each mark and its number beside it.

    Marks of the same place share a box, in the colour of the worst of their labels, and the numbers
    stand together ("2-5").
    """
    drawn = picture.convert("RGB").copy()
    pen = PIL.ImageDraw.Draw(drawn)
    unit = max(2, round(max(drawn.size) / 400))
    places: dict[Quad, list[Mark]] = {}
    for mark in marks:
        places.setdefault(mark.quad, []).append(mark)
    worst = {quad: max((m.label for m in ms), key=WORST.index) for quad, ms in places.items()}
    for quad, label in worst.items():
        outline(pen, corners_of(quad), label, unit)
    for quad, label in worst.items():
        if numbers := write_numbers([m.number for m in places[quad] if m.number]):
            tag(pen, corners_of(quad), numbers, COLOURS[label], unit, drawn.size)
    return drawn


def outline(
    pen: PIL.ImageDraw.ImageDraw, corners: Sequence[tuple[float, float]], label: Label, unit: int
) -> None:
    """The frame of a box: whole, dashed or double, on a white one that shows it on any print."""
    colour, whole = COLOURS[label], [*corners, corners[0], corners[1]]
    pen.line(whole, fill="white", width=2 * unit, joint="curve")
    if label == "U":
        dashed(pen, corners, colour, unit)
    else:
        pen.line(whole, fill=colour, width=unit, joint="curve")
    if label == "VI":
        outer = grow(corners, 2.5 * unit)
        pen.line([*outer, outer[0], outer[1]], fill=colour, width=unit, joint="curve")


def write_numbers(numbers: Sequence[int]) -> str:
    """[2, 3, 4, 7] -> "2-4,7"."""
    runs: list[list[int]] = []
    for n in sorted(set(numbers)):
        if runs and n == runs[-1][1] + 1:
            runs[-1][1] = n
        else:
            runs.append([n, n])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def with_legend(picture: PIL.Image.Image, marks: Sequence[Mark]) -> PIL.Image.Image:
    """`draw_boxes`, with a list of numbers and words below the picture."""
    drawn = draw_boxes(picture, marks)
    size = max(14, round(drawn.width / 55))
    rows = [
        (f"{m.number}  {NAMES[m.label]}: {m.words}", COLOURS[m.label]) for m in marks if m.words
    ]
    most = max(20, int(1.75 * drawn.width / size))
    rows = [(text if len(text) <= most else text[: most - 1] + "…", c) for text, c in rows]
    step = round(1.45 * size)
    page = PIL.Image.new("RGB", (drawn.width, drawn.height + step * len(rows) + size), "white")
    page.paste(drawn, (0, 0))
    pen = PIL.ImageDraw.Draw(page)
    for i, (text, colour) in enumerate(rows):
        place = (size // 2, drawn.height + size // 2 + i * step)
        pen.text(place, text, fill=colour, font=font_for(text, size))
    return page


def crop(picture: PIL.Image.Image, quad: Quad, margin: float = MARGIN) -> PIL.Image.Image:
    """The part of an upright picture in which a quad lies, with some space around it."""
    corners = corners_of(quad)
    space = margin * max(
        8.0, min(math.dist(corners[0], corners[3]), math.dist(corners[0], corners[1]))
    )
    left, right = min(x for x, _ in corners) - space, max(x for x, _ in corners) + space
    top, bottom = min(y for _, y in corners) - space, max(y for _, y in corners) + space
    left, top = max(0, math.floor(left)), max(0, math.floor(top))
    right = min(picture.width, max(left + 1, math.ceil(right)))
    bottom = min(picture.height, max(top + 1, math.ceil(bottom)))
    return picture.crop((min(left, right - 1), min(top, bottom - 1), right, bottom))


def corners_of(quad: Quad) -> list[tuple[float, float]]:
    return list(zip(quad[0::2], quad[1::2], strict=True))


def grow(corners: Sequence[tuple[float, float]], by: float) -> list[tuple[float, float]]:
    """Corners pushed outwards from their centre."""
    x0, y0 = (sum(c[i] for c in corners) / 4 for i in (0, 1))
    grown = []
    for x, y in corners:
        far = math.dist((x, y), (x0, y0)) or 1.0
        grown.append((x + by * (x - x0) / far, y + by * (y - y0) / far))
    return grown


def dashed(
    pen: PIL.ImageDraw.ImageDraw,
    corners: Sequence[tuple[float, float]],
    colour: tuple[int, int, int],
    unit: int,
) -> None:
    """A dashed outline."""
    for (x1, y1), (x2, y2) in zip(corners, [*corners[1:], corners[0]], strict=True):
        length = math.dist((x1, y1), (x2, y2))
        steps = max(1, int(length / (DASH * unit / 2)))
        for i in range(0, steps, 2):
            a, b = i / steps, min(1.0, (i + 1) / steps)
            start = (x1 + a * (x2 - x1), y1 + a * (y2 - y1))
            pen.line([start, (x1 + b * (x2 - x1), y1 + b * (y2 - y1))], fill=colour, width=unit)


def tag(
    pen: PIL.ImageDraw.ImageDraw,
    corners: Sequence[tuple[float, float]],
    text: str,
    colour: tuple[int, int, int],
    unit: int,
    size: tuple[int, int],
) -> None:
    """Numbers on a filled plate beside a box: left of it, else right of it, else above."""
    font = font_for(text, 8 * unit)
    left, top, right, bottom = pen.textbbox((0, 0), text, font=font)
    width, height = right - left + 4 * unit, bottom - top + 4 * unit
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    x, y = min(xs) - width - unit, (min(ys) + max(ys) - height) / 2
    if x < 0:
        x = max(xs) + unit
    if x + width > size[0]:
        x, y = min(xs), min(ys) - height
    x, y = min(max(0.0, x), size[0] - width), min(max(0.0, y), size[1] - height)
    pen.rectangle((x, y, x + width, y + height), fill=colour)
    pen.text((x + 2 * unit - left, y + 2 * unit - top), text, fill="white", font=font)


def font_for(text: str, size: int) -> PIL.ImageFont.FreeTypeFont:
    thai = any("\u0e00" <= c <= "\u0e7f" for c in text)
    return font("NotoSansThai-Regular.ttf" if thai else "NotoSans-Regular.ttf", size)


@cache
def font(name: str, size: int) -> PIL.ImageFont.FreeTypeFont:
    data = files("skulens.world").joinpath("fonts", name).read_bytes()
    return PIL.ImageFont.truetype(io.BytesIO(data), size)
