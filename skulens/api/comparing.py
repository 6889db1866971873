"""Is one result better than another? The paired test of `skulens compare`, and its sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from typing import Any

from skulens.analysis.boards import unit_words
from skulens.analysis.pairing import pair_up
from skulens.analysis.pairs import Outcome, Pairing, adjust, pair
from skulens.api.measuring import Results, results_of
from skulens.api.notebook import html_rows, plain_table
from skulens.bench.result import Result
from skulens.errors import DataError
from skulens.evaluate.compare import patterns_for
from skulens.report.decisions import conclude_pairing

GROUPS = 5
"""SKUs that are shown."""


@dataclass(frozen=True, repr=False)
class Comparison:
    """A against B on the same units."""

    pairing: Pairing
    """Everything else that is known: SKUs on which they differ, groups that a significant
    difference takes."""

    @property
    def sentence(self) -> str:
        """Which is better, by how much, the 95 % interval and p; as `skulens compare` ends."""
        return conclude_pairing(self.pairing, 1)

    @property
    def metric(self) -> str:
        return self.pairing.metric

    @property
    def difference(self) -> float:
        """mean(A) - mean(B)."""
        return self.pairing.difference.value

    @property
    def interval(self) -> tuple[float, float]:
        """Ends of the 95 % interval of the difference."""
        return self.pairing.difference.low, self.pairing.difference.high

    @property
    def p(self) -> float:
        """Of the paired test over groups (SKUs)."""
        return self.pairing.p

    @property
    def better(self) -> str | None:
        """The name of the better one; None where they do not differ significantly."""
        a, b = self.pairing.names
        return {Outcome.A_BETTER: a, Outcome.B_BETTER: b}.get(self.pairing.outcome)

    def rows(self) -> list[dict[str, Any]]:
        """A dictionary per SKU on which they differ, most first: "sku", "units", "a", "b" (means)
        and "difference"."""
        return [
            {"sku": s.sku, "units": s.n, "a": s.a, "b": s.b, "difference": s.difference}
            for s in self.pairing.skus
        ]

    def __str__(self) -> str:
        return "\n".join([self.sentence, *self._differing(), *self._table()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return html_rows(self._lines(), self.sentence, self._differing(), self._numbers())

    def _differing(self) -> list[str]:
        said = (f"{name}: {a} against {b}" for name, (a, b) in self.pairing.differing.items())
        found = "; ".join(said)
        return [f"They differ in {found}"] if found else []

    def _table(self) -> list[str]:
        return [plain_table(self._lines(), self._numbers())] if self.pairing.skus else []

    def _lines(self) -> list[Mapping[str, object]]:
        a, b = self.pairing.names
        units, groups = unit_words(self.pairing.a)
        return [
            {groups.removesuffix("s"): s.sku, units: s.n, a: f"{s.a:.2f}", b: f"{s.b:.2f}"}
            for s in self.pairing.skus[:GROUPS]
        ]

    def _numbers(self) -> tuple[str, ...]:
        return (unit_words(self.pairing.a)[0], *self.pairing.names)


def compare(
    a: "Result | Results | str | PathLike",
    b: "Result | Results | str | PathLike",
    *,
    results: "Results | str | PathLike" = "results",
    metric: str = "",
    gallery: str = "",
    seed: int = 0,
) -> Comparison:
    """Is A better than B? Paired over the same units, resampled by SKU; as `skulens compare A B`.

    Args:
        a, b: results, or names of systems or of folders among `results`.
        results: what `bench` returned, or the folder that it kept them in; for names.
        metric: any metric of the suite; empty: its first headline metric.
        gallery: text, image or both, where a name means several results.
        seed: of the random sign patterns of the test.
    Raises:
        DataError: they did not answer the same units, or mean several pairs; says what to give.
        UnknownName: nothing is called so.
    """
    sides = [results_of(word, results, gallery) for word in (a, b)]
    pairs = pair_up(*sides)
    if len(pairs) > 1:
        said = "; ".join(f"{x.name} {x.variants()} with {y.name} {y.variants()}" for x, y in pairs)
        raise DataError(
            f"{len(pairs)} comparisons are possible: {said}. Give gallery=..., or two results, "
            "such as results[0] and results[1]"
        )
    [(one, other)] = pairs
    found = pair(one, other, metric, patterns=patterns_for(1, 10_000), seed=seed)
    return Comparison(*adjust([found]))
