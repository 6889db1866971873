"""Products come and go over HTTP: one status a row, nothing lost, nothing written twice."""

import json
import subprocess
import sys
import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("fastapi")
pytest.importorskip("httpx")
pytest.importorskip("lancedb")

import httpx

import skulens
from skulens.errors import SkulensError, StoreBusy
from skulens.index.stores import open_store as open_engine
from skulens.records import DatasetInfo, Image, Product
from skulens.search.indexing.build import build_index
from skulens.search.indexing.upsert import Upserter
from skulens.search.shop import open_store
from skulens.serve.app import make_app
from skulens.serve.door.access import Tokens, make_token
from skulens.serve.running import serving
from skulens.serve.settings import Settings
from skulens.serve.work import idempotency
from tests.serve.kept import colour_of, make_product, make_store, picture, uri


class Server:
    """A store in a folder behind a server."""

    def __init__(self, url: str, place: str):
        self.place = place
        self.http = httpx.Client(base_url=url, timeout=60)
        self.shop = skulens.connect(url)

    def upsert(self, *products, key: str = "", status: int = 200) -> dict:
        headers = {"Idempotency-Key": key} if key else {}
        body = {"products": products}
        answer = self.http.post("/v1/products:batchUpsert", json=body, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json()


@pytest.fixture
def server(tmp_path):
    place = tmp_path / "shop.store"
    with serving(make_app(make_store(place))) as url:
        found = Server(url, str(place))
        yield found
        found.shop.close()
        found.http.close()


def row(n: int, **given) -> dict:
    return {"id": f"p{n}", "title": f"thing {n}", "images": [uri(picture(colour_of(n)))]} | given


# ----- what comes of a row ----------------------------------------------------------------------


def test_products_are_written_found_and_deleted(server):
    products = [make_product(n) for n in range(20)]
    told = server.shop.upsert(products)
    assert (told.written, told.unchanged, told.rejects) == (20, 0, ())
    hit = server.shop.search(photo=products[7].images[0].data, k=1)[0]
    assert hit.id == "p7" and hit.fields["attributes.colour"] == ("red", "blue")
    assert hit.fields["extras.size.cm"] == 3.5 and hit.thumbnail[:3] == b"\xff\xd8\xff"
    assert server.shop.search("thing", where="extras.stock = 5", k=1)[0].id == "p5"
    assert server.shop.delete(["p7", "p7", "nothing"]) == 1
    assert "p7" not in [h.id for h in server.shop.search(photo=products[7].images[0].data, k=20)]
    assert server.http.delete("/v1/products/p8").json() == {"deleted": 1}
    assert server.http.delete("/v1/products/p8").json() == {"deleted": 0}


def test_ids_with_slashes_are_deleted(server):
    server.upsert(row(1, id="a/b c?d"))
    assert server.http.delete("/v1/products/a%2Fb%20c%3Fd").json() == {"deleted": 1}


@pytest.mark.parametrize("product", ["", "a\0b", "\ud800", "x" * 600, "o'clock", "'; DROP TABLE"])
def test_ids_that_no_store_has_are_not_there(server, product):
    server.upsert(row(1))
    body = json.dumps({"ids": [product, "p1"]}).encode()
    answer = server.http.post("/v1/products:delete", content=body)
    assert answer.status_code in (200, 422)
    assert answer.status_code == 422 or answer.json() == {"deleted": 1}


def test_the_store_is_that_which_a_build_makes(server, tmp_path):
    products = [make_product(n) for n in range(8)]
    server.shop.upsert(products)

    class Listed:
        info, rejects = DatasetInfo("kept", "kept"), []

        def products(self):
            return iter(products)

    other = tmp_path / "built.store"
    build_index(Listed(), str(other), encoder="histogram:4")
    here, there = open_engine(server.place), open_engine(str(other))
    assert here.digests() == there.digests() and here.schema.fields == there.schema.fields
    ids = sorted(here.digests())
    assert here.fetch(ids) == there.fetch(ids)
    assert here.fetch(ids, ["words", "thumbnail"]) == there.fetch(ids, ["words", "thumbnail"])
    assert np.array_equal(here.vectors("picture", ids), there.vectors("picture", ids))


def test_what_did_not_change_is_left_alone(server, monkeypatch):
    server.upsert(*map(row, range(5)))
    version = open_engine(server.place).info()["version"]
    told = server.upsert(*map(row, range(5)))
    assert told["statuses"] == ["unchanged"] * 5 and told["written"] == 0
    assert open_engine(server.place).info()["version"] == version
    told = server.upsert(row(3, price=4.0), row(4), row(5))
    assert told["statuses"] == ["written", "unchanged", "written"]
    assert server.shop.search("thing", where="price = 4")[0].id == "p3"


BAD = {
    "no product": 5,
    "no id": {"title": "x"},
    "empty id": {"id": " "},
    "id of control characters": {"id": "a\tb\x01"},
    "long id": {"id": "x" * 600},
    "unknown field": {"id": "x", "titel": "x"},
    "price": {"id": "x", "price": "cheap"},
    "negative price": {"id": "x", "price": -1},
    "attribute": {"id": "x", "attributes": {"a": {"b": 1}}},
    "NUL": {"id": "x", "title": "a\0b"},
    "list": ["id", "x"],
    "text too long": {"id": "x", "title": "x" * 200_000},
    "extras": {"id": "x", "extras": [1]},
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_a_bad_row_is_a_reject_and_the_others_are_written(server, bad):
    told = server.upsert(row(1), bad, row(2))
    assert told["statuses"] == ["written", "rejected", "written"]
    [reject] = told["rejects"]
    assert reject["reason"] and reject["todo"]
    assert open_engine(server.place).count() == 2


def test_a_bad_row_says_what_was_wrong(server):
    told = server.upsert({"id": "x", "titel": "y"}, {"id": "y", "price": "cheap"})
    assert "titel" in told["rejects"][0]["reason"] and told["rejects"][0]["item"] == "x"
    assert told["rejects"][1]["source"] == "products[1]" and "price" in told["rejects"][1]["reason"]


def test_of_equal_ids_the_first_counts(server):
    told = server.upsert(row(1, title="first"), row(1, title="second"))
    assert told["statuses"] == ["written", "rejected"] and "twice" in told["rejects"][0]["reason"]
    assert server.http.get("/v1/products/p1").json()["fields"]["title"] == "first"


@pytest.mark.parametrize(
    "given", ["data:image/png;base64,AAAA", "data:image/png;base64,%%", "a.jpg", "http://a/b.jpg"]
)
def test_a_bad_picture_is_left_out_of_its_product(server, given):
    told = server.upsert(row(1, images=[given, uri("blue")]), row(2, images=[given]))
    assert told["statuses"] == ["written", "written"]
    assert [r["source"] for r in told["rejects"]] == [f"products[{n}].images[0]" for n in (0, 1)]
    vectors = open_engine(server.place).vectors("picture", ["p1", "p2"])
    assert np.isfinite(vectors[0]).all() and np.isnan(vectors[1]).all()


def test_no_file_of_the_server_is_read(server, tmp_path):
    (tmp_path / "secret.png").write_bytes(picture())
    told = server.upsert(row(1, images=[str(tmp_path / "secret.png")]))
    assert len(told["rejects"]) == 1
    assert np.isnan(open_engine(server.place).vectors("picture", ["p1"])).all()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"products": []},
        {"products": 3},
        {"products": [{"id": str(n)} for n in range(257)]},
        {"products": [], "prune": True},
    ],
    ids=["none", "empty", "number", "many", "more"],
)
def test_a_body_that_is_none_is_refused(server, body):
    answer = server.http.post("/v1/products:batchUpsert", json=body)
    assert answer.status_code == 422 and answer.json()["code"] == "bad-body"


def test_many_products_go_in_several_calls(server, monkeypatch):
    monkeypatch.setattr("skulens.serve.remote.wire.MOST_PRODUCTS", 7)
    calls = []
    real = server.shop._calls.call
    monkeypatch.setattr(
        server.shop._calls, "call", lambda m, p, **g: calls.append(p) or real(m, p, **g)
    )
    told = server.shop.upsert(make_product(n) for n in range(20))
    assert told.written == 20 and len(calls) == 3


def test_the_client_keeps_what_it_cannot_read(server):
    bad = replace(make_product(1), images=(Image(path="nothing.png"), Image(data=picture())))
    told = server.shop.upsert([bad, make_product(2)])
    assert told.statuses == ("written", "written")
    [reject] = told.rejects
    assert (reject.source, reject.item) == ("nothing.png", "p1")


def test_fields_of_new_products_get_columns(server):
    server.upsert(row(1), row(2, extras={"warehouse": "north"}))
    assert [h.id for h in server.shop.search("thing", where='extras.warehouse = "north"')] == ["p2"]


# ----- one writer at a time ---------------------------------------------------------------------

HOLD = """
import sys, time
from skulens.index.stores import open_store
store = open_store(sys.argv[1])
store.delete(["nobody"])
print("held", flush=True)
sys.stdin.read()
"""


def test_a_writer_elsewhere_is_a_conflict_until_it_ends(server):
    command = [sys.executable, "-c", HOLD, server.place]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as other:
        assert other.stdout.readline() == "held\n"
        problem = server.upsert(row(1), status=409)
        assert problem["code"] == "writer" and "wait until it is done" in problem["detail"]
        with pytest.raises(StoreBusy):
            server.shop.delete("p1")
        assert server.shop.search("thing").candidates == 0
        other.stdin.close()
        other.wait()
    assert server.upsert(row(1))["written"] == 1


def test_writers_at_once_take_turns(server):
    told, errors = [], []

    def write(n: int) -> None:
        try:
            with skulens.connect(server.shop.url) as shop:
                told.append(shop.upsert([make_product(m) for m in range(n, n + 10)]).written)
        except BaseException as e:
            errors.append(e)

    threads = [threading.Thread(target=write, args=(n * 5,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    store = open_engine(server.place)
    assert store.count() == len(store.digests()) == sum(told) == 25


# ----- calls that are repeated ------------------------------------------------------------------


def test_a_repeated_call_gets_the_first_answer(server):
    first = server.upsert(row(1), 5, key="a")
    server.upsert(row(1, title="later"))
    assert server.upsert(row(1), 5, key="a") == first
    assert first["statuses"] == ["written", "rejected"]
    assert server.http.get("/v1/products/p1").json()["fields"]["title"] == "later"


def test_a_repeated_call_says_so(server):
    for again in (None, "true"):
        answer = server.http.delete("/v1/products/p1", headers={"Idempotency-Key": "k"})
        assert answer.headers.get("Idempotency-Replayed") == again


def test_a_key_with_another_call_is_refused(server):
    server.upsert(row(1), key="a")
    problem = server.upsert(row(2), key="a", status=422)
    assert problem["code"] == "key-reused"
    same = server.http.post(
        "/v1/products:delete", json={"ids": ["p1"]}, headers={"Idempotency-Key": "a"}
    )
    assert same.status_code == 422
    assert open_engine(server.place).count() == 1


@pytest.mark.parametrize("key", ["", "a b", "x" * 256])
def test_keys_that_are_none_are_refused(server, key):
    body = {"products": [row(1)]}
    answer = server.http.post(
        "/v1/products:batchUpsert", json=body, headers={"Idempotency-Key": key}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-key")
    assert open_engine(server.place).count() == 0


def test_answers_outlive_the_server(tmp_path):
    place = tmp_path / "shop.store"
    told = []
    for make in (make_store, open_store):
        with serving(make_app(make(place))) as url:
            found = Server(url, str(place))
            told.append(found.upsert(row(1), key="a"))
    assert told[0] == told[1] and told[0]["written"] == 1


def test_a_call_that_failed_may_be_made_again(server, monkeypatch):
    from skulens.errors import StoreError
    from skulens.index.stores.engines.lance.store import Lance

    real = Lance.upsert

    def full(self, documents):
        raise StoreError("the disk is full")

    monkeypatch.setattr(Lance, "upsert", full)
    assert server.upsert(row(1), key="a", status=503)["code"] == "store"
    monkeypatch.setattr(Lance, "upsert", real)
    assert server.upsert(row(1), key="a")["written"] == 1


def test_a_write_that_outlasts_its_deadline_is_done_once(tmp_path, monkeypatch):
    calls = []
    hasty = SimpleNamespace(sleep=lambda s: time.sleep(min(s, 0.3)))
    monkeypatch.setattr("skulens.serve.remote.calls.time", hasty)
    real = Upserter.upsert

    def slow(self, products):
        calls.append(len(products))
        told = real(self, products)
        time.sleep(1.5)
        return told

    monkeypatch.setattr(Upserter, "upsert", slow)
    app = make_app(make_store(tmp_path / "shop.store"), Settings(deadline_s=1.0))
    with serving(app) as url, skulens.connect(url) as shop:
        assert shop.upsert([make_product(1)]).statuses == ("written",)
    assert calls == [1]


def test_who_may_only_read_writes_nothing(tmp_path):
    file = tmp_path / "tokens"
    read, write = make_token(file, "r", ["read"]), make_token(file, "w", ["read", "write"])
    app = make_app(make_store(tmp_path / "shop.store"), tokens=Tokens(file))
    with serving(app) as url:
        for token, words in ((None, "401"), ("wrong", "401"), (read, "403")):
            with skulens.connect(url, token) as shop, pytest.raises(SkulensError, match=words):
                shop.upsert([make_product(1)])
            with skulens.connect(url, token) as shop, pytest.raises(SkulensError, match=words):
                shop.delete("p1")
        with skulens.connect(url, write) as shop:
            assert shop.upsert([make_product(1)]).written == 1
        with skulens.connect(url, read) as shop:
            assert len(shop.search("thing")) == 1


def test_keys_of_one_caller_are_not_those_of_another():
    assert idempotency.scoped("a", "Bearer one") != idempotency.scoped("a", "Bearer two")


@pytest.mark.parametrize("folder", [True, False])
def test_a_ledger_forgets_the_oldest(tmp_path, monkeypatch, folder):
    monkeypatch.setattr(idempotency, "MOST", 3)
    clock = SimpleNamespace(time=iter(map(float, range(100))).__next__)
    monkeypatch.setattr(idempotency, "time", clock)
    ledger = idempotency.Ledger(tmp_path if folder else None)
    for key in "abcd":
        assert ledger.once(key, "x", key.encode) == (key.encode(), False)
    assert ledger.once("b", "x", b"new".upper) == (b"b", True)
    assert ledger.once("a", "x", lambda: b"new") == (b"new", False)
    monkeypatch.setattr(idempotency, "KEPT_S", 0.5)
    assert ledger.once("e", "x", lambda: b"e") == (b"e", False)
    assert ledger.once("d", "x", lambda: b"new") == (b"new", False)


def test_a_damaged_ledger_says_what_to_do(server):
    import pathlib

    (pathlib.Path(server.place) / idempotency.FILE).write_bytes(b"no database" * 100)
    problem = server.upsert(row(1), key="a", status=503)
    assert "remove it" in problem["detail"]
    assert server.upsert(row(1))["written"] == 1


def test_products_survive_the_way_there():
    from skulens.serve.bodies.upsert import read_products
    from skulens.serve.remote.wire import row_of

    given = make_product(3, texts={"description": "long"}, gtin="4006381333931", spu="s")
    told, unread = row_of(given)
    [made], rejects = read_products([told])
    assert not unread and not rejects and isinstance(made, Product)
    assert [i.sha256() for i in made.images] == [i.sha256() for i in given.images]
    assert replace(made, images=(), attributes=()) == replace(given, images=(), attributes=())
    assert [(a.key, a.value) for a in made.attributes] == [
        (a.key, a.value) for a in given.attributes
    ]
