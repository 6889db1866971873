"""Quality by size and by pretraining set: the tables of OpenMPR's notebook, with intervals.

Size classes are the quarters of the entries by parameters, as `pandas.qcut` cuts them: a class
ends with the entries of exactly its last number of parameters. A pretraining set is what the
tag of an open_clip checkpoint says. Correlations are of a metric with log10 parameters.

What is resampled are architectures, a QuickGELU twin with its twin, since the two run the same
weights. They are the checkpoints that were published, no sample of all that could be: an
interval says how much a correlation hangs on single ones of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from skulens.analysis.boards import Board, Entry
from skulens.evaluate.intervals import RESAMPLES

CLASSES = ("small", "medium", "large", "very large")
FEWEST = 4
"""Entries of a set below which the notebook gives no correlation."""
FEWEST_DRAWN = 8
"""Architectures below which resampling them says nothing: the interval stays unknown."""


@dataclass(frozen=True, slots=True)
class SizeClass:
    """A quarter of the entries by parameters."""

    name: str
    least: int
    """Parameters of its smallest entry."""
    most: int
    n: int
    mean: float
    deviation: float
    """Standard deviation over entries, n - 1 below; NaN for one."""


@dataclass(frozen=True, slots=True)
class Correlation:
    """A coefficient with its 95 % interval; NaN where unknown."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PretrainingSet:
    """The entries of one set, or all of them."""

    name: str
    n: int
    architectures: int
    mean: float
    deviation: float
    pearson: Correlation
    spearman: Correlation


@dataclass(frozen=True)
class Sizes:
    """The tables of one metric."""

    metric: str
    classes: tuple[SizeClass, ...]
    every: PretrainingSet
    """All entries."""
    sets: tuple[PretrainingSet, ...]
    """Of at least FEWEST entries, best mean first."""

    def as_dict(self) -> dict[str, object]:
        """As JSON: NaN is null."""
        return {
            "metric": self.metric,
            "size_classes": [_known(asdict(c)) for c in self.classes],
            "pretraining_sets": [_known(asdict(s)) for s in (self.every, *self.sets)],
        }


def _known(values: dict) -> dict:
    """The same with None for NaN, at any depth."""
    return {
        k: _known(v) if isinstance(v, dict) else None if v != v else v for k, v in values.items()
    }


def size_tables(board: Board, metric: str, resamples: int = RESAMPLES, seed: int = 0) -> Sizes:
    """The tables of a board's own entries whose parameters and metric are known."""
    entries = [
        e
        for e, same in zip(board.entries, board.same_data(), strict=True)
        if same and e.params and e.metrics.get(metric) is not None
    ]
    values = np.array([e.metrics[metric] for e in entries], float)
    params = np.array([e.params for e in entries], float)
    archs = np.array([architecture_of(e) for e in entries])
    tags = np.array([pretraining_of(e) for e in entries])

    def describe(name: str, which: np.ndarray) -> PretrainingSet:
        return describe_set(
            name, values[which], np.log10(params[which]), archs[which], resamples, seed
        )

    names = [t for t in dict.fromkeys(tags.tolist()) if t and (tags == t).sum() >= FEWEST]
    sets = [describe(t, tags == t) for t in names]
    return Sizes(
        metric,
        split_sizes(values, params),
        describe("all", np.ones(len(entries), bool)),
        tuple(sorted(sets, key=lambda s: -s.mean)),
    )


def architecture_of(entry: Entry) -> str:
    """The architecture of an entry, a QuickGELU twin under the name of its twin."""
    name = entry.result.name.removeprefix("open_clip:")
    return name.partition("/")[0].removesuffix("-quickgelu")


def pretraining_of(entry: Entry) -> str:
    """The tag of "architecture/tag"; empty for any other name."""
    return entry.result.name.partition("/")[2]


def split_sizes(values: np.ndarray, params: np.ndarray) -> tuple[SizeClass, ...]:
    """The quarters that are not empty, smallest first."""
    if not len(params):
        return ()
    edges = np.quantile(params, [0.25, 0.5, 0.75])
    at = np.searchsorted(edges, params, side="left")  # an entry on an edge is of the class below
    return tuple(
        SizeClass(
            name,
            int(params[at == i].min()),
            int(params[at == i].max()),
            int((at == i).sum()),
            float(values[at == i].mean()),
            deviation(values[at == i]),
        )
        for i, name in enumerate(CLASSES)
        if (at == i).any()
    )


def deviation(values: np.ndarray) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else float("nan")


def describe_set(
    name: str,
    values: np.ndarray,
    sizes: np.ndarray,
    archs: np.ndarray,
    resamples: int,
    seed: int,
) -> PretrainingSet:
    """Args: values and log10 parameters (entries,), and the architecture of each."""
    return PretrainingSet(
        name,
        len(values),
        len(set(archs.tolist())),
        float(values.mean()) if len(values) else float("nan"),
        deviation(values),
        correlate(pearson, sizes, values, archs, resamples, seed),
        correlate(spearman, sizes, values, archs, resamples, seed),
    )


def correlate(
    coefficient: Callable[[np.ndarray, np.ndarray], float],
    x: np.ndarray,
    y: np.ndarray,
    archs: np.ndarray,
    resamples: int,
    seed: int,
) -> Correlation:
    """A coefficient with the 95 % percentile interval of drawing whole architectures."""
    value = coefficient(x, y)
    members = [np.flatnonzero(archs == a) for a in dict.fromkeys(archs.tolist())]
    if len(members) < FEWEST_DRAWN or np.isnan(value):
        return Correlation(value, float("nan"), float("nan"))
    rng = np.random.default_rng(seed)
    drawn = []
    for picks in rng.integers(0, len(members), (resamples, len(members))):
        at = np.concatenate([members[i] for i in picks])
        drawn.append(coefficient(x[at], y[at]))
    known = np.array(drawn)[~np.isnan(drawn)]
    low, high = np.quantile(known, [0.025, 0.975])
    return Correlation(value, float(low), float(high))


def pearson(x: Sequence[float] | np.ndarray, y: Sequence[float] | np.ndarray) -> float:
    """Product-moment correlation; NaN where either does not vary."""
    a, b = (np.asarray(v, float) - np.mean(v) if len(v) else np.zeros(0) for v in (x, y))
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > 1e-12 else float("nan")


def spearman(x: Sequence[float] | np.ndarray, y: Sequence[float] | np.ndarray) -> float:
    """Pearson's of the ranks, equal values sharing their mean rank."""
    return pearson(mean_ranks(np.asarray(x, float)), mean_ranks(np.asarray(y, float)))


def mean_ranks(values: np.ndarray) -> np.ndarray:
    """(n,) ranks from 1."""
    _, at, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return ((last + last - counts + 1) / 2)[at]
