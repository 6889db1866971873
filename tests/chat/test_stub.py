"""The stub: it answers validly, and fails exactly as its table says."""

import asyncio
import base64
import contextlib
import http.client
import io
import itertools
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
from collections import Counter

import jsonschema
import PIL.Image
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from skulens.chat.checks.canary_pictures import draw_canary, make_canary
from skulens.chat.failures import CLASSES
from skulens.chat.parse import parse_text
from skulens.chat.stub import app
from skulens.chat.stub.answer import Answer
from skulens.chat.stub.answers import read_rules
from skulens.chat.stub.app import Stub, StubSettings
from skulens.chat.stub.faults import ALL, FAULTS, Chooser, Fault
from skulens.chat.stub.patterns import draw_match
from skulens.chat.stub.pictures import Eyes
from skulens.chat.stub.question import Refusal, read_question
from skulens.chat.stub.running import THREAD, running_stub
from skulens.chat.stub.schema_values import draw_value
from skulens.chat.stub.usage import count_tokens
from skulens.cli import skulens
from skulens.errors import ChatError, DataError, MissingDependency, UnknownName
from skulens.protocols import Ask, Reply
from skulens.records import SystemInfo

SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 40},
        "price": {"type": "number", "minimum": 0},
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 30},
    },
    "required": ["name", "price", "tags"],
    "additionalProperties": False,
}


def png(colour=(200, 10, 10), size=(64, 48)) -> str:
    out = io.BytesIO()
    PIL.Image.new("RGB", size, colour).save(out, "PNG")
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"


def body_of(text, schema=None, pictures=(), system="", **more) -> dict:
    content: object = text
    if pictures:
        shown = [{"type": "image_url", "image_url": {"url": p}} for p in pictures]
        content = [*shown, {"type": "text", "text": text}]
    messages = [{"role": "system", "content": system}] if system else []
    body = {"model": "stub", "messages": [*messages, {"role": "user", "content": content}]}
    if schema is not None:
        wanted = {"name": "answer", "strict": True, "schema": schema}
        body["response_format"] = {"type": "json_schema", "json_schema": wanted}
    return body | more


IDS = itertools.count()


class Client:
    """One connection, opened anew where the stub closed it; strict about what it gets."""

    def __init__(self, url: str, patience_s: float = 20.0):
        self.place = urllib.parse.urlparse(url)
        self.patience_s = patience_s

    def post(self, body: dict, **headers: str) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = http.client.HTTPConnection(
            str(self.place.hostname), self.place.port, timeout=self.patience_s
        )
        with contextlib.closing(connection):
            path = f"{self.place.path}/chat/completions"
            connection.request("POST", path, json.dumps(body), headers)
            response = connection.getresponse()
            return response.status, response.headers, response.read()

    def get(self, path: str, **headers: str) -> tuple[int, dict]:
        connection = http.client.HTTPConnection(
            str(self.place.hostname), self.place.port, timeout=self.patience_s
        )
        with contextlib.closing(connection):
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())

    def say(self, body: dict, **headers: str) -> str:
        """The text of an answer that must be whole."""
        status, _, data = self.post(body, **headers)
        assert status == 200, data
        return json.loads(data)["choices"][0]["message"]["content"]

    def judge(self, body: dict) -> str:
        """The error class of one attempt as extraction.md 4.2 has it, "ends" where a run should
        stop; written beside the engine's own, which the stub tests."""
        mine = f"id-{next(IDS)}"
        try:
            status, headers, data = self.post(body, **{"X-Request-Id": mine})
        except (OSError, http.client.HTTPException):
            return "transport"
        if status != 200:
            message = json.loads(data)["error"]["message"]
            if status in (401, 404):
                return "ends"
            if status == 400:
                many = message.startswith("At most")
                return "too_many_images" if many else "image_corrupt"
            return "rate_limit" if status == 429 else "engine"
        try:
            answer = json.loads(data)
            choice = answer["choices"][0]
        except (ValueError, LookupError):
            return "engine"
        if headers["X-Request-Id"] != mine or answer["id"] != f"chatcmpl-{mine}":
            return "engine"
        message, finish = choice["message"], choice["finish_reason"]
        if message.get("refusal") or finish == "content_filter":
            return "refused"
        if finish == "length":
            return "truncated"
        if message["content"] is None:
            return "engine"
        wanted = body.get("response_format")
        text = re.sub(r"\bNaN\b", "not JSON", message["content"])  # RFC 8259 has no NaN
        return parse_text(text, wanted and wanted["json_schema"]["schema"])[1]


def question_for(fault: Fault, i: int = 0) -> dict:
    """One that can meet the fault."""
    schema = SCHEMA if fault.needs == "schema" else None
    pictures = [png((i % 256, 0, 0))] if fault.needs == "picture" else []
    return body_of(f"question {i}", schema, pictures, max_tokens=400)


# ----- faults ---------------------------------------------------------------------------------


LASTING = [f for f in FAULTS.values() if not f.transient and f.name not in ("cut_once",)]
QUIET = {"wrong_picture", "drop_lists"}
"""Nothing in one answer shows them."""


@pytest.mark.parametrize("fault", [f for f in FAULTS.values() if f.transient], ids=lambda f: f.name)
def test_transient_faults_pass_after_one_or_two_attempts(fault):
    with running_stub(StubSettings(faults={fault.name: 1.0}, slow_s=0.01, hang_s=0.05)) as url:
        client = Client(url)
        client.judge(body_of("another question, so that its answer can be mixed up"))
        lasted = set()
        for i in range(8):
            seen = [client.judge(question_for(fault, i)) for _ in range(4)]
            spoiled = 4 if fault.error == "" else seen.index("")
            lasted.add(spoiled)
            assert seen == [fault.error] * spoiled + [""] * (4 - spoiled)
        given = client.get("/stats")[1]["faults"][fault.name]
    assert lasted == ({4} if fault.error == "" else {1, 2})
    assert 8 < given < 20


@pytest.mark.parametrize("fault", LASTING, ids=lambda f: f.name)
def test_the_other_faults_last(fault):
    expected = "ends" if fault.ends_run and fault.name not in QUIET else fault.error
    with running_stub(StubSettings(faults={fault.name: 1.0})) as url:
        client = Client(url)
        for i in range(3):
            assert [client.judge(question_for(fault, i)) for _ in range(4)] == [expected] * 4
        given = client.get("/stats")[1]["faults"]
    assert given == {fault.name: 12}


def test_every_fault_has_a_known_class_and_all_classes_have_a_fault():
    got = {f.error for f in FAULTS.values()}
    # image_missing is found before anything is sent.
    assert got == {"", *CLASSES} - {"image_missing"}
    assert all(name == fault.name and fault.about for name, fault in FAULTS.items())


def test_cut_once_passes_with_more_tokens_only():
    with running_stub(StubSettings(faults={"cut_once": 1.0})) as url:
        client = Client(url)
        once = body_of("a question", max_tokens=100)
        assert [client.judge(once) for _ in range(3)] == ["truncated"] * 3
        assert client.judge(once | {"max_tokens": 200}) == ""
        unlimited = body_of("another")
        assert [client.judge(unlimited) for _ in range(2)] == ["truncated", ""]


def test_a_refusal_has_no_content():
    with running_stub(StubSettings(faults={"refusal": 1.0})) as url:
        _, _, data = Client(url).post(body_of("x"))
    message = json.loads(data)["choices"][0]["message"]
    assert message["content"] is None and "sorry" in message["refusal"]


def test_retry_after_is_given_where_the_fault_says_so():
    for name, expected in (("429", "7"), ("429_bare", None)):
        with running_stub(StubSettings(faults={name: 1.0}, retry_after_s=7)) as url:
            status, headers, _ = Client(url).post(body_of("x"))
        assert (status, headers["Retry-After"]) == (429, expected)


def test_a_hanging_answer_ends_when_the_client_leaves():
    with running_stub(StubSettings(faults={"hang": 1.0})) as url:
        with pytest.raises(TimeoutError):
            Client(url, patience_s=0.2).post(body_of("x"))
        assert Client(url).get("/stats")[1]["faults"] == {"hang": 1}


def test_the_block_ends_while_a_client_still_waits():
    with running_stub(StubSettings(faults={"hang": 1.0})) as url:
        place = urllib.parse.urlparse(url)
        waiting = socket.create_connection((place.hostname, place.port), timeout=20)
        data = json.dumps(body_of("x")).encode()
        waiting.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n"
            % len(data)
        )
        waiting.sendall(data)
        while not Client(url).get("/stats")[1]["faults"]:
            pass
    assert THREAD not in {thread.name for thread in threading.enumerate()}
    waiting.close()


def test_shares_are_met_and_follow_content_and_seed_alone():
    shares = {"429": 0.1, "refusal": 0.05, "prose": 0.2}

    def chosen(seed: int) -> list[str]:
        chooser = Chooser(shares)
        found = []
        for i in range(4000):
            body = json.dumps(body_of(f"question {i}", SCHEMA if i % 2 else None)).encode()
            fault = chooser.choose(read_question(body, seed), 1)
            found.append(fault.name if fault else "")
        return found

    one, again, other = chosen(0), chosen(0), chosen(1)
    assert one == again != other
    counts = Counter(one)
    # 4 standard deviations of a binomial
    assert abs(counts["429"] - 400) < 80 and abs(counts["refusal"] - 200) < 56
    assert abs(counts["prose"] - 400) < 76
    assert "prose" not in one[::2]


def test_all_spreads_its_share_over_what_a_question_can_meet():
    for schema, pictures in ((None, []), (SCHEMA, []), (None, [png()]), (SCHEMA, [png()])):
        chooser = Chooser({ALL: 0.5, "500": 0.2})
        questions = [
            read_question(json.dumps(body_of(f"q {i}", schema, pictures)).encode())
            for i in range(3000)
        ]
        met = Counter(f.name for q in questions if (f := chooser.choose(q, 1)))
        able = {
            f.name
            for f in FAULTS.values()
            if not f.ends_run
            and f.needs in ("", *(["schema"] if schema else []), *(["picture"] if pictures else []))
        }
        assert set(met) == able
        assert abs(sum(met.values()) - 2100) < 110 and abs(met["500"] - 600) < 100


def test_wrong_shares_and_names_stop_at_the_door():
    with pytest.raises(UnknownName, match="'429'"):
        StubSettings(faults={"4299": 0.1})
    with pytest.raises(DataError, match="expected 0 to 1"):
        StubSettings(faults={"429": 1.5})
    with pytest.raises(DataError, match="sum to 1.2"):
        StubSettings(faults={"429": 0.6, "500": 0.6})
    with pytest.raises(DataError, match="no engine 'gpt'"):
        StubSettings(engine="gpt")
    with pytest.raises(DataError, match="latency_s"):
        StubSettings(latency_s=-1)
    assert "hush" not in repr(StubSettings(key="hush"))


def test_the_faults_of_two_runs_are_the_same_in_any_order():
    questions = [question_for(FAULTS["prose"], i) for i in range(60)]
    tables = []
    for order in (1, -1):
        settings_ = StubSettings(faults={ALL: 0.8}, seed=3, slow_s=0, hang_s=0)
        with running_stub(settings_) as url:
            client = Client(url)
            judged = {}
            for i, body in list(enumerate(questions))[::order]:
                judged[i] = [client.judge(body) for _ in range(3)]
            tables.append(judged)
    assert tables[0] == tables[1]
    assert len({e for seen in tables[0].values() for e in seen}) >= 6


# ----- right answers --------------------------------------------------------------------------


def test_answers_follow_the_content():
    with running_stub() as url:
        client = Client(url)
        first = client.say(body_of("a red shirt"))
        assert "a red shirt" in first
        assert client.say(body_of("a red shirt")) == first
        texts = {client.say(body_of(f"shirt {i}", SCHEMA)) for i in range(20)}
    assert len(texts) == 20
    for text in texts:
        jsonschema.validate(json.loads(text), SCHEMA)


def test_limits_and_stops_are_honoured_and_usage_adds_up():
    long = "one two three four five six seven eight nine ten eleven twelve"
    with running_stub() as url:
        client = Client(url)
        _, _, data = client.post(body_of(long, max_tokens=5, system="be brief " * 20))
        cut = json.loads(data)
        stopped = client.say(body_of(long, stop=["three"]))
    choice, usage = cut["choices"][0], cut["usage"]
    assert choice["finish_reason"] == "length"
    assert count_tokens(choice["message"]["content"]) <= usage["completion_tokens"] <= 5
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert 0 < usage["prompt_tokens_details"]["cached_tokens"] < usage["prompt_tokens"]
    assert "two" in stopped and "three" not in stopped


def test_ids_come_back_as_vllm_gives_them():
    with running_stub() as url:
        _, headers, data = Client(url).post(body_of("x"), **{"X-Request-Id": "a-17"})
    assert headers["X-Request-Id"] == "a-17"
    assert json.loads(data)["id"] == "chatcmpl-a-17"


def test_lists_are_told_in_both_ways_and_dropped_by_the_fault():
    bullets = "Ingredients:\n" + "\n".join(f"- item{i}" for i in range(20))
    words = "Then kale, figs and tofu are added."
    with running_stub() as url:
        client = Client(url)
        assert client.say(body_of(bullets)).count("- item") == 20
        guided = json.loads(client.say(body_of(bullets, SCHEMA)))
        assert guided["tags"] == [f"item{i}" for i in range(20)]
        said = client.say(body_of(words, system="List every ingredient"))
        assert {"- kale", "- figs", "- tofu"} <= set(said.splitlines())
    with running_stub(StubSettings(faults={"drop_lists": 1.0})) as url:
        client = Client(url)
        dropped = json.loads(client.say(body_of(bullets, SCHEMA)))
        assert dropped["tags"] == [f"item{i}" for i in range(4)]
        assert client.say(body_of(bullets)).count("- item") == 20
    jsonschema.validate(dropped, SCHEMA)


# ----- pictures -------------------------------------------------------------------------------


def canary(colour: str, number: int, side: int = 300) -> str:
    """As a client sends it: smaller and as a JPEG."""
    picture = PIL.Image.open(io.BytesIO(draw_canary(colour, number))).resize((side, side))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=70)
    return f"data:image/jpeg;base64,{base64.b64encode(out.getvalue()).decode()}"


CANARY = {
    "type": "object",
    "properties": {"colour": {"type": "string"}, "number": {"type": "integer"}},
    "required": ["colour", "number"],
    "additionalProperties": False,
}


def draw_canaries(n: int) -> list[tuple[str, int]]:
    made = [make_canary(5, i) for i in range(n)]
    return [(c.colour, c.number) for c in made]


def test_canaries_are_read_truthfully():
    with running_stub() as url:
        client = Client(url)
        for colour, number in draw_canaries(20):
            body = body_of("Which colour, which number?", CANARY, [canary(colour, number)])
            assert json.loads(client.say(body)) == {"colour": colour, "number": number}
        free = client.say(body_of("What is shown?", None, [canary("white", 0o4321)]))
    assert "white" in free and str(0o4321) in free


def test_an_answer_says_which_pixels_it_saw():
    def seen(uri: str) -> list[str]:
        return re.findall(r"\[picture (\w+)\]", client.say(body_of("x", None, [uri])))

    with running_stub() as url:
        client = Client(url)
        one, other = seen(png((1, 2, 3))), seen(png((1, 2, 4)))
        again = seen(png((1, 2, 3)).replace("image/png", "image/x-png"))
    assert len(one) == len(other) == 1 and one != other and one == again


def test_other_pictures_are_no_canaries():
    draw = random.Random(0)
    eyes = Eyes()
    for _ in range(30):
        picture = PIL.Image.frombytes("RGB", (60, 60), draw.randbytes(60 * 60 * 3))
        out = io.BytesIO()
        picture.save(out, "PNG")
        uri = f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"
        assert eyes.look(uri).canary is None
    assert eyes.look(png((90, 90, 90))).canary is None
    assert eyes.look(png(size=(20, 20))).canary is None


def test_wrong_pictures_come_from_questions_that_begin_the_same():
    shown = draw_canaries(6)
    with running_stub(StubSettings(faults={"wrong_picture": 1.0})) as url:
        client = Client(url)
        said = [
            json.loads(client.say(body_of("What?", CANARY, [canary(*c)], "same"))) for c in shown
        ]
        fresh = [
            json.loads(client.say(body_of("What?", CANARY, [canary(*c)], f"nonce {i}")))
            for i, c in enumerate(shown)
        ]
    right = [{"colour": c, "number": n} for c, n in shown]
    assert said == [right[0], *right[:-1]]
    assert fresh == right


def test_a_mix_up_is_a_race_drawn_at_every_attempt():
    with running_stub(StubSettings(faults={"wrong_picture": 0.5})) as url:
        client = Client(url)
        one, other = (body_of("What?", CANARY, [canary(*c)]) for c in draw_canaries(2))
        seen = []
        for _ in range(20):
            client.say(other)
            seen.append(client.say(one))
    assert 4 <= Counter(seen).most_common()[-1][1] <= 10


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("data:image/png;base64,!!!!", "no base64"),
        ("data:image/png;base64,aGVsbG8=", "cannot identify image"),
        ("data:image/png;base64,", "cannot identify image"),
        ("http://127.0.0.1/a.png", "fetches none"),
        ("file:///etc/passwd", "fetches none"),
    ],
)
def test_what_is_no_picture_is_a_400(url, words):
    with running_stub() as stub:
        status, _, data = Client(stub).post(body_of("x", None, [url]))
    assert status == 400 and words in json.loads(data)["error"]["message"]


def test_the_limit_of_pictures_is_kept():
    with running_stub(StubSettings(most_pictures=2)) as url:
        client = Client(url)
        assert client.say(body_of("x", None, [png()] * 2))
        assert client.judge(body_of("x", None, [png()] * 3)) == "too_many_images"


# ----- values of schemas ----------------------------------------------------------------------


def numbers(kind):
    low = st.integers(-50, 50)
    span = st.integers(2, 60)
    return st.one_of(
        st.just({"type": kind}),
        st.builds(lambda a, b: {"type": kind, "minimum": a, "maximum": a + b}, low, span),
        st.builds(lambda a: {"type": kind, "exclusiveMinimum": a}, low),
        st.builds(lambda a: {"type": kind, "exclusiveMaximum": a}, low),
        st.builds(
            lambda a, b: {"type": kind, "exclusiveMinimum": a, "exclusiveMaximum": a + b}, low, span
        ),
        st.builds(lambda a: {"type": "integer", "minimum": a, "multipleOf": 5}, low),
    )


TEXTS = st.one_of(
    st.just({"type": "string"}),
    st.builds(
        lambda a, b: {"type": "string", "minLength": a, "maxLength": a + b},
        st.integers(0, 80),
        st.integers(0, 30),
    ),
    st.sampled_from(
        [
            {"type": "string", "pattern": p}
            for p in (r"^[0-9]{13}$", r"^(ab|c+)\d?[^x]$", r"^\w{2,5}-[A-F]+$", r"^.{3}$")
        ]
    ),
    st.sampled_from([{"type": "string", "format": f} for f in ("date", "email", "uri", "uuid")]),
)
LEAVES = st.one_of(
    TEXTS,
    numbers("integer"),
    numbers("number"),
    st.sampled_from([{"type": "boolean"}, {"type": "null"}, {"const": "só"}, {"const": 3}]),
    st.lists(st.one_of(st.text(max_size=5), st.integers(), st.none()), min_size=1, max_size=4).map(
        lambda values: {"enum": values}
    ),
)


def objects(inner):
    def make(fields: dict, closed: bool, needed: int) -> dict:
        made = {"type": "object", "properties": fields, "required": list(fields)[:needed]}
        return made | ({"additionalProperties": False} if closed else {})

    names = st.text("abcdefgh", min_size=1, max_size=4)
    return st.builds(
        make, st.dictionaries(names, inner, max_size=4), st.booleans(), st.integers(0, 4)
    )


def nest(inner):
    lists = st.builds(
        lambda items, a, b: {"type": "array", "items": items, "minItems": a, "maxItems": a + b},
        inner,
        st.integers(0, 3),
        st.integers(0, 3),
    )
    unions = st.builds(
        lambda a, b, way: {way: [a, b]}, inner, st.just({"type": "null"}), st.just("anyOf")
    )
    nullable = TEXTS.map(lambda s: s | {"type": ["string", "null"]})
    return st.one_of(lists, objects(inner), unions, nullable)


SCHEMAS = objects(st.recursive(LEAVES, nest, max_leaves=8))


@settings(max_examples=300, deadline=None)
@given(SCHEMAS, st.binary(min_size=1, max_size=8))
def test_drawn_values_are_valid(schema, seed):
    value = draw_value(schema, seed)
    jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    ).validate(value)
    assert draw_value(schema, seed) == value
    assert json.loads(json.dumps(value)) == value


HARD = [
    {"$ref": "#/$defs/a", "$defs": {"a": {"type": "integer", "minimum": 7, "maximum": 7}}},
    {
        "$defs": {
            "tree": {
                "type": "object",
                "properties": {
                    "left": {"anyOf": [{"$ref": "#/$defs/tree"}, {"type": "null"}]},
                    "all": {"type": "array", "items": {"$ref": "#/$defs/tree"}},
                },
                "required": ["left", "all"],
            }
        },
        "$ref": "#/$defs/tree",
    },
    {
        "allOf": [
            {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
            {"properties": {"b": {"enum": ["x"]}}, "required": ["b"]},
        ]
    },
    {"type": "array", "items": {"enum": [1, 2, 3]}, "uniqueItems": True, "minItems": 3},
    {"type": "array", "prefixItems": [{"const": "a"}, {"type": "null"}], "items": False},
    {"type": "object", "required": ["free"], "minProperties": 3},
    {"oneOf": [{"type": "string", "maxLength": 0}, {"type": "null"}]},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.001},
    {"properties": {"a/b~c": {"type": "boolean"}}, "required": ["a/b~c"]},
    {"enum": [None]},
    True,
    {"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 2},
    {"type": "integer", "exclusiveMinimum": -1, "maximum": 1},
    {"type": "integer", "minimum": 5, "exclusiveMaximum": 7},
    {
        "$defs": {
            "often": {
                "type": "object",
                "properties": {
                    name: {"anyOf": [{"$ref": "#/$defs/often"}] * 9 + [{"type": "null"}]}
                    for name in "ab"
                },
                "required": ["a", "b"],
            }
        },
        "$ref": "#/$defs/often",
    },
    {
        "$defs": {
            "may": {
                "type": "object",
                "properties": {name: {"$ref": "#/$defs/may"} for name in "abc"},
            }
        },
        "$ref": "#/$defs/may",
    },
]


@pytest.mark.parametrize("schema", HARD, ids=lambda s: json.dumps(s)[:50])
def test_hard_schemas(schema):
    for i in range(40):
        jsonschema.Draft202012Validator(schema).validate(draw_value(schema, bytes([i])))


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": 5},
        {"$ref": "#/$defs/a", "$defs": {"a": {"type": "array", "items": {}, "minItems": "x"}}},
        {"type": "string", "pattern": "("},
        {"enum": 7},
        {
            "$ref": "#/$defs/a",
            "$defs": {
                "a": {
                    "type": "object",
                    "properties": {"a": {"$ref": "#/$defs/a"}},
                    "required": ["a"],
                }
            },
        },
    ],
    ids=lambda s: json.dumps(s)[:50],
)
def test_a_schema_that_cannot_be_is_refused(schema):
    with pytest.raises(Refusal, match="cannot be compiled"):
        draw_value(schema, b"0")


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(
        [
            r"^[a-z]{1,20}$",
            r"\d{4}-\d{2}",
            r"(x|yy|z*)+",
            r"[^a-z\d]+",
            r"(a|b)(c|d)\2\1",
            r"é?\s\S\W\D",
        ]
    ),
    st.integers(0, 10**6),
)
def test_drawn_texts_match(pattern, seed):
    assert re.fullmatch(pattern, draw_match(pattern, random.Random(seed)), re.S)


# ----- requests that should not be ------------------------------------------------------------


JUNK = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.floats(), st.text(max_size=4)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(
        ["model", "messages", "role", "content", "text", "url", "schema", "max_tokens", "stop",
         "response_format", "stream", "n"]
    ),
    JUNK,
)  # fmt: skip
def test_any_request_is_answered_or_refused(place, junk):
    body = body_of("x", SCHEMA, [png()], "be good", max_tokens=9, stop=["a"])
    message = body["messages"][1]
    if place in ("role", "content"):
        message[place] = junk
    elif place == "text":
        message["content"][1]["text"] = junk
    elif place == "url":
        message["content"][0]["image_url"]["url"] = junk
    elif place == "schema":
        body["response_format"]["json_schema"]["schema"] = junk
    else:
        body[place] = junk
    stub = Stub(StubSettings())
    try:
        question = read_question(json.dumps(body).encode())
        stub.check(question)
        answer = stub.right_answer(question, "id")
    except Refusal as e:
        assert e.status in (400, 404)
    else:
        assert json.loads(answer.body("stub"))["choices"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[1]",
        b"\xff",
        b"{" * 5000,
        b"[" * 100_000,
        b'{"messages": ' + b"[" * 900 + b"]" * 900 + b"}",
    ],
)
def test_broken_bodies_are_a_400(data):
    with running_stub() as url:
        place = urllib.parse.urlparse(url)
        connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=20)
        with contextlib.closing(connection):
            connection.request("POST", "/v1/chat/completions", data)
            assert connection.getresponse().status == 400


def test_a_body_without_end_is_a_413(monkeypatch):
    monkeypatch.setattr(app, "MOST_BYTES", 200_000)
    with running_stub() as url:
        status, _, data = Client(url).post(body_of("x" * 300_000))
        assert status == 413 and b"expected at most 200,000" in data
        assert Client(url).post(body_of("x" * 150_000))[0] == 200


def test_wrong_models_paths_and_keys():
    with running_stub(StubSettings(model="qwen", key="right")) as url:
        client = Client(url)
        good = {"Authorization": "Bearer right"}
        assert client.get("/v1/models", **good)[1]["data"][0]["id"] == "qwen"
        assert client.get("/v1/models")[0] == 401
        assert client.get("/health")[0] == 200
        assert client.get("/v2/models", **good) == (404, {"detail": "Not Found"})
        status, _, data = client.post(body_of("x"), **good)
        assert status == 404 and b"`stub` does not exist" in data
        status, _, data = client.post(body_of("x"), Authorization="Bearer wrong-one")
        assert status == 401 and b"wrong-one" in data  # what a client must not pass on
        assert client.say(body_of("x") | {"model": "qwen"}, **good)
        assert "right" not in json.dumps(client.get("/stats", **good)[1])


def test_it_dies_when_told_to():
    with running_stub(StubSettings(die_after=3)) as url:
        client = Client(url)
        for i in range(3):
            assert client.say(body_of(f"{i}"))
        for i in range(3):
            with pytest.raises((OSError, http.client.HTTPException)):
                client.post(body_of(f"after {i}"))
        for thread in [t for t in threading.enumerate() if t.name == THREAD]:
            thread.join(20)
            assert not thread.is_alive()


# ----- the real model -------------------------------------------------------------------------


class Small:
    """Stands for the small model, which is far too slow here."""

    info = SystemInfo(name="small", kind="chat", identity="small")

    def __init__(self, **reply):
        self.asks: list[Ask] = []
        self.under_way, self.most = 0, 0
        self.reply = Reply("", **({"text": "a b c d", "finish": "stop"} | reply))

    def ask(self, questions):
        for ask in questions:
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            self.asks.append(ask)
            time.sleep(0.005)  # so that two at a time would be seen
            yield self.reply
            self.under_way -= 1


def ask_small(small: Small, *bodies: dict) -> list[Answer]:
    stub = Stub(StubSettings(engine="smollm2"))
    stub.model = small

    async def ask() -> list[Answer]:
        return await asyncio.gather(*(stub.complete(json.dumps(b).encode(), "1") for b in bodies))

    return asyncio.run(ask())


def test_the_real_model_gets_the_question_whole_and_one_at_a_time():
    small = Small(usage={"input_tokens": 9, "output_tokens": 4})
    body = body_of("hello", SCHEMA, system="be brief", max_tokens=30, temperature=0.5, stop="x")
    answers = ask_small(small, *(body | {"seed": i} for i in range(8)))
    assert len(small.asks) == 8 and small.most == 1
    ask = small.asks[0]
    assert (ask.system, ask.parts, ask.schema) == ("be brief", ("hello",), SCHEMA)
    assert {**ask.sampling, "seed": 0} == {
        "temperature": 0.5, "seed": 0, "max_tokens": 30, "stop": ["x"]
    }  # fmt: skip
    assert {a.text for a in answers} == {"a b c d"} and answers[0].finish == "stop"
    assert answers[0].usage["prompt_tokens"] == 9 and answers[0].usage["completion_tokens"] == 4


def test_the_real_model_is_cut_at_the_limit_and_fails_as_a_server_does():
    small = Small(usage={"output_tokens": 4})
    [cut] = ask_small(small, body_of("hello", max_tokens=2))
    assert (cut.text, cut.finish, cut.usage["completion_tokens"]) == ("a b", "length", 2)
    with pytest.raises(Refusal, match="At most 0 image") as refused:
        ask_small(small, body_of("x", pictures=[png()]))
    assert refused.value.status == 400
    with pytest.raises(Refusal, match="out of memory") as refused:
        ask_small(Small(text="", error="engine", reason="out of memory"), body_of("x"))
    assert refused.value.status == 500


# ----- rules ----------------------------------------------------------------------------------


def test_rules_answer_before_everything_else(tmp_path):
    rules = tmp_path / "rules.jsonl"
    lines = [
        {"match": r"capital of (\w+)", "answer": r"I do not know \1."},
        {"match": "price", "answer": {"name": "a", "price": 1, "tags": ["b"]}},
        {"match": "much", "answer": "so far", "finish": "length"},
    ]
    rules.write_text("\n".join(map(json.dumps, lines)) + "\n\n")
    with running_stub(StubSettings(script=str(rules))) as url:
        client = Client(url)
        assert client.say(body_of("The capital of France?")) == "I do not know France."
        assert json.loads(client.say(body_of("the price", SCHEMA)))["price"] == 1
        assert client.judge(body_of("too much")) == "truncated"
        assert "else" in client.say(body_of("something else"))
    rules.write_text(json.dumps(lines))
    assert len(read_rules(rules)) == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "neither JSON nor JSON lines"),
        ('{"match": "a"}', "rule 1 of .*expected"),
        ('[{"match": "a", "answer": 1}, {"match": "(", "answer": 1}]', "rule 2 of .*no regular"),
        ('{"match": "a", "answer": 1, "finnish": 2}', "unknown key 'finnish'"),
    ],
)
def test_bad_rules_stop_at_the_door(tmp_path, text, words):
    (tmp_path / "rules").write_text(text)
    with pytest.raises(DataError, match=words):
        Stub(StubSettings(script=str(tmp_path / "rules")))
    with pytest.raises(DataError, match="cannot be read"):
        read_rules(tmp_path / "nowhere")


# ----- the command ----------------------------------------------------------------------------


def test_the_command_lists_every_fault():
    result = CliRunner().invoke(skulens, ["chat-stub", "--faults", "--json"])
    rows = json.loads(result.output)["faults"]
    assert [row["fault"] for row in rows] == list(FAULTS)
    table = CliRunner().invoke(skulens, ["chat-stub", "--faults"]).output
    assert all(name in table for name in FAULTS)


def test_the_command_refuses_what_it_cannot_do():
    def said(*words: str) -> object:
        result = CliRunner().invoke(skulens, ["chat-stub", *words])
        assert result.exit_code
        return result.exception if result.exit_code == 1 else result.output

    assert "is not set" in str(said("--key-env", "NO_SUCH_KEY_AT_ALL"))
    assert "not NAME=SHARE" in str(said("--fault", "429=many"))
    assert isinstance(said("--fault", "nothing=0.1"), UnknownName)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        error = said("--port", str(taken.getsockname()[1]))
    assert isinstance(error, ChatError) and "--port 0" in str(error)


def test_the_command_names_a_missing_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.delitem(sys.modules, "skulens.chat.stub.running")
    result = CliRunner().invoke(skulens, ["chat-stub", "--port", "0"])
    assert isinstance(result.exception, MissingDependency)
    assert "skulens[serve]" in str(result.exception)


def test_the_command_serves_until_it_is_interrupted():
    command = [sys.executable, "-m", "skulens.cli", "chat-stub", "--port", "0", "--json"]
    process = subprocess.Popen(
        [*command, "--fault", "500=1", "--log-every", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout
    url = json.loads(process.stdout.readline())["url"]
    assert url.startswith("http://127.0.0.1:")
    client = Client(url)
    seen = [client.judge(body_of("x")) for _ in range(4)]
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert seen[0] == "engine" and seen[-1] == ""
    assert json.loads(out)["requests"] == 4
    assert [line.split()[0] for line in err.splitlines()] == ["2", "4"]
