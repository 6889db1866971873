"""The core of every retrieval suite: gallery, embed, leakage, rank, evaluate.

A suite brings queries and galleries; systems are encoders, which are batched together so that
each picture is decoded once for all of them, or retrievers, which rank by themselves. Only two
things look at pictures again: the process that measures latency and memory (`own_process`) and the
thumbnails of a new result's examples.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from skulens.bench.answerable import check_answers
from skulens.bench.candidates import (
    Exclude,
    Found,
    Search,
    SystemSearch,
    VectorSearch,
    depth_of,
    find_and_judge,
    find_candidates,
)
from skulens.bench.cost import CostMeter
from skulens.bench.embedding import (
    Probes,
    embed_gallery,
    embed_probes,
    no_queries,
    reads_pictures_alone,
)
from skulens.bench.examples import describe_errors, keep_parts
from skulens.bench.index_loss import measure_index
from skulens.bench.leakage import (
    content_hashes,
    find_leaks,
    fingerprint,
    fingerprint_of_queries,
    no_probe_left,
)
from skulens.bench.result import Data, Result
from skulens.bench.retrievers import (
    as_retriever,
    keep_held,
    list_unanswered,
    pictures_shown,
)
from skulens.bench.task import Ranked, Task, Tools, is_encoder
from skulens.bench.trained import count_trained, find_seen, slice_by_training
from skulens.encode.batching import Encoded
from skulens.encode.cache import VectorCache
from skulens.encode.embed import Embedder, Fused
from skulens.encode.gallery import Gallery
from skulens.errors import DataError
from skulens.evaluate.intervals import Interval
from skulens.evaluate.metric import METRICS
from skulens.evaluate.ranking import judge
from skulens.evaluate.summaries import Evaluation, evaluate_judged, evaluate_metrics
from skulens.protocols import Encoder, Retriever
from skulens.records import Part, Qrels, Query, Reject, Run, SystemInfo

READS_PICTURES, READS_ITEMS = {"reads": "pictures"}, {"reads": "items"}
"""Variant of encoders that are shown pictures alone; of those that under fusion `cat` read tile and
text in one pass, where others average two vectors."""
Slices = dict[str, dict[str, dict[str, Interval]]]


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
    """Those that read alike share the decoding of pictures."""
    for alone in (False, True):
        mine = [(e, name) for e, name in plan if reads_pictures_alone(task, e) == alone]
        if mine:
            shown = replace(task, variant={**task.variant, **READS_PICTURES}) if alone else task
            yield from _measure_alike(shown, mine, tools)


def _measure_alike(
    task: Task, plan: Sequence[tuple[Encoder, str]], tools: Tools
) -> Iterator[Result]:
    """Gallery, embed, leakage, rank, evaluate."""
    encoders = list(dict.fromkeys(encoder for encoder, _ in plan))
    caches = {e: VectorCache(tools.cache, e.info) if tools.cache else None for e in encoders}

    def embedder(some: Sequence[Encoder]) -> Embedder:
        return Embedder(some, [caches[e] for e in some], tools.memo, tools.batching)

    probes = embed_probes(task, embedder(encoders))
    meter = CostMeter(tools, f"{task.dataset} {Path(task.data).name}", probes.sample)
    shown: dict[tuple[Encoder, str], Fused] = {}
    for name in dict.fromkeys(name for _, name in plan):
        mine = [encoder for encoder, n in plan if n == name]
        found = embed_gallery(task, embedder(mine), task.galleries[name])
        shown |= {(e, name): fused for e, fused in zip(mine, found, strict=True)}
    for encoder, name in plan:
        fused = probes.fused[encoders.index(encoder)]
        yield _measure_one(task, encoder, name, probes, fused, shown[encoder, name], meter)


def _measure_retriever(task: Task, system: Retriever, name: str, tools: Tools) -> Result:
    """A system that ranks by itself, or a fusion: leakage, rank, evaluate."""
    gallery, queries = task.galleries[name], list(task.queries())
    if not queries:
        raise DataError(no_queries(task))
    hashes = content_hashes([q.item for q in queries], tools.memo)
    ready = as_retriever(task, system, tools)
    gallery, shown = keep_held(ready, gallery, content_hashes(gallery.items, tools.memo))
    task = replace(task, galleries={name: gallery})
    seen = find_leaks(queries, hashes, gallery, pictures_shown(ready, gallery, shown))
    start = time.perf_counter()
    fair = [q for q, leaked in zip(queries, seen, strict=True) if not leaked]
    search = SystemSearch(gallery, ready)
    depth = depth_of(len(fair), len(gallery.products), task.shallow)
    runs = find_candidates(search, fair, gallery.products, rules_of(task), depth)
    run, seconds = runs[0], time.perf_counter() - start
    failed = list_unanswered(fair, run, getattr(ready, "rejects", ()))
    answered = set(run.queries)
    kept = np.array([i for i, q in enumerate(queries) if q.id in answered], int)
    if not len(kept):
        raise DataError(no_probe_left(int(seen.sum()), len(seen), failed))
    check_answers([queries[i] for i in kept], gallery)
    mine = [hashes[i] for i in kept]
    asked = Asked([queries[i] for i in kept], kept, int(seen.sum()), mine, mine, shown)
    parts = {q.id: keep_parts(q.item) for q in queries}
    cost = getattr(ready, "cost", {})
    index = measure_index(search, asked.queries, run, task)
    trained = find_seen(task, system.info)
    task = slice_by_training(task, trained)
    found = [Found.of(one, asked.queries) for one in runs]
    del runs
    run = found[0].run
    evaluation = score(task, asked.queries, Ranked(run, index, judged=found[0].judged))
    asides = measure_asides(task, search, asked.queries, found, evaluation.metrics)
    rejects = (*list_rejects(task, []), *failed)
    rate = {"queries_per_s": round(len(kept) / seconds, 2)} if seconds else {}
    return result_of(
        task,
        name,
        system,
        run,
        asked,
        with_slices(evaluation, asides),
        parts,
        cost=rate | cost,
        counts=count(task, gallery, asked, evaluation.ties, [])
        | {"rejects": len(rejects)}
        | count_trained(task, trained, asked.queries),
        rejects=rejects,
    )


def _measure_one(
    task: Task,
    encoder: Encoder,
    name: str,
    probes: Probes,
    fused: Sequence[Fused],
    shown: Fused,
    meter: CostMeter,
) -> Result:
    gallery, vectors = task.galleries[name], np.concatenate([f.vectors for f in fused])
    trained = find_seen(task, encoder.info)
    task = slice_by_training(task, trained)
    asked = fair_queries(probes, fused, gallery, shown)
    queries = asked.queries
    if task.fusion == "cat" and shown.one_pass:
        task = replace(task, variant={**task.variant, **READS_ITEMS})
    if task.rank is not None:
        ranked = task.rank(encoder, queries, fused, asked.kept, gallery, shown)
        evaluation = score(task, queries, ranked)
    else:
        by_id = {q.id: vectors[i] for q, i in zip(queries, asked.kept, strict=True)}
        identity = encoder.info.identity
        search = VectorSearch(gallery, by_id, shown.vectors, task.shots, identity)
        depth = depth_of(len(queries), len(gallery.products), task.shallow)
        found = find_and_judge(search, queries, gallery.products, rules_of(task), depth)
        ranked = Ranked(found[0].run, judged=found[0].judged)
        evaluation = score(task, queries, ranked)
        asides = measure_asides(task, search, queries, found, evaluation.metrics)
        evaluation = with_slices(evaluation, asides)
    answers = [*(f.encoded for f in fused), shown.encoded]
    return result_of(
        task,
        name,
        encoder,
        ranked.run,
        asked,
        evaluation,
        probes.parts,
        cost=meter.measure(encoder, answers, shown.vectors),
        counts=count(task, gallery, asked, evaluation.ties, answers)
        | count_trained(task, trained, queries),
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
    check_answers(queries, gallery)
    embedded, contents = ([rows[int(i)] for i in kept] for rows in (hashes, probes.contents))
    return Asked(queries, kept, int(seen.sum()), embedded, contents, shown.hashes)


def score(task: Task, queries: Sequence[Query], ranked: Ranked) -> Evaluation:
    """Every metric of a run with its interval, and of each slice."""
    slices = {name: [task.slice_of(q, name) for q in queries] for name in task.slices}
    more = {**ranked.metrics, **(task.more(queries) if task.more else {})}
    judged = ranked.judged
    if judged is None:
        judged = judge(ranked.run, Qrels.of(queries))
    found = evaluate_judged(judged, task.ks, slices=slices, metrics=task.metrics, more=more)
    if ranked.tied is None:
        return found
    judged = replace(found.judged, ties=ranked.tied)
    return replace(found, ties=int(ranked.tied.sum()), judged=judged)


def rules_of(task: Task) -> list[Exclude | None]:
    """What may not be found: the task's own rule first, then that of each aside on all of it."""
    return [task.exclude, *(a.exclude for a in task.asides if a.products is None)]


def measure_asides(
    task: Task,
    search: Search,
    queries: Sequence[Query],
    asked: Sequence[Found],
    whole: Mapping[str, Interval],
) -> Slices:
    """Every metric of every aside: slice -> value -> metric -> interval.

    Args:
        asked: of all queries, one for each rule of `rules_of`.
        whole: the metrics of the first of them.
    """
    found: Slices = {}
    ready = iter(asked[1:])
    products = search.gallery.products
    entire = depth_of(len(queries), len(products), task.shallow) == len(products)
    for aside in task.asides:
        about = [q for q in queries if aside.concerns(q)]
        if aside.products is None:
            judged = next(ready).judged
            if aside.exclude is task.exclude and len(about) == len(queries):
                found.setdefault(aside.slice, {})[aside.value] = dict(whole)
                continue
        else:
            mine = [p for p in products if p in aside.products]
            if not about or not mine:
                continue
            about = [keep_judgements(q, aside.products) for q in about]
            depth = len(mine) if entire else min(task.deepest, len(mine))  # a part is not kept
            judged = find_and_judge(search, about, mine, [aside.exclude], depth)[0].judged
        measured = evaluate_metrics(judged, task.ks, metrics=task.metrics)
        found.setdefault(aside.slice, {})[aside.value] = measured
    return found


def keep_judgements(query: Query, products: frozenset[str]) -> Query:
    """The query judged on some products alone."""
    return replace(query, relevant={p: g for p, g in query.relevant.items() if p in products})


def with_slices(evaluation: Evaluation, more: Slices) -> Evaluation:
    """The evaluation with further slices after its own."""
    return replace(evaluation, slices={**evaluation.slices, **more})


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
    variant, settings = task.mark(gallery)
    errors = task.sort_errors(run, queries) if task.sort_errors else None
    return Result(
        suite=task.suite,
        data=Data(
            task.data,
            fingerprint(queries, asked.hashes, gallery, asked.gallery_hashes),
            task.split,
            task.dataset,
            fingerprint_of_queries(queries, asked.contents),
        ),
        system=replace(system.info, trained_spus=None),  # `count_trained` says what it comes to
        name=getattr(system, "name", system.info.name),
        variant={"gallery": name, **variant, **task.variant},
        settings={**task.settings, "gallery": name, **settings},
        metrics=evaluation.metrics | derive_metrics(evaluation.metrics, system.info),
        slices=evaluation.slices,
        curves={"cmc": evaluation.cmc},
        tables={
            "per_query": evaluation.per_query,
            "run": run.to_arrow(),
            "qrels": Qrels.of(queries).to_arrow(),
            **({"errors": errors.table} if errors else {}),
        },
        errors=errors.shares if errors else {},
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
        **count_pictures(gallery),
        "forwards": sum(a.forwarded for a in answers),
        "rejects": len(list_rejects(task, answers)),
        **task.counts(),
    }


def count_pictures(gallery: Gallery) -> dict[str, int]:
    """Pictures of the products of a gallery, and those of them that it does not use."""
    if gallery.kind == "text":
        return {}
    return {"gallery_pictures": gallery.pictures, "gallery_pictures_unused": gallery.unused}


def list_rejects(task: Task, answers: Sequence[Encoded]) -> tuple[Reject, ...]:
    """What the catalogue left out, each once, and every part that the encoder left out."""
    return (*dict.fromkeys(task.rejects()), *(r for a in answers for r in a.rejects))
