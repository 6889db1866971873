"""What do the engines of stores find, how fast, and what does building cost?

The same products, queries and filters for every address; each search goes through the store, as a
user's does, one at a time, and an engine takes the cores that it takes. Quality stands beside speed: recall of the first ten against a float32
product and a full sort without the store.

    python -m benchmarks.store_engines --rows 200000 --stores edge:DIR/edge DIR/lance --save

Stores that are there already are used again. At 200,000 products of 512 numbers qdrant-edge takes
about six minutes of two free cores to build, and 1 GB of disk. A server's address works, too.
"""

import argparse
import statistics
import time
from collections.abc import Iterator

import numpy as np
from tqdm import tqdm

from benchmarks.common import report
from benchmarks.search_speed_data import CENTRES, CONDITIONS, MAKER, Catalogue, id_of
from skulens.documents import Probe
from skulens.errors import StoreError
from skulens.index.stores import open_store
from skulens.protocols import Store

K = 10
WARM = 10
"""Searches before any is timed."""


def build(catalogue: Catalogue, address: str) -> tuple[Store, dict[str, float]]:
    """The store at an address, and the seconds that building it took where it was not there."""
    try:
        return open_store(address), {}
    except StoreError:
        store = open_store(address, catalogue.schema)
    began = time.perf_counter()
    store.upsert(tqdm(catalogue.documents(), f"{address} written", catalogue.rows, disable=None))
    written = time.perf_counter()
    store.optimise()
    done = time.perf_counter()
    return store, {"write_s": round(written - began, 1), "optimise_s": round(done - written, 1)}


def measure(catalogue: Catalogue, address: str, count: int) -> Iterator[dict]:
    """One row for each condition: p50 in ms, recall@10 and answers that are too short."""
    store, took = build(catalogue, address)
    vectors, centres, prices = catalogue.gather()
    queries, near = catalogue.queries(count)
    for condition in CONDITIONS:
        times, shares, short = [], [], 0
        for n, (query, product) in enumerate(zip(queries, near, strict=True)):
            centre = int(centres[product])
            probe = Probe(query, "picture", MAKER, where=condition.where(centre), k=K)
            if n < WARM:
                store.search(probe)
            began = time.perf_counter()
            found = store.search(probe)
            times.append((time.perf_counter() - began) * 1000)
            rows = np.flatnonzero(condition.mask(centre, centres, prices))
            best = rows[np.argsort(-(vectors[rows] @ query), kind="stable")[:K]]
            short += len(found.ids) < len(best)
            shares.append(len({id_of(r) for r in best} & set(found.ids)) / max(1, len(best)))
        yield {
            "store": address.partition(":")[0] if ":" in address else "lance",
            "rows": catalogue.rows,
            "condition": condition.name,
            "p50_ms": round(statistics.median(times), 2),
            "recall": round(float(np.mean(shares)), 4),
            "short": short,
            "how": found.how,
            **took,
        }
    store.close()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--stores", nargs="+", required=True, help="addresses")
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    catalogue = Catalogue(args.rows, args.dim)
    rows = [row for a in args.stores for row in measure(catalogue, a, args.queries)]
    settings = {"dim": args.dim, "queries": args.queries, "k": K, "centres": CENTRES}
    report("store_engines", rows, settings, args.save)


if __name__ == "__main__":
    main()
