"""Cards on disk, MERIT's own, and files that are none."""

import random

import pytest

from skulens.curate.cards.card import MODALITIES, Card, CardIndex, CardKey, CardValue
from skulens.curate.cards.files import card_text, read_cards, write_cards
from skulens.curate.cards.tidy import tidy
from skulens.errors import DataError, MissingFile

HARD = ["no", "5", "5.8", "null", "~", "yes", "a: b", "# c", "x, y", "[z]", "{w}", '"q\'', "- d", "é",
        "ก้", "1:30", "2024-01-01", "!tag", "&a", "*a", "?", "|", ">", "%", "@", "`", "a" * 200, "=", "<<"]  # fmt: skip


def random_card(seed: int) -> Card:
    chance = random.Random(seed)

    def some(most: int) -> list[str]:
        return chance.sample(HARD, chance.randint(0, most))

    keys = tuple(
        CardKey(
            name,
            tuple(CardValue(v, tuple(some(2))) for v in chance.sample(HARD, chance.randint(1, 5))),
            tuple(some(3)),
            chance.choice(MODALITIES),
            chance.randint(0, 2000),
        )
        for name in chance.sample(HARD, chance.randint(1, 6))
    )
    return Card(chance.choice(HARD), keys, products=chance.randint(0, 10**6))


@pytest.mark.parametrize("seed", range(40))
def test_round_trip(tmp_path, seed):
    card = random_card(seed)
    write_cards(tmp_path, [card])
    cards, rejects = read_cards(tmp_path)
    assert cards == {card.kind: card} and not rejects


def test_edited_by_hand(tmp_path):
    """Unquoted words that YAML takes for other things, a plain list, fields left out."""
    (tmp_path / "x.yaml").write_text(
        "class: shirt\nkeys:\n  on:\n    values: [no, 5, 2.50, Off]\n  fit:\n    synonyms: cut\n"
        "    modality: visual\n    values:\n      slim: narrow\n      wide:\n      slim: []\n"
    )
    [card], rejects = read_cards(tmp_path)[0].values(), read_cards(tmp_path)[1]
    assert not rejects
    assert [v.text for v in card.keys[0].values] == ["no", "5", "2.50", "Off"]
    fit = card.keys[1]
    assert fit.synonyms == ("cut",) and fit.modality == "visual"
    assert fit.values == (CardValue("slim", ("narrow",)), CardValue("wide"), CardValue("slim"))
    assert card.keys[0].modality == "unknown"


GOOD = "class: hat\nkeys: {brim: {values: [wide, none]}}\n"


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("class: cap\nkeys: {brim: {values: {}}, fit: {values: [a]}}", "bad.yaml:brim", "list of values is empty"),
        ("class: cap\nkeys: {brim: {values: []}}", "bad.yaml", "no key of the card has values"),
        ("class: cap\nkeys: {brim: {modality: seen, values: [a]}, fit: {values: [a]}}", "bad.yaml:brim", "modality"),
        ("class: cap\nkeys: {brim: [a]}", "bad.yaml:brim", "has to be a mapping"),
        ("class: cap\nkeys: {brim: {value: [a]}}", "bad.yaml:brim", "unknown field 'value'"),
        ("class: cap\nkeys: {brim: {values: [[a]]}}", "bad.yaml:brim", "expected a text"),
        ("class: hat\nkeys: {brim: {values: [a]}}", "hat.yaml", "a card of 'hat' too"),
        ("class: cap", "bad.yaml", "expected the fields"),
        ("class: [\n", "bad.yaml", "while parsing"),
        ("", "bad.yaml", "expected the fields"),
        ("[" * 3000, "bad.yaml", ""),
        ("a: &a [x]\nclass: cap\nkeys: {k: {values: [*a]}}", "bad.yaml:a", "unknown field"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_rejected_by_file_and_key(tmp_path, text, place, reason):
    (tmp_path / "bad.yaml").write_text(text)
    (tmp_path / "hat.yaml").write_text(GOOD)
    cards, rejects = read_cards(tmp_path)
    assert "hat" in cards
    assert any(r.source == place and reason in r.reason for r in rejects), rejects


def test_bytes_that_are_no_text(tmp_path):
    (tmp_path / "hat.yaml").write_text(GOOD)
    (tmp_path / "latin.yaml").write_bytes("class: café".encode("latin-1"))
    (tmp_path / "v2_cap_dict.json").write_text('{"brim": "wide"}')
    (tmp_path / "v2_tie_dict.json").write_text('{"knot": [], "width": ["wide"]}')
    cards, rejects = read_cards(tmp_path)
    assert sorted(cards) == ["hat", "tie"]
    places = {r.source for r in rejects}
    assert places == {"latin.yaml", "v2_cap_dict.json", "v2_tie_dict.json:knot"}


def test_folders_without_cards(tmp_path):
    with pytest.raises(MissingFile, match="no folder"):
        read_cards(tmp_path / "nowhere")
    with pytest.raises(DataError, match="holds no attribute card"):
        read_cards(tmp_path)
    (tmp_path / "a.yaml").write_text("class: cap\nkeys: {}\n")
    with pytest.raises(DataError, match=r"a\.yaml: no key"):
        read_cards(tmp_path)


def test_two_classes_of_one_file_name(tmp_path):
    keys = (CardKey("k", (CardValue("v"),)),)
    with pytest.raises(DataError, match="both need a_b.yaml"):
        write_cards(tmp_path, [Card("a/b", keys), Card("a b", keys)])


def test_counts_are_comments():
    text = card_text(
        Card("hat", (CardKey("brim", (CardValue("wide", (), 1234),), (), "visual", 2000),))
    )
    assert "brim:  # 2,000 products" in text and "wide: []  # 1,234" in text


def test_index_finds_names_before_synonyms_and_nothing_ambiguous():
    card = Card("hat", (
        CardKey("pattern/print", (CardValue("v-neck", ("vee",)), CardValue("polka dot", ("dots",)),
                                  CardValue("spotted", ("dots", "polka-dot"))), ("motif", "look")),
        CardKey("style", (CardValue("none"),), ("look", "Pattern Print")),
    ))  # fmt: skip
    index = CardIndex(card)
    pattern, style = card.keys
    assert index.key("PATTERN_print") == pattern and index.key("motif") == pattern
    assert index.key("look") is None and index.key("patern print") is None
    assert index.value(pattern, "V neck") == "v-neck" and index.value(pattern, "Vee") == "v-neck"
    assert index.value(pattern, "dots") is None and index.value(pattern, "polka-dot") == "polka dot"
    assert index.value(style, "v-neck") is None and index.key("") is None


def test_of_equal_names_the_first_is_found():
    first, second = CardKey("Fit", (CardValue("Slim"),)), CardKey("fit", (CardValue("slim"),))
    index = CardIndex(Card("hat", (first, second)))
    assert index.key("FIT") == first and index.value(first, "slim") == "Slim"


def test_tidy_joins_what_is_equal():
    card = Card("hat", (
        CardKey("Pattern/Print", (CardValue("Solid", ("plain",), 2), CardValue("solid", ("uni",), 3)), ("motif",)),
        CardKey("pattern print", (CardValue("Dots", (), 1),)),
    ))  # fmt: skip
    [key] = tidy(card).keys
    assert key.name == "pattern/print" and key.synonyms == ("motif",)
    assert [(v.text, v.synonyms, v.products) for v in key.values] == [
        ("solid", ("plain", "uni"), 5), ("dots", (), 1),
    ]  # fmt: skip
    assert tidy(tidy(card)) == tidy(card)
