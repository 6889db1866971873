"""Search one's own catalogue.

    shop = skulens.open_store("shop.store")
    hits = shop.search(photo="a.jpg", text="red", where="price < 30")
    hits = shop.search(photo=[("a.jpg", 1), ("b.jpg", -0.5)], like={"collar": "c.jpg"})

Threads may share a shop: searches run side by side but for the encoders, each of which works for one
thread at a time, and for what the engine itself does one after the other.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from skulens.encode.batching import Batching
from skulens.encode.memo import Memo
from skulens.errors import DataError
from skulens.index.stores import open_store as open_engine
from skulens.index.stores.fields import PICTURES, is_twin
from skulens.index.stores.probes import unit
from skulens.protocols import Store
from skulens.records import Reject, chunks
from skulens.search import codes
from skulens.search.answers import Answer, Hit, Note, Thumbnails, Why
from skulens.search.arrange import Candidate
from skulens.search.calibrated import Threshold, read_threshold
from skulens.search.claims import Checked, fetch_claims
from skulens.search.conditions import ReadAttributes
from skulens.search.draft import Given, Weighted
from skulens.search.explain import Explainer
from skulens.search.facets import count_facets, count_products
from skulens.search.finding import Search
from skulens.search.ingredients import check_vectors, check_ways
from skulens.search.legs import check_legs
from skulens.search.notes import note_cut
from skulens.search.relax import relax
from skulens.search.request import Request, make_request
from skulens.search.vectors import QUIET, Asked, QueryEmbedder

TOGETHER = 1024
"""Requests whose parts are embedded together."""


class Shop:
    """A store and the encoders of its columns.

    Args:
        cache: folder of the embedding cache, for many searches with the same photos.
        memo: remembers hashes of files and infos of encoders.
        encoders: column -> name of its encoder, where its model file has moved.
        batching: how many parts are embedded at a time.
        calibration: what says whether the product asked for is there at all: a file of `skulens
            calibrate RESULT --json`, or a threshold.
        attributes: reads attributes off photos that no product of the store has, for conditions.
    """

    def __init__(
        self,
        store: Store,
        *,
        cache: Path | None = None,
        memo: Memo | None = None,
        encoders: Mapping[str, str] | None = None,
        batching: Batching = QUIET,
        calibration: str | Path | Threshold | None = None,
        attributes: ReadAttributes | None = None,
    ):
        self.store = store
        self.embedder = QueryEmbedder(store, cache, memo, encoders, batching)
        if isinstance(calibration, str | Path):
            calibration = read_threshold(calibration)
        self.threshold, self.attributes = calibration, attributes

    def __enter__(self) -> "Shop":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the store's files and connections."""
        self.store.close()

    def info(self) -> dict[str, object]:
        """What `Store.info` says, and what this shop can do besides."""
        read = "read" if codes.can_read() else "not read; pip install 'skulens[bars]'"
        calibrated = asdict(self.threshold) if self.threshold is not None else None
        return {**self.store.info(), "bar_codes": read, "calibrated": calibrated}

    def claims(self, product: str) -> tuple[Checked, ...]:
        """What is claimed of a product, each claim with its verdict and evidence.

        Raises:
            DataError: there is no such product.
        """
        if not self.store.fetch([product], ["id"])[0]:
            raise DataError(f"the store has no product {product!r:.80}; give its id as it is there")
        return fetch_claims(self.store, [product])[0]

    def search(
        self,
        text: str | Sequence[str | tuple[str, float]] = (),
        photo: Given | Weighted | Sequence[Given | Weighted] = (),
        **options: Any,
    ) -> Answer:
        """The products that fit best.

        Args:
            options: `like`, `where`, `k` and more: see `search.request.make_request`.
        Raises:
            DataError: see `make_request`; a photo that cannot be read, by its name; nothing that the
                store's encoders read.
            FilterError: a field that the store lacks, or a value of another type.
            StoreError: an encoder that is not the one that the store was built with.
        """
        return self.answer(make_request(text, photo, **options))

    def answer(self, request: Request) -> Answer:
        """The answer to one request. Raises as `search`."""
        found = next(self.answers([request]))
        if isinstance(found, Reject):
            raise DataError(f"{found.source} cannot be searched with: {found.reason}; {found.todo}")
        return found

    def answers(self, requests: Sequence[Request]) -> Iterator[Answer | Reject]:
        """An answer to each request, in order; parts are embedded together, TOGETHER requests at a
        time. A Reject, by the id of the query, where a part of one cannot be read.

        Raises:
            As `search`, for requests that make no sense.
        """
        for request in requests:
            self.check(request)
        for group in chunks(requests, TOGETHER):
            began = time.perf_counter()
            embedded = self.embedder.embed(group)
            read_s = (time.perf_counter() - began) / len(group)
            for request, asked in zip(group, embedded, strict=True):
                yield asked if isinstance(asked, Reject) else self.find(request, asked, read_s)

    def check(self, request: Request) -> None:
        """Raise UnknownName or DataError for a request that this store cannot make sense of."""
        check_legs(request, self.store.schema)
        check_ways(request, self.store.schema)
        check_vectors(request, self.store.schema)

    def find(self, request: Request, asked: Mapping[str, Asked], read_s: float = 0.0) -> Answer:
        """The answer to a request whose parts have been embedded. Raises as `search`.

        Args:
            asked: column -> what it is asked, of `embedder.embed`.
            read_s: seconds that the embedding took.
        """
        began = time.perf_counter()
        search = Search(self.store, request, asked, self.attributes)
        prepared = time.perf_counter()
        if request.browse:
            candidates = search.browse()
        else:
            candidates = search.find(least=1 if self.threshold is None else 2)
        searched = time.perf_counter()
        hits = self._explain(search, candidates[request.offset : request.reach])
        facets = count_facets(self.store, request.facets, search.where, request.disjunctive)
        counts = count_products(self.store, search.where) if request.counts else {}
        without = relax(search) if request.without and not candidates else ()
        known = self._known(search)
        explained = time.perf_counter()
        return Answer(
            hits,
            request,
            search.legs,
            facets,
            tuple(search.notes),
            search.count(candidates),
            known,
            {
                "total": explained - began + read_s,
                "read": prepared - began + read_s,
                "search": searched - prepared,
                "explain": explained - searched,
            },
            {n: unit(one.vector) for n, one in asked.items()} if request.give_vectors else {},
            counts,
            tuple(without),
        )

    def _explain(self, search: Search, page: Sequence[Candidate]) -> tuple[Hit, ...]:
        """The hits of a page, with their fields and why they were found."""
        request = search.request
        numbered = list(enumerate(page, request.offset + 1))
        if not request.details:
            return tuple(
                Hit(c.id, c.score, rank, {"id": c.id}, Why(), tuple(c.others))
                for rank, c in numbered
            )
        for column in (c for c in self.store.schema.vectors if c.name in search.asked):
            cut = self.embedder.cut_texts(request, column)
            search.notes += note_cut(request, column, cut)
        ids = [c.id for c in page]
        explainer = Explainer(
            self.store,
            request,
            search.asked,
            search.passes,
            search.facts,
            page,
            self._hashes(search),
        )
        thumbnails = Thumbnails(self._thumbnails, ids)
        names = [c.field for c in self.store.schema.fields if not is_twin(c.field)]
        hits = []
        held = self.store.fetch(ids, [*names, *explainer.needs])
        for (rank, c), fields in zip(numbered, held, strict=True):
            why = explainer.explain(c, fields)
            shown = {name: v for name, v in fields.items() if name not in explainer.needs}
            hits.append(Hit(c.id, c.score, rank, shown, why, tuple(c.others), thumbnails))
        return tuple(hits)

    def _hashes(self, search: Search) -> dict[int, str]:
        """Position -> sha256 of each photo that some leg has read, where products have pictures."""
        if self.store.schema.field(PICTURES.field) is None:
            return {}
        read = {part for one in search.asked.values() for part in one.parts}
        return {part: photo.sha256() for part, photo in search.request.photos if part in read}

    def _thumbnails(self, ids: Sequence[str]) -> list[bytes]:
        return [held.get("thumbnail", b"") for held in self.store.fetch(ids, ["thumbnail"])]

    def _known(self, search: Search) -> bool | None:
        """Whether the calibrated confidence is reached; a bar code found settles it."""
        if self.threshold is None or search.request.browse:
            return None
        known = bool(search.carriers) or self.threshold.reached(search.best(2))
        if not known:
            search.notes.append(
                Note("not-in-catalogue", "the product asked for is probably not in the catalogue")
            )
        return known


def open_store(address: str | Path, **options: Any) -> Shop:
    """The shop behind a store's address.

    Args:
        options: of `Shop`.
    Raises:
        StoreError: see `index.stores.open_store`.
    """
    return Shop(open_engine(str(address)), **options)
