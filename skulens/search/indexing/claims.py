"""Claims files beside a catalogue: which product each claim is of, and what of it is still shown.

Claims are held apart from what documents are made from: a digest is that of the product, then that
of its claims, so that other claims cost a write and no vectors.
"""

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import numpy as np

from skulens.catalog.verdict_rows import Judged, VerdictTable
from skulens.documents import Document
from skulens.index.stores.fields import CLAIMS
from skulens.protocols import Store
from skulens.records import Reject
from skulens.search.claims import (
    MOST_BYTES,
    Checked,
    fetch_claims,
    merge_claims,
    read_claims,
    version_of,
    write_claims,
)
from skulens.search.indexing.documents import Pictured

TABLE = (
    "CREATE TABLE judged (row INTEGER PRIMARY KEY, item TEXT, photo TEXT, place TEXT, claim TEXT)"
)
SPLIT = "+"
"""Between the digest of a product and that of its claims."""
HELD = "claims of the store"
"""Where claims stand that an earlier build was given."""


class GivenClaims:
    """The claims files of a build, by product; on disk, so that memory stays flat.

    Args:
        paths: files of `catalog.verdict_rows`; without any, every product keeps its claims.
        drop: products that the files do not name lose theirs.
    Raises:
        MissingFile, DataError: a file that holds no claims, or is damaged.
    """

    def __init__(self, paths: Sequence[Path] = (), drop: bool = False):
        self.rejects: list[Reject] = []
        """Rows that cannot be used."""
        self.rows = 0
        self._drop = drop and bool(paths)
        self._taken: set[str] = set()
        """Items and photos that some product has."""
        self._kept = ExitStack()
        if paths:
            self._fill([VerdictTable(path) for path in paths])

    def close(self) -> None:
        self._kept.close()

    def _fill(self, tables: Iterable[VerdictTable]) -> None:
        with ExitStack() as kept:
            folder = kept.enter_context(tempfile.TemporaryDirectory(prefix="skulens-claims-"))
            base = sqlite3.connect(
                Path(folder, "claims.sqlite"), isolation_level=None, check_same_thread=False
            )
            self._base = kept.enter_context(closing(base))
            self._base.execute("PRAGMA synchronous=OFF")
            self._base.execute("PRAGMA journal_mode=OFF")
            self._base.execute(TABLE)
            self._base.execute("BEGIN")
            for table in tables:
                self._base.executemany(
                    "INSERT INTO judged (item, photo, place, claim) VALUES (?, ?, ?, ?)",
                    map(row_of, table.read(self.rejects.append)),
                )
            self._base.execute("CREATE INDEX items ON judged (item)")
            self._base.execute("CREATE INDEX photos ON judged (photo)")
            self._base.execute("COMMIT")
            [(self.rows,)] = self._base.execute("SELECT count(*) FROM judged")
            self._kept = kept.pop_all()

    def find(self, one: Pictured) -> tuple[str | None, list[Reject]]:
        """What is claimed of a product, as a store holds it, and what of the files is not.

        Returns:
            None: it keeps what it has; an empty text: nothing is claimed of it.
        """
        names = [(n, v) for n, v in (("item", one.product.id), *photos_of(one)) if self.rows]
        found: list[tuple[int, str, str]] = []
        for name, value in names:
            asked = f"SELECT row, place, claim FROM judged WHERE {name} = ?"
            if mine := self._base.execute(asked, (value,)).fetchall():
                self._taken.add(value)
                found += mine
        if not found:
            return ("" if self._drop else None), []
        told = [
            (checked, place)
            for _, place, text in sorted(found)
            for checked in read_claims(one.product.id, text)
        ]
        return settle(one, told)

    def left(self) -> Iterator[Reject]:
        """One reject for each claim of a product or photo that `find` was not asked for."""
        if not self.rows:
            return
        for item, photo, place in self._base.execute(
            "SELECT item, photo, place FROM judged ORDER BY row"
        ):
            if item and item not in self._taken:
                reason = f"the catalogue has no product {item[:80]!r}"
                yield Reject(place, item, reason, "correct the item, or add the product")
            elif photo and photo not in self._taken:
                reason = f"no product of the catalogue has this photo (sha256 {photo[:12]} ...)"
                yield Reject(place, "", reason, "read the catalogue's own pictures, not copies")


def row_of(judged: Judged) -> tuple[str, str, str, str]:
    item = judged.claim.item
    return item, judged.photo, judged.where, write_claims([(judged.claim, judged.verdict)])


def photos_of(one: Pictured) -> list[tuple[str, str]]:
    return [("photo", sha256) for sha256 in dict.fromkeys(one.hashes)]


# ----- claims of one product ------------------------------------------------------------------


def settle(one: Pictured, told: Iterable[tuple[Checked, str]]) -> tuple[str, list[Reject]]:
    """The claims as a store holds them: each value once, on pictures that the product has.

    Args:
        told: claims, and where each stands.
    """
    kept: list[Checked] = []
    rejects: list[Reject] = []
    item = one.product.id
    for (claim, verdict), place in told:
        there = tuple(e for e in claim.evidence if not e.image or e.image in one.hashes)
        if claim.evidence and not there:
            reason = f"{claim.field}: the picture that shows it is none of the product's"
            rejects.append(Reject(place, item, reason, "verify the claims again"))
            continue
        kept.append((replace(claim, evidence=there), verdict))
    merged, rows, size = merge_claims(kept), [], 2
    for checked in merged:
        size += len(write_claims([checked]).encode()) - 1
        if size <= MOST_BYTES:
            rows.append(checked)
    if lost := len(merged) - len(rows):
        reason = f"{lost:,} claims beyond the {MOST_BYTES:,} bytes that a product may have"
        rejects.append(Reject("claims", item, reason, "leave out claims that nobody needs"))
    return write_claims(rows), rejects


def claims_to_write(
    store: Store, group: Sequence[Pictured], given: GivenClaims | None = None
) -> tuple[dict[str, str], list[Reject]]:
    """Id -> claims of products that are written anew: those given, else those that the store has."""
    texts: dict[str, str] = {}
    rejects: list[Reject] = []
    keep: list[Pictured] = []
    for one in group:
        text, lost = given.find(one) if given else (None, [])
        rejects += lost
        if text is None:
            keep.append(one)
        else:
            texts[one.product.id] = text
    held = fetch_claims(store, [one.product.id for one in keep])
    for one, checked in zip(keep, held, strict=True):
        texts[one.product.id], lost = settle(one, [(c, HELD) for c in checked])
        rejects += lost
    return texts, rejects


# ----- digests and documents ------------------------------------------------------------------


def with_claims(document: Document, claims: str) -> Document:
    """A document that was made without claims, with them."""
    if not claims:
        return document
    fields = {**document.fields, CLAIMS.field: claims}
    digest = f"{document.digest}{SPLIT}{version_of(claims)}"
    return replace(document, fields=fields, digest=digest)


def split_digest(digest: str) -> tuple[str, str]:
    """(digest of the product, `version_of` its claims)"""
    product, _, claims = digest.partition(SPLIT)
    return product, claims


def rewrite_claims(store: Store, texts: Mapping[str, str]) -> list[Document]:
    """The documents that a store has of products, with other claims."""
    ids = list(texts)
    names = [c.field for c in store.schema.fields]
    held = store.fetch(ids, [*names, "words", "thumbnail", "digest"])
    vectors = {c.name: store.vectors(c.name, ids) for c in store.schema.vectors}
    found = []
    for row, (product, there) in enumerate(zip(ids, held, strict=True)):
        plain = Document(
            product,
            {n: v[row] for n, v in vectors.items() if np.isfinite(v[row]).all()},
            {n: v for n, v in there.items() if n in names and n != CLAIMS.field},
            there.get("words", ""),
            there.get("thumbnail", b""),
            split_digest(there["digest"])[0],
        )
        found.append(with_claims(plain, texts[product]))
    return found
