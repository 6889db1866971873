"""What identifies a product: its GTIN with check digit, lot, model and serial numbers;
the closed list of marks.
"""

from datetime import date

from skulens.world.config import Stream

MARKS = (
    "ce", "ukca", "fcc", "weee", "double insulation",
    "recycle", "recycle-plastic-1", "recycle-plastic-5", "tidyman", "food safe",
    "organic leaf", "vegan", "gluten free", "halal",
    "ghs corrosion", "ghs exclamation mark", "ghs flame", "ghs environment",
    "wash 30", "do not bleach", "iron low", "do not tumble dry", "dry clean p",
    "keep dry",
)  # fmt: skip
"""Every mark that a label can carry; "organic leaf" is for organic products,
the four of GHS are GHS05, 07, 02 and 09.
"""

DEMO_PREFIX, EXAMPLE_PREFIX = "952", "614141"
"""GS1 keeps 952 for demonstrations and uses 614141 as the example company in its documents:
no sold product has them.
"""
EAN_STEP, UPC_STEP = 641_873_207, 61_803
"""Numbers without a common factor with 10:
multiplying by them permutes the free digits of a prefix.
"""
UPC_SKUS = 100_000
"""SKUs of a shop that may carry a UPC-A: as many as its five free digits can distinguish."""
LOT_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
CONFUSABLE = "O0I1B8S5Z2"
"""Characters that readers confuse; models and serials use them often."""
PLAIN = "ACDEFGHJKLMNPQRTUVWXY34679"


def check_digit(digits: str) -> str:
    """The last digit of a GTIN: weights 3 and 1 alternate from the right
    (GS1 General Specifications 7.9.1).
    """
    total = 3 * sum(map(int, digits[::-2])) + sum(map(int, digits[-2::-2]))
    return str(-total % 10)


def gtin(seed: int, index: int, market: str) -> tuple[str, str]:
    """(symbology, digits) of SKU `index` of a shop, different for each of the first 10^9.

    Products for the US carry a UPC-A of 12 digits as long as there are free ones,
    all others an EAN-13.
    """
    if market == "US" and index < UPC_SKUS:
        body = f"{EXAMPLE_PREFIX}{(index * UPC_STEP + seed * 7_919) % UPC_SKUS:05d}"
        return "UPC-A", body + check_digit(body)
    body = f"{DEMO_PREFIX}{(index * EAN_STEP + seed * 104_729_117) % 10**9:09d}"
    return "EAN-13", body + check_digit(body)


def lot(stream: Stream, day: date) -> str:
    """A batch number: line, two digits of the year, day of the year, batch."""
    return (
        f"{stream.choice(LOT_LETTERS)}{day:%y%j}{stream.choice(LOT_LETTERS)}{stream.integer(0, 9)}"
    )


def model(stream: Stream, brand: str) -> str:
    """A model number such as "LU-K5B08": every one has characters that are easily confused."""
    bits, length = stream.word(), stream.integer(3, 5)
    number = spell(bits, "ABDGHKMPRTX", "123456789", *[CONFUSABLE] * length)
    return f"{brand[:2].upper()}-{number}"


def serial(stream: Stream) -> str:
    """A serial number of 11 characters, half of them easily confused."""
    return spell(stream.word(), PLAIN, *[CONFUSABLE, PLAIN] * 5)


def spell(bits: int, *alphabets: str) -> str:
    """A character of each alphabet, chosen by 64 random bits."""
    found = ""
    for alphabet in alphabets:
        bits, place = divmod(bits, len(alphabet))
        found += alphabet[place]
    return found
