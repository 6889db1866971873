"""`state`: differs once anything of a store has changed, and only then."""

from dataclasses import replace

import pytest

from skulens.documents import FieldColumn, Schema
from skulens.index.stores import open_store
from tests.search.small_shop import PRODUCTS, column, make_document, make_shop

pytest.importorskip("lancedb")


@pytest.fixture(params=["memory:", "lance:"])
def store(request, tmp_path):
    schema = make_shop().store.schema
    made = open_store(request.param + str(tmp_path / "store"), schema)
    made.upsert(make_document(p, schema.vectors, schema) for p in PRODUCTS)
    yield made
    made.close()


def test_every_change_is_seen(store):
    schema = store.schema
    other = replace(PRODUCTS[0], price=77.0)
    changes = (
        lambda: store.upsert([make_document(other, schema.vectors, schema)]),
        lambda: store.delete(["r1"]),
        lambda: store.snapshot("now") or store.delete(["r2"]),
        lambda: store.rollback("now"),
        lambda: store.widen(Schema(schema.vectors, (*schema.fields, FieldColumn("extras.x", "text")))),
    )  # fmt: skip
    seen = [store.state()]
    for change in changes:
        assert store.state() == seen[-1]
        store.count(), store.facets(["spu"]), store.select(k=3)
        assert store.state() == seen[-1]
        change()
        assert store.state() != seen[-1]
        seen.append(store.state())


def test_another_program_s_change_is_seen(tmp_path):
    schema = Schema((column("picture"),), make_shop().store.schema.fields)
    mine = open_store(str(tmp_path / "store"), schema)
    mine.upsert([make_document(PRODUCTS[0], schema.vectors, schema)])
    theirs = open_store(str(tmp_path / "store"))
    before = theirs.state()
    mine.upsert([make_document(PRODUCTS[1], schema.vectors, schema)])
    assert theirs.state() != before
    mine.close(), theirs.close()
