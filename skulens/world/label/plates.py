"""Rating plates of electronics."""

import re

from skulens.world.label.codes import model, serial
from skulens.world.label.draft import Draft
from skulens.world.label.makers import add_maker_and_origin

RATINGS = {
    "phone": ("5 V = 2 A, 10 W", "9 V = 2 A, 18 W", "5 V = 3 A, 15 W", "9 V = 3 A, 27 W"),
    "laptop": (
        "20 V = 2.25 A, 45 W",
        "20 V = 3.25 A, 65 W",
        "20 V = 4.5 A, 90 W",
        "19 V = 3.42 A, 65 W",
        "19.5 V = 3.34 A, 65 W",
    ),
    "headphone": ("5 V = 0.5 A, 2.5 W", "5 V = 1 A, 5 W"),
}
"""Direct current; the sign for it is in no shipped font, so that plates write "=" as many do."""
CELLS = {
    "phone": (3850, None),
    "laptop": (11400, (3600, 4400, 5000, 6000)),
    "headphone": (3700, (300, 400, 500, 600)),
}
"""Class -> (millivolts, choices of mAh; the phone's is an attribute)."""
APPROVALS = {
    "US": "Complies with part 15 of the FCC Rules.", "ID": "{:05d}/SDPPI/2027",
    "MY": "MCMC HIDF27{:06d}", "VN": "QCVN 101:2020/BTTTT", "TH": "มอก. 1561-2556",
}  # fmt: skip
"""Market -> the approval that plates print in words, in its form, with invented numbers."""


def plate(draft: Draft) -> None:
    """Marks by market: CE, UKCA and the crossed-out bin in Britain, FCC in the US,
    elsewhere an approval in words.
    """
    values, kind = draft.values, draft.variant.kind
    wired = values.get("connectivity technology") == "wired"
    draft.add_name(
        kind if kind != "headphone" else f"{'wired' if wired else 'wireless'} headphones"
    )
    number = model(draft.stream("model"), draft.variant.brand)
    draft.add("model", number, number, "model")
    if "ram" in values:
        text = f"{space_unit(values['ram'])} RAM, {space_unit(values['storage capacity'])}"
        draft.add("configuration", text, text, "configuration")
    if not wired:
        rating = draft.pick("rating", RATINGS[kind])
        draft.add("rating", rating, rating.replace(" =", ","), "rating")
        add_battery(draft, kind)
    number = serial(draft.stream("serial"))
    draft.add("serial", number, number, "serial")
    made = draft.made()
    draft.add(
        "manufactured",
        f"{made.month:02d}/{made.year}",
        f"{made.year}-{made.month:02d}",
        "manufactured",
    )
    warning = "loud sound" if kind == "headphone" else "battery"
    draft.add("warning.precaution", draft.word("statements", warning), warning)
    if kind == "headphone":
        draft.prop65()
    if draft.market in APPROVALS:
        text = APPROVALS[draft.market].format(draft.stream("approval").integer(10_000, 99_999))
        draft.add("approval", text, text)
    add_maker_and_origin(draft, "plate")
    draft.mark(
        *{"GB": ("ce", "ukca", "weee"), "US": ("fcc", "recycle")}.get(draft.market, ("weee",))
    )
    if kind == "laptop":
        draft.mark("double insulation")


def space_unit(capacity: str) -> str:
    """ "8gb" as "8 GB", "512GB SSD" as "512 GB SSD"."""
    return re.sub(r"^(\d+)([A-Za-z]+)", lambda m: f"{m[1]} {m[2].upper()}", capacity)


def add_battery(draft: Draft, kind: str) -> None:
    millivolts, choices = CELLS[kind]
    mah = (
        draft.pick("battery", choices)
        if choices
        else int(draft.values["battery capacity"].removesuffix("mah"))
    )
    volts, wh = f"{millivolts / 1000:g}", f"{(millivolts * mah + 5000) // 10_000 / 100:.2f}"
    draft.add("battery", f"Li-ion {volts} V, {mah} mAh, {wh} Wh", f"{mah} mAh", "battery")
