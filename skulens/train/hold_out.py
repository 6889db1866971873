"""SKUs kept out of training completely, so that new SKUs can be measured."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from skulens.errors import DataError
from skulens.records import Product


@dataclass(frozen=True)
class HoldOut:
    """A share of the SPUs, chosen by a seed: the same for all runs on the same products."""

    share: Fraction
    """In (0, 1)."""
    seed: int = 0

    def __post_init__(self):
        if not 0 < self.share < 1:
            raise DataError(f"expected a share between 0 and 1 to hold out, got {self.share}")

    @classmethod
    def parse(cls, text: str, seed: int = 0) -> "HoldOut":
        """From "1/3" or "0.25". Raises DataError."""
        try:
            return cls(Fraction(text), seed)
        except (ValueError, ZeroDivisionError):
            raise DataError(
                f"expected a share of the SPUs to hold out, such as 1/3, got {text!r}"
            ) from None

    def spus(self, products: Iterable[Product]) -> frozenset[str]:
        """The SPUs held out.

        Within each top class, SPUs are ordered by the SHA-256 of "seed:SPU"; the classes follow
        one another by name; of this one list, evenly spaced places are taken, its first place
        never. An SPU of several classes counts in the class of its first SKU.

        Raises:
            DataError: there are so few SPUs that none or all would be held out.
        """
        classes: dict[str, str] = {}
        for product in products:
            classes.setdefault(product.spu_or_id, product.category[0] if product.category else "")
        strata = defaultdict(list)
        for spu, top in classes.items():
            strata[top].append(spu)
        listed = [spu for top in sorted(strata) for spu in sorted(strata[top], key=self._digest)]
        taken = frozenset(
            spu
            for place, spu in enumerate(listed)
            if int((place + 1) * self.share) > int(place * self.share)
        )
        if not taken or len(taken) == len(listed):
            raise DataError(
                f"{self.share} of {len(listed)} SPUs holds out {len(taken)}; "
                "expected some to hold out and some to train on"
            )
        return taken

    def skus(self, products: Iterable[Product]) -> frozenset[str]:
        """Ids of all SKUs of the SPUs held out. Raises DataError as `spus`."""
        found = list(products)
        taken = self.spus(found)
        return frozenset(p.id for p in found if p.spu_or_id in taken)

    def _digest(self, spu: str) -> str:
        return hashlib.sha256(f"{self.seed}:{spu}".encode()).hexdigest()
