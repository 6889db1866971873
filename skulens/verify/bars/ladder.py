"""Picture -> decoded bar codes: views of the picture, cheap ones first, until one code is sure.

A check digit is no proof (one misreading in ten passes), and views of one picture share its faults:
a wrong number may be decoded in ten of them. So a retail code is sure only where

- enough looks agree: views that decode to it, and the grey profile across the bars (`profile`),
  which decides without a decoder. Two for EAN-13 and UPC-A, three for shorter codes;
- the profile is one of them: every digit fits better than all others in its place;
- nothing else was decoded from the same bars, but for short codes that the profile refutes;
- a short code has quiet zones and is scanned straight, and so is no part of a longer one.

Matrix codes correct errors and are sure at once. No text of a code is opened or followed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version

import numpy as np
import PIL.Image

from skulens.claims import Code, Quad
from skulens.verify.bars.locate import find_bars
from skulens.verify.bars.places import Candidate, gather, rivals_of
from skulens.verify.bars.profile import Fit, fit_number, measure_slant
from skulens.verify.bars.reading import MATRIX, RETAIL, Reading, read_view
from skulens.verify.bars.symbols import MODULES
from skulens.verify.bars.views import View, cut, scale, turn

NAME = f"bars/3 zxing-cpp {version('zxing-cpp')}"
"""What decodes, for caches and verdicts."""
LOOKS = {"EAN-13": 2, "UPC-A": 2, "EAN-8": 3, "UPC-E": 3, "ITF": 3, "ITF-14": 3}
"""Looks that have to agree, the profile included; of other linear codes two views."""
SHORT = ("EAN-8", "UPC-E")
MARGIN = 0.03
"""Least margin of `profile.Fit`."""
QUIET = 0.2
"""Darkest quiet zone of a short code."""
SLANT = 0.3
"""Largest angle, in radians, by which the scan lines of a short code may miss the right angle."""
MOST_PIXELS = 1_000_000
"""Of the whole picture in all views but the first, before it is enlarged."""
LARGE_PIXELS = 1_000_000
"""From which a picture is looked at twice though a code is sure."""
ACROSS_PX = 480
"""Width of bars in cut-out views: 5 pixels per module of EAN-13."""
PIXELS = 4
"""Per module where the symbology is known."""
TURNS = (15, 30, 45, 60, 75)
"""Degrees; zxing itself tries the right angles."""


def decode_bars(picture: PIL.Image.Image) -> list[Code]:
    """Every bar code of an upright picture, sure ones first.

    Readings of the same bars that disagree are all returned, and none of them is sure.
    """
    search = _Search(picture if picture.mode == "L" else picture.convert("L"))
    search.look(View("whole", search.picture), retail_only=False)
    search.look_again()
    if search.done():
        search.look_for_others()
    else:
        for view in search.further_views():
            search.look(view)
            if search.done():
                break
    return sorted(search.codes(), key=lambda code: not code.sure)


@dataclass
class _Search:
    """What has been read so far in one picture."""

    picture: PIL.Image.Image
    """Mode L."""
    readings: list[Reading] = field(default_factory=list)
    places: list[Quad] = field(default_factory=list)
    """Bars found and not decoded."""
    fits: dict[tuple[str, Quad], Fit] = field(default_factory=dict)

    @cached_property
    def grey(self) -> np.ndarray:
        return np.asarray(self.picture)

    def look(self, view: View, retail_only: bool = True) -> None:
        readings, places = read_view(view, retail_only)
        self.readings += readings
        self.places += places

    def look_again(self) -> None:
        """At codes that one view is not enough for, cut out: a cheap second view."""
        for candidate in gather(self.readings):
            if candidate.symbology in MATRIX or self.is_sure(candidate, [candidate]):
                continue
            across = PIXELS * MODULES.get(candidate.symbology, ACROSS_PX // PIXELS)
            view = cut(self.picture, candidate.readings[0].quad, across)
            self.look(view, candidate.symbology in RETAIL)

    def look_for_others(self) -> None:
        """In a photo of more than bars: another product's may be the easier ones."""
        if self.picture.width * self.picture.height >= LARGE_PIXELS:
            self.look(next(whole_in_ways(self.picture)))
            self.look_again()

    def further_views(self) -> Iterator[View]:
        """The whole picture sharpened, cut-out places that look like bars, then the whole picture
        in other ways."""
        whole = whole_in_ways(self.picture)
        yield next(whole)
        yield View("whole", self.picture)  # tells the places of bars
        unsure = [r.quad for r in self.readings if r.symbology in RETAIL]
        for n, quad in enumerate((*self.places[:2], *unsure[:2], *find_bars(self.picture))):
            for view in cut_in_ways(self.picture, quad):
                yield View(f"{n} {view.name}", view.picture, view.back)
        yield from whole

    def done(self) -> bool:
        """Whether a retail code is sure; what else there is, the first view has shown."""
        candidates = gather(self.readings)
        return any(
            candidate.symbology in RETAIL and self.is_sure(candidate, candidates)
            for candidate in candidates
        )

    def is_sure(self, candidate: Candidate, candidates: Sequence[Candidate]) -> bool:
        if candidate.symbology in MATRIX:
            return True
        if any(not self.is_part(other, candidate) for other in rivals_of(candidate, candidates)):
            return False
        if candidate.symbology not in RETAIL:
            return candidate.looks >= LOOKS.get(candidate.symbology, 2)
        if candidate.looks + 1 < LOOKS[candidate.symbology]:
            return False
        return self.fits_well(candidate)

    def fits_well(self, candidate: Candidate) -> bool:
        """Whether the profile shows this number, and of a short code quiet zones at its ends."""
        fit, quad = self.fit(candidate)
        if fit.margin < MARGIN or candidate.symbology not in SHORT:
            return fit.margin >= MARGIN
        return fit.quiet <= QUIET and measure_slant(self.grey, quad) <= SLANT

    def is_part(self, short: Candidate, long: Candidate) -> bool:
        """Whether a reading is but a piece of a longer code, as slanted scan lines give them."""
        lengths = (
            short.symbology in SHORT and long.symbology in RETAIL and long.symbology not in SHORT
        )
        return lengths and not self.fits_well(short)

    def fit(self, candidate: Candidate) -> tuple[Fit, Quad]:
        """(the first good fit over the quads of its readings, else the best, that quad)."""
        found = []
        for quad, negative in dict.fromkeys((r.quad, r.negative) for r in candidate.readings):
            found.append((self._fit(candidate, quad, negative), quad))
            if found[-1][0].margin >= MARGIN:
                return found[-1]
        return max(found, key=lambda one: one[0].margin)

    def _fit(self, candidate: Candidate, quad: Quad, negative: bool) -> Fit:
        key = (candidate.text, quad)
        if key not in self.fits:
            grey = 255 - self.grey if negative else self.grey
            self.fits[key] = fit_number(grey, quad, candidate.text, candidate.symbology)
        return self.fits[key]

    def codes(self) -> Iterator[Code]:
        candidates = gather(self.readings)
        for candidate in candidates:
            first, retail = candidate.readings[0], candidate.symbology in RETAIL
            fit, quad = self.fit(candidate) if retail else (None, first.quad)
            looks = candidate.looks + (fit is not None and fit.margin >= MARGIN)
            sure = self.is_sure(candidate, candidates)
            yield Code(candidate.text, candidate.symbology, quad, first.gtin, looks, sure)


def cut_in_ways(picture: PIL.Image.Image, quad: Quad) -> Iterator[View]:
    """A place that looks like bars, upright."""
    view = cut(picture, quad, ACROSS_PX)
    yield view
    yield view.sharpened(4, 200)
    yield view.sharpened(8, 300)


def whole_in_ways(picture: PIL.Image.Image) -> Iterator[View]:
    """The whole picture: sharpened, enlarged, evened out, turned; most useful first."""
    fit = min(1.0, (MOST_PIXELS / (picture.width * picture.height)) ** 0.5)
    enlarged = scale(picture, min(2.0, 2 * fit))
    yield enlarged.sharpened(2, 150)
    yield scale(picture, fit).inverted()
    yield scale(picture, min(3.0, fit * 1.5)) if fit < 1 else scale(picture, 3.0)
    yield enlarged.sharpened(3, 300)
    yield enlarged.flattened(16)
    for degrees in TURNS:
        yield turn(picture, degrees, fit)
