"""A line of MERIT's query files <-> a `Query`, without loss.

The three stages of the authors' code (github.com/weichow23/merit at 98a63a4) are read alike:

    composed      {"query": {id: {key: value}}, "pos_candidate": [..], "pos_rate": x}
    instructed    the same with "query instruction" and "hard_negative": what is published
    cold start    the same with raw_query, diff_attribute, choice_candidate

`query` is an object whose order is that of the products in the instruction, or a list: of ids (with
the conditions of each in "conditions", our addition), of [id, {key: value}] or of {id: {key:
value}}. Only a list can show a product twice, and is written for that alone.

What a `Query` cannot hold (unknown fields, ids as numbers or strings, positives outside the pool)
stays in the line it was read from: `write_line` takes that line and changes in it only what the
query says otherwise.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from skulens.catalog.mapping import as_id, as_text
from skulens.records import Condition, Image, Item, Part, Query, escape_surrogates

TAG = re.compile(r"<Product (\d+)>")
PLACEHOLDER = "<image>"
WHOLE = ("product style", "as product image")
"""The condition that asks for the style of a picture as a whole."""
OTHERS = ("others", "others")
"""The condition for what only the instruction says."""
INSTRUCTION = "query instruction"
CONDITIONS = "conditions"
"""Beside a `query` that is a list of ids: the conditions taken from each."""

Asked = list[tuple[str, Mapping[str, Any]]]
"""(product id, key -> value) of each product shown, in order."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What queries need to know of a product: its photo, its title and by what results are
    sliced."""

    photo: Image | None
    language: str
    kind: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Interleaved:
    """The parts of a query's item, and where the pictures stand among them."""

    parts: tuple[Part, ...]
    places: tuple[int | None, ...]
    """Position in `parts` of the first picture of each product; None: it is given in words."""


def build_query(name: str, cells: Mapping[str, Any], pool: Mapping[str, Shown]) -> Query:
    """The query of a line. Raises ValueError where it cannot be asked or answered from the pool."""
    asked = read_asked(cells)
    refuse_halves(cells.get(INSTRUCTION) or "")
    found = [p for p in map(as_id, cells["pos_candidate"]) if p in pool]
    if not found:
        positives = [str(p) for p in cells["pos_candidate"][:3]]
        raise ValueError(f"none of its positives {positives} is among the {len(pool):,} products")
    ids = tuple(product for product, _ in asked)
    photos = {p: pool[p].photo for p in ids if p in pool}
    read = interleave(cells.get(INSTRUCTION) or describe(asked, pool), ids, photos)
    conditions = [
        build_condition(as_text(key), as_text(value), product, place)
        for (product, wanted), place in zip(asked, read.places, strict=True)
        for key, value in wanted.items()
    ]
    conditions += read_difference(cells, conditions)
    target = pool[found[0]]
    tags = {
        "language": target.language,
        "class": target.kind,
        "n_conditions": str(sum(c.product is not None for c in conditions)),
    }
    return Query(
        id=name,
        item=Item(name, read.parts),
        relevant=dict.fromkeys(found, 1),
        conditions=tuple(conditions),
        references=ids,
        hard_negatives=tuple(as_id(p) for p in cells.get("hard_negative") or ()),
        tags={key: value for key, value in tags.items() if value},
        group=found[0],
    )


def refuse_halves(text: str) -> None:
    """Raise ValueError for a text that no file or tokenizer takes."""
    if "\0" in text or escape_surrogates(text) != text:
        raise ValueError("its instruction holds a NUL byte or half a character")


def read_asked(cells: Mapping[str, Any]) -> Asked:
    """The products shown, in order. Raises ValueError for a `query` in no form we know."""
    found = cells["query"]
    if isinstance(found, dict):
        entries = list(found.items())
    elif isinstance(found, list):
        beside = cells.get(CONDITIONS)
        if not isinstance(beside, list) or len(beside) != len(found):
            beside = [{}] * len(found)
        entries = [pair_of(*pair) for pair in zip(found, beside, strict=True)]
    else:
        raise ValueError(f"its query is a {type(found).__name__}; expected an object or a list")
    wrong = [wanted for _, wanted in entries if not isinstance(wanted, dict | None)]
    if wrong:
        raise ValueError(f"its conditions are a {type(wrong[0]).__name__}; expected an object")
    return [(as_id(product), wanted or {}) for product, wanted in entries]


def pair_of(entry: object, beside: object) -> tuple[Any, Any]:
    """(id, conditions) of an entry of a list: an id, [id, conditions] or {id: conditions}."""
    if isinstance(entry, dict) and len(entry) == 1:
        return next(iter(entry.items()))
    if isinstance(entry, list) and len(entry) == 2:
        return entry[0], entry[1]
    return entry, beside


def read_difference(cells: Mapping[str, Any], known: Sequence[Condition]) -> list[Condition]:
    """The condition of a cold-start line that its text says and no product shows yet."""
    wanted = cells.get("diff_attribute")
    pairs = wanted.items() if isinstance(wanted, dict) else ()
    keys = {c.key for c in known}
    return [Condition(as_text(k), as_text(v)) for k, v in pairs if as_text(k) not in keys]


def build_condition(key: str, value: str, product: str, part: int | None) -> Condition:
    """One of a line's conditions; the two special ones have no value that a product could have."""
    special = (key, value) in (WHOLE, OTHERS)
    return Condition(
        key,
        None if special else value or None,
        part,
        product,
        relation="whole" if (key, value) == WHOLE else "same",
    )


def interleave(
    instruction: str, products: tuple[str, ...], photos: Mapping[str, Image | None]
) -> Interleaved:
    """Text and pictures in reading order.

    An `<image>` inside `<Product n> ...` shows the n-th product; outside any tag, the next in
    order.

    Raises:
        ValueError: a placeholder for a product that the query does not name or that has no photo.
    """
    parts: list[Part] = []
    places: list[int | None] = [None] * len(products)
    current = shown = 0
    pieces = instruction.split(PLACEHOLDER)
    for position, text in enumerate(pieces):
        if text.strip():
            parts.append(text)
        if tags := TAG.findall(text):
            current = int(tags[-1])
        if position == len(pieces) - 1:
            break
        shown = current if current else shown + 1
        if not 1 <= shown <= len(products):
            raise ValueError(f"an <image> of product {shown}, and the query names {len(products)}")
        product = products[shown - 1]
        photo = photos.get(product)
        if photo is None:
            raise ValueError(f"product {product!r} has no photo among the products")
        if places[shown - 1] is None:
            places[shown - 1] = len(parts)
        parts.append(photo)
    return Interleaved(tuple(parts), tuple(places))


def describe(asked: Asked, pool: Mapping[str, Shown]) -> str:
    """An instruction for a line of the composed stage, which has none, in the form of the published
    ones."""
    told = []
    for number, (product, wanted) in enumerate(asked, 1):
        title = pool[product].title if product in pool else ""
        what = "like" if not wanted else f"with the same {' and '.join(wanted)} as"
        told.append(f"{what} <Product {number}> {PLACEHOLDER}\n{title} </Product {number}>")
    return f"Find a product {' and '.join(told)}"


def write_line(query: Query, kept: bytes | None, pool: Mapping[str, Shown]) -> bytes:
    """The line of a query, without its end: ASCII-escaped JSON, as the authors' code writes it.

    Args:
        kept: the line that the query was read from. It comes back byte for byte where it still says
            what the query says; else what differs is changed in it, all other fields and the order
            of keys stay.
        pool: the products to read `kept` with.
    Raises:
        ValueError: something that MERIT's files cannot say, or a picture of a product that is not
            in the pool or has none.
    """
    if kept is None:
        cells = write_cells(query)
        build_query(query.id, cells, pool)  # raises for what could not be read again
        return json.dumps(cells).encode()
    cells = json.loads(kept)
    try:
        changed = differences(query, build_query(query.id, cells, pool), pool)
    except (ValueError, TypeError, KeyError, AttributeError):
        changed = list(FIELDS)
    if not changed:
        return kept
    written = write_cells(query)
    if "query" in changed:
        cells.pop(CONDITIONS, None)
        changed.append(CONDITIONS)
    return json.dumps(cells | {k: v for k, v in written.items() if k in changed}).encode()


FIELDS = ("query", "pos_candidate", "hard_negative", INSTRUCTION)
"""What the published files say of a query, in this order."""


def differences(query: Query, read: Query, pool: Mapping[str, Shown]) -> list[str]:
    """The fields of a line that say something else than the query; `read` is what the line says."""
    pairs = {
        "query": ((query.references, query.conditions), (read.references, read.conditions)),
        "pos_candidate": (query.answers, read.answers),
        "hard_negative": tuple(
            {p for p in negatives_of(q) if p in pool} for q in (query, read)
        ),  # a set: a folder lists first those that are judged
        INSTRUCTION: (write_instruction(query), write_instruction(read)),
    }
    return [name for name in FIELDS if pairs[name][0] != pairs[name][1]]


def negatives_of(query: Query) -> list[str]:
    """Hard negatives, then other products judged not relevant."""
    judged = [p for p, grade in query.relevant.items() if grade == 0]
    return [*query.hard_negatives, *(p for p in judged if p not in query.hard_negatives)]


def write_instruction(query: Query) -> str:
    return "".join(PLACEHOLDER if isinstance(p, Image) else p for p in query.item.parts)


def write_cells(query: Query) -> dict[str, Any]:
    """The published fields of a query.

    Modalities, tags and conditions that no product shows (a class that the text names) have no
    place; grades become positives and hard negatives.

    Raises:
        ValueError: something that MERIT's files cannot say; says what.
    """
    refuse_unsaid(query)
    shown = list(query.references)
    named = dict.fromkeys(c.product for c in query.conditions if c.product is not None)
    shown += [product for product in named if product not in shown]
    wanted = share_conditions(query, shown)
    check_pictures(query, shown)
    cells: dict[str, Any] = {"query": dict(zip(shown, wanted, strict=True))}
    if len(set(shown)) < len(shown):
        cells = {"query": shown, CONDITIONS: wanted}
    return cells | {
        "pos_candidate": [write_id(p) for p in query.answers],
        "hard_negative": [write_id(p) for p in negatives_of(query)],
        INSTRUCTION: write_instruction(query),
    }


def refuse_unsaid(query: Query) -> None:
    """Raise ValueError for what the files have no words for."""
    if query.where is not None:
        raise ValueError("has a filter, which MERIT's files cannot hold")
    if not query.answers:
        raise ValueError("has no relevant product")
    for c in query.conditions:
        if c.relation == "different" or c.weight != 1:
            raise ValueError(f"its condition {c.key!r} is not of the kind 'the same as'")
    if any(PLACEHOLDER in part for part in query.item.parts if isinstance(part, str)):
        raise ValueError(f"its text holds {PLACEHOLDER}, which stands for a picture there")


def share_conditions(query: Query, shown: Sequence[str]) -> list[dict[str, str | None]]:
    """Key -> value of each product shown; of one shown twice, by the picture they refer to."""
    places: dict[str, list[int]] = {p: [] for p in shown}
    for c in query.conditions:
        if c.product is not None and c.part is not None and c.part not in places[c.product]:
            places[c.product].append(c.part)
    wanted: list[dict[str, str | None]] = [{} for _ in shown]
    for c in query.conditions:
        if c.product is None:
            continue
        nth = sorted(places[c.product]).index(c.part) if c.part is not None else 0
        at = [i for i, p in enumerate(shown) if p == c.product]
        mine = wanted[at[min(nth, len(at) - 1)]]
        key, value = write_condition(c)
        if key in mine:
            raise ValueError(f"asks twice for the {key!r} of product {c.product!r}")
        mine[key] = value
    return wanted


def write_condition(c: Condition) -> tuple[str, str | None]:
    if c.relation == "whole":
        return c.key, WHOLE[1]
    return c.key, OTHERS[1] if (c.key, c.value) == (OTHERS[0], None) else c.value


def check_pictures(query: Query, shown: Sequence[str]) -> None:
    """Raise ValueError where the text alone would not lead back to the product of each picture."""
    stand_ins: dict[str, Image | None] = {p: Image(path=p) for p in shown}
    read = interleave(write_instruction(query), tuple(shown), stand_ins)
    texts = [isinstance(p, str) for p in query.item.parts]
    if texts != [isinstance(p, str) for p in read.parts]:
        return  # blank or divided texts: positions differ, what is said does not
    for c in query.conditions:
        if c.product is None or c.part is None:
            continue
        part = read.parts[c.part]
        if not isinstance(part, Image) or part.path != c.product:
            raise ValueError(
                f"the picture of its condition {c.key!r} does not stand in the tag of product "
                f"{c.product!r}"
            )


def write_id(product: str) -> int | str:
    """As the published files have it: a number where the id is one, of any size."""
    return int(product) if product.isdecimal() and str(int(product)) == product else product
