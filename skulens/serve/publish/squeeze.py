"""Scripts and style sheets without comments and indentation: a sixth fewer bytes after gzip.

No name changes and no line ends are joined, so that what a browser reports is still to be found.
"""

import re

PIECE = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
    |(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<word>[\w$]+)
    |(?P<blank>\s+)
    |(?P<sign>.)""",
    re.VERBOSE | re.DOTALL,
)
REGEX = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
TEMPLATE = re.compile(r"(?:[^`\\$]|\\.|\$(?!\{))*(?:`|\$\{)", re.DOTALL)
BEFORE_REGEX = frozenset("(,=:[!&|?{};+-*%~^<>\n") | {
    "",
    "return",
    "typeof",
    "case",
    "in",
    "of",
    "=>",
    "await",
    "throw",
}
"""After these a slash begins a regular expression; after anything else it divides."""


def squeeze_script(text: str) -> str:
    """The same program.

    Raises:
        ValueError: a template that does not end.
    """
    found: list[str] = []
    at, last, depth = 0, "", 0
    templates: list[int] = []  # depths of braces at which the text of a template goes on
    while at < len(text):
        if text[at] == "`" or (text[at] == "}" and templates and templates[-1] == depth):
            if text[at] == "}":
                templates.pop()
            piece = TEMPLATE.match(text, at + 1)
            if piece is None:
                raise ValueError(f"a template that does not end: {text[at : at + 40]!r}")
            if piece[0].endswith("${"):
                templates.append(depth)
            found.append(text[at] + piece[0])
            last = "`" if piece[0].endswith("`") else "{"
            at = piece.end()
            continue
        piece = PIECE.match(text, at)
        assert piece is not None  # a sign is any character
        kind, said = piece.lastgroup, piece[0]
        if said == "/" and last in BEFORE_REGEX and (regex := REGEX.match(text, at)):
            piece, kind, said = regex, "string", regex[0]
        at = piece.end()
        if kind in ("comment", "blank"):
            add_blank(found, "\n" if "\n" in said else " ")
            continue
        depth += {"{": 1, "}": -1}.get(said, 0) if kind == "sign" else 0
        found.append(said)
        last = said
    return "".join(found).strip() + "\n"


def add_blank(found: list[str], blank: str) -> None:
    """One space or line end for all that stand together."""
    if found and found[-1] in (" ", "\n"):
        found[-1] = "\n" if "\n" in (found[-1], blank) else " "
    elif found:
        found.append(blank)


def squeeze_style(text: str) -> str:
    """The same rules."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r"\s*\n\s*", "\n", text).strip() + "\n"
