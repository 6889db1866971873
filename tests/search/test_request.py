"""What was typed -> a request; everything that is too much, or means nothing, is refused."""

from pathlib import Path

import numpy as np
import pytest

from skulens.errors import DataError, UnknownName
from skulens.filters import FilterError, parse_filter
from skulens.records import Condition, Image, Item, Query
from skulens.search.draft import MOST_CHARACTERS, MOST_PHOTOS
from skulens.search.request import MOST_K, MOST_REACH, Request, make_request


def test_parts_are_photos_then_conditions_then_texts():
    made = make_request("red", "a.jpg", like={"collar": "b.jpg"}).query
    assert made.item.parts == (Image("a.jpg"), "collar", Image("b.jpg"), "red")
    assert made.conditions == (Condition("collar", part=2),)


def test_the_key_of_a_condition_is_no_word_to_look_for():
    assert make_request("red", like={"collar": "b.jpg"}).text == "red"


@pytest.mark.parametrize(
    "photo",
    ["a.jpg", Path("a.jpg"), Image("a.jpg"), ["a.jpg"], ("a.jpg", 1), [("a.jpg", 1.0)]],
)
def test_one_photo_in_any_form(photo):
    assert make_request(photo=photo).query.item.parts == (Image("a.jpg"),)


def test_bytes_are_a_photo():
    assert make_request(photo=b"xyz").query.item.parts == (Image(data=b"xyz"),)


def test_weights_stand_in_conditions():
    made = make_request([("cheap", -0.3), "red"], [("a.jpg", 1), ("b.jpg", -0.5)])
    assert [made.weight_of(i) for i in range(4)] == [1, -0.5, -0.3, 1]
    assert {c.relation for c in made.query.conditions} == {"whole"}


def test_a_text_to_move_away_from_is_not_looked_for():
    assert make_request([("cheap", -0.3), "red"]).text == "red"


def test_a_condition_with_a_negative_weight_asks_for_something_different():
    made = make_request(like=[("collar", "b.jpg", -0.5)])
    assert made.query.conditions[0].relation == "different"
    assert [made.weight_of(i) for i in range(2)] == [-0.5, -0.5]
    assert made.query == make_request(like={"collar": ("b.jpg", -0.5)}).query


def test_products_of_the_store_are_references():
    made = make_request(photo="sku:T-1", like={"colour": "sku:T-2"})
    assert made.query.references == ("T-1", "T-2") == made.hidden
    assert [(c.product, c.part, c.relation) for c in made.query.conditions] == [
        ("T-1", None, "whole"),
        ("T-2", None, "same"),
    ]
    assert make_request(photo="sku:T-1", references="keep").hidden == ()


def test_all_texts_of_a_query_that_was_not_typed_are_words():
    query = Query("q", Item("q", ("like this", Image("a.jpg"), "in red")))
    assert Request(query).text == "like this in red"


def test_filters_as_text_as_json_or_ready():
    tree = parse_filter("price < 3")
    as_json = {"field": "price", "op": "<", "value": 3.0}
    for where in ("price < 3", as_json, tree):
        assert make_request("red", where=where).query.where == tree
    assert make_request("red", where=" ").query.where is None


def test_ten_photos_are_few_enough():
    assert len(make_request(photo=[f"{i}.jpg" for i in range(10)]).photos) == 10


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "nothing to search for"),
        ({"text": [""], "photo": []}, "nothing to search for"),
        ({"text": "red", "k": 0}, "k is a whole number from 1 to 1,000, got 0"),
        ({"text": "red", "k": 10**6}, "got 1000000"),
        ({"text": "red", "k": 1.5}, "got 1.5"),
        ({"text": "red", "offset": -1}, "offset"),
        ({"text": "red", "offset": MOST_REACH, "k": 1}, "beyond the first 10,000"),
        ({"text": "x" * 2**20}, f"1,048,576 characters, at most {MOST_CHARACTERS:,}"),
        ({"photo": ["a.jpg"] * (MOST_PHOTOS + 1)}, "17 photos and 0 texts; at most 16"),
        ({"photo": ["sku:1"] * (MOST_PHOTOS + 1)}, "17 photos"),
        ({"text": ["red"] * 17}, "0 photos and 17 texts"),
        ({"photo": "https://x.org/a.jpg"}, "addresses are not fetched"),
        ({"photo": ""}, "expected the file of a photo"),
        ({"photo": [3]}, "expected the file of a photo"),
        ({"photo": 3}, "expected a photo, a text or a list"),
        ({"text": [b"red"]}, "expected a text, got bytes"),
        ({"photo": "sku:"}, "the id of a product"),
        ({"photo": [("a.jpg", float("nan"))]}, "expected the file"),
        ({"like": [("collar", "a.jpg", "much")]}, "is a finite number, got 'much'"),
        ({"like": [("collar",)]}, "expected (key, photo)"),
        ({"like": {"": "a.jpg"}}, "the key of a condition"),
        ({"text": "red", "weights": {"words": -1}}, "a number from 0, got -1"),
        ({"text": "red", "within": 2}, "a share from 0 to 1"),
        ({"text": "red", "least": {"words": "high"}}, "is a number, got 'high'"),
        ({"text": "red", "exclude": ["x"] * 1001}, "1,001 ids to exclude"),
        ({"text": "red", "fusion": "avrg"}, "fusion is one of avg, cat, seq, got 'avrg'"),
        ({"text": "red", "by": "rank"}, "ranks, scores"),
        ({"text": "red", "facts": "explian"}, "off, explain, prefer, require"),
        ({"vectors": {"picture": [[1, 2]]}}, "takes one (dim,) vector, got (1, 2)"),
        ({"vectors": {"picture": "abc"}}, "takes a list of numbers"),
    ],
)
def test_what_is_refused(given, said):
    with pytest.raises(DataError) as e:
        make_request(**given)
    assert said in str(e.value)


@pytest.mark.parametrize(
    ("given", "near"),
    [
        ({"wheres": "x"}, "'where'"),
        ({"sorting": "price"}, "'sort'"),
        ({"colapse": "spu"}, "'collapse'"),
    ],
)
def test_unknown_options_name_the_nearest(given, near):
    with pytest.raises(UnknownName, match=near):
        make_request("red", **given)


def test_a_filter_that_is_none_shows_the_place():
    with pytest.raises(FilterError, match="a value"):
        make_request("red", where="price <")


def test_k_is_bounded_for_shoppers_only():
    query = Query("q", Item("q", ("red",)))
    assert Request(query, k=MOST_K + 1).reach == MOST_K + 1
    with pytest.raises(DataError, match="k from 1"):
        Request(query, k=0)


def test_vectors_alone_are_a_query():
    made = make_request(vectors={"picture": [1, 0, 0]})
    assert made.vectors["picture"].dtype == np.float32
