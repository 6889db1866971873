"""The manifold-collapse figure of a run (OpenMPR, Fig. 5), drawn from the numbers of
`skulens.analysis.collapse`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skulens.report.drawing import BLUE, INK, PALE, RED, SOFT, TEXT, Drawing, write_drawings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BINS = 6
"""Groups of products, by the angle to their nearest neighbour."""


def collapse_drawings(collapse: Mapping) -> list[Drawing]:
    """What the numbers of `collapse` allow: the most confused pair, and all products."""
    found = [pair_drawing(pair) for pair in collapse.get("pairs", ())[:1]]
    measured = [n for n in collapse.get("nearest", ()) if n["hit_rate"] is not None]
    return found + ([nearest_drawing(measured, collapse["angles"])] if len(measured) > 1 else [])


def pair_drawing(pair: Mapping) -> Drawing:
    wrong = sum(p["sku"] == pair["right"] and p["across"] < 0 for p in pair["probes"])
    of = sum(p["sku"] == pair["right"] for p in pair["probes"])
    return Drawing(
        "collapse",
        f"Manifold collapse: {pair['right']} and {pair['found']}, {pair['angle_deg']:.1f}° apart",
        "The plane of two gallery vectors of length 1, and the probes of both products in it. "
        f"What lies below the broken line is nearer to {pair['found']}.",
        f"{pair['right']} and {pair['found']} stand {pair['angle_deg']:.1f} degrees apart; "
        f"{wrong} of {of} probes of {pair['right']} lie nearer to {pair['found']}.",
        lambda axes: draw_pair(axes, pair),
    )


def draw_pair(axes: "Axes", pair: Mapping) -> None:
    half = np.radians(pair["angle_deg"] / 2)
    axes.axhline(0, color=SOFT, linewidth=1, linestyle="--", zorder=1)
    for name, sign, colour, marker in (
        (pair["right"], 1, BLUE, "o"),
        (pair["found"], -1, RED, "s"),
    ):
        axes.plot([0, np.cos(half)], [0, sign * np.sin(half)], color=colour, linewidth=2, zorder=2)
        axes.annotate(
            name,
            (np.cos(half), sign * np.sin(half)),
            xytext=(0, 7 * sign),
            textcoords="offset points",
            ha="right",
            va="bottom" if sign > 0 else "top",
            color=INK,
            fontsize=TEXT,
        )
        mine = np.array(
            [(p["along"], p["across"]) for p in pair["probes"] if p["sku"] == name]
        ).reshape(-1, 2)
        axes.plot(
            *mine.T,
            marker,
            color=colour,
            markersize=6,
            alpha=0.85,
            linestyle="none",
            zorder=3,
            label=f"probes of {name}",
        )
    high = max(np.sin(half), *(abs(p["across"]) for p in pair["probes"])) * 1.35
    low = min(0.0, *(p["along"] for p in pair["probes"]))
    axes.set_xlim(low, 1.04)
    axes.set_ylim(-high, high)
    axes.set_xlabel("along the bisector of the two gallery vectors")
    axes.set_ylabel("across: towards the right product")
    axes.annotate(
        f"Δθ = {pair['angle_deg']:.1f}°",
        (0.02, 0.03),
        xycoords="axes fraction",
        color=INK,
        fontsize=TEXT,
    )
    axes.legend(loc="upper left", fontsize=TEXT, labelcolor=INK)


def nearest_drawing(nearest: Sequence[Mapping], angles: Mapping[str, Sequence[float]]) -> Drawing:
    middle = {name: quartiles[1] for name, quartiles in angles.items()}
    said = ", ".join(f"{name} pairs {degrees:.0f}°" for name, degrees in middle.items())
    return Drawing(
        "nearest",
        "Hit rate by the angle to the nearest other product",
        f"Each point is a product; the line joins means of {BINS} groups of equal size. Median "
        f"angles between gallery vectors: {said}.",
        f"Scatter of {len(nearest)} products. Median angles: {said}.",
        lambda axes: draw_nearest(axes, nearest, angles),
    )


def draw_nearest(
    axes: "Axes", nearest: Sequence[Mapping], angles: Mapping[str, Sequence[float]]
) -> None:
    x = np.array([n["angle_deg"] for n in nearest])
    y = np.array([n["hit_rate"] for n in nearest])
    axes.plot(x, y, "o", color=PALE, markersize=5, markeredgecolor="none", zorder=2)
    groups = [g for g in np.array_split(np.argsort(x, kind="stable"), BINS) if len(g)]
    axes.plot(
        [x[g].mean() for g in groups],
        [y[g].mean() for g in groups],
        "o-",
        color=BLUE,
        linewidth=1.8,
        markersize=6,
        zorder=3,
    )
    if "confused" in angles:
        low, middle, high = angles["confused"]
        axes.axvspan(low, high, color=RED, alpha=0.12, linewidth=0, zorder=1)
        axes.axvline(middle, color=RED, linewidth=1.4, zorder=1)
        right = middle > max(x.max(), high) / 2
        axes.annotate(
            "confused pairs,\nmiddle half",
            (middle, 0.02),
            xytext=(-4 if right else 4, 0),
            textcoords="offset points",
            ha="right" if right else "left",
            color=INK,
            fontsize=TEXT,
        )
    axes.set_xlim(left=0)
    axes.set_ylim(-0.03, 1.05)
    axes.set_xlabel("angle to the nearest other product, degrees")
    axes.set_ylabel("share of the product's probes answered right")


def write_collapse(collapse: Mapping, out: Path, kind: str) -> list[Path]:
    """Each figure as a file "svg" or "png" in a folder; returns the files."""
    return write_drawings(((d.name, d) for d in collapse_drawings(collapse)), out, kind)
