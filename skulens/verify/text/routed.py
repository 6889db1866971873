"""The engine for each language: PP-OCRv6 first, tesseract for the letters that it does not know."""

from collections.abc import Sequence
from functools import cached_property

import PIL.Image

from skulens.claims import Line, Quad
from skulens.records import SystemInfo
from skulens.verify.text.rapidocr import RapidOcr
from skulens.verify.text.tesseract import Tesseract

NAME = "routed"


class Routed:
    """rapidocr's boxes and letters, tesseract's letters where a language asks for them."""

    def __init__(self) -> None:
        self.first = RapidOcr()
        self.info = SystemInfo(
            name=NAME,
            kind="reader",
            identity=f"{NAME}/1 {self.first.info.identity}",
            family="ocr",
            licence="Apache-2.0",
            about={"modalities": ["image"], "languages": list(self.languages)},
            parts=(self.first.info,),
        )

    @cached_property
    def second(self) -> Tesseract:
        return Tesseract()

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.first.languages, "vi", "th", "ru", "uk")))

    def read(self, picture: PIL.Image.Image, languages: Sequence[str] = ()) -> list[Line]:
        """Lines in reading order; see `protocols.TextReader`."""
        if "th" in languages:
            return self.second.read(picture, languages)
        lines = self.first.read(picture, languages)
        cyrillic = {"ru", "uk", "bg", "kk"} & set(languages)
        if "vi" not in languages and not cyrillic:
            return lines
        told = self.second.read_boxes(picture, [line.quad for line in lines], languages)
        return [
            Line(text, line.quad, score, "tesseract", line.text) if text else line
            for line, (text, score) in zip(lines, told, strict=True)
        ]

    def read_boxes(
        self, picture: PIL.Image.Image, quads: Sequence[Quad], languages: Sequence[str] = ()
    ) -> list[tuple[str, float]]:
        """(text, confidence) of each box; see `protocols.TextReader`."""
        return self.first.read_boxes(picture, quads, languages)
