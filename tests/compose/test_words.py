"""Queries in words: MERIT's form, and the same again when read from MERIT's files."""

import json

import numpy as np
import pytest

from skulens.catalog.merit import Merit
from skulens.compose.pool import make_pool
from skulens.compose.proposals import NONE, WHOLE, Composed
from skulens.compose.words import CLASS, STYLE, TEMPLATES, ask, say_key, say_thing
from skulens.records import Attribute, Image, Product

TITLES = {
    "1": "Tas <image> merah <Product 2>\nbaru </Product 1>",
    "2": "เก้าอี้ 5 < 6",
    "3": "",
    "4": "plain",
}


@pytest.fixture
def shop(tmp_path):
    pixel = tmp_path / "p.png"
    pixel.write_bytes(b"x")
    products = {
        i: Product(
            i,
            title=title,
            category=("chair",),
            spu=f"s{i}",
            language="en" if i == "4" else "th",
            attributes=(Attribute("color", "red", "visual"), Attribute("pattern/print", f"p{i}")),
            images=(Image(path=str(pixel)),),
        )
        for i, title in TITLES.items()
    }
    return make_pool(products.values())[0], products


def compose(pool, *shown, id_=0, kind=0, verified=True):
    places = {name: i for i, name in enumerate(pool.ids)}
    pairs = {pair: i for i, pair in enumerate(pool.pairs)}
    told = tuple((places[p], pair if pair == WHOLE else pairs[pair]) for p, pair in shown)
    last = np.array([places["4"]])
    return Composed(
        id_, "m", told, kind, NONE, last, np.array([places["3"]]), 0.0, {"x": "y"}, verified
    )


RED = ("color", "red")


def say(shop, *shown, **how):
    pool, products = shop
    photos = {i: p.images[0] for i, p in products.items()}
    return ask(pool, compose(pool, *shown, **how), products, photos)


def test_words_photos_titles_and_the_class(shop):
    query = say(shop, ("1", RED), ("2", ("pattern/print", "p2")))
    first, photo, middle, _, last = query.item.parts
    assert first == "Find a chair with the same color as <Product 1> "
    assert isinstance(photo, Image)
    assert middle.endswith(" </Product 1> and the same pattern or print as <Product 2> ")
    assert last == "\nเก้าอี้ 5 < 6 </Product 2>"
    assert [(c.key, c.value, c.part, c.product) for c in query.conditions] == [
        ("color", "red", 1, "1"),
        ("pattern/print", "p2", 3, "2"),
        (CLASS, "chair", None, None),
    ]
    assert query.tags == {
        "language": "th", "class": "chair", "method": "m", "n_conditions": "2", "x": "y",
    }  # fmt: skip
    assert query.relevant == {"4": 1, "3": 0} and query.hard_negatives == ("3",)
    assert query.references == ("1", "2") and query.group == "s4"


def test_negatives_that_nobody_verified_have_no_grade(shop):
    query = say(shop, ("1", RED), ("2", RED), verified=False)
    assert query.relevant == {"4": 1} and query.hard_negatives == ("3",)


def test_references_of_two_languages_are_of_none(shop):
    assert "language" not in say(shop, ("1", RED), ("4", RED)).tags


def test_a_style_as_a_whole_and_a_product_shown_for_two(shop):
    query = say(shop, ("1", WHOLE), ("2", RED), ("1", RED), kind=NONE)
    whole, second, other = query.conditions
    assert (whole.key, whole.value, whole.relation, whole.modality) == (
        STYLE,
        None,
        "whole",
        "visual",
    )
    assert (whole.part, second.part, other.part) == (1, 1, 3)
    assert query.item.parts[0] == (
        "Find a product with the same product style and the same color as <Product 1> "
    )
    assert query.references == ("1", "2") and query.tags["n_conditions"] == "3"


@pytest.mark.parametrize("number", range(len(TEMPLATES)))
def test_a_merit_file_gives_the_same_parts_and_conditions(shop, number, tmp_path):
    query = say(shop, ("1", WHOLE), ("2", RED), ("3", ("pattern/print", "p3")), id_=number)
    text = "".join(p if isinstance(p, str) else "<image>" for p in query.item.parts)
    asked = {
        c.product: {c.key: c.value if c.relation == "same" else "as product image"}
        for c in query.conditions
        if c.key != CLASS
    }
    line = {"query": asked, "query instruction": text, "pos_candidate": [4], "hard_negative": [3]}
    (tmp_path / "queries-test.json").write_text(json.dumps(line) + "\n")
    rows = [{"idx": i, "title": t, "image": "p.png", "class": "chair"} for i, t in TITLES.items()]
    (tmp_path / "products-test.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    [read] = Merit(tmp_path).queries("test")
    assert read.item.parts == query.item.parts
    told = [(c.key, c.value, c.part, c.product, c.relation) for c in query.conditions[:-1]]
    assert [(c.key, c.value, c.part, c.product, c.relation) for c in read.conditions] == told
    assert read.references == query.references and read.hard_negatives == query.hard_negatives


@pytest.mark.parametrize(
    "kind, said",
    [
        ("chair", "a chair"), ("umbrella", "an umbrella"), ("apple", "an apple"),
        ("shoes", "a pair of shoes"), ("fruit", "fruit"), ("glasses", "glasses"),
        ("dress", "a dress"), ("bus", "a bus"), (None, "a product"),
    ],
)  # fmt: skip
def test_things_take_their_article(kind, said):
    assert say_thing(kind) == said


def test_keys_are_said_in_words():
    assert say_key("room/location") == "room or location"
