"""An answer becomes a value or an error class, whatever it is."""

import json
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skulens.chat.parse import (
    MAX_CHARS,
    MAX_DEPTH,
    find_violation,
    parse_text,
    strip_reasoning,
)

SCHEMA = {
    "type": "object",
    "properties": {
        "colour": {"type": "string", "enum": ["red", "blue"]},
        "number": {"type": ["integer", "null"]},
    },
    "required": ["colour", "number"],
    "additionalProperties": False,
}
ANY = {"type": ["object", "array", "string", "number", "boolean", "null"]}
GOOD = '{"colour": "red", "number": 3}'
VALUE = {"colour": "red", "number": 3}


def test_free_text_has_no_value_and_no_error():
    assert parse_text("anything", None) == (None, "", "")


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"\ufeff\n {GOOD}\r\n\t",
        f"```json\n{GOOD}\n```",
        f"```JSON\n{GOOD}\n```\n",
        f"```\n{GOOD}\n```",
        f"```json {GOOD}```",
        f"<think>Is it {{red}}? I say so.</think>\n\n{GOOD}",
        f"<THINK>hm</think>{GOOD}",
        f"<think></think><reasoning>more</reasoning>{GOOD}",
        f"red is likely, as {{...}}\n</think>\n```json\n{GOOD}\n```",
        f"\ufeff <thinking>x</thinking> {GOOD}",
    ],
)
def test_what_stands_around_an_answer_is_taken_off(text):
    assert parse_text(text, SCHEMA) == (VALUE, "", "")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        (" \n\ufeff", "empty"),
        ("<think>it is red, or maybe", "still reasons"),
        ("<THINK>it is red, or maybe", "still reasons"),
        (f"Sure! Here it is: {GOOD}", "prose around JSON"),
        (f"{GOOD} I hope this helps.", "Extra data"),
        (f"```json\n{GOOD}\n```\n```json\n{GOOD}\n```", "JSON"),
        ("The colour is red.", "no JSON; it begins 'The colour is red.'"),
        (GOOD[:20], "breaks off"),
        ('{"colour": "re', "breaks off"),
        ("{'colour': 'red', 'number': 3}", "no valid JSON"),
        ('{"colour": "red", "number": 3,}', "no valid JSON"),
        ('{"colour": "r\ned", "number": 3}', "control character"),
        ('{"colour": "red", "number": NaN}', "NaN"),
        ('{"colour": "red", "number": -Infinity}', "Infinity"),
        ('{"colour": "red", "number": 1e999}', "larger than any float"),
        ('{"colour": "red", "number": 3, "number": 4}', "'number' stands twice"),
        ('{"colour": "red", "number": ' + "9" * 20 + "}", "20 digits"),
        ('{"colour": "red", "number": ' + "9" * 100_000 + "}", "100,000 digits"),
        ('{"colour": "\\ud800", "number": 3}', "surrogate"),
        ('{"colour": "\ud800", "number": 3}', "surrogate"),
        ('{"\\uDC00": 1}', "surrogate"),
        ("[" * 1000 + "]" * 1000, "within one another"),
        ("[" * 1_000_000, "within one another"),
        ('{"a":' * 400_000, "within one another"),
        ("x" * (MAX_CHARS + 1), "2,000,001 characters"),
    ],
    ids=range(26),
)
def test_what_is_no_json_is_named(text, says):
    value, error, reason = parse_text(text, SCHEMA)
    assert (value, error) == (None, "invalid_json")
    assert says in reason
    assert len(reason) < 300
    reason.encode()  # it can be stored


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"colour": "green", "number": 3}', "$.colour"),
        ('{"colour": "red"}', "'number' is a required property"),
        ('{"colour": "red", "number": 3, "size": 1}', "'size' was unexpected"),
        ('{"colour": "red", "number": "3"}', "$.number"),
        ('{"colour": "red", "number": true}', "$.number"),
        ("[]", "$: [] is not of type 'object'"),
        ("null", "$: None is not of type 'object'"),
        ('"red"', "$"),
        ('{"colour": "' + "x" * 100_000 + '", "number": 1}', "$.colour"),
    ],
)
def test_json_that_breaks_the_schema_is_named(text, says):
    value, error, reason = parse_text(text, SCHEMA)
    assert (value, error) == (None, "schema_violation")
    assert says in reason
    assert len(reason) < 300


def test_a_surrogate_pair_and_other_letters_are_fine():
    text = '{"a": "\\ud83d\\ude00 \\u0000 é ไทย 漢"}'
    value, error, _ = parse_text(text, ANY)
    assert error == ""
    assert value == {"a": "😀 \0 é ไทย 漢"}


def test_depth_is_bounded_where_it_can_be_stored():
    inside = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    assert parse_text(inside, ANY)[1] == ""
    assert parse_text(f"[{inside}]", ANY)[1] == "invalid_json"
    many = json.dumps([[]] * 1000)  # many brackets, none deep
    assert parse_text(many, ANY)[1] == ""


def test_integers_of_64_bits_pass():
    for digits in ("9223372036854775807", "-9223372036854775808", "0", "-0"):
        assert parse_text(digits, ANY) == (int(digits), "", "")


def test_tags_inside_a_value_are_kept():
    text = '{"a": "<think>x</think> and </think>"}'
    assert parse_text(text, ANY)[0] == {"a": "<think>x</think> and </think>"}
    assert parse_text('{"a": "ends </think> here"}', ANY)[0] == {"a": "ends </think> here"}
    assert parse_text('"</think>1"', ANY)[0] == "</think>1"


def test_reasoning_is_taken_off_free_text_too():
    assert strip_reasoning("<think>hm {}</think>\n\nA red shirt.") == "A red shirt."
    assert strip_reasoning("A red shirt.") == "A red shirt."
    assert strip_reasoning("so it is red</think>A red shirt.") == "A red shirt."
    assert strip_reasoning("say <think>x</think> aloud") == "say <think>x</think> aloud"
    assert strip_reasoning("<think>endless") == ""


def test_a_huge_array_ends_at_its_bound():
    """Were its million items looked at first, this would take minutes."""
    items = {"type": "array", "items": {"type": "string", "maxLength": 5}, "maxItems": 3}
    schema = {"type": "object", "properties": {"items": items}}
    seen = []

    class Watched(str):
        def __len__(self):
            seen.append(1)
            return 1

    assert find_violation({"items": [Watched("b")] * 3}, schema) == ""
    assert len(seen) == 3
    assert "$.items" in find_violation({"items": [Watched("b")] * 50}, schema)
    assert len(seen) == 3
    assert parse_text(json.dumps({"items": ["a"] * 300_000}), schema)[1] == "schema_violation"


def test_a_violation_can_always_be_stored():
    for value in ({"a": "\ud800"}, {"\ud800": "a"}, {"x" * 10_000: "a"}):
        said = find_violation(value, {"additionalProperties": {"enum": ["x"]}})
        assert "is not one of ['x']" in said
        assert len(said.encode()) < 300


def test_a_schema_that_cannot_be_applied_breaks_nothing():
    for schema in (
        {"$ref": "http://127.0.0.1:9/nowhere.json"},
        {"type": "strange"},
        {"pattern": "("},
        {"multipleOf": 0},
        {"maxLength": "x"},
    ):
        _, error, reason = parse_text("12", schema)
        if not error:  # the keyword says nothing of a number
            _, error, reason = parse_text('"12"', schema)
        assert error == "schema_violation", schema
        assert "cannot be applied" in reason


def test_a_changed_schema_is_compiled_anew():
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    assert parse_text('{"a": "x"}', schema)[1] == ""
    schema["properties"]["a"]["type"] = "integer"
    assert parse_text('{"a": "x"}', schema)[1] == "schema_violation"


def test_a_mapping_that_is_no_dict_is_a_schema():
    from types import MappingProxyType

    assert parse_text('"x"', MappingProxyType({"type": "string"})) == ("x", "", "")
    assert parse_text("1", MappingProxyType({"type": "string"}))[1] == "schema_violation"


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**62), 2**62)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text(string.ascii_letters, max_size=5), inner, max_size=5)
    ),
    max_leaves=30,
)


@given(VALUES, st.booleans(), st.sampled_from(["", "```json\n", "<think>a {b</think>"]))
@settings(max_examples=200, deadline=None)
def test_every_value_comes_back_as_it_was(value, escaped, around):
    text = json.dumps(value, ensure_ascii=escaped)
    text = f"{around}{text}\n```" if around.startswith("`") else around + text
    assert parse_text(text, ANY) == (value, "", "")


@given(st.text(max_size=60) | st.text('{}[]",:0123456789.eE-+\\u`<>/thinkd \n', max_size=60))
@settings(max_examples=500, deadline=None)
def test_no_text_breaks_the_parser(text):
    value, error, reason = parse_text(text, SCHEMA)
    assert error in ("", "invalid_json", "schema_violation")
    assert (error == "") == (reason == "")
    assert error == "" or value is None
    reason.encode()


@given(VALUES)
@settings(max_examples=100, deadline=None)
def test_a_value_cut_anywhere_is_never_taken_for_whole(value):
    text = json.dumps({"a": value})
    for cut in range(1, len(text)):
        assert parse_text(text[:cut], ANY)[1] == "invalid_json"
