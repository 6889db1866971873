"""Vectors on disk: damage is noticed, named and computed again; a kill loses one shard at most."""

import io
import json
import os
import warnings
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from skulens import files
from skulens.encode import batching, cache
from skulens.encode.batching import Batching
from skulens.encode.cache import TokenCache, VectorCache
from skulens.encode.embed import Embedder
from skulens.encode.parts import Interleaved, Tiled
from skulens.records import Image
from tests.encode.fake import FakeEncoder, ItemEncoder

TEXTS = [f"tea {i}" for i in range(24)]


def embed(folder, parts=TEXTS, encoder=None, upright=True):
    encoder = encoder or FakeEncoder()
    how = Batching(batch=4, threads=1, upright=upright, progress=False)
    return Embedder([encoder], [VectorCache(folder, encoder.info)], None, how).embed_parts(parts)[0]


def shards(folder) -> list[Path]:
    return sorted(folder.glob("vectors/*/*.arrow"), key=lambda p: p.stat().st_mtime_ns)


@pytest.fixture
def three(tmp_path, monkeypatch):
    """A cache of three shards of eight rows, and its answer."""
    monkeypatch.setattr(batching, "SHARD_ROWS", 8)
    return tmp_path, embed(tmp_path)


def test_any_damaged_byte_is_named_and_only_its_shard_computed_again(three):
    folder, first = three
    size = shards(folder)[0].stat().st_size
    for place in range(0, size, 97):
        damaged = shards(folder)[0]
        data = bytearray(damaged.read_bytes())
        data[place] ^= 0x5A
        damaged.write_bytes(data)
        with pytest.warns(UserWarning, match=damaged.name) as said:
            again = embed(folder)
        assert len(said) == 1 and again.forwarded == 8 and not damaged.exists(), place
        np.testing.assert_array_equal(again.vectors, first.vectors)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert embed(folder).forwarded == 0


def test_damage_that_makes_another_finite_vector_is_noticed(three):
    folder, first = three
    damaged = shards(folder)[1]
    data = damaged.read_bytes()
    row = first.vectors[8].tobytes()
    assert data.count(row) == 1
    damaged.write_bytes(data.replace(row, first.vectors[9].tobytes()))
    with pytest.warns(UserWarning, match="not those that were written"):
        np.testing.assert_array_equal(embed(folder).vectors, first.vectors)


def test_a_cut_shard_is_noticed_on_opening(three):
    folder, _ = three
    cut = shards(folder)[2]
    size = cut.stat().st_size
    os.truncate(cut, size - 10)
    with pytest.warns(UserWarning, match=f"{size - 10} bytes of {size}"):
        opened = VectorCache(folder, FakeEncoder().info)
    assert len(opened.places) == 16


def test_shards_that_nobody_asks_for_are_not_read(three, monkeypatch):
    folder, _ = three
    seen = []
    real = cache.sha256_of_mapped
    monkeypatch.setattr(cache, "sha256_of_mapped", lambda p: seen.append(p) or real(p))
    opened = VectorCache(folder, FakeEncoder().info)
    embedder = Embedder([FakeEncoder()], [opened], None, Batching(progress=False))
    for _ in range(2):
        assert embedder.embed_parts(TEXTS[:3])[0].forwarded == 0
    assert len(seen) == 1, "one shard, once"


def test_a_row_with_nan_is_computed_again(tmp_path):
    encoder = FakeEncoder()
    first = embed(tmp_path / "clean", TEXTS[:3])
    embed(tmp_path, TEXTS[:3])
    spoilt = VectorCache(tmp_path, encoder.info)
    rows = first.vectors.copy()
    rows[1, 5] = np.nan
    spoilt.put(list(spoilt.places), rows)
    again = embed(tmp_path, TEXTS[:3])
    assert again.forwarded == 1 and again.rejects == []
    np.testing.assert_array_equal(again.vectors, first.vectors)
    assert embed(tmp_path, TEXTS[:3]).forwarded == 0


def test_a_token_row_with_infinity_is_not_found(tmp_path):
    info = FakeEncoder(dim=2).info
    kept = TokenCache(tmp_path, info)
    good, bad = np.ones((3, 2), np.float32), np.array([[1, np.inf]], np.float32)
    kept.put([b"g" * 32, b"b" * 32], [good, bad])
    found, rows = TokenCache(tmp_path, info).find([b"b" * 32, b"g" * 32, b"n" * 32])
    assert found == [False, True, False]
    np.testing.assert_array_equal(rows[0], good)


@pytest.mark.parametrize("name", ["../../../outside.arrow", "/etc/passwd", "x.arrow", 7, None])
def test_a_journal_cannot_name_files_elsewhere(three, name):
    folder, _ = three
    journal = next(folder.glob("vectors/*/journal.jsonl"))
    outside = folder / "outside.arrow"
    outside.write_bytes(b"not ours")
    entry = {"shard": name, "rows": 1, "bytes": 9, "sha256": "0" * 64}
    with journal.open("a") as f:
        f.write(json.dumps(entry) + "\n")
    assert embed(folder).forwarded == 0 and outside.read_bytes() == b"not ours"


def test_a_shard_is_safe_on_disk_before_the_journal_names_it(tmp_path, monkeypatch):
    """Synced, renamed, the folder synced, then named: what the journal names survives anything."""
    cold = VectorCache(tmp_path, FakeEncoder().info)
    calls, names = [], {}
    sync, rename, opened, wrote = os.fsync, Path.replace, os.open, os.write

    def record(path, *args):
        fd = opened(path, *args)
        names[fd] = Path(path).name
        return fd

    monkeypatch.setattr(os, "open", record)
    monkeypatch.setattr(
        os,
        "fsync",
        lambda fd: calls.append(("sync", Path(f"/proc/self/fd/{fd}").readlink().name)) or sync(fd),
    )
    monkeypatch.setattr(
        Path, "replace", lambda a, b: calls.append(("rename", a.name, b.name)) or rename(a, b)
    )
    monkeypatch.setattr(
        os, "write", lambda fd, data: calls.append(("write", names.get(fd))) or wrote(fd, data)
    )
    cold.put([b"k" * 32], np.ones((1, 48), np.float32))
    monkeypatch.undo()
    [shard] = shards(tmp_path)
    aside = calls[0][1]
    assert aside.startswith(".") and calls == [
        ("sync", aside),
        ("rename", aside, shard.name),
        ("sync", shard.parent.name),
        ("write", "journal.jsonl"),
        ("sync", "journal.jsonl"),
    ]


def turned_picture() -> Image:
    """Left half red, right half blue, and an EXIF orientation that turns it by 90 degrees."""
    picture = PIL.Image.new("RGB", (8, 8), "red")
    picture.paste("blue", (4, 0, 8, 8))
    exif, out = PIL.Image.Exif(), io.BytesIO()
    exif[0x0112] = 6
    picture.save(out, "PNG", exif=exif)
    return Image(data=out.getvalue())


@pytest.mark.parametrize("wrap", ["picture", "tile", "item"])
def test_turned_and_unturned_pictures_have_vectors_of_their_own(tmp_path, wrap):
    picture, encoder = turned_picture(), ItemEncoder()
    part = {
        "picture": picture,
        "tile": Tiled((picture, picture)),
        "item": Interleaved(("like", picture)),
    }[wrap]
    found = [embed(tmp_path, [part], encoder, upright) for upright in (True, False)]
    assert [f.forwarded for f in found] == [1, 1]
    assert (found[0].vectors != found[1].vectors).any()
    again = [embed(tmp_path, [part], encoder, upright) for upright in (True, False)]
    for one, other in zip(found, again, strict=True):
        assert other.forwarded == 0
        np.testing.assert_array_equal(one.vectors, other.vectors)


def test_what_a_killed_writer_left_goes_after_an_hour(three):
    folder, _ = three
    place = shards(folder)[0].parent
    old, new = (place / files.aside_name("x.arrow", ".tmp") for _ in range(2))
    others = [place / ".gitignore", place / "notes.tmp"]
    for path in (old, new, *others):
        path.write_bytes(b"half")
    for path in (old, *others):
        os.utime(path, (1e9, 1e9))
    embed(folder)
    assert not old.exists() and new.exists() and all(path.exists() for path in others)


def test_a_journal_that_cannot_be_read_costs_the_cache_not_the_run(tmp_path):
    place = VectorCache(tmp_path, FakeEncoder().info)
    place.journal.mkdir()
    with pytest.warns(UserWarning, match="cannot be used"):
        assert embed(tmp_path).ok.all()
