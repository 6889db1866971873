"""Tables for a terminal and files for other tools, of any suite."""

import csv
from dataclasses import replace

import numpy as np
import pytest

from skulens.analysis.boards import Board, store_boards
from skulens.analysis.ranks import rank_board
from skulens.bench.result import Data
from skulens.encode.zoo.warnings import warn
from skulens.evaluate.intervals import Interval
from skulens.records import Warning_
from skulens.report.export import export_results
from skulens.report.marks import (
    EARLIER,
    NOT_KNOWN,
    SEEN,
    SEEN_DATA,
    SEEN_OTHERS,
    explain_earlier,
    explain_exposures,
    explain_marks,
    explain_shared,
    exposure_of,
    marks_of,
    warnings_of,
)
from skulens.report.names import count, label, shorten, singular
from skulens.report.standings import print_standings
from skulens.report.tables import print_results
from skulens.report.words import write_interval, write_number
from tests.report.boards import answered, claims, encoder_info, entry, stored


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("mini", "mini"),
        ("onnx:../a/b/net", "onnx:net"),
        ("hf:google/siglip2", "hf:google/siglip2"),
        ("local:runs/x", "local:runs/x"),
        ("open_clip:RN50/openai", "open_clip:RN50/openai"),
    ],
)
def test_a_name_is_cut_to_the_last_part_of_a_path_and_no_further(name, shown):
    assert shorten(name) == label(stored(name)) == shown
    assert shorten("open_clip:RN50/openai", silent="open_clip") == "RN50/openai"


def test_words_are_counted():
    assert (count(1, "entry"), count(2, "entry"), count(1200, "result")) == (
        "1 entry",
        "2 entries",
        "1,200 results",
    )
    assert [singular(w) for w in ("probes", "queries", "SKUs")] == ["probe", "query", "SKU"]


def test_unknown_intervals_are_not_invented():
    assert write_interval(None) == "-" == write_interval(Interval(np.nan, np.nan, np.nan, 0, 0))
    assert write_interval(Interval(0.5, np.nan, np.nan, 0, 0)) == "0.500"
    assert write_interval(Interval(0.5, 0.4, 20000.0, 0, 0)) == "0.500 [0.400, 2.0e+04]"
    assert (write_number(0.5, "f1"), write_number(2.816, "phi"), write_number(4321, "phi")) == (
        "0.500",
        "2.82",
        "4,321",
    )


def test_results_of_each_set_of_units_get_a_table_and_costs_only_where_known(capsys):
    print_results([stored("mini", 0.4), stored("groceries", 0.6), claims()])
    first, second = capsys.readouterr().out.split("some-claims: ")
    assert "mpr: shop, 10 probes -> text of 5 SKUs" in first and "images/s" in first
    assert "0.600 [0.500, 0.700]" in first and "3.0 / 4.0" in first
    assert "shop, 120 units of 30 groups, prompt v2" in second and "images/s" not in second
    assert "encoder" not in second and "system" in second and "macro_f1" in second


def test_slices_stand_below_by_value_and_system(capsys):
    print_results([claims("reader:x", 0.6), claims("reader:y", 0.7)])
    out = capsys.readouterr().out
    rows = [line for line in out.splitlines() if line.startswith("│")]
    lines = {line.split("│")[1].strip(): line for line in rows}
    assert "f1 by number of pictures" in out and list(lines)[-2:] == ["2", "10"]
    assert "0.600 [0.550, 0.650]" in lines["brand"] and "0.700 [0.650, 0.750]" in lines["brand"]
    print_results([claims("reader:x", 0.6)])
    alone = capsys.readouterr().out
    assert "precision" in alone.partition("by field")[2], "one system: all its headline metrics"


def test_a_slice_of_one_value_is_the_whole_and_left_out(capsys):
    whole = claims(slices={"language": {"en": dict(claims().metrics)}})
    print_results([whole])
    assert "language" not in capsys.readouterr().out


def test_what_tells_variants_apart_stands_with_the_name_and_what_they_share_in_the_title(capsys):
    one = stored("mini", 0.4, settings={"split": "test", "mode": "sound"})
    other = stored("mini", 0.5, settings={"split": "test", "mode": "paper"})
    print_results([one, other])
    out = capsys.readouterr().out
    assert "mini (mode paper)" in out and "(mode sound)" not in out
    print_results([other])
    assert "of 5 SKUs, mode paper" in capsys.readouterr().out


def trained_on(*names):
    return replace(stored("mini", 0.5), system=encoder_info("mini", trained_on=names))


def test_marks_tell_seen_skus_from_others_and_from_unknown_ones():
    def counted(result, seen, unseen):
        return replace(result, counts={"seen_products": seen, "unseen_products": unseen})

    known = counted(trained_on("shop"), 3, 2)
    assert exposure_of(known) == SEEN
    others = counted(trained_on("shop"), 0, 5)
    assert exposure_of(others) == SEEN_OTHERS
    assert exposure_of(counted(stored("mini", 0.5), 0, 5)) is None, "it saw nothing of the data"
    unseen = {"gallery": "text", "SKUs": "unseen"}
    for silent in (stored("mini", 0.5), trained_on("shop")):
        assert exposure_of(replace(silent, variant=unseen)) == NOT_KNOWN
    lines = explain_exposures([known, others, known, stored("mini", 0.5)]).splitlines()
    assert [line[:2] for line in lines] == ["†:", "°:"]


def test_a_system_that_has_seen_the_data_is_marked(capsys):
    assert exposure_of(trained_on("data/shop")) == SEEN_DATA
    assert exposure_of(trained_on("shop-2", "other")) is None
    inside = replace(claims(), system=replace(claims().system, parts=(trained_on("shop").system,)))
    assert exposure_of(inside) == SEEN_DATA, "a part of a pipeline counts"
    sample = Data("x", "hash", dataset="shop-sample")
    part = replace(trained_on("shop"), data=sample)
    assert exposure_of(part) == SEEN_DATA, "a part of the dataset counts"
    print_results([trained_on("shop"), stored("groceries")])
    out = capsys.readouterr().out
    assert "[0.400, 0.600] †" in out and "†: trained on this data" in out
    [board] = store_boards([trained_on("shop")])
    print_standings(rank_board(board))
    assert "0.500 [0.400, 0.600] †" in capsys.readouterr().out
    print_results([stored("groceries")])
    assert "†" not in capsys.readouterr().out


def test_marks_come_from_the_table_of_warnings_and_those_of_others_are_not_held_against_own_runs():
    told = (
        warn("short-context", context_length=32),
        warn("duplicate-weights", "RN50/openai"),
        Warning_("of-a-plug-in", short="odd"),
    )
    made = entry("x", {"hit_rate@1": 0.5}, source="published", warnings=told)
    assert marks_of(made) == ["cut", "twin", "odd"]
    assert explain_marks([made]).startswith("twin: the same weights as another row; cut: ")
    size = replace(made, warnings=(Warning_("image-size", "384"),))
    assert marks_of(size) == ["px"] and warnings_of(replace(size, source="here")) == []


def test_a_leaderboard_of_claims_shows_its_own_columns(capsys):
    metrics = {"f1": 0.6, "precision": 0.7, "recall": 0.5}
    print_standings(rank_board(Board("x", (entry("reader", metrics, suite="c", kind="reader"),))))
    out = capsys.readouterr().out
    head = next(line for line in out.splitlines() if line.startswith("┃"))
    columns = [c.strip() for c in head.strip("┃").split("┃")]
    assert columns == [
        "rank",
        "95 %",
        "all",
        "tier",
        "system",
        "f1",
        "precision",
        "recall",
        "params",
        "licence",
        "notes",
    ]


def test_results_without_a_run_are_left_out_of_trec_with_a_reason(tmp_path):
    ranked = replace(answered("mini", {"cola": ["cola"]}), folder=tmp_path / "mini")
    done = export_results([ranked, claims()], "trec", tmp_path / "out")
    assert done.written == 1 and {f.name for f in (tmp_path / "out").iterdir()} == {
        "mini.run",
        "mini.qrels",
    }
    [why] = done.skipped
    assert "some-claims ranked nothing: no run and no qrels" in why
    done = export_results([claims()], "mteb", tmp_path / "mteb")
    assert done.written == 0 and "reader is not an encoder" in done.skipped[0]


def test_a_csv_has_one_row_per_result_with_its_variant(tmp_path):
    paper = stored("mini", 0.5, settings={"split": "test", "mode": "paper"})
    export_results([paper, claims()], "csv", tmp_path / "x.csv")
    with (tmp_path / "x.csv").open() as f:
        rows = list(csv.DictReader(f))
    assert [(r["encoder"], r["gallery"], r["variant"]) for r in rows] == [
        ("mini", "text", "mode=paper"),
        ("reader:x", "", "prompt=v2"),
    ]
    assert (rows[0]["hit_rate@1"], rows[0]["f1"], rows[1]["f1"]) == ("0.5", "", "0.6")


def test_speed_of_an_earlier_run_is_marked_with_its_day_and_its_pictures(capsys):
    both = {"images_per_s": 12.5, "images_timed": 324, "latency_ms_p50": 3.0, "latency_ms_p95": 4.0}
    days = {
        "rates_measured_at": "2026-11-21T10:00:00+00:00",
        "latency_measured_at": "2026-11-20T10:00:00+00:00",
    }
    now = stored("mini", speed=both | {"process": "own", "measured": "now"})
    then = stored("other", speed=both | days | {"process": "own", "measured": "earlier"})
    print_results([now, then])
    said = " ".join(capsys.readouterr().out.split())
    assert f"12.5 {EARLIER}" in said and f"3.0 / 4.0 {EARLIER}" in said
    assert said.count("12.5") == 2 and said.count(EARLIER) == 3
    assert "earlier run: images/s of 324 pictures on 2026-11-21; latency and memory on 2026" in said
    assert explain_earlier([now]) == ""
    [old] = [stored("old", speed=both | {"measured": "earlier"} | {"images_timed": None})]
    old.cost.pop("images_timed")
    assert explain_earlier([old]) == (
        f"{EARLIER} measured in an earlier run: images/s; latency and memory"
    )


def test_memory_measured_beside_other_work_is_in_no_column_and_said():
    old = stored("old", speed={"peak_memory_mb": 7417.0, "latency_ms_p50": 3.0})
    new = stored("new", speed={"peak_memory_mb": 500.0, "latency_ms_p50": 3.0, "process": "own"})
    entries = {e.name: e for e in store_boards([old, new])[0].entries}
    assert (entries["old"].memory_mb, entries["new"].memory_mb) == (None, 500.0)
    assert explain_shared([old, new]).startswith("Memory of 1 result is left out")
    assert explain_shared([new]) == ""
