"""The core of every reading suite: ask, match claims to gold, evaluate."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from skulens.bench.result import Data, Result
from skulens.catalog.claims import claims_table, gold_table, verdicts_table
from skulens.claims import Claim, Gold, Verdict
from skulens.errors import DataError
from skulens.evaluate.claims import (
    LEAST,
    ClaimScores,
    Matched,
    claim_scores,
    eligible_fields,
    match,
)
from skulens.evaluate.intervals import Interval
from skulens.evaluate.reading import character_errors, find_lines, reading_scores
from skulens.evaluate.scores import Scores, slice_scores, summarise
from skulens.evaluate.verdicts import count_outcomes, verdict_scores
from skulens.protocols import Catalog, Reader, TrueCatalog
from skulens.records import Product, Reject
from skulens.values.fields import is_asked
from skulens.values.levels import Level

PER_ITEM = ("claims_per_item", "vc_per_item", "vi_per_100_items", "item_f1")
"""Metrics whose denominator is items: they say nothing of one field."""


@dataclass(frozen=True)
class Answers:
    """What a reader said of some products."""

    claims: tuple[Claim, ...]
    rejects: tuple[Reject, ...] = ()
    verdicts: tuple[Verdict, ...] | None = None
    """One per claim, same order; None: nobody looked."""
    lines: Mapping[str, tuple[str, ...]] | None = None
    """Item -> the lines of text that the reader saw; None: it does not tell."""
    cost: Mapping[str, object] = field(default_factory=dict)


def ask_reader(reader: Reader, products: Sequence[Product], fields: Sequence[str]) -> Answers:
    """Its claims, and how fast it was."""
    start = time.perf_counter()
    said = list(reader.read(products, fields))
    seconds = time.perf_counter() - start
    return Answers(
        tuple(a for a in said if isinstance(a, Claim)),
        tuple(a for a in said if isinstance(a, Reject)),
        cost={"products_per_s": round(len(products) / seconds, 2)} if seconds else {},
    )


Ask = Callable[[Reader, Sequence[Product], Sequence[str]], Answers]


@dataclass(frozen=True)
class Task:
    """What a suite asks: the fields of some products."""

    suite: str
    data: str
    dataset: str
    split: str
    products: Sequence[Product]
    """As a reader may see them: without what gold was made from."""
    gold: Sequence[Gold]
    classes: Mapping[str, str]
    """Product id -> its true class, for slices; a seller may list it under another."""
    settings: Mapping[str, object]
    level: Level = "L1"
    """How far two values may differ; see skulens.values.levels."""
    least: int = LEAST
    """Gold values that a field needs to enter the mean over fields and the slices by field."""
    variant: Mapping[str, str] = field(default_factory=dict)
    slices: tuple[str, ...] = ("field", "language", "class")
    rejects: Callable[[], Sequence[Reject]] = tuple
    ask: Ask = ask_reader
    """How a reader is asked; one that looks at pictures gives verdicts, lines and costs too."""
    lines: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Product id -> printed lines that a person reads without doubt, where the data has them."""


class Asked(Protocol):
    """Settings that every reading suite has."""

    @property
    def split(self) -> str: ...
    @property
    def fields(self) -> tuple[str, ...]: ...
    @property
    def level(self) -> Level: ...
    @property
    def least(self) -> int: ...
    @property
    def limit(self) -> int: ...


def check_gold(catalog: Catalog, name: str = "") -> None:
    """Raise DataError for a catalogue that does not know what is true."""
    if not isinstance(catalog, TrueCatalog):
        raise DataError(
            f"{name or catalog.info.name} has no gold to compare claims with; take the shop or "
            "another dataset that has (see `skulens list datasets`), or put gold.parquet, .jsonl "
            "or .csv with the columns item, field, values beside the products"
        )


def check_reader(system: Any) -> None:
    """Raise DataError for a system that does not read products into claims."""
    if not hasattr(system, "read"):
        raise DataError(
            f"{system.info.name} is of kind {system.info.kind}; this suite measures readers, "
            "see `skulens list readers`"
        )


def make_task(
    suite: str, catalog: Any, data: str, asked: Asked, settings: Mapping[str, object]
) -> Task:
    """The products of a catalogue with gold, as sellers list them, and their gold.

    Raises:
        DataError: there is no gold of what is asked.
    """
    gold = [
        g for g in catalog.gold(asked.split) if not asked.fields or is_asked(g.field, asked.fields)
    ]
    rejects: list[Reject] = [*catalog.rejects]
    if not gold:
        raise DataError(_no_gold(catalog, data, asked))
    items = {g.item for g in gold}
    products = [p for p in catalog.listings() if p.id in items][: asked.limit or None]
    rejects += catalog.rejects
    kept = {p.id for p in products}
    return Task(
        suite=suite,
        data=data,
        dataset=catalog.info.name,
        split=asked.split,
        products=products,
        gold=[g for g in gold if g.item in kept],
        classes={p.id: p.category[0] for p in catalog.products() if p.category},
        settings=settings,
        level=asked.level,
        least=asked.least,
        rejects=lambda: rejects,
    )


def _no_gold(catalog: Any, data: str, settings: Asked) -> str:
    """Why there is nothing to compare claims with."""
    there = sorted({g.field for g in catalog.gold(settings.split)})
    if not there:
        return f"{data} has no gold in split {settings.split!r}; give another --split"
    asked, some = ", ".join(settings.fields), ", ".join(there[:12])
    more = f" and {len(there) - 12} more" if len(there) > 12 else ""
    return f"{data} has no gold of {asked}; it has {some}{more}"


def measure(task: Task, readers: Sequence[Reader]) -> Iterator[Result]:
    """One result per reader, in that order.

    Raises:
        DataError: there is nothing to read, or no gold to compare with.
    """
    if not task.products or not task.gold:
        what = "products" if not task.products else "gold"
        raise DataError(f"{task.data} has no {what} in split {task.split!r}; see `skulens audit`")
    for reader in readers:
        yield _measure_one(task, reader)


def _measure_one(task: Task, reader: Reader) -> Result:
    """Ask, match, evaluate."""
    asked = tuple(sorted({g.field for g in task.gold}))
    answers = task.ask(reader, task.products, asked)
    matched = match(
        answers.claims,
        task.gold,
        level=task.level,
        languages={p.id: p.language or "" for p in task.products},
        classes=task.classes,
    )
    common = eligible_fields(matched, task.least)
    scores = score(task, answers, matched, common)
    rejects = tuple(dict.fromkeys([*task.rejects(), *answers.rejects]))
    fingerprint = fingerprint_of_gold(task.gold)
    return Result(
        suite=task.suite,
        data=Data(task.data, fingerprint, task.split, task.dataset, fingerprint),
        system=reader.info,
        name=getattr(reader, "name", reader.info.name),
        variant=task.variant,
        settings=task.settings,
        metrics=summarise(scores),
        slices=_slice(scores),
        tables=_tables(task, answers, scores),
        cost=answers.cost,
        counts={
            "units": len(matched.units),
            "groups": len(scores.group_names),
            "products": len(task.products),
            "pictures": sum(len(p.images) for p in task.products),
            "claims": len(answers.claims),
            "claims_without_gold": sum(matched.extra.values()),
            "partly_legible": matched.partly,
            "fields": len(set(matched.fields)),
            "fields_averaged": len(common),
            "rejects": len(rejects),
            **_count_verdicts(answers, matched),
        },
        rejects=rejects,
    )


def score(task: Task, answers: Answers, matched: Matched, common: Sequence[str]) -> Scores:
    """The sums of all metrics per unit; `common`: fields of the mean over fields and of slices."""
    counted = claim_scores(matched)
    if answers.verdicts is not None:
        counted = verdict_scores(counted, matched, answers.claims, answers.verdicts)
        counted = _add_reading(counted, task, answers)
    slices = {name: counted.slices[name] for name in task.slices if name in counted.slices}
    fields = counted.slices["field"]
    slices["field"] = np.where(np.isin(fields, common), fields, "")
    return Scores(counted.units, counted.groups, counted.top, counted.bottom, slices, unit="claim")


def _add_reading(counted: ClaimScores, task: Task, answers: Answers) -> ClaimScores:
    """With the character error, and the line recall of readers that tell their lines."""
    lines = {
        item: (find_lines(printed, (answers.lines or {}).get(item, ())), len(printed))
        for item, printed in task.lines.items()
        if answers.lines is not None
    }
    of_unit = [
        (unit.removesuffix(f"#{path}"), path)
        for unit, path in zip(counted.units, counted.slices["field"], strict=True)
    ]
    errors = character_errors(answers.claims, task.gold)
    pairs = reading_scores(of_unit, errors, lines)
    return replace(
        counted,
        top={**counted.top, **{name: top for name, (top, _) in pairs.items()}},
        bottom={**counted.bottom, **{name: bottom for name, (_, bottom) in pairs.items()}},
    )


def _slice(scores: Scores) -> dict[str, dict[str, dict[str, Interval]]]:
    """Numbers of each slice; without those per item, and those of lines, where it is one field."""
    found = slice_scores(scores)
    for metrics in found.get("field", {}).values():
        for name in (*PER_ITEM, "line_recall"):
            metrics.pop(name, None)
    return found


def _count_verdicts(answers: Answers, matched: Matched) -> dict[str, int]:
    if answers.verdicts is None:
        return {}
    return count_outcomes(matched, answers.claims, answers.verdicts)


def _tables(task: Task, answers: Answers, scores: Scores) -> dict:
    tables = {
        "per_claim": scores.to_arrow(),
        "claims": claims_table(answers.claims),
        "gold": gold_table(task.gold),
    }
    if answers.verdicts is not None:
        tables["verdicts"] = verdicts_table(answers.claims, answers.verdicts)
    return tables


def fingerprint_of_gold(gold: Sequence[Gold]) -> str:
    """Fingerprint of what is true and of what can be read, whatever its order."""
    rows = sorted([g.item, g.field, sorted(g.values), g.legible, g.group] for g in gold)
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()
