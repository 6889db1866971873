"""What a data set of composed queries holds, counted in one pass over products and over queries.

The figures of section 3.1 and Appendix C of the MERIT paper (Figs. 3, 4, 20, 23-29, 31, 35, 36) as
tables, for any catalogue. Word clouds (Figs. 30, 32-34) are left out on purpose: the bars of the
same counts can be read off, sizes of letters cannot.

Products are kept as a few small numbers each, queries are not kept; a flow from references to
answers is summed over blocks of queries as a product of two count matrices.
"""

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from skulens.compose.words import CLASS
from skulens.curate.queries.stats_tables import (
    ALL_METHODS,
    POOL,
    TABLES,
    UNSAID,
    Stats,
    make_table,
)
from skulens.errors import DataError
from skulens.protocols import Catalog
from skulens.records import Condition, Product, Query, Reject

BLOCK = 2048
"""Queries whose flows are summed at once."""
SIDES = ("language", "country", "class")
"""Of products, between which flows are counted."""


@dataclass
class ProductCounts:
    """Products counted one by one."""

    places: dict[str, int] = field(default_factory=dict)
    """Id -> position in the columns."""
    codes: dict[str, dict[str, int]] = field(default_factory=lambda: {side: {} for side in SIDES})
    """Side -> value -> its number, in the order of first appearance."""
    columns: dict[str, array] = field(default_factory=lambda: {side: array("i") for side in SIDES})
    cells: Counter = field(default_factory=Counter)
    """(language, country, class) -> products."""
    unpictured: Counter = field(default_factory=Counter)
    """The same of products without a picture that lies where it should."""
    pairs: Counter = field(default_factory=Counter)
    """(key, value) -> products."""
    keys: Counter = field(default_factory=Counter)
    """Key -> products."""
    lengths: Counter = field(default_factory=Counter)
    """(what, length) -> products."""
    spus: set[str] = field(default_factory=set)
    problems: Counter = field(default_factory=Counter)

    def add(self, product: Product) -> None:
        if product.id in self.places:
            self.problems["products of an id that occurred before"] += 1
            return
        self.places[product.id] = len(self.places)
        said = (product.language, product.country, product.category[0] if product.category else "")
        for side, value in zip(SIDES, said, strict=True):
            codes = self.codes[side]
            self.columns[side].append(codes.setdefault(value or UNSAID, len(codes)))
        cell = tuple(value or UNSAID for value in said)
        self.cells[cell] += 1
        if not has_picture(product):
            self.unpictured[cell] += 1
        pairs = {(a.key, a.value) for a in product.attributes if a.key and a.value}
        self.pairs.update(pairs)
        self.keys.update({key for key, _ in pairs})
        self.lengths["title, characters", len(product.title)] += 1
        self.lengths["attributes of a product", len(pairs)] += 1
        if product.spu:
            self.spus.add(product.spu)
        if not product.title:
            self.problems["products without a title"] += 1
        if not pairs:
            self.problems["products without an attribute"] += 1


def has_picture(product: Product) -> bool:
    """Whether it has a picture, and every file of its own that it names is there."""
    paths = [image.own_file for image in product.images]
    return bool(paths) and all(path is None or Path(path).is_file() for path in paths)


@dataclass
class QueryCounts:
    """Queries counted one by one; a query of several splits counts once but in `cells`."""

    products: ProductCounts
    cells: Counter = field(default_factory=Counter)
    """(split, conditions, language, class, method) -> queries."""
    kinds: Counter = field(default_factory=Counter)
    """(conditions, language, class, method) -> queries, each once."""
    conditions: Counter = field(default_factory=Counter)
    """(method, key, value) -> conditions that a reference shows."""
    modalities: Counter = field(default_factory=Counter)
    """(method, relation, modality) -> conditions."""
    lengths: Counter = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)
    problems: Counter = field(default_factory=Counter)
    pending: list[tuple[list[int], list[int]]] = field(default_factory=list)
    """(references, answers) of queries whose flows are not summed yet."""
    flows: dict[str, np.ndarray] = field(default_factory=dict)
    """Side -> (values, values) float64: references of one value with answers of the other."""

    def add(self, split: str, query: Query) -> None:
        shown = [c for c in query.conditions if c.key != CLASS]
        method = query.tags.get("method") or UNSAID
        said = (query.tags.get(tag) or UNSAID for tag in ("language", "class"))
        kind = (count_of(query, shown), *said, method)
        self.cells[(split, *kind)] += 1
        if query.id in self.seen:
            return
        self.seen.add(query.id)
        self.kinds[kind] += 1
        for condition in shown:
            self.conditions[method, condition.key, condition.value or ""] += 1
            self.modalities[method, condition.relation, condition.modality] += 1
        self.measure(query)
        self.follow(query, shown)

    def measure(self, query: Query) -> None:
        """Lengths of a query, and how many products are judged."""
        texts = [part for part in query.item.parts if isinstance(part, str)]
        found = {
            "instruction with titles, characters": sum(map(len, texts)),
            "pictures of a query": len(query.item.parts) - len(texts),
            "answers of a query": len(query.answers),
            "judged not relevant": sum(grade == 0 for grade in query.relevant.values()),
            "hard negatives of a query": len(query.hard_negatives),
        }
        self.lengths.update(found.items())

    def follow(self, query: Query, shown: Sequence[Condition]) -> None:
        """Note where references and answers of a query lie; name what is missing."""
        places = self.products.places
        references = query.references or tuple(dict.fromkeys(c.product for c in shown if c.product))
        known = [places[r] for r in references if r in places]
        answers = [places[a] for a in query.answers if a in places]
        self.problems["references that are no product"] += len(references) - len(known)
        self.problems["answers that are no product"] += len(query.answers) - len(answers)
        self.problems["queries without an answer"] += not query.answers
        self.problems["answers that the query shows itself"] += len(
            set(references) & set(query.answers)
        )
        wrong = sum(query.relevant.get(h, 0) > 0 for h in query.hard_negatives)
        self.problems["hard negatives that are answers"] += wrong
        if known and answers:
            self.pending.append((known, answers))
            if len(self.pending) == BLOCK:
                self.sum_flows()

    def sum_flows(self) -> None:
        """Add the flows of pending queries: every reference weighs 1, split over all answers."""
        if not self.pending:
            return
        asked, found = ([q[i] for q in self.pending] for i in (0, 1))
        for side in SIDES:
            values = len(self.products.codes[side])
            column = np.frombuffer(self.products.columns[side], np.int32)
            shown = count_rows(asked, column, values)  # (queries, values)
            right = count_rows(found, column, values)
            right /= right.sum(axis=1, keepdims=True)
            before = self.flows.get(side, 0)
            self.flows[side] = before + shown.T @ right
        self.pending.clear()


def count_of(query: Query, shown: Sequence[Condition]) -> int:
    """Conditions of a query that references show; as its tag says where they are not listed."""
    tagged = query.tags.get("n_conditions", "")
    return len(shown) or (int(tagged) if tagged.isdecimal() else 0)


def count_rows(rows: Sequence[Sequence[int]], column: np.ndarray, values: int) -> np.ndarray:
    """(rows, values) float64: how many of a row's products have each value."""
    lengths = [len(row) for row in rows]
    products = np.fromiter((p for row in rows for p in row), np.int64, sum(lengths))
    at = np.repeat(np.arange(len(rows)), lengths) * values + column[products]
    return np.bincount(at, minlength=len(rows) * values).reshape(len(rows), values).astype(float)


def describe_data(
    catalog: Catalog, splits: Sequence[str] = (), watch=lambda stream, _what: stream
) -> Stats:
    """A catalogue and its queries in numbers and tables.

    Args:
        splits: whose queries; default: all.
        watch: called with each stream and what it holds; yields the same, for a progress bar.
    Raises:
        DataError: the catalogue has no product or no such split.
    """
    products = ProductCounts()
    for product in watch(catalog.products(), "products"):
        products.add(product)
    if not products.places:
        raise DataError(f"{catalog.info.name} has no product; stats need at least one")
    rejects = list(catalog.rejects)
    splits = tuple(splits) or tuple(catalog.info.splits)
    queries = QueryCounts(products)
    for split in splits:
        for query in watch(catalog.queries(split), f"queries of {split}"):
            queries.add(split, query)
        rejects += catalog.rejects
    queries.sum_flows()
    rejects = list(dict.fromkeys(rejects))
    return Stats(
        catalog.info.name,
        splits,
        sum_up(products, queries),
        make_tables(products, queries, rejects),
        tuple(rejects),
    )


def sum_up(products: ProductCounts, queries: QueryCounts) -> dict[str, float]:
    """Totals, means and extremes (Fig. 3)."""
    asked = {(key, value) for _, key, value in queries.conditions}
    found: dict[str, float] = {
        "products": len(products.places),
        "spus": len(products.spus),
        "products_without_picture": sum(products.unpictured.values()),
        "keys": len(products.keys),
        "values": len({value for _, value in products.pairs}),
        "pairs": len(products.pairs),
        "queries": len(queries.seen),
        "conditions": sum(queries.conditions.values()),
        "keys_in_conditions": len({key for key, _ in asked}),
        "pairs_in_conditions": len(asked),
    }
    by_count: Counter[int] = Counter()
    for (count, *_), n in queries.kinds.items():
        by_count[count] += n
    found |= {f"queries_with_{count}_conditions": by_count[count] for count in sorted(by_count)}
    for (what, length), n in (products.lengths + queries.lengths).items():
        name = re.sub(r"\W+", "_", what)
        found[f"{name}_max"] = max(found.get(f"{name}_max", 0), length)
        found[f"{name}_mean"] = found.get(f"{name}_mean", 0.0) + length * n
    for name in [name for name in found if name.endswith("_mean")]:
        what = name.removesuffix("_mean")
        of_products = what in {re.sub(r"\W+", "_", w) for w, _ in products.lengths}
        found[name] /= len(products.places) if of_products else len(queries.seen)
    return found


def make_tables(
    products: ProductCounts, queries: QueryCounts, rejects: Sequence[Reject]
) -> dict[str, pa.Table]:
    """The tables of `TABLES`; most frequent first, or by number."""
    problems = products.problems + queries.problems  # those that occur
    problems += Counter(f"left out by the reader: {r.reason[:80]}" for r in rejects)
    rows: dict[str, Iterable[tuple]] = {
        "products": (
            (*cell, n, products.unpictured[cell]) for cell, n in products.cells.most_common()
        ),
        "queries": ((*cell, n) for cell, n in sorted(queries.cells.items())),
        "keys": list_keys(products, queries),
        "values": list_values(products, queries),
        "modalities": ((*cell, n) for cell, n in queries.modalities.most_common()),
        "flows": list_flows(queries),
        "lengths": ((*cell, n) for cell, n in sorted((products.lengths + queries.lengths).items())),
        "problems": problems.most_common(),
    }
    return {name: make_table(name, rows[name]) for name in TABLES}


def list_keys(products: ProductCounts, queries: QueryCounts) -> Iterator[tuple]:
    """(origin, key, count, share): of the pool's keys by products, of a method's by conditions."""
    counts: dict[str, Counter[str]] = {POOL: products.keys}
    for (method, key, _), n in queries.conditions.items():
        for origin in (ALL_METHODS, method):
            counts.setdefault(origin, Counter())[key] += n
    if len(counts) == 3:  # one method, which is all
        del counts[ALL_METHODS]
    for origin, found in counts.items():
        total = found.total()
        yield from ((origin, key, n, n / total) for key, n in found.most_common())


def list_values(products: ProductCounts, queries: QueryCounts) -> Iterator[tuple]:
    """(key, value, products, conditions)"""
    asked: Counter[tuple[str, str]] = Counter()
    for (_, key, value), n in queries.conditions.items():
        asked[key, value] += n
    for pair, n in products.pairs.most_common():
        yield (*pair, n, asked.pop(pair, 0))
    yield from ((*pair, 0, n) for pair, n in asked.most_common())


def list_flows(queries: QueryCounts) -> Iterator[tuple]:
    """(side, value of the reference, value of the answer, references)"""
    for side, sums in queries.flows.items():
        names = list(queries.products.codes[side])
        flat = [(sums[i, j], names[i], names[j]) for i, j in zip(*np.nonzero(sums), strict=True)]
        yield from ((side, a, b, float(n)) for n, a, b in sorted(flat, reverse=True))
