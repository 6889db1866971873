"""Encoded bytes -> upright RGB pixels, or a reason why not. The one place that decodes.

Whatever Pillow reads is read right (CMYK, 16 bit, palette, transparency, animation,
EXIF rotation); whatever is broken or dangerous raises PictureError, whose text becomes
the reason of a reject row, so that no picture stops a job.
"""

import io
import warnings

import numpy as np
import PIL.Image
import PIL.ImageOps

from skulens.errors import PictureError

MAX_PIXELS = 100_000_000
"""Pixels of the largest picture we decode (300 MB as RGB)."""
MAX_SIDE_PX = 30_000
MIN_SIDE_PX = 2


def decode(data: bytes, upright: bool = True) -> PIL.Image.Image:
    """An RGB picture from encoded bytes; first frame of an animation; transparency on white.

    Args:
        data: the encoded file.
        upright: turn by the EXIF orientation (False is what OpenMPR's script does).
    Raises:
        PictureError: empty, truncated, not a picture, too small or dangerously large.
    """
    if not data:
        raise PictureError("empty file (0 bytes)")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # our own size check below is stricter
            picture = PIL.Image.open(io.BytesIO(data))
            check_size(*picture.size)
            picture.seek(0)
            picture.load()
            return to_rgb(PIL.ImageOps.exif_transpose(picture) if upright else picture)
    except PictureError:
        raise
    except PIL.UnidentifiedImageError:
        raise PictureError(f"not a picture: {looks_like(data)}") from None
    except PIL.Image.DecompressionBombError as e:
        raise PictureError(f"dangerously large: {e}") from None
    except Exception as e:  # decoders raise anything from SyntaxError to struct.error on bad bytes
        raise PictureError(f"cannot be decoded, {type(e).__name__}: {e}") from e


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
    """RGB by the rules a viewer would use: 16 bit scaled to 8, alpha laid on white."""
    if picture.mode in ("I;16", "I;16L", "I;16B", "I;16N"):
        return PIL.Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8)).convert("RGB")
    if picture.mode in ("I", "F"):
        grey = np.asarray(picture, np.float64)
        top = 65535.0 if grey.max(initial=0) > 255 else 255.0
        return PIL.Image.fromarray((np.clip(grey / top, 0, 1) * 255).astype(np.uint8)).convert("RGB")
    if "A" in picture.getbands() or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        white = PIL.Image.new("RGBA", layer.size, (255, 255, 255, 255))
        return PIL.Image.alpha_composite(white, layer).convert("RGB")
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def looks_like(data: bytes) -> str:
    """A few words on what bytes seem to be, for the reject row."""
    head = data[:512].lstrip().lower()
    if b"<svg" in head:
        return "it is an SVG drawing; render it to PNG or JPEG first"
    if head.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "it is a web page, probably an error page saved as a picture"
    if head.startswith(b"version https://git-lfs"):
        return "it is a Git LFS pointer; fetch the real file"
    return f"unknown bytes {data[:8]!r}..."
