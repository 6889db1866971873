"""Layouts of other projects: what they say of composed queries, and what they leave out."""

import json

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from skulens.catalog.folder import write_catalog
from skulens.catalog.layouts.export import ExportPool, export_catalog, negatives_in
from skulens.catalog.layouts.m_beir import TASKS
from skulens.catalog.open import open_catalog
from skulens.catalog.vlm2vec import place_pictures
from skulens.cli import skulens
from skulens.errors import DataError, MissingFile, StoreError, UnknownName
from skulens.records import Condition, Image, Item, Product, Query
from skulens.registry import LAYOUTS

from .conftest import jpeg, lines, make_merit, put

PHOTOS = [Image(data=jpeg(n)) for n in range(5)]


def chairs(folder):
    """A catalogue with a query of two pictures, one of one, one in words; the last product has no
    picture."""
    products = [Product(f"p{n}", title=f"เก้าอี้ {n}", images=(PHOTOS[n],)) for n in range(4)]
    products.append(Product("p4", title="in words"))
    two = ("Find <Product 1> ", PHOTOS[0], "\na </Product 1> and <Product 2> ", PHOTOS[1], "\nb")
    queries = [
        Query(
            "two",
            Item("two", two),
            relevant={"p2": 1, "p3": 2, "p4": 0},
            conditions=(Condition("color", "red", 1, "p0"), Condition("size", "L", 3, "p1")),
            references=("p0", "p1"),
            hard_negatives=("p1", "p4"),
        ),
        Query("one", Item("one", (PHOTOS[4], "in red")), relevant={"p2": 1}),
        Query("words", Item("words", ("a red chair",)), relevant={"p4": 1, "p0": 1}),
        Query("picture", Item("picture", (PHOTOS[4],)), relevant={"p2": 1}),
        Query("open", Item("open", ("nobody judged",))),
    ]
    return open_catalog(str(write_catalog(folder, products, {"test": queries})))


def bare(query: Query):
    """Texts, and pictures by content."""
    return [p if isinstance(p, str) else p.sha256() for p in query.item.parts]


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_every_layout_counts_what_it_wrote_and_says_why_not(layout, tmp_path):
    found = export_catalog(chairs(tmp_path / "c"), layout, tmp_path / "out")
    assert found.products == 5 and found.files and all(f.is_file() for f in found.files)
    left = {r.item: r.reason for r in found.rejects}
    assert found.queries + len(left) == 5
    if layout != "skulens":
        assert left["open"] == "has no answer"
    with pytest.raises(StoreError, match="holds something already"):
        export_catalog(chairs(tmp_path / "d"), layout, tmp_path / "out")


def test_vlm2vec_pairs_keep_the_places_of_pictures(tmp_path):
    found = export_catalog(chairs(tmp_path / "c"), "vlm2vec", tmp_path / "out")
    assert found.notes["answers beyond a query's first left out"] == 2
    rows = pq.read_table(tmp_path / "out/pairs-test.parquet").to_pylist()
    first, words = rows[0], rows[2]
    assert first["query_text"] == (
        "Find <Product 1> <|image_pad|>\na </Product 1> and <Product 2> <|image_pad|>\nb"
    )
    assert [len(first["query_image"][k]) for k in ("paths", "bytes", "resolutions")] == [2, 2, 2]
    assert (tmp_path / "out" / first["query_image"]["paths"][1]).read_bytes() == PHOTOS[1].data
    assert first["pos_text"] == "<|image_pad|>\nเก้าอี้ 3", "the best grade"
    assert first["neg_text"] == ["in words", "<|image_pad|>\nเก้าอี้ 1"]
    assert words["query_image"] == {"paths": [None], "bytes": [None], "resolutions": [None]}
    read = open_catalog(str(tmp_path / "out"))
    queries, products = list(read.queries("test")), {p.id: p for p in read.products()}
    assert [*map(bare, queries)] == [*map(bare, chairs(tmp_path / "d").queries("test"))][:4]
    assert products[queries[0].answers[0]].title == "เก้าอี้ 3"
    assert products[queries[0].answers[0]].images[0].sha256() == PHOTOS[3].sha256()
    assert [products[p].title for p in queries[0].hard_negatives] == ["in words", "เก้าอี้ 1"]


def test_vlm2vecs_evaluation_form_keeps_ids_and_all_answers(tmp_path):
    export_catalog(chairs(tmp_path / "c"), "vlm2vec-eval", tmp_path / "out")
    row = pq.read_table(tmp_path / "out/queries-test.parquet").to_pylist()[0]
    assert row["dataset_infos"] == {
        "cand_names": ["p3", "p2", "p4", "p1"],
        "label_name": ["p3", "p2"],
    }
    read = open_catalog(str(tmp_path / "out"))
    assert [p.id for p in read.products()] == ["p0", "p1", "p2", "p3", "p4"]
    two, *_ = read.queries("test")
    assert two.answers == ("p3", "p2") and two.hard_negatives == ("p4", "p1")


def test_the_fields_are_those_of_vlm2vecs_own_schema(tmp_path):
    """MULTIMODAL_FEATURES of src/data/dataset/base_pair_dataset.py at 6e1e1d4, as Arrow types."""
    export_catalog(chairs(tmp_path / "c"), "vlm2vec", tmp_path / "out")
    picture = "paths: list<element: string>, bytes: list<element: binary>, resolutions: list<element: fixed_size_list<element: int64>[2]>"  # fmt: skip
    schema = pq.read_schema(tmp_path / "out/pairs-test.parquet")
    assert {f.name: str(f.type) for f in schema} == {
        "query_text": "string",
        "query_image": f"struct<{picture}>",
        "pos_text": "string",
        "pos_image": f"struct<{picture}>",
        "neg_text": "list<element: string>",
        "neg_image": f"list<element: struct<{picture}>>",
        "global_dataset_name": "string",
    }


def test_rows_of_mmeb_are_read_as_pairs(tmp_path):
    import pyarrow as pa

    put(tmp_path / "a.jpg", jpeg(1))
    row = {"qry": "<|image_1|>\nlike this", "qry_image_path": "a.jpg", "pos_text": "tea"}
    rows = [
        row | {"pos_image_path": "", "neg_text": "coffee", "neg_image_path": ""},
        row | {"pos_image_path": "", "neg_text": "", "neg_image_path": "", "qry_image_path": ""},
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "pairs-train.parquet")
    catalog = open_catalog(str(tmp_path))
    assert [p.title for p in catalog.products()] == ["tea", "coffee"]
    [query] = catalog.queries("train")
    assert isinstance(query.item.parts[0], Image) and query.item.parts[1] == "\nlike this"
    assert [r.reason for r in catalog.rejects] == ["ValueError: 1 tokens and 0 pictures"]


def test_pictures_without_a_token_stand_first():
    image = PHOTOS[0]
    assert place_pictures("like this", [image]) == (image, "like this")
    assert place_pictures("<image> and <image>", [image, image]) == (image, " and ", image)
    with pytest.raises(ValueError, match="neither text nor picture"):
        place_pictures(" ", [])


def test_a_text_that_holds_the_token_is_refused(tmp_path):
    query = Query("q", Item("q", ("a <|image_pad|> b",)), relevant={"1": 1})
    folder = write_catalog(tmp_path / "c", [Product("1", title="x")], {"test": [query]})
    found = export_catalog(open_catalog(str(folder)), "vlm2vec", tmp_path / "out")
    assert found.queries == 0 and "stands for a picture" in found.rejects[0].reason


def test_verified_negatives_come_before_those_that_nobody_judged():
    products = {p: Product(p) for p in "abcd"}
    query = Query(
        "q", Item("q", ("x",)), relevant={"a": 1, "b": 0}, hard_negatives=("c", "b", "a", "z")
    )
    assert negatives_in(query, ExportPool(None, products)) == ["b", "c"]


def test_m_beir_without_tiles_leaves_queries_of_several_pictures_out(tmp_path):
    found = export_catalog(chairs(tmp_path / "c"), "m-beir", tmp_path / "out")
    left = {r.item: r.reason for r in found.rejects}
    assert "shows 2 pictures where M-BEIR has one; --tile" in left["two"]
    assert left["picture"] == "M-BEIR has no task image -> image,text"
    assert found.queries == 2


def test_m_beir_has_its_files_where_uniir_looks_for_them(tmp_path):
    catalog, out = chairs(tmp_path / "c"), tmp_path / "out"
    found = export_catalog(catalog, "m-beir", out, tile=lambda images: images[-1].read())
    assert found.notes["queries whose pictures were laid side by side"] == 1
    assert found.notes["answers of another modality than a query's first left out"] == 1
    row, one = map(json.loads, (out / "query/test/mbeir_skulens_task8_test.jsonl").open())
    union = list(
        map(json.loads, (out / "cand_pool/global/mbeir_union_test_cand_pool.jsonl").open())
    )
    ids = {c["did"]: json.loads(c["src_content"])["id"] for c in union}
    assert [ids[d] for d in row["pos_cand_list"]] == ["p3", "p2"]
    assert [ids[d] for d in row["neg_cand_list"]] == ["p4", "p1"]
    assert (row["qid"], row["query_modality"]) == ("10:1", "image,text")
    assert json.loads(row["query_src_content"]) == {"id": "two"}
    assert (out / row["query_img_path"]).read_bytes() == PHOTOS[1].data
    assert one["query_txt"] == "in red"
    local = (out / "cand_pool/local/mbeir_skulens_task8_test_cand_pool.jsonl").read_text()
    assert local.count("\n") == 4 and '"modality": "text"' not in local
    qrels = (out / "qrels/test/mbeir_skulens_task8_test_qrels.txt").read_text().splitlines()
    assert qrels[0].split() == ["10:1", "0", row["pos_cand_list"][0], "1", "8"]
    table = (out / "instructions/query_instructions.tsv").read_text().splitlines()
    assert table[1].split("\t")[:4] == ["image,text", "image,text", "skulens", "10"]
    assert len(TASKS) == 8 and TASKS["text", "text"] == 1


def test_m_beir_is_read_with_prompts_and_either_pool(tmp_path):
    export_catalog(chairs(tmp_path / "c"), "m-beir", tmp_path / "out")
    catalog = open_catalog(str(tmp_path / "out"))
    assert len(list(catalog.products())) == 5, "one of task 1, four of task 8"
    words, one = catalog.queries("test")
    assert words.item.parts == ("Find the product that satisfies all the conditions. a red chair",)
    assert isinstance(one.item.parts[0], Image) and one.tags["task"] == "skulens_task8"
    chosen = open_catalog(str(tmp_path / "out"), task="skulens_task8", prompts=False)
    assert [q.item.parts[1:] for q in chosen.queries("test")] == [("in red",)]
    assert len(list(chosen.products())) == 4
    union = open_catalog(str(tmp_path / "out"), task="skulens_task8", union=True)
    assert len(list(union.products())) == 5
    with pytest.raises(
        DataError, match="no task 'cirr_task7'; it has skulens_task1, skulens_task8"
    ):
        open_catalog(str(tmp_path / "out"), task="cirr_task7")


def test_m_beir_lines_that_cannot_be_used_are_rejected(tmp_path):
    good = {"qid": "8:1", "query_txt": "x", "query_modality": "text", "pos_cand_list": ["8:1"]}
    bad = [good | {"qid": None}, good | {"query_txt": None}, good | {"query_img_path": "no.jpg"}]
    put(tmp_path / "query/test/mbeir_cirr_task7_test.jsonl", lines([*bad, good, good]) + "{\n")
    pool = tmp_path / "cand_pool/local/mbeir_cirr_task7_cand_pool.jsonl"
    put(pool, lines([{"did": "8:1", "txt": "y", "modality": "text"}, {"txt": "no id"}]))
    catalog = open_catalog(str(tmp_path))
    assert [q.id for q in catalog.queries("test")] == ["8:1"]
    assert len({r.source for r in catalog.rejects}) == 5
    assert any("the id occurred before" in r.reason for r in catalog.rejects)
    assert [p.title for p in catalog.products()] == ["y"] and len(catalog.rejects) == 1
    pool.unlink()
    with pytest.raises(
        MissingFile, match="mbeir_cirr_task7_test_cand_pool.jsonl, mbeir_cirr_task7"
    ):
        list(catalog.products())


def test_sentence_transformers_rows_are_messages_in_reading_order(tmp_path):
    found = export_catalog(chairs(tmp_path / "c"), "sentence-transformers", tmp_path / "out")
    rows = list(map(json.loads, (tmp_path / "out/test-pairs.jsonl").open(encoding="utf-8")))
    assert len(rows) == found.queries == 4
    [message] = rows[0]["anchor"]
    assert message["role"] == "user"
    assert [c["type"] for c in message["content"]] == ["text", "image", "text", "image", "text"]
    assert list(rows[0]) == ["anchor", "positive"]
    [triplet] = map(json.loads, (tmp_path / "out/test-triplets.jsonl").open(encoding="utf-8"))
    assert list(triplet) == ["anchor", "positive", "negative"]
    assert triplet["negative"][0]["content"] == [{"type": "text", "text": "in words"}]
    assert found.notes["hard negatives beyond a query's first left out"] == 1


def test_datasets_reads_the_messages_without_filling_keys(tmp_path):
    datasets = pytest.importorskip("datasets", minversion="5", reason="needs datasets 5")
    export_catalog(chairs(tmp_path / "c"), "sentence-transformers", tmp_path / "out")
    path = str(tmp_path / "out/test-pairs.jsonl")
    found = datasets.load_dataset("json", data_files=path, cache_dir=str(tmp_path / "x"))["train"]
    written = list(map(json.loads, (tmp_path / "out/test-pairs.jsonl").open(encoding="utf-8")))
    assert list(found) == written


def test_folders_hold_the_pictures_of_each_product(tmp_path):
    found = export_catalog(chairs(tmp_path / "c"), "folders", tmp_path / "out")
    files = {str(f.relative_to(tmp_path / "out")) for f in found.files}
    assert files == {*(f"gallery/p{n}/1.jpg" for n in range(4)), "test/p2/1.jpg"}
    assert (tmp_path / "out/test/p2/1.jpg").read_bytes() == PHOTOS[4].data
    assert found.notes["products whose texts and facts were left out"] == 0
    assert {r.item: r.reason for r in found.rejects}["words"] == "is not one picture alone"


@pytest.mark.parametrize("bad", ["a/b", "..", "."])
def test_a_product_that_is_no_name_of_a_folder_is_left_out_of_folders(bad, tmp_path):
    products = [Product(bad, images=(PHOTOS[0],)), Product("good", images=(PHOTOS[1],))]
    queries = [Query(p.id, Item(p.id, (PHOTOS[2],)), relevant={p.id: 1}) for p in products]
    catalog = open_catalog(str(write_catalog(tmp_path / "c", products, {"test": queries})))
    found = export_catalog(catalog, "folders", tmp_path / "out")
    assert sorted(str(f.relative_to(tmp_path / "out")) for f in found.files) == [
        "gallery/good/1.jpg",
        "test/good/1.jpg",
    ]
    assert len(found.rejects) == 2 and all(bad in r.reason for r in found.rejects)


def test_a_product_whose_picture_is_gone_stands_without_it(tmp_path):
    put(tmp_path / "c/a.jpg", jpeg(1))
    put(tmp_path / "c/products.csv", "id,title,image\n1,tea,a.jpg\n")
    put(tmp_path / "c/queries.jsonl", lines([{"query_id": "q", "text": "tea"}]))
    put(tmp_path / "c/judgments.jsonl", lines([{"query_id": "q", "product_id": "1", "grade": 1}]))
    catalog = open_catalog(str(tmp_path / "c"))
    list(catalog.products())
    (tmp_path / "c/a.jpg").unlink()
    for layout in sorted(set(LAYOUTS) - {"skulens"}):
        found = export_catalog(catalog, layout, tmp_path / layout)
        assert "1" in [r.item for r in found.rejects], layout
        assert found.queries == (layout != "folders"), "words have no place in a folder of photos"


def test_each_split_of_merit_has_its_own_pool(tmp_path):
    folder = make_merit(tmp_path / "m")
    for path in (folder / "data").glob("train-*"):
        path.unlink()
    put(folder / "products-train.jsonl", lines([{"idx": n, "title": "t"} for n in (5, 30)]))
    put(folder / "queries-train.json", lines([{"query": {}, "pos_candidate": [5], "query instruction": "x"}]))  # fmt: skip
    found = export_catalog(open_catalog(str(folder)), "vlm2vec-eval", tmp_path / "out")
    assert found.products == 42
    sizes = [pq.read_metadata(tmp_path / f"out/corpus-{s}.parquet").num_rows for s in ("train", "test")]  # fmt: skip
    assert sizes == [2, 40]


def test_what_cannot_be_exported_is_said_at_the_door(tmp_path):
    catalog = chairs(tmp_path / "c")
    with pytest.raises(UnknownName, match="m-beir"):
        export_catalog(catalog, "mbeir", tmp_path / "x")
    with pytest.raises(DataError, match="no split 'dev'; its splits: test"):
        export_catalog(catalog, "merit", tmp_path / "x", ["dev"])
    bare = write_catalog(tmp_path / "b", [Product("1", title="x")], {})
    folder = open_catalog(str(bare))
    if not folder.info.splits:
        with pytest.raises(DataError, match="products only"):
            export_catalog(folder, "merit", tmp_path / "x")


def test_the_command_says_what_was_written_and_what_was_not(tmp_path):
    chairs(tmp_path / "c")
    run = CliRunner().invoke
    args = ["catalog", "export", str(tmp_path / "c"), "--as", "m-beir", "--out"]
    said = run(skulens, [*args, str(tmp_path / "a")]).output
    assert "shows 2 pictures" in said and "split test (two)" in said and "3 left out; " in said
    assert "5 products, 2 queries of test as m-beir; 3 left out" in said.splitlines()[-1]
    assert f"skulens audit m-beir:{tmp_path / 'a'}" in said
    tiled = json.loads(run(skulens, [*args, str(tmp_path / "b"), "--tile", "--json"]).output)
    assert tiled["queries"] == 3 and len(tiled["rejects"]) == 2
    wide = open_catalog(str(tmp_path / "b"))
    two = next(q for q in wide.queries("test") if q.id == "10:1")
    from skulens.pictures import load

    assert load(two.item.parts[0]).size == (768, 384), "two squares side by side"
    listed = run(skulens, ["list", "layouts", "--json"])
    assert [row["name"] for row in json.loads(listed.output)["layouts"]] == list(LAYOUTS)
