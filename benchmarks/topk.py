"""How fast and in how much memory does exact search rank a large gallery?

What limits it: the float32 matrix product. Everything else (comparing each score with the
query's k-th best, exact scores of the few that pass) should cost little, so speed is given
beside a bare float32 product in the same process, both per second of CPU time, so that other
work on the machine does not decide the ratio. Memory is split in
two: anonymous pages, which the search needs, and pages of the memory-mapped gallery, which the
kernel may drop at any time. Quality: the answer is compared with sorting all exact scores, for a
sample of the queries.

    python benchmarks/topk.py                                  # seconds: 1,000 x 100,000 x 128
    python benchmarks/topk.py --queries 10000 --gallery 1000000 --dim 512 --out benchmarks/results
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from tqdm import tqdm

from skulens.index.exact import BUDGET_BYTES, top_k
from skulens.index.fixed_point import fix, scores_of_all

ROWS = 8192


def main() -> None:
    args = arguments()
    with tempfile.TemporaryDirectory(dir=args.temp) as folder:
        path = Path(folder) / "gallery.npy"
        write_gallery(path, args.gallery, args.dim, args.seed)
        result = measure(path, args)
    print(table(result), file=sys.stderr)
    print(json.dumps(result))
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        name = f"topk-{args.queries}x{args.gallery}x{args.dim}-{result['machine']['name']}.json"
        (args.out / name).write_text(json.dumps(result, indent=2) + "\n")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--gallery", type=int, default=100_000, help="vectors")
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--k", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=3, help="median and spread are over these")
    parser.add_argument(
        "--budget-mb", type=int, default=BUDGET_BYTES >> 20, help="working memory of the search"
    )
    parser.add_argument(
        "--checked", type=int, default=20, help="queries whose answer is compared with a full sort"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--temp", type=Path, help="folder for the gallery file; default: the system's"
    )
    parser.add_argument("--out", type=Path, help="folder to write the result to")
    return parser.parse_args()


def unit(rng: np.random.Generator, rows: int, dim: int) -> np.ndarray:
    vectors = rng.standard_normal((rows, dim), np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def write_gallery(path: Path, rows: int, dim: int, seed: int) -> None:
    """Random unit vectors, float32, written block by block."""
    gallery = np.lib.format.open_memmap(path, "w+", np.float32, (rows, dim))
    rng = np.random.default_rng(seed)
    for start in range(0, rows, ROWS):
        part = gallery[start : start + ROWS]
        part[:] = unit(rng, len(part), dim)
    gallery.flush()


def measure(path: Path, args: argparse.Namespace) -> dict:
    queries = unit(np.random.default_rng(args.seed + 1), args.queries, args.dim)
    top_k(queries[:64], unit(np.random.default_rng(2), 8192, args.dim), args.k)  # warm up BLAS
    seconds, cpu, limits = [], [], []
    with Memory() as memory:
        for _ in range(args.repeats):
            gallery = np.load(path, mmap_mode="r")  # mapped anew, so that its pages count from zero
            limits.append(bare_product_gflops_per_cpu(args.dim))
            start, busy = time.perf_counter(), time.process_time()
            with tqdm(total=args.gallery, unit="vector", unit_scale=True, disable=None) as bar:
                order, scores = top_k(
                    queries, gallery, args.k, budget_bytes=args.budget_mb << 20, progress=bar.update
                )
            seconds.append(time.perf_counter() - start)
            cpu.append(time.process_time() - busy)
    gigaflops = 2e-9 * args.queries * args.gallery * args.dim
    median, busy, limit = (
        statistics.median(seconds),
        statistics.median(cpu),
        statistics.median(limits),
    )
    return {
        "question": "exact top-k over a memory-mapped gallery",
        "queries": args.queries,
        "gallery": args.gallery,
        "dim": args.dim,
        "k": args.k,
        "dtype": "float32",
        "budget_mb": args.budget_mb,
        "seconds": round(median, 3),
        "seconds_each": [round(s, 3) for s in seconds],
        "queries_per_s": round(args.queries / median, 1),
        "cpu_seconds": round(busy, 3),
        "gflops_per_cpu": round(gigaflops / busy, 1),
        "bare_product_gflops_per_cpu": round(limit, 1),
        "share_of_bare_product": round(gigaflops / busy / limit, 3),
        "peak_mb": memory.peak_mb(),
        "gallery_file_mb": round(path.stat().st_size / 2**20),
        "full_matrix_mb": round(args.queries * args.gallery * 4 / 2**20),
        "same_as_full_sort": same_as_full_sort(queries[: args.checked], gallery, order, scores),
        "machine": machine(),
    }


def bare_product_gflops_per_cpu(dim: int) -> float:
    """Median rate of the product that the search is made of, on data in memory."""
    rng = np.random.default_rng(3)
    a, b = unit(rng, 1024, dim), unit(rng, 4096, dim)
    out, rates = np.empty((1024, 4096), np.float32), []
    for _ in range(15):
        start = time.process_time()
        np.matmul(a, b.T, out=out)
        rates.append(2e-9 * out.size * dim / (time.process_time() - start))
    return statistics.median(rates)


def same_as_full_sort(
    queries: np.ndarray, gallery: np.ndarray, order: np.ndarray, scores: np.ndarray
) -> bool:
    """Whether the first queries' answers equal those of sorting all their exact scores."""
    rows = range(0, len(gallery), ROWS)
    everything = np.concatenate(
        [scores_of_all(fix(queries), fix(gallery[r : r + ROWS])) for r in rows], axis=1
    )
    k = order.shape[1]
    expected = np.argsort(-everything, axis=1, kind="stable")[:, :k]
    found = order[: len(queries)]
    same = np.array_equal(found, expected)
    return bool(
        same
        and np.array_equal(scores[: len(queries)], np.take_along_axis(everything, expected, axis=1))
    )


class Memory:
    """Peak resident memory while it is open, sampled 50 times a second (Linux only)."""

    def __enter__(self) -> "Memory":
        self.peaks = {"RssAnon": 0, "RssFile": 0, "VmRSS": 0}
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.stop.set()
        self.thread.join()
        self._look()

    def _watch(self) -> None:
        while not self.stop.wait(0.02):
            self._look()

    def _look(self) -> None:
        for line in Path("/proc/self/status").read_text().splitlines():
            name, _, value = line.partition(":")
            if name in self.peaks:
                self.peaks[name] = max(self.peaks[name], int(value.split()[0]))

    def peak_mb(self) -> dict[str, int]:
        """Whole process, interpreter and numpy included."""
        names = {"anonymous": "RssAnon", "mapped_file": "RssFile", "resident": "VmRSS"}
        return {name: round(self.peaks[key] / 1024) for name, key in names.items()}


def machine() -> dict:
    cpu = next(
        (
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    cores = len(os.sched_getaffinity(0))
    return {
        "name": f"{cpu.split('@')[0].strip().replace(' ', '-').lower()}-{cores}cores",
        "cpu": cpu,
        "cores": cores,
        "blas_threads": os.environ.get("OMP_NUM_THREADS", "all"),
        "load_average": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


def table(result: dict) -> str:
    peak = result["peak_mb"]
    spread = f"{min(result['seconds_each']):.2f} to {max(result['seconds_each']):.2f}"
    rows = [
        (
            "size",
            f"{result['queries']:,} queries x {result['gallery']:,} x {result['dim']}, "
            f"k = {result['k']}",
        ),
        ("time", f"{result['seconds']:.2f} s ({spread}), {result['queries_per_s']:,} queries/s"),
        ("CPU time", f"{result['cpu_seconds']:.2f} s"),
        (
            "rate per CPU",
            f"{result['gflops_per_cpu']} of {result['bare_product_gflops_per_cpu']} GFLOP/s "
            f"of a bare product ({result['share_of_bare_product']:.0%})",
        ),
        (
            "memory",
            f"{peak['anonymous']:,} MB anonymous, {peak['mapped_file']:,} MB mapped file, "
            f"{peak['resident']:,} MB resident at once",
        ),
        ("avoided", f"{result['full_matrix_mb']:,} MB of a full score matrix"),
        ("same as full sort", str(result["same_as_full_sort"])),
    ]
    return "\n".join(f"{name:18} {value}" for name, value in rows)


if __name__ == "__main__":
    main()
