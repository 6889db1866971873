"""A pool from Arrow, without a `Product` for each: a `products.parquet` of ten million rows.

Attributes are coded chunk by chunk, so that only codes and ids stay in memory.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from skulens.compose.pool import (
    MODALITIES,
    MOST_ATTRIBUTES,
    Codes,
    Columns,
    Names,
    Pool,
    build_pool,
    idle_pairs,
    reason_against,
)
from skulens.errors import DataError
from skulens.records import Attribute, Reject

NAMED = {"spu": "spu_id", "kind": "category_path", "language": "lang", "country": "country"}
"""Column of a pool -> column of the format skulens/1."""
READ = ("product_id", "images", "attributes", *NAMED.values())
ROWS = 200_000
"""Products read at a time."""
SHOWN = 100
"""Rejects of one reason that are listed; the last row counts the others."""


def read_pool(path: Path) -> tuple[Pool, list[Reject]]:
    """The pool of a `products.parquet`, as `skulens.compose.pool.make_pool` makes it.

    Raises:
        DataError: no such file, no Parquet, a column of the format is missing, or no product.
    """
    try:
        file = pq.ParquetFile(path)
    except (OSError, pa.ArrowInvalid) as e:
        raise DataError(f"{path} is no products.parquet: {e}") from e
    if lacking := [name for name in READ if name not in file.schema_arrow.names]:
        raise DataError(f"{path} lacks the columns {', '.join(lacking)}; see the format skulens/1")
    return pool_of_batches(file.iter_batches(ROWS, columns=list(READ)))


def pool_of_batches(batches: Iterable[pa.RecordBatch]) -> tuple[Pool, list[Reject]]:
    """The pool of rows with the columns READ; what cannot be used is rejected, never lost.

    Keys and values may be dictionary-encoded. Of repeated ids the first row counts.
    """
    reader = _Reader()
    for batch in batches:
        reader.add(batch)
    ids = reader.all_ids()
    pool = build_pool(reader.columns(ids), reader.once(ids))
    return pool, [*sum_up(reader.rejects), *idle_pairs(pool)]


def sum_up(rejects: Iterable[Reject]) -> Iterator[Reject]:
    """The first SHOWN rejects of each reason; one more row says how many others there are."""
    counts: dict[str, int] = {}
    for reject in rejects:
        counts[reject.reason] = counts.get(reject.reason, 0) + 1
        if counts[reject.reason] <= SHOWN:
            yield reject
    for reason, count in counts.items():
        if count > SHOWN:
            yield Reject("products", f"{count - SHOWN:,} more", reason, "as for those listed")


class ArrowIds(Sequence[str]):
    """Ids that stay in Arrow until one is asked for."""

    def __init__(self, column: pa.ChunkedArray):
        self.column = column

    def __len__(self) -> int:
        return len(self.column)

    def __getitem__(self, place):
        return self.column[int(place)].as_py()

    def take(self, order: np.ndarray) -> "ArrowIds":
        return self if (np.diff(order) == 1).all() else ArrowIds(self.column.take(pa.array(order)))


class _Reader:
    """Columns that grow batch by batch."""

    def __init__(self) -> None:
        self.rejects: list[Reject] = []
        self.ids: list[pa.Array] = []
        self.pairs, self.keys = Codes(), Codes()
        self.held: list[np.ndarray] = []
        self.lengths: list[np.ndarray] = []
        self.named = {name: (Codes(), []) for name in NAMED}  # type: ignore[var-annotated]
        self.pictured: list[np.ndarray] = []
        self.told: dict[tuple[int, int], int] = {}

    def add(self, batch: pa.RecordBatch) -> None:
        batch = self.with_ids(batch)
        ids = batch.column("product_id")
        self.ids.append(ids)
        for name, (codes, column) in self.named.items():
            column.append(codes_of(batch.column(NAMED[name]), codes))
        pictures = pc.fill_null(pc.list_value_length(batch.column("images")), 0)
        self.pictured.append(pictures.to_numpy(zero_copy_only=False) > 0)
        self.add_attributes(ids, batch.column("attributes"))

    def with_ids(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The rows whose id is a text."""
        ids = batch.column("product_id")
        good = pc.greater(pc.fill_null(pc.binary_length(ids), 0), 0)
        try:
            ids.validate(full=True)
        except pa.ArrowInvalid:
            texts = [decode(i) for i in ids.cast(pa.binary()).to_pylist()]
            good = pc.and_(good, pa.array([text is not None for text in texts]))
        for row in np.flatnonzero(~good.to_numpy(zero_copy_only=False)):
            said = ids[int(row)].cast(pa.binary()).as_py() if ids[int(row)].is_valid else b""
            reason = "the id is empty or no valid text"
            self.reject(repr(said), reason, "give it an id in UTF-8")
        return batch.filter(good)

    def add_attributes(self, ids: pa.Array, column: pa.Array) -> None:
        lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
        rows = np.repeat(np.arange(len(ids)), lengths)
        entries = column.flatten()
        key, keys = texts_of(entries.field("key"))
        value, values = texts_of(entries.field("value"))
        modality = codes_in(entries.field("modality"), MODALITIES)
        together = key.astype(np.int64) * len(values) + value
        met, first, which = np.unique(together, return_index=True, return_inverse=True)
        number = np.full(len(met), -1, np.int32)
        for place in np.argsort(first, kind="stable"):  # numbered as they are met
            k, v = divmod(int(met[place]), len(values))
            if not (why := reason_against(Attribute(keys[k], values[v]))):
                number[place] = self.pairs((keys[k], values[v]))
                self.keys(keys[k])
                continue
            for entry in np.flatnonzero(which == place).tolist():
                self.reject(ids[int(rows[entry])].as_py(), why, "leave it out")
        good = self.usable(ids, rows, number[which])
        rows, held = rows[good], number[which[good]]
        self.held.append(held)
        self.lengths.append(np.bincount(rows, minlength=len(ids)))
        for row in np.flatnonzero(self.lengths[-1] == 0).tolist():
            todo = "it can only be a distractor"
            self.reject(ids[row].as_py(), "no attribute can be used", todo)
        self.tell(rows, held, modality[good])

    def usable(self, ids: pa.Array, rows: np.ndarray, held: np.ndarray) -> np.ndarray:
        """(entries,) bool: no reject, no pair a second time, not past MOST_ATTRIBUTES."""
        good = held >= 0
        place = rows * (int(held.max(initial=0)) + 2) + held
        once = np.zeros(len(held), bool)
        once[np.unique(place, return_index=True)[1]] = True
        good &= once
        turn: np.ndarray = np.cumsum(good) - good
        first = np.searchsorted(rows, np.arange(len(ids)))
        turn -= np.append(turn, 0)[first][rows]
        over = good & (turn >= MOST_ATTRIBUTES)
        for row in np.unique(rows[over]).tolist():
            reason = f"over {MOST_ATTRIBUTES} attributes"
            self.reject(ids[row].as_py(), reason, "the first ones are used")
        return good & ~over

    def tell(self, rows: np.ndarray, held: np.ndarray, modality: np.ndarray) -> None:
        """Note the first modality of each key in each class."""
        kinds = self.named["kind"][1][-1][rows]
        key_of = np.array([self.keys(key) for key, _ in self.pairs.names()], np.int64)
        place = kinds.astype(np.int64) * max(1, len(key_of)) + key_of[held]
        known = kinds >= 0
        _, first = np.unique(place[known], return_index=True)
        for entry in np.flatnonzero(known)[first].tolist():
            self.told.setdefault(
                (int(kinds[entry]), int(key_of[held[entry]])), int(modality[entry])
            )

    def reject(self, item: str, reason: str, todo: str) -> None:
        self.rejects.append(Reject("products", item, reason, todo))

    def all_ids(self) -> pa.ChunkedArray:
        return pa.chunked_array([i.cast(pa.large_string()) for i in self.ids], pa.large_string())

    def columns(self, ids: pa.ChunkedArray) -> Columns:
        starts = np.concatenate([[0], np.cumsum(np.concatenate([[], *self.lengths]))])
        named = {
            name: Names(np.concatenate([np.empty(0, np.int32), *column]), codes.names())
            for name, (codes, column) in self.named.items()
        }
        modality = np.zeros(
            (max(1, len(named["kind"].names)), max(1, len(self.keys.names()))), np.int8
        )
        for (kind, key), told in self.told.items():
            modality[kind, key] = told
        held = np.concatenate([np.empty(0, np.int32), *self.held])
        self.held.clear()
        return Columns(
            ids=ArrowIds(ids),
            pairs=self.pairs.names(),
            keys=self.keys.names(),
            starts=starts.astype(np.int64),
            held=held,
            modality=modality,
            pictured=np.concatenate([np.empty(0, bool), *self.pictured]),
            **named,
        )

    def once(self, ids: pa.ChunkedArray) -> np.ndarray:
        """Positions of the first product of each id, ascending."""
        if pc.count_distinct(ids).as_py() == len(ids):
            return np.arange(len(ids))
        codes = ids.combine_chunks().dictionary_encode().indices.to_numpy()
        rows = np.sort(np.unique(codes, return_index=True)[1])
        for row in np.setdiff1d(np.arange(len(ids)), rows).tolist():
            self.reject(ids[row].as_py(), "the id occurred before", "give each product its own id")
        return rows


def decode(text: bytes | None) -> str | None:
    try:
        return (text or b"").decode()
    except UnicodeDecodeError:
        return None


def texts_of(column: pa.Array) -> tuple[np.ndarray, list[str]]:
    """(codes, texts) of a column; null is empty, bytes that are no UTF-8 keep lone surrogates,
    so that `reason_against` refuses them."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    found = [
        (text or b"").decode("utf-8", "surrogateescape")
        for text in column.dictionary.cast(pa.binary()).to_pylist()
    ]
    codes = pc.fill_null(column.indices, len(found)).to_numpy(zero_copy_only=False)
    return codes, [*found, ""]


def codes_in(column: pa.Array, names: Sequence[str]) -> np.ndarray:
    """Positions in `names`; 0 for anything else."""
    codes, texts = texts_of(column)
    return np.array([names.index(t) if t in names else 0 for t in texts], np.int8)[codes]


def codes_of(column: pa.Array, codes: Codes) -> np.ndarray:
    """(n,) int32 of a column of texts, or of paths, whose first step counts; -1 where empty."""
    if pa.types.is_list(column.type):
        lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
        first = np.cumsum(lengths) - lengths
        found = np.full(len(column), -1, np.int32)
        some = lengths > 0
        found[some] = codes_of(column.flatten().take(pa.array(first[some])), codes)
        return found
    which, texts = texts_of(column)
    numbers = [codes(t.encode("utf-8", "backslashreplace").decode()) if t else -1 for t in texts]
    return np.array(numbers, np.int32)[which]
