"""Panels: swaps of whole groups against a naive loop, ranks and tiers, p-values under chance."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from skulens.errors import DataError
from skulens.evaluate.compare import EQUAL, sign_flip_test
from skulens.evaluate.metric import Metric, find_metric
from skulens.evaluate.panel import Panel, compare_measures, rank_measures, rank_models
from skulens.evaluate.scores import Measure, Scores

PLAIN = Metric("precision", "")


def measure(top, bottom, metric: Metric = PLAIN) -> Measure:
    """Of one number per group, or of (groups, parts)."""
    top, bottom = (np.asarray(x, float).reshape(len(x), -1) for x in (top, bottom))
    return Measure(tuple(map(str, range(len(top)))), top, bottom, bottom, metric)


def random_claims(seed: int, groups: int, parts: int = 1, metric: Metric = PLAIN) -> Measure:
    """Claims that are right, of the claims made; each system makes its own number of them."""
    draw = np.random.default_rng(seed)
    made = draw.integers(1, 9, (groups, parts))
    return measure(draw.binomial(made, draw.uniform(0.2, 0.8, (groups, parts))), made, metric)


def ratio(top: np.ndarray, bottom: np.ndarray) -> float:
    """Mean over parts of the ratio of sums."""
    return float(np.mean(top.sum(axis=0) / bottom.sum(axis=0)))


def naive_p(a: Measure, b: Measure) -> float:
    """Share of all 2^groups swaps whose difference is at least as far from 0."""
    seen, far, total = abs(ratio(a.top, a.bottom) - ratio(b.top, b.bottom)), 0, 0
    for pattern in itertools.product((False, True), repeat=len(a.top)):
        at = np.array(pattern)[:, None]
        x = np.where(at, b.top, a.top), np.where(at, b.bottom, a.bottom)
        y = np.where(at, a.top, b.top), np.where(at, a.bottom, b.bottom)
        far += abs(ratio(*x) - ratio(*y)) >= seen - 1e-9
        total += 1
    return far / total


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("parts", [1, 3])
def test_swaps_are_all_sign_patterns_counted_by_hand(seed, parts):
    metric = find_metric("macro_precision") if parts > 1 else PLAIN
    a, b = (random_claims(s, 7, parts, metric) for s in (seed, seed + 100))
    found = compare_measures(a, b)
    assert found.value == pytest.approx(ratio(a.top, a.bottom) - ratio(b.top, b.bottom))
    assert found.p == pytest.approx(naive_p(a, b))


@pytest.mark.parametrize("seed", range(4))
def test_shared_denominators_make_swaps_sign_flips(seed):
    draw = np.random.default_rng(seed)
    photos = draw.integers(1, 9, 8)
    a, b = (measure(draw.binomial(photos, 0.5), photos) for _ in range(2))
    shared = compare_measures(a, b)
    assert shared.p == pytest.approx(naive_p(a, b))
    assert shared.p == pytest.approx(float(sign_flip_test(a.top - b.top)[0]))
    # the general way gives the same, on sums instead of differences of them
    apart = Panel((a, measure(b.top, b.bottom)))
    apart.__dict__["shared"] = False
    moved = np.abs(apart.differences(0)[:, 0])
    assert np.mean(moved >= moved[0] - EQUAL) == pytest.approx(shared.p)


def test_exchanging_a_and_b_turns_the_sign_and_nothing_else():
    a, b = random_claims(1, 9), random_claims(2, 9)
    one, other = (compare_measures(*pair) for pair in ((a, b), (b, a)))
    assert one.p == other.p and one.value == -other.value
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))
    many = [random_claims(s, 30) for s in (3, 4)]
    p = [compare_measures(*m, patterns=2000).p for m in (many, many[::-1])]
    assert p[0] == p[1], "random patterns too"


def test_equal_systems_and_other_groups():
    a = random_claims(1, 6)
    assert compare_measures(a, a).p == 1
    with pytest.raises(DataError, match="same groups and metric"):
        compare_measures(a, random_claims(1, 5))
    with pytest.raises(DataError, match="same groups and metric"):
        compare_measures(a, replace(a, metric=Metric("recall", "")))


def test_p_values_of_exchangeable_systems_are_fair():
    """400 worlds in which both systems err alike and make own claims: about 5 % below 0.05."""
    low = 0
    for world in range(400):
        draw = np.random.default_rng(10_000 + world)
        ease = draw.beta(4, 2, 12)
        made = draw.poisson(draw.uniform(1, 9, 12)[:, None], (12, 2)) + 1
        right = draw.binomial(made, ease[:, None])
        a, b = (measure(right[:, i], made[:, i]) for i in (0, 1))
        low += compare_measures(a, b, seed=world, patterns=400).p < 0.05
    assert low <= 0.06 * 400, low
    assert low >= 0.02 * 400, "and the test is not blind"


def test_a_real_difference_is_found():
    draw = np.random.default_rng(0)
    made = draw.integers(3, 9, (40, 2))
    a = measure(draw.binomial(made[:, 0], 0.8), made[:, 0])
    b = measure(draw.binomial(made[:, 1], 0.5), made[:, 1])
    found = compare_measures(a, b)
    assert found.p < 0.001 and found.low > 0 and (found.groups, found.n) == (40, made.sum(0).min())


def naive_t(a: Measure, b: Measure) -> np.ndarray:
    """(patterns,) |difference| over the root of the groups' squared influences, all swaps."""
    total, made = a.top + b.top, a.bottom + b.bottom
    pooled = total.sum(axis=0) / made.sum(axis=0)
    moved = (a.top - b.top) - pooled * (a.bottom - b.bottom)
    influence = (moved * 2 / made.sum(axis=0)).mean(axis=1)
    found = []
    for pattern in itertools.product((False, True), repeat=len(a.top)):
        at = np.array(pattern)[:, None]
        x = np.where(at, b.top, a.top), np.where(at, b.bottom, a.bottom)
        y = np.where(at, a.top, b.top), np.where(at, a.bottom, b.bottom)
        found.append(abs(ratio(*x) - ratio(*y)) / np.sqrt((influence**2).sum()))
    return np.array(found)


def naive_tiers(measures: list[Measure]) -> list[int]:
    """Tier by tier: the best of the rest, and those that all pairs at once do not find behind."""
    pairs = list(itertools.combinations(range(len(measures)), 2))
    t = {frozenset(p): naive_t(measures[p[0]], measures[p[1]]) for p in pairs}
    every = np.max(list(t.values()), axis=0)
    tier, level = [0] * len(measures), 1
    while 0 in tier:
        left = [i for i, n in enumerate(tier) if not n]
        best, most = max(left, key=lambda i: round(measures[i].value(), 12)), every
        while True:
            apart = [
                i
                for i in left
                if i != best and (most >= t[frozenset((i, best))][0] - 1e-9).mean() <= 0.05
            ]
            left = [i for i in left if i not in apart]
            if not apart or len(left) < 2:
                break
            most = np.max([t[frozenset(p)] for p in itertools.combinations(left, 2)], axis=0)
        for i in left:
            tier[i] = level
        level += 1
    return tier


@pytest.mark.parametrize("parts", [1, 3])
def test_p_of_all_pairs_of_ratios_is_the_naive_one(parts):
    metric = find_metric("macro_precision") if parts > 1 else PLAIN
    measures = [random_claims(s, 7, parts, metric) for s in range(4)]
    pairs = list(itertools.combinations(range(4), 2))
    t = np.array([naive_t(measures[i], measures[j]) for i, j in pairs])
    p = [(t.max(axis=0) >= own[0] - 1e-9).mean() for own in t]
    found = Panel(tuple(measures)).family()
    assert [found.p[i, j] for i, j in pairs] == pytest.approx(p) and min(p) < 1
    some = [n for n, pair in enumerate(pairs) if 0 not in pair]
    within = found.within(np.array([1, 2, 3]))
    assert sorted(within.max(axis=1)) == pytest.approx(sorted(t[some].max(axis=0)))


def precise(rate: float, seed: int, groups: int = 8) -> Measure:
    draw = np.random.default_rng(seed)
    made = draw.integers(15, 30, groups)
    return measure(draw.binomial(made, rate), made)


@pytest.mark.parametrize("seed", [0, 10, 20])
def test_ranks_and_tiers_of_ratios_are_the_naive_ones(seed):
    rates = (0.3, 0.9, 0.6, 0.88)
    measures = [precise(r, seed + i) for i, r in enumerate(rates)]
    found = rank_measures(measures)
    values = [m.value() for m in measures]
    assert found.order.tolist() == sorted(range(4), key=lambda i: -values[i])
    assert found.value == pytest.approx(values)
    assert found.tier.tolist() == naive_tiers(measures)
    assert found.tier[0] > 1 and (found.low < values).all() and (values < found.high).all()
    separated = found.separated
    assert (separated == separated.T).all() and not separated.diagonal().any()
    for i, j in itertools.combinations(range(4), 2):
        if separated[i, j]:  # all pairs at once is stricter than each alone
            assert naive_p(measures[i], measures[j]) <= 0.05
    assert separated[0, 1] and not separated[1, 3]


def test_ratios_on_shared_denominators_rank_as_models_do():
    draw = np.random.default_rng(5)
    photos = draw.integers(5, 30, 25)
    hits = np.stack([draw.binomial(photos, r) for r in (0.3, 0.5, 0.52, 0.8)], axis=1)
    plain = rank_models(hits, photos)
    found = rank_measures([measure(h, photos) for h in hits.T])
    for name in (
        "order",
        "value",
        "low",
        "high",
        "rank_low",
        "rank_high",
        "rank_low_all",
        "tier",
        "separated",
    ):
        assert np.array_equal(getattr(found, name), getattr(plain, name)), name


@pytest.mark.parametrize("shared", [True, False])
def test_where_low_is_better_the_lowest_comes_first(shared):
    low = Metric("errors", "", direction="lower")
    draw = np.random.default_rng(1)
    made = [np.full(12, 30) if shared else draw.integers(20, 40, 12) for _ in range(3)]
    measures = [
        measure(draw.binomial(n, rate), n, low)
        for n, rate in zip(made, (0.5, 0.1, 0.3), strict=True)
    ]
    found = rank_measures(measures)
    assert found.order.tolist() == [1, 2, 0]
    assert found.tier.tolist() == [3, 1, 2]
    assert found.rank_low.tolist() == [3, 1, 2] and found.rank_high.tolist() == [3, 1, 2]


def test_values_intervals_and_steps_of_a_panel_are_those_of_its_measures():
    draw = np.random.default_rng(2)
    units = tuple(map(str, range(90)))
    groups = tuple(f"g{i}" for i in draw.integers(0, 15, 90))
    scores = [
        Scores.of_means(units, groups, {"hit_rate@1": draw.binomial(1, r, 90).astype(float)})
        for r in (0.4, 0.6)
    ]
    names = scores[0].group_names
    panel = Panel(tuple(s.measure("hit_rate@1", names) for s in scores))
    assert panel.shared and panel.present == 15
    assert panel.values() == pytest.approx([s.values("hit_rate@1").mean() for s in scores])
    for interval, m in zip(panel.intervals(), panel.measures, strict=True):
        assert (interval.low, interval.high) == pytest.approx((m.interval().low, m.interval().high))
    [step] = panel.steps([0], [1])
    assert step.value == pytest.approx(panel.values()[0] - panel.values()[1])
    apart = [
        replace(m, bottom=m.bottom + shift, n=m.n)
        for m, shift in zip(panel.measures, (0, 1e-7), strict=True)
    ]
    other = Panel(tuple(apart))
    assert not other.shared
    [same] = other.steps([0], [1])  # denominators of their own, as good as shared
    assert (same.low, same.high) == pytest.approx((step.low, step.high), rel=1e-5)


def test_nothing_to_rank():
    with pytest.raises(DataError, match="nothing to rank"):
        rank_measures([])
