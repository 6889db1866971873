"""Tesseract, a system package, with the languages that are installed beside it."""

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytesseract

from skulens.claims import Line, Quad
from skulens.errors import MissingFile, SkulensError
from skulens.records import SystemInfo
from skulens.verify.text import boxes

NAME = "tesseract"
HEIGHT_PX = 48
"""Of a line that it is given alone."""
MARGIN_PX = 10
"""Around such a line, in the colour of its paper: a white margin makes an edge, read as "_" or "("."""
PAPER = 70
"""Percentile of a line's brightness that is taken for its paper."""
PAGE_PX = 1200
"""Short side to which smaller pictures are enlarged, at most ENLARGED times."""
ENLARGED = 3.0
SPECKS = "_|`'‘’\"~¦ "
"""What it reads in dirt and edges at the ends of a line."""
LEAST = 0.3
"""Mean confidence of the words below which a line of its own finding is not given."""
SECONDS = 300
"""Longest that a picture may take."""
INK = 2
"""Percent of the darkest and of the lightest pixels that may lose their differences."""
NIGHT = 110
"""Median brightness below which a line is light on dark, and is inverted."""
ITSELF, ALONE = "3", "7"
"""--psm: find the lines itself; each picture is one line."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word as tesseract reads it."""

    text: str
    confidence: float
    box: tuple[int, int, int, int]
    """Left, top, width and height in pixels of the picture given."""
    place: tuple[int, int, int, int]
    """Number of the picture, block, paragraph and line."""


class Tesseract:
    """Any language whose pack is installed.

    Raises:
        MissingFile: tesseract is not installed.
    """

    def __init__(self) -> None:
        try:
            self.version = str(pytesseract.get_tesseract_version())
        except pytesseract.TesseractNotFoundError:
            raise MissingFile(
                "tesseract is not installed: sudo apt-get install tesseract-ocr, or take the "
                "reader rapidocr"
            ) from None
        self.info = SystemInfo(
            name=NAME,
            kind="reader",
            identity=f"{NAME}/2 tesseract {self.version} {' '.join(sorted(self.packs))}",
            family="ocr",
            licence="Apache-2.0",
            about={"modalities": ["image"], "languages": list(self.languages)},
        )

    @cached_property
    def packs(self) -> frozenset[str]:
        return frozenset(pytesseract.get_languages(config=""))

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(code for code, pack in pack_names().items() if pack in self.packs)

    def model(self, languages: Sequence[str]) -> str:
        """Tesseract's -l for languages; English where none of them is installed."""
        packs = [pack_names().get(code, "") for code in languages]
        return self.model_of(packs) or "eng"

    def model_of(self, packs: Sequence[str]) -> str:
        """Tesseract's -l for those of the packs that are installed; empty where none is."""
        return "+".join(pack for pack in dict.fromkeys(packs) if pack in self.packs)

    def read(self, picture: PIL.Image.Image, languages: Sequence[str] = ()) -> list[Line]:
        """Lines in reading order; see `protocols.TextReader`."""
        return self.read_page(picture, self.model(languages))

    def read_page(self, picture: PIL.Image.Image, model: str) -> list[Line]:
        """Lines that it finds itself, by the packs of `model`."""
        scale = min(ENLARGED, max(1.0, PAGE_PX / min(picture.size)))
        grey = np.asarray(picture.convert("L"))
        if scale > 1:
            grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        rows: dict[tuple[int, ...], list[Word]] = {}
        for word in _ask([grey], model, ITSELF):
            rows.setdefault(word.place, []).append(word)
        lines = []
        for words in rows.values():
            text, least, mean = join(words)
            if text and mean >= LEAST:
                lines.append(Line(text, _frame(words, scale, picture.size), least, NAME))
        return lines

    def read_boxes(
        self, picture: PIL.Image.Image, quads: Sequence[Quad], languages: Sequence[str] = ()
    ) -> list[tuple[str, float]]:
        """(text, confidence) of each box, all in one process; see `protocols.TextReader`."""
        told = [join(words) for words in self.read_words(picture, quads, self.model(languages))]
        return [(text, least) for text, least, _ in told]

    def read_words(
        self, picture: PIL.Image.Image, quads: Sequence[Quad], model: str
    ) -> list[list[Word]]:
        """Words of each box, by the packs of `model`."""
        found: list[list[Word]] = [[] for _ in quads]
        if quads:
            pixels = np.asarray(picture.convert("RGB"))
            for word in _ask([lay_out(boxes.cut(pixels, q)) for q in quads], model, ALONE):
                found[word.place[0] - 1].append(word)
        return found


@cache
def pack_names() -> dict[str, str]:
    """ISO 639-1 -> tesseract's name of the language pack."""
    return json.loads((files(__package__) / "packs.json").read_text(encoding="utf-8"))


def debian_package(pack: str) -> str:
    """What brings a pack on Debian and Ubuntu."""
    return f"tesseract-ocr-{pack.replace('_', '-')}"


def lay_out(line: np.ndarray) -> np.ndarray:
    """A cut-out line as tesseract reads it best: (height, width) uint8, dark on light, its
    contrast stretched, of the height that it wants, with a margin of its own paper."""
    height, width = line.shape[:2]
    wide = max(1, round(width * HEIGHT_PX / height))
    how = cv2.INTER_CUBIC if height < HEIGHT_PX else cv2.INTER_AREA
    grey = cv2.resize(cv2.cvtColor(line, cv2.COLOR_RGB2GRAY), (wide, HEIGHT_PX), interpolation=how)
    dark, light = np.percentile(grey, (INK, 100 - INK))
    grey = np.clip((grey - dark) * (255 / max(light - dark, 1)), 0, 255).astype(np.uint8)
    if np.median(grey) < NIGHT:
        grey = 255 - grey
    paper = float(np.percentile(grey, PAPER))
    edges = (MARGIN_PX,) * 4
    return cv2.copyMakeBorder(grey, *edges, borderType=cv2.BORDER_CONSTANT, value=paper)


def join(words: Sequence[Word]) -> tuple[str, float, float]:
    """Text of a line, the confidence of its least clear word, and the mean by letters; words that
    are specks are left out."""
    kept = [(w, t) for w in words if (t := w.text.strip(SPECKS))]
    kept = [(w, t) for w, t in kept if any(c.isalnum() for c in t) or w.confidence >= 0.5]
    if not kept:
        return "", 0.0, 0.0
    letters = sum(len(text) for _, text in kept)
    mean = sum(word.confidence * len(text) for word, text in kept) / letters
    return " ".join(text for _, text in kept), min(w.confidence for w, _ in kept), mean


def _frame(words: Sequence[Word], scale: float, size: tuple[int, int]) -> Quad:
    left, top = min(w.box[0] for w in words), min(w.box[1] for w in words)
    right = max(w.box[0] + w.box[2] for w in words)
    bottom = max(w.box[1] + w.box[3] for w in words)
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]]) / scale
    return boxes.quad_of(corners, size)


def _ask(pictures: Sequence[np.ndarray], model: str, layout: str) -> list[Word]:
    """Words of all pictures, read by one process.

    Raises:
        SkulensError: tesseract failed or took more than SECONDS; says what it said.
    """
    with tempfile.TemporaryDirectory(prefix="skulens-") as folder:
        names = []
        for i, picture in enumerate(pictures):
            names.append(str(Path(folder, f"{i}.bmp")))
            PIL.Image.fromarray(picture).save(names[-1])
        order = Path(folder, "list.txt")
        order.write_text("\n".join(names) + "\n", encoding="utf-8")
        command = [
            pytesseract.pytesseract.tesseract_cmd, str(order), "-", "--psm", layout, "--dpi", "300",
            "-l", model, "tsv",
        ]  # fmt: skip
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                check=False,
                timeout=SECONDS,
                env=os.environ | {"OMP_THREAD_LIMIT": "1"},  # its threads cost more than they give
            )
        except (OSError, subprocess.TimeoutExpired) as e:
            raise SkulensError(f"tesseract cannot be asked: {e}") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise SkulensError(f"tesseract failed ({done.returncode}): {' '.join(said[-2:])}")
    return list(parse_tsv(done.stdout.decode("utf-8", "replace")))


def parse_tsv(tsv: str) -> list[Word]:
    """Words of tesseract's table: level 5, in the order of the pictures."""
    words = []
    for row in tsv.splitlines()[1:]:
        cells = row.split("\t")
        if len(cells) != 12 or cells[0] != "5" or not cells[11].strip():
            continue
        page, block, paragraph, line = (int(c) for c in cells[1:5])
        left, top, width, height = (int(c) for c in cells[6:10])
        words.append(
            Word(
                cells[11].strip(), max(0.0, float(cells[10])) / 100,
                (left, top, width, height), (page, block, paragraph, line),
            )
        )  # fmt: skip
    return words
