"""Pictures and texts -> vectors."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from skulens.api.equipment import as_encoder, equip
from skulens.api.notebook import frame, html_rows, plain_table
from skulens.api.things import Thing, read_things
from skulens.bench.task import Tools
from skulens.encode.cache import VectorCache
from skulens.encode.embed import Embedder
from skulens.protocols import Encoder, Role
from skulens.records import Item, Reject

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 10
"""Rows that are printed."""


@dataclass(frozen=True, repr=False)
class Embedded:
    """One vector for each thing, in the order given."""

    vectors: np.ndarray  # (n, dim) float32, rows of length 1
    """Rows of what could not be read are NaN; `ok` says which are not."""
    ids: tuple[str, ...]
    """A path as given, a record's id, "photos[3]" for pictures without a name, or the text."""
    rejects: tuple[Reject, ...]
    """What could not be read, with the reason; `item` is the id."""
    encoder: str
    """The encoder's name."""
    maker: str
    """Identity of the encoder: vectors of different makers are never comparable."""

    @property
    def ok(self) -> np.ndarray:  # (n,) bool
        """Which rows hold a vector."""
        return ~np.isnan(self.vectors).any(axis=1)

    def __len__(self) -> int:
        return len(self.ids)

    def rows(self) -> list[dict[str, Any]]:
        """A dictionary per thing: "id", "vector" (dim,) and "reason", empty where it was read."""
        reasons = {reject.item: reject.reason for reject in self.rejects}
        return [
            {"id": name, "vector": vector, "reason": "" if ok else reasons.get(name, "")}
            for name, vector, ok in zip(self.ids, self.vectors, self.ok, strict=True)
        ]

    def to_pandas(self) -> "pd.DataFrame":
        """`rows` as a data frame. Raises MissingDependency without pandas."""
        return frame(self.rows())

    def __str__(self) -> str:
        return "\n".join([self._head(), plain_table(self._lines()), *self._notes()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return html_rows(self._lines(), self._head(), self._notes())

    def _head(self) -> str:
        n, dim = self.vectors.shape
        return f"{n} vector{'s' * (n != 1)} of {self.encoder}, {dim} numbers each, length 1"

    def _lines(self) -> list[dict[str, str]]:
        return [
            {"id": row["id"], "vector": row["reason"] or first_numbers(row["vector"])}
            for row in self.rows()[:SHOWN]
        ]

    def _notes(self) -> list[str]:
        more = len(self) - SHOWN
        return ([f"and {more} more"] if more > 0 else []) + describe_rejects(self.rejects)


def first_numbers(vector: np.ndarray) -> str:
    return ", ".join(f"{x:+.3f}" for x in vector[:4]) + " …"


def describe_rejects(rejects: Sequence[Reject]) -> list[str]:
    """How many could not be read, and the first of them."""
    if not rejects:
        return []
    first = rejects[0]
    return [f"{len(rejects)} could not be read; the first: {first.item}: {first.reason}"]


def embed(
    encoder: str | Encoder,
    photos: object = None,
    *,
    texts: object = None,
    role: Role = "query",
    fusion: str = "avg",
    batch: int = 32,
    threads: int = 0,
    cache: bool = True,
    progress: bool | None = None,
) -> Embedded:
    """One vector for each photo, text or record; what was embedded before comes from the cache.

    A broken picture never stops the call: its row is NaN, and `rejects` says why.

    Args:
        encoder: a name, or what `load_encoder` returns.
        photos: one of these, an iterable of them, or a folder: paths (`str` or `Path`), encoded
            bytes, PIL images, uint8 arrays (height, width, 3) or (n, height, width, 3), and
            records: Image, Item, Query, Product (all its pictures, else its text). A `str` is
            always a path.
        texts: one text or an iterable of them; their rows follow those of the photos.
        role: for encoders that tell what is sought ("query") from what is found ("document").
        fusion: how several parts of one item become a vector: avg, cat or seq.
        batch, threads, cache, progress: see `equipment.equip`.
    Returns:
        Vectors of length 1, ids and rejects.
    Raises:
        DataError: something that is neither a picture nor a record.
        EncoderError: the encoder does not read texts, or not pictures.
    """
    opened = as_encoder(encoder)
    tools = equip(batch, threads, cache, progress)
    return embed_things(opened, read_things(photos, texts), tools, role, fusion)


def embed_things(
    encoder: Encoder, things: Sequence[Thing], tools: Tools, role: Role, fusion: str
) -> Embedded:
    """Vectors of things, in their order."""
    items = [Item(str(i), thing.parts) for i, thing in enumerate(things)]  # ids may repeat
    cache = VectorCache(tools.cache, encoder.info) if tools.cache else None
    embedder = Embedder([encoder], [cache], tools.memo, tools.batching)
    [found] = embedder.embed_items(items, role, fusion)
    return Embedded(
        vectors=found.vectors,
        ids=tuple(thing.id for thing in things),
        rejects=tuple(name_rejects(things, found.encoded.rejects)),
        encoder=getattr(encoder, "name", encoder.info.name),
        maker=encoder.info.identity,
    )


def name_rejects(things: Sequence[Thing], rejects: Sequence[Reject]) -> Iterator[Reject]:
    """Rejects under the ids of their things; the reason of what was no picture is its own."""
    for reject in rejects:
        thing = things[int(reject.item)]
        unnamed = reject.source in ("picture in memory", reject.item)
        source = thing.id if unnamed else reject.source
        yield thing.reject or replace(reject, item=thing.id, source=source)
