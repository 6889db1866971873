"""Tables of claims that are none, through `skulens verify`.

Unknown fields and items, wrong types, forged evidence, broken files; then a good table under random
damages of its bytes. Right: every claim in the table has a verdict or a reject, only true claims
are VC and no true one is VI, or an error names the table.
"""

import functools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import PIL.Image
import pyarrow as pa
import pyarrow.parquet as pq

from tests.hostile.field import Case
from tests.hostile.labels import GTIN, OTHER_GTIN, label, offline
from tests.hostile.pictures import DAMAGES

SMALL = 40
LARGE = 300
HEAD = "item,field,value\n"
LONG_ITEM = "'; DROP TABLE told; --"
FORGED = json.dumps([["0" * 64, "bars", OTHER_GTIN, [0, 0, 9, 0, 9, 9, 0, 9]]])


@dataclass(frozen=True)
class Table:
    """A file of claims and what must come of it."""

    name: str
    write: Callable[[Path], Path]
    told: int | None
    """Verdicts and rejects together; None: not known."""
    confirmed: int | None = None
    """Verdicts VC; None: any number of true ones."""
    wrong: int | None = None
    """Verdicts VI; None: any number of untrue ones."""
    named: bool = False
    """Whether it must be refused as a whole."""


def cases(count: int, seed: int) -> Iterator[Case]:
    """Each table made by hand, then damages of the good one."""
    for table in TABLES:
        yield Case(table.name, functools.partial(judge, table))
    draw = np.random.default_rng(seed)
    for number in range(count):
        damage = sorted(DAMAGES)[int(draw.integers(len(DAMAGES)))]
        write = functools.partial(damaged, damage, int(draw.integers(2**31)))
        table = Table(f"{number} {damage}", write, None)
        yield Case(table.name, functools.partial(judge, table))


# ----- judging --------------------------------------------------------------------------------


@functools.cache
def photo() -> PIL.Image.Image:
    """A label whose bar code says GTIN."""
    return label()


def make_shop(folder: Path) -> Path:
    """a: the label; b: a broken picture; c: no print."""
    photo().save(folder / "a.png")
    (folder / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    PIL.Image.new("RGB", (300, 300), "white").save(folder / "c.png")
    shop = folder / "shop.csv"
    shop.write_text("id,title,image\na,tea,a.png\nb,milk,b.png\nc,oats,c.png\n")
    return shop


def judge(table: Table, folder: Path) -> bool:
    """Whether nothing is lost and nothing untrue confirmed; bars alone are read."""
    from click.testing import CliRunner

    from skulens.cli import skulens

    place, out = table.write(folder), folder / "out" / "verdicts.parquet"
    words = ["verify", place, "--catalog", make_shop(folder), "--out", out]
    words += ["--text-reader", "none", "--html", folder / "page.html", "--json"]
    with offline() as tried:
        done = CliRunner().invoke(skulens, [str(word) for word in words])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    if done.exit_code:  # click refuses what it cannot use before we do
        return table.told is None and bool(done.output.strip())
    verdicts = pq.read_table(out).to_pylist()
    rejects = read_rejects(out.with_name("verdicts.rejects.jsonl"))
    check_verdicts(verdicts)
    pictures = sum(r["source"].endswith("b.png") for r in rejects)
    told = len(verdicts) + len(rejects) - pictures
    if table.named or table.told not in (None, told):
        raise ValueError(f"{len(verdicts)} verdicts, {rejects}, expected {table.told}")
    for label_, expected in (("VC", table.confirmed), ("VI", table.wrong)):
        found = sum(v["label"] == label_ for v in verdicts)
        if expected not in (None, found):
            raise ValueError(f"{found} {label_}, expected {expected}: {verdicts}")
    page = (folder / "page.html").read_text(encoding="utf-8")
    return not tried and "<script>alert" not in page


def read_rejects(path: Path) -> list[dict]:
    rows = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    rejects = [json.loads(row) for row in rows]
    if not all(r["source"] and r["reason"].strip() and r["todo"].strip() for r in rejects):
        raise ValueError(f"a reject that says nothing: {rejects}")
    return rejects


def check_verdicts(verdicts: list[dict]) -> None:
    """Raise ValueError for an untrue claim that is VC, or a true one that is VI."""
    for v in verdicts:
        true = v["item"] == "a" and v["field"] == "identifiers.gtin" and is_gtin(v["value"])
        if (
            v["label"] not in ("VC", "VI", "U")
            or (v["label"] == "VC") > true
            or (true and v["label"] == "VI")
        ):
            raise ValueError(f"{v['label']} for {v}")


def is_gtin(value: str | None) -> bool:
    from skulens.values.fields import find_field

    known = find_field("identifiers.gtin")
    return known.normalise(value) == known.normalise(GTIN)


# ----- tables ---------------------------------------------------------------------------------


def text(name: str, content: str | bytes) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        data = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
        (folder / name).write_bytes(data)
        return folder / name

    return write


def lines(*rows: object) -> Callable[[Path], Path]:
    """JSONL; a str stands as it is."""
    told = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    return text("claims.jsonl", "\n".join(told) + "\n")


def say(value: object, field: str = "gtin", item: object = "a", **more) -> dict:
    return {"item": item, "field": field, "value": value, **more}


def parquet(**columns) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        pq.write_table(pa.table(columns), folder / "claims.parquet")
        return folder / "claims.parquet"

    return write


def damaged(damage: str, seed: int, folder: Path) -> Path:
    path = text("claims.csv", GOOD)(folder)
    path.write_bytes(DAMAGES[damage](path.read_bytes(), np.random.default_rng(seed)))
    return path


GOOD = HEAD + "".join(
    f"{item},{field},{value}\n"
    for item in "abc"
    for field, value in (
        ("identifiers.gtin", GTIN), ("gtin", OTHER_GTIN), ("brand", "BRAVO"),
        ("net content", "250 g"), ("attributes.origin", "Sweden"), ("free.taste", '"sweet, sour"'),
    )
)  # fmt: skip
STRUCTS = [{"x": 1}, {"x": 2}]
TABLES = (
    Table("a good table", text("claims.csv", GOOD), 18, 1, 1),
    Table("malformed GTINs", text("c.csv", HEAD + "a,gtin,4006381333932\na,gtin,12\na,gtin,x\n"), 3, 0, 3),
    Table("unknown fields", lines(say("1", "identifiers.nonsense"), say("1", ""), say("1", "..."),
          say("1", "a strange key"), say("1", "free."), say("1", "\u0000")), 6, 0),
    Table("a field that is a list", lines(say("1", ["brand"]), say(GTIN)), 2, 1),
    Table("unknown items", lines(say(GTIN, item="zz"), say(GTIN, item=LONG_ITEM), say(GTIN)), 3, 1),
    Table("items that are none", lines(say("1", item=None), say("1", item=""), say("1", item=[1]),
          say("1", item={"a": 1}), say("1", item=True), say(GTIN)), 6, 1),
    Table("numbers for texts", lines(say(4006381333931), say(250, "net content"), say(1.5, "carat")),
          3, 1),
    Table("truths and nothings", lines(say(True, "brand"), say(None, "brand"), say("", "origin"),
          say("n/a", "size")), 4, 0),
    Table("values that are objects", lines(say({"gtin": GTIN}), say([{"x": 1}]), say(GTIN)), 3, 1),
    Table("a list of values", lines(say([GTIN, OTHER_GTIN, None])), 2, 1),
    Table("lists inside lists", lines("[" * 5000 + "]" * 5000, say(GTIN)), 2, 1),
    Table("no numbers", lines('{"item": "a", "field": "weight", "value": NaN}',
          '{"item": "a", "field": "weight", "value": 1e999}', say(GTIN)), 3, 1),
    Table("lines that are no objects", lines("[]", "12", '"a"', "null", "{", say(GTIN)), 6, 1),
    Table("a spreadsheet's GTIN", text("c.csv", HEAD + f"a,gtin,4.00638E+12\na,gtin,{GTIN}\n"), 2, 1),
    Table("the same claim twice", lines(say(GTIN), say(GTIN), say(f" {GTIN} ")), 3, 1),
    Table("half characters", text("c.jsonl", json.dumps(say("\ud800"))
          + "\n" + json.dumps(say("x", "\udfff")) + "\n" + json.dumps(say(GTIN)) + "\n"), 3, 1),
    Table("a value of 2 MB", lines(say("9" * 2_000_000), say("wort " * 400_000, "name"), say(GTIN)),
          3, 1),
    Table("digits of other scripts", lines(say("๔๐๐๖๓๘๑๓๓๓๙๓๑"), say("４００６３８１３３３９３１")), 2),
    Table("formulas and markup", lines(say("=HYPERLINK(\"http://127.0.0.1\")", "name"),
          say("<script>alert(1)</script>", "brand"), say("{{7*7}}", "name")), 3, 0),
    Table("forged evidence", lines(say(OTHER_GTIN, evidence=FORGED, confidence=1),
          say("BRAVO", "brand", evidence=FORGED, confidence="very")), 2, 0),
    Table("evidence that is none", lines(say(GTIN, evidence="[[1]]", n="x"),
          say(GTIN[:-1], evidence={"a": 1}, n=1e99)), 2, 1),
    Table("an empty file", text("c.csv", ""), None, named=True),
    Table("a header alone", text("c.csv", HEAD), None, named=True),
    Table("no column for items", text("c.csv", "field,value\ngtin,1\n"), None, named=True),
    Table("no column for values", text("c.csv", "item,field\na,gtin\n"), None, named=True),
    Table("two columns of one name", text("c.csv", "item,item,field,value\na,b,gtin,1\n"), None),
    Table("ragged rows", text("c.csv", HEAD + f"a\na,gtin,{GTIN},more,and more\na,gtin\n"), None),
    Table("NUL bytes", text("c.csv", HEAD.encode() + b"a,brand,\0\0\n" + b"a,gtin," + GTIN.encode()),
          None),
    Table("Latin-1", text("c.csv", HEAD.encode() + "a,brand,Pågen\n".encode("latin-1")), None),
    Table("UTF-16", text("c.csv", (HEAD + f"a,gtin,{GTIN}\n").encode("utf-16")), None),
    Table("a wide table", text("c.csv", f"id,gtin,brand,image,Net content\na,{GTIN},BRAVO,a.png,\n"
          f"b,{GTIN},,b.png,250 g\n"), 4, 1),
    Table("Parquet of odd types", parquet(item=["a", "a"], field=["gtin", "brand"],
          value=pa.array(STRUCTS)), 2, 0),
    Table("Parquet of bytes", parquet(item=["a", "a"], field=["gtin", "brand"],
          value=pa.array([GTIN.encode(), b"\xff\xfe"])), 2),
    Table("Parquet of integers", parquet(item=["a"], field=["gtin"], value=pa.array([int(GTIN)])), 1, 1),
    Table("Parquet of times", parquet(item=["a"], field=["expiry date"],
          value=pa.array([0], pa.timestamp("ns"))), 1, 0),
    Table("a picture as a table", text("c.csv", b"\x89PNG\r\n\x1a\n" + bytes(64)), None),
    Table("no Parquet", text("c.parquet", b"PAR1" + bytes(40) + b"PAR1"), None, named=True),
)  # fmt: skip
