"""Cut stones of jewelry."""

from skulens.world.canvas.surface import THUMBNAIL
from skulens.world.canvas.svg import Canvas, ellipse, n
from skulens.world.truth.colours import Rgb, darker, hexa, lighter

FACETS_PX = 2.0
"""Radius below which a stone is a dot: its facets would be smaller than a pixel."""


def stone(c: Canvas, x: float, y: float, r: float, rgb: Rgb, shape: str = "round") -> None:
    """A cut stone with facets and a sparkle."""
    d = stone_path(x, y, r, shape)
    if c.scale < THUMBNAIL and r * c.scale < FACETS_PX:
        c.shape(d, lighter(rgb, 0.25))
        c.shape(ellipse(x - 0.2 * r, y - 0.25 * r, 0.4 * r, 0.35 * r), lighter(rgb, 0.7))
        c.line(d, darker(rgb, 0.5), max(r * 0.07, 0.7), 0.8)
        return
    c.shape(
        d,
        c.radial(
            (0, lighter(rgb, 0.75), 1),
            (0.3, lighter(rgb, 0.3), 1),
            (0.75, hexa(rgb), 1),
            (1, darker(rgb, 0.25), 1),
            at=(0.4, 0.35),
            r=0.75,
        ),
    )
    c.open(c.clip(d))
    rays = "".join(
        f"M{n(x)} {n(y)}L{n(x + dx * r * 1.5)} {n(y + dy * r * 1.5)}"
        for dx, dy in (
            (1, 0.35),
            (0.35, 1),
            (-0.35, 1),
            (-1, 0.35),
            (-1, -0.4),
            (-0.4, -1),
            (0.4, -1),
            (1, -0.4),
        )
    )
    c.line(rays, "#fff", max(r * 0.05, 0.5), 0.5)
    c.shape(
        f"M{n(x)} {n(y)}L{n(x + r * 1.5)} {n(y + r * 0.5)}L{n(x + r * 0.5)} {n(y + r * 1.5)}Z",
        darker(rgb, 0.5),
        0.28,
    )
    c.shape(
        f"M{n(x)} {n(y)}L{n(x - r * 1.5)} {n(y - r * 0.6)}L{n(x - r * 0.6)} {n(y - r * 1.5)}Z",
        "#fff",
        0.38,
    )
    c.shape(stone_path(x, y, r * 0.48, shape), "#fff", 0.16)
    c.close()
    c.line(d, darker(rgb, 0.5), max(r * 0.07, 0.7), 0.8)


def stone_path(x: float, y: float, r: float, shape: str) -> str:
    """The outline of a cut, centred at (x, y), half as wide as `r` x 2."""

    def at(*points):
        return "M" + "L".join(f"{n(x + px * r)} {n(y + py * r)}" for px, py in points) + "Z"

    if shape in ("princess", "square"):
        return at((-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85))
    if shape == "emerald":
        return at(
            (-0.4, -1),
            (0.4, -1),
            (0.7, -0.7),
            (0.7, 0.7),
            (0.4, 1),
            (-0.4, 1),
            (-0.7, 0.7),
            (-0.7, -0.7),
        )
    if shape == "triangle":
        return at((0, -1), (0.95, 0.75), (-0.95, 0.75))
    if shape == "hexagon":
        return at((-0.5, -0.87), (0.5, -0.87), (1, 0), (0.5, 0.87), (-0.5, 0.87), (-1, 0))
    if shape == "marquise":
        return (
            f"M{n(x)} {n(y - 1.2 * r)}Q{n(x + 1.15 * r)} {n(y)} {n(x)} {n(y + 1.2 * r)}"
            f"Q{n(x - 1.15 * r)} {n(y)} {n(x)} {n(y - 1.2 * r)}Z"
        )
    if shape in ("pear", "drop", "teardrop"):
        return (
            f"M{n(x)} {n(y - 1.2 * r)}"
            f"C{n(x + 0.45 * r)} {n(y - 0.5 * r)} {n(x + 0.85 * r)}"
            f" {n(y - 0.1 * r)} {n(x + 0.85 * r)} {n(y + 0.3 * r)}"
            f"C{n(x + 0.85 * r)} {n(y + 1.2 * r)} {n(x - 0.85 * r)}"
            f" {n(y + 1.2 * r)} {n(x - 0.85 * r)} {n(y + 0.3 * r)}"
            f"C{n(x - 0.85 * r)} {n(y - 0.1 * r)} {n(x - 0.45 * r)}"
            f" {n(y - 0.5 * r)} {n(x)} {n(y - 1.2 * r)}Z"
        )
    if shape == "heart":
        return (
            f"M{n(x)} {n(y + r)}"
            f"C{n(x - 1.7 * r)} {n(y - 0.1 * r)} {n(x - 0.9 * r)}"
            f" {n(y - 1.35 * r)} {n(x)} {n(y - 0.45 * r)}"
            f"C{n(x + 0.9 * r)} {n(y - 1.35 * r)} {n(x + 1.7 * r)}"
            f" {n(y - 0.1 * r)} {n(x)} {n(y + r)}Z"
        )
    if shape == "oval":
        return ellipse(x, y, 0.75 * r, r)
    if shape == "cushion":
        return (
            f"M{n(x - 0.8 * r)} {n(y - 0.8 * r)}"
            f"Q{n(x)} {n(y - 1.05 * r)} {n(x + 0.8 * r)} {n(y - 0.8 * r)}"
            f"Q{n(x + 1.05 * r)} {n(y)} {n(x + 0.8 * r)} {n(y + 0.8 * r)}"
            f"Q{n(x)} {n(y + 1.05 * r)} {n(x - 0.8 * r)} {n(y + 0.8 * r)}"
            f"Q{n(x - 1.05 * r)} {n(y)} {n(x - 0.8 * r)} {n(y - 0.8 * r)}Z"
        )
    return ellipse(x, y, r, r)
