"""What LanceDB's index and full text find."""

import json

import numpy as np
import pytest

pytest.importorskip("lancedb", reason="needs skulens[search]")

from skulens.documents import Probe  # noqa: E402
from skulens.filters import parse_filter  # noqa: E402
from skulens.index.stores.engines.lance import find  # noqa: E402
from skulens.index.stores.engines.lance.store import Lance  # noqa: E402
from tests.index.stores.lance.small_lance import MAKER, fill, ids_and_bytes, make_document, picture  # noqa: E402

# ----- the engine's index ---------------------------------------------------------------------


def test_above_the_bound_the_index_is_asked_with_our_parameters(large):
    found = large.search(picture(k=10))
    assert found.how == "hnsw ef 128"
    assert large.search(picture(k=50)).how == "hnsw ef 400"
    [index] = [i for i in large._table().list_indices() if i.index_type == "IvfHnswSq"]
    details = json.dumps(index.index_details).casefold()
    assert "16" in details and "150" in details, details


def test_more_products_need_more_candidates(large, monkeypatch):
    assert [find.candidates(n) for n in (1_000, 300_000, 1_000_000, 50_000_000)] == [
        128,
        128,
        426,
        1024,
    ]
    monkeypatch.setattr(find, "EF_ROWS", len(large.digests()) // 2)
    assert large.search(picture(k=10)).how in ("hnsw ef 256", "hnsw ef 257")


def test_the_index_finds_nearly_what_comparing_all_finds(large):
    shares = []
    for seed in range(30):
        near, all_ = (large.search(picture(seed, exact=exact)) for exact in (False, True))
        assert (near.how, all_.how) == ("hnsw ef 128", "exact")
        shares.append(len(set(near.ids) & set(all_.ids)) / 10)
        common = [i for i in near.ids if i in all_.ids]
        np.testing.assert_allclose(
            [near.scores[near.ids.index(i)] for i in common],
            [all_.scores[all_.ids.index(i)] for i in common],
            atol=1e-5,
        )
    assert np.mean(shares) >= 0.98


@pytest.mark.parametrize(
    ("where", "how"),
    [("price < 50", "exact"), ("price < 900", "hnsw"), ("not price < 100", "hnsw")],
)
def test_filters_are_exact_whatever_is_asked(large, where, how):
    asked = parse_filter(where)
    for seed in range(5):
        found = large.search(picture(seed, where=asked, k=10))
        exact = large.search(picture(seed, where=asked, k=10, exact=True))
        assert found.how.startswith(how) and exact.how == "exact"
        assert len(set(found.ids) & set(exact.ids)) >= 9
        assert len(found.ids) == 10


def test_where_the_index_finds_too_few_all_are_compared(large):
    """A filter that leaves just what is farthest from the query."""
    probe = picture(3)
    scores = large.vectors("picture", [f"p{n:04}" for n in range(1500)]) @ probe.vector
    far = {f"p{n:04}" for n in np.argsort(scores)[:200]}
    large.upsert(make_document(n, **{"extras.stock": f"p{n:04}" in far}) for n in range(1500))
    where = parse_filter("extras.stock = true")
    found = large.search(picture(3, where=where))
    exact = large.search(picture(3, where=where, exact=True))
    assert found.how == "exact" and found.ids == exact.ids and len(found.ids) == 10


def test_products_not_yet_in_the_index_are_found(large):
    new = make_document(7777)
    large.upsert([new])
    found = large.search(Probe(new.vectors["picture"], "picture", MAKER, k=3))
    assert found.ids[0] == "p7777" and found.how.startswith("hnsw")
    large.delete(["p7777"])
    assert "p7777" not in large.search(Probe(new.vectors["picture"], "picture", MAKER)).ids


def test_comparing_all_needs_no_memory_for_all(large, monkeypatch):
    expected = [ids_and_bytes(large.search(picture(s, exact=True, k=7))) for s in range(3)]
    where = parse_filter("price < 700")
    masked = ids_and_bytes(large.search(picture(where=where, exact=True)))
    monkeypatch.setattr(find, "HELD_BYTES", 0)
    monkeypatch.setattr("skulens.index.stores.engines.lance.view.BATCH", 100)
    again = Lance(str(large.folder))
    assert [ids_and_bytes(again.search(picture(s, exact=True, k=7))) for s in range(3)] == expected
    assert ids_and_bytes(again.search(picture(where=where, exact=True))) == masked
    few = parse_filter("price < 40")
    near = again.search(picture(where=few, k=5))
    assert near.how == "exact" and not again._refresh().matrices
    assert ids_and_bytes(near) == ids_and_bytes(large.search(picture(where=few, k=5)))


# ----- words ----------------------------------------------------------------------------------


def test_words_not_yet_in_the_index_are_found(shop):
    fill(shop, 30)
    shop.optimise()
    shop.upsert([make_document(100, "กางเกงยีนส์ขายาว สีฟ้า"), make_document(101, "Áo thun nam")])
    assert shop.info()["unindexed"] == 2
    assert shop.search(Probe(words="ยีนส์", k=1)).ids == ("p0100",)
    assert shop.search(Probe(words="ao thun", k=1)).ids == ("p0101",)
    shop.optimise()
    assert shop.info()["unindexed"] == 0
    assert shop.search(Probe(words="ยีนส์", k=1)).ids == ("p0100",)


def test_groups_of_letters_count_a_quarter(shop, monkeypatch):
    fill(shop, 20)
    shop.upsert([make_document(50, "sneaker"), make_document(51, "sneakers")])
    shop.optimise()
    probe = Probe(words="sneaker", k=5)
    both = dict(zip(shop.search(probe).ids, shop.search(probe).scores, strict=True))
    assert list(both) == ["p0050", "p0051"]
    monkeypatch.setattr(find, "GRAM_WEIGHT", 1.0)
    whole = dict(zip(shop.search(probe).ids, shop.search(probe).scores, strict=True))
    assert both["p0051"] == pytest.approx(whole["p0051"] / 4, rel=1e-5)
    word = (4 * both["p0050"] - whole["p0050"]) / 3
    assert whole["p0050"] - word == pytest.approx(4 * (both["p0050"] - word), rel=1e-5)


def test_groups_of_a_long_text_are_those_of_its_beginning(shop):
    shop.upsert([make_document(1, "sneakers"), make_document(2, "trousers")])
    padding = " ".join(f"{n}q" for n in range(find.LONGEST_GROUPS // 3)) + " "
    assert shop.search(Probe(words="sneaker " + padding)).ids == ("p0001",)
    assert shop.search(Probe(words=padding + "sneaker")).ids == ()
    assert shop.search(Probe(words=padding + "sneakers")).ids == ("p0001",)


def test_words_behind_a_filter_are_found_however_deep(shop):
    low = "shoe and much else that is said of it at some length"
    shop.upsert(make_document(n, low if n >= 590 else "shoe") for n in range(600))
    where = parse_filter("price >= 590")
    assert len(shop.search(Probe(words="shoe", where=where, k=20)).ids) == 10
    assert len(shop.search(Probe(words="shoe", where=where, k=4)).ids) == 4
    assert shop.search(Probe(words="boot", where=where)).ids == ()
    few = tuple(f"p{n:04}" for n in range(595))
    assert set(shop.search(Probe(words="shoe", exclude=few)).ids) == {
        f"p{n:04}" for n in range(595, 600)
    }


@pytest.mark.parametrize("words", ["!!!", "\x00", '"(AND OR -', "x" * 1_000_000, "shoe " * 200_000])
def test_odd_words_are_no_error(shop, words):
    fill(shop, 3)
    found = shop.search(Probe(words=words))
    assert len(found.ids) == (3 if "shoe" in words else 0)
