"""VLM2Vec's pairs, as its training takes them and as its evaluation does.

The files that `catalog.layouts.vlm2vec` writes, and rows of MMEB's training sets on the hub (qry,
qry_image_path, pos_text, pos_image_path, neg_text, neg_image_path; TIGER-AI-Lab/VLM2Vec at 6e1e1d4,
src/data/dataset/mmeb_dataset.py) where they lie as pairs-SPLIT.parquet.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from skulens.catalog.pool_reader import PoolReader
from skulens.catalog.tables import DAMAGE
from skulens.errors import DataError, MissingFile
from skulens.records import DatasetInfo, Image, Item, Part, Product, Query

TOKEN = re.compile(r"<\|image_pad\|>|<\|image_\d+\|>|<image>")
"""What stands for a picture, of the Qwen2-VL family, Phi-3-V and LLaVA-NeXT."""
BATCH = 256
MMEB = {
    "query": ("qry", "qry_image_path"),
    "pos": ("pos_text", "pos_image_path"),
    "neg": ("neg_text", "neg_image_path"),
}
"""Columns of MMEB's rows, one picture or none each."""

Offered = tuple[str, Mapping[str, Any] | None]
"""(text with tokens, picture field) of a candidate."""


class Vlm2Vec(PoolReader):
    """Candidates as products, their text as title; queries with tokens replaced by pictures.

    Training pairs have no ids: a product is named by a hash of its text and pictures, a query by its
    split and row; a negative is a hard negative. Of the evaluation form names and labels are read.

    Args:
        root: the folder with pairs-*.parquet, or corpus-*.parquet and queries-*.parquet.
        pool: the split whose candidates are the gallery; the first by default.
    """

    def __init__(self, root: Path, pool: str = ""):
        found = sorted(Path(root).glob("corpus-*.parquet")) or sorted(
            Path(root).glob("pairs-*.parquet")
        )
        if not found:
            raise MissingFile(f"{root} has neither corpus-*.parquet nor pairs-*.parquet")
        self.evaluation = found[0].name.startswith("corpus-")
        self.info = DatasetInfo(
            name="vlm2vec",
            title="pairs of VLM2Vec",
            source=str(root),
            revision="format of github.com/TIGER-AI-Lab/VLM2Vec at 6e1e1d4",
            licence="of the data they were made from",
            citation="Jiang et al.: VLM2Vec: Training Vision-Language Models for Massive Multimodal "
            "Embedding Tasks. ICLR 2025.",
            splits=tuple(p.stem.partition("-")[2] for p in found),
            gallery_text=("title",),
        )
        super().__init__(root, pool)

    def _products(self) -> Iterator[Product]:
        seen: set[str] = set()
        for where, row in self.rows("corpus" if self.evaluation else "pairs", self.pool):
            for name, offer in self.offers(row):
                if name not in seen:
                    seen.add(name)
                    yield self.product(name, offer, where)

    def rows(self, kind: str, split: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """(place, row) of a file; those of MMEB in the form of the pairs."""
        path = self.root / f"{kind}-{split}.parquet"
        if not path.is_file():
            raise MissingFile(f"{self.root} has no {path.name}; put it there")
        number = 0
        try:
            for batch in pq.ParquetFile(path).iter_batches(BATCH):
                for row in batch.to_pylist():
                    yield f"{path.name}#{number}", widen(row) if "qry" in row else row
                    number += 1
        except (*DAMAGE, pa.ArrowInvalid) as e:
            raise DataError(f"{path} is damaged after row {number:,}: {str(e)[:200]}") from None

    def offers(self, row: Mapping[str, Any]) -> list[tuple[str, Offered]]:
        """(product id, what is offered) of a row, the positive first."""
        if self.evaluation:
            names = row["dataset_infos"]["cand_names"]
            pairs = zip(row["cand_text"], row["cand_image"], strict=True)
            return list(zip(names, pairs, strict=True))
        texts = [row["pos_text"], *(row["neg_text"] or ())]
        images = [row["pos_image"], *(row["neg_image"] or ())]
        pairs = zip(texts, images, strict=False)  # a dummy picture may stand without a text
        return [(hash_offer(*offer), offer) for offer in pairs]

    def product(self, name: str, offer: Offered, where: str) -> Product:
        text, field = offer
        images = [self.image(one, where, name) for one in pictures_in(field)]
        title = TOKEN.sub("", text).strip()
        return Product(name, title=title, images=tuple(i for i in images if i))

    def image(self, found: str | bytes, where: str, item: str) -> Image | None:
        return Image(data=found) if isinstance(found, bytes) else self.listed(found, where, item)

    def _queries(self, split: str) -> Iterator[Query]:
        for where, row in self.rows("queries" if self.evaluation else "pairs", split):
            name = f"{split}-{where.rpartition('#')[2]}"
            try:
                yield self.query(name, row, where)
            except (ValueError, TypeError, KeyError, IndexError) as e:
                self.reject(where, name, f"{type(e).__name__}: {e}", "correct the row")

    def query(self, name: str, row: Mapping[str, Any], where: str) -> Query:
        """Raises ValueError where text and pictures do not fit."""
        text, field = row["query_text"], row["query_image"]
        if self.evaluation:
            text, field = text[0], field[0]
        found = [self.image(one, where, name) for one in pictures_in(field)]
        images = [image for image in found if image is not None]
        if len(images) < len(found):
            raise ValueError("a picture is missing")
        offered = [product for product, _ in self.offers(row)]
        labels = row["dataset_infos"]["label_name"] if self.evaluation else offered[:1]
        answers = [labels] if isinstance(labels, str) else labels
        return Query(
            name,
            Item(name, place_pictures(text, images)),
            relevant=dict.fromkeys(answers, 1),
            hard_negatives=tuple(p for p in offered if p not in answers),
            group=answers[0],
        )


def widen(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of MMEB in the form of the pairs."""
    found = {k: (row.get(t) or "", {"paths": [row.get(p)]}) for k, (t, p) in MMEB.items()}
    (query, shown), (positive, pos), (negative, neg) = found.values()
    there = bool(negative or pictures_in(neg))
    return {
        "query_text": query,
        "query_image": shown,
        "pos_text": positive,
        "pos_image": pos,
        "neg_text": [negative] if there else [],
        "neg_image": [neg] if there else [],
    }


def pictures_in(field: Mapping[str, Any] | None) -> list[str | bytes]:
    """Bytes or path of each picture of a field; neither, or empty, is none."""
    paths = (field or {}).get("paths") or []
    stored = (field or {}).get("bytes") or [None] * len(paths)
    return [one for pair in zip(stored, paths, strict=True) if (one := pair[0] or pair[1])]


def hash_offer(text: str, field: Mapping[str, Any] | None) -> str:
    """A name for a candidate that has none."""
    shown = [p if isinstance(p, str) else hashlib.sha256(p).hexdigest() for p in pictures_in(field)]
    return hashlib.sha256(json.dumps([text, shown]).encode()).hexdigest()[:16]


def place_pictures(text: str, images: Sequence[Image]) -> tuple[Part, ...]:
    """The text with its tokens replaced by the pictures, in order; pictures without any token stand
    first.

    Raises:
        ValueError: another number of tokens than of pictures, or nothing at all.
    """
    pieces = TOKEN.split(text)
    if len(pieces) == 1:
        pieces = [*[""] * len(images), text]
    if len(pieces) - 1 != len(images):
        raise ValueError(f"{len(pieces) - 1} tokens and {len(images)} pictures")
    parts: list[Part] = []
    for piece, image in zip(pieces, [*images, None], strict=True):
        parts += [piece] if piece.strip() else []
        parts += [image] if image is not None else []
    if not parts:
        raise ValueError("neither text nor picture")
    return tuple(parts)
