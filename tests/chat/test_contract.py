"""What every engine promises, whatever answers: one row of ENGINES per engine.

Each question is answered exactly once, in any order; questions are drawn as needed; a failure is a
reply; the identity is known before anything is asked.
"""

from collections.abc import Callable

import pytest

from skulens.protocols import Ask, Chat, Reply
from skulens.records import Image
from skulens.registry import CHATS
from tests.chat import tiny


def open_text(request) -> Chat:
    return request.getfixturevalue("tiny_chat")("llama", batch=4, max_tokens=6)


def open_vision(request) -> Chat:
    return request.getfixturevalue("tiny_chat")("qwen2_5_vl", batch=4, max_tokens=6)


ENGINES: dict[str, Callable] = {
    "transformers, texts": open_text,
    "transformers, pictures": open_vision,
    # "openai": over the stub; add its fixture here.
}
"""Name -> how the engine is opened, from pytest's `request`."""
SEES = {"transformers, pictures"}
ELSEWHERE = {
    "openai": "joins with the stub",
    "smollm2": "the same class as transformers; tests/chat/test_smollm2.py has its own",
}
"""Registered engines without a row here, and why."""
SCHEMA = {
    "type": "object",
    "properties": {"red": {"type": "boolean"}},
    "required": ["red"],
    "additionalProperties": False,
}


@pytest.fixture(params=ENGINES)
def engine(request) -> Chat:
    return ENGINES[request.param](request)


@pytest.fixture
def sees(request) -> bool:
    return request.node.callspec.params["engine"] in SEES


def test_every_engine_has_a_row_or_a_reason():
    families = {name.split(",")[0] for name in ENGINES}
    assert families | set(ELSEWHERE) >= set(CHATS)


def many(number: int):
    for n in range(number):
        yield Ask(f"item{n}", (f"cup number {n}, " * (n % 5 + 1),), "Be brief.")


def test_it_is_a_chat_that_knows_itself(engine):
    assert isinstance(engine, Chat)
    info = engine.info
    assert info.kind == "chat" and info.identity and info.name and info.family in CHATS
    assert engine.policy.most > 0
    assert repr(engine)


@pytest.mark.parametrize("number", [0, 1, 3, 4, 9, 37])
def test_each_question_is_answered_once(engine, number):
    replies = list(engine.ask(many(number)))
    assert sorted(r.id for r in replies) == sorted(a.id for a in many(number))
    assert all(isinstance(r, Reply) and r.system == engine.info.identity for r in replies)
    for reply in replies:
        assert reply.error in ("", "truncated") and reply.text
        assert reply.attempts >= 1 and not reply.cached and reply.latency_s >= 0
        assert reply.usage["input_tokens"] > 0 and reply.usage["output_tokens"] > 0
        assert bool(reply.error) == bool(reply.reason)


def test_one_id_twice_is_answered_twice(engine):
    asked = [Ask("same", ("tea",)), Ask("same", ("milk",)), Ask("same", ("tea",))]
    assert [r.id for r in engine.ask(asked)] == ["same"] * 3


def test_answers_belong_to_their_questions(engine):
    """Greedy answers of many questions at once are those of each alone."""
    together = {r.id: r.text for r in engine.ask(many(7))}
    alone = {r.id: r.text for ask in many(7) for r in engine.ask([ask])}
    assert together == alone


def test_questions_are_drawn_as_needed(engine):
    drawn = 0

    def endless():
        nonlocal drawn
        while True:
            drawn += 1
            yield Ask(f"item{drawn}", ("tea",), sampling={"max_tokens": 1})

    answers = engine.ask(endless())
    assert drawn == 0
    for n in range(1, 40):
        next(answers)
        assert drawn <= n + 64
    answers.close()
    stopped = drawn
    assert [r.id for r in engine.ask([Ask("after", ("tea",))])] == ["after"] and drawn == stopped


def test_a_source_that_fails_ends_the_asking(engine):
    def failing():
        yield from many(2)
        raise OSError("the catalogue is gone")

    with pytest.raises(OSError, match="the catalogue is gone"):
        list(engine.ask(failing()))
    assert len(list(engine.ask(many(2)))) == 2, "it can be asked again"


def test_answers_to_a_schema_are_valid(engine):
    asked = [Ask(str(n), (f"cup {n}",), "Is it red?", SCHEMA, {"max_tokens": 30}) for n in range(5)]
    for reply in engine.ask(asked):
        assert not reply.error and reply.value in ({"red": True}, {"red": False}), reply


def test_failures_are_replies_among_answers(engine, sees, tmp_path):
    if not sees:
        pytest.skip("an engine of texts")
    good = tiny.picture(1)
    asked = [
        Ask("good", (good, "what?")),
        Ask("corrupt", (Image(data=b"no picture"), "what?")),
        Ask("missing", (Image(path=str(tmp_path / "none.jpg")), "what?")),
        Ask("many", (good,) * 11 + ("what?",)),
        Ask("text", ("what?",)),
    ]
    found = {r.id: r for r in engine.ask(asked)}
    assert {k: found[k].error for k in ("corrupt", "missing", "many")} == {
        "corrupt": "image_corrupt",
        "missing": "image_missing",
        "many": "too_many_images",
    }
    assert all(found[k].reason for k in ("corrupt", "missing", "many"))
    assert found["good"].text and found["text"].text and len(found) == 5
