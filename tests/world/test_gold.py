"""The gold of a shop: every field goes somewhere, says what the tables say,
and claims no picture shows what none does.
"""

from collections import Counter, defaultdict

import pyarrow.parquet as pq
import pytest

from skulens.claims import Gold
from skulens.errors import DataError
from skulens.protocols import TrueCatalog
from skulens.world import CLASSES, World, WorldConfig
from skulens.world.gold import ORDER, possible, rule_of, rules, says
from skulens.world.label.codes import MARKS
from skulens.world.label.facts import label_of
from skulens.world.label.record import FIELDS
from skulens.world.make import make
from skulens.world.truth.products import variants
from skulens.world.truth.vocabulary import vocabulary

SAME_AS = {
    "color": "colour",
    "pattern/print": "pattern",
    "pattern print": "pattern",
    "fabric": "material",
    "flavor": "flavour",
}
"""Key -> the field of the registry that it is; other keys have a path of their own."""
UNLIKE = {
    "allergen information": "says what is not inside, too",
    "calories": "low, medium or high, not an amount",
}
"""Keys whose words the registry knows for another field."""

# The table of paths.


def test_every_field_of_every_class_has_a_path_or_a_reason():
    known = {(rule.source, rule.field) for rule in rules()}
    keys = {k for c in vocabulary()["classes"].values() for k in c["keys"]} | {"brand"}
    labels = set(FIELDS) - {"mark"}
    assert known == (
        {("attribute", k) for k in keys}
        | {("label", f) for f in labels}
        | {("mark", m) for m in MARKS}
    )
    for kind in CLASSES:
        for key in ("brand", *vocabulary()["classes"][kind]["keys"]):
            own = key.replace(" ", "_").replace("/", "_")
            assert rule_of("attribute", key, kind).path == f"attributes.{SAME_AS.get(key, own)}"


def test_paths_are_those_of_the_registry():
    fields = pytest.importorskip("skulens.values.fields", reason="needs the registry of fields")
    for rule in rules():
        if rule.path:
            fields.find_field(rule.path)
        if rule.source == "attribute" and rule.field not in UNLIKE:
            assert fields.find_path(rule.field) == rule.path


def test_classes_are_those_whose_labels_say_it():
    """Exactly: a class that is named and never says it would make every product
    of it lack the field.
    """
    said = defaultdict(set)
    for kind in CLASSES:
        for v in variants(WorldConfig(skus=1200, seed=4, classes=(kind,))):
            for fact in label_of(v).facts:
                mark = fact.field == "mark"
                said["mark" if mark else "label", fact.value if mark else fact.field].add(kind)
    named = defaultdict(set)
    for rule in rules():
        if rule.source != "attribute":
            assert not named[rule.source, rule.field] & rule.classes, "one rule for each class"
            named[rule.source, rule.field] |= rule.classes
    assert dict(named) == dict(said)


def test_what_is_left_out_says_why_and_attributes_name_fields_that_print_them():
    import csv
    from importlib.resources import files

    text = files("skulens.world").joinpath("gold_paths.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert all(bool(row["path"]) != bool(row["note"]) for row in rows)
    assert {row["printed"] for row in rows} <= {"", *FIELDS}
    assert {row["many"] for row in rows} == {"", "yes", "list"}
    many = {row["path"] for row in rows if row["many"]}
    assert not many & {row["path"] for row in rows if not row["many"]} - {""}


def test_whole_words_only():
    assert says("8 GB RAM, 256 GB SSD", "8gb") and not says("18 GB RAM", "8gb")
    assert says("18 in", "18 inches") and not says("organic cotton blends", "cotton blend")


# The gold.


@pytest.fixture(scope="module")
def shop(everything) -> World:
    return World(everything[0])


@pytest.fixture(scope="module")
def gold(shop) -> list[Gold]:
    return list(shop.gold())


@pytest.fixture(scope="module")
def tables(shop):
    names = ("attributes", "labels", "legibility", "regions", "products")
    return {name: pq.read_table(shop.root / f"{name}.parquet").to_pylist() for name in names}


def test_every_product_has_every_path_of_its_class_in_order(shop, gold):
    assert isinstance(shop, TrueCatalog)
    paths = defaultdict(list)
    for g in gold:
        paths[g.item].append(g.field)
    products = list(shop.products())
    assert list(paths) == [p.id for p in products]
    spus = {g.item: g.group for g in gold}
    for product in products:
        assert tuple(dict.fromkeys(paths[product.id])) == possible(product.category[0])
        assert spus[product.id] == product.spu


def test_a_printed_fact_is_gold_with_the_legibility_of_its_pictures(gold, tables):
    best = {(g.item, g.field, v): g for g in gold for v in g.values}
    checked = Counter()
    kinds = {row["id"]: row["kind"] for row in tables["attributes"]}
    for row, seen in zip(tables["labels"], tables["legibility"], strict=True):
        mark = row["field"] == "mark"
        rule = rule_of(
            *("mark", row["value"]) if mark else ("label", row["field"]), kinds[row["id"]]
        )
        if rule.path:
            listed = rule.many == "list"
            found = best[
                row["id"], rule.path, row["value"].split(", ")[0] if listed else row["value"]
            ]
            assert (
                row["text"].removesuffix(".").split(", ")[0] if listed else row["text"]
            ) in found.values
            assert ORDER.index(found.legible) <= ORDER.index(seen["legible"])
            assert set(seen["images"]) <= set(found.images)
            checked[found.legible == seen["legible"]] += 1
    assert checked[True] > 800


def test_pictures_are_named_where_the_value_can_be_read_and_exist(shop, gold):
    for g in gold:
        assert bool(g.images) == (g.legible == "yes")
        assert all((shop.root / image).is_file() for image in g.images)
        assert all("-label-" in i or i.startswith("images/") for i in g.images), "gallery only"


def test_what_is_only_told_in_texts_is_not_pictured(gold, tables):
    """Of the attributes without a picture: nothing printed anywhere says the value either."""
    printed = defaultdict(list)
    for row in tables["regions"]:
        printed[row["id"]].append(row["field"])
    pictured = {
        (row["id"], row["value"])
        for row in tables["legibility"]
        if row["legible"] != "not pictured"
    }
    texts_only = {
        (row["id"], rule_of("attribute", row["key"], row["kind"]).path): row
        for row in tables["attributes"]
        if row["modality"] == "text"
    }
    unseen = [g for g in gold if (g.item, g.field) in texts_only and g.legible == "not pictured"]
    assert len(unseen) > 50
    for g in unseen:
        row = texts_only[g.item, g.field]
        assert row["key"] not in printed[g.item]
        if rule_of("attribute", row["key"], row["kind"]).printed:
            assert (g.item, row["value"]) not in pictured


def test_visual_attributes_are_seen_on_the_front(gold, tables):
    found = {(g.item, g.field): g for g in gold}
    fronts = {row["id"]: row["image"] for row in tables["products"] if row["view"] == "front"}
    visual = [row for row in tables["attributes"] if row["modality"] == "visual"]
    assert len(visual) > 150
    for row in visual:
        g = found[row["id"], rule_of("attribute", row["key"], row["kind"]).path]
        assert g.values[0] == row["value"] and g.legible == "yes" and fronts[row["id"]] in g.images


def test_a_field_of_many_has_a_gold_per_value_and_one_that_is_lacking_has_no_values(gold, tables):
    fibres = [row for row in tables["labels"] if row["field"] == "material composition"]
    found = Counter(
        g.item for g in gold if g.field == "attributes.material_composition" and g.values
    )
    assert found == Counter(row["id"] for row in fibres) and max(found.values()) > 1
    lacking = [g for g in gold if not g.values]
    assert lacking and {g.legible for g in lacking} == {"not pictured"}
    printed = {
        (row["id"], name)
        for row in tables["labels"]
        if row["field"] == "allergens"
        for name in row["value"].split(", ")
    }
    allergens = [g for g in gold if g.field == "attributes.allergens"]
    assert {(g.item, g.values[0]) for g in allergens if g.values} == printed
    assert any(not g.values for g in allergens)


def test_one_fact_said_twice_is_one_gold_with_its_alternatives(gold):
    singles = {path for rule in rules() if (path := rule.path) and not rule.many}
    counts = Counter((g.item, g.field) for g in gold if g.field in singles)
    assert set(counts.values()) == {1}
    gtins = [g for g in gold if g.field == "identifiers.gtin"]
    assert all(len(g.values[0]) == 14 and g.values[0].endswith(g.values[1]) for g in gtins)
    regions = [g for g in gold if g.field == "attributes.region_of_origin"]
    assert regions and all(len(g.values[1]) == 2 for g in regions), "a name and its ISO code"
    clarity = [g for g in gold if g.field == "attributes.diamond_clarity"]
    assert clarity and {g.legible for g in clarity} != {"not pictured"}, "printed on the label"


def test_splits_part_the_gold(shop, gold):
    parts = {split: list(shop.gold(split)) for split in ("train", "test")}
    assert all(parts.values()) and Counter(parts["train"] + parts["test"]) == Counter(gold)
    folds = {p.id: p.extras["fold"] for p in shop.products()}
    assert all(folds[g.item] == split for split, found in parts.items() for g in found)
    with pytest.raises(DataError, match="train and test"):
        shop.gold("val")


def test_a_shop_without_pictures_has_gold_that_no_picture_shows(tmp_path, gold):
    make(tmp_path, WorldConfig(skus=16, seed=5, views=(), photos=0), workers=1, progress=False)
    bare = list(World(tmp_path).gold())
    first = [g for g in gold if g.item in {b.item for b in bare}]
    assert [(b.item, b.field, b.values) for b in bare] == [
        (g.item, g.field, g.values) for g in first
    ]
    assert {(b.legible, b.images) for b in bare} == {("not pictured", ())}
