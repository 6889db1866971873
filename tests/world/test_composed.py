"""Composed queries: the words name exactly what differs, and only siblings answer."""

import pytest

from skulens.records import Image, Product
from skulens.world.config import WorldConfig
from skulens.world.truth.composed import LEAST_SKUS, changes, composed, families, seen, words
from skulens.world.truth.products import variants


@pytest.fixture(scope="module")
def products():
    return [
        Product(v.id, spu=v.spu, category=(v.kind,), attributes=v.attributes)
        for v in variants(WorldConfig(skus=240, seed=3))
    ]


@pytest.fixture(scope="module")
def photos(products):
    return {p.id: [Image(path=f"{p.id}-{k}.jpg") for k in range(2)] for p in products}


@pytest.fixture(scope="module")
def queries(products, photos):
    return list(composed(products, photos))


def test_an_answer_is_a_sibling_with_exactly_the_change(products, queries):
    known = {p.id: p for p in products}
    assert len(queries) > 240
    for query in queries:
        own = known[query.filters["without"]]
        assert query.relevant and own.id not in query.relevant and query.conditions
        for answer in query.relevant:
            assert known[answer].spu == own.spu == query.group
            assert changes(own, known[answer]) == dict(query.conditions)
        others = [
            p
            for p in products
            if p.spu == own.spu and p.id != own.id and p.id not in query.relevant
        ]
        assert all(seen(p) != seen(own) | dict(query.conditions) for p in others)


def test_the_photo_is_one_of_the_sku_and_the_words_name_every_change(queries, photos):
    for query in queries:
        photo, said = query.item.parts
        assert photo in photos[query.filters["without"]]
        for key, value in query.conditions:
            assert value.removesuffix(" closure") in said, (key, said)


def test_small_spus_and_skus_without_photos_ask_nothing(products, photos, queries):
    large = {p.id for siblings in families(products) for p in siblings}
    assert {q.filters["without"] for q in queries} == large
    assert all(len(siblings) >= LEAST_SKUS for siblings in families(products))
    first = queries[0].filters["without"]
    assert all(q.filters["without"] != first for q in composed(products, {**photos, first: []}))


def test_queries_do_not_depend_on_the_rest_of_the_shop(products, photos, queries):
    spu = next(q.group for q in reversed(queries))
    alone = list(composed([p for p in products if p.spu == spu], photos))
    assert alone == [q for q in queries if q.group == spu]


def test_as_many_as_asked_for_and_each_id_once(products, photos, queries):
    assert len({q.id for q in queries}) == len(queries)
    assert len(list(composed(products, photos, per_sku=1))) == len(
        {q.filters["without"] for q in queries}
    )


def test_words_are_said_as_in_captions():
    said = words({"color": "navy", "pattern/print": "striped", "closure type": "zipper"})
    assert said == "in navy, striped pattern, zipper closure"
