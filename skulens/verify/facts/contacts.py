"""Telephone, e-mail and web addresses of makers. They are read, never opened or called."""

import re
from collections.abc import Callable, Iterable, Iterator

import phonenumbers

from skulens.claims import Line
from skulens.errors import SkulensError
from skulens.values.fields import find_field
from skulens.values.gtin import parse_gtin
from skulens.verify.facts.found import Found, Witness, lowest
from skulens.verify.facts.origin import mentioned_countries
from skulens.verify.facts.passages import find_cues
from skulens.verify.facts.witness import is_read_twice
from skulens.verify.layout import Print

FIELD = "attributes.manufacturer_contact"
MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.([a-z]{2,})(?![\w@])", re.IGNORECASE | re.ASCII)
SITE = re.compile(
    r"(?<![a-z0-9@.-])(?P<scheme>https?://)?(?P<www>www\.)?(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)*)\."
    r"(?P<top>[a-z]{2,})(?![\w@-])(?P<path>(?:/[\w.%~#?=&+-]*)*)",
    re.IGNORECASE | re.ASCII,
)
GENERIC = frozenset(
    (
        "com", "net", "org", "info", "biz", "eu", "edu", "gov", "io", "shop", "asia", "store",
        "uk", "su", "example",
    )
)  # fmt: skip
"""Top-level domains that are no country's; "example" is that of drawn labels (RFC 2606)."""
UNKNOWN = "its domain is unknown"
SECOND = 0.5
"""Confidence of a line whose text the other engine read: its own is not known."""
LEAST = 7
"""Digits of a telephone number; shorter ones are its beginning or end."""
NEAR = 25
"""Characters between a cue and its number."""
LANGUAGE_REGION = {
    "en": "GB", "uk": "UA", "ru": "RU", "kk": "KZ", "tr": "TR", "no": "NO", "id": "ID", "ms": "MY", "vi": "VN",
    "th": "TH", "de": "DE", "fr": "FR", "it": "IT", "es": "ES", "pl": "PL", "nl": "NL",
}  # fmt: skip
"""Where a language is spoken, for numbers on a label that names no country."""


def find(page: Print) -> Iterator[Found]:
    """Each contact as printed, once per line; a telephone number may go on in the line below.

    The other engine's reading of a line counts where the first has nothing of the kind.
    """
    regions = _regions(page)
    for line in page.lines:
        for address in _read(line, find_addresses):
            yield _found(page, line, address)
        phones = _read(line, lambda text: find_phones(text, regions))
        for phone in phones or [""]:
            if longer := _over_two_lines(page, line, phone, regions):
                yield longer
            elif phone:
                yield _found(page, line, phone)


def _read(line: Line, finder: Callable[[str], Iterator[str]]) -> list[str]:
    """What a finder finds in a line as its engine reads it, else as the other does; each once."""
    found = list(finder(line.text)) or list(finder(line.second))
    return list({find_field(FIELD).normalise(value): value for value in reversed(found)}.values())


def _over_two_lines(page: Print, line: Line, value: str, regions: tuple[str, ...]) -> Found | None:
    """A telephone number that the end of a line divides: longer than what its first line holds."""
    if not line.text[-1:].isdigit() or not line.text.endswith(value):
        return None
    for later in page.below(line, 1):
        for longer in find_phones(f"{line.text} {later.text}", regions):
            if later.text[:1].isdigit() and len(longer) > len(value) and longer.startswith(value):
                lines = (line, later)
                return Found(FIELD, longer, evidence=page.evidence(lines), confidence=lowest(lines))
    return None


def _found(page: Print, line: Line, value: str) -> Found:
    first = value in re.sub(r"\+ (?=\d)", "+", line.text)
    witness: Witness = "second reader" if first and is_read_twice(line, value) else ""
    known = not any(c.isalpha() for c in value) or is_known_host(value)
    return Found(
        FIELD, value, evidence=page.evidence([line], value), witness=witness,
        confidence=line.confidence if first else min(line.confidence, SECOND),
        doubt="" if known else UNKNOWN,
    )  # fmt: skip


# ----- e-mail and web -------------------------------------------------------------------------


def find_addresses(text: str) -> Iterator[str]:
    """E-mail addresses and web sites; without "www" only under domains that exist."""
    mails = list(MAIL.finditer(text))
    yield from (m.group() for m in mails)
    for match in SITE.finditer(text):
        inside = any(m.start() <= match.start() < m.end() for m in mails)
        if not inside and _is_site(match):
            yield match.group().rstrip(".?&/")


def _is_site(match: re.Match[str]) -> bool:
    """Whether it is a web address and no sentence whose space is missing ("water.If")."""
    top, host = match["top"], match["host"]
    if not re.search(r"[a-z]{2}", host, re.IGNORECASE):
        return False
    if match["scheme"] or match["www"]:
        return True
    if not _is_top(top):
        return False
    name = match.group().partition("/")[0]
    plain = top.lower() in ("com", "net", "org", "eu", "info") and len(host) > 2
    return (plain and (name.islower() or name.isupper() or top.islower())) or (
        name.islower() and len(host) > 3
    )


def is_known_host(address: str) -> bool:
    """Whether the top-level domain of an address is one that we know; a letter may be cut off."""
    host = re.sub(r"^(?:.*@|https?://)", "", address.casefold()).partition("/")[0]
    return _is_top(host.rpartition(".")[2])


def _is_top(name: str) -> bool:
    import pycountry

    folded = name.lower()
    return folded in GENERIC or (
        len(folded) == 2 and pycountry.countries.get(alpha_2=folded.upper()) is not None
    )


# ----- telephone ------------------------------------------------------------------------------


def find_phones(text: str, regions: tuple[str, ...]) -> Iterator[str]:
    """Telephone numbers, as printed.

    Behind a cue or "+" a number needs only a length that its region has; elsewhere it must be
    dialled there and be written as only telephone numbers are.
    """
    text = re.sub(r"\+ (?=\d)", "+", text)
    cued = [cue.end for cue in find_cues(text, "telephone")]
    taken: list[range] = []
    for region in regions:
        for match in _numbers(text, region):
            start, raw = match.start, match.raw_string
            if any(start in span for span in taken) or _is_gtin(raw):
                continue
            if _digits(raw) < LEAST:
                continue
            near = raw.startswith("+") or any(
                _announces(text[end:start]) for end in cued if end <= start
            )
            valid = phonenumbers.is_valid_number(match.number)
            if near or (valid and _is_grouped(raw)):
                taken.append(range(start, match.end))
                yield raw


def _announces(between: str) -> bool:
    """Whether a cue so far before a number is meant for it."""
    return len(between) <= NEAR and not _digits(between)


def _digits(text: str) -> int:
    return sum(c.isdigit() for c in text)


def _numbers(text: str, region: str) -> Iterable[phonenumbers.PhoneNumberMatch]:
    leniency = phonenumbers.Leniency.POSSIBLE
    return phonenumbers.PhoneNumberMatcher(text, region or None, leniency=leniency)


def _is_grouped(raw: str) -> bool:
    """Written as only telephone numbers are: an area code in brackets, or 1-800-555-1234."""
    area = re.match(r"\+?\d?\s?\(0?\d{2,4}\)\s?\d", raw)
    return area is not None or re.fullmatch(r"1(?:-\d{3}){2}-\d{4}", raw) is not None


def _is_gtin(raw: str) -> bool:
    try:
        parse_gtin(raw)
    except SkulensError:
        return False
    return True


def _regions(page: Print) -> tuple[str, ...]:
    """Countries that the label names, then those of its languages, then any with "+"."""
    named = mentioned_countries("\n".join(line.text for line in page.lines))
    spoken = [LANGUAGE_REGION[code] for code in page.languages if code in LANGUAGE_REGION]
    return tuple(dict.fromkeys((*named, *spoken, "US", "")))
