"""Holdouts: training without a language, an attribute or a class, and a test of exactly that.

A holdout takes four splits from train and test: training without what is held out, training less
as many queries drawn at random (so that the training sets have the same size), the test queries of
what is held out, and as many others with the same mix of condition counts. What is held out and
still occurs in training is counted: a key under another name (`NearKey`), such as "pattern" beside
"pattern/print", and products that have it in queries that do not ask for it (`Carried`).

MERIT (section E.4, and the code released with it) removes all languages, keys or classes of its
table at once, drops a training query if any of its products has what is held out, and tests a query
in the first row that it fits; `make_rows_like_paper` does that.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from skulens.compose.words import CLASS
from skulens.curate.cards.words import compare_form
from skulens.curate.queries.stratify import draw_key
from skulens.errors import DataError, unknown
from skulens.records import Product, Query
from skulens.values.text import fold

Axis = Literal["language", "key", "class"]
Scope = Literal["condition", "product"]
ALIKE = 0.5
"""Share of common values (Jaccard) from which on two keys may be one."""
FEWEST = 3
"""Values that either key needs for that."""


@dataclass(frozen=True, slots=True)
class Holdout:
    """What is held out."""

    axis: Axis
    values: tuple[str, ...]
    also: frozenset[str] = frozenset()
    """Further names of the keys held out, as `compare_form` makes them."""

    @property
    def name(self) -> str:
        """ "class-drink-table", "key-pattern_print"."""
        return "-".join((self.axis, *(re.sub(r"\W+", "_", fold(v)) for v in self.values)))

    @property
    def wanted(self) -> frozenset[str]:
        return frozenset(map(compare_form, self.values)) | self.also

    def holds(self, value: str | None) -> bool:
        return value is not None and compare_form(value) in self.wanted


@dataclass(frozen=True, slots=True)
class NearKey:
    """A key that may mean what is held out and stays in training."""

    key: str
    because: Literal["name", "values"]
    queries: int
    """Training queries with a condition on it."""
    products: int
    """Products that have it."""


@dataclass(frozen=True, slots=True)
class Carried:
    """Training queries with a product that has what is held out, by the product's role."""

    role: str
    queries: int
    products: int


@dataclass(frozen=True)
class Row:
    """The splits of a holdout.

    Attributes:
        splits: name -> query ids, sorted.
        missing: queries that the control test lacks, by number of conditions.
        of: queries of what is held out, wherever they are.
    """

    name: str
    holdout: Holdout
    splits: Mapping[str, tuple[str, ...]]
    missing: Mapping[str, int]
    near: tuple[NearKey, ...]
    carried: tuple[Carried, ...]
    of: frozenset[str]


@dataclass(frozen=True)
class Ground:
    """What rows are taken from.

    Attributes:
        sides: "train", "val", "test" -> their queries.
        products: id -> product, of the whole catalogue.
    """

    sides: Mapping[str, Sequence[Query]]
    products: Mapping[str, Product]
    scope: Scope = "condition"
    seed: int = 0
    known: dict[Holdout, frozenset[str]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def queries(self) -> list[Query]:
        return [query for side in self.sides.values() for query in side]

    def having(self, holdout: Holdout) -> frozenset[str]:
        """Products that have what is held out; found once for each holdout."""
        if holdout not in self.known:
            wanted = holdout.wanted
            self.known[holdout] = frozenset(
                name
                for name, product in self.products.items()
                if any(compare_form(n) in wanted for n in named_by(product, holdout.axis))
            )
        return self.known[holdout]


# ----- reading --------------------------------------------------------------------------------


def read_holdout(text: str) -> Holdout:
    """ "class=drink,table" -> a holdout of both together. Raises DataError for anything else."""
    axis, _, values = text.partition("=")
    listed = tuple(dict.fromkeys(v.strip() for v in values.split(",") if v.strip()))
    known = {name: name for name in get_args(Axis)}
    if axis.strip() not in known or not listed:
        raise DataError(
            f"the holdout {text!r}: expected language=, key= or class= and values with commas "
            "between, such as language=th or class=drink,table"
        )
    return Holdout(known[axis.strip()], listed)


def add_synonyms(holdout: Holdout, groups: Iterable[Iterable[str]]) -> Holdout:
    """The holdout with every key that cards give as a name of one held out, through any number of
    steps; of other axes as it is.

    Args:
        groups: names of one key: itself and its synonyms on one card.
    """
    if holdout.axis != "key":
        return holdout
    found = set(holdout.wanted)
    named = [frozenset(map(compare_form, group)) for group in groups]
    while new := [g for g in named if g & found and not g <= found]:
        found.update(*new)
    return replace(holdout, also=frozenset(found))


def check_values(holdout: Holdout, ground: Ground) -> None:
    """Raise UnknownName for a value that no query and no product has."""
    known = {
        name
        for query in ground.queries
        for name in (c.key for c in query.conditions)
        if holdout.axis == "key"
    }
    for product in ground.products.values():
        known.update(named_by(product, holdout.axis))
    names = {compare_form(name) for name in known}
    for value in holdout.values:
        if compare_form(value) not in names:
            raise unknown(holdout.axis, value, sorted(known), "skulens curate stats FOLDER")


# ----- what a query has to do with a holdout ----------------------------------------------------


def named_by(product: Product, axis: Axis) -> Iterable[str]:
    """What a product is along an axis: its language, class, or keys."""
    if axis == "language":
        return (product.language,) if product.language else ()
    if axis == "class":
        return product.category[:1]
    return {a.key for a in product.attributes}


def products_of(query: Query) -> dict[str, tuple[str, ...]]:
    """Role -> products."""
    return {
        "reference": query.references,
        "answer": query.answers,
        "hard negative": query.hard_negatives,
    }


def is_of(query: Query, holdout: Holdout, products: Mapping[str, Product]) -> bool:
    """Whether a query is of what is held out.

    Of a language where everything it shows is in it; of a key where a condition is on it; of a
    class where an answer is of it, or where it names it.
    """
    if holdout.axis == "language":
        shown = [products[r].language for r in query.references if r in products]
        told = shown or [query.tags.get("language")]
        return all(holdout.holds(language) for language in told)
    if holdout.axis == "key":
        return any(holdout.holds(c.key) for c in query.conditions)
    named = [c.value for c in query.conditions if c.key == CLASS]
    looked_for = [c for a in query.answers if a in products for c in products[a].category[:1]]
    return any(map(holdout.holds, (*named, *looked_for, query.tags.get(CLASS))))


def touches(query: Query, holdout: Holdout, ground: Ground) -> bool:
    """Whether training has to do without a query.

    Scope "condition": it is of what is held out or, of a language, shows some of it. Scope
    "product": any of its products (reference, answer, hard negative) is of the language or class,
    or has the key, too.
    """
    if is_of(query, holdout, ground.products):
        return True
    having = ground.having(holdout)
    if ground.scope == "product":
        return not all(having.isdisjoint(ids) for ids in products_of(query).values())
    return holdout.axis == "language" and not having.isdisjoint(query.references)


# ----- rows -----------------------------------------------------------------------------------


def make_row(holdout: Holdout, ground: Ground) -> Row:
    """The splits of one holdout. Raises UnknownName for a value that nothing has."""
    check_values(holdout, ground)
    name = holdout.name
    splits, kept = training(name, ground, lambda q: touches(q, holdout, ground))
    test = ground.sides.get("test", ())
    inside = [q for q in test if is_of(q, holdout, ground.products)]
    outside = [q for q in test if not touches(q, holdout, ground)]
    control, missing = match_conditions(inside, outside, ground.seed, name)
    splits |= {f"test-{name}": ids(inside), f"test-{name}-control": ids(control)}
    of = {q.id for q in ground.queries if is_of(q, holdout, ground.products)}
    near, carried = find_near_keys(holdout, kept, ground), find_carried(holdout, kept, ground)
    return Row(name, holdout, splits, missing, near, carried, frozenset(of))


def make_rows_like_paper(holdouts: Sequence[Holdout], ground: Ground) -> list[Row]:
    """One row for each axis: training without any of its values, and a test of each value, in which
    a query counts once, for the first value that it fits, as in the authors' code.

    Both by any product of a query, but for the test of a key, which is of queries that ask for it.
    """
    ground = replace(ground, scope="product")
    by_axis: dict[Axis, list[str]] = defaultdict(list)
    for holdout in holdouts:
        by_axis[holdout.axis] += [v for v in holdout.values if v not in by_axis[holdout.axis]]
    rows = []
    for axis, values in by_axis.items():
        joint = Holdout(axis, tuple(values))
        row = make_row(joint, ground)
        splits = {k: v for k, v in row.splits.items() if not k.startswith("test-")}
        left = list(ground.sides.get("test", ()))
        for value in values:
            one = Holdout(axis, (value,))
            mine = [q for q in left if fits_like_paper(q, one, ground)]
            splits[f"test-{one.name}"] = ids(mine)
            taken = {q.id for q in mine}
            left = [q for q in left if q.id not in taken]
        rows.append(replace(row, splits=splits, missing={}))
    return rows


def fits_like_paper(query: Query, holdout: Holdout, ground: Ground) -> bool:
    if holdout.axis == "key":
        return is_of(query, holdout, ground.products)
    shown = [p for found in products_of(query).values() for p in found if p in ground.products]
    named = [compare_form(n) for p in shown for n in named_by(ground.products[p], holdout.axis)]
    wanted = [name in holdout.wanted for name in named]
    return bool(wanted) and (all(wanted) if holdout.axis == "language" else any(wanted))


def training(
    name: str, ground: Ground, touched: Callable[[Query], bool]
) -> tuple[dict[str, tuple[str, ...]], list[Query]]:
    """(training and validation without what is held out and their controls, the training kept)."""
    splits: dict[str, tuple[str, ...]] = {}
    kept_of: dict[str, list[Query]] = {}
    for side in ("train", "val"):
        queries = ground.sides.get(side, ())
        kept_of[side] = [q for q in queries if not touched(q)]
        if not queries:
            continue
        by_chance = sorted(queries, key=lambda q: draw_key(ground.seed, "without", name, q.id))
        splits[f"{side}-without-{name}"] = ids(kept_of[side])
        splits[f"{side}-without-{name}-control"] = ids(by_chance[: len(kept_of[side])])
    return splits, kept_of["train"]


def match_conditions(
    inside: Sequence[Query], outside: Sequence[Query], seed: int, name: str
) -> tuple[list[Query], dict[str, int]]:
    """(as many other queries with the same mix of condition counts, drawn at random; how many are
    missing, by number of conditions)."""
    wanted = Counter(conditions_of(q) for q in inside)
    pool: dict[str, list[Query]] = defaultdict(list)
    for query in sorted(outside, key=lambda q: draw_key(seed, "control", name, q.id)):
        pool[conditions_of(query)].append(query)
    control = [query for n, count in wanted.items() for query in pool[n][:count]]
    missing = {n: count - len(pool[n]) for n, count in wanted.items() if len(pool[n]) < count}
    return control, missing


def conditions_of(query: Query) -> str:
    """The number of conditions that a query shows, as its tag says."""
    return query.tags.get("n_conditions") or str(sum(c.part is not None for c in query.conditions))


def ids(queries: Iterable[Query]) -> tuple[str, ...]:
    return tuple(sorted(q.id for q in queries))


# ----- leakage --------------------------------------------------------------------------------


def find_near_keys(
    holdout: Holdout, training: Sequence[Query], ground: Ground
) -> tuple[NearKey, ...]:
    """Keys that stay in training and have a word of the name, or most values, of one held out."""
    if holdout.axis != "key":
        return ()
    values: dict[str, set[str]] = defaultdict(set)
    having: Counter[str] = Counter()
    for product in ground.products.values():
        having.update({a.key for a in product.attributes})
        for a in product.attributes:
            values[a.key].add(compare_form(a.value))
    asked = Counter(key for q in training for key in {c.key for c in q.conditions})
    held = {key for key in values if holdout.holds(key)}
    found = []
    for key in sorted((set(values) | set(asked)) - held - {CLASS}):
        mine = set(compare_form(key).split())
        if any(mine <= (theirs := set(w.split())) or theirs <= mine for w in holdout.wanted):
            found.append(NearKey(key, "name", asked[key], having[key]))
        elif any(are_alike(values[key], values[other]) for other in held):
            found.append(NearKey(key, "values", asked[key], having[key]))
    return tuple(found)


def are_alike(one: set[str], other: set[str]) -> bool:
    return min(len(one), len(other)) >= FEWEST and len(one & other) >= ALIKE * len(one | other)


def find_carried(
    holdout: Holdout, training: Sequence[Query], ground: Ground
) -> tuple[Carried, ...]:
    """By role, training queries whose products have what is held out all the same."""
    queries: Counter[str] = Counter()
    products: dict[str, set[str]] = defaultdict(set)
    for query in training:
        for role, ids in products_of(query).items():
            found = ground.having(holdout).intersection(ids)
            queries[role] += bool(found)
            products[role] |= found
    return tuple(Carried(role, queries[role], len(products[role])) for role in queries)
