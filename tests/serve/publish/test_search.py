"""The browser answers as Python does: filters, counts, hits, their order and why."""

import base64
import json

import numpy as np
import pytest

from skulens.errors import SkulensError
from skulens.filters import filter_to_json, format_filter
from skulens.records import Filter
from skulens.search.overview import find_variants, pick_varied
from skulens.serve.answering.about import Describer
from skulens.serve.answering.asking import Asking
from skulens.serve.answering.writing import shown_fields, write_json
from skulens.serve.bodies.search import SearchBody
from skulens.serve.pictures.catalogue import Catalogue
from skulens.serve.routes.products import fetch
from skulens.serve.settings import Settings
from skulens.serve.work.service import Service
from tests.serve.publish.conftest import opened, serve
from tests.serve.publish.shop import COLOURS, PRODUCTS, draw, encode, make_product, make_shop

NEAR = 2e-5
"""Scores nearer than that may change places: vectors are two bytes a number."""


@pytest.fixture(scope="module")
def page(chromium, site):
    with serve(site.parent) as url, opened(chromium, f"{url}/some%20where/") as page:
        yield page


# ----- filters --------------------------------------------------------------------------------

VALUES = {
    "title": ("red shirt 0", "navy", "x", "sh"),
    "id": ("sku/03 é", "sku/10", "zz", "A"),
    "price": (7.5, 5.0, 12.25, 9),
    "category": ("clothes", "coats", "c"),
    "language": ("en", "de", "zz"),
    "spu": ("spu3", "spu", "x"),
    "attributes.color": (*COLOURS, "Z"),
    "attributes.COLLAR": ("polo", "fur"),
    "extras.size": ("3", 3, 0, "one size", 6.5),
    "extras.stock": (True, False),
    "extras.sold": (3.0, 7.5, 20, 11.0),
    "extras.odd name": ("😀\uffee", "\uffee", 'a"b\\c`\n😀\uffee', "`\n😀\uffee", "b"),
}


def random_filter(rng: np.random.Generator, depth: int = 0) -> Filter:
    op = rng.choice(["and", "or", "not", "leaf", "leaf"] if depth < 3 else ["leaf"])
    if op in ("and", "or"):
        return Filter(
            op, of=tuple(random_filter(rng, depth + 1) for _ in range(rng.integers(2, 4)))
        )
    if op == "not":
        return Filter("not", of=(random_filter(rng, depth + 1),))
    field = str(rng.choice(list(VALUES)))
    values = VALUES[field]
    pick = lambda: values[rng.integers(len(values))]  # noqa: E731
    op = str(rng.choice(["=", "!=", "<", "<=", ">", ">=", "in", "exists"]))
    if op == "exists":
        return Filter("exists", field)
    if op == "in":
        return Filter("in", field, tuple(pick() for _ in range(rng.integers(0, 4))))
    return Filter(op, field, pick())


FILTERED = """async (filters) => {
  const { Columns } = await import("./page/columns.js");
  const { readFilter, formatFilter } = await import("./page/filter.js");
  const manifest = await (await fetch("manifest.json")).json();
  const titles = (await (await fetch("titles.txt")).text()).split("\\n");
  const columns = new Columns(await (await fetch("columns.bin")).arrayBuffer(), manifest.fields, titles);
  return filters.map(([where, facet]) => {
    try {
      const tree = readFilter(where), mask = columns.mask(tree);
      return [columns.ids.filter((_, row) => mask[row]), columns.facet(facet, mask), formatFilter(tree)];
    } catch (error) {
      return error.title === "The filter cannot be used" ? "refused" : String(error);
    }
  });
}"""


def test_random_filters_find_and_count_what_a_store_does(page):
    rng, store = np.random.default_rng(11), make_shop().store
    trees = [random_filter(rng) for _ in range(600)]
    facets = ["attributes.color", "category", "price", "extras.stock", "extras.sold", "title"]
    asked = [
        [format_filter(tree) if n % 2 else filter_to_json(tree), facets[n % len(facets)]]
        for n, tree in enumerate(trees)
    ]
    refused = 0
    for tree, (where, facet), got in zip(trees, asked, page.evaluate(FILTERED, asked), strict=True):
        try:
            ids = store.select(tree, k=PRODUCTS)
            counts = store.facets([facet], tree)[facet]
        except SkulensError:
            refused += 1
            assert got == "refused", where
            continue
        assert got[0] == list(ids), where
        assert [(c["value"], c["count"]) for c in got[1]] == list(counts.items()), (where, facet)
        assert got[2] == format_filter(tree)
    assert 30 < refused < 400


BAD = [
    "price <", "price < 3 and", "(price < 3", "prise < 3", "price < 'a'", "category < 3", "price ! 3",
    "attributes.color = red", 'title = "a', "price in 3", "exists", "not", "texts.title = 'a'",
    "extras.stock < true", "price = 1e999", r'title = "\x"',
]  # fmt: skip


def test_what_is_no_filter_is_refused(page):
    assert page.evaluate(FILTERED, [[where, "price"] for where in BAD]) == ["refused"] * len(BAD)
    deep = "not " * 60 + "exists price"
    assert (
        page.evaluate(FILTERED, [[deep, "price"], ["exists price" * 1000, "price"]])
        == ["refused"] * 2
    )


# ----- hits -----------------------------------------------------------------------------------


def photo(seed: int) -> dict:
    data = base64.b64encode(encode(draw(seed, 130, 90), quality=80)).decode()
    return {"image": f"data:image/jpeg;base64,{data}"}


def product(n: int) -> dict:
    return {"product": f"sku/{n:02} é"}


def own_photo(n: int) -> dict:
    data = base64.b64encode(make_product(n).images[0].read()).decode()
    return {"image": f"data:image/jpeg;base64,{data}"}


def given_vector() -> dict:
    column = make_shop().store.schema.vector("picture")
    numbers = np.random.default_rng(3).normal(size=128).astype(np.float32)
    return {"vector": numbers.tolist(), "maker": column.maker}


A, B = photo(101), photo(7)
OWN, GIVEN = own_photo(5), {}
BODIES = [
    {"item": [A]},
    {"item": [B], "k": 60},
    {"item": [A], "k": 3, "offset": 4},
    {"item": [A], "where": "price < 9 and category = 'shirts'", "facets": ["attributes.color", "price"]},
    {"item": [A, B]},
    {"item": [A, B], "conditions": [{"part": 1, "weight": -0.5}]},
    {"item": [A, B], "conditions": [{"part": 0, "weight": 2}, {"part": 1, "weight": 0.25}]},
    {"item": [product(3)]},
    {"item": [product(3)], "references": "keep"},
    {"item": [product(3), product(4)], "conditions": [{"part": 1, "weight": -1}]},
    {"item": [A, product(5)], "exclude": ["sku/06 é", "nowhere"]},
    {"item": [A], "conditions": [{"part": 0, "key": "collar", "relation": "same", "weight": 2}]},
    {"item": [A], "conditions": [{"part": 0, "key": "color", "relation": "different"}]},
    {"item": [A, product(5)], "conditions": [{"part": 0, "relation": "whole"}, {"part": 1, "key": "color", "relation": "same"}]},
    {"item": [product(5)], "conditions": [{"part": 0, "key": "color", "relation": "same"}], "facts": "require"},
    {"item": [product(5)], "conditions": [{"part": 0, "key": "color", "relation": "different"}], "facts": "require", "facets": ["attributes.color"]},
    {"item": [product(5), product(8)], "conditions": [{"part": 0, "key": "color", "relation": "same"}, {"part": 1, "key": "collar", "relation": "same"}], "facts": "prefer", "k": 20},
    {"item": [A], "sort": "price"},
    {"item": [A], "sort": "-extras.sold", "among": 20},
    {"item": [A], "sort": "title", "within": 0.5},
    {"item": [A], "least": 0.3, "k": 48},
    {"item": [A], "least": {"picture": 0.2}, "within": 0.9},
    {"item": [A], "collapse": "spu"},
    {"item": [A], "by": "ranks"},
    {"item": [A], "where": {"field": "price", "op": "<", "value": 0}},
    {"item": [{"text": "red"}], "weights": {"words": 0}},
    {"item": [], "counts": True},
    {"where": "price < 12", "sort": "-price", "k": 5, "offset": 2, "facets": ["category"]},
    {"where": "price < 12 and attributes.color = 'red'", "collapse": "spu", "exclude": ["sku/00 é"], "among": 3},
    {"item": [A], "where": "price < 6 and price > 9 and category = 'shirts'"},
    {"item": [A], "where": "price < 6 and (price > 90 and category = 'shirt')"},
    {"item": [A], "least": 2},
    {"item": [product(5)], "conditions": [{"part": 0, "key": "color", "relation": "same"}], "facts": "require", "where": "attributes.color = 'red'", "disjunctive": True, "facets": ["attributes.color", "category"], "counts": True},
    {"item": [A, B], "where": "attributes.color = 'red' and price < 12", "disjunctive": True, "facets": ["attributes.COLOR", "category", "price"], "counts": True},
    {"item": [OWN], "k": 4},
    {"item": [A, OWN], "conditions": [{"part": 1, "key": "color", "relation": "same"}], "facts": "prefer", "k": 30},
    {"item": [GIVEN, A], "conditions": [{"part": 0, "key": "collar", "relation": "same", "weight": 0.5}]},
    {"item": [{"text": " "}, GIVEN], "conditions": [{"part": 1, "weight": -1}], "k": 48},
    {"item": [A, {"text": "navy"}], "weights": {"words": 0}, "conditions": [{"part": 1, "weight": -1}]},
]  # fmt: skip


def close(mine: float, theirs: float) -> bool:
    return abs(mine - theirs) < NEAR


@pytest.mark.parametrize(
    "body", BODIES, ids=lambda b: json.dumps({k: v for k, v in b.items() if k != "item"})[:60]
)
def test_hits_and_reasons_are_those_of_the_shop(page, body):
    body = {"codes": False, **body}
    body["item"] = [given_vector() if part is GIVEN else part for part in body.get("item", [])]
    got = page.evaluate("(body) => backend.search(body)", body)
    asking = Asking(SearchBody(**body), Settings(), Catalogue())
    expected = json.loads(asking.write(make_shop().answer(asking.make())))
    scores = [hit["score"] for hit in expected["hits"]]
    assert len(got["hits"]) == len(scores)
    for n, (mine, theirs) in enumerate(zip(got["hits"], expected["hits"], strict=True)):
        alone = all(abs(s - scores[n]) > NEAR for m, s in enumerate(scores) if m != n)
        assert mine["rank"] == theirs["rank"] and close(mine["score"], theirs["score"])
        if alone:
            check_hit(mine, theirs)
    assert got["facets"] == expected["facets"]
    assert got["candidates"] == expected["candidates"]
    codes = {n["code"] for n in expected["notes"]} - (
        {"sorted-first"} if not body["item"] else set()
    )
    assert {n["code"] for n in got["notes"]} - {"words-titles"} == codes
    for name, leg in got["legs"].items():
        assert leg == expected["legs"][name]
    assert got.get("counts") == expected.get("counts")
    assert got.get("without") == expected.get("without")


def check_hit(mine: dict, theirs: dict) -> None:
    assert mine["id"] == theirs["id"] and mine["others"] == theirs["others"]
    assert mine["fields"] == theirs["fields"]
    why, wanted = mine["why"], theirs["why"]
    assert why["facts"] == wanted["facts"] and why.keys() == wanted.keys()
    for leg, said in why["legs"].items():
        assert abs(said["rank"] - wanted["legs"][leg]["rank"]) <= 1  # of a near tie elsewhere
        assert close(said["score"], wanted["legs"][leg]["score"])
        assert close(said["share"], wanted["legs"][leg]["share"])
    for part, other in zip(why["parts"], wanted["parts"], strict=True):
        assert close(part.pop("score"), other.pop("score")) and part == other


def test_words_find_titles_and_join_the_photo(page):
    search = "(body) => backend.search(body)"
    found = page.evaluate(search, {"item": [{"text": "NAVY Shirt 1"}], "weights": {"picture": 0}})
    assert found["hits"][0]["fields"]["title"] == "navy shirt 1"
    assert found["hits"][0]["why"]["words"] == ["navy", "shirt", "1"]
    assert set(found["legs"]) == {"words"}
    assert [n["code"] for n in found["notes"]] == ["words-titles"]
    assert page.evaluate(search, {"item": [{"text": "gru"}]})["hits"][0]["fields"][
        "title"
    ].startswith("Grün")
    thai = page.evaluate(search, {"item": [{"text": "สีขาว"}], "weights": {"picture": 0}})
    assert {h["fields"]["attributes.color"][0] for h in thai["hits"]} == {"สีขาว"}
    both = page.evaluate(search, {"item": [A, {"text": "navy"}]})
    assert set(both["legs"]) == {"picture", "words"}
    assert page.evaluate(search, {"item": [{"text": "nothing of that"}]})["hits"] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"item": [{}]}, 422),
        ({"item": [{"text": "a", "product": "b"}]}, 422),
        ({"item": [A], "k": 0}, 422),
        ({"item": [{"product": "nowhere"}]}, 422),
        ({"item": [A], "where": "prise < 3"}, 400),
        ({"item": [A], "facets": ["nope"]}, 400),
        ({"item": [A], "sort": "nope"}, 400),
        ({"item": [A], "weights": {"nope": 1}}, 400),
        ({"item": [A, A], "conditions": [{"part": 1, "weight": -1}]}, 422),
        ({"item": [A], "boosts": [{"if": "price < 3", "weight": 1}]}, 501),
    ],
)
def test_what_makes_no_sense_is_a_problem(page, body, status):
    ask = "(body) => backend.search(body).then(() => 0, (e) => [e.status, e.title, e.detail])"
    got = page.evaluate(ask, body)
    assert got and got[0] == status and got[1] and got[2]


def test_disjunctive_counts_ignore_the_clauses_of_their_own_field(page):
    body = {
        "item": [A], "where": "category = 'shirts' and attributes.color = 'red'", "counts": True,
        "facets": ["attributes.color", "category"], "disjunctive": True,
    }  # fmt: skip
    got, store = page.evaluate("(body) => backend.search(body)", body), make_shop().store
    for facet, rest in (("attributes.color", "category"), ("category", "attributes.color")):
        where = Filter("=", rest, {"category": "shirts", "attributes.color": "red"}[rest])
        counts = store.facets([facet], where)[facet]
        assert [(c["value"], c["count"]) for c in got["facets"][facet]] == list(counts.items())
    assert got["counts"]["total"] == PRODUCTS and "without" not in got


# ----- the rest of the back end ---------------------------------------------------------------


def test_about_browse_suggest_and_product(page):
    about, shop = page.evaluate("backend.about()"), make_shop()
    describer = Describer(Service(shop, Settings()), Catalogue())
    served = json.loads(describer.about())
    here = {"photos": True, "words": "titles", "read": False, "write": False, "pictures": False}
    assert about == json.loads(write_json(served | {"can": here}))
    for example in about["examples"]:
        body = {"item": [example]} if "text" in example else example
        assert page.evaluate("(body) => backend.search(body)", body)["hits"]

    browsed = page.evaluate("backend.browse(12)")["products"]
    assert [p["id"] for p in browsed] == pick_varied(shop.store, 24, None, describer.fields())[:12]

    said = page.evaluate("backend.suggest('na')")["suggestions"]
    count = said[0]["count"]
    assert said[0] == {"text": "navy", "kind": "value", "field": "attributes.color", "count": count}
    assert {s["kind"] for s in said} == {"value", "title"} and len(said) <= 8

    shown = page.evaluate("backend.product('sku/04 é')")
    [held] = fetch(shop.store, ["sku/04 é"])
    assert shown["fields"] == json.loads(write_json(shown_fields(held)))
    variants = find_variants(shop.store, "sku/06 é", fetch(shop.store, ["sku/06 é"])[0])
    siblings = page.evaluate("backend.product('sku/06 é')")["siblings"]
    assert [(s["id"], s["differs"]) for s in siblings] == [
        (v.id, json.loads(write_json(v.differs))) for v in variants
    ]
    assert page.evaluate("backend.product('nowhere').catch((e) => e.status)") == 404
    assert page.evaluate("backend.read({}).catch((e) => e.status)") == 501
    sizes = "Promise.all([0, 1].map(async (n) => (await createImageBitmap(await (await fetch(`thumbs/000/00${n}.webp`)).blob())).width))"
    assert min(page.evaluate(sizes)) > 50
    last = page.evaluate(f"backend.product('sku/{PRODUCTS - 1} é')")
    assert last["thumbnail"] == "" and last["pictures"] == []
