"""Does bulk asking lose, double or mix up anything, and do its memory and its calls stay bounded?

`--chaos`: a stub that fails three of ten questions in all ways, a client that is killed again and
again; then one run to the end. The table of replies must be that of a client nobody killed.
`--scale`: many questions, the same once more, and with one of a hundred changed. Speed is limited
by the client's one core (HTTP, JSON, SQLite's sync per commit); the stub has a process of its own.
Calls are counted by the stub.

    python -m benchmarks.chat_scale --chaos --scale
"""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from benchmarks.common import report, spread
from tests.chat import chaos

SHARE = 0.3
"""Of questions that meet a fault."""
PACKAGES = ("openai", "tenacity", "uvicorn", "h11", "jsonschema")
PICTURES_EVERY = 10
"""In --chaos."""
CHANGED_EVERY = 100
WARM_UP = 0.2
"""Share of a run after which its memory should no longer grow."""


@contextlib.contextmanager
def separate_stub(*words: str) -> Iterator[str]:
    """The URL of a stub in its own process."""
    command = [sys.executable, "-m", "skulens.cli", "chat-stub", "--port", "0", "--json"]
    process = subprocess.Popen(
        [*command, "--log-every", "0", *words], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def failing_stub(seed: int) -> contextlib.AbstractContextManager[str]:
    waits = ["--slow-s", "0.5", "--retry-after-s", "0.2"]
    return separate_stub("--fault", f"all={SHARE}", "--seed", str(seed), *waits)


def measure_chaos(plan: chaos.Plan, kills: int, seed: int, folder: Path) -> dict:
    """One line of the table: a calm and a killed run against stubs that fail alike."""
    with failing_stub(seed) as url:
        calm = chaos.run(url, folder / "calm", plan)
    with failing_stub(seed) as url:
        killed = chaos.run_killed(url, folder / "killed", plan, kills, calm["calls"], seed)
        faults = chaos.stats_of(url)["faults"]
    right, table = chaos.read_table(folder / "calm"), chaos.read_table(folder / "killed")
    rows = Counter(item for _, item, *_ in table)
    errors = Counter(error for *_, error in table if error)
    return {
        "seed": seed,
        "questions": plan.questions,
        "kills": killed["kills"],
        "rows": len(table),
        "answers": len(table) - errors.total(),
        "error rows": errors.total(),
        "lost": len(chaos.ids_of(plan) - rows.keys()),
        "doubled": sum(n > 1 for n in rows.values()),
        "identical table": table == right,
        "calls calm": calm["calls"],
        "calls killed": killed["calls"],
        "faults given": sum(faults.values()),
        "kinds": len(faults),
        "errors": ", ".join(f"{n} {error}" for error, n in sorted(errors.items())),
    }


def measure_scale(plan: chaos.Plan, repeats: int, folder: Path) -> tuple[list[dict], list[dict]]:
    """(lines of the table, memory over each run): first run, repeats of it, one of a hundred
    questions changed."""
    delta = chaos.Plan(plan.questions, changed_every=CHANGED_EVERY, concurrency=plan.concurrency)
    with separate_stub() as url:
        first = chaos.run(url, folder, plan)
        again = [chaos.run(url, folder, plan) for _ in range(repeats)]
        changed = chaos.run(url, folder, delta)
    rows, cells = [], []
    for name, runs in (("first", [first]), ("again", again), ("1 % changed", [changed])):
        peaks = [max(r["memory_mb"]) for r in runs]
        growth = [grown(r["memory_mb"]) for r in runs]
        cells += [{"run": name, "memory_mb": r["memory_mb"]} for r in runs]
        rows.append(
            {
                "run": name,
                "questions": plan.questions,
                "calls": max(r["calls"] for r in runs),
                "replies": min(r["replies"] for r in runs),
                "seconds": spread([r["seconds"] for r in runs]),
                "questions/s": round(plan.questions / min(r["seconds"] for r in runs)),
                "peak, MB": max(peaks),
                "grown after 20 %, MB": max(growth),
            }
        )
    return rows, cells


def grown(memory: list[float]) -> float:
    """MB between the most of what follows the warm-up and its first value."""
    after = memory[int(len(memory) * WARM_UP) :]
    return round(max(after) - after[0], 1)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--chaos", action="store_true")
    parser.add_argument("--scale", action="store_true")
    parser.add_argument("--questions", type=int, default=0, help="default 3,000 and 100,000")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=3, help="runs of --chaos")
    parser.add_argument("--repeats", type=int, default=3, help="of the second run of --scale")
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--timeout-s", type=float, default=4.0, help="of the client in --chaos")
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    versions = {p: metadata.version(p) for p in PACKAGES}
    settings = vars(args) | {"versions": versions, "share": SHARE}
    right = True
    with tempfile.TemporaryDirectory() as folder:
        if args.chaos:
            plan = chaos.Plan(
                args.questions or 3000, PICTURES_EVERY, 0, args.concurrency, args.timeout_s
            )
            rows = [
                measure_chaos(plan, args.kills, seed, Path(folder) / f"chaos{seed}")
                for seed in range(args.seeds)
            ]
            right = all(r["identical table"] and not r["lost"] + r["doubled"] for r in rows)
            report("chat_chaos", rows, settings, args.save)
        if args.scale or not args.chaos:
            plan = chaos.Plan(args.questions or 100_000, concurrency=args.concurrency)
            rows, cells = measure_scale(plan, args.repeats, Path(folder) / "scale")
            right = right and [r["calls"] for r in rows] == [
                plan.questions, 0, -(-plan.questions // CHANGED_EVERY)
            ]  # fmt: skip
            report("chat_scale", rows, settings, args.save, cells)
    raise SystemExit(not right)


if __name__ == "__main__":
    main()
