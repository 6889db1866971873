"""Hits of a search as one self-contained page: what was asked, what was found, and why.

Everything comes from a store that others may have filled: texts are cut and escaped, pictures
counted. Ids and texts of products are shown as they are, slashes and all, while names of files lose
the folders of this machine.
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from skulens.bench.examples import thumbnail
from skulens.index.stores.words import matched
from skulens.records import Image
from skulens.report.html import write_html
from skulens.report.mistakes import Budget
from skulens.report.names import count
from skulens.report.why import (
    QueryPart,
    describe_answer,
    describe_fact,
    list_asked,
    name_part,
    share_out,
    write_price,
    write_value,
    write_weight,
)
from skulens.search.answers import Answer, Hit, PictureRegion
from skulens.search.notebook import cut, format_value, product_fields, short_name

PAGE_BYTES = 30_000_000
"""Of all pictures together."""
PHOTO_PX = 256
"""Longest side of the query's photos."""
TEXT, TITLE, VALUE = 400, 160, 100
"""Characters shown of a text that was asked, of a title, and of a value."""
FIELDS = 6
"""Fields shown at once; the others are folded."""
FACET = 12
"""Values shown of a facet."""
BESIDE = ("id", "title", "price", "currency")
"""Fields that stand in the head of a card."""


@dataclass(frozen=True)
class LegBar:
    """What a leg says of a hit."""

    name: str
    score: float
    rank: int
    share: float
    """Of the hit's score, 0 to 1."""


@dataclass(frozen=True)
class RegionMark:
    """A box on a picture."""

    words: str
    style: str


@dataclass(frozen=True)
class HitCard:
    """A hit as the page shows it; texts are safe HTML."""

    rank: int
    id: Markup
    title: Markup
    """With the words of the query marked."""
    alt: Markup
    price: Markup
    score: float
    picture: str | None
    bars: Sequence[LegBar]
    parts: Sequence[tuple[str, Markup, float, str]]
    """(column, part, cosine, weight)."""
    facts: Sequence[tuple[str, Markup]]
    """("true", "false" or "none", words)."""
    reasons: Sequence[Markup]
    regions: Sequence[RegionMark]
    fields: Sequence[tuple[Markup, Markup]]
    others: Markup


def write_hits(answer: Answer, out: Path, data: str = "", empty: str = "") -> Path:
    """Write the page.

    Args:
        data: name of the catalogue.
        empty: why there are no hits, where there are none.
    Returns:
        `out`.
    """
    pictures = Budget(PAGE_BYTES)
    asked = list_asked(answer.request)
    cards = [make_card(hit, answer, pictures) for hit in answer.hits]
    values = {
        "title": title_of(asked),
        "data": cut(data, VALUE),
        "summary": plain(describe_answer(answer), TEXT) if answer.hits else "",
        "empty": plain(empty, TEXT),
        "asked": [show_asked(one, answer, pictures) for one in asked],
        "cards": cards,
        "full": sum(
            bool(hit.thumbnail) and card.picture is None
            for hit, card in zip(answer.hits, cards, strict=True)
        ),
        "facets": [show_facet(name, values) for name, values in answer.facets.items()],
        "notes": [cut(note.sentence, TEXT) for note in answer.notes],
        "shown_fields": FIELDS,
    }
    return write_html("hits.html", out, values, {"count": count})


def plain(text: object, most: int) -> Markup:
    """A text as the page shows it: on one line, cut, escaped, and with every slash kept."""
    return Markup.escape(cut(str(text), most))


def title_of(asked: Sequence[QueryPart]) -> Markup:
    """The first text, else the first of whatever was given."""
    first = next((one for one in asked if one.kind == "text"), asked[0] if asked else None)
    return plain(first.words, TITLE // 2) if first else Markup("Search")


def show_asked(one: QueryPart, answer: Answer, pictures: Budget) -> dict[str, Any]:
    """A photo, text, condition or filter of the query."""
    part = answer.request.query.item.parts[one.part] if one.part is not None else None
    picture = None
    if isinstance(part, Image):
        picture = pictures.take(thumbnail(part, side_px=PHOTO_PX))
    letters = f"{len(one.words):,} characters" if len(one.words) > TEXT else ""
    return {
        "kind": one.kind,
        "words": plain(one.words, TEXT),
        "weight": write_weight(one.weight).strip(),
        "away": one.weight < 0,
        "picture": picture,
        "letters": letters,
    }


def show_facet(name: str, values: Mapping[Any, int]) -> dict[str, Any]:
    most = max([1, *values.values()])
    rows = [
        (plain(write_value(value), VALUE), n, f"width:{n / most:.0%}")
        for value, n in list(values.items())[:FACET]
    ]
    return {"name": plain(short_name(name), VALUE), "rows": rows, "more": len(values) - len(rows)}


# ----- cards ----------------------------------------------------------------------------------


def make_card(hit: Hit, answer: Answer, pictures: Budget) -> HitCard:
    why, request, shares = hit.why, answer.request, share_out(hit.why)
    title = str(hit.fields.get("title") or "")
    return HitCard(
        hit.rank,
        plain(hit.id, TITLE),
        mark_words(request.text, cut(title, TITLE)) or Markup("<i>untitled</i>"),
        plain(title or hit.id, VALUE),
        plain(write_price(hit.fields), VALUE),
        hit.score,
        pictures.take(as_address(hit.thumbnail)),
        [LegBar(n, leg.score, leg.rank, shares[n]) for n, leg in why.legs.items()],
        [
            (p.column, plain(name_part(request, p.part), VALUE), p.score, write_weight(p.weight))
            for p in why.parts
        ],
        [(str(fact.holds).lower(), plain(describe_fact(fact), TITLE)) for fact in why.facts],
        list(list_reasons(hit, answer)),
        [mark_region(region, name_part(request, region.part)) for region in why.regions[:1]],
        [
            (plain(short_name(name), VALUE), plain(write_value(value), VALUE))
            for name, value in order_fields(hit, answer)
        ],
        plain(format_value(hit.others, TEXT), TEXT) if hit.others else Markup(""),
    )


def list_reasons(hit: Hit, answer: Answer) -> Iterator[Markup]:
    """What no bar and no fact says."""
    why, request = hit.why, answer.request
    if why.code:
        yield plain(f"Exact match of the bar code {why.code} in the photo", TITLE)
    if why.shown:
        yield plain(
            "Shown in the query: " + ", ".join(name_part(request, p) for p in why.shown), TITLE
        )
    if why.words:
        yield plain("Words: " + ", ".join(why.words), TITLE)
    for boost in why.boosts:
        yield plain(f"{boost.name} {write_value(boost.value)}: score ×{boost.factor:.2f}", TITLE)
    for region in why.regions[:1]:
        yield plain(f"Outlined: what resembles {name_part(request, region.part)} most", TITLE)


def mark_words(query: str, text: str) -> Markup:
    """The text with the words of the query marked."""
    found, last = Markup(), 0
    for start, end in matched(query, text) if query else ():
        found += Markup.escape(text[last:start]) + Markup("<mark>{}</mark>").format(text[start:end])
        last = end
    return found + Markup.escape(text[last:])


def mark_region(region: PictureRegion, words: str) -> RegionMark:
    left, top, right, bottom = region.box
    box = {"left": left, "top": top, "width": right - left, "height": bottom - top}
    return RegionMark(words, ";".join(f"{side}:{share:.1%}" for side, share in box.items()))


def as_address(picture: bytes) -> str | None:
    """A JPEG as a data: address."""
    return f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}" if picture else None


def order_fields(hit: Hit, answer: Answer) -> list[tuple[str, Any]]:
    """Fields that were asked for first, then attributes, then the others, each by name; what stands
    in the head of a card is left out."""
    asked = {*answer.facets, *(fact.field for fact in hit.why.facts)}
    shown = [
        (name, value)
        for name, value in product_fields(hit.fields).items()
        if name not in BESIDE and value is not None
    ]
    return sorted(
        shown, key=lambda f: (f[0] not in asked, not f[0].startswith("attributes."), f[0])
    )
