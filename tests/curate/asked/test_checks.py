"""What a text says, and what a rewritten query may say."""

import pytest

from skulens.curate.asked.checks import Vocabulary, check_rewritten, names, new_words
from skulens.curate.asked.saying import contains, says
from skulens.curate.asked.tagged import read_tagged
from tests.curate.asked.engine import product
from tests.curate.asked.test_tagged import TEXT, query

SHOP = Vocabulary.of(
    [
        product("r", color="red", material="oak", style="rustic"),
        product("b", color="navy blue", material="pine"),
        product("t", kind="table", color="green", shape="round"),
    ]
)


@pytest.mark.parametrize(
    ("text", "value", "there"),
    [
        ("a Red chair", "red", True),
        ("a redder chair", "red", False),
        ("Product 1's", "s", False),
        ("a navy-blue chair", "navy blue", True),
        ("water_resistant", "water-resistant", True),
        ("grey", "gray", True),
        ("เก้าอี้สีแดงสวย", "สีแดง", True),
        ("sports", "sport", False),
        ("anything", "", False),
        ("C++ (new)", "c++", True),
    ],
)
def test_values_are_found_as_words(text, value, there):
    assert contains(text, value) is there


def test_what_another_language_says_stays_unknown():
    assert says("a bag", "canvas", "en") is False
    assert says("beg kanvas", "canvas", "ms") is None
    assert says("sepatu merah", "red", "id") is True
    assert says("sepatu biru", "red", "id") is None
    assert says("beg kanvas", "kanvas", "ms", values_in="ms") is True
    assert says("a bag", "canvas", None) is False


@pytest.mark.parametrize(
    ("text", "name", "there"),
    [
        ("with matching colours", "color", True),
        ("two dresses", "dress", True),
        ("its closure", "closure type", True),
        ("its type", "closure type", False),
        ("the closures of", "closure type", True),
        ("its size", "style", False),
        ("the type", "type", True),
        ("running shoe", "shoes", True),
    ],
)
def test_names_are_found_in_singular_and_plural(text, name, there):
    assert names(text, name) is there


def check(said, added=""):
    return check_rewritten(said, read_tagged(query()), query(), SHOP, added)


GOOD = (
    "I want a chair in the colour of <Product 1> |image| </Product 1> whose material matches "
    "<Product 2> |image| </Product 2>"
)


def test_natural_words_pass():
    tagged, problems = check(GOOD)
    assert problems == [] and new_words(tagged, read_tagged(query())) == [
        "want", "colour", "whose", "matches",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (GOOD.replace("a chair", "a red chair"), "must not say 'red': the picture shows the color"),
        (GOOD.replace("a chair", "a navy blue chair"), "must not say 'navy blue'"),
        (GOOD.replace("a chair", "a rustic chair"), "'rustic': no style is asked for"),
        (GOOD.replace("a chair", "something"), "the kind of product, 'chair', has to be named"),
        (GOOD.replace("colour", "look"), "'color' has to be named beside <Product 1>"),
        (GOOD.replace("whose material matches", "like"), "'material' has to be named beside <Product 2>"),
        ("Sure! Here it is: " + GOOD, "without an introduction or a colon"),
        (GOOD + " please" * 60, "words, expected at most"),
        (GOOD.replace("</Product 1>", ""), "</Product 1> has to stand exactly once"),
    ],
)  # fmt: skip
def test_what_changes_the_question_is_refused(said, problem):
    tagged, problems = check(said)
    assert tagged is None and any(problem in p for p in problems), problems


def test_values_of_other_classes_and_words_that_stood_there_may_be_said():
    assert check(GOOD + " for my round room")[1] == []
    assert check(TEXT)[1] == []


def test_an_added_trait_has_to_be_in_it_and_may_say_a_value():
    said = GOOD + " in a rustic style"
    assert check(said, "in a rustic style")[1] == []
    assert "'with a logo' has to stand in the query" in check(said, "with a logo")[1][0]


def test_the_key_has_to_stand_beside_its_own_product():
    """Swapped attributes ask for something else: the judgements would be wrong."""
    words = GOOD.replace("material", "X").replace("colour", "material").replace("X", "colour")
    assert [p.split("'")[1] for p in check(words)[1]] == ["material"]
    turned = "A chair with the color and material of " + TEXT[TEXT.index("<Product 1>") :]
    assert check(turned.replace("the same material as", ""))[1] == [
        "the attribute 'material' has to be named beside <Product 2>"
    ]
