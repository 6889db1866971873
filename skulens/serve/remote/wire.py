"""Requests and answers of a search as JSON and back, for whoever asks a server.

The server gathers the parts of a body one after the other into the very request that was given.
"""

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any

import numpy as np

from skulens.catalog.folder import suffix_of
from skulens.claims import Claim, Evidence, Verdict
from skulens.errors import DataError, PictureError
from skulens.filters import filter_to_json, format_filter, parse_filter
from skulens.pictures import read_bytes
from skulens.records import Condition, Filter, Image, Product, Reject
from skulens.search.answers import (
    Answer,
    FactCheck,
    Hit,
    Leg,
    LegScore,
    Note,
    PartScore,
    PictureRegion,
    Relaxation,
    Why,
)
from skulens.search.claims import Checked
from skulens.search.draft import SKU, as_image
from skulens.search.modify import Boost, Boosted
from skulens.search.request import Request

MOST_BYTES = 15_000_000
"""Of what a call holds of many things, where 20 MB are the limit; one that is larger goes alone."""
UNSENT = ("query", "words", "keys", "named", "given", "browse")
"""Fields of a request that the server makes of the parts itself."""


@dataclass
class Sent:
    """A request as it goes out."""

    request: Request
    item: list[dict[str, Any]] = field(default_factory=list)
    conditions: list[dict[str, Any]] = field(default_factory=list)
    own: list[tuple[int, ...]] = field(default_factory=list)
    """Of each part of `item` the positions that it has in the request: a key and its photo are two."""

    @property
    def body(self) -> dict[str, Any]:
        """Of `POST /v1/search`."""
        request = self.request
        body: dict[str, Any] = {"item": self.item, "conditions": self.conditions}
        if request.query.where is not None:
            body["where"] = filter_to_json(request.query.where)
        for one in fields(request):
            value = getattr(request, one.name)
            if one.name not in UNSENT and (one.name == "without" or value != default_of(one)):
                body[one.name] = plain(value)
        return body

    def add(self, part: dict[str, Any], own: tuple[int, ...], condition: Condition | None) -> None:
        if condition is not None:
            asked = {n: getattr(condition, n) for n in ("key", "relation", "weight")}
            self.conditions.append({"part": len(self.item), **asked})
        self.item.append(part)
        self.own.append(own)


def data_uri(image: Image, name: str) -> str:
    """A picture as data:image/jpeg;base64,... Raises DataError where it cannot be read."""
    try:
        data = read_bytes(image)
    except PictureError as e:
        raise DataError(f"{image.path or name} cannot be sent: {e}; give another picture") from e
    kind = suffix_of(data)[1:].replace("jpg", "jpeg")
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


# ----- requests -------------------------------------------------------------------------------


def send(request: Request) -> Sent:
    """What goes out. Raises DataError for a photo that cannot be read."""
    parts, sent, done = request.query.item.parts, Sent(request), 0
    keyed = {condition: part for part, condition in request.keys.items()}
    for number, condition in enumerate(request.query.conditions):
        begin = keyed.get(number, condition.part)  # a key stands before its photo
        if begin is not None:
            for part in range(done, begin):
                sent.add(part_of(parts[part]), (part,), None)
            done = begin + (number in keyed) + (condition.part is not None)
        key = (begin,) if begin is not None and number in keyed else ()
        if condition.part is not None:
            sent.add(part_of(parts[condition.part]), (*key, condition.part), condition)
        else:
            sent.add(stand_in(request, number), (*key, len(parts) + number), condition)
    for part in range(done, len(parts)):
        sent.add(part_of(parts[part]), (part,), None)
    return sent


def stand_in(request: Request, number: int) -> dict[str, Any]:
    """What stands for the photo of a condition: a vector, or a product of the store."""
    if number in request.given:
        vector = request.given[number]
        return {"vector": vector.values.tolist(), "maker": vector.maker}
    return {"product": request.query.conditions[number].product}


def part_of(part: str | Image) -> dict[str, Any]:
    return {"text": part} if isinstance(part, str) else {"image": data_uri(part, "a photo")}


def default_of(one: Field) -> Any:
    if one.default is not MISSING:
        return one.default
    return one.default_factory() if one.default_factory is not MISSING else None


def plain(value: Any) -> Any:
    """An option as JSON values."""
    if isinstance(value, Boost):
        return boost_record(value)
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Filter):
        return filter_to_json(value)
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, tuple | list | frozenset):
        return [plain(one) for one in value]
    return value


def boost_record(boost: Boost) -> dict[str, Any]:
    """A modifier as `search.modify.read_boosts` reads it."""
    if boost.where is not None:
        return {"if": format_filter(boost.where), "weight": boost.weight}
    names = {"log": ("low", "high"), "linear": ("low", "high"), "decay": ("origin", "scale")}
    own = {name: getattr(boost, name) for name in names[boost.shape]}
    return {"field": boost.field, "shape": boost.shape, "weight": boost.weight} | own


# ----- answers --------------------------------------------------------------------------------


def answer_of(record: Mapping[str, Any], sent: Sent, load: Callable[[str], bytes]) -> Answer:
    """The answer as the shop itself gives it.

    Args:
        load: id of a hit -> its thumbnail.
    """
    hits = tuple(hit_of(hit, sent, load) for hit in record["hits"])
    return Answer(
        hits,
        sent.request,
        {name: leg_of(leg, sent, hits) for name, leg in record["legs"].items()},
        {f: {v["value"]: v["count"] for v in values} for f, values in record["facets"].items()},
        tuple(Note(**note) for note in record["notes"]),
        record["candidates"],
        record["known"],
        dict(record["took_s"]),
        {n: np.array(v, np.float32) for n, v in record.get("vectors", {}).items()},
        record.get("counts", {}),
        tuple(relaxation_of(one) for one in record.get("without", ())),
    )


def leg_of(record: Mapping[str, Any], sent: Sent, hits: Sequence[Hit]) -> Leg:
    """A leg; of a key and its photo those that some hit has a score of, where hits say."""
    column, keys = record["column"], sent.request.keys
    scored = {p.part for hit in hits for p in hit.why.parts if p.column == column}
    own = sorted(part for place in record["parts"] for part in sent.own[place])
    if column == "words":
        own = [part for part in own if part not in keys]
    elif scored:
        own = [part for part in own if part in scored]
    return Leg(**{**record, "parts": tuple(own)})


def relaxation_of(record: Mapping[str, Any]) -> Relaxation:
    where = None if record["where"] is None else parse_filter(record["where"])
    return Relaxation(**{**record, "where": where})


def hit_of(record: Mapping[str, Any], sent: Sent, load: Callable[[str], bytes]) -> Hit:
    own = {n: tuple(v) if isinstance(v, list) else v for n, v in record["fields"].items()}
    why = why_of(record["why"], sent)
    return Hit(
        record["id"], record["score"], record["rank"], own, why, tuple(record["others"]), load
    )


def why_of(record: Mapping[str, Any], sent: Sent) -> Why:
    words = tuple(record["words"])
    return Why(
        {name: LegScore(**leg) for name, leg in record["legs"].items()},
        tuple(PartScore(**keep(part, PartScore)) for part in record["parts"]),
        tuple(FactCheck(**keep(fact, FactCheck)) for fact in record["facts"]),
        record["code"],
        tuple(sent.own[place][-1] for place in record["shown"]),  # the photo, not its key
        tuple(Boosted(**boost) for boost in record["boosts"]),
        record["relevance"],
        tuple(PictureRegion(**keep(one, PictureRegion)) for one in record["regions"]),
        lambda: words,
    )


def keep(record: Mapping[str, Any], kind: type) -> dict[str, Any]:
    """What a dataclass has of a record, lists as tuples."""
    own = {one.name for one in fields(kind)}
    listed = {n: tuple(v) if isinstance(v, list) else v for n, v in record.items()}
    return {name: value for name, value in listed.items() if name in own}


# ----- vectors --------------------------------------------------------------------------------

MOST_INPUTS = 256
"""Of a call for vectors."""


def read_claim(product: str, record: Mapping[str, Any]) -> Checked:
    """A claim of a product from the answer of `/v1/products/ID`."""
    evidence = tuple(
        Evidence(
            e["image"], e["source"], e["quote"], None if e["quad"] is None else tuple(e["quad"])
        )
        for e in record["evidence"]
    )
    claim = Claim(
        product, record["field"], record["value"], record["unit"], record["language"], evidence,
        record["confidence"],
    )  # fmt: skip
    said = record["verdict"]
    return claim, Verdict(claim.id, said["label"], said["sub"], said["verifier"], evidence=evidence)


def thing_record(given: Any) -> dict[str, str]:
    """A text, a photo or "sku:ID" as `POST /v1/rerank` takes it. Raises DataError for others."""
    if isinstance(given, str):
        return {"product": given[len(SKU) :]} if given.startswith(SKU) else {"text": given}
    return {"image": data_uri(as_image(given), "a photo")}


def cut_inputs(parts: Sequence[Any]) -> Iterator[list[dict[str, str]]]:
    """Texts and photos as `POST /v1/embeddings` takes them, as many as one call takes."""
    some: list[dict[str, str]] = []
    size = 0
    for part in parts:
        if isinstance(part, str):
            row, length = {"type": "input_text", "text": part}, len(part)
        else:
            uri = data_uri(as_image(part), "a photo")
            row, length = {"type": "input_image", "image_url": uri}, len(uri)
        if some and (len(some) >= MOST_INPUTS or size + length > MOST_BYTES):
            yield some
            some, size = [], 0
        some.append(row)
        size += length
    if some:
        yield some


def vector_of(text: str) -> np.ndarray:
    """(dim,) float32 of base64."""
    return np.frombuffer(base64.b64decode(text), "<f4").astype(np.float32)


# ----- products -------------------------------------------------------------------------------

MOST_PRODUCTS = 256
"""Of a call."""


def cut_rows(
    products: Iterable[Product],
) -> Iterator[tuple[list[dict[str, Any]], list[Reject]]]:
    """(rows of a call, rejects for pictures that cannot be read), as many as one call takes."""
    rows: list[dict[str, Any]] = []
    rejects: list[Reject] = []
    size = 0
    for product in products:
        row, unread = row_of(product)
        bytes_ = len(json.dumps(row, default=str))
        if rows and (len(rows) >= MOST_PRODUCTS or size + bytes_ > MOST_BYTES):
            yield rows, rejects
            rows, rejects, size = [], [], 0
        rows.append(row)
        rejects += unread
        size += bytes_
    if rows:
        yield rows, rejects


def row_of(product: Product) -> tuple[dict[str, Any], list[Reject]]:
    """A product as `POST /v1/products:batchUpsert` takes it, and its pictures that cannot be read."""
    images, rejects = [], []
    for image in product.images:
        try:
            images.append(data_uri(image, product.id))
        except DataError as e:
            todo = "replace the file or its path"
            rejects.append(Reject(image.path or product.id, product.id, str(e), todo))
    attributes: dict[str, list[str]] = {}
    for attribute in product.attributes:
        attributes.setdefault(attribute.key, []).append(attribute.value)
    plain = ("id", "title", "spu", "language", "country", "price", "currency", "gtin")
    own = {name: getattr(product, name) for name in plain}
    row = own | {
        "texts": dict(product.texts),
        "images": images,
        "category": list(product.category),
        "attributes": attributes,
        "extras": dict(product.extras),
    }
    return {name: value for name, value in row.items() if value not in (None, "", [], {})}, rejects
