"""The page of a data set: numbers of its tables, a table behind each figure, escaped names."""

import html
import re
from dataclasses import replace

import pytest

from skulens.catalog.open import open_catalog
from skulens.curate.queries.stats import describe_data
from skulens.curate.queries.stats_tables import make_table
from skulens.report import dataset, dataset_parts
from skulens.report.dataset import write_dataset_page
from skulens.report.dataset_parts import BARS, bin_lengths, grid_of, quantile
from tests.report.small_data import make_folder

pytest.importorskip(
    "matplotlib", reason="matplotlib is not installed: pip install 'skulens[report]'"
)


@pytest.fixture(scope="module")
def stats(tmp_path_factory):
    return describe_data(open_catalog(str(make_folder(tmp_path_factory.mktemp("data") / "small"))))


def read(stats, tmp_path, *funnel) -> str:
    return write_dataset_page(stats, tmp_path / "index.html", *funnel).read_text(encoding="utf-8")


def words(page: str) -> str:
    return re.sub(
        r"\s+", " ", html.unescape(re.sub(r"<style.*?</style>|<[^>]+>", " ", page, flags=re.S))
    )


def test_numbers_and_flows_are_on_the_page(stats, tmp_path):
    said = words(read(stats, tmp_path, {"cu": {"proposed": 10, "accepted": 4, "distinct-keys": 6}}))
    for part in (
        "queries 5", "with 2 conditions 4", "with 3 conditions 1", "products 6", "1 product without a picture",
        "n = 11 conditions", "English (en)", "colour: red 4 (40.0%)", "40.00% are accepted",
        "Of 5 queries, 1 stand in several splits",
    ):  # fmt: skip
        assert part in said, part
    assert "9 references" in said  # of q1 to q4: q5 has no answer


def test_every_figure_stands_before_a_table(stats, tmp_path):
    page = read(stats, tmp_path)
    parts = re.findall(r"<figure>.*?</figure>\s*(.{9})", page, flags=re.S)
    assert len(parts) >= 8 and set(parts) == {"<details>"}
    assert page.count("<svg") == page.count('role="img"') == len(parts)
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_names_are_escaped_and_nothing_is_fetched(stats, tmp_path):
    evil = "<script>alert(1)</script>\"'"
    tables = dict(stats.tables) | {
        "products": make_table("products", [(evil, evil, evil, 5, 0), ("en", "SG", "bag", 5, 0)]),
        "flows": make_table("flows", [("class", evil, "bag", 2.0)]),
        "keys": make_table("keys", [("pool", evil, 3, 1.0), (evil, evil, 3, 1.0)]),
        "problems": make_table("problems", [(evil, 1)]),
    }
    page = read(replace(stats, name=evil, tables=tables), tmp_path)
    assert "<script" not in page and "&lt;script&gt;" in page
    assert not re.search(r"(?:src|href)=\"?(?:https?:)?//", page)


def test_without_matplotlib_the_tables_stay(stats, tmp_path, monkeypatch):
    for module in (dataset, dataset_parts):
        monkeypatch.setattr(module, "without_figures", lambda: "no matplotlib")
    page = read(stats, tmp_path)
    assert "No figure: no matplotlib" in page and page.count("rows as a table") >= 8


def test_a_data_set_without_queries_has_a_page(stats, tmp_path):
    keep = ("products", "values")
    tables = {n: t if n in keep else make_table(n, []) for n, t in stats.tables.items()}
    page = read(replace(stats, tables=tables, numbers=stats.numbers | {"queries": 0}), tmp_path)
    assert "By class" in page and "Flows" not in page


def test_histogram_bins_hold_everything_once():
    counts = dict.fromkeys(range(5, 1000), 1) | {9000: 2}
    bins = bin_lengths(counts)
    assert sum(n for *_, n in bins) == sum(counts.values()) and len(bins) <= BARS + 1
    assert bins[0][1] <= 5 and bins[-1][0].endswith("and more")
    assert bins[-1][2] == sum(n for length, n in counts.items() if length >= bins[-1][1])
    assert bin_lengths({3: 4, 4: 1}) == [("3", 3, 4), ("4", 4, 1)]
    assert quantile({1: 1, 2: 1, 10: 2}, 0.5) == 2


def test_grid_sums_rows_and_puts_unknown_last():
    rows = [
        {"class": "bag", "language": "not said", "products": 9},
        {"class": "bag", "language": "th", "products": 1},
        {"class": "shoe", "language": "th", "products": 2},
    ]
    grid = grid_of(rows, "class", "language", "products", "", "")
    assert grid.columns == ("th", "not said", "all")
    assert [[c.words for c in r.cells] for r in grid.rows] == [["1", "9", "10"], ["2", "–", "2"]]
