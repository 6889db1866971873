"""What engines refuse before they look."""

import numpy as np
import pytest

from skulens.documents import Document, FieldColumn, Probe, Schema, VectorColumn
from skulens.errors import StoreError
from skulens.index.stores.probes import (
    MOST,
    check_document,
    check_probe,
    id_problem,
    merge_schemas,
    unit,
)

COLUMN = VectorColumn("picture", 3, "maker", "mini", ("image",))
SCHEMA = Schema(
    (COLUMN,), (FieldColumn("price", "number"), FieldColumn("category", "text", many=True))
)
ONE = np.array([0, 1, 0], np.float32)


def probe(**given):
    return Probe(**{"vector": ONE, "column": "picture", "maker": "maker"} | given)


def test_a_right_probe_passes():
    assert check_probe(probe(), SCHEMA) is None
    assert check_probe(Probe(words="red"), SCHEMA) is None
    assert check_probe(probe(vector=np.array([0, 2, 0])), SCHEMA) is None


@pytest.mark.parametrize(
    "given, said",
    [
        ({"k": 0}, "k must be"),
        ({"k": MOST + 1}, "k must be"),
        ({"k": 2.5}, "k must be"),
        ({"k": True}, "k must be"),
        ({"words": "x"}, "both or neither"),
        ({"vector": None}, "both or neither"),
        ({"column": "text"}, "there are picture"),
        ({"maker": "other"}, "another encoder: of 'mini'"),
        ({"vector": ONE[:2]}, "takes"),
        ({"vector": np.array(["a", "b", "c"])}, "takes"),
        ({"vector": ONE * 0}, "length 0"),
        ({"vector": ONE * np.nan}, "NaN"),
        ({"vector": ONE + np.inf}, "NaN"),
    ],
)
def test_what_is_wrong_with_a_probe(given, said):
    with pytest.raises(StoreError, match=said):
        check_probe(probe(**given), SCHEMA)


@pytest.mark.parametrize(
    "id, said",
    [
        ("", "empty"),
        (" ", "empty"),
        ("x" * 501, "501 bytes"),
        ("\ud800", "Unicode"),
        ("a\nb", "control"),
    ],
)
def test_ids_that_no_store_holds(id, said):
    assert said in id_problem(id)
    with pytest.raises(StoreError, match=said):
        check_document(Document(id), SCHEMA)


@pytest.mark.parametrize("id", ["1", "ก" * 166, "a/b c#1", "  x"])
def test_ids_that_every_store_holds(id):
    assert id_problem(id) == ""


@pytest.mark.parametrize(
    "given, said",
    [
        ({"vectors": {"text": ONE}}, "no such column"),
        ({"vectors": {"picture": ONE[:2]}}, r"expected|\(3,\)"),
        ({"vectors": {"picture": ONE * 2}}, "length 2, expected 1"),
        ({"vectors": {"picture": ONE * np.nan}}, "length nan, expected 1"),
        ({"fields": {"colour": "red"}}, "widen"),
        ({"fields": {"price": (3.0,)}}, "takes one"),
        ({"fields": {"category": "a"}}, "a tuple of values"),
        ({"fields": {"price": "3"}}, "holds numbers"),
        ({"fields": {"price": True}}, "holds numbers"),
        ({"fields": {"category": ("a", 3)}}, "holds texts"),
    ],
)
def test_what_is_wrong_with_a_document(given, said):
    with pytest.raises(StoreError, match=said):
        check_document(Document("1", **given), SCHEMA)


def test_a_right_document_passes():
    check_document(Document("1", {"picture": ONE}, {"price": 3, "category": ("a",)}), SCHEMA)


def test_columns_of_another_encoder_are_refused_and_both_are_named():
    other = Schema((VectorColumn("picture", 3, "other", "groceries", ("image",)),))
    with pytest.raises(StoreError, match="by 'mini' from image, not by 'groceries'.*build a new"):
        merge_schemas(SCHEMA, other)


def test_present_columns_stay():
    wider = Schema(fields=(FieldColumn("price", "text"), FieldColumn("new", "truth")), data="b")
    merged = merge_schemas(SCHEMA, wider)
    assert merged.field("price").kind == "number" and merged.field("new").kind == "truth"
    assert merged.vectors == SCHEMA.vectors


def test_a_vector_of_length_1_is_left_to_the_last_bit():
    draw = np.random.default_rng(0)
    for _ in range(50):
        vector = draw.normal(size=512)
        rounded = (vector / np.linalg.norm(vector) * (1 + 5e-7)).astype(np.float32)
        assert (unit(rounded) == rounded).all()
        assert np.allclose(unit(vector), rounded, atol=1e-6) and unit(vector).dtype == np.float32


def test_lengths_beyond_float32_are_brought_to_1():
    assert unit(np.array([1e60, 0.0])).tolist() == [1, 0]
    assert unit(np.array([0.0, 1e-60])).tolist() == [0, 1]
