"""`POST /v1/read`: what bars and print on a photo say, each fact with its evidence."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field

from skulens.claims import Claim, Code, Evidence, Line, Quad, Verdict
from skulens.records import escape_surrogates
from skulens.serve.bodies import Body

if TYPE_CHECKING:
    from skulens.extract.labels import LabelReading


class ReadBody(Body):
    """A photo, or a picture of a product of the catalogue."""

    image: str | None = Field(None, description="data:image/jpeg;base64,...")
    product: str | None = Field(None, description="id of a product")
    view: int | None = Field(
        None, ge=0, description="which of the product's pictures; 0: the first"
    )
    region: tuple[int, int, int, int] | None = Field(
        None, description="left, top, width, height in pixels of the upright picture"
    )
    languages: list[str] = Field(
        default_factory=list, max_length=16, description="of the print: en, vi, th ..."
    )


class SizeBody(Body):
    """The picture that was read, upright."""

    sha256: str
    width: int
    height: int


class LineBody(Body):
    """A line of text."""

    text: str
    confidence: float
    reader: str
    quad: list[float] = Field(description="x, y of four corners, pixels of the upright picture")


class BarBody(Body):
    """A bar code."""

    text: str
    symbology: str
    gtin: str = Field(description="14 digits; empty: no retail code")
    sure: bool
    quad: list[float]


class VerdictBody(Body):
    """Whether the picture supports a claim."""

    label: str = Field(description="VC: confirmed, VI: contradicted, U: undecided")
    sub: str
    verifier: str


class EvidenceBody(Body):
    """Where a claim was read."""

    image: str
    source: str
    quote: str
    quad: list[float] | None


class ClaimBody(Body):
    """A field has a value."""

    field: str
    value: str | None
    unit: str
    language: str
    confidence: float | None
    verdict: VerdictBody
    evidence: list[EvidenceBody]


class ShownEvidence(EvidenceBody):
    """The same, of a product."""

    view: int | None = Field(description="of the product's pictures; null: none of them here")


class ProductClaim(ClaimBody):
    """A claim that the store has of a product."""

    evidence: list[ShownEvidence]  # type: ignore[assignment]  # of more fields
    fact: str = Field(description="the product's field that it is about; empty: it has none")
    same: bool = Field(description="whether it claims a value that the product has there")


class UnreadBody(Body):
    """What of the picture could not be read."""

    reason: str
    todo: str


class ReadAnswer(Body):
    """All that was read."""

    pictures: list[SizeBody]
    lines: list[LineBody]
    bars: list[BarBody]
    claims: list[ClaimBody]
    rejects: list[UnreadBody]


class Place:
    """Where what was read lies in the whole picture.

    Args:
        names: sha256 of what was read -> of the whole picture.
        left, top: of the region that was read.
    """

    def __init__(self, names: Mapping[str, str], left: int = 0, top: int = 0):
        self.names, self.left, self.top = names, left, top

    def quad(self, quad: Quad) -> list[float]:
        moves = (self.left, self.top)
        return [round(v + moves[i % 2], 1) for i, v in enumerate(quad)]


def write_reading(
    reading: "LabelReading", size: tuple[int, int], sha256: str, place: Place
) -> dict[str, Any]:
    """`ReadAnswer` of a reading.

    Args:
        size: width and height of the whole upright picture; sha256: of its bytes.
    """
    seen = reading.seen
    facts = zip(reading.claims, reading.verdicts, strict=True)
    return {
        "pictures": [{"sha256": sha256, "width": size[0], "height": size[1]}],
        "lines": [write_line(x, place) for x in all_of(seen.lines)],
        "bars": [write_bar(x, place) for x in all_of(seen.bars)],
        "claims": [write_claim(claim, verdict, place) for claim, verdict in facts],
        "rejects": [{"reason": r.reason, "todo": r.todo} for r in reading.rejects],
    }


def all_of(held: Mapping[str, Sequence[Any]]) -> Iterator[Any]:
    return (one for listed in held.values() for one in listed)


def write_line(line: Line, place: Place) -> dict[str, Any]:
    return {
        "text": escape_surrogates(line.text),
        "confidence": round(line.confidence, 4),
        "reader": line.reader,
        "quad": place.quad(line.quad),
    }


def write_bar(code: Code, place: Place) -> dict[str, Any]:
    return {
        "text": escape_surrogates(code.text),
        "symbology": code.symbology,
        "gtin": code.gtin,
        "sure": code.sure,
        "quad": place.quad(code.quad),
    }


def write_claim(claim: Claim, verdict: Verdict, place: Place) -> dict[str, Any]:
    return {
        "field": claim.field,
        "value": None if claim.value is None else escape_surrogates(claim.value),
        "unit": claim.unit,
        "language": claim.language,
        "confidence": None if claim.confidence is None else round(claim.confidence, 4),
        "verdict": {"label": verdict.label, "sub": verdict.sub, "verifier": verdict.verifier},
        "evidence": [write_evidence(one, place) for one in claim.evidence],
    }


def write_evidence(evidence: Evidence, place: Place) -> dict[str, Any]:
    return {
        "image": place.names.get(evidence.image, evidence.image),
        "source": evidence.source,
        "quote": escape_surrogates(evidence.quote),
        "quad": None if evidence.quad is None else place.quad(evidence.quad),
    }
