"""Where a drawing meets the floor: what its shadow is drawn under."""

from skulens.world.truth.look import Look

LIES_FLAT = ("cloth", "pants", "gold", "diamond")
"""Classes without a floor below them."""
LYING = ("in-ear", "neckband")
"""Headphones that cannot stand."""
CONTAINERS = {"jar": 86, "tub": 86, "box": 90, "carton": 92, "jug": 91}
CHAIRS = {"armchair": 102, "office chair": 102, "bar stool": 100, "rocking chair": 100}
BAGS = {"clutch": 50, "satchel": 80, "shoulder bag": 80, "hobo bag": 86}
FRUIT = {"1": 66, "2": 56, "3": 62, "4": 72, "5": 70}
"""Quantity of loose fruit -> where the lowest piece ends."""
LOWEST = {"table": 97, "backpack": 95, "phone": 96, "suitcase": 101}


def lies_flat(look: Look) -> bool:
    return look.kind in LIES_FLAT or look.get("ear placement") in LYING


def foot(look: Look) -> float:
    """How far below its middle the drawing of something that stands ends, in its own units."""
    if "container type" in look.values:
        return CONTAINERS.get(look.get("container type"), 94)
    if look.kind == "chair":
        return CHAIRS.get(look.get("chair type"), 97)
    if look.kind == "handbag":
        return BAGS.get(look.get("bag type"), 90)
    if look.kind == "fruit":
        whole = {"gift box": 97, "airtight sealed bag": 90}
        return whole.get(look.get("storage type")) or FRUIT[look.get("quantity per pack")]
    if look.kind == "laptop":
        return 101 if look.face == "front" else 81
    if look.kind == "shoes":
        return _sole(look)
    return _ears(look) if look.kind == "headphone" else LOWEST[look.kind]


def _sole(look: Look) -> float:
    if look.face != "front":
        return 87
    kind, heel = look.get("shoe type"), look.get("heel height")
    raised = kind in ("boots", "sandals") and heel != "flat"
    return 84 if raised else 75 if heel != "flat" else 71


def _ears(look: Look) -> float:
    """The case of earbuds; of headphones the cups, whatever hangs below them."""
    if look.get("ear placement") == "earbuds":
        return 92
    over = look.get("ear placement") == "over-ear"
    cup = look.vary("cup", 30, 35) if over else look.vary("cup", 21, 24)
    if look.face == "side":
        return 35 + cup * (1.57 if over else 1.35)
    return 26 + cup * (1.28 if over else 1)
