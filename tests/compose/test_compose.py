"""Quotas, funnel and workers: what was asked for, what is missing, and the same from any worker."""

from dataclasses import astuple, replace

import numpy as np
import pytest

from skulens.compose import run
from skulens.compose.profiles import MERIT, SOUND
from skulens.compose.proposals import Composition
from skulens.compose.quotas import Quota, as_quotas, read_quotas
from skulens.compose.run import compose
from skulens.errors import DataError, UnknownName
from tests.compose.pools import make_product, pool_of, random_products


@pytest.fixture(scope="module")
def pool():
    return pool_of(*random_products(900, values=5))


def plain(composition: Composition) -> tuple:
    queries = [
        tuple(x.tolist() if isinstance(x, np.ndarray) else str(x) for x in astuple(q))
        for q in composition.queries
    ]
    rest = composition.funnel, composition.missing, composition.shortfalls
    return queries, list(rest[0].items()), rest[1:]


def steps(composition: Composition, method: str) -> dict[str, int]:
    return {step: n for (m, step), n in composition.funnel.items() if m == method}


def assert_funnel_is_exact(composition: Composition) -> None:
    for method in {method for method, _ in composition.funnel}:
        found = steps(composition, method)
        assert found.pop("proposed") == sum(found.values())
        accepted = sum(q.method == method for q in composition.queries)
        assert found.get("accepted", 0) == accepted


QUOTAS = (Quota(40, 2), Quota(30, 3, "th"), Quota(20, 3, "en", "kind 1"), Quota(5, 4))


@pytest.mark.parametrize("profile", [SOUND, MERIT], ids=["sound", "merit"])
def test_any_batch_and_any_workers_give_the_same(pool, profile, monkeypatch):
    profile = replace(profile, tries=200)
    whole = plain(compose(pool, QUOTAS, profile, seed=5))
    assert len(whole[0]) > 60
    monkeypatch.setattr(run, "BATCH", 700)
    assert plain(compose(pool, QUOTAS, profile, seed=5)) == whole
    assert plain(compose(pool, QUOTAS, profile, seed=5, workers=2)) == whole
    assert plain(compose(pool, QUOTAS, profile, seed=6)) != whole


def test_quotas_are_of_accepted_queries(pool):
    made = compose(pool, QUOTAS, SOUND, seed=1)
    assert not made.missing
    assert_funnel_is_exact(made)
    tags = [
        (
            len(q.shown),
            pool.language.of(q.shown[0][0]),
            pool.kind.names[q.kind],
        )
        for q in made.queries
    ]
    assert sum(n == 2 for n, _, _ in tags) == 40 and sum(n == 4 for n, _, _ in tags) == 5
    of_three = [(language, kind) for n, language, kind in tags if n == 3]
    assert sum(language == "th" for language, _ in of_three) == 30
    assert sum(tag == ("en", "kind 1") for tag in of_three) == 20
    assert steps(made, "target-first")["quota full"] > 0
    names = [(q.method, len(q.shown), q.id) for q in made.queries]
    assert len(set(names)) == len(names) == 95


def test_methods_share_what_is_accepted_and_three_and_four_are_target_first(pool):
    made = compose(pool, {2: 50, 3: 10, 4: 3}, SOUND, seed=2)
    methods = [(len(q.shown), q.method) for q in made.queries]
    assert methods.count((2, "conventional-uniform")) == 24
    assert methods.count((2, "attribute-uniform")) == 16
    assert methods.count((2, "high-similarity")) == 10
    assert {m for n, m in methods if n > 2} == {"target-first"}
    assert not made.missing and not made.shortfalls


def test_a_method_that_falls_short_is_told_and_its_part_is_made_by_another(pool):
    made = compose(pool, {2: 400}, SOUND, seed=2, limit=500)
    for short in made.shortfalls:
        assert short.accepted < short.wanted and short.proposed == 500
        assert short.quota == "n_conditions=2"
        assert short.accept_rate == short.accepted / 500
    by_method = {s.method: s for s in made.shortfalls}
    assert "attribute-uniform" in by_method
    counts = {m: sum(q.method == m for q in made.queries) for m in by_method}
    assert counts == {m: s.accepted for m, s in by_method.items()}
    assert any(q.method == "target-first" for q in made.queries)
    assert made.missing.get("n_conditions=2", 0) == 400 - len(made.queries)
    assert_funnel_is_exact(made)


def test_a_quota_that_cannot_be_met_keeps_what_is_done(pool):
    quotas = (Quota(5, 2, "fr"), Quota(5, 2, None, "kind 9"), Quota(6, 2), Quota(10_000, 4, "th"))
    made = compose(pool, quotas, SOUND, seed=0, limit=20_000)
    assert made.missing["n_conditions=2 language=fr"] == 5
    assert made.missing["n_conditions=2 class=kind 9"] == 5
    assert "n_conditions=2" not in made.missing
    assert 0 < made.missing["n_conditions=4 language=th"] < 10_000
    [short] = made.shortfalls
    assert short.method == "target-first" and short.wanted == 10_000
    assert short.accepted == 10_000 - made.missing["n_conditions=4 language=th"]
    assert_funnel_is_exact(made)


def test_a_pool_of_nothing_ends():
    pool = pool_of(make_product("a"), make_product("b", {"color": "red"}))
    for profile in (SOUND, MERIT):
        made = compose(pool, {2: 3, 3: 1, 4: 0}, profile, seed=0)
        assert not made.queries
        assert made.missing == {"n_conditions=2": 3, "n_conditions=3": 1}


def test_merit_mixes_proposals_as_the_released_code(pool):
    made = compose(pool, {0: 3000}, MERIT, seed=0)
    proposed = {m: steps(made, m)["proposed"] for m in {m for m, _ in made.funnel}}
    total = sum(proposed.values())
    for method, share in MERIT.methods:
        assert abs(proposed[method] / total - share) < 0.03
    siblings = [q for q in made.queries if q.method == "high-similarity"]
    assert all(len(q.shown) == 2 and q.answers.tolist() == [q.target] for q in siblings)
    assert not any(q.near_verified for q in made.queries)
    assert all(q.kind == -1 for q in made.queries)
    two = compose(pool, {2: 500}, MERIT, seed=0)
    at_two = {m: steps(two, m)["proposed"] for m in proposed}
    assert abs(at_two["attribute-uniform"] / at_two["conventional-uniform"] - 2 / 3) < 0.15
    siblings_share = at_two["high-similarity"] / sum(at_two.values())
    assert abs(siblings_share - 0.5 / (0.5 + 0.5 * 0.55)) < 0.06


def test_methods_of_a_profile_may_repeat_the_one_for_the_rest(pool):
    profile = replace(SOUND, methods=(("target-first", 1.0), ("high-similarity", 3.0)))
    made = compose(pool, {2: 40}, profile, seed=0)
    names = [(q.method, q.id) for q in made.queries]
    assert len(set(names)) == 40
    assert sum(m == "high-similarity" for m, _ in names) == 30
    short = compose(pool, {2: 4000}, profile, seed=0, limit=2000)
    names = [(q.method, q.id) for q in short.queries]
    assert len(set(names)) == len(names) < 4000
    assert_funnel_is_exact(short)
    mixed = replace(profile, shares_of="proposals", many="")
    made = compose(pool, {2: 4000}, mixed, seed=0, limit=2000)
    names = [(q.method, q.id) for q in made.queries]
    assert len(set(names)) == len(names) and len(made.shortfalls) == 2


def test_methods_of_two_conditions_leave_three_missing(pool):
    for shares_of in ("proposals", "accepted"):
        profile = replace(MERIT, methods=(("high-similarity", 1.0),), shares_of=shares_of)
        made = compose(pool, {3: 4, 2: 4}, profile, seed=0)
        assert made.missing == {"n_conditions=3": 4} and len(made.queries) == 4


def test_importance_weights_are_stored(pool):
    made = compose(pool, {2: 60, 3: 5}, SOUND, seed=0, limit=2000)
    for q in made.queries:
        known = q.method in ("target-first", "conventional-uniform")
        assert np.isfinite(q.log_importance) == known
        assert q.method != "conventional-uniform" or q.log_importance == 0
    assert len({q.log_importance for q in made.queries if q.method == "target-first"}) > 3


def test_progress_tells_every_query(pool):
    told = []
    made = compose(pool, {2: 30, 3: 4}, SOUND, progress=told.append)
    assert sum(told) == len(made.queries) == 34


def test_names_that_nobody_knows(pool):
    with pytest.raises(DataError, match="unknown constraint"):
        compose(pool, {2: 1}, replace(SOUND, constraints=("no-such-rule",)))
    with pytest.raises(UnknownName, match="unknown sampler 'target-frist'"):
        compose(pool, {3: 1}, replace(SOUND, many="target-frist"))


def test_quotas_are_read():
    found = read_quotas("2=1000, 3=200/language=th,4=5/class=chair/language=en")
    expected = (Quota(1000, 2), Quota(200, 3, "th"), Quota(5, 4, "en", "chair"))
    assert found == expected
    assert [str(q) for q in found] == [
        "n_conditions=2",
        "n_conditions=3 language=th",
        "n_conditions=4 language=en class=chair",
    ]
    assert as_quotas({2: 3, 4: 1}) == (Quota(3, 2), Quota(1, 4))
    with pytest.raises(DataError, match="quotas of 0 conditions"):
        as_quotas({2: 3, 0: 1})


@pytest.mark.parametrize(
    "text", ["", "2", "2=", "x=3", "2=-1", "2=1/lang=th", "2=1/language=", "2=1/class=a/class=b"]
)
def test_quotas_that_are_none(text):
    with pytest.raises(DataError, match="expected CONDITIONS=QUERIES"):
        read_quotas(text)


def test_quotas_of_one_or_five_conditions_and_twins():
    for text in ("5=1", "1=1"):
        with pytest.raises(DataError, match="2 to 4 conditions"):
            read_quotas(text)
    with pytest.raises(DataError, match="two quotas of n_conditions=2 language=th"):
        as_quotas(read_quotas("2=1/language=th,3=1,2=4/language=th"))
