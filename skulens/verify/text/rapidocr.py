"""PP-OCRv6 small by rapidocr: detector and recogniser inside the wheel, on onnxruntime."""

from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version

import cv2
import numpy as np
import PIL.Image
import rapidocr

from skulens.claims import Line, Quad
from skulens.records import SystemInfo

NAME = "rapidocr"
LANGUAGES = ("en", "id", "ms", "fr", "de", "es", "it", "pt", "nl", "sv", "no", "tr", "zh")


class RapidOcr:
    """Latin, Chinese and Japanese letters; knows no Cyrillic, no Thai, and few Vietnamese marks."""

    languages = LANGUAGES

    def __init__(self) -> None:
        self.info = SystemInfo(
            name=NAME,
            kind="reader",
            identity=f"{NAME}/1 rapidocr {version('rapidocr')} PP-OCRv6-small",
            family="ocr",
            licence="Apache-2.0",
            about={"modalities": ["image"], "languages": list(LANGUAGES)},
        )

    @cached_property
    def engine(self) -> "rapidocr.RapidOCR":
        return rapidocr.RapidOCR(params={"Global.log_level": "critical"})

    def read(self, picture: PIL.Image.Image, languages: Sequence[str] = ()) -> list[Line]:
        """Lines in reading order; see `protocols.TextReader`."""
        found = self.engine(np.asarray(picture)[:, :, ::-1])
        if found.boxes is None:
            return []
        return [
            Line(text, quad_of(box), float(score), NAME)
            for box, text, score in zip(found.boxes, found.txts, found.scores, strict=True)
            if text.strip()
        ]

    def read_boxes(
        self, picture: PIL.Image.Image, quads: Sequence[Quad], languages: Sequence[str] = ()
    ) -> list[tuple[str, float]]:
        """(text, confidence) of each box; see `protocols.TextReader`."""
        pixels = np.asarray(picture)[:, :, ::-1]
        answers = []
        for quad in quads:
            found = self.engine(cut(pixels, quad), use_det=False, use_cls=False, use_rec=True)
            text = found.txts[0] if found.txts else ""
            answers.append((text, float(found.scores[0]) if text else 0.0))
        return answers


def quad_of(box: np.ndarray) -> Quad:
    return tuple(float(v) for v in box.reshape(-1))  # type: ignore[return-value]


def cut(pixels: np.ndarray, quad: Quad) -> np.ndarray:
    """The box of a quad, straightened: (height, width, 3) uint8."""
    corners = np.array(quad, np.float32).reshape(4, 2)
    width = int(
        max(np.linalg.norm(corners[0] - corners[1]), np.linalg.norm(corners[2] - corners[3]))
    )
    height = int(
        max(np.linalg.norm(corners[0] - corners[3]), np.linalg.norm(corners[1] - corners[2]))
    )
    width, height = max(width, 2), max(height, 2)
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners, target)
    return cv2.warpPerspective(pixels, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
