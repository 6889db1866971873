"""Brand and product name: behind a cue, marked ® or ™, or equal to the label's own domain.

The biggest letters of a front are most often the brand; that is a guess and stays in doubt.
"""

import re
import statistics
from collections.abc import Iterator, Sequence

from skulens.claims import Line
from skulens.values.names import normalise_name
from skulens.values.text import fold_accents
from skulens.verify.facts.contacts import find_addresses
from skulens.verify.facts.found import CLEAR, Found, lowest
from skulens.verify.facts.makers import company_in, is_address
from skulens.verify.facts.passages import SEPARATORS, cued_lines, find_cues, value_after
from skulens.verify.layout import Print, height_of

BRAND, NAME = "attributes.brand", "attributes.name"
PATHS = {"brand": BRAND, "name": NAME}
MARKED = re.compile(r"((?:[^\W\d_][\w'’&.-]*\s?){1,3})[®™]")
"""Up to three words before a trade mark sign."""
EDGES = SEPARATORS + "®™"
LEAST = 4
"""Letters of a brand that another line may repeat; shorter ones do by chance."""
WORDS = 6
"""Most words of a brand or a title."""
FRONT = 25
"""Lines beyond which a picture is no front."""
BIG = 1.8
"""How much bigger than the median line the letters of a title are."""
NEXT = 0.45
"""Least height of a title's letters, as a share of the brand's."""
GUESS = "only its letters are big"
BIGGER = 1.2
"""How much bigger than the median line the letters of a brand are that has its name below."""
MAKER = "may be the maker's name only"
BESIDE = "stands below the brand"
NOT_OWN = "may be the mark of somebody else"


def find(page: Print) -> Iterator[Found]:
    """Brands and names, the best supported first."""
    for line, cue in cued_lines(page, *PATHS):
        piece = value_after(page, line, cue)
        value = piece.text.strip(SEPARATORS) if piece else ""
        if piece and _is_title(value):
            lines = dict.fromkeys((line, piece.line))
            yield Found(
                PATHS[cue.kind], value, evidence=page.evidence(lines, value),
                confidence=lowest(lines),
            )  # fmt: skip
    yield from _marked(page)
    yield from _biggest(page)


def _is_title(text: str) -> bool:
    """Whether a text could be a name: words, few, and no cue of another field."""
    letters = sum(c.isalpha() for c in text)
    few = 0 < len(text.split()) <= WORDS
    words = few and letters >= 2 and letters >= len(text) / 2
    return words and not find_cues(text) and not list(find_addresses(text))


def find_across(prints: Sequence[Print]) -> Iterator[Found]:
    """Brands that a line of its own says and, on any picture, a domain or company repeats.

    A company alone leaves a doubt: makers print their own name beside that of a brand. The line
    below a brand in big letters is the product's name, in doubt.
    """
    lines = [line for page in prints for line in page.lines]
    domains = {key: line for line in lines for key in _domains(line)}
    companies = {key: line for line in lines for key in _companies(line)}
    for page in prints:
        for line in page.lines:
            key = _key(line.text)
            if len(key) < LEAST or not _is_title(line.text) or is_address(line.text):
                continue
            of_domain = domains.get(key, line) is not line
            if not of_domain and (companies.get(key, line) is line or company_in(line.text)):
                continue
            yield Found(
                BRAND, line.text.strip(EDGES), evidence=page.evidence([line]),
                confidence=line.confidence, witness="seen twice" if of_domain else "",
                doubt="" if of_domain else MAKER,
            )  # fmt: skip
            yield from _title_below(page, line)


def _domains(line: Line) -> set[str]:
    return {_key(_label(address)) for address in find_addresses(line.text)} - {""}


def _companies(line: Line) -> set[str]:
    """The first word, and the first two, of a company that a line names."""
    words = normalise_name(company_in(line.text)).split()
    return {_key(" ".join(words[:n])) for n in (1, 2)} - {""}


def _title_below(page: Print, line: Line) -> Iterator[Found]:
    median = statistics.median(height_of(one.quad) for one in page.lines)
    for later in page.below(line, 1):
        big = height_of(line.quad) >= BIGGER * median
        if big and _is_title(later.text) and _key(later.text) != _key(line.text):
            yield Found(
                NAME, later.text.strip(EDGES), evidence=page.evidence([later]),
                confidence=later.confidence, doubt=BESIDE,
            )  # fmt: skip


def _key(text: str) -> str:
    """A name without legal form, accents, spaces and marks."""
    return re.sub(r"[\W_]", "", fold_accents(normalise_name(text)))


def _label(address: str) -> str:
    """The name in a domain: "info@mail.lovea.co.uk" -> "lovea"."""
    host = re.sub(r"^(?:.*@|https?://)?(?:www\.)?", "", address.casefold()).partition("/")[0]
    parts = host.split(".")
    while len(parts) > 2 and len(parts[-2]) <= 3:
        parts.pop(-2)
    return parts[-2].replace("-", "") if len(parts) > 1 else ""


def _marked(page: Print) -> Iterator[Found]:
    """Words before ® or ™; in running text they may be a supplier's."""
    biggest = max((height_of(line.quad) for line in page.lines), default=0.0)
    for line in page.lines:
        for match in MARKED.finditer(line.text):
            value = " ".join(_capitalised(match[1].split()))
            before, behind = line.text[: match.start()].strip(), line.text[match.end() :].strip()
            big = height_of(line.quad) >= NEXT * biggest
            if len(value) > 2 and not before and not behind[:1].islower():
                yield Found(
                    BRAND, value, evidence=page.evidence([line], match.group()),
                    confidence=line.confidence, doubt="" if big else NOT_OWN,
                )  # fmt: skip


def _capitalised(words: list[str]) -> list[str]:
    """The last words that begin with a capital."""
    kept: list[str] = []
    for word in reversed(words):
        if not word[0].isupper():
            break
        kept.insert(0, word)
    return kept


def _biggest(page: Print) -> Iterator[Found]:
    """The biggest clear line of a front as brand, in doubt."""
    if len(page.lines) > FRONT:
        return
    titles = [
        line
        for line in page.lines
        if line.confidence >= CLEAR and _is_title(line.text) and not re.search(r"\d", line.text)
    ]
    best = max(titles, key=lambda line: height_of(line.quad), default=None)
    if best is None:
        return
    median = statistics.median(height_of(line.quad) for line in page.lines)
    if len(page.lines) < 3 or height_of(best.quad) >= BIG * median:
        yield Found(
            BRAND, best.text.strip(EDGES), evidence=page.evidence([best]),
            confidence=best.confidence, doubt=GUESS,
        )  # fmt: skip
