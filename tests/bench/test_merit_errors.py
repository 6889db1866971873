"""Errors sorted by rule, and what queries lose without pictures and titles."""

from dataclasses import replace

import pytest

from skulens.bench.errors import KINDS, know_products, sort_errors
from skulens.bench.necessity import Missing, caption_query, compare_losses, remove, untitle_query
from skulens.bench.suites.merit import Merit, MeritSettings
from skulens.errors import DataError
from skulens.index.bm25 import Bm25
from skulens.records import Condition, Image, Item, Query, Run
from tests.bench.test_merit import PHOTO, TOOLS, Shop, measure, product, query
from tests.bench.test_mpr import png

OTHER = Image(data=png((0, 90, 200)))

# ----- errors ---------------------------------------------------------------------------------

PRODUCTS = [
    product("right", color="red", material="oak"),
    product("twin", color="red", material="oak"),
    product("pine", color="red", material="pine"),
    product("blue", color="blue", material="oak"),
    product("neither", color="blue", material="pine"),
    product("table", kind="table", color="red", material="oak"),
    product("mystery"),
]
COLOR = Condition("color", "red", modality="visual", product="right")
MATERIAL = Condition("material", "oak", modality="text")
CLASS = Condition("class", "chair")
ASKED = query("q", {"right": 1}, ["blue"], (COLOR, MATERIAL, CLASS))


def sort(first: str, asked: Query = ASKED):
    run = Run.of({"q": {first: 1.0} if first else {}})
    return sort_errors(run, [asked], know_products(PRODUCTS))


@pytest.mark.parametrize(
    ("first", "kind", "failed"),
    [
        ("pine", "attribute", ["material=oak"]),
        ("blue", "visual", ["color=red"]),
        ("neither", "attribute", ["color=red", "material=oak"]),
        ("table", "category", []),
        ("twin", "annotation", []),
        ("mystery", "unknown", ["color=red", "material=oak"]),
        ("", "nothing", []),
    ],
)
def test_each_kind_of_error_by_hand(first, kind, failed):
    sheet = sort(first)
    [row] = sheet.table.to_pylist()
    assert (row["kind"], row["failed"], row["product"]) == (kind, failed, first or None)
    assert row["conditions"] == ["color=red", "material=oak", "class=chair"]
    assert row["reference"] is (first == "blue")
    assert {k for k, share in sheet.shares.items() if share.value} == {kind}
    assert tuple(sheet.shares) == KINDS


def test_what_fails_beside_the_conditions_is_a_detail():
    judged = replace(ASKED, relevant={"right": 1, "twin": 0})
    [row] = sort("twin", judged).table.to_pylist()
    assert row["kind"] == "detail"
    whole = replace(ASKED, conditions=(Condition("product style", relation="whole"), MATERIAL))
    assert sort("twin", whole).table["kind"].to_pylist() == ["detail"]


def test_where_a_condition_does_not_say_so_its_product_knows_what_is_seen():
    silent = replace(COLOR, modality="unknown")
    assert sort("blue", replace(ASKED, conditions=(silent, MATERIAL))).table["kind"][0].as_py() == (
        "visual"
    )
    nobody = replace(silent, product=None)
    assert sort("blue", replace(ASKED, conditions=(nobody, MATERIAL))).table["kind"][0].as_py() == (
        "attribute"
    )


def test_a_class_that_is_not_named_is_that_of_the_answers():
    unnamed = replace(ASKED, conditions=(COLOR,))
    assert sort("table", unnamed).table["kind"].to_pylist() == ["category"]
    either = replace(unnamed, relevant={"right": 1, "table": 1})
    assert sort("blue", either).table["kind"].to_pylist() == ["visual"]


def test_right_answers_are_no_errors():
    sheet = sort("right")
    assert sheet.table.num_rows == 0 and not sheet.shares


# ----- without pictures, without titles -------------------------------------------------------

CAPTIONS = {"a": "a red chair", "b": "an oak table"}
TITLES = {"a": "Chair", "b": "Table"}


def shown(*parts) -> Query:
    conditions = (Condition("color", "red", 1, "a"), Condition("material", "oak", 3, "b"))
    return Query("q", Item("q", parts), {"c": 1}, conditions, references=("a", "b"))


TWO = shown("Find a Chair like <1> ", PHOTO, "\nChair </1> and <2> ", PHOTO, "\nTable </2>")


def test_captions_stand_where_pictures_did():
    assert caption_query(TWO, CAPTIONS).item.parts == (
        "Find a Chair like <1> ",
        "a red chair",
        "\nChair </1> and <2> ",
        "an oak table",
        "\nTable </2>",
    )
    with pytest.raises(Missing, match="its picture 3 shows b: no caption"):
        caption_query(TWO, {"a": "a red chair"})
    unknown = replace(TWO, conditions=(), references=())
    with pytest.raises(Missing, match="nobody knows"):
        caption_query(unknown, CAPTIONS)


def test_titles_go_where_they_stand_behind_a_picture_alone():
    parts = untitle_query(TWO, TITLES).item.parts
    assert parts == ("Find a Chair like <1> ", PHOTO, "\n </1> and <2> ", PHOTO, "\n </2>")
    assert untitle_query(TWO, {"a": "Sofa"}).item.parts == TWO.item.parts


def test_a_gallery_loses_what_its_queries_lose():
    products = [
        replace(product(p), texts={"caption": c}, title=TITLES[p]) for p, c in CAPTIONS.items()
    ]
    images, titles = remove("images", products), remove("titles", products)
    both = Item("a", ("Chair", PHOTO))
    assert images.item(both) == Item("a", ("Chair", "a red chair"))
    assert images.item(Item("a", ("a red chair", PHOTO))) == Item("a", ("a red chair",))
    assert images.item(Item("z", (PHOTO,))) is None and titles.item(Item("a", ("Chair",))) is None
    assert titles.item(both) == Item("a", (PHOTO,))


@pytest.fixture
def shop():
    products = [
        replace(product(p), texts={"caption": c}, title=t, images=(OTHER,))
        for p, c, t in [
            ("a", "a red chair", "Anna"),
            ("b", "an oak table", "Berta"),
            ("c", "a red oak stool", "Carla"),
            ("d", "a green lamp", "Dora Carla"),
        ]
    ]
    asked = [
        Query(name, Item(name, ("with the look of ", PHOTO, f"\n{title}")), {right: 1},
              (Condition("color", "red", 1, part),), references=(part,), group=right)
        for name, part, title, right in [("q", "a", "Carla", "c"), ("r", "b", "Dora", "d")]
    ]  # fmt: skip
    return Shop(products, asked)


def test_each_removal_is_measured_on_the_same_queries(shop):
    """Titles of the shop's queries name the answer: words find it, captions alone do not."""
    suite = Merit(
        shop, MeritSettings(gallery="both", texts=("title",), without="each"), tools=TOOLS
    )
    whole, images, titles = suite.run([Bm25()])
    assert [r.variant.get("without") for r in (whole, images, titles)] == [None, "images", "titles"]
    assert "without" not in whole.settings and titles.settings["without"] == "titles"
    assert len({r.data.fingerprint for r in (whole, images, titles)}) == 3
    losses = compare_losses([whole, images, titles], "hit_rate@1")
    assert [(x.without, x.difference.n) for x in losses] == [("images", 2), ("titles", 2)]
    for loss in losses:
        assert loss.difference.value == pytest.approx(loss.less.value - loss.whole.value)


def test_one_removal_alone_has_nothing_to_be_held_against(shop):
    results = measure(shop, Bm25(), without="images", texts=("title",))
    assert [r.variant["without"] for r in results] == ["images"]
    assert compare_losses(results, "hit_rate@1") == []


def test_products_without_captions_are_named(shop):
    shop.listed[0] = replace(shop.listed[0], texts={})
    [result] = measure(shop, Bm25(), without="images", texts=("title",))
    assert [(r.item, r.reason) for r in result.rejects] == [
        ("q", "its picture 1 shows a: no caption")
    ]
    assert result.counts["units"] == 1


def test_nothing_to_take_away_is_said(shop):
    with pytest.raises(DataError, match="nothing is left of the text gallery"):
        measure(shop, Bm25(), without="titles", texts=("title",))
    plain = replace(shop.asked["composed"][0], item=Item("q", ("Carla ", Image(data=b"x"))))
    shop.asked["composed"] = [plain]
    with pytest.raises(DataError, match="shows nothing that --without could take away"):
        measure(shop, Bm25(), without="titles", texts=("caption",))
