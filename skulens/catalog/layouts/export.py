"""A catalogue -> a folder in another project's layout."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from skulens.catalog.folder import Pictures
from skulens.errors import DataError, StoreError
from skulens.protocols import Catalog
from skulens.records import Image, Product, Query, Reject
from skulens.registry import resolve

Watch = Callable[[Iterable[Any], str, int], Iterable[Any]]
"""Wraps a long loop: (rows, what, how many; 0: unknown) -> the same rows."""
Tile = Callable[[Sequence[Image]], bytes]
"""Several pictures side by side as one encoded picture."""


@dataclass
class Export:
    """An export under way: where from, where to, and what could not be said."""

    catalog: Catalog
    out: Path
    splits: tuple[str, ...]
    tile: Tile | None = None
    """Makes one picture of several, for layouts whose queries show one; None: such queries are
    rejected."""
    watch: Watch = lambda rows, what, total: rows
    files: list[Path] = field(default_factory=list)
    products: int = 0
    queries: int = 0
    notes: Counter[str] = field(default_factory=Counter)
    """What was written otherwise than the catalogue says it -> how often."""
    left_out: dict[Reject, None] = field(default_factory=dict)
    """Queries, rows and pictures that were not written; each once, in order."""

    @property
    def rejects(self) -> tuple[Reject, ...]:
        return tuple(self.left_out)

    @cached_property
    def pictures(self) -> Pictures:
        """Copies pictures below `out`."""
        self.out.mkdir(parents=True, exist_ok=True)
        return Pictures(self.out, copy=True)

    def pools(self) -> Iterator[tuple[str, "ExportPool"]]:
        """Each split with the products that its queries are ranked against."""
        made: dict[int, ExportPool] = {}
        for split in self.splits:
            mine = getattr(self.catalog, "for_split", lambda _: self.catalog)(split)
            if id(mine) not in made:
                made[id(mine)] = ExportPool(mine, {p.id: p for p in mine.products()})
                self.left_out |= dict.fromkeys(mine.rejects)
                self.products += len(made[id(mine)].products)
            yield split, made[id(mine)]

    def ask(self, split: str, pool: "ExportPool") -> Iterator[Query]:
        """The queries of a split that have an answer in the pool; others are rejected."""
        for query in self.watch(pool.catalog.queries(split), f"queries of {split}", 0):
            missing = [p for p in query.answers if p not in pool.products]
            if missing or not query.answers:
                reason = f"its answer {missing[0]!r} is no product" if missing else "has no answer"
                self.reject(split, query, reason)
                continue
            yield query
        self.left_out |= dict.fromkeys(pool.catalog.rejects)

    def each(self, pool: "ExportPool") -> Iterator[Product]:
        """The products of a pool, while they are written."""
        yield from self.watch(pool.products.values(), "products", len(pool.products))

    def reject(self, split: str, query: Query, reason: str, todo: str = "leave it out") -> None:
        self.left_out[Reject(f"split {split}", query.id, reason, todo)] = None

    def show(self, pool: "ExportPool", product: str) -> str | None:
        """The path, from `out`, of the copy of a product's first picture; None where it has none, or
        none that can be read, which is a reject."""
        image = pool.image_of(product)
        try:
            return self.pictures.store(image)["path"] if image else None
        except OSError as e:
            self.reject_picture(product, e)
            return None

    def reject_picture(self, product: str, e: OSError) -> None:
        where, todo = str(e.filename or "picture"), "put it there; the product stands without it"
        self.left_out[Reject(where, product, e.strerror or str(e), todo)] = None

    def file(self, name: str) -> Path:
        """The path of a file to write, its folder made."""
        path = self.out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self.files.append(path)
        return path


@dataclass(frozen=True)
class ExportPool:
    """Products of a split, held in memory (their pictures are not)."""

    catalog: Catalog
    products: Mapping[str, Product]

    def text_of(self, product: str) -> str:
        """What represents a product in words: its first text of the gallery's roles."""
        roles = self.catalog.info.gallery_text
        return next((t for role in roles if (t := self.products[product].text(role))), "")

    def image_of(self, product: str) -> Image | None:
        """Its first picture."""
        return next(iter(self.products[product].images), None)


class Layout:
    """Writes one layout; a subclass fills `write`."""

    def __init__(self, export: Export):
        self.export = export

    def write(self) -> None:
        """Write everything below `export.out`; what cannot be said becomes a reject or a note."""
        raise NotImplementedError


def export_catalog(
    catalog: Catalog,
    layout: str,
    out: Path,
    splits: Sequence[str] = (),
    tile: Tile | None = None,
    watch: Watch | None = None,
) -> Export:
    """Write a catalogue's products and queries in another project's layout.

    Args:
        layout: a name of `skulens list layouts`.
        splits: which queries; all by default.
        tile: see `Export`.
        watch: see `Export`.
    Raises:
        UnknownName: no such layout.
        StoreError: `out` holds something already.
        DataError: a split that the catalogue does not have, or no query at all.
    """
    chosen: Any = resolve("layout", layout)
    out = Path(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise StoreError(f"{out} holds something already; name a new folder")
    there = catalog.info.splits
    unknown = [s for s in splits if s not in there]
    if unknown or not there:
        said = ", ".join(there) or "none: this catalogue has products only"
        raise DataError(
            f"{catalog.info.name} has no split {(unknown or [''])[0]!r}; its splits: {said}"
        )
    export = Export(catalog, out, tuple(splits) or there, tile)
    if watch is not None:
        export.watch = watch
    chosen(export).write()
    return export


def list_parts(query: Query) -> tuple[list[str], list[Image]]:
    """(texts, pictures) of a query, each in reading order."""
    texts = [p for p in query.item.parts if isinstance(p, str)]
    return texts, [p for p in query.item.parts if isinstance(p, Image)]


def write_pictures(query: Query, token: str) -> str:
    """The text of a query with a token where a picture stands."""
    return "".join(token if isinstance(p, Image) else p for p in query.item.parts)


def negatives_in(query: Query, pool: ExportPool) -> list[str]:
    """Products of the pool that are judged not relevant, then hard negatives that nobody judged."""
    judged = [p for p, grade in query.relevant.items() if grade == 0]
    found = dict.fromkeys([*judged, *query.hard_negatives])
    return [p for p in found if p in pool.products and query.relevant.get(p, 0) == 0]
