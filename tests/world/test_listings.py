"""Listings: equal to the truth or marked, and every mark is real,
found again from the tables alone.
"""

import json
import subprocess
import sys
from collections import Counter
from dataclasses import asdict, replace

import pytest

from skulens.errors import DataError
from skulens.world.config import CLASSES, WorldConfig
from skulens.world.truth.listings import SPOILERS, TWICE, Listing, Noise, listings_of, pictures
from skulens.world.truth.products import Variant, belongs, kind_at, variants, violates
from skulens.world.truth.texts import description, fact, title
from skulens.world.truth.vocabulary import LANGUAGES, vocabulary

SHOP = WorldConfig(skus=2000, seed=5)
KINDS = (*SPOILERS, "duplicate listing")


@pytest.fixture(scope="module")
def truth() -> dict[str, Variant]:
    return {v.id: v for v in variants(SHOP)}


@pytest.fixture(scope="module")
def everything(truth) -> list[Listing]:
    return [found for v in truth.values() for found in listings_of(SHOP, v)]


def marked(everything: list[Listing], kind: str) -> list[tuple[Listing, Noise]]:
    found = [
        (listing, noise) for listing in everything for noise in listing.noise if noise.kind == kind
    ]
    assert found
    return found


def table(v: Variant) -> dict[str, str]:
    return {a.key: a.value for a in v.attributes}


# The clean ones.


def test_every_sku_is_listed_once_and_duplicates_have_ids_of_their_own(everything, truth):
    assert len({x.id for x in everything}) == len(everything)
    assert [x.sku for x in everything if x.id == x.sku] == list(truth)
    assert all(
        x.noise and x.noise[0].kind == "duplicate listing" for x in everything if x.id != x.sku
    )


def test_a_listing_without_noise_is_the_truth(everything, truth):
    clean = [x for x in everything if not x.noise]
    for x in clean:
        v = truth[x.sku]
        assert (x.title, x.description) == (title(v, x.language), description(v, x.language))
        assert (
            x.attributes == table(v)
            and x.category == (v.kind,)
            and x.images == pictures(SHOP, v.index)
        )
    assert {x.language for x in clean} == set(LANGUAGES)


def test_what_is_not_marked_is_true(everything, truth):
    """Of a noisy listing too."""
    for x in everything:
        v, places = truth[x.sku], {place for n in x.noise for place in n.places}
        again = ("again",) if x.id != x.sku else ()
        assert "title" in places or again or x.title == title(v, x.language)
        assert "description" in places or x.description == description(v, x.language, *again)
        assert "attributes" in places or x.attributes == table(v)
        assert "image" in places or x.images == pictures(SHOP, v.index)
        assert "category" in places or x.category == (v.kind,)


# The noisy ones.


def test_all_kinds_come_as_often_as_asked(everything, truth):
    """Within four standard deviations of a binomial."""
    noisy = {x.sku for x in everything if x.noise}
    kinds = Counter((x.sku, n.kind) for x in everything for n in x.noise)
    assert set(kinds.values()) == {1} and {kind for _, kind in kinds} == set(KINDS)
    twice = sum(count == 2 for count in Counter(sku for sku, _ in kinds).values())

    def near(count: int, n: int, share: float) -> bool:
        return abs(count - n * share) < 4 * (n * share * (1 - share)) ** 0.5

    assert near(len(noisy), len(truth), SHOP.noise) and near(twice, len(noisy), TWICE)
    for name in KINDS:
        assert near(sum(kind == name for _, kind in kinds), len(noisy), (1 + TWICE) / len(KINDS)), (
            name
        )


def test_a_wrong_attribute_is_another_possible_value_where_it_says(everything, truth):
    whole = 0
    for x, n in marked(everything, "wrong attribute"):
        v, keys = truth[x.sku], vocabulary()["classes"][truth[x.sku].kind]["keys"]
        assert n.true == v.value(n.field) != n.shown
        assert n.shown in (
            vocabulary()["brands"] if n.field == "brand" else keys[n.field]["values"]
        )
        values = table(v) | {n.field: n.shown}
        assert not any(
            violates(values, rule) for rule in vocabulary()["classes"][v.kind]["forbidden"]
        )
        assert all(belongs(keys[k], values) == (k in values) for k in keys), "no key more or less"
        assert x.attributes == (values if "attributes" in n.places else table(v))
        wrong = replace(v, attributes=tuple(replace(a, value=values[a.key]) for a in v.attributes))
        assert x.description == description(wrong if "description" in n.places else v, x.language)
        if len(x.noise) == 1:
            assert x.title == title(wrong if "title" in n.places else v, x.language)
        modality = next(a.modality for a in v.attributes if a.key == n.field)
        assert n.places and ("title" not in n.places or modality == "text" or n.field == "brand")
        assert "description" not in n.places or description(wrong, x.language) != description(
            v, x.language
        )
        whole += len(n.places) > 1
    assert 0.2 < whole / len(marked(everything, "wrong attribute")) < 0.8


def test_a_missing_fact_is_invisible_and_only_the_title_lacks_it(everything, truth):
    for x, n in marked(everything, "missing fact"):
        v = truth[x.sku]
        assert n.true == v.value(n.field) and n.shown == "" and n.places == ("title",)
        assert (
            next(a.modality for a in v.attributes if a.key == n.field) == "text"
            and x.attributes[n.field] == n.true
        )
        if len(x.noise) == 1:
            whole = title(v, x.language).split(", ")
            whole.remove(fact(n.field, n.true, x.language))
            assert x.title == ", ".join(whole)


def test_a_title_in_another_language_is_no_title_of_its_own(everything, truth):
    for x, n in marked(everything, "other language"):
        v = truth[x.sku]
        assert n.true == x.language != n.shown and n.places == ("title",)
        assert len(x.noise) > 1 or x.title == title(v, n.shown) != title(v, x.language)
        assert len(x.noise) > 1 or x.description == description(v, x.language)


def test_a_stolen_picture_is_that_of_an_earlier_sku_often_of_the_same_class(everything, truth):
    same = []
    for x, n in marked(everything, "stolen picture"):
        assert x.images == (n.shown,) == pictures(SHOP, truth[n.other].index) != (n.true,)
        assert (n.true,) == pictures(SHOP, truth[x.sku].index) and truth[n.other].index < truth[
            x.sku
        ].index
        same.append(truth[n.other].kind == truth[x.sku].kind)
    assert 0.3 < sum(same) / len(same) < 0.75


def test_a_duplicate_says_the_truth_in_other_words(everything, truth):
    by_id = {x.id: x for x in everything}
    for x, n in marked(everything, "duplicate listing"):
        v, own = truth[x.sku], by_id[n.other]
        assert (
            (n.true, n.shown) == (own.id, x.id) and own.sku == x.sku and x.language == own.language
        )
        assert x.title != title(v, x.language) and sorted(x.title.split(", ")[1:]) == sorted(
            title(v, x.language).split(", ")[1:]
        )
        assert x.attributes == table(v) and x.images == pictures(SHOP, v.index)
        assert x.category == (v.kind,)


def test_a_wrong_category_is_another_class_often_of_the_same_group(everything, truth):
    groups = {kind: entry["group"] for kind, entry in vocabulary()["classes"].items()}
    akin = []
    for x, n in marked(everything, "wrong category"):
        v = truth[x.sku]
        assert (n.field, n.true, n.places) == ("category", v.kind, ("category",))
        assert x.category == (n.shown,) and n.shown in CLASSES and n.shown != v.kind
        if len(x.noise) == 1:
            assert (x.title, x.description) == (title(v, x.language), description(v, x.language))
            assert x.attributes == table(v) and x.images == pictures(SHOP, v.index)
        if sum(group == groups[v.kind] for group in groups.values()) > 1:
            akin.append(groups[n.shown] == groups[v.kind])
    assert 0.35 < sum(akin) / len(akin) < 0.8
    assert {n.shown for _, n in marked(everything, "wrong category")} == set(CLASSES)


# Decided by seed and SKU alone.


def test_listings_are_the_same_in_a_shop_of_any_size(everything, truth):
    for index in (0, 1, 7, 30, 411):
        alone = replace(SHOP, skus=index + 1)
        v = next(variants(alone, index))
        assert listings_of(alone, v) == [x for x in everything if x.sku == v.id]


def test_more_noise_adds_and_changes_nothing(truth):
    some = list(truth.values())[:400]
    for less, more in ((0.0, 0.2), (0.2, 0.5), (0.5, 1.0)):
        before, after = (
            [listings_of(replace(SHOP, noise=share), v) for v in some] for share in (less, more)
        )
        changed = [a for a, b in zip(before, after, strict=True) if a != b]
        assert changed and not any(x.noise for listings in changed for x in listings)
    assert all(any(x.noise for x in listings) for listings in after), "noise of 1"


def test_listings_are_the_same_in_another_process(everything):
    code = (
        "import json; from dataclasses import asdict\n"
        "from skulens.world.config import WorldConfig\n"
        "from skulens.world.truth.listings import listings_of\n"
        "from skulens.world.truth.products import variants\n"
        "c = WorldConfig(skus=2000, seed=5)\n"
        "print(json.dumps([asdict(x) for v in variants(c, 100, 140) for x in listings_of(c, v)]))"
    )
    there = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "5"},
    ).stdout
    assert json.loads(there) == json.loads(
        json.dumps([asdict(x) for x in everything if 100 <= int(x.sku[-7:]) < 140])
    )


def test_without_front_views_nothing_is_stolen(truth):
    bare = replace(SHOP, views=("back",), noise=1.0)
    found = [x for v in list(truth.values())[:100] for x in listings_of(bare, v)]
    assert not any(x.images or n.kind == "stolen picture" for x in found for n in x.noise)


def test_the_class_of_a_sku_is_known_without_making_it(truth):
    assert all(kind_at(SHOP, v.index) == v.kind for v in list(truth.values())[:200])


def test_noise_is_a_share():
    with pytest.raises(DataError, match="noise"):
        WorldConfig(noise=1.5)
