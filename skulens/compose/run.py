"""Proposals -> accepted queries with all their answers, until every quota is filled."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from skulens.compose.constraints import CONSTRAINTS
from skulens.compose.pool import Pool
from skulens.compose.profiles import Profile
from skulens.compose.proposals import NONE, Composed, Composition, Proposals
from skulens.registry import resolve

BATCH = 4096
"""Proposals drawn at a time."""
LIMIT = 2_000_000
"""Proposals of one quota before it is given up."""


def compose(
    pool: Pool, quotas: Mapping[int, int], profile: Profile, seed: int = 0, limit: int = LIMIT
) -> Composition:
    """Queries until each quota is filled or its proposals are used up.

    Args:
        quotas: conditions -> accepted queries.
        limit: proposals of each quota.
    Returns:
        What was accepted, in the order of the quotas and of proposals; what stopped the others.
    """
    funnel: Counter[tuple[str, str]] = Counter()
    accepted: list[Composed] = []
    missing: dict[str, int] = {}
    for conditions, wanted in quotas.items():
        before = len(accepted)
        for query in propose(pool, profile, seed, conditions, limit, funnel):
            if len(accepted) - before == wanted:
                break
            accepted.append(query)
        if short := wanted - (len(accepted) - before):
            missing[f"n_conditions={conditions}"] = short
    return Composition(accepted, dict(funnel), missing)


def propose(
    pool: Pool, profile: Profile, seed: int, conditions: int, limit: int, funnel: Counter
) -> Iterator[Composed]:
    """Acceptable queries of one number of conditions, in the order of their proposals."""
    for method in profile.samplers:
        sampler = resolve("sampler", method)()
        for start in range(0, limit, BATCH):
            ids = np.arange(start, start + BATCH, dtype=np.uint64)
            ids |= np.uint64(conditions) << np.uint64(56)
            drawn = sampler.draw(pool, seed, ids, conditions)
            for query in judge(pool, drawn, profile, funnel):
                funnel[method, "accepted"] += 1
                yield query


def judge(pool: Pool, drawn: Proposals, profile: Profile, funnel: Counter) -> Iterator[Composed]:
    """What of a batch is acceptable; the rest is counted under the rule that refused it."""
    funnel[drawn.method, "proposed"] += len(drawn)
    funnel[drawn.method, "nothing to draw"] += int(drawn.failed.sum())
    left = drawn.take(~drawn.failed)
    for name in profile.constraints:
        refused = CONSTRAINTS[name](pool, left)
        funnel[drawn.method, name] += int(refused.sum())
        left = left.take(~refused)
    for row in range(len(left)):
        shown = tuple(
            (int(p), int(q))
            for p, q in zip(left.products[row], left.pairs[row], strict=True)
            if q != NONE
        )
        kind = int(left.kind[row]) if profile.name_class else NONE
        answers = answers_of(pool, shown, kind)
        if not len(answers) or len(answers) >= profile.most_share * len(pool):
            funnel[drawn.method, "answers"] += 1
            continue
        yield Composed(
            id=int(left.ids[row]),
            method=drawn.method,
            shown=shown,
            kind=kind,
            target=int(left.target[row]),
            answers=answers,
            near=np.empty(0, np.int32),
            log_importance=float(left.log_importance[row]),
            tags={},
        )


def answers_of(pool: Pool, shown: Sequence[tuple[int, int]], kind: int) -> np.ndarray:
    """Products with every pair, of the class named, that the query does not show."""
    found = pool.answers([pair for _, pair in shown if pair >= 0], kind)
    return found[~np.isin(found, [product for product, _ in shown])]
