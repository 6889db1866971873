"""What a server's no means, and that no key is ever repeated."""

import email.utils
import json
import logging
import traceback
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skulens.chat.failures import ABOUT, CLASSES, TRANSIENT, Failure, judge_picture
from skulens.chat.http.errors import judge_status, read_complaint, read_wait
from skulens.chat.http.redaction import MASK, Redactor
from skulens.errors import ChatError, PictureError
from skulens.protocols import Ask, ErrorClass
from skulens.records import Image
from tests.chat.scripted_server import MODEL, Say, complaint, completion, serve


def test_ten_classes_and_a_sentence_on_each():
    assert len(CLASSES) == 10 and set(CLASSES) == set(get_args(ErrorClass)) - {""}
    assert set(ABOUT) == set(CLASSES) and set(CLASSES) > TRANSIENT


OPENAI_IMAGE = "You uploaded an unsupported image. Please make sure your image is valid."
VLLM_LONG = (
    "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens "
    "(4500 in the messages, 500 in the completion). Please reduce the length of the messages."
)
VLLM_IMAGES = "At most 1 image(s) may be provided in one prompt."
TGI_LONG = "`inputs` tokens + `max_new_tokens` must be <= 2048. Given: 3000 `inputs` tokens"
AZURE = "The response was filtered due to the prompt triggering Azure's content management policy."
CACHE = "The image item with length 9000 exceeds the pre-allocated encoder cache size 2048"


@pytest.mark.parametrize(
    ("status", "message", "more", "error", "again"),
    [
        (400, OPENAI_IMAGE, {"code": "invalid_image"}, "image_corrupt", "no"),
        (400, "cannot identify image file <_io.BytesIO object at 0x7f>", {}, "image_corrupt", "no"),
        (400, "Failed to load image: image file is truncated", {}, "image_corrupt", "no"),
        (500, "cannot identify image file <_io.BytesIO object>", {}, "image_corrupt", "no"),
        (400, "Invalid base64 image_url.", {}, "image_corrupt", "no"),
        (400, VLLM_IMAGES, {}, "too_many_images", "no"),
        (400, "Too many images in request. Maximum is 50.", {}, "too_many_images", "no"),
        (400, CACHE, {}, "too_many_images", "no"),
        (413, "Request Entity Too Large", {}, "too_many_images", "no"),
        (400, VLLM_LONG, {}, "truncated", "no"),
        (422, TGI_LONG, {"type": "validation"}, "truncated", "no"),
        (400, "", {"code": "context_length_exceeded"}, "truncated", "no"),
        (400, "the request exceeds the available context size", {}, "truncated", "no"),
        (400, AZURE, {"code": "content_filter"}, "refused", "no"),
        (400, "Your input was flagged by our safety system", {}, "refused", "no"),
        (403, "Your chosen model requires moderation: flagged", {}, "refused", "no"),
        (400, "something else", {}, "engine", "no"),
        (422, "something else", {}, "engine", "no"),
        (418, "I am a teapot", {}, "engine", "no"),
        (408, "", {}, "transport", "often"),
        (409, "", {}, "engine", "often"),
        (425, "", {}, "engine", "often"),
        (429, "Rate limit reached for requests", {}, "rate_limit", "often"),
        (500, "Internal Server Error", {}, "engine", "often"),
        (502, "", {}, "engine", "often"),
        (503, "Loading model", {}, "engine", "often"),
        (504, "", {}, "engine", "often"),
        (529, "overloaded", {}, "engine", "often"),
    ],
)
def test_the_message_decides_the_class(status, message, more, error, again):
    failure = judge_status(status, complaint(message, **more), {}, pictures=True)
    assert (failure.error, failure.again, failure.hopeless) == (error, again, False)
    assert failure.status == status and str(status) in failure.reason
    assert failure.congested == (status in (429, 503, 529))
    assert failure.unreachable == (status in (502, 503, 504))


@pytest.mark.parametrize(
    ("status", "body", "about"),
    [
        (401, complaint("Incorrect API key provided"), ""),
        (403, complaint("Country not supported"), ""),
        (402, complaint("Insufficient Balance"), ""),
        (404, complaint("The model `x` does not exist"), ""),
        (404, b"<html>Not Found</html>", ""),
        (405, b'{"detail": "Method Not Allowed"}', ""),
        (307, b"", ""),
        (400, complaint("invalid model ID"), ""),
        (400, complaint("model: x not found"), ""),
        (429, complaint("You exceeded your current quota", code="insufficient_quota"), ""),
        (429, complaint("check your plan and billing details"), ""),
        (400, complaint("Invalid schema for response_format 'a': minLength"), "schema"),
        (400, complaint("xgrammar does not support this"), "schema"),
        (400, complaint("Unsupported parameter: 'seed'", code="unsupported_parameter"), "sampling"),
        (422, complaint("Unexpected fields: {'top_k'}"), "sampling"),
        (400, complaint("Qwen/Qwen2 is not a multimodal model"), "pictures"),
        (500, complaint("image input is not supported - hint: mmproj"), "pictures"),
    ],
)
def test_what_would_fail_every_question_is_hopeless(status, body, about):
    failure = judge_status(status, body, {}, pictures=True)
    assert failure.hopeless and failure.about == about


def test_a_quota_that_comes_back_is_a_rate_limit():
    google = [{"error": {"code": 429, "message": (
        "You exceeded your current quota, please check your plan and billing details. "
        "Please retry in 34.5s.")}}]  # fmt: skip
    failure = judge_status(429, google, {})
    assert not failure.hopeless and failure.wait_s == 34.5


def test_without_pictures_nothing_is_about_pictures():
    failure = judge_status(413, b"", {}, pictures=False)
    assert failure.error == "truncated"
    assert judge_status(400, complaint("an invalid image of the world"), {}).error == "engine"


def test_the_other_name_of_the_limit_is_recognised():
    words = (
        "Unsupported parameter: 'max_tokens' is not supported with this model. "
        "Use 'max_completion_tokens' instead."
    )
    failure = judge_status(400, complaint(words, code="unsupported_parameter"), {})
    assert failure.rename_limit and not failure.hopeless


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error": {"message": "no"}}', "no"),
        (b'{"object": "error", "message": "no", "code": 400}', "no"),
        (b'{"detail": [{"msg": "no"}]}', '[{"msg": "no"}]'),
        (b'{"error": "no"}', "no"),
        (b"<h1>no</h1>", " no "),
        (b"no", "no"),
        (b"", ""),
        (b"\xff", "\ufffd"),
        (b"null", ""),
        (b"[]", "[]"),
        (b"[" * 100_000, "[" * 10_000),
        (b"<" * 1_000_000, "<" * 10_000),
    ],
)
def test_complaints_of_all_shapes_are_read(body, message):
    assert read_complaint(body).message == message


@given(
    st.integers(300, 599),
    st.one_of(st.binary(max_size=200), st.recursive(
        st.none() | st.booleans() | st.text(max_size=20) | st.integers(),
        lambda inner: st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["error", "message", "code", "x"]), inner, max_size=3),
    )),
    st.dictionaries(st.sampled_from(["Retry-After", "retry-after-ms", "location"]), st.text()),
    st.booleans(),
)  # fmt: skip
def test_any_refusal_has_a_class_and_a_reason(status, body, headers, pictures):
    failure = judge_status(status, body, headers, pictures)
    assert failure.error in CLASSES and str(status) in failure.reason
    assert failure.wait_s is None or failure.wait_s >= 0
    assert len(failure.reason) < 1000 or "location" in headers


@pytest.mark.parametrize(
    ("headers", "message", "wait_s"),
    [
        ({"Retry-After": "3"}, "", 3.0),
        ({"retry-after": "2.5"}, "", 2.5),
        ({"Retry-After": "0"}, "", 0.0),
        ({"retry-after-ms": "250", "retry-after": "9"}, "", 0.25),
        ({"Retry-After": email.utils.formatdate(1060, usegmt=True)}, "", 60.0),
        ({"Retry-After": email.utils.formatdate(900, usegmt=True)}, "", 0.0),
        ({"Retry-After": "-5"}, "", None),
        ({"Retry-After": "soon"}, "", None),
        ({"Retry-After": "1e400"}, "", None),
        ({"Retry-After": "nan"}, "", None),
        ({}, "Please try again in 1.2s.", 1.2),
        ({}, "Please try again in 6m0s.", 360.0),
        ({}, "Please try again in 20ms.", 0.02),
        ({}, "Try again later.", None),
        ({}, "", None),
    ],
)
def test_how_long_to_wait_is_read(headers, message, wait_s):
    assert read_wait(headers, message, now=1000.0) == wait_s


def test_pictures_are_missing_or_corrupt(tmp_path):
    there = tmp_path / "a.jpg"
    there.write_bytes(b"x")
    assert judge_picture(Image(path=str(there)), PictureError("bad")).error == "image_corrupt"
    there.unlink()
    gone = judge_picture(Image(path=str(there)), PictureError("there is no such file"))
    assert gone == Failure("image_missing", f"{there}: there is no such file")
    assert judge_picture(Image(data=b"x"), PictureError("bad")).error == "image_corrupt"


# ----- no key is repeated -----------------------------------------------------------------------

KEY = 'sk-Sec/ret+Key"0123=456789'
PARTS = ("sk-Sec", "ret+Key", "0123=4567", "c2stU2Vj", "Key%220123")
"""What would give the key away, in plain, quoted or base64 form."""


def is_clean(text: str) -> bool:
    return not any(p in text for p in PARTS)


def see_everything(error: BaseException) -> str:
    """All that a traceback, a debugger or a logger may show of an exception."""
    seen, waiting = [], [error]
    while waiting:
        e = waiting.pop()
        seen += [*traceback.format_exception(e), repr(e), str(e), repr(e.args), repr(vars(e))]
        waiting += [x for x in (e.__cause__, e.__context__) if x is not None]
    return "\n".join(seen)


@pytest.fixture
def records(caplog):
    for name in ("openai", "httpx", "httpx2", "httpcore", "httpcore2", "asyncio"):
        caplog.set_level(logging.DEBUG, name)
    return caplog


def told(request) -> dict:
    return {"headers": request.headers, "quoted": "sk-Sec%2Fret%2BKey%220123%3D456789"}


ECHO = {"X-Echo": f"Bearer {KEY}"}
SAID = {
    "401": lambda r: Say(complaint(f"Incorrect key {KEY}", **told(r)), 401, ECHO),
    "400": lambda r: Say(complaint(f"odd: {r.headers['authorization']}"), 400, ECHO),
    "404": lambda r: Say(complaint(f"no such model for {KEY}", code="model_not_found"), 404),
    "500": lambda r: Say(complaint(json.dumps(told(r))), 500, ECHO),
    "429": lambda r: Say(complaint(f"slow down, {KEY}"), 429, ECHO),
    "text": lambda r: Say(completion(f"your key is {KEY}"), headers=ECHO),
    "usage": lambda r: Say(completion(usage={"prompt_tokens": 1, "key": KEY}), headers=ECHO),
    "html": lambda r: Say(f"<html>{KEY}</html>".encode(), headers=ECHO),
    "json": lambda r: Say(completion(json.dumps({"a": KEY})), headers=ECHO),
    "finish": lambda r: Say(completion("a", KEY), headers=ECHO),
    "id": lambda r: Say(completion(id=f"skulens-0123456789abcdef-{KEY}"), headers=ECHO),
    "cut": lambda r: Say(completion(KEY), headers=ECHO, keep=0.9),
    "end of a quote": lambda r: Say(complaint("x" * 290 + KEY), 400),
    "end of a cut": lambda r: Say(b"x" * 70 + KEY.encode()),
    "redirect": lambda r: Say(b"", 302, {"Location": f"http://u:{KEY}@a/v1"}),
}


@pytest.mark.parametrize("said", SAID)
def test_a_key_is_in_no_reply_message_record_or_repr(said, records, monkeypatch):
    openai = pytest.importorskip("skulens.chat.openai")
    monkeypatch.setenv("A_KEY", KEY)
    schema = {"type": "object"} if said == "json" else None
    with serve(SAID[said]) as server:
        engine = openai.OpenAIChat(MODEL, server.url, key_env="A_KEY", attempts=2, wait_s=0.001)
        shown = [repr(engine), repr(engine.info), str(engine.info.about)]
        try:
            shown += [repr(r) for r in engine.ask([Ask("1", ("hello",), schema=schema)])]
        except ChatError as e:
            shown.append(see_everything(e))
        assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    shown += [f"{r.getMessage()} {r.args} {r.msg}" for r in records.records]
    assert records.records, "the client logs nothing: this test sees nothing"
    assert [text for text in shown if not is_clean(text)] == []


def test_a_key_is_in_no_message_at_the_door(records, monkeypatch):
    openai = pytest.importorskip("skulens.chat.openai")
    monkeypatch.setenv("A_KEY", KEY)
    for models in (
        Say(complaint(f"bad key {KEY}"), 401, ECHO),
        Say(complaint(f"bad key {KEY}"), 403, ECHO),
        Say({"data": [{"id": f"model-{KEY}"}]}, headers=ECHO),
        Say(f"<html>{KEY}".encode(), headers=ECHO),
        Say(b"", 302, {"Location": f"http://u:{KEY}@a/v1"}),
        Say(hang_up=True),
    ):
        with serve(completion(), models) as server, pytest.raises(ChatError) as caught:
            list(openai.OpenAIChat(MODEL, server.url, key_env="A_KEY").ask([Ask("1", ("a",))]))
        seen = see_everything(caught.value)
        assert [line for line in seen.splitlines() if not is_clean(line)] == []
    said = [f"{r.getMessage()} {r.args}" for r in records.records]
    assert [text for text in said if not is_clean(text)] == []


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("http://me:pass@host/v1", f"http://{MASK}@host/v1"),
        ("Authorization: Bearer abc123", f"Authorization: Bearer {MASK}"),
        ("{'authorization': 'Bearer abc123'}", f"{{'authorization': 'Bearer {MASK}'}}"),
        ("key sk-abcdefghijklmnop is wrong", f"key sk-{MASK} is wrong"),
        ('{"api_key": "abc"}', f'{{"api_key": "{MASK}"}}'),
        ("Bearer authentication is needed", "Bearer authentication is needed"),
        ("mail me@host.com", "mail me@host.com"),
        ("a plain sentence", "a plain sentence"),
    ],
)
def test_what_looks_like_a_secret_is_masked(text, clean):
    assert Redactor().clean(text) == clean


def test_every_form_of_a_key_is_masked():
    key = 'Sec/ret+K"ey0123=456789'
    redactor = Redactor(key)
    base64_form = "U2VjL3JldCtLImV5MDEyMz00NTY3ODk="
    for form in (key, "Sec%2Fret%2BK%22ey0123%3D456789", 'Sec/ret+K\\"ey0123=456789', base64_form):
        assert redactor.clean(f"a {form} b") == redactor.mask(f"a {form} b") == f"a {MASK} b"
        assert redactor.clean_bytes(f"a {form} b".encode()) == f"a {MASK} b".encode()


def test_short_keys_are_masked_behind_bearer_alone():
    redactor = Redactor("abc")
    assert redactor.clean("abc, Bearer abc") == f"abc, Bearer {MASK}"
    assert redactor.clean_bytes(b"abc") == b"abc"


@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8), st.text(), st.text()
)
def test_no_key_survives(key, before, after):
    redactor = Redactor(key)
    assert (
        key not in redactor.clean_bytes((before + key + after).encode("utf-8", "replace")).decode()
    )
