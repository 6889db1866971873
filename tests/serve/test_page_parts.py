"""The page in a real browser: pictures and chips."""

import io
from urllib.parse import unquote

import pytest
from PIL import Image

from skulens.serve.problems import Problem
from tests.serve.browser import launched, needs_browser, serving
from tests.serve.fake_shop import draw
from tests.serve.parts_shop import PartsShop, make_parts
from tests.serve.photos import (
    FILES,
    GIVE,
    add,
    as_given,
    bytes_of,
    id_of,
    make_photo,
    opened,
    upload,
    wait_until,
)

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


# ----- pictures -------------------------------------------------------------------------------


def test_chosen_photos_are_sent_as_they_are(browser, site, shop):
    photos = [make_photo("red"), make_photo("blue", "PNG"), make_photo("green", "WEBP")]
    with opened(browser, site) as page:
        kinds = ["image/jpeg", "image/png", "image/webp"]
        assert page.get_attribute(FILES, "accept") == ",".join(kinds)
        assert page.get_attribute("#tray input[capture]", "accept") == ",".join(kinds)
        with page.expect_response("**/v1/search"):
            page.set_input_files(
                FILES, [upload(f"a.{k[6:]}", p, k) for k, p in zip(kinds, photos, strict=True)]
            )
        item = shop.asked[-1]["item"]
        assert [bytes_of(part) for part in item] == photos
        assert [part["image"].partition(";")[0] for part in item] == [f"data:{k}" for k in kinds]
        assert unquote(page.url).count("p=@") == 3
        assert all(f"@{id_of(p)}" in unquote(page.url) for p in photos), (
            "only hashes in the address"
        )
        assert page.locator("#tray .part .letter").all_text_contents() == ["A", "B", "C"]


def test_a_photo_can_be_dropped_anywhere(browser, site, shop):
    photo = make_photo()
    with opened(browser, site) as page:
        data = page.evaluate_handle(GIVE, as_given(("dropped.jpg", "image/jpeg", photo)))
        page.dispatch_event("#results", "dragenter", {"dataTransfer": data})
        assert page.is_visible(".veil")
        page.dispatch_event("#grid li", "dragover", {"dataTransfer": data})
        with page.expect_response("**/v1/search"):
            page.dispatch_event("#grid li", "drop", {"dataTransfer": data})
        assert page.is_hidden(".veil")
        assert bytes_of(shop.asked[-1]["item"][0]) == photo
        assert page.text_content("#tray .name") == "dropped.jpg"


def test_a_photo_can_be_pasted_but_not_instead_of_text(browser, site, shop):
    photo = make_photo(kind="PNG")
    paste = """(node, [data, text]) => {
        if (text) data.setData("text/plain", text);
        node.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
    }"""
    with opened(browser, site) as page:
        data = page.evaluate_handle(GIVE, as_given(("image.png", "image/png", photo)))
        words = page.locator("#words")
        page.evaluate(
            f"([node, given]) => ({paste})(node, given)", [words.element_handle(), [data, "cells"]]
        )
        page.wait_for_timeout(200)
        assert page.locator("#tray .part").count() == 0
        data = page.evaluate_handle(GIVE, as_given(("image.png", "image/png", photo)))
        with page.expect_response("**/v1/search"):
            page.evaluate(
                f"([node, given]) => ({paste})(node, given)",
                [page.locator("body").element_handle(), [data, ""]],
            )
        assert bytes_of(shop.asked[-1]["item"][0]) == photo


def test_what_is_no_picture_is_named_and_the_others_are_used(browser, site, shop):
    photo = make_photo()
    with opened(browser, site) as page:
        files = [upload("notes.jpg", b"no picture"), upload("good.jpg", photo),
                 upload("drawing.gif", make_photo(kind="GIF"), "image/gif")]  # fmt: skip
        with page.expect_response("**/v1/search"):
            page.set_input_files(FILES, files)
        said = page.text_content("#tray .warning")
        assert "notes.jpg cannot be read" in said and "drawing.gif is image/gif" in said
        assert "JPEG, PNG or WebP" in said
        assert [bytes_of(part) for part in shop.asked[-1]["item"]] == [photo]
        page.click("#tray .warning button")
        assert page.is_hidden("#tray .warning")


def test_what_the_server_would_refuse_is_not_sent(browser, site, shop):
    shop.limits = {"body_bytes": 40_000, "parts": 2, "k": 1000}
    noise = Image.effect_noise((400, 400), 90).convert("RGB")
    out = io.BytesIO()
    noise.save(out, "PNG")
    with opened(browser, site) as page:
        page.set_input_files(FILES, [upload("large.png", out.getvalue(), "image/png")])
        page.wait_for_selector("#tray .warning >> text=at most 0.03 MB")
        assert page.locator("#tray .part").count() == 0
        files = [upload(f"{c}.jpg", make_photo(c)) for c in ("red", "green", "blue")]
        with page.expect_response("**/v1/search"):
            page.set_input_files(FILES, files)
        assert "blue.jpg is one too many" in page.text_content("#tray .warning")
        assert len(shop.asked[-1]["item"]) == 2


def test_answers_are_kept_for_back_and_photos_do_not_share_one(browser, site, shop):
    first, second = make_photo("red"), make_photo("blue")
    with opened(browser, site) as page:
        add(page, first)
        page.click("#tray .remove")
        page.wait_for_selector("#tray .part", state="detached")
        add(page, second)
        assert [bytes_of(body["item"][0]) for body in shop.asked] == [first, second]
        for _ in range(2):
            page.go_back()
        page.wait_for_selector('#tray .name[title="photo-0.jpg"]')
        page.wait_for_timeout(300)
        assert len(shop.asked) == 2


def test_photos_stay_after_a_reload_and_are_missed_elsewhere(browser, site, shop):
    photo = make_photo()
    with opened(browser, site) as page:
        add(page, photo)
        shop.asked.clear()
        page.reload()
        page.wait_for_selector("#tray .part img[src^=blob]")
        assert page.text_content("#tray .name") == "photo-0.jpg"
        wait_until(page, lambda: shop.asked)
        assert bytes_of(shop.asked[-1]["item"][0]) == photo
        link = page.url
    with opened(browser, link + "&q=mug") as page:
        page.wait_for_selector("#tray .part.bad")
        assert "Not on this device" in page.text_content("#tray .part")
        wait_until(page, lambda: shop.asked[-1]["item"] == [{"text": "mug"}])  # the rest


def test_a_picture_is_removed_and_comes_back_by_undo(browser, site, shop):
    photos = [make_photo("red"), make_photo("blue")]
    with opened(browser, site) as page:
        add(page, *photos)
        with page.expect_response("**/v1/search"):
            page.click("#tray .remove >> nth=0")
        assert [bytes_of(part) for part in shop.asked[-1]["item"]] == [photos[1]]
        assert page.evaluate("document.activeElement.className") == "remove", "the focus stays here"
        page.click("#undo")
        page.wait_for_selector("#tray .part >> nth=1")
        assert page.locator("#tray .name").all_text_contents() == ["photo-0.jpg", "photo-1.jpg"]


# ----- chips ----------------------------------------------------------------------------------


def test_a_chip_is_set_by_keys(browser, site, shop):
    with opened(browser, site) as page:
        add(page, make_photo())
        page.focus("#tray .chip")
        page.keyboard.press("Enter")
        page.wait_for_selector("[role=listbox].takes")
        names = page.locator(".takes [role=option]").all_text_contents()
        assert names == ["whole", "color", "collar", "not this", "0.5", "1", "2"]
        assert page.get_attribute("#tray .chip", "aria-expanded") == "true"
        page.keyboard.type("col")
        page.keyboard.press("ArrowDown")
        with page.expect_response("**/v1/search"):
            page.keyboard.press("Enter")
        page.wait_for_selector(".takes", state="detached")
        assert shop.asked[-1]["conditions"] == [
            {"part": 0, "key": "collar", "relation": "same", "weight": 1}
        ]
        assert "chip" in page.evaluate("document.activeElement.className"), "the focus comes back"
        page.keyboard.press("Enter")
        page.keyboard.press("End")
        with page.expect_response("**/v1/search"):
            page.keyboard.press("Space")
        page.keyboard.type("not")
        with page.expect_response("**/v1/search"):
            page.keyboard.press("Space")
        assert page.is_visible(".takes"), "weights and not this leave it open"
        page.keyboard.press("Escape")
        assert shop.asked[-1]["conditions"] == [
            {"part": 0, "key": "collar", "relation": "different", "weight": 2}
        ]
        assert page.get_attribute("#tray .chip", "aria-label") == "Picture A, not this collar × 2"


def test_a_chip_is_set_by_the_mouse(browser, site, shop):
    with opened(browser, site) as page:
        add(page, make_photo())
        page.click("#tray .chip")
        with page.expect_response("**/v1/search"):
            page.click(".takes >> text=not this")
        assert shop.asked[-1]["conditions"] == [
            {"part": 0, "key": "", "relation": "whole", "weight": -1}
        ]
        page.mouse.click(900, 700)
        page.wait_for_selector(".takes", state="detached")


def test_an_empty_tray_offers_photos_to_try(browser, site, shop):
    with opened(browser, site) as page:
        assert "search by what you see" in page.text_content("#tray .empty")
        with page.expect_response("**/v1/search"):
            page.click("#tray .try >> nth=1")
        assert bytes_of(shop.asked[-1]["item"][0]) == draw("mug/en-red")
        page.wait_for_selector("#tray .part")
        assert page.is_hidden("#tray .empty")


def test_a_hit_is_used_and_taken_back(browser, site, shop):
    with opened(browser, site) as page:
        title = page.text_content("#grid .cover >> nth=0")
        with page.expect_response("**/v1/search"):
            page.click("#grid .use >> nth=0")
        page.wait_for_selector("#tray .part img[src*='thumbnails']")
        page.wait_for_function(
            "title => document.querySelector('#tray .name').textContent === title", arg=title
        )
        assert list(shop.asked[-1]["item"][0]) == ["product"]
        assert page.evaluate("document.querySelector('#tray img').naturalWidth") > 0
        page.click("#undo")
        page.wait_for_selector("#tray .part", state="detached")
        page.go_forward()
        page.wait_for_selector("#tray .part")


def test_a_refused_picture_names_its_card(browser, site, shop):
    photos = [make_photo("red"), make_photo("blue")]
    with opened(browser, site, told=["422"]) as page:
        add(page, photos[0])
        shop.problem = Problem(
            422, "bad-picture", "A picture cannot be read", "it is cut off", part=1
        )
        search = shop.search

        async def mend(body):
            if len(body["item"]) == 1:
                shop.problem = None
            return await search(body)

        shop.search = mend
        with page.expect_response(lambda r: "/v1/search" in r.url and r.ok):
            page.set_input_files(FILES, [upload("broken.jpg", photos[1])])
        page.wait_for_selector("#tray .part.bad")
        assert "bad" in page.get_attribute("#tray .part >> nth=1", "class")
        assert page.text_content("#tray .warning") == "Picture B: it is cut off"
        assert [bytes_of(part) for part in shop.asked[-1]["item"]] == [photos[0]]
