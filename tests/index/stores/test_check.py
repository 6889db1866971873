"""The self check passes a sound store and finds each kind of damage."""

import io
import json
from dataclasses import replace

import numpy as np
import PIL.Image
import pytest
from click.testing import CliRunner

from skulens.cli.index.check import command
from skulens.documents import Document, FieldColumn, Hits, Schema, VectorColumn
from skulens.errors import StoreError
from skulens.filters import parse_filter
from skulens.index.stores.check import check_store
from skulens.index.stores.check.keeping import keep_share
from skulens.index.stores.engines.memory import Memory

SCHEMA = Schema(
    (VectorColumn("picture", 16, "maker"), VectorColumn("text", 8, "words", made_from="text")),
    (
        FieldColumn("id", "text"),
        FieldColumn("price", "number"),
        FieldColumn("attributes.color", "text", many=True),
    ),
)
COUNT = 1200


def make_thumbnail() -> bytes:
    buffer = io.BytesIO()
    PIL.Image.new("RGB", (64, 64), "red").save(buffer, "JPEG")
    return buffer.getvalue()


def make_documents():
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((COUNT, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    thumbnail = make_thumbnail()
    for n, vector in enumerate(vectors):
        words = {"text": vector[:8] / np.linalg.norm(vector[:8])} if n % 4 else {}
        colors = ("red",) if n % 9 == 0 else ("blue", "green")
        fields = {"id": f"p{n}", "price": float(n % 500), "attributes.color": colors}
        yield Document(f"p{n}", {"picture": vector, **words}, fields, thumbnail=thumbnail)


class Broken(Memory):
    """A store that is damaged in ways that a test chooses."""

    def __init__(self):
        super().__init__("", SCHEMA)
        self.forget = 0.0
        """Share of searches that find nothing but the first."""
        self.blind = False
        """The exact scan overlooks the nearest."""
        self.twice: tuple[str, ...] = ()
        self.bad_vectors: dict[str, np.ndarray] = {}
        self._rng = np.random.default_rng(0)

    def search(self, probe):
        hits = super().search(probe)
        if probe.exact:
            found = super().search(replace(probe, k=probe.k + 1))
            return Hits(found.ids[1:], found.scores[1:]) if self.blind else hits
        if self._rng.random() < self.forget:
            return Hits(hits.ids[:1], hits.scores[:1])
        return hits

    def count(self, where=None):
        return super().count(where) + (0 if where else len(self.twice))

    def select(self, where=None, k=10, by="", descending=False):
        return (*super().select(where, k, by, descending), *self.twice)

    def vectors(self, column, ids):
        found = super().vectors(column, ids)
        for row, i in enumerate(ids):
            if column == "picture" and i in self.bad_vectors:
                found[row] = self.bad_vectors[i]
        return found


@pytest.fixture(scope="module")
def documents():
    return list(make_documents())


@pytest.fixture
def store(documents):
    made = Broken()
    made.upsert(documents)
    return made


def test_a_sound_store(store):
    checked = check_store(store, queries=12)
    assert checked.ok and checked.products == COUNT
    assert [(r.column, r.share) for r in checked.recalls] == [
        (column, share) for column in ("picture", "text") for share in (1, 0.1, 0.01, 0.001)
    ]
    for recall in checked.recalls:
        assert recall.recall == recall.worst == 1 and recall.queries == 12 and not recall.missed
        assert COUNT * recall.share / 1.5 <= recall.matching <= COUNT * recall.share * 1.5
    assert [(v.missing, v.damaged, v.wrong_length) for v in checked.vectors] == [
        (0, 0, 0),
        (COUNT // 4, 0, 0),
    ]
    assert checked.thumbnails.present == checked.thumbnails.products == COUNT


def test_filters_come_from_the_fields_where_these_keep_enough(store):
    found = {r.share: r for r in check_store(store, queries=1).recalls}
    assert found[0.1].where == parse_filter("attributes.color = 'red'")
    assert found[0.01].where.op == "<=" and found[0.01].where.field == "price"
    assert found[0.01].matching == store.count(found[0.01].where)
    assert found[1].where is None


def test_without_fields_products_are_named(documents, monkeypatch):
    store = Memory("", Schema(SCHEMA.vectors, (FieldColumn("id", "text"),)))
    store.upsert(replace(d, fields={"id": d.id}) for d in documents)
    ids, rng = sorted(store.digests()), np.random.default_rng(0)
    named = keep_share(store, ids, [], 0.01, rng)
    assert named.where.op == "in" and len(set(named.where.value)) == named.matching == 12
    monkeypatch.setattr("skulens.index.stores.check.keeping.MOST_NAMED", 5)
    between = keep_share(store, ids, [], 0.1, rng)
    assert between.where.op == "and" and between.matching == 120
    assert keep_share(store, ids[:50], [], 0.01, rng).matching == 0


def test_a_search_that_forgets_fails(store):
    store.forget = 0.3
    checked = check_store(store, queries=20)
    assert not checked.ok
    assert all(0.3 < r.recall < 0.95 and r.worst == 0.1 for r in checked.recalls if r.share > 0.01)


def test_an_exact_scan_that_overlooks_products_fails(store):
    store.blind = True
    checked = check_store(store, queries=5)
    assert not checked.ok and checked.recalls[0].missed == 5


def test_ties_count_as_found(documents):
    """Ten products more than fit have the very same vector; any ten of them will do."""

    class Other(Memory):
        def search(self, probe):
            found = super().search(replace(probe, k=20))
            first = -10 if not probe.exact else 0
            return Hits(found.ids[first:][:10], found.scores[first:][:10])

    store = Other("", SCHEMA)
    store.upsert(
        replace(d, vectors={"picture": documents[0].vectors["picture"]}) for d in documents[:20]
    )
    assert check_store(store, queries=3).recalls[0].recall == 1


def test_ids_that_occur_twice_fail(store):
    store.twice = ("p7", "p9")
    checked = check_store(store, queries=1, sample=10)
    assert not checked.ok and (checked.extra, checked.repeated) == (2, ("p7", "p9"))


def test_damaged_vectors_fail(store):
    good = np.zeros(16, np.float32)
    good[0] = 1
    store.bad_vectors = {"p1": good * np.nan, "p2": good * 2, "p3": good * 0}
    store.bad_vectors["p4"] = np.where(good == 1, np.nan, 0)
    store.bad_vectors["p5"] = np.where(good == 1, np.inf, 0)
    [picture, _] = check_store(store, queries=1).vectors
    assert (picture.missing, picture.damaged, picture.wrong_length) == (1, 2, 2)
    assert not picture.ok


def test_thumbnails_that_are_missing_or_no_pictures_fail(store, documents):
    data = make_thumbnail()
    store.upsert(replace(d, thumbnail=b"") for d in documents[:4])
    store.upsert([replace(documents[5], thumbnail=data[: len(data) // 2])])
    store.upsert([replace(documents[6], thumbnail=b"not a picture")])
    shown = check_store(store, queries=1).thumbnails
    assert shown.dangling == 4 and shown.present == COUNT - 4
    assert shown.undecodable == ("p5", "p6") and not shown.ok


def test_a_store_without_thumbnails_is_sound(documents):
    store = Memory("", SCHEMA)
    store.upsert(replace(d, thumbnail=b"") for d in documents[:30])
    assert check_store(store, queries=2).ok


def test_an_empty_store_is_sound():
    checked = check_store(Memory("", SCHEMA))
    assert checked.ok and checked.products == 0
    assert all(r.queries == 0 and r.recall != r.recall for r in checked.recalls)


def test_the_seed_decides_what_is_drawn(store):
    one, same, other = (check_store(store, 2, sample=50, seed=s) for s in (1, 1, 2))
    assert one.recalls == same.recalls and one.recalls != other.recalls


def test_files_are_checked_where_the_engine_can(store):
    class Filed(Broken):
        def check_files(self):
            raise StoreError("table.lance differs from what was written")

    with pytest.raises(StoreError, match=r"table\.lance"):
        check_store(Filed())


def run(store, monkeypatch, *options):
    monkeypatch.setattr("skulens.index.stores.open_store", lambda address: store)
    return CliRunner().invoke(command, ["shop.store", "--queries", "3", *options])


def test_the_command_says_that_a_store_is_sound(store, monkeypatch):
    result = run(store, monkeypatch)
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[-1].startswith("shop.store is sound: 1,200 products")
    assert "attributes.color" in result.output and "1.000" in result.output


def test_the_command_fails_and_says_why(store, monkeypatch):
    store.forget = 1.0
    store.twice = ("p7",)
    result = run(store, monkeypatch)
    assert result.exit_code == 1
    last = result.output.splitlines()[-1]
    assert (
        "not sound" in last and "recall of the first ten under 0.95: 0.100" in last and "p7" in last
    )


def test_the_command_prints_json(store, monkeypatch):
    store.forget = 1.0
    result = run(store, monkeypatch, "--json", "--sample", "100", "--seed", "4")
    record = json.loads(result.stdout)
    assert result.exit_code == 1 and record["ok"] is False and record["seed"] == 4
    assert record["recalls"][1]["where"]["field"] == "attributes.color"
    assert record["recalls"][0]["where"] is None and record["thumbnails"]["products"] == 100
    store.delete(list(store.digests()))
    assert json.loads(run(store, monkeypatch, "--json").stdout)["recalls"][0]["recall"] is None
