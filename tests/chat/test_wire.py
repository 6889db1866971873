"""Questions as JSON, and JSON as answers."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skulens.chat.failures import CLASSES
from skulens.chat.http.wire import (
    add_nonce,
    can_echo,
    fingerprint,
    make_body,
    name_of,
    read_answer,
    sum_usage,
)
from skulens.chat.pictures import Sent
from skulens.errors import DataError
from skulens.protocols import Ask
from skulens.records import Image
from tests.chat.scripted_server import completion

SENT = Sent(b"abc", "1" * 64, "image/png", 1, 1)
OTHER = Sent(b"abd", "2" * 64, "image/png", 1, 1)


def test_parts_keep_their_order():
    ask = Ask("1", ("first", Image(data=b"x"), "between", Image(data=b"y"), "last"))
    [turn] = make_body(ask, "m", {}, [SENT, OTHER])["messages"]
    uri = "data:image/png;base64,"
    assert turn["content"] == [
        {"type": "text", "text": "first"},
        {"type": "image_url", "image_url": {"url": f"{uri}YWJj"}},
        {"type": "text", "text": "between"},
        {"type": "image_url", "image_url": {"url": f"{uri}YWJk"}},
        {"type": "text", "text": "last"},
    ]


def test_a_lone_text_is_a_string_and_instructions_come_first():
    body = make_body(Ask("1", ("hello",), system="Be brief."), "m", {"seed": 1}, [])
    assert body == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "hello"},
        ],
        "seed": 1,
    }
    assert make_body(Ask("1", ()), "m", {}, [])["messages"] == [{"role": "user", "content": ""}]


@pytest.mark.parametrize("name", ["messages", "model", "stream", "response_format", "n"])
def test_sampling_cannot_replace_the_question(name):
    with pytest.raises(DataError, match=name):
        make_body(Ask("1", ("a",), sampling={name: 1}), "m", {}, [])


def test_the_order_of_a_schema_s_properties_is_kept():
    schema = {"type": "object", "properties": {"z": {}, "a": {}, "m": {}}}
    body = make_body(Ask("1", ("a",), schema=schema), "m", {}, [])
    sent = json.loads(json.dumps(body))["response_format"]["json_schema"]["schema"]
    assert list(sent["properties"]) == ["z", "a", "m"]


@given(st.text())
def test_names_of_schemas_are_allowed(title):
    name = name_of({"title": title})
    assert 1 <= len(name) <= 64 and all(c.isalnum() or c in "_-" for c in name)
    assert name.isascii()


def test_fingerprints_tell_questions_apart_and_not_their_ids():
    asks = [
        Ask("1", ("a",)),
        Ask("1", ("b",)),
        Ask("1", ("a", "")),
        Ask("1", ("", "a")),
        Ask("1", ("a",), system="s"),
        Ask("1", ("a",), schema={}),
        Ask("1", ("a",), sampling={"seed": 1}),
    ]
    marks = [fingerprint(a, "m", []) for a in asks]
    marks += [fingerprint(asks[0], "n", []), fingerprint(asks[0], "m", [SENT])]
    marks += [fingerprint(asks[0], "m", [SENT, OTHER]), fingerprint(asks[0], "m", [OTHER, SENT])]
    assert len(set(marks)) == len(marks)
    assert fingerprint(Ask("2", ("a",), stage="x"), "m", []) == marks[0]


def test_a_nonce_comes_first_and_leaves_the_schema_alone():
    schema = {"type": "object", "properties": {"a": {}}, "required": ["a"]}
    told = add_nonce(schema, "n1")
    assert list(told["properties"]) == ["question_id", "a"]
    assert told["required"] == ["question_id", "a"] and list(schema["properties"]) == ["a"]
    assert can_echo(schema) and not can_echo(told)
    assert not can_echo(None) and not can_echo({"type": "array"})


def test_parts_of_an_answer_are_joined():
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}, "odd"]
    answer = read_answer(json.dumps(completion(parts)).encode(), None)
    assert answer.text == "ab" and answer.failure is None


@pytest.mark.parametrize(
    ("finish", "error"),
    [("stop", ""), (None, ""), ("", ""), ("length", "truncated"), ("max_tokens", "truncated"),
     ("LENGTH", "truncated"), ("content_filter", "refused"), ("SAFETY", "refused"),
     ("abort", "engine"), ("error", "engine"), ("eos", "")],
)  # fmt: skip
def test_why_a_model_stopped(finish, error):
    answer = read_answer(json.dumps(completion("text", finish)).encode(), None)
    assert (answer.failure.error if answer.failure else "") == error
    assert answer.text == "text" and answer.finish == (finish or "")


def test_a_model_that_only_reasoned_until_the_limit_was_cut():
    body = completion(None, "length", message={"reasoning_content": "hm"})
    failure = read_answer(json.dumps(body).encode(), None).failure
    assert failure is not None and failure.error == "truncated" and "reasoning" in failure.reason


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["choices", "message", "content", "finish_reason", "usage", "error", "id",
                         "refusal", "code", "text", "prompt_tokens"]), inner, max_size=4),
)  # fmt: skip


@given(st.one_of(st.binary(), json_values.map(lambda v: json.dumps(v).encode())), st.booleans())
def test_any_body_is_an_answer_or_a_failure(data, with_schema):
    answer = read_answer(data, {"type": "object"} if with_schema else None)
    if answer.failure is None:
        assert answer.text
    else:
        assert answer.failure.error in CLASSES and answer.failure.reason
    assert sum_usage([answer.raw_usage or {}]) is not None


@given(json_values.map(lambda v: {"choices": [{"message": v}]}))
def test_any_message_is_an_answer_or_a_failure(body):
    answer = read_answer(json.dumps(body).encode(), None)
    assert answer.text or answer.failure is not None


def test_usage_is_summed_over_attempts():
    raws = [
        {"prompt_tokens": 10, "completion_tokens": 4,
         "prompt_tokens_details": {"cached_tokens": 6},
         "completion_tokens_details": {"reasoning_tokens": 3}},
        {"prompt_tokens": 1, "completion_tokens": None},
    ]  # fmt: skip
    total = sum_usage(raws)
    assert total["input_tokens"] == 11 and total["output_tokens"] == 4
    assert total["cached_tokens"] == 6 and total["reasoning_tokens"] == 3
    assert sum_usage([]) == {}
