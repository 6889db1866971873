"""Words as sparse vectors give BM25, once an engine multiplies by the rarity of words."""

import math

import pytest

from skulens.errors import StoreError
from skulens.index.stores.engines import sparse
from skulens.index.stores.engines.sparse import (
    GRAM_WEIGHT,
    SAMPLE,
    USUAL,
    Lengths,
    check_tokeniser,
    dim_of,
    measure_lengths,
    weigh_document,
    weigh_query,
)

TEXTS = ["red shoe", "red red shirt of cotton", "blue shoe for men", "hat"]


def product_of(query, document, rarity) -> float:
    weights = dict(zip(document.dims, document.weights, strict=True))
    return sum(
        w * weights.get(d, 0) * rarity(d) for d, w in zip(query.dims, query.weights, strict=True)
    )


def okapi(word: str, text: str, average: float) -> float:
    """Without the rarity, by the textbook."""
    words = text.split()
    count, length = words.count(word), len(words)
    k1, b = 1.5, 0.75
    return count * (k1 + 1) / (count + k1 * (1 - b + b * length / average))


def test_the_product_is_okapi_bm25(monkeypatch):
    monkeypatch.setattr(sparse, "grams", lambda text: [])
    average = sum(len(t.split()) for t in TEXTS) / len(TEXTS)
    documents = [weigh_document(t, Lengths(average, 1.0)) for t in TEXTS]
    holding = {d: sum(d in x.dims for x in documents) for x in documents for d in x.dims}
    rarity = lambda d: math.log(1 + (4 - holding[d] + 0.5) / (holding[d] + 0.5))  # noqa: E731
    for text, document in zip(TEXTS, documents, strict=True):
        expected = sum(
            okapi(w, text, average) * rarity(dim_of("w" + w))
            for w in ("red", "shoe")
            if w in text.split()
        )
        found = product_of(weigh_query("Red shoe"), document, lambda d: rarity(d))
        assert found == pytest.approx(expected)


def test_grams_count_a_quarter_and_are_no_words():
    query = weigh_query("red")
    weights = dict(zip(query.dims, query.weights, strict=True))
    assert weights == {dim_of("wred"): 1.0, dim_of("gred"): GRAM_WEIGHT}
    whole = weigh_document("reddish", USUAL)
    assert dim_of("wred") not in whole.dims and dim_of("gred") in whole.dims
    assert whole.dims == sorted(set(whole.dims))


def test_lengths_are_measured_where_there_are_enough_products():
    assert measure_lengths(["a b c"] * (SAMPLE - 1)) == USUAL
    assert measure_lengths(["aa bb", "aa bb cc dd"] * (SAMPLE // 2)).words == 3.0
    assert measure_lengths([""] * SAMPLE) == Lengths(1.0, 1.0)


def test_words_of_another_tokeniser_are_refused():
    check_tokeniser(sparse.tokeniser(), "shop")
    with pytest.raises(StoreError, match="shop were cut by 'old/1'"):
        check_tokeniser("old/1", "shop")
