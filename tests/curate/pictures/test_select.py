"""The best picture of each product: judged by limits, ranked by any score, plug-ins included."""

import math
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from skulens import registry
from skulens.catalog.audit.finding import Shown
from skulens.catalog.audit.pictures import Looked
from skulens.catalog.own import OwnCatalog
from skulens.curate.pictures.files import check_folder, select_pictures
from skulens.curate.pictures.select import Scored, look_at_products, open_scores, select
from skulens.errors import DataError, StoreError, UnknownName
from skulens.records import Image, Product
from tests.curate.pictures.test_scores import thing


class Redness:
    """An aesthetic model, as far as a test is concerned: the redder, the better; fails none."""

    name, higher_is_worse, limit = "redness", False, None

    def __init__(self, argument: str = ""):
        self.argument = argument

    def score(self, picture) -> float:
        red, green, blue = picture.resize((1, 1)).getpixel((0, 0))
        return float("nan") if self.argument == "silent" else red - (green + blue) / 2


@pytest.fixture(autouse=True)
def redness(monkeypatch):
    row = registry.Row(f"{__name__}:Redness", "a test's")
    monkeypatch.setitem(registry.PICTURE_SCORES, "redness", row)


@pytest.fixture
def shop(tmp_path):
    """a: sharp, blurred, the sharp one again; b: tiny; c: broken and none; d: none; e: like a."""
    import PIL.ImageFilter

    sharp, other = thing(1), thing(2, back=(250, 235, 235))
    sharp.save(tmp_path / "sharp.png")
    sharp.filter(PIL.ImageFilter.GaussianBlur(6)).save(tmp_path / "blurred.png")
    sharp.save(tmp_path / "again.jpg", quality=95)
    other.save(tmp_path / "red.png")
    thing(3, side=20).save(tmp_path / "tiny.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    return tmp_path


def product(shop, id, *names) -> Product:
    return Product(id, images=tuple(Image(path=str(shop / n)) for n in names))


def chosen(products, names=("size", "blur"), limits=(), rank_by=""):
    opened = open_scores(names, dict(limits))
    return select(list(look_at_products(products, opened.scores)), opened, rank_by)


def test_the_best_picture_fails_least(shop):
    found = chosen([product(shop, "a", "blurred.png", "sharp.png", "again.jpg")])
    assert found.best == {"a": 1} and not found.rejects
    assert found.failed == {0: ("blur", "duplicate"), 2: ("duplicate",)}
    assert found.same_as == {0: 1, 2: 1}, "the worse ones repeat the better one"


def test_equals_are_ranked_by_the_seller_or_by_a_score(shop):
    products = [product(shop, "a", "sharp.png", "red.png")]
    assert chosen(products).best == {"a": 0}
    assert chosen(products, ("size", "redness"), rank_by="redness").best == {"a": 1}
    assert chosen(products, ("size", "redness:silent"), rank_by="redness").best == {"a": 0}
    assert chosen(products, ("blur", "redness"), rank_by="blur").best in ({"a": 0}, {"a": 1})
    with pytest.raises(UnknownName, match="redness"):
        chosen(products, ("size",), rank_by="redness")


def test_a_picture_of_which_nothing_can_be_said_comes_last():
    opened = open_scores(["redness"], {})
    looked = Looked(Shown("gallery", "a", "x", Image(data=b"x")), size=(9, 9), thumb=bytes(768))
    values = [float("nan"), 1.0, 5.0, 3.0]
    scored = [
        Scored("a", n, str(n), replace(looked, phash=(n + 1) * 0x123456789ABCDE), {"redness": v})
        for n, v in enumerate(values)
    ]
    assert select(scored, opened, "redness").best == {"a": 2}
    assert select(scored[:2], opened, "redness").best == {"a": 1}


def test_a_score_that_says_nothing_fails_nothing(shop):
    found = chosen([product(shop, "a", "sharp.png")], ("redness:silent",), {"redness": 1e9})
    assert not found.failed and math.isnan(found.scored[0].values["redness"])
    found = chosen([product(shop, "a", "sharp.png")], ("redness",), {"redness": 1e9})
    assert found.failed == {0: ("redness",)}, "a limit of one's own makes it fail"


def test_what_cannot_be_used_is_named(shop):
    found = chosen(
        [product(shop, "b", "tiny.png"), product(shop, "c", "broken.png", "nowhere.png")]
    )
    assert set(found.best) == {"b"}
    reasons = [(r.item, r.source.rsplit("/", 1)[-1], r.reason) for r in found.rejects]
    assert reasons[0][:2] == ("c", "broken.png") and "not a picture" in reasons[0][2]
    assert reasons[1] == ("c", "nowhere.png", "there is no such file")
    assert reasons[2] == ("b", "tiny.png", "its best picture fails size")


def test_pictures_of_another_product(shop):
    found = chosen([product(shop, "a", "sharp.png"), product(shop, "e", "again.jpg")])
    assert found.like == {0: "e", 1: "a"} and not found.same_as and not found.failed


def test_unknown_scores_and_limits():
    with pytest.raises(UnknownName, match="skulens list picture-scores"):
        open_scores(["beauty"], {})
    with pytest.raises(UnknownName, match="'blurr'"):
        open_scores(["blur"], {"blurr": 0.3})


def test_written(shop, tmp_path):
    table = shop / "shop.csv"
    table.write_text("id,image\na,blurred.png\na,sharp.png\nb,tiny.png\nc,broken.png\nd,\n")
    catalog, out = OwnCatalog(table), tmp_path / "out"
    opened = open_scores(["size", "blur"], {})
    record = select_pictures(catalog, catalog.products(), opened, out)
    rows = pq.read_table(out / "pictures.parquet").to_pylist()
    assert [(r["product_id"], r["number"], r["failed"]) for r in rows[:3]] == [
        ("a", 0, ["blur", "duplicate"]), ("a", 1, []), ("b", 0, ["size"]),
    ]  # fmt: skip
    assert rows[0]["blur"] > 0.5 and rows[0]["width"] == 256 and len(rows[0]["sha256"]) == 64
    best = {
        r["product_id"]: (r["number"], r["passes"])
        for r in pq.read_table(out / "best.parquet").to_pylist()
    }
    assert best == {"a": (1, True), "b": (0, False)}
    assert record["products"] == 2 and record["products_that_pass"] == 1
    assert {s["score"]: s["failed"] for s in record["scores"]} == {"size": 1, "blur": 1}
    lines = (out / "rejects.jsonl").read_text().splitlines()
    assert record["rejects"] == len(lines) >= 3 and any('"d"' in line for line in lines)
    with pytest.raises(StoreError, match="holds a selection already"):
        check_folder(out)


def test_no_picture_at_all(tmp_path):
    table = tmp_path / "shop.csv"
    table.write_text("id,title\na,hat\n")
    catalog = OwnCatalog(table)
    with pytest.raises(DataError, match="no product of"):
        select_pictures(catalog, catalog.products(), open_scores(["size"], {}), tmp_path / "out")


def test_text_share_by_a_reader(monkeypatch):
    from skulens.claims import Line

    class Reader:
        languages = ("en",)

        def read(self, picture, languages=()):
            half = (
                0.0,
                0.0,
                picture.width,
                0.0,
                picture.width,
                picture.height / 2,
                0.0,
                picture.height / 2,
            )
            return [Line("SALE", half, 0.9), Line("X", half, 0.9)]

    module = type("M", (), {"Reader": Reader})
    import sys

    monkeypatch.setitem(sys.modules, "a_reader_of_a_test", module)
    monkeypatch.setitem(
        registry.TEXT_READERS, "half", registry.Row("a_reader_of_a_test:Reader", "")
    )
    [score] = open_scores(["ocr-text:half"], {}).scores
    assert score.score(thing()) == pytest.approx(0.5)
