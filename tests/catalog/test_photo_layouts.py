"""Folders of photos: class folders, imagefolder, the hub's Parquet files, and photos alone."""

import json
import os
import re
import unicodedata
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from skulens.catalog.class_folders import ClassFolders
from skulens.catalog.hub_parquet import HubParquet
from skulens.catalog.image_folder import ImageFolder
from skulens.catalog.open import open_catalog, recognise
from skulens.catalog.photo_folder import PhotoFolder
from skulens.errors import DataError

from .conftest import hub_table, jpeg, put


def photos_in(folder: Path, *names: str) -> Path:
    for n, name in enumerate(names):
        put(folder / name, jpeg(n))
    return folder


def read(catalog):
    """(pictures by product, probes by split as (product, photo)), paths from the root."""

    def name(image):
        return Path(image.path).relative_to(catalog.root).as_posix()

    pictures = {p.id: [name(i) for i in p.images] for p in catalog.products()}
    probes = {
        s: [(q.group, name(q.item.parts[0])) for q in catalog.queries(s)]
        for s in catalog.info.splits
    }
    return pictures, probes


def test_the_first_photos_by_name_are_the_gallery_and_the_others_probes(tmp_path):
    names = [f"Green_Tea/{n}.jpg" for n in range(1, 13)] + ["Mug/a.JPG", "Mug/b.webp", "One/x.png"]
    catalog = open_catalog(str(photos_in(tmp_path, *names)))
    pictures, probes = read(catalog)
    assert pictures == {
        "Green_Tea": [f"Green_Tea/{n}.jpg" for n in range(1, 6)],  # 10.jpg does not follow 1.jpg
        "Mug": ["Mug/a.JPG"],
        "One": ["One/x.png"],
    }
    assert [*probes] == ["test"]
    assert [photo for _, photo in probes["test"]] == [
        *(f"Green_Tea/{n}.jpg" for n in range(6, 13)),
        "Mug/b.webp",
    ]
    assert [p.title for p in catalog.products()] == ["Green Tea", "Mug", "One"]
    assert "up to 5" in catalog.notes[0] and "(7)" in catalog.notes[0] and "8" in catalog.notes[0]


@pytest.mark.parametrize(
    ("asked", "shown", "split", "left"), [(2, 2, "test", 2), (9, 4, "test", 0)]
)
def test_the_number_of_gallery_photos_is_asked_for(tmp_path, asked, shown, split, left):
    photos_in(tmp_path, *(f"{c}/{n}.jpg" for c in "AB" for n in range(4)))
    pictures, probes = read(open_catalog(str(tmp_path), gallery_photos=asked))
    assert {len(mine) for mine in pictures.values()} == {shown}
    assert [len(mine) for mine in probes.values()] == [2 * left] and [*probes] == [split]


def test_no_gallery_photos_makes_each_photo_both(tmp_path):
    photos_in(tmp_path, *(f"{c}/{n}.jpg" for c in "AB" for n in range(4)))
    catalog = open_catalog(str(tmp_path), gallery_photos=0)
    assert catalog.info.splits == ("all",)
    assert {len(p.images) for p in catalog.products()} == {4}
    assert [q.tags for q in catalog.queries("all")] == [{"in_gallery": "yes"}] * 8


def test_where_no_product_has_two_photos_each_is_both(tmp_path):
    catalog = open_catalog(str(photos_in(tmp_path, "A/1.jpg", "B/1.jpg")))
    assert catalog.info.splits == ("all",) and len(list(catalog.queries("all"))) == 2
    assert "--gallery text" in catalog.notes[0]


def test_a_store_takes_all_photos_unless_a_number_was_asked_for(tmp_path):
    photos_in(tmp_path, *(f"{c}/{n}.jpg" for c in "AB" for n in range(4)))
    whole = open_catalog(str(tmp_path)).with_all_pictures()
    assert {len(p.images) for p in whole.products()} == {4}
    asked = open_catalog(str(tmp_path), gallery_photos=1).with_all_pictures()
    assert {len(p.images) for p in asked.products()} == {1}


def test_folders_of_splits_say_which_are_probes(tmp_path):
    names = [f"Training/{c}/{n}.jpg" for c in "AB" for n in range(7)]
    photos_in(tmp_path, *names, *(f"validation/{c}/v.jpg" for c in "ABC"))
    catalog = open_catalog(str(tmp_path))
    pictures, probes = read(catalog)
    assert catalog.info.splits == ("train", "val")
    assert {p: len(mine) for p, mine in pictures.items()} == {"A": 5, "B": 5, "C": 0}
    assert len(probes["train"]) == 14  # they stay: one may train on them
    tagged = [q for q in catalog.queries("train") if q.tags]
    assert len(tagged) == 10 and not any(q.tags for q in catalog.queries("val"))


def test_the_folder_gallery_is_the_gallery(tmp_path):
    photos_in(
        tmp_path, *(f"gallery/{c}/{n}.jpg" for c in "AB" for n in range(7)), "query/A/1.jpg",
        "train/B/2.jpg",
    )  # fmt: skip
    pictures, probes = read(open_catalog(str(tmp_path)))
    assert {len(mine) for mine in pictures.values()} == {7}
    assert probes == {"train": [("B", "train/B/2.jpg")], "test": [("A", "query/A/1.jpg")]}
    pictures, _ = read(open_catalog(str(tmp_path), gallery_photos=2))
    assert {len(mine) for mine in pictures.values()} == {2}


def test_a_class_may_be_called_like_a_split(tmp_path):
    catalog = open_catalog(str(photos_in(tmp_path, "train/1.jpg", "train/2.jpg", "bus/1.jpg")))
    assert sorted(p.id for p in catalog.products()) == ["bus", "train"]


def test_deeper_folders_are_products_with_a_category(tmp_path):
    names = ("Fruit/Apple/Fuji/1.jpg", "Fruit/Pear/1.jpg", "Fruit/Pear/views/2.jpg", "Mug/1.jpg")
    catalog = open_catalog(str(photos_in(tmp_path, *names)))
    found = {p.id: (p.title, p.category) for p in catalog.products()}
    assert found == {
        "Fruit/Apple/Fuji": ("Fuji", ("Fruit", "Apple")),
        "Fruit/Pear": ("Pear", ("Fruit",)),
        "Mug": ("Mug", ()),
    }


def test_what_is_no_photo_of_a_class_is_counted_or_rejected(tmp_path):
    photos_in(tmp_path, "A/1.jpg", "A/2.jpg", "B/1.jpg", "B/2.jpg", "loose.jpg", "A/.hidden.jpg")
    for name in ("A/Thumbs.db", "B/notes.txt", "__MACOSX/A/._1.jpg", ".git/x.jpg"):
        put(tmp_path / name, b"x")
    (tmp_path / "Empty" / "inner").mkdir(parents=True)
    (tmp_path / "A" / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    os.mkfifo(tmp_path / "A" / "pipe.jpg")
    catalog = open_catalog(str(tmp_path))
    assert [p.id for p in catalog.products()] == ["A", "B"]
    assert len(list(catalog.queries("test"))) == 2
    told = {r.source: r.reason for r in catalog.rejects}
    assert told["loose.jpg"].startswith("1 photos lie beside class folders")
    assert told["Empty/inner"] == "an empty folder" and "nowhere" in told["A/gone.jpg"]
    assert len(told) == 3
    assert {
        "4 files are ignored: hidden or of the system",
        "2 files are ignored: not pictures",
    } <= {*catalog.notes}


def test_links_that_leave_the_folder_are_read_on_request_only(tmp_path):
    photos_in(tmp_path / "outside", "C/1.jpg", "C/2.jpg")
    root = photos_in(tmp_path / "in", "A/1.jpg", "A/2.jpg", "B/1.jpg", "B/2.jpg")
    (root / "C").symlink_to(tmp_path / "outside" / "C")
    (root / "A" / "3.jpg").symlink_to(tmp_path / "outside" / "C" / "1.jpg")
    (root / "A" / "round").symlink_to(root)
    catalog = open_catalog(str(root))
    assert [p.id for p in catalog.products()] == ["A", "B"]
    assert {r.source for r in catalog.rejects} == {"C", "A/3.jpg"}
    assert all("--allow-outside" in r.todo for r in catalog.rejects)
    free = open_catalog(str(root), allow_outside=True)
    assert [p.id for p in free.products()] == ["A", "B", "C"] and not free.rejects


def test_names_that_differ_in_unicodes_form_are_one_product(tmp_path):
    name = "Café"
    photos_in(tmp_path, *(f"train/{unicodedata.normalize('NFD', name)}/{n}.jpg" for n in range(3)))
    photos_in(tmp_path, *(f"test/{unicodedata.normalize('NFC', name)}/{n}.jpg" for n in range(2)))
    photos_in(tmp_path, "train/B/1.jpg", "test/B/1.jpg")
    catalog = open_catalog(str(tmp_path))
    assert [p.id for p in catalog.products()] == ["B", name]
    assert [q.group for q in catalog.queries("test")] == ["B", name, name]


def test_a_name_that_is_not_utf8_is_rejected(tmp_path):
    photos_in(tmp_path, "A/1.jpg", "A/2.jpg", "B/1.jpg")
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/B/\xff.jpg")).write_bytes(jpeg(1))
    except OSError:
        pytest.skip("this file system takes UTF-8 alone")
    catalog = open_catalog(str(tmp_path))
    assert len(list(catalog.products())) == 2
    assert [r.reason for r in catalog.rejects] == ["the name is not UTF-8"]


def test_listing_opens_no_picture(tmp_path):
    for name in ("A/1.jpg", "A/2.jpg", "B/1.jpg"):
        put(tmp_path / name, b"no picture at all")
    catalog = open_catalog(str(tmp_path))
    assert len(list(catalog.products())) == 2 and not catalog.rejects


@pytest.mark.parametrize(
    ("names", "reader"),
    [
        (("a.jpg", "b.jpg"), "photo-folder"),
        (("one/a.jpg", "one/b.jpg"), "photo-folder"),  # one class is none
        (("train/a.jpg", "test/b.jpg"), "photo-folder"),  # splits without classes
        (("a.jpg", "b.jpg", "c.jpg", "x/d.jpg", "y/e.jpg"), "photo-folder"),  # most lie loose
        (("x/d.jpg", "y/e.jpg", "a.jpg"), "class-folders"),
        (("train/x/1.jpg", "train/y/1.jpg"), "class-folders"),
    ],
)
def test_what_a_folder_of_photos_is_taken_for(tmp_path, names, reader):
    assert recognise(photos_in(tmp_path, *names)) == reader


def test_a_table_beside_photos_is_not_passed_over(tmp_path):
    photos_in(tmp_path, "A/1.jpg", "B/1.jpg")
    put(tmp_path / "labels.csv", "id,image\n1,A/1.jpg\n")
    with pytest.raises(DataError, match=r"is labels.csv its table.*class-folders:"):
        open_catalog(str(tmp_path))
    assert isinstance(open_catalog(f"class-folders:{tmp_path}"), ClassFolders)


def test_photos_alone_are_products_and_nothing_to_measure(tmp_path):
    catalog = open_catalog(str(photos_in(tmp_path, "b/2.jpg", "10.jpg", "9.jpg")))
    assert isinstance(catalog, PhotoFolder)
    assert [p.id for p in catalog.products()] == ["9.jpg", "10.jpg", "b/2.jpg"]
    with pytest.raises(DataError, match="a folder of its own.*columns id, image and split"):
        catalog.queries("test")


def test_metadata_beside_photos(tmp_path):
    photos_in(tmp_path, "train/1.jpg", "train/2.jpg", "train/3.jpg", "test/a b.jpg")
    put(tmp_path / "train/metadata.csv", "file_name,sku,text\n1.jpg,7,Tea\n2.jpg,7,\n3.jpg,8,Cup\n")
    put(tmp_path / "test/metadata.csv", "file_name,sku,text\na b.jpg,7,\nnone.jpg,8,\n")
    catalog = open_catalog(str(tmp_path))
    assert isinstance(catalog, ImageFolder)
    pictures, probes = read(catalog)
    assert pictures == {"7": ["train/1.jpg", "train/2.jpg"], "8": ["train/3.jpg"]}
    assert probes["test"] == [("7", "test/a b.jpg")]
    assert [p.texts for p in catalog.products()] == [{"description": "Tea"}, {"description": "Cup"}]
    [reject] = catalog.rejects
    assert reject.source == "test/metadata.csv:3" and "test/none.jpg" in reject.reason


def test_one_metadata_file_of_all_splits(tmp_path):
    photos_in(tmp_path, "train/1.jpg", "train/2.jpg", "test/3.jpg", "test/4.jpg")
    rows = [
        {"file_name": f"{s}/{n}.jpg", "label": "AB"[n % 2]}
        for n, s in ((1, "train"), (2, "train"), (3, "test"), (4, "test"))
    ]
    put(tmp_path / "metadata.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    pictures, probes = read(open_catalog(str(tmp_path)))
    assert pictures == {"B": ["train/1.jpg"], "A": ["train/2.jpg"]}
    assert probes["test"] == [("B", "test/3.jpg"), ("A", "test/4.jpg")]


def test_captions_without_ids_make_each_photo_a_product(tmp_path):
    photos_in(tmp_path, "1.jpg", "2.jpg")
    put(tmp_path / "metadata.csv", "file_name,text\n1.jpg,a red mug\n2.jpg,a blue mug\n")
    catalog = open_catalog(str(tmp_path))
    assert [(p.id, p.text("description")) for p in catalog.products()] == [
        ("1.jpg", "a red mug"),
        ("2.jpg", "a blue mug"),
    ]
    assert catalog.info.splits == ("all",) and len(list(catalog.queries("all"))) == 2


def test_metadata_without_file_names_is_another_table(tmp_path):
    photos_in(tmp_path, "A/1.jpg", "B/1.jpg")
    put(tmp_path / "metadata.csv", "name,price\n1,2\n")
    with pytest.raises(DataError, match=r"is metadata.csv its table"):
        open_catalog(str(tmp_path))


def test_metadata_may_not_name_files_outside(tmp_path):
    photos_in(tmp_path / "in", "1.jpg")
    photos_in(tmp_path, "out.jpg")
    put(tmp_path / "in/metadata.csv", "file_name,id\n1.jpg,1\n../out.jpg,2\n")
    catalog = open_catalog(str(tmp_path / "in"))
    assert [p.id for p in catalog.products()] == ["1"]
    assert "--allow-outside" in catalog.rejects[0].todo


def test_labels_of_the_hub_become_names(tmp_path):
    (tmp_path / "data").mkdir()
    pq.write_table(hub_table(0, rows=6), tmp_path / "data" / "train-00000-of-00001.parquet")
    bad = hub_table(10).to_pylist()[:2] + [{"image": {"bytes": jpeg(9), "path": None}, "label": 7}]
    table = hub_table(10).from_pylist(bad, schema=hub_table(10).schema)
    pq.write_table(table, tmp_path / "data" / "validation-00000-of-00001.parquet")
    catalog = open_catalog(str(tmp_path))
    assert isinstance(catalog, HubParquet) and catalog.info.splits == ("train", "val")
    assert [(p.id, p.title, len(p.images)) for p in catalog.products()] == [
        ("Tea", "Tea", 3),
        ("Cup", "Cup", 3),
    ]
    probes = list(catalog.queries("val"))
    assert [q.group for q in probes] == ["Tea", "Cup"]
    assert probes[0].item.parts[0].read() == jpeg(10)
    [reject] = catalog.rejects
    assert reject.source == "data/validation-00000-of-00001.parquet#2"
    assert "7 is none of its 2 labels" in reject.reason


def test_parquet_as_the_hub_converts_it_and_without_labels(tmp_path):
    for split in ("train", "test"):
        (tmp_path / split).mkdir()
        table = hub_table(len(split)).select(["image"])
        pq.write_table(table, tmp_path / split / "0000.parquet")
    catalog = open_catalog(str(tmp_path))
    assert isinstance(catalog, HubParquet) and catalog.info.splits == ("train", "test")
    ids = [p.id for p in catalog.products()]
    assert "train/0000.parquet#0" in ids and len(ids) == 8


def test_merits_parquet_is_told_by_its_columns(tmp_path):
    (tmp_path / "data").mkdir()
    pq.write_table(hub_table(0), tmp_path / "data" / "test-00000-of-00001.parquet")
    assert recognise(tmp_path) == "hub-parquet"


def test_a_table_called_like_another_readers_is_ones_own(tmp_path):
    photos_in(tmp_path, "a.jpg", "b.jpg")
    rows = "image,label,kids,contributor\na.jpg,Hat,False,1\nb.jpg,Shoes,True,2\n"
    put(tmp_path / "products.csv", rows)
    assert recognise(tmp_path) == "own"
    assert [(p.id, p.title) for p in open_catalog(str(tmp_path)).products()] == [
        ("Hat", "Hat"),
        ("Shoes", "Shoes"),
    ]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("coco_captions_val.json", '{"info": {}, "annotations": []}'),
        ("app_manifest.json", '{"name": "shop"}'),
        ("queries-2024.json", '[{"q": "red tea"}]'),
        ("synthetic_labels.json", "[1, 2]"),
        ("barcode_to_images_map.json", "{}"),
        ("world.json", '{"countries": []}'),
    ],
)
def test_no_format_is_guessed_from_a_name(tmp_path, name, body):
    photos_in(tmp_path, "A/1.jpg", "B/1.jpg")
    put(tmp_path / name, body)
    assert recognise(tmp_path) == "class-folders"


def test_export_as_folders_comes_back(tmp_path, monkeypatch):
    layouts = pytest.importorskip("skulens.catalog.layouts.folders")
    assert layouts
    from skulens.catalog.layouts.export import export_catalog

    source = photos_in(tmp_path / "in", *(f"{c}/{n}.jpg" for c in "AB" for n in range(4)))
    export_catalog(open_catalog(str(source)), "folders", tmp_path / "out")
    back = open_catalog(f"class-folders:{tmp_path / 'out'}")
    assert {p.id: len(p.images) for p in back.products()} == {"A": 2, "B": 2}
    assert len(list(back.queries("test"))) == 4


TREES = re.findall(
    r"```tree\n(.*?)```\n\n```console\n(.*?)```",
    (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8"),
    re.S,
)


def build_tree(root: Path, tree: str) -> Path:
    """Make the files of a tree of docs/data.md; metadata.csv gives its columns after a colon."""
    place: list[str] = []
    tables = []
    for line in tree.splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        name, _, columns = line.strip().partition(": ")
        place[depth:] = [name.rstrip("/")]
        path = root.joinpath(*place)
        if columns:
            tables.append((path, columns))
        elif name.endswith(".parquet"):
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(hub_table(len(name)), path)
        elif not name.endswith("/"):
            put(
                path,
                jpeg(len("/".join(place)) * 100 + int(path.stem) if path.stem.isdigit() else 0),
            )
    for path, columns in tables:
        assert columns == "file_name,label"
        photos = sorted(p.name for p in path.parent.glob("*.jpg"))
        rows = [f"{name},{'AB'[n % 2]}" for n, name in enumerate(photos)]
        put(path, "\n".join([columns, *rows]) + "\n")
    return root / tree.split("/")[0]


@pytest.mark.parametrize(("tree", "shown"), TREES)
def test_each_documented_layout_is_read_as_the_document_says(tmp_path, tree, shown):
    catalog = open_catalog(str(build_tree(tmp_path, tree)))
    assert list(catalog.products()) and not catalog.rejects
    for split in catalog.info.splits:
        assert list(catalog.queries(split)) and not catalog.rejects
    command, *notes = shown.splitlines()
    assert command.startswith("$ skulens ") and "shop" in command
    assert [f"note: {note}" for note in catalog.notes] == notes


def test_all_layouts_are_documented():
    assert len(TREES) == 5
