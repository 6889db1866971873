"""Verdicts beside gold, and how well text is read: cases worked by hand, and what must always add
up."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skulens.claims import Claim, Gold, Verdict
from skulens.errors import DataError
from skulens.evaluate.claims import claim_scores, match
from skulens.evaluate.metric import find_metric
from skulens.evaluate.reading import character_errors, find_lines, reading_scores
from skulens.evaluate.scores import Scores, summarise
from skulens.evaluate.verdicts import OUTCOMES, count_outcomes, verdict_scores

BRAND, MARKS, NOTE = "attributes.brand", "attributes.certifications", "free.note"


def outcomes(claims, golds, path=MARKS):
    made = [Claim("a", path, value, n=i) for i, value in enumerate(claims)]
    rows = [Gold("a", path, values, how) for values, how in golds]
    return list(match(made, rows).outcomes)


@pytest.mark.parametrize(
    ("claims", "golds", "expected"),
    [
        (["CE"], [(("CE",), "yes")], ["right"]),
        (["GS"], [(("CE",), "yes")], ["wrong"]),
        (["CE", "ce"], [(("CE",), "yes")], ["right", "repeated"]),
        ([None, "n/a"], [(("CE",), "yes")], ["silent", "silent"]),
        (["CE"], [((), "not pictured")], ["invented"]),
        (["CE"], [((), "unknown")], ["invented"]),
        (["CE"], [((), "no")], ["invented"]),
        (["CE"], [((), "partly")], ["unjudged"]),
        (["GS"], [(("CE",), "partly")], ["unjudged"]),
        (["CE", "GS"], [(("CE",), "no")], ["excused", "wrong"]),
        (["CE", "GS"], [(("CE",), "not pictured")], ["excused", "invented"]),
        (["GS", "CE"], [(("CE",), "yes"), (("GS",), "partly")], ["excused", "right"]),
    ],
)
def test_what_gold_says_of_each_claim(claims, golds, expected):
    assert outcomes(claims, golds) == expected


def test_a_claim_without_gold_is_not_judged():
    found = match([Claim("a", NOTE, "x"), Claim("b", BRAND, "x")], [Gold("a", BRAND, ("y",))])
    assert found.outcomes == ("unjudged", "unjudged")


def worked():
    """Two items: three fields with gold, one that no picture shows, one without gold."""
    golds = [
        Gold("a", BRAND, ("Acme",), "yes"),
        Gold("a", MARKS, ("CE",), "yes"),
        Gold("a", MARKS, ("GS",), "yes"),
        Gold("b", BRAND, (), "not pictured"),
        Gold("b", MARKS, ("CE",), "yes"),
    ]
    said = [
        ("a", BRAND, "Acme", "VC"),  # right
        ("a", MARKS, "CE", "U"),  # right
        ("a", MARKS, "FCC", "VC"),  # wrong
        ("a", NOTE, "x", "VC"),  # no gold
        ("b", BRAND, "Other", "VC"),  # invented
        ("b", MARKS, "UL", "VI"),  # wrong
        ("b", MARKS, None, "U"),  # silent
    ]
    claims = [Claim(item, path, value, n=i) for i, (item, path, value, _) in enumerate(said)]
    verdicts = [Verdict(c.id, label) for c, (*_, label) in zip(claims, said, strict=True)]
    return claims, verdicts, golds


def summary(claims, verdicts, golds):
    matched = match(claims, golds)
    scores = verdict_scores(claim_scores(matched), matched, claims, verdicts)
    made = Scores(scores.units, scores.groups, scores.top, scores.bottom, unit="claim")
    return scores, {name: found.value for name, found in summarise(made).items()}


def test_worked_by_hand():
    scores, values = summary(*worked())
    expected = {
        "vc": 4 / 6,
        "vi": 1 / 6,
        "u": 1 / 6,
        "vc_precision": 1 / 3,
        "vc_recall": 1 / 4,
        "vi_precision": 1.0,
        "precision": 2 / 5,
        "recall": 2 / 4,
        "reference_gap": 3 / 5 - 2 / 5,
        "invented": 1.0,
        "invented_vc": 1.0,
        "claims_per_item": 6 / 2,
        "vc_per_item": 4 / 2,
        "vi_per_100_items": 100 * 1 / 2,
    }
    assert {name: values[name] for name in expected} == pytest.approx(expected)
    assert scores.units == (
        f"a#{BRAND}", f"a#{MARKS}", f"b#{BRAND}", f"b#{MARKS}", "a#", "b#",
    )  # fmt: skip
    assert scores.groups == ("a", "a", "b", "b", "a", "b")


def test_counts_worked_by_hand():
    claims, verdicts, golds = worked()
    assert count_outcomes(match(claims, golds), claims, verdicts) == {
        "VC": 4, "VI": 1, "U": 1, "wrong_VC": 1, "wrong": 2, "invented_VC": 1, "invented": 1,
    }  # fmt: skip


def test_invented_counts_fields_not_claims():
    golds = [Gold("a", MARKS, (), "not pictured"), Gold("b", MARKS, (), "not pictured")]
    claims = [Claim("a", MARKS, v) for v in ("CE", "GS", "UL")]
    verdicts = [Verdict(c.id, "VC" if c.value == "CE" else "U") for c in claims]
    _, values = summary(claims, verdicts, golds)
    assert values["invented"] == values["invented_vc"] == 0.5


def test_a_repeated_value_is_judged_and_not_false():
    golds = [Gold("a", MARKS, ("CE",), "yes")]
    claims = [Claim("a", MARKS, v, n=n) for n, v in enumerate(("CE", "ce"))]
    _, values = summary(claims, [Verdict(c.id, "VC") for c in claims], golds)
    assert values["reference_gap"] == (2 - 1) / 2 and values["vc_precision"] == 1.0
    _, values = summary(claims, [Verdict(c.id, "VI") for c in claims], golds)
    assert values["vi_precision"] == 0.0


def test_units_do_not_depend_on_the_system():
    claims, verdicts, golds = worked()
    full, _ = summary(claims, verdicts, golds)
    empty, _ = summary([], [], golds)
    assert full.units == empty.units and full.groups == empty.groups
    assert {k: v.tolist() for k, v in full.slices.items()} == {
        k: v.tolist() for k, v in empty.slices.items()
    }


def test_slices_of_the_rest_are_those_of_the_item():
    claims, verdicts, golds = worked()
    matched = match(claims, golds, languages={"a": "en", "b": "vi"})
    scores = verdict_scores(claim_scores(matched), matched, claims, verdicts)
    assert scores.slices["language"].tolist() == ["en", "en", "vi", "vi", "en", "vi"]
    assert scores.slices["field"].tolist()[-2:] == ["", ""]


def test_an_item_whose_gold_is_all_partly_keeps_its_claims():
    golds = [Gold("a", BRAND, ("x",), "partly"), Gold("b", BRAND, ("y",), "yes")]
    claims = [Claim("a", BRAND, "z")]
    scores, values = summary(claims, [Verdict(claims[0].id, "VC")], golds)
    assert values["vc"] == 1.0 and values["claims_per_item"] == 0.5
    assert np.isnan(values["vc_precision"]) and scores.units[0] == f"b#{BRAND}"


def test_verdicts_of_other_claims_are_refused():
    claims, verdicts, golds = worked()
    matched = match(claims, golds)
    for wrong in (verdicts[:-1], verdicts[::-1]):
        with pytest.raises(DataError, match="one verdict for each claim, in the same order"):
            verdict_scores(claim_scores(matched), matched, claims, wrong)


SAID = st.lists(
    st.tuples(
        st.sampled_from("ab"),
        st.sampled_from([BRAND, MARKS, NOTE]),
        st.sampled_from(["x", "y", "z", None, "n/a"]),
        st.sampled_from(["VC", "VI", "U"]),
    ),
    max_size=9,
)
TRUE = st.lists(
    st.tuples(
        st.sampled_from("ab"),
        st.sampled_from([BRAND, MARKS]),
        st.lists(st.sampled_from("xyz"), max_size=2),
        st.sampled_from(["yes", "no", "partly", "not pictured"]),
    ),
    max_size=5,
)


@given(SAID, TRUE)
def test_what_must_add_up(said, true):
    claims = [Claim(item, path, value, n=i) for i, (item, path, value, _) in enumerate(said)]
    verdicts = [Verdict(c.id, label) for c, (*_, label) in zip(claims, said, strict=True)]
    golds = [Gold(item, path, tuple(values), how) for item, path, values, how in true]
    matched = match(claims, golds)
    scores = verdict_scores(claim_scores(matched), matched, claims, verdicts)
    top, bottom = scores.top, scores.bottom
    assert top["vc"] + top["vi"] + top["u"] == pytest.approx(bottom["vc"])
    of_gold = {item for item, *_ in true}
    spoken = sum(
        o != "silent" for c, o in zip(claims, matched.outcomes, strict=True) if c.item in of_gold
    )
    assert bottom["vc"].sum() == top["claims_per_item"].sum() == spoken
    assert bottom["claims_per_item"].sum() == pytest.approx(len(of_gold))
    assert (bottom["vc_precision"] <= bottom["precision"][: len(matched.units)].sum()).all()
    counts = Counter(matched.outcomes)
    assert matched.fp.sum() == counts["wrong"] + counts["repeated"] + counts["invented"]
    assert matched.tp.sum() == counts["right"] == top["precision"].sum()
    assert matched.claimed.sum() == sum(counts[o] for o in OUTCOMES if o != "unjudged")
    assert (top["reference_gap"] >= -bottom["reference_gap"]).all()
    assert (top["reference_gap"] <= bottom["reference_gap"]).all()


def test_what_should_be_low_is_declared_so():
    low = ["vi", "u", "invented", "invented_vc", "vi_per_100_items", "reference_gap", "cer"]
    assert [find_metric(m).direction for m in low] == ["lower"] * len(low)
    high = ["vc", "vc_precision", "vc_recall", "vi_precision", "vc_per_item", "line_recall"]
    assert [find_metric(m).direction for m in high] == ["higher"] * len(high)
    assert find_metric("vc_per_item").most is None and not find_metric("reference_gap").bounded


# ----- characters and lines -------------------------------------------------------------------


def test_character_errors_by_hand():
    golds = [
        Gold("a", BRAND, ("Nivea", "NIVEA MEN"), "yes"),
        Gold("a", MARKS, ("Dermatologically tested",), "yes"),
        Gold("a", MARKS, ("Vegan",), "yes"),
        Gold("a", "attributes.net_content", ("500 ml",), "yes"),
        Gold("b", BRAND, ("Dove",), "yes"),
        Gold("c", BRAND, ("Dove",), "partly"),
        Gold("d", BRAND, ("Ab",), "yes"),
    ]
    claims = [
        Claim("a", BRAND, "NlVEA"),  # one of five, beside the nearest alternative
        Claim("a", MARKS, "dermatologically  tested"),  # capitals and blanks do not count
        Claim("a", "attributes.net_content", "50 ml"),  # not a field of text
        Claim("b", BRAND, None),
        Claim("c", BRAND, "xxxx"),
        Claim("d", BRAND, "something else"),  # at most every character
    ]
    found = character_errors(claims, golds)
    assert found == {
        ("a", BRAND): (1, 5),
        ("a", MARKS): (0, 23),  # nothing was claimed for "Vegan"
        ("d", BRAND): (2, 2),
    }


def test_each_claim_stands_for_one_value():
    golds = [Gold("a", MARKS, ("abcd",), "yes"), Gold("a", MARKS, ("abxy",), "yes")]
    one = [Claim("a", MARKS, "abcx", n=0)]
    assert character_errors(one, golds) == {("a", MARKS): (1, 4)}
    two = [*one, Claim("a", MARKS, "abcd", n=1)]
    assert character_errors(two, golds) == {("a", MARKS): (0 + 2, 8)}


def test_lines_found_by_hand():
    read = ["INGREDIENTS: AQUA,", "Glycerin, Parfum", "Made in", "France"]
    assert find_lines(["Ingredients: Aqua,", "Made in France", "Best before 2027"], read) == 2
    assert find_lines(["Glycerin, Parfun"], read) == 1  # 1 of 15 letters
    assert find_lines(["Glycerol, Perfume"], read) == 0
    assert find_lines(["x"], []) == 0


def test_reading_scores_count_the_lines_of_an_item_once():
    units = [("a", BRAND), ("a", MARKS), ("b", BRAND)]
    found = reading_scores(units, {("a", BRAND): (1, 5)}, {"a": (3, 4), "b": (0, 2)})
    assert [x.tolist() for x in found["cer"]] == [[1, 0, 0], [5, 0, 0]]
    assert [x.tolist() for x in found["line_recall"]] == [[3, 0, 0], [4, 0, 2]]
    assert "line_recall" not in reading_scores(units, {}, {})
