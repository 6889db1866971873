"""Encoded bytes -> upright RGB pixels, or a reason why not. The one place that decodes.

Whatever Pillow reads is read right (CMYK, 16 bit, palette, transparency, animation,
EXIF rotation); whatever is broken or dangerous raises PictureError, whose text becomes
the reason of a reject row, so that no picture stops a job. Safe to call from threads.

Bytes, memory and work are bounded before they are spent: the size of a file before it is read or
hashed, the memory and the scans of a picture before it is decoded.
"""

import errno
import io
import os
import stat
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import PIL.Image
import PIL.ImageOps

from skulens import records
from skulens.errors import PictureError

MAX_BYTES = 200_000_000
"""Of an encoded picture. A camera's largest JPEG has some 60 MB."""
MAX_PIXELS = 100_000_000
"""Pixels of the largest picture we decode (400 MB in Pillow, whose RGB has a fourth byte)."""
MAX_MEMORY = 700_000_000
"""Bytes that decoding may need at its peak, as `memory_needed` estimates them."""
MAX_SCANNED = 2_000_000_000
"""Scans of a JPEG times its pixels: some two seconds. Usual progressive files have 10 scans."""
BIG_MEMORY = 100_000_000
"""Bytes from which a picture is decoded while no other such one is (`one_big_at_a_time`)."""
MAX_SIDE_PX = 30_000
MIN_SIDE_PX = 2
MAX_ASPECT = 200
"""Long side over short side; resizing a strip of 30,000 x 2 px to a height of 224 takes 3 GB."""

# Registers the formats; without it the list below would miss those not registered yet.
PIL.Image.init()
FORMATS = tuple(
    f
    for f in ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "JPEG2000", "PPM", "ICO")
    if f in PIL.Image.OPEN
)
"""What we let Pillow try: picture formats only, never those that start a program (EPS, WMF)."""

ORIENTATION = 0x0112
"""EXIF tag: 1 is upright, 2 to 8 are turned or mirrored."""

TURNED = range(2, 9)
SCAN = b"\xff\xda"
"""Marker that starts a scan of a JPEG."""
TIFF_COMPRESSION, TIFF_STRIPS, TIFF_TILES = 259, 273, 324
TIFF_JPEG = (6, 7)
STRIP_PIXELS = 1_000_000
"""Pixels that are converted at a time where a conversion needs several copies."""

DECODER_BYTES = {"WEBP": 18, "AVIF": 12, "JPEG2000": 20, "TIFF": 8}
"""Format -> bytes per pixel at the peak of its decoder, our 4 included: WebP keeps two canvases
and two copies, JPEG 2000 32 bits per channel, TIFF may have one strip."""
PLAIN_BYTES = 4
MODE_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2}
"""Bytes per pixel of Pillow's modes; all others have PLAIN_BYTES."""
PROGRESSIVE_BYTES = 10
"""Coefficients of three channels, 16 bits each, and the pixels."""

DRAFT = 1.5
"""A JPEG decoded at half its size and then reduced differs from the whole one reduced by less (54 dB
on a 4160 px photo of a parcel) than JPEG itself changes; it takes a third of the time and memory."""

NO_FILE = "there is no such file"
KINDS = {
    stat.S_IFDIR: "is a folder, not a file",
    stat.S_IFCHR: "is a device, not a file",
    stat.S_IFBLK: "is a device, not a file",
    stat.S_IFIFO: "is a named pipe, not a file",
    stat.S_IFSOCK: "is a socket, not a file",
}
"""Kind of what a path names -> the reason that it is not a picture."""

MAGIC = (
    (b"version https://git-lfs", "it is a Git LFS pointer; fetch the real file"),
    (b"%pdf", "it is a PDF document; export its pages as pictures first"),
    (b"%!ps", "it is PostScript; render it to PNG first"),
    (b"pk\x03\x04", "it is a ZIP archive; unpack it first"),
    (b"\x1f\x8b", "it is gzip-compressed; unpack it first"),
    (b"{", "it is JSON, probably an error message saved as a picture"),
)
"""First bytes, in lower case -> what to say."""

# our own check is stricter
warnings.filterwarnings("ignore", category=PIL.Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", module=r"PIL\..*")  # corrupt EXIF and the like: pixels decide


def load(image: records.Image, upright: bool = True) -> PIL.Image.Image:
    """`decode` of a picture reference, files that cannot be read included.

    Raises:
        PictureError: as `read_bytes` or `decode`.
    """
    with one_big_at_a_time():
        return decode(read_bytes(image), upright)


def read_bytes(image: records.Image) -> bytes:
    """The encoded bytes, their number checked before a file is read.

    Raises:
        PictureError: no file, no regular one, no permission, too many bytes.
    """
    if image.own_file is not None and (problem := file_problem(image.own_file)):
        raise PictureError(problem)
    try:
        if image.own_file is not None and os.stat(image.own_file).st_size > BIG_MEMORY:  # noqa: PTH116
            _wait_for_turn()
        data = image.read()
    except (OSError, ValueError) as e:
        raise PictureError(f"cannot be read: {e}") from e
    except MemoryError:
        raise PictureError("cannot be read: there is not enough memory for it") from None
    check_bytes(len(data))
    return data


def file_problem(path: str) -> str:
    """Why a file should be neither read nor hashed as a picture; empty where it may be.

    It is not opened: opening a pipe or a device could wait for ever.
    """
    try:
        found = os.stat(path)  # noqa: PTH116  # called for every picture of a run
    except FileNotFoundError:
        link = os.path.islink(path)  # noqa: PTH114
        return "is a link to nothing" if link else NO_FILE
    except (OSError, ValueError) as e:
        loop = isinstance(e, OSError) and e.errno == errno.ELOOP
        return "is a link that leads back to itself" if loop else f"cannot be read: {e}"
    if not stat.S_ISREG(found.st_mode):
        return KINDS.get(stat.S_IFMT(found.st_mode), "is not a regular file")
    try:
        check_bytes(found.st_size)
    except PictureError as e:
        return str(e)
    return ""


def check_bytes(size: int) -> None:
    """Raise PictureError for more encoded bytes than any picture has."""
    if size > MAX_BYTES:
        raise PictureError(
            f"dangerously large: {size:,} bytes, expected at most {MAX_BYTES // 10**6} MB"
        )


class _Turn(threading.local):
    """Of a thread: how many blocks of `one_big_at_a_time` it is in, and whether it holds `_big`."""

    depth = 0
    held = False


_big = threading.Lock()
_turn = _Turn()


@contextmanager
def one_big_at_a_time() -> Iterator[None]:
    """Once a big picture is read or decoded in this block, no other thread begins with one.

    Whoever holds decoded pictures for long puts the block around all of their use, so that
    memory does not grow with the number of threads.
    """
    _turn.depth += 1
    try:
        yield
    finally:
        _turn.depth -= 1
        if not _turn.depth and _turn.held:
            _turn.held = False
            _big.release()


def _wait_for_turn() -> None:
    if _turn.depth and not _turn.held:
        _big.acquire()
        _turn.held = True


def decode(data: bytes, upright: bool = True, side_px: int = 0) -> PIL.Image.Image:
    """An RGB picture from encoded bytes; first frame of an animation; transparency on white.

    Args:
        data: the encoded file.
        upright: turn by the EXIF orientation. False is what OpenMPR's script does: pixels as Pillow
            gives them, which turns TIFF files, and no others, by itself.
        side_px: what the longer side will be reduced to; 0: nothing is known. A JPEG three times
            as large is decoded at 1/2, 1/4 or 1/8, yet at least DRAFT times as large.
    Raises:
        PictureError: empty, truncated, not a picture, too small or dangerously large.
    """
    if not data:
        raise PictureError("empty file (0 bytes)")
    check_bytes(len(data))
    try:
        with one_big_at_a_time():
            picture: PIL.Image.Image = PIL.Image.open(io.BytesIO(data), formats=FORMATS)
            check_size(*picture.size)
            check_work(picture, data)
            picture.seek(0)
            if side_px:
                scale = DRAFT * side_px / max(picture.size)
                wanted = [max(1, round(side * scale)) for side in picture.size]
                picture.draft(None, (wanted[0], wanted[1]))
            picture.load()
            if upright:
                picture = turn_upright(picture)
            return to_rgb(picture)
    except PictureError:
        raise
    except PIL.UnidentifiedImageError:
        raise PictureError(f"not a picture: {looks_like(data)}") from None
    except PIL.Image.DecompressionBombError as e:
        raise PictureError(f"dangerously large: {e}") from None
    except MemoryError:
        raise PictureError("cannot be decoded: there is not enough memory for it") from None
    except Exception as e:  # decoders raise anything from SyntaxError to struct.error on bad bytes
        raise PictureError(f"cannot be decoded, {type(e).__name__}: {e}") from e


def read_size(data: bytes) -> tuple[int, int]:
    """Width and height of the upright picture, from its header alone.

    Raises:
        PictureError: not a picture.
    """
    try:
        picture = PIL.Image.open(io.BytesIO(data), formats=FORMATS)
        width, height = picture.size
        lies = picture.format != "TIFF" and orientation_of(picture) > 4  # Pillow turns TIFF itself
    except Exception as e:  # as in decode: any bytes may come here
        raise PictureError(f"not a picture: {looks_like(data)}") from e
    return (height, width) if lies else (width, height)


def orientation(data: bytes) -> int:
    """The EXIF orientation, 1 (upright) to 8; 1 where there is none or it is unreadable."""
    try:
        return orientation_of(PIL.Image.open(io.BytesIO(data), formats=FORMATS))
    except Exception:  # as in decode: any bytes may come here
        return 1


def orientation_of(picture: PIL.Image.Image) -> int:
    """`orientation` of an opened picture."""
    try:
        value = picture.getexif().get(ORIENTATION, 1)
    except Exception:  # a damaged EXIF block is no reason to lose the pixels
        return 1
    return value if value in range(1, 9) else 1


def turn_upright(picture: PIL.Image.Image) -> PIL.Image.Image:
    """The picture turned by its EXIF orientation, as it is where the EXIF block is damaged."""
    if orientation_of(picture) not in TURNED:
        return picture  # exif_transpose would copy it
    try:
        return PIL.ImageOps.exif_transpose(picture)
    except Exception:  # the pixels are fine; a broken note beside them is no reason to lose them
        return picture


def check_size(width: int, height: int) -> None:
    """Raise PictureError for sizes that carry nothing or could exhaust memory."""
    if min(width, height) < MIN_SIDE_PX:
        raise PictureError(f"too small: {width} x {height} px, expected at least {MIN_SIDE_PX}")
    if max(width, height) > MAX_SIDE_PX or width * height > MAX_PIXELS:
        raise PictureError(
            f"dangerously large: {width} x {height} px, expected at most {MAX_SIDE_PX} px a side "
            f"and {MAX_PIXELS // 10**6} megapixels"
        )
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise PictureError(
            f"too narrow: {width} x {height} px, expected sides of at most {MAX_ASPECT} to 1"
        )


def check_work(picture: PIL.Image.Image, data: bytes) -> None:
    """Raise PictureError for an opened, not yet decoded picture that needs too much memory or time;
    wait for the turn of a big one."""
    memory = memory_needed(picture)
    if memory > MAX_MEMORY:
        raise PictureError(
            f"dangerously large: {picture.width} x {picture.height} px of {picture.format} "
            f"{picture.mode} need {memory // 10**6:,} MB, expected at most {MAX_MEMORY // 10**6}"
        )
    scanned = scans(picture, data) * picture.width * picture.height
    if scanned > MAX_SCANNED:
        raise PictureError(
            f"dangerously slow: a JPEG of {picture.width} x {picture.height} px in "
            f"{data.count(SCAN)} scans; save it again with the usual 1 or 10"
        )
    if memory > BIG_MEMORY:
        _wait_for_turn()


def memory_needed(picture: PIL.Image.Image) -> int:
    """Bytes at the peak of decoding an opened picture and of making it RGB, about."""
    own = MODE_BYTES.get(picture.mode, PLAIN_BYTES)
    of_decoder = DECODER_BYTES.get(picture.format or "", own)
    if picture.info.get("progressive"):
        of_decoder = max(of_decoder, PROGRESSIVE_BYTES)
    # Pillow decodes a PNG to look for an EXIF block behind its pixels.
    asked = picture.format != "PNG" or "exif" in picture.info
    copied = picture.mode != "RGB" or (asked and orientation_of(picture) in TURNED)
    return picture.width * picture.height * max(of_decoder, own + PLAIN_BYTES * copied)


def scans(picture: PIL.Image.Image, data: bytes) -> float:
    """How often a JPEG goes over each pixel; 1 for other formats.

    In a JPEG the two bytes are a marker wherever they stand. A TIFF may have a JPEG in each of its
    strips or tiles.
    """
    if picture.format in ("JPEG", "MPO"):
        return data.count(SCAN)
    tags = getattr(picture, "tag_v2", None)
    if tags is not None and tags.get(TIFF_COMPRESSION) in TIFF_JPEG:
        pieces = len(tags.get(TIFF_STRIPS) or tags.get(TIFF_TILES) or (0,))
        return data.count(SCAN) / pieces
    return 1


def to_rgb(picture: PIL.Image.Image) -> PIL.Image.Image:
    """RGB by the rules a viewer would use: deep greys scaled to 8 bit, alpha laid on white."""
    if picture.mode in ("I;16", "I;16L", "I;16B", "I;16N"):
        return in_strips(picture, shift_grey)
    if picture.mode in ("I", "F"):
        white = white_level(picture)
        return in_strips(picture, lambda strip: scale_grey(strip, white))
    if "A" in picture.getbands() or "transparency" in picture.info:
        return in_strips(picture, lay_on_white)
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def in_strips(
    picture: PIL.Image.Image, convert: Callable[[PIL.Image.Image], PIL.Image.Image]
) -> PIL.Image.Image:
    """RGB from a conversion of single pixels, a few rows at a time: its copies stay small."""
    rgb = PIL.Image.new("RGB", picture.size)
    for top, strip in strips(picture):
        rgb.paste(convert(strip), (0, top))
    return rgb


def strips(picture: PIL.Image.Image) -> Iterator[tuple[int, PIL.Image.Image]]:
    """(first row, rows from there on) of about STRIP_PIXELS, from top to bottom."""
    rows = max(1, STRIP_PIXELS // picture.width)
    for top in range(0, picture.height, rows):
        yield top, picture.crop((0, top, picture.width, min(top + rows, picture.height)))


def lay_on_white(strip: PIL.Image.Image) -> PIL.Image.Image:
    layer = strip.convert("RGBA")
    white = PIL.Image.new("RGBA", layer.size, (255, 255, 255, 255))
    return PIL.Image.alpha_composite(white, layer).convert("RGB")


def shift_grey(strip: PIL.Image.Image) -> PIL.Image.Image:
    """8 of 16 bits."""
    return PIL.Image.fromarray((np.asarray(strip) >> 8).astype(np.uint8))


def white_level(picture: PIL.Image.Image) -> float:
    """White of 32-bit integers or floats: the next of 1, 255, 65535 above them, else their most."""
    largest = max(float(finite(strip).max(initial=0)) for _, strip in strips(picture))
    return next((w for w in (1.0, 255.0, 65535.0) if largest <= w), max(largest, 1.0))


def scale_grey(strip: PIL.Image.Image, white: float) -> PIL.Image.Image:
    levels = (np.clip(finite(strip) / white, 0, 1) * 255).round()
    return PIL.Image.fromarray(levels.astype(np.uint8))


def finite(strip: PIL.Image.Image) -> np.ndarray:
    """(height, width) float64; NaN and infinity are 0."""
    grey = np.asarray(strip, np.float64)
    return np.nan_to_num(grey, nan=0.0, posinf=0.0, neginf=0.0)


def looks_like(data: bytes) -> str:
    """A few words on what bytes seem to be, for the reject row."""
    head = data[:512].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if b"<svg" in head:
        return "it is an SVG drawing; render it to PNG or JPEG first"
    if head.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "it is a web page, probably an error page saved as a picture"
    if data[4:8] == b"ftyp":
        return looks_like_boxes(data[8:12])
    found = next((words for magic, words in MAGIC if head.startswith(magic)), None)
    return found or f"unknown bytes {data[:8]!r}..."


def looks_like_boxes(brand: bytes) -> str:
    """HEIC, AVIF and MP4 share a container; the brand tells them apart."""
    if brand in (b"heic", b"heix", b"hevc", b"mif1", b"msf1"):
        return "it is a HEIC photo, which this Pillow does not read; convert it to JPEG first"
    if brand in (b"avif", b"avis"):
        return "it is an AVIF picture that is damaged, or this Pillow was built without AVIF"
    return "it is a film, not a picture; export a frame first"
