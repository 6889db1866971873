"""Leaderboards and stored results with known contents, for tests of what shows them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from skulens.analysis.boards import Board, Entry
from skulens.bench.result import GROUPS, Data, Result
from skulens.bench.store import result_of
from skulens.evaluate import density
from skulens.evaluate.intervals import Interval
from skulens.evaluate.scores import Scores, summarise
from skulens.records import EncoderInfo, SystemInfo


def value(x: float | None) -> Interval:
    """A value without an interval; None: unknown."""
    return Interval(np.nan if x is None else x, np.nan, np.nan, 0, 0)


def entry(
    name: str,
    metrics: Mapping[str, float | None],
    *,
    suite: str = "mpr",
    params: int | None = None,
    kind: str = "encoder",
    data: str = "",
    tables: Mapping | None = None,
    **more,
) -> Entry:
    """An entry of a leaderboard whose metrics have no stored intervals."""
    result = Result(
        suite=suite,
        data=Data(data, ""),
        system=SystemInfo(name=name, kind=kind, identity="", params=params),
        name=name,
        variant={"gallery": "text"} if suite == "mpr" else {},
        settings={},
        metrics={m: value(x) for m, x in metrics.items()},
        tables=tables or {},
    )
    return Entry(result, name, more.pop("source", "here"), data, params=params, **more)


def groups_table(
    groups: Sequence[str], sizes: np.ndarray, sums: Mapping[str, np.ndarray]
) -> Mapping:
    """The `groups` table of metrics that are means over units: sums and sizes, (groups,) each."""
    names, same = tuple(groups), dict.fromkeys(sums, sizes.astype(float))
    top = {m: s.astype(float) for m, s in sums.items()}
    scores = Scores(names, names, top, same, counts=same, sizes=sizes.astype(float), unit="group")
    return {GROUPS: scores.to_arrow()}


def board(n: int = 40, skus: int = 60, seed: int = 0) -> Board:
    """n encoders, best first: three families, three licences, every fourth with costs of here."""
    rng = np.random.default_rng(seed)
    photos = rng.integers(10, 60, skus)
    ease = rng.normal(0, 1, skus)
    quality = np.linspace(1.6, -1.5, n)
    rates = 1 / (1 + np.exp(-(quality[None] + ease[:, None] + rng.normal(0, 0.3, (skus, n)))))
    first = rng.binomial(photos[:, None], rates).astype(float)
    hits = {1: first}
    for k, share in ((3, 0.5), (5, 0.7)):
        hits[k] = first + np.floor((photos[:, None] - first) * share)
    names = tuple(f"sku-{i}" for i in range(skus))
    entries = []
    for i in range(n):
        here = i % 4 == 1
        params = int(4e7 * 1.02 ** ((i * 37) % n * 2))
        sums = {f"hit_rate@{k}": h[:, i] for k, h in hits.items()}
        metrics = {m: float(s.sum() / photos.sum()) for m, s in sums.items()}
        metrics["gap"] = metrics["hit_rate@5"] - metrics["hit_rate@1"]
        metrics["phi"] = float(density.phi(metrics["hit_rate@1"], params))
        entries.append(
            entry(
                f"open_clip:Net-{i:03d}/tag_s13b_b90k",
                metrics,
                source="here" if here else "published",
                family=("CLIP", "SigLIP", "<b>&")[i % 3],
                params=params,
                licence=("MIT", "Apache-2.0", None)[i % 3],
                latency_ms=3.0 + i if here else None,
                memory_mb=300.0 + 9 * i if here else None,
                machine="a machine" if here else None,
                data="made up",
                tables=groups_table(names, photos, sums),
            )
        )
    return Board("made up", tuple(entries), names, "made up")


def beside(made: Board, name: str, data: str, rate: float) -> Board:
    """The board with one more entry, measured on other data."""
    first = made.entries[0]
    metrics = {"hit_rate@1": value(rate)}
    result = replace(first.result, name=name, metrics=metrics, tables={})
    other = replace(first, result=result, name=name, data=data)
    return replace(made, entries=(*made.entries, other))


def record(encoder="mini", value=0.5, **more) -> dict:
    """The JSON of a stored result of format 1."""
    metric = {"value": value, "low": value - 0.1, "high": value + 0.1, "n": 10, "groups": 5}
    return {
        "suite": "mpr",
        "data": "some/where/shop",
        "gallery": "text",
        "encoder": encoder,
        "n_queries": 10,
        "n_gallery": 5,
        "metrics": {"hit_rate@1": metric, "mrr": metric},
        "cmc": {
            "k": [1, 2, 5],
            "value": [0.5, 0.7, 1],
            "low": [0.4, 0.6, 1],
            "high": [0.6, 0.8, 1],
        },
        "speed": {"images_per_s": 12.5, "latency_ms_p50": 3.0, "latency_ms_p95": 4.0},
        "settings": {"split": "test", "mode": "sound"},
        "counts": {"groups": 5, "tied_queries": 0, "rejects": 0, "unanswerable_queries": 0},
        "encoder_info": {
            "licence": "MIT",
            "lint": [],
            "identity": "ab" * 32,
            "dim": 8,
            "modalities": ["image", "text"],
        },
        "data_hash": "0" * 64,
        "provenance": {"measured_at": "2026-01-01"},
        "rejects": [],
    } | more


def stored(encoder="mini", value=0.5, folder: Path = Path("nowhere"), **more) -> Result:
    """A stored result of format 1, as the store reads it."""
    return result_of(record(encoder, value, **more), folder / encoder)


METRICS = ("f1", "precision", "recall", "macro_f1")


def claims(name="reader:x", f1=0.6, **more) -> Result:
    """A result of reading claims: no gallery, encoder or curve; slices by field and pictures."""
    interval = Interval(f1, f1 - 0.05, f1 + 0.05, 120, 30)
    metrics = dict.fromkeys(METRICS, interval)
    slices = {
        "field": {v: dict.fromkeys(METRICS[:3], interval) for v in ("brand", "net_content")},
        "n_pictures": {v: dict.fromkeys(METRICS[:3], interval) for v in ("2", "10")},
    }
    return Result(
        **{
            "suite": "some-claims",
            "data": Data("any/where/shop", "f" * 64, "test"),
            "system": SystemInfo(name=name, kind="reader", identity="cd" * 32),
            "name": name,
            "variant": {"prompt": "v2"},
            "settings": {"seed": 0},
            "metrics": metrics,
            "tables": {},
            "slices": slices,
            "counts": {"units": 120, "groups": 30},
            "provenance": {"measured_at": "2026-01-02"},
        }
        | more
    )


def encoder_info(name: str, **more) -> EncoderInfo:
    return EncoderInfo(name=name, identity="ef" * 32, dim=8, modalities=("image",), **more)


def answered(name: str, found: Mapping[str, Sequence[str]]) -> Result:
    """A result whose probes of each SKU found these products first; probe ids are "sku/0" ..."""
    rows = [(f"{sku}/{i}", sku, p) for sku, firsts in found.items() for i, p in enumerate(firsts)]
    queries, skus, firsts = (list(column) for column in zip(*rows, strict=True))
    hits = [float(a == b) for a, b in zip(skus, firsts, strict=True)]
    ones = [1] * len(rows)
    tables = {
        "per_query": pa.table({"query": queries, "group": skus, "hit_rate@1": hits}),
        "run": pa.table({"query": queries, "product": firsts, "rank": ones, "score": ones}),
        "qrels": pa.table({"query": queries, "product": skus, "grade": ones}),
    }
    return Result(
        suite="mpr",
        data=Data("shop", "same", "test"),
        system=encoder_info(name),
        name=name,
        variant={"gallery": "text"},
        settings={"texts": ("caption",)},
        metrics={"hit_rate@1": value(float(np.mean(hits)))},
        tables=tables,
        counts={"units": len(rows), "groups": len(found), "gallery": 9},
    )


def system(name, rate, gallery="text", skus=30, seed=0, photos=3, **more):
    """A system that is right on about this share of the photos of so many SKUs."""
    rng = np.random.default_rng(seed)
    ease = np.random.default_rng(7).normal(0, 0.1, skus)
    found = {
        f"sku{s}": [
            f"sku{s if rng.random() < rate + ease[s] else (s + 1) % skus}" for _ in range(photos)
        ]
        for s in range(skus)
    }
    data = Data("shop", f"{gallery}{more.get('shots', '')}", "test", "shop", "the same queries")
    shots = {"shots": more.pop("shots")} if "shots" in more else {}
    info = more.pop("info", {})
    made = answered(name, found)
    return replace(
        made,
        metrics=more.pop("metrics", None) or summarise(made.scores),
        data=data,
        variant={"gallery": gallery, **shots},
        settings={"gallery": gallery, **shots},
        system=encoder_info(name, **{"params": 10**7, **info}),
        **more,
    )
