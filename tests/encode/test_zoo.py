"""The registry of published pairs and its warnings."""

import json
import subprocess
import sys
from collections import Counter
from dataclasses import asdict

import pytest

from skulens.encode.zoo.rows import distinct_weights, find_row, list_rows, write_rows
from skulens.encode.zoo.rules import named_px
from skulens.encode.zoo.warnings import (
    KINDS,
    SERIOUS,
    line_of,
    mark_of,
    read_warning,
    split_code,
    warn_of_card,
    warnings_of,
    write_warning,
)

TABLE_10 = {
    "ViT": 80,
    "ResNet": 16,
    "SigLIP2": 15,
    "ViTamin": 15,
    "ConvNeXt": 12,
    "SigLIP": 11,
    "EVA": 7,
    "CLIPA": 7,
    "NLLB-CLIP": 6,
    "PE-Core": 5,
    "Worldwide": 5,
    "CoCa": 4,
    "MobileCLIP": 4,
    "Roberta-ViT": 3,
}


def published():
    """The 190 rows of OpenMPR: everything but MobileCLIP2, which is newer."""
    return [row for row in list_rows() if not row.arch.startswith("MobileCLIP2")]


def with_code(rows, code):
    return [row for row in rows if any(c.partition("=")[0] == code for c in row.lint)]


def test_every_pair_of_open_clip_has_a_row():
    from open_clip import list_pretrained

    import skulens.torch_shim  # noqa: F401  # isort: split

    missing = set(list_pretrained()) - {(row.arch, row.tag) for row in list_rows()}
    assert not missing, f"run python tools/make_zoo.py: {sorted(missing)[:5]}"


def test_families_are_those_of_the_papers_table_10():
    assert Counter(row.family for row in published()) == TABLE_10


def test_28_published_rows_ran_with_the_wrong_activation_one_of_them_doubtful():
    assert len(with_code(published(), "activation-mismatch")) == 27
    assert [row.name for row in with_code(published(), "activation-doubtful")] == [
        "roberta-ViT-B-32/laion2b_s12b_b32k"
    ]
    assert find_row("RN50", "openai") in with_code(published(), "activation-mismatch")
    assert find_row("RN50-quickgelu", "openai") not in with_code(published(), "activation-mismatch")


def test_190_rows_are_at_most_160_weights():
    assert distinct_weights(published()) == 160
    twins = {row.name: row.lint[0] for row in with_code(published(), "duplicate-weights")}
    assert twins["RN50-quickgelu/openai"] == "duplicate-weights=RN50/openai"
    assert (
        twins["ViT-B-16-plus-240/laion400m_e32"]
        == "duplicate-weights=ViT-B-16-plus-240/laion400m_e31"
    )


def test_the_configured_size_that_is_not_the_names():
    (row,) = with_code(list_rows(), "image-size")
    assert (row.arch, row.image_px, named_px(row.arch)) == ("ViTamin-XL-384", 256, 384)
    assert named_px("ViT-L-14-336-quickgelu") == 336 and named_px("ViT-B-32") is None


@pytest.mark.parametrize(
    ("arch", "tag", "code"),
    [
        ("ViT-B-32", "metaclip_400m", "non-commercial"),
        ("nllb-clip-base", "v1", "non-commercial"),
        ("ViT-B-16-SigLIP2", "webli", "canonical-text"),
        ("ViT-SO400M-14-SigLIP", "webli", "short-context"),
        ("PE-Core-B-16", "meta", "short-context"),
        ("ViTamin-S", "datacomp1b", "pickled-upstream"),
    ],
)
def test_codes_where_they_belong(arch, tag, code):
    assert code in find_row(arch, tag).lint
    assert code not in find_row("ViT-B-32", "datacomp_xl_s13b_b90k").lint


def test_every_code_has_a_sentence_that_can_be_filled():
    for row in list_rows():
        assert tuple(write_warning(w) for w in row.warnings) == row.lint
        for warning in row.warnings:
            assert warning.sentence and "{" not in warning.sentence + warning.short
            assert warning.severity == KINDS[warning.code].severity
    first = find_row("RN50", "openai").warnings[0]
    assert "architecture says GELU, the weights were trained with QuickGELU" in first.sentence
    assert first.severity == "serious" and "licence-unknown" not in SERIOUS


def test_the_table_is_whole():
    for code, kind in KINDS.items():
        assert split_code(code) == (code, ""), "the separator is not part of a code"
        assert bool(kind.mark) == bool(kind.legend), code
    marks = [kind.mark for kind in KINDS.values() if kind.mark]
    assert len(set(marks)) == len(marks)


def test_stored_warnings_of_any_version_are_read():
    twin = find_row("RN50-quickgelu", "openai").warnings[0]
    assert read_warning("duplicate-weights=RN50/openai").short == "same weights as RN50/openai"
    assert read_warning(line_of(twin)) == twin, "a line that an earlier version stored"
    odd = read_warning("random weights: vectors mean nothing")
    assert (odd.code, odd.severity) == ("", "note") and line_of(odd).startswith("random weights:")
    assert warnings_of({"lint": [line_of(twin)]}) == warnings_of({"warnings": [asdict(twin)]})
    assert warnings_of({}) == ()
    codes = ["duplicate-weights=a/b", "short-context", "licence-unknown", "from a newer version"]
    assert mark_of(codes) == ["twin", "cut"]


def test_a_tag_names_the_data_it_has_seen():
    named = {
        "laion2b_s34b_b79k": ("laion2b",),
        "openai": (),
        "mscoco_finetuned_laion2b_s13b_b90k": ("laion2b", "mscoco"),
        "frozen_laion5b_s13b_b90k": ("laion5b",),
    }
    rows = {row.tag: row.trained_on for row in list_rows()}
    assert {tag: rows[tag] for tag in named} == named


@pytest.mark.parametrize(
    ("licence", "codes"), [("cc-by-nc-4.0", 1), ("apache-2.0", 0), ("unknown", 0)]
)
def test_warnings_from_a_model_card(licence, codes):
    assert (
        len(warn_of_card(licence)) == codes
        and len(warn_of_card(licence, canonical_text=True)) == codes + 1
    )


def test_parameters_are_those_openmpr_published(data):
    totals = json.loads((data("openmpr") / "openclip_model_nparams.json").read_text())
    for row in published():
        assert row.params == totals[f"open_clip/{row.arch}--{row.tag}"], row.name
        assert row.params == row.params_image + row.params_text


def test_rows_are_what_the_installed_open_clip_says():
    from dataclasses import replace

    from tools.make_zoo import row_of

    for name in ("RN50/openai", "MobileCLIP-S1/datacompdr", "roberta-ViT-B-32/laion2b_s12b_b32k"):
        row = find_row(*name.split("/"))
        own = tuple(code for code in row.lint if not code.startswith(("duplicate", "same")))
        assert row_of(row.arch, row.tag, {}) == replace(row, lint=own)


def test_writing_and_reading_gives_the_same_rows(tmp_path, monkeypatch):
    from skulens.encode.zoo import rows as zoo

    write_rows(list_rows(), tmp_path / "zoo.csv")
    assert (tmp_path / "zoo.csv").read_bytes() == zoo.ZOO.read_bytes()


def test_reading_the_zoo_imports_no_torch():
    code = (
        "import sys; from skulens.encode.zoo.rows import list_rows; "
        "list_rows(); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
