"""What the index of a store costs, in a sentence."""

from skulens.bench.index_loss import FIRST, OVERLAP, compare_with_exact
from skulens.bench.result import Result
from skulens.report.words import write_interval


def describe_index(result: Result) -> str:
    """What the index overlooks of an exact scan of the store; empty for any other system."""
    if OVERLAP not in result.metrics:
        return ""
    metric, d = compare_with_exact(result)
    return (
        f"the index finds {write_interval(result.metrics[OVERLAP])} of the first {FIRST} of an exact "
        f"scan; {metric} with the index minus without it {d.value:+.3f} [{d.low:+.3f}, {d.high:+.3f}]"
    )
