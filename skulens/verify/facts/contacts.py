"""Telephone, e-mail and web addresses of makers. They are read, never opened or called."""

import re
from collections.abc import Iterator

import phonenumbers

from skulens.claims import Line
from skulens.errors import SkulensError
from skulens.values.gtin import parse_gtin
from skulens.verify.facts.found import Found
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
        "com",
        "net",
        "org",
        "info",
        "biz",
        "eu",
        "edu",
        "gov",
        "io",
        "shop",
        "asia",
        "store",
        "uk",
        "su",
    )
)
"""Top-level domains that are no country's."""
SECOND = 0.5
"""Confidence of a line whose text the other engine read: its own is not known."""
LANGUAGE_REGION = {
    "uk": "UA", "ru": "RU", "kk": "KZ", "tr": "TR", "no": "NO", "id": "ID", "ms": "MY", "vi": "VN",
    "th": "TH", "de": "DE", "fr": "FR", "it": "IT", "es": "ES", "pl": "PL", "nl": "NL",
}  # fmt: skip
"""Where a language is spoken, for numbers on a label that names no country."""


def find(page: Print) -> Iterator[Found]:
    """Each contact as printed, once per line."""
    regions = _regions(page)
    for line in page.lines:
        texts = {line.text: line.confidence}
        if line.second:
            texts.setdefault(line.second, min(line.confidence, SECOND))
        seen: set[str] = set()
        for text, confidence in texts.items():
            for value in (*find_addresses(text), *find_phones(text, regions)):
                if value.casefold() not in seen:
                    seen.add(value.casefold())
                    yield _found(page, line, value, confidence)


def _found(page: Print, line: Line, value: str, confidence: float) -> Found:
    twice = is_read_twice(line, value) and value in line.text
    return Found(
        FIELD, value, evidence=page.evidence([line], value), confidence=confidence,
        witness="second reader" if twice else "",
    )  # fmt: skip


# ----- e-mail and web -------------------------------------------------------------------------


def find_addresses(text: str) -> Iterator[str]:
    """E-mail addresses and web sites; only under domains that exist."""
    mails = [m for m in MAIL.finditer(text) if _is_top(m[1])]
    yield from (m.group() for m in mails)
    for match in SITE.finditer(text):
        inside = any(m.start() <= match.start() < m.end() for m in mails)
        if not inside and _is_site(match):
            yield match.group().rstrip(".?&/")


def _is_site(match: re.Match[str]) -> bool:
    """Whether it is a web address and no sentence whose space is missing ("water.If")."""
    top, host = match["top"], match["host"]
    if not _is_top(top) or not re.search(r"[a-z]{2}", host, re.IGNORECASE):
        return False
    if match["scheme"] or match["www"]:
        return True
    name = match.group().partition("/")[0]
    plain = top.lower() in ("com", "net", "org", "eu", "info") and len(host) > 2
    return (plain and (name.islower() or name.isupper() or top.islower())) or (
        name.islower() and len(host) > 3
    )


def _is_top(name: str) -> bool:
    import pycountry

    folded = name.lower()
    return folded in GENERIC or (
        len(folded) == 2 and pycountry.countries.get(alpha_2=folded.upper()) is not None
    )


# ----- telephone ------------------------------------------------------------------------------


def find_phones(text: str, regions: tuple[str, ...]) -> Iterator[str]:
    """Numbers that are valid in a region, and told from other numbers by "+", cue or brackets."""
    cued = [cue.end for cue in find_cues(text, "telephone")]
    taken: list[range] = []
    text = re.sub(r"\+ (?=\d)", "+", text)
    for region in regions:
        for match in phonenumbers.PhoneNumberMatcher(text, region or None):
            if any(match.start in span for span in taken) or _is_gtin(match.raw_string):
                continue
            near = any(end <= match.start <= end + 25 for end in cued)
            if near or match.raw_string.startswith("+") or _is_grouped(match.raw_string):
                taken.append(range(match.start, match.end))
                yield match.raw_string


def _is_grouped(raw: str) -> bool:
    """Written as only telephone numbers are: an area code in brackets, or 1-800-555-1234."""
    return bool(
        re.match(r"\+?\d?\s?\(0?\d{2,4}\)\s?\d", raw) or re.fullmatch(r"1(?:-\d{3}){2}-\d{4}", raw)
    )


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
