"""The page and the tables show what was stored, escaped and complete."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from skulens.analysis.boards import Board
from skulens.errors import StoreError
from skulens.papers.openmpr.cells import Cell, Checked, Family
from skulens.papers.openmpr.check import PaperCheck
from skulens.papers.openmpr.claims import Statement
from skulens.report.html import hide_folders
from skulens.report.mistakes import Budget
from skulens.report.page import end_of_bars, render, write_page
from skulens.report.paper import paper_tables
from skulens.report.views import view_of_board
from skulens.report.words import advise, conclude_view
from tests.report.boards import board, claims, encoder_info, entry, stored


class Balanced(HTMLParser):
    """Fails on a closing tag that closes nothing."""

    VOID = {"meta", "img", "br", "input", "link", "wbr"}

    def __init__(self):
        super().__init__()
        self.open, self.addresses = [], []

    def handle_starttag(self, tag, attrs):
        self.addresses += [v for k, v in attrs if k in ("src", "href", "xlink:href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing"


def test_page_is_whole_self_contained_and_best_first(tmp_path):
    out = write_page(
        [stored("mini", 0.4), stored("open_clip:RN50/openai", 0.6)], tmp_path / "deep" / "r.html"
    )
    text = out.read_text()
    parser = Balanced()
    parser.feed(text)
    assert parser.open == [] and all(a.startswith(("data:", "#")) for a in parser.addresses)
    assert text.index(">RN50/<wbr>openai<") < text.index(">mini<")
    assert "0.600<small>0.500 – 0.700</small>" in text


def test_names_from_data_cannot_inject_markup(tmp_path):
    text = write_page([stored("<script>alert(1)</script>")], tmp_path / "r.html").read_text()
    assert "<script>alert" not in text and "&lt;script&gt;alert" in text


def made_of(*rates, params=None):
    entries = tuple(
        entry(
            f"net-{i}", {"hit_rate@1": r}, source="mine.csv", params=params[i] if params else None
        )
        for i, r in enumerate(rates)
    )
    return view_of_board(Board("mine", entries))


def mark_best(view, best):
    """The view with its first `best` rows marked as not significantly different from the first."""
    return replace(view, rows=tuple(replace(row, best=n < best) for n, row in enumerate(view.rows)))


def test_the_first_sentence_claims_no_more_than_was_tested():
    view = made_of(0.5, 0.6, 0.4, params=(10**7, 9 * 10**7, 10**8))
    assert (
        "net-1 puts the right product first for 60.0\N{NO-BREAK SPACE}% of the probes."
        in conclude_view(view)
    )
    assert "not tested" in conclude_view(view) and advise(view) == ""
    assert conclude_view(mark_best(view, 1)).endswith("All 2 others are significantly worse.")
    assert conclude_view(mark_best(view, 2)).endswith(
        "1 of the 2 others do not differ from it significantly."
    )
    assert advise(mark_best(view, 2)) == "The smallest of these 2 is net-0, 10.0 M parameters."
    assert (
        advise(mark_best(made_of(0.7, 0.6, params=(10**6, 10**7)), 2))
        == "It is also the smallest of these 2."
    )
    assert conclude_view(made_of(None)) == "No encoder has a known hit_rate@1."


def test_a_board_of_nothing_known_is_still_a_page(tmp_path):
    text = render([made_of(None, 0.0)], tmp_path / "r.html", "mine").read_text()
    assert "no intervals" in text and "0.000" in text and "None" not in text


@pytest.mark.parametrize(
    ("highs", "top"), [([0.34], 0.4), ([0.4], 0.5), ([0.99], 1.0), ([1.0], 1.0), ([0.0], 0.1)]
)
def test_bars_end_above_every_interval(highs, top):
    assert end_of_bars(made_of(*highs).rows) == pytest.approx(top)


def test_pictures_stop_at_the_budget():
    long, short = (f"data:image/jpeg;base64,{letters}" for letters in ("123456", "1234"))
    budget = Budget(len(long) + len(short))
    assert [budget.take(p) for p in (long, long, short, None)] == [long, None, short, None]
    assert budget.refused == 0


@pytest.mark.parametrize(
    "picture",
    [
        "https://example.org/a.jpg",
        "//example.org/a.jpg",
        "file:///etc/passwd",
        "data:text/html;base64,AAAA",
        "data:image/svg+xml;base64,AAAA",
        'data:image/png;base64,AAAA" onerror="x',
        "javascript:alert(1)",
        {"src": "x"},
    ],
)
def test_addresses_are_no_pictures(picture):
    budget = Budget(1000)
    assert budget.take(picture) is None and budget.refused == 1


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("onnx:/home/jane doe/models/net.onnx", "onnx:net.onnx"),
        ("/home/jane/shop", "shop"),
        ("~/shop/photos.csv", "photos.csv"),
        ("a.csv:3: picture /home/jane/shop/a.jpg: empty", "a.csv:3: picture a.jpg: empty"),
        ('{"path": "/home/jane/a.jpg"}', '{"path": "a.jpg"}'),
        ("open_clip:ViT-B-32/openai", "open_clip:ViT-B-32/openai"),
        ("owner/name", "owner/name"),
        ("0.4 / 0.5 and/or p/q", "0.4 / 0.5 and/or p/q"),
        ("https://example.org/a/b", "https://example.org/a/b"),
        ("data:image/jpeg;base64,/9j/4AAQ/abc", "data:image/jpeg;base64,/9j/4AAQ/abc"),
        (0.5, 0.5),
    ],
)
def test_folders_of_the_machine_stay_out_of_pages(value, shown):
    assert hide_folders(value) == shown


def test_audits_beside_the_results_are_shown_and_a_broken_one_is_named(tmp_path):
    (tmp_path / "audit.json").write_text(
        '{"data": "shop", "products": 5, "pictures": {}, "findings": []}'
    )
    mine = stored("result", folder=tmp_path)
    assert "Nothing found." in write_page([mine], tmp_path / "r.html").read_text()
    (tmp_path / "audit-2.json").write_text("{")
    with pytest.raises(StoreError, match=r"audit-2\.json cannot be read"):
        write_page([mine], tmp_path / "r.html")


def test_a_papers_cells_and_claims_become_tables(tmp_path):
    size = Cell(1, "net", "Size (M)", "7", "params_m", ("net",), "7.9", "truncated")
    count = Cell(10, "NLLB", "Count", "6", "count", ("NLLB",))
    recall = Cell(1, "net", "R1", "0.5", "recall@1", ("net",))
    same = Family(recall, 0.5, 0.5, True, True)
    check = PaperCheck(
        [Checked(size, 7.9, False), Checked(recall, 0.5, True)],
        [Family(count, 2, 6, False, True), same],
        [
            Statement("b", "section 2", "it runs", "supported", "it does"),
            Statement("a", "section 1", "it <b>wins</b>", "not supported", "it does not"),
        ],
        [Statement("f", "table 1", "", "", "nobody said so")],
    )
    made = paper_tables(check)
    assert made[0].rows == [("1", "net", "Size (M)", "7", "7.9", "truncated")]
    assert made[0].note.startswith("1 of 2 printed cells")
    assert "1 of the 2 counts and maxima agree; by the grouping that the paper counted by, 2." in (
        made[0].note
    )
    assert made[1].rows == [("NLLB", "Count", "6", "2", "6")], "only where the two differ"
    assert [row[2] for row in made[2].rows] == ["not supported", "supported"]
    assert made[2].note.startswith("2 claims: 1 not supported, 1 supported.")
    assert made[3].rows == [("table 1", "nobody said so")]
    text = render([made_of(0.5)], tmp_path / "r.html", "mine", tables=made).read_text()
    assert (
        "The paper&#39;s claims" in text
        and "it &lt;b&gt;wins&lt;/b&gt;" in text
        and "not supported" in text
        and "nobody said so" in text
    )


def test_a_page_of_claims_names_its_own_metrics_units_and_slices(tmp_path):
    made = [claims("reader:x", 0.6), claims("reader:y", 0.7)]
    text = write_page(made, tmp_path / "r.html").read_text()
    Balanced().feed(text)
    assert "reader:y has the highest f1, 70\N{NO-BREAK SPACE}% [65, 75], on 120 units" in text
    assert "some-claims on shop" in text and "By number of pictures" in text and "By field" in text
    assert text.index(">2<") < text.index(">10<"), "numbers stand by size"
    said = re.sub(r"<style>.*?</style>|<script>.*?</script>|<[^>]+>", " ", text, flags=re.S)
    for word in ("hit_rate", "hit rate", "SKU", "encoder", "gallery", "gap", "phi", "CMC", "photo"):
        assert not re.search(rf"\b{word}", said), word


def test_what_a_system_was_trained_on_stands_beside_its_number(tmp_path):
    seen = replace(stored("mini", 0.6), system=encoder_info("mini", trained_on=("elsewhere/shop",)))
    text = write_page([seen, stored("groceries", 0.5)], tmp_path / "r.html").read_text()
    rows = {row.count("†") for row in re.findall(r"<tr data-place.*?</tr>", text, re.S)}
    assert rows == {0, 1} and "trained on this data" in text
    assert "†" not in write_page([stored()], tmp_path / "r.html").read_text()


def test_bars_of_a_metric_without_an_end_stop_above_the_highest():
    made = board(3)
    rows = [
        replace(
            r, main="claims_per_item", metrics={"claims_per_item": claims(f1=37.0).metrics["f1"]}
        )
        for r in view_of_board(made).rows
    ]
    assert end_of_bars(rows) == 40
