"""Bar codes in photos: the product that carries one comes first and says so."""

import io

import PIL.Image
import pytest

from skulens.errors import DataError
from skulens.records import Image
from skulens.search import codes
from skulens.search.codes import find_carriers, forms_of
from tests.search.small_shop import COLOURS, PRODUCTS, column, ids, make_product, make_shop, photo

pytestmark = pytest.mark.usefixtures("encoders")
GTIN = "4006381333931"


@pytest.fixture
def label():
    """A green photo with the bar code of r1 in its middle."""
    return draw(GTIN)


def draw(digits: str, side: int = 400, colour: str = "green") -> Image:
    zxingcpp = pytest.importorskip("zxingcpp")
    bars = zxingcpp.create_barcode(digits, zxingcpp.BarcodeFormat.EAN13).to_image(scale=2)
    canvas = PIL.Image.new("RGB", (side, side), COLOURS[colour])
    canvas.paste(PIL.Image.fromarray(bars), (side // 4, side // 4))
    out = io.BytesIO()
    canvas.save(out, "PNG")
    return Image(data=out.getvalue())


def test_the_product_with_the_code_comes_first_and_says_so(label):
    answer = make_shop().search(photo=label, k=4)
    first = answer.hits[0]
    assert (first.id, first.why.code) == ("r1", "0" + GTIN)
    assert ids(answer)[1] == "g2" and answer.hits[1].why.code == ""
    [note] = answer.notes
    assert note.code == "code-found" and GTIN in note.sentence and "r1" in note.sentence


def test_it_need_not_be_found_by_any_leg(label):
    answer = make_shop().search(photo=label, k=1)
    assert answer.hits[0].id == "r1" and answer.hits[0].why.legs == {}


def test_it_is_enough_where_nothing_reads_photos(label):
    shop = make_shop(column("text", "texts"))
    answer = shop.search(photo=label)
    assert (ids(answer), answer.legs, answer.candidates) == (["r1"], {}, 1)
    with pytest.raises(DataError, match="no leg"):
        shop.search(photo=photo("red"))


def test_it_has_to_satisfy_the_filter(label):
    answer = make_shop().search(photo=label, where="price < 10")
    assert "r1" not in ids(answer)
    assert answer.notes[0].code == "code-unknown" and "the filter" in answer.notes[0].sentence
    assert "r1" not in ids(make_shop().search(photo=label, exclude="r1"))


def test_it_leads_its_variants_whatever_the_order(label):
    answer = make_shop().search(photo=label, collapse="spu", sort="price")
    assert answer.hits[0].id == "r1" and "r2" in answer.hits[0].others


def test_a_code_of_nobody_changes_nothing():
    given = draw("5901234123457")
    shop = make_shop()
    answer = shop.search(photo=given, k=10)
    assert ids(answer) == ids(shop.search(photo=given, k=10, codes=False))
    assert [n.code for n in answer.notes] == ["code-unknown"]


def test_photos_without_bars_say_nothing():
    assert make_shop().search(photo=photo("red", 200)).notes == ()


def test_without_the_decoder_it_is_left_out(label, monkeypatch):
    monkeypatch.setattr(codes, "can_read", lambda: False)
    answer = make_shop().search(photo=label, k=1)
    assert answer.hits[0].id == "g2" and answer.notes == ()


def test_large_photos_are_read_too():
    assert codes.read_gtins(draw(GTIN, 3000)) in ([], ["0" + GTIN])  # bars of 80 px in 1600
    zoomed = PIL.Image.open(io.BytesIO(draw(GTIN).read())).resize((3200, 3200), 0)
    out = io.BytesIO()
    zoomed.save(out, "JPEG")
    assert codes.read_gtins(Image(data=out.getvalue())) == ["0" + GTIN]


def test_what_is_no_photo_has_no_codes(tmp_path):
    pytest.importorskip("zxingcpp")
    assert codes.read_gtins(Image(data=b"x")) == []
    assert codes.read_gtins(Image(str(tmp_path / "none.jpg"))) == []


@pytest.mark.parametrize(
    ("gtin", "forms"),
    [
        ("04006381333931", ["04006381333931", "4006381333931"]),
        ("00049000006346", ["049000006346", "0049000006346", "00049000006346", "49000006346"]),
        ("00000096385074", ["96385074", "000096385074", "0000096385074", "00000096385074"]),
        ("14006381333938", ["14006381333938"]),
    ],
)
def test_ways_to_write_a_number(gtin, forms):
    assert set(forms_of(gtin)) == set(forms)


def test_several_products_with_one_number():
    more = make_product("x1", "blue", "shirt", 3, gtin="0" + GTIN)
    shop = make_shop(products=(*PRODUCTS, more))
    found = find_carriers(["0" + GTIN], shop.store, None)
    assert found == {"r1": "0" + GTIN, "x1": "0" + GTIN}
    assert find_carriers(["0" + GTIN], shop.store, None, hidden=("r1",)) == {"x1": "0" + GTIN}
    assert find_carriers([], shop.store, None) == {}
