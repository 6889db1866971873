"""An engine that asks nothing twice: what the store holds is given from there.

The one door for bulk work. Questions are drawn in bounded windows and looked up together; what has
to be asked goes to the engine without a pause between windows, and each reply is on disk before it
is given out. Memory does not grow with the number of questions.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import replace

from skulens.chat.bulk.flow import Budget, Flow, Miss, Waiting
from skulens.chat.bulk.preparing import Prepared, Preparer
from skulens.chat.key import make_key
from skulens.chat.pictures import PicturePolicy
from skulens.chat.replies.store import ReplyStore
from skulens.chat.schemas.check import check_schema
from skulens.errors import BudgetReached
from skulens.protocols import Ask, Chat, Reply
from skulens.records import Image, SystemInfo

WINDOW = 256
"""Questions drawn and looked up together, at most."""
DRAW_S = 0.02
"""How long to draw for a window; a slow source of questions keeps no engine waiting."""
QUEUE = 256
"""Questions that wait for the engine, where it is not faster than that."""
QUEUE_BYTES = 128_000_000
"""Of their pictures."""
PREPARING_PICTURES = 64
"""Pictures of questions that are being made ready."""
READY = 1024
"""Replies that wait to be given out before more questions are drawn."""
GIVEN_OUT = 64
"""Replies given out between two looks at what the engine needs."""
CANARY_FROM = 20
"""Picture questions to ask from which the engine is checked first."""
CANARY_LASTS_S = 86_400.0
"""A run that is resumed, or another one on that day, need not pay for the check again."""


class Remembered:
    """A `Chat` over another one and a store.

    Two questions with one key are asked once and both answered. `Ask.id` may repeat within a run,
    for the same or another question; each draws its own reply, which carries the id.

    Args:
        chat: the engine; its `policy`, where it has one, says how pictures are sent.
        run: what the replies are part of, for the ledger.
        retry: error classes that are asked again although the store holds the failure, once a run.
        budget: told of each fresh reply. Once it has nothing left, no question is drawn any more,
            after the first that would have to be asked; those in flight are finished, stored and
            given out, then BudgetReached is raised. Replies from the store cost nothing, so that a
            run which needs no others ends well.
        canary: says whether the engine keeps pictures apart, and raises ChatError where it mixes
            them up. Called once, before the first question with pictures is asked, with the engine,
            which has nothing else to do then; not where it passed within CANARY_LASTS_S.
            Questions with pictures that have to be asked wait until there are CANARY_FROM of them;
            where the questions end before, they are asked without.
        progress: called with each reply before it is given out.
    """

    def __init__(
        self,
        chat: Chat,
        store: ReplyStore,
        run: str = "",
        retry: Iterable[str] = (),
        budget: Budget | None = None,
        canary: Callable[[Chat], object] | None = None,
        progress: Callable[[Reply], object] | None = None,
    ):
        self.chat, self.store, self.run, self.retry = chat, store, run, frozenset(retry)
        self.budget, self.canary, self.progress = budget, canary, progress
        self.policy: PicturePolicy = getattr(chat, "policy", None) or PicturePolicy()

    @property
    def info(self) -> SystemInfo:
        return self.chat.info

    def ask(self, questions: Iterable[Ask]) -> Iterator[Reply]:
        """As `Chat.ask`; each reply is on disk before it is given out.

        Questions are drawn in the caller's thread, some hundred ahead of the replies. Closing the
        iterator cancels what is being asked; what was committed stays.

        Raises:
            ChatError: as `Chat.ask`, after all replies that arrived; or the engine gave replies to
                questions it was not asked, or not to all.
            BudgetReached: see `budget`.
            DataError: a question's schema is not portable; see `chat.schemas.check`.
            StoreError: the store cannot be read or written.
        """
        bulk = _Bulk(self, questions)
        try:
            for reply in bulk.replies():
                if self.progress is not None:
                    self.progress(reply)
                yield reply
        finally:
            bulk.close()


class _Bulk:
    """One call of `Remembered.ask`."""

    def __init__(self, of: Remembered, questions: Iterable[Ask]):
        self.of, self.store = of, of.store
        self.name, self.system = of.info.name, of.info.identity
        self.source, self.drained = iter(questions), False
        self.started = of.store.last_entry()
        self.news = threading.Event()
        self.preparer = Preparer(of.store, of.policy, of.retry, self.news.set)
        self.preparing: deque[Prepared | Future[Prepared]] = deque()
        self.held: list[tuple[Miss, Prepared]] = []
        self.waiting: dict[str, list[str]] = {}
        """Key -> ids of the questions that it answers, the one that is asked first."""
        self.ready: deque[Reply] = deque()
        self.flow: Flow | None = None
        self.checked = (
            of.canary is None or time.time() - of.store.canary_passed(self.system) < CANARY_LASTS_S
        )
        self.failure: BaseException | None = None

    def replies(self) -> Iterator[Reply]:
        while True:
            self.news.clear()
            self._collect()
            self._advance()
            if self.ready:
                for _ in range(min(len(self.ready), GIVEN_OUT)):
                    yield self.ready.popleft()
                continue
            if self._at_end():
                break
            self.news.wait(1.0)  # where a lock cannot be interrupted, Ctrl-C is heard by then
        if self.failure is not None:
            raise self.failure

    # ----- drawing and looking up -------------------------------------------------------------

    def _advance(self) -> None:
        """Draw, look up and hand on questions until the engine has enough of them."""
        while self.failure is None and len(self.ready) < READY:
            settled = self._take_prepared()
            if settled:
                self._settle(settled)
            elif self.drained and not self.preparing:
                self._finish()
                return
            elif self.drained or not self._has_room():
                return
            else:
                self._draw()

    def _has_room(self) -> bool:
        flow = self.flow
        pictures = sum(isinstance(p, Future) for p in self.preparing)
        if pictures >= PREPARING_PICTURES:
            return False
        if flow is None or not flow.waiting:  # the engine has nothing to draw
            return True
        if not self._may_spend():
            return False
        return flow.waiting < QUEUE and flow.weight < QUEUE_BYTES

    def _draw(self) -> None:
        """Draw a window of questions and begin to make them ready."""
        window: list[Ask] = []
        pictures, last = 0, time.monotonic() + DRAW_S
        while len(window) < WINDOW and pictures < PREPARING_PICTURES:
            try:
                ask = next(self.source)
                if ask.schema is not None:
                    check_schema(ask.schema)
            except StopIteration:
                self.drained = True
                break
            except Exception as e:  # of the questions or their maker: replies in flight come first
                self._fail(e)
                break
            window.append(ask)
            pictures += sum(isinstance(p, Image) for p in ask.parts)
            if time.monotonic() > last:
                break
        self.preparing.extend(self.preparer.begin(window))

    def _take_prepared(self) -> list[Prepared]:
        """The questions that are ready, in order, up to the first that is not."""
        found: list[Prepared] = []
        while self.preparing and len(found) < WINDOW:
            first = self.preparing[0]
            if isinstance(first, Future):
                if not first.done():
                    break
                first = first.result()
            self.preparing.popleft()
            found.append(first)
        return found

    def _settle(self, prepared: list[Prepared]) -> None:
        """Answer from the store what it holds; hand on the rest."""
        keys = [make_key(p.ask, self.system, p.pictures) for p in prepared]
        stored = self.store.look_up(k for k in keys if k not in self.waiting)
        failed: list[tuple[str, Prepared]] = []
        for number, (key, question) in enumerate(zip(keys, prepared, strict=True), 1):
            known = stored.get(key)
            if key in self.waiting:
                self.waiting[key].append(question.ask.id)
            elif known is not None and not (
                known.reply.error in self.of.retry and known.entry <= self.started
            ):
                self.ready.append(replace(known.reply, id=question.ask.id))
            elif question.error:
                failed.append((key, question))
            elif not self._hand_on(key, question):
                self.preparing.extendleft(reversed(prepared[number:]))
                break
        if self.failure is not None:
            self.preparing.clear()
        self._keep_failures(failed)

    def _hand_on(self, key: str, question: Prepared) -> bool:
        """Have a question asked; False where what is known of the next ones no longer holds."""
        if not question.whole:
            self.preparing.append(self.preparer.fit(question))
            return True
        self.waiting[key] = [question.ask.id]
        miss = Miss(key, question.ask, tuple(question.pictures))
        if question.pictures and not self.checked:
            self.held.append((miss, question))
            if len(self.held) < CANARY_FROM:
                return True
            self._check_canary()
            return False
        return self._send((miss, question.question(key, self.of.policy), question.weight))

    def _send(self, question: Waiting) -> bool:
        """Give a question to the engine; False where the budget has nothing left for it."""
        if self.flow is None:
            of = self.of
            if not self._may_spend():
                self._fail(self._budget_reached())
                return False
            self.flow = Flow(of.chat, self.store, of.run, of.budget, self.news.set)
        self.flow.put(question)
        return True

    def _may_spend(self) -> bool:
        return self.of.budget is None or self.of.budget.left()

    def _keep_failures(self, failed: list[tuple[str, Prepared]]) -> None:
        """Store and give out what cannot be asked: a picture is missing, corrupt or too many."""
        if not failed:
            return
        reply = Reply("", attempts=0, system=self.system)
        made = [
            (k, p.ask, replace(reply, id=p.ask.id, error=p.error, reason=p.reason))
            for k, p in failed
        ]
        pictures = {k: p.pictures for k, p in failed}
        self.store.put(made, self.name, self.of.run, pictures)
        self.ready.extend(reply for _, _, reply in made)

    # ----- the engine -------------------------------------------------------------------------

    def _check_canary(self) -> None:
        """Let the engine finish, check it, and send what was held."""
        while self.flow is not None:
            self.flow.finish()
            self.news.clear()
            self._collect()
            if self.flow is not None:
                self.news.wait(1.0)
        if self.failure is not None:
            return
        assert self.of.canary is not None
        try:
            if self.of.canary(self.of.chat) is True:
                self.store.note_canary(self.system)
        except Exception as e:  # replies that wait to be given out come first
            self._fail(e)
            return
        self._release()

    def _release(self) -> None:
        self.checked = True
        held, self.held = self.held, []
        for miss, question in held:
            weighed = question.question(miss.key, self.of.policy), question.weight
            if not self._send((miss, *weighed)):
                return

    def _finish(self) -> None:
        """All questions are drawn and known to the engine, or answered."""
        if self.held:  # fewer than the canary is for
            self._release()
        if self.flow is not None:
            self.flow.finish()

    def _collect(self) -> None:
        """Take over what was committed."""
        flow = self.flow
        if flow is None:
            return
        over = flow.over  # before `take`, or what came between would be missed
        for key, reply in flow.take():
            first, *others = self.waiting.pop(key)
            self.ready.append(replace(reply, id=first))
            self.ready.extend(replace(reply, id=name, cached=True) for name in others)
        if not over:
            return
        self.flow = None
        if flow.error is not None:
            self._fail(flow.error)
        for question in flow.leftover() if self.failure is None else ():
            # The budget had nothing left for them, and may have now that all replies are there.
            if not self._send(question):
                break

    def _fail(self, error: BaseException) -> None:
        """End the run with this error once what is in flight is answered."""
        if self.failure is None:
            self.failure = error
        self.held.clear()
        self.preparing.clear()
        if self.flow is not None:
            self.flow.finish(drop=True)

    def _budget_reached(self) -> BudgetReached:
        about = getattr(self.of.budget, "about", lambda: "")()
        return BudgetReached(
            f"the budget is spent{': ' * bool(about)}{about}, and there are questions left to ask; "
            "what was answered is kept. Run the same command again with a larger one to go on"
        )

    def _at_end(self) -> bool:
        if self.flow is not None:
            return False
        return self.failure is not None or (self.drained and not self.preparing and not self.held)

    def close(self) -> None:
        if self.flow is not None:
            self.flow.stop()
        self.preparer.close()
