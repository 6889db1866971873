"""Your own table in Parquet and Arrow: pictures inside it are read when asked for."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from skulens.catalog import parquet
from skulens.errors import DataError
from skulens.pictures import load

from .conftest import csv_file, jpeg, read


def parquet_file(tmp_path, column, rows=50, group=20):
    table = pa.table(
        {
            "id": [f"p{n // 2}" for n in range(rows)],
            "title": [f"Tea {n // 2}" for n in range(rows)],
            "image": column,
        }
    )
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=group)
    return tmp_path / "t.parquet"


@pytest.mark.parametrize("kind", ["binary", "struct", "large_binary"])
def test_parquet_bytes_are_read_when_asked_for_and_right(tmp_path, kind):
    pictures = [jpeg(n) for n in range(50)]
    pictures[7] = None
    if kind == "struct":
        column = pa.array([{"bytes": b, "path": None} for b in pictures])
    else:
        column = pa.array(pictures, pa.binary() if kind == "binary" else pa.large_binary())
    products, rejects = read(parquet_file(tmp_path, column))
    assert [(where, item) for where, item, _ in rejects] == [("t.parquet#7", "p3")]
    images = [i for p in products.values() for i in p.images]
    assert len(images) == 49 and all(i.data is None for i in images)
    good = [b for b in pictures if b]
    assert [i.read() for i in images] == good  # in order
    assert [images[n].read() for n in (48, 0, 31, 2, 30, 19)] == [
        good[n] for n in (48, 0, 31, 2, 30, 19)
    ]  # and out of order


@pytest.mark.parametrize("kind", ["stream", "file"])
@pytest.mark.parametrize("struct", [True, False])
def test_arrow_files_are_mapped_and_right(tmp_path, kind, struct):
    pictures = [jpeg(n) for n in range(30)]
    pictures[3] = None
    column = pa.array([{"bytes": b, "path": None} for b in pictures] if struct else pictures)
    table = pa.table({"id": [str(n) for n in range(30)], "image": column})
    write = pa.ipc.new_stream if kind == "stream" else pa.ipc.new_file
    with write(str(tmp_path / "t.arrow"), table.schema) as sink:
        sink.write_table(table, max_chunksize=7)
    products, rejects = read(tmp_path / "t.arrow")
    images = [i for p in products.values() for i in p.images]
    assert [i.read() for i in images] == [b for b in pictures if b] and all(
        i.data is None for i in images
    )
    assert [where for where, _, _ in rejects] == ["t.arrow#3"] * 2, (
        "no picture, so nothing of the product"
    )


def test_reading_parquet_in_order_decodes_every_batch_once(tmp_path, monkeypatch):
    scans = []
    advance = parquet.ColumnReader._advance
    monkeypatch.setattr(
        parquet.ColumnReader,
        "_advance",
        lambda self, *at: (scans.append(at), advance(self, *at))[1],
    )
    column = pa.array([jpeg(n % 5) for n in range(200)], pa.binary())
    products, _ = read(parquet_file(tmp_path, column, rows=200, group=200))
    for product in products.values():
        for image in product.images:
            image.read()
    assert len(scans) == -(-200 // parquet.BATCH_ROWS)
    kept = parquet.column_reader(str(tmp_path / "t.parquet"), "image").kept
    assert len(kept) <= parquet.KEPT_BATCHES


def test_parquet_paths_and_struct_paths(tmp_path):
    csv_file(tmp_path, "")
    products, rejects = read(parquet_file(tmp_path, pa.array(["a.jpg", "absent.jpg"]), rows=2))
    assert len(products["p0"].images) == 1 and len(rejects) == 1
    products, rejects = read(
        parquet_file(
            tmp_path,
            pa.array([{"bytes": None, "path": "a.jpg"}, {"bytes": None, "path": None}]),
            rows=2,
        )
    )
    assert load(products["p0"].images[0]).size == (72, 72) and len(rejects) == 1


def test_parquet_lists_of_bytes_are_refused_with_the_way_out(tmp_path):
    path = parquet_file(tmp_path, pa.array([[b"x"], [b"y"]], pa.list_(pa.binary())), rows=2)
    with pytest.raises(DataError, match="one picture per row"):
        read(path)
