"""What `POST /v1/search` refuses: by a 4xx that says what to do, before anything is decoded."""

import base64
import io
import json
import struct
import zlib

import PIL.Image
import pytest

from skulens.serve.answering import asking
from skulens.serve.pictures import given as pictures
from skulens.serve.settings import Settings
from tests.search.small_shop import column, make_shop, photo
from tests.serve.answered import ids, refuse, search, uri
from tests.serve.talking import served

RED = {"image": uri(photo("red"))}
TEXT = {"text": "coat"}


@pytest.fixture
def client():
    with served(make_shop()) as (client, _):
        yield client


@pytest.fixture
def nothing_decoded(monkeypatch):
    """A search that decodes a picture or asks the store fails."""
    for module in (asking, pictures):
        monkeypatch.setattr(module, "decode", lambda *_: pytest.fail("decoded"))


def ask(client, *item, **body):
    return client.post("/v1/search", json={"item": list(item), **body})


def deep(levels: int, op: str = "not") -> dict:
    tree: dict = {"field": "price", "op": "<", "value": 3}
    for _ in range(levels):
        tree = {"not": tree} if op == "not" else {op: [tree, {"exists": "price"}]}
    return tree


TOO_MUCH = {
    "100 pictures": ({"item": [RED] * 100}, "bad-request", "100 parts in item"),
    "characters": ({"item": [{"text": "x" * 10_001}]}, "bad-request", "10,001 characters"),
    "conditions": ({"item": [RED], "conditions": [{"part": 0}] * 65}, "bad-request", "65 conditions"),
    "k of 0": ({"item": [RED], "k": 0}, "bad-request", "from 1 to 1,000, got 0"),
    "k of a million": ({"item": [RED], "k": 10**6}, "bad-request", "got 1000000"),
    "k of 10^30": ({"item": [RED], "k": 10**30}, "bad-request", "from 1 to 1,000"),
    "offset": ({"item": [RED], "offset": 10_000}, "bad-request", "at most 10,000"),
    "offset below 0": ({"item": [RED], "offset": -1}, "bad-request", "from 0"),
    "facets": ({"item": [RED], "facets": ["spu"] * 101}, "bad-request", "101 facets"),
    "excluded": ({"item": [TEXT], "exclude": ["a"] * 1001}, "bad-request", "1,001 ids"),
    "deep filter": ({"item": [RED], "where": deep(9)}, "bad-filter", "more than 8"),
    "deep and": ({"item": [RED], "where": deep(9, "and")}, "bad-filter", "more than 8"),
    "very deep filter": ({"item": [RED], "where": deep(300)}, "bad-filter", "more than 8"),
    "deep text": ({"item": [RED], "where": "not " * 9 + "price < 3"}, "bad-filter", "more than 8"),
    "leaves": (
        {"item": [RED], "where": {"or": [deep(0)] * 201}}, "bad-filter", "more than 200 comparisons",
    ),
    "leaves of a text": (
        {"item": [RED], "where": " or ".join(["price < 3"] * 201)}, "bad-filter", "more than 200",
    ),
    "values": (
        {"item": [RED], "where": {"field": "price", "op": "in", "value": [1.0] * 1001}},
        "bad-filter", "1,000 values",
    ),
    "long filter": ({"item": [RED], "where": "x" * 10_001}, "bad-filter", "10,001 characters"),
}  # fmt: skip


@pytest.mark.parametrize("name", TOO_MUCH)
def test_too_much(client, nothing_decoded, name):
    body, code, said = TOO_MUCH[name]
    problem = refuse(
        client.post("/v1/search", json=body), 400 if code == "bad-filter" else 422, code
    )
    assert said in problem["detail"]


def test_what_is_just_allowed(client):
    where = {"or": [{"field": "price", "op": "<", "value": n} for n in range(200)]}
    assert search(client, TEXT, where=where, k=1000)["hits"]
    assert search(client, *[TEXT] * 16, where=deep(7), k=1) is not None
    assert search(client, TEXT, offset=9_990, k=10)["hits"] == []


def test_limits_are_those_of_the_settings():
    with served(make_shop(), Settings(workers=1, parts=1, k=2, filter_leaves=1)) as (client, _):
        refuse(ask(client, TEXT, TEXT), 422, "bad-request")
        refuse(ask(client, TEXT, k=3), 422, "bad-request")
        refuse(ask(client, TEXT, k=1, where="price < 3 or price > 9"), 400, "bad-filter")
        assert search(client, TEXT, k=2)["hits"]


NO_PARTS = {
    "none": ({}, "got none"),
    "two kinds": ({"image": "x", "text": "y"}, "'image', 'text'"),
    "region of a text": (
        {"text": "x", "region": [0, 0, 9, 9]},
        "region belongs to image or product",
    ),
    "view of a photo": ({**RED, "view": 0}, "view belongs to product"),
    "maker of a photo": ({**RED, "maker": "x"}, "maker belongs to vector"),
    "vector without maker": ({"vector": [1, 0, 0, 0]}, "needs its maker"),
    "vector of another maker": ({"vector": [1, 0, 0, 0], "maker": "clip-2"}, "made no column"),
    "vector of another width": ({"vector": [1, 0], "maker": "colours-1"}, "has 2 numbers"),
    "vector of nothing": ({"vector": [], "maker": "colours-1"}, "length 0"),
    "vector of zeros": ({"vector": [0, 0, 0, 0], "maker": "colours-1"}, "length 0"),
    "an unknown product": ({"product": "nope"}, "no product 'nope'"),
    "no product": ({"product": ""}, "id of a product"),
    "a file's address": ({"image": "file:///x.jpg"}, "data:image/jpeg;base64"),
    "a path": ({"image": "/etc/passwd"}, "data:image/jpeg;base64"),
    "no base64": ({"image": "data:image/png;base64,@@@@"}, "not base64"),
    "another kind of data": ({"image": "data:text/html;base64,AAAA"}, "data:image/jpeg;base64"),
}


@pytest.mark.parametrize("name", NO_PARTS)
def test_parts_that_are_none(client, name):
    part, said = NO_PARTS[name]
    assert said in refuse(ask(client, part), 422, "bad-request")["detail"]


def test_a_condition_about_no_part(client):
    said = refuse(ask(client, TEXT, conditions=[{"part": 1}]), 422, "bad-request")["detail"]
    assert "item[1]" in said and "1 parts" in said
    refuse(ask(client, TEXT, conditions=[{"part": -1}]), 422, "bad-body")


@pytest.mark.parametrize("given", [[1, 0, 0], [1, 0, 0, 0, 0], [0, 0, 0, 0], []])
def test_vectors_that_no_column_takes(client, given):
    found = client.post("/v1/search", json={"vectors": {"picture": given}})
    assert "picture" in refuse(found, 422, "bad-request")["detail"]


@pytest.mark.parametrize("bad", ["NaN", "Infinity", "-Infinity", "1e400", '"x"', "null", "1e12"])
@pytest.mark.parametrize(
    "body",
    [
        '{"item": [{"text": "x"}], "conditions": [{"part": 0, "weight": %s}]}',
        '{"item": [{"text": "x"}], "weights": {"words": %s}}',
        '{"item": [{"text": "x"}], "least": {"words": %s}}',
        '{"item": [{"text": "x"}], "within": %s}',
        '{"item": [{"vector": [1, 0, 0, %s], "maker": "colours-1"}]}',
        '{"vectors": {"picture": [1, 0, 0, %s]}}',
    ],
)
def test_numbers_that_are_none(client, body, bad):
    head = {"content-type": "application/json"}
    refuse(client.post("/v1/search", content=body % bad, headers=head), 422, "bad-body")


@pytest.mark.parametrize(
    "body",
    [
        {"item": [{"text": "x"}], "where": "price <"},
        {"where": {"field": "prise", "op": "<", "value": 3}},
        {"where": {"op": "<"}},
        {"where": {"and": "x"}},
        {"where": {"field": "title", "op": "=", "value": None}},
        {"where": {"field": ["title"], "op": "=", "value": "x"}},
        {"where": "price < 3", "sort": "prise"},
        {"facets": ["prise"]},
        {"item": [{"text": "x"}], "collapse": "prise"},
    ],
)
def test_filters_and_fields_that_are_none(client, body):
    refuse(client.post("/v1/search", json=body), 400, "bad-filter")


@pytest.mark.parametrize(
    "body",
    [
        {"imge": "x"}, {"item": "x"}, {"item": [None]}, {"item": [{"text": 5}]}, [], "x", None,
        {"item": [{"image": "x", "region": [1, 2, 3]}]}, {"k": "many"}, {"k": None},
    ],
)  # fmt: skip
def test_bodies_that_are_none(client, body):
    refuse(client.post("/v1/search", json=body), 422, "bad-body")


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"item": [{"text": "\\ud800"}]}'])  # fmt: skip
def test_bytes_that_are_no_body(client, raw):
    got = client.post("/v1/search", content=raw, headers={"content-type": "application/json"})
    assert got.status_code in (400, 422), got.text
    assert got.headers["content-type"] == "application/problem+json"


def test_half_a_character_in_a_filter(client):
    """It is no text that an answer could repeat."""
    for where in (
        '{"field": "title", "op": "=", "value": "\\ud800"}',
        '{"\\ud800": 1}',
        '"\\ud800"',
    ):
        raw = f'{{"where": {where}}}'.encode()
        got = client.post("/v1/search", content=raw, headers={"content-type": "application/json"})
        assert got.status_code in (200, 400, 422), got.text
        json.loads(got.content.decode("utf-8"))


# ----- pictures -------------------------------------------------------------------------------


def as_uri(data: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


def png_header(width: int, height: int) -> bytes:
    """A PNG that says it has so many pixels."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
    return b"\x89PNG\r\n\x1a\n" + chunk


BAD = {
    "text": b"hello",
    "nothing": b"",
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "half": photo("red", 200).read()[:90],
    "bomb": png_header(50_000, 50_000),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("region", [None, [0, 0, 4, 4]])
def test_a_photo_that_is_none_is_named_by_its_place(client, name, region):
    part = {"image": as_uri(BAD[name])} | ({"region": region} if region else {})
    said = refuse(ask(client, TEXT, RED, part), 422, "bad-picture")
    assert said["part"] == 2 and "item[2]" in said["detail"]


def test_pixels_are_counted_before_they_are_decoded(nothing_decoded):
    with served(make_shop(), Settings(workers=1, picture_pixels=100)) as (client, _):
        said = refuse(ask(client, RED), 422, "bad-picture")
        assert "12 x 12 px" in said["detail"]


@pytest.mark.parametrize(
    "region",
    [[0, 0, 13, 12], [5, 5, 8, 4], [-1, 0, 5, 5], [0, 0, 0, 5], [0, 0, 5, -5], [10**9, 0, 1, 1]],
)
def test_a_region_outside_the_picture(client, region):
    said = refuse(ask(client, {**RED, "region": region}), 422, "bad-request")["detail"]
    assert "item[0]" in said and "region" in said


def test_a_region_that_is_too_small_to_say_anything(client):
    refuse(ask(client, {**RED, "region": [0, 0, 1, 1]}), 422, "bad-picture")


def test_one_bad_photo_does_not_spoil_the_next_search(client):
    refuse(ask(client, {"image": as_uri(b"x")}), 422, "bad-picture")
    assert ids(search(client, RED, k=1)) == ["r3"]


def test_weights_that_cancel_out(client):
    conditions = [{"part": 0, "weight": 1}, {"part": 1, "weight": -1}]
    said = refuse(ask(client, RED, RED, conditions=conditions), 422, "bad-request")
    assert "cancel out" in said["detail"]


def test_weights_are_never_too_large_to_be_added(client):
    out = io.BytesIO()
    PIL.Image.new("RGB", (12, 12), (200, 10, 10)).save(out, "PNG")
    item = [RED, {"image": as_uri(out.getvalue())}]
    conditions = [{"part": 0, "weight": 1e9}, {"part": 1, "weight": 1e9}]
    assert search(client, *item, conditions=conditions, weights={"picture": 1e9, "words": 0})[
        "hits"
    ]


def test_a_store_that_reads_no_photos_is_asked_for_words():
    with served(make_shop(column("text", "texts"))) as (client, _):
        assert search(client, TEXT, RED)["notes"][0]["code"] == "part-unread"
