"""Attributes put onto cards, the filters by name, and the funnel."""

import json

import pytest

from skulens.curate.cards.annotate import annotate
from skulens.curate.cards.card import Card, CardKey, CardValue
from skulens.curate.cards.filters import PROFILES, Filters, Limit
from skulens.curate.cards.match import apply_cards
from skulens.errors import DataError
from skulens.records import Attribute, Product

CARDS = {
    "hat": Card("hat", (
        CardKey("color", (CardValue("red", ("ruby",)), CardValue("blue")), ("colour",), "visual"),
        CardKey("pattern/print", (CardValue("dots"), CardValue("none")), (), "unknown"),
    )),
}  # fmt: skip


def product(id: str, *pairs: tuple, kind="hat") -> Product:
    return Product(id, category=(kind, "more"), attributes=tuple(Attribute(*p) for p in pairs))


def pairs(product: Product) -> list[tuple[str, str]]:
    return [(a.key, a.value) for a in product.attributes]


def test_apply_cards():
    given = product(
        "a", ("Colour", "RUBY", "text", "seller"), ("color", "red"), ("pattern print", "Dots", "text"),
        ("pattern print", "None"), ("color", "pink"), ("color", "rubyy"), ("fit", "slim"), ("colr", "red"),
    )  # fmt: skip
    other, bare = product("b", ("color", "red"), kind="tie"), Product("c")
    made = list(apply_cards([given, other, bare], CARDS))
    assert pairs(made[0]) == [
        ("color", "red"),
        ("pattern/print", "dots"),
        ("pattern/print", "none"),
    ]
    color, pattern, _ = made[0].attributes
    assert (color.modality, color.source) == ("visual", "seller"), "the card knows better"
    assert pattern.modality == "text", "the card does not know"
    assert made[1].attributes == () and made[2] == bare and made[0].category == ("hat", "more")
    assert list(apply_cards(made, CARDS)) == made, "again changes nothing"


GIVEN = [
    *(product(f"r{i}", ("color", "red"), ("pattern/print", "dots")) for i in range(5)),
    *(product(f"b{i}", ("color", "blue")) for i in range(3)),
    product("once", ("color", "green"), ("pattern/print", "none"), ("size", "skip")),
    product("new", ("brim", "wide"), ("brim", "wide")),
    *(product(f"t{i}", ("knot", "windsor"), kind="tie") for i in range(2)),
]


def funnel(filters: Filters) -> dict[str, tuple]:
    done = annotate(GIVEN, CARDS, filters)
    return {s.name: (s.products, s.pairs, s.keys, dict(s.gone)) for s in done.funnel.steps}


def test_golden_funnel_of_sound():
    assert funnel(PROFILES["sound"]) == {
        "given": (12, 19, 5, {}),
        "new-attributes": (
            9, 15, 3, {"no card": 2, "key not on the card": 1, "value not on the card": 1},
        ),
        "none-skip": (9, 14, 2, {"no answer": 1}),
        "most-frequent-value": (9, 14, 2, {}),
        "seen-once": (8, 13, 2, {"value of few products": 1}),
        "keys-of-few-products": (8, 13, 2, {}),
        "keys-of-few-values": (8, 13, 2, {}),
        "rare-values": (8, 13, 2, {}),
    }  # fmt: skip


def test_steps_add_up():
    for filters in (*PROFILES.values(), Filters(most_frequent_value="exact", new_attributes="off")):
        steps = annotate(GIVEN, CARDS, filters).funnel.steps
        for before, after in zip(steps, steps[1:], strict=False):
            assert before.pairs - after.pairs == sum(after.gone.values())


def test_new_attributes():
    assert funnel(Filters(new_attributes="off"))["new-attributes"][1] == 19
    assert funnel(Filters(new_attributes="keys"))["new-attributes"][3] == {
        "no card": 2, "key not on the card": 1,
    }  # fmt: skip
    kept = annotate(GIVEN, CARDS, Filters(new_attributes="keys", seen_once=Limit())).products
    assert ("color", "green") in pairs(kept[8])


def test_most_frequent_value():
    def left(said):
        done = annotate(GIVEN, CARDS, Filters(most_frequent_value=said, seen_once=Limit()))
        return {pair for p in done.products for pair in pairs(p)}

    everything = {
        ("color", "red"),
        ("color", "blue"),
        ("pattern/print", "dots"),
        ("pattern/print", "none"),
    }
    assert left("off") == everything
    assert left("exact") == {("color", "blue"), ("pattern/print", "none")}
    assert left("share>=0.7") == everything - {("pattern/print", "dots")}, "5 of 6, red has 5 of 8"
    assert left("share>=0.625") == left("exact") and left("share>=0.9") == everything
    tie = [product("a", ("color", "red")), product("b", ("color", "blue"))]
    done = annotate(tie, CARDS, Filters(most_frequent_value="exact", seen_once=Limit()))
    assert [pairs(p) for p in done.products] == [[("color", "red")], []], "of equals the first goes"


def test_classes_are_counted_apart():
    cards = {
        kind: Card(kind, (CardKey("color", (CardValue("red"), CardValue("blue"))),))
        for kind in "ab"
    }
    shop = [
        *(product(f"a{i}", ("color", "red"), kind="a") for i in range(3)), product("a4", ("color", "blue"), kind="a"),
        *(product(f"b{i}", ("color", "blue"), kind="b") for i in range(3)), product("b4", ("color", "red"), kind="b"),
    ]  # fmt: skip
    done = annotate(shop, cards, Filters(most_frequent_value="exact", seen_once=Limit()))
    assert [bool(p.attributes) for p in done.products] == [False, False, False, True] * 2
    once = annotate([shop[3], shop[4]], cards, Filters())
    assert once.empty == 2, "blue is seen twice, but once in each class"
    pooled = annotate(shop, cards, Filters(seen_once=Limit(), rare_values=Limit(count=4)))
    assert pooled.empty == 8, "each value has 4 products over both classes"
    assert annotate(shop, cards, Filters(seen_once=Limit(), rare_values=Limit(count=3))).empty == 0


def test_pool_filters():
    def keys(**settings):
        done = annotate(GIVEN, CARDS, Filters(seen_once=Limit(), **settings))
        return {a.key for p in done.products for a in p.attributes}

    both = {"color", "pattern/print"}
    assert keys(keys_of_few_products=Limit(count=5)) == both
    assert keys(keys_of_few_products=Limit(count=6)) == {"color"}
    assert keys(keys_of_few_products=Limit(share=0.6)) == both, "of 9 products that have a pair"
    assert keys(keys_of_few_products=Limit(share=0.7)) == {"color"}
    assert keys(keys_of_few_values=1) == both and keys(keys_of_few_values=2) == set()


def test_a_product_of_two_values_counts_once_for_its_key():
    shop = [product(f"p{i}", ("color", "red"), ("color", "blue")) for i in range(3)]
    limit = Limit(count=3)
    assert annotate(shop, CARDS, Filters(keys_of_few_products=limit)).empty == 3
    assert annotate(shop, CARDS, Filters(keys_of_few_products=Limit(count=2))).empty == 0
    shares = annotate(shop, CARDS, Filters(most_frequent_value="share>=1")).products
    assert [pairs(p) for p in shares] == [[("color", "red")]] * 3, "blue has all 3 products"


def test_products_without_attributes_stay_unless_dropped():
    assert len(annotate(GIVEN, CARDS, Filters()).products) == 12
    done = annotate(GIVEN, CARDS, Filters(drop_empty=True))
    assert done.empty == 4 and len(done.products) == 8


def test_merit_has_the_thresholds_of_the_released_code():
    merit, sound = PROFILES["merit"], PROFILES["sound"]
    assert merit.most_frequent_value == "exact" and sound.most_frequent_value == "off"
    assert (
        merit.keys_of_few_products.count,
        merit.keys_of_few_values,
        merit.rare_values.count,
    ) == (100, 2, 4)
    assert merit.seen_once.count == 1


@pytest.mark.parametrize("text", ["", "x", "-1", "1.5", "101%", "5 %", "%"])
def test_limits_that_are_none(text):
    with pytest.raises(DataError, match="expected a count"):
        Limit.read(text)


def test_limits():
    assert Limit.read("4") == Limit(count=4) and Limit.read("0.5%") == Limit(share=0.005)


@pytest.mark.parametrize("said", ["always", "share>=1.5", "share>0.5", "share>="])
def test_settings_that_make_no_sense(said):
    with pytest.raises(DataError, match="most-frequent-value"):
        Filters(most_frequent_value=said)


def test_no_product_and_no_attribute():
    done = annotate([], CARDS, PROFILES["merit"])
    assert not done.products and done.funnel.steps[0].pairs == 0
    assert annotate([Product("a")], CARDS, PROFILES["merit"]).empty == 1


def test_funnel_as_json_and_text():
    done = annotate(GIVEN, CARDS, PROFILES["sound"]).funnel
    told = json.loads(json.dumps(done.as_dict()))
    assert told["format"] == "skulens-funnel/1" and told["steps"][2]["gone"] == {"no answer": 1}
    lines = list(done.lines())
    assert len(lines) == 9 and lines[2].startswith("new-attributes") and "2 no card" in lines[2]
