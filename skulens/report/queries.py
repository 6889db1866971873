"""Queries to look at: references, conditions, answers, and what each system found, as one page.

What was found comes from stored results, what is shown of it from the catalogue that was measured. A
product that a system found is held against every condition, so that a wrong one says what is
wrong with it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from markupsafe import Markup

from skulens.bench.examples import thumbnail
from skulens.bench.result import Result
from skulens.bench.store import read_run
from skulens.compose.words import CLASS
from skulens.errors import DataError
from skulens.protocols import Catalog
from skulens.records import Condition, Image, Product, Query
from skulens.report.html import read_part, write_html
from skulens.report.mistakes import Budget
from skulens.report.names import count, label

QUERIES, TOP = 60, 8
"""Queries on a page, and products shown of what a system found."""
ANSWERS, NEAR = 6, 6
"""Right products shown of a query, and near misses."""
ASKED_PX, ANSWER_PX, FOUND_PX = 160, 128, 96
"""Longest side of pictures in the instruction, of answers, and of what was found."""
PAGE_BYTES = 9_000_000
"""Of all pictures together."""
TITLE = 140
"""Characters of a product's title."""


@dataclass(frozen=True)
class Finder:
    """A system and the first products it found for each query."""

    name: str
    found: Mapping[str, Sequence[str]]
    """Query -> products, best first, as many as are shown."""
    ranks: Mapping[str, int]
    """Query -> rank of the first right product, from 1; absent where the run has none."""
    depth: int
    """Ranks that the stored run goes down to."""
    errors: Mapping[str, str] = field(default_factory=dict)
    """Query -> kind of its error, where the suite sorted them."""

    @property
    def first(self) -> int:
        """Queries with a right product first."""
        return sum(rank == 1 for rank in self.ranks.values())


@dataclass(frozen=True)
class Check:
    """A condition held against a product."""

    condition: Condition
    holds: bool | None
    """None: the catalogue cannot say."""
    instead: str = ""
    """What the product has in place of the value asked for; empty where it lacks the key."""


@dataclass(frozen=True)
class ShownProduct:
    """A product as the page shows it."""

    id: str
    title: str
    picture: str | None
    """Class of the style rule that holds its picture."""
    right: bool
    failed: Sequence[Check] = ()
    reference: bool = False
    """The query shows it."""
    known: bool = True
    """The catalogue has it."""


@dataclass(frozen=True)
class FinderRow:
    """What one system found for one query."""

    finder: Finder
    products: Sequence[ShownProduct]
    rank: int | None
    error: str = ""
    """Kind of its error."""


@dataclass(frozen=True)
class QueryCard:
    """A query as the page shows it."""

    query: Query
    parts: Sequence[tuple[str, str]]
    """("text" or "picture", the text or the picture's class) in reading order."""
    conditions: int
    answers: Sequence[ShownProduct]
    near: Sequence[ShownProduct]
    rows: Sequence[FinderRow]

    @property
    def first_right(self) -> list[int]:
        """Positions of the systems that put a right product first."""
        return [i for i, row in enumerate(self.rows) if row.rank == 1]

    @property
    def errors(self) -> list[str]:
        """Kinds of the systems' errors, each once."""
        return sorted({row.error for row in self.rows if row.error})


@dataclass
class Gallery:
    """Pictures on the page: each once, as a style rule that any number of places refer to."""

    budget: Budget = field(default_factory=lambda: Budget(PAGE_BYTES))
    names: dict[tuple[Image, int], str | None] = field(default_factory=dict)
    rules: list[str] = field(default_factory=list)

    def show(self, image: Image | None, side_px: int) -> str | None:
        """The class of a picture; None where there is none, it cannot be read or the page is
        full."""
        if image is None:
            return None
        key = image, side_px
        if key not in self.names:
            data = self.budget.take(thumbnail(image, side_px=side_px))
            name = f"p{len(self.rules)}" if data else None
            if data:
                self.rules.append(f".{name}{{background-image:url({data})}}")
            self.names[key] = name
        return self.names[key]

    @property
    def style(self) -> Markup:
        return Markup("\n".join(self.rules))


@dataclass(frozen=True)
class Written:
    """What a page of queries shows."""

    path: Path
    queries: int
    of: int
    """Queries that were asked."""
    systems: Sequence[str]


def choose_results(results: Sequence[Result], split: str = "") -> tuple[list[Result], list[str]]:
    """Results on the same queries of several conditions, and the splits of others.

    Of several splits the one that is asked for, else that of most queries; of several states of
    the data the one measured last; of several runs of one system and settings the last.

    Raises:
        DataError: none has what is needed.
    """
    able = [
        r
        for r in results
        if r.suite == "merit" and {"run", "qrels"} <= set(r.tables) and split in ("", r.data.split)
    ]
    if not able:
        where = f" of split {split!r}" if split else ""
        there = ", ".join(dict.fromkeys(f"{r.suite} on {r.data.split}" for r in results))
        raise DataError(
            f"no result of suite merit{where} with its run is stored there (there are: {there}); "
            "measure with `skulens bench merit DATA --results DIR`"
        )
    groups: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for result in able:
        groups[result.data.split, result.data.queries].append(result)
    best = max(
        groups, key=lambda g: (groups[g][0].counts.get("units", 0), able.index(groups[g][-1]))
    )
    latest = {(r.name, str(r.settings)): r for r in groups[best]}
    return list(latest.values()), sorted({s for s, _ in groups} - {best[0]})


def read_finders(results: Sequence[Result], top: int) -> list[Finder]:
    """Systems as the page shows them, best hit rate at 1 first."""
    finders = []
    for result in results:
        run = read_run(result)
        right = right_products(result)
        found, ranks = {}, {}
        for row, query in enumerate(run.queries):
            ids = [run.products[p] for p in run.order[row] if p >= 0]
            found[query] = ids[:top]
            rank = next((n for n, p in enumerate(ids, 1) if p in right.get(query, ())), None)
            if rank:
                ranks[query] = rank
        name = name_result(result, results)
        finders.append(Finder(name, found, ranks, run.depth, error_kinds(result)))
    return sorted(finders, key=lambda f: -f.first)


def right_products(result: Result) -> dict[str, set[str]]:
    """Query -> its relevant products."""
    table, found = result.tables["qrels"], defaultdict(set)
    columns = (table[c].to_pylist() for c in ("query", "product", "grade"))
    for query, product, grade in zip(*columns, strict=True):
        if grade > 0:
            found[query].add(product)
    return found


def error_kinds(result: Result) -> dict[str, str]:
    """Query -> why the product put first is wrong; empty where errors were not sorted."""
    if "errors" not in result.tables:
        return {}
    table = result.tables["errors"]
    columns = (table[c].to_pylist() for c in ("query", "kind"))
    return dict(zip(*columns, strict=True))


def name_result(result: Result, among: Sequence[Result]) -> str:
    """A system with its gallery, and what else tells it from the others."""
    gallery = result.variant.get("gallery", "")
    return label(result, among) + (f" \N{MIDDLE DOT} {gallery}" if gallery else "")


def sample_queries(
    kinds: Mapping[str, int], finders: Sequence[Finder], n: int, seed: int
) -> list[str]:
    """Query ids, so many or all: the same number of each condition count and agreement as far as
    there are.

    Agreement: no system, some or all put a right product first. Drawn by turns from a seeded
    order of each stratum.

    Args:
        kinds: query -> number of its conditions.
    """
    strata: dict[tuple[int, int], list[str]] = defaultdict(list)
    for query, conditions in kinds.items():
        right = sum(f.ranks.get(query) == 1 for f in finders)
        strata[conditions, (right > 0) + (right == len(finders))].append(query)
    draw = np.random.default_rng(seed)
    queues = [[strata[s][i] for i in draw.permutation(len(strata[s]))] for s in sorted(strata)]
    picked: set[str] = set()
    while len(picked) < min(n, len(kinds)):
        for queue in queues:
            if queue and len(picked) < n:
                picked.add(queue.pop())
    return [query for query in kinds if query in picked]


def conditions_of(query: Query) -> int:
    """Conditions that references show."""
    return sum(c.key != CLASS for c in query.conditions)


def check_product(product: Product, conditions: Iterable[Condition]) -> list[Check]:
    """Each condition held against a product; several values of a key each count."""
    values: dict[str, list[str]] = defaultdict(list)
    for a in product.attributes:
        values[a.key].append(a.value)
    if CLASS not in values and product.category:
        values[CLASS] = [product.category[0]]
    checks = []
    for c in conditions:
        if c.value is None or c.relation == "whole":
            checks.append(Check(c, None))
            continue
        has = values.get(c.key, [])
        holds = (c.value in has) == (c.relation == "same")
        checks.append(Check(c, holds, "" if holds else ", ".join(has)))
    return checks


def write_queries_page(
    results: Sequence[Result],
    catalog: Catalog,
    out: Path,
    queries: int = QUERIES,
    top: int = TOP,
    seed: int = 0,
) -> Written:
    """Write the page.

    Args:
        results: on the same queries, as `choose_results` gives them.
        catalog: what they were measured on.
        queries: how many to show.
        top: products shown of what each system found.
    Raises:
        DataError: the catalogue has none of the queries.
    """
    finders = read_finders(results, top)
    split = results[0].data.split
    asked = {q for f in finders for q in f.found}
    kinds = {q.id: conditions_of(q) for q in catalog.queries(split) if q.id in asked}
    if not kinds:
        raise DataError(
            f"{catalog.info.name} has none of the {len(asked):,} queries of split {split!r} that "
            "were measured; give the folder with --data"
        )
    names = set(sample_queries(kinds, finders, queries, seed))
    picked = [q for q in catalog.queries(split) if q.id in names]
    gallery = Gallery()
    products = collect_products(catalog, picked, finders)
    cards = [make_card(q, finders, products, gallery) for q in picked]
    values = {
        "title": f"Queries of {results[0].data.short}",
        "subtitle": describe_sample(len(cards), len(kinds), split, finders),
        "cards": cards,
        "standings": [
            (
                f.name,
                f"{sum(i in c.first_right for c in cards):,} of {len(cards):,}",
                f"{f.first:,} of {len(f.found):,} ({f.first / max(1, len(f.found)):.1%})",
            )
            for i, f in enumerate(finders)
        ],
        "finders": finders,
        "filters": list_filters(cards),
        "gallery": gallery.style,
        "full": any(name is None for name in gallery.names.values()),
        "script": Markup(read_part("queries.js")),
    }
    write_html("queries.html", out, values, {"describe_rank": describe_rank})
    return Written(out, len(cards), len(kinds), [f.name for f in finders])


def collect_products(
    catalog: Catalog, queries: Sequence[Query], finders: Sequence[Finder]
) -> dict[str, Product]:
    """The products that the page shows."""
    needed = {p for q in queries for f in finders for p in f.found.get(q.id, ())}
    for query in queries:
        needed.update(query.answers[:ANSWERS], near_of(query)[:NEAR])
    return {p.id: p for p in catalog.products() if p.id in needed}


def near_of(query: Query) -> list[str]:
    """Hard negatives, then what else was judged not relevant."""
    judged = [p for p, grade in query.relevant.items() if grade == 0]
    return [p for p in dict.fromkeys((*query.hard_negatives, *judged)) if not query.relevant.get(p)]


def make_card(
    query: Query, finders: Sequence[Finder], products: Mapping[str, Product], gallery: Gallery
) -> QueryCard:
    """A query with all that is shown of it."""

    def show(ids: Iterable[str], side_px: int) -> list[ShownProduct]:
        return [show_product(p, query, products, gallery, side_px) for p in ids]

    return QueryCard(
        query,
        list(show_parts(query, gallery)),
        conditions_of(query),
        show(query.answers[:ANSWERS], ANSWER_PX),
        show(near_of(query)[:NEAR], FOUND_PX),
        [
            FinderRow(
                f,
                show(f.found.get(query.id, ()), FOUND_PX),
                f.ranks.get(query.id),
                f.errors.get(query.id, ""),
            )
            for f in finders
        ],
    )


def show_parts(query: Query, gallery: Gallery) -> Iterator[tuple[str, str]]:
    for part in query.item.parts:
        if isinstance(part, str):
            yield "text", part
        else:
            yield "picture", gallery.show(part, ASKED_PX) or ""


def show_product(
    product_id: str, query: Query, products: Mapping[str, Product], gallery: Gallery, side_px: int
) -> ShownProduct:
    right, reference = query.relevant.get(product_id, 0) > 0, product_id in query.references
    product = products.get(product_id)
    if product is None:
        return ShownProduct(product_id, "", None, right, reference=reference, known=False)
    return ShownProduct(
        product_id,
        product.title[:TITLE],
        gallery.show(next(iter(product.images), None), side_px),
        right,
        [c for c in check_product(product, query.conditions) if c.holds is False],
        reference,
    )


def list_filters(cards: Sequence[QueryCard]) -> list[tuple[str, str, list[str]]]:
    """(name, words, values) of the selects, each with more than one value."""
    values: dict[str, tuple[str, set[str]]] = {
        "n": ("Conditions", {str(c.conditions) for c in cards})
    }
    for tag in ("language", "class", "method"):
        values[tag] = tag.capitalize(), {t for c in cards if (t := c.query.tags.get(tag))}
    values["error"] = "Error of any system", {k for c in cards for k in c.errors}
    return [(name, words, sorted(v)) for name, (words, v) in values.items() if len(v) > 1]


def describe_rank(row: FinderRow) -> str:
    """Where the first right product stands."""
    if row.rank is None:
        return f"no right product among the first {row.finder.depth:,}"
    return "right product first" if row.rank == 1 else f"first right product at rank {row.rank:,}"


def describe_sample(shown: int, of: int, split: str, finders: Sequence[Finder]) -> str:
    """What the page shows of what there is."""
    drawn = (
        ""
        if shown == of
        else ", drawn evenly by number of conditions and by how many systems are right"
    )
    return (
        f"split {split}: {shown:,} of {count(of, 'query')}{drawn}; {count(len(finders), 'system')}"
    )
