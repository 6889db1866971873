"""One number has one interval, whoever prints it: bench, choose, report, leaderboard and export."""

import csv
import json

import numpy as np
import pytest

from skulens.analysis.boards import store_boards
from skulens.analysis.choose import Constraints, choose
from skulens.analysis.ranks import rank_board
from skulens.bench.mteb_names import mteb_score
from skulens.bench.result import Data, Result
from skulens.bench.store import ResultStore, stored_results
from skulens.evaluate.scores import Scores, summarise
from skulens.records import SystemInfo
from skulens.report.export import export_results, mteb_task
from skulens.report.views import view_of_board, views_of_results

METRICS = ("hit_rate@1", "macro_hit_rate@1", "hit_rate@5", "gap", "mrr")


def measure(name: str, skus: int, rate: float, order: int) -> Result:
    """A system on photos of so many SKUs, each harder or easier; photos in some order."""
    rng = np.random.default_rng(skus)
    photos = rng.integers(1, 9, skus)
    groups = np.repeat(np.arange(skus), photos)
    easy = np.clip(rate + rng.normal(0, 0.25, skus), 0, 1)[groups]
    rank = 1 + rng.geometric(0.1 + 0.8 * easy * rng.random(len(groups)))
    values = {
        "hit_rate@1": (rng.random(len(groups)) < easy).astype(float),
        "hit_rate@5": np.zeros(len(groups)),
        "mrr": 1 / rank,
    }
    values["hit_rate@5"] = np.maximum(values["hit_rate@1"], rank <= 5)
    values["gap"] = values["hit_rate@5"] - values["hit_rate@1"]
    at = np.random.default_rng(order).permutation(len(groups))
    scores = Scores.of_means(
        tuple(f"photo{i}" for i in at),
        tuple(f"sku{g}" for g in groups[at]),
        {metric: v[at] for metric, v in values.items()},
    )
    return Result(
        suite="mpr",
        data=Data("shop", "shop", "test"),
        system=SystemInfo(name=name, kind="encoder", identity=name),
        name=name,
        variant={"gallery": "text"},
        settings={},
        metrics=summarise(scores),
        tables={"per_query": scores.to_arrow()},
        counts={"units": len(groups), "groups": skus, "gallery": skus},
    )


def ends(low, high):
    return pytest.approx((low, high), rel=1e-9)


@pytest.mark.parametrize("skus", [2, 5, 7, 9, 10, 11, 40])
def test_every_page_and_file_gives_the_same_ends(skus, tmp_path):
    """Alone in bench, beside another system and in another order of SKUs elsewhere."""
    store = ResultStore(tmp_path / "results")
    for result in (measure("other", skus, 0.3, order=1), measure("mine", skus, 0.6, order=2)):
        store.add(result)
    results = stored_results(store.folder)
    [mine] = [r for r in results if r.name == "mine"]
    [board] = store_boards(results)
    [stored], made = views_of_results(results), view_of_board(board)
    rows = [next(r for r in view.rows if r.name == "mine") for view in (stored, made)]
    export_results(results, "csv", tmp_path / "all.csv")
    exported = {r["encoder"]: r for r in csv.DictReader((tmp_path / "all.csv").open())}["mine"]
    scores = mteb_task(mine)["scores"]["test"][0]
    record = json.loads((mine.folder / "result.json").read_text())["metrics"]
    for metric in METRICS:
        measured = mine.scores.measure(metric).interval()
        expected = ends(measured.low, measured.high)
        assert measured.low <= measured.value <= measured.high
        assert (record[metric]["low"], record[metric]["high"]) == expected
        assert (float(exported[f"{metric} low"]), float(exported[f"{metric} high"])) == expected
        name = mteb_score(metric)
        assert (scores[f"{name}_low"], scores[f"{name}_high"]) == expected
        for row in rows:
            assert (row.metric(metric).low, row.metric(metric).high) == expected, metric
        standing = {s.entry.name: s for s in rank_board(board, metric, seed=3).rows}["mine"]
        assert (standing.low, standing.high) == expected
        choice = choose(board, Constraints(metric=metric), seed=4)
        option = {o.entry.name: o for o in choice.options}["mine"]
        assert (option.low, option.high) == expected
