"""What a SKU looks like: all that a drawing needs to know of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from skulens.world.config import Stream
from skulens.world.truth.colours import Rgb


@dataclass(frozen=True)
class Look:
    """What the drawing of one SKU needs to know."""

    kind: str
    values: Mapping[str, str]
    """Attribute key -> value."""
    base: Rgb
    second: Rgb
    """Colour of pattern, trim or lid."""
    spu: str
    """Seeds the silhouette: equal for siblings."""
    sku: str
    face: str = "front"
    """Which side is drawn: front, back or side."""

    def get(self, key: str) -> str:
        return self.values.get(key, "")

    def vary(self, name: str, low: float, high: float) -> float:
        """A measure of the silhouette, the same for all variants of the SPU."""
        return Stream("silhouette", self.spu, name).uniform(low, high)

    def pick(self, name: str, values):
        """A trait of the silhouette, the same for all variants of the SPU."""
        return Stream("silhouette", self.spu, name).choice(values)

    @property
    def pattern(self) -> str:
        for key in ("pattern/print", "pattern print", "pattern"):
            if key in self.values:
                return self.values[key]
        return "solid"
