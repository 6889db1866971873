"""A shop of three products in memory, and an answer with a reason of every kind."""

import io
from dataclasses import replace

import numpy as np
import PIL.Image

from skulens.documents import Document, FieldColumn, Schema
from skulens.filters import parse_filter
from skulens.index.stores import open_store
from skulens.records import Condition, Image, Item, Query
from skulens.search.answers import (
    Answer,
    FactCheck,
    Hit,
    Leg,
    LegScore,
    Note,
    PartScore,
    PictureRegion,
    Why,
)
from skulens.search.modify import Boosted
from skulens.search.request import Request
from skulens.search.shop import Shop

THAI = "กระเป๋าสีแดงใบใหญ่สำหรับเดินทางและใส่ของได้มากมายทุกวัน"
LONG_ID = "shop/../../etc/passwd?x='\"<b>" + "0" * 60
FIELDS = (
    FieldColumn("id", "text"),
    FieldColumn("title", "text"),
    FieldColumn("price", "number"),
    FieldColumn("currency", "text"),
    FieldColumn("attributes.color", "text", many=True),
    FieldColumn("pictures", "text", many=True),
)
PRODUCTS = (
    ("a/1", "red leather bag with a zip", 12.5, ("red",)),
    ("b<2>", THAI + " red", 99.0, ("red", "blue")),
    (LONG_ID, "blue bag", 1250.0, ("blue",)),
)


def jpeg(colour: str = "red", size: tuple[int, int] = (40, 30)) -> bytes:
    out = io.BytesIO()
    PIL.Image.new("RGB", size, colour).save(out, "JPEG")
    return out.getvalue()


def make_shop() -> Shop:
    """Found by words alone: no encoder is opened."""
    store = open_store("memory:", Schema((), FIELDS, "small shop"))
    store.upsert(
        Document(
            product,
            fields={
                "id": product,
                "title": title,
                "price": price,
                "currency": "EUR",
                "attributes.color": colours,
                "pictures": ("0" * 64,),
            },
            words=title,
            thumbnail=jpeg(colours[0]),
            digest="1",
        )
        for product, title, price, colours in PRODUCTS
    )
    return Shop(store)


def make_answer(**changed) -> Answer:
    """Text, photo, photo to keep away from, and the collar of a third; two hits."""
    photos = [Image(data=jpeg(colour)) for colour in ("red", "blue", "green")]
    query = Query(
        "query",
        Item("query", ("red bag", photos[0], photos[1], "collar", photos[2])),
        conditions=(
            Condition("", part=2, relation="whole", weight=-0.5),
            Condition("collar", part=4),
        ),
        where=parse_filter('price < 30 and country = "TH"'),
    )
    request = Request(query, k=2, words="red bag", keys={3: 1}, facets=("attributes.color",))
    why = Why(
        legs={"picture": LegScore(0.81, 1, 0.75), "words": LegScore(3.2, 4, 0.25)},
        parts=(PartScore("picture", 1, 0.9), PartScore("picture", 4, 0.4, 1.0, "collar")),
        find_words=lambda: ("red", "bag"),
        facts=(
            FactCheck("collar", "same", ("v-neck",), ("v-neck",), True, 4, "attributes.collar"),
            FactCheck("color", "same", ("red",), ("blue",), False, None, "attributes.color"),
            FactCheck("length", "same", (), (), None),
        ),
        code="00885200111234",
        shown=(1,),
        boosts=(Boosted("extras.stock > 0", True, 1.5),),
        regions=(PictureRegion(1, (0.25, 0.0, 0.75, 0.5), 1.2, 0.6),),
    )
    fields = {
        "id": "a/1",
        "title": "Red leather bag",
        "price": 12.5,
        "currency": "EUR",
        "attributes.color": ("red", "blue"),
        "pictures": ("0" * 64,),
    }
    hits = (
        Hit("a/1", 0.9, 1, fields, why, ("a/2", "a/3"), lambda _: jpeg()),
        Hit(LONG_ID, 0.5, 2, {"id": LONG_ID}),
    )
    answer = Answer(
        hits,
        request,
        {"picture": Leg("picture", 1, 100), "words": Leg("words", 1, 7)},
        {"attributes.color": {"red": 12, "blue": 7}},
        (Note("key-as-text", "collar: embedded as a text beside the photo"),),
        candidates=40,
        took_s={"total": 0.0421},
        vectors={"picture": np.ones(2, np.float32)},
    )
    return replace(answer, **changed)
