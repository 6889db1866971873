"""Embeddings in OpenAI's form and ranking in Cohere's, over a shop whose vectors are known."""

import base64

import httpx
import numpy as np
import pytest

import skulens
from skulens.encode.fusion import normalise
from skulens.errors import DataError, EncoderError, PictureError, UnknownName
from skulens.serve.answering import embedding
from skulens.serve.app import make_app
from skulens.serve.running import serving
from tests.search import small_shop
from tests.search.small_shop import Colours, column, photo
from tests.serve.kept import uri


@pytest.fixture
def server():
    shop = small_shop.make_shop(column("picture"), column("text", "texts"))
    with serving(make_app(shop)) as url, httpx.Client(base_url=url, timeout=60) as http:
        yield http


@pytest.fixture
def remote(server):
    with skulens.connect(str(server.base_url)) as shop:
        yield shop


RED = np.array([220, 30, 30, 0]) / np.linalg.norm([220, 30, 30, 0])


def ask(server, path: str, status: int = 200, **body) -> dict:
    answer = server.post(f"/v1/{path}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def vectors(told: dict) -> np.ndarray:
    return np.array([one["embedding"] for one in told["data"]])


# ----- embeddings -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        "red",
        ["red"],
        uri(photo("red").data),
        {"type": "text", "text": "red"},
        {"type": "input_text", "text": "red"},
        {"type": "image_url", "image_url": {"url": uri(photo("red").data), "detail": "low"}},
        {"type": "input_image", "image_url": uri(photo("red").data)},
        [{"type": "image_url", "image_url": uri(photo("red").data)}],
    ],
)
def test_every_form_of_an_input_is_embedded(server, given):
    told = ask(server, "embeddings", input=given, model="colours")
    assert told["object"] == "list" and told["model"] == "picture"
    [one] = told["data"]
    assert (one["object"], one["index"]) == ("embedding", 0)
    assert one["embedding"] == pytest.approx(RED, abs=1e-6)


def test_vectors_are_in_order_of_length_one_and_tokens_are_counted(server):
    told = ask(server, "embeddings", input=["red", uri(photo("blue").data), "red and navy hats"])
    found = vectors(told)
    assert np.linalg.norm(found, axis=1) == pytest.approx(1)
    assert [one["index"] for one in told["data"]] == [0, 1, 2]
    encoder = Colours()
    mixed = encoder.encode_batch("text", [encoder.prepare_text("red and navy hats")])
    assert found[2] == pytest.approx(normalise(mixed)[0], abs=1e-6)
    assert told["usage"] == {"prompt_tokens": 3 + 6, "total_tokens": 9}
    long = ask(server, "embeddings", input="red " * 50)
    assert long["usage"]["prompt_tokens"] == 8  # of the context; the rest is cut


def test_base64_is_the_same_numbers(server):
    plain = vectors(ask(server, "embeddings", input=["red", "blue"]))
    packed = ask(server, "embeddings", input=["red", "blue"], encoding_format="base64")
    found = [np.frombuffer(base64.b64decode(o["embedding"]), "<f4") for o in packed["data"]]
    assert np.array_equal(np.array(found, np.float64), plain)


def test_a_model_is_a_column_or_an_encoder_or_whichever_reads_it(server):
    for name in ("picture", "colours"):
        assert ask(server, "embeddings", input="red", model=name)["model"] == "picture"
    assert ask(server, "embeddings", input="red", model="texts")["model"] == "text"
    assert ask(server, "embeddings", input="red")["model"] == "picture"
    assert ask(server, "embeddings", input="red")["maker"] == "colours-1"


BAD = {
    "no model": ({"input": "red", "model": "text-embedding-3"}, 400, "unknown-name"),
    "pictures": ({"input": uri("red"), "model": "texts"}, 422, "encoder"),
    "empty": ({"input": ["red", " "]}, 422, "bad-request"),
    "none": ({"input": []}, 422, "bad-request"),
    "many": ({"input": ["a"] * 257}, 422, "bad-request"),
    "tokens": ({"input": [[1, 2]]}, 422, "bad-body"),
    "NUL": ({"input": "a\0"}, 422, "bad-request"),
    "picture": ({"input": ["red", "data:image/png;base64,AAAA"]}, 422, "bad-picture"),
    "not base64": ({"input": "data:image/png;base64,%"}, 422, "bad-request"),
    "address": (
        {"input": {"type": "input_image", "image_url": "http://a/b.png"}},
        422,
        "bad-request",
    ),
    "both": (
        {"input": {"type": "text", "text": "a", "image_url": uri("red")}},
        422,
        "bad-request",
    ),
    "neither": ({"input": {"type": "input_image"}}, 422, "bad-request"),
    "dimensions": ({"input": "red", "dimensions": 3}, 422, "bad-request"),
    "format": ({"input": "red", "encoding_format": "hex"}, 422, "bad-body"),
}


@pytest.mark.parametrize(("body", "status", "code"), BAD.values(), ids=BAD)
def test_bad_inputs_are_refused(server, body, status, code):
    assert ask(server, "embeddings", status, **body)["code"] == code


def test_a_bad_part_is_named(server):
    body = {"input": ["red", "blue", "data:image/png;base64,AAAA"]}
    assert "input[2]" in ask(server, "embeddings", 422, **body)["detail"]
    assert "input[1]" in ask(server, "embeddings", 422, input=["red", ""])["detail"]


def test_many_parts_are_embedded_some_at_a_time(server, monkeypatch):
    monkeypatch.setattr(embedding, "TOGETHER", 3)
    given = ["red", "green", uri(photo("blue").data), "navy", "orange", "red", "blue"]
    together = [vectors(ask(server, "embeddings", input=one))[0] for one in given]
    assert np.allclose(vectors(ask(server, "embeddings", input=given)), together)


def test_the_client_embeds(remote, monkeypatch, tmp_path):
    monkeypatch.setattr("skulens.serve.remote.wire.MOST_INPUTS", 2)
    file = tmp_path / "a.png"
    file.write_bytes(photo("red").data)
    found = remote.embed(["red", file, photo("red"), "blue", photo("red").data])
    assert found.shape == (5, 4) and found.dtype == np.float32
    assert found[[0, 1, 2, 4]] == pytest.approx(np.tile(RED, (4, 1)), abs=1e-6)
    assert remote.embed("red").shape == (1, 4)
    with pytest.raises(UnknownName, match="colours"):
        remote.embed("red", model="colors")
    with pytest.raises(EncoderError):
        remote.embed(photo("red"), model="texts")
    with pytest.raises(PictureError, match=r"input\[0\]"):
        remote.embed(b"no picture")
    with pytest.raises(DataError):
        remote.embed([])


# ----- rerank -----------------------------------------------------------------------------------


def test_documents_come_best_first_with_their_cosine(server):
    documents = ["blue", {"text": "red"}, {"image": uri(photo("orange").data)}, {"product": "n1"}]
    told = ask(server, "rerank", query="red", documents=documents, return_documents=True)
    assert [one["index"] for one in told["results"]] == [1, 2, 0, 3]
    assert told["results"][0]["relevance_score"] == pytest.approx(1, abs=1e-6)
    orange = np.array([230, 120, 30]) / np.linalg.norm([230, 120, 30])
    assert told["results"][1]["relevance_score"] == pytest.approx(RED[:3] @ orange, abs=1e-6)
    assert told["results"][0]["document"] == {"text": "red"}
    assert told["results"][3]["document"] == {"product": "n1"}
    assert ask(server, "rerank", query="red", documents=documents, top_n=2)["results"] == [
        {k: v for k, v in one.items() if k != "document"} for one in told["results"][:2]
    ]


def test_a_query_may_be_a_picture_or_a_product(server):
    for query in (uri(photo("red").data), {"image": uri(photo("red").data)}, {"product": "r1"}):
        told = ask(server, "rerank", query=query, documents=["navy", "red"])
        assert [one["index"] for one in told["results"]] == [1, 0]


def test_equal_documents_keep_their_order(server):
    told = ask(server, "rerank", query="red", documents=["blue", "red", "blue", "red"])
    assert [one["index"] for one in told["results"]] == [1, 3, 0, 2]


@pytest.mark.parametrize(
    ("body", "status", "name"),
    [
        ({"query": "red", "documents": [{"product": "nothing"}]}, 422, "documents[0]"),
        ({"query": {"product": "nothing"}, "documents": ["red"]}, 422, "query"),
        ({"query": "red", "documents": [{"text": "a", "product": "r1"}]}, 422, "documents[0]"),
        ({"query": "red", "documents": [{}]}, 422, "documents[0]"),
        ({"query": "", "documents": ["red"]}, 422, "query"),
        ({"query": "red", "documents": []}, 422, "documents"),
        ({"query": "red", "documents": ["a"], "top_n": 0}, 422, "top_n"),
        ({"query": "red", "documents": ["a", "data:image/png;base64,AA=="]}, 422, "documents[1]"),
        ({"query": "red", "documents": ["a"], "model": "none"}, 400, "none"),
    ],
)
def test_what_cannot_be_ranked_is_named(server, body, status, name):
    assert name in ask(server, "rerank", status, **body)["detail"]


def test_the_client_ranks(remote):
    found = remote.rerank("red", ["blue", photo("red"), "sku:o1"], top_n=2)
    assert [place for place, _ in found] == [1, 2]
    assert found[0][1] == pytest.approx(1, abs=1e-6)


def test_routes_are_described(server):
    described = server.get("/openapi.json").json()["paths"]
    for path in ("embeddings", "rerank", "read", "products:batchUpsert", "products:delete"):
        assert "200" in described[f"/v1/{path}"]["post"]["responses"]
