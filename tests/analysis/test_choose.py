"""Choices under constraints: every reason, unknown costs, licences, and the published 190."""

import re
import time
from dataclasses import replace

import numpy as np
import pytest

from skulens.analysis.boards import Board, Entry, published_board
from skulens.analysis.choose import (
    Constraints,
    Outcome,
    choose,
    licence_class,
    read_size,
    this_machine,
)
from skulens.analysis.exclusions import Exclusion, count_exclusions, order_by_nearness
from skulens.analysis.ranks import rank_board
from skulens.bench.result import GROUPS
from skulens.encode.zoo.rows import list_rows
from skulens.errors import DataError
from skulens.evaluate.metric import METRICS, Metric
from skulens.evaluate.panel import rank_models
from skulens.report.choices import conclude_choice, conclude_sections, next_command
from tests.analysis.boards import EQUAL_BEST, result_of_groups
from tests.catalog.conftest import real_data

PHOTOS = np.full(40, 10)
SKUS = tuple(map(str, range(40)))


def board(rates: dict[str, float], **more) -> Board:
    """Encoders with the same photos; SKUs vary, so that near ones do not differ significantly."""
    draw = np.random.default_rng(0)
    ease = draw.normal(0, 0.1, 40)
    hits = np.stack(
        [draw.binomial(PHOTOS, np.clip(rate + ease, 0, 1)) for rate in rates.values()], axis=1
    ).astype(float)
    entries = []
    for name, h in zip(rates, hits.T, strict=True):
        result = result_of_groups(
            name, {"hit_rate@1": h}, SKUS, PHOTOS, metrics={"macro_hit_rate@1": 0.5}
        )
        entries.append(Entry(result, name, "published", "mine", params=100_000_000))
    entries = [
        replace(e, **{k: v[e.name] for k, v in more.items() if e.name in v}) for e in entries
    ]
    return Board("mine", tuple(entries), SKUS, "mine")


RATES = {"best": 0.70, "near": 0.70, "far": 0.40, "low": 0.10}


NOTHING = result_of_groups("mine", {}, SKUS, PHOTOS)
"""A result of which only its name matters."""


def without_sums(entry: Entry) -> Entry:
    """The entry with its means alone."""
    tables = {n: t for n, t in entry.result.tables.items() if n != GROUPS}
    return replace(entry, result=replace(entry.result, tables=tables))


def texts(option) -> tuple[str, ...]:
    return tuple(reason.text for reason in option.reasons)


def by_name(choice):
    return {o.entry.name: o for o in choice.options}


def test_the_set_is_what_does_not_differ_significantly_and_others_say_by_how_much():
    b = board(RATES)
    choice = choose(b, Constraints())
    found = by_name(choice)
    expected = rank_models(b.sums("hit_rate@1"), b.sizes).best
    assert (
        {n for n, best in zip(RATES, expected, strict=True) if best}
        == {c.entry.name for c in choice.of(Outcome.BEST)}
        == {"best", "near"}
    )
    far = found["far"]
    assert far.outcome is Outcome.WORSE
    assert texts(far)[0].startswith(f"worse than {choice.options[0].entry.name} by 0.")
    assert far.behind.low <= far.behind.value <= far.behind.high
    assert far.behind.value == pytest.approx(choice.options[0].value - far.value)
    assert [c.outcome.value for c in choice.options] == ["best", "best", "worse", "worse"]
    assert count_exclusions(choice.options) == [Exclusion("worse than the best", 2, 2)]


def test_any_metric_with_sums_decides_and_low_is_best_where_it_should_be(monkeypatch):
    monkeypatch.setitem(METRICS, "hallucinations", Metric("hallucinations", "", direction="lower"))
    draw = np.random.default_rng(0)
    entries = []
    for name, hits, lies in (("a", 7, 4), ("b", 3, 1)):
        sums = {
            "hit_rate@1": draw.binomial(10, hits / 10, 40),
            "hallucinations": draw.binomial(10, lies / 10, 40),
        }
        entries.append(Entry(result_of_groups(name, sums, SKUS, PHOTOS), name, "here", "mine"))
    b = Board("mine", tuple(entries), SKUS, "mine")
    by_hits, by_lies = (choose(b, Constraints(metric=m)) for m in ("", "hallucinations"))
    assert [o.entry.name for o in by_hits.of(Outcome.BEST)] == ["a"]
    assert by_hits.constraints.metric == "hit_rate@1"
    assert [o.entry.name for o in by_lies.of(Outcome.BEST)] == ["b"]
    assert texts(by_lies.options[1])[0].startswith("worse than b by 0.3")
    limited = choose(b, Constraints(metric="hallucinations", min_recall=0.2))
    assert texts(limited.options[1])[0].startswith("hallucinations 0.4")
    assert "wanted at most 0.2" in texts(limited.options[1])[0]


def test_a_derived_metric_keeps_its_own_values_and_is_not_tested():
    small, large = (
        Entry(
            result_of_groups(
                name,
                {"hit_rate@1": np.full(40, hits)},
                SKUS,
                PHOTOS,
                metrics={"phi": phi},
            ),
            name,
            "here",
            "mine",
        )
        for name, hits, phi in (("small", 5, 9.0), ("large", 8, 2.0))
    )
    choice = choose(Board("mine", (large, small), SKUS, "mine"), Constraints(metric="phi"))
    assert [(o.entry.name, o.value, o.low) for o in choice.options] == [
        ("small", 9.0, None),
        ("large", 2.0, None),
    ]
    assert {o.outcome for o in choice.options} == {Outcome.UNTESTED}


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
    constraints = Constraints(
        max_params=200_000_000,
        max_latency_ms=20,
        max_memory_mb=500,
        licence="commercial",
        min_recall=0.3,
    )
    found = by_name(choose(b, constraints))
    assert texts(found["best"]) == ("too large: 300 M, wanted at most 200 M",)
    assert texts(found["near"])[:2] == (
        "slower here: 30.0 ms, wanted at most 20.0 ms",
        "more memory here: 900 MB, wanted at most 500 MB",
    )
    assert texts(found["near"])[2].startswith("licence unclear (no licence known)")
    assert texts(found["low"])[0] == "licence CC-BY-NC-4.0 forbids commercial use"
    assert (
        texts(found["low"])[1].startswith("hit_rate@1 0.1")
        and "wanted at least 0.3" in texts(found["low"])[1]
    )
    assert found["far"].outcome is Outcome.BEST and found["far"].notes == ()


def test_what_was_not_measured_here_is_kept_and_marked_or_dropped():
    elsewhere = {"latency_ms": {"best": 500.0}, "machine": {"best": "another processor, 64 cores"}}
    kept = by_name(choose(board(RATES, **elsewhere), Constraints(max_latency_ms=20)))
    assert (
        kept["best"].outcome is Outcome.BEST
        and kept["best"].notes == ("latency unknown",)
        and kept["best"].entry.latency_ms is None
    )
    dropped = choose(board(RATES, **elsewhere), Constraints(max_latency_ms=20, unknown="drop"))
    assert {texts(c) for c in dropped.options} == {("latency unknown",)} and next_command(
        dropped
    ) == ""


def test_costs_measured_here_on_other_data_are_lent():
    mine = board(
        {"best": 0.2},
        latency_ms={"best": 50.0},
        memory_mb={"best": 300.0},
        machine={"best": this_machine()},
    )
    found = by_name(choose(board(RATES), Constraints(max_latency_ms=20), costs=[mine]))
    assert texts(found["best"]) == ("slower here: 50.0 ms, wanted at most 20.0 ms",)
    other = board({"best": 0.2}, latency_ms={"best": 50.0}, machine={"best": "elsewhere"})
    assert (
        by_name(choose(board(RATES), Constraints(max_latency_ms=20), costs=[other]))["best"].outcome
        is Outcome.BEST
    )


def test_memory_measured_beside_other_work_is_unknown_and_says_why():
    b = board(RATES, latency_ms={"best": 5.0}, machine={"best": this_machine()})
    entries = [
        replace(e, result=replace(e.result, cost={"peak_memory_mb": 545.0})) if n == 0 else e
        for n, e in enumerate(b.entries)
    ]
    b = replace(b, entries=tuple(entries))
    assert b.entries[0].name == "best" and b.entries[0].result.has_shared_memory
    found = by_name(choose(b, Constraints(max_memory_mb=1000, unknown="drop")))
    assert texts(found["best"])[0].startswith("memory unknown, for it was measured beside other")
    assert texts(found["near"]) == ("memory unknown",)
    mine = board(
        {"best": 0.2},
        latency_ms={"best": 9.0},
        memory_mb={"best": 600.0},
        machine={"best": this_machine()},
    )
    lent = by_name(choose(b, Constraints(max_memory_mb=1000), costs=[mine]))["best"].entry
    assert (lent.latency_ms, lent.memory_mb) == (5.0, 600.0), "what it lacks is lent"


def test_recall_near_the_limit_says_so_on_both_sides():
    b = board(RATES)
    value = b.entries[0].metrics["hit_rate@1"]
    above = by_name(choose(b, Constraints(min_recall=round(value - 0.01, 3))))["best"]
    below = by_name(choose(b, Constraints(min_recall=round(value + 0.01, 3))))["best"]
    assert above.outcome is Outcome.BEST and "may be below" in above.notes[0]
    assert below.outcome is Outcome.OUT and texts(below)[0].endswith("its interval reaches that")


def test_entries_without_hits_are_not_tested():
    b = board(RATES)
    first, *others = b.entries
    b = replace(b, entries=(without_sums(first), *others))
    found = by_name(choose(b, Constraints()))
    assert (
        found["best"].outcome is Outcome.UNTESTED
        and found["best"].value == b.entries[0].metrics["hit_rate@1"]
    )
    assert found["near"].outcome is Outcome.BEST
    bare = replace(b, entries=tuple(without_sums(e) for e in b.entries), groups=())
    assert {o.outcome for o in choose(bare, Constraints()).options} == {Outcome.UNTESTED}


def test_next_command_measures_what_is_unknown_then_compares_then_looks_closer():
    assert next_command(choose(board(RATES), Constraints())).startswith(
        "skulens bench mpr DATA --encoder "
    )
    timed = {
        "latency_ms": dict.fromkeys(RATES, 5.0),
        "machine": dict.fromkeys(RATES, this_machine()),
    }
    two = choose(board(RATES, **timed), Constraints())
    assert (
        next_command(two)
        == f"skulens compare {two.options[0].entry.name} {two.options[1].entry.name}"
    )
    one = board(
        {"a": 0.9, "b": 0.2}, **{k: dict.fromkeys("ab", v["best"]) for k, v in timed.items()}
    )
    assert next_command(choose(one, Constraints())) == "", (
        "nothing was ranked that can be looked into"
    )
    first, second = one.entries
    tables = {**first.result.tables, "run": first.result.tables[GROUPS]}
    ranked = replace(first, result=replace(first.result, tables=tables))
    one = replace(one, entries=(ranked, second))
    assert next_command(choose(one, Constraints())) == "skulens confusion a"


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
    assert licence_class(Entry(NOTHING, "mine", "here", licence=licence)) == kind


def test_licences_of_the_registry_are_its_column():
    names = {"yes": "commercial", "no": "non-commercial", "unknown": "unknown"}
    for row in list_rows():
        name = f"open_clip:{row.name}"
        entry = Entry(NOTHING, name, "published", licence=row.licence, commercial=row.commercial)
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
    with pytest.raises(ValueError, match="not a count"):
        read_size(text)


@pytest.mark.parametrize(
    ("constraints", "says"),
    [
        ({"metric": "mrr@0"}, "cut-off of at least 1"),
        ({"min_recall": 60}, "write 0.6 for 60 %"),
        ({"max_params": 0}, "above 0"),
        ({"licence": "gpl"}, "expected a licence"),
        ({"unknown": "maybe"}, "keep or drop"),
    ],
)
def test_impossible_constraints_stop_at_the_door(constraints, says):
    with pytest.raises(DataError, match=says):
        Constraints(**constraints)


def test_a_metric_that_the_board_lacks_names_those_it_has():
    with pytest.raises(DataError, match="it has hit_rate@1, macro_hit_rate@1"):
        choose(board(RATES), Constraints(metric="hit_rate@10"))


def test_no_equally_good_one_of_190_is_called_worse(board_190):
    """Not even in a draw in which Holm over the comparisons with the best calls three so."""
    choice = choose(board_190, Constraints())
    verdicts = {o.entry.name: o for o in choice.options}
    outcomes = [verdicts[e.name].outcome for e in board_190.entries]
    assert set(outcomes[:EQUAL_BEST]) == {Outcome.BEST}
    assert set(outcomes[40:]) == {Outcome.WORSE}
    assert choice.as_dict()["tested"] == 190 and not choice.as_dict()["too_few_groups"]
    tiers = {s.entry.name: s.tier for s in rank_board(board_190).rows}
    assert {n for n, o in verdicts.items() if o.outcome is Outcome.BEST} == {
        n for n, tier in tiers.items() if tier == 1
    }


def test_interval_and_verdict_agree_for_every_one_of_190(board_190):
    for limit in (None, 200_000_000):
        options = choose(board_190, Constraints(max_params=limit)).options
        for option in options[1:]:
            if option.outcome is Outcome.OUT:
                continue
            worse = option.outcome is Outcome.WORSE
            assert (option.behind.low > 0) == (option.behind.p <= 0.05) == worse
            assert option.behind.low <= option.behind.value <= option.behind.high
            text = " ".join(texts(option))
            assert not worse or " [0.000," not in text
            assert not worse or re.search(r"by 0\.\d{3} \[0\.\d+, 0\.\d{3}\], adjusted p = ", text)


def test_so_few_skus_that_nothing_can_differ_are_said():
    skus, photos = SKUS[:5], PHOTOS[:5]
    draw = np.random.default_rng(0)
    entries = tuple(
        Entry(
            result_of_groups(n, {"hit_rate@1": draw.binomial(10, rate, 5)}, skus, photos),
            n,
            "here",
            "mine",
        )
        for n, rate in (("a", 0.99), ("b", 0.05), ("c", 0.5))
    )
    choice = choose(Board("mine", entries, skus, "mine"), Constraints())
    assert len(choice.of(Outcome.BEST)) == 3 and choice.as_dict()["too_few_groups"]
    said = conclude_choice(choice, "")
    assert "(with 5 SKUs, no two of 3 encoders can differ significantly)" in said
    assert "no two of" not in conclude_choice(choose(board(RATES), Constraints()), "")


def test_the_published_190_without_any_result_of_ours():
    root = real_data("openmpr")
    start = time.perf_counter()
    b = published_board("openmpr", root)
    everything = choose(b, Constraints())
    constraints = Constraints(
        max_params=200_000_000, max_latency_ms=20, licence="commercial", min_recall=0.6
    )
    small = choose(b, constraints)
    assert time.perf_counter() - start < 30
    assert len(everything.of(Outcome.BEST)) == 8 and len(everything.of(Outcome.WORSE)) == 182
    assert everything.options[0].entry.name == "open_clip:ViT-gopt-16-SigLIP2-384/webli"
    assert [c.entry.name for c in small.of(Outcome.BEST)] == [
        "open_clip:ViT-B-16/datacomp_xl_s13b_b90k"
    ]
    assert "latency unknown" in small.of(Outcome.BEST)[0].notes
    assert (
        all(c.reasons for c in small.options if c.outcome is not Outcome.BEST)
        and len(small.options) == 190
    )


def test_systems_that_nearly_meet_the_constraints_come_first():
    sizes = {"best": 250_000_000, "near": 101_000_000, "far": 90_000_000, "low": 300_000_000}
    b = board(RATES)
    b = replace(b, entries=tuple(replace(e, params=sizes[e.name]) for e in b.entries))
    choice = choose(b, Constraints(max_params=100_000_000, min_recall=0.5))
    out = choice.of(Outcome.OUT)
    assert [o.entry.name for o in order_by_nearness(out)] == ["near", "far", "best", "low"]
    assert count_exclusions(out) == [
        Exclusion("too large", 3, 2),
        Exclusion("hit_rate@1", 2, 1),
    ]
    said = conclude_choice(choice, "")
    assert "2 encoders miss only one constraint (too large): relax it, nearest is near" in said


def test_no_constraint_fills_the_list_of_near_misses():
    rates = {f"large{i}": 0.7 for i in range(9)} | {"just": 0.58}
    b = board(rates)
    sizes = {name: 200_000_000 if name != "just" else 50_000_000 for name in rates}
    b = replace(b, entries=tuple(replace(e, params=sizes[e.name]) for e in b.entries))
    out = choose(b, Constraints(max_params=100_000_000, min_recall=0.65)).of(Outcome.OUT)
    assert "just" in [o.entry.name for o in order_by_nearness(out)][:4]


def test_sections_that_answered_the_same_get_one_answer():
    choice = choose(board(RATES), Constraints())
    (said,) = conclude_sections(3, [choice])
    assert said.startswith("over all sections: take best; not significantly different: near;")
    (none,) = conclude_sections(2, [choice, choice])
    assert "no common answer" in none
