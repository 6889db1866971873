"""A label while it is written: its facts so far, and how its market writes numbers,
units and dates.
"""

from datetime import date, timedelta

from skulens.world.config import Stream
from skulens.world.label.codes import lot
from skulens.world.label.record import Fact
from skulens.world.label.words import MARKETS, words
from skulens.world.truth.products import Variant

EPOCH = date(2027, 1, 1)
"""First day of the year in which everything is made."""
BUDDHIST_ERA = 543
"""Years that the Thai calendar is ahead."""
ML_PER_FL_OZ, G_PER_OZ, OZ_PER_LB, CM_PER_INCH = 29.5735295625, 28.349523125, 16, 2.54
"""US customary units, exact."""


class Draft:
    """Collects the facts of one SKU in printing order."""

    def __init__(self, variant: Variant, market: str):
        self.variant = variant
        self.market = market
        self.language = MARKETS[market]
        self.words = words(market)
        self.facts: list[Fact] = []
        self.values = {a.key: a.value for a in variant.attributes}

    def chance(self, name: str, share: float) -> bool:
        """A yes or no that all variants of the SPU share."""
        return Stream("label", self.variant.spu, name).chance(share)

    def pick(self, name: str, values):
        """One of the values, the same for all variants of the SPU."""
        return Stream("label", self.variant.spu, name).choice(values)

    def stream(self, name: str) -> Stream:
        """What only this SKU decides."""
        return Stream("label", self.variant.id, name)

    def word(self, section: str, key: str) -> str:
        return self.words[section][key]

    def add(self, field: str, text: str, value: str, heading: str = "") -> None:
        """Append a fact; `heading` is a key of the headings, printed with a colon."""
        self.facts.append(
            Fact(field, text, value, heading and self.words["headings"][heading] + ":")
        )

    def add_name(self, key: str, value: str = "") -> None:
        """The name of the product, a key of "products";
        `value` where that says more than its English words.
        """
        text = self.word("products", key)
        self.add("product name", text[:1].upper() + text[1:], value or key)

    def sentence(self, text: str) -> str:
        """With a capital at its beginning and, but for Thai, a full stop at its end."""
        return f"{text[:1].upper()}{text[1:]}{'' if self.language == 'th' else '.'}"

    def mark(self, *names: str) -> None:
        for name in names:
            self.facts.append(Fact("mark", name, name))

    def claim(self, *keys: str) -> None:
        """What the attributes promise, as far as labels say such things."""
        for key in keys:
            if key in self.words["claims"]:
                self.add("claim", self.words["claims"][key], key)

    # Numbers and units.

    def number(self, text: str) -> str:
        """With the decimal sign of the market."""
        return text.replace(".", ",") if self.language in ("id", "vi") else text

    def quantity(self, number: str, unit: str) -> str:
        """A number and a unit, such as "500 ml" or "500 มิลลิลิตร"."""
        return f"{self.number(number)} {self.words['units'].get(unit, unit)}"

    def volume(self, ml: int) -> tuple[str, str]:
        """(as printed, normalised); in the US in both systems."""
        number, unit = (f"{ml / 1000:g}", "l") if ml >= 1000 else (str(ml), "ml")
        return self.dual(
            self.quantity(number, unit), f"{ml / ML_PER_FL_OZ:.1f} fl oz"
        ), f"{number} {unit}"

    def mass(self, g: int) -> tuple[str, str]:
        """(as printed, normalised); in the US in both systems."""
        number, unit = (f"{g / 1000:g}", "kg") if g >= 1000 else (str(g), "g")
        return self.dual(self.quantity(number, unit), avoirdupois(g)), f"{number} {unit}"

    def packs(self, count: int, g: int) -> tuple[str, str]:
        """(as printed, normalised) of several packs of `g` grams."""
        text = self.dual(f"{count} x {self.quantity(str(g), 'g')}", f"{count} x {avoirdupois(g)}")
        return text, f"{count} x {g} g"

    def size(self, *cm: int) -> tuple[str, str]:
        """(as printed, normalised) of lengths, such as "45 x 52 x 88 cm"."""
        number = " x ".join(map(str, cm))
        inches = " x ".join(f"{v / CM_PER_INCH:.1f}" for v in cm)
        return self.dual(self.quantity(number, "cm"), f"{inches} in"), f"{number} cm"

    def dual(self, metric: str, customary: str) -> str:
        """Metric alone, in the US with customary units before or after it."""
        if self.market != "US":
            return metric
        return (
            f"{customary} ({metric})"
            if self.chance("customary first", 0.5)
            else f"{metric} ({customary})"
        )

    # Dates.

    def add_date(self, field: str, day: date, heading: str) -> None:
        """A date as the market and the maker write it; some Thai labels count Buddhist years."""
        form, ahead = self.pick("date", DATE_FORMS[self.market])
        text = form.format(
            d=day.day, m=day.month, y=day.year + ahead, month=self.words["months"][str(day.month)]
        )
        self.add(field, text, day.isoformat(), heading)

    def dates(self, days: tuple[int, int], first: str = "manufactured") -> None:
        """The first day under its field's name (left out where that is empty), the last one,
        so many days later, and the lot.
        """
        stream = self.stream("dates")
        start = self.made()
        if first:
            self.add_date(first, start, first)
        self.add_date("best before", start + timedelta(stream.integer(*days)), "best before")
        self.add_lot(start)

    def made(self) -> date:
        """The day on which the SKU was made."""
        return EPOCH + timedelta(self.stream("made").integer(0, 330))

    def add_lot(self, day: date) -> None:
        """The batch that was made on a day."""
        batch = lot(self.stream("lot"), day)
        self.add("lot", batch, batch, "lot")

    def prop65(self, page: str = "") -> None:
        """California's Proposition 65 warning in its short or its long form;
        only products for the US carry it.
        """
        if self.market != "US":
            return
        address = f"www.P65Warnings.ca.gov/{page}".removesuffix("/")
        self.add(
            "warning.prop65",
            self.pick("prop65", PROP65).format(address),
            "cancer and reproductive harm",
        )


def avoirdupois(g: int) -> str:
    """Ounces or pounds for a US label."""
    oz = g / G_PER_OZ
    if oz >= 2 * OZ_PER_LB:
        return f"{oz / OZ_PER_LB:.2f} lb" if oz < 100 * OZ_PER_LB else f"{oz / OZ_PER_LB:.0f} lb"
    return f"{oz:.1f} oz" if oz >= 10 else f"{oz:.2f} oz"


SLASHES, WORDS, DOTS = "{d:02d}/{m:02d}/{y}", "{d:02d} {month} {y}", "{d:02d}.{m:02d}.{y}"
DATE_FORMS = {
    "US": (("{month} {d:02d} {y}", 0), ("{m:02d}/{d:02d}/{y}", 0)),
    "GB": ((SLASHES, 0), (WORDS, 0)), "ID": ((SLASHES, 0), (WORDS, 0)),
    "MY": ((SLASHES, 0), (WORDS, 0)),
    "VN": ((SLASHES, 0), (DOTS, 0)),
    "TH": ((SLASHES, BUDDHIST_ERA), (SLASHES, 0), ("{d} {month} {y}", BUDDHIST_ERA)),
}  # fmt: skip
"""Market -> ways to print a date, with the years that its calendar is ahead."""
PROP65 = (
    "WARNING: Cancer and Reproductive Harm - {}.",
    "WARNING: This product can expose you to chemicals including lead, which is known to the State "
    "of California to cause cancer and birth defects or other reproductive harm. "
    "For more information go to {}.",
)
