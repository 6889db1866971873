"""Suite mpr on a small shop whose answers are known."""

import io
import itertools
import json
from dataclasses import replace

import numpy as np
import PIL.Image
import pyarrow.parquet as pq
import pytest

from skulens.bench.embedding import blocks
from skulens.bench.store import ResultStore
from skulens.bench.suites.mpr import Mpr, MprSettings
from skulens.bench.task import Tools
from skulens.encode.batching import Batching
from skulens.encode.gallery import build_gallery
from skulens.encode.memo import Memo
from skulens.errors import DataError
from skulens.evaluate.intervals import Interval
from skulens.records import DatasetInfo, Image, Item, Product, Query, Reject
from skulens.report.export import export_results
from tests.encode.fake import FakeEncoder

QUIET = Batching(batch=4, threads=2, progress=False)
COLOURS = {
    "red": (220, 30, 30),
    "green": (30, 200, 40),
    "blue": (30, 60, 220),
    "white": (240, 240, 240),
}


def png(colour, size=(12, 10)) -> bytes:
    out = io.BytesIO()
    PIL.Image.new("RGB", size, tuple(colour)).save(out, "PNG")
    return out.getvalue()


class ColourEncoder(FakeEncoder):
    """Reads a picture's mean colour and a text's colour word, so its right answers are known."""

    def __init__(self, name="colour"):
        super().__init__(name, dim=3)

    def prepare_image(self, picture, role="query"):
        return np.asarray(picture, np.float32).mean((0, 1)) - 100

    def prepare_text(self, text, role="query"):
        words = [np.array(COLOURS[w], np.float32) for w in text.split() if w in COLOURS]
        return np.mean(words or [np.ones(3)], axis=0) - 100

    def encode_batch(self, modality, batch):
        self.batches.append((modality, len(batch)))
        return np.stack(batch).astype(np.float32)


class Shop:
    """Four products in one colour each, `per_sku` noisy probes; one probe in another's colour."""

    def __init__(self, per_sku=3, wrong=1, broken=0):
        self.info = DatasetInfo(
            "shop", "four colours", gallery_text=("description",), splits=("test",)
        )
        self.rejects = []
        self.per_sku, self.wrong, self.broken = per_sku, wrong, broken

    def products(self):
        for name, colour in COLOURS.items():
            shot = np.clip(np.array(colour) + 6, 0, 255)
            images = (Image(data=png(colour)), Image(data=png(shot)))
            yield Product(
                name,
                title=f"box {name}",
                texts={"description": f"a {name} box", "note": name},
                images=images,
            )

    def queries(self, split):
        draw = np.random.default_rng(0)
        left, broken = self.wrong, self.broken
        for name, colour in COLOURS.items():
            for i in range(self.per_sku):
                shown = COLOURS["blue"] if left and name == "red" else colour
                left -= name == "red" and left > 0
                data = png(np.clip(np.array(shown) + draw.integers(-9, 9, 3), 0, 255))
                if broken and name == "green":
                    data, broken = b"", broken - 1
                yield Query(
                    f"{name}-{i}", Item(f"{name}-{i}", (Image(data=data),)), {name: 1}, group=name
                )


def run(shop=None, encoder=None, **settings):
    tools = Tools(batching=QUIET)
    suite = Mpr(shop or Shop(), MprSettings(**settings), tools=tools)
    return list(suite.run([encoder or ColourEncoder()]))


@pytest.mark.parametrize("gallery", ["text", "image", "both"])
def test_numbers_are_those_counted_by_hand(gallery):
    [result] = run(gallery=gallery)
    assert (result.counts["units"], result.counts["gallery"]) == (12, 4)
    assert result.metrics["hit_rate@1"].value == pytest.approx(11 / 12)
    assert result.metrics["macro_hit_rate@1"].value == pytest.approx((2 / 3 + 3) / 4)
    found = result.metrics["hit_rate@1"]
    low, high = found.low, found.high
    assert low <= 11 / 12 <= high and low < high


def test_densities_have_the_ends_of_the_hit_rate():
    """phi, M1 and M2 grow with it, so that its interval gives theirs; 4 million parameters."""
    encoder = ColourEncoder()
    object.__setattr__(encoder.info, "params", 4_000_000)
    [result] = run(gallery="text", encoder=encoder)
    base = result.metrics["hit_rate@1"]
    written = {
        "phi": lambda x: (x / (1 - x + 1e-6)) ** 2 / 4 * 100,
        "m1": lambda x: x / 4 * 100,
        "m2": lambda x: x**2 / 4 * 100,
    }
    for name, density in written.items():
        found = result.metrics[name]
        assert found.low < found.value < found.high and (found.n, found.groups) == (12, 4)
        for end in ("value", "low", "high"):
            assert getattr(found, end) == pytest.approx(density(getattr(base, end)))


def test_auto_measures_what_encoder_and_data_have():
    assert [r.variant["gallery"] for r in run()] == ["text", "image"]
    encoder = ColourEncoder()
    object.__setattr__(encoder.info, "modalities", ("image",))
    assert [r.variant["gallery"] for r in run(encoder=encoder)] == ["image"]


@pytest.mark.parametrize("shots", ["max", "mean", "prototype"])
@pytest.mark.parametrize("gallery", ["text", "image", "both"])
def test_several_shots_per_product(shots, gallery):
    [result] = run(gallery=gallery, shots=shots, texts=("description", "note"))
    assert result.counts["gallery"] == 4
    assert result.metrics["hit_rate@1"].value == pytest.approx(11 / 12)


def test_unreadable_probe_is_a_reject_and_not_a_miss():
    [result] = run(Shop(wrong=0, broken=1), gallery="text")
    assert result.counts["units"] == 11
    assert result.metrics["hit_rate@1"].value == 1
    assert [r.reason for r in result.rejects] == ["empty file (0 bytes)"]


@pytest.mark.parametrize("modes", [("sound",), ("paper",), ("sound", "paper")])
def test_rejects_found_while_probes_are_read_are_kept_once(modes):
    class Lossy(Shop):
        def queries(self, split):
            for n in (1, 2):
                self.rejects.append(Reject(f"line {n}", f"row {n}", "no picture", "give one"))
            yield from super().queries(split)

    shop = Lossy()
    for mode in modes:  # on one catalogue, read anew each time
        [result] = run(shop, gallery="text", mode=mode)
        assert [r.item for r in result.rejects] == ["row 1", "row 2"]
        assert result.counts["rejects"] == 2 and result.counts["units"] == 12


def test_equal_broken_probes_in_several_blocks_are_rejects_each(monkeypatch):
    monkeypatch.setattr("skulens.bench.embedding.BLOCK_BYTES", -1)
    [result] = run(Shop(wrong=0, broken=3), gallery="text")
    assert result.counts["units"] == 9
    assert [r.reason for r in result.rejects] == ["empty file (0 bytes)"] * 3


class Mixed(Shop):
    """Fourteen products: every one, two or three of four colours; the probes of `Shop`."""

    def products(self):
        for n in (1, 2, 3):
            for words in itertools.combinations(COLOURS, n):
                yield Product(" ".join(words), texts={"description": f"a {' '.join(words)} box"})


def test_a_large_shop_is_cut_far_below_the_cut_offs_and_says_so(monkeypatch):
    [whole] = run(Mixed(), gallery="text")
    monkeypatch.setattr("skulens.bench.candidates.FULL_RANKING", 12 * 14 - 1)
    [large] = run(Mixed(), gallery="text")
    assert large.metrics == whole.metrics, "a cut of 1,000 is none for 14 products"
    monkeypatch.setattr("skulens.bench.candidates.CUT_RANKING", 11)
    [cut] = run(Mixed(), gallery="text")
    hits = [m for m in whole.metrics if m.startswith(("hit_rate", "ndcg", "macro"))]
    assert len(hits) >= 12 and all(cut.metrics[m] == whole.metrics[m] for m in hits)
    assert {"mrr@11", "map@11"} <= set(cut.metrics) and "mrr" not in cut.metrics
    assert cut.tables["run"].num_rows == 12 * 11


def test_probe_that_is_its_own_gallery_picture_is_left_out():
    class Same(Shop):
        def queries(self, split):
            yield from super().queries(split)
            yield Query(
                "copy", Item("copy", (Image(data=png(COLOURS["red"])),)), {"red": 1}, group="red"
            )

    [result] = run(Same(), gallery="image")
    assert (result.counts["units"], result.counts["probe_is_gallery_picture"]) == (12, 1)
    [text] = run(Same(), gallery="text")
    assert text.counts["units"] == 13


def test_all_probes_in_the_gallery_is_refused_with_what_to_do():
    class Own(Shop):
        def queries(self, split):
            for product in self.products():
                yield Query(product.id, Item(product.id, product.images[:1]), {product.id: 1})

    with pytest.raises(DataError, match="split=gallery"):
        run(Own(), gallery="image")


def test_products_without_text_are_counted_and_their_probes_are_misses():
    class Silent(Shop):
        def products(self):
            for product in super().products():
                yield Product("green", images=product.images) if product.id == "green" else product

    [result] = run(Silent(wrong=0), gallery="text")
    assert result.counts["products_without_gallery_item"] == 1
    assert result.counts["unanswerable_queries"] == 3
    assert result.metrics["hit_rate@1"].value == pytest.approx(9 / 12)


def test_no_text_of_that_role_names_those_there_are():
    with pytest.raises(DataError, match="description, note, title"):
        run(gallery="text", texts=("caption",))


def test_equal_captions_credit_the_right_product_by_id_not_by_first_text():
    class Twins(Shop):
        def products(self):
            for product in super().products():
                yield Product(product.id, texts={"description": "a box"}, images=product.images)

    [result] = run(Twins(), gallery="text")
    assert result.counts["tied_queries"] == 12
    assert result.metrics["hit_rate@1"].value == pytest.approx(
        3 / 12
    )  # the largest id of a full tie, every time


def test_paper_mode_ranks_in_bfloat16_one_by_one():
    encoder = ColourEncoder()
    [result] = run(encoder=encoder, gallery="text", mode="paper")
    assert {n for modality, n in encoder.batches if modality == "image"} == {1}
    assert [n for modality, n in encoder.batches if modality == "text"] == [4]
    assert result.metrics["hit_rate@1"].value == pytest.approx(11 / 12)
    with pytest.raises(DataError, match="paper mode"):
        run(gallery="both", mode="paper")


def test_second_run_forwards_nothing_and_gives_the_same(tmp_path):
    def once():
        encoder = ColourEncoder()
        tools = Tools(tmp_path, Memo(tmp_path), QUIET)
        suite = Mpr(Shop(), MprSettings(), tools=tools)
        return encoder, list(suite.run([encoder]))

    _, first = once()
    encoder, second = once()
    assert encoder.forwards == 0 and [r.counts["forwards"] for r in second] == [0, 0]
    assert [r.metrics for r in first] == [r.metrics for r in second]
    assert [r.key for r in first] == [r.key for r in second]
    assert (
        second[0].cost["measured"] == "earlier"
        and second[0].cost["images_per_s"] == first[1].cost["images_per_s"]
    )


def test_blocks_bound_pictures_in_memory(monkeypatch):
    monkeypatch.setattr("skulens.bench.embedding.BLOCK_BYTES", 300)
    queries = list(Shop().queries("test"))
    cut = list(blocks(queries))
    assert len(cut) > 2 and [q.id for block in cut for q in block] == [q.id for q in queries]
    [result] = run(gallery="text")
    assert result.counts["units"] == 12


def test_store_never_overwrites_silently(tmp_path):
    store = ResultStore(tmp_path)
    [result] = run(gallery="text")
    place, status = store.add(result)
    assert status == "new" and store.add(result) == (place, "unchanged")
    changed = {**result.metrics, "mrr": Interval(0.0, 0.0, 0.0, 12, 4)}
    beside, status = store.add(replace(result, metrics=changed))
    assert status == "differs" and beside != place and len(store.results()) == 2


def test_stored_files_hold_every_query_and_provenance(tmp_path):
    [result] = run(gallery="text")
    place, _ = ResultStore(tmp_path).add(result)
    record = json.loads((place / "result.json").read_text())
    assert set(record) >= {
        "suite",
        "data",
        "gallery",
        "encoder",
        "n_queries",
        "n_gallery",
        "metrics",
        "speed",
        "provenance",
    }
    assert pq.read_table(place / "per_query.parquet").num_rows == 12
    assert pq.read_table(place / "run.parquet").num_rows == 48


def test_exported_run_gives_trec_eval_the_same_numbers(tmp_path):
    pytrec_eval = pytest.importorskip("pytrec_eval")
    [result] = run(gallery="text")
    store = ResultStore(tmp_path / "results")
    place, _ = store.add(result)
    assert export_results(store.results(), "trec", tmp_path / "trec").written == 1
    with (tmp_path / "trec" / f"{place.name}.qrels").open() as f:
        evaluator = pytrec_eval.RelevanceEvaluator(
            pytrec_eval.parse_qrel(f), {"recip_rank", "success"}
        )
    with (tmp_path / "trec" / f"{place.name}.run").open() as f:
        theirs = evaluator.evaluate(pytrec_eval.parse_run(f))
    assert np.mean([q["recip_rank"] for q in theirs.values()]) == pytest.approx(
        result.metrics["mrr"].value, abs=1e-6
    )
    assert np.mean([q["success_1"] for q in theirs.values()]) == pytest.approx(
        result.metrics["hit_rate@1"].value, abs=1e-6
    )


def test_gallery_roles_fall_back_in_order():
    info = DatasetInfo("x", "x", gallery_text=("caption", "title"))
    gallery = build_gallery(
        [Product("a", title="A"), Product("b", texts={"caption": "B!"})], "text", info
    )
    assert [item.parts for item in gallery.items] == [("A",), ("B!",)]
