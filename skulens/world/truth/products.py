"""Which products the shop has: SPUs with their 2-6 variants, each decided by its own stream.

SKUs are numbered in blocks of eight; a block is cut into SPUs of 2 to 6 by a stream of its own,
so that SKU i is found without making the i before it. Only the last SPU of a shop may be
shorter, where its size cuts a block.
"""

import itertools
from dataclasses import dataclass

from skulens.records import Attribute
from skulens.world.config import Stream, WorldConfig
from skulens.world.truth.colours import RGB, brightness, jitter, mix
from skulens.world.truth.look import Look
from skulens.world.truth.vocabulary import vocabulary

BLOCK = 8
CUTS = ((2, 6), (6, 2), (3, 5), (5, 3), (4, 4), (2, 3, 3), (3, 2, 3), (2, 2, 4), (4, 2, 2))
"""Ways to cut a block into SPUs of 2 to 6 SKUs."""
COLOURS_OF_PATTERNS = ("white", "black", "red", "yellow", "navy", "teal", "pink", "beige", "blue")


@dataclass(frozen=True)
class Variant:
    """One SKU before it is drawn."""

    index: int
    id: str
    spu: str
    kind: str
    """Class."""
    brand: str
    split: str
    attributes: tuple[Attribute, ...]
    look: Look

    def value(self, key: str) -> str:
        return next((a.value for a in self.attributes if a.key == key), "")


def variants(config: WorldConfig, start: int = 0, stop: int | None = None):
    """SKUs `start` to `stop` of the shop, in order."""
    stop = config.skus if stop is None else min(stop, config.skus)
    for block in range(start // BLOCK, -(-stop // BLOCK)):
        for variant in _block(config, block):
            if start <= variant.index < stop:
                yield variant


def _block(config: WorldConfig, block: int):
    first = block * BLOCK
    for place, count in enumerate(Stream("cut", config.seed, block).choice(CUTS)):
        yield from _spu(config, first, count, kind_of(config, block, place))
        first += count


def kind_of(config: WorldConfig, block: int, place: int) -> str:
    """The class of the SPU at `place` in a block:
    eight blocks have sixteen different classes at least once.
    """
    if place > 1:
        return Stream("third", config.seed, block).choice(config.classes)
    order = Stream("classes", config.seed, block // BLOCK).sample(
        config.classes, len(config.classes)
    )
    return order[(2 * (block % BLOCK) + place) % len(order)]


def kind_at(config: WorldConfig, index: int) -> str:
    """The class of a SKU, without making it."""
    block, before = divmod(index, BLOCK)
    ends = itertools.accumulate(Stream("cut", config.seed, block).choice(CUTS))
    return kind_of(config, block, next(place for place, end in enumerate(ends) if before < end))


def _spu(config: WorldConfig, first: int, count: int, kind: str):
    spu = f"w{config.seed}-p{first:07d}"
    stream = Stream("spu", spu)
    brand = stream.choice(vocabulary()["brands"])
    split = config.split
    if split == "hash":
        split = "test" if Stream("split", spu).chance(config.test_share) else "train"
    for number, values in enumerate(siblings(kind, spu, count)):
        sku = f"w{config.seed}-{first + number:07d}"
        yield Variant(
            first + number,
            sku,
            spu,
            kind,
            brand,
            split,
            _attributes(kind, brand, values),
            _look(kind, spu, sku, values),
        )


def _attributes(kind: str, brand: str, values: dict[str, str]) -> tuple[Attribute, ...]:
    keys = vocabulary()["classes"][kind]["keys"]
    found = [Attribute("brand", brand, "both", "world")]
    return tuple(found + [Attribute(k, v, keys[k]["modality"], "world") for k, v in values.items()])


def spu_look(kind: str, spu: str, values: dict[str, str]) -> Look:
    """The look of a product that is not for sale: the things around the one in a photo."""
    return _look(kind, spu, spu, values)


def _look(kind: str, spu: str, sku: str, values: dict[str, str]) -> Look:
    stream = Stream("look", sku)
    base = jitter(values["color"], stream)
    far = [name for name in COLOURS_OF_PATTERNS if _apart(RGB[name], base)]
    second = jitter(
        Stream("second", spu).choice(far) if stream.chance(0.5) else stream.choice(far), stream
    )
    return Look(kind, values, base, mix(second, base, 0.12), spu, sku)


def _apart(a, b) -> bool:
    """Whether two colours contrast enough for figure and ground."""
    return (
        abs(brightness(a) - brightness(b)) > 0.2
        and sum(abs(x - y) for x, y in zip(a, b, strict=True)) > 150
    )


# One SPU: what its variants share, and how they differ.


def siblings(kind: str, spu: str, count: int) -> list[dict[str, str]]:
    """Values of `count` variants that share the SPU's keys and differ pairwise
    in something visible.
    """
    keys = vocabulary()["classes"][kind]["keys"]
    rules = vocabulary()["classes"][kind]["forbidden"]
    found: list[dict[str, str]] = []
    attempts = itertools.count()
    while len(found) < count:
        stream = Stream("siblings", spu, next(attempts))
        shared = {k: stream.choice(e["values"]) for k, e in keys.items() if e["level"] == "spu"}
        if not any(violates(shared, rule) for rule in rules):
            found = _variants_of(shared, keys, rules, stream, count)
    return found


def _variants_of(shared, keys, rules, stream: Stream, count: int) -> list[dict[str, str]]:
    """Walk from the first variant by changing one or two of the free keys, mostly the colour."""
    free = [k for k, e in keys.items() if e["level"] == "sku"]
    seen = [k for k, e in keys.items() if e["level"] == "sku" and e["modality"] == "visual"]
    limited = [k for k, e in keys.items() if "only" in e]
    found: list[dict[str, str]] = []
    for _ in range(60 * count):
        origin = (
            dict(stream.choice(found))
            if found
            else {k: stream.choice(keys[k]["values"]) for k in free}
        )
        changed = ["color"] if stream.chance(0.6) else [stream.choice(seen)]
        changed += [stream.choice(free)] if stream.chance(0.4) else []
        if found:
            origin |= {k: stream.choice(keys[k]["values"]) for k in changed}
        values = {k: shared.get(k) or origin.get(k, "") for k in keys}
        values = {k: v for k, v in values.items() if k not in limited or belongs(keys[k], values)}
        if any(violates(values, rule) for rule in rules):
            continue
        if all(any(values[k] != other[k] for k in seen) for other in found):
            found.append(values)
            if len(found) == count:
                break
    return found


def belongs(spec: dict, values: dict[str, str]) -> bool:
    """Whether a product of these values has the key at all: rings have no chain length."""
    return all(values.get(key) in wanted for key, wanted in spec.get("only", {}).items())


def violates(values: dict[str, str], rule: dict) -> bool:
    """Whether `values` hold the rule's condition and one of the values it rules out."""
    return rule["if"].items() <= values.items() and any(
        values.get(k) in banned for k, banned in rule["not"].items()
    )
