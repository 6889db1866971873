"""Words for what a paper's own procedure did: its ties, and each change from sound mode."""

from skulens.bench.result import Result
from skulens.papers.openmpr.causes import Change
from skulens.papers.openmpr.ties import BEST, EXPECTED, WORST

CHANGES = {
    Change.WEIGHTS: "weights as published (activation, picture size)",
    Change.PICTURES: "pictures as stored, not turned by EXIF",
    Change.PRECISION: "bfloat16 weights and vectors",
    Change.SCORES: "bfloat16 probabilities, ties in random order",
    Change.TIES: "ties as torch.topk leaves them: paper mode",
}


def bounds_of(result: Result) -> dict[str, str]:
    """Hit rate -> "0.000 / 0.012 / 0.531": worst, expected and best over the order of ties; empty
    where nobody measured that."""
    found = {}
    for name in result.metrics:
        ends = [result.metrics.get(prefix + name) for prefix in (WORST, EXPECTED, BEST)]
        if all(ends):
            found[name] = " / ".join(f"{end.value:.3f}" for end in ends if end)
    return found


def describe_change(change: Change) -> str:
    """One step from sound mode to paper mode, in a few words."""
    return CHANGES[change]
