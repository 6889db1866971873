"""mteb repeats a run of ours: same probes, same numbers, same order among ties."""

import io
import json
import re
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

pytest.importorskip("mteb", reason="mteb tasks need mteb: pip install 'skulens[eval]'")
import skulens.bench.as_mteb as as_mteb  # before mteb: it mends torchvision # isort: skip
import mteb
import pytrec_eval
from mteb.results import TaskResult

from skulens.bench.mteb_names import mteb_model_name, mteb_task_name
from skulens.bench.store import ResultStore, read_run
from skulens.bench.suites.mpr import Mpr, MprSettings
from skulens.bench.task import Tools
from skulens.catalog.open import open_catalog
from skulens.encode import open_encoder
from skulens.encode.batching import Batching
from skulens.errors import DataError
from skulens.pictures import load
from skulens.records import Image, Item, Product, Query
from skulens.report.export import export_results
from tests.bench.test_mpr import COLOURS, ColourEncoder, Shop, png

NAMES = ("hit_rate@1", "hit_rate@5", "hit_rate@10", "ndcg@10", "recall@3")


@pytest.fixture(scope="module", autouse=True)
def offline():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    pytest.importorskip(
        "resvg_py", reason="the shop is drawn with resvg: pip install 'skulens[world]'"
    )
    from skulens.world.config import WorldConfig
    from skulens.world.reader import generator

    folder = tmp_path_factory.mktemp("mteb") / "shop"
    generator()(
        folder, WorldConfig(skus=24, seed=7, px=96, views=("front",), photos=2, split="test"), 1
    )
    return folder


@pytest.fixture
def shop(folder):
    return open_catalog(str(folder))


def ours(catalog, encoder, gallery, **settings):
    suite = Mpr(
        catalog,
        MprSettings(gallery=gallery, **settings),
        name="my shop",
        tools=Tools(batching=Batching(progress=False), time_probes=False),
    )
    [result] = suite.run([encoder])
    return suite, result


def theirs(encoder, task, folder):
    """(scores rounded to five digits, metrics of every query unrounded) as mteb has them."""
    model = as_mteb.MtebEncoder(encoder)
    [result] = mteb.evaluate(
        model, [task], cache=None, show_progress_bar=False, prediction_folder=folder
    ).task_results
    run = json.loads((folder / f"{task.metadata.name}_predictions.json").read_text())["default"][
        "test"
    ]
    judge = pytrec_eval.RelevanceEvaluator(
        task.dataset["default"]["test"]["relevant_docs"],
        {"success.1,5,10", "ndcg_cut.10", "recall.3"},
    )
    return result.scores["test"][0], run, judge.evaluate(run)


def agree(result, scores, per_query):
    for name in NAMES:
        value, k = result.metrics[name].value, name.partition("@")[2]
        trec = {"hit_rate": "success_", "ndcg": "ndcg_cut_", "recall": "recall_"}[
            name.partition("@")[0]
        ] + k
        assert np.mean([q[trec] for q in per_query.values()]) == pytest.approx(value, abs=1e-6), (
            name
        )
        assert scores[name.replace("@", "_at_")] == pytest.approx(value, abs=5.1e-6), (
            name
        )  # mteb rounds to five digits


def test_snippets_of_the_document_run(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    text = (Path(__file__).resolve().parents[2] / "docs/mteb.md").read_text(encoding="utf-8")
    snippets = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert snippets
    for snippet in snippets:
        exec(snippet, {})


@pytest.mark.parametrize("gallery", ["text", "image", "both"])
def test_mteb_repeats_a_run_of_the_shipped_encoder(shop, gallery, tmp_path):
    encoder = open_encoder("mini")
    suite, result = ours(shop, encoder, gallery)
    task = as_mteb.mpr_task(suite, gallery)
    assert (
        task.metadata.revision == result.data.fingerprint
        and task.metadata.category == {"text": "i2t", "image": "i2i", "both": "i2it"}[gallery]
    )
    scores, run, per_query = theirs(encoder, task, tmp_path)
    agree(result, scores, per_query)
    assert len(per_query) == result.counts["units"] == 48
    ranking = read_run(result)
    for i, query in enumerate(ranking.queries):
        ranked = dict(ranking.candidates(i))
        assert run[query] == pytest.approx(ranked, abs=1e-5)


class Twins(Shop):
    """Two products share each text, so that every probe has a tie on its first place."""

    def products(self):
        for product, words in zip(super().products(), ("red", "red", "blue", "blue"), strict=True):
            yield Product(
                product.id, texts={"description": f"a {words} box"}, images=product.images
            )


@pytest.mark.parametrize("catalog", [Twins, Shop])
def test_ties_are_broken_alike(catalog, tmp_path):
    encoder = ColourEncoder()
    suite, result = ours(catalog(), encoder, "text")
    assert (result.counts["tied_queries"] > 0) == (catalog is Twins)
    scores, run, per_query = theirs(encoder, as_mteb.mpr_task(suite, "text"), tmp_path)
    agree(result, scores, per_query)
    if catalog is Twins:
        assert len(set(run["red-1"].values())) == 2


def test_equal_vectors_get_equal_scores_in_any_place():
    model, rng = as_mteb.MtebEncoder(ColourEncoder()), np.random.default_rng(0)
    queries, gallery = (rng.normal(size=(n, 37)).astype(np.float32) for n in (5, 40))
    gallery[[3, 17, 39]] = gallery[0]
    scores = model.similarity(queries, gallery)
    assert (scores[:, [3, 17, 39]] == scores[:, :1]).all()
    assert scores == pytest.approx(queries @ gallery.T, abs=1e-5)
    assert model.similarity_pairwise(queries, gallery[:5]) == pytest.approx(
        np.einsum("nd,nd->n", queries, gallery[:5]), abs=1e-5
    )


def test_what_cannot_be_read_or_is_in_the_gallery_is_left_out_as_in_the_suite(tmp_path):
    class Damaged(Shop):
        def products(self):
            for product in super().products():
                yield (
                    Product(product.id, images=(Image(data=b"no picture"),))
                    if product.id == "blue"
                    else product
                )

        def queries(self, split):
            yield from super().queries(split)
            yield Query(
                "copy", Item("copy", (Image(data=png(COLOURS["red"])),)), {"red": 1}, group="red"
            )

    suite, result = ours(Damaged(broken=1), ColourEncoder(), "image", shots="single")
    task = as_mteb.mpr_task(suite, "image")
    assert task.metadata.revision == result.data.fingerprint
    scores, run, per_query = theirs(ColourEncoder(), task, tmp_path)
    assert sorted(run) == sorted(read_run(result).queries) and "copy" not in run and len(run) == 11
    assert "blue" not in run["blue-0"] and result.metrics["hit_rate@10"].value < 1
    agree(result, scores, per_query)


def test_pictures_reach_the_encoder_as_our_decoder_gives_them(tmp_path):
    """From memory, disk and cells; EXIF turns and palettes included."""
    turned = io.BytesIO()
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    PIL.Image.fromarray(np.arange(48, dtype=np.uint8).reshape(4, 4, 3)).resize((9, 5)).save(
        turned, "PNG", exif=exif
    )
    palette = io.BytesIO()
    PIL.Image.new("P", (7, 3), 5).save(palette, "PNG", transparency=5)
    file = tmp_path / "turned.png"
    file.write_bytes(turned.getvalue())

    class Cell(Image):
        """In another file, as in a Parquet table."""

        own_file = None

        def read(self):
            return palette.getvalue()

    pictures = [
        *(Image(data=b.getvalue()) for b in (turned, palette)),
        Image(path=str(file)),
        Cell(path="table.parquet#3"),
    ]
    rows = as_mteb.rows_of([Item(str(i), (p,)) for i, p in enumerate(pictures)])
    for loaded, picture in zip(rows["image"], pictures, strict=True):
        assert (np.asarray(as_mteb.to_upright_rgb(loaded)) == np.asarray(load(picture))).all()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"shots": "max", "texts": ("description", "note")}, "one item per product"),
        ({"mode": "paper"}, "float32 cosines"),
        ({"split": "gone"}, "leaves no probe"),
    ],
)
def test_what_mteb_cannot_carry_is_refused(settings, says):
    class Split(Shop):
        def queries(self, split):
            yield from super().queries(split) if split == "test" else ()

    with pytest.raises(DataError, match=says):
        as_mteb.mpr_task(Mpr(Split(), MprSettings(**settings)), "text")


def test_several_texts_in_an_item_are_refused():
    queries = [
        Query(f"q{i}", Item(f"q{i}", parts), {"p": 1})
        for i, parts in enumerate([("a", "b"), ("a",)])
    ]
    with pytest.raises(DataError, match="made of text or text \\+ text"):
        as_mteb.task_of("x", queries, [Item("p", ("c",))])


def test_exported_results_are_read_by_mteb(tmp_path):
    store = ResultStore(tmp_path / "results")
    measured = [ours(Shop(), ColourEncoder(), gallery)[1] for gallery in ("text", "image")]
    measured.append(ours(Shop(), ColourEncoder(), "text", texts=("note",))[1])
    for result in measured:
        store.add(result)
    assert export_results(store.results(), "mteb", tmp_path / "out").written == 3
    files = sorted((tmp_path / "out/results/skulens__colour").glob("*/*.json"))
    assert [f.name for f in files][:2] == [
        "MyShopImage.json",
        "MyShopText-" + files[1].stem[-10:] + ".json",
    ] and len(files) == 4
    result = TaskResult.from_disk(files[0])
    assert (
        result.task_name == "MyShopImage"
        and result.dataset_revision == measured[1].data.fingerprint
    )
    assert result.get_score(splits=["test"]) == pytest.approx(measured[1].metrics["ndcg@10"].value)
    [scores] = result.scores["test"]
    assert (
        scores["hit_rate_at_1_low"]
        == measured[1].metrics["hit_rate@1"].low
        <= scores["hit_rate_at_1"]
    )
    loaded = mteb.ResultCache(tmp_path / "out").load_results(
        models=["skulens/colour"],
        tasks=["MyShopImage", "MyShopText"],
        include_remote=False,
        validate_and_filter=False,
    )
    assert [m.model_name for m in loaded.model_results] == ["skulens/colour"]
    assert sorted(t.task_name for t in loaded.model_results[0].task_results) == [
        "MyShopImage",
        "MyShopText",
    ]


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("mini", "skulens/mini"),
        ("open_clip:ViT-B-32/openai", "skulens/open_clip-ViT-B-32-openai"),
        ("onnx:../weights/mobilenet_v1", "skulens/onnx-mobilenet_v1"),
    ],
)
def test_names_are_such_as_mteb_takes(name, called):
    assert mteb_model_name(name) == called
    assert mteb_task_name("data/my shop.csv", "text") == "MyShopText"
