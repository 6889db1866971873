"""The page of a comparison in a real browser: it fits every screen, and axe-core finds nothing."""

import pytest

from tests.report.test_browser import browser, opened  # noqa: F401
from tests.report.test_comparison import compared

axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed"
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 768, 1280, 1920])
def test_the_page_fits_and_can_be_read(browser, tmp_path, width, scheme):  # noqa: F811
    file = compared(tmp_path, ("onnx:a-very-long-name-of-an-encoder_v1_embedding", "b"))
    with opened(browser, file, width, color_scheme=scheme) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        small = page.eval_on_selector_all(
            "main *",
            "all => all.filter(e => e.innerText && parseFloat(getComputedStyle(e).fontSize) < 11)",
        )
        assert small == []
        found = axe.Axe().run(page).response["violations"]
        assert found == [], [f"{v['id']}: {v['nodes'][0]['html']}" for v in found]
