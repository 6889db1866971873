"""Every check passes what is right, fails what is wrong, and says what to correct."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skulens.curate.captions.checks import (
    KINDS,
    Check,
    Rules,
    Source,
    check_caption,
    check_content,
    check_invented,
    check_kept,
    check_start,
    check_tokens,
    new_words,
)
from skulens.records import Attribute

SOUP = Source(
    "soup",
    "The image shows a can of Kova Tomato Soup. The can is red with white text. The net weight "
    "is 10.75 ounces (305 grams). It has 80 calories per cup and is organic.",
    "The Kova logo is at the top.",
)
WORDS = (lambda text: len(text.split()), 12)
GOOD = "The product is Kova Tomato Soup in a red 10.75 oz can."


def verdicts(caption, source=SOUP, rules=Rules({"words": WORDS}, "The product is")):
    return {c.name: c.verdict for c in check_caption(caption, source, rules)}


def test_a_good_caption_passes_everything():
    assert set(verdicts(GOOD).values()) == {"pass"}


def test_checks_come_in_the_order_of_their_names():
    rules = Rules({"a": WORDS, "b": WORDS}, "The", ("size", "brand"), ("claim",))
    names = tuple(c.name for c in check_caption(GOOD, SOUP, rules))
    assert names == rules.names == (
        "tokens a", "tokens b", "start", "content", "kept size", "kept brand", "invented claim"
    )  # fmt: skip
    assert Rules({"a": (len, 9), "b": (len, 5)}).tokens == 5 and Rules().tokens == 0


def test_tokens_of_each_encoder():
    found = check_tokens("one two three", {"long": (WORDS[0], 3), "short": (WORDS[0], 2)})
    assert [c.verdict for c in found] == ["pass", "fail"]
    assert "3 tokens, at most 2" in found[1].reason


def test_start():
    assert check_start("the product IS a can", "The product is")[0].verdict == "pass"
    [failed] = check_start("A can", "The product is")
    assert failed.verdict == "fail" and '"The product is"' in failed.reason


@pytest.mark.parametrize(
    "rest",
    ["", " ...", " a.", " the product", " not available in your location", " [tag description]"],
)
def test_a_caption_that_says_nothing_of_its_product(rest):
    assert check_content(f"The product is{rest}", SOUP, "The product is").verdict == "fail"


@pytest.mark.parametrize("caption", ["Kova", "The product is soups", "the product is a RED thing"])
def test_one_word_of_the_source_is_content(caption):
    assert check_content(caption, SOUP, "The product is").verdict == "pass"


@pytest.mark.parametrize(
    ("kind", "caption"),
    [
        ("brand", "The product is tomato soup in a red can."),
        ("colour", "The product is Kova soup in a blue can."),
        ("size", "The product is Kova soup in a red can with 80 calories."),
        ("shape", "The product is Kova soup, red, 305 g."),
    ],
)
def test_what_is_lost_is_named(kind, caption):
    check = check_kept(caption, SOUP, kind)
    assert check.verdict == "fail" and "the source says" in check.reason
    assert check_kept(GOOD, SOUP, kind) == Check(f"kept {kind}", "pass")


def test_one_value_of_a_kind_is_enough():
    assert check_kept("white text", SOUP, "colour").verdict == "pass"
    assert check_kept("305g", SOUP, "size").verdict == "pass"  # in other units, rounded


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_demanded_of_a_source_that_says_nothing(kind):
    assert (
        check_kept("anything", Source("x", "very nice, with clear flavour"), kind).verdict == "none"
    )


def test_a_colour_with_two_meanings_keeps_the_colour():
    source = Source("x", "The bag is orange. The name is white.")
    assert check_kept("an orange bag", source, "colour").verdict == "pass"
    assert check_kept("a bag", source, "colour").verdict == "fail"
    assert check_kept("a bag", Source("x", "An orange."), "colour").verdict == "none"
    size = Source("x", "It holds 1 l. It has 240 calories")
    assert check_kept("240 calories", size, "size").verdict == "fail"


def test_attributes_are_demanded_whatever_the_text_says():
    told = (
        Attribute("Colour", "Orange"),
        Attribute("brand", "Kova Ltd"),
        Attribute("Shape", "oval"),
    )
    source = Source("x", "A nice thing.", attributes=told)
    assert check_kept("nice", source, "colour").verdict == "fail"
    assert check_kept("an orange oval Kova", source, "colour").verdict == "pass"
    assert check_kept("an orange oval Kova", source, "brand").verdict == "pass"
    assert check_kept("an orange oval Kova", source, "shape").verdict == "pass"


def test_a_brand_of_the_catalogue_in_the_title():
    source = Source("x", "Good milk.", title="Arla milk 1 l", brands=frozenset({"arla"}))
    assert check_kept("milk", source, "brand").verdict == "fail"
    assert check_kept("Arla milk", source, "brand").verdict == "pass"


@pytest.mark.parametrize(
    ("kind", "caption", "said"),
    [
        ("number", "Kova soup, 12 oz", "'12 oz'"),
        ("number", "Kova soup, 305 ml", "'305 ml'"),
        ("number", "a 305-pack of Kova soup x 7", "'7'"),
        ("number", "Kova soup since 1869", "'1869'"),
        ("colour", "Kova soup in a blue can", "'blue'"),
        ("name", "Kova soup by Heinz", "'Heinz'"),
        ("claim", "Kova gluten-free soup", "'gluten-free'"),
    ],
)
def test_what_is_invented_is_named(kind, caption, said):
    check = check_invented(f"The product is {caption}.", SOUP, kind)
    assert check.verdict == "fail" and said in check.reason
    assert check_invented(GOOD, SOUP, kind).verdict == "pass"


@pytest.mark.parametrize(
    ("kind", "caption", "source"),
    [
        ("colour", "an orange snack", "A snack of oranges."),
        ("colour", "a greyish can", "A gray can."),
        ("colour", "a multicolored box", "A red and blue box."),
        ("name", "by RedHot", "Red Hot sauce"),
        ("name", "the Kovas", "made by kova"),
        ("name", "a Yoghurt", "fine yogurt drink"),
        ("number", "two-pack of 16 grams", "16g each"),
        ("number", "170 calories", "calories per serving: 170"),
        ("number", "a 32-count box", "there are 32 K-Cup pods"),
        ("name", "a European biscuit", "Europe's favourite"),
        ("name", "some MSG-free broth", "no MSG added"),
        ("claim", "low-sodium", "low in sodium"),
        ("claim", "100% natural", "It is 100%  Natural"),
        ("claim", "Non-GMO", "contains non gmo corn"),
    ],
)
def test_other_spellings_are_not_invented(kind, caption, source):
    assert check_invented(f"The product is {caption}", Source("x", source), kind).verdict == "pass"


@settings(deadline=None)  # pint is loaded at the first quantity
@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_is_checked(caption, source):
    found = check_caption(caption, Source("x", source), Rules({"c": (len, 40)}, "The product is"))
    assert all(bool(c.reason) == (c.verdict == "fail") for c in found)


@settings(deadline=None)
@given(
    st.sampled_from([SOUP.description, SOUP.tag, SOUP.text, "12 red cans of Kova. It can be 5%."])
)
def test_a_source_invents_nothing_against_itself(text):
    source = Source("x", text)
    assert all(
        check_invented(text, source, kind).verdict == "pass"
        for kind in ("number", "colour", "name", "claim")
    )


def test_new_words_are_for_people():
    assert new_words("The product is a delightful red soup", SOUP) == ["product", "delightful"]
