"""Why a query was answered wrongly, by rule: what is true of the product that was put first.

MERIT sorts errors by hand (Chow et al., arXiv 2506.03144, section 3.4); where the catalogue knows
the attributes, the first that applies decides:

    nothing      no candidate was found
    unknown      no attribute of the product is known, so that no rule can say
    category     the product is not of the class asked for
    attribute    it fails a condition that is not, or not only, to be seen
    visual       every condition that it fails is to be seen in pictures alone
    detail       it satisfies every condition with a value, and the judgement says no all the same:
                 it fails what the query asks for beside (a style as a whole, a trait in words)
    annotation   it satisfies all that is asked for and was never judged: the judgements are
                 incomplete. Impossible where they list every answer
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from skulens.bench.task import ErrorSheet
from skulens.compose.words import CLASS
from skulens.evaluate.scores import Scores
from skulens.records import Condition, Product, Query, Run

KINDS = ("category", "attribute", "visual", "detail", "annotation", "unknown", "nothing")
STRINGS = pa.list_(pa.string())
SHEET = pa.schema(
    {
        "query": pa.string(),
        "group": pa.string(),
        "product": pa.string(),
        "kind": pa.string(),
        "conditions": STRINGS,
        "failed": STRINGS,
        "reference": pa.bool_(),
    }
)
"""`product` was put first; `reference`: the query shows it; conditions as "key=value"."""


@dataclass(frozen=True)
class Known:
    """What is true of a product."""

    kind: str
    """Its class."""
    values: Mapping[str, frozenset[str]] = field(default_factory=dict)
    modality: Mapping[str, str] = field(default_factory=dict)


def know_products(products: Sequence[Product]) -> dict[str, Known]:
    """Id -> what is true of the product."""
    return {p.id: know(p) for p in products}


def know(product: Product) -> Known:
    values: dict[str, set[str]] = defaultdict(set)
    for a in product.attributes:
        values[a.key].add(a.value)
    return Known(
        product.category[0] if product.category else "",
        {key: frozenset(some) for key, some in values.items()},
        {a.key: a.modality for a in product.attributes},
    )


def sort_errors(run: Run, queries: Sequence[Query], known: Mapping[str, Known]) -> ErrorSheet:
    """The queries whose first candidate is not an answer, each with the kind of its error.

    Args:
        run: of these queries; one that it lacks found nothing.
    """
    first = {q: next((p for p, _ in run.candidates(i)), "") for i, q in enumerate(run.queries)}
    asked = [q for q in queries if q.answers]
    rows = [
        row_of(query, product, known)
        for query in asked
        if (product := first.get(query.id, "")) not in query.answers
    ]
    return ErrorSheet(share_kinds(rows), pa.Table.from_pylist(rows, schema=SHEET))


def row_of(query: Query, product: str, known: Mapping[str, Known]) -> dict:
    failed = [c for c in told(query) if not holds(c, known.get(product))]
    return {
        "query": query.id,
        "group": query.group or query.id,
        "product": product or None,
        "kind": name_kind(query, product, failed, known),
        "conditions": [f"{c.key}={c.value or '*'}" for c in query.conditions],
        "failed": [f"{c.key}={c.value}" for c in failed] if product in known else [],
        "reference": product in query.references,
    }


def told(query: Query) -> list[Condition]:
    """Conditions with a value, the class apart."""
    return [c for c in query.conditions if c.value is not None and c.key != CLASS]


def holds(condition: Condition, product: Known | None) -> bool:
    return product is not None and condition.value in product.values.get(condition.key, ())


def name_kind(
    query: Query, product: str, failed: Sequence[Condition], known: Mapping[str, Known]
) -> str:
    """The kind of an error; `failed`: the conditions that the product put first does not satisfy."""
    if not product:
        return "nothing"
    if product not in known or not known[product].values:
        return "unknown"
    if (wanted := class_of(query, known)) and known[product].kind != wanted:
        return "category"
    if failed:
        seen = all(modality_of(c, known) == "visual" for c in failed)
        return "visual" if seen else "attribute"
    whole = any(c.value is None for c in query.conditions)
    return "detail" if whole or product in query.relevant else "annotation"


def class_of(query: Query, known: Mapping[str, Known]) -> str:
    """The class that a query names, else that of all its answers; empty where they differ."""
    named = [c.value for c in query.conditions if c.key == CLASS and c.value]
    kinds = {known[p].kind for p in query.answers if p in known}
    return named[0] if named else kinds.pop() if len(kinds) == 1 else ""


def modality_of(condition: Condition, known: Mapping[str, Known]) -> str:
    """Where the value is told; what the condition does not say, the product shown may know."""
    shown = known.get(condition.product or "")
    if condition.modality != "unknown" or shown is None:
        return condition.modality
    return shown.modality.get(condition.key, "unknown")


def share_kinds(rows: Sequence[Mapping]) -> dict:
    """Kind -> its share of the rows, with the interval over groups; empty without rows."""
    kinds = np.array([row["kind"] for row in rows], dtype=str)
    units, groups = ([row[column] for row in rows] for column in ("query", "group"))
    values = {kind: (kinds == kind).astype(float) for kind in KINDS}
    scores = Scores.of_means(units, groups, values)
    return {kind: scores.measure(kind).interval() for kind in KINDS} if len(rows) else {}
