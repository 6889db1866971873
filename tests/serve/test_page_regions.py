"""The page in a real browser: regions of photos, marked in every way."""

import hashlib
from contextlib import contextmanager
from urllib.parse import unquote

import pytest
from PIL import Image

from tests.serve.browser import launched, needs_browser, serving
from tests.serve.node import needs_node, run_module
from tests.serve.parts_shop import PartsShop, make_parts
from tests.serve.photos import add, make_photo, opened

pytestmark = needs_browser


@pytest.fixture(scope="module")
def browser():
    with launched() as browser:
        yield browser


@pytest.fixture
def shop():
    return PartsShop()


@pytest.fixture
def site(shop):
    with serving(make_parts(shop)) as url:
        yield url


@contextmanager
def marking(page, shop):
    """The dialog of the first picture; afterwards the region that was sent is in `sent`."""
    page.click("#tray .view >> nth=0")
    page.wait_for_selector("dialog.region .stage img")
    sent: list = []
    yield sent
    with page.expect_response("**/v1/search"):
        page.click("dialog.region .primary")
    sent.append(shop.asked[-1]["item"][0].get("region"))


def point(page, x: float, y: float) -> tuple[float, float]:
    """Where shares of the picture lie on the screen."""
    box = page.locator(".stage").bounding_box()
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def test_a_region_is_marked_by_the_mouse(browser, site, shop):
    with opened(browser, site) as page:
        add(page, make_photo())
        with marking(page, shop) as sent:
            assert page.locator(".stage").bounding_box()["width"] == pytest.approx(640, abs=1)
            page.mouse.move(*point(page, 0.75, 0.8))
            page.mouse.down()
            page.mouse.move(*point(page, 0.5, 0.5), steps=4)
            page.mouse.move(*point(page, 0.25, 0.2), steps=4)
            page.mouse.up()
        assert sent == [[100, 60, 200, 180]]
        assert unquote(page.url).endswith(":100.60.200.180")
        mark = page.locator("#tray .mark").bounding_box()
        frame = page.locator("#tray .picture").bounding_box()
        assert mark["x"] - frame["x"] == pytest.approx(frame["width"] / 4, abs=1)
        assert mark["height"] == pytest.approx(frame["height"] * 0.6, abs=1)
        assert frame["width"] / frame["height"] == pytest.approx(4 / 3, abs=0.05)
        with marking(page, shop) as sent:  # the upper left corner is pulled, the box is moved
            page.mouse.move(*point(page, 0.25, 0.2))
            page.mouse.down()
            page.mouse.move(*point(page, 0.5, 0.4), steps=4)
            page.mouse.up()
            page.mouse.move(*point(page, 0.6, 0.6))
            page.mouse.down()
            page.mouse.move(*point(page, 0.9, 0.6), steps=4)
            page.mouse.up()
        assert sent == [[300, 120, 100, 120]]


def test_a_region_is_marked_by_two_taps(browser, site, shop):
    with opened(browser, site, 390, has_touch=True, is_mobile=True) as page:
        add(page, make_photo())
        with marking(page, shop) as sent:
            page.touchscreen.tap(*point(page, 0.9, 0.3))
            assert "opposite corner" in page.text_content("dialog.region .said")
            assert page.is_visible(".stage .dot")
            page.touchscreen.tap(*point(page, 0.1, 0.7))
        [[left, top, width, height]] = sent
        assert (left, top, width, height) == pytest.approx((40, 90, 320, 120), abs=2)
        assert all(isinstance(n, int) for n in sent[0])


def test_a_region_is_marked_by_keys(browser, site, shop):
    with opened(browser, site) as page:
        add(page, make_photo())
        with marking(page, shop) as sent:
            assert page.evaluate("document.activeElement.className") == "stage"
            for key in (
                "5",
                "ArrowRight",
                "ArrowRight",
                "Shift+ArrowDown",
                "Alt+ArrowUp",
                "Alt+Shift+ArrowLeft",
            ):
                page.keyboard.press(key)
        # the middle ninth is 133..267 x 100..200; 1 % are 4 and 3 pixels, 5 % are 20 and 15
        assert sent == [[133 + 8, 100 - 15, 134 - 20, 100 + 3]]
        assert "?" in page.url, "Alt and an arrow did not go back"
        page.click("#tray .view >> nth=0")
        page.keyboard.press("Delete")
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "." not in url.partition("@")[2])
        assert page.is_hidden("#tray .mark")
        assert page.locator("dialog[open]").count() == 0, "Enter does not press the picture again"


def test_a_region_is_typed_and_stays_inside(browser, site, shop):
    with opened(browser, site) as page:
        add(page, make_photo())
        with marking(page, shop) as sent:
            for name, number in (
                ("Width", "150"),
                ("Height", "100"),
                ("Left", "390"),
                ("Top", "-4"),
            ):
                page.fill(f"dialog.region [aria-label='{name}, pixels']", number)
        assert sent == [[250, 0, 150, 100]]
        page.click("#tray .view >> nth=0")
        page.keyboard.press("1")
        page.keyboard.press("Escape")
        assert "250.0.150.100" in page.url, "Escape changes nothing"
        assert page.evaluate("document.activeElement.className") == "view"


def test_a_region_is_of_the_upright_picture(browser, site, shop):
    exif = Image.Exif()
    exif[274] = 6  # turned by a quarter
    photo = make_photo(exif=exif.tobytes())
    with opened(browser, site) as page:
        add(page, photo)
        with marking(page, shop) as sent:
            assert "300 × 400" in page.text_content("dialog.region .said")
            page.keyboard.press("9")
        assert sent == [[200, 267, 100, 133]]


@needs_node
def test_ninths_tile_the_picture(tmp_path):
    code = """import { pickNinth } from "./region.js";
    const nine = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    const out = given.map(([w, h]) => nine.map((n) => pickNinth(n, w, h)));"""
    sizes = [(3, 3), (400, 300), (1001, 998), (7, 11)]
    for (width, height), regions in zip(sizes, run_module(tmp_path, code, sizes), strict=True):
        assert sum(w * h for _, _, w, h in regions) == width * height
        assert all(x + w <= width and y + h <= height for x, y, w, h in regions)


@needs_node
def test_regions_are_whole_pixels_inside(tmp_path):
    code = """import { clampRegion, pressKey, spanRegion } from "./region.js";
    const keys = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"];
    const out = [];
    for (const [w, h] of given)
        for (const box of [null, [0, 0, w, h], [w - 1, h - 1, 1, 1], [1, 0, 2, 1]])
            for (const key of keys) for (const shift of [true, false]) for (const alt of [true, false])
                out.push([w, h, pressKey(key, { shift, alt }, box && clampRegion(box, w, h), w, h)]);
    out.push([10, 10, spanRegion([9.6, -4], [30, 3.4], 10, 10)], [10, 10, clampRegion([9, 9, 0, 99], 10, 10)]);"""
    found = run_module(tmp_path, code, [(400, 300), (3, 2), (1, 1)])
    for width, height, (x, y, w, h) in found:
        assert all(isinstance(n, int) for n in (x, y, w, h))
        assert x >= 0 and y >= 0 and w >= 1 and h >= 1
        assert x + w <= width and y + h <= height
    assert [region for *_, region in found[-2:]] == [[9, 0, 1, 3], [9, 0, 1, 10]]


@needs_node
def test_sha256_without_the_browser_s_own(tmp_path):
    code = """import { hashPlainly } from "./sha256.js";
    const out = given.map((n) => hashPlainly(Uint8Array.from({ length: n }, (_, i) => (31 * i + n) % 256)));"""
    lengths = [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000]
    right = [
        hashlib.sha256(bytes((31 * i + n) % 256 for i in range(n))).hexdigest() for n in lengths
    ]
    assert run_module(tmp_path, code, lengths) == right
