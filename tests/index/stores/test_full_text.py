"""Full text of changing products: the same as an index made anew."""

import random
from collections import Counter

import numpy as np
import pytest

from skulens.index.bm25 import WordIndex
from skulens.index.stores.local import full_text
from skulens.index.stores.local.full_text import FullText
from skulens.index.stores.words import ENOUGH, GRAM_WEIGHT, grams, split

WORDS = ["red", "shoe", "shoes", "boot", "áo", "đỏ", "giày", "เสื้อ", "สีแดง", "kaos", "bacaan"]
QUERIES = "red shoe", "bacaan membaca", "ao do", "สีแดง", "shoes shoes", "zebra", ""


def expected(texts: dict[str, str], query: str, k: int) -> list[int]:
    """Straight from the definition: the rows found, best first."""
    words, parts = WordIndex(map(split, texts.values())), WordIndex(map(grams, texts.values()))
    found = words.score(Counter(split(query)))
    order = [r for r in sorted(range(len(found)), key=lambda r: (-found[r], -r)) if found[r] > 0]
    asked = list(dict.fromkeys(split(query)))
    if len(order) >= ENOUGH:
        held = [split(list(texts.values())[r]) for r in order[:ENOUGH]]
        asked = [w for w in asked if not any(w in words for words in held)]
    if not asked:
        return order[:k]
    letters = Counter(g for w in asked for g in grams(w))
    found = found + np.float32(GRAM_WEIGHT) * parts.score(letters)
    order = sorted(range(len(found)), key=lambda r: (-found[r], -r))
    return [r for r in order if found[r] > 0][:k]


@pytest.mark.parametrize("spare", [0, 1000])
def test_texts_come_change_and_go(spare, monkeypatch):
    monkeypatch.setattr(full_text, "SPARE", spare)
    rng, texts, full = random.Random(spare), {}, FullText()
    for _ in range(30):
        for i in rng.sample(range(25), 5):
            if rng.random() < 0.3:
                texts.pop(f"p{i}", None)
            else:
                texts[f"p{i}"] = " ".join(rng.choices(WORDS, k=rng.randrange(6)))
        full.follow(texts)
        for query in QUERIES:
            for k in (1, 4, 50):
                assert full.search(query, k)[0].tolist() == expected(texts, query, k)
    if not spare:
        assert full._words.size < 80, "dropped texts are cleared away, of 105 that came"


def test_hits_satisfy_the_mask_and_ties_follow_the_rank_given():
    full = FullText()
    full.follow({"b": "red shoe", "a": "red shoe", "c": "red red shoe", "d": "blue"})
    rows, scores = full.search("red", 10)
    assert rows.tolist() == [2, 1, 0] and scores[1] == scores[2] > 0
    assert full.search("red", 2, tie_rank=np.array([0, 1, 2, 3]))[0].tolist() == [2, 0]
    assert full.search("red", 10, np.array([True, False, False, True]))[0].tolist() == [0]
    assert full.search("green", 10)[0].tolist() == []


def test_letters_count_only_of_words_that_are_not_found():
    full = FullText()
    full.follow({"a": "red shoe", "b": "shoes", "c": "blue"})
    assert full.search("shoe", 10)[0].tolist() == [0, 1]
    assert full.search("shoe", 10, np.array([False, True, True]))[0].tolist() == [1]
    assert sorted(full.search("shoo", 10)[0].tolist()) == [0, 1]
    full.follow({f"{n:02}": "shoe" if n < ENOUGH else "shoes" for n in range(20)})
    assert len(full.search("shoe", 15)[0]) == ENOUGH
    assert len(full.search("shoe", 15, np.arange(20) > 0)[0]) == 15
    assert len(full.search("shoe shoo", 15)[0]) == 15, "the letters of shoo"


def test_no_text_at_all():
    full = FullText()
    full.follow({})
    assert full.search("red", 5)[0].tolist() == []
    full.follow({"a": "", "b": "red"})
    full.follow({"a": ""})
    assert full.search("red", 5)[0].tolist() == []


def test_only_what_changed_is_cut_again(monkeypatch):
    cut = []
    monkeypatch.setattr(full_text, "split", lambda text: cut.append(text) or split(text))
    full, texts = FullText(), {"a": "red", "b": "blue"}
    full.follow(texts)
    full.follow(texts | {"b": "green", "c": "red"})
    assert cut == ["red", "blue", "green", "red"]
