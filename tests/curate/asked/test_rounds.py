"""Questions asked in rounds: reasons reach the model, nothing is asked twice."""

import pytest

from skulens.chat.bulk.remember import Remembered
from skulens.chat.replies.store import ReplyStore
from skulens.curate.asked.rounds import Judged, Rounds, Unanswered
from skulens.errors import ChatError
from skulens.protocols import Ask, Reply
from skulens.records import Image
from tests.curate.asked.engine import Engine, text_of

PICTURE = Image(data=b"a picture")


def questions(n=6, pictures=(PICTURE,)):
    return {
        f"q{i}": Ask(f"q{i}", (*pictures, f"question {i}"), "Say yes.", template="t")
        for i in range(n)
    }


def yes(_name, reply):
    return (
        Judged("yes") if reply.text == "yes" else Judged(problems=(f"{reply.text!r} is not yes",))
    )


def test_a_failed_answer_is_asked_again_with_the_reasons_and_the_pictures():
    engine = Engine(lambda ask: "yes" if "'maybe' is not yes" in text_of(ask) else "maybe")
    settled = Rounds(engine).ask(questions(2), yes)
    assert [s.value for s in settled.values()] == ["yes", "yes"] and len(engine.asked) == 4
    first, _, again, _ = engine.asked
    assert again.parts[0] is first.parts[0] and "question 0" in again.parts[1]
    assert again.system.startswith(first.system) and again.template != first.template
    assert settled["q0"].attempts == 2


def test_what_never_passes_keeps_its_reasons():
    engine = Engine(lambda ask: "no way")
    [one] = Rounds(engine, retries=1).ask(questions(1), yes).values()
    assert one.value is None and one.problems == ("'no way' is not yes",) and one.attempts == 2
    assert one.reject("here", "q0").reason == "'no way' is not yes"


@pytest.mark.parametrize(
    ("error", "times"),
    [("refused", 1), ("image_corrupt", 1), ("invalid_json", 3), ("truncated", 3)],
)
def test_only_failures_that_words_can_mend_are_asked_again(error, times):
    engine = Engine(lambda ask: (error, "because"))
    [one] = Rounds(engine).ask(questions(1), yes).values()
    assert one.error == error and one.value is None and len(engine.asked) == times
    assert error in one.reject("here", "q0").todo


def test_an_engine_that_mixes_up_replies_is_stopped():
    class Mixed(Engine):
        def ask(self, questions):
            for ask in questions:
                yield Reply(ask.id + "?", text="yes")

    with pytest.raises(ChatError, match="which was not asked"):
        Rounds(Mixed(str)).ask(questions(), yes)


def test_questions_without_a_reply_are_named():
    class Silent(Engine):
        def ask(self, questions):
            for ask in list(questions)[:-1]:
                yield Reply(ask.id, text="yes")

    with pytest.raises(
        Unanswered, match="left 1 questions without an answer, such as that about 'q5'"
    ):
        Rounds(Silent(str)).ask(questions(), yes)


def test_a_killed_run_goes_on_and_asks_nothing_twice(tmp_path):
    def say(ask):
        return "yes" if "is not yes" in text_of(ask) or "question 1" in text_of(ask) else "maybe"

    seen = []
    with ReplyStore(tmp_path) as store:
        for dies_after in (4, 4, 0):
            engine = Engine(say, dies_after)
            try:
                settled = Rounds(Remembered(engine, store)).ask(questions(pictures=()), yes)
            except ChatError:
                assert dies_after
            seen += [text_of(a) for a in engine.asked]
    assert {s.value for s in settled.values()} == {"yes"}
    assert len(seen) == len(set(seen)) == 6 + 5
