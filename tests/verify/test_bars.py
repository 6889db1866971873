"""Bars on drawn pictures, where every quad is known, and on a few photos."""

from dataclasses import replace

import numpy as np
import PIL.Image
import PIL.ImageFilter
import PIL.ImageOps
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

zxingcpp = pytest.importorskip(
    "zxingcpp", reason="bars need zxing-cpp: pip install 'skulens[bars]'"
)

from skulens.claims import Claim  # noqa: E402
from skulens.extract.bars import BarsReader, ZxingReader  # noqa: E402
from skulens.records import Image, Product, Reject  # noqa: E402
from skulens.verify.bars import ladder  # noqa: E402
from skulens.verify.bars.ladder import decode_bars  # noqa: E402
from skulens.verify.bars.locate import find_bars  # noqa: E402
from skulens.verify.bars.profile import fit_number  # noqa: E402
from skulens.verify.bars.reading import Reading, gtin_of  # noqa: E402
from skulens.verify.bars.symbols import MODULES, pieces_of  # noqa: E402
from skulens.verify.bars.views import IDENTITY, View, box_mean, cut, scale, turn  # noqa: E402
from tests.verify.photos import find_photo  # noqa: E402

EAN13, EAN8, UPCA, UPCE = "4006381333931", "96385074", "036000291452", "01234565"
SIDE = 400


def bars(text, symbology="EAN-13", module=2, height=90):
    """(grey picture of the bars alone, without quiet zones) drawn from our own tables."""
    modules = "".join(piece.pattern for piece in pieces_of(text, symbology))
    row = np.repeat([0 if m == "1" else 255 for m in modules], module).astype(np.uint8)
    return PIL.Image.fromarray(np.tile(row, (height, 1)))


def sheet(*placed, size=(SIDE, SIDE), paper=255):
    """A grey sheet with drawings at their places (x, y)."""
    made = PIL.Image.new("L", size, paper)
    for drawing, place in placed:
        made.paste(drawing, place)
    return made


def one(text=EAN13, symbology="EAN-13", module=2, **more):
    """A sheet with one code in its middle."""
    drawing = bars(text, symbology, module)
    place = ((SIDE - drawing.width) // 2, (SIDE - drawing.height) // 2)
    return sheet((drawing, place), **more)


def box_of(code):
    xs, ys = code.quad[0::2], code.quad[1::2]
    return min(xs), min(ys), max(xs), max(ys)


# ----- what is decoded ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "symbology", "gtin"),
    [
        (EAN13, "EAN-13", "04006381333931"),
        (EAN8, "EAN-8", "00000096385074"),
        (UPCA, "UPC-A", "00036000291452"),
        (UPCE, "UPC-E", "00012345000065"),
    ],
)
def test_text_is_what_is_printed_and_the_gtin_has_14_digits(text, symbology, gtin):
    (code,) = decode_bars(one(text, symbology))
    assert (code.text, code.symbology, code.gtin, code.sure) == (text, symbology, gtin, True)
    assert code.looks >= ladder.LOOKS[symbology]


def test_long_text_of_a_matrix_code_is_kept_and_is_no_gtin():
    text = "HTTPS://EXAMPLE.ORG/" + "A" * 4000
    drawn = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode).to_image(scale=3)
    (code,) = decode_bars(PIL.Image.fromarray(np.asarray(drawn)))
    assert (code.text, code.gtin, code.sure) == (text, "", True)


@pytest.mark.parametrize("symbology", ["QRCode", "Code128", "DataMatrix"])
def test_digits_in_a_code_that_is_not_retail_are_no_gtin(symbology):
    kind = getattr(zxingcpp.BarcodeFormat, symbology)
    drawn = np.asarray(zxingcpp.create_barcode(EAN13, kind).to_image(scale=3))
    found = decode_bars(PIL.Image.fromarray(np.pad(drawn, 40, constant_values=255)))
    assert [(code.text, code.gtin) for code in found] == [(EAN13, "")]


@pytest.mark.parametrize(
    ("text", "symbology", "gs1", "gtin"),
    [
        ("(01)04006381333931(10)A1", "Data Matrix", True, "04006381333931"),
        ("(01)04006381333931(10)A1", "Data Matrix", False, ""),
        ("(10)A1", "Code 128", True, ""),
        ("14006381333938", "ITF", False, "14006381333938"),
        ("14006381333939", "ITF", False, ""),
        ("4006381333931", "Code 39", False, ""),
        ("4006381333932", "EAN-13", False, ""),
    ],
)
def test_gtin_of(text, symbology, gs1, gtin):
    assert gtin_of(text, symbology, gs1) == gtin


def test_codes_at_several_places_are_all_returned():
    found = decode_bars(sheet((bars(EAN13), (90, 40)), (bars(UPCA, "UPC-A"), (90, 250))))
    assert {(code.text, code.sure) for code in found} == {(EAN13, True), (UPCA, True)}


def test_in_a_large_picture_a_sure_code_does_not_hide_others(monkeypatch):
    made = sheet((bars(EAN13, module=3), (100, 100)), (bars(UPCA, "UPC-A"), (500, 700)), size=(1100, 1000))  # fmt: skip
    real = ladder.read_view

    def read(view, retail_only=True):
        readings, places = real(view, retail_only)
        return [r for r in readings if r.text == EAN13 or "sharpened" in view.name], places

    monkeypatch.setattr(ladder, "read_view", read)
    assert {code.text for code in decode_bars(made)} == {EAN13, UPCA}
    small = made.crop((0, 0, 1100, 900))
    assert {code.text for code in decode_bars(small)} == {EAN13}, "costs more than it finds"


def test_a_piece_of_a_longer_code_does_not_veto_it(monkeypatch):
    decoder_that_reads(monkeypatch, EAN13)
    real = ladder.read_view

    def read(view, retail_only=True):
        (whole,), _ = real(view, retail_only)
        return [replace(whole, text=EAN8, symbology="EAN-8", gtin=EAN8.rjust(14, "0")), whole], []

    monkeypatch.setattr(ladder, "read_view", read)
    assert [(c.text, c.sure) for c in decode_bars(one())] == [(EAN13, True), (EAN8, False)]


# ----- where ----------------------------------------------------------------------------------


def turn_on_white(flat, degrees):
    """A view turned about its middle, with paper all around."""
    white = PIL.ImageOps.expand(flat, border=flat.width // 4, fill=255)
    view = turn(white, degrees)
    grey = np.asarray(view.picture).copy()
    covered = np.asarray(turn(PIL.Image.new("L", white.size, 255), degrees).picture)
    grey[covered < 255] = 255
    a, b, c, d, e, f = view.back
    back = (a, b, c - flat.width // 4, d, e, f - flat.width // 4)
    return View(view.name, PIL.Image.fromarray(grey), back)


@settings(max_examples=15, deadline=None)
@given(
    degrees=st.floats(0, 359),
    module=st.integers(2, 3),
    kind=st.sampled_from([(EAN13, "EAN-13"), (UPCA, "UPC-A"), (EAN8, "EAN-8")]),
)
def test_quads_of_turned_codes_lie_on_the_bars(degrees, module, kind):
    text, symbology = kind
    drawing = bars(text, symbology, module, height=140)
    left, top = (SIDE - drawing.width) // 2, (SIDE - drawing.height) // 2
    flat = sheet((drawing, (left, top)))
    turned = turn_on_white(flat, degrees)
    codes = decode_bars(turned.picture)
    assert [c for c in codes if c.sure and c.text != text] == []
    code = next(c for c in codes if c.text == text)
    x0, y0, x1, y1, *rest = turned.quad_in_original(code.quad)
    slack = 3 * module
    for x, y in zip((x0, x1, *rest[0::2]), (y0, y1, *rest[1::2]), strict=True):
        assert left - slack <= x <= left + drawing.width + slack
        assert top - slack <= y <= top + drawing.height + slack
    assert abs(x0 - left) <= slack and abs(x1 - left - drawing.width) <= slack, "left end first"


@settings(max_examples=40, deadline=None)
@given(
    x=st.integers(60, 140), y=st.integers(60, 100), degrees=st.floats(-180, 180),
    factor=st.floats(0.7, 3),
)  # fmt: skip
def test_views_know_the_way_back(x, y, degrees, factor):
    ys, xs = np.indices((160, 200))
    spot = 255 * np.exp(-((xs + 0.5 - x) ** 2 + (ys + 0.5 - y) ** 2) / 18)
    flat = PIL.Image.fromarray(spot.astype(np.uint8))
    rectangle = (40.0, 30.0, 160.0, 45.0, 150.0, 130.0, 30.0, 115.0)
    for view in (scale(flat, factor), turn(flat, degrees, factor), cut(flat, rectangle, 240)):
        grey = np.asarray(view.picture, float)
        grey[grey == 128] = 0  # beyond the edges
        weight = np.where(grey > 60, grey, 0.0)
        rows, columns = np.indices(grey.shape) + 0.5
        middle = ((columns * weight).sum() / weight.sum(), (rows * weight).sum() / weight.sum())
        back = view.quad_in_original((*middle,) * 4)
        assert back[0] == pytest.approx(x, abs=0.7) and back[1] == pytest.approx(y, abs=0.7)


def test_box_mean_equals_the_plain_one():
    values = np.random.default_rng(0).normal(size=(9, 12))
    padded = np.pad(values, 2, "edge")
    plain = [[padded[i : i + 5, j : j + 5].mean() for j in range(12)] for i in range(9)]
    np.testing.assert_allclose(box_mean(values, 2), plain)


@pytest.mark.parametrize("degrees", [0, 30, 90])
def test_bars_are_found_without_a_decoder(degrees):
    blurred = one(module=2).filter(PIL.ImageFilter.GaussianBlur(4))
    view = turn_on_white(blurred, degrees)
    found = [view.quad_in_original(quad) for quad in find_bars(view.picture)]
    middles = [(np.mean(quad[0::2]), np.mean(quad[1::2])) for quad in found]
    assert any(np.hypot(x - SIDE / 2, y - SIDE / 2) < 30 for x, y in middles)
    assert find_bars(PIL.Image.new("L", (300, 200), 90)) == []


def test_a_piece_read_on_a_slanted_line_is_not_sure():
    """Digits 3 to 10 of this UPC-A are drawn as a whole EAN-8; a slanted line sees no more bars."""
    made = turn_on_white(sheet((bars(UPCA, "UPC-A", 2, 140), (105, 130))), 136.25).picture
    assert "60002914" not in [code.text for code in decode_bars(made) if code.sure]


# ----- what is sure ---------------------------------------------------------------------------

WRONG = "4006381433921"
"""Two digits of EAN13 changed; the check digit is right."""


def decoder_that_reads(monkeypatch, *texts):
    """A decoder that reads these texts from the bars of `one()` in every view."""
    drawing = bars(EAN13)
    left, top = (SIDE - drawing.width) / 2, (SIDE - drawing.height) / 2
    right, bottom = left + drawing.width, top + drawing.height
    quad = (left, top, right, top, right, bottom, left, bottom)

    def read(view, retail_only=True):
        return [Reading(t, "EAN-13", quad, t.rjust(14, "0"), view.name) for t in texts], []

    monkeypatch.setattr(ladder, "read_view", read)


def test_a_misreading_that_every_view_repeats_is_not_sure(monkeypatch):
    decoder_that_reads(monkeypatch, WRONG)
    (code,) = decode_bars(one())
    assert code.text == WRONG and code.looks > 5 and not code.sure


def test_the_same_decoder_is_believed_where_the_bars_agree(monkeypatch):
    decoder_that_reads(monkeypatch, EAN13)
    (code,) = decode_bars(one())
    assert code.sure


def test_disagreeing_readings_of_the_same_bars_are_kept_apart_and_none_is_sure(monkeypatch):
    decoder_that_reads(monkeypatch, EAN13, WRONG)
    assert {(code.text, code.sure) for code in decode_bars(one())} == {
        (EAN13, False),
        (WRONG, False),
    }


def quad_of_modules(first, modules, module=3):
    x0, x1 = 60 + first * module, 60 + (first + modules) * module
    return (x0, 60, x1, 60, x1, 150, x0, 150)


@pytest.mark.parametrize("blur", [0, 1, 2])
def test_the_profile_tells_a_number_from_others(blur):
    made = sheet((bars(EAN13, module=3), (60, 60))).filter(PIL.ImageFilter.GaussianBlur(blur))
    grey, quad = np.asarray(made), quad_of_modules(0, 95)
    right, wrong = (fit_number(grey, quad, text, "EAN-13") for text in (EAN13, WRONG))
    assert right.margin > ladder.MARGIN and right.quiet < 0.2
    assert wrong.margin < 0


def test_a_short_code_inside_a_longer_one_has_no_quiet_zone():
    inner = bars(EAN8, "EAN-8", 3)
    others = bars(EAN13, "EAN-13", 3)
    grey = np.asarray(sheet((others, (60 - 285, 60)), (inner, (60, 60))))
    assert fit_number(grey, quad_of_modules(0, MODULES["EAN-8"]), EAN8, "EAN-8").quiet > 0.5


# ----- ugly pictures --------------------------------------------------------------------------


def noise(size):
    return PIL.Image.fromarray(np.random.default_rng(0).integers(0, 256, size, np.uint8))


@pytest.mark.parametrize(
    "made",
    [
        PIL.Image.new("L", (SIDE, SIDE), 255),
        PIL.Image.new("RGB", (2, 2)),
        PIL.Image.new("L", (200, 2), 9),
        noise((90, 120)),
        sheet((bars(EAN13, module=3), (-60, 100)), size=(280, 300)),
        sheet((bars(EAN13, module=3), (150, 100)), size=(360, 300)),
    ],
    ids=["blank", "2 x 2", "thin", "noise", "cut off at the left", "cut off at the right"],
)
def test_pictures_without_a_whole_code_prove_nothing(made):
    assert [code for code in decode_bars(made) if code.sure or code.gtin] == []


@pytest.mark.parametrize(
    "change",
    [PIL.ImageOps.mirror, PIL.ImageOps.flip, PIL.ImageOps.invert, lambda made: made.rotate(180)],
    ids=["mirrored", "flipped", "inverted", "upside down"],
)
def test_turned_over_and_inverted_codes_are_read(change):
    code = decode_bars(change(one()))[0]
    assert code.text == EAN13
    assert box_of(code)[0] == pytest.approx(105, abs=6)


def test_a_long_strip_is_read_without_enlarging_it():
    made = sheet((bars(EAN13, height=60), (25_000, 20)), size=(30_000, 100))
    (code,) = decode_bars(made)
    assert (code.text, code.sure) == (EAN13, True)
    assert box_of(code)[0] == pytest.approx(25_000, abs=6)


# ----- photos ---------------------------------------------------------------------------------


def open_photo(name):
    return PIL.Image.open(find_photo("barcodes", f"{name}.jpg")).convert("RGB")


def test_the_known_misread_is_not_sure():
    assert [code.text for code in decode_bars(open_photo("upce-2/14")) if code.sure] in (
        [],
        ["04963406"],
    )


@pytest.mark.parametrize(
    ("name", "text"), [("ean13-1/12", "5201815331227"), ("upca-2/02", "890444000335")]
)
def test_photos(name, text):
    assert [code.text for code in decode_bars(open_photo(name)) if code.sure] == [text]


@pytest.mark.parametrize("name", ["falsepositives/01", "falsepositives-2/05"])
def test_nothing_is_invented(name):
    assert [code for code in decode_bars(open_photo(name)) if code.gtin] == []


# ----- readers --------------------------------------------------------------------------------


def product(path, id="p"):
    return Product(id=id, images=(Image(path=str(path)),))


@pytest.mark.parametrize("reader", [BarsReader, ZxingReader])
def test_readers_claim_every_gtin_with_its_place(reader, tmp_path):
    two = sheet((bars(EAN13), (90, 40)), (bars(UPCA, "UPC-A"), (90, 250)))
    two.save(tmp_path / "two.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    found = list(
        reader().read(
            [
                product(tmp_path / "two.png"),
                product(tmp_path / "broken.png", "broken"),
                Product(id="bare"),
            ]
        )
    )
    claims = [one for one in found if isinstance(one, Claim)]
    assert {(c.item, c.value) for c in claims} == {("p", EAN13), ("p", UPCA)}
    assert sorted(c.n for c in claims) == [0, 1]
    assert all(c.evidence[0].source == "bars" and c.evidence[0].quad for c in claims)
    assert [one.item for one in found if isinstance(one, Reject)] == ["broken", "bare"]


def test_readers_claim_only_fields_asked_for(tmp_path):
    one().save(tmp_path / "one.png")
    asked = ["attributes.brand"]
    assert list(BarsReader().read([product(tmp_path / "one.png")], asked)) == []
    assert list(ZxingReader().read([product(tmp_path / "one.png")], asked)) == []


def test_identity_way_back():
    view = View("whole", one(), IDENTITY)
    assert view.quad_in_original((1.0, 2, 3, 4, 5, 6, 7, 8)) == (1, 2, 3, 4, 5, 6, 7, 8)
