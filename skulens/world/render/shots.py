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
    """within the shop"""
    view: str
    """front, back, side, use, label or photo"""
    split: str
    """"gallery", or the fold that a probe photo belongs to"""
    draw: Callable[[], bytes]
    """gives the encoded picture"""
    regions: Callable[[], tuple[Region, ...]] = nothing
    """gives what is printed in it, without drawing it"""
