"""The procedural shop: seeded products with complete ground truth."""

from skulens.world.config import CLASSES, WorldConfig
from skulens.world.reader import World

__all__ = ["CLASSES", "World", "WorldConfig"]
