"""Each mistake is found on its line, and a template without one has no finding."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skulens.prompts.lint import LABEL_WORDS, lint_file, lint_text

GOOD = """---
purpose: a title and a picture -> its colour
inputs:
  title: The seller's title.
  note: {about: A remark., optional: true}
  colours: {about: What it may be., kind: list, shared: true}
pictures: 1
---
Name the colour, one of {{ colours | join(", ") }}.
Answer with JSON, {"colour": "red"}.
--- user ---
Title: {{ title }}
{% if note %}
Note: {{ note }}
{% endif %}
"""
LINE = {"system": 9, "json": 10, "title": 12, "note": 14}


def found(text: str) -> list[tuple[int, str]]:
    return [(f.line, f.rule) for f in lint_text(text)]


def test_a_good_template_has_no_finding():
    assert lint_text(GOOD) == []
    assert lint_text(GOOD.replace("\n", "\r\n")) == []


@pytest.mark.parametrize(
    ("before", "after", "line", "rule", "message"),
    [
        # slots
        ("{{ title }}", "{{ titel }}", 12, "slots", "'titel' is none of the inputs"),
        ("Title: {{ title }}\n", "", 1, "slots", "'title' is used nowhere"),
        ("{% if note %}\n", "", 14, "slots", "unknown tag 'endif'"),
        ("{% if note %}", "{% if title %}", 14, "slots", "'note' may be empty, which would"),
        ("{% if note %}", "{% if not note %}", 14, "slots", "'note' may be empty"),
        ("{% if note %}", "{% if note or title %}", 14, "slots", "'note' may be empty"),
        ("{{ note }}\n", "x:\n{% else %}\n{{ note }}\n", 16, "slots", "'note' may be empty"),
        ("{{ title }}", "{{ title }}{{ title }}", 12, "slots", "nothing stands between two"),
        ("{{ title }}", "{{ title | upper }}", 12, "slots", "unknown filter 'upper'"),
        ("Name", "{{ title", 9, "slots", "expected token"),
        # braces
        ("Title: ", "Title {size}: ", 12, "braces", "'{size}' is no slot here: {{ name }} is"),
        ("Name", "Name { kind }", 9, "braces", "'{ kind }' is no slot"),
        ("Name", "Name ${kind}", 9, "braces", "'${kind}' is no slot"),
        ('{"colour": "red"}', '{{"colour": "red"}}', 10, "slots", "JSON's are written apart"),
        ("Name", "{# say #}Name", 9, "braces", "'{#' begins a comment"),
        # layout
        ("{{ title }}", "{{ title }}, {{ colours | join }}", 12, "layout", "'colours' is shared"),
        ("Name", "{{ title }}: name", 9, "layout", "'title' differs from item to item"),
        ("Title: ", "Answer in English: ", 12, "layout", "reads like an instruction ('Answer')"),
        ("Note: ", "Do not say ", 14, "layout", "reads like an instruction ('Do not')"),
        ("Title: ", "The title of the seller of this one: ", 12, "layout", "more than 6 words"),
        ("Title: {{ title }}", "{{ title }} is all there is now, so tell", 12, "layout", "more"),
        ("Title: ", "Be exact.\nTitle: ", 12, "layout", "is the same for every item"),
        ("{% endif %}\n", "{% endif %}\nReturn only JSON.\n", 16, "layout", "like an instruction"),
        ("--- user ---\n", "--- user ---\n--- user ---\n", 12, "layout", "a second separator"),
        ("Title: ", "{{ schema | json }} ", 12, "layout", "the schema is shared"),
        # words
        ("Name", "Name\u201d", 9, "characters", "'\u201d' (right double quotation mark)"),
        ("Title", "T\u0456tle", 12, "characters", "cyrillic small letter"),
        ("Name", "Name\u200b", 9, "characters", "zero width space"),
        ("Name", "<|im_start|>Name", 9, "tokens", "'<|im_start|>' means something"),
        ("Name", "[INST] Name", 9, "tokens", "'[INST]' means something"),
        ("Title: ", "<image>Title: ", 12, "tokens", "'<image>' means something"),
        # spaces
        ("Title: {{ title }}", "Title: {{ title }} ", 12, "spaces", "the line ends in blanks"),
        ("inputs:", "inputs: ", 3, "spaces", "the line ends in blanks"),
        ("Name", "\tName", 9, "spaces", "a tab"),
        # head
        ("purpose", "purpos", 1, "head", "unknown key 'purpos'"),
        ("pictures: 1", "pictures: 1\nadded: [nowhere]", 1, "head", "stands nowhere: 'nowhere'"),
        ("pictures: 1", "pictures: 1\ncharacters: '\u2264'", 1, "characters", "stands nowhere"),
    ],
)
def test_a_mistake_is_found_on_its_line(before, after, line, rule, message):
    assert GOOD.count(before) >= 1
    findings = lint_text(GOOD.replace(before, after, 1))
    assert [f for f in findings if (f.line, f.rule) == (line, rule) and message in f.message], (
        findings
    )


def test_the_schema_needs_no_declaration():
    assert lint_text(GOOD.replace("Answer with JSON,", "{{ schema | json }}:")) == []


def test_no_instructions_at_all():
    start, end = GOOD.index("Name"), GOOD.index("--- user")
    assert (9, "layout") in found(GOOD[:start] + GOOD[end:])


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_lines_are_counted_alike_whatever_ends_them(end):
    bad = GOOD.replace("Title: ", "Answer in English: ").replace("{{ note }}", "{{ not_a }}")
    assert found(bad.replace("\n", end)) == found(bad) != []


def test_a_last_line_without_an_end():
    assert found(GOOD[:-1]) == [(16 - 1, "spaces")]


def test_the_label_of_an_answer_may_end_the_turn():
    assert lint_text(GOOD + "Response (color name only):\n") == []
    assert lint_text(GOOD + "Your Return is:\n") == []
    assert found(GOOD + "Response (color name only):\nx:\n") == [(16, "layout")]
    assert found(GOOD + "Response must be only the name of it:\n") == [(16, "layout")]


@pytest.mark.parametrize(
    "label",
    [
        "List:",
        "Use by:",
        "List of attributes:",
        "Possible answer options:",
        "Text by OCR:",
        "Find:",
    ],
)
def test_labels_that_hold_a_verb_are_labels(label):
    assert lint_text(GOOD.replace("Title:", label)) == []


@pytest.mark.parametrize(
    "order",
    ["Please look at:", "In one word, answer:", "Now list the colours:", "It must be:", "Give x:"],
)
def test_short_orders_are_orders(order):
    wanted = [] if len(order.split()) <= 2 else [(12, "layout")]
    assert found(GOOD.replace("Title:", order)) == wanted


def test_labels_have_a_length():
    words = " ".join(["big"] * LABEL_WORDS)
    assert lint_text(GOOD.replace("Title:", f"{words}:")) == []
    assert found(GOOD.replace("Title:", f"{words} one:")) == [(12, "layout")]


def test_loops_over_what_may_be_empty_are_safe():
    looped = GOOD.replace("note: {about: A remark.", "note: {kind: list, about: A remark.")
    looped = looped.replace(
        "{% if note %}\nNote: {{ note }}\n{% endif %}",
        "{% for n in note %}\n- {{ n }}\n{% endfor %}",
    )
    assert lint_text(looped) == []


def test_intended_characters_are_named_in_the_head():
    wanted = GOOD.replace("pictures: 1", "pictures: 1\ncharacters: '≤é'")
    assert lint_text(wanted.replace("Name", "≤ Namé")) == []


def test_a_rule_may_be_waived_with_a_reason():
    bad = GOOD.replace("Title: ", "Answer in English: ")
    waived = bad.replace("pictures: 1", "pictures: 1\nwaived: {layout: asked again after an error}")
    assert found(bad) == [(12, "layout")] and lint_text(waived) == []


def test_a_file_that_cannot_be_read_is_a_finding(tmp_path):
    path = tmp_path / "mine.md"
    path.write_bytes(b"\xff\xfe")
    assert [(f.line, f.rule) for f in lint_file(path)] == [(1, "head")]
    path.write_text(GOOD)
    assert lint_file(path) == []


@given(st.text(max_size=40), st.integers(0, len(GOOD)))
def test_no_text_breaks_the_linter(text, at):
    findings = lint_text(GOOD[:at] + text + GOOD[at:])
    lines = (GOOD[:at] + text + GOOD[at:]).count("\n") + 2
    assert all(1 <= f.line <= lines and f.message for f in findings)
