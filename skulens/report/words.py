"""Sentences for a reader, made of the values that analyses return."""

from typing import TYPE_CHECKING

import numpy as np

from skulens.evaluate.compare import LEVEL
from skulens.evaluate.intervals import Interval
from skulens.evaluate.metric import Metric, find_metric
from skulens.report.names import count, singular

if TYPE_CHECKING:
    from skulens.analysis.boards import Entry
    from skulens.analysis.pairs import Pairing
    from skulens.analysis.ranks import Standings
    from skulens.evaluate.families import Family
    from skulens.report.views import View

SPACE = "\N{NO-BREAK SPACE}"


def write_number(value: float, name: str) -> str:
    """A value of a metric: three decimals within [-1, 1], three digits where it has no end."""
    if find_metric(name).most is not None:
        return f"{value:.3f}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.2f}"


def write_interval(interval: Interval | None) -> str:
    """0.624 [0.571, 0.676], for a terminal; "-" where the value is unknown."""
    if interval is None or np.isnan(interval.value):
        return "-"
    if not interval.known:
        return f"{interval.value:.3f}"
    value, low, high = (
        f"{end:.3f}" if abs(end) < 1e4 else f"{end:.1e}"
        for end in (interval.value, interval.low, interval.high)
    )
    return f"{value} [{low}, {high}]"


def write_share(interval: Interval, metric: Metric) -> str:
    """62.4 % (57.1 to 67.6 %), of a metric in [0, 1]; any other as a number."""
    share = metric.bounded
    ends = [interval.value, interval.low, interval.high]
    unit = f"{SPACE}%" if share else f"{SPACE}{metric.unit}" if metric.unit else ""
    value, low, high = (f"{x * 100:.1f}" if share else write_number(x, metric.name) for x in ends)
    return (
        f"{value}{unit} ({low}{SPACE}to{SPACE}{high}{unit})" if interval.known else f"{value}{unit}"
    )


def write_params(params: int | None) -> str:
    """1,872 M; 1.3 M; "-" where they are unknown."""
    return "-" if not params else f"{params / 1e6:,.{0 if params >= 1e7 else 1}f} M"


def describe_cost(entry: "Entry", cost: str) -> str:
    """A cost of an entry as a number of the cost's unit."""
    value = getattr(entry, cost)
    if not value:
        return "–"
    if cost == "params":
        return f"{value / 1e6:,.1f}" if value < 1e8 else f"{value / 1e6:,.0f}"
    return f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def conclude_view(view: "View") -> str:
    """The result of a view in a sentence."""
    rows = [row for row in view.rows if row.place]
    if not rows:
        return f"No {view.noun} has a known {view.main}." if view.main else "Nothing was measured."
    first = f"{rows[0].name} {_achievement(view)}."
    if len(rows) == 1:
        return first
    alike, tested = len(view.tied) - 1, sum(row.best is not None for row in rows) - 1
    if tested < 1:
        return (
            f"{first} Whether others differ from it was not tested: values per "
            f"{singular(view.groups)} are unknown."
        )
    other = f"The other {view.noun}"
    if alike < 1:
        worse = f"{other} is" if tested == 1 else f"All {tested} others are"
        return f"{first} {worse} significantly worse."
    if tested == 1:
        return f"{first} {other} does not differ from it significantly."
    return f"{first} {alike} of the {tested} others do not differ from it significantly."


def _achievement(view: "View") -> str:
    """What the first of a view does: "puts a right product first for 62.4 % of the probes"."""
    first, metric = next(row for row in view.rows if row.place).first, view.metric
    if metric.whole and metric.bounded and metric.name == f"{metric.name.partition('@')[0]}@1":
        return f"puts the right product first for {write_share(first, metric)} of the {view.units}"
    most = "highest" if metric.direction == "higher" else "lowest"
    return f"has the {most} {metric.name}: {write_share(first, metric)}"


def advise(view: "View") -> str:
    """Of those not significantly different from the first, the one with the fewest parameters."""
    sized = [row for row in view.tied if row.entry.params]
    if len(sized) < 2:
        return ""
    small = min(sized, key=lambda row: row.entry.params or 0)
    if small is view.rows[0]:
        return f"It is also the smallest of these {len(view.tied)}."
    params = describe_cost(small.entry, "params")
    return f"The smallest of these {len(view.tied)} is {small.name}, {params} M parameters."


def summarise_order(standings: "Standings", shown: int, group: str) -> str:
    """How many of a leaderboard's entries are shown, and how certain their order is."""
    n, ties = len(standings.rows), sum(s.tier == 1 for s in standings.rows)
    rows = f"{shown} of {count(n, 'entry')} shown" if shown < n else count(n, "entry")
    if not ties:
        return (
            f"{rows}; values per {group} are unknown, so how certain this order is cannot be said"
        )
    near = standings.adjacent - standings.separable
    same = (
        f"{near} of {standings.adjacent} neighbours do not differ significantly, each pair tested "
        "alone"
        if near
        else ""
    )
    first = (
        f"{ties - 1} other{'s do' if ties > 2 else ' does'} not differ significantly from the first"
    )
    if ties == 1:
        first = "the first differs significantly from all others" if standings.adjacent else ""
    return "; ".join(part for part in (rows, first, same) if part)


def conclude_pair(pairing: "Pairing", groups: str) -> str:
    """Which of two results is better, or that they do not differ significantly.

    Args:
        groups: what is resampled, such as "SKUs".
    """
    from skulens.analysis.pairs import Outcome

    a, b = pairing.names
    if pairing.outcome is Outcome.NOT_SIGNIFICANT:
        return f"{a} and {b} do not differ significantly on {pairing.difference.groups} {groups}"
    better, worse = (a, b) if pairing.outcome is Outcome.A_BETTER else (b, a)
    return f"{better} is better than {worse}"


def describe_limit(pairing: "Pairing", groups: str) -> str:
    """That too few groups differ for any outcome but "not significant"; else empty."""
    if not pairing.hopeless:
        return ""
    differ = pairing.wins + pairing.losses
    return f"they differ on {differ} {groups}: too few for any difference to be significant"


def describe_power(family: "Family", total: int, noun: str, groups: str) -> str:
    """That too few groups tell systems apart for any two to differ significantly; else empty.

    Args:
        total: groups that were measured.
        noun: what a system is called.
        groups: what a group is called, in the plural.
    """
    if not family.hopeless:
        return ""
    systems = len(family.statistic)
    here = f"{total} {groups}"
    if family.groups < total:
        here = f"the {family.groups} of {total} {groups} on which they differ"
    return f"with {here}, no two of {count(systems, noun)} can differ significantly"


def estimate_effort(pairing: "Pairing", units: str, groups: str) -> str:
    """What a test would take to find the difference of two results; empty where it did, or where
    nothing is known.

    Args:
        units: what was asked, such as "probes".
        groups: what is resampled, such as "SKUs".
    """
    n = pairing.needed
    if n is None or pairing.p <= LEVEL:
        return ""
    have = f"{pairing.difference.groups} {groups} with {n.photos_per_sku:.3g} {units} each"
    gap = f"{abs(n.difference):.2g}"
    if n.skus is None:
        return f"the difference of {gap} is too small for any number of {groups} (these are {have})"
    least = f", at least {n.skus_at_least:,} with any number of {units}" if n.skus_at_least else ""
    return (
        f"a difference of {gap} would take {n.skus:,} {groups} with as many {units} each{least}, "
        f"to be found 4 times in 5 (these are {have})"
    )
