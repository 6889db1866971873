"""When the indexes of LanceDB are brought up to date, and what a store says of itself."""

import json

import pytest

lancedb = pytest.importorskip("lancedb", reason="needs skulens[search]")

from skulens.index.stores.engines.lance import upkeep  # noqa: E402
from tests.index.stores.lance.small_lance import fill, make_document  # noqa: E402


@pytest.mark.parametrize(
    ("rows", "fragments", "unindexed", "due"),
    [
        (1000, 5, 1000, False),
        (1000, 21, 99, False),
        (1000, 21, 100, True),
        (100_000, 200, 9_999, False),
        (100_000, 201, 10, True),
        (0, 0, 0, False),
    ],
)
def test_upkeep_is_due_when_it_pays(rows, fragments, unindexed, due):
    assert upkeep.IndexState(rows, fragments, unindexed, {}).is_due() is due


def test_many_small_batches_are_tidied_up(shop):
    for number in range(upkeep.COMMITS + 2):
        shop.upsert([make_document(number)])
    info = shop.info()
    assert info["fragments"] <= 3 and info["unindexed"] <= 1
    assert shop.count() == upkeep.COMMITS + 2


def test_info_is_json_and_says_what_there_is(shop):
    fill(shop, 4).snapshot("four")
    shop.optimise()
    told = json.loads(json.dumps(shop.info()))
    assert told["engine"] == "lance" and told["engine_version"] == lancedb.__version__
    assert told["products"] == 4 and told["unindexed"] == 0 and told["snapshots"] == ["four"]
    assert told["bytes"] > 1000 and set(told["indexes"]) == {"words", "grams", "id"}
    assert told["schema"]["vectors"][0]["name"] == "picture"
