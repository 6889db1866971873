"""The core of every retrieval suite: gallery, embed, leakage, rank, evaluate.

A suite brings queries and galleries; systems are encoders, which are batched together so that
each picture is decoded once for all of them, or retrievers, which rank by themselves. Only two
things look at pictures again: the latency probes (`cost.PROBES`) and the thumbnails of a new
result's examples.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from skulens.bench import cost
from skulens.bench.examples import describe_errors, keep_parts
from skulens.bench.leakage import (
    content_hashes,
    find_leaks,
    fingerprint,
    fingerprint_of_queries,
    no_probe_left,
)
from skulens.bench.result import Data, Result
from skulens.bench.retrievers import as_retriever, list_unanswered
from skulens.bench.task import Ranked, Task, Tools, is_encoder
from skulens.encode.batching import Encoded
from skulens.encode.cache import VectorCache
from skulens.encode.embed import Embedder, Fused
from skulens.encode.gallery import Gallery, pictures_of
from skulens.errors import DataError
from skulens.evaluate.intervals import Interval
from skulens.evaluate.metric import METRICS
from skulens.evaluate.summaries import Evaluation, evaluate
from skulens.index.exact import ExactIndex
from skulens.protocols import Encoder, Retriever
from skulens.records import Image, Item, Part, Qrels, Query, Reject, Run, SystemInfo

BLOCK_BYTES = 256 * 2**20
"""Pictures that a catalogue holds in memory (Parquet columns) are encoded in such blocks."""
FULL_RANKING = 200_000_000
"""Scores (queries x products) up to which the whole gallery is ranked for each query: 1.6 GB."""
CUT_RANKING = 1000
"""Candidates of each query where it is not."""


@dataclass
class Probes:
    """The queries of a task, without their pictures once these are encoded."""

    queries: list[Query] = field(default_factory=list)
    fused: list[list[Fused]] = field(default_factory=list)
    """Per encoder, the blocks they were encoded in."""
    contents: list[tuple] = field(default_factory=list)
    """Content hashes of the parts of each query."""
    parts: dict[str, tuple[Part, ...]] = field(default_factory=dict)
    """Of each query, as far as no picture is held in memory for it: for the examples of the report."""
    sample: list[Image] = field(default_factory=list)
    """Photos for timing single probes."""


@dataclass(frozen=True)
class Asked:
    """What one system was asked after leakage and unreadable pictures are taken out."""

    queries: list[Query]
    kept: np.ndarray  # (queries,) rows of all probes
    leaked: int
    hashes: list[tuple]
    """Of what each query was embedded from, in its order."""
    contents: list[tuple]
    """Of the parts of each query, whatever the fusion."""
    gallery_hashes: list[tuple]


def measure(
    task: Task, plan: Sequence[tuple[Encoder | Retriever, str]], tools: Tools
) -> Iterator[Result]:
    """One result per (system, gallery name) of the plan: encoders first, each in the order given.

    Raises:
        DataError: no query is left to measure.
    """
    encoders = [(s, name) for s, name in plan if is_encoder(s)]
    retrievers = [(s, name) for s, name in plan if isinstance(s, Retriever) and not is_encoder(s)]
    yield from _measure_encoders(task, encoders, tools)
    for system, name in retrievers:
        yield _measure_retriever(task, system, name, tools)


def _measure_encoders(
    task: Task, plan: Sequence[tuple[Encoder, str]], tools: Tools
) -> Iterator[Result]:
    """Gallery, embed, leakage, rank, evaluate."""
    if not plan:
        return
    encoders = list(dict.fromkeys(encoder for encoder, _ in plan))
    caches = {e: VectorCache(tools.cache, e.info) if tools.cache else None for e in encoders}

    def embedder(some: Sequence[Encoder]) -> Embedder:
        return Embedder(some, [caches[e] for e in some], tools.memo, tools.batching)

    probes = embed_probes(task, embedder(encoders))
    shown: dict[tuple[Encoder, str], Fused] = {}
    for name in dict.fromkeys(name for _, name in plan):
        mine = [encoder for encoder, n in plan if n == name]
        found = embed_gallery(task, embedder(mine), task.galleries[name])
        shown |= {(e, name): fused for e, fused in zip(mine, found, strict=True)}
    for encoder, name in plan:
        fused = probes.fused[encoders.index(encoder)]
        yield _measure_one(task, encoder, name, probes, fused, shown[encoder, name], tools)


def _measure_retriever(task: Task, system: Retriever, name: str, tools: Tools) -> Result:
    """A system that ranks by itself, or a fusion: leakage, rank, evaluate."""
    gallery, queries = task.galleries[name], list(task.queries())
    if not queries:
        raise DataError(no_queries(task))
    hashes = content_hashes([q.item for q in queries], tools.memo)
    shown = content_hashes(gallery.items, tools.memo)
    seen = find_leaks(queries, hashes, gallery, shown)
    ready, start = as_retriever(task, system, tools), time.perf_counter()
    fair = [q for q, leaked in zip(queries, seen, strict=True) if not leaked]
    run = ready.rank(fair, gallery.items, len(gallery.products))
    seconds = time.perf_counter() - start
    failed = list_unanswered(fair, run, getattr(ready, "rejects", ()))
    answered = set(run.queries)
    kept = np.array([i for i, q in enumerate(queries) if q.id in answered], int)
    if not len(kept):
        raise DataError(no_probe_left(int(seen.sum()), len(seen), failed))
    mine = [hashes[i] for i in kept]
    asked = Asked([queries[i] for i in kept], kept, int(seen.sum()), mine, mine, shown)
    run = over_gallery(run, gallery.products)
    if task.exclude:
        run = drop_excluded(run, [frozenset(task.exclude(q)) for q in asked.queries])
    parts = {q.id: keep_parts(q.item) for q in queries}
    evaluation = score(task, asked.queries, Ranked(run))
    rejects = (*list_rejects(task, []), *failed)
    rate = {"queries_per_s": round(len(kept) / seconds, 2)} if seconds else {}
    return result_of(
        task,
        name,
        system,
        run,
        asked,
        evaluation,
        parts,
        cost=rate | getattr(ready, "cost", {}),
        counts=count(task, gallery, asked, evaluation.ties, []) | {"rejects": len(rejects)},
        rejects=rejects,
    )


def embed_gallery(task: Task, embedder: Embedder, gallery: Gallery) -> list[Fused]:
    """Vectors of a gallery's items, one Fused per encoder."""
    if task.embed is not None:
        return task.embed(embedder, gallery.items, task.fusion)
    return embedder.embed_items(gallery.items, "document", task.fusion)


def embed_probes(task: Task, embedder: Embedder) -> Probes:
    """Vectors of all queries, block by block. Raises DataError where there are none."""
    probes = Probes(fused=[[] for _ in embedder.encoders])
    for block in blocks(task.queries()):
        items = [q.item for q in block]
        fused = embedder.embed_items(items, "query", task.fusion)
        for mine, found in zip(probes.fused, fused, strict=True):
            mine.append(found)
        alike = task.fusion == "avg"  # then what was embedded are the parts themselves
        probes.contents += fused[0].hashes if alike else content_hashes(items, embedder.memo)
        probes.sample = probes.sample or pictures_of(items)[: cost.PROBES + 3]
        probes.parts |= {q.id: keep_parts(q.item) for q in block}
        probes.queries += [replace(q, item=Item(q.id, ())) for q in block]
    if not probes.queries:
        raise DataError(no_queries(task))
    return probes


def _measure_one(
    task: Task,
    encoder: Encoder,
    name: str,
    probes: Probes,
    fused: Sequence[Fused],
    shown: Fused,
    tools: Tools,
) -> Result:
    gallery, vectors = task.galleries[name], np.concatenate([f.vectors for f in fused])
    asked = fair_queries(probes, fused, gallery, shown)
    if task.rank is not None:
        ranked = task.rank(encoder, asked.queries, fused, asked.kept, gallery, shown)
    else:
        run = rank(
            task, asked.queries, vectors[asked.kept], gallery, shown.vectors, encoder.info.identity
        )
        ranked = Ranked(run)
    answers = [*(f.encoded for f in fused), shown.encoded]
    evaluation = score(task, asked.queries, ranked)
    measured = cost.measure_encoder(
        encoder,
        answers,
        probes.sample if tools.time_probes else (),
        shown.vectors,
        memo=tools.memo,
        upright=tools.batching.upright,
    )
    return result_of(
        task,
        name,
        encoder,
        ranked.run,
        asked,
        evaluation,
        probes.parts,
        cost=measured,
        counts=count(task, gallery, asked, evaluation.ties, answers),
        rejects=list_rejects(task, answers),
    )


def fair_queries(probes: Probes, fused: Sequence[Fused], gallery: Gallery, shown: Fused) -> Asked:
    """The queries that can be read and whose own pictures are not in the gallery.

    Raises:
        DataError: none is left; says why.
    """
    hashes = [h for f in fused for h in f.hashes]
    seen = find_leaks(probes.queries, hashes, gallery, shown.hashes)
    vectors = np.concatenate([f.vectors for f in fused])
    kept = np.flatnonzero(~np.isnan(vectors).any(axis=1) & ~seen)
    if not len(kept):
        rejects = [r for f in (*fused, shown) for r in f.encoded.rejects]
        raise DataError(no_probe_left(int(seen.sum()), len(seen), rejects))
    queries = [probes.queries[int(i)] for i in kept]
    embedded, contents = ([rows[int(i)] for i in kept] for rows in (hashes, probes.contents))
    return Asked(queries, kept, int(seen.sum()), embedded, contents, shown.hashes)


def rank(
    task: Task,
    queries: Sequence[Query],
    vectors: np.ndarray,
    gallery: Gallery,
    rows: np.ndarray,
    maker: str,
) -> Run:
    """Float32 cosines, exact; the whole gallery for each query unless that is too much to hold."""
    good = ~np.isnan(rows).any(axis=1)
    owners = [gallery.products[i] for i in gallery.owners[good]]
    index = ExactIndex(owners, rows[good], task.shots, maker)
    out = [frozenset(task.exclude(q)) for q in queries] if task.exclude else []
    few = len(gallery.products) * len(queries) <= FULL_RANKING
    most = max((len(o) for o in out), default=0)
    k = len(gallery.products) if few else min(CUT_RANKING + most, len(gallery.products))
    run = index.run([q.id for q in queries], vectors, k, maker)
    return drop_excluded(run, out) if out else run


def over_gallery(run: Run, products: Sequence[str]) -> Run:
    """The run with the whole gallery as its products: what a list lacks was not found, not cut off."""
    place = {p: i for i, p in enumerate(products)}
    places = np.array([*(place[p] for p in run.products), -1], np.int32)  # -1 stays -1
    order = np.full((len(run.queries), len(products)), -1, np.int32)
    scores = np.full(order.shape, -np.inf, np.float32)
    order[:, : run.depth], scores[:, : run.depth] = places[run.order], run.scores
    return Run(run.queries, tuple(products), order, scores)


def drop_excluded(run: Run, out: Sequence[frozenset[str]]) -> Run:
    """The run with each query's excluded products taken out and the rest moved up."""
    place = {p: i for i, p in enumerate(run.products)}
    order, scores = run.order.copy(), run.scores.copy()
    for row, ids in enumerate(out):
        gone = [place[p] for p in ids if p in place]
        keep = ~np.isin(order[row], gone)
        n = int(keep.sum())
        order[row, :n], scores[row, :n] = order[row, keep], scores[row, keep]
        order[row, n:], scores[row, n:] = -1, -np.inf
    return Run(run.queries, run.products, order, scores)


def score(task: Task, queries: Sequence[Query], ranked: Ranked) -> Evaluation:
    """Every metric of a run with its interval, and of each slice."""
    slices = {name: [q.tags.get(name, "") for q in queries] for name in task.slices}
    found = evaluate(ranked.run, Qrels.of(queries), task.ks, slices=slices, more=ranked.metrics)
    if ranked.tied is None:
        return found
    judged = replace(found.judged, ties=ranked.tied)
    return replace(found, ties=int(ranked.tied.sum()), judged=judged)


def result_of(
    task: Task,
    name: str,
    system: Encoder | Retriever,
    run: Run,
    asked: Asked,
    evaluation: Evaluation,
    parts: Mapping[str, Sequence[Part]],
    **rest,
) -> Result:
    """The record of one system on one gallery."""
    gallery, queries = task.galleries[name], asked.queries
    roles = task.roles
    return Result(
        suite=task.suite,
        data=Data(
            task.data,
            fingerprint(queries, asked.hashes, gallery, asked.gallery_hashes),
            task.split,
            task.dataset,
            fingerprint_of_queries(queries, asked.contents),
        ),
        system=system.info,
        name=getattr(system, "name", system.info.name),
        variant={"gallery": name, **task.variant},
        settings={**task.settings, "gallery": name},
        metrics=evaluation.metrics | derive_metrics(evaluation.metrics, system.info),
        slices=evaluation.slices,
        curves={"cmc": evaluation.cmc},
        tables={
            "per_query": evaluation.per_query,
            "run": run.to_arrow(),
            "qrels": Qrels.of(queries).to_arrow(),
        },
        look=partial(describe_errors, run, queries, parts, task.products, roles),
        **rest,
    )


def derive_metrics(metrics: Mapping[str, Interval], info: SystemInfo) -> dict[str, Interval]:
    """Metrics that are functions of another one and of the parameters, where these are known."""
    found = {}
    for name, metric in METRICS.items():
        base = metrics.get(metric.of)
        if metric.derive is None or base is None or not info.params:
            continue
        value, low, high = (
            float(metric.derive(x, info.params)) for x in (base.value, base.low, base.high)
        )
        found[name] = Interval(value, low, high, base.n, base.groups)
    return found


def count(
    task: Task, gallery: Gallery, asked: Asked, ties: int, answers: Sequence[Encoded]
) -> dict[str, int]:
    """What else was counted: `Result.counts`."""
    held, queries = set(gallery.products), asked.queries
    return {
        "units": len(queries),
        "gallery": len(gallery.products),
        "groups": len({q.group or q.id for q in queries}),
        "tied_queries": ties,
        "unanswerable_queries": sum(not held.intersection(q.answers) for q in queries),
        "probe_is_gallery_picture": asked.leaked,
        "products_without_gallery_item": len(gallery.missing),
        "forwards": sum(a.forwarded for a in answers),
        "rejects": len(list_rejects(task, answers)),
    }


def list_rejects(task: Task, answers: Sequence[Encoded]) -> tuple[Reject, ...]:
    """What the catalogue left out, each once, and every part that the encoder left out."""
    return (*dict.fromkeys(task.rejects()), *(r for a in answers for r in a.rejects))


def blocks(queries: Iterable[Query]) -> Iterator[list[Query]]:
    """Queries in lists whose in-memory pictures stay under BLOCK_BYTES; paths cost nothing."""
    block: list[Query] = []
    held = 0
    for query in queries:
        block.append(query)
        held += sum(len(image.data or b"") for image in pictures_of([query.item]))
        if held > BLOCK_BYTES:
            yield block
            block, held = [], 0
    if block:
        yield block


def no_queries(task: Task) -> str:
    said = f"split {task.split!r} of {task.data} has no queries"
    rejects = list(task.rejects())
    if not rejects:
        return f"{said}; see `skulens audit`"
    first = rejects[0]
    return (
        f"{said}: {len(rejects)} rejects, the first: {first.item or first.source}: "
        f"{first.reason}; {first.todo}"
    )
