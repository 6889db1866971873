"""What was learned about pictures, so that a second run decodes none, and reads no file that is as
it was.

Two facts: the sha256 of a file, by path, size and times; and of a picture's bytes, by their sha256
and the policy, the sha256 as sent or why they cannot be sent. Losing them costs time. A wrong one
costs a question asked again at most: what is sent is hashed anew before it is asked.
"""

import contextlib
import hashlib
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass

from skulens.chat.replies.database import bind_text
from skulens.chat.replies.store import ReplyStore
from skulens.errors import StoreError
from skulens.records import Image, chunks

SETTLED_S = 2.0
"""A file changed less than this ago is hashed anew: its times cannot prove that it rests."""
AT_ONCE = 500
FEW = 256
"""Facts that are written together."""


@dataclass(frozen=True, slots=True)
class SentBefore:
    """What is known of a picture without looking at it."""

    path: str = ""
    """Absolute; empty for a picture that has no file of its own."""
    stat: str = ""
    source: str = ""
    """sha256 of its bytes; empty where they must be read."""
    sha256: str = ""
    """As sent; empty where it must be fitted."""
    problem: str = ""
    """Why it cannot be decoded."""


class PictureMemo:
    """Facts about pictures in a reply store, for one policy."""

    def __init__(self, store: ReplyStore, policy: str):
        self.store, self.policy = store, policy
        self._files: list[tuple[str | bytes, str, str]] = []
        self._pictures: list[tuple[str, str, str, str | bytes]] = []

    def recall(self, images: Iterable[Image]) -> dict[int, SentBefore]:
        """id() of each image -> what is known of it."""
        paths, stats = {}, {}
        here = os.getcwd()  # noqa: PTH109  # pathlib would cost as much as all else here
        images = list(images)
        for image in images:
            if image.own_file is not None:
                full = os.path.normpath(os.path.join(here, image.own_file))  # noqa: PTH118
                paths[id(image)] = full
                if full not in stats:
                    stats[full] = stat_of(full)
        hashes = self._hashes(stats)
        sources = {
            id(image): hashes.get(paths[id(image)], "")
            if id(image) in paths
            else hash_in_memory(image)
            for image in images
        }
        sent = self._sent(s for s in sources.values() if s)
        found = {}
        for name, source in sources.items():
            path = paths.get(name, "")
            found[name] = SentBefore(
                path, stats.get(path) or "", source, *sent.get(source, ("", ""))
            )
        return found

    def _hashes(self, stats: dict[str, str | None]) -> dict[str, str]:
        """sha256 of the files whose size and times are those of when they were hashed."""
        by_name = {bind_text(path): path for path in stats}
        found = {}
        for part in chunks(list(by_name), AT_ONCE):
            marks = ",".join("?" * len(part))
            rows = self.store.read(f"select * from files where path in ({marks})", part)
            for name, stat, sha256 in rows:
                path = by_name.get(name)
                if path is not None and stats[path] == stat:
                    found[path] = sha256
        return found

    def _sent(self, sources: Iterable[str]) -> dict[str, tuple[str, str]]:
        found = {}
        for part in chunks(list(dict.fromkeys(sources)), AT_ONCE):
            marks = ",".join("?" * len(part))
            for source, sha256, problem in self.store.read(
                "select source, sha256, problem from pictures"
                f" where policy = ? and source in ({marks})",
                (self.policy, *part),
            ):
                found[source] = sha256, problem
        return found

    def sent(self, source: str) -> tuple[str, str]:
        """(sha256 as sent, why it cannot be) of a picture's bytes; two empty texts: unknown."""
        return self._sent([source]).get(source, ("", ""))

    def learn_file(self, path: str, stat: str, sha256: str) -> None:
        """Note the hash of a file that had this `stat_of` before it was read."""
        if path and is_settled(stat):
            self._files.append((bind_text(path), stat, sha256))

    def learn_picture(self, source: str, sha256: str, problem: str = "") -> None:
        self._pictures.append((source, self.policy, sha256, bind_text(problem)))

    def flush(self, least: int = 1) -> None:
        """Write what was learned, where it is at least so much; on a full disk it is forgotten."""
        if len(self._files) + len(self._pictures) < least:
            return
        files, self._files = self._files, []
        pictures, self._pictures = self._pictures, []
        with contextlib.suppress(StoreError):
            self.store.write("insert or replace into files values (?, ?, ?)", files)
            # What is known stays: replies stand under it, and another Pillow may make other bytes.
            self.store.write(
                "insert into pictures values (?, ?, ?, ?) on conflict do update set"
                " sha256 = excluded.sha256, problem = excluded.problem"
                " where pictures.problem != ''",
                pictures,
            )


def hash_in_memory(image: Image) -> str:
    """sha256 of a picture that is in memory; empty for one that must be read."""
    return hashlib.sha256(image.data).hexdigest() if image.data is not None else ""


def stat_of(path: str) -> str | None:
    """Size, times and inode of a file, which change with its content; None where unreadable."""
    try:
        s = os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):  # ValueError: NUL in it, or no valid name on this system
        return None
    return f"{s.st_size} {s.st_mtime_ns} {s.st_ctime_ns} {s.st_ino}"


def is_settled(stat: str) -> bool:
    return bool(stat) and time.time_ns() - max(int(t) for t in stat.split()[1:3]) > SETTLED_S * 1e9
