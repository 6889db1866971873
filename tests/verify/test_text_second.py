"""The second witness: which boxes are read again, and when two readings agree."""

import io

import PIL.Image
import pytest

pytest.importorskip("rapidocr", reason="readers of text need rapidocr: pip install 'skulens[ocr]'")

from skulens.claims import Evidence, Line, Seen
from skulens.records import Image, Product, SystemInfo
from skulens.verify.facts.found import Found
from skulens.verify.look import Looker
from skulens.verify.second import (
    SecondReader,
    boxes_to_reread,
    confirm,
    holds_identifier,
    holds_value,
    is_confirmed,
)

NET, LOT = "attributes.net_content", "identifiers.lot"


def quad(row: int = 0):
    top = 30.0 * row
    return (0.0, top, 100.0, top, 100.0, top + 20, 0.0, top + 20)


def line(text: str, second: str = "", row: int = 0, reader: str = "rapidocr") -> Line:
    return Line(text, quad(row), 0.8, reader, second)


def found(value: str, field: str = NET, rows=(0,), **more) -> Found:
    evidence = tuple(Evidence("sha", "ocr", value, quad(row)) for row in rows)
    return Found(field, value, evidence=evidence, confidence=0.8, **more)


@pytest.mark.parametrize(
    ("text", "value", "holds"),
    [
        ("Lot: AB-123 C", "AB-123", True),
        ("Lot:AB-123", "AB-123", True),
        ("5 000123 456784", "5000123456784", True),
        ("Lot AB-1234", "AB-123", False),
        ("Lot 2AB-123", "AB-123", False),
        ("Lot ab-123", "AB-123", False),
        ("Lot A8-123", "AB-123", False),
        ("Lot AB123", "AB-123", False),
        ("Lot", "", False),
    ],
)
def test_identifiers_agree_in_every_character(text, value, holds):
    assert holds_identifier(text, value) == holds


@pytest.mark.parametrize(
    ("text", "value", "holds"),
    [
        ("NET 250 ML", "250 ml", True),
        ("net 250ml e", "250 ml", True),
        ("1250 ml", "250 ml", False),
        ("250 cl", "250 ml", False),
        ("12.5 g", "12,5 g", False),
        ("fat 12.50 g", "12.5 g", False),
        ("fat <0.5 g", "0.5 g", False),
        ("fat <0.5 g", "<0.5 g", True),
        ("Made in Franco", "France", False),
        ("ml 250", "250 ml", False),
        ("250 ml", "-", False),
    ],
)
def test_values_agree_token_by_token(text, value, holds):
    assert holds_value(text, value) == holds


def test_a_value_that_both_read_has_a_witness():
    assert is_confirmed(found("250 ml"), [line("Net 250 ml e", "Net 250 ml @")])
    assert not is_confirmed(found("250 ml"), [line("Net 250 ml e", "Net 260 ml @")])
    assert not is_confirmed(found("250 ml"), [line("Net 250 ml e")])


def test_a_reading_of_other_print_is_none():
    assert not is_confirmed(
        found("250 ml"), [line("Net 250 ml", "Made in 250 ml China by Acme Ltd")]
    )


def test_a_usual_form_is_confirmed_by_the_whole_line_alone():
    origin = found("FR", "attributes.origin")
    assert is_confirmed(origin, [line("Fabriqué en France", "fabriqué en  France")])
    assert not is_confirmed(origin, [line("Fabriqué en France", "Fabrique en France")])
    assert not is_confirmed(found("FR", LOT), [line("Lot FR1", "lot fr1")])


def test_grams_read_as_nine_are_not_believed_twice():
    fat = found("4.79", "attributes.nutrition.fat", unit="g")
    assert not is_confirmed(fat, [line("fat 4.79", "fat 4.79")])
    assert is_confirmed(
        found("4.7", "attributes.nutrition.fat", unit="g"), [line("fat 4.7 g", "fat 4.7 g")]
    )


def test_of_another_script_the_numbers_are_compared():
    cyrillic = line("Маса нетто 250 мл", "Maca Hemmo 250 Mn", reader="tesseract")
    assert is_confirmed(found("250 мл"), [cyrillic])
    assert not is_confirmed(found("260 мл"), [cyrillic])
    assert not is_confirmed(found("Маса", "attributes.name"), [cyrillic])
    assert not is_confirmed(found("Маса нетто 250", "attributes.manufacturer_address"), [cyrillic])
    assert not is_confirmed(found("5 мл"), [line("Маса 5 мл", "Maca 5 Mn", reader="tesseract")])


def test_confirm_adds_a_witness_and_takes_none_away():
    lines = [line("Net 250 ml", "Net 250 ml"), line("Lot A1", "Lot A7", 1)]
    seen = Seen("x", lines={"sha": lines})
    given = [
        found("250 ml"), found("250 ml", witness="arithmetic"), found("250 ml", doubt="torn"),
        found("A1", LOT, rows=(1,)), Found(NET, "250 ml"), found("250 ml", rows=(0, 5)),
    ]  # fmt: skip
    assert [f.witness for f in confirm(given, seen)] == [
        "second reader", "arithmetic", "", "", "", "",
    ]  # fmt: skip


def test_only_untrusted_prints_are_read_again():
    clear = Found(NET, "1 l", evidence=(Evidence("sha", "ocr", "1 l", quad(3)),), confidence=0.99)
    bars = Found(LOT, "1", evidence=(Evidence("sha", "bars", "1", quad(4)),))
    given = [found("250 ml"), found("2 g"), found("1", LOT, (1,)), clear, bars]
    assert boxes_to_reread([*given, found("3 g", rows=(2,), doubt="torn")]) == {
        "sha": [quad(0), quad(1)]
    }


class Engine:
    """Reads every box as `text`; keeps what it was asked."""

    languages = ("en",)

    def __init__(self, name: str, text: str = ""):
        self.info = SystemInfo(name=name, kind="reader", identity=f"{name}/1")
        self.text, self.asked = text, []

    def read(self, picture, languages=()):
        return [line("Net 250 ml"), line("Lot A1", row=1)]

    def read_boxes(self, picture, quads, languages=()):
        self.asked.append((len(quads), list(languages)))
        return [(self.text, 0.9)] * len(quads)


class Both(Engine):
    def __init__(self, *engines: Engine):
        super().__init__("both")
        self.engines = {engine.info.name: engine for engine in engines}


def test_each_line_is_read_by_the_engine_that_did_not():
    rapid, other = Engine("rapidocr", "from rapidocr"), Engine("tesseract", "from tesseract")
    lines = [
        line("a"),
        line("b", row=1, reader="tesseract"),
        line("c", row=2),
        line("d", reader="x"),
    ]
    told = SecondReader(Both(rapid, other)).read(
        PIL.Image.new("RGB", (9, 9)), lines, ["fr", "de", "it"]
    )
    assert told == ["from tesseract", "from rapidocr", "from tesseract", ""]
    assert other.asked == [(2, ["fr", "de", "en"])] and rapid.asked == [(1, ["fr", "de", "en"])]


def test_a_missing_engine_is_named_and_nothing_is_confirmed(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.warns(UserWarning, match="no second witness"):
        second = SecondReader(Engine("rapidocr"))
    assert second.read(PIL.Image.new("RGB", (9, 9)), [line("a")]) == [""]


def encode() -> bytes:
    data = io.BytesIO()
    PIL.Image.new("RGB", (120, 90), "white").save(data, "PNG")
    return data.getvalue()


def test_looking_again_fills_the_boxes_asked_for_once(tmp_path):
    rapid, other = Engine("rapidocr"), Engine("tesseract", "Net 250 ml")
    product = Product(id="x", images=(Image(data=encode()),))
    for run in (1, 2):
        looker = Looker(
            Both(rapid, other), bars=False, cache=tmp_path, second=SecondReader(Both(rapid, other))
        )
        seen, _ = looker.look_at(product)
        sha = next(iter(seen.lines))
        again = looker.reread(seen, {sha: [quad(0)]})
        assert [one.second for one in again.lines[sha]] == ["Net 250 ml", ""]
        assert looker.reread(seen, {}) is seen and seen.lines[sha][0].second == ""
        assert len(other.asked) == 1, run


def test_a_second_reader_that_fails_leaves_the_first_reading(monkeypatch):
    rapid, other = Engine("rapidocr"), Engine("tesseract")
    looker = Looker(Both(rapid, other), bars=False, second=SecondReader(Both(rapid, other)))
    seen, _ = looker.look_at(Product(id="x", images=(Image(data=encode()),)))
    monkeypatch.setattr(other, "read_boxes", lambda *_: 1 / 0)
    with pytest.warns(UserWarning, match="second reading failed"):
        assert looker.reread(seen, {next(iter(seen.lines)): [quad(0)]}) is seen


def test_nobody_reads_again_where_nobody_is_given():
    looker = Looker(Engine("rapidocr"), bars=False)
    seen, _ = looker.look_at(Product(id="x", images=(Image(data=encode()),)))
    assert looker.reread(seen, {next(iter(seen.lines)): [quad(0)]}) is seen
