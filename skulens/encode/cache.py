"""Vectors on disk by content: nothing is computed twice, and kill -9 loses at most one shard.

One folder per encoder identity; in it immutable Arrow shards and a journal. A shard is
written aside, synced and renamed, and only then named in the journal with its sha256, so
whatever the journal names was whole. A shard is compared with its sha256 before the first row is
read from it, once per process; a damaged one is named, removed and computed again. Two processes
may write at once: shard names are unique and journal lines are appended in one write; a vector
computed twice is the same vector.
"""

import hashlib
import json
import mmap
import re
import uuid
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from skulens.files import append_line, read_lines, remove_leftovers, write_whole
from skulens.protocols import Role
from skulens.records import EncoderInfo

SHARD_ROWS = 4096
SHARD_BYTES = 256 * 2**20
SHARD_SECONDS = 20.0
"""A shard is written when any of them is reached: what a kill can lose."""


def part_key(info: EncoderInfo, modality: str, content: str, role: Role, upright: bool) -> bytes:
    """Name of a part's vector within one encoder's folder (32 bytes).

    The encoder's identity (weights, configuration, preprocessing, numerics) is the folder. The
    role is in the key only where the encoder distinguishes it.
    """
    role_read = role if role in info.roles else ""
    return hashlib.sha256("\0".join((modality, role_read, str(upright), content)).encode()).digest()


@dataclass(eq=False, slots=True)
class Shard:
    """One file of rows, mapped into memory."""

    path: Path
    sha256: str
    """As the journal has it; empty once its bytes have been found to be those."""
    rows: Any
    """What `Shards._take` reads rows from, without a copy."""


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
        self.places: dict[bytes, tuple[Shard, int]] = {}
        """Key -> (shard, row in it); of a key in several shards that of the newest."""
        self._start()
        self._read_journal()

    def _start(self) -> None:
        maker = self.folder / "maker.json"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            remove_leftovers(self.folder)
            if not maker.exists():
                text = json.dumps(asdict(self.info), indent=1)
                write_whole(maker, lambda f: f.write(text.encode()))
        except OSError as e:
            self._give_up(e)

    def _read_journal(self) -> None:
        damaged, unsigned, signed = [], 0, 0
        try:
            entries = list(read_lines(self.journal))
        except OSError as e:
            self._give_up(e)
            return
        for entry in entries:
            name, size, sha = (entry.get(key) for key in ("shard", "bytes", "sha256"))
            if not isinstance(name, str) or not re.fullmatch(r"[0-9a-f]{32}\.arrow", name):
                continue  # not a line of ours: computed again
            if not isinstance(sha, str):
                unsigned += 1
                continue
            signed += 1
            path = self.folder / name
            try:
                if path.stat().st_size != size:
                    raise ValueError(f"{path.stat().st_size} bytes of {size}")
                self._open_shard(path, sha)
            except FileNotFoundError:
                continue  # removed, after damage or by hand: computed again
            except (OSError, ValueError, LookupError, pa.ArrowException) as e:
                damaged.append((path, str(e)))
        self._drop(damaged)
        if unsigned and not signed:
            warnings.warn(
                f"{self.folder} was written by an earlier version, without checksums that would "
                "show damage; its vectors are computed again, and its files can be removed",
                stacklevel=2,
            )

    def _open_shard(self, path: Path, sha256: str) -> None:
        """Map a file; its rows are not trusted before `_verify`.

        Raises:
            OSError, ValueError, LookupError, pa.ArrowException: it is not a shard of this encoder.
        """
        with pa.memory_map(str(path)) as source:
            table = pa.ipc.open_file(source).read_all()
        table.validate()
        if (table.schema.metadata or {}).get(b"identity") != self.info.identity.encode():
            raise ValueError("not of this encoder")
        rows = self._view(table.column(self.column).combine_chunks())
        shard, keys = Shard(path, sha256, rows), table.column("key").to_pylist()
        self.places.update((key, (shard, row)) for row, key in enumerate(keys))

    def _verify(self, shards: set[Shard]) -> None:
        """Drop those shards whose bytes are not the ones that were written."""
        damaged = []
        for shard in shards:
            if not shard.sha256:
                continue
            try:
                if sha256_of_mapped(shard.path) != shard.sha256:
                    raise ValueError("its bytes are not those that were written")
                shard.sha256 = ""
            except (OSError, ValueError) as e:
                damaged.append((shard.path, str(e)))
        self._drop(damaged)

    def _drop(self, damaged: list[tuple[Path, str]]) -> None:
        """Forget damaged shards, remove their files, and name them."""
        if not damaged:
            return
        paths = {path for path, _ in damaged}
        self.places = {k: place for k, place in self.places.items() if place[0].path not in paths}
        for path in paths:
            try:
                path.unlink(missing_ok=True)
            except OSError:
                continue  # a read-only cache: named again by the next process
        named = "; ".join(f"{path.name}: {why}" for path, why in damaged[:3])
        more = f" and {len(damaged) - 3} more" if len(damaged) > 3 else ""
        warnings.warn(
            f"the embedding cache {self.folder} holds damaged files ({named}{more}); "
            "their vectors are computed again",
            stacklevel=2,
        )

    def find(self, keys: Sequence[bytes]) -> tuple[list[bool], Any]:
        """(for each key whether its row is here and whole, those rows in the order of the keys).

        A row with NaN or infinity is not whole.
        """
        known = [self.places.get(key) for key in keys]
        self._verify({place[0] for place in known if place is not None})
        known = [self.places.get(key) for key in keys]
        finite, rows = self._take([place for place in known if place is not None])
        answers = iter(finite)
        return [place is not None and next(answers) for place in known], rows

    def put(self, keys: list[bytes], rows: Sequence[np.ndarray] | np.ndarray) -> None:
        """Write one shard and read from it from now on.

        A full or read-only disk is reported once; the job goes on without a cache.
        """
        if not keys or not self.writable:
            return
        path = self.folder / f"{uuid.uuid4().hex}.arrow"
        try:
            size, sha = self._write(path, keys, rows)
            entry = {"shard": path.name, "rows": len(keys), "bytes": size, "sha256": sha}
            append_line(self.journal, entry)
            self._open_shard(path, sha)
        except OSError as e:
            self._give_up(e)

    def _write(
        self, path: Path, keys: list[bytes], rows: Sequence[np.ndarray] | np.ndarray
    ) -> tuple[int, str]:
        """Size and sha256 of what was meant to be written, whatever the disk made of it."""
        columns = {"key": pa.array(keys, pa.binary(32)), self.column: self._array(rows)}
        maker = {k: str(v) for k, v in asdict(self.info).items() if v is not None}
        table = pa.table(columns).replace_schema_metadata(maker)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
        written = sink.getvalue()
        size = write_whole(path, lambda f: f.write(written))
        return size, hashlib.sha256(written).hexdigest()

    def _take(self, places: Sequence[tuple[Shard, int]]) -> tuple[list[bool], Any]:
        """(for each place whether its row is finite, the finite rows in the order of places)."""
        raise NotImplementedError

    def _array(self, rows: Any) -> pa.Array:
        """The Arrow column of rows."""
        raise NotImplementedError

    def _view(self, column: pa.Array) -> Any:
        """What `get` reads rows from, without a copy."""
        raise NotImplementedError

    def _give_up(self, error: OSError) -> None:
        self.writable = False
        warnings.warn(
            f"the embedding cache {self.folder} cannot be used ({error.strerror or error}); "
            "this run goes on, but its vectors are not kept. Free some space or set SKULENS_CACHE "
            "to another folder",
            stacklevel=2,
        )


class VectorCache(Shards):
    """One vector per key."""

    kind, column = "vectors", "vector"

    def _take(self, places: Sequence[tuple[Shard, int]]) -> tuple[list[bool], np.ndarray]:
        """Rows: (finite, dim) float32."""
        vectors = np.empty((len(places), self.info.dim), np.float32)
        at: dict[Shard, list[int]] = {}
        for i, (shard, _) in enumerate(places):
            at.setdefault(shard, []).append(i)
        for shard, mine in at.items():
            vectors[mine] = shard.rows[[places[i][1] for i in mine]]
        finite = np.isfinite(vectors).all(axis=1)
        return [bool(whole) for whole in finite], vectors if finite.all() else vectors[finite]

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

    def _take(self, places: Sequence[tuple[Shard, int]]) -> tuple[list[bool], list[np.ndarray]]:
        """Rows: (tokens, dim) float32 each."""
        found = []
        for shard, row in places:
            values, offsets = shard.rows
            found.append(values[offsets[row] : offsets[row + 1]])
        finite = [bool(np.isfinite(row).all()) for row in found]
        return finite, [row for row, ok in zip(found, finite, strict=True) if ok]

    def _array(self, rows: Sequence[np.ndarray]) -> pa.Array:
        flat = np.ascontiguousarray(np.concatenate(rows), np.float32).reshape(-1)
        values = pa.FixedSizeListArray.from_arrays(pa.array(flat), self.info.dim)
        offsets = np.cumsum([0, *(len(row) for row in rows)], dtype=np.int64)
        return pa.LargeListArray.from_arrays(offsets, values)

    def _view(self, column: pa.Array) -> tuple[np.ndarray, np.ndarray]:
        values = column.values.flatten().to_numpy(zero_copy_only=True)
        return values.reshape(-1, self.info.dim), column.offsets.to_numpy()


def sha256_of_mapped(path: Path) -> str:
    """sha256 of a file without a copy of it. Raises OSError or, for an empty file, ValueError."""
    with path.open("rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return hashlib.sha256(data).hexdigest()
