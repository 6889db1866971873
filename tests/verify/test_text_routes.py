"""Whose letters are kept: rules on readings, without any OCR."""

import warnings

import pytest

pytest.importorskip("rapidocr", reason="readers of text need rapidocr: pip install 'skulens[ocr]'")

import PIL.Image

from skulens.claims import Line
from skulens.records import SystemInfo
from skulens.verify.text import routes
from skulens.verify.text.routed import Routed
from skulens.verify.text.tesseract import Word, join

PICTURE = PIL.Image.new("RGB", (1000, 400), "white")


def line(text: str, row: int = 0, confidence: float = 0.8, width: float = 300) -> Line:
    """20 px high; 300 px wide, room for some 30 letters."""
    top = 10.0 + 40 * row
    quad = (10.0, top, 10.0 + width, top, 10.0 + width, top + 20, 10.0, top + 20)
    return Line(text, quad, confidence, "rapidocr")


def words(text: str, confidence: float = 0.9) -> list[Word]:
    return [Word(w, confidence, (0, 0, 9, 9), (1, 1, 1, 1)) for w in text.split()]


class First:
    """Finds the lines it is given."""

    languages = ("en",)
    info = SystemInfo(name="rapidocr", kind="reader", identity="first/1")

    def __init__(self, *lines: Line):
        self.lines = list(lines)

    def read_all(self, picture):
        return list(self.lines)

    def read_boxes(self, picture, quads, languages=()):
        known = {one.quad: one for one in self.lines}
        return [(known[q].text, known[q].confidence) for q in quads]


class Second:
    """Says one text for every box; keeps what it was asked."""

    info = SystemInfo(name="tesseract", kind="reader", identity="second/1")

    def __init__(
        self, text: str = "", confidence: float = 0.9, packs=("rus", "ukr", "eng", "vie", "tha")
    ):
        self.text, self.confidence, self.packs = text, confidence, frozenset(packs)
        self.asked: list[tuple[int, str]] = []
        names = {"rus": "ru", "ukr": "uk", "eng": "en", "vie": "vi", "tha": "th"}
        self.languages = tuple(names[p] for p in packs)

    def read_words(self, picture, quads, model):
        self.asked.append((len(quads), model))
        return [words(self.text, self.confidence) for _ in quads]

    def read_page(self, picture, model):
        self.asked.append((0, model))
        return [Line("ของ", (0.0, 0.0, 9.0, 0.0, 9.0, 9.0, 0.0, 9.0), 0.7, "tesseract")]


GAPS = "    ,   .  :  "
LATIN = "Aqua, Glycerin, Parfum, Linalool"
RUSSIAN = "Хранить в сухом месте"


def test_a_latin_page_never_starts_tesseract():
    second = Second(RUSSIAN)
    read = Routed(
        First(line(LATIN, 0, 0.98), line("unclear but whole latin words", 1, 0.6)), second
    )
    assert [one.reader for one in read.read(PICTURE)] == ["rapidocr"] * 2
    assert second.asked == []


def test_a_line_that_lost_its_letters_gets_tesseracts():
    second = Second(RUSSIAN)
    lines = Routed(First(line(LATIN, 0, 0.98), line(GAPS, 1)), second).read(PICTURE)
    assert [(one.text, one.reader, one.second) for one in lines] == [
        (LATIN, "rapidocr", ""), (RUSSIAN, "tesseract", GAPS),
    ]  # fmt: skip
    assert second.asked == [(1, "rus+ukr+eng")]


def test_all_lines_of_a_picture_go_to_one_process():
    second = Second(RUSSIAN)
    Routed(First(*(line(GAPS, row) for row in range(6))), second).read(PICTURE)
    assert second.asked == [(6, "rus+ukr+eng")]


def test_lookalikes_are_doubted_on_a_foreign_page_alone():
    capitals = line("PA3PA6OTKA COCTAB BEC HETTO", 5, 0.97)
    assert not routes.lines_to_ask([capitals], routes.load_routes()[0], False)
    page = [line(GAPS, 0), line(GAPS, 1), capitals, line(LATIN, 6, 0.98)]
    assert routes.lines_to_ask(page, routes.load_routes()[0], False) == [0, 1, 2]


@pytest.mark.parametrize(
    ("text", "confidence"),
    [("Хранить", 0.2), ("Store in a dry place", 0.9), ("м", 0.9), ("", 0.0), ("12 34 5678", 0.9)],
)
def test_unsure_or_other_letters_are_not_kept_and_the_line_is_not_clear(text, confidence):
    (one,) = Routed(First(line(", 25", 0, 0.97)), Second(text, confidence)).read(PICTURE)
    assert (one.text, one.reader) == (", 25", "rapidocr") and one.confidence <= 0.5


def test_a_clear_full_line_yields_to_a_very_sure_one_alone():
    clear = line("PA3PA6OTKA COCTAB BEC HETTO", 2, 0.97)
    page = [line(GAPS, 0), line(GAPS, 1), clear]
    for confidence, reader in ((0.6, "rapidocr"), (0.9, "tesseract")):
        lines = Routed(First(*page), Second("РАЗРАБОТКА СОСТАВ ВЕС", confidence)).read(PICTURE)
        assert lines[2].reader == reader


def test_a_told_latin_language_asks_for_nothing():
    second = Second(RUSSIAN)
    Routed(First(line(GAPS, 0), line(GAPS, 1)), second).read(PICTURE, ["en", "fr"])
    assert second.asked == []


def test_vietnamese_letters_are_all_tesseracts_on_the_first_ones_boxes():
    second = Second("Bảo quản nơi khô ráo")
    lines = Routed(First(line("Bao quan noi kho rao", 0, 0.99)), second).read(PICTURE, ["vi"])
    assert [(one.text, one.second) for one in lines] == [
        ("Bảo quản nơi khô ráo", "Bao quan noi kho rao")
    ]
    assert second.asked == [(1, "vie")]


def test_thai_is_read_by_tesseract_alone():
    second = Second()
    lines = Routed(First(line(LATIN, 0, 0.98)), second).read(PICTURE, ["th"])
    assert [one.text for one in lines] == ["ของ"] and second.asked == [(0, "tha+eng")]


def test_boxes_are_routed_as_pages_are():
    one = line(GAPS, 0)
    read = Routed(First(one), Second(RUSSIAN)).read_boxes(PICTURE, [one.quad], ["ru"])
    assert read == [(RUSSIAN, 0.9)]


def test_a_missing_pack_is_named_once_and_the_rest_is_read(monkeypatch):
    reader = Routed(First(line(LATIN, 0, 0.98), line(GAPS, 1)), Second(packs=("eng",)))
    with pytest.warns(UserWarning, match="tesseract-ocr-ukr") as said:
        lines = reader.read(PICTURE, ["uk"])
        reader.read(PICTURE, ["uk"])
    assert len(said) == 1 and [one.text for one in lines][0] == LATIN
    assert "uk" not in reader.languages and "en" in reader.languages


def test_a_stray_speck_on_a_latin_page_warns_of_nothing():
    reader = Routed(First(line(LATIN, 0, 0.98), line(",", 1)), Second(packs=("eng",)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        reader.read(PICTURE)


def test_without_tesseract_it_still_reads(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    reader = Routed(First(line(LATIN, 0, 0.98), line(GAPS, 1), line(GAPS, 2)))
    assert reader.second is None and "ru" not in reader.languages
    with pytest.warns(UserWarning, match="apt-get install tesseract-ocr tesseract-ocr-rus"):
        assert reader.read(PICTURE)[0].text == LATIN
    with pytest.warns(UserWarning, match="tesseract-ocr-tha"):
        assert reader.read(PICTURE, ["th"])[0].text == LATIN


def test_identity_says_whether_tesseract_is_there(monkeypatch, tmp_path):
    there = Routed(First(), Second()).info.identity
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Routed(First()).info.identity != there


def test_a_scripts_share_counts_letters_alone():
    assert routes.share_of_script("Вес 250 g", "CYRILLIC") == 0.75
    assert routes.share_of_script("250", "CYRILLIC") == 0.0


def test_specks_are_no_words():
    text, least, mean = join([*words("_Хранить"), *words("| ~", 0.2), *words("месте`", 0.5)])
    assert text == "Хранить месте" and least == 0.5 and 0.5 < mean < 0.9


def test_every_pack_of_a_route_has_a_language():
    from skulens.verify.text.tesseract import pack_names

    known = set(pack_names().values())
    for route in routes.load_routes():
        assert set(route.packs) <= known, route.script
        assert set(route.languages) <= set(pack_names()), route.script
