"""Proposals -> accepted queries with all their answers, until every quota is filled.

The draws of a proposal depend on the seed, its number and its method alone, and batches are taken
in order: any size of batch and any number of workers give the same queries and the same funnel.
"""

import multiprocessing
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from skulens.compose.chance import stream_of, uniforms
from skulens.compose.judge import ACCEPTED, Judged, judge, steps_of
from skulens.compose.pool import Pool
from skulens.compose.profiles import Profile
from skulens.compose.proposals import Composed, Composition, Sampler, Shortfall
from skulens.compose.quotas import Quota, as_quotas
from skulens.compose.samplers.laws import MIXTURE
from skulens.registry import resolve

BATCH = 4096
"""Proposals drawn at a time."""
LEAST_TRIES = 10_000
"""Proposals of a method before it is given up, however few queries are asked of it."""
FULL, PROPOSED = "quota full", "proposed"
Methods = Sequence[tuple[str, float]]
"""Samplers and their shares of proposals."""
Progress = Callable[[int], None]
"""Told how many queries were accepted since it was last called."""


def compose(
    pool: Pool,
    quotas: Mapping[int, int] | Sequence[Quota],
    profile: Profile,
    seed: int = 0,
    limit: int | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> Composition:
    """Queries until each quota is filled or its proposals are used up.

    A query counts for the first quota that it fits and that is not full.

    Args:
        quotas: conditions -> accepted queries, or quotas.
        limit: proposals of each method and number of conditions; None: the profile's `tries`.
        workers: processes that draw and judge.
    Returns:
        What was accepted, by number of conditions, then method, in the order of proposals; what
        stopped the others; what is missing.
    Raises:
        DataError: two quotas of one name, or a profile with a constraint that there is none of.
        UnknownName: a profile with a sampler that there is none of.
    """
    steps_of(profile)
    wanted = as_quotas(quotas)
    work = Work(pool, profile, seed)
    tally = Tally()
    with Crew(work, workers) as crew:
        for conditions in dict.fromkeys(q.conditions for q in wanted):
            mine = [q for q in wanted if q.conditions == conditions]
            left = {q: q.count if is_possible(pool, q) else 0 for q in mine}
            for turn in turns(profile, conditions, left):
                tries = profile.tries * sum(turn.wanted.values())
                fill(crew, turn, limit or max(LEAST_TRIES, tries), tally, progress)
                left |= {q: q.count - tally.made[str(q)] for q in left if left[q]}
    missing = {str(q): short for q in wanted if (short := q.count - tally.made[str(q)]) > 0}
    funnel = in_order(tally.funnel, (PROPOSED, *steps_of(profile)[:-1], FULL, ACCEPTED))
    return Composition(tally.queries, funnel, missing, tuple(tally.shortfalls))


def in_order(funnel: Counter, steps: Sequence[str]) -> dict[tuple[str, str], int]:
    """The counts method by method, in the order of the steps."""
    methods = dict.fromkeys(method for method, _ in funnel)
    places = [(method, step) for method in methods for step in steps]
    return {place: funnel[place] for place in places if funnel[place]}


def is_possible(pool: Pool, quota: Quota) -> bool:
    """Whether the pool has the language and the class at all."""
    language = quota.language is None or quota.language in pool.language.names
    return language and (quota.kind is None or quota.kind in pool.kind.names)


@dataclass
class Turn:
    """What some methods are asked for together.

    Attributes:
        methods: with their shares of proposals.
        wanted: quota -> queries still to be made; counted down.
    """

    conditions: int
    methods: Methods
    wanted: dict[Quota, int]

    @property
    def name(self) -> str:
        return " + ".join(method for method, _ in self.methods)

    def fitting(self, language: str | None, kind: str | None) -> Quota | None:
        """The first quota that is not full and takes such a query."""
        for quota, open_ in self.wanted.items():
            if open_ and quota.language in (None, language) and quota.kind in (None, kind):
                return quota
        return None


def turns(profile: Profile, conditions: int, left: dict[Quota, int]) -> Iterator[Turn]:
    """Who is asked for queries of one number of conditions, one after another.

    Args:
        left: queries that each quota still wants; the caller counts them down between turns.
    """
    methods = [(profile.many, 1.0)] if conditions > 2 and profile.many else profile.methods
    methods = [(m, share) for m, share in methods if conditions in (0, *counts_of(m))]
    if profile.shares_of == "proposals" and methods:
        yield Turn(conditions, weigh_methods(methods, conditions), dict(left))
    elif methods:
        total, before, asked = sum(share for _, share in methods), 0.0, dict.fromkeys(left, 0)
        whole = dict(left)
        for method, share in methods:
            before += share / total
            wanted = {q: round(n * before) - asked[q] for q, n in whole.items()}
            asked = {q: asked[q] + n for q, n in wanted.items()}
            yield Turn(conditions, [(method, 1.0)], wanted)
    if profile.rest and [profile.rest] != [m for m, _ in methods] and any(left.values()):
        yield Turn(conditions, [(profile.rest, 1.0)], dict(left))


def counts_of(method: str) -> tuple[int, ...]:
    """Numbers of conditions that a method has queries of."""
    return resolve("sampler", method).counts


def weigh_methods(methods: Methods, conditions: int) -> Methods:
    """Shares of proposals, given their number of conditions."""
    law = dict(MIXTURE)
    several = [m for m, _ in methods if len(counts_of(m)) > 1]
    weights = {m: share * (law.get(conditions, 1) if m in several else 1) for m, share in methods}
    return [(m, weight / sum(weights.values())) for m, weight in weights.items()]


@dataclass
class Work:
    """Draws and judges; each process has one."""

    pool: Pool
    profile: Profile
    seed: int
    samplers: dict[str, Sampler] = field(default_factory=dict)

    def prepare(self, methods: Sequence[str]) -> None:
        """Build what all processes share, before there are any."""
        for method in methods:
            if method not in self.samplers:
                self.samplers[method] = resolve("sampler", method)(self.pool)
        _ = self.pool.bitmaps, self.pool.class_masks, self.pool.families

    def batch(
        self, methods: Methods, conditions: int, first: int, last: int
    ) -> list[tuple[Judged, np.ndarray]]:
        """Proposals first to last - 1, judged: for each method its own and their importance."""
        ids = np.arange(first, last, dtype=np.uint64)
        ids |= np.uint64(conditions) << np.uint64(56)
        edges = np.cumsum([share for _, share in methods])[:-1]
        chance = uniforms(self.seed, ids, 1, stream=stream_of("method"))[:, 0]
        chosen = np.searchsorted(edges, chance, side="right")
        self.prepare([method for method, _ in methods])
        found = []
        for place, (method, _) in enumerate(methods):
            sampler = self.samplers[method]
            drawn = sampler.draw(self.seed, ids[chosen == place], conditions)
            judged = judge(self.pool, drawn, self.profile, self.seed)
            found.append((judged, sampler.weigh(judged.accepted, judged.answers)))
        return found


@dataclass
class Tally:
    """What a composition has so far."""

    queries: list[Composed] = field(default_factory=list)
    funnel: Counter[tuple[str, str]] = field(default_factory=Counter)
    made: Counter[str] = field(default_factory=Counter)
    shortfalls: list[Shortfall] = field(default_factory=list)
    used: Counter[tuple[str, int]] = field(default_factory=Counter)
    """(method, conditions) -> number of the next proposal."""

    def add(self, work: Work, turn: Turn, batch: Sequence[tuple[Judged, np.ndarray]]) -> int | None:
        """Take what a batch has and the quotas want, in the order of proposals.

        Returns:
            The proposal that filled the last quota; None while one is open.
        """
        accepted = sorted(
            (int(id_), part, row)
            for part, (judged, _) in enumerate(batch)
            for row, id_ in enumerate(judged.accepted.ids)
        )
        verified = work.profile.verify_negatives
        end = None
        for id_, part, row in accepted:
            judged, weights = batch[part]
            query = judged.composed(row, float(weights[row]), verified)
            quota = turn.fitting(*language_and_class(work.pool, query))
            if quota is None:
                self.funnel[query.method, FULL] += 1
                continue
            self.queries.append(query)
            self.funnel[query.method, ACCEPTED] += 1
            self.made[str(quota)] += 1
            turn.wanted[quota] -= 1
            if not any(turn.wanted.values()):
                end = id_
                break
        for judged, _ in batch:
            self.count(judged, steps_of(work.profile), end)
        return end

    def count(self, judged: Judged, steps: Sequence[str], end: int | None) -> None:
        """Count where proposals up to `end` stopped; those behind it were never needed."""
        stops = judged.stops if end is None else judged.stops[judged.ids <= np.uint64(end)]
        method = judged.accepted.method
        self.funnel[method, PROPOSED] += len(stops)
        for step, number in zip(steps, np.bincount(stops, minlength=len(steps)), strict=True):
            if number and step != ACCEPTED:
                self.funnel[method, step] += int(number)

    def close(self, turn: Turn, asked: Mapping[Quota, int], proposed: int) -> None:
        """Note what a turn was asked for and could not make."""
        for quota, short in turn.wanted.items():
            if short:
                made = asked[quota] - short
                self.shortfalls.append(
                    Shortfall(turn.name, str(quota), asked[quota], made, proposed)
                )


def language_and_class(pool: Pool, query: Composed) -> tuple[str | None, str | None]:
    """The language of the first reference; the class named, else that of the first answer."""
    kind = query.kind if query.kind >= 0 else int(pool.kind.codes[query.answers[0]])
    return pool.language.of(query.shown[0][0]), pool.kind.names[kind] if kind >= 0 else None


def fill(
    crew: "Crew", turn: Turn, limit: int, tally: Tally, progress: Progress | None = None
) -> None:
    """Propose until the turn has what it wants or has drawn `limit` proposals."""
    asked = dict(turn.wanted)
    if not any(asked.values()):
        return
    mine = [(method, turn.conditions) for method, _ in turn.methods]
    first = max(tally.used[place] for place in mine)
    proposed = 0
    for last, batch in crew.batches(turn, first, first + limit):
        before = len(tally.queries)
        end = tally.add(crew.work, turn, batch)
        proposed = last - first
        if progress:
            progress(len(tally.queries) - before)
        if end is not None:
            proposed = (end & (1 << 56) - 1) + 1 - first
            break
    for place in mine:
        tally.used[place] = first + proposed
    tally.close(turn, asked, proposed)


_work: Work | None = None
"""Of a worker process."""


def _begin(work: Work) -> None:
    global _work
    _work = work


def _batch(methods: Methods, conditions: int, first: int, last: int):
    assert _work is not None
    return _work.batch(methods, conditions, first, last)


class Crew:
    """Batches in order, from this process or from several."""

    def __init__(self, work: Work, workers: int):
        self.work = work
        self.ahead = 2 * workers
        self.processes: ProcessPoolExecutor | None = None
        if workers > 1:
            methods = {m for m, _ in work.profile.methods}
            work.prepare(sorted(methods | {work.profile.many, work.profile.rest} - {""}))
            forks = "fork" in multiprocessing.get_all_start_methods()  # shares the pool's memory
            context = multiprocessing.get_context("fork" if forks else None)
            self.processes = ProcessPoolExecutor(workers, context, _begin, (work,))

    def __enter__(self) -> "Crew":
        return self

    def __exit__(self, *error) -> None:
        if self.processes:
            self.processes.shutdown(cancel_futures=True)

    def batches(self, turn: Turn, first: int, last: int) -> Iterator[tuple[int, list]]:
        """(number behind its last proposal, batch) of all proposals from first to last - 1."""
        bounds = [(a, min(a + BATCH, last)) for a in range(first, last, BATCH)]
        if self.processes is None:
            for a, b in bounds:
                yield b, self.work.batch(turn.methods, turn.conditions, a, b)
            return
        coming: deque[tuple[int, Future]] = deque()
        for a, b in bounds:
            future = self.processes.submit(_batch, turn.methods, turn.conditions, a, b)
            coming.append((b, future))
            if len(coming) > self.ahead:
                b, future = coming.popleft()
                yield b, future.result()
        for b, future in coming:
            yield b, future.result()
