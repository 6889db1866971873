"""A catalogue as a folder in the format skulens/1: made here, read anywhere.

    manifest.json      {"format": "skulens/1", name, title, source, licence ...,
                       sha256 of the tables}
    products.parquet   product_id, spu_id, title, text.ROLE, images [{path, view, sha256}],
                       category_path, lang, country, price, currency, gtin,
                       attributes [{key, value, modality, source}], extras (JSON)
    queries.parquet    query_id, parts [{text, path, view}] in reading order,
                       conditions [{key, value, part, product_id, relation, modality, weight}],
                       where (JSON of a filter), references, tags (JSON), group
    judgments.parquet  query_id, product_id, role: "" or "hard_negative",
                       grade (absent = unjudged, 0 = judged not relevant, > 0 = relevant);
                       unverified hard negatives have no grade
    splits.parquet     query_id, split
    lines.parquet      query_id, line: the bytes that a query was read from, where its format has
                       lines and more than a query can hold (MERIT's files)
    images/            pictures, named by their sha256

Everything is Parquet or JSON and readable without skulens. `skulens.catalog.own` reads such
folders.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from skulens.errors import DataError, StoreError
from skulens.files import sha256_of_file, write_record, write_whole
from skulens.filters import filter_to_json
from skulens.records import DatasetInfo, Image, Product, Query

FORMAT = "skulens/1"
MANIFEST = "manifest.json"
ROWS = 1000
"""Rows written at a time."""
STRING, STRINGS = pa.string(), pa.list_(pa.string())
PRODUCTS = pa.schema(
    {
        "product_id": STRING,
        "spu_id": STRING,
        "title": STRING,
        "images": pa.list_(pa.struct({"path": STRING, "view": STRING, "sha256": STRING})),
        "category_path": STRINGS,
        "lang": STRING,
        "country": STRING,
        "price": pa.float64(),
        "currency": STRING,
        "gtin": STRING,
        "attributes": pa.list_(
            pa.struct(dict.fromkeys(("key", "value", "modality", "source"), STRING))
        ),
        "extras": STRING,
    }
)
"""And one column text.ROLE for every role."""
CONDITION = {
    "key": STRING,
    "value": STRING,
    "part": pa.int32(),
    "product_id": STRING,
    "relation": STRING,
    "modality": STRING,
    "weight": pa.float64(),
}
QUERIES = pa.schema(
    {
        "query_id": STRING,
        "parts": pa.list_(pa.struct({"text": STRING, "path": STRING, "view": STRING})),
        "conditions": pa.list_(pa.struct(CONDITION)),
        "where": STRING,
        "references": STRINGS,
        "tags": STRING,
        "group": STRING,
    }
)
JUDGMENTS = pa.schema(
    {"query_id": STRING, "product_id": STRING, "grade": pa.int32(), "role": STRING}
)
SPLITS = pa.schema({"query_id": STRING, "split": STRING})
KEPT = pa.schema({"query_id": STRING, "line": pa.binary()})
LINES = "lines.parquet"
HARD_NEGATIVE = "hard_negative"


def write_catalog(
    folder: Path,
    products: Iterable[Product],
    queries: Mapping[str, Iterable[Query]] | None = None,
    info: DatasetInfo | None = None,
    pictures: Literal["copy", "refer"] = "copy",
    lines: Iterable[tuple[str, bytes]] = (),
) -> Path:
    """Store products and queries as a folder in the format skulens/1.

    Args:
        queries: split -> its queries; a query may be in several splits, with one content.
        lines: (query id, line) of the files that queries were read from, to be kept.
        info: where the data come from; name and title are the folder's name by default.
        pictures: "copy" writes every distinct picture once below images/; "refer" stores the paths
            of files as they are, so that the folder cannot be moved without them.
    Returns:
        The folder.
    Raises:
        StoreError: the folder holds a catalogue already.
        DataError: two products or queries of one id, what JSON cannot say, or "refer" with a
            picture inside another file or in memory.
    """
    folder = Path(folder)
    if (folder / "products.parquet").exists():
        raise StoreError(f"{folder} holds a catalogue already; delete it or name another folder")
    folder.mkdir(parents=True, exist_ok=True)
    place = Pictures(folder, copy=pictures == "copy")
    listed = list(products)
    refuse_equal([p.id for p in listed], "product")
    roles = sorted({role for p in listed for role in p.texts})
    schema = PRODUCTS
    for role in roles:
        schema = schema.append(pa.field(f"text.{role}", STRING))
    write_table(folder / "products.parquet", schema, (product_row(p, place) for p in listed))
    if queries is not None:
        write_queries(folder, queries, place)
    kept = iter(lines)
    if (first := next(kept, None)) is not None:
        rows = ({"query_id": name, "line": line} for name, line in chain([first], kept))
        write_table(folder / LINES, KEPT, rows)
    write_manifest(folder, info)
    return folder


class Pictures:
    """Stores pictures once each and tells their paths."""

    def __init__(self, folder: Path, copy: bool):
        self.folder, self.copy = folder, copy

    def store(self, image: Image) -> dict[str, str | None]:
        """{path, view, sha256} of a picture; sha256 only where it was read."""
        if not self.copy:
            if image.own_file is None:
                raise DataError(
                    f"{image.path or 'a picture in memory'} is not a file of its own; "
                    'write with pictures="copy"'
                )
            return {"path": str(Path(image.own_file).resolve()), "view": image.view, "sha256": None}
        data = image.read()
        sha256 = hashlib.sha256(data).hexdigest()
        name = f"images/{sha256}{suffix_of(data)}"
        target = self.folder / name
        if not target.exists():
            target.parent.mkdir(exist_ok=True)
            write_whole(target, lambda file: file.write(data), sync=False)  # many and small
        return {"path": name, "view": image.view, "sha256": sha256}


def suffix_of(data: bytes) -> str:
    """The usual suffix of an encoded picture, by its first bytes."""
    starts = {b"\xff\xd8\xff": ".jpg", b"\x89PNG": ".png", b"GIF8": ".gif", b"BM": ".bmp"}
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return ".webp"
    return next((suffix for start, suffix in starts.items() if data.startswith(start)), ".image")


def product_row(product: Product, pictures: Pictures) -> dict[str, Any]:
    return {
        "product_id": product.id,
        "spu_id": product.spu,
        "title": product.title,
        "images": [pictures.store(image) for image in product.images],
        "category_path": list(product.category),
        "lang": product.language,
        "country": product.country,
        "price": product.price,
        "currency": product.currency,
        "gtin": product.gtin,
        "attributes": [asdict(a) for a in product.attributes],
        "extras": write_json(dict(product.extras), f"extras of product {product.id!r}"),
        **{f"text.{role}": text for role, text in product.texts.items()},
    }


def write_queries(folder: Path, queries: Mapping[str, Iterable[Query]], pictures: Pictures) -> None:
    """Write queries, judgements and splits."""
    known: dict[str, Query] = {}
    splits: list[dict[str, str]] = []
    for split, found in queries.items():
        for query in found:
            if known.setdefault(query.id, query) != query:
                raise DataError(f"two queries have the id {query.id!r}; ids must be unique")
            splits.append({"query_id": query.id, "split": split})
    refuse_equal([f"{s['query_id']} in {s['split']}" for s in splits], "query")
    write_table(
        folder / "queries.parquet", QUERIES, (query_row(q, pictures) for q in known.values())
    )
    judged = (row for q in known.values() for row in judgment_rows(q))
    write_table(folder / "judgments.parquet", JUDGMENTS, judged)
    write_table(folder / "splits.parquet", SPLITS, splits)


def query_row(query: Query, pictures: Pictures) -> dict[str, Any]:
    parts = []
    for part in query.item.parts:
        if isinstance(part, str):
            parts.append({"text": part, "path": None, "view": None})
        else:
            stored = pictures.store(part)
            parts.append({"text": None, "path": stored["path"], "view": stored["view"]})
    where = filter_to_json(query.where) if query.where is not None else None
    return {
        "query_id": query.id,
        "parts": parts,
        "conditions": [asdict(c) | {"product_id": c.product} for c in query.conditions],
        "where": json.dumps(where, ensure_ascii=False) if where is not None else None,
        "references": list(query.references),
        "tags": write_json(dict(query.tags), f"tags of query {query.id!r}"),
        "group": query.group,
    }


def judgment_rows(query: Query) -> Iterator[dict[str, Any]]:
    """One row per judged product, then one per hard negative that nobody judged."""
    hard = set(query.hard_negatives)
    for product, grade in query.relevant.items():
        role = HARD_NEGATIVE if product in hard else ""
        yield {"query_id": query.id, "product_id": product, "grade": grade, "role": role}
    for product in query.hard_negatives:
        if product not in query.relevant:
            yield {
                "query_id": query.id,
                "product_id": product,
                "grade": None,
                "role": HARD_NEGATIVE,
            }


def write_manifest(folder: Path, info: DatasetInfo | None) -> None:
    """Write the manifest, last: a folder without one was not finished."""
    info = info or DatasetInfo(name=folder.resolve().name, title=folder.resolve().name)
    tables = sorted(folder.glob("*.parquet"))
    found = {
        "format": FORMAT,
        **asdict(info),
        "rows": {t.name: pq.read_metadata(t).num_rows for t in tables},
        "sha256": {t.name: sha256_of_file(t) for t in tables},
    }
    write_record(folder / MANIFEST, found)


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a folder in this format; {} where there is none.

    Raises:
        DataError: one of a version that this skulens does not read.
    """
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    version = found.get("format") if isinstance(found, dict) else None
    if not isinstance(version, str) or not version.startswith("skulens/"):
        return {}
    if version != FORMAT:
        raise DataError(
            f"{folder / MANIFEST} says {version!r}, expected {FORMAT!r}; update skulens"
        )
    return found


def read_lines(folder: Path) -> dict[str, bytes]:
    """Query id -> the line it was read from; {} where none were kept."""
    if not (folder / LINES).is_file():
        return {}
    table = pq.read_table(folder / LINES)
    pairs = zip(table["query_id"].to_pylist(), table["line"].to_pylist(), strict=True)
    return dict(pairs)


def write_table(
    path: Path, schema: pa.Schema, rows: Iterable[Mapping[str, Any]], at_once: int = ROWS
) -> None:
    """Write rows in groups, each held in memory; the file appears when it is complete."""

    def write(file: BinaryIO) -> None:
        with pq.ParquetWriter(file, schema, compression="zstd") as writer:
            stream = iter(rows)
            while group := list(islice(stream, at_once)):
                writer.write_table(pa.Table.from_pylist(group, schema=schema))

    write_whole(path, write)


def write_json(value: object, what: str) -> str | None:
    """JSON text of a value; None of an empty one. Raises DataError for what JSON cannot say."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False) if value else None
    except (TypeError, ValueError) as e:
        raise DataError(f"the {what} cannot be stored as JSON: {e}") from None


def refuse_equal(ids: list[str], kind: str) -> None:
    seen: set[str] = set()
    for name in ids:
        if name in seen:
            raise DataError(f"two of {kind} {name!r}; ids must be unique")
        seen.add(name)
