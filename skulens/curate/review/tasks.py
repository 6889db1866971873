"""Queries -> Label Studio tasks: what is shown, what is judged, and what is filled in before."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from skulens.curate.review.form import ABOUT, DECISION, FITS, INSTRUCTION, NO, YES, choice
from skulens.curate.review.pictures import Show, nothing
from skulens.curate.review.words import digest_of, words_to_read, words_to_rewrite
from skulens.errors import PictureError
from skulens.records import Condition, Image, Product, Query, Reject

MAKER = "skulens"
"""`model_version` of predictions."""
NOBODY = "-"
"""In place of first answers where there are none, or none may be seen."""


@dataclass(frozen=True, slots=True)
class First:
    """What an earlier round said of a query, to be shown and filled in."""

    text: str
    fits: Mapping[str, bool]
    """Product -> whether it satisfies all conditions, where that was agreed."""
    decision: str = ""
    """Empty: not agreed."""


@dataclass
class Tasks:
    """Makes tasks; what cannot be shown is in `rejects`."""

    products: Mapping[str, Product]
    show: Show
    round: int = 1
    rejects: list[Reject] = field(default_factory=list)

    def task(
        self, query: Query, candidates: Sequence[str], first: First | None = None
    ) -> dict | None:
        """One task in Label Studio's basic JSON format; None where a reference cannot be shown.

        Args:
            candidates: products to judge, in this order.
            first: of an earlier round; the text is shown, the rest filled in.
        """
        shown = self.references(query)
        if shown is None:
            return None
        listed = [self.product(p, query) for p in candidates]
        data = {
            "query_id": query.id,
            "digest": digest_of(query),
            "round": self.round,
            "instruction": words_to_read(query),
            "words": words_to_rewrite(query),
            "conditions": "; ".join(map(tell_condition, query.conditions)) or "no conditions known",
            "first": first.text if first else NOBODY,
            "references": shown,
            "candidates": listed,
            **{k: v for k, v in query.tags.items() if k in ("language", "class", "n_conditions")},
        }
        return {"data": data, "predictions": [self.prediction(query, candidates, first)]}

    def references(self, query: Query) -> list[dict[str, str]] | None:
        """Pictures of the query in reading order, each with its product."""
        by_part = {c.part: c.product for c in query.conditions if c.part is not None}
        found: list[dict[str, str]] = []
        for place, part in enumerate(query.item.parts):
            if not isinstance(part, Image):
                continue
            name = by_part.get(place) or next(iter(query.references), "")
            product = self.products.get(name)
            try:
                picture = self.show(name or query.id, part)
            except PictureError as e:
                self.rejects.append(
                    Reject(f"query {query.id}", name, f"picture: {e}", "correct it; not exported")
                )
                return None
            title = f"{len(found) + 1}. {product.title if product else name}"
            found.append({"id": name, "title": title, "picture": picture})
        return found

    def product(self, name: str, query: Query) -> dict[str, str]:
        """A candidate; one without a readable picture is shown by its title."""
        product = self.products[name]
        picture = ""
        if product.images:
            try:
                picture = self.show(name, product.images[0])
            except PictureError as e:
                todo = "correct it; shown without"
                self.rejects.append(Reject(f"query {query.id}", name, f"picture: {e}", todo))
        return {"id": name, "title": product.title or name, "picture": picture or nothing()}

    def prediction(
        self, query: Query, candidates: Sequence[str], first: First | None
    ) -> dict[str, object]:
        """What is filled in: the judgements known, or what an earlier round agreed on."""
        known = {p: grade > 0 for p, grade in query.relevant.items()}
        fits = known | dict(first.fits) if first else known
        result = [
            choice(f"{FITS}_{i}", f"{ABOUT}_{i}", YES if fits[p] else NO)
            for i, p in enumerate(candidates)
            if p in fits
        ]
        if first and first.decision:
            result.append(choice(DECISION, INSTRUCTION, first.decision))
        return {"model_version": MAKER, "result": result}


def tell_condition(condition: Condition) -> str:
    """ "color: red"."""
    said = f"{condition.key}: {condition.value}" if condition.value else condition.key
    return said if condition.relation == "same" else f"{said} ({condition.relation})"


def choose_candidates(query: Query, further: Iterable[str], most: int) -> list[str]:
    """At most so many products to judge: answers and hard negatives (each half of them at most),
    then further candidates; references are none."""
    half = max(most // 2, 1)
    near = [p for p in query.hard_negatives if query.relevant.get(p, 0) <= 0]
    wanted = [*query.answers[:half], *near[:half], *further]
    shown = set(query.references)
    return [p for p in dict.fromkeys(wanted) if p not in shown][:most]
