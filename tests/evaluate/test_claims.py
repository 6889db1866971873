"""Claims against gold: cases worked by hand, any order, and a naive matching."""

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skulens.claims import Claim, Gold
from skulens.errors import DataError, UnknownName
from skulens.evaluate.claims import claim_scores, eligible_fields, match
from skulens.values.normalise import normalise

BRAND, MARKS, SALT = "attributes.brand", "attributes.certifications", "attributes.nutrition.salt"


def claim(value, path=MARKS, item="a", n=0, **more):
    return Claim(item, path, value, n=n, **more)


def gold(*values, path=MARKS, item="a", **more):
    return Gold(item, path, values, **more)


def counts(claims, golds, **more):
    m = match(claims, golds, **more)
    return [tuple(map(int, row)) for row in zip(m.tp, m.fp, m.fn, strict=True)]


@pytest.mark.parametrize(
    ("claims", "golds", "tp_fp_fn", "why"),
    [
        (["CE"], [("CE",)], (1, 0, 0), "right"),
        (["ce "], [("CE",)], (1, 0, 0), "right after norm-v1"),
        (["FCC"], [("CE",)], (0, 1, 1), "a wrong value costs both"),
        ([], [("CE",)], (0, 0, 1), "missed"),
        ([None], [("CE",)], (0, 0, 1), "reported as not visible: missed"),
        (["n/a"], [("CE",)], (0, 0, 1), "an abstention in words is one too"),
        (["CE"], [()], (0, 1, 0), "the product has no such field"),
        ([None], [()], (0, 0, 0), "rightly silent"),
        ([], [()], (0, 0, 0), "rightly absent"),
        (["CE", "CE"], [("CE",)], (1, 1, 0), "claimed twice: false once"),
        (["CE", "FCC"], [("FCC",), ("CE",)], (2, 0, 0), "several values, any order"),
        (["CE", "GS", "FCC"], [("CE",), ("RoHS",)], (1, 2, 1), "one of two, two wrong"),
        (["UKCA"], [("CE", "UKCA")], (1, 0, 0), "an alternative"),
        (["CE", "UKCA"], [("CE", "UKCA")], (1, 1, 0), "one row is found once"),
        (["A", "B"], [("A", "B"), ("A",)], (2, 0, 0), "B must take the first row, A the second"),
        (["CE"], [("CE",), ("CE",)], (1, 0, 0), "gold says the same twice: one row"),
        (["CE"], [(), ("CE",)], (1, 0, 0), "a row without values beside one with"),
        (["CE"], [("none",)], (0, 1, 0), "gold that abstains has no value"),
    ],
    ids=lambda x: x if isinstance(x, str) else None,
)  # fmt: skip
def test_worked_by_hand(claims, golds, tp_fp_fn, why):
    made = [claim(v, n=i) for i, v in enumerate(claims)]
    assert counts(made, [gold(*values) for values in golds]) == [tp_fp_fn], why


@pytest.mark.parametrize(
    ("claims", "golds", "tp_fp_fn"),
    [
        (["CE"], [("CE", "partly")], None),
        (["GS"], [("CE", "partly")], None),
        ([], [("CE", "no")], (0, 0, 0)),
        (["CE"], [("CE", "not pictured")], (0, 0, 0)),
        (["GS"], [("CE", "no")], (0, 1, 0)),
        (["CE", "FCC"], [("CE", "yes"), ("FCC", "partly")], (1, 0, 0)),
        (["CE"], [("CE", "yes"), ("FCC", "partly")], (1, 0, 0)),
        (["GS"], [("CE", "yes"), ("FCC", "partly")], (0, 1, 1)),
        (["CE"], [("CE", "partly"), ("CE", "yes")], (1, 0, 0)),
        (["CE"], [("CE", "unknown")], (1, 0, 0)),
    ],
)
def test_legibility(claims, golds, tp_fp_fn):
    made = [claim(v, n=i) for i, v in enumerate(claims)]
    found = match(made, [gold(value, legible=how) for value, how in golds])
    if tp_fp_fn is None:
        assert (found.partly, len(found.units), found.extra) == (1, 0, {})
    else:
        assert (found.tp[0], found.fp[0], found.fn[0]) == tp_fp_fn


def test_a_demanded_row_is_served_before_one_that_is_not():
    golds = [gold("A", "B", legible="no"), gold("A")]
    assert counts([claim("A")], golds) == [(1, 0, 0)]
    assert counts([claim("A")], golds[::-1]) == [(1, 0, 0)]


def test_unbranded_is_a_value_where_gold_of_the_field_uses_it():
    plain = [gold("Nike", path=BRAND)]
    assert counts([claim("Unbranded", BRAND)], plain) == [(0, 0, 1)]
    used = [*plain, gold("unbranded", path=BRAND, item="b")]
    found = [claim("Unbranded", BRAND), claim("unbranded.", BRAND, "b")]
    assert counts(found, used) == [(0, 1, 1), (1, 0, 0)]


def test_units_and_languages_of_claims():
    golds = [gold("500 mg", path=SALT)]
    assert counts([claim("500", SALT, unit="mg")], golds) == [(1, 0, 0)]
    assert counts([claim("0,5", SALT)], golds) == [(1, 0, 0)]
    assert counts([claim("0.5 mg", SALT)], golds) == [(0, 1, 1)]
    big = [gold("1500 g", path="attributes.net_content")]
    one = "attributes.net_content"
    assert counts([claim("1.500 g", one, language="id")], big) == [(1, 0, 0)]
    assert counts([claim("1.500 g", one)], big) == [(0, 1, 1)]


def test_claims_without_gold_are_left_out_and_counted():
    found = match([claim("CE"), claim("x", "free.fit"), claim("CE", item="z")], [gold("CE")])
    assert found.extra == {"free.fit": 1, MARKS: 1}
    assert len(found.units) == 1


def test_levels_are_as_strict_as_they_say():
    golds = [gold("red socks", path="free.what")]
    for level, tp in (("L0", 0), ("L1", 0), ("L2", 1), ("L3", 1)):
        assert counts([claim("Socks, red", "free.what")], golds, level=level)[0][0] == tp


def test_what_is_refused():
    with pytest.raises(DataError, match="into the groups \\['g', 'h'\\]"):
        match([], [gold("CE", group="g"), gold("FCC", group="h")])
    with pytest.raises(UnknownName, match="unknown field 'marks'"):
        match([], [gold("CE", path="marks")])


def worked_scores():
    golds = [
        gold("Nike", path=BRAND), gold("CE"), gold("FCC"), gold(path=SALT),
        gold("Oramo", path=BRAND, item="b"), gold(item="b"), gold(path=SALT, item="c"),
    ]  # fmt: skip
    claims = [
        claim("Nike", BRAND), claim("CE"), claim("GS", n=1), claim("1 g", SALT),
        claim(None, BRAND, "b"),
    ]  # fmt: skip
    classes = {"a": "shoes", "b": "food", "c": "food"}
    return match(claims, golds, languages={"a": "th"}, classes=classes)


def test_scores_worked_by_hand():
    scores = claim_scores(worked_scores())
    value = {name: scores.top[name].sum() / scores.bottom[name].sum() for name in scores.top}
    assert value == pytest.approx(
        {
            "precision": 2 / 4,
            "recall": 2 / 4,
            "f1": 4 / (4 + 2 + 2),
            "weighted_f1": (2 + 3 * 2) / (2 + 3 * (2 + 1 + 1) + 1 * 1 + 1),
            "item_f1": (4 / 7 + 0 + 1) / 3,
            "coverage": 2 / 3,
            "exact_match": 3 / 6,
            "false_alarm": 1 / 3,
            "abstained": 1 / 6,
            "claims_per_item": 4 / 3,
        }
    )
    assert scores.units[0] == "a#attributes.brand"
    assert scores.groups == ("a", "a", "a", "b", "b", "c")
    assert list(scores.slices) == ["field", "language", "class"]
    assert list(scores.slices["class"]) == ["shoes"] * 3 + ["food"] * 3


def test_scores_of_nothing():
    scores = claim_scores(match([], []))
    assert scores.units == ()
    assert all(len(x) == 0 for x in (*scores.top.values(), *scores.bottom.values()))
    assert list(scores.slices) == ["field"]


def test_fields_of_the_mean_over_fields():
    golds = [gold(f"v{i}", path=BRAND, item=str(i)) for i in range(20)]
    golds += [gold(f"v{i}", item=str(i)) for i in range(19)]
    assert eligible_fields(match([], golds)) == (BRAND,)
    assert eligible_fields(match([], golds), least=19) == (BRAND, MARKS)


VALUES = st.sampled_from(["A", "b", "B ", "c", "D", None, "n/a"])
CLAIMS = st.lists(st.tuples(st.sampled_from("xy"), VALUES), max_size=7)
ROWS = st.lists(
    st.tuples(
        st.sampled_from("xy"),
        st.lists(st.sampled_from("abcd"), max_size=3),
        st.sampled_from(["yes", "unknown", "no", "not pictured", "partly"]),
    ),
    max_size=5,
)


def naive(claims, rows):
    """(tp, fp, fn) by trying every assignment of claims to rows."""
    keys = [k for k in (normalise(v) for v in claims) if k]
    merged = {}
    for values, how in rows:
        if values:
            merged.setdefault(frozenset(values), set()).add(how)
    empty = {how for values, how in rows if not values}
    if all(how == {"partly"} for how in merged.values()) if merged else "partly" in empty:
        return None
    slots = [(values, bool(how & {"yes", "unknown"})) for values, how in merged.items()]
    padded = keys + [None] * len(slots)
    best = (0, 0)
    for chosen in set(itertools.permutations(padded, len(slots))):
        fits = [key in values for key, (values, _) in zip(chosen, slots, strict=True)]
        tp = sum(fit and must for fit, (_, must) in zip(fits, slots, strict=True))
        best = max(best, (tp, sum(fits)))
    demanded = sum(must for _, must in slots)
    return best[0], len(keys) - best[1], demanded - best[0]


def made(pairs, rows):
    claims = [Claim(item, "free.x", v, n=i) for i, (item, v) in enumerate(pairs)]
    return claims, [Gold(item, "free.x", tuple(v), how) for item, v, how in rows]


@given(CLAIMS, ROWS)
def test_the_same_as_trying_every_assignment(pairs, rows):
    found = match(*made(pairs, rows))
    got = dict(zip(found.items, zip(found.tp, found.fp, found.fn, strict=True), strict=True))
    for item in {row[0] for row in rows}:
        mine = [v for i, v in pairs if i == item]
        wanted = naive(mine, [(v, how) for i, v, how in rows if i == item])
        assert got.get(item) == wanted
    assert found.extra == Counter("free.x" for i, _ in pairs if i not in {row[0] for row in rows})


@given(CLAIMS, ROWS, st.randoms())
def test_order_changes_nothing(pairs, rows, random):
    def by_unit(claims, golds):
        m = match(claims, golds)
        columns = (m.tp, m.fp, m.fn, m.claimed, m.gold, m.absent, m.abstained)
        return {u: [c[i] for c in columns] for i, u in enumerate(m.units)}, m.extra, m.partly

    claims, golds = made(pairs, rows)
    before = by_unit(claims, golds)
    random.shuffle(claims)
    random.shuffle(golds)
    assert by_unit(claims, golds) == before


@given(CLAIMS, ROWS)
def test_counts_add_up(pairs, rows):
    m = match(*made(pairs, rows))
    assert np.all(m.tp + m.fn == m.gold)
    assert np.all(m.tp + m.fp <= m.claimed)
