"""44 photos of real packages, mostly backs, each with what a person reads in it."""

from pathlib import PurePosixPath
from typing import Any

from skulens.catalog.answers import Answer, AnsweredPhotos, gtin_forms
from skulens.records import DatasetInfo

NAMES = {
    "images/a1xg_eng-24.jpg": (
        "Gel de Ducha Verbena Cítricos",
        "Sabonete Líquido Corporal Citrus Verbena",
        "Gel Doccia Verbena Agrumi",
        "Douchegel Verbena Citrus",
    ),
}
"""Names of a product in further languages of its package; the file has them in its notes."""


class Packages(AnsweredPhotos):
    """One product per photo: cosmetics, food and medicine, in a dozen languages.

    A code that only a machine reads (`accept_gtin`) is legible "partly": right if given, and not
    missed if not.
    """

    info = DatasetInfo(
        name="packages",
        title="Photos of packages",
        source="five repositories on GitHub, named photo by photo in answers.json",
        revision="commit of each photo in answers.json",
        licence="Apache-2.0, MIT and CC-BY-4.0, photo by photo in answers.json",
        citation="a1xg/OCR-pipeline-for-product-labels, aleene/FoodViewer, "
        "VizWiz-Captions (vizwiz.org), "
        "kivancgunduz/expiration-date-detection, SachinSingh1402; answers read by eye.",
    )

    def _answers(self, found: dict[str, Any]) -> list[Answer]:
        return [read_photo(photo) for photo in found["photos"]]


def read_photo(photo: dict[str, Any]) -> Answer:
    """One entry of the answer file."""
    fields, path = dict(photo["fields"]), photo["image"]
    alternatives: dict[str, tuple[str, ...]] = {"attributes.name": NAMES.get(path, ())}
    if code := fields.get("gtin") or photo.get("accept_gtin"):
        fields["gtin"] = code
        alternatives["identifiers.gtin"] = gtin_forms(code)
    return Answer(
        item=PurePosixPath(path).stem,
        images=(path,),
        fields=fields,
        legible=photo["legible"],
        languages=tuple(photo["language"]),
        lines=tuple(photo["lines"]),
        alternatives=alternatives,
        extras={"kind": photo["kind"], "licence": photo["licence"], "source": photo["source"]},
    )
