"""What notebooks show: small, escaped, without scripts, and readable on a phone."""

import base64
import io
import re

import numpy as np
import PIL.Image
import pytest

import skulens
from skulens.api import notebook
from skulens.records import Image, Product
from tests.serve.browser import launched, needs_browser

EVIL = '<script>alert("x")</script>\u202e'


@pytest.fixture(scope="module")
def found(cache, photos, catalog):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SKULENS_CACHE", str(cache))
        yield skulens.nearest([*photos, b"broken"], catalog, "groceries", k=3)


def pictures_in(page: str) -> list[PIL.Image.Image]:
    data = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', page)
    return [PIL.Image.open(io.BytesIO(base64.b64decode(one))) for one in data]


def test_the_table_shows_every_photo_beside_its_products(found):
    page = found._repr_html_()
    assert page.count("<tr>") == 1 + len(found)
    shown = pictures_in(page)
    assert len(shown) == 10 + 30
    assert all(max(picture.size) <= notebook.THUMBNAIL_PX for picture in shown)
    assert f"<b>{found[0][0].score:.3f}</b>" in page and found[0][0].title in page
    assert len(page) < 400_000


def test_nothing_is_a_script_or_comes_from_elsewhere(photos):
    products = [Product(EVIL, EVIL, images=(Image(path=str(photos[0])),))]
    found = skulens.nearest([photos[1]], products, "groceries")
    text = skulens.nearest(texts=EVIL, catalog=products, encoder="groceries")
    embedded = skulens.embed("groceries", texts=EVIL)
    for page in (found._repr_html_(), text._repr_html_(), embedded._repr_html_()):
        assert "<script" not in page and "\u202e" not in page and "&lt;script&gt;" in page
        assert not re.search(r'(src|href)="(?!data:image/jpeg)', page)
    assert "\u202e" not in str(found) + str(text) + str(embedded)


def test_pictures_stay_within_the_budget_and_the_rest_is_counted(found, monkeypatch):
    monkeypatch.setattr(notebook.Thumbnails.__init__, "__defaults__", (20_000,))
    page = found._repr_html_()
    held = sum(len(one) for one in re.findall(r"base64,([^\"]+)", page)) * 3 / 4
    assert 5_000 < held <= 20_000
    left = int(re.search(r"(\d+) pictures are left out", page)[1])  # type: ignore[index]
    assert left == 40 - len(pictures_in(page))


def test_plain_tables_fit_the_terminal(found, monkeypatch):
    for columns in (60, 80, 140):
        monkeypatch.setenv("COLUMNS", str(columns))
        assert max(map(len, str(found).splitlines()[:-1])) <= columns


def test_a_large_answer_shows_its_beginning(catalog):
    rows = np.zeros((60, 8, 8, 3), np.uint8)
    rows[:] = np.arange(60)[:, None, None, None]
    found = skulens.nearest(rows, catalog, "groceries", k=1)
    page = found._repr_html_()
    assert page.count("<tr>") == 51 and "The first 50 of 60" in page
    assert len(found.rows()) == 60


@needs_browser
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_does_not_scroll_sideways(found, catalog, width, tmp_path):
    embedded = skulens.embed("groceries", texts="oat milk " * 30)
    place = tmp_path / "page.html"
    place.write_text(
        '<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"{found._repr_html_()}{embedded._repr_html_()}",
        encoding="utf-8",
    )
    with launched() as browser:
        page = browser.new_page(viewport={"width": width, "height": 900})
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(place.as_uri())
        wide = page.evaluate("document.documentElement.scrollWidth")
        images = page.evaluate("[...document.images].every(i => i.naturalWidth > 0)")
        page.close()
    assert wide <= width and images
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
