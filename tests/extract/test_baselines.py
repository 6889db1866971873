"""The two baselines say what stands in the listing, no more, and always the same."""

import pytest

from skulens.claims import Claim
from skulens.errors import UnknownName
from skulens.extract.seller import SellerReader
from skulens.extract.title_words import TitleWords, learn_vocabulary
from skulens.protocols import Reader
from skulens.records import Attribute, Product, Reject

SHIRT = Product(
    "shirt",
    title="Veldora navy blue T-shirt, XL",
    texts={"description": "Blue cotton. Not red."},
    category=("clothing", "shirts"),
    attributes=(
        Attribute("Color", "Navy Blue"),
        Attribute("colour", "navy"),
        Attribute("Brand", "Veldora"),
        Attribute("size", "XL"),
        Attribute("allergens", "milk, soy (1,5 %), milk"),
        Attribute("Sleeve Length", "short"),
        Attribute("material", "n/a"),
        Attribute("/", "nothing"),
    ),
    language="en",
    gtin="4006381333931",
)
TEA = Product("tea", title="ชาเขียวสีแดง ขวด 500 มล.", language="th")
EMPTY = Product("empty")


def said(found):
    return [(c.field, c.value, c.n) for c in found if isinstance(c, Claim)]


@pytest.mark.parametrize("reader", [SellerReader(), TitleWords({"attributes.colour": ["blue"]})])
def test_they_are_readers_and_deterministic(reader):
    assert isinstance(reader, Reader)
    assert reader.info.kind == "baseline"
    first = list(reader.read([SHIRT, TEA, EMPTY], ["attributes."]))
    assert first == list(reader.read(iter([SHIRT, TEA, EMPTY]), ["attributes."]))
    claims = [c for c in first if isinstance(c, Claim)]
    assert all(c.predictor == reader.info.identity for c in claims)
    assert all(e.source == "seller" and not e.image for c in claims for e in c.evidence)
    rejects = [r for r in first if isinstance(r, Reject)]
    assert [r.item for r in rejects] == ["empty"]
    assert all(r.reason and r.todo for r in rejects)


def test_the_seller_s_facts_by_path():
    assert said(SellerReader().read([SHIRT])) == [
        ("identifiers.gtin", "4006381333931", 0),
        ("attributes.name", "Veldora navy blue T-shirt, XL", 0),
        ("attributes.category", "clothing > shirts", 0),
        ("attributes.colour", "Navy Blue", 0),
        ("attributes.brand", "Veldora", 0),
        ("attributes.size", "XL", 0),
        ("attributes.allergens", "milk", 0),
        ("attributes.allergens", "soy (1,5 %)", 1),
        ("attributes.sleeve_length", "short", 0),
    ]


def test_only_what_is_asked_for():
    found = SellerReader().read([SHIRT], ["attributes.brand", "identifiers."])
    assert [path for path, _, _ in said(found)] == ["identifiers.gtin", "attributes.brand"]


def test_attributes_that_are_truth_can_be_left_out():
    product = Product("p", attributes=(Attribute("brand", "Veldora", source="world"),))
    assert said(SellerReader().read([product])) == [("attributes.brand", "Veldora", 0)]
    (reject,) = SellerReader(without=["world"]).read([product])
    assert isinstance(reject, Reject)
    assert SellerReader(without=["world"]).info.identity != SellerReader().info.identity
    assert learn_vocabulary([product], ["world"]) == {}


VOCABULARY = {
    "attributes.colour": ["blue", "Navy Blue", "red", "แดง", "เขียว", "ขาว"],
    "attributes.allergens": ["cotton", "red"],
}


def test_words_of_the_vocabulary_longest_first_title_first():
    found = TitleWords(VOCABULARY).read([SHIRT])
    assert said(found) == [
        ("attributes.allergens", "cotton", 0),
        ("attributes.allergens", "red", 1),
        ("attributes.colour", "Navy Blue", 0),
    ]


def test_words_are_whole():
    reader = TitleWords({"free.x": ["men", "art"]})
    assert said(reader.read([Product("p", title="Women's party dress")])) == []
    assert said(reader.read([Product("p", title="MEN'S dress")])) == [("free.x", "men", 0)]


def test_thai_has_no_spaces_and_a_mark_ends_no_word():
    assert said(TitleWords(VOCABULARY).read([TEA])) == [("attributes.colour", "เขียว", 0)]
    reader = TitleWords({"free.x": ["น"]})
    assert said(reader.read([Product("p", title="น้ำ")])) == []


def test_a_vocabulary_is_learnt_from_other_listings():
    learnt = learn_vocabulary([SHIRT])
    assert learnt["attributes.allergens"] == ("milk", "soy (1,5 %)")
    assert learnt["attributes.colour"] == ("Navy Blue", "navy")
    assert "attributes.size" not in learnt  # too short
    other = Product("other", title="Milk chocolate in navy wrapping")
    found = [c for c in TitleWords().read([SHIRT, other]) if c.item == "other"]
    assert said(found) == [("attributes.allergens", "milk", 0), ("attributes.colour", "navy", 0)]


def test_the_identity_follows_the_vocabulary():
    identities = {
        TitleWords(v).info.identity for v in (None, {}, VOCABULARY, {"attributes.colour": ["red"]})
    }
    assert len(identities) == 4
    shuffled = {path: values[::-1] for path, values in reversed(VOCABULARY.items())}
    assert TitleWords(shuffled).info.identity == TitleWords(VOCABULARY).info.identity


def test_a_vocabulary_of_unknown_fields_is_refused():
    with pytest.raises(UnknownName, match="unknown field 'colour'"):
        TitleWords({"colour": ["red"]})
