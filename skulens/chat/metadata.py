"""JPEG and PNG without what is not a picture: EXIF with its places and serial numbers, comments,
colour profiles, thumbnails, films behind the picture. The pixels stay as they are, bit for bit.

Nothing is decoded here. A file of an unusual kind is None, and is encoded anew by the caller.
"""

import re
import struct
from dataclasses import dataclass

JPEG_START, PNG_START = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""What ends the data of a scan: neither a stuffed FF, nor a restart marker, nor filling."""
FRAMES = {0xC0, 0xC1, 0xC2}
"""Baseline, extended and progressive JPEG with Huffman codes; others are rarely understood."""
TABLES = {0xC4, 0xDB, 0xDD}
"""Huffman codes, quantisation, restart interval."""
SCAN, END, JFIF, ADOBE, COMMENT = 0xDA, 0xD9, 0xE0, 0xEE, 0xFE
PNG_KEPT = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
NOT_PLAIN = {b"tRNS", b"acTL"}
"""Transparency, which each viewer lays on a colour of its own, and animation."""
SPARE_BYTES = 65_536
"""What a file may have beyond 4 bytes per pixel; more is something hidden in it."""


@dataclass(frozen=True, slots=True)
class Bare:
    """A picture's file without metadata; `data` is the file itself where it had none."""

    data: bytes
    mime: str
    width: int
    height: int


def strip_metadata(data: bytes) -> Bare | None:
    """The file without metadata; None: it is no plain 8-bit JPEG or PNG of one opaque picture."""
    found = None
    if data.startswith(JPEG_START):
        found = strip_jpeg(data)
    elif data.startswith(PNG_START):
        found = strip_png(data)
    if found is None or len(found.data) > 4 * found.width * found.height + SPARE_BYTES:
        return None
    return Bare(data, found.mime, found.width, found.height) if found.data == data else found


def strip_jpeg(data: bytes) -> Bare | None:
    """Keeps frame, tables, scans, and of the application segments JFIF and Adobe, which say how
    colours are coded."""
    kept, at = [b"\xff\xd8"], 2
    width = height = 0
    with_jfif = False
    while at + 1 < len(data):
        if data[at] != 0xFF:
            return None
        marker, at = data[at + 1], at + 2
        if marker == 0xFF:  # filling
            at -= 1
            continue
        if marker == END:
            kept.append(b"\xff\xd9")
            size = bool(width and height)
            return Bare(b"".join(kept), "image/jpeg", width, height) if size else None
        length = int.from_bytes(data[at : at + 2], "big")
        body, at = data[at + 2 : at + length], at + length
        if length < 2 or at > len(data):
            return None
        if marker in FRAMES:
            if len(body) < 6 or width or body[0] != 8 or body[5] not in (1, 3):
                return None
            height, width = struct.unpack(">HH", body[1:5])
        elif marker == JFIF and body.startswith(b"JFIF\0") and len(body) >= 14:
            body = b"" if with_jfif else body[:12] + b"\0\0"  # without its thumbnail
            with_jfif = True
        elif marker == ADOBE and body.startswith(b"Adobe"):
            body = body[:12]
        elif marker == COMMENT or 0xE0 <= marker <= 0xEF:
            continue
        elif marker != SCAN and marker not in TABLES:
            return None
        if body:
            kept.append(struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body)
        if marker == SCAN:
            end = NEXT_MARKER.search(data, at)
            if end is None:
                return None
            kept.append(data[at : end.start()])
            at = end.start()
    return None


def strip_png(data: bytes) -> Bare | None:
    """Keeps the header, the palette and the pixels."""
    kept, at = [PNG_START], len(PNG_START)
    width = height = 0
    while at + 12 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        chunk, at = data[at : at + 12 + length], at + 12 + length
        if at > len(data) or kind in NOT_PLAIN:
            return None
        if kind == b"IHDR":
            if length != 13 or width:
                return None
            width, height, depth, colours = struct.unpack(">IIBB", chunk[8:18])
            if depth > 8 or colours not in (0, 2, 3):  # grey, RGB, palette
                return None
        elif kind not in PNG_KEPT and kind[:1].isupper():  # it says that it must be understood
            return None
        if kind in PNG_KEPT:
            kept.append(chunk)
        if kind == b"IEND":
            return Bare(b"".join(kept), "image/png", width, height) if width and height else None
    return None
