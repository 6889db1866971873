"""The errors of a run: which products it puts first for which others, and how these are alike.

An error is a probe whose first product is wrong.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from skulens.bench.result import Result
from skulens.bench.store import first_products, relevant_products
from skulens.records import Product

KINDS = ("same SPU", "same brand", "same class", "other")
"""How a wrong product is like the right one; the first that holds."""
BRANDS = ("brand", "brand name", "brand_name", "manufacturer", "maker", "vendor")
"""Attribute keys that name the brand."""
EXAMPLES = 4
"""Probes named for each pair."""


@dataclass(frozen=True)
class Pair:
    """Probes of `right` for which `found` was put first."""

    right: str
    found: str
    probes: int
    of: int
    """Probes of `right`."""
    back: int
    """Probes of `found` for which `right` was put first."""
    back_of: int
    examples: tuple[str, ...]
    """The first few of these probes."""
    kind: str | None = None
    """Of KINDS; None without the catalogue."""
    text_angle_deg: float | None = None
    """Between the texts of the two products."""
    picture_angle_deg: float | None = None
    """Between their gallery pictures."""
    words: tuple[str, str] = ("", "")
    """A human-readable text of each."""
    photos: dict[str, str] = field(default_factory=dict)
    """Example probe -> path of its photo."""

    def as_dict(self) -> dict:
        return asdict(self) | {
            "share": self.probes / self.of,
            "back_share": self.back / self.back_of if self.back_of else None,
        }


@dataclass(frozen=True)
class Cause:
    """Errors whose wrong product is like the right one in this way."""

    kind: str
    errors: int
    share: float
    """Of all errors."""
    expected: float
    """The share if every wrong product were any other one of the gallery, equally likely."""


@dataclass(frozen=True)
class Answers:
    """What a run answered."""

    firsts: dict[str, str]
    """Query -> the product that was ranked first."""
    relevant: dict[str, tuple[str, ...]]
    """Query -> its relevant products, best grade first."""

    @classmethod
    def of(cls, result: Result) -> "Answers":
        return cls(first_products(result), relevant_products(result))


def confused_pairs(answers: Answers) -> list[Pair]:
    """Every pair with at least one error, most errors first, then largest share, then ids.

    A probe with several relevant products counts for the one of highest grade.
    """
    wrong: dict[tuple[str, str], list[str]] = {}
    asked = Counter(relevant[0] for relevant in answers.relevant.values())
    for query, relevant in answers.relevant.items():
        first = answers.firsts.get(query)
        if first is not None and first not in relevant:
            wrong.setdefault((relevant[0], first), []).append(query)
    pairs = [
        Pair(r, f, len(q), asked[r], len(wrong.get((f, r), ())), asked[f], tuple(q[:EXAMPLES]))
        for (r, f), q in wrong.items()
    ]
    return sorted(pairs, key=lambda p: (-p.probes, -p.probes / p.of, p.right, p.found))


@dataclass(frozen=True)
class Traits:
    """What decides how alike two products are; None where the catalogue does not say."""

    spu: str | None
    brand: str | None
    kind: str | None

    @classmethod
    def of(cls, product: Product) -> "Traits":
        brand = next(
            (a.value for key in BRANDS for a in product.attributes if a.key.casefold() == key), None
        )
        kind = " / ".join(product.category) or None
        return cls(
            product.spu,
            *(text.strip().casefold() if text and text.strip() else None for text in (brand, kind)),
        )

    def named(self) -> tuple[str | None, str | None, str | None]:
        return self.spu, self.brand, self.kind


def kind_of(right: Traits, found: Traits) -> str:
    """The first of KINDS that holds; what the catalogue does not say is never the same."""
    for name, a, b in zip(KINDS, right.named(), found.named(), strict=False):
        if a is not None and a == b:
            return name
    return KINDS[-1]


def find_causes(
    pairs: Sequence[Pair], traits: Mapping[str, Traits], gallery: Sequence[str]
) -> list[Cause]:
    """How the errors share out over KINDS, beside what chance alone would give.

    Args:
        gallery: ids of the products that could have been found.
    """
    errors: Counter[str] = Counter()
    expected: dict[str, float] = dict.fromkeys(KINDS, 0.0)
    neighbours = Neighbours([traits[p] for p in gallery])
    for pair in pairs:
        errors[kind_of(traits[pair.right], traits[pair.found])] += pair.probes
        for kind, share in neighbours.shares(traits[pair.right]).items():
            expected[kind] += share * pair.probes
    total = sum(errors.values())
    return (
        [Cause(k, errors[k], errors[k] / total, expected[k] / total) for k in KINDS]
        if total
        else []
    )


class Neighbours:
    """How many products of a gallery are like one of it in each way.

    From counts of combinations of traits, so that no pair of products is looked at.
    """

    def __init__(self, gallery: Sequence[Traits]):
        self.size = len(gallery)
        self.counts: Counter[tuple] = Counter()
        for traits in gallery:
            for held in combinations(traits.named()):
                self.counts[held] += 1

    def shares(self, traits: Traits) -> dict[str, float]:
        """Kind -> share of the other products (inclusion and exclusion over SPU, brand, class)."""
        spu, brand, kind = traits.named()

        def count(*held) -> int:
            return self.counts[held] if any(h is not None for h in held) else 0

        same_spu = count(spu, None, None)
        same_brand = count(None, brand, None) - (count(spu, brand, None) if spu and brand else 0)
        same_kind = count(None, None, kind)
        if kind:
            same_kind -= count(spu, None, kind) if spu else 0
            same_kind -= count(None, brand, kind) if brand else 0
            same_kind += count(spu, brand, kind) if spu and brand else 0
        itself = next((i for i, t in enumerate((spu, brand, kind)) if t is not None), 3)
        found = [same_spu, same_brand, same_kind]
        found.append(self.size - sum(found))
        found[itself] -= 1
        others = max(self.size - 1, 1)
        return {k: n / others for k, n in zip(KINDS, found, strict=True)}


def combinations(named: tuple) -> set[tuple]:
    """Every way to keep some of the traits that are there and blank the others, but not all."""
    ways: set[tuple] = {()}
    for trait in named:
        ways = {(*w, t) for w in ways for t in {trait, None}}
    return ways - {(None,) * len(named)}


def list_unnamed(traits: Mapping[str, Traits]) -> list[str]:
    """Which of SPU, brand and class the catalogue never says."""
    names = ("SPU", "brand", "class")
    return [n for i, n in enumerate(names) if all(t.named()[i] is None for t in traits.values())]
