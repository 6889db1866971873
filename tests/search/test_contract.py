"""What every retriever of the registry must do."""

import numpy as np
import pytest

from skulens.bench.retrievers import Informed
from skulens.documents import Document, Schema
from skulens.index.bm25 import text_of
from skulens.index.stores.engines.memory import Memory
from skulens.protocols import Retriever
from skulens.records import Attribute, Item, Product, Query
from skulens.registry import RETRIEVERS, resolve
from skulens.search.shop import Shop
from tests.search.printed import PixelReader, show

pytest.importorskip("bm25s")
pytest.importorskip("zxingcpp")

MAKE = {
    "ocr": lambda kind: kind(PixelReader(), progress=False),
    "store": lambda kind: kind(Shop(words_in_memory()), progress=False),
}
"""How one is made whose constructor needs something; the others are made as they are."""
KINDS = ("retriever", "baseline", "pipeline")
WORDS = ["red chair", "blue chair", "red mug", "tea"]
GALLERY = [Item(f"p{i}", (text,)) for i, text in enumerate(WORDS)] + [Item("p0", ("oak",))]
PRODUCTS = [
    Product(f"p{i}", attributes=(Attribute("word", words.split()[-1]),))
    for i, words in enumerate(WORDS)
]
QUERIES = [
    Query("text", Item("text", ("red",))),
    Query("photo", Item("photo", (show("chair"), "chair"))),
    Query("none", Item("none", ("zzzz",))),
]


def words_in_memory() -> Memory:
    """A store without vectors: titles of the products alone."""
    store = Memory("", Schema())
    titles = {item.id: text_of(item) for item in GALLERY}
    store.upsert(Document(i, words=title) for i, title in titles.items())
    return store


@pytest.fixture(params=sorted(RETRIEVERS))
def system(request):
    kind = resolve("retriever", request.param)
    made = MAKE.get(request.param, lambda made: made())(kind)
    return made.inform(PRODUCTS) if isinstance(made, Informed) else made


@pytest.fixture
def words(system):
    """Systems that find by shared words; baselines find by chance or by what they are told."""
    return system if system.info.kind == "retriever" else pytest.skip("reads no words")


def test_says_what_it_is(system, request):
    assert isinstance(system, Retriever) and system.info.kind in KINDS
    assert system.info.identity and system.info.name in RETRIEVERS
    assert set(system.info.about["modalities"]) <= {"text", "image"}


def test_ranks_queries_in_their_order_best_first(words):
    run = words.rank(QUERIES, GALLERY, 3)
    assert run.queries == ("text", "photo", "none")
    assert {p for p, _ in run.candidates(0)} == {"p0", "p2"}
    assert {p for p, _ in run.candidates(1)} == {"p0", "p1"}
    assert list(run.candidates(2)) == []
    for i in range(2):
        found = list(run.candidates(i))
        assert found == sorted(found, key=lambda c: (c[1], c[0]), reverse=True)
        assert len(found) == len(dict(found)) and np.isfinite([s for _, s in found]).all()


def test_is_the_same_again_alone_and_cut(system):
    whole = system.rank(QUERIES, GALLERY, 9)
    again = system.rank(QUERIES, GALLERY, 9)
    assert np.array_equal(whole.order, again.order) and np.array_equal(whole.scores, again.scores)
    for i, query in enumerate(QUERIES):
        assert list(system.rank([query], GALLERY, 9).candidates(0)) == list(whole.candidates(i))
        assert list(system.rank([query], GALLERY, 1).candidates(0)) == list(whole.candidates(i))[:1]


def test_nothing_to_rank_is_no_error(system, words):
    assert system.rank([], GALLERY, 3).queries == ()
    assert words.rank(QUERIES, [Item("empty", ())], 3).depth == 0
