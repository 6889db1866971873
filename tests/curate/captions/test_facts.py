"""What a text says of a product is found, and words with a second meaning are told apart."""

import pytest

from skulens.curate.captions.facts import (
    find_amounts,
    find_brands,
    find_claims,
    find_colours,
    find_names,
    find_shapes,
    numbers_of,
    same_amount,
    stem,
    words_of,
)


def sure(facts):
    return [f.form for f in facts if f.sure]


@pytest.mark.parametrize(
    ("text", "demanded", "known"),
    [
        ("a red can with white text", ["red", "white"], ["red", "white"]),
        ("a greenish-yellow shell", ["green", "yellow"], ["green", "yellow"]),
        ("NAVY and grey", ["blue", "gray"], ["blue", "gray"]),
        ("orange juice with cream, clear flavours of mint", [], ["orange", "beige", "transparent", "green"]),
        ("it can be colored", [], []),  # "be" and "coklat" are colours in other languages
        ("a multi vitamin", [], []),
    ],
)  # fmt: skip
def test_colours(text, demanded, known):
    found = find_colours(text, "en")
    assert sure(found) == demanded and [f.form for f in found] == known


def test_colours_of_another_language():
    assert sure(find_colours("botol merah dan putih", "id")) == ["red", "white"]
    assert find_colours("botol merah dan putih", "en") == []


@pytest.mark.parametrize(
    ("text", "demanded"),
    [
        ("The net weight is 10.75 ounces (305 grams).", ["304.757 g", "305 g"]),
        ("a 19 oz can of soup", ["538.641 g"]),
        ("a 48 fl. oz. carton", ["1419.53 ml"]),
        ("1l of milk", ["1000 ml"]),
        ("contains 12 packs", ["12 piece"]),
        ("16g of protein and 120 calories", []),
        ("serving size is 1 cup (240 mL)", []),
        ("2% milk, since 1908", []),
        ("with 28% DV of fiber", []),
    ],
)
def test_amounts_of_what_the_package_holds(text, demanded):
    assert sure(find_amounts(text)) == demanded


def test_amounts_that_are_not_demanded_are_known():
    forms = [f.form for f in find_amounts("16g protein, 28% DV, 3 flavors")]
    assert forms == ["16 g", "28 %", "3"]


def test_an_amount_of_another_unit_is_another():
    assert same_amount("453.592 g", "454 g") and not same_amount("454 g", "454 ml")
    assert (
        not same_amount("450 g", "500 g") and same_amount("3", "3") and not same_amount("3", "3.01")
    )


def test_numbers_of_every_kind():
    assert {"10.75", "7", "1908", "2", "3", "0.5", "1500"} <= numbers_of(
        "10.75 oz, seven days, since 1908, 2-3 people, 1/2 cup, 1,500 km"
    )


@pytest.mark.parametrize(
    ("text", "demanded"),
    [
        ("a can of soup", ["can"]),
        ("The can is red", ["can"]),
        ("a red can", ["can"]),
        ("it can also be used", []),
        ("milk can be kept", []),
        ("You can use it", []),
        ("a cylindrical bottle", ["cylindrical", "bottle"]),
        ("the taste is round and full", []),
        ("small, round fruit", ["round"]),
        ("a circular logo with a leaf", []),
        ("the word NEW is written in a yellow box", []),
        ("a box of tea", ["box"]),
        ("1/4 cup serving", []),
        ("the packaging is nice", []),
    ],
)
def test_shapes_of_the_product_itself(text, demanded):
    assert sure(find_shapes(text)) == demanded


def test_a_shape_named_once_and_late_is_of_a_picture():
    late = "x" * 200
    assert sure(find_shapes(f"{late} a jar")) == [] and [
        f.form for f in find_shapes(f"{late} a jar")
    ]
    assert sure(find_shapes(f"{late} a jar. The jar is red")) == ["jar", "jar"]
    assert sure(find_shapes(f"{late} an oval shape")) == ["oval"]


def test_claims_in_all_spellings():
    forms = {f.form for f in find_claims("Gluten-free, non-GMO and organic; no sugar added")}
    assert forms == {"gluten free", "non gmo", "organic", "no added sugar"}
    assert find_claims("a delight of lightness") == []


@pytest.mark.parametrize(
    ("text", "brands"),
    [
        ("The Campbell's logo is on top", ["campbell"]),
        ('the brand name "Newman\'s Own" is visible', ["newman own"]),
        ("from the brand Plum Organics. The product is", ["plum organics"]),
        ("Certified by the Gluten Free Group, it has the GFG logo", []),
        ("It has the USDA Organic logo and a Non-GMO Project logo", []),
        ("The brand is good", []),
    ],
)
def test_brands_beside_their_word(text, brands):
    assert [f.form for f in find_brands(text)] == brands


def test_brands_of_the_catalogue():
    assert [f.form for f in find_brands("Arla Standard Milk", {"arla", "oatly"})] == ["arla"]
    assert find_brands("parlament", {"arla"}) == []


def test_names_stand_inside_sentences():
    found = [f.said for f in find_names("The product is a Kova shirt. Nice cotton by O'Neil")]
    assert found == ["Kova", "O'Neil"]


def test_words_are_compared_by_their_stems():
    assert (
        stem("Berries") == "berry" and stem("Campbell's") == "campbell" and stem("glass") == "glass"
    )
    assert {"red", "hot", "pepper"} <= words_of("Red-hot peppers")
