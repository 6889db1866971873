"""Labels: every fact printed once, nothing outside its box,
and a legibility that readers from outside confirm.
"""

import hashlib
import io
import itertools
import os
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import numpy as np
import PIL.Image
import pytest

pytest.importorskip(
    "resvg_py", reason="the procedural shop needs resvg_py: pip install 'skulens[world]'"
)
pytest.importorskip(
    "barcode", reason="the bars of labels need python-barcode: pip install 'skulens[world]'"
)

from rapidfuzz.distance import Levenshtein

from skulens.world.canvas.letters import width_of
from skulens.world.canvas.svg import Canvas, Print, render
from skulens.world.config import Stream, WorldConfig
from skulens.world.label.blocks import pieces, wrap
from skulens.world.label.facts import label_of
from skulens.world.label.layout import draw_sheet, pages, panel, sheets
from skulens.world.render.closeups import (
    CLEAN,
    SPOILS,
    Spoil,
    closeups,
    draw,
    find_regions,
    scene,
    spoil_of,
)
from skulens.world.render.regions import Conditions, Glare, Region, best, region, share_inside
from skulens.world.truth.products import variants
from skulens.world.truth.vocabulary import LANGUAGES

CONFIG = WorldConfig(skus=160, seed=29)
STRAIGHT = Spoil("", (1, 0, 0, 1, 0, 0))
IDENTITY = (1, 0, 0, 1, 0, 0)


@pytest.fixture(scope="module")
def shop():
    return list(variants(CONFIG))


@pytest.fixture(scope="module")
def laid_out(shop):
    """(variant, label, sheets) of one SKU of each SPU."""
    heads = [next(group) for _, group in itertools.groupby(shop, key=lambda v: v.spu)]
    return [(v, label_of(v), sheets(label_of(v), v.look, 384)) for v in heads]


def picture(data: bytes) -> PIL.Image.Image:
    return PIL.Image.open(io.BytesIO(data)).convert("RGB")


def box(quad) -> tuple[float, float, float, float]:
    xs, ys = zip(*quad, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


# Layout.


def test_every_fact_is_printed_once_and_in_all_languages(laid_out):
    assert {label.language for _, label, _ in laid_out} == set(LANGUAGES)
    assert {label.kind for _, label, _ in laid_out} == {"food", "hazard", "plate", "textile", "tag"}
    for _, label, found in laid_out:
        said = Counter((p.field, p.text) for c in found for p in c.prints)
        assert said == Counter((f.field, f.text) for f in label.facts)
        assert 1 <= len(found) <= 4


def test_nothing_overflows_or_overlaps(laid_out):
    for _, label, found in laid_out:
        for c in found:
            boxes = [box(p.quad) for p in c.prints]
            for left, top, right, bottom in boxes:
                assert -126 < left < right < 126, label
                assert -126 < top < bottom < 126, label
            for (p, a), (q, b) in itertools.combinations(zip(c.prints, boxes, strict=True), 2):
                apart = (
                    a[2] <= b[0] + 0.3
                    or b[2] <= a[0] + 0.3
                    or a[3] <= b[1] + 0.3
                    or b[3] <= a[1] + 0.3
                )
                assert apart, (p, q)


def test_print_is_large_enough_for_close_ups_of_384_px(laid_out):
    small = [
        min(p.size for c in found for p in c.prints if p.field not in ("gtin", "mark")) * 1.5
        for *_, found in laid_out
    ]
    assert min(small) >= 7.5
    modules = [
        p.size * 1.5 for *_, found in laid_out for c in found for p in c.prints if p.field == "gtin"
    ]
    assert all(abs(px - round(px)) < 1e-4 and px > 1.99 for px in modules)


def test_letters_stay_in_the_boxes_of_their_facts(shop, monkeypatch):
    drawn = []

    def text(
        self,
        words,
        x,
        y,
        size,
        fill,
        width=None,
        extra="",
        halo="",
        bold=True,
        anchor="middle",
        field="",
    ):
        assert field is None, "letters of a label belong to the print of a fact"
        wide = size * width_of(words, bold)
        left = x - wide * {"start": 0, "middle": 0.5, "end": 1}[anchor]
        a, b, c, d, e, f = self.places[-1]
        drawn.append((a * left + e, d * (y - 0.7 * size) + f, a * (left + wide) + e, d * y + f))
        return wide

    monkeypatch.setattr(Canvas, "text", text)
    for v in shop[::8]:
        for page in pages(label_of(v), v.look):
            c = Canvas(384)
            draw_sheet(c, page)
            boxes = [box(p.quad) for p in c.prints]
            for left, top, right, bottom in drawn:
                assert any(
                    a <= left + 0.1 and b <= top + 0.1 and right <= r + 0.1 and bottom <= d + 0.1
                    for a, b, r, d in boxes
                )
            drawn.clear()


def test_boxes_hold_ink(shop):
    for v in shop[::40]:
        for page in pages(label_of(v), v.look):
            pixels = np.asarray(picture(draw(page, STRAIGHT, v, 0, 384)).convert("L")).astype(int)
            for r in find_regions(page, STRAIGHT, 384):
                left, top, right, bottom = (round(x) for x in r.box)
                assert np.ptp(pixels[top:bottom, left:right]) > 60, r


def test_a_panel_holds_the_whole_label_in_its_box(laid_out):
    for (_, label, _), (width, height) in zip(
        laid_out, itertools.cycle(((70, 100), (150, 60), (40, 40))), strict=False
    ):
        c = Canvas(64)
        panel(c, label, laid_out[0][0].look, -30, -40, width, height)
        assert Counter((p.field, p.text) for p in c.prints) == Counter(
            (f.field, f.text) for f in label.facts
        )
        for p in c.prints:
            left, top, right, bottom = box(p.quad)
            assert (
                left >= -30.1 and top >= -40.1 and right <= width - 29.9 and bottom <= height - 39.9
            )


def test_lines_hold_the_words_and_fit():
    text = "น้ำตาล, นมผงพร่องมันเนยและเลซิตินถั่วเหลืองจากธรรมชาติ care@verylongname.example"
    for room in (6.0, 9.0, 14.0):
        lines = wrap("ส่วนประกอบ:", text, False, room)
        assert "".join(r.words for line in lines for r in line).replace(" ", "") == (
            "ส่วนประกอบ:" + text
        ).replace(" ", "")
        for line in lines:
            assert sum(width_of(r.words, r.bold) for r in line) <= room + 0.01


def test_thai_breaks_only_between_clusters():
    for piece in pieces("เก็บในที่แห้งและเย็นน้ำ", False, 5, 1):
        assert not 0x0E40 <= ord(piece[-1]) <= 0x0E44
        assert not (
            ord(piece[0]) == 0x0E31
            or 0x0E34 <= ord(piece[0]) <= 0x0E3A
            or 0x0E47 <= ord(piece[0]) <= 0x0E4E
        )


# Legibility from geometry.

WORDS = Print("lot", "L27041B3", ((-50, -5), (50, -5), (50, 5), (-50, 5)), 5)
CODE = Print("gtin", "9520159824711", ((-50, -25), (50, -25), (50, 25), (-50, 25)), 4 / 3)


def seen(**more) -> Conditions:
    return replace(Conditions(384, (1.5, 0, 0, 1.5, 192, 192)), **more)


def test_a_clean_region_is_legible():
    found = region(WORDS, seen())
    assert (found.legible, found.reason, found.size_px) == ("yes", "", 7.5)
    assert found.quad == ((117, 184.5), (267, 184.5), (267, 199.5), (117, 199.5))


@pytest.mark.parametrize(
    ("reason", "mild", "hopeless"),
    [
        ("blur", {"blur_px": 0.3}, {"blur_px": 6}),
        ("low resolution", {"upscale": 1.05}, {"upscale": 5}),
        ("small", {"place": (1.5, 0, 0, 1.5, 192, 192)}, {"place": (0.3, 0, 0, 0.3, 192, 192)}),
        ("crop", {"place": (1.5, 0, 0, 1.5, 75.5, 192)}, {"place": (1.5, 0, 0, 1.5, -30, 192)}),
        ("glare", {"glare": Glare(192, 192, 200, 0.45)}, {"glare": Glare(192, 192, 200, 1.0)}),
    ],
)
@pytest.mark.parametrize("what", [WORDS, CODE])
def test_each_spoil_takes_legibility_away(what, reason, mild, hopeless):
    assert region(what, seen(**mild)).legible == "yes"
    lost = region(what, seen(**hopeless))
    assert (lost.legible, lost.reason) == ("no", reason)


def test_what_lies_outside_is_not_there():
    assert region(WORDS, seen(place=(1.5, 0, 0, 1.5, -100, 192))) is None


def test_bars_are_read_beside_a_glare_that_leaves_a_line_free():
    assert region(CODE, seen(glare=Glare(192, 235, 50, 1.0))).legible == "yes"


def test_share_inside():
    assert share_inside(((-10, 0), (10, 0), (10, 10), (-10, 10)), 100) == 0.5
    assert share_inside(((-10, -10), (10, -10), (10, 10), (-10, 10)), 100) == 0.25
    assert share_inside(((-10, -10), (200, -10), (200, 200), (-10, 200)), 100) == pytest.approx(
        1e4 / 210**2
    )


def test_the_best_of_several_pictures_counts():
    made = [Region("lot", "L1", WORDS.quad, 5, verdict) for verdict in ("no", "partly", "yes")]
    assert [best(made[:k]) for k in range(4)] == ["no", "no", "partly", "yes"]


def test_the_glare_is_where_the_picture_is_white(shop):
    """Opacity by the formula against the rendered spot, on black."""
    v = shop[0]
    spoil = Spoil("glare", IDENTITY, glare=(10, -20, 80, 0.9))
    page = pages(label_of(v), v.look)[0]
    c, _ = scene(page, spoil, 256)
    c.body = ['<path d="M-128 -128H128V128H-128Z" fill="#000"/>', c.body[-1]]
    pixels = np.asarray(picture(render(c.svg(), 256)))[..., 0] / 255
    glare = spoil.conditions(256).glare
    for x, y in ((138, 108), (160, 108), (190, 108), (138, 172), (215, 108), (30, 30)):
        assert pixels[y, x] == pytest.approx(glare.over((x + 0.5, y + 0.5)), abs=0.02)


# Close-ups.


def test_close_ups_are_the_same_twice_and_say_what_they_are(shop):
    kinds = Counter()
    for v in shop[:24]:
        first, again = closeups(CONFIG, v), closeups(CONFIG, v)
        assert [s.path for s in first] == [s.path for s in again]
        assert [s.regions() for s in first] == [s.regions() for s in again]
        assert {s.view for s in first} == {"label"}
        assert {s.split for s in first} == {"gallery"}
        kinds.update(s.path[-3:] for s in first)
    assert first[0].draw() == again[0].draw()
    assert picture(first[0].draw()).size == (CONFIG.label_px, CONFIG.label_px)
    assert min(kinds["png"], kinds["jpg"]) > 5


ONE = """
import hashlib
from skulens.world.config import WorldConfig
from skulens.world.render.closeups import closeups
from skulens.world.truth.products import variants
config = WorldConfig(skus=100000, seed=29)
found = closeups(config, next(variants(config, 17)))
drawn = b"".join(s.draw() for s in found) + repr([s.regions() for s in found]).encode()
print([s.path for s in found], hashlib.sha256(drawn).hexdigest())
"""


def test_close_ups_are_the_same_in_another_process_and_in_a_larger_shop(shop):
    found = closeups(CONFIG, shop[17])
    here = hashlib.sha256(
        b"".join(s.draw() for s in found) + repr([s.regions() for s in found]).encode()
    ).hexdigest()
    env = os.environ | {"PYTHONHASHSEED": "123"}
    there = subprocess.run(
        [sys.executable, "-c", ONE], capture_output=True, text=True, check=True, env=env
    )
    assert there.stdout.strip() == f"{[s.path for s in found]} {here}"
    assert {s.path[-3:] for s in found} == {"png", "jpg"}


def test_spoils_have_their_shares(shop):
    kinds = Counter(spoil_of(v, k).kind for v in shop for k in range(3))
    assert kinds[""] / kinds.total() == pytest.approx(CLEAN, abs=0.07)
    assert all(kinds[k] > 0.05 * kinds.total() for k in SPOILS)


def test_spoiled_labels_have_every_verdict(shop):
    found = Counter()
    for v in shop[::2]:
        for k, page in enumerate(pages(label_of(v), v.look)):
            spoil = spoil_of(v, k)
            found.update((spoil.kind, r.legible) for r in find_regions(page, spoil, 384))
    assert all(found[kind, verdict] for kind in SPOILS for verdict in ("yes", "partly", "no"))
    assert {verdict for kind, verdict in found if not kind} == {"yes"}


# Readers from outside.


def decode_bars(data: bytes) -> set[str]:
    """What zxing-cpp reads, at once and twice as large."""
    zxingcpp = pytest.importorskip(
        "zxingcpp", reason="needs zxing-cpp: pip install 'skulens[vision]'"
    )
    found = picture(data)
    double = found.resize((2 * found.width, 2 * found.height), PIL.Image.Resampling.BICUBIC)
    return {b.text.lstrip("0") for image in (found, double) for b in zxingcpp.read_barcodes(image)}


def test_clean_bars_are_decoded(shop):
    for v in shop[::6]:
        label = label_of(v)
        page = next(
            p
            for p in pages(label, v.look)
            if any(r.field == "gtin" for r in find_regions(p, STRAIGHT, 384))
        )
        assert decode_bars(draw(page, STRAIGHT, v, 0, 384)) == {label.gtin.lstrip("0")}


def test_bars_that_cannot_be_read_are_not_decoded(shop):
    lost = 0
    for v in shop:
        for k, page in enumerate(pages(label_of(v), v.look)):
            spoil = spoil_of(v, k)
            if any(r.field == "gtin" and r.legible == "no" for r in find_regions(page, spoil, 192)):
                assert label_of(v).gtin.lstrip("0") not in decode_bars(draw(page, spoil, v, k, 192))
                lost += 1
    assert lost > 3


@pytest.mark.skipif(
    not shutil.which("tesseract"),
    reason="needs the tesseract binary: apt-get install tesseract-ocr",
)
def test_clean_english_print_is_read(shop, monkeypatch):
    """Character error rate of tesseract per fact, close-ups of 384 px enlarged threefold."""
    tesseract = pytest.importorskip(
        "pytesseract", reason="needs pytesseract: pip install 'skulens[vision]'"
    )
    monkeypatch.setitem(os.environ, "OMP_THREAD_LIMIT", "1")
    wrong = whole = 0
    for v in [v for v in shop if label_of(v).language == "en"][:24:4]:
        label = label_of(v)
        heading = {(f.field, f.text): f.heading for f in label.facts}
        page = Stream("test", v.id).choice(pages(label, v.look))
        image = picture(draw(page, STRAIGHT, v, 0, 384))
        for r in find_regions(page, STRAIGHT, 384):
            if r.field not in ("gtin", "mark"):
                left, top, right, bottom = (round(x) for x in r.box)
                crop = image.crop((left - 4, top - 4, right + 4, bottom + 4))
                crop = crop.resize((3 * crop.width, 3 * crop.height), PIL.Image.Resampling.BICUBIC)
                read = "".join(tesseract.image_to_string(crop, config="--psm 6").split())
                said = "".join((heading[r.field, r.text] + r.text).split())
                wrong += min(Levenshtein.distance(said, read), len(said))
                whole += len(said)
    assert wrong <= 0.05 * whole
