"""The verbs of the house: what a catalogue, a system and a suite must do, on one page.

A suite asks a system for a `Run` or for claims and never looks inside. Constructors of encoder
families take `(argument, numerics, device, revision)`; see `Numerics`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

import numpy as np

from skulens.claims import Claim, Gold, Line, Quad, Seen, Verdict
from skulens.documents import Document, Hits, Probe, Schema, Value
from skulens.questions import Ask, Reply
from skulens.questions import ErrorClass as ErrorClass  # beside `Chat`, whose replies have one
from skulens.records import (
    DatasetInfo,
    EncoderInfo,
    Filter,
    Item,
    Product,
    Query,
    Reject,
    Run,
    SystemInfo,
)

if TYPE_CHECKING:
    import PIL.Image

Modality = Literal["image", "text", "item"]
""""item": an interleaved sequence of texts and pictures, one forward pass (fusion `seq`)."""
Role = Literal["query", "document"]


@runtime_checkable
class Catalog(Protocol):
    """Products and, where the data has them, queries with judgements: streams, to be iterated again
    at will."""

    info: DatasetInfo
    rejects: list[Reject]
    """Rows left out by the latest iteration, with the reason; filled while iterating."""

    def products(self) -> Iterator[Product]:
        """Every SKU once, in the order of the data."""

    def queries(self, split: str) -> Iterator[Query]:
        """The queries of a split. Raises DataError, naming the splits there are, for another."""


@runtime_checkable
class TrueCatalog(Catalog, Protocol):
    """A catalogue that knows what is true of its products."""

    def gold(self, split: str = "") -> Iterator[Gold]:
        """What is true of each field of each product of a split; "": of all products."""

    def listings(self) -> Iterator[Product]:
        """The products as their sellers list them: without what gold was made from."""


@dataclass(frozen=True, slots=True)
class Numerics:
    """In which precision an encoder computes; neutral facts, no paper's name."""

    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """Of the weights; auto: float32 on a CPU, bfloat16 on a GPU that multiplies it."""
    cast: Literal["all", "parameters"] = "all"
    """What is brought to `dtype`: parameters and buffers but for batch norms, or every parameter
    and no buffer."""
    autocast: bool = False
    """Forward under autocast to `dtype`, pixels cast to it too."""
    as_published: bool = False
    """Run a checkpoint as its registry configures it, known mistakes (activation, picture size)
    included."""


@runtime_checkable
class Encoder(Protocol):
    """Makes vectors. A family writes this much; batching, caching and fusion live once, outside.

    `prepare_*` turn one part into what a batch is made of; they are pure, run in worker
    threads, and never see a task. `encode_batch` runs the forward pass of one modality. `role`
    changes what is embedded only where `info.roles` names it.
    """

    @property
    def info(self) -> EncoderInfo: ...

    @property
    def device(self) -> str:
        """Where the forward pass runs: "cpu", "cuda", "cuda:1" ..."""

    def prepare_image(self, picture: "PIL.Image.Image", role: Role = "query") -> Any:
        """Preprocessed picture from decoded RGB; usually float32 (3, image_px, image_px)."""

    def prepare_text(self, text: str, role: Role = "query") -> Any:
        """Tokens of one text, cut to the context length."""

    def prepare_item(self, parts: "Sequence[str | PIL.Image.Image]", role: Role = "query") -> Any:
        """Tokens and pixels of an interleaved sequence; only where "item" is a modality."""

    def count_tokens(self, text: str) -> int:
        """Tokens of the whole text, special ones included, before any cut."""

    def encode_batch(self, modality: Modality, batch: Sequence[Any]) -> np.ndarray:
        """Vectors of prepared parts, same order: (batch, dim) float32, not normalised."""


@runtime_checkable
class TokenEncoder(Encoder, Protocol):
    """An encoder that also shows its token or patch vectors, for late interaction."""

    def encode_tokens(self, modality: Modality, batch: Sequence[Any]) -> list[np.ndarray]:
        """One (tokens_i, dim) float32 array per prepared part, same order, padding left out."""

    def grid(self, picture: "PIL.Image.Image") -> tuple[int, int]:
        """(rows, columns) of patches that the picture's token vectors stand for, row by row."""


@runtime_checkable
class Index(Protocol):
    """Holds vectors with ids and finds the nearest by inner product."""

    def search(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """(order, scores) as in `records.Run`, each (queries, min(k, size))."""


# ----- search ---------------------------------------------------------------------------------


@runtime_checkable
class Store(Protocol):
    """Products with named vector columns, fields and full text; embedded or on a server.

    A class of the registry is called with (place, schema): a schema makes a store where there is
    none, None opens what is there (`index.stores.open`). Every filter it is given has been typed
    by `index.stores.where` before it reaches an engine.
    """

    schema: Schema

    def upsert(self, documents: Iterable[Document]) -> int:
        """Insert or replace, in batches; how many, once they would survive a power failure.

        Raises:
            StoreError: vectors of another width, a field without a column, another writer at
                work, a full disk. What was acknowledged stays.
        """

    def delete(self, ids: Iterable[str]) -> int:
        """How many there were."""

    def widen(self, schema: Schema) -> None:
        """Add the columns of `schema` that are missing; present ones never change.

        Raises:
            StoreError: a column that is there with another type or maker.
        """

    def search(self, probe: Probe) -> Hits:
        """The nearest products, or those with the best words, that satisfy `probe.where`:
        min(k, how many there are) of them.

        Raises:
            StoreError: no such column, a vector of another maker or width, k < 1.
            FilterError: a field that the store lacks, or a value of another type.
        """

    def select(
        self, where: Filter | None = None, k: int = 10, by: str = "", descending: bool = False
    ) -> tuple[str, ...]:
        """Ids of the first k products, by a field (products without it last) or by id."""

    def count(self, where: Filter | None = None) -> int: ...

    def facets(
        self, fields: Sequence[str], where: Filter | None = None, most: int = 20
    ) -> Mapping[str, Mapping[Value, int]]:
        """Field -> value -> products, most frequent first, then by value."""

    def fetch(
        self, ids: Sequence[str], fields: Sequence[str] | None = None
    ) -> list[Mapping[str, Any]]:
        """Fields of products in the order asked; an empty mapping for an unknown id.

        Args:
            fields: of the schema, or "words", "thumbnail", "digest"; None: all of the schema.
        """

    def vectors(self, column: str, ids: Sequence[str]) -> np.ndarray:
        """(ids, dim) float32; NaN rows where a product is unknown or lacks the vector."""

    def digests(self) -> Mapping[str, str]:
        """Id -> `Document.digest` of everything in the store."""

    def optimise(self) -> None:
        """Bring indexes up to date and drop what is no longer needed."""

    def snapshot(self, name: str) -> None:
        """Name the present state. Raises StoreError where the name is taken."""

    def rollback(self, name: str) -> None:
        """Return to a named state. Raises StoreError for an unknown one; names those there are."""

    def snapshots(self) -> Sequence[str]:
        """Names, oldest first."""

    def info(self) -> Mapping[str, object]:
        """Engine, version, products, size, indexes: JSON values."""

    def close(self) -> None:
        """Let go of files and connections; nothing is lost without it."""


@runtime_checkable
class Reranker(Protocol):
    """Gives candidates a better order."""

    @property
    def info(self) -> SystemInfo: ...

    def score(self, query: Query, candidates: Sequence[Product]) -> np.ndarray:
        """(candidates,) float32, higher is better; NaN: it abstains."""


# ----- talking to models ----------------------------------------------------------------------


@runtime_checkable
class Chat(Protocol):
    """Asks a model."""

    @property
    def info(self) -> SystemInfo: ...

    def ask(self, questions: Iterable[Ask]) -> Iterator[Reply]:
        """Replies in any order, each question's exactly once; questions are drawn as needed.

        Raises:
            ChatError: nothing can be answered: no such server, model or key, or it died on the
                way. Replies given before stand.
        """


# ----- reading and verifying ------------------------------------------------------------------


@runtime_checkable
class TextReader(Protocol):
    """Reads the text in a picture."""

    languages: tuple[str, ...]
    """ISO 639-1 codes of the languages whose letters it reads."""

    @property
    def info(self) -> SystemInfo: ...

    def read(self, picture: "PIL.Image.Image", languages: Sequence[str] = ()) -> list[Line]:
        """Lines in reading order, quads in pixels of the picture given.

        Args:
            picture: RGB, upright.
            languages: of the text, where known.
        """

    def read_boxes(
        self, picture: "PIL.Image.Image", quads: Sequence[Quad], languages: Sequence[str] = ()
    ) -> list[tuple[str, float]]:
        """(text, confidence) of each box, same order; ("", 0.0) where nothing is read.

        So that one engine can read what another found, and two can be compared.
        """


@runtime_checkable
class Verifier(Protocol):
    """Says whether pictures support claims."""

    fields: tuple[str, ...]
    """Paths, or prefixes ending in ".", that it understands."""

    def verify(self, claims: Sequence[Claim], seen: Seen) -> list[Verdict]:
        """One verdict per claim, same order."""


# ----- what can be measured -------------------------------------------------------------------


@runtime_checkable
class Retriever(Protocol):
    """Ranks products for queries. Encoders are wrapped once (`bench.retrieval`)."""

    @property
    def info(self) -> SystemInfo: ...

    def rank(self, queries: Sequence[Query], gallery: Sequence[Item], k: int) -> Run:
        """The first k gallery items of each query; an item's id is its product's and may repeat."""


@runtime_checkable
class Reader(Protocol):
    """Reads products into claims."""

    @property
    def info(self) -> SystemInfo: ...

    def read(self, products: Iterable[Product], fields: Sequence[str]) -> Iterator[Claim | Reject]:
        """Claims of the fields asked for, product by product; a Reject where it cannot be read."""


System = Encoder | Retriever | Reader | Reranker | Chat


@runtime_checkable
class Suite(Protocol):
    """Lets systems answer and turns the answers into scores.

    `Settings` is a frozen dataclass of what decides the numbers; its fields, with the sentence
    below each, are the options of `skulens bench NAME`.
    """

    name: str
    Settings: type
    headline: tuple[str, ...]
    """Its metrics, most important first."""
    units: str
    """What is scored, in the plural: "probes", "queries", "facts"."""
    groups: str
    """What is resampled: "SKUs", "SPUs"."""

    def check(self, system: Any) -> None:
        """Raise here, before anything is computed, what `run` would raise for this system."""

    def run(self, systems: Sequence[Any]) -> Iterator[Any]:
        """One `bench.result.Result` per system and variant."""
