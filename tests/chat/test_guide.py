"""Grammars of JSON schemas: whatever a model prefers, what it writes parses and validates."""

import json

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skulens.chat.local.guide import MOST_KEPT, Grammars
from skulens.errors import ChatError, DataError
from skulens.protocols import Ask
from tests.chat import tiny

PRODUCT = {
    "type": "object",
    "properties": {
        "evidence": {"type": "string", "maxLength": 12},
        "colour": {"enum": ["red", "blue", "blå", "a \"quoted\" one"]},
        "grams": {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 5000}, {"type": "null"}]},
        "brand": {"type": ["string", "null"], "maxLength": 6},
        "organic": {"type": "boolean"},
        "parts": {
            "type": "array",
            "maxItems": 3,
            "items": {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "minLength": 1, "maxLength": 5},
                    "share": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
                    "marks": {"type": "array", "items": {"const": "EU"}, "maxItems": 2},
                },
                "required": ["name", "share", "marks"],
                "additionalProperties": False,
            },
        },
        "not_visible": {"type": "array", "items": {"enum": ["brand", "grams"]}, "maxItems": 2},
    },
    "required": ["evidence", "colour", "grams", "brand", "organic", "parts", "not_visible"],
    "additionalProperties": False,
}  # fmt: skip


def check(text: str, schema) -> object:
    """Strictly JSON, and valid."""
    value = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    jsonschema.Draft202012Validator(schema).validate(value)
    assert text == text.strip() and "\n" not in text
    return value


@pytest.mark.parametrize("family", ["qwen2_5_vl", "llama", "gemma3"])
def test_a_random_model_writes_valid_answers(tiny_chat, family):
    chat = tiny_chat(family, batch=5)
    pictures = [tiny.picture(n) for n in range(10)] if family in tiny.VISION else [""] * 10
    asked = [
        Ask(str(n), (picture, "read the label"), "be exact", PRODUCT,
            {"temperature": 1.5, "seed": n, "max_tokens": 600})
        for n, picture in enumerate(pictures)
    ]  # fmt: skip
    found = list(chat.ask(asked))
    assert len(found) == 10
    for reply in found:
        assert (reply.error, reply.finish) == ("", "stop"), reply
        assert check(reply.text, PRODUCT) == reply.value
    assert len({r.text for r in found}) == 10


@pytest.fixture(scope="module")
def grammars():
    tokenizer = tiny.make_tokenizer()
    return Grammars(tokenizer, len(tokenizer), [1]), tokenizer


def walk(guide, tokenizer, draw, most=3000) -> str | None:
    """An answer of tokens drawn evenly from those allowed; None where it gets too long."""
    tokens = []
    while not guide.done and len(tokens) < most:
        allowed = np.flatnonzero(guide.allowed())
        assert len(allowed) and not guide.problem
        token = int(draw.choice(allowed))
        if token == 1:
            break
        guide.advance(token)
        tokens.append(token)
    else:
        if not guide.done:
            return None
    return tokenizer.decode(tokens)


LEAVES = st.one_of(
    st.integers(0, 9).map(lambda n: {"type": "string", "maxLength": n}),
    st.tuples(st.integers(-50, 50), st.integers(0, 500)).map(
        lambda t: {"type": "integer", "minimum": t[0], "maximum": t[0] + t[1]}
    ),
    st.lists(st.text(max_size=4), min_size=1, max_size=3, unique=True).map(lambda e: {"enum": e}),
    st.just({"type": "boolean"}),
    st.just({"type": ["integer", "null"], "minimum": 0, "maximum": 99}),
    st.just({"anyOf": [{"type": "string", "maxLength": 3}, {"type": "null"}]}),
)
NAMES = st.text('abcé"\\ {}', min_size=1, max_size=4)
SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, st.integers(0, 3)).map(
            lambda t: {"type": "array", "items": t[0], "maxItems": t[1]}
        ),
        st.dictionaries(NAMES, inner, min_size=1, max_size=3).map(
            lambda d: {
                "type": "object",
                "properties": d,
                "required": list(d),
                "additionalProperties": False,
            }  # fmt: skip
        ),
    ),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(schema=SCHEMAS, seed=st.integers(0, 2**32 - 1))
def test_whatever_is_allowed_is_valid(grammars, schema, seed):
    made, tokenizer = grammars
    text = walk(made.guide(schema), tokenizer, np.random.default_rng(seed))
    assert text is not None
    check(text, schema)


def test_every_answer_as_json_writes_it_is_allowed(grammars):
    made, tokenizer = grammars
    value = {
        "evidence": "12 % Thé\n\u2028ก", "colour": "blå", "grams": None, "brand": "", "organic": True,
        "parts": [{"name": "a\\b", "share": 0.25, "marks": ["EU", "EU"]}], "not_visible": [],
    }  # fmt: skip
    guide = made.guide(PRODUCT)
    for token in tokenizer(
        json.dumps(value, ensure_ascii=False), add_special_tokens=False
    ).input_ids:
        assert guide.allowed()[token], tokenizer.decode([token])
        guide.advance(token)
    assert guide.done and not guide.problem
    assert np.flatnonzero(guide.allowed()).tolist() == [1]


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ('{"a": true}', True),
        ('{"a":true}', False),
        ('{"a":  true}', False),
        ('{ "a": true}', False),
        ('{\n"a": true}', False),
        ('{"a" : true}', False),
        (' {"a": true}', False),
        ('{"a": true} ', False),
    ],
)
def test_spaces_are_those_of_json_dumps(grammars, text, taken):
    made, tokenizer = grammars
    schema = {"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"],
              "additionalProperties": False}  # fmt: skip
    guide = made.guide(schema)

    def takes(token):
        allowed = guide.allowed()[token]
        guide.advance(token)
        return allowed

    assert all(map(takes, tokenizer(text, add_special_tokens=False).input_ids)) == taken


def test_an_answer_without_bounds_ends_at_its_limit(tiny_chat):
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"],
              "additionalProperties": False}  # fmt: skip
    chat = tiny_chat("llama")
    sampling = {"temperature": 3.0, "max_tokens": 30}
    found = list(
        chat.ask([Ask(str(n), ("tea",), "", schema, {**sampling, "seed": n}) for n in range(6)])
    )
    for reply in found:
        assert reply.error in ("", "truncated") and reply.usage["output_tokens"] <= 60
        if not reply.error:
            check(reply.text, schema)
    assert "truncated" in {r.error for r in found}


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "object", "propertyNames": {"pattern": "a"}}, "propertyNames"),
        ({"not": {"type": "string"}}, "not"),
        ({"type": "array", "uniqueItems": True}, "uniqueItems"),
        ({"type": "sting"}, "Invalid type: sting"),
        ({"type": "integer", "minimum": 5, "maximum": 1}, "minimum \\(5\\) is greater"),
        ({"$ref": "#/nowhere"}, "/nowhere"),
        ({"type": "string", "pattern": "(?=a)b"}, "look-around"),
        ({"type": "string", "format": "zip"}, "Unknown format: zip"),
    ],
)
def test_schemas_that_no_grammar_can_be_made_of(grammars, tiny_chat, schema, said):
    with pytest.raises(DataError, match=f"no grammar can be made of the schema.*{said}"):
        grammars[0].guide(schema)
    with pytest.raises(DataError, match=said):
        list(tiny_chat("llama").ask([Ask("x", ("tea",), "", schema)]))


def test_guides_of_one_schema_go_their_own_ways(grammars):
    made, tokenizer = grammars
    one, other = made.guide({"enum": ["ab", "cd"]}), made.guide({"enum": ["ab", "cd"]})
    for token in tokenizer('"a', add_special_tokens=False).input_ids:
        one.advance(token)
    [b] = tokenizer("b", add_special_tokens=False).input_ids
    [quote] = tokenizer('"', add_special_tokens=False).input_ids
    assert one.allowed()[b] and not one.allowed()[quote]
    assert other.allowed()[quote] and not other.allowed()[b]


def test_a_token_that_was_not_allowed_is_a_problem(grammars):
    made, tokenizer = grammars
    guide = made.guide({"type": "boolean"})
    guide.advance(tokenizer("x", add_special_tokens=False).input_ids[0])
    assert guide.problem and not guide.done


def test_more_schemas_than_are_kept(grammars):
    made, _ = grammars
    for n in range(MOST_KEPT + 5):
        made.guide({"enum": [f"v{n}"]})
    assert len(made._known) <= MOST_KEPT
    assert made.guide({"enum": ["v0"]}).allowed().any()


def test_a_tokenizer_without_rules_in_a_file_is_named():
    with pytest.raises(ChatError, match="tokenizer str cannot follow a JSON schema"):
        Grammars("no tokenizer", 10, [1])


def test_logits_beyond_the_tokenizer_are_never_taken():
    tokenizer = tiny.make_tokenizer()
    wide = Grammars(tokenizer, len(tokenizer) + 37, [1])
    allowed = wide.guide({"type": "string"}).allowed()
    assert allowed.shape == (len(tokenizer) + 37,) and not allowed[len(tokenizer) :].any()


def test_llguidance_for_torch_is_not_loaded():
    """It compiles for 36 s on first use."""
    import subprocess
    import sys

    code = "import sys, skulens.chat.local.guide; print('llguidance.torch' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split()[-1] == "False"
