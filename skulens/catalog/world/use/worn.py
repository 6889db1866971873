"""Clothes, shoes, bags and jewelry worn and carried."""

from collections.abc import Callable

from skulens.catalog.world.config import Stream
from skulens.catalog.world.surface import Look
from skulens.catalog.world.svg import Canvas

USES: dict[str, Callable[[Canvas, Look, str, Stream], None]] = {}
"""class -> its scene of use (canvas, look, brand, stream of the background's choices)."""
