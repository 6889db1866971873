"""`skulens list prompts`, `skulens prompts show` and `skulens prompts check`."""

import json

import pytest
from click.testing import CliRunner

from skulens.cli import skulens
from skulens.errors import DataError, MissingFile, UnknownName
from skulens.prompts.load import known_prompts, load_prompt

MINE = """---
purpose: a title -> its colour
inputs:
  title: The seller's title.
---
Name the colour.
--- user ---
Title: {{ title }}
"""


def run(*words: str, status: int = 0):
    done = CliRunner().invoke(skulens, words)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == status, done.output
    return done.output


def test_list_names_every_version_and_what_it_is_for():
    shown = run("list", "prompts").splitlines()
    rows = json.loads(run("list", "prompts", "--json"))["prompts"]
    names = [f"{name}.v{v}" for name, versions in known_prompts().items() for v in versions]
    assert [row["name"] for row in rows] == names
    first = [line[1:].split("│")[0].strip() for line in shown if line.startswith("│")]
    assert [name for name in first if name] == names, "in order, each whole"
    row = next(r for r in rows if r["name"] == "openmpr_caption.v1")
    assert row["paper"] == "OpenMPR (Maminta and Atienza 2026), section 4.1"
    assert row["printed"] == "verbatim" and "->" in row["about"]


@pytest.mark.parametrize("name", sorted(known_prompts()))
def test_every_template_is_shown_with_its_examples(name):
    shown = run("prompts", "show", name)
    prompt = load_prompt(name)
    assert prompt.head.purpose in shown and prompt.sha256 in shown
    assert "----- system" in shown and "----- user" in shown and "{{" not in shown
    for slot in prompt.head.inputs.values():
        assert f"{slot.name} ({slot.kind}" in shown and slot.about in shown
    record = json.loads(run("prompts", "show", name, "--json"))
    assert record["system"] in shown and record["user"] in shown
    assert record["sha256"] == prompt.sha256 and list(record["inputs"]) == list(prompt.head.inputs)


def test_inputs_are_set_by_hand_and_from_files(tmp_path):
    text = tmp_path / "title.txt"
    text.write_text("Rote Tasse ≤ 3 l\n", encoding="utf-8")
    shown = run(
        "prompts", "show", "merit_title", "--set", f"description=@{text}",
        "--set", 'attributes={"material": ["clay", "glass"]}', "--set", "language=German",
    )  # fmt: skip
    assert 'Description: Rote Tasse ≤ 3 l\nAttributes: {"material": ["clay", "glass"]}' in shown
    shown = run("prompts", "show", "openmpr_caption", "--set", "tokens=64", "--set", "tag=a=b")
    assert "≤ 64 tokens" in shown and "Tag description: a=b" in shown


def test_a_schema_of_chosen_fields():
    shown = run("prompts", "show", "ebay_item_intelligence", "--fields", "attributes.colour")
    assert '"colour"' in shown and '"gtin"' not in shown
    with pytest.raises(UnknownName, match="unknown field"):
        run("prompts", "show", "ebay_item_intelligence", "--fields", "colur")
    assert "no schema is given with it" in run(
        "prompts", "show", "ebay_judge", "--fields", "attributes.colour", status=2
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("merit_title", "--set", "language"), "expected INPUT=VALUE, got 'language'"),
        (("merit_title", "--set", "size=3"), "inputs of merit_title: language, description"),
        (("merit_title", "--set", "attributes=red"), "'attributes' is a table: write JSON such as"),
        (
            ("openmpr_caption", "--set", "tokens=many"),
            "'tokens' is a number: write JSON such as 77",
        ),
    ],
)
def test_a_wrong_input_says_what_is_expected(words, message):
    assert message in " ".join(run("prompts", "show", *words, status=2).split())


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        (("openmpr_captoin",), UnknownName, "did you mean 'openmpr_caption'"),
        (("nowhere.md",), MissingFile, "there is no prompt file 'nowhere.md'"),
        (("openmpr_caption", "--set", 'tokens="77"'), DataError, "'tokens' is a number, got '77'"),
        (("openmpr_caption", "--set", "description="), DataError, "'description' is empty"),
        (("openmpr_caption", "--set", "description=@nowhere"), FileNotFoundError, "nowhere"),
    ],
)
def test_other_mistakes_are_named(words, error, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message):
        run("prompts", "show", *words)


def test_a_file_of_ones_own_is_shown_without_examples(tmp_path):
    path = tmp_path / "mine.md"
    path.write_text(MINE.replace("inputs:", "inputs:\n  n: {about: x, kind: number, shared: true}"))
    path.write_text(path.read_text().replace("Name the", "Name {{ n }} or the"))
    assert "Title: red mug" in run("prompts", "show", str(path), "--set", "title=red mug")
    shown = run("prompts", "show", str(path))
    assert "Title: [title]" in shown and "Name 0 or" in shown and "a file of your own" in shown


def test_check_finds_on_which_line(tmp_path):
    pytest.importorskip("skulens.chat.schemas.check")
    good, bad = tmp_path / "good.v1.md", tmp_path / "bad.v1.md"
    good.write_text(MINE)
    bad.write_text(MINE.replace("Title:", "Answer in one word. Title:"))
    assert run("prompts", "check", str(good), "openmpr_caption") == "0 findings in 2 templates\n"
    shown = run("prompts", "check", str(bad), str(good), status=1)
    assert f"{bad}:8: 'Answer in one word. Title:' reads like an instruction" in shown
    assert shown.endswith("(layout)\n1 finding in 2 templates\n")
    [finding] = json.loads(run("prompts", "check", str(bad), "--json", status=1))["findings"]
    assert (finding["file"], finding["line"], finding["rule"]) == (str(bad), 8, "layout")


def test_check_reads_schemas(tmp_path):
    pytest.importorskip("skulens.chat.schemas.check")
    path = tmp_path / "mine.v1.md"
    path.write_text(MINE.replace("inputs:", "answer: {schema: {type: object}}\ninputs:"))
    shown = run("prompts", "check", str(path), status=1)
    assert "an object without properties" in shown and "(schema)" in shown
    path.write_text("nothing")
    assert "has no head" in run("prompts", "check", str(path), status=1)


def test_all_of_ours_are_clean():
    pytest.importorskip("skulens.chat.schemas.check")
    names = [f"{name}.v{v}" for name, versions in known_prompts().items() for v in versions]
    assert run("prompts", "check", *names) == f"0 findings in {len(names)} templates\n"
