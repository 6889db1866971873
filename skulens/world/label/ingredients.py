"""Ingredients and their nutrition: a label's list, allergens and table are sums over one recipe,
so they agree.
"""

from collections.abc import Mapping
from typing import NamedTuple

WHOLE = 10_000
Recipe = dict[str, int]


class Ingredient(NamedTuple):
    """Per 100 g, grams; typical values rounded from public food tables."""

    fat: float = 0
    saturates: float = 0
    carbohydrate: float = 0
    sugars: float = 0
    protein: float = 0
    salt: float = 0
    allergens: tuple[str, ...] = ()
    animal: bool = False


ALLERGENS = ("milk", "soy", "nuts", "peanuts", "gluten", "egg", "sulphites")
MILK, SOY, NUTS, GLUTEN = ("milk",), ("soy",), ("nuts",), ("gluten",)
NOTHING = Ingredient()
INGREDIENTS = {
    "sugar": Ingredient(0, 0, 100, 100), "glucose syrup": Ingredient(0, 0, 79, 45),
    "honey": Ingredient(0, 0, 82, 82, 0.3, animal=True),
    "salt": Ingredient(salt=100), "sodium citrate": Ingredient(salt=60),
    "vinegar": Ingredient(0, 0, 0.5, 0.4),
    "matcha powder": Ingredient(5, 0.6, 10, 0, 30),
    "whole milk": Ingredient(3.6, 2.3, 4.7, 4.7, 3.4, 0.1, MILK, True),
    "skimmed milk powder": Ingredient(1, 0.6, 52, 52, 35, 1.3, MILK, True),
    "milk protein": Ingredient(1.5, 1, 4, 3, 82, 0.4, MILK, True),
    "whey protein": Ingredient(6, 3.5, 6, 5, 78, 0.5, MILK, True),
    "soya drink powder": Ingredient(20, 3, 30, 12, 40, 0.3, SOY),
    "soya protein": Ingredient(1, 0.2, 3, 0, 86, 1.5, SOY),
    "soya lecithin": Ingredient(93, 15, 5, 0, 0, 0, SOY), "pectin": Ingredient(0, 0, 5, 2, 1),
    "beef gelatine": Ingredient(0.1, 0, 0, 0, 85, 0.5, animal=True),
    "maize starch": Ingredient(0.1, 0, 88, 0, 0.4),
    "dried beef": Ingredient(8, 3.4, 0.5, 0, 54, 0.4, animal=True),
    "soy sauce": Ingredient(0, 0, 5, 1, 8, 14, ("soy", "gluten")),
    "chilli powder": Ingredient(14, 2.5, 30, 7, 13, 0.1),
    "garlic powder": Ingredient(0.7, 0.2, 64, 2.4, 17, 0.1),
    "onion powder": Ingredient(1, 0.2, 64, 7, 10, 0.2),
    "black pepper": Ingredient(3.3, 1.4, 39, 0.6, 10),
    "paprika": Ingredient(13, 2.1, 19, 10, 14, 0.2),
    "yeast extract": Ingredient(1, 0.2, 10, 1, 50, 12),
    "sunflower oil": Ingredient(100, 11), "coconut oil": Ingredient(100, 87),
    "cocoa powder": Ingredient(14, 8, 14, 1, 20, 0.05),
    "desiccated coconut": Ingredient(65, 57, 7, 6, 7, 0.1),
    "raisins": Ingredient(0.5, 0.1, 75, 65, 3, 0.03),
    "dried cranberries": Ingredient(1.3, 0.1, 78, 70, 0.2),
    "almonds": Ingredient(50, 3.8, 7, 4.4, 21, 0, NUTS),
    "cashews": Ingredient(44, 7.8, 27, 6, 18, 0.03, NUTS),
    "walnuts": Ingredient(65, 6, 7, 2.6, 15, 0, NUTS),
    "hazelnuts": Ingredient(61, 4.5, 7, 4.3, 15, 0, NUTS),
    "peanuts": Ingredient(49, 7, 8, 4.7, 26, 0.02, ("peanuts",)),
    "pumpkin seeds": Ingredient(49, 8.7, 5, 1.4, 30, 0.02),
    "sunflower seeds": Ingredient(51, 4.5, 11, 2.6, 21),
    "oats": Ingredient(7, 1.2, 59, 1, 13, 0.02, GLUTEN),
    "wheat flour": Ingredient(1.2, 0.2, 71, 0.7, 10, 0, GLUTEN),
    "barley malt": Ingredient(0.5, 0.1, 76, 60, 5, 0.1, GLUTEN),
    "rice crisps": Ingredient(1, 0.3, 84, 2, 7, 0.5), "rice flour": Ingredient(1, 0.3, 79, 0.2, 6),
    "pea protein": Ingredient(7, 1.4, 3, 0.5, 80, 2),
    "egg white powder": Ingredient(0, 0, 4.5, 4.5, 80, 3, ("egg",), True),
    "sulphur dioxide": Ingredient(allergens=("sulphites",)),
    "beetroot juice": Ingredient(0, 0, 9, 8, 1),
    "juice": Ingredient(0, 0, 10.5, 10, 0.3), "puree": Ingredient(0.2, 0, 15, 13, 0.6),
    "dried": Ingredient(0.5, 0.1, 76, 62, 2.4, 0.02),
    "milk": Ingredient(19, 17, 3, 3, 2, 0.03),
}  # fmt: skip
"""Ingredient -> its Ingredient; those without an entry
(water, extracts, acids, sweeteners ...) are NOTHING.

A form of the flavouring fruit is "form:flavour", such as "juice:mango";
"milk:coconut" is not a dairy product.
"""


def ingredient(name: str) -> Ingredient:
    """What the table says of an ingredient or of a form of a fruit."""
    return INGREDIENTS.get(name.partition(":")[0] if ":" in name else name, NOTHING)


def allergens(recipe: Mapping[str, int]) -> list[str]:
    """In the order of ALLERGENS."""
    found = {a for name in recipe for a in ingredient(name).allergens}
    return [a for a in ALLERGENS if a in found]


class Nutrition(NamedTuple):
    """Per 100 g or 100 ml as printed: tenths of a gram, salt in hundredths."""

    fat: int
    saturates: int
    carbohydrate: int
    sugars: int
    protein: int
    salt: int

    @property
    def kj(self) -> int:
        """Energy from the printed numbers (Regulation (EU) 1169/2011, annex XIV)."""
        return round_half_up(17 * self.protein + 17 * self.carbohydrate + 37 * self.fat)

    @property
    def kcal(self) -> int:
        return round_half_up(4 * self.protein + 4 * self.carbohydrate + 9 * self.fat)


def round_half_up(tenths: int) -> int:
    return (tenths + 5) // 10


def nutrition(recipe: Mapping[str, int]) -> Nutrition:
    """The sum over the ingredients."""
    sums = [0.0] * 6
    for name, share in recipe.items():
        found = ingredient(name)
        if found is not NOTHING:
            for k, grams in enumerate(found[:6]):
                sums[k] += share * grams
    fat, saturates, carbohydrate, sugars, protein = (round(v / (WHOLE / 10)) for v in sums[:5])
    return Nutrition(fat, saturates, carbohydrate, sugars, protein, round(sums[5] / (WHOLE / 100)))
