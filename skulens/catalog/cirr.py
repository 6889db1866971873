"""CIRR: a picture and a sentence that changes it, among photos of everyday scenes.

Liu et al., "Image Retrieval on Real-life Images with Pre-trained Vision-and-Language Models", ICCV
2021, arXiv 2108.04024. Annotations as in the branch cirr_dataset of github.com/Cuberick-Orion/CIRR
(2276fba, version rc2):

    captions/cap.rc2.SPLIT.json        [{pairid, reference, target_hard, target_soft, caption,
                                       img_set {id, members, reference_rank, target_rank}}]
    image_splits/split.rc2.SPLIT.json  {name: "./dev/NAME.png"}, the gallery of the split
    img_raw/                           the photos, of NLVR2, which have to be asked for
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from skulens.catalog.mapping import as_id, as_text
from skulens.catalog.pool_reader import CHANGE, TODO, PoolReader, find_reference, find_target
from skulens.errors import DataError
from skulens.records import Condition, DatasetInfo, Image, Item, Product, Query

CAPTIONS = "captions/cap.rc2.{}.json"
PHOTOS = "img_raw"


class Cirr(PoolReader):
    """Photos of a split as products, pairs of a photo and a sentence as queries.

    A query's item is the reference photo and the sentence; its one relevant product is
    `target_hard`, as in the dataset's Recall@K (where K counts without the reference: exclude
    references). `target_soft` judged by others and is not used. The members of its set, which
    Recall_subset@K ranks alone, are its hard negatives, without reference and target, and the tag
    "subset" names the set. `test1` has no published targets: its queries have no answer.

    Args:
        root: the folder with captions/ and image_splits/.
        pool: the split whose photos are the gallery; "val" by default.
    """

    usual = "val"
    info = DatasetInfo(
        name="cirr",
        title="CIRR",
        source="https://github.com/Cuberick-Orion/CIRR (branch cirr_dataset)",
        revision="rc2; format of the branch at 2276fba",
        licence="annotations MIT; photos of NLVR2, not licensed",
        citation="Liu et al.: Image Retrieval on Real-life Images with Pre-trained "
        "Vision-and-Language Models. ICCV 2021.",
        splits=("train", "val", "test1"),
        gallery_text=(),
    )

    def has_split(self, split: str) -> bool:
        return (self.root / CAPTIONS.format(split)).is_file()

    def _products(self) -> Iterator[Product]:
        for name, image in self.photos(self.pool).items():
            yield Product(name, images=(image,) if image else ())

    def photos(self, split: str) -> dict[str, Image | None]:
        """Name -> photo of a split's gallery; None and a reject where it is missing."""
        file = f"image_splits/split.rc2.{split}.json"
        found = self.read_json(file)
        if not isinstance(found, dict):
            raise DataError(f"{self.root / file} is a {type(found).__name__}, expected an object")
        return {
            name: self.listed(str(Path(PHOTOS, as_text(path))), file, name)
            for name, path in found.items()
        }

    def _queries(self, split: str) -> Iterator[Query]:
        photos, seen = self.photos(split), set[str]()
        for where, entry in self.entries(CAPTIONS.format(split)):
            try:
                query = build_query(split, entry, photos)
                if query.id in seen:
                    raise ValueError("the pairid occurred before")
                seen.add(query.id)
                yield query
            except (ValueError, TypeError, KeyError, AttributeError) as e:
                item = str(entry.get("pairid", ""))[:80]
                self.reject_failed(where, item, e, TODO)


def build_query(split: str, entry: Mapping[str, Any], photos: Mapping[str, Image | None]) -> Query:
    """The query of an entry. Raises ValueError, KeyError where it cannot be asked or answered."""
    name, reference = f"{split}-{as_id(entry['pairid'])}", as_id(entry["reference"])
    caption = as_text(entry["caption"])
    photo = find_reference(reference, photos)
    if not caption:
        raise ValueError("has no caption")
    answers = find_target(entry.get("target_hard"), photos)
    members = [as_id(m) for m in entry["img_set"]["members"]]
    subset = as_id(entry["img_set"]["id"])
    return Query(
        name,
        Item(name, (photo, caption)),
        relevant=answers,
        conditions=(Condition(CHANGE, caption, 0, reference, relation="different"),),
        references=(reference,),
        hard_negatives=tuple(m for m in members if m != reference and m not in answers),
        tags={"subset": subset, "n_conditions": "1"},
        group=f"set {subset}",
    )
