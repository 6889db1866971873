"""qdrant-edge in a folder: what survives, what is refused, and how much the graph finds."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from skulens.documents import Document, FieldColumn, Probe, Schema, VectorColumn
from skulens.errors import StoreError
from skulens.filters import parse_filter
from skulens.index.stores import open_store

pytest.importorskip("qdrant_edge")

SCHEMA = Schema(
    (VectorColumn("picture", 8, "p/1"),),
    (FieldColumn("id", "text"), FieldColumn("price", "number")),
)


def documents(start: int, count: int) -> list[Document]:
    rng = np.random.default_rng(start)
    vectors = rng.normal(size=(count, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return [
        Document(f"p{start + n}", {"picture": v.astype(np.float32)}, {"price": float(n % 100)})
        for n, v in enumerate(vectors)
    ]


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
WRITER = """
import os, sys
from skulens.index.stores import open_store
from tests.index.stores.test_edge import SCHEMA, documents
store = open_store("edge:" + sys.argv[1], SCHEMA)
ledger = open(sys.argv[2], "a")
for start in range(int(sys.argv[3]), 10**9, 50):
    store.upsert(documents(start, 50))
    ledger.write(f"{start}\\n"); ledger.flush(); os.fsync(ledger.fileno())
"""


@pytest.mark.parametrize("seed", [1, 2])
def test_what_was_acknowledged_survives_kill_9(tmp_path, seed):
    place, ledger = tmp_path / "shop", tmp_path / "ledger"
    start = 0
    for wait in np.random.default_rng(seed).uniform(0.05, 0.6, 2):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, place, ledger, str(start)], env=ENVIRONMENT
        )
        before = ledger.stat().st_size if ledger.exists() else 0
        while writer.poll() is None and (not ledger.exists() or ledger.stat().st_size == before):
            time.sleep(0.01)
        time.sleep(wait)
        assert writer.poll() is None, "the writer ended by itself"
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        acknowledged = [int(line) for line in ledger.read_text().split()]
        store = open_store(f"edge:{place}")
        known = store.digests()
        assert {f"p{s + n}" for s in acknowledged for n in range(50)} <= set(known)
        assert len(known) == store.count() and len(known) <= 50 * (len(acknowledged) + 2)
        own = documents(acknowledged[-1], 50)[7]
        assert store.search(Probe(own.vectors["picture"], "picture", "p/1", k=1)).ids == (own.id,)
        store.close()
        start = acknowledged[-1] + 50


def test_an_upsert_is_synced_before_it_is_acknowledged(tmp_path):
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    code = WRITER.replace("10**9", "200").replace("os.fsync(ledger.fileno())", "")
    traced = tmp_path / "trace"
    strace = ["strace", "-f", "-y", "-e", "trace=fsync,fdatasync,msync,write", "-o", traced]
    made = subprocess.run(
        [*strace, sys.executable, "-c", code, tmp_path / "shop", tmp_path / "ledger", "0"],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
    )
    if "ptrace" in made.stderr:
        pytest.skip(f"strace cannot be used here: {made.stderr[-200:]}")
    assert made.returncode == 0, made.stderr
    upserts = re.split(r"write\(\d+<[^>]*/ledger>.*\n", traced.read_text())
    assert len(upserts) == 5
    for calls in upserts[1:4]:  # the first is the store's making, too
        assert "MS_SYNC" in calls and re.search(r"fsync\(\d+<[^>]*/segments/", calls)


def test_one_program_at_a_time(tmp_path):
    store = open_store(f"edge:{tmp_path / 'shop'}", SCHEMA)
    code = f"from skulens.index.stores import open_store; open_store({f'edge:{tmp_path / chr(115)}hop'!r})"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "StoreBusy" in other.stderr and "open already" in other.stderr
    store.close()
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_other_folders_and_records_are_refused(tmp_path):
    with pytest.raises(StoreError, match="skulens index build DATA"):
        open_store(f"edge:{tmp_path / 'shop'}")
    assert not (tmp_path / "shop").exists()
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(StoreError, match="other files"):
        open_store(f"edge:{tmp_path}", SCHEMA)
    place = tmp_path / "shop"
    open_store(f"edge:{place}", SCHEMA).close()
    record = json.loads((place / "store.json").read_text())
    for text, said in (
        (json.dumps(record | {"version": 99}), "version 99"),
        (json.dumps(record | {"format": "a diary"}), "no store of skulens"),
        (json.dumps(record | {"vectors": [{"name": 1}]}), "damaged"),
        ("{", "damaged"),
    ):
        (place / "store.json").write_text(text)
        with pytest.raises(StoreError, match=said):
            open_store(f"edge:{place}")
    (place / "store.json").write_text(json.dumps(record))
    open_store(f"edge:{place}").close()


def test_damaged_files_of_the_engine_are_said_so(tmp_path):
    place = tmp_path / "shop"
    store = open_store(f"edge:{place}", SCHEMA)
    store.upsert(documents(0, 10))
    store.close()
    [segment] = place.glob("shard-*/segments/*/segment.json")
    segment.write_text("{")
    with pytest.raises(StoreError, match="damaged"):
        open_store(f"edge:{place}")


def test_a_making_that_was_killed_is_begun_again(tmp_path):
    place = tmp_path / "shop"
    open_store(f"edge:{place}", SCHEMA).close()
    (place / "store.json").unlink()
    store = open_store(f"edge:{place}", SCHEMA)
    assert store.upsert(documents(0, 3)) == 3 and len(list(place.glob("shard-*"))) == 1
    store.close()


def test_a_rollback_that_was_killed_leaves_one_state(tmp_path):
    place = tmp_path / "shop"
    store = open_store(f"edge:{place}", SCHEMA)
    store.upsert(documents(0, 10))
    store.snapshot("monday")
    [shard] = place.glob("shard-*")
    shutil.copytree(place / "snapshots" / "monday" / shard.name, place / "shard-copied")
    (place / "snapshots" / ".tuesday.0a").mkdir()
    store.upsert(documents(10, 5))
    store.close()
    again = open_store(f"edge:{place}")
    assert again.count() == 15 and list(again.snapshots()) == ["monday"]
    assert [p.name for p in place.glob("shard-*")] == [shard.name]
    again.rollback("monday")
    assert again.count() == 10 and len(list(place.glob("shard-*"))) == 1
    again.close()


@pytest.mark.parametrize("name", ["", "../x", "A", "a b", "-x", "x" * 65])
def test_a_snapshot_is_called_plainly(tmp_path, name):
    store = open_store(f"edge:{tmp_path / 'shop'}", SCHEMA)
    with pytest.raises(StoreError, match="cannot be called"):
        store.snapshot(name)
    store.close()


def test_the_graph_finds_what_exact_search_finds(tmp_path, monkeypatch):
    """With a filter of 10 %, and of 1 %, which is searched without the graph."""
    from skulens.index.stores.engines import edge

    monkeypatch.setattr(edge, "GRAPH_KB", 16)
    store = open_store(f"edge:{tmp_path / 'shop'}", SCHEMA)
    store.upsert(documents(0, 4000))
    store.optimise()
    assert list(tmp_path.glob("shop/shard-*/segments/*/vector_index-v0_picture/graph*"))
    for where in (None, "price < 10", "price < 1"):
        tree, shared = where and parse_filter(where), 0
        for own in documents(9, 30):
            asked = {"vector": own.vectors["picture"], "column": "picture", "maker": "p/1"}
            found = store.search(Probe(**asked, where=tree))
            exact = store.search(Probe(**asked, where=tree, exact=True))
            assert found.how.startswith("hnsw") and exact.how == "exact" and len(found.ids) == 10
            shared += len(set(found.ids) & set(exact.ids))
        assert shared / 300 >= 0.95
    store.close()
