"""40 photos of labels of products other than food: plates, tags, boxes, garments with text."""

from pathlib import PurePosixPath
from typing import Any

from skulens.catalog.answers import Answer, AnsweredPhotos, connect, gtin_forms
from skulens.records import DatasetInfo


class ProductLabels(AnsweredPhotos):
    """One product per photo; photos of the same thing are one group.

    Where a photo shows several products, its gold has one row for each, and what none of them
    shows is left open.
    """

    info = DatasetInfo(
        name="product_labels",
        title="Photos of product labels",
        source="repositories on GitHub, named photo by photo in answers.json",
        revision="commit of each photo in answers.json",
        licence="CC0-1.0, MIT and Apache-2.0, photo by photo in answers.json",
        citation="alexeygrigorev/clothing-dataset, innovationgarage/price-tag-reader, "
        "Melikeda/medicine-box-detection-yolov8, zxing/zxing, syssi/*, Hypfer/Valetudo, "
        "klaasnicolaas/home-assistant-glow; answers read by eye.",
    )

    def _answers(self, found: dict[str, Any]) -> list[Answer]:
        photos = found["photos"]
        names = [(name_of(p), p["same_object"]) for p in photos]
        groups = connect(names)
        return [read_photo(photo, groups[name_of(photo)]) for photo in photos]


def name_of(photo: dict[str, Any]) -> str:
    return PurePosixPath(photo["image"]).stem


def read_photo(photo: dict[str, Any], group: str) -> Answer:
    """One entry of the answer file."""
    code = photo["fields"].get("gtin")
    return Answer(
        item=name_of(photo),
        images=(photo["image"],),
        fields=photo["fields"],
        legible=photo["legible"],
        languages=tuple(photo["language"]),
        group=group,
        lines=tuple(photo["lines"]),
        products=tuple(photo.get("products") or ()),
        alternatives={"identifiers.gtin": gtin_forms(code)} if code else {},
        extras={
            "kind": photo["kind"],
            "subkind": photo["subkind"],
            "licence": photo["licence"],
            "source": photo["source"],
        },
    )
