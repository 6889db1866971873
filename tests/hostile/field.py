"""What an attack is, how it is run, and what may come of it.

A case prepares something bad in an empty folder, gives it to skulens and says what happened. The
four ends that count are those of a job that met bad input: the input was handled (the right result,
or a reject row that says why), named (an error that says what is wrong), or skulens crashed, hung
or lost something without a word. Only the first two are allowed.
"""

import importlib
import signal
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import ModuleType

from skulens.errors import SkulensError

FIELDS = tuple(
    sorted(
        file.stem
        for file in Path(__file__).parent.glob("*.py")
        if file != Path(__file__) and "\ndef cases(" in file.read_text(encoding="utf-8")
    )
)
"""Modules of this package that have `cases(count, seed) -> Iterator[Case]`: at most `count` of
them, always the same for a seed, the hand-made ones first."""
SMALL, LARGE = 20, 200
"""Cases of a field among the tests, and in `python -m benchmarks.hostile`, unless its module has
constants of the same names."""


class Verdict(StrEnum):
    HANDLED = "handled"
    """The right result, with a reject for whatever was left out."""
    NAMED = "named"
    """A SkulensError that says what is wrong."""
    CRASHED = "crashed"
    """Any other exception."""
    HUNG = "hung"
    """Not done in the time allowed."""
    LOST = "lost"
    """Silently wrong, or something gone without a reject."""


ALLOWED = frozenset({Verdict.HANDLED, Verdict.NAMED})


@dataclass(frozen=True, slots=True)
class Case:
    """One attack."""

    name: str
    run: Callable[[Path], bool]
    """In an empty folder: whether the outcome is right. An exception is judged by `outcome`."""
    seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class Outcome:
    case: str
    verdict: Verdict
    detail: str = ""


class _Late(BaseException):
    """Past the time allowed; no `except Exception` may catch it."""


def outcome(case: Case, folder: Path) -> Outcome:
    """Run one case in an empty folder."""
    try:
        with _at_most(case.seconds):
            right = case.run(folder)
    except SkulensError as error:
        named = bool(str(error).strip())
        return Outcome(case.name, Verdict.NAMED if named else Verdict.LOST, str(error))
    except _Late:
        return Outcome(case.name, Verdict.HUNG, f"over {case.seconds:g} s")
    except Exception:
        return Outcome(case.name, Verdict.CRASHED, traceback.format_exc(limit=-6))
    return Outcome(case.name, Verdict.HANDLED if right else Verdict.LOST)


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Raise `_Late` in the main thread when the time is over (between two lines of Python)."""

    def late(number, frame):
        raise _Late

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def cases(field: str, count: int, seed: int) -> list[Case]:
    """The first `count` cases of a field."""
    found = module(field).cases(count, seed)
    return [case for case, _ in zip(found, range(count), strict=False)]


def small(field: str) -> int:
    """How many cases run among the tests."""
    return getattr(module(field), "SMALL", SMALL)


def large(field: str) -> int:
    """How many cases run in the benchmark."""
    return getattr(module(field), "LARGE", LARGE)


def module(field: str) -> ModuleType:
    return importlib.import_module(f"tests.hostile.{field}")


def tally(outcomes: list[Outcome]) -> dict[str, int]:
    """A line of the table: tried, and how many came to each end."""
    ends = Counter(o.verdict for o in outcomes)
    return {"tried": len(outcomes), **{v.value: ends[v] for v in Verdict}}
