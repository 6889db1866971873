"""What training has seen is written compactly and found again, under any name of the data."""

from skulens.records import Product, SystemInfo
from skulens.trained_on import find_trained, write_spus

LONG = "A crisp yellow apple with a long and mildly sweet taste, from the north."


def system(seen=None, *parts):
    return SystemInfo(name="s", kind="encoder", identity="i", trained_spus=seen, parts=parts)


def products(*ids, spu=None, text=""):
    return [Product(i, spu=spu, texts={"description": text} if text else {}) for i in ids]


def test_spus_are_known_again_and_their_other_skus_with_them():
    seen = {"shop": write_spus("shop", products("a", spu="family") + products("b"))}
    asked = products("a2", spu="family") + products("b", "c")
    assert find_trained(system(seen), "shop", asked) == {"a2", "b"}
    assert find_trained(system(seen), "shop-sample", asked) == {"a2", "b"}
    assert find_trained(system(seen), "another", asked) == frozenset(), "ids of another dataset"


def test_a_product_under_another_name_is_known_by_its_long_text():
    seen = {"shop": write_spus("shop", products("a", text=LONG) + products("b", text="Short."))}
    renamed = products("001", text=LONG.upper().replace(" ", "\n")) + products("2", text="Short.")
    assert find_trained(system(seen), "own", renamed) == {"001"}
    assert find_trained(system(seen), "shop", renamed) == frozenset(), "here the ids decide"


def test_a_procedural_shop_is_named_by_its_seed():
    shop = products("w7-p1-1", spu="w7-p1") + products("w7-p2-1", spu="w7-p2")
    assert write_spus("world", shop) == "w7-*"
    assert "*" not in write_spus("world", shop, whole=False)
    asked = products("x", spu="w7-p9") + products("y", spu="w77-p1")
    assert find_trained(system({"world": "w7-*"}), "world", asked) == {"x"}
    assert find_trained(system({"world": "w7-*"}), "shop", asked) == frozenset()


def test_what_is_not_said_is_not_known_of_a_pipeline_either():
    asked = products("a", "b")
    one, two = (system({"shop": write_spus("shop", products(i))}) for i in "ab")
    assert find_trained(system(), "shop", asked) is None
    assert find_trained(system({}), "shop", asked) == frozenset(), "it saw nothing of anything"
    assert find_trained(system(None, one, two), "shop", asked) == {"a", "b"}
    assert find_trained(system(None, one, system()), "shop", asked) is None


def test_shipped_encoders_say_which_groceries_they_saw():
    from skulens.catalog.groceries import GroceriesSample
    from skulens.registry import resolve

    shown = list(GroceriesSample().products())
    for name in ("mini", "groceries"):
        info = resolve("encoder", name)().info
        assert len(find_trained(info, "groceries-sample", shown)) == len(shown) == 81
        renamed = [Product(str(i), texts=p.texts) for i, p in enumerate(shown)]
        assert len(find_trained(info, "own", renamed)) == 81
        assert find_trained(info, "elsewhere", products("Carrots")) == frozenset()
        shop = products("a", spu="w1001-p0000001") + products("b", spu="w7-p0000001")
        assert find_trained(info, "world", shop) == ({"a"} if name == "mini" else frozenset())
