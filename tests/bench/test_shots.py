"""What stands for a product by default, what is said of it, and what tells results apart."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from skulens.analysis.labels import distinguish
from skulens.analysis.pairing import left_out, pair_up
from skulens.bench.retrievers import keep_held
from skulens.bench.run import make_settings
from skulens.bench.store import ResultStore
from skulens.bench.stored_files import rewrite_record
from skulens.bench.suites.mpr import MprSettings
from skulens.bench.sweep import stored_names
from skulens.encode.gallery import build_gallery
from skulens.errors import DataError
from skulens.records import Image, Item, Product, Query
from skulens.report.export import write_csv
from skulens.report.gallery import describe_gallery, notes_on_gallery
from skulens.report.names import label
from skulens.report.tables import title_of
from skulens.report.views import views_of_results
from tests.bench.test_mpr import COLOURS, ColourEncoder, Shop, png, run


class Backs(Shop):
    """Each product's first picture is grey: only its second can be found."""

    def products(self):
        for name, colour in COLOURS.items():
            yield Product(
                name,
                texts={"description": f"a {name} box", "note": name},
                images=(Image(data=png((128, 128, 128))), Image(data=png(colour))),
            )


def only(shop=None, **settings):
    [result] = run(shop or Backs(wrong=0), **settings)
    return result


def test_every_picture_of_a_product_is_used_by_default():
    found, single = only(gallery="image"), only(gallery="image", shots="single")
    assert found.metrics["hit_rate@1"].value == 1
    assert single.metrics["hit_rate@1"].value < 0.5
    assert (found.counts["gallery_pictures"], found.counts["gallery_pictures_unused"]) == (8, 0)
    assert (single.counts["gallery_pictures"], single.counts["gallery_pictures_unused"]) == (8, 4)
    assert "shots" not in found.variant and single.variant["shots"] == "single"
    assert title_of([found]).endswith("image of 4 SKUs, 8 pictures joined")
    assert title_of([single]).endswith("image of 4 SKUs, 4 of 8 pictures used, shots single")
    assert notes_on_gallery([found]) == []
    [note] = notes_on_gallery([single])
    assert "4 of 8 gallery pictures are not used" in note and "--shots" in note


def test_the_best_picture_of_a_product_decides_by_default():
    """Not their mean: two pictures of which one is the probe beat one that is somewhat like it."""

    class Sides(Shop):
        def products(self):
            sides = {"red": ((250, 0, 0), (0, 0, 250)), "blue": ((200, 120, 0),)}
            for name, colours in sides.items():
                yield Product(name, images=tuple(Image(data=png(c)) for c in colours))

        def queries(self, split):
            yield Query("q", Item("q", (Image(data=png((249, 1, 1))),)), {"red": 1})

    rates = {
        shots: only(Sides(), gallery="image", shots=shots, ks=(1,)).metrics["hit_rate@1"].value
        for shots in ("auto", "max", "mean")
    }
    assert rates == {"auto": 1, "max": 1, "mean": 0}


def test_both_takes_one_text_with_every_picture():
    found = only(gallery="both")
    gallery = build_gallery(list(Backs().products()), "both", Backs().info, shots="auto")
    assert len(gallery.items) == 8 and not found.variant.get("shots")
    assert {item.parts[0] for item in gallery.items} == {f"a {c} box" for c in COLOURS}


@pytest.mark.parametrize("gallery", ["text", "image"])
def test_settings_that_change_nothing_make_no_other_result(gallery):
    class One(Backs):
        def products(self):
            for product in super().products():
                yield replace(product, images=product.images[1:])

    asked = ("auto", "single", "max", "mean", "prototype")
    found = [only(One(wrong=0), gallery=gallery, shots=shots) for shots in asked]
    assert {r.key for r in found} == {found[0].key}
    assert [dict(r.variant) for r in found] == [{"gallery": gallery}] * 5
    assert {r.settings["shots"] for r in found} == {"single"}
    assert len({r.metrics["mrr"].value for r in found}) == 1


def test_the_rule_of_the_default_is_no_other_system_where_it_joins_the_same():
    found, rule = only(gallery="image"), only(gallery="image", shots="max")
    assert found.key == rule.key and dict(found.variant) == dict(rule.variant)
    roles = {"gallery": "both", "texts": ("description", "note")}
    assert only(**roles).key != only(**roles, shots="max").key


def test_texts_belong_to_the_variant_only_where_they_decide():
    assert only(gallery="text", texts=("note",)).variant["texts"] == "note"
    pictures = only(gallery="image", texts=("note",))
    assert pictures.key == only(gallery="image").key and "texts" not in pictures.variant


def test_probes_without_an_answer_are_counted_in_words():
    class Fewer(Backs):
        def products(self):
            yield from list(super().products())[:1]

    result = only(Fewer(wrong=0), gallery="image")
    said = "9 of 12 probes (75 %) have no answer in the gallery and count as misses"
    assert notes_on_gallery([result]) == [f"warning: {describe_gallery(result)}: {said}"]


def test_a_gallery_without_any_answer_is_an_error_that_names_ids():
    class Other(Backs):
        def queries(self, split):
            for q in super().queries(split):
                yield Query(q.id, q.item, {f"0{q.group}": 1}, group=q.group)

    with pytest.raises(DataError, match=r"look for '0red'.*gallery has 'red', 'green', 'blue'"):
        only(Other(wrong=0), gallery="text")


def test_auto_leaves_out_pictures_where_every_probe_is_one_of_them():
    class Unsplit(Backs):
        def queries(self, split):
            for q in super().queries(split):
                yield replace(q, tags={"in_gallery": "yes"})

    with pytest.warns(UserWarning, match="every probe is itself a gallery picture"):
        found = run(Unsplit(wrong=0))
    assert [r.variant["gallery"] for r in found] == ["text"]


def test_a_limit_below_zero_is_refused():
    with pytest.raises(DataError, match="0 is all"):
        make_settings(MprSettings, {"limit": -5})


def test_nothing_that_differs_looks_the_same(tmp_path):
    store, asked = (
        ResultStore(tmp_path),
        [
            {"gallery": "image"},
            {"gallery": "image", "shots": "mean"},
            {"gallery": "image", "shots": "prototype"},
            {"gallery": "image", "shots": "single"},
            {"gallery": "both", "fusion": "cat"},
            {"gallery": "both"},
            {"gallery": "text", "texts": ("note",)},
            {"gallery": "text"},
        ],
    )
    for settings in asked:
        store.add(only(**settings))
    half = ColourEncoder()
    object.__setattr__(half.info, "dtype", "bfloat16")
    object.__setattr__(half.info, "identity", "half")
    [other] = run(Backs(wrong=0), half, gallery="image")
    store.add(other)
    results = store.results()
    assert len(results) == 9
    views = views_of_results(results)
    rows = [(v.title, row.entry.name) for v in views for row in v.rows]
    assert len(rows) == len(set(rows)) == 9
    tables = {}
    for r in results:
        tables.setdefault((r.data.fingerprint, r.variant["gallery"]), []).append(r)
    seen = [(title_of(mine), label(r, mine)) for mine in tables.values() for r in mine]
    assert len(seen) == len(set(seen)) == 9
    write_csv(results, tmp_path / "all.csv")
    cells = list(csv.DictReader((tmp_path / "all.csv").open()))
    names = ("gallery", "encoder", "shots", "texts", "fusion", "mode", "dtype")
    assert len({tuple(c[n] for n in names) for c in cells}) == 9


def test_compare_pairs_the_same_precision_and_names_what_has_no_partner():
    mine = [only(gallery="image"), only(gallery="image", shots="mean")]
    other = ColourEncoder("tint")
    [theirs] = run(Backs(wrong=0), other, gallery="image")
    half = ColourEncoder("tint")
    object.__setattr__(half.info, "dtype", "bfloat16")
    [rough] = run(Backs(wrong=0), half, gallery="image")
    pairs = pair_up(mine, [theirs, rough])
    assert [(x.variant.get("shots"), y is theirs) for x, y in pairs] == [(None, True)]
    assert left_out(mine, [theirs, rough], pairs) == [mine[1], rough]


def test_dtype_is_said_only_of_twins():
    one, mean = only(gallery="image"), only(gallery="image", shots="mean")
    half = ColourEncoder()
    object.__setattr__(half.info, "dtype", "bfloat16")
    [rough] = run(Backs(wrong=0), half, gallery="image")
    dtype = one.system.dtype
    name = one.name
    assert distinguish([one, mean, rough]) == [
        f"{name} (shots max, dtype {dtype})",
        f"{name} (shots mean)",
        f"{name} (shots max, dtype bfloat16)",
    ]


def test_what_is_stored_is_found_under_the_default_alone():
    found = [only(gallery="image"), only(gallery="image", shots="single")]
    for result, others in zip(found, ({"shots": "single"}, {"shots": "auto"}), strict=True):
        asked = {"gallery": "image", "ks": (1, 3, 5, 10)}
        name = result.data.name
        assert stored_names([result], "mpr", name, asked | others) == set()
    assert stored_names(found[:1], "mpr", found[0].data.name, {"gallery": "image"})


def test_results_of_before_are_of_one_picture(tmp_path):
    store = ResultStore(tmp_path)
    place, _ = store.add(only(gallery="image", shots="single"))
    record = json.loads((place / "result.json").read_text())
    for name in ("gallery_pictures", "gallery_pictures_unused"):
        del record["counts"][name]
    del record["variant"]["shots"]
    rewrite_record(place, record)
    [old] = store.results()
    assert old.variant["shots"] == "single"
    assert store.add(only(gallery="image", shots="single"))[1] == "unchanged"
    assert store.results()[0].counts["gallery_pictures"] == 8


def test_a_store_is_measured_on_the_pictures_that_it_holds():
    class Held:
        def __init__(self, of):
            self.of = of

        def pictures_of(self, products):
            return [self.of.get(p, ()) for p in products]

    items = tuple(Item(p, (f"{p}{n}",)) for p in "ab" for n in (1, 2))
    gallery = replace(
        build_gallery(list(Backs().products()), "image", Backs().info, shots="auto"),
        items=items,
        owners=np.array([0, 0, 1, 1]),
        products=("a", "b"),
        pictures=4,
    )
    shown = [("a1",), ("a2",), ("b1",), ("b2",)]
    fewer, hashes = keep_held(Held({"a": ("a2",), "b": ("other",)}), gallery, shown)
    assert hashes == [("a2",), ("b1",)] and fewer.owners.tolist() == [0, 1]
    assert (fewer.shots, fewer.usual, fewer.unused) == ("single", False, 2)
    assert keep_held(Held({}), gallery, shown)[0] is gallery
