"""One file over HTTP: resumed after a cut, checked, never half there.

Bytes go to FILE.part; what they belong to (address, ETag, date, size) to FILE.part.json. FILE
appears by an atomic rename once size and checksum are right.
"""

import errno
import http.client
import json
import os
import re
import sys
import time
import urllib.error
from dataclasses import asdict, dataclass
from pathlib import Path

from skulens.catalog.fetch.disk import check_space
from skulens.catalog.fetch.web import ANSWER_S, Pace, TooSlow, open_address
from skulens.errors import DataError, MissingFile, StoreError
from skulens.files import locked, sha256_of_file, write_whole
from skulens.progress import Bar

CHUNK = 1 << 18
TRIES = 6
RECORD = "downloads.json"
"""What was fetched into a folder: address, size, sha256."""


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
    hosts: tuple[str, ...] = ()
    """Other hosts that the address may redirect to, patterns as of fnmatch."""
    most: int = 1 << 30
    """Bytes that we take where the size is not known."""


@dataclass(frozen=True, slots=True)
class State:
    """What the bytes of a .part file belong to."""

    url: str = ""
    etag: str = ""
    """Strong; empty: the server gave none."""
    modified: str = ""
    """Last-Modified."""
    total: int | None = None
    """Bytes of the whole file, as the server said."""
    end: str = ""
    """How we know that the file is whole; see `receive`."""

    @property
    def validator(self) -> str:
        """For If-Range: without one, the bytes of two files could be put together."""
        return self.etag or self.modified


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
        DataError: an address that we do not follow, or size or checksum are not as expected; the
            bytes that came are thrown away, a file that was there stays.
        StoreError: the disk is full, or another process is downloading the same file.
    """
    target = folder / file.path
    if target.is_file():
        check_existing(file, target, folder)
        return target
    if file.url is None or offline():
        why = (
            "its address is not known"
            if file.url is None
            else "the network is switched off (SKULENS_OFFLINE)"
        )
        raise by_hand(file, folder, why)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    with locked(
        part.with_name(part.name + ".lock"),
        f"another process is fetching {part.stem} into {part.parent}; wait for it",
    ):
        fetch_part(file, folder, part, wait_s)
        check(file, part, folder)
        part.replace(target)
        part.with_name(part.name + ".json").unlink(missing_ok=True)
    return target


def fetch_part(file: RemoteFile, folder: Path, part: Path, wait_s: float) -> None:
    """Try until `part` is complete; the errors are those of `download`."""
    for attempt in range(TRIES):
        try:
            transfer(file, part)
            return
        except Cut as e:
            if attempt == TRIES - 1:
                raise by_hand(
                    file, folder, f"{e}, {TRIES} times; run the command again to go on from there"
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


def transfer(file: RemoteFile, part: Path) -> None:
    """Append to `part` until it is complete. Raises Cut where the connection ends before that."""
    state, have = read_part(file, part)
    if have and have == (file.size or state.total):
        return
    headers = {"Range": f"bytes={have}-", "If-Range": state.validator} if have else {}
    pace = Pace(ANSWER_S)
    try:
        with open_address(file.url or "", file.hosts, pace, headers) as reply:
            receive(reply, file, part, have, pace)
    except urllib.error.HTTPError as e:
        if e.code == 416 and have:  # nothing behind what we have: it is another file than before
            part.unlink()
            raise Cut("the file changed") from e
        if e.code in (408, 429) or e.code >= 500:
            raise Cut(f"{file.url} answers {e.code}") from e
        raise
    except TooSlow as e:
        raise Cut(str(e)) from e
    except (TimeoutError, ConnectionError, http.client.HTTPException) as e:
        raise Cut(f"the connection was cut ({type(e).__name__})") from e


def read_part(file: RemoteFile, part: Path) -> tuple[State, int]:
    """(what the bytes of `part` are, how many of them can be gone on from)."""
    state, have = read_state(part), part.stat().st_size if part.is_file() else 0
    expected = file.size or state.total
    fits = state.url == file.url and (expected is None or have <= expected)
    return (state, have) if fits and state.validator else (State(), 0)


def read_state(part: Path) -> State:
    try:
        return State(**json.loads(part.with_name(part.name + ".json").read_text()))
    except (OSError, ValueError, TypeError, RecursionError):
        return State()


def receive(
    reply: http.client.HTTPResponse, file: RemoteFile, part: Path, have: int, pace: Pace
) -> None:
    """Write the body of an answer; a server that ignores the range starts the file again."""
    if reply.status == 206:
        total = check_range(reply, file, part, have)
    elif reply.status == 200:
        have, total = 0, read_length(reply, file)
    else:
        raise DataError(f"{file.url} answers {reply.status} {reply.reason}, expected 200")
    if file.size is not None and total not in (None, file.size):
        raise DataError(
            f"{file.url} has {total:,} bytes now, expected {file.size:,}; "
            "the file there has changed"
        )
    if total is not None and total > (file.size or file.most):
        raise DataError(
            f"{file.url} has {total:,} bytes, and we take at most {file.most:,} for {file.path}; "
            "if it is right, fetch it yourself"
        )
    if file.size is not None:
        end = "the size is known"
    elif total is not None or reply.chunked:
        end = "the server said where it ends"
    else:
        end = "cannot be known: the answer had no length"
    total = file.size if total is None else total
    check_space(part.parent, (total or 0) - have, file.path)
    if not have:
        part.unlink(missing_ok=True)  # before its state changes, so that the two always fit
        write_state(part, state_of(reply, file, total, end))
    got = write_body(reply, file, part, have, total, pace)
    if total is not None and got < total:
        raise Cut(f"the connection was cut at {got:,} of {total:,} bytes")


def write_body(
    reply: http.client.HTTPResponse,
    file: RemoteFile,
    part: Path,
    have: int,
    total: int | None,
    pace: Pace,
) -> int:
    """Append what comes as it comes. Returns the size of `part`."""
    most = file.most if total is None else total
    pace.start_body()
    bar = Bar(
        total=total,
        initial=have,
        unit="B",
        unit_scale=True,
        unit_divisor=1024,
        desc=Path(file.path).name,
        delay=2,
    )
    with bar, part.open("ab" if have else "wb", buffering=0) as f:
        while block := reply.read1(CHUNK):
            have += len(block)
            if have > most:
                break
            check_space(part.parent, len(block), file.path)
            f.write(block)
            pace.count(len(block))
            bar.update(len(block))
    if have > most:
        throw_away(part)
        raise DataError(
            f"{file.url} sends more than the {most:,} bytes that {file.path} may have; "
            "what came was thrown away"
        )
    return have


def check_range(
    reply: http.client.HTTPResponse, file: RemoteFile, part: Path, have: int
) -> int | None:
    """The size of the whole file, of an answer that goes on where we asked.

    Raises:
        Cut: it is another part, or of another file; what came before is thrown away.
    """
    state = read_state(part)
    found = re.fullmatch(
        r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", reply.headers.get("Content-Range") or ""
    )
    total = int(found[3]) if found and found[3] != "*" else state.total
    now = reply.headers.get("ETag" if state.etag else "Last-Modified")
    same = now == state.validator and state.total in (None, total)
    if not have or not found or int(found[1]) != have or not same:
        throw_away(part)
        raise Cut("the server sent another part than we asked for")
    if total is None and file.size is None:
        total = int(found[2]) + 1
    return total


def read_length(reply: http.client.HTTPResponse, file: RemoteFile) -> int | None:
    """Content-Length. Raises DataError for one that is not a number, or two that differ."""
    lengths = {length.strip() for length in reply.headers.get_all("Content-Length") or ()}
    if not lengths or reply.chunked:
        return None
    length = lengths.pop()
    if lengths or not re.fullmatch(r"\d{1,18}", length):
        raise DataError(f"{file.url} answers with a Content-Length that is no length: {length!r}")
    return int(length)


def state_of(
    reply: http.client.HTTPResponse, file: RemoteFile, total: int | None, end: str
) -> State:
    etag = reply.headers.get("ETag") or ""
    return State(
        url=file.url or "",
        etag="" if etag.startswith("W/") else etag,
        modified=reply.headers.get("Last-Modified") or "",
        total=total,
        end=end,
    )


def write_state(part: Path, state: State) -> None:
    text = json.dumps(asdict(state)).encode()
    write_whole(part.with_name(part.name + ".json"), lambda f: f.write(text))


def throw_away(part: Path) -> None:
    part.unlink(missing_ok=True)
    part.with_name(part.name + ".json").unlink(missing_ok=True)


def check_existing(file: RemoteFile, target: Path, folder: Path) -> None:
    """Compare a file that is there with the known size and checksum, or with the recorded ones."""
    before = read_record(folder / RECORD).get(file.path, {})
    before = before if before.get("url") == file.url else {}
    size, expected = file.size or before.get("size"), file.sha256 or before.get("sha256")
    have = target.stat().st_size
    if size is not None and have != size:
        raise DataError(
            f"{target} has {have:,} bytes, expected {size:,}; move it away to fetch it again"
        )
    if expected and (found := sha256_of_file(target)) != expected:
        raise DataError(
            f"{target}: sha256 is {found}, expected {expected}; move it away to fetch it again"
        )


def check(file: RemoteFile, part: Path, folder: Path) -> None:
    """Compare with the known checksum, or with the one recorded before, and record it."""
    found, size = sha256_of_file(part), part.stat().st_size
    record = folder / RECORD
    entries = read_record(record)
    before = entries.get(file.path, {})
    expected = file.sha256 or (before.get("sha256") if before.get("url") == file.url else None)
    if expected and found != expected:
        throw_away(part)
        raise DataError(
            f"{file.url}: sha256 is {found}, expected {expected}; "
            f"the {size:,} bytes were thrown away. "
            "Try again; if it stays so, the file there has changed and must not be trusted"
        )
    end = read_state(part).end
    if end.startswith("cannot") and not expected:
        print(f"{file.path}: whether it is whole {end}", file=sys.stderr)
    entries[file.path] = {
        "url": file.url,
        "size": size,
        "sha256": found,
        "checked": bool(expected),
        "end": end,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    text = json.dumps(entries, indent=1).encode()
    write_whole(record, lambda f: f.write(text))


def read_record(record: Path) -> dict[str, dict]:
    """downloads.json; a damaged one is set aside, and says so, for it may be of use to a person."""
    try:
        entries = json.loads(record.read_text(encoding="utf-8"))
        if isinstance(entries, dict) and all(isinstance(e, dict) for e in entries.values()):
            return entries
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError):
        pass
    aside = record.with_name(f"{record.name}.damaged-{time.time_ns()}")
    record.replace(aside)
    print(f"{record} is damaged; it is kept as {aside.name} and begun anew", file=sys.stderr)
    return {}


def by_hand(file: RemoteFile, folder: Path, why: str) -> MissingFile:
    """The error that says how to do without the network."""
    source = f" from {file.url}" if file.url else ""
    size = f" ({file.size:,} bytes)" if file.size else ""
    return MissingFile(
        f"cannot fetch {file.path}: {why}. Get {Path(file.path).name}{source}{size} "
        f"on a machine that can, and put it at {folder / file.path}"
    )


def disk_full(part: Path, e: OSError) -> StoreError:
    return StoreError(
        f"the disk of {part.parent} is full ({e}); what came so far stays in {part.name}: "
        "make room and run the command again"
    )
