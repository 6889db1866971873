"""A shop behind a server answers as the one at hand does."""

import json
import subprocess
import sys
from dataclasses import fields, replace

import numpy as np
import pytest

pytest.importorskip("fastapi")
pytest.importorskip("httpx")

import skulens
from skulens import errors
from skulens.errors import DataError, MissingDependency, SkulensError, StoreError, UnknownName
from skulens.filters import FilterError
from skulens.search.draft import GivenVector
from skulens.search.modify import Boost
from skulens.search.request import make_request
from skulens.serve.answering.asking import Asking
from skulens.serve.app import make_app
from skulens.serve.bodies.search import SearchBody
from skulens.serve.pictures.catalogue import Catalogue
from skulens.serve.problems import KINDS
from skulens.serve.remote import calls as http
from skulens.serve.remote.wire import send
from skulens.serve.running import serving
from skulens.serve.settings import Settings
from tests.search import small_shop
from tests.search.small_shop import column, photo

TIMES = ("took_s",)


@pytest.fixture
def local(monkeypatch):
    small_shop.register(monkeypatch)
    return small_shop.make_shop(column("picture"), column("text", "texts"))


@pytest.fixture
def remote(local):
    with serving(make_app(local)) as url, skulens.connect(url) as shop:
        yield shop


ASKED = {
    "text": {"text": "red shirt"},
    "photo": {"photo": photo("red").data},
    "away from": {"photo": [(photo("red").data, 1), (photo("blue").data, -0.5)]},
    "product": {"photo": ["sku:r1", ("sku:b1", 0.5)]},
    "like": {"like": {"collar": photo("green").data, "colour": ("sku:n1", -1)}},
    "all": {
        "text": ["red", ("coat", 0.5)],
        "photo": [photo("red").data, "sku:r3", (photo("navy").data, 0.3)],
        "like": [("collar", "sku:g1"), ("colour", photo("blue").data, 2)],
    },
    "where": {"text": "red", "where": 'price < 20 and attributes.colour = "red"', "k": 3},
    "options": {
        "text": "red",
        "facets": ["spu", "attributes.colour"],
        "sort": "-price",
        "collapse": "spu",
        "weights": {"text": 2, "words": 0},
        "exclude": "r1",
        "boosts": [
            {"field": "price", "shape": "linear", "low": 100, "high": 0, "weight": 0.3},
            {"field": "extras.sold", "shape": "log", "low": 1, "high": 1000, "weight": 0.5},
            {"field": "price", "shape": "decay", "origin": 9, "scale": 3, "weight": 1},
            {"if": "price > 10", "weight": 1},
        ],
    },
    "condition and text": {
        "text": "coat",
        "like": [("collar", photo("red").data, 0.5), ("colour", photo("blue").data, -1)],
        "facts": "prefer",
        "counts": True,
        "give_vectors": True,
        "disjunctive": True,
        "facets": "spu",
        "where": 'spu in ("coat", "hat")',
    },
    "given vector": {
        "photo": [photo("red").data, GivenVector([1.0, 0.2, 0.1, 0.0], "colours-1")],
        "like": [("collar", GivenVector([0.1, 0.2, 1.0, 0.0], "colours-1"), -0.5)],
    },
    "vector": {"vectors": {"picture": [1.0, 0.1, 0.1, 0.0]}},
    "page": {"text": "red", "k": 2, "offset": 1, "by": "ranks", "least": {"text": 0.1}},
}


def listed(value):
    """The value, vectors in it as lists."""
    if isinstance(value, dict):
        return {name: listed(one) for name, one in value.items()}
    if isinstance(value, GivenVector):
        return value.values.tolist(), value.maker
    return value.tolist() if isinstance(value, np.ndarray) else value


def without_hashes(answer):
    """The answer without what a server keeps to itself: the sha256 of products' pictures."""
    shown = [
        replace(h, fields={n: v for n, v in h.fields.items() if n != "pictures"}) for h in answer
    ]
    return replace(answer, hits=tuple(shown))


def read(request):
    """The request that the server makes of what is sent."""
    body = SearchBody(**json.loads(json.dumps(send(request).body)))
    return Asking(body, Settings(), Catalogue()).make()


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_a_body_makes_the_request_that_it_was_made_of(asked):
    request = make_request(**asked)
    again = read(request)
    for field in fields(request):
        mine, theirs = getattr(request, field.name), getattr(again, field.name)
        assert listed(mine) == listed(theirs), field.name


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_answers_are_those_of_the_shop_at_hand(local, remote, asked):
    here, there = without_hashes(local.search(**asked)), remote.search(**asked)
    assert len(here) > 0
    for field in fields(here):
        if field.name in ("request", *TIMES):
            continue
        assert listed(getattr(there, field.name)) == listed(getattr(here, field.name)), field.name
    assert [h.why.words for h in there] == [h.why.words for h in here]
    assert repr(there) == repr(here) and there._repr_html_() == here._repr_html_()
    assert set(there.took_s) == set(here.took_s)


def test_an_empty_answer_says_what_brings_some(local, remote):
    asked = {"where": 'price < 30 and spu = "coat" and attributes.colour = "green"'}
    for way in ({"text": "red", **asked}, {"text": "red", "least": {"text": 5, "picture": 5}}):
        here, there = (shop.search(**way, without=True) for shop in (local, remote))
        assert there.hits == () and there.without == here.without
    assert len(remote.search("red", without=True, **asked).without) > 0
    assert remote.search("red", **asked).without == ()


def test_thumbnails_are_fetched_when_looked_at_and_together(local, remote, monkeypatch):
    asked = []
    real = remote._calls.call
    monkeypatch.setattr(remote._calls, "call", lambda m, p, **g: asked.append(p) or real(m, p, **g))
    found = remote.search("red", k=3)
    assert [p for p in asked if "thumbnails" in p] == []
    assert found[1].thumbnail == found[1].id.encode()
    assert sum("thumbnails" in p for p in asked) == 3
    assert found[0].thumbnail == found[0].id.encode()
    assert sum("thumbnails" in p for p in asked) == 3


@pytest.mark.parametrize(
    "asked",
    [
        {"text": "red", "where": "prise < 3"},
        {"text": "red", "where": "extras.nothing < 3"},
        {"photo": "sku:nothing"},
        {"photo": b"no picture"},
        {"text": "red", "weights": {"nothing": 1}},
        {"text": "red", "fusion": "seq"},
        {"text": "red", "sort": "extras.nothing"},
    ],
    ids=str,
)
def test_errors_are_of_the_class_that_the_shop_at_hand_raises(local, remote, asked):
    with pytest.raises(SkulensError) as here:
        local.search(**asked)
    with pytest.raises(SkulensError) as there:
        remote.search(**asked)
    assert type(there.value) is type(here.value)
    assert "photo" in asked or str(there.value) == str(here.value)


def test_a_file_that_is_not_there_is_named(remote):
    with pytest.raises(DataError, match="nothing.jpg"):
        remote.search(photo="nothing.jpg")


def test_every_problem_has_its_class():
    for kind, _, code, _ in KINDS:
        assert http.CLASSES[code] is kind
    kinds = {k for k, *_ in KINDS}
    assert kinds >= {errors.StoreBusy, FilterError, UnknownName}


def test_boosts_survive_as_they_were_given():
    given = Boost(0.5, "log", "extras.sold", 2, 50)
    [made] = read(make_request("a", boosts=[given])).boosts
    assert made == replace(given)


# ----- the address and the package --------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    ["", "shop.store", "ftp://a", "http://", "http://a:port", "http://u:p@a", "http://a?x=1", 3],
)
def test_addresses_that_are_none_are_refused(url):
    with pytest.raises(DataError, match="address of a server"):
        skulens.connect(url)


@pytest.mark.parametrize("token", ["a b", "a\n", "\u00e9"])
def test_a_token_that_no_header_takes_is_refused(token):
    with pytest.raises(DataError, match="token"):
        skulens.connect("http://127.0.0.1:9", token)


def test_no_server_is_said(monkeypatch):
    monkeypatch.setattr(http, "FIRST_WAIT_S", 0.001)
    with pytest.raises(StoreError, match="cannot be reached.*skulens serve"):
        skulens.connect("http://127.0.0.1:9").search("red")


def test_without_httpx_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(MissingDependency, match=r"pip install 'skulens\[serve\]'"):
        skulens.connect("http://127.0.0.1:9")


def test_the_client_needs_no_web_framework():
    code = "import skulens, sys; skulens.connect; print('fastapi' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"
