"""Exact search over vectors in memory equals the plain way, ties and gaps included."""

import numpy as np
import pytest

from skulens.index.exact import top_k
from skulens.index.stores.local import coarse, scan
from skulens.index.stores.local.coarse import Coarse, norms
from skulens.index.stores.local.scan import Matrix


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


def make_vectors(rng, size=3000, dim=48):
    """Clustered, with copies, so that scores tie, and rows without a vector."""
    vectors = unit(
        rng.standard_normal((20, dim))[rng.integers(0, 20, size)]
        + 0.2 * rng.standard_normal((size, dim))
    )
    vectors[rng.integers(0, size, size // 3)] = vectors[rng.integers(0, size, size // 3)]
    vectors[rng.integers(0, size, size // 20)] = np.nan
    return vectors


def search_plainly(vectors, vector, k, allowed, tie_rank):
    """Sort all that is allowed by score, then by tie rank."""
    rows = np.flatnonzero(allowed & ~np.isnan(vectors).any(axis=1))
    if not len(rows):
        return rows, np.empty(0, np.float32)
    order, scores = top_k(
        vector[None], vectors[rows], k, tie_rank=np.argsort(np.argsort(tie_rank[rows]))
    )
    return rows[order[0]], scores[0]


@pytest.fixture(params=["float32", "int8"])
def reads(request, monkeypatch):
    """Both ways of reading, whatever the size and the speed of this machine."""
    if request.param == "int8":
        pytest.importorskip("simsimd")
        monkeypatch.setattr(coarse, "LEAST", 1)
        monkeypatch.setattr(coarse, "PAYS", np.inf)
        monkeypatch.setattr(scan, "BLOCK", 100)
        monkeypatch.setattr(scan, "AFTER", 0)
    return request.param


@pytest.mark.parametrize("share", [1.0, 0.9, 0.3, 0.02, 0.001, 0.0])
@pytest.mark.parametrize("k", [1, 10, 5000])
def test_equals_the_plain_way(share, k, reads):
    rng = np.random.default_rng(int(share * 1000) + k)
    vectors, ranks = make_vectors(rng), rng.permutation(3000)
    matrix = Matrix(vectors, ranks)
    for trial in range(5):
        vector = unit(np.nan_to_num(vectors[trial * 7]) + 0.05 * rng.standard_normal(48))
        mask = None if share == 1.0 else rng.random(3000) < share
        rows, scores = matrix.search(vector, k, mask)
        allowed = np.ones(3000, bool) if mask is None else mask
        expected, high = search_plainly(vectors, vector, k, allowed, ranks)
        assert rows.tolist() == expected.tolist()
        assert scores.tolist() == high.tolist()
    if share > 0.1:
        assert matrix.reads == reads


def test_equal_vectors_tie_wherever_they_stand(reads):
    rng = np.random.default_rng(3)
    one = unit(rng.standard_normal(512))
    vectors = unit(rng.standard_normal((1001, 512)))
    places = [0, 1, 17, 500, 999, 1000]
    vectors[places] = one
    rows, scores = Matrix(vectors).search(one, 4)
    assert rows.tolist() == [1000, 999, 500, 17] and len(set(scores.tolist())) == 1


def test_all_vectors_equal(reads):
    vectors = np.tile(unit(np.arange(1.0, 9)), (1050, 1))
    rows, _ = Matrix(vectors).search(vectors[0], 3)
    assert rows.tolist() == [1049, 1048, 1047]


def test_no_vectors(reads):
    for vectors in (np.empty((0, 8), np.float32), np.full((5, 8), np.nan, np.float32)):
        rows, scores = Matrix(vectors).search(unit(np.ones(8)), 3)
        assert len(rows) == len(scores) == 0


def test_a_row_with_one_nan_is_none(reads):
    vectors = np.eye(6, dtype=np.float32)
    vectors[2, 5] = np.nan
    rows, _ = Matrix(vectors).search(vectors[1], 10)
    assert sorted(rows.tolist()) == [0, 1, 3, 4, 5]


def test_whoever_may_be_among_the_best_contends():
    scores, errors = np.array([0.5, 1.0, 0.85, 0.79]), np.array([0.5, 0.1, 0.1, 0.1])
    assert scan.contenders(scores, errors, 1).tolist() == [0, 1, 2]
    assert scan.contenders(scores, errors, 2).tolist() == [0, 1, 2, 3]
    assert scan.contenders(scores, np.float32(0), 2).tolist() == [1, 2]


@pytest.mark.parametrize("size", [40, scan.WIDTH, 4 * scan.WIDTH, 20 * scan.WIDTH + 3])
def test_contenders_of_many_are_those_of_their_definition(size):
    rng = np.random.default_rng(size)
    for values in (7, 1000):  # scores with ties, and hardly any
        scores = rng.integers(0, values, size).astype(np.float32)
        for errors in (np.float32(0.4), rng.random(size, dtype=np.float32) * values / 10):
            for k in (1, 3, 19, 21, size - 1, size):
                floor = np.sort(scores - errors)[-k]
                plain = np.flatnonzero(scores + errors >= floor)
                assert scan.contenders(scores, errors, k).tolist() == plain.tolist()


@pytest.mark.parametrize("dim", [3, 48, 1536])
def test_errors_of_one_byte_copies_hold(dim):
    pytest.importorskip("simsimd")
    rng = np.random.default_rng(dim)
    for spread in (1.0, 4.0):  # some values far larger than others
        vectors = unit(rng.standard_normal((500, dim)) ** int(spread))
        query = unit(rng.standard_normal(dim))
        scores, errors = Coarse(vectors, norms(vectors)).score(query, None)
        wrong = np.abs(vectors.astype(np.float64) @ query - scores)
        assert (wrong <= errors).all() and wrong.max() > 0
        assert errors.max() < 0.03 * dim**0.25


@pytest.mark.parametrize("dim", [3, 48, 2048])
def test_errors_of_copies_that_lose_nothing_hold(dim):
    """Nothing but the product itself rounds."""
    pytest.importorskip("simsimd")
    rng = np.random.default_rng(dim)
    whole = rng.integers(-126, 127, (501, dim)).astype(np.float32)
    whole[:, 0] = 127
    vectors = whole * (rng.random((501, 1), np.float32) + np.float32(0.5))
    scores, errors = Coarse(vectors[1:], norms(vectors[1:])).score(vectors[0], None)
    wrong = np.abs(vectors[1:].astype(np.float64) @ vectors[0].astype(np.float64) - scores)
    assert (wrong <= errors).all() and wrong.max() > 0


def test_a_vector_of_zeros_or_nan_is_copied_as_zeros():
    pytest.importorskip("simsimd")
    vectors = np.array([[0, 0], [np.nan, 1], [3, 4]], np.float32)
    scores, errors = Coarse(vectors, norms(vectors)).score(np.array([0, 1], np.float32), None)
    assert scores[:2].tolist() == [0, 0] and errors[0] == 0 and abs(scores[2] - 4) <= errors[2]


def test_the_copy_is_made_once_it_pays(monkeypatch):
    pytest.importorskip("simsimd")
    monkeypatch.setattr(coarse, "LEAST", 1)
    monkeypatch.setattr(coarse, "PAYS", np.inf)
    vectors = unit(np.random.default_rng(0).standard_normal((5000, 8)))
    matrix = Matrix(vectors)
    few = np.arange(5000) < 50
    for _ in range(20):
        matrix.search(vectors[0], 3, few)  # few rows are never read in one byte
    read = []
    for _ in range(scan.AFTER + 2):
        read.append(matrix.reads)
        matrix.search(vectors[0], 3)
    assert read == ["float32"] * (scan.AFTER + 1) + ["int8"]


@pytest.mark.parametrize("dim", [3, 512])
def test_a_copy_is_tried_with_more_than_a_cache_holds(monkeypatch, dim):
    tried = []
    monkeypatch.setattr(coarse, "LEAST", 10_000)
    monkeypatch.setattr(coarse, "find_spec", lambda name: True)
    monkeypatch.setattr(coarse, "best_s", lambda work: 1.0)
    monkeypatch.setattr(coarse, "Coarse", lambda vectors, sizes: tried.append(vectors.size))
    vectors = unit(np.random.default_rng(0).standard_normal((20_000, dim)))
    coarse.make_coarse(vectors, norms(vectors))
    assert [10_000 <= size < 10_000 + dim for size in tried] == [True]


def test_a_copy_that_does_not_pay_is_not_made(monkeypatch):
    monkeypatch.setattr(coarse, "LEAST", 1)
    monkeypatch.setattr(coarse, "PAYS", 0)
    vectors = unit(np.random.default_rng(0).standard_normal((5000, 8)))
    assert coarse.make_coarse(vectors, norms(vectors)) is None
    monkeypatch.setattr(coarse, "find_spec", lambda name: None)
    monkeypatch.setattr(coarse, "PAYS", np.inf)
    assert coarse.make_coarse(vectors, norms(vectors)) is None
