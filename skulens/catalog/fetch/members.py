"""What is in a tar, tar.gz or zip file, as its own headers say it.

tar headers are read here, not by `tarfile`, whose safety depends on the patch level of Python, and
which reads extended headers of any length into memory.
"""

import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol

BLOCK = 1 << 20
HEADER_BYTES = 1 << 16
"""An extended tar header may have that many; a path is the longest thing we take from one."""
SMALL_BYTES = 8 << 20
"""Below that the ratio does not count: a short text may well shrink to nothing."""
NO_ARCHIVE = "it is no archive that we read (tar, tar.gz, zip), or a header is damaged"
REFUSED_KINDS = {
    b"1": "is a hard link",
    b"2": "is a symbolic link",
    b"3": "is a character device",
    b"4": "is a block device",
    b"6": "is a named pipe",
    b"S": "is a sparse file",
}


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much an archive may unpack to."""

    members: int = 20_000
    """Files and folders."""
    size: int = 2 << 30
    """Bytes of all files."""
    ratio: int = 100
    """Unpacked bytes for each byte of the archive."""


@dataclass(frozen=True, slots=True)
class Member:
    name: str
    """As the archive has it."""
    folder: bool
    blocks: Iterator[bytes]
    """What it holds; to be read before the next member is asked for."""


class Refused(ValueError):
    """Why an archive is not unpacked."""


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass
class Meter:
    """Counts what an archive unpacks to."""

    packed: int
    """Bytes of the archive."""
    bounds: Bounds
    written: int = 0
    """Bytes, headers that were unpacked included."""
    current: str = ""
    """Name of the member at hand."""

    def count_bytes(self, n: int) -> None:
        """Raises Refused past a bound."""
        self.written += n
        if self.written > self.bounds.size:
            raise Refused(f"it unpacks to more than {self.bounds.size:,} bytes")
        if self.written > max(self.bounds.ratio * self.packed, SMALL_BYTES):
            raise Refused(
                f"it unpacks to more than {self.bounds.ratio} times its {self.packed:,} bytes"
            )


def read_members(f: BinaryIO, meter: Meter) -> Iterator[Member]:
    """The members of an archive of any kind we read, known by its first bytes."""
    start = f.read(4)
    f.seek(0)
    if start in (b"PK\3\4", b"PK\5\6"):
        return read_zip(f, meter)
    if start.startswith((b"BZh", b"\xfd7zX")):
        raise Refused("it is compressed by bzip2 or xz; we read tar, tar.gz and zip")
    return read_tar(Inflated(f, meter) if start.startswith(b"\x1f\x8b") else Plain(f), meter)


class Plain:
    """An archive that is not compressed."""

    def __init__(self, f: BinaryIO):
        self.read = f.read


class Inflated:
    """A gzip file read as what it unpacks to; zlib checks the length and CRC of each stream."""

    def __init__(self, f: BinaryIO, meter: Meter):
        self.f, self.meter = f, meter
        self.stream = zlib.decompressobj(31)
        self.waiting = b""
        self.streams = 1

    def read(self, size: int) -> bytes:
        out = bytearray()
        while len(out) < size and (block := self.read_some(size - len(out))):
            out += block
        return bytes(out)

    def read_some(self, size: int) -> bytes:
        while True:
            if self.stream.eof and not self.next_stream():
                return b""
            fed = self.waiting or self.f.read(BLOCK)
            if not fed:
                raise EOFError("the gzip file ends in the middle")
            block = self.stream.decompress(fed, size)
            self.waiting = self.stream.unconsumed_tail
            if block:
                return block

    def next_stream(self) -> bool:
        """Go on to the stream behind this one; False at the end of the file."""
        self.waiting = self.stream.unused_data or self.f.read(BLOCK)
        while self.waiting and not (rest := self.waiting.lstrip(b"\0")):
            self.waiting = self.f.read(BLOCK)
        if not self.waiting:
            return False
        self.waiting, self.stream = rest, zlib.decompressobj(31)
        self.streams += 1
        if self.streams > self.meter.bounds.members:
            raise Refused(f"there are more than {self.meter.bounds.members:,} gzip streams")
        return True


def read_tar(f: Readable, meter: Meter) -> Iterator[Member]:
    """The members of a tar file: ustar, pax, and GNU's long names."""
    said: dict[str, str] = {}  # what extended headers say of the member that follows
    while any(header := read_exactly(f, 512)):
        meter.count_bytes(512)
        check_sum(header)
        kind, size = header[156:157], read_number(header[124:136])
        if kind in b"xgLK":
            if size > HEADER_BYTES:
                raise Refused(f"there is an extended header of {size:,} bytes")
            meter.count_bytes(size)
            said |= read_extended(kind, read_exactly(f, size + -size % 512)[:size])
            continue
        name = meter.current = said.get("path") or read_name(header)
        size = int(said.get("size", size))
        said = {}
        if kind not in (b"0", b"\0", b"7", b"5"):
            raise Refused(REFUSED_KINDS.get(kind, f"is of the unknown kind {kind!r}"))
        folder = kind == b"5" or name.endswith("/")
        if size < 0 or (folder and kind != b"5" and size):
            raise Refused(f"its size is {size:,} bytes, which cannot be")
        yield Member(name, folder, iter(()) if folder else read_blocks(f, size))
    while rest := f.read(BLOCK):
        meter.count_bytes(len(rest))
        if any(rest):
            raise Refused("there are bytes behind its end")


def read_exactly(f: Readable, size: int) -> bytes:
    found = f.read(size)
    if len(found) < size:
        raise EOFError("the archive ends in the middle")
    return found


def read_blocks(f: Readable, size: int) -> Iterator[bytes]:
    """The bytes of a tar member, and past its padding."""
    for start in range(0, size, BLOCK):
        yield read_exactly(f, min(BLOCK, size - start))
    read_exactly(f, -size % 512)


def check_sum(header: bytes) -> None:
    expected = read_number(header[148:156])
    if sum(header) - sum(header[148:156]) + 8 * 32 != expected:
        raise Refused(NO_ARCHIVE)


def read_number(digits: bytes) -> int:
    """Octal digits, or base 256 where the first bit says so."""
    if digits[0] & 0x80:
        return int.from_bytes(bytes([digits[0] & 0x7F]) + digits[1:], "big")
    try:
        return int(digits.strip(b" \0") or b"0", 8)
    except ValueError:
        raise Refused(NO_ARCHIVE) from None


def read_name(header: bytes) -> str:
    name, prefix = header[:100].split(b"\0")[0], header[345:500].split(b"\0")[0]
    return decode(prefix + b"/" + name if header[257:263] == b"ustar\0" and prefix else name)


def read_extended(kind: bytes, text: bytes) -> dict[str, str]:
    """ "path" and "size" as an extended header gives them for the member behind it."""
    if kind == b"L":
        return {"path": decode(text.rstrip(b"\0"))}
    if kind == b"K":
        return {}
    found = {}
    while text:
        length, blank, _ = text.partition(b" ")
        if not blank or not length.isdigit() or not len(length) + 2 < int(length) <= len(text):
            raise Refused("an extended header is damaged")
        key, _, value = text[len(length) + 1 : int(length) - 1].partition(b"=")
        if key.startswith(b"GNU.sparse"):
            raise Refused("a sparse file")
        if kind == b"x" and key in (b"path", b"size"):
            found[key.decode()] = decode(value)
        text = text[int(length) :]
    return found


def decode(name: bytes) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError:
        raise Refused(f"the name {name[:80]!r} is not UTF-8") from None


def read_zip(f: BinaryIO, meter: Meter) -> Iterator[Member]:
    """The members of a zip file; zipfile checks each one's CRC."""
    if directory_bytes(f) > meter.bounds.members * 512:
        raise Refused(f"its directory is too long for {meter.bounds.members:,} files")
    with zipfile.ZipFile(f) as z:
        for info in z.infolist():
            name = meter.current = info.orig_filename
            meter.count_bytes(0)
            kind = (info.external_attr >> 28) & 0o17 if info.create_system == 3 else 0
            if kind not in (0, 0o10, 0o4):
                raise Refused("is a link or a device")
            if info.flag_bits & 1 or info.compress_type not in (
                zipfile.ZIP_STORED,
                zipfile.ZIP_DEFLATED,
            ):
                raise Refused("is encrypted, or compressed by something else than deflate")
            yield Member(
                name, name.endswith("/"), iter(()) if name.endswith("/") else read_member(z, info)
            )


def read_member(z: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    with z.open(info) as f:
        while block := f.read(BLOCK):
            yield block


def directory_bytes(f: BinaryIO) -> int:
    """How long the list of members says it is, which `ZipFile` reads whole."""
    size = f.seek(0, os.SEEK_END)
    f.seek(max(0, size - (1 << 16) - 22 - 76))
    end = f.read()
    place, wide = end.rfind(b"PK\5\6"), end.rfind(b"PK\6\6")
    f.seek(0)
    if place < 0 or len(end) < place + 22:
        raise Refused("it is no whole zip file")
    found: int = struct.unpack_from("<I", end, place + 12)[0]
    if found == 0xFFFFFFFF and 0 <= wide <= len(end) - 56:
        found = struct.unpack_from("<Q", end, wide + 40)[0]
    return found
