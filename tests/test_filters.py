"""Filters: text and JSON there and back, and agreement with a naive evaluation."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skulens.filters import (
    FilterError,
    filter_from_json,
    filter_to_json,
    format_filter,
    matches,
    parse_filter,
)
from skulens.filters.tree import MAX_DEPTH, MAX_LENGTH, PLAIN_FIELDS
from skulens.records import Attribute, Filter, Product

COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
TEXTS = st.sampled_from(
    ["red", "Red", "", "12", "9.5", "x y", "and", 'a"b', "\\", "ü\n"]
) | st.text(max_size=5)
NUMBERS = st.sampled_from([0.0, 12.0, 9.5, -1.0, 1e300]) | st.floats(
    allow_nan=False, allow_infinity=False
)
VALUES = TEXTS | NUMBERS | st.booleans() | st.integers(-(2**53), 2**53)
FIELDS = st.sampled_from(
    [*PLAIN_FIELDS, "attributes.color", "attributes.closure type", "extras.stock", "texts.caption"]
) | st.text(min_size=1, max_size=5).map(lambda key: f"extras.{key}")
LEAVES = st.one_of(
    st.builds(Filter, st.sampled_from(COMPARISONS), FIELDS, VALUES),
    st.builds(Filter, st.just("in"), FIELDS, st.lists(VALUES, max_size=3).map(tuple)),
    st.builds(Filter, st.just("exists"), FIELDS),
)


def combined(inner):
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    both = st.builds(lambda op, of: Filter(op, of=of), st.sampled_from(["and", "or"]), several)
    return both | inner.map(lambda f: Filter("not", of=(f,)))


FILTERS = st.recursive(LEAVES, combined, max_leaves=8)
FEW_FIELDS = st.sampled_from(["price", "title", "category", "attributes.color", "extras.stock"])
FEW_VALUES = st.sampled_from([1.0, 9.5, 12.0, "12", "9.5", "red", "", True, False])
CLOSE = st.builds(Filter, st.sampled_from(COMPARISONS), FEW_FIELDS, FEW_VALUES)
"""Comparisons that often hold."""
PRODUCTS = st.builds(
    Product,
    id=st.just("p"),
    title=TEXTS | st.sampled_from(["12", "9.5", "red"]),
    category=st.lists(st.sampled_from(["12", "9.5", "red"]), max_size=2).map(tuple),
    attributes=st.lists(
        st.builds(
            Attribute, st.sampled_from(["color", "Color", "size"]), st.sampled_from(["red", "12"])
        ),
        max_size=3,
    ).map(tuple),
    price=st.none() | st.sampled_from([0.0, 9.5, 12.0]),
    language=st.none() | st.just("en"),
    extras=st.dictionaries(
        st.just("stock"),
        VALUES | FEW_VALUES | st.lists(FEW_VALUES, max_size=2) | st.none(),
        max_size=1,
    ),
)


@given(FILTERS)
def test_text_there_and_back(filter):
    assert parse_filter(format_filter(filter)) == filter


@given(FILTERS)
def test_json_there_and_back(filter):
    written = filter_to_json(filter)
    assert filter_from_json(written) == filter
    assert filter_from_json(json.dumps(written)) == filter


def naive(filter: Filter, product: Product) -> bool:
    """The same by listing everything: values of all fields, and every pair compared in words."""
    if filter.op in ("and", "or", "not"):
        answers = [naive(f, product) for f in filter.of]
        return {"and": all(answers), "or": any(answers), "not": not answers[0]}[filter.op]
    fields = {name: [getattr(product, name)] for name in PLAIN_FIELDS if name != "category"}
    fields["category"] = list(product.category)
    for attribute in product.attributes:
        fields.setdefault(f"attributes.{attribute.key.lower()}", []).append(attribute.value)
    for key, value in product.extras.items():
        fields[f"extras.{key}"] = value if isinstance(value, list) else [value]
    there = [v for v in fields.get(filter.field, []) if v is not None and v != ""]
    if filter.op == "exists":
        return there != []
    wanted = filter.value if filter.op == "in" else [filter.value]
    answers = []
    for value in there:
        for other in wanted:
            left = value
            if type(other) in (int, float):
                try:
                    left = math.nan if isinstance(value, bool) else float(value)
                except ValueError:
                    left = math.nan
                left = left if math.isfinite(left) else math.nan
            elif type(value) is not type(other) or (type(other) is bool and filter.op[0] in "<>"):
                continue
            less, equal = left < other, left == other
            answers.append(
                {"=": equal, "in": equal, "!=": equal, "<": less, "<=": less or equal}.get(
                    filter.op, left > other or (filter.op == ">=" and equal)
                )
            )
    return not any(answers) if filter.op == "!=" else any(answers)


@settings(max_examples=600)
@given(CLOSE, PRODUCTS)
def test_comparisons_agree_with_a_naive_evaluation(filter, product):
    assert matches(filter, product) == naive(filter, product)


@given(FILTERS, PRODUCTS)
def test_matches_agrees_with_a_naive_evaluation(filter, product):
    assert matches(filter, product) == naive(filter, product)


TEA = Product(
    "1",
    title="Green tea",
    price=3.5,
    category=("Food", "Tea"),
    attributes=(Attribute("Color", "green"), Attribute("color", "gold"), Attribute("g", "50")),
    extras={"stock": {"berlin": 3}, "a.b": True, "sizes": ["S", "L"]},
)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("price < 4 and category = 'Tea'", True),
        ("price < 4 AND (category = 'Milk' OR Not language = 'en')", True),
        ("attributes.color = 'gold'", True),
        ("attributes.color != 'gold'", False),
        ("attributes.COLOR in ('red', 'green')", True),
        ("attributes.color in ()", False),
        ("attributes.g >= 50 and attributes.g < 50.5", True),
        ("title < 3", False),
        ("title != 3", True),
        ("language = 'en' or language < 'zz' or language in ('en')", False),
        ("language != 'en' and not language = 'en' and not exists language", True),
        ("extras.stock.berlin >= 3 and `extras.a.b` = true", True),
        ("`extras.a.b` = 1 or extras.stock.berlin = true", False),
        ("exists extras.stock.paris or exists extras.nothing", False),
        ("extras.sizes = 'L' and extras.sizes != 'M'", True),
        ("not price = 3 or price = 3 and price = 4", True),
        ("price=3.5 and title='Green\\u0020tea'", True),
    ],
)
def test_what_holds_of_a_tea(text, holds):
    assert matches(parse_filter(text), TEA) is holds


@pytest.mark.parametrize(
    ("text", "expected", "column"),
    [
        ("", "a field such as price", 0),
        ("price < ", "a value", 8),
        ("price 4", "a comparison after the field 'price'", 6),
        ("colour = 'red'", "attributes, extras with .KEY", 0),
        ("extras. = 1", "a field of a product", 0),
        ("price < 4 price > 2", '"and", "or" or the end', 10),
        ("(price < 4", '")"', 10),
        ("price < 4)", '"and", "or" or the end', 9),
        ("title = 'tea", "a closing quote", 8),
        ("title = tea", "a value", 8),
        ("title = 'a\\q'", "one of", 10),
        ("price < 12.5.1", "a field or a value", 8),
        ("price < 1e999", "a finite number", 8),
        ("price in (1 2)", '","', 12),
        ("price in 1", '"("', 9),
        ("not", "a field", 3),
        ("exists 3", "a field", 7),
        ("price == 3", "a value", 7),
        ("title = 'x' & price = 1", "a field or a value", 12),
    ],
)
def test_errors_show_the_place(text, expected, column):
    with pytest.raises(FilterError) as raised:
        parse_filter(text)
    message, shown, caret = str(raised.value).split("\n")
    assert expected in message and shown == f"  {text}"
    assert caret.index("^") - 2 == column


def test_a_long_filter_is_shown_around_the_place():
    text = " and ".join(["price > 1"] * 50) + " and price"
    with pytest.raises(
        FilterError, match=r"got the end of the filter:\n  \.\.\. .* and price\n +\^$"
    ):
        parse_filter(text)


def test_depth_and_length_are_bounded():
    deepest = "not " * MAX_DEPTH + "price = 1"
    assert parse_filter(format_filter(parse_filter(deepest))) == parse_filter(deepest)
    for text in (
        "not " + deepest,
        "(" * 1000 + "price = 1" + ")" * 1000,
        "not " * 2000 + "price = 1",
    ):
        with pytest.raises(FilterError, match="inside one another"):
            parse_filter(text)
    with pytest.raises(FilterError, match="at most 10,000"):
        parse_filter("price = 1" + " " * MAX_LENGTH)
    found = {"exists": "price"}
    for _ in range(MAX_DEPTH + 1):
        found = {"not": found}
    with pytest.raises(FilterError, match="inside one another"):
        filter_from_json(found)
    with pytest.raises(FilterError):
        filter_from_json("[" * 20_000)


def test_alternating_and_or_of_the_greatest_depth_reads_back():
    filter = Filter("exists", "price")
    for n in range(MAX_DEPTH):
        filter = Filter(("and", "or")[n % 2], of=(filter, Filter("=", "title", str(n))))
    assert parse_filter(format_filter(filter)) == filter
    assert filter_from_json(filter_to_json(filter)) == filter


@pytest.mark.parametrize(
    "found",
    [
        [],
        {},
        "nonsense",
        "{}",
        {"and": []},
        {"and": [{"exists": "price"}]},
        {"and": {"exists": "price"}},
        {"not": [{"exists": "price"}]},
        {"exists": 3},
        {"exists": "colour"},
        {"exists": "price", "not": {"exists": "price"}},
        {"field": "price", "op": "in", "value": 3},
        {"field": "price", "op": "=", "value": [3]},
        {"field": "price", "op": "=", "value": None},
        {"field": "price", "op": "=", "value": 2**60},
        {"field": ["price"], "op": "=", "value": 2},
        {"field": "price", "op": "~", "value": 2},
        {"field": "price", "op": ["="], "value": 2},
        '{"field": "price", "op": "=", "value": NaN}',
    ],
)
def test_what_is_no_filter_in_json(found):
    with pytest.raises(FilterError):
        filter_from_json(found)


@pytest.mark.parametrize(
    "filter",
    [
        Filter("and", of=(Filter("exists", "price"),)),
        Filter("not"),
        Filter("=", "price", math.inf),
        Filter("=", "price", ("a",)),
        Filter("exists", "price", 3),
        Filter("=", "", 3),
        Filter("=", "price", 3, (Filter("exists", "price"),)),
    ],
)
def test_what_no_text_can_say(filter):
    for write in (format_filter, filter_to_json):
        with pytest.raises(FilterError):
            write(filter)
