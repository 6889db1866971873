"""Which pictures a SKU has: the sides, the use, the close-ups of its label, and the probe photos."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from skulens.catalog.world.config import WorldConfig
from skulens.catalog.world.photo import clean_scene, photo
from skulens.catalog.world.products import Variant
from skulens.catalog.world.regions import Region
from skulens.catalog.world.svg import Canvas, render

NO_REGIONS: tuple[Region, ...] = ()


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
    regions: Callable[[], tuple[Region, ...]] = lambda: NO_REGIONS
    """gives what is printed in it, without drawing it"""


def shots(config: WorldConfig, variant: Variant) -> Iterator[Shot]:
    """Every picture of a SKU, the front first."""
    shelf = f"{variant.index // 1000:04d}"
    for view in config.views:
        if view in ("front", "back", "side"):
            yield side(f"images/{shelf}/{variant.id}-{view}.png", variant, view, config.px)
    for k in range(config.photos):
        yield Shot(f"photos/{shelf}/{variant.id}-{k}.jpg", "photo", variant.split, lambda k=k: photo(variant, k, config.px))


def side(path: str, variant: Variant, face: str, px: int) -> Shot:
    """The front, back or side of a product, alone on white."""

    def scene() -> Canvas:
        return clean_scene(replace(variant, look=replace(variant.look, face=face)), px)

    return Shot(path, face, "gallery", lambda: render(scene().svg(), px))
