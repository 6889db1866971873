"""Faults of cards, made ones and those that MERIT's cards are known for."""

import os
from collections import Counter
from pathlib import Path

import pytest

from skulens.curate.cards.card import Card, CardKey, CardValue
from skulens.curate.cards.files import write_cards
from skulens.curate.cards.lint import lint_cards, lint_folder
from skulens.errors import DataError

MERIT = Path(os.environ.get("SKULENS_DATA", "nowhere"), "merit", "attribute_cards")


def card(kind="hat", **keys) -> Card:
    return Card(kind, tuple(
        CardKey(name.replace("_", " "), tuple(v if isinstance(v, CardValue) else CardValue(v) for v in values),
                modality="visual")
        for name, values in keys.items()
    ))  # fmt: skip


def rules(*cards: Card) -> Counter:
    return Counter((p.rule, p.place) for p in lint_cards({c.kind: c for c in cards}))


def test_a_good_card_has_no_problem():
    assert not rules(card(color=["red", "blue"], brim=["wide", "narrow"]))


def test_within_a_key():
    assert rules(card(color=["red", "Blue"]))["case", "hat:color"] == 1
    assert rules(card(color=["red", "dark  blue"]))["writing", "hat:color"] == 1
    assert rules(card(color=["red", "red", "blue"]))["duplicate-value", "hat:color"] == 1
    assert rules(card(neck=["v-neck", "v neck", "round"]))["same-value", "hat:neck"] == 1
    assert rules(card(neck=["round", "none"]))["no-answer", "hat:neck"] == 1
    assert rules(card(neck=["round"]))["size", "hat:neck"] == 1
    assert rules(card(neck=[f"n{i}x" for i in range(21)]))["size", "hat:neck"] == 1
    assert (
        rules(Card("hat", (CardKey("k", (CardValue("a"), CardValue("b"))),)))["modality", "hat:k"]
        == 1
    )


def test_synonyms_that_clash():
    one = card(color=[CardValue("red", ("ruby",)), CardValue("pink", ("ruby", "Red"))])
    assert rules(one)["clash", "hat:color"] == 2
    keys = (
        CardKey("color", (CardValue("a"), CardValue("b")), ("look", "Style"), "visual"),
        CardKey("style", (CardValue("c"), CardValue("d")), ("look",), "visual"),
    )
    assert rules(Card("hat", keys))["clash", "hat:color"] == 2


def test_within_a_card():
    assert rules(card(color=["a", "b"], Color=["c", "d"]))["duplicate-key", "hat:color"] == 1
    assert rules(card(type=["a", "b"], hat_type=["c", "d"]))["alike-keys", "hat:type"] == 1
    shared = rules(card(style=["a", "b", "c", "d"], make=["a", "b", "c", "x", "y"]))
    assert shared["overlap", "hat:style"] == 1
    assert not rules(card(style=["a", "b", "c", "d"], make=["a", "b", "x", "y"]))
    many = card(**{f"k{i}x": [f"a{i}x", f"b{i}x"] for i in range(21)})
    assert rules(many)["size", "hat"] == 1


def test_across_cards():
    slash = Card(
        "cap", (CardKey("pattern/print", (CardValue("solid"), CardValue("dots")), (), "visual"),)
    )
    spaced = card(pattern_print=["solid", "dots"])
    short = card("tie", pattern=["solid", "stripes"])
    found = lint_cards({c.kind: c for c in (slash, spaced, short)})
    assert [p.level for p in found if p.rule == "synonym-keys"].count("warning") == 1
    assert [p.level for p in found if p.rule == "synonym-keys"].count("note") == 2
    assert not lint_cards({"hat": spaced, "tie": card("tie", pattern_print=["solid", "dots"])})
    other = card("tie", pattern=["woven", "knit"])
    assert not lint_cards({"hat": spaced, "tie": other}), "no value in common: another key"


def test_folder_names_file_and_key(tmp_path):
    write_cards(tmp_path, [card(color=["red", "Red"])])
    (tmp_path / "cap.yaml").write_text("class: cap\nkeys: {brim: {values: {}}}\n")
    found = {(p.rule, p.level, p.place) for p in lint_folder(tmp_path)}
    assert ("unusable", "error", "cap.yaml:brim") in found and (
        "unusable",
        "error",
        "cap.yaml",
    ) in found
    assert ("same-value", "error", "hat.yaml:color") in found
    with pytest.raises(DataError, match="no attribute card"):
        lint_folder(tmp_path.parent)


@pytest.mark.skipif(
    not MERIT.is_dir(), reason="needs MERIT's attribute cards in $SKULENS_DATA/merit"
)
def test_known_faults_of_merits_cards():
    found = lint_folder(MERIT)
    doubled = [p for p in found if p.rule == "duplicate-value"]
    assert len(doubled) == 10 and {p.place for p in doubled} == {"v2_shoes_dict.json:pattern"}
    assert {p.rule for p in found if p.level == "error"} == {"duplicate-value"}
    assert len({p.place.split(":")[0] for p in found if p.rule == "case"}) == 13
    assert any("'20L'" in p.said for p in found if p.place == "v2_backpack_dict.json:capacity")
    across = {(p.place, p.level): p.said for p in found if p.rule == "synonym-keys"}
    assert "pattern/print" in across["v2_backpack_dict.json:pattern print", "warning"]
    assert "closure type" in across["v2_pants_dict.json:closure", "note"]
    patterns = [
        p.said
        for p in found
        if p.rule == "synonym-keys" and p.place == "v2_shoes_dict.json:pattern"
    ]
    assert len(patterns) == 2
    overlap = [
        p.said for p in found if p.rule == "overlap" and p.place == "v2_shoes_dict.json:shoe type"
    ]
    assert "style" in overlap[0]
