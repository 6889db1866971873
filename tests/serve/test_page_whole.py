"""The page over a real server and store: its first answer comes with it, and is its own."""

import json
import re
import threading

import pytest

from skulens.serve.door.access import Tokens, make_token
from tests.search.small_shop import column, make_shop
from tests.serve.browser import launched, needs_browser, opened, titles, wait_for_count
from tests.serve.talking import served

NO_PICTURE = "Failed to load resource"
"""Thumbnails of the small shop are no pictures."""


def block(html: str) -> dict:
    found = re.search(r'<script type="application/json" id="first">(.*?)</script>', html)
    return json.loads(found[1]) if found else {}


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """A busy machine leaves nothing out."""
    monkeypatch.setattr("skulens.serve.front.first.WAIT_S", 60)


@pytest.fixture
def client():
    with served(make_shop(column("picture"), column("text"))) as (client, _):
        yield client


def test_html_has_what_the_page_would_ask_for(client):
    found = block(client.get("/").text)
    assert found["about"] == client.get("/v1/about").json()
    assert found["browse"] == client.get("/v1/products?k=12&varied=true").json()
    found = block(client.get("/?q=red&w=price+%3C+30&sort=price").text)
    again = client.post("/v1/search", json=found["request"]).json()
    assert found["answer"]["hits"] == again["hits"] and len(again["hits"]) > 1
    prices = [h["fields"]["price"] for h in again["hits"]]
    assert prices == sorted(prices) and max(prices) < 30


@pytest.mark.parametrize(
    "query", ["w=prise+%3C+3", "w=%22", "q=" + "x" * 20_000, "p=nothing", "sort=no"]
)
def test_what_cannot_be_answered_is_left_to_the_page(client, query):
    answer = client.get(f"/?{query}")
    assert answer.status_code == 200 and "answer" not in block(answer.text)


def test_html_has_nothing_of_the_shop_for_who_may_not_read(tmp_path):
    token = make_token(tmp_path / "tokens.json", "r", ["read"])
    with served(make_shop(), tokens=Tokens(tmp_path / "tokens.json")) as (client, _):
        assert block(client.get("/?q=red").text) == {}
        known = client.get("/", headers={"Authorization": f"Bearer {token}"})
        assert block(known.text)["about"]["products"] == 10


@needs_browser
def test_page_starts_without_asking(client):
    url = str(client.base_url).rstrip("/")
    with launched() as browser:
        for path, count in (("/", "10 products"), ("/?q=red&w=price+%3C+30", "7 of 10")):
            with opened(browser, url, path, expected=[NO_PICTURE]) as page:
                wait_for_count(page, count)
                asked = page.evaluate("performance.getEntriesByType('resource').map(e => e.name)")
                paths = [name.removeprefix(url) for name in asked if not name.startswith("data:")]
                assert [p for p in paths if p.startswith("/v1/") and "thumbnails" not in p] == []
                assert len([p for p in paths if p.startswith("/page/")]) == 3, paths
        with opened(browser, url, "/?q=red", expected=[NO_PICTURE]) as page:
            page.locator(".card a >> nth=0").focus()
            used = titles(page)[0]
            page.keyboard.press("u")
            page.wait_for_selector("#grid .reasons:has-text('looks like A')")
            assert used not in titles(page)


@needs_browser
def test_page_comes_up_by_itself_once_the_shop_is_open():
    ready = threading.Event()

    def open_shop():
        ready.wait(30)
        return make_shop()

    with served(open_shop) as (client, _), launched() as browser:
        url = str(client.base_url).rstrip("/")
        assert block(client.get("/").text) == {}
        with opened(browser, url, expected=[NO_PICTURE]) as page:
            assert page.inner_text(".panel h3") == "The server is still loading"
            page.wait_for_timeout(2500)  # it has asked again, and again
            ready.set()
            wait_for_count(page, "10 products")
            assert page.locator("#tray input[type=file]").count() > 0
            assert page.locator(".panel").count() == 0


def test_page_is_sent_whatever_fails_behind_it(client, monkeypatch, caplog):
    def fail(*_):
        raise ZeroDivisionError("a mistake of ours")

    monkeypatch.setattr("skulens.serve.front.first.read_address", fail)
    answer = client.get("/?q=red")
    assert answer.status_code == 200 and set(block(answer.text)) == {"about"}
    assert "without its first answer" in caplog.text
