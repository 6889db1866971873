"""Vectors on disk by content: nothing is computed twice, and kill -9 loses at most one shard.

One folder per encoder identity; in it immutable Arrow shards and a journal. A shard is
written aside, synced and renamed, and only then named in the journal, so whatever the
journal names is whole. Two processes may write at once: shard names are unique and
journal lines are appended in one write; a vector computed twice is the same vector.
"""

import hashlib
import json
import uuid
import warnings
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from skulens.files import append_line, read_lines, write_whole
from skulens.protocols import Role
from skulens.records import EncoderInfo

SHARD_ROWS = 4096
SHARD_BYTES = 256 * 2**20
SHARD_SECONDS = 20.0
"""A shard is written when any of them is reached: what a kill can lose."""


def part_key(modality: str, content: str, role: str, prompt: str, upright: bool) -> bytes:
    """Name of a part's vector within one encoder's folder (32 bytes).

    The encoder's identity (weights, configuration, preprocessing, numerics) is the folder.
    """
    # Only the prompt is free text, and what stands on both sides of it is unambiguous without it.
    return hashlib.sha256(
        "\0".join((modality, role, prompt, str(upright), content)).encode()
    ).digest()


def part_keys(
    info: EncoderInfo, modality: str, content: str, role: Role, upright: bool
) -> tuple[bytes, ...]:
    """The key of a part's vector, then those under which earlier versions may have kept it.

    The role is in the key only where the encoder distinguishes roles. Earlier versions kept the
    vectors of encoders that do not under both roles; both are the same vector.
    """
    if role in info.roles:
        names: tuple[str, ...] = (role,)
    else:
        names = ("",) if info.roles else ("query", "document")
    return tuple(part_key(modality, content, name, "", upright) for name in names)


class Shards:
    """Rows of one encoder identity by key; `VectorCache` and `TokenCache` say what a row is."""

    kind: ClassVar[str]
    """Folder under the cache, and column of the rows."""
    column: ClassVar[str]

    def __init__(self, root: Path, info: EncoderInfo):
        self.folder = root / self.kind / info.identity[:32]
        self.info = info
        self.journal = self.folder / "journal.jsonl"
        self.writable = True
        self.rows: dict[bytes, tuple[int, int]] = {}
        """Key -> (shard, row in it)."""
        self.shards: list[Any] = []
        self._start()
        self._read_journal()

    def _start(self) -> None:
        maker = self.folder / "maker.json"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not maker.exists():
                text = json.dumps(asdict(self.info), indent=1)
                write_whole(maker, lambda f: f.write(text.encode()))
        except OSError as e:
            self._give_up(e)

    def _read_journal(self) -> None:
        for entry in read_lines(self.journal):
            try:
                path = self.folder / entry["shard"]
                if path.stat().st_size == entry["bytes"]:
                    self._open_shard(path)
            except (TypeError, KeyError, OSError, pa.ArrowInvalid):
                continue  # a shard removed or damaged by hand: computed again

    def _open_shard(self, path: Path) -> None:
        with pa.memory_map(str(path)) as source:
            table = pa.ipc.open_file(source).read_all()
        if table.schema.metadata.get(b"identity") != self.info.identity.encode():
            return
        self.shards.append(self._view(table.column(self.column).combine_chunks()))
        at = len(self.shards) - 1
        for row, key in enumerate(table.column("key").to_pylist()):
            self.rows.setdefault(key, (at, row))

    def __contains__(self, key: bytes) -> bool:
        return key in self.rows

    def put(self, keys: list[bytes], rows: Sequence[np.ndarray] | np.ndarray) -> None:
        """Write one shard and read from it from now on.

        A full or read-only disk is reported once; the job goes on without a cache.
        """
        if not keys or not self.writable:
            return
        name = f"{uuid.uuid4().hex}.arrow"
        try:
            size = self._write(self.folder / name, keys, rows)
            append_line(self.journal, {"shard": name, "rows": len(keys), "bytes": size})
            self._open_shard(self.folder / name)
        except OSError as e:
            self._give_up(e)

    def _write(self, path: Path, keys: list[bytes], rows: Sequence[np.ndarray] | np.ndarray) -> int:
        columns = {"key": pa.array(keys, pa.binary(32)), self.column: self._array(rows)}
        maker = {k: str(v) for k, v in asdict(self.info).items() if v is not None}
        table = pa.table(columns).replace_schema_metadata(maker)

        def write(f: Any) -> None:
            with pa.ipc.new_file(f, table.schema) as writer:
                writer.write_table(table)

        return write_whole(path, write)

    def _array(self, rows: Any) -> pa.Array:
        """The Arrow column of rows."""
        raise NotImplementedError

    def _view(self, column: pa.Array) -> Any:
        """What `get` reads rows from, without a copy."""
        raise NotImplementedError

    def _give_up(self, error: OSError) -> None:
        self.writable = False
        warnings.warn(
            f"the embedding cache {self.folder} cannot be written ({error.strerror or error}); "
            "this run goes on, but its vectors are not kept. Free some space or set SKULENS_CACHE "
            "to another folder",
            stacklevel=2,
        )


class VectorCache(Shards):
    """One vector per key."""

    kind, column = "vectors", "vector"

    def get(self, keys: Sequence[bytes]) -> np.ndarray:
        """The vectors of keys, all of which must be present: (keys, dim) float32."""
        places = np.array([self.rows[key] for key in keys], np.int64).reshape(-1, 2)
        vectors = np.empty((len(keys), self.info.dim), np.float32)
        for shard in np.unique(places[:, 0]):
            here = places[:, 0] == shard
            vectors[here] = self.shards[shard][places[here, 1]]
        return vectors

    def _array(self, rows: np.ndarray) -> pa.Array:
        flat = pa.array(np.ascontiguousarray(rows, np.float32).reshape(-1))
        return pa.FixedSizeListArray.from_arrays(flat, self.info.dim)

    def _view(self, column: pa.Array) -> np.ndarray:
        return column.flatten().to_numpy(zero_copy_only=True).reshape(-1, self.info.dim)


class TokenCache(Shards):
    """Several vectors per key, those of its tokens or patches: values and offsets.

    The number in the folder's name changes when a family's token vectors come to mean something
    else.
    """

    kind, column = "tokens-1", "tokens"

    def get(self, keys: Sequence[bytes]) -> list[np.ndarray]:
        """The token vectors of keys, all of which must be present: each (tokens, dim) float32."""
        found = []
        for key in keys:
            shard, row = self.rows[key]
            values, offsets = self.shards[shard]
            found.append(values[offsets[row] : offsets[row + 1]])
        return found

    def _array(self, rows: Sequence[np.ndarray]) -> pa.Array:
        flat = np.ascontiguousarray(np.concatenate(rows), np.float32).reshape(-1)
        values = pa.FixedSizeListArray.from_arrays(pa.array(flat), self.info.dim)
        offsets = np.cumsum([0, *(len(row) for row in rows)], dtype=np.int64)
        return pa.LargeListArray.from_arrays(offsets, values)

    def _view(self, column: pa.Array) -> tuple[np.ndarray, np.ndarray]:
        values = column.values.flatten().to_numpy(zero_copy_only=True)
        return values.reshape(-1, self.info.dim), column.offsets.to_numpy()
