"""Products -> typed fields, and filters on them, against `filters.match`."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skulens.documents import FieldColumn, Schema
from skulens.filters import FilterError, matches, parse_filter
from skulens.index.stores import fields as fields_module
from skulens.index.stores.fields import (
    MOST_CHARACTERS,
    MOST_FIELDS,
    MOST_VALUES,
    Inference,
    Typing,
    infer,
    is_twin,
    numbers_of,
    values_of,
)
from skulens.index.stores.where import type_filter
from skulens.records import Attribute, Filter, Product
from tests.test_filters import CLOSE, FILTERS, PRODUCTS


def holds(where: Filter, fields) -> bool:
    """A typed filter on typed fields, by listing everything."""
    if where.op in ("and", "or", "not"):
        answers = [holds(f, fields) for f in where.of]
        return {"and": all(answers), "or": any(answers), "not": not answers[0]}[where.op]
    value = fields.get(where.field, ())
    listed = value if isinstance(value, tuple) else (value,)
    if where.op == "exists":
        return bool(listed)
    wanted = where.value if where.op == "in" else (where.value,)
    for v in listed:
        for w in wanted:
            assert type(v) is type(w) or {type(v), type(w)} <= {int, float}, (v, w)
            found = {"=": v == w, "in": v == w}.get(where.op)
            if found is None:
                found = {"<": v < w, "<=": v <= w, ">": v > w, ">=": v >= w}[where.op]
            if found:
                return True
    return False


def is_mixed(products, schema) -> bool:
    """Whether a text column holds what was no text, which then equals texts."""
    text = {c.field for c in schema.fields if c.kind == "text"}
    return any(
        not isinstance(v, str)
        for p in products
        for f, vs in values_of(p).items()
        if f in text
        for v in vs
    )


def check_typing(where, products):
    schema = Schema(fields=infer(products))
    try:
        asked = type_filter(where, schema)
    except FilterError:
        return None
    assert type_filter(asked, schema) == asked
    if is_mixed(products, schema):
        return None
    for product in products:
        found, problems = Typing(schema).type(values_of(product))
        assert problems == []
        assert holds(asked, found) == matches(where, product)
    return True


@settings(max_examples=200, deadline=None)
@given(CLOSE, st.lists(PRODUCTS, min_size=1, max_size=3))
def test_a_typed_filter_means_what_the_filter_means(where, products):
    check_typing(where, products)


@settings(max_examples=100, deadline=None)
@given(FILTERS, st.lists(PRODUCTS, min_size=1, max_size=3))
def test_a_typed_tree_means_what_the_tree_means(where, products):
    check_typing(where, products)


def test_the_property_is_not_empty():
    product = Product("p", price=9.5, attributes=(Attribute("Size", "12"),), extras={"stock": 3})
    for text in (
        "price < 10",
        'attributes.size = "12"',
        "attributes.size > 11",
        "extras.stock = 3",
    ):
        assert check_typing(parse_filter(text), [product])


def product(**extras):
    return Product("p", extras=extras)


def kinds(*products):
    return {c.field: (c.kind, c.many) for c in infer(products) if c.field.startswith(("#", "ex"))}


def test_a_column_has_the_type_of_its_values_and_texts_where_they_differ():
    assert kinds(product(a=1), product(a=2.5)) == {"extras.a": ("number", False)}
    assert kinds(product(a=True)) == {"extras.a": ("truth", False)}
    assert kinds(product(a="x")) == {"extras.a": ("text", False)}
    both = {"extras.a": ("text", False), "#extras.a": ("number", False)}
    assert kinds(product(a=5), product(a="many")) == both
    assert kinds(product(a="5"), product(a="many")) == both
    assert kinds(product(a=[1, 2])) == {"extras.a": ("number", True)}


def test_a_truth_beside_a_number_in_one_list_is_kept():
    assert values_of(product(a=[1, True, 1]))["extras.a"] == (1, True)


def test_nested_extras_and_keys_with_dots():
    p = product(**{"stock": {"berlin": 3, "deep": {"er": "x"}}, "a.b": 1, "a": {"b": 2}, "": 4})
    found = values_of(p)
    assert found["extras.stock.berlin"] == (3,) and found["extras.stock.deep.er"] == ("x",)
    assert found["extras.a.b"] == (1,)
    assert matches(parse_filter("extras.a.b = 1"), p)
    assert not any(name == "extras." for name in found)


def test_objects_deep_inside_one_another_end_somewhere():
    deep: dict = {"x": 1}
    for _ in range(5000):
        deep = {"d": deep}
    assert [n for n in values_of(product(**deep)) if n.startswith("extras")] == []


def test_no_key_of_the_users_own_is_taken_for_a_twin():
    p = Product(
        "p", attributes=(Attribute("size", "42"), Attribute("size#", "a"), Attribute("#", "7"))
    )
    schema = Schema(fields=infer([p]))
    found, _ = Typing(schema).type(values_of(p))
    assert found["attributes.size"] == ("42",) and found["attributes.size#"] == ("a",)
    assert found[numbers_of("attributes.size")] == (42.0,)
    assert type_filter(Filter("=", "attributes.size#", "a"), schema).field == "attributes.size#"
    assert [c.field for c in schema.fields if is_twin(c.field)] == [
        "#attributes.#",
        "#attributes.size",
    ]


def test_names_and_values_in_any_language():
    p = Product("p", attributes=(Attribute("Màu Sắc", "đỏ"), Attribute("สี", "แดง")))
    schema = Schema(fields=infer([p]))
    for text in (
        '`attributes.màu sắc` = "đỏ"',
        '`attributes.MÀU SẮC` = "đỏ"',
        '`attributes.สี` = "แดง"',
    ):
        assert holds(
            type_filter(parse_filter(text), schema), Typing(schema).type(values_of(p))[0]
        ), text


def test_the_fields_most_products_have_get_the_columns():
    rare = [Product(str(n), extras={f"key {n}": 1, "stock": n}) for n in range(MOST_FIELDS + 50)]
    inference = Inference()
    for p in rare:
        inference.add(values_of(p))
    columns = inference.columns()
    names = {c.field for c in columns if not is_twin(c.field)}
    assert len(names) == MOST_FIELDS and {"extras.stock", "id", "title", "pictures"} <= names
    left = inference.left_out()
    assert names.isdisjoint(left) and len(left) == 50 + len(ALWAYS_AND_STOCK)
    found, problems = Typing(Schema(fields=columns)).type(values_of(rare[-1]))
    assert found["extras.stock"] == MOST_FIELDS + 49 and problems == []


ALWAYS_AND_STOCK = ("id", "title", "pictures", "extras.stock")


def test_columns_that_are_there_count_and_stay():
    known = Schema(fields=tuple(FieldColumn(f"extras.k{n}", "text") for n in range(MOST_FIELDS)))
    inference = Inference(known)
    inference.add(values_of(product(new=1, k1=5)))
    columns = {c.field: c for c in inference.columns()}
    assert "extras.new" not in columns and columns["extras.k1"].kind == "text"
    assert columns["#extras.k1"].kind == "number"
    assert inference.left_out() == {"extras.new": 1}


def test_a_number_column_gets_no_twin_from_a_later_catalogue():
    inference = Inference(Schema(fields=infer([product(a=5)])))
    inference.add(values_of(product(a="7")))
    assert "#extras.a" not in {c.field for c in inference.columns()}
    schema = Schema(fields=inference.columns())
    assert Typing(schema).type(values_of(product(a="7")))[0]["extras.a"] == 7


def test_counting_names_has_an_end(monkeypatch):
    monkeypatch.setattr(fields_module, "MOST_NAMES", 10)
    inference = Inference()
    for n in range(100):
        inference.add({f"extras.{n}": (1,)})
    assert len(inference.columns()) <= 11


def test_long_values_and_lists_are_cut_and_told():
    p = product(html="x" * (MOST_CHARACTERS + 1), codes=list(range(MOST_VALUES + 1)))
    inference = Inference()
    inference.add(values_of(p))
    assert inference.cut() == {"extras.html": 1, "extras.codes": 1}
    found, problems = Typing(Schema(fields=inference.columns())).type(values_of(p))
    assert len(found["extras.html"]) == MOST_CHARACTERS and problems == []
    assert len(found["extras.codes"]) == MOST_VALUES


def test_values_that_do_not_fit_are_named():
    schema = Schema(fields=infer([product(n=5, t=True, one="a")]))
    found, problems = Typing(schema).type(values_of(product(n="many", t="yes", one=["a", "b"])))
    assert "extras.n" not in found and "extras.t" not in found and found["extras.one"] == "a"
    assert problems == [
        "extras.n holds numbers in this store, got 'many'",
        "extras.t holds truths in this store, got 'yes'",
        "extras.one holds one value per product in this store, got 2; kept the first",
    ]


def test_numbers_as_texts_are_written_plainly_and_half_characters_out():
    schema = Schema(fields=(FieldColumn("extras.a", "text", many=True),))
    given = (5, 5.0, 2.5, True, 10**20, "\ud800")
    assert Typing(schema).type({"extras.a": given})[0]["extras.a"] == (
        "5", "5", "2.5", "true", str(10**20), "\\ud800",
    )  # fmt: skip


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 10**400])
def test_numbers_that_are_none_fit_nowhere(bad):
    schema = Schema(fields=infer([product(a=1)]))
    assert Typing(schema).type(values_of(product(a=bad)))[0].get("extras.a") is None
