"""OpenMPR from its authors' own files: fetched, cloned, or put there by hand."""

import hashlib
import json
import os
import threading
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from skulens.catalog.fetch import sources
from skulens.catalog.open import open_catalog
from skulens.catalog.openmpr import VIEWS, OpenMPR, make_manifest
from skulens.cli import skulens
from skulens.errors import DataError, MissingFile

from ..hostile.archives import Entry, tar
from .conftest import hash_of, jpeg, put

SKUS = ("012345678905", "910007020329", "08663132")
CAPTIONS = "src/data/synthetic/synthetic_labels_meta-llama-3.1-8b-instruct.json"
MANIFEST = "src/data/barcode_to_images_map.json"
LABELS = {sku: f"The product is {sku}, crème." for sku in SKUS}


def photos_of(sku: str) -> list[str]:
    view = VIEWS[1] if sku == SKUS[2] else VIEWS[0]
    return [f"{view}/{sku}_{n}.jpg" for n in (1, 10, 2)]


REPOSITORY = {
    "README.md": "# OpenMPR",
    "results/benchmark_summary.csv": "model,params\n",
    "scripts/download_data.sh": "#!/usr/bin/env bash",
    "src/README_MPR": "challenge",
    MANIFEST: json.dumps({s: {"image_paths": photos_of(s), "label": LABELS[s]} for s in SKUS}),
    "src/data/barcode_to_images_statistics.json": "{}",
    "src/data/paths.yaml": "mpr_dataset: {}",
    "src/data/product_texts.json": json.dumps({SKUS[0]: {"what is it?": "Tea."}}),
    CAPTIONS: json.dumps([{"product_id": s, "label": LABELS[s]} for s in SKUS]),
}
"""A repository with the names and folders of OpenMPR's at commit 12c4ff1, and three SKUs."""
BOX = "data/mpr_challenge/appearance_based"
"""Where download_data.sh leaves the photos."""


def write_clone(folder: Path) -> Path:
    for name, text in REPOSITORY.items():
        put(folder / name, text)
    return folder


def write_photos(folder: Path, skus=SKUS) -> Path:
    for sku in skus:
        for n, name in enumerate(photos_of(sku)):
            put(folder / name, jpeg(hash_of(sku, n)))
    for view in VIEWS:
        (folder / view).mkdir(exist_ok=True)
    return folder


def archive_of(files: dict[str, str], top: str) -> bytes:
    return tar(*(Entry(f"{top}{name}", text.encode()) for name, text in files.items()))


def contents_of(files: dict[str, str]) -> str:
    digests = {n: hashlib.sha256(t.encode()).hexdigest() for n, t in files.items()}
    lines = "".join(f"{digests[n]}  {n}\n" for n in sorted(digests))
    return hashlib.sha256(lines.encode()).hexdigest()


@pytest.fixture
def pinned(monkeypatch):
    """The small repository in place of the real one, pinned in the same way."""
    source = replace(sources.SOURCES["openmpr"], contents=contents_of(REPOSITORY))
    monkeypatch.setitem(sources.SOURCES, "openmpr", source)
    monkeypatch.delenv("SKULENS_DATA", raising=False)


def groups(catalog) -> list[str]:
    return [q.group for q in catalog.queries("test")]


@pytest.mark.parametrize("how", ["path", "reader", "name"])
def test_a_clone_with_the_photos_where_the_script_leaves_them(tmp_path, monkeypatch, how):
    clone = write_clone(tmp_path / "data" / "openmpr")
    write_photos(clone / BOX)
    monkeypatch.setenv("SKULENS_DATA", str(tmp_path / "data"))
    data = {"path": str(clone), "reader": f"openmpr:{clone}", "name": "openmpr"}[how]
    catalog = open_catalog(data)
    assert isinstance(catalog, OpenMPR)
    products = list(catalog.products())
    assert [p.id for p in products] == list(SKUS)
    assert products[0].texts == {"caption": LABELS[SKUS[0]], "what is it?": "Tea."}
    assert groups(catalog) == [s for s in SKUS for _ in range(3)] and not catalog.rejects
    first = next(catalog.queries("test")).item.parts[0]
    assert first.read() == (clone / BOX / photos_of(SKUS[0])[0]).read_bytes()


@pytest.mark.parametrize("name", ["openmpr-12c4ff1.tar.gz", "openmpr-main.zip", "openmpr-x.tar.gz"])
def test_an_archive_put_there_by_hand_opens_and_only_photos_are_missing(pinned, tmp_path, name):
    folder = tmp_path / "cache" / "data" / "openmpr"
    put(folder / name, archive_of(REPOSITORY, "openmpr-12c4ff1/"))
    catalog = open_catalog("openmpr")
    assert [p.id for p in catalog.products()] == list(SKUS)
    assert (folder / name).is_file(), "a person put it there"
    with pytest.raises(
        MissingFile,
        match=r"mpr_challenge.tar.gz from https://d35668us06lihg.cloudfront.net/mpr_challenge"
        r".tar.gz \(8,521,632,328 bytes\).*put it at .*openmpr/data/mpr_challenge.tar.gz",
    ):
        list(catalog.queries("test"))
    write_photos(folder / BOX)
    assert len(groups(open_catalog("openmpr"))) == 9
    done = CliRunner().invoke(skulens, ["audit", "openmpr", "--json"])
    assert done.exit_code == 0 and json.loads(done.stdout)["products"] == 3


def test_an_archive_of_another_commit_is_refused_and_kept(pinned, tmp_path):
    folder = tmp_path / "cache" / "data" / "openmpr"
    other = REPOSITORY | {"README.md": "# Another"}
    archive = put(folder / "openmpr-main.tar.gz", archive_of(other, "openmpr-main/"))
    with pytest.raises(DataError, match="does not hold commit 12c4ff1"):
        open_catalog("openmpr")
    assert [p.name for p in folder.iterdir()] == [archive.name]


@pytest.fixture
def www(tmp_path, monkeypatch):
    """(folder, address) of a server on this machine."""
    for switch in ("SKULENS_OFFLINE", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(switch, raising=False)
    for proxy in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(proxy, raising=False)
    folder = tmp_path / "www"
    folder.mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_fetched_archive_goes_when_a_reader_has_opened_it(pinned, www, tmp_path, monkeypatch):
    put(www[0] / "o.tar.gz", archive_of(REPOSITORY, "openmpr-12c4ff1/"))
    monkeypatch.setenv("SKULENS_URL_OPENMPR", f"{www[1]}/o.tar.gz")
    folder = tmp_path / "cache" / "data" / "openmpr"
    with monkeypatch.context() as broken, pytest.raises(RuntimeError):
        broken.setattr(OpenMPR, "__init__", lambda *_: (_ for _ in ()).throw(RuntimeError))
        open_catalog("openmpr")
    assert (folder / "openmpr-12c4ff1.tar.gz").is_file(), "nobody has understood it yet"
    sources.forget("openmpr", folder)
    (folder / "src" / "data" / "barcode_to_images_map.json").unlink()
    (folder / CAPTIONS).unlink()
    assert [p.id for p in open_catalog("openmpr").products()] == list(SKUS)
    assert not (folder / "openmpr-12c4ff1.tar.gz").exists()
    assert (folder / "results" / "benchmark_summary.csv").is_file(), "all of it is kept"


def test_the_photos_are_fetched_and_lie_where_the_script_puts_them(
    pinned, www, tmp_path, monkeypatch, capsys
):
    clone = write_clone(tmp_path / "clone")
    made = write_photos(tmp_path / "made")
    packed = tar(
        *(Entry(f"mpr_challenge/appearance_based/{p.relative_to(made)}", p.read_bytes())
          for p in sorted(made.rglob("*.jpg"))),
        Entry("mpr_challenge/product_texts.json", b"{}"),
    )  # fmt: skip
    put(www[0] / "mpr_challenge.tar.gz", packed)
    source = sources.SOURCES["groceryvision"]
    archive = replace(source.archives[0], size=len(packed))
    changed = replace(source, archives=(archive,), unpacked=0)
    monkeypatch.setitem(sources.SOURCES, "groceryvision", changed)
    monkeypatch.setenv("SKULENS_URL_GROCERYVISION", f"{www[1]}/mpr_challenge.tar.gz")
    assert len(groups(open_catalog(str(clone)))) == 9
    assert "fetching mpr_challenge.tar.gz" in capsys.readouterr().err
    assert (clone / BOX / photos_of(SKUS[0])[0]).is_file()
    assert not (clone / "data" / "mpr_challenge.tar.gz").exists()
    assert not (clone / "product_texts.json").exists()


@pytest.mark.parametrize("place", ["mpr_challenge.tar.gz", "data/mpr_challenge.tar.gz"])
def test_photos_of_another_size_than_published_are_not_unpacked(tmp_path, place):
    clone = write_clone(tmp_path / "clone")
    put(clone / place, b"x" * 99)
    with pytest.raises(DataError, match="99 bytes, expected 8,521,632,328"):
        groups(open_catalog(str(clone)))
    assert (clone / place).is_file()


@pytest.mark.parametrize("place", ["", "data", "appearance_based", "a/b/c/d", BOX])
def test_photos_are_found_below_the_folder(tmp_path, place):
    clone = write_clone(tmp_path / "clone")
    write_photos(clone / place)
    assert len(groups(open_catalog(str(clone)))) == 9


def test_photos_are_found_as_a_dataset_of_their_own(tmp_path, monkeypatch):
    clone = write_clone(tmp_path / "clone")
    write_photos(tmp_path / "data" / "groceryvision" / "appearance_based")
    monkeypatch.setenv("SKULENS_DATA", str(tmp_path / "data"))
    assert len(groups(open_catalog(str(clone)))) == 9


def test_without_a_manifest_the_photos_say_whose_they_are(tmp_path):
    clone = write_clone(tmp_path / "clone")
    (clone / MANIFEST).unlink()
    write_photos(clone / BOX, SKUS[1:])
    catalog = open_catalog(str(clone))
    assert groups(catalog) == [s for s in SKUS[1:] for _ in range(3)]
    assert [(r.item, r.reason) for r in catalog.rejects] == [(SKUS[0], "it has no photo")]


def test_what_is_no_file_is_named_and_never_opened(tmp_path):
    clone = write_clone(tmp_path / "clone")
    write_photos(clone / BOX)
    pipe, zero, loop, folder = (
        clone / BOX / p for p in photos_of(SKUS[0]) + photos_of(SKUS[1])[:1]
    )
    for path in (pipe, zero, loop, folder):
        path.unlink()
    os.mkfifo(pipe)
    zero.symlink_to("/dev/zero")
    loop.symlink_to(loop)
    folder.mkdir()
    catalog = open_catalog(str(clone))
    assert len(groups(catalog)) == 5
    assert [r.reason.rpartition(": ")[2] for r in catalog.rejects] == [
        "is a named pipe, not a file",
        "is a device, not a file",
        "is a link that leads back to itself",
        "is a folder, not a file",
    ]


def test_the_manifest_is_upstreams(tmp_path):
    """Byte for byte what map_barcode_to_images.py writes: paths sorted, front views first, drops
    only for SKUs without one."""
    clone = write_clone(tmp_path / "clone")
    (clone / MANIFEST).unlink()
    write_photos(clone / BOX)
    put(clone / BOX / VIEWS[1] / f"{SKUS[0]}_7.jpg", b"a drop that is not needed")
    put(clone / BOX / VIEWS[0] / "999999999999_1.jpg", b"of nobody")
    put(clone / BOX / VIEWS[0] / f".{SKUS[0]}_1.jpg", b"hidden")
    out = tmp_path / "made" / "map.json"
    arguments = ["catalog", "manifest", str(clone), "--out", str(out)]
    done = CliRunner().invoke(skulens, arguments)
    assert done.exit_code == 0, done.output
    assert "9 photos of 3 barcodes" in done.stdout
    expected = {
        SKUS[0]: [f"{VIEWS[0]}/{SKUS[0]}_{n}.jpg" for n in ("1", "10", "2")],
        SKUS[1]: [f"{VIEWS[0]}/{SKUS[1]}_{n}.jpg" for n in ("1", "10", "2")],
        SKUS[2]: [f"{VIEWS[1]}/{SKUS[2]}_{n}.jpg" for n in ("1", "10", "2")],
    }
    entries = {s: {"image_paths": p, "label": LABELS[s]} for s, p in expected.items()}
    assert out.read_text() == json.dumps(entries, indent=4)
    box, captions = str(clone / BOX), str(clone / CAPTIONS)
    done = CliRunner().invoke(
        skulens,
        ["catalog", "manifest", box, "--captions", captions, "--out", str(out), "--json"],
    )
    assert json.loads(done.stdout) == {"out": str(out), "barcodes": 3, "photos": 9}
    assert out.read_text() == json.dumps(entries, indent=4)


def test_a_manifest_that_would_lack_skus_is_not_written(tmp_path):
    clone = write_clone(tmp_path / "clone")
    write_photos(clone / BOX, SKUS[1:])
    out = tmp_path / "map.json"
    done = CliRunner().invoke(skulens, ["catalog", "manifest", str(clone), "--out", str(out)])
    assert isinstance(done.exception, DataError) and not out.exists()
    assert f"1 of 3 barcodes have no photo in {clone}, such as {SKUS[0]}" in str(done.exception)


def test_a_barcode_within_another_does_not_take_its_photos(tmp_path):
    for name in ("99123456_1.jpg", "123456_1.jpg", "IMG-123456-2.jpg"):
        put(tmp_path / VIEWS[0] / name, b"x")
    with pytest.raises(DataError, match=f"has no folder {VIEWS[1]}"):
        make_manifest(tmp_path, {"123456": "a"})
    (tmp_path / VIEWS[1]).mkdir()
    made = make_manifest(tmp_path, {"123456": "a", "99123456": "b"})
    assert [len(entry["image_paths"]) for entry in made.values()] == [2, 1]


def test_every_address_is_https_and_every_commit_is_pinned_by_its_contents():
    for name, source in sources.SOURCES.items():
        for archive in source.archives:
            assert archive.url.startswith("https://"), name
            assert archive.size or source.contents, name
            assert source.contents == "" or source.revision in archive.url
