"""Titles, captions and descriptions by template in five languages;
they are templated text and say so in world.json.

The title holds brand, class and what no picture shows; what the picture shows stays out of it and
is said by caption and description. Every language says the same facts, in its own order of words;
the words are those of `lexicon.json`, one phrase per value, so that a text can be checked against
the attributes.
"""

import re
from functools import cache

from skulens.world.config import Stream
from skulens.world.truth.products import Variant
from skulens.world.truth.vocabulary import LANGUAGES, translate

NOUNS = {
    "backpack": "backpack", "chair": "chair", "cleaner": "cleaner", "cloth": "top",
    "diamond": "diamond jewelry", "drink": "drink",
    "fruit": "fruit", "gold": "jewelry", "handbag": "handbag", "headphone": "headphones",
    "laptop": "laptop",
    "pants": "pants", "phone": "phone", "shoes": "shoes", "snack": "snack", "suitcase": "suitcase",
    "table": "table",
}  # fmt: skip
SUBTYPES = ("shoe type", "bag type", "chair type", "product type", "fruit type")
"""Visual keys whose value is a better noun than the class."""
FACTS = {
    "material": "{}", "lining details": "{}", "stretch": "{}", "occasion": "for {}",
    "target demographic": "for {}",
    "rise": "{}", "style": "{} style", "outsole material": "{} outsole",
    "insole material": "{} insole",
    "shoe width": "{} width", "water resistance": "{}", "capacity": "{}", "strap type": "{} strap",
    "activities": "for {}", "special features": "{}", "size": "size {}", "interior features": "{}",
    "lock type": "{}", "expandable": "{}", "product type": "{}", "volume": "{}",
    "sugar content": "{}", "organic": "{}",
    "region of origin": "from {}", "allergen information": "{}", "texture": "{}",
    "calories": "{} calories",
    "specialty diet": "{}", "shelf life": "{}", "flavor": "{} flavor", "storage capacity": "{}",
    "ram": "{} ram",
    "camera resolution": "{} camera", "battery capacity": "{}", "processor": "{}",
    "connectivity options": "{}",
    "display technology": "{}", "release year": "{}", "screen size": "{}", "operating system": "{}",
    "display resolution": "{}", "refresh rate": "{}", "cooling system": "{}",
    "noise control": "noise control: {}",
    "battery life": "{}", "charging port type": "{}", "location": "for the {}",
    "cushion type": "cushion: {}",
    "table type": "{}", "room/location": "for the {}", "seating capacity": "seats {}",
    "assembly required": "assembly required: {}", "purity": "{}", "chain length": "{} long",
    "gender": "for {}",
    "formula": "{}", "skin information": "{}",
    "diamond clarity": "clarity {}", "diamond cut": "cut {}", "jewelry collection": "{}",
    "closure type": "{}",
}  # fmt: skip
"""Text-only key -> how its value is said in a title."""
SIGHTS = {
    "sleeve length": "{}", "collar type": "{}", "closure type": "{} closure",
    "closure": "{} closure", "pockets": "{}",
    "hem shape": "{} hem", "inseam": "{}", "fit": "{} fit", "hem": "{}", "fabric": "{}",
    "shoe type": "{}",
    "heel height": "{}", "boot height": "{} height", "toe style": "{}", "compartments": "{}",
    "material": "{}",
    "bag type": "{}", "handle type": "{}", "hardware": "{} hardware", "embellishment": "{}",
    "shell type": "{}",
    "number of wheels": "{}", "container type": "{}", "flavor": "{} flavor", "scent": "{} scent",
    "quantity per pack": "{} in the picture",
    "storage type": "{}", "number of cameras": "{} camera", "screen size": "{}",
    "touch screen": "touch screen: {}",
    "keyboard type": "{} keyboard", "ear placement": "{} fit", "connectivity technology": "{}",
    "style": "{} style",
    "chair type": "{}", "arm type": "{}", "back type": "{}", "shape": "{} shape",
    "table base": "{} base",
    "number of drawers": "drawers: {}", "stone type": "{} stone", "design": "{} design",
    "diamond shape": "{} cut stone",
    "metal material": "{}", "setting style": "{} setting", "product type": "{}", "fruit type": "{}",
}  # fmt: skip
"""Visible key -> how its value is said in a caption."""
PATTERNS = ("pattern/print", "pattern print", "pattern")
CONTAINED = ("drink", "snack", "cleaner")
"""Classes named with the container they are sold in."""
LOOKS = {
    "en": ("{colour}", "{colour} {pattern}"), "id": ("warna {colour}", "warna {colour} {pattern}"),
    "ms": ("warna {colour}", "warna {colour} {pattern}"),
    "vi": ("màu {colour}", "màu {colour} {pattern}"),
    "th": ("สี{colour}", "สี{colour}{pattern}"),
}  # fmt: skip
"""How colour is said without and with a pattern."""
FRONTS = {
    "en": "{look} {noun}",
    "id": "{noun} {look}",
    "ms": "{noun} {look}",
    "vi": "{noun} {look}",
    "th": "{noun}{look}",
}
"""Where colour and pattern stand: before the noun in English, behind it elsewhere."""
CAPTIONS = {
    "en": (
        "{front}, {rest}", "{brand} {front} with {rest}", "{one} by {brand}: {rest}",
        "{noun} in {look}, {rest}, {brand}",
        "photo of {one}, {rest}",
    ),
    "id": (
        "{front}, {rest}", "{front} merek {brand}, {rest}", "{one} dari {brand}: {rest}",
        "{noun} {brand} {look}, {rest}",
        "foto {one}, {rest}",
    ),
    "ms": (
        "{front}, {rest}", "{front} jenama {brand}, {rest}", "{one} daripada {brand}: {rest}",
        "{noun} {brand} {look}, {rest}",
        "gambar {one}, {rest}",
    ),
    "vi": (
        "{front}, {rest}", "{front} hiệu {brand}, {rest}", "{one} của {brand}: {rest}",
        "{noun} {brand} {look}, {rest}",
        "ảnh chụp {one}, {rest}",
    ),
    "th": (
        "{front}, {rest}", "{front} แบรนด์ {brand}, {rest}", "{one}จาก {brand}: {rest}",
        "{noun} {brand} {look}, {rest}",
        "รูปถ่าย{one}, {rest}",
    ),
}  # fmt: skip
DESCRIPTIONS = {
    "en": (
        ("{one} by {brand}.", "{noun} by {brand} in {look}.", "{brand} {noun}, colour {look}."),
        (" It shows: {seen}.", " Details: {seen}.", " Look: {seen}."),
        (" Also: {facts}.", " Good to know: {facts}."),
    ),
    "id": (
        ("{one} dari {brand}.", "{noun} {brand} {look}.", "{front} merek {brand}."),
        (" Terlihat: {seen}.", " Detail: {seen}.", " Tampilan: {seen}."),
        (" Info lain: {facts}.", " Perlu diketahui: {facts}."),
    ),
    "ms": (
        ("{one} daripada {brand}.", "{noun} {brand} {look}.", "{front} jenama {brand}."),
        (" Kelihatan: {seen}.", " Butiran: {seen}.", " Rupa: {seen}."),
        (" Maklumat lain: {facts}.", " Perlu diketahui: {facts}."),
    ),
    "vi": (
        ("{one} của {brand}.", "{noun} {brand} {look}.", "{front} hiệu {brand}."),
        (" Đặc điểm: {seen}.", " Chi tiết: {seen}.", " Mô tả: {seen}."),
        (" Ngoài ra: {facts}.", " Nên biết: {facts}."),
    ),
    "th": (
        ("{one}จาก {brand}", "{noun} {brand} {look}", "{front} แบรนด์ {brand}"),
        (" จุดเด่น: {seen}", " รายละเอียด: {seen}", " ลักษณะ: {seen}"),
        (" ข้อมูลเพิ่มเติม: {facts}", " ควรรู้: {facts}"),
    ),
}  # fmt: skip
"""What it is; what is to be seen; what is not. Thai ends a sentence with a space."""
FACTS_TOLD = 3
"""Invisible facts in a description."""
PAIRS = (
    "sneakers",
    "boots",
    "sandals",
    "loafers",
    "pumps",
    "slippers",
    "earrings",
    "stud earrings",
)
PLURAL = ("headphones", "pants", *PAIRS)


def texts(variant: Variant) -> dict[str, str]:
    """Role -> text: title, title_id, title_ms, title_vi, title_th;
    likewise caption and description.
    """
    return {
        role if language == "en" else f"{role}_{language}": write(variant, language)
        for role, write in (("title", title), ("caption", caption), ("description", description))
        for language in LANGUAGES
    }


def title(variant: Variant, language: str = "en", *wording: object) -> str:
    """Brand, class and every invisible attribute; no visible one.
    `wording` names another order of words.
    """
    stream = Stream("title", variant.spu, *wording)
    hidden = [a for a in variant.attributes if a.modality == "text"]
    facts = [fact(a.key, a.value, language) for a in stream.sample(hidden, len(hidden))]
    noun = translate("nouns", NOUNS[variant.kind], language)
    brand_first = stream.chance(0.7) and language == "en"
    head = f"{variant.brand} {noun}" if brand_first else f"{capitalise(noun)} {variant.brand}"
    return f"{head}, {', '.join(facts)}"


def caption(variant: Variant, language: str = "en", *wording: object) -> str:
    """One line on everything visible, by one of several templates."""
    stream = _stream("caption", variant, language, wording)
    words = _words(variant, language, full_noun(variant))
    seen = sights(variant, language)
    rest = ", ".join(stream.sample(seen, len(seen)))
    return stream.choice(CAPTIONS[language]).format(rest=rest, **words)


def description(variant: Variant, language: str = "en", *wording: object) -> str:
    """Two or three sentences: what is visible, then some of what is not."""
    stream = _stream("description", variant, language, wording)
    first, second, third = DESCRIPTIONS[language]
    if language == "en":
        told = capitalise(
            stream.choice(first).format(
                **_words(variant, language, noun_of(variant), patterned=False)
            )
        )
        told += f" Pattern: {pattern_of(variant)}." if pattern_of(variant) else ""
    else:
        told = capitalise(
            stream.choice(first).format(**_words(variant, language, full_noun(variant)))
        )
    told += stream.choice(second).format(seen=", ".join(sights(variant, language)))
    template, facts = (
        stream.choice(third),
        [fact(a.key, a.value, language) for a in variant.attributes if a.modality == "text"],
    )
    return told + template.format(facts=", ".join(stream.sample(facts, FACTS_TOLD)))


# Phrases.


@cache
def fact(key: str, value: str, language: str = "en") -> str:
    """One invisible attribute in words."""
    return _say(FACTS[key], value, language)


@cache
def sight(key: str, value: str, language: str = "en") -> str:
    """One visible attribute in words."""
    return _say(SIGHTS[key], value, language)


def _say(template: str, value: str, language: str) -> str:
    """The lexicon's expression for the whole; else its phrase with the value in it."""
    english = fill(template, value)
    whole = translate("expressions", english, language)
    if language == "en" or whole != english:
        return whole
    return space_thai(
        translate("phrases", template, language).format(translate("values", value, language))
    )


def fill(template: str, value: str) -> str:
    """A phrase with a value in it, which says no word twice:
    "sternum strap", not "sternum strap strap"; "minimal assembly", not "assembly required: ...".
    """
    before, _, after = template.partition("{}")
    words = set(value.split())
    before = "" if words & set(before.strip(" :").split()) else before
    after = "" if words & set(after.split()) else after
    return before + value + after


THAI_MEETS_LATIN = re.compile("(?<=[\u0e01-\u0e4e])(?=[A-Za-z0-9])")


def space_thai(words: str) -> str:
    """A space where Thai, which has none between words, meets Latin letters or digits."""
    return THAI_MEETS_LATIN.sub(" ", words)


def capitalise(words: str) -> str:
    """With the first letter as a sentence has it."""
    return words[:1].upper() + words[1:]


def sights(variant: Variant, language: str = "en") -> list[str]:
    """What there is to see beside colour, pattern and the name of the thing."""
    return [
        sight(a.key, a.value, language)
        for a in variant.attributes
        if a.modality != "text" and a.key not in IN_THE_NAME
    ]


IN_THE_NAME = {*SUBTYPES, *PATTERNS, "color", "brand", "container type"}


def noun_of(variant: Variant) -> str:
    """The most exact visible name of the thing, in English."""
    if variant.kind in CONTAINED:
        return f"{variant.kind} in a {variant.value('container type')}"
    return next(
        (a.value for a in variant.attributes if a.key in SUBTYPES and a.modality != "text"),
        NOUNS[variant.kind],
    )


def full_noun(variant: Variant) -> str:
    """The key of its name in the lexicon: that of jewelry says whether it has diamonds."""
    return f"diamond {noun_of(variant)}" if variant.kind == "diamond" else noun_of(variant)


@cache
def name_of(noun: str, language: str) -> str:
    """What a noun of `full_noun` is called in a language."""
    kind, held, container = noun.partition(" in a ")
    if not held:
        return translate("nouns", noun, language)
    return translate("phrases", f"{kind} in a {{}}", language).format(
        translate("values", container, language)
    )


def pattern_of(variant: Variant) -> str:
    found = next((a.value for a in variant.attributes if a.key in PATTERNS), "")
    return {"solid color": "solid"}.get(found, found)


@cache
def look_of(colour: str, pattern: str, language: str) -> str:
    """Colour and pattern in words."""
    said = {
        "colour": translate("colours", colour, language),
        "pattern": translate("patterns", pattern, language),
    }
    told = LOOKS[language][bool(pattern)].format(**said)
    return told.replace("wood wood", "wood")  # natural wood in wood grain


def _words(variant: Variant, language: str, noun: str, patterned: bool = True) -> dict[str, str]:
    """What fills the templates: brand, noun, look, noun with look, and that as one thing."""
    look = look_of(variant.value("color"), pattern_of(variant) if patterned else "", language)
    name = name_of(noun, language)
    front = FRONTS[language].format(look=look, noun=name)
    one = (
        an(front, noun) if language == "en" else counter(noun, variant.kind, language).format(front)
    )
    return {"brand": variant.brand, "noun": name, "look": look, "front": front, "one": one}


def an(words: str, noun: str) -> str:
    """With the article: "a red chair", "an orange chair", "a pair of red boots"."""
    if noun.removeprefix("diamond ") in PLURAL:
        return f"a pair of {words}"
    return f"{'an' if words[:1] in 'aeiou' else 'a'} {words}"


@cache
def counter(noun: str, kind: str, language: str) -> str:
    """The template that makes one of a thing, with the classifier its language has for it;
    "{}" where it needs none.
    """
    bare = noun.removeprefix("diamond ")
    for name in ("a pair" if bare in PAIRS else bare, kind):
        found = translate("counted", name, language)
        if found != name:
            return found
    return "{}"


def _stream(role: str, variant: Variant, language: str, wording: tuple) -> Stream:
    """English came first and has the plain name."""
    return Stream(role, variant.id, *(() if language == "en" else (language,)), *wording)
