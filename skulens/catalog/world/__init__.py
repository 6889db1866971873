"""The procedural shop: seeded products with complete ground truth."""

from skulens.catalog.world.config import CLASSES, WorldConfig
from skulens.catalog.world.reader import World

__all__ = ["CLASSES", "World", "WorldConfig"]
