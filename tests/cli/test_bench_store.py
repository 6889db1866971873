"""A shop is indexed, searched through its store by a suite, and compared with its encoder alone."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

pytest.importorskip("lancedb", reason="stores are kept by LanceDB: pip install 'skulens[search]'")
pytest.importorskip("resvg_py", reason="the shop is drawn with resvg: pip install 'skulens[world]'")

from skulens.cli import skulens
from skulens.documents import Hits
from skulens.index.stores.engines.lance.store import Lance
from skulens.registry import STORES, Row

ENCODER = "histogram"


class Lossy(Lance):
    """An index that overlooks the two nearest products, unless it is told to compare with all."""

    def search(self, probe):
        if probe.exact or probe.words:
            return super().search(probe)
        found = super().search(replace(probe, k=probe.k + 2))
        return Hits(found.ids[2:], found.scores[2:], "lossy")


def run(*words, code=0) -> str:
    found = CliRunner().invoke(skulens, [str(word) for word in words])
    assert found.exit_code == code, found.output
    return found.output


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A shop and, beside it, its store."""
    folder = tmp_path_factory.mktemp("shop") / "shop"
    made = ["--skus", 12, "--px", 48, "--views", "front", "--photos", 2, "--split-all", "test"]
    run("world", "make", folder, *made, "--workers", 1)
    run("index", "build", folder, "--encoder", ENCODER, "--store", folder.with_name("store"))
    return folder


def bench(shop, address, results, *words) -> str:
    system = ["--system", f"store:{address}", "--results", results]
    return run("bench", "mpr", shop, *system, *words)


def compare(one, other, results) -> dict:
    [row] = json.loads(run("compare", one, other, "--results", results, "--json"))["comparisons"]
    return row


def test_a_store_has_the_numbers_of_its_encoder(shop, tmp_path):
    store = shop.with_name("store")
    said = bench(shop, store, tmp_path, "--encoder", ENCODER, "--gallery", "image")
    assert "finds 1.000" in said and "+0.000" in said
    row = compare(ENCODER, f"store:{store}", tmp_path)
    assert (row["n_queries"], row["difference"]["value"]) == (24, 0)


def test_the_drop_of_a_bad_index_is_printed_and_found_by_compare(shop, tmp_path, monkeypatch):
    lossy = Row(f"{__name__}:Lossy", "overlooks", "search", "DIR")
    monkeypatch.setitem(STORES, "lossy", lossy)
    address = f"lossy:{shop.with_name('store')}"
    said = bench(shop, address, tmp_path, "--encoder", ENCODER, "--gallery", "image", "--json")
    alone, store = json.loads(said)["results"]
    hits = [r["metrics"]["hit_rate@1"]["value"] for r in (alone, store)]
    assert hits[1] < hits[0] == store["metrics"]["exact_hit_rate@1"]["value"]
    assert store["metrics"]["index_overlap"]["value"] == pytest.approx(0.8)
    drop = f"{hits[1] - hits[0]:+.3f}"
    assert drop in bench(shop, address, tmp_path)
    run("results", "report", "--results", tmp_path, "--out", tmp_path / "page.html")
    assert f"with the index minus without it {drop}" in (tmp_path / "page.html").read_text()
    row = compare(f"store:{address}", ENCODER, tmp_path)
    assert row["difference"]["value"] == pytest.approx(hits[1] - hits[0])


def test_a_product_that_was_deleted_is_missed(shop, tmp_path):
    other = tmp_path / "store"
    run("index", "build", shop, "--encoder", ENCODER, "--store", other)
    sku = json.loads(run("search", other, "--text", "a", "--k", 1, "--json"))["hits"][0]["id"]
    run("index", "delete", other, sku)
    results = tmp_path / "results"
    words = ["--system", f"store:{other}", "--results", results]
    said = CliRunner().invoke(skulens, ["bench", "mpr", str(shop), *map(str, words)])
    assert said.exit_code and sku in str(said.exception or said.output)
