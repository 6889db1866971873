"""Encoded bytes -> upright RGB pixels, or a reason why not. The one place that decodes.

Whatever Pillow reads is read right (CMYK, 16 bit, palette, transparency, animation,
EXIF rotation); whatever is broken or dangerous raises PictureError, whose text becomes
the reason of a reject row, so that no picture stops a job. Safe to call from threads.
"""

import io
import warnings

import numpy as np
import PIL.Image
import PIL.ImageOps

from skulens import records
from skulens.errors import PictureError

MAX_PIXELS = 100_000_000
"""Pixels of the largest picture we decode (300 MB as RGB)."""
MAX_SIDE_PX = 30_000
MIN_SIDE_PX = 2

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
        PictureError: no file, a folder, no permission, or as `decode`.
    """
    try:
        data = image.read()
    except FileNotFoundError:
        raise PictureError("there is no such file") from None
    except IsADirectoryError:
        raise PictureError("is a folder, not a file") from None
    except (OSError, ValueError) as e:
        raise PictureError(f"cannot be read: {e}") from e
    return decode(data, upright)


def decode(data: bytes, upright: bool = True) -> PIL.Image.Image:
    """An RGB picture from encoded bytes; first frame of an animation; transparency on white.

    Args:
        data: the encoded file.
        upright: turn by the EXIF orientation. False is what OpenMPR's script does: pixels as Pillow
            gives them, which turns TIFF files, and no others, by itself.
    Raises:
        PictureError: empty, truncated, not a picture, too small or dangerously large.
    """
    if not data:
        raise PictureError("empty file (0 bytes)")
    try:
        picture = PIL.Image.open(io.BytesIO(data), formats=FORMATS)
        check_size(*picture.size)
        picture.seek(0)
        picture.load()
        return to_rgb(turn_upright(picture) if upright else picture)
    except PictureError:
        raise
    except PIL.UnidentifiedImageError:
        raise PictureError(f"not a picture: {looks_like(data)}") from None
    except PIL.Image.DecompressionBombError as e:
        raise PictureError(f"dangerously large: {e}") from None
    except Exception as e:  # decoders raise anything from SyntaxError to struct.error on bad bytes
        raise PictureError(f"cannot be decoded, {type(e).__name__}: {e}") from e


def orientation(data: bytes) -> int:
    """The EXIF orientation, 1 (upright) to 8; 1 where there is none or it is unreadable."""
    try:
        value = PIL.Image.open(io.BytesIO(data), formats=FORMATS).getexif().get(ORIENTATION, 1)
    except Exception:  # as in decode: any bytes may come here
        return 1
    return value if value in range(1, 9) else 1


def turn_upright(picture: PIL.Image.Image) -> PIL.Image.Image:
    """The picture turned by its EXIF orientation, as it is where the EXIF block is damaged."""
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


def to_rgb(picture: PIL.Image.Image) -> PIL.Image.Image:
    """RGB by the rules a viewer would use: deep greys scaled to 8 bit, alpha laid on white."""
    if picture.mode in ("I;16", "I;16L", "I;16B", "I;16N"):
        return PIL.Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8)).convert("RGB")
    if picture.mode in ("I", "F"):
        return deep_grey(np.asarray(picture, np.float64)).convert("RGB")
    if "A" in picture.getbands() or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        white = PIL.Image.new("RGBA", layer.size, (255, 255, 255, 255))
        return PIL.Image.alpha_composite(white, layer).convert("RGB")
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def deep_grey(grey: np.ndarray) -> PIL.Image.Image:
    """8-bit grey from 32-bit integers or floats; white is the next of 1, 255, 65535 above them."""
    grey = np.nan_to_num(grey, nan=0.0, posinf=0.0, neginf=0.0)
    largest = grey.max(initial=0)
    white = next((w for w in (1.0, 255.0, 65535.0) if largest <= w), max(largest, 1.0))
    return PIL.Image.fromarray((np.clip(grey / white, 0, 1) * 255).round().astype(np.uint8))


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
