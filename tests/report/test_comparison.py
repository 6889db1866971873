"""The comparison page and the collapse figures, from numbers worked by hand."""

import re

import pytest

from skulens.analysis.pairs import adjust, pair
from skulens.records import Product
from skulens.report.comparison import HEIGHT, WIDTH, place_bars, write_comparison
from tests.report.boards import answered


def test_bars_fill_the_chart_and_stand_on_the_line():
    line, drawn = place_bars([1.0, 0.5, 0.0, -1.0])
    assert line == HEIGHT / 2
    assert [(b["y"], b["height"], b["a"]) for b in drawn] == [
        (0, 80, True),
        (40, 40, True),
        (80, 0, False),
        (80, 80, False),
    ]
    assert drawn[-1]["x"] + drawn[-1]["width"] <= WIDTH
    assert place_bars([0.4, 0.2])[0] == HEIGHT  # nothing below the line: it lies at the bottom
    assert place_bars([0.0])[1][0]["height"] == 0


def test_page_stands_alone_and_escapes_what_it_shows(tmp_path):
    a = answered("a", {"<b>cola": ["<b>cola", "<b>cola"], "tea": ["tea"]})
    b = answered("b", {"<b>cola": ["tea", "<b>cola"], "tea": ["tea"]})
    products = {
        "<b>cola": Product("<b>cola", title="Cola & co"),
        "tea": Product("tea", texts={"caption": "green tea"}),
    }
    page = write_comparison(
        adjust([pair(a, b)]), [products], tmp_path / "out" / "page.html"
    ).read_text()
    assert (
        "a and b do not differ significantly on 2 SKUs" in page
        and "no picture" in page
        and "green tea" in page
    )
    assert "Cola &amp; co" in page and "<b>cola" not in page and "&lt;b&gt;cola" in page
    assert not re.search(r"(src|href)=\"(?!data:)", page) and "://" not in page


def test_collapse_figures_say_in_words_what_they_show(tmp_path):
    pytest.importorskip("matplotlib")
    from skulens.report.collapse import collapse_drawings, write_collapse

    probes = [
        {"query": f"q{i}", "sku": sku, "along": 0.5, "across": y, "first": "cola"}
        for i, (sku, y) in enumerate((("cola", 0.1), ("cola", -0.1), ("lime", -0.2)))
    ]
    nearest = [
        {"product": f"p{i}", "nearest": "x", "angle_deg": float(i), "probes": 3, "hit_rate": i / 20}
        for i in range(20)
    ]
    numbers = {
        "pairs": [{"right": "cola", "found": "lime", "angle_deg": 4.0, "probes": probes}],
        "nearest": nearest,
        "angles": {
            "confused": [1.0, 2.0, 3.0],
            "nearest": [1.0, 2.0, 3.0],
            "random": [70.0, 80.0, 90.0],
        },
    }
    pair_, scatter = collapse_drawings(numbers)
    assert (
        pair_.alt
        == "cola and lime stand 4.0 degrees apart; 1 of 2 probes of cola lie nearer to lime."
    )
    assert "20 products" in scatter.alt and "random pairs 80°" in scatter.alt
    svg, png = (write_collapse(numbers, tmp_path, kind)[0] for kind in ("svg", "png"))
    assert "Δθ = 4.0°" in svg.read_text() and png.read_bytes()[:4] == b"\x89PNG"
    unprobed = [n | {"hit_rate": None} for n in nearest]
    assert (
        collapse_drawings({})
        == []
        == collapse_drawings(numbers | {"pairs": [], "nearest": unprobed})
    )
