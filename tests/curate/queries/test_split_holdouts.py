"""Holdouts: what is left out of training, what is tested, controls, leakage, the paper's variant."""

from collections import Counter

import pytest

from skulens.curate.queries.holdout import (
    Ground,
    add_synonyms,
    is_of,
    make_row,
    make_rows_like_paper,
    read_holdout,
    touches,
)
from skulens.curate.queries.split import Plan, split_queries
from skulens.errors import DataError, UnknownName
from skulens.records import Attribute, Condition, Item, Product, Query
from tests.curate.queries.asked import make_world


@pytest.mark.parametrize("text", ["", "language", "colour=red", "key=", "class= , "])
def test_holdouts_that_say_nothing_are_errors(text):
    with pytest.raises(DataError, match="expected language="):
        read_holdout(text)


def test_names_of_holdouts():
    assert read_holdout("class=Drink, table").name == "class-drink-table"
    assert read_holdout("key=pattern/print").name == "key-pattern_print"
    assert read_holdout("language=th").name == "language-th"
    assert read_holdout("key=ลาย/พิมพ์").holds("ลาย พิมพ์")  # Thai marks are kept
    assert not read_holdout("key=ลาย").holds("ลยา")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    products, asked = make_world(tmp_path_factory.mktemp("world"), queries=300)
    return {p.id: p for p in products}, asked


@pytest.fixture(scope="module")
def ground(world):
    products, asked = world
    splits, _ = split_queries(asked, products, Plan(0.4, 0.1))
    by_id = {q.id: q for q in asked}
    return Ground({side: [by_id[i] for i in ids] for side, ids in splits.items()}, products)


def sided(ground, row):
    by_id = {q.id: q for q in ground.queries}
    return {name: [by_id[i] for i in ids] for name, ids in row.splits.items()}


@pytest.mark.parametrize(
    "text", ["language=th", "key=brand", "class=chair,phone", "key=pattern/print"]
)
def test_training_without_and_tests_with_it(ground, text):
    holdout = read_holdout(text)
    row = make_row(holdout, ground)
    held = sided(ground, row)
    name = holdout.name
    without, inside = held[f"train-without-{name}"], held[f"test-{name}"]
    assert inside and without
    assert all(is_of(q, holdout, ground.products) for q in inside)
    assert not any(touches(q, holdout, ground) for q in without + held[f"val-without-{name}"])
    train, test = ({q.id for q in ground.sides[side]} for side in ("train", "test"))
    assert {q.id for q in inside} <= test
    assert {q.id for q in without} < train
    assert row.of == {q.id for q in ground.queries if is_of(q, holdout, ground.products)}


@pytest.mark.parametrize("text", ["language=th", "key=brand", "class=chair"])
def test_controls_have_the_same_size_and_mix(ground, text):
    holdout = read_holdout(text)
    row = make_row(holdout, ground)
    held = sided(ground, row)
    for side in ("train", "val"):
        mine, control = (held[f"{side}-without-{holdout.name}{c}"] for c in ("", "-control"))
        assert len(mine) == len(control) < len(ground.sides[side])
        assert {q.id for q in control} <= {q.id for q in ground.sides[side]}
    control = held[f"train-without-{holdout.name}-control"]
    assert any(is_of(q, holdout, ground.products) for q in control)  # in domain
    inside, outside = (held[f"test-{holdout.name}{c}"] for c in ("", "-control"))
    count = lambda found: Counter(q.tags["n_conditions"] for q in found)  # noqa: E731
    assert outside and count(inside) == count(outside) + Counter(row.missing)
    assert not any(touches(q, holdout, ground) for q in outside)


def test_a_control_that_is_too_small_is_told(ground):
    row = make_row(read_holdout("class=chair,table,phone"), ground)
    inside, outside = (row.splits[f"test-{row.name}{c}"] for c in ("", "-control"))
    assert len(outside) == len(inside) - sum(row.missing.values())
    assert sum(row.missing.values()) > 0


def test_what_nothing_has_is_an_error_that_names_what_is_near(ground):
    with pytest.raises(UnknownName, match="did you mean 'brand'"):
        make_row(read_holdout("key=brnad"), ground)
    with pytest.raises(UnknownName, match="unknown language 'xx'"):
        make_row(read_holdout("language=xx"), ground)


def product(name, kind="c", language="en", **attributes):
    listed = tuple(Attribute(k, v) for k, v in attributes.items())
    return Product(name, spu=name, category=(kind,), language=language, attributes=listed)


def query(name, answers, references=(), keys=(), hard=(), **tags):
    conditions = tuple(Condition(key, "v") for key in keys)
    return Query(
        name, Item(name, ("x",)), dict.fromkeys(answers, 1), conditions,
        references=references, hard_negatives=hard, tags=tags,
    )  # fmt: skip


def test_the_language_is_that_of_the_references():
    products = {p.id: p for p in (product("e"), product("t", language="th"))}
    thai = read_holdout("language=th")
    assert is_of(query("q", ["e"], ("t", "t")), thai, products)
    mixed = query("q", ["e"], ("t", "e"))
    assert not is_of(mixed, thai, products)
    ground = Ground({"train": [mixed]}, products)
    assert touches(mixed, thai, ground)  # a Thai title is in training all the same
    answer = query("q", ["t"], ("e",))
    assert not touches(answer, thai, ground)
    assert touches(answer, thai, Ground({"train": []}, products, "product"))
    assert is_of(query("q", ["e"], language="th"), thai, products)  # shows nothing: by its tag


def test_scopes_of_keys_and_classes():
    products = {p.id: p for p in (product("a", brand="x"), product("b"), product("c", "drink"))}
    asks, shows = query("q", ["b"], ("b",), ["brand"]), query("r", ["b"], ("a",), ["color"])
    brand, drink = read_holdout("key=Brand"), read_holdout("class=drink")
    narrow, wide = (Ground({}, products, scope) for scope in ("condition", "product"))
    assert touches(asks, brand, narrow) and not touches(shows, brand, narrow)
    assert touches(shows, brand, wide)
    assert narrow.having(brand) == {"a"} and narrow.having(drink) == {"c"}
    aside = query("s", ["b"], ("b",), hard=("c",))
    assert not touches(aside, drink, narrow) and touches(aside, drink, wide)
    assert is_of(query("t", ["c"]), drink, products)


def test_synonyms_close_over_cards_in_any_number_of_steps():
    cards = [
        ("pattern/print", "print"),
        ("Pattern Print", "motif"),
        ("motif", "design"),
        ("color",),
    ]
    closed = add_synonyms(read_holdout("key=pattern/print"), cards)
    assert closed.wanted == {"pattern print", "print", "motif", "design"}
    language = read_holdout("language=en")
    assert add_synonyms(language, [("en", "th")]) == language


def test_near_keys_are_reported_unless_held_out():
    """MERIT's own leak: "pattern" of shoes and "pattern print" of bags beside "pattern/print"."""
    products = {
        p.id: p
        for p in (
            product("a", **{"pattern/print": "dots"}),
            product("b", **{"pattern print": "plain"}),
            product("c", pattern="stripes", color="red"),
        )
    }
    train = [query("q", ["a"], keys=["pattern"]), query("r", ["b"], keys=["pattern print"])]
    ground = Ground({"train": train}, products)
    row = make_row(read_holdout("key=pattern/print"), ground)
    assert [(n.key, n.because, n.queries, n.products) for n in row.near] == [
        ("pattern", "name", 1, 1)
    ]  # "pattern print" is the same name but for its punctuation
    closed = add_synonyms(read_holdout("key=pattern/print"), [("pattern/print", "pattern")])
    assert make_row(closed, ground).near == ()
    assert make_row(closed, ground).splits["train-without-key-pattern_print"] == ()


def test_near_keys_by_their_values():
    values = ("red", "green", "blue")
    products = {
        f"{key}{v}": product(f"{key}{v}", **{key: v}) for key in ("color", "tone") for v in values
    }
    row = make_row(read_holdout("key=color"), Ground({"train": []}, products))
    assert [(n.key, n.because) for n in row.near] == [("tone", "values")]


def test_products_that_stay_in_training_are_counted():
    products = {p.id: p for p in (product("a", brand="x"), product("b", brand="y"), product("c"))}
    train = [query("q", ["b"], ("a",), ["color"]), query("r", ["b"], ("c",), ["color"])]
    row = make_row(read_holdout("key=brand"), Ground({"train": train}, products))
    told = {c.role: (c.queries, c.products) for c in row.carried}
    assert told == {"reference": (1, 1), "answer": (2, 1), "hard negative": (0, 0)}


def test_like_paper_removes_jointly_and_counts_a_query_once(ground):
    held = [read_holdout(t) for t in ("class=chair", "class=table,phone", "language=th")]
    rows = {row.name: row for row in make_rows_like_paper(held, ground)}
    assert set(rows) == {"class-chair-table-phone", "language-th"}
    row = rows["class-chair-table-phone"]
    tests = [row.splits[f"test-class-{c}"] for c in ("chair", "table", "phone")]
    assert sum(map(len, tests)) == len(set().union(*tests))
    joint = row.splits["train-without-class-chair-table-phone"]
    by_id = {q.id: q for q in ground.queries}
    for name in joint:
        q = by_id[name]
        of = {ground.products[p].category[0] for p in (*q.references, *q.relevant)}
        assert of == {"drink"}
    for name in rows["language-th"].splits["test-language-th"]:
        q = by_id[name]
        shown = (*q.references, *q.answers, *q.hard_negatives)
        assert {ground.products[p].language for p in shown} == {"th"}


def test_rows_are_the_same_for_any_order_of_queries(world):
    products, asked = world
    plan = Plan(0.4, holdouts=(read_holdout("language=th"), read_holdout("key=brand")))
    assert split_queries(asked, products, plan)[0] == split_queries(asked[::-1], products, plan)[0]
