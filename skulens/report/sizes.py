"""Quality by size and pretraining set, for a terminal and for a page."""

import numpy as np

from skulens.papers.openmpr.sizes import Correlation, PretrainingSet, Sizes
from skulens.report.html import PageTable
from skulens.report.paper import show_rows
from skulens.report.words import write_params

CLASS_COLUMNS = ("size class", "parameters", "n", "mean", "standard deviation")
SET_COLUMNS = (
    "pretraining set",
    "n",
    "architectures",
    "mean",
    "standard deviation",
    "Pearson",
    "Spearman",
)


def size_pages(sizes: Sizes) -> list[PageTable]:
    return [PageTable(title, note, columns, rows) for title, note, columns, rows in parts(sizes)]


def print_sizes(sizes: Sizes) -> None:
    for title, note, columns, rows in parts(sizes):
        show_rows(f"{title}. {note}", columns, rows)


def parts(sizes: Sizes) -> list[tuple[str, str, tuple[str, ...], list[tuple[str, ...]]]]:
    """(title, note, columns, rows) of both tables."""
    classes: list[tuple[str, ...]] = [
        (c.name, f"{write_params(c.least)} to {write_params(c.most)}", str(c.n),
         number(c.mean), number(c.deviation))
        for c in sizes.classes
    ]  # fmt: skip
    sets = [set_row(s) for s in (sizes.every, *sizes.sets)]
    return [
        (
            f"{sizes.metric} by size",
            "Quarters by parameters.",
            CLASS_COLUMNS,
            classes,
        ),
        (
            f"{sizes.metric} by pretraining set",
            "Correlations with log10 parameters; in brackets 95 % of resamples of the architectures "
            "(QuickGELU twins drawn together). They are the published checkpoints, no sample.",
            SET_COLUMNS,
            sets,
        ),
    ]


def set_row(s: PretrainingSet) -> tuple[str, ...]:
    return (
        s.name,
        str(s.n),
        str(s.architectures),
        number(s.mean),
        number(s.deviation),
        correlation(s.pearson),
        correlation(s.spearman),
    )


def number(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.3f}"


def correlation(c: Correlation) -> str:
    """+0.63 [+0.51, +0.73]"""
    if np.isnan(c.value):
        return "-"
    ends = "" if np.isnan(c.low) else f" [{c.low:+.2f}, {c.high:+.2f}]"
    return f"{c.value:+.2f}{ends}"
