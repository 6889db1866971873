"""Batching, de-duplication, cache, roles, fusion and rejects around any encoder."""

import io
import json
import warnings

import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skulens import pictures
from skulens.encode.batching import Batching
from skulens.encode.cache import VectorCache
from skulens.encode.embed import Embedder
from skulens.encode.fusion import fuse, normalise, parts_of
from skulens.encode.memo import Memo
from skulens.encode.parts import Interleaved, Tiled
from skulens.errors import EncoderError, PictureError
from skulens.records import Image, Item
from tests.encode.fake import FakeEncoder, ItemEncoder

QUIET = Batching(batch=3, threads=2, progress=False)


def embed(encoder, parts, folder=None, role="query", memo=None, batching=QUIET):
    """Encoded of the parts by one encoder, with a cache where a folder is given."""
    caches = [VectorCache(folder, encoder.info)] if folder else None
    return Embedder([encoder], caches, memo, batching).embed_parts(parts, role)[0]


def png(colour) -> bytes:
    out = io.BytesIO()
    PIL.Image.new("RGB", (9, 7), colour).save(out, "PNG")
    return out.getvalue()


def plain(encoder, parts):
    """The naive version: one part at a time, no cache, no threads."""
    rows = []
    for part in parts:
        if isinstance(part, str):
            rows.append(encoder.encode_batch("text", [encoder.prepare_text(part)])[0])
        else:
            rows.append(
                encoder.encode_batch(
                    "image", [encoder.prepare_image(pictures.decode(part.read()))]
                )[0]
            )
    return np.stack(rows)


COLOURS = ["red", "green", "blue", "white", "black"]
PARTS = st.lists(
    st.one_of(
        st.sampled_from(["milk", "juice", "oat milk", ""]),
        st.sampled_from(COLOURS).map(lambda c: Image(data=png(c))),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=30, deadline=None)
@given(PARTS, st.integers(1, 7), st.sampled_from(["cpu", "accelerator"]))
def test_same_vectors_as_one_by_one_at_any_batch_size(parts, batch, device):
    how = Batching(batch=batch, threads=3, progress=False)
    encoder = FakeEncoder(device=device)
    answer = embed(encoder, parts, batching=how)
    assert (
        encoder.forwards
        == answer.distinct
        == len({p if isinstance(p, str) else p.data for p in parts})
    )
    np.testing.assert_array_equal(answer.vectors, plain(FakeEncoder(), parts))


def test_warm_run_computes_and_reads_nothing(tmp_path):
    photo = tmp_path / "a.png"
    photo.write_bytes(png("red"))
    parts = [Image(path=str(photo)), "milk", "milk", Image(data=png("blue"))]
    cold = FakeEncoder()
    first = embed(cold, parts, tmp_path, memo=Memo(tmp_path))
    warm = FakeEncoder()
    second = embed(warm, parts, tmp_path, memo=Memo(tmp_path))
    assert (first.forwarded, second.forwarded, warm.forwards, warm.prepared) == (3, 0, 0, 0)
    np.testing.assert_array_equal(first.vectors, second.vectors)


def test_a_role_that_the_encoder_does_not_know_costs_nothing(tmp_path):
    encoder = FakeEncoder()
    parts = ["milk", Image(data=png("red"))]
    asked = embed(encoder, parts, tmp_path, "query")
    shown = embed(encoder, parts, tmp_path, "document")
    assert (asked.forwarded, shown.forwarded) == (2, 0)
    np.testing.assert_array_equal(asked.vectors, shown.vectors)


def test_a_role_that_the_encoder_knows_changes_vector_and_key(tmp_path):
    encoder = FakeEncoder(roles=("query", "document"))
    found = {role: embed(encoder, ["milk"], tmp_path, role) for role in ("query", "document")}
    assert [f.forwarded for f in found.values()] == [1, 1]
    assert (found["query"].vectors != found["document"].vectors).any()
    again = embed(encoder, ["milk"], tmp_path, "document")
    assert again.forwarded == 0
    np.testing.assert_array_equal(again.vectors, found["document"].vectors)


def test_only_the_named_role_is_apart(tmp_path):
    encoder = FakeEncoder(roles=("query",))
    found = {role: embed(encoder, ["milk"], tmp_path, role) for role in ("document", "query")}
    assert [f.forwarded for f in found.values()] == [1, 1]


def test_shards_without_a_checksum_are_computed_again_and_said_once(tmp_path):
    encoder = FakeEncoder()
    first = embed(encoder, ["milk"], tmp_path)
    journal = VectorCache(tmp_path, encoder.info).journal
    entry = json.loads(journal.read_text())
    del entry["sha256"]
    journal.write_text(json.dumps(entry) + "\n")
    with pytest.warns(UserWarning, match="earlier version, without checksums"):
        again = embed(encoder, ["milk"], tmp_path)
    assert again.forwarded == 1
    np.testing.assert_array_equal(again.vectors, first.vectors)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert embed(encoder, ["milk"], tmp_path).forwarded == 0


def test_another_encoder_never_reads_these_vectors(tmp_path):
    one, other = FakeEncoder("one"), FakeEncoder("other")
    for encoder in (one, other):
        embed(encoder, ["milk"], tmp_path)
    assert other.forwards == 1


def test_each_picture_is_decoded_once_for_many_encoders(monkeypatch):
    decoded = []
    real = pictures.decode
    monkeypatch.setattr(
        pictures, "decode", lambda data, upright=True: decoded.append(1) or real(data, upright)
    )
    parts = [Image(data=png(c)) for c in COLOURS]
    encoders = [FakeEncoder("a"), FakeEncoder("b", dim=12), FakeEncoder("c")]
    answers = Embedder(encoders, batching=QUIET).embed_parts(parts)
    assert len(decoded) == len(COLOURS)
    assert [a.vectors.shape for a in answers] == [(5, 48), (5, 12), (5, 48)]


def test_bad_pictures_become_rejects_and_the_others_go_on(tmp_path):
    empty = tmp_path / "empty.jpg"
    empty.write_bytes(b"")
    parts = [
        Image(path=str(empty)),
        Image(path=str(tmp_path / "gone.jpg")),
        Image(data=b"<html>404"),
        Image(data=png("red")),
    ]
    encoder = FakeEncoder()
    answer = embed(encoder, parts, tmp_path, memo=Memo(tmp_path))
    assert answer.ok.tolist() == [False, False, False, True]
    reasons = {r.item: r.reason for r in answer.rejects}
    assert "empty file" in reasons[str(empty)]
    assert "o such file" in reasons[str(tmp_path / "gone.jpg")]
    assert "web page" in reasons["picture in memory"]


@pytest.mark.parametrize(
    ("device", "sizes"), [("cpu", [32] * 2 + [8] * 17), ("cuda", [32] * 6 + [8])]
)
def test_the_last_batches_on_a_cpu_are_smaller(device, sizes):
    encoder = FakeEncoder(device=device)
    parts = [Image(data=png((n, 99, 0))) for n in range(200)]
    found = embed(encoder, parts, batching=Batching(batch=32, threads=2, progress=False))
    assert sorted(n for _, n in encoder.batches) == sorted(sizes)
    np.testing.assert_array_equal(found.vectors, plain(FakeEncoder(), parts))


def test_nan_from_an_encoder_is_a_reject_not_a_vector():
    class Broken(FakeEncoder):
        def encode_batch(self, modality, batch):
            rows = super().encode_batch(modality, batch)
            rows[0] = np.nan
            return rows

    answer = embed(Broken(), ["milk", "juice"])
    assert answer.ok.sum() == 1 and "NaN" in answer.rejects[0].reason


def test_pictures_inside_a_table_are_told_apart_by_content(tmp_path):
    from skulens.catalog.open import open_catalog

    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    table = pa.table({"id": ["a", "b", "c"], "image": [png("red"), png("blue"), png("red")]})
    pq.write_table(table, tmp_path / "shop.parquet")
    parts = [
        image
        for product in open_catalog(str(tmp_path / "shop.parquet")).products()
        for image in product.images
    ]
    answer = embed(FakeEncoder(), parts, memo=Memo(tmp_path))
    assert answer.ok.all() and answer.forwarded == 2
    np.testing.assert_array_equal(answer.vectors[0], answer.vectors[2])


def test_changed_file_is_seen(tmp_path):
    photo = tmp_path / "a.png"
    memo = Memo(tmp_path)
    photo.write_bytes(png("red"))
    before = memo.hashes([str(photo)])
    photo.write_bytes(png("tan"))  # the same size, at once
    assert memo.hashes([str(photo)]) != before


@pytest.mark.parametrize("damage", ["garbage", "folder in the way"])
def test_an_unusable_memo_is_said_and_done_without(tmp_path, damage):
    photo = tmp_path / "a.png"
    photo.write_bytes(png("red"))
    memo_file = tmp_path / "cache" / "memo.sqlite"
    memo_file.parent.mkdir()
    if damage == "garbage":
        memo_file.write_bytes(b"not a database at all" * 100)
    else:
        memo_file.mkdir()
    with pytest.warns(UserWarning, match="memo.sqlite cannot be used"):
        memo = Memo(tmp_path / "cache")
    assert len(memo.hashes([str(photo)])[str(photo)]) == 64


def test_text_for_an_image_only_encoder_says_what_it_can_do():
    encoder = FakeEncoder()
    object.__setattr__(encoder.info, "modalities", ("image",))
    with pytest.raises(EncoderError, match="cannot encode text, only image"):
        embed(encoder, ["milk"])


@pytest.mark.parametrize("damage", ["truncate", "delete", "garbage journal", "half a line"])
def test_a_damaged_cache_costs_time_never_correctness(tmp_path, damage):
    encoder = FakeEncoder()
    first = embed(encoder, ["milk"], tmp_path)
    cache = VectorCache(tmp_path, encoder.info)
    shard = next(cache.folder.glob("*.arrow"))
    if damage == "truncate":
        shard.write_bytes(shard.read_bytes()[:-10])
    elif damage == "delete":
        shard.unlink()
    elif damage == "garbage journal":
        cache.journal.write_bytes(b"\xff\x00 not json\n")
    else:
        with cache.journal.open("a") as f:
            f.write('{"shard": "abc')
    for _ in range(2):
        again = embed(encoder, ["milk", "tea"], tmp_path)
        np.testing.assert_array_equal(again.vectors[0], first.vectors[0])
    assert again.forwarded == 0


def test_a_full_disk_is_said_and_the_run_goes_on(tmp_path, monkeypatch):
    encoder = FakeEncoder()
    cache = VectorCache(tmp_path, encoder.info)
    monkeypatch.setattr(
        cache, "_write", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    with pytest.warns(UserWarning, match="No space left on device"):
        [answer] = Embedder([encoder], [cache], batching=QUIET).embed_parts(["milk"])
    assert answer.ok.all()


def test_two_writers_at_once_keep_each_others_vectors(tmp_path):
    encoder = FakeEncoder()
    one, two = VectorCache(tmp_path, encoder.info), VectorCache(tmp_path, encoder.info)
    Embedder([encoder], [one], batching=QUIET).embed_parts(["milk", "tea"])
    Embedder([encoder], [two], batching=QUIET).embed_parts(["milk", "oil"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(VectorCache(tmp_path, encoder.info).places) == 3


def test_avg_normalises_before_it_averages():
    vectors = np.array([[3, 0], [0, 0.5], [2, 2]], np.float32)
    fused = fuse(vectors, np.array([0, 0, 1]), 2)
    np.testing.assert_allclose(fused, np.full((2, 2), 2**-0.5), rtol=1e-6)


def test_an_item_with_an_unreadable_part_has_no_vector():
    fused = fuse(np.array([[1, 0], [np.nan, np.nan], [0, 1]], np.float32), np.array([0, 0, 1]), 2)
    assert np.isnan(fused[0]).all() and not np.isnan(fused[1]).any()


def test_cat_tiles_pictures_and_joins_texts():
    red, blue = Image(data=png("red")), Image(data=png("blue"))
    item = Item("q", ("same as", red, "in", blue))
    assert parts_of(item, "cat") == [Tiled((red, blue)), "same as in"]
    assert parts_of(Item("q", (red,)), "cat") == [red]
    [fused] = Embedder([FakeEncoder()], batching=QUIET).embed_items(
        [Item("q", (red, blue))], fusion="cat"
    )
    assert fused.vectors.shape == (1, 48) and fused.encoded.distinct == 1 and not fused.one_pass
    np.testing.assert_allclose(np.linalg.norm(fused.vectors, axis=1), 1, rtol=1e-6)


ITEMS = [
    Item("a", ("like", Image(data=png("red")), "but", Image(data=png("blue")))),
    Item("b", (Image(data=png("red")),)),
    Item("c", (Image(data=png("blue")), "but", Image(data=png("red")), "like")),
]


def test_seq_reads_the_parts_in_their_order_in_one_pass(tmp_path):
    encoder = ItemEncoder()
    caches = [VectorCache(tmp_path, encoder.info)]
    [fused] = Embedder([encoder], caches, batching=QUIET).embed_items(ITEMS, fusion="seq")
    assert fused.one_pass and fused.encoded.distinct == 3
    assert [m for m, _ in encoder.batches] == ["image", "item"], "a single picture is itself"
    leaves = [encoder.leaf(part) for part in ITEMS[0].parts]
    np.testing.assert_allclose(fused.vectors[0], normalise(encoder.mix(leaves)[None])[0], rtol=1e-6)
    assert (fused.vectors[0] != fused.vectors[2]).any(), "order counts"
    assert fused.hashes[0][1] == fused.hashes[1][0], "hashes are those of the pictures"
    [again] = Embedder([encoder], caches, batching=QUIET).embed_items(ITEMS[::-1], fusion="seq")
    assert again.encoded.forwarded == 0
    np.testing.assert_array_equal(again.vectors[::-1], fused.vectors)


def test_cat_is_one_pass_where_the_encoder_reads_items():
    encoders = [FakeEncoder("dual"), ItemEncoder()]
    dual, joint = Embedder(encoders, batching=QUIET).embed_items(ITEMS[:1], fusion="cat")
    assert (dual.one_pass, joint.one_pass) == (False, True)
    [item] = parts_of(ITEMS[0], "cat", one_pass=True)
    assert isinstance(item, Interleaved) and isinstance(item.parts[0], Tiled)
    assert item.parts[1] == "like but"
    [alone] = Embedder([encoders[0]], batching=QUIET).embed_items(ITEMS[:1], fusion="cat")
    np.testing.assert_array_equal(alone.vectors, dual.vectors)


def test_seq_is_refused_by_name_where_items_are_not_read():
    with pytest.raises(EncoderError, match="fake reads image and text one part at a time"):
        Embedder([FakeEncoder()], batching=QUIET).embed_items(ITEMS, fusion="seq")
    with pytest.raises(EncoderError, match="unknown fusion 'sequence', expected one of avg, cat"):
        Embedder([FakeEncoder()], batching=QUIET).embed_items(ITEMS, fusion="sequence")


def test_an_item_with_a_broken_picture_is_rejected_by_name(tmp_path):
    empty = tmp_path / "empty.jpg"
    empty.write_bytes(b"")
    items = [Item("a", ("like", Image(data=png("red")), Image(path=str(empty)))), ITEMS[0]]
    [fused] = Embedder([ItemEncoder()], batching=QUIET).embed_items(items, fusion="seq")
    assert np.isnan(fused.vectors[0]).all() and not np.isnan(fused.vectors[1]).any()
    [reject] = fused.encoded.rejects
    assert str(empty) in reject.reason and "empty file" in reject.reason


def test_a_picture_that_one_encoder_cannot_take_is_that_encoders_reject():
    class Narrow(FakeEncoder):
        def prepare_image(self, picture, role="query"):
            if picture.getpixel((0, 0)) == (255, 0, 0):
                raise PictureError("too red")
            return super().prepare_image(picture, role)

    parts = [Image(data=png("red")), Image(data=png("blue"))]
    both = Embedder([Narrow(), FakeEncoder()], batching=QUIET).embed_parts(parts)
    assert [answer.ok.tolist() for answer in both] == [[False, True], [True, True]]
    assert [r.reason for r in both[0].rejects] == ["too red"]


def test_fuse_says_what_it_needs():
    with pytest.raises(EncoderError, match=r"needs \(parts, dim\) vectors"):
        fuse(np.zeros((2, 3, 4), np.float32), np.zeros(2, int), 1)


def test_zero_vector_has_no_direction():
    assert np.isnan(normalise(np.zeros((1, 3), np.float32))).all()
