"""Textures: the fine structure of a material over its base colour."""

from skulens.world.canvas.svg import Canvas
from skulens.world.truth.colours import Rgb, darker, lighter, thread


def _denim(c: Canvas, rgb: Rgb) -> str:
    return c.tile(
        3.4,
        3.4,
        f'<path d="M-1 4.4L4.4-1" stroke="{lighter(rgb, 0.6)}" stroke-width="1.1"'
        ' stroke-opacity=".6"/>',
    )


def _knit(c: Canvas, rgb: Rgb) -> str:
    v = (
        '<path d="M0 0L3.5 5L7 0" fill="none" stroke="%s" stroke-width="1.3" stroke-opacity=".4"'
        ' transform="translate(0 %d)"/>'
    )
    return c.tile(7, 6, v % (darker(rgb, 0.7), 1) + v % (lighter(rgb, 0.6), -1))


def _leather(c: Canvas, rgb: Rgb) -> str:
    grain = "M1 3q2-2 4 0t4-1M7 8q2 2 4 0t3 1M1 11q3-1 4 1M10 2q2 1 3-1"
    return c.tile(
        14,
        13,
        f'<path d="{grain}" fill="none" stroke="{thread(rgb, 0.75)}" stroke-width=".7"'
        ' stroke-opacity=".2"/>',
    )


def _canvas(c: Canvas, rgb: Rgb) -> str:
    tone = thread(rgb, 0.7)
    return c.tile(
        6,
        6,
        f'<path d="M0 1.5h6M1.5 0v6" stroke="{tone}" stroke-width="1.6" stroke-opacity=".42"/>',
    )


def _upholstery(c: Canvas, rgb: Rgb) -> str:
    return c.tile(
        3.6,
        3.6,
        f'<path d="M0 .7h3.6M.7 0v3.6" stroke="{thread(rgb, 0.6)}" stroke-width=".7"'
        ' stroke-opacity=".28"/>',
    )


def _linen(c: Canvas, rgb: Rgb) -> str:
    slubs = "M0 4h17M24 4h9M6 11h25M0 17h8M20 18h20M4 25h30M38 29h8M3 31h10"
    across = "M5 0v12M14 8v20M23 0v9M30 16v18M38 3v16M43 22v10"
    return c.tile(
        46,
        34,
        f'<path d="{slubs}{across}" stroke="{thread(rgb, 0.6)}" stroke-width="1.2"'
        ' stroke-opacity=".34"/>',
    )


def _ripstop(c: Canvas, rgb: Rgb) -> str:
    tone = thread(rgb, 0.6)
    return c.tile(
        10, 10, f'<path d="M0 5h10M5 0v10" stroke="{tone}" stroke-width="1" stroke-opacity=".36"/>'
    )


def _corduroy(c: Canvas, rgb: Rgb) -> str:
    bars = f'<rect width="1.8" height="9" fill="{thread(rgb, 0.7)}" fill-opacity=".45"/>'
    return c.tile(
        5, 9, bars + '<rect x="2.6" width="1" height="9" fill="#fff" fill-opacity=".16"/>'
    )


def _quilted(c: Canvas, rgb: Rgb) -> str:
    dark, bright = thread(rgb, 0.65), lighter(rgb, 0.5)
    cross = (
        f'<path d="M0 0L20 20M20 0L0 20" stroke="{dark}" stroke-width="1.4" stroke-opacity=".6"/>'
    )
    lip = f'<path d="M1.5 0L20 18.5" stroke="{bright}" stroke-width="1" stroke-opacity=".5"/>'
    return c.tile(
        20,
        20,
        cross
        + lip
        + '<path d="M10 2L18 10" stroke="#fff" stroke-width="1.4" stroke-opacity=".22"/>',
    )


def _woven(c: Canvas, rgb: Rgb) -> str:
    dark = darker(rgb, 0.6)
    return c.tile(
        10,
        10,
        f'<path d="M0 2.5h5M5 7.5h5M2.5 5v5M7.5 0v5" stroke="{dark}" stroke-width="1.1"'
        ' stroke-opacity=".55"/>'
        '<path d="M0 4.5h5M5 9.5h5" stroke="#fff" stroke-width=".8" stroke-opacity=".3"/>',
    )


def _mesh(c: Canvas, rgb: Rgb) -> str:
    return c.tile(
        5, 5, f'<circle cx="2.5" cy="2.5" r="1.2" fill="{thread(rgb, 0.7)}" fill-opacity=".5"/>'
    )


def _wood(c: Canvas, rgb: Rgb) -> str:
    grain = "M0 5q25-4 50 0t50-1M0 12q30 4 55 0t45 1M0 19q20-5 48 0t52 0M30 8q10 3 22 0"
    return c.tile(
        100,
        23,
        f'<path d="{grain}" fill="none" stroke="{darker(rgb, 0.6)}" stroke-width="1.2"'
        ' stroke-opacity=".4"/>',
    )


def _velvet(c: Canvas, rgb: Rgb) -> str:
    return c.radial(
        (0, lighter(rgb, 0.35), 0.5), (1, darker(rgb, 0.4), 0.45), at=(0.4, 0.35), r=0.75
    )


def _gloss(c: Canvas, rgb: Rgb) -> str:
    return c.gradient(
        (0, "#fff", 0),
        (0.18, "#fff", 0.05),
        (0.24, "#fff", 0.5),
        (0.34, "#fff", 0.06),
        (1, "#fff", 0),
        to=(1, 0.5),
    )


def _glitter(c: Canvas, rgb: Rgb) -> str:
    dots = "".join(
        f'<circle cx="{x}" cy="{y}" r=".9" fill="#fff" fill-opacity=".8"/>'
        for x, y in ((2, 3), (8, 6), (5, 11), (12, 2), (13, 10))
    )
    return c.tile(15, 13, dots)


TEXTURES = {
    "denim": _denim, "wool": _knit, "knit": _knit, "knitted": _knit, "leather": _leather,
    "faux leather": _leather,
    "canvas": _canvas, "nylon": _ripstop, "linen": _linen, "fabric": _upholstery,
    "corduroy": _corduroy, "quilted": _quilted,
    "woven": _woven, "straw": _woven, "rattan": _woven, "mesh": _mesh, "wood": _wood,
    "solid wood": _wood,
    "bamboo": _wood, "velvet": _velvet, "suede": _velvet, "patent leather": _gloss,
    "plush": _velvet, "glitter": _glitter,
}  # fmt: skip
"""Values of the material keys whose surface is drawn."""
