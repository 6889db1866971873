"""What a retrieval suite asks, and what a run may use to answer."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

import numpy as np

from skulens.encode.batching import Batching, check_modalities
from skulens.encode.embed import Embedder, Fused
from skulens.encode.gallery import Gallery, has
from skulens.encode.memo import Memo
from skulens.errors import DataError
from skulens.evaluate.intervals import Interval
from skulens.evaluate.metric import cutoff_of
from skulens.evaluate.ranking import Judged
from skulens.index.shots import How
from skulens.protocols import Encoder, Modality, Retriever
from skulens.records import DatasetInfo, Item, Product, Query, Reject, Run, SystemInfo
from skulens.search.fuse import RankFusion, modalities_of

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Tools:
    """What a run may use; nothing in it decides a number, but for `batching.upright`."""

    cache: Path | None = None
    """Folder of the embedding cache; None keeps nothing."""
    memo: Memo | None = None
    batching: Batching = Batching()
    time_probes: bool = True
    """Measure memory and latency of each encoder in a process of its own, once: some seconds."""


@dataclass(frozen=True)
class Ranked:
    """How a procedure other than ours ordered the gallery."""

    run: Run
    metrics: Mapping[str, np.ndarray] = field(default_factory=dict)
    """What else the procedure says of each query: metric -> (queries,) in [0, 1]."""
    tied: np.ndarray | None = None
    """(queries,) bool: right and wrong products share the score; None: as the run shows."""
    judged: Judged | None = None
    """Every right product with its rank, where `run` was cut to the candidates that are kept."""


Rank = Callable[[Encoder, Sequence[Query], Sequence[Fused], np.ndarray, Gallery, Fused], Ranked]
"""(encoder, queries, vectors of all probes in blocks, rows of the queries in them, gallery,
vectors of its items) -> the order of a paper's procedure."""
Embed = Callable[[Embedder, Sequence[Item], str], list[Fused]]
"""(embedder, items of a gallery, fusion) -> their vectors, one Fused per encoder."""


@dataclass(frozen=True)
class Aside:
    """The same queries ranked under another rule; a slice beside the numbers of the result."""

    slice: str
    value: str
    exclude: Callable[[Query], Iterable[str]] | None = None
    """As `Task.exclude`."""
    tags: tuple[str, str] | None = None
    """(tag, value) of the queries it is about; None: all."""
    products: frozenset[str] | None = None
    """The only products that are ranked, and judged; None: the gallery."""

    def concerns(self, query: Query) -> bool:
        """Whether it is about this query."""
        return self.tags is None or query.tags.get(self.tags[0]) == self.tags[1]


@dataclass(frozen=True)
class ErrorSheet:
    """Why queries were answered wrongly."""

    shares: Mapping[str, Interval]
    """Kind of error -> its share of the queries whose first candidate is wrong."""
    table: "pa.Table"
    """A row for each of these queries."""


@dataclass(frozen=True)
class Task:
    """What a suite asks: queries against one or several galleries."""

    suite: str
    data: str
    """As the user named it."""
    dataset: str
    """The dataset's own name."""
    split: str
    queries: Callable[[], Iterator[Query]]
    """Anew at each call; pictures are read block by block."""
    galleries: Mapping[str, Gallery]
    """Name -> gallery; the name is the variant's "gallery"."""
    products: Sequence[Product]
    settings: Mapping[str, object]
    variant: Mapping[str, str] = field(default_factory=dict)
    """Beside the gallery."""
    mark: Callable[[Gallery], tuple[Mapping[str, str], Mapping[str, object]]] = lambda gallery: (
        {},
        {},
    )
    """Gallery -> (what it adds to the variant, the settings that it decides)."""
    ks: tuple[int, ...] = (1, 3, 5, 10)
    fusion: str = "avg"
    shots: How = "single"
    """How the vectors of a product that has several become one score."""
    slices: tuple[str, ...] = ()
    """Tags of the queries to slice by."""
    slice_of: Callable[[Query, str], str] = lambda query, tag: query.tags.get(tag, "")
    """(query, tag) -> the value of the slice that it is in; empty: none."""
    exclude: Callable[[Query], Iterable[str]] | None = None
    """Products that a query may not be answered with, such as those it shows."""
    asides: tuple[Aside, ...] = ()
    shallow: bool = False
    """Large galleries are ranked no further than the metrics of the suite need."""
    metrics: tuple[str, ...] = ()
    """Ranking metrics beside the usual ones, by name."""
    more: Callable[[Sequence[Query]], Mapping[str, np.ndarray]] | None = None
    """What is known of the queries whoever answers: metric -> (queries,) in [0, 1]."""
    sort_errors: Callable[[Run, Sequence[Query]], ErrorSheet] | None = None
    pictures_alone: bool = False
    """Show encoders that read no text the pictures of queries and products alone."""
    rank: Rank | None = None
    """A paper's own scoring; None: exact float32 cosines."""
    embed: Embed | None = None
    """A paper's own way to embed a gallery; None: in batches, equal parts once."""
    roles: tuple[str, ...] = ()
    """Text roles that represent a product, for the examples."""
    counts: Callable[[], Mapping[str, int]] = dict
    """What else was counted while the queries were read."""
    rejects: Callable[[], Sequence[Reject]] = tuple
    """What the catalogue left out, known once its queries have been read."""

    @property
    def deepest(self) -> int:
        """The last rank that any metric with a cut-off looks at."""
        return max([*self.ks, *(cutoff_of(name) for name in self.metrics)])


def is_encoder(system: Encoder | Retriever) -> TypeGuard[Encoder]:
    """By its info alone, which loads no model."""
    return system.info.kind == "encoder"


def parts_of(system: Encoder | Retriever) -> Sequence[Encoder | Retriever]:
    """The systems that a fusion is made of; of any other system itself."""
    return system.parts if isinstance(system, RankFusion) else (system,)


def check_kind(system: Encoder | Retriever, suite: str) -> None:
    """Raise DataError for a system that does not rank, such as a reader, alone or in a fusion."""
    for part in parts_of(system):
        if not is_encoder(part) and not isinstance(part, Retriever):
            raise DataError(
                f"{part.info.name} is of kind {part.info.kind}; {suite} measures encoders and "
                "retrievers, see `skulens list encoders` and `skulens list retrievers`"
            )


def check_gallery(encoder: Encoder, kinds: Iterable[str]) -> None:
    """Raise EncoderError where the encoder lacks a modality that queries or galleries need."""
    read: dict[str, set[Modality]] = {"both": {"text", "image"}, "text": {"text"}}
    needed: set[Modality] = {"image"}
    for kind in kinds:
        needed |= read.get(kind, {"image"})
    check_modalities([encoder], needed)


def own_galleries(system: SystemInfo) -> tuple[str, ...]:
    """What a system with products of its own compares of them; empty for any other."""
    said = system.about.get("galleries", ())
    return tuple(said) if isinstance(said, list | tuple) else ()


def choose_galleries(
    system: SystemInfo,
    products: Sequence[Product],
    info: DatasetInfo,
    data: str,
    asked: Collection[str] = (),
) -> list[str]:
    """The galleries that a system reads and the products can fill: "text", "image" or both.

    Of a system with products of its own those that it says of itself, for it has no others.

    Args:
        data: what results call the catalogue.
        asked: galleries taken even where no product fills them, so that the lack is reported.
    Raises:
        DataError: there is none.
    """
    read = own_galleries(system) or modalities_of(system)
    able: list[str] = [
        kind
        for kind in ("text", "image")
        if kind in read and (kind in asked or has(products, kind, info))
    ]
    if not able:
        raise DataError(
            f"{system.name} reads {' and '.join(read)}, and {data} has no gallery of "
            "that kind; give --gallery and --text, or another system"
        )
    return able
