"""The folder: what is refused, what is kept, what a killed run leaves."""

import gzip
import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from skulens.claims import Claim, Evidence, Verdict
from skulens.cli import skulens
from skulens.documents import Schema
from skulens.encode import open_encoder
from skulens.errors import EncoderError, MissingFile, StoreError
from skulens.index.stores import open_store
from skulens.index.stores.fields import CLAIMS
from skulens.search.claims import write_claims
from skulens.search.indexing.claims import rewrite_claims
from skulens.serve.front.files import FOLDER
from skulens.serve.publish import encoder, site
from skulens.serve.publish import runtime as pinned
from skulens.serve.publish.page import make_index
from skulens.serve.publish.site import Options, publish
from tests.serve.publish.shop import make_product
from tests.serve.publish.stored import make_store

PLAIN = Options(photos=False, progress=False)


@pytest.fixture
def store():
    return make_store([make_product(n) for n in range(12)])


def test_every_file_is_the_one_that_the_manifest_names(store, tmp_path):
    made = publish(store, tmp_path / "site", PLAIN)
    manifest = json.loads((made.folder / "manifest.json").read_text())
    for name, told in manifest["files"].items():
        data = (made.folder / name).read_bytes()
        assert len(data) == told["bytes"] and hashlib.sha256(data).hexdigest() == told["sha256"]
    assert made.products == made.thumbnails == manifest["products"] == 12
    assert {p.name for p in made.folder.iterdir()} == set(manifest["tops"])
    assert len(json.loads((made.folder / "products/000.json").read_text())) == 12
    assert len((made.folder / "titles.txt").read_text().split("\n")) == 12
    assert made.bytes == sum(p.stat().st_size for p in made.folder.rglob("*") if p.is_file())


def test_claims_are_on_the_page_of_their_product_alone(store, tmp_path):
    product = store.select(k=1)[0]
    place = Evidence("a" * 64, "ocr", "RED", (0.0,) * 8)
    claim = Claim(product, "attributes.colour", "red", evidence=(place,))
    told = [(claim, Verdict(claim.id, "VC", "ocr", "text/1"))]
    store.widen(Schema(fields=(CLAIMS,)))
    store.upsert(rewrite_claims(store, {product: write_claims(told)}))
    made = publish(store, tmp_path / "site", PLAIN)
    shown = json.loads((made.folder / "products/000.json").read_text())
    [record], rest = shown[0]["claims"], shown[1:]
    assert (record["value"], record["evidence"][0]["view"]) == ("red", None)
    assert record["fact"] == "attributes.color" and not any(one["claims"] for one in rest)
    assert not any("#claims" in one["fields"] for one in shown)
    others = [p for p in made.folder.rglob("*") if p.is_file() and p.parent.name != "page"]
    assert [p.name for p in others if b"#claims" in p.read_bytes()] == []


def test_a_folder_of_somebody_else_is_left_alone(store, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "manifest.json").write_text('{"format": "web app"}')
    with pytest.raises(StoreError, match="no site of skulens; name an empty folder"):
        publish(store, tmp_path, PLAIN)
    with pytest.raises(StoreError, match="is a file"):
        publish(store, tmp_path / "notes.txt", PLAIN)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["manifest.json", "notes.txt"]


def test_a_site_is_replaced_and_what_its_owner_added_stays(store, tmp_path):
    folder = tmp_path / "site"
    folder.mkdir()  # an empty folder is fine
    publish(store, folder, PLAIN)
    (folder / "CNAME").write_text("shop")
    (folder / ".well-known").mkdir()
    (folder / ".well-known" / "a").write_text("b")
    store.delete(["sku/00 é"])
    assert publish(store, folder, PLAIN).products == 11
    assert (folder / "CNAME").read_text() == "shop"
    assert (folder / ".well-known" / "a").read_text() == "b"
    assert len(json.loads((folder / "products/000.json").read_text())) == 11
    assert [p.name for p in tmp_path.iterdir()] == ["site"]  # nothing left beside it


def test_a_killed_run_leaves_the_old_site_and_is_resumed(store, tmp_path, monkeypatch):
    folder = tmp_path / "site"
    publish(store, folder, PLAIN)
    before = (folder / "manifest.json").read_bytes()
    store.delete(["sku/01 é"])

    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(site, "write_search", die)
        with pytest.raises(KeyboardInterrupt):
            publish(store, folder, PLAIN)
    assert (folder / "manifest.json").read_bytes() == before
    made = []
    with monkeypatch.context() as patch:
        patch.setattr(site, "write_thumbnail", lambda *given: made.append(given))
        assert publish(store, folder, PLAIN).thumbnails == 11
    assert made == []  # all were there

    with monkeypatch.context() as patch:
        patch.setattr(site, "write_search", die)
        with pytest.raises(KeyboardInterrupt):
            publish(store, folder, PLAIN)
    store.delete(["sku/02 é"])  # what was begun is of other products
    assert publish(store, folder, PLAIN).thumbnails == 10


def test_two_runs_do_not_write_one_site(store, tmp_path, monkeypatch):
    asked = []

    def meanwhile(*_):
        with pytest.raises(StoreError, match="another run"):
            publish(store, tmp_path / "site", PLAIN)
        asked.append(True)
        raise KeyboardInterrupt

    monkeypatch.setattr(site, "write_products", meanwhile)
    with pytest.raises(KeyboardInterrupt):
        publish(store, tmp_path / "site", PLAIN)
    assert asked


def test_without_the_runtime_the_error_names_both_files_and_how_to_get_them(tmp_path, monkeypatch):
    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path))
    with pytest.raises(MissingFile) as raised:
        pinned.find_runtime()
    for said in (*pinned.PINNED, *pinned.PINNED.values(), "npm pack onnxruntime-web@1.30.0"):
        assert said in str(raised.value)
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / pinned.SCRIPT).write_text("another")
    with pytest.raises(MissingFile, match=f"{pinned.SCRIPT} is another version"):
        pinned.find_runtime(tmp_path / "given")


def test_what_was_given_once_is_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path / "cache"))
    given = tmp_path / "package" / "dist"
    given.mkdir(parents=True)
    for name in pinned.PINNED:
        (given / name).write_text(name)
    hashes = {name: hashlib.sha256(name.encode()).hexdigest() for name in pinned.PINNED}
    monkeypatch.setattr(pinned, "PINNED", hashes)
    pinned.find_runtime(tmp_path / "package")
    found = pinned.find_runtime()
    assert found.script.read_text() == pinned.SCRIPT
    assert gzip.decompress(found.packed()).decode() == pinned.BINARY


def test_a_store_without_pictures_says_how_it_is_published(store, tmp_path):
    with pytest.raises(EncoderError, match="--no-photos"):
        publish(store, tmp_path / "site", replace(PLAIN, photos=True))


def test_the_page_is_the_servers_with_its_back_end_and_policy():
    html = make_index('<!doctype html><html lang="en"><head><meta charset="utf-8"><title>x</title>')
    assert '<html data-backend="local" lang="en">' in html
    assert html.index("charset") < html.index("Content-Security-Policy") < html.index("<title>")
    for name in ("page/local.js", "page/columns.js"):
        assert f'href="{name}"' in html and (FOLDER / name.split("/")[1]).is_file()


def test_without_torch_the_shipped_tower_is_published_and_the_user_is_told(
    tmp_path, monkeypatch, runtime
):
    pytest.importorskip("torch", reason="the shop's vectors: pip install 'skulens[clip]'")
    from tests.serve.publish.shop import make_shop

    shop = make_shop()
    monkeypatch.setattr(encoder.importlib.util, "find_spec", lambda name: None)
    made = publish(shop.store, tmp_path / "site", Options(progress=False))
    assert made.photos and made.words == 0 and "torch is not installed" in made.notes[0]
    onnx = (encoder.WEIGHTS / "mini" / "encoder.onnx").read_bytes()
    assert (made.folder / "encoder.onnx").read_bytes() == onnx
    assert not (made.folder / "words.f32").exists()
    assert "mini; licence: Apache-2.0" in (made.folder / "NOTICE").read_text()


def test_words_are_keys_and_values_of_facets(tmp_path, runtime):
    pytest.importorskip("torch", reason="needs the encoder that ships: pip install 'skulens[clip]'")
    from tests.serve.publish.shop import COLLARS, COLOURS, make_shop

    made = publish(make_shop().store, tmp_path / "site", Options(progress=False))
    texts = json.loads((made.folder / "words.json").read_text())
    assert made.words == len(texts) == len(set(texts))
    assert {"color", "collar", *COLOURS, *COLLARS[1:]} <= set(texts)
    found = np.fromfile(made.folder / "words.f32", np.float32).reshape(len(texts), -1)
    opened = open_encoder("mini", device="cpu")
    [expected] = opened.encode_batch("text", [opened.prepare_text("navy")])
    expected /= np.linalg.norm(expected)
    np.testing.assert_allclose(found[texts.index("navy")], expected, atol=1e-5)


def test_photos_to_try_are_copied_and_what_is_none_is_told(store, tmp_path, runtime):
    pytest.importorskip("torch", reason="needs the encoder that ships: pip install 'skulens[clip]'")
    from tests.serve.publish.shop import draw, encode, make_shop

    given = tmp_path / "photos"
    given.mkdir()
    for n in range(14):
        (given / f"p{n:02}.jpg").write_bytes(encode(draw(n)))
    (given / "p03.jpg").write_bytes(b"no picture")
    (given / "notes.txt").write_text("x")
    options = Options(progress=False, examples=given)
    made = publish(make_shop().store, tmp_path / "site", options)
    about = json.loads((made.folder / "about.json").read_text())["about"]
    shown = [e for e in about["examples"] if "photo" in e]
    assert [e["name"] for e in shown] == [f"p{n:02}" for n in range(13) if n != 3]
    for example in shown:
        copied = (made.folder / example["photo"]).read_bytes()
        assert copied == (given / f"{example['name']}.jpg").read_bytes()
    assert len(made.notes) == 2 and "p03.jpg is left out" in made.notes[0]


LATER = ("asking.js", "find.js", "planes.js", "titles.js", "resize.js", "encoder.worker.js")
"""Of the page, what comes after it is shown."""


def test_the_page_that_is_shown_takes_60_kib(store, tmp_path):
    made = publish(store, tmp_path / "site", PLAIN)
    scripts = [file for file in (made.folder / "page").iterdir() if file.name not in LATER]
    files = [made.folder / "index.html", *scripts]
    assert sum(len(gzip.compress(file.read_bytes())) for file in files) < 60 * 1024


def test_the_command_says_what_it_made(tmp_path):
    pytest.importorskip("lancedb", reason="pip install 'skulens[search]'")
    products = [make_product(n) for n in range(5)]
    plain = make_store(products)
    kept = open_store(tmp_path / "shop.store", plain.schema)
    kept.upsert(plain._held.values())
    kept.close()
    out = tmp_path / "site"
    ran = CliRunner().invoke(
        skulens, ["publish", str(tmp_path / "shop.store"), "--out", str(out), "--no-photos"]
    )
    assert ran.exit_code == 0, ran.output
    last = ran.output.splitlines()[-1]
    assert last.startswith(f"{out}: 5 products, searched by words and filters, ")
    assert last.endswith(f"MB; python -m http.server -d {out}")
