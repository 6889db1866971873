"""Our own folder format, skulens/1: products, queries, judgements, and the lines they came from."""

from collections.abc import Iterator

from skulens.catalog.folder import read_lines, write_catalog
from skulens.catalog.layouts.export import Layout
from skulens.catalog.tables import DAMAGE
from skulens.errors import DataError
from skulens.records import Product, Query


class Skulens(Layout):
    """Everything, pictures copied. Splits with pools of their own become one pool."""

    def write(self) -> None:
        export = self.export
        products: dict[str, Product] = {}
        queries: dict[str, list[Query]] = {}
        for split, pool in export.pools():
            products = {**pool.products, **products}
            queries[split] = list(pool.catalog.queries(split))
            export.left_out |= dict.fromkeys(pool.catalog.rejects)
        export.products = len(products)
        export.queries = sum(map(len, queries.values()))
        write_catalog(
            export.out, products.values(), queries, export.catalog.info, lines=self.lines(queries)
        )
        export.files += sorted(export.out.glob("*.*"))

    def lines(self, queries: dict[str, list[Query]]) -> Iterator[tuple[str, bytes]]:
        """The lines of the queries that were read."""
        for split, found in queries.items():
            kept = kept_lines(self.export.catalog, split)
            yield from ((q.id, kept[q.id]) for q in found if q.id in kept)


def kept_lines(catalog, split: str) -> dict[str, bytes]:
    """Query id -> the line it was read from, of a reader of lines or a folder that keeps them."""
    if hasattr(catalog, "lines"):
        return dict(catalog.lines(split))
    root = getattr(catalog, "root", None)
    if root is None:
        return {}
    try:
        return read_lines(root)
    except DAMAGE as e:
        raise DataError(f"{root}: the kept lines cannot be read: {e}") from None
