"""The nouns of reading: what is claimed of a product, on what evidence, and what is true.

On disk one row per leaf: `claims.parquet`, `verdicts.parquet`, `gold.parquet`.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from skulens.records import Image

Source = Literal["bars", "ocr", "vlm", "seller", "truth"]
Quad = tuple[float, float, float, float, float, float, float, float]
"""x, y of four corners, clockwise from the top left of the text, pixels of the upright original."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a claim was read."""

    image: str
    """sha256 of the encoded picture; empty where no picture is meant."""
    source: Source
    quote: str = ""
    """What stands there, as read."""
    quad: Quad | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A field of a product has a value."""

    item: str
    """Product id."""
    field: str
    """Path of `skulens.values.fields`: "identifiers.gtin", "attributes.net_content"."""
    value: str | None
    """None: reported as not visible."""
    unit: str = ""
    language: str = ""
    evidence: tuple[Evidence, ...] = ()
    confidence: float | None = None
    predictor: str = ""
    """`SystemInfo.identity` of who claims it."""
    n: int = 0
    """Position in a field of many values."""

    @property
    def id(self) -> str:
        """sha256 of item, field, value, unit and n; 16 hexadecimal digits."""
        what = json.dumps(
            [self.item, self.field, self.value, self.unit, self.n], ensure_ascii=False
        )
        return hashlib.sha256(what.encode("utf-8", "surrogatepass")).hexdigest()[:16]


# ----- what pictures show ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text in a picture."""

    text: str
    quad: Quad
    confidence: float
    """Of its reader, in [0, 1]; comparable within one reader only."""
    reader: str = ""
    """Engine that read it: "rapidocr", "tesseract"."""
    second: str = ""
    """The same box as another engine reads it; empty: no other was asked, or it read nothing."""


@dataclass(frozen=True, slots=True)
class Code:
    """A bar code decoded in a picture."""

    text: str
    """As decoded; of UPC-E the 8 digits printed."""
    symbology: str
    """"EAN-13", "EAN-8", "UPC-A", "UPC-E", "ITF-14", "Code 128", "QR Code" ..."""
    quad: Quad
    gtin: str = ""
    """14 digits; empty where it is not a retail code."""
    looks: int = 1
    """Independent views of the picture (scales, turns, binarisations) that decode to this text."""
    sure: bool = True
    """False where too few views agree to rule out a misreading; such a code proves nothing."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What is known of one item's pictures, read once for all verifiers."""

    item: str
    pictures: tuple[Image, ...] = ()
    bars: Mapping[str, Sequence[Code]] = field(default_factory=dict)
    """sha256 of a picture -> its decoded bar codes."""
    lines: Mapping[str, Sequence[Line]] = field(default_factory=dict)
    """sha256 of a picture -> its lines of text, in reading order."""
    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """sha256 of a picture -> width and height of the upright original, in pixels."""
    languages: tuple[str, ...] = ()
    """ISO 639-1 codes of the texts, as far as they are known; empty: unknown."""


# ----- what verifiers say ---------------------------------------------------------------------

Label = Literal["VC", "VI", "U"]
"""Verifiable-correct, verifiable-incorrect, unverifiable (eBay, arXiv 2602.11733, Table 3)."""
Reason = Literal[
    "",
    "ocr",
    "malformed",
    "contradicted",
    "unsupported",
    "illegible",
    "not_pictured",
    "needs_knowledge",
]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the pictures support a claim."""

    claim: str
    """Its id."""
    label: Label
    sub: Reason = ""
    verifier: str = ""
    """Name and version: "gtin/1"."""
    confident: bool = True
    """False: pass the claim on to the next verifier of the chain."""
    evidence: tuple[Evidence, ...] = ()


Legibility = Literal["yes", "partly", "no", "not pictured", "unknown"]


@dataclass(frozen=True, slots=True)
class Gold:
    """What is true of one field of one product; a field of several values at once has several."""

    item: str
    field: str
    values: tuple[str, ...]
    """Alternatives, any of which is right; empty: the product truly lacks the field."""
    legible: Legibility = "unknown"
    """Whether a reader could know it from the pictures; "partly" is left out of scores, since
    legibility is relative to a reader."""
    images: tuple[str, ...] = ()
    """sha256 of pictures, or their paths within the catalogue, that show it."""
    group: str = ""
    """What is resampled: usually the item or its SPU."""
