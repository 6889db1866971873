"""The engine for each line: PP-OCRv6 first, tesseract for the letters that it does not know.

Which lines tesseract is asked for stands in `routes`; what it says is kept where it is sure enough
and of the script that it was asked for. Both readings of such a line stay (`Line.second`).
"""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import PIL.Image

from skulens.claims import Line, Quad
from skulens.errors import MissingFile
from skulens.records import SystemInfo
from skulens.verify.text import routes, tesseract
from skulens.verify.text.boxes import in_reading_order
from skulens.verify.text.rapidocr import RapidOcr, is_given
from skulens.verify.text.routes import Route
from skulens.verify.text.tesseract import Tesseract, Word

NAME = "routed"
SURE = 0.4
"""Mean confidence of tesseract's words, by letters, from which its letters are kept."""
VERY_SURE = 0.8
LETTERS = 3
"""Least number of letters of the script."""
EMPTIED = 0.5
"""Most confidence of a line that lost letters and is kept."""
OF_SCRIPT = 0.5
"""Least share of its letters that are of the script it was asked for."""


class Routed:
    """rapidocr's boxes and letters, tesseract's letters where a line asks for them.

    Without tesseract, or without the packs of a script, it reads what is left and says once what
    it cannot read and which package would.
    """

    def __init__(self, first: RapidOcr | None = None, second: Tesseract | None = None) -> None:
        self.first = first or RapidOcr()
        self.second = second or open_tesseract()
        self._said: set[str] = set()
        other = self.second.info if self.second else None
        self.info = SystemInfo(
            name=NAME,
            kind="reader",
            identity=" + ".join(
                [f"{NAME}/2 {self.first.info.identity}", other.identity if other else "alone"]
            ),
            family="ocr",
            licence="Apache-2.0",
            about={"modalities": ["image"], "languages": list(self.languages)},
            parts=(self.first.info, *([other] if other else [])),
        )

    @property
    def engines(self) -> dict[str, Any]:
        """By name, for who wants a second reading."""
        return {self.first.info.name: self.first, tesseract.NAME: self.second}

    @property
    def languages(self) -> tuple[str, ...]:
        """Of the first engine, and those whose letters an installed pack reads."""
        more = [
            code
            for route in routes.load_routes()
            for code in route.languages
            if self.second and code in self.second.languages
        ]
        return tuple(dict.fromkeys((*self.first.languages, *more)))

    def read(self, picture: PIL.Image.Image, languages: Sequence[str] = ()) -> list[Line]:
        """Lines in reading order; see `protocols.TextReader`."""
        asked = routes.routes_for(languages)
        own = next((route for route in asked if route.lines == "own"), None)
        if own and self._model(own, languages):
            return self._read_own(picture, own, languages)
        lines = self.first.read_all(picture)
        for route in asked:
            if route.lines != "own":
                lines = self._read_again(picture, lines, route, languages)
        return in_reading_order([line for line in lines if is_given(line) or is_second(line)])

    def read_boxes(
        self, picture: PIL.Image.Image, quads: Sequence[Quad], languages: Sequence[str] = ()
    ) -> list[tuple[str, float]]:
        """(text, confidence) of each box; see `protocols.TextReader`."""
        told = self.first.read_boxes(picture, quads, languages)
        lines = [
            Line(text, q, c, self.first.info.name) for q, (text, c) in zip(quads, told, strict=True)
        ]
        for route in routes.routes_for(languages):
            lines = self._read_again(picture, lines, route, languages)
        return [(line.text, line.confidence) for line in lines]

    def _read_own(
        self, picture: PIL.Image.Image, route: Route, languages: Sequence[str]
    ) -> list[Line]:
        """Lines that tesseract finds and reads."""
        assert self.second is not None
        return self.second.read_page(picture, self._model(route, languages))

    def _read_again(
        self,
        picture: PIL.Image.Image,
        lines: list[Line],
        route: Route,
        languages: Sequence[str],
    ) -> list[Line]:
        """The lines, those of the route's script in tesseract's letters."""
        chosen = routes.lines_to_ask(lines, route, bool(languages))
        if not chosen:
            return lines
        model = self._model(route, languages, warn=bool(languages) or routes.is_foreign(lines))
        if not model:
            return lines
        assert self.second is not None
        told = self.second.read_words(picture, [lines[i].quad for i in chosen], model)
        lines = list(lines)
        for i, words in zip(chosen, told, strict=True):
            lines[i] = choose(lines[i], words, route)
        return lines

    def _model(self, route: Route, languages: Sequence[str], warn: bool = True) -> str:
        """Tesseract's -l for a route; empty where nothing that is installed reads its letters."""
        packs = list(route.packs)
        names = [tesseract.pack_names().get(c, "") for c in languages if c in route.languages]
        there = self.second.packs if self.second else frozenset()
        told = [name for name in names if name in there and name not in packs]
        letters = [pack for pack in (*told, *packs) if pack != "eng" and pack in there]
        lacking = [pack for pack in (names or packs) if pack != "eng" and pack not in there]
        if warn and lacking and not letters:
            self._say(route, lacking)
        return "+".join(
            [*letters, *(p for p in packs if p == "eng" and p in there)] if letters else []
        )

    def _say(self, route: Route, lacking: Sequence[str]) -> None:
        """Once per script: what cannot be read, and what to install."""
        if route.script in self._said:
            return
        self._said.add(route.script)
        needed = " ".join(tesseract.debian_package(pack) for pack in dict.fromkeys(lacking))
        warnings.warn(
            f"{route.script.title()} letters ({', '.join(route.languages)}) are not read rightly: "
            f"sudo apt-get install {'' if self.second else 'tesseract-ocr '}{needed}",
            stacklevel=4,
        )


def open_tesseract() -> Tesseract | None:
    """None where it is not installed."""
    try:
        return Tesseract()
    except MissingFile:
        return None


def choose(line: Line, words: Sequence[Word], route: Route) -> Line:
    """A line of the first engine in tesseract's letters where these are to be believed.

    They are of the route's script, and sure; against a line that the first engine gives in full and
    without doubt, very sure. Else the line stays; what has lost letters is no clear line.
    """
    text, least, mean = tesseract.join(words)
    share = routes.share_of_script(text, route.script)
    first = line.text if is_given(line) else ""
    enough = share * routes.count_letters(text) >= LETTERS and share >= OF_SCRIPT
    if enough and mean >= (VERY_SURE if is_clear(line) else SURE):
        return replace(line, text=text, confidence=least, reader=tesseract.NAME, second=first)
    doubt = EMPTIED if routes.is_emptied(line) else 1.0
    second = text if mean >= SURE else ""
    return replace(line, confidence=min(line.confidence, doubt), second=second)


def is_clear(line: Line) -> bool:
    """Whether the first engine gave a full line without doubt."""
    return line.confidence >= routes.UNCLEAR and not routes.is_emptied(line)


def is_second(line: Line) -> bool:
    return line.reader == tesseract.NAME
