"""Claims with their verdicts, as `skulens verify` and `skulens read-labels` write them.

Verdicts (VERDICTS, one row per claim) name their product. Readings (one object per photo) name the
photo by its sha256, and whoever has a product with that picture says whose facts they are. What
cannot be used is rejected with its place, the reason and what to do.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from skulens.catalog.mapping import RowError, as_id, as_text, explain
from skulens.catalog.tables import Row, open_table
from skulens.claims import Claim, Evidence, Label, Quad, Reason, Source, Verdict
from skulens.errors import DataError, UnknownName
from skulens.records import Reject, escape_surrogates
from skulens.values.fields import find_path

VERDICT_COLUMNS = frozenset(("item", "field", "value", "label"))
PHOTO_COLUMNS = frozenset(("sha256", "fields"))
LABELS, REASONS = frozenset(get_args(Label)), frozenset(get_args(Reason))
SHA256 = re.compile(r"[0-9a-f]{64}")
LONGEST = 1000
"""Characters of a value, and of a quote; of a longer quote the beginning is kept."""
LARGEST = 1e9
"""Of coordinates and confidences."""
AGAIN = "write the file again with `skulens verify` or `skulens read-labels --json`"


@dataclass(frozen=True, slots=True)
class Judged:
    """A claim, its verdict and where they stand."""

    claim: Claim
    """Without an item where a photo was read."""
    verdict: Verdict
    photo: str
    """sha256 of the photo that was read; empty where the claim names its item."""
    where: str
    """File and line."""


class VerdictTable:
    """A file of verdicts, or of readings.

    Args:
        path: what `verify --out` wrote, or what `read-labels --json` printed; also as CSV, JSONL
            or Parquet with the same columns.
    Raises:
        MissingFile, DataError: no such file, an empty one, one that holds something else.
    """

    def __init__(self, path: Path):
        self.path = Path(path)
        self._table = open_table(self.path)
        columns = set(self._table.columns)
        self.photos = columns >= PHOTO_COLUMNS
        if not self.photos and not columns >= VERDICT_COLUMNS:
            has = ", ".join(self._table.columns[:20]) or "none"
            raise DataError(
                f"{path} holds no claims with verdicts: expected the columns item, field, value, "
                "label (`skulens verify CLAIMS --catalog DATA --out FILE`) or sha256, fields "
                f"(`skulens read-labels PHOTOS --json > FILE`); it has: {has}"
            )

    def read(self, reject: Callable[[Reject], object]) -> Iterator[Judged]:
        """Every claim in the order of the file; what cannot be used goes to `reject`."""

        def refuse(where: str, reason: str, todo: str) -> None:
            reject(Reject(where, "", reason, todo))

        read = self._read_photo if self.photos else self._read_verdict
        for row in self._table.rows(refuse):
            for judged in read(row):
                if isinstance(judged, Reject):
                    reject(judged)
                else:
                    yield judged

    def _read_verdict(self, row: Row) -> Iterator[Judged | Reject]:
        cells, item = row.cells, ""
        try:
            item = as_id(cells.get("item"))
            verdict = read_verdict(cells, cells.get("label"))
            evidence = read_place(cells, is_decoded(verdict))
            claim = read_claim(item, cells, evidence)
        except ValueError as e:
            yield Reject(row.where, item, *explain(e))
            return
        yield Judged(claim, verdict, "", row.where)

    def _read_photo(self, row: Row) -> Iterator[Judged | Reject]:
        cells = row.cells
        named = escape_surrogates(str(cells.get("image") or "")[:80])
        try:
            photo = read_sha256(cells.get("sha256"))
            if not photo:
                raise RowError("the photo was not read", "replace the photo and read it again")
            facts = read_objects(cells.get("fields"), "fields")
            codes = read_objects(cells.get("codes"), "codes")
        except ValueError as e:
            yield Reject(row.where, named, *explain(e))
            return
        bars = [code.get("quad") for code in codes]
        for fact in facts:
            try:
                verdict = read_verdict(fact, fact.get("verdict"))
                evidence = read_places(fact, photo, bars, is_decoded(verdict))
                yield Judged(read_claim("", fact, evidence), verdict, photo, row.where)
            except ValueError as e:
                yield Reject(row.where, named, *explain(e))


# ----- cells ----------------------------------------------------------------------------------


def read_claim(item: str, cells: Mapping[str, Any], evidence: tuple[Evidence, ...]) -> Claim:
    """Raises ValueError, said in words."""
    key, value = as_text(cells.get("field")), as_text(cells.get("value"))
    try:
        path = find_path(key)
    except UnknownName:
        raise RowError(f"unknown field {key[:80]!r}", AGAIN) from None
    if len(value) > LONGEST:
        reason = f"a value of {len(value):,} characters, expected at most {LONGEST:,}"
        raise RowError(reason, "shorten the value")
    return Claim(
        item, path, value or None, as_text(cells.get("unit")), as_text(cells.get("language")),
        evidence, read_confidence(cells.get("confidence")),
    )  # fmt: skip


def read_verdict(cells: Mapping[str, Any], label: object) -> Verdict:
    """Raises ValueError, said in words."""
    said, sub = as_text(label), as_text(cells.get("sub"))
    if said not in LABELS:
        raise RowError(f"the verdict {said[:40]!r} is none of {', '.join(sorted(LABELS))}", AGAIN)
    if sub not in REASONS:
        raise RowError(f"unknown reason of a verdict {sub[:40]!r}", AGAIN)
    return Verdict("", said, sub, as_text(cells.get("verifier")))  # type: ignore[arg-type]


def is_decoded(verdict: Verdict) -> bool:
    """Whether bars confirm a claim; what is confirmed in print says "ocr"."""
    return (verdict.label, verdict.sub) == ("VC", "")


def read_place(cells: Mapping[str, Any], decoded: bool) -> tuple[Evidence, ...]:
    """The evidence that a row of verdicts keeps, the first piece; () where it has none."""
    photo, quote = read_sha256(cells.get("image")), read_quote(cells)
    quad = read_quad(cells.get("quad")) if photo else None
    if not photo and not quote:
        return ()
    return (Evidence(photo, "bars" if decoded else "ocr", quote, quad),)


def read_places(
    cells: Mapping[str, Any], photo: str, bars: list[object], decoded: bool
) -> tuple[Evidence, ...]:
    """The evidence of a fact on a photo; the quote of several places goes with the first."""
    given = cells.get("quads") or [cells.get("quad")]
    if not isinstance(given, list):
        raise RowError(f"quads are a {type(given).__name__}, expected a list", AGAIN)
    found, quote = [], read_quote(cells)
    for n, quad in enumerate(given):
        source: Source = "bars" if decoded or (quad and quad in bars) else "ocr"
        found.append(Evidence(photo, source, "" if n else quote, read_quad(quad)))
    return tuple(found)


def read_quote(cells: Mapping[str, Any]) -> str:
    return as_text(cells.get("quote"))[:LONGEST]


def read_sha256(cell: object) -> str:
    """Empty where there is none. Raises RowError for anything else."""
    text = as_text(cell)
    if text and not SHA256.fullmatch(text):
        raise RowError(f"the picture {text[:80]!r} is no sha256 of 64 digits", AGAIN)
    return text


def read_quad(cell: object) -> Quad | None:
    """Raises RowError for what is no eight numbers."""
    if isinstance(cell, str):
        try:
            cell = json.loads(cell) if cell else None
        except (ValueError, RecursionError):
            cell = ()
    if cell is None:
        return None
    numbers = cell if isinstance(cell, list | tuple) else ()
    if len(numbers) != 8 or not all(is_number(n) for n in numbers):
        raise RowError("the quad is no list of eight numbers", AGAIN)
    return tuple(round(float(n), 1) for n in numbers)  # type: ignore[return-value]


def is_number(given: object) -> bool:
    """Whether it is one, neither NaN nor larger than any coordinate."""
    return isinstance(given, int | float) and not isinstance(given, bool) and abs(given) <= LARGEST


def read_confidence(cell: object) -> float | None:
    """None where there is none that can be read."""
    return round(float(cell), 4) if is_number(cell) else None  # type: ignore[arg-type]


def read_objects(cell: object, name: str) -> list[dict[str, Any]]:
    """Raises RowError for what is no list of objects; nothing is an empty one."""
    found = [] if cell is None else cell
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise RowError(f"{name} are no list of objects", AGAIN)
    return found
