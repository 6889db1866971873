"""A run and its judgements -> every headline number, each with its interval.

Micro numbers are means over queries, macro numbers means over groups (SKUs) of the mean within.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from skulens.errors import QrelsError
from skulens.evaluate.intervals import RESAMPLES, Grouped, Interval, intervals
from skulens.evaluate.metrics import (
    Judged,
    average_precision,
    hit_rate_at_k,
    judge,
    ndcg_at_k,
    recall_at_k,
    reciprocal_rank,
)
from skulens.records import Qrels, Run


@dataclass(frozen=True)
class Evaluation:
    """All numbers of one run.

    `metrics` maps a name to {"value", "low", "high", "n", "groups"} (`Interval.as_dict`):
    hit_rate@k, macro_hit_rate@k, recall@k, ndcg@k, mrr, map, and gap = hit_rate@5 - hit_rate@1.
    Where the run was cut before the end of the gallery, mrr and map carry the depth in their
    name (map@100): what lies deeper counts as not found.
    """

    metrics: dict[str, dict[str, float | int | None]]
    cmc: dict[str, list[float | None]]
    """The CMC curve with its band: equal-long lists k, value, low, high."""
    n_queries: int
    n_groups: int
    n_gallery: int
    depth: int
    unanswered: int
    """Queries without any relevant product in the judgements: in no mean."""
    ties: int
    """Queries in which a relevant product shares its score with a candidate of another grade."""
    seed: int
    resamples: int
    values: dict[str, np.ndarray] = field(repr=False)
    """Metric -> (queries,) per-query values, NaN where unanswered."""
    judged: Judged = field(repr=False)

    @property
    def per_query(self):
        """Arrow table: query, group, relevant, first_rank (null: not found), tied, every metric."""
        import pyarrow as pa

        first = self.judged.first_rank()
        columns = {
            "query": list(self.judged.queries),
            "group": list(self.judged.groups),
            "relevant": self.judged.n_relevant,
            "first_rank": pa.array(
                np.nan_to_num(first, posinf=0).astype(np.int32), mask=~np.isfinite(first)
            ),
            "tied": self.judged.ties,
        }
        values = {name: pa.array(v, mask=np.isnan(v)) for name, v in self.values.items()}
        return pa.table({**columns, **values})

    def as_dict(self) -> dict[str, object]:
        """For JSON; per-query values are left out."""
        counts = (
            "n_queries",
            "n_groups",
            "n_gallery",
            "depth",
            "unanswered",
            "ties",
            "seed",
            "resamples",
        )
        return {
            "metrics": self.metrics,
            "cmc": self.cmc,
            **{name: getattr(self, name) for name in counts},
        }


def evaluate(
    run: Run,
    qrels: Qrels,
    ks: Sequence[int] = (1, 3, 5, 10),
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Evaluation:
    """Measure a run. A judged query that the run does not hold scores 0 (trec_eval -c).

    Raises:
        QrelsError: the run holds queries that were never judged, or it is cut above a k.
    """
    judged = judge(run, qrels)
    _check_depth(judged, ks)
    values = per_query_values(judged, ks)
    groups = number_groups(judged.groups)
    return Evaluation(
        metrics={
            name: i.as_dict() for name, i in summarise(values, groups, resamples, seed).items()
        },
        cmc=cmc_band(judged, groups, resamples, seed),
        n_queries=len(judged),
        n_groups=int(groups.max(initial=-1)) + 1,
        n_gallery=judged.gallery,
        depth=judged.depth,
        unanswered=int((judged.n_relevant == 0).sum()),
        ties=int(judged.ties.sum()),
        seed=seed,
        resamples=resamples,
        values=values,
        judged=judged,
    )


def _check_depth(judged: Judged, ks: Sequence[int]) -> None:
    """Short lists are what a search found; equally long ones that are too short were cut."""
    if judged.full and judged.depth < min(max(ks), judged.gallery):
        fit = [k for k in ks if k <= judged.depth]
        raise QrelsError(
            f"hit_rate@{max(ks)} was asked of a run of {judged.depth} candidates per query out of "
            f"{judged.gallery} products; search with k of at least {max(ks)}, or ask for ks={fit}"
        )


def number_groups(groups: Sequence[str]) -> np.ndarray:
    """(queries,) int64: groups numbered from 0 in order of appearance."""
    numbers = {g: i for i, g in enumerate(dict.fromkeys(groups))}
    return np.fromiter((numbers[g] for g in groups), np.int64, len(groups))


def per_query_values(judged: Judged, ks: Sequence[int] = (1, 3, 5, 10)) -> dict[str, np.ndarray]:
    """Metric name -> (queries,) values, in the order of a report.

    The gap is a difference of means over the same queries, so it is the mean of differences.
    """
    cut = "" if judged.depth >= judged.gallery else f"@{judged.depth}"
    values = {
        **{f"hit_rate@{k}": hit_rate_at_k(judged, k) for k in ks},
        **{f"recall@{k}": recall_at_k(judged, k) for k in ks},
        f"mrr{cut}": reciprocal_rank(judged),
        f"map{cut}": average_precision(judged),
        **{f"ndcg@{k}": ndcg_at_k(judged, k) for k in ks},
    }
    if not cut or judged.depth >= 5:
        values["gap"] = hit_rate_at_k(judged, 5) - hit_rate_at_k(judged, 1)
    return values


def summarise(
    values: dict[str, np.ndarray], groups: np.ndarray, resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, Interval]:
    """Micro means of all values (queries,), and macro means of hit rates, from the same resamples.

    `groups` (queries,) numbers the group of each query from 0, without gaps.
    """
    grouped = Grouped.of(np.stack(list(values.values()), axis=1), groups)
    rates = [i for i, name in enumerate(values) if name.startswith("hit_rate@")]
    ratio = grouped.micro().beside(grouped.take(rates).macro())
    found = intervals(ratio, resamples, seed)
    macro = dict(
        zip((f"macro_{list(values)[i]}" for i in rates), found[len(values) :], strict=True)
    )
    micro = dict(zip(values, found[: len(values)], strict=True))
    at = len(rates)  # macro hit rates follow the micro ones
    return dict([*micro.items()][:at] + [*macro.items()] + [*micro.items()][at:])


def cmc_band(
    judged: Judged, groups: np.ndarray, resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, list[float | None]]:
    """The CMC curve with its pointwise 95 % band: every rank up to 20, then about 8 % apart."""
    ranks = np.unique(np.r_[1:21, np.geomspace(20, max(judged.depth, 20), 40).astype(int)])
    ranks = ranks[ranks <= judged.depth]
    first = judged.first_rank()
    within = np.where(np.isnan(first)[:, None], np.nan, first[:, None] <= ranks)  # (queries, ranks)
    ratio = Grouped.of(within, groups).micro()
    points = [p.as_dict() for p in intervals(ratio, resamples, seed)]
    return {
        "k": ranks.tolist(),
        **{end: [p[end] for p in points] for end in ("value", "low", "high")},
    }
