"""`skulens curate split` from the terminal."""

import json

import pytest
from click.testing import CliRunner

from skulens.catalog.own import OwnCatalog
from skulens.cli import skulens
from tests.curate.queries.asked import write_world


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return write_world(tmp_path_factory.mktemp("split") / "shop")


def run(*words, code=0):
    done = CliRunner().invoke(skulens, ["curate", "split", *map(str, words)])
    assert done.exit_code == code, f"{done.output}\n{done.exception!r}"
    return done.stdout if code == 0 else str(done.exception) + done.output


def test_sizes_overlap_and_holdouts_are_printed(shop):
    said = run(shop, "--test", 30, "--val", "0.1", "--holdout", "key=pattern/print")
    sizes = {name: int(n) for n, name in (line.split() for line in said.splitlines()[:3])}
    assert list(sizes) == ["train", "val", "test"] and sum(sizes.values()) == 120
    assert abs(sizes["test"] - 30) <= 4 and abs(sizes["val"] - 12) <= 4  # 4 queries of an SPU
    assert "train and test share" in said and "SPUs as answer" in said
    assert "key 'pattern print'" not in said  # held out with it
    assert "training queries have it in a product that is reference" in said
    last = said.splitlines()[-1]
    assert "splits.parquet" in last and f"skulens bench merit {shop} --split test" in last
    assert len(list(OwnCatalog(shop).queries("test"))) == sizes["test"]


def test_json_is_one_object_equal_to_the_file(shop):
    said = json.loads(run(shop, "--test", "0.25", "--json"))
    record = json.loads((shop / "split.json").read_text())
    assert said.pop("folder") == str(shop)
    assert record.pop("plan")["test"] == 0.25
    assert said == record
    assert sum(said["splits"].values()) == 120


def test_empty_splits_are_named(shop):
    assert "empty: split test has no query" in run(shop, "--test", "0", "--val", "0")


def test_what_cannot_be_is_refused(shop, tmp_path):
    assert "more than the 120 queries" in run(shop, "--test", 200, code=1)
    assert "go together" in run(shop, "--closure", "synonyms", code=2)
    assert "unknown key 'brandd'; did you mean 'brand'" in run(
        shop, "--holdout", "key=brandd", code=1
    )
    (tmp_path / "products.csv").write_text("id,title\na,A\n")
    assert "has no queries" in run(tmp_path, code=1)


def test_synonyms_come_from_cards(shop, tmp_path):
    pytest.importorskip("skulens.curate.cards.files", reason="attribute cards are not here yet")
    (tmp_path / "chair.yaml").write_text(
        "class: chair\nkeys:\n  brand:\n    modality: text\n    synonyms: [material]\n"
        "    values:\n      v1: []\n"
    )
    said = json.loads(
        run(shop, "--holdout", "key=brand", "--closure", "synonyms", "--cards", tmp_path, "--json")
    )
    assert said["holdouts"][0]["held_out"] == ["brand", "material"]
