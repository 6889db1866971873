"""axe-core finds nothing on the page: light and dark, three widths, in each of its states."""

import pytest

from skulens.serve.problems import Problem
from tests.serve.browser import launched, needs_browser, opened, serving, until
from tests.serve.fake_shop import FakeShop, make_fake

axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed"
)
pytestmark = needs_browser
ASKED = "/?q=linen&p=shirt/en-navy:collar&p=bag/en-red:!color&w=price+%3C+60"


@pytest.fixture(scope="module")
def browser():
    with launched() as found:
        yield found


@pytest.fixture(scope="module")
def served():
    shop = FakeShop()
    with serving(make_fake(shop)) as url:
        yield shop, url


def find_faults(page) -> list[str]:
    """Each rule that is broken, with the first place."""
    found = axe.Axe().run(page).response["violations"]
    return [
        f"{v['id']}: {v['nodes'][0]['html'][:160]} {v['nodes'][0]['failureSummary']}" for v in found
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 768, 1280])
def test_page_has_no_fault(browser, served, width, scheme):
    shop, url = served
    shop.__init__()
    with opened(browser, url, ASKED, width, color_scheme=scheme, bypass_csp=True) as page:
        assert find_faults(page) == []
        page.fill("#words", "nav")
        page.wait_for_selector("#suggestions [role=option]")
        page.keyboard.press("ArrowDown")
        assert find_faults(page) == []
        page.keyboard.press("Escape")
        if width < 1280:
            page.click("#open-filters")
            assert find_faults(page) == []
            page.keyboard.press("Escape")
        page.locator("#words").blur()
        page.keyboard.press("?")
        assert find_faults(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_states_without_results_have_no_fault(browser, served, width, scheme):
    shop, url = served
    shop.__init__()
    how = {"color_scheme": scheme, "bypass_csp": True, "expected": ["Failed to load"]}
    with opened(browser, url, "/", width, **how) as page:
        assert find_faults(page) == []
        shop.problem = Problem(
            429, "busy", "The server is busy", "try later", {"Retry-After": "60"}
        )
        page.fill("#words", "mug")
        page.keyboard.press("Enter")
        page.wait_for_selector(".panel.bad")
        assert find_faults(page) == []
        shop.problem = None
        page.goto(f"{url}/?w=price+%3C+5&w=language=%22en%22")
        page.wait_for_selector(".ways")
        assert find_faults(page) == []
        shop.delay_s = 30
        page.fill("#words", "bag")
        page.keyboard.press("Enter")
        page.wait_for_selector("#slow:visible")
        until(page, "document.body.classList.contains('busy')")
        assert find_faults(page) == []
        page.click("#cancel")
