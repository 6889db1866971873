"""An answer -> JSON. orjson writes the records themselves: `dataclasses.asdict` copies every value of
every hit, which takes longer than a search."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from skulens.index.stores.fields import PICTURES
from skulens.search.answers import Answer, Hit, Relaxation, text_of
from skulens.serve.pictures.addresses import thumbnail_url

OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS


@dataclass(slots=True)
class Places:
    """Where a body has what a request has elsewhere."""

    items: dict[int, int] = field(default_factory=dict)
    """Position of a part in the request -> in the body's item."""
    conditions: dict[int, int] = field(default_factory=dict)
    """Position of a condition in the request -> in the body; -1: the body has none."""
    about: dict[int, int] = field(default_factory=dict)
    """Position of a condition in the request -> that of its part in the body's item."""


def write_json(record: Any) -> bytes:
    return orjson.dumps(record, option=OPTIONS)


def write_answer(answer: Answer, places: Places) -> bytes:
    """JSON of an answer, in the positions of the body."""
    checked = [n for n, c in enumerate(answer.request.query.conditions) if c.relation != "whole"]
    record = {
        "hits": [record_hit(hit, places, checked) for hit in answer.hits],
        "candidates": answer.candidates,
        "known": answer.known,
        "legs": {
            name: {
                "column": leg.column,
                "weight": leg.weight,
                "found": leg.found,
                "how": leg.how,
                "parts": to_items(leg.parts, places.items),
            }
            for name, leg in answer.legs.items()
        },
        "facets": {
            f: [{"value": v, "count": n} for v, n in counts.items()]
            for f, counts in answer.facets.items()
        },
        "notes": answer.notes,
        "took_s": {name: round(s, 6) for name, s in answer.took_s.items()},
    }
    if answer.counts:
        record["counts"] = answer.counts
    if answer.request.without and not answer.hits:
        record["without"] = [record_relaxation(one, places.conditions) for one in answer.without]
    if answer.vectors:
        record["vectors"] = answer.vectors
    return write_json(record)


def record_hit(hit: Hit, places: Places, checked: Sequence[int]) -> dict[str, Any]:
    """Args: checked: conditions of the request that facts of hits are about, in their order."""
    why, items = hit.why, places.items
    return {
        "rank": hit.rank,
        "id": hit.id,
        "score": hit.score,
        "fields": shown_fields(hit.fields),
        "others": hit.others,
        "thumbnail": thumbnail_url(hit.id, hit.fields),
        "why": {
            "legs": why.legs,
            "parts": [
                {
                    "column": p.column,
                    "part": p.part,
                    "item": items.get(p.part),
                    "score": p.score,
                    "weight": p.weight,
                    "key": p.key,
                }
                for p in why.parts
            ],
            "facts": [
                {
                    "key": f.key,
                    "relation": f.relation,
                    "wanted": f.wanted,
                    "has": f.has,
                    "holds": f.holds,
                    "part": f.part,
                    "item": places.about.get(n),
                    "condition": places.conditions.get(n),
                    "field": f.field,
                }
                for n, f in zip(checked, why.facts, strict=False)  # no facts where they are off
            ],
            "code": why.code,
            "shown": to_items(why.shown, items),
            "boosts": why.boosts,
            "relevance": why.relevance,
            "regions": why.regions,
            "words": why.words,
        },
    }


def record_relaxation(one: Relaxation, conditions: Mapping[int, int]) -> dict[str, Any]:
    condition = None if one.condition is None else conditions.get(one.condition)
    return {
        "kind": one.kind,
        "text": one.text,
        "where": text_of(one.where),
        "condition": condition,
        "leg": one.leg,
        "products": one.products,
    }


def to_items(parts: Sequence[int], items: Mapping[int, int]) -> list[int]:
    """Positions in the body, each once."""
    return list(dict.fromkeys(items[part] for part in parts if part in items))


def shown_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a product without the hashes of its pictures."""
    return {name: value for name, value in fields.items() if name != PICTURES.field}
