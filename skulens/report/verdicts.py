"""Verdicts of claims: a summary by field for a terminal, and a page with the wrong ones first."""

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skulens import pictures
from skulens.catalog.claims import join_quotes
from skulens.catalog.rejects import list_rejects
from skulens.claims import Claim, Evidence, Label, Quad, Verdict
from skulens.errors import PictureError
from skulens.records import Image, Product, Reject, escape_surrogates
from skulens.report.boxes import NAMES, Mark, crop, draw_boxes
from skulens.report.html import write_html
from skulens.report.labels import STYLES, SUBS, short_field

if TYPE_CHECKING:
    import PIL.Image

    from skulens.catalog.claim_rows import ClaimTable
    from skulens.catalog.verdict_files import VerdictFiles
    from skulens.extract.verifying import Counts, Verified

ORDER: tuple[Label, ...] = ("VI", "U", "VC")
"""What has to be looked at first."""
MOST: Mapping[Label, int] = {"VI": 200, "U": 100, "VC": 60}
"""Claims of each verdict on a page; the table has all."""
HEADINGS = {
    "VI": "Contradicted: to correct",
    "U": "Undecided: to look at",
    "VC": "Confirmed",
}
ABOUT = {
    "VI": "The pictures show another value, or the value breaks a rule of its field.",
    "U": "First those of which something was read that does not prove them.",
    "VC": "The pictures show the value; beside each claim, where.",
}
CROP_PX = (560, 260)
"""Most width and height of a piece of evidence on the page."""
MARGIN = 1.0
"""Around evidence, in heights of its text or of its block: neighbours show what it belongs to."""
ROWS = 30
"""Fields in the table on a terminal; --json has all."""


def make_record(
    counts: "Counts", table: "ClaimTable", files: "VerdictFiles", stopped: bool
) -> dict[str, Any]:
    """What --json prints; counts of verdicts leave claims of "not visible" out."""
    fields = {
        path: {"claims": c.total(), **{label: c[label] for label in ORDER}}
        for path, c in sorted(counts.by_field.items(), key=_worst_first)
    }
    return {
        "rows": table.rows,
        "claims": counts.claims,
        "items": counts.items,
        "pictures": counts.pictures,
        "verdicts": {label: counts.total(label) for label in ORDER},
        "not_visible": counts.not_visible,
        "subs": dict(counts.subs.most_common()),
        "fields": fields,
        "columns_left_out": list(table.columns.left_out),
        "rejects": files.rejects,
        "out": str(files.out),
        "rejects_file": str(files.rejects_path) if files.rejects else None,
        "stopped": stopped,
    }


def _worst_first(entry: tuple[str, Mapping[str, int]]) -> tuple:
    path, counts = entry
    return -counts["VI"], -counts["U"], path


def print_verdicts(record: Mapping[str, Any], rejects: Sequence[Reject]) -> None:
    """A table by field, rejects, then one line: what was made and where."""
    from skulens.report.console import show
    from skulens.report.grid import Grid, Styled

    table = Grid("verdicts by field")
    table.add_column("field", "name")
    for heading in ("claims", *(NAMES[label] for label in ORDER)):
        table.add_column(heading, "number")
    fields = record["fields"]
    for path, found in list(fields.items())[:ROWS]:
        cells = [
            Styled(f"{found[label]:,}", STYLES[label] if found[label] else "dim") for label in ORDER
        ]
        table.add_row(path, f"{found['claims']:,}", *cells)
    if fields:
        show(table)
    if len(fields) > ROWS:
        click.echo(f"and {len(fields) - ROWS:,} more fields: see --json")
    if rejects:
        some = ", among them" if record["rejects"] > len(rejects) else ""
        click.echo(f"{record['rejects']:,} rejects{some}:", err=True)
    for said in list_rejects(rejects):
        click.echo(said, err=True)
    for line in remarks(record):
        click.echo(line)
    click.echo(sum_up(record))


def remarks(record: Mapping[str, Any]) -> list[str]:
    """Sentences on what one should know of a run."""
    said = []
    if record["not_visible"]:
        n = record["not_visible"]
        said.append(f"{n:,} claims say that a field is not visible; no photo proves that")
    if record["columns_left_out"]:
        said.append(f"columns left out: {', '.join(record['columns_left_out'])}")
    return said


def sum_up(record: Mapping[str, Any]) -> str:
    """The last line of a run."""
    verdicts = ", ".join(f"{record['verdicts'][label]:,} {NAMES[label]}" for label in ORDER)
    line = (
        f"{record['claims']:,} claims of {record['items']:,} items ({record['pictures']:,} "
        f"pictures): {verdicts}"
    )
    if record["not_visible"]:
        line += f", {record['not_visible']:,} not visible"
    if record["rejects"]:
        line += f"; {record['rejects']:,} rejects in {record['rejects_file']}"
    if record["stopped"]:
        line = f"stopped after {line}; the same command goes on from here"
    made = " and ".join(filter(None, (record["out"], record.get("page"))))
    return f"{line} -> {made}"


# ----- page -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Card:
    """A claim on the page."""

    item: str
    title: str
    field: str
    value: str
    label: Label
    why: str
    quote: str
    verifier: str
    where: str
    image: Image | None
    """The picture that holds the evidence."""
    evidence: tuple[Evidence, ...]
    """Those in that picture."""


class Page:
    """Collects claims for a page: the first MOST of each verdict, doubtful ones before the rest."""

    def __init__(self) -> None:
        self.shown: dict[Label, list[Card]] = {label: [] for label in ORDER}
        self.spare: list[Card] = []
        """Undecided claims without evidence, which fill up what others leave."""

    def add(self, verified: "Verified") -> None:
        """The claims of one item; those that say "not visible" are left out."""
        for told, verdict in zip(verified.told, verified.verdicts, strict=True):
            if told.claim.value is None:
                continue
            doubtful = verdict.label == "U" and not verdict.evidence
            place = self.spare if doubtful else self.shown[verdict.label]
            if len(place) < MOST[verdict.label]:
                place.append(make_card(verified.product, told.claim, verdict, told.where))

    def write(self, out: Path, record: Mapping[str, Any], claims: str, data: str) -> Path:
        """The page, self-contained. Returns `out`."""
        undecided = [*self.shown["U"], *self.spare][: MOST["U"]]
        cards = {**self.shown, "U": undecided}
        crops = crop_evidence([card for found in cards.values() for card in found])
        values = {
            "title": f"Claims of {claims} on {data}",
            "record": record,
            "order": ORDER,
            "names": NAMES,
            "headings": HEADINGS,
            "about": ABOUT,
            "cards": {
                label: [(c, crops.get(id(c), "")) for c in cards[label] if c.evidence]
                for label in ORDER
            },
            "bare": {label: [c for c in cards[label] if not c.evidence] for label in ORDER},
            "remarks": remarks(record),
        }
        return write_html("verdicts.html", out, values, {"short": short_field})


def make_card(product: Product, claim: Claim, verdict: Verdict, where: str) -> Card:
    """What the page shows of a claim."""
    first = verdict.evidence[0].image if verdict.evidence else ""
    image = next((i for i in product.images if first and _sha_of(i) == first), None)
    return Card(
        item=escape_surrogates(claim.item),
        title=escape_surrogates(product.title),
        field=claim.field,
        value=escape_surrogates(f"{claim.value} {claim.unit}".strip()),
        label=verdict.label,
        why=explain_verdict(verdict),
        quote=escape_surrogates(join_quotes(verdict.evidence)),
        verifier=verdict.verifier,
        where=where,
        image=image,
        evidence=tuple(e for e in verdict.evidence if e.image == first and e.quad),
    )


def explain_verdict(verdict: Verdict) -> str:
    """Why a claim has its verdict, in a few words."""
    if verdict.label == "U" and not verdict.evidence and verdict.sub in ("", "not_pictured"):
        return "nothing like it was read"
    if known := SUBS.get(verdict.sub, verdict.sub):
        return known
    if verdict.label == "VC" and any(e.source == "bars" for e in verdict.evidence):
        return "decoded from the bars"
    return "read, and not proved" if verdict.label == "U" else ""


def _sha_of(image: Image) -> str:
    try:
        return image.sha256()
    except (OSError, ValueError):
        return ""


def crop_evidence(cards: Sequence[Card]) -> dict[int, str]:
    """id of a card -> the part of its picture that holds the evidence, boxed, as a data URI.

    Cards of one picture share its decoding; pictures that cannot be read any more are left out.
    """
    by_image: dict[Image, list[Card]] = {}
    for card in cards:
        if card.image is not None and card.evidence:
            by_image.setdefault(card.image, []).append(card)
    found: dict[int, str] = {}
    for image, mine in by_image.items():
        try:
            picture = pictures.load(image)
        except PictureError:
            continue
        for card in mine:
            found[id(card)] = as_data_uri(cut_evidence(picture, card.evidence, card.label))
    return found


def cut_evidence(
    picture: "PIL.Image.Image", evidence: Sequence[Evidence], label: Label
) -> "PIL.Image.Image":
    """The part of a picture with all pieces of evidence, each in a box of the verdict's colour."""
    quads = [e.quad for e in evidence if e.quad]
    drawn = draw_boxes(picture, [Mark(quad, label) for quad in quads])
    part = crop(drawn, surround(quads), MARGIN)
    part.thumbnail(CROP_PX)
    return part


def surround(quads: Sequence[Quad]) -> Quad:
    """The upright frame around quads."""
    xs, ys = ([v for quad in quads for v in quad[i::2]] for i in (0, 1))
    left, top, right, bottom = min(xs), min(ys), max(xs), max(ys)
    return (left, top, right, top, right, bottom, left, bottom)


def as_data_uri(picture: "PIL.Image.Image") -> str:
    held = io.BytesIO()
    picture.save(held, "JPEG", quality=82)
    return "data:image/jpeg;base64," + base64.b64encode(held.getvalue()).decode()
