"""What models cost: a table that ships with skulens, and the user's own in front of it.

A model that no row names has no price: what it costs is unknown, never 0.
"""

import csv
import math
import os
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from skulens.errors import DataError

SHIPPED = Path(__file__).with_name("prices.csv")
OWN = "SKULENS_PRICES"
"""Environment variable with the path of the user's own table."""
AMOUNTS = ("input", "cached_input", "output", "image", "per_hour")
COLUMNS = ("model", *AMOUNTS, "currency", "as_of", "source")
LARGEST = 1e6
"""Of an amount: more per million tokens is a slip of the pen."""


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs, in `currency`."""

    model: str
    """Name or glob pattern."""
    input: float | None = None
    """Per million tokens, as are the next three."""
    cached_input: float | None = None
    """None: as input."""
    output: float | None = None
    image: float | None = None
    """None: as input."""
    per_hour: float | None = None
    """Of a machine of one's own, from the first question to the last."""
    currency: str = "USD"
    as_of: str = ""
    source: str = ""

    @property
    def by_token(self) -> bool:
        """Whether tokens cost anything by themselves."""
        return self.input is not None

    def says(self) -> str:
        """ "0.15 in, 0.60 out per million tokens, 2.50 an hour (USD, as of 2025-08-07)" """
        said = []
        if self.by_token:
            said.append(f"{self.input:g} in, {self.output:g} out per million tokens")
        if self.per_hour is not None:
            said.append(f"{self.per_hour:g} an hour")
        when = f", as of {self.as_of}" if self.as_of else ""
        return f"{', '.join(said)} ({self.currency}{when})"


@dataclass(frozen=True)
class Prices:
    """Rows in the order in which they are tried."""

    rows: tuple[Price, ...] = ()
    own: str = ""
    """The user's file, where there is one."""

    @classmethod
    def read(cls, path: Path | None = None) -> "Prices":
        """The user's rows (`path`, else $SKULENS_PRICES), then those that come with skulens.

        Raises:
            DataError: a file that cannot be read, or a bad line, by its number.
        """
        if path is None and (named := os.environ.get(OWN)):
            path = Path(named).expanduser()
        own = read_prices(path) if path is not None else ()
        return cls((*own, *read_prices(SHIPPED)), str(path) if path is not None else "")

    def find(self, model: str) -> Price | None:
        """The first row for a model: "gpt-4o" or, as engines are named, "openai:gpt-4o"."""
        names = (model, model.partition(":")[2])
        return next(
            (row for row in self.rows if any(n and fnmatchcase(n, row.model) for n in names)), None
        )

    def how_to_add(self, model: str) -> str:
        """What to do about a model without a price."""
        plain = model.partition(":")[2] or model
        return (
            f"write a file with the lines '{','.join(COLUMNS)}' and "
            f"'{plain},INPUT,,OUTPUT,,,USD,,' (per million tokens; or only per_hour for a machine "
            f"of your own), and give it by --prices FILE or ${OWN}"
        )


def read_prices(path: Path) -> tuple[Price, ...]:
    """The rows of one table; lines that begin with # are notes.

    Raises:
        DataError: names the file and the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise DataError(f"there is no price table {path}") from None
    except (OSError, ValueError) as e:
        raise DataError(f"the price table {path} cannot be read as UTF-8 text: {e}") from e
    # Notes become empty lines, so that lines keep their numbers.
    lines = ("" if line.lstrip().startswith("#") else line for line in text.splitlines())
    rows: list[Price] = []
    seen: dict[str, int] = {}
    for number, row in parse_lines(path, lines):
        where = f"{path} line {number}"
        price = price_of(row, where)
        if price.model in seen:
            raise DataError(
                f"{where}: {price.model!r} has a price already, in line {seen[price.model]}; "
                "remove one"
            )
        seen[price.model] = number
        rows.append(price)
    return tuple(rows)


def parse_lines(path: Path, lines: Iterable[str]) -> Iterable[tuple[int, dict[str, str]]]:
    """(line number, column -> cell) of each row below the header."""
    reader = csv.reader(lines, strict=True)
    columns: list[str] = []
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if not any(cells):
                continue
            where = f"{path} line {reader.line_num}"
            if not columns:
                check_columns(columns := cells, where)
                continue
            if len(cells) > len(columns):
                raise DataError(
                    f"{where}: {len(cells)} cells, expected {len(columns)} ({','.join(columns)}); "
                    "write 2.50, not 2,50, and put a cell with a comma in quotes"
                )
            yield reader.line_num, dict(zip(columns, cells, strict=False))
    except csv.Error as e:
        raise DataError(f"{path} line {reader.line_num}: not CSV ({e})") from e


def check_columns(columns: list[str], where: str) -> None:
    """Raise DataError for columns that are missing, unknown or there twice."""
    strange = [c for c in columns if c not in COLUMNS]
    twice = {c for c in columns if columns.count(c) > 1}
    if strange or twice or "model" not in columns:
        wrong = (
            f"unknown column {strange[0]!r}"
            if strange
            else f"column {min(twice)!r} twice"
            if twice
            else "no column 'model'"
        )
        raise DataError(f"{where}: {wrong}; expected a header of {','.join(COLUMNS)}")


def price_of(row: dict[str, str], where: str) -> Price:
    """A row of text as a price. Raises DataError for amounts that are none."""
    model = row.get("model", "")
    if not model:
        raise DataError(f"{where}: no model; write its name or a pattern such as gpt-4o*")
    amounts = {name: amount(row.get(name, ""), name, where) for name in AMOUNTS}
    if (amounts["input"] is None) != (amounts["output"] is None):
        lacks = "input" if amounts["input"] is None else "output"
        raise DataError(f"{where}: {model!r} lacks the price of {lacks}; 0 where it is free")
    if amounts["input"] is None and (amounts["cached_input"], amounts["image"]) != (None, None):
        raise DataError(f"{where}: {model!r} lacks the prices of input and output")
    if amounts["input"] is None and amounts["per_hour"] is None:
        raise DataError(f"{where}: {model!r} has no price; fill input and output, or per_hour")
    return Price(
        model,
        **amounts,
        currency=row.get("currency", "") or "USD",
        as_of=row.get("as_of", ""),
        source=row.get("source", ""),
    )


def amount(cell: str, name: str, where: str) -> float | None:
    """A number of 0 or more; None for an empty cell."""
    if not cell:
        return None
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not 0 <= value <= LARGEST:
        raise DataError(f"{where}: {name} is {cell!r}, expected a number such as 2.50, or nothing")
    return value
