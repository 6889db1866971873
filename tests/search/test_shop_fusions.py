"""Photos, texts and products of the store in one query of a small shop."""

import numpy as np
import pytest

from skulens.errors import DataError, EncoderError
from tests.search.small_shop import (
    COLOURS,
    PRODUCTS,
    codes_of,
    column,
    ids,
    make_document,
    make_shop,
    photo,
)

pytestmark = pytest.mark.usefixtures("encoders")


# ----- fusions --------------------------------------------------------------------------------


def test_seq_reads_the_parts_in_order_and_says_nothing_of_keys():
    shop = make_shop(column("picture", "items"))
    answer = shop.search("cotton", photo("red"), fusion="seq", give_vectors=True)
    wanted = np.append(np.array(COLOURS["red"]) / 255, 2)
    np.testing.assert_allclose(
        answer.vectors["picture"], wanted / np.linalg.norm(wanted), atol=1e-6
    )
    assert codes_of(shop.search(like={"collar": photo("red")}, fusion="seq")) == []


def test_seq_needs_an_encoder_that_can():
    with pytest.raises(EncoderError, match="seq needs an encoder of whole items"):
        make_shop().search("red", photo("red"), fusion="seq")


def test_columns_that_cannot_do_seq_average():
    shop = make_shop(column("picture", "items"), column("text", "texts"))
    answer = shop.search(["red", "blue"], photo("red"), fusion="seq")
    assert codes_of(answer) == ["averaged"]


@pytest.mark.parametrize("fusion", ["cat", "seq"])
def test_weights_need_avg(fusion):
    shop = make_shop(column("picture", "items"))
    with pytest.raises(DataError, match="takes no weights"):
        shop.search("red", (photo("red"), 0.5), fusion=fusion)
    with pytest.raises(DataError, match="is a vector; give its photo"):
        shop.search("red", "sku:r1", fusion=fusion)


@pytest.mark.parametrize("fusion", ["avg", "cat"])
def test_the_key_of_a_condition_is_a_text_beside_its_photo(fusion):
    shop = make_shop()
    answer = shop.search(like={"collar": photo("red")}, fusion=fusion, give_vectors=True)
    red = np.array(COLOURS["red"]) / np.linalg.norm(COLOURS["red"])
    np.testing.assert_allclose(answer.vectors["picture"], np.append(red, 1) / 2**0.5, atol=1e-6)
    assert codes_of(answer) == ["key-as-text"]


def test_a_key_is_never_embedded_without_its_photo():
    shop = make_shop(column("picture", "pictures"), column("text", "texts"))
    answer = shop.search(like={"collar": photo("red")})
    assert {n: leg.parts for n, leg in answer.legs.items()} == {"picture": (1,)}
    assert codes_of(answer) == ["key-unread"]


# ----- products of the store ------------------------------------------------------------------


def test_a_product_stands_for_its_photo():
    shop = make_shop()
    answer = shop.search(photo="sku:r1", k=3)
    assert ids(answer) == ["r3", "r2", "o2"]  # r1 is shown, not sought
    assert codes_of(answer) == ["references-excluded"]
    assert ids(shop.search(photo="sku:r1", k=3, references="keep")) == ["r3", "r2", "r1"]
    with pytest.raises(DataError, match="no product 'r9'"):
        shop.search(photo="sku:r9")


def test_a_product_without_a_vector_is_left_out_with_its_key():
    shop = make_shop()
    columns = shop.store.schema.vectors
    bare = make_document(PRODUCTS[0], columns, shop.store.schema)
    bare.vectors.clear()  # type: ignore[attr-defined]
    shop.store.upsert([bare])
    answer = shop.search(like={"collar": "sku:r1", "colour": photo("blue")})
    assert answer.legs["picture"].parts == (1, 2)
    with pytest.raises(DataError, match="no leg of this store"):
        shop.search(photo="sku:r1")


def test_a_photo_of_the_catalogue_is_recognised():
    answer = make_shop().search(photo=PRODUCTS[1].images[0], k=3)
    assert {h.id: h.why.shown for h in answer.hits} == {"r2": (0,), "r1": (), "r3": ()}
