"""FashionIQ: a photo of a garment and two sentences that say how another one differs.

Wu et al., "Fashion IQ: A New Dataset Towards Retrieving Images by Natural Language Feedback", CVPR
2021, arXiv 1905.12794. Files as in github.com/XiaoxiaoGuo/fashion-iq at f71b16c:

    captions/cap.KIND.SPLIT.json         [{target, candidate, captions: [two sentences]}]
    image_splits/split.KIND.SPLIT.json   [name, ...], the gallery of a kind and split
    images/NAME.jpg or .png              the photos, fetched apart
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from skulens.catalog.mapping import as_id, as_text
from skulens.catalog.pool_reader import CHANGE, TODO, PoolReader, find_reference, find_target
from skulens.errors import DataError
from skulens.records import Condition, DatasetInfo, Image, Item, Product, Query

KINDS = ("dress", "shirt", "toptee")
CAPTIONS = "captions/cap.{}.{}.json"
PLACES = ("images/{}.jpg", "images/{}.png", "resized_images/{}.jpg", "{}.jpg")


class FashionIQ(PoolReader):
    """Garments of a split as products, a photo with two sentences as queries.

    The published numbers are of one kind at a time, against the gallery of that kind: open
    `FashionIQ(root, kind="dress")`; the category of a product and the tag "class" of a query say
    it too. A query's text joins its sentences by " and ", as is usual; each is a condition. `test`
    has no published targets: its queries have no answer.

    Args:
        root: the folder with captions/ and image_splits/.
        pool: the split whose photos are the gallery; "val" by default.
        kind: dress, shirt or toptee; all that are there by default.
    """

    usual = "val"
    info = DatasetInfo(
        name="fashioniq",
        title="FashionIQ",
        source="https://github.com/XiaoxiaoGuo/fashion-iq",
        revision="format of the repository at f71b16c",
        licence="CDLA; photos of Amazon, not licensed",
        citation="Wu et al.: Fashion IQ: A New Dataset Towards Retrieving Images by Natural "
        "Language Feedback. CVPR 2021.",
        splits=("train", "val", "test"),
        gallery_text=(),
    )

    def __init__(self, root: Path, pool: str = "", kind: str = ""):
        super().__init__(root, pool)
        if kind and kind not in KINDS:
            raise DataError(f"fashioniq has no kind {kind!r}; expected one of {', '.join(KINDS)}")
        self.kind = kind
        there = tuple(k for k in KINDS if (self.root / CAPTIONS.format(k, self.pool)).is_file())
        self.kinds = (kind,) if kind else there or KINDS

    def has_split(self, split: str) -> bool:
        return any((self.root / CAPTIONS.format(k, split)).is_file() for k in KINDS)

    def for_split(self, split: str) -> "FashionIQ":
        return self if split == self.pool else FashionIQ(self.root, split, self.kind)

    def _products(self) -> Iterator[Product]:
        seen: set[str] = set()
        for kind in self.kinds:
            for name, image in self.photos(kind, self.pool).items():
                if name not in seen:  # a few garments are of two kinds
                    yield Product(name, images=(image,) if image else (), category=(kind,))
                seen.add(name)

    def photos(self, kind: str, split: str) -> dict[str, Image | None]:
        """Name -> photo of a gallery; None and a reject where it is missing."""
        file = f"image_splits/split.{kind}.{split}.json"
        found = self.read_json(file)
        if not isinstance(found, list):
            raise DataError(f"{self.root / file} is a {type(found).__name__}, expected a list")
        return {name: self.photo(name, file) for name in map(as_text, found)}

    def photo(self, name: str, file: str) -> Image | None:
        places = [place.format(name) for place in PLACES]
        written = next((p for p in places if (self.root / p).is_file()), places[0])
        return self.listed(written, file, name)

    def _queries(self, split: str) -> Iterator[Query]:
        for kind in self.kinds:
            photos = self.photos(kind, split)
            for where, entry in self.entries(CAPTIONS.format(kind, split)):
                name = f"{kind}-{split}-{where.rpartition('#')[2]}"
                try:
                    yield build_query(name, kind, entry, photos)
                except (ValueError, TypeError, KeyError, AttributeError) as e:
                    self.reject_failed(where, name, e, TODO)


def build_query(
    name: str, kind: str, entry: Mapping[str, Any], photos: Mapping[str, Image | None]
) -> Query:
    """The query of an entry. Raises ValueError, KeyError where it cannot be asked or answered."""
    reference = as_id(entry["candidate"])
    captions = [text for caption in entry["captions"] if (text := as_text(caption))]
    photo = find_reference(reference, photos)
    if not captions:
        raise ValueError("has no caption")
    answers = find_target(entry.get("target"), photos)
    return Query(
        name,
        Item(name, (photo, " and ".join(captions))),
        relevant=answers,
        conditions=tuple(
            Condition(CHANGE, c, 0, reference, relation="different") for c in captions
        ),
        references=(reference,),
        tags={"class": kind, "language": "en", "n_conditions": str(len(captions))},
        group=reference,
    )
