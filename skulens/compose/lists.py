"""Lists of proposals with what was decided: how two composers are held against each other.

JSON Lines, one proposal each, ids as strings:

    {"id": "17", "method": "conventional-uniform", "class": null, "target": null,
     "conditions": [["4711", "color", "blue"], ["4712", "shape", "round"]],
     "decision": "accepted", "answers": ["4713"]}

`conditions` are (product shown, key, value) in the order of the query; `decision` is "accepted" or
the rule that refused it. A condition of the style as a whole has MERIT's key and value.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from skulens.compose.judge import ACCEPTED, FAILED, judge, steps_of
from skulens.compose.pool import Pool
from skulens.compose.profiles import Profile
from skulens.compose.proposals import MOST, NONE, WHOLE, Proposals
from skulens.compose.words import STYLE
from skulens.errors import DataError
from skulens.files import write_whole
from skulens.records import Reject
from skulens.registry import resolve

AS_SHOWN = "as product image"
"""What MERIT has for the value of the whole-product style."""
BATCH = 4096
UNKNOWN_PRODUCT, UNKNOWN_PAIR, UNKNOWN_CLASS = "unknown-product", "unknown-pair", "unknown-class"
NOT_SHOWN, MISCOUNTED = "not-shown", "miscounted"
"""Beside the profile's rules: a product, a (key, value) or a class that the pool lacks, a reference
without the value it is shown for, and fewer than two or more than four conditions."""


@dataclass(frozen=True)
class Proposed:
    """One proposal of a list; see the module.

    Attributes:
        kind: class named; None: that of the target, or drawn, where the profile names one.
        target: the answer that the method began with.
    """

    id: str
    method: str
    conditions: tuple[tuple[str, str, str], ...]
    kind: str | None = None
    target: str | None = None
    decision: str = ""
    answers: tuple[str, ...] = ()


def list_proposals(
    pool: Pool, method: str, profile: Profile, count: int, seed: int = 0, conditions: int = 0
) -> Iterator[Proposed]:
    """The first `count` proposals of a method, judged. Failed draws have no conditions."""
    sampler = resolve("sampler", method)(pool)
    for first in range(0, count, BATCH):
        ids = np.arange(first, min(first + BATCH, count), dtype=np.uint64)
        drawn = sampler.draw(seed, ids, conditions)
        yield from decide(pool, drawn, profile, seed)


def decide(pool: Pool, drawn: Proposals, profile: Profile, seed: int) -> Iterator[Proposed]:
    """Each proposal of a batch with what was decided."""
    judged, steps = judge(pool, drawn, profile, seed), steps_of(profile)
    accepted = {int(place): row for row, place in enumerate(judged.places)}
    for place in range(len(drawn)):
        row, kind = accepted.get(place), int(drawn.kind[place])
        if row is not None:
            kind = int(judged.accepted.kind[row])
        target = int(drawn.target[place])
        failed = steps[judged.stops[place]] == FAILED
        yield Proposed(
            id=str(drawn.ids[place]),
            method=drawn.method,
            conditions=() if failed else conditions_of(pool, drawn, place),
            kind=pool.kind.names[kind] if kind >= 0 else None,
            target=pool.ids[target] if target >= 0 else None,
            decision=steps[judged.stops[place]],
            answers=() if row is None else tuple(pool.ids[int(a)] for a in judged.answers[row]),
        )


def conditions_of(pool: Pool, drawn: Proposals, row: int) -> tuple[tuple[str, str, str], ...]:
    """(product, key, value) of each condition of a proposal."""
    shown = zip(drawn.products[row].tolist(), drawn.pairs[row].tolist(), strict=True)
    return tuple(
        (pool.ids[product], *(pool.pairs[pair] if pair != WHOLE else (STYLE, AS_SHOWN)))
        for product, pair in shown
        if pair != NONE
    )


def judge_list(
    pool: Pool, listed: Iterable[Proposed], profile: Profile, seed: int = 0
) -> list[Proposed]:
    """The same proposals, judged by the rules of a profile; what they say of themselves is ignored.

    Args:
        seed: names the class where a profile names one and the list does not.
    """
    listed = list(listed)
    coder = Coder(pool)
    found = [replace(p, decision=coder.reason_against(p), answers=()) for p in listed]
    sound = [i for i, p in enumerate(found) if not p.decision]
    for method in dict.fromkeys(found[i].method for i in sound):
        mine = [i for i in sound if found[i].method == method]
        for first in range(0, len(mine), BATCH):
            part = mine[first : first + BATCH]
            coded = coder.code([found[i] for i in part])
            for i, judged in zip(part, decide(pool, coded, profile, seed), strict=True):
                kind = judged.kind if judged.decision == ACCEPTED else found[i].kind
                found[i] = replace(
                    found[i], decision=judged.decision, answers=judged.answers, kind=kind
                )
    return found


class Coder:
    """Ids and texts of lists -> numbers of a pool."""

    def __init__(self, pool: Pool):
        self.pool = pool
        self.products = {id_: i for i, id_ in enumerate(pool.ids)}
        self.pairs = {pair: i for i, pair in enumerate(pool.pairs)} | {(STYLE, AS_SHOWN): WHOLE}
        self.kinds = {name: i for i, name in enumerate(pool.kind.names)}

    def reason_against(self, listed: Proposed) -> str:
        """Why it cannot be judged, or "": it can."""
        shown = [product for product, _, _ in listed.conditions]
        if not 2 <= len(shown) <= MOST:
            return FAILED if not shown else MISCOUNTED
        if not {*shown, *([listed.target] if listed.target else [])} <= self.products.keys():
            return UNKNOWN_PRODUCT
        if not {(key, value) for _, key, value in listed.conditions} <= self.pairs.keys():
            return UNKNOWN_PAIR
        if listed.kind is not None and listed.kind not in self.kinds:
            return UNKNOWN_CLASS
        for product, key, value in listed.conditions:
            pair = self.pairs[key, value]
            if pair != WHOLE and pair not in self.pool.pairs_of(self.products[product]):
                return NOT_SHOWN
        return ""

    def code(self, listed: Sequence[Proposed]) -> Proposals:
        """Proposals of one method that nothing speaks against."""
        n = len(listed)
        products, pairs = (np.full((n, MOST), NONE, np.int32) for _ in range(2))
        for row, proposed in enumerate(listed):
            for i, (product, key, value) in enumerate(proposed.conditions):
                products[row, i] = self.products[product]
                pairs[row, i] = self.pairs[key, value]
        target = np.array([self.products.get(p.target or "", NONE) for p in listed], np.int32)
        named = np.array([self.kinds.get(p.kind or "", NONE) for p in listed], np.int32)
        of_target = np.where(target == NONE, NONE, self.pool.kind.codes[target])
        return Proposals(
            ids=np.array([number_of(p.id, row) for row, p in enumerate(listed)], np.uint64),
            method=listed[0].method,
            products=products,
            pairs=pairs,
            kind=np.where(named == NONE, of_target, named),
            target=target,
            failed=np.zeros(n, bool),
        )


def number_of(id_: str, place: int) -> int:
    """The number that decides the draws of a proposal: its id, or its place if that is none."""
    return int(id_) if id_.isdecimal() and int(id_) < 1 << 64 else place


def write_list(path: Path, listed: Iterable[Proposed]) -> None:
    """A list as JSON Lines, complete or not there."""

    def write(file) -> None:
        for proposed in listed:
            row = asdict(proposed)
            row["class"] = row.pop("kind")
            file.write((json.dumps(row) + "\n").encode())

    write_whole(path, write)


def read_list(path: Path) -> tuple[list[Proposed], list[Reject]]:
    """A list and the lines of it that are none.

    Raises:
        DataError: no such file.
    """
    found, rejects = [], []
    try:
        lines = path.read_bytes().splitlines()
    except OSError as e:
        raise DataError(f"cannot read the list of proposals {path}: {e}") from e
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found.append(read_line(json.loads(line)))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as e:
            reason = f"no proposal: {type(e).__name__}: {e}"
            rejects.append(Reject(f"{path}:{number}", "", reason, "see skulens/compose/lists.py"))
    return found, rejects


def read_line(row: dict) -> Proposed:
    """Ids may be numbers, as MERIT has them, of any size. Raises what a wrong shape raises."""
    target, kind = row.get("target"), row.get("class")
    return Proposed(
        id=str(row["id"]),
        method=str(row["method"]),
        conditions=tuple((str(p), str(key), str(value)) for p, key, value in row["conditions"]),
        kind=None if kind is None else str(kind),
        target=None if target is None else str(target),
        decision=str(row.get("decision", "")),
        answers=tuple(map(str, row.get("answers", ()))),
    )
