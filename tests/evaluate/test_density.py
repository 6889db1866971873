"""Accuracy per parameter against the values the paper prints."""

import csv
import os
from pathlib import Path

import pytest

from skulens.errors import DataError
from skulens.evaluate.density import m1, m2, phi

ROOT = Path(__file__).resolve().parents[2]
SUMMARY = (
    Path(os.environ.get("SKULENS_DATA", ROOT.parent / "shared/data"))
    / "openmpr/benchmark_summary.csv"
)


@pytest.fixture(scope="module")
def published():
    if not SUMMARY.exists():
        pytest.skip(
            f"needs {SUMMARY.name} of the openmpr data; "
            "set SKULENS_DATA to the folder that holds openmpr/"
        )
    with SUMMARY.open() as file:
        rows = list(csv.DictReader(file))
    return [
        (r["vision_model"], r["pretrained_on"], int(r["nparams"]), float(r["micro_cmc@1"]))
        for r in rows
    ]


# Paper, Table 8: size in millions, Recall@1, M1, M2, phi; rounded there, so ours are within
# rounding.
TABLE_8 = [
    (62, 0.432, 0.70, 0.30, 0.93),
    (102, 0.405, 0.40, 0.16, 0.45),
    (150, 0.653, 0.44, 0.28, 2.37),
    (428, 0.568, 0.13, 0.08, 0.41),
    (671, 0.758, 0.11, 0.09, 1.46),
]


@pytest.mark.parametrize(("millions", "r1", "linear", "quadratic", "density"), TABLE_8)
def test_table_8(millions, r1, linear, quadratic, density):
    assert m1(r1, millions * 1e6) == pytest.approx(linear, abs=0.006)
    assert m2(r1, millions * 1e6) == pytest.approx(quadratic, abs=0.006)
    assert phi(r1, millions * 1e6) == pytest.approx(density, abs=0.011)


@pytest.mark.parametrize(
    ("model", "tag", "printed"),
    [
        ("MobileCLIP-S1", "datacompdr", 2.82),
        ("MobileCLIP-S2", "datacompdr", 2.65),
        ("MobileCLIP-B", "datacompdr", 2.37),
        ("ViT-gopt-16-SigLIP2-384", "webli", 0.60),
        ("PE-Core-L-14-336", "meta", 1.46),
        ("ViTamin-S", "datacomp1b", 0.93),
        ("RN50", "openai", 0.45),
    ],
)
def test_printed_values_from_released_results(published, model, tag, printed):
    [(params, r1)] = [(p, r) for m, t, p, r in published if (m, t) == (model, tag)]
    assert round(phi(r1, params), 2) == printed


# Paper, Table 10: members of a family by name (the paper files nllb-*-siglip under NLLB), count,
# peak.
FAMILIES = {
    "MobileCLIP": (lambda n: n.startswith("MobileCLIP"), 4, 2.82),
    "PE-Core": (lambda n: n.startswith("PE-Core"), 5, 1.46),
    "ViT-CLIPA": (lambda n: "CLIPA" in n, 7, 1.01),
    "ViT-SigLIP": (
        lambda n: n.startswith("ViT") and "SigLIP" in n and "SigLIP2" not in n,
        11,
        0.99,
    ),
    "ConvNeXt": (lambda n: n.startswith("convnext"), 12, 0.94),
    "ViTamin": (lambda n: n.startswith("ViTamin"), 15, 0.93),
    "ViT-SigLIP2": (lambda n: "SigLIP2" in n, 15, 0.79),
    "EVA": (lambda n: n.startswith("EVA"), 7, 0.64),
    "ResNet": (lambda n: n.startswith("RN"), 16, 0.51),
    "CoCa": (lambda n: n.startswith("coca"), 4, 0.42),
    "Roberta-ViT": (lambda n: "roberta" in n, 3, 0.32),
    "ViT-Worldwide": (lambda n: "worldwide" in n, 5, 0.22),
    "NLLB-CLIP": (lambda n: n.startswith("nllb"), 6, 0.06),
}
PLAIN_VIT = (80, 1.61)


def test_peaks_of_all_families(published):
    assert len(published) == 190
    rest = dict.fromkeys(published)
    for family, (member, count, peak) in FAMILIES.items():
        rows = [row for row in published if member(row[0])]
        assert (family, len(rows)) == (family, count)
        assert (family, round(max(phi(r1, params) for *_, params, r1 in rows), 2)) == (family, peak)
        for row in rows:
            rest.pop(row, None)
    assert len(rest) == PLAIN_VIT[0]
    assert round(max(phi(r1, params) for *_, params, r1 in rest), 2) == PLAIN_VIT[1]


def test_bounds():
    assert phi(0.5, 100e6) == pytest.approx(1.0, abs=1e-5)  # odds of 1 over 100 million, times 100
    assert phi(1.0, 1e6) == pytest.approx(1e14)
    assert phi(None, 1e6) is None
    with pytest.raises(DataError, match="divide percentages"):
        phi(65.3, 150e6)
    with pytest.raises(DataError, match="positive count, got 0"):
        m1(0.5, 0)
