"""Queries to look at: references, conditions, answers, and what each system found, as one page.

What was found comes from stored results, what is shown of it from the catalogue that was measured.
A product that a system found is held against every condition, so that a wrong one says what is
wrong with it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from markupsafe import Markup

from skulens.bench.errors import know
from skulens.bench.examples import thumbnail
from skulens.bench.result import Result
from skulens.compose.words import CLASS
from skulens.errors import DataError
from skulens.protocols import Catalog
from skulens.records import Condition, Image, Product, Query
from skulens.report.finders import Finder, read_finders, sample_queries
from skulens.report.html import read_part, write_html
from skulens.report.mistakes import Budget
from skulens.report.names import count

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
class ConditionCheck:
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
    failed: Sequence[ConditionCheck] = ()
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
class PictureRules:
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
class QueriesPage:
    """What a page of queries shows."""

    path: Path
    queries: int
    of: int
    """Queries that were asked."""
    systems: Sequence[str]


def conditions_of(query: Query) -> int:
    """Conditions that references show."""
    return sum(c.key != CLASS for c in query.conditions)


def check_product(product: Product, conditions: Iterable[Condition]) -> list[ConditionCheck]:
    """Each condition held against a product; of several values of a key each counts."""
    known = know(product)
    values = {CLASS: frozenset({known.kind} - {""}), **known.values}
    checks = []
    for c in conditions:
        if c.value is None or c.relation == "whole":
            checks.append(ConditionCheck(c, None))
            continue
        has = values.get(c.key, frozenset())
        holds = (c.value in has) == (c.relation == "same")
        checks.append(ConditionCheck(c, holds, "" if holds else ", ".join(sorted(has))))
    return checks


def write_queries_page(
    results: Sequence[Result],
    catalog: Catalog,
    out: Path,
    queries: int = QUERIES,
    top: int = TOP,
    seed: int = 0,
) -> QueriesPage:
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
    pictures = PictureRules()
    products = collect_products(catalog, picked, finders)
    cards = [make_card(q, finders, products, pictures) for q in picked]
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
        "pictures": pictures.style,
        "full": any(name is None for name in pictures.names.values()),
        "script": Markup(read_part("queries.js")),
    }
    write_html("queries.html", out, values, {"describe_rank": describe_rank})
    return QueriesPage(out, len(cards), len(kinds), [f.name for f in finders])


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
    query: Query, finders: Sequence[Finder], products: Mapping[str, Product], pictures: PictureRules
) -> QueryCard:
    """A query with all that is shown of it."""

    def show(ids: Iterable[str], side_px: int) -> list[ShownProduct]:
        return [show_product(p, query, products, pictures, side_px) for p in ids]

    return QueryCard(
        query,
        list(show_parts(query, pictures)),
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


def show_parts(query: Query, pictures: PictureRules) -> Iterator[tuple[str, str]]:
    for part in query.item.parts:
        if isinstance(part, str):
            yield "text", part
        else:
            yield "picture", pictures.show(part, ASKED_PX) or ""


def show_product(
    product_id: str,
    query: Query,
    products: Mapping[str, Product],
    pictures: PictureRules,
    side_px: int,
) -> ShownProduct:
    right, reference = query.relevant.get(product_id, 0) > 0, product_id in query.references
    product = products.get(product_id)
    if product is None:
        return ShownProduct(product_id, "", None, right, reference=reference, known=False)
    return ShownProduct(
        product_id,
        product.title[:TITLE],
        pictures.show(next(iter(product.images), None), side_px),
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
