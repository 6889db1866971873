"""How long does suite merit take after encoding, and in how much memory?

MERIT's size by default: 10,000 queries of two to four references against 51,177 products of 1,024
dimensions. Everything is measured that the suite computes of vectors: candidates with references
excluded and kept, each language among its own products, every metric, slices and intervals. Beside
it, in the same process, the plain way: all scores of a block of queries, a full argsort of each row,
the metrics from the ranks; without language rows and intervals. Per-query metrics of both must be
the same.

What limits: the float32 matrix product (1.05 TFLOP at the usual size, and a fifth of that again for
five language rows). Time is wall and CPU seconds, memory the peak of the process after our part,
data included. Both ways start from the same vectors in memory.

    python -m benchmarks.merit_evaluation                      # about 2 minutes on 2 idle cores
    python -m benchmarks.merit_evaluation --queries 1000       # seconds
"""

import argparse
import os
import resource
import time
from collections.abc import Sequence

import numpy as np

from benchmarks.common import report
from skulens.bench.candidates import VectorSearch, depth_of, find_and_judge
from skulens.bench.retrieval import measure_asides, rules_of, score, with_slices
from skulens.bench.suites.merit import Merit, MeritSettings
from skulens.bench.task import Ranked, Task
from skulens.encode.gallery import Gallery
from skulens.evaluate.summaries import Evaluation
from skulens.records import DatasetInfo, Item, Product, Query

LANGUAGES = ("en", "id", "ms", "th", "vi")
CLASSES = 17
BLOCK = 256
"""Queries of which the plain way holds all scores at a time."""
KS = MeritSettings().ks


class Shop:
    """Products of five languages, without pictures or texts."""

    def __init__(self, products: int):
        self.info = DatasetInfo("simulated", "simulated", splits=("composed",))
        self.rejects: list = []
        self.count = products

    def products(self):
        for i in range(self.count):
            language = LANGUAGES[i % len(LANGUAGES)]
            yield Product(f"p{i:06d}", category=(f"c{i % CLASSES}",), language=language)

    def queries(self, split: str):
        return iter(())


def simulate(queries: int, products: int, dim: int, seed: int = 0):
    """(queries, their vectors, product vectors): a query lies between its references and answers."""
    rng = np.random.default_rng(seed)
    shown = normalise(rng.standard_normal((products, dim), dtype=np.float32))
    asked = np.empty((queries, dim), np.float32)
    made = []
    for i in range(queries):
        language = int(rng.integers(len(LANGUAGES)))
        mine = np.arange(language, products, len(LANGUAGES))
        drawn = rng.choice(mine, 14, replace=False)
        count, answers = 2 + i % 3, drawn[4 : 4 + rng.integers(1, 11)]
        noise = rng.standard_normal(dim, dtype=np.float32) / np.sqrt(dim)
        asked[i] = shown[drawn[:count]].mean(axis=0) + 0.08 * shown[answers].sum(axis=0) + noise
        tags = {
            "language": LANGUAGES[language],
            "n_conditions": str(count),
            "method": "abcd"[i % 4],
            "class": f"c{i % CLASSES}",
        }
        made.append(
            Query(
                f"q{i:06d}",
                Item(f"q{i:06d}", ()),
                {f"p{p:06d}": 1 for p in answers},
                references=tuple(f"p{p:06d}" for p in drawn[:count]),
                tags=tags,
                group=f"p{answers[0]:06d}",
            )
        )
    return made, normalise(asked), shown


def normalise(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def gallery_of(products: int) -> Gallery:
    """The gallery of all products; its items are empty, for their vectors are given."""
    ids = tuple(p.id for p in Shop(products).products())
    return Gallery("image", tuple(Item(p, ()) for p in ids), np.arange(len(ids)), ids, ())


def task_of(shop: Shop, gallery: Gallery) -> Task:
    """The task of suite merit on this gallery."""
    suite = Merit(shop)  # type: ignore[arg-type]
    return Task(
        suite="merit",
        data="simulated",
        dataset="simulated",
        split="composed",
        queries=lambda: iter(()),
        galleries={"image": gallery},
        products=suite.products,
        settings={},
        **suite.rules(),
    )


def evaluate_suite(
    task: Task, queries: Sequence[Query], asked: np.ndarray, shown: np.ndarray
) -> Evaluation:
    """As `bench.retrieval` measures an encoder after encoding."""
    by_id = {q.id: vector for q, vector in zip(queries, asked, strict=True)}
    search = VectorSearch(task.galleries["image"], by_id, shown, "single", "")
    products = search.gallery.products
    depth = depth_of(len(queries), len(products), task.shallow)
    ranked = find_and_judge(search, queries, products, rules_of(task), depth)
    found = score(task, queries, Ranked(ranked[0].run, judged=ranked[0].judged))
    return with_slices(found, measure_asides(task, search, queries, ranked, found.metrics))


def evaluate_plainly(
    queries: Sequence[Query], asked: np.ndarray, shown: np.ndarray
) -> dict[str, np.ndarray]:
    """Metric -> (queries,), references excluded, from a full argsort of all scores."""
    found: dict[str, list[float]] = {}
    for start in range(0, len(queries), BLOCK):
        scores = asked[start : start + BLOCK] @ shown.T  # (block, products)
        for row, query in enumerate(queries[start : start + BLOCK]):
            out = [int(p[1:]) for p in query.references]
            scores[row, out] = -np.inf
            order = np.argsort(-scores[row], kind="stable")
            rank = np.empty(len(order), np.int64)
            rank[order] = np.arange(1, len(order) + 1)
            ranks = np.sort(rank[[int(p[1:]) for p in query.relevant]])
            for name, value in plain_metrics(ranks).items():
                found.setdefault(name, []).append(value)
    return {name: np.array(values) for name, values in found.items()}


def plain_metrics(ranks: np.ndarray) -> dict[str, float]:
    """Metrics of one query from the ranks of its answers, ascending from 1."""
    found = {"mrr@10": 1 / ranks[0] if ranks[0] <= 10 else 0.0}
    for k in KS:
        within = ranks[ranks <= k]
        ideal = 1 / np.log2(np.arange(1, min(len(ranks), k) + 1) + 1)
        found |= {
            f"hit_rate@{k}": float(len(within) > 0),
            f"recall@{k}": len(within) / len(ranks),
            f"ndcg@{k}": float((1 / np.log2(within + 1)).sum() / ideal.sum()),
        }
    return found


def timed(work) -> tuple[object, float, float]:
    """(answer, wall seconds, CPU seconds)."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = work()
    return found, time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--queries", type=int, default=10_000)
    parser.add_argument("--products", type=int, default=51_177)
    parser.add_argument("--dim", type=int, default=1024)
    parser.add_argument("--repeats", type=int, default=3, help="of our part; the plain way once")
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    queries, asked, shown = simulate(args.queries, args.products, args.dim)
    shop = Shop(args.products)
    task = task_of(shop, gallery_of(args.products))
    rows = []
    for _ in range(args.repeats):
        found, wall, cpu = timed(lambda: evaluate_suite(task, queries, asked, shown))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        rows.append({"way": "suite", "wall s": round(wall, 1), "CPU s": round(cpu, 1)})
    plain, wall, cpu = timed(lambda: evaluate_plainly(queries, asked, shown))
    rows.append({"way": "full argsort", "wall s": round(wall, 1), "CPU s": round(cpu, 1)})
    scores = found.scores  # type: ignore[attr-defined]
    differing = {
        name: int((np.abs(scores.values(name) - values) > 1e-12).sum())
        for name, values in plain.items()  # type: ignore[attr-defined]
    }
    for row in rows:
        row |= {"peak GB": round(peak, 2)} if row["way"] == "suite" else {"peak GB": "-"}
        row["differing queries"] = sum(differing.values())
    settings = vars(args) | {"differing": differing, "load": os.getloadavg()}
    means = {name: float(values.mean()) for name, values in plain.items()}  # type: ignore[attr-defined]
    report("merit_evaluation", rows, settings | {"plain means": means}, args.save)


if __name__ == "__main__":
    main()
