"""Whether a server mixes up pictures: the same question about many pictures, alone and together.

Serving engines have answered from another request's picture, with a normal finish reason, because
a prefix cache compared only the identical placeholder tokens of pictures: 22 instead of 30 right of
50 (sgl-project/sglang-omni#258, also reported in vllm-project/vllm#20261). No single answer shows
it. So before a bulk run, and decided before the first answer:

- Alone: each picture is asked about twice, one question at a time, with a random nonce at the very
  start of the system turn, so that no prefix cache can match. Pictures whose two answers differ, or
  that got none, are not judged.
- Together: the same pictures with one and the same prompt, in pairs, many at once, in shuffled
  order, for several rounds.
- Whatever differs from the answer alone is asked once more alone, to tell a mix-up from a model that
  is not sure. One answer that is another picture's fails the server. Differences that are nobody's
  fail it where they are significantly more frequent than alone (Fisher's exact test, one-sided);
  fewer of them may be the model's own, so that the server cannot be judged.

Nor can it where a model does not tell the pictures apart, or its answers alone vary: that is a
warning, never a pass. `CanaryReport.power` says what a pass is worth.
"""

import math
import random
import re
import secrets
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from skulens.chat.canary_pictures import COLOURS, CanaryPicture, make_canary, read_canary
from skulens.chat.parse import strip_reasoning
from skulens.errors import ChatError
from skulens.protocols import Ask, Chat, Reply

__all__ = ["Canary", "CanaryPicture", "CanaryReport", "guard", "make_canary", "read_canary"]

PAIRS = 20
ROUNDS = 8
"""Times that every picture is asked about together with the others."""
GIVE_UP = 3
"""Failures at the start after which no further picture is asked about."""
LEAST_DISTINCT = 10
"""Different answers alone, below which a model cannot tell the pictures apart."""
LEVEL = 0.05
"""Of the test of differences that are no other picture's answer."""
NUMBER = re.compile(r"\b\d{4}\b")
RATES = (0.02, 0.05, 0.10, 0.16)
"""Shares of answers mixed up, for which the power is told; 16 %: the case of sglang-omni#258."""
SYSTEM = (
    "You see one picture: a plain background, a small square of colour in each corner and a large "
    "number in the middle. Answer in JSON with the colour of the background and the number."
)
USER = "Which colour is the background, and which number stands in the middle?"
SCHEMA = {
    "type": "object",
    "properties": {
        "colour": {"type": "string", "enum": list(COLOURS)},
        "number": {"type": "integer"},
    },
    "required": ["colour", "number"],
    "additionalProperties": False,
}
SAMPLING = {"temperature": 0.0, "max_tokens": 64}

Verdict = Literal["pass", "fail", "unjudged"]
Watch = Callable[[Iterable[Any], str, int], Iterable[Any]]
"""Shows progress of (things, what, total) and hands the things on."""


@dataclass(frozen=True, slots=True)
class Mixup:
    """An answer that differs from the one that the picture got alone."""

    picture: int
    round: int
    alone: str
    together: str
    of: int | None
    """The picture whose answer or number it is; None: of none that was sent."""


@dataclass(frozen=True)
class CanaryReport:
    """What the canary saw."""

    verdict: Verdict
    why: str
    """A sentence on a verdict that is no pass."""
    pairs: int
    rounds: int
    judged: int
    """Pictures with a steady answer alone."""
    distinct: int
    """Different answers among them."""
    right: int
    """Pictures read right alone: of interest, and without influence on the verdict."""
    unsteady: tuple[int, ...]
    """Pictures whose answers alone differ."""
    answered: int
    """Answers given together that were compared."""
    failed: int
    """Questions without an answer, alone or together."""
    mixups: tuple[Mixup, ...]
    unsure: int
    """Differences of pictures that the model is not sure of."""
    p: float
    """Of the test of differences that are no other picture's answer."""
    power: dict[float, float]
    """Share of answers mixed up -> probability that this run would have missed all of them."""
    usage: dict[str, int]
    """Of all its questions, which no store and no ledger sees."""
    seconds: float
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self) | {"power": {f"{rate:g}": p for rate, p in self.power.items()}}


def guard(chat: Chat, pairs: int = PAIRS, rounds: int = ROUNDS) -> None:
    """Run the canary before a bulk run with pictures; its questions go to the engine itself.

    A server that cannot be judged gets a warning.

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
        once = self.ask_alone(range(2 * self.pairs), "alone")
        again = self.ask_alone(once, "alone again")
        steady = {i: answer for i, answer in once.items() if again.get(i) == answer}
        unsteady = {i for i in once if i in again and i not in steady}
        together = list(self.ask_together(steady)) if self.can_tell_apart(steady) else []
        differ = [(n, i, a) for n, i, a in together if a != steady[i]]
        retried = self.ask_alone(sorted({i for _, i, _ in differ}), "once more")
        sure = {i for i in retried if retried[i] == steady[i]}
        unsteady |= set(retried) - sure
        mixups = [self.classify(n, i, a, steady) for n, i, a in differ if i in sure]
        own = len(differ) - sum(m.of is not None for m in mixups)
        p = exact_p(own, len(together), len(unsteady), len(again) + len(retried))
        verdict, why = self.judge(steady, unsteady, together, mixups, p)
        visible = visibility(list(steady.values()))
        return CanaryReport(
            verdict,
            why,
            self.pairs,
            self.rounds,
            len(steady),
            len(set(steady.values())),
            sum(steady.get(i) == p.answer for i, p in enumerate(self.pictures)),
            tuple(sorted(unsteady)),
            len(together),
            self.failed,
            tuple(mixups),
            len(differ) - len(mixups),
            p,
            {rate: (1 - rate * visible) ** len(together) for rate in RATES},
            dict(self.usage),
            time.monotonic() - started,
            self.seed,
        )

    def ask_alone(self, which: Iterable[int], what: str) -> dict[int, str]:
        """Picture -> answer, one question at a time, none sharing its prefix with another."""
        answers = {}
        which = list(which)
        for i in self.watch(which, what, len(which)):
            nonce = secrets.token_hex(8)
            ask = make_ask(f"canary-{nonce}", self.pictures[i], f"{nonce}\n{SYSTEM}")
            for reply in self.chat.ask([ask]):
                answer = self.read(reply)
                if reply.id != ask.id or i in answers:
                    self.foreign += 1
                elif answer is not None:
                    answers[i] = answer
            if not answers and self.failed >= GIVE_UP:
                break
        return answers

    def ask_together(self, which: Sequence[int] | dict[int, str]) -> Iterator[tuple[int, int, str]]:
        """(round, picture, answer) of all rounds; pairs are sent one behind the other."""
        rng = random.Random(self.seed)
        asked = []
        for n in range(self.rounds):
            order = list(which)
            rng.shuffle(order)
            asked += [(n, i) for i in order]
        waiting = {f"canary-{n}-{i}": (n, i) for n, i in asked}
        asks = (make_ask(f"canary-{n}-{i}", self.pictures[i], SYSTEM) for n, i in asked)
        for reply in self.watch(self.chat.ask(asks), "together", len(asked)):
            if reply.id not in waiting:
                self.foreign += 1
                continue
            n, i = waiting.pop(reply.id)
            answer = self.read(reply)
            if answer is not None:
                yield n, i, answer
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
            return words
        self.failed += 1
        self.last = f"{reply.error or 'empty'}: {reply.reason}" if reply.reason else reply.error
        return None

    def can_tell_apart(self, steady: dict[int, str]) -> bool:
        distinct = len(set(steady.values()))
        return distinct >= min(LEAST_DISTINCT, self.pairs) and len(steady) >= self.pairs

    def classify(self, n: int, i: int, answer: str, steady: dict[int, str]) -> Mixup:
        """Whose answer it is that picture `i` got in round `n`: what another one got alone, or the
        number that another one shows."""
        of = next((j for j, other in steady.items() if other == answer and j != i), None)
        if of is None:
            numbers = {p.number: j for j, p in enumerate(self.pictures) if j != i}
            said = [int(n) for n in NUMBER.findall(answer)]
            of = next((numbers[n] for n in said if n in numbers), None)
        return Mixup(i, n, steady[i], answer, of)

    def judge(
        self,
        steady: dict[int, str],
        unsteady: set[int],
        together: Sequence[tuple[int, int, str]],
        mixups: Sequence[Mixup],
        p: float,
    ) -> tuple[Verdict, str]:
        """The verdict and why it is no pass."""
        shown = len(self.pictures)
        if any(m.of is not None for m in mixups) or (mixups and p < LEVEL):
            return "fail", tell_mixups(mixups, len(together))
        if self.foreign:
            return "fail", f"{self.foreign} replies belong to no open question: update the engine"
        if not steady and not unsteady:
            return "unjudged", f"no picture got an answer ({self.last or 'no reply'})"
        if len(steady) < self.pairs:
            return "unjudged", (
                f"asked twice alone, only {len(steady)} of {shown} pictures got the same answer; "
                "set temperature 0, or check this model by its results"
            )
        if not self.can_tell_apart(steady):
            return "unjudged", (
                f"{len(set(steady.values()))} different answers to {shown} different pictures, "
                f"expected at least {min(LEAST_DISTINCT, self.pairs)}: the model does not see them"
            )
        if mixups:
            return "unjudged", (
                f"{len(mixups)} of {len(together)} answers given together differ from those alone, "
                f"none is another picture's, and {len(unsteady)} of {shown} pictures got different "
                f"answers alone, too (p = {p:.2g})"
            )
        if len(together) < self.rounds * len(steady) / 2:
            return "unjudged", f"{self.failed} questions got no answer ({self.last or 'no reply'})"
        return "pass", ""


def make_ask(id_: str, picture: CanaryPicture, system: str) -> Ask:
    return Ask(
        id_, (picture.image, USER), system, SCHEMA, SAMPLING, template="canary.v1", stage="canary"
    )


def exact_p(m: int, n: int, a: int, alone: int) -> float:
    """Probability of `m` or more of all `m + a` differences among the `n` answers given together,
    were they as frequent as among those `alone`: Fisher's exact test, one-sided."""
    both, total = m + a, n + alone
    ways = sum(math.comb(n, k) * math.comb(alone, both - k) for k in range(m, min(n, both) + 1))
    return ways / math.comb(total, both) if 0 < both <= total else 1.0


def visibility(answers: Sequence[str]) -> float:
    """Probability that another picture's answer, drawn at random, differs from one's own."""
    n = len(answers)
    if n < 2:
        return 0.0
    same = sum(answers.count(a) - 1 for a in answers)
    return 1 - same / (n * (n - 1))


def tell_mixups(mixups: Sequence[Mixup], answered: int) -> str:
    """How many, which, and what to do."""
    swapped = [m for m in mixups if m.of is not None]
    shown = [
        f"picture {m.picture} ({m.alone}) got "
        + (f"the answer of picture {m.of} ({m.together})" if m.of is not None else repr(m.together))
        for m in [*swapped, *(m for m in mixups if m.of is None)][:3]
    ]
    more = f" and {len(mixups) - 3} more" if len(mixups) > 3 else ""
    what = "another picture's" if swapped else "other than when asked alone"
    todo = (
        "Turn prefix caching off (vLLM: --no-enable-prefix-caching and --mm-processor-cache-gb 0; "
        "SGLang: --disable-radix-cache) or update the engine, and run `skulens chat check` again"
        if swapped
        else "The engine's numbers depend on what it computes beside: turn batch-invariant mode on "
        "(VLLM_BATCH_INVARIANT=1, SGLang: --enable-deterministic-inference) or prefix caching off"
    )
    return (
        f"{len(mixups)} of {answered} answers given together are {what}: {'; '.join(shown)}{more}. "
        f"Nothing this server says about pictures can be trusted. {todo}"
    )
