"""Pictures whose content a model can read and a program can check: a number on a plain colour.

Four squares in the corners encode the number in base 8, so that it is read without OCR: top left,
top right, bottom left, bottom right, most significant first, each digit a colour of `COLOURS`.
"""

import io
import random
from dataclasses import dataclass
from functools import cache

import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont
import PIL.ImageStat

from skulens.records import Image

COLOURS = {
    "red": (255, 0, 0),
    "green": (0, 160, 0),
    "blue": (0, 0, 255),
    "yellow": (255, 255, 0),
    "cyan": (0, 255, 255),
    "magenta": (255, 0, 255),
    "white": (255, 255, 255),
    "black": (0, 0, 0),
}
"""Name -> RGB; the position is the digit."""
NAMES = list(COLOURS)
NUMBERS = range(1000, 8**4)
"""Four digits for people, four in base 8."""
SIDE_PX = 336
SQUARE = 1 / 6
"""Side of a corner's square, of the picture's."""
NEAR = 70
"""Most that a channel's mean may be away from a colour of the palette."""
UNEVEN = 45
"""Standard deviation of a channel within a patch that is no longer plain."""
CORNERS = ((0, 0), (1, 0), (0, 1), (1, 1))
"""Of the squares, most significant digit first."""


@dataclass(frozen=True, slots=True)
class CanaryPicture:
    """A picture and what it shows."""

    data: bytes
    """PNG."""
    colour: str
    number: int

    @property
    def image(self) -> Image:
        return Image(data=self.data)

    @property
    def answer(self) -> str:
        return f"{self.colour} {self.number}"


def make_canary(seed: int, i: int) -> CanaryPicture:
    """Picture `i` of a seed; all of a seed have different numbers."""
    numbers = shuffle_numbers(seed)
    number = numbers[i % len(numbers)]
    digits = digits_of(number)
    free = [name for j, name in enumerate(COLOURS) if j not in digits]
    colour = random.Random(f"canary {seed} {i}").choice(free)
    return CanaryPicture(draw_canary(colour, number), colour, number)


def draw_canary(colour: str, number: int) -> bytes:
    """PNG of a number on a colour. No corner may have the background's colour."""
    side, square = SIDE_PX, round(SIDE_PX * SQUARE)
    picture = PIL.Image.new("RGB", (side, side), COLOURS[colour])
    draw = PIL.ImageDraw.Draw(picture)
    palette = list(COLOURS.values())
    for (x, y), digit in zip(CORNERS, digits_of(number), strict=True):
        left, top = x * (side - square), y * (side - square)
        draw.rectangle((left, top, left + square - 1, top + square - 1), palette[digit])
    red, green, blue = COLOURS[colour]
    ink = "black" if 0.3 * red + 0.59 * green + 0.11 * blue > 127 else "white"
    font = PIL.ImageFont.load_default(side // 4)
    draw.text((side / 2, side / 2), str(number), ink, font, anchor="mm")
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def read_canary(picture: PIL.Image.Image) -> tuple[str, int] | None:
    """(colour, number) of a canary's picture, resized or compressed as it may be; None for any
    other picture."""
    rgb = picture.convert("RGB")
    width, height = rgb.size
    if min(width, height) < 24:
        return None
    half = SQUARE / 2
    corners = [
        read_patch(rgb, x * (1 - SQUARE) + half, y * (1 - SQUARE) + half) for x, y in CORNERS
    ]
    ground = {read_patch(rgb, x, y) for x, y in ((0.5, half), (half, 0.5), (1 - half, 0.5))}
    if None in corners or len(ground) != 1 or ground & {None, *corners}:
        return None
    number = 0
    for patch in corners:
        number = number * 8 + NAMES.index(str(patch))
    return (str(ground.pop()), number) if number in NUMBERS else None


def read_patch(rgb: PIL.Image.Image, x: float, y: float) -> str | None:
    """The palette's colour around a point in the unit square; None where it has none."""
    reach = SQUARE / 4
    width, height = rgb.size
    left, right = round((x - reach) * width), round((x + reach) * width)
    top, bottom = round((y - reach) * height), round((y + reach) * height)
    found = PIL.ImageStat.Stat(rgb.crop((left, top, right, bottom)))
    if max(found.stddev) > UNEVEN:
        return None
    for name, colour in COLOURS.items():
        if all(abs(a - b) <= NEAR for a, b in zip(found.mean, colour, strict=True)):
            return name
    return None


def digits_of(number: int) -> tuple[int, ...]:
    """Four digits in base 8, most significant first."""
    return tuple(number // 8**place % 8 for place in (3, 2, 1, 0))


@cache
def shuffle_numbers(seed: int) -> list[int]:
    numbers = list(NUMBERS)
    random.Random(f"canary {seed}").shuffle(numbers)
    return numbers
