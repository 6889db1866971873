"""A folder's queries -> Label Studio: tasks, the labeling configuration, and how to set it up."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np

from skulens.compose.balanced import Watch, unwatched
from skulens.compose.pool import make_pool
from skulens.curate.asked.candidates import Limits, pictures_of, rank_candidates, recall
from skulens.curate.asked.pictures import embed_pictures, mean_cosines, rank
from skulens.curate.queries.stratify import Unit, allocate, draw_key
from skulens.curate.review.form import labeling_config
from skulens.curate.review.pictures import Show
from skulens.curate.review.rulings import Ruling, first_of
from skulens.curate.review.tasks import Tasks, choose_candidates
from skulens.encode.embed import Embedder
from skulens.errors import DataError, StoreError
from skulens.files import write_whole
from skulens.records import Product, Query, Reject

CONFIG, RECORD = "labeling-config.xml", "review.json"
FILE_BYTES = 50_000_000
"""Of one file of tasks, so that an upload stays small."""


@dataclass(frozen=True)
class ReviewPlan:
    """Which queries people judge, and how."""

    sample: int = 0
    """Queries; 0: all, or in a later round all that the rounds before left open."""
    stratify: tuple[str, ...] = ("language", "class", "n_conditions", "method")
    """Tags of which the sample gets its share."""
    candidates: int = 30
    """Products to judge for each query, at most."""
    round: int = 1
    blind: bool = False
    """A later round sees nothing of what was said before."""
    naming: Literal["one", "paper"] = "one"
    """paper: a file for each task, product_category_{Number}.json (B.2)."""
    seed: int = 0


@dataclass(frozen=True)
class Exported:
    """What was written."""

    folder: Path
    files: tuple[Path, ...]
    tasks: int
    unshown_answers: int
    """Answers of the exported queries beyond those that are judged."""
    rejects: tuple[Reject, ...]


def export_tasks(
    queries: Sequence[Query],
    products: Mapping[str, Product],
    out: Path,
    show: Show,
    plan: ReviewPlan = ReviewPlan(),
    embedder: Embedder | None = None,
    rulings: Mapping[str, Ruling] | None = None,
    watch: Watch = unwatched,
) -> Exported:
    """Write the tasks of a round.

    Args:
        queries: of which the sample is drawn.
        show: makes the address of a picture; see `review.pictures`.
        embedder: ranks candidates by similarity; without one they come in catalogue order.
        rulings: of the rounds before; the disputed and ambiguous queries come first.
    Raises:
        StoreError: the folder holds a review already.
        DataError: no query to judge.
    """
    if (out / CONFIG).exists():
        raise StoreError(f"{out} holds tasks already; delete it or name another folder")
    chosen = choose_queries(queries, plan, rulings)
    if not chosen:
        raise DataError("no query is left to judge: nothing is disputed or ambiguous")
    watch("candidates", 0)
    listed = list_candidates(chosen, products, plan.candidates, embedder)
    makes = Tasks(products, show, plan.round)
    made, done = [], watch("tasks", len(chosen))
    for query in chosen:
        done(1)
        first = first_of(rulings[query.id], plan.blind) if rulings else None
        task = makes.task(query, listed[query.id], first)
        if task is not None:
            made.append(task)
    out.mkdir(parents=True, exist_ok=True)
    files = tuple(write_tasks(out, made, plan.naming))
    shown = {t["data"]["query_id"] for t in made}
    unshown = sum(len(set(q.answers) - set(listed[q.id])) for q in chosen if q.id in shown)
    found = Exported(out, files, len(made), unshown, tuple(makes.rejects))
    write_record(found, plan)
    write_whole(out / CONFIG, partial(write_text, labeling_config()))
    return found


# ----- which queries, which candidates --------------------------------------------------------


def choose_queries(
    queries: Sequence[Query], plan: ReviewPlan, rulings: Mapping[str, Ruling] | None
) -> list[Query]:
    """The queries of a round, in the order in which they are to be judged."""
    able = [q for q in queries if q.conditions]
    if rulings is not None:
        judged = [q for q in able if q.id in rulings]
        if not plan.sample:
            judged = [q for q in judged if rulings[q.id].urgency < 3]
        judged.sort(key=lambda q: (rulings[q.id].urgency, draw_key(plan.seed, "round", q.id)))
        return judged[: plan.sample or None]
    if plan.sample and plan.sample < len(able):
        units = [Unit(q.id, q.id, q.tags) for q in able]
        sizes = {"left": len(units) - plan.sample, "drawn": plan.sample}
        side_of = allocate(units, sizes, plan.stratify, plan.seed)
        able = [q for q in able if side_of[q.id] == "drawn"]
    return sorted(able, key=lambda q: draw_key(plan.seed, "order", q.id))


def list_candidates(
    queries: Sequence[Query],
    products: Mapping[str, Product],
    most: int,
    embedder: Embedder | None,
) -> dict[str, list[str]]:
    """Query -> products to judge: with an encoder those nearest to its pictures first; without
    one answers, hard negatives, then what satisfies all conditions in catalogue order."""
    listed = list(products.values())
    if embedder is None:
        pool, _ = make_pool(listed)
        pairs = {pair: number for number, pair in enumerate(pool.pairs)}
        further = {q.id: [pool.ids[i] for i in recall(pool, pairs, q)] for q in queries}
    else:
        ranked = rank_candidates(queries, listed, embedder, Limits(most=most))
        further = {name: [c.product for c in found] for name, found in ranked.items()}
    chosen = {
        q.id: [p for p in choose_candidates(q, further[q.id], most) if p in products]
        for q in queries
    }
    return chosen if embedder is None else rank_chosen(queries, chosen, products, embedder)


def rank_chosen(
    queries: Sequence[Query],
    chosen: Mapping[str, Sequence[str]],
    products: Mapping[str, Product],
    embedder: Embedder,
) -> dict[str, list[str]]:
    """Each query's products by mean cosine to its pictures; those without a picture last."""
    names = dict.fromkeys(p for found in chosen.values() for p in found)
    gallery = embed_pictures({p: i[0] for p in names if (i := products[p].images)}, embedder)
    shown = embed_pictures(
        {f"{q.id} {i}": image for q in queries for i, image in enumerate(pictures_of(q))}, embedder
    )
    row_of, found, start = {name: row for row, name in enumerate(gallery.names)}, {}, 0
    for query in queries:
        end = start + len(pictures_of(query))
        towards = shown.vectors[start:end][shown.readable[start:end]]
        mine = list(chosen[query.id])
        rows = [row_of[p] for p in mine if p in row_of]
        scores = np.full(len(mine), np.nan)
        scores[[p in row_of for p in mine]] = mean_cosines(gallery.vectors[rows], towards)
        order = [mine[i] for i in rank(mine, scores)]
        found[query.id] = order + [p for p in mine if p not in set(order)]
        start = end
    return found


# ----- files ----------------------------------------------------------------------------------


def write_tasks(out: Path, tasks: Sequence[Mapping], naming: str) -> Iterator[Path]:
    """Files of tasks, each a list as Label Studio imports it."""
    numbers: Counter[str] = Counter()
    parts = [[task] for task in tasks] if naming == "paper" else list(parcel(tasks))
    for number, part in enumerate(parts, 1):
        name = "tasks.json" if len(parts) == 1 else f"tasks-{number:03}.json"
        if naming == "paper":
            kind = re.sub(r"\W+", "_", part[0]["data"].get("class") or "product")
            numbers[kind] += 1
            name = f"{kind}_{numbers[kind]}.json"
        text = json.dumps(part, ensure_ascii=False, indent=1) + "\n"
        write_whole(out / name, partial(write_text, text), sync=False)
        yield out / name


def write_text(text: str, file: BinaryIO) -> None:
    file.write(text.encode())


def parcel(tasks: Sequence[Mapping]) -> Iterator[list[Mapping]]:
    """Tasks in lists of about FILE_BYTES."""
    part: list[Mapping] = []
    size = 0
    for task in tasks:
        length = len(json.dumps(task))
        if part and size + length > FILE_BYTES:
            yield part
            part, size = [], 0
        part.append(task)
        size += length
    if part:
        yield part


def write_record(found: Exported, plan: ReviewPlan) -> None:
    """What was asked for and written, and what was left out."""
    record = {
        "plan": asdict(plan),
        "files": [path.name for path in found.files],
        "tasks": found.tasks,
        "unshown_answers": found.unshown_answers,
        "rejects": [asdict(r) for r in found.rejects],
    }
    text = json.dumps(record, ensure_ascii=False, indent=1) + "\n"
    write_whole(found.folder / RECORD, partial(write_text, text))
