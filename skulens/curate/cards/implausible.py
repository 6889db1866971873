"""Keys that no card should have: rules that need no model (MERIT A.2.1, attribute verification).

The paper lets a model drop what nobody searches by: identifiers, dates of publication, "Batteries
Included". The words below are English, as the keys of MERIT are; the rules on form and on values
hold for any language.
"""

from collections.abc import Iterator
from dataclasses import dataclass

LONGEST_KEY = 40
"""Characters; the longest key of MERIT's cards has 22."""
MOST_KEY_WORDS = 5
LONGEST_VALUE = 60
"""Characters; the longest value of MERIT's cards has 34."""
IDENTIFYING = 0.95
"""Values per product from which a key identifies single products."""
LEAST_IDENTIFIED = 20
"""Products from which that can be told."""
IDENTIFIERS = frozenset((
    "isbn", "issn", "isbn issn", "isbn 10", "isbn 13", "gtin", "ean", "upc", "asin", "sku", "spu",
    "barcode", "bar code", "item number", "item no", "item model number", "model number", "part number",
    "mpn", "serial number", "article number", "product id", "item id", "product code", "batch number",
    "lot number", "registration number", "licence number", "license number", "certificate number",
))  # fmt: skip
BOOKKEEPING = frozenset((
    "publication date", "date of publication", "publisher", "version", "edition", "number of pages",
    "pages", "language", "date first available", "best sellers rank", "customer reviews", "rating",
    "reviews", "price", "discount", "stock", "quantity available", "seller", "ships from", "shipping",
    "shipping weight", "shipping method", "delivery time", "return policy", "warranty type", "url",
    "link", "image", "title", "description", "category", "listing date", "batteries included",
    "battery included", "batteries required", "expiry date", "expiration date", "manufacturing date",
    "production date", "best before", "importer", "importer name", "importer address", "manufacturer name",
    "manufacturer address", "packer", "contact", "email", "phone number", "gift for",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class KeyCounts:
    """What is known of a key within a class."""

    form: str
    """Its form for comparison."""
    name: str
    """As it is written on a card."""
    products: int
    """That have the key."""
    values: int
    """Different ones."""
    in_classes: int = 1
    """Classes that have the key."""


def why_implausible(key: KeyCounts) -> str:
    """The reason for which a key is refused; "" for a plausible one."""
    return next(_reasons(key), "")


def _reasons(key: KeyCounts) -> Iterator[str]:
    if key.form in IDENTIFIERS:
        yield "an identifier: it tells single products"
    if key.form in BOOKKEEPING:
        yield "bookkeeping: nobody searches by it"
    if not any(c.isalpha() for c in key.form):
        yield "no letters"
    if len(key.name) > LONGEST_KEY or len(key.form.split()) > MOST_KEY_WORDS:
        yield f"more than {LONGEST_KEY} characters or {MOST_KEY_WORDS} words"
    if key.products >= LEAST_IDENTIFIED and key.values >= IDENTIFYING * key.products:
        yield f"{key.values:,} different values in {key.products:,} products: it tells single ones"


def is_sentence(value: str) -> bool:
    """Whether a value is too long to be one."""
    return len(value) > LONGEST_VALUE
