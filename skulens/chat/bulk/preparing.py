"""Questions made ready: their pictures fitted, in a few threads, where that is not known already.

What keeps a question from being asked (a picture that is missing or corrupt, too many of them) is
found here, so that no engine meets it.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from skulens.chat.pictures import (
    PicturePolicy,
    Sent,
    SentImage,
    check_number,
    fit_bytes,
    holds_too_much,
    name_picture,
)
from skulens.chat.replies.picture_memo import PictureMemo, SentBefore
from skulens.chat.replies.store import ReplyStore
from skulens.errors import PictureError
from skulens.machine import count_cores
from skulens.pictures import one_big_at_a_time, read_bytes
from skulens.protocols import Ask, ErrorClass
from skulens.records import Image, Part

THREADS = min(8, count_cores() + 1)
RECENT_BYTES = 64_000_000
"""Fitted pictures kept for questions about the same ones, which tend to follow one another."""


@dataclass(slots=True)
class Prepared:
    """A question of which the key can be made."""

    ask: Ask
    pictures: list[str] = field(default_factory=list)
    """sha256 as sent; why not, for one that cannot be sent."""
    sent: list[Sent | None] = field(default_factory=list)
    """None where the sha256 was known without looking at the picture."""
    error: ErrorClass = ""
    reason: str = ""

    @property
    def whole(self) -> bool:
        """Whether it could be asked now."""
        return not self.error and None not in self.sent

    @property
    def weight(self) -> int:
        """Bytes of its pictures."""
        return sum(len(s.data) for s in self.sent if s is not None)

    def question(self, key: str, policy: PicturePolicy) -> Ask:
        """What the engine is asked: the key stands for the item, since ids may repeat."""
        fitted = iter(self.sent)
        parts: list[Part] = []
        for part in self.ask.parts:
            if isinstance(part, Image):
                sent = next(fitted)
                assert sent is not None
                parts.append(SentImage.of(sent, policy, part.view))
            else:
                parts.append(part)
        return replace(self.ask, id=key, parts=tuple(parts))


class Preparer:
    """Makes questions ready.

    Args:
        again: error classes that are tried again; a picture known to be corrupt is looked at anew
            only where they say so.
        ring: called, from another thread, whenever a question is ready.
    """

    def __init__(
        self,
        store: ReplyStore,
        policy: PicturePolicy,
        again: Collection[str],
        ring: Callable[[], object],
    ):
        self.policy, self.memo, self.again = policy, PictureMemo(store, policy.digest), again
        self._ring = ring
        self._pool: ThreadPoolExecutor | None = None
        self._recent: OrderedDict[str, Sent] = OrderedDict()
        self._recent_bytes, self._lock = 0, threading.Lock()

    def begin(self, asks: Sequence[Ask]) -> "list[Prepared | Future[Prepared]]":
        """Each question, ready at once where nothing must be read."""
        images = [p for ask in asks for p in ask.parts if isinstance(p, Image)]
        seen = self.memo.recall(images) if images else {}
        self.memo.flush(least=256)
        return [self._begin(ask, seen) for ask in asks]

    def _begin(self, ask: Ask, seen: dict[int, SentBefore]) -> "Prepared | Future[Prepared]":
        images = [p for p in ask.parts if isinstance(p, Image)]
        if problem := check_number(len(images), self.policy):
            told = [f"not sent: {image.path or seen[id(image)].source}" for image in images]
            return Prepared(ask, told, [None] * len(images), problem.error, problem.reason)
        known = [seen[id(image)] for image in images]
        if all(s.sha256 or (s.problem and "image_corrupt" not in self.again) for s in known):
            return self._prepare(ask, images, known, whole=False)
        return self._submit(ask, images, known, whole=False)

    def fit(self, prepared: Prepared) -> "Future[Prepared]":
        """The same question with the bytes of its pictures; its hashes may be others now."""
        images = [p for p in prepared.ask.parts if isinstance(p, Image)]
        known = self.memo.recall(images)
        return self._submit(prepared.ask, images, [known[id(i)] for i in images], whole=True)

    def _submit(
        self, ask: Ask, images: list[Image], known: list[SentBefore], whole: bool
    ) -> "Future[Prepared]":
        if self._pool is None:
            self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="pictures")
        future = self._pool.submit(self._prepare, ask, images, known, whole)
        future.add_done_callback(lambda _: self._ring())
        return future

    def _prepare(
        self, ask: Ask, images: list[Image], known: list[SentBefore], whole: bool
    ) -> Prepared:
        made = Prepared(ask)
        for number, (image, seen) in enumerate(zip(images, known, strict=True), 1):
            sha256, sent, error, reason = self._one(image, seen, whole)
            made.pictures.append(sha256)
            made.sent.append(sent)
            if error and not made.error:
                made.error, made.reason = error, f"{name_picture(image, number)}: {reason}"
        return made

    def _one(
        self, image: Image, seen: SentBefore, whole: bool
    ) -> tuple[str, Sent | None, ErrorClass, str]:
        """(sha256 as sent or why not, the picture, error class, reason)."""
        if isinstance(image, SentImage) and image.sent is not None and image.policy == self.policy:
            return image.sent.sha256, image.sent, "", ""
        if seen.problem and "image_corrupt" not in self.again:
            return f"corrupt: {seen.source}", None, "image_corrupt", seen.problem
        if seen.sha256 and not whole:
            return seen.sha256, None, "", ""
        with one_big_at_a_time():
            try:
                data = read_bytes(image)
            except PictureError as e:
                if holds_too_much(image, e):
                    return f"not sent: {image.path}", None, "image_corrupt", str(e)
                return f"missing: {image.path}", None, "image_missing", str(e)
            source = hashlib.sha256(data).hexdigest()
            self.memo.learn_file(seen.path, seen.stat, source)
            if not whole and source != seen.source:
                sha256, problem = self.memo.sent(source)
                if sha256:
                    return sha256, None, "", ""
                if problem and "image_corrupt" not in self.again:
                    return f"corrupt: {source}", None, "image_corrupt", problem
            try:
                sent = self._fit(data, source)
            except PictureError as e:
                if not isinstance(e.__context__, MemoryError):  # which may pass
                    self.memo.learn_picture(source, "", str(e))
                return f"corrupt: {source}", None, "image_corrupt", str(e)
        self.memo.learn_picture(source, sent.sha256)
        return sent.sha256, sent, "", ""

    def _fit(self, data: bytes, source: str) -> Sent:
        with self._lock:
            if recent := self._recent.get(source):
                self._recent.move_to_end(source)
                return recent
        sent = fit_bytes(data, self.policy)
        with self._lock:
            if source not in self._recent:
                self._recent[source] = sent
                self._recent_bytes += len(sent.data)
            while self._recent_bytes > RECENT_BYTES:
                self._recent_bytes -= len(self._recent.popitem(last=False)[1].data)
        return sent

    def close(self) -> None:
        """Give up what is not ready; keep what was learned."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
        self.memo.flush()
