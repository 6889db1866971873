"""The MERIT paper's printed tables: whole shares of whole queries, and what contradicts what."""

import json
from collections.abc import Mapping

import pytest
from click.testing import CliRunner

from skulens.analysis.boards import published_board
from skulens.analysis.ranks import rank_board
from skulens.cli import skulens
from skulens.errors import DataError
from skulens.papers.merit.contradictions import list_contradictions
from skulens.papers.merit.results import count_queries, share_interval
from skulens.papers.merit.tables import (
    METRICS,
    QUERIES,
    TABLES,
    Table,
    hits_of,
    number_of,
    read_table,
)

RATES = [r for r in METRICS if r.startswith("R@")]


def weigh(shares: dict[float, int]) -> float:
    return sum(value * n for value, n in shares.items()) / sum(shares.values())


def rows_of_12(model: str) -> dict[str, Mapping[str, str]]:
    return {r["conditions"]: r for r in read_table(12).rows if r["model"] == model}


def test_every_table_is_held_with_its_size():
    sizes = {t: (len(read_table(t).rows), len(read_table(t).columns)) for t in TABLES}
    assert sizes == {
        1: (12, 9),
        2: (19, 9),
        3: (11, 8),
        4: (20, 3),
        6: (3, 6),
        7: (12, 7),
        8: (12, 7),
        9: (12, 7),
        10: (10, 9),
        11: (2, 5),
        12: (15, 6),
    }
    for number in TABLES:
        table = read_table(number)
        assert all(None not in row and set(row) == set(table.columns) for row in table.rows)
    with pytest.raises(DataError, match="Table 5 of MERIT is not held"):
        read_table(5)
    with pytest.raises(DataError, match="2 rows of Table 2"):
        read_table(2).pick(method="GME-Qwen2VL")


@pytest.mark.parametrize(
    "printed, queries, hits",
    [("36.84", 19, 7), ("36.84", 18, None), ("5.56", 18, 1), ("0.78", 128, 1), ("0.78", 127, None)],
)
def test_a_printed_percentage_is_a_whole_number_of_queries_or_not(printed, queries, hits):
    assert hits_of(printed, queries) == hits


def test_hit_rates_of_the_test_set_are_shares_of_its_queries():
    for row in (*read_table(2).rows, *read_table(3).rows):
        hits = [hits_of(row[r], QUERIES) for r in RATES]
        assert None not in hits and hits == sorted(hits)
        first, ten = number_of(row["R@1"]), number_of(row["R@10"])
        assert first <= number_of(row["MRR"]) <= first + (ten - first) / 2 + 0.01
    for row in (r for t in (7, 8, 9) for r in read_table(t).rows if r["row"] != "AVG"):
        assert None not in [hits_of(row[r], int(row["queries"])) for r in RATES]


@pytest.mark.parametrize(
    "model, three, four",
    [
        ("InternVL2.5-MPO-1B-Seq", 128, 18),
        ("Qwen2.5-VL-3B-Seq", 128, 18),
        ("GME-Qwen2VL-2B-Cat", 127, 19),
        ("LamRA-Qwen2.5VL-7B-Cat", 127, 18),
        ("VLM2Vec-4B-Seq", 127, 18),
    ],
)
def test_table_12_rests_on_few_queries(model, three, four):
    rows = rows_of_12(model)
    sizes = count_queries(rows)
    assert sizes == {"2": QUERIES - three - four, "3": three, "4": four}
    for count, row in rows.items():
        assert None not in [hits_of(row[r], sizes[count]) for r in RATES]


def test_the_smallest_denominators_are_those_that_give_table_2():
    """Twice as many queries of three and four conditions would explain Table 12's shares too."""
    rows = rows_of_12("LamRA-Qwen2.5VL-7B-Cat")
    printed = number_of(read_table(2).pick(method="LamRA-Qwen2.5VL", mode="Cat")["R@5"])
    rates = {c: number_of(row["R@5"]) for c, row in rows.items()}
    assert weigh({rates["2"]: 9855, rates["3"]: 127, rates["4"]: 18}) == pytest.approx(
        printed, abs=0.01
    )
    assert abs(weigh({rates["2"]: 9710, rates["3"]: 254, rates["4"]: 36}) - printed) > 0.05


def test_contradictions_that_are_arithmetic():
    known = {c.id: c for c in list_contradictions()}
    assert len(known) == len(list_contradictions())
    cat, seq = (number_of(read_table(2).pick(method="GME-Qwen2VL", mode=m)["R@5"]) for m in ("Cat", "Seq"))  # fmt: skip
    rows = {c: number_of(r["R@5"]) for c, r in rows_of_12("GME-Qwen2VL-2B-Cat").items()}
    whole = weigh({rows["2"]: 9854, rows["3"]: 127, rows["4"]: 19})
    assert round(whole, 1) == 53.1 and "53.1" in known["gme-cat-r5"].follows and whole - cat > 5.9
    assert round(100 * (rows["2"] / seq - 1), 1) == 119.7
    assert f"{100 * (cat / seq - 1):.1f} %" == known["improvement-119"].against
    products = read_table(4).rows
    assert sum(int(r["products"]) for r in products[:-1]) == int(products[-1]["products"]) == 135000


def test_contradictions_of_the_out_of_distribution_tables():
    known = {c.id: c for c in list_contradictions()}
    hits = {
        r["row"]: hits_of(r["R@1"], int(r["queries"]))
        for r in read_table(8).rows
        if r["row"] != "AVG"
    }
    assert [hits[k] for k in ("Drink", "Phone", "Table")] == [17, 20, 5]
    assert known["zero-shot-pool"].printed.startswith("17, 20 and 5 hits")
    assert hits["ID"] + hits["MS"] + hits["TH"] == 36
    assert hits_of(read_table(2).pick(method="Qwen2.5-VL", mode="Seq")["R@1"], QUERIES) == 9
    for table in map(read_table, (7, 8, 9)):
        for axis in ("Language", "Attribute", "Class"):
            check_average(table, axis)
    attribute = [r for r in read_table(7).rows if r["axis"] == "Attribute"][:-1]
    weighted = weigh({number_of(r["R@1"]): int(r["queries"]) for r in attribute})
    assert f"{weighted:.2f}" in known["ood-average"].follows
    drinks = [read_table(t).pick(row="Drink")["R@1"] for t in (7, 9)]
    assert drinks[0] in known["ood-size"].printed and drinks[1] == known["ood-size"].against


def check_average(table: Table, axis: str) -> None:
    *rows, average = [r for r in table.rows if r["axis"] == axis]
    assert sum(int(r["queries"]) for r in rows) == int(average["queries"])
    for metric in METRICS:
        plain = sum(number_of(r[metric]) for r in rows) / len(rows)
        assert plain == pytest.approx(number_of(average[metric]), abs=0.0051)


def test_the_board_has_the_intervals_of_shares_and_none_of_mrr():
    board = published_board("merit")
    assert len({e.name for e in board.entries}) == len(board.entries) == 30
    standings = rank_board(board, "hit_rate@1")
    best = standings.rows[0]
    assert best.entry.name == "Qwen2.5-VL 3B + CORAL, full (seq)"
    assert best.value == pytest.approx(0.6968)
    assert best.low == pytest.approx(0.6877, abs=2e-4)
    assert best.high == pytest.approx(0.7057, abs=2e-4)
    assert best.rank_low is best.tier is best.letters is None and standings.family is None
    assert rank_board(board, "mrr@10").rows[0].low is None
    gme = next(e for e in board.entries if e.name == "GME-Qwen2VL 2B (cat)")
    four = gme.result.slices["n_conditions"]["4"]["hit_rate@5"]
    assert four.n == 19 and four.value == pytest.approx(0.3684)
    assert 0.16 < four.low < 0.2 and 0.58 < four.high < 0.62  # Wilson 0.19-0.59, exact 0.16-0.62
    assert share_interval(0, 18).low == 0 and share_interval(0, 18).high > 0.15


def test_leaderboard_prints_the_paper_and_what_contradicts_it():
    found = CliRunner().invoke(skulens, ["leaderboard", "merit", "--top", "3", "--paper"])
    assert found.exit_code == 0, found.output
    for said in ("hit_rate@1 by number of conditions", "16 contradictions", "mrr@10", "49.83"):
        assert said in found.output
    answer = json.loads(CliRunner().invoke(skulens, ["leaderboard", "merit", "--json"]).output)
    assert len(answer["contradictions"]) == 16 and len(answer["board"]["entries"]) == 30


def test_leaderboard_writes_the_contradictions_on_its_page(tmp_path):
    page = tmp_path / "page.html"
    found = CliRunner().invoke(skulens, ["leaderboard", "merit", "--html", str(page)])
    assert found.exit_code == 0, found.output
    assert "Bia/CORAL" in page.read_text(encoding="utf-8")
