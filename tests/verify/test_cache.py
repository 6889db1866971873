"""Readings are kept by content, shared by processes, and never stop a job."""

import sqlite3
import warnings

import pytest

from skulens.claims import Code, Line
from skulens.verify.cache import (
    ReadingCache,
    pack_codes,
    pack_lines,
    unpack_codes,
    unpack_lines,
)

QUAD = (0.0, 0.5, 10.0, 0.5, 10.0, 5.0, 0.0, 5.0)


def test_values_come_back(tmp_path):
    cache = ReadingCache(tmp_path, "reader/1")
    cache.put("a", {"text": "Größe \ud800 ไทย"})
    assert cache.get("a") == {"text": "Größe \ud800 ไทย"}
    assert cache.get("b") is None


def test_a_new_process_finds_them_without_a_close(tmp_path):
    first = ReadingCache(tmp_path, "reader/1")
    first.put("a", 1)
    assert ReadingCache(tmp_path, "reader/1").get("a") == 1


def test_identities_do_not_mix(tmp_path):
    ReadingCache(tmp_path, "reader/1").put("a", 1)
    assert ReadingCache(tmp_path, "reader/2").get("a") is None


def test_two_write_at_once_and_neither_waits(tmp_path, monkeypatch):
    monkeypatch.setattr("skulens.verify.cache.WAIT_S", 0)
    one, two = ReadingCache(tmp_path, "reader/1"), ReadingCache(tmp_path, "reader/1")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for i in range(20):
            one.put(f"one {i}", i)
            two.put(f"two {i}", i)
    assert one.get("two 19") == two.get("one 19") == 19


def test_a_damaged_file_is_named_once_and_the_job_goes_on(tmp_path):
    path = ReadingCache(tmp_path, "reader/1").path
    for part in path.parent.iterdir():
        part.unlink()
    path.write_bytes(b"not a database" * 100)
    with pytest.warns(UserWarning, match=path.name) as said:
        cache = ReadingCache(tmp_path, "reader/1")
        cache.put("a", 1)
        assert cache.get("a") is None
    assert len(said) == 1


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.warns(UserWarning, match="is not kept") as said:
        cache = ReadingCache(tmp_path / "file", "reader/1")
        cache.put("a", 1)
    assert len(said) == 1 and cache.get("a") is None


def test_a_full_disk_is_named_once(tmp_path):
    cache = ReadingCache(tmp_path, "reader/1")
    assert cache._base is not None
    cache._base.execute("PRAGMA max_page_count = 3")
    with pytest.warns(UserWarning, match="full") as said:
        for i in range(50):
            cache.put(str(i), [hash((i, j)) for j in range(200)])
    assert len(said) == 1


def test_a_row_that_is_not_whole_counts_as_absent(tmp_path):
    cache = ReadingCache(tmp_path, "reader/1")
    cache.put("a", 1)
    with sqlite3.connect(cache.path) as base:
        base.execute("UPDATE read SET value = ?", (b"\x00torn",))
    assert cache.get("a") is None


def test_lines_and_codes_survive_json():
    lines = [Line("5 ml", QUAD, 0.9, "rapidocr", "5 mi")]
    codes = [Code("12345670", "EAN-8", QUAD, "00000012345670", 3, False)]
    assert unpack_lines(pack_lines(lines)) == lines
    assert unpack_codes(pack_codes(codes)) == codes


@pytest.mark.parametrize("rows", [None, [["a"]], [["a", [1, 2], 0.5]], [["a", "x" * 8, 0.5]]])
def test_what_is_no_line_is_refused(rows):
    with pytest.raises((TypeError, ValueError, IndexError)):
        unpack_lines(rows)
