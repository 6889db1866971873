"""From open-set attributes to cards: golden counts, ranking, refusals, and the shop's own words."""

from collections import defaultdict

import pyarrow.parquet as pq
import pytest

from skulens.curate.cards.claims import read_claimed, with_claims
from skulens.curate.cards.implausible import KeyCounts, why_implausible
from skulens.curate.cards.make import (
    CardPlan,
    check_folder,
    count_catalog,
    draw_up,
    read_made,
    write_made,
)
from skulens.curate.cards.words import compare_form, is_no_answer
from skulens.errors import DataError, StoreError
from skulens.records import Attribute, Product
from skulens.world.reader import World


def product(id: str, kind: str | None, *pairs: tuple) -> Product:
    attributes = tuple(Attribute(*pair) for pair in pairs)
    return Product(id, category=(kind,) if kind else (), attributes=attributes)


SHOP = [
    product("a", "hat", ("Color", "Red", "visual"), ("Pattern/Print", "Dots", "visual")),
    product("b", "hat", ("color", "red", "visual"), ("pattern print", "dots", "text")),
    product("c", "hat", ("color", "RED", "text"), ("pattern print", "plain", "text")),
    product("d", "hat", ("color", "blue"), ("color", "green"), ("ISBN", "978")),
    product("e", "hat", ("color", "none"), ("size", "5.8"), ("size", "5.8 ")),
    product("f", "tie", ("color", "red"), ("!!", "x"), ("knot", "--")),
    product("g", None, ("color", "red")),
    product("a", "hat", ("color", "pink")),
]


@pytest.fixture
def counted():
    rejects = []
    return count_catalog(SHOP, rejects.append), rejects


def test_golden_counts(counted):
    found, rejects = counted
    assert found.products == {"hat": 5, "tie": 1}
    hats = {k.form: (k.name, k.products, k.values, k.in_classes) for k in found.keys["hat"]}
    assert hats == {
        "color": ("color", 4, 3, 2),
        "pattern print": ("pattern print", 3, 2, 1),
        "isbn": ("isbn", 1, 1, 1),
        "size": ("size", 1, 1, 1),
    }
    assert found.values["hat", "color"] == [("red", 3)], "d has two colours: neither counts"
    assert found.values["hat", "pattern print"] == [("dots", 2), ("plain", 1)]
    assert found.values["hat", "size"] == [("5.8", 1)]
    assert found.unanswered == 1 and found.pairs == 12
    assert [(r.item, r.reason[:12]) for r in rejects] == [("g", "it has no cl")]
    assert sorted(r.item for r in found.rejects) == ["a", "f", "f"]


def test_modality_is_that_of_most(counted):
    modality = counted[0].modality
    assert modality["hat", "color"] == "visual" and modality["hat", "pattern print"] == "text"
    assert modality["tie", "color"] == "unknown"


def test_cards(counted):
    made = draw_up(counted[0], CardPlan())
    hat, tie = made.cards
    assert [(k.name, k.modality, k.products) for k in hat.keys] == [
        ("color", "visual", 4), ("pattern print", "text", 3), ("size", "unknown", 1),
    ]  # fmt: skip
    assert [(r.kind, r.key) for r in made.refused] == [("hat", "isbn")]
    assert tie.products == 1 and [k.name for k in tie.keys] == ["color"]
    small = draw_up(counted[0], CardPlan(keys=2, values=1, least=2)).cards[0]
    assert [(k.name, [v.text for v in k.values]) for k in small.keys] == [
        ("color", ["red"]), ("pattern print", ["dots"]),
    ]  # fmt: skip


def test_ranking():
    shop = [
        *(product(f"h{i}", "hat", ("color", "red"), ("code", f"x{i}")) for i in range(6)),
        *(product(f"b{i}", "hat", ("color", "red"), ("brim", "wide")) for i in range(5)),
        *(product(f"t{i}", "tie", ("color", "red")) for i in range(3)),
    ]
    found = count_catalog(shop, print)

    def ranked(by):
        return [k.name for k in found.rank("hat", by)]

    assert ranked("frequency") == ["color", "code", "brim"]
    assert ranked("distinct") == ["code", "brim", "color"]
    assert ranked("tfidf") == ["color", "code", "brim"]
    many = count_catalog(
        [*shop, *(product(f"x{i}", f"k{i}", ("color", "red")) for i in range(30))], print
    )
    assert [k.name for k in many.rank("hat", "tfidf")] == ["code", "brim", "color"]


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (KeyCounts("isbn issn", "isbn/issn", 9, 9), "identifier"),
        (KeyCounts("batteries included", "batteries included", 90, 2), "bookkeeping"),
        (KeyCounts("2024", "2024", 9, 2), "no letters"),
        (KeyCounts("a b c d e f", "a b c d e f", 9, 2), "more than"),
        (KeyCounts("model", "model", 100, 97), "single ones"),
        (KeyCounts("model", "model", 19, 19), ""),
        (KeyCounts("color", "color", 100, 12), ""),
        (KeyCounts("ช่องข้าง", "ช่องข้าง", 100, 12), ""),
    ],
)
def test_implausible_keys(key, reason):
    assert reason in why_implausible(key) and bool(reason) == bool(why_implausible(key))


def test_values_that_are_sentences_are_on_no_card():
    shop = [
        product(
            "a", "hat", ("care", "wash it by hand in cold water and never tumble dry, please, ok")
        )
    ]
    made = draw_up(count_catalog(shop, print), CardPlan())
    assert not made.cards and made.refused[0].reason == "no product has a single value"


def test_written_and_not_overwritten(tmp_path, counted):
    made, out = draw_up(counted[0], CardPlan()), tmp_path / "cards"
    write_made(out, made, made.rejects, {"rank_by": "frequency"}, counted[0])
    assert sorted(p.name for p in out.iterdir()) == [
        "counts.parquet", "hat.yaml", "made.json", "rejects.jsonl", "tie.yaml",
    ]  # fmt: skip
    rows = {(r["class"], r["key"], r["value"]): r["products"]
            for r in pq.read_table(out / "counts.parquet").to_pylist()}  # fmt: skip
    assert rows["hat", "color", "red"] == 3
    assert read_made(out)["refused"][0]["key"] == "isbn" and read_made(out)["products"] == 6
    with pytest.raises(StoreError, match="holds attribute cards already"):
        check_folder(out)
    with pytest.raises(DataError, match="no class has a key"):
        write_made(
            tmp_path / "none", draw_up(count_catalog([], print), CardPlan()), (), {}, counted[0]
        )


@pytest.mark.parametrize("plan", [{"rank_by": "size"}, {"keys": 0}, {"values": 0}, {"least": 0}])
def test_plans_that_make_no_sense(plan):
    with pytest.raises(DataError):
        CardPlan(**plan)


def test_claims_take_the_place_of_attributes(tmp_path):
    table = tmp_path / "claims.csv"
    table.write_text(
        "item,field,value,unit\na,Sleeve Length,short,\na,attributes.net_content,5,g\n"
        "b,free.neckline,n/a,\nz,brand,Acme,\n"
    )
    rejects: list = []
    claimed = read_claimed(table, rejects.append)
    made = list(with_claims([SHOP[0], SHOP[1]], claimed, rejects.append))
    assert [(a.key, a.value) for a in made[0].attributes] == [
        ("sleeve length", "short"), ("net content", "5 g"),
    ]  # fmt: skip
    assert made[1].attributes == () and [(r.item, r.source) for r in rejects] == [("z", "claims")]


@pytest.fixture(scope="module")
def shop(tmp_path_factory, request):
    from skulens.world.config import WorldConfig
    from skulens.world.make import make

    folder = tmp_path_factory.mktemp("shop")
    make(folder, WorldConfig(skus=240, seed=5, photos=0, views=()), workers=1)
    return list(World(folder).products())


def test_the_cards_of_a_shop_are_its_words(shop):
    """Every key and value of the shop stands on its class's card, and nothing else does; "none" is
    no answer to an open question."""
    truth, modality = defaultdict(set), {}
    for p in shop:
        for a in p.attributes:
            if not is_no_answer(a.value):
                truth[p.category[0], compare_form(a.key)].add(compare_form(a.value))
                modality[p.category[0], compare_form(a.key)] = a.modality
    made = draw_up(count_catalog(shop, print), CardPlan())
    keys = [(c.kind, k) for c in made.cards for k in c.keys]
    found = {
        (kind, compare_form(k.name)): {compare_form(v.text) for v in k.values} for kind, k in keys
    }
    assert found == truth and len(found) > 150
    assert {(kind, compare_form(k.name)): k.modality for kind, k in keys} == modality
    assert not made.refused
