"""The comparison page and the collapse figures, from numbers worked by hand."""

import re

import PIL.Image
import pytest

from skulens.analysis.pairs import adjust, pair
from skulens.records import Image, Product
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


def compared(tmp_path, names=("a", "b")):
    """The page of two systems, and the products that it knows."""
    found = {"cola": ["cola", "cola", "tea"], "tea": ["tea"], "lime": ["cola"]}
    a = answered(names[0], found)
    b = answered(names[1], {**found, "cola": ["tea", "cola", "lime"], "lime": ["tea"]})
    long = "Cola with a long title, in packs of twelve small bottles of glass " * 2
    products = {
        "cola": Product("cola", title=long, images=(photo(tmp_path, "cola"),)),
        "tea": Product("tea", title="Green tea", images=(photo(tmp_path, "tea"),)),
        "lime": Product("lime", title="Lime", images=(photo(tmp_path, "lime"),)),
    }
    photos = {f"cola/{i}": photo(tmp_path, f"probe-{i}").path for i in range(3)}
    pairing = pair(a, b, photos=photos)
    return write_comparison(adjust([pairing]), [products], tmp_path / "page.html")


def photo(folder, name) -> Image:
    path = folder / f"{name}.png"
    picture = PIL.Image.new("RGB", (40, 30), (len(name) * 20 % 255, 120, 90))
    picture.save(path)
    return Image(path=str(path))


def test_the_right_product_stands_beside_the_wrong_ones_with_titles_cut_at_words(tmp_path):
    text = compared(tmp_path).read_text()
    [card] = [c for c in text.split("<li>") if "<h4>Cola" in c]
    roles = re.findall(r'alt="([^:"]+): ([^"]+)"', card)
    assert [r for r, _ in roles] == ["probe", "right product", "put first by a and b"]
    [title] = re.findall("<h4>(Cola.*?)</h4>", text)
    words = ("Cola with a long title, in packs of twelve small bottles of glass " * 2).split()
    assert title.endswith("…") and title[:-1].split() == words[: len(title.split())]
    assert card.count("data:image/webp") == len(roles) and "no picture" not in card
    said = re.findall(r"<title>(.*?): a (\S+), b (\S+) of (\d) probes</title>", text)
    assert ("Green tea", "1.00", "1.00", "1") in said and len(said) == 3


def test_the_page_names_no_folder_of_the_machine(tmp_path):
    names = ("onnx:/home/someone/models/small (x)", "open_clip:/srv/weights/large")
    text = compared(tmp_path, names).read_text()
    assert "onnx:small (x) against open_clip:large" in text
    assert not re.search(r"/home|/srv|someone|weights", text) and str(tmp_path) not in text


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
