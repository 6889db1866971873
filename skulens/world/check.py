"""Contradictions in what a shop says of its products, found before a reader finds them.

The rules say what is true of such goods anywhere; they read the records (attributes, texts in all
languages, labels) and know nothing of how the generator decides. What a picture shows is checked
as far as records tell it: the colour it is painted with, and keys that are drawn.
"""

import colorsys
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from skulens.world.config import WorldConfig
from skulens.world.label.facts import Label, label_of
from skulens.world.label.makers import REGIONS
from skulens.world.label.words import MARKETS, words
from skulens.world.truth.colours import JITTER, RGB
from skulens.world.truth.products import Variant, variants
from skulens.world.truth.texts import texts


@dataclass(frozen=True)
class Contradiction:
    """Something in the records of a SKU that cannot be."""

    rule: str
    """One of RULES."""
    sku: str
    said: str
    """The words that contradict each other, or the text that is wrong."""


@dataclass(frozen=True)
class Record:
    """What is said of a SKU."""

    variant: Variant
    values: dict[str, str]
    """Attribute key -> value."""
    texts: dict[str, str]
    """Role -> text: title, caption_th and so on."""
    label: Label


class Need(NamedTuple):
    """Of a class: where `key` has one of `values` (any at all where none is named), `other` has
    one of `allowed`; "" stands for a product that lacks it.
    """

    kind: str
    key: str
    values: tuple[str, ...]
    other: str
    allowed: tuple[str, ...]


BASE = ("sterling silver", "stainless steel", "brass", "titanium")
WOOD = ("wood", "solid wood", "bamboo", "veneer")
UNPOWERED = ("sound isolation", "none")
CALM = ("casual", "work", "travel")
WALK = (*CALM, "hiking")
COFFEES = ("orange", "cherry", "coconut", "mint")
FRUITY = ("strawberry", "orange", "lemon", "grape", "apple", "mango", "cherry", "peach")
NEEDS: dict[str, tuple[Need, ...]] = {
    "material against purity": (
        Need("gold", "purity", ("24k",), "material", ("24k gold",)),
        Need("gold", "purity", ("18k", "14k", "10k"), "material", ("",)),
        Need("gold", "purity", ("gold plated",), "material", BASE),
        Need("gold", "purity", ("gold filled",), "material", ("sterling silver", "brass")),
        Need("gold", "purity", ("24k",), "color", ("gold",)),
        Need("gold", "purity", ("gold plated", "gold filled"), "color", ("gold", "rose gold")),
    ),
    "material against picture": (
        Need("table", "color", ("natural wood",), "material", WOOD),
        Need("table", "color", ("walnut",), "material", ("wood", "veneer")),
        Need("table", "pattern/print", ("wood grain",), "material", WOOD),
        Need("chair", "color", ("natural",), "material", WOOD),
        Need("chair", "chair type", ("office chair",), "material", ("metal", "steel", "plastic")),
        Need("chair", "cushion type", (), "cushion type", ("padded", "memory foam", "gel")),
    ),
    "class against material": (
        Need("backpack", "special features", ("waterproof",), "material",
             ("nylon", "canvas", "leather")),
        Need("handbag", "interior features", ("suede interior",), "material",
             ("PU leather", "leather", "faux leather", "nylon")),
        Need("shoes", "outsole material", ("leather",), "water resistance",
             ("water-resistant", "non-waterproof", "quick-dry")),
        Need("suitcase", "shell type", ("soft shell",), "material", ("nylon", "polyester")),
    ),
    "class against feature": (
        Need("chair", "special features", ("foldable",), "chair type", ("folding chair",)),
        Need("chair", "special features", ("stackable",), "chair type",
             ("dining chair", "folding chair", "bar stool")),
        Need("headphone", "battery life", (), "connectivity technology", ("wireless",)),
        Need("headphone", "charging port type", (), "connectivity technology", ("wireless",)),
        Need("headphone", "connectivity technology", ("wired",), "noise control", UNPOWERED),
        Need("headphone", "connectivity technology", ("wired",), "special features",
             ("waterproof", "voice commands")),
        Need("diamond", "closure type", ("screw back",), "product type", ("stud earrings",)),
        Need("diamond", "closure type", ("lobster clasp", "spring ring clasp", "box clasp"),
             "product type", ("pendant necklace", "tennis bracelet")),
        Need("suitcase", "expandable", ("expandable zipper", "+2 inch expansion"), "closure type",
             ("zipper closure", "flap with buckle")),
        Need("headphone", "special features", ("transparency mode",), "noise control",
             ("active noise cancellation", "adaptive noise cancellation")),
        Need("suitcase", "material", ("aluminum",), "closure type", ("clasp closure",)),
        Need("suitcase", "material", ("aluminum",), "expandable", ("non-expandable",)),
        Need("table", "table type", ("console table",), "shape", ("rectangular", "oval")),
        Need("table", "table type", ("desk",), "shape", ("rectangular", "square")),
        Need("laptop", "cooling system", ("passive cooling",), "refresh rate", ("60Hz", "120Hz")),
        Need("cleaner", "product type", ("drain opener",), "formula",
             ("concentrated", "ready to use", "phosphate free")),
        Need("drink", "product type", ("energy drink",), "container type",
             ("bottle", "can", "carton", "pouch", "box")),
        Need("snack", "product type", ("dried fruit",), "texture", ("crunchy", "smooth")),
    ),
    "size against class": (
        Need("gold", "chain length", (), "product type", ("necklace",)),
        Need("table", "seating capacity", (), "table type", ("dining table",)),
        Need("suitcase", "size", ("carry-on size",), "capacity", ("30L",)),
        Need("suitcase", "size", ("small",), "capacity", ("30L", "50L")),
        Need("suitcase", "size", ("medium",), "capacity", ("50L", "75L")),
        Need("suitcase", "size", ("large",), "capacity", ("75L", "100L")),
        Need("handbag", "bag type", ("clutch",), "size", ("small", "medium")),
        Need("handbag", "interior features", ("laptop sleeve",), "size", ("medium", "large")),
        Need("drink", "container type", ("can",), "volume", ("500ml", "600ml")),
        Need("fruit", "fruit type", ("cherry", "strawberry"), "quantity per pack",
             ("3", "4", "5")),
        Need("fruit", "fruit type", ("watermelon",), "quantity per pack", ("1", "2")),
        Need("fruit", "fruit type", ("watermelon",), "storage type", ("fresh", "gift box")),
    ),
    "flavour against class": (
        Need("drink", "product type", ("iced coffee", "cold brew coffee"), "flavor", COFFEES),
        Need("drink", "product type", ("matcha",), "flavor",
             ("strawberry", "mango", "coconut", "peach", "blueberry", "mint")),
        Need("drink", "product type", ("green tea", "herbal tea"), "flavor",
             (*FRUITY, "blueberry", "mint")),
        Need("drink", "product type", ("energy drink",), "flavor",
             (*FRUITY, "blueberry", "watermelon", "mint")),
        Need("fruit", "fruit type", ("lemon", "lime"), "flavor", ("sour", "tart", "tangy")),
        Need("fruit", "fruit type", ("banana", "watermelon", "pear"), "flavor", ("sweet",)),
        Need("fruit", "fruit type", ("mango", "peach"), "flavor", ("sweet", "tangy")),
        Need("snack", "product type", ("dried fruit", "fruit snacks"), "flavor",
             ("lemon", "mango", "strawberry", "apple", "banana", "pineapple")),
        Need("snack", "product type", ("beef jerky",), "flavor",
             ("chili", "garlic", "honey", "pepper")),
    ),
    "audience against class": (
        Need("cloth", "target demographic", (), "target demographic", ("women", "teens", "elder")),
        Need("gold", "gender", ("girls",), "occasion", ("birthday", "everyday")),
        Need("diamond", "jewelry collection", ("bridal collection",), "occasion",
             ("wedding", "engagement", "anniversary")),
        Need("shoes", "shoe type", ("pumps", "loafers"), "occasion", CALM),
        Need("shoes", "shoe type", ("slippers",), "occasion", ("casual", "travel")),
        Need("shoes", "shoe type", ("sandals", "boots"), "occasion", WALK),
        Need("shoes", "heel height",
             ("platform", "mid heel (2-3 inches)", "high heel (3+ inches)"), "occasion", CALM),
        Need("shoes", "outsole material", ("leather",), "occasion", CALM),
        Need("pants", "occasion", ("sports",), "fabric", ("cotton",)),
    ),
    "place against class": (
        Need("chair", "chair type", ("office chair",), "location",
             ("living room", "office", "bedroom")),
        Need("chair", "chair type", ("dining chair",), "location",
             ("living room", "dining room", "patio")),
        Need("chair", "chair type", ("bar stool",), "location",
             ("living room", "dining room", "patio")),
        Need("chair", "chair type", ("rocking chair",), "location",
             ("living room", "bedroom", "patio")),
        Need("table", "table type", ("dining table",), "room/location", ("dining room", "kitchen")),
        Need("table", "table type", ("desk",), "room/location",
             ("living room", "bedroom", "office")),
        Need("table", "table type", ("coffee table",), "room/location", ("living room", "office")),
        Need("cleaner", "product type", ("dish soap",), "room/location", ("kitchen",)),
        Need("cleaner", "product type", ("laundry detergent",), "room/location",
             ("bathroom", "whole house")),
        Need("cleaner", "product type", ("drain opener",), "room/location",
             ("kitchen", "bathroom")),
    ),
}  # fmt: skip
"""Rule -> what goods of a class cannot do without."""
OPPOSITES = (
    ("vegan", "contains milk"), ("vegan", "honey"), ("vegan", "beef jerky"),
    ("nut free", "trail mix"), ("nut free", "contains nuts"), ("keto", "dried fruit"),
    ("keto", "honey"), ("low sugar", "honey"), ("high sugar", "keto"),
    *((free, drink) for free in ("caffeine-free", "caffeine free")
      for drink in ("energy drink", "iced coffee", "cold brew coffee", "green tea", "matcha")),
    ("zero calories", "contains milk"), ("zero calories", "contains soy"),
    ("24k", "sterling silver"), ("hard shell", "nylon"),
)  # fmt: skip
"""Values that no product has at once."""
LONGEST = {"title": 200, "caption": 320, "description": 420}
"""Characters of a text at most, by role, in any language."""
SHAPELESS = re.compile(r"[{}]|  |(?:^| )[,.;:]|[,;:] *[,;:.]|[,;:]$|^ | $|^$|\bNone\b")
DOUBLED = re.compile(r"\b(\w{2,}) \1\b", re.IGNORECASE)
HOT = {"chili"}
"""A country in Indonesian and Malay, a spice in English."""
TWINS = {"orange orange", "bora bora", "pom pom"}
"""Words that are rightly said twice: the fruit in its colour, an island, a bobble."""


def check_shop(config: WorldConfig) -> Iterator[Contradiction]:
    """Every contradiction in the records of a shop, SKU by SKU, in order; nothing is drawn."""
    before: Variant | None = None
    for variant in variants(config):
        yield from check_record(record_of(variant))
        if before and before.spu == variant.spu:
            yield from check_siblings(before, variant)
        before = variant


def record_of(variant: Variant) -> Record:
    values = {a.key: a.value for a in variant.attributes}
    return Record(variant, values, texts(variant), label_of(variant))


def check_record(record: Record) -> Iterator[Contradiction]:
    for rule, found in (
        *((rule, unmet(record, needs)) for rule, needs in NEEDS.items()),
        ("opposites", opposites(record.values)),
        ("colour against picture", miscoloured(record)),
        ("label against attributes", mislabelled(record)),
        ("country not as a name", uncapitalised(record)),
        ("word said twice", doubled(record)),
        ("text that does not fit", unfit(record)),
    ):
        for said in found:
            yield Contradiction(rule, record.variant.id, said)


def check_siblings(one: Variant, other: Variant) -> Iterator[Contradiction]:
    """Neighbours of one SPU that are on both sides of the split, or are no variants at all."""
    if one.split != other.split:
        yield Contradiction("siblings apart", other.id, f"{one.split} and {other.split}")
    if (one.kind, one.brand) != (other.kind, other.brand):
        said = f"{one.brand} {one.kind} and {other.brand} {other.kind}"
        yield Contradiction("siblings apart", other.id, said)


RULES = (
    *NEEDS, "opposites", "colour against picture", "label against attributes",
    "country not as a name", "word said twice", "text that does not fit", "siblings apart",
)  # fmt: skip


# Rules.


def unmet(record: Record, needs: Iterable[Need]) -> Iterator[str]:
    values = record.values
    for need in needs:
        if need.kind != record.variant.kind:
            continue
        value, other = values.get(need.key, ""), values.get(need.other, "")
        if value and (not need.values or value in need.values) and other not in need.allowed:
            yield f"{need.kind}: {need.key} {value!r}, {need.other} {other!r}"


def opposites(values: dict[str, str]) -> Iterator[str]:
    said = set(values.values())
    for one, other in OPPOSITES:
        if one in said and other in said:
            yield f"{one!r} and {other!r}"


def miscoloured(record: Record) -> Iterator[str]:
    """What is drawn is not what the attributes say, or a title names another colour."""
    variant, colour = record.variant, record.values["color"]
    drawn = dict(variant.look.values)
    said = {key: value for key, value in record.values.items() if key != "brand"}
    if drawn != said:
        yield f"drawn {sorted(drawn.items() - said.items())}"
    if not is_shade(variant.look.base, colour):
        yield f"{colour!r} drawn in {variant.look.base}"
    if variant.kind not in ("gold", "diamond"):  # whose titles name metals
        told = re.findall(r"[\w ]+", record.texts["title"].casefold())
        for other in {word.strip() for word in told} & set(RGB) - {colour}:
            yield f"title says {other!r}, the picture shows {colour!r}"


def is_shade(rgb: tuple[int, int, int], colour: str) -> bool:
    """Whether a colour is the word's own but for the jitter of a SKU."""
    hue, light, rich = colorsys.rgb_to_hls(*(v / 255 for v in rgb))
    own_hue, own_light, own_rich = colorsys.rgb_to_hls(*(v / 255 for v in RGB[colour]))
    apart = abs((hue - own_hue + 0.5) % 1 - 0.5)
    grey = max(rich, own_rich) < 0.12 or light > 0.9  # has no hue to speak of
    near = apart <= JITTER and abs(rich - own_rich) <= 0.1
    return abs(light - own_light) <= JITTER + 0.01 and (grey or near)


def mislabelled(record: Record) -> Iterator[str]:
    """What the label says otherwise than the attributes."""
    values, label = record.values, record.label
    for field, value in (
        ("country of origin", REGIONS.get(values.get("region of origin", "").casefold())),
        ("purity", values.get("purity")),
        ("size", values.get("size")),
        ("seats", values.get("seating capacity")),
        ("clarity", values.get("diamond clarity")),
        ("brand", values["brand"]),
    ):
        fact = label.one(field)
        if value and fact and fact.value != value:
            yield f"{field} {fact.value!r}, attribute {value!r}"
    name = label.one("product name")
    for key in ("flavor", "scent"):
        tasted = values.get(key, "") if "container type" in values else ""
        if name and tasted not in name.value:
            yield f"label names {name.value!r}, {key} {tasted!r}"
    if record.variant.kind == "table" and (size := label.one("size")):
        width, depth = (int(cm) for cm in size.value.split(" x ")[:2])
        if (width == depth) != (values["shape"] in ("round", "square")):
            yield f"dimensions {size.value!r}, shape {values['shape']!r}"
    composition = " ".join(fact.value for fact in label.all("material composition"))
    karat = re.search(r"\b(\d+)K gold", composition)
    solid = values.get("purity", "").endswith("k")
    if solid and karat and values["purity"] != f"{karat[1]}k":
        yield f"label says {karat[0]!r}, purity {values['purity']!r}"


@cache
def country_names() -> re.Pattern[str]:
    """Names of countries in small letters, in the languages that have capitals."""
    names = {
        name.casefold()
        for market in MARKETS
        for name in (*REGIONS, *words(market)["countries"].values())
        if name.isascii() and len(name) > 2 and name.casefold() not in HOT
    }
    return re.compile(rf"\b(?:{'|'.join(sorted(names))})\b")


def uncapitalised(record: Record) -> Iterator[str]:
    printed = [fact.text for fact in record.label.all("country of origin")]
    for text in (*record.values.values(), *record.texts.values(), *printed):
        for name in country_names().findall(text):
            yield f"{name!r} in {text!r}"


def doubled(record: Record) -> Iterator[str]:
    """A word twice in a row, a part of a title twice; "caffeine-free, caffeine free" too."""
    for role, text in record.texts.items():
        for word in DOUBLED.findall(text):
            if f"{word} {word}".casefold() not in TWINS:
                yield f"{word!r} in {role}: {text!r}"
        if role.startswith("title"):
            parts = text.casefold().split(", ")
            plain = [part.replace("-", " ") for part in parts]
            for part in {part for part in plain if plain.count(part) > 1}:
                yield f"{part!r} twice in {role}: {text!r}"
            for part in parts:
                said = part.split()
                if len(set(said)) < len(said):
                    yield f"a word twice in {part!r} of {role}: {text!r}"
    for fact in record.label.facts:
        if fact.field in ("product name", "claim", "material composition", "country of origin"):
            for word in DOUBLED.findall(fact.text):
                yield f"{word!r} on the label: {fact.text!r}"


def unfit(record: Record) -> Iterator[str]:
    """Open slots, stray or doubled separators, blanks at the ends, texts too long to be shown."""
    for role, text in record.texts.items():
        if found := SHAPELESS.search(text):
            yield f"{found[0]!r} in {role}: {text!r}"
        if len(text) > LONGEST[role.partition("_")[0]]:
            yield f"{role} of {len(text)} characters: {text!r}"
    for fact in record.label.facts:
        if fact.text != fact.text.strip() or "{" in fact.text or "  " in fact.text:
            yield f"{fact.field} on the label: {fact.text!r}"
