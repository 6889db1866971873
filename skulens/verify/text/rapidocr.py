"""PP-OCRv6 small by rapidocr: detector and recogniser inside the wheel, on onnxruntime.

Its parts are called one by one instead of as a whole, for three reasons. Lines are cut out of the
picture as given, not out of the copy that was scaled down for the detector. Lines below its
confidence are kept for `routed`, which knows whose letters they are. And its classifier of angles
is left out: it turns one long line in ten upside down, so instead lines that are read badly are
read once more turned, and what is read better stays.
"""

import math
import os
from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version

import cv2
import numpy as np
import PIL.Image
import rapidocr

from skulens.claims import Line, Quad
from skulens.machine import count_cores
from skulens.records import SystemInfo
from skulens.verify.text import boxes
from skulens.verify.text.routes import count_letters

NAME = "rapidocr"
LANGUAGES = ("en", "id", "ms", "fr", "de", "es", "it", "pt", "nl", "sv", "no", "da", "fi", "pl",
             "cs", "ro", "hu", "tr", "zh", "ja")  # fmt: skip
LEAST = 0.5
"""Confidence below which a line is not given; rapidocr's own."""
CLEAR = 0.9
"""Confidence below which a line may stand on its head."""
BETTER = 0.1
"""By how much confidence has to grow for a line to count as turned."""
TRIED = 6
"""Badly read lines that are turned first, a batch; unless one of them gets better, no others are."""


MIRRORED_LINES = 3
"""Badly read lines from which a page may be mirrored, and how many of them are tried."""
SHORT = 6
"""Width over height of a line of one or two words: enough to tell, and soon read."""
MIRRORED = 0.5
"""Most confidence of a line in a mirrored picture, where short words turn into other words."""
STRIP = 4
"""Most that a picture's sides may differ for the detector."""


class RapidOcr:
    """Latin, Chinese and Japanese letters; knows no Cyrillic, no Thai, and few Vietnamese marks."""

    languages = LANGUAGES

    def __init__(self) -> None:
        self.info = SystemInfo(
            name=NAME,
            kind="reader",
            identity=f"{NAME}/2 rapidocr {version('rapidocr')} PP-OCRv6-small",
            family="ocr",
            licence="Apache-2.0",
            about={"modalities": ["image"], "languages": list(LANGUAGES)},
        )

    @cached_property
    def engine(self) -> "rapidocr.RapidOCR":
        return rapidocr.RapidOCR(
            params={
                "Global.log_level": "critical",
                "Det.score_mode": "slow",  # by the outline, not its frame: curved lines are kept
                "EngineConfig.onnxruntime.intra_op_num_threads": threads(),
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )

    def read(self, picture: PIL.Image.Image, languages: Sequence[str] = ()) -> list[Line]:
        """Lines in reading order; see `protocols.TextReader`."""
        return [line for line in self.read_all(picture) if is_given(line)]

    def read_all(self, picture: PIL.Image.Image) -> list[Line]:
        """`read` with the lines whose letters are unclear or unknown, even all of them."""
        pixels = to_bgr(picture)
        quads = self.find_boxes(picture)
        told = self._recognise(pixels, quads)
        self._try_turned(pixels, quads, told)
        most = MIRRORED if self._is_mirrored(pixels, quads, told) else 1.0
        lines = [
            Line(text, quad, min(score, most), NAME)
            for quad, (text, score) in zip(quads, told, strict=True)
        ]
        return boxes.in_reading_order(lines)

    def find_boxes(self, picture: PIL.Image.Image) -> list[Quad]:
        """Where text stands: from left to right, or from top to bottom where a box is tall."""
        found = self.engine(_widen(to_bgr(picture)), use_det=True, use_cls=False, use_rec=False)
        detected = getattr(found, "boxes", None)
        if detected is None:
            return []
        return [boxes.lay_down(boxes.quad_of(box, picture.size)) for box in detected]

    def read_boxes(
        self, picture: PIL.Image.Image, quads: Sequence[Quad], languages: Sequence[str] = ()
    ) -> list[tuple[str, float]]:
        """(text, confidence) of each box; see `protocols.TextReader`."""
        return self._recognise(to_bgr(picture), quads)

    def _recognise(self, pixels: np.ndarray, quads: Sequence[Quad]) -> list[tuple[str, float]]:
        return self._recognise_cuts([boxes.cut(pixels, quad) for quad in quads])

    def _recognise_cuts(self, cuts: Sequence[np.ndarray]) -> list[tuple[str, float]]:
        if not cuts:
            return []
        found = self.engine.recognize_txt([np.ascontiguousarray(cut) for cut in cuts])
        told = zip(found.txts or (), found.scores or (), strict=True)
        return [(text.strip(), float(score) if text.strip() else 0.0) for text, score in told]

    def _try_turned(
        self, pixels: np.ndarray, quads: list[Quad], told: list[tuple[str, float]]
    ) -> None:
        """Turn badly read lines by half, in place, where they then read better."""
        bad = [i for i, (_, score) in enumerate(told) if score < CLEAR]
        first = _some(bad)
        if self._turn_better(pixels, quads, told, first):
            self._turn_better(pixels, quads, told, [i for i in bad if i not in first])

    def _is_mirrored(
        self, pixels: np.ndarray, quads: Sequence[Quad], told: Sequence[tuple[str, float]]
    ) -> bool:
        """Whether a page that is mostly read badly is read well in a mirror; short lines tell."""
        bad = [i for i, (_, score) in enumerate(told) if score < CLEAR]
        if len(bad) < max(MIRRORED_LINES, len(told) / 2):
            return False
        chosen = sorted(bad, key=lambda i: abs(boxes.length_of(quads[i]) - SHORT))[:MIRRORED_LINES]
        cuts = [boxes.cut(pixels, quads[i])[:, ::-1] for i in chosen]
        better = sum(
            score >= max(CLEAR, told[i][1] + BETTER)
            and count_letters(text) >= count_letters(told[i][0])
            for i, (text, score) in zip(chosen, self._recognise_cuts(cuts), strict=True)
        )
        return better >= len(chosen) / 2

    def _turn_better(
        self,
        pixels: np.ndarray,
        quads: list[Quad],
        told: list[tuple[str, float]],
        chosen: Sequence[int],
    ) -> bool:
        """Whether any of the chosen lines reads better upside down; those are changed in place."""
        turned = [boxes.turn(quads[i], 2) for i in chosen]
        better = False
        for i, quad, (text, score) in zip(
            chosen, turned, self._recognise(pixels, turned), strict=True
        ):
            if score > told[i][1] + BETTER and count_letters(text) >= count_letters(told[i][0]):
                quads[i], told[i], better = quad, (text, score), True
        return better


def _some(numbers: Sequence[int]) -> list[int]:
    """TRIED of them, spread over all."""
    return list(numbers[:: max(1, len(numbers) // TRIED)][:TRIED])


def _widen(pixels: np.ndarray) -> np.ndarray:
    """A strip with a margin at its right or lower edge: the detector enlarges the short side to
    736 px, and of 2 x 400 px it would make a picture of 100 megapixels."""
    height, width = pixels.shape[:2]
    down = max(0, math.ceil(width / STRIP) - height)
    right = max(0, math.ceil(height / STRIP) - width)
    if not down and not right:
        return pixels
    return cv2.copyMakeBorder(pixels, 0, down, 0, right, cv2.BORDER_REPLICATE)


def is_given(line: Line) -> bool:
    """Whether a line is clear enough to be told."""
    return bool(line.text) and line.confidence >= LEAST


def to_bgr(picture: PIL.Image.Image) -> np.ndarray:
    """(height, width, 3) uint8, blue first."""
    return np.ascontiguousarray(np.asarray(picture.convert("RGB"))[:, :, ::-1])


def threads() -> int:
    """For onnxruntime: OMP_NUM_THREADS where it is set, else one per core that we may use."""
    told = os.environ.get("OMP_NUM_THREADS", "")
    cores = count_cores()
    return max(1, min(int(told), cores)) if told.isdecimal() else cores
