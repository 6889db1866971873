"""Rulings on queries -> the queries as people left them, in a folder of their own.

Beside the tables of `catalog.folder` stand

    reviews.parquet             a row per answer: query_id, annotator, round, decision, words, yes,
                                no, comment, at, seconds, source
    reviewed_judgments.parquet  a row per product that people settled: query_id, product_id, grade,
                                source "human", annotators, round, at
    review.json                 what became of the queries, agreement, disagreements
    rejects.parquet             deleted queries, with who and why, and everything that did not fit
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

from skulens.catalog.folder import write_catalog, write_table
from skulens.curate.asked.folders import Queried, carry_composition
from skulens.curate.queries.make import REJECTS, claim_folder
from skulens.curate.queries.split import AMBIGUOUS, REVIEW
from skulens.curate.review.answers import Answer
from skulens.curate.review.export import RECORD
from skulens.curate.review.rulings import Agreed, Ruling
from skulens.curate.review.words import rewrite
from skulens.files import write_record
from skulens.records import Query, Reject

DISPUTED = "disputed"
"""Tag of a query on whose decision people do not agree; it stays as it was."""
REVIEWS, JUDGED = "reviews.parquet", "reviewed_judgments.parquet"
STRING, STRINGS = pa.string(), pa.list_(pa.string())
REVIEWS_SCHEMA = pa.schema(
    {
        "query_id": STRING,
        "annotator": STRING,
        "round": pa.int32(),
        "decision": STRING,
        "words": STRING,
        "yes": STRINGS,
        "no": STRINGS,
        "comment": STRING,
        "at": STRING,
        "seconds": pa.float64(),
        "source": STRING,
    }
)
JUDGED_SCHEMA = pa.schema(
    {
        "query_id": STRING,
        "product_id": STRING,
        "grade": pa.int32(),
        "source": STRING,
        "annotators": STRINGS,
        "round": pa.int32(),
        "at": STRING,
    }
)
REJECTS_SCHEMA = pa.schema(dict.fromkeys(("source", "item", "reason", "todo"), STRING))


@dataclass(frozen=True)
class Applied:
    """Queries after the review.

    Attributes:
        queries: those that stay, in their order.
        counts: what became of them: a decision, "disputed" or "not reviewed" -> queries.
        added: products that became answers; `refused`: that became judged not relevant.
    """

    queries: tuple[Query, ...]
    counts: Mapping[str, int]
    added: int
    refused: int
    rejects: tuple[Reject, ...]


def apply_rulings(queries: Sequence[Query], rulings: Mapping[str, Ruling]) -> Applied:
    """The queries as the rulings want them; deleted ones are rejects."""
    kept, rejects = [], []
    counts: Counter[str] = Counter()
    added = refused = 0
    for query in queries:
        ruling = rulings.get(query.id)
        if ruling is None:
            counts["not reviewed"] += 1
            kept.append(query)
            continue
        changed, problem = apply_ruling(query, ruling)
        if problem is not None:
            rejects.append(problem)
        if changed is None:
            counts["delete"] += 1
            continue
        counts[changed.tags[REVIEW]] += 1
        kept.append(changed)
        added += len(set(changed.answers) - set(query.answers))
        refused += sum(
            grade == 0 and query.relevant.get(p) != 0 for p, grade in changed.relevant.items()
        )
    return Applied(tuple(kept), dict(counts), added, refused, tuple(rejects))


def apply_ruling(query: Query, ruling: Ruling) -> tuple[Query | None, Reject | None]:
    """(the query, None where it goes; a reject where it goes or the new words do not fit)."""
    who = ", ".join(dict.fromkeys(a.annotator for a in ruling.answers))
    source = ruling.answers[-1].source
    if ruling.decision == "delete":
        why = "; ".join(a.comment for a in ruling.answers if a.comment) or "no comment"
        reason = f"deleted by annotator {who} in round {ruling.answers[-1].round}: {why}"
        return None, Reject(source, query.id, reason, "nothing; it is left out")
    if ruling.decision == "ambiguous":  # what fits an ambiguous query is not known either
        return tagged(query, AMBIGUOUS), None
    judged = judge(query, ruling.fits)
    if not judged.answers:
        reason = f"no answer is left after the review by annotator {who}"
        return None, Reject(source, query.id, reason, "nothing; it is left out")
    if ruling.decision != "rewrite":
        return tagged(judged, ruling.decision or DISPUTED), None
    written, problem = rewrite(judged, ruling.words)
    if written is None:
        todo = "correct the words in Label Studio and export again; the query keeps its own"
        return tagged(query, DISPUTED), Reject(source, query.id, f"new words: {problem}", todo)
    return tagged(written, ruling.decision), None


def tagged(query: Query, said: str) -> Query:
    return replace(query, tags={**query.tags, REVIEW: said})


def judge(query: Query, fits: Mapping[str, bool]) -> Query:
    """With people's judgements: answers keep their grade, new ones get 1, refused products 0."""
    grades = dict(query.relevant)
    for product, good in fits.items():
        grades[product] = max(grades.get(product, 0), 1) if good else 0
    near = tuple(p for p in query.hard_negatives if not fits.get(p, False))
    return replace(query, relevant=grades, hard_negatives=near)


# ----- folder ---------------------------------------------------------------------------------


def write_reviewed(
    queried: Queried,
    applied: Applied,
    rulings: Mapping[str, Ruling],
    agreement: Sequence[Agreed],
    rejects: Sequence[Reject],
    out: Path,
    pictures: Literal["copy", "refer"] = "refer",
) -> Path:
    """Write the folder, its manifest last. Raises StoreError where it holds a catalogue already."""
    answers = [a for r in rulings.values() for a in r.answers]
    kept = {q.id for q in applied.queries}
    settled = (row for r in rulings.values() if r.query in kept for row in judgement_rows(r))
    every = [*queried.rejects, *rejects, *applied.rejects]
    record = describe(applied, rulings, agreement, len(every))
    with claim_folder(out):
        carry_composition(queried.catalog, kept, out)
        write_table(out / REVIEWS, REVIEWS_SCHEMA, map(review_row, answers))
        write_table(out / JUDGED, JUDGED_SCHEMA, settled)
        write_table(out / REJECTS, REJECTS_SCHEMA, map(asdict, every))
        write_record(out / RECORD, record)
        write_catalog(out, queried.products.values(), places_of(queried, applied), None, pictures)
    return out


def places_of(queried: Queried, applied: Applied) -> dict[str, list[Query]]:
    """Split -> its queries; the ambiguous ones are a split of their own."""
    apart = [q for q in applied.queries if q.tags.get(REVIEW) == AMBIGUOUS]
    gone = {q.id for q in apart}
    splits = {
        name: [q for q in found if q.id not in gone]
        for name, found in queried.by_split(applied.queries).items()
    }
    return splits | ({AMBIGUOUS: apart} if apart else {})


def review_row(answer: Answer) -> dict[str, Any]:
    row = {name: getattr(answer, name) for name in REVIEWS_SCHEMA.names if hasattr(answer, name)}
    marked = {
        name: [p for p, fits in answer.fits.items() if fits is good]
        for name, good in (("yes", True), ("no", False))
    }
    return row | marked | {"query_id": answer.query}


def judgement_rows(ruling: Ruling) -> list[dict[str, Any]]:
    """Of the products settled, who judged them last and when; none of an ambiguous query."""
    if ruling.decision == "ambiguous":
        return []
    rows = []
    for product, fits in ruling.fits.items():
        judged = [a for a in ruling.answers if product in a.fits]
        last = [a for a in judged if a.round == judged[-1].round]
        rows.append(
            {
                "query_id": ruling.query,
                "product_id": product,
                "grade": int(fits),
                "source": "human",
                "annotators": [a.annotator for a in last],
                "round": last[-1].round,
                "at": last[-1].at,
            }
        )
    return rows


def describe(
    applied: Applied,
    rulings: Mapping[str, Ruling],
    agreement: Sequence[Agreed],
    rejects: int,
) -> dict[str, Any]:
    """For JSON; NaN is None."""
    open_ = [r for r in rulings.values() if r.urgency < 3]
    return {
        "queries": len(applied.queries),
        "became": dict(applied.counts),
        "answers_added": applied.added,
        "answers_refused": applied.refused,
        "agreement": [
            {
                "round": a.round,
                "asked": a.asked,
                "share": a.share.as_dict(),
                "coefficients": [plain(asdict(c)) for c in a.coefficients],
                "labels": [plain(asdict(label)) for label in a.labels],
                "disagreements": list(a.disagreements),
            }
            for a in agreement
        ],
        "next_round": [
            {
                "query": r.query,
                "said": [a.decision for a in r.answers],
                "products": list(r.disputed),
            }
            for r in sorted(open_, key=lambda r: (r.urgency, r.query))
        ],
        "rejects": rejects,
    }


def plain(found: dict[str, Any]) -> dict[str, Any]:
    return {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in found.items()}
