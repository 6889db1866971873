"""MERIT's files: products as on the hub (Parquet) or of the annotation code (JSON Lines), queries as
JSON Lines.

    data/SPLIT-00000-of-00001.parquet   image {bytes, path}, title, idx, class, country, language,
                                        attribute {key: value}; spu_id, spu_description, extras
                                        where a product has them
    products-SPLIT.jsonl                the earlier form: sku_id, spu_id, local_sku_image, title ...
    queries-SPLIT.json                  see `catalog.merit_lines`

Field names are those of github.com/weichow23/merit at 98a63a4. A line that was kept when its query
was read comes back byte for byte. Further pictures, prices, codes and texts of a product, and all
but the first value of an attribute, have no place there.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pyarrow as pa

from skulens.catalog.folder import write_json, write_table
from skulens.catalog.layouts.export import Export, ExportPool, Layout
from skulens.catalog.layouts.skulens import kept_lines
from skulens.catalog.merit_lines import Shown, write_id, write_line
from skulens.files import write_whole
from skulens.records import Image, Product

STRING = pa.string()
PLAIN = ("title", "idx", "class", "country", "language")
PICTURES = 100
"""Products held in memory at a time, with their pictures."""
OPTIONAL = ("spu_id", "spu_description", "extras")


class Merit(Layout):
    """Products as on the hub, pictures inside."""

    products: ClassVar[str] = "data/{split}-00000-of-00001.parquet"

    def write(self) -> None:
        for split, pool in self.export.pools():
            self.write_products(split, pool)
            self.write_queries(split, pool)

    def write_queries(self, split: str, pool: ExportPool) -> None:
        """One line per query; a query that MERIT cannot say becomes a reject."""
        path = self.export.file(f"queries-{split}.json")
        write_whole(path, lambda f: f.writelines(self.lines(split, pool)))

    def lines(self, split: str, pool: ExportPool) -> Iterator[bytes]:
        export, kept = self.export, kept_lines(self.export.catalog, split)
        shown = {
            p.id: Shown(pool.image_of(p.id), p.language or "", kind_of(p), p.title)
            for p in pool.products.values()
        }
        for query in export.ask(split, pool):
            try:
                line = write_line(query, kept.get(query.id), shown)
            except ValueError as e:
                export.reject(split, query, str(e))
                continue
            first = {shown[r].photo for r in query.references if r in shown}
            others = [p for p in query.item.parts if isinstance(p, Image) and p not in first]
            export.notes["reference pictures replaced by the product's first"] += len(others)
            export.queries += 1
            yield line + b"\n"

    def write_products(self, split: str, pool: ExportPool) -> None:
        keys = dict.fromkeys(a.key for p in pool.products.values() for a in p.attributes)
        told = {p.id: describe(p) for p in pool.products.values()}
        more = [name for name in OPTIONAL if any(row[name] for row in told.values())]
        columns: dict[str, pa.DataType] = dict.fromkeys((*PLAIN, *more), STRING)
        columns["image"] = pa.struct({"bytes": pa.binary(), "path": STRING})
        if keys:
            columns["attribute"] = pa.struct(dict.fromkeys(keys, STRING))
        schema = pa.schema(columns).with_metadata(features_of(columns))
        each = self.export.each(pool)
        filled = ({**told[p.id], **show_picture(self.export, pool, p.id)} for p in each)
        write_table(self.export.file(self.products.format(split=split)), schema, filled, PICTURES)
        self.export.notes["further values of an attribute left out"] += count_more(pool)


class MeritAnnotation(Merit):
    """Products as JSON Lines of the annotation code, pictures beside."""

    products = "products-{split}.jsonl"

    def write_products(self, split: str, pool: ExportPool) -> None:
        path = self.export.file(self.products.format(split=split))
        rows = (self.record(p, pool) for p in self.export.each(pool))
        write_whole(path, lambda f: f.writelines(json.dumps(r).encode() + b"\n" for r in rows))
        self.export.notes["further values of an attribute left out"] += count_more(pool)

    def record(self, product: Product, pool: ExportPool) -> dict[str, Any]:
        """The fields of the annotation code, then what it had beyond ours when it was read."""
        row, path = describe(product), self.export.show(pool, product.id)
        found: dict[str, Any] = {"sku_id": write_id(product.id)}
        if product.spu is not None:
            found["spu_id"] = write_id(product.spu)
        if path is not None:
            found["local_sku_image"] = path
        for name in ("spu_description", "class", "country", "language", "title", "attribute"):
            if row.get(name):
                found[name] = row[name]
        return found | dict(product.extras)


def describe(product: Product) -> dict[str, Any]:
    """The cells of a product, without its picture."""
    attribute: dict[str, str] = {}
    for a in product.attributes:
        attribute.setdefault(a.key, a.value)
    return {
        "idx": product.id,
        "title": product.title,
        "class": kind_of(product),
        "country": product.country,
        "language": product.language,
        "attribute": attribute,
        "spu_id": product.spu,
        "spu_description": product.texts.get("description"),
        "extras": write_json(dict(product.extras), f"extras of product {product.id!r}"),
    }


def kind_of(product: Product) -> str:
    """MERIT's one class: the innermost category."""
    return product.category[-1] if product.category else ""


def count_more(pool: ExportPool) -> int:
    """Values of attributes beyond the first of each key."""
    return sum(
        len(p.attributes) - len({a.key for a in p.attributes}) for p in pool.products.values()
    )


def show_picture(export: Export, pool: ExportPool, product: str) -> dict[str, Any]:
    """The cell of its first picture; {} where it has none, or none that can be read."""
    image = pool.image_of(product)
    try:
        return {"image": {"bytes": image.read(), "path": None}} if image else {}
    except OSError as e:
        export.reject_picture(product, e)
        return {}


def features_of(columns: Mapping[str, pa.DataType]) -> dict[bytes, bytes]:
    """What tells Hugging Face's `datasets` that the column `image` holds pictures."""
    value = {"dtype": "string", "_type": "Value"}
    features: dict[str, Any] = dict.fromkeys(columns, value)
    features["image"] = {"_type": "Image"}
    if "attribute" in columns:
        features["attribute"] = {field.name: value for field in columns["attribute"]}
    return {b"huggingface": json.dumps({"info": {"features": features}}).encode()}
