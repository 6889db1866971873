"""Every registered store does what `protocols.Store` says, as a plain oracle works it out."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skulens.documents import Document, FieldColumn, Probe, Schema, VectorColumn
from skulens.errors import StoreError
from skulens.filters import FilterError, parse_filter
from skulens.index.stores.fields import CLAIMS
from skulens.registry import rows
from skulens.search.claims import MOST_BYTES
from tests.index.stores.conformance import (
    ASKED_WORDS,
    DIM,
    DOCUMENTS,
    ODD_IDS,
    RECIPES,
    SCHEMA,
    SHORT,
    filter_trees,
    find_engine,
    known_recipes,
    make_folder,
    make_oracle,
)

ORACLE = make_oracle()
MANY = 1000


def test_every_engine_has_a_recipe():
    own = {name for name, row in rows("store").items() if row.package == "skulens"}
    assert own <= set(RECIPES), "a new engine is conform once its recipe passes"


@pytest.fixture(scope="module", params=sorted(known_recipes()))
def engine(request):
    with make_folder() as folder:
        yield find_engine(request.param, folder)


@pytest.fixture(scope="module")
def store(engine):
    """A store that holds DOCUMENTS; tests only read it."""
    made = engine.open(SCHEMA)
    assert made.upsert(DOCUMENTS) == len(DOCUMENTS)
    made.optimise()
    yield made
    made.close()
    engine.recipe.drop(engine.address)


@pytest.fixture
def fresh(engine):
    """An empty store of a test's own: (engine, store)."""
    with make_folder() as folder:
        own = find_engine(engine.name, folder)
        made = own.open(SCHEMA)
        yield own, made
        made.close()
        own.recipe.drop(own.address)


def picture(seed: int, k: int = 10, **options) -> Probe:
    vector = np.random.default_rng(seed).normal(size=DIM).astype(np.float32) * 3
    return Probe(vector, "picture", "pictures/1", k=k, **options)


def text(seed: int, k: int = 10, **options) -> Probe:
    vector = np.random.default_rng(seed).normal(size=SHORT).astype(np.float32)
    return Probe(vector, "text", "texts/1", k=k, **options)


def check_against_oracle(store, probe: Probe, oracle=ORACLE) -> None:
    found = store.search(probe)
    expected = oracle.nearest(probe.column, probe.vector, probe.k, probe.where, probe.exclude)
    assert list(found.ids) == [i for i, _ in expected]
    np.testing.assert_allclose(found.scores, [s for _, s in expected], atol=1e-6)
    assert found.scores.dtype == np.float32


# ----- searching ------------------------------------------------------------------------------


@pytest.mark.parametrize("exact", [True, False])
def test_search_finds_what_exact_search_finds(store, exact):
    for seed in range(4):
        check_against_oracle(store, picture(seed, exact=exact))
        check_against_oracle(store, text(seed, 3, exact=exact))


def test_equal_scores_are_ordered_by_larger_id_even_where_k_cuts_them(store):
    same = DOCUMENTS[30].vectors["picture"]
    for k in (1, 4, 12):
        check_against_oracle(store, Probe(same, "picture", "pictures/1", k=k, exact=True))


def test_k_beyond_all_products_finds_every_product_with_the_vector(store):
    for k in (len(DOCUMENTS), 1000):
        check_against_oracle(store, picture(5, k))
        check_against_oracle(store, text(5, k))


def test_the_largest_k(engine, store):
    if engine.can("deep"):
        check_against_oracle(store, picture(6, 100_000))
    else:
        with pytest.raises(StoreError, match="k "):
            store.search(picture(6, 100_000))


def test_excluded_products_are_not_found(store):
    near = store.search(picture(7, 3)).ids
    check_against_oracle(store, picture(7, 5, exclude=(*near, "nobody")))


@pytest.mark.parametrize(
    "where",
    [
        "price < 30",
        "price >= 30 and language in ('th', 'vi')",
        "not `attributes.color` = 'red'",
        "extras.tags = 'a' or extras.new = true",
        "id = 'p22'",
        "price < -5",
    ],
)
def test_a_filter_holds_before_the_search(store, where):
    for k in (1, 10, MANY):
        check_against_oracle(store, picture(8, k, where=parse_filter(where)))
        check_against_oracle(store, text(8, k, where=parse_filter(where), exclude=("p22",)))


def test_what_was_asked_wrongly_is_refused(store):
    vector = np.ones(DIM, np.float32)
    wrong = {
        "another encoder": Probe(vector, "picture", "pictures/2"),
        "no vector column": Probe(vector, "shape", "pictures/1"),
        "takes": Probe(vector[:3], "picture", "pictures/1"),
        "length 0": Probe(vector * 0, "picture", "pictures/1"),
        "k must be": Probe(vector, "picture", "pictures/1", k=0),
        "either a vector or words": Probe(),
    }
    for said, probe in wrong.items():
        with pytest.raises(StoreError, match=said):
            store.search(probe)
    for where in ("extras.stok > 1", "price = 'cheap'", "extras.new > 3"):
        with pytest.raises(FilterError):
            store.count(parse_filter(where))


# ----- words ----------------------------------------------------------------------------------


def test_words_of_several_languages_find_their_product_first(store):
    for words, product in ASKED_WORDS.items():
        found = store.search(Probe(words=words, k=3))
        assert found.ids[0] == product, words
        assert (found.scores > 0).all() and (np.diff(found.scores) <= 0).all()


def test_words_with_a_filter_find_what_is_left(store):
    for where in ("price < 30", "language = 'th'", "not price < 30"):
        tree = parse_filter(where)
        fit = set(ORACLE.matching(tree))
        every = set(store.search(Probe(words="shoe thing màu", k=MANY)).ids)
        found = store.search(Probe(words="shoe thing màu", where=tree, k=MANY)).ids
        assert every & fit <= set(found) <= fit  # letters find more where words find few
        assert len(set(found)) == len(found)
        few = store.search(Probe(words="shoe thing màu", where=tree, k=2, exclude=found[:1])).ids
        assert len(few) == min(2, len(found) - 1) and found[0] not in few


def test_words_that_nobody_has_find_nothing(store):
    for words in ("qqqqqq", "!?", "  "):
        assert store.search(Probe(words=words)).ids == ()


# ----- filters --------------------------------------------------------------------------------


def test_random_filters_leave_what_the_oracle_leaves(engine, store):
    quiet = settings(
        max_examples=engine.recipe.examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    trees = st.lists(filter_trees(engine.can("text order")), min_size=20, max_size=20)

    @quiet
    @given(trees)
    def check(wheres):
        for where in wheres:
            assert list(store.select(where, MANY)) == ORACLE.matching(where), where

    check()


def test_counting_and_searching_filter_alike(engine, store):
    @settings(max_examples=min(20, engine.recipe.examples), deadline=None, database=None)
    @given(filter_trees(engine.can("text order")))
    def check(where):
        assert store.count(where) == len(ORACLE.matching(where))
        check_against_oracle(store, picture(9, 7, where=where))

    check()


def test_texts_are_ordered_or_refused(engine, store):
    where = parse_filter("title < 'b'")
    if engine.can("text order"):
        assert list(store.select(where, MANY)) == ORACLE.matching(where)
    else:
        with pytest.raises(FilterError, match="order of texts"):
            store.count(where)


# ----- reading --------------------------------------------------------------------------------


def test_count_digests_and_fetch(store):
    assert store.count() == len(DOCUMENTS)
    assert store.digests() == {d.id: d.digest for d in DOCUMENTS}
    ids = [*ODD_IDS.values(), "p21", "nobody", "p21"]
    for i, row in zip(ids, store.fetch(ids), strict=True):
        expected = {} if i == "nobody" else {"id": i, **ORACLE.documents[i].fields}
        assert dict(row) == expected
    own = {d.id: d for d in DOCUMENTS}["p00"]
    [row] = store.fetch(["p00"], ["title", "words", "thumbnail", "digest"])
    assert row == {
        "id": "p00",
        "title": own.fields["title"],
        "words": own.words,
        "thumbnail": own.thumbnail,
        "digest": own.digest,
    }
    assert store.fetch([]) == []


def test_vectors_come_back_as_they_were_given(store):
    ids = [d.id for d in DOCUMENTS] + ["nobody"]
    for column, dim in (("picture", DIM), ("text", SHORT)):
        expected = np.array(
            [d.vectors.get(column, np.full(dim, np.nan)) for d in DOCUMENTS]
            + [np.full(dim, np.nan)]
        )
        found = store.vectors(column, ids)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_facets_count_products(store):
    names = [c.field for c in SCHEMA.fields if c.field != "pictures"]
    for where in (None, parse_filter("price < 30 or language = 'th'"), parse_filter("price < -5")):
        for most in (3, MANY):
            found = store.facets(names, where, most)
            for name in names:
                assert list(found[name].items()) == ORACLE.facet(name, where, most), name


@pytest.mark.parametrize("descending", [False, True])
def test_select_orders_products(store, descending):
    fields = ("price", "title", "extras.stock", "extras.sizes", "attributes.color", "language")
    for where in (None, parse_filter("price > 5")):
        for by in fields:
            for k in (1, 7, 45, MANY):
                expected = ORACLE.select(where, k, by, descending)
                assert list(store.select(where, k, by, descending)) == expected, (by, k)
    assert list(store.select(k=5)) == ORACLE.matching()[:5]


def test_info_is_json(engine, store):
    import json

    told = json.loads(json.dumps(store.info()))
    assert told["products"] == len(DOCUMENTS) and told["engine"]


# ----- writing --------------------------------------------------------------------------------


def test_an_empty_store_answers_everything(fresh):
    _, store = fresh
    assert store.search(picture(0)).ids == () and store.search(Probe(words="shoe")).ids == ()
    assert store.count() == 0 and store.digests() == {} and store.select() == ()
    assert store.facets(["title"])["title"] == {} and store.fetch(["p00"]) == [{}]
    assert np.isnan(store.vectors("picture", ["p00"])).all()
    assert store.upsert([]) == 0 and store.delete(["p00"]) == 0


def test_a_product_is_replaced_whole_and_deleted_once(fresh):
    _, store = fresh
    assert store.upsert(DOCUMENTS[:12]) == 12
    new = Document(
        "p00", {"text": DOCUMENTS[1].vectors["text"]}, {"id": "p00", "price": 7.5}, "odd"
    )
    assert store.upsert([new, DOCUMENTS[1]]) == 2
    assert store.count() == 12 and dict(store.fetch(["p00"])[0]) == {"id": "p00", "price": 7.5}
    assert np.isnan(store.vectors("picture", ["p00"])).all()
    assert "p00" not in store.search(picture(0, 50)).ids
    assert store.search(Probe(words="odd")).ids == ("p00",)
    assert "p00" not in store.search(Probe(words="รองเท้าผ้าใบ")).ids
    assert store.delete(["p00", "p00", "p01", "nobody"]) == 2
    assert store.delete(["p00"]) == 0
    kept = list(DOCUMENTS[2:12])
    assert store.digests() == {d.id: d.digest for d in kept}
    check_against_oracle(store, picture(3, 20), make_oracle(kept))
    assert store.search(Probe(words="odd")).ids == ()


def test_a_product_given_twice_is_there_once_as_it_was_given_last(fresh):
    _, store = fresh
    first, last = (Document("p00", {}, {"id": "p00", "price": p}, "shoe") for p in (1.0, 2.0))
    assert store.upsert([first, DOCUMENTS[1], last]) == 3
    assert store.count() == 2 and store.fetch(["p00"], ["price"]) == [{"id": "p00", "price": 2.0}]


def test_what_does_not_fit_is_refused_and_the_rest_stays(fresh):
    _, store = fresh
    store.upsert(DOCUMENTS[:3])
    for wrong in (
        Document(""),
        Document("x", {"picture": np.ones(3, np.float32)}),
        Document("x", {"shape": np.ones(3, np.float32)}),
        Document("x", {}, {"colour": "red"}),
        Document("x", {}, {"price": (1.0, 2.0)}),
    ):
        with pytest.raises(StoreError):
            store.upsert([wrong])
    assert sorted(store.digests()) == [d.id for d in DOCUMENTS[:3]]


def test_columns_are_added_and_never_changed(fresh):
    engine, store = fresh
    store.upsert(DOCUMENTS[:5])
    for other in (
        Schema((VectorColumn("picture", DIM, "pictures/2"),)),
        Schema((VectorColumn("picture", 3, "pictures/1"),)),
    ):
        with pytest.raises(StoreError):
            store.widen(other)
    store.widen(SCHEMA)  # all there
    shape = VectorColumn("shape", 3, "shapes/1")
    fields = FieldColumn("extras.weight", "number"), FieldColumn("extras.made", "text", True)
    store.widen(Schema((), fields))
    held = {"id": "p99", "extras.weight": 4.0, "extras.made": ("in", "here")}
    vectors = {}
    if engine.can("more vectors"):
        store.widen(Schema((shape,)))
        vectors = {"shape": np.array([0, 1, 0], np.float32)}
    else:
        with pytest.raises(StoreError, match="new store"):
            store.widen(Schema((shape,)))
    store.upsert([Document("p99", vectors, held, "heavy")])
    if vectors:
        found = store.search(Probe(np.array([0, 2, 1], np.float32), "shape", "shapes/1"))
        assert found.ids == ("p99",)
    if engine.can("reopen"):
        store.close()
        store = engine.open()
    try:
        assert bool(store.schema.vector("shape")) == bool(vectors)
        assert store.select(parse_filter("extras.weight > 3 and extras.made = 'in'")) == ("p99",)
        assert store.count(parse_filter("not extras.weight > 3")) == 5
        assert store.fetch(["p99"]) == [held]
    finally:
        store.close()


def test_a_store_returns_to_a_named_state(fresh):
    engine, store = fresh
    store.upsert(DOCUMENTS[:20])
    if not engine.can("snapshots"):
        with pytest.raises(StoreError, match="backup"):
            store.snapshot("monday")
        with pytest.raises(StoreError):
            store.rollback("monday")
        assert list(store.snapshots()) == []
        return
    store.snapshot("monday")
    before = store.search(picture(1)), store.search(Probe(words="shoe")), store.digests()
    store.delete([d.id for d in DOCUMENTS[:10]])
    store.upsert([*DOCUMENTS[20:30], Document("p15", {}, {}, "bad import", digest="bad")])
    store.snapshot("tuesday")
    assert list(store.snapshots()) == ["monday", "tuesday"]
    with pytest.raises(StoreError, match="monday"):
        store.snapshot("monday")
    with pytest.raises(StoreError, match="monday"):
        store.rollback("sunday")
    store.rollback("monday")
    after = store.search(picture(1)), store.search(Probe(words="shoe")), store.digests()
    for old, new in zip(before[:2], after[:2], strict=True):
        assert old.ids == new.ids and (old.scores == new.scores).all()
    assert before[2] == after[2]
    check_against_oracle(store, picture(2, 50), make_oracle(DOCUMENTS[:20]))
    store.upsert(DOCUMENTS[20:25])  # writing goes on
    assert store.count() == 25
    store.rollback("tuesday")
    assert store.digests()["p15"] == "bad" and store.count() == 21


def test_a_closed_store_opens_with_all_it_held(fresh):
    engine, store = fresh
    if not engine.can("reopen"):
        store.close()
        with pytest.raises(StoreError):
            engine.open()
        return
    store.upsert(DOCUMENTS)
    store.delete(["p00"])
    store.close()
    again = engine.open()
    try:
        assert again.schema == SCHEMA and again.count() == len(DOCUMENTS) - 1
        check_against_oracle(again, picture(4, 20), make_oracle(DOCUMENTS[1:]))
        assert again.search(Probe(words="crimson shoe")).ids[0] == "p06"
        assert again.upsert(DOCUMENTS[:1]) == 1 and again.count() == len(DOCUMENTS)
    finally:
        again.close()


def test_two_openings_are_refused_or_agree(fresh):
    """Never two writers that do not know of each other."""
    engine, store = fresh
    store.upsert(DOCUMENTS[:10])
    if not engine.can("reopen"):
        return
    try:
        other = engine.open()
    except StoreError as e:
        assert "open" in str(e) or "writer" in str(e)
        return
    try:
        assert other.count() == 10
        try:
            other.upsert(DOCUMENTS[5:15])
        except StoreError as e:
            assert "writ" in str(e)
        else:
            assert other.count() == 15
            store.upsert(DOCUMENTS[:5])
            assert store.count() == 15 and len(store.digests()) == 15
    finally:
        other.close()


def test_a_place_without_a_store_is_said_so(engine, tmp_path):
    with pytest.raises(StoreError):
        find_engine(engine.name, tmp_path).open()


# ----- claims ---------------------------------------------------------------------------------


def test_claims_come_back_as_they_were_given(fresh):
    """The longest that a product may have, beside one without; replaced and taken away."""
    _, store = fresh
    plain = [replace(d, fields=dict(d.fields)) for d in DOCUMENTS[:2]]
    store.upsert(plain)
    store.widen(Schema(fields=(CLAIMS,)))
    longest = "ก\"'[\\" + "ă" * ((MOST_BYTES - 7) // 2)
    one, other = (d.id for d in plain)
    for text in (longest, "[1]"):
        store.upsert([replace(plain[0], fields={**plain[0].fields, CLAIMS.field: text})])
        held = store.fetch([one, other], ["title", CLAIMS.field])
        assert held[0][CLAIMS.field] == text and CLAIMS.field not in held[1]
        assert [h.get("title") for h in held] == [d.fields.get("title") for d in plain]
        assert store.fetch([one])[0][CLAIMS.field] == text
    store.upsert(plain[:1])
    assert CLAIMS.field not in store.fetch([one], [CLAIMS.field])[0]
    assert store.fetch(["nobody"], [CLAIMS.field]) == [{}]
