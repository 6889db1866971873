"""Each format's own rules, on small copies and on the real data where it is."""

import json
import shutil

import PIL.Image
import pyarrow as pa
import pytest

from skulens.catalog.groceries import SAMPLE
from skulens.catalog.merit_lines import Interleaved, interleave
from skulens.catalog.open import open_catalog
from skulens.errors import DataError, MissingFile
from skulens.records import Condition, Image

from .conftest import (
    jpeg,
    lines,
    make_apparel_catalogue,
    make_groceries,
    make_merit,
    make_openmpr,
    merit_products,
    merit_queries,
    put,
    real_data,
)


def test_groceries_on_this_machine():
    catalog = open_catalog(str(real_data("groceries")))
    products = {p.id: p for p in catalog.products()}
    assert len(products) == 81 and not catalog.rejects
    assert all(
        p.texts["description"] and p.title and len(p.images) == 1 and p.images[0].view == "iconic"
        for p in products.values()
    )
    assert sum("description_sv" in p.texts for p in products.values()) == 27
    assert not any("http" in text for p in products.values() for text in p.texts.values())
    assert len({p.category[-1] for p in products.values()}) == 43  # ids 0 to 42
    apple = products["Golden-Delicious"]
    assert apple.title == "Apple Golden Delicious Class 1" and apple.category == ("Fruit", "Apple")
    assert apple.texts["description"].startswith("Golden Delicious has a white juicy pulp")
    milk = {a.key: a.value for a in products["Oatly-Natural-Oatghurt"].attributes}
    assert (
        milk["manufacturing country"] == "Sverige" and milk["nutrition per 100 g"].count("\n") == 12
    )
    counts = {split: [q.group for q in catalog.queries(split)] for split in catalog.info.splits}
    assert {split: len(groups) for split, groups in counts.items()} == {
        "train": 2640,
        "val": 296,
        "test": 1988,
    }
    assert len(set(counts["test"])) == len(set(counts["train"])) == 81 and not catalog.rejects
    assert min(counts["test"].count(p) for p in products) >= 8


def test_groceries_split_file_matters_only_when_asked_for(tmp_path):
    folder = make_groceries(tmp_path / "g")
    (folder / "val.txt").unlink()
    catalog = open_catalog(str(folder))
    assert len(list(catalog.queries("test"))) == 2
    with pytest.raises(MissingFile, match="no val.txt"):
        list(catalog.queries("val"))


def test_groceries_bad_lines_and_absent_photos(tmp_path):
    folder = make_groceries(tmp_path / "g")
    put(
        folder / "test.txt",
        "test/Fruit/Apple/Fuji/Fuji_1.jpg, 0, 0\n\ngarbage\ntest/x.jpg, 99, 0\n"
        "test/absent, with comma.jpg, 1, 1\n",
    )
    (folder / "iconic-images-and-descriptions/Packages/Milk/Oat-Milk/Oat-Milk_Iconic.jpg").unlink()
    catalog = open_catalog(str(folder))
    assert [q.id for q in catalog.queries("test")] == ["test/Fruit/Apple/Fuji/Fuji_1.jpg"]
    assert [r.source for r in catalog.rejects] == ["test.txt:3", "test.txt:4", "test.txt:5"]
    assert "with comma.jpg" in catalog.rejects[2].reason
    assert [len(p.images) for p in catalog.products()] == [1, 0] and len(catalog.rejects) == 1


def test_groceries_facts(tmp_path):
    product = next(iter(open_catalog(str(make_groceries(tmp_path / "g"))).products()))
    assert product.title == "Fuji Class 1" and product.texts == {
        "description": "A fine Fuji. Good cold."
    }
    assert {a.key: a.value for a in product.attributes} == {
        "country": "Italy",
        "nutrition per 100 g": "fat 1 g\nsalt 2 g",
    }
    assert product.extras["url"] == "https://shop.example/0"


def test_openmpr_on_this_machine():
    catalog = open_catalog(str(real_data("openmpr")))
    products = list(catalog.products())
    captions = [p.text("caption") for p in products]
    assert len(products) == len(set(captions)) == 409 and not catalog.rejects
    assert max(len(c.split()) for c in captions) <= 36
    assert {len(p.texts) for p in products} <= {1, 11} and catalog.info.gallery_text == ("caption",)
    with pytest.raises(MissingFile, match="manifest.*into .*openmpr"):
        list(catalog.queries("test"))


def test_openmpr_finds_photos_below_other_first_folders(tmp_path):
    catalog = open_catalog(str(make_openmpr(tmp_path / "o")))
    queries = list(catalog.queries("test"))
    assert [q.group for q in queries] == ["012", "012", "34", "34"]
    assert queries[0].item.parts[0].view == "single_frame_front_view"


def test_openmpr_without_photos_asks_for_the_archive(tmp_path):
    folder = make_openmpr(tmp_path / "o")
    (folder / "GV").rename(tmp_path / "elsewhere")
    with pytest.raises(
        MissingFile,
        match=r"mpr_challenge.tar.gz.*8,521,632,328 bytes.*put it at .*o/data/mpr_challenge.tar.gz",
    ):
        list(open_catalog(str(folder)).queries("test"))
    put(tmp_path / "other" / "GV" / "x", b"")
    (tmp_path / "elsewhere").rename(tmp_path / "other" / "GV" / "deep")
    assert (
        len(
            list(
                open_catalog(
                    f"openmpr:{folder}", images=tmp_path / "other" / "GV" / "deep"
                ).queries("test")
            )
        )
        == 4
    )


def test_openmpr_unpacks_an_archive_put_there_by_hand(tmp_path):
    folder = make_openmpr(tmp_path / "o")
    shutil.make_archive(str(tmp_path / "GroceryVision"), "zip", folder, "GV")
    shutil.rmtree(folder / "GV")
    (tmp_path / "GroceryVision.zip").rename(folder / "GroceryVision.zip")
    assert len(list(open_catalog(str(folder)).queries("test"))) == 4


def test_openmpr_bad_entries(tmp_path):
    folder = make_openmpr(tmp_path / "o")
    captions = json.loads((folder / "synthetic_captions.json").read_text())
    put(
        folder / "synthetic_captions.json",
        json.dumps(
            [captions[0], captions[0], {"label": "x"}, 5, {"product_id": "9", "label": " "}]
        ),
    )
    catalog = open_catalog(str(folder))
    assert [p.id for p in catalog.products()] == ["012"]
    assert [r.source for r in catalog.rejects] == [
        f"synthetic_captions.json#{n}" for n in (2, 3, 4, 5)
    ]
    assert len(list(catalog.queries("test"))) == 2 and any(r.item == "34" for r in catalog.rejects)
    put(folder / "eval_manifest.json", '{"012": []}')
    with pytest.raises(DataError, match="no list image_paths"):
        list(open_catalog(str(folder)).queries("test"))


def test_merit_query_reads_in_the_order_of_the_instruction(tmp_path):
    catalog = open_catalog(str(make_merit(tmp_path / "m")))
    products = {p.id: p for p in catalog.products()}
    assert (
        len(products) == 40
        and products["17"].language == "en"
        and products["17"].category == ("handbag",)
    )
    assert [(a.key, a.value) for a in products["17"].attributes] == [("color", "red")]
    first, second = catalog.queries("test")
    assert [p if isinstance(p, str) else p.sha256() for p in first.item.parts] == [
        "Find a bag with the style of <Product 1> ",
        products["17"].images[0].sha256(),
        "\nbag 17 </Product 1> and the colour of <Product 2> ",
        products["2"].images[0].sha256(),
        "\nbag 2 </Product 2>.",
    ]
    assert first.relevant == {"30": 1} and first.id == "test-1"
    assert first.conditions == (
        Condition("product style", part=1, product="17", relation="whole"),
        Condition("color", "blue", part=3, product="2"),
    )
    assert first.references == ("17", "2") and first.hard_negatives == ("31",)
    assert first.tags == {"language": "en", "class": "handbag", "n_conditions": "2"}
    shown = [p.sha256() for p in second.item.parts if isinstance(p, Image)]
    assert shown == [products["4"].images[0].sha256()], (
        "product 1 is given in words; the picture is of product 2"
    )
    assert [(c.product, c.part) for c in second.conditions] == [("3", None), ("4", 1)]
    assert second.relevant == {"5": 1, "6": 1}


def test_a_merit_query_leads_back_to_its_line(tmp_path):
    folder = make_merit(tmp_path / "m")
    written = (folder / "queries-test.json").read_bytes().splitlines()
    catalog = open_catalog(str(folder))
    assert [catalog.raw_line(q.id) for q in catalog.queries("test")] == written
    for name in ("test-9", "test-x", "val-1", "1", "test-0"):
        with pytest.raises(DataError, match="ids are SPLIT-LINE"):
            catalog.raw_line(name)


def test_merit_names_its_commit_only_where_the_download_recorded_one(tmp_path):
    folder = make_merit(tmp_path / "m")
    assert "not pinned" in open_catalog(str(folder)).info.revision
    url = "https://hub.example/datasets/WeiChow/merit/resolve/{}/queries-test.json"
    put(folder / "downloads.json", json.dumps({"q": {"url": url.format("0af1" * 10)}}))
    assert open_catalog(str(folder)).info.revision == "0af1" * 10
    entries = {n: {"url": url.format(n * 20)} for n in ("ab", "cd")}
    put(folder / "downloads.json", json.dumps(entries))
    assert "not pinned" in open_catalog(str(folder)).info.revision


def test_rejects_are_the_same_each_time_and_in_turns(tmp_path):
    folder = make_merit(tmp_path / "m")
    shutil.rmtree(folder / "data")
    products = [{"idx": n, "title": f"bag {n}"} for n in range(4)]
    put(folder / "products-test.jsonl", lines([*products, {"idx": "", "title": "?"}]))
    catalog = open_catalog(str(folder))
    told = []
    for _ in range(2):
        list(catalog.products())
        told.append(list(catalog.rejects))
        list(catalog.queries("test"))
        told.append(list(catalog.rejects))
    assert told[:2] == told[2:] and len(told[0]) == 5 and len(told[1]) == 6
    one, other = catalog.products(), catalog.products()
    for _ in range(4):
        next(one), next(other)
    assert next(one, None) is None and catalog.rejects == told[0]
    assert next(other, None) is None and catalog.rejects == told[0]


def test_merit_queries_that_cannot_be_asked_are_rejected(tmp_path):
    folder = make_merit(tmp_path / "m")
    good = merit_queries()[0]
    bad = [
        good | {"pos_candidate": [999]},
        good | {"query": {"999": {"color": "red"}, "2": {"color": "blue"}}},
        good | {"query instruction": "<Product 3> <image> </Product 3>"},
        {k: v for k, v in good.items() if k != "query"},
        good | {"query": [17]},
    ]
    put(folder / "queries-test.json", lines(bad) + "{broken\n" + lines([good]))
    catalog = open_catalog(str(folder))
    assert [q.id for q in catalog.queries("test")] == ["test-7"]
    assert [r.source for r in catalog.rejects] == [f"queries-test.json:{n}" for n in range(1, 7)]
    reasons = [r.reason for r in catalog.rejects]
    for reason, part in zip(
        reasons,
        (
            "none of its positives",
            "'999' has no photo",
            "of product 3",
            "lacks the key 'query'",
            "",
            "not JSON",
        ),
        strict=True,
    ):
        assert part in reason


def test_merit_from_jsonl_with_paths_in_the_earlier_form(tmp_path):
    put(tmp_path / "images/1.jpg", jpeg(1))
    rows = [
        {
            "sku_id": 1,
            "spu_id": 9,
            "local_sku_image": "images/1.jpg",
            "title": "bag",
            "first_category_id": 3,
            "language": "id",
            "attribute": {"style": "sport"},
        },
        {"sku_id": 2, "title": "no photo"},
        {"sku_id": 1, "title": "again"},
    ]
    put(tmp_path / "products-test.jsonl", lines(rows))
    catalog = open_catalog(f"merit:{tmp_path}")
    products = list(catalog.products())
    assert [(p.id, p.spu, p.category, len(p.images)) for p in products] == [
        ("1", "9", ("3",), 1),
        ("2", None, (), 0),
    ]
    assert [r.source for r in catalog.rejects] == [
        "products-test.jsonl:2",
        "products-test.jsonl:3",
        "products-test.jsonl:3",
    ]
    with pytest.raises(MissingFile, match="queries-test.json"):
        list(catalog.queries("test"))
    with pytest.raises(MissingFile, match=r"no products of 'train'.*data/train-\*.parquet"):
        list(open_catalog(f"merit:{tmp_path}", pool="train").products())


def test_merit_as_saved_to_disk_by_datasets(tmp_path):
    folder = make_merit(tmp_path / "m")
    shutil.rmtree(folder / "data")
    table = pa.Table.from_pylist(merit_products())
    (folder / "test").mkdir()
    with pa.ipc.new_stream(
        str(folder / "test" / "data-00000-of-00001.arrow"), table.schema
    ) as sink:
        sink.write_table(table, max_chunksize=9)
    catalog = open_catalog(str(folder))
    products = list(catalog.products())
    assert (
        len(products) == 40
        and products[7].images[0].read() == merit_products()[7]["image"]["bytes"]
    )
    assert len(list(catalog.queries("test"))) == 2


def test_interleave_without_tags_takes_products_in_order():
    a, b = Image(path="a"), Image(path="b")
    read = interleave("like <image> and <image>", ("1", "2"), {"1": a, "2": b})
    assert read == Interleaved(("like ", a, " and ", b), (1, 3))
    with pytest.raises(ValueError, match="of product 3, and the query names 2"):
        interleave("<image><image><image>", ("1", "2"), {"1": a, "2": b})


def test_clothing_on_this_machine():
    folder = real_data("clothing")
    catalog = open_catalog(str(folder))
    classes = [p.id for p in catalog.products()]
    photos = {split: list(catalog.queries(split)) for split in catalog.info.splits}
    assert len(classes) == 18 and {s: len(q) for s, q in photos.items()} == {
        "train": 2422,
        "val": 346,
        "test": 692,
    }
    assert sum("T-Shirt" in q.relevant for queries in photos.values() for q in queries) == 623
    groups = {split: {q.group for q in queries} for split, queries in photos.items()}
    assert not groups["train"] & groups["test"] and len(set.union(*groups.values())) == 131
    garments = open_catalog(str(folder), unit="photo")
    assert sum(1 for _ in garments.products()) == 3460 and garments.info.splits == ()


def test_apparel_catalogue_on_this_machine():
    folder = real_data("apparel_catalogue")
    catalog = open_catalog(str(folder))
    products = {p.id: p for p in catalog.products()}
    assert (
        len(products) == 32
        and sum(len(p.images) for p in products.values()) == 48
        and not catalog.rejects
    )
    assert sum(len(p.images) > 1 for p in products.values()) == 12
    assert [i.view for i in products["134"].images] == ["front", "back"]
    assert len(list(catalog.queries("views"))) == 16
    variants = list(open_catalog(str(folder), level="variant").products())
    assert len(variants) == len({v.id for v in variants}) == 73 and {
        v.spu for v in variants
    } == set(products)


def test_apparel_catalogue_variants(tmp_path):
    folder = make_apparel_catalogue(tmp_path / "a")
    small, large = open_catalog(str(folder), level="variant").products()
    assert (small.id, large.id, small.spu, small.price, small.currency) == (
        "T-S",
        "1/2",
        "1",
        12.5,
        "USD",
    )
    assert [(a.key, a.value, a.modality) for a in small.attributes] == [
        ("Brand", "Acme", "unknown"),
        ("Size", "S", "text"),
    ]
    query = next(iter(open_catalog(str(folder), level="variant").queries("views")))
    assert query.relevant == {"T-S": 1, "1/2": 1}


@pytest.mark.parametrize(
    ("name", "option"),
    [("clothing", {"unit": "x"}), ("apparel_catalogue", {"level": "x"}), ("merit", {"pool": "x"})],
)
def test_options_with_a_wrong_value(name, option, tmp_path):
    from .conftest import MAKE

    with pytest.raises(DataError, match="expected"):
        open_catalog(str(MAKE[name](tmp_path / "d")), **option)


def test_retail_text_and_barcodes_are_own_catalogues():
    texts = list(open_catalog(str(real_data("retail_text"))).products())
    assert len(texts) == 2465 and len({p.title for p in texts}) == 2367
    catalog = open_catalog(
        str(real_data("barcodes") / "labels.csv"), map=["id=text", "category=symbology"]
    )
    codes = list(catalog.products())
    assert (
        len(codes) == 97 and sum(len(p.images) for p in codes) == 387 and len(catalog.rejects) == 47
    )


def test_the_sample_of_groceries_comes_with_the_package(monkeypatch, tmp_path):
    monkeypatch.setenv("SKULENS_DATA", str(tmp_path))
    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path))
    catalog = open_catalog("groceries-sample")
    products = {p.id: p for p in catalog.products()}
    photos = list(catalog.queries("test"))
    assert len(products) == 81 and not catalog.rejects
    assert all(p.images and p.texts["description"] for p in products.values())
    assert [q.group for q in photos].count("Golden-Delicious") == 2 and len(photos) == 162
    assert {q.group for q in photos} == set(products)
    files = [f for f in SAMPLE.rglob("*") if f.is_file()]
    assert sum(f.stat().st_size for f in files) <= 4e6
    assert {"LICENSE", "README.md"} <= {f.name for f in SAMPLE.iterdir()}
    sizes = [PIL.Image.open(q.item.parts[0].path).size for q in photos]
    assert max(max(size) for size in sizes) == 256


def test_the_sample_of_groceries_is_of_the_dataset():
    whole, sample = open_catalog(str(real_data("groceries"))), open_catalog("groceries-sample")
    assert {p.id: p.texts for p in whole.products()} == {p.id: p.texts for p in sample.products()}
    listed = {q.id: q.group for q in whole.queries("test")}
    assert all(listed[q.id] == q.group for q in sample.queries("test"))
