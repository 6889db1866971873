"""Questions in rounds: each answer is checked, and one that fails is asked again with reasons.

All questions of a round go to the engine together. Behind `chat.bulk.remember.Remembered` nothing
is asked twice, so that a run which was killed goes on where it stopped: the same questions are made
again and those that were answered come from the store.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from skulens.curate.captions.captioner import Counted
from skulens.errors import ChatError
from skulens.prompts.load import Prompt, load_prompt
from skulens.protocols import Ask, Chat, ErrorClass, Reply
from skulens.records import Reject

T = TypeVar("T")
AGAIN = "merit_again"
RETRIES = 2
SHOWN_CHARS = 2000
"""Of an answer that failed, in the question asked again."""
CORRECTABLE: Mapping[ErrorClass, str] = {
    "invalid_json": "the answer has to be the JSON object that is asked for and nothing else",
    "schema_violation": "the answer has to be a JSON object of exactly the form that is asked for",
    "truncated": "the answer is far too long",
}
"""Failures that another question may mend, with what it says; the others would fail again."""


class Unanswered(ChatError):
    """Questions stayed without an answer: they were written to batch files, or the engine died."""


@dataclass(frozen=True, slots=True)
class Judged(Generic[T]):
    """What an answer is worth: a value, or what is wrong with it, a sentence each for the model."""

    value: T | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settled(Generic[T]):
    """What became of a question."""

    value: T | None
    problems: tuple[str, ...] = ()
    """Of the latest answer; empty where there is a value."""
    said: str = ""
    """The latest answer, as the model gave it."""
    error: ErrorClass = ""
    attempts: int = 0
    cached: int = 0
    """Of the attempts, those that came from the store."""

    @property
    def reason(self) -> str:
        return "; ".join(self.problems)

    def reject(self, source: str, item: str) -> Reject:
        """The row for a question without a value."""
        todo = f"--ask-again {self.error}" if self.error else "ask another engine, or by hand"
        return Reject(source, item, self.reason, todo)


Judge = Callable[[str, Reply], Judged[T]]
"""(id of the question, a reply without an error) -> what it is worth."""


@dataclass
class Rounds:
    """Asks, judges and asks again.

    Args:
        retries: how often an answer that fails is asked for again; 0: never.
    """

    chat: Chat
    retries: int = RETRIES
    again: Prompt = field(default_factory=lambda: load_prompt(AGAIN))

    def ask(self, questions: Mapping[str, Ask], judge: Judge[T]) -> dict[str, Settled[T]]:
        """What became of each question, in their order.

        Args:
            questions: by `Ask.id`.
        Raises:
            Unanswered: the engine left some without a reply; what was answered is in the store.
            ChatError: the engine died, the budget is spent, or it answered what nobody asked.
        """
        settled: dict[str, Settled[T]] = {name: Settled(None) for name in questions}
        open_ = dict(questions)
        for _ in range(self.retries + 1):
            if not open_:
                break
            for reply in self._replies(open_):
                settled[reply.id] = note(settled[reply.id], reply, judge)
            open_ = {
                name: self.correct(questions[name], settled[name])
                for name in open_
                if may_be_mended(settled[name])
            }
        return settled

    def _replies(self, questions: Mapping[str, Ask]) -> list[Reply]:
        """The reply to each question. Raises as `ask`."""
        waiting = set(questions)
        found = []
        for reply in self.chat.ask(Counted(iter(questions.values()), len(questions))):
            if reply.id not in waiting:
                raise ChatError(
                    f"{self.chat.info.name} answered a question about {reply.id!r}, which was not "
                    "asked, or answered twice; run `skulens chat check`"
                )
            waiting.remove(reply.id)
            found.append(reply)
        if waiting:
            raise Unanswered(
                f"{self.chat.info.name} left {len(waiting)} questions without an answer, such as "
                f"that about {min(waiting)!r}; run the same command again to resume"
            )
        return found

    def correct(self, first: Ask, before: Settled) -> Ask:
        """The question asked again, with the latest answer and what is wrong with it."""
        pictures = tuple(p for p in first.parts if not isinstance(p, str))
        said = self.again.render(
            question="\n".join(p for p in first.parts if isinstance(p, str)),
            said=before.said[:SHOWN_CHARS] or "(nothing that could be read)",
            problems=list(before.problems),
        )
        return replace(
            first,
            parts=(*pictures, said.user),
            system=f"{first.system}\n\n{said.system}",
            template=hashlib.sha256((first.template + self.again.sha256).encode()).hexdigest(),
        )


def note(before: Settled[T], reply: Reply, judge: Judge[T]) -> Settled[T]:
    """The state of a question after one more reply."""
    attempts, cached = before.attempts + 1, before.cached + reply.cached
    if reply.error:
        why = CORRECTABLE.get(reply.error, reply.reason or reply.error)
        return Settled(None, (why,), reply.text, reply.error, attempts, cached)
    judged = judge(reply.id, reply)
    return Settled(judged.value, judged.problems, reply.text, "", attempts, cached)


def may_be_mended(settled: Settled) -> bool:
    """Whether another question may help."""
    return settled.value is None and (not settled.error or settled.error in CORRECTABLE)
