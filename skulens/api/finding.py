"""Photos and texts -> their nearest products, ranked exactly as `skulens bench mpr` ranks them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from skulens.api.embedding import describe_rejects, embed_things
from skulens.api.equipment import as_encoder, equip
from skulens.api.notebook import Thumbnails, escape, figure, frame, html_frame, plain_table
from skulens.api.things import Thing, read_things
from skulens.bench.candidates import VectorSearch
from skulens.bench.embedding import embed_gallery
from skulens.bench.run import make_settings
from skulens.bench.suites.mpr import Mpr, MprSettings
from skulens.bench.task import Task, Tools, choose_galleries
from skulens.catalog.open import open_catalog
from skulens.catalog.photos import SUFFIXES
from skulens.encode.cache import VectorCache
from skulens.encode.embed import Embedder
from skulens.errors import DataError
from skulens.protocols import Catalog, Encoder
from skulens.records import DatasetInfo, Image, Item, Product, Query, Reject, Run
from skulens.report.names import count, cut_at_word, name_product

if TYPE_CHECKING:
    import pandas as pd

NAME_CHARACTERS = 32
"""Of a query's name below its photo."""
SHOWN = 50
"""Queries that a notebook shows."""


@dataclass(frozen=True)
class Neighbour:
    """A product that was found."""

    rank: int
    """From 1."""
    score: float
    """Cosine, higher is better; under shots "max" that of its best picture."""
    product: Product

    @property
    def id(self) -> str:
        return self.product.id

    @property
    def title(self) -> str:
        """Its title, else the first words of a text, else its id."""
        return name_product(self.product)


@dataclass(frozen=True)
class Found(Sequence):
    """For each photo or text its nearest products, best first: `found[0][0].id`."""

    queries: tuple[str, ...]
    """A path as given, a record's id, "photos[3]" for pictures without a name, or the text."""
    neighbours: tuple[tuple[Neighbour, ...], ...]
    """Of each query; empty where it could not be read."""
    gallery: str
    """What products were compared by: image, text or both."""
    settings: MprSettings
    rejects: tuple[Reject, ...] = ()
    """Photos and pictures of products that could not be read, with the reason."""
    missing: tuple[str, ...] = ()
    """Products without what the gallery is made of: they cannot be found."""
    shown: tuple[Image | None, ...] = field(default=(), repr=False)
    """The photo of each query, for the notebook."""

    def __len__(self) -> int:
        return len(self.queries)

    def __getitem__(self, place):
        """The neighbours of one query, best first; of a slice a tuple of them."""
        return self.neighbours[place]

    def rows(self) -> list[dict[str, Any]]:
        """A dictionary per query and neighbour: "query", "rank", "score", "id", "title"."""
        return [
            {"query": query, "rank": n.rank, "score": n.score, "id": n.id, "title": n.title}
            for query, mine in zip(self.queries, self.neighbours, strict=True)
            for n in mine
        ]

    def to_pandas(self) -> "pd.DataFrame":
        """`rows` as a data frame. Raises MissingDependency without pandas."""
        return frame(self.rows())

    def __str__(self) -> str:
        lines = [row | {"score": f"{row['score']:.4f}"} for row in self.rows()]
        for row in lines:
            row["query"] = short_name(row["query"]) if row["rank"] == 1 else ""
        return "\n".join([plain_table(lines, ("rank", "score")), *self._notes()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """What a notebook shows: a row per query, its photo and those of its neighbours."""
        pictures, reasons = Thumbnails(), {r.item: r.reason for r in self.rejects}
        body = "".join(
            f"<tr><td>{self._draw_query(i, pictures)}</td><td>"
            + (
                "".join(draw_neighbour(n, pictures) for n in self.neighbours[i])
                or escape(reasons.get(self.queries[i], ""))
            )
            + "</td></tr>"
            for i in range(min(len(self), SHOWN))
        )
        notes = self._notes()
        if len(self) > SHOWN:
            notes.append(f"The first {SHOWN} of {len(self)}; .rows() and .to_pandas() have all.")
        if pictures.left:
            notes.append(f"{pictures.left} pictures are left out to keep the notebook small.")
        head = "<thead><tr><th></th><th>nearest, with cosine</th></tr></thead>"
        table = f'<table class="skulens-t">{head}<tbody>{body}</tbody></table>'
        return html_frame(table, notes=notes)

    def _draw_query(self, place: int, pictures: Thumbnails) -> str:
        name, photo = self.queries[place], self.shown[place] if self.shown else None
        if photo is None:
            return f"<i>{escape(name)}</i>"
        return figure(pictures.tag(photo, name), "", short_name(name))

    def _notes(self) -> list[str]:
        lack = {"image": "a picture", "text": "a text"}.get(self.gallery, "a picture and a text")
        n = len(self.missing)
        left = [f"{count(n, 'product')} without {lack} cannot be found"] if n else []
        return [*describe_rejects(self.rejects), *left]


def draw_neighbour(found: Neighbour, pictures: Thumbnails) -> str:
    images = found.product.images
    tag = pictures.tag(images[0] if images else None, found.title)
    return figure(tag, f"{found.score:.3f}", found.title)


def short_name(name: str) -> str:
    """The file's name of a path; a text is cut at a word."""
    last = name.rstrip("/").rpartition("/")[2] if Path(name).suffix.lower() in SUFFIXES else name
    return cut_at_word(last, NAME_CHARACTERS)


class Products:
    """A catalogue of products that a program made itself."""

    def __init__(self, products: Iterable[Product]):
        self.info = DatasetInfo("products", "products")
        self.rejects: list[Reject] = []
        self._products = list(products)
        strange = next((p for p in self._products if not isinstance(p, Product)), None)
        if strange is not None:
            raise DataError(
                f"got {type(strange).__name__} in the catalogue, expected a path, the name of a "
                "dataset, what skulens.open_catalog returns, or products of skulens.records"
            )

    def products(self) -> Iterator[Product]:
        return iter(self._products)

    def queries(self, split: str) -> Iterator[Query]:
        raise DataError(f"a list of products has no queries of the split {split!r}")


def as_catalog(data: object) -> Catalog:
    """The catalogue, opened where it is a path or a name.

    Raises:
        SkulensError: as `open_catalog`; DataError for something that is no catalogue.
    """
    if isinstance(data, str | PathLike):
        return open_catalog(fspath(data))
    if isinstance(data, Catalog):
        return data
    if isinstance(data, Iterable):
        return Products(data)
    raise DataError(
        f"got {type(data).__name__} as the catalogue, expected a path, the name of a dataset, or "
        "what skulens.open_catalog returns"
    )


def nearest(
    photos: object = None,
    catalog: object = None,
    encoder: str | Encoder = "groceries",
    k: int = 5,
    *,
    texts: object = None,
    gallery: Literal["auto", "image", "text", "both"] = "auto",
    shots: str = "auto",
    roles: Sequence[str] = (),
    fusion: str = "avg",
    batch: int = 32,
    threads: int = 0,
    cache: bool = True,
    progress: bool | None = None,
) -> Found:
    """The k products of a catalogue that are nearest to each photo or text, by exact cosine.

    Products, pictures and ties are treated as by `skulens bench mpr`, so what it measures is what
    is found here. Vectors come from the cache where they were computed before.

    Args:
        photos, texts: as for `embed`.
        catalog: a path, the name of a dataset, what `open_catalog` returns, or products.
        encoder: a name, or what `load_encoder` returns.
        k: products per query; at most as many as there are.
        gallery: what products are compared by; auto: their pictures where there are any and the
            encoder reads pictures, else their texts.
        shots: how several pictures of a product are joined: prototype, max, mean, or single for
            the first alone; auto: as `bench mpr` does by default.
        roles: of the text that stands for a product (title, description ...), for text and both.
        fusion: how several parts of one item become a vector: avg, cat or seq.
        batch, threads, cache, progress: see `equipment.equip`.
    Raises:
        DataError: no catalogue, k below 1, or no product has what the gallery is made of.
        EncoderError: the encoder does not read what is asked for.
    """
    if catalog is None:
        raise DataError("nearest needs a catalogue: nearest(photos, catalog, encoder, k=3)")
    if not isinstance(k, int) or k < 1:
        raise DataError(f"k is {k!r}, expected a whole number from 1")
    opened, tools = as_encoder(encoder), equip(batch, threads, cache, progress)
    things, products = read_things(photos, texts), as_catalog(catalog)
    given = {"gallery": gallery, "texts": tuple(roles), "shots": shots, "fusion": fusion}
    settings = make_settings(MprSettings, given)
    suite = Mpr(products, settings, tools=tools)
    kind = gallery if gallery != "auto" else choose_gallery(opened, suite)
    task = suite.task([kind])
    asked = embed_things(opened, things, tools, "query", fusion)
    run, unread = rank(task, kind, opened, asked.vectors, k, tools)
    by_id = {p.id: p for p in suite.products}
    rows = {int(query): list_neighbours(run, row, by_id) for row, query in enumerate(run.queries)}
    return Found(
        queries=asked.ids,
        neighbours=tuple(rows.get(i, ()) for i in range(len(things))),
        gallery=kind,
        settings=settings,
        rejects=(*asked.rejects, *unread),
        missing=task.galleries[kind].missing,
        shown=tuple(map(photo_of, things)),
    )


def choose_gallery(encoder: Encoder, suite: Mpr) -> str:
    """Pictures where the encoder reads them and products have them, else texts."""
    able = choose_galleries(encoder.info, suite.products, suite.catalog.info, suite.data)
    return "image" if "image" in able else able[0]


def rank(
    task: Task, kind: str, encoder: Encoder, vectors: np.ndarray, k: int, tools: Tools
) -> tuple[Run, list[Reject]]:
    """The k best products for each row that has a vector, query ids being row numbers; and the
    pictures of products that could not be read."""
    cache = VectorCache(tools.cache, encoder.info) if tools.cache else None
    gallery = task.galleries[kind]
    embedder = Embedder([encoder], [cache], tools.memo, tools.batching)
    [shown] = embed_gallery(task, embedder, gallery)
    asked = {str(i): v for i, v in enumerate(vectors) if not np.isnan(v).any()}
    queries = [Query(name, Item(name, ())) for name in asked]
    if not queries:
        width = min(k, len(gallery.products))
        none = np.zeros((0, width), np.int32), np.zeros((0, width), np.float32)
        return Run((), gallery.products, *none), shown.encoded.rejects
    search = VectorSearch(gallery, asked, shown.vectors, task.shots, encoder.info.identity)
    return search.find(queries, gallery.products, k), shown.encoded.rejects


def list_neighbours(run: Run, row: int, products: dict[str, Product]) -> tuple[Neighbour, ...]:
    found = enumerate(run.candidates(row), 1)
    return tuple(Neighbour(place, score, products[name]) for place, (name, score) in found)


def photo_of(thing: Thing) -> Image | None:
    return next((part for part in thing.parts if isinstance(part, Image)), None)
