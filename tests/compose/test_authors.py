"""Against MERIT's released code itself, run unmodified with our draws in place of `random`.

Needs a checkout of weichow23/merit, named by MERIT_CODE; what it imports and does not need here is
replaced by stubs.
"""

import importlib
import os
import re
import sys
from pathlib import Path
from types import ModuleType
from unittest.mock import MagicMock

import numpy as np
import pytest

from skulens.compose.chance import stream_of, uniforms
from skulens.compose.judge import judge
from skulens.compose.lists import AS_SHOWN
from skulens.compose.pool import Pool
from skulens.compose.profiles import MERIT
from skulens.compose.proposals import MOST, Proposals
from skulens.compose.samplers.laws import count_conditions
from skulens.compose.words import STYLE
from skulens.registry import resolve
from tests.compose.pools import pool_of, random_products

CODE = os.environ.get("MERIT_CODE", "")
STUBS = ("openai", "termcolor", "cv2", "ratelimiter", "lmdeploy", "lmdeploy.vl", "matplotlib",
         "matplotlib.pyplot", "torch", "torch.utils", "torch.utils.data")  # fmt: skip
SEED = 11
N = 1500
"""Proposals of each method."""

pytestmark = pytest.mark.skipif(
    not (Path(CODE) / "merit" / "compose_query.py").is_file(),
    reason="set MERIT_CODE to a checkout of github.com/weichow23/merit",
)


@pytest.fixture
def theirs(monkeypatch):
    """Their module `merit.compose_query`."""
    for name in STUBS:
        monkeypatch.setitem(sys.modules, name, MagicMock())
    monkeypatch.syspath_prepend(CODE)
    spu = ModuleType("merit.annotate_spu")
    spu.FATHER_FOLDER_PATH = ""  # the module builds its data set when imported
    monkeypatch.setitem(sys.modules, "merit.annotate_spu", spu)
    monkeypatch.setitem(sys.modules, "annotator.utils", their_utils())
    module = importlib.import_module("merit.compose_query")
    yield module
    for name in [n for n in sys.modules if n.split(".")[0] in ("merit", "annotator")]:
        del sys.modules[name]


def their_utils() -> ModuleType:
    """`annotator.utils` as released is no Python: a key is to be written in where `<YOUR ...>` is."""
    text = (Path(CODE) / "annotator" / "utils.py").read_text("utf-8")
    module = ModuleType("annotator.utils")
    exec(compile(re.sub(r"<YOUR [A-Z ]+>", "''", text), "utils.py", "exec"), module.__dict__)
    return module


@pytest.fixture(scope="module")
def pool() -> Pool:
    return pool_of(*random_products(400, values=4))


class Replay:
    """`random` for one proposal: samples, choices and coins as given, in turn."""

    def __init__(self, samples=(), choices=(), coins=(), first=()):
        self.samples, self.choices = iter(samples), iter(choices)
        self.coins, self.fronts = iter(coins), iter(first)

    def sample(self, population, count):
        places = next(self.samples)
        assert len(places) == count == len(set(places))
        return [population[i] for i in places]

    def choice(self, population):
        number = next(self.choices)
        if callable(number):
            return number(population)
        return population[min(int(number * len(population)), len(population) - 1)]

    def random(self):
        return next(self.coins)

    def shuffle(self, order):
        front = next(self.fronts)
        order.remove(front)
        order.insert(0, front)


def as_theirs(pool: Pool) -> list[dict]:
    return [
        {
            "sku_id": pool.ids[p],
            "spu_id": pool.spu.of(p),
            "attribute": dict(pool.pairs[q] for q in pool.pairs_of(p)),
        }
        for p in range(len(pool))
    ]


def draw(pool: Pool, method: str) -> tuple[Proposals, np.ndarray]:
    """Our proposals and the numbers behind them."""
    ids = np.arange(N, dtype=np.uint64)
    drawn = resolve("sampler", method)(pool).draw(SEED, ids)
    return drawn, uniforms(SEED, ids, 1 + 3 * MOST, stream=stream_of(method))


def accepted(pool: Pool, drawn: Proposals) -> dict[int, tuple]:
    """row -> (conditions, answers, hard negatives) of what we accept."""
    judged = judge(pool, drawn, MERIT, SEED)
    found = {}
    for row, place in enumerate(judged.places.tolist()):
        query = judged.composed(row, 0.0, False)
        shown = [
            (pool.ids[p], *(pool.pairs[q] if q >= 0 else (STYLE, AS_SHOWN))) for p, q in query.shown
        ]
        found[place] = (
            shown,
            [pool.ids[i] for i in query.answers],
            sorted(pool.ids[i] for i in query.near),
        )
    return found


def written(query: dict) -> tuple:
    """Their query in the same form."""
    shown = [(id_, *pair) for id_, told in query["query"].items() for pair in told.items()]
    return shown, query["pos_candidate"], sorted(query.get("hard_negative", ()))


def test_conventional_uniform(theirs, pool, monkeypatch):
    data, (drawn, chance) = as_theirs(pool), draw(pool, "conventional-uniform")
    counts = count_conditions(chance[:, 0], 0)
    expected = {}
    for row, count in enumerate(counts.tolist()):
        coins, choices = chance[row, 1 + MOST :].reshape(2, MOST)[:, :count].tolist()
        products = shown_of(chance[row, 1 : 1 + count], len(data))
        monkeypatch.setattr(theirs, "random", Replay([products], choices, coins))
        query, conditions = theirs.generate_query_from_items(data, count)
        if query and len(conditions) == count:
            found = theirs.get_normal_pos_candidates(data, query, conditions)
            if found:
                expected[row] = written(found)
    mine = accepted(pool, drawn)
    assert len(expected) > 100 and mine == expected


def shown_of(chance: np.ndarray, size: int) -> list[int]:
    """Different products of uniform numbers: each picks among those that are left."""
    left = list(range(size))
    return [left.pop(min(int(number * len(left)), len(left) - 1)) for number in chance]


def test_attribute_uniform(theirs, pool, monkeypatch):
    data, (drawn, chance) = as_theirs(pool), draw(pool, "attribute-uniform")
    counts = count_conditions(chance[:, 0], 0)
    expected, twice = {}, 0
    for row, count in enumerate(counts.tolist()):
        keys = shown_of(chance[row, 1 : 1 + count], len(pool.keys))
        fronts = drawn.products[row, :count].tolist()
        monkeypatch.setattr(theirs, "random", Replay([keys], first=fronts))
        query, conditions = theirs.generate_query_from_attr_pool(data, list(pool.keys), count)
        assert len(conditions) == count
        found = theirs.get_normal_pos_candidates(data, query, conditions)
        if len(set(fronts)) < count:  # theirs loses a condition of the query, not of the answers
            twice += 1
            shown = [(pool.ids[p], *pair) for p, pair in zip(fronts, conditions, strict=True)]
            expected |= {row: (shown, *written(found)[1:])} if found else {}
        elif found:
            expected[row] = written(found)
    assert len(expected) > 50 and twice and accepted(pool, drawn) == expected


def test_high_similarity(theirs, pool, monkeypatch):
    """Their choices among differing and shared keys are ours, in the order of the first product."""
    data, (drawn, chance) = as_theirs(pool), draw(pool, "high-similarity")
    spus, families, _ = theirs.find_spus_with_common_attribute_keys(data)
    assert {s: {i["sku_id"] for i in kin} for s, kin in families.items()} == relatives_of(pool)
    expected = {}
    for row in range(N):
        shown, target = int(drawn.products[row, 0]), int(drawn.target[row])
        partner = int(drawn.products[row, 1])
        spu = pool.spu.of(target)
        kin = [item["sku_id"] for item in families[spu]]
        two = [kin.index(pool.ids[shown]), kin.index(pool.ids[target])]
        chosen = [None if q < 0 else pool.pairs[q][0] for q in drawn.pairs[row, :2].tolist()]

        def pick(key):
            return lambda keys: keys[keys.index(key)] if key else pytest.fail("nothing to pick")

        choices = [lambda spus, spu=spu: spu, pick(chosen[1]), pick(chosen[0])]
        coins = [chance[row, 3]] * MOST
        monkeypatch.setattr(theirs, "random", Replay([two], choices, coins, [max(partner, 0)]))
        found = theirs.generate_query_spu_first(data, families, spus)
        if found:
            expected[row] = written(found)
    mine = accepted(pool, drawn)
    assert 1000 < len(expected) < N and mine == expected


def relatives_of(pool: Pool) -> dict:
    sampler = resolve("sampler", "high-similarity")(pool)
    relatives = sampler.relatives
    return {
        pool.spu.of(int(relatives[i][0])): {pool.ids[p] for p in relatives[i]}
        for i in range(len(relatives))
    }
