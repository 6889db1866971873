"""Photos of retail barcodes on real packages, and photos without one (ZXing's test pictures)."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from skulens.catalog.answers import gtin_forms
from skulens.catalog.reader import TrueReader
from skulens.catalog.tables import open_table
from skulens.claims import Gold, Legibility
from skulens.errors import DataError
from skulens.records import DatasetInfo, Product
from skulens.values.gtin import expand_upce

COLUMNS = ("image", "symbology", "text", "group")
BLURRED = ("ean13-5", "upca-6")
"""Upstream's groups that are blurred so strongly that they need not be readable."""
FIELD = "identifiers.gtin"


class Barcodes(TrueReader):
    """One product per photo; photos of one code are the same object and one group.

    Gold is the code as printed, or as a decoder may write it (UPC-A with a leading 0, UPC-E
    expanded to UPC-A). A photo without a retail barcode truly has none: every code is false.
    """

    info = DatasetInfo(
        name="barcodes",
        title="Retail barcodes",
        source="https://github.com/zxing/zxing",
        revision="7f12980",
        licence="Apache-2.0",
        citation="ZXing authors: ZXing, core/src/test/resources/blackbox.",
    )

    def __init__(self, root: Path):
        super().__init__(root)
        self.table = open_table(self.root / "labels.csv")
        missing = [c for c in COLUMNS if c not in self.table.columns]
        if missing:
            raise DataError(
                f"{self.table.path} lacks the columns {missing}; expected {', '.join(COLUMNS)}"
            )

    def _rows(self) -> Iterator[tuple[str, dict[str, str]]]:
        for row in self.table.rows(self.reject_row):
            yield row.where, {c: str(row.cells[c]).strip() for c in COLUMNS}

    def _products(self) -> Iterator[Product]:
        for where, cells in self._rows():
            item = item_of(cells)
            if image := self.picture(self.root / cells["image"], where, item):
                yield Product(id=item, images=(image,), extras={"group": cells["group"]})

    def _gold(self, split: str) -> Iterator[Gold]:
        for _, cells in self._rows():
            legible: Legibility = "partly" if cells["group"] in BLURRED else "yes"
            item, code = item_of(cells), cells["text"]
            yield Gold(item, FIELD, code_forms(cells), legible, (cells["image"],), code or item)


def item_of(cells: dict[str, str]) -> str:
    """The photo's path below images/, without its suffix: "ean13-1/12"."""
    return str(PurePosixPath(cells["image"]).with_suffix("")).removeprefix("images/")


def code_forms(cells: dict[str, str]) -> tuple[str, ...]:
    """The code as printed and as decoders may write it; empty where there is none."""
    code = cells["text"]
    if not code:
        return ()
    if cells["symbology"] == "UPC-E":
        return (code, *gtin_forms(expand_upce(code) or code))
    return gtin_forms(code)
