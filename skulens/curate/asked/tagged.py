"""Queries as text with product tags: what a model is shown and what its answer is read back into.

A query such as "Find a chair with the same color as <Product 1> ", photo, "\\nOak chair </Product
1> and ..." consists of a frame, which a model may rewrite, and of what stands between the tags, which
it never sees whole: a picture is shown as |image| and its title is left out, so that both come back
unchanged whatever the model answers.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from skulens.errors import DataError
from skulens.records import Image, Item, Part, Query

IMAGE = "|image|"
"""In place of a picture and its title, as in the paper."""
_INSIDE = re.compile(r"<Product (\d+)>(.*?)</Product \1>", re.S)
_TAG = re.compile(r"<\s*(/?)\s*Product\s*(\d+)\s*>", re.I)
_PLACE = re.compile("\x00(\\d+)\x00")


@dataclass(frozen=True, slots=True)
class Between:
    """What stands between the tags of one product."""

    parts: tuple[Part, ...]

    @property
    def pictured(self) -> bool:
        return any(isinstance(p, Image) for p in self.parts)

    @property
    def words(self) -> str:
        """Its texts on one line: the title of a pictured product, or its description in words."""
        return " ".join(" ".join(p for p in self.parts if isinstance(p, str)).split())

    @property
    def shown(self) -> str:
        """What a model gets to see."""
        return IMAGE if self.pictured else self.words


@dataclass(frozen=True, slots=True)
class Tagged:
    """A query's text.

    Attributes:
        frame: text before the first product, between two, and after the last.
        products: what stands between the tags <Product 1>, <Product 2> ...
    """

    frame: tuple[str, ...]
    products: tuple[Between, ...]

    def __post_init__(self):
        if len(self.frame) != len(self.products) + 1:
            raise DataError(f"{len(self.frame)} texts around {len(self.products)} products")

    @property
    def text(self) -> str:
        """With |image| in place of pictures and titles: what a model rewrites."""
        return self._write([b.shown for b in self.products])

    @property
    def whole(self) -> str:
        """With titles behind |image|: what the shopper sees, as text."""
        said = [f"{IMAGE} {b.words}".strip() if b.pictured else b.words for b in self.products]
        return self._write(said)

    def _write(self, inside: Sequence[str]) -> str:
        found = self.frame[0]
        for n, (words, after) in enumerate(zip(inside, self.frame[1:], strict=True), 1):
            found += f"<Product {n}> {words} </Product {n}>{after}"
        return " ".join(found.split())

    def parts(self) -> tuple[Part, ...]:
        """The parts of an item, texts that follow one another joined."""
        found: list[Part] = []

        def add(part: Part) -> None:
            if isinstance(part, str) and found and isinstance(found[-1], str):
                found[-1] += part
            elif part:
                found.append(part)

        add(self.frame[0])
        for n, (between, after) in enumerate(zip(self.products, self.frame[1:], strict=True), 1):
            for part in (f"<Product {n}>", *between.parts, f"</Product {n}>{after}"):
                add(part)
        return tuple(found)


def read_tagged(query: Query) -> Tagged:
    """The frame and products of a query.

    Raises:
        DataError: pictures outside tags, tags that are missing, doubled or out of order (a title
            may hold some), or a NUL in a text.
    """
    if any(isinstance(p, str) and "\x00" in p for p in query.item.parts):
        raise DataError("a text holds a NUL")
    text = "".join(
        p if isinstance(p, str) else f"\x00{i}\x00" for i, p in enumerate(query.item.parts)
    )
    frame, products, end = [], [], 0
    for number, match in enumerate(_INSIDE.finditer(text), 1):
        if int(match[1]) != number:
            raise DataError(f"the tag <Product {match[1]}> stands where <Product {number}> should")
        frame.append(text[end : match.start()])
        products.append(_between(match[2], query.item.parts))
        end = match.end()
    frame.append(text[end:])
    if not products:
        raise DataError("its text has no tags <Product 1> ... </Product 1>")
    inside = (b.words for b in products)
    if any(_TAG.search(t) for t in (*frame, *inside)) or any("\x00" in t for t in frame):
        raise DataError("a tag or a picture stands where none belongs, such as a tag in a title")
    return Tagged(tuple(frame), tuple(products))


def _between(text: str, parts: Sequence[Part]) -> Between:
    """Texts and pictures between two tags."""
    pieces = _PLACE.split(text)  # text, number, text, number ... text
    found: list[Part] = [parts[int(p)] if i % 2 else p for i, p in enumerate(pieces)]
    return Between(tuple(p for p in found if p))


def with_text(query: Query, tagged: Tagged, gone: int | None = None) -> Query:
    """The query with another text: the same pictures in the same order, all but words kept.

    Args:
        gone: position of a picture that the new text lacks; no condition may refer to it.
    """
    parts = tagged.parts()
    old = [i for i in places_of(query.item.parts) if i != gone]
    new = places_of(parts)
    place = dict(zip(old, new, strict=True))
    conditions = tuple(
        c if c.part is None else replace(c, part=place[c.part]) for c in query.conditions
    )
    return replace(query, item=Item(query.item.id, parts), conditions=conditions)


def places_of(parts: Sequence[Part]) -> list[int]:
    """Positions of the pictures."""
    return [i for i, p in enumerate(parts) if isinstance(p, Image)]


def tell_in_words(query: Query, number: int) -> Query:
    """The query with product `number` (from 1) described instead of shown, as in the paper's cold
    start: "<Product 2>a product with pattern: striped</Product 2>".

    Its condition no longer names a product, which is no reference any more.

    Raises:
        DataError: not one condition with a known value is taken from it; or as `read_tagged`.
    """
    tagged = read_tagged(query)
    place = places_of(query.item.parts)[sum(b.pictured for b in tagged.products[: number - 1])]
    taken = [c for c in query.conditions if c.part == place]
    if len(taken) != 1 or taken[0].value is None:
        raise DataError(
            f"product {number} of query {query.id!r} stands for {len(taken)} conditions; expected "
            "one whose value is known"
        )
    [asked] = taken
    words = Between((f"a product with {asked.key}: {asked.value}",))
    products = (*tagged.products[: number - 1], words, *tagged.products[number:])
    others = tuple(
        c if c is not asked else replace(c, part=None, product=None) for c in query.conditions
    )
    shown = {c.product for c in others}
    told = replace(
        query, conditions=others, references=tuple(r for r in query.references if r in shown)
    )
    return with_text(told, replace(tagged, products=products), gone=place)


def read_answer(said: str, tagged: Tagged) -> tuple[Tagged | None, list[str]]:
    """A model's answer as a text around the same products; (None, what is wrong with it)."""
    text = " ".join(said.split())
    tags = [f"<{m[1]}Product {m[2]}>" for m in _TAG.finditer(text)]
    n = len(tagged.products)
    wanted = [tag for i in range(1, n + 1) for tag in (f"<Product {i}>", f"</Product {i}>")]
    if tags != wanted:
        return None, list(_tag_problems(tags, wanted))
    pieces = _TAG.split(text)[0::3]  # outside, inside, outside ... ; groups of the tag between
    frame, inside = pieces[0::2], pieces[1::2]
    problems = [
        f"between <Product {i}> and </Product {i}> has to stand exactly: {b.shown}"
        for i, (words, b) in enumerate(zip(inside, tagged.products, strict=True), 1)
        if words.strip() != b.shown
    ]
    outside = "".join(frame)
    if IMAGE in outside or "<" in outside or ">" in outside:
        problems.append(f"{IMAGE}, < and > may stand nowhere but in the product tags")
    if problems:
        return None, problems
    return replace(tagged, frame=_spaced(frame)), []


def _tag_problems(tags: Sequence[str], wanted: Sequence[str]):
    """Sentences on tags that are missing, repeated, unknown or out of order."""
    for tag in wanted:
        if (count := tags.count(tag)) != 1:
            yield f"the tag {tag} has to stand exactly once, it stands {count} times"
    if strange := sorted(set(tags) - set(wanted)):
        yield f"the tag {strange[0]} is none of the query's"
    if sorted(tags) == sorted(wanted):
        yield f"the tags have to stand in this order: {' '.join(wanted)}"


def _spaced(frame: Sequence[str]) -> tuple[str, ...]:
    """The texts with a blank towards each product, as the templated queries have it."""
    last = len(frame) - 1
    found = []
    for i, piece in enumerate(frame):
        words = piece.strip()
        before = " " if i and words and words[0] not in ",.;:!?'’" else ""
        after = " " if i < last and words else ""
        found.append(f"{before}{words}{after}" or (" " if 0 < i < last else ""))
    return tuple(found)
