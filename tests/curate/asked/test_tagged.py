"""Queries as text with tags, and what is read back from a model's answer."""

import pytest

from skulens.curate.asked.tagged import (
    read_answer,
    read_tagged,
    tell_in_words,
    with_text,
)
from skulens.errors import DataError
from skulens.records import Condition, Image, Item, Query

RED, OAK = Image(data=b"red"), Image(data=b"oak")
PARTS = (
    "Find a chair with the same color as <Product 1> ",
    RED,
    "\nเก้าอี้สีแดง </Product 1> and the same material as <Product 2> ",
    OAK,
    "\nOak & \\1 chair </Product 2>",
)


def query(parts=PARTS, **more):
    conditions = (
        Condition("color", "red", 1, "r", modality="visual"),
        Condition("material", "oak", 3, "o", modality="text"),
        Condition("class", "chair", modality="both"),
    )
    return Query(
        "q", Item("q", parts), {"a": 1}, conditions, references=("r", "o"), tags={"x": "y"}, **more
    )


TEXT = (
    "Find a chair with the same color as <Product 1> |image| </Product 1> and the same material "
    "as <Product 2> |image| </Product 2>"
)


def test_text_hides_titles_and_comes_back_unchanged():
    tagged = read_tagged(query())
    assert tagged.text == TEXT
    assert "<Product 1> |image| เก้าอี้สีแดง </Product 1>" in tagged.whole
    assert with_text(query(), tagged) == query()
    assert read_answer(TEXT, tagged) == (tagged, [])


def test_an_answer_gets_pictures_and_titles_back_around_its_words():
    said = "อยากได้ chair\n whose color is like <Product 1> |image| </Product 1>, material: <Product 2>|image|</Product 2>."
    tagged, problems = read_answer(said, read_tagged(query()))
    assert not problems
    told = with_text(query(), tagged)
    assert told.item.parts == (
        "อยากได้ chair whose color is like <Product 1> ",
        RED,
        "\nเก้าอี้สีแดง </Product 1>, material: <Product 2> ",
        OAK,
        "\nOak & \\1 chair </Product 2>.",
    )
    assert told.conditions == query().conditions and told.relevant == {"a": 1}


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (TEXT.replace("</Product 1>", ""), "</Product 1> has to stand exactly once, it stands 0"),
        (TEXT + " <Product 1> |image| </Product 1>", "<Product 1> has to stand exactly once, it stands 2"),
        (TEXT.replace("Product 1", "X").replace("Product 2", "Product 1").replace("X", "Product 2"), "in this order"),
        (TEXT + " <Product 3> |image| </Product 3>", "</Product 3> is none of the query's"),
        (TEXT.replace("|image|", "red", 1), "between <Product 1> and </Product 1> has to stand exactly"),
        (TEXT.replace("|image|", "|image| red chair", 1), "has to stand exactly: |image|"),
        (TEXT + " like |image|", "may stand nowhere but"),
        ("<b>" + TEXT + "</b>", "may stand nowhere but"),
        ("", "<Product 1> has to stand exactly once"),
        ("Sorry, I cannot see any image.", "<Product 2> has to stand exactly once"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_answer_is_said(said, problem):
    tagged, problems = read_answer(said, read_tagged(query()))
    assert tagged is None and any(problem in p for p in problems), problems


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        (("Find a chair like ", RED), "no tags"),
        ((*PARTS, OAK), "picture stands where none belongs"),
        ((*PARTS[:2], "\nA </Product 1> trick </Product 1> and <Product 2> ", *PARTS[3:]), "a tag"),
        ((*PARTS[:2], "\nA <Product 2> </Product 1> and <Product 2> ", *PARTS[3:]), "a tag"),
        (("<Product 2> ", RED, "\nA </Product 2>"), "<Product 1> should"),
        ((*PARTS[:4], "\nA\x00B </Product 2>"), "NUL"),
    ],
)
def test_texts_that_are_no_tagged_query_are_refused(parts, problem):
    with pytest.raises(DataError, match=problem):
        read_tagged(query(parts))


@pytest.mark.parametrize("number", [1, 2])
def test_a_product_told_in_words_is_no_reference_any_more(number):
    told = tell_in_words(query(), number)
    key, value, other = (("color", "red", "o"), ("material", "oak", "r"))[number - 1]
    assert told.references == (other,)
    assert (
        f"<Product {number}> a product with {key}: {value} </Product {number}>"
        in read_tagged(told).whole
    )
    assert told.conditions[number - 1] == Condition(
        key, value, modality=query().conditions[number - 1].modality
    )
    [kept] = [c for c in told.conditions if c.part is not None]
    assert told.item.parts[kept.part] == (OAK if kept.product == "o" else RED)
    assert sum(isinstance(p, Image) for p in told.item.parts) == 1
    with pytest.raises(DataError, match="stands for 0 conditions"):
        tell_in_words(Query("q", query().item), number)


def test_words_of_a_described_product_have_to_stay():
    told = read_tagged(tell_in_words(query(), 2))
    assert read_answer(told.text, told)[0] == told
    _, problems = read_answer(told.text.replace("oak", "pine"), told)
    assert problems == [
        "between <Product 2> and </Product 2> has to stand exactly: a product with material: oak"
    ]
