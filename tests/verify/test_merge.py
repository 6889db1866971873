"""What several pictures show: agreement is a witness, two trusted rivals are a doubt."""

import pytest

from skulens.claims import Evidence
from skulens.verify.facts.found import Found
from skulens.verify.facts.merge import merge

NET = "attributes.net_content"


def found(value, image="a", field=NET, confidence=0.5, **more) -> Found:
    return Found(
        field, value, evidence=(Evidence(image, "ocr", value),), confidence=confidence, **more
    )


def test_a_value_in_two_pictures_is_seen_twice():
    merged = merge([found("260 g", "a"), found("260g", "b")])
    assert [f.witness for f in merged] == ["seen twice", "seen twice"]


def test_a_value_twice_in_one_picture_is_not():
    assert [f.witness for f in merge([found("260 g"), found("260g")])] == ["", ""]


def test_a_better_witness_stays():
    merged = merge([found("260 g", "a", witness="arithmetic"), found("260 g", "b")])
    assert [f.witness for f in merged] == ["arithmetic", "seen twice"]


def test_trusted_rivals_doubt_each_other():
    merged = merge([found("260 g", confidence=0.99), found("300 g", confidence=0.99)])
    assert [f.doubt for f in merged] == [
        "the pictures also show 300 g", "the pictures also show 260 g",
    ]  # fmt: skip


def test_an_untrusted_rival_doubts_nobody_and_is_not_doubted():
    merged = merge([found("260 g", confidence=0.99), found("300 g")])
    assert [f.doubt for f in merged] == ["", ""]


def test_fields_of_several_values_have_no_rivals():
    merged = merge(
        [found(v, field="attributes.warnings", confidence=0.99) for v in ("Hot", "Sharp")]
    )
    assert [f.doubt for f in merged] == ["", ""]


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [("14 oz", "397 g", True), ("400 g", "397 g", True), ("400 g", "390 g", False),
     ("2 x 250 ml", "500 ml", True), ("500 ml", "500 g", False)],
)  # fmt: skip
def test_labels_round(first, second, same):
    merged = merge([found(first, confidence=0.99), found(second, confidence=0.99)])
    assert all(bool(f.doubt) != same for f in merged)
