"""What systems have seen in training of what they are asked for."""

from collections.abc import Sequence
from dataclasses import replace

from skulens.bench.result import TRAINED
from skulens.bench.task import Task
from skulens.records import Query, SystemInfo
from skulens.trained_on import find_trained

Seen = frozenset[str] | None
"""Products that a system has seen in training; None where it does not say."""


def find_seen(task: Task, system: SystemInfo) -> Seen:
    """Of the products of a task those that a system has seen in training."""
    return find_trained(system, task.dataset, task.products)


def slice_by_training(task: Task, seen: Seen) -> Task:
    """The task, sliced by whether the answer was seen in training, where both occur."""
    if not seen or len(seen) == len(task.products):
        return task

    def slice_of(query: Query, tag: str) -> str:
        if tag == TRAINED:
            return "seen" if seen.intersection(query.answers) else "unseen"
        return task.slice_of(query, tag)

    return replace(task, slices=(*task.slices, TRAINED), slice_of=slice_of)


def count_trained(task: Task, seen: Seen, queries: Sequence[Query]) -> dict[str, int]:
    """How many of the products asked for the system has seen in training, and how many not.

    Of a system that does not say what it has seen, at most how many the run takes for unseen.
    """
    asked = {p for q in queries for p in q.answers}
    if seen is None:
        return {"unseen_products": len(asked)} if task.variant.get(TRAINED) == "unseen" else {}
    return {"seen_products": len(asked & seen), "unseen_products": len(asked - seen)}
