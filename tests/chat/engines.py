"""Engines without a model, for the tests of what stands around an engine."""

import hashlib
import os
import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from skulens.chat.pictures import PicturePolicy, fit_pictures
from skulens.protocols import Ask, Reply
from skulens.records import SystemInfo


def answer(ask: Ask) -> Reply:
    """The one right answer to a question: it depends on all of its texts and pictures."""
    told = hashlib.sha256()
    for part in ask.parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part.read()
        told.update(data)
    text = f"{ask.system}|{told.hexdigest()[:12]}"
    return Reply(
        ask.id, text, {"said": text}, "stop", usage={"input_tokens": 7, "output_tokens": 3},
        raw_usage=({"prompt_tokens": 7},), latency_s=0.25,
    )  # fmt: skip


class Engine:
    """Draws `ahead` questions, answers them in a random order, draws the next.

    Args:
        reply: question -> its reply.
        log: a file to which the id of each question is appended, synced, before it is answered.
    """

    def __init__(
        self,
        reply: Callable[[Ask], Reply] = answer,
        ahead: int = 4,
        identity: str = "engine",
        policy: PicturePolicy | None = None,
        log: Path | None = None,
    ):
        self.reply, self.ahead, self.log = reply, ahead, log
        self.policy = policy or PicturePolicy()
        self.info = SystemInfo(name="fake:model", kind="chat", identity=identity)
        self.asked: list[Ask] = []
        self.closed = 0

    def ask(self, questions: Iterable[Ask]) -> Iterator[Reply]:
        draw = random.Random(0)
        open_: list[Ask] = []
        source = iter(questions)
        try:
            while True:
                while len(open_) < self.ahead and (ask := next(source, None)) is not None:
                    self.note(ask)
                    open_.append(ask)
                if not open_:
                    return
                yield self.reply(open_.pop(draw.randrange(len(open_))))
        finally:
            self.closed += 1

    def note(self, ask: Ask) -> None:
        self.asked.append(ask)
        if isinstance(fit_pictures(ask.parts, self.policy), list) is False:
            raise AssertionError(f"{ask} holds a picture that cannot be sent")
        if self.log is not None:
            fd = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            os.write(fd, f"{ask.id}\n".encode())
            os.fsync(fd)
            os.close(fd)


def ask_about(number: int, **more) -> Ask:
    """A question without pictures."""
    return Ask(f"item{number}", (f"what is {number}?",), "be brief", stage="test", **more)
