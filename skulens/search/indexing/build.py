"""Build a store from a catalogue, or bring it up to date: what did not change is not embedded.

The catalogue is read twice: for what changed and which fields there are, then, group by group, for
what is embedded. While one group is embedded, the next is read and the one before is written, so
that the encoders never wait; a killed build goes on after the last group that was acknowledged.
"""

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from skulens.documents import Schema, VectorColumn
from skulens.encode.memo import Memo
from skulens.errors import DataError, StoreError
from skulens.index.stores import open_store
from skulens.index.stores.fields import CLAIMS, infer
from skulens.index.stores.open import folder_of
from skulens.progress import Bar
from skulens.protocols import Catalog, Store
from skulens.records import Product, batches
from skulens.search.indexing.claims import (
    GivenClaims,
    claims_to_write,
    rewrite_claims,
    with_claims,
)
from skulens.search.indexing.columns import ColumnMaker, complete_makers, open_makers
from skulens.search.indexing.documents import DocumentMaker, Pictured, read_pictures
from skulens.search.indexing.embedding import Embedded, Embedding, make_documents
from skulens.search.indexing.rejects import RejectFile
from skulens.search.indexing.survey import Survey, survey_catalog
from skulens.search.indexing.writer import Writer

REJECTS = "rejects.jsonl"
FEWEST, MOST = 256, 4096
"""Products of a group: what is embedded, written and acknowledged together."""
GROUP_S = 8.0
"""Seconds that a group should take to embed; what a kill can lose is two or three of them."""
READ = 64
"""Products whose pictures are read together while a group is filled."""
HELD_BYTES = 64_000_000
"""Of pictures that lie in another file, in a group."""


@dataclass
class Built:
    """What came of it."""

    products: int = 0
    """Of the catalogue that can be stored."""
    unchanged: int = 0
    written: int = 0
    reclaimed: int = 0
    """Of those written, products of which nothing but the claims had changed."""
    gone: int = 0
    """Products that the store has and the catalogue no longer."""
    removed: int = 0
    forwarded: int = 0
    """Pictures and texts that went through an encoder; others were equal or known from before."""
    seconds: float = 0.0
    snapshot: str = ""
    """Made before the store was changed."""
    example: str = ""
    """Title of a product."""
    makers: tuple[ColumnMaker, ...] = ()
    rejects: RejectFile = field(default_factory=lambda: RejectFile(None))


@dataclass(frozen=True)
class Options:
    """What decides how a store is brought up to date."""

    encoder: str = ""
    """Embeds pictures, into the column "picture"."""
    text_encoder: str = ""
    """Embeds titles, captions and descriptions, into the column "text"."""
    views: str = ""
    """Of a product with several pictures: "mean" of all, or "first"; "": as before, else mean."""
    prune: bool = False
    """Delete the products that the catalogue no longer has."""
    claims: tuple[Path, ...] = ()
    """Files of claims with verdicts (`catalog.verdict_rows`); products that they do not name keep
    theirs, unless `prune` is asked for. Without files, all do."""
    snapshot: str = ""
    """Name for the state before the first change."""
    data: str = ""
    """What the catalogue is called."""


def build_index(
    catalog: Catalog,
    address: str | Path,
    *,
    cache: Path | None = None,
    memo: Memo | None = None,
    rejects: Path | None = None,
    progress: bool = False,
    **options,
) -> Built:
    """Index a catalogue, or bring its store up to date.

    Columns that the store has and `options` do not name go on with the encoders that made them.

    Args:
        cache: folder of the embedding cache.
        memo: remembers hashes of files, so that a warm run reads no picture.
        rejects: file for what could not be used; by default in the folder of the store, where it
            has one.
        progress: bars on stderr for what takes more than two seconds.
        options: of `Options`.
    Raises:
        StoreError: no store and no encoder, a store of other encoders, another build at work, a
            full disk. What was acknowledged stays; the same call goes on from there.
        EncoderError: an encoder that lacks the modality.
        DataError: a catalogue without products; a file of claims that holds none.
    """
    start = time.perf_counter()
    asked = Options(**options)
    build = Build(catalog, asked, cache, memo, progress)
    with (
        closing(GivenClaims(asked.claims, asked.prune)) as claims,
        closing(build.open(str(address))),
    ):
        if rejects is None and (folder := folder_of(str(address))):
            rejects = folder / REJECTS
        built = build.run(RejectFile(rejects), claims)
    built.seconds = time.perf_counter() - start
    return built


class Build:
    """One run of `build_index`."""

    def __init__(
        self,
        catalog: Catalog,
        options: Options,
        cache: Path | None,
        memo: Memo | None,
        progress: bool,
    ):
        self.catalog, self.options = catalog, options
        self.cache, self.memo, self.progress = cache, memo, progress
        self.built = Built()

    def open(self, address: str) -> Store:
        """The store with its columns of vectors. Raises: see `build_index`."""
        o = self.options
        makers = open_makers(o.encoder, o.text_encoder, o.views or "mean", self.memo)
        self._check_catalog()
        self.store = open_or_make(address, makers, o)
        try:
            kept = tuple(follow_column(maker, self.store.schema) for maker in makers)
            self.built.makers = complete_makers(kept, self.store.schema, self.memo)
            if o.snapshot in self.store.snapshots():
                raise StoreError(
                    f"there is a snapshot {o.snapshot!r} already; choose another name, or leave "
                    "--snapshot out to go on with a build that was interrupted"
                )
        except BaseException:
            self.store.close()
            raise
        return self.store

    def _check_catalog(self) -> None:
        """Raise DataError for a catalogue without products, before a store is made for it."""
        first = next(iter(self.catalog.products()), None)
        if first is None:
            why = next(iter(self.catalog.rejects), None)
            said = (
                f" ({len(self.catalog.rejects):,} rejects, the first: {why.reason})" if why else ""
            )
            raise DataError(f"the catalogue has no products{said}; see `skulens audit`")
        self.built.example = first.title

    def run(self, rejects: RejectFile, claims: GivenClaims) -> Built:
        built, store = self.built, self.store
        built.rejects, self.claims = rejects, claims
        documents = DocumentMaker(store.schema, built.makers)
        survey = survey_catalog(self.catalog, store, documents, claims, self.memo, self._watch)
        built.products, built.unchanged = survey.products, len(survey.unchanged)
        built.gone = len(survey.gone)
        self._take_snapshot(survey)
        same = survey.unchanged | survey.reclaimed
        rejects.start(same, [*self.catalog.rejects, *claims.rejects, *survey.rejects])
        fields = (*survey.fields, CLAIMS) if claims.rows else survey.fields
        if survey.todo or survey.reclaimed:
            store.widen(replace(store.schema, fields=tuple(dict.fromkeys(fields))))
        if survey.reclaimed:
            self._write_claims(survey)
        if survey.todo:
            self._write_changed(survey)
        rejects.add(claims.left(), again=True)
        if self.options.prune and survey.gone:
            built.removed = store.delete(survey.gone)
        if built.written or built.removed:
            store.optimise()
        rejects.finish()
        return built

    def _take_snapshot(self, survey: Survey) -> None:
        changes = survey.todo or survey.reclaimed or (self.options.prune and survey.gone)
        if self.options.snapshot and changes and self.store.count():
            self.store.snapshot(self.options.snapshot)
            self.built.snapshot = self.options.snapshot

    def _write_claims(self, survey: Survey) -> None:
        """Products as the store has them, with other claims; `survey.reclaimed` is used up."""
        products = pick_changed(self.catalog, survey.reclaimed)
        for group in batches(self._read_claims(products), FEWEST):
            written = self.store.upsert(rewrite_claims(self.store, dict(group)))
            self.built.written += written
            self.built.reclaimed += written

    def _read_claims(self, products: Iterator[Product]) -> Iterator[tuple[str, str]]:
        """(id, claims) of products."""
        for batch in batches(products, READ):
            for one in read_pictures(batch, self.memo):
                yield one.product.id, self.claims.find(one)[0] or ""

    def _write_changed(self, survey: Survey) -> None:
        """Embed and write, at the same time; `survey.todo` is used up."""
        documents = DocumentMaker(self.store.schema, self.built.makers)
        embedding = Embedding(self.built.makers, self.cache)
        total = len(survey.todo)
        groups = GroupReader(pick_changed(self.catalog, survey.todo), self.memo)
        size = FEWEST
        with Bar(
            total=total, desc="products", unit=" product", file=sys.stderr, delay=2,
            disable=not self.progress,
        ) as bar:  # fmt: skip

            def write(group: tuple[Sequence[Pictured], Embedded]) -> None:
                self._write(documents, *group)
                bar.update(len(group[0]))

            with ThreadPoolExecutor(1, "catalogue reader") as reader, Writer(write) as writer:
                ahead = reader.submit(groups.take, size)
                while group := ahead.result():
                    ahead = reader.submit(groups.take, size)
                    start = time.perf_counter()
                    embedded = embedding.embed(group)
                    writer.put(([one.let_go() for one in group], embedded))
                    size = next_size(len(group), time.perf_counter() - start)

    def _write(
        self, documents: DocumentMaker, group: Sequence[Pictured], embedded: Embedded
    ) -> None:
        """Store a group, then say what of it could not be used."""
        made, rejects = make_documents(documents, group, embedded, "correct the row")
        claims, lost = claims_to_write(self.store, group, self.claims)
        self.built.written += self.store.upsert([with_claims(d, claims[d.id]) for d in made])
        self.built.forwarded += embedded.forwarded
        self.built.rejects.add(rejects)
        self.built.rejects.add(lost, again=True)

    def _watch(self, products: Iterable[Product]) -> Iterable[Product]:
        return Bar(
            products, desc="catalogue", unit=" product", file=sys.stderr, delay=2, leave=False,
            disable=not self.progress,
        )  # fmt: skip


def open_or_make(address: str, makers: Sequence[ColumnMaker], options: Options) -> Store:
    """The store at an address with the makers' columns; where there is none, a new one.

    Raises StoreError: see `open_store`.
    """
    columns = tuple(maker.column for maker in makers)
    try:
        store = open_store(address)
    except StoreError:
        if not makers:
            raise
        return open_store(address, Schema(columns, infer(()), options.data))
    try:
        if not options.views:
            columns = tuple(follow_views(column, store.schema) for column in columns)
        store.widen(Schema(columns, infer(()), options.data))
    except BaseException:
        store.close()
        raise
    return store


def follow_views(column: VectorColumn, schema: Schema) -> VectorColumn:
    """The column made from the same views as that of its name in a schema."""
    have = schema.vector(column.name)
    return replace(column, made_from=have.made_from) if have else column


def follow_column(maker: ColumnMaker, schema: Schema) -> ColumnMaker:
    """The maker with the column as the schema has it."""
    return replace(maker, column=schema.vector(maker.column.name) or maker.column)


def pick_changed(catalog: Catalog, todo: set[str]) -> Iterator[Product]:
    """The products with these ids, each once; `todo` is used up."""
    for product in catalog.products():
        if product.id in todo:
            todo.remove(product.id)
            yield product


class GroupReader:
    """Products with their pictures, in groups."""

    def __init__(self, products: Iterator[Product], memo: Memo | None):
        self._read = (
            one for batch in batches(products, READ) for one in read_pictures(batch, memo)
        )

    def take(self, size: int) -> list[Pictured]:
        """The next products, at most `size`, fewer where their pictures hold many bytes."""
        group: list[Pictured] = []
        held = 0
        for one in self._read:
            group.append(one)
            held += one.held_bytes
            if len(group) >= size or held >= HELD_BYTES:
                break
        return group


def next_size(products: int, seconds: float) -> int:
    """Products of the next group, so that it takes about GROUP_S: at most twice as many."""
    wanted = products * min(2.0, GROUP_S / max(seconds, 1e-3))
    return min(MOST, max(FEWEST, int(wanted)))
