"""How fast is search, what does it cost over the bare engine, and what does it find?

What limits it: an exact scan reads every vector once, so its bound is their bytes over the bandwidth
of memory, measured in the same run. The store reads a one-byte copy first and stays below the bound
of float32. An index of LanceDB reads little; what is ours beside it is a filter's mask, the order of
ties, and names. Calls that are compared take turns on the same queries, in one process on one core.

Quality is beside speed: recall of the first ten against a float32 product and a full sort, without
the store, over filters that know nothing of the vectors and filters that do (`search_speed_data`).

    python -m benchmarks.search_speed --rows 20000                    # two minutes
    python -m benchmarks.search_speed --rows 200000 1000000 --work DIR --save

Stores are kept in DIR and used again; at 1 million products one takes 10 minutes to build, 6 GB of
disk and 8 GB of memory.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmarks.common import report
from benchmarks.search_speed_calls import (
    WARM,
    K,
    bare_index,
    bare_scan,
    make_probe,
    read_gb_s,
    time_in_turn,
)
from benchmarks.search_speed_data import CONDITIONS, Catalogue, id_of
from skulens.evaluate.intervals import Grouped, mean_interval
from skulens.index.stores import open_store
from skulens.index.stores.local.scan import Matrix
from skulens.index.stores.probes import unit
from skulens.search.shop import Shop

RECALL = 0.98
TARGET_MS = {(200_000, "exact"): 18, (200_000, "index"): 5}
TARGET_MS |= {(1_000_000, "exact"): 60, (1_000_000, "index"): 12}
CHANGED = 0.02
"""Share of the products written again while searches are timed."""
OPTIMISING, DONE = "optimising", "done"
"""Files by which the writer says how far it is."""


@dataclass(frozen=True)
class Setting:
    """What one process measures."""

    catalogue: Catalogue
    place: Path
    queries: int
    path: str
    """"exact": every vector is compared; "index": LanceDB's index is asked."""


MEASURES = ("cold", "speed", "recall", "optimising")

# ----- processes ------------------------------------------------------------------------------


def pin(core: int) -> None:
    """All threads that the process will start run on one core; -1: on all."""
    if core >= 0:
        os.sched_setaffinity(0, {core})


def start(core: int, work: Callable, *args: object) -> Future:
    """Work in a process of its own, which knows nothing of earlier measurements."""
    pool = ProcessPoolExecutor(1, get_context("spawn"), pin, (core,))
    found = pool.submit(work, *args)
    pool.shutdown(wait=False)
    return found


def run(core: int, work: Callable, *args: object) -> Any:
    return start(core, work, *args).result()


# ----- stores ---------------------------------------------------------------------------------


def build_store(catalogue: Catalogue, place: Path) -> dict[str, float]:
    """Seconds of building; the store is used again where it was built before."""
    record = place.with_suffix(".json")
    if record.exists():
        return json.loads(record.read_text())
    store = open_store(str(place), catalogue.schema)
    began = time.perf_counter()
    print(f"building {place}", flush=True)
    store.upsert(tqdm(catalogue.documents(), "written", catalogue.rows, disable=None))
    written = time.perf_counter()
    store.optimise()
    store.close()
    took = {"write_s": written - began, "optimise_s": time.perf_counter() - written}
    record.write_text(json.dumps(took))
    return took


def index_store(catalogue: Catalogue, place: Path) -> None:
    """Make LanceDB's index of vectors where the store is too small to have one by itself."""
    from skulens.index.stores.engines.lance import find

    find.EXACT_ROWS = min(find.EXACT_ROWS, catalogue.rows - 1)
    store = open_store(str(place))
    store.optimise()
    store.close()


def change_store(catalogue: Catalogue, place: Path, signs: Path) -> None:
    """Write some products again and optimise, telling by files how far it is."""
    store = open_store(str(place))
    store.upsert(catalogue.documents(int(CHANGED * catalogue.rows)))
    (signs / OPTIMISING).touch()
    store.optimise()
    (signs / DONE).touch()


# ----- figures --------------------------------------------------------------------------------


class Figures(list):
    """Rows of the table."""

    def __init__(self, setting: Setting):
        self._about = {"products": f"{setting.catalogue.rows:,}", "path": setting.path}

    def add(self, figure: str, value: str, target: str = "", met: bool | None = None) -> None:
        shown = "" if met is None else "yes" if met else "no"
        self.append(
            {**self._about, "figure": figure, "value": value, "target": target, "met": shown}
        )


def measure_speed(setting: Setting) -> list[dict]:
    """p50 of the bare call, the store and the shop; and of words and vector together."""
    catalogue, exact = setting.catalogue, setting.path == "exact"
    figures = Figures(setting)
    store = open_store(str(setting.place))
    shop = Shop(store)
    queries, near = catalogue.queries(setting.queries)
    calls: dict[str, Callable] = {}
    matrix = Matrix(catalogue.gather()[0]) if exact else None
    if matrix is not None:
        calls = {
            "bare": bare_scan(matrix.vectors),
            "own scan": lambda q: matrix.search(unit(q), K),
        }
    else:
        calls = {"bare": bare_index(setting.place, catalogue.rows)}
    calls |= {
        "store": lambda q: store.search(make_probe(q, exact)),
        "shop, no details": lambda q: shop.search(
            vectors={"picture": q}, k=K, exact=exact, details=False
        ),
        "shop": lambda q: shop.search(vectors={"picture": q}, k=K, exact=exact),
    }
    taken = time_in_turn(calls, list(queries))
    p50 = {name: statistics.median(ms) for name, ms in taken.items()}
    add_speed(figures, catalogue, setting.path, p50)
    if matrix is not None:
        add_bounds(figures, catalogue, p50["store"], matrix.reads)
    words = [held["words"] for held in store.fetch([id_of(r) for r in near.tolist()], ["words"])]
    pairs = list(zip(queries, words, strict=True))
    both = {
        "vector": lambda p: shop.search(vectors={"picture": p[0]}, k=K, exact=exact),
        "hybrid": lambda p: shop.search(p[1], vectors={"picture": p[0]}, k=K, exact=exact),
    }
    mixed = {name: statistics.median(ms) for name, ms in time_in_turn(both, pairs).items()}
    ratio = mixed["hybrid"] / mixed["vector"]
    value = f"{ratio:.2f}x ({mixed['hybrid']:.2f} over {mixed['vector']:.2f} ms)"
    figures.add("words and vector over vector alone", value, "<= 1.8x", ratio <= 1.8)
    return figures


def add_speed(figures: Figures, catalogue: Catalogue, path: str, p50: dict[str, float]) -> None:
    """Ratios of the calls, and p50 beside the target.

    The bare scan is of float32 and the store may read one byte: only the store's own scan, alone,
    tells what is ours beside it.
    """
    bases = [base for base in ("own scan", "bare") if base in p50]
    for base in bases:
        for name in ("store", "shop, no details", "shop"):
            ratio, more = p50[name] / p50[base], p50[name] - p50[base]
            value = f"{ratio:.2f}x, {more:+.2f} ms ({p50[name]:.2f} over {p50[base]:.2f} ms)"
            met = ratio <= 1.15 and more <= 0.5
            figures.add(f"{name} over the {base}, p50", value, "<= 1.15x and <= +0.5 ms", met)
    target = TARGET_MS.get((catalogue.rows, path))
    met = p50["store"] <= target if target else None
    figures.add("store p50", f"{p50['store']:.2f} ms", f"<= {target} ms" if target else "", met)


def add_bounds(figures: Figures, catalogue: Catalogue, p50_ms: float, reads: str) -> None:
    """p50 over the time that reading the vectors takes: as float32, and as what is read of them."""
    speed, values = read_gb_s(), catalogue.rows * catalogue.dim
    sizes = {"float32": 4 * values}
    if reads == "int8":
        sizes["int8"] = values + 12 * catalogue.rows  # and scales, errors, norms
    for name, size in sizes.items():
        bound = size / speed / 1e6
        value = f"{p50_ms / bound:.2f}x ({bound:.2f} ms at {speed:.1f} GB/s), reads {reads}"
        figures.add(f"store over the bound of {name}", value, "<= 1.5x", p50_ms <= 1.5 * bound)


def measure_recall(setting: Setting) -> list[dict]:
    """Recall of the first ten with each kind of filter, and p50 of the store's search."""
    catalogue, exact = setting.catalogue, setting.path == "exact"
    figures = Figures(setting)
    vectors, centres, prices = catalogue.gather()
    queries, near = catalogue.queries(setting.queries)
    store = open_store(str(setting.place))
    values: dict[str, list[float]] = {c.name: [] for c in CONDITIONS}
    taken: dict[str, list[float]] = {c.name: [] for c in CONDITIONS}
    hows: dict[str, set[str]] = {c.name: set() for c in CONDITIONS}
    for query, row in tqdm(list(zip(queries, near.tolist(), strict=True)), "recall", disable=None):
        scores = vectors @ query
        for condition in CONDITIONS:
            where = condition.where(int(centres[row]))
            began = time.perf_counter()
            hits = store.search(make_probe(query, exact, where))
            taken[condition.name].append(1e3 * (time.perf_counter() - began))
            hows[condition.name].add(hits.how.split(" ef")[0])
            kept = np.flatnonzero(condition.mask(int(centres[row]), centres, prices))
            values[condition.name].append(recall_of(hits.ids, kept, scores))
    for condition in CONDITIONS:
        found = np.array(values[condition.name])[:, None]
        recall = mean_interval(Grouped.of(found, np.arange(len(found))).micro())
        low = f"[{recall.low:.3f}, {recall.high:.3f}]" if recall.known else "no interval"
        how, ms = "/".join(sorted(hows[condition.name])), statistics.median(taken[condition.name])
        value = f"{recall.value:.4f} {low}, {how}, p50 {ms:.2f} ms"
        figures.add(f"recall, {condition.name}", value, f">= {RECALL}", recall.value >= RECALL)
    return figures


def recall_of(ids: Sequence[str], kept: np.ndarray, scores: np.ndarray) -> float:
    """Share of the K best products of a filter that were found; one as near as the last counts.

    Args:
        kept: rows that satisfy the filter; a hit outside them counts as not found.
        scores: (products,) of all.
    """
    wanted = min(K, len(kept))
    least = np.partition(scores[kept], len(kept) - wanted)[len(kept) - wanted] if wanted else 0.0
    rows = np.array([int(i[4:]) for i in dict.fromkeys(ids)], np.int64)
    good = np.isin(rows, kept) & (scores[rows] >= least - 1e-6)
    return float(good.sum() / wanted) if wanted else float("nan")


def measure_cold(setting: Setting) -> list[dict]:
    """From opening to the first hit, and memory then; pages of the store are in the page cache."""
    catalogue, figures = setting.catalogue, Figures(setting)
    queries, _ = catalogue.queries(1)
    began = time.perf_counter()
    import lancedb  # noqa: F401  # its time is not the store's

    imported = time.perf_counter() - began
    before = resident_mb()
    began = time.perf_counter()
    store = open_store(str(setting.place))
    store.search(make_probe(queries[0], setting.path == "exact"))
    seconds = time.perf_counter() - began
    limit = {"exact": 3.0, "index": 0.5}[setting.path]
    figures.add(
        "cold open to the first hit",
        f"{seconds:.2f} s, and {imported:.2f} s to import LanceDB",
        f"<= {limit} s",
        seconds <= limit,
    )
    for _ in range(WARM):
        store.search(make_probe(queries[0], setting.path == "exact"))
    memory = resident_mb()
    figures.add("resident memory", f"{memory:.0f} MB, {before:.0f} MB of it before")
    return figures


def resident_mb() -> float:
    fields = Path("/proc/self/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def measure_optimising(setting: Setting, signs: Path) -> list[dict]:
    """Search while another process writes and optimises, against search before it began."""
    catalogue, exact, figures = setting.catalogue, setting.path == "exact", Figures(setting)
    store = open_store(str(setting.place))
    queries, _ = catalogue.queries(setting.queries)
    quiet = time_in_turn({"store": lambda q: store.search(make_probe(q, exact))}, list(queries))
    (signs / "ready").touch()
    busy: list[float] = []
    turn = 0
    while not (signs / DONE).exists():
        began = time.perf_counter()
        store.search(make_probe(queries[turn % len(queries)], exact))
        if (signs / OPTIMISING).exists():
            busy.append(1e3 * (time.perf_counter() - began))
        turn += 1
    before, during = np.percentile(quiet["store"], 95), np.percentile(busy or [np.nan], 95)
    value = (
        f"{during / before:.2f}x ({during:.2f} over {before:.2f} ms; {len(busy)} searches, "
        f"slowest {max(busy, default=0):.0f} ms)"
    )
    figures.add("search during optimise, p95", value, "<= 2x", during <= 2 * before)
    return figures


def measure_all(catalogue: Catalogue, args: argparse.Namespace, folder: Path) -> list[dict]:
    """Every figure of one size."""
    place = folder / f"speed-{catalogue.rows}x{catalogue.dim}-{catalogue.seed}.store"
    built = run(-1, build_store, catalogue, place)
    rows: list[dict] = []
    for path in ("exact", "index"):
        if path == "index":
            run(-1, index_store, catalogue, place)
        setting = Setting(catalogue, place, args.queries, path)
        for work in (measure_cold, measure_speed, measure_recall):
            if work.__name__.removeprefix("measure_") not in args.measures:
                continue
            print(f"{catalogue.rows:,} {path}: {work.__name__}", flush=True)
            found = run(args.core, work, setting)
            print(*(f"  {r['figure']}: {r['value']}" for r in found), sep="\n", flush=True)
            rows += found
    figures = Figures(setting)
    figures.add("written", f"{catalogue.rows / built['write_s']:,.0f} products/s")
    if "optimising" not in args.measures:
        return [*rows, *figures]
    with tempfile.TemporaryDirectory() as signs:
        searching = start(args.core, measure_optimising, setting, Path(signs))
        while not (Path(signs) / "ready").exists() and not searching.done():
            time.sleep(0.05)
        run(args.other_core, change_store, catalogue, place, Path(signs))
        rows += [*figures, *searching.result()]
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, nargs="+", default=[20_000])
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--measures", nargs="+", choices=MEASURES, default=MEASURES, help="what is measured"
    )
    parser.add_argument("--core", type=int, default=0, help="that searches run on; -1: all")
    parser.add_argument("--other-core", type=int, default=1, help="of the writer beside them")
    parser.add_argument("--work", type=Path, help="folder that keeps the stores")
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    rows: list[dict] = []
    with tempfile.TemporaryDirectory() as folder:
        work = args.work or Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        for count in args.rows:
            rows += measure_all(Catalogue(count, args.dim, args.seed), args, work)
            settings = {k: v for k, v in vars(args).items() if k not in ("work", "save")}
            report("search_speed", rows, settings, args.save)  # so far: a size takes long


if __name__ == "__main__":
    main()
