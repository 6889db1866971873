r"""MERIT: products in five languages and queries that mix text with reference pictures.

Chow et al., "MERIT: Multilingual Semantic Retrieval with Interleaved Multi-Condition Query",
arXiv 2506.03144. Products lie in Parquet shards (as on the hub), in the Arrow files of
`save_to_disk`, or in JSON Lines; the query files are JSON Lines in spite of their name.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from skulens.catalog.mapping import as_attributes, as_id, as_text
from skulens.catalog.reader import Reader
from skulens.catalog.tables import JsonlTable, Row, open_table
from skulens.errors import DataError, MissingFile
from skulens.records import DatasetInfo, Image, Item, Part, Product, Query

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


class Merit(Reader):
    """Products of one pool, and queries whose items interleave text and pictures.

    Query items follow the instruction: text parts as written (product tags and titles stay in), each
    `<image>` replaced by the photo of the product in whose tag it stands. `conditions` lists (key,
    value) product by product; `filters` holds "references" (ids of the products shown, which stay in
    the pool unless somebody removes them) and "hard_negatives" (which may satisfy every condition).

    Args:
        root: the folder with the query files and the products (see PLACES).
        pool: the split whose products are searched; "test" (51,177 on the hub) by default.
    """

    info = DatasetInfo(
        name="merit",
        title="MERIT",
        source="https://huggingface.co/datasets/WeiChow/merit",
        revision="main",
        licence="Apache-2.0",
        citation="Chow et al.: MERIT: Multilingual Semantic Retrieval with Interleaved Multi-Condition Query. "
        "arXiv 2506.03144, 2025.",
        splits=SPLITS,
        gallery_text=("title",),
    )

    def __init__(self, root: Path, pool: str = "test"):
        super().__init__(root)
        if pool not in SPLITS:
            raise DataError(f"merit has no pool {pool!r}; expected one of {', '.join(SPLITS)}")
        self.pool = pool
        self._pools: dict[str, dict[str, Image | None]] = {}

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
            yield from open_table(path).rows(
                lambda where, reason, todo: self.reject(where, "", reason, todo)
            )

    def _shards(self, split: str) -> list[Path]:
        for place in PLACES:
            if found := sorted(self.root.glob(place.format(split=split))):
                return found
        raise MissingFile(
            f"{self.root} has no products of {split!r}; put the Parquet files of the dataset into "
            f"{self.root / 'data'} ({PLACES[0].format(split=split)}) or products-{split}.jsonl beside it"
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
        path = self.root / f"queries-{split}.json"
        if not path.is_file():
            raise MissingFile(
                f"{self.root} has no {path.name}; put the query file of the dataset there"
            )
        photos = self._photos(split)
        for row in JsonlTable(path).rows(
            lambda where, reason, todo: self.reject(where, "", reason, todo)
        ):
            name = f"{split}-{row.where.rpartition(':')[2]}"
            try:
                yield self._query(name, row.cells, photos)
            except (ValueError, TypeError, KeyError, AttributeError) as e:
                reason = f"lacks the key {e}" if isinstance(e, KeyError) else str(e)
                self.reject(row.where, name, reason, "correct the query or complete the products")

    def _photos(self, split: str) -> dict[str, Image | None]:
        """Product id -> photo, for all products of a split: references, no bytes."""
        if split in self._pools:
            return self._pools[split]
        photos = self._pools[split] = {}
        for row in self._rows(split):
            try:
                product = as_id(first(row, "id"))
            except ValueError:
                continue  # told by products()
            if product not in photos:
                photos[product] = self._image(row, product)
        return photos

    def _query(self, name: str, cells: dict, photos: dict[str, Image | None]) -> Query:
        """Raises ValueError for a query that cannot be asked or cannot be answered from the pool."""
        conditions = {as_id(product): wanted for product, wanted in cells["query"].items()}
        positives = [as_id(p) for p in cells["pos_candidate"]]
        found = [p for p in positives if p in photos]
        if not found:
            raise ValueError(
                f"none of its positives {positives[:3]} is among the {len(photos):,} products"
            )
        return Query(
            id=name,
            item=Item(name, interleave(cells["query instruction"], tuple(conditions), photos)),
            relevant=dict.fromkeys(found, 1),
            conditions=tuple(
                (as_text(k), as_text(v))
                for wanted in conditions.values()
                for k, v in wanted.items()
            ),
            filters={
                "references": tuple(conditions),
                "hard_negatives": tuple(as_id(p) for p in cells.get("hard_negative") or ()),
            },
            group=found[0],
        )


def first(row: Row, field: str) -> object:
    """The cell of a field under the first of its names that the row fills."""
    return next((row.cells[n] for n in NAMES[field] if row.cells.get(n) not in (None, "")), None)


def interleave(
    instruction: str, products: tuple[str, ...], photos: dict[str, Image | None]
) -> tuple[Part, ...]:
    """Text and pictures in reading order.

    An `<image>` inside `<Product n> ...` shows the n-th product; outside any tag, the next in order.
    Raises:
        ValueError: a placeholder for a product that the query does not name or that has no photo.
    """
    parts: list[Part] = []
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
        photo = photos.get(products[shown - 1])
        if photo is None:
            raise ValueError(f"product {products[shown - 1]!r} has no photo among the products")
        parts.append(photo)
    return tuple(parts)
