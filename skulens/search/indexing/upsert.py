"""A few products at a time -> a store that is open: what did not change is left as it is, the rest is
embedded, and written in one commit.

    upserted = Upserter(shop.store, shop.embedder).upsert(products)
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from skulens.documents import Document
from skulens.errors import DataError
from skulens.index.stores.fields import Inference, values_of
from skulens.protocols import Store
from skulens.records import Product, Reject, chunks
from skulens.search.indexing.claims import claims_to_write, split_digest, with_claims
from skulens.search.indexing.columns import ColumnMaker
from skulens.search.indexing.documents import DocumentMaker, Pictured, read_pictures
from skulens.search.indexing.embedding import Embedding, make_documents
from skulens.search.indexing.survey import Survey, tell_limits
from skulens.search.vectors import QueryEmbedder

TOGETHER = 16
"""Products that are embedded before searches have the encoders again."""
BREATH_S = 0.001
"""Between two such groups: whoever waits for an encoder gets it."""
Status = Literal["written", "unchanged", "rejected"]


@dataclass(frozen=True)
class Upserted:
    """What came of it."""

    statuses: tuple[Status, ...]
    """One per product given, same order."""
    rejects: tuple[Reject, ...]
    """Why products were rejected, and what of others could not be used: pictures, values."""

    @property
    def written(self) -> int:
        return self.statuses.count("written")

    @property
    def unchanged(self) -> int:
        return self.statuses.count("unchanged")


class Upserter:
    """Writes products with the encoders of a shop.

    Args:
        embedder: has the encoders; searches go on between groups of TOGETHER products.
    """

    def __init__(self, store: Store, embedder: QueryEmbedder):
        self.store, self.embedder = store, embedder

    def upsert(self, products: Sequence[Product]) -> Upserted:
        """Insert or replace products; all that is written is there, and synced, when this returns.

        Of products with one id the first counts. A picture that cannot be decoded is left out of
        its product. Claims that the store has of a product stay, but for those on pictures that it
        no longer has.

        Raises:
            StoreError: see `Store.upsert`; an encoder that is not the one of its column. Nothing
                was written then.
        """
        makers = [ColumnMaker(c, self.embedder.encoder(c)) for c in self.store.schema.vectors]
        survey = Survey()
        rows = [survey.take(product) for product in products]
        pictured = read_pictures([p for p, new in zip(products, rows, strict=True) if new], None)
        kept = self._find_unchanged(pictured, DocumentMaker(self.store.schema, makers))
        todo = [one for one in pictured if one.product.id not in kept]
        documents, rejects = self._make(todo, makers) if todo else ([], [])
        if documents:
            self.store.upsert(documents)
        written = {document.id for document in documents}
        found: list[Status] = []
        for product, new in zip(products, rows, strict=True):
            there: Status = "unchanged" if product.id in kept else "written"
            found.append(there if new and product.id in written | kept else "rejected")
        return Upserted(tuple(found), (*survey.rejects, *rejects))

    def _find_unchanged(self, pictured: Sequence[Pictured], documents: DocumentMaker) -> set[str]:
        """Ids of the products that the store has as they are."""
        held = self.store.fetch([one.product.id for one in pictured], ["digest"])
        found = set()
        for one, there in zip(pictured, held, strict=True):
            try:
                known = split_digest(there.get("digest", ""))[0]
                if known and known == documents.digest(one):
                    found.add(one.product.id)
            except DataError:  # rejected when its document is made
                continue
        return found

    def _make(
        self, todo: Sequence[Pictured], makers: Sequence[ColumnMaker]
    ) -> tuple[list[Document], list[Reject]]:
        """Documents of products, columns for their fields, and what could not be used."""
        rejects = self._widen(todo)
        maker = DocumentMaker(self.store.schema, makers)
        embedding = Embedding(makers, None)
        documents: list[Document] = []
        for place, group in enumerate(chunks(todo, TOGETHER)):
            if place:
                time.sleep(BREATH_S)
            with self.embedder.hold():
                embedded = embedding.embed(group)
            made, problems = make_documents(maker, group, embedded, "correct it")
            claims, lost = claims_to_write(self.store, group)
            documents += [with_claims(document, claims[document.id]) for document in made]
            rejects += [*problems, *lost]
        return documents, rejects

    def _widen(self, todo: Sequence[Pictured]) -> list[Reject]:
        """Give the store the columns that new fields need; what gets none is told."""
        schema = self.store.schema
        inference = Inference(schema)
        for one in todo:
            inference.add(values_of(one.product))
        fields = inference.columns()
        if fields != tuple(sorted(schema.fields, key=lambda c: c.field)):
            self.store.widen(replace(schema, fields=fields))
        return list(tell_limits(inference))
