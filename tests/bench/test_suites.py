"""Suites merit and aspect on a small shop, beside plain computations, and through every tool."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from skulens.bench.candidates import over_gallery
from skulens.bench.naming import find_result
from skulens.bench.run import run_suite
from skulens.bench.store import ResultStore
from skulens.bench.task import Tools
from skulens.catalog.open import open_catalog
from skulens.claims import Claim
from skulens.cli import skulens as command
from skulens.encode import open_encoder
from skulens.encode.batching import Batching
from skulens.encode.embed import Embedder
from skulens.encode.gallery import build_gallery
from skulens.errors import DataError, StoreError
from skulens.protocols import TrueCatalog
from skulens.records import Run, SystemInfo
from skulens.report.marks import SEEN_OTHERS, exposure_of

pytest.importorskip("resvg_py", reason="the shop is drawn with resvg: pip install 'skulens[world]'")
QUIET = Tools(batching=Batching(threads=1, progress=False), time_probes=False)


def say(*words: object):
    done = CliRunner().invoke(command, [str(w) for w in words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def ask(*words: object) -> dict:
    return json.loads(say(*words, "--json").stdout)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("suites") / "shop"
    say("world", "make", folder, "--skus", 40, "--seed", 5, "--px", 64, "--workers", 1)
    return open_catalog(str(folder))


@pytest.fixture(scope="module")
def store(shop, tmp_path_factory):
    """Results of both suites, of two systems each."""
    folder = tmp_path_factory.mktemp("results")
    systems = {"merit": ["mini", "bm25"], "aspect": ["seller", "title-words"]}
    for suite, names in systems.items():
        found = run_suite(suite, shop, names, {}, data=str(shop.root), tools=QUIET)
        assert not found.failed
        for result in found.results:
            ResultStore(folder).add(result)
    return folder


# ----- merit ----------------------------------------------------------------------------------


def plain_hits(shop, exclude: bool) -> dict[str, float]:
    """Query -> whether its first product is right, by a loop over cosines."""
    queries = list(shop.queries("composed"))
    gallery = build_gallery(list(shop.products()), "image", shop.info)
    embedder = Embedder([open_encoder("mini")], batching=QUIET.batching)
    [asked] = embedder.embed_items([q.item for q in queries], "query", "avg")
    [shown] = embedder.embed_items(gallery.items, "document", "avg")
    hits = {}
    for query, vector in zip(queries, asked.vectors, strict=True):
        allowed = [
            (float(vector @ row), item.id)
            for row, item in zip(shown.vectors, gallery.items, strict=True)
            if not (exclude and item.id in query.references)
        ]
        hits[query.id] = float(max(allowed)[1] in query.answers)
    return hits


@pytest.mark.parametrize("references", ["excluded", "kept"])
def test_merit_ranks_as_a_plain_loop_does(shop, references):
    settings = {"gallery": "image", "references": references}
    [result] = run_suite("merit", shop, ["mini"], settings, tools=QUIET).results
    expected = plain_hits(shop, references == "excluded")
    scores = result.scores
    assert dict(zip(scores.units, scores.values("hit_rate@1"), strict=True)) == expected
    assert result.variant == {"gallery": "image", "references": references}


def test_references_kept_take_first_places(shop):
    excluded, kept = (sum(plain_hits(shop, exclude).values()) for exclude in (True, False))
    assert kept < excluded


def test_slices_are_the_queries_of_each_value(shop, store):
    result = find_result("mini", store, "image", "merit")
    tags = {q.id: q.tags for q in shop.queries("composed")}
    values = dict(zip(result.scores.units, result.scores.values("hit_rate@1"), strict=True))
    tagged = {k: v for k, v in result.slices.items() if k != "references"}
    assert set(tagged) == {"language", "n_conditions", "method", "class"}
    for name, found in tagged.items():
        assert set(found) == {t[name] for t in tags.values()}
        for value, metrics in found.items():
            mine = [v for q, v in values.items() if tags[q][name] == value]
            assert metrics["hit_rate@1"].value == pytest.approx(np.mean(mine))
            assert metrics["hit_rate@1"].n == len(mine)


def test_a_retriever_stands_beside_encoders(shop, store):
    words = find_result("bm25", store, "text", "merit")
    assert words.system.kind == "retriever" and words.metrics["mrr"].value > 0
    assert words.data.fingerprint == find_result("mini", store, "text", "merit").data.fingerprint
    with pytest.raises(DataError, match="bm25 reads no pictures"):
        run_suite("mpr", shop, ["bm25"], {}, tools=QUIET)


def test_what_a_retriever_did_not_find_is_not_cut_off():
    run = over_gallery(Run.of({"q": {"b": 2.0, "a": 1.0}, "r": {}}), ("c", "b", "a"), 3)
    assert run.products == ("c", "b", "a") and run.order.tolist() == [[1, 2, -1], [-1, -1, -1]]


def test_fusions_answer_the_same_queries(shop, store, tmp_path):
    for fusion in ("avg", "cat"):
        settings = {"gallery": "image", "fusion": fusion}
        [result] = run_suite("merit", shop, ["mini"], settings, tools=QUIET).results
        ResultStore(tmp_path).add(result)
    [found] = ask("compare", "mini", "mini", "--results", tmp_path)["comparisons"]
    assert sorted(found["differing"]["fusion"]) == ["avg", "cat"]
    choices = ask("choose", "--on", tmp_path, "--across")["choices"]
    assert len(choices) == 1 and len(choices[0]["candidates"]) == 2


def test_a_system_trained_on_the_dataset_says_so(shop, store):
    mini = find_result("mini", store, "text", "merit")
    print(exposure_of(mini), mini.counts)
    assert exposure_of(mini) == SEEN_OTHERS, "mini saw shops of another seed"
    assert exposure_of(find_result("bm25", store, "text", "merit")) is None
    assert "°" in say("results", "show", "--results", store).stdout


# ----- aspect ---------------------------------------------------------------------------------


def test_f1_is_that_of_the_stored_counts(store):
    result = find_result("seller", store, suite="aspect")
    table = pq.read_table(Path(result.folder) / "per_claim.parquet")
    top, bottom = (np.array(table[c].to_pylist()) for c in ("f1", "f1/bottom"))
    assert result.metrics["f1"].value == pytest.approx(top.sum() / bottom.sum())
    fields = np.array(table["slice:field"].to_pylist())
    of_field = {f: top[fields == f].sum() / bottom[fields == f].sum() for f in set(fields) - {""}}
    assert {f: m["f1"].value for f, m in result.slices["field"].items()} == pytest.approx(of_field)
    assert result.metrics["macro_f1"].value == pytest.approx(np.mean(list(of_field.values())))


def test_gold_and_claims_lie_beside_the_result(shop, store):
    result = find_result("seller", store, suite="aspect")
    gold, claims = result.tables["gold"], result.tables["claims"]
    assert len(gold) == len(list(shop.gold())) and len(claims) == result.counts["claims"]
    brands = {g.item: g.values for g in shop.gold() if g.field == "attributes.brand"}
    said = [
        (i, v)
        for i, f, v in zip(
            *(claims[c].to_pylist() for c in ("item", "field", "value")), strict=True
        )
        if f == "attributes.brand"
    ]
    assert said and any(v in brands[i] for i, v in said)


class Spy:
    """A reader that writes down what it is shown, and claims one brand."""

    info = SystemInfo(name="spy", kind="reader", identity="spy/1")

    def __init__(self):
        self.products = []

    def read(self, products, fields=()):
        for product in products:
            self.products.append(product)
            yield Claim(product.id, "attributes.brand", "Nobody")


def test_readers_never_see_the_attributes_that_gold_was_made_from(shop, monkeypatch):
    spy = Spy()
    monkeypatch.setattr("skulens.bench.run.open_system", lambda *_: spy)
    [result] = run_suite("aspect", shop, ["spy"], {}, tools=QUIET).results
    sources = {a.source for p in spy.products for a in p.attributes}
    assert sources == {"seller"} and result.metrics["f1"].value == 0
    assert result.metrics["precision"].value == 0 and result.metrics["recall"].value == 0


def test_slices_by_class_are_of_the_true_class(shop):
    """A seller may list a product under another; readers are shown what the seller says."""
    true = {p.id: p.category for p in shop.products()}
    listed = {p.id: p.category for p in shop.listings()}
    assert any(listed[p] != true[p] for p in true), "the shop has a wrong category"
    [result] = run_suite("aspect", shop, ["seller"], {}, tools=QUIET).results
    per_claim = result.tables["per_claim"]
    units, classes = (per_claim[c].to_pylist() for c in ("claim", "slice:class"))
    assert len(units) > 100
    for unit, found in zip(units, classes, strict=True):
        assert (found,) == true[next(p for p in true if unit.startswith(p))]


def test_only_some_fields_are_asked(shop):
    settings = {"fields": ("identifiers.",), "least": 1}
    [result] = run_suite("aspect", shop, ["seller"], settings, tools=QUIET).results
    assert {f.partition(".")[0] for f in result.slices["field"]} == {"identifiers"}


def test_what_does_not_fit_is_refused(shop, tmp_path):
    (tmp_path / "shop.csv").write_text("id,title\na,red chair\n")
    plain = open_catalog(str(tmp_path / "shop.csv"))
    assert not isinstance(plain, TrueCatalog)
    with pytest.raises(DataError, match="has no gold to compare claims with"):
        run_suite("aspect", plain, ["seller"], {}, tools=QUIET)
    with pytest.raises(DataError, match="this suite measures readers"):
        run_suite("aspect", shop, ["mini"], {}, tools=QUIET)
    with pytest.raises(DataError, match="no gold of attributes.nope; it has attributes"):
        run_suite("aspect", shop, ["seller"], {"fields": ("attributes.nope",)}, tools=QUIET)
    for suite in ("mpr", "merit"):
        with pytest.raises(DataError, match="seller is of kind baseline; m.+ measures encoders"):
            run_suite(suite, shop, ["seller"], {}, tools=QUIET)
    with pytest.raises(DataError, match="no query of split 'test' of world states conditions"):
        run_suite("merit", shop, ["mini"], {"split": "test"}, tools=QUIET)
    with pytest.raises(DataError, match="unknown level 'L9'"):
        run_suite("aspect", shop, ["seller"], {"level": "L9"}, tools=QUIET)


# ----- every tool -----------------------------------------------------------------------------


def test_compare_choose_and_leaderboard_take_any_metric_of_both(store):
    [found] = ask("compare", "seller", "title-words", "--results", store, "--metric", "macro_f1")[
        "comparisons"
    ]
    assert found["metric"] == "macro_f1" and found["difference"]["groups"] > 10
    assert found["difference"]["value"] == pytest.approx(found["mean_a"] - found["mean_b"])
    done = say("choose", "--on", store, "--metric", "macro_f1", "--json")
    [choice] = json.loads(done.stdout)["choices"]
    assert choice["constraints"]["metric"] == "macro_f1" and "left out" in done.stderr
    boards = ask("leaderboard", "--on", store, "--metric", "precision")
    assert {e["name"] for e in boards["board"]["entries"]} == {"seller", "title-words"}


def test_confusion_asks_for_the_suite_where_two_were_measured(shop, store, tmp_path):
    for suite in ("mpr", "merit"):
        settings = {"gallery": "text"}
        if suite == "mpr":
            settings["split"] = "train"
        for result in run_suite(suite, shop, ["mini"], settings, tools=QUIET).results:
            ResultStore(tmp_path).add(result)
    with pytest.raises(StoreError, match="say which:\n  mini@mpr\n  mini@merit"):
        find_result("mini", tmp_path, "text")
    found = ask("confusion", "mini", "--results", tmp_path, "--suite", "mpr", "--no-angles")
    assert found["suite"] == "mpr"


def test_the_page_and_the_exports_take_both(store, tmp_path):
    say("results", "report", "--results", store, "--out", tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "macro_f1" in page and "By number of conditions" in page
    say("results", "export", "--results", store, "--format", "csv", "--out", tmp_path / "all.csv")
    assert (tmp_path / "all.csv").read_text().count("\n") == 1 + len(ResultStore(store).results())
