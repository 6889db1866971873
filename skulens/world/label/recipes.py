"""What foods are made of: ingredients in shares,
chosen so that every promise of the attributes holds.

A recipe is {ingredient: share in hundredths of a percent}, 10,000 in all.
"""

from skulens.world.label.draft import Draft
from skulens.world.label.ingredients import WHOLE, Recipe, nutrition

FRUIT = ("lemon", "mango", "strawberry", "apple", "banana", "pineapple")
SPICES = {"chili": "chilli powder", "garlic": "garlic powder", "pepper": "black pepper"}
LOW_SUGAR_G, LOW_SUGAR_DRINK_G, NO_SUGAR_G = 5.0, 2.5, 0.5
"""Most sugars per 100 g or 100 ml with these promises (Regulation (EC) 1924/2006)."""
HIGH_PROTEIN_SHARE = 0.2
"""Least share of the energy from protein (the same regulation)."""
KETO_CARBOHYDRATE_G = 15.0
"""Most carbohydrate per 100 g of a snack for ketogenic diets, by our own definition:
no law has one.
"""
CALORIES = {"low": (0, 300), "medium": (301, 479), "high": (480, 900)}
"""Value of "calories" -> kcal per 100 g, our own definition."""
INSIDE_KCAL = (8, 40)
"""How far within its band a recipe is brought that lay outside."""


def recipe_of(draft: Draft) -> Recipe:
    """The recipe of a drink or snack, the largest share first."""
    recipe = drink(draft) if draft.variant.kind == "drink" else snack(draft)
    return dict(sorted(recipe.items(), key=lambda entry: (-entry[1], entry[0])))


def fill_up(recipe: Recipe, main: str) -> Recipe:
    """With as much of the main ingredient as makes it whole."""
    recipe = {name: share for name, share in recipe.items() if share}
    recipe[main] = recipe.get(main, 0) + WHOLE - sum(recipe.values())
    return recipe


# Drinks.


def drink(draft: Draft) -> Recipe:
    kind, flavour, sugar = (draft.values[k] for k in ("product type", "flavor", "sugar content"))
    recipe = BASES[kind](draft)
    sweeten(draft, recipe, sugar)
    if flavour == "mint":
        recipe["extract:mint"] = 30
    elif sugar in ("zero calories", "no sugar") and not (
        flavour == "coconut" and sugar == "no sugar"
    ):
        recipe[f"flavouring:{flavour}"] = 15
    elif flavour == "coconut":
        recipe["milk:coconut"] = 100 * draft.pick("coconut", (3, 4, 5))
    else:
        recipe[f"juice:{flavour}"] = 100 * draft.pick(
            "juice", (5, 6, 8, 10, 12) if sugar == "high sugar" else (2, 3, 4)
        )
    add_milk_or_soy(draft, recipe, sugar)
    return fill_up(recipe, "water")


def sweeten(draft: Draft, recipe: Recipe, sugar: str) -> None:
    if sugar in ("zero calories", "no sugar"):
        natural = draft.values["organic"] != "vegan" or draft.chance("stevia", 0.5)
        recipe["steviol glycosides" if natural else "sucralose"] = draft.pick(
            "sweetener", (2, 3, 4)
        )
        return
    honey = (
        draft.values["organic"] != "vegan"
        and draft.values["product type"] == "herbal tea"
        and draft.chance("honey", 0.4)
    )
    recipe["honey" if honey else "sugar"] = draft.pick(
        "sugar", (700, 800, 900, 1000) if sugar == "high sugar" else (80, 100, 120)
    )


def add_milk_or_soy(draft: Draft, recipe: Recipe, sugar: str) -> None:
    """What the allergen information promises; coffee with milk also without a word about it."""
    said, vegan = draft.values["allergen information"], draft.values["organic"] == "vegan"
    coffee = draft.values["product type"] == "iced coffee"
    if said == "contains soy":
        recipe["soya protein" if sugar == "no sugar" else "soya drink powder"] = draft.pick(
            "soy", (150, 200, 250)
        )
    elif said == "contains milk" and sugar == "no sugar":
        recipe["milk protein"] = draft.pick("milk", (150, 200, 250))
    elif said == "contains milk" or (
        coffee and said == "gluten free" and not vegan and sugar == "high sugar"
    ):
        recipe["whole milk"] = draft.pick(
            "milk", (1500, 2000, 2500) if sugar == "high sugar" else (500, 800)
        )


def energy_drink(draft: Draft) -> Recipe:
    base = {
        "carbon dioxide": 40,
        "citric acid": 60,
        "sodium citrate": 20,
        "vitamins": 2,
        "carotenes": 1,
    }
    if draft.values["organic"] == "certified organic":
        return base | {"guarana extract": 30}
    return base | {"taurine": 40, "caffeine": 3}


def iced_coffee(draft: Draft) -> Recipe:
    return {"coffee extract": draft.pick("coffee", (250, 300, 400)), "sodium citrate": 5}


def cold_brew(draft: Draft) -> Recipe:
    return {"cold brew coffee": draft.pick("coffee", (1500, 2000, 2500)), "ascorbic acid": 3}


def herbal_tea(draft: Draft) -> Recipe:
    infusion = draft.pick("infusion", ("hibiscus infusion", "chamomile infusion"))
    root = draft.pick("root", ("lemongrass extract", "ginger extract", "rooibos extract"))
    return {infusion: draft.pick("strength", (1500, 2000)), root: 50, "citric acid": 15}


def green_tea(draft: Draft) -> Recipe:
    return {
        "green tea extract": draft.pick("tea", (20, 30, 40)),
        "jasmine flowers": 10 * draft.chance("jasmine", 0.5),
        "ascorbic acid": 3,
    }


def matcha(draft: Draft) -> Recipe:
    return {
        "matcha powder": 5
        if draft.values["sugar content"] == "zero calories"
        else draft.pick("tea", (40, 60, 80)),
        "ascorbic acid": 3,
    }


BASES = {
    "energy drink": energy_drink, "iced coffee": iced_coffee, "cold brew coffee": cold_brew,
    "herbal tea": herbal_tea,
    "green tea": green_tea, "matcha": matcha,
}  # fmt: skip


# Snacks.


def snack(draft: Draft) -> Recipe:
    """Base, flavour and what must be in it; then brought into its band of calories."""
    kind, band = draft.values["product type"], draft.values["calories"]
    recipe, main, up, down = SNACKS[kind](draft)
    recipe = fill_up(recipe, main)
    energy = nutrition(recipe).kcal
    low, high = CALORIES[band]
    if low <= energy <= high:
        return recipe
    agent = up if energy < low else down
    inside = draft.stream("calories").integer(*INSIDE_KCAL)
    aim = low + inside if energy < low else high - inside
    share = (aim - energy) / (nutrition({agent: WHOLE}).kcal - energy)
    scaled = {
        name: max(1, round(part * (1 - share))) for name, part in recipe.items() if name != main
    }
    if agent != main:
        scaled[agent] = scaled.get(agent, 0) + round(WHOLE * share)
    return fill_up(scaled, main)


def strict(draft: Draft) -> bool:
    """Whether hardly any sugar may be in it."""
    return draft.values["specialty diet"] in ("keto", "low sugar")


def flavour_with(draft: Draft, form: str, share: int) -> Recipe:
    """The flavour as this form of a fruit, as honey or as a spice."""
    flavour = draft.values["flavor"]
    if flavour in FRUIT:
        return {f"{form}:{flavour}": 200 if strict(draft) else share}
    if flavour == "honey":
        return {"honey": 150 if strict(draft) else 500}
    return {SPICES[flavour]: draft.pick("spice", (60, 80, 120))}


def keep_promise(draft: Draft, **choices: tuple[str, int]) -> Recipe:
    """The ingredient and share that the allergen information asks for: nuts, milk or soy."""
    said = draft.values["allergen information"].removeprefix("contains ")
    return dict([choices[said]]) if said in choices else {}


def beef_jerky(draft: Draft) -> tuple[Recipe, str, str, str]:
    diet, said = draft.values["specialty diet"], draft.values["allergen information"]
    recipe = {
        "salt": 150,
        "paprika": 40,
        "onion powder": 30,
        "smoke flavouring": 20,
        "yeast extract": 25,
        "sugar": 50 if strict(draft) else 350,
    }
    recipe |= flavour_with(draft, "puree", 300)
    if diet == "gluten free":
        return (
            recipe | {"vinegar": 150} | keep_promise(draft, soy=("soya protein", 300)),
            "dried beef",
            "sunflower oil",
            "water",
        )
    sauce = "soy sauce" if said == "contains soy" or draft.chance("soy sauce", 0.3) else "vinegar"
    return recipe | {sauce: 300}, "dried beef", "sunflower oil", "water"


def dried_fruit(draft: Draft) -> tuple[Recipe, str, str, str]:
    recipe = {
        "raisins": draft.pick("raisins", (1000, 1500, 2000)),
        "sugar": 400 * draft.chance("sugared", 0.5),
        "sunflower oil": 50,
        "citric acid": 20,
    }
    recipe |= {
        "dried cranberries": 900 * draft.chance("cranberries", 0.5),
        "sulphur dioxide": 5 * draft.chance("sulphited", 0.3),
    }
    recipe |= keep_promise(
        draft,
        nuts=(draft.pick("nut", ("almonds", "cashews", "hazelnuts")), 900),
        soy=("soya lecithin", 60),
    )
    return recipe, f"dried:{draft.values['flavor']}", "coconut oil", "water"


def fruit_snacks(draft: Draft) -> tuple[Recipe, str, str, str]:
    flavour, vegan = draft.values["flavor"], draft.values["specialty diet"] == "vegan"
    gel = {"pectin": 150} if vegan or draft.chance("pectin", 0.4) else {"beef gelatine": 500}
    recipe = gel | {
        "citric acid": 80,
        f"flavouring:{flavour}": 20,
        draft.pick("colour", ("carotenes", "beetroot juice")): 10,
    }
    if strict(draft):
        recipe |= {
            "maize starch": 3000 if draft.values["calories"] == "low" else 6000,
            "sucralose": 3,
            f"puree:{flavour}": 2000,
        }
        recipe |= keep_promise(
            draft, nuts=("hazelnuts", 400), milk=("milk protein", 400), soy=("soya protein", 400)
        )
        return recipe, "water", "coconut oil", "water"
    recipe |= {"sugar": 2500, "glucose syrup": 2300, "maize starch": 800}
    recipe |= keep_promise(
        draft, nuts=("hazelnuts", 500), milk=("skimmed milk powder", 500), soy=("soya protein", 500)
    )
    return (
        recipe,
        f"puree:{flavour}",
        "sugar" if draft.values["calories"] == "medium" else "coconut oil",
        "water",
    )


def trail_mix(draft: Draft) -> tuple[Recipe, str, str, str]:
    diet = draft.values["specialty diet"]
    first, second = draft.pick(
        "nuts", (("almonds", "hazelnuts"), ("almonds", "cashews"), ("hazelnuts", "walnuts"))
    )
    if strict(draft):
        first, second = "walnuts", "almonds"  # the least sugars
    recipe = {
        second: 1500,
        "pumpkin seeds": 1200,
        "sunflower seeds": 700,
        "salt": 60,
    } | flavour_with(draft, "dried", 1200)
    recipe |= keep_promise(draft, milk=("milk protein", 400), soy=("soya protein", 400))
    if diet == "high protein":
        return recipe | {"pea protein": 2500, "raisins": 700}, first, first, "pea protein"
    if strict(draft):
        return recipe | {"desiccated coconut": 1200}, first, first, "pea protein"
    recipe |= {
        "raisins": 1800,
        "dried cranberries": 700,
        "peanuts": 800 * draft.chance("peanuts", 0.4),
    }
    if diet != "gluten free":
        recipe["oats"] = 700 * draft.chance("oats", 0.4)
    return recipe, first, first, "raisins"


def protein_snack(draft: Draft) -> tuple[Recipe, str, str, str]:
    diet, said = draft.values["specialty diet"], draft.values["allergen information"]
    milky = diet != "vegan" and said != "contains soy" and draft.chance("whey", 0.5)
    source = (
        "whey protein"
        if said == "contains milk" or milky
        else "soya protein"
        if said == "contains soy"
        else "pea protein"
    )
    recipe = {
        source: 4500 if diet == "high protein" else 3500,
        "sunflower oil": 500,
        "salt": 40,
    } | flavour_with(draft, "puree", 600)
    recipe |= keep_promise(
        draft, nuts=(draft.pick("nut", ("almonds", "cashews", "hazelnuts")), 800)
    )
    if draft.values["flavor"] not in SPICES:
        recipe["cocoa powder"] = 300
    if diet != "vegan" and said != "egg free" and draft.chance("egg", 0.4):
        recipe["egg white powder"] = 300
    main = source if draft.values["calories"] == "high" else "water"
    if strict(draft):
        return recipe | {"steviol glycosides": 3}, main, "coconut oil", "water"
    grain = draft.pick(
        "grain",
        ("rice crisps", "rice flour")
        if diet == "gluten free"
        else ("oats", "wheat flour", "rice crisps"),
    )
    recipe |= {"glucose syrup": 1300, grain: 1400}
    if diet != "gluten free":
        recipe["barley malt"] = 200 * draft.chance("malt", 0.4)
    return recipe, main, "coconut oil", "water"


SNACKS = {
    "beef jerky": beef_jerky, "dried fruit": dried_fruit, "fruit snacks": fruit_snacks,
    "trail mix": trail_mix, "protein snack": protein_snack,
}  # fmt: skip
"""Product type -> function giving (shares, the ingredient that fills up, what raises the energy,
what lowers it).
"""
