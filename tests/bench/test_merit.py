"""Suite merit on shops small enough to work every number out by hand."""

import json
from dataclasses import replace

import numpy as np
import pytest

from skulens.bench.candidates import drop_excluded
from skulens.bench.run import run_suite
from skulens.bench.suites.merit import Merit, MeritSettings, pair_controls
from skulens.bench.task import Tools
from skulens.encode.batching import Batching
from skulens.errors import DataError, EncoderError, SkulensError
from skulens.records import (
    Attribute,
    Condition,
    DatasetInfo,
    Image,
    Item,
    Product,
    Query,
    Run,
    SystemInfo,
)
from tests.bench.test_mpr import png
from tests.encode.fake import FakeEncoder, ItemEncoder

TOOLS = Tools(batching=Batching(threads=1, progress=False), time_probes=False)
PHOTO = Image(data=png((200, 30, 30)))


def product(name: str, language: str = "en", kind: str = "chair", **values: str) -> Product:
    attributes = tuple(
        Attribute(key, value, "visual" if key == "color" else "text")
        for key, value in values.items()
    )
    return Product(
        name,
        title=f"{name} {kind}",
        images=(PHOTO,),
        category=(kind,),
        attributes=attributes,
        language=language,
    )


def query(name: str, relevant, references=(), conditions=(), **tags: str) -> Query:
    if isinstance(relevant, str):
        relevant = dict.fromkeys(relevant.split(), 1)
    conditions = conditions or (Condition("color", "red"),)
    return Query(
        name,
        Item(name, (f"find {name} like ", PHOTO, "\nthis")),
        relevant=relevant,
        conditions=tuple(conditions),
        references=tuple(references),
        tags={"n_conditions": "2", **tags},
    )


class Shop:
    """Products and queries as given; `splits` name further lists of queries."""

    def __init__(self, products, queries, **splits):
        self.listed, self.asked = products, {"composed": queries, **splits}
        self.info = DatasetInfo(
            "tiny", "tiny", splits=tuple(self.asked), gallery_text=("caption", "title")
        )
        self.rejects: list = []

    def products(self):
        return iter(self.listed)

    def queries(self, split):
        return iter(self.asked[split])


class Scripted:
    """Answers each query with a list of products written down before."""

    def __init__(self, lists: dict[str, str], name="scripted"):
        self.info = SystemInfo(name=name, kind="retriever", identity=f"{name}/1")
        self.lists = {q: products.split() for q, products in lists.items()}

    def rank(self, queries, gallery, k):
        held = {item.id for item in gallery}
        found = {q.id: [p for p in self.lists[q.id] if p in held][:k] for q in queries}
        return Run.of({q: {p: -float(i) for i, p in enumerate(ps)} for q, ps in found.items()})


def measure(shop: Shop, system, **settings):
    suite = Merit(shop, MeritSettings(gallery="text", **settings), tools=TOOLS)
    suite.check(system)
    return list(suite.run([system]))


LETTERS = "abcdefghijklmnop"
PRODUCTS = [product(letter) for letter in LETTERS]
"""Sixteen chairs of no known attribute."""
IN_ORDER = " ".join(LETTERS)


def value(result, metric: str, *slice_: str) -> float:
    found = result.slices[slice_[0]][slice_[1]] if slice_ else result.metrics
    return found[metric].value


# ----- metrics --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("relevant", "hit_1", "hit_10", "mrr", "recall_10"),
    [
        ("a", 1, 1, 1, 1),
        ("j", 0, 1, 1 / 10, 1),
        ("k", 0, 0, 0, 0),  # rank 11: beyond the cut, whatever 1 / 11 is
        ("b e k", 0, 1, 1 / 2, 2 / 3),  # the best rank counts, recall is of all three
    ],
)
def test_numbers_are_merits(relevant, hit_1, hit_10, mrr, recall_10):
    [result] = measure(Shop(PRODUCTS, [query("q", relevant)]), Scripted({"q": IN_ORDER}))
    found = [value(result, m) for m in ("hit_rate@1", "hit_rate@10", "mrr@10", "recall@10")]
    assert found == pytest.approx([hit_1, hit_10, mrr, recall_10])


def test_mrr_is_over_all_queries_and_misses_are_zeros():
    shop = Shop(PRODUCTS, [query("one", "b"), query("two", "k"), query("three", "e")])
    lists = dict.fromkeys(("one", "two", "three"), IN_ORDER)
    [result] = measure(shop, Scripted(lists))
    assert value(result, "mrr@10") == pytest.approx((1 / 2 + 0 + 1 / 5) / 3)
    assert value(result, "mrr") == pytest.approx((1 / 2 + 1 / 11 + 1 / 5) / 3)
    assert Merit.headline == ("hit_rate@1", "hit_rate@5", "hit_rate@10", "mrr@10")


def test_ndcg_of_several_positives_by_hand():
    [result] = measure(Shop(PRODUCTS, [query("q", "b e")]), Scripted({"q": IN_ORDER}))
    gain, ideal = 1 / np.log2(3) + 1 / np.log2(6), 1 + 1 / np.log2(3)
    assert value(result, "ndcg@10") == pytest.approx(gain / ideal)


# ----- references -----------------------------------------------------------------------------


@pytest.mark.parametrize("main", ["excluded", "kept"])
def test_references_excluded_and_kept_are_both_there(main):
    shop = Shop(PRODUCTS, [query("q", "c", ["a", "b"]), query("r", "a", ["d", "nowhere"])])
    lists = {"q": IN_ORDER, "r": "d a b c"}
    [result] = measure(shop, Scripted(lists), references=main)
    both = {v: value(result, "hit_rate@1", "references", v) for v in ("excluded", "kept")}
    assert both == {"excluded": 1.0, "kept": 0.0}
    assert value(result, "hit_rate@1") == both[main] and result.variant["references"] == main
    assert value(result, "mrr@10", "references", "kept") == pytest.approx((1 / 3 + 1 / 2) / 2)
    assert result.counts["references_not_in_catalogue"] == 1


def test_what_is_dropped_moves_the_rest_up():
    rng = np.random.default_rng(0)
    names = tuple(LETTERS)
    order = np.stack([rng.permutation(16) for _ in range(40)]).astype(np.int32)
    order[:, 12:] = -1
    scores = np.where(order >= 0, -np.arange(16, dtype=np.float32), -np.inf)
    run = Run(tuple(map(str, range(40))), names, order, scores.astype(np.float32))
    out = [frozenset(rng.choice([*names, "gone"], rng.integers(0, 4))) for _ in range(40)]
    cut = drop_excluded(run, out)
    for row, gone in enumerate(out):
        assert list(cut.candidates(row)) == [c for c in run.candidates(row) if c[0] not in gone]


# ----- a large gallery ------------------------------------------------------------------------


def test_a_cut_ranking_says_the_same_and_is_as_deep_without_its_references(monkeypatch):
    shop = Shop(PRODUCTS, [query("q", "l m", ["a", "b"]), query("r", "k", ["p"])])
    system = Scripted({"q": IN_ORDER, "r": IN_ORDER})
    [whole] = measure(shop, system)
    monkeypatch.setattr("skulens.bench.candidates.SHALLOW_FULL", 1)
    monkeypatch.setattr("skulens.bench.candidates.SHALLOW_CUT", 10)
    [cut] = measure(shop, system)
    assert cut.tables["run"].num_rows == 20 and value(cut, "mrr@10") == value(whole, "mrr@10")
    assert value(cut, "mrr@10") == pytest.approx((1 / 10 + 0) / 2)


# ----- languages ------------------------------------------------------------------------------

MARKETS = [product("a", "th"), product("b", "en"), product("c", "th"), product("d", "en")]


def test_a_language_row_ranks_and_judges_its_own_products():
    shop = Shop(
        MARKETS,
        [
            query("q", "c b", language="th"),
            query("r", "b", language="th"),  # no answer among Thai products
            query("s", "d", language="en"),
        ],
    )
    [result] = measure(shop, Scripted(dict.fromkeys("qrs", "b a c d")))
    rows = result.slices["language_row"]
    assert {v: (m["hit_rate@1"].value, m["hit_rate@1"].n) for v, m in rows.items()} == {
        "th": (0.0, 1),  # a, then c: b is no Thai product
        "en": (0.0, 1),  # b, then d
    }
    assert rows["th"]["mrr@10"].value == pytest.approx(1 / 2)
    assert value(result, "hit_rate@1", "language", "th") == 1.0
    assert result.slices["language"]["th"]["hit_rate@1"].n == 2


def test_one_language_has_no_row_of_its_own():
    [result] = measure(Shop(PRODUCTS, [query("q", "a", language="en")]), Scripted({"q": "a"}))
    assert "language_row" not in result.slices


# ----- conditions -----------------------------------------------------------------------------

KNOWN = [
    product("a", color="red", material="oak"),
    product("b", color="red", material="pine"),
    product("c", color="blue", material="oak"),
    product("d", color="red", material="oak", kind="table"),
]
BOTH = (Condition("color", "red"), Condition("material", "oak"), Condition("class", "chair"))


def test_all_but_one_is_the_mean_over_what_is_not_known():
    """Red chairs: a, b; oak chairs: a, c. Either way the answer is one of two."""
    [result] = measure(Shop(KNOWN, [query("q", "a", conditions=BOTH)]), Scripted({"q": "a"}))
    assert value(result, "all_but_one", "n_conditions", "2") == pytest.approx(1 / 2)


def test_queries_by_siblings_stand_apart():
    queries = [query("q", "a"), query("r", "b", method="sibling")]
    [result] = measure(Shop(PRODUCTS, queries), Scripted({"q": "a", "r": "a"}))
    assert {v: m["hit_rate@1"].value for v, m in result.slices["n_conditions"].items()} == {
        "2": 1.0,
        "2 (sibling)": 0.0,
    }


# ----- holdouts -------------------------------------------------------------------------------


def test_a_holdout_is_measured_beside_its_control():
    name = "test-language-th"
    splits = {name: [query("q", "a")], f"{name}-control": [query("r", "b")]}
    results = measure(Shop(PRODUCTS, [], **splits), Scripted({"q": "a", "r": "a"}), split=name)
    [(held, control)] = pair_controls(results)
    assert (value(held, "hit_rate@1"), value(control, "hit_rate@1")) == (1.0, 0.0)
    assert control.variant["split"] == control.data.split == f"{name}-control"
    assert held.settings["split"] == name and held.key != control.key


# ----- encoders of pictures -------------------------------------------------------------------


class Eyes(FakeEncoder):
    def __init__(self):
        super().__init__("eyes")
        object.__setattr__(self.info, "modalities", ("image",))


def test_an_encoder_of_pictures_is_asked_by_them_alone_and_says_so():
    shop = Shop(PRODUCTS, [query("q", "a"), query("r", "b")])
    shop.listed = [
        replace(p, images=(Image(data=png((9 * i, 80, 200))),)) for i, p in enumerate(PRODUCTS)
    ]
    suite = Merit(shop, MeritSettings(gallery="both"), tools=TOOLS)
    systems = [FakeEncoder(), Eyes()]
    for system in systems:
        suite.check(system)
    both, pictures = suite.run(systems)
    assert pictures.variant == {"gallery": "both", "references": "excluded", "reads": "pictures"}
    assert "reads" not in both.variant
    assert both.data.fingerprint == pictures.data.fingerprint, "they were asked the same"
    with pytest.raises(EncoderError):
        Merit(shop, MeritSettings(gallery="text"), tools=TOOLS).check(Eyes())
    with pytest.raises(SkulensError, match="seq needs an encoder of whole items"):
        Merit(shop, MeritSettings(fusion="seq"), tools=TOOLS).check(FakeEncoder())


def test_cat_says_who_reads_tile_and_text_in_one_pass():
    products = [
        replace(p, images=(Image(data=png((9 * i, 80, 200))),)) for i, p in enumerate(PRODUCTS)
    ]
    shop = Shop(products, [query("q", "a")])
    suite = Merit(shop, MeritSettings(gallery="image", fusion="cat"), tools=TOOLS)
    parts, items = suite.run([FakeEncoder(), ItemEncoder()])
    assert items.variant == {**parts.variant, "reads": "items"} and "reads" not in parts.variant


# ----- bad input ------------------------------------------------------------------------------


def test_what_cannot_be_measured_is_named_and_the_rest_goes_on():
    silent = replace(query("silent", "a"), conditions=())
    shop = Shop(
        PRODUCTS,
        [query("q", "a"), silent, query("nobody", {}), query("no", {"a": 0}), query("lost", "zz")],
    )
    [result] = measure(shop, Scripted(dict.fromkeys(("q", "lost"), IN_ORDER)))
    assert {(r.item, r.reason) for r in result.rejects} == {
        ("silent", "it states no condition"),
        ("nobody", "no product is judged relevant to it"),
        ("no", "no product is judged relevant to it"),
    }
    assert (result.counts["units"], result.counts["unanswerable_queries"]) == (2, 1)
    assert value(result, "hit_rate@1") == 0.5, "an answer that no gallery holds is a miss"
    assert result.counts["rejects"] == 3


def test_nothing_to_ask_is_said():
    with pytest.raises(DataError, match="no query of split 'composed' of tiny states conditions"):
        measure(Shop(PRODUCTS, []), Scripted({}))
    with pytest.raises(DataError, match="expected cut-offs of at least 1"):
        MeritSettings(ks=(0, 1))


def test_a_result_with_errors_is_stored_and_read_again(tmp_path):
    from skulens.bench.store import ResultStore

    shop = Shop(KNOWN, [query("q", "a", conditions=BOTH), query("r", "a", conditions=BOTH)])
    [result] = measure(shop, Scripted({"q": "b", "r": "a"}))
    ResultStore(tmp_path).add(result)
    [stored] = ResultStore(tmp_path).results()
    assert stored.errors.keys() == result.errors.keys()
    assert stored.errors["attribute"].value == 1.0
    assert stored.tables["errors"].to_pylist() == result.tables["errors"].to_pylist()
    assert json.dumps(result.record())


def test_both_plain_and_suite_numbers_of_the_benchmark_agree():
    from benchmarks import merit_evaluation as bench

    queries, asked, shown = bench.simulate(40, 300, 16)
    found = bench.evaluate_suite(
        bench.task_of(bench.Shop(300), bench.gallery_of(300)), queries, asked, shown
    )
    plain = bench.evaluate_plainly(queries, asked, shown)
    for name, values in plain.items():
        assert found.scores.values(name) == pytest.approx(values), name
    assert 0 < plain["hit_rate@1"].mean() < 1 and set(found.slices) > {"language_row", "references"}


def test_baselines_are_opened_by_name():
    shop = Shop(KNOWN, [query("q", "a", conditions=BOTH)])
    names = ["random", "random:3", "oracle", "oracle:1", "oracle:9"]
    found = run_suite("merit", shop, names, {"gallery": "text"}, tools=TOOLS)
    assert [r.name for r in found.results] == names and not found.failed
    assert {r.system.kind for r in found.results} == {"baseline"}
    hits = {r.name: value(r, "hit_rate@1") for r in found.results}
    assert hits["oracle"] == hits["oracle:9"] == 1.0
    plain = Shop(PRODUCTS, [query("q", "a")])
    with pytest.raises(DataError, match="oracle ranks by true attributes, and no product has any"):
        run_suite("merit", plain, ["oracle"], {"gallery": "text"}, tools=TOOLS)
