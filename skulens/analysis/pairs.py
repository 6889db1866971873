"""Two stored results on the same probes: is one better, and where do they differ?"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from skulens.bench.store import Stored
from skulens.errors import DataError
from skulens.evaluate.compare import LEVEL, Difference, compare, holm
from skulens.evaluate.sample_size import Needed, needed
from skulens.evaluate.scores import number_groups

EXAMPLES = 4
"""Photos named for each SKU."""

CONDITIONS = {
    "suite": lambda r: r["suite"],
    "split": lambda r: r["settings"]["split"],
    "gallery": lambda r: r["gallery"],
    "SKUs in the gallery": lambda r: r["n_gallery"],
    "SKUs with probes": lambda r: r["counts"].get("groups"),
    "probes": lambda r: r["n_queries"],
}
"""What must be equal, in words: name -> its value in a record."""


@dataclass(frozen=True)
class SkuDifference:
    """One SKU (or other unit that is resampled), and how far A is ahead of B on it."""

    sku: str
    n: int
    """Probes of it."""
    a: float
    b: float
    difference: float
    a_found: str | None
    """The wrong product that A put first most often; None where it never did."""
    b_found: str | None
    only_a: tuple[str, ...]
    """Probes on which A is better than B: the first few ids."""
    only_b: tuple[str, ...]
    photos: dict[str, str] = field(default_factory=dict)
    """Path of the photo of each of these probes, where it lies on disk."""


@dataclass(frozen=True)
class Pairing:
    """Result A against result B on the same probes."""

    a: Stored
    b: Stored
    metric: str
    mean_a: float
    mean_b: float
    difference: Difference
    """mean(A) - mean(B)."""
    wins: int
    """SKUs on which A is ahead."""
    losses: int
    ties: int
    probes_only_a: int | None
    """Probes on which A is ahead; None where only sums per SKU are known."""
    probes_only_b: int | None
    gaps: tuple[float, ...]
    """The difference on every SKU, largest first."""
    skus: tuple[SkuDifference, ...]
    """Where they differ most, first."""
    needed: Needed | None = None
    """SKUs that would tell them apart; None for macro means, one SKU, or where photos are unknown."""
    p_holm: float | None = None
    """p after Holm's correction over all comparisons made together (`adjusted`)."""

    @property
    def data(self) -> str:
        """What both were measured on, in a few words."""
        return ", ".join(filter(None, (Path(self.a.record["data"]).name, self.a.record["gallery"])))

    @property
    def names(self) -> tuple[str, str]:
        """What tells the two sides apart: encoders, or folders where the encoder is the same."""
        a, b = self.a, self.b
        return (a.name, b.name) if a.name != b.name else (a.folder.name, b.folder.name)

    @property
    def p(self) -> float:
        return self.difference.p if self.p_holm is None else self.p_holm

    def verdict(self) -> str:
        """Whether the difference can be told from none, in words."""
        better, worse = self.names if self.difference.value > 0 else self.names[::-1]
        if self.p <= LEVEL:
            return f"{better} is better than {worse}"
        return f"{self.names[0]} and {self.names[1]} cannot be told apart on {self.difference.groups} SKUs"

    def as_dict(self) -> dict:
        """For JSON; NaN is None."""
        d = asdict(self.difference)
        keep = (
            "metric",
            "mean_a",
            "mean_b",
            "wins",
            "losses",
            "ties",
            "probes_only_a",
            "probes_only_b",
            "p_holm",
        )
        what = {
            k: self.a.record[k]
            for k in ("suite", "data", "gallery", "n_queries", "n_gallery", "data_hash")
        }
        return {
            "a": self.a.name,
            "b": self.b.name,
            "folder_a": str(self.a.folder),
            "folder_b": str(self.b.folder),
            **what,
            **{k: known(getattr(self, k)) for k in keep},
            "verdict": self.verdict(),
            "difference": {k: known(v) for k, v in d.items()},
            "needed": self.needed and asdict(self.needed),
            "gaps": list(self.gaps),
            "skus": [asdict(s) for s in self.skus],
        }


def effort(pairing: Pairing) -> str:
    """What it would take to tell the two apart, in words; empty where they are, or where nothing is known."""
    n = pairing.needed
    if n is None or pairing.p <= LEVEL:
        return ""
    have = f"{pairing.difference.groups} SKUs with {n.photos_per_sku:.3g} probes each"
    if n.skus is None:
        return f"the difference of {abs(n.difference):.2g} is too small for any number of SKUs (these are {have})"
    least = f", at least {n.skus_at_least:,} with any number of probes" if n.skus_at_least else ""
    return f"a difference of {abs(n.difference):.2g} would take {n.skus:,} SKUs with as many probes each{least}, to be found 4 times in 5 (these are {have})"


def known(x: float | int | str) -> float | int | str | None:
    return None if isinstance(x, float) and np.isnan(x) else x


def pair_up(a: Sequence[Stored], b: Sequence[Stored]) -> list[tuple[Stored, Stored]]:
    """Results of A and B that answered the same probes from the same gallery in the same mode, newest of each.

    A single result on each side is paired whatever the mode. Of stores with several encoders each is
    paired with itself. One pair for each gallery and dataset.

    Raises:
        DataError: no two answered the same; says what differs between those that are nearest.
    """
    explicit = len(a) == len(b) == 1
    stores = max(len({s.name for s in side}) for side in (a, b)) > 1
    pairs: dict[tuple, tuple[Stored, Stored]] = {}
    for one in a:
        for other in b:
            modes = (one.record["settings"]["mode"], other.record["settings"]["mode"])
            if (
                not differing(one, other)
                and (explicit or modes[0] == modes[1])
                and (not stores or one.name == other.name)
            ):
                pairs[
                    one.record["data_hash"], one.record["gallery"], modes, one.name, other.name
                ] = (one, other)
    if not pairs:
        one, other = min(((x, y) for x in a for y in b), key=lambda p: len(differing(*p)))
        raise DataError(refusal(one, other))
    return list(pairs.values())


def differing(a: Stored, b: Stored) -> list[str]:
    """Why two results cannot be paired, a sentence part each; empty where they can."""
    values = {name: (of(a.record), of(b.record)) for name, of in CONDITIONS.items()}
    found = [f"{name} {x} against {y}" for name, (x, y) in values.items() if x != y]
    if a.record["data_hash"] == b.record["data_hash"] and not found:
        return []
    names = [Path(s.record["data"]).name for s in (a, b)]
    if names[0] != names[1]:
        found.insert(0, f"data {names[0]} against {names[1]}")
    return found or ["pictures, texts or ids of other contents under the same names"]


def refusal(a: Stored, b: Stored) -> str:
    rejects = [len(s.record["rejects"]) for s in (a, b)]
    unread = (
        f" ({rejects[0]} and {rejects[1]} rejects: correct these pictures first)"
        if rejects[0] != rejects[1]
        else ""
    )
    names = f"--encoder {a.name}" + (f" --encoder {b.name}" if a.name != b.name else "")
    return (
        f"{a.folder.name} and {b.folder.name} did not answer the same probes: {'; '.join(differing(a, b))}{unread}. "
        f"Measure both in one go: skulens bench mpr {a.record['data']} {names}"
    )


def pair(
    a: Stored,
    b: Stored,
    metric: str = "hit_rate@1",
    *,
    most: int = 10,
    photos: Mapping[str, str] | None = None,
    resamples: int = 10_000,
    seed: int = 0,
) -> Pairing:
    """Compare two results, probe by probe.

    Args:
        metric: any metric stored per probe; "macro_..." weighs every SKU the same.
        most: SKUs to describe.
        photos: probe -> path of its photo, for the SKUs described.
    Raises:
        DataError: they did not answer the same probes, are one and the same, or lack the metric.
    """
    if (a.folder, a.name) == (b.folder, b.name):
        raise DataError(
            f"{a.name} of {a.folder} stands on both sides; a comparison needs two results"
        )
    if differing(a, b):
        raise DataError(refusal(a, b))
    macro, plain = metric.startswith("macro_"), metric.removeprefix("macro_")
    x, queries, names = (
        a.values(plain),
        a.per_query["query"].to_pylist(),
        a.per_query["group"].to_pylist(),
    )
    at = {q: i for i, q in enumerate(b.per_query["query"].to_pylist())}
    y = b.values(plain)[
        [at[q] for q in queries]
    ]  # equal data hashes: the same ids, in whatever order
    groups = number_groups(names)
    found = compare(x, y, groups, resamples=resamples, seed=seed, macro=macro)
    rows, photos_known = by_sku(queries, names, x, y), a.photos_known and b.photos_known
    if not photos_known:
        rows = [(*row[:5], [], []) for row in rows]
    ahead = (int((x > y).sum()), int((x < y).sum())) if photos_known else (None, None)
    gaps = np.array([row[4] for row in rows])
    firsts = [first_wrong(s, names, queries) for s in (a, b)]
    described = [
        describe(row, firsts, photos or {})
        for row in sorted(rows, key=lambda r: (-abs(r[4]), -r[1], r[0]))
        if row[4]
    ]
    return Pairing(
        a,
        b,
        metric,
        *means(rows, x, y, macro),
        found,
        int((gaps > 0).sum()),
        int((gaps < 0).sum()),
        int((gaps == 0).sum()),
        *ahead,
        tuple(sorted((row[4] for row in rows), reverse=True)),
        tuple(described[:most]),
        needed(x, y, groups, seed=seed)
        if photos_known and not macro and found.groups > 1
        else None,
    )


def adjusted(pairings: Sequence[Pairing]) -> list[Pairing]:
    """Comparisons made together, each with its p after Holm's correction over all of them."""
    p = holm([x.difference.p for x in pairings])
    return [replace(x, p_holm=float(q)) for x, q in zip(pairings, p, strict=True)]


def by_sku(queries: list[str], names: list[str], x: np.ndarray, y: np.ndarray) -> list[tuple]:
    """(sku, probes, mean of A, mean of B, their difference, ids where A is ahead, where B is)."""
    members: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        if not np.isnan(x[i] + y[i]):
            members.setdefault(name, []).append(i)
    rows = []
    for sku, rows_of in members.items():
        a, b = x[rows_of], y[rows_of]
        ahead = [
            [queries[i] for i, d in zip(rows_of, sign * (a - b), strict=True) if d > 0]
            for sign in (1, -1)
        ]
        rows.append(
            (
                sku,
                len(rows_of),
                float(a.mean()),
                float(b.mean()),
                round(float(a.mean() - b.mean()), 12),
                *ahead,
            )
        )
    return rows


def means(rows: list[tuple], x: np.ndarray, y: np.ndarray, macro: bool) -> tuple[float, float]:
    if macro:
        return tuple(
            float(np.mean([row[i] for row in rows])) if rows else float("nan") for i in (2, 3)
        )
    both = ~np.isnan(x + y)
    return tuple(float(v[both].mean()) if both.any() else float("nan") for v in (x, y))


def first_wrong(stored: Stored, names: list[str], queries: list[str]) -> dict[str, str]:
    """SKU -> the wrong product put first most often for its probes."""
    wrong: dict[str, Counter] = {}
    for query, name in zip(queries, names, strict=True):
        first = stored.firsts.get(query)
        if first is not None and first not in stored.relevant.get(query, ()):
            wrong.setdefault(name, Counter())[first] += 1
    return {name: counts.most_common(1)[0][0] for name, counts in wrong.items()}


def describe(
    row: tuple, firsts: Sequence[Mapping[str, str]], photos: Mapping[str, str]
) -> SkuDifference:
    sku, n, a, b, gap, only_a, only_b = row
    shown = (*only_a[:EXAMPLES], *only_b[:EXAMPLES])
    return SkuDifference(
        sku,
        n,
        a,
        b,
        gap,
        firsts[0].get(sku),
        firsts[1].get(sku),
        tuple(only_a[:EXAMPLES]),
        tuple(only_b[:EXAMPLES]),
        {q: photos[q] for q in shown if q in photos},
    )
