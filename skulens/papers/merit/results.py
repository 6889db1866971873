"""MERIT's printed numbers as results like our own: Tables 2, 3 and 12, and others' reruns.

Which query was found is not printed, so no test between two systems is possible. A hit rate over n
queries implies its count of hits, and so an interval; every query counts as independent, because
the paper does not say which share products: true intervals are wider. MRR has none: it does not
tell how its ranks are spread.
"""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from skulens.analysis.boards import Published
from skulens.bench.result import Data, Result
from skulens.errors import DataError
from skulens.evaluate.intervals import Interval, Ratio, mean_interval
from skulens.papers.merit.tables import HERE, METRICS, QUERIES, hits_of, number_of, read_table
from skulens.records import SystemInfo

NAME = "merit"
GALLERY = 51_177
"""Test products, the pool of every query (the README of the authors' code)."""
BASE = "Qwen2.5-VL 3B"
"""What Table 3 trains."""
MOST = {"3": 300, "4": 100}
"""Conditions -> queries of the whole dataset (Fig. 3): no test set has more."""
KINDS = {
    "+CORAL (Ours)": "CORAL",
    "+Vision": "CORAL, pictures only",
    "+Language": "CORAL, text only",
}


class Merit:
    """The registered leaderboard "merit"."""

    @staticmethod
    def holds(path: Path) -> bool:
        """MERIT brings no table format of its own."""
        return False

    @staticmethod
    def published(root: str | Path | None = None) -> Published:
        """The printed results of Tables 2 and 3, with Table 12 as slices, and two reruns.

        Args:
            root: not used; the tables lie in the package.
        """
        results = (*compared(), *ablated(), *rerun())
        data = f"MERIT as printed: {QUERIES:,} queries, R@k = hit rate, MRR = MRR@10"
        task = f"several conditions -> both (title) of {GALLERY} SKUs"
        return Published(NAME, data, task, results, (), (None,) * len(results), ())

    @staticmethod
    def read(path: Path) -> Published:
        raise DataError(f"{path} is no table of MERIT results; there is no such format")


def compared() -> Iterator[Result]:
    """Table 2, each with its rows of Table 12."""
    counted = read_table(12).rows
    for row in read_table(2).rows:
        short = "-".join((row["method"], row["size"], row["mode"]))
        mine = {r["conditions"]: r for r in counted if r["model"] == short}
        name = f"{row['method']} {row['size']} ({row['mode'].lower()})"
        yield result_of(name, row, row["mode"], size_of(row["size"]), slice_conditions(mine))


def ablated() -> Iterator[Result]:
    """Table 3 without its zero-shot rows, which Table 2 has too."""
    for row in read_table(3).rows:
        if row["method"] == "Zero-Shot":
            continue
        trained = "LoRA" if row["lora"] == "yes" else "full"
        kind = KINDS.get(row["method"], row["method"])
        name = f"{BASE} + {kind}, {trained} ({row['mode'].lower()})"
        yield result_of(name, row, row["mode"], size_of("3B"), {})


def rerun() -> Iterator[Result]:
    """What others measured with the released data (reruns.csv)."""
    with (HERE / "reruns.csv").open(encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            yield result_of(row["system"], row, row["mode"], None, {})


def result_of(
    name: str,
    row: Mapping[str, str],
    mode: str,
    params: int | None,
    by_conditions: Mapping[str, Mapping[str, Interval]],
) -> Result:
    return Result(
        suite="merit",
        data=Data(NAME, f"{NAME}: {QUERIES:,} queries", "test", NAME),
        system=SystemInfo(name=name, kind="encoder", identity="", params=params),
        name=name,
        variant={"gallery": "both"} | ({"fusion": mode.lower()} if mode else {}),
        settings={},
        metrics=intervals_of(row, QUERIES),
        tables={},
        slices={"n_conditions": by_conditions} if by_conditions else {},
        counts={"units": QUERIES, "groups": QUERIES, "gallery": GALLERY},
    )


def intervals_of(row: Mapping[str, str], queries: int) -> dict[str, Interval]:
    """Metric -> printed value as a fraction, with the interval that the count of hits implies."""
    return {
        ours: wrap_printed(row[theirs], queries if theirs.startswith("R@") else 0)
        for theirs, ours in METRICS.items()
    }


def wrap_printed(printed: str, queries: int) -> Interval:
    """A printed percentage; without an interval where `queries` is 0 or no count prints so."""
    hits = hits_of(printed, queries) if queries else None
    if hits is None:
        return Interval(number_of(printed) / 100, np.nan, np.nan, queries, queries)
    found = share_interval(hits, queries)
    return Interval(number_of(printed) / 100, found.low, found.high, queries, queries)


def share_interval(hits: int, queries: int) -> Interval:
    """95 % interval of a share of independent queries, as `bench` gives it for queries that are
    groups of their own."""
    ones = np.ones((queries, 1))
    return mean_interval(Ratio((np.arange(queries) < hits)[:, None] * 1.0, ones, ones))


def slice_conditions(rows: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, Interval]]:
    """Number of conditions -> metrics of a model's rows of Table 12."""
    sizes = count_queries(rows)
    return {count: intervals_of(row, sizes[count]) for count, row in rows.items()}


def count_queries(rows: Mapping[str, Mapping[str, str]]) -> dict[str, int]:
    """Number of conditions -> test queries that a model's printed hit rates imply.

    The paper prints no counts. Of three and four conditions it is the smallest n, up to what the
    dataset has, of which all three hit rates are whole shares (multiples fit as well, but not with
    Table 2's totals); where all are 0, the smallest that another model's rows imply. Queries of two
    conditions are the rest of the 10,000.
    """
    if not rows:
        return {}
    many = {c: implied_queries(rows[c], MOST[c]) or smallest_implied(c) for c in MOST}
    return {"2": QUERIES - sum(many.values()), **many}


def implied_queries(row: Mapping[str, str], most: int) -> int:
    """The smallest number of queries of which every printed hit rate is a share; 0: none, or all
    rates are 0 and every number would do."""
    rates = [row[r] for r in METRICS if r.startswith("R@")]
    if not any(map(number_of, rates)):
        return 0
    fits = (n for n in range(1, most + 1) if all(hits_of(r, n) is not None for r in rates))
    return next(fits, 0)


def smallest_implied(conditions: str) -> int:
    rows = [r for r in read_table(12).rows if r["conditions"] == conditions]
    return min(n for r in rows if (n := implied_queries(r, MOST[conditions])))


def size_of(printed: str) -> int:
    """ "0.5B" -> 500,000,000"""
    return round(float(printed.removesuffix("B")) * 1e9)
