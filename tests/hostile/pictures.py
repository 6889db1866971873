"""Pictures: broken, false and dangerous files through the audit and through an embedder.

Hand-made attacks first (impostors, bombs, devices, odd but right files), then formats x damages.
"""

import io
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import PIL.Image

from tests.hostile.field import Case

SMALL = 90
LARGE = 1010
SIDE = 48
FORMATS = tuple(
    f
    for f in ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "JPEG2000", "PPM", "ICO")
    if f in PIL.Image.SAVE or PIL.Image.init() and f in PIL.Image.SAVE
)


@dataclass(frozen=True)
class Attack:
    """A file that is said to be a picture."""

    name: str
    make: Callable[[], bytes]
    readable: bool | None = None
    """None: either way, as long as audit and embedder agree."""
    place: Callable[[Path], None] | None = None
    """Puts something that is not a file where the picture is looked for."""


def cases(count: int, seed: int) -> Iterator[Case]:
    """Hand-made ones, then random damages of every format."""
    for _, attack in zip(range(count), attacks(seed), strict=False):
        yield Case(attack.name, lambda folder, attack=attack: judge(attack, folder))


def attacks(seed: int) -> Iterator[Attack]:
    yield from HAND_MADE
    draw = np.random.default_rng(seed)
    number = 0
    while True:
        for format_ in GOOD:
            for damage in DAMAGES:
                number += 1
                own = int(draw.integers(2**31))
                yield Attack(
                    f"{number} {format_} {damage}",
                    lambda f=format_, d=damage, s=own: DAMAGES[d](
                        good(f), np.random.default_rng(s)
                    ),
                )


def judge(attack: Attack, folder: Path) -> bool:
    """Whether audit and embedder both read the picture, or both name it."""
    path = folder / "picture.jpg"
    if attack.place:
        attack.place(path)
    else:
        path.write_bytes(attack.make())
    (folder / "shop.csv").write_text("id,title,image\na,red cup,picture.jpg\n", encoding="utf-8")
    rejected, audited = audit(folder / "shop.csv")
    embedded = embed(path)
    if attack.readable is not None and embedded is not attack.readable:
        return False
    return audited == embedded or (rejected and not embedded)


def audit(table: Path) -> tuple[bool, bool]:
    """Whether the reader rejected the picture, and whether the audit could read it."""
    from skulens.catalog.audit.run import audit_catalog
    from skulens.catalog.own import OwnCatalog

    found = audit_catalog(OwnCatalog(table))
    checks = {finding.check: finding.count for finding in found.findings}
    return bool(checks.get("rejects")), not checks.get("unreadable") and bool(found.pictures)


def embed(path: Path) -> bool:
    """Whether the picture got a vector; a picture without one must have one reject with a reason.

    Raises:
        ValueError: neither or both.
    """
    from skulens.encode.batching import Batching
    from skulens.encode.embed import Embedder
    from skulens.records import Image
    from tests.encode.fake import FakeEncoder

    [found] = Embedder([FakeEncoder()], batching=Batching(threads=1, progress=False)).embed_parts(
        [Image(path=str(path))]
    )
    read = bool(found.ok[0])
    if len(found.rejects) != (not read) or not all(r.reason.strip() for r in found.rejects):
        raise ValueError(f"read: {read}, rejects: {found.rejects}")
    return read


# Good pictures


def two_tone(mode: str = "RGB") -> PIL.Image.Image:
    noise = np.random.default_rng(1).integers(0, 256, (6, 6, 3), np.uint8)
    return PIL.Image.fromarray(noise).resize((SIDE, SIDE)).convert(mode)


def encoded(picture: PIL.Image.Image, format_: str, **options) -> bytes:
    out = io.BytesIO()
    picture.save(out, format_, **options)
    return out.getvalue()


def frames() -> dict:
    return {"save_all": True, "append_images": [two_tone().rotate(90)], "duration": 40}


GOOD: dict[str, Callable[[], bytes]] = {
    f: (lambda f=f: encoded(two_tone(), f)) for f in FORMATS
} | {
    "progressive JPEG": lambda: encoded(two_tone(), "JPEG", progressive=True),
    "CMYK JPEG": lambda: encoded(two_tone("CMYK"), "JPEG"),
    "EXIF JPEG": lambda: encoded(two_tone(), "JPEG", exif=exif(6)),
    "palette and alpha PNG": lambda: encoded(
        two_tone().quantize(8), "PNG", transparency=bytes([0, 128, 255])
    ),
    "RGBA PNG": lambda: encoded(two_tone("RGBA"), "PNG"),
    "16-bit PNG": lambda: encoded(
        PIL.Image.fromarray(np.asarray(two_tone("L")).astype(np.uint16) * 257), "PNG"
    ),
    "APNG": lambda: encoded(two_tone(), "PNG", **frames()),
    "GIF of two frames": lambda: encoded(two_tone("P"), "GIF", **frames()),
    "LZW TIFF": lambda: encoded(two_tone(), "TIFF", compression="tiff_lzw"),
    "float TIFF": lambda: encoded(two_tone("F"), "TIFF"),
    "CMYK TIFF": lambda: encoded(two_tone("CMYK"), "TIFF"),
    "lossless WebP": lambda: encoded(two_tone("RGBA"), "WEBP", lossless=True),
}


@cache
def good(name: str) -> bytes:
    return GOOD[name]()


def exif(orientation: int) -> bytes:
    block = PIL.Image.Exif()
    block[0x112] = orientation
    return block.tobytes()


# Damages: (bytes, generator) -> bytes


def cut(data: bytes, draw: np.random.Generator) -> bytes:
    return data[: int(draw.integers(1, len(data)))]


def flip_bits(data: bytes, draw: np.random.Generator) -> bytes:
    changed = np.frombuffer(data, np.uint8).copy()
    at = draw.integers(0, len(data), int(draw.integers(1, 12)))
    changed[at] ^= (1 << draw.integers(0, 8, len(at))).astype(np.uint8)
    return changed.tobytes()


def overwrite(data: bytes, draw: np.random.Generator) -> bytes:
    """A run of bytes becomes zeros, ones or noise."""
    start = int(draw.integers(0, len(data)))
    length = int(draw.integers(1, 1 + len(data) // 3))
    fill = [bytes(length), b"\xff" * length, draw.bytes(length)][int(draw.integers(3))]
    return data[:start] + fill + data[start + length :]


def damage_head(data: bytes, draw: np.random.Generator) -> bytes:
    """Sizes, counts and offsets stand in the first bytes."""
    changed = bytearray(data)
    for _ in range(int(draw.integers(1, 5))):
        at = int(draw.integers(4, min(len(data), 64)))
        changed[at : at + 4] = draw.choice(
            [b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0", draw.bytes(4)]
        )[: max(0, min(4, len(data) - at))]
    return bytes(changed)


def repeat_piece(data: bytes, draw: np.random.Generator) -> bytes:
    start, end = sorted(int(x) for x in draw.integers(0, len(data), 2))
    return data[:end] + data[start:end] * int(draw.integers(1, 40)) + data[end:]


def surround(data: bytes, draw: np.random.Generator) -> bytes:
    junk = draw.bytes(int(draw.integers(1, 5000)))
    return junk + data if draw.integers(2) else data + junk


def drop_piece(data: bytes, draw: np.random.Generator) -> bytes:
    start, end = sorted(int(x) for x in draw.integers(0, len(data), 2))
    return data[:start] + data[end:]


DAMAGES = {
    "cut": cut,
    "flipped bits": flip_bits,
    "overwritten": overwrite,
    "damaged head": damage_head,
    "repeated piece": repeat_piece,
    "surrounded": surround,
    "dropped piece": drop_piece,
}


# Hand-made


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, kind: int = 2, more: bytes = b"", rows: bytes = b"") -> bytes:
    """A PNG whose pixels are all 0; `kind` is its colour type, 2 for RGB, 6 for RGBA."""
    header = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    if not rows:
        packer, row = zlib.compressobj(1), bytes(1 + width * {0: 1, 2: 3, 6: 4}[kind])
        per = max(1, 4_000_000 // len(row))
        packed = [packer.compress(row * min(per, height - y)) for y in range(0, height, per)]
        rows = b"".join([*packed, packer.flush()])
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", header),
            more,
            chunk(b"IDAT", rows),
            chunk(b"IEND", b""),
        ]
    )


def many_scans(side: int, times: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    data = encoded(PIL.Image.new("RGB", (side, side), (200, 30, 40)), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    tables = data.rfind(b"\xff\xc4", 0, last)
    again = data[last:-2] if tables < 0 else data[tables:-2]
    return data[:-2] + again * times + b"\xff\xd9"


def tiff_loop() -> bytes:
    """The directory after the first is the first."""
    data = bytearray(encoded(two_tone(), "TIFF"))
    [start] = struct.unpack("<I", data[4:8])
    [entries] = struct.unpack("<H", data[start : start + 2])
    at = start + 2 + 12 * entries
    data[at : at + 4] = struct.pack("<I", start)
    return bytes(data)


def exif_loop() -> bytes:
    """An EXIF block whose sub-directory is itself."""
    entry = struct.pack("<HHII", 0x8769, 4, 1, 8)
    block = b"Exif\0\0II*\0" + struct.pack("<I", 8) + struct.pack("<H", 1) + entry
    block += struct.pack("<I", 8)
    return encoded(two_tone(), "JPEG", exif=block)


def text_bomb() -> bytes:
    """Compressed text that grows a thousandfold."""
    packed = zlib.compress(bytes(50_000_000), 9)
    return png(SIDE, SIDE, more=chunk(b"zTXt", b"Comment\0\0" + packed))


def sparse(path: Path) -> None:
    """9 GB that take no place on the disk."""
    path.write_bytes(good("JPEG"))
    os.truncate(path, 9_000_000_000)


def loop(path: Path) -> None:
    path.symlink_to(path)


def ftyp(brand: bytes) -> bytes:
    return b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0" + brand + b"mif1" + bytes(200)


IMPOSTORS = {
    "empty": b"",
    "one byte": b"\xff",
    "NUL bytes": bytes(4096),
    "SVG": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><image/></svg>',
    "HTML": b"<!DOCTYPE html><html><body>404 not found</body></html>",
    "PDF": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n",
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run\n",
    "ELF": b"\x7fELF\x02\x01\x01" + bytes(64),
    "ZIP": b"PK\x03\x04" + bytes(64),
    "gzip": b"\x1f\x8b\x08" + bytes(64),
    "HEIC": ftyp(b"heic"),
    "MP4": ftyp(b"isom"),
    "damaged AVIF": ftyp(b"avif"),
    "JSON": b'{"error": "not found"}',
    "LFS pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
    "script": b"#!/bin/sh\necho hello > /tmp/hello\n",
    "pickle": b"\x80\x04cos\nsystem\n(S'true'\ntR.",
}
HAND_MADE = (
    *(Attack(name, lambda d=data: d, readable=False) for name, data in IMPOSTORS.items()),
    *(Attack(f"good {name}", make, readable=True) for name, make in GOOD.items()),
    Attack("a folder", bytes, False, lambda p: p.mkdir()),
    Attack("a pipe", bytes, False, os.mkfifo),
    Attack("a link to a device", bytes, False, lambda p: p.symlink_to("/dev/zero")),
    Attack("a link to standard input", bytes, False, lambda p: p.symlink_to("/dev/stdin")),
    Attack("a link to itself", bytes, False, loop),
    Attack("a link to nothing", bytes, False, lambda p: p.symlink_to(p.parent / "gone")),
    Attack("nothing", bytes, False, lambda p: None),
    Attack("9 GB", bytes, False, sparse),
    Attack("1 x 1 px", lambda: png(1, 1), readable=False),
    Attack("0 x 5 px", lambda: png(0, 5, rows=zlib.compress(b"\0")), readable=False),
    Attack("30,000 x 2 px", lambda: png(30_000, 2), readable=False),
    Attack("50,000 x 50 px", lambda: png(50_000, 50), readable=False),
    Attack("2^31 px", lambda: png(2**31 - 1, 2**31 - 1, rows=zlib.compress(b"\0")), False),
    Attack("text bomb", text_bomb),
    Attack("TIFF loop", tiff_loop),
    Attack("EXIF loop", exif_loop, readable=True),
    Attack(
        "EXIF of noise", lambda: encoded(two_tone(), "JPEG", exif=b"Exif\0\0II*\0" + b"\xff" * 60)
    ),
    Attack("400 scans of 800 x 800 px", lambda: many_scans(800, 400), readable=True),
    Attack("400 scans of 8,000 x 8,000 px", lambda: many_scans(8000, 400), readable=False),
    Attack("RGBA of 9,999 x 9,999 px", lambda: png(9999, 9999, 6), readable=False),
    Attack("grey of 9,999 x 9,999 px", lambda: png(9999, 9999, 0), readable=True),
    Attack("RGB of 6,000 x 6,000 px", lambda: png(6000, 6000), readable=True),
    Attack("RGBA of 5,000 x 5,000 px", lambda: png(5000, 5000, 6), readable=True),
)
