"""What was asked of a store, why a hit was found and why nothing was: in words, for the terminal and
the page of hits alike."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Literal

from skulens.filters import format_filter
from skulens.records import Condition, Image
from skulens.report.names import count
from skulens.search.answers import Answer, FactCheck, Hit, Why
from skulens.search.notebook import cut, format_value
from skulens.search.request import Request

NAME = 40
"""Characters of a text, a file or an id where a part is named."""
MARKS = {True: "✓", False: "✗", None: "?"}
"""Whether a fact holds -> its mark."""
EMPTY = "Nothing was found: "


@dataclass(frozen=True)
class QueryPart:
    """One thing that was asked for, as people read it."""

    kind: Literal["photo", "text", "like", "product", "vector", "where"]
    words: str
    """The file's name, the text, "collar of b.jpg", or the filter."""
    weight: float = 1.0
    part: int | None = None
    """Position of the photo in the query."""


def list_asked(request: Request) -> list[QueryPart]:
    """Photos, products, conditions and texts in the query's order, then the filter."""
    query, found = request.query, []
    for position, part in enumerate(query.item.parts):
        if position in request.keys:
            continue
        condition = condition_of(request, position)
        weight = condition.weight if condition is not None else 1.0
        if isinstance(part, str):
            found.append(QueryPart("text", part, weight))
        else:
            kind: Literal["like", "photo"] = "like" if condition and condition.key else "photo"
            found.append(QueryPart(kind, name_part(request, position), weight, position))
    for n, condition in enumerate(query.conditions):
        if n in request.given:
            found.append(QueryPart("vector", name_condition(condition, request), condition.weight))
        elif condition.product is not None and condition.part is None:
            found.append(QueryPart("product", name_condition(condition, request), condition.weight))
    if query.where is not None:
        found.append(QueryPart("where", format_filter(query.where)))
    return found


def condition_of(request: Request, position: int) -> Condition | None:
    """The condition that points to a part."""
    return next((c for c in request.query.conditions if c.part == position), None)


def name_part(request: Request, position: int) -> str:
    """A part in a few words: 'collar of b.jpg', '“red dress”'.

    Args:
        position: in `request.query.item.parts`; beyond them stand the products that conditions
            name, in the order of the conditions.
    """
    parts, conditions = request.query.item.parts, request.query.conditions
    if position >= len(parts):
        return name_condition(conditions[position - len(parts)], request)
    if position in request.keys:
        return f"key “{cut(conditions[request.keys[position]].key, NAME)}”"
    part = parts[position]
    if isinstance(part, str):
        return f"“{cut(part, NAME)}”"
    condition = condition_of(request, position)
    if condition is not None and condition.key:
        return name_condition(condition, request)
    return name_photo(request, position)


def name_photo(request: Request, position: int) -> str:
    """The file's name, or "photo 2" where it came without one."""
    part = request.query.item.parts[position]
    if isinstance(part, Image) and part.path:
        return cut(PurePath(part.path).name, NAME)
    photos = [place for place, _ in request.photos]
    return f"photo {photos.index(position) + 1}"


def name_condition(condition: Condition, request: Request) -> str:
    """ "collar of b.jpg", "not the collar of b.jpg", or the product as a whole."""
    if condition.product is not None and condition.part is None:
        shown = f"product {cut(condition.product, NAME)}"
    elif condition.part is not None:
        shown = name_photo(request, condition.part)
    else:
        shown = condition.value or "a vector"
    if not condition.key:
        return shown
    away = "not the " if condition.relation == "different" else ""
    return f"{away}{cut(condition.key, NAME)} of {shown}"


# ----- a hit ----------------------------------------------------------------------------------


def explain_hit(hit: Hit, answer: Answer) -> Iterator[str]:
    """Why it was found, a line for each kind of reason, the strongest first."""
    why, request = hit.why, answer.request
    if why.code:
        yield f"bar code {why.code} of the photo: exact match"
    if why.shown:
        yield f"shown in the query: {', '.join(name_part(request, p) for p in why.shown)}"
    if why.legs:
        shares = share_out(why)
        yield " · ".join(
            f"{name} {leg.score:.3f} (place {leg.rank:,}"
            + (f", {shares[name]:.0%} of the score)" if len(why.legs) > 1 else ")")
            for name, leg in why.legs.items()
        )
    for column in dict.fromkeys(part.column for part in why.parts):
        told = [p for p in why.parts if p.column == column]
        if len(told) > 1:
            yield f"{column}: " + " · ".join(
                f"{name_part(request, p.part)} {p.score:.3f}{write_weight(p.weight)}" for p in told
            )
    if why.words:
        yield f"words: {cut(', '.join(why.words), 200)}"
    if why.facts:
        yield "   ".join(f"{MARKS[f.holds]} {describe_fact(f)}" for f in why.facts)
    if why.boosts:
        yield "boosts: " + ", ".join(
            f"{b.name} {write_value(b.value)} ×{b.factor:.2f}" for b in why.boosts
        )
    for region in why.regions:
        left, top, right, bottom = (round(100 * share) for share in region.box)
        place = f"{left}-{right} % across, {top}-{bottom} % down"
        yield f"region: {name_part(request, region.part)} at {place}"
    if hit.others:
        yield f"{count(len(hit.others), 'more variant')}: {cut(', '.join(hit.others))}"


def share_out(why: Why) -> dict[str, float]:
    """Leg -> its share of the fused score, 0 to 1."""
    whole = sum(abs(leg.share) for leg in why.legs.values()) or 1.0
    return {name: abs(leg.share) / whole for name, leg in why.legs.items()}


def describe_fact(fact: FactCheck) -> str:
    """ "collar: v-neck", "color: blue (wanted red)", "length: not known"."""
    has = format_value(fact.has, NAME) or "not known"
    wanted = format_value(fact.wanted, NAME)
    said = f"{cut(fact.key, NAME)}: {has}"
    if fact.holds or not wanted:
        return said
    return f"{said} (wanted {'other than ' if fact.relation == 'different' else ''}{wanted})"


def write_value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "unknown" if value is None else format_value(value, NAME)


def write_weight(weight: float) -> str:
    return "" if weight == 1 else f" ×{weight:g}"


# ----- nothing --------------------------------------------------------------------------------


def explain_nothing(answer: Answer, products: int, matching: int) -> str:
    """Why an answer has no hits, and what to change.

    Args:
        products: of the store.
        matching: of them satisfy the filter.
    """
    said = f"{EMPTY}{find_reason(answer, products, matching)}"
    for one in answer.without:
        said += f" Without {cut(one.text, NAME)}: {count(one.products, 'product')}."
    return said


def find_reason(answer: Answer, products: int, matching: int) -> str:
    """Args: see `explain_nothing`."""
    request = answer.request
    if not products:
        return "the store has no products. Fill it with `skulens index build`."
    if request.query.where is not None and not matching:
        where = format_filter(request.query.where)
        return f"none of {count(products, 'product')} satisfies {cut(where, 200)}."
    if answer.candidates and request.offset >= answer.candidates:
        return f"offset {request.offset:,} is past the last of {answer.candidates:,} hits."
    if request.facts == "require" or any(leg.found for leg in answer.legs.values()):
        return blame_cut(request)
    lacks = (
        "has a word of the query"
        if set(answer.legs) == {"words"}
        else "can be compared with the query"
    )
    return f"none of {count(matching, 'product')} {lacks}; try other words or a photo."


def blame_cut(request: Request) -> str:
    """What left out all that the legs found."""
    if request.least:
        told = ", ".join(f"{leg or 'the score'} {s:g}" for leg, s in request.least.items())
        return f"nothing reaches the least score asked for ({told}); lower it."
    if request.facts == "require":
        return "no product satisfies every condition; try facts prefer, which only sorts."
    return "the cut-off leaves nothing of what was found."


# ----- the whole ------------------------------------------------------------------------------


def describe_answer(answer: Answer) -> str:
    """ "hits 1 to 10 of 87 · picture: 100 found (exact) · words: 34 found (exact) · 0.04 s"."""
    last = answer.request.offset + len(answer.hits)
    said = [f"hits {answer.request.offset + 1:,} to {last:,} of {answer.candidates:,}"]
    said += [f"{name}: {leg.found:,} found ({leg.how})" for name, leg in answer.legs.items()]
    if "total" in answer.took_s:
        said.append(f"{answer.took_s['total']:.2f}\u00a0s")
    return " · ".join(said)


def describe_facet(values: Mapping[Any, int]) -> str:
    """ "red 12, blue 7"."""
    return ", ".join(f"{cut(write_value(v), NAME)} {n:,}" for v, n in values.items())


def write_price(fields: Mapping[str, Any]) -> str:
    """ "12.90 EUR"; empty where there is none."""
    price, currency = fields.get("price"), format_value(fields.get("currency"), 12)
    if price is None:
        return ""
    said = f"{price:,.2f}" if isinstance(price, float) else format_value(price, 16)
    return f"{said} {currency}".strip()
