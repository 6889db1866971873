"""/livez, /readyz, /metrics."""

import shutil
from collections import namedtuple

from prometheus_client.parser import text_string_to_metric_families

from skulens.serve.settings import Settings
from skulens.serve.work import health
from tests.serve.fakes import Gate, make_shop, opened
from tests.serve.talking import served


def test_alive_and_not_ready_while_it_loads():
    gate = Gate(open=False)

    def open_shop():
        gate.pass_through()
        return make_shop()

    with opened(gate), served(open_shop) as (client, app):
        gate.wait_for_one()
        assert client.get("/livez").status_code == 200
        found = client.get("/readyz")
        assert found.status_code == 503 and found.json()["reasons"][0].startswith("loading")
        refused = client.post("/v1/search", json={"item": [{"text": "red"}]})
        assert refused.status_code == 503 and refused.json()["code"] == "loading"
        assert "skulens_ready 0.0" in client.get("/metrics").text
        gate.open()
        while client.get("/readyz").status_code != 200:
            pass
        assert client.post("/v1/search", json={"item": [{"text": "red"}]}).status_code == 200


def test_a_store_that_does_not_open():
    def fail():
        raise ValueError("torn")

    with served(fail) as (client, app):
        assert app.state.service.failed is not None
        # uvicorn ends soon; until then nobody is sent here
        assert health.find_obstacles(app.state.service)[0].startswith("failed")


def test_alive_where_the_engine_is_not():
    with served(make_shop()) as (client, app):
        app.state.service._shop = None
        app.state.service._slots.run = None
        assert client.get("/livez").status_code == 200


def test_not_ready_without_store_or_space(tmp_path, monkeypatch):
    folder = tmp_path / "s.store"
    folder.mkdir()
    (folder / "data").write_text("x")
    with served(make_shop(), address=str(folder)) as (client, _):
        assert client.get("/readyz").json() == {"ready": True, "reasons": []}
        usage = namedtuple("usage", "total used free")(1000, 951, 49)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
        [reason] = client.get("/readyz").json()["reasons"]
        assert reason.startswith("disk: 4.9%")
        monkeypatch.undo()
        shutil.rmtree(folder)
        found = client.get("/readyz")
        assert found.status_code == 503 and found.json()["reasons"][0].startswith("missing")


def test_not_ready_while_it_drains():
    with served(make_shop()) as (client, app):
        app.state.service.draining = True
        found = client.get("/readyz")
        assert found.status_code == 503 and found.headers["connection"] == "close"
        assert found.json()["reasons"] == ["draining: the server is about to end"]


def test_what_is_counted(tmp_path):
    with served(make_shop(), Settings(workers=1)) as (client, _):
        for word in ("red", "blue"):
            client.post("/v1/search", json={"item": [{"text": word}]})
        client.get("/v1/products/secret-product")
        client.get("/nowhere/secret-path?secret-query")
        client.request("SECRET", "/livez")
        text = client.get("/metrics").text
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name, *sorted(sample.labels.items())] = sample.value
    asked = ("method", "POST"), ("route", "/v1/search"), ("status", "200")
    assert found["skulens_requests_total", *asked] == 2
    assert found["skulens_request_seconds_count", ("route", "/v1/search")] == 2
    assert found["skulens_encoder_batch_sum",] == 2 and found["skulens_encoder_seconds_count",] == 2
    assert found["skulens_engine_seconds_count",] == 2 and found["skulens_engine_seconds_sum",] > 0
    assert found["skulens_products",] == 10 and found["skulens_ready",] == 1
    assert found["skulens_queue",] == 0 and found["skulens_open_requests",] == 1  # this very one
    assert "secret" not in text.lower()
    methods = ("method", "GET"), ("route", "/v1/products/{product:path}"), ("status", "404")
    assert found["skulens_requests_total", *methods] == 1
