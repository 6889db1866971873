"""Folders of photos and tables of one's own, from the command line to what is done with results."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from skulens.bench.store import ResultStore
from skulens.bench.stored_files import read_record, rewrite_record
from skulens.cli import skulens
from tests.catalog.conftest import jpeg, make_hub_parquet, make_imagefolder, put


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def run(*words, code=0):
    done = CliRunner().invoke(skulens, list(words))
    assert done.exit_code == code, (words, done.output, done.exception)
    return done


def measure(*words):
    """The results of `bench mpr` with the histogram, as JSON."""
    done = run("bench", "mpr", *words, "--encoder", "histogram", "--json")
    return json.loads(done.stdout)["results"], done.stderr


def classes(folder: Path) -> Path:
    for n, name in enumerate(("Red_Mug", "Tea")):
        for i in range(4):
            put(folder / name / f"{i}.jpg", jpeg(4 * n + i))
    return folder


def test_class_folders_give_a_number_at_once():
    classes(Path("shop"))
    [result], said = measure("shop")
    assert result["gallery"] == "image" and result["data_split"] == "test"
    assert result["n_queries"] == 4 and result["n_gallery"] == 2
    assert "the first photos of each product, up to 2, are its gallery pictures (4)" in said
    [result], _ = measure("shop", "--gallery-photos", "1")
    assert result["n_queries"] == 6


@pytest.mark.parametrize("make", [make_imagefolder, make_hub_parquet])
def test_layouts_of_the_hub_are_measured(make):
    make(Path("data-set"))
    [result], _ = measure("data-set")
    assert result["n_queries"] == 4 and result["n_gallery"] == 2


def test_every_command_takes_class_folders():
    classes(Path("shop"))
    assert json.loads(run("audit", "shop", "--json").stdout)["products"] == 2
    built = run("index", "build", "shop", "--encoder", "histogram", "--store", "s", "--json")
    assert json.loads(built.stdout)["embedded"] == 8, "a store takes every photo"
    found = json.loads(run("search", "s", "--photo", "shop/Tea/3.jpg", "--json").stdout)
    assert found["hits"][0]["id"] == "Tea"


def test_photos_alone_say_what_is_missing_to_measure_them():
    put(Path("shop/a.jpg"), jpeg(1))
    put(Path("shop/b.jpg"), jpeg(2))
    assert json.loads(run("audit", "shop", "--json").stdout)["products"] == 2
    failed = CliRunner().invoke(skulens, ["bench", "mpr", "shop", "--encoder", "histogram"])
    assert failed.exit_code and "put the photos of each product into a folder" in str(
        failed.exception
    )


def table(folder: Path) -> Path:
    rows = ["article,picture,use"]
    for n, name in enumerate(("tea", "mug")):
        for i, use in enumerate(("", "Probe", "probe")):
            put(folder / f"{name}{i}.jpg", jpeg(3 * n + i))
            rows.append(f"{name},{name}{i}.jpg,{use}")
    return put(folder / "t.csv", "\n".join(rows) + "\n")


MAP = ("--map", "id=article", "--map", "image=picture", "--map", "split=use")


def test_the_only_split_is_measured_whatever_it_is_called():
    table(Path("shop"))
    [result], said = measure("shop/t.csv", *MAP)
    assert result["data_split"] == "probe" and result["n_queries"] == 4
    assert "no split 'test'; measured on its only one, 'probe'" in said
    assert "'Probe', 'probe' are read as one, 'probe'" in said
    assert result["settings"]["split"] == "probe"


def test_an_unknown_split_of_several_says_what_to_type():
    classes(Path("shop/train"))
    classes(Path("shop/val"))
    failed = CliRunner().invoke(skulens, ["bench", "mpr", "shop", "--encoder", "histogram"])
    assert "its splits: train, val. Say which: --split val" in str(failed.exception)


def test_options_of_the_reader_are_remembered_and_used_again():
    table(Path("shop"))
    measure("shop/t.csv", *MAP)
    [stored] = ResultStore(Path("results")).results()
    options = {"id": "article", "image": "picture", "split": "use"}
    assert stored.reader == {"map": options} and "reader" not in stored.settings
    told = json.loads(run("confusion", "histogram", "--json").stdout)
    assert not any("no texts" in note for note in told["notes"])
    # A wrong map overrides; the note says what is wrong.
    told = json.loads(run("confusion", "histogram", "--map", "id=nonsense", "--json").stdout)
    assert any("no column 'nonsense'" in note for note in told["notes"])


def test_a_result_measured_before_learns_the_options(tmp_path):
    from dataclasses import replace

    table(Path("shop"))
    measure("shop/t.csv", *MAP)
    [stored] = ResultStore(Path("results")).results()
    store = ResultStore(Path("other"))
    place, _ = store.add(replace(stored, provenance={}))
    assert store.results()[0].reader == {}
    assert store.add(stored) == (place, "unchanged")
    assert store.results()[0].reader == stored.reader  # and the record is not damaged
    store.add(replace(stored, provenance={}))
    assert store.results()[0].reader == stored.reader


def test_absolute_paths_of_photos_stay_at_home():
    path = table(Path("shop"))
    body = path.read_text().replace(",tea", f",{Path('shop').resolve()}/tea")
    path.write_text(body)
    measure("shop/t.csv", *MAP)
    home = str(Path.cwd()).encode()
    files = [f for f in Path("results").rglob("*") if f.is_file()]
    assert files and not [f for f in files if home in f.read_bytes() and f.suffix != ".parquet"]
    import pyarrow.parquet as pq

    for file in files:
        if file.suffix == ".parquet":
            assert home.decode() not in str(pq.read_table(file).to_pydict())


def test_that_pictures_outside_may_be_read_is_remembered_by_the_machine_not_by_results(
    tmp_path, monkeypatch
):
    for n in range(4):
        put(tmp_path / "elsewhere" / f"{n}.jpg", jpeg(n))
    rows = [f"p{n % 2},{tmp_path}/elsewhere/{n}.jpg,{'test' * (n > 1)}" for n in range(4)]
    put(tmp_path / "shop/t.csv", "\n".join(["id,image,split", *rows]) + "\n")
    measure("shop/t.csv", "--allow-outside")
    [stored] = ResultStore(Path("results")).results()
    assert "allow_outside" not in stored.reader
    command = ("confusion", "histogram", "--json")
    assert not any("no texts" in n for n in json.loads(run(*command).stdout)["notes"])

    told = read_record(stored.folder)  # what another person may have written
    told["provenance"]["reader"] = {"allow_outside": True}
    rewrite_record(stored.folder, told)
    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path / "another machine"))
    [note] = json.loads(run(*command).stdout)["notes"]
    assert "only if you say so: --allow-outside" in note
