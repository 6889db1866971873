"""A picture of a SKU before it is drawn."""

from collections.abc import Callable
from dataclasses import dataclass

from skulens.world.render.regions import Region


def nothing() -> tuple[Region, ...]:
    return ()


@dataclass(frozen=True)
class Shot:
    """One picture of a SKU, not drawn yet."""

    path: str
    """Within the shop."""
    view: str
    """front, back, side, use, label or photo"""
    split: str
    """"gallery", or the fold that a probe photo belongs to."""
    draw: Callable[[], bytes]
    """Gives the encoded picture."""
    regions: Callable[[], tuple[Region, ...]] = nothing
    """Gives what is printed in it, without drawing it."""
