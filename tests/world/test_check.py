"""The rules that find contradictions: none in the shop, and each one finds what it is for."""

import itertools
import json
from collections import Counter
from dataclasses import replace

import pytest
from click.testing import CliRunner

from skulens.cli.world import command
from skulens.records import Attribute
from skulens.world.check import (
    LONGEST,
    NEEDS,
    OPPOSITES,
    RULES,
    Record,
    check_record,
    check_shop,
    check_siblings,
    record_of,
)
from skulens.world.config import Stream, WorldConfig
from skulens.world.truth.colours import jitter
from skulens.world.truth.products import variants
from skulens.world.truth.texts import title
from skulens.world.truth.vocabulary import modality, vocabulary


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return [record_of(v) for v in variants(WorldConfig(skus=2400, seed=4))]


def test_a_shop_contradicts_itself_nowhere():
    """`skulens world check` does the same for 100,000 SKUs."""
    found = list(check_shop(WorldConfig(skus=4000, seed=2)))
    assert not found, Counter(f.rule for f in found).most_common() + found[:5]


def rules_of(record: Record) -> set[str]:
    return {found.rule for found in check_record(record)} - {"colour against picture"}


@pytest.mark.parametrize(
    ("kind", "is_now", "becomes", "rule"),
    [
        ("gold", {"purity": "gold plated"}, {"purity": "24k"}, "material against purity"),
        ("gold", {"purity": "18k"}, {"material": "sterling silver"}, "material against purity"),
        ("gold", {"product type": "bangle"}, {"chain length": "18 inches"}, "size against class"),
        ("table", {"material": "metal"}, {"color": "natural wood"}, "material against picture"),
        ("chair", {"material": "plastic"}, {"color": "natural"}, "material against picture"),
        ("drink", {"product type": "matcha"}, {"flavor": "orange"}, "flavour against class"),
        ("fruit", {"fruit type": "lemon"}, {"flavor": "sweet"}, "flavour against class"),
        ("handbag", {"material": "vegan leather"}, {"interior features": "suede interior"},
         "class against material"),
        ("diamond", {"product type": "ring"}, {"closure type": "screw back"},
         "class against feature"),
        ("suitcase", {"size": "large"}, {"capacity": "30L"}, "size against class"),
        ("cloth", {}, {"target demographic": "infant"}, "audience against class"),
        ("shoes", {"shoe type": "pumps"}, {"occasion": "running"}, "audience against class"),
        ("table", {"table type": "desk"}, {"room/location": "kitchen"}, "place against class"),
        ("snack", {"specialty diet": "vegan"}, {"flavor": "honey"}, "opposites"),
        ("drink", {}, {"region of origin": "usa"}, "country not as a name"),
        ("backpack", {}, {"strap type": "strap strap"}, "word said twice"),
        ("drink", {"organic": "caffeine-free"}, {"allergen information": "caffeine free"},
         "word said twice"),
    ],
)  # fmt: skip
def test_a_contradiction_is_found(records, kind, is_now, becomes, rule):
    record = next(
        r for r in records if r.variant.kind == kind and is_now.items() <= r.values.items()
    )
    assert rules_of(record) == set()
    known = {a.key: a for a in record.variant.attributes} | {
        key: Attribute(key, value, modality(kind, key), "world") for key, value in becomes.items()
    }
    values = {a.key: a.value for a in known.values()}
    wrong = replace(record.variant, attributes=tuple(known.values()))
    told = {"title": title(wrong), "title_id": title(wrong, "id")}
    assert rule in rules_of(Record(wrong, values, told, record.label)), becomes


def test_another_colour_in_the_picture_is_found(records):
    for record in records[:200]:
        keys = vocabulary()["classes"][record.variant.kind]["keys"]
        for colour in set(keys["color"]["values"]) - {record.values["color"]}:
            look = replace(record.variant.look, base=jitter(colour, Stream("other", colour)))
            wrong = replace(record, variant=replace(record.variant, look=look))
            assert "colour against picture" in {c.rule for c in check_record(wrong)}, colour


def test_a_drawing_of_other_values_is_found(records):
    v = records[0].variant
    drawn = dict(v.look.values) | {"color": "not this"}
    wrong = replace(records[0], variant=replace(v, look=replace(v.look, values=drawn)))
    assert "colour against picture" in {c.rule for c in check_record(wrong)}


def test_a_title_that_names_another_colour_is_found(records):
    record = next(r for r in records if r.variant.kind == "chair" and r.values["color"] == "red")
    told = record.texts | {"title": record.texts["title"] + ", blue"}
    assert [c.rule for c in check_record(replace(record, texts=told))] == ["colour against picture"]


@pytest.mark.parametrize(
    ("role", "spoil"),
    [
        ("title", lambda t: t + ","),
        ("title_id", lambda t: t.replace(", ", ", , ", 1)),
        ("caption", lambda t: t + " {rest}"),
        ("caption_vi", lambda t: t.replace(" ", "  ", 1)),
        ("description_th", lambda t: " " + t),
        ("description", lambda t: t + " None"),
        ("title_ms", lambda t: ""),
        ("title", lambda t: t + ", " + "x" * LONGEST["title"]),
    ],
)
def test_a_text_out_of_shape_is_found(records, role, spoil):
    told = records[0].texts | {role: spoil(records[0].texts[role])}
    found = {c.rule for c in check_record(replace(records[0], texts=told))}
    assert found == {"text that does not fit"}


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("drink", "country of origin", "XX"), ("gold", "purity", "22k"), ("chair", "brand", "Acme"),
        ("drink", "product name", "durian tea"), ("handbag", "size", "tiny"),
        ("diamond", "clarity", "I3"),
    ],
)  # fmt: skip
def test_a_label_that_says_otherwise_is_found(records, kind, field, value):
    record = next(r for r in records if r.variant.kind == kind)
    facts = tuple(replace(f, value=value) if f.field == field else f for f in record.label.facts)
    wrong = replace(record, label=replace(record.label, facts=facts))
    assert "label against attributes" in {c.rule for c in check_record(wrong)}


def test_dimensions_are_those_of_the_shape(records):
    for shape, size in (("round", "90 x 50 x 40 cm"), ("oval", "50 x 50 x 40 cm")):
        record = next(
            r for r in records if r.values.get("shape") == shape and "table type" in r.values
        )
        facts = tuple(
            replace(f, value=size) if f.field == "size" else f for f in record.label.facts
        )
        wrong = replace(record, label=replace(record.label, facts=facts))
        assert [c.rule for c in check_record(wrong)] == ["label against attributes"]


def test_siblings_on_both_sides_of_the_split_are_found(records):
    pairs = itertools.pairwise(r.variant for r in records)
    one, other = next((a, b) for a, b in pairs if a.spu == b.spu)
    assert not list(check_siblings(one, other))
    apart = {"train": "test", "test": "train"}[other.split]
    for wrong in (replace(other, split=apart), replace(other, brand="Acme")):
        [found] = check_siblings(one, wrong)
        assert (found.rule, found.sku) == ("siblings apart", other.id)


def test_rules_speak_of_keys_and_values_that_exist():
    """A misspelt rule would never find anything."""
    for need in itertools.chain.from_iterable(NEEDS.values()):
        keys = vocabulary()["classes"][need.kind]["keys"]
        assert set(need.values) <= set(keys[need.key]["values"]), need
        others = keys[need.other]["values"]
        woods = {"wood", "solid wood", "bamboo", "veneer"}
        assert set(need.allowed) - {""} <= {*others, *woods}, need
        assert set(others) - set(need.allowed) or need.key == need.other, need
    known = {
        value
        for entry in vocabulary()["classes"].values()
        for spec in entry["keys"].values()
        for value in spec["values"]
    }
    assert {v for pair in OPPOSITES for v in pair} <= known


def test_the_command_counts_and_says_how_it_ended(monkeypatch):
    run = CliRunner().invoke(command, ["check", "--skus", "64", "--seed", "3", "--json"])
    assert run.exit_code == 0 and set(json.loads(run.output)["found"]) == set(RULES)
    monkeypatch.setattr("skulens.world.check.NEEDS", {"material against purity": ()})
    monkeypatch.setattr("skulens.world.check.LONGEST", {"title": 9, "caption": 9, "description": 9})
    run = CliRunner().invoke(command, ["check", "--skus", "64", "--seed", "3"])
    assert run.exit_code == 1 and "text that does not fit" in run.output
    assert "\n960 contradictions in the records of 64 SKUs" in run.output, "15 texts of each"
