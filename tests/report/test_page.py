"""The page and the tables show what was stored, escaped and complete."""

from html.parser import HTMLParser

import pytest

from skulens.report.page import write_page
from skulens.report.tables import label, with_interval


def record(encoder="mini", value=0.5, **more):
    metric = {"value": value, "low": value - 0.1, "high": value + 0.1, "n": 10, "groups": 5}
    return {
        "suite": "mpr", "data": "some/where/shop", "gallery": "text", "encoder": encoder, "n_queries": 10, "n_gallery": 5,
        "metrics": {"hit_rate@1": metric, "mrr": metric}, "cmc": {"k": [1, 2, 5], "value": [0.5, 0.7, 1], "low": [0.4, 0.6, 1], "high": [0.6, 0.8, 1]},
        "speed": {"images_per_s": 12.5, "latency_ms_p50": 3.0, "latency_ms_p95": 4.0}, "settings": {"split": "test", "mode": "sound"},
        "counts": {"groups": 5, "tied_queries": 0, "rejects": 0, "unanswerable_queries": 0}, "encoder_info": {"licence": "MIT", "lint": []},
        "data_hash": "0" * 64, "provenance": {"measured_at": "2026-01-01"}, "folder": f"nowhere/{encoder}",
    } | more  # fmt: skip


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
    out = write_page([record("mini", 0.4), record("open_clip:RN50/openai", 0.6)], tmp_path / "deep" / "r.html")
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
    [("mini", "mini"), ("onnx:../a/b/net", "onnx:net"), ("hf:google/siglip2", "hf:google/siglip2"), ("local:runs/x", "local:runs/x")],
)
def test_label_cuts_paths_only(name, shown):
    assert label(record(name)) == shown


def test_unknown_intervals_are_not_invented():
    assert with_interval(None) == "-" and with_interval({"value": 0.5, "low": None, "high": None}) == "0.500"
