"""A build that is killed goes on where it stopped: what was acknowledged is not embedded again."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from skulens.index.stores import open_store
from skulens.registry import rows
from skulens.search.indexing.build import build_index

PRODUCTS = 240
CHILD = """
import sys, time
from skulens.catalog.open import open_catalog
from skulens.search.indexing import build as b
b.FEWEST = b.MOST = 20
real = b.Build._write
def write(self, documents, group, embedded):
    real(self, documents, group, embedded)
    print("\\n".join(one.product.id for one in group), flush=True)
b.Build._write = write
b.build_index(open_catalog(sys.argv[1]), sys.argv[2], encoder="histogram:4")
"""


@pytest.fixture
def catalogue(tmp_path):
    draw = np.random.default_rng(0)
    with (tmp_path / "products.jsonl").open("w") as f:
        for n in range(PRODUCTS):
            pixels = draw.integers(0, 256, (8, 8, 3), np.uint8)
            PIL.Image.fromarray(pixels).save(tmp_path / f"{n}.png")
            f.write(json.dumps({"id": f"p{n}", "title": f"thing {n}", "image": f"{n}.png"}) + "\n")
    return tmp_path / "products.jsonl"


def acknowledge_until_killed(catalogue: Path, store: str, groups: int) -> list[str]:
    """Ids whose group was acknowledged before the build was killed in the middle of a later one."""
    command = [sys.executable, "-c", CHILD, str(catalogue), store]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        found = []
        for line in child.stdout:
            found.append(line.strip())
            if len(found) >= 20 * groups:
                time.sleep(random.Random(groups).random() / 50)
                break
        os.kill(child.pid, signal.SIGKILL)
    return found


def test_nothing_acknowledged_is_embedded_again(catalogue, tmp_path):
    if "lance" in rows("store"):
        pytest.importorskip("lancedb")
        store = str(tmp_path / "shop.store")
    else:
        pytest.importorskip("qdrant_edge")
        store = f"edge:{tmp_path / 'shop.store'}"
    told: set[str] = set()
    for groups in (3, 5):
        told |= set(acknowledge_until_killed(catalogue, store, groups))
    from skulens.catalog.open import open_catalog

    opened = open_store(store)
    assert told <= set(opened.digests())
    before = opened.count()
    opened.close()
    built = build_index(open_catalog(str(catalogue)), store)
    assert 0 < len(told) <= before < PRODUCTS
    assert (built.unchanged, built.written, built.forwarded) == (
        before, PRODUCTS - before, PRODUCTS - before,
    )  # fmt: skip
    opened = open_store(store)
    assert sorted(opened.digests()) == sorted(f"p{n}" for n in range(PRODUCTS))
    assert np.isfinite(opened.vectors("picture", [f"p{n}" for n in range(PRODUCTS)])).all()
    opened.close()
