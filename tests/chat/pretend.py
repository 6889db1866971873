"""Engines in memory for tests: they see canary pictures, and mix them up on demand."""

import io
import json
import random
from collections import deque

import PIL.Image

from skulens.chat.checks.canary_pictures import read_canary
from skulens.protocols import Reply
from skulens.records import Image, SystemInfo

SEEN: dict[bytes, tuple[str, int] | None] = {}


def see(image: Image) -> tuple[str, int] | None:
    data = image.read()
    if data not in SEEN:
        SEEN[data] = read_canary(PIL.Image.open(io.BytesIO(data)))
    return SEEN[data]


class Pretend:
    """A server that answers `window` questions at once, in any order.

    Args:
        mode: "" honest, "radix" (the first picture seen behind the same instructions), "swap" (two
            answers of one window change places), "stale" (the picture of the request before),
            "noise" (wrong now and then), "wrong" (wrong for some pictures, always the same way),
            "blind" (one answer for all), "refuses" (no pictures), "prose" (words, no JSON).
        rate: share of answers that meet the mode.
    """

    def __init__(self, mode="", rate=1.0, window=16, seed=0):
        self.mode, self.rate, self.window = mode, rate, window
        self.rng = random.Random(f"{mode} {rate} {seed}")
        self.first: dict[str, tuple[str, int]] = {}
        self.before: tuple[str, int] | None = None
        self.asked = 0

    @property
    def info(self):
        return SystemInfo(name="pretend", kind="chat", identity="pretend")

    def ask(self, questions):
        questions = iter(questions)
        while batch := [q for _, q in zip(range(self.window), questions, strict=False)]:
            yield from self.answer(batch)

    def answer(self, batch):
        self.asked += len(batch)
        said = [self.look(q) for q in batch]
        if self.mode == "swap" and len(batch) > 1:
            for i in range(len(said)):
                if self.rng.random() < self.rate:
                    said[i] = see(batch[(i + 1) % len(batch)].parts[0])
        replies = deque(self.reply(q, answer) for q, answer in zip(batch, said, strict=True))
        self.rng.shuffle(replies)
        return replies

    def look(self, question):
        truth = see(question.parts[0])
        answer = truth
        meets = self.rng.random() < self.rate
        if self.mode == "radix" and meets:
            answer = self.first.setdefault(question.system, truth)
        elif self.mode == "stale" and meets and self.before:
            answer = self.before
        elif self.mode == "noise" and meets:
            answer = (truth[0], self.rng.randrange(10_000))
        elif self.mode == "wrong" and truth[1] % 1000 < 1000 * self.rate:
            answer = (truth[0], truth[1] + 1)
        elif self.mode == "blind":
            answer = ("red", 1234)
        self.before = truth
        return answer

    def reply(self, question, answer):
        if self.mode == "refuses":
            return Reply(question.id, error="image_corrupt", reason="no pictures, please")
        if self.mode == "prose":
            text = f"The colour is {answer[0]}, and the number {answer[1]}."
            return Reply(question.id, text, error="invalid_json")
        value = {"colour": answer[0], "number": answer[1]}
        return Reply(question.id, json.dumps(value), value, "stop")
