"""Bar codes in the photos of a query: the product that carries one is found by its number.

Each photo is looked at once, as a whole: 1 to 6 ms on photos of 240 to 640 px, with bars or without,
and 27 of 40 photos of bars read, as many as by all the views of `verify.bars` (at 240 ms and more).
One look may misread; so a number counts only where the catalogue has it.
"""

import importlib.util
from collections.abc import Sequence

from skulens import pictures
from skulens.errors import PictureError
from skulens.protocols import Store
from skulens.records import Filter, Image
from skulens.values.gtin import LENGTHS

FIELD = "gtin"
SIDE_PX = 1600
"""Of the longer side, to which photos are reduced: bars across a fifth of it still have 3 px each."""
PER_CODE = 20
"""Products with one number that are found, at most."""


def can_read() -> bool:
    """Whether zxing-cpp is installed (extra `bars`)."""
    return importlib.util.find_spec("zxingcpp") is not None


def read_gtins(photo: Image) -> list[str]:
    """14 digits of each number in a photo; empty where it cannot be read, which its encoder reports."""
    from skulens.verify.bars.reading import read_view
    from skulens.verify.bars.views import View, scale

    try:
        picture = pictures.decode(photo.read(), side_px=round(SIDE_PX / pictures.DRAFT))
    except (OSError, PictureError):
        return []
    grey = picture.convert("L")
    factor = SIDE_PX / max(grey.size)
    view = scale(grey, factor) if factor < 1 else View("whole", grey)
    readings, _ = read_view(view, retail_only=True)
    return list(dict.fromkeys(r.gtin for r in readings if r.gtin))


def find_carriers(
    gtins: Sequence[str], store: Store, where: Filter | None, hidden: Sequence[str] = ()
) -> dict[str, str]:
    """Product -> the number it carries, of 14 digits, in the order of the numbers.

    Args:
        where: what the products have to satisfy.
        hidden: ids that may not be found.
    """
    if not gtins or store.schema.field(FIELD) is None:
        return {}
    forms = {form: gtin for gtin in gtins for form in forms_of(gtin)}
    carries = Filter("in", FIELD, tuple(forms))
    asked = carries if where is None else Filter("and", of=(where, carries))
    ids = store.select(asked, k=PER_CODE * len(gtins) + len(hidden))
    found = {}
    for product, fields in zip(ids, store.fetch(ids, [FIELD]), strict=True):
        if product not in hidden and str(fields.get(FIELD)) in forms:
            found[product] = forms[str(fields[FIELD])]
    return dict(sorted(found.items(), key=lambda one: (gtins.index(one[1]), one[0])))


def forms_of(gtin: str) -> list[str]:
    """The ways in which a catalogue may write a GTIN of 14 digits: without leading zeros, to the
    length of a shorter kind or altogether."""
    shorter = (gtin[-n:] for n in LENGTHS if not gtin[:-n].strip("0"))
    return list(dict.fromkeys([*shorter, gtin.lstrip("0")]))
