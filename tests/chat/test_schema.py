"""The portable subset: what passes, what is named, and where."""

import copy
import json
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skulens.chat.schemas.check import check_schema, lint_schema, schema_of
from skulens.chat.schemas.rules import FOREIGN, KEYWORDS
from skulens.errors import DataError
from skulens.values.fields import FIELDS
from skulens.values.schema import make_schema

pydantic = pytest.importorskip("pydantic")

TEXT = {"type": ["string", "null"]}


def closed(**properties) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


GOOD = closed(
    name=TEXT,
    kind={"type": "string", "enum": ["a", "b"]},
    maybe={"type": ["string", "null"], "enum": ["a", None]},
    size={"type": "integer", "minimum": 0, "maximum": 9},
    sure={"type": "boolean"},
    code={"type": "string", "pattern": "^[0-9]{8,14}$"},
    short={"type": "string", "maxLength": 20},
    parts={"type": "array", "items": closed(x={"type": "number"}), "maxItems": 4, "minItems": 1},
    inner={"anyOf": [closed(properties=TEXT, type=TEXT), {"type": "null"}]},
    used={"$ref": "#/$defs/T"},
) | {"$defs": {"T": closed(t=TEXT)}}


def test_a_schema_of_the_subset_passes():
    assert lint_schema(GOOD) == []
    check_schema(GOOD)


@pytest.mark.parametrize("evidence", [False, True])
def test_schemas_of_fields_pass(evidence):
    check_schema(make_schema(None, evidence))
    for field in FIELDS:
        check_schema(make_schema([field.path], evidence))


def at(path: str, node: object) -> dict[str, Any]:
    """GOOD with one node replaced or added."""
    schema = copy.deepcopy(GOOD)
    *way, last = path.split(".")
    place = schema
    for step in way:
        place = place[step]
    place[last] = node
    if way == ["properties"]:
        schema["required"] = list(schema["properties"])
    return schema


BAD = {
    "no properties": (at("properties.a", {"type": "object"}), "$.properties.a", "#104"),
    "empty properties": (at("properties.a", closed()), "$.properties.a", "#104"),
    "no items": (at("properties.a", {"type": "array", "maxItems": 3}), "$.properties.a", "#104"),
    "unbounded": (at("properties.a", {"type": "array", "items": TEXT}), "$.properties.a", "maxItems"),
    "negative bound": (at("properties.parts.maxItems", -1), "$.properties.parts", "maxItems -1"),
    "bounds swapped": (at("properties.parts.minItems", 9), "$.properties.parts", "minItems 9"),
    "empty node": (at("properties.a", {}), "$.properties.a", "#52011"),
    "only words": (at("properties.a", {"description": "x"}), "$.properties.a", "#52011"),
    "true": (at("properties.a", True), "$.properties.a", "#52011"),
    "open": (at("additionalProperties", True), "$", "additionalProperties is true"),
    "open by a schema": (at("additionalProperties", TEXT), "$", "additionalProperties"),
    "optional": (at("required", ["name"]), "$", "not required"),
    "required elsewhere": (at("required", [*GOOD["properties"], "z"]), "$", "'z' required"),
    "pattern and length": (
        at("properties.code.maxLength", 9), "$.properties.code", "pattern together with maxLength",
    ),
    "loose pattern": (at("properties.code.pattern", "[0-9]"), "$.properties.code", "without ^ and $"),
    "lookahead": (at("properties.code.pattern", "^(?=a)a$"), "$.properties.code", "looks around"),
    "no pattern": (at("properties.code.pattern", "^($"), "$.properties.code", "regular expression"),
    "number as pattern": (at("properties.code.pattern", 3), "$.properties.code", "pattern 3"),
    "catastrophe": (at("properties.code.pattern", "^(a+)+$"), "$.properties.code", "repeats"),
    "any of three": (
        at("properties.a", {"anyOf": [TEXT, {"type": "integer"}, {"type": "null"}]}),
        "$.properties.a", "3 branches",
    ),
    "any of two": (
        at("properties.a", {"anyOf": [{"type": "string"}, {"type": "integer"}]}),
        "$.properties.a", "2 branches, of which 0 null",
    ),
    "true as a bound": (
        at("properties.parts.maxItems", True), "$.properties.parts", "maxItems true",
    ),
    "any of nothing": (at("properties.a", {"anyOf": 3}), "$.properties.a", "0 branches"),
    "beside any of": (at("properties.inner.type", "object"), "$.properties.inner", "type beside"),
    "two types": (at("properties.a", {"type": ["string", "integer"]}), "$.properties.a", "several"),
    "strange type": (at("properties.a", {"type": "text"}), "$.properties.a", '"text"'),
    "type no word": (at("properties.a", {"type": {}}), "$.properties.a", "type {}"),
    "nullable object": (
        at("properties.a", closed(x=TEXT) | {"type": ["object", "null"]}),
        "$.properties.a", "anyOf",
    ),
    "no type": (at("properties.a", {"enum": ["x"]}), "$.properties.a", "no type"),
    "empty enum": (at("properties.kind.enum", []), "$.properties.kind", "an empty enum"),
    "mixed enum": (at("properties.kind.enum", ["a", 1]), "$.properties.kind", "1 in an enum"),
    "true is no integer": (
        at("properties.a", {"type": "integer", "enum": [True]}), "$.properties.a", "true in an enum",
    ),
    "null missing": (at("properties.maybe.enum", ["a"]), "$.properties.maybe", "null is a type"),
    "twice": (at("properties.kind.enum", ["a", "a"]), "$.properties.kind", "twice"),
    "remote": (at("properties.used", {"$ref": "http://x/y"}), "$.properties.used", "within"),
    "nowhere": (at("properties.used", {"$ref": "#/$defs/Z"}), "$.properties.used", "within"),
    "other pointer": (at("properties.used", {"$ref": "#/properties/name"}), "$.properties.used", "$ref"),
    "beside a reference": (
        at("properties.used", {"$ref": "#/$defs/T", "description": "x"}),
        "$.properties.used", "beside $ref",
    ),
    "itself": (at("$defs.T", closed(t={"$ref": "#/$defs/T"})), "$.$defs.T", "refers to itself"),
    "bad definition": (at("$defs.T", closed(t={})), "$.$defs.T.properties.t", "every value"),
    "definitions no object": (at("$defs", []), "$.$defs", "not an object"),
    "huge enum": (
        at("properties.kind.enum", [f"{i:0100d}" for i in range(300)]), "$.properties.kind", "300",
    ),
    "many values": (
        at("properties.kind.enum", [str(i) for i in range(1001)]), "$", "values of enums",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_is_not_portable_is_named_with_its_place(name):
    schema, path, says = BAD[name]
    found = lint_schema(schema)
    assert [f for f in found if f.path == path and says in str(f)], [str(f) for f in found]
    assert all(f.why and f.todo for f in found)
    with pytest.raises(DataError, match="not every"):
        check_schema(schema)


@pytest.mark.parametrize("keyword", [*FOREIGN, "contains", "if", "dependentRequired", "$schema"])
def test_foreign_keywords_are_named(keyword):
    for place in ("", "properties.name.", "properties.parts."):
        found = lint_schema(at(f"{place}{keyword}", {}))
        assert [f for f in found if keyword in f.what], place


def test_names_of_properties_are_no_keywords():
    names = ["$ref", "anyOf", "pattern", "const", "items", "type", "enum", ""]
    assert lint_schema(closed(**dict.fromkeys(names, TEXT))) == []


def test_the_root_is_an_object():
    items = {"type": "array", "items": TEXT, "maxItems": 3}
    assert "the root" in lint_schema(items)[0].what
    assert lint_schema({"anyOf": [GOOD, {"type": "null"}]})[0].path == "$"
    assert lint_schema([])[0].what == "it is []"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "strange",
    [{1, 2}, b"x", float("nan"), float("inf"), object(), 1j],
    ids=lambda s: type(s).__name__ + str(s)[:3],
)
def test_what_json_lacks_is_named(strange):
    assert "no JSON value" in lint_schema({"type": "object", "properties": strange})[0].what


def test_a_circle_in_python_and_endless_nesting_are_named():
    circle: dict[str, Any] = closed(a=TEXT)
    circle["properties"]["a"] = circle
    assert lint_schema(circle)
    deep: dict[str, Any] = TEXT
    for _ in range(400):
        deep = {"anyOf": [deep, {"type": "null"}]}
    assert lint_schema(closed(a=deep))


def test_a_definition_that_nothing_uses_is_looked_at():
    unused = {"$defs": {"T": closed(t=TEXT), "U": closed(u={"$ref": "#/$defs/U"})}}
    [found] = lint_schema(GOOD | unused)
    assert (found.path, found.what[:17]) == ("$.$defs.U", "it refers to itse")


def test_nesting_beyond_what_can_be_walked_is_named():
    [found] = lint_schema(nested(400))
    assert "nested without end" in found.what


def nested(levels: int) -> dict[str, Any]:
    node = closed(x=TEXT)
    for _ in range(levels - 1):
        node = closed(x=node)
    return node


def test_depth_counts_through_references():
    assert lint_schema(nested(10)) == []
    assert "11 objects" in lint_schema(nested(11))[0].what
    through = closed(a={"$ref": "#/$defs/T"}) | {"$defs": {"T": nested(9)}}
    assert lint_schema(through) == []
    through["$defs"]["T"] = nested(10)
    assert "11 objects" in lint_schema(through)[0].what


def test_references_that_multiply_cost_nothing():
    """Each definition refers twice to the next: 2^60 nodes were they inlined."""
    defs = {
        f"D{i}": closed(a={"$ref": f"#/$defs/D{i + 1}"}, b={"$ref": f"#/$defs/D{i + 1}"})
        for i in range(60)
    }
    schema = closed(a={"$ref": "#/$defs/D0"}) | {"$defs": defs | {"D60": closed(x=TEXT)}}
    assert [f.path for f in lint_schema(schema)] == ["$"]


def test_an_error_lists_all_but_not_without_end():
    schema = closed(**{f"p{i}": {} for i in range(100)})
    with pytest.raises(DataError) as caught:
        check_schema(schema)
    assert "100 parts" in str(caught.value)
    assert "and 88 more" in str(caught.value)
    assert len(str(caught.value)) < 4000


def test_a_schema_changed_after_its_check_is_checked_anew():
    schema = copy.deepcopy(GOOD)
    check_schema(schema)
    schema["additionalProperties"] = True
    with pytest.raises(DataError):
        check_schema(schema)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [*"ab", *KEYWORDS["object"], *KEYWORDS["array"], "anyOf", "enum", "$ref"]
            ),
            inner | st.sampled_from(["object", "array", "string", "integer", "null", "#/$defs/a"]),
            max_size=5,
        )
    ),
    max_leaves=25,
)


@given(st.dictionaries(st.sampled_from(list(GOOD) + ["anyOf", "items"]), JSON, max_size=6))
@settings(max_examples=300, deadline=None)
def test_no_schema_breaks_the_linter(schema):
    for found in lint_schema(schema):
        assert found.path.startswith("$") and found.what and found.why and found.todo


# ----- pydantic ------------------------------------------------------------------------------


class Part(pydantic.BaseModel):
    material: str | None = None
    share: Annotated[int, pydantic.Field(ge=0, le=100)] = 0


class Shirt(pydantic.BaseModel):
    """A garment."""

    colour: Literal["red", "blue"]
    fit: Literal["slim"] = "slim"
    main: Part
    lining: Part | None = None
    parts: Annotated[list[Part], pydantic.Field(max_length=5)]
    text: str = pydantic.Field(default="", description="what is printed")


def test_a_pydantic_model_becomes_portable():
    schema = schema_of(Shirt)
    assert list(schema["properties"]) == ["colour", "fit", "main", "lining", "parts", "text"]
    assert schema["required"] == list(schema["properties"])
    assert schema["properties"]["fit"]["enum"] == ["slim"]
    assert schema["properties"]["text"]["description"] == "what is printed"
    assert "$ref" not in json.dumps(schema)
    assert '"default"' not in json.dumps(schema)


def test_what_the_schema_allows_the_model_takes():
    import jsonschema

    answer = {
        "colour": "red",
        "fit": "slim",
        "main": {"material": None, "share": 3},
        "lining": None,
        "parts": [{"material": "wool", "share": 97}],
        "text": "",
    }
    jsonschema.Draft202012Validator(schema_of(Shirt)).validate(answer)
    assert Shirt.model_validate(answer).parts[0].material == "wool"


def test_a_model_that_is_not_portable_is_named():
    class Open(pydantic.BaseModel):
        values: dict[str, str]
        names: list[str]

    with pytest.raises(DataError) as caught:
        schema_of(Open)
    assert "$.properties.values" in str(caught.value)
    assert "$.properties.names: no maxItems" in str(caught.value)


class Tree(pydantic.BaseModel):
    below: "Tree | None" = None


def test_a_model_within_itself_is_named():
    with pytest.raises(DataError, match="Tree holds itself"):
        schema_of(Tree)
