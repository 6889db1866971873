"""The page in a real browser over a shop of 54 products in five languages."""

import re

import pytest

from skulens.serve.problems import Problem
from tests.serve.browser import (
    launched,
    needs_browser,
    opened,
    serving,
    titles,
    until,
    wait_for_count,
)
from tests.serve.fake_shop import FakeShop, make_fake
from tests.serve.photos import wait_until

pytestmark = needs_browser
FAILED = "Failed to load resource"


@pytest.fixture(scope="module")
def browser():
    with launched() as found:
        yield found


@pytest.fixture(scope="module")
def served():
    shop = FakeShop()
    with serving(make_fake(shop)) as url:
        yield shop, url


@pytest.fixture
def shop(served):
    """As it was made, whatever a test before this one has switched on."""
    shop, _ = served
    shop.__init__()
    return shop


@pytest.fixture
def url(served):
    return served[1]


def wait_for_status(page, text: str) -> None:
    """Wait until the page has said so to those who listen."""
    until(page, "text => document.getElementById('status').textContent === text", text)


def focused(page) -> str:
    return page.evaluate("document.activeElement?.closest('[data-focus]')?.dataset.focus ?? ''")


def params(page) -> str:
    return page.evaluate("location.search")


# ----- start and layout -----------------------------------------------------------------------


def test_start_shows_varied_products_examples_and_all_facets(browser, shop, url):
    with opened(browser, url) as page:
        assert page.inner_text("#count") == "54 products"
        assert page.locator(".card").count() == 12 and shop.asked == []
        assert page.locator("#hello .chip").all_inner_texts() == [
            "linen shirt",
            "mug",
            "price under 30",
        ]
        assert page.locator("#filters legend").all_inner_texts() == [
            "Category", "Price", "Color", "Collar", "Language",
        ]  # fmt: skip
        assert "English\n18" in page.inner_text("#filters")
        page.click("#hello .chip:has-text('price')")
        wait_for_count(page, "16 of 54")
        assert page.locator("#price-to").input_value() == "30"
        assert shop.asked[-1]["where"] == "price < 30" and shop.asked[-1]["item"] == []


@pytest.mark.parametrize(
    ("width", "columns", "card"), [(390, 2, 173), (768, 4, 175), (1280, 4, 241)]
)
def test_cards_stand_as_the_layout_says(browser, shop, url, width, columns, card):
    with opened(browser, url, "/?q=linen", width=width) as page:
        boxes = page.eval_on_selector_all(
            ".card", "all => all.map(c => [c.getBoundingClientRect().top, c.offsetWidth])"
        )
        assert sum(top == boxes[0][0] for top, _ in boxes) == columns
        assert {round(w) for _, w in boxes} == {card}
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.evaluate("document.querySelector('.top').offsetHeight") == 60
        assert page.is_visible("#side") == (width == 1280)
        assert page.is_visible("#open-filters") == (width < 1280)
        small = page.eval_on_selector_all(
            "button, select, input:not([type=range])",
            """(all, least) => all.filter(e => e.checkVisibility() && !e.closest("label, .unseen"))
               .map(e => [e.id || e.textContent, e.getBoundingClientRect()])
               .filter(([, b]) => b.height < least || b.width < least).map(([name]) => name)""",
            40 if width == 390 else 32,
        )
        assert [name for name in small if name not in ("open-keys",)] == []


def test_titles_of_five_languages_say_their_language(browser, shop, url):
    with opened(browser, url, "/?w=category=%22Shirt%22&n=2") as page:
        found = page.eval_on_selector_all(
            ".card h3", "all => [...new Set(all.map(h => h.lang))].sort()"
        )
        assert found == ["en", "id", "ms", "th", "vi"]
        lines = page.eval_on_selector_all(
            ".card h3", "all => all.map(h => h.clientHeight / parseFloat(getComputedStyle(h).lineHeight))"
        )  # fmt: skip
        assert max(lines) <= 2.1 and max(lines) > 1.5


# ----- words ----------------------------------------------------------------------------------


def test_typing_searches_and_is_one_step_back(browser, shop, url):
    with opened(browser, url) as page:
        page.locator("#words").press_sequentially("linen shirt", delay=5)
        wait_for_count(page, "6 of 54")
        assert params(page) == "?q=linen+shirt" and page.title() == "linen shirt · Fake shop"
        assert shop.asked[-1]["item"] == [{"text": "linen shirt"}]
        assert "says “Linen shirt”" in page.inner_text(".card >> nth=0")
        page.keyboard.press("Escape")
        page.locator("#words").press_sequentially(" navy", delay=5)
        wait_for_count(page, "1 of 54")
        page.go_back()
        wait_for_count(page, "54 products")
        assert page.input_value("#words") == "" and params(page) == ""
        page.go_forward()
        wait_for_count(page, "1 of 54")
        assert page.input_value("#words") == "linen shirt navy"


def test_words_that_are_entered_are_a_step_each(browser, shop, url):
    with opened(browser, url) as page:
        for words, count in (("mug", "6 of 54"), ("linen", "18 of 54")):
            page.fill("#words", words)
            page.keyboard.press("Enter")
            wait_for_count(page, count)
        page.click("#undo")
        wait_for_count(page, "6 of 54")
        page.click("#undo")
        wait_for_count(page, "54 products")
        assert page.is_disabled("#undo")


def test_suggestions_are_a_combobox(browser, shop, url):
    with opened(browser, url) as page:
        page.focus("#words")
        page.keyboard.type("nav")
        page.wait_for_selector("#suggestions [role=option]")
        assert page.get_attribute("#words", "aria-expanded") == "true"
        page.keyboard.press("ArrowDown")
        active = page.get_attribute("#words", "aria-activedescendant")
        option = page.locator(f"#{active}")
        assert option.get_attribute("aria-selected") == "true" and "navy" in option.inner_text()
        page.keyboard.press("Enter")
        wait_for_count(page, "9 of 54")
        assert "color" in params(page) and page.input_value("#words") == ""
        assert page.is_checked("label:has-text('navy') input")
        assert page.is_hidden("#suggestions")


# ----- filters --------------------------------------------------------------------------------


def test_other_values_of_a_facet_stay_once_one_is_chosen(browser, shop, url):
    with opened(browser, url) as page:
        page.check("label:has-text('navy') input")
        wait_for_count(page, "9 of 54")
        counts = page.locator("fieldset:has(legend:text-is('Color')) .count").all_inner_texts()
        assert counts == ["9"] * 6
        page.check("label:has-text('red') input")
        wait_for_count(page, "18 of 54")
        assert focused(page) == "value:attributes.color:red"
        assert shop.asked[-1]["where"] == 'attributes.color in ("navy", "red")'
        assert page.locator("#chips .chip").all_inner_texts() == ["navy", "red"]
        page.click("#chips .chip >> nth=0")
        wait_for_count(page, "9 of 54")
        assert not page.is_checked("label:has-text('navy') input") and focused(page) == "chip:0"
        page.go_back()
        wait_for_count(page, "18 of 54")
        assert page.is_checked("label:has-text('navy') input")


def test_price_is_a_range_of_fields_and_of_sliders(browser, shop, url):
    with opened(browser, url) as page:
        page.fill("#price-to", "20")
        page.press("#price-to", "Tab")
        wait_for_count(page, "6 of 54")
        assert page.locator("#chips").inner_text() == "price up to 20"
        page.focus("[data-focus='slide:price:from']")
        for _ in range(4):
            page.keyboard.press("ArrowRight")
        wait_for_count(page, "2 of 54")
        assert shop.asked[-1]["where"] == "price >= 16 and price <= 20"
        page.go_back()  # the slider's run is one step
        wait_for_count(page, "6 of 54")


def test_sheet_of_filters_on_a_phone(browser, shop, url):
    with opened(browser, url, "/?q=linen", width=390) as page:
        page.click("#open-filters")
        page.check("dialog label:has-text('navy') input")
        until(page, "document.getElementById('show-results').innerText.includes('3 products')")
        page.keyboard.press("Escape")
        assert page.is_hidden("#filter-sheet") and focused(page) == "filters"
        assert page.inner_text("#open-filters") == "Filters\n1"
        assert page.inner_text("#count") == "3 of 54"


def test_sort_and_more(browser, shop, url):
    with opened(browser, url, "/?w=category=%22Shirt%22") as page:
        page.select_option("#sort", label="Price: high to low")
        until(page, "document.querySelector('.card .price').innerText === '€54.90'")
        assert params(page).endswith("sort=-price") and page.locator(".card").count() == 24
        page.click("#more")
        until(page, "document.querySelectorAll('.card').length === 30")
        assert focused(page).startswith("card:") and page.is_hidden("#more")
        page.reload()
        page.wait_for_selector(".card >> nth=29")


# ----- history --------------------------------------------------------------------------------


def test_back_brings_scroll_and_focus(browser, shop, url):
    with opened(browser, url, "/?q=linen", width=390) as page:
        page.locator(".card a >> nth=9").focus()
        page.evaluate("scrollTo(0, 900)")
        page.wait_for_timeout(300)
        before = page.evaluate("scrollY")
        page.keyboard.press("u")
        until(page, "location.search.includes('p=')")
        until(page, "scrollY < 300")
        page.go_back()
        until(page, "y => Math.abs(scrollY - y) < 3", before)
        assert focused(page).startswith("card:") and not params(page).count("p=")


def test_reload_and_a_copied_address_show_the_same(browser, shop, url):
    path = "/?q=linen&p=shirt/en-navy:collar&w=price+%3C+50&sort=price"
    with opened(browser, url, path) as page:
        first = titles(page)
        assert "same collar" in page.inner_text("#grid") and "collar differs" in page.inner_text(
            "#grid"
        )
        page.reload()
        page.wait_for_selector(".card")
        assert titles(page) == first
        assert shop.asked[-1]["conditions"] == [
            {"part": 0, "key": "collar", "relation": "same", "weight": 1}
        ]


# ----- keys -----------------------------------------------------------------------------------


def test_everything_by_keyboard(browser, shop, url):
    with opened(browser, url) as page:
        page.keyboard.press("/")
        assert focused(page) == "words"
        page.keyboard.type("linen")
        page.keyboard.press("Enter")
        wait_for_count(page, "18 of 54")
        page.locator(".card a >> nth=0").focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowDown")
        assert focused(page) == page.get_attribute(".card a >> nth=5", "data-focus")
        page.keyboard.press("Home")
        assert focused(page) == page.get_attribute(".card a >> nth=0", "data-focus")
        page.keyboard.press("x")
        until(page, "location.search.includes(':!')")
        wait_until(
            page, lambda: [c["weight"] for c in shop.asked[-1].get("conditions", ())] == [-1]
        )
        page.keyboard.press("Control+z")
        wait_for_count(page, "18 of 54")
        page.keyboard.press("Control+Shift+z")
        until(page, "location.search.includes(':!')")
        page.keyboard.press("f")
        assert page.evaluate("document.activeElement.closest('#filters') !== null")


def test_single_letters_can_be_switched_off(browser, shop, url):
    with opened(browser, url) as page:
        page.keyboard.press("?")
        page.click("label:has-text('Single letters')")
        page.keyboard.press("Escape")
        page.keyboard.press("/")
        assert focused(page) != "words"
        page.keyboard.press("?")
        assert page.is_visible("#keys")


# ----- slow and failing -----------------------------------------------------------------------


def test_slow_server_shows_it_and_can_be_cancelled(browser, shop, url):
    with opened(browser, url) as page:
        shop.delay_s = 60
        page.fill("#words", "mug")
        page.keyboard.press("Enter")
        page.wait_for_selector("body.busy")
        assert page.locator(".card").count() == 12  # the old results stay
        page.wait_for_selector("#slow:visible")
        page.click("#cancel")
        page.wait_for_selector("body:not(.busy)")
        assert page.is_visible("#cancelled")
        shop.delay_s = 0
        page.click("#again")
        wait_for_count(page, "6 of 54")
        assert page.is_hidden("#cancelled")


def test_newer_request_ends_the_older(browser, shop, url):
    with opened(browser, url) as page:
        shop.delay_s = 60
        with page.expect_event("requestfailed", lambda r: r.url.endswith("/v1/search")):
            page.fill("#words", "mug")
            page.keyboard.press("Enter")
            page.wait_for_selector("body.busy")
            shop.delay_s = 0
            page.fill("#words", "linen")
            page.keyboard.press("Enter")
        wait_for_count(page, "18 of 54")
        assert [body["item"][0]["text"] for body in shop.asked] == ["mug", "linen"]


def test_error_says_what_to_do_and_can_be_retried(browser, shop, url):
    with opened(browser, url, expected=[FAILED]) as page:
        shop.problem = Problem(
            503, "store", "The store cannot do that now", "it is being moved <b>"
        )
        page.fill("#words", "mug")
        page.keyboard.press("Enter")
        page.wait_for_selector(".panel.bad")
        assert "The store cannot do that now" in page.inner_text(".panel.bad")
        assert "it is being moved <b>" in page.inner_text(".panel.bad")
        wait_for_status(page, "The store cannot do that now")
        shop.problem = None
        page.click("text=Retry")
        wait_for_count(page, "6 of 54")
        assert page.locator(".panel").count() == 0


def test_busy_server_is_asked_again_by_itself(browser, shop, url):
    with opened(browser, url, expected=[FAILED]) as page:
        shop.problem = Problem(429, "busy", "The server is busy", "", {"Retry-After": "2"})
        page.fill("#words", "mug")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=/Trying again in [12] s/")
        shop.problem = None
        wait_for_count(page, "6 of 54")


def test_server_that_still_loads_is_asked_again_from_the_start(browser, shop, url):
    shop.loading = True
    with opened(browser, url, expected=[FAILED]) as page:
        assert page.inner_text(".panel h3") == "The server is still loading"
        assert page.locator(".panel.bad").count() == 0
        shop.loading = False
        wait_for_count(page, "54 products")
        assert page.locator(".panel").count() == 0


def test_use_is_on_the_picture_and_reached_by_keyboard(browser, shop, url):
    with opened(browser, url) as page:
        assert page.locator(".use >> nth=0").evaluate("e => getComputedStyle(e).opacity") == "0"
        page.locator(".card a >> nth=0").focus()
        page.keyboard.press("Tab")
        assert focused(page) == "use:shirt/en-navy"
        assert page.locator(".use >> nth=0").evaluate("e => getComputedStyle(e).opacity") == "1"
        page.keyboard.press("Enter")
        until(page, "location.search === '?p=shirt/en-navy'")
    with opened(browser, url, width=390, has_touch=True, is_mobile=True) as page:
        assert page.locator(".use >> nth=0").evaluate("e => getComputedStyle(e).opacity") == "1"


def test_server_that_is_gone(browser, shop, url):
    with opened(browser, url, expected=[FAILED]) as page:
        page.route("**/v1/search", lambda route: route.abort())
        page.fill("#words", "mug")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=The server cannot be reached")
        page.unroute("**/v1/search")
        page.click("text=Retry")
        wait_for_count(page, "6 of 54")


def test_token_is_asked_for_once(browser, shop, url):
    shop.token = "secret"
    with opened(browser, url, expected=[FAILED]) as page:
        page.fill("#token", "secret")
        page.click("text=Continue")
        wait_for_count(page, "54 products")
        until(page, "document.querySelector('.card img').naturalWidth > 0")
        page.reload()
        wait_for_count(page, "54 products")
        assert "secret" not in page.content()


# ----- nothing found --------------------------------------------------------------------------


def test_nothing_found_says_what_less_would_bring(browser, shop, url):
    path = "/?w=price+%3C+5&w=attributes.color=%22navy%22"
    with opened(browser, url, path) as page:
        assert page.inner_text("#count") == "No products"
        wait_for_status(page, "No products")
        ways = page.locator(".ways button").all_inner_texts()
        assert ways == ["Without price under 5: 9 products"]
        page.click(".ways button")
        wait_for_count(page, "9 of 54")
        assert re.fullmatch(r"\?w=attributes\.color.*navy.*", params(page))
        assert focused(page) == "words"


def test_probably_not_in_the_catalogue(browser, shop, url):
    shop.known = False
    with opened(browser, url, "/?q=linen") as page:
        assert page.inner_text("#notes") == "Below: probably not in this catalogue"


def test_status_is_one_and_says_the_count_alone(browser, shop, url):
    with opened(browser, url) as page:
        page.fill("#words", "mug")
        page.keyboard.press("Enter")
        wait_for_status(page, "6 products")
        assert page.locator("[role=status], [aria-live]").count() == 1


def test_markup_in_products_is_text(browser, shop, url):
    from dataclasses import replace

    evil = "<img src=x onerror=\"document.title='run'\"> & <b>bold</b>"
    shop.products[0] = replace(shop.products[0], title=evil)
    with opened(browser, url) as page:
        assert evil in titles(page)
        assert page.locator(".card img").count() == 12 and "run" not in page.title()


def test_nothing_moves_where_that_is_wished(browser, shop, url):
    with opened(browser, url, reduced_motion="reduce") as page:
        page.evaluate("document.body.classList.add('busy')")
        running = "document.getAnimations().filter(a => a.playState === 'running').length"
        assert page.evaluate(running) == 0
    with opened(browser, url, reduced_motion="no-preference") as page:
        page.evaluate("document.body.classList.add('busy')")
        assert page.evaluate(running) > 0
