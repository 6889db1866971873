"""The photos on which two systems differ: the right ones, drawn by the rule that the page states."""

from dataclasses import replace
from pathlib import Path

import PIL.Image
import pytest

from skulens.bench.examples import thumbnail
from skulens.catalog.folder import write_catalog
from skulens.records import Image, Item, Product, Query
from skulens.report import differing as module
from skulens.report.differing import Shown, compare_first_two, draw
from skulens.report.mistakes import Sheet
from skulens.report.page import write_page
from skulens.report.views import views_of_results
from tests.report.boards import answered

FOUND = {
    "better": {"cola": ["cola"] * 5 + ["tea"], "tea": ["tea", "cola", "tea"]},
    "worse": {"cola": ["cola"] + ["tea"] * 4 + ["cola"], "tea": ["cola", "cola", "tea"]},
}


@pytest.fixture
def view():
    [found] = views_of_results([answered(name, found) for name, found in FOUND.items()])
    return found


def compare(view, shown=None):
    ids = [f"{sku}/{i}" for sku, n in (("cola", 6), ("tea", 3)) for i in range(n)]
    shown = shown or Shown(whole=True, probes=dict.fromkeys(ids))
    return compare_first_two(view, view.rows[0], shown, Sheet(10**6))


def test_both_directions_are_counted_and_shown(view):
    found = compare(view)
    assert (found.both, found.only_a, found.only_b, found.neither) == (2, 5, 1, 1)
    by_probe = {card.probe: card for card in found.cards}
    assert set(by_probe) == {"cola/1", "cola/2", "cola/3", "cola/4", "cola/5", "tea/0"}
    card = by_probe["cola/5"]
    assert (card.winner, card.loser, card.right.id, card.wrong.id) == (
        "worse", "better", "cola", "tea"
    )  # fmt: skip
    assert by_probe["tea/0"].right.id == "tea" and by_probe["tea/0"].wrong.id == "cola"
    assert card.place is None, "the run keeps the first candidate alone"


@pytest.mark.parametrize(
    ("a", "b", "most", "want"),
    [(30, 10, 12, (9, 3)), (100, 1, 12, (11, 1)), (0, 9, 4, (0, 4)), (3, 2, 12, (3, 2)),
     (1, 100, 12, (1, 11)), (0, 0, 12, (0, 0))],
)  # fmt: skip
def test_a_draw_keeps_the_proportion(a, b, most, want):
    sides = [f"a{i}" for i in range(a)], [f"b{i}" for i in range(b)]
    picked = draw(*sides, most)
    assert tuple(sum(p.startswith(s) for p in picked) for s in "ab") == want
    assert len(set(picked)) == len(picked) and picked == draw(*(s[::-1] for s in sides), most)


def test_without_the_catalogue_only_kept_photos_are_drawn(view):
    kept = Shown(probes={"cola/2": None, "tea/2": None}, why_not="gone")
    found = compare(view, kept)
    assert [card.probe for card in found.cards] == ["cola/2"] and found.why_not == "gone"


def test_a_page_holds_each_picture_once_and_says_what_it_leaves_out():
    one, two = (f"data:image/png;base64,{c * 100}" for c in "AB")
    sheet = Sheet(len(one) + 1)
    assert [sheet.take(p) for p in (one, one, two, None, "http://x/y.png")] == [
        one, one, None, None, None
    ]  # fmt: skip
    assert sheet.write_style().count(one) == 1 and sheet.dropped == {two} and sheet.refused == 1


def make_shop(folder: Path) -> Path:
    """Two products with a title, a text and a picture, and nine photos."""
    folder.mkdir()
    products, queries = [], []
    for n, sku in enumerate(("cola", "tea")):
        picture = folder / f"{sku}.png"
        PIL.Image.new("RGB", (40, 40), (90 * n, 80, 90)).save(picture)
        text = {"caption": "a text that nobody calls it by"}
        title = f"The <b>{sku}</b> of the house"
        products.append(Product(sku, title, text, (Image(path=str(picture)),)))
        for i in range(len(FOUND["better"][sku])):
            photo = folder / f"{sku}-{i}.png"
            PIL.Image.new("RGB", (40, 40), (n * 90, 20 * i, 200)).save(photo)
            item = Item(f"{sku}/{i}", (Image(path=str(photo)),))
            queries.append(Query(f"{sku}/{i}", item, {sku: 1}, group=sku))
    return write_catalog(folder / "shop", products, {"test": queries}, pictures="copy")


def test_pictures_and_titles_come_from_the_catalogue(tmp_path):
    shop = make_shop(tmp_path / "made")
    results = [answered(name, found) for name, found in FOUND.items()]
    results = [replace(r, data=replace(r.data, name=str(shop))) for r in results]
    page = write_page(results, tmp_path / "r.html").read_text(encoding="utf-8")
    part = page[page.index("Photos on which they differ") :]
    assert part.count("The &lt;b&gt;cola&lt;/b&gt; of the house") >= 6
    assert "nobody calls it by" not in part and "no picture" not in part
    assert "6 of the" not in part, "all six are shown, so nothing is drawn"
    for sku in ("cola", "tea"):
        assert page.count(thumbnail(Image(path=str(tmp_path / "made" / f"{sku}.png")))) == 1
    assert str(tmp_path) not in page


def test_a_catalogue_that_moved_is_said(tmp_path):
    results = [answered(name, found) for name, found in FOUND.items()]
    results = [replace(r, data=replace(r.data, name=str(tmp_path / "gone"))) for r in results]
    page = write_page(results, tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Only photos that were kept with the results can be shown: " in page
    assert str(tmp_path) not in page


def test_a_huge_catalogue_is_not_read_again(monkeypatch, view):
    monkeypatch.setattr(module, "MOST_PRODUCTS", 1)
    monkeypatch.setattr(module, "reopen_catalog", lambda _: pytest.fail("was opened"))
    assert "more than 1 products" in module.find_pictures(view).why_not
