"""Are codes decoded right, is a wrong one ever proven, and what does the ladder cost?

On the photos of `barcodes`: zxing-cpp with its default options against the ladder, on the same
decoded pictures, one after the other for each photo, so that both see the same load of the machine.
Intervals are clustered by code: all photos of one code show the same object. What was chosen by
looking at photos (order of views, thresholds) was chosen on the half "tuned"; halves are of codes.
What limits speed: photos without a readable code, for which every view is tried.

    python -m benchmarks.barcodes $SKULENS_DATA/barcodes --save
"""

import argparse
import csv
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import zxingcpp

from benchmarks.common import report, time_call
from skulens import pictures
from skulens.catalog.barcodes import code_forms, item_of
from skulens.claims import Code, Seen
from skulens.evaluate.intervals import Grouped, intervals
from skulens.extract.bars import claims_of_codes, decode_once
from skulens.records import Image
from skulens.values.gtin import parse_gtin
from skulens.verify.bars.ladder import NAME, decode_bars
from skulens.verify.checks.gtin import GtinVerifier

BESIDE = {"9784872348880": "1920081045006", "1920081045006": "9784872348880"}
"""Japanese books carry two codes, one above the other; the labels name one, both are true."""
SYMBOLOGIES = ("EAN-13", "EAN-8", "UPC-A", "UPC-E", "none")


@dataclass(frozen=True)
class Photo:
    """What one system made of one photo."""

    photo: str
    symbology: str
    code: str
    half: str
    system: str
    right: bool
    wrong: int
    """Numbers that are not in the picture."""
    beside: int
    """True numbers of the same object that the labels do not name."""
    verdicts: dict[str, int]
    """"VC right", "VC wrong", "VI right", "U right", "U wrong" ... of the claims made."""
    ms: float


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    photos = list(measure(args.data))
    rows = [
        row
        for system in ("zxing", "bars")
        for half in ("both", "tuned", "held")
        for symbology in ("all", *SYMBOLOGIES)
        if (row := sum_up(photos, system, half, symbology))
    ]
    settings = {"data": "barcodes", "ladder": NAME, "ms": compare_times(photos)}
    print(settings["ms"])
    report("barcodes", rows, settings, args.save, [asdict(photo) for photo in photos])


def measure(root: Path) -> Iterable[Photo]:
    """Both systems on every photo, in turn."""
    table = (root / "labels.csv").read_text(encoding="utf-8")
    for cells in csv.DictReader(table.splitlines()):
        data = (root / cells["image"]).read_bytes()
        picture = pictures.decode(data)
        found: dict[str, list[Code]] = {}
        seconds = {
            "zxing": time_call(lambda p=picture: zxingcpp.read_barcodes(p)),  # type: ignore[misc]
            "bars": time_call(lambda p=picture, f=found: f.update(bars=decode_bars(p))),  # type: ignore[misc]
        }
        found["zxing"] = decode_once(picture)
        for system, codes in found.items():
            yield judge(cells, system, codes, data, 1e3 * seconds[system])


def judge(cells: dict[str, str], system: str, codes: list[Code], data: bytes, ms: float) -> Photo:
    """Claims of a system against the label, and what the verifier says of them, bars alone."""
    item, code = item_of(cells), cells["text"]
    true = {parse_gtin(form, cells["symbology"]).digits for form in code_forms(cells)}
    beside = parse_gtin(BESIDE[code]).digits if code in BESIDE else ""
    sha256 = hashlib.sha256(data).hexdigest()
    claims = list(claims_of_codes(item, [(sha256, codes)], system))
    seen = Seen(item, (Image(data=data),), {sha256: codes})
    values = [gtin_of_claim(claim.value, codes) for claim in claims]
    verdicts: dict[str, int] = {}
    for value, verdict in zip(values, GtinVerifier().verify(claims, seen), strict=True):
        what = "right" if value in true else "beside" if value == beside else "wrong"
        key = f"{verdict.label} {what}"
        verdicts[key] = verdicts.get(key, 0) + 1
    return Photo(
        item,
        cells["symbology"],
        code,
        half_of(code or cells["image"]),
        system,
        bool(true & set(values)),
        sum(value not in true and value != beside for value in values),
        sum(value == beside for value in values),
        verdicts,
        round(ms, 3),
    )


def gtin_of_claim(text: str | None, codes: Sequence[Code]) -> str:
    return next(code.gtin for code in codes if code.text == text)


def half_of(code: str) -> str:
    """Halves of codes by their hash, as declared before the first measurement."""
    return "held" if int(hashlib.sha256(code.encode()).hexdigest()[0], 16) % 2 else "tuned"


def sum_up(photos: Sequence[Photo], system: str, half: str, symbology: str) -> dict | None:
    """A line of the table."""
    chosen = [
        photo
        for photo in photos
        if photo.system == system
        and half in ("both", photo.half)
        and symbology in ("all", photo.symbology)
    ]
    if not chosen:
        return None
    with_code = [photo for photo in chosen if photo.code]
    verdicts: dict[str, int] = {}
    for photo in chosen:
        for key, n in photo.verdicts.items():
            verdicts[key] = verdicts.get(key, 0) + n
    return {
        "system": system,
        "half": half,
        "symbology": symbology,
        "photos": len(chosen),
        "codes": len({photo.code for photo in with_code}),
        "right": sum(photo.right for photo in with_code),
        "share": interval_of(with_code),
        "missed": sum(not photo.right for photo in with_code),
        "wrong": sum(photo.wrong for photo in with_code),
        "invented": sum(photo.wrong for photo in chosen if not photo.code),
        "verdicts": ", ".join(f"{n} {key}" for key, n in sorted(verdicts.items())),
    }


def interval_of(photos: Sequence[Photo]) -> str:
    """Share of photos read right with its 95 % interval over codes."""
    if not photos:
        return ""
    names = sorted({photo.code for photo in photos})
    groups = np.array([names.index(photo.code) for photo in photos])
    values = np.array([[float(photo.right)] for photo in photos])
    found = intervals(Grouped.of(values, groups).micro())[0]
    return f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})"


def compare_times(photos: Sequence[Photo]) -> dict[str, float]:
    """Milliseconds per photo of both, and how many times the default call the ladder takes."""
    default, ours = (
        np.array([photo.ms for photo in photos if photo.system == system])
        for system in ("zxing", "bars")
    )
    read = np.array([p.right for p in photos if p.system == "zxing"])
    return {
        "zxing median": round(float(np.median(default)), 2),
        "zxing p95": round(float(np.quantile(default, 0.95)), 2),
        "bars median": round(float(np.median(ours)), 2),
        "bars p95": round(float(np.quantile(ours, 0.95)), 2),
        "bars mean": round(float(ours.mean()), 2),
        "ratio of medians": round(float(np.median(ours) / np.median(default)), 2),
        "ratio of medians where the default call is right": round(
            float(np.median(ours[read]) / np.median(default[read])), 2
        ),
        "median of ratios": round(float(np.median(ours / default)), 2),
    }


if __name__ == "__main__":
    main()
