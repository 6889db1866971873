"""What every reader of text owes its users; and the real engines on drawn and real labels."""

import io
import os
from functools import cache

import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont
import PIL.ImageOps
import pytest
from rapidfuzz import fuzz

pytest.importorskip("rapidocr", reason="readers of text need rapidocr: pip install 'skulens[ocr]'")

from skulens import pictures
from skulens.errors import MissingDependency, MissingFile
from skulens.registry import rows
from skulens.verify.text import open_text_reader
from skulens.verify.text.rapidocr import threads
from tests.verify.photos import find_photo

TEXT = ("Store in a dry place", "Best before 12/2027", "Net weight 250 g")
TURNS = {
    "on its head": PIL.Image.Transpose.ROTATE_180,
    "to the left": PIL.Image.Transpose.ROTATE_90,
    "to the right": PIL.Image.Transpose.ROTATE_270,
}


@cache
def reader(name: str):
    try:
        return open_text_reader(name)
    except (MissingFile, MissingDependency) as e:
        pytest.skip(str(e))


def draw(lines=TEXT, size=(460, 300)) -> PIL.Image.Image:
    picture = PIL.Image.new("RGB", size, "white")
    pen, font = PIL.ImageDraw.Draw(picture), PIL.ImageFont.load_default(40)
    for i, line in enumerate(lines):
        pen.text((40, 30 + 80 * i), line, fill="black", font=font)
    return picture


def check_lines(lines, size) -> None:
    for line in lines:
        assert line.text.strip() and 0.0 <= line.confidence <= 1.0 and line.reader
        assert len(line.quad) == 8
        assert all(0 <= x <= size[0] for x in line.quad[0::2])
        assert all(0 <= y <= size[1] for y in line.quad[1::2])


NAMES = sorted(rows("text_reader"))


@pytest.mark.parametrize("name", NAMES)
def test_lines_of_a_plain_label(name):
    picture = draw()
    lines = reader(name).read(picture)
    check_lines(lines, picture.size)
    assert fuzz.ratio(" ".join(line.text for line in lines), " ".join(TEXT)) > 90
    x, y = lines[0].quad[:2]
    assert abs(x - 40) < 25 and abs(y - 40) < 30  # the top left of the text comes first


@pytest.mark.parametrize("name", NAMES)
def test_boxes_read_as_the_page_does(name):
    picture = draw()
    engine = reader(name)
    lines = engine.read(picture)
    told = engine.read_boxes(picture, [line.quad for line in lines])
    assert [fuzz.ratio(text, line.text) > 85 for (text, _), line in zip(told, lines, strict=True)]
    assert all(0 <= confidence <= 1 for _, confidence in told)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(150, 100), (2, 2), (200, 1), (1, 150)])
def test_a_picture_without_print_has_no_lines(name, size):
    if name == "routed" and min(size) < 100:
        pytest.skip("its boxes are those of rapidocr, which is tried")
    blank = PIL.Image.new("RGB", size, "white")
    assert reader(name).read(blank) == []
    whole = (0.0, 0.0, float(size[0]), 0.0, *map(float, size), 0.0, float(size[1]))
    assert len(reader(name).read_boxes(blank, [whole])) == 1
    assert reader(name).read_boxes(blank, []) == []


@pytest.mark.parametrize("name", NAMES)
def test_unknown_languages_are_no_error(name):
    assert isinstance(reader(name).read(draw(), ["xx", "en"]), list)


@pytest.mark.parametrize("name", NAMES)
def test_names_what_it_is(name):
    info, languages = reader(name).info, reader(name).languages
    assert info.kind == "reader" and info.identity and "en" in languages
    assert all(len(code) in (2, 3) for code in languages)


def test_a_cmyk_photo_reads_as_any_other():
    data = io.BytesIO()
    draw().convert("CMYK").save(data, "JPEG", quality=95)
    lines = reader("rapidocr").read(pictures.decode(data.getvalue()))
    assert fuzz.ratio(" ".join(line.text for line in lines), " ".join(TEXT)) > 90


@pytest.mark.parametrize("how", TURNS)
def test_a_turned_label_is_read_in_order_and_its_quads_begin_at_the_texts_top_left(how):
    picture = draw().transpose(TURNS[how])
    lines = reader("rapidocr").read(picture)
    check_lines(lines, picture.size)
    assert fuzz.ratio(" ".join(line.text for line in lines), " ".join(TEXT)) > 90
    width, height = picture.size
    corner = {
        "on its head": (width - 40, height - 40),
        "to the left": (40, height - 40),
        "to the right": (width - 40, 40),
    }[how]
    assert abs(lines[0].quad[0] - corner[0]) < 30 and abs(lines[0].quad[1] - corner[1]) < 30


def test_a_line_on_its_head_among_upright_ones_is_read():
    picture = draw(size=(600, 400))
    label = draw(["Keep out of reach of children"], (600, 100))
    picture.paste(label.transpose(PIL.Image.Transpose.ROTATE_180), (0, 290))
    texts = [line.text for line in reader("rapidocr").read(picture)]
    assert max(fuzz.ratio(text, "Keep out of reach of children") for text in texts) > 90


def test_a_mirrored_label_is_no_clear_reading():
    lines = reader("rapidocr").read(PIL.ImageOps.mirror(draw()))
    assert all(line.confidence <= 0.5 for line in lines)


def test_bright_letters_on_dark_are_read_by_both():
    picture = PIL.ImageOps.invert(draw())
    lines = reader("rapidocr").read(picture)
    told = reader("tesseract").read_boxes(picture, [line.quad for line in lines])
    for (text, _), line in zip(told, lines, strict=True):
        assert fuzz.ratio(text, line.text) > 85


def test_threads_follow_the_environment(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert threads() == 1
    monkeypatch.setenv("OMP_NUM_THREADS", "100000")
    assert threads() <= (os.cpu_count() or 1)
    monkeypatch.setenv("OMP_NUM_THREADS", "many")
    assert threads() >= 1


def test_a_failing_tesseract_says_what_it_said():
    from skulens.errors import SkulensError

    with pytest.raises(SkulensError, match="load any languages"):
        reader("tesseract").read_page(draw(), "klingon")


def test_tesseract_that_is_not_installed_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingFile, match="apt-get install tesseract-ocr"):
        open_text_reader("tesseract")


# ----- real labels ------------------------------------------------------------------------------


def photo(folder: str, name: str) -> PIL.Image.Image:
    return pictures.decode(find_photo(folder, name).read_bytes())


def test_a_real_label_reads_the_same_by_boxes():
    picture = photo("packaging", "french_ingredients_crop.jpg")
    lines = reader("rapidocr").read(picture)
    told = reader("rapidocr").read_boxes(picture, [line.quad for line in lines])
    assert len(lines) > 3
    for (text, _), line in zip(told, lines, strict=True):
        assert fuzz.ratio(text, line.text) > 85


def test_cyrillic_lines_come_from_tesseract_and_latin_ones_do_not():
    if not {"rus", "ukr"} <= (getattr(reader("tesseract"), "packs", frozenset())):
        pytest.skip("needs tesseract-ocr-rus and tesseract-ocr-ukr")
    picture = photo("packages", "a1xg_eng-76.jpg").crop((640, 310, 1540, 710))
    lines = reader("routed").read(picture)
    russian = [line for line in lines if "Хранить" in line.text or "упаков" in line.text]
    assert russian and all(line.reader == "tesseract" for line in russian)
    latin = [line for line in lines if "Parfum" in line.text or "Limonene" in line.text]
    assert latin and all(line.reader == "rapidocr" for line in latin)
