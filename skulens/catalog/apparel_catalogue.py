"""The demo shop of Saleor: 32 products, 48 rendered pictures, attributes, variants, prices."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, cast

from skulens.catalog.mapping import as_attributes, as_id, as_path, as_text
from skulens.catalog.prices import as_price
from skulens.catalog.reader import IN_GALLERY, TrueReader
from skulens.catalog.tables import Row, open_table
from skulens.claims import Gold, Legibility
from skulens.errors import DataError
from skulens.records import Attribute, DatasetInfo, Image, Item, Product, Query
from skulens.values.fields import find_path

VIEW = re.compile(r"-(front|back|\d+)$")
CURRENCY = "USD"
KEYS = ("id", "name", "images", "variants")


class ApparelCatalogue(TrueReader):
    """Products with several views and with variants that mostly look alike.

    level="product" (default): one product per line, its variants in `extras["variants"]`.
    level="variant": one product per SKU (73), its line as `spu`, with the variant's own attributes,
    which the pictures rarely show (shoe sizes, book formats): modality "text".

    Gold is the attributes that the shop states. Whether the renderings show them is unknown; a
    variant's own are not pictured. The group is the line of the catalogue.

    The split "views" takes every view after the first as a probe for its product (12 products, 16
    probes). The probes are gallery pictures too and say so (`tags={"in_gallery": "yes"}`).
    """

    info = DatasetInfo(
        name="apparel_catalogue",
        title="Saleor demo shop",
        source="https://github.com/saleor/saleor",
        revision="723cd4e",
        licence="BSD-3-Clause",
        citation="Saleor Commerce: demo data (populatedb_data.json).",
        splits=("views",),
        gallery_text=("description", "title"),
    )

    def __init__(self, root: Path, level: Literal["product", "variant"] = "product"):
        super().__init__(root)
        if level not in ("product", "variant"):
            raise DataError(
                f'apparel_catalogue has no level {level!r}; expected "product" or "variant"'
            )
        self.level = level
        self.table = open_table(self.root / "products.jsonl")
        missing = [k for k in KEYS if k not in self.table.columns]
        if missing:
            raise DataError(
                f"{self.table.path} lacks the keys {missing}; "
                f"it has {', '.join(self.table.columns)}"
            )

    def _products(self) -> Iterator[Product]:
        for product in self._lines():
            if self.level == "product":
                yield product
            else:
                yield from self._variants(product)

    def _lines(self) -> Iterator[Product]:
        for row in self.table.rows(self.reject_row):
            try:
                yield self._product(row)
            except (ValueError, TypeError, KeyError, AttributeError) as e:
                self.reject(
                    row.where,
                    str(row.cells.get("id")),
                    f"{type(e).__name__}: {e}",
                    "correct the line",
                )

    def _product(self, row: Row) -> Product:
        cells = row.cells
        name = as_id(cells["id"])
        views = [
            self.picture(self.root / path, row.where, name, view_of(path))
            for path in cells["images"]
        ]
        variants = cells["variants"]
        prices = [p for v in variants if (p := as_price(v["price"].get(CURRENCY), ".")) is not None]
        return Product(
            id=name,
            title=as_text(cells["name"]),
            texts={"description": text} if (text := as_text(cells.get("description"))) else {},
            images=tuple(view for view in views if view),
            category=as_path([cells.get("category")]),
            attributes=as_attributes(cells.get("attributes"), "shop"),
            language="en",
            price=min(prices, default=None),
            currency=CURRENCY if prices else None,
            extras={
                "slug": cells["slug"],
                "product_type": cells["product_type"],
                "variants": variants,
            },
        )

    def _variants(self, product: Product) -> Iterator[Product]:
        for sku, variant in zip(skus(product), variants_of(product), strict=True):
            own = as_attributes(variant.get("attributes"), "shop")
            price = as_price(variant["price"].get(CURRENCY), ".")
            yield Product(
                id=sku,
                spu=product.id,
                title=f"{product.title} {as_text(variant.get('name'))}".strip(),
                texts=product.texts,
                images=product.images,
                category=product.category,
                attributes=product.attributes
                + tuple(Attribute(a.key, a.value, "text", a.source) for a in own),
                language=product.language,
                price=price,
                currency=CURRENCY if price is not None else None,
                extras={"slug": product.extras["slug"]},
            )

    def _gold(self, split: str) -> Iterator[Gold]:
        for product in self._products():
            if split and len(product.images) < 2:
                continue
            images, group = self.names_of(product.images), product.spu or product.id
            for a in product.attributes:
                legible: Legibility = "not pictured" if a.modality == "text" else "unknown"
                yield Gold(product.id, find_path(a.key), (a.value,), legible, images, group)

    def _queries(self, split: str) -> Iterator[Query]:
        for product in self._lines():
            relevant = [product.id] if self.level == "product" else skus(product)
            for view in product.images[1:]:
                yield self._query(view, product.id, relevant)

    def _query(self, view: Image, group: str, relevant: list[str]) -> Query:
        (name,) = self.names_of([view])
        return Query(
            name,
            Item(name, (view,)),
            dict.fromkeys(relevant, 1),
            tags={IN_GALLERY: "yes"},
            group=group,
        )


def skus(product: Product) -> list[str]:
    """Ids of the variants: the shop's SKU, or "PRODUCT/n" for those it left without one."""
    numbered = enumerate(variants_of(product), 1)
    return [as_id(v.get("sku") or f"{product.id}/{n}") for n, v in numbered]


def variants_of(product: Product) -> list[dict[str, Any]]:
    """The variants of a line, as the shop has them."""
    return cast(list[dict[str, Any]], product.extras["variants"])


def view_of(path: str) -> str:
    """View in a file name: "front", "back" or a number; "front" where the name says nothing."""
    match = VIEW.search(Path(path).stem)
    return match.group(1) if match else "front"
