"""Names of products: what people call them, cut at words."""

import pytest

from skulens.records import Product
from skulens.report.names import cut_at_word, name_apart, name_product


def test_a_title_is_taken_first_then_a_text_then_the_id():
    texts = {"description": "A ripe  mango\nwith red-yellow skin"}
    assert name_product(Product("045", title="Mango", texts=texts)) == "Mango"
    assert name_product(Product("045", texts=texts)) == "A ripe mango with red-yellow skin"
    assert name_product(Product("045", title="  ")) == "045"


def test_the_text_of_the_asked_role_is_taken_before_others():
    product = Product("1", texts={"description": "long", "caption": "short"})
    assert name_product(product, roles=("caption",)) == "short"
    assert name_product(product, roles=("missing",)) == "long"


@pytest.mark.parametrize("most", range(1, 40))
def test_a_name_is_never_longer_than_asked_and_never_cut_inside_a_later_word(most):
    text = "Bell pepper, yellow – sold by the piece"
    found = cut_at_word(text, most)
    assert len(found) <= most
    if found != text:
        assert found.endswith("…")
        whole = found[:-1].split()
        assert len(whole) <= 1 or all(
            w.rstrip(",") == t.rstrip(",") for w, t in zip(whole, text.split(), strict=False)
        )


def test_a_name_does_not_end_in_a_separator():
    assert cut_at_word("Bell pepper, yellow", 14) == "Bell pepper…"
    assert cut_at_word("Salt – coarse grains", 9) == "Salt…"


def test_a_long_first_word_is_cut_inside():
    assert cut_at_word("X" * 30, 10) == "X" * 9 + "…"


def test_variants_of_one_title_are_told_apart_by_the_text_in_which_they_differ():
    one = Product("1", title="T-shirt", texts={"description": "a plain cotton T-shirt in red"})
    other = Product("2", title="T-shirt", texts={"description": "a plain cotton T-shirt in blue"})
    assert name_apart(one, other) == ("… T-shirt in red", "… T-shirt in blue")
    assert name_apart(one, Product("3", title="Hat")) == ("T-shirt", "Hat")
    assert name_apart(Product("1", title="A"), Product("2", title="A")) == ("A", "A")
