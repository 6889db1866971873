"""Families of systems: max T, what is behind the first, ranks, tiers and letters, against naive loops
and simulation."""

import itertools

import numpy as np
import pytest
from scipy import stats

from skulens.errors import DataError
from skulens.evaluate.compare import LEVEL, sign_patterns
from skulens.evaluate.families import (
    Family,
    assign_tiers,
    family_of_sums,
    invert_test,
    letters,
    rank_sets,
)
from skulens.evaluate.intervals import PSEUDO_DIFFERENCE
from skulens.evaluate.metric import Metric
from skulens.evaluate.panel import Panel, rank_models
from skulens.evaluate.scores import Measure
from tests.evaluate.published import published_hits


def photos_and_hits(rng, chances):
    """(skus,) photos and (skus, models) hits of models with these chances (skus, models)."""
    photos = rng.integers(10, 105, len(chances))
    return photos, rng.binomial(photos[:, None], chances)


def family_of(sums, patterns=1000, seed=0) -> Family:
    sums = np.asarray(sums, float)
    return family_of_sums(
        np.concatenate([s @ sums for s in sign_patterns(len(sums), patterns, seed)]), sums
    )


def panel_of(hits, photos) -> Panel:
    names, photos = tuple(map(str, range(len(hits)))), np.asarray(photos, float)[:, None]
    metric = Metric("hits", "")
    columns = np.asarray(hits, float).T
    return Panel(tuple(Measure(names, h[:, None], photos, photos, metric) for h in columns))


def naive_statistics(sums, which=None) -> tuple[list, np.ndarray]:
    """Pairs of systems and their |T| under every sign pattern, (patterns, pairs)."""
    pairs = list(itertools.combinations(range(sums.shape[1]) if which is None else which, 2))
    found = []
    for signs in itertools.product((1, -1), repeat=len(sums)):
        row = []
        for i, j in pairs:
            d = sums[:, i] - sums[:, j]
            row.append(abs((signs * d).sum()) / np.sqrt((d**2).sum()) if d.any() else 0.0)
        found.append(row)
    return pairs, np.array(found)


def some_sums(seed: int) -> np.ndarray:
    """Eight groups, five systems of which the last two are better."""
    rng = np.random.default_rng(seed)
    return rng.integers(-3, 9, (8, 5)).astype(float) + [0, 0, 2, 9, 9]


@pytest.mark.parametrize("seed", range(4))
def test_max_t_against_every_pattern_plainly(seed):
    sums = some_sums(seed)
    pairs, t = naive_statistics(sums)
    p = (t.max(axis=1)[:, None] >= t[0] - 1e-9).mean(axis=0)
    found = family_of(sums)
    assert [found.p[i, j] for i, j in pairs] == pytest.approx(p)
    assert (found.p == found.p.T).all() and (found.p.diagonal() == 1).all()
    assert [bool(found.separated[i, j]) for i, j in pairs] == (p <= LEVEL).tolist()
    assert ((found.statistic > found.critical) == found.separated).all()
    for i in range(5):
        own = [n for n, pair in enumerate(pairs) if i in pair]
        most = t[:, own].max(axis=1)
        for n in own:
            [other] = set(pairs[n]) - {i}
            alone = (most >= t[0, n] - 1e-9).mean() <= LEVEL
            assert found.differs_from[i, other] == alone
    assert (p <= LEVEL).any() and (p > LEVEL).any()


def naive_behind(sums, first: int) -> dict[int, float]:
    """System -> adjusted p against the first, step by step."""
    left, found = list(range(sums.shape[1])), {}
    while len(left) > 1:
        pairs, t = naive_statistics(sums, left)
        most = t.max(axis=1)
        now = {}
        for n, pair in enumerate(pairs):
            if first in pair:
                [other] = set(pair) - {first}
                now[other] = (most >= t[0, n] - 1e-9).mean()
        found |= now
        gone = [i for i, p in now.items() if p <= LEVEL]
        left = [i for i in left if i not in gone]
        if not gone:
            break
    return found


@pytest.mark.parametrize("seed", range(8))
def test_behind_the_first_in_steps_is_the_naive_one(seed):
    sums = some_sums(seed)
    first = int(np.argmax(sums.sum(axis=0)))
    found, expected = family_of(sums).behind(first), naive_behind(sums, first)
    for i, p in expected.items():
        assert found.p[i] == pytest.approx(p)
        assert (found.p[i] <= LEVEL) == (family_of(sums).statistic[first, i] > found.critical[i])


def test_steps_find_what_one_step_does_not():
    rng = np.random.default_rng(1)
    ease = rng.beta(1, 1, (60, 1))
    rates = np.r_[1.0, 0.93, np.full(30, 0.5)]
    _, hits = photos_and_hits(rng, np.clip(ease + rng.normal(0, 0.05, (60, 32)), 0, 1) * rates)
    family = family_of(hits)
    steps = family.behind(0)
    assert (steps.p[2:] <= LEVEL).all() and (family.p[0, 2:] <= LEVEL).all()
    assert steps.p[1] < family.p[0, 1] and steps.critical[1] < steps.critical[2]


def test_tiers_start_anew_with_the_first_of_the_rest():
    rng = np.random.default_rng(0)
    ease = rng.beta(0.8, 0.8, (100, 1))
    _, hits = photos_and_hits(rng, ease * np.array([0.5, 1, 0.75, 1, 0.75]))
    hits[:, 3:] = hits[:, 1:3]  # the same models twice
    order = np.argsort(-hits.sum(axis=0), kind="stable")
    assert assign_tiers(order, family_of(hits)).tolist() == [3, 1, 2, 1, 2]


def test_a_clear_ranking():
    rng = np.random.default_rng(0)
    easy = rng.beta(0.8, 0.8, (100, 1))
    photos, hits = photos_and_hits(rng, easy * np.array([0.5, 1, 0.75, 1]))
    hits[:, 3] = hits[:, 1]  # the same model twice
    found = rank_models(hits, photos)
    assert found.order.tolist() == [1, 3, 2, 0]
    assert found.rank_low.tolist() == found.rank_low_all.tolist() == [4, 1, 3, 1]
    assert found.rank_high.tolist() == found.rank_high_all.tolist() == [4, 2, 3, 2]
    assert found.best.tolist() == [False, True, False, True] and found.tier.tolist() == [3, 1, 2, 1]
    assert found.letters == ("c", "a", "b", "a")
    assert found.value == pytest.approx(hits.sum(axis=0) / photos.sum())
    assert (found.low < found.value).all() and (found.value < found.high).all()
    macro = rank_models(hits, photos, macro=True)
    assert macro.value == pytest.approx(
        (hits / photos[:, None]).mean(axis=0)
    ) and macro.tier.tolist() == [3, 1, 2, 1]


def test_rank_sets_by_hand():
    differs = np.zeros((3, 3), bool)
    differs[0, 2] = differs[2, 0] = True
    assert [s.tolist() for s in rank_sets(np.array([0.9, 0.5, 0.1]), differs)] == [
        [1, 1, 2],
        [2, 3, 3],
    ]
    value = np.array([0.1, np.nan, 0.3])
    assert [s.tolist() for s in rank_sets(value, np.ones((3, 3), bool))] == [[2, 1, 1], [3, 3, 2]]


def test_ranks_alone_lie_within_those_of_all_at_once():
    rng = np.random.default_rng(3)
    chances = rng.beta(1, 1, (40, 1)) + rng.normal(0, 0.15, (40, 12)) + np.arange(12) / 30
    photos, hits = photos_and_hits(rng, np.clip(chances, 0, 1))
    found = rank_models(hits, photos)
    assert (found.rank_low_all <= found.rank_low).all()
    assert (found.rank_high <= found.rank_high_all).all()
    assert (found.rank_low_all < found.rank_low).any(), "and hold more"
    place = np.empty(12, int)
    place[found.order] = np.arange(1, 13)
    assert (found.rank_low <= place).all() and (place <= found.rank_high).all()


@pytest.mark.parametrize("skus", [1, 2, 5])
def test_few_skus_separate_nothing_and_say_so(skus):
    found = rank_models(np.tile([10.0, 0.0], (skus, 1)), np.full(skus, 10))
    assert found.best.all() and found.letters == ("a", "a")
    assert found.family.hopeless and found.family.groups == skus
    one = rank_models(np.ones((skus, 1)), np.ones(skus))
    assert one.order.tolist() == one.rank_low.tolist() - np.ones(1) and one.letters == ("a",)
    assert not one.family.hopeless, "there is nobody to differ from"


def test_six_skus_separate_two_systems_and_what_is_equal_is_not_hopeless():
    assert rank_models(np.tile([10.0, 0], (6, 1)), np.full(6, 10)).tier.tolist() == [1, 2]
    assert not rank_models(np.tile([10.0, 0], (6, 1)), np.full(6, 10)).family.hopeless
    same = rank_models(np.ones((6, 3)), np.ones(6)).family
    assert not same.hopeless and same.groups == 0 and (same.p == 1).all()


def test_systems_that_differ_on_few_of_many_skus_are_hopeless():
    hits = np.zeros((80, 3))
    hits[:5, 0], hits[:5, 1] = 9, 4
    found = rank_models(hits, np.full(80, 10)).family
    assert found.hopeless and found.groups == 5


def test_few_patterns_are_enough_for_fifty_models_or_refused():
    rng = np.random.default_rng(0)
    chances = rng.beta(1, 1, (40, 1)) * np.linspace(1, 0.3, 50)
    photos, hits = photos_and_hits(rng, chances)
    assert rank_models(hits, photos, patterns=600).tier.max() > 3
    with pytest.raises(DataError, match="12 sign patterns no p-value can reach"):
        rank_models(hits, photos, patterns=12)


def shop(rng, skus: int, models: int):
    """Photos (skus,) and hits of models of which some are better than others."""
    photos = np.maximum(1, np.exp(rng.normal(2.5, 0.8, skus)).round()).astype(int)
    ease = rng.beta(0.6, 0.6, (skus, 1)) + rng.normal(0, 0.15, (skus, models))
    chances = np.clip(ease, 0, 1) * rng.uniform(0.5, 1, models)
    return photos, rng.binomial(photos[:, None], chances)


@pytest.mark.parametrize("skus", [3, 6, 9, 14, 40])
@pytest.mark.parametrize("shared", [True, False])
def test_interval_and_verdict_never_contradict_each_other(skus, shared):
    apart = 0
    for seed in range(40):
        rng = np.random.default_rng([seed, skus])
        photos, hits = shop(rng, skus, 5)
        panel = panel_of(hits, photos)
        panel.__dict__["shared"] = shared
        first = int(np.argmax(panel.values()))
        others = [i for i in range(5) if i != first]
        behind = panel.family(400, seed).behind(first)
        for i, step in zip(others, panel.steps_behind(behind, others), strict=True):
            assert step.low <= step.value <= step.high
            assert (step.low > 0) == (behind.p[i] <= LEVEL), (step, behind.p[i])
            assert step.low >= -1 and step.high <= 1
            apart += behind.p[i] <= LEVEL
    assert (apart > 0) == (skus > 5)


def test_an_inverted_test_holds_what_it_does_not_reject():
    rng = np.random.default_rng(0)
    grid = np.linspace(-3, 3, 6001)
    for skus, critical in ((30, 2.5), (8, 2.2), (6, 2.6)):
        bottom = rng.integers(1, 30, skus).astype(float)
        tops = rng.normal(rng.uniform(-0.6, 0.6, 6), 0.4, (skus, 6)) * bottom[:, None]
        low, high = invert_test(tops, bottom, np.full(6, critical))
        for i in range(6):
            rest = tops[:, i, None] - bottom[:, None] * grid
            held = np.abs(rest.sum(axis=0)) <= critical * np.sqrt((rest**2).sum(axis=0))
            inside = (low[i] <= grid) & (grid <= high[i])
            if np.isfinite([low[i], high[i]]).all():
                assert (held == inside).all()
            else:  # open: what it leaves out is rejected, or lies beyond 0
                zero = np.abs(tops[:, i].sum()) <= critical * np.sqrt((tops[:, i] ** 2).sum())
                assert (low[i] <= 0 <= high[i]) == zero
                assert low[i] <= tops[:, i].sum() / bottom.sum() <= high[i]


def test_systems_that_agree_on_every_group_have_an_interval_with_a_width():
    hits = np.tile(np.arange(20.0)[:, None], (1, 3))
    hits[:, 2] = 0
    panel = panel_of(hits, np.full(20, 20))
    behind = panel.family(400).behind(0)
    same, worse = panel.steps_behind(behind, [1, 2])
    least = behind.critical[1] * np.sqrt(2) * PSEUDO_DIFFERENCE / 20
    assert (same.low, same.high) == pytest.approx((-least, least)) and least > 0
    assert worse.low > 0 and worse.groups == 20


def test_a_hair_on_every_group_is_a_significant_difference_and_its_interval_leaves_out_0():
    hits = np.random.default_rng(0).integers(300, 600, 30)
    panel = panel_of(np.stack([hits, hits - 1], axis=1), np.full(30, 1000))
    behind = panel.family(400).behind(0)
    [step] = panel.steps_behind(behind, [1])
    least = behind.critical[1] * np.sqrt(2) * PSEUDO_DIFFERENCE / 30
    assert behind.p[1] <= LEVEL and 0 < step.low < step.value < least < step.high


def test_letters_by_hand():
    apart = np.zeros((4, 4), bool)
    apart[0, 2] = apart[2, 0] = apart[0, 3] = apart[3, 0] = apart[1, 3] = apart[3, 1] = True
    assert letters(apart, np.arange(4)) == ("a", "ab", "bc", "c")
    assert letters(apart, np.array([3, 2, 1, 0])) == ("c", "bc", "ab", "a")
    assert letters(~np.eye(28, dtype=bool), np.arange(28))[25:] == ("z", "aa", "ab")
    assert letters(np.zeros((0, 0), bool), np.arange(0)) == ()


def test_letters_are_shared_exactly_by_what_is_not_separated():
    rng = np.random.default_rng(0)
    for models in (2, 5, 9, 14):
        apart = np.triu(rng.random((models, models)) < 0.4, 1)
        apart |= apart.T
        own = [
            set(x.split() if " " in x or len(x) == 0 else x)
            for x in letters(apart, rng.permutation(models))
        ]
        for i, j in itertools.combinations(range(models), 2):
            assert bool(own[i] & own[j]) == (not apart[i, j])


@pytest.mark.parametrize(("models", "skus"), [(20, 40), (6, 30), (12, 9)])
def test_equally_good_models_are_called_worse_in_one_family_of_twenty(models, skus):
    """400 worlds in which all models are equally good: one wrong verdict of any of them counts.

    Holm over comparisons with the best of the same data errs in 10 to 20 % of them."""
    tiers = apart = alone = at_once = 0
    for world in range(400):
        rng = np.random.default_rng([world, models])
        ease = rng.normal(0.5, 1.5, (skus, 1)) + rng.normal(0, 1, (skus, models))
        photos = rng.integers(1, 51, skus)
        hits = rng.binomial(photos[:, None], 1 / (1 + np.exp(-ease)))
        family = family_of(hits, 400, world)
        value = hits.sum(axis=0)
        tiers += (assign_tiers(np.argsort(-value, kind="stable"), family) > 1).any()
        apart += family.separated.any()
        for n, differs in enumerate((family.differs_from, family.separated)):
            low, high = rank_sets(value, differs)
            right = (low == 1) & (high == models)
            alone += right[0] if n == 0 else 0
            at_once += right.all() if n == 1 else 0
    most = stats.binom.ppf(1 - 1e-3, 400, LEVEL)
    assert max(tiers, apart, 400 - alone, 400 - at_once) <= most
    if skus > 12:
        assert min(tiers, apart) >= 4, "and the test is not blind"


def test_the_truly_best_are_kept_among_many_that_are_worse():
    """200 worlds: five equally good and best, two a little worse, twenty far worse."""
    wrong = found = 0
    rates = np.r_[np.ones(5), 0.97, 0.97, np.full(20, 0.6)]
    for world in range(200):
        rng = np.random.default_rng(world)
        ease = rng.normal(0.7, 1.5, (60, 1)) + rng.normal(0, 0.7, (60, len(rates)))
        photos = rng.integers(1, 51, 60)
        hits = rng.binomial(photos[:, None], rates / (1 + np.exp(-ease)))
        value = hits.sum(axis=0)
        tier = assign_tiers(np.argsort(-value, kind="stable"), family_of(hits, 400, world))
        wrong += (tier[:5] > 1).any() and tier[np.argmax(value)] == 1
        found += (tier[7:] > 1).mean()
    assert wrong <= stats.binom.ppf(1 - 1e-3, 200, LEVEL)
    assert found > 199


def test_bad_input_is_named():
    with pytest.raises(DataError, match="got 0 to 0"):
        rank_models(np.zeros((2, 2)), np.zeros(2))
    with pytest.raises(DataError, match=r"got \(3, 2\) and \(2,\)"):
        rank_models(np.zeros((3, 2)), np.zeros(2))
    with pytest.raises(DataError, match=r"models \[1\] have no hits"):
        rank_models(np.array([[1, np.nan]]), np.array([3]))
    with pytest.raises(DataError, match=r"5 hits of 3 photos \(SKU 0, model 1\)"):
        rank_models(np.array([[1, 5]]), np.array([3]))


def test_the_published_first_place():
    photos, hits = published_hits()
    found = rank_models(hits, photos)
    best = found.order[0]
    assert (found.rank_low[best], found.rank_high[best]) == (1, 10)
    assert (found.rank_low_all[best], found.rank_high_all[best]) == (1, 14)
    assert found.best.sum() == 8 and (found.letters[best].split() or [""])[0] == "a"
    assert (found.rank_low <= found.rank_high).all() and found.tier.max() < 30
