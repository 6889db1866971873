"""What `benchmarks.compose` compares with: a composer that scans the whole pool for each proposal.

It follows MERIT's released code (weichow23/merit, compose_query.py) step by step: products are
dictionaries, a reference is the first fitting product of a shuffled pool, answers are found by
looking at every product. Written anew. What it draws comes from `Shuffled`, as there, or from
`Fixed`, the numbers that our samplers draw with, so that both compose the very same proposals.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from skulens.compose.pool import Columns, Names, Pool

CLASSES, SHARED, OWN, VALUES = 16, 4, 8, 20
"""Of the synthetic pool: classes, keys that all have, keys of each class, values of a key."""
LANGUAGES = ("en", "id", "ms", "th", "vi")
HAS, CHANGED = 2 / 3, 0.2
"""Share of its keys that an SPU has; share of values in which a SKU leaves its SPU's."""
PART = 1 << 19
"""SPUs made at a time."""


class Numbered(Sequence[str]):
    """Ids that are the numbers of products."""

    def __init__(self, order: np.ndarray):
        self.order = order

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, place):
        return str(self.order[place])

    def take(self, order: np.ndarray) -> "Numbered":
        return Numbered(self.order[order])


def make_columns(products: int, seed: int = 0) -> Columns:
    """A pool: SPUs of 1 to 5 SKUs, values by Zipf's law, SKUs close to their SPU."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 6, products // 3 + 10 * int(products**0.5) + 5)
    sizes = sizes[: np.searchsorted(np.cumsum(sizes), products) + 1]
    sizes[-1] -= sizes.sum() - products
    kind = rng.integers(0, CLASSES, len(sizes), dtype=np.int32)
    chance = 1 / np.arange(1, VALUES + 1)
    law = np.cumsum(chance / chance.sum())
    held, lengths = [], []
    for first in range(0, len(sizes), PART):
        part = slice(first, first + PART)
        made, counts = make_attributes(rng, kind[part], sizes[part], law)
        held.append(made)
        lengths.append(counts)
    names = ["color", *(f"shared {i}" for i in range(1, SHARED))]
    names += [f"class {c} key {k}" for c in range(CLASSES) for k in range(OWN)]
    spu = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    spoken = rng.integers(0, len(LANGUAGES), products, dtype=np.int32)
    return Columns(
        ids=Numbered(np.arange(products)),
        pairs=[(name, f"value {v}") for name in names for v in range(VALUES)],
        keys=names,
        starts=np.concatenate([[0], np.cumsum(np.concatenate(lengths))]),
        held=np.concatenate(held),
        spu=Names(spu, tuple(map(str, range(len(sizes))))),
        kind=Names(np.repeat(kind, sizes), tuple(f"class {c}" for c in range(CLASSES))),
        language=Names(spoken, LANGUAGES),
        country=Names(spoken, LANGUAGES),
        modality=np.zeros((CLASSES, len(names)), np.int8),
        pictured=np.ones(products, bool),
    )


def make_attributes(
    rng: np.random.Generator, kind: np.ndarray, sizes: np.ndarray, law: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(pairs of all SKUs, one after another; number of pairs of each)."""
    keys = SHARED + OWN
    own = np.arange(keys) + (np.arange(keys) >= SHARED) * kind[:, None] * OWN
    has = rng.random((len(kind), keys), np.float32) < HAS
    value = np.searchsorted(law, rng.random((len(kind), keys)))
    of = np.repeat(np.arange(len(kind)), sizes)
    value = value[of]
    changed = rng.random(value.shape, np.float32) < CHANGED
    value[changed] = np.searchsorted(law, rng.random(np.count_nonzero(changed)))
    pairs = (own[of] * VALUES + value).astype(np.int32)
    return pairs[has[of]], has[of].sum(axis=1)


class Draws(Protocol):
    """Chance, as the released code uses it."""

    def distinct(self, size: int, count: int) -> list[int]: ...
    def choice(self, size: int) -> int: ...
    def coin(self) -> float: ...
    def first(self, size: int, good: Callable[[int], bool]) -> int | None:
        """The first good one of a random order."""


class Shuffled:
    """By Python's generator, with a shuffled pool for every search."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)

    def distinct(self, size: int, count: int) -> list[int]:
        return self.random.sample(range(size), count)

    def choice(self, size: int) -> int:
        return self.random.randrange(size)

    def coin(self) -> float:
        return self.random.random()

    def first(self, size: int, good: Callable[[int], bool]) -> int | None:
        order = list(range(size))
        self.random.shuffle(order)
        return next((i for i in order if good(i)), None)


class Fixed:
    """Numbers given for each kind of draw, used up in turn.

    Args:
        firsts: uniform numbers that choose among what fits, or the product to be found.
    """

    def __init__(self, distinct=(), coins=(), choices=(), firsts=()):
        self.numbers = iter(distinct), iter(coins), iter(choices), iter(firsts)

    def distinct(self, size: int, count: int) -> list[int]:
        taken: list[int] = []
        for i in range(count):
            place = min(int(next(self.numbers[0]) * (size - i)), size - i - 1)
            for other in sorted(taken):
                place += place >= other
            taken.append(place)
        return taken

    def choice(self, size: int) -> int:
        return min(int(next(self.numbers[2]) * size), size - 1)

    def coin(self) -> float:
        return next(self.numbers[1])

    def first(self, size: int, good: Callable[[int], bool]) -> int | None:
        number = next(self.numbers[3])
        if isinstance(number, int):
            return number if good(number) else None
        fitting = [i for i in range(size) if good(i)]
        return fitting[min(int(number * len(fitting)), len(fitting) - 1)] if fitting else None


@dataclass(frozen=True)
class Plain:
    """One query: (product, key, value) of each condition, answers, hard negatives."""

    shown: list[tuple[str, str, str]]
    answers: list[str]
    negatives: list[str]


class PlainComposer:
    """See the module.

    Args:
        data: products with sku_id, spu_id, attribute.
        keys: all keys of the pool.
    """

    def __init__(self, data: list[dict], keys: Sequence[str]):
        self.data, self.keys = data, keys
        families: dict[str, list[dict]] = defaultdict(list)
        for item in data:
            families[item["spu_id"]].append(item)
        self.families = [
            kin for _, items in sorted(families.items(), key=lambda f: int(f[0]))
            if (kin := relatives(items))
        ]  # fmt: skip

    def compose(self, method: str, draws: Draws, count: int) -> Plain | None:
        """One proposal of a method: the query, or None where it is refused."""
        if method == "high-similarity":
            return self.of_siblings(draws)
        law = {"conventional-uniform": self.of_items, "attribute-uniform": self.of_keys}[method]
        shown = law(draws, count)
        return self.with_answers(shown) if shown and len(shown) == count else None

    def of_items(self, draws: Draws, count: int) -> list[tuple[dict, str, str]] | None:
        shown: list[tuple[dict, str, str]] = []
        for place in draws.distinct(len(self.data), count):
            item = self.data[place]
            pairs = list(item["attribute"].items())
            if draws.coin() > 0.8:
                pairs = [(key, value) for key, value in pairs if key != "color"]
            if not pairs:
                return None
            key, value = pairs[draws.choice(len(pairs))]
            if any((key, value) == told[1:] for told in shown):
                return None
            shown.append((item, key, value))
        return shown

    def of_keys(self, draws: Draws, count: int) -> list[tuple[dict, str, str]]:
        shown = []
        for place in draws.distinct(len(self.keys), count):
            key = self.keys[place]
            found = draws.first(len(self.data), lambda i, key=key: key in self.data[i]["attribute"])
            if found is not None:
                shown.append((self.data[found], key, self.data[found]["attribute"][key]))
        return shown

    def with_answers(self, shown: list[tuple[dict, str, str]]) -> Plain | None:
        pairs = [(key, value) for _, key, value in shown]
        ids = [item["sku_id"] for item, _, _ in shown]
        found = [
            item["sku_id"]
            for item in self.data
            if all(
                key in item["attribute"] and item["attribute"][key] == value for key, value in pairs
            )
            and item["sku_id"] not in ids
        ]
        if not 0 < len(found) / len(self.data) < 0.05:
            return None
        return Plain([(item["sku_id"], key, value) for item, key, value in shown], found, [])

    def of_siblings(self, draws: Draws) -> Plain | None:
        kin = self.families[draws.choice(len(self.families))]
        one, two = (kin[i] for i in draws.distinct(len(kin), 2))
        spared = draws.coin() < 0.8
        differ = [
            (key, value)
            for key, value in two["attribute"].items()
            if one["attribute"].get(key, value) != value and (spared or key != "color")
        ]
        shared = [p for p in two["attribute"].items() if one["attribute"].get(p[0]) == p[1]]
        if not differ:
            return None
        key, value = differ[draws.choice(len(differ))]
        same = (
            shared[draws.choice(len(shared))] if shared else ("product style", "as product image")
        )
        found = draws.first(
            len(self.data),
            lambda i: (
                self.data[i]["spu_id"] != two["spu_id"]
                and self.data[i]["attribute"].get(key) == value
            ),
        )
        if found is None:
            return None
        shown = [(one["sku_id"], *same), (self.data[found]["sku_id"], key, value)]
        others = [item["sku_id"] for item in kin if item is not one and item is not two]
        return Plain(shown, [two["sku_id"]], others)


def relatives(items: list[dict]) -> list[dict]:
    """SKUs of an SPU that have a key which another of them has."""
    keys = [set(item["attribute"]) for item in items]
    return [
        item
        for i, item in enumerate(items)
        if any(keys[i] & keys[j] for j in range(len(items)) if j != i)
    ]


def as_dicts(pool: Pool) -> list[dict]:
    """The pool as the released code has it, in the pool's order."""
    return [
        {
            "sku_id": pool.ids[p],
            "spu_id": pool.spu.of(p),
            "attribute": dict(pool.pairs[q] for q in pool.pairs_of(p)),
        }
        for p in range(len(pool))
    ]
