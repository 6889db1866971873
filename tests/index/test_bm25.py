"""BM25 against the formula by hand, and as a system beside encoders."""

import math
from collections import Counter

import numpy as np
import pytest

from skulens.index.bm25 import Bm25, WordIndex, rank_scores, split_words
from skulens.records import Image, Item, Query, Run

GALLERY = [
    Item("a", ("red chair", "oak")),
    Item("b", ("blue chair",)),
    Item("c", ("a red mug", Image(path="mug.png"))),
    Item("c", ("red red red",)),
    Item("d", ()),
]


def query(text: str) -> Query:
    return Query(text, Item(text, (text,)))


def bm25(words: list[str], documents: list[list[str]], at: int) -> float:
    """Lucene's variant, which is bm25s' default; k1 = 1.5, b = 0.75."""
    mean = sum(map(len, documents)) / len(documents)
    counts, total = Counter(documents[at]), 0.0
    for word in words:
        n = sum(word in d for d in documents)
        idf = math.log(1 + (len(documents) - n + 0.5) / (n + 0.5))
        length = 0.25 + 0.75 * len(documents[at]) / mean
        total += idf * counts[word] / (counts[word] + 1.5 * length)
    return total


def test_scores_are_the_formula_and_a_product_has_that_of_its_best_item():
    run = Bm25().rank([query("Red chair!")], GALLERY, k=5)
    documents = [split_words(" ".join(p for p in i.parts if isinstance(p, str))) for i in GALLERY]
    every = [bm25(["red", "chair"], documents, i) for i in range(len(GALLERY))]
    found = dict(run.candidates(0))
    assert set(found) == {"a", "b", "c"}, "products that share no word are not found"
    assert found["a"] == pytest.approx(every[0], rel=1e-5)
    assert found["c"] == pytest.approx(max(every[2], every[3]), rel=1e-5)
    assert [p for p, _ in run.candidates(0)][0] == "a"


def test_at_most_k_and_nothing_for_unknown_words():
    run = Bm25().rank([query("chair"), query("table"), query("")], GALLERY, k=1)
    assert [len(list(run.candidates(i))) for i in range(3)] == [1, 0, 0]
    assert Bm25().rank([query("red")], [Item("d", ())], k=3).depth == 0


def test_thai_is_cut_into_pairs():
    assert split_words("Kaos Merah, 5.8 inci") == ["kaos", "merah", "5.8", "inci"]
    assert split_words("สีแดง mug") == ["สี", "ีแ", "แด", "ดง", "mug"]


def test_words_weigh_what_they_are_given():
    documents = [["red", "chair"], ["red", "red", "mug", "tea"], [], ["blue"]]
    index = WordIndex(documents)
    assert index.words == ("blue", "chair", "mug", "red", "tea")
    found = index.score({"red": 0.5, "mug": 2.0, "tea": 0.5, "zebra": 9.0})
    for i in range(len(documents)):
        each = {word: bm25([word], documents, i) for word in ("red", "mug", "tea")}
        expected = 0.5 * each["red"] + 2 * each["mug"] + 0.5 * each["tea"]
        assert found[i] == pytest.approx(expected, rel=1e-5)
    assert not index.score({}).any() and not WordIndex([[], []]).score({"a": 1.0}).any()


def test_scores_are_those_of_bm25s_to_the_last_bit():
    bm25s = pytest.importorskip("bm25s")
    rng = np.random.default_rng(3)
    words = [f"w{i}" for i in range(60)]
    weights = 1 / np.arange(1, 61)
    documents = [
        rng.choice(words, rng.integers(0, 30), p=weights / weights.sum()).tolist()
        for _ in range(200)
    ]
    theirs = bm25s.BM25(k1=1.5, b=0.75)
    theirs.index(documents, show_progress=False)
    ours = WordIndex(documents)
    for _ in range(50):
        asked = rng.choice(words, 4, replace=False).tolist()
        known = [w for w in asked if w in ours.words]
        assert np.array_equal(ours.score(dict.fromkeys(asked, 1.0)), theirs.get_scores(known))


def test_documents_come_and_go():
    """An index that lost documents scores as one that never had them."""
    rng = np.random.default_rng(4)
    documents = [rng.choice(list("abcdefg"), rng.integers(0, 9)).tolist() for _ in range(40)]
    index = WordIndex(documents[:20])
    assert index.score({"a": 1.0}).shape == (20,)
    assert [index.append(words) for words in documents[20:]] == list(range(20, 40))
    gone = [0, 3, 19, 20, 39]
    for place in gone:
        index.drop(place)
    kept = [i for i in range(40) if i not in gone]
    anew = WordIndex(documents[i] for i in kept)
    for word in "abcdefg":
        found = index.score({word: 2.0})
        assert np.array_equal(found[kept], anew.score({word: 2.0}))
        assert not found[gone].any()
    for place in kept:
        index.drop(place)
    assert not index.score({"a": 1.0}).any()


def test_a_word_that_is_asked_twice_counts_twice():
    once, twice = (Bm25().rank([query(text)], GALLERY, k=5) for text in ("red oak", "red oak red"))
    red = dict(Bm25().rank([query("red")], GALLERY, k=5).candidates(0))["a"]
    gain = dict(twice.candidates(0))["a"] - dict(once.candidates(0))["a"]
    assert gain == pytest.approx(red, rel=1e-4)


def test_scores_are_ranked_as_a_run_ranks_them():
    """Ties by larger id, the best item of a product, nothing at or below 0, at any cut."""
    rng = np.random.default_rng(0)
    gallery = [Item(f"p{i}", ()) for i in rng.integers(0, 12, 30)]
    scored = [(f"q{i}", rng.integers(-1, 4, 30).astype(np.float32)) for i in range(20)]
    best: dict[str, dict[str, float]] = {}
    for name, scores in scored:
        mine = best.setdefault(name, {})
        for item, score in zip(gallery, scores, strict=True):
            if score > 0:
                mine[item.id] = max(mine.get(item.id, 0.0), float(score))
    naive = Run.of(best)
    for k in (1, 3, 12, 99):
        run = rank_scores(scored, gallery, k)
        assert run.queries == naive.queries
        for row in range(len(scored)):
            assert list(run.candidates(row)) == list(naive.candidates(row))[:k]
