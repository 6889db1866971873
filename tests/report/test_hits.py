"""The page of hits: what was asked, found and why; nothing of it runs, nothing is fetched."""

import html
import re
import shutil
from dataclasses import replace

import pytest

from skulens.records import Image, Item
from skulens.report.hits import mark_words, write_hits
from skulens.report.why import explain_hit, explain_nothing, list_asked, name_part, share_out
from skulens.search.answers import Hit, Leg, Note
from tests.search.small_answers import LONG_ID, THAI, jpeg, make_answer, make_shop

EVIL = "</title><img src=x onerror=alert(1)><script>alert(1)</script>"


def write(answer, out, **rest) -> str:
    return write_hits(answer, out / "hits.html", **rest).read_text(encoding="utf-8")


def words(page: str) -> str:
    body = re.sub(r"<(style|head)\b.*?</\1>", " ", page, flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body)))


def with_query(answer, *parts):
    query = replace(answer.request.query, item=Item("query", parts), conditions=(), where=None)
    return replace(answer, request=replace(answer.request, query=query, keys={}))


@pytest.fixture
def page(tmp_path):
    return write(make_answer(), tmp_path, data="small shop")


def test_what_was_asked_stands_first(page):
    said = words(page)
    asked = said[said.index("Asked") : said.index("Found")]
    assert "“red bag”" in asked and "collar of photo 3" in asked
    assert "away from it ×-0.5" in asked and 'price < 30 and country = "TH"' in asked
    assert "embedded as a text beside the photo" in asked
    assert page.count('<img src="data:image/webp;base64,') == 3, "the photos of the query"
    assert said.index("in small shop") < said.index("Asked")


def test_a_card_says_why(page):
    said = words(page)
    card = said[said.index("Found") : said.index(LONG_ID)]
    assert "1 score 0.9000" in card and "12.50 EUR" in card and " a/1 " in card
    assert "picture 0.810 · place 1 words 3.200 · place 4" in card
    assert "satisfied: collar: v-neck" in card
    assert "not satisfied: color: blue (wanted red)" in card
    assert "not known: length: not known" in card
    assert "bar code 00885200111234" in card and "extras.stock > 0 yes: score ×1.50" in card
    assert "Shown in the query: photo 1" in card and "more variants: a/2, a/3" in card
    assert 'style="width:75%"' in page and 'style="width:25%"' in page
    assert page.count("<mark>") == 2 and "<mark>Red</mark> leather <mark>bag</mark>" in page


def test_a_region_is_outlined_on_the_picture(page):
    assert 'style="left:25.0%;top:0.0%;width:50.0%;height:50.0%"' in page
    assert 'aria-label="region that resembles photo 1"' in page


def test_counts_stand_beside_the_hits(page):
    said = words(page)
    assert "color red 12 blue 7" in said and said.index("Found") < said.index("Counts")
    assert (
        "hits 1 to 2 of 40 · picture: 100 found (exact) · words: 7 found (exact) · 0.04 s" in said
    )


def test_headings_are_in_order_and_pictures_have_texts(page):
    levels = [int(n) for n in re.findall(r"<h([1-6])", page)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b <= a + 1 for a, b in zip(levels, levels[1:], strict=False))
    assert all(re.search(r'alt="[^"]+"', tag) for tag in re.findall(r"<img[^>]*>", page))


def test_texts_of_others_are_escaped_and_ids_keep_their_slashes(tmp_path):
    fields = {"id": LONG_ID, "title": EVIL, "price": 1.0, "currency": EVIL, EVIL: EVIL}
    answer = make_answer(hits=(Hit(LONG_ID, 1.0, 1, fields, load=lambda _: jpeg()),))
    answer = replace(answer, facets={EVIL: {EVIL: 1, "/etc/passwd": 2}, "none": {}})
    page = write(with_query(answer, EVIL), tmp_path)
    assert "<script" not in page and "<img src=x" not in page and "onerror=alert(1)&gt;" in page
    assert LONG_ID in words(page) and "/etc/passwd 2" in words(page)
    assert "script-src 'none'" in html.unescape(page) and "default-src 'none'" in html.unescape(
        page
    )
    assert not re.search(r"(?:src|href)=\"?(?:https?:)?//", page)


def test_long_texts_are_cut(tmp_path):
    long = "word " * 200_000
    fields = {"id": "a", "title": long, "attributes.text": (long,) * 3}
    answer = make_answer(hits=(Hit("a", 1.0, 1, fields, others=("x" * 999,) * 999),))
    page = write(with_query(answer, long), tmp_path)
    assert len(page) < 40_000 and "(1,000,000 characters)" in page


def test_pictures_that_are_not_there(tmp_path):
    answer = with_query(make_answer(), Image(path="/nowhere/private/photo.jpg"))
    answer = replace(answer, hits=answer.hits[1:])
    page = write(answer, tmp_path)
    assert words(page).count("no picture") == 2
    assert "photo.jpg" in page and "/nowhere" not in page, "folders of this machine are not shown"


def test_folders_of_this_machine_are_not_shown(tmp_path):
    note = Note("part-unread", "/home/someone/photo.jpg was read by no leg")
    page = write(make_answer(notes=(note,)), tmp_path, data="/home/someone/shop")
    assert "/home" not in page and "in shop" in words(page)
    assert "photo.jpg was read by no leg" in page


def test_pictures_beyond_the_budget_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr("skulens.report.hits.PAGE_BYTES", 1500)
    hits = tuple(Hit(str(i), 1.0, i, {"id": str(i)}, load=lambda _: jpeg()) for i in range(1, 9))
    page = write(with_query(make_answer(hits=hits), "red"), tmp_path)
    shown = page.count("data:image/jpeg")
    assert 0 < shown < 8 and f"{8 - shown} pictures did not fit the page" in page


def test_nothing_found_says_why(tmp_path):
    page = write(make_answer(hits=()), tmp_path, empty="Nothing was found: no <bag>.")
    assert "Nothing was found: no &lt;bag&gt;." in page and "hits 1 to" not in page


# ----- words ----------------------------------------------------------------------------------


def test_words_are_marked_in_any_language():
    assert mark_words("đỏ", "Túi ĐỎ & do") == ("Túi <mark>ĐỎ</mark> &amp; <mark>do</mark>")
    assert "<mark>" in mark_words("สีแดง", THAI)
    assert mark_words("", "<b>") == "&lt;b&gt;" and mark_words("zzz", "red") == "red"


def test_parts_have_names():
    request = make_answer().request
    assert [name_part(request, i) for i in range(5)] == [
        "“red bag”",
        "photo 1",
        "photo 2",
        "key “collar”",
        "collar of photo 3",
    ]
    assert [one.kind for one in list_asked(request)] == ["text", "photo", "photo", "like", "where"]
    assert [one.weight for one in list_asked(request)] == [1, 1, -0.5, 1, 1]


def test_products_stand_behind_the_parts():
    from skulens.search.request import make_request

    request = make_request("red", ["sku:T-1"], like=[("color", "sku:T-2", -1.0)])
    found = {one.words: one.weight for one in list_asked(request)}
    assert found == {"red": 1, "product T-1": 1, "not the color of product T-2": -1}
    size = len(request.query.item.parts)
    assert name_part(request, size + 1) == "not the color of product T-2"


def test_reasons_of_a_hit():
    answer = make_answer()
    told = "\n".join(explain_hit(answer.hits[0], answer))
    assert "bar code 00885200111234 of the photo: exact match" in told
    assert "picture 0.810 (place 1, 75% of the score) · words 3.200 (place 4, 25% of" in told
    assert "picture: photo 1 0.900 · collar of photo 3 0.400" in told
    assert "✓ collar: v-neck   ✗ color: blue (wanted red)   ? length: not known" in told
    assert "region: photo 1 at 25-75 % across, 0-50 % down" in told
    assert "2 more variants: a/2, a/3" in told
    assert list(explain_hit(answer.hits[1], answer)) == []


def test_shares_add_up():
    shares = share_out(make_answer().hits[0].why)
    assert shares == {"picture": 0.75, "words": 0.25}
    why = make_answer().hits[0].why
    legs = {name: replace(leg, share=-0.01) for name, leg in why.legs.items()}
    assert share_out(replace(why, legs=legs)) == {"picture": 0.5, "words": 0.5}
    assert share_out(make_answer().hits[1].why) == {}


@pytest.mark.parametrize(
    ("changed", "products", "matching", "expected"),
    [
        ({}, 0, 0, "the store has no products"),
        ({}, 9, 0, 'none of 9 products satisfies price < 30 and country = "TH"'),
        ({"offset": 40}, 9, 5, "offset 40 is past the last of 40 hits"),
        (
            {"least": {"picture": 0.9}},
            9,
            5,
            "nothing reaches the least score asked for (picture 0.9",
        ),
        ({"facts": "require"}, 9, 5, "no product satisfies every condition"),
        ({"within": 0.5}, 9, 5, "the cut-off leaves nothing"),
    ],
)
def test_why_nothing_was_found(changed, products, matching, expected):
    answer = make_answer(hits=(), candidates=40 if "offset" in changed else 0)
    answer = replace(answer, request=replace(answer.request, **changed))
    assert expected in explain_nothing(answer, products, matching)


def test_words_that_no_product_has():
    answer = make_answer(hits=(), candidates=0, legs={"words": Leg("words", 1, 0)})
    assert "none of 5 products has a word of the query" in explain_nothing(answer, 9, 5)
    strict = replace(answer, request=replace(answer.request, facts="require"))
    assert "no product satisfies every condition" in explain_nothing(strict, 9, 5)
    nothing = make_shop().search("zzzz")
    assert not nothing.hits and "has a word of the query" in explain_nothing(nothing, 3, 3)


# ----- the browser ----------------------------------------------------------------------------

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)


@pytest.mark.skipif(not CHROMIUM, reason="no chromium on the path: make setup installs it")
def test_the_page_fits_phones_and_desktops(tmp_path):
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed: pip install 'skulens[dev]'"
    )
    wide = "x" * 400
    fields = {"id": wide, "title": wide, "price": 1e15, "attributes." + wide: wide}
    answer = make_answer()
    answer = replace(
        answer,
        hits=(*answer.hits, Hit(wide, 1.0, 3, fields, answer.hits[0].why, (wide,))),
        facets={**answer.facets, wide: {wide: 10**12}},
    )
    write(answer, tmp_path)
    said, asked = [], []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        for width in (390, 1280):
            page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme="dark")
            page.on("console", lambda message: said.append(message.text))
            page.on("pageerror", lambda error: said.append(str(error)))
            page.on("request", lambda request: asked.append(request.url))
            page.goto((tmp_path / "hits.html").as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            wider = page.eval_on_selector_all(
                ".hits > li *",
                "all => all.filter(e => e.getBoundingClientRect().right > "
                "e.closest('li').getBoundingClientRect().right + 1 && !e.matches('.said')).length",
            )
            assert wider == 0, "nothing sticks out of its card"
            frame, mark = (
                page.locator(selector).first.bounding_box()
                for selector in (".frame img", ".frame i")
            )
            assert mark["x"] == pytest.approx(frame["x"] + frame["width"] / 4, abs=2)
            assert mark["width"] == pytest.approx(frame["width"] / 2, abs=3)
            light = page.evaluate(
                "getComputedStyle(document.querySelector('.body h3')).color.match(/\\d+/g).slice(0, 3)"
                ".reduce((a, x) => a + Number(x), 0) / 3"
            )
            assert light > 140
        browser.close()
    assert said == []
    assert {url for url in asked if not url.startswith("data:")} == {
        (tmp_path / "hits.html").as_uri()
    }
