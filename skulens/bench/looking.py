"""Readers of pictures at work: what they claim, with verdicts, and what a picture costs."""

import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from skulens.bench.cost import remember_reader
from skulens.bench.cost_child import peak_memory_mb
from skulens.bench.extraction import Answers, ask_reader
from skulens.bench.task import Tools
from skulens.claims import Claim, Line, Quad, Seen, Verdict
from skulens.extract.labels import LabelReader
from skulens.protocols import Reader, TextReader
from skulens.records import Product, Reject, SystemInfo
from skulens.verify.chain import verify_claims
from skulens.verify.look import Looker
from skulens.verify.text import open_text_reader

if TYPE_CHECKING:
    import PIL.Image

T = TypeVar("T")
NO_TEXT = "none"
"""Name of no text reader: claims are verified against the bars alone."""


class Counting:
    """A text reader that counts the pictures it reads; the others came out of the cache."""

    def __init__(self, reader: TextReader):
        self.reader, self.languages = reader, reader.languages
        self.pictures, self.seconds = 0, 0.0

    @property
    def info(self) -> SystemInfo:
        return self.reader.info

    def read(self, picture: "PIL.Image.Image", languages: Sequence[str] = ()) -> list[Line]:
        """As the reader within."""
        start = time.perf_counter()
        lines = self.reader.read(picture, languages)
        self.seconds += time.perf_counter() - start
        self.pictures += 1
        return lines

    def read_boxes(
        self, picture: "PIL.Image.Image", quads: Sequence[Quad], languages: Sequence[str] = ()
    ) -> list[tuple[str, float]]:
        """As the reader within."""
        return self.reader.read_boxes(picture, quads, languages)


class Looking:
    """Asks readers and has their claims verified; every picture is read once per text reader.

    Args:
        text: name of the text reader against which the claims of readers are verified that bring
            no verdicts of their own; NO_TEXT for the bars alone.
        tools: of the run; without a cache folder readings are kept for the run alone.
    """

    def __init__(self, text: str, tools: Tools):
        self.text, self.tools = text, tools
        self._kept = ExitStack()
        self.cache = tools.cache or Path(
            self._kept.enter_context(tempfile.TemporaryDirectory(prefix="skulens-readings-"))
        )

    def __enter__(self) -> "Looking":
        return self

    def __exit__(self, *_: object) -> None:
        self._kept.close()

    def ask(self, reader: Reader, products: Sequence[Product], fields: Sequence[str]) -> Answers:
        """Claims with verdicts: the reader's own, else those of the chain."""
        if isinstance(reader, LabelReader):
            return self._ask_labels(reader, products, fields)
        answers = ask_reader(reader, products, fields)
        cost = dict(answers.cost)
        if reader.info.kind != "baseline" and (per_s := answers.cost.get("products_per_s")):
            ms = 1e3 * len(products) / float(per_s)  # type: ignore[arg-type]
            cost["ms_per_picture"] = round(ms / max(1, sum(len(p.images) for p in products)), 3)
        verdicts, rejects = self._verify(answers.claims, products)
        return Answers(answers.claims, (*answers.rejects, *rejects), verdicts, None, cost)

    def _ask_labels(
        self, reader: LabelReader, products: Sequence[Product], fields: Sequence[str]
    ) -> Answers:
        """Of a reader that verifies what it reads."""
        counting = Counting(reader.looker.text) if reader.looker.text else None
        old = reader.looker
        reader.looker = Looker(counting, old.bars, self.cache, old.second)
        claims, verdicts, rejects = list[Claim](), list[Verdict](), list[Reject]()
        lines, watch = dict[str, tuple[str, ...]](), Watch(counting)
        for reading in self._progress(reader.read_labels(products, fields), len(products)):
            watch.lap(len(reading.product.images))
            claims += reading.claims
            verdicts += reading.verdicts
            rejects += reading.rejects
            lines[reading.product.id] = lines_of(reading.seen)
        cost = remember_reader(self.tools.memo, reader.info.identity, watch.cost())
        return Answers(tuple(claims), tuple(rejects), tuple(verdicts), lines, cost)

    def _verify(
        self, claims: Sequence[Claim], products: Sequence[Product]
    ) -> tuple[tuple[Verdict, ...], list[Reject]]:
        """(verdicts in the order of the claims, pictures that could not be looked at).

        A claim of a product that is not there stays U.
        """
        by_item: dict[str, list[int]] = {}
        for i, claim in enumerate(claims):
            by_item.setdefault(claim.item, []).append(i)
        verdicts = [Verdict(c.id, "U", "not_pictured", "", False) for c in claims]
        rejects: list[Reject] = []
        asked = list({p.id: p for p in products if p.id in by_item}.values())
        if asked:
            text = None if self.text == NO_TEXT else open_text_reader(self.text)
            looked = Looker(text, cache=self.cache).look(asked)
            for product, seen, problems in self._progress(looked, len(asked)):
                mine = by_item[product.id]
                for i, verdict in zip(
                    mine, verify_claims([claims[i] for i in mine], seen), strict=True
                ):
                    verdicts[i] = verdict
                rejects += problems
        return tuple(verdicts), rejects

    def _progress(self, stream: Iterable[T], total: int) -> Iterator[T]:
        from skulens.progress import Bar

        hidden = not self.tools.batching.progress
        yield from Bar(
            stream, total=total, unit="product", delay=2, mininterval=0.5, leave=False,
            file=sys.stderr, disable=hidden,
        )  # fmt: skip


def lines_of(seen: Seen) -> tuple[str, ...]:
    """The text of all pictures, in reading order."""
    return tuple(line.text for lines in seen.lines.values() for line in lines)


class Watch:
    """Times products whose pictures are read now, not those that come out of the cache."""

    def __init__(self, counting: Counting | None):
        self.counting = counting
        self.ms: list[float] = []
        """Per picture, one number per product that was read now."""
        self.pictures, self._read, self._since = 0, 0, time.perf_counter()

    def lap(self, pictures: int) -> None:
        """A product with so many pictures is done."""
        now, read = time.perf_counter(), self.counting.pictures if self.counting else 0
        if pictures and (self.counting is None or read - self._read == pictures):
            self.ms.append(1e3 * (now - self._since) / pictures)
            self.pictures += pictures
        self._since, self._read = time.perf_counter(), read

    def cost(self) -> dict[str, float]:
        """Milliseconds per picture for bars, text, facts and verdicts; {} where nothing was read."""
        if not self.ms:
            return {}
        text_ms = 1e3 * self.counting.seconds / self.counting.pictures if self.counting else 0.0
        return {
            "images_per_s": round(1e3 / float(np.mean(self.ms)), 2),
            "ms_per_picture": round(float(np.mean(self.ms)), 1),
            "text_ms_per_picture": round(text_ms, 1),
            "latency_ms_p50": round(float(np.median(self.ms)), 1),
            "latency_ms_p95": round(float(np.percentile(self.ms, 95)), 1),
            "pictures_timed": self.pictures,
            "peak_memory_mb": peak_memory_mb(),
        }
