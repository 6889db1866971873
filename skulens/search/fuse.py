"""Several rankings as one: of systems, or of the legs of one search.

By ranks (Cormack, Clarke, Buettcher, SIGIR 2009) a product's score is the sum over rankings of
1 / (60 + its rank there); one that did not find it adds nothing. Scores of different rankings are
never compared, so they may mean anything. By scores, those of each leg are brought to 0..1 (its
worst and its best) and added.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from skulens.documents import Hits
from skulens.errors import DataError
from skulens.protocols import Retriever
from skulens.records import Item, Query, Reject, Run, SystemInfo

CONSTANT = 60
"""Added to ranks; the paper's, and everybody's since."""
Terms = Mapping[str, np.ndarray]
"""Leg -> what it adds to the score of each product that it found."""


class RankFusion:
    """Systems fused by reciprocal ranks; see `protocols.Retriever`.

    Args:
        parts: retrievers; encoders may stand there until `over` puts retrievers in their places.
        name: as the user wrote it, "ocr+groceries"; default: the names of the parts.
    Raises:
        DataError: fewer than two parts, or no kind of gallery that all of them can rank.
    """

    def __init__(self, parts: Sequence[Any], name: str = ""):
        if len(parts) < 2:
            raise DataError(f"a fusion needs at least two systems, got {name or 'none'!r}")
        self.parts = tuple(parts)
        self.name = name or "+".join(name_of(part) for part in parts)
        self.rejects: list[Reject] = []
        """What the parts could not read in the latest `rank`."""
        self.info = describe([part.info for part in parts], self.name)

    def over(self, parts: Sequence[Retriever]) -> "RankFusion":
        """The same fusion of other parts, such as encoders made retrievers."""
        return RankFusion(parts, self.name)

    def rank(self, queries: Sequence[Query], gallery: Sequence[Item], k: int) -> Run:
        """The first k products of each query; queries that a part could not read are left out."""
        products = len({item.id for item in gallery})
        runs, self.rejects = [], []
        for part in self.parts:
            runs.append(part.rank(queries, gallery, products))
            known = {reject.item for reject in self.rejects}
            self.rejects += [r for r in getattr(part, "rejects", ()) if r.item not in known]
        return fuse_runs(runs, k)


def fuse_runs(runs: Sequence[Run], k: int) -> Run:
    """One run of the first k candidates by reciprocal ranks, of the queries that all runs have.

    Candidates of equal score share the rank of the first of them: an order by id is no evidence.
    """
    rows = [{query: i for i, query in enumerate(run.queries)} for run in runs]
    fused: dict[str, dict[str, float]] = {}
    for query in runs[0].queries:
        if all(query in places for places in rows):
            scores: dict[str, float] = {}
            for run, places in zip(runs, rows, strict=True):
                for product, rank in ranks_of(run, places[query]):
                    scores[product] = scores.get(product, 0.0) + 1 / (CONSTANT + rank)
            fused[query] = scores
    return Run.of(fused).cut(k)


def ranks_of(run: Run, row: int) -> Iterable[tuple[str, int]]:
    """(product, rank from 1) of the query at `row`; equal scores, equal ranks."""
    found = run.order[row] >= 0
    products = (run.products[i] for i in run.order[row][found])
    return zip(products, shared_ranks(run.scores[row][found]).tolist(), strict=True)


def shared_ranks(scores: np.ndarray) -> np.ndarray:
    """(found,) ranks from 1 of falling scores; equal scores share the first of their ranks."""
    return np.searchsorted(-scores, -scores, side="left") + 1


def terms_of(found: Mapping[str, Hits], weights: Mapping[str, float], by: str) -> Terms:
    """Leg -> (found,) float64: what each leg adds to the fused score of what it found.

    Of one leg its own scores, so that they keep their meaning. Only the ratios of weights matter.

    Args:
        weights: of every leg, 0 or more.
        by: "ranks" or "scores".
    """
    if len(found) == 1:
        return {leg: hits.scores.astype(np.float64) for leg, hits in found.items()}
    total = sum(weights[leg] for leg in found) or 1.0
    measure = reciprocal_ranks if by == "ranks" else relative_scores
    return {leg: weights[leg] / total * measure(hits.scores) for leg, hits in found.items()}


def reciprocal_ranks(scores: np.ndarray) -> np.ndarray:
    return 1.0 / (CONSTANT + shared_ranks(scores))


def relative_scores(scores: np.ndarray) -> np.ndarray:
    """Falling scores brought to 0 (the last) .. 1 (the first); 1 where all are equal."""
    if not len(scores):
        return np.zeros(0)
    low, high = float(scores[-1]), float(scores[0])
    return (scores - low) / (high - low) if high > low else np.ones(len(scores))


def fuse_legs(found: Mapping[str, Hits], terms: Terms) -> list[tuple[str, float]]:
    """(id, fused score), best first; of equal scores the larger id."""
    if len(found) == 1:
        [(leg, hits)] = found.items()
        return list(zip(hits.ids, terms[leg].tolist(), strict=True))
    scores: dict[str, float] = {}
    for leg, hits in found.items():
        for product, term in zip(hits.ids, terms[leg].tolist(), strict=True):
            scores[product] = scores.get(product, 0.0) + term
    return sorted(scores.items(), key=lambda one: (one[1], one[0]), reverse=True)


def describe(parts: Sequence[SystemInfo], name: str) -> SystemInfo:
    """The info of a fusion: identity of its parts' identities, sum of their parameters if known."""
    read = [modalities_of(part) for part in parts]
    common = [kind for kind in read[0] if all(kind in other for other in read)]
    if not common:
        each = ", ".join(f"{p.name} {' and '.join(r)}" for p, r in zip(parts, read, strict=True))
        raise DataError(f"{name}: these systems read nothing in common ({each}); fuse others")
    params = [part.params for part in parts]
    return SystemInfo(
        name=name,
        kind="pipeline",
        identity=f"rrf/1 {CONSTANT} " + " + ".join(part.identity for part in parts),
        family="fusion",
        licence=" + ".join(dict.fromkeys(part.licence for part in parts)),
        params=sum(params) if None not in params else None,  # type: ignore[arg-type]
        trained_on=tuple(dict.fromkeys(data for part in parts for data in part.trained_on)),
        warnings=tuple(dict.fromkeys(w for part in parts for w in part.warnings)),
        about={"modalities": common, "constant": CONSTANT},
        parts=tuple(parts),
    )


def modalities_of(info: SystemInfo) -> tuple[str, ...]:
    """What a system reads: of an encoder its modalities, of another what it says of itself, else all."""
    said = getattr(info, "modalities", None) or info.about.get("modalities")
    return tuple(said) if isinstance(said, list | tuple) else ("text", "image")


def name_of(system: Any) -> str:
    return str(getattr(system, "name", system.info.name))
