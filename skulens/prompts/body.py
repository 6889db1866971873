"""The body of a template: two turns in a small part of jinja2, filled with data that stay data.

A seller's text reaches a model through here. It cannot end its turn, open another one or forge a
label, and no template takes longer than its inputs are long.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

USER = re.compile(r"^-{3,} *user *-{3,}\n?", re.M)
"""What separates the instructions from the user's turn."""
LIMIT = 200_000
"""Most characters of a turn, about 50,000 tokens."""
CONTROL = re.compile(
    r"<[|\uff5c][^<>\n]{1,60}[|\uff5c]>"  # <|im_start|> and its like
    r"|</?[a-z][a-z0-9]*(?:[_-][a-z0-9]+)+>"  # <start_of_turn>, <IMG_CONTEXT>, <global-img>
    r"|</?(?:s|bos|eos|pad|unk|mask|image|images|img|video|audio|think|system|user|assistant)>"
    r"|<</?SYS>>"
    r"|\[/?(?:INST|IMG(?:_[A-Z]+)?|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_[A-Z]+|CLS|SEP|MASK)\]",
    re.IGNORECASE,
)
"""What models read as the end of a turn, the place of a picture or the like."""
BREAKS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
FORBIDDEN = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")
"""Characters that servers refuse or UTF-8 cannot write."""
ALLOWED: tuple[type[nodes.Node], ...] = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Filter,
    nodes.If, nodes.For, nodes.Tuple, nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Operand,
)  # fmt: skip
"""No call, no arithmetic, no assignment, no import: the time to fill is that of the inputs."""


class TooLong(ValueError):
    """A filled turn of more than LIMIT characters."""


@dataclass(frozen=True, slots=True)
class Said:
    """A rendered prompt."""

    system: str
    """Instructions; they stand before the pictures."""
    user: str
    """What is said of this item, after its pictures."""


def split_turns(body: str) -> list[str]:
    """System and user parts of a body, before anything is filled in."""
    return USER.split(body)


def as_json(value: object) -> str:
    """JSON on one line, letters of all languages as they are."""
    return json.dumps(value, ensure_ascii=False)


def as_items(value: Mapping[str, object]) -> Iterable[tuple[str, object]]:
    """The pairs of a table, a list of values joined by commas."""
    return ((k, v if isinstance(v, str) else ", ".join(v)) for k, v in value.items())  # type: ignore[arg-type]


def join(value: Iterable[str], between: str = ", ") -> str:
    return between.join(value)


FILTERS = {
    "json": as_json,
    "items": as_items,
    "numbered": lambda values: enumerate(values, 1),
    "join": join,
    "length": len,
}


@cache
def environment() -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
    )
    made.filters.clear()
    made.filters.update(FILTERS)
    made.tests.clear()
    made.globals.clear()
    return made


def parse_turn(part: str) -> nodes.Template:
    """The tree of a part.

    Raises:
        TemplateSyntaxError: it is no jinja2, or more of jinja2 than we allow; with the line.
    """
    try:
        tree = environment().parse(part)
    except TemplateSyntaxError as e:
        if "got ':'" in str(e.message) or "got '{'" in str(e.message):
            hint = "two braces open a slot; JSON's are written apart, { {"
            raise TemplateSyntaxError(f"{e.message}: {hint}", e.lineno) from e
        raise
    except (ValueError, RecursionError) as e:  # a number of 5,000 digits, endless brackets
        raise TemplateSyntaxError(f"it cannot be parsed ({e})", 1) from e
    for node in [tree, *tree.find_all(nodes.Node)]:
        if not isinstance(node, ALLOWED):
            word = type(node).__name__.lower()
            raise TemplateSyntaxError(f"a template may not use {word!r} of jinja2", node.lineno)
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            known = ", ".join(FILTERS)
            raise TemplateSyntaxError(
                f"unknown filter {node.name!r}; there are {known}", node.lineno
            )
        if isinstance(node, nodes.For):
            if any(True for _ in node.find_all(nodes.For)):
                raise TemplateSyntaxError("a template has no loop inside a loop", node.lineno)
            if not _name(node.iter):
                raise TemplateSyntaxError("a loop goes over an input", node.lineno)
    return tree


def compile_turn(part: str) -> Template:
    """As `parse_turn`, ready to be filled."""
    return environment().from_string(parse_turn(part))


def names_used(part: str) -> set[str]:
    """The slots of a part."""
    return meta.find_undeclared_variables(parse_turn(part))


def _name(node: nodes.Node | None) -> str:
    """The variable behind filters; "" for anything else."""
    while isinstance(node, nodes.Filter):
        node = node.node
    return node.name if isinstance(node, nodes.Name) else ""


def fill_turn(template: Template, values: Mapping[str, Any]) -> str:
    """The turn as it is said.

    Raises:
        TooLong: it has more than LIMIT characters.
    """
    pieces, length = [], 0
    for piece in template.generate(values):
        length += len(piece)
        if length > LIMIT:
            raise TooLong
        pieces.append(piece)
    return defuse("".join(pieces)).strip()


def tame(value: Any) -> Any:
    """An input as it may stand in a turn: later lines of a text are indented, so that none looks
    like a label of the template; texts of lists and tables are one line each."""
    if isinstance(value, str):
        return "\n  ".join(tidy(value).split("\n"))
    if isinstance(value, Mapping):
        return {_line(key): _lines(entry) for key, entry in value.items()}
    return _lines(value) if isinstance(value, Sequence) else value


def tidy(text: str) -> str:
    """A text without blanks around it and at the ends of its lines."""
    return "\n".join(line.rstrip() for line in plain(text).strip().split("\n"))


def _lines(value: str | Sequence[str]) -> str | list[str]:
    return _line(value) if isinstance(value, str) else [_line(entry) for entry in value]


def _line(text: str) -> str:
    return " ".join(plain(text).split())


def plain(text: str) -> str:
    """One kind of line break, and U+FFFD for characters that cannot be sent."""
    return FORBIDDEN.sub("\ufffd", BREAKS.sub("\n", text))


def defuse(text: str) -> str:
    """A text in which nothing ends a turn or stands for a picture: "<|im_end|>" -> "< |im_end|>".

    Tokenizers know such words only as a whole; a blank makes them text.
    """
    return CONTROL.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)
