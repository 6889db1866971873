"""How often 95 % intervals hold the truth, in worlds of few and of many SKUs, ours and others.

Each SKU has a chance of its own, beta with a correlation of `alike` between photos of one SKU: 0.02
hardly differ, the published SKUs are at 0.6 (nearly always or nearly never found), at 1 a SKU is
always or never found. Photos per SKU are 1 to 50, or log-normal from 1 to hundreds. In the cells of
differences B shares the chance of A for a share of the SKUs, and is worse by `apart` in the mean of
the others; where one SKU in ten differs, A finds it and B never does.

"former" is the interval that skulens had before: percentiles with pseudo-observations for means; for
differences the bootstrap's standard error, a pseudo-observation of 0.1 and t with g - 1 degrees of
freedom. "percentile" is the plain cluster bootstrap, "cluster t" the linearised standard error with
t(g - 1). Limits of speed: drawing, and the matrix products of the bootstraps of others; worlds are
columns.

    python -m benchmarks.coverage --worlds 1000
"""

import argparse
import itertools

import numpy as np

from benchmarks.common import report
from skulens.evaluate.intervals import (
    Grouped,
    Ratio,
    difference_intervals,
    intervals,
    margins,
    resample_weights,
    student_t,
)

ALIKE = (0.02, 0.2, 0.6, 1.0)
SIZES = ("1 to 50", "log-normal")
SHARED = (0.0, 0.6, 0.9)
APART = (0.0, 0.1)

Ends = tuple[np.ndarray, np.ndarray]


def draw_photos(rng: np.random.Generator, kind: str, shape: tuple[int, int]) -> np.ndarray:
    """Photos of each SKU, (skus, worlds)."""
    if kind == "1 to 50":
        return rng.integers(1, 51, shape)
    return np.maximum(1, np.exp(rng.normal(np.log(20), 0.8, shape)).round()).astype(int)


def draw_chances(
    rng: np.random.Generator, mean: float, alike: float, shape: tuple[int, int]
) -> np.ndarray:
    """Chance of each SKU's photos to be found, (skus, worlds)."""
    if alike == 1:
        return (rng.random(shape) < mean).astype(float)
    size = 1 / alike - 1
    return rng.beta(mean * size, (1 - mean) * size, shape)


def resample(ratio: Ratio, resamples: int) -> np.ndarray:
    """(resamples, worlds) means of resampled SKUs."""
    return np.concatenate([ratio.estimate(w) for w in resample_weights(len(ratio.top), resamples)])


def percentiles(ratio: Ratio, resamples: int) -> Ends:
    low, high = np.quantile(resample(ratio, resamples), [0.025, 0.975], axis=0)
    return low, high


def around(ratio: Ratio, half: np.ndarray) -> Ends:
    return ratio.value() - half, ratio.value() + half


def cluster_t(ratio: Ratio) -> Ends:
    return around(
        ratio, margins((ratio.influences() ** 2).sum(axis=0), ratio.groups, bounded=False)
    )


def former_difference(ratio: Ratio, resamples: int) -> Ends:
    g = len(ratio.top)
    variance = np.nanvar(resample(ratio, resamples), axis=0)
    half = student_t(np.array(g - 1)) * np.sqrt(variance * g / (g - 1) + 2 * (0.1 / g) ** 2)
    return around(ratio, half)


def ends_of(found: list) -> Ends:
    return np.array([i.low for i in found]), np.array([i.high for i in found])


def judge(name: str, ends: Ends, truth: float) -> dict[str, float]:
    """Percent of worlds whose interval holds the truth, and its median width."""
    low, high = ends
    held = (low <= truth + 1e-12) & (truth <= high + 1e-12)
    return {
        name: round(100 * float(held.mean()), 2),
        f"{name}, width": round(float(np.median(high - low)), 4),
    }


def judge_mean(
    skus: int, mean: float, alike: float, kind: str, worlds: int, resamples: int, seed: int
) -> list[dict]:
    """Rows of micro and of macro means."""
    rng = np.random.default_rng([seed, skus, *(round(1000 * x) for x in (mean, alike)), len(kind)])
    photos = draw_photos(rng, kind, (skus, worlds))
    hits = rng.binomial(photos, draw_chances(rng, mean, alike, photos.shape)).astype(float)
    grouped = Grouped(hits, photos.astype(float))
    cell = {"skus": skus, "mean": mean, "alike": alike, "photos": kind, "worlds": worlds}
    return [
        {"what": what, **cell}
        | judge("ours", ends_of(intervals(ratio)), mean)
        | judge("former", percentiles(ratio.with_pseudo_observations(), resamples), mean)
        | judge("percentile", percentiles(ratio, resamples), mean)
        | judge("cluster t", cluster_t(ratio), mean)
        for what, ratio in (("micro", grouped.micro()), ("macro", grouped.macro()))
    ]


def judge_difference(
    skus: int,
    mean: float,
    alike: float,
    kind: str,
    shared: float,
    apart: float,
    worlds: int,
    resamples: int,
    seed: int,
) -> dict:
    """One row. `shared` of 0.9 with `apart` of 1: one SKU in ten is found by A only."""
    levels = (mean, alike, shared, apart)
    rng = np.random.default_rng([seed, skus, *(round(1000 * x) for x in levels), len(kind)])
    photos = draw_photos(rng, kind, (skus, worlds))
    a = draw_chances(rng, mean, alike, photos.shape)
    differs = rng.random(photos.shape) >= shared
    if apart == 1:
        sums = np.where(differs, photos, 0).astype(float)
        what = "1 in 10 SKUs found by A only"
    else:
        b = np.where(differs, draw_chances(rng, mean - apart, alike, photos.shape), a)
        sums = rng.binomial(photos, a) - rng.binomial(photos, b).astype(float)
        if alike == 1:  # what both always or never find is no coin toss
            sums = photos * (a - b)
        what = "difference"
    ratio = Grouped(sums, photos.astype(float)).micro()
    truth = (1 - shared) * apart
    cell = {"skus": skus, "mean": mean, "alike": alike, "photos": kind, "worlds": worlds}
    return (
        {"what": what, **cell, "shared": shared, "apart": apart}
        | judge("ours", ends_of(difference_intervals(ratio)), truth)
        | judge("former", former_difference(ratio, resamples), truth)
        | judge("percentile", percentiles(ratio, resamples), truth)
        | judge("cluster t", cluster_t(ratio), truth)
    )


def sum_up(rows: list[dict]) -> list[dict]:
    """Per kind and number of SKUs: mean, least and most coverage over cells, share within 93..97."""
    found = []
    key = lambda r: (r["what"], "all or none" if r["alike"] == 1 else "beta", r["skus"])  # noqa: E731
    for (what, skus_are, skus), cells in itertools.groupby(sorted(rows, key=key), key):
        kept = list(cells)
        line: dict = {"what": what, "SKUs are": skus_are, "skus": skus, "cells": len(kept)}
        for name in ("ours", "former", "percentile", "cluster t"):
            held = np.array([c[name] for c in kept])
            within = ((held >= 93) & (held <= 97)).mean()
            line[name] = f"{held.mean():.1f} ({held.min():.1f} to {held.max():.1f}), {within:.0%}"
        wider = [c["ours, width"] / max(c["former, width"], 1e-9) for c in kept]
        line["ours wider than former"] = f"{np.median(wider) - 1:+.0%}"
        found.append(line)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--skus", type=int, nargs="+", default=[5, 9, 10, 20, 80, 400])
    parser.add_argument("--means", type=float, nargs="+", default=[0.03, 0.1, 0.3, 0.6, 0.9, 0.97])
    parser.add_argument("--worlds", type=int, default=1000)
    parser.add_argument("--resamples", type=int, default=1000, help="Of the bootstraps beside.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    counts = args.worlds, args.resamples, args.seed
    rows = []
    for cell in itertools.product(args.skus, args.means, ALIKE, SIZES):
        rows += judge_mean(*cell, *counts)
    for skus, alike, kind in itertools.product(args.skus, (0.2, 0.6, 1.0), SIZES):
        for mean, shared, apart in itertools.product((0.3, 0.6, 0.9), SHARED, APART):
            rows.append(judge_difference(skus, mean, alike, kind, shared, apart, *counts))
    for skus, kind in itertools.product(args.skus, SIZES):
        rows.append(judge_difference(skus, 0.6, 1.0, kind, 0.9, 1.0, *counts))
    report("coverage", sum_up(rows), vars(args), args.save, rows)


if __name__ == "__main__":
    main()
