"""A result store -> files for other tools: TREC run and qrels, CSV, JSON."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from skulens.errors import StoreError
from skulens.evaluate.export import write_trec_qrels, write_trec_run
from skulens.records import Qrels, Run


def export_results(records: Sequence[dict], kind: str, out: Path) -> int:
    """Write records as "trec" (a run and a qrels file each, into the folder `out`), "csv" or "json".

    Returns:
        How many records were written.
    """
    try:
        if kind == "trec":
            for record in records:
                write_trec(Path(record["folder"]), out)
        elif kind == "csv":
            write_csv(records, out)
        else:
            write_text(out, json.dumps({"results": list(records)}, indent=1, ensure_ascii=False))
    except OSError as e:
        raise StoreError(f"cannot write {out}: {e.strerror or e}") from e
    return len(records)


def write_trec(folder: Path, out: Path) -> None:
    """`<result>.run` and `<result>.qrels` for trec_eval, pytrec_eval, ir_measures and ranx."""
    out.mkdir(parents=True, exist_ok=True)
    candidates = nested(pq.read_table(folder / "run.parquet"), "score")
    write_trec_run(Run.of(candidates), out / f"{folder.name}.run", tag=folder.name)
    write_trec_qrels(Qrels(nested(pq.read_table(folder / "qrels.parquet"), "grade")), out / f"{folder.name}.qrels")


def nested(table, value: str) -> dict[str, dict]:
    """query -> product -> value."""
    found: dict[str, dict] = {}
    columns = (table.column(name).to_pylist() for name in ("query", "product", value))
    for query, product, x in zip(*columns, strict=True):
        found.setdefault(query, {})[product] = x
    return found


def read_run(folder: Path) -> Run:
    """The candidates of a stored result, in the order in which they were ranked.

    Raises:
        StoreError: the file is missing or damaged.
    """
    table = read(folder, "run")
    row, product = (pc.dictionary_encode(table[c].cast(pa.string())).combine_chunks() for c in ("query", "product"))
    rank = table["rank"].to_numpy() - 1
    at = row.indices.to_numpy(), rank
    order = np.full((len(row.dictionary), int(rank.max(initial=-1)) + 1), -1, np.int32)
    scores = np.full(order.shape, -np.inf, np.float32)
    order[at], scores[at] = product.indices.to_numpy(), table["score"].to_numpy()
    return Run(tuple(row.dictionary.to_pylist()), tuple(product.dictionary.to_pylist()), order, scores)


def read_qrels(folder: Path) -> Qrels:
    """The judgements of a stored result with their groups; queries without any are there too. Raises StoreError."""
    asked, judged = read(folder, "per_query"), nested(read(folder, "qrels"), "grade")
    queries, groups = asked["query"].to_pylist(), asked["group"].to_pylist()
    return Qrels({q: judged.get(q, {}) for q in queries}, dict(zip(queries, groups, strict=True)))


def read(folder: Path, name: str) -> pa.Table:
    path = folder / f"{name}.parquet"
    try:
        return pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as e:
        raise StoreError(f"{path} cannot be read ({e}); remove the folder and measure again") from e


def write_csv(records: Sequence[dict], out: Path) -> None:
    """One row per result: what it is, then value, low and high of every metric, then speed."""
    metrics = list(dict.fromkeys(name for r in records for name in r["metrics"]))
    speeds = list(dict.fromkeys(name for r in records for name in r["speed"]))
    what = ["suite", "data", "gallery", "encoder", "n_queries", "n_gallery"]
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("w", newline="", encoding="utf-8") as f:
        writer = csv.writer(f)
        writer.writerow([*what, *(f"{m}{end}" for m in metrics for end in ("", " low", " high")), *speeds])
        for r in records:
            values = [r["metrics"].get(m, {}).get(end, "") for m in metrics for end in ("value", "low", "high")]
            writer.writerow([*(r[w] for w in what), *values, *(r["speed"].get(s, "") for s in speeds)])


def write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
