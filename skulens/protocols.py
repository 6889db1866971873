"""The verbs of the house: what a catalogue, a system and a suite must do, on one page.

A suite asks a system for a `Run` or for claims and never looks inside. Constructors of encoder
families take `(argument, numerics, device, revision)`; see `Numerics`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

import numpy as np

from skulens.claims import Claim, Gold, Line, Quad, Seen, Verdict
from skulens.records import (
    DatasetInfo,
    EncoderInfo,
    Filter,
    Item,
    Part,
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


@dataclass(frozen=True)
class Document:
    """A product as a store holds it: named vectors, each of one maker, and fields to filter by."""

    id: str
    vectors: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Column -> (dim,) or, of several vectors, (rows, dim) float32."""
    fields: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Probe:
    """What a store is asked: a vector for one of its columns, words, or both."""

    vector: np.ndarray | None = None
    column: str = ""
    maker: str = ""
    """`EncoderInfo.identity` of the vector; a store refuses those of another maker."""
    words: str = ""
    where: Filter | None = None
    k: int = 10
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hits:
    """What a store found, best first."""

    ids: tuple[str, ...]
    scores: np.ndarray  # (found,) float32, higher is better
    fields: tuple[Mapping[str, object], ...] = ()


@runtime_checkable
class Store(Protocol):
    """Products with named vector columns, fields and full text; embedded or on a server."""

    makers: Mapping[str, str]
    """Column -> identity of the encoder whose vectors it takes."""

    def upsert(self, documents: Iterable[Document]) -> int:
        """Insert or replace; how many, once they would survive a crash.

        Raises:
            StoreError: vectors of another maker.
        """

    def delete(self, ids: Iterable[str]) -> int:
        """How many there were."""

    def search(self, probe: Probe) -> Hits:
        """The nearest products that satisfy `probe.where`."""

    def count(self, where: Filter | None = None) -> int: ...

    def facets(
        self, fields: Sequence[str], where: Filter | None = None, most: int = 20
    ) -> Mapping[str, Mapping[str, int]]:
        """Field -> value -> products, the most frequent values."""

    def fetch(self, ids: Sequence[str], fields: Sequence[str] = ()) -> list[Mapping[str, object]]:
        """Fields of products, in the order asked; an empty mapping for an unknown id."""

    def snapshot(self, name: str) -> None:
        """Name the present state."""

    def rollback(self, name: str) -> None:
        """Return to a named state. Raises StoreError for an unknown one."""

    def info(self) -> Mapping[str, object]:
        """Engine, version, size, indexes: JSON values."""


@runtime_checkable
class Reranker(Protocol):
    """Gives candidates a better order."""

    @property
    def info(self) -> SystemInfo: ...

    def score(self, query: Query, candidates: Sequence[Product]) -> np.ndarray:
        """(candidates,) float32, higher is better; NaN: it abstains."""


# ----- talking to models ----------------------------------------------------------------------


ErrorClass = Literal[
    "",
    "transport",
    "rate_limit",
    "engine",
    "truncated",
    "refused",
    "invalid_json",
    "schema_violation",
    "image_missing",
    "image_corrupt",
    "too_many_images",
]
"""Why a question has no usable answer; empty: it has one. `chat.failures` says what each means."""


@dataclass(frozen=True)
class Ask:
    """One question to a language or vision-language model."""

    id: str
    """Of what is asked about, such as a product; a reply carries it back."""
    parts: tuple[Part, ...]
    """The user's turn: pictures first, then texts about this item."""
    system: str = ""
    """Instructions and all that many questions share; it stands before the pictures, so that
    engines reuse its prefix."""
    schema: Mapping[str, object] | None = None
    """JSON schema of the answer; None: free text."""
    sampling: Mapping[str, object] = field(default_factory=dict)
    """"max_tokens", "temperature", "top_p", "seed", "stop": what differs from the engine's own."""
    template: str = ""
    """sha256 of the prompt template."""
    stage: str = ""
    """What the question is part of, for the ledger: "caption", "extract", "judge"."""


@dataclass(frozen=True)
class Reply:
    """The answer to one question; a failure is one too."""

    id: str
    """Of the question."""
    text: str = ""
    """What the model said, unchanged; kept when it cannot be used, too."""
    value: object = None
    """The parsed and validated JSON, where a schema was given."""
    finish: str = ""
    """Why the model stopped: "stop", "length" ..."""
    error: ErrorClass = ""
    reason: str = ""
    """A sentence on the error: what we got, what to do. Never holds a key or a password."""
    usage: Mapping[str, int] = field(default_factory=dict)
    """"input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens", "image_tokens": summed
    over all attempts."""
    raw_usage: tuple[Mapping[str, object], ...] = ()
    """What the provider reported, one object per attempt."""
    latency_s: float = 0.0
    """From the first attempt to the answer."""
    attempts: int = 1
    cached: bool = False
    """It came from the reply store, at no cost."""
    system: str = ""
    """`SystemInfo.identity` of who answered."""


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
