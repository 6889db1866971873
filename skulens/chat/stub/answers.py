"""What the stub says when nothing goes wrong: by rules, or from the content of the question."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skulens.chat.stub.pictures import View
from skulens.chat.stub.question import Question
from skulens.chat.stub.schema_values import draw_value
from skulens.errors import DataError

ITEM = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+(\S.*?)\s*$", re.M)
"""A line of a list."""
LIST = re.compile(r"\blist (?:every|all|each)\b", re.I)
"""A question that wants the items of its text."""
WORD = re.compile(r"\w{3,}")
MOST_WORDS = 12
"""Of the question that a free answer repeats."""


@dataclass(frozen=True, slots=True)
class Rule:
    """An answer to every question whose text matches."""

    match: re.Pattern[str]
    answer: str
    """With \\1 or \\g<name> for groups of the match, where it was given as text."""
    literal: bool
    finish: str = "stop"


def read_rules(path: Path) -> tuple[Rule, ...]:
    """Rules from a file, the first that matches counts.

    A JSON list or JSON lines of {"match": regular expression, "answer": text or JSON value,
    "finish": "stop"}. `match` is searched in instructions and text of a question; an answer that
    is no text is said as JSON.

    Raises:
        DataError: the file is not there or a rule is not of that shape; names the rule.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as e:
        raise DataError(f"the rules {path} cannot be read: {e}") from e
    try:
        found = json.loads(text)
        rules = found if isinstance(found, list) else [found]
    except ValueError:
        try:
            rules = [json.loads(line) for line in text.splitlines() if line.strip()]
        except ValueError as e:
            raise DataError(f"the rules {path} are neither JSON nor JSON lines: {e}") from e
    return tuple(make_rule(rule, f"rule {i} of {path}") for i, rule in enumerate(rules, 1))


def make_rule(rule: object, name: str) -> Rule:
    if not isinstance(rule, dict) or not {"match", "answer"} <= rule.keys():
        raise DataError(f'{name} is {rule!r}, expected {{"match": REGEX, "answer": ...}}')
    if strange := rule.keys() - {"match", "answer", "finish"}:
        raise DataError(f"{name} has the unknown key {min(strange)!r}; match, answer, finish")
    try:
        match = re.compile(str(rule["match"]), re.S)
    except re.error as e:
        raise DataError(f"{name}: {rule['match']!r} is no regular expression: {e}") from e
    answer, literal = rule["answer"], not isinstance(rule["answer"], str)
    said = json.dumps(answer, ensure_ascii=False) if literal else answer
    return Rule(match, said, literal, str(rule.get("finish", "stop")))


def answer(question: Question, views: Sequence[View], rules: Sequence[Rule]) -> tuple[str, str]:
    """(text, finish_reason) of a right answer, the same for the same content."""
    whole = f"{question.system}\n{question.text}" if rules else ""
    for rule in rules:
        if found := rule.match.search(whole):
            return (rule.answer if rule.literal else found.expand(rule.answer)), rule.finish
    if question.schema is None:
        return free_answer(question, views), "stop"
    value = draw_value(question.schema, question.content)
    value = tell_truth(value, question, views)
    return json.dumps(value, ensure_ascii=False), "stop"


def free_answer(question: Question, views: Sequence[View]) -> str:
    """A sentence from the content: what a canary shows, the items of a list, or the first words."""
    seen = [view.canary for view in views if view.canary]
    if seen:
        colour, number = seen[0]
        if "json" in f"{question.system}{question.text}".lower():
            return json.dumps({"colour": colour, "number": number})
        return f"The background is {colour} and the number is {number}."
    if items := items_of(question):
        return "\n".join(f"- {item}" for item in items)
    words = " ".join(question.text.split(None, MOST_WORDS)[:MOST_WORDS])
    shown = "".join(f" [picture {view.digest}]" for view in views)
    return f"Answer {question.content.hex()[:8]}: {words}{shown}"


def items_of(question: Question) -> list[str]:
    """What a list in the question holds or, of one that wants a list, every word of its text once:
    a model that overlooks nothing, and knows no better."""
    if items := ITEM.findall(question.text):
        return items
    if LIST.search(question.system) or LIST.search(question.text):
        return list(dict.fromkeys(word.lower() for word in WORD.findall(question.text)))
    return []


def tell_truth(value: Any, question: Question, views: Sequence[View]) -> Any:
    """A drawn object with what the stub knows: the canary's colour and number, the items of a list
    in the question under the first list of texts."""
    if not isinstance(value, dict):
        return value
    known = (question.schema or {}).get("properties") or {}
    seen = [view.canary for view in views if view.canary]
    if seen:
        colour, number = seen[0]
        truth = {"colour": colour, "color": colour, "number": number}
        value = value | {k: v for k, v in truth.items() if k in known}
    if items := items_of(question):
        for name, inner in known.items():
            if is_list_of_texts(inner):
                most = inner.get("maxItems", len(items))
                return value | {name: items[:most]}
    return value


def is_list_of_texts(schema: object) -> bool:
    if not isinstance(schema, Mapping) or schema.get("type") != "array":
        return False
    items = schema.get("items")
    return isinstance(items, Mapping) and items.get("type") == "string" and "enum" not in items
