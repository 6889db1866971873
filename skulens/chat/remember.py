"""An engine that asks nothing twice: what the store holds is given from there."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from skulens.chat.key import make_key
from skulens.chat.ledger import Budget
from skulens.chat.pictures import PicturePolicy, fit_picture
from skulens.chat.store import ReplyStore
from skulens.errors import BudgetReached, PictureError
from skulens.protocols import Ask, Chat, Reply
from skulens.records import Image, SystemInfo


class Remembered:
    """A `Chat` over another one and a store.

    Args:
        chat: the engine; its `policy`, where it has one, says how pictures are sent.
        retry: error classes that are asked again although the store holds the failure.
    """

    def __init__(
        self, chat: Chat, store: ReplyStore, run: str = "", retry: Iterable[str] = (),
        budget: Budget | None = None, canary: object = None,
    ):  # fmt: skip
        self.budget = budget
        self.chat, self.store, self.run, self.retry = chat, store, run, frozenset(retry)
        self.policy: PicturePolicy = getattr(chat, "policy", None) or PicturePolicy()

    @property
    def info(self) -> SystemInfo:
        return self.chat.info

    def ask(self, questions: Iterable[Ask]) -> Iterator[Reply]:
        """As `Chat.ask`; each reply is on disk before it is given out."""
        for ask in questions:
            try:
                sent = [fit_picture(p, self.policy) for p in ask.parts if isinstance(p, Image)]
            except PictureError as e:
                yield Reply(ask.id, error="image_corrupt", reason=str(e))
                continue
            key = make_key(ask, self.info.identity, [s.sha256 for s in sent])
            known = self.store.find([key]).get(key)
            if known is not None and known.error not in self.retry:
                yield replace(known, id=ask.id)
                continue
            if self.budget is not None and not self.budget.left():
                raise BudgetReached(f"the budget is reached: {self.budget.about()}")
            for reply in self.chat.ask([ask]):
                if self.budget is not None:
                    self.budget.note(reply)
                hashes = {key: [s.sha256 for s in sent]}
                self.store.put([(key, ask, reply)], self.info.name, self.run, hashes)
                yield reply
