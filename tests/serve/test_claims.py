"""Facts with evidence over HTTP: which field each claim is about, and on which view it was read."""

import hashlib
import io
from dataclasses import replace

import PIL.Image
import pytest

import skulens
from skulens.claims import Claim, Evidence, Verdict
from skulens.documents import Schema
from skulens.errors import DataError
from skulens.index.stores.fields import CLAIMS
from skulens.pictures import decode, read_size
from skulens.records import Attribute, Image
from skulens.search.claims import write_claims
from skulens.search.indexing.claims import with_claims
from skulens.serve.bodies.answers import ProductAnswer
from skulens.serve.bodies.labels import ClaimBody
from tests.search.small_shop import PRODUCTS, make_document, make_shop, photo
from tests.serve.answered import read, uri
from tests.serve.talking import served
from tests.serve.test_products import Drawn

QUAD = (1.0, 2.0, 30.0, 2.0, 30.0, 9.5, 1.0, 9.5)
FIRST = PRODUCTS[0]


def turned() -> bytes:
    """A JPEG of 40 x 20 pixels that is upright as 20 x 40."""
    out = io.BytesIO()
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    PIL.Image.new("RGB", (40, 20), "white").save(out, "JPEG", exif=exif)
    return out.getvalue()


BACK = turned()
VIEWS = (photo("green"), Image(data=BACK, view="back"))
SHA = hashlib.sha256(BACK).hexdigest()


def claim(field, value, label="VC", image=SHA, **more):
    place = Evidence(image, more.pop("source", "ocr"), more.pop("quote", str(value)), QUAD)
    made = Claim("r1", field, value, evidence=(place,), **more)
    return made, Verdict(made.id, label, "ocr", "text/1", evidence=(place,))


TOLD = (
    claim("attributes.colour", "Red"),
    claim("attributes.net_content", "500", unit="g", language="en", confidence=0.5),
    claim("identifiers.gtin", "4006381333931", source="bars"),
    claim("attributes.origin", "France", "VI", quote="Made in USA"),
    claim("attributes.net_content", None, "U", image="f" * 64),
)


def shop_with(told=TOLD, product=FIRST):
    shop = make_shop()
    store = shop.store
    store.widen(Schema(fields=(CLAIMS,)))
    document = make_document(product, store.schema.vectors, store.schema)
    store.upsert([with_claims(document, write_claims(told))])
    return shop


@pytest.fixture
def client():
    catalog = Drawn(replace(FIRST, images=VIEWS))
    with served(shop_with(), catalog=catalog) as (client, _):
        yield client


def test_claims_have_the_form_of_a_reading_and_say_where(client):
    found = read(client.get("/v1/products/r1"), ProductAnswer)
    assert "#claims" not in found["fields"]
    for one in found["claims"]:
        plain = {k: v for k, v in one.items() if k not in ("fact", "same")}
        plain["evidence"] = [{k: v for k, v in e.items() if k != "view"} for e in one["evidence"]]
        ClaimBody.model_validate(plain)
    colour, content, gtin, origin, unseen = found["claims"]
    assert colour["evidence"] == [
        {"image": SHA, "source": "ocr", "quote": "Red", "quad": list(QUAD), "view": 1}
    ]
    assert (content["value"], content["unit"], content["confidence"]) == ("500", "g", 0.5)
    assert gtin["evidence"][0]["source"] == "bars"
    assert origin["verdict"] == {"label": "VI", "sub": "ocr", "verifier": "text/1"}
    assert unseen["value"] is None and unseen["evidence"][0]["view"] is None


def test_the_pictures_with_evidence_have_their_upright_size(client):
    front, back = read(client.get("/v1/products/r1"), ProductAnswer)["pictures"]
    assert "sha256" not in front and front["view"] is None
    assert (back["sha256"], back["width"], back["height"]) == (SHA, 20, 40)


def test_a_claim_stands_beside_the_field_that_it_is_about(client):
    found = client.get("/v1/products/r1").json()["claims"]
    assert [(c["field"], c["fact"], c["same"]) for c in found] == [
        ("attributes.colour", "attributes.colour", True),
        ("attributes.net_content", "", False),
        ("identifiers.gtin", "gtin", True),
        ("attributes.origin", "", False),
        ("attributes.net_content", "", False),
    ]


@pytest.mark.parametrize(
    ("key", "value", "claimed", "same"),
    [
        ("Net weight", "0.5 kg", claim("attributes.net_content", "500", unit="g"), True),
        ("Net weight", "400 g", claim("attributes.net_content", "500", unit="g"), False),
        ("Made in", "Deutschland", claim("attributes.origin", "Germany"), True),
        ("Neckline", "V", claim("attributes.neckline", "v"), True),
    ],
)
def test_fields_and_values_are_compared_as_the_registry_does(key, value, claimed, same):
    product = replace(FIRST, attributes=(Attribute(key, value),))
    shop = make_shop(products=(product, *PRODUCTS[1:]))
    shop.store.widen(Schema(fields=(CLAIMS,)))
    document = make_document(product, shop.store.schema.vectors, shop.store.schema)
    shop.store.upsert([with_claims(document, write_claims([claimed]))])
    with served(shop) as (client, _):
        [found] = client.get("/v1/products/r1").json()["claims"]
    assert (found["fact"], found["same"]) == (f"attributes.{key.casefold()}", same)
    assert found["evidence"][0]["view"] is None, "there is no catalogue"


def test_a_picture_that_is_gone_or_broken_costs_its_view_alone(tmp_path):
    broken = Image(data=b"\xff\xd8 no picture")
    gone = Image(str(tmp_path / "gone.jpg"))
    told = (claim("attributes.colour", "Red", image=hashlib.sha256(broken.read()).hexdigest()),)
    catalog = Drawn(replace(FIRST, images=(gone, broken)))
    with served(shop_with(told), catalog=catalog) as (client, _):
        found = read(client.get("/v1/products/r1"), ProductAnswer)
    assert len(found["pictures"]) == 2 and found["claims"][0]["evidence"][0]["view"] is None


def test_a_product_without_claims(client):
    assert read(client.get("/v1/products/r2"), ProductAnswer)["claims"] == []


def test_nothing_of_them_is_in_lists_fields_and_hits(client):
    for path in ("/v1/products?k=20&varied=false", "/v1/about", "/v1/suggest?q=r"):
        assert "claims" not in client.get(path).text, path
    hits = client.post("/v1/search", json={"item": [{"text": "red"}], "counts": True})
    assert "#claims" not in hits.text and hits.json()["hits"]


def test_a_shop_at_hand_and_one_on_a_server_say_the_same(client):
    shop = shop_with()
    assert shop.claims("r1") == TOLD and shop.claims("r2") == ()
    assert make_shop().claims("r1") == ()
    with skulens.connect(str(client.base_url)) as remote:
        assert remote.claims("r1") == TOLD and remote.claims("r2") == ()
        for one in (shop, remote):
            with pytest.raises(DataError, match="no product 'nobody'"):
                one.claims("nobody")


def test_a_product_that_is_written_anew_keeps_its_claims():
    """Those on pictures that it still has."""
    mine = hashlib.sha256(FIRST.images[0].read()).hexdigest()
    told = (claim("attributes.colour", "Red", image=mine), claim("attributes.brand", "Acme"))
    row = {"id": "r1", "title": "red shirt", "images": [uri(FIRST.images[0])]}
    with served(shop_with(told)) as (client, _):
        answer = client.post("/v1/products:batchUpsert", json={"products": [row]}).json()
        assert answer["written"] == 1, answer
        assert "is none of the product's" in answer["rejects"][0]["reason"]
        [kept] = client.get("/v1/products/r1").json()["claims"]
        assert kept["value"] == "Red"
        again = client.post("/v1/products:batchUpsert", json={"products": [row]}).json()
        assert (again["written"], again["rejects"]) == (0, []), "it is as it was"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_sizes_are_those_of_the_decoded_picture(kind, orientation):
    out, exif = io.BytesIO(), PIL.Image.Exif()
    exif[0x0112] = orientation
    PIL.Image.new("RGB", (40, 20), "white").save(out, kind, exif=exif)
    assert read_size(out.getvalue()) == decode(out.getvalue()).size
