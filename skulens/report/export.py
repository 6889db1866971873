"""A result store -> files for other tools: TREC run and qrels, mteb's results, CSV, JSON."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from skulens.bench.mteb_names import mteb_model, mteb_task_name
from skulens.errors import StoreError
from skulens.evaluate.trec import write_trec_qrels, write_trec_run
from skulens.records import Qrels, Run


def export_results(records: Sequence[dict], kind: str, out: Path) -> int:
    """Write records as "trec" (a run and a qrels file each) or "mteb" into the folder `out`, or as "csv" or "json".

    Returns:
        How many records were written.
    """
    try:
        if kind == "trec":
            for record in records:
                write_trec(Path(record["folder"]), out)
        elif kind == "mteb":
            write_mteb(records, out)
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
    write_trec_qrels(
        Qrels(nested(pq.read_table(folder / "qrels.parquet"), "grade")),
        out / f"{folder.name}.qrels",
    )


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
    row, product = (
        pc.dictionary_encode(table[c].cast(pa.string())).combine_chunks()
        for c in ("query", "product")
    )
    rank = table["rank"].to_numpy() - 1
    at = row.indices.to_numpy(), rank
    order = np.full((len(row.dictionary), int(rank.max(initial=-1)) + 1), -1, np.int32)
    scores = np.full(order.shape, -np.inf, np.float32)
    order[at], scores[at] = product.indices.to_numpy(), table["score"].to_numpy()
    return Run(
        tuple(row.dictionary.to_pylist()), tuple(product.dictionary.to_pylist()), order, scores
    )


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


def write_mteb(records: Sequence[dict], out: Path) -> None:
    """`results/<model>/<revision>/<task>.json` and `model_meta.json`, as `mteb.ResultCache(out)` reads them.

    The model's revision is the encoder's identity, the task's is `data_hash`: equal names and revisions
    are the same weights and preprocessing, the same probes and gallery. mteb has no place for intervals;
    they stand beside each score as `_low` and `_high`.
    """
    written = set()
    for record in records:
        meta, task = mteb_model(record["encoder"], record["encoder_info"]), mteb_task(record)
        folder = out / "results" / meta["name"].replace("/", "__") / meta["revision"]
        if (folder, task["task_name"]) in written:  # another split, other texts, other fusion
            task["task_name"] += "-" + Path(record["folder"]).name.rpartition("-")[2]
        written.add((folder, task["task_name"]))
        place = folder / f"{task['task_name']}.json"
        write_text(place, json.dumps(task, indent=1, ensure_ascii=False))
        write_text(folder / "model_meta.json", json.dumps(meta, indent=1, ensure_ascii=False))


def mteb_task(record: dict) -> dict:
    """A record as mteb's TaskResult: scores by split, named as mteb names them (hit_rate_at_1, ndcg_at_10).

    It averages over languages and so wants one; results do not know theirs, and English stands for any.
    """
    scores: dict[str, object] = {}
    for name, metric in record["metrics"].items():
        theirs = name.replace("@", "_at_")
        scores |= {
            theirs: metric["value"],
            f"{theirs}_low": metric["low"],
            f"{theirs}_high": metric["high"],
        }
    main = next(
        (s for s in ("ndcg_at_10", "hit_rate_at_1") if s in scores), next(iter(scores), None)
    )
    return {
        "dataset_revision": record["data_hash"],
        "task_name": mteb_task_name(record["data"], record["gallery"]),
        "mteb_version": None,
        "scores": {
            record["settings"]["split"]: [
                {
                    "main_score": scores.get(main),
                    **scores,
                    "hf_subset": "default",
                    "languages": ["eng-Latn"],
                }
            ]
        },
        "evaluation_time": None,
        "date": record["provenance"]["measured_at"],
    }


def write_csv(records: Sequence[dict], out: Path) -> None:
    """One row per result: what it is, then value, low and high of every metric, then speed."""
    metrics = list(dict.fromkeys(name for r in records for name in r["metrics"]))
    speeds = list(dict.fromkeys(name for r in records for name in r["speed"]))
    what = ["suite", "data", "gallery", "encoder", "n_queries", "n_gallery"]
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("w", newline="", encoding="utf-8") as f:
        writer = csv.writer(f)
        writer.writerow(
            [*what, *(f"{m}{end}" for m in metrics for end in ("", " low", " high")), *speeds]
        )
        for r in records:
            values = [
                r["metrics"].get(m, {}).get(end, "")
                for m in metrics
                for end in ("value", "low", "high")
            ]
            writer.writerow(
                [*(r[w] for w in what), *values, *(r["speed"].get(s, "") for s in speeds)]
            )


def write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
