"""Answers of people -> gold: small files worked by hand, then the real folders."""

from collections import Counter

import pytest
from stdnum import ean

from skulens.catalog.answers import (
    KEYS,
    NUTRIENTS,
    NUTRITION,
    RATING,
    connect,
    split_ingredients,
)
from skulens.catalog.open import open_catalog
from skulens.protocols import TrueCatalog
from skulens.values.fields import FIELDS

from .conftest import MAKE, real_data


def gold_of(name, folder):
    catalog = open_catalog(str(MAKE[name](folder / name)))
    assert isinstance(catalog, TrueCatalog)
    return {(g.item, g.field, g.values): g.legible for g in catalog.gold()}, catalog


def test_packaging_joins_sides_and_abstains_on_small_photos(tmp_path):
    gold, catalog = gold_of("packaging", tmp_path)
    of_tea = {(f, v): legible for (item, f, v), legible in gold.items() if item == "tea"}
    assert of_tea == {
        ("attributes.brand", ("Acme",)): "yes",
        ("attributes.name", ("Tea", "Mint Tea", "Tea Mint")): "yes",
        ("free.variant", ("Mint",)): "yes",
        ("attributes.ingredients", ("Tea 90%",)): "yes",
        ("attributes.ingredients", ("Mint (Mentha, oil)",)): "yes",
        ("attributes.ingredients", ("Sugar 1,5 %",)): "yes",
        ("attributes.net_content", ()): "not pictured",
        ("attributes.nutrition.basis", ("100 g",)): "yes",
        ("attributes.nutrition.energy", ("10 kJ", "2 kcal")): "yes",
        ("attributes.nutrition.fat", ("0.1 g",)): "yes",
        ("free.nutrition_per_serving.fat", ("0.01 g",)): "yes",
        ("attributes.warnings", ("CAUTION",)): "partly",
        ("identifiers.gtin", ("072417136160", "0072417136160")): "partly",
    }
    small = {k[1]: (k[2], v) for k, v in gold.items() if k[0] == "tea_front_small"}
    assert small["attributes.brand"] == ((), "no")
    assert small["attributes.net_content"] == ((), "not pictured")
    assert {p.spu for p in catalog.products()} == {None, "tea"}
    assert {g.group for g in catalog.gold()} == {"tea"}


def test_packages_take_codes_of_machines_as_partly_legible(tmp_path):
    gold, catalog = gold_of("packages", tmp_path)
    assert gold == {
        ("tea", "attributes.brand", ("Acme",)): "partly",
        ("tea", "attributes.name", ()): "not pictured",
        ("tea", "attributes.net_content", ()): "no",
        ("tea", "attributes.certifications", ("EAC",)): "yes",
        ("tea", "attributes.certifications", ("12 M",)): "yes",
        ("tea", "attributes.manufacturer_contact", ("tel. 1 2",)): "yes",
        ("tea", "attributes.manufacturer_contact", ("www.acme.example",)): "yes",
        ("tea", "identifiers.gtin", ("077043358023", "0077043358023")): "partly",
        ("tea", "attributes.nutrition.basis", ("20 g",)): "yes",
        ("tea", "attributes.nutrition.sodium", ("95 mg",)): "yes",
    }
    assert catalog.lines() == {"tea": ("Tea",)}


def test_labels_of_several_products_have_a_row_each(tmp_path):
    gold, catalog = gold_of("product_labels", tmp_path)
    assert gold[("a", "attributes.voltage", ("12 V",))] == "yes"
    assert gold[("a", "attributes.power", ())] == "not pictured"
    assert gold[("a", "attributes.current", ("1 A",))] == "yes"
    assert gold[("b", "attributes.voltage", ())] == "not pictured"
    assert gold[("b", "attributes.price", ("9.90",))] == "yes"
    assert {k[2]: v for k, v in gold.items() if k[0] == "c"} == {
        ("Acme",): "yes",
        ("Emca",): "partly",
    }
    assert {g.item: g.group for g in catalog.gold()} == {"a": "a", "b": "a", "c": "c", "d": "a"}


def test_no_product_shows_its_answers(tmp_path):
    for name in ("packaging", "packages", "product_labels", "barcodes"):
        _, catalog = gold_of(name, tmp_path)
        for p in catalog.products():
            assert not (p.title or p.texts or p.attributes or p.gtin or p.category), name


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a, b; c • d · e", ("a", "b", "c", "d", "e")),
        ("A - B-C - D", ("A", "B-C", "D")),
        ("x (a, b), y [c; d], z", ("x (a, b)", "y [c; d]", "z")),
        ("x (a [b, c], d), y.", ("x (a [b, c], d)", "y")),
        ("salt 1,5 %, sugar", ("salt 1,5 %", "sugar")),
        ("a), b", ("a)", "b")),
        ("Ingrédients : eau, sucre", ("eau", "sucre")),
        ("", ()),
    ],
)
def test_ingredients_split_outside_brackets(text, parts):
    assert split_ingredients(text) == parts


def test_things_that_share_a_label_are_one_group():
    groups = connect([("a", ["x"]), ("b", []), ("c", ["y"]), ("d", ["x", "y"])])
    assert groups == {"a": "a", "b": "b", "c": "a", "d": "a"}


def test_keys_lead_to_fields_of_the_registry():
    known = {f.path for f in FIELDS}
    nutrition = {f"{NUTRITION}.{n}" for n in (*NUTRIENTS, "basis")}
    assert {*KEYS.values(), *RATING.values(), *nutrition} <= known


# ----- the real folders -----------------------------------------------------------------------


def real(name):
    catalog = open_catalog(str(real_data(name)))
    assert catalog.info.name == name
    products, gold = list(catalog.products()), list(catalog.gold())
    assert not catalog.rejects
    ids = {p.id for p in products}
    assert all(g.item in ids for g in gold)
    return catalog, products, gold


def test_barcodes_on_this_machine():
    _, products, gold = real("barcodes")
    assert len(products) == len(gold) == 434
    with_code = [g for g in gold if g.values]
    assert len(with_code) == 387 and len({g.group for g in with_code}) == 97
    for g in gold:
        for value in g.values:
            if len(value) in (12, 13):  # expanded UPC-E codes are among these
                assert ean.is_valid(value), value
    assert Counter(g.legible for g in gold) == {"yes": 397, "partly": 37}
    assert {len(g.values) for g in gold if g.item.startswith("upce")} == {3}


def test_packaging_on_this_machine():
    _, products, gold = real("packaging")
    assert sum(len(p.images) for p in products) == 7
    known = {(g.item, g.field): g for g in gold}
    assert known["maryland_choc_chip", "attributes.nutrition.energy"].values == (
        "2085 kJ",
        "497 kcal",
    )
    assert known["maryland_choc_chip", "identifiers.gtin"].legible == "partly"
    assert known["maryland_front_small", "attributes.brand"].legible == "no"
    assert known["maryland_ingredients_small", "attributes.brand"].legible == "not pictured"
    allergens = [g.values for g in gold if g.field == "attributes.allergens" and g.legible == "yes"]
    assert allergens == [("Wheat",), ("Soya",), ("Milk",), ("NOISETTE",)]


def test_packages_on_this_machine():
    catalog, products, gold = real("packages")
    assert len(products) == 44 and len(catalog.lines()) > 35
    codes = [g for g in gold if g.field == "identifiers.gtin" and g.values]
    assert len(codes) == 9 and sum(g.legible == "yes" for g in codes) == 6
    assert all(ean.is_valid(v) for g in codes for v in g.values)
    names = {g.item: g.values for g in gold if g.field == "attributes.name"}
    assert len(names["a1xg_eng-24"]) == 5
    abstain = [g for g in gold if g.item == "vizwiz_val_00000634"]
    assert abstain and all(not g.values and g.legible == "no" for g in abstain)


def test_product_labels_on_this_machine():
    _, products, gold = real("product_labels")
    assert len(products) == 40
    brands = {
        g.values[0] for g in gold if g.item == "med_five_boxes" and g.field == "attributes.brand"
    }
    assert len(brands) == 5
    groups = {g.item: g.group for g in gold}
    assert (
        groups["zx39_15"] == groups["zx39_16"] and groups["med_imunol"] == groups["med_imunol_dark"]
    )


def test_apparel_catalogue_on_this_machine():
    _, _, gold = real("apparel_catalogue")
    assert Counter(g.field for g in gold) == {
        "attributes.brand": 25,
        "attributes.material": 11,
        "attributes.flavour": 4,
        "attributes.publisher": 3,
    }
    variants = open_catalog(str(real_data("apparel_catalogue")), level="variant")
    sizes = [g for g in variants.gold() if g.field.endswith("size")]
    assert len(sizes) == 46 and {g.legible for g in sizes} == {"not pictured"}
