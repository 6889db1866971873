"""What sellers upload: a listing per SKU, a share of them wrong on purpose,
each wrong saying what and where.

The products table is the truth; curation is tested on listings. Noise is decided by (seed, SKU)
alone: more of it (`WorldConfig.noise`) adds noisy SKUs and changes none, and what is copied comes
from a SKU with a smaller number, so that a listing is the same in a shop of any size.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from skulens.world.config import CLASSES, Stream, WorldConfig
from skulens.world.truth.products import Variant, belongs, kind_at, violates
from skulens.world.truth.texts import description, fact, title
from skulens.world.truth.vocabulary import LANGUAGES, vocabulary

TWICE = 0.15
"""Share of noisy SKUs with two kinds of noise."""
THROUGHOUT = 0.5
"""Share of wrong attributes that are wrong wherever the listing tells them;
the others in one place only.
"""
SAME_CLASS = 0.5
"""Share of stolen pictures that are sought within the class."""
SAME_GROUP = 0.5
"""Share of wrong categories that are sought within the group of the class."""
TRIES = 40
"""SKUs looked at for one of the same class."""


@dataclass(frozen=True)
class Noise:
    """One thing wrong with a listing."""

    kind: str
    """A kind of SPOILERS, or "duplicate listing\""""
    field: str
    """Key of the attribute; "title" of other language, "image" of a stolen picture,
    "category" of a wrong one, "id" of a duplicate.
    """
    true: str
    """What the products table says."""
    shown: str
    """What the listing says; "" where it says nothing."""
    places: tuple[str, ...]
    """Fields of the listing that show it."""
    other: str = ""
    """SKU or listing it was copied from."""


@dataclass(frozen=True)
class Listing:
    """What a seller says of a SKU."""

    id: str
    """The SKU's; with a suffix where it is a duplicate."""
    sku: str
    """What it truly is."""
    language: str
    title: str
    description: str
    category: tuple[str, ...]
    attributes: dict[str, str]
    images: tuple[str, ...]
    """Paths within the shop; none in a shop without front views."""
    noise: tuple[Noise, ...] = ()


@dataclass
class Draft:
    """A listing being written: which facts each field tells, and how."""

    config: WorldConfig
    variant: Variant
    language: str
    title_language: str
    told: dict[str, Variant]
    """Field -> the SKU as that field tells it."""
    untold: str = ""
    """Key of the fact that the title leaves out."""
    pictured: int = -1
    """Number of the SKU whose picture it shows."""
    category: str = ""
    """The class it is listed under, where that is not its own."""
    noise: list[Noise] = field(default_factory=list)

    def write(self, place: str, variant: Variant) -> str | dict[str, str]:
        """A field, telling the facts of `variant`."""
        if place == "description":
            return description(variant, self.language)
        if place == "attributes":
            return values_of(variant)
        return self.write_title(variant)

    def write_title(self, variant: Variant) -> str:
        words = title(variant, self.title_language).split(", ")
        if self.untold:
            words.remove(fact(self.untold, variant.value(self.untold), self.title_language))
        return ", ".join(words)

    def listing(self) -> Listing:
        return Listing(
            self.variant.id,
            self.variant.id,
            self.language,
            title=self.write_title(self.told["title"]),
            description=description(self.told["description"], self.language),
            category=(self.category or self.variant.kind,),
            attributes=values_of(self.told["attributes"]),
            images=pictures(self.config, self.pictured),
            noise=tuple(self.noise),
        )


def values_of(variant: Variant) -> dict[str, str]:
    """Attribute key -> value."""
    return {a.key: a.value for a in variant.attributes}


PLACES = ("title", "description", "attributes")


def listings_of(config: WorldConfig, variant: Variant) -> list[Listing]:
    """The listing of a SKU, and another one where it was uploaded twice."""
    stream = Stream("listing", variant.id)
    language = stream.choice(LANGUAGES)
    draft = Draft(
        config, variant, language, language, dict.fromkeys(PLACES, variant), pictured=variant.index
    )
    found = noises(config, variant, stream)
    for kind, spoil in SPOILERS.items():
        if kind in found:
            spoil(draft, Stream(kind, variant.id))
    own = draft.listing()
    return [own, duplicate(config, own, variant)] if "duplicate listing" in found else [own]


def noises(config: WorldConfig, variant: Variant, stream: Stream) -> list[str]:
    """Kinds of noise of a SKU: none, one, or two."""
    if not stream.chance(config.noise):
        return []
    kinds = [*SPOILERS, "duplicate listing"]
    if variant.index == 0 or "front" not in config.views:
        kinds.remove("stolen picture")
    return stream.sample(kinds, 2 if stream.chance(TWICE) else 1)


def other_language(draft: Draft, stream: Stream) -> None:
    """The title in a language other than the listing's, and other words than its own would be."""
    right = title(draft.variant, draft.language)
    draft.title_language = stream.choice([x for x in LANGUAGES if title(draft.variant, x) != right])
    draft.noise.append(
        Noise("other language", "title", draft.language, draft.title_language, ("title",))
    )


def wrong_attribute(draft: Draft, stream: Stream) -> None:
    """A value of the vocabulary that the SKU does not have but could have,
    in one place or wherever it is told.
    """
    keys = stream.sample(draft.variant.attributes, len(draft.variant.attributes))
    true = next(a for a in keys if possible(draft.variant, a.key))  # another brand always is
    shown = stream.choice(possible(draft.variant, true.key))
    attributes = tuple(
        replace(a, value=shown) if a.key == true.key else a for a in draft.variant.attributes
    )
    wrong = replace(draft.variant, attributes=attributes)
    places = [
        place for place in PLACES if draft.write(place, wrong) != draft.write(place, draft.variant)
    ]
    if not stream.chance(THROUGHOUT):
        places = [stream.choice(places)]
    draft.told |= dict.fromkeys(places, wrong)
    draft.noise.append(Noise("wrong attribute", true.key, true.value, shown, tuple(places)))


def possible(variant: Variant, key: str) -> list[str]:
    """Other values of a key that break no rule of the class together with the SKU's."""
    if key == "brand":
        return [b for b in vocabulary()["brands"] if b != variant.brand]
    words, values = (
        vocabulary()["classes"][variant.kind],
        {a.key: a.value for a in variant.attributes},
    )
    others = [v for v in dict.fromkeys(words["keys"][key]["values"]) if v != values[key]]
    return [v for v in others if could_be(values | {key: v}, words)]


def could_be(values: dict[str, str], words: dict) -> bool:
    """Whether a product of the class could have these values, no more and no fewer."""
    return not any(violates(values, rule) for rule in words["forbidden"]) and all(
        belongs(spec, values) == (key in values) for key, spec in words["keys"].items()
    )


def missing_fact(draft: Draft, stream: Stream) -> None:
    """A fact that no picture shows, left out of the title."""
    spoilt = {n.field for n in draft.noise}
    true = stream.choice(
        [a for a in draft.variant.attributes if a.modality == "text" and a.key not in spoilt]
    )
    draft.untold = true.key
    draft.noise.append(Noise("missing fact", true.key, true.value, "", ("title",)))


def wrong_category(draft: Draft, stream: Stream) -> None:
    """Listed under another class: one of its group in half the cases, where there is one."""
    groups = {kind: entry["group"] for kind, entry in vocabulary()["classes"].items()}
    true = draft.variant.kind
    others = [kind for kind in CLASSES if kind != true]
    akin = [kind for kind in others if groups[kind] == groups[true]]
    draft.category = stream.choice(akin if akin and stream.chance(SAME_GROUP) else others)
    draft.noise.append(Noise("wrong category", "category", true, draft.category, ("category",)))


def stolen_picture(draft: Draft, stream: Stream) -> None:
    """The front of another SKU: of the same class in half the cases, where one is found."""
    config, index = draft.config, draft.variant.index
    chosen = stream.integer(0, index - 1)
    if stream.chance(SAME_CLASS):
        tries = (stream.integer(0, index - 1) for _ in range(TRIES))
        chosen = next((i for i in tries if kind_at(config, i) == draft.variant.kind), chosen)
    draft.pictured = chosen
    true, shown = pictures(config, index) + pictures(config, chosen)
    draft.noise.append(
        Noise("stolen picture", "image", true, shown, ("image",), sku_id(config, chosen))
    )


SPOILERS: dict[str, Callable[[Draft, Stream], None]] = {
    "other language": other_language,
    "wrong attribute": wrong_attribute,
    "missing fact": missing_fact,
    "stolen picture": stolen_picture,
    "wrong category": wrong_category,
}
"""In this order: a fact is left out of a title in its final language, never the one told wrong."""


def duplicate(config: WorldConfig, own: Listing, variant: Variant) -> Listing:
    """The SKU uploaded again: the truth in the same language, in another order of words."""
    right, number = title(variant, own.language), 0
    while (reworded := title(variant, own.language, "again", number)) == right:
        number += 1
    again = f"{own.id}-again"
    noise = Noise("duplicate listing", "id", own.id, again, ("id",), own.id)
    return replace(
        own, id=again, title=reworded, description=description(variant, own.language, "again"),
        attributes=values_of(variant), images=pictures(config, variant.index), noise=(noise,),
        category=(variant.kind,),
    )  # fmt: skip


def pictures(config: WorldConfig, index: int) -> tuple[str, ...]:
    """The path of a SKU's front view within the shop, where it has one."""
    return (
        (f"images/{index // 1000:04d}/{sku_id(config, index)}-front.png",)
        if "front" in config.views
        else ()
    )


def sku_id(config: WorldConfig, index: int) -> str:
    return f"w{config.seed}-{index:07d}"
