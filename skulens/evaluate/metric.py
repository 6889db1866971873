"""What a metric is: its name, direction, unit, and over what it is averaged. Declared once, here.

Every metric is a sum of `top` over a sum of `bottom` (`scores.Scores`), or a mean of such ratios
over groups or over the values of a slice, or a function of another metric and of the system.
Suites name their headline metrics; tables, pages and leaderboards read this.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from skulens.errors import DataError
from skulens.evaluate import density

GROUP = "group"
"""`Metric.over` of a mean over groups (SKUs) of the ratio within each."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric."""

    name: str
    about: str
    direction: Literal["higher", "lower"] = "higher"
    unit: str = ""
    """Empty: a fraction."""
    of: str = ""
    """The metric whose ratios are averaged, or that is mapped."""
    over: str = ""
    """"": one ratio of sums; GROUP; or a slice ("field") over whose values ratios are averaged."""
    least: float | None = 0.0
    """Bounds of one unit's ratio; None: unbounded."""
    most: float | None = 1.0
    mean: bool = False
    """A mean over units that every system answers; else each system has denominators of its own."""
    whole: bool = False
    """Every unit scores 0 or 1."""
    derive: Callable[[float, int], float] | None = None
    """(value of `of`, parameters of the system) -> value; increasing, so it maps intervals too."""
    ends: tuple[str, ...] = ()
    """Of a difference of two metrics of the same units: minuend, subtrahend."""

    @property
    def plain(self) -> str:
        """The name under which Scores hold its sums."""
        return self.of or self.name

    @property
    def bounded(self) -> bool:
        """Within [0, 1], so that an interval must be too."""
        return (self.least, self.most) == (0.0, 1.0)


MACRO = "macro_"

_RANKING = {
    "hit_rate": Metric(
        "hit_rate",
        "share of queries with a relevant product among the first k (product papers: Recall@k)",
        over=GROUP,
        mean=True,
        whole=True,
    ),
    "exact_hit_rate": Metric(
        "exact_hit_rate",
        "hit rate of the same system without its index, every vector compared",
        mean=True,
        whole=True,
    ),
    "recall": Metric("recall", "share of the relevant products among the first k", mean=True),
    "ndcg": Metric(
        "ndcg", "discounted cumulative gain among the first k over the ideal one", mean=True
    ),
    "mrr": Metric("mrr", "reciprocal rank of the first relevant product", mean=True),
    "map": Metric("map", "average precision", mean=True),
}
"""Families of `NAME@K`; mrr and map also without a cut. `over`: what their macro mean is over."""

_OTHERS = (
    Metric(
        "gap",
        "hit_rate@5 minus hit_rate@1: what a perfect reranker of five candidates would win",
        mean=True,
        ends=("hit_rate@5", "hit_rate@1"),
    ),
    Metric(
        "phi",
        "semantic power density: squared odds of a hit per million parameters, times 100 "
        "(OpenMPR, Eq. 6); without a threshold, so a weak model can stand high by being small",
        of="hit_rate@1",
        unit="per 10^8 parameters",
        most=None,
        derive=density.phi,
    ),
    Metric(
        "m1",
        "linear density",
        of="hit_rate@1",
        unit="per 10^8 parameters",
        most=None,
        derive=density.m1,
    ),
    Metric(
        "m2",
        "quadratic density",
        of="hit_rate@1",
        unit="per 10^8 parameters",
        most=None,
        derive=density.m2,
    ),
    Metric(
        "all_but_one",
        "hit_rate@1 of an oracle that knows all conditions of a query but one; mean over which, "
        "and over the order of the products left",
        mean=True,
    ),
    Metric(
        "index_overlap",
        "first 10 candidates of an exact scan that the index has among its own first 10",
        mean=True,
    ),
    Metric("precision", "claims that are right, of the claims made"),
    Metric("recall", "true values that were claimed, of those there are"),
    Metric("f1", "2 TP / (2 TP + FP + FN)"),
    Metric("macro_precision", "mean over fields of precision", of="precision", over="field"),
    Metric("macro_recall", "mean over fields of recall", of="recall", over="field"),
    Metric("macro_f1", "mean over fields of F1", of="f1", over="field"),
    Metric("coverage", "fields with a true value for which something was claimed"),
    Metric("weighted_f1", "F1 with fields weighted as their registry says"),
    Metric("item_f1", "mean over items of their F1"),
    Metric("exact_match", "fields without any error"),
    Metric(
        "false_alarm", "fields that a product truly lacks and that were claimed", direction="lower"
    ),
    Metric("abstained", "fields reported as not visible", direction="lower"),
    Metric("claims_per_item", "claims made for each item", unit="claims", most=None),
    Metric("vc", "claims that the pictures confirm, of the claims made"),
    Metric("vi", "claims that the pictures contradict, of the claims made", direction="lower"),
    Metric("u", "claims that the pictures do not decide, of the claims made", direction="lower"),
    Metric("vc_precision", "confirmed claims that are right, of those that gold can judge"),
    Metric("vc_recall", "true values that a confirmed claim gives, of those there are"),
    Metric("vi_precision", "contradicted claims that are false, of those that gold can judge"),
    Metric(
        "reference_gap",
        "confirmed claims minus right ones, of the claims that gold can judge; above 0.1 either "
        "gold is incomplete or the verifiers are lenient",
        direction="lower",
        least=-1.0,
    ),
    Metric(
        "invented",
        "fields that no picture shows, says gold, and that were claimed",
        direction="lower",
    ),
    Metric(
        "invented_vc",
        "fields that no picture shows, says gold, and of which a claim was confirmed",
        direction="lower",
    ),
    Metric("vc_per_item", "yield: confirmed claims for each item", unit="claims", most=None),
    Metric(
        "vi_per_100_items",
        "contradicted claims for each 100 items",
        direction="lower",
        unit="claims",
        most=None,
    ),
    Metric(
        "cer",
        "characters of true values of text that the nearest claim gets wrong",
        direction="lower",
    ),
    Metric("line_recall", "printed lines that were read, of those a person reads without doubt"),
)
METRICS = {m.name: m for m in _OTHERS}
"""Metrics without a cut-off, by name. One row here is all that a new one needs."""


def find_metric(name: str) -> Metric:
    """The metric of a name such as "hit_rate@5", "macro_hit_rate@1", "f1" or "mrr@100".

    A name that nobody declared is a plain ratio in [0, 1], higher is better: what a suite of a
    plug-in measures needs no row here.

    Raises:
        DataError: a cut-off that is not a positive whole number.
    """
    if name in METRICS:
        return METRICS[name]
    macro, stem = name.startswith(MACRO), name.removeprefix(MACRO)
    base, at, k = stem.partition("@")
    family = _RANKING.get(base)
    if family is None or (not at and base not in ("mrr", "map")):
        return Metric(
            name, stem.replace("_", " "), of=stem if macro else "", over=GROUP if macro else ""
        )
    cutoff_of(stem)
    about = family.about.replace("the first k", f"the first {k}" if at else "all")
    if macro:
        return replace(family, name=name, about=f"{about}, mean over SKUs", of=stem, over=GROUP)
    return replace(family, name=stem, about=about, over="")


def macro_of(name: str) -> str | None:
    """The macro mean beside a metric: "hit_rate@1" -> "macro_hit_rate@1"; None for none."""
    base, at, _ = name.partition("@")
    declared = MACRO + name in METRICS
    family = _RANKING.get(base) if at else None
    return MACRO + name if declared or (family is not None and family.over) else None


def cutoff_of(name: str) -> int:
    """The k of "hit_rate@k"; 0 without one.

    Raises:
        DataError: one that is not a positive whole number.
    """
    base, at, k = name.partition("@")
    if at and not re.fullmatch(r"[1-9]\d*", k):
        raise DataError(f"{name!r}: expected a cut-off of at least 1 after @, such as {base}@5")
    return int(k) if at else 0


def at_cutoff(name: str, k: int) -> str:
    """The metric at another cut-off: ("hit_rate@1", 5) -> "hit_rate@5"; itself without one."""
    base, at, _ = name.partition("@")
    return f"{base}@{k}" if at else name
