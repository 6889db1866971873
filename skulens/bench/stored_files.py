"""The files of a stored result: its record holds the digests of those beside it, and its own."""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skulens.bench.result import FORMAT, Result
from skulens.errors import StoreError
from skulens.files import sha256_of_file, write_whole

if TYPE_CHECKING:
    import pyarrow as pa

RECORD = "result.json"
EXAMPLES = "examples.json"
CHANGED = "its bytes are not those that were written"


class DamagedResult(StoreError):
    """A stored result that is not what was written."""

    def __init__(self, place: Path, why: str):
        super().__init__(
            f"{place} is not a readable result ({why}); remove the folder and measure again"
        )
        self.why = why


def to_json(value: object) -> str:
    """JSON whose strings are valid Unicode: a lone surrogate becomes the text "\\ud800"."""
    text = json.dumps(value, indent=1, ensure_ascii=False)
    return re.sub("[\ud800-\udfff]", lambda found: rf"\\u{ord(found[0]):04x}", text)


def write_record(place: Path, record: Mapping[str, Any]) -> None:
    """Write the record with the digest of every file that lies in the folder, and its own.

    The files are synced first, so that after a power failure a record does not stand without them.

    Raises:
        OSError: the disk is full or read-only.
    """
    files = {}
    for file in sorted(place.iterdir()):
        files[file.name] = sha256_of_file(file)
        sync_file(file)
    plain = json.loads(to_json({**record, "files": files}))
    (place / RECORD).write_text(to_json(plain | {"digest": digest_of(plain)}), encoding="utf-8")
    sync_file(place / RECORD)


def rewrite_record(place: Path, record: Mapping[str, Any]) -> None:
    """Put a record in the place of the one that is there; the files beside it stay as they are.

    Raises:
        OSError: the folder cannot be written.
    """
    plain = json.loads(to_json({k: v for k, v in record.items() if k != "digest"}))
    body = to_json(plain | {"digest": digest_of(plain)}).encode()
    write_whole(place / RECORD, lambda f: f.write(body))


def digest_of(record: Mapping[str, Any]) -> str:
    """sha256 of all fields of a record but "digest", in canonical JSON."""
    fields = {name: value for name, value in record.items() if name != "digest"}
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def read_record(place: Path) -> dict:
    """The JSON object of a stored result.

    Raises:
        DamagedResult: it cannot be read, or is not what was written.
        StoreError: a newer version wrote it.
    """
    try:
        record = json.loads((place / RECORD).read_text(encoding="utf-8"))
        if not isinstance(record, dict):
            raise ValueError(f"{RECORD} holds {type(record).__name__}, expected an object")
    except (OSError, ValueError, RecursionError) as e:
        raise DamagedResult(place, str(e)) from e
    made = record.get("format", 1)
    if isinstance(made, int) and made > FORMAT:
        raise StoreError(
            f"{place} is of format {made}, this version reads up to {FORMAT}; upgrade skulens"
        )
    if "digest" in record and record["digest"] != digest_of(record):
        raise DamagedResult(place, f"{RECORD}: {CHANGED}")
    return record


def find_damage(place: Path, record: Mapping[str, Any]) -> list[str]:
    """Files of a stored result that are gone or not what was written, each with the reason."""
    found = []
    files = record.get("files")
    for name, digest in (files if isinstance(files, Mapping) else {}).items():
        try:
            read_file(place, name, digest)
        except OSError as e:
            found.append(f"{name}: {e.strerror or e}")
    return found


def read_file(folder: Path, name: str, digest: str | None) -> bytes:
    """The bytes of a file of a result.

    Raises:
        OSError: it cannot be read, or is not what was written; without a digest nobody knows.
    """
    data = (folder / name).read_bytes()
    if digest and hashlib.sha256(data).hexdigest() != digest:
        raise OSError(CHANGED)
    return data


def sync_file(path: Path) -> None:
    """Wait until a file is on the disk."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


class StoredTables(Mapping[str, "pa.Table"]):
    """The Parquet files of a result's folder by name, read and checked when asked for."""

    def __init__(self, folder: Path, digests: Mapping[str, str] | None):
        self.folder, self.digests = folder, digests
        self._read: dict[str, pa.Table] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(p.stem for p in self.folder.glob("*.parquet")))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        return (self.folder / f"{name}.parquet").is_file()

    def __getitem__(self, name: str) -> "pa.Table":
        """Raises StoreError where the file is missing or damaged."""
        if name not in self._read:
            self._read[name] = read_table(
                self.folder, name, (self.digests or {}).get(f"{name}.parquet")
            )
        return self._read[name]


def read_table(folder: Path, name: str, digest: str | None = None) -> "pa.Table":
    """A Parquet file of a result.

    Raises:
        StoreError: it is missing, damaged, or not what was written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        data = read_file(folder, f"{name}.parquet", digest)
        # one thread: a pool that still reads ahead at exit can abort the process
        return pq.ParquetFile(pa.BufferReader(data)).read(use_threads=False)
    except (OSError, pa.ArrowException) as e:
        raise StoreError(
            f"{folder / name}.parquet cannot be read ({e}); remove the folder and measure again"
        ) from e


def read_examples(result: Result) -> dict:
    """Examples and confusions of a stored result; empty where none were kept.

    Raises:
        StoreError: they are damaged, or not what was written.
    """
    if result.folder is None or not (result.folder / EXAMPLES).exists():
        return {}
    digests = result.tables.digests if isinstance(result.tables, StoredTables) else None
    try:
        found = json.loads(read_file(result.folder, EXAMPLES, (digests or {}).get(EXAMPLES)))
    except (OSError, ValueError, RecursionError) as e:
        raise StoreError(
            f"{result.folder / EXAMPLES} cannot be read ({e}); remove the folder and measure again"
        ) from e
    return found if isinstance(found, dict) else {}
