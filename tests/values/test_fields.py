"""Paths lead to fields, keys of sellers and labels to paths, and fields make a portable schema."""

import json

import pytest

from skulens.errors import UnknownName
from skulens.values.fields import FIELDS, find_field, find_path, is_asked
from skulens.values.normalise import TYPES, VERSION
from skulens.values.schema import make_schema
from skulens.values.units import parse_quantity


def test_the_registry_is_sound():
    paths = [f.path for f in FIELDS]
    aliases = [a for f in FIELDS for a in f.aliases]
    assert len(set(paths)) == len(paths)
    assert len(set(aliases)) == len(aliases)
    assert all(f.about and f.type in TYPES and f.normaliser == VERSION for f in FIELDS)
    assert not any(b.startswith(a + ".") for a in paths for b in paths)


def test_units_of_fields_are_canonical():
    for field in FIELDS:
        if field.unit:
            found = parse_quantity("2", field.unit)
            assert str(found) == f"2 {field.unit}", field.path


def test_paths_of_your_own_are_text_and_others_are_refused():
    assert find_field("free.neckline").type == "text"
    assert not find_field("attributes.sleeve_length").many
    assert find_field("identifiers.gtin").type == "gtin"
    for path in ("identifiers.gtinn", "attributes.", "brand", ""):
        with pytest.raises(UnknownName, match="unknown field"):
            find_field(path)
    with pytest.raises(UnknownName, match="did you mean 'identifiers.gtin'"):
        find_field("identifiers.gtinn")


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("Color", "attributes.colour"),
        ("best_before", "attributes.expiry_date"),
        ("Country of  Origin", "attributes.origin"),
        ("Sleeve Length", "attributes.sleeve_length"),
        ("room/location", "attributes.room_location"),
        ("attributes.origin", "attributes.origin"),
        ("สี", "attributes.colour"),
        ("EAN", "identifiers.gtin"),
    ],
)
def test_keys_lead_to_paths(key, path):
    assert find_path(key) == path


def test_a_key_without_words_is_refused():
    with pytest.raises(UnknownName):
        find_path(" / ")


def test_values_are_read_in_the_field_s_unit():
    assert find_field("attributes.nutrition.salt").normalise("0,5") == "0.5 g"
    assert find_field("attributes.nutrition.salt").normalise("500", unit="mg") == "0.5 g"
    assert find_field("attributes.nutrition.salt").normalise("500 mg") == "0.5 g"


def test_asked_for_by_path_or_prefix():
    assert is_asked("attributes.brand", ["attributes.brand"])
    assert is_asked("attributes.nutrition.salt", ["attributes.nutrition."])
    assert not is_asked("attributes.brand_new", ["attributes.brand"])
    assert not is_asked("attributes.brand", [])


def walk(node):
    yield node
    for child in (*node.get("properties", {}).values(), *filter(None, [node.get("items")])):
        yield from walk(child)


@pytest.mark.parametrize("evidence", [False, True])
def test_the_schema_is_portable(evidence):
    schema = make_schema(evidence=evidence)
    json.dumps(schema)
    for node in walk(schema):
        assert not {"pattern", "patternProperties", "propertyNames", "oneOf"} & set(node)
        if node["type"] == "object":
            assert node["additionalProperties"] is False
            assert node["properties"]
            assert node["required"] == list(node["properties"])
        if node["type"] == "array":
            assert node["maxItems"] > 0


def test_the_schema_of_some_fields():
    schema = make_schema(["identifiers.gtin", "attributes.brand", "attributes.nutrition.salt"])
    assert list(schema["properties"]) == ["identifiers", "attributes", "not_visible"]
    attributes = schema["properties"]["attributes"]["properties"]
    assert attributes["brand"] == {"type": ["string", "null"], "description": "brand"}
    assert list(attributes["nutrition"]["properties"]) == ["salt"]
    gtin = schema["properties"]["identifiers"]["properties"]["gtin"]
    assert gtin["type"] == "array" and gtin["items"]["type"] == "string"
    seen = make_schema(["attributes.brand"], evidence=True)["properties"]["attributes"]
    assert list(seen["properties"]["brand"]["properties"]) == ["image", "quote", "value"]
