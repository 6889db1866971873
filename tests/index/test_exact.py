"""Streamed search equals sorting everything, and equal vectors tie whatever the blocks."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skulens.errors import DataError
from skulens.index import exact
from skulens.index.exact import ExactIndex, top_k
from skulens.index.fixed_point import BITS, fix, scores_of_all, scores_of_pairs
from skulens.protocols import Index


def exact_scores(queries, gallery):
    """The definition: round to fixed point, multiply as Python integers, round once to float32."""
    q, g = fix(queries), fix(gallery)
    whole = np.array(
        [
            [sum(int(a) * int(b) for a, b in zip(x, y, strict=True)) for y in g.integers]
            for x in q.integers
        ],
        object,
    ).reshape(len(queries), len(gallery))
    scaled = whole.astype(np.float64) * q.scales[:, None] * g.scales
    return scaled.astype(np.float32) + np.float32(0)


def sort_everything(scores, k):
    order = np.lexsort(
        (np.broadcast_to(np.arange(scores.shape[1]), scores.shape), -scores), axis=1
    )[:, :k]
    return order, np.take_along_axis(scores, order, axis=1)


def unit(rng, n, dim):
    x = rng.standard_normal((n, dim))
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


worlds = st.tuples(
    st.integers(0, 2**32 - 1),  # seed
    st.integers(1, 9),  # queries
    st.integers(1, 60),  # vectors
    st.integers(1, 7),  # distinct ones among them
    st.integers(1, 5),  # dim
)


@settings(max_examples=150, deadline=None)
@given(world=worlds, k=st.integers(1, 70), block=st.integers(1, 64), rows=st.integers(1, 10))
def test_streamed_equals_sorted_with_many_duplicates(world, k, block, rows):
    seed, n_queries, n_vectors, distinct, dim = world
    rng = np.random.default_rng(seed)
    queries = rng.standard_normal((n_queries, dim)).astype(np.float32)
    gallery = rng.standard_normal((distinct, dim)).astype(np.float32)[
        rng.integers(0, distinct, n_vectors)
    ]
    order, scores = top_k(queries, gallery, k, block_rows=block, query_rows=rows)
    expected_order, expected = sort_everything(exact_scores(queries, gallery), k)
    assert np.array_equal(order, expected_order)
    assert np.array_equal(scores, expected)
    assert order.dtype == np.int32 and scores.dtype == np.float32


@pytest.mark.parametrize("k", [1, 5, 40])
def test_filtered_blocks_equal_sorted(k):
    """Large enough that the float32 filter runs, with near-ties that it must not lose."""
    rng = np.random.default_rng(k)
    queries, base = unit(rng, 30, 64), unit(rng, 500, 64)
    near = base[rng.integers(0, 500, 3000)] * (
        1 + rng.integers(-3, 4, (3000, 1)) * np.float32(2**-23)
    )
    gallery = near.astype(np.float32)
    expected = sort_everything(scores_of_all(fix(queries), fix(gallery)), k)
    for block, rows in [(1000, 7), (313, 30), (3000, 30)]:
        found = top_k(queries, gallery, k, block_rows=block, query_rows=rows)
        assert np.array_equal(found[0], expected[0]) and np.array_equal(found[1], expected[1])


def test_filter_is_used_and_scores_few(monkeypatch):
    rng = np.random.default_rng(0)
    scored = []
    monkeypatch.setattr(
        "skulens.index.exact.scores_of_pairs",
        lambda q, g, r, c: scored.append(len(r)) or scores_of_pairs(q, g, r, c),
    )
    top_k(unit(rng, 50, 32), unit(rng, 8000, 32), 10, block_rows=1000)
    assert 50 * 10 <= sum(scored) < 50 * 8000 / 100


def test_mass_ties_are_exact():
    """A gallery of one vector: everything ties, nothing may be lost or preferred by blocks."""
    gallery = np.tile(np.float32([[0.1, 0.2, 0.3]]), (5000, 1))
    order, scores = top_k(np.float32([[1, 1, 1], [0, 0, 0]]), gallery, 7, block_rows=512)
    assert np.array_equal(order, np.tile(np.arange(7), (2, 1)))
    assert len(np.unique(scores[0])) == 1 and not scores[1].any()


def test_zero_and_minus_zero_tie():
    """A negative product too small for float32 rounds to -0, which sorts below 0 as an integer."""
    order, scores = top_k(
        np.float32([[1e-30, 0]]), np.float32([[-1e-30, 0], [0, 1], [1e-30, 1]]), 3
    )
    assert order.tolist() == [[0, 1, 2]] and not np.signbit(scores).any()


def test_float32_filter_keeps_what_only_the_exact_sum_puts_in_place():
    """Products whose float32 sums err by more than they differ: without margins some are lost."""
    rng = np.random.default_rng(5)
    queries, base = unit(rng, 40, 1024), unit(rng, 1, 1024)
    gallery = (base + 1e-7 * rng.standard_normal((2000, 1024))).astype(np.float32)
    expected = sort_everything(scores_of_all(fix(queries), fix(gallery)), 5)
    for block in (100, 2000):
        found = top_k(queries, gallery, 5, block_rows=block)
        assert np.array_equal(found[0], expected[0]) and np.array_equal(found[1], expected[1])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 300), st.floats(-30, 30))
def test_equal_vectors_score_equal_bits(seed, dim, log2_scale):
    rng = np.random.default_rng(seed)
    one = rng.standard_normal(dim).astype(np.float32) * np.float32(2.0**log2_scale)
    queries = rng.standard_normal((13, dim)).astype(np.float32)
    gallery = rng.standard_normal((97, dim)).astype(np.float32)
    places = [0, 3, 50, 95, 96]
    gallery[places] = one
    scores = scores_of_all(fix(queries), fix(gallery))
    assert (scores[:, places] == scores[:, :1]).all()
    assert np.array_equal(
        scores[:, 0], scores_of_all(fix(queries), fix(one[None]))[:, 0]
    )  # another kernel
    rows, columns = np.divmod(np.arange(13 * 97), 97)
    assert np.array_equal(
        scores.ravel(), scores_of_pairs(fix(queries), fix(gallery), rows, columns)
    )


def test_fixed_point_stays_below_2_to_53():
    """Worst cases of the bound: all mass in one entry, and entries just under powers of two."""
    rng = np.random.default_rng(0)
    for dim in (1, 2, 512, 2048):
        vectors = np.concatenate(
            [np.eye(1, dim), np.ones((1, dim)), unit(rng, 50, dim), unit(rng, 50, dim) * 1.41]
        )
        integers = fix(vectors.astype(np.float32)).integers
        norms = [sum(int(v) ** 2 for v in row) for row in integers]
        assert max(norms) < 2**53
        assert min(norms) > (0.69 * 2**BITS) ** 2 and np.array_equal(integers, np.rint(integers))


def test_scores_are_as_accurate_as_the_plain_product():
    rng = np.random.default_rng(1)
    queries, gallery = unit(rng, 200, 512), unit(rng, 300, 512)
    truth = queries.astype(np.float64) @ gallery.astype(np.float64).T
    ours = np.abs(scores_of_all(fix(queries), fix(gallery)) - truth)
    plain = np.abs(queries @ gallery.T - truth)
    assert ours.max() < 5e-8 and ours.mean() <= plain.mean() * 1.05


def test_blocks_memory_map_and_array_agree(tmp_path):
    rng = np.random.default_rng(2)
    queries, gallery = unit(rng, 20, 16), unit(rng, 1000, 16)
    np.save(tmp_path / "gallery.npy", gallery)
    expected = top_k(queries, gallery, 9)
    for other in (
        np.load(tmp_path / "gallery.npy", mmap_mode="r"),
        (gallery[i : i + 77] for i in range(0, 1000, 77)),
    ):
        found = top_k(queries, other, 9, block_rows=64)
        assert np.array_equal(found[0], expected[0]) and np.array_equal(found[1], expected[1])


def test_progress_counts_every_vector():
    seen = []
    top_k(
        np.eye(4, 3, dtype=np.float32),
        np.ones((50, 3), np.float32),
        2,
        block_rows=20,
        progress=seen.append,
    )
    assert seen == [20, 20, 10]


def test_half_precision_gallery_is_read_as_float32():
    rng = np.random.default_rng(3)
    queries, gallery = unit(rng, 5, 8), unit(rng, 50, 8).astype(np.float16)
    expected = top_k(queries, gallery.astype(np.float32), 4)
    assert np.array_equal(top_k(queries, gallery, 4)[1], expected[1])


def test_larger_id_first_among_equals():
    index = ExactIndex(["b", "10", "a", "9", "é"], np.ones((5, 2), np.float32))
    run = index.run(["q"], np.ones((1, 2), np.float32), 4)
    assert [p for p, _ in run.candidates(0)] == ["é", "b", "a", "9"]
    assert isinstance(index, Index)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 40))
def test_run_is_in_the_order_of_run_of(seed, n, k):
    """The same candidates as `Run.of`, which sorts by score and id in Python."""
    from skulens.records import Run

    rng = np.random.default_rng(seed)
    ids = [f"p{i}" for i in rng.permutation(1000)[:n]]
    vectors = rng.integers(-1, 2, (n, 3)).astype(np.float32)
    queries = rng.integers(-1, 2, (4, 3)).astype(np.float32)
    run = ExactIndex(ids, vectors).run(["a", "b", "c", "d"], queries, k)
    plain = Run.of(
        {q: dict(zip(ids, queries[i] @ vectors.T, strict=True)) for i, q in enumerate("abcd")}
    )
    for row in range(4):
        assert list(run.candidates(row)) == list(plain.candidates(row))[:k]


def test_empty_gallery_and_no_queries():
    assert top_k(np.ones((3, 2), np.float32), np.ones((0, 2), np.float32), 5)[0].shape == (3, 0)
    assert top_k(np.ones((0, 2), np.float32), np.ones((4, 2), np.float32), 3)[0].shape == (0, 3)
    assert (
        ExactIndex([], np.ones((0, 2), np.float32)).run(["q"], np.ones((1, 2), np.float32)).depth
        == 0
    )


def test_bad_input_is_named():
    good = np.ones((4, 2), np.float32)
    with pytest.raises(DataError, match="vector 2 holds NaN"):
        top_k(good, np.float32([[1, 1], [1, 1], [np.nan, 1]]), 1, block_rows=2)
    with pytest.raises(DataError, match=r"\(n, 2\) like the queries"):
        top_k(good, np.ones((4, 3), np.float32), 1)
    with pytest.raises(DataError, match="at least 1, got 0"):
        top_k(good, good, 0)
    with pytest.raises(DataError, match="3 ids for 4 vectors"):
        ExactIndex(["a", "b", "c"], good)
    with pytest.raises(DataError, match="'a' has several vectors"):
        ExactIndex(["b", "a", "c", "a"], good)
    with pytest.raises(DataError, match="unknown shots 'median'"):
        ExactIndex(["b", "a", "c", "a"], good, shots="median")


def test_memory_stays_within_the_budget():
    """A full score matrix would take 480 MB; the search must not come near it."""
    code = """
import resource, numpy as np
from skulens.index.exact import top_k
rng = np.random.default_rng(0)
queries = rng.standard_normal((2000, 8), np.float32)
gallery = rng.standard_normal((60000, 8), np.float32)
top_k(queries[:10], gallery[:1000], 5)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
top_k(queries, gallery, 10, budget_bytes=32 << 20)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""
    grown = float(
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout
    )
    assert grown < 80, f"{grown:.0f} MB"


def test_index_does_not_import_torch():
    code = "import sys, skulens.index.exact; sys.exit(int('torch' in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_vectors_of_another_maker_are_refused():
    vectors = np.eye(2, dtype=np.float32)
    index = ExactIndex(["a", "b"], vectors, maker="mini-1")
    assert index.search(vectors, 1, "mini-1")[0].tolist() == [[0], [1]]
    with pytest.raises(DataError, match="embed both with one encoder"):
        index.search(vectors, 1, "mini-2")
    with pytest.raises(DataError, match="embed both with one encoder"):
        index.run(["q", "r"], vectors, 1, "mini-2")


@pytest.mark.parametrize("k", [300, 500, 1000])
def test_long_lists_equal_sorted(k):
    """numpy sorts what is left of a partition below some hundred, which hides most wrong cuts:
    only many rows show one."""
    rng = np.random.default_rng(k)
    queries, gallery = unit(rng, 1500, 3), unit(rng, 1300, 3)
    expected = sort_everything(scores_of_all(fix(queries), fix(gallery)), k)
    found = top_k(queries, gallery, k, block_rows=1300)
    assert np.array_equal(found[0], expected[0]) and np.array_equal(found[1], expected[1])


@pytest.mark.parametrize("k", [200, 300])
def test_few_hits_merge_into_long_lists(monkeypatch, k):
    """The path of the float32 filter: few of a later block enter the list."""
    merged = []
    real = exact._merge_few
    monkeypatch.setattr(exact, "_merge_few", lambda *a: merged.append(len(a[1])) or real(*a))
    rng = np.random.default_rng(k)
    queries, gallery = unit(rng, 400, 3), unit(rng, 24000, 3)
    gallery[8000:] *= np.float32(0.96)
    expected = sort_everything(scores_of_all(fix(queries), fix(gallery)), k)
    found = top_k(queries, gallery, k, block_rows=8000)
    assert np.array_equal(found[0], expected[0]) and np.array_equal(found[1], expected[1])
    assert sum(merged) > 400
