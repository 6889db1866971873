"""One drawing per class: from a Look to shapes on a Canvas in a box of 200 x 200 units."""

from collections.abc import Callable

from skulens.world.canvas.svg import Canvas
from skulens.world.draw import (
    bags,
    cleaner,
    clothing,
    electronics,
    food,
    fruit,
    furniture,
    jewelry,
    shoes,
)
from skulens.world.truth.look import Look

DRAWINGS: dict[str, Callable[[Canvas, Look, str], None]] = {
    "backpack": bags.backpack,
    "chair": furniture.chair,
    "cleaner": cleaner.cleaner,
    "cloth": clothing.cloth,
    "diamond": jewelry.diamond,
    "drink": food.drink,
    "fruit": fruit.fruit,
    "gold": jewelry.gold,
    "handbag": bags.handbag,
    "headphone": electronics.headphone,
    "laptop": electronics.laptop,
    "pants": clothing.pants,
    "phone": electronics.phone,
    "shoes": shoes.shoes,
    "snack": food.snack,
    "suitcase": bags.suitcase,
    "table": furniture.table,
}
"""class -> its drawing function (canvas, look, brand)."""
