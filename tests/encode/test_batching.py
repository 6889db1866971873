"""Batching, de-duplication, cache and rejects around any encoder."""

import io
import warnings

import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skulens import pictures
from skulens.encode.batching import Batching, encode_parts
from skulens.encode.cache import VectorCache
from skulens.encode.fusion import encode_items, fuse, normalised, parts_of
from skulens.encode.memo import Memo
from skulens.encode.parts import Tiled
from skulens.errors import EncoderError
from skulens.records import Image, Item
from tests.encode.fake import FakeEncoder

QUIET = Batching(batch=3, threads=2, progress=False)


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
    [answer] = encode_parts([encoder], parts, how=how)
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
    [first] = encode_parts(
        [cold], parts, caches=[VectorCache(tmp_path, cold.info)], memo=Memo(tmp_path), how=QUIET
    )
    warm = FakeEncoder()
    [second] = encode_parts(
        [warm], parts, caches=[VectorCache(tmp_path, warm.info)], memo=Memo(tmp_path), how=QUIET
    )
    assert (first.forwarded, second.forwarded, warm.forwards, warm.prepared) == (3, 0, 0, 0)
    np.testing.assert_array_equal(first.vectors, second.vectors)


@pytest.mark.parametrize("change", [{"role": "document"}, {"prompt": "a photo of "}])
def test_role_and_prompt_are_part_of_the_key(tmp_path, change):
    encoder = FakeEncoder()
    for settings_ in ({}, change):
        encode_parts(
            [encoder],
            ["milk"],
            caches=[VectorCache(tmp_path, encoder.info)],
            how=QUIET,
            **settings_,
        )
    assert encoder.forwards == 2


def test_another_encoder_never_reads_these_vectors(tmp_path):
    one, other = FakeEncoder("one"), FakeEncoder("other")
    for encoder in (one, other):
        encode_parts([encoder], ["milk"], caches=[VectorCache(tmp_path, encoder.info)], how=QUIET)
    assert other.forwards == 1


def test_each_picture_is_decoded_once_for_many_encoders(monkeypatch):
    decoded = []
    real = pictures.decode
    monkeypatch.setattr(
        pictures, "decode", lambda data, upright=True: decoded.append(1) or real(data, upright)
    )
    parts = [Image(data=png(c)) for c in COLOURS]
    answers = encode_parts(
        [FakeEncoder("a"), FakeEncoder("b", dim=12), FakeEncoder("c")], parts, how=QUIET
    )
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
    [answer] = encode_parts(
        [encoder],
        parts,
        caches=[VectorCache(tmp_path, encoder.info)],
        memo=Memo(tmp_path),
        how=QUIET,
    )
    assert answer.ok.tolist() == [False, False, False, True]
    reasons = {r.item: r.reason for r in answer.rejects}
    assert "empty file" in reasons[str(empty)]
    assert "o such file" in reasons[str(tmp_path / "gone.jpg")]
    assert "web page" in reasons["picture in memory"]


def test_nan_from_an_encoder_is_a_reject_not_a_vector():
    class Broken(FakeEncoder):
        def encode_batch(self, modality, batch):
            rows = super().encode_batch(modality, batch)
            rows[0] = np.nan
            return rows

    [answer] = encode_parts([Broken()], ["milk", "juice"], how=QUIET)
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
    [answer] = encode_parts([FakeEncoder()], parts, memo=Memo(tmp_path), how=QUIET)
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
        encode_parts([encoder], ["milk"], how=QUIET)


@pytest.mark.parametrize("damage", ["truncate", "delete", "garbage journal", "half a line"])
def test_a_damaged_cache_costs_time_never_correctness(tmp_path, damage):
    encoder = FakeEncoder()
    [first] = encode_parts(
        [encoder], ["milk"], caches=[VectorCache(tmp_path, encoder.info)], how=QUIET
    )
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
        [again] = encode_parts(
            [encoder], ["milk", "tea"], caches=[VectorCache(tmp_path, encoder.info)], how=QUIET
        )
        np.testing.assert_array_equal(again.vectors[0], first.vectors[0])
    assert again.forwarded == 0


def test_a_full_disk_is_said_and_the_run_goes_on(tmp_path, monkeypatch):
    encoder = FakeEncoder()
    cache = VectorCache(tmp_path, encoder.info)
    monkeypatch.setattr(
        cache, "_write", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    with pytest.warns(UserWarning, match="No space left on device"):
        [answer] = encode_parts([encoder], ["milk"], caches=[cache], how=QUIET)
    assert answer.ok.all()


def test_two_writers_at_once_keep_each_others_vectors(tmp_path):
    encoder = FakeEncoder()
    one, two = VectorCache(tmp_path, encoder.info), VectorCache(tmp_path, encoder.info)
    encode_parts([encoder], ["milk", "tea"], caches=[one], how=QUIET)
    encode_parts([encoder], ["milk", "oil"], caches=[two], how=QUIET)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(VectorCache(tmp_path, encoder.info).rows) == 3


def test_avg_normalises_before_it_averages():
    vectors = np.array([[3, 0], [0, 0.5], [2, 2]], np.float32)
    fused = fuse(vectors, np.array([0, 0, 1]), 2)
    np.testing.assert_allclose(fused, np.full((2, 2), 2**-0.5), rtol=1e-6)


def test_an_item_with_an_unreadable_part_has_no_vector():
    fused = fuse(np.array([[1, 0], [np.nan, np.nan], [0, 1]], np.float32), np.array([0, 0, 1]), 2)
    assert np.isnan(fused[0]).all() and not np.isnan(fused[1]).any()


def test_cat_tiles_pictures_and_joins_texts():
    red, blue = Image(data=png("red")), Image(data=png("blue"))
    assert parts_of(Item("q", ("same as", red, "in", blue)), "cat") == [
        Tiled((red, blue)),
        "same as in",
    ]
    assert parts_of(Item("q", (red,)), "cat") == [red]
    [fused] = encode_items(
        lambda parts: encode_parts([FakeEncoder()], parts, how=QUIET),
        [Item("q", (red, blue))],
        "cat",
    )
    assert fused.vectors.shape == (1, 48) and fused.encoded.distinct == 1
    np.testing.assert_allclose(np.linalg.norm(fused.vectors, axis=1), 1, rtol=1e-6)


def test_zero_vector_has_no_direction():
    assert np.isnan(normalised(np.zeros((1, 3), np.float32))).all()
