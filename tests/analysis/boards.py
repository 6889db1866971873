"""Tiny leaderboards for tests: published files, CSVs and result stores with hits that are known."""

import csv
import gzip
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from skulens.bench.result import GROUPS, Data, Result
from skulens.encode.zoo.rows import list_rows
from skulens.evaluate.intervals import Interval
from skulens.evaluate.scores import Scores
from skulens.records import SystemInfo

COLUMNS = (
    "vision_model",
    "pretrained_on",
    "nparams",
    "macro_cmc@5",
    "macro_cmc@3",
    "macro_cmc@1",
    "micro_cmc@5",
    "micro_cmc@3",
    "micro_cmc@1",
    "size",
    "architecture_family",
)
SKUS = tuple(f"sku{i:02d}" for i in range(30))
PHOTOS = np.arange(10, 40)
MODELS = (
    ("ViT-B-32", "openai", 151_277_313, 0.45),
    ("RN50", "openai", 102_007_137, 0.4),
    ("mine", "v1", 5_000_000, 0.9),
)


def real_openmpr() -> Path:
    """The folder of the published results, or a skip."""
    root = Path(__file__).parents[2]
    folders = [Path(f) for f in os.environ.get("SKULENS_DATA", "").split(os.pathsep) if f] or [
        root.parent / "shared" / "data"
    ]
    found = next(
        (f / "openmpr" for f in folders if (f / "openmpr" / "per_sku_hits.json.gz").is_file()), None
    )
    if found is None:
        pytest.skip(
            f"the published results of OpenMPR are not in {', '.join(map(str, folders))}; "
            "set SKULENS_DATA"
        )
    return found


def hits_of(rate: float, seed: int) -> dict[int, np.ndarray]:
    """k -> (skus,) hits that grow with k, SKUs harder or easier."""
    rng = np.random.default_rng(seed)
    ease = rng.beta(4 * rate, 4 * (1 - rate), len(SKUS))
    one = rng.binomial(PHOTOS, ease)
    three = one + rng.binomial(PHOTOS - one, 0.3)
    return {1: one, 3: three, 5: three + rng.binomial(PHOTOS - three, 0.3)}


def summary_row(
    model: str,
    tag: str,
    params: int,
    hits: dict[int, np.ndarray],
    family: str = "ViT",
    photos: np.ndarray = PHOTOS,
) -> dict:
    rates = {f"micro_cmc@{k}": h.sum() / photos.sum() for k, h in hits.items()} | {
        f"macro_cmc@{k}": (h / photos).mean() for k, h in hits.items()
    }
    return {
        "vision_model": model,
        "pretrained_on": tag,
        "nparams": params,
        "size": "small",
        "architecture_family": family,
        **rates,
    }


def write_summary(path: Path, rows: list[dict]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as f:
        writer = csv.DictWriter(f, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_openmpr(folder: Path, models=MODELS) -> Path:
    """benchmark_summary.csv and per_sku_hits.json.gz."""
    hits = [hits_of(rate, seed) for seed, (*_, rate) in enumerate(models)]
    return write_board(folder, models, hits, SKUS, PHOTOS)


EQUAL_BEST = 12
"""Models of `write_190` that are equally good, and better than the others."""


def write_190(folder: Path) -> Path:
    """190 models on 409 SKUs in the files of OpenMPR, drawn at random: the first `EQUAL_BEST` are
    equally good, the 28 after them a little worse, the others ever worse.

    Names, parameters and licences are those of the registry. The seed gives a draw in which Holm
    over the comparisons with the first alone calls three of the equally good ones worse.
    """
    draw = np.random.default_rng(32)
    models = [(r.arch, r.tag, r.params) for r in list_rows() if r.params][:190]
    behind = np.r_[np.zeros(EQUAL_BEST), np.linspace(0.05, 0.3, 28), np.linspace(0.35, 2.5, 150)]
    photos = draw.integers(10, 105, 409)
    ease = draw.normal(1.2, 2, (409, 1)) + draw.normal(0, 0.7, (409, 190)) - behind
    one = draw.binomial(photos[:, None], 1 / (1 + np.exp(-ease)))
    three = one + draw.binomial(photos[:, None] - one, 0.4)
    five = three + draw.binomial(photos[:, None] - three, 0.3)
    hits = [
        dict(zip((1, 3, 5), columns, strict=True))
        for columns in zip(one.T, three.T, five.T, strict=True)
    ]
    skus = [f"sku{i:03d}" for i in range(409)]
    return write_board(folder, models, hits, skus, photos)


def write_board(folder: Path, models, hits: list[dict], skus, photos: np.ndarray) -> Path:
    """benchmark_summary.csv and per_sku_hits.json.gz of models (architecture, tag, parameters)."""
    write_summary(
        folder / "benchmark_summary.csv",
        [
            summary_row(m, t, n, h, photos=photos)
            for (m, t, n, *_), h in zip(models, hits, strict=True)
        ],
    )
    packed = [
        {
            "vision_model": m,
            "pretrained_on": t,
            "sku_hits": {str(k): v.tolist() for k, v in h.items()},
        }
        for (m, t, *_), h in zip(models, hits, strict=True)
    ]
    body = {"skus": list(skus), "num_images": photos.tolist(), "models": packed}
    (folder / "per_sku_hits.json.gz").write_bytes(gzip.compress(json.dumps(body).encode()))
    return folder


def result_of_groups(
    name: str, sums: dict[str, np.ndarray], groups, sizes, *, metrics=(), **more
) -> Result:
    """A result of which sums by group are known, and means of other metrics."""
    sizes = np.asarray(sizes, float)
    same = dict.fromkeys(sums, sizes)
    top = {m: np.asarray(h, float) for m, h in sums.items()}
    scores = Scores(groups, groups, top, same, counts=same, sizes=sizes, unit="group")
    values = {m: h.sum() / sizes.sum() for m, h in top.items()} | dict(metrics)
    n = int(sizes.sum())
    made = Result(
        suite="mpr",
        data=Data("mine", "mine"),
        system=SystemInfo(name=name, kind="encoder", identity=name),
        name=name,
        variant={"gallery": "text"},
        settings={},
        metrics={m: Interval(v, np.nan, np.nan, n, len(groups)) for m, v in values.items()},
        tables={GROUPS: scores.to_arrow()} if sums else {},
        counts={"units": n, "groups": len(groups), "gallery": len(groups)},
    )
    return replace(made, **more)


def write_result(
    folder: Path,
    encoder: str,
    hits: dict[int, np.ndarray],
    skus=SKUS,
    photos=PHOTOS,
    *,
    data_hash="h",
    gallery="text",
    texts=("caption",),
    n_gallery=len(SKUS),
    mode="sound",
    when="2026-01-01",
    per_query=True,
) -> Path:
    """One stored result whose probes of a SKU hit as often as `hits` says."""
    folder.mkdir(parents=True)
    total = int(np.sum(photos))
    metrics = {
        f"hit_rate@{k}": {"value": float(h.sum() / total), "low": 0.0, "high": 1.0}
        for k, h in hits.items()
    }
    record = {
        "suite": "mpr",
        "data": "openmpr",
        "gallery": gallery,
        "encoder": encoder,
        "n_queries": total,
        "n_gallery": n_gallery,
        "metrics": metrics,
        "speed": {"latency_ms_p50": 5.0, "peak_memory_mb": 300.0, "process": "own"},
        "counts": {"groups": len(skus)},
        "settings": {"mode": mode, "texts": list(texts)},
        "data_hash": data_hash,
        "rejects": [],
        "encoder_info": {
            "name": encoder,
            "identity": f"{encoder} identity",
            "dim": 8,
            "modalities": ["image", "text"],
            "family": "ViT",
            "params_image": 4_000_000,
            "params_text": 1_000_000,
            "licence": "MIT",
        },
        "provenance": {"measured_at": when, "machine": {"cpu": "a cpu", "cores": 2}},
    }
    (folder / "result.json").write_text(json.dumps(record))
    if per_query:
        groups = np.repeat(np.array(skus), photos)
        place = np.concatenate([np.arange(n) for n in photos])
        table = {
            f"hit_rate@{k}": (place < np.repeat(h, photos)).astype(float) for k, h in hits.items()
        }
        pq.write_table(
            pa.table({"query": [f"q{i}" for i in range(total)], "group": groups.tolist(), **table}),
            folder / "per_query.parquet",
        )
    return folder
