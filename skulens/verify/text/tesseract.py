"""Tesseract, a system package, with the languages that are installed beside it."""

import subprocess
import tempfile
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import PIL.Image
import pytesseract

from skulens.claims import Line, Quad
from skulens.errors import MissingFile
from skulens.records import SystemInfo

NAME = "tesseract"
PACKS = {
    "en": "eng", "id": "ind", "ms": "msa", "vi": "vie", "th": "tha", "ru": "rus", "uk": "ukr",
    "fr": "fra", "de": "deu", "tr": "tur", "no": "nor", "bg": "bul", "kk": "kaz", "es": "spa",
    "it": "ita", "pt": "por", "nl": "nld", "pl": "pol", "sv": "swe", "el": "ell", "zh": "chi_sim",
}  # fmt: skip
"""ISO 639-1 -> tesseract's name of the language pack."""
HEIGHT_PX = 48
"""Of a line that it is given alone."""
PAGE = "6"
"""--psm of a picture: one block of text."""


class Tesseract:
    """Any language whose pack is installed."""

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
            identity=f"{NAME}/1 tesseract {self.version} {' '.join(sorted(self.packs))}",
            family="ocr",
            licence="Apache-2.0",
            about={"modalities": ["image"], "languages": list(self.languages)},
        )

    @cached_property
    def packs(self) -> frozenset[str]:
        return frozenset(pytesseract.get_languages(config=""))

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(code for code, pack in PACKS.items() if pack in self.packs)

    def model(self, languages: Sequence[str]) -> str:
        """Tesseract's -l for languages; English where none of them is installed."""
        packs = [PACKS[code] for code in languages if PACKS.get(code) in self.packs]
        return "+".join(dict.fromkeys(packs)) or "eng"

    def read(self, picture: PIL.Image.Image, languages: Sequence[str] = ()) -> list[Line]:
        """Lines in reading order; see `protocols.TextReader`."""
        found = pytesseract.image_to_data(
            picture, lang=self.model(languages), output_type=pytesseract.Output.DICT
        )
        rows: dict[tuple, list[int]] = {}
        for i, text in enumerate(found["text"]):
            if text.strip():
                key = (found["block_num"][i], found["par_num"][i], found["line_num"][i])
                rows.setdefault(key, []).append(i)
        lines = []
        for words in rows.values():
            left = min(found["left"][i] for i in words)
            top = min(found["top"][i] for i in words)
            right = max(found["left"][i] + found["width"][i] for i in words)
            bottom = max(found["top"][i] + found["height"][i] for i in words)
            quad: Quad = tuple(
                float(v) for v in (left, top, right, top, right, bottom, left, bottom)
            )  # type: ignore[assignment]
            score = min(float(found["conf"][i]) for i in words) / 100
            lines.append(Line(" ".join(found["text"][i] for i in words), quad, score, NAME))
        return lines

    def read_boxes(
        self, picture: PIL.Image.Image, quads: Sequence[Quad], languages: Sequence[str] = ()
    ) -> list[tuple[str, float]]:
        """(text, confidence) of each box, all in one process; see `protocols.TextReader`."""
        import numpy as np

        from skulens.verify.text.rapidocr import cut

        if not quads:
            return []
        pixels = np.asarray(picture)
        with tempfile.TemporaryDirectory() as folder:
            names = []
            for i, quad in enumerate(quads):
                line = PIL.Image.fromarray(cut(pixels, quad))
                width = max(1, round(line.width * HEIGHT_PX / line.height))
                line = line.resize((width, HEIGHT_PX), PIL.Image.Resampling.BICUBIC)
                padded = PIL.Image.new("RGB", (width + 20, HEIGHT_PX + 20), "white")
                padded.paste(line, (10, 10))
                path = Path(folder, f"{i}.png")
                padded.save(path)
                names.append(str(path))
            Path(folder, "list.txt").write_text("\n".join(names) + "\n", encoding="utf-8")
            command = ["tesseract", f"{folder}/list.txt", "-", "--psm", "7", "-l",
                       self.model(languages), "tsv"]  # fmt: skip
            done = subprocess.run(command, capture_output=True, check=False, timeout=600)
        return [
            _join(words) for words in _by_page(done.stdout.decode("utf-8", "replace"), len(quads))
        ]


def _by_page(tsv: str, pages: int) -> list[list[tuple[str, float]]]:
    """(word, confidence) of each page."""
    found: list[list[tuple[str, float]]] = [[] for _ in range(pages)]
    for row in tsv.splitlines()[1:]:
        cells = row.split("\t")
        if len(cells) == 12 and cells[0] == "5" and cells[11].strip():
            found[int(cells[1]) - 1].append((cells[11], float(cells[10]) / 100))
    return found


def _join(words: list[tuple[str, float]]) -> tuple[str, float]:
    return " ".join(w for w, _ in words), min((c for _, c in words), default=0.0)
