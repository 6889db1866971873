"""Statistics of a data set: every number against one counted by hand or by a naive second way."""

import csv
import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

from skulens.catalog.open import open_catalog
from skulens.curate.queries import stats as module
from skulens.curate.queries.stats import describe_data
from skulens.curate.queries.stats_tables import COLUMNS, TABLES, evenness, make_table, write_stats
from skulens.errors import DataError
from skulens.records import DatasetInfo, Product
from tests.report.small_data import make_folder, products, queries


class Listed:
    """A catalogue of lists."""

    def __init__(self, items, asked=(), rejects=()):
        self.info = DatasetInfo("listed", "listed", splits=("all",))
        self.items, self.asked, self.rejects = items, asked, list(rejects)

    def products(self):
        return iter(self.items)

    def queries(self, split):
        if split != "all":
            raise DataError(f"no split {split!r}")
        return iter(self.asked)


@pytest.fixture(scope="module")
def stats(tmp_path_factory):
    return describe_data(open_catalog(str(make_folder(tmp_path_factory.mktemp("data") / "small"))))


def rows(stats, name, **where):
    found = stats.tables[name].to_pylist()
    return [r for r in found if all(r[k] == v for k, v in where.items())]


def test_totals(stats):
    n = stats.numbers
    assert {k: n[k] for k in ("products", "spus", "keys", "values", "pairs", "queries")} == {
        "products": 6, "spus": 2, "keys": 2, "values": 4, "pairs": 4, "queries": 5
    }  # fmt: skip
    assert (n["products_without_picture"], n["conditions"], n["pairs_in_conditions"]) == (1, 11, 4)
    assert (n["queries_with_2_conditions"], n["queries_with_3_conditions"]) == (4, 1)
    assert (n["title_characters_max"], n["answers_of_a_query_max"]) == (6, 2)
    assert n["title_characters_mean"] == pytest.approx((4 * 5 + 2 * 6) / 6)
    assert n["answers_of_a_query_mean"] == pytest.approx(5 / 5)
    assert n["pictures_of_a_query_mean"] == pytest.approx(11 / 5)


def test_a_query_of_two_splits_counts_once(stats):
    assert stats.splits == ("train", "test")
    assert sum(r["queries"] for r in rows(stats, "queries")) == 6
    assert sum(r["conditions"] for r in rows(stats, "modalities")) == 11


def test_class_named_in_words_is_no_condition_shown(stats):
    assert {r["key"] for r in rows(stats, "keys")} == {"colour", "shape"}


def test_keys_before_and_after_sampling_by_method(stats):
    assert rows(stats, "keys", origin="pool", key="colour")[0]["count"] == 6
    assert rows(stats, "keys", origin="pool", key="shape")[0]["share"] == pytest.approx(4 / 10)
    assert {r["key"]: r["count"] for r in rows(stats, "keys", origin="cu")} == {
        "colour": 5, "shape": 2
    }  # fmt: skip
    assert rows(stats, "keys", origin="all methods", key="colour")[0]["count"] == 8
    assert rows(stats, "keys", origin="not said", key="colour")[0]["count"] == 2


def test_values_with_the_conditions_that_ask_for_them(stats):
    [red] = rows(stats, "values", key="colour", value="red")
    assert (red["products"], red["conditions"]) == (4, 6)


@pytest.mark.parametrize("block", [1, 2, 1000])
@pytest.mark.parametrize(("side", "at"), [("language", 1), ("country", 2), ("class", 3)])
def test_flows_equal_a_plain_double_loop(monkeypatch, tmp_path, block, side, at):
    from tests.report.small_data import ROWS

    monkeypatch.setattr(module, "BLOCK", block)
    of = {row[0]: row[at] for row in ROWS}
    items, asked = products(tmp_path), queries(tmp_path)
    expected: Counter = Counter()
    for query in asked:
        for reference in query.references:
            for answer in query.answers:
                expected[of[reference], of[answer]] += 1 / len(query.answers)
    found = describe_data(Listed(items, asked))
    got = {(r["reference"], r["answer"]): r["references"] for r in rows(found, "flows", side=side)}
    assert got == pytest.approx(dict(expected))


def test_lengths_are_counted(stats):
    assert {r["length"]: r["count"] for r in rows(stats, "lengths", what="answers of a query")} == {
        0: 1, 1: 3, 2: 1
    }  # fmt: skip
    assert rows(stats, "lengths", what="hard negatives of a query", length=1)[0]["count"] == 1
    assert rows(stats, "lengths", what="judged not relevant", length=1)[0]["count"] == 1


def test_what_is_wrong_is_named_and_counted(tmp_path):
    items, asked = products(tmp_path), queries(tmp_path)
    broken = [
        replace(asked[0], references=("e", "gone"), hard_negatives=("a",)),
        replace(asked[1], relevant={"a": 1, "nowhere": 1}),
        replace(asked[4], relevant={}),
    ]
    lost = replace(items[0], id="g", title="", attributes=())
    found = describe_data(Listed([*items, items[0], lost], broken))
    problems = {r["problem"]: r["count"] for r in rows(found, "problems")}
    assert problems == {
        "products of an id that occurred before": 1,
        "products without a title": 1,
        "products without an attribute": 1,
        "references that are no product": 1,
        "answers that are no product": 1,
        "answers that the query shows itself": 1,
        "queries without an answer": 1,
        "hard negatives that are answers": 1,
    }
    assert found.numbers["products"] == 7


def test_a_picture_that_is_gone_is_missing(tmp_path):
    items = products(tmp_path)
    (tmp_path / "a.png").unlink()
    assert describe_data(Listed(items)).numbers["products_without_picture"] == 2


def test_without_queries_products_are_counted_and_an_empty_catalogue_is_refused(tmp_path):
    found = describe_data(Listed(products(tmp_path)))
    assert found.numbers["queries"] == 0 and not rows(found, "flows")
    with pytest.raises(DataError, match="no product"):
        describe_data(Listed([]))
    with pytest.raises(DataError, match="other"):
        describe_data(Listed(products(tmp_path)), ["other"])


def test_files_hold_the_same_in_parquet_and_csv(stats, tmp_path):
    write_stats(stats, tmp_path)
    assert json.loads((tmp_path / "stats.json").read_text())["numbers"] == stats.numbers
    for name in TABLES:
        table = pq.read_table(tmp_path / f"{name}.parquet")
        assert table.schema.equals(COLUMNS[name])
        with (tmp_path / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            head, *body = csv.reader(file)
        assert head == table.column_names and len(body) == table.num_rows


def test_half_characters_do_not_stop_it(tmp_path):
    odd = Product("x", "\ud800", attributes=(), category=("\udc00",))
    found = describe_data(Listed([odd]))
    write_stats(found, tmp_path)
    assert rows(found, "products")[0]["class"] == "\\udc00"


def test_evenness():
    assert evenness([5, 5, 5]) == pytest.approx(1) and evenness([7, 0, 0]) == 0
    assert evenness([3, 1]) == pytest.approx(-(0.75 * np.log2(0.75) + 0.25 * np.log2(0.25)))
    assert np.isnan(evenness([4])) and np.isnan(evenness([0, 0]))


def test_an_empty_table_keeps_its_columns():
    assert make_table("keys", []).schema.equals(COLUMNS["keys"])
