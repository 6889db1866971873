"""Makers, importers and responsible persons: company names behind cues, and their addresses.

A company without a cue is taken for the maker where a postal address follows it; without either
nothing says whose name it is, for shops and licensors print theirs too.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from rapidfuzz import fuzz

from skulens.claims import Line
from skulens.values.countries import parse_country
from skulens.verify.cues import Cue
from skulens.verify.facts.found import Found, lowest
from skulens.verify.facts.origin import parse_any
from skulens.verify.facts.passages import (
    SEPARATORS,
    Passage,
    Piece,
    cued_lines,
    find_cues,
    passage_after,
    passage_from,
)
from skulens.verify.layout import Print

ROLES = {
    "maker": "attributes.manufacturer",
    "importer": "attributes.importer",
    "responsible": "attributes.responsible_person",
}
"""Kind of cue -> path of the name behind it."""
ADDRESS = "attributes.manufacturer_address"
ALIKE = 80.0
"""Similarity in percent from which two names are one name read in two ways."""
TWO_WAYS = "read in two ways"
LABEL = re.compile(r"[\s,;]+[^\W\d_]{1,6}\.?\s*:$")
"""A word such as "tel.:" that is left at the end, however it was read."""
LONGEST = 90
"""Characters of a company's name."""
JALAN = re.compile(r"\bJ[I1|](?=[.\s])")
""""Jl" (street, in Indonesian) as engines read it; no word is spelled so."""
AGENT = re.compile(
    r"(?:by|for|von|für|durch|par|pour|por|da|oleh|door|przez|av|bởi|โดย|companie[iy]|компанией)\W*$",
    re.IGNORECASE,
)
"""Ends of cues that a name must follow."""
CONTACT = re.compile(
    r"(?:https?:|www\b|\S+@\S+|[a-z0-9-]{3,}\.(?:com|net|org|eu|info)\b|"
    r"(?<!\w)(?:tel|phone|тел|โทร|telp|fax|e-?mail|hotline|email|điện thoại)(?!\w)|\+\s?\d|\(0?\d{2,4}\)\s?\d{2})",
    re.IGNORECASE,
)
"""Where an address ends."""


QUOTED = re.compile(r"\s*(?:«.{2,70}?»+|“.{2,70}?”|\".{2,70}?[\"”])", re.S)
"""A name in quotes; of "«A «B»" the inner marks close both."""
TOWN = re.compile(r"(?<![\w.,-])(?:[A-Z]{1,3}[- ])?\d{4,6}\s+[^\W\d_a-zа-я][^\W\d_]{2,}")
"""A postcode and a town."""


@dataclass(frozen=True, slots=True)
class Span:
    """Part of a passage's text."""

    start: int
    end: int


def find(page: Print) -> Iterator[Found]:
    """Names by role with the maker's address; names that differ in a few letters are in doubt."""
    found = list(_find(page))
    for one in found:
        rivals = (o for o in found if o.field == one.field and o.value != one.value)
        if any(fuzz.ratio(one.value, rival.value) >= ALIKE for rival in rivals):
            yield replace(one, doubt=TWO_WAYS)
        else:
            yield one


def _find(page: Print) -> Iterator[Found]:
    cued = False
    for line, cue in cued_lines(page, *ROLES):
        passage = passage_after(page, line, cue)
        if name := _name_behind(passage, line, cue):
            cued = cued or cue.kind == "maker"
            yield _found(page, ROLES[cue.kind], passage, name)
            if cue.kind == "maker":
                yield from _address(page, passage, name)
    if not cued:
        yield from _without_cue(page)


def _without_cue(page: Print) -> Iterator[Found]:
    for line in page.lines:
        if find_cues(line.text, *ROLES):
            continue
        if _name_with_form(line.text) is None:
            continue
        passage = passage_from(page, Piece(line.text.strip(), line), 4)
        name = _name_with_form(passage.text.partition("\n")[0])
        if name is None:
            continue
        if address := list(_address(page, passage, name)):
            yield _found(page, ROLES["maker"], passage, name)
            yield from address


def _found(page: Print, path: str, passage: Passage, span: Span) -> Found:
    value = " ".join(passage.text[span.start : span.end].split()).strip(" ,;:|-–")
    value = JALAN.sub("Jl", value)
    lines = passage.lines(span.start, span.end)
    return Found(path, value, evidence=page.evidence(lines, value), confidence=lowest(lines))


# ----- names ----------------------------------------------------------------------------------


def _name_behind(passage: Passage, line: Line, cue: Cue) -> Span | None:
    """The company that a cue announces: up to its legal form, else up to a comma or line end.

    A name without a legal form counts only behind a colon, a line end or a word such as "by".
    """
    text = passage.text
    if with_form := _name_with_form(text[:LONGEST]):
        return with_form
    gap = line.text[cue.end :][:2]
    said = AGENT.search(line.text[cue.start : cue.end]) or ":" in gap or not gap.strip()
    first = re.match(r"[^,;|\n]+", text)
    if not said or not first or not _is_name(first.group()):
        return None
    return Span(first.start(), first.end())


def _is_name(text: str) -> bool:
    """Whether a text could be a company: begins with a capital or a letter without case."""
    words = text.strip(SEPARATORS).split()
    letters = sum(c.isalpha() for c in text)
    if not words or len(words) > 7 or letters < 3 or letters < len(text) / 2:
        return False
    return not words[0][0].islower() and not words[0][0].isdigit() and parse_any(text) is None


def _name_with_form(text: str) -> Span | None:
    """The company in a text, with its legal form; None where no form stands there."""
    if (found := _forms("before").search(text)) and (end := _name_end(text, found.end())):
        return Span(found.start(), end)
    if not (found := _forms("after").search(text)):
        return None
    head = text[: found.start()]
    start = max((m.end() for m in re.finditer(r"[:;|•]\s|\.\s+(?=[A-ZА-Я])", head)), default=0)
    name = text[start : found.start()].strip(SEPARATORS)
    if not name or name[0].islower() or sum(c.isalpha() for c in name) < 2 or len(name) > LONGEST:
        return None
    return Span(start, found.end())


def company_in(text: str) -> str:
    """The company in a line, with its legal form; "" where none stands there."""
    span = _name_with_form(text)
    return text[span.start : span.end].strip(SEPARATORS) if span else ""


def _name_end(text: str, start: int) -> int:
    """Where a name behind its legal form ends: with its quotes, at a comma or number, or with the
    line unless the next is a few more words; 0 where there is none."""
    quoted = QUOTED.match(text, start)
    plain = re.compile(r"[^,;|\d(\n]{2,60}").match(text, start)
    name = quoted or plain
    if name is None or not any(c.isalpha() for c in name.group()):
        return 0
    end = name.end()
    more = re.compile(r"\n[^\W\d_][^,;:\d\n]{2,30}(?=\n|$)").match(text, end)
    if more and not quoted and not _streets().search(more.group()):
        end = more.end()
    last = _forms("after").match(text, end)
    return last.end() if last else end


@cache
def _forms(side: str) -> re.Pattern[str]:
    """Legal forms before or after a name, as whole words; a space may be missing or a line end."""
    forms = sorted(_table()[side], key=len, reverse=True)
    body = "|".join(re.escape(form).replace(r"\ ", r"\s*") for form in forms)
    if side == "before":
        return re.compile(rf"(?<![^\W_])(?:{body})(?![^\W_])\s*(?=[«\"“'\w])")
    return re.compile(rf"(?<=[\s,»\"”\u0e00-\u9fff])(?:{body})(?![^\W_])")


@cache
def _table() -> dict:
    return json.loads(Path(__file__).with_name("companies.json").read_text("utf-8"))


# ----- addresses ------------------------------------------------------------------------------


def _address(page: Print, passage: Passage, name: Span) -> Iterator[Found]:
    """What follows the name, up to a telephone, e-mail or web site, where it is an address."""
    rest = passage.text[name.end :]
    stop = CONTACT.search(rest)
    rest = rest[: stop.start()] if stop else rest
    bare = LABEL.sub("", rest.strip()).strip(SEPARATORS + "\n")
    if not is_address(bare):
        return
    start = name.end + rest.index(bare[0])
    yield _found(page, ADDRESS, passage, Span(start, start + len(bare)))


def is_address(text: str) -> bool:
    """Whether a text names a place: two of a street word, a postcode and a country, or a postcode
    with the town behind it ("04100 Manosque")."""
    if not 6 <= len(text) <= 250 or not re.search(r"\d", text):
        return False
    if TOWN.search(text):
        return True
    signs = (_streets().search(text) is not None, _has_postcode(text), _has_country(text))
    return sum(signs) >= 2 or len(_streets().findall(text)) >= 2


def _has_postcode(text: str) -> bool:
    """A number of four to six digits, or a British one ("WA8 8PT")."""
    return bool(
        re.search(r"(?<![\d.,])(?:[A-Z]{1,2}-?\s?)?\d{4,6}(?![\d.,]\d)", text)
        or re.search(r"\b[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}\b", text)
    )


def _has_country(text: str) -> bool:
    words = re.split(r"[,;.\n–—-]|\s-\s", text)
    names = (word.strip() for word in words)
    return any((len(n) > 2 or n == "UK") and (parse_any(n) or parse_country(n)) for n in names)


@cache
def _streets() -> re.Pattern[str]:
    words = sorted(_table()["street"], key=len, reverse=True)
    return re.compile(
        "|".join(
            re.escape(w) if w[0] > "\u0e00" else rf"(?<![^\W_]){re.escape(w)}(?![^\W\d_])"
            for w in words
        ),
        re.IGNORECASE,
    )
