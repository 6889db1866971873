"""A query's words as people see and rewrite them, and back."""

import hashlib
import json
from dataclasses import replace

from skulens.curate.asked.tagged import IMAGE, places_of, read_answer, read_tagged, with_text
from skulens.errors import DataError
from skulens.records import Item, Part, Query


def words_to_read(query: Query) -> str:
    """The query as one text, pictures numbered."""
    number, found = 0, ""
    for part in query.item.parts:
        if isinstance(part, str):
            found += part
        else:
            number += 1
            found += f"[picture {number}]"
    return " ".join(found.split())


def words_to_rewrite(query: Query) -> str:
    """The query with |image| in place of each picture and its title; titles are not rewritten."""
    try:
        return read_tagged(query).text
    except DataError:  # no product tags, as in the shop's changes: a photo and words
        told = (p if isinstance(p, str) else IMAGE for p in query.item.parts)
        return " ".join("".join(f" {p} " for p in told).split())


def rewrite(query: Query, said: str) -> tuple[Query | None, str]:
    """(the query in other words, "") or (None, what is wrong with them).

    The same pictures stay, in the same order, and what stands between product tags.
    """
    if " ".join(said.split()) == words_to_rewrite(query):
        return None, "the words are those it had"
    try:
        tagged = read_tagged(query)
    except DataError:
        return rewrite_untagged(query, said)
    found, problems = read_answer(said, tagged)
    return (with_text(query, found), "") if found else (None, "; ".join(problems))


def rewrite_untagged(query: Query, said: str) -> tuple[Query | None, str]:
    pictures = [p for p in query.item.parts if not isinstance(p, str)]
    pieces = " ".join(said.split()).split(IMAGE)
    if len(pieces) != len(pictures) + 1:
        return (
            None,
            f"{IMAGE} has to stand {len(pictures)} times, it stands {len(pieces) - 1} times",
        )
    parts: list[Part] = []
    for i, piece in enumerate(pieces):
        parts += [piece] if piece.strip() else []
        parts += pictures[i : i + 1]
    place = dict(zip(places_of(query.item.parts), places_of(parts), strict=True))
    conditions = tuple(
        c if c.part is None else replace(c, part=place[c.part]) for c in query.conditions
    )
    return replace(query, item=Item(query.item.id, tuple(parts)), conditions=conditions), ""


def digest_of(query: Query) -> str:
    """Of what a person judges: words and products shown. Another digest: the query has changed."""
    said = [p if isinstance(p, str) else None for p in query.item.parts]
    text = json.dumps([said, query.references], ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
