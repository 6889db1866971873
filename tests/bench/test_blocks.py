"""Queries ranked some at a time: the same numbers, in memory that does not grow with them."""

import tracemalloc

import numpy as np
import pytest

from skulens.bench import candidates
from skulens.bench.candidates import VectorSearch, depth_of, find_and_judge, find_candidates
from skulens.bench.result import RUN_DEPTH
from skulens.encode.gallery import Gallery
from skulens.evaluate.ranking import judge
from skulens.evaluate.summaries import evaluate, evaluate_judged
from skulens.records import Item, Qrels, Query


def world(queries, products, dim=8):
    """Products of which every third is alike, so that ties occur; two answers for each query."""
    draw = np.random.default_rng(0)
    ids = tuple(f"p{i:05d}" for i in range(products))
    shown = draw.standard_normal((products, dim)).astype(np.float32)
    shown[::3] = shown[0]
    gallery = Gallery("text", tuple(Item(p, ()) for p in ids), np.arange(products), ids, ())
    asked = []
    for i in range(queries):
        grades = {ids[i * 37 % products]: 1, ids[i * 11 % products]: 2}
        asked.append(Query(f"q{i}", Item(f"q{i}", ()), grades, group=f"g{i % 7}"))
    vectors = {q.id: draw.standard_normal(dim).astype(np.float32) for q in asked}
    return VectorSearch(gallery, vectors, shown, "single", ""), asked, ids


def first_products(query):
    return ["p00001", "p00002"] if query.id.endswith("3") else []


@pytest.mark.parametrize("rule", [None, first_products])
@pytest.mark.parametrize("block", [1, 1000, 10**9])
def test_blocks_give_what_one_search_gives(monkeypatch, block, rule):
    search, queries, ids = world(60, 240)
    [whole] = find_candidates(search, queries, ids, [rule], len(ids))
    expected = evaluate(whole, Qrels.of(queries))
    monkeypatch.setattr(candidates, "BLOCK_SCORES", block)
    [found] = find_and_judge(search, queries, ids, [rule], len(ids))
    measured = evaluate_judged(found.judged)
    assert measured.as_dict() == expected.as_dict() and "mrr" in measured.metrics
    assert measured.per_query.equals(expected.per_query) and expected.ties > 0
    assert (found.judged.hit_rank > RUN_DEPTH).any(), "right answers far down are found"
    assert (found.run.order == whole.order[:, :RUN_DEPTH]).all()
    assert (found.run.scores == whole.scores[:, :RUN_DEPTH]).all()
    assert found.run.queries == whole.queries and found.run.products == whole.products
    ties = judge(whole, Qrels.of(queries)).ties
    assert (found.judged.ties == ties).all()


def test_memory_does_not_grow_with_the_number_of_probes():
    def peak(queries):
        search, asked, ids = world(queries, 20_000, dim=4)
        assert depth_of(queries, len(ids)) == len(ids), "all is ranked"
        tracemalloc.start()
        found = find_and_judge(search, asked, ids, [None], len(ids))
        held, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert len(found[0].run.queries) == queries
        return held, most

    few, many = peak(250), peak(1000)
    assert many[1] < 1.2 * few[1] < 400e6
    assert many[0] < 4e6 + 1000 * RUN_DEPTH * 8 * 2, "a result keeps its first candidates alone"
