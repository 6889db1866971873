"""3,460 photos of single garments in 18 classes, taken at home by volunteers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from skulens.catalog.reader import Reader
from skulens.catalog.tables import Row, open_table
from skulens.errors import DataError
from skulens.records import Attribute, DatasetInfo, Image, Item, Product, Query

COLUMNS = ("image", "label", "kids", "contributor", "split")


class Clothing(Reader):
    """The garments, seen in one of two ways.

    unit="class" (default): 18 products, one per class, with the label as title; each photo is a
    probe of its split and is judged to show its class. unit="photo": every photo is a product with
    the attributes type and kids, for extraction and near-duplicate search; there are no queries.

    Intervals resample contributors (`Query.group`), whose photos share room, light and often the
    garment. Labels come from the contributors and overlap (T-Shirt/Polo/Top); "Outwear" is
    upstream's spelling.
    """

    def __init__(self, root: Path, unit: Literal["class", "photo"] = "class"):
        super().__init__(root)
        if unit not in ("class", "photo"):
            raise DataError(f'clothing has no unit {unit!r}; expected "class" or "photo"')
        self.unit = unit
        self.table = open_table(self.root / "products.csv")
        missing = [c for c in COLUMNS if c not in self.table.columns]
        if missing:
            raise DataError(
                f"{self.table.path} lacks the columns {missing}; expected {', '.join(COLUMNS)}"
            )
        self.info = DatasetInfo(
            name="clothing",
            title="Clothing dataset",
            source="https://github.com/alexeygrigorev/clothing-dataset",
            revision="7ed86a9",
            licence="CC0-1.0",
            citation="Grigorev: Clothing dataset, 2020. "
            "Photos by Kenes Shangereyev, Tagias.com and contributors.",
            splits=("train", "val", "test") if unit == "class" else (),
            gallery_text=("title",),
        )

    def _rows(self) -> Iterator[Row]:
        for row in self.table.rows(self.reject_row):
            if row.cells["label"].strip():
                yield row
            else:
                self.reject(
                    row.where,
                    row.cells["image"],
                    "the label is empty",
                    "add the label or delete the row",
                )

    def _products(self) -> Iterator[Product]:
        if self.unit == "class":
            labels = sorted({row.cells["label"] for row in self._rows()})
            yield from (
                Product(id=label, title=label, category=("Clothing",), language="en")
                for label in labels
            )
            return
        for row in self._rows():
            if image := self._photo(row):
                yield self._garment(row, image)

    def _garment(self, row: Row, image: Image) -> Product:
        cells = row.cells
        return Product(
            id=Path(cells["image"]).stem,
            images=(image,),
            category=("Clothing", cells["label"]),
            attributes=(
                Attribute("type", cells["label"], "visual", "contributor"),
                Attribute("kids", cells["kids"], "visual", "contributor"),
            ),
            extras={"contributor": cells["contributor"], "split": cells["split"]},
        )

    def _queries(self, split: str) -> Iterator[Query]:
        for row in self._rows():
            if row.cells["split"] == split and (photo := self._photo(row)):
                name, label = row.cells["image"], row.cells["label"]
                yield Query(
                    name,
                    Item(name, (photo,)),
                    {label: 1},
                    group=f"contributor {row.cells['contributor']}",
                )

    def _photo(self, row: Row) -> Image | None:
        return self.picture(
            self.root / row.cells["image"], row.where, row.cells["label"], view="photo"
        )
