"""Several vectors per product: streamed scores equal the definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skulens.index.exact import ExactIndex, top_k
from skulens.index.fixed_point import fix, scores_of_all
from skulens.index.shots import fold


def plain_scores(queries, ids, vectors, how):
    """(queries, products), products in order of first appearance; the definition of each way."""
    columns = []
    for product in dict.fromkeys(ids):
        mine = vectors[[i == product for i in ids]].astype(np.float64)
        if how == "max":
            columns.append((queries @ mine.T).max(axis=1))
        elif how == "mean":
            columns.append((queries @ mine.T).mean(axis=1))
        else:
            prototype = (mine / np.linalg.norm(mine, axis=1, keepdims=True)).mean(axis=0)
            columns.append(queries @ (prototype / np.linalg.norm(prototype)))
    return np.stack(columns, axis=1)


@pytest.mark.parametrize("how", ["max", "mean", "prototype"])
@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    products=st.integers(1, 12),
    vectors=st.integers(1, 60),
    block=st.integers(1, 30),
)
def test_shots_follow_their_definition(how, seed, products, vectors, block):
    rng = np.random.default_rng(seed)
    ids = [f"p{i}" for i in rng.integers(0, products, vectors)]  # interleaved on purpose
    shots = rng.standard_normal((vectors, 6)).astype(np.float32)
    queries = rng.standard_normal((5, 6)).astype(np.float32)
    index = ExactIndex(ids, shots, shots=how)
    order, scores = index.search(queries, 100, block_rows=block)
    plain = plain_scores(queries, ids, shots, how)
    assert index.products == tuple(dict.fromkeys(ids)) and order.shape == plain.shape
    assert np.allclose(scores, np.take_along_axis(plain, order.astype(int), axis=1), atol=1e-5)
    assert (np.sort(order, axis=1) == np.arange(plain.shape[1])).all()
    assert (np.diff(scores, axis=1) <= 0).all()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 400), st.integers(1, 12))
def test_max_is_exact_over_blocks_and_ties(seed, block, k):
    """Both paths (all scored, filtered) against sorting everything, duplicates across products."""
    rng = np.random.default_rng(seed)
    owners = np.sort(rng.integers(0, 120, 400))
    names = [f"p{i:03}" for i in owners]
    shots = rng.integers(-2, 3, (400, 4)).astype(np.float32)
    queries = rng.integers(-2, 3, (6, 4)).astype(np.float32)
    order, scores = ExactIndex(names, shots, shots="max").search(queries, k, block_rows=block)
    starts = np.flatnonzero(np.diff(owners, prepend=-1))
    plain = np.maximum.reduceat(scores_of_all(fix(queries), fix(shots)), starts, axis=1)
    position = np.broadcast_to(np.arange(plain.shape[1]), plain.shape)
    expected = np.lexsort((-position, -plain), axis=1)[:, :k]  # larger id first
    assert np.array_equal(order, expected)
    assert np.array_equal(scores, np.take_along_axis(plain, expected, axis=1))


def test_grouped_memory_map_is_not_copied(tmp_path):
    np.save(tmp_path / "shots.npy", np.eye(6, dtype=np.float32))
    mapped = np.load(tmp_path / "shots.npy", mmap_mode="r")
    _, vectors, shots = fold(["a", "a", "b", "c", "c", "c"], mapped, "max")
    assert vectors is mapped and shots.starts.tolist() == [0, 2, 3]


def test_one_vector_each_needs_no_folding():
    vectors = np.eye(3, dtype=np.float32) * 2
    for how in ("single", "max", "mean"):
        products, same, shots = fold(["c", "a", "b"], vectors, how)
        assert products == ("c", "a", "b") and same is vectors and shots is None
    assert np.array_equal(
        fold(["c", "a", "b"], vectors, "prototype")[1], np.eye(3, dtype=np.float32)
    )


def test_opposite_shots_have_a_zero_prototype():
    vectors = np.float32([[1, 0], [-1, 0], [0, 1]])
    run = ExactIndex(["a", "a", "b"], vectors, shots="prototype").run(["q"], np.float32([[1, 0.5]]))
    assert list(run.candidates(0)) == [("b", 0.5), ("a", 0.0)]


def test_blocks_cannot_hold_several_shots():
    from skulens.errors import DataError

    _, vectors, shots = fold(["a", "a", "b"], np.eye(3, dtype=np.float32), "max")
    with pytest.raises(DataError, match="one array or memory map"):
        top_k(np.eye(3, dtype=np.float32), iter([vectors]), 1, shots=shots)
