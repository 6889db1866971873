"""Tables: CSV, JSON and Parquet that are broken, ambiguous, huge, or name files of others."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.hostile.field import Case
from tests.hostile.pictures import GOOD, cut, flip_bits, good, overwrite

SMALL = 70
LARGE = 400
SECRET = good("BMP")
ROW = "id,title,image\n"


@dataclass(frozen=True)
class Table:
    """A table, and how many products and rejects it should give; None: any number."""

    name: str
    file: str
    make: Callable[[Path], bytes]
    """In the folder, which holds picture.jpg; other files may be put there."""
    products: int | None = None
    rejects: int | None = None
    named: bool = False
    """Whether it has to be refused as a whole."""


def cases(count: int, seed: int) -> Iterator[Case]:
    """Hand-made ones, then Parquet, CSV and JSONL with random damages."""
    for _, table in zip(range(count), tables(seed), strict=False):
        yield Case(table.name, lambda folder, table=table: judge(table, folder))


def tables(seed: int) -> Iterator[Table]:
    yield from HAND_MADE
    draw = np.random.default_rng(seed)
    number = 0
    while True:
        for file, make in SOUND.items():
            for damage in (cut, flip_bits, overwrite):
                number += 1
                own = int(draw.integers(2**31))
                yield Table(
                    f"{number} {file} {damage.__name__}",
                    file,
                    lambda _, m=make, d=damage, s=own: d(m(), np.random.default_rng(s)),
                )


def judge(table: Table, folder: Path) -> bool:
    """Whether the counts are right and everything that is said can be written and printed."""
    from skulens.catalog.audit.run import audit_catalog
    from skulens.catalog.own import OwnCatalog

    inside = folder / "shop"
    inside.mkdir()
    (folder / "secret.jpg").write_bytes(SECRET)
    (inside / "picture.jpg").write_bytes(good("JPEG"))
    (inside / table.file).write_bytes(table.make(inside))
    catalog = OwnCatalog(inside / table.file)
    products = list(catalog.products())
    rejects = list(catalog.rejects)
    queries = [query for split in catalog.info.splits for query in catalog.queries(split)]
    audit = audit_catalog(OwnCatalog(inside / table.file), pictures=len(products) < 100)
    said = [audit.to_dict(), [str(r) for r in rejects], [p.id for p in products]]
    said += [[p.title, dict(p.texts), dict(p.extras)] for p in products]
    said += [q.id for q in queries]
    json.dumps(said, ensure_ascii=False).encode()
    counted = (table.products in (None, len(products))) and (table.rejects in (None, len(rejects)))
    outside = any(reads_secret(image) for p in products for image in p.images)
    return not table.named and counted and not outside and all(r.reason and r.todo for r in rejects)


def reads_secret(image) -> bool:
    """Whether a picture is the one outside the table's folder."""
    try:
        return image.read() == SECRET
    except OSError:
        return False


def lines(*rows: str, head: str = ROW) -> Callable[[Path], bytes]:
    return lambda _: (head + "".join(row + "\n" for row in rows)).encode()


def parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, row_group_size=20)
    return sink.getvalue().to_pybytes()


def products(n: int = 60) -> dict[str, list]:
    return {
        "id": [str(i) for i in range(n)],
        "title": [f"red cup {i}" for i in range(n)],
        "price": [i / 2 for i in range(n)],
        "image": ["picture.jpg"] * n,
    }


def with_bytes() -> bytes:
    """Pictures in the file."""
    columns = products(30) | {"image": [good("JPEG")] * 30}
    return parquet(pa.table(columns))


SOUND: dict[str, Callable[[], bytes]] = {
    "paths.parquet": lambda: parquet(pa.table(products())),
    "bytes.parquet": with_bytes,
    "shop.csv": lambda: (
        ROW + "".join(f'{i},"cup, {i}",picture.jpg\n' for i in range(40))
    ).encode(),
    "shop.jsonl": lambda: "".join(
        json.dumps({"id": i, "title": f"thé {i}", "image": "picture.jpg"}) + "\n" for i in range(40)
    ).encode(),
}


def link(folder: Path) -> bytes:
    (folder / "link.jpg").symlink_to(folder.parent / "secret.jpg")
    return lines("a,red,link.jpg", "b,blue,picture.jpg")(folder)


def linked_folder(folder: Path) -> bytes:
    (folder / "photos").symlink_to(folder.parent)
    return lines("a,red,photos/secret.jpg", "b,blue,picture.jpg")(folder)


def absolute(folder: Path) -> bytes:
    return lines(f"a,red,{folder.parent}/secret.jpg", "b,blue,picture.jpg")(folder)


def absolute_inside(folder: Path) -> bytes:
    return lines(f"a,red,{folder}/picture.jpg")(folder)


def parquet_path_outside(_: Path) -> bytes:
    """The hub's {bytes, path} whose path leaves the folder."""
    cells = [{"bytes": None, "path": "../secret.jpg"}, {"bytes": good("JPEG"), "path": None}]
    kind = pa.struct({"bytes": pa.binary(), "path": pa.string()})
    return parquet(pa.table({"id": ["a", "b"], "image": pa.array(cells, kind)}))


def two_titles(_: Path) -> bytes:
    return parquet(
        pa.Table.from_arrays(
            [pa.array(["a"]), pa.array(["red"]), pa.array(["blue"])], ["id", "title", "title"]
        )
    )


def wide(columns: int) -> Callable[[Path], bytes]:
    names = ",".join(f"c{i}" for i in range(columns))
    return lambda _: (f"id,title,{names}\n" + "a,red" + "," * columns + "\n").encode()


HAND_MADE = (
    Table("NUL bytes", "a.csv", lambda _: bytes(1000)),
    Table("random bytes", "a.csv", lambda _: np.random.default_rng(0).bytes(5000)),
    Table("header only", "a.csv", lines()),
    Table("one column twice", "a.csv", lines("a,b,c", head="id,title,title\n"), named=True),
    Table("columns alike but for case", "a.csv", lines("a,b,c", head="id,Title,title \n"), named=True),
    Table("16,000 columns", "a.csv", wide(16_000), named=True),
    Table("1,000,004 columns", "a.csv", wide(1_000_004), named=True),
    Table("open quote", "a.csv", lines('a,"red,picture.jpg', "b,blue,picture.jpg")),
    Table("rows of other lengths", "a.csv", lines("a", "b,c", "d,e,picture.jpg,g"), 0, 3),
    Table("cell of 10 MB", "a.csv", lines(f"a,{'x' * 10**7},picture.jpg", "b,c,picture.jpg"), 1, 1),
    Table("cell of 998,000", "a.csv", lines(f"a,{'x' * 998_000},picture.jpg", "b,c,picture.jpg"), 1, 1),
    Table("Excel's sep line", "a.csv", lines("a;red;picture.jpg", head="sep=;\nid;title;image\n"), 1, 0),
    Table("German prices", "a.csv", lines("a;r;1.299,00 €", "b;r;12,5", head="id;title;price\n"), 2, 0),
    Table("prices of every kind", "a.csv", lines("a,r,NaN", "b,r,-1", "c,r,1e999", "d,r,x", head="id,title,price\n"), 4, 4),
    Table("cp1252", "a.csv", lambda _: "id,title\na,Käse\n".encode("cp1252")),
    Table("UTF-16", "a.csv", lambda _: "id,title\na,Käse\n".encode("utf-16"), 1, 0),
    Table("two titles for an id", "a.csv", lines("a,red,picture.jpg", "a,blue,picture.jpg"), 1, 1),
    Table("empty ids", "a.csv", lines(",red,picture.jpg", " ,blue,picture.jpg"), 0, 2),
    Table("ids that are paths", "a.csv", lines("../../x,red,picture.jpg", "/etc/x,red,picture.jpg", "..,red,picture.jpg"), 3, 0),
    Table("markup and formulas", "a.csv", lines('<script>x</script>,"=cmd|\'/c calc\'!A1",picture.jpg'), 1, 0),
    Table("half a character in an id", "a.jsonl", lambda _: b'{"id": "\\ud800", "title": "red"}\n{"id": "b", "title": "blue"}\n', 1, 1),
    Table("half a character in a title", "a.jsonl", lambda _: b'{"id": "a", "title": "\\udfff"}\n{"id": "b", "title": "blue"}\n', 1, 1),
    Table("half a character elsewhere", "a.jsonl", lambda _: b'{"id": "a", "title": "red", "colour": "\\ud800"}\n', 1, 1),
    Table("half a character in a key", "a.jsonl", lambda _: b'{"id": "a", "title": "red", "\\ud800": 1}\n', 1, 1),
    Table("a key twice", "a.jsonl", lambda _: b'{"id": "a", "title": "red", "title": "blue"}\n{"id": "b", "title": "c"}\n', 1, 1),
    Table("a key twice in a list", "a.json", lambda _: b'[{"id": "a", "title": "red", "id": "c"}, {"id": "b", "title": "c"}]', 1, 1),
    Table("a key twice inside", "a.jsonl", lambda _: b'{"id": "a", "title": "r", "attributes": {"c": "red", "c": "blue"}}\n{"id": "b", "title": "c"}\n', 1, 1),
    Table("200,000 brackets", "a.jsonl", lambda _: b"[" * 200_000 + b'\n{"id": "b", "title": "c"}\n', 1, 1),
    Table("brackets in a list", "a.json", lambda _: b"[" * 200_000),
    Table("an id of 5,000 digits", "a.jsonl", lambda _: b'{"id": ' + b"9" * 5000 + b', "title": "r"}\n{"id": "b", "title": "c"}\n', 1, 1),
    Table("no objects", "a.jsonl", lambda _: b'1\n"x"\n[2]\nnull\n{"id": "b", "title": "c"}\n', 1, 4),
    Table("one object", "a.json", lambda _: b'{"id": "b", "title": "c"}'),
    Table("two columns of one name", "a.parquet", two_titles, named=True),
    Table("path in Parquet leaves the folder", "a.parquet", parquet_path_outside, 2),
    Table("a path with ..", "a.csv", lines("a,red,../secret.jpg", "b,blue,picture.jpg"), 2, 1),
    Table("only paths with ..", "a.csv", lines("a,red,../secret.jpg"), named=True),
    Table("system files", "a.csv", lines("a,red,/etc/passwd", "b,red,/proc/self/environ", "c,blue,picture.jpg"), 3, 2),
    Table("an absolute path outside", "a.csv", absolute, 2, 1),
    Table("an absolute path inside", "a.csv", absolute_inside, 1, 0),
    Table("a link out", "a.csv", link, 2, 1),
    Table("a folder that is a link out", "a.csv", linked_folder, 2, 1),
    Table("addresses", "a.csv", lines("a,r,https://x.y/a.jpg", "b,r,file:///etc/passwd", 'c,r,"data:image/png;base64,AA"', "d,r,picture.jpg"), 4, 3),
    Table("backslashes", "a.csv", lines("a,red,.\\picture.jpg", "b,red,C:\\away\\p.jpg"), 2, 1),
    Table("names of 5,000 letters", "a.csv", lines(f"a,red,{'x' * 5000}.jpg", "b,c,picture.jpg"), 2, 1),
    *(
        Table(f"sound {file}", file, lambda _, m=make: m(), rejects=0)
        for file, make in SOUND.items()
    ),
)  # fmt: skip
assert "JPEG" in GOOD
