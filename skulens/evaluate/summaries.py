"""A run and its judgements -> every headline number, each with its interval.

Micro numbers are means over queries, macro numbers means over groups (SKUs) of the mean within.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from skulens.errors import QrelsError
from skulens.evaluate.intervals import Grouped, Interval, intervals
from skulens.evaluate.metric import cutoff_of
from skulens.evaluate.ranking import (
    Judged,
    average_precision,
    hit_rate_at_k,
    judge,
    measure_by_name,
    ndcg_at_k,
    recall_at_k,
    reciprocal_rank,
)
from skulens.evaluate.scores import Scores, slice_scores, summarise
from skulens.records import Qrels, Run


@dataclass(frozen=True)
class Evaluation:
    """All numbers of one run.

    Metrics: hit_rate@k, macro_hit_rate@k, recall@k, ndcg@k, mrr, map, and gap = hit_rate@5 -
    hit_rate@1. Where the run was cut before the end of the gallery, mrr and map carry the depth
    in their name (map@100): what lies deeper counts as not found.
    """

    scores: Scores
    metrics: dict[str, Interval]
    slices: dict[str, dict[str, dict[str, Interval]]]
    """Slice -> value -> metric -> interval."""
    cmc: dict[str, list[float | None]]
    """The CMC curve with its band: equal-long lists k, value, low, high."""
    n_gallery: int
    depth: int
    unanswered: int
    """Queries without relevant items in the judgements: in no mean."""
    ties: int
    """Queries in which a relevant product shares its score with a candidate of another grade."""
    judged: Judged = field(repr=False)

    @property
    def n_queries(self) -> int:
        return len(self.scores.units)

    @property
    def n_groups(self) -> int:
        return len(self.scores.group_names)

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
        scores = self.scores.to_arrow()
        rest = {c: scores[c] for c in scores.column_names if c not in columns}
        return pa.table({**columns, **rest})

    def as_dict(self) -> dict[str, object]:
        """For JSON; per-query values are left out."""
        counts = ("n_queries", "n_groups", "n_gallery", "depth", "unanswered", "ties")
        return {
            "metrics": {name: i.as_dict() for name, i in self.metrics.items()},
            "cmc": self.cmc,
            **{name: getattr(self, name) for name in counts},
        }


def evaluate(
    run: Run,
    qrels: Qrels,
    ks: Sequence[int] = (1, 3, 5, 10),
    *,
    slices: Mapping[str, Sequence[str]] | None = None,
    metrics: Sequence[str] = (),
    more: Mapping[str, np.ndarray] | None = None,
) -> Evaluation:
    """Measure a run. A judged query that the run does not hold scores 0 (trec_eval -c).

    Args:
        slices: name -> the value of each of `qrels.queries`; numbers are given for each value too.
        metrics: further ranking metrics by name, such as "mrr@10".
        more: what is known of the queries otherwise, name -> (queries,) in [0, 1].
    Raises:
        QrelsError: the run holds queries that were never judged, or it is cut above a k.
        DataError: an unknown metric.
    """
    return evaluate_judged(judge(run, qrels), ks, slices=slices, metrics=metrics, more=more)


def evaluate_judged(
    judged: Judged,
    ks: Sequence[int] = (1, 3, 5, 10),
    *,
    slices: Mapping[str, Sequence[str]] | None = None,
    metrics: Sequence[str] = (),
    more: Mapping[str, np.ndarray] | None = None,
) -> Evaluation:
    """`evaluate` of a run that was looked up in its judgements before."""
    values = _values_of(judged, ks, metrics)
    for name, value in (more or {}).items():
        values[name] = np.where(judged.n_relevant > 0, value, np.nan)
    named = {name: np.array(v, dtype=str) for name, v in (slices or {}).items()}
    scores = Scores.of_means(judged.queries, judged.groups, values, named)
    return Evaluation(
        scores,
        metrics=summarise(scores),
        slices=slice_scores(scores),
        cmc=cmc_band(judged, scores.numbers),
        n_gallery=judged.gallery,
        depth=judged.depth,
        unanswered=int((judged.n_relevant == 0).sum()),
        ties=int(judged.ties.sum()),
        judged=judged,
    )


def evaluate_metrics(
    judged: Judged, ks: Sequence[int] = (1, 3, 5, 10), *, metrics: Sequence[str] = ()
) -> dict[str, Interval]:
    """The metrics of `evaluate` alone, which is all that a part of the data needs."""
    values = _values_of(judged, ks, metrics)
    return summarise(Scores.of_means(judged.queries, judged.groups, values))


def _values_of(judged: Judged, ks: Sequence[int], metrics: Sequence[str]) -> dict[str, np.ndarray]:
    cuts = [cut for name in metrics if (cut := cutoff_of(name))]
    _check_depth(judged, [*ks, *cuts])
    values = per_query_values(judged, ks)
    return values | {name: measure_by_name(judged, name) for name in metrics}


def _check_depth(judged: Judged, ks: Sequence[int]) -> None:
    """Short lists are what a search found; equally long ones that are too short were cut."""
    if judged.full and judged.depth < min(max(ks), judged.gallery):
        fit = [k for k in ks if k <= judged.depth]
        raise QrelsError(
            f"hit_rate@{max(ks)} was asked of a run of {judged.depth} candidates per query out of "
            f"{judged.gallery} products; search with k of at least {max(ks)}, or ask for ks={fit}"
        )


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


def cmc_band(judged: Judged, groups: np.ndarray) -> dict[str, list[float | None]]:
    """The CMC curve with its pointwise 95 % band: every rank up to 20, then about 8 % apart."""
    ranks = np.unique(np.r_[1:21, np.geomspace(20, max(judged.depth, 20), 40).astype(int)])
    ranks = ranks[ranks <= judged.depth]
    first = judged.first_rank()
    within = np.where(np.isnan(first)[:, None], np.nan, first[:, None] <= ranks)  # (queries, ranks)
    ratio = Grouped.of(within, groups).micro()
    points = [p.as_dict() for p in intervals(ratio)]
    return {
        "k": ranks.tolist(),
        **{end: [p[end] for p in points] for end in ("value", "low", "high")},
    }
