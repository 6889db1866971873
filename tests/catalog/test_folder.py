"""The format skulens/1: written is read back, by us and without us; hand-made queries too."""

import json
import re
import string
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skulens.catalog.folder import write_catalog
from skulens.catalog.open import open_catalog
from skulens.errors import DataError, StoreError
from skulens.filters import parse_filter
from skulens.records import (
    Attribute,
    Condition,
    DatasetInfo,
    Image,
    Item,
    Product,
    Query,
)

from .conftest import jpeg, lines, make_merit, put


def bare(part):
    """A text, or a picture's hash and view: what must survive, wherever the file lies."""
    return part if isinstance(part, str) else (part.sha256(), part.view)


def product_facts(p: Product):
    facts = (p.id, p.spu, p.title, dict(p.texts), p.category, p.attributes, p.language, p.country)
    rest = (p.price, p.currency, p.gtin, dict(p.extras))
    return *facts, *rest, [bare(image) for image in p.images]


def query_facts(q: Query):
    facts = (q.id, dict(q.relevant), q.conditions, q.where, q.references, q.hard_negatives)
    return *facts, dict(q.tags), q.group, [bare(part) for part in q.item.parts]


def test_merit_there_and_back(tmp_path):
    merit = open_catalog(str(make_merit(tmp_path / "m")))
    products = list(merit.products())
    queries = {split: list(merit.queries(split)) for split in merit.info.splits}
    folder = write_catalog(tmp_path / "stored", products, queries, merit.info)
    stored = open_catalog(str(folder))
    assert type(stored).__name__ == "OwnCatalog"
    assert stored.info == merit.info
    assert [*map(product_facts, stored.products())] == [*map(product_facts, products)]
    assert not stored.rejects
    for split, wanted in queries.items():
        assert [*map(query_facts, stored.queries(split))] == [*map(query_facts, wanted)]
        assert not stored.rejects
    assert len(list((folder / "images").iterdir())) == 40


TEXT = st.text(string.ascii_letters + "ภาษาไทย ế́-_|;,\"'\\\n", min_size=1, max_size=8).map(
    str.strip
)
NAME = st.text(string.ascii_letters + string.digits, min_size=1, max_size=6)
PICTURE = st.builds(
    lambda seed, view: Image(data=b"\xff\xd8\xff" + bytes([seed]), view=view),
    st.integers(0, 3),
    st.sampled_from([None, "front"]),
)
ATTRIBUTES = st.builds(
    Attribute,
    NAME,
    TEXT.filter(bool),
    st.sampled_from(["visual", "text", "both", "unknown"]),
    st.sampled_from(["", "shop"]),
)
PRODUCTS = st.builds(
    Product,
    id=NAME | st.integers(2**63, 2**70).map(str),
    title=TEXT.filter(bool),
    texts=st.dictionaries(
        st.sampled_from(["caption", "description", "title_th"]), TEXT.filter(bool)
    ),
    images=st.lists(PICTURE, max_size=2, unique_by=lambda i: i.data).map(tuple),
    spu=st.none() | NAME,
    category=st.lists(TEXT.filter(bool), max_size=2).map(tuple),
    attributes=st.lists(ATTRIBUTES, max_size=3).map(tuple),
    language=st.none() | st.just("th"),
    price=st.none() | st.floats(0, 1e6),
    extras=st.dictionaries(
        NAME.map("x_{}".format), st.integers() | st.booleans() | TEXT.filter(bool) | st.just([1])
    ),
)


@st.composite
def catalogs(draw):
    """(products, queries) that fit together."""
    products = draw(st.lists(PRODUCTS, min_size=1, max_size=4, unique_by=lambda p: p.id))
    ids = st.sampled_from([p.id for p in products])
    queries = []
    for name in draw(st.lists(NAME, max_size=3, unique=True)):
        parts = tuple(draw(st.lists(TEXT.filter(bool) | PICTURE, min_size=1, max_size=4)))
        places = [n for n, part in enumerate(parts) if isinstance(part, Image)]
        condition = st.builds(
            Condition,
            NAME,
            st.none() | TEXT.filter(bool),
            st.sampled_from([None, *places]),
            st.none() | ids,
            st.sampled_from(["same", "different", "whole"]),
            weight=st.sampled_from([1.0, -0.5]),
        )
        relevant = draw(st.dictionaries(ids, st.integers(0, 3)))
        hard = draw(st.lists(ids, max_size=2, unique=True))
        judged_last = sorted(hard, key=lambda p: (p not in relevant, hard.index(p)))
        in_order = [p for p in relevant if p in hard] + [
            p for p in judged_last if p not in relevant
        ]
        queries.append(
            Query(
                name,
                Item(name, parts),
                relevant,
                tuple(draw(st.lists(condition, max_size=3))),
                draw(st.sampled_from([None, parse_filter("price < 3 or not exists spu")])),
                tuple(draw(st.lists(ids, max_size=2))),
                tuple(in_order),
                draw(st.dictionaries(NAME, TEXT.filter(bool))),
                draw(st.none() | NAME),
            )
        )
    return products, queries


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(catalogs())
def test_whatever_is_written_is_read_back(tmp_path_factory, made):
    products, queries = made
    folder = write_catalog(tmp_path_factory.mktemp("f") / "c", products, {"test": queries})
    stored = open_catalog(str(folder))
    assert [*map(product_facts, stored.products())] == [*map(product_facts, products)]
    if queries:
        assert [*map(query_facts, stored.queries("test"))] == [*map(query_facts, queries)]
        assert not stored.rejects


def make(folder, **options):
    products = [Product("1", "Tea", images=(Image(data=jpeg(1)),)), Product("2", "Milk")]
    query = Query("q", Item("q", ("like tea",)), {"1": 1, "2": 0}, hard_negatives=("2",))
    return write_catalog(folder, products, {"a": [query], "b": [query]}, **options)


def test_the_files_speak_for_themselves(tmp_path):
    folder = make(tmp_path / "c", info=DatasetInfo("teas", "Teas", licence="CC0-1.0"))
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["format"] == "skulens/1" and manifest["licence"] == "CC0-1.0"
    assert manifest["rows"] == {
        "judgments.parquet": 2,
        "products.parquet": 2,
        "queries.parquet": 1,
        "splits.parquet": 2,
    }
    assert pq.read_table(folder / "judgments.parquet").to_pylist() == [
        {"query_id": "q", "product_id": "1", "grade": 1, "role": ""},
        {"query_id": "q", "product_id": "2", "grade": 0, "role": "hard_negative"},
    ]
    assert open_catalog(str(folder)).info.splits == ("a", "b")
    assert not list(folder.glob("**/*.new"))
    assert {p.name for p in folder.iterdir()} == {*manifest["rows"], "images", "manifest.json"}
    assert [p.suffix for p in (folder / "images").iterdir()] == [".jpg"]


def test_a_row_that_cannot_be_stored_leaves_nothing_half_written(tmp_path):
    query = Query("q", Item("q", ("x",)), {"1": 1}, tags={"n": float("nan")})
    with pytest.raises(DataError, match="cannot be stored as JSON"):
        write_catalog(tmp_path / "c", [Product("1", "Tea")], {"a": [query]})
    assert [p.name for p in (tmp_path / "c").iterdir()] == ["products.parquet"]


def test_what_cannot_be_stored_stops_at_the_door(tmp_path):
    folder = make(tmp_path / "c")
    with pytest.raises(StoreError, match="holds a catalogue already"):
        make(folder)
    with pytest.raises(DataError, match="is not a file of its own"):
        make(tmp_path / "d", pictures="refer")
    with pytest.raises(DataError, match="two of product '1'"):
        write_catalog(tmp_path / "e", [Product("1", "a"), Product("1", "b")])
    with pytest.raises(DataError, match="extras of product '1'"):
        write_catalog(tmp_path / "f", [Product("1", "a", extras={"x": object()})])
    one, other = (Query("q", Item("q", (text,))) for text in "ab")
    with pytest.raises(DataError, match="two queries have the id 'q'"):
        write_catalog(tmp_path / "g", [Product("1", "a")], {"a": [one], "b": [other]})
    assert not (tmp_path / "g" / "manifest.json").exists()


def test_pictures_may_be_referred_to_where_they_lie(tmp_path):
    photo = put(tmp_path / "photos" / "tea.jpg", jpeg(1))
    product = Product("1", "Tea", images=(Image(path=str(photo), view="front"),))
    folder = write_catalog(tmp_path / "c", [product], pictures="refer")
    with pytest.raises(DataError, match="every picture .1. lies outside.*--allow-outside"):
        list(open_catalog(str(folder)).products())
    (found,) = open_catalog(str(folder), allow_outside=True).products()
    assert found.images[0].read() == jpeg(1) and found.images[0].view == "front"
    assert not (folder / "images").exists()


def test_a_later_version_is_not_guessed_at(tmp_path):
    folder = make(tmp_path / "c")
    put(folder / "manifest.json", '{"format": "skulens/2"}')
    with pytest.raises(DataError, match="'skulens/2', expected 'skulens/1'; update"):
        open_catalog(str(folder))


def test_queries_made_by_hand(tmp_path):
    put(tmp_path / "products.csv", "id,title,image\n1,Tea,1.jpg\n2,Milk,2.jpg\n")
    for n in (1, 2, 3):
        put(tmp_path / f"{n}.jpg", jpeg(n))
    rows = [
        {"query_id": 7, "text": "hot", "image": "3.jpg", "where": "price < 4 or title = 'Tea'"},
        {"query_id": "8", "text": "white", "conditions": [{"key": "colour", "value": "white"}]},
    ]
    put(tmp_path / "queries.jsonl", lines(rows))
    judged = [{"query_id": 7, "product_id": 1, "grade": 1}]
    put(tmp_path / "judgments.jsonl", lines(judged))
    catalog = open_catalog(str(tmp_path))
    assert catalog.info.splits == ("all",)
    first, second = catalog.queries("all")
    assert [bare(p) for p in first.item.parts] == [(Image(data=jpeg(3)).sha256(), None), "hot"]
    assert first.relevant == {"1": 1} and first.where == parse_filter("price < 4 or title = 'Tea'")
    assert second.conditions == (Condition("colour", "white"),) and second.relevant == {}
    assert not catalog.rejects


def test_a_split_column_and_queries_go_together(tmp_path):
    put(tmp_path / "products.csv", "id,title,image,split\n1,Tea,1.jpg,\n1,Tea,3.jpg,test\n")
    for n in (1, 3):
        put(tmp_path / f"{n}.jpg", jpeg(n))
    put(tmp_path / "queries.jsonl", lines([{"query_id": "8", "text": "hot"}]))
    catalog = open_catalog(str(tmp_path))
    assert catalog.info.splits == ("test", "all")
    assert [q.id for q in catalog.queries("test")] == ["1/3.jpg"]
    assert [q.id for q in catalog.queries("all")] == ["8"]


def test_bad_queries_are_rejected_with_reasons(tmp_path):
    put(tmp_path / "products.csv", "id,title\n1,Tea\n")
    put(tmp_path / "1.jpg", jpeg(1))
    good = {"query_id": "good", "text": "x"}
    bad = {
        "": "the id is empty",
        "nothing": "neither text nor picture",
        "lost": "there is no picture",
        "part": "a part is neither text nor picture",
        "filter": "a field of a product",
        "relation": "a condition of relation 'near'",
        "place": "a condition on part 1, which is not a picture",
        "key": "a condition without a key",
        "tags": "tags are a list",
        "good": "the id occurred before",
    }
    more = {
        "nothing": {"text": ""},
        "lost": {"image": "2.jpg"},
        "part": {"parts": [{"text": "a", "path": "1.jpg"}]},
        "filter": {"where": "colour = 3"},
        "relation": {"conditions": [{"key": "a", "relation": "near"}]},
        "place": {"parts": ["a", "b"], "conditions": [{"key": "a", "part": 1}]},
        "key": {"conditions": [{"value": "a"}]},
        "tags": {"tags": [1]},
    }
    rows = [good, *({"query_id": n, "text": "x"} | more.get(n, {}) for n in bad)]
    put(tmp_path / "queries.jsonl", lines(rows))
    judged = [("good", "1", 1), ("good", "9", 1), ("good", "1", -1), ("gone", "1", 1)]
    names = ("query_id", "product_id", "grade")
    put(tmp_path / "judgments.jsonl", lines([dict(zip(names, j, strict=True)) for j in judged]))
    catalog = open_catalog(str(tmp_path))
    for _ in range(2):
        (query,) = catalog.queries("all")
        assert query.relevant == {"1": 1}
        found = [(r.source.partition(":")[0], r.reason) for r in catalog.rejects]
        reasons = ["no product '9'", "the grade -1", *bad.values(), "no query has this id"]
        assert len(found) == len(reasons)
        assert all(part in reason for part, (_, reason) in zip(reasons, found, strict=True))


DOCUMENT = Path(__file__).parents[2] / "docs" / "data.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", DOCUMENT.read_text(encoding="utf-8"), re.M | re.S)


@pytest.mark.parametrize("block", [b for b in BLOCKS if "shop.csv" not in b])
def test_the_snippets_of_the_document_run(block, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "docs/data.md", "exec"), {})
    assert capsys.readouterr().out.strip() in ("['q1']", "True")
