r"""MERIT: products in five languages and queries that mix text with reference pictures.

Chow et al., "MERIT: Multilingual Semantic Retrieval with Interleaved Multi-Condition Query",
arXiv 2506.03144. Products lie in Parquet shards (as on the hub), in the Arrow files of
`save_to_disk`, or in JSON Lines; the query files are JSON Lines despite their name.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from skulens.catalog.mapping import as_attributes, as_id, as_text
from skulens.catalog.reader import Reader
from skulens.catalog.tables import JsonlTable, Row, open_table
from skulens.errors import DataError, MissingFile
from skulens.records import Condition, DatasetInfo, Image, Item, Part, Product, Query, Reject

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
TAG = re.compile(r"<Product (\d+)>")
PLACEHOLDER = "<image>"
WHOLE = ("product style", "as product image")
"""The condition that asks for the style of a picture as a whole."""
OTHERS = ("others", "others")
"""The condition for what only the instruction says."""
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


@dataclass(frozen=True, slots=True)
class Shown:
    """What queries need to know of a product: its photo and by what results are sliced."""

    photo: Image | None
    language: str
    kind: str


@dataclass(frozen=True, slots=True)
class Interleaved:
    """The parts of a query's item, and where the pictures stand among them."""

    parts: tuple[Part, ...]
    places: Mapping[str, int]
    """Product id -> position in `parts` of its first picture."""


class Merit(Reader):
    """Products of one pool, and queries whose items interleave text and pictures.

    Query items follow the instruction: text parts as written (product tags and titles stay in),
    each `<image>` replaced by the photo of the product in whose tag it stands. A condition names
    its product and the place of that picture in `item.parts` (None where the product is described
    in words); `references` are the products that conditions are taken from, which stay in the pool
    unless a suite excludes them; `hard_negatives` may satisfy every condition. Tags: "language" and
    "class" of the first correct product, "n_conditions". A query's id is its split and line
    ("test-17"); `raw_line` returns the line as it stands in the file.

    Args:
        root: the folder with the query files and the products (see PLACES).
        pool: the split whose products are searched; "test" (51,177 on the hub) by default.
    """

    def __init__(self, root: Path, pool: str = "test"):
        super().__init__(root)
        if pool not in SPLITS:
            raise DataError(f"merit has no pool {pool!r}; expected one of {', '.join(SPLITS)}")
        self.pool = pool
        self.info = replace(INFO, revision=fetched_commit(self.root) or INFO.revision)
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

    def _shards(self, split: str) -> list[Path]:
        for place in PLACES:
            if found := sorted(self.root.glob(place.format(split=split))):
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
        levels = [as_text(cells.get(f"{n}_category_id")) for n in ("first", "second", "third")]
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
        )

    def _image(self, row: Row, product: str) -> Image | None:
        """The photo: a Parquet cell or a path beside the table; a reject where there is none."""
        for name in NAMES["image"]:
            cell = row.cells.get(name)
            if isinstance(cell, Image):
                return cell
            path = cell.get("path") if isinstance(cell, dict) else cell
            if isinstance(path, str) and path and not path.startswith(("http://", "https://")):
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
                reason = f"lacks the key {e}" if isinstance(e, KeyError) else str(e)
                self.reject(row.where, name, reason, "correct the query or complete the products")

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
        if split in SPLITS and number.isdecimal() and int(number) > 0:
            with self._query_file(split).open("rb") as f:
                for line in islice(f, int(number) - 1, int(number)):
                    return line.rstrip(b"\r\n")
        raise DataError(f"merit has no query {query!r}; ids are SPLIT-LINE, such as test-17")

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
                    )
            self._pools[split] = found, self.rejects[before:]
        else:
            self.rejects.extend(self._pools[split][1])
        return self._pools[split][0]


def fetched_commit(folder: Path) -> str:
    """Commit of the hub at which a folder's files were fetched; "" where that is not known."""
    try:
        entries = json.loads((folder / "downloads.json").read_text())
        urls = [entry["url"] for entry in entries.values()]
    except (OSError, ValueError, AttributeError, TypeError, KeyError):
        return ""
    commits = {m[1] for url in urls if (m := re.search(r"/resolve/([0-9a-f]{7,40})/", url))}
    return commits.pop() if len(commits) == 1 else ""


def build_query(name: str, cells: dict, pool: Mapping[str, Shown]) -> Query:
    """The query of a line. Raises ValueError where it cannot be asked or answered from the pool."""
    asked = {as_id(product): wanted for product, wanted in cells["query"].items()}
    positives = [as_id(p) for p in cells["pos_candidate"]]
    found = [p for p in positives if p in pool]
    if not found:
        raise ValueError(
            f"none of its positives {positives[:3]} is among the {len(pool):,} products"
        )
    photos = {p: pool[p].photo for p in asked if p in pool}
    read = interleave(cells["query instruction"], tuple(asked), photos)
    conditions = tuple(
        build_condition(as_text(key), as_text(value), product, read.places.get(product))
        for product, wanted in asked.items()
        for key, value in wanted.items()
    )
    target = pool[found[0]]
    tags = {
        "language": target.language,
        "class": target.kind,
        "n_conditions": str(len(conditions)),
    }
    return Query(
        id=name,
        item=Item(name, read.parts),
        relevant=dict.fromkeys(found, 1),
        conditions=conditions,
        references=tuple(asked),
        hard_negatives=tuple(as_id(p) for p in cells.get("hard_negative") or ()),
        tags={key: value for key, value in tags.items() if value},
        group=found[0],
    )


def build_condition(key: str, value: str, product: str, part: int | None) -> Condition:
    """One of a line's conditions; the two special ones have no value that a product could have."""
    special = (key, value) in (WHOLE, OTHERS)
    return Condition(
        key,
        None if special else value,
        part,
        product,
        relation="whole" if (key, value) == WHOLE else "same",
    )


def first(row: Row, field: str) -> object:
    """The cell of a field under the first of its names that the row fills."""
    return next((row.cells[n] for n in NAMES[field] if row.cells.get(n) not in (None, "")), None)


def interleave(
    instruction: str, products: tuple[str, ...], photos: Mapping[str, Image | None]
) -> Interleaved:
    """Text and pictures in reading order.

    An `<image>` inside `<Product n> ...` shows the n-th product; outside any tag, the next in
    order.

    Raises:
        ValueError: a placeholder for a product that the query does not name or that has no photo.
    """
    parts: list[Part] = []
    places: dict[str, int] = {}
    current = shown = 0
    pieces = instruction.split(PLACEHOLDER)
    for position, text in enumerate(pieces):
        if text.strip():
            parts.append(text)
        if tags := TAG.findall(text):
            current = int(tags[-1])
        if position == len(pieces) - 1:
            break
        shown = current if current else shown + 1
        if not 1 <= shown <= len(products):
            raise ValueError(f"an <image> of product {shown}, and the query names {len(products)}")
        product = products[shown - 1]
        photo = photos.get(product)
        if photo is None:
            raise ValueError(f"product {product!r} has no photo among the products")
        places.setdefault(product, len(parts))
        parts.append(photo)
    return Interleaved(tuple(parts), places)
