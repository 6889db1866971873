"""What several people said of a query -> what is to become of it, and how far they agree.

The latest round in which somebody judged a thing decides it. People of that round have to agree
(MERIT asks for unanimous approval, B.3); where they do not, the thing is disputed: it stays as it
is and comes first in the next round. Words of a rewrite are disputed too unless they are the same.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from skulens.curate.review.answers import Answer
from skulens.curate.review.form import DECISIONS, NO, YES, Decision
from skulens.curate.review.tasks import First
from skulens.errors import DataError
from skulens.evaluate.agreement import (
    Coefficient,
    LabelAgreement,
    Ratings,
    agreement_by_label,
    cohen_kappa,
    gwet_ac,
    krippendorff_alpha,
    pairs_of_raters,
    percent_agreement,
)
from skulens.evaluate.intervals import Interval
from skulens.records import Query


@dataclass(frozen=True, slots=True)
class Ruling:
    """What people settled of one query."""

    query: str
    decision: Decision | None
    """None: disputed."""
    words: str
    """Of a rewrite."""
    fits: Mapping[str, bool]
    """Products that all agree on."""
    disputed: tuple[str, ...]
    """Products that they do not agree on."""
    answers: tuple[Answer, ...]
    """All rounds, earliest first."""

    @property
    def urgency(self) -> int:
        """Of the next round: 0 the decision is disputed, 1 ambiguous, 2 a product is, 3 settled."""
        if self.decision is None:
            return 0
        if self.decision == "ambiguous":
            return 1
        return 2 if self.disputed else 3


@dataclass(frozen=True)
class Agreed:
    """How far people agree in one round on one question."""

    round: int
    asked: str
    """ "decision" or "candidates"."""
    share: Interval
    coefficients: tuple[Coefficient, ...]
    labels: tuple[LabelAgreement, ...]
    disagreements: tuple[str, ...]
    """Queries, or query and product, that were not judged alike."""


def settle(answers: Iterable[Answer], queries: Mapping[str, Query]) -> dict[str, Ruling]:
    """Query -> ruling, of the queries that somebody judged, by id."""
    mine: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        mine[answer.query].append(answer)
    return {name: settle_one(mine[name], queries[name]) for name in sorted(mine)}


def settle_one(answers: Sequence[Answer], query: Query) -> Ruling:
    ordered = tuple(sorted(answers, key=lambda a: (a.round, a.at, a.annotator)))
    last = [a for a in ordered if a.round == ordered[-1].round]
    said = {(means(a, query), " ".join(a.words.split())) for a in last}
    decision, words = said.pop() if len(said) == 1 else (None, "")
    fits, disputed = {}, []
    for product in dict.fromkeys(chain.from_iterable(a.fits for a in ordered)):
        latest = max(a.round for a in ordered if product in a.fits)
        told = {a.fits[product] for a in ordered if a.round == latest and product in a.fits}
        if len(told) == 1:
            fits[product] = told.pop()
        else:
            disputed.append(product)
    return Ruling(query.id, decision, words, fits, tuple(disputed), ordered)


def means(answer: Answer, query: Query) -> Decision:
    """The decision by what was marked: who keeps the words and marks a further product as an answer
    adds positives, and who adds none keeps."""
    if answer.decision not in ("keep", "add positives"):
        return answer.decision
    further = [p for p, fits in answer.fits.items() if fits and query.relevant.get(p, 0) <= 0]
    return "add positives" if further else "keep"


def first_of(ruling: Ruling, blind: bool) -> First | None:
    """What the next round is shown of this one; None where it may see nothing."""
    if blind:
        return None
    said = "; ".join(
        f"{a.annotator} (round {a.round}): {a.decision}"
        + (f', "{a.words}"' if a.words else "")
        + (f" ({a.comment})" if a.comment else "")
        for a in ruling.answers
    )
    return First(said, ruling.fits, ruling.decision or "")


# ----- agreement ------------------------------------------------------------------------------


def measure_agreement(
    answers: Sequence[Answer], queries: Mapping[str, Query], seed: int = 0
) -> list[Agreed]:
    """For each round in which two people judged the same: on decisions and on candidates."""
    found = []
    for number in sorted({a.round for a in answers}):
        mine = [a for a in answers if a.round == number]
        groups = {a.query: queries[a.query].group or a.query for a in mine}
        decisions = [(a.query, a.annotator, str(means(a, queries[a.query]))) for a in mine]
        found += agree(number, "decision", Ratings.of(decisions, DECISIONS, groups), seed)
        marks = [
            (f"{a.query} {p}", a.annotator, YES if fits else NO)
            for a in mine
            for p, fits in a.fits.items()
        ]
        of = {f"{a.query} {p}": groups[a.query] for a in mine for p in a.fits}
        found += agree(number, "candidates", Ratings.of(marks, (YES, NO), of), seed)
    return found


def agree(number: int, asked: str, ratings: Ratings, seed: int) -> list[Agreed]:
    """One row, or none where nothing was judged by two."""
    try:
        share = percent_agreement(ratings)
    except DataError:  # one annotator, or no overlap
        return []
    pairs = pairs_of_raters(ratings)
    kappa = [cohen_kappa(ratings, pairs[0], seed=seed)] if len(pairs) == 1 else []
    alpha, ac1 = krippendorff_alpha(ratings, seed=seed), gwet_ac(ratings, seed=seed)
    differing = [
        unit
        for unit, codes in zip(ratings.units, ratings.codes, strict=True)
        if len({c for c in codes if c >= 0}) > 1
    ]
    by_label = tuple(a for a in agreement_by_label(ratings) if a.given)
    return [Agreed(number, asked, share, (*kappa, alpha, ac1), by_label, tuple(differing))]
