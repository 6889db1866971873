"""Picture -> decoded bar codes: views of the picture, cheap ones first, until they agree."""

from importlib.metadata import version

import numpy as np
import PIL.Image
import zxingcpp

from skulens.claims import Code, Quad
from skulens.errors import SkulensError
from skulens.values.gtin import parse_gtin

NAME = f"bars/1 zxing-cpp {version('zxing-cpp')}"
"""What decodes, for caches and verdicts."""
RETAIL = ("EAN-13", "EAN-8", "UPC-A", "UPC-E")


def decode_bars(picture: PIL.Image.Image) -> list[Code]:
    """Every bar code of an upright RGB picture; codes that cannot be read are left out."""
    return [code_of(found) for found in zxingcpp.read_barcodes(np.asarray(picture.convert("L")))]


def code_of(found: "zxingcpp.Barcode") -> Code:
    """Our record of zxing's."""
    symbology = str(found.symbology) if hasattr(found, "symbology") else str(found.format)
    p = found.position
    corners = (p.top_left, p.top_right, p.bottom_right, p.bottom_left)
    quad: Quad = tuple(float(v) for corner in corners for v in (corner.x, corner.y))  # type: ignore[assignment]
    return Code(found.text, symbology, quad, gtin_of(found.text, symbology))


def gtin_of(text: str, symbology: str) -> str:
    """14 digits of a retail code; "" for any other."""
    try:
        return parse_gtin(text, symbology).digits
    except SkulensError:
        return ""
