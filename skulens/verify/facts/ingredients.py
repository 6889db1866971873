"""Ingredients, each list behind its heading and in its language; allergens; "may contain"."""

import itertools
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median

from rapidfuzz import fuzz

from skulens.claims import Line
from skulens.values.lists import split_list
from skulens.values.materials import name_material, parse_materials
from skulens.values.text import fold
from skulens.verify.cues import Cue, Cues, plain
from skulens.verify.facts.found import CLEAR, Found, Witness, lowest
from skulens.verify.layout import Print, join, offset
from skulens.verify.text.routes import load_routes

INGREDIENTS = "attributes.ingredients"
ALLERGENS = "attributes.allergens"
WARNINGS = "attributes.warnings"
SIMILAR = 88
"""Least similarity, of 100, of a misread heading of at least LETTERS letters to a known one."""
LETTERS = 7
SENTENCE_LINES = 4
"""Most lines of a statement on allergens."""
SUBJECT = 3
"""Most words before the verb of such a statement."""
HEADINGS = ("heading", "composition")
FEW = 3
"""Least parts of what a word that stands before materials too makes a list of ingredients."""
NAMED = re.compile(r"\W*[^\W\d_][\w -]{1,25}:\s")
"""A line that begins with a name of its own: "Care: wash by hand"."""
SEPARATOR = re.compile(r"[,;•·、，]|\s-\s?|\s?-\s")
RUN_ON = re.compile(r"[.:]\s|[^\W\d_]{2}[:.][^\W\d_]{2}|[\[\]]|\d[OolI]|[OolI]\d")
"""What looks like two ingredients whose separator is misread, or like a misread number."""
INNER = re.compile(r"[^\W\d_]-[^\W\d_]|[^\W\d_*]\*+-")
"""Likewise in a list parted by dashes."""
INFERRED = CLEAR - 0.01
"""Highest confidence of an ingredient whose ends are not sure, and of an allergen that a label
says it emphasises in a way that is not read (bold)."""
ENDS = "where it begins or ends is not sure"
"""Doubt of an ingredient that no second reading of its letters removes."""
LEGIBLE = 0.5
"""Least confidence of a line that an ingredient is read from; below, most are none."""
HOLE = 1.6
"""Times the usual step from line to line that is more than one line."""


@cache
def _tables() -> dict:
    return json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))


@cache
def cues() -> Cues:
    return Cues(_tables()["cues"])


@cache
def _headings() -> tuple[str, ...]:
    words = _tables()["cues"]["heading"].values()
    return tuple(plain(w) for by in words for w in by if len(w) >= LETTERS)


@cache
def _allergens() -> re.Pattern:
    words = sorted({plain(w) for w in _tables()["allergens"]}, key=len, reverse=True)
    return re.compile("|".join(_word(w) for w in words))


def _word(word: str) -> str:
    spaceless = re.search("[\u0e00-\u0e7f]", word)
    return re.escape(word) if spaceless else rf"(?<!\w){re.escape(word)}(?!\w)"


# ----- lists ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IngredientList:
    """A list of ingredients as it stands on the label."""

    language: str
    """ISO 639-1; "" where the heading has several."""
    lines: tuple[Line, ...]
    texts: tuple[str, ...]
    """What of each line belongs to the list."""

    whole: tuple[bool, ...] = ()
    """Of each line, whether none is missing between it and the one before."""

    @property
    def text(self) -> str:
        return join(self._cut())

    def _cut(self) -> list[Line]:
        return [
            Line(text, line.quad, line.confidence)
            for line, text in zip(self.lines, self.texts, strict=True)
        ]

    def parts(self) -> Iterator["Part"]:
        """Each ingredient, in order."""
        cut, whole = self._cut(), self.text
        balanced = _balance(whole) == whole
        ends = [len(join(cut[: n + 1])) for n in range(len(cut))]
        found, start = split_ingredients(whole), 0
        dashed = len(split_list(_balance(whole))) == 1
        for part in found:
            at = max(_balance(whole).find(part, start), start)
            start = at + len(part)
            first = next((i for i, end in enumerate(ends) if end > at), len(ends) - 1)
            last = next((i for i, end in enumerate(ends) if end >= start), len(ends) - 1)
            begins = first > 0 and at <= ends[first - 1] + 1
            clear = balanced and first == last and not (begins and not self.whole[first])
            clear = clear and not (INNER if dashed else RUN_ON).search(part)
            yield Part(_correct(part), self.lines[first : last + 1], clear)


@dataclass(frozen=True, slots=True)
class Part:
    """An ingredient with the lines it stands on."""

    text: str
    lines: tuple[Line, ...]
    clear: bool
    """Whether its ends are sure: it stands within a line, between separators that are read."""


def _correct(part: str) -> str:
    """Numbers of the Colour Index behind the I that they have, not the l that is read."""
    return re.sub(r"\bC[l1|]\s?(?=\d{5}\b)", "CI ", part)


def find_lists(page: Print) -> Iterator[IngredientList]:
    """Every list behind a heading, in the order of the lines."""
    for line in page.lines:
        if heading := read_heading(line.text):
            found = _follow(page, line, heading)
            if heading.kind == "heading" or not _is_material(found):
                yield found


def _is_material(found: IngredientList) -> bool:
    """Whether a "composition" is that of a fabric or a thing, not of what is eaten or used up."""
    parts = split_ingredients(found.text)
    shares = [parse_materials(part) for part in parts]
    fabric = all(shares) or any(name_material(part) != fold(part) for part in parts)
    return fabric or len(parts) < FEW


def read_heading(text: str) -> Cue | None:
    """The heading of a list in a line, up to its colon; None where the word is one of a sentence.

    A heading begins its line or ends in a colon, and is followed by a list or by nothing.
    """
    found = [cue for cue in cues().find(text) if cue.kind in HEADINGS]
    if not found:
        return _guess_heading(text)
    first, end, languages = found[0], found[0].end, list(found[0].languages)
    for cue in found[1:]:
        if re.search(r"[^\W_]", text[end : cue.start]):
            break
        end, languages = cue.end, [*languages, *cue.languages]
    after = text[end:].lstrip(" )]/")
    begins = not re.search(r"[^\W\d_]", text[: first.start])
    closed = re.match(r"[^\w,]{0,2}:", after) is not None
    listed = begins and SEPARATOR.search(after) is not None
    if not (closed or listed or (begins and not re.search(r"\w", after))):
        return None
    end = len(text) - len(after.lstrip(" :.-–*|"))
    alike = len(set(languages)) == len(first.languages)
    kind = "composition" if all(cue.kind == "composition" for cue in found) else "heading"
    return Cue(kind, tuple(first.languages if alike else languages), first.start, end)


def _guess_heading(text: str) -> Cue | None:
    """A heading misread in a letter or two before its colon: "Ing edients:"."""
    before, colon, _ = text.partition(":")
    squeezed = re.sub(r"\W", "", plain(before))
    if not colon or len(squeezed) < LETTERS:
        return None
    if max(fuzz.ratio(squeezed, heading) for heading in _headings()) < SIMILAR:
        return None
    return Cue("heading", (), 0, len(before) + 1)


def _follow(page: Print, line: Line, heading: Cue) -> IngredientList:
    """The list behind a heading: on through its paragraph to the next heading or statement."""
    lines: list[Line] = []
    texts: list[str] = []
    for one in (one for strip in page.read_on(line) for one in strip.lines):
        text = one.text[heading.end :] if one is line else one.text
        if one is not line and (read_heading(text) or _is_over(texts, text)):
            break
        end = _end_in(text)
        if text[:end].strip(" :.-–|"):
            lines.append(one)
            texts.append(text[:end].strip(" |"))
        if end < len(text):
            break
    whole = _follow_on(page, lines)
    return IngredientList(heading.language(page.languages), tuple(lines), tuple(texts), whole)


def _follow_on(page: Print, lines: Sequence[Line]) -> tuple[bool, ...]:
    """Of each line, whether it stands one step below, or beside, the one before."""
    places = [page.place(line) for line in lines]
    steps = [offset(a, b).down for a, b in itertools.pairwise(places)]
    usual = median([s for s in steps if s > 0] or [0.0])
    return (True, *(step <= HOLE * usual for step in steps))[: len(lines)]


def _is_over(texts: Sequence[str], text: str) -> bool:
    """Whether a line is no longer of the list: a footnote, or words without separators after a
    period. A period alone may be a comma misread."""
    if text.lstrip().startswith("*"):
        return True
    if not texts:
        return False
    last = texts[-1].rstrip()
    if NAMED.match(text) and not SEPARATOR.search(last[-1:]) and last[-1:] not in "(:-&/":
        return True
    return last.endswith(".") and not SEPARATOR.search(text)


def _end_in(text: str) -> int:
    """Where something else begins in a line: a cue at the start of a sentence.

    A statement on allergens may have a few words before its cue: "This product contains".
    """
    for cue in cues().find(text):
        if cue.kind in HEADINGS or _continues(text, cue):
            continue
        before = text[: cue.start].rstrip(" |_'\"‘“")
        if cue.kind == "without" and not before:
            continue  # "sans", "ohne" may begin a line within an ingredient
        head = re.split(r"[.;!?)\]:]", before)[-1]
        statement = cue.kind in ("contains", "may") and not _is_bracketed(text, cue)
        if not head.strip() or (statement and "," not in head and len(head.split()) <= SUBJECT):
            return len(before) - len(head)
    return len(text)


def _continues(text: str, cue: Cue) -> bool:
    """Whether the word of a cue is that of an ingredient: a list goes on behind it at once."""
    return cue.kind == "end" and re.match(r"\s*[,;)]", text[cue.end :]) is not None


def split_ingredients(text: str) -> tuple[str, ...]:
    """The ingredients of a list, each with what stands in brackets behind it.

    Brackets that a reader lost the other half of are dropped, so that one does not swallow the
    rest of the list. A list without commas is parted at its dashes.
    """
    balanced = _balance(text)
    parts = split_list(balanced)
    return split_list(re.sub(r"\s-\s?|\s?-\s", "; ", balanced)) if len(parts) == 1 else parts


def _balance(text: str) -> str:
    opened: list[int] = []
    lone: set[int] = set()
    for i, c in enumerate(text):
        if c in "([{":
            opened.append(i)
        elif c in ")]}":
            if opened:
                opened.pop()
            else:
                lone.add(i)
    lone.update(opened)
    return "".join(" " if i in lone else c for i, c in enumerate(text))


# ----- finding --------------------------------------------------------------------------------


def find(page: Print) -> Iterator[Found]:
    """Ingredients of every list, then allergens and what the product may contain."""
    lists = list(find_lists(page))
    for one in lists:
        for part in one.parts():
            if re.search(r"[^\W\d_]{2}", part.text) and lowest(part.lines) >= LEGIBLE:
                yield Found(
                    INGREDIENTS, part.text, language=one.language,
                    evidence=page.evidence(part.lines),
                    confidence=min(lowest(part.lines), _most(part, one.language)),
                    witness=_second_reader(part), doubt="" if part.clear else ENDS,
                )  # fmt: skip
        yield from _capitals(page, one)
    yield from _statements(page)
    if any(cue.kind == "advice" for line in page.lines for cue in cues().find(line.text)):
        for one in lists:
            yield from _emphasised(page, one)


def _most(part: Part, language: str) -> float:
    """Highest confidence of an ingredient."""
    return 1.0 if part.clear and knows(language, part.lines) else INFERRED


def knows(language: str, lines: Sequence[Line]) -> bool:
    """Whether the letters of a language are known to who read them: an engine is sure of others."""
    foreign = any(language in route.languages for route in load_routes())
    return not (foreign and any(line.reader == "rapidocr" for line in lines))


def _second_reader(part: Part) -> Witness:
    """Whether another engine reads the same words in the same box."""
    if not part.clear or not all(line.second for line in part.lines):
        return ""
    seconds = _letters(join([Line(line.second, line.quad, 0.0) for line in part.lines]))
    return "second reader" if _letters(part.text) in seconds else ""


def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", plain(text))


def _capitals(page: Print, one: IngredientList) -> Iterator[Found]:
    """Allergens that a list of small letters prints in capitals."""
    text = one.text
    letters = [c for c in text if c.isalpha()]
    if not letters or sum(c.isupper() for c in letters) > len(letters) / 2:
        return
    for match in _allergens().finditer(plain(text)):
        word = text[match.start() : match.end()]
        if word.isupper() and len(word) > 1:
            yield _allergen(page, word, one)


def _emphasised(page: Print, one: IngredientList) -> Iterator[Found]:
    """Allergens of a list of which the label says that it emphasises them."""
    text = one.text
    for match in _allergens().finditer(plain(text)):
        yield _allergen(page, text[match.start() : match.end()], one, INFERRED)


def _allergen(page: Print, word: str, one: IngredientList, most: float = 1.0) -> Found:
    lines = [line for line in one.lines if plain(word) in plain(line.text)] or list(one.lines)
    return Found(
        ALLERGENS, word, language=one.language, evidence=page.evidence(lines[:1]),
        confidence=min(lowest(lines[:1]), most),
    )  # fmt: skip


def _statements(page: Print) -> Iterator[Found]:
    """ "Contains: milk" and "May contain nuts"."""
    for line in page.lines:
        for cue in cues().find(line.text):
            if cue.kind not in ("contains", "may"):
                continue
            sentence, lines = _sentence(page, line, cue)
            language = cue.language(page.languages)
            words = list(_allergens().finditer(plain(sentence)))
            if cue.kind == "may" and words:
                yield Found(
                    WARNINGS, sentence, language=language, evidence=page.evidence(lines),
                    confidence=lowest(lines),
                )  # fmt: skip
            elif cue.kind == "contains" and not _is_bracketed(line.text, cue):
                for match in words:
                    word = sentence[match.start() : match.end()]
                    yield Found(
                        ALLERGENS, word, language=language, evidence=page.evidence(lines),
                        confidence=min(lowest(lines), 1.0 if knows(language, lines) else INFERRED),
                    )  # fmt: skip


def _is_bracketed(text: str, cue: Cue) -> bool:
    """Whether the word stands within an ingredient: "margarine (contains milk)"."""
    before = text[: cue.start]
    return before.count("(") > before.count(")")


def _sentence(page: Print, line: Line, cue: Cue) -> tuple[str, tuple[Line, ...]]:
    """From a cue to the end of its sentence, over the lines of its paragraph."""
    lines: list[Line] = []
    cut: list[Line] = []
    for one in (one for strip in page.read_on(line) for one in strip.lines):
        text = one.text[cue.start :] if one is line else one.text
        stop = re.search(r"[.!]\s|[.!]$", text)
        end = stop.start() + 1 if stop else len(text)
        if one is not line:
            end = min(end, _end_in(text))
        if end:
            lines.append(one)
            cut.append(Line(text[:end], one.quad, one.confidence))
        if end < len(text) or stop or len(lines) == SENTENCE_LINES:
            break
    return join(cut), tuple(lines)
