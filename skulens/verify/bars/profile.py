"""Does the grey profile across the bars show this very number? A check that shares nothing with how
a decoder reads: no threshold, no edges, every digit compared with all others.

The profile is the mean of several scan lines. Each piece of the code (digit or guard) is matched
with its blurred pattern by correlation, which ignores exposure; the borders between pieces may
shift (dynamic programming), for packs are round and crumpled. What counts is the margin: how much
better each digit fits than the best other one in its place. In a wrong reading at least two digits
are wrong, for the check digit is right, and they fit worse than the true ones.
Deformable templates: Gallo and Manduchi, "Reading 1D barcodes with mobile phones using deformable
templates", TPAMI 2011.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from skulens.claims import Quad
from skulens.verify.bars.symbols import DIGIT, MODULES, TABLES, Piece, pieces_of

SAMPLES = 4
"""Samples of the profile per module."""
BESIDE = 10
"""Modules sampled on either side of the code."""
CONTEXT = 1
"""Modules of the neighbours that a piece is compared with, too: their colour is always known."""
DRIFT = 20
"""Samples by which a border may be off where even spacing puts it."""
BANDS = 3
"""Parts of the code's height, each the mean of LINES lines."""
LINES = 5
QUIET = 5
"""Modules beside the code that have to be light; the standard asks for 7 to 11."""
ENOUGH = 0.05
"""Margin from which no further band is looked at."""
PATTERNS = (*TABLES["L"], *TABLES["G"], *TABLES["R"])
COLUMN = {"L": 0, "G": 10, "R": 20}
"""Table -> where its ten digits stand in PATTERNS."""
_FINE = 8
"""Steps per sample in which templates are drawn."""


@dataclass(frozen=True, slots=True)
class Detail:
    """How finely a profile is compared."""

    stretches: tuple[int, ...]
    """Samples by which a digit may be wider or narrower than DIGIT modules."""
    blurs: tuple[float, ...]
    """Widths of the camera's blur, standard deviations in modules."""


COARSE = Detail((-1, 0, 1), (0.4, 0.8))
"""Enough for flat packs, at half the cost."""
FINE = Detail((-2, -1, 0, 1, 2), (0.35, 0.65, 0.95))


@dataclass(frozen=True, slots=True)
class Fit:
    """How a number fits the profile."""

    margin: float
    """By how much the worst digit correlates better than its best rival; below 0: another fits."""
    match: float
    """Mean correlation of the pieces, at most 1."""
    quiet: float
    """Darkness of the darker quiet zone: 0 as light as the spaces, 1 as dark as the bars."""


def fit_number(grey: np.ndarray, quad: Quad, text: str, symbology: str) -> Fit:
    """The fit in the whole height of the bars, or where it fits poorly in the best band of it.

    Args:
        grey: (height, width) of the picture.
        quad: of the bars, first corner at the left end of the number, in pixels of `grey`.
        text, symbology: as `pieces_of` takes them.
    """
    pieces = pieces_of(text, symbology)
    profiles = sample_profiles(grey, quad, MODULES[symbology])
    best = Fit(-1.0, -1.0, 1.0)
    for profile, detail in [(profiles[0], COARSE), *((profile, FINE) for profile in profiles)]:
        fit = _fit(profile, pieces, detail)
        if fit.margin >= ENOUGH:
            return fit
        best = max(best, fit, key=lambda one: one.match)
    return best


# ----- profiles -------------------------------------------------------------------------------


def sample_profiles(grey: np.ndarray, quad: Quad, modules: int) -> list[np.ndarray]:
    """Mean brightness across the bars, (samples,) float64: of the whole height, then of BANDS."""
    corners = np.asarray(quad, float).reshape(4, 2)
    along = (np.arange(-BESIDE * SAMPLES, (modules + BESIDE) * SAMPLES) + 0.5) / (modules * SAMPLES)
    down = np.linspace(0.05, 0.95, BANDS * LINES)
    left = corners[0] + np.outer(down, corners[3] - corners[0])  # (lines, 2)
    right = corners[1] + np.outer(down, corners[2] - corners[1])
    points = left[:, None] + along[:, None] * (right - left)[:, None]  # (lines, samples, 2)
    lines = interpolate(grey, points)
    return [lines.mean(0), *(band.mean(0) for band in np.array_split(lines, BANDS))]


def measure_slant(grey: np.ndarray, quad: Quad) -> float:
    """Radians between the scan lines of a quad and the direction across the bars, 0 to pi / 2.

    A slanted line leaves the bars above or below a piece of a long code, where it looks as if the
    code ended there.
    """
    xs, ys = (np.clip(quad[i::2], 0, grey.shape[1 - i] - 1).astype(int) for i in (0, 1))
    patch = grey[ys.min() : ys.max() + 2, xs.min() : xs.max() + 2].astype(np.float32)
    if min(patch.shape) < 2:
        return 0.0
    dy, dx = np.gradient(patch)
    across = 0.5 * np.arctan2(2 * (dx * dy).sum(), (dx * dx).sum() - (dy * dy).sum())
    scanned = np.arctan2(quad[3] - quad[1], quad[2] - quad[0])
    return float(np.arcsin(min(1.0, abs(np.sin(across - scanned)))))


def interpolate(grey: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Bilinear values at x, y, shape of `points` less the last axis; beyond the edge, the edge's."""
    height, width = grey.shape
    x = np.clip(points[..., 0], 0, width - 1)
    y = np.clip(points[..., 1], 0, height - 1)
    i, j = x.astype(np.intp), y.astype(np.intp)
    dx, dy = x - i, y - j
    i2, j2 = np.minimum(i + 1, width - 1), np.minimum(j + 1, height - 1)
    upper = grey[j, i] * (1 - dx) + grey[j, i2] * dx
    lower = grey[j2, i] * (1 - dx) + grey[j2, i2] * dx
    return upper * (1 - dy) + lower * dy


# ----- templates ------------------------------------------------------------------------------


def correlate(
    profile: np.ndarray, patterns: tuple[str, ...], width: int, blurs: tuple[float, ...]
) -> np.ndarray:
    """(positions, blurs, patterns) correlation of each pattern, drawn `width` samples wide, with
    the profile from each position on; float32 in [-1, 1]."""
    reach = CONTEXT * SAMPLES
    padded = np.pad(profile.astype(np.float32), (reach, reach + width), "edge")
    windows = padded[np.add.outer(np.arange(len(profile)), np.arange(width + 2 * reach))]
    templates = _templates(patterns, width, blurs)  # (blurs, patterns, samples)
    flat = standardise(windows) @ templates.reshape(-1, templates.shape[-1]).T
    return flat.reshape(len(windows), *templates.shape[:2])


def standardise(windows: np.ndarray) -> np.ndarray:
    """Rows of mean 0 and length 1; rows without contrast stay near 0."""
    centred = windows - windows.mean(-1, keepdims=True)
    length = np.sqrt(np.einsum("ij,ij->i", centred, centred))
    return centred / np.maximum(length, 1.0)[:, None]


@cache
def _templates(patterns: tuple[str, ...], width: int, blurs: tuple[float, ...]) -> np.ndarray:
    """(blurs, patterns, width + context) brightness of patterns, each of mean 0 and length 1.

    The module next to a piece has the colour that the piece's own outermost module has not.
    """
    reach = CONTEXT * SAMPLES
    step = SAMPLES * _FINE
    drawn = []
    for blur in blurs:
        spread = np.arange(-int(3 * blur * step), int(3 * blur * step) + 1)
        kernel = np.exp(-0.5 * (spread / (blur * step)) ** 2)
        for pattern in patterns:
            before, after = ("10"[int(pattern[i])] for i in (0, -1))
            light = np.repeat([1.0 - int(m) for m in before * 3 + pattern + after * 3], step)
            blurred = np.convolve(np.pad(light, len(spread) // 2, "edge"), kernel, "valid")
            modules = (np.arange(-reach, width + reach) + 0.5) / width * len(pattern) + 3
            drawn.append(np.interp(modules * step - 0.5, np.arange(len(blurred)), blurred))
    rows = standardise(1e3 * np.array(drawn)).astype(np.float32)
    return rows.reshape(len(blurs), len(patterns), -1)


# ----- fitting --------------------------------------------------------------------------------


def _fit(profile: np.ndarray, pieces: Sequence[Piece], detail: Detail) -> Fit:
    """Of one profile, at the blur that suits best."""
    blurs = detail.blurs
    digits = [
        correlate(profile, PATTERNS, DIGIT * SAMPLES + more, blurs) for more in detail.stretches
    ]
    tables = np.stack(digits)  # (stretches, positions, blurs, patterns)
    guards = {
        pattern: correlate(profile, (pattern,), len(pattern) * SAMPLES, blurs)[:, :, 0]
        for pattern in {piece.pattern for piece in pieces if not piece.digit}
    }
    found = [
        _align(profile, pieces, tables[:, :, i], {p: g[:, i] for p, g in guards.items()}, detail)
        for i in range(len(blurs))
    ]
    return max(found, key=lambda fit: fit.match)


def _align(
    profile: np.ndarray,
    pieces: Sequence[Piece],
    digits: np.ndarray,
    guards: Mapping[str, np.ndarray],
    detail: Detail,
) -> Fit:
    """Places the borders of the pieces where all of them together correlate most.

    Args:
        digits: (stretches, positions, patterns) correlations.
        guards: pattern -> (positions,) correlations.
    """
    offsets, stretches = np.arange(-DRIFT, DRIFT + 1), detail.stretches
    position, score, steps = BESIDE * SAMPLES, np.zeros(len(offsets)), []
    for piece in pieces:
        width = len(piece.pattern) * SAMPLES
        if piece.digit:
            gains = digits[:, position + offsets, PATTERNS.index(piece.pattern)]
            found = _shift(score + gains * len(piece.pattern), stretches)
            best = found.argmax(0)
            steps.append(np.asarray(stretches)[best])
            score = found[best, np.arange(len(offsets))]
        else:
            score = score + guards[piece.pattern][position + offsets] * len(piece.pattern)
            steps.append(np.zeros(len(offsets), int))
        position += width
    at = int(score.argmax())
    match = float(score[at]) * SAMPLES / (position - BESIDE * SAMPLES)
    end = last = position + int(offsets[at])
    margins = []
    for piece, step in zip(reversed(pieces), reversed(steps), strict=True):
        more = int(step[at])
        at -= more
        start = end - len(piece.pattern) * SAMPLES - more
        if piece.digit:
            margins.append(_margin(digits[stretches.index(more), start - 1 : start + 2], piece))
        end = start
    return Fit(min(margins), match, _darkness_beside(profile, end, last))


def _shift(totals: np.ndarray, by: Sequence[int]) -> np.ndarray:
    """Each row moved to the right by its number of columns; what comes in is -infinity."""
    moved = np.full(totals.shape, -np.inf)
    columns = totals.shape[1]
    for row, more in enumerate(by):
        moved[row, max(0, more) : columns + min(0, more)] = totals[
            row, max(0, -more) : columns - max(0, more)
        ]
    return moved


def _margin(found: np.ndarray, piece: Piece) -> float:
    """Correlation of a digit less that of the best other one that could stand in its place.

    Args:
        found: (positions, patterns) correlations at the digit's place and one sample beside.
    """
    best = found.max(0)
    columns = [COLUMN[table] + digit for table in piece.tables for digit in range(10)]
    own = PATTERNS.index(piece.pattern)
    return float(best[own] - max(best[column] for column in columns if column != own))


def _darkness_beside(profile: np.ndarray, first: int, last: int) -> float:
    """The darkest place of both quiet zones, on a scale from the spaces (0) to the bars (1)."""
    dark, light = np.quantile(profile[first:last], (0.1, 0.9))
    reach, gap = QUIET * SAMPLES, SAMPLES // 2
    beside = profile[first - reach : first - gap], profile[last + gap : last + reach]
    darkest = min(float(zone.min()) for zone in beside)
    return float((light - darkest) / max(light - dark, 1.0))
