"""GroceryStoreDataset: photos of 81 grocery products taken in shops, iconic pictures, texts.

Klasson, Zhang, Kjellstrom, "A Hierarchical Grocery Store Image Dataset with Visual and Semantic
Labels", WACV 2019. The photos are probes; each product has one clean "iconic" picture.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from skulens.catalog.reader import Reader
from skulens.errors import DataError, MissingFile
from skulens.records import Attribute, DatasetInfo, Item, Product, Query

SAMPLE = Path(__file__).parent / "samples" / "groceries"
"""The part of the dataset that comes with the package; tools/make_groceries_sample.py makes it."""
FACT = re.compile(r"^([A-Z][\w ]{2,40}):\s*(.*)$")
"""A "Key: value" line of an Information file; lines that do not match continue the value."""

ATTRIBUTES = {
    "Country": "country",
    "Country and volume": "country and volume",
    "Manufacturer and volume": "manufacturer and volume",
    "Manufacturing country": "manufacturing country",
    "Ingredients": "ingredients",
    "Nutrition values per 100 gram": "nutrition per 100 g",
}
"""Facts of the Information file that become attributes, all read from text, not seen."""


class Groceries(Reader):
    """81 products; the photos of train.txt, val.txt and test.txt are probe queries.

    Product ids are class names ("Golden-Delicious"). Texts: "description" (English, every
    product), "description_sv" (Swedish, packages). Titles come from the Information file, in
    English or Swedish as the shop had them, and are empty for products without one.
    """

    info = DatasetInfo(
        name="groceries",
        title="GroceryStoreDataset",
        source="https://github.com/marcusklasson/GroceryStoreDataset",
        revision="fc80ba9",
        licence="MIT",
        citation="Klasson, Zhang, Kjellstrom: A Hierarchical Grocery Store Image Dataset "
        "with Visual and Semantic Labels. WACV 2019.",
        splits=("train", "val", "test"),
        gallery_text=("description", "title"),
    )

    def __init__(self, root: Path):
        root = Path(root)
        super().__init__(root if (root / "classes.csv").is_file() else root / "dataset")
        self.classes = self._read_classes()

    def _read_classes(self) -> list[dict[str, str]]:
        """Rows of classes.csv: name, id, coarse name, coarse id, iconic picture, description."""
        path = self.root / "classes.csv"
        if not path.is_file():
            raise MissingFile(
                f"{self.root} has no classes.csv; give the folder of the dataset that holds it"
            )
        names = ("name", "id", "coarse", "coarse_id", "iconic", "description")
        with path.open(encoding="utf-8-sig", newline="") as f:
            rows = [row for row in csv.reader(f) if row][1:]
        bad = next((i for i, row in enumerate(rows) if len(row) != len(names)), None)
        if bad is not None:
            raise DataError(
                f"{path}:{bad + 2} has {len(rows[bad])} cells, expected {len(names)}: "
                f"{', '.join(names)}"
            )
        return [dict(zip(names, (cell.strip() for cell in row), strict=True)) for row in rows]

    def _products(self) -> Iterator[Product]:
        for row in self.classes:
            folder = self._path(row["description"]).parent
            facts = read_facts(next(folder.glob("*Information.txt"), None))
            swedish, _ = read_prose(next(folder.glob("*_Description_Swedish.txt"), None))
            english, _ = read_prose(self._path(row["description"]))
            if not english:
                self.reject(
                    "classes.csv",
                    row["name"],
                    f"no text in {row['description']}",
                    "restore the description",
                )
            iconic = self.picture(
                self._path(row["iconic"]), "classes.csv", row["name"], view="iconic"
            )
            texts = {"description": english, "description_sv": swedish}
            yield Product(
                id=row["name"],
                title=facts.get("Title", ""),
                texts={role: text for role, text in texts.items() if text},
                images=(iconic,) if iconic else (),
                category=(Path(row["iconic"]).parts[2], row["coarse"]),
                attributes=tuple(
                    Attribute(name, facts[key], "text", "Information.txt")
                    for key, name in ATTRIBUTES.items()
                    if facts.get(key)
                ),
                language="en",
                extras={
                    "class_id": int(row["id"]),
                    "coarse_id": int(row["coarse_id"]),
                    "url": facts.get("URL", ""),
                },
            )

    def _queries(self, split: str) -> Iterator[Query]:
        path = self.root / f"{split}.txt"
        if not path.is_file():
            raise MissingFile(
                f"{self.root} has no {path.name}, which lists the photos of {split!r}; put it there"
            )
        names = {row["id"]: row["name"] for row in self.classes}
        for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1):
            cells = [cell.strip() for cell in line.rsplit(",", 2)]
            if not line.strip():
                continue
            if len(cells) != 3 or cells[1] not in names:
                self.reject(
                    f"{path.name}:{number}",
                    line[:80],
                    "not a line `path, class id, coarse id` with a known class",
                    "correct or delete the line",
                )
                continue
            product = names[cells[1]]
            photo = self.picture(
                self.root / cells[0], f"{path.name}:{number}", product, view="photo"
            )
            if photo:
                yield Query(
                    id=cells[0], item=Item(cells[0], (photo,)), relevant={product: 1}, group=product
                )

    def _path(self, written: str) -> Path:
        """Paths in classes.csv start with "/" and are relative to the dataset."""
        return self.root / written.lstrip("/")


class GroceriesSample(Groceries):
    """All 81 products, and two test photos of each, at most 256 px: what ships with skulens."""

    info = replace(
        Groceries.info,
        name="groceries-sample",
        title="GroceryStoreDataset, a sample",
        splits=("test",),
    )

    def __init__(self, root: Path = SAMPLE):
        super().__init__(root)


def read_facts(path: Path | None) -> dict[str, str]:
    """The "Key: value" facts of an Information file; a value may run over several lines."""
    facts: dict[str, str] = {}
    key = None
    for line in lines_of(path):
        if match := FACT.match(line):
            key, value = match.groups()
            facts[key] = value.strip()
        elif key:
            facts[key] = f"{facts[key]}\n{line.strip()}".strip()
    return facts


def read_prose(path: Path | None) -> tuple[str, list[str]]:
    """The text of a description file as one line, and the shop URLs that stood in it."""
    lines = [line.strip() for line in lines_of(path)]
    urls = [line for line in lines if line.startswith(("http://", "https://"))]
    return " ".join(line for line in lines if line and line not in urls), urls


def lines_of(path: Path | None) -> list[str]:
    return (
        path.read_text(encoding="utf-8-sig").splitlines()
        if path is not None and path.is_file()
        else []
    )
