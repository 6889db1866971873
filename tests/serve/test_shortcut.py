"""A search by plain JSON does not pass through FastAPI; its answers are those of the route."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st
from pydantic import ValidationError

from skulens.serve.bodies.search import SearchBody
from skulens.serve.door.limits import BODY, Limits
from skulens.serve.routes.search import is_search, read_body
from skulens.serve.settings import Settings
from skulens.serve.work.service import Service
from tests.search.small_shop import make_shop, photo
from tests.serve.answered import uri
from tests.serve.talking import served

PLAIN, THROUGH = "application/json", "application/vnd.skulens+json"
"""Kinds of JSON: by the shortcut, and through FastAPI."""
RED = {"image": uri(photo("red"))}
VECTOR = {"picture": [1.0, 0.5, 0, 0]}
BODIES = {
    "vector": {"vectors": VECTOR, "k": 3, "give_vectors": True},
    "list": {},
    "photo and text": {"item": [RED, {"text": "coat"}], "k": 9, "facets": ["spu"], "counts": True},
    "condition": {
        "item": [{"product": "r1"}, RED],
        "conditions": [{"part": 0, "key": "collar", "relation": "different", "weight": 0.5}],
        "facts": "require",
    },
    "nothing found": {"item": [RED], "where": "price < 0"},
    "filter as JSON": {"where": {"field": "price", "op": "<", "value": 30}, "sort": "-price"},
    "region": {"item": [RED | {"region": [0, 0, 4, 4]}]},
    "bad filter": {"where": "price <"},
    "unknown leg": {"item": [RED], "weights": {"nothing": 1}},
    "too many": {"k": 1001},
    "no picture": {"item": [{"image": "data:image/png;base64,AAAA"}]},
    "no such product": {"item": [{"product": "nobody"}]},
    "another dimension": {"vectors": {"picture": [1.0]}},
    "an address": {"item": [{"image": "https://example.com/a.jpg"}]},
    "unknown field": {"kk": 3},
    "a text for a number": {"k": "three", "item": [{"view": -1}]},
    "no object": [1, 2],
}
RAW = {
    "empty": b"",
    "no JSON": b'{"k": ',
    "not a number": b'{"vectors": {"picture": [NaN, 0, 0, 0]}}',
    "beyond floats": b'{"vectors": {"picture": [1e999, 0, 0, 0]}}',
    "half a character": rb'{"item": [{"text": "\ud800"}]}',
    "a whole pair": rb'{"item": [{"text": "\ud83d\ude00 red"}]}',
    "UTF-16": json.dumps({"k": 2}).encode("utf-16"),
    "a mark before": b"\xef\xbb\xbf" + b'{"k": 2}',
    "no UTF-8": b'{"item": [{"text": "\xff"}]}',
    "twice": b'{"k": 2, "k": 3}',
    "very deep": b'{"where": ' + b'{"not": ' * 5000 + b"{}" + b"}" * 5001,
    "large number": b'{"k": 1' + b"0" * 30 + b"}",
} | {name: json.dumps(body).encode() for name, body in BODIES.items()}


@pytest.fixture(scope="module")
def client():
    with pytest.MonkeyPatch.context() as patch:
        from tests.search import small_shop

        small_shop.register(patch)
        with served(make_shop()) as (client, _):
            yield client


def ask(client, raw: bytes, kind: str):
    """(status, kind, body without times) of an answer."""
    found = client.post("/v1/search", content=raw, headers={"Content-Type": kind})
    body = found.json()
    body.pop("took_s", None)
    return found.status_code, found.headers["content-type"], body


@pytest.mark.parametrize("name", RAW)
def test_answers_and_problems_are_those_of_the_route(client, name):
    assert ask(client, RAW[name], PLAIN) == ask(client, RAW[name], THROUGH)


def test_the_bodies_above_are_answered_and_refused(client):
    """So that equal answers say something."""
    found = {name: ask(client, raw, PLAIN) for name, raw in RAW.items()}
    states = {name: status for name, (status, *_) in found.items()}
    assert {states[n] for n in ("vector", "list", "photo and text", "condition", "region")} == {200}
    assert {states[n] for n in ("UTF-16", "a mark before", "twice", "a whole pair")} == {200}
    assert {states[n] for n in ("bad filter", "unknown leg", "very deep", "no UTF-8")} == {400}
    assert {states[n] for n in ("no JSON", "not a number", "too many", "no object")} == {422}
    assert len(found["vector"][2]["hits"]) == 3 and found["nothing found"][2]["without"]


def test_plain_json_does_not_reach_fastapi_and_everything_else_does():
    with served(make_shop()) as (client, app):
        reached = []
        answer = app.middleware_stack

        async def note(scope, receive, send):
            reached.append(scope["path"])
            await answer(scope, receive, send)

        app.middleware_stack = note
        for kind in (PLAIN, "Application/JSON; charset=utf-8"):
            assert ask(client, RAW["vector"], kind)[0] == 200
        assert not reached
        assert ask(client, RAW["vector"], THROUGH)[0] == 200
        assert ask(client, RAW["unknown field"], PLAIN)[0] == 422
        files = {"photo": ("a.png", photo("red").read(), "image/png")}
        assert client.post("/v1/search", files=files).status_code == 200
        assert client.get("/v1/search").status_code == 405
        assert client.get("/livez").status_code == 200
        assert reached == ["/v1/search"] * 4 + ["/livez"]


def test_searches_are_counted_by_their_route(caplog):
    with served(make_shop()) as (client, _):
        ask(client, RAW["vector"], PLAIN)
        ask(client, RAW["bad filter"], PLAIN)
        ask(client, RAW["no picture"], PLAIN)
        text = client.get("/metrics").text
    for status in (200, 400, 422):
        line = f'skulens_requests_total{{method="POST",route="/v1/search",status="{status}"}} 1.0'
        assert line in text
    assert not caplog.records  # what is refused is no failure of the server


def test_what_nobody_thought_of_is_a_problem_and_keeps_its_secrets(caplog):
    with served(make_shop()) as (client, app):

        def fail(*_):
            raise ZeroDivisionError("secret")

        app.state.service.shop.answer = fail
        status, kind, found = ask(client, RAW["vector"], PLAIN)
    assert (status, kind, found["code"]) == (500, "application/problem+json", "internal")
    assert "secret" not in str(found) and "ZeroDivisionError" in caplog.text


def test_what_is_no_search():
    scope = {"type": "http", "path": "/v1/search", "method": "POST", "headers": []}
    json_ = [(b"content-type", b"application/json")]
    assert is_search(scope | {"headers": json_})
    assert not is_search(scope)
    assert not is_search(scope | {"headers": [(b"content-type", b"text/plain"), *json_]})
    for other in ({"type": "lifespan"}, {"path": "/v1/search/"}, {"method": "PUT"}):
        assert not is_search(scope | {"headers": json_} | other)


# ----- one pass over JSON finds what FastAPI finds -----------------------------------------------

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
SCALARS |= st.sampled_from(["1", "2.5", "same", "avg", 10**400, -0.0, 1e9, 1e308, "\ud800"])
ANY = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
NUMBERS = st.lists(st.floats(-2, 2) | st.integers(-3, 3) | SCALARS, max_size=4)
PART = st.fixed_dictionaries(
    {},
    optional={
        "image": SCALARS, "region": NUMBERS, "text": SCALARS, "product": SCALARS, "view": SCALARS,
        "vector": NUMBERS, "maker": SCALARS,
    },
)  # fmt: skip
OWN = {
    "item": st.lists(PART | ANY, max_size=3),
    "conditions": st.lists(
        st.fixed_dictionaries({"part": SCALARS}, optional={"relation": SCALARS, "weight": SCALARS}),
        max_size=3,
    ),
    "vectors": st.dictionaries(st.text(max_size=3), NUMBERS, max_size=2),
    "weights": st.dictionaries(st.text(max_size=3), SCALARS, max_size=2),
}
WHOLE = st.fixed_dictionaries({}, optional={n: OWN.get(n, ANY) for n in SearchBody.model_fields})


@given(WHOLE | ANY)
@how(max_examples=400, deadline=None)
def test_a_body_read_in_one_pass_is_the_body_read_in_two(body):
    raw = json.dumps(body).encode()
    try:
        plain = SearchBody.model_validate(json.loads(raw))
    except ValidationError:
        plain = None
    found = read_body({BODY: raw})
    if found is None:  # then the route reads it
        return
    assert plain is not None
    assert found == plain and found.model_fields_set == plain.model_fields_set
    assert repr(found) == repr(plain)  # 1 is not 1.0, and -0.0 is not 0.0


def test_a_body_as_described_is_read_in_one_pass():
    """Else the property above could hold because everything goes to the route."""
    for name in ("vector", "photo and text", "condition", "filter as JSON", "region"):
        assert read_body({BODY: RAW[name]}) is not None
    assert all(read_body({BODY: RAW[n]}) is None for n in ("no JSON", "UTF-16", "unknown field"))


# ----- an answer made in the task of its request -------------------------------------------------


def pass_limits(app, settings, cancel=False) -> list:
    """Messages sent to a client that stays, of an application behind `Limits`.

    Args:
        app: what it does once the body is there, given `send`.
        cancel: whether the server ends its requests meanwhile; then CancelledError.
    """
    sent: list = []

    async def main():
        begun = asyncio.Event()

        async def inside(_, receive, send):
            begun.set()
            await app(send)

        async def receive():
            if not begun.is_set():
                return {"type": "http.request", "body": b"", "more_body": False}
            return await asyncio.sleep(60)

        async def send(message):
            sent.append(message)

        service = Service(make_shop(), settings)
        scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
        task = asyncio.create_task(Limits(inside, service)(scope, receive, send))
        await begun.wait()
        if cancel:
            task.cancel()
        try:
            await task
        finally:
            await asyncio.to_thread(service.close)

    asyncio.run(main())
    return sent


def test_who_is_cancelled_from_outside_stays_cancelled():
    """A server that ends cancels its requests: that is neither a deadline nor a client gone."""
    with pytest.raises(asyncio.CancelledError):
        pass_limits(lambda _: asyncio.sleep(60), Settings(workers=1), cancel=True)


def test_an_answer_that_is_being_sent_at_the_deadline_is_sent_whole():
    async def answer(send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.sleep(0.1)
        await send({"type": "http.response.body", "body": b"whole"})

    sent = pass_limits(answer, Settings(workers=1, deadline_s=0.01))
    assert [m.get("status", m.get("body")) for m in sent] == [200, b"whole"]


def test_an_answer_that_has_not_begun_at_the_deadline_is_late():
    sent = pass_limits(lambda _: asyncio.sleep(60), Settings(workers=1, deadline_s=0.01))
    assert sent[0]["status"] == 503 and json.loads(sent[1]["body"])["code"] == "deadline"
