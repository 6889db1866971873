"""What zxing-cpp decodes in a view, in our words and in pixels of the original."""

from dataclasses import dataclass

import zxingcpp

from skulens.claims import Quad
from skulens.errors import SkulensError
from skulens.values.gtin import parse_gtin
from skulens.verify.bars.views import View

RETAIL = ("EAN-13", "EAN-8", "UPC-A", "UPC-E")
RETAIL_FORMATS = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.EANUPC])
ALL_FORMATS = zxingcpp.BarcodeFormats([])
MATRIX = (
    "QR Code",
    "Micro QR Code",
    "rMQR Code",
    "Data Matrix",
    "Aztec Code",
    "PDF417",
    "MaxiCode",
)
"""Symbologies whose error correction makes one reading enough."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One code as one view shows it."""

    text: str
    """As `claims.Code.text`."""
    symbology: str
    quad: Quad
    gtin: str
    view: str
    negative: bool = False
    """Whether the view shows light as dark."""


def read_view(view: View, retail_only: bool = True) -> tuple[list[Reading], list[Quad]]:
    """(codes, places of bars that were found and not decoded), in pixels of the original.

    Places are told where only retail codes are looked for. The binarizer is zxing's default: linear codes are read with a threshold per line under any.
    """
    found = zxingcpp.read_barcodes(
        view.picture,
        formats=RETAIL_FORMATS if retail_only else ALL_FORMATS,
        return_errors=retail_only,  # costs a third more where all formats are looked for
    )
    readings, places = [], []
    for code in found:
        quad = view.quad_in_original(_quad_of(code))
        if not code.valid:
            places.append(quad)
            continue
        text, symbology = name_code(code)
        gs1 = code.content_type == zxingcpp.ContentType.GS1
        gtin = gtin_of(text, symbology, gs1)
        readings.append(Reading(text, symbology, quad, gtin, view.name, view.negative))
    return readings, places


def name_code(code: "zxingcpp.Barcode") -> tuple[str, str]:
    """(text, symbology): an EAN-13 that begins with 0 is a UPC-A, by the standard.

    Of UPC-E the eight digits printed, where zxing gives the 13 behind them.
    """
    printed = (code.extra or {}).get("UPCE") if isinstance(code.extra, dict) else None
    if printed:
        return str(printed), "UPC-E"
    name = str(code.format)
    if name == "EAN-13" and code.text.startswith("0"):
        return code.text[1:], "UPC-A"
    return code.text, name


def gtin_of(text: str, symbology: str, element_string: bool = False) -> str:
    """14 digits of a retail code, an ITF-14 or a GS1 element string with (01); "" for others.

    Args:
        element_string: whether the code says of itself that it holds GS1 data.
    """
    text = text.strip()
    carton = symbology in ("ITF", "ITF-14") and len(text) == 14
    if not (symbology in RETAIL or carton or (element_string and text.startswith("(01)"))):
        return ""
    try:
        return parse_gtin(text, symbology).digits
    except SkulensError:
        return ""


def _quad_of(code: "zxingcpp.Barcode") -> Quad:
    p = code.position
    corners = (p.top_left, p.top_right, p.bottom_right, p.bottom_left)
    flat = [float(v) for corner in corners for v in (corner.x, corner.y)]
    return tuple(flat)  # type: ignore[return-value]
