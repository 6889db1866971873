"""Net content: amounts behind a cue, with the mark ℮, or alone in large letters.

Amounts of nutrients, shares of ingredients, servings and strengths stand on labels too; none of
them is behind a cue of net content or alone on its line.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from skulens.claims import Line
from skulens.values.numbers import NUMBER
from skulens.values.units import Quantity, parse_quantity
from skulens.verify.cues import Cue, Cues, cyrillic_units, plain, what_follows
from skulens.verify.facts.found import CLEAR, Found, Witness, lowest
from skulens.verify.facts.nutrition_cells import has_table
from skulens.verify.layout import Print, height_of

FIELD = "attributes.net_content"
UNCLEAR = CLEAR - 0.01
"""Highest confidence of an amount that no cue and no mark says to be the net content."""
SAME = Decimal("0.02")
"""Most difference between one amount said in two units, both rounded."""
LEGIBLE = 0.9
"""Least confidence of such an amount, which nothing around it explains."""
SMALL = 0.7
"""Least height of an amount that stands alone, in heights of the picture's usual line."""
MEASURED = ("ml", "g")
"""Kinds of an amount that may be told by its mark or by standing alone; strengths are in mg."""


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount with a unit, somewhere in a text."""

    quantity: Quantity
    unit: str
    """As `values.units` writes it: "fl oz", "ml", "piece"."""
    start: int
    end: int
    marked: bool = False
    """Whether the mark ℮ stands beside it."""
    mark: tuple[int, int] = (0, 0)
    """Where within the amount."""


@cache
def _tables() -> dict:
    return json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))


@cache
def cues() -> Cues:
    return Cues(_tables()["cues"])


@cache
def _unit_of() -> dict[str, str]:
    """Folded word without spaces and periods -> unit."""
    return {
        re.sub(r"[\s.]", "", plain(word)): unit
        for unit, words in _tables()["units"].items()
        for word in words
    }


@cache
def _pattern() -> re.Pattern:
    """A number, perhaps a count before it, and a unit, perhaps in a second alphabet after it."""
    words = sorted({w for ws in _tables()["units"].values() for w in ws}, key=len, reverse=True)
    unit = "|".join(r"[\s.]*".join(re.escape(p) for p in plain(w).split()) for w in words)
    again = rf"(?:\s*[/(]\s*(?:{unit})\.?\)?(?![^\W\d_]))*"
    return re.compile(
        rf"(?:(?P<count>\d{{1,3}})\s*[x×*]\s*)?(?<![\d.,/])(?P<number>{NUMBER})\s*"
        rf"(?P<unit>{unit})(?P<mark>\s*℮|\s?e(?=\s*$|\s*\())?(?![^\W\d_])\.?{again}"
        r"(?:\s*[x×*]\s*(?P<times>\d{1,3})(?![\d.,]*\s*[^\W\d_]))?(?P<late>\s*℮)?"
    )


def amounts_in(text: str, language: str = "") -> list[Amount]:
    """Every amount with a unit of volume, mass or count, in the order of the text."""
    found = []
    for match in _pattern().finditer(plain(cyrillic_units(text))):
        unit = _unit_of()[re.sub(r"[\s.]", "", match["unit"])]
        one = parse_quantity(f"{match['number']} {unit}", language=language)
        if one is None or not one.amount:
            continue
        count = int(match["count"] or match["times"] or 1)
        quantity = Quantity(one.amount, one.unit, count, one.upper) if count else one
        marked = bool(match["mark"] or match["late"]) or "℮" in text[: match.start()]
        mark = next((match.span(name) for name in ("mark", "late") if match[name]), (0, 0))
        found.append(Amount(quantity, unit, match.start(), match.end(), marked, mark))
    return found


def counts_in(text: str) -> list[Amount]:
    """The count that a text is, with words between number and unit: "10 film coated tablets"."""
    match = re.fullmatch(r"\W*(\d{1,3})((?:\s+[^\W\d_]+){1,3}?)\s+([^\W\d_]+)\W*", plain(text))
    if match is None or _unit_of().get(match[3]) != "piece":
        return []
    quantity = Quantity(Decimal(match[1]), "piece")
    return [Amount(quantity, "piece", match.start(1), match.end(3))]


def agree(first: Quantity, second: Quantity, slack: Decimal = SAME) -> bool:
    """Whether two quantities are one within a share of `slack`, packs counted together."""
    apart = abs(first.total - second.total)
    return first.unit == second.unit and apart <= slack * max(first.total, second.total)


# ----- groups ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PrintedContent:
    """Amounts printed side by side, which say one thing in several units."""

    amounts: tuple[Amount, ...]
    text: str

    @property
    def witness(self) -> Witness:
        return "arithmetic" if self._compared() and not self.doubt else ""

    @property
    def doubt(self) -> str:
        compared = self._compared()
        if compared and not any(agree(a, b) for a, b in compared):
            return "the amounts in two units disagree"
        return ""

    def _compared(self) -> list[tuple[Quantity, Quantity]]:
        """Pairs of one kind in different units, or of which one counts packs."""
        first, *others = self.amounts
        return [
            (first.quantity, other.quantity)
            for other in others
            if other.quantity.unit == first.quantity.unit
            and (other.unit != first.unit or other.quantity.count != first.quantity.count)
        ]


_BETWEEN = re.compile(r"[\s()\[\]/|,;=~≈•·.\-–]*(?:℮|e\b)?[\s()\[\]/|]*")


def read_content(text: str, language: str = "") -> PrintedContent | None:
    """The amounts with which a text begins; None where it begins with something else."""
    start = _skip_cues(text)
    group: list[Amount] = []
    for amount in amounts_in(text[start:], language):
        last = group[-1].end if group else 0
        if not _BETWEEN.fullmatch(text[start:][last : amount.start]):
            break
        group.append(amount)
    if not group:
        return None
    end = group[-1].end
    closing = text[start:][end : end + 1]
    first, end = group[0].start, end + (closing == ")")
    marks = {i for amount in group for i in range(*amount.mark)}
    printed = "".join(c for i, c in enumerate(text[start:]) if first <= i < end and i not in marks)
    if len(group) > 1:
        printed = re.sub(r"(?<=[^\W\d_])\s*[-–]\s*(?=\d)", " - ", printed)
    return PrintedContent(tuple(group), printed.strip())


def _skip_cues(text: str) -> int:
    """Where a text begins behind further cues of net content ("Poids net / Net weight")."""
    end = 0
    for cue in cues().find(text):
        if cue.kind == "other" or re.search(r"[^\W_]", text[end : cue.start]):
            break
        end = cue.end
    return end


# ----- finding --------------------------------------------------------------------------------


def find(page: Print) -> Iterator[Found]:
    """Amounts behind cues; where there is none, marked ones; else the only one that stands alone."""
    told = list(_after_cues(page))
    marked = [] if told else list(_with_mark(page))
    yield from told or marked or _alone(page)


def _after_cues(page: Print) -> Iterator[Found]:
    for line in page.lines:
        for cue in cues().find(line.text):
            if cue.kind != "other" and (found := _behind(page, line, cue)):
                yield found


def _speaks(text: str, cue: Cue) -> bool:
    """Whether a cue is one where it stands: "caffeine content" is not of the whole pack."""
    before = re.split(r"[.;,|)/:]", text[: cue.start])[-1]
    return cue.kind == "net" or not re.search(r"[^\W\d_]", before)


def _behind(page: Print, line: Line, cue: Cue) -> Found | None:
    language = cue.language(page.languages)
    ahead = what_follows(page, line, cue.end) if _speaks(line.text, cue) else ()
    for following in ahead:
        content = read_content(following.text, language)
        if content is None:
            if following.lines == (line,):
                break
            continue
        return _found(page, content, following.lines, language)
    before = amounts_in(line.text[: cue.start], language)
    if before and _BETWEEN.fullmatch(line.text[before[-1].end : cue.start]):
        content = PrintedContent(
            (before[-1],), line.text[before[-1].start : before[-1].end].strip()
        )
        return _found(page, content, (line,), language)
    return None


def _with_mark(page: Print) -> Iterator[Found]:
    for line in page.lines:
        content = read_content(line.text)
        if content and any(a.marked for a in content.amounts) and _is_measured(content):
            yield _found(page, content, (line,), "")


def _alone(page: Print) -> Iterator[Found]:
    """The amount that fills a line, where the picture shows only one and no nutrition table."""
    filled = [
        (line, content)
        for line in page.lines
        if line.confidence >= LEGIBLE
        and (content := _read_alone(line.text))
        and not _is_named(page, line)
    ]
    if len({str(content.amounts[0].quantity) for _, content in filled}) != 1 or has_table(page):
        return
    line, content = max(filled, key=lambda pair: height_of(pair[0].quad))
    usual = sorted(height_of(one.quad) for one in page.lines)[(len(page.lines) - 1) // 2]
    if height_of(line.quad) >= SMALL * usual:
        yield _found(page, content, (line,), "", UNCLEAR)


def _is_named(page: Print, line: Line) -> bool:
    """Whether what stands before a line on its row says what it is: "Strength:", "per serving"."""
    before = [one.text for one in page.row_of(line) if line in page.after(one)]
    named = any(cue.kind == "other" for text in before for cue in cues().find(text))
    return named or any(text.rstrip().endswith(":") for text in before)


def _read_alone(text: str) -> PrintedContent | None:
    """The amount of a text that says no more."""
    content = read_content(text.strip("() "))
    if content is None and (counts := counts_in(text)):
        content = PrintedContent(tuple(counts), text[counts[0].start : counts[0].end])
    if content is None or not _is_measured(content, (*MEASURED, "piece")):
        return None
    return content if _fills(content, text) else None


def _fills(content: PrintedContent, text: str) -> bool:
    """Whether a text says no more than an amount."""
    return len(re.sub(r"[\W_]", "", text)) <= len(re.sub(r"[\W_]", "", content.text)) + 1


def _is_measured(content: PrintedContent, kinds: Sequence[str] = MEASURED) -> bool:
    first = content.amounts[0]
    return first.quantity.unit in kinds and first.unit != "mg"


def _found(
    page: Print, content: PrintedContent, lines: Sequence[Line], language: str, most: float = 1.0
) -> Found:
    return Found(
        FIELD, content.text, language=language, evidence=page.evidence(lines),
        confidence=min(lowest(lines), most), witness=content.witness, doubt=content.doubt,
    )  # fmt: skip
