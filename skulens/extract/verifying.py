"""Claims of anybody against the pictures of a catalogue, item by item.

with ClaimGroups() as groups:
    groups.add(ClaimTable(path).read(reject), reject)
    for verified in verify_claims_of(catalog.products(), groups, looker): ...
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from skulens.catalog.claim_groups import ClaimGroups
from skulens.catalog.claim_rows import Told
from skulens.claims import Seen, Verdict
from skulens.records import Product, Reject
from skulens.verify.chain import verify_claims
from skulens.verify.look import Looker


@dataclass(frozen=True)
class Verified:
    """The claims of one item with their verdicts."""

    product: Product
    seen: Seen
    told: tuple[Told, ...]
    verdicts: tuple[Verdict, ...]
    """One per claim, same order."""
    rejects: tuple[Reject, ...]
    """Pictures that could not be looked at."""


def verify_claims_of(
    products: Iterable[Product], groups: ClaimGroups, looker: Looker
) -> Iterator[Verified]:
    """Every product of which something is claimed, in order; the pictures of others are not read.

    A claim without a language takes the product's.
    """
    waiting: dict[str, list[Told]] = {}

    def claimed() -> Iterator[Product]:
        for product in products:
            if told := groups.take(product.id):
                waiting[product.id] = told
                yield product

    for product, seen, rejects in looker.look(claimed()):
        told = tuple(_with_language(one, product) for one in waiting.pop(product.id))
        verdicts = tuple(verify_claims([one.claim for one in told], seen))
        yield Verified(product, seen, told, verdicts, tuple(rejects))


def _with_language(told: Told, product: Product) -> Told:
    if told.claim.language or not product.language:
        return told
    return replace(told, claim=replace(told.claim, language=product.language))


@dataclass
class Counts:
    """Sums over what was verified."""

    items: int = 0
    pictures: int = 0
    by_field: dict[str, Counter[str]] = field(default_factory=dict)
    """Field -> label -> claims that say something."""
    not_visible: int = 0
    """Claims that a field is not visible: U, since no photo proves it."""
    subs: Counter[str] = field(default_factory=Counter)
    """ "VI contradicted" ... -> claims."""

    def add(self, verified: Verified) -> None:
        self.items += 1
        self.pictures += len(verified.seen.sizes)
        for told, verdict in zip(verified.told, verified.verdicts, strict=True):
            if told.claim.value is None:
                self.not_visible += 1
                continue
            self.by_field.setdefault(told.claim.field, Counter())[verdict.label] += 1
            self.subs[f"{verdict.label} {verdict.sub}".strip()] += 1

    def total(self, label: str) -> int:
        """Claims of one label, over all fields."""
        return sum(counts[label] for counts in self.by_field.values())

    @property
    def claims(self) -> int:
        """All that got a verdict, those of "not visible" included."""
        return sum(c.total() for c in self.by_field.values()) + self.not_visible
