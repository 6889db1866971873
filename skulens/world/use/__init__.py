"""Products in use: one function per class draws a whole scene of 256 x 256 units around the product's own drawing."""

from collections.abc import Callable

from skulens.world.canvas.svg import Canvas
from skulens.world.config import Stream
from skulens.world.truth.look import Look
from skulens.world.use import things, worn

USES: dict[str, Callable[[Canvas, Look, str, Stream], None]] = {**things.USES, **worn.USES}
"""class -> its scene of use (canvas, look, brand, stream of the scene's choices)."""
