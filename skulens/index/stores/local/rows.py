"""Ids and fields of a store in memory: filters as masks, counts, order.

What the engines on this machine share, so that a filter means the same in all of them.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import cached_property
from threading import Lock
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from skulens.documents import Schema, Value
from skulens.index.stores.local.field_values import HeldColumn, hold_column
from skulens.index.stores.where import find_column
from skulens.records import Filter

FEW = 20
"""Fewer ids than one in so many rows are found by bisection, more by a hash table."""
PAGE = 30
"""So many ids are read one by one: after a scan has emptied the processor's cache, arrow's `take` of
ten costs 0.20 ms, reading them 0.06."""
KNOWN = 1000
"""From so many rows of ids found lately on, they are forgotten."""


class Rows:
    """Products in the order given; what is asked about them is answered in row numbers.

    Args:
        ids: all different.
        fields: one arrow column per field of the schema, `list<>` where it holds several; a field
            without a column is one that no product has. The field "id" is always `ids`.
    """

    def __init__(self, ids: Sequence[str] | pa.Array, fields: pa.Table, schema: Schema):
        self.ids = ids if isinstance(ids, pa.Array) else pa.array(ids, pa.string())
        self._schema = schema
        self._given = {n: fields.column(n).combine_chunks() for n in fields.column_names}
        self._columns: dict[str, HeldColumn] = {}
        self._known: dict[str, int] = {}
        """Id -> row, of those found lately: their fields are what is asked for next."""
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def by_id(self) -> np.ndarray:
        """(rows,) int32: rows in the order of their ids."""
        return pc.sort_indices(self.ids).to_numpy().astype(np.int32)

    @cached_property
    def tie_rank(self) -> np.ndarray:
        """(rows,) int32, the smaller the larger the id: of equal scores the smaller comes first."""
        ranks = np.empty(len(self), np.int32)
        ranks[self.by_id] = np.arange(len(self) - 1, -1, -1, dtype=np.int32)
        return ranks

    def ids_of(self, rows: np.ndarray) -> tuple[str, ...]:
        if len(rows) <= PAGE:
            found = [self.ids[row].as_py() for row in rows.tolist()]
        else:
            found = self.ids.take(pa.array(rows, pa.int64())).to_pylist()
        if len(found) <= KNOWN:
            self._remember(found, rows)
        return tuple(found)

    def _remember(self, ids: Sequence[str], rows: np.ndarray) -> None:
        if len(self._known) > KNOWN:
            self._known = {}
        self._known.update(zip(ids, rows.tolist(), strict=True))

    def place(self, ids: Sequence[str]) -> np.ndarray:
        """(ids,) int64 rows; -1 for an id that is not there."""
        if FEW * len(ids) > len(self):
            found = pc.index_in(pa.array(ids, self.ids.type), value_set=self.ids)
            return found.fill_null(-1).to_numpy().astype(np.int64)
        return np.fromiter(map(self._place_one, ids), np.int64, len(ids))

    def _place_one(self, wanted: str) -> int:
        if (known := self._known.get(wanted)) is not None:
            return known
        edge = self._edge(wanted)
        row = int(self.by_id[edge]) if edge < len(self) else -1
        return row if row >= 0 and self.ids[row].as_py() == wanted else -1

    def _edge(self, wanted: Any, right: bool = False) -> int:
        """How many ids are less than one, or with `right` at most it."""
        side = bisect_right if right else bisect_left
        return side(self.by_id, wanted, key=lambda row: self.ids[int(row)].as_py())

    # ----- filters ----------------------------------------------------------------------------

    def mask(self, where: Filter | None, exclude: Sequence[str] = ()) -> np.ndarray | None:
        """Which rows satisfy a filter typed by `where.type_filter` and are not excluded.

        Returns:
            (rows,) bool, the caller's own; None where nothing is asked for, so that all do.
        """
        found = None if where is None else self._holds(where)
        if not exclude:
            return found
        gone = self.place(exclude)
        gone = gone[gone >= 0]
        if len(gone):
            found = np.ones(len(self), bool) if found is None else found
            found[gone] = False
        return found

    def _holds(self, where: Filter) -> np.ndarray:
        """(rows,) bool, the caller's own."""
        if where.op == "not":
            found = self._holds(where.of[0])
            return np.logical_not(found, out=found)
        if where.op in ("and", "or"):
            join = np.logical_and if where.op == "and" else np.logical_or
            found = self._holds(where.of[0])
            for other in where.of[1:]:
                join(found, self._holds(other), out=found)
            return found
        return (
            self._id_holds(where) if where.field == "id" else self.column(where.field).holds(where)
        )

    def _id_holds(self, where: Filter) -> np.ndarray:
        """The same for ids: all different, so that their order is enough."""
        found = np.zeros(len(self), bool)
        if where.op == "exists":
            found[:] = True
        elif where.op in ("=", "in"):
            rows = self.place(where.value if isinstance(where.value, tuple) else (where.value,))
            found[rows[rows >= 0]] = True
        else:
            edge = self._edge(where.value, right=where.op in ("<=", ">"))
            found[self.by_id[:edge] if where.op in ("<", "<=") else self.by_id[edge:]] = True
        return found

    def column(self, name: str) -> HeldColumn:
        """A field of the schema, made when first asked for."""
        if name not in self._columns:
            with self._lock:
                if name not in self._columns:
                    kind = find_column(name, self._schema).kind
                    self._columns[name] = hold_column(kind, self._arrow(name))
        return self._columns[name]

    def _arrow(self, name: str) -> pa.Array:
        if name == "id":
            return self.ids
        return self._given[name] if name in self._given else pa.nulls(len(self), pa.string())

    # ----- counts, order, fields --------------------------------------------------------------

    def count(self, mask: np.ndarray | None = None) -> int:
        return len(self) if mask is None else int(np.count_nonzero(mask))

    def select(
        self, mask: np.ndarray | None = None, k: int = 10, by: str = "", descending: bool = False
    ) -> np.ndarray:
        """The first k rows by a field, as `protocols.Store.select` orders them, or by id."""
        rows = np.arange(len(self)) if mask is None else np.flatnonzero(mask)
        places = len(self) - 1 - self.tie_rank[rows]  # in the order of ids
        if by in ("", "id"):
            keys, places = (-places if descending else places), np.zeros_like(places)
        else:
            keys = self.column(by).sort_keys(descending)[rows]
        if k < len(rows):  # sort only what can be among the first
            near = np.flatnonzero(keys <= np.partition(keys, k - 1)[k - 1])
            rows, places, keys = rows[near], places[near], keys[near]
        return rows[np.lexsort((places, keys))[:k]]

    def facets(
        self, names: Sequence[str], mask: np.ndarray | None = None, most: int = 20
    ) -> dict[str, dict[Value, int]]:
        """Field -> value -> products, most frequent first, then by value."""
        return {name: self.column(name).counts(mask, most) for name in names}

    def fetch(self, rows: np.ndarray, names: Sequence[str]) -> list[dict[str, object]]:
        """Fields of rows as `protocols.Store.fetch` gives them; a row of -1 is empty."""
        held = [{} if row < 0 else {"id": self.ids[row].as_py()} for row in rows.tolist()]
        there = [(one, row) for one, row in zip(held, rows.tolist(), strict=True) if row >= 0]
        for name in names:
            column = self._given.get(name)
            if column is None or name == "id":
                continue
            for one, row in there:
                if (value := as_held(column[row].as_py())) is not None:
                    one[name] = value
        return held


def as_held(given: Any) -> Any:
    """A value of an arrow column as documents hold it; None where there is none."""
    if given is None or isinstance(given, str):
        return given
    if isinstance(given, list):
        return tuple([v for g in given if (v := as_held(g)) is not None]) or None
    if isinstance(given, int) and not isinstance(given, bool):
        return float(given)
    return given if given == given else None
