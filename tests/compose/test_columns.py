"""A pool read from Arrow is the pool made of products."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings

from skulens.catalog.folder import PRODUCTS as SCHEMA
from skulens.catalog.folder import write_catalog
from skulens.compose.columns import SHOWN, pool_of_batches, read_pool
from skulens.compose.pool import make_pool
from skulens.errors import DataError
from tests.compose.pools import PRODUCTS, make_product, random_products


def table_of(products) -> pa.Table:
    return pa.Table.from_pylist([row_of(p) for p in products], schema=SCHEMA)


def row_of(product) -> dict:
    return {
        "product_id": product.id,
        "spu_id": product.spu,
        "category_path": list(product.category),
        "lang": product.language,
        "country": product.country,
        "images": [{"path": "x.jpg"} for _ in product.images],
        "attributes": [
            {"key": a.key, "value": a.value, "modality": a.modality} for a in product.attributes
        ],
    }


def same(one, two) -> bool:
    arrays = ("key_of", "starts", "held", "edges", "posted", "modality", "pictured")
    named = ("spu", "kind", "language", "country")
    return (
        list(one.ids) == list(two.ids)
        and (one.pairs, one.keys) == (two.pairs, two.keys)
        and all(np.array_equal(getattr(one, a), getattr(two, a)) for a in arrays)
        and all(getattr(one, n).names == getattr(two, n).names for n in named)
        and all(np.array_equal(getattr(one, n).codes, getattr(two, n).codes) for n in named)
    )


@settings(deadline=None, max_examples=40)
@given(PRODUCTS)
def test_pools_are_the_same(products):
    pool, rejects = pool_of_batches(table_of(products).to_batches(max_chunksize=5))
    expected, also = make_pool(products)
    assert same(pool, expected)
    assert sorted((r.item, r.reason) for r in rejects) == sorted((r.item, r.reason) for r in also)


def test_dictionary_columns_and_deeper_categories(tmp_path):
    products = random_products(50)
    rows = [row_of(p) | {"category_path": [*p.category, "deeper"]} for p in products]
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    pq.write_table(table, tmp_path / "products.parquet")
    assert same(read_pool(tmp_path / "products.parquet")[0], make_pool(products)[0])


def test_what_the_catalogue_writes_is_read(tmp_path):
    products = [replace(p, images=()) for p in random_products(12)]
    write_catalog(tmp_path, products, {}, pictures="refer")
    assert same(read_pool(tmp_path / "products.parquet")[0], make_pool(products)[0])


def test_repeated_ids_and_bytes_that_are_no_text():
    products = [
        make_product("a", {"color": "red"}),
        make_product("b", {"color": "blue"}),
        make_product("a", {"only here": "x"}),
        make_product("c", {"color": "BAD", "size": "s"}),
    ]
    batch = table_of(products).to_batches()[0]
    broken = batch.column("attributes").flatten().field("value").cast(pa.binary()).to_pylist()
    broken = [b"\xff" if value == b"BAD" else value for value in broken]
    values = pa.Array.from_buffers(
        pa.string(), len(broken), pa.array(broken, pa.binary()).buffers()
    )
    column = batch.column("attributes")
    fields = [column.values.field(i) for i in range(column.values.type.num_fields)]
    names = [column.values.type.field(i).name for i in range(len(fields))]
    fields[names.index("value")] = values
    attributes = pa.ListArray.from_arrays(column.offsets, pa.StructArray.from_arrays(fields, names))
    place = batch.schema.get_field_index("attributes")
    pool, rejects = pool_of_batches([batch.set_column(place, "attributes", attributes)])
    assert sorted(pool.ids) == ["a", "b", "c"]
    assert pool.keys == ("color", "size")  # that of the second "a" is no key of the pool
    assert sorted((r.item, r.reason) for r in rejects) == [
        ("a", "the id occurred before"),
        ("c", "attribute 'color' has a value that is no valid text"),
    ]


def test_an_id_that_is_no_text_is_rejected():
    batch = table_of(random_products(3)).to_batches()[0]
    ids = pa.Array.from_buffers(
        pa.string(), 3, pa.array([b"a", b"\xff", b""], pa.binary()).buffers()
    )
    place = batch.schema.get_field_index("product_id")
    pool, rejects = pool_of_batches([batch.set_column(place, "product_id", ids)])
    assert list(pool.ids) == ["a"]
    reasons = [r.item for r in rejects if "no valid text" in r.reason]
    assert reasons == ["b'\\xff'", "b''"]


def test_many_rejects_are_summed_up():
    products = [make_product(i) for i in range(SHOWN + 20)]
    _, rejects = pool_of_batches(table_of(products).to_batches())
    assert len(rejects) == SHOWN + 1 and rejects[-1].item == "20 more"


def test_files_that_are_none(tmp_path):
    with pytest.raises(DataError, match=r"no products\.parquet"):
        read_pool(tmp_path / "products.parquet")
    pq.write_table(pa.table({"product_id": ["a"]}), tmp_path / "lacking.parquet")
    with pytest.raises(DataError, match="lacks the columns images, attributes"):
        read_pool(tmp_path / "lacking.parquet")
