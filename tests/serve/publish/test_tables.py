"""Vectors and fields as files."""

import json

import numpy as np
import pyarrow as pa

from skulens.serve.publish.tables import LEVELS, cut_planes, is_long, write_columns
from tests.serve.publish.shop import make_product
from tests.serve.publish.stored import make_store


def whole(planes) -> np.ndarray:
    return planes.scales[:, None] * (planes.high + planes.low / (2 * LEVELS))


def test_two_planes_hold_a_vector_to_a_few_millionths():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(500, 128)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    planes = cut_planes(vectors)
    steps = planes.scales[:, None] / (4 * LEVELS)
    assert (np.abs(whole(planes) - vectors) <= steps * 1.01 + 1e-9).all()
    asked = vectors[:20]
    assert np.abs(asked @ whole(planes).T - asked @ vectors.T).max() < 2e-5
    assert np.abs(asked @ (planes.scales[:, None] * planes.high).T - asked @ vectors.T).max() > 1e-3


def test_a_product_without_a_vector_has_the_scale_zero():
    vectors = np.array([[1, 0], [np.nan, np.nan], [0, -1]], np.float32)
    planes = cut_planes(vectors)
    assert planes.scales[1] == 0 and not planes.high[1].any()
    np.testing.assert_allclose(whole(planes)[[0, 2]], vectors[[0, 2]], atol=1e-6)


def test_columns_are_those_of_a_store_in_memory():
    store = make_store([make_product(n) for n in range(20)])
    ids = sorted(store.digests())
    data, records = write_columns(store, ids)
    assert {r["field"] for r in records} == {c.field for c in store.schema.fields}
    price = next(r for r in records if r["field"] == "price")
    found = np.frombuffer(data, np.float64, price["values"]["count"], price["values"]["at"])
    expected = [held.get("price", np.nan) for held in store.fetch(ids, ["price"])]
    np.testing.assert_array_equal(found, expected)
    texts = next(r for r in records if r["field"] == "id")["texts"]
    assert json.loads(data[texts["at"] : texts["at"] + texts["count"]]) == ids


def test_descriptions_are_no_column_and_facets_are():
    assert is_long(pa.array([f"{n} " * 60 for n in range(60)]))
    assert not is_long(pa.array(["a long sentence " * 20] * 60))
    assert not is_long(pa.array([f"blue {n}" for n in range(60)]))
    assert not is_long(pa.array([1.0, 2.0]))
