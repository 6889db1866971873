"""Questions to an engine and its replies into the store, each in a thread of its own.

The engine draws from a short queue and is never kept waiting for the disk; replies are committed in
groups; whoever asks gets a reply after its commit. No reply that the engine gave is lost when
anything ends: what arrived is committed first.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from skulens.chat.replies.store import ReplyStore
from skulens.errors import ChatError
from skulens.protocols import Ask, Chat, Reply

GATHER_S, GROUP = 0.02, 64
"""Replies are committed together when that long has passed since the first, or that many came."""
BACKLOG = 1024
"""Replies not yet committed from which an engine faster than the disk is slowed down."""
LEAVE_S = 2.0
"""How long an interrupted run waits for an engine that is in the middle of a question."""


class Budget(Protocol):
    """What may be spent. One that has `started()`, too, is told of each question that goes out."""

    def note(self, reply: Reply) -> None: ...

    def left(self) -> bool:
        """Whether another question may go out. It may say so again when replies have come that
        cost less than was feared."""


@dataclass(frozen=True, slots=True)
class Miss:
    """A question that has to be asked."""

    key: str
    ask: Ask
    """As it was drawn, less its pictures' bytes."""
    pictures: tuple[str, ...]
    """sha256 as sent."""


Waiting = tuple[Miss, Ask, int]
"""What became a miss, what the engine is asked (its id is the key), bytes of its pictures."""


class Flow:
    """One stream of questions to an engine.

    Args:
        ring: called, from any thread, when there is news for whoever asks.
    """

    def __init__(
        self,
        chat: Chat,
        store: ReplyStore,
        run: str,
        budget: Budget | None,
        ring: Callable[[], object],
    ):
        self.chat, self.store, self.run, self.budget, self.ring = chat, store, run, budget, ring
        self.name, self.system = chat.info.name, chat.info.identity
        lock = threading.Lock()
        self._lock = lock
        self._fed, self._came = threading.Condition(lock), threading.Condition(lock)
        self._kept = threading.Condition(lock)
        self._waiting: deque[Waiting] = deque()
        self._out: dict[str, Miss] = {}
        self._arrived: deque[tuple[Miss, Reply]] = deque()
        self._done: deque[tuple[str, Reply]] = deque()
        self.weight = 0
        """Bytes of the pictures that wait to be drawn."""
        self.over = False
        """Nothing more will come; `error` says why, where it was no ordinary end."""
        self.error: BaseException | None = None
        self._closing = self._stopped = self._engine_over = self._left = self._told_end = False
        self._engine = threading.Thread(target=self._drive, name="engine", daemon=True)
        self._keeper = threading.Thread(target=self._keep, name="replies", daemon=True)
        self._engine.start()
        self._keeper.start()

    # ----- for whoever asks -------------------------------------------------------------------

    @property
    def waiting(self) -> int:
        """Questions that the engine has not drawn yet."""
        return len(self._waiting)

    def may_spend(self) -> bool:
        return self.budget is None or self.budget.left()

    def put(self, question: Waiting) -> None:
        """One more question."""
        with self._lock:
            self._waiting.append(question)
            self.weight += question[2]
            self._fed.notify()

    def take(self) -> list[tuple[str, Reply]]:
        """Replies committed since the last call, by key."""
        with self._lock:
            done, self._done = self._done, deque()
        return list(done)

    def finish(self, drop: bool = False) -> None:
        """No more questions will come. `drop`: nor shall those be asked that the engine has not
        drawn."""
        with self._lock:
            if drop:
                self._waiting.clear()
            self._closing = True
            self._fed.notify_all()

    def leftover(self) -> list[Waiting]:
        """What was not asked, because the budget had nothing left."""
        return list(self._waiting)

    def stop(self) -> None:
        """Cancel what the engine is doing; commit what arrived."""
        with self._lock:
            self._stopped = True
            self._fed.notify_all()
            self._kept.notify_all()
        self._engine.join(LEAVE_S)
        with self._lock:  # an engine that hangs is left behind, and what it says is not heard
            self._left = self._engine_over = True
            self._came.notify_all()
        self._keeper.join()

    # ----- the engine's thread ----------------------------------------------------------------

    def __iter__(self) -> "Flow":
        return self

    def __next__(self) -> Ask:
        """The next question for the engine; waits for one."""
        with self._lock:
            while not self._waiting and not self._closing and not self._stopped:
                self.ring()
                self._fed.wait()
            if self._stopped or not self._waiting or not self.may_spend():
                self._told_end = True
                raise StopIteration
            miss, question, weight = self._waiting.popleft()
            self.weight -= weight
            self._out[miss.key] = miss
            few = len(self._waiting) % 32 == 0
        if self.budget is not None:
            getattr(self.budget, "started", lambda: None)()
        if few:
            self.ring()
        return question

    def _drive(self) -> None:
        error: BaseException | None = None
        try:
            replies = self.chat.ask(self)
            try:
                for reply in replies:
                    self._hear(reply)
                    if self._stopped:
                        break
            finally:
                getattr(replies, "close", lambda: None)()
            self._check_all_answered()
        except BaseException as e:  # raised again by whoever asks
            error = e
        with self._lock:
            if not self._left and self.error is None:
                self.error = error
            self._engine_over = True
            self._came.notify_all()

    def _hear(self, reply: Reply) -> None:
        """Raises ChatError for a reply to no open question."""
        with self._lock:
            self._kept.wait_for(lambda: len(self._arrived) < BACKLOG or self._stopped)
            if self._left:
                return
            miss = self._out.pop(reply.id, None)
            if miss is not None:
                self._arrived.append((miss, reply))
                if len(self._arrived) == 1 or len(self._arrived) >= GROUP:
                    self._came.notify()
        if miss is None:
            again = reply.id in self.store.find([reply.id])
            raise ChatError(
                f"{self.name} answered question {reply.id!r} "
                + ("twice" if again else "which it was not asked")
                + "; replies may have been mixed up. Those of this run are kept; check the engine "
                "with `skulens chat check`"
            )
        if self.budget is not None:
            self.budget.note(reply)

    def _check_all_answered(self) -> None:
        with self._lock:
            unanswered = [m.ask.id for m in self._out.values()]
            early, stopped = not self._told_end, self._stopped
        if stopped:
            return
        if unanswered:
            first = ", ".join(repr(name) for name in unanswered[:3])
            raise ChatError(
                f"{self.name} ended without a reply to {len(unanswered)} questions, such as those "
                f"about {first}; run the same command again to ask them"
            )
        if early:
            raise ChatError(
                f"{self.name} ended before it had taken all questions; run the same command again "
                "to ask the rest"
            )

    # ----- the thread that commits ------------------------------------------------------------

    def _keep(self) -> None:
        try:
            while group := self._gather():
                self._commit(group)
        except BaseException as e:  # the disk is full: nothing more can be kept
            with self._lock:
                self.error, self._stopped = e, True
                self._fed.notify_all()
                self._kept.notify_all()
        self.over = True
        self.ring()

    def _gather(self) -> list[tuple[Miss, Reply]]:
        with self._lock:
            self._came.wait_for(lambda: self._arrived or self._engine_over)
            last = time.monotonic() + GATHER_S
            while len(self._arrived) < GROUP and not self._engine_over:
                left = last - time.monotonic()
                if left <= 0 or not self._came.wait(left):
                    break
            group = [self._arrived.popleft() for _ in range(min(GROUP, len(self._arrived)))]
            self._kept.notify()
            return group

    def _commit(self, group: Sequence[tuple[Miss, Reply]]) -> None:
        answered = [
            (m.key, m.ask, replace(r, cached=False, system=r.system or self.system))
            for m, r in group
        ]
        pictures = {m.key: m.pictures for m, _ in group}
        kept = self.store.put(answered, self.name, self.run, pictures)
        # Where another process was faster its answer stands, here too.
        there = self.store.find(kept)
        done = [(key, there.get(key, reply)) for key, _, reply in answered]
        with self._lock:
            self._done.extend(done)
        self.ring()
