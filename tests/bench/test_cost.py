"""What an encoder costs: a process of its own, whatever else the command does."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from skulens.bench import own_process
from skulens.bench.cost_child import peak_memory_mb
from skulens.bench.store import ResultStore
from skulens.bench.suites.mpr import Mpr, MprSettings
from skulens.bench.task import Tools
from skulens.encode import open_encoder
from skulens.encode.batching import Batching
from skulens.encode.memo import Memo
from skulens.records import Image
from tests.bench.test_mpr import ColourEncoder, Shop, png

QUIET = Batching(batch=4, threads=1, progress=False)
FAILS = (sys.executable, "-c", "import sys; sys.exit('no weights here')")
KILLED = (sys.executable, "-c", "import os; os.kill(os.getpid(), 9)")
SLOW = (sys.executable, "-c", "import time; time.sleep(60)")


@pytest.fixture(autouse=True)
def measure_each_time(monkeypatch):
    monkeypatch.setattr(own_process, "run_child", own_process.run_child.__wrapped__)


def bench(folder, *encoders, batching=QUIET, time_probes=True, shop=None, **settings):
    tools = Tools(folder, Memo(folder), batching, time_probes)
    asked = MprSettings(**{"gallery": "image", **settings})
    return list(Mpr(shop or Shop(), asked, tools=tools).run(encoders or [histogram()]))


def histogram():
    return open_encoder("histogram")


def test_memory_does_not_depend_on_what_else_the_command_does(tmp_path):
    [alone] = bench(tmp_path / "alone")
    held = np.ones((300_000_000 // 8,))  # what the command holds besides
    assert peak_memory_mb() > 300
    runs = [
        bench(tmp_path / "first", histogram(), ColourEncoder()),
        bench(tmp_path / "last", ColourEncoder(), histogram(), limit=8),
        bench(tmp_path / "many", shop=Shop(per_sku=40)),
    ]
    del held
    found = [r.cost["peak_memory_mb"] for run in runs for r in run if r.name == "histogram"]
    assert len(found) == 3 and 20 < alone.cost["peak_memory_mb"] < 250
    assert found == pytest.approx([alone.cost["peak_memory_mb"]] * 3, rel=0.05)


def test_both_numbers_come_from_the_process_and_the_rates_from_the_run(tmp_path):
    [result] = bench(tmp_path)
    cost = result.cost
    assert cost["process"] == "own" and cost["measured"] == "now" and "not_measured" not in cost
    assert 0 < cost["latency_ms_p50"] <= cost["latency_ms_p95"]
    assert cost["images_per_s"] > 0 and cost["images_timed"] == result.counts["forwards"]
    assert not any(name.endswith("_measured_at") for name in cost)


@pytest.mark.parametrize(
    ("child", "says"),
    [(FAILS, "no weights here"), (KILLED, "SIGKILL"), (SLOW, "took longer than")],
)
def test_a_process_that_gives_no_numbers_fails_nothing(tmp_path, monkeypatch, child, says):
    monkeypatch.setattr(own_process, "CHILD", child)
    monkeypatch.setattr(own_process, "LIMIT_S", 0.2 if child is SLOW else 60)
    [result] = bench(tmp_path)
    assert result.metrics["hit_rate@1"].value > 0.5
    assert says in result.cost["not_measured"]
    assert not {"peak_memory_mb", "latency_ms_p50"} & set(result.cost)
    monkeypatch.undo()
    [again] = bench(tmp_path)
    assert again.cost["peak_memory_mb"] > 0, "a failure is not remembered"


def test_a_second_command_does_not_measure_again_and_says_when_it_was(tmp_path, monkeypatch):
    [first] = bench(tmp_path)
    monkeypatch.setattr(own_process, "CHILD", FAILS)
    [second] = bench(tmp_path)
    same = ("peak_memory_mb", "images_per_s", "images_timed", "process")
    assert [second.cost[n] for n in same] == [first.cost[n] for n in same]
    assert second.cost["measured"] == "earlier"
    assert second.cost["rates_measured_at"][:2] == second.cost["latency_measured_at"][:2] == "20"
    for change in ({"batching": replace(QUIET, batch=5)}, {"shop": Shop(wrong=2)}):
        [other] = bench(tmp_path, **change)
        assert "not_measured" in other.cost, "other settings and other photos are measured anew"


def test_nothing_is_started_where_cost_is_not_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(own_process, "run_child", lambda *_: pytest.fail("started"))
    [result] = bench(tmp_path, time_probes=False)
    assert result.cost["images_per_s"] > 0 and "peak_memory_mb" not in result.cost
    [unnamed] = bench(tmp_path, ColourEncoder())
    assert "not opened by name" in unnamed.cost["not_measured"]


def test_pictures_in_memory_and_broken_ones_are_measured(tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no picture")
    images = [Image(data=png(np.array([9, 9, 9]))), Image(str(tmp_path / "broken.png"))] * 4
    found = own_process.measure_alone(histogram().opening, images, QUIET)
    assert len(found["probe_ms"]) == 1, "three of the four that can be read warm up"


def test_measuring_again_replaces_costs_that_an_earlier_version_stored(tmp_path):
    [result] = bench(tmp_path / "cache")
    old = {"peak_memory_mb": 7417.0, "latency_ms_p50": 3.0, "measured": "now"}
    store = ResultStore(tmp_path / "results")
    store.add(replace(result, cost=old))
    [stored] = store.results()
    assert stored.has_shared_memory and not result.has_shared_memory
    assert store.add(result)[1] == "unchanged"
    [renewed] = store.results()
    assert renewed.cost["peak_memory_mb"] == result.cost["peak_memory_mb"]
    store.add(replace(result, cost={"measured": "now"}))
    assert store.results()[0].cost == renewed.cost, "a run without costs takes none away"
