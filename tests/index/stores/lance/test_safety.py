"""The store of LanceDB under damage, a full disk, lost power and kill -9."""

import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("lancedb", reason="needs skulens[search]")

from skulens.documents import Probe  # noqa: E402
from skulens.errors import StoreError  # noqa: E402
from skulens.index.stores.engines.lance import journal as journals  # noqa: E402
from skulens.index.stores.engines.lance.journal import Journal, checksum, files_of, is_mutable  # noqa: E402
from skulens.index.stores.engines.lance.store import Lance  # noqa: E402
from tests.index.stores import crash  # noqa: E402
from tests.index.stores.lance.small_lance import SCHEMA, fill, make_document, picture  # noqa: E402

STRACE = shutil.which("strace")


@pytest.fixture
def folder(tmp_path):
    """A closed store of 300 products, 100 of them outside the indexes, 10 deleted."""
    made = fill(Lance(str(tmp_path / "shop.store"), SCHEMA), 200)
    made.optimise()
    fill(made, 100, 200).delete([f"p{n:04}" for n in range(10)])
    made.close()
    return tmp_path / "shop.store"


# ----- damage ---------------------------------------------------------------------------------


def use(folder: Path) -> None:
    """Open, search and read all there is."""
    made = Lance(str(folder))
    made.search(picture())
    made.search(Probe(words="shoe"))
    made.fetch(made.select(k=300), ["words", "thumbnail"])
    made.digests()


def biggest(folder: Path, kind: str) -> Path:
    return max((folder / "products.lance" / kind).rglob("*.*"), key=lambda p: p.stat().st_size)


def newest_manifest(folder: Path) -> Path:
    return min((folder / "products.lance/_versions").glob("*.manifest"))


def flip(path: Path, share: float) -> None:
    content = bytearray(path.read_bytes())
    content[int(share * (len(content) - 1))] ^= 0xFF
    path.write_bytes(content)


def cut(path: Path, share: float) -> None:
    os.truncate(path, int(share * path.stat().st_size))


DAMAGE = {
    "data cut": lambda f: cut(biggest(f, "data"), 0.5),
    "data empty": lambda f: cut(biggest(f, "data"), 0),
    "data flipped, first": lambda f: flip(biggest(f, "data"), 0),
    "data flipped, middle": lambda f: flip(biggest(f, "data"), 0.5),
    "data flipped, last": lambda f: flip(biggest(f, "data"), 1),
    "deletions flipped": lambda f: flip(biggest(f, "_deletions"), 0.6),
    "deletions missing": lambda f: shutil.rmtree(f / "products.lance/_deletions"),
    "index flipped": lambda f: flip(biggest(f, "_indices"), 0.5),
    "indexes missing": lambda f: shutil.rmtree(f / "products.lance/_indices"),
    "manifest missing": lambda f: newest_manifest(f).unlink(),
    "manifest cut": lambda f: cut(newest_manifest(f), 0.5),
    "manifest empty": lambda f: cut(newest_manifest(f), 0),
    "manifest flipped": lambda f: flip(newest_manifest(f), 0.3),
    "manifests missing": lambda f: shutil.rmtree(f / "products.lance/_versions"),
    "table missing": lambda f: shutil.rmtree(f / "products.lance"),
    "journal of another kind": lambda f: (f / "journal.jsonl").write_text('{"a": 1}\n'),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_damage_is_an_error_that_names_the_store(folder, damage):
    use(folder)
    damage(folder)
    with pytest.raises(
        StoreError, match=r"the store .*shop\.store is damaged .*build the store anew"
    ):
        use(folder)


def test_data_missing_is_found_by_whoever_needs_it(folder):
    for path in (folder / "products.lance/data").iterdir():
        path.unlink()
    with pytest.raises(StoreError, match="is damaged"):
        use(folder)


def test_nothing_is_written_on_a_damaged_store(folder):
    newest_manifest(folder).unlink()
    with pytest.raises(StoreError, match="was acknowledged"):
        Lance(str(folder), SCHEMA)


def test_a_large_table_is_compared_when_asked(folder, monkeypatch):
    monkeypatch.setattr(journals, "EVERY_BYTES", 10)
    made = Lance(str(folder))
    made.check_files()
    flip(biggest(folder, "_indices"), 0.5)
    made = Lance(str(folder))
    with pytest.raises(StoreError, match="content of _indices.* has changed"):
        made.check_files()


def test_the_journal_knows_every_file_after_each_write(tmp_path):
    made = Lance(str(tmp_path / "s"), SCHEMA)
    for work in (
        lambda: fill(made, 5),
        lambda: fill(made, 5, 3),
        lambda: made.delete(["p0001"]),
        lambda: made.optimise(),
        lambda: made.snapshot("one"),
        lambda: made.rollback("one"),
    ):
        work()
        known = Journal(made.folder)
        assert known.version == made.info()["version"]
        for path in files_of(known.table):
            if not is_mutable(path):
                file = known.table / path
                assert known.files[path] == (file.stat().st_size, checksum(file))
    made.close()


def test_the_journal_forgets_what_is_gone(tmp_path):
    made = fill(Lance(str(tmp_path / "s"), SCHEMA), 5)
    made._journal.files["data/gone.lance"] = 1, 2
    made.optimise()
    assert "data/gone.lance" not in Journal(made.folder).files
    assert len((made.folder / "journal.jsonl").read_text().splitlines()) == 1
    made.close()


def test_what_no_sync_confirmed_is_synced_by_the_next_writer(tmp_path):
    made = fill(Lance(str(tmp_path / "s"), SCHEMA, "process"), 5)
    before = Journal(made.folder)
    unknown = [p for p in files_of(before.table) if p not in before.files and not is_mutable(p)]
    assert unknown
    made.close()
    made = fill(Lance(str(tmp_path / "s")), 1)
    made.close()
    assert set(unknown) <= set(Journal(made.folder).files)


# ----- lost power -----------------------------------------------------------------------------


SYNC = re.compile(r"\b(fsync|fdatasync)\((\d+)<([^>]*)>")
BATCHES = 4


def traced_writer(folder: Path, durability: str, log: Path) -> list[str]:
    """Lines of strace of a process that writes BATCHES batches; `write(9, ...)` marks each end."""
    code = (
        "import os, sys; from tests.index.stores.lance.small_lance import *\n"
        "made = Lance(sys.argv[1], None, sys.argv[2])\n"
        f"for i in range({BATCHES}):\n"
        "    fill(made, 20, 290 + 10 * i)\n"
        "    os.access('/acknowledged', 0)\n"
    )
    calls = "trace=fsync,fdatasync,openat,rename,renameat,renameat2,link,linkat,access"
    command = [STRACE, "-f", "-y", "-qq", "-s", "400", "-e", calls, "-o", str(log)]
    made = [sys.executable, "-c", code, str(folder), durability]
    done = subprocess.run([*command, *made], capture_output=True, text=True, check=False)
    if done.returncode and "ptrace" in done.stderr:
        pytest.skip("strace may not trace here")
    assert done.returncode == 0, done.stderr[-2000:]
    return log.read_text(errors="replace").splitlines()


@pytest.mark.skipif(STRACE is None, reason="needs strace")
def test_each_acknowledged_batch_is_on_the_disk(folder, tmp_path):
    """Every file that a batch made, and its name in its folder, is synced before the next line."""
    before = set(files_of(folder))
    lines = traced_writer(folder, "fsync", tmp_path / "log")
    ends = [i for i, line in enumerate(lines) if "/acknowledged" in line]
    assert len(ends) == BATCHES
    syncs = [(i, m[3]) for i, line in enumerate(lines) if (m := SYNC.search(line))]
    for first, last in zip([0, *ends], ends, strict=False):
        assert sum(first < i < last for i, _ in syncs) >= 5
    by_path: dict[str, list[int]] = {}
    for i, path in syncs:
        by_path.setdefault(path, []).append(i)
    new = sorted(set(files_of(folder)) - before)
    assert len([p for p in new if "/data/" in p]) >= BATCHES
    for path in new:
        file = str(folder / path)
        named = [i for i, line in enumerate(lines) if file in line and " = " in line]
        born = min(i for i in named if not SYNC.search(lines[i]))
        due = next(end for end in ends if end > born)
        assert any(born < i < due for i in by_path.get(file, [])), f"{path} was not synced"
        place = str(Path(file).parent)
        assert any(born < i < due for i in by_path.get(place, [])), f"the folder of {path} was not"


@pytest.mark.skipif(STRACE is None, reason="needs strace")
def test_without_durability_nothing_is_synced(folder, tmp_path):
    lines = traced_writer(folder, "process", tmp_path / "log")
    ends = [i for i, line in enumerate(lines) if "/acknowledged" in line]
    between = lines[ends[0] : ends[-1]]
    assert not [line for line in between if SYNC.search(line)]


# ----- full disk ------------------------------------------------------------------------------


def limited_writer(folder: Path, work: str) -> subprocess.CompletedProcess:
    """A process in which no file may grow beyond 64 KB: as a full disk, the write fails."""
    code = (
        "import sys; from tests.index.stores.lance.small_lance import *\n"
        "from skulens.errors import StoreError\n"
        "import numpy as np\n"
        "made = Lance(sys.argv[1])\n"
        "import dataclasses\n"
        "noise = np.random.default_rng(0)\n"
        "big = [dataclasses.replace(make_document(n), thumbnail=noise.bytes(20_000))\n"
        "       for n in range(280, 320)]\n"
        "try:\n"
        f"    {work}\n"
        "except StoreError as e:\n"
        "    print(e)\n"
        "print(made.count(), made.search(picture()).ids[0], sep='\\n')\n"
    )
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, 65_536))  # noqa: E731
    command = [sys.executable, "-c", code, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, preexec_fn=limit, check=False)


@pytest.mark.parametrize("work", ["made.upsert(big)", "made.optimise()"])
def test_a_full_disk_is_an_error_and_nothing_is_lost(folder, work):
    made = Lance(str(folder))
    count, nearest = made.count(), made.search(picture()).ids[0]
    if "optimise" in work:  # more than the limit when it is written anew
        fill(made, 2000, 1000)
        count, nearest = made.count(), made.search(picture()).ids[0]
    made.close()
    done = limited_writer(folder, work)
    assert done.returncode == 0, done.stderr[-2000:]
    said, rows, first = done.stdout.splitlines()
    assert "the disk is full" in said and str(folder) in said
    assert (int(rows), first) == (count, nearest)
    made = Lance(str(folder))
    assert made.count() == count
    made.upsert([make_document(5000)])
    made.optimise()
    assert made.count() == count + 1
    made.close()


# ----- kill -9 --------------------------------------------------------------------------------


@pytest.mark.parametrize(("what", "rounds"), [("ingest", 2), ("optimise", 1)])
def test_a_killed_writer_loses_nothing_acknowledged(tmp_path, what, rounds):
    """`benchmarks/store_crash.py` runs 50 and 20 rounds."""
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    address, ledger = str(tmp_path / "crash.store"), tmp_path / "ledger"
    found = crash.Findings()
    for store in crash.kill_rounds(what, address, ledger, rounds, seed, found):
        assert found.is_clean, (seed, found)
        assert store.search(Probe(words="product", k=3)).ids or not found.acknowledged
    assert found.kills == rounds


def test_writers_at_once_write_each_product_once(tmp_path):
    rows, different, _ = crash.write_at_once(str(tmp_path / "shared.store"), writers=2)
    assert rows == different == crash.SHARED


def test_the_judge_sees_what_is_lost_torn_and_doubled(tmp_path):
    ledger = tmp_path / "ledger"
    for what in ("begin", "acknowledged"):
        journals.append_line(ledger, {"what": what, "batch": 0})
    journals.append_line(ledger, {"what": "begin", "batch": 1})
    numbers = crash.numbers_of(0, 1)
    held = dict.fromkeys(numbers[1:], 0) | {crash.numbers_of(1, 1)[0]: 1}

    class Fake:
        def digests(self):
            return {f"p{n:06}": f"{n} {b}" for n, b in held.items()}

        def count(self):
            return len(held) + 2

        def vectors(self, column, ids):
            return [crash.vector_of(int(i[1:]), 99) for i in ids]

    found = crash.Findings()
    crash.judge(Fake(), ledger, 1, found, random.Random(0))
    assert (found.lost, found.torn, found.duplicates) == (1, 1, 2)
    assert found.wrong_vectors == min(crash.SAMPLE, len(held)) and not found.is_clean


def test_the_record_of_a_killed_maker_is_no_obstacle(tmp_path):
    folder = tmp_path / "s"
    Lance(str(folder), SCHEMA).close()
    (folder / "journal.jsonl").unlink()
    made = fill(Lance(str(folder), SCHEMA), 2)
    assert made.count() == 2 and json.loads((folder / "store.json").read_text())
    made.close()
