"""A catalogue becomes a store, stays up to date, and nothing is embedded twice."""

import json
from dataclasses import replace

import numpy as np
import PIL.Image
import pytest

from skulens.errors import DataError, EncoderError, StoreError
from skulens.records import Attribute, Image, Product
from skulens.search.indexing import build as build_module
from skulens.search.indexing.build import build_index, next_size
from tests.search.indexing.conftest import ListCatalog, make_product, png


@pytest.fixture
def build(stores, encoders, tmp_path):
    def run(products, *, encoder="fake", **options):
        catalog = ListCatalog(products) if isinstance(products, list) else products
        rejects = tmp_path / "rejects.jsonl"
        return build_index(catalog, "kept:a", encoder=encoder, rejects=rejects, **options)

    return run


def rows_of(tmp_path):
    path = tmp_path / "rejects.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_products_get_vectors_fields_words_and_a_thumbnail(build, stores, encoders):
    products = [make_product(n, category=("Tops",)) for n in range(5)]
    built = build(products, text_encoder="words")
    store = stores["kept:a"]
    assert (built.products, built.written, built.unchanged, store.count()) == (5, 5, 0, 5)
    assert {c.name: c.encoder for c in store.schema.vectors} == {"picture": "fake", "text": "words"}
    found = store.fetch(["3"], ["price", "category", "words", "thumbnail", "pictures"])[0]
    assert (
        found["price"] == 3 and list(found["category"]) == ["Tops"] and "thing 3" in found["words"]
    )
    assert found["thumbnail"][:2] == b"\xff\xd8" and len(found["pictures"]) == 1
    for name in ("picture", "text"):
        assert np.allclose(np.linalg.norm(store.vectors(name, ["3"]), axis=1), 1, atol=1e-5)


def test_what_did_not_change_is_not_embedded(build, encoders):
    products = [make_product(n) for n in range(6)]
    build(products)
    before = encoders["fake"].forwards
    again = build(products)
    assert (again.written, again.unchanged, encoders["fake"].forwards) == (0, 6, before)
    changed = [replace(products[0], price=99.0), *products[1:5], make_product(100)]
    third = build(changed)
    assert (third.written, third.unchanged, third.gone, third.removed) == (2, 4, 1, 0)
    assert encoders["fake"].forwards == before + 2


@pytest.mark.parametrize(
    "change",
    [
        {"title": "other"},
        {"texts": {"caption": "x"}},
        {"images": (Image(data=png("red")),)},
        {"images": ()},
        {"spu": "s"},
        {"category": ("x",)},
        {"attributes": (Attribute("a", "b"),)},
        {"language": "th"},
        {"country": "TH"},
        {"price": 3.0},
        {"currency": "THB"},
        {"gtin": "4006381333931"},
        {"extras": {"stock": 1}},
    ],
    ids=lambda c: next(iter(c)),
)
def test_every_part_of_a_product_counts_as_a_change(build, change):
    one = make_product(1)
    build([one])
    assert build([replace(one, **change)]).written == 1


def test_a_picture_that_changes_in_its_file_is_embedded_again(build, stores, tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(png("red"))
    one = Product("1", title="a", images=(Image(path=str(path)),))
    build([one])
    before = stores["kept:a"].vectors("picture", ["1"])
    path.write_bytes(png("blue"))
    assert build([one]).written == 1
    assert not np.allclose(before, stores["kept:a"].vectors("picture", ["1"]))


def test_products_that_left_are_kept_and_pruned_when_asked(build, stores):
    build([make_product(n) for n in range(4)])
    fewer = [make_product(n) for n in range(2)]
    assert build(fewer).gone == 2 and stores["kept:a"].count() == 4
    built = build(fewer, prune=True)
    assert (built.gone, built.removed, stores["kept:a"].count()) == (2, 2, 2)


def test_a_product_whose_row_was_rejected_is_not_pruned(build, stores):
    build([make_product(n) for n in range(3)])
    catalog = ListCatalog([make_product(0)], [("t.csv:3", "1", "two titles", "correct it")])
    built = build(catalog, prune=True)
    assert built.removed == 1 and stores["kept:a"].select() == ("0", "1")


def test_a_snapshot_is_made_before_the_first_change_and_only_then(build, stores):
    first = build([make_product(1)], snapshot="empty")
    assert first.snapshot == "" and list(stores["kept:a"].snapshots()) == []
    assert build([make_product(1)], snapshot="idle").snapshot == ""
    assert build([make_product(2)], snapshot="before").snapshot == "before"
    stores["kept:a"].rollback("before")
    assert stores["kept:a"].select() == ("1",)
    with pytest.raises(StoreError, match="already.*interrupted"):
        build([make_product(3)], snapshot="before")


def test_ids_that_cannot_be_stored_and_ids_that_stand_twice(build, stores, tmp_path):
    twice = replace(make_product(2), title="again")
    built = build(
        [make_product(1), make_product(2), twice, Product("", "no id"), Product("x" * 600)]
    )
    assert built.written == 2 and stores["kept:a"].fetch(["2"], ["title"])[0]["title"] == "thing 2"
    reasons = [row["reason"] for row in rows_of(tmp_path)]
    assert len(reasons) == 3 and "stands twice" in reasons[0] and "empty" in reasons[1]
    assert built.rejects.count == 3 and len(built.rejects.first) == 3
    assert build([make_product(1), make_product(2), twice]).unchanged == 2


def test_an_unreadable_picture_costs_the_picture_alone(build, stores, tmp_path):
    gone = Image(path=str(tmp_path / "gone.jpg"))
    broken = Image(data=b"\xff\xd8 no picture")
    products = [
        make_product(1, images=(gone,)),
        make_product(2, images=(broken, Image(data=png("red")))),
        make_product(3, images=(broken,)),
        make_product(4, images=()),
    ]
    built = build(products)
    store = stores["kept:a"]
    assert built.written == 4 and store.count() == 4
    assert np.isnan(store.vectors("picture", ["1", "3", "4"])).all()
    assert not np.isnan(store.vectors("picture", ["2"])).any()
    assert [bool(r["thumbnail"]) for r in store.fetch(["1", "2", "3", "4"], ["thumbnail"])] == [
        False, True, False, False,
    ]  # fmt: skip
    assert [(row["item"], row["stage"]) for row in rows_of(tmp_path)] == [
        ("2", "index"), ("3", "index"), ("1", "index"),
    ]  # fmt: skip


def test_rejects_of_what_did_not_change_stay_and_others_go(build, tmp_path):
    broken, worse = (make_product(n, images=(Image(data=b"bad %d" % n),)) for n in (1, 2))
    build([broken, worse])
    assert {row["item"] for row in rows_of(tmp_path)} == {"1", "2"}
    again = build([broken, make_product(2)])
    assert [row["item"] for row in rows_of(tmp_path)] == ["1"] and again.rejects.count == 1
    idle = build([broken, make_product(2)])
    assert idle.written == 0 and [row["item"] for row in rows_of(tmp_path)] == ["1"]
    assert build([make_product(1), make_product(2)]).rejects.count == 0
    assert not (tmp_path / "rejects.jsonl").exists()


def test_a_missing_picture_is_told_once_however_often(build, tmp_path):
    lost = make_product(1, images=(Image(path=str(tmp_path / "gone.jpg")),))
    for _ in range(3):
        build([lost])
        assert len(rows_of(tmp_path)) == 1


def test_values_of_another_type_than_the_store_has(build, stores, tmp_path):
    build([make_product(1, extras={"stock": 3})])
    build([make_product(2, extras={"stock": "many", "new": True})])
    assert stores["kept:a"].fetch(["2"], ["extras.stock", "extras.new"])[0] == {
        "id": "2", "extras.new": True,
    }  # fmt: skip
    assert "extras.stock holds numbers" in rows_of(tmp_path)[0]["reason"]


def test_extras_that_json_cannot_say(build, stores):
    built = build([make_product(1, extras={1: "a", "b": 2}), make_product(2)])
    assert built.written == 1 and "JSON" in built.rejects.first[0].reason


def test_columns_not_named_go_on_with_their_encoders(build, stores, encoders):
    build([make_product(1)], text_encoder="words")
    built = build([replace(make_product(1), title="new")], encoder="")
    assert built.written == 1 and len(built.makers) == 2
    assert not np.isnan(stores["kept:a"].vectors("text", ["1"])).any()
    assert not np.isnan(stores["kept:a"].vectors("picture", ["1"])).any()


def test_a_text_column_can_be_added_later(build, stores, encoders):
    build([make_product(1)])
    assert build([make_product(1)], text_encoder="words").written == 1
    assert not np.isnan(stores["kept:a"].vectors("text", ["1"])).any()


def test_a_store_of_another_encoder_is_refused_and_both_are_named(build, encoders):
    build([make_product(1)])
    with pytest.raises(StoreError, match="by 'fake'.*'other'.*new store"):
        build([make_product(1)], encoder="other")


def test_an_encoder_that_cannot_see_or_read(build, encoders):
    with pytest.raises(EncoderError, match="blind embeds text, not images; give it as --text"):
        build([make_product(1)], encoder="blind")


def test_an_empty_catalogue_makes_no_store(build, stores):
    with pytest.raises(DataError, match="no products.*1 rejects, the first: not JSON"):
        build(ListCatalog([], [("a:1", "", "not JSON", "correct it")]))
    assert stores == {}


def test_neither_a_store_nor_an_encoder(build):
    with pytest.raises(StoreError, match="no store"):
        build([make_product(1)], encoder="")


def test_views_mean_and_first(build, stores, tmp_path):
    two = make_product(1, images=(Image(data=png("red")), Image(data=png("blue"))))
    only = {c: make_product(n, images=(Image(data=png(c)),)) for n, c in ((2, "red"), (3, "blue"))}
    build([two, *only.values()])
    mean, red, blue = stores["kept:a"].vectors("picture", ["1", "2", "3"])
    assert np.allclose(mean, (red + blue) / np.linalg.norm(red + blue), atol=1e-5)
    del stores["kept:a"]
    build([two, *only.values()], views="first")
    assert np.allclose(*stores["kept:a"].vectors("picture", ["1", "2"]), atol=1e-6)
    kept = build([two, make_product(4)])
    assert kept.unchanged == 1 and kept.written == 1
    with pytest.raises(StoreError, match="from first image, not by 'fake' from image"):
        build([two], views="mean")


def test_the_first_view_that_can_be_decoded(build, stores):
    bad, good = Image(data=b"bad"), Image(data=png("red"))
    build([make_product(1, images=(bad, good)), make_product(2, images=(good,))], views="first")
    assert np.allclose(*stores["kept:a"].vectors("picture", ["1", "2"]), atol=1e-6)


def test_many_groups_are_written_in_order_and_each_product_once(build, stores, monkeypatch):
    monkeypatch.setattr(build_module, "FEWEST", 7)
    monkeypatch.setattr(build_module, "MOST", 11)
    monkeypatch.setattr(build_module, "READ", 5)
    built = build([make_product(n) for n in range(100)])
    assert built.written == 100 and stores["kept:a"].count() == 100


def test_groups_are_cut_by_the_bytes_they_hold(build, stores, monkeypatch):
    sizes = []
    monkeypatch.setattr(build_module, "HELD_BYTES", 1500)
    real = build_module.Embedding.embed
    monkeypatch.setattr(
        build_module.Embedding, "embed", lambda self, g: (sizes.append(len(g)), real(self, g))[1]
    )
    build([make_product(n) for n in range(20)])
    assert sum(sizes) == 20 and max(sizes) < 10


def test_an_error_of_the_store_stops_the_build_and_keeps_what_was_written(
    build, stores, monkeypatch
):
    monkeypatch.setattr(build_module, "FEWEST", 5)
    monkeypatch.setattr(build_module, "MOST", 5)
    from skulens.index.stores.engines.memory import Memory

    real, calls = Memory.upsert, []

    def full(self, documents):
        calls.append(1)
        if len(calls) == 3:
            raise StoreError("the disk is full")
        return real(self, documents)

    monkeypatch.setattr(Memory, "upsert", full)
    products = [make_product(n) for n in range(40)]
    with pytest.raises(StoreError, match="disk is full"):
        build(products)
    assert stores["kept:a"].count() == 10 and len(calls) == 3
    built = build(products)
    assert (built.unchanged, built.written) == (10, 30)


def test_an_error_of_the_encoder_keeps_what_was_embedded_before(
    build, stores, encoders, monkeypatch
):
    monkeypatch.setattr(build_module, "FEWEST", 32)
    monkeypatch.setattr(build_module, "MOST", 32)
    build([make_product(0)])
    fake = encoders["fake"]
    real, seen = fake.encode_batch, []

    def broken(modality, batch):
        seen.extend(batch)
        if len(seen) > 64:  # in the third group
            raise EncoderError("out of memory")
        return real(modality, batch)

    monkeypatch.setattr(fake, "encode_batch", broken)
    with pytest.raises(EncoderError, match="out of memory"):
        build([make_product(n) for n in range(200)])
    assert stores["kept:a"].count() >= 33


def test_pictures_inside_a_table_are_read_once_from_front_to_back(
    build, stores, monkeypatch, tmp_path
):
    import pyarrow as pa
    import pyarrow.parquet as pq

    from skulens.catalog import parquet
    from skulens.catalog.open import open_catalog

    table = pa.table(
        {
            "id": [str(n) for n in range(300)],
            "image": [png((n % 256, n // 256, 9)) for n in range(300)],
        }
    )
    pq.write_table(table, tmp_path / "products.parquet", row_group_size=300)
    scans = []
    real = pq.ParquetFile.iter_batches
    monkeypatch.setattr(build_module, "FEWEST", 64)
    monkeypatch.setattr(parquet, "KEPT_BATCHES", 2)
    catalog = open_catalog(str(tmp_path / "products.parquet"))
    list(catalog.products())
    monkeypatch.setattr(
        pq.ParquetFile,
        "iter_batches",
        lambda self, *a, **k: (scans.append(1), real(self, *a, **k))[1],
    )
    assert build(catalog).written == 300
    assert len(scans) == 1


def test_thumbnails_are_made_of_the_picture_that_was_decoded(build, stores, encoders, monkeypatch):
    from skulens.search.indexing import embedding

    monkeypatch.setattr(embedding, "read_thumbnail", lambda image: pytest.fail("decoded again"))
    build([make_product(n) for n in range(10)])
    assert all(
        r["thumbnail"] for r in stores["kept:a"].fetch([str(n) for n in range(10)], ["thumbnail"])
    )


def test_thumbnails_of_pictures_whose_vectors_are_known(build, stores, tmp_path, encoders):
    products = [make_product(n) for n in range(3)]
    build(products, cache=tmp_path / "cache")
    del stores["kept:a"]
    before = encoders["fake"].forwards
    build(products, cache=tmp_path / "cache")
    assert encoders["fake"].forwards == before
    assert all(r["thumbnail"] for r in stores["kept:a"].fetch(["0", "1", "2"], ["thumbnail"]))


@pytest.mark.parametrize(
    "products, seconds, size", [(256, 1, 512), (256, 100, 256), (1000, 16, 500), (4096, 0, 4096)]
)
def test_groups_take_about_as_long_as_wanted(products, seconds, size):
    assert next_size(products, seconds) == size


def test_fields_beyond_the_limit_are_told_once(build, tmp_path):
    build([make_product(n, extras={f"key {n}": 1}) for n in range(400)])
    [row] = [r for r in rows_of(tmp_path) if r["source"] == "fields"]
    assert "beyond the 300" in row["reason"]


def test_thumbnails_are_upright(build, stores):
    import io

    out = io.BytesIO()
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    PIL.Image.new("RGB", (600, 300), "red").save(out, "JPEG", exif=exif)
    build([make_product(1, images=(Image(data=out.getvalue()),))])
    shown = PIL.Image.open(io.BytesIO(stores["kept:a"].fetch(["1"], ["thumbnail"])[0]["thumbnail"]))
    assert shown.size == (100, 200)
