"""A key changes with all that decides an answer, and with nothing else."""

import json
import string
import subprocess
import sys
from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skulens.chat.key import describe_parts, make_key
from skulens.errors import DataError
from skulens.protocols import Ask
from skulens.records import Image

PICTURE = Image(path="a.jpg")
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "number"}}}
FULL = Ask(
    "i", (PICTURE, "text", PICTURE), "be brief", SCHEMA, {"max_tokens": 5, "temperature": 0.5}, "t"
)
GOLDEN = {
    "d3e9ca8c4eb5457f": (Ask("i", ("hello",)), "engine", ()),
    "5583ccf6191bb8d9": (FULL, "engine", ("1" * 64, "2" * 64)),
    "2ae1b376566453e9": (Ask("i", ("\ud800 é 漢",), "\udfff"), "engine", ()),
}
"""First 16 digits. A change here means that everybody's stored replies are lost: raise
`key.VERSION`, and say so in the changelog."""

texts = st.text(st.characters(codec=None), max_size=8)
"""With lone surrogates."""
values = st.one_of(st.none(), st.booleans(), st.integers(-5, 5), texts)
schemas = st.none() | st.dictionaries(texts, values, max_size=3)
samplings = st.dictionaries(st.sampled_from(["max_tokens", "seed", "top_p"]), st.integers(0, 9))
parts = st.lists(texts | st.just(PICTURE), max_size=4).map(tuple)
questions = st.builds(Ask, texts, parts, texts, schemas, samplings, texts, texts)


def count(ask: Ask) -> int:
    return sum(p is PICTURE for p in ask.parts)


def key_of(ask: Ask, system: str = "engine") -> str:
    return make_key(ask, system, [f"{i:064}" for i in range(count(ask))])


@pytest.mark.parametrize("expected", GOLDEN)
def test_keys_stay(expected):
    ask, system, pictures = GOLDEN[expected]
    assert make_key(ask, system, pictures)[:16] == expected


def test_keys_are_those_of_another_process():
    code = (
        "from skulens.chat.key import make_key; from skulens.protocols import Ask;"
        "print(make_key(Ask('i', ('a', 'b'), schema={'x': 1, 'a': 2}, sampling={'b': 1, 'a': 2}),"
        " 'e', ()))"
    )
    env = {"PYTHONHASHSEED": "7", "PYTHONPATH": ":".join(sys.path)}
    out = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    ask = Ask("i", ("a", "b"), schema={"x": 1, "a": 2}, sampling={"a": 2, "b": 1})
    assert out.stdout.strip() == make_key(ask, "e", ()), out.stderr


@given(questions, texts, texts)
def test_id_and_stage_are_not_in_the_key(ask, name, stage):
    assert key_of(replace(ask, id=name, stage=stage)) == key_of(ask)


def told(ask: Ask, system: str) -> str:
    """All that decides an answer, written plainly; equal for equal questions only."""
    told = [
        system,
        ask.template,
        ask.system,
        [["picture"] if p is PICTURE else p for p in ask.parts],
        json.dumps(ask.schema),
        sorted(ask.sampling.items()),
    ]
    return json.dumps(told)


@given(questions, questions, texts, texts)
def test_keys_are_equal_where_the_questions_are(one, other, system, other_system):
    same = told(one, system) == told(other, other_system)
    assert (key_of(one, system) == key_of(other, other_system)) == same


@given(questions, questions)
def test_each_thing_that_matters_changes_the_key(one, other):
    for name in ("parts", "system", "schema", "sampling", "template"):
        changed = replace(one, **{name: getattr(other, name)})
        same = told(one, "e") == told(changed, "e")
        assert (key_of(one, "e") == key_of(changed, "e")) == same, name
    assert key_of(one, "e") != key_of(one, "f")


@given(st.lists(texts, min_size=1, max_size=4), st.data())
def test_where_one_text_ends_matters(words, data):
    """ "a", "b" is not "ab"; nor may a text pass for a picture."""
    joined = Ask("i", ("".join(words),))
    assert (key_of(Ask("i", tuple(words))) == key_of(joined)) == (len(words) == 1)
    sha256 = "0" * 64
    forged = Ask("i", (*words, json.dumps({"image": sha256})))
    assert key_of(forged) != make_key(Ask("i", (*words, PICTURE)), "engine", [sha256])
    assert key_of(Ask("i", (sha256,))) != make_key(Ask("i", (PICTURE,)), "engine", [sha256])


def test_pictures_and_their_order_matter():
    two = Ask("i", (PICTURE, "t", PICTURE))
    keys = {make_key(two, "e", p) for p in (["1", "2"], ["2", "1"], ["1", "1"])}
    keys.add(make_key(Ask("i", (PICTURE, PICTURE, "t")), "e", ["1", "2"]))
    assert len(keys) == 4
    assert make_key(Ask("i", (Image(path="b.jpg"),)), "e", ["1"]) == make_key(
        Ask("j", (Image(data=b"x", view="front"),)), "e", ["1"]
    )


def test_the_order_of_properties_matters_and_that_of_sampling_does_not():
    turned = {**SCHEMA, "properties": dict(reversed(SCHEMA["properties"].items()))}
    assert key_of(replace(FULL, schema=turned)) != key_of(FULL)
    turned = dict(reversed(FULL.sampling.items()))
    assert key_of(replace(FULL, sampling=turned)) == key_of(FULL)


def test_equal_numbers_are_equal():
    zero, none, one = ({"temperature": v} for v in (0, 0.0, 1.0))
    assert key_of(replace(FULL, sampling=zero)) == key_of(replace(FULL, sampling=none))
    assert key_of(replace(FULL, sampling=zero)) != key_of(replace(FULL, sampling=one))


def test_other_mappings_are_as_good_as_dicts():
    schema = MappingProxyType({"type": MappingProxyType({"a": string.digits})})
    plain = {"type": {"a": string.digits}}
    assert key_of(replace(FULL, schema=schema)) == key_of(replace(FULL, schema=plain))


@pytest.mark.parametrize("bad", [{"enum": {1, 2}}, {"x": b"bytes"}])
def test_what_is_no_json_is_named(bad):
    for ask in (replace(FULL, schema=bad), replace(FULL, sampling=bad)):
        with pytest.raises(DataError, match=r"question 'i': its schema or sampling"):
            key_of(ask)


def test_a_circle_is_named():
    schema: dict = {}
    schema["self"] = schema
    with pytest.raises(DataError, match="question 'i'"):
        key_of(replace(FULL, schema=schema))


@pytest.mark.parametrize("pictures", [[], ["1"], ["1", "2", "3"]])
def test_hashes_and_pictures_fit_together(pictures):
    with pytest.raises(DataError, match="2 pictures"):
        make_key(FULL, "e", pictures)


def test_parts_are_described_in_order():
    assert describe_parts(FULL.parts, ["1", "2"]) == [
        {"image": "1"}, {"text": "text"}, {"image": "2"}
    ]  # fmt: skip
