"""Global Trade Item Numbers: GTIN-8, -12, -13, -14, UPC-E and GS1 element strings -> 14 digits.

A right check digit does not prove a right number: one arbitrary string in ten passes. Decoded bars
are the proof (`skulens.verify`).
"""

import re
from dataclasses import dataclass
from typing import Literal

from skulens.errors import SkulensError

LENGTHS = (8, 12, 13, 14)
_RESTRICTED = re.compile(r"02|04|2[0-9]|98[1-4]|99|05")
"""Prefixes of GTIN-13 that are reused within a company or region, and those of coupons. A UPC-A of
number system 4 is a GTIN-13 that begins with 04; one of 0 with 49 (049000006346) is not."""


class GtinError(SkulensError):
    """Text that is not a valid GTIN; `problem` says what is wrong."""

    def __init__(
        self, text: str, problem: Literal["characters", "length", "check digit"], what: str
    ):
        super().__init__(f"{text!r} is not a GTIN: {what}")
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Gtin:
    """A GTIN whose check digit is right."""

    digits: str
    """14 digits, zeros on the left."""
    kind: Literal["GTIN-8", "GTIN-12", "GTIN-13", "GTIN-14", "UPC-E"]
    """As it was written."""

    @property
    def restricted(self) -> bool:
        """Whether it is a coupon or reused in a shop (prefixes 02, 04, 05, 2x, 981-984, 99).

        Such a number does not identify a product worldwide; variable weights are of this kind.
        """
        return self.kind != "GTIN-8" and bool(_RESTRICTED.match(self.digits[1:]))


def parse_gtin(text: str, symbology: str = "") -> Gtin:
    """The GTIN in a text of digits, spaces and hyphens, or in a GS1 element string with "(01)".

    Args:
        symbology: "UPC-E" expands eight digits. Without it, eight digits are a GTIN-8 and are
            expanded only where that check digit is wrong and the one of UPC-E is right.
    Raises:
        GtinError: other characters, another number of digits, or a wrong check digit.
    """
    from stdnum import ean
    from stdnum.exceptions import InvalidChecksum

    digits = _digits_of(text)
    if not (digits.isascii() and digits.isdigit()):
        raise GtinError(text, "characters", "expected digits, spaces and hyphens only")
    if len(digits) not in LENGTHS:
        raise GtinError(text, "length", f"expected 8, 12, 13 or 14 digits, got {len(digits)}")
    expanded = expand_upce(digits) if len(digits) == 8 else None
    if symbology == "UPC-E" and expanded:
        return Gtin(expanded.rjust(14, "0"), "UPC-E")
    try:
        ean.validate(digits)
    except InvalidChecksum:
        if expanded:
            return Gtin(expanded.rjust(14, "0"), "UPC-E")
        right = ean.calc_check_digit(digits[:-1])
        what = f"its last digit is {digits[-1]}, its check digit would be {right}"
        raise GtinError(text, "check digit", what) from None
    kinds: dict[int, Literal["GTIN-8", "GTIN-12", "GTIN-13", "GTIN-14"]] = {
        8: "GTIN-8", 12: "GTIN-12", 13: "GTIN-13", 14: "GTIN-14",
    }  # fmt: skip
    return Gtin(digits.rjust(14, "0"), kinds[len(digits)])


def _digits_of(text: str) -> str:
    """Without spaces and hyphens; of a GS1 element string what its identifier 01 says."""
    from stdnum import gs1_128
    from stdnum.exceptions import ValidationError

    text = text.strip()
    bare = re.sub(r"[\s-]", "", text)
    if not bare.startswith("(01)") and not (bare.startswith("01") and len(bare) >= 16):
        return bare
    try:
        return str(gs1_128.info(bare).get("01", bare))
    except ValidationError:
        return bare[4:18] if bare.startswith("(01)") else bare


def expand_upce(digits: str) -> str | None:
    """The 12 digits of UPC-A behind the 8 of UPC-E; None where the check digit is wrong."""
    from stdnum import ean

    if len(digits) != 8 or not digits.isdigit() or digits[0] not in "01":
        return None
    system, body, check = digits[0], digits[1:7], digits[7]
    last = body[5]
    if last in "012":
        middle = body[:2] + last + "0000" + body[2:5]
    elif last == "3":
        middle = body[:3] + "00000" + body[3:5]
    elif last == "4":
        middle = body[:4] + "00000" + body[4]
    else:
        middle = body[:5] + "0000" + last
    full = system + middle + check
    return full if ean.is_valid(full) else None
