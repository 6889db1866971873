"""The filters of annotated attributes, by name (MERIT A.2.2 and the released code).

Within each class, on the counts of what the filter before has left:

    new-attributes        out: keys that are not on the card ("keys"), or also values that are not
                          ("pairs"); the paper says pairs, the authors' code checks keys
    none-skip             out: "none", "skip" and the like
    most-frequent-value   out: a key's most frequent value, always ("exact") or where it has at
                          least this share of the products with the key ("share>=0.5")
    seen-once             out: values of at most so many products

Then over all classes together, as the authors' code does when it builds the pool:

    keys-of-few-products  out: keys of at most so many products
    keys-of-few-values    out: keys of at most so many values
    rare-values           out: values of at most so many products
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, get_args

import numpy as np

from skulens.curate.cards.funnel import Funnel, FunnelStep
from skulens.curate.cards.match import Fate, Match
from skulens.errors import DataError

FATES: tuple[Fate, ...] = get_args(Fate)
NewAttributes = Literal["off", "keys", "pairs"]


@dataclass(frozen=True, slots=True)
class Limit:
    """A count or a share; what has at most so many products is out. 0 takes nothing."""

    count: int = 0
    share: float = 0.0
    """Of the products that the count is compared with, 0 to 1."""

    @classmethod
    def read(cls, text: str) -> "Limit":
        """From "4" or "0.1%". Raises DataError for anything else."""
        if re.fullmatch(r"\d{1,12}", text):
            return cls(count=int(text))
        if (found := re.fullmatch(r"(\d{1,3}(?:\.\d+)?)%", text)) and float(found[1]) <= 100:
            return cls(share=float(found[1]) / 100)
        raise DataError(f"expected a count such as 4 or a share such as 0.1%, got {text!r}")


@dataclass(frozen=True)
class Filters:
    """Which filters work, and how strictly; the defaults are those of the profile `sound`."""

    new_attributes: NewAttributes = "pairs"
    none_skip: bool = True
    most_frequent_value: str = "off"
    """"off", "exact", or "share>=X" with X from 0 to 1."""
    seen_once: Limit = Limit(count=1)
    """Of a value, within its class."""
    keys_of_few_products: Limit = Limit()
    keys_of_few_values: int = 0
    rare_values: Limit = Limit()
    """Of a value, over all classes."""
    drop_empty: bool = False
    """Whether products without any attribute left are dropped, too; kept, they are searched."""

    def __post_init__(self):
        if self.new_attributes not in get_args(NewAttributes):
            known = ", ".join(get_args(NewAttributes))
            raise DataError(f"new-attributes is {self.new_attributes!r}, expected one of {known}")
        self.mode_share()

    def mode_share(self) -> float | None:
        """Share from which the most frequent value of a key is out; None: never."""
        said = self.most_frequent_value
        if said in ("off", "exact"):
            return None if said == "off" else 0.0
        if (found := re.fullmatch(r"share>=(\d?\.?\d+)", said)) and float(found[1]) <= 1:
            return float(found[1])
        raise DataError(
            f"most-frequent-value is {said!r}, expected off, exact, or share>=X such as share>=0.5"
        )


PROFILES: Mapping[str, Filters] = {
    "sound": Filters(),
    "merit": Filters(
        new_attributes="keys",
        most_frequent_value="exact",
        keys_of_few_products=Limit(count=100),
        keys_of_few_values=2,
        rare_values=Limit(count=4),
        drop_empty=True,
    ),
}
"""`merit`: thresholds of the released code (merit/annotate_spu.py, annotator/stat.py, commit
98a63a4). It counts "none" among the values when it looks for the most frequent one; here "none" is
gone before."""


@dataclass(frozen=True)
class Columns:
    """Pairs as numbers; all arrays (pairs,) int64, the pairs of a product unique."""

    product: np.ndarray
    kind: np.ndarray
    key: np.ndarray
    value: np.ndarray
    fate: np.ndarray
    """Positions in FATES."""
    row: np.ndarray
    """Position in the list that they were made from."""
    texts: Sequence[str]
    """What `value` and `key` count; sorted, so that a smaller number is earlier in the alphabet."""

    def take(self, mask: np.ndarray) -> "Columns":
        return Columns(
            self.product[mask], self.kind[mask], self.key[mask], self.value[mask],
            self.fate[mask], self.row[mask], self.texts,
        )  # fmt: skip

    def groups(self, *names: str) -> tuple[np.ndarray, np.ndarray]:
        """(number of the group of each pair, first pair of each group) by these columns."""
        code = np.zeros(len(self.product), np.int64)
        for name in names:
            column = getattr(self, name)
            merged = code * (int(column.max(initial=0)) + 1) + column
            code = np.unique(merged, return_inverse=True)[1]
        return code, np.unique(code, return_index=True)[1]

    def products_of(self, *names: str) -> np.ndarray:
        """(pairs,) how many products the group of each pair has."""
        code, _ = self.groups(*names)
        _, first = self.groups(*names, "product")
        return np.bincount(code[first], minlength=1)[code] if len(code) else code


def make_columns(matches: Sequence[tuple[int, str, Match]]) -> Columns:
    """From (number of the product, its class, match)."""
    words = {t for _, _, m in matches for t in (m.attribute.key, m.attribute.value)}
    texts = sorted(words)
    number = {text: i for i, text in enumerate(texts)}
    kinds: dict[str, int] = {}
    rows = [
        (product, kinds.setdefault(kind, len(kinds)), number[m.attribute.key],
         number[m.attribute.value], FATES.index(m.fate), row)
        for row, (product, kind, m) in enumerate(matches)
    ]  # fmt: skip
    product, kind, key, value, fate, row = np.array(rows, np.int64).reshape(-1, 6).T
    return Columns(product, kind, key, value, fate, row, texts)


Step = Callable[[Columns], Mapping[str, np.ndarray]]
"""Pairs -> reason -> (pairs,) bool: which of them go."""


def steps_of(filters: Filters) -> list[tuple[str, Step]]:
    """The filters that do something, in their order."""
    return [
        ("new-attributes", partial(new_attributes, how=filters.new_attributes)),
        ("none-skip", partial(none_skip, on=filters.none_skip)),
        ("most-frequent-value", partial(most_frequent, share=filters.mode_share())),
        ("seen-once", partial(few_products, limit=filters.seen_once, of=("kind", "key", "value"))),
        ("keys-of-few-products",
         partial(few_products, limit=filters.keys_of_few_products, of=("key",))),
        ("keys-of-few-values", partial(few_values, most=filters.keys_of_few_values)),
        ("rare-values", partial(few_products, limit=filters.rare_values, of=("key", "value"))),
    ]  # fmt: skip


def apply_filters(columns: Columns, filters: Filters) -> tuple[Columns, Funnel]:
    """What all filters leave, and the funnel."""
    steps = [step_of("given", columns, {})]
    for name, step in steps_of(filters):
        gone = step(columns)
        out = np.zeros(len(columns.product), bool)
        for mask in gone.values():
            out |= mask
        columns = columns.take(~out)
        steps.append(step_of(name, columns, {why: int(mask.sum()) for why, mask in gone.items()}))
    return columns, Funnel(tuple(steps))


def step_of(name: str, columns: Columns, gone: Mapping[str, int]) -> FunnelStep:
    products, keys = (len(np.unique(a)) for a in (columns.product, columns.key))
    return FunnelStep(
        name, products, len(columns.product), keys, {w: n for w, n in gone.items() if n}
    )


def of_fate(columns: Columns, fate: Fate) -> np.ndarray:
    return columns.fate == FATES.index(fate)


def new_attributes(columns: Columns, how: NewAttributes) -> dict[str, np.ndarray]:
    fates: dict[NewAttributes, tuple[Fate, ...]] = {
        "off": (),
        "keys": ("no card", "key not on the card"),
        "pairs": ("no card", "key not on the card", "value not on the card"),
    }
    return {fate: of_fate(columns, fate) for fate in fates[how]}


def none_skip(columns: Columns, on: bool) -> dict[str, np.ndarray]:
    return {"no answer": of_fate(columns, "no answer")} if on else {}


def most_frequent(columns: Columns, share: float | None) -> dict[str, np.ndarray]:
    """The first in the alphabet of equally frequent values."""
    if share is None or not len(columns.product):
        return {}
    counts = columns.products_of("kind", "key", "value")
    keyed = columns.products_of("kind", "key")
    code, _ = columns.groups("kind", "key")
    order = np.lexsort((columns.value, -counts, code))
    leading = order[np.unique(code[order], return_index=True)[1]]
    mode = columns.value[leading][code]
    return {"most frequent value": (columns.value == mode) & (counts >= share * keyed)}


def few_products(columns: Columns, limit: Limit, of: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Groups of at most so many products; a share is of the products of the class, or of all."""
    if limit == Limit() or not len(columns.product):
        return {}
    counts = columns.products_of(*of)
    everything = (
        columns.products_of("kind")
        if "kind" in of
        else np.full(len(counts), len(np.unique(columns.product)))
    )
    least = np.maximum(limit.count, limit.share * everything)
    what = "value" if "value" in of else "key"
    return {f"{what} of few products": counts <= least}


def few_values(columns: Columns, most: int) -> dict[str, np.ndarray]:
    if not most or not len(columns.product):
        return {}
    code, _ = columns.groups("key")
    _, first = columns.groups("key", "value")
    return {"key of few values": np.bincount(code[first])[code] <= most}
