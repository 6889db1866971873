"""What the reader offers beside products and photos: languages, sellers, composed queries."""

from collections import Counter

import pyarrow.parquet as pq
import pytest

from skulens.catalog.open import open_catalog
from skulens.errors import DataError
from skulens.records import Image
from skulens.world import World
from skulens.world.label.words import MARKETS
from skulens.world.reader import TEXT_NOISE


@pytest.fixture(scope="module")
def folder(everything):
    return everything[0]


@pytest.fixture(scope="module")
def truth(folder):
    return list(World(folder).products())


# Languages.


def test_market_gives_each_product_the_language_of_its_label(folder, truth):
    labels = {
        row["id"]: row["language"] for row in pq.read_table(folder / "labels.parquet").to_pylist()
    }
    local = list(open_catalog(str(folder), language="market").products())
    assert len({p.language for p in local}) > 2
    for product, english in zip(local, truth, strict=True):
        own = product.language
        assert own == labels[product.id] == MARKETS[product.country]
        suffix = "" if own == "en" else f"_{own}"
        assert product.title == (english.texts["title" + suffix] if suffix else english.title)
        assert dict(product.texts) == {
            role: english.texts[role + suffix] for role in ("caption", "description")
        }
        assert (product.id, product.images, product.attributes) == (
            english.id,
            english.images,
            english.attributes,
        )


def test_one_language_for_all_and_english_by_default(folder, truth):
    thai = list(World(folder, language="th").products())
    assert {p.language for p in thai} == {"th"}
    assert [p.title for p in thai] == [p.texts["title_th"] for p in truth]
    assert list(World(folder, language="en").products()) == truth
    assert {p.language for p in truth} == {"en"}


# Sellers.


def test_a_seller_tells_what_the_listing_says_and_pictures_stay_true(folder, truth):
    listings = {row["id"]: row for row in pq.read_table(folder / "listings.parquet").to_pylist()}
    told = list(World(folder, texts="seller").products())
    assert [p.id for p in told] == [p.id for p in truth]
    assert list(World(folder).listings()) == told, "what suites of reading are given"
    for product, true in zip(told, truth, strict=True):
        listing = listings[product.extras["listing"]]
        assert listing["sku"] == product.id
        assert (product.title, product.language) == (listing["title"], listing["language"])
        assert list(product.category) == listing["category"]
        assert dict(product.texts) == {"description": listing["description"]}
        assert (product.images, product.gtin, product.spu) == (true.images, true.gtin, true.spu)
        assert {a.source for a in product.attributes} == {"seller"}
        values = {a["key"]: a["value"] for a in listing["attributes"]}
        assert {a.key: a.value for a in product.attributes} == values


def test_a_listing_that_is_wrong_is_marked(folder, truth):
    told, kinds = list(World(folder, texts="seller").products()), Counter()
    for product, true in zip(told, truth, strict=True):
        wrong = {a.key: a.value for a in product.attributes} != {
            a.key: a.value for a in true.attributes
        }
        assert not wrong or "wrong attribute" in product.extras["noise"]
        misplaced = "wrong category" in product.extras["noise"]
        assert misplaced == (product.category != true.category)
        known = {a.key: a.modality for a in true.attributes}
        assert {a.key: a.modality for a in product.attributes} == known, "of its true class"
        kinds.update(product.extras["noise"])
        kinds["wrong"] += wrong
    assert set(kinds) == {*TEXT_NOISE, "wrong"} and kinds["wrong"] > 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"language": "fr"}, "language must be one of en, id"),
        ({"texts": "buyer"}, "texts must be one of truth, seller"),
        ({"texts": "seller", "language": "market"}, "languages of their own"),
    ],
)
def test_unknown_options_stop_at_the_door(folder, options, said):
    with pytest.raises(DataError, match=said):
        World(folder, **options)


# Composed queries.


def test_composed_queries_are_asked_with_probe_photos_and_judged_over_the_whole_shop(folder, truth):
    shop = World(folder)
    queries = list(shop.queries("composed"))
    assert list(shop.queries("composed")) == queries and len(queries) > 40
    known = {p.id: p for p in truth}
    photos = {
        image: query.group
        for split in shop.info.splits
        for query in shop.queries(split)
        for image in query.item.parts
    }
    for query in queries:
        images = [p for p in query.item.parts if isinstance(p, Image)]
        assert [photos[image] for image in images] == list(query.references)
        assert set(query.relevant) <= set(known) and query.group in {p.spu for p in truth}
        assert query.tags["fold"] == known[query.references[0]].extras["fold"]
        assert all(
            query.item.parts[c.part] in images for c in query.conditions if c.part is not None
        )
    assert Counter(q.tags["method"] for q in queries).keys() == {"change", "reference"}


def test_splits_of_photos_do_not_name_the_composed_queries(folder):
    shop = World(folder)
    assert shop.info.splits == ("train", "test")
    with pytest.raises(DataError, match="its splits: train, test"):
        shop.queries("composite")
