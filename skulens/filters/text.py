r"""Filters as text.

The grammar, with keywords in any case and blanks anywhere between words:

    filter     = all {"or" all}
    all        = term {"and" term}
    term       = "not" term | "(" filter ")" | "exists" field | field comparison
    comparison = ("=" | "!=" | "<" | "<=" | ">" | ">=") value | "in" "(" [value {"," value}] ")"
    field      = letter or "_", then letters, digits, "_", "-", or "." ; any other name between
                 backquotes: `attributes.closure type`, with a backquote in it written twice
    value      = "text" or 'text' with \" \' \\ \n \t \r \uXXXX inside | number | true | false
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NoReturn

from skulens.filters.tree import (
    COMPARISONS,
    MAX_DEPTH,
    MAX_LENGTH,
    FilterError,
    Value,
    check_filter,
    field_problem,
)
from skulens.records import Filter

KEYWORDS = ("and", "or", "not", "in", "exists", "true", "false")
FIELD = re.compile(r"[^\W\d][\w.-]*")
TOKEN = re.compile(
    r"""(?P<blank>\s+)
    |(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<quoted>`(?:[^`]|``)+`)
    |(?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
    |(?P<word>[^\W\d][\w.-]*)
    |(?P<sign><=|>=|!=|[=<>(),])""",
    re.VERBOSE | re.DOTALL,
)
ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
ESCAPES = {'"': '"', "'": "'", "\\": "\\", "n": "\n", "t": "\t", "r": "\r"}


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    """ "string", "quoted", "number", "word", "sign" or "end"."""
    text: str
    start: int

    def is_word(self, *words: str) -> bool:
        return self.kind == "word" and self.text.lower() in words


# ----- text -> filter -------------------------------------------------------------------------


def parse_filter(text: str) -> Filter:
    """The filter that a text says, as the module's grammar has it.

    Raises:
        FilterError: not a filter, or one beyond MAX_LENGTH or MAX_DEPTH; shows the place with a
            caret and says what was expected there.
    """
    if len(text) > MAX_LENGTH:
        raise FilterError(f"a filter of {len(text):,} characters; expected at most {MAX_LENGTH:,}")
    parser = Parser(text)
    found = parser.read_or(0)
    if parser.token.kind != "end":
        parser.fail('"and", "or" or the end')
    check_filter(found)
    return found


class Parser:
    """Reads a filter by recursive descent; `token` is the next one not yet used."""

    def __init__(self, text: str):
        self.text = text
        self.tokens = list(self.split())
        self.position = 0

    def split(self) -> Iterator[Token]:
        start = 0
        while start < len(self.text):
            match = TOKEN.match(self.text, start)
            if match is None:
                hint = "a closing quote" if self.text[start] in "\"'`" else "a field or a value"
                fail(self.text, start, hint, self.text[start])
            if match.lastgroup != "blank":
                yield Token(match.lastgroup or "", match[0], start)
            start = match.end()
        yield Token("end", "", start)

    @property
    def token(self) -> Token:
        return self.tokens[self.position]

    def accept(self, sign: str) -> bool:
        if self.token.kind == "sign" and self.token.text == sign:
            self.position += 1
            return True
        return False

    def expect(self, sign: str) -> None:
        if not self.accept(sign):
            self.fail(f'"{sign}"')

    def fail(self, expected: str) -> NoReturn:
        fail(self.text, self.token.start, expected, self.token.text)

    def read_or(self, depth: int) -> Filter:
        return self.read_joined("or", partial(self.read_joined, "and", self.read_term), depth)

    def read_joined(self, op: Literal["and", "or"], read: Any, depth: int) -> Filter:
        """One filter, or several between the word `op` as one."""
        found = [read(depth + 1)]
        while self.token.is_word(op):
            self.position += 1
            found.append(read(depth + 1))
        return found[0] if len(found) == 1 else Filter(op, of=tuple(found))

    def read_term(self, depth: int) -> Filter:
        if depth > 2 * MAX_DEPTH + 2:  # brackets count twice: for "or" and for "and"
            self.fail(f"at most {MAX_DEPTH} filters inside one another")
        if self.token.is_word("not"):
            self.position += 1
            return Filter("not", of=(self.read_term(depth + 1),))
        if self.accept("("):
            found = self.read_or(depth)
            self.expect(")")
            return found
        if self.token.is_word("exists"):
            self.position += 1
            return Filter("exists", self.read_field())
        return self.read_comparison()

    def read_field(self) -> str:
        token = self.token
        if token.kind == "quoted":
            name = token.text[1:-1].replace("``", "`")
        elif token.kind == "word" and not token.is_word(*KEYWORDS):
            name = token.text
        else:
            self.fail("a field such as price or attributes.color")
        if problem := field_problem(name):
            self.fail(problem)
        self.position += 1
        return name

    def read_comparison(self) -> Filter:
        field = self.read_field()
        if self.token.is_word("in"):
            self.position += 1
            return Filter("in", field, self.read_values())
        op = next((op for op in COMPARISONS if self.accept(op)), None)
        if op is None:
            self.fail(f'a comparison after the field {field!r}: {" ".join(COMPARISONS)} or "in"')
        return Filter(op, field, self.read_value())

    def read_values(self) -> tuple[Value, ...]:
        self.expect("(")
        found: list[Value] = []
        while not self.accept(")"):
            if found:
                self.expect(",")
            found.append(self.read_value())
        return tuple(found)

    def read_value(self) -> Value:
        token = self.token
        value: Value
        if token.kind == "string":
            value = self.read_string(token)
        elif token.kind == "number":
            value = float(token.text)
            if math.isinf(value):
                self.fail("a finite number")
        elif token.is_word("true", "false"):
            value = token.text.lower() == "true"
        else:
            self.fail('a value: "text" between quotes, a number, true or false')
        self.position += 1
        return value

    def read_string(self, token: Token) -> str:
        def unescape(match: re.Match) -> str:
            escape = match[1]
            if escape[0] == "u" and len(escape) == 5:
                return chr(int(escape[1:], 16))
            if escape not in ESCAPES:
                expected = r"one of \" \' \\ \n \t \r \uXXXX"
                fail(self.text, token.start + 1 + match.start(), expected, match[0])
            return ESCAPES[escape]

        return ESCAPE.sub(unescape, token.text[1:-1])


def fail(text: str, start: int, expected: str, got: str) -> NoReturn:
    """Raise FilterError with the surroundings of the place and a caret below it."""
    left, right = max(start - 40, 0), start + 40
    shown = re.sub(r"\s", " ", text[left:right])
    before, after = "... " if left else "", " ..." if right < len(text) else ""
    caret = " " * (len(before) + start - left) + "^"
    seen = repr(got[:40]) if got else "the end of the filter"
    raise FilterError(f"expected {expected}, got {seen}:\n  {before}{shown}{after}\n  {caret}")


# ----- filter -> text -------------------------------------------------------------------------


def format_filter(filter: Filter) -> str:
    """The text of a filter; `parse_filter` of it gives an equal one.

    Raises:
        FilterError: not a filter that a text can say, such as an "and" of fewer than two.
    """
    check_filter(filter)
    return format_checked(filter)


def format_checked(filter: Filter) -> str:
    if filter.op in ("and", "or"):
        return f" {filter.op} ".join(format_inner(f) for f in filter.of)
    if filter.op == "not":
        return f"not {format_inner(filter.of[0])}"
    field = format_field(filter.field)
    if filter.op == "exists":
        return f"exists {field}"
    if isinstance(filter.value, tuple):
        return f"{field} in ({', '.join(map(format_value, filter.value))})"
    return f"{field} {filter.op} {format_value(filter.value)}"


def format_inner(filter: Filter) -> str:
    text = format_checked(filter)
    return f"({text})" if filter.op in ("and", "or") else text


def format_field(name: str) -> str:
    plain = FIELD.fullmatch(name) and name.lower() not in KEYWORDS
    return name if plain else "`" + name.replace("`", "``") + "`"


def format_value(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        text = repr(float(value))
        return text.removesuffix(".0")
    marks = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return '"' + "".join(marks.get(c, c) for c in value) + '"'
