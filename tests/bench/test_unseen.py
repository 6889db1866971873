"""`mpr --unseen`: probes of SKUs that no system has seen, against the whole gallery."""

from dataclasses import replace

import pytest

from skulens.bench import run as runs
from skulens.bench.run import run_suite
from skulens.bench.suites.mpr import Mpr, MprSettings
from skulens.bench.task import Tools
from skulens.errors import DataError
from skulens.records import Product
from skulens.report.marks import NOT_KNOWN, SEEN, SEEN_OTHERS, exposure_of
from skulens.search.fuse import RankFusion
from skulens.trained_on import write_spus
from tests.bench.test_mpr import QUIET, ColourEncoder, Shop


def saw(name, *products):
    """An encoder that has seen these products of the shop in training; None: it does not say."""
    encoder = ColourEncoder(name)
    known = None not in products
    written = {"shop": write_spus("shop", [Product(p) for p in products])} if known else None
    on = ("shop",) if products and known else ()
    encoder.info = replace(encoder.info, trained_spus=written, trained_on=on)
    return encoder


def measure(*encoders, **settings):
    given = {"unseen": True, "gallery": "text"} | settings
    suite = Mpr(Shop(), MprSettings(**given), tools=Tools(batching=QUIET))
    return list(suite.run(encoders))


def asked(result):
    return {q.rpartition("-")[0] for q in result.tables["per_query"]["query"].to_pylist()}


def test_unseen_skus_are_asked_for_against_the_whole_gallery():
    [result] = measure(saw("a", "red", "green"))
    assert asked(result) == {"blue", "white"} and result.counts["gallery"] == 4
    assert result.variant == {"gallery": "text", "SKUs": "unseen"}
    assert result.settings["unseen"] is True
    assert (result.counts["seen_products"], result.counts["unseen_products"]) == (0, 2)
    assert exposure_of(result) == SEEN_OTHERS


def test_systems_of_one_call_answer_what_is_new_to_all_that_say_what_they_saw():
    results = measure(saw("a", "red"), saw("b", "green"), saw("silent", None), saw("none"))
    assert [asked(r) for r in results] == [{"blue", "white"}] * 4
    assert len({r.data.queries for r in results}) == 1
    assert [exposure_of(r) for r in results] == [SEEN_OTHERS, SEEN_OTHERS, NOT_KNOWN, None]
    assert [r.counts["unseen_products"] for r in results] == [2] * 4
    assert "seen_products" not in results[2].counts


def test_a_fusion_has_seen_what_its_parts_have():
    parts = [saw("a", "red"), saw("b", "green")]
    [result] = measure(RankFusion(parts, "a+b"))
    assert asked(result) == {"blue", "white"}


def test_nothing_unseen_and_nothing_known_are_errors_that_say_so():
    every = saw("a", "red", "green", "blue", "white")
    with pytest.raises(DataError, match="of its 4 SKUs asked for, a saw 4.*--hold-out"):
        measure(every, saw("silent", None))
    with pytest.raises(DataError, match="not known which SKUs silent saw"):
        measure(saw("silent", None))


def test_without_the_option_seen_and_unseen_stand_side_by_side():
    half, every, silent = measure(
        saw("a", "red", "green"), saw("b", "red", "green", "blue", "white"), saw("c", None),
        unseen=False,
    )  # fmt: skip
    values = half.slices["SKUs"]
    assert list(values) == ["seen", "unseen"]
    assert [values[v]["hit_rate@1"].n for v in values] == [6, 6]
    assert values["unseen"]["hit_rate@1"].value == 1.0 > values["seen"]["hit_rate@1"].value
    assert "SKUs" not in every.slices and "SKUs" not in silent.slices
    assert [exposure_of(r) for r in (half, every, silent)] == [SEEN, SEEN, None]
    assert "unseen" not in half.settings and "SKUs" not in half.variant


def test_more_systems_than_fit_in_memory_answer_the_same_probes(monkeypatch):
    systems = {"a": saw("a", "red"), "b": saw("b", "green"), "c": saw("c", None)}
    monkeypatch.setattr(runs, "open_system", lambda name, *_: systems[name])
    opening = runs.Opening(together=1)
    found = run_suite(
        "mpr", Shop(), list(systems), {"unseen": True, "gallery": "text"},
        tools=Tools(batching=QUIET), opening=opening,
    )  # fmt: skip
    assert [asked(r) for r in found.results] == [{"blue", "white"}] * 3 and not found.failed
