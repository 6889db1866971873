"""Whether a server mixes up pictures: the same question about many pictures, alone and together.

Serving engines have answered from another request's picture, with a normal finish reason, because
a prefix cache compared only the identical placeholder tokens of pictures: 22 instead of 30 right of
50 (sgl-project/sglang-omni#258, also reported in vllm-project/vllm#20261). No single answer shows
it. So before a bulk run, and decided before the first answer:

- Alone: each picture is asked about twice, one question at a time, with a random nonce at the very
  start of the system turn, so that no prefix cache can match. Pictures whose two answers differ, or
  that got none, are not judged.
- Together: the same pictures behind one and the same text, many at once, in shuffled order, for
  several rounds, whose letter is the last word of the question.
- Whatever differs from the answer alone is asked once more alone, to tell a mix-up from a model that
  is not sure. One answer that is another picture's fails the server. Differences that are nobody's
  fail it where they are significantly more frequent than alone (Fisher's exact test, one-sided);
  fewer of them may be the model's own, so that the server cannot be judged.

Nor can it where a model does not tell the pictures apart, or its answers alone vary: that is a
warning, never a pass. `CanaryReport.power` says what a pass is worth.
"""

import random
import secrets
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from skulens.chat.checks.canary_judge import (
    CanaryAnswers,
    CanaryReport,
    can_tell_apart,
    judge,
    make_report,
)
from skulens.chat.checks.canary_pictures import COLOURS, CanaryPicture, make_canary, read_canary
from skulens.chat.parse import strip_reasoning
from skulens.errors import ChatError
from skulens.protocols import Ask, Chat, Reply

__all__ = ["Canary", "CanaryPicture", "CanaryReport", "guard", "make_canary", "read_canary"]

PAIRS = 20
ROUNDS = 8
"""Times that every picture is asked about together with the others."""
GIVE_UP = 3
"""Failures at the start after which no further picture is asked about."""
SYSTEM = (
    "You see one picture: a plain background, a small square of colour in each corner and a large "
    "number in the middle. Answer in JSON with the colour of the background and the number."
)
USER = "Which colour is the background, and which number stands in the middle? (Round {}.)"
SCHEMA = {
    "type": "object",
    "properties": {
        "colour": {"type": "string", "enum": list(COLOURS)},
        "number": {"type": "integer"},
    },
    "required": ["colour", "number"],
    "additionalProperties": False,
}
SAYS = "says: "
"""Before an answer that is no JSON."""
SAMPLING = {"temperature": 0.0, "max_tokens": 64}

Watch = Callable[[Iterable[Any], str, int], Iterable[Any]]
"""Shows progress of (things, what, total) and hands the things on."""


def guard(chat: Chat, pairs: int = PAIRS, rounds: int = ROUNDS) -> bool:
    """Run the canary before a bulk run with pictures; its questions go to the engine itself.

    Returns:
        Whether it passed; a server that cannot be judged did not, and gets a warning.

    Raises:
        ChatError: answers are mixed up: how many, which, and what to do.
    """
    report = Canary(chat, pairs, rounds).run()
    if report.verdict == "fail":
        raise ChatError(f"{chat.info.name}: {report.why}")
    if report.verdict == "unjudged":
        warnings.warn(
            f"whether {chat.info.name} mixes up pictures cannot be judged: {report.why}",
            stacklevel=2,
        )
    return report.verdict == "pass"


class Canary:
    """The protocol of this module.

    Args:
        chat: the engine itself, not one over a store of replies.
        seed: of the pictures and their order; None: new ones for every run, which no cache holds.
        watch: shows progress.
    """

    def __init__(
        self,
        chat: Chat,
        pairs: int = PAIRS,
        rounds: int = ROUNDS,
        seed: int | None = None,
        watch: Watch | None = None,
    ):
        self.chat, self.pairs, self.rounds = chat, pairs, rounds
        self.seed = secrets.randbelow(1 << 31) if seed is None else seed
        self.watch: Watch = watch or (lambda things, what, total: things)
        self.pictures = [make_canary(self.seed, i) for i in range(2 * pairs)]
        self.failed = 0
        self.foreign = 0
        """Replies to questions that were not asked, or asked once and answered twice."""
        self.last = ""
        self.usage: Counter[str] = Counter()

    def run(self) -> CanaryReport:
        """Ask and judge.

        Raises:
            ChatError: the server cannot be asked at all.
        """
        started = time.monotonic()
        seen = CanaryAnswers(self.pictures, self.pairs, self.rounds)
        seen.once = self.ask_alone(range(2 * self.pairs), "alone")
        seen.again = self.ask_alone(seen.once, "alone again", 1)
        if can_tell_apart(seen.steady, self.pairs):
            seen.together = list(self.ask_together(seen.steady))
            seen.retried = self.ask_again(seen.differ)
        seen.failed, seen.foreign, seen.last = self.failed, self.foreign, self.last
        verdict, why = judge(seen)
        return make_report(
            seen, verdict, why, dict(self.usage), time.monotonic() - started, self.seed
        )

    def ask_again(self, differ: Sequence[tuple[int, int, str]]) -> dict[int, str]:
        """Picture -> answer alone to the question of the round in which it first differed."""
        first = {i: n for n, i, _ in reversed(differ)}
        answers: dict[int, str] = {}
        for i, n in self.watch(first.items(), "once more", len(first)):
            answers |= self.ask_alone([i], "", n)
        return answers

    def ask_alone(self, which: Iterable[int], what: str, n: int = 0) -> dict[int, str]:
        """Picture -> answer to the question of round `n`, one at a time, none sharing its prefix
        with another."""
        answers = {}
        which = list(which)
        for i in self.watch(which, what, len(which)) if what else which:
            nonce = secrets.token_hex(8)
            ask = make_ask(f"canary-{nonce}", self.pictures[i], n, f"{nonce}\n")
            for reply in self.chat.ask([ask]):
                answer = self.read(reply)
                if reply.id != ask.id or i in answers:
                    self.foreign += 1
                elif answer is not None:
                    answers[i] = answer
            if not answers and self.failed >= GIVE_UP:
                break
        return answers

    def ask_together(self, which: Mapping[int, str]) -> Iterator[tuple[int, int, str]]:
        """(round, picture, answer) of all rounds, for pictures with their answers alone."""
        rng = random.Random(self.seed)
        asked = []
        for n in range(self.rounds):
            order = list(which)
            rng.shuffle(order)
            asked += [(n, i) for i in order]
        waiting = {f"canary-{n}-{i}": (n, i) for n, i in asked}
        asks = (make_ask(f"canary-{n}-{i}", self.pictures[i], n) for n, i in asked)
        for reply in self.watch(self.chat.ask(asks), "together", len(asked)):
            if reply.id not in waiting:
                self.foreign += 1
                continue
            n, i = waiting.pop(reply.id)
            answer = self.read(reply)
            if answer is None:
                continue
            if answer.startswith(SAYS) == which[i].startswith(SAYS):
                yield n, i, answer
            else:  # words where JSON came alone, or the other way round: broken, not mixed up
                self.failed += 1
        self.failed += len(waiting)

    def read(self, reply: Reply) -> str | None:
        """What an answer says, so that equal ones are equal; None for a failure.

        A model that writes no JSON is judged by its words.
        """
        self.usage.update(reply.usage)
        if isinstance(reply.value, dict):
            return f"{reply.value.get('colour')} {reply.value.get('number')}"
        words = " ".join(strip_reasoning(reply.text).lower().split())
        if reply.error in ("", "invalid_json", "schema_violation") and words:
            return SAYS + words
        self.failed += 1
        self.last = f"{reply.error or 'empty'}: {reply.reason}" if reply.reason else reply.error
        return None


def make_ask(id_: str, picture: CanaryPicture, n: int, nonce: str = "") -> Ask:
    """The question of round `n`."""
    letters = chr(ord("A") + n // 26 - 1) * (n >= 26) + chr(ord("A") + n % 26)
    parts = (picture.image, USER.format(letters))
    return Ask(id_, parts, nonce + SYSTEM, SCHEMA, SAMPLING, template="canary.v1", stage="canary")
