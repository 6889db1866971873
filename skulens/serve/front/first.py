"""What the page shows first, put into its HTML: it need not ask once it has started.

The page knows best what an address means (page/state.js). Here its addresses are read as it writes
them; the request goes with the answer, and the page uses it only where it is the one it would have
made itself.
"""

import asyncio
import json
import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, unquote

from pydantic import ValidationError

from skulens.errors import SkulensError
from skulens.serve.answering.about import Describer
from skulens.serve.answering.asking import Asking
from skulens.serve.bodies.search import SearchBody
from skulens.serve.pictures.catalogue import Catalogue
from skulens.serve.problems import Problem
from skulens.serve.routes.products import list_cards
from skulens.serve.work.service import Service

LOG = logging.getLogger("skulens.serve")
PAGE, BROWSED, FACETS, LETTERS, MOST_PAGES = 24, 12, 10, 40, 40
MOST_FIELDS = 100
"""Of an address that is read here."""
RELEVANT = 0.6
HIDDEN = {"id", "title", "pictures", "spu", "gtin"}
WAIT_S = 1.0
"""For the first answer; without it the page asks itself."""


async def find_first(
    query: str, service: Service, catalogue: Catalogue, describer: Describer
) -> dict[str, Any]:
    """{"about", and "browse", or "request" and "answer"}; less where the server is busy or slow.

    Args:
        query: what stands behind "?" in the address of the page.
    """
    found: dict[str, Any] = {}
    try:
        async with asyncio.timeout(WAIT_S):
            about = found["about"] = json.loads(await service.run(describer.about))
            body = read_address(query, about)
            if body is None:
                return found
            if not body:
                cards = await service.run(lambda: list_cards(service, describer, BROWSED))
                found["browse"] = json.loads(cards)
            else:
                asking = Asking(SearchBody(**body), service.settings, catalogue)
                answer = json.loads(await service.search(asking.make, asking.write))
                found |= {"request": body, "answer": answer}
    except (TimeoutError, Problem, SkulensError, ValidationError):
        pass  # the page asks, and shows what is wrong
    except Exception:
        LOG.exception("the page is sent without its first answer")
    return found


def write_first(found: Mapping[str, Any]) -> str:
    """A block of JSON for the HTML; nothing in it can end the block."""
    if not found:
        return ""
    said = json.dumps(found, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="first">{said}</script>'


def read_address(query: str, about: Mapping[str, Any]) -> dict[str, Any] | None:
    """The body of /v1/search for an address of the page, in the order that the page has it.

    Returns:
        {} where nothing is asked; None where only the page knows: photos are on its device, or the
        address has more than MOST_FIELDS fields.
    """
    try:
        given = parse_qs(query, max_num_fields=MOST_FIELDS)
    except ValueError:  # too many; strangers write addresses, too
        return None
    item: list[dict[str, Any]] = []
    conditions: list[dict[str, Any]] = []
    for text in given.get("p", []):
        part = read_part(text, len(item))
        if part is None:
            return None
        item.append(part[0])
        conditions += part[1]
    if words := given.get("q", [""])[0].strip():
        item.append({"text": words})
    sort, where = given.get("sort", [""])[0], " and ".join(given.get("w", []))
    if not (item or where or sort):
        return {}
    body: dict[str, Any] = {"item": item, "k": PAGE * read_pages(given), "counts": True}
    if conditions:
        body["conditions"] = conditions
    if any(c["key"] for c in conditions):
        body["facts"] = "prefer"
    body |= {name: said for name, said in (("where", where), ("sort", sort)) if said}
    if sort and item:
        body |= {"within": RELEVANT, "among": 50}
    if any(f["field"] == "spu" for f in about["fields"]):
        body["collapse"] = "spu"
    if facets := [f["field"] for f in facets_of(about["fields"])]:
        body |= {"facets": facets, "disjunctive": True}
    return body


def read_pages(given: Mapping[str, Sequence[str]]) -> int:
    text = given.get("n", ["1"])[0]
    return min(max(int(text), 1), MOST_PAGES) if re.fullmatch(r"\d{1,4}", text) else 1


def read_part(text: str, place: int) -> tuple[dict[str, Any], list[dict[str, Any]]] | None:
    """(part, conditions) of "ID:!KEY:WEIGHT"; None for photos and regions."""
    ref, key, weight, region, *_ = [*text.split(":"), "", "", ""]
    if ref.startswith("@") or not ref or region:
        return None
    name, no = unquote(key.removeprefix("!")), key.startswith("!")
    size = float(weight) if re.fullmatch(r"\d+(\.\d+)?", weight) and float(weight) > 0 else 1.0
    part = {"product": unquote(ref)}
    if name:
        relation = "different" if no else "same"
        return part, [{"part": place, "key": name, "relation": relation, "weight": size}]
    whole = {"part": place, "key": "", "relation": "whole", "weight": -size if no else size}
    return part, [whole] if whole["weight"] != 1 else []


def facets_of(fields: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """As facetsOf of page/state.js: short values that products share."""

    def shared(f: Mapping[str, Any]) -> bool:
        values = f.get("values") or []
        return (
            f["kind"] == "text"
            and f["field"] not in HIDDEN
            and f.get("facet") is not False
            and len(values) > 1
            and values[0]["count"] > 1
            and all(len(str(v["value"])) <= LETTERS for v in values)
        )

    def order(f: Mapping[str, Any]) -> tuple[int, int]:
        first = (
            -2 if f["field"] == "category" else -1 if f["field"].startswith("attributes.") else 0
        )
        return first, -f["products"]

    return sorted(filter(shared, fields), key=order)[:FACETS]
