"""Fields in memory: masks agree with the filters' oracle; counts, order, ids."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skulens.documents import FieldColumn, Schema
from skulens.filters import FilterError, matches, parse_filter
from skulens.index.stores.fields import Typing, infer, values_of
from skulens.index.stores.local.rows import Rows
from skulens.index.stores.where import type_filter
from skulens.records import Attribute, Filter, Product

ARROW = {"text": pa.string(), "number": pa.float64(), "truth": pa.bool_()}


def make_rows(held: dict[str, dict], schema: Schema) -> Rows:
    """Id -> field -> value or values, as a store would hand them over."""
    columns = {}
    for column in schema.fields:
        kind = pa.list_(ARROW[column.kind]) if column.many else ARROW[column.kind]
        values = [fields.get(column.field) for fields in held.values()]
        columns[column.field] = pa.array(
            [list(v) if isinstance(v, tuple) else v for v in values], kind
        )
    return Rows(list(held), pa.table(columns), schema)


# ----- agreement with the oracle ---------------------------------------------------------------

TEXTS = st.sampled_from(["red", "Red", "12", "9.5", "é", "z\U0001f600", "ａ"])
NUMBERS = st.sampled_from([12.0, 9.5, -1.0, 0.0, -0.0, 5])
MIXED = TEXTS | NUMBERS | st.booleans()
PRODUCTS = st.builds(
    Product,
    id=st.just(""),
    title=st.just("") | TEXTS,
    category=st.lists(TEXTS, max_size=3).map(tuple),
    price=st.none() | NUMBERS,
    attributes=st.lists(
        st.builds(Attribute, st.sampled_from(["color", "Color", "size"]), TEXTS), max_size=3
    ).map(tuple),
    extras=st.dictionaries(
        st.sampled_from(["stock", "new", "any"]), MIXED | st.lists(MIXED, max_size=3), max_size=3
    ),
)
FIELDS = st.sampled_from(
    ["id", "title", "category", "price", "attributes.COLOR", "attributes.size"]
    + ["extras.stock", "extras.new", "extras.any"]
)
LEAVES = st.one_of(
    st.builds(Filter, st.sampled_from(("=", "!=", "<", "<=", ">", ">=")), FIELDS, MIXED),
    st.builds(Filter, st.just("in"), FIELDS, st.lists(MIXED, max_size=3).map(tuple)),
    st.builds(Filter, st.just("exists"), FIELDS),
    st.builds(Filter, st.sampled_from(("=", "<", ">=")), st.just("id"), st.just("p3")),
)


def combined(inner):
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    both = st.builds(lambda op, of: Filter(op, of=of), st.sampled_from(["and", "or"]), several)
    return both | inner.map(lambda f: Filter("not", of=(f,)))


FILTERS = st.recursive(LEAVES, combined, max_leaves=6)


def homogeneous(product: Product) -> Product:
    """Each key of extras with values of one type, as a catalogue's column has them."""
    kinds = {"stock": (int, float), "new": (bool,), "any": (str,)}
    kept = {}
    for key, value in product.extras.items():
        values = value if isinstance(value, list) else [value]
        kept[key] = [v for v in values if type(v) in kinds[key]]
    return replace(product, extras=kept)


@settings(max_examples=120, deadline=None)
@given(st.lists(PRODUCTS, min_size=1, max_size=8), st.lists(FILTERS, min_size=20, max_size=20))
def test_masks_hold_where_filters_match(products, filters):
    products = [replace(homogeneous(p), id=f"p{n}") for n, p in enumerate(products)]
    schema = Schema(fields=infer(products))
    held = {p.id: Typing(schema).type(values_of(p))[0] for p in products}
    rows = make_rows(held, schema)
    for where in filters:
        try:
            asked = type_filter(where, schema)
        except FilterError:  # a field or a type that the products lack
            continue
        expected = [matches(where, p) for p in products]
        assert rows.mask(asked).tolist() == expected, asked


SCHEMA = Schema(
    fields=(
        FieldColumn("id", "text"),
        FieldColumn("title", "text"),
        FieldColumn("price", "number"),
        FieldColumn("extras.sale", "truth"),
        FieldColumn("attributes.color", "text", many=True),
        FieldColumn("extras.rare", "text"),
        FieldColumn("extras.added", "number"),
    )
)
HELD = {
    "b": {
        "title": "shoe",
        "price": 5.0,
        "extras.sale": True,
        "attributes.color": ("red", "blue", "red"),
    },
    "a": {"title": "hat", "price": -0.0, "attributes.color": ("blue",)},
    "d": {"price": 5.0, "extras.sale": False, "extras.rare": "one"},
    "c": {"title": "hat", "price": float("nan")},
    "e": {"title": "Hat"},
}


@pytest.fixture
def rows():
    return make_rows(HELD, Schema(fields=SCHEMA.fields))


def found(rows, text, exclude=()):
    mask = rows.mask(type_filter(parse_filter(text), SCHEMA), exclude)
    return set(rows.ids_of(np.flatnonzero(mask)))


def test_nothing_asked_for_is_no_mask(rows):
    assert rows.mask(None) is None and rows.mask(None, ["nobody"]) is None
    assert rows.count(None) == 5


def test_excluded_products_are_not_in_a_mask(rows):
    assert rows.ids_of(np.flatnonzero(rows.mask(None, ["a", "x", "e"]))) == ("b", "d", "c")
    assert found(rows, "price >= 0", ["d"]) == {"a", "b"}


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ("title < 'hat'", "e"),
        ("title <= 'hat'", "ace"),
        ("title > 'Hat'", "abc"),
        ("title >= 'i'", "b"),
        ("title < ''", ""),
        ("price = 0", "a"),
        ("not price > 4", "ace"),
        ("exists price", "abd"),
        ("attributes.color = 'red'", "b"),
        ("attributes.color > 'blue'", "b"),
        ("not exists attributes.color", "cde"),
        ("extras.sale = false", "d"),
        ("extras.sale != false", "abce"),
        ("extras.rare != 'one'", "abce"),
        ("extras.added > 0 or extras.added <= 0", ""),
        ("not extras.added = 1", "abcde"),
        ("id >= 'c'", "cde"),
        ("id < 'b'", "a"),
        ("id in ('b', 'x', 'e')", "be"),
        ("exists id", "abcde"),
        ("price in ()", ""),
        ("title in ('hat', 'shoe', 'none') and price < 9", "ab"),
    ],
)
def test_what_a_filter_finds(rows, where, ids):
    assert found(rows, where) == set(ids)


def test_in_with_many_values():
    colors = [f"c{n % 40}" if n % 3 else None for n in range(400)]
    prices = [float(n % 30) if n % 5 else None for n in range(400)]
    table = pa.table({"title": colors, "price": prices})
    rows = Rows([f"p{n}" for n in range(400)], table, SCHEMA)
    wanted = tuple(f"c{n}" for n in range(0, 60, 2))
    assert rows.mask(Filter("in", "title", wanted)).tolist() == [c in wanted for c in colors]
    numbers = tuple(float(n) for n in range(-3, 60, 3))
    assert rows.mask(Filter("in", "price", numbers)).tolist() == [p in numbers for p in prices]


def test_a_column_that_came_later_holds_nothing(rows):
    assert rows.fetch(rows.place(["a"]), ["extras.added"]) == [{"id": "a"}]
    assert rows.facets(["extras.added"]) == {"extras.added": {}}


def test_facets_count_products_not_values(rows):
    counts = rows.facets(["attributes.color", "price", "extras.sale", "title"])
    assert list(counts["attributes.color"].items()) == [("blue", 2), ("red", 1)]
    assert list(counts["price"].items()) == [(5.0, 2), (0.0, 1)]
    assert list(counts["extras.sale"].items()) == [(False, 1), (True, 1)]
    assert list(counts["title"].items()) == [("hat", 2), ("Hat", 1), ("shoe", 1)]
    assert type(next(iter(counts["extras.sale"]))) is bool
    mask = rows.mask(None, ["b"])
    assert rows.facets(["title", "attributes.color"], mask, 1) == {
        "title": {"hat": 2},
        "attributes.color": {"blue": 1},
    }


def test_order_by_a_field_puts_products_without_it_last(rows):
    def by(field, **options):
        return "".join(rows.ids_of(rows.select(None, 9, field, **options)))

    assert by("price") == "abdce"
    assert by("price", descending=True) == "bdace"
    assert by("attributes.color") == "abcde"
    assert by("attributes.color", descending=True) == "bacde"
    assert by("title") == "eacbd"
    assert by("") == "abcde" and by("id", descending=True) == "edcba"
    assert rows.ids_of(rows.select(rows.mask(None, ["a"]), 2, "price")) == ("b", "d")


def test_fetch_gives_back_what_was_held(rows):
    names = [c.field for c in SCHEMA.fields]
    got = rows.fetch(rows.place(list(HELD)), names)
    for product, one in zip(HELD, got, strict=True):
        kept = {n: v for n, v in HELD[product].items() if v == v}
        assert one == {"id": product} | kept
    assert rows.fetch(rows.place(["nobody"]), names) == [{}]


def test_ids_are_placed_by_either_way():
    ids = [f"sku-{(n * 7919) % 1000:04d}" for n in range(1000)]
    rows = Rows(ids, pa.table({}), Schema(fields=SCHEMA.fields))
    for asked in (["sku-0007", "", "sku-1000", "sku"], [*reversed(ids), "none"]):
        expected = [ids.index(i) if i in ids else -1 for i in asked]
        assert rows.place(asked).tolist() == expected
    assert [ids[r] for r in np.argsort(rows.tie_rank)] == sorted(ids, reverse=True)
    for count in (0, 3, 1000):
        assert rows.ids_of(np.arange(count)[::-1]) == tuple(ids[:count][::-1])


def test_ids_found_lately_are_placed_as_others_are(monkeypatch):
    monkeypatch.setattr("skulens.index.stores.local.rows.KNOWN", 50)
    ids = [f"sku-{(n * 7919) % 1000:04d}" for n in range(1000)]
    rows = Rows(ids, pa.table({}), Schema(fields=SCHEMA.fields))
    for found in np.random.default_rng(0).integers(0, 1000, (100, 10)):
        assert rows.place(rows.ids_of(found)).tolist() == found.tolist()
    rows.ids_of(np.arange(51))  # more than are kept
    assert len(rows._known) <= 60
    assert rows.place(["sku-1000", ids[3]]).tolist() == [-1, 3]


def test_no_rows():
    rows = Rows([], pa.table({}), Schema(fields=SCHEMA.fields))
    assert rows.place(["a"]).tolist() == [-1] and rows.select().tolist() == []
    assert rows.facets(["title", "price"]) == {"title": {}, "price": {}}
    assert rows.mask(type_filter(parse_filter("title = 'a'"), SCHEMA)).tolist() == []


def test_arrow_layouts_are_alike():
    """Chunks, dictionaries, large and fixed types, integers."""
    texts, numbers = ["b", None, "a", "b"], [3, None, 1, 2]
    for kind in (pa.string(), pa.large_string(), pa.dictionary(pa.int8(), pa.string())):
        column = pa.chunked_array([pa.array(texts[:1], kind), pa.array(texts[1:], kind)])
        table = pa.table({"title": column, "price": pa.array(numbers, pa.int64())})
        rows = Rows(pa.array(["1", "2", "3", "4"]), table, SCHEMA)
        assert rows.facets(["title", "price"]) == {
            "title": {"b": 2, "a": 1},
            "price": {1.0: 1, 2.0: 1, 3.0: 1},
        }
        assert rows.select(None, 4, "price").tolist() == [2, 3, 0, 1]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(TEXTS, max_size=4).map(tuple), min_size=1, max_size=20))
def test_counts_of_several_values(lists):
    held = {f"{n:02d}": {"attributes.color": v} if v else {} for n, v in enumerate(lists)}
    expected = Counter(v for values in lists for v in set(values))
    rows = make_rows(held, SCHEMA)
    ranked = sorted(expected.items(), key=lambda c: (-c[1], c[0]))
    assert list(rows.facets(["attributes.color"])["attributes.color"].items()) == ranked
