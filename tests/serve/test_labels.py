"""Labels over HTTP: lines, bars and claims with their evidence in pixels of the whole picture."""

import hashlib
import io
import sys

import httpx
import PIL.Image
import pytest

pytest.importorskip("zxingcpp")

import skulens
from skulens.errors import MissingDependency
from skulens.extract.labels import LabelReader
from skulens.records import DatasetInfo, Image, Product
from skulens.serve.app import make_app
from skulens.serve.routes import labels
from skulens.serve.running import serving
from tests.extract.pictures_with_text import FakeText, line
from tests.search.small_shop import make_shop
from tests.serve.kept import uri

LINES = {
    300: [line("Net weight 500 g"), line("Made in Vietnam", 1)],
    200: [line("Made in Vietnam", 1)],
}


def white(width: int, height: int = 200) -> bytes:
    out = io.BytesIO()
    PIL.Image.new("RGB", (width, height), "white").save(out, "PNG")
    return out.getvalue()


class Listed:
    """A catalogue of one product with two pictures."""

    info = DatasetInfo("listed", "listed")
    rejects: list = []

    def products(self):
        yield Product("r1", images=(Image(data=white(50)), Image(data=white(300))))


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(labels, "open_reader", lambda: LabelReader(FakeText(LINES)))
    with (
        serving(make_app(make_shop(), catalog=Listed())) as url,
        httpx.Client(base_url=url, timeout=60) as http,
    ):
        yield http


def read(server, status: int = 200, **body) -> dict:
    answer = server.post("/v1/read", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_photo_is_read(server):
    told = read(server, image=uri(white(300)))
    sha256 = hashlib.sha256(white(300)).hexdigest()
    assert told["pictures"] == [{"sha256": sha256, "width": 300, "height": 200}]
    assert [one["text"] for one in told["lines"]] == ["Net weight 500 g", "Made in Vietnam"]
    assert told["lines"][0]["quad"] == list(LINES[300][0].quad)
    claims = {one["field"]: one for one in told["claims"]}
    content = claims["attributes.net_content"]
    assert content["value"] == "500 g"
    assert content["verdict"]["label"] in ("VC", "U")
    [evidence] = content["evidence"]
    assert evidence["image"] == sha256 and evidence["source"] == "ocr"
    assert evidence["quote"] == "Net weight 500 g" and len(evidence["quad"]) == 8
    assert told["rejects"] == []


def test_evidence_of_a_region_lies_in_the_whole_picture(server):
    told = read(server, image=uri(white(500, 400)), region=[30, 40, 200, 200])
    [seen] = told["lines"]
    quad = LINES[200][0].quad
    assert seen["quad"] == [v + (30, 40)[i % 2] for i, v in enumerate(quad)]
    assert told["pictures"][0]["width"] == 500
    for claim in told["claims"]:
        for evidence in claim["evidence"]:
            assert evidence["image"] == told["pictures"][0]["sha256"]
            assert evidence["quad"] == seen["quad"]
    assert told["claims"]


def test_a_picture_of_a_product_is_read(server):
    assert len(read(server, product="r1", view=1)["lines"]) == 2
    assert read(server, product="r1")["lines"] == []
    assert read(server, 404, product="r1", view=2)["code"] == "no-picture"
    assert read(server, 404, product="nothing")["code"] == "no-picture"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "bad-request"),
        ({"image": uri("red"), "product": "r1"}, "bad-request"),
        ({"image": uri("red"), "view": 1}, "bad-request"),
        ({"image": "a.jpg"}, "bad-request"),
        ({"image": "data:image/png;base64,AAAA"}, "bad-picture"),
        ({"image": uri("red"), "region": [0, 0, 99, 99]}, "bad-request"),
        ({"image": uri("red"), "region": [0, 0, 9]}, "bad-body"),
        ({"product": "r1", "view": -1}, "bad-body"),
    ],
)
def test_what_cannot_be_read_is_refused(server, body, code):
    assert read(server, 422, **body)["code"] == code


def test_without_its_packages_the_extra_is_named(server, monkeypatch):
    def missing():
        raise MissingDependency("text reader 'routed' needs rapidocr: pip install 'skulens[ocr]'")

    monkeypatch.setattr(labels, "open_reader", missing)
    problem = read(server, 501, image=uri("red"))
    assert problem["code"] == "not-installed" and "skulens[ocr]" in problem["detail"]


def test_a_missing_module_is_a_missing_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "skulens.extract.labels", None)
    with pytest.raises(MissingDependency, match=r"skulens\[ocr\]"):
        labels.open_reader()


def test_the_reader_is_opened_once(server, monkeypatch):
    opened = []
    real = labels.open_reader
    monkeypatch.setattr(labels, "open_reader", lambda: opened.append(1) or real())
    for _ in range(3):
        read(server, image=uri(white(300)))
    assert len(opened) == 1


def test_the_client_reads(server):
    with skulens.connect(str(server.base_url)) as shop:
        told = shop.read(white(500, 400), region=(30, 40, 200, 200), languages=["en"])
        assert [one["text"] for one in told["lines"]] == ["Made in Vietnam"]
        assert shop.read("sku:r1")["lines"] == []
