"""The printed cells of the OpenMPR paper: what the files give, and why the rest differs."""

import re
from collections import Counter
from pathlib import Path

import pytest

from skulens.analysis.boards import published_board
from skulens.errors import DataError
from skulens.papers.openmpr.cells import (
    FORMULAS,
    Cell,
    check_cells,
    close,
    cut,
    read_cells,
    read_names,
)
from skulens.papers.openmpr.claims import check_claims
from skulens.papers.openmpr.summary_csv import read_csv
from tests.analysis.boards import real_openmpr

DISAGREE = {
    (1, "ViT-gopt-16-SigLIP2-384", "Size (M)"): "truncated, not rounded",
    (2, "ViT-L-16-SigLIP2", "Compute cost (FLOPs)"): "truncated, not rounded",
    (3, "Medium (200–400M)", "Size"): "truncated, not rounded",
    (3, "Very Large (> 1B)", "Size"): "truncated, not rounded",
    (4, "ViT-L-14", "Curated gain"): "difference of rounded cells",
    (5, "ViT-B-32", "Noise penalty"): "ratio of rounded cells",
    (5, "ViT-L-14", "Noise penalty"): "ratio of rounded cells, then truncated",
    (6, "ResNet50-quickgelu", "Collapse ratio"): "ratio of rounded cells",
    (6, "ResNet101", "Collapse ratio"): "ratio of rounded cells",
    (7, "LAION-2B", "Checkpoint"): "not the leader: 12 of 24 are better",
    (8, "ViTamin-S", "M1"): "ratio of rounded cells",
    (8, "MobileCLIP-B", "M2"): "ratio of rounded cells",
    (9, "ViT-gopt-16-SigLIP2-384", "Size (M)"): "truncated, not rounded",
    (10, "ViT-SigLIP", "Count"): "4 NLLB-SigLIP rows are filed under ViT-SigLIP",
    (10, "NLLB-CLIP", "Count"): "4 NLLB-SigLIP rows are filed under ViT-SigLIP",
    (11, "PE-Core-bigG-14-448", "Delta"): "difference of rounded cells",
}


@pytest.fixture(scope="module")
def rows():
    return read_csv(real_openmpr() / "benchmark_summary.csv")[0]


@pytest.fixture(scope="module")
def claims(rows):
    return {c.says: c for c in check_claims(rows, published_board("openmpr", real_openmpr()))}


def test_205_of_221_cells_agree_and_each_other_one_has_its_reason(rows):
    checked = check_cells(rows)
    assert (len(checked), sum(c.agrees for c in checked)) == (221, 205)
    found = {(c.cell.table, c.cell.row, c.cell.column): c.reason for c in checked if not c.agrees}
    assert found.keys() == DISAGREE.keys()
    assert {
        key: reason for key, reason in found.items() if not reason.startswith(DISAGREE[key])
    } == {}


def test_cells_are_those_of_the_tables():
    counts = Counter(c.table for c in read_cells())
    assert counts == {1: 10, 2: 12, 3: 12, 4: 15, 5: 15, 6: 15, 7: 8, 8: 25, 9: 28, 10: 56, 11: 25}
    places = Counter((c.table, c.row, c.column) for c in read_cells())
    assert max(places.values()) == 1, "each cell once"
    for c in read_cells():
        assert c.quantity in FORMULAS or c.quantity in ("count", "max_phi", "leader")
        assert c.quantity == "leader" or re.fullmatch(r"[-+]?[\d.]+[MB%×]?", c.printed), c
    assert sum(int(c.printed) for c in read_cells() if c.quantity == "count") == 190


def test_every_short_name_is_used(rows):
    used = {name for c in read_cells() for name in c.of}
    assert set(read_names()) <= used
    assert set(read_names().values()) <= {f"{r['vision_model']}/{r['pretrained_on']}" for r in rows}


@pytest.mark.parametrize(
    ("printed", "number", "places"),
    [
        ("0.770", 0.77, 3),
        ("1871", 1871, 0),
        ("351M", 351, 0),
        ("1.8B", 1.8, 1),
        ("-79.4%", -79.4, 1),
        ("+1.7×", 1.7, 1),
    ],
)
def test_printed_numbers(printed, number, places):
    cell = Cell(1, "", "", printed, "phi", ())
    assert (cell.number, cell.places) == (number, places)


def test_half_a_unit_of_the_last_digit_agrees():
    cell = Cell(1, "", "", "0.70", "phi", ())
    assert (
        close(0.7049, cell)
        and close(0.695, cell)
        and not close(0.6949, cell)
        and not close(0.7051, cell)
    )
    assert cut(-93.855, 1) == -93.8 and cut(1871.99, 0) == 1871


def test_another_number_in_the_files_is_unexplained(rows):
    other = [r | {"micro_cmc@1": 0.6} if r["vision_model"] == "ViTamin-S" else r for r in rows]
    wrong = [c for c in check_cells(other) if not c.agrees and c.cell.row == "ViTamin-S"]
    assert {"Recall@1", "phi"} <= {c.cell.column for c in wrong} and wrong[
        0
    ].reason == "unexplained"


def test_other_results_are_refused(rows):
    with pytest.raises(DataError, match=r"RN50.* are not among|are not among these 3 rows"):
        check_cells(rows[:3])


def test_claims_the_files_do_not_support(claims):
    supported = {says for says, c in claims.items() if c.supported}
    assert supported == {
        "ViT-gopt-16-SigLIP2-384 outperforms ViT-L-14 by 35 %",
        "PE-Core-L-14-336 achieves 98 % of the peak at about a third of the parameters",
        "filtered data gains up to 16.6 points over WIT-400M",
        "the best model finds 94.5 % within five and puts 17.5 points fewer first",
    }
    numbers = {says: c.numbers for says, c in claims.items()}
    photos = next(n for says, n in numbers.items() if "12,944" in says)
    assert (photos["photos"], photos["multiples"], photos["multiples_of_stated"]) == (20565, 570, 0)
    pools = next(n for says, n in numbers.items() if "CommonPool" in says)
    assert (
        pools["ViT-B-32/commonpool_m_clip_s128m_b4k"] == 0.08262
        and pools["ViT-B-32/commonpool_m_s128m_b4k"] == 0.03117
    )
    leader = next(n for says, n in numbers.items() if "leads LAION-2B" in says)
    assert (leader["better"], leader["rows"]) == (12, 24) and leader["difference_low"] > 0.08
    phi = next(n for says, n in numbers.items() if "threshold" in says)
    assert (
        phi["step"] < 1.02 and phi["beaten_by_vitamin_s"] == 106 and phi["pairs_reversed"] == 1631
    )
    activation = next(n for says, n in numbers.items() if "WIT-400M rows" in says)
    assert (activation["rows"], activation["lowest"], activation["highest"]) == (
        28,
        -0.06477,
        0.07274,
    )


@pytest.mark.parametrize(
    ("part", "points"),
    [
        ("ViT-gopt-16-SigLIP2-384 is the strongest", (1.2, -1.9, 4.4)),
        ("MobileCLIP-B (150M)", (0.9, -1.8, 3.6)),
        ("up to 16.6", (16.6, 13.4, 19.8)),
    ],
)
def test_differences_are_those_of_the_specification(claims, part, points):
    numbers = next(c.numbers for says, c in claims.items() if part in says)
    found = [numbers[f"difference_{end}"] * 100 for end in ("value", "low", "high")]
    assert found == pytest.approx(points, abs=0.25)


def test_the_sharp_drop_at_384_px_was_not_measured_at_384_px(claims):
    wall = next(c for says, c in claims.items() if "beyond 384 px" in says)
    assert "configures ViTamin-XL-384 at 256 px" in wall.found
    assert (
        wall.numbers["ViT-L-16-SigLIP2_512_px_p"] > 0.05
        and wall.numbers["ViT-L-14_336_px_p"] > 0.05 > wall.numbers["ViTamin-XL_384_p"]
    )


def test_the_document_prints_these_numbers(claims):
    text = " ".join(
        (Path(__file__).parents[2] / "docs/leaderboard.md").read_text(encoding="utf-8").split()
    )
    for part in ("the strongest", "MobileCLIP-B (150M)", "up to 16.6", "leads LAION-2B"):
        found = next(c.found for says, c in claims.items() if part in says)
        assert re.search(r"[+-][\d.]+ \[[^]]+\]", found)[0] in text
    assert "Of 221 cells of Tables 1-11 that the files answer, 205 agree" in text
