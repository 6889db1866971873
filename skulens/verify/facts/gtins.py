"""GTINs: of decoded bars, and of printed digits with a right check digit."""

import re
from collections.abc import Iterator

from skulens.claims import Evidence
from skulens.errors import SkulensError
from skulens.values.gtin import parse_gtin
from skulens.verify.facts.found import Found
from skulens.verify.layout import Print

DIGITS = re.compile(r"\d[\d ]{6,}\d")


def find(page: Print) -> Iterator[Found]:
    """Codes first, then printed digits."""
    for code in page.codes:
        if code.gtin:
            evidence = (Evidence(page.image, "bars", code.text, code.quad),)
            yield Found(
                "identifiers.gtin", code.text, evidence=evidence,
                witness="bars" if code.sure else "", doubt="" if code.sure else "few views agree",
            )  # fmt: skip
    for line in page.lines:
        for match in DIGITS.finditer(line.text):
            try:
                parse_gtin(match.group())
            except SkulensError:
                continue
            yield Found(
                "identifiers.gtin", re.sub(" ", "", match.group()),
                evidence=page.evidence([line]), confidence=line.confidence, witness="check digit",
            )  # fmt: skip
