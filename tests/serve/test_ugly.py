"""Whatever is sent to the routes that write, embed, rank and read, the server answers as it says."""

import json

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("lancedb")

from skulens.serve.app import make_app
from skulens.serve.running import serving
from tests.serve.kept import make_store, uri

URIS = [uri("red"), "data:image/png;base64,AAAA", "data:image/png;base64,%", "data:,", "a.jpg"]
TEXTS = st.one_of(st.text(max_size=20), st.sampled_from(["", " ", "p1", "\x00", "\ud800", *URIS]))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)


def objects(*names: str) -> st.SearchStrategy:
    return st.dictionaries(st.sampled_from(names), VALUES, max_size=4)


PRODUCT = objects(
    *("id", "title", "texts", "images", "spu", "category", "attributes", "price", "extras", "x")
)
PRODUCTS = st.builds(
    lambda held, images: held | {"id": "p", "images": images},
    PRODUCT,
    st.lists(st.sampled_from(URIS), max_size=3),
)
BODIES = {
    "products:batchUpsert": st.fixed_dictionaries(
        {"products": st.lists(st.one_of(PRODUCT, PRODUCTS, VALUES), max_size=4)}
    ),
    "products:delete": st.fixed_dictionaries({"ids": st.lists(TEXTS, max_size=3)}),
    "embeddings": st.fixed_dictionaries(
        {"input": st.one_of(VALUES, TEXTS, st.lists(TEXTS, max_size=3))},
        optional={"model": TEXTS, "dimensions": VALUES},
    ),
    "rerank": st.fixed_dictionaries(
        {
            "query": st.one_of(TEXTS, objects("text", "image", "product")),
            "documents": st.lists(
                st.one_of(TEXTS, objects("text", "image", "product")), max_size=3
            ),
        },
        optional={"top_n": VALUES},
    ),
    "read": objects("image", "product", "view", "region", "languages"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    app = make_app(make_store(tmp_path_factory.mktemp("ugly") / "shop.store"))
    with serving(app) as url, httpx.Client(base_url=url, timeout=60) as http:
        yield http


@pytest.mark.parametrize("path", BODIES)
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_no_body_is_too_ugly(server, path, data):
    body = data.draw(st.one_of(BODIES[path], objects("products", "ids", "input", "query")))
    answer = server.post(
        f"/v1/{path}", content=encode(body), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in (200, 400, 404, 422, 501), answer.text
    if answer.status_code != 200:
        assert answer.json()["code"] and answer.json()["detail"]
    elif path == "products:batchUpsert":
        told = answer.json()
        assert len(told["statuses"]) == len(body["products"])
        assert told["written"] == told["statuses"].count("written")


def encode(body: object) -> bytes:
    """JSON, with all that JSON of others may hold: NaN, half characters."""
    return json.dumps(body).encode()
