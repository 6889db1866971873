"""What the answers to a canary's questions mean; see `chat.checks.canary`."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from skulens.chat.checks.canary_pictures import CanaryPicture

LEAST_DISTINCT = 10
"""Different answers alone, below which a model cannot tell the pictures apart."""
STRAYS = 3
"""Pictures whose numbers turn up elsewhere: one may be misread, so many are not."""
LEVEL = 0.05
"""Of the test of differences that are no other picture's answer."""
NUMBER = re.compile(r"\b\d{4}\b")
RATES = (0.02, 0.05, 0.10, 0.16)
"""Shares of answers mixed up, for which the power is told; 16 %: the case of sglang-omni#258."""
Verdict = Literal["pass", "fail", "unjudged"]


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
    strays: tuple[Mixup, ...]
    """Answers with another picture's number where the answer alone does not stand: of unsteady
    pictures, and those given alone (round -1)."""
    unsure: int
    """Differences of pictures that turned out unsteady; not compared."""
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


@dataclass
class CanaryAnswers:
    """All answers; a picture without one is absent."""

    pictures: Sequence[CanaryPicture]
    pairs: int
    rounds: int
    once: dict[int, str] = field(default_factory=dict)
    """Picture -> answer alone."""
    again: dict[int, str] = field(default_factory=dict)
    """The same, a second time."""
    together: list[tuple[int, int, str]] = field(default_factory=list)
    """(round, picture, answer)."""
    retried: dict[int, str] = field(default_factory=dict)
    """Picture -> answer alone, of those that differed together."""
    failed: int = 0
    foreign: int = 0
    """Replies that belong to no open question."""
    last: str = ""
    """Why the latest failure failed."""

    @property
    def steady(self) -> dict[int, str]:
        """Picture -> its answer alone, where that is always the same."""
        return {
            i: answer
            for i, answer in self.once.items()
            if self.again.get(i) == answer and self.retried.get(i, answer) == answer
        }

    @property
    def unsteady(self) -> set[int]:
        return {i for i in self.once if i in self.again} - set(self.steady)

    @property
    def differ(self) -> list[tuple[int, int, str]]:
        """Those of `together` that are not the answer alone."""
        return [(n, i, answer) for n, i, answer in self.together if answer != self.once[i]]

    @property
    def compared(self) -> list[tuple[int, int, str]]:
        """Those of `together` whose picture is steady."""
        steady = self.steady
        return [row for row in self.together if row[1] in steady]

    @property
    def mixups(self) -> list[Mixup]:
        """Differences of steady pictures."""
        steady = self.steady
        made = []
        for n, i, answer in self.differ:
            if i in steady:
                same = (j for j, other in steady.items() if other == answer and j != i)
                of = next(same, self.shown_elsewhere(i, answer))
                made.append(Mixup(i, n, steady[i], answer, of))
        return made

    @property
    def strays(self) -> list[Mixup]:
        """See `CanaryReport.strays`."""
        return [m for m in self._elsewhere() if m.of is not None]

    def _elsewhere(self) -> Iterator[Mixup]:
        for answers in (self.once, self.again):
            for i, said in answers.items():
                yield Mixup(i, -1, self.pictures[i].answer, said, self.shown_elsewhere(i, said))
        for n, i, said in self.differ:
            if i in self.unsteady:
                yield Mixup(i, n, self.once[i], said, self.shown_elsewhere(i, said))

    def shown_elsewhere(self, i: int, answer: str) -> int | None:
        """The picture whose number an answer on picture `i` tells."""
        numbers = {p.number: j for j, p in enumerate(self.pictures)}
        said = {int(n) for n in NUMBER.findall(answer)}
        if self.pictures[i].number in said:
            return None
        return next((numbers[n] for n in sorted(said) if n in numbers), None)

    @property
    def p(self) -> float:
        """Of the differences of steady pictures that are nobody's."""
        own = sum(m.of is None for m in self.mixups)
        alone = len(self.again) + len(self.retried)
        return exact_p(own, len(self.compared), len(self.unsteady), alone)


def can_tell_apart(steady: dict[int, str], pairs: int) -> bool:
    """Whether enough pictures have an answer, and enough of them their own."""
    return len(set(steady.values())) >= min(LEAST_DISTINCT, pairs) and len(steady) >= pairs


def judge(seen: CanaryAnswers) -> tuple[Verdict, str]:
    """The verdict, and why it is no pass."""
    mixups, strays, steady = seen.mixups, seen.strays, seen.steady
    shown, answered, p = len(seen.pictures), len(seen.compared), seen.p
    if any(m.of is not None for m in mixups) or (mixups and p < LEVEL):
        return "fail", tell_mixups(mixups, answered)
    if len({m.of for m in strays}) >= STRAYS:
        asked = len(seen.once) + len(seen.again) + len(seen.together)
        return "fail", tell_mixups(strays, asked, "")
    if seen.foreign:
        return "fail", f"{seen.foreign} replies belong to no open question: update the engine"
    if not seen.once:
        return "unjudged", f"no picture got an answer ({seen.last or 'no reply'})"
    if len(steady) < seen.pairs:
        return "unjudged", (
            f"asked more than once alone, only {len(steady)} of {shown} pictures got the same "
            "answer; set temperature 0, or check this model by its results"
        )
    if not can_tell_apart(steady, seen.pairs):
        return "unjudged", (
            f"{len(set(steady.values()))} different answers to {shown} different pictures, "
            f"expected at least {min(LEAST_DISTINCT, seen.pairs)}: the model does not see them"
        )
    if mixups:
        return "unjudged", (
            f"{len(mixups)} of {answered} answers given together differ from those alone, none is "
            f"another picture's, and {len(seen.unsteady)} of {shown} pictures got different "
            f"answers alone, too (p = {p:.2g})"
        )
    if answered < seen.rounds * len(steady) / 2:
        return "unjudged", f"{seen.failed} questions got no answer ({seen.last or 'no reply'})"
    return "pass", ""


def make_report(
    seen: CanaryAnswers,
    verdict: Verdict,
    why: str,
    usage: dict[str, int],
    seconds: float,
    seed: int,
) -> CanaryReport:
    steady, answered = seen.steady, len(seen.compared)
    visible = visibility(list(steady.values()))
    return CanaryReport(
        verdict,
        why,
        seen.pairs,
        seen.rounds,
        len(steady),
        len(set(steady.values())),
        sum(steady.get(i) == p.answer for i, p in enumerate(seen.pictures)),
        tuple(sorted(seen.unsteady)),
        answered,
        seen.failed,
        tuple(seen.mixups),
        tuple(seen.strays),
        len(seen.together) - answered,
        seen.p,
        {rate: (1 - rate * visible) ** answered for rate in RATES},
        usage,
        seconds,
        seed,
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


def tell_mixups(mixups: Sequence[Mixup], answered: int, given: str = "given together ") -> str:
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
        f"{len(mixups)} of {answered} answers {given}are {what}: {'; '.join(shown)}{more}. "
        f"Nothing this server says about pictures can be trusted. {todo}"
    )
