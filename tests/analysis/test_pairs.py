"""Comparisons of stored results, by hand."""

from dataclasses import replace

import numpy as np
import pytest

from skulens.analysis.boards import published_board
from skulens.analysis.pairing import pair_up, why_not
from skulens.analysis.pairs import Outcome, adjust, pair, pair_of_board
from skulens.bench.naming import address, find_result, find_results
from skulens.errors import DataError, StoreError, UnknownName
from skulens.evaluate.metric import METRICS, Metric
from skulens.evaluate.sample_size import estimate_sample_size
from skulens.report.words import describe_limit, estimate_effort
from tests.bench.stores import stored
from tests.catalog.conftest import real_data

A = {
    "cola": ["cola", "cola", "cola", "lime"],
    "lime": ["lime", "lime"],
    "tea": ["tea", "tea"],
    "milk": ["milk", "cola"],
}
B = {
    "cola": ["lime", "lime", "tea", "cola"],
    "lime": ["cola", "lime"],
    "tea": ["tea", "tea"],
    "milk": ["milk", "tea"],
}


@pytest.fixture
def both(tmp_path):
    return stored(tmp_path, "a", A), stored(tmp_path, "b", B, reverse=True)


def test_difference_and_counts_are_those_worked_by_hand(both):
    found = pair(*both)
    assert (found.mean_a, found.mean_b) == (pytest.approx(8 / 10), pytest.approx(5 / 10))
    assert found.difference.value == pytest.approx(3 / 10)
    assert (found.difference.n, found.difference.groups) == (10, 4)
    assert found.difference.low <= 0.3 <= found.difference.high
    assert found.difference.p == pytest.approx(
        0.5
    )  # two SKUs differ, both for A: 2 of 4 sign patterns are as far
    assert (found.wins, found.losses, found.ties) == (2, 0, 2)
    assert (found.probes_only_a, found.probes_only_b) == (4, 1)


def test_what_it_would_take_is_said_where_they_do_not_differ_significantly(both):
    found = pair(*both)
    x, y = (r.scores.values("hit_rate@1") for r in both)
    y = y[::-1]
    assert found.needed == estimate_sample_size(x, y, np.array([0, 0, 0, 0, 1, 1, 2, 2, 3, 3]))
    said = estimate_effort(found, "probes", "SKUs")
    assert f"would take {found.needed.skus} SKUs" in said
    assert "these are 4 SKUs with 2.5 probes each" in said
    assert found.as_dict()["needed"]["skus"] == found.needed.skus
    assert estimate_effort(replace(found, p_holm=0.01), "probes", "SKUs") == ""
    assert pair(*both, "macro_hit_rate@1").needed is None


def test_comparisons_of_which_none_could_be_significant_say_so(both):
    [found] = adjust([pair(*both)])
    assert found.hopeless and found.difference.p_least == 2 / 2**2
    assert describe_limit(found, "SKUs") == (
        "they differ on 2 SKUs: too few for any difference to be significant"
    )
    assert found.as_dict()["hopeless"]
    ten = replace(found, difference=replace(found.difference, p_least=2 / 2**10))
    assert not any(x.hopeless for x in adjust([ten] * 25))
    assert all(x.hopeless for x in adjust([ten] * 26)), "26 x 2/1024 is above 5 %"
    assert describe_limit(adjust([ten])[0], "SKUs") == ""


def test_too_few_patterns_for_so_many_comparisons_are_refused(both):
    drawn = replace(pair(*both).difference, p_least=1 / 601, patterns=600)
    many = [replace(pair(*both), difference=drawn)] * 49
    with pytest.raises(DataError, match=r"49 comparisons with 600 .* give at least 9,800 patterns"):
        adjust(many)
    assert not adjust(many[:30])[0].hopeless


def test_macro_weighs_every_sku_the_same(both):
    found = pair(*both, "macro_hit_rate@1")
    assert found.mean_a == pytest.approx((3 / 4 + 1 + 1 + 1 / 2) / 4)
    assert found.difference.value == pytest.approx((2 / 4 + 1 / 2 + 0 + 0) / 4)


def test_skus_that_differ_most_come_first_with_what_was_found_instead(both):
    first, second = pair(*both, photos={"cola/0": "photos/cola-0.jpg"}).skus
    assert (first.sku, first.difference, first.a_found, first.b_found) == (
        "cola",
        0.5,
        "lime",
        "lime",
    )
    assert (first.only_a, first.only_b) == (("cola/0", "cola/1", "cola/2"), ("cola/3",))
    assert first.photos == {"cola/0": "photos/cola-0.jpg"}
    assert (second.sku, second.a_found, second.b_found) == ("lime", None, "cola")


def test_swapping_the_sides_turns_the_sign(both):
    one, other = pair(*both), pair(*both[::-1])
    assert one.difference.value == pytest.approx(-other.difference.value)
    assert one.difference.p == other.difference.p and (one.wins, one.losses) == (
        other.losses,
        other.wins,
    )


def test_unanswerable_probes_are_left_out(tmp_path):
    a = stored(tmp_path, "a", A | {"tea": [None, "tea"]})
    found = pair(a, stored(tmp_path, "b", B))
    assert found.difference.n == 9 and found.as_dict()["difference"]["value"] == pytest.approx(
        3 / 9
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"split": "train", "data_hash": "x"}, "split test against train"),
        ({"n_gallery": 8, "data_hash": "x"}, "SKUs in the gallery 9 against 8"),
        ({"counts": {"groups": 3}, "data_hash": "x"}, "SKUs with probes 4 against 3"),
        ({"n_queries": 7, "data_hash": "x"}, "probes 10 against 7"),
        ({"gallery": "image", "data_hash": "x", "data": "market"}, "gallery text against image"),
        ({"data": "other/market", "data_hash": "x"}, "data shop against market"),
        ({"data_hash": "x"}, "other contents under the same names"),
    ],
)
def test_other_data_is_refused_with_what_differs(tmp_path, change, says):
    a, b = stored(tmp_path, "a", A), stored(tmp_path, "b", B, **change)
    for refuse in (lambda: pair(a, b), lambda: pair_up([a], [b])):
        with pytest.raises(DataError, match=says) as error:
            refuse()
        assert "skulens bench mpr shop --encoder a --encoder b" in str(error.value)


def test_a_metric_that_is_not_stored_names_those_that_are(both):
    with pytest.raises(DataError, match="hit_rate@1, mrr"):
        pair(*both, "phi")


def test_encoders_are_paired_by_gallery_and_mode_newest_first(tmp_path):
    old = stored(tmp_path, "a", A)
    new = stored(tmp_path, "a", A)
    b, picture = stored(tmp_path, "b", B), stored(tmp_path, "b", B, gallery="image", data_hash="y")
    paper = stored(tmp_path, "b", B, mode="paper")
    assert [(x.folder, y.folder) for x, y in pair_up([old, new], [b, picture, paper])] == [
        (new.folder, b.folder)
    ]
    assert pair_up([new], [paper])  # two folders: as asked
    with pytest.raises(DataError, match="both sides"):
        pair(new, new)
    assert why_not(new, b) == []


def test_galleries_of_one_system_are_compared_where_the_queries_are_the_same(tmp_path):
    """Also results stored before queries had a fingerprint: equal units and groups are enough."""
    text = stored(tmp_path, "a", A)
    image = stored(tmp_path, "a", B, gallery="image", data_hash="y")
    assert why_not(text, image) == []
    [(x, y)] = pair_up([text, image], [text, image])
    assert {x.folder, y.folder} == {text.folder, image.folder}
    found = pair(text, image)
    assert found.differing == {"gallery": ("text", "image")}
    assert found.names == ("a (gallery text)", "a (gallery image)")
    assert found.difference.value == pytest.approx(3 / 10)
    other = stored(tmp_path, "a", {"cola": ["cola"]}, gallery="image", data_hash="z")
    with pytest.raises(DataError, match="SKUs with probes 4 against 1; probes 10 against 1"):
        pair(text, other)


def test_queries_decide_where_their_fingerprint_is_stored(tmp_path):
    v2 = {"format": 2, "system": {"name": "a", "kind": "encoder", "identity": "i"}}
    v2 |= {"data_split": "test", "counts": {"groups": 4, "units": 10, "gallery": 9}}
    text, image, other = (
        stored(
            tmp_path, "a", A, data_hash=h, data_queries=q, gallery=g, variant={"gallery": g}, **v2
        )
        for h, q, g in (("x", "q", "text"), ("y", "q", "image"), ("z", "other", "image"))
    )
    assert why_not(text, image) == []
    with pytest.raises(DataError, match="gallery text against image"):
        pair(text, other)


def test_who_is_better_is_told_by_the_direction_of_the_metric(both, monkeypatch):
    found = replace(pair(*both), p_holm=0.01)
    assert found.outcome is Outcome.A_BETTER
    assert pair(*both).outcome is Outcome.NOT_SIGNIFICANT
    low = Metric("cost", "less is better", direction="lower")
    monkeypatch.setitem(METRICS, "cost", low)
    assert replace(found, metric="cost").outcome is Outcome.B_BETTER


def test_a_derived_metric_is_not_tested_in_place_of_what_it_is_derived_from(both):
    with pytest.raises(DataError, match=r"phi is derived from hit_rate@1.*it has hit_rate@1, mrr"):
        pair(*both, "phi")


def test_results_are_found_by_encoder_folder_or_name(tmp_path):
    with pytest.raises(StoreError, match="no results in"):
        find_results("a", tmp_path)
    a, b = stored(tmp_path, "a", A), stored(tmp_path, "b", B)
    assert [s.folder for s in find_results("a", tmp_path)] == [a.folder]
    assert (
        find_result(str(b.folder), tmp_path).name
        == find_result(b.folder.name, tmp_path).name
        == "b"
    )
    assert [s.name for s in find_results(str(tmp_path), tmp_path)] == ["a", "b"]
    with pytest.raises(UnknownName, match="unknown result 'c'"):
        find_results("c", tmp_path)
    stored(tmp_path, "a", A, gallery="image", data_hash="y")
    with pytest.raises(StoreError, match="means 2 results"):
        find_result("a", tmp_path)
    assert find_result("a", tmp_path, "text").folder == a.folder
    with pytest.raises(StoreError, match="never measured with --gallery both"):
        find_result("a", tmp_path, "both")


def test_results_of_one_system_are_told_apart_by_what_differs(tmp_path):
    text = stored(tmp_path, "a", A)
    image = stored(tmp_path, "a", A, gallery="image", data_hash="y")
    paper = stored(tmp_path, "a", A, gallery="image", data_hash="y", mode="paper")
    other = stored(tmp_path, "b", B)
    every = [text, image, paper, other]
    words = [address(r, every) for r in every]
    assert words == ["a@text", "a@image,mode=sound", "a@image,mode=paper", "b"]
    for word, result in zip(words, every, strict=True):
        assert [r.folder for r in find_results(word, tmp_path)] == [result.folder], word
    assert len(find_results("a@image", tmp_path)) == 2
    with pytest.raises(UnknownName, match="a was never measured with 'both'.*a@text"):
        find_results("a@both", tmp_path)
    with pytest.raises(UnknownName, match="unknown result 'c@text'"):
        find_results("c@text", tmp_path)
    with pytest.raises(StoreError, match="say which:\n  a@text"):
        find_result("a", tmp_path)


def test_two_stores_pair_each_encoder_with_itself(tmp_path):
    before = [stored(tmp_path / "before", n, B) for n in ("a", "b")]
    after = [stored(tmp_path / "after", n, A) for n in ("a", "b")]
    assert [(x.name, y.name) for x, y in pair_up(after, before)] == [("a", "a"), ("b", "b")]


def test_published_encoders_compare_as_the_paper_s_claims_were_rechecked():
    board = published_board("openmpr", real_data("openmpr"))
    claims = {  # points, with the interval of an independent bootstrap of these files
        ("ViT-B-16/datacomp_xl_s13b_b90k", "ViT-B-16/openai"): (16.6, 13.4, 19.8),
        ("MobileCLIP-B/datacompdr", "convnext_large_d_320/laion2b_s29b_b131k_ft_soup"): (
            0.9,
            -1.8,
            3.6,
        ),
        ("ViT-L-14-336/openai", "ViT-L-14/openai"): (-0.7, -1.7, 0.3),
        ("ViT-gopt-16-SigLIP2-384/webli", "PE-Core-L-14-336/meta"): (1.2, -1.9, 4.4),
    }
    for (a, b), expected in claims.items():
        found = pair(*pair_of_board(board, a, b))
        d = found.difference
        assert [100 * d.value, 100 * d.low, 100 * d.high] == pytest.approx(expected, abs=0.15), (
            a,
            b,
        )
        assert (
            (d.n, d.groups) == (20_565, 409)
            and found.probes_only_a is None
            and not found.skus[0].only_a
        )
    with pytest.raises(UnknownName, match="did you mean"):
        pair_of_board(board, "ViT-B-17/openai", a)
    with pytest.raises(DataError, match="hit_rate@1, hit_rate@3, hit_rate@5"):
        pair(*pair_of_board(board, a, b), "mrr")


def test_a_damaged_result_says_which_file(tmp_path):
    a = stored(tmp_path, "a", A)
    (a.folder / "per_query.parquet").write_bytes(b"no parquet")
    with pytest.raises(StoreError, match="per_query.parquet cannot be read"):
        pair(a, stored(tmp_path, "b", B))
