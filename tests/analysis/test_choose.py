"""Choices under constraints: every reason, unknown costs, licences, and the published 190."""

import time
from dataclasses import replace

import numpy as np
import pytest

from skulens.analysis.boards import Board, Entry, openmpr_board
from skulens.analysis.choose import (
    Wishes,
    choose,
    licence_class,
    next_command,
    read_size,
    summary,
    this_machine,
)
from skulens.encode.zoo.rows import list_rows
from skulens.errors import DataError
from skulens.evaluate.panel import rank_models
from tests.catalog.conftest import real_data

PHOTOS = np.full(40, 10)


def board(rates: dict[str, float], **more) -> Board:
    """Encoders with the same photos; SKUs vary, so that near ones cannot be told apart."""
    draw = np.random.default_rng(0)
    ease = draw.normal(0, 0.1, 40)
    hits = np.stack(
        [draw.binomial(PHOTOS, np.clip(rate + ease, 0, 1)) for rate in rates.values()], axis=1
    ).astype(float)
    entries = [
        Entry(
            n,
            "published",
            params=100_000_000,
            metrics={"hit_rate@1": h.sum() / 400, "macro_hit_rate@1": 0.5},
        )
        for n, h in zip(rates, hits.T, strict=True)
    ]
    entries = [
        replace(e, **{k: v[e.name] for k, v in more.items() if e.name in v}) for e in entries
    ]
    return Board("mine", tuple(entries), tuple(map(str, range(40))), PHOTOS, {1: hits}, "mine")


RATES = {"best": 0.70, "near": 0.70, "far": 0.40, "low": 0.10}


def by_name(choice):
    return {c.entry.name: c for c in choice.candidates}


def test_the_set_is_what_cannot_be_told_apart_and_others_say_by_how_much():
    b = board(RATES)
    choice = choose(b, Wishes())
    found = by_name(choice)
    expected = rank_models(b.hits[1], b.photos).best
    assert (
        {n for n, best in zip(RATES, expected, strict=True) if best}
        == {c.entry.name for c in choice.of("best")}
        == {"best", "near"}
    )
    far = found["far"]
    assert far.verdict == "worse" and far.reasons[0].startswith(
        f"worse than {choice.candidates[0].entry.name} by 0."
    )
    assert far.behind.low <= far.behind.value <= far.behind.high
    assert far.behind.value == pytest.approx(choice.candidates[0].value - far.value)
    assert [c.verdict for c in choice.candidates] == ["best", "best", "worse", "worse"]
    assert summary(choice.candidates) == {"worse than the best": 2}


def test_every_constraint_names_its_reason():
    here = this_machine()
    b = board(
        RATES,
        params={"best": 300_000_000},
        latency_ms={"near": 30.0, "far": 10.0},
        memory_mb={"near": 900.0, "far": 100.0},
        machine={"near": here, "far": here},
        licence={"best": "MIT", "far": "Apache-2.0", "low": "CC-BY-NC-4.0"},
    )
    wishes = Wishes(
        max_params=200_000_000,
        max_latency_ms=20,
        max_memory_mb=500,
        licence="commercial",
        min_recall=0.3,
    )
    found = by_name(choose(b, wishes))
    assert found["best"].reasons == ("too large: 300 M, wanted at most 200 M",)
    assert found["near"].reasons[:2] == (
        "slower here: 30.0 ms, wanted at most 20.0 ms",
        "more memory here: 900 MB, wanted at most 500 MB",
    )
    assert found["near"].reasons[2].startswith("licence unclear (no licence known)")
    assert found["low"].reasons[0] == "licence CC-BY-NC-4.0 forbids commercial use"
    assert (
        found["low"].reasons[1].startswith("hit_rate@1 0.1")
        and "wanted at least 0.3" in found["low"].reasons[1]
    )
    assert found["far"].verdict == "best" and found["far"].notes == ()


def test_what_was_not_measured_here_is_kept_and_marked_or_dropped():
    elsewhere = {"latency_ms": {"best": 500.0}, "machine": {"best": "another processor, 64 cores"}}
    kept = by_name(choose(board(RATES, **elsewhere), Wishes(max_latency_ms=20)))
    assert (
        kept["best"].verdict == "best"
        and kept["best"].notes == ("latency unknown",)
        and kept["best"].entry.latency_ms is None
    )
    dropped = choose(board(RATES, **elsewhere), Wishes(max_latency_ms=20, unknown="drop"))
    assert {c.reasons for c in dropped.candidates} == {("latency unknown",)} and next_command(
        dropped
    ) == ""


def test_costs_measured_here_on_other_data_are_lent():
    mine = board(
        {"best": 0.2},
        latency_ms={"best": 50.0},
        memory_mb={"best": 300.0},
        machine={"best": this_machine()},
    )
    found = by_name(choose(board(RATES), Wishes(max_latency_ms=20), costs=[mine]))
    assert found["best"].reasons == ("slower here: 50.0 ms, wanted at most 20.0 ms",)
    other = board({"best": 0.2}, latency_ms={"best": 50.0}, machine={"best": "elsewhere"})
    assert (
        by_name(choose(board(RATES), Wishes(max_latency_ms=20), costs=[other]))["best"].verdict
        == "best"
    )


def test_recall_near_the_wish_says_so_on_both_sides():
    b = board(RATES)
    value = b.entries[0].metrics["hit_rate@1"]
    above = by_name(choose(b, Wishes(min_recall=round(value - 0.01, 3))))["best"]
    below = by_name(choose(b, Wishes(min_recall=round(value + 0.01, 3))))["best"]
    assert above.verdict == "best" and "may be below" in above.notes[0]
    assert below.verdict == "out" and below.reasons[0].endswith("its interval reaches that")


def test_entries_without_hits_are_not_tested():
    b = board(RATES)
    b.hits[1][:, 0] = np.nan
    found = by_name(choose(b, Wishes()))
    assert (
        found["best"].verdict == "untested"
        and found["best"].value == b.entries[0].metrics["hit_rate@1"]
    )
    assert found["near"].verdict == "best"
    bare = replace(b, hits={}, skus=(), photos=np.zeros(0, int))
    assert {c.verdict for c in choose(bare, Wishes()).candidates} == {"untested"}


def test_next_command_measures_what_is_unknown_then_compares_then_looks_closer():
    assert next_command(choose(board(RATES), Wishes())).startswith(
        "skulens bench mpr DATA --encoder "
    )
    timed = {
        "latency_ms": dict.fromkeys(RATES, 5.0),
        "machine": dict.fromkeys(RATES, this_machine()),
    }
    two = choose(board(RATES, **timed), Wishes())
    assert (
        next_command(two)
        == f"skulens compare {two.candidates[0].entry.name} {two.candidates[1].entry.name}"
    )
    assert (
        next_command(
            choose(
                board(
                    {"a": 0.9, "b": 0.2},
                    **{k: dict.fromkeys("ab", v["best"]) for k, v in timed.items()},
                ),
                Wishes(),
            )
        )
        == "skulens confusion a"
    )


@pytest.mark.parametrize(
    ("licence", "kind"),
    [
        ("MIT", "commercial"),
        ("Apache-2.0", "commercial"),
        ("BSD-3-Clause", "commercial"),
        ("CC-BY-NC-4.0", "non-commercial"),
        ("cc-by-nc-sa-4.0", "non-commercial"),
        ("non-commercial research", "non-commercial"),
        ("Apple model licence", "unknown"),
        (None, "unknown"),
        ("unknown", "unknown"),
    ],
)
def test_licences_by_name(licence, kind):
    assert licence_class(Entry("mine", "here", licence=licence)) == kind


def test_licences_of_the_registry_are_its_column():
    names = {"yes": "commercial", "no": "non-commercial", "unknown": "unknown"}
    for row in list_rows():
        entry = Entry(
            f"open_clip:{row.name}", "published", licence=row.licence, commercial=row.commercial
        )
        assert licence_class(entry) == names[row.commercial], row.name


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("200M", 200_000_000),
        ("1.5B", 1_500_000_000),
        ("900k", 900_000),
        ("150000000", 150_000_000),
        ("1_000", 1000),
    ],
)
def test_sizes(text, count):
    assert read_size(text) == count


@pytest.mark.parametrize("text", ["", "M", "2 cats", "-5M", "1.2.3"])
def test_what_is_no_size(text):
    with pytest.raises(ValueError, match="no count"):
        read_size(text)


@pytest.mark.parametrize(
    ("wishes", "says"),
    [
        ({"metric": "mrr"}, "by hit rates"),
        ({"min_recall": 60}, "write 0.6 for 60 %"),
        ({"max_params": 0}, "above 0"),
        ({"licence": "gpl"}, "expected a licence"),
        ({"unknown": "maybe"}, "keep or drop"),
    ],
)
def test_impossible_wishes_stop_at_the_door(wishes, says):
    with pytest.raises(DataError, match=says):
        Wishes(**wishes)


def test_a_metric_that_the_board_lacks_names_those_it_has():
    with pytest.raises(DataError, match="it has hit_rate@1, macro_hit_rate@1"):
        choose(board(RATES), Wishes(metric="hit_rate@10"))


def test_the_published_190_without_any_result_of_ours():
    root = real_data("openmpr")
    start = time.perf_counter()
    b = openmpr_board(root)
    everything = choose(b, Wishes())
    wishes = Wishes(max_params=200_000_000, max_latency_ms=20, licence="commercial", min_recall=0.6)
    small = choose(b, wishes)
    assert time.perf_counter() - start < 30
    assert len(everything.of("best")) == 7 and len(everything.of("worse")) == 183
    assert everything.candidates[0].entry.name == "open_clip:ViT-gopt-16-SigLIP2-384/webli"
    assert [c.entry.name for c in small.of("best")] == ["open_clip:ViT-B-16/datacomp_xl_s13b_b90k"]
    assert "latency unknown" in small.of("best")[0].notes
    assert (
        all(c.reasons for c in small.candidates if c.verdict != "best")
        and len(small.candidates) == 190
    )
