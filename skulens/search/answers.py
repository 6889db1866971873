"""What a search found, and why: plain records for commands, pages, notebooks and servers.

for hit in answer.hits:
    print(hit.id, hit.score, hit.why.legs, hit.why.facts)

Everything is there once the search returns but `Hit.thumbnail`, which asks the store when it is
first looked at, for all hits of the answer together, and `Why.words`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from skulens.documents import Value
from skulens.filters import format_filter
from skulens.records import Filter
from skulens.search.modify import Boosted
from skulens.search.notebook import arrow_table, html_table, plain_table, product_fields
from skulens.search.request import Request

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class PartScore:
    """How well one part of the query fits a hit, by one vector column."""

    column: str
    part: int
    """Position in `Request.query.item.parts`."""
    score: float
    """Cosine of the part's vector and the product's, whatever its weight."""
    weight: float = 1.0
    key: str = ""
    """Of the condition that the part belongs to: "collar"; empty: none."""


@dataclass(frozen=True, slots=True)
class LegScore:
    """What one leg says of a hit."""

    score: float
    """The leg's own: cosine, or BM25."""
    rank: int
    """Among what the leg found, from 1; equal scores share the first of their ranks."""
    share: float
    """Of the fused score."""


@dataclass(frozen=True, slots=True)
class FactCheck:
    """A condition, held against what is known of a hit."""

    key: str
    relation: Literal["same", "different"]
    wanted: tuple[str, ...]
    """Values that the condition asks for; empty: nobody knows them."""
    has: tuple[str, ...]
    """Values of the hit; empty: none is known."""
    holds: bool | None
    """None: one side is not known."""
    part: int | None = None
    """Position of the photo that the condition points to."""
    field: str = ""
    """Of the store: "attributes.collar"; empty: it has none of that name."""


@dataclass(frozen=True, slots=True)
class PictureRegion:
    """A place of the hit's picture that resembles a part of the query."""

    part: int
    box: tuple[float, float, float, float]
    """Left, top, right, bottom as shares of width and height, 0 to 1."""
    score: float
    """Of the best patch: its inner product with the part, divided by the mean length of patches."""
    lead: float = 0.0
    """By how much that is above the mean of all patches."""


@dataclass(frozen=True)
class Why:
    """Why a product was found where it stands."""

    legs: Mapping[str, LegScore] = field(default_factory=dict)
    """Leg -> what it says; only legs that found the product."""
    parts: tuple[PartScore, ...] = ()
    """One per part and column that reads it, in the query's order."""
    facts: tuple[FactCheck, ...] = ()
    code: str = ""
    """14 digits of the bar code in a photo that the product carries: an exact match."""
    shown: tuple[int, ...] = ()
    """Parts of the query that show this very product."""
    boosts: tuple[Boosted, ...] = ()
    relevance: float = 0.0
    """The fused score before boosts."""
    regions: tuple[PictureRegion, ...] = ()
    """Best first; filled by whoever has an encoder that shows patches."""
    find_words: Callable[[], tuple[str, ...]] = field(default=tuple, repr=False, compare=False)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """What the query's words find in the product's full text, as it stands there, in its order.

        Sought when first looked at: a millisecond or two, as much as the search itself.
        """
        return self.find_words()


@dataclass(frozen=True)
class Hit:
    """A product that was found."""

    id: str
    score: float
    """Fused and boosted; higher is better. With one leg, that leg's own score."""
    rank: int
    """From 1 over all pages."""
    fields: Mapping[str, Any]
    """Of the store's schema, and "id"."""
    why: Why = Why()
    others: tuple[str, ...] = ()
    """Ids of further variants that were found and stand behind this one, best first."""
    load: Callable[[str], bytes] = field(default=lambda _: b"", repr=False, compare=False)

    @cached_property
    def thumbnail(self) -> bytes:
        """A small JPEG; empty: the store has none."""
        return self.load(self.id)


@dataclass(frozen=True, slots=True)
class Leg:
    """One of the searches that an answer was fused from."""

    column: str
    """A vector column, or "words"."""
    weight: float
    found: int
    how: str = "exact"
    """"exact", or what the engine's index was asked."""
    parts: tuple[int, ...] = ()
    """Positions of the parts that it read."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know of an answer."""

    code: str
    """"key-as-text", "part-unread", "sorted-first" ..."""
    sentence: str


@dataclass(frozen=True, slots=True)
class Relaxation:
    """What an answer without hits would find without one of its conditions."""

    kind: Literal["filter", "fact", "least"]
    text: str
    """The condition: "price < 30", "collar: polo", "words >= 3"."""
    products: int
    """That are found then; of words alone, at most MOST_K are counted."""
    where: Filter | None
    """The filter that is left."""
    condition: int | None = None
    """Position in `Request.query.conditions` of the one that the store checked as a fact."""
    leg: str = ""
    """Whose least score it is."""


@dataclass(frozen=True)
class Answer:
    """What was found, best first, and what to know of it."""

    hits: tuple[Hit, ...]
    request: Request
    legs: Mapping[str, Leg] = field(default_factory=dict)
    facets: Mapping[str, Mapping[Value, int]] = field(default_factory=dict)
    """Field -> value -> products that satisfy the filter, most frequent first; see
    `Request.disjunctive`."""
    notes: tuple[Note, ...] = ()
    candidates: int = 0
    """Products that the pages are cut from: found by any leg, relevant enough, variants collapsed."""
    known: bool | None = None
    """Whether the calibrated confidence is reached; False: the product asked for is probably not in
    the catalogue; None: nothing was calibrated."""
    took_s: Mapping[str, float] = field(default_factory=dict)
    """Seconds: "total", of it "read" (encoders and bars), "search" (the engine), "explain"."""
    vectors: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Column -> (dim,) float32 of length 1 that was asked; only where the request wants them."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """"matching": products that satisfy the filter, "total": all; only where the request wants
    them."""
    without: tuple[Relaxation, ...] = ()
    """Where there are no hits and the request wants to know: what brings some."""

    def __len__(self) -> int:
        return len(self.hits)

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)

    def __getitem__(self, place: int) -> Hit:
        return self.hits[place]

    def rows(self) -> list[dict[str, Any]]:
        """A dictionary per hit: "rank", "score", "id", then the product's fields."""
        return [
            {"rank": hit.rank, "score": hit.score, "id": hit.id}
            | {n: v for n, v in product_fields(hit.fields).items() if n != "id"}
            for hit in self.hits
        ]

    def to_arrow(self) -> "pa.Table":
        """`rows` as columns."""
        return arrow_table(self.rows())

    def __repr__(self) -> str:
        return plain_table(self.rows())

    def _repr_html_(self) -> str:
        """What a notebook shows: `rows` with thumbnails, and the notes."""
        thumbnails = [hit.thumbnail for hit in self.hits]
        return html_table(self.rows(), thumbnails, [note.sentence for note in self.notes])

    def to_record(self) -> dict[str, Any]:
        """JSON values; thumbnails and photos are left out."""
        return {
            "hits": [record_of(hit) for hit in self.hits],
            "candidates": self.candidates,
            "known": self.known,
            "legs": {name: asdict(leg) for name, leg in self.legs.items()},
            "facets": {
                f: [{"value": v, "count": n} for v, n in c.items()] for f, c in self.facets.items()
            },
            "notes": [asdict(note) for note in self.notes],
            "took_s": {name: round(s, 6) for name, s in self.took_s.items()},
            **({"counts": dict(self.counts)} if self.counts else {}),
            **({"without": [asdict(one) | {"where": text_of(one.where)} for one in self.without]}
               if self.request.without and not self.hits else {}),
            **({"vectors": {n: v.tolist() for n, v in self.vectors.items()}}
               if self.vectors else {}),
        }  # fmt: skip


def text_of(where: Filter | None) -> str | None:
    return None if where is None else format_filter(where)


def record_of(hit: Hit) -> dict[str, Any]:
    """A hit as JSON values."""
    why = asdict(replace(hit.why, find_words=tuple)) | {"words": hit.why.words}
    why.pop("find_words")
    own = {"rank": hit.rank, "id": hit.id, "score": hit.score}
    return own | {"fields": dict(hit.fields), "others": list(hit.others), "why": why}


class Thumbnails:
    """Thumbnails of an answer's hits, fetched together when the first one is looked at."""

    def __init__(self, fetch: Callable[[Sequence[str]], Sequence[bytes]], ids: Sequence[str]):
        self._fetch, self._ids = fetch, tuple(ids)

    @cached_property
    def _held(self) -> dict[str, bytes]:
        return dict(zip(self._ids, self._fetch(self._ids), strict=True))

    def __call__(self, product: str) -> bytes:
        return self._held.get(product, b"")
