"""Agreement of annotators: published examples, other libraries, what is not defined, intervals."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skulens.errors import DataError
from skulens.evaluate.agreement import (
    Ratings,
    agreement_by_label,
    cohen_kappa,
    gwet_ac,
    krippendorff_alpha,
    pairs_of_raters,
    percent_agreement,
)

FOUR_RATERS = """1 1 - 1|2 2 3 2|3 3 3 3|3 3 3 3|2 2 2 2|1 2 3 4|4 4 4 4|1 1 2 1|2 2 2 2|- 5 5 5|- - 1 1|
- - 3 -"""
"""Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, example C; Gwet (2014), too."""


def ratings_of(rows, labels, groups=None):
    answers = [
        (f"u{i:03}", f"r{j}", str(label))
        for i, row in enumerate(rows)
        for j, label in enumerate(row)
        if label not in ("-", None)
    ]
    return Ratings.of(answers, [str(label) for label in labels], groups)


@pytest.fixture
def four():
    return ratings_of([row.split() for row in FOUR_RATERS.split("|")], "12345")


def table(cells, labels="ab", groups=None):
    """Two annotators whose answers have these counts, rows the first's."""
    rows = [
        (labels[i], labels[j])
        for i, row in enumerate(cells)
        for j, n in enumerate(row)
        for _ in range(n)
    ]
    return ratings_of(rows, labels, groups)


@pytest.mark.parametrize(
    ("metric", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_alpha_of_krippendorffs_example(four, metric, published):
    assert krippendorff_alpha(four, metric).value == pytest.approx(published, abs=5e-4)


@pytest.mark.parametrize(
    ("weights", "expected"),
    [("identity", 0.77544), ("linear", 0.85874), ("quadratic", 0.914)],
)
def test_gwet_of_the_same_data(four, weights, expected):
    """AC1 as Gwet (2014) prints it; AC2 as irrCAC 0.4.4 gives it."""
    found = gwet_ac(four, weights)
    assert found.value == pytest.approx(expected, abs=5e-6)
    assert (found.n, found.groups) == (11, 12)


def test_kappa_and_ac1_where_one_label_is_rare():
    """The paradox of Gwet (2008): 94 % agreement, no agreement beyond chance for kappa."""
    found = table([[118, 5], [2, 0]])
    assert percent_agreement(found).value == pytest.approx(0.944)
    assert cohen_kappa(found).value == pytest.approx(-0.0234, abs=5e-5)
    assert gwet_ac(found).value == pytest.approx(0.9408, abs=5e-5)


def test_kappa_by_hand():
    found = cohen_kappa(table([[20, 5], [10, 15]]))
    assert found.value == pytest.approx(0.4)
    assert (found.n, found.groups) == (50, 50)
    assert found.low < 0.4 < found.high


codes = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=40)


@given(codes)
@settings(max_examples=30, deadline=None)
def test_kappa_is_that_of_scikit_learn(pairs):
    score = pytest.importorskip("sklearn.metrics").cohen_kappa_score
    found, columns = ratings_of(pairs, "0123"), list(zip(*pairs, strict=True))
    for weights in (None, "linear", "quadratic"):
        with np.errstate(all="ignore"):
            expected = score(*columns, labels=[0, 1, 2, 3], weights=weights)
        mine = cohen_kappa(found, weights=weights or "identity").value
        if math.isnan(mine):
            assert len({label for pair in pairs for label in pair}) == 1
        else:
            assert mine == pytest.approx(expected, abs=1e-9)


sparse = st.lists(
    st.lists(st.sampled_from(["-", 0, 1, 2]), min_size=3, max_size=3), min_size=3, max_size=25
)


@given(sparse)
@settings(max_examples=30, deadline=None)
def test_alpha_is_that_of_the_library(rows):
    library = pytest.importorskip("krippendorff")
    found = ratings_of(rows, "012")
    if not ((found.codes >= 0).sum(axis=1) > 1).any():
        return
    data = np.where(found.codes < 0, np.nan, found.codes).T
    for metric in ("nominal", "ordinal", "interval"):
        mine = krippendorff_alpha(found, metric).value
        if math.isnan(mine):
            continue  # one label throughout: the library raises or says 1
        theirs = library.alpha(data, value_domain=[0, 1, 2], level_of_measurement=metric)
        assert mine == pytest.approx(theirs, abs=1e-9)


def test_interval_metric_takes_values():
    rows = [(1, 1), (1, 10), (10, 10), (1, 1), (10, 10)]
    near, far = (
        krippendorff_alpha(ratings_of(rows + [(5, 5)], [1, 5, 10]), "interval", values).value
        for values in ((0, 1, 2), (1, 5, 10))
    )
    assert near != far
    with pytest.raises(DataError, match="2 values of 3 labels"):
        krippendorff_alpha(ratings_of(rows, [1, 5, 10]), "interval", (1, 2))


def test_one_label_throughout_has_no_kappa_nor_alpha():
    found = ratings_of([("a", "a")] * 5, "ab")
    assert math.isnan(cohen_kappa(found).value)
    assert math.isnan(krippendorff_alpha(found).value)
    assert math.isnan(cohen_kappa(found).low)
    assert gwet_ac(found).value == 1.0  # two labels could have been given
    assert percent_agreement(found).value == 1.0 > percent_agreement(found).low
    assert math.isnan(gwet_ac(ratings_of([("a", "a")] * 5, "a")).value)


def test_nothing_judged_twice_is_an_error():
    for rows in ([("a", "-"), ("-", "b")], [("a",), ("b",)]):
        found = ratings_of(rows, "ab")
        for coefficient in (krippendorff_alpha, gwet_ac, percent_agreement, agreement_by_label):
            with pytest.raises(DataError, match="needs an overlap"):
                coefficient(found)
    with pytest.raises(DataError, match="no unit in common"):
        cohen_kappa(ratings_of([("a", "-"), ("-", "b")], "ab"))
    with pytest.raises(DataError, match="of two annotators"):
        cohen_kappa(ratings_of([("a",)], "ab"))
    with pytest.raises(DataError, match="of two annotators"):
        cohen_kappa(ratings_of([("a", "a", "b")], "ab"))


def test_a_pair_is_chosen_by_name():
    found = ratings_of([("a", "a", "b"), ("b", "b", "b"), ("a", "a", "-")], "ab")
    assert cohen_kappa(found, ("r0", "r1")).value == 1.0
    assert cohen_kappa(found, ("r0", "r2")).n == 2
    assert pairs_of_raters(found) == [("r0", "r1"), ("r0", "r2"), ("r1", "r2")]


def test_unknown_labels_and_double_answers_are_errors():
    with pytest.raises(DataError, match="none of a, b"):
        ratings_of([("c",)], "ab")
    with pytest.raises(DataError, match="judged 'u' twice"):
        Ratings.of([("u", "r", "a"), ("u", "r", "b")], "ab")


def test_agreement_by_label_is_specific_agreement():
    """Two annotators: 2 a / (2 a + b + c) (Cicchetti and Feinstein 1990)."""
    yes, no = agreement_by_label(table([[20, 5], [10, 15]]))
    assert yes.agreement == pytest.approx(2 * 20 / (2 * 20 + 15))
    assert no.agreement == pytest.approx(2 * 15 / (2 * 15 + 15))
    assert (yes.given, no.given) == (55, 45)
    [_, never] = agreement_by_label(table([[3]], "ab"))
    assert math.isnan(never.agreement)


def test_groups_are_resampled_whole():
    """Ten copies of each answer in one group say no more than one of each."""
    cells = [[12, 3], [4, 11]]
    alone = cohen_kappa(table(cells))
    copies = table([[10 * n for n in row] for row in cells])
    groups = {unit: f"g{i // 10}" for i, unit in enumerate(copies.units)}
    together = cohen_kappa(table([[10 * n for n in row] for row in cells], groups=groups))
    free = cohen_kappa(copies)
    assert together.value == pytest.approx(alone.value)
    assert (together.low, together.high) == pytest.approx((alone.low, alone.high))
    assert together.groups == 30
    assert free.high - free.low < 0.5 * (together.high - together.low)


def test_one_group_has_no_interval():
    found = table([[20, 5], [10, 15]], groups={f"u{i:03}": "g" for i in range(50)})
    assert cohen_kappa(found).value == pytest.approx(0.4)
    assert math.isnan(cohen_kappa(found).low)


def test_the_interval_holds_what_simulation_says():
    """Of samples of 80 from a table with kappa 0.4, about 95 % of the intervals hold it."""
    rng = np.random.default_rng(7)
    shares = np.array([[20, 5], [10, 15]]).ravel() / 50
    held = 0
    for _ in range(60):
        found = cohen_kappa(table(rng.multinomial(80, shares).reshape(2, 2)))
        held += found.low <= 0.4 <= found.high
    assert 50 <= held <= 60  # of 57: below 50 has a chance under 1 in 1,000


def test_order_of_answers_does_not_matter():
    answers = [("u1", "x", "a"), ("u1", "y", "b"), ("u2", "x", "a"), ("u2", "y", "a")]
    first, second = Ratings.of(answers, "ab"), Ratings.of(answers[::-1], "ab")
    assert cohen_kappa(first) == cohen_kappa(second)
