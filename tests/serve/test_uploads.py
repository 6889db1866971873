"""Forms: `-F photo=@a.jpg -F 'request={...}'`."""

import json

import pytest

from skulens.serve.settings import Settings
from tests.serve.fakes import make_shop, photo
from tests.serve.talking import served


@pytest.fixture(scope="module")
def client():
    from tests.search import small_shop

    with pytest.MonkeyPatch.context() as patch:
        small_shop.register(patch)
        with served(make_shop(), Settings(workers=2)) as (client, _):
            yield client


def file(colour, name="a.png"):
    return name, photo(colour).read(), "image/png"


def first(found):
    assert found.status_code == 200, found.text
    return found.json()["hits"][0]["id"][0]


def test_a_photo_alone(client):
    assert first(client.post("/v1/search", files={"photo": file("navy")})) == "n"


def test_options_come_beside(client):
    found = client.post(
        "/v1/search", files={"photo": file("red")}, data={"request": '{"k": 2, "where": "price > 50"}'}
    )  # fmt: skip
    assert first(found) == "r" and found.json()["hits"][0]["fields"]["price"] > 50
    assert len(found.json()["hits"]) == 2


def test_files_follow_the_parts_of_the_request_in_order(client):
    given = {"item": [{"text": "blue"}], "conditions": [{"part": 1, "weight": -1}], "weights": {"words": 0}}  # fmt: skip
    files = [("photo", file("blue")), ("photo", file("orange", "b.png"))]
    found = client.post("/v1/search", files=files, data={"request": json.dumps(given)})
    assert first(found) == "o"


@pytest.mark.parametrize("name", ["second", "b.png"])
def test_a_part_names_its_file(client, name):
    """By its field or by its own name: the weight below 0 is that of the red one."""
    given = {"item": [{"image": "first"}, {"image": name}], "conditions": [{"part": 1, "weight": -1}]}  # fmt: skip
    files = {"first": file("green"), "second": file("red", "b.png")}
    found = client.post("/v1/search", files=files, data={"request": json.dumps(given)})
    assert first(found) == "g"
    last = found.json()["hits"][-1]["id"][0]
    assert last in "ro"


def test_the_json_may_be_a_file(client):
    files = {"photo": file("red"), "request": ("r.json", b'{"k": 1}', "application/json")}
    assert len(client.post("/v1/search", files=files).json()["hits"]) == 1


def test_a_region_of_a_file(client):
    given = {"item": [{"image": "photo", "region": [0, 0, 5, 5]}]}
    found = client.post("/v1/search", files={"photo": file("red")}, data={"request": json.dumps(given)})  # fmt: skip
    assert first(found) == "r"


@pytest.mark.parametrize(
    ("files", "data", "said"),
    [
        ({"photo": ("a.png", b"no picture", "image/png")}, {}, "item[0]"),
        ({"photo": ("a.png", b"", "image/png")}, {}, "item[0]"),
        ({"photo": file("red")}, {"request": "{"}, "no JSON"),
        ({"photo": file("red")}, {"request": "[" * 100_000}, "no JSON"),
        ({"photo": file("red")}, {"request": "[]"}, "no request"),
        ({"photo": file("red")}, {"request": '{"item": 3}'}, "no request"),
        ({"photo": file("red")}, {"request": '{"imte": []}'}, "imte"),
        ({"photo": file("red")}, {"text": "red"}, "is not a file"),
        ([("p", file("red")), ("p", file("red"))], {"request": '{"item": [{"image": "p"}]}'}, "2 files"),
        ([("p", file("red"))] * 40, {}, "Too many files"),
    ],
)  # fmt: skip
def test_forms_that_make_no_sense(client, files, data, said):
    found = client.post("/v1/search", files=files, data=data)
    assert found.status_code in (400, 422) and said in found.text, found.text
    assert found.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "body",
    [b"", b"--x", b"--x\r\n\r\n", b"garbage", b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\nabc'],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "multipart/form-data"])
def test_broken_forms(client, body, kind):
    found = client.post("/v1/search", content=body, headers={"Content-Type": kind})
    assert found.status_code == 400 and found.json()["code"] == "bad-form"


def test_addresses_are_off_and_then_only_of_hosts_that_were_named(client):
    given = {"item": [{"text": "red"}, {"image": "http://127.0.0.1/a.jpg"}]}
    found = client.post("/v1/search", json=given)
    assert (found.status_code, found.json()["code"], found.json()["part"]) == (
        422,
        "no-addresses",
        1,
    )
    with served(make_shop(), Settings(url_hosts=("*",))) as (other, _):
        found = other.post("/v1/search", json=given)
    assert (found.status_code, found.json()["code"]) == (422, "bad-picture")
    assert "not a public host" in found.json()["detail"]


def test_what_is_fetched_for_a_request_is_bounded_as_its_body_is(monkeypatch):
    asked = []

    def fetch(_, url):
        asked.append(url)
        return bytes(1_500)

    monkeypatch.setattr("skulens.serve.pictures.uploads.Fetcher.fetch", fetch)
    item = [{"image": f"http://a.example/{n}.jpg"} for n in range(5)]
    with served(make_shop(), Settings(url_hosts=("*",), body_bytes=4_000)) as (client, _):
        found = client.post("/v1/search", json={"item": item})
    assert (found.status_code, found.json()["code"], found.json()["part"]) == (413, "too-large", 2)
    assert len(asked) == 3
