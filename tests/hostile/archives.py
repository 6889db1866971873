"""Archives that reach outside, hold links and devices, grow without end, or are damaged."""

import gzip
import io
import os
import random
import shutil
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from skulens.catalog.fetch import sources
from skulens.errors import SkulensError

from .field import Case

SMALL = 24
LARGE = 464

TEXT = b"A fine apple. " * 9
HONEST = {"a.txt": TEXT, "b/c.txt": b"x", "b/empty": b""}
KINDS = {"file": b"0", "hard": b"1", "soft": b"2", "character": b"3", "block": b"4", "folder": b"5"}
KINDS |= {"pipe": b"6", "sparse": b"S", "unknown": b"Z"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One member of a tar file, written as it is said, whether or not that makes sense."""

    name: str | bytes
    data: bytes = b""
    kind: str = "file"
    link: str = ""
    size: int | None = None
    """What the header says; None: the truth."""

    def bytes(self) -> bytes:
        name = self.name.encode() if isinstance(self.name, str) else self.name
        size = len(self.data) if self.size is None else self.size
        long = header(b"././@LongLink", len(name) + 1, b"L") + padded(name + b"\0")
        long_link = header(b"././@LongLink", len(self.link) + 1, b"K")
        return (
            (long if len(name) > 99 else b"")
            + (long_link + padded(self.link.encode() + b"\0") if len(self.link) > 99 else b"")
            + header(name[:99], size, KINDS[self.kind], self.link.encode()[:99])
            + padded(self.data)
        )


def header(name: bytes, size: int, kind: bytes, link: bytes = b"") -> bytes:
    digits = b"%011o\0" % size if size < 8**11 else b"\x80" + size.to_bytes(11, "big")
    fields = name.ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + digits + b"0" * 11 + b"\0"
    rest = kind + link.ljust(100, b"\0") + b"ustar\x0000"
    whole = (fields + b" " * 8 + rest).ljust(512, b"\0")
    return whole[:148] + b"%06o\0 " % sum(whole) + whole[156:]


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 512)


def tar(*entries: Entry, packed: bool = True) -> bytes:
    whole = b"".join(e.bytes() for e in entries) + bytes(1024)
    return gzip.compress(whole, 1, mtime=0) if packed else whole


def pax(**said: str) -> bytes:
    """An extended header for the next member."""
    lines = b""
    for key, value in said.items():
        line = f" {key.replace('__', '.')}={value}\n".encode()
        length = len(line) + 1
        while len(str(length)) + len(line) != length:
            length += 1
        lines += str(length).encode() + line
    return header(b"pax", len(lines), b"x") + padded(lines)


def honest_tar(packed: bool = True) -> bytes:
    return tar(*(Entry(f"top/{n}", d) for n, d in HONEST.items()), packed=packed)


def zipped(names: dict[str, bytes], mode: int = 0, **options) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, **options) as z:
        for name, data in names.items():
            info = zipfile.ZipInfo(name)
            info.external_attr, info.create_system = mode << 16, 3
            info.compress_type = zipfile.ZIP_DEFLATED
            z.writestr(info, data)
    return out.getvalue()


def chain() -> bytes:
    """Sixteen folders of 247 letters and links to them: their real path is longer than the system
    can say, so that a check by realpath ends early, and a hard link lands two folders up."""
    folder, letters, path, entries = "d" * 247, "abcdefghijklmnop", "", []
    for letter in letters:
        entries += [Entry(f"{path}{folder}", kind="folder")]
        entries += [Entry(f"{path}{letter}", kind="soft", link=folder)]
        path += f"{folder}/"
    last = "/".join(letters) + "/" + "l" * 254
    return tar(
        *entries,
        Entry(last, kind="soft", link="../" * len(letters)),
        Entry("escape", kind="soft", link=f"{last}/../.."),
        Entry("door", kind="hard", link="escape/canary"),
        Entry("door", b"OVERWRITTEN"),
    )


def overlapping_zip() -> bytes:
    """A zip bomb whose many entries are all the same bytes."""
    one = zipped({"a": bytes(32 << 20)})
    place = one.index(b"PK\1\2")
    row = one[place : one.index(b"PK\5\6")]
    rows = b"".join(row.replace(b"a", bytes([65 + n]), 1) if n else row for n in range(40))
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 40, 40, len(rows), place, 0)
    return one[:place] + rows + end


REFUSED: dict[str, Callable[[], bytes]] = {
    "chain of links": chain,
    "link outside": lambda: tar(Entry("top/a", kind="soft", link="../../canary")),
    "link that leaves when the top folder goes": lambda: tar(
        Entry("top/a", b"x"), Entry("top/evil", kind="soft", link="../x")
    ),
    "file through a link": lambda: tar(
        Entry("top/d", kind="soft", link="../.."), Entry("top/d/canary", b"OVERWRITTEN")
    ),
    "hard link outside": lambda: tar(Entry("a", kind="hard", link="../../canary")),
    "hard link inside": lambda: tar(Entry("a", b"x"), Entry("b", kind="hard", link="a")),
    "link to itself": lambda: tar(Entry("a", kind="soft", link="a")),
    "character device": lambda: tar(Entry("zero", kind="character")),
    "block device": lambda: tar(Entry("disk", kind="block")),
    "named pipe": lambda: tar(Entry("pipe", kind="pipe")),
    "unknown kind": lambda: tar(Entry("a", kind="unknown")),
    "name above": lambda: tar(Entry("../../canary", b"OVERWRITTEN")),
    "name above in the middle": lambda: tar(Entry("top/a/../../../../canary", b"OVERWRITTEN")),
    "absolute name": lambda: tar(Entry("/canary", b"OVERWRITTEN")),
    "pax name above": lambda: gzip.compress(
        pax(path="../../canary") + Entry("a", b"OVERWRITTEN").bytes() + bytes(1024)
    ),
    "drive letter": lambda: tar(Entry("C:/canary", b"x")),
    "backslashes": lambda: tar(Entry("..\\..\\canary", b"x")),
    "name of 300 bytes": lambda: tar(Entry("n" * 300, b"x")),
    "path of 5,000 bytes": lambda: tar(Entry("n/" * 2500 + "x", b"x")),
    "path of 1,200 bytes": lambda: tar(Entry("/".join(["n" * 199] * 6), b"x")),
    "path of 40 folders": lambda: tar(Entry("n/" * 40 + "x", b"x")),
    "name of control characters": lambda: tar(Entry("a\n\x1b[2Jb", b"x")),
    "name that is no Unicode": lambda: tar(Entry(b"a\xff\xfeb", b"x")),
    "name with nothing in it": lambda: tar(Entry("./", b"x")),
    "the same name twice": lambda: tar(Entry("a", b"first"), Entry("a", b"second")),
    "the same name written otherwise": lambda: tar(Entry("b/a", b"1"), Entry("b/./a", b"2")),
    "file where a folder is": lambda: tar(Entry("a/b", b"x"), Entry("a", b"y")),
    "folder where a file is": lambda: tar(Entry("a", b"x"), Entry("a/b", b"y")),
    "our own record": lambda: tar(Entry("top/downloads.json", b"{}"), Entry("top/a", b"x")),
    "our own mark": lambda: tar(Entry("top/.fetching", b""), Entry("top/a", b"x")),
    "our own folder": lambda: tar(Entry("top/.unpacking/a", b"x"), Entry("top/b", b"y")),
    "bomb, tar": lambda: tar(Entry("zeros", bytes(80 << 20))),
    "bomb, zip": lambda: zipped({"zeros": bytes(80 << 20)}),
    "bomb behind the end": lambda: gzip.compress(honest_tar(False) + bytes(80 << 20), 1),
    "bomb in a header": lambda: gzip.compress(header(b"p", 80 << 20, b"x") + bytes(80 << 20), 1),
    "bomb of overlapping entries": overlapping_zip,
    "sparse file": lambda: tar(Entry("a", b"x", kind="sparse", size=1 << 40)),
    "pax sparse file": lambda: gzip.compress(
        pax(GNU__sparse__major="1") + Entry("a", b"x").bytes() + bytes(1024)
    ),
    "size of a terabyte": lambda: tar(Entry("a", b"x", size=1 << 40)),
    "negative size": lambda: gzip.compress(pax(size="-512") + Entry("a").bytes() + bytes(1024)),
    "30,000 empty members": lambda: tar(*(Entry(str(n)) for n in range(30_000))),
    "30,000 folders in few names": lambda: tar(
        *(Entry("/".join(f"{n}{k}" for k in range(30))) for n in range(1000))
    ),
    "30,000 empty streams": lambda: gzip.compress(b"") * 30_000 + honest_tar(),
    "zip, name above": lambda: zipped({"../../canary": b"x"}),
    "zip, absolute": lambda: zipped({"/canary": b"x"}),
    "zip, link": lambda: zipped({"a": b"../../canary"}, mode=0o120777),
    "zip, device": lambda: zipped({"a": b""}, mode=0o020666),
    "zip, twice": lambda: zipped({"a/b": b"1", "a//b": b"2"}),
    "zip, damaged": lambda: zipped({"a": TEXT * 99}).replace(b"PK\3\4", b"PK\3\4", 1)[:-60],
    "zip, encrypted": lambda: zipped({"a": TEXT}).replace(
        b"PK\1\2\x14\x03\x14\0\0", b"PK\1\2\x14\x03\x14\0\1"
    ),  # fmt: skip
    "cut gzip": lambda: honest_tar()[:-9],
    "cut tar": lambda: honest_tar(False)[:600],
    "tar without an end": lambda: Entry("a", b"x").bytes(),
    "wrong checksum of a header": lambda: honest_tar(False).replace(b"top/a.txt", b"top/z.txt", 1),
    "bytes behind the end": lambda: honest_tar(False) + honest_tar(False),
    "xz": lambda: b"\xfd7zXZ\0" + bytes(100),
    "a web page": lambda: b"<html>404</html>" * 60,
    "nothing": lambda: b"",
}
"""What no dataset needs, and so must be refused."""
ACCEPTED: dict[str, tuple[Callable[[], bytes], dict[str, bytes]]] = {
    "honest tar.gz": (honest_tar, HONEST),
    "honest tar": (partial(honest_tar, False), HONEST),
    "honest zip": (lambda: zipped({f"top/{n}": d for n, d in HONEST.items()}), HONEST),
    "names that differ in case": (lambda: tar(Entry("a", b"1"), Entry("A", b"2")), {"a": b"1", "A": b"2"}),
    "long name": (lambda: tar(Entry("n" * 200, b"x"), Entry("o", b"")), {"n" * 200: b"x", "o": b""}),
    "pax name": (
        lambda: gzip.compress(pax(path="ü" * 90) + Entry("a", b"x").bytes() + Entry("b").bytes() + bytes(1024)),
        {"ü" * 90: b"x", "b": b""},
    ),
    "two streams": (
        lambda: gzip.compress(honest_tar(False)[:700]) + gzip.compress(honest_tar(False)[700:]),
        HONEST,
    ),
    "without a top folder": (lambda: tar(Entry("a", TEXT), Entry("b")), {"a": TEXT, "b": b""}),
}  # fmt: skip


def cases(count: int, seed: int) -> Iterator[Case]:
    """Hand-made ones first, then damaged and composed ones."""
    for name, make in REFUSED.items():
        yield Case(name, partial(attack, make, None))
    for name, (make, files) in ACCEPTED.items():
        yield Case(name, partial(attack, make, files))
    for n in range(count):
        rng = random.Random(f"archives {seed} {n}")
        if n % 2:
            make, files = compose(rng)
            yield Case(f"composed {n}", partial(attack, make, files))
        else:
            yield Case(f"damaged {n}", partial(attack, damage(rng), HONEST, may_refuse=True))


def damage(rng: random.Random) -> Callable[[], bytes]:
    """An honest archive with its bytes changed, cut or repeated."""
    data = bytearray(rng.choice([honest_tar(), zipped({f"top/{n}": d for n, d in HONEST.items()})]))
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(len(data))
        what = rng.randrange(4)
        if what == 0:
            data[place] ^= 1 << rng.randrange(8)
        elif what == 1:
            del data[place : place + rng.randint(1, 40)]
        elif what == 2:
            data[place:place] = data[place : place + rng.randint(1, 40)]
        else:
            data[place : place + 8] = rng.randbytes(8)
        if not data:
            break
    return lambda: bytes(data)


def compose(rng: random.Random) -> tuple[Callable[[], bytes], dict[str, bytes] | None]:
    """A few members, one in three archives with a bad one among them."""
    files = {f"{rng.choice(['', 'b/', 'c/d/'])}{n}.jpg": rng.randbytes(9) for n in range(5)}
    entries = [Entry(f"top/{name}", data) for name, data in files.items()]
    if rng.random() < 1 / 3:
        return lambda: tar(*entries, packed=rng.random() < 0.5), files
    steps = "".join(rng.choice(["../", "./", "b/", "c/"]) for _ in range(rng.randint(1, 6)))
    kind = rng.choice(["soft", "hard", "character", "block", "pipe", "unknown", "file"])
    name = f"{steps}canary" if kind == "file" else f"top/{rng.choice(['z', 'b/z'])}"
    if kind == "file" and "../" not in steps:
        name = f"../{name}"
    bad = Entry(name, b"OVERWRITTEN" if kind == "file" else b"", kind, link=f"{steps}canary")
    entries.insert(rng.randrange(len(entries) + 1), bad)
    return lambda: tar(*entries), None


def attack(
    make: Callable[[], bytes],
    expected: dict[str, bytes] | None,
    folder: Path,
    may_refuse: bool = False,
) -> bool:
    """Unpack an archive beside a canary. Right: refused, with nothing left of it; or unpacked to
    the files expected. The canary lives in both cases."""
    outside = folder / "outside"
    place = outside / "set"
    place.mkdir(parents=True)
    canary = outside / "canary"
    canary.write_bytes(b"original")
    archive = place / "archive"
    archive.write_bytes(make())
    try:
        sources.unpack(archive, place)
    except SkulensError:
        clean = [p.name for p in place.iterdir()] == ["archive"]
        if not (clean and is_alone(outside, canary)):
            return False
        raise
    finally:
        found = files_below(place)
        alone = is_alone(outside, canary)
        shutil.rmtree(place)
    return expected is not None and found == expected and alone


def files_below(place: Path) -> dict[str, bytes]:
    """Path -> bytes of all files but the archive, however deep; links, devices and pipes are
    named, not followed."""
    found = {}
    for folder, folders, names, fd in os.fwalk(place):
        for name in (*folders, *names):
            path = os.path.relpath(os.path.join(folder, name), place)  # noqa: PTH118, too long for a Path
            mode = os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode
            if stat.S_ISREG(mode) and path != "archive":
                with os.fdopen(os.open(name, os.O_RDONLY, dir_fd=fd), "rb") as f:
                    found[path] = f.read()
            elif not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
                found[path] = b"a link or a device"
    return found


def is_alone(outside: Path, canary: Path) -> bool:
    """Is there nothing new beside the canary, and is it as it was?"""
    names = {p.name for p in outside.iterdir()} | {p.name for p in outside.parent.iterdir()}
    return canary.read_bytes() == b"original" and names <= {"canary", "set", "outside"}
