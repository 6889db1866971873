"""Titles, captions and descriptions by template; they are templated text and say so in world.json.

The title holds brand, class and what no picture shows; what the picture shows stays out of it and is said by
caption and description. Values are the words of the attributes, so that a text can be checked.
"""

from skulens.catalog.world.config import Stream
from skulens.catalog.world.products import Variant
from skulens.catalog.world.vocabulary import LANGUAGES, translated

NOUNS = {
    "backpack": "backpack", "chair": "chair", "cleaner": "cleaner", "cloth": "top", "diamond": "diamond jewelry", "drink": "drink",
    "fruit": "fruit", "gold": "jewelry", "handbag": "handbag", "headphone": "headphones", "laptop": "laptop",
    "pants": "pants", "phone": "phone", "shoes": "shoes", "snack": "snack", "suitcase": "suitcase", "table": "table",
}  # fmt: skip
SUBTYPES = ("shoe type", "bag type", "chair type", "product type", "fruit type")
"""Visual keys whose value is a better noun than the class."""
FACTS = {
    "material": "{}", "lining details": "{}", "stretch": "{}", "occasion": "for {}", "target demographic": "for {}",
    "rise": "{}", "style": "{} style", "outsole material": "{} outsole", "insole material": "{} insole",
    "shoe width": "{} width", "water resistance": "{}", "capacity": "{}", "strap type": "{} strap",
    "activities": "for {}", "special features": "{}", "size": "size {}", "interior features": "{}",
    "lock type": "{}", "expandable": "{}", "product type": "{}", "volume": "{}", "sugar content": "{}", "organic": "{}",
    "region of origin": "from {}", "allergen information": "{}", "texture": "{}", "calories": "{} calories",
    "specialty diet": "{}", "shelf life": "{}", "flavor": "{} flavor", "storage capacity": "{}", "ram": "{} ram",
    "camera resolution": "{} camera", "battery capacity": "{}", "processor": "{}", "connectivity options": "{}",
    "display technology": "{}", "release year": "{}", "screen size": "{}", "operating system": "{}",
    "display resolution": "{}", "refresh rate": "{}", "cooling system": "{}", "noise control": "noise control: {}",
    "battery life": "{}", "charging port type": "{}", "location": "for the {}", "cushion type": "cushion: {}",
    "table type": "{}", "room/location": "for the {}", "seating capacity": "seats {}",
    "assembly required": "assembly required: {}", "purity": "{}", "chain length": "{} long", "gender": "for {}",
    "formula": "{}", "skin information": "{}",
    "diamond clarity": "clarity {}", "diamond cut": "cut {}", "jewelry collection": "{}", "closure type": "{}",
}  # fmt: skip
"""Text-only key -> how its value is said in a title."""
SIGHTS = {
    "sleeve length": "{}", "collar type": "{}", "closure type": "{} closure", "closure": "{} closure", "pockets": "{}",
    "hem shape": "{} hem", "inseam": "{}", "fit": "{} fit", "hem": "{}", "fabric": "{}", "shoe type": "{}",
    "heel height": "{}", "boot height": "{} height", "toe style": "{}", "compartments": "{}", "material": "{}",
    "bag type": "{}", "handle type": "{}", "hardware": "{} hardware", "embellishment": "{}", "shell type": "{}",
    "number of wheels": "{}", "container type": "{}", "flavor": "{} flavor", "scent": "{} scent", "quantity per pack": "{} in the picture",
    "storage type": "{}", "number of cameras": "{} camera", "screen size": "{}", "touch screen": "touch screen: {}",
    "keyboard type": "{} keyboard", "ear placement": "{} fit", "connectivity technology": "{}", "style": "{} style",
    "chair type": "{}", "arm type": "{}", "back type": "{}", "shape": "{} shape", "table base": "{} base",
    "number of drawers": "drawers: {}", "stone type": "{} stone", "design": "{} design", "diamond shape": "{} cut stone",
    "metal material": "{}", "setting style": "{} setting", "product type": "{}", "fruit type": "{}",
}  # fmt: skip
"""Visible key -> how its value is said in a caption."""
PATTERNS = ("pattern/print", "pattern print", "pattern")


def texts(variant: Variant) -> dict[str, str]:
    """Role -> text: title, title_id, title_ms, title_vi, title_th, caption, description."""
    titles = {f"title_{language}": title(variant, language) for language in LANGUAGES[1:]}
    return {"title": title(variant)} | titles | {"caption": caption(variant), "description": description(variant)}


def title(variant: Variant, language: str = "en") -> str:
    """Brand, class and every invisible attribute; no visible one."""
    order = Stream("title", variant.spu)
    hidden = [a for a in variant.attributes if a.modality == "text"]
    facts = [fact(a.key, a.value, language) for a in order.sample(hidden, len(hidden))]
    noun = translated("nouns", NOUNS[variant.kind], language)
    brand_first = order.chance(0.7) and language == "en"
    head = f"{variant.brand} {noun}" if brand_first else f"{noun[:1].upper()}{noun[1:]} {variant.brand}"
    return f"{head}, {', '.join(facts)}"


def fact(key: str, value: str, language: str) -> str:
    """One invisible attribute in words."""
    return translated("phrases", FACTS[key], language).format(translated("values", value, language))


def noun_of(variant: Variant) -> str:
    """The most exact visible name of the thing."""
    seen = {a.key: a.value for a in variant.attributes if a.modality != "text"}
    name = next((seen[k] for k in SUBTYPES if k in seen), NOUNS[variant.kind])
    if variant.kind == "shoes" and name == "boots":
        return "boots"
    if variant.kind == "drink":
        return f"drink in a {seen['container type']}"
    if variant.kind == "cleaner":
        return f"cleaner in a {seen['container type']}"
    if variant.kind == "snack":
        return f"snack in a {seen['container type']}"
    return name


def sights(variant: Variant) -> list[str]:
    """What there is to see beside colour, pattern and the name of the thing."""
    said = set(SUBTYPES) | set(PATTERNS) | {"color", "brand", "container type"}
    return [
        SIGHTS[a.key].format(a.value).replace("closure closure", "closure")
        for a in variant.attributes
        if a.modality != "text" and a.key not in said
    ]


def pattern_of(variant: Variant) -> str:
    found = next((a.value for a in variant.attributes if a.key in PATTERNS), "")
    return {"solid color": "solid"}.get(found, found)


PLURAL = ("headphones", "pants", "sneakers", "boots", "sandals", "loafers", "pumps", "slippers", "earrings", "stud earrings")


def an(words: str, noun: str) -> str:
    """With the article: "a red chair", "an orange chair", "a pair of red boots"."""
    if noun in PLURAL or noun.removeprefix("diamond ") in PLURAL:
        return f"a pair of {words}"
    return f"{'an' if words[:1] in 'aeiou' else 'a'} {words}"


def caption(variant: Variant) -> str:
    """One line on everything visible, by one of several templates."""
    stream = Stream("caption", variant.id)
    colour, pattern, noun = variant.value("color"), pattern_of(variant), noun_of(variant)
    if variant.kind == "diamond":
        noun = f"diamond {noun}"
    rest = ", ".join(stream.sample(sights(variant), 9))
    front = " ".join(w for w in (colour, pattern, noun) if w)
    return stream.choice((
        f"{front}, {rest}", f"{variant.brand} {front} with {rest}", f"{an(front, noun)} by {variant.brand}: {rest}",
        f"{noun} in {' '.join(w for w in (colour, pattern) if w)}, {rest}, {variant.brand}", f"photo of {an(front, noun)}, {rest}",
    ))  # fmt: skip


def description(variant: Variant) -> str:
    """Two or three sentences: what is visible, then what is not."""
    stream = Stream("description", variant.id)
    colour, pattern, noun = variant.value("color"), pattern_of(variant), noun_of(variant)
    seen, facts = sights(variant), [FACTS[a.key].format(a.value) for a in variant.attributes if a.modality == "text"]
    first = stream.choice((
        f"{an(f'{colour} {noun}', noun).capitalize()} by {variant.brand}.", f"{noun.capitalize()} by {variant.brand} in {colour}.",
        f"{variant.brand} {noun}, colour {colour}.",
    ))  # fmt: skip
    second = f" Pattern: {pattern}." if pattern else ""
    third = stream.choice((" It shows: {}.", " Details: {}.", " Look: {}.")).format(", ".join(seen))
    last = stream.choice((" Also: {}.", " Good to know: {}.")).format(", ".join(stream.sample(facts, 3)))
    return first + second + third + last
