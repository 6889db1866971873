"""`skulens index`: build, info, delete, snapshot, rollback on a store that lies on disk."""

import json

import PIL.Image
import pytest
from click.testing import CliRunner

from skulens.cli import skulens
from skulens.errors import SkulensError
from skulens.registry import rows
from skulens.search.shop import open_store

COLOURS = ("red", "green", "blue", "yellow", "black")


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """(run, catalogue, store): a catalogue of five products and the address of a store."""
    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    engine = ""
    if "lance" not in rows("store"):
        pytest.importorskip("qdrant_edge")
        engine = "edge:"
    else:
        pytest.importorskip("lancedb")
    lines = []
    for n, colour in enumerate(COLOURS):
        PIL.Image.new("RGB", (40, 30), colour).save(tmp_path / f"{colour}.png")
        lines.append(
            {"id": f"p{n}", "title": f"{colour} square", "image": f"{colour}.png", "price": 10 * n}
        )
    write(tmp_path, lines)

    def run(*words, code=0):
        result = CliRunner().invoke(skulens, ["index", *map(str, words)])
        said = f"{result.output}{result.exception or ''}"
        assert result.exit_code == code, said
        assert result.exception is None or isinstance(result.exception, SkulensError | SystemExit)
        return said if code else result.stdout

    return run, lines, f"{engine}{tmp_path / 'shop.store'}"


def write(folder, lines):
    text = "\n".join(json.dumps(line) for line in lines)
    (folder / "products.jsonl").write_text(text + "\n")


def build(run, store, *more, code=0):
    return run(
        "build", "products.jsonl", "--encoder", "histogram:4", "--store", store, *more, code=code
    )


def test_build_says_what_was_made_and_what_is_next(shop):
    run, _, store = shop
    said = build(run, store).splitlines()
    assert "5 products written and 0 unchanged" in said[-2] and "picture by histogram:4" in said[-2]
    assert said[-1] == f"next: skulens search {store} --text 'red square'"
    again = run("build", "products.jsonl", "--store", store).splitlines()
    assert "nothing to do, 5 products are up to date" in again[-2]


def test_build_as_json_and_what_left_the_catalogue(shop, tmp_path):
    run, lines, store = shop
    build(run, store)
    lines[0]["price"] = 77
    write(tmp_path, lines[:4])
    made = json.loads(build(run, store, "--json", "--snapshot", "before"))
    assert {k: made[k] for k in ("products", "written", "unchanged", "gone", "removed")} == {
        "products": 4, "written": 1, "unchanged": 3, "gone": 1, "removed": 0,
    }  # fmt: skip
    assert made["columns"] == {"picture": "histogram:4"} and made["snapshot"] == "before"
    assert made["embedded"] == 0  # its picture is known
    assert "are kept, and --prune deletes them" in build(run, store)
    assert "1 products that the catalogue no longer has are deleted" in build(run, store, "--prune")
    assert "5 products (before: 4)" in run("rollback", store, "before")


def test_rejects_lie_in_the_store_and_are_shown(shop, tmp_path):
    run, lines, store = shop
    (tmp_path / "red.png").write_bytes(b"no picture")
    said = build(run, store)
    path = tmp_path / "shop.store" / "rejects.jsonl"
    assert f"1 reject: {path}" in said and "not a picture" in said and "(p0)" in said
    [row] = [json.loads(line) for line in path.read_text().splitlines()]
    assert row["item"] == "p0" and row["reason"] and row["todo"]
    assert json.loads(run("info", store, "--json"))["products"] == 5


def test_info(shop):
    run, _, store = shop
    build(run, store)
    run("snapshot", store, "first")
    told = json.loads(run("info", store, "--json"))
    assert told["products"] == 5 and told["snapshots"] == ["first"]
    [column] = told["columns"]
    assert column["opens"] and column["encoder"] == "histogram:4" and column["name"] == "picture"
    fields = {f["field"]: f for f in told["fields"]}
    assert (fields["price"]["least"], fields["price"]["most"]) == (0, 40)
    assert fields["title"]["values"][0] == {"value": "black square", "products": 1}
    assert "pictures" not in fields and not any(name.startswith("#") for name in fields)
    shown = run("info", store)
    assert "0 to 40" in shown and "snapshots: first" in shown and "opens here" in shown


def test_info_of_a_store_whose_encoder_is_gone(shop, monkeypatch):
    run, _, store = shop
    build(run, store)
    import skulens.search.indexing.columns as columns
    from skulens.errors import UnknownName

    def gone(name, memo=None):
        raise UnknownName("no such encoder")

    monkeypatch.setattr(columns, "open_encoder", gone)
    shown = run("info", store)
    assert "CANNOT BE OPENED HERE" in shown and "--encoder picture=NAME" in shown


@pytest.mark.parametrize("name", ["info", "delete", "snapshot", "rollback"])
def test_no_store_is_said_and_none_is_made(shop, tmp_path, name):
    run, _, store = shop
    more = {"delete": ["p1"], "snapshot": ["a"], "rollback": ["a"]}.get(name, [])
    said = run(name, store, *more, code=1)
    assert "skulens index build" in said and not (tmp_path / "shop.store").exists()


def test_delete_by_id_by_file_and_by_filter(shop, tmp_path):
    run, _, store = shop
    build(run, store)
    assert "2 of 5 products would be deleted" in run(
        "delete", store, "--where", "price < 15", "--dry-run"
    )
    assert "1 products deleted, 4 left" in run("delete", store, "p0")
    (tmp_path / "ids.txt").write_text("p1\n\nnobody\n")
    told = json.loads(run("delete", store, "--from", "ids.txt", "--json"))
    assert (told["asked"], told["there"], told["deleted"], told["products"]) == (2, 1, 1, 3)
    assert "3 products deleted, 0 left" in run("delete", store, "--where", "price >= 0")
    assert "0 products deleted, 0 left" in run("delete", store, "--where", "price >= 0")


def test_delete_says_what_is_wrong(shop):
    run, _, store = shop
    build(run, store)
    assert "not both" in run("delete", store, code=2)
    assert "not both" in run("delete", store, "p1", "--where", "price < 3", code=2)
    assert "did you mean price" in run("delete", store, "--where", "extras.price < 3", code=1)
    assert json.loads(run("info", store, "--json"))["products"] == 5


def test_snapshot_and_rollback(shop):
    run, _, store = shop
    build(run, store)
    assert f"skulens index rollback {store} first" in run("snapshot", store, "first")
    run("delete", store, "p0", "p1")
    told = json.loads(run("rollback", store, "first", "--json"))
    assert (told["before"], told["products"]) == (3, 5)
    assert "first" in run("rollback", store, "second", code=1)
    run("snapshot", store, "first", code=1)


@pytest.mark.parametrize(
    "data, said",
    [("nothing.jsonl", "there is no file"), ("empty.jsonl", "no products")],
)
def test_a_catalogue_that_is_none(shop, tmp_path, data, said):
    run, _, store = shop
    (tmp_path / "empty.jsonl").write_text('{"title": "no id", "id": ""}\n')
    shown = run("build", data, "--encoder", "histogram:4", "--store", store, code=1)
    assert said in shown and not (tmp_path / "shop.store").exists()


def test_a_store_without_an_encoder_and_one_of_another(shop):
    run, _, store = shop
    run("build", "products.jsonl", "--store", store, code=1)
    build(run, store)
    said = run("build", "products.jsonl", "--encoder", "histogram:8", "--store", store, code=1)
    assert "histogram:4" in said and "histogram:8" in said and "new store" in said


def test_a_folder_that_cannot_be_written(shop, tmp_path):
    run, _, _ = shop
    if "lance" not in rows("store"):
        pytest.skip("needs the engine of folders, lance")
    (tmp_path / "file").write_text("")
    said = build(run, tmp_path / "file" / "shop.store", code=1)
    assert "Traceback" not in said and "file" in said


def test_a_second_build_at_the_same_time_is_refused_and_nothing_is_embedded(shop, monkeypatch):
    run, _, store = shop
    if "lance" not in rows("store"):
        pytest.skip("needs the engine of folders, lance")
    from skulens.index.stores import open_store
    from skulens.search.indexing import build as module

    build(run, store)
    other = open_store(store)
    other.delete(["p0"])  # from here on it is the one that writes
    monkeypatch.setattr(module, "Embedding", lambda *_: pytest.fail("it was about to embed"))
    assert "another program writes" in build(run, store, code=1)
    other.close()


def test_claims_are_shown_beside_their_products(shop, tmp_path):
    run, lines, store = shop
    build(run, store)
    row = {"item": "p1", "field": "attributes.brand", "value": "Acme", "label": "U", "quote": ""}
    verdicts, photos = tmp_path / "verdicts.jsonl", tmp_path / "labels.jsonl"
    verdicts.write_text(
        "\n".join(json.dumps(r) for r in (row, row | {"item": "p9"}, row | {"label": 1}))
    )
    photos.write_text(
        json.dumps({"sha256": "0" * 64, "fields": [{"field": "brand", "verdict": "U"}]})
    )
    said = run(
        *("build", "products.jsonl", "--store", store),
        *("--claims", verdicts, "--claims", photos),
    ).splitlines()
    assert "has no product 'p9'" in "".join(said) and any(s.startswith("3 rejects: ") for s in said)
    assert "of 1 product the claims alone changed; nothing of them was embedded" in said
    assert "1 products written and 4 unchanged" in said[-2]
    made = json.loads(
        run("build", "products.jsonl", "--store", store, "--claims", verdicts, "--json")
    )
    assert (made["written"], made["reclaimed"], made["embedded"], made["rejects"]) == (0, 0, 0, 2)
    with open_store(store) as opened:
        [(claim, verdict)] = opened.claims("p1")
    assert (claim.field, claim.value, verdict.label) == ("attributes.brand", "Acme", "U")
    assert "#claims" not in run("info", store)


def test_a_file_without_claims_is_refused_before_anything_is_built(shop, tmp_path):
    run, _, store = shop
    said = build(run, store, "--claims", "products.jsonl", code=1)
    assert "holds no claims with verdicts" in said and "skulens verify" in said
    assert not (tmp_path / "shop.store").exists()
