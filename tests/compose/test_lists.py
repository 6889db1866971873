"""Lists of proposals: what is written is read, and judged again to the same decision."""

import json
from dataclasses import replace

import pytest

from skulens.compose.lists import (
    AS_SHOWN,
    Proposed,
    judge_list,
    list_proposals,
    read_list,
    write_list,
)
from skulens.compose.profiles import MERIT, SOUND
from skulens.compose.words import STYLE
from skulens.errors import DataError
from skulens.registry import rows
from tests.compose.pools import brute_answers, make_product, pool_of, random_products

PRODUCTS = random_products(300, values=4)


@pytest.fixture(scope="module")
def pool():
    return pool_of(*PRODUCTS)


@pytest.mark.parametrize("profile", [SOUND, MERIT], ids=["sound", "merit"])
@pytest.mark.parametrize("method", sorted(rows("sampler")))
def test_a_list_is_judged_as_the_proposals_were(pool, profile, method, tmp_path):
    listed = list(list_proposals(pool, method, profile, 1500, seed=3))
    assert len(listed) == 1500
    decisions = {p.decision for p in listed}
    assert len(decisions) > 2 or method in ("high-similarity", "target-first")
    assert "accepted" in decisions
    write_list(tmp_path / "list.jsonl", listed)
    found, rejects = read_list(tmp_path / "list.jsonl")
    assert found == listed and not rejects
    bare = [replace(p, decision="", answers=()) for p in found]
    again = judge_list(pool, bare, profile, seed=3)
    assert again == listed
    for p in again:
        asked = [(key, value) for _, key, value in p.conditions]
        shown = [product for product, _, _ in p.conditions]
        if p.decision == "accepted" and not profile.lists_target(method):
            assert set(p.answers) == brute_answers(PRODUCTS, asked, p.kind, shown)


def test_a_list_keeps_its_order_across_methods(pool):
    methods = ("conventional-uniform", "high-similarity")
    both = [list(list_proposals(pool, m, MERIT, 40, seed=1)) for m in methods]
    mixed = [p for pair in zip(*both, strict=True) for p in pair]
    assert judge_list(pool, mixed, MERIT, seed=1) == mixed


def test_what_a_pool_cannot_judge_is_named(pool):
    product = PRODUCTS[0]
    [first, second, *_] = product.attributes
    own = (product.id, first.key, first.value)
    other = next(
        p for p in PRODUCTS if not {(second.key, second.value)} & {
            (a.key, a.value) for a in p.attributes
        }
    )  # fmt: skip
    cases = {
        "unknown-product": [own, ("nobody", "color", "v0")],
        "unknown-pair": [own, (product.id, "color", "no colour")],
        "not-shown": [own, (other.id, second.key, second.value)],
        "miscounted": [own],
        "nothing to draw": [],
    }
    for decision, conditions in cases.items():
        listed = Proposed("1", "conventional-uniform", tuple(conditions))
        assert judge_list(pool, [listed], MERIT)[0].decision == decision
    five = Proposed("1", "conventional-uniform", (own,) * 5)
    assert judge_list(pool, [five], MERIT)[0].decision == "miscounted"
    whole = (own, (product.id, STYLE, AS_SHOWN))
    stranger = Proposed("1", "high-similarity", whole, target="nobody")
    assert judge_list(pool, [stranger], MERIT)[0].decision == "unknown-product"
    classless = Proposed("1", "conventional-uniform", (own, own), kind="no class")
    assert judge_list(pool, [classless], MERIT)[0].decision == "unknown-class"


def test_lines_that_are_none_are_rejected(tmp_path):
    path = tmp_path / "list.jsonl"
    good = {"id": 2**70, "method": "m", "conditions": [[17, "color", "สี"]], "answers": [2**64]}
    lines = [
        json.dumps(good).encode(),
        b"",
        b"{",
        b'{"id": 1}',
        b"[1]",
        b'{"id": "1", "method": "m", "conditions": [["a", "b"]]}',
        b'{"id": "1", "method": "m", "conditions": 3}',
        b"\xff\xfe",
        b"[" * 100_000,
    ]
    path.write_bytes(b"\n".join(lines))
    found, rejects = read_list(path)
    [read] = found
    assert read.id == str(2**70) and read.answers == (str(2**64),)
    assert read.conditions == (("17", "color", "สี"),)
    assert [int(r.source.rsplit(":")[-1]) for r in rejects] == [3, 4, 5, 6, 7, 8, 9]
    with pytest.raises(DataError, match="cannot read the list"):
        read_list(tmp_path / "missing.jsonl")


def test_ids_beyond_64_bits_and_texts_that_are_none(pool):
    big = pool_of(make_product(2**70, {"color": "red"}), make_product("b", {"size": "s"}))
    asked = ((str(2**70), "color", "red"), ("b", "size", "s"))
    for id_ in (str(2**70), "x", "\ud800"):
        [found] = judge_list(big, [Proposed(id_, "conventional-uniform", asked)], MERIT)
        assert found.decision == "some-answer" and found.id == id_
