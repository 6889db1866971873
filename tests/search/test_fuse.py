"""Reciprocal-rank fusion against the formula written out, and what a fusion says of itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skulens.errors import DataError
from skulens.protocols import Retriever
from skulens.records import EncoderInfo, Item, Query, Reject, Run, SystemInfo, Warning_
from skulens.search.fuse import RankFusion, fuse_runs

QUERIES = [Query(name, Item(name, (name,))) for name in "qr"]
GALLERY = [Item(name, (name,)) for name in "abcd"]


class Fixed:
    """Answers what it is told, and names what it could not read."""

    def __init__(self, name, candidates, rejects=(), **info):
        facts = {"kind": "retriever", "identity": f"{name}/1", "params": 1, **info}
        self.info = SystemInfo(name=name, **facts)
        self.candidates, self.rejects, self.depths = candidates, list(rejects), []

    def rank(self, queries, gallery, k):
        self.depths.append(k)
        return Run.of({q.id: self.candidates[q.id] for q in queries if q.id in self.candidates})


def listed(run: Run) -> dict[str, list[tuple[str, float]]]:
    return {query: list(run.candidates(i)) for i, query in enumerate(run.queries)}


def test_by_hand():
    """a: 1/61 + 1/62, b: 1/62 + 1/61, c: 1/63 and nothing; equal scores: larger id first."""
    first, second = (
        Run.of({"q": {"a": 9.0, "b": 5.0, "c": 1.0}}),
        Run.of({"q": {"b": 0.2, "a": 0.1}}),
    )
    [found] = listed(fuse_runs([first, second], 9)).values()
    assert [p for p, _ in found] == ["b", "a", "c"]
    assert [s for _, s in found] == pytest.approx([1 / 61 + 1 / 62, 1 / 61 + 1 / 62, 1 / 63])
    assert [p for p, _ in listed(fuse_runs([first, second], 1))["q"]] == ["b"]


def naive(runs: list[dict[str, dict[str, float]]], query: str) -> dict[str, float]:
    total: dict[str, float] = {}
    for run in runs:
        for product, score in run[query].items():
            above = sum(np.float32(other) > np.float32(score) for other in run[query].values())
            total[product] = total.get(product, 0.0) + 1 / (60 + above + 1)
    return total


SCORES = st.sampled_from([-1.5, 0.0, 0.25, 0.5, 2.0])
CANDIDATES = st.dictionaries(st.sampled_from("abcdefg"), SCORES, max_size=7)
RUNS = st.lists(st.fixed_dictionaries({"q": CANDIDATES, "r": CANDIDATES}), min_size=2, max_size=4)


@settings(max_examples=200, deadline=None)
@given(runs=RUNS, k=st.integers(1, 9))
def test_scores_are_the_formula_with_ties_and_empty_lists(runs, k):
    fused = fuse_runs([Run.of(run) for run in runs], k)
    assert fused.queries == tuple(runs[0]), "in the order of the first"
    for row, query in enumerate(fused.queries):
        expected = naive(runs, query)
        found = list(fused.candidates(row))
        assert len(found) == min(k, len(expected))
        for product, score in found:
            assert score == pytest.approx(expected[product], rel=1e-6)
        best = sorted(expected.values(), reverse=True)[:k]
        assert [s for _, s in found] == pytest.approx(best, rel=1e-6)


def test_products_that_tie_share_a_rank():
    tied, clear = Run.of({"q": {"a": 1.0, "z": 1.0}}), Run.of({"q": {"a": 1.0}})
    assert [p for p, _ in listed(fuse_runs([tied, clear], 2))["q"]] == ["a", "z"]
    [found] = listed(fuse_runs([tied, Run.of({"q": {}})], 2)).values()
    assert found[0][1] == found[1][1]


def test_a_system_that_finds_nothing_leaves_the_order_of_the_other():
    scores = {"a": 0.1, "b": 0.9, "c": 0.5}
    found = listed(fuse_runs([Run.of({"q": {}}), Run.of({"q": scores})], 9))
    assert [p for p, _ in found["q"]] == ["b", "c", "a"]


@pytest.mark.parametrize("swap", [1, -1])
def test_only_queries_that_every_run_has_are_fused(swap):
    runs = [Run.of({"q": {"a": 1.0}, "r": {}}), Run.of({"r": {"b": 1.0}})][::swap]
    assert listed(fuse_runs(runs, 9)) == {"r": [("b", pytest.approx(1 / 61))]}


def test_a_fusion_asks_each_part_for_the_whole_gallery():
    one = Fixed("one", {"q": {"a": 1.0, "b": 0.5}, "r": {}})
    other = Fixed("other", {"q": {"b": 1.0}, "r": {"d": 1.0}})
    fusion = RankFusion([one, other])
    assert isinstance(fusion, Retriever)
    run = fusion.rank(QUERIES, [*GALLERY, Item("a", ("again",))], 1)
    assert one.depths == other.depths == [4]
    assert [p for p, _ in listed(run)["q"]] == ["b"] and [p for p, _ in listed(run)["r"]] == ["d"]


def test_what_one_part_cannot_read_is_left_out_and_named_once():
    why, same = Reject("q.png", "q", "broken", "replace it"), Reject("q", "q", "no", "do it")
    parts = [
        Fixed("one", {"r": {"a": 1.0}}, [why, Reject("q2.png", "q", "broken", "replace it")]),
        Fixed("other", {"q": {"a": 1.0}, "r": {"a": 1.0}}, [same]),
    ]
    fusion = RankFusion(parts)
    assert fusion.rank(QUERIES, GALLERY, 4).queries == ("r",)
    assert [r.source for r in fusion.rejects] == ["q.png", "q2.png"], "two pictures, one part"
    parts[0].rejects, parts[0].candidates = [], {"q": {}, "r": {}}
    fusion.rank(QUERIES, GALLERY, 4)
    assert fusion.rejects == [same], "those of the latest call"


def test_info_is_made_of_the_parts():
    note = Warning_("short-context")
    seen = {"trained_on": ("world",), "warnings": (note,), "licence": "MIT"}
    encoder = EncoderInfo(
        name="eyes", identity="e/1", dim=3, modalities=("image",), params=5, **seen
    )
    words = Fixed("words", {}, licence="Apache-2.0", about={"modalities": ["image", "text"]})
    eyes = Fixed("eyes", {})
    eyes.info = encoder
    found = RankFusion([words, eyes]).info
    assert (found.name, found.kind, found.params) == ("words+eyes", "pipeline", 6)
    assert found.parts == (words.info, encoder) and found.about["modalities"] == ["image"]
    assert found.trained_on == ("world",) and found.warnings == (note,)
    assert found.licence == "Apache-2.0 + MIT"
    identities = {
        RankFusion([words, eyes]).info.identity,
        RankFusion([words, eyes, eyes]).info.identity,
        RankFusion([words, Fixed("eyes", {})]).info.identity,
    }
    assert len(identities) == 3
    assert RankFusion([words, Fixed("x", {}, params=None)]).info.params is None


def test_parts_that_have_nothing_in_common_are_refused():
    words = Fixed("words", {}, about={"modalities": ["text"]})
    eyes = Fixed("eyes", {}, about={"modalities": ["image"]})
    with pytest.raises(DataError, match="nothing in common .words text, eyes image."):
        RankFusion([words, eyes])
    with pytest.raises(DataError, match="at least two"):
        RankFusion([words])
