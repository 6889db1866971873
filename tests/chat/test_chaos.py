"""Nothing is lost, doubled or mixed up where the server fails and the client is killed."""

from collections import Counter

import pytest

from skulens.chat.openai import OpenAIChat
from skulens.chat.stub.faults import ALL, FAULTS
from skulens.chat.stub.running import running_stub
from skulens.chat.stub.settings import StubSettings
from skulens.errors import ChatError
from tests.chat import chaos

PLAN = chaos.Plan(questions=150, pictures_every=10)
KILLS = 5


def failing_stub(seed: int = 0):
    """Every fault; a client is kept waiting a moment instead of until it gives up, so that no test
    depends on how fast this machine is."""
    faults = {ALL: 0.3}
    return running_stub(
        StubSettings(seed=seed, faults=faults, slow_s=0.05, hang_s=0.1, retry_after_s=0.05)
    )


def test_a_run_that_fails_and_is_killed_ends_as_one_that_is_not(tmp_path):
    with failing_stub() as url:
        calm = chaos.run(url, tmp_path / "calm", PLAN)
        met = chaos.stats_of(url)["faults"]
    with failing_stub() as url:
        told = chaos.run_killed(url, tmp_path / "killed", PLAN, KILLS, calm["calls"], seed=1)
    table = chaos.read_table(tmp_path / "killed")
    assert table == chaos.read_table(tmp_path / "calm")
    assert Counter(item for _, item, *_ in table) == Counter(chaos.ids_of(PLAN))
    assert told["replies"] == told["items"] == PLAN.questions
    assert told["kills"] >= KILLS - 1  # the last may come too late on a fast machine
    assert told["calls"] >= calm["calls"] > PLAN.questions
    # Both faults that pass and faults that stay, or this showed nothing.
    assert sum(met[f] for f in met if FAULTS[f].transient) > 10
    errors = Counter(error for *_, error in table)
    assert 5 < PLAN.questions - errors[""] < 40 and len(errors) >= 5


def test_a_second_run_calls_nobody_and_a_delta_only_what_is_new(tmp_path):
    with running_stub() as url:
        first = chaos.run(url, tmp_path, PLAN)
        second = chaos.run(url, tmp_path, PLAN)
        delta = chaos.run(url, tmp_path, chaos.Plan(150, pictures_every=10, changed_every=50))
    assert (first["calls"], second["calls"], delta["calls"]) == (150, 0, 3)
    assert [t["replies"] for t in (first, second, delta)] == [150] * 3
    assert len(chaos.read_table(tmp_path)) == 153


def test_errors_that_stay_are_not_asked_again(tmp_path):
    with running_stub(StubSettings(faults={"refusal": 0.5})) as url:
        first = chaos.run(url, tmp_path, PLAN)
        second = chaos.run(url, tmp_path, PLAN)
    assert (first["calls"], second["calls"]) == (150, 0)
    assert 40 < Counter(e for *_, e in chaos.read_table(tmp_path))["refused"] < 110


def test_two_runs_at_once_share_one_table(tmp_path):
    """And one of them is killed."""
    with failing_stub() as url:
        calm = chaos.run(url, tmp_path / "calm", PLAN)
    with failing_stub() as url:
        other = chaos.start(url, tmp_path / "both", PLAN)
        told = chaos.run_killed(url, tmp_path / "both", PLAN, 1, calm["calls"], seed=2)
        other.join()
    assert other.exitcode == 0 and told["replies"] == told["items"] == PLAN.questions
    assert chaos.read_table(tmp_path / "both") == chaos.read_table(tmp_path / "calm")


def test_a_server_that_dies_leaves_the_rest_open(tmp_path):
    """The run stops with an error, and goes on where it was once the server is back."""
    with running_stub(StubSettings(die_after=60)) as url:
        told = chaos.start(url, tmp_path, PLAN)
        told.join()
    assert told.exitcode == chaos.GONE
    before = chaos.read_table(tmp_path)
    # Answers on their way when it died are lost; what nobody answered is no failure, but open.
    assert 60 - PLAN.concurrency <= len(before) <= 60
    assert {error for *_, error in before} == {""}
    with running_stub() as url:
        again = chaos.run(url, tmp_path, PLAN)
    assert again["replies"] == 150
    table = chaos.read_table(tmp_path)
    assert len(table) == 150 and set(before) <= set(table)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=lambda f: f.name)
def test_the_engine_makes_of_each_fault_what_the_table_says(fault):
    plan = chaos.Plan(12, pictures_every=1 if fault.needs == "picture" else 0)
    asks = [a for a in chaos.make_questions(plan) if a.schema is not None]
    settings = StubSettings(faults={fault.name: 1.0}, slow_s=0.01, hang_s=0.01, retry_after_s=0.01)
    with running_stub(settings) as url:
        chat = OpenAIChat("stub", url, wait_s=0.01, timeout_s=30, concurrency=3)
        if fault.ends_run and fault.name != "wrong_picture":
            with pytest.raises(ChatError):
                list(chat.ask(asks))
            return
        replies = list(chat.ask(asks))
    assert sorted(r.id for r in replies) == [a.id for a in asks]
    lasting = "" if fault.transient else fault.error
    assert {r.error for r in replies} == {lasting}
    spoiled = fault.transient and fault.error
    assert all(r.attempts <= 3 for r in replies)
    assert not spoiled or sum(r.attempts for r in replies) >= 2 * len(replies) - 1
