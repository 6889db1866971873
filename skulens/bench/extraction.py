"""The core of every reading suite: read, match claims to gold, evaluate."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from skulens.bench.result import Data, Result
from skulens.claims import Claim, Gold
from skulens.errors import DataError
from skulens.evaluate.claims import LEAST, claim_scores, eligible_fields, match
from skulens.evaluate.scores import Scores, slice_scores, summarise
from skulens.protocols import Reader
from skulens.records import Product, Reject
from skulens.values.levels import Level

if TYPE_CHECKING:
    import pyarrow as pa


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
    """Read, match, evaluate."""
    asked = tuple(sorted({g.field for g in task.gold}))
    start = time.perf_counter()
    answers = list(reader.read(task.products, asked))
    seconds = time.perf_counter() - start
    claims = [a for a in answers if isinstance(a, Claim)]
    failed = [a for a in answers if isinstance(a, Reject)]
    matched = match(
        claims,
        task.gold,
        level=task.level,
        languages={p.id: p.language or "" for p in task.products},
        classes=task.classes,
    )
    counted = claim_scores(matched)
    slices = {name: counted.slices[name] for name in task.slices if name in counted.slices}
    common = eligible_fields(matched, task.least)
    slices["field"] = np.where(np.isin(matched.fields, common), matched.fields, "")
    scores = Scores(
        counted.units, counted.groups, counted.top, counted.bottom, slices, unit="claim"
    )
    rejects = tuple(dict.fromkeys([*task.rejects(), *failed]))
    fingerprint = fingerprint_of_gold(task.gold)
    return Result(
        suite=task.suite,
        data=Data(task.data, fingerprint, task.split, task.dataset, fingerprint),
        system=reader.info,
        name=getattr(reader, "name", reader.info.name),
        variant=task.variant,
        settings=task.settings,
        metrics=summarise(scores),
        slices=slice_scores(scores),
        tables={
            "per_claim": scores.to_arrow(),
            "claims": claims_table(claims),
            "gold": gold_table(task.gold),
        },
        cost={"products_per_s": round(len(task.products) / seconds, 2)} if seconds else {},
        counts={
            "units": len(scores.units),
            "groups": len(scores.group_names),
            "products": len(task.products),
            "claims": len(claims),
            "claims_without_gold": sum(matched.extra.values()),
            "partly_legible": matched.partly,
            "fields": len(set(matched.fields)),
            "fields_averaged": len(common),
            "rejects": len(rejects),
        },
        rejects=rejects,
    )


def fingerprint_of_gold(gold: Sequence[Gold]) -> str:
    """Fingerprint of what is true and of what can be read, whatever its order."""
    rows = sorted([g.item, g.field, sorted(g.values), g.legible, g.group] for g in gold)
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()


def claims_table(claims: Sequence[Claim]) -> "pa.Table":
    """One row per claim; evidence as JSON."""
    import pyarrow as pa

    columns = ("id", "item", "field", "value", "unit", "language", "confidence", "predictor", "n")
    table: dict[str, list] = {name: [getattr(c, name) for c in claims] for name in columns}
    table["evidence"] = [
        json.dumps([[e.image, e.source, e.quote, e.quad] for e in c.evidence], ensure_ascii=False)
        for c in claims
    ]
    kinds = {"confidence": pa.float64(), "n": pa.int64()}
    return pa.table({k: pa.array(v, kinds.get(k, pa.string())) for k, v in table.items()})


def gold_table(gold: Sequence[Gold]) -> "pa.Table":
    """One row per true value, or per field that is truly absent."""
    import pyarrow as pa

    lists = pa.list_(pa.string())
    kinds = {"values": lists, "images": lists}
    columns = ("item", "field", "values", "legible", "images", "group")
    return pa.table(
        {
            name: pa.array([_plain(getattr(g, name)) for g in gold], kinds.get(name, pa.string()))
            for name in columns
        }
    )


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
