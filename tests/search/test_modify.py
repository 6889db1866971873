"""Score modifiers: shapes by hand, bounds, and what is no modifier."""

import pytest

from skulens.documents import FieldColumn, Schema
from skulens.errors import DataError, SkulensError, UnknownName
from skulens.filters import FilterError
from skulens.search.modify import LEAST, MOST, Boost, fields_of, modify, read_boosts

LINEAR = {"field": "price", "shape": "linear", "low": 100, "high": 0, "weight": 0.5}
LOG = {"field": "sold", "shape": "log", "low": 1, "high": 1000, "weight": 1}
DECAY = {"field": "age", "shape": "decay", "origin": 10, "scale": 30, "weight": -0.5}


@pytest.mark.parametrize(
    ("given", "value", "shape"),
    [
        (LINEAR, 100, 0),
        (LINEAR, 25, 0.75),
        (LINEAR, -5, 1),
        (LINEAR, 1000, 0),
        (LOG, 1, 0),
        (LOG, 10, 1 / 3),
        (LOG, 1e9, 1),
        (LOG, 0, 0),
        (LOG, -4, 0),
        (DECAY, 10, 1),
        (DECAY, 40, 0.5),
        (DECAY, -20, 0.5),
        (DECAY, 70, 0.25),
    ],
)
def test_shapes(given, value, shape):
    [boost] = read_boosts(given)
    assert boost.at(value) == pytest.approx(shape)


def test_a_score_is_multiplied_and_explained():
    boosts = read_boosts([LOG, {"if": "price < 3", "weight": 0.5}])
    score, done = modify(0.2, boosts, {"sold": 10}, ["sold"], [True])
    assert score == pytest.approx(0.2 * 4 / 3 * 1.5)
    assert [(b.name, b.value) for b in done] == [("sold", 10), ("price < 3", True)]
    assert [b.factor for b in done] == [pytest.approx(4 / 3), 1.5]


def test_more_is_better_below_zero_too():
    [up] = read_boosts({"if": "price < 3", "weight": 1})
    assert modify(-0.4, [up], {}, [], [True])[0] == -0.2
    assert modify(-0.4, [up], {}, [], [False])[0] == -0.4


def test_factors_together_stay_within_bounds():
    high = read_boosts([{"if": f"price < {n}", "weight": 9} for n in range(3)])
    low = read_boosts([{"if": f"price < {n}", "weight": -0.9} for n in range(3)])
    assert modify(1.0, high, {}, [], [True] * 3)[0] == MOST
    assert modify(1.0, low, {}, [], [True] * 3)[0] == LEAST


def test_a_missing_field_changes_nothing():
    assert modify(0.3, read_boosts(LOG), {}, ["sold"], [])[0] == 0.3


def test_of_several_values_the_one_of_the_largest_shape_counts():
    score, [done] = modify(1.0, read_boosts(LINEAR), {"price": (90.0, 20.0)}, ["price"], [])
    assert (done.value, score) == (20.0, pytest.approx(1.4))


def test_json_text_and_objects_are_the_same():
    assert read_boosts('[{"if": "price < 3", "weight": 1}]') == read_boosts(
        {"if": {"field": "price", "op": "<", "value": 3.0}, "weight": 1}
    )
    ready = read_boosts(LOG)
    assert read_boosts(ready) == ready


@pytest.mark.parametrize(
    "given",
    [
        "[",
        5,
        [3],
        {"weight": 1},
        {"field": "a"},
        {"field": "a", "if": "price < 3", "weight": 1},
        {"if": "price < 3", "low": 1, "weight": 1},
        {**LOG, "shape": "logarithm"},
        {**LOG, "low": 0},
        {**LOG, "low": 5000},
        {**LINEAR, "high": 100},
        {**DECAY, "scale": 0},
        {**LOG, "weight": 100},
        {**LOG, "weight": "much"},
        {**LOG, "weight": float("nan")},
        [LOG] * 9,
    ],
)
def test_what_is_no_modifier(given):
    with pytest.raises(DataError):
        read_boosts(given)


def test_the_nearest_key_is_named():
    with pytest.raises(UnknownName, match="'shape'"):
        read_boosts({**LOG, "shap": "log"})


def test_an_if_that_is_no_filter():
    with pytest.raises(FilterError):
        read_boosts({"if": "price <", "weight": 1})


def test_fields_have_to_be_there_and_hold_numbers():
    schema = Schema(fields=(FieldColumn("sold", "number"), FieldColumn("title", "text")))
    assert fields_of(read_boosts(LOG), schema) == ["sold"]
    with pytest.raises(DataError, match="holds texts"):
        fields_of([Boost(1, "linear", "title")], schema)
    with pytest.raises(SkulensError, match="did you mean sold"):
        fields_of([Boost(1, "linear", "solt")], schema)
