"""Review sheets: tables for spreadsheet programs, in which people pass or fail captions.

OpenMPR reviewed 250 captions in two passes with two seeds, each for token compliance and for
colour, shape, brand and size kept, and looked for hallucinations. A sheet has one row per caption
and one column for each of these; all ask for the good case, so that "yes" always passes.
"""

import csv
import io
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from skulens.errors import DataError, StoreError
from skulens.files import write_whole
from skulens.values.text import fold

SAMPLE = 250
"""Captions of a sheet, as the paper's."""
SEEDS = (1, 2)
"""One per pass: the same captions in two orders."""
ASKED = ("tokens ok", "colour kept", "shape kept", "brand kept", "size kept", "nothing invented")
"""Columns of verdicts; the first is filled by us."""
SHOWN = ("no", "product_id", "caption", "source", "new words", "tokens")
COMMENT, POPULATION = "comment", "of products"
COLUMNS = (*SHOWN, *ASKED, COMMENT, POPULATION)
YES = frozenset(
    [
        "y",
        "yes",
        "1",
        "true",
        "x",
        "ok",
        "pass",
        "passed",
        "ja",
        "j",
        "si",
        "sí",
        "ya",
        "oui",
        "o",
        "v",
        "✓",
        "✔",
        "wahr",
    ]
)
NO = frozenset(
    ["n", "no", "0", "false", "fail", "failed", "nein", "tidak", "non", "falsch", "✗", "✘"]
)
NOTHING = frozenset(("-", "--", "n/a", "na", "none", "not applicable", "."))
"""Words for "the source has none", such as the colour of a text that names none."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Starts of a text that spreadsheets compute."""
LARGEST = 1 << 26
"""Bytes of a sheet that are read."""


def neutralise(cell: str) -> str:
    """A text that no spreadsheet takes for a formula: it gets a leading apostrophe."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def restore(cell: str) -> str:
    """What `neutralise` was given."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(FORMULA) else cell


def sample_captions(
    rows: Sequence[Mapping[str, Any]], most: int = SAMPLE, seed: int = 0
) -> list[Mapping[str, Any]]:
    """A simple random sample of the products that have a caption, the same for the same seed."""
    able = sorted((r for r in rows if r["caption"]), key=lambda r: r["product_id"])
    return random.Random(seed).sample(able, min(most, len(able)))


def write_sheets(
    rows: Sequence[Mapping[str, Any]],
    folder: Path,
    most: int = SAMPLE,
    seed: int = 0,
    orders: Sequence[int] = SEEDS,
) -> list[Path]:
    """Sheets review-1.csv, review-2.csv ...: one sample, a shuffled order for each pass.

    Args:
        rows: of captions.parquet.
        seed: of the sample.
        orders: seeds of the orders, one per pass.
    Raises:
        StoreError: a sheet is there already and somebody has filled it.
        DataError: no product has a caption.
    """
    chosen = sample_captions(rows, most, seed)
    if not chosen:
        raise DataError("no product has a caption to review")
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"review-{n}.csv" for n in range(1, len(orders) + 1)]
    for path in paths:
        refuse_filled(path)
    population = sum(bool(r["caption"]) for r in rows)
    for path, order in zip(paths, orders, strict=True):
        shuffled = random.Random(f"{seed}/{order}").sample(chosen, len(chosen))
        lines = [sheet_row(n, row, population) for n, row in enumerate(shuffled, 1)]
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS)
        writer.writeheader()
        writer.writerows(lines)
        data = text.getvalue().encode("utf-8-sig")  # Excel takes UTF-8 only with this mark
        write_whole(path, partial(_write, data))
    return paths


def _write(data: bytes, file: BinaryIO) -> None:
    file.write(data)


def refuse_filled(path: Path) -> None:
    """Raise StoreError where somebody's work would be overwritten."""
    if not path.exists():
        return
    try:
        filled = any(
            answer is not None
            for r in read_sheet(path).rows
            for answer in list(r.answers.values())[1:]
        )
    except DataError:
        filled = True  # not ours to overwrite
    if filled:
        raise StoreError(f"{path} is filled in; move it away or give another folder to --out")


def sheet_row(number: int, row: Mapping[str, Any], population: int) -> dict[str, str]:
    verdicts = {c["check"]: c["verdict"] for c in row["checks"]}
    fits = all(t["after"] <= t["limit"] for t in row["tokens"])
    none = {
        f"{kind} kept": "n/a"
        for kind in ("colour", "shape", "brand", "size")
        if verdicts.get(f"kept {kind}") == "none"
    }
    shown = {
        "no": str(number),
        "product_id": row["product_id"],
        "caption": row["caption"],
        "source": row["source"],
        "new words": ", ".join(row["new_words"]),
        "tokens": ", ".join(f"{t['encoder']} {t['after']} of {t['limit']}" for t in row["tokens"]),
        "tokens ok": ("yes" if fits else "no") if row["tokens"] else "",
        POPULATION: str(population),
    }
    hint = ", ".join(f"{name} n/a by our readers" for name in none)
    shown[COMMENT] = f"[{hint}]" if hint else ""
    return {name: neutralise(shown.get(name, "")) for name in COLUMNS}


# ----- filled sheets --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reviewed:
    """One caption as one person saw it."""

    product: str
    caption: str
    answers: Mapping[str, bool | None]
    """Column of `ASKED` -> passes, fails; None: nobody said."""
    nothing: frozenset[str] = frozenset()
    """Columns that do not apply: the source has no such thing."""
    comment: str = ""

    @property
    def passes(self) -> bool | None:
        """Whether all that was asked passes; None while something is unanswered, unless a person
        said no. The column that we fill alone decides nothing: it would count failures only."""
        said = {name: a for name, a in self.answers.items() if name not in self.nothing}
        if False in (a for name, a in said.items() if name != ASKED[0]):
            return False
        return None if None in said.values() else all(said.values())


@dataclass(frozen=True)
class Sheet:
    """A sheet read back."""

    path: Path
    rows: tuple[Reviewed, ...]
    population: int | None = None
    """Captions that the sample was drawn from."""
    unread: tuple[str, ...] = field(default=())
    """Cells that say neither yes nor no: a sentence each."""


def read_sheet(path: Path) -> Sheet:
    """A sheet as spreadsheet programs save it: UTF-8 with or without mark, UTF-16 or the Western
    code page, commas, semicolons or tabs, columns in any order, further ones beside.

    Raises:
        DataError: no such columns, one product twice, no rows, or not a table.
    """
    lines = list(read_table(path))
    if not lines:
        raise DataError(f"{path} is empty; expected a sheet of `skulens curate review-sheet`")
    names = [fold(c).strip() for c in lines[0]]
    missing = [c for c in ("product_id", "caption", *ASKED) if c not in names]
    if missing:
        raise DataError(
            f"{path} has no column {missing[0]!r}; it has {', '.join(names[:12])}. Expected a sheet "
            "of `skulens curate review-sheet`, with its first line"
        )
    rows, unread, population = [], [], None
    seen: dict[str, int] = {}
    for number, line in enumerate(lines[1:], 2):
        cells = dict(zip(names, line, strict=False))
        if not any(c.strip() for c in line):
            continue
        product = restore(cells.get("product_id", "").strip())
        if not product:
            unread.append(f"row {number}: no product_id")
            continue
        if product in seen:
            raise DataError(f"{path}: {product!r} stands in rows {seen[product]} and {number}")
        seen[product] = number
        rows.append(read_row(product, cells, number, unread))
        population = population or _whole(cells.get(POPULATION, ""))
    if not rows:
        raise DataError(f"{path} has a first line and no rows")
    return Sheet(path, tuple(rows), population, tuple(unread))


def read_row(product: str, cells: Mapping[str, str], number: int, unread: list[str]) -> Reviewed:
    answers: dict[str, bool | None] = {}
    nothing = set()
    for name in ASKED:
        word = fold(restore(cells.get(name, "").strip())).strip(" .!")
        answers[name] = True if word in YES else False if word in NO else None
        raw = fold(cells.get(name, "").strip())
        if answers[name] is None and raw.strip("'") in NOTHING:
            nothing.add(name)
        elif answers[name] is None and word:
            unread.append(f"row {number}, {name}: {cells[name][:40]!r} is neither yes nor no")
    caption = restore(cells.get("caption", ""))
    return Reviewed(product, caption, answers, frozenset(nothing), cells.get(COMMENT, "").strip())


def read_table(path: Path) -> Iterator[list[str]]:
    """Rows of a CSV file in the encodings and with the separators that spreadsheets save."""
    try:
        if path.stat().st_size > LARGEST:
            raise DataError(f"{path} has more than {LARGEST >> 20} MB; expected a review sheet")
        data = path.read_bytes()
    except OSError as e:
        raise DataError(f"{path} cannot be read: {e.strerror or e}") from None
    text = decode(data)
    if "\0" in text:
        raise DataError(f"{path} is no CSV file; save the sheet as CSV (UTF-8)")
    first = text.lstrip("\ufeff").split("\n", 1)[0]
    if found := re.match(r"sep=(.)\s*$", first):
        return iter(_parse(text.split("\n", 1)[1], found[1], path))
    separator = max(",;\t", key=first.count)
    return iter(_parse(text.lstrip("\ufeff"), separator, path))


def _parse(text: str, separator: str, path: Path) -> Iterable[list[str]]:
    csv.field_size_limit(LARGEST)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as e:
        raise DataError(f"{path} is no CSV file ({e}); save the sheet as CSV (UTF-8)") from None


def decode(data: bytes) -> str:
    """Text of a file that says by its first bytes what it is, else UTF-8, else Windows-1252."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _whole(cell: str) -> int | None:
    text = cell.strip().replace(",", "")
    return int(text) if text.isascii() and text.isdigit() else None
