"""Tables of results in OpenMPR's format: benchmark_summary.csv, and hits per SKU beside it.

Bad rows become rejects that name row and column; the rest is used.
"""

import csv
import gzip
import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from skulens.errors import DataError, MissingFile
from skulens.papers.openmpr.published import HITS, KS
from skulens.records import Reject

REQUIRED = ("vision_model", "pretrained_on", "nparams", *(f"micro_cmc@{k}" for k in KS))
"""Columns that a CSV in OpenMPR's format must have; macro_cmc@K and architecture_family are
optional."""


class CellError(ValueError):
    """A cell that cannot be used."""

    def __init__(self, column: str, reason: str):
        super().__init__(f"{column}: {reason}")
        self.column, self.reason = column, reason


def read_csv(path: Path) -> tuple[list[dict], list[Reject]]:
    """(rows, rejects): rows as dicts of text cells, with REQUIRED and macro columns as numbers.

    Raises:
        MissingFile, DataError: see `papers.openmpr.results.read_results`.
    """
    rows: list[dict] = []
    rejects: list[Reject] = []
    seen: dict[str, int] = {}
    for line, row in read_cells(path):
        where = f"{path.name}, row {line}"
        name = "".join(c if c.isprintable() else "?" for c in model_name(row))
        try:
            parsed = parse_row(row)
        except CellError as e:
            rejects.append(Reject(f"{where}, {e.column}", name, e.reason, "correct the cell"))
            continue
        if name in seen:
            rejects.append(
                Reject(where, name, f"the same model as row {seen[name]}", "keep one of the two")
            )
            continue
        seen[name] = line
        rows.append(parsed)
    if not rows:
        why = (
            f"; first reason: {rejects[0].source}: {rejects[0].reason}"
            if rejects
            else ", only a header"
        )
        raise DataError(f"{path} has no row that can be used{why}")
    return rows, rejects


def read_cells(path: Path) -> list[tuple[int, dict]]:
    """(line number, cells by column) of each row.

    Raises:
        MissingFile, DataError: no such file, not a CSV, or not the columns of REQUIRED.
    """
    if not path.is_file():
        raise MissingFile(f"there is no CSV {str(path)!r}; the current folder is {Path.cwd()}")
    try:
        with path.open(encoding="utf-8-sig", newline="") as f:
            reader = csv.DictReader(f)
            columns = reader.fieldnames = [c.strip() for c in reader.fieldnames or ()]
            cells = [(reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as e:
        raise DataError(f"{path} is not a CSV in UTF-8: {e}") from None
    missing = [c for c in REQUIRED if c not in columns]
    if missing:
        hint = (
            "; columns are separated by commas"
            if len(columns) == 1 and re.search("[;\t]", columns[0])
            else ""
        )
        raise DataError(
            f"{path} lacks the column{'s'[: len(missing) > 1]} {', '.join(missing)}; "
            f"it has {', '.join(columns) or 'none'}. "
            f"OpenMPR's format needs {', '.join(REQUIRED)}; others may follow{hint}"
        )
    twice = sorted({c for c in columns if columns.count(c) > 1})
    if twice:
        raise DataError(
            f"{path} has the column {twice[0]!r} {columns.count(twice[0])} times; keep one of each"
        )
    return cells


def model_name(row: Mapping) -> str:
    """architecture/tag"""
    parts = ((row.get(c) or "").strip() for c in ("vision_model", "pretrained_on"))
    return "/".join(p for p in parts if p)


def parse_row(row: dict) -> dict:
    """A row with numbers as numbers. Raises CellError."""
    if None in row:
        raise CellError(
            f"column {len(row)}", f"{len(row[None])} more cells than the header has columns"
        )
    for column in ("vision_model", "pretrained_on"):
        if not (row[column] or "").isprintable():
            raise CellError(
                f"column {column}", f"{row[column]!r} has characters that cannot be printed"
            )
    if not (row["vision_model"] or "").strip():
        raise CellError("column vision_model", "empty, expected the model's name")
    return row | {"nparams": parameters(row["nparams"])} | rates(row, "micro") | rates(row, "macro")


def parameters(text: str | None) -> int | None:
    if not (text or "").strip():
        return None
    count = number("nparams", text)
    if count <= 0 or count != int(count):
        raise CellError(
            "column nparams", f"{text}, expected a whole number of parameters above 0, or nothing"
        )
    return int(count)


def rates(row: dict, kind: str) -> dict[str, float | None]:
    """The recalls "micro" or "macro"; macro ones may be missing."""
    found: dict[str, float | None] = {}
    before, lower = "", 0.0
    for k in KS:
        column = f"{kind}_cmc@{k}"
        if kind == "macro" and not (row.get(column) or "").strip():
            found[column] = None
            continue
        found[column] = value = rate(column, row[column])
        if before and value < lower:
            raise CellError(
                f"column {column}",
                f"{row[column]} is below {row[before]} of {before}; recall cannot fall as k grows",
            )
        before, lower = column, value
    return found


def number(column: str, text: str | None) -> float:
    try:
        value = float(text or "")
    except ValueError:
        raise CellError(
            f"column {column}", f"{text!r} is not a number" if text else "empty, expected a number"
        ) from None
    if not math.isfinite(value):
        raise CellError(f"column {column}", f"{text!r} is not a finite number")
    return value


def rate(column: str, text: str | None) -> float:
    value = number(column, text)
    if not 0 <= value <= 1:
        hint = "; percentages must be divided by 100" if 1 < value <= 100 else ""
        raise CellError(
            f"column {column}", f"{text} is not a recall, expected a fraction between 0 and 1{hint}"
        )
    return value


def read_hits(
    folder: Path, rows: Sequence[dict]
) -> tuple[tuple[str, ...], np.ndarray, dict[int, np.ndarray], list[Reject]]:
    """(skus, photos, hits, rejects) of per_sku_hits.json(.gz) in a folder.

    Hits are (skus, models) for each k, models in the order of `rows`; NaN where they are unknown.

    Hits that contradict the CSV are not used: their sum must be the micro recall.
    """
    path = next(
        (p for p in (folder / HITS, folder / HITS.removesuffix(".gz")) if p.is_file()), None
    )
    if path is None:
        return (), np.zeros(0, np.int64), {}, []
    try:
        data = path.read_bytes()
        found = json.loads((gzip.decompress(data) if path.suffix == ".gz" else data).decode())
        skus, photos = tuple(map(str, found["skus"])), np.array(found["num_images"], np.int64)
        models = {model_name(m): m["sku_hits"] for m in found["models"]}
    except (OSError, EOFError, ValueError, TypeError, KeyError, AttributeError) as e:
        raise DataError(
            f"{path} holds no hits per SKU ({type(e).__name__}: {e}); "
            "expected skus, num_images and models"
        ) from None
    if photos.shape != (len(skus),) or len(set(skus)) < len(skus) or (photos <= 0).any():
        raise DataError(
            f"{path}: {len(skus)} skus ({len(set(skus))} distinct) with {photos.size} num_images, "
            f"of which {int((photos <= 0).sum())} are not positive; "
            "expected one positive count per SKU"
        )
    hits = {k: np.full((len(skus), len(rows)), np.nan) for k in KS}
    rejects = []
    for at, row in enumerate(rows):
        name = model_name(row)
        if name not in models:
            rejects.append(
                Reject(
                    path.name, name, "no hits per SKU of this model", "it stands without intervals"
                )
            )
            continue
        try:
            columns = {
                k: check_hits(models[name].get(str(k)), row[f"micro_cmc@{k}"], photos) for k in KS
            }
        except ValueError as e:
            rejects.append(
                Reject(
                    path.name,
                    name,
                    str(e),
                    "it stands without intervals; correct the hits or the CSV",
                )
            )
            continue
        for k in KS:
            hits[k][:, at] = columns[k]
    return skus, photos, hits, rejects


def check_hits(given: object, recall: float, photos: np.ndarray) -> np.ndarray:
    """(skus,) hits. Raises ValueError where they cannot be what gave `recall`."""
    hits = np.asarray(given, dtype=float) if given is not None else np.zeros(0)
    if hits.shape != photos.shape:
        raise ValueError(f"{hits.size} SKUs where the others have {photos.size}")
    if not ((hits >= 0) & (hits <= photos)).all():
        raise ValueError("fewer hits than none, or more than there are photos")
    if abs(hits.sum() / photos.sum() - recall) > 1e-6:
        raise ValueError(
            f"hits per SKU give a recall of {hits.sum() / photos.sum():.6f}, "
            f"the CSV says {recall:.6f}"
        )
    return hits
