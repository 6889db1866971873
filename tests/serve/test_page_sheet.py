"""The page in a real browser: the sheet of a product, sharing, and how both look and are read."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from tests.serve.browser import launched, needs_browser, serving
from tests.serve.parts_shop import (
    BARS,
    LABEL,
    MAKER,
    TEXT,
    PartsShop,
    make_claim,
    make_parts,
    make_vector,
)
from tests.serve.photos import FILES, add, id_of, make_photo, opened, upload, wait_until

axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright",
    reason="axe-playwright-python is not installed: pip install 'skulens[dev]'",
)
pytestmark = needs_browser
NASTY = 'it\'s $(touch owned) "a" `b` & $HOME.jpg'
WORDS = "mug $HOME `id` $(id) \\ 'x' \"y\" ลินิน"


def open_sheet(page, place=0) -> str:
    """Open a card; its title."""
    title = page.text_content(f"#grid .cover >> nth={place}")
    page.click(f"#grid .cover >> nth={place}")
    page.wait_for_selector("dialog.product .siblings")
    return title


def sheet_is_open(page) -> bool:
    return page.evaluate("document.querySelector('dialog.product')?.open ?? false")


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


# ----- sheet ----------------------------------------------------------------------------------


def test_a_product_has_its_own_address(browser, site):
    with opened(browser, site) as page:
        start = page.url
        title = open_sheet(page, 1)
        assert page.text_content("dialog.product h2") == title
        assert "product=" in page.url
        sheet = page.locator("dialog.product").bounding_box()
        assert (sheet["x"], sheet["width"]) == (800, 480)
        page.go_back()
        page.wait_for_function("() => !document.querySelector('dialog.product').open")
        assert page.url == start
        page.go_forward()
        page.wait_for_selector("dialog.product .siblings")
        page.reload()
        page.wait_for_selector("dialog.product .siblings")
        assert page.text_content("dialog.product h2") == title


def test_an_address_is_a_link_and_what_only_begins_as_one_a_text(browser, site):
    with opened(browser, site) as page:
        open_sheet(page)
        links = page.locator("dialog.product .facts td a")
        assert links.all_text_contents() == ["shop.example"]
        assert page.is_visible("dialog.product .facts td >> text=https://[")


def test_the_focus_stays_in_the_sheet_and_goes_back(browser, site):
    with opened(browser, site) as page:
        page.focus("#grid .cover >> nth=2")
        page.keyboard.press("Enter")
        page.wait_for_selector("dialog.product .siblings")
        inside = "document.querySelector('dialog.product').contains(document.activeElement)"
        for _ in range(30):
            page.keyboard.press("Tab")
            assert page.evaluate(f"{inside} || document.activeElement === document.body")
        page.keyboard.press("Escape")
        page.wait_for_function("() => !document.querySelector('dialog.product').open")
        page.wait_for_function("() => !location.search.includes('product=')")
        focused = "[...document.querySelectorAll('#grid .cover')].indexOf(document.activeElement)"
        assert page.evaluate(focused) == 2


def test_a_variant_opens_in_place_and_back_returns(browser, site):
    with opened(browser, site) as page:
        title = open_sheet(page)
        variant = page.locator("dialog.product .siblings a").first
        assert "color:" in variant.text_content()
        assert "price:" in variant.text_content()
        name = variant.locator("b").text_content()
        variant.click()
        page.wait_for_function(
            "n => document.querySelector('dialog.product h2').textContent === n", arg=name
        )
        page.go_back()
        page.wait_for_function(
            "n => document.querySelector('dialog.product h2').textContent === n", arg=title
        )
        assert sheet_is_open(page)


def test_the_sheet_says_what_is_known_and_why(browser, site):
    with opened(browser, f"{site}/?q=mug") as page:
        open_sheet(page)
        why = page.locator("dialog.product .why").inner_text()
        assert re.search(r"Picture\s+0\.89\s+1\b", why), "score and rank of a leg"
        assert re.search(r"Words\s+7\.2\s+2\b|Words\s+7\.3\s+2\b", why)
        assert page.locator("dialog.product mark").all_text_contents() == ["mug,"]
        facts = page.locator("dialog.product .facts tbody tr").all_inner_texts()
        assert any(re.match(r"Color\s+\w+\s+catalogue", fact) for fact in facts)
        assert "€" in page.text_content("dialog.product .price")


def test_a_long_value_is_folded(browser, site):
    with opened(browser, site) as page:
        open_sheet(page)
        shown = page.locator("dialog.product .facts .long").first
        low = shown.bounding_box()["height"]
        assert low < 70, "three lines"
        page.click("dialog.product .facts >> text=More >> nth=0")
        assert shown.bounding_box()["height"] > 2 * low
        page.click("dialog.product .facts >> text=Less")
        assert shown.bounding_box()["height"] == low


def test_a_product_is_used_or_avoided_from_its_sheet(browser, site, shop):
    with opened(browser, f"{site}/?q=mug") as page:
        open_sheet(page)
        with page.expect_response("**/v1/search"):
            page.click("dialog.product >> text=Not this")
        assert not sheet_is_open(page)
        body = shop.asked[-1]
        assert body["conditions"] == [{"part": 0, "key": "", "relation": "whole", "weight": -1}]
        assert "product=" not in page.url
        page.go_back()
        page.wait_for_selector("dialog.product .siblings")
        with page.expect_response("**/v1/search"):
            page.click("dialog.product .actions .primary")
        assert "conditions" not in shop.asked[-1]


def check_drawn(page, quad) -> None:
    """A quad lies on the picture where it lies on the original."""
    drawn = page.evaluate("""() => {
        const p = document.querySelector(".viewer polygon");
        const { a, e, f } = p.getScreenCTM(), { x, y, width } = p.getBBox();
        return { x: a * x + e, y: a * y + f, width: a * width };
    }""")
    image = page.locator("dialog.product .shown").bounding_box()
    scale = min(image["width"] / LABEL[0], image["height"] / LABEL[1])
    left = image["x"] + (image["width"] - scale * LABEL[0]) / 2
    top = image["y"] + (image["height"] - scale * LABEL[1]) / 2
    xs, ys = quad[::2], quad[1::2]
    assert drawn["x"] == pytest.approx(left + scale * min(xs), abs=1)
    assert drawn["width"] == pytest.approx(scale * (max(xs) - min(xs)), abs=1)
    assert drawn["y"] == pytest.approx(top + scale * min(ys), abs=1)


def test_evidence_is_drawn_where_it_stands(browser, site, shop):
    with opened(browser, f"{site}/?q=mug") as page:
        open_sheet(page)
        page.click("dialog.product .views button >> nth=1")
        page.click("text=Read the label")
        page.wait_for_selector("dialog.product .evidence button")
        assert shop.read == [{"product": "mug/en-navy", "view": 1}]
        rows = page.locator("dialog.product .evidence button")
        assert [re.sub(r"\s+", " ", text) for text in rows.all_inner_texts()] == [
            "EAN-13 04006381333931 bar code",
            "Net content 1.5 l label, the picture shows it",
            "Brand Ilum the picture says otherwise",
            "Label says shake well",
        ], "the line that a claim rests on is not told twice"
        page.wait_for_function("() => document.querySelector('.viewer .shown').clientWidth > 0")
        page.focus("dialog.product .evidence button >> nth=1")
        check_drawn(page, TEXT)
        page.focus("dialog.product .evidence button >> nth=2")
        assert page.locator("dialog.product polygon").count() == 0, "this one has no place"


CLAIMS = [
    make_claim("attributes.colour", "navy", "VC", "attributes.color", same=True, view=1, quad=TEXT,
               quote="navy blue"),
    make_claim("attributes.ingredients", "Rye", "VI", "attributes.ingredients", view=0, quad=BARS,
               quote="wheat only"),
    make_claim("attributes.category", "Home", "U", "category", same=True),
    make_claim("identifiers.gtin", "4006381333931", "VC", view=0, quad=BARS, source="bars"),
    make_claim("attributes.nutrition.fat", "3", "U", unit="g"),
]  # fmt: skip


def rows_of(page) -> dict[str, str]:
    """Name of a fact -> value and source; of several rows of a name the last."""
    told = page.locator("dialog.product .facts tbody tr").all_inner_texts()
    cells = [re.split(r"\s*\t\s*", text.strip(), maxsplit=1) for text in told]
    return {name: re.sub(r"\s+", " ", rest).strip() for name, rest in cells}


def test_facts_say_what_the_pictures_show(browser, site, shop):
    shop.claims = CLAIMS
    with opened(browser, f"{site}/?product=mug/en-navy") as page:
        page.wait_for_selector("dialog.product .proof")
        rows = rows_of(page)
        assert rows["Color"] == "navy label, the picture shows it"
        assert rows["Category"].endswith("catalogue"), "what is undecided proves nothing"
        assert rows["Ingredients"] == (
            "Rye Picture: wheat only label, the picture says otherwise"
        ), "both values"
        assert rows["Gtin"] == "4006381333931 bar code, the picture shows it"
        assert rows["Nutrition: fat"] == "3 g cannot be checked"
        assert list(rows)[-2:] == ["Gtin", "Nutrition: fat"], "after what the catalogue says"
        assert page.locator("dialog.product .facts .differs").count() == 1
        assert page.locator("dialog.product .proof").count() == 3, "one has no place"


def test_the_source_of_a_fact_draws_its_box_on_its_view(browser, site, shop):
    shop.claims = CLAIMS
    with opened(browser, f"{site}/?product=mug/en-navy") as page:
        page.wait_for_selector("dialog.product .proof")
        page.wait_for_function("() => document.querySelector('.viewer .shown').clientWidth > 0")
        proofs, views = page.locator(".proof"), page.locator(".views button")
        assert views.nth(0).get_attribute("aria-pressed") == "true"
        proofs.nth(0).focus()
        assert views.nth(1).get_attribute("aria-pressed") == "true"
        check_drawn(page, TEXT)
        page.keyboard.press("Tab")  # a long value has a button, too
        page.keyboard.press("Tab")
        assert views.nth(0).get_attribute("aria-pressed") == "true"
        check_drawn(page, BARS)
        page.evaluate("document.activeElement.blur()")
        assert page.locator("dialog.product polygon").count() == 0
        proofs.nth(0).hover()
        check_drawn(page, TEXT)
        page.hover("dialog.product h2")
        assert page.locator("dialog.product polygon").count() == 0
        proofs.nth(2).click()
        check_drawn(page, BARS)


def test_many_claims_are_folded(browser, site, shop):
    shop.claims = [
        make_claim("attributes.allergens", f"a{n}", "VC", view=0, quad=BARS) for n in range(20)
    ]
    with opened(browser, f"{site}/?product=mug/en-navy") as page:
        page.wait_for_selector("dialog.product .proof")
        proofs = page.locator("dialog.product .proof:visible")
        assert proofs.count() == 12
        page.click("dialog.product >> text=8 more on the label")
        assert proofs.count() == 20
        assert (
            page.evaluate(
                "[...document.querySelectorAll('.proof')].indexOf(document.activeElement)"
            )
            == 12
        )


def test_an_unknown_product_can_be_closed(browser, site):
    with opened(browser, f"{site}/?product=nothing", told=["404"]) as page:
        page.wait_for_selector("dialog.product .failed")
        assert "no 'nothing'" in page.text_content("dialog.product")
        page.click("dialog.product [aria-label=Close]")
        page.wait_for_url(lambda url: "product" not in url)


# ----- share ----------------------------------------------------------------------------------


def open_share(page) -> None:
    page.click("#share")
    page.wait_for_selector("dialog.share #share-python")


def run(command, folder, **more):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, **more)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_curl_and_python_ask_the_same_question(browser, site, shop, tmp_path):
    photo = make_photo(size=(900, 700), quality=95)
    (tmp_path / NASTY).write_bytes(photo)
    with opened(browser, site, permissions=["clipboard-read", "clipboard-write"]) as page:
        with page.expect_response("**/v1/search"):
            page.set_input_files(FILES, [upload(NASTY, photo)])
        page.click("#tray .view")
        page.wait_for_selector("dialog.region")
        page.keyboard.press("2")
        page.keyboard.press("Enter")
        page.fill("#words", WORDS)
        wait_until(page, lambda: len(shop.asked[-1]["item"]) == 2)
        asked = shop.asked[-1]
        assert len(asked["item"]) == 2 and asked["item"][0]["region"]
        open_share(page)
        assert NASTY in page.text_content("dialog.share .help")
        shop.asked.clear()
        page.click("dialog.share .curl button")
        page.wait_for_selector("text=Copied")
        curl = page.evaluate("navigator.clipboard.readText()")
        assert "base64," not in curl.replace("base64,$(", ""), "the photo is its file"
        answer = json.loads(run(["sh", "-c", curl], tmp_path))
        assert "hits" in answer
        python = page.text_content("#share-python")
        run([sys.executable, "-c", python], tmp_path)
        assert shop.asked == [asked, asked]
    assert [f.name for f in tmp_path.iterdir()] == [NASTY], "nothing of it was run"


def test_tokens_are_never_shared(browser, site, shop, tmp_path):
    shop.token = "s3cret-token"
    keep = "sessionStorage.setItem('skulens-token', 's3cret-token')"
    context = browser.new_context()
    context.add_init_script(keep)
    page = context.new_page()
    page.goto(f"{site}/?q=mug")
    page.wait_for_selector("#grid li")
    open_share(page)
    said = page.locator("dialog.share").evaluate(
        "d => d.outerHTML + d.querySelector('input').value"
    )
    assert "s3cret" not in said
    assert "SKULENS_TOKEN" in page.text_content("#share-curl")
    python = page.text_content("#share-python")
    context.close()
    env = os.environ | {"SKULENS_TOKEN": shop.token}
    assert "mug" in run([sys.executable, "-c", python], tmp_path, env=env)


def test_a_photo_s_vector_is_shared_after_asking(browser, site, shop):
    photo = make_photo()
    with opened(browser, site) as page:
        add(page, photo)
        open_share(page)
        link = page.input_value("#share-link")
        assert urlsplit(link).fragment == ""
        page.click("text=Share with my photo")
        assert "128 numbers" in page.text_content(".question")
        assert urlsplit(page.input_value("#share-link")).fragment == "", (
            "not before the second press"
        )
        page.click(".question .primary")
        page.wait_for_function("() => document.querySelector('#share-link').value.includes('#')")
        link = page.input_value("#share-link")
    name, maker, numbers = urlsplit(link).fragment.removeprefix("v=").split("~")
    assert (name, maker, len(numbers)) == (id_of(photo), MAKER, 683)
    assert base64.b64encode(photo)[:40].decode() not in link
    shop.asked.clear()
    with opened(browser, link) as page:
        page.wait_for_selector("#tray .part")
        wait_until(page, lambda: shop.asked)
        assert shop.asked[-1]["item"] == [{"vector": make_vector(), "maker": MAKER}]
        assert page.locator("#tray .part.bad").count() == 0
        shop.asked.clear()
        page.reload()
        wait_until(page, lambda: shop.asked)
        assert shop.asked[-1]["item"][0]["maker"] == MAKER, "kept on this device from then on"


def test_a_vector_of_another_maker_is_refused(browser, site, shop):
    with opened(
        browser, f"{site}/?p=@0123456789abcdef#v=0123456789abcdef~{'e' * 64}~AACAPwAAAAA"
    ) as page:
        page.wait_for_selector("#tray .part.bad")
        assert "another encoder" in page.text_content("#tray .part")


@pytest.mark.parametrize(
    "broken", ["v=x", "v=0123456789abcdef~m~!!", "v=0123456789abcdef~m~AAAA", "%%%"]
)
def test_a_broken_fragment_is_no_obstacle(browser, site, broken):
    with opened(browser, f"{site}/?p=@0123456789abcdef&q=mug#{broken}") as page:
        page.wait_for_selector("#tray .part.bad")


# ----- looks ----------------------------------------------------------------------------------


def problems(page, scope: str) -> list[str]:
    """What axe-core finds wrong."""
    found = axe.Axe().run(page, context=scope).response["violations"]
    return [f"{v['id']}: {n['html'][:120]}" for v in found for n in v["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 768, 1280])
def test_every_part_fits_and_is_accessible(browser, site, shop, width, scheme):
    shop.claims = CLAIMS
    phone = {"has_touch": True, "is_mobile": True} if width == 390 else {}
    with opened(browser, f"{site}/?q=mug", width, color_scheme=scheme, **phone) as page:
        add(page, make_photo("red"), make_photo("blue", size=(90, 900)))
        wide = "document.documentElement.scrollWidth"
        assert page.evaluate(wide) <= width
        assert problems(page, "#tray") == []
        least = 40 if phone else 32
        sizes = page.eval_on_selector_all(
            "#tray button:not([hidden])",
            "all => all.filter(b => b.offsetParent).map(b => Math.min(b.offsetWidth, b.offsetHeight))",
        )
        assert min(sizes) >= least
        page.click("#tray .chip >> nth=0")
        assert problems(page, ".takes") == []
        inside = page.locator(".takes").bounding_box()
        assert inside["x"] >= 0 and inside["x"] + inside["width"] <= width
        page.keyboard.press("Escape")
        page.click("#tray .view >> nth=1")
        page.keyboard.press("5")
        assert problems(page, "dialog.region") == []
        frame = page.locator("dialog.region").bounding_box()
        assert frame["x"] >= 0 and frame["y"] >= 0 and frame["y"] + frame["height"] <= 900
        page.keyboard.press("Escape")
        open_share(page)
        page.click("text=Share with my photos")
        assert problems(page, "dialog.share") == []
        page.keyboard.press("Escape")
        open_sheet(page)
        page.click("text=Read the label")
        page.wait_for_selector("dialog.product .evidence button")
        assert problems(page, "dialog.product") == []
        assert page.locator("dialog.product").bounding_box()["width"] == min(width, 480)
        sideways = (
            "d => d.querySelector('.body').scrollWidth - d.querySelector('.body').clientWidth"
        )
        assert page.locator("dialog.product").evaluate(sideways) <= 0
        assert page.evaluate(wide) <= width
