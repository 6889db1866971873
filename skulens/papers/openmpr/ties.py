"""Hit rates over the order of ties: what a ranking that ties may be, and what chance makes of it.

Where several captions share a probability, `torch.topk` does not say which comes first. So beside
the hit rate in the order it gave stand three that do not depend on it: the worst and the best that
any order of equals gives, and the expectation where every order is equally likely.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skulens.evaluate.ranking import name_hit_rate

WORST, EXPECTED, BEST = "worst_", "expected_", "best_"
"""Before the name of a hit rate."""


@dataclass(frozen=True, slots=True)
class Ties:
    """Where the best right candidate of each query stands; arrays are (queries,) int64."""

    ahead: np.ndarray
    """Candidates of higher score; none of them is right."""
    alike: np.ndarray
    """Candidates of its score, itself included; 0 where no right one is in the gallery."""
    right: np.ndarray
    """Those of them that are right."""

    @property
    def tied(self) -> np.ndarray:
        """(queries,) bool: right and wrong candidates share the score."""
        return self.alike > self.right

    def hit_rates(self, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(worst, expected, best) of each query at k, (queries,) in [0, 1].

        With m = k - ahead places for the tied ones, the expectation is the chance that m drawn of
        `alike` without replacement hold a right one: 1 - C(alike - right, m) / C(alike, m)
        (hypergeometric).
        """
        places = np.clip(k - self.ahead, 0, self.alike)
        wrong = self.alike - self.right
        none = np.ones(len(places))
        for drawn in range(k):
            left = np.maximum(wrong - drawn, 0) / np.maximum(self.alike - drawn, 1)
            none *= np.where(drawn < places, left, 1.0)
        return (places > wrong).astype(float), 1 - none, (places > 0).astype(float)

    def metrics(self, ks: Sequence[int]) -> dict[str, np.ndarray]:
        """Metric -> (queries,): worst, expected and best hit rate at each k."""
        found: dict[str, np.ndarray] = {}
        for k in ks:
            ends = zip((WORST, EXPECTED, BEST), self.hit_rates(k), strict=True)
            found |= {prefix + name_hit_rate(k): values for prefix, values in ends}
        return found
