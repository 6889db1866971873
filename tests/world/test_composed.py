"""Composed queries: conditions that can be checked one by one, references that are no answers,
complete judgements.
"""

from collections import Counter
from dataclasses import replace

import pytest

from skulens.compose.words import CLASS, say_key
from skulens.records import Image, Product
from skulens.world.config import WorldConfig
from skulens.world.truth.composed import (
    LEAST_SKUS,
    changes,
    class_of,
    compose_changes,
    compose_queries,
    compose_references,
    families,
    visible_values,
    words,
)
from skulens.world.truth.products import variants


@pytest.fixture(scope="module")
def products():
    return [
        Product(
            v.id, spu=v.spu, category=(v.kind,), attributes=v.attributes, extras={"fold": v.split}
        )
        for v in variants(WorldConfig(skus=240, seed=3))
    ]


@pytest.fixture(scope="module")
def photos(products):
    return {p.id: [Image(path=f"{p.id}-{k}.jpg") for k in range(2)] for p in products}


@pytest.fixture(scope="module")
def queries(products, photos):
    return list(compose_changes(products, photos))


@pytest.fixture(scope="module")
def by_reference(products, photos):
    return list(compose_references(products, photos))


def told(query):
    """Key -> value of all conditions but the class that is named."""
    return {c.key: c.value for c in query.conditions if c.value is not None and c.key != CLASS}


# Change.


def test_an_answer_is_a_sibling_with_exactly_the_change(products, queries):
    known = {p.id: p for p in products}
    assert len(queries) > 240
    for query in queries:
        own = known[query.references[0]]
        assert query.relevant and own.id not in query.relevant and told(query)
        for answer in query.relevant:
            assert known[answer].spu == own.spu == query.group
            assert changes(own, known[answer]) == told(query)
        others = [
            p
            for p in products
            if p.spu == own.spu and p.id != own.id and p.id not in query.relevant
        ]
        assert all(visible_values(p) != visible_values(own) | told(query) for p in others)


def test_the_photo_is_one_of_the_sku_and_the_words_name_every_change(queries, photos):
    for query in queries:
        photo, said = query.item.parts
        whole, *rest = query.conditions
        assert (whole.part, whole.product, whole.relation) == (0, query.references[0], "whole")
        assert photo in photos[whole.product]
        assert query.tags["n_conditions"] == str(1 + len(rest))
        for condition in rest:
            assert condition.part is condition.product is None
            assert condition.value.removesuffix(" closure") in said, (condition, said)


def test_small_spus_and_skus_without_photos_ask_nothing(products, photos, queries):
    large = {p.id for siblings in families(products) for p in siblings}
    assert {q.references[0] for q in queries} == large
    assert all(len(siblings) >= LEAST_SKUS for siblings in families(products))
    first = queries[0].references[0]
    asked = list(compose_queries(products, {**photos, first: []}))
    assert all(first not in q.references for q in asked)


def test_changes_do_not_depend_on_the_rest_of_the_shop(products, photos, queries):
    spu = next(q.group for q in reversed(queries))
    alone = list(compose_changes([p for p in products if p.spu == spu], photos))
    assert alone == [q for q in queries if q.group == spu]


def test_as_many_as_asked_for_and_each_id_once(products, photos, queries, by_reference):
    ids = [q.id for q in queries + by_reference]
    assert len(set(ids)) == len(ids)
    assert [q.id for q in compose_queries(products, photos)] == ids
    once = list(compose_changes(products, photos, per_sku=1))
    assert len(once) == len({q.references for q in queries})


def test_the_queries_are_those_of_the_benchmark(queries):
    """Golden: `benchmarks/results/small_models.json` was measured on queries composed so."""
    assert [q.id for q in queries[:2]] == ["w3-0000000>w3-0000002", "w3-0000000>w3-0000001"]
    assert [q.item.parts[1] for q in queries[:2]] == ["in white", "in green"]
    assert {q.item.parts[0].path for q in queries[:2]} == {"w3-0000000-1.jpg"}


def test_words_are_said_as_in_captions():
    said = words({"color": "navy", "pattern/print": "striped", "closure type": "zipper"})
    assert said == "in navy, striped pattern, zipper closure"


# Reference.


def test_relevant_is_every_sku_of_the_class_that_satisfies_all_conditions(products, by_reference):
    assert len(by_reference) > 150
    for query in by_reference:
        wanted = told(query)
        satisfying = {
            p.id
            for p in products
            if class_of(p) == query.tags["class"] and wanted.items() <= visible_values(p).items()
        }
        assert satisfying == set(query.relevant) and not satisfying & set(query.references)


def test_a_reference_shows_its_own_condition_and_no_other(products, photos, by_reference):
    known = {p.id: p for p in products}
    for query in by_reference:
        target = known[query.id.partition("=")[0]]
        assert target.id in query.relevant and query.group == target.spu
        shown, named = query.conditions[:-1], query.conditions[-1]
        assert [c.product for c in shown] == list(query.references)
        assert (named.key, named.value) == (CLASS, query.tags["class"])
        spus = {known[r].spu for r in query.references}
        assert len(spus) == len(query.references) and target.spu not in spus
        for condition in shown:
            reference = known[condition.product]
            assert query.item.parts[condition.part] in photos[reference.id]
            shared = {k for k, v in told(query).items() if visible_values(reference).get(k) == v}
            assert shared == {condition.key}
            assert condition.modality in ("visual", "both")
            assert reference.extras["fold"] == query.tags["fold"] == target.extras["fold"]


def test_words_and_photos_alternate_and_every_condition_is_named(by_reference):
    for query in by_reference:
        parts, shown = query.item.parts, query.conditions[:-1]
        assert [isinstance(p, Image) for p in parts] == [False, True] * len(shown) + [False]
        for number, condition in enumerate(shown, 1):
            words = parts[condition.part - 1]
            assert f" {say_key(condition.key)} " in words
            assert words.endswith(f"<Product {number}> ")
    first = next(q for q in by_reference if q.tags["class"] == "chair")
    assert " a chair " in first.item.parts[0]


def test_languages_are_kept_apart(products, photos):
    spoken = {p.id: ("th", "en")[i % 2] for i, p in enumerate(products)}
    shop = [replace(p, language=spoken[p.id]) for p in products]
    queries = list(compose_references(shop, photos))
    assert {q.tags["language"] for q in queries} == {"th", "en"}
    for query in queries:
        assert {spoken[r] for r in query.references} == {query.tags["language"]}


def test_there_are_queries_of_2_3_and_4_conditions(by_reference):
    counts = Counter(q.tags["n_conditions"] for q in by_reference)
    assert set(counts) == {"2", "3", "4"} and min(counts.values()) > 10, counts
