"""Photo -> products by the words that stand on it: text read, words matched fuzzily, BM25.

    run = Ocr("rapidocr", cache=Path("cache")).rank(queries, gallery, k=10)

The baseline that knows nothing of looks. A photo without print, or whose words occur in no text,
finds nothing.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import PIL.Image
from rapidfuzz import fuzz, process

from skulens.claims import Line
from skulens.encode.gallery import pictures_of
from skulens.index.bm25 import Bm25, WordIndex, rank_scores, split_words, text_of
from skulens.protocols import TextReader
from skulens.records import Item, Product, Query, Reject, Run, SystemInfo
from skulens.values.text import fold_accents
from skulens.verify.look import Looker
from skulens.verify.text import DEFAULT, open_text_reader

NAME = "ocr"
VERSION = "1"


@dataclass(frozen=True)
class Likeness:
    """When a word as read is taken for a word of the texts that it does not equal.

    Decided on 288 train photos of grocery packages: similarities of 0.6 to 0.8 find the same
    within noise (the right SKU first for 0.37 to 0.42, in the first five for 0.67 to 0.68); words
    of four letters at least (0.36, 0.63) or equal words alone (0.30, 0.56) find less, and photos
    twice as large no more (0.40, 0.68). See benchmarks/ocr_retrieval.py.
    """

    least: float = 0.7
    """Similarity: 1 - indel distance / letters of both. A word that occurs in the texts stands for
    itself alone."""
    letters: int = 3
    """Least letters of both words."""


class Ocr:
    """Ranks products by the words on a query's pictures; see `protocols.Retriever`.

    Texts beside the pictures of a query count too. Of a gallery item count its texts and, where it
    has pictures, the words on them.

    Args:
        text: name of a text reader ("rapidocr", "tesseract"), or one; empty: the default reader.
        cache: folder in which readings are kept, so that no picture is read twice.
        progress: progress bar on stderr with rate and time left.
    """

    def __init__(
        self,
        text: str | TextReader = "",
        cache: Path | None = None,
        progress: bool = True,
        likeness: Likeness = Likeness(),
    ):
        reader = open_text_reader(text or DEFAULT) if isinstance(text, str) else text
        self.reader, self.progress, self.likeness = _Timed(reader), progress, likeness
        self.looker = Looker(self.reader, bars=False, cache=cache)
        self.name = f"{NAME}:{text}" if text and isinstance(text, str) else NAME
        self.rejects: list[Reject] = []
        """Pictures that the latest `rank` could not read, each with its query's or product's id."""
        self.info = SystemInfo(
            name=self.name,
            kind="retriever",
            identity=f"{NAME}/{VERSION} {reader.info.identity} {likeness} {Bm25().info.identity}",
            family="words",
            licence=reader.info.licence,
            params=reader.info.params,
            about={"modalities": ["image", "text"], "text": reader.info.name},
            parts=(reader.info,),
        )

    @property
    def cost(self) -> dict[str, float]:
        """Photos per second of the text reader alone; empty where all readings were kept."""
        took = self.reader
        return {"images_per_s": round(took.pictures / took.seconds, 3)} if took.pictures else {}

    def rank(self, queries: Sequence[Query], gallery: Sequence[Item], k: int) -> Run:
        """The first k products of each query by their best item; those that share no word are left out.

        Queries with a picture that cannot be read are not in the run; `rejects` names them.
        """
        self.rejects = []
        shown = self._read([Product(i.id, images=tuple(pictures_of([i]))) for i in gallery])
        index = WordIndex(
            [
                split_all(" ".join([text_of(item), *(lines or ())]))
                for item, lines in zip(gallery, shown, strict=True)
            ]
        )
        matcher = _Matcher(index, self.likeness)
        told = self._read([as_product(query) for query in queries])
        scored = (
            (query.id, matcher.score(split_all(" ".join([text_of(query.item), *lines]))))
            for query, lines in zip(queries, told, strict=True)
            if lines is not None
        )
        return rank_scores(scored, gallery, k)

    def _read(self, products: Sequence[Product]) -> list[list[str] | None]:
        """Lines on the pictures of each; None where one of them cannot be read."""
        from skulens.progress import Bar

        found: list[list[str] | None] = [[] for _ in products]
        at = [i for i, product in enumerate(products) if product.images]
        looked = self.looker.look(products[i] for i in at)
        bar = Bar(
            zip(at, looked, strict=True),
            desc=f"pictures, {self.name}",
            total=len(at),
            unit=" picture",
            disable=not self.progress,
            delay=1,
        )
        for i, (_, seen, rejects) in bar:
            self.rejects += rejects
            lines = [line.text for some in seen.lines.values() for line in some]
            found[i] = None if rejects else lines
        return found


class _Matcher:
    """Words as read -> scores of documents that hold them, or words much like them."""

    def __init__(self, index: WordIndex, likeness: Likeness = Likeness()):
        self.index, self.likeness = index, likeness
        self._known = frozenset(index.words)
        self._long = [word for word in index.words if len(word) >= likeness.letters]
        self._alike: dict[str, dict[str, float]] = {}

    def score(self, words: Sequence[str]) -> np.ndarray:
        """BM25 of each document: (documents,) float32. A word counts once however often it stands
        there, and a similar one by its similarity."""
        weights: dict[str, float] = {}
        for word in set(words):
            for known, similarity in self._like(word).items():
                weights[known] = max(weights.get(known, 0.0), similarity)
        return self.index.score(weights)

    def _like(self, word: str) -> Mapping[str, float]:
        """Words of the documents -> similarity; of a word that occurs, itself alone."""
        if word not in self._alike:
            self._alike[word] = {word: 1.0} if word in self._known else dict(self._search(word))
        return self._alike[word]

    def _search(self, word: str) -> Iterator[tuple[str, float]]:
        if len(word) >= self.likeness.letters:
            alike = process.extract_iter(
                word, self._long, scorer=fuzz.ratio, score_cutoff=100 * self.likeness.least
            )
            for known, score, _ in alike:
                yield known, round(score / 100, 2)


class _Timed:
    """A text reader that counts its pictures and seconds."""

    def __init__(self, reader: TextReader):
        self.reader, self.info, self.languages = reader, reader.info, reader.languages
        self.pictures, self.seconds = 0, 0.0

    def read(self, picture: PIL.Image.Image, languages: Sequence[str] = ()) -> list[Line]:
        start = time.perf_counter()
        lines = self.reader.read(picture, languages)
        self.pictures, self.seconds = self.pictures + 1, self.seconds + time.perf_counter() - start
        return lines

    def read_boxes(self, picture, quads, languages=()):
        return self.reader.read_boxes(picture, quads, languages)


def as_product(query: Query) -> Product:
    """What a looker is asked to look at: the pictures of a query, and its language where it has one."""
    pictures = tuple(pictures_of([query.item]))
    return Product(query.id, images=pictures, language=query.tags.get("language"))


def split_all(text: str) -> list[str]:
    """Words without accents, which readers of text often lose."""
    return split_words(fold_accents(text))
