"""A claim gets one verdict, from the first verifier that is sure; a reading never proves itself."""

import pytest

from skulens.claims import Claim, Code, Evidence, Seen, Verdict
from skulens.errors import DataError
from skulens.verify.chain import by_item, verify_claims
from skulens.verify.checks.judge import judge
from skulens.verify.facts.found import CLEAR, Found, is_trusted
from tests.extract.pictures_with_text import line

QUAD = (0.0, 0.0, 9.0, 0.0, 9.0, 9.0, 0.0, 9.0)
OTHER_QUAD = (0.0, 50.0, 9.0, 50.0, 9.0, 59.0, 0.0, 59.0)
FIELD = "attributes.origin"


def reading(value="France", quad=QUAD, confidence=0.5, **more) -> Found:
    evidence = (Evidence("sha", "ocr", value, quad),)
    return Found(FIELD, value, evidence=evidence, confidence=confidence, **more)


def claim(value="France", own=False, field=FIELD) -> Claim:
    evidence = (Evidence("sha", "ocr", str(value), QUAD),) if own else ()
    return Claim("item", field, value, evidence=evidence)


class Says:
    """A verifier with a prepared answer."""

    def __init__(self, label, confident, fields=("attributes.",), name="says/1"):
        self.answer, self.fields, self.name, self.asked = (label, confident), fields, name, []

    def verify(self, claims, seen):
        self.asked += [c.value for c in claims]
        label, confident = self.answer
        return [Verdict(c.id, label, "", self.name, confident) for c in claims]


def test_the_first_confident_verifier_decides():
    unsure, sure, late = (
        Says("U", False, name="a/1"),
        Says("VC", True, name="b/1"),
        Says("VI", True),
    )
    (verdict,) = verify_claims([claim()], Seen("item"), [unsure, sure, late])
    assert (verdict.label, verdict.verifier, late.asked) == ("VC", "b/1", [])


def test_an_undecided_claim_is_left_for_the_judge():
    first, second = Says("U", False, name="a/1"), Says("U", False, name="b/1")
    (verdict,) = verify_claims([claim()], Seen("item"), [first, second])
    assert (verdict.label, verdict.confident, verdict.verifier) == ("U", False, "a/1")


def test_a_verifier_sees_only_fields_that_it_understands():
    other = Says("VC", True, fields=("identifiers.gtin",))
    (verdict,) = verify_claims([claim()], Seen("item"), [other])
    assert (verdict.label, verdict.confident, other.asked) == ("U", False, [])


def test_a_claim_of_nothing_is_neither_asked_nor_decided():
    sure = Says("VC", True)
    verdicts = verify_claims([claim(None), claim()], Seen("item"), [sure])
    assert [v.label for v in verdicts] == ["U", "VC"]
    assert sure.asked == ["France"]


def test_verdicts_keep_the_order_of_claims_and_their_ids():
    claims = [claim("France"), claim("Italy"), claim("Spain")]
    verdicts = verify_claims(claims, Seen("item"))
    assert [v.claim for v in verdicts] == [c.id for c in claims]


def test_claims_of_another_item_are_refused():
    with pytest.raises(DataError, match="'other'.*expected 'item'"):
        verify_claims([Claim("other", FIELD, "France")], Seen("item"))


def test_claims_are_grouped_by_item_in_order():
    claims = [Claim("b", FIELD, "1"), Claim("a", FIELD, "2"), Claim("b", FIELD, "3")]
    assert [(i, [c.value for c in cs]) for i, cs in by_item(claims)] == [
        ("b", ["1", "3"]),
        ("a", ["2"]),
    ]


# ----- the rule of trust ----------------------------------------------------------------------


def test_a_reading_supports_the_claim_of_somebody_else():
    assert judge(claim(), [reading()], "v/1").label == "VC"


def test_a_reading_does_not_support_the_claim_that_was_made_from_it():
    verdict = judge(claim(own=True), [reading()], "v/1")
    assert (verdict.label, verdict.confident) == ("U", False)
    assert verdict.evidence


def test_another_reading_supports_a_reader_s_own_claim():
    assert judge(claim(own=True), [reading(), reading(quad=OTHER_QUAD)], "v/1").label == "VC"


@pytest.mark.parametrize("more", [{"confidence": CLEAR}, {"witness": "second reader"}])
def test_a_clear_or_witnessed_reading_supports_its_own_claim(more):
    verdict = judge(claim(own=True), [reading(**more)], "v/1")
    assert (verdict.label, verdict.sub) == ("VC", "ocr")


def test_a_doubted_reading_supports_nobody():
    doubted = reading(confidence=1.0, witness="arithmetic", doubt="kJ and kcal disagree")
    assert judge(claim(), [doubted], "v/1").label == "U"
    assert judge(claim("Italy"), [doubted], "v/1", contradicts=True).label == "U"


def test_identifiers_need_a_witness_however_clear_the_line():
    clear = Found("identifiers.lot", "L1", confidence=1.0)
    assert not is_trusted(clear)
    assert is_trusted(Found("identifiers.lot", "L1", confidence=0.3, witness="second reader"))


def test_only_a_trusted_value_contradicts_and_only_where_a_field_allows_it():
    trusted = reading(confidence=0.99)
    assert judge(claim("Italy"), [trusted], "v/1").label == "U"
    verdict = judge(claim("Italy"), [trusted], "v/1", contradicts=True)
    assert (verdict.label, verdict.sub) == ("VI", "contradicted")
    assert judge(claim("Italy"), [reading()], "v/1", contradicts=True).label == "U"


def test_a_field_that_no_picture_shows_is_not_pictured():
    verdict = judge(claim(), [], "v/1", contradicts=True)
    assert (verdict.label, verdict.sub, verdict.confident) == ("U", "not_pictured", False)


# ----- words of any field ---------------------------------------------------------------------


def seen(*texts: str) -> Seen:
    lines = [line(text, row) for row, text in enumerate(texts)]
    return Seen("item", lines={"sha": lines}, sizes={"sha": (400, 300)})


def word_claim(value: str, field: str = "attributes.scent") -> Claim:
    return Claim("item", field, value)


@pytest.mark.parametrize(
    ("value", "printed", "label"),
    [
        ("Lavender", ["Soft LAVENDER scent"], "VC"),
        ("Cotton candy", ["cotton", "candy"], "VC"),
        ("men's", ["women's shirt"], "U"),
        ("red", ["red shirt"], "U"),
        ("Hand wash only", ["Hand vash only"], "VC"),
        ("Wash at 30 degrees", ["Wash at 60 degrees"], "U"),
        ("Lavender", ["Lemon"], "U"),
        ("Propylene glycol", ["Dipropylene glycol"], "U"),
        ("Propylene glycol", ["contains propy1ene glycol"], "U"),
        ("Propylene glycol", ["contains propyiene glycol"], "VC"),
    ],
)
def test_words_are_found_whole_and_digits_exactly(value, printed, label):
    (verdict,) = verify_claims([word_claim(value)], seen(*printed))
    assert verdict.label == label
    assert bool(verdict.evidence) == (label == "VC")


def test_lists_are_left_to_their_own_verifier():
    claims = [word_claim("Glycol", "attributes.ingredients"), word_claim("Glycol")]
    verdicts = verify_claims(claims, seen("Propylene glycol base"))
    assert [v.label for v in verdicts] == ["U", "VC"]


def test_quantities_are_not_looked_for_as_words():
    (verdict,) = verify_claims([word_claim("1000 W", "attributes.power")], seen("Art. 1000 W"))
    assert verdict.label == "U"


# ----- retail codes ---------------------------------------------------------------------------


def bars(text: str, gtin: str, sure: bool = True) -> Seen:
    code = Code(text, "EAN-13", QUAD, gtin, looks=3, sure=sure)
    return Seen("item", bars={"sha": [code]}, sizes={"sha": (10, 10)})


def gtin_claim(value: str) -> Claim:
    return Claim("item", "identifiers.gtin", value)


def test_decoded_bars_prove_and_refute():
    shown = bars("4006381333931", "04006381333931")
    verdicts = verify_claims(
        [gtin_claim("04006381333931"), gtin_claim("5000159407236"), gtin_claim("4006381333932")],
        shown,
    )
    assert [(v.label, v.sub) for v in verdicts] == [
        ("VC", ""), ("VI", "contradicted"), ("VI", "malformed"),
    ]  # fmt: skip


def test_bars_that_are_not_sure_prove_nothing():
    shown = bars("4006381333931", "04006381333931", sure=False)
    verdicts = verify_claims([gtin_claim("4006381333931"), gtin_claim("5000159407236")], shown)
    assert [v.label for v in verdicts] == ["U", "U"]
