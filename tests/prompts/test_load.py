"""Finding, reading, filling and asking; each mistake is named at the door."""

import hashlib
import pickle
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skulens.errors import DataError, MissingFile, UnknownName
from skulens.prompts.head import Pictures, make_choices
from skulens.prompts.load import MOST_BYTES, find_prompt, load_prompt, read_prompt, split_file
from skulens.records import Image

MINE = """---
purpose: a title -> its colour
inputs:
  title: The seller's title.
---
Name the colour.
--- user ---
Title: {{ title }}
"""
PICTURE = Image(data=b"picture")


@pytest.fixture
def write(tmp_path):
    def write(text: str, name: str = "mine.v1.md"):
        path = tmp_path / name
        path.write_bytes(text.encode("utf-8"))
        return path

    return write


def with_head(**lines: str) -> str:
    """MINE with lines of its head replaced or added."""
    head = {"purpose": "a title -> its colour", "inputs": "{title: The title.}"} | lines
    said = "\n".join(f"{key}: {value}" for key, value in head.items() if value)
    return MINE.replace(MINE[4 : MINE.index("---\nName")], said + "\n")


# ----- names ----------------------------------------------------------------------------------


def test_a_name_means_the_newest_version():
    newest = load_prompt("merit_select_attributes")
    assert newest.version == 2 and newest.name == "merit_select_attributes"
    assert load_prompt("merit_select_attributes.v2").sha256 == newest.sha256
    assert load_prompt("merit_select_attributes.v1").sha256 != newest.sha256


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("openmpr_captoin", "did you mean 'openmpr_caption'"),
        ("openmpr_caption.v9", "has no version '9'; it has 1"),
        ("openmpr_caption.v01", "has no version '01'"),
        ("openmpr_caption.vx", "has no version 'x'"),
        ("", "unknown prompt ''"),
    ],
)
def test_unknown_names_name_the_nearest(name, message):
    with pytest.raises(UnknownName, match=message):
        load_prompt(name)


@pytest.mark.parametrize("name", ["mine.v1.md", "folder/mine", "/nowhere/mine.md"])
def test_a_missing_file_is_no_unknown_name(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MissingFile, match="there is no prompt file"):
        load_prompt(name)


def test_a_file_of_ones_own(write):
    mine = load_prompt(write(MINE))
    assert (mine.name, mine.version) == ("mine", 1)
    assert mine.head.printed == "own" and mine.head.source == ""
    said = mine.render(title="red mug")
    assert (said.system, said.user) == ("Name the colour.", "Title: red mug")
    plain = load_prompt(str(write(MINE, "Mine.md")))
    assert (plain.name, plain.version) == ("Mine", 0)


def test_a_known_name_wins_over_a_file_of_that_name(write, tmp_path, monkeypatch):
    write(MINE, "openmpr_caption")
    monkeypatch.chdir(tmp_path)
    assert find_prompt("openmpr_caption").name == "openmpr_caption.v1.md"
    assert load_prompt("./openmpr_caption").name == "openmpr_caption"
    assert "colour" in load_prompt("./openmpr_caption").head.purpose


# ----- files ----------------------------------------------------------------------------------


def test_line_endings_and_a_byte_order_mark_change_nothing(write):
    plain = load_prompt(write(MINE, "a.v1.md"))
    windows = load_prompt(write(MINE.replace("\n", "\r\n"), "b.v1.md"))
    old = load_prompt(write(MINE.replace("\n", "\r"), "c.v1.md"))
    marked = load_prompt(write("\ufeff" + MINE, "d.v1.md"))
    assert plain.sha256 == windows.sha256 == old.sha256 == marked.sha256
    assert plain.sha256 == hashlib.sha256(MINE.encode()).hexdigest()
    assert windows.render(title="x") == plain.render(title="x")
    assert load_prompt(write(MINE + "\n", "e.v1.md")).sha256 != plain.sha256


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no head"),
        ("Name the colour.", "has no head"),
        ("---\npurpose: x\nName the colour.", "has no head"),
        ("---\npurpose: [x\n---\nbody\n", "no YAML in line 3"),
        ("---\nmade: 2024-99-99\n---\nbody\n", "no YAML that we can read"),
        ("---\n- purpose\n---\nbody\n", "it is list, expected keys"),
        ("---\n---\nbody\n", "it is NoneType, expected keys"),
        (with_head(purpose=""), "'purpose' is missing"),
        (with_head(purpse="x"), "unknown key 'purpse'; did you mean 'purpose'"),
        (with_head(inputs="{Title: x}"), "'Title' cannot be called so"),
        (with_head(inputs="{id: x}"), "'id' cannot be called so"),
        (with_head(inputs="{no: x}"), "the key False; write it in quotes"),
        (with_head(inputs="{title: }"), "'title' is NoneType, expected keys"),
        (with_head(inputs="{title: {about: ''}}"), "lacks a sentence"),
        (with_head(inputs="{title: {kind: image}}"), "is a 'image'; expected 'text', 'list'"),
        (with_head(inputs="{title: {about: x, shared: 1}}"), "neither true nor false"),
        (with_head(inputs="{title: {about: x, example: [a]}}"), "is a text, got list"),
        (with_head(inputs="{titel: x}"), "uses 'title', which is none of the inputs"),
        (with_head(pictures="{least: 2, most: 1}"), "'most' of 'pictures' is 1"),
        (with_head(pictures="-1"), "'least' of 'pictures' is -1"),
        (with_head(pictures="some"), "'pictures' is str, expected keys"),
        (with_head(answer="json"), "'answer' is 'json'; expected text, given"),
        (with_head(answer="{choices: colour}"), "expected text, given"),
        (with_head(answer="{choices: title}"), "an input that is no table"),
        (with_head(printed="yes"), "'printed' is True; expected one of 'verbatim'"),
        (with_head(paper="X", section="4.1"), "'section' is 4.1; write it in quotes"),
        (with_head(paper="X"), "'section' is missing"),
        (with_head(page="'24'"), "'page' is '24'"),
        (with_head(added="x"), "'added' is not a list"),
        (with_head(sampling="{heat: 1}"), "unknown key 'heat'"),
        (MINE.replace("{{ title }}", "{{ title | upper }}"), "unknown filter 'upper'"),
        (MINE.replace("{{ title }}", "{{ title"), "the body of"),
        (MINE.replace("{{ title }}", '{{"a": 1}}'), "JSON's are written apart, { {"),
        (MINE.replace("{{ title }}", "{{ {'a': title} }}"), "may not use 'dict'"),
    ],
)
def test_a_file_that_is_no_template_says_why(write, text, message):
    with pytest.raises(DataError) as e:
        load_prompt(write(text))
    assert message in str(e.value) and "mine.v1.md" in str(e.value)


def test_bytes_that_are_no_template(tmp_path):
    path = tmp_path / "mine.v1.md"
    path.write_bytes(b"---\npurpose: \xff\n---\n")
    with pytest.raises(DataError, match="is not UTF-8 .* at byte 13"):
        read_prompt(path)
    path.write_bytes(b"-" * (MOST_BYTES + 1))
    with pytest.raises(DataError, match="that is no template"):
        read_prompt(path)
    with pytest.raises((MissingFile, UnknownName)):
        load_prompt(tmp_path)


FRAGMENTS = st.sampled_from(
    ["---\n", "purpose: x\n", "inputs:\n", "  a: b\n", "{{ a }}", "{% if a %}", "{% endif %}", "\n"]
    + ["--- user ---\n", "answer: ", "{", "}", "[", "text", "a: &x [*x]\n", "? ", "- ", "!!python/"]
)


@given(st.lists(FRAGMENTS | st.text(max_size=5)).map("".join))
def test_no_file_is_worse_than_a_data_error(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "any.v1.md"
    path.write_text("---\npurpose: x\n" + text, encoding="utf-8", errors="replace")
    try:
        read_prompt(path)
    except DataError:
        return


# ----- filling --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "input 'tokens' is missing"),
        ({"tokens": 77}, r"'description' is missing \(Description of the product"),
        ({"tokens": 77, "description": " \n"}, "'description' is empty"),
        ({"tokens": 77, "description": None}, "'description' is missing"),
        ({"tokens": "77", "description": "x"}, "'tokens' is a number, got '77'"),
        ({"tokens": True, "description": "x"}, "'tokens' is a number, got True"),
        ({"tokens": float("nan"), "description": "x"}, "'tokens' is a number, got nan"),
        ({"tokens": 77, "description": ["x"]}, "'description' is a text, got list"),
        ({"tokens": 77, "description": b"x"}, "'description' is a text, got bytes"),
        ({"tokens": 77, "description": "x", "tags": "x"}, "has no input 'tags'; its inputs: tok"),
    ],
)
def test_inputs_are_checked_and_named(inputs, message):
    with pytest.raises(DataError, match=message):
        load_prompt("openmpr_caption").render(**inputs)


def test_an_optional_input_may_be_missing_empty_or_none():
    prompt = load_prompt("openmpr_caption")
    said = [prompt.render(description="a", tokens=8, **more) for more in ({}, {"tag": ""})]
    said += [prompt.render(description="a", tokens=8, tag=tag) for tag in (None, " \n ")]
    assert {s.user for s in said} == {"Product description: a"}


def test_kinds_of_inputs():
    pairs = load_prompt("ebay_dae_pairs")
    assert pairs.render(text=["a\nb", "c"]).user == "Text by OCR:\n- a b\n- c"
    assert pairs.render(text=("a",)).user == "Text by OCR:\n- a"
    assert pairs.render(text=[]).user == ""
    for wrong in ("a", [1], {"a"}, {"a": "b"}):
        with pytest.raises(DataError, match="'text' is a list of texts"):
            pairs.render(text=wrong)
    fashion = load_prompt("ebay_fashion")
    assert (
        "- color: red, blue\n- size: M"
        in fashion.render(classes={"color": ["red", "blue"], "size": "M"}).system + "\n"
    )
    for wrong in (["a"], {"a": 1}, {1: "a"}, {"a": [1]}):
        with pytest.raises(DataError, match="'classes' is a mapping of texts"):
            fashion.render(classes=wrong)


def test_a_turn_inside_a_turn_keeps_its_lines(write):
    head = with_head(inputs="{before: {about: The turn before., kind: turn}}")
    prompt = load_prompt(write(head.replace("Title: {{ title }}", "{{ before }}\nThen: x")))
    assert prompt.render(before="A: b\nC: d  \n").user == "A: b\nC: d\nThen: x"
    assert "<|x|>" not in prompt.render(before="<|x|>").user


# ----- asking ---------------------------------------------------------------------------------


def test_a_question_has_pictures_first():
    prompt = load_prompt("ebay_aspect")
    ask = prompt.ask("sku-1", [PICTURE, PICTURE], stage="extract", aspect="color")
    assert ask.parts == (PICTURE, PICTURE, "Aspect: color")
    assert ask.id == "sku-1" and ask.stage == "extract" and ask.template == prompt.sha256
    assert ask.system == prompt.render(aspect="color").system and ask.schema is None


def test_a_question_without_words_is_its_pictures():
    assert load_prompt("ebay_dae_listing").ask("a", iter([PICTURE])).parts == (PICTURE,)


def test_a_question_of_nothing_is_refused(write):
    prompt = load_prompt(write(with_head(inputs="").replace("Title: {{ title }}\n", "")))
    with pytest.raises(DataError, match="leaves nothing to say of item 'a'"):
        prompt.ask("a")


@pytest.mark.parametrize(
    ("name", "count", "message"),
    [
        ("ebay_dae_listing", 0, "is for 1 picture(s), item 'a' has 0"),
        ("ebay_dae_listing", 2, "is for 1 picture(s), item 'a' has 2"),
        ("merit_cold_attribute", 3, "is for 2 picture(s), item 'a' has 3"),
        ("ebay_judge", 0, "is for 1 or more picture(s), item 'a' has 0"),
        ("openmpr_caption", 1, "is for none picture(s), item 'a' has 1"),
    ],
)
def test_the_number_of_pictures_is_checked(name, count, message):
    prompt = load_prompt(name)
    inputs = {s.name: s.example for s in prompt.head.inputs.values()}
    with pytest.raises(DataError) as e:
        prompt.ask("a", [PICTURE] * count, **inputs)
    assert message in str(e.value)
    assert str(Pictures(1, 3)) == "1 to 3"


def test_schemas_come_from_the_head_the_caller_or_the_choices():
    caption = load_prompt("openmpr_caption")
    inputs = {"description": "a", "tokens": 77}
    assert caption.ask("a", **inputs).schema == caption.head.answer.schema
    with pytest.raises(DataError, match="takes no schema: its answer is JSON of the schema"):
        caption.ask("a", schema={"type": "object"}, **inputs)
    card = {"color": ["red", "blue", "red"], "size": "M"}
    ask = load_prompt("merit_annotate").ask("a", [PICTURE], card=card)
    assert ask.schema == make_choices(card)
    assert ask.schema["properties"]["color"]["enum"] == ["red", "blue", None]
    assert ask.schema["required"] == ["color", "size"]
    values = load_prompt("merit_select_values")
    with pytest.raises(DataError, match="needs the schema of its answer"):
        values.ask("a", values=card)
    assert values.ask("a", schema={"a": 1}, values=card).schema == {"a": 1}


def test_a_template_shows_the_schema_it_is_asked_with():
    prompt = load_prompt("ebay_item_intelligence")
    inputs = {"identifiers": ["GTIN"], "attributes": ["brand"]}
    ask = prompt.ask("a", [PICTURE], schema={"type": "object"}, **inputs)
    assert ask.system.endswith('JSON schema of the object:\n{"type": "object"}')
    with pytest.raises(DataError, match="needs the schema of its answer"):
        prompt.render(**inputs)


def test_options_are_shown_as_the_schema_spells_them():
    """A class with a line break would be asked for in one spelling and checked in another."""
    ask = load_prompt("ebay_fashion").ask("a", [PICTURE], classes={"neck\nline": ["crew\n neck"]})
    [(key, node)] = ask.schema["properties"].items()
    assert key == "neck line" and node["enum"][0] == "crew neck" and "crew neck" in ask.system


def test_sampling_of_the_head_can_be_changed():
    judge = load_prompt("ebay_judge")
    assert judge.ask("a", [PICTURE], claims=["b: c"]).sampling == {"temperature": 0}
    ask = judge.ask("a", [PICTURE], sampling={"seed": 3, "temperature": 1}, claims=["b: c"])
    assert ask.sampling == {"temperature": 1, "seed": 3}


def test_a_million_questions_are_made_in_minutes():
    """2,000 in under 2 s of CPU, with much room: compiling per question would take longer."""
    prompt = load_prompt("openmpr_caption")
    start = time.process_time()
    for n in range(2000):
        prompt.ask(str(n), description="a can of soup " * 20, tag="red", tokens=77)
    assert time.process_time() - start < 2


def test_a_prompt_goes_to_another_process():
    prompt = load_prompt("openmpr_caption")
    said = prompt.render(description="a", tokens=7)
    there = pickle.loads(pickle.dumps(prompt))
    assert there == prompt and there.render(description="a", tokens=7) == said


def test_the_separator_is_found_before_anything_is_filled_in():
    raw, body, _ = split_file(MINE, "mine")
    assert raw["purpose"] and body.count("--- user ---") == 1
