"""Does a store lose, tear or double anything when its writer is killed, or when four write at once?

`kill -9` at random during ingest, at random during `optimise`, and four processes that write the same
products; a synced ledger outside the engine says what was acknowledged. `--rates` measures what the
sync before each acknowledgement costs: bulk and batches of 100 with 512-d vectors, beside the same
store that does not sync; limited by the disk's sync and, in bulk, by making Arrow columns. Syncs are
counted by strace.

    python -m benchmarks.store_crash --rates
    python -m benchmarks.store_crash --store "edge:{}/shop"
"""

import argparse
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.common import report, spread
from skulens.documents import Document, FieldColumn, Schema, VectorColumn
from tests.index.stores import crash

DIM = 512
RATES = Schema(
    (VectorColumn("picture", DIM, "rates/1"),),
    (
        FieldColumn("id", "text"),
        FieldColumn("price", "number"),
        FieldColumn("attributes.color", "text", many=True),
    ),
)


def measure_kills(what: str, address: str, rounds: int, seed: int, folder: Path) -> dict:
    """One line of the table."""
    rng, recalls, found = random.Random(seed), [], crash.Findings()
    for store in crash.kill_rounds(what, address, folder / "ledger", rounds, seed, found):
        recalls.append(crash.recall_of(store, rng))
    return {
        "what": f"kill -9 during {what}",
        "runs": found.kills,
        "acknowledged": found.acknowledged * crash.BATCH,
        "lost": found.lost,
        "torn": found.torn,
        "duplicates": found.duplicates,
        "wrong vectors": found.wrong_vectors,
        "least recall": round(min(recalls), 4),
        "reopen s": spread(found.reopen_s),
        "refused": "-",
        "clean": found.is_clean and min(recalls) >= 0.95,
    }


def measure_writers(addresses: list[str]) -> dict:
    runs = [crash.write_at_once(address) for address in addresses]
    duplicates = sum(rows - different for rows, different, _ in runs)
    lost = sum(crash.SHARED - different for _, different, _ in runs)
    return {
        "what": f"{crash.WRITERS} writers at once",
        "runs": len(runs),
        "acknowledged": len(runs) * crash.WRITERS * crash.SHARED,
        "lost": lost,
        "torn": 0,
        "duplicates": duplicates,
        "wrong vectors": 0,
        "least recall": "-",
        "reopen s": "-",
        "refused": sum(refused for *_, refused in runs),
        "clean": not duplicates and not lost,
    }


# ----- what a sync costs ----------------------------------------------------------------------


def make_documents(start: int, count: int) -> list[Document]:
    rng = np.random.default_rng(start)
    vectors = rng.normal(size=(count, DIM)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return [
        Document(
            f"p{i:07}",
            {"picture": vector},
            {"id": f"p{i:07}", "price": float(i % 1000), "attributes.color": ("red", "blue")},
            f"red shoe number {i} of a maker with a long name",
            b"",
            str(i),
        )
        for i, vector in enumerate(vectors, start)
    ]


def measure_rates(folder: Path, durability: str, bulk: int, batches: int) -> dict:
    from skulens.index.stores.engines.lance.store import Lance

    shutil.rmtree(folder, ignore_errors=True)
    store = Lance(str(folder), RATES, durability)  # type: ignore[arg-type]
    documents = make_documents(0, bulk)
    start = time.perf_counter()
    store.upsert(documents)
    bulk_s = time.perf_counter() - start
    waits = []
    for batch in range(batches):
        documents = make_documents(bulk - 50 + batch * 50, 100)  # half of them there already
        start = time.perf_counter()
        store.upsert(documents)
        waits.append(time.perf_counter() - start)
    store.close()
    return {
        "durability": durability,
        "bulk rows": bulk,
        "bulk rows/s": round(bulk / bulk_s),
        "batches of 100": batches,
        "batch ms": spread([1000 * s for s in waits]),
        "rows/s, median batch": round(100 / float(np.median(waits))),
        "rows/s, upkeep included": round(100 * batches / sum(waits)),
    }


def count_syncs(folder: Path, durability: str, batches: int = 10) -> float | str:
    """Sync system calls per acknowledged batch, as strace sees them."""
    if shutil.which("strace") is None:
        return "no strace"
    code = (
        "import sys; from benchmarks import store_crash as b\n"
        "from skulens.index.stores.engines.lance.store import Lance\n"
        "store = Lance(sys.argv[1], b.RATES, sys.argv[2])\n"
        "for i in range(int(sys.argv[3])): store.upsert(b.make_documents(100 * i, 100))\n"
    )
    counts = []
    for number in (0, batches):
        log = folder.with_suffix(f".{number}.strace")
        command = [
            "strace",
            "-f",
            "-qq",
            "-e",
            "trace=fsync,fdatasync,msync,syncfs",
            "-o",
            str(log),
        ]
        place = folder.with_suffix(f".{durability}{number}")
        made = [sys.executable, "-c", code, str(place), durability, str(number)]
        subprocess.run([*command, *made], check=True, capture_output=True)
        counts.append(len(re.findall(r"\b(?:fsync|fdatasync|msync|syncfs)\(", log.read_text())))
    return (counts[1] - counts[0]) / batches


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--store", default="lance:{}/shop.store", help="{}: a new folder")
    parser.add_argument("--ingest", type=int, default=50, help="kills")
    parser.add_argument("--optimise", type=int, default=20, help="kills")
    parser.add_argument("--writers", type=int, default=20, help="runs of four at once")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rates", action="store_true", help="of LanceDB, synced and not")
    parser.add_argument("--bulk", type=int, default=50_000, help="products, in --rates")
    parser.add_argument("--batches", type=int, default=100, help="of 100, in --rates")
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    engine = args.store.split(":")[0]
    print(f"seed {args.seed}")
    if engine == "lance":
        crash.prepare_lance()
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        for what, rounds in (("ingest", args.ingest), ("optimise", args.optimise)):
            folder = Path(temporary) / what
            folder.mkdir()
            if rounds:
                rows.append(
                    measure_kills(what, args.store.format(folder), rounds, args.seed, folder)
                )
        folders = [Path(temporary) / f"writers{run}" for run in range(args.writers)]
        for folder in folders:
            folder.mkdir()
        if folders:
            rows.append(measure_writers([args.store.format(folder) for folder in folders]))
        if rows:
            report(f"store_crash-{engine}", rows, vars(args), args.save)
        if args.rates:
            folder = Path(temporary) / "rates"
            told = []
            for durability in ("fsync", "process"):
                row = measure_rates(folder, durability, args.bulk, args.batches)
                row["syncs per batch"] = count_syncs(folder, durability)
                told.append(row)
            report("store_rates", told, vars(args), args.save)
    raise SystemExit(not all(row["clean"] for row in rows))


if __name__ == "__main__":
    main()
