"""Pictures of a catalogue -> their scores, what they fail, and the best one of each product."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from skulens import pictures
from skulens.catalog.audit.finding import Shown
from skulens.catalog.audit.pictures import Looked, look_at_one, near_pairs
from skulens.curate.pictures.scores import PictureScore
from skulens.errors import unknown
from skulens.machine import count_cores
from skulens.records import Product, Reject
from skulens.registry import resolve

DUPLICATE = "duplicate"
CHUNK = 256
"""Pictures that are looked at before the next are read."""


@dataclass(frozen=True)
class Scored:
    """A picture with its scores."""

    product: str
    number: int
    """Position among the product's pictures."""
    path: str
    looked: Looked
    values: Mapping[str, float] = field(default_factory=dict)

    @property
    def readable(self) -> bool:
        return not self.looked.reason


@dataclass(frozen=True)
class Limits:
    """Scores in use and what is beyond which."""

    scores: Sequence[PictureScore]
    values: Mapping[str, float | None]

    def failed(self, scored: Scored) -> list[str]:
        """Names of the scores beyond their limit; NaN is beyond none."""
        found = []
        for score in self.scores:
            limit, value = self.values[score.name], scored.values[score.name]
            if limit is None:
                continue
            if value > limit if score.higher_is_worse else value < limit:
                found.append(score.name)
        return found


@dataclass(frozen=True)
class Selection:
    """All pictures, judged."""

    scored: Sequence[Scored]
    failed: Mapping[int, Sequence[str]]
    """Position in `scored` -> what it fails; pictures that pass are absent."""
    same_as: Mapping[int, int]
    """Position -> number of the better picture of its product that it repeats."""
    like: Mapping[int, str]
    """Position -> another product that has nearly the same picture."""
    best: Mapping[str, int]
    """Product -> position of its best picture."""
    rejects: Sequence[Reject]


def open_scores(names: Sequence[str], limits: Mapping[str, float]) -> Limits:
    """The scores of these names ("size", "ocr-text:tesseract") with limits in place of their own.

    Raises:
        UnknownName, MissingDependency: as `registry.resolve`; a limit of a score not in use.
    """
    scores: list[PictureScore] = []
    for name in names:
        family, _, argument = name.partition(":")
        made = resolve("picture_score", family)
        scores.append(made(argument) if argument else made())
    known = {s.name for s in scores}
    if strange := sorted(set(limits) - known):
        raise unknown("score", strange[0], sorted(known), "skulens list picture-scores")
    return Limits(scores, {s.name: limits.get(s.name, s.limit) for s in scores})


def look_at_products(
    products: Iterable[Product], scores: Sequence[PictureScore]
) -> Iterator[Scored]:
    """Every picture of every product, in their order; in threads."""

    def look(task: tuple[str, int, Any]) -> Scored:
        product, number, image = task
        name = image.path or f"{product}#{number}"
        with pictures.one_big_at_a_time():
            looked = look_at_one(Shown("gallery", product, name, image))
            if looked.reason:
                return Scored(product, number, name, looked)
            picture = pictures.load(image)
            values = {score.name: float(score.score(picture)) for score in scores}
        return Scored(product, number, name, looked, values)

    tasks = ((p.id, n, image) for p in products for n, image in enumerate(p.images))
    with ThreadPoolExecutor(min(count_cores(), 16)) as pool:
        while chunk := list(islice(tasks, CHUNK)):
            yield from pool.map(look, chunk)


Order = tuple[int, float, int]
"""Smaller is better: scores failed, badness by one score, position among the product's pictures."""


def select(scored: Sequence[Scored], limits: Limits, rank_by: str = "") -> Selection:
    """Judge pictures that were looked at.

    The best picture of a product fails the fewest scores; of equals the one with the best
    `rank_by`, then the earlier. Of pictures of a product that are nearly the same all but the best
    fail.

    Args:
        rank_by: name of a score in use; "": the seller's order.
    Raises:
        UnknownName: `rank_by` is no score in use.
    """
    order = put_in_order(scored, limits, rank_by)
    failed = {i: tuple(n) for i in order if (n := limits.failed(scored[i]))}
    same_as, like = find_repeated(scored, order)
    for position in same_as:
        failed[position] = (*failed.get(position, ()), DUPLICATE)
    best: dict[str, int] = {}
    for position in sorted(order, key=lambda i: order[i]):
        best.setdefault(scored[position].product, position)
    best = {s.product: best[s.product] for s in scored if s.product in best}
    return Selection(scored, failed, same_as, like, best, reject_pictures(scored, failed, best))


def put_in_order(scored: Sequence[Scored], limits: Limits, rank_by: str) -> dict[int, Order]:
    """Position of each readable picture -> its place in the order of preference."""
    sign = {s.name: 1 if s.higher_is_worse else -1 for s in limits.scores} | {"": 0}
    if rank_by not in sign:
        raise unknown("score", rank_by, sorted(sign)[1:], "skulens list picture-scores")
    order: dict[int, Order] = {}
    for position, one in enumerate(scored):
        if one.readable:
            badness = sign[rank_by] * one.values.get(rank_by, 0.0)
            known = badness if badness == badness else float("inf")  # NaN: nothing could be said
            order[position] = (len(limits.failed(one)), known, one.number)
    return order


def find_repeated(
    scored: Sequence[Scored], order: Mapping[int, Order]
) -> tuple[dict[int, int], dict[int, str]]:
    """(the worse of two pictures of a product that are nearly the same -> number of the better one,
    picture -> another product that has nearly the same), by perceptual hash and colour."""
    places = list(order)
    same_as: dict[int, int] = {}
    like: dict[int, str] = {}
    for a, b in sorted(near_pairs([scored[i].looked for i in places])) if places else ():
        first, second = places[a], places[b]
        if scored[first].product == scored[second].product:
            better, worse = sorted((first, second), key=lambda i: order[i])
            same_as.setdefault(worse, scored[better].number)
        else:
            like.setdefault(first, scored[second].product)
            like.setdefault(second, scored[first].product)
    return same_as, like


def reject_pictures(
    scored: Sequence[Scored], failed: Mapping[int, Sequence[str]], best: Mapping[str, int]
) -> list[Reject]:
    """Pictures that cannot be read, and products whose best picture fails."""
    unread = [
        Reject(s.path, s.product, s.looked.reason, "replace or remove it")
        for s in scored
        if not s.readable
    ]
    poor = [
        Reject(
            scored[position].path, product, f"its best picture fails {', '.join(failed[position])}",
            "find a better one, or change --limit",
        )
        for product, position in best.items()
        if position in failed
    ]  # fmt: skip
    return [*unread, *poor]


def bare_products(products: Iterable[Product], rejects: list[Reject]) -> Iterator[Product]:
    """The products; those without pictures and repeated ids become rejects."""
    seen: set[str] = set()
    for product in products:
        if product.id in seen:
            todo = "give each product its own id"
            rejects.append(Reject("products", product.id, "the id occurred before", todo))
            continue
        seen.add(product.id)
        if not product.images:
            rejects.append(Reject("products", product.id, "it has no picture", "add one"))
        yield product
