"""What a shop is made from: a seed, a frozen configuration,
and streams of chance named by what they decide.

Nothing here or in the rest of the package touches a global random state. A stream is named by a
path ("photo", sku, k), so that SKU i is the same whether 10 or 1,000,000 are made, by one
process or by many, and a new decision never shifts the ones that exist.
"""

import hashlib
import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from skulens.errors import DataError

VERSION = 10
"""Of the generator; rises whenever the same seed would give another shop."""

FONTS = Path(__file__).parent / "fonts"
"""Noto Sans under the SIL Open Font License; no other font is ever used."""
CLASSES = (
    "backpack", "chair", "cleaner", "cloth", "diamond", "drink", "fruit", "gold", "handbag",
    "headphone", "laptop", "pants", "phone", "shoes", "snack", "suitcase", "table",
)  # fmt: skip
"""The sixteen classes of the MERIT attribute cards, and household cleaners,
which carry hazard labels.
"""
VIEWS = ("front", "back", "side", "use", "label")
"""Pictures of the catalogue: three sides, the product in use, close-ups of its label."""


@dataclass(frozen=True)
class WorldConfig:
    """A shop, completely: equal configurations give identical bytes."""

    skus: int = 300
    """Products."""
    seed: int = 7
    px: int = 224
    """Side of every picture, pixels; the scene is the same at every size."""
    photos: int = 4
    """Probe photos of each SKU."""
    views: tuple[str, ...] = field(default=VIEWS)
    label_px: int = 384
    """Side of the close-ups of a label, pixels."""
    classes: tuple[str, ...] = field(default=CLASSES)
    noise: float = 0.2
    """Share of SKUs whose listings are wrong on purpose, 0 to 1; the products never are."""
    split: Literal["hash", "train", "test"] = "hash"
    """"hash": SPUs go to train and test by their seed; otherwise all go to the one named."""
    test_share: float = 0.2
    """Share of SPUs in test where split is "hash", 0 to 1."""

    def __post_init__(self):
        for name, known in (("classes", CLASSES), ("views", VIEWS)):
            chosen = tuple(getattr(self, name))
            object.__setattr__(self, name, tuple(k for k in known if k in chosen))
            if set(chosen) - set(known):
                raise DataError(
                    f"{name} must be some of {', '.join(known)}; got {', '.join(chosen)}"
                )
        if not self.classes:
            raise DataError(f"a shop needs at least one class of {', '.join(CLASSES)}")
        if self.skus < 1 or self.photos < 0:
            raise DataError(
                f"a shop needs skus >= 1 and photos >= 0, got {self.skus} and {self.photos}"
            )
        if not (32 <= self.px <= 2048 and 64 <= self.label_px <= 2048):
            raise DataError(
                "px must lie between 32 and 2048 and label_px between 64 and 2048, "
                f"got {self.px} and {self.label_px}"
            )
        if self.split not in ("hash", "train", "test"):
            raise DataError(f"split must be hash, train or test, got {self.split!r}")
        for name in ("noise", "test_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise DataError(f"{name} must lie between 0 and 1, got {getattr(self, name)}")

    def identity(self) -> str:
        """Hash of everything that decides the bytes of a SKU; `skus` does not."""
        fixed = {k: v for k, v in asdict(self).items() if k != "skus"} | {"version": VERSION}
        return hashlib.sha256(json.dumps(fixed, sort_keys=True).encode()).hexdigest()[:16]


class Stream:
    """A stream of chance named by a path: SHA-256 in counter mode, the same on every machine.

    Only integers and exact fractions of 2^53 come out, never a platform's logarithm or sine.
    """

    def __init__(self, *path: object):
        self.key = "\x1f".join(map(str, path)).encode()
        self.words: list[int] = []
        self.counter = 0

    def word(self) -> int:
        """The next 64 bits."""
        if not self.words:
            block = hashlib.sha256(self.key + b"\x1e%d" % self.counter).digest()
            self.counter += 1
            self.words = [int.from_bytes(block[i : i + 8], "little") for i in (24, 16, 8, 0)]
        return self.words.pop()

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        return low + (high - low) * ((self.word() >> 11) * 2.0**-53)

    def chance(self, share: float) -> bool:
        return self.uniform() < share

    def integer(self, low: int, high: int) -> int:
        """From `low` to `high`, both included."""
        return low + self.word() % (high - low + 1)

    def choice(self, values):
        return values[self.word() % len(values)]

    def sample(self, values, count: int) -> list:
        """`count` different members, in random order (all of them where there are fewer)."""
        left = list(values)
        return [left.pop(self.word() % len(left)) for _ in range(min(count, len(left)))]

    def bell(self, spread: float) -> float:
        """Sum of three uniforms, mean 0, within +-`spread`: a normal without a logarithm."""
        return spread * (2 * (self.uniform() + self.uniform() + self.uniform()) / 3 - 1)


def turn(degrees: float) -> tuple[float, float]:
    """(cosine, sine) rounded so that no libm's last digit reaches a picture."""
    angle = math.radians(degrees)
    return round(math.cos(angle), 9), round(math.sin(angle), 9)
