"""The page and the tables show what was stored, escaped and complete."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from skulens.analysis.boards import Board, Entry
from skulens.errors import StoreError
from skulens.papers.openmpr.cells import Cell, Checked
from skulens.papers.openmpr.claims import Claim
from skulens.report.page import Budget, advice, render, scale, verdict, write_page
from skulens.report.paper import paper_tables
from skulens.report.tables import label, with_interval
from skulens.report.views import view_of_board


def record(encoder="mini", value=0.5, **more):
    metric = {"value": value, "low": value - 0.1, "high": value + 0.1, "n": 10, "groups": 5}
    return {
        "suite": "mpr",
        "data": "some/where/shop",
        "gallery": "text",
        "encoder": encoder,
        "n_queries": 10,
        "n_gallery": 5,
        "metrics": {"hit_rate@1": metric, "mrr": metric},
        "cmc": {
            "k": [1, 2, 5],
            "value": [0.5, 0.7, 1],
            "low": [0.4, 0.6, 1],
            "high": [0.6, 0.8, 1],
        },
        "speed": {"images_per_s": 12.5, "latency_ms_p50": 3.0, "latency_ms_p95": 4.0},
        "settings": {"split": "test", "mode": "sound"},
        "counts": {"groups": 5, "tied_queries": 0, "rejects": 0, "unanswerable_queries": 0},
        "encoder_info": {"licence": "MIT", "lint": []},
        "data_hash": "0" * 64,
        "provenance": {"measured_at": "2026-01-01"},
        "folder": f"nowhere/{encoder}",
    } | more


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
        [record("mini", 0.4), record("open_clip:RN50/openai", 0.6)], tmp_path / "deep" / "r.html"
    )
    text = out.read_text()
    parser = Balanced()
    parser.feed(text)
    assert parser.open == [] and all(a.startswith(("data:", "#")) for a in parser.addresses)
    assert text.index(">RN50<") < text.index(">mini<")
    assert "0.600<small>0.500 – 0.700</small>" in text


def test_names_from_data_cannot_inject_markup(tmp_path):
    text = write_page([record("<script>alert(1)</script>")], tmp_path / "r.html").read_text()
    assert "<script>alert" not in text and "&lt;script&gt;alert" in text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("mini", "mini"),
        ("onnx:../a/b/net", "onnx:net"),
        ("hf:google/siglip2", "hf:google/siglip2"),
        ("local:runs/x", "local:runs/x"),
    ],
)
def test_label_cuts_paths_only(name, shown):
    assert label(record(name)) == shown


def test_unknown_intervals_are_not_invented():
    assert (
        with_interval(None) == "-"
        and with_interval({"value": 0.5, "low": None, "high": None}) == "0.500"
    )


def made_of(*rates, params=None):
    entries = tuple(
        Entry(f"net-{i}", "mine.csv", params=params and params[i], metrics={"hit_rate@1": r})
        for i, r in enumerate(rates)
    )
    return view_of_board(Board("mine", entries))


def told(view, best):
    """The view with its first `best` rows marked as those that cannot be told apart."""
    return replace(view, rows=tuple(replace(row, best=n < best) for n, row in enumerate(view.rows)))


def test_the_first_sentence_claims_no_more_than_was_tested():
    view = made_of(0.5, 0.6, 0.4, params=(10**7, 9 * 10**7, 10**8))
    assert (
        "net-1 puts the right product first for 60.0\N{NO-BREAK SPACE}% of the photos."
        in verdict(view)
    )
    assert "not tested" in verdict(view) and advice(view) == ""
    assert verdict(told(view, 1)).endswith("All 2 others do worse, and not by chance.")
    assert verdict(told(view, 2)).endswith("1 of the 2 others cannot be told apart from it.")
    assert advice(told(view, 2)) == "The smallest of these 2 is net-0, 10.0 M parameters."
    assert (
        advice(told(made_of(0.7, 0.6, params=(10**6, 10**7)), 2))
        == "It is also the smallest of these 2."
    )
    assert verdict(made_of(None)) == "No encoder has a hit rate."


def test_a_board_of_nothing_known_is_still_a_page(tmp_path):
    text = render([made_of(None, 0.0)], tmp_path / "r.html", "mine").read_text()
    assert "no intervals" in text and "0.000" in text and "None" not in text


@pytest.mark.parametrize(
    ("highs", "top"), [([0.34], 0.4), ([0.4], 0.5), ([0.99], 1.0), ([1.0], 1.0), ([0.0], 0.1)]
)
def test_bars_end_above_every_interval(highs, top):
    assert scale(made_of(*highs).rows) == pytest.approx(top)


def test_pictures_stop_at_the_budget():
    budget = Budget(10)
    assert [budget.take(p) for p in ("123456", "123456", "1234", None)] == [
        "123456",
        None,
        "1234",
        None,
    ]


def test_audits_beside_the_results_are_shown_and_a_broken_one_is_named(tmp_path):
    (tmp_path / "audit.json").write_text(
        '{"data": "shop", "products": 5, "pictures": {}, "findings": []}'
    )
    mine = record(folder=str(tmp_path / "result"))
    assert "Nothing found." in write_page([mine], tmp_path / "r.html").read_text()
    (tmp_path / "audit-2.json").write_text("{")
    with pytest.raises(StoreError, match=r"audit-2\.json cannot be read"):
        write_page([mine], tmp_path / "r.html")


def test_a_papers_cells_and_claims_become_tables(tmp_path):
    cells = [
        Checked(Cell(1, "net", "Size (M)", "7", "params_m", ("net",)), 7.9, False, "truncated"),
        Checked(Cell(1, "net", "R1", "0.5", "recall@1", ("net",)), 0.5, True),
    ]
    made = paper_tables(cells, [Claim("section 1", "it <b>wins</b>", False, "it does not")])
    assert made[0].rows == [("1", "net", "Size (M)", "7", "7.9", "truncated")] and made[
        0
    ].note.startswith("1 of 2 printed cells")
    text = render([made_of(0.5)], tmp_path / "r.html", "mine", tables=made).read_text()
    assert (
        "The paper&#39;s claims" in text
        and "it &lt;b&gt;wins&lt;/b&gt;" in text
        and "not supported" in text
    )
