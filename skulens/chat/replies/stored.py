"""What a reply store holds, for people: opened to be read, while others write to it or not.

with open_stored(folder) as db:
    for row in failures(db): ...
"""

import contextlib
import json
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from skulens.chat.money.ledger import TOKENS, Prices, cost_of
from skulens.errors import StoreError
from skulens.files import write_whole
from skulens.records import escape_surrogates

FILE = "replies.sqlite"
KEY = re.compile(r"[0-9a-f]{6,64}")
"""A key, or the first digits of one."""
FIELDS = (
    "key", "item", "stage", "system", "model", "template", "question", "text", "value", "finish",
    "error", "reason", "usage", "raw_usage", "latency_s", "attempts", "run", "made",
)  # fmt: skip
JSON_FIELDS = ("question", "value", "usage", "raw_usage")


@contextmanager
def open_stored(place: Path) -> Iterator[sqlite3.Connection]:
    """A connection that reads a store, given by its folder or its file.

    Raises:
        StoreError: there is none, or it is damaged, when it is opened or in the block.
    """
    folder = place.parent if place.name == FILE else place
    file = folder / FILE
    if not file.is_file():
        raise StoreError(
            f"there is no reply store in {folder}: nothing was asked yet, or its replies are in "
            "another folder; name the one that was given as --replies"
        )
    try:
        db = connect(file)
        try:
            yield db
        finally:
            db.close()
    except sqlite3.DatabaseError as e:
        raise damaged(folder, e) from e


def connect(file: Path) -> sqlite3.Connection:
    """Read-only; on a disk that may not be written, too."""
    place = file.absolute().as_uri()
    try:
        db = sqlite3.connect(f"{place}?mode=ro", uri=True, timeout=60)
        db.execute("select 1 from replies limit 1").fetchall()
    except sqlite3.OperationalError as e:
        # Beside a store in write-ahead mode readers, too, make a file, which may not be possible.
        if "unable to open" not in str(e) and "readonly" not in str(e):
            raise
        db = sqlite3.connect(f"{place}?immutable=1", uri=True)
        db.execute("select 1 from replies limit 1").fetchall()
    return db


def damaged(folder: Path, e: sqlite3.Error) -> StoreError:
    """What to do about a store that SQLite cannot read."""
    if isinstance(e, sqlite3.OperationalError) and "locked" in str(e):
        return StoreError(f"the reply store {folder} is locked by another process: try again")
    return StoreError(
        f"the reply store {folder} cannot be read ({e}). Copy its files aside; "
        f"`sqlite3 {FILE} .recover | sqlite3 new.sqlite` saves what is whole"
    )


def read_row(cells: Sequence[Any]) -> dict[str, Any]:
    """A row of the store with its JSON parsed; what cannot be parsed stays text."""
    row = dict(zip(FIELDS, cells, strict=True))
    for name, value in row.items():
        row[name] = readable(value)
        if name in JSON_FIELDS and value is not None:
            with contextlib.suppress(ValueError, TypeError):
                row[name] = json.loads(row[name])
        row[name] = plain(row[name])
    return row


def readable(cell: Any) -> Any:
    """A text that is no valid Unicode is stored as bytes."""
    return cell.decode("utf-8", "surrogatepass") if isinstance(cell, bytes) else cell


def plain(value: Any) -> Any:
    """The JSON value with lone surrogates written out, which no terminal takes."""
    if isinstance(value, str):
        return escape_surrogates(value)
    if isinstance(value, Mapping):
        return {plain(k): plain(v) for k, v in value.items()}
    return [plain(v) for v in value] if isinstance(value, list) else value


def failures(
    db: sqlite3.Connection, classes: Sequence[str] = (), most: int | None = None
) -> Iterator[dict[str, Any]]:
    """Questions without an answer, the newest first; of some error classes only."""
    marks = ",".join("?" * len(classes))
    where = f"error in ({marks})" if classes else "error != ''"
    for cells in db.execute(
        f"select {', '.join(FIELDS)} from questions where {where} order by made desc, key limit ?",
        (*classes, -1 if most is None else most),
    ):
        yield read_row(cells)


def count_outcomes(db: sqlite3.Connection) -> dict[str, int]:
    """Error class -> questions, as they stand now; "" for those with an answer."""
    return dict(db.execute("select error, count(*) from replies group by error order by 2 desc, 1"))


def find_questions(db: sqlite3.Connection, name: str, most: int = 20) -> list[dict[str, Any]]:
    """Questions by their key, its first six digits or more, or by the item they were about."""
    columns = ", ".join(FIELDS)
    if KEY.fullmatch(name):
        rows = db.execute(
            f"select {columns} from questions where key >= ? and key < ? order by key limit ?",
            (name, name + "g", most),
        ).fetchall()
        if rows:
            return [read_row(cells) for cells in rows]
    rows = db.execute(
        f"select {columns} from questions where item = ? order by made, key limit ?", (name, most)
    ).fetchall()
    return [read_row(cells) for cells in rows]


def forget(folder: Path, classes: Sequence[str], run: str = "") -> dict[str, int]:
    """Remove failures, so that their questions are asked again; error class -> how many there were.

    What they cost stays in the ledger.

    Raises:
        StoreError: no store, or one that cannot be written.
    """
    with open_stored(folder):  # says what is wrong with it
        pass
    marks = ",".join("?" * len(classes))
    where = f"error in ({marks}) and error != ''" + " and run = ?" * bool(run)
    values = (*classes, *([run] if run else []))
    file = (folder.parent if folder.name == FILE else folder) / FILE
    db = sqlite3.connect(file, timeout=60)
    try:
        with db:
            db.execute("begin immediate")
            found = dict(
                db.execute(
                    f"select error, count(*) from replies where {where} group by error", values
                )
            )
            db.execute(f"delete from replies where {where}", values)
    except sqlite3.Error as e:
        raise StoreError(f"the reply store {folder} cannot be written: {e}") from e
    finally:
        db.close()
    return found


def export_replies(db: sqlite3.Connection, out: Path, prices: Prices) -> int:
    """Write all replies as one Parquet file, in the order of their keys; how many there are.

    Columns are those of the store (question, value, usage and raw_usage as JSON text), the tokens,
    `money` and `currency`: null where the price is unknown.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    numbers = {"latency_s": pa.float64(), "attempts": pa.int64(), "made": pa.float64()}
    schema = pa.schema(
        [(name, numbers.get(name, pa.string())) for name in FIELDS]
        + [(name, pa.int64()) for name in TOKENS]
        + [("money", pa.float64()), ("currency", pa.string())]
    )

    def write(f: BinaryIO) -> None:
        cursor = db.execute(f"select {', '.join(FIELDS)} from questions order by key")
        with pq.ParquetWriter(f, schema, compression="zstd") as writer:
            while rows := cursor.fetchmany(10_000):
                records = [
                    {n: plain(readable(c)) for n, c in zip(FIELDS, cells, strict=True)}
                    | spent_on(cells, prices)
                    for cells in rows
                ]
                writer.write_table(pa.Table.from_pylist(records, schema))

    out.parent.mkdir(parents=True, exist_ok=True)
    total = db.execute("select count(*) from replies").fetchone()[0]
    write_whole(out, write)
    return int(total)


def spent_on(cells: Sequence[Any], prices: Prices) -> dict[str, Any]:
    """Tokens and money of one stored reply."""
    row = read_row(cells)
    usage = row["usage"] if isinstance(row["usage"], dict) else {}
    money, currency = money_of(row, prices)
    return {name: usage.get(name) for name in TOKENS} | {"money": money, "currency": currency}


def money_of(row: Mapping[str, Any], prices: Prices) -> tuple[float | None, str | None]:
    """(money, currency) of one stored reply; None where unknown.

    Rent by the hour belongs to a run, not to a question.
    """
    usage: Mapping[str, int] = row["usage"] if isinstance(row["usage"], dict) else {}
    price = prices.find(row["model"] or "")
    if price is None or not price.by_token:
        return None, None
    money = cost_of(usage, prices, row["model"] or "")
    return money, price.currency if money is not None else None
