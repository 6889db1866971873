"""Net content: amounts with a unit."""

import re
from collections.abc import Iterator

from skulens.values.units import parse_quantity
from skulens.verify.facts.found import Found
from skulens.verify.layout import Print

AMOUNT = re.compile(r"\d+(?:[.,]\d+)?\s*(?:ml|l|g|kg|oz|fl\.? ?oz)\b", re.IGNORECASE)


def find(page: Print) -> Iterator[Found]:
    for line in page.lines:
        for match in AMOUNT.finditer(line.text):
            if parse_quantity(match.group()):
                yield Found(
                    "attributes.net_content", match.group(),
                    evidence=page.evidence([line]), confidence=line.confidence,
                )  # fmt: skip
