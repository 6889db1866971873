"""The nouns of the house: what stages pass to one another.

A product is described once, by a reader; everything after it speaks of items (what an
encoder embeds), queries, judgements and runs. Pictures travel as references or encoded
bytes and are decoded by whoever looks at them (`skulens.pictures`).
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np

from skulens.errors import DataError, QrelsError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Image:
    """An encoded picture, on disk (`path`) or in memory (`data`); never decoded here."""

    path: str | None = None
    data: bytes | None = field(default=None, repr=False)
    view: str | None = None
    """What the picture shows of the product: "iconic", "front", "back" ..."""

    def __post_init__(self):
        if (self.path is None) == (self.data is None):
            raise DataError("an Image needs either a path or bytes, and got both or neither")

    def read(self) -> bytes:
        """The encoded bytes. Raises OSError where the file cannot be read."""
        return self.data if self.data is not None else Path(self.path or "").read_bytes()

    @property
    def own_file(self) -> str | None:
        """The file that holds this picture and nothing else; None where it lies in another file."""
        return self.path

    def sha256(self) -> str:
        return hashlib.sha256(self.read()).hexdigest()


Part = str | Image
"""A text or a picture."""


@dataclass(frozen=True, slots=True)
class Item:
    """A sequence of parts in reading order: what an encoder embeds and a VLM reads."""

    id: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Attribute:
    """One aspect of a product and its value."""

    key: str
    value: str
    modality: Literal["visual", "text", "both", "unknown"] = "unknown"
    source: str = ""


@dataclass(frozen=True, slots=True)
class Product:
    """A SKU: one sellable variant. `texts` maps a role ("description", "caption") to the text."""

    id: str
    title: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
    images: tuple[Image, ...] = ()
    spu: str | None = None
    category: tuple[str, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    language: str | None = None
    country: str | None = None
    price: float | None = None
    currency: str | None = None
    gtin: str | None = None
    extras: Mapping[str, object] = field(default_factory=dict)

    @property
    def spu_or_id(self) -> str:
        """The SPU it belongs to; a SKU without one is its own."""
        return self.spu or self.id

    def text(self, role: str) -> str | None:
        """The text of a role; "title" is one; None where the product lacks it."""
        return (self.title if role == "title" else self.texts.get(role)) or None


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing the shopper asks for: "the collar of picture 2", "colour: navy"."""

    key: str
    value: str | None = None
    """Known to whoever composed the query, unknown when a person asks."""
    part: int | None = None
    """Position in `Query.item.parts` of the picture it refers to."""
    product: str | None = None
    """Id of the product shown there."""
    relation: Literal["same", "different", "whole"] = "same"
    modality: Literal["visual", "text", "both", "unknown"] = "unknown"
    weight: float = 1.0
    """Negative: away from it."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A tree of and, or, not over product fields; `skulens.filters` reads and writes it."""

    op: Literal["and", "or", "not", "=", "!=", "<", "<=", ">", ">=", "in", "exists"]
    field: str = ""
    """"price", "language", "attributes.color", "extras.stock"; empty for and, or, not."""
    value: str | float | bool | tuple = ()
    of: tuple["Filter", ...] = ()
    """What and, or, not combine."""


@dataclass(frozen=True, slots=True)
class Query:
    """What the shopper gives, with its judgements.

    Attributes:
        relevant: product id -> grade. Absent: unjudged; 0: judged not relevant; > 0: relevant.
        references: products shown in the query. A suite keeps them in the gallery or excludes
            them, as its settings say.
        tags: what results are sliced by: language, class, method, n_conditions, holdout ...
        group: the unit that is resampled for intervals, such as the SKU of a probe photo.
    """

    id: str
    item: Item
    relevant: Mapping[str, int] = field(default_factory=dict)
    conditions: tuple[Condition, ...] = ()
    where: Filter | None = None
    references: tuple[str, ...] = ()
    hard_negatives: tuple[str, ...] = ()
    """Chosen to be confusable and never verified, so they carry no grade."""
    tags: Mapping[str, str] = field(default_factory=dict)
    group: str | None = None

    @property
    def answers(self) -> tuple[str, ...]:
        """The relevant products, best grade first."""
        good = [p for p, grade in self.relevant.items() if grade > 0]
        return tuple(sorted(good, key=lambda p: -self.relevant[p]))


@dataclass(frozen=True, slots=True)
class Reject:
    """A row or picture that could not be used, kept so that nothing is lost silently.

    What is rejected may be no valid Unicode (JSON's "\\ud800", a file name in another encoding);
    what is kept of it is, as `escape_surrogates` writes it.
    """

    source: str
    """File, and line or row where there is one."""
    item: str
    reason: str
    todo: str
    kept: bool = False
    """Whether the product stays, only without what is named here."""

    def __post_init__(self):
        for name in ("source", "item", "reason", "todo"):
            object.__setattr__(self, name, escape_surrogates(str(getattr(self, name))))


class Qrels:
    """Graded judgements, query by query.

    Attributes:
        queries: the judged queries, in the order in which every metric answers.
        groups: for each query the unit to resample for intervals.
    """

    def __init__(
        self,
        grades: Mapping[str, Mapping[str, int]],
        groups: Mapping[str, str] | None = None,
    ):
        self.grades = {q: dict(g) for q, g in grades.items()}
        self.queries = tuple(self.grades)
        groups = groups or {}
        self.groups = tuple(groups.get(q, q) for q in self.queries)

    @classmethod
    def of(cls, queries: Iterable[Query]) -> "Qrels":
        grades, groups = {}, {}
        for query in queries:
            if query.id in grades:
                raise QrelsError(f"query id {query.id!r} occurs twice; ids must be unique")
            grades[query.id] = query.relevant
            groups[query.id] = query.group or query.id
        return cls(grades, groups)

    def __len__(self) -> int:
        return len(self.queries)

    def to_arrow(self):
        """Columns query, product, grade: one row per judgement."""
        import pyarrow as pa

        rows = [(q, p, g) for q, grades in self.grades.items() for p, g in grades.items()]
        columns = zip(*rows, strict=True) if rows else ((), (), ())
        types = {"query": pa.string(), "product": pa.string(), "grade": pa.int32()}
        return pa.table(
            [pa.array(c, t) for c, t in zip(columns, types.values(), strict=True)],
            names=list(types),
        )


@dataclass(frozen=True)
class Run:
    """All queries' candidates, best first, as arrays.

    `order[i, r]` is the position in `products` of query i's candidate at rank r (from 0),
    -1 past the end of a short list; `scores` holds the matching scores, higher is better.
    Equal scores: larger product id first, as trec_eval does, so that an exported run gives
    the same numbers there.
    """

    queries: tuple[str, ...]
    products: tuple[str, ...]
    order: np.ndarray  # (queries, depth) int32
    scores: np.ndarray  # (queries, depth) float32

    def __post_init__(self):
        expected = (len(self.queries),)
        if self.order.shape != self.scores.shape or self.order.shape[:1] != expected:
            raise DataError(
                f"a Run needs order and scores of shape (queries, depth) with "
                f"{len(self.queries)} queries, got {self.order.shape} and {self.scores.shape}"
            )

    @property
    def depth(self) -> int:
        return self.order.shape[1]

    @classmethod
    def of(cls, candidates: Mapping[str, Mapping[str, float]]) -> "Run":
        """A run from query -> product -> score, sorted here (score, then larger id, first)."""
        products = tuple(sorted({p for scores in candidates.values() for p in scores}))
        position = {p: i for i, p in enumerate(products)}
        depth = max((len(c) for c in candidates.values()), default=0)
        order = np.full((len(candidates), depth), -1, np.int32)
        scores = np.full((len(candidates), depth), -np.inf, np.float32)
        for row, found in enumerate(candidates.values()):
            ranked = sorted(found.items(), key=lambda c: (np.float32(c[1]), c[0]), reverse=True)
            order[row, : len(ranked)] = [position[p] for p, _ in ranked]
            scores[row, : len(ranked)] = [s for _, s in ranked]
        return cls(tuple(candidates), products, order, scores)

    def candidates(self, row: int) -> Iterator[tuple[str, float]]:
        """(product id, score) of the query at `row`, best first."""
        for position, score in zip(self.order[row], self.scores[row], strict=True):
            if position < 0:
                return
            yield self.products[position], float(score)

    def cut(self, depth: int) -> "Run":
        """The same run with at most `depth` candidates for each query."""
        return Run(self.queries, self.products, self.order[:, :depth], self.scores[:, :depth])

    def to_arrow(self):
        """Columns query, product, rank (from 1), score: one row per candidate."""
        import pyarrow as pa

        rows, ranks = np.nonzero(self.order >= 0)
        queries = pa.DictionaryArray.from_arrays(rows.astype(np.int32), list(self.queries))
        found = self.order[rows, ranks].astype(np.int32)
        products = pa.DictionaryArray.from_arrays(found, list(self.products))
        return pa.table(
            {
                "query": queries,
                "product": products,
                "rank": (ranks + 1).astype(np.int32),
                "score": self.scores[rows, ranks],
            }
        )


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """Where a dataset comes from and what may be done with it."""

    name: str
    title: str
    source: str = ""
    revision: str = ""
    licence: str = "unknown"
    citation: str = ""
    splits: tuple[str, ...] = ()
    gallery_text: tuple[str, ...] = ("caption", "description", "title")
    """Text roles that represent a product in a gallery; the first that it has is taken."""


@dataclass(frozen=True, slots=True)
class Warning_:
    """Something to know before trusting or using a system's numbers; one row of a table."""

    code: str
    """"activation-mismatch", "short-context", "non-commercial" ..."""
    argument: str = ""
    """What the code is about: another model's name, a picture size ..."""
    severity: Literal["serious", "note"] = "note"
    """serious: may change the numbers."""
    short: str = ""
    """A few words for a table."""
    sentence: str = ""


Kind = Literal["encoder", "retriever", "reranker", "reader", "chat", "pipeline", "baseline"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemInfo:
    """What must be known of anything that answers, before and after using it."""

    name: str
    kind: Kind
    identity: str
    """Hash of all that decides its answers: weights or endpoint, model and revision, template,
    schema, picture policy, sampling, precision."""
    family: str = ""
    revision: str = ""
    licence: str = "unknown"
    params: int | None = None
    trained_on: tuple[str, ...] = ()
    """Data it has seen in training, as datasets are named; a suite on such data says so."""
    trained_spus: Mapping[str, str] | None = None
    """Dataset -> the SPUs of it seen in training, as `skulens.trained_on` writes them; empty: it
    has seen none of any. None: not known."""
    warnings: tuple[Warning_, ...] = ()
    about: Mapping[str, object] = field(default_factory=dict)
    """Further facts, JSON values."""
    parts: tuple["SystemInfo", ...] = ()
    """Of a pipeline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderInfo(SystemInfo):
    """A system that makes vectors; `identity` is the maker of a vector."""

    kind: Kind = "encoder"
    dim: int
    modalities: tuple[str, ...]
    """Of "image", "text" and "item"."""
    image_px: int | None = None
    context_length: int | None = None
    """Tokens, special ones included."""
    params_image: int | None = None
    params_text: int | None = None
    gflops_image: float | None = None
    """Multiply-adds x 2 of one picture, in 10^9."""
    gflops_text: float | None = None
    dtype: str = "float32"
    activation: Literal["softmax", "sigmoid"] = "softmax"
    roles: tuple[str, ...] = ()
    """Of "query" and "document": the roles whose items it embeds differently; empty: none."""

    def __post_init__(self):
        if self.params is None and (total := (self.params_image or 0) + (self.params_text or 0)):
            object.__setattr__(self, "params", total)


def escape_surrogates(text: str) -> str:
    """The text with lone surrogates, which no file or terminal takes, written out: \\ud800."""
    return text.encode("utf-8", "backslashreplace").decode()


def chunks(rows: Sequence, size: int) -> Iterator[Sequence]:
    """Consecutive slices of at most `size` rows."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def batches(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    """Consecutive lists of at most `size` rows, drawn as needed."""
    stream = iter(rows)
    while batch := list(islice(stream, size)):
        yield batch
