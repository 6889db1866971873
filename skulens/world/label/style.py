"""How the labels of an SPU look: paper, ink, size of print, frames."""

from dataclasses import dataclass

from skulens.world.config import Stream
from skulens.world.label.bars import GRID
from skulens.world.label.record import Label
from skulens.world.truth.colours import Rgb, brightness, hexa, ink_on, mix
from skulens.world.truth.look import Look

SMALLEST_EM = 9.4
"""Scene units of a sheet: an x-height of 7.6 px in a close-up of 384 px, which tesseract reads."""
EMS = (13.0, 12.4, 11.8, 11.2, 10.6, 10.0, SMALLEST_EM)
"""Sizes of small print, tried from the largest."""


@dataclass(frozen=True)
class Style:
    """How the labels of an SPU look."""

    paper: Rgb
    ink: str
    rule: str
    em: float
    """Largest size of small print, scene units of a sheet."""
    surface: str
    """Material: "pack", "plate", "cloth", "card" or "sticker"."""
    frame: str
    """"none", "box", "rules" or "round", around tables and warnings."""
    above: bool
    """Headings stand on their own line."""
    centred: bool
    module: float
    """Width of the thinnest bar, scene units."""
    behind: Rgb
    """What lies beside or behind the label."""
    trim: Rgb
    seed: str
    """The SPU."""


def style_of(label: Label, look: Look) -> Style:
    """The style shared by all variants of an SPU; only the colour is the SKU's."""
    stream = Stream("label style", look.spu)
    em, frame = stream.choice(EMS[:-1]), stream.choice(("none", "box", "rules", "round"))
    above, centred, module = (
        stream.chance(0.3),
        stream.chance(0.25),
        stream.choice((2, 2, 3)) * GRID,
    )
    tone, material = (
        stream.choice(("pack", "pale", "white", "pack")),
        stream.choice(("light", "dark")),
    )
    surface = {"food": "pack", "hazard": "pack", "plate": "plate", "textile": "cloth"}.get(
        label.kind
    ) or stream.choice(("card", "sticker"))
    if surface == "pack":
        paper = {
            "pack": firm(look.base),
            "pale": mix(look.base, (255, 255, 255), 0.86),
            "white": (250, 250, 247),
        }[tone]
    elif surface == "plate":
        paper = (208, 211, 214) if material == "light" else (38, 39, 43)
    elif surface == "cloth":
        paper = {"pack": (30, 30, 34), "pale": (244, 240, 228), "white": (252, 252, 250)}[tone]
        centred = stream.chance(0.6)
    else:
        paper = {
            "pack": (233, 219, 190),
            "pale": mix(look.base, (255, 255, 255), 0.88),
            "white": (252, 252, 249),
        }[tone]
    rule = hexa(mix(paper, (20, 20, 24) if brightness(paper) > 0.55 else (255, 255, 255), 0.55))
    return Style(
        paper,
        ink_on(paper),
        rule,
        em,
        surface,
        frame,
        above,
        centred,
        module,
        look.base,
        look.second,
        look.spu,
    )


def firm(rgb: Rgb) -> Rgb:
    """A colour moved away from middle grey until print on it has contrast."""
    light = brightness(rgb)
    if light > 0.55:
        return mix(rgb, (255, 255, 255), min(max(0.8 - light, 0) * 1.6, 0.5))
    return mix(rgb, (10, 10, 16), min(max(light - 0.22, 0) * 1.7, 0.55))
