r"""MERIT: products in five languages and queries that mix text with reference pictures.

Chow et al., "MERIT: Multilingual Semantic Retrieval with Interleaved Multi-Condition Query",
arXiv 2506.03144. Products lie in Parquet shards (as on the hub), in the Arrow files of
`save_to_disk`, or in JSON Lines; the query files are JSON Lines despite their name.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from skulens.catalog.mapping import as_attributes, as_id, as_text
from skulens.catalog.merit_lines import Shown, build_query
from skulens.catalog.queries import read_object
from skulens.catalog.reader import Reader
from skulens.catalog.tables import JsonlTable, Row, open_table
from skulens.errors import DataError, MissingFile
from skulens.records import DatasetInfo, Image, Product, Query, Reject

SPLITS = ("train", "test")
PLACES = (
    "data/{split}-*.parquet",
    "{split}-*.parquet",
    "{split}.parquet",
    "products-{split}.parquet",
    "{split}/data-*.arrow",
    "products-{split}.jsonl",
    "{split}.jsonl",
    "products.parquet",
    "products.jsonl",
)
"""Where the products of a split may lie, first match wins."""
NAMES = {
    "id": ("idx", "id", "sku_id"),
    "image": ("image", "local_sku_image", "sku_image"),
    "spu": ("spu_id", "spu"),
    "attributes": ("attribute", "attributes"),
}
"""Field -> its names in the published form and in the earlier form of the annotation code."""
LEVELS = tuple(f"{n}_category_id" for n in ("first", "second", "third"))
PLAIN = ("class", "title", "spu_description", "language", "country", "extras")
KNOWN = {*PLAIN, *(name for names in NAMES.values() for name in names)}
"""Columns that fields of a product are read from; all others become its extras."""
INFO = DatasetInfo(
    name="merit",
    title="MERIT",
    source="https://huggingface.co/datasets/WeiChow/merit",
    revision="not pinned; format of github.com/weichow23/merit at 98a63a4",
    licence="Apache-2.0",
    citation="Chow et al.: MERIT: Multilingual Semantic Retrieval with Interleaved "
    "Multi-Condition Query. arXiv 2506.03144, 2025.",
    splits=SPLITS,
    gallery_text=("title",),
)


class Merit(Reader):
    """Products of one pool, and queries whose items interleave text and pictures.

    Query items follow the instruction: text parts as written (product tags and titles stay in),
    each `<image>` replaced by the photo of the product in whose tag it stands. A condition names
    its product and the place of that picture in `item.parts` (None where the product is described
    in words); `references` are the products that conditions are taken from, which stay in the pool
    unless a suite excludes them; `hard_negatives` may satisfy every condition. Tags: "language" and
    "class" of the first correct product, "n_conditions". A query's id is its split and line
    ("test-17"); `raw_line` returns the line as it stands in the file, `lines` all of them. Fields of
    a product that are not ours stay in its `extras`.

    Args:
        root: the folder with the query files and the products (see PLACES).
        pool: the split whose products are searched; by default "test" (51,177 on the hub), or the
            first that has products.
    """

    def __init__(self, root: Path, pool: str = ""):
        super().__init__(root)
        splits = splits_in(self.root)
        if pool and pool not in splits:
            raise DataError(f"merit has no pool {pool!r}; expected one of {', '.join(splits)}")
        there = (s for s in ("test", *splits) if self._find_shards(s))
        self.pool = pool or next(there, "test")
        revision = fetched_commit(self.root) or INFO.revision
        self.info = replace(INFO, revision=revision, splits=splits)
        self._pools: dict[str, tuple[dict[str, Shown], list[Reject]]] = {}

    def _products(self) -> Iterator[Product]:
        seen: set[str] = set()
        for row in self._rows(self.pool):
            try:
                product = self._product(row)
            except (ValueError, TypeError, RecursionError) as e:
                self.reject(row.where, str(first(row, "id"))[:80], str(e), "correct the row")
                continue
            if product.id in seen:
                self.reject(
                    row.where, product.id, "the id occurred before", "give each product its own id"
                )
                continue
            seen.add(product.id)
            yield product

    def _rows(self, split: str) -> Iterator[Row]:
        for path in self._shards(split):
            yield from open_table(path).rows(self.reject_row)

    def _find_shards(self, split: str) -> list[Path]:
        places = (sorted(self.root.glob(place.format(split=split))) for place in PLACES)
        return next(filter(None, places), [])

    def _shards(self, split: str) -> list[Path]:
        if found := self._find_shards(split):
            return found
        raise MissingFile(
            f"{self.root} has no products of {split!r}; put the Parquet files of the dataset into "
            f"{self.root / 'data'} ({PLACES[0].format(split=split)}) "
            f"or products-{split}.jsonl beside it"
        )

    def _product(self, row: Row) -> Product:
        cells, product = row.cells, as_id(first(row, "id"))
        image = self._image(row, product)
        spu = first(row, "spu")
        kind = as_text(cells.get("class"))
        levels = [as_text(cells.get(level)) for level in LEVELS]
        return Product(
            id=product,
            spu=as_id(spu) if spu not in (None, "") else None,
            title=as_text(cells.get("title")),
            texts={"description": text} if (text := as_text(cells.get("spu_description"))) else {},
            images=(image,) if image else (),
            category=(kind,) if kind else tuple(level for level in levels if level),
            attributes=as_attributes(first(row, "attributes"), "merit"),
            language=as_text(cells.get("language")) or None,
            country=as_text(cells.get("country")) or None,
            extras=self._extras(row, product, taken=() if kind else LEVELS),
        )

    def _extras(self, row: Row, product: str, taken: tuple[str, ...]) -> dict[str, object]:
        """What a row says beyond the fields of a product; addresses of pictures are of it."""
        cells = {n: v for n, v in row.cells.items() if n not in taken}
        found = {n: v for n, v in cells.items() if n not in KNOWN or is_address(n, v)}
        found |= read_object(row.cells.get("extras"), "extras")
        kept: dict[str, object] = {}
        for name, value in found.items():
            if value in (None, "") or isinstance(value, Image):
                continue
            try:
                json.dumps([name, value], ensure_ascii=False, allow_nan=False).encode()
            except (TypeError, ValueError, RecursionError):
                reason = f"{name[:80]}: cannot be written as JSON in UTF-8; kept without it"
                self.reject(row.where, product, reason, "correct the cell")
            else:
                kept[name] = value
        return kept

    def _image(self, row: Row, product: str) -> Image | None:
        """The photo: a Parquet cell or a path beside the table; a reject where there is none."""
        for name in NAMES["image"]:
            cell = row.cells.get(name)
            if isinstance(cell, Image):
                return cell
            path = cell.get("path") if isinstance(cell, dict) else cell
            if isinstance(path, str) and path and not is_address(name, path):
                return self.picture(self.root / path, row.where, product)
        self.reject(
            row.where,
            product,
            "no photo on this machine",
            "fill `image` with the path of the photo",
        )
        return None

    def _queries(self, split: str) -> Iterator[Query]:
        path = self._query_file(split)
        pool = self._pool(split)
        for row in JsonlTable(path).rows(self.reject_row):
            name = f"{split}-{row.where.rpartition(':')[2]}"
            try:
                yield build_query(name, row.cells, pool)
            except (ValueError, TypeError, KeyError, AttributeError) as e:
                todo = "correct the query or complete the products"
                self.reject_failed(row.where, name, e, todo)

    def _query_file(self, split: str) -> Path:
        path = self.root / f"queries-{split}.json"
        if not path.is_file():
            raise MissingFile(
                f"{self.root} has no {path.name}; put the query file of the dataset there"
            )
        return path

    def raw_line(self, query: str) -> bytes:
        """The line of the query file that a query was read from, byte for byte, without its end.

        Raises:
            DataError: no such query id.
        """
        split, _, number = query.rpartition("-")
        if split in self.info.splits and number.isdecimal() and int(number) > 0:
            with self._query_file(split).open("rb") as f:
                for line in islice(f, int(number) - 1, int(number)):
                    return line.rstrip(b"\r\n")
        raise DataError(f"merit has no query {query!r}; ids are SPLIT-LINE, such as test-17")

    def lines(self, split: str) -> Iterator[tuple[str, bytes]]:
        """(query id, its line without the end) of a whole query file, in its order."""
        with self._query_file(split).open("rb") as f:
            for number, line in enumerate(f, 1):
                yield f"{split}-{number}", line.rstrip(b"\r\n")

    def for_split(self, split: str) -> "Merit":
        return self if split == self.pool else Merit(self.root, split)

    def _pool(self, split: str) -> dict[str, Shown]:
        """Product id -> photo (a reference, no bytes), language and class, for a whole split."""
        if split not in self._pools:
            found: dict[str, Shown] = {}
            before = len(self.rejects)
            for row in self._rows(split):
                try:
                    product = as_id(first(row, "id"))
                except ValueError:
                    continue  # rejected by products()
                if product not in found:
                    found[product] = Shown(
                        self._image(row, product),
                        as_text(row.cells.get("language")),
                        as_text(row.cells.get("class")),
                        as_text(row.cells.get("title")),
                    )
            self._pools[split] = found, self.rejects[before:]
        else:
            self.rejects.extend(self._pools[split][1])
        return self._pools[split][0]


def splits_in(folder: Path) -> tuple[str, ...]:
    """The published splits, then others that have a query file."""
    found = {p.stem.removeprefix("queries-") for p in folder.glob("queries-*.json")}
    return (*SPLITS, *sorted(found - set(SPLITS)))


def is_address(name: str, cell: object) -> bool:
    """Whether a cell is the address of a picture, which is never fetched."""
    return (
        name in NAMES["image"]
        and isinstance(cell, str)
        and cell.startswith(("http://", "https://"))
    )


def fetched_commit(folder: Path) -> str:
    """Commit of the hub at which a folder's files were fetched; "" where that is not known."""
    try:
        entries = json.loads((folder / "downloads.json").read_text())
        urls = [entry["url"] for entry in entries.values()]
    except (OSError, ValueError, AttributeError, TypeError, KeyError):
        return ""
    commits = {m[1] for url in urls if (m := re.search(r"/resolve/([0-9a-f]{7,40})/", url))}
    return commits.pop() if len(commits) == 1 else ""


def first(row: Row, field: str) -> object:
    """The cell of a field under the first of its names that the row fills."""
    return next((row.cells[n] for n in NAMES[field] if row.cells.get(n) not in (None, "")), None)
