"""How well scores find known faults, with limits chosen on one half and judged on the other.

The rule: the limit of a score is the value that at most a given share of the undegraded pictures of
the first catalogue exceeds (5 %). It is judged on the pictures of the second, which are other
products with other faults. One picture per SPU, so that trials are independent.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import PIL.Image

from skulens.curate.captions.reviewing import binomial_interval
from skulens.curate.pictures.degrade import FAULTS, degrade
from skulens.curate.pictures.scores import PictureScore
from skulens.errors import DataError, PictureError
from skulens.pictures import load
from skulens.records import Product

SHARE = 0.05
LEAST = 20
"""Pictures of which a share of 5 % can be told."""
Scores = dict[tuple[str, str], np.ndarray]
"""(score, fault or "") -> (pictures,)."""


@dataclass(frozen=True, slots=True)
class Share:
    """A proportion with its exact 95 % interval."""

    hits: int
    n: int

    @property
    def value(self) -> float:
        return self.hits / self.n if self.n else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        return binomial_interval(self.hits, self.n)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{100 * self.value:5.1f} [{100 * low:.1f}, {100 * high:.1f}] of {self.n}"


@dataclass(frozen=True, slots=True)
class Judged:
    """A score against a fault, on the second catalogue."""

    score: str
    fault: str
    limit: float
    recall: Share
    """Of the degraded pictures, those that fail."""
    false_alarms: Share
    """Of the undegraded ones."""
    precision: Share
    """Of those that fail, the degraded ones, where both are equally frequent."""

    def as_dict(self) -> dict[str, Any]:
        """JSON values."""
        shares = {n: getattr(self, n) for n in ("recall", "false_alarms", "precision")}
        told = {
            n: {"hits": s.hits, "n": s.n, "low": s.interval[0], "high": s.interval[1]}
            for n, s in shares.items()
        }
        return {"score": self.score, "fault": self.fault, "limit": self.limit, **told}


def first_pictures(products: Iterable[Product], most: int = 0) -> list[PIL.Image.Image]:
    """One picture of each SPU, at most so many (0: all); unreadable ones are left out."""
    found: dict[str, PIL.Image.Image] = {}
    for product in products:
        spu = product.spu or product.id
        if spu in found or not product.images:
            continue
        try:
            found[spu] = load(product.images[0])
        except PictureError:
            continue
        if len(found) == most:
            break
    return list(found.values())


def score_all(
    pictures: Sequence[PIL.Image.Image],
    scores: Sequence[PictureScore],
    seed: int,
    step: Callable[[], object] = lambda: None,
) -> Scores:
    """All scores of all pictures, undegraded ("") and with each fault.

    Args:
        step: called after each picture.
    """
    found: dict[tuple[str, str], list[float]] = {
        (s.name, fault): [] for s in scores for fault in ("", *FAULTS)
    }
    for number, picture in enumerate(pictures):
        for fault in ("", *FAULTS):
            shown = degrade(picture, fault, number, pictures, seed) if fault else picture
            for score in scores:
                found[score.name, fault].append(score.score(shown))
        step()
    return {place: np.array(values) for place, values in found.items()}


def choose_limit(clean: np.ndarray, higher_is_worse: bool, share: float = SHARE) -> float:
    """The value beyond which at most this share of the undegraded pictures lie."""
    known = clean[~np.isnan(clean)]
    at = 1 - share if higher_is_worse else share
    return float(np.quantile(known, at, method="higher" if higher_is_worse else "lower"))


def judge(
    tuning: Scores, held_out: Scores, scores: Sequence[PictureScore], share: float = SHARE
) -> list[Judged]:
    """Every score against every fault."""
    judged = []
    for score in scores:
        limit = choose_limit(tuning[score.name, ""], score.higher_is_worse, share)
        sign = 1 if score.higher_is_worse else -1
        alarms = sign * held_out[score.name, ""] > sign * limit
        for fault in FAULTS:
            hits = sign * held_out[score.name, fault] > sign * limit
            both = int(hits.sum() + alarms.sum())
            judged.append(
                Judged(
                    score.name, fault, limit, Share(int(hits.sum()), len(hits)),
                    Share(int(alarms.sum()), len(alarms)), Share(int(hits.sum()), both),
                )
            )  # fmt: skip
    return judged


def check_enough(pictures: Sequence[PIL.Image.Image], what: str) -> None:
    if len(pictures) < LEAST:
        raise DataError(
            f"{what} has {len(pictures)} products with a picture, expected at least {LEAST}: a "
            "share of 5 % cannot be told from fewer"
        )
