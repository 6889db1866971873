"""`POST /v1/search`: every kind of part, and what stands beside the hits."""

import io

import numpy as np
import PIL.Image
import pytest

from skulens.pictures import decode
from skulens.records import Image
from skulens.search.draft import GivenVector
from skulens.serve.pictures.given import crop
from tests.search.small_shop import PRODUCTS, column, make_product, make_shop, photo
from tests.search.small_shop import ids as ids_of
from tests.serve.answered import ids, search, uri
from tests.serve.talking import served

RED, ORANGE, BLUE = ({"image": uri(photo(c))} for c in ("red", "orange", "blue"))


@pytest.fixture
def client():
    with served(make_shop()) as (client, _):
        yield client


# ----- parts ----------------------------------------------------------------------------------


def test_a_photo_a_text_and_a_product_find_what_the_shop_finds(client):
    shop = make_shop()
    wanted = shop.search("coat", [photo("red"), "sku:b1"], k=5)
    found = search(client, RED, {"product": "b1"}, {"text": "coat"}, k=5)
    assert ids(found) == ids_of(wanted)
    assert [h["score"] for h in found["hits"]] == pytest.approx([h.score for h in wanted.hits])
    first, same = found["hits"][0], wanted.hits[0]
    assert first["why"]["words"] == list(same.why.words)
    assert first["why"]["legs"]["picture"]["share"] == same.why.legs["picture"].share


def test_what_is_wanted_of_parts(client):
    wanted = make_shop().search(photo=[(photo("red"), 2), (photo("blue"), -0.5)], k=9)
    conditions = [{"part": 0, "weight": 2}, {"part": 1, "weight": -0.5}]
    found = search(client, RED, BLUE, conditions=conditions, k=9)
    assert ids(found) == ids_of(wanted)
    liked = make_shop().search(like={"collar": "sku:r1"}, facts="require", k=9)
    condition = {"part": 0, "key": "collar", "relation": "same"}
    found = search(client, {"product": "r1"}, conditions=[condition], facts="require", k=9)
    assert ids(found) == ids_of(liked) == ["r2", "o1"]


def test_different_is_away_from_it(client):
    condition = {"part": 0, "key": "collar", "relation": "different", "weight": 0.5}
    found = search(client, {"product": "r1"}, RED, conditions=[condition], facts="require", k=9)
    wanted = make_shop().search(
        like=[("collar", "sku:r1", -0.5)], photo=photo("red"), facts="require", k=9
    )
    assert ids(found) == ids_of(wanted)
    assert set(ids(found)) == {"r3", "g1", "b1", "n1", "o2", "g2", "b2"}


def test_answers_count_parts_as_the_body_does(client):
    item = [{"text": ""}, {"product": "r1"}, {"text": "coat"}, ORANGE]
    conditions = [
        {"part": 3, "key": "collar", "relation": "same"},
        {"part": 1, "key": "colour", "relation": "same"},
    ]
    found = search(client, *item, conditions=conditions, k=1)
    [hit] = found["hits"]
    told = {(p["item"], p["key"]) for p in hit["why"]["parts"]}
    assert told == {(1, "colour"), (2, ""), (3, "collar")}
    facts = [(f["key"], f["item"], f["condition"]) for f in hit["why"]["facts"]]
    assert facts == [("colour", 1, 1), ("collar", 3, 0)]
    assert found["legs"]["words"]["parts"] == [2]
    assert sorted(found["legs"]["picture"]["parts"]) == [1, 2, 3]


def test_a_photo_of_the_catalogue_is_recognised_by_its_place(client):
    [product] = [p for p in PRODUCTS if p.id == "r1"]
    found = search(client, {"text": "shirt"}, {"image": uri(product.images[0])}, k=9)
    shown = {h["id"]: h["why"]["shown"] for h in found["hits"]}
    assert shown["r1"] == [1] and shown["r2"] == []


# ----- vectors --------------------------------------------------------------------------------


def test_a_vector_is_the_photo_that_it_was_made_of(client):
    shop = make_shop()
    vector = shop.search(photo=photo("orange"), give_vectors=True).vectors["picture"]
    part = {"vector": (5 * vector).tolist(), "maker": "colours-1"}
    for others, conditions in (
        ([], []),
        ([{"text": "coat"}], []),
        ([RED, {"product": "b1"}], [{"part": 0, "weight": -0.5}, {"part": 1, "weight": 2}]),
    ):
        given = search(client, part, *others, conditions=conditions, k=9)
        shown = search(client, ORANGE, *others, conditions=conditions, k=9)
        assert ids(given) == ids(shown)
        assert [h["score"] for h in given["hits"]] == pytest.approx(
            [h["score"] for h in shown["hits"]], abs=1e-6
        )
        told, seen = given["hits"][0]["why"]["parts"], shown["hits"][0]["why"]["parts"]
        assert {(p["item"], p["weight"]) for p in told} == {(p["item"], p["weight"]) for p in seen}


def test_a_vector_in_python_weighs_as_a_photo():
    shop = make_shop()
    vector = shop.search(photo=photo("blue"), give_vectors=True).vectors["picture"]
    given = GivenVector(vector, "colours-1")
    assert ids_of(shop.search(photo=given)) == ids_of(shop.search(photo=photo("blue")))
    one = shop.search(photo=[(given, -0.5), photo("red")], k=9)
    other = shop.search(photo=[(photo("blue"), -0.5), photo("red")], k=9)
    assert ids_of(one) == ids_of(other)
    assert sorted((p.weight, round(p.score, 5)) for p in one.hits[0].why.parts) == sorted(
        (p.weight, round(p.score, 5)) for p in other.hits[0].why.parts
    )


def test_a_vector_of_a_photo_is_not_compared_with_texts():
    """As a photo is not; an encoder of both makes both columns with one maker."""
    shop = make_shop(column("picture"), column("text"))
    vector = GivenVector(np.array([1, 0, 0, 0]), "colours-1")
    assert set(shop.search(photo=vector).legs) == {"picture"}
    assert set(shop.search(photo=vector, weights={"text": 1.0}).legs) == {"picture", "text"}
    assert set(make_shop(column("text")).search(photo=vector).legs) == {"text"}


def test_a_vector_goes_to_the_columns_of_its_maker_alone():
    shop = make_shop(column("picture", "pictures"), column("text", "texts"))
    vector = GivenVector(np.array([1, 0, 0, 0]), "texts-1")
    answer = shop.search("coat", vector, like={"colour": vector}, k=3)
    assert [len(answer.legs[leg].parts) for leg in ("text",)] == [4]
    assert "picture" not in answer.legs


def test_the_key_of_a_vector_is_read_where_the_vector_is():
    shop = make_shop(column("picture", "pictures"), column("text", "texts"))
    vector = GivenVector(np.array([1, 0, 0, 0]), "pictures-1")
    assert set(shop.search(like={"red": vector}).legs) == {"picture"}


# ----- regions --------------------------------------------------------------------------------


def halves(rotated: bool = False) -> Image:
    """Left half red, right half blue; with `rotated`, stored on its side with an EXIF note."""
    picture = PIL.Image.new("RGB", (40, 20), (220, 30, 30))
    picture.paste((30, 60, 220), (20, 0, 40, 20))
    exif = PIL.Image.Exif()
    if rotated:
        picture = picture.transpose(PIL.Image.Transpose.ROTATE_90)
        exif[274] = 6
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=95, exif=exif)
    return Image(data=out.getvalue())


@pytest.mark.parametrize("rotated", [False, True])
def test_a_region_is_searched_and_nothing_else(client, rotated):
    part = {"image": uri(halves(rotated), "jpeg"), "region": [22, 0, 18, 20]}
    assert ids(search(client, part, k=1)) == ["b2"]
    part["region"] = [0, 0, 18, 20]
    assert ids(search(client, part, k=1)) == ["r3"]


@pytest.mark.parametrize("rotated", [False, True])
def test_a_region_has_the_very_pixels_of_the_upright_picture(rotated):
    given = halves(rotated).read()
    whole = decode(given)
    assert whole.size == (40, 20)
    cut = crop(given, (3, 2, 30, 17), "item[0]")
    assert decode(cut.read()).tobytes() == whole.crop((3, 2, 33, 19)).tobytes()


# ----- beside the hits ------------------------------------------------------------------------


def test_counts_and_facets(client):
    asked = {"facets": ["category", "attributes.colour"], "where": 'attributes.colour = "red"'}
    asked["facets"] = ["spu", "attributes.Colour"]
    found = search(client, ORANGE, counts=True, **asked)
    assert found["counts"] == {"matching": 3, "total": 10}
    assert found["facets"] == {
        "spu": [{"value": "shirt", "count": 2}, {"value": "coat", "count": 1}],
        "attributes.colour": [{"value": "red", "count": 3}],
    }
    found = search(client, ORANGE, disjunctive=True, **asked)
    assert "counts" not in found
    assert found["facets"]["spu"] == [{"value": "shirt", "count": 2}, {"value": "coat", "count": 1}]
    told = {one["value"]: one["count"] for one in found["facets"]["attributes.colour"]}
    assert told == {"red": 3, "orange": 2, "green": 2, "blue": 2, "navy": 1}


def test_a_filter_alone_lists_products(client):
    found = search(client, where="price < 15", counts=True, facets=["spu"], k=3)
    assert ids(found) == ["b2", "g2", "o2"]
    assert found["counts"] == {"matching": 4, "total": 10} and found["candidates"] == 4
    assert found["hits"][0]["score"] == 0 and found["hits"][0]["why"]["legs"] == {}
    assert ids(search(client, where="price < 15", k=3, offset=3)) == ["r2"]
    assert ids(search(client, where="price < 15", sort="-price")) == ["r2", "o2", "b2", "g2"]
    assert ids(search(client, {"text": " "}, sort="price", k=2)) == ["g2", "b2"]
    assert ids(search(client, k=2)) == ["b1", "b2"]
    assert len(search(client, collapse="spu", k=10)["hits"]) == 3
    assert ids(search(client, k=2, exclude=["b1"])) == ["b2", "g1"]


def test_an_answer_without_hits_says_what_would_bring_some(client):
    where = 'price < 10 and attributes.collar = "fur"'
    found = search(client, RED, where=where)
    assert found["hits"] == []
    assert [(w["kind"], w["text"], w["where"], w["products"]) for w in found["without"]] == [
        ("filter", "price < 10", 'attributes.collar = "fur"', 2),
        ("filter", 'attributes.collar = "fur"', "price < 10", 3),
    ]
    assert "without" not in search(client, RED)
    assert "without" not in search(client, RED, where=where, without=False)


def test_a_condition_that_nothing_satisfies_is_named_by_its_place(client):
    conditions = [
        {"part": 1, "weight": 0.5},
        {"part": 0, "key": "collar", "relation": "same"},
    ]
    item = [{"product": "n1"}, {"text": "coat"}]
    found = search(client, *item, conditions=conditions, facts="require", where="price < 10")
    told = [(w["kind"], w["text"], w["condition"], w["products"]) for w in found["without"]]
    assert told == [("filter", "price < 10", None, 2), ("fact", "collar: v-neck", 1, 3)]


def test_words_that_only_the_filter_hides(client):
    found = search(client, {"text": "navy"}, where="price < 10", weights={"picture": 0})
    assert [(w["text"], w["products"]) for w in found["without"]] == [("price < 10", 1)]


def test_a_least_score_that_nothing_reaches(client):
    found = search(client, {"text": "coat"}, least={"words": 99.0}, weights={"picture": 0})
    assert [(w["kind"], w["leg"], w["products"]) for w in found["without"]] == [
        ("least", "words", 3)
    ]


def test_two_clauses_that_only_together_leave_something():
    products = (
        make_product("a", "red", "shirt", 20, category=("x",)),
        make_product("b", "blue", "hat", 10, category=("y",)),
    )
    with served(make_shop(products=products)) as (client, _):
        found = search(client, RED, where='price > 90 and category = "z"')
    assert [(w["where"], w["products"]) for w in found["without"]] == [(None, 2)]


def test_thumbnails_stand_beside_hits(client):
    [hit] = search(client, RED, k=1)["hits"]
    got = client.get(hit["thumbnail"])
    assert (got.status_code, got.content) == (200, b"r3")
    assert "pictures" not in hit["fields"]


def test_the_description_names_bodies_and_answers(client):
    told = client.get("/openapi.json").json()
    search_path = told["paths"]["/v1/search"]["post"]
    assert search_path["requestBody"]["content"]["application/json"]["schema"]
    answer = search_path["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer == {"$ref": "#/components/schemas/SearchAnswer"}
    problem = search_path["responses"]["4XX"]["content"]["application/problem+json"]
    assert problem["schema"]["$ref"].endswith("ProblemBody")
    for name in ("SearchBody", "PartBody", "SearchAnswer", "About", "ProductAnswer", "Cards"):
        assert name in told["components"]["schemas"]


def test_a_list_that_is_sorted_has_no_limit_to_tell_of(client):
    assert search(client, where="price > 3", sort="price")["notes"] == []
    assert search(client, RED, sort="price")["notes"][0]["code"] == "sorted-first"
    boost = {"field": "price", "shape": "linear", "low": 0, "high": 9, "weight": 1}
    assert search(client, boosts=[boost])["notes"][0]["code"] == "boosts-unused"
