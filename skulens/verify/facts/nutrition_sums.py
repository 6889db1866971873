"""What nutrition tables must fulfil: kJ and kcal, parts and wholes, columns, shares of intake.

A check that pins a value down is its witness; one that fails puts its cells in doubt.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from statistics import median

from skulens.verify.facts.found import Witness, lowest
from skulens.verify.facts.nutrition_cells import ENERGY, Basis, Cell, tables

KJ_PER_KCAL = Decimal("4.184")
ENERGY_SLACK = Decimal("0.03")
"""Of kJ against kcal: each is computed from the nutrients with factors that are rounded apart."""
KCAL = {"fat": 9, "carbohydrate": 4, "protein": 4, "fibre": 2}
"""kcal per g (Atwater)."""
SUM_SLACK = Decimal("0.15")
"""Of the energy against that sum; polyols, acids and alcohol stand in no row of most tables."""
CLOSE = Decimal("0.02")
"""Of a sum that is a witness."""
SUM_LEAST = Decimal(15)
"""kcal that no rounding of small tables exceeds."""
PIN = Decimal("0.05")
"""Most relative uncertainty of a check that is a witness."""
SODIUM = Decimal("2.5")
"""g of salt per g of sodium."""
Key = tuple[Basis | None, str, str]
"""Basis, nutrient, and "kJ", "kcal" or "g"."""


@dataclass(slots=True)
class Entry:
    """A cell with what the checks say of it."""

    cell: Cell
    witness: Witness = ""
    doubt: str = ""

    @property
    def grams(self) -> Decimal:
        """In g, kJ or kcal."""
        return self.cell.grams or Decimal(0)

    @property
    def half(self) -> Decimal:
        """What rounding may have changed, in the unit of `grams`."""
        value = self.cell.value
        return self.cell.half * (self.grams / value if value else 1)

    def prove(self) -> None:
        self.witness = self.witness or "arithmetic"


def check_cells(cells: Sequence[Cell], serving: Decimal | None = None) -> dict[Key, Entry]:
    """One entry per amount of the table, checked against the others.

    Args:
        serving: grams or millilitres of a serving, where printed.
    """
    amounts = [c for c in cells if c.basis != "reference" and c.amount.unit != "%"]
    shares = [c for c in cells if c.amount.unit == "%"]
    table = merge(c for c in amounts if c.amount.unit)
    bare = [c for c in amounts if not c.amount.unit and c.nutrient != "energy"]
    ratio = find_ratio(table, serving)
    intakes = find_intakes(table, shares)
    for cell in bare:
        key = (cell.basis, cell.nutrient, "g")
        table.setdefault(key, complete(cell, table, ratio, shares, intakes))
    for basis in {key[0] for key in table}:
        check_energy(table, basis)
        check_parts(table, basis)
        check_sum(table, basis)
        check_salt(table, basis)
    check_columns(table, ratio)
    check_shares(table, shares, intakes)
    return table


def key_of(cell: Cell) -> Key:
    return cell.basis, cell.nutrient, cell.amount.unit if cell.amount.unit in ENERGY else "g"


def merge(cells: Iterable[Cell]) -> dict[Key, Entry]:
    """Cells of one amount: equal ones in two places are seen twice, unequal ones in doubt."""
    table: dict[Key, Entry] = {}
    for cell in cells:
        if cell.value is None:
            continue
        known = table.setdefault(key_of(cell), Entry(cell))
        if known.cell is cell:
            continue
        if known.grams != cell.grams:
            known.doubt = "the picture shows two values"
        elif known.cell.amount.line is not cell.amount.line:
            known.witness = "seen twice"
            if lowest(cell.lines) > lowest(known.cell.lines):
                known.cell = cell
    return table


# ----- checks of one column -------------------------------------------------------------------


def check_energy(table: dict[Key, Entry], basis: Basis | None) -> None:
    kj, kcal = table.get((basis, "energy", "kJ")), table.get((basis, "energy", "kcal"))
    if kj is None or kcal is None:
        return
    expected = kcal.grams * KJ_PER_KCAL
    if abs(kj.grams - expected) <= ENERGY_SLACK * expected + 4 * kcal.half + kj.half:
        kj.prove()
        kcal.prove()
    else:
        kj.doubt = kcal.doubt = "kJ and kcal disagree"


def check_parts(table: dict[Key, Entry], basis: Basis | None) -> None:
    for part, whole in (("saturates", "fat"), ("sugars", "carbohydrate")):
        small, large = table.get((basis, part, "g")), table.get((basis, whole, "g"))
        if small and large and small.grams > large.grams + large.half:
            small.doubt = large.doubt = f"more {part} than {whole}"


def check_sum(table: dict[Key, Entry], basis: Basis | None) -> None:
    """The energy against what fat, carbohydrate, protein and fibre give.

    Where they agree closely, that is a witness of the amounts that most of the energy comes from;
    an error in a small one does not show.
    """
    parts = {n: table[basis, n, "g"] for n in KCAL if (basis, n, "g") in table}
    energy = table.get((basis, "energy", "kcal")) or table.get((basis, "energy", "kJ"))
    if energy is None or not {"fat", "carbohydrate", "protein"} <= set(parts):
        return
    kcal = energy.grams / (KJ_PER_KCAL if energy.cell.amount.unit == "kJ" else 1)
    total = sum((KCAL[n] * entry.grams for n, entry in parts.items()), Decimal(0))
    if abs(kcal - total) > SUM_SLACK * max(kcal, total) + SUM_LEAST:
        suspects = [entry for entry in parts.values() if not entry.witness]
        for entry in suspects if energy.witness else [*suspects, energy]:
            entry.doubt = "energy and nutrients disagree"
    elif energy.witness and abs(kcal - total) <= CLOSE * kcal:
        for nutrient, entry in parts.items():
            if KCAL[nutrient] * entry.grams * PIN >= CLOSE * kcal:
                entry.prove()


def check_salt(table: dict[Key, Entry], basis: Basis | None) -> None:
    salt, sodium = table.get((basis, "salt", "g")), table.get((basis, "sodium", "g"))
    if not salt or not sodium:
        return
    slack = SODIUM * sodium.half + salt.half
    if abs(salt.grams - SODIUM * sodium.grams) > slack * Decimal("1.1"):
        salt.doubt = sodium.doubt = "salt is not 2.5 times sodium"
    elif slack <= PIN * salt.grams:
        salt.prove()
        sodium.prove()


# ----- checks between columns -----------------------------------------------------------------


def find_ratio(table: dict[Key, Entry], serving: Decimal | None) -> Decimal | None:
    """Serving / 100: what is printed, where most rows agree, else what most rows say."""
    pairs = [pair for key in table if (pair := _pair(table, key))]
    rows = [s.grams / h.grams for h, s in pairs if s.half <= PIN * s.grams]
    for candidate in filter(None, (serving and serving / 100, median(rows) if rows else None)):
        agreeing = sum(_is_ratio(h, s, candidate) for h, s in pairs)
        if agreeing >= 3 and agreeing * 3 >= len(pairs) * 2:
            return candidate
    return None


def _pair(table: dict[Key, Entry], key: Key) -> tuple[Entry, Entry] | None:
    """The cells per 100 and per serving of a row, from the key of the first."""
    if key[0] != "100" or not table[key].grams:
        return None
    serving = table.get(("serving", key[1], key[2]))
    return (table[key], serving) if serving else None


def _is_ratio(hundred: Entry, serving: Entry, ratio: Decimal) -> bool:
    slack = serving.half + hundred.half * ratio + ratio * hundred.grams * Decimal("0.01")
    return abs(serving.grams - hundred.grams * ratio) <= slack


def check_columns(table: dict[Key, Entry], ratio: Decimal | None) -> None:
    """Two columns that differ by the size of a serving in every row."""
    for key in [*table] if ratio else []:
        if (pair := _pair(table, key)) is None or ratio is None:
            continue
        hundred, serving = pair
        if not _is_ratio(hundred, serving, ratio):
            for entry in pair:
                entry.doubt = entry.doubt or "the columns disagree"
        elif serving.half <= PIN * serving.grams and hundred.half <= PIN * hundred.grams:
            hundred.prove()
            serving.prove()


def find_intakes(table: dict[Key, Entry], shares: Sequence[Cell]) -> dict[str, float]:
    """The reference intakes with which at least three shares, and most of them, agree."""
    best: tuple[int, dict[str, float]] = (0, {})
    for intakes in tables()["reference_intakes"].values():
        judged = [_shares_agree(table, c, intakes) for c in shares]
        known = [j for j in judged if j is not None]
        if sum(known) >= 3 and sum(known) * 3 >= len(known) * 2 and sum(known) > best[0]:
            best = sum(known), intakes
    return best[1]


def _shares_agree(table: dict[Key, Entry], share: Cell, intakes: dict[str, float]) -> bool | None:
    """Whether a share is that of a serving or, without one, of 100 g; None: not comparable."""
    rows = [table.get((b, share.nutrient, _unit(share.nutrient))) for b in ("serving", "100")]
    entry = next((row for row in rows if row), None)
    if entry is None or share.nutrient not in intakes or share.value is None:
        return None
    return _is_share(entry.grams, entry.half, share, intakes[share.nutrient])


def _unit(nutrient: str) -> str:
    return "kJ" if nutrient == "energy" else "g"


def _is_share(grams: Decimal, half: Decimal, share: Cell, intake: float) -> bool:
    percent = 100 * grams / Decimal(str(intake))
    slack = share.half + 100 * half / Decimal(str(intake))
    return abs(percent - (share.value or Decimal(0))) <= slack * Decimal("1.05")


def check_shares(
    table: dict[Key, Entry], shares: Sequence[Cell], intakes: dict[str, float]
) -> None:
    for share in shares if intakes else []:
        rows = [table.get((b, share.nutrient, _unit(share.nutrient))) for b in ("serving", "100")]
        entry = next((row for row in rows if row), None)
        judged = _shares_agree(table, share, intakes)
        if entry is None or judged is None:
            continue
        if judged and share.value and share.half <= PIN * share.value:
            entry.prove()
        elif not judged and not entry.witness:
            entry.doubt = entry.doubt or "amount and share of the intake disagree"


# ----- units misread as digits ----------------------------------------------------------------


def complete(
    cell: Cell,
    table: dict[Key, Entry],
    ratio: Decimal | None,
    shares: Sequence[Cell],
    intakes: dict[str, float],
) -> Entry:
    """An amount without a unit: "4.79" is 4.7 g with its g misread, or 4.79.

    Resolved where another column or the share of the intake fits only one of the two, or both and
    only one is rounded as its column is; else the cell is in doubt.
    """
    readings = [cell.amount.number]
    if len(cell.amount.number) > 1 and cell.amount.number.endswith("9"):
        readings.append(cell.amount.number[:-1].rstrip(".,"))
    candidates = [replace(cell, amount=replace(cell.amount, number=n, unit="g")) for n in readings]
    fitting = [c for c in candidates if _fits_others(c, table, ratio, shares, intakes)]
    if len(fitting) > 1:
        usual = _usual_half(table, cell.basis)
        fitting = [c for c in fitting if c.half == usual]
    if len(fitting) == 1:
        return Entry(fitting[0], witness="arithmetic")
    return Entry(cell, doubt="no unit is read")


def _usual_half(table: dict[Key, Entry], basis: Basis | None) -> Decimal | None:
    """The rounding that all amounts in grams of a column share; None where they differ."""
    halves = {
        entry.cell.half
        for (own, _, unit), entry in table.items()
        if own == basis and unit == "g" and entry.cell.amount.unit == "g"
    }
    return halves.pop() if len(halves) == 1 else None


def _fits_others(
    cell: Cell,
    table: dict[Key, Entry],
    ratio: Decimal | None,
    shares: Sequence[Cell],
    intakes: dict[str, float],
) -> bool:
    entry = Entry(cell)
    other = table.get(("100" if cell.basis == "serving" else "serving", cell.nutrient, "g"))
    if other and other.cell.amount.unit and ratio:
        pair = (other, entry) if cell.basis == "serving" else (entry, other)
        return _is_ratio(*pair, ratio)
    own = [s for s in shares if s.nutrient == cell.nutrient and s.value is not None]
    if len(own) == 1 and cell.nutrient in intakes:
        return _is_share(entry.grams, entry.half, own[0], intakes[cell.nutrient])
    return False
