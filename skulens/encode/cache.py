"""Vectors on disk by content: nothing is computed twice, and kill -9 loses at most one shard.

One folder per encoder identity; in it immutable Arrow shards and a journal. A shard is
written aside, synced and renamed, and only then named in the journal, so whatever the
journal names is whole. Two processes may write at once: shard names are unique and
journal lines are appended in one write; a vector computed twice is the same vector.
"""

import errno
import hashlib
import json
import os
import uuid
import warnings
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow as pa

from skulens.records import EncoderInfo

SHARD_ROWS = 4096
SHARD_SECONDS = 20.0
"""A shard is written when either is reached: what a kill can lose."""


def part_key(modality: str, content: str, role: str, prompt: str, upright: bool) -> bytes:
    """Name of a part's vector within one encoder's folder (32 bytes).

    The encoder's identity (weights, configuration, preprocessing, dtype, mode) is the folder.
    """
    # Only the prompt is free text, and what stands on both sides of it is told apart without it.
    return hashlib.sha256(
        "\0".join((modality, role, prompt, str(upright), content)).encode()
    ).digest()


class VectorCache:
    """The vectors of one encoder identity."""

    def __init__(self, root: Path, info: EncoderInfo):
        self.folder = root / "vectors" / info.identity[:32]
        self.info = info
        self.journal = self.folder / "journal.jsonl"
        self.writable = True
        self.rows: dict[bytes, tuple[int, int]] = {}
        self.shards: list[np.ndarray] = []
        self._start()
        self._read_journal()

    def _start(self) -> None:
        maker = self.folder / "maker.json"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not maker.exists():
                aside = self.folder / f".{uuid.uuid4().hex}.tmp"
                aside.write_text(json.dumps(asdict(self.info), indent=1))
                aside.replace(maker)
        except OSError as e:
            self._give_up(e)

    def _read_journal(self) -> None:
        if not self.journal.exists():
            return
        for line in self.journal.read_text(errors="replace").splitlines():
            try:
                entry = json.loads(line)
                path = self.folder / entry["shard"]
                if path.stat().st_size == entry["bytes"]:
                    self._open_shard(path)
            except (ValueError, KeyError, OSError, pa.ArrowInvalid):
                continue  # a line cut by a power failure or a shard removed by hand: computed again

    def _open_shard(self, path: Path) -> None:
        with pa.memory_map(str(path)) as source:
            table = pa.ipc.open_file(source).read_all()
        if table.schema.metadata.get(b"identity") != self.info.identity.encode():
            return
        column = table.column("vector").combine_chunks()
        self.shards.append(
            column.flatten().to_numpy(zero_copy_only=True).reshape(-1, self.info.dim)
        )
        at = len(self.shards) - 1
        for row, key in enumerate(table.column("key").to_pylist()):
            self.rows.setdefault(key, (at, row))

    def __contains__(self, key: bytes) -> bool:
        return key in self.rows

    def get(self, keys: list[bytes]) -> np.ndarray:
        """The vectors of keys, all of which must be present: (keys, dim) float32."""
        places = np.array([self.rows[key] for key in keys], np.int64).reshape(-1, 2)
        vectors = np.empty((len(keys), self.info.dim), np.float32)
        for shard in np.unique(places[:, 0]):
            here = places[:, 0] == shard
            vectors[here] = self.shards[shard][places[here, 1]]
        return vectors

    def put(self, keys: list[bytes], vectors: np.ndarray) -> None:
        """Write one shard. A full or read-only disk is said once and the job goes on without a cache."""
        if not keys or not self.writable:
            return
        name = f"{uuid.uuid4().hex}.arrow"
        aside = self.folder / f".{name}.tmp"
        try:
            self._write(aside, keys, vectors)
            size = aside.stat().st_size
            aside.replace(self.folder / name)
            sync_folder(self.folder)
            append_line(self.journal, {"shard": name, "rows": len(keys), "bytes": size})
        except OSError as e:
            aside.unlink(missing_ok=True)
            self._give_up(e)

    def _write(self, path: Path, keys: list[bytes], vectors: np.ndarray) -> None:
        flat = pa.array(np.ascontiguousarray(vectors, np.float32).reshape(-1))
        columns = {
            "key": pa.array(keys, pa.binary(32)),
            "vector": pa.FixedSizeListArray.from_arrays(flat, self.info.dim),
        }
        maker = {k: str(v) for k, v in asdict(self.info).items() if v is not None}
        table = pa.table(columns).replace_schema_metadata(maker)
        with path.open("wb") as f:
            with pa.ipc.new_file(f, table.schema) as writer:
                writer.write_table(table)
            f.flush()
            os.fsync(f.fileno())

    def _give_up(self, error: OSError) -> None:
        self.writable = False
        warnings.warn(
            f"the embedding cache {self.folder} cannot be written ({error.strerror or error}); this run goes on, "
            "but its vectors are not kept. Free some space or set SKULENS_CACHE to another folder",
            stacklevel=2,
        )


def append_line(path: Path, entry: dict) -> None:
    """Append one JSON line in one synced write, starting a new line where a kill cut the last one."""
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        line = json.dumps(entry) + "\n"
        if ends_unfinished(path):
            line = "\n" + line
        if os.write(fd, line.encode()) != len(line.encode()):
            raise OSError(errno.ENOSPC, "the journal line was written only in part")
        os.fsync(fd)
    finally:
        os.close(fd)


def ends_unfinished(path: Path) -> bool:
    with path.open("rb") as f:
        f.seek(0, os.SEEK_END)
        if not f.tell():
            return False
        f.seek(-1, os.SEEK_END)
        return f.read(1) != b"\n"


def sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
