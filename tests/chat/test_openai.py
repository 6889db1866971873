"""The engine for OpenAI-compatible servers: what is asked, what is asked again, what stops it."""

import asyncio
import email.utils
import gc
import io
import threading
import time
import warnings

import PIL.Image
import pytest

pytest.importorskip("openai")

from skulens.chat import open_chat
from skulens.chat.openai import GONE, OpenAIChat
from skulens.chat.pictures import PicturePolicy
from skulens.errors import ChatError, DataError
from skulens.protocols import Ask, Chat
from skulens.records import Image
from tests.chat.scripted_server import (
    MODEL,
    Request,
    Say,
    complaint,
    completion,
    free_port,
    in_turn,
    serve,
)

SCHEMA = {
    "title": "A product!",
    "type": "object",
    "properties": {"colour": {"type": "string"}},
    "required": ["colour"],
    "additionalProperties": False,
}


class FakeTime:
    """A clock that sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


def make_engine(url: str, time_: FakeTime | None = None, **options) -> OpenAIChat:
    engine = OpenAIChat(MODEL, url, key_env="", **({"wait_s": 0.001} | options))
    if time_ is not None:
        engine._clock, engine._sleep = time_.clock, time_.sleep
    return engine


def ask_one(url: str, ask: Ask | None = None, time_: FakeTime | None = None, **options):
    [reply] = make_engine(url, time_, **options).ask([ask or Ask("1", ("hello",))])
    return reply


def numbered(n: int) -> list[Ask]:
    return [Ask(str(i), (f"question {i}",)) for i in range(n)]


def picture(colour: str = "red", size: tuple[int, int] = (40, 30)) -> Image:
    out = io.BytesIO()
    PIL.Image.new("RGB", size, colour).save(out, "PNG")
    return Image(data=out.getvalue())


def test_it_is_a_chat_and_the_registry_opens_it():
    engine = open_chat("openai:some/model:free", url="http://localhost:8000/v1")
    assert isinstance(engine, Chat) and engine.model == "some/model:free"
    assert engine.info.kind == "chat" and engine.info.name == "openai:some/model:free"


def test_identity_is_of_all_that_decides_the_answer():
    def identity(**options):
        return OpenAIChat("m", **({"url": "http://a/v1"} | options)).info.identity

    same = identity()
    assert same == identity() == identity(concurrency=3, timeout_s=1, attempts=2, check=False)
    others = [
        identity(url="http://b/v1"),
        identity(revision="2"),
        identity(sampling={"temperature": 0}),
        identity(policy=PicturePolicy(side_px=512)),
        identity(server="mine"),
        identity(echo_ids=True),
    ]
    assert len({same, *others}) == 7
    assert identity(server="mine") == identity(server="mine", url="http://b/v1")


@pytest.mark.parametrize(
    "options",
    [{"concurrency": 0}, {"attempts": 0}, {"timeout_s": 0}, {"deadline_s": float("nan")},
     {"wait_s": -1}, {"sampling": {"n": 2}}],
)  # fmt: skip
def test_senseless_options_stop_at_the_door(options):
    with pytest.raises(DataError, match=next(iter(options)) if "n" not in options else ""):
        OpenAIChat("m", "http://a/v1", **options)


# ----- what is sent ---------------------------------------------------------------------------


def test_a_question_is_sent_as_the_protocol_says():
    ask = Ask(
        "1", (picture("red"), picture("blue"), "Which?"), system="Be brief.", schema=SCHEMA,
        sampling={"temperature": 0.0, "seed": 3},
    )  # fmt: skip
    with serve(completion('{"colour": "red"}')) as server:
        reply = ask_one(server.url, ask, sampling={"max_tokens": 9, "temperature": 1.0})
    [request] = server.requests
    system, user = request.body["messages"]
    assert system == {"role": "system", "content": "Be brief."}
    assert [p["type"] for p in user["content"]] == ["image_url", "image_url", "text"]
    urls = [p["image_url"]["url"] for p in user["content"][:2]]
    assert all(u.startswith("data:image/") and ";base64," in u for u in urls)
    assert urls[0] != urls[1]
    assert request.body["response_format"]["json_schema"] == {
        "name": "A_product_", "strict": True, "schema": SCHEMA,
    }  # fmt: skip
    kept = {k: request.body[k] for k in ("model", "temperature", "seed", "max_tokens")}
    assert kept == {"model": MODEL, "temperature": 0.0, "seed": 3, "max_tokens": 9}
    assert reply.value == {"colour": "red"} and reply.text == '{"colour": "red"}'
    assert reply.error == "" and reply.finish == "stop" and reply.attempts == 1
    assert reply.usage["input_tokens"] == 10 and reply.usage["output_tokens"] == 5
    assert reply.raw_usage == (completion()["usage"],)
    assert not reply.cached and reply.latency_s > 0


def test_reply_names_its_engine_and_lone_surrogates_do_no_harm():
    with serve() as server:
        engine = make_engine(server.url)
        [reply] = engine.ask([Ask("1", ("\ud800 broken", "more"))])
    assert reply.system == engine.info.identity and reply.error == ""


def test_each_question_gets_its_own_answer_exactly_once():
    with serve(lambda r: completion(f"re: {r.user}")) as server:
        replies = list(make_engine(server.url, concurrency=7).ask(numbered(60)))
    assert sorted(int(r.id) for r in replies) == list(range(60))
    assert all(r.text == f"re: question {r.id}" for r in replies)
    assert server.most_active <= 7
    ids = [r.headers["x-request-id"] for r in server.requests]
    assert len(set(ids)) == 60 and all(i.startswith("skulens-") for i in ids)


def test_without_questions_nobody_is_called():
    assert list(make_engine(f"http://127.0.0.1:{free_port()}/v1").ask([])) == []


def test_questions_are_drawn_as_replies_are_taken():
    drawn = []

    def draw():
        for ask in numbered(200):
            drawn.append(ask.id)
            assert threading.current_thread() is threading.main_thread()
            yield ask

    with serve() as server:
        replies = make_engine(server.url, concurrency=4).ask(draw())
        for taken in range(1, 21):
            next(replies)
            assert len(drawn) <= taken + 8
        replies.close()


def test_a_question_that_cannot_be_drawn_costs_none_before_it():
    def draw():
        yield from numbered(5)
        raise ValueError("the catalogue is broken")

    with serve() as server:
        replies = make_engine(server.url).ask(draw())
        assert len({next(replies).id for _ in range(5)}) == 5
        with pytest.raises(ValueError, match="catalogue"):
            next(replies)


# ----- pictures -------------------------------------------------------------------------------


def test_pictures_that_cannot_be_sent_are_failures_without_a_call(tmp_path):
    (tmp_path / "text.jpg").write_text("no picture")
    asks = [
        Ask("missing", (Image(path=str(tmp_path / "none.jpg")), "?")),
        Ask("folder", (Image(path=str(tmp_path)), "?")),
        Ask("text", (Image(path=str(tmp_path / "text.jpg")), "?")),
        Ask("bytes", (Image(data=b"\xff\xd8\xff"), "?")),
        Ask("many", (picture(),) * 4),
        Ask("good", (picture(),) * 3),
    ]
    with serve() as server:
        engine = make_engine(server.url, policy=PicturePolicy(most=3))
        replies = {r.id: r for r in engine.ask(asks)}
    assert {i: r.error for i, r in replies.items()} == {
        "missing": "image_missing",
        "folder": "image_missing",
        "text": "image_corrupt",
        "bytes": "image_corrupt",
        "many": "too_many_images",
        "good": "",
    }
    assert len(server.requests) == 1 and replies["many"].attempts == 0
    assert "none.jpg" in replies["missing"].reason and "4" in replies["many"].reason


# ----- asked again ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (Say(complaint("overloaded"), 500), "engine"),
        (Say(complaint("bad gateway"), 502), "engine"),
        (Say(complaint("busy"), 503), "engine"),
        (Say(complaint("slow down"), 429), "rate_limit"),
        (Say(complaint("timeout"), 408), "transport"),
        (Say(complaint("conflict"), 409), "engine"),
        (Say(hang_up=True), "transport"),
        (Say(completion(), keep=0.5), "transport"),
        (Say(b"<html>Welcome</html>"), "engine"),
        (Say(b'{"choices": [{"mess'), "engine"),
        (Say({"choices": []}), "engine"),
        (Say({"object": "chat.completion"}), "engine"),
        (Say(complaint("upstream failed", code=502)), "engine"),
        (Say(completion(finish="error")), "engine"),
    ],
)
def test_what_passes_is_asked_again(said, error):
    with serve(in_turn(said, said, completion("at last"))) as server:
        reply = ask_one(server.url)
    assert (reply.text, reply.error, reply.attempts) == ("at last", "", 3)
    with serve(said) as server:
        reply = ask_one(server.url, attempts=3)
    assert (reply.error, reply.attempts, len(server.requests)) == (error, 3, 3)
    assert reply.reason


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (Say(complaint("cannot identify image file"), 400), "image_corrupt"),
        (Say(complaint("At most 2 image(s) may be provided"), 400), "too_many_images"),
        (Say(complaint("maximum context length is 4096 tokens"), 400), "truncated"),
        (Say(complaint("violates our policy", code="content_filter"), 400), "refused"),
        (Say(complaint("your request is odd"), 400), "engine"),
        (Say(completion(None, message={"refusal": "I cannot."})), "refused"),
        (Say(completion("half", "content_filter")), "refused"),
    ],
)
def test_what_stays_is_asked_once(said, error):
    with serve(said) as server:
        reply = ask_one(server.url, Ask("1", (picture(), "?")))
    assert (reply.error, len(server.requests)) == (error, 1) and reply.reason


@pytest.mark.parametrize(
    ("text", "error"), [("no json", "invalid_json"), ('{"size": 1}', "schema_violation")]
)
def test_an_answer_against_the_schema_is_kept_and_not_asked_again(text, error):
    with serve(completion(text)) as server:
        reply = ask_one(server.url, Ask("1", ("?",), schema=SCHEMA))
    assert (reply.error, reply.text, reply.value) == (error, text, None)
    assert len(server.requests) == 1 and reply.usage["output_tokens"] == 5


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"content": ""}, "empty"),
        ({"content": None}, "empty"),
        ({"content": None, "reasoning_content": "let me think"}, "thinking"),
        ({"content": "", "reasoning": "let me think"}, "thinking"),
        ({"content": None, "tool_calls": [{"id": "1"}]}, "tool"),
    ],
)
def test_an_empty_answer_is_asked_again_once(message, words):
    with serve(completion(message=message)) as server:
        reply = ask_one(server.url)
    assert (reply.error, reply.attempts, len(server.requests)) == ("engine", 2, 2)
    assert words in reply.reason
    assert reply.usage["output_tokens"] == 10 and len(reply.raw_usage) == 2


def test_a_cut_answer_is_asked_once_more_with_twice_the_tokens():
    def script(request: Request):
        limit = request.body["max_tokens"]
        return completion("x" * limit, "stop" if limit > 12 else "length")

    ask = Ask("1", ("?",), sampling={"max_tokens": 10})
    time_ = FakeTime()
    with serve(script) as server:
        reply = ask_one(server.url, ask, time_, wait_s=1.0)
    assert sum(time_.slept) == 0
    assert (len(reply.text), reply.error, reply.attempts) == (20, "", 2)
    with serve(script) as server:
        reply = ask_one(server.url, Ask("1", ("?",), sampling={"max_tokens": 5}))
    assert (len(reply.text), reply.error, reply.finish) == (10, "truncated", "length")
    assert [r.body["max_tokens"] for r in server.requests] == [5, 10]
    assert reply.usage["output_tokens"] == 10


def test_a_cut_answer_without_a_limit_is_not_asked_again():
    with serve(completion("x", "length")) as server:
        assert ask_one(server.url).error == "truncated" and len(server.requests) == 1


def test_a_cut_answer_is_kept_where_the_second_attempt_gives_none():
    script = in_turn(completion("half", "length"), Say(complaint("context length exceeded"), 400))
    with serve(script) as server:
        reply = ask_one(server.url, Ask("1", ("?",), sampling={"max_tokens": 5}))
    assert (reply.text, reply.error, reply.finish) == ("half", "truncated", "length")


def test_the_name_of_the_limit_is_found_out_once():
    def script(request: Request):
        if "max_tokens" not in request.body:
            return completion()
        words = "'max_tokens' is not supported with this model. Use 'max_completion_tokens'."
        return Say(complaint(f"Unsupported parameter: {words}", param="max_tokens"), 400)

    ask = Ask("1", ("?",), sampling={"max_tokens": 7})
    with serve(script) as server:
        engine = make_engine(server.url, attempts=1)
        assert [r.error for r in engine.ask([ask])] == [""]
        assert [r.attempts for r in engine.ask([ask])] == [1]
    limits = [r.body.get("max_completion_tokens") for r in server.requests]
    assert limits == [None, 7, 7]

    def fail_once(request: Request):
        return Say(complaint("broken"), 500) if request.number == 1 else script(request)

    with serve(fail_once) as server:  # finding out is no attempt that failed
        assert ask_one(server.url, ask, attempts=2).error == ""


# ----- waiting --------------------------------------------------------------------------------


def test_waits_grow_and_stay_within_their_bounds():
    time_ = FakeTime()
    with serve(Say(complaint("broken"), 500)) as server:
        reply = ask_one(server.url, time_=time_, wait_s=1.0, attempts=5)
    assert reply.attempts == 5 and reply.latency_s == pytest.approx(sum(time_.slept))
    assert all(2**i <= s <= 2**i + 1 for i, s in enumerate(time_.slept))
    assert len(time_.slept) == 4
    assert all(s != 2**i for i, s in enumerate(time_.slept)), "no jitter"


@pytest.mark.parametrize("how", ["seconds", "ms", "date", "words"])
def test_retry_after_is_honoured(how):
    when = email.utils.formatdate(time.time() + 30, usegmt=True)
    headers = {"seconds": {"Retry-After": "29"}, "ms": {"retry-after-ms": "29000"},
               "date": {"Retry-After": when}, "words": {}}[how]  # fmt: skip
    words = "Please try again in 29.5s." if how == "words" else "slow down"
    time_ = FakeTime()
    with serve(in_turn(Say(complaint(words), 429, headers), completion())) as server:
        reply = ask_one(server.url, time_=time_)
    assert reply.error == "" and 25 < sum(time_.slept) < 31


def test_retry_after_holds_all_questions_back():
    came: list[float] = []

    def script(request: Request):
        came.append(time.monotonic())
        slow = Say(complaint("slow"), 429, {"retry-after-ms": "150"})
        return completion() if request.number else slow

    with serve(script) as server:
        engine = make_engine(server.url, concurrency=1)
        assert [r.error for r in engine.ask(numbered(4))] == [""] * 4
    assert came[1] - came[0] >= 0.15, "another question went out in the meantime"
    assert engine.pace.limit == 1


def test_a_wait_beyond_the_deadline_ends_the_question():
    time_ = FakeTime()
    said = Say(complaint("slow"), 429, {"Retry-After": "40"})
    with serve(said) as server:
        reply = ask_one(server.url, time_=time_, deadline_s=100)
    assert (reply.error, reply.attempts) == ("rate_limit", 3)
    assert "deadline" in reply.reason and time_.now < 1100


def test_a_server_that_wants_longer_than_any_question_may_take_stops_the_run():
    with (
        serve(Say(complaint("daily limit"), 429, {"Retry-After": "7200"})) as server,
        pytest.raises(ChatError, match=r"7200 s.*run again later"),
    ):
        list(make_engine(server.url, FakeTime(), deadline_s=600).ask(numbered(3)))


def test_an_attempt_that_takes_too_long_is_given_up():
    never = threading.Event()
    try:
        with serve(in_turn(Say(completion(), wait_for=never), completion())) as server:
            reply = ask_one(server.url, timeout_s=1.0)
            assert (reply.error, reply.attempts) == ("", 2)
            assert len(server.requests) == 2
            never.set()
    finally:
        never.set()


def test_the_deadline_bounds_an_attempt():
    never = threading.Event()
    with serve(Say(completion(), wait_for=never)) as server:
        reply = ask_one(server.url, timeout_s=60, deadline_s=0.1)
        never.set()
    assert (reply.error, reply.attempts) == ("transport", 1) and "0.1 s" in reply.reason


def test_a_busy_server_is_asked_less_at_a_time():
    with serve(in_turn(*[Say(complaint("busy"), 503)] * 3, completion())) as server:
        engine = make_engine(server.url, concurrency=8)
        assert all(r.error == "" for r in engine.ask(numbered(10)))
    assert engine.pace.limit < 8 and not engine.pace.doubling


# ----- a reply belongs to its question --------------------------------------------------------


def other_id(request: Request) -> str:
    return "skulens-0123456789abcdef-00000000"


@pytest.mark.parametrize("where", ["header", "body"])
def test_an_answer_with_the_id_of_another_question_is_refused(where):
    def script(request: Request):
        id_ = other_id(request) if request.number < 2 else request.headers["x-request-id"]
        if where == "header":
            return Say(completion("its text"), headers={"X-Request-Id": id_})
        return completion("its text", id=f"chatcmpl-{id_}")

    with serve(script) as server:
        reply = ask_one(server.url)
        assert (reply.error, reply.attempts, reply.text) == ("", 3, "its text")
        reply = ask_one(server.url, attempts=1)
    with serve(lambda r: completion("not ours", id=other_id(r))) as server:
        reply = ask_one(server.url, attempts=2)
    assert (reply.error, reply.text) == ("engine", "") and "another question" in reply.reason
    assert reply.usage["output_tokens"] == 10


def test_ids_of_the_server_s_own_are_no_concern_of_ours():
    said = Say(completion(id="chatcmpl-9"), headers={"X-Request-Id": "req_123"})
    with serve(said) as server:
        assert ask_one(server.url).error == ""


def test_answers_name_their_question_where_asked_to():
    def script(request: Request):
        schema = request.body["response_format"]["json_schema"]["schema"]
        first, nonce = next(iter(schema["properties"].items()))
        assert first == "question_id" == schema["required"][0]
        told = nonce["enum"][0] if "right" in request.user else "0000"
        return completion(f'{{"question_id": "{told}", "colour": "red"}}')

    asks = [Ask(w, (w,), schema=SCHEMA) for w in ("right", "wrong")]
    with serve(script) as server:
        engine = make_engine(server.url, echo_ids=True, attempts=2)
        replies = {r.id: r for r in engine.ask(asks)}
    assert replies["right"].value == {"colour": "red"} and "question_id" in replies["right"].text
    assert (replies["wrong"].error, replies["wrong"].attempts) == ("engine", 2)
    assert "another question" in replies["wrong"].reason


def test_two_questions_have_two_nonces_and_free_text_has_none():
    def script(request: Request):
        format_ = request.body.get("response_format")
        return completion("free" if format_ is None else "{}")

    asks = [Ask("1", ("a",), schema=SCHEMA), Ask("2", ("b",), schema=SCHEMA), Ask("3", ("c",))]
    with serve(script) as server:
        replies = {r.id: r for r in make_engine(server.url, echo_ids=True, attempts=1).ask(asks)}
    nonces = {
        r.body["response_format"]["json_schema"]["schema"]["properties"]["question_id"]["enum"][0]
        for r in server.requests
        if "response_format" in r.body
    }
    assert len(nonces) == 2 and replies["3"].error == "" and replies["1"].error == "engine"


# ----- a server that goes away ----------------------------------------------------------------


def test_a_dead_server_does_not_turn_questions_into_failures():
    good = 20

    def script(request: Request):
        return completion() if int(request.user.split()[1]) < good else Say(hang_up=True)

    got = []
    with serve(script) as server:
        engine = make_engine(server.url, concurrency=4, attempts=2)
        with pytest.raises(ChatError, match="is gone"):
            for reply in engine.ask(numbered(1000)):
                got.append(reply)
    assert sorted(int(r.id) for r in got) == list(range(good))
    assert all(r.error == "" for r in got)
    assert len(server.requests) <= good + 2 * (GONE + 4)


def test_failures_are_given_out_once_the_server_answers_again():
    lost = {*range(5, 5 + GONE - 1), *range(5 + GONE, 4 + 2 * GONE)}

    def script(request: Request):
        return Say(hang_up=True) if int(request.user.split()[1]) in lost else completion()

    with serve(script) as server:
        replies = list(make_engine(server.url, concurrency=1, attempts=2).ask(numbered(30)))
        errors = {int(r.id): r.error for r in replies}
        assert errors == {i: "transport" if i in lost else "" for i in range(30)}
        few = list(make_engine(server.url, attempts=1).ask(numbered(8)[5:]))
    assert [r.error for r in few] == ["transport"] * 3  # at the end, too


def test_gateways_without_a_server_behind_them_count_as_gone():
    with (
        serve(Say(b"<h1>502 Bad Gateway</h1>", 502)) as server,
        pytest.raises(ChatError, match="is gone.*502"),
    ):
        list(make_engine(server.url, attempts=1).ask(numbered(GONE)))
    with serve(Say(complaint("CUDA error"), 500)) as server:
        replies = list(make_engine(server.url, attempts=1).ask(numbered(GONE + 2)))
    assert [r.error for r in replies] == ["engine"] * (GONE + 2)


def test_what_stops_every_question_stops_the_run():
    for said, words in [
        (Say(complaint("no such key"), 401), r"\(401\)"),
        (Say(complaint("The model `x` does not exist", code="model_not_found"), 404), "not exist"),
        (Say(complaint("You exceeded", code="insufficient_quota"), 429), "no credit"),
        (Say(complaint("Invalid schema for response_format"), 400), "JSON schema"),
        (Say(complaint("Unsupported value: temperature", code="unsupported_value"), 400), "leave"),
        (Say(b"", 307, {"Location": "http://elsewhere/v1"}), "elsewhere"),
    ]:
        with serve(said) as server, pytest.raises(ChatError, match=words):
            list(make_engine(server.url, check=False).ask(numbered(50)))
        assert len(server.requests) <= 16


def test_a_schema_that_was_taken_before_fails_alone():
    def script(request: Request):
        if "2" in request.user:
            return Say(complaint("the grammar of the schema failed"), 400)
        return completion('{"colour": "red"}')

    asks = [Ask(str(i), (f"{i}",), schema=SCHEMA) for i in range(4)]
    with serve(script) as server:
        replies = {r.id: r.error for r in make_engine(server.url, concurrency=1).ask(asks)}
    assert replies == {"0": "", "1": "", "2": "engine", "3": ""}


# ----- threads and ends -----------------------------------------------------------------------


def our_threads() -> list[str]:
    return [t.name for t in threading.enumerate() if "skulens-chat" in t.name]


def test_leaving_early_cancels_what_is_under_way_and_leaves_nothing_behind():
    never = threading.Event()

    def script(request: Request):
        return Say(completion(), wait_for=None if request.number == 0 else never)

    with serve(script) as server, warnings.catch_warnings():
        warnings.simplefilter("error")
        replies = make_engine(server.url, concurrency=4).ask(numbered(100))
        next(replies)
        assert our_threads()
        replies.close()
        assert not our_threads()
        gc.collect()
        never.set()
    assert len(server.requests) <= 6


def test_one_engine_is_asked_twice_and_by_two_threads():
    got: dict[int, list[str]] = {}
    with serve(lambda r: completion(r.user)) as server:
        engine = make_engine(server.url, concurrency=5)
        for turn in range(2):
            assert len(list(engine.ask(numbered(10)))) == 10, turn

        def work(k: int) -> None:
            asks = [Ask(f"{k}-{i}", (f"{k}-{i}",)) for i in range(20)]
            got[k] = [r.id for r in engine.ask(asks) if r.text == r.id]

        threads = [threading.Thread(target=work, args=(k,)) for k in range(2)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    assert all(sorted(got[k]) == sorted(f"{k}-{i}" for i in range(20)) for k in range(2))
    assert server.most_active <= 5 and not our_threads()
    assert server.paths.count("/v1/models") == 1


def test_two_iterators_of_one_engine_side_by_side():
    with serve(lambda r: completion(r.user)) as server:
        engine = make_engine(server.url)
        first, second = engine.ask(numbered(5)), engine.ask(numbered(5))
        pairs = [(next(first).error, next(second).error) for _ in range(5)]
        assert pairs == [("", "")] * 5
        first.close()
        second.close()
    assert not our_threads()


def test_an_answer_inside_a_running_loop():
    async def main(url: str) -> str:
        return ask_one(url).text

    with serve() as server:
        assert asyncio.run(main(server.url)) == "fine"
