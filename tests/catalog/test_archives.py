"""Archives that are unpacked, and those that are not."""

import ast
import hashlib
import io
import re
import shutil
import zipfile
from collections import namedtuple
from pathlib import Path

import pytest

import skulens
from skulens.catalog.fetch import archives, disk, members, sources
from skulens.catalog.names import is_unfinished
from skulens.errors import DataError, StoreError

from ..hostile import archives as hostile
from ..hostile.archives import Entry, tar
from ..hostile.field import Case, Verdict, outcome
from .conftest import put

Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize("name", hostile.REFUSED)
def test_what_no_dataset_needs_is_refused_and_leaves_nothing(tmp_path, name):
    case = Case(name, lambda folder: hostile.attack(hostile.REFUSED[name], None, folder), 60)
    found = outcome(case, tmp_path)
    assert found.verdict is Verdict.NAMED, found
    assert "cannot be unpacked" in found.detail


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("chain of links", "member 'a': is a symbolic link"),
        ("hard link outside", "member 'a': is a hard link"),
        ("named pipe", "member 'pipe': is a named pipe"),
        ("zip, link", "member 'a': is a link or a device"),
        ("name above", "member '../../canary': its name would land outside its folder"),
        ("the same name twice", "member 'a': it occurs twice"),
        ("path of 1,200 bytes", "its name has more than 1024 bytes or 32 folders"),
        ("path of 40 folders", "its name has more than 1024 bytes or 32 folders"),
        ("name of 300 bytes", "a part of its name has more than 255 bytes"),
        ("absolute name", "its name is an absolute path or has a backslash"),
        ("file where a folder is", "member 'a': it occurs twice"),
        ("folder where a file is", "member 'a/b': 'a' is a file, too"),
        ("zip, encrypted", "is encrypted, or compressed by something else"),
        ("pax sparse file", "a sparse file"),
        ("bomb, tar", "member 'zeros': it unpacks to more than 100 times its"),
        ("bomb in a header", "there is an extended header of 83,886,080 bytes"),
        ("30,000 empty streams", "more than 20,000 gzip streams"),
        ("bytes behind the end", "there are bytes behind its end"),
        ("a web page", "it is no archive that we read"),
        ("our own record", "'downloads.json' is a name of our own files"),
    ],
)
def test_the_error_names_the_member_and_the_reason(tmp_path, name, reason):
    archive = put(tmp_path / "a.bin", hostile.REFUSED[name]())
    with pytest.raises(DataError, match=re.escape(reason)):
        sources.unpack(archive, tmp_path / "to")


@pytest.mark.parametrize("name", hostile.ACCEPTED)
def test_honest_archives_are_unpacked_whole(tmp_path, name):
    make, files = hostile.ACCEPTED[name]
    assert hostile.attack(make, files, tmp_path)


def test_damaged_and_composed_archives(tmp_path):
    for number, case in enumerate(list(hostile.cases(40, 1))[-40:]):
        (tmp_path / str(number)).mkdir()
        found = outcome(case, tmp_path / str(number))
        assert found.verdict in (Verdict.HANDLED, Verdict.NAMED), found


def test_pythons_own_extraction_is_used_nowhere():
    """It is safe from 3.11.4 on, and not against all; a declared minimum of 3.11 has neither."""
    for path in Path(skulens.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""  # fmt: skip
            assert called not in ("extractall", "unpack_archive"), f"{path}:{node.lineno}"


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ({"a": b"x" * 70_000, "b": b"x" * 70_000}, "more than 100,000 bytes"),
        ({str(n): b"" for n in range(9)}, "more than 8 files and folders"),
        ({"a/b/c/d/e/f/g/h/i": b""}, "more than 8 files and folders"),
    ],
)
def test_bounds_are_those_of_the_source(tmp_path, names, reason):
    bounds = members.Bounds(members=8, size=100_000, ratio=1_000_000)
    archive = put(tmp_path / "a.tar", tar(*(Entry(n, d) for n, d in names.items())))
    with pytest.raises(DataError, match=reason):
        archives.extract(archive, tmp_path / "to", bounds)
    assert not (tmp_path / "to").exists()
    archives.extract(archive, tmp_path / "to", members.Bounds())


def test_the_ratio_counts_from_8_mib_on(tmp_path):
    small, large = (tar(Entry("zeros", bytes(n << 20))) for n in (7, 9))
    archives.extract(put(tmp_path / "a.tar.gz", small), tmp_path / "small")
    with pytest.raises(DataError, match="more than 100 times its"):
        archives.extract(put(tmp_path / "a.tar.gz", large), tmp_path / "large")


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_the_disk_is_looked_at_before_anything_is_written(tmp_path, monkeypatch, kind):
    data = tar(Entry("a", b"x" * 5000)) if kind == "tar" else hostile.zipped({"a": b"x" * 5000})
    archive = put(tmp_path / "archive", data)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, disk.RESERVE + 4000))
    with pytest.raises(StoreError, match="unpacking archive needs"):
        archives.extract(archive, tmp_path / "to")
    assert not (tmp_path / "to").exists()


def test_a_disk_that_fills_while_unpacking_is_named_and_nothing_stays(tmp_path, monkeypatch):
    def full(root, name):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archives, "place", full)
    with pytest.raises(StoreError, match="the disk is full"):
        archives.extract(put(tmp_path / "a.tar", tar(Entry("a", b"x"))), tmp_path / "to")
    assert not (tmp_path / "to").exists()


def test_a_folder_exchanged_for_a_link_meanwhile_is_not_followed(tmp_path):
    """Nothing in an archive can do that; another process could."""
    (tmp_path / "elsewhere").mkdir()
    root = tmp_path / "to"
    root.mkdir()
    sink = archives.Sink(9, members.Bounds(), root=root)
    sink.write(members.Member("d/one", False, iter([b"1"])))
    shutil.rmtree(root / "d")
    (root / "d").symlink_to(tmp_path / "elsewhere")
    for name in ("d/two", "d/e/three"):
        with pytest.raises(members.Refused, match="outside its folder"):
            sink.write(members.Member(name, False, iter([b"2"])))
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_file_that_is_there_is_never_written_over(tmp_path):
    root = tmp_path / "to"
    put(root / "a", b"mine")
    sink = archives.Sink(9, members.Bounds(), root=root)
    with pytest.raises(FileExistsError):
        sink.write(members.Member("a", False, iter([b"theirs"])))
    with pytest.raises(DataError, match="is not empty"):
        archives.extract(put(tmp_path / "a.tar", tar(Entry("a", b"x"))), root)
    assert (root / "a").read_bytes() == b"mine"


def test_the_contents_of_a_pinned_commit_are_compared(tmp_path):
    files = {"b.txt": b"two", "a/c.txt": b"one"}
    lines = sorted((n, hashlib.sha256(d).hexdigest()) for n, d in files.items())
    text = "".join(f"{digest}  {name}\n" for name, digest in lines)
    source = sources.Source("abc", contents=hashlib.sha256(text.encode()).hexdigest())
    archive = put(tmp_path / "s" / "x.zip", hostile.zipped({f"t/{n}": d for n, d in files.items()}))
    sources.unpack(archive, tmp_path / "s", source)
    assert (tmp_path / "s" / "a" / "c.txt").read_bytes() == b"one" and archive.is_file()
    put(archive, hostile.zipped({"t/b.txt": b"two", "t/a/c.txt": b"0ne"}))
    with pytest.raises(DataError, match="does not hold commit abc: the checksum of its 2 files"):
        sources.unpack(archive, tmp_path / "t", source)
    assert not list((tmp_path / "t").iterdir())


def test_files_in_the_way_stay_and_equal_ones_are_no_hindrance(tmp_path):
    archive = put(tmp_path / "x.tar", tar(Entry("t/a", b"new"), Entry("t/d/b", b"B")))
    folder = tmp_path / "s"
    put(folder / "a", b"mine")
    put(folder / "d" / "own.jpg", b"x")
    with pytest.raises(StoreError, match=r"holds a, and .*s has another of that name"):
        sources.unpack(archive, folder)
    assert (folder / "a").read_bytes() == b"mine" and not (folder / "d" / "b").exists()
    put(folder / "a", b"new")
    sources.unpack(archive, folder)
    assert (folder / "d" / "b").read_bytes() == b"B" and (folder / "d" / "own.jpg").is_file()
    assert sorted(p.name for p in folder.iterdir()) == ["a", "d"]


def test_an_unpacking_that_was_killed_while_moving_goes_on(tmp_path, monkeypatch):
    archive = put(tmp_path / "x.tar", tar(*(Entry(f"t/{n}", n.encode()) for n in "abc")))
    folder = tmp_path / "s"
    folder.mkdir()
    move, moved = Path.replace, []

    def killed(self, target):
        if Path(target).parent == folder:
            moved.append(target)
            if len(moved) == 2:
                raise KeyboardInterrupt
        return move(self, target)

    with monkeypatch.context() as m, pytest.raises(KeyboardInterrupt):
        m.setattr(Path, "replace", killed)
        sources.unpack(archive, folder)
    assert len([p for p in folder.iterdir() if p.is_file()]) == 1
    assert is_unfinished(folder)
    archive.unlink()
    sources.unpack(archive, folder)  # from what was unpacked already
    assert sorted(p.name for p in folder.iterdir()) == ["a", "b", "c"]


def test_zip_bombs_by_their_directory_are_refused_unread(tmp_path, monkeypatch):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for n in range(200):
            z.writestr(f"{n}{'x' * 200}", b"")
    archive = put(tmp_path / "a.zip", out.getvalue())
    monkeypatch.setattr(zipfile.ZipFile, "infolist", lambda self: pytest.fail("it was read"))
    with pytest.raises(DataError, match="its directory is too long for 9 files"):
        archives.extract(archive, tmp_path / "to", members.Bounds(members=9))


def test_permissions_of_an_archive_are_not_taken_over(tmp_path):
    archive = put(tmp_path / "a.zip", hostile.zipped({"run.sh": b"x"}, mode=0o104777))
    archives.extract(archive, tmp_path / "to")
    assert not (tmp_path / "to" / "run.sh").stat().st_mode & 0o7111
