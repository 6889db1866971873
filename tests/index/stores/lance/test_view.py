"""What a search sees of a store of LanceDB that changes: new versions, and what is kept in memory."""

import os
import subprocess
import sys
import time

import numpy as np
import pytest

pytest.importorskip("lancedb", reason="needs skulens[search]")

from skulens.documents import Document  # noqa: E402
from skulens.index.stores.engines.lance import watch  # noqa: E402
from skulens.index.stores.engines.lance.store import Lance  # noqa: E402
from skulens.index.stores.engines.lance.view import View  # noqa: E402
from tests.index.stores.lance.small_lance import SCHEMA, fill, picture  # noqa: E402


def test_a_search_sees_what_another_process_committed(folder, shop):
    fill(shop, 3)
    assert shop.count() == 3
    shop.close()
    reader = Lance(str(folder))
    assert len(reader.search(picture()).ids) == 3
    code = (
        "import sys; from tests.index.stores.lance.small_lance import *\n"
        "fill(Lance(sys.argv[1]), 5, 10).delete(['p0000'])"
    )
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True, capture_output=True)
    assert reader.count() == 7
    assert len(reader.search(picture()).ids) == 7


def test_commits_within_one_tick_of_the_clock_are_seen(folder, shop):
    looks = watch.Watch(folder)
    versions = folder / "products.lance" / "_versions"
    now = time.time_ns() + 10**10  # later than any look here: its tick is never over
    os.utime(versions, ns=(now, now))
    before = looks.look()
    fill(shop, 1)
    os.utime(versions, ns=(now, now))  # as if the clock had stood still
    assert looks.look().version > before.version


def test_an_unchanged_store_is_not_listed_again(folder, shop, monkeypatch):
    versions = folder / "products.lance" / "_versions"
    os.utime(versions, ns=(0, 0))
    looks = watch.Watch(folder)
    first = looks.look()
    monkeypatch.setattr(watch, "version_of", lambda name: pytest.fail("listed again"))
    assert looks.look() == first


def test_a_new_version_reads_only_the_vectors_that_are_new(folder, shop, monkeypatch):
    fill(shop, 60)
    shop.search(picture())
    reads = []
    take, scan = View.take, View._scan_matrix
    monkeypatch.setattr(View, "take", lambda s, r, c: reads.append(len(r)) or take(s, r, c))
    monkeypatch.setattr(View, "_scan_matrix", lambda s, c, out: reads.append(-1) or scan(s, c, out))
    fill(shop, 4, 58)
    shop.delete(["p0003", "p0059"])
    shop.search(picture())
    assert reads == [3], "two new products and one replaced; the other replaced one is deleted"
    shop.upsert([Document("p0005", {}, {"price": 1.0})])
    shop.search(picture())
    fill(shop, 50, 200)
    shop.optimise()
    held = shop._refresh()
    column = SCHEMA.vectors[0]
    kept = held.matrix(column).vectors
    fresh = Lance(str(folder))._refresh()
    places = fresh.rows.place(list(held.rows.ids.to_pylist()))
    assert len(held) == len(fresh) and (places >= 0).all()
    np.testing.assert_array_equal(kept, fresh.matrix(column).vectors[places])
    assert np.isnan(kept[held.rows.place(["p0005"])]).all()


def test_rows_are_taken_in_the_order_asked(shop):
    fill(shop, 20)
    view = shop._refresh()
    rows = np.array([7, 3, 19, 0])
    assert view.take(rows, ["id"])["id"].to_pylist() == list(view.rows.ids_of(rows))
