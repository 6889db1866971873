"""A result store -> files for other tools: TREC run and qrels, mteb's results, CSV, JSON."""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from skulens.bench.mteb_names import MAIN_SCORE, mteb_model, mteb_score, mteb_task_name
from skulens.bench.result import Result
from skulens.bench.store import nest_values
from skulens.errors import StoreError
from skulens.evaluate.trec import write_trec_qrels, write_trec_run
from skulens.papers.openmpr.runs import write_runs
from skulens.records import EncoderInfo, Qrels, Run

RANKING = ("run", "qrels")
"""Tables that the TREC formats are written from."""
SETUP = (
    "shots",
    "texts",
    "fusion",
    "mode",
    "dtype",
    "gallery_pictures",
    "gallery_pictures_unused",
    "unanswerable_queries",
)
"""Columns of the CSV that say how a result was measured."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Starts of a text that spreadsheets compute."""


@dataclass(frozen=True)
class Exported:
    """What an export wrote, and what it could not."""

    written: int
    skipped: tuple[str, ...] = ()
    """A sentence for each result that has nothing of the kind."""


def export_results(results: Sequence[Result], kind: str, out: Path) -> Exported:
    """Write results as "trec" (a run and a qrels file each), "mteb" or "openmpr" (the files of that
    paper's script) into the folder `out`, or as "csv" or "json".

    Raises:
        StoreError: `out` cannot be written, or a table of a result cannot be read.
    """
    if kind == "openmpr":
        written, left_out = write_runs(results, out)
        return Exported(len(written), tuple(left_out))
    lacking = {"trec": lacks_run, "mteb": lacks_encoder}.get(kind, lambda result: "")
    fit = [r for r in results if not lacking(r)]
    skipped = tuple(f"{name_of(r)}: {lacking(r)}" for r in results if lacking(r))
    try:
        if kind == "trec":
            for result in fit:
                write_trec(result, out)
        elif kind == "mteb":
            write_mteb(fit, out)
        elif kind == "csv":
            write_csv(fit, out)
        else:
            body = {"results": [stored_record(r) for r in fit]}
            write_text(out, json.dumps(body, indent=1, ensure_ascii=False))
    except OSError as e:
        raise StoreError(f"cannot write {out}: {e.strerror or e}") from e
    return Exported(len(fit), skipped)


def stored_record(result: Result) -> dict:
    """A stored result as a JSON object: its record, where it was measured and where it lies."""
    return result.record() | {
        "provenance": dict(result.provenance),
        "folder": str(result.folder) if result.folder else None,
    }


def name_of(result: Result) -> str:
    """The name of a result's folder, which is unique."""
    return result.folder.name if result.folder else result.key


def lacks_run(result: Result) -> str:
    """Why a result cannot be written for trec_eval; empty where it can."""
    missing = [name for name in RANKING if name not in result.tables]
    if not missing:
        return ""
    return f"suite {result.suite} ranked nothing: no {' and no '.join(missing)} for trec_eval"


def lacks_encoder(result: Result) -> str:
    """Why a result cannot be written for mteb; empty where it can."""
    if isinstance(result.system, EncoderInfo):
        return ""
    return f"a {result.system.kind} is not an encoder, and mteb's results are of encoders"


def write_trec(result: Result, out: Path) -> None:
    """`<result>.run` and `<result>.qrels` for trec_eval, pytrec_eval, ir_measures and ranx."""
    out.mkdir(parents=True, exist_ok=True)
    name = name_of(result)
    candidates = nest_values(result.tables["run"], "score")
    write_trec_run(Run.of(candidates), out / f"{name}.run", tag=name)
    write_trec_qrels(Qrels(nest_values(result.tables["qrels"], "grade")), out / f"{name}.qrels")


def write_mteb(results: Sequence[Result], out: Path) -> None:
    """`results/<model>/<revision>/<task>.json` and `model_meta.json`, as `mteb.ResultCache(out)`
    reads them.

    The model's revision is the encoder's identity, the task's is the data's fingerprint: equal
    names and revisions are the same weights and preprocessing, the same probes and gallery. mteb
    has no place for intervals; they stand beside each score as `_low` and `_high`.
    """
    written = set()
    for result in results:
        record = result.record()
        meta, task = mteb_model(result.name, record["encoder_info"]), mteb_task(result)
        folder = out / "results" / meta["name"].replace("/", "__") / meta["revision"]
        if (folder, task["task_name"]) in written:  # another split, other texts, other fusion
            task["task_name"] += "-" + name_of(result).rpartition("-")[2]
        written.add((folder, task["task_name"]))
        place = folder / f"{task['task_name']}.json"
        write_text(place, json.dumps(task, indent=1, ensure_ascii=False))
        write_text(folder / "model_meta.json", json.dumps(meta, indent=1, ensure_ascii=False))


def mteb_task(result: Result) -> dict:
    """A result as mteb's TaskResult: scores by split, named as mteb names them ("@" is "_at_").

    It averages over languages and so wants one; results do not know theirs, and English stands for
    any.
    """
    scores: dict[str, object] = {}
    for name, metric in result.metrics.items():
        ends = metric.as_dict()
        scores |= {
            mteb_score(name): ends["value"],
            f"{mteb_score(name)}_low": ends["low"],
            f"{mteb_score(name)}_high": ends["high"],
        }
    main = next((s for s in MAIN_SCORE if s in scores), next(iter(scores), ""))
    subset = {
        "main_score": scores.get(main),
        **scores,
        "hf_subset": "default",
        "languages": ["eng-Latn"],
    }
    return {
        "dataset_revision": result.data.fingerprint,
        "task_name": mteb_task_name(result.data.name, result.variant.get("gallery", "")),
        "mteb_version": None,
        "scores": {result.data.split: [subset]},
        "evaluation_time": None,
        "date": result.provenance["measured_at"],
    }


def write_csv(results: Sequence[Result], out: Path) -> None:
    """One row per result: what it is, then value, low and high of every metric, then what it
    costs."""
    metrics = list(dict.fromkeys(name for r in results for name in r.metrics))
    costs = list(dict.fromkeys(name for r in results for name in r.cost))
    setup = [k for k in SETUP if any(k in list_setup(r) for r in results)]
    what = ("suite", "data", "gallery", "encoder", "n_queries", "n_gallery", "variant")
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("w", newline="", encoding="utf-8") as f:
        writer = csv.writer(f)
        names = [
            *what,
            *setup,
            *(f"{m}{end}" for m in metrics for end in ("", " low", " high")),
            *costs,
        ]
        writer.writerow([neutralise(name) for name in names])
        for r in results:
            record = r.record() | {"variant": write_variant(r)}
            numbers = [
                record["metrics"].get(m, {}).get(end, "")
                for m in metrics
                for end in ("value", "low", "high")
            ]
            mine = list_setup(r)
            row = [
                *(record[w] for w in what),
                *(mine.get(k, "") for k in setup),
                *numbers,
                *(r.cost.get(c, "") for c in costs),
            ]
            writer.writerow([neutralise(cell) for cell in row])


def list_setup(result: Result) -> dict[str, object]:
    """What decides the numbers of a result beside its system and data, whether default or not, and
    what was counted of its gallery."""
    settings = {k: v for k, v in result.settings.items() if k in SETUP}
    texts = settings.get("texts")
    if result.variant.get("gallery") == "image":
        settings.pop("texts", None)
    elif isinstance(texts, list | tuple):
        settings["texts"] = "+".join(map(str, texts))
    counted = {k: v for k, v in result.counts.items() if k in SETUP}
    return settings | {"dtype": getattr(result.system, "dtype", "")} | counted


def neutralise(cell: object) -> object:
    """A cell that no spreadsheet takes for a formula: such texts get a leading apostrophe.

    Numbers stay, negative ones too.
    """
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def write_variant(result: Result) -> str:
    """The variant as name=value pairs, without the gallery, which has a column of its own."""
    return " ".join(f"{k}={v}" for k, v in result.variant.items() if k != "gallery")


def write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
