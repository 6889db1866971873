"""What was read of photos: a table for a terminal, JSON for programs, pictures and a page."""

import base64
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skulens import pictures
from skulens.claims import Claim, Code, Evidence, Label, Line, Quad, Verdict
from skulens.errors import PictureError
from skulens.records import Image, Reject, escape_surrogates
from skulens.report.boxes import NAMES, Mark, draw_boxes, with_legend
from skulens.report.grid import Grid, Styled
from skulens.report.html import write_html

if TYPE_CHECKING:
    import PIL.Image

    from skulens.extract.labels import LabelReading

ORDER = {"VC": 0, "U": 1, "VI": 2}
PAGE_PX = 1000
"""Longer side of a picture on the page."""
SHOWN_PX = 2000
"""Longer side of a drawn picture."""
SMALL_PX = 1000
"""Smaller pictures are enlarged to it, so that numbers do not cover the print."""
MOST = 300
"""Photos on a page; the rest is counted."""
SUBS = {
    "": "",
    "ocr": "read in print",
    "malformed": "breaks a rule of its field",
    "contradicted": "the picture shows another value",
    "unsupported": "its place is shown, and it is not there",
    "illegible": "not legible",
    "not_pictured": "not in the picture",
    "needs_knowledge": "cannot be told from a picture",
}
STYLES = {"VC": "green", "VI": "bold red", "U": "yellow"}
UNDECIDED = "one reading, nothing confirms it"


@dataclass(frozen=True, slots=True)
class Row:
    """A fact of one photo."""

    number: int
    field: str
    value: str
    label: Label
    why: str
    quote: str
    verifier: str
    quads: tuple[Quad, ...]

    @property
    def word(self) -> str:
        return NAMES[self.label]

    @property
    def words(self) -> str:
        return f"{short_field(self.field)}: {self.value}"


@dataclass(frozen=True)
class Photo:
    """What one photo shows."""

    path: str
    image: Image | None
    sha256: str
    rows: tuple[Row, ...] = ()
    codes: tuple[Code, ...] = ()
    lines: tuple[str, ...] = ()
    """All text that was read, in reading order."""
    rejects: tuple[Reject, ...] = ()

    def marks(self) -> list[Mark]:
        """Boxes of the facts, numbered as the rows; a fact of several lines has several."""
        return [
            Mark(quad, row.label, row.number, row.words if i == 0 else "")
            for row in self.rows
            for i, quad in enumerate(row.quads)
        ]


def to_record(reading: "LabelReading") -> Iterator[dict[str, Any]]:
    """One JSON object per photo of a reading: codes, fields, lines, rejects."""
    facts = list(zip(reading.claims, reading.verdicts, strict=True))
    for image, sha in zip(reading.product.images, hashes_of(reading), strict=True):
        here = [(c, v) for c, v in facts if any(e.image == sha for e in c.evidence)]
        yield {
            "image": image.path or "",
            "sha256": sha,
            "size": list(reading.seen.sizes.get(sha, ())),
            "codes": [as_code(code, here) for code in reading.seen.bars.get(sha, ())],
            "fields": [as_field(claim, verdict, sha) for claim, verdict in here],
            "lines": [as_line(line) for line in reading.seen.lines.get(sha, ())],
            "rejects": [as_reject(r) for r in reading.rejects if r.source == image.path],
        }


def hashes_of(reading: "LabelReading") -> Iterator[str]:
    """sha256 of each picture that was read, "" of one that was not; in the product's order."""
    read = list(reading.seen.sizes)
    for image in reading.product.images:
        if len(reading.product.images) == 1:
            yield read[0] if read else ""
            continue
        try:
            sha = image.sha256()
        except OSError:
            sha = ""
        yield sha if sha in read else ""


def as_line(line: Line) -> dict[str, Any]:
    return {
        "text": escape_surrogates(line.text),
        "confidence": round(line.confidence, 4),
        "reader": line.reader,
        "second": escape_surrogates(line.second),
        "quad": rounded(line.quad),
    }


def as_code(code: Code, facts: Sequence[tuple[Claim, Verdict]]) -> dict[str, Any]:
    """A code: of a retail code its claim's verdict, of another whether its decoding is sure."""
    label = "VC" if code.sure else "U"
    for claim, verdict in facts:
        if any(e.source == "bars" and e.quad == code.quad for e in claim.evidence):
            label = verdict.label
    return {"value": escape_surrogates(code.text), "symbology": code.symbology, "gtin": code.gtin,
            "verdict": label, "quad": rounded(code.quad)}  # fmt: skip


def as_field(claim: Claim, verdict: Verdict, sha: str) -> dict[str, Any]:
    here = [e for e in claim.evidence if e.image == sha]
    return {
        "field": claim.field,
        "value": escape_surrogates(claim.value or ""),
        "unit": claim.unit,
        "verdict": verdict.label,
        "sub": verdict.sub,
        "quote": escape_surrogates(quote_of(here)),
        "quad": rounded(here[0].quad) if here and here[0].quad else None,
        "quads": [rounded(e.quad) for e in here if e.quad],
        "verifier": verdict.verifier,
        "confidence": None if claim.confidence is None else round(claim.confidence, 4),
    }


def as_reject(reject: Reject) -> dict[str, str]:
    return {"reason": reject.reason, "todo": reject.todo}


def quote_of(evidence: Iterable[Evidence]) -> str:
    return " / ".join(dict.fromkeys(e.quote for e in evidence if e.quote))


def rounded(quad: Quad) -> list[float]:
    return [round(v, 1) for v in quad]


# ----- photos -----------------------------------------------------------------------------------


def photos_of(reading: "LabelReading", records: Iterable[Mapping[str, Any]]) -> Iterator[Photo]:
    """The photos of a reading from their records (`to_record`), facts numbered photo by photo."""
    for image, record in zip(reading.product.images, records, strict=True):
        rejects = tuple(r for r in reading.rejects if r.source == image.path)
        rows = [row_of(i, fact) for i, fact in enumerate(record["fields"], 1)]
        sha = record.get("sha256", "")
        yield Photo(
            record["image"], image, sha, tuple(rows), tuple(reading.seen.bars.get(sha, ())),
            tuple(line["text"] for line in record["lines"]), rejects,
        )  # fmt: skip


def row_of(number: int, fact: Mapping[str, Any]) -> Row:
    label: Label = fact["verdict"]
    why = SUBS.get(fact["sub"], fact["sub"]) or ("decoded from the bars" if label == "VC" else "")
    value = f"{fact['value']} {fact['unit']}".strip()
    return Row(
        number, fact["field"], value, label, why or UNDECIDED, fact["quote"], fact["verifier"],
        tuple(tuple(q) for q in fact["quads"]),
    )  # fmt: skip


def short_field(path: str) -> str:
    """A field as people read it: "attributes.nutrition.fat" -> "nutrition: fat"."""
    return path.partition(".")[2].replace("_", " ").replace(".", ": ")


def make_table(photo: Photo) -> Grid:
    """Facts of one photo, for a terminal."""
    table = Grid(photo.path)
    table.add_column("no.", "number")
    table.add_column("field", "name")
    for heading in ("value", "verdict", "as printed"):
        table.add_column(heading, least=13, drop=heading == "as printed")
    for row in photo.rows:
        word = Styled(row.word, STYLES[row.label])
        quote = row.quote if row.quote != row.value else ""
        table.add_row(str(row.number), short_field(row.field), row.value, word, quote[:80])
    for code in photo.codes:
        if not code.gtin:
            table.add_row("", code.symbology, code.text[:80], "", "not a retail code; not opened")
    return table


def load_picture(photo: Photo, side_px: int) -> "PIL.Image.Image | None":
    """The upright picture, at most `side_px` on its longer side; None where it cannot be read."""
    if photo.image is None:
        return None
    try:
        picture = pictures.load(photo.image)
    except PictureError:
        return None
    picture.thumbnail((side_px, side_px))
    grown = SMALL_PX / max(picture.size)
    if grown > 1:
        size = (max(1, round(picture.width * grown)), max(1, round(picture.height * grown)))
        picture = picture.resize(size)
    return picture


def scaled_marks(photo: Photo, size: tuple[int, int], shown: tuple[int, int]) -> list[Mark]:
    """Marks in the pixels of a picture shown smaller than it is."""
    x, y = shown[0] / size[0], shown[1] / size[1]
    return [
        Mark(scale_quad(mark.quad, x, y), mark.label, mark.number, mark.words)
        for mark in photo.marks()
    ]


def scale_quad(quad: Quad, x: float, y: float) -> Quad:
    return tuple(v * (y if i % 2 else x) for i, v in enumerate(quad))  # type: ignore[return-value]


def draw_photo(photo: Photo, size: tuple[int, int], out: Path) -> Path | None:
    """The photo with its boxes and a legend, as JPEG at `out`; None where it cannot be read."""
    picture = load_picture(photo, SHOWN_PX)
    if picture is None:
        return None
    drawn = with_legend(picture, scaled_marks(photo, size, picture.size))
    out.parent.mkdir(parents=True, exist_ok=True)
    drawn.save(out, "JPEG", quality=88)
    return out


def picture_with_boxes(photo: Photo, size: tuple[int, int]) -> str:
    """The photo with its boxes as a data URI; "" where it cannot be read."""
    picture = load_picture(photo, PAGE_PX)
    if picture is None:
        return ""
    drawn = draw_boxes(picture, scaled_marks(photo, size, picture.size))
    held = io.BytesIO()
    drawn.save(held, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(held.getvalue()).decode()


class Page:
    """Collects photos for a page; the first MOST with their pictures."""

    def __init__(self) -> None:
        self.shown: list[dict[str, Any]] = []
        self.more = 0
        self.counts = dict.fromkeys(ORDER, 0)
        self.rejects: list[dict[str, str]] = []
        self.photos = 0

    def add(self, photo: Photo, size: tuple[int, int]) -> None:
        self.photos += 1
        for row in photo.rows:
            self.counts[row.label] += 1
        for reject in photo.rejects:
            self.rejects.append({"path": photo.path, "reason": reject.reason})
        if not photo.sha256:
            return
        if len(self.shown) >= MOST:
            self.more += 1
            return
        self.shown.append(
            {
                "name": Path(photo.path).name, "rows": photo.rows, "lines": photo.lines,
                "picture": picture_with_boxes(photo, size),
                "codes": [c for c in photo.codes if not c.gtin],
            }
        )  # fmt: skip

    def write(self, out: Path, about: str) -> Path:
        """The page, self-contained. Returns `out`."""
        values = {
            "photos": self.shown, "more": self.more, "counts": self.counts, "names": NAMES,
            "rejects": self.rejects, "total": self.photos, "about": about,
            "title": f"{self.photos:,} photo{'s' * (self.photos != 1)} read",
        }  # fmt: skip
        return write_html("labels.html", out, values, {"short": short_field})
