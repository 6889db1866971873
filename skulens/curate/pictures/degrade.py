"""Known faults, drawn on good pictures: what the limits of scores are chosen and judged by.

Every fault is drawn with its own chance, named by a seed, its kind and the picture's number.
Strengths are uniform within these ranges (blur: uniform in the logarithm):

    blur        Gaussian, standard deviation 0.3 to 2 % of the longer side
    clutter     5 to 12 other products, a third to three fifths of the picture wide, half of them at
                its sides
    text        print over 15 to 50 % of the height, half of it on a banner
    watermark   words at an opacity of 15 to 50 %, turned by up to 45 degrees, once or all over
"""

import math
import random
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files

import PIL.Image
import PIL.ImageDraw
import PIL.ImageFilter
import PIL.ImageFont

LATIN = (
    "SALE", "FREE", "NEW", "HOT", "50%", "OFF", "100%", "ORIGINAL", "PROMO", "DISKON", "GRATIS",
    "ONGKIR", "MURAH", "BEST", "SELLER", "READY", "STOCK", "giảm", "giá", "miễn", "phí", "percuma",
)  # fmt: skip
THAI = ("ลดราคา", "ส่งฟรี", "ของแท้", "พร้อมส่ง", "โปรโมชั่น")
INKS = ((128, 128, 128), (0, 0, 0), (90, 90, 90), (200, 0, 0))
Picture = PIL.Image.Image


def blur(picture: Picture, chance: random.Random, others: Sequence[Picture]) -> Picture:
    share = math.exp(chance.uniform(math.log(0.003), math.log(0.02)))
    return picture.filter(PIL.ImageFilter.GaussianBlur(share * max(picture.size)))


def clutter(picture: Picture, chance: random.Random, others: Sequence[Picture]) -> Picture:
    """Other products of a white background, laid over this one."""
    made = picture.copy()
    width, height = made.size
    for number in range(chance.randint(5, 12)):
        share = chance.uniform(0.33, 0.6)
        other = chance.choice(others).resize((round(width * share), round(height * share)))
        shape = other.convert("L").point(lambda level: 255 * (level < 245))
        x, y = chance.uniform(-0.3, 1), chance.uniform(-0.3, 1)
        if number % 2:
            side = chance.choice((chance.uniform(-0.35, -0.05), chance.uniform(0.65, 0.9)))
            x, y = (side, y) if chance.random() < 0.5 else (x, side)
        made.paste(other, (round(x * width), round(y * height)), shape)
    return made


def text(picture: Picture, chance: random.Random, others: Sequence[Picture]) -> Picture:
    made = picture.copy()
    draw = PIL.ImageDraw.Draw(made)
    width, height = made.size
    share = chance.uniform(0.15, 0.5)
    top = chance.uniform(0, 1 - share) * height
    bottom = top + share * height
    colour = tuple(chance.randrange(256) for _ in range(3))
    ink = colour if sum(colour) < 500 else (200, 0, 0)
    if chance.random() < 0.5:
        draw.rectangle((0, top, width, bottom), fill=colour)
        ink = (255, 255, 255) if sum(colour) < 380 else (0, 0, 0)
    while top < bottom - 8:
        size = max(10, round(height * chance.uniform(0.05, 0.12)))
        words, font = say(chance, chance.randint(2, 5), size)
        draw.text((width * chance.uniform(0, 0.1), top), words, font=font, fill=ink)
        top += 1.3 * size
    return made


def watermark(picture: Picture, chance: random.Random, others: Sequence[Picture]) -> Picture:
    width, height = picture.size
    layer = PIL.Image.new("L", (2 * width, 2 * height), 0)
    draw = PIL.ImageDraw.Draw(layer)
    size = max(8, round(height * chance.uniform(0.06, 0.16)))
    words, font = say(chance, 1, size)
    if chance.random() < 0.5:
        draw.text((width, height), words, font=font, fill=255, anchor="mm")
    else:
        across = max(1, round(draw.textlength(words, font=font) * chance.uniform(1.2, 1.8)))
        for y in range(0, 2 * height, round(size * chance.uniform(2, 4))):
            for x in range(0, 2 * width, across):
                draw.text((x, y), words, font=font, fill=255)
    layer = layer.rotate(chance.uniform(-45, 45))
    left, top = width // 2, height // 2
    layer = layer.crop((left, top, left + width, top + height))
    opacity = chance.uniform(0.15, 0.5)
    ink = PIL.Image.new("RGB", picture.size, chance.choice(INKS))
    return PIL.Image.composite(ink, picture, layer.point(lambda level: round(level * opacity)))


Fault = Callable[[Picture, random.Random, Sequence[Picture]], Picture]
FAULTS: Mapping[str, Fault] = {
    "blur": blur,
    "clutter": clutter,
    "text": text,
    "watermark": watermark,
}


def degrade(
    picture: Picture, fault: str, number: int, others: Sequence[Picture], seed: int
) -> Picture:
    """The picture with a fault of `FAULTS`.

    Args:
        number: of the picture, and `seed`: another of either gives another fault.
        others: pictures of other products, for clutter.
    """
    return FAULTS[fault](picture, random.Random(f"{seed}/{fault}/{number}"), others)


def say(chance: random.Random, words: int, px: int) -> tuple[str, PIL.ImageFont.FreeTypeFont]:
    """Words of one script with a font that has its letters."""
    thai = chance.random() < 0.25
    chosen = " ".join(chance.choice(THAI if thai else LATIN) for _ in range(words))
    return chosen, load_font("Thai" if thai else "", chance.choice(("Bold", "Regular")), px)


@lru_cache(maxsize=256)
def load_font(script: str, weight: str, px: int) -> PIL.ImageFont.FreeTypeFont:
    path = files("skulens.world") / "fonts" / f"NotoSans{script}-{weight}.ttf"
    return PIL.ImageFont.truetype(str(path), px)
