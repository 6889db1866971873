"""The canary catches what mixes pictures up, and nothing else."""

import functools
import io
import random
import warnings

import numpy as np
import PIL.Image
import pytest

from skulens.chat.checks import canary
from skulens.chat.checks.canary import Canary, guard, make_canary, read_canary
from skulens.chat.checks.canary_judge import exact_p, visibility
from skulens.chat.checks.canary_pictures import COLOURS, NUMBERS, draw_canary, shuffle_numbers
from skulens.chat.pictures import PicturePolicy, fit_picture
from skulens.chat.schemas.check import check_schema
from skulens.errors import ChatError
from skulens.protocols import Reply
from skulens.records import SystemInfo
from tests.chat.pretend import Pretend


@pytest.fixture(autouse=True)
def drawn_once(monkeypatch):
    """Pictures of the same seed are drawn once for all tests."""
    monkeypatch.setattr(canary, "make_canary", MADE)


MADE = functools.lru_cache(1000)(make_canary)


# ----- pictures --------------------------------------------------------------------------------


def test_a_program_reads_every_picture():
    for i in range(60):
        made = make_canary(5, i)
        picture = PIL.Image.open(io.BytesIO(made.data))
        assert read_canary(picture) == (made.colour, made.number)
        assert made.answer == f"{made.colour} {made.number}"


@pytest.mark.parametrize("side", [48, 100, 224, 1000])
@pytest.mark.parametrize("quality", [20, 75])
def test_pictures_are_read_when_resized_and_compressed(side, quality):
    for i in range(8):
        made = make_canary(6, i)
        out = io.BytesIO()
        small = PIL.Image.open(io.BytesIO(made.data)).resize((side, side * 3 // 4))
        small.save(out, "JPEG", quality=quality)
        assert read_canary(PIL.Image.open(out)) == (made.colour, made.number)


def test_pictures_are_read_as_the_engine_sends_them():
    made = make_canary(6, 0)
    sent = fit_picture(made.image, PicturePolicy(side_px=128))
    assert read_canary(PIL.Image.open(io.BytesIO(sent.data))) == (made.colour, made.number)


def test_every_colour_and_digit_can_be_read():
    seen = set()
    for number in (0o1234, 0o7650, 0o2777, 0o3311):
        digits = {number // 8**k % 8 for k in range(4)}
        for i, colour in enumerate(COLOURS):
            if i not in digits and number in NUMBERS:
                picture = PIL.Image.open(io.BytesIO(draw_canary(colour, number)))
                assert read_canary(picture) == (colour, number)
                seen.add(colour)
    assert seen == set(COLOURS)


def test_pictures_are_the_same_for_a_seed_and_all_different():
    assert make_canary(1, 3) == make_canary(1, 3)
    numbers = [make_canary(1, i).number for i in range(40)]
    assert len(set(numbers)) == 40
    assert make_canary(2, 0) != make_canary(1, 0)
    assert sorted(shuffle_numbers(9)) == list(NUMBERS)


def test_other_pictures_are_no_canaries():
    rng = np.random.default_rng(0)
    for picture in (
        PIL.Image.new("RGB", (300, 300), "white"),
        PIL.Image.new("RGB", (300, 300), "red"),
        PIL.Image.new("L", (300, 300), 128),
        PIL.Image.new("RGB", (8, 8), "white"),
        PIL.Image.new("RGB", (5000, 2), "white"),
        PIL.Image.fromarray(rng.integers(0, 256, (300, 300, 3), dtype=np.uint8)),
    ):
        assert read_canary(picture) is None
    few = PIL.Image.open(io.BytesIO(draw_canary("white", 0o123)))
    assert read_canary(few) is None
    striped = PIL.Image.open(io.BytesIO(draw_canary("red", 0o6666)))
    assert read_canary(striped) == ("red", 0o6666)
    for x in range(0, 336, 10):
        striped.paste("black", (x, 0, x + 2, 336))
    assert read_canary(striped) is None
    cut = PIL.Image.open(io.BytesIO(make_canary(1, 0).data)).crop((60, 60, 336, 336))
    assert read_canary(cut) is None


# ----- the protocol ----------------------------------------------------------------------------


def run(mode: str = "", rate: float = 1.0, seed: int = 0, **options):
    return Canary(Pretend(mode, rate, seed=seed), seed=seed % 7, **options).run()


def test_its_question_is_portable_and_says_nothing_of_the_picture():
    check_schema(canary.SCHEMA)
    asks = [canary.make_ask("x", make_canary(1, 0), n) for n in range(100)]
    assert len({ask.parts[1] for ask in asks}) == 100
    assert {ask.system for ask in asks} == {canary.SYSTEM}
    for ask in asks:
        assert not any(name in ask.system + ask.parts[1] for name in COLOURS)
        assert not any(digit in ask.system + ask.parts[1] for digit in "0123456789")


@pytest.mark.parametrize("seed", range(12))
def test_an_honest_server_passes(seed):
    report = run(seed=seed)
    assert (report.verdict, report.why, report.mixups) == ("pass", "", ())
    assert report.judged == report.right == 40
    assert report.answered == 320
    assert report.power[0.05] == pytest.approx(0.95**320)


@pytest.mark.parametrize("seed", range(6))
def test_a_server_that_errs_the_same_way_every_time_passes(seed):
    report = run("wrong", 0.3, seed)
    assert report.verdict == "pass"
    assert report.right < 40 == report.judged


@pytest.mark.parametrize(
    ("mode", "rate"),
    [("radix", 1), ("radix", 0.16), ("stale", 1), ("stale", 0.05)]
    + [("swap", r) for r in (0.05, 0.1, 0.16, 0.3, 1)],
)
def test_every_way_of_mixing_up_is_caught(mode, rate):
    for seed in range(8):
        report = run(mode, rate, seed)
        assert report.verdict == "fail", (mode, rate, seed)
        assert all(m.of is not None for m in report.mixups)


def test_a_mixup_names_the_picture_and_what_to_do():
    with pytest.raises(ChatError) as caught:
        guard(Pretend("radix"))
    said = str(caught.value)
    assert "got the answer of picture" in said
    assert "--no-enable-prefix-caching" in said
    assert "--disable-radix-cache" in said
    [first] = {m.of for m in run("radix").mixups}  # all got the first picture's answer
    assert first is not None


def test_one_wrong_answer_in_hundreds_is_caught():
    class Once(Pretend):
        def answer(self, batch):
            replies = super().answer(batch)
            if self.asked == 208:  # one window amid those together
                a, b = replies.popleft(), replies.popleft()
                replies += [Reply(a.id, b.text, b.value, "stop"), b]
            return replies

    report = Canary(Once(), seed=1).run()
    assert report.verdict == "fail"
    assert len(report.mixups) == 1


def test_a_mixup_of_the_number_alone_is_another_pictures():
    class Half(Pretend):
        def look(self, question):
            colour, number = super().look(question)
            if question.id.startswith("canary-0-"):
                number = self.other
            self.other = number
            return colour, number

    report = Canary(Half(), seed=1).run()
    assert report.verdict == "fail"
    assert any(m.of is not None for m in report.mixups)


def test_answers_that_change_under_load_only_are_caught():
    class Loaded(Pretend):
        def answer(self, batch):
            alone = len(batch) == 1
            self.mode = "" if alone else "noise"
            return super().answer(batch)

    report = Canary(Loaded(rate=0.1), seed=1).run()
    assert report.verdict == "fail"
    assert report.p < 0.01
    if not any(m.of is not None for m in report.mixups):
        assert "batch-invariant" in report.why


def test_noise_of_the_model_is_no_alarm():
    verdicts = [run("noise", 0.03, seed).verdict for seed in range(10)]
    assert verdicts.count("pass") == 0
    assert verdicts.count("fail") <= 2


@pytest.mark.parametrize(
    ("mode", "rate", "says"),
    [
        ("blind", 1, "does not see"),
        ("refuses", 1, "no pictures, please"),
        ("noise", 0.9, "same answer"),
    ],
)
def test_what_cannot_be_judged_is_a_warning_and_no_pass(mode, rate, says):
    report = run(mode, rate)
    assert report.verdict == "unjudged"
    assert says in report.why
    with pytest.warns(UserWarning, match="cannot be judged"):
        guard(Pretend(mode, rate))


def test_a_server_without_pictures_is_not_asked_long():
    server = Pretend("refuses")
    Canary(server).run()
    assert server.asked <= 8


def test_a_guard_lets_an_honest_server_through_in_silence():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        guard(Pretend(), pairs=6, rounds=1)


def test_a_server_that_answers_from_the_picture_before_is_caught_alone_too():
    report = run("stale", 1, pairs=10)
    assert report.verdict == "fail"
    assert len({m.of for m in report.strays}) >= 3


def test_one_constant_answer_is_no_mixup_even_where_it_is_a_pictures():
    class Constant(Pretend):
        def look(self, question):
            return ("red", MADE(0, 5).number)

    assert Canary(Constant(), seed=0).run().verdict == "unjudged"


def test_power_counts_only_mixups_that_can_be_seen():
    class Coarse(Pretend):
        def look(self, question):
            colour, number = super().look(question)
            return colour, number % 3

    report = Canary(Coarse(), seed=0).run()
    assert report.verdict == "pass"
    assert 10 <= report.distinct < 25
    assert report.power[0.05] > 1.2 * 0.95**report.answered


def test_prose_is_compared_by_its_words():
    assert run("prose").verdict == "pass"

    class Mixed(Pretend):
        def answer(self, batch):
            self.mode = "swap"
            replies = super().answer(batch)
            self.mode = "prose"
            return [self.reply(r, tuple(r.value.values())) for r in replies]

    assert Canary(Mixed(rate=0.1), seed=1).run().verdict == "fail"


def test_alone_no_question_shares_its_prefix():
    asked, order = [], []

    class Noted(Pretend):
        def answer(self, batch):
            asked.append([q.system for q in batch])
            order.extend(q.id for q in batch if q.system == canary.SYSTEM)
            return super().answer(batch)

    Canary(Noted(), pairs=5, rounds=2, seed=0).run()
    alone = [batch[0] for batch in asked if len(batch) == 1]
    assert len({system[:8] for system in alone}) == len(alone) == 20
    assert {s for batch in asked if len(batch) > 1 for s in batch} == {canary.SYSTEM}
    first, second = ([i.rpartition("-")[2] for i in part] for part in (order[:10], order[10:]))
    assert sorted(first) == sorted(second) == [str(i) for i in range(10)]
    assert first != second != sorted(second)  # neighbours change from round to round


def test_replies_of_other_questions_and_lost_ones_fail():
    class Strange(Pretend):
        def reply(self, question, answer):
            made = super().reply(question, answer)
            return Reply("another", made.text, made.value) if self.asked > 80 else made

    report = Canary(Strange(), seed=0).run()
    assert report.verdict == "fail"
    assert "belong to no open question" in report.why

    class Stranger(Pretend):
        def reply(self, question, answer):
            made = super().reply(question, answer)
            return Reply("another", made.text, made.value) if self.asked == 7 else made

    assert Canary(Stranger(), seed=0).run().verdict == "fail"

    class Silent(Pretend):
        def answer(self, batch):
            return super().answer(batch) if self.asked < 80 else []

    report = Canary(Silent(), seed=0).run()
    assert report.verdict == "unjudged"
    assert report.failed == 320


def test_failures_in_between_are_counted_and_no_mixups():
    class Failing(Pretend):
        def reply(self, question, answer):
            if self.rng.random() < 0.1:
                return Reply(question.id, error="engine", reason="out of memory")
            return super().reply(question, answer)

    report = Canary(Failing(), seed=0).run()
    assert report.verdict == "pass"
    assert report.failed > 20
    assert report.answered < 300


def test_broken_json_in_between_is_no_mixup():
    class Breaks(Pretend):
        def reply(self, question, answer):
            self.mode = "prose" if self.rng.random() < 0.05 and self.asked > 80 else ""
            return super().reply(question, answer)

    report = Canary(Breaks(), seed=0).run()
    assert (report.verdict, report.mixups) == ("pass", ())
    assert report.failed > 5


def test_a_dead_server_is_an_error():
    class Dead:
        info = SystemInfo(name="dead", kind="chat", identity="dead")

        def ask(self, questions):
            raise ChatError("no server")
            yield

    with pytest.raises(ChatError, match="no server"):
        Canary(Dead()).run()


def test_a_report_is_json():
    import json

    report = run("swap", 0.1)
    told = json.loads(json.dumps(report.to_dict()))
    assert told["verdict"] == "fail"
    assert set(told["power"]) == {"0.02", "0.05", "0.1", "0.16"}
    assert told["mixups"][0]["of"] is not None


# ----- arithmetic ------------------------------------------------------------------------------


def test_the_exact_test_is_scipys():
    scipy_stats = pytest.importorskip("scipy.stats")
    rng = random.Random(0)
    for _ in range(50):
        n, alone = rng.randint(1, 300), rng.randint(1, 90)
        m, a = rng.randint(0, min(n, 20)), rng.randint(0, min(alone, 20))
        table = [[m, n - m], [a, alone - a]]
        expected = scipy_stats.fisher_exact(table, alternative="greater").pvalue
        assert exact_p(m, n, a, alone) == pytest.approx(expected, abs=1e-12)
    assert exact_p(0, 0, 0, 0) == 1.0


def test_a_mixup_between_equal_answers_cannot_be_seen():
    assert visibility(["a", "b", "c"]) == 1
    assert visibility(["a", "a"]) == 0
    assert visibility(["a", "a", "b"]) == pytest.approx(2 / 3)
    assert visibility([]) == visibility(["a"]) == 0
