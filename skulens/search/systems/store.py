"""A store as a system that can be measured: the numbers of the whole pipeline.

    skulens bench mpr groceries --system store:shop.store
    skulens bench merit composed --system "store:shop.store?words=0"

Queries are answered by `Shop.answers`, as those of any user: encoders, legs, index, fusion,
conditions and filters are the store's. What stands after "?" changes how it is asked: the weight of
a leg (a vector column, or "words"), or a field of `Request`: one of `CHOICES` or `SWITCHES`.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import numpy as np

from skulens.encode.memo import Memo
from skulens.encode.parts import read_contents
from skulens.errors import DataError, unknown
from skulens.index.stores.fields import PICTURES
from skulens.records import Image, Item, Query, Reject, Run, SystemInfo
from skulens.search.answers import Answer, Leg
from skulens.search.indexing.columns import TEXT, VIEWS
from skulens.search.legs import WORDS
from skulens.search.request import Request
from skulens.search.shop import Shop, open_store

NAME = "store"
VERSION = "1"
CHOICES, SWITCHES = ("facts", "by"), ("codes", "exact")
"""Fields of `Request` that an address may set; switches are on or off."""
USUAL = {"codes": False}
"""Where a request differs from a user's: to look for bar codes takes longer than all else."""
INDEX = ("engine", "engine_version", "indexes")
"""What of `Store.info` decides which products are found."""
NAMED = 3
"""Products named in an error."""


class StoreSystem:
    """Ranks products as a store finds them; see `protocols.Retriever`.

    Products of a gallery that the store lacks, or has with other pictures, are an error: its numbers
    would be those of another catalogue. Products that only the store has are not ranked.

    Args:
        address: "shop.store", "qdrant:http://host:6333/shop" or either with "?words=0" after it; or
            an opened shop.
        cache, memo: of the run, so that its vectors are not computed twice.
        progress: progress bar on stderr with rate and time left.
    Raises:
        StoreError: nothing there, or made by encoders that are no longer the same.
        DataError: an option that it does not have.
    """

    def __init__(
        self,
        address: str | Shop,
        cache: Path | None = None,
        memo: Memo | None = None,
        progress: bool = True,
    ):
        typed = "" if isinstance(address, Shop) else address
        self.address, _, options = typed.partition("?")
        opened = open_store(self.address, cache=cache, memo=memo) if typed else address
        assert isinstance(opened, Shop)
        self.shop = opened
        legs = [*(column.name for column in self.shop.store.schema.vectors), WORDS]
        self.asked: dict[str, Any] = USUAL | parse_options(options, legs)
        """Fields of every request."""
        self.memo, self.progress = memo, progress
        self.name = f"{NAME}:{typed}" if typed else NAME
        self.rejects: list[Reject] = []
        """Queries that the latest `rank` could not read."""
        self.cost: dict[str, float] = {}
        """Of the latest `rank`: milliseconds that the engine took for a query."""
        self.used_index = False
        """Whether any query of the latest `rank` was answered without comparing every vector."""

    def with_fusion(self, fusion: str) -> "StoreSystem":
        """The same, with the parts of a query fused so."""
        return self._ask_otherwise(fusion=fusion)

    def without_index(self) -> "StoreSystem":
        """The same, with every vector compared."""
        return self._ask_otherwise(exact=True)

    def _ask_otherwise(self, **asked) -> "StoreSystem":
        other = copy(self)
        other.asked, other.rejects, other.cost = {**self.asked, **asked}, [], {}
        other.used_index = False
        other.__dict__.pop("info", None)
        return other

    # ----- what it is -------------------------------------------------------------------------

    @cached_property
    def info(self) -> SystemInfo:
        """Kind "pipeline"; the identity covers makers of vectors, index, options and contents."""
        parts = tuple(self.shop.embedder.encoder(c).info for c in self.shop.store.schema.vectors)
        params = [part.params for part in parts]
        about = self._describe()
        return SystemInfo(
            name=self.name,
            kind="pipeline",
            identity=_hash([NAME, VERSION, about, self.contents]),
            family=NAME,
            licence=" + ".join(dict.fromkeys(part.licence for part in parts)) or "unknown",
            params=sum(params) if params and None not in params else None,  # type: ignore[arg-type]
            trained_on=tuple(dict.fromkeys(data for part in parts for data in part.trained_on)),
            warnings=tuple(dict.fromkeys(w for part in parts for w in part.warnings)),
            about=about,
            parts=parts,
        )

    def _describe(self) -> dict[str, Any]:
        """What decides the answers, but for the products; where the store lies does not."""
        store = self.shop.store
        read = {kind for column in store.schema.vectors for kind in column.modalities}
        if self.asked.get("weights", {}).get(WORDS, 1):
            read.add("text")
        own = store.info()
        return {
            "modalities": [kind for kind in ("text", "image") if kind in read],
            "galleries": [self.gallery],
            **{name: own[name] for name in INDEX if name in own},
            "columns": {c.name: [c.maker, c.made_from] for c in store.schema.vectors},
            "asked": self.asked,
        }

    @property
    def gallery(self) -> str:
        """What of the products it compares: "image", unless all columns are made of texts."""
        made = {column.made_from for column in self.shop.store.schema.vectors}
        return "text" if made <= {TEXT} else "image"

    @cached_property
    def held(self) -> frozenset[str]:
        """Ids of the products in the store."""
        return frozenset(self.shop.store.digests())

    @cached_property
    def contents(self) -> str:
        """Hash of all that was indexed."""
        return _hash(sorted(self.shop.store.digests().items()))

    def pictures_of(self, products: Sequence[str]) -> list[tuple[str, ...]]:
        """sha256 of the pictures of each product that its vectors were made from."""
        schema = self.shop.store.schema
        made = {column.made_from for column in schema.vectors} - {TEXT}
        if not made or schema.field(PICTURES.field) is None:
            return [() for _ in products]
        most = 1 if made == {VIEWS["first"]} else None
        rows = self.shop.store.fetch(list(products), [PICTURES.field])
        return [tuple(row.get(PICTURES.field, ()))[:most] for row in rows]

    # ----- ranking ----------------------------------------------------------------------------

    def rank(self, queries: Sequence[Query], gallery: Sequence[Item], k: int) -> Run:
        """The first k products of each query; queries that cannot be read are not in the run.

        Raises:
            DataError: the store lacks products of the gallery, or has them with other pictures.
        """
        self.rejects, self.used_index = [], False
        products = list(dict.fromkeys(item.id for item in gallery))
        self._check(gallery, products)
        asked = self.asked | {
            "k": max(min(k, len(products)), 1),
            "exclude": tuple(sorted(self.held.difference(products))),
            "details": False,
        }
        requests = [Request(as_given(query), **asked) for query in queries]
        place = {product: i for i, product in enumerate(products)}
        found: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        took_ms = []
        for query, answer in zip(queries, self._watch(requests), strict=True):
            if isinstance(answer, Reject):
                self.rejects.append(answer)
                continue
            rows = np.array([place[hit.id] for hit in answer.hits], np.int32)
            found[query.id] = rows, never_rising([hit.score for hit in answer.hits])
            took_ms.append(1e3 * answer.took_s["search"])
            self.used_index |= any(is_approximate(leg) for leg in answer.legs.values())
        self.cost = {"search_ms_p50": round(float(np.median(took_ms)), 3)} if took_ms else {}
        return run_of(found, products)

    def _watch(self, requests: Sequence[Request]) -> Iterator[Answer | Reject]:
        from skulens.progress import Bar

        yield from Bar(
            self.shop.answers(requests),
            desc=f"queries, {Path(self.address).name}",
            total=len(requests),
            unit=" query",
            disable=not self.progress,
            delay=1,
        )

    def _check(self, gallery: Sequence[Item], products: Sequence[str]) -> None:
        """Raise DataError where the store is not one of this gallery as it is now."""
        if missing := [i for i in products if i not in self.held]:
            raise DataError(
                f"{self.name} lacks {len(missing):,} of {len(products):,} products of the "
                f"gallery, such as {_some(missing)}; they could never be found: {self._rebuild}"
            )
        held = dict(zip(products, map(set, self.pictures_of(products)), strict=True))
        shown = [(item.id, part) for item in gallery for part in item.parts]
        shown = [(i, part) for i, part in shown if isinstance(part, Image) and held[i]]
        contents, _ = read_contents([part for _, part in shown], self.memo)
        other = dict.fromkeys(
            i
            for (i, _), content in zip(shown, contents, strict=True)
            if content and content.sha256 not in held[i]
        )
        if other:
            raise DataError(
                f"{self.name} was built from other pictures of {len(other):,} of "
                f"{len(products):,} products of the gallery, such as {_some(other)}: {self._rebuild}"
            )

    @property
    def _rebuild(self) -> str:
        encoders = [column.encoder for column in self.shop.store.schema.vectors]
        return (
            "bring it up to date with `skulens index build DATA "
            f"--encoder {encoders[0] if encoders else 'NAME'} --store {self.address or 'STORE'}`"
        )


def as_given(query: Query) -> Query:
    """The query without what only its composer knows: of which products its parts are, which a
    suite leaves out of what was found by itself, and their values."""
    conditions = tuple(replace(c, value=None, product=None) for c in query.conditions)
    return replace(query, conditions=conditions, references=())


def parse_options(written: str, legs: Sequence[str]) -> dict[str, Any]:
    """From "words=0&codes=on" the fields of a request.

    Raises:
        UnknownName: neither an option nor a leg; names the nearest.
        DataError: a value that cannot be read.
    """
    found: dict[str, Any] = {}
    weights: dict[str, float] = {}
    for name, value in parse_qsl(written, keep_blank_values=True):
        if name in legs:
            try:
                weights[name] = float(value)
            except ValueError:
                raise DataError(f"{name}={value}: expected a weight, such as 0 or 0.5") from None
        elif name in CHOICES:
            found[name] = value
        elif name in SWITCHES:
            if value not in ("on", "off"):
                raise DataError(f"{name}={value}: expected on or off")
            found[name] = value == "on"
        else:
            known = [*legs, *CHOICES, *SWITCHES]
            raise unknown("option of a store", name, known, "skulens index info STORE")
    return found | ({"weights": weights} if weights else {})


def run_of(found: Mapping[str, tuple[np.ndarray, np.ndarray]], products: Sequence[str]) -> Run:
    """A run in the order of the answers.

    Args:
        found: query -> (positions in `products`, scores), each (hits,).
    """
    depth = max((len(rows) for rows, _ in found.values()), default=0)
    order = np.full((len(found), depth), -1, np.int32)
    scores = np.full(order.shape, -np.inf, np.float32)
    for i, (rows, mine) in enumerate(found.values()):
        order[i, : len(rows)], scores[i, : len(rows)] = rows, mine
    return Run(tuple(found), tuple(products), order, scores)


def is_approximate(leg: Leg) -> bool:
    """Whether an index chose the vectors that were compared; words have no other way."""
    return leg.column != WORDS and leg.how != "exact"


def never_rising(scores: Sequence[float]) -> np.ndarray:
    """(hits,) the scores, each at least the next one: what is put first for another reason, such as
    the bar code on the photo, scores no less than what follows."""
    return np.maximum.accumulate(np.array(scores, np.float32)[::-1])[::-1]


def _some(ids: Iterable[str]) -> str:
    return ", ".join(list(ids)[:NAMED])


def _hash(what: object) -> str:
    return hashlib.sha256(json.dumps(what, sort_keys=True, default=str).encode()).hexdigest()
