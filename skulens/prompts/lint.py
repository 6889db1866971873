"""What is wrong with a template, line by line, before a model is asked a million times.

Engines reuse the computed prefix of a question up to its first picture (vllm-project/vllm#11187,
datalab-to/chandra#89). So all that questions share stands in the system turn, and the user turn
holds only slots of this item with short labels.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jinja2 import TemplateSyntaxError, nodes

from skulens.errors import DataError
from skulens.prompts.body import CONTROL, USER, parse_turn
from skulens.prompts.head import Head, read_head
from skulens.prompts.load import read_file, split_file, with_line_feeds

LABEL_WORDS = 6
"""Most words of a label in the user turn."""
ORDERS = re.compile(
    r"\b(please|must|should|never|only|do not|don't)\b"
    r"|(?:^|[.!?;:,()\u2013\u2014-]|\b(?:and|then|now)\b)\s*"
    r"(answer|avoid|choose|compare|consider|copy|create|decide|describe|ensure|extract|find|focus"
    r"|generate|give|identify|ignore|keep|list(?! of)|look|make|output|provide|read|remember|reply"
    r"|respond|return|say|select|skip|start|use|verify|write)\b",
    re.IGNORECASE,
)
"""Words of instructions: some anywhere, verbs where an order begins with them."""
ANSWER = re.compile(r"(your |the )?(answer|list|return|query|response)\b[^.]*:", re.IGNORECASE)
"""The label of the answer, which may end the user turn although it reads like an order."""
FOREIGN_SLOT = re.compile(r"(?<!\{)\{ ?[A-Za-z_]\w* ?\}(?!\})|\$\{\w+\}")
"""{name}: a slot of other template languages."""
TAG = re.compile(r"\{%.*?%\}")
SLOT = re.compile(r"\{\{.*?\}\}")


@dataclass(frozen=True, slots=True)
class Finding:
    """A mistake in a template."""

    line: int
    """Of the file, from 1."""
    rule: str
    """ "head", "slots", "layout", "braces", "characters", "spaces" or "tokens"."""
    message: str


@dataclass(frozen=True, slots=True)
class Turn:
    """A part of the body: "system" or "user"."""

    name: str
    text: str
    line: int
    """Of the file, where it begins."""


def lint_file(path: Path) -> list[Finding]:
    """Findings of a template's file, by line.

    Raises:
        OSError: it cannot be read.
    """
    try:
        text = read_file(path)
    except DataError as e:
        return [Finding(1, "head", str(e))]
    return lint_text(text, str(path))


def lint_text(text: str, file: str = "the template") -> list[Finding]:
    """Findings of a template, by line."""
    text = with_line_feeds(text)
    found = list(check_spaces(text))
    try:
        raw, body, text = split_file(text, file)
        head = read_head(raw, file)
    except DataError as e:
        return [*found, Finding(1, "head", str(e))]
    turns = cut_turns(body, text[: len(text) - len(body)].count("\n") + 1)
    found += check_turns(turns)
    used: set[str] = set()
    for turn in turns[:2]:
        found += check_words(head, turn)
        try:
            tree = parse_turn(turn.text)
        except TemplateSyntaxError as e:
            # What it would find of this turn's slots is unknown, so that none is called unused.
            used |= set(head.inputs)
            found.append(Finding(turn.line + e.lineno - 1, "slots", str(e.message)))
            continue
        found += check_slots(head, turn, tree)
        used |= {name.name for name, _ in slots_of(tree)}
        if turn.name == "user":
            found += check_user(turn)
    found += check_use(head, used, body)
    found = [f for f in found if f.rule not in head.waived]
    return sorted(set(found), key=lambda f: (f.line, f.rule, f.message))


def cut_turns(body: str, line: int) -> list[Turn]:
    """The parts of a body with the lines of the file where they begin."""
    turns, start = [], 0
    for name, found in zip(("system", "user", "more"), [*USER.finditer(body), None], strict=False):
        end = found.start() if found else len(body)
        turns.append(Turn(name, body[start:end], line + body[:start].count("\n")))
        if found is None:
            break
        start = found.end()
    return turns


def check_spaces(text: str) -> Iterator[Finding]:
    lines = text.split("\n")
    for n, line in enumerate(lines, 1):
        if line != line.rstrip():
            yield Finding(n, "spaces", "the line ends in blanks")
        if "\t" in line:
            yield Finding(n, "spaces", "a tab; models count it differently: write blanks")
    if lines[-1]:
        yield Finding(len(lines), "spaces", "the last line does not end")


def check_turns(turns: list[Turn]) -> Iterator[Finding]:
    if not turns[0].text.strip():
        yield Finding(turns[0].line, "layout", "no instructions stand before the user turn")
    if len(turns) > 2:
        yield Finding(turns[2].line - 1, "layout", "a second separator of the user turn")


def check_words(head: Head, turn: Turn) -> Iterator[Finding]:
    """Characters, tokens and braces of the text itself."""
    for n, line in enumerate(turn.text.split("\n"), turn.line):
        for character in dict.fromkeys(line):
            if not character.isascii() and character not in head.characters:
                name = unicodedata.name(character, f"U+{ord(character):04X}").lower()
                yield Finding(
                    n, "characters",
                    f"{character!r} ({name}): replace it, or name it under `characters`",
                )  # fmt: skip
        for found in CONTROL.finditer(line):
            yield Finding(
                n, "tokens",
                f"{found[0]!r} means something to some models: engines write such tokens, "
                "and the loader takes their meaning away",
            )  # fmt: skip
        for found in FOREIGN_SLOT.finditer(line):
            yield Finding(n, "braces", f"{found[0]!r} is no slot here: {{{{ name }}}} is")
        if "{#" in line:
            yield Finding(n, "braces", "'{#' begins a comment, which is not said: use `notes`")


def slots_of(
    node: nodes.Node, safe: frozenset[str] = frozenset(), loops: frozenset[str] = frozenset()
) -> Iterator[tuple[nodes.Name, bool]]:
    """Every use of an input, and whether it is left out where the input is empty."""
    if isinstance(node, nodes.Name):
        if node.ctx == "load" and node.name not in loops:
            yield node, node.name in safe
    elif isinstance(node, nodes.If):
        tested = _names(node.test)
        negated = isinstance(node.test, nodes.Not | nodes.Or)
        yield from slots_of(node.test, safe | tested, loops)
        for child in node.body:
            yield from slots_of(child, safe if negated else safe | tested, loops)
        for child in [*node.elif_, *node.else_]:
            yield from slots_of(child, safe, loops)
    elif isinstance(node, nodes.For):
        over, inner = _names(node.iter), _names(node.target)
        yield from slots_of(node.iter, safe | over, loops)
        for child in [*node.body, *node.else_]:
            yield from slots_of(child, safe, loops | inner)
    else:
        for child in node.iter_child_nodes():
            yield from slots_of(child, safe, loops)


def check_slots(head: Head, turn: Turn, tree: nodes.Template) -> Iterator[Finding]:
    """Whether each slot is declared, in its turn, and harmless when empty."""
    for name, safe in slots_of(tree):
        line, slot = turn.line + name.lineno - 1, head.inputs.get(name.name)
        if name.name == "schema":
            if turn.name == "user":
                yield Finding(line, "layout", "the schema is shared: it belongs before `user`")
        elif slot is None:
            yield Finding(line, "slots", f"{name.name!r} is none of the inputs of the head")
        elif slot.optional and not safe:
            yield Finding(
                line, "slots",
                f"{slot.name!r} may be empty, which would break its sentence: "
                f"put it between {{% if {slot.name} %}} and {{% endif %}}",
            )  # fmt: skip
        elif slot.shared and turn.name == "user":
            yield Finding(
                line, "layout",
                f"{slot.name!r} is shared by all questions: it belongs before the pictures, "
                "where engines compute it once",
            )  # fmt: skip
        elif not slot.shared and turn.name == "system":
            yield Finding(
                line, "layout",
                f"{slot.name!r} differs from item to item, so that no prefix is reused: "
                "it belongs after the separator, or is `shared: true`",
            )  # fmt: skip
    for output in tree.find_all(nodes.Output):
        for left, right in zip(output.nodes, output.nodes[1:], strict=False):
            if not isinstance(left, nodes.TemplateData) and not isinstance(
                right, nodes.TemplateData
            ):
                yield Finding(
                    turn.line + right.lineno - 1, "slots", "nothing stands between two slots"
                )


def check_user(turn: Turn) -> Iterator[Finding]:
    """Instructions after the pictures."""
    lines = turn.text.rstrip("\n").split("\n")
    for n, line in enumerate(lines):
        if n == len(lines) - 1 and ANSWER.fullmatch(line) and _words(line) <= LABEL_WORDS:
            continue
        said = TAG.sub("", line)
        for piece in SLOT.split(said):
            label = piece.rstrip().endswith(":") and _words(piece) <= 2  # "List:", "Use by:"
            order = None if label else ORDERS.search(piece)
            if order or _words(piece) > LABEL_WORDS:
                why = f"{(order[1] or order[2])!r}" if order else f"more than {LABEL_WORDS} words"
                yield Finding(
                    turn.line + n, "layout",
                    f"{piece.strip()!r:.60} reads like an instruction ({why}): instructions "
                    "belong before the separator, since engines reuse only what precedes "
                    "the pictures",
                )  # fmt: skip
                break
        else:
            if said.strip() and not SLOT.search(said) and not said.rstrip().endswith(":"):
                yield Finding(
                    turn.line + n, "layout",
                    f"{said.strip()!r:.60} is the same for every item: it belongs before "
                    "the separator, or is a label that ends in ':'",
                )  # fmt: skip


def check_use(head: Head, used: set[str], body: str) -> Iterator[Finding]:
    """Whether all that the head declares is there."""
    for slot in head.inputs.values():
        if slot.name not in used:
            yield Finding(1, "slots", f"the input {slot.name!r} is used nowhere")
    for character in head.characters:
        if character not in body:
            yield Finding(1, "characters", f"{character!r} of `characters` stands nowhere")
    for line in head.added:
        if line not in body:
            yield Finding(1, "head", f"`added` names what stands nowhere: {line!r:.60}")


def _words(text: str) -> int:
    return len(re.findall(r"\w+", text))


def _names(node: nodes.Node) -> set[str]:
    """Variables of an expression."""
    own = {node.name} if isinstance(node, nodes.Name) else set()
    return own | {name.name for name in node.find_all(nodes.Name)}
