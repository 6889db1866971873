"""Stored results with known contents, written as `skulens bench` writes them."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from skulens.bench.result import Result
from skulens.bench.store import ResultStore, read_record, read_result


def records_of(store: ResultStore) -> list[dict]:
    """Every stored result as `skulens results show --json` prints it."""
    return [read_record(r.folder) | {"folder": str(r.folder)} for r in store.results() if r.folder]


def stored(
    folder: Path,
    name: str,
    found: dict[str, list[str]],
    *,
    data_hash="same",
    reverse=False,
    **changes,
) -> Result:
    """A result whose probes of each SKU found these products first; probe ids are "sku/0" ..."""
    rows = [
        (f"{sku}/{i}", sku, first)
        for sku, firsts in found.items()
        for i, first in enumerate(firsts)
    ]
    rows = rows[::-1] if reverse else rows
    queries, skus, firsts = (list(column) for column in zip(*rows, strict=True))
    hits = [float(a == b) if b else None for a, b in zip(skus, firsts, strict=True)]
    record = {
        "suite": "mpr",
        "data": "shop",
        "gallery": "text",
        "encoder": name,
        "n_queries": len(rows),
        "n_gallery": 9,
        "counts": {"groups": len(found)},
        "settings": {
            "split": "test",
            "mode": "sound",
            "texts": ["caption"],
            "shots": "single",
            "fusion": "avg",
        },
        "rejects": [],
        "encoder_info": {
            "name": name,
            "identity": f"{name} identity",
            "dim": 8,
            "modalities": ["image", "text"],
        },
        "data_hash": data_hash,
        "metrics": {"hit_rate@1": {"value": 0.5}},
        "provenance": {"measured_at": f"2026-01-0{1 + len(list(folder.glob('*')))}"},
        "speed": {},
    }
    settings = {k: changes.pop(k) for k in ("split", "mode") if k in changes}
    record = record | changes | {"settings": record["settings"] | settings}
    place = folder / f"mpr-{name}-{len(list(folder.glob('*')))}"
    place.mkdir(parents=True)
    (place / "result.json").write_text(json.dumps(record))
    pq.write_table(
        pa.table(
            {
                "query": queries,
                "group": skus,
                "hit_rate@1": hits,
                "mrr": [h and h / 2 for h in hits],
            }
        ),
        place / "per_query.parquet",
    )
    pq.write_table(
        pa.table(
            {
                "query": queries,
                "product": [first or "nothing" for first in firsts],
                "rank": [1] * len(rows),
                "score": [1.0] * len(rows),
            }
        ),
        place / "run.parquet",
    )
    pq.write_table(
        pa.table({"query": queries, "product": skus, "grade": [1] * len(rows)}),
        place / "qrels.parquet",
    )
    return read_result(place)
