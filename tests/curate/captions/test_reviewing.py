"""Exact intervals, checked against long-hand sums; agreement, against worked examples."""

import math
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skulens.curate.captions.reviewing import (
    binomial_cdf,
    binomial_interval,
    cohen_kappa,
    evaluate_sheets,
    hypergeometric_tail,
    make_rate,
    population_interval,
)
from skulens.curate.captions.sheets import ASKED, Reviewed, Sheet
from skulens.errors import DataError


@pytest.mark.parametrize(
    ("passed", "n", "low", "high"),
    [
        (250, 250, 0.98535, 1),  # the paper's review
        (0, 10, 0, 0.30850),
        (1, 10, 0.00253, 0.44502),
        (5, 10, 0.18709, 0.81291),
        (248, 250, 0.97140, 0.99903),
    ],
)
def test_clopper_and_pearson(passed, n, low, high):
    assert binomial_interval(passed, n) == pytest.approx((low, high), abs=1e-5)


@given(st.integers(0, 60), st.integers(1, 60))
@settings(deadline=None, max_examples=60)
def test_the_ends_are_where_a_tail_is_2_5_per_cent(passed, n):
    passed = min(passed, n)
    low, high = binomial_interval(passed, n)

    def upper(p):
        return sum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(passed, n + 1))

    assert low == 0 if passed == 0 else upper(low) == pytest.approx(0.025, abs=1e-9)
    assert high == 1 if passed == n else binomial_cdf(passed, n, high) == pytest.approx(0.025)


def test_no_trial_and_impossible_counts():
    assert all(map(math.isnan, binomial_interval(0, 0)))
    with pytest.raises(DataError, match="0 to 3 of 3, got 4"):
        binomial_interval(4, 3)


def tail_by_listing(least, n, good, of):
    drawn = list(combinations(range(of), n))
    return sum(sum(i < good for i in d) >= least for d in drawn) / len(drawn)


@pytest.mark.parametrize("good", range(8))
@pytest.mark.parametrize("least", range(4))
def test_the_hypergeometric_tail(least, good):
    assert hypergeometric_tail(least, 3, good, 7) == pytest.approx(
        tail_by_listing(least, 3, good, 7)
    )


@pytest.mark.parametrize(
    ("passed", "n", "of"), [(3, 3, 9), (2, 4, 9), (0, 3, 8), (4, 4, 4), (9, 10, 12)]
)
def test_of_a_population_all_numbers_that_no_tail_rejects(passed, n, of):
    able = [
        k
        for k in range(of + 1)
        if tail_by_listing(passed, n, k, of) >= 0.025
        and 1 - tail_by_listing(passed + 1, n, k, of) >= 0.025
    ]
    assert population_interval(passed, n, of) == (able[0], able[-1])


def test_the_paper_knows_more_than_the_binomial_says():
    fewest, most = population_interval(250, 250, 409)
    assert most == 409 and 0.98535 < fewest / 409 < 1


def test_a_rate_without_a_population_that_fits():
    assert make_rate("x", [True, False, None], None).least is None
    assert make_rate("x", [True, True], 1).population is None
    assert make_rate("x", [True, True], 2).least == 2
    assert math.isnan(make_rate("x", [None], 9).value)


def test_kappa_of_a_worked_example():
    # Fleiss, Levin and Paik 2003, table 18.1 collapsed: agreement 0.7, chance 0.5
    kappa, low, high = cohen_kappa([[20, 5], [10, 15]])
    assert kappa == pytest.approx(0.4) and low == pytest.approx(0.1511, abs=2e-3)
    assert high == pytest.approx(0.6489, abs=2e-3)


def test_the_error_of_kappa_where_people_use_answers_unequally():
    """Written out after Fleiss, Cohen and Everitt's equation 14, cell by cell."""
    (a, b), (c, d) = p = ((0.4, 0.05), (0.2, 0.35))
    rows, columns = (a + b, c + d), (a + c, b + d)
    observed, chance = a + d, rows[0] * columns[0] + rows[1] * columns[1]
    kappa = (observed - chance) / (1 - chance)
    agree = sum(p[i][i] * (1 - (rows[i] + columns[i]) * (1 - kappa)) ** 2 for i in (0, 1))
    differ = b * (columns[0] + rows[1]) ** 2 + c * (columns[1] + rows[0]) ** 2
    spread = agree + (1 - kappa) ** 2 * differ - (kappa - chance * (1 - kappa)) ** 2
    error = math.sqrt(spread / 100) / (1 - chance)
    found, low, high = cohen_kappa([[40, 5], [20, 35]])
    assert found == pytest.approx(kappa)
    assert (high - low) / 2 == pytest.approx(1.959964 * error, rel=1e-6)


def test_kappa_at_its_ends():
    assert cohen_kappa([[5, 0], [0, 5]])[0] == 1
    assert cohen_kappa([[0, 5], [5, 0]])[0] == -1
    assert cohen_kappa([[25, 25], [25, 25]])[0] == pytest.approx(0)
    assert all(map(math.isnan, cohen_kappa([[9, 0], [0, 0]])))
    assert all(map(math.isnan, cohen_kappa([[0, 0], [0, 0]])))


def row(product, *answers, nothing=(), caption="c"):
    said = dict(zip(ASKED, answers or [True] * len(ASKED), strict=True))
    return Reviewed(product, caption, said, frozenset(nothing))


def sheet(tmp_path, name, *rows, of=None):
    return Sheet(tmp_path / name, rows, of)


def test_a_caption_passes_where_all_that_applies_does():
    yes, no, open_ = True, False, None
    assert row("a").passes is True
    assert row("a", yes, yes, yes, no, yes, yes).passes is False
    assert row("a", yes, yes, yes, open_, yes, yes).passes is None
    assert row("a", yes, yes, yes, open_, yes, yes, nothing=["brand kept"]).passes is True
    assert row("a", yes, yes, no, open_, yes, yes).passes is False
    # what we fill in ourselves is no answer yet, but counts where a person answered the rest
    assert row("a", no, open_, open_, open_, open_, open_).passes is None
    assert row("a", no, yes, yes, yes, yes, yes).passes is False


def test_two_passes(tmp_path):
    yes, no = True, False
    first = sheet(tmp_path, "1", row("a"), row("b"), row("c"), of=9)
    second = sheet(tmp_path, "2", row("c", yes, no, yes, yes, yes, yes), row("a"), row("b"))
    review = evaluate_sheets([first, second])
    assert [r[0].passed for r in review.rates] == [3, 2]
    assert (review.rates[0][0].least, review.rates[0][0].most) == population_interval(3, 3, 9)
    assert review.agreements[0].same == 2 and review.agreements[0].disagreements == ("c",)
    [differs] = review.disagreements
    assert (differs["product_id"], differs["asked"]) == ("c", "colour kept")
    assert (differs["first"], differs["second"]) == ("yes", "no")
    told = review.as_dict()
    assert told["agreements"][1]["kappa"] is None  # of a column that both always passed
    assert len(evaluate_sheets([first]).agreements) == 0


def test_applies_and_does_not_apply_is_a_disagreement(tmp_path):
    first = sheet(tmp_path, "1", row("a"))
    none = row("a", True, None, True, True, True, True, nothing=["colour kept"])
    review = evaluate_sheets([first, sheet(tmp_path, "2", none)])
    assert [d["second"] for d in review.disagreements] == ["n/a"]


def test_sheets_of_other_captions_are_refused(tmp_path):
    one = sheet(tmp_path, "1", row("a"))
    with pytest.raises(DataError, match="other captions of 'a'"):
        evaluate_sheets([one, sheet(tmp_path, "2", row("a", caption="d"))])
    with pytest.raises(DataError, match="no product in common"):
        evaluate_sheets([one, sheet(tmp_path, "2", row("b"))])
