"""One file over HTTP: resumed after a cut, checked, never half there.

Bytes go to FILE.part; what they belong to (address, ETag) to FILE.part.json. FILE appears by an
atomic rename once size and checksum are right.
"""

import errno
import http.client
import json
import os
import shutil
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from skulens import __version__
from skulens.errors import DataError, MissingFile, StoreError
from skulens.files import locked, sha256_of_file

CHUNK = 1 << 20
TIMEOUT_S = 30
TRIES = 6
RESERVE = 200 * 2**20
"""Bytes of the disk that a download leaves free."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file somewhere else; `path` is where it goes, relative to the dataset's folder."""

    path: str
    url: str | None
    """None: the address is not known; the error asks for the file."""
    size: int | None = None
    """Bytes."""
    sha256: str | None = None
    """None: not known; it is recorded in downloads.json after the first download."""


class Cut(Exception):
    """The connection ended early; what came so far stays in the .part file."""


def offline() -> bool:
    """Has the user asked for no network ($SKULENS_OFFLINE or $HF_HUB_OFFLINE set to 1)?"""
    return any(
        os.environ.get(n, "") not in ("", "0") for n in ("SKULENS_OFFLINE", "HF_HUB_OFFLINE")
    )


def download(file: RemoteFile, folder: Path, wait_s: float = 1.0) -> Path:
    """Fetch a file into `folder`, going on where an earlier try stopped.

    Args:
        wait_s: first pause between tries, doubled each time.
    Raises:
        MissingFile: no address, no network, or nothing at that address; names the file and the
            folder.
        DataError: size or checksum are not as expected; the bytes are thrown away.
        StoreError: the disk is full, or another process is downloading the same file.
    """
    target = folder / file.path
    if target.is_file() and (file.size is None or target.stat().st_size == file.size):
        return target
    if file.url is None or offline():
        why = (
            "its address is not known"
            if file.url is None
            else "the network is switched off (SKULENS_OFFLINE)"
        )
        raise by_hand(file, folder, why)
    if urllib.parse.urlsplit(file.url).scheme not in ("http", "https"):
        raise DataError(f"{file.url} is not an address that we fetch; expected https://...")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    with locked(
        part.with_name(part.name + ".lock"),
        f"another process is fetching {part.stem} into {part.parent}; wait for it",
    ):
        for attempt in range(TRIES):
            try:
                transfer(file, part)
                break
            except Cut as e:
                if attempt == TRIES - 1:
                    raise by_hand(
                        file,
                        folder,
                        f"{e}, {TRIES} times; run the command again to go on from there",
                    ) from e
                time.sleep(min(wait_s * 2**attempt, 60))
            except urllib.error.HTTPError as e:
                raise by_hand(file, folder, f"{file.url} answers {e.code} {e.reason}") from e
            except OSError as e:
                raise (
                    disk_full(part, e)
                    if e.errno == errno.ENOSPC
                    else by_hand(file, folder, f"no connection: {e}")
                ) from e
        check(file, part, folder)
        part.replace(target)
        part.with_name(part.name + ".json").unlink(missing_ok=True)
    return target


def transfer(file: RemoteFile, part: Path) -> None:
    """Append to `part` until it is complete. Raises Cut where the connection ends before that."""
    have = part.stat().st_size if part.is_file() else 0
    known = read_state(part) if have else {}
    if known.get("url") != file.url:
        have, known = 0, {}
    if file.size is not None and have == file.size:
        return
    headers = {"User-Agent": f"skulens/{__version__}", "Accept-Encoding": "identity"}
    if have:
        headers |= {"Range": f"bytes={have}-"}
        headers |= {"If-Range": known["etag"]} if known.get("etag") else {}
    try:
        with urllib.request.urlopen(
            urllib.request.Request(file.url or "", headers=headers), timeout=TIMEOUT_S
        ) as reply:
            receive(reply, file, part, have)
    except urllib.error.HTTPError as e:
        # Nothing after what we have: complete, or another file than before.
        if e.code == 416 and have:
            if file.size is None and total_of(e.headers) == have:
                return
            part.unlink()
            raise Cut("the file changed") from e
        if e.code in (408, 429) or e.code >= 500:
            raise Cut(f"{file.url} answers {e.code}") from e
        raise
    except (TimeoutError, ConnectionError, http.client.HTTPException) as e:
        raise Cut(f"the connection was cut ({type(e).__name__})") from e


def receive(reply: http.client.HTTPResponse, file: RemoteFile, part: Path, have: int) -> None:
    """Write the body of an answer; a server that ignores the range starts the file again."""
    if reply.status != 206:
        have = 0
    length = reply.headers.get("Content-Length")
    total = have + int(length) if length else file.size
    if file.size is not None and total != file.size:
        raise DataError(
            f"{file.url} has {total:,} bytes now, expected {file.size:,}; "
            "the file there has changed"
        )
    check_space(part.parent, (total or 0) - have, file.path)
    etag = reply.headers.get("ETag", "")
    state = {"url": file.url, "etag": "" if etag.startswith("W/") else etag}
    part.with_name(part.name + ".json").write_text(json.dumps(state))
    bar = tqdm(
        total=total,
        initial=have,
        unit="B",
        unit_scale=True,
        unit_divisor=1024,
        desc=Path(file.path).name,
        delay=2,
    )
    with bar, part.open("ab" if have else "wb") as f:
        while block := reply.read(CHUNK):
            f.write(block)
            bar.update(len(block))
        got = f.tell()
    if total is not None and got < total:
        raise Cut(f"the connection was cut at {got:,} of {total:,} bytes")


def check(file: RemoteFile, part: Path, folder: Path) -> None:
    """Compare with the known checksum, or with the one recorded before, and record it."""
    found = sha256_of_file(part)
    record = folder / "downloads.json"
    entries = json.loads(record.read_text()) if record.is_file() else {}
    before = entries.get(file.path, {}) if entries.get(file.path, {}).get("url") == file.url else {}
    expected = file.sha256 or before.get("sha256")
    if expected and found != expected:
        size = part.stat().st_size
        part.unlink()
        part.with_name(part.name + ".json").unlink(missing_ok=True)
        raise DataError(
            f"{file.url}: sha256 is {found}, expected {expected}; "
            f"the {size:,} bytes were thrown away. "
            "Try again; if it stays so, the file there has changed and must not be trusted"
        )
    entries[file.path] = {
        "url": file.url,
        "size": part.stat().st_size,
        "sha256": found,
        "checked": bool(expected),
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    fresh = record.with_name(record.name + ".new")
    fresh.write_text(json.dumps(entries, indent=1))
    fresh.replace(record)


def check_space(folder: Path, needed: int, what: str) -> None:
    """Raise StoreError before a download that the disk cannot take."""
    free = shutil.disk_usage(folder).free
    if needed + RESERVE > free:
        raise StoreError(
            f"{what} needs {size_text(needed)} and {folder} has {size_text(free)} free; "
            "make room, or point SKULENS_CACHE at a larger disk"
        )


def by_hand(file: RemoteFile, folder: Path, why: str) -> MissingFile:
    """The error that says how to do without the network."""
    source = f" from {file.url}" if file.url else ""
    return MissingFile(
        f"cannot fetch {file.path}: {why}. Get {Path(file.path).name}{source} "
        f"on a machine that can, and put it at {folder / file.path}"
    )


def disk_full(part: Path, e: OSError) -> StoreError:
    return StoreError(
        f"the disk of {part.parent} is full ({e}); what came so far stays in {part.name}: "
        "make room and run the command again"
    )


def read_state(part: Path) -> dict:
    try:
        return json.loads(part.with_name(part.name + ".json").read_text())
    except (OSError, ValueError):
        return {}


def total_of(headers) -> int | None:
    """The size in "Content-Range: bytes */1234"."""
    total = (headers.get("Content-Range") or "").rpartition("/")[2]
    return int(total) if total.isdigit() else None


def size_text(size: float) -> str:
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"
