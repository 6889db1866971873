"""A tag, a carton and a rating plate of shared/data/product_labels, read by the default engine."""

import pytest

from skulens.catalog.open import open_catalog
from skulens.verify.checks.readings import readings_of
from skulens.verify.look import Looker
from tests.catalog.conftest import real_data
from tests.verify.pages import values

pytest.importorskip("rapidocr", reason="pip install 'skulens[ocr]'")


@pytest.fixture(scope="module")
def read():
    """Item -> everything found on its picture."""
    from skulens.verify.text.rapidocr import RapidOcr

    looker = Looker(RapidOcr())
    products = {p.id: p for p in open_catalog(str(real_data("product_labels"))).products()}

    def read_item(name):
        seen, rejects = looker.look_at(products[name])
        assert not rejects
        return list(readings_of(seen))

    return read_item


def test_a_price_with_its_currency(read):
    found = read("tag_kent")
    assert values(found, "attributes.price") == ["27.50"]
    assert values(found, "attributes.currency") == ["kr"]


def test_a_price_that_the_unit_price_proves(read):
    price = [f for f in read("tag_coop_peanott") if f.field == "attributes.price"]
    assert [(f.value, f.witness) for f in price] == [("45.50", "arithmetic")]


def test_a_model_in_bars_and_print(read):
    models = [f for f in read("zx128_13") if f.field == "identifiers.model"]
    assert ("EF224A4", "bars") in [(f.value, f.witness) for f in models]


def test_a_label_without_numbers_behind_cues_has_none(read):
    found = read("zx39_15")
    assert not [f for f in found if f.field.startswith("identifiers.")]
