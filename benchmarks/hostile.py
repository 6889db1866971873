"""Does any broken, false or dangerous input crash, hang or lose something, and what memory does it
take?

The attacks of tests/hostile, many of each field. Time is that of decoding, opening and reading; the
peak of memory is that of two commands, an audit and a benchmark, over every picture of the field.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.common import report
from tests.hostile import field, pictures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--field", action="append", help="may be repeated; all by default")
    parser.add_argument("--count", type=int, default=0, help="cases of a field; 0: its own number")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--memory", type=int, default=0, help="pictures for the peaks of memory")
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    names = args.field or field.FIELDS
    bad: list[field.Outcome] = []
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        os.environ["SKULENS_CACHE"] = str(Path(folder) / "cache")
        for name in names:
            row, worse = run_field(name, args.count or field.large(name), args.seed, Path(folder))
            rows.append(row)
            bad += worse
        peaks = measure_memory(args.memory, args.seed, Path(folder)) if args.memory else {}
    for outcome in bad:
        print(f"{outcome.case}: {outcome.verdict}\n{outcome.detail}", file=sys.stderr)
    settings = {"seed": args.seed, "peak_memory_mb": peaks, "memory_pictures": args.memory}
    report("hostile", rows, settings, args.save)
    raise SystemExit(bool(bad))


def run_field(name: str, count: int, seed: int, folder: Path) -> tuple[dict, list[field.Outcome]]:
    """(line of the table, outcomes that are not allowed)."""
    start = time.perf_counter()
    outcomes = []
    for number, case in enumerate(field.cases(name, count, seed)):
        place = folder / name / str(number)
        place.mkdir(parents=True)
        outcomes.append(field.outcome(case, place))
    seconds = round(time.perf_counter() - start, 1)
    bad = [o for o in outcomes if o.verdict not in field.ALLOWED]
    return {"field": name} | field.tally(outcomes) | {"seconds": seconds}, bad


def measure_memory(count: int, seed: int, folder: Path) -> dict[str, int]:
    """Command -> its peak of resident memory, MB, over a table of so many hostile pictures."""
    shop = folder / "shop"
    shop.mkdir()
    lines = ["id,title,image"]
    for number, attack in zip(range(count), pictures.attacks(seed), strict=False):
        path = shop / f"{number}.jpg"
        attack.place(path) if attack.place else path.write_bytes(attack.make())
        lines.append(f"{number},cup {number},{number}.jpg")
    (shop / "shop.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    table, results = str(shop / "shop.csv"), str(folder / "results")
    commands = {  # "--gallery text": every picture is a probe
        "audit": ["audit", table],
        "bench": [
            "bench",
            "mpr",
            table,
            "-e",
            "mini",
            "--results",
            results,
            "--split",
            "all",
            "--gallery",
            "text",
        ],
    }
    return {name: peak_mb(words) for name, words in commands.items()}


def peak_mb(words: list[str]) -> int:
    """Peak resident memory of a command. Raises RuntimeError where it fails."""
    code = (
        "import resource, subprocess, sys; done = subprocess.run(sys.argv[1:], "
        "stdout=subprocess.DEVNULL, stderr=subprocess.PIPE); "
        "sys.stderr.buffer.write(done.stderr[-2000:]); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(done.returncode)"
    )
    command = [sys.executable, "-c", code, sys.executable, "-m", "skulens.cli", *words]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words[:2])} failed: {done.stderr[-2000:]}")
    return round(int(done.stdout) * 1024 / 1e6)


if __name__ == "__main__":
    main()
