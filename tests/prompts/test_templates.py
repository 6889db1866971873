"""Every template that ships: unchanged, listed, used or waiting, faithful to its paper, clean."""

import json
import os
import re
from pathlib import Path

import pytest

import skulens
from skulens.prompts.body import USER
from skulens.prompts.lint import lint_file
from skulens.prompts.load import FILE, HERE, known_prompts, load_prompt
from skulens.records import Image
from skulens.values.fields import FIELDS
from skulens.values.schema import make_schema

ROOT = Path(skulens.__file__).parent
PAPERS = Path(os.environ.get("SKULENS_DATA", ROOT.parents[1] / "shared/data")).parent / "papers"
DOCUMENT = (ROOT.parent / "docs" / "prompts.md").read_text(encoding="utf-8")
GOLDEN = Path(__file__).with_name("golden.json")
NAMES = [f"{name}.v{version}" for name, versions in known_prompts().items() for version in versions]
PICTURES = [Image(data=bytes([n])) for n in range(9)]

USED: dict[str, str] = {
    "caption_again": "curate",
    "openmpr_caption": "curate",
    "merit_select_attributes": "curate",
    "merit_select_values": "curate",
    "merit_open_attributes": "curate",
    "merit_check_attributes": "curate",
    "merit_annotate": "curate",
    "merit_again": "curate",
    "merit_cold_attribute": "curate",
    "merit_cold_query": "curate",
    "merit_cold_shared": "curate",
    "merit_cold_value": "curate",
    "merit_filter": "curate",
    "merit_rewrite": "curate",
    "merit_rewrite_trait": "curate",
    "merit_trait": "curate",
}
"""Template -> the room whose files name it."""
LATER = {
    "openmpr_caption_repository": "curate",
    "ebay_aspect": "bench",
    "ebay_fashion": "bench",
    "ebay_dae_listing": "bench",
    "ebay_dae_pairs": "extract",
    "ebay_item_intelligence": "extract",
    "ebay_boxes": "extract",
    "ebay_judge": "verify",
    "ebay_verify_caption": "curate",
    "ebay_verify_aspects": "curate",
    "merit_title": "curate",
}
"""Template -> the room that will name it: an open door. Move it to USED once it does."""


def examples(prompt) -> dict:
    return {slot.name: slot.example for slot in prompt.head.inputs.values()}


def test_every_file_is_a_template_and_every_template_a_file():
    files = {path.name for path in HERE.iterdir() if path.suffix == ".md"}
    assert files == {f"{name}.md" for name in NAMES} and all(map(FILE.fullmatch, files))


def test_no_template_changes_without_a_new_version():
    """A template is part of every stored key: change one that was used, and all is asked again."""
    golden = json.loads(GOLDEN.read_text())
    now = {name: load_prompt(name).sha256 for name in NAMES}
    changed = sorted(name for name in now if golden.get(name) not in (None, now[name]))
    assert changed == [], "leave them as they are and add NAME.v2.md"
    assert set(golden) == set(now), "add the sha256 of new templates to golden.json, remove none"


@pytest.mark.parametrize("name", NAMES)
def test_a_template_is_clean_and_its_head_complete(name):
    prompt = load_prompt(name)
    assert lint_file(prompt.path) == []
    head = prompt.head
    assert f"{prompt.name}.v{prompt.version}" == name
    assert (head.source != "") == (head.printed != "own")
    assert "->" in head.purpose and len(head.purpose) < 100 and head.notes
    assert all(slot.example for slot in head.inputs.values())
    assert head.pictures.most == 0 or head.pictures.about
    if head.printed == "described only":
        assert re.search(r"\bours\b|in our words", head.notes), "say that the wording is ours"


@pytest.mark.parametrize("name", NAMES)
def test_a_template_makes_questions(name):
    prompt = load_prompt(name)
    shown = PICTURES[: max(prompt.head.pictures.least, 0)]
    given = make_schema(["attributes.brand"]) if prompt.head.answer.kind == "given" else None
    ask = prompt.ask("a", shown, schema=given, **examples(prompt))
    assert ask.system or "layout" in prompt.head.waived
    assert "{{" not in ask.system and "\n\n\n" not in ask.system
    assert list(ask.parts[: len(shown)]) == shown
    required = {k: v for k, v in examples(prompt).items() if not prompt.head.inputs[k].optional}
    least = prompt.ask("a", shown, schema=given, **required)
    assert least.system == ask.system
    words = [part for part in least.parts if isinstance(part, str)]
    assert all(line.strip() for part in words for line in part.split("\n"))


@pytest.mark.parametrize("name", NAMES)
def test_schemas_are_portable(name):
    from skulens.chat.schemas import check as schema

    prompt = load_prompt(name)
    if prompt.head.answer.kind in ("schema", "choices"):
        shown = PICTURES[: prompt.head.pictures.least]
        schema.check_schema(prompt.ask("a", shown, **examples(prompt)).schema)


# ----- used -----------------------------------------------------------------------------------


def rooms_that_name(name: str) -> set[str]:
    files = [f for f in ROOT.rglob("*.py") if f.relative_to(ROOT).parts[0] != "prompts"]
    word = re.compile(rf"[\"']{name}(\.v\d+)?[\"']")
    return {
        f.relative_to(ROOT).parts[0] for f in files if word.search(f.read_text(encoding="utf-8"))
    }


@pytest.mark.parametrize("name", sorted(known_prompts()))
def test_every_template_is_used_or_waits_for_its_user(name):
    assert (name in USED) != (name in LATER), "name its user: in USED, or an open door in LATER"
    rooms = rooms_that_name(name)
    if name in USED:
        assert USED[name] in rooms
    else:
        assert not rooms, f"{name} is used by {rooms} now: move it to USED"


def test_no_list_names_a_template_that_is_gone():
    assert set(USED) | set(LATER) == set(known_prompts())


# ----- listed ---------------------------------------------------------------------------------


def row_of(name: str) -> str:
    prompt = load_prompt(name)
    head = prompt.head
    inputs = ", ".join(f"`{s.name}`{'?' if s.optional else ''}" for s in head.inputs.values())
    page = f", p. {head.page}" if head.page else ""
    user = USED.get(prompt.name) or f"({LATER[prompt.name]})"
    cells = [
        f"[`{name}`](../skulens/prompts/{prompt.path.name})",
        f"{head.paper.partition(' (')[0]} {head.section}{page}" if head.paper else "",
        head.printed,
        inputs or "none",
        str(head.pictures),
        head.answer.kind if head.answer.kind != "schema" else "JSON",
        user,
    ]
    return f"| {' | '.join(cells)} |"


def test_every_template_is_listed_in_the_document():
    listed = [line for line in DOCUMENT.splitlines() if line.startswith("| [`")]
    assert listed == [row_of(name) for name in NAMES], "\n" + "\n".join(map(row_of, NAMES))


def test_the_example_of_the_document_works(tmp_path, monkeypatch):
    (template,) = re.findall(r"^```markdown\n(.*?)^```", DOCUMENT, re.M | re.S)
    (code,) = re.findall(r"^```python\n(.*?)^```", DOCUMENT, re.M | re.S)
    (tmp_path / "colour.v1.md").write_text(template, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert lint_file(Path("colour.v1.md")) == []
    names = {"picture": PICTURES[0]}
    exec(code, names)
    question = names["question"]
    assert question.parts == (PICTURES[0], "Title: Mug, dishwasher safe")
    assert "one of: red, blue.\nSay first" in question.system and question.schema["required"]


def test_the_document_names_every_key_kind_rule_and_filter():
    from dataclasses import fields
    from typing import get_args

    from skulens.prompts import body, head

    keys = [f.name for f in fields(head.Head)]
    for word in [*keys, *get_args(head.Kind), *get_args(head.Printed)[:3], *body.FILTERS]:
        assert f"`{word}`" in DOCUMENT, word
    rules = set(re.findall(r"Finding\([^\"]*\"(\w+)\"", (HERE / "lint.py").read_text()))
    told = set(re.findall(r"^\| `(\w+)` \|", DOCUMENT.partition("| rule |")[2], re.M))
    assert rules | {"schema"} == told


# ----- faithful to the paper ------------------------------------------------------------------

TEXTS = {"OpenMPR": "openmpr.txt", "eBay": "ebay_vlm.txt", "MERIT": "merit_coral.txt"}
BLOCKS = {
    "openmpr_caption.v1": ("Role: You are a helpful", "packaging, and form."),
    "ebay_dae_listing.v1": ("Using the provided product image", "on a new line."),
    "ebay_item_intelligence.v1": ("Extract all visible product", "or label codes"),
    "merit_select_attributes.v1": ("You are an assistant who", "list: [tape here]"),
    "merit_select_values.v1": ("I am working on attribute retrieval", "[tape here]"),
    "merit_annotate.v1": ("Objective:\n", "Product Description is [paste here]"),
    "merit_cold_attribute.v1": (
        "Task: Identify the Most Significant",
        "Response (attribute name only):",
    ),
    "merit_cold_value.v1": ("Task: Identify the Specific Value", "Response (value only):"),
    "merit_cold_query.v1": ("Task: Generate Enhanced", "a product with {diff_attr}: {diff_value}"),
}
"""Where each printed prompt begins and ends in its paper."""
SLOT = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")
PRINTED_SLOT = re.compile(r"\{ ?\w+ ?\}|\[(?:tape|paste) here\]|\[List of [^\]]*\]|<image>")
MOVED = re.compile(
    r"^Product Image is$|^Image 1: Image 2:$|^Product 1 Image: Target Image:$|77"
    r"|^Search Statement: Find a product that has the same material.*",
    re.M,
)
"""Places of pictures, now in the user's turn, and what became an input."""


def plain(text: str) -> str:
    """Typographic quotes as ASCII, no marks of bold type, one blank between words."""
    for before, after in {"“": '"', "”": '"', "’": "'", "*": "", "limage1": "|image|"}.items():
        text = text.replace(before, after)
    return "\n".join(" ".join(line.split()) for line in text.split("\n"))


def pieces(text: str, slot: re.Pattern) -> list[str]:
    """What stands between slots, line by line."""
    found = [piece.strip() for line in plain(text).split("\n") for piece in slot.split(line)]
    return [piece for piece in found if re.search(r"\w", piece)]


def paper_of(name: str) -> str:
    path = PAPERS / TEXTS[load_prompt(name).head.paper.split()[0]]
    if not path.is_file():
        pytest.skip(f"the papers are not in {PAPERS}")
    return path.read_text(encoding="utf-8")


def test_every_printed_prompt_has_its_place_in_a_paper():
    printed = {n for n in NAMES if load_prompt(n).head.printed in ("verbatim", "completed")}
    assert printed == set(BLOCKS)


@pytest.mark.parametrize("name", BLOCKS)
def test_every_word_stands_in_the_paper_or_is_named_as_ours(name):
    """Both ways: what we say is printed, and what is printed we say."""
    prompt = load_prompt(name)
    start, end = BLOCKS[name]
    paper = paper_of(name)
    begin = paper.index(start)
    block = paper[begin : paper.index(end, begin) + len(end)]
    body = USER.sub("", prompt.body)
    for line in prompt.head.added:
        assert line in body
        body = body.replace(line, "")
    flat = " ".join(plain(PRINTED_SLOT.sub("", block)).split())
    assert [p for p in pieces(body, SLOT) if p not in flat] == []
    said = " ".join(plain(SLOT.sub("", USER.sub("", prompt.body))).split())
    block = PRINTED_SLOT.sub("\n", MOVED.sub("\n", plain(PRINTED_SLOT.sub("", block))))
    printed = [p for line in block.split("\n") for p in [line.strip()] if re.search(r"\w", p)]
    missing = [p for p in printed if p not in said and not all(s in said for s in sentences(p))]
    assert missing == []


def sentences(text: str) -> list[str]:
    return [s for s in re.split(r"(?<=[.:?)]) |(?<=terms) ", text) if re.search(r"\w", s)]


@pytest.mark.parametrize("name", [n for n in NAMES if load_prompt(n).head.page])
def test_pages_are_those_of_the_table_of_contents(name):
    head = load_prompt(name).head
    assert re.search(rf"^{re.escape(head.section)} .*\t{head.page}$", paper_of(name), re.M)


# ----- single templates -----------------------------------------------------------------------


def test_item_intelligence_is_asked_with_the_registry_of_fields():
    prompt = load_prompt("ebay_item_intelligence")
    about = {
        group: [f.about for f in FIELDS if f.path.startswith(f"{group}.")]
        for group in ("identifiers", "attributes")
    }
    schema = make_schema()
    ask = prompt.ask("sku", PICTURES[:4], schema=schema, **about)
    assert ask.schema is schema and ask.parts == tuple(PICTURES[:4])
    assert json.loads(ask.system.rpartition("\n")[2]) == schema
    assert "GTIN, EAN or UPC below or inside the bars, model or part number" in ask.system


def test_context_is_all_that_differs_between_the_two_fashion_sets():
    prompt = load_prompt("ebay_aspect")
    bare = prompt.render(aspect="color")
    told = prompt.render(aspect="color", title="blue tee", category="Tops")
    assert bare.system == told.system
    assert told.user == f"{bare.user}\nTitle: blue tee\nCategory: Tops"


def test_captions_of_the_paper_begin_as_the_prompt_says():
    prompt = load_prompt("openmpr_caption")
    assert prompt.head.start == "The product is" and f'"{prompt.head.start} ..."' in prompt.body
