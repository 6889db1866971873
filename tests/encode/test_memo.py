"""What is remembered of files and encoders: never wrong, whatever became of it."""

import hashlib
import os
import sqlite3
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from skulens.encode import memo as module
from skulens.encode.memo import Memo, encode_key, sum_of
from tests.encode.fake import FakeEncoder


@pytest.fixture
def read(monkeypatch):
    """Files that were hashed, in order."""
    seen = []
    real = module.hash_files
    monkeypatch.setattr(module, "hash_files", lambda paths: seen.extend(paths) or real(paths))
    return seen


@pytest.fixture
def later(monkeypatch):
    """Moves the memo's clock by seconds."""

    def move(seconds):
        now = module.time.time_ns()
        clock = SimpleNamespace(time_ns=lambda: int(now + seconds * 1e9))
        monkeypatch.setattr(module, "time", clock)

    return move


def test_a_file_that_may_still_change_is_not_remembered(tmp_path, read, later):
    """Times have a grain: a second write within it would leave them as they were."""
    file = str(tmp_path / "a.jpg")
    (tmp_path / "a.jpg").write_bytes(b"one")
    memo = Memo(tmp_path)
    later(1.0)
    memo.hashes([file])
    memo.hashes([file])
    assert read == [file, file]
    later(5.0)
    first = memo.hashes([file])
    assert Memo(tmp_path).hashes([file]) == first and len(read) == 3


def test_a_file_from_the_future_is_not_remembered(tmp_path, read):
    file = tmp_path / "a.jpg"
    file.write_bytes(b"one")
    os.utime(file, (4e9, 4e9))
    memo = Memo(tmp_path)
    for _ in range(2):
        memo.hashes([str(file)])
    assert len(read) == 2


def filled(folder, later):
    """A memo of 300 files and one encoder; what it should answer."""
    paths = [str(folder / f"{i}.jpg") for i in range(300)]
    for i, path in enumerate(paths):
        Path(path).write_bytes(b"%d" % i)
    later(100.0)
    memo = Memo(folder / "cache")
    hashes = memo.hashes(paths)
    memo.set_encoder_info("fake", FakeEncoder().info)
    memo.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    memo.db.close()
    return paths, hashes


def test_damage_costs_time_never_correctness(tmp_path, later):
    paths, hashes = filled(tmp_path, later)
    place = tmp_path / "cache" / "memo.sqlite"
    whole, draw, info = place.read_bytes(), np.random.default_rng(0), FakeEncoder().info
    for round_ in range(60):
        for left in place.parent.iterdir():
            left.unlink()
        data = bytearray(whole)
        for at in draw.integers(0, len(data), 1 + 50 * (round_ % 3)):
            data[at] = draw.integers(256)
        place.write_bytes(data[: draw.integers(1, len(data))] if round_ % 10 == 9 else data)
        with warnings.catch_warnings(record=True):
            warnings.simplefilter("always")
            memo = Memo(place.parent)
            assert memo.hashes(paths) == hashes, round_
            assert memo.encoder_info("fake") in (None, info), round_
            memo.set_encoder_info("fake", info)
            memo.hashes(paths)
            assert memo.encoder_info("fake") in (None, info), round_
        memo.db.close()


def test_a_changed_row_is_as_good_as_none(tmp_path, later, read):
    paths, hashes = filled(tmp_path, later)
    place = tmp_path / "cache" / "memo.sqlite"
    with sqlite3.connect(place) as db:
        db.execute("UPDATE hashes SET value = substr(value, 1, length(value) - 3) || 'xyz'")
    read.clear()
    assert Memo(place.parent).hashes(paths) == hashes and len(read) == 300


def test_a_database_that_breaks_on_the_way_is_set_aside_and_said_once(tmp_path, later):
    paths, hashes = filled(tmp_path, later)
    place = tmp_path / "cache" / "memo.sqlite"
    data = bytearray(place.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)  # the first page, which opening reads, stays
    place.write_bytes(data)
    with pytest.warns(UserWarning, match="set aside as memo.sqlite.damaged") as said:
        memo = Memo(place.parent)
        assert memo.hashes(paths) == hashes
    assert len(said) == 1 and (place.parent / "memo.sqlite.damaged").exists()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Memo(place.parent).hashes(paths) == hashes


@pytest.mark.parametrize("name", ["\udcff.jpg", "\ud800.jpg", "a\0b.jpg", "x" * 5000])
def test_any_name_is_a_path_or_an_error_of_its_own(tmp_path, name, later):
    good = tmp_path / "good.jpg"
    good.write_bytes(b"good")
    path = str(tmp_path / name)
    if name.startswith("\udcff"):
        Path(path).write_bytes(b"good")  # a name in Latin-1 is as good as any
    later(100.0)
    for _ in range(2):
        found = Memo(tmp_path / "cache").hashes([str(good), path])
        if name.startswith("\udcff"):
            assert found[path] == found[str(good)]
        else:
            assert isinstance(found[path], OSError) and len(found[str(good)]) == 64


def test_the_sum_covers_key_and_value():
    sums = {sum_of(encode_key(k), v) for k, v in (("a", "b"), ("a", "c"), ("ab", ""), ("", "ab"))}
    assert len(sums) == 4


def test_each_file_has_its_own_hash_whatever_stands_beside_it(tmp_path):
    paths = [str(tmp_path / f"{n}.jpg") for n in range(40)]
    for n, path in enumerate(paths):
        if n % 7:
            Path(path).write_bytes(b"picture %d" % n)
    found = module.hash_files([*paths, *paths[:3]])
    assert list(found) == paths
    for n, path in enumerate(paths):
        if n % 7:
            assert found[path] == hashlib.sha256(b"picture %d" % n).hexdigest()
        else:
            assert isinstance(found[path], OSError)
