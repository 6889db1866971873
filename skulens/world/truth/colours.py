"""Colour words and what they look like; the words are values of the MERIT cards.

The names that one class uses stand so far apart that the jitter of a SKU never brings it nearer
to another name of its class than to its own (a test says so).
"""

import colorsys
from functools import lru_cache

from skulens.world.config import Stream

RGB = {
    "black": (34, 34, 38), "white": (243, 243, 240), "gray": (134, 138, 144), "navy": (30, 46, 98),
    "beige": (216, 194, 158), "blue": (44, 108, 206), "green": (44, 148, 72),
    "pink": (241, 148, 184),
    "red": (208, 40, 46), "brown": (120, 72, 40), "purple": (122, 62, 166),
    "yellow": (246, 206, 40),
    "orange": (240, 128, 36), "burgundy": (112, 26, 52), "olive": (106, 112, 48),
    "teal": (18, 134, 140),
    "gold": (216, 172, 62), "silver": (196, 200, 206), "rose gold": (222, 158, 138),
    "light blue": (150, 196, 234), "lavender": (190, 172, 228), "natural wood": (198, 148, 92),
    "natural": (198, 148, 92), "walnut": (98, 64, 44), "light green": (158, 204, 88),
    "colorless": (226, 236, 244),
    "dark green": (30, 92, 52), "violet": (86, 50, 140),
}  # fmt: skip
"""sRGB of each colour word, 0 to 255."""

JITTER = 0.03
"""Largest shift of a SKU's hue (turns) and lightness (0 to 1) from its word's colour."""

Rgb = tuple[int, int, int]


def jitter(name: str, stream: Stream) -> Rgb:
    """The colour of one SKU: the word's colour with a small shift of hue and lightness."""
    hue, light, rich = colorsys.rgb_to_hls(*(v / 255 for v in RGB[name]))
    hue = (hue + stream.bell(JITTER * 0.6)) % 1
    light = min(max(light + stream.bell(JITTER), 0.0), 1.0)
    red, green, blue = colorsys.hls_to_rgb(hue, light, rich)
    return round(255 * red), round(255 * green), round(255 * blue)


@lru_cache(maxsize=1 << 13)
def mix(a: Rgb, b: Rgb, share: float) -> Rgb:
    """`a` with a share of `b`."""
    return (
        round(a[0] + (b[0] - a[0]) * share),
        round(a[1] + (b[1] - a[1]) * share),
        round(a[2] + (b[2] - a[2]) * share),
    )


@lru_cache(maxsize=1 << 13)
def hexa(rgb: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*rgb)


def darker(rgb: Rgb, share: float = 0.3) -> str:
    return hexa(mix(rgb, (8, 8, 14), share))


def lighter(rgb: Rgb, share: float = 0.3) -> str:
    return hexa(mix(rgb, (255, 255, 255), share))


@lru_cache(maxsize=1 << 13)
def brightness(rgb: Rgb) -> float:
    """Rec. 709 luma of the gamma-coded values, 0 to 1."""
    return (0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]) / 255


def ink_on(rgb: Rgb) -> str:
    """Black or white, whichever is read better on `rgb`."""
    return "#202024" if brightness(rgb) > 0.55 else "#fafaf7"


def thread(rgb: Rgb, share: float) -> str:
    """A tone of the same hue that stands out from it: brighter on dark, darker on bright."""
    return lighter(rgb, share * 0.8) if brightness(rgb) < 0.35 else darker(rgb, share)
