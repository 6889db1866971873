"""One version of a store's table, as searches read it.

Ids and fields are in memory, all but CLAIMS, and so are vectors up to EXACT_ROWS products: LanceDB's
own scan takes 40 times as long as a product of a matrix. A view never changes; the next version is a
new one, which takes over the vectors of products that are still there.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pyarrow as pa

from skulens.documents import Schema, VectorColumn
from skulens.index.stores.engines.lance.failures import explain
from skulens.index.stores.engines.lance.layout import KEY, Layout, matrix_of
from skulens.index.stores.fields import CLAIMS
from skulens.index.stores.local.rows import Rows
from skulens.index.stores.local.scan import Matrix

ROW = "_rowid"
"""Where a row stands in the table; another product never comes to stand there."""
TAKE = 0.2
"""Share of the rows up to which rows are read one by one, not by a scan."""
BATCH = 65_536
"""Rows of one step of a scan."""


class View:
    """Products of one version.

    Args:
        table: an open table that stays at its version.
        last: an earlier view of the same store.
    """

    def __init__(self, table: Any, layout: Layout, folder: Path, last: "View | None" = None):
        self.table, self.layout, self.folder = table, layout, folder
        self.version: int = table.version
        self._lock = Lock()
        self._last = {} if last is None else {n: (last, m) for n, m in last.matrices.items()}
        self.matrices: dict[str, Matrix] = {}
        """Vector columns that have been asked for."""
        with explain(folder, "reading the indexes"):
            self.indexed = {i.columns[0] for i in table.list_indices()}
        """Columns of the table with an index of the engine."""
        names = {f: c for f, c in layout.fields.items() if c != KEY and f != CLAIMS.field}
        read = self.scan([KEY, *names.values()])
        fields = read.select(list(names.values())).rename_columns(list(names))
        self.rows = Rows(read[KEY].combine_chunks(), fields, layout.schema)
        self.row_ids = read[ROW].to_numpy()  # (products,) uint64
        self._order = np.argsort(self.row_ids)

    @property
    def schema(self) -> Schema:
        return self.layout.schema

    def __len__(self) -> int:
        return len(self.rows)

    def scan(self, columns: Sequence[str]) -> pa.Table:
        """Columns of all products, and ROW."""
        with explain(self.folder, f"reading {', '.join(columns)}"):
            return self.table.search().with_row_id(True).select(list(columns)).to_arrow()

    def scan_batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The same, BATCH products at a time."""
        with explain(self.folder, f"reading {', '.join(columns)}"):
            asked = self.table.search().with_row_id(True).select(list(columns))
            yield from asked.to_batches(batch_size=BATCH)

    def take(self, rows: np.ndarray, columns: Sequence[str]) -> pa.Table:
        """Columns of some products, in the order of `rows`, all different."""
        with explain(self.folder, f"reading {len(rows):,} products"):
            asked = self.table.take_row_ids(self.row_ids[rows].tolist())
            read = asked.with_row_id().select(list(columns)).to_arrow()
            place = np.argsort(self.place(read[ROW].to_numpy()))
            return read.take(pa.array(place[np.argsort(np.argsort(rows))]))

    def place(self, row_ids: np.ndarray) -> np.ndarray:
        """(row_ids,) rows; -1 for one that is not of this version."""
        if not len(self):
            return np.full(len(row_ids), -1)
        near = self._order[
            np.searchsorted(self.row_ids, row_ids, sorter=self._order).clip(max=len(self) - 1)
        ]
        return np.where(self.row_ids[near] == row_ids, near, -1)

    # ----- vectors ----------------------------------------------------------------------------

    def matrix(self, column: VectorColumn) -> Matrix:
        """All vectors of a column, read when first asked for."""
        with self._lock:
            if column.name not in self.matrices:
                vectors = self._read_matrix(column)
                self.matrices[column.name] = Matrix(vectors, self.rows.tie_rank)
                self._last.pop(column.name, None)
            return self.matrices[column.name]

    def _read_matrix(self, column: VectorColumn) -> np.ndarray:
        found = np.empty((len(self), column.dim), np.float32)
        new = np.ones(len(self), bool)
        if column.name in self._last:
            last, held = self._last[column.name]
            old = last.place(self.row_ids)
            new = old < 0
            np.take(held.vectors, old, axis=0, out=found, mode="clip")
        rows = np.flatnonzero(new)
        if len(rows) > TAKE * len(self):
            self._scan_matrix(column, found)
        elif len(rows):
            found[rows] = self.vectors_of(column, rows)
        return found

    def _scan_matrix(self, column: VectorColumn, out: np.ndarray) -> None:
        name = self.layout.vectors[column.name]
        for batch in self.scan_batches([name]):
            rows = self.place(batch[ROW].to_numpy())
            out[rows] = matrix_of(pa.chunked_array([batch[name]]), column.dim)

    def vectors_of(self, column: VectorColumn, rows: np.ndarray) -> np.ndarray:
        """(rows, dim) float32; NaN where a product lacks the vector."""
        if column.name in self.matrices:
            return self.matrices[column.name].vectors[rows]
        name = self.layout.vectors[column.name]
        return matrix_of(self.take(rows, [name])[name], column.dim)

    def blocks(
        self, column: VectorColumn, mask: np.ndarray | None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """(rows, vectors) of all products of a mask, a block at a time."""
        name = self.layout.vectors[column.name]
        for batch in self.scan_batches([name]):
            rows = self.place(batch[ROW].to_numpy())
            vectors = matrix_of(pa.chunked_array([batch[name]]), column.dim)
            if mask is not None:
                rows, vectors = rows[mask[rows]], vectors[mask[rows]]
            yield rows, vectors
