"""How much faster than a scan of the whole pool are queries composed, and does it scale?

What limits: a proposal costs the length of its shortest posting, a few nanoseconds a product;
drawing costs the random words. The scan costs every product for every proposal, in Python.

First the very same 10,000 proposals of each of MERIT's methods are composed by both: acceptance,
references, conditions and answers must be identical. Then, per method, one process, the same pool,
law and rules (profile `merit`): proposals a second of CPU time of each, and their ratio. Both arms
accept the same share, so the ratio is also that of accepted queries. Then 320,000 queries over 135,000
products on two cores, and pools of 10,000 to 10,000,000 products, each in a process of its own.

    python -m benchmarks.compose --save
    python -m benchmarks.compose speed fill
    python -m benchmarks.compose --quick
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.common import report, time_call
from benchmarks.compose_plain import Fixed, PlainComposer, Shuffled, as_dicts, make_columns
from skulens.compose.chance import stream_of, uniforms
from skulens.compose.judge import judge
from skulens.compose.pool import Pool, build_pool
from skulens.compose.profiles import PROFILES
from skulens.compose.proposals import MOST, Proposals
from skulens.compose.quotas import Quota
from skulens.compose.run import BATCH, compose
from skulens.compose.samplers.laws import MIXTURE, count_conditions
from skulens.compose.words import STYLE
from skulens.registry import resolve

METHODS = ("conventional-uniform", "attribute-uniform", "high-similarity")
SEED = 28


def middle(values: list[float]) -> dict:
    """Median, quartiles and number of repeats."""
    low, median, high = (float(f"{v:.4g}") for v in np.percentile(values, [25, 50, 75]))
    return {"median": median, "min": low, "max": high, "n": len(values)}


# The same proposals.


def fixed_draws(method: str, drawn: Proposals) -> Iterator[tuple[Fixed, int]]:
    """The numbers behind proposals, and how many conditions they have."""
    ids = drawn.ids
    chance = uniforms(SEED, ids, 1 + 3 * MOST, stream=stream_of(method))
    counts = count_conditions(chance[:, 0], 0)
    rows = zip(chance.tolist(), counts.tolist(), drawn.products.tolist(), strict=True)
    for row, count, shown in rows:
        one, two, three = (row[1 + i * MOST : 1 + (i + 1) * MOST] for i in range(3))
        if method == "conventional-uniform":
            yield Fixed(distinct=one, coins=two, choices=three), count
        elif method == "attribute-uniform":
            yield Fixed(distinct=one, firsts=shown), count
        else:  # a family, two of it, a coin, same key, other key, partner
            yield Fixed(row[1:3], row[3:4], [row[0], row[5], row[4]], row[6:7]), 2


def list_accepted(pool: Pool, drawn: Proposals) -> dict[int, tuple]:
    """What we accept: number of the proposal -> conditions, answers, hard negatives."""
    judged = judge(pool, drawn, PROFILES["merit"], SEED)
    found = {}
    for row in range(len(judged.accepted)):
        query = judged.composed(row, 0.0, False)
        shown = [
            (pool.ids[p], *(pool.pairs[q] if q >= 0 else (STYLE, "as product image")))
            for p, q in query.shown
        ]
        answers, near = ([pool.ids[i] for i in some] for some in (query.answers, query.near))
        found[query.id] = shown, answers, near
    return found


def compare(pool: Pool, proposals: int) -> list[dict]:
    """Both composers on the same proposals. Raises AssertionError where they differ."""
    plain = PlainComposer(as_dicts(pool), pool.keys)
    rows = []
    for method in METHODS:
        drawn = resolve("sampler", method)(pool).draw(SEED, np.arange(proposals, dtype=np.uint64))
        mine, theirs = list_accepted(pool, drawn), {}
        for id_, (draws, count) in zip(drawn.ids.tolist(), fixed_draws(method, drawn), strict=True):
            if query := plain.compose(method, draws, count):
                theirs[id_] = query.shown, query.answers, query.negatives
        assert mine == theirs, f"{method}: the composers differ"
        answers = sum(len(found[1]) for found in mine.values())
        rows.append(
            {
                "what": f"same proposals, {method}",
                "products": len(pool),
                "proposals": proposals,
                "accepted by both": len(mine),
                "answers": answers,
                "identical": True,
            }
        )
    return rows


# Speed.


def time_ours(pool: Pool, method: str, proposals: int, repeats: int) -> tuple[list[float], float]:
    """Proposals a second of CPU time of each repeat, and the share accepted."""
    sampler, accepted, rates = resolve("sampler", method)(pool), 0, []
    for repeat in range(repeats):
        start = time.process_time()
        for first in range(0, proposals, BATCH):
            ids = np.arange(first, min(first + BATCH, proposals), dtype=np.uint64)
            drawn = sampler.draw(SEED + repeat, ids)
            accepted += len(judge(pool, drawn, PROFILES["merit"], SEED).accepted)
        rates.append(proposals / (time.process_time() - start))
    return rates, accepted / proposals / repeats


def time_plain(plain: PlainComposer, method: str, proposals: int, repeats: int) -> tuple:
    """The same of the scan; condition counts by the same law."""
    counts = np.repeat([n for n, _ in MIXTURE], [round(p * 20) for _, p in MIXTURE]).tolist()
    accepted, rates = 0, []
    for repeat in range(repeats):
        draws = Shuffled(repeat)
        start = time.process_time()
        for i in range(proposals):
            accepted += plain.compose(method, draws, counts[i % len(counts)]) is not None
        rates.append(proposals / (time.process_time() - start))
    return rates, accepted / proposals / repeats


def race(pool: Pool, args: argparse.Namespace) -> Iterator[dict]:
    """A row per method: both rates and their ratio."""
    plain = PlainComposer(as_dicts(pool), pool.keys)
    judge(pool, resolve("sampler", METHODS[0])(pool).draw(SEED, np.arange(9)), PROFILES["merit"], 0)
    for method in METHODS:
        scanned = max(20, args.scanned * 10_000 // len(pool) // 20 * 20)
        ours, share = time_ours(pool, method, args.proposals, args.repeats)
        theirs, their_share = time_plain(plain, method, scanned, args.repeats)
        ratio = np.median(ours) / np.median(theirs)
        bounds = np.percentile(ours, [25, 75]) / np.percentile(theirs, [75, 25])
        yield {
            "what": method,
            "products": len(pool),
            "proposals/s": middle(ours),
            "of": args.proposals,
            "scan proposals/s": middle(theirs),
            "scan of": scanned,
            "ratio": f"{ratio:,.0f} ({bounds[0]:,.0f} to {bounds[1]:,.0f})",
            "accepted/s": f"{np.median(ours) * share:,.0f}",
            "accepted": f"{share:.4f}",
            "scan accepted": f"{their_share:.4f}",
        }


def fill_quota(products: int, queries: int, workers: int) -> Iterator[dict]:
    """So many accepted queries, under both profiles."""
    pool = build_pool(make_columns(products))
    for name, quota in (("merit", Quota(queries, 0)), ("sound", Quota(queries, 2))):
        made = []
        seconds = time_call(
            lambda quota=quota, name=name, made=made: made.append(
                compose(pool, [quota], PROFILES[name], SEED, workers=workers)
            )
        )
        proposed = sum(n for (_, step), n in made[0].funnel.items() if step == "proposed")
        yield {
            "what": f"{name}, {quota}",
            "products": products,
            "accepted": len(made[0].queries),
            "proposed": proposed,
            "workers": workers,
            "seconds": round(seconds, 1),
            "peak MB": peak_mb(),
        }


def peak_mb() -> int:
    """Of this process, or of its largest worker. Not `ru_maxrss` of itself, which a process has
    from the one that started it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    [mine] = [int(line.split()[1]) for line in lines if line.startswith("VmHWM")]
    return max(mine, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) // 1024


def scale(products: int, proposals: int) -> dict:
    """Build a pool and judge proposals, in this process; CPU seconds, microseconds a proposal."""
    columns = make_columns(products)
    start = time.process_time()
    pool = build_pool(columns)
    row = {"what": "scale", "products": products, "build s": time.process_time() - start}
    del columns
    start = time.process_time()
    _ = pool.bitmaps, pool.class_masks, pool.families
    row["index s"] = time.process_time() - start
    for method in (*METHODS, "target-first"):
        profile = PROFILES["sound" if method == "target-first" else "merit"]
        sampler = resolve("sampler", method)(pool)
        drawn = [sampler.draw(SEED, np.arange(i, i + 500)) for i in range(0, proposals, 500)]
        start = time.process_time()
        for batch in drawn:
            judge(pool, batch, profile, SEED)
        row[f"{method} us"] = (time.process_time() - start) / proposals * 1e6
    row["peak MB"] = peak_mb()
    return {name: round(v, 3) if isinstance(v, float) else v for name, v in row.items()}


def scale_all(sizes: list[int], proposals: int) -> list[dict]:
    """Each size in a process of its own; then the slopes of log time and memory over log size."""
    rows = []
    for size in sizes:
        command = [sys.executable, "-m", "benchmarks.compose", "--one", f"{size}"]
        command += ["--proposals", f"{proposals}"]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        rows.append(json.loads(done.stdout.splitlines()[-1]))
    if len(sizes) > 1:
        slopes: dict = {"what": "slope", "products": f"{sizes[0]:,} to {sizes[-1]:,}"}
        for name in list(rows[0])[2:]:
            logs = np.log([max(row[name], 1e-3) for row in rows])
            slopes[name] = round(float(np.polyfit(np.log(sizes), logs, 1)[0]), 2)
        rows.append(slopes)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", help="same, speed, fill, scale; without: all")
    parser.add_argument("--quick", action="store_true", help="small sizes, for a look")
    parser.add_argument("--identical", type=int, nargs=2, default=(10_000, 10_000))
    parser.add_argument("--sizes", type=int, nargs="*", default=[10_000, 50_000])
    parser.add_argument("--proposals", type=int, default=40_960)
    parser.add_argument("--scanned", type=int, default=200, help="at 10,000 products")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--fill", type=int, nargs=2, default=(135_000, 320_000))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--scale", type=int, nargs="*", default=[10**k for k in (4, 5, 6, 7)])
    parser.add_argument("--one", type=int, help="only this size of --scale, as JSON")
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    if args.one:
        print(json.dumps(scale(args.one, args.proposals)))
        return
    if args.quick:
        args.identical, args.sizes, args.proposals, args.repeats = (300, 300), [1000], 4096, 2
        args.scanned, args.fill, args.scale = 4, (2000, 1000), [1000, 2000]
    parts = {
        "same": lambda: compare(build_pool(make_columns(args.identical[0])), args.identical[1]),
        "speed": lambda: [
            row for n in args.sizes for row in race(build_pool(make_columns(n)), args)
        ],
        "fill": lambda: list(fill_quota(*args.fill, args.workers)),
        "scale": lambda: scale_all(args.scale, min(args.proposals, 2000)),
    }
    for name in args.parts or parts:
        report(f"compose_{name}", parts[name](), vars(args), args.save)


if __name__ == "__main__":
    main()
