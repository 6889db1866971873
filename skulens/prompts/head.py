"""The head of a template: what it is for, what goes in, what comes out; read and validated."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

from skulens.errors import DataError, nearest

Kind = Literal["text", "list", "number", "table", "turn"]
"""Of an input: a text, a list of texts, a number, a mapping of texts to texts or lists, or the turn
that another prompt said, whose lines stay as they are."""
Printed = Literal["verbatim", "completed", "described only", "own"]
"""How a paper gives the prompt: whole, in parts (the rest is named in `added`), in words about
it, or not at all."""
NAME = re.compile(r"[a-z][a-z0-9_]*")
TAKEN = ("id", "pictures", "schema", "sampling", "stage", "self", "loop")
"""Names that `Prompt.ask` and jinja2 have for themselves."""
SAMPLING = ("max_tokens", "temperature", "top_p", "seed", "stop")
KIND_NOUNS = {
    "text": "a text",
    "list": "a list of texts",
    "number": "a number",
    "table": "a mapping of texts to texts or lists of texts",
    "turn": "the turn of another prompt, a text",
}


@dataclass(frozen=True, slots=True)
class Slot:
    """An input of a template."""

    name: str
    about: str
    """A sentence on what goes in."""
    kind: Kind = "text"
    optional: bool = False
    """It may be left out or empty; the template then says nothing of it."""
    shared: bool = False
    """The same for all questions of a run, so that it stands in the system turn."""
    example: Any = None
    """A value to show the prompt with."""

    @property
    def empty(self) -> Any:
        """What the template sees where the input is left out."""
        return {"list": (), "table": {}}.get(self.kind, "")


@dataclass(frozen=True, slots=True)
class Pictures:
    """How many pictures a question has, and which."""

    least: int = 0
    most: int | None = 0
    """None: as many as the engine's picture policy takes."""
    about: str = ""

    def __str__(self) -> str:
        if self.most == 0:
            return "none"
        if self.most is None:
            return f"{self.least} or more"
        return str(self.least) if self.least == self.most else f"{self.least} to {self.most}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model is to answer."""

    kind: Literal["text", "schema", "given", "choices"] = "text"
    """Free text; JSON of the schema below; JSON of a schema that the caller gives; or, for each
    key of a table, one of its values or null."""
    schema: Mapping[str, Any] | None = None
    choices: str = ""
    """The input that holds keys and their values."""

    def __str__(self) -> str:
        return {
            "text": "text",
            "schema": "JSON of the schema in its head",
            "given": "JSON of a schema given with the question",
            "choices": f"JSON: one option, or null, for each key of {self.choices!r}",
        }[self.kind]


@dataclass(frozen=True)
class Head:
    """What stands above a template."""

    purpose: str
    """One line: what goes in -> what comes out."""
    inputs: Mapping[str, Slot] = field(default_factory=dict)
    paper: str = ""
    """Authors' name of it, authors and year; empty for a prompt of one's own."""
    section: str = ""
    page: int | None = None
    """Where it is certain."""
    printed: Printed = "own"
    added: tuple[str, ...] = ()
    """Lines of the body that are ours, where the paper prints the others."""
    pictures: Pictures = field(default_factory=Pictures)
    answer: Answer = field(default_factory=Answer)
    sampling: Mapping[str, Any] = field(default_factory=dict)
    """Defaults of `Ask.sampling`."""
    start: str = ""
    """What a right answer begins with, or its only text does; for checks of answers."""
    characters: str = ""
    """Characters outside ASCII that the body has on purpose."""
    waived: Mapping[str, str] = field(default_factory=dict)
    """Rule of the linter -> why it does not hold here."""
    notes: str = ""
    """What a reader should know: what was moved or filled in, and where authors' code differs."""

    @property
    def source(self) -> str:
        """Paper, section and page on one line."""
        page = f", page {self.page}" if self.page else ""
        return f"{self.paper}, section {self.section}{page}" if self.paper else ""


def read_head(raw: object, file: str) -> Head:
    """The head of a file from its parsed YAML.

    Raises:
        DataError: a key is missing, unknown or of the wrong type; says which and what is expected.
    """
    try:
        return _head(raw)
    except (TypeError, ValueError) as e:
        raise DataError(f"the head of {file}: {e}") from e


def _head(raw: object) -> Head:
    table = _table(raw, "it", tuple(f.name for f in fields(Head)))
    if not table.get("purpose"):
        raise ValueError("'purpose' is missing: one line on what goes in and what comes out")
    given = _table(table.get("inputs") or {}, "'inputs'", None)
    inputs = {name: _slot(name, value) for name, value in given.items()}
    printed = table.get("printed", "own")
    if printed not in get_args(Printed):
        raise ValueError(f"'printed' is {printed!r}; expected one of {_quoted(get_args(Printed))}")
    page = table.get("page")
    if page is not None and (type(page) is not int or page < 1):
        raise ValueError(f"'page' is {page!r}; expected a page number, or no such key")
    added = table.get("added", [])
    if not isinstance(added, list) or not all(isinstance(line, str) for line in added):
        raise ValueError("'added' is not a list of texts")
    texts = {key: _text(table, key) for key in ("purpose", "paper", "section", "start")}
    waived = _table(table.get("waived") or {}, "'waived'", None)
    if texts["paper"] and not texts["section"]:
        raise ValueError("'section' is missing: where in the paper the prompt stands")
    return Head(
        **texts,
        inputs=inputs,
        page=page,
        printed=printed,
        added=tuple(added),
        pictures=_pictures(table.get("pictures") or 0),
        answer=_answer(table.get("answer", "text"), inputs),
        sampling=_table(table.get("sampling") or {}, "'sampling'", SAMPLING),
        characters=_text(table, "characters"),
        waived={rule: _text(waived, rule) for rule in waived},
        notes=_text(table, "notes"),
    )


def _slot(name: str, raw: object) -> Slot:
    """An input; a sentence alone is the input of a text."""
    if not NAME.fullmatch(name) or name in TAKEN:
        raise ValueError(
            f"the input {name!r} cannot be called so: small letters, digits and _, "
            f"and none of {_quoted(TAKEN)}"
        )
    if isinstance(raw, str):
        raw = {"about": raw}
    keys = ("about", "kind", "optional", "shared", "example")
    table = _table(raw, f"the input {name!r}", keys)
    kind = table.get("kind", "text")
    if kind not in get_args(Kind):
        raise ValueError(f"the input {name!r} is a {kind!r}; expected {_quoted(get_args(Kind))}")
    for key in ("optional", "shared"):
        if not isinstance(table.get(key, False), bool):
            raise ValueError(f"{key!r} of the input {name!r} is neither true nor false")
    if not _text(table, "about"):
        raise ValueError(f"the input {name!r} lacks a sentence on what goes in ('about')")
    slot = Slot(name, **{k: v for k, v in table.items() if v is not None})
    if slot.example is not None:
        check_value(slot, slot.example)
    return slot


def check_value(slot: Slot, value: object) -> None:
    """Whether a value can be an input.

    Raises:
        TypeError: it is of another type; says which was expected.
    """
    if slot.kind in ("text", "turn"):
        right = isinstance(value, str)
    elif slot.kind == "number":
        right = type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type]
    elif slot.kind == "list":
        right = _are_texts(value)
    else:
        right = isinstance(value, Mapping) and all(
            isinstance(k, str) and (isinstance(v, str) or _are_texts(v)) for k, v in value.items()
        )
    if not right:
        got = f"{value!r:.60}" if isinstance(value, int | float | str) else type(value).__name__
        raise TypeError(f"the input {slot.name!r} is {KIND_NOUNS[slot.kind]}, got {got}")


def _are_texts(value: object) -> bool:
    sequence = isinstance(value, Sequence) and not isinstance(value, str | bytes)
    return sequence and all(isinstance(v, str) for v in value)  # type: ignore[attr-defined]


def _pictures(raw: object) -> Pictures:
    """A number, or {least, most, about}; "most: any" has no upper bound."""
    if type(raw) is int:
        raw = {"least": raw, "most": raw}
    table = _table(raw, "'pictures'", ("least", "most", "about"))
    least, most = table.get("least", 0), table.get("most", "any")
    if type(least) is not int or least < 0:
        raise ValueError(f"'least' of 'pictures' is {least!r}; expected a whole number from 0")
    if most != "any" and (type(most) is not int or most < least):
        raise ValueError(f"'most' of 'pictures' is {most!r}; expected any, or a number >= 'least'")
    return Pictures(least, None if most == "any" else most, _text(table, "about"))


def _answer(raw: object, inputs: Mapping[str, Slot]) -> Answer:
    if raw == "text" or raw == "given":
        return Answer(raw)
    expected = "expected text, given, {schema: ...} or {choices: INPUT}"
    if not isinstance(raw, Mapping) or len(raw) != 1:
        raise ValueError(f"'answer' is {raw!r:.60}; {expected}")
    [(kind, value)] = raw.items()
    if kind == "schema" and isinstance(value, Mapping):
        return Answer("schema", value)
    if kind == "choices" and isinstance(value, str) and value in inputs:
        if inputs[value].kind == "table":
            return Answer("choices", choices=value)
        raise ValueError(f"'choices' of 'answer' names {value!r}, an input that is no table")
    raise ValueError(f"'answer' is {raw!r:.60}; {expected}")


def _table(raw: object, what: str, known: tuple[str, ...] | None) -> dict[str, Any]:
    if not isinstance(raw, Mapping):
        raise TypeError(f"{what} is {type(raw).__name__}, expected keys with values")
    for key in raw:
        if not isinstance(key, str):
            raise TypeError(f"{what} has the key {key!r}; write it in quotes")
        if known is not None and key not in known:
            near = nearest(key, list(known))
            hint = f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}"
            raise ValueError(f"{what} has an unknown key {key!r}{hint}")
    return dict(raw)


def _text(table: Mapping[str, Any], key: str) -> str:
    value = table.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError(f"{key!r} is {value!r:.40}; write it in quotes, as a text")
    return value.strip()


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names)


def make_choices(table: Mapping[str, str | Sequence[str]]) -> dict[str, Any]:
    """The schema of an answer that picks, for each key, one of its values or null."""
    return {
        "type": "object",
        "properties": {
            key: {
                "type": ["string", "null"],
                "enum": [*dict.fromkeys([v] if isinstance(v, str) else v), None],
            }
            for key, v in table.items()
        },
        "required": list(table),
        "additionalProperties": False,
    }
