"""A batch of proposals -> where each stops, and answers and hard negatives of what is accepted."""

from dataclasses import dataclass, replace

import numpy as np

from skulens.compose.answers import Answered, find_answers, without_references
from skulens.compose.chance import pick, stream_of, uniforms
from skulens.compose.constraints import ON_ANSWERS, ON_PROPOSALS
from skulens.compose.pool import Pool
from skulens.compose.profiles import Profile
from skulens.compose.proposals import MOST, NONE, Composed, Proposals
from skulens.compose.ragged import Ragged, ranges
from skulens.errors import DataError, nearest

FAILED, ACCEPTED = "nothing to draw", "accepted"


@dataclass(frozen=True)
class Judged:
    """A batch after judgement; rows of `accepted`, `answers` and `near` are one another's.

    Attributes:
        stops: (n,) int8, position in `steps_of(profile)` at which each proposal stopped.
        places: (accepted,) row of the batch that each accepted query was.
    """

    ids: np.ndarray
    stops: np.ndarray
    places: np.ndarray
    accepted: Proposals
    answers: Ragged
    near: Ragged

    def composed(self, row: int, weight: float, verified: bool) -> Composed:
        """One accepted query, its references in the order of its conditions."""
        asked = self.accepted
        shown = zip(asked.products[row].tolist(), asked.pairs[row].tolist(), strict=True)
        return Composed(
            id=int(asked.ids[row]),
            method=asked.method,
            shown=tuple((product, pair) for product, pair in shown if pair != NONE),
            kind=int(asked.kind[row]),
            target=int(asked.target[row]),
            answers=self.answers[row].copy(),
            near=self.near[row].copy(),
            log_importance=weight,
            tags={},
            near_verified=verified,
        )


def steps_of(profile: Profile) -> tuple[str, ...]:
    """Where proposals stop, in order.

    Raises:
        DataError: a constraint that there is none of.
    """
    known = [*ON_PROPOSALS, *ON_ANSWERS]
    for name in profile.constraints:
        if name not in known:
            near = nearest(name, known)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known)}"
            raise DataError(f"profile {profile.name!r}: unknown constraint {name!r}{hint}")
    ordered = [name for name in known if name in (*profile.constraints, "some-answer")]
    return (FAILED, *ordered, ACCEPTED)


def judge(pool: Pool, drawn: Proposals, profile: Profile, seed: int) -> Judged:
    """Every rule of the profile in turn; a proposal is counted where it is first refused.

    Args:
        seed: decides which class and which hard negatives are taken where several could be.
    """
    steps = steps_of(profile)
    stops = np.zeros(len(drawn), np.int8)
    rows = np.flatnonzero(~drawn.failed)
    left = drawn.take(rows)
    found: Answered | None = None
    for step, name in enumerate(steps[1:], 1):
        if name in ON_PROPOSALS:
            refused = ON_PROPOSALS[name](pool, left)
        else:
            found = found or answer(pool, left, profile, seed)
            if name == ACCEPTED:
                stops[rows] = step
                break
            refused = ON_ANSWERS[name](found, profile)
            found = found.take(~refused)
        stops[rows[refused]] = step
        left, rows = left.take(~refused), rows[~refused]
    assert found is not None
    near = choose_negatives(found, profile, seed)
    return Judged(drawn.ids, stops, rows, found.proposals, found.answers, near)


def answer(pool: Pool, asked: Proposals, profile: Profile, seed: int) -> Answered:
    """The proposals with the class that each names and all their answers, or only the target."""
    if not profile.name_class:
        asked = replace(asked, kind=np.full(len(asked), NONE, np.int32))
    if profile.lists_target(asked.method):
        return Answered(pool, asked, Ragged(np.arange(len(asked) + 1), asked.target))
    answers = without_references(find_answers(pool, asked.pairs, asked.kind), asked)
    if profile.name_class:
        asked, answers = name_classes(pool, asked, answers, seed)
    return Answered(pool, asked, answers)


def name_classes(
    pool: Pool, asked: Proposals, answers: Ragged, seed: int
) -> tuple[Proposals, Ragged]:
    """Where the method names no class: that of one of the answers, each equally likely."""
    open_ = (asked.kind == NONE) & (asked.target == NONE) & (answers.counts() > 0)
    if not open_.any():
        return asked, answers
    chance = uniforms(seed, asked.ids, 1, stream=stream_of(f"{asked.method} class"))[:, 0]
    places = answers.edges[:-1] + pick(chance, answers.counts())
    kind = asked.kind.copy()
    kind[open_] = pool.kind.codes[answers.members[places[open_]]]
    named = kind[answers.rows()]
    good = (named == NONE) | (pool.kind.codes[answers.members] == named)
    return replace(asked, kind=kind), answers.keep(good)


def choose_negatives(found: Answered, profile: Profile, seed: int) -> Ragged:
    """Hard negatives of each query.

    Verified ones are at most `near` // 2 siblings of the target, or of the first answer, and then
    products that fail exactly one condition, as many of each condition. They are no answers, and
    all products of the pool that satisfy the conditions are answers or references.
    """
    if profile.verify_negatives:
        half = np.full(len(found), profile.near // 2)
        siblings = sample(siblings_of(found), 1, half, seed, found.proposals, "siblings")
        asked = np.maximum((found.proposals.pairs >= 0).sum(axis=1), 1)
        most = np.repeat((profile.near - siblings.counts()) // asked, MOST)
        misses = sample(found.misses, MOST, most, seed, found.proposals, "near misses")
        return join(siblings, Ragged(misses.edges[::MOST], misses.members))
    siblings = siblings_of(found)
    if found.proposals.method in profile.sibling_methods:
        return siblings
    return siblings.keep(np.zeros(len(siblings.members), bool))


def siblings_of(found: Answered) -> Ragged:
    """Siblings of the target, or of the first answer, that are neither answers nor shown."""
    pool, asked = found.pool, found.proposals
    edges, members = pool.families
    first = found.answers.members[found.answers.edges[:-1]] if len(found) else asked.target
    spu = pool.spu.codes[np.where(asked.target == NONE, first, asked.target)]
    known = np.where(spu == NONE, 0, spu)
    if len(edges) == 1:
        return Ragged(np.zeros(len(found) + 1, np.int64), members)
    rows, places = ranges(edges[known], np.where(spu == NONE, edges[known], edges[known + 1]))
    kin = members[places]
    taken = found.answers.rows() * len(pool) + found.answers.members
    good = ~np.isin(rows * len(pool) + kin, taken)
    for product in asked.products.T:
        good &= kin != product[rows]
    return Ragged.of_rows(rows[good], kin[good], len(found))


def sample(
    lists: Ragged, width: int, most: np.ndarray, seed: int, asked: Proposals, what: str
) -> Ragged:
    """At most so many members of each list, evenly spaced from a random one on.

    Args:
        lists: `width` for each query.
    """
    counts = lists.counts()
    taken = np.minimum(counts, most)
    stream = stream_of(f"{asked.method} {what}")
    chance = uniforms(seed, asked.ids, MOST, stream=stream)[:, :width]
    rows, turn = ranges(np.zeros_like(taken), taken)
    spot = (turn + chance.reshape(-1)[rows]) * counts[rows] / taken[rows]
    places = lists.edges[rows] + np.minimum(spot.astype(np.int64), counts[rows] - 1)
    return Ragged.of_rows(rows, lists.members[places], len(counts))


def join(first: Ragged, second: Ragged) -> Ragged:
    """Members of the first, then those of the second that are not in the first, row by row."""
    rows = np.concatenate([first.rows(), second.rows()])
    members = np.concatenate([first.members, second.members])
    width = int(members.max(initial=0)) + 1
    _, once = np.unique(rows * width + members, return_index=True)
    once.sort()
    order = once[np.argsort(rows[once], kind="stable")]
    return Ragged.of_rows(rows[order], members[order], len(first))
