"""What the store holds: products, their pictures and variants, and what one may type."""

import io
import threading
from dataclasses import replace
from urllib.parse import quote

import PIL.Image
import pytest

from skulens.documents import Schema
from skulens.errors import StoreError
from skulens.index.stores import open_store
from skulens.index.stores.fields import infer
from skulens.pictures import decode
from skulens.records import DatasetInfo, Image, Product
from skulens.search.shop import Shop
from skulens.serve.bodies.answers import About, Cards, ProductAnswer, Suggestions
from skulens.serve.work.kept import Kept
from tests.search.small_shop import PRODUCTS, column, make_document, make_product, make_shop, photo
from tests.serve.answered import read, refuse, search, uri
from tests.serve.talking import served

ODD = ("a/b", "../../etc/passwd", "rouge %2F é", "สีแดง", "q?x=1&y#z", "a//b", "+ +")


class Drawn:
    """A catalogue of the small shop's products, and others."""

    info = DatasetInfo(name="drawn", title="Drawn", source="", licence="MIT")

    def __init__(self, *products):
        self._products, self.read = products, 0
        self.rejects = []

    def products(self):
        self.read += 1
        yield from self._products

    def queries(self, split):
        yield from ()


@pytest.fixture
def client():
    with served(make_shop()) as (client, _):
        yield client


# ----- products -------------------------------------------------------------------------------


def test_a_product_with_its_variants_and_what_differs(client):
    found = read(client.get("/v1/products/r1"), ProductAnswer)
    assert found["fields"]["price"] == 20 and "pictures" not in found["fields"]
    assert found["pictures"] == [] and found["claims"] == []
    told = {s["id"]: s["differs"] for s in found["siblings"]}
    assert set(told) == {"r2", "o1", "g1"}  # the other shirts
    assert told["r2"] == {"price": 12, "attributes.collar": ["polo "]}
    assert told["o1"]["attributes.colour"] == ["orange"]
    [first, *_] = found["siblings"]
    assert client.get(first["thumbnail"]).content == first["id"].encode()


def test_a_product_without_variants(client):
    alone = make_product("solo", "red", "one", 1)
    with served(make_shop(products=(alone,))) as (client, _):
        assert read(client.get("/v1/products/solo"), ProductAnswer)["siblings"] == []


@pytest.mark.parametrize("sku", ODD)
def test_ids_of_any_kind(sku):
    with served(make_shop(products=(make_product(sku, "red", "shirt", 1), *PRODUCTS))) as (
        client,
        _,
    ):
        [hit] = search(client, {"image": uri(photo("red"))}, where=f'id = "{sku}"')["hits"]
        assert hit["id"] == sku
        assert client.get(hit["thumbnail"]).content == sku.encode()
        found = read(client.get(f"/v1/products/{quote(sku, safe='')}"), ProductAnswer)
        assert found["id"] == sku and len(found["siblings"]) == 4


def test_a_product_that_is_not_there(client):
    for path in ("products", "thumbnails"):
        said = refuse(client.get(f"/v1/{path}/no%2Fsuch"), 404, "no-product")
        assert "no/such" in said["detail"]


def test_some_products_are_varied_and_the_same_each_time(client):
    found = read(client.get("/v1/products", params={"k": 5}), Cards)["products"]
    assert len({p["fields"]["attributes.colour"][0] for p in found}) == 5
    assert {p["fields"]["spu"] for p in found} == {"shirt", "coat", "hat"}
    assert read(client.get("/v1/products", params={"k": 5}), Cards)["products"] == found


def test_some_products_under_a_filter(client):
    asked = {"k": 4, "where": 'spu = "hat"', "varied": False}
    found = read(client.get("/v1/products", params=asked), Cards)["products"]
    assert [p["id"] for p in found] == ["b2", "g2", "o2"]
    varied = read(client.get("/v1/products", params={**asked, "varied": True}), Cards)["products"]
    assert {p["id"] for p in varied} == {"b2", "g2", "o2"}
    refuse(client.get("/v1/products", params={"where": "prise < 3"}), 400, "bad-filter")
    refuse(client.get("/v1/products", params={"k": 0}), 422, "bad-body")
    refuse(client.get("/v1/products", params={"k": 10**6}), 422, "bad-body")


# ----- pictures -------------------------------------------------------------------------------


def test_thumbnails_are_kept_by_version(client):
    [hit] = search(client, {"image": uri(photo("red"))}, k=1)["hits"]
    got = client.get(hit["thumbnail"])
    assert "immutable" in got.headers["cache-control"] and "?v=" in hit["thumbnail"]
    again = client.get(hit["thumbnail"], headers={"If-None-Match": got.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    for known in ("*", f'"x", W/{got.headers["etag"]}'):
        assert client.get(hit["thumbnail"], headers={"If-None-Match": known}).status_code == 304
    plain = client.get("/v1/thumbnails/r3")
    assert "immutable" not in plain.headers["cache-control"]
    other = client.get("/v1/thumbnails/r3", headers={"If-None-Match": '"other"'})
    assert (other.status_code, other.content) == (200, b"r3")


def test_an_address_changes_with_the_picture():
    shop = make_shop()
    with served(shop) as (client, _):
        before = client.get("/v1/products/r1").json()["thumbnail"]
        new = replace(PRODUCTS[0], images=(photo("red", 99),))
        columns = shop.store.schema.vectors
        shop.store.upsert([make_document(new, columns, shop.store.schema)])
        assert client.get("/v1/products/r1").json()["thumbnail"] != before


def test_a_product_without_a_thumbnail():
    shop = make_shop()
    document = make_document(PRODUCTS[0], shop.store.schema.vectors, shop.store.schema)
    shop.store.upsert([replace(document, thumbnail=b"")])
    with served(shop) as (client, _):
        refuse(client.get("/v1/thumbnails/r1"), 404, "no-thumbnail")


def test_pictures_of_the_catalogue(tmp_path):
    large = io.BytesIO()
    PIL.Image.effect_noise((3000, 1500), 60).convert("RGB").save(large, "JPEG")
    file = tmp_path / "front.jpg"
    file.write_bytes(large.getvalue())
    views = (Image(str(file), view="front"), photo("blue"))
    catalog = Drawn(replace(PRODUCTS[0], images=views))
    with served(make_shop(), catalog=catalog) as (client, _):
        assert catalog.read == 0
        found = read(client.get("/v1/products/r1"), ProductAnswer)["pictures"]
        assert [p["view"] for p in found] == ["front", None]
        shown = [client.get(p["url"]) for p in found]
        assert [s.headers["content-type"] for s in shown] == ["image/jpeg"] * 2
        assert max(decode(shown[0].content).size) <= 1024
        assert decode(shown[1].content).getpixel((5, 5))[2] > 150
        refuse(client.get("/v1/pictures/r1?view=2"), 404, "no-picture")
        refuse(client.get("/v1/pictures/r2"), 404, "no-picture")
        refuse(client.get("/v1/pictures/r1?view=-1"), 422, "bad-body")
        region = {"product": "r1", "view": 1, "region": [0, 0, 8, 8]}
        assert search(client, region, k=1)["hits"][0]["id"] == "b2"
        assert client.get("/v1/about").json()["can"]["pictures"] is True
        assert catalog.read == 1


@pytest.mark.parametrize(
    "name",
    [
        "../../../../etc/passwd",
        "/etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "secret.txt",
        "secret",
        ".",
    ],
)
def test_no_other_file_is_shown(tmp_path, monkeypatch, name):
    """Ids are looked up, not joined to a folder; and what is not a picture is not sent."""
    (tmp_path / "secret.txt").write_text("TOP SECRET")
    monkeypatch.chdir(tmp_path)
    catalog = Drawn(Product("secret", images=(Image(str(tmp_path / "secret.txt")),)))
    with served(make_shop(), catalog=catalog) as (client, _):
        for path in ("pictures", "thumbnails"):
            for written in (quote(name, safe=""), name):
                got = client.get(f"/v1/{path}/{written}")
                assert got.status_code in (307, 404) and b"TOP" not in got.content


def test_a_server_without_a_catalogue_has_no_pictures(client):
    said = refuse(client.get("/v1/pictures/r1"), 404, "no-pictures")
    assert "--catalog" in said["detail"]


# ----- about ----------------------------------------------------------------------------------


def test_what_the_store_holds(client):
    found = read(client.get("/v1/about"), About)
    assert found["products"] == 10 and set(found["keys"]) == {"colour", "collar"}
    [one] = found["columns"]
    assert (one["name"], one["maker"], one["dim"]) == ("picture", "colours-1", 4)
    fields = {f["field"]: f for f in found["fields"]}
    assert (fields["price"]["least"], fields["price"]["most"]) == (5, 90)
    assert fields["attributes.colour"]["facet"] and not fields["title"]["facet"]
    assert not fields["id"]["facet"] and fields["id"]["values"] == []
    assert fields["attributes.colour"]["values"][0] == {"value": "red", "count": 3}
    assert found["limits"]["k"] == 1000 and found["can"]["words"] and found["can"]["photos"]
    for example in found["examples"]:
        asked = {k: v for k, v in example.items() if k == "where"}
        item = [{"text": example["text"]}] if "text" in example else []
        assert search(client, *item, **asked)["hits"]
    assert len(found["examples"]) == 3


def test_what_is_said_of_the_store_follows_its_changes():
    shop = make_shop()
    with served(shop) as (client, _):
        before = client.get("/v1/about").json()
        assert client.get("/v1/suggest?q=vio").json()["suggestions"] == []
        new = make_product("v1", "red", "violet shirt", 500)
        shop.store.upsert([make_document(new, shop.store.schema.vectors, shop.store.schema)])
        after = client.get("/v1/about").json()
        assert (before["products"], after["products"]) == (10, 11)
        assert next(f for f in after["fields"] if f["field"] == "price")["most"] == 500
        assert client.get("/v1/suggest?q=vio").json()["suggestions"] != []
        shop.store.delete(["v1"])
        assert client.get("/v1/about").json()["products"] == 10


def test_what_is_said_of_the_store_is_made_once(monkeypatch):
    shop = make_shop()
    asked = []
    facets = shop.store.facets
    monkeypatch.setattr(shop.store, "facets", lambda *a, **b: asked.append(a) or facets(*a, **b))
    with served(shop) as (client, _):
        client.get("/v1/about")
        count = len(asked)
        assert count and client.get("/v1/about").status_code == 200 and len(asked) == count


def test_what_takes_long_is_made_aside():
    """Nobody who types waits for it, and nothing is lost when it fails once."""
    shop, gate, tried = make_shop(), threading.Event(), []

    def make(store):
        tried.append(1)
        assert gate.wait(30)
        if len(tried) == 1:
            raise StoreError("not now")
        return len(tried)

    kept = Kept(make)
    assert kept.get_soon(shop.store, 0.01) is None
    assert kept.get_soon(shop.store, 0.01) is None and tried == [1]
    gate.set()
    assert [kept.get_soon(shop.store, 30), kept.get_soon(shop.store, 30)][-1] == 2
    gate.clear()
    shop.store.delete(["r1"])
    assert kept.get_soon(shop.store, 0.01) == 2  # of before
    gate.set()
    assert kept.get_soon(shop.store, 30) == 3 == kept.get_soon(shop.store, 0)


# ----- suggest --------------------------------------------------------------------------------


def suggest(client, q, **more):
    found = read(client.get("/v1/suggest", params={"q": q, **more}), Suggestions)
    return [(s["text"], s["kind"], s["count"]) for s in found["suggestions"]]


def test_values_then_titles_by_the_beginning_of_a_word(client):
    found = suggest(client, "na")
    assert found[0] == ("navy", "value", 1) and ("navy coat", "title", 1) in found
    assert suggest(client, "CO")[0][1] == "title"  # spu is no facet: titles alone have "coat"
    assert {t for t, _, _ in suggest(client, "co")} == {"red coat", "blue coat", "navy coat"}
    assert suggest(client, "avy") == []
    assert suggest(client, "red co") == [("red coat", "title", 1)]
    assert len(suggest(client, "r", k=1)) == 1
    assert suggest(client, "") == suggest(client, " .,-") == []


def test_marks_and_case_do_not_matter_and_thai_is_found_inside():
    products = (
        make_product("a", "red", "Crème Brûlée", 1),
        make_product("b", "red", "เสื้อเชิ้ตสีน้ำเงิน", 1),
    )
    with served(make_shop(products=products)) as (client, _):
        assert [t for t, _, _ in suggest(client, "BRULEE")] == ["red Crème Brûlée"]
        assert [t for t, _, _ in suggest(client, "น้ำเงิน")] == ["red เสื้อเชิ้ตสีน้ำเงิน"]


# ----- small stores ---------------------------------------------------------------------------


def test_an_empty_store_answers():
    shop = Shop(open_store("memory:", Schema((column("picture"),), infer(PRODUCTS))))
    with served(shop) as (client, _):
        found = read(client.get("/v1/about"), About)
        assert (found["products"], found["fields"], found["examples"]) == (0, [], [])
        assert read(client.get("/v1/products"), Cards) == {"products": []}
        assert suggest(client, "a") == []
        empty = search(client, {"image": uri(photo("red"))}, counts=True, facets=["spu"])
        assert (empty["hits"], empty["without"]) == ([], [])
        assert empty["counts"] == {"matching": 0, "total": 0} and empty["facets"] == {"spu": []}
        assert search(client, where="price < 3")["hits"] == []
        refuse(client.get("/v1/products/r1"), 404, "no-product")


def test_a_store_of_texts_alone():
    with served(make_shop(column("text", "texts"))) as (client, _):
        found = read(client.get("/v1/about"), About)
        assert found["can"]["photos"] is False
        assert search(client, {"text": "navy"}, k=1)["hits"][0]["id"] == "n1"
        said = refuse(
            client.post("/v1/search", json={"item": [{"image": uri(photo("red"))}]}),
            422,
            "bad-request",
        )
        assert "no leg of this store can search for photos" in said["detail"]
