"""Proposal laws: against the law written out, by batch and process, and weighed exactly."""

from collections import Counter
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from skulens.compose.answers import find_answers, without_references
from skulens.compose.judge import ACCEPTED, judge, steps_of
from skulens.compose.pool import Pool
from skulens.compose.profiles import MERIT, SOUND
from skulens.compose.proposals import MOST, NONE, WHOLE, Proposals
from skulens.compose.samplers.laws import MIXTURE
from skulens.compose.samplers.target_first import TargetFirst
from skulens.registry import resolve, rows
from tests.compose.pools import make_product, pool_of, random_products

SAMPLERS = sorted(rows("sampler"))
IDS = np.arange(60_000, dtype=np.uint64)


def draw(pool: Pool, name: str, ids=IDS, conditions=2, seed=7) -> Proposals:
    return resolve("sampler", name)(pool).draw(seed, ids, conditions)


def fields_of(proposals: Proposals) -> tuple:
    return (
        proposals.ids.tolist(),
        proposals.products.tolist(),
        proposals.pairs.tolist(),
        proposals.kind.tolist(),
        proposals.target.tolist(),
        proposals.failed.tolist(),
    )


@pytest.mark.parametrize("name", SAMPLERS)
def test_any_batch_draws_the_same(name):
    pool = pool_of(*random_products(90))
    sampler = resolve("sampler", name)(pool)
    ids = np.arange(300, dtype=np.uint64) | np.uint64(2) << np.uint64(56)
    whole = sampler.draw(3, ids)
    order = np.random.default_rng(0).permutation(300)
    assert fields_of(sampler.draw(3, ids[order])) == fields_of(whole.take(order))
    ones = [fields_of(sampler.draw(3, ids[i : i + 1])) for i in range(20)]
    assert ones == [fields_of(whole.take(np.arange(i, i + 1))) for i in range(20)]
    assert fields_of(sampler.draw(4, ids)) != fields_of(whole)
    assert fields_of(sampler.draw(3, ids[:0])) == ([], [], [], [], [], [])


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("conditions", [0, 2, 3, 4])
def test_what_is_drawn_is_shown(name, conditions):
    pool = pool_of(*random_products(90))
    drawn = draw(pool, name, IDS[:2000], conditions)
    for row in np.flatnonzero(~drawn.failed):
        shown = list(zip(drawn.products[row].tolist(), drawn.pairs[row].tolist(), strict=True))
        count = int(drawn.counts()[row])
        assert count == conditions or (not conditions and 2 <= count <= MOST)
        assert all((p, q) == (NONE, NONE) for p, q in shown[count:])
        assert all(q == WHOLE or q in pool.pairs_of(p) for p, q in shown[:count])
    if conditions == 0 and name != "high-similarity":
        shares = np.bincount(drawn.counts()[~drawn.failed], minlength=5)[2:] / 2000
        assert np.allclose(shares, [p for _, p in MIXTURE], atol=0.15)
    if name == "high-similarity" and conditions > 2:
        assert drawn.failed.all()
    else:
        assert not drawn.failed.all()


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize(
    "products",
    [
        [make_product("a")],
        [make_product("a"), make_product("b")],
        [make_product("a", {"color": "red"}, spu="s")],
        [make_product("a", {"color": "red"}, "s"), make_product("b", {"color": "blue"}, "s")],
    ],
    ids=["no attribute", "none at all", "one product", "one SPU"],
)
def test_pools_too_small_for_anything_fail_every_proposal(name, products):
    pool = pool_of(*products)
    for conditions in (0, 2, 4):
        drawn = draw(pool, name, IDS[:200], conditions)
        judged = judge(pool, drawn, MERIT, 0)
        assert len(judged.accepted) == 0


def frequencies(drawn: Proposals) -> Counter:
    good = ~drawn.failed
    shown = zip(drawn.products[good].tolist(), drawn.pairs[good].tolist(), strict=True)
    return Counter((tuple(p[:2]), tuple(q[:2])) for p, q in shown)


def assert_law(found: Counter, law: dict, draws: int) -> None:
    """Chi-square: within 5 standard deviations of its mean; nothing impossible was drawn."""
    assert set(found) <= {outcome for outcome, p in law.items() if p > 0}
    expected = {outcome: p * draws for outcome, p in law.items() if p > 0}
    rest = draws * (1 - sum(law.values()))
    missing = draws - sum(found.values())
    chi = sum((found[o] - e) ** 2 / e for o, e in expected.items())
    chi += (missing - rest) ** 2 / rest if rest > 1e-6 else 0.0
    freedom = len(expected) - (rest <= 1e-6)
    assert abs(missing - rest) <= 5 * np.sqrt(max(rest, 1e-9)) + 1e-6
    assert chi < freedom + 5 * np.sqrt(2 * freedom), (chi, freedom)


def tiny() -> Pool:
    return pool_of(
        make_product("a", {"color": "red", "size": "s"}, "s1", "bag", "en"),
        make_product("b", {"color": "red", "size": "l", "shape": "o"}, "s1", "bag", "en"),
        make_product("c", {"color": "blue", "size": "s"}, "s2", "bag", "en"),
        make_product("d", {"size": "l"}, "s2", "shoe", "en"),
        make_product("e", {"color": "red", "size": "s"}, None, "shoe", "th"),
        make_product("f", {"color": "red", "size": "s", "shape": "o"}, "s3", "bag", "th"),
    )


def chance_of_pair(pool: Pool, product: int, pair: int) -> float:
    """The code's law of a product's pair, written out."""
    held = [pool.pairs[q] for q in pool.pairs_of(product)]
    plain = [p for p in held if p[0] != "color"]
    own = pool.pairs[pair]
    return 0.8 / len(held) + (0.2 / len(plain) if own in plain else 0.0)


def law_of_conventional(pool: Pool, conditions: int) -> dict:
    law = {}
    chosen = list(permutations(range(len(pool)), conditions))
    for products in chosen:
        outcomes = {(): 1 / len(chosen)}
        for product in products:
            outcomes = {
                (*pairs, int(q)): p * chance_of_pair(pool, product, q)
                for pairs, p in outcomes.items()
                for q in pool.pairs_of(product)
            }
        law |= {(products, pairs): p for pairs, p in outcomes.items()}
    return law


def test_conventional_uniform_follows_the_released_law():
    pool = tiny()
    law = law_of_conventional(pool, 2)
    assert_law(frequencies(draw(pool, "conventional-uniform")), law, len(IDS))


def test_attribute_uniform_follows_the_released_law():
    pool, law = tiny(), Counter()
    holders = {
        key: [(p, int(q)) for p in range(len(pool)) for q in pool.pairs_of(p)
              if pool.pairs[q][0] == key]
        for key in pool.keys
    }  # fmt: skip
    for one, two in permutations(pool.keys, 2):
        for p, q in holders[one]:
            for r, s in holders[two]:
                share = 1 / 6 / len(holders[one]) / len(holders[two])
                law[(p, r), (q, s)] += share
    assert_law(frequencies(draw(pool, "attribute-uniform")), law, len(IDS))


def law_of_siblings(pool: Pool) -> dict:
    """Every outcome of the third method, as the released code draws it."""
    law: Counter = Counter()
    values = [{pool.pairs[q][0]: int(q) for q in pool.pairs_of(p)} for p in range(len(pool))]
    families = {
        s: [p for p in range(len(pool)) if pool.spu.codes[p] == s]
        for s in range(len(pool.spu.names))
    }
    valid = []
    for kin in families.values():
        counts = Counter(key for p in kin for key in values[p])
        if kin := [p for p in kin if any(counts[key] > 1 for key in values[p])]:
            valid.append(kin)
    for kin in valid:
        for one, two in permutations(kin, 2):
            base = 1 / len(valid) / len(list(permutations(kin, 2)))
            shared = [k for k in values[one] if values[two].get(k) == values[one][k]]
            differ = [k for k in values[one] if k in values[two] and k not in shared]
            plain = [k for k in differ if k != "color"]
            for share, keys in ((0.8, differ), (0.2, plain)):
                for key in keys:
                    others = [
                        p for p in range(len(pool))
                        if values[p].get(key) == values[two][key]
                        and pool.spu.codes[p] != pool.spu.codes[one]
                    ]  # fmt: skip
                    for partner in others:
                        for same in shared or [None]:
                            pair = values[one][same] if same else WHOLE
                            outcome = (one, partner), (pair, values[two][key])
                            law[outcome] += (
                                base * share / len(keys) / len(others) / len(shared or [None])
                            )
    return law


def test_high_similarity_follows_the_released_law():
    pool = tiny()
    law = law_of_siblings(pool)
    assert any(WHOLE in pairs for _, pairs in law)
    drawn = draw(pool, "high-similarity")
    assert_law(frequencies(drawn), law, len(IDS))
    good = drawn.take(~drawn.failed)
    assert (pool.spu.codes[good.target] == pool.spu.codes[good.products[:, 0]]).all()
    assert (pool.spu.codes[good.target] != pool.spu.codes[good.products[:, 1]]).all()
    assert pool.has(good.target, good.pairs[:, 1]).all()
    assert not pool.has(good.products[:, 0], good.pairs[:, 1]).any()


def test_large_families_and_partners():
    """Relatives in chunks, SPUs of many SKUs, and values that only one other product has."""
    products = [
        make_product(f"a{i}", {"color": f"v{i % 5}", "size": "s"}, f"s{i // 11}") for i in range(55)
    ]
    pool = pool_of(*products)
    drawn = draw(pool, "high-similarity", IDS[:5000])
    law = law_of_siblings(pool)
    assert set(frequencies(drawn)) <= set(law)
    # a colour is spared in one case of five; siblings of one colour do not differ
    alike = sum(
        1 for kin in range(5) for i in range(11) for j in range(11)
        if i != j and (kin * 11 + i) % 5 == (kin * 11 + j) % 5
    ) / 550  # fmt: skip
    assert abs(drawn.failed.mean() - (1 - 0.8 * (1 - alike))) < 0.03


def law_of_target_first(pool: Pool, conditions: int) -> dict:
    """(products, pairs, target) -> probability."""
    law: Counter = Counter()
    for target in range(len(pool)):
        held = [int(q) for q in pool.pairs_of(target)]
        chosen = list(permutations(held, conditions))
        for pairs in chosen:
            shown = [
                [
                    p
                    for p in range(len(pool))
                    if q in pool.pairs_of(p)
                    and pool.language.codes[p] == pool.language.codes[target]
                ]
                for q in pairs
            ]
            outcomes = {(): 1 / len(pool) / len(chosen)}
            for choices in shown:
                outcomes = {
                    (*products, p): share / len(choices)
                    for products, share in outcomes.items()
                    for p in choices
                }
            for products, share in outcomes.items():
                law[products, pairs, target] += share
    return law


def test_target_first_follows_its_law():
    pool = tiny()
    drawn = draw(pool, "target-first")
    good = ~drawn.failed
    found = Counter(
        (tuple(p[:2]), tuple(q[:2]), t)
        for p, q, t in zip(
            drawn.products[good].tolist(),
            drawn.pairs[good].tolist(),
            drawn.target[good].tolist(),
            strict=True,
        )
    )
    assert_law(found, law_of_target_first(pool, 2), len(IDS))


@pytest.mark.parametrize("conditions", [2, 3])
@pytest.mark.parametrize("name_class", [True, False])
def test_importance_is_that_of_enumeration(conditions, name_class):
    """log P_uniform - log P_target of every query that both laws can propose, written out."""
    pool = pool_of(*random_products(12, seed=3, kinds=2, values=2))
    uniform, target_first = law_of_conventional(pool, conditions), Counter()
    for (products, pairs, target), share in law_of_target_first(pool, conditions).items():
        if target not in products and len(set(products)) == conditions:
            kind = int(pool.kind.codes[target]) if name_class else NONE
            target_first[products, pairs, kind] += share
    assert len(target_first) > 50
    asked = proposals_of(list(target_first))
    answers = without_references(find_answers(pool, asked.pairs, asked.kind), asked)
    everything = without_references(
        find_answers(pool, asked.pairs, np.full(len(asked), NONE)), asked
    )
    expected = [
        np.log(uniform[products, pairs] * len(answers[row]) / len(everything[row]) / share)
        for row, ((products, pairs, _), share) in enumerate(target_first.items())
    ]
    found = TargetFirst(pool).weigh(asked, answers)
    assert np.allclose(found, expected, atol=1e-12)
    assert found.std() > 0.1


def proposals_of(queries: list) -> Proposals:
    n = len(queries)
    products, pairs = np.full((n, MOST), NONE, np.int32), np.full((n, MOST), NONE, np.int32)
    for row, (shown, asked, _) in enumerate(queries):
        products[row, : len(shown)], pairs[row, : len(asked)] = shown, asked
    kind = np.array([k for _, _, k in queries], np.int32)
    nothing = np.full(n, NONE, np.int32)
    return Proposals(
        np.arange(n, dtype=np.uint64), "target-first", products, pairs, kind, nothing, kind < NONE
    )


def test_weighing_gives_back_the_uniform_sample():
    """Means over accepted target-first queries, weighed, are those over accepted uniform ones."""
    pool = pool_of(*random_products(45, seed=2, values=3))
    rules = replace(SOUND, most_share=1.0)
    means = {}
    for name, draws in (("conventional-uniform", 200_000), ("target-first", 40_000)):
        judged = judge(pool, draw(pool, name, np.arange(draws)), rules, 7)
        weights = np.exp(resolve("sampler", name)(pool).weigh(judged.accepted, judged.answers))
        color = pool.key_of[judged.accepted.pairs[:, :2]] == pool.keys.index("color")
        told = np.stack([color.any(axis=1), judged.answers.counts() > 3])
        means[name] = np.average(told, axis=1, weights=weights), told.mean(axis=1), told.shape[1]
    (uniform, _, n), (weighed, plain, m) = means.values()
    assert min(n, m) > 3000
    assert np.allclose(uniform, weighed, atol=0.03)
    assert plain[0] - uniform[0] > 0.07  # colours, which uniform sampling suppresses


def test_every_row_of_the_registry_keeps_the_protocol():
    pool = pool_of(*random_products(90))
    for name in SAMPLERS:
        sampler = resolve("sampler", name)(pool)
        assert sampler.name == name and set(sampler.counts) <= {2, 3, 4}
        judged = judge(pool, sampler.draw(0, IDS[:3000], 2), SOUND, 0)
        weights = sampler.weigh(judged.accepted, judged.answers)
        assert weights.shape == (len(judged.accepted),)
        assert (judged.stops == steps_of(SOUND).index(ACCEPTED)).sum() == len(judged.accepted)
