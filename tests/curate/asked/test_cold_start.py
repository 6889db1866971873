"""From similar pairs to queries: looked up where the catalogue knows, asked where it does not."""

import json
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

from skulens.catalog.open import open_catalog
from skulens.chat.bulk.remember import Remembered
from skulens.chat.replies.store import ReplyStore
from skulens.compose.pool import make_pool
from skulens.compose.profiles import SOUND
from skulens.curate.asked.cold_start import judge_choice
from skulens.curate.asked.differences import Chain, Known, Partners, Refused, Taken
from skulens.curate.asked.expand import Plan, expand_catalog, one_each
from skulens.curate.asked.pictures import Window
from skulens.curate.asked.rounds import Unanswered
from skulens.curate.asked.tagged import read_tagged
from skulens.errors import ChatError, StoreError
from skulens.protocols import Reply
from skulens.records import Attribute
from tests.curate.asked.engine import Engine, product, text_of
from tests.curate.asked.files import on_disk

KNOWN = [
    product("a", color="red", shape="round", pattern="plain", size="S"),
    product("b", color="red", shape="square", pattern="dots", size="M"),
    product("c", color="red", shape="square", pattern="dots", size="L"),
    product("d", color="red", shape="square", pattern="plain", size="M"),
    product("e", color="red", shape="round", pattern="dots", size="M"),
    product("f", color="blue", shape="square", pattern="dots", size="M"),
    product("s", kind="table", color="blue", shape="square", pattern="wavy", size="L"),
    product("p", kind="desk", color="blue", shape="oval", pattern="dots", size="S"),
    product("m", kind="bench", color="green", shape="oval", pattern="wavy", size="M"),
    product("r", kind="stool", color="green", shape="round", pattern="plain", size="S"),
]
"""a and b are similar; each other chair fails one of the conditions red, square, dots, M."""
NEAR = {
    b"a": (1, 0, 0), b"b": (1, 0.05, 0), b"c": (0, 1, 0), b"d": (0, 0, 1), b"e": (-1, 0, 0),
    b"f": (0, -1, 0), b"s": (0.9, 0.5, 0), b"p": (0.8, 0.1, 0.9), b"m": (0.7, 0.7, 0),
    b"r": (0.5, 0, 0.9),
}  # fmt: skip
WINDOW = Window(neighbours=1, least=0.9)
RULES = replace(SOUND, most_share=1.0)
"""In a shop of ten products any answer is more than 5 % of it."""


@pytest.fixture
def make(tmp_path):
    """Run a cold start over products; the queries read back from its folder, by id."""

    def run(products, chat=None, out="out", vectors=NEAR, **plan):
        shop, near = on_disk(products, vectors, tmp_path)
        plan = Plan(**({"quotas": {2: 1}, "window": WINDOW, "profile": RULES} | plan))
        made = expand_catalog(shop, near, chat, plan, tmp_path / out)
        read = open_catalog(str(tmp_path / out), allow_outside=True)
        if not made.queries:
            return made, []
        return made, sorted(read.queries("composed"), key=lambda q: q.answers)

    return run


def asked_for(query):
    return [(c.key, c.value, c.product) for c in query.conditions]


def test_what_the_catalogue_knows_is_looked_up(make):
    engine = Engine(lambda ask: pytest.fail(f"asked {text_of(ask)}"))
    made, queries = make(KNOWN, engine)
    assert made.queries == 1 and not engine.asked and made.composition.missing == {}
    [query] = queries
    assert asked_for(query) == [
        ("color", "red", "a"), ("shape", "square", "s"), ("class", "chair", None),
    ]  # fmt: skip
    assert query.answers == ("b", "c", "d") and query.references == ("a", "s")
    assert query.tags["judgements"] == "complete" and query.tags["method"] == "cold-start"
    assert {p: g for p, g in query.relevant.items() if not g} == {"e": 0, "f": 0}  # one fails each
    assert "chair" in read_tagged(query).frame[0] and "shape" in read_tagged(query).frame[1]


def test_chains_have_different_keys_and_partners_show_their_own_alone(make):
    made, queries = make(KNOWN, quotas={4: 1})
    [query] = queries
    keys = [c.key for c in query.conditions if c.product]
    assert len(keys) == len(set(keys)) == 4 and query.tags["n_conditions"] == "4"
    values = {p.id: {(a.key, a.value) for a in p.attributes} for p in KNOWN}
    wanted = {c.product: (c.key, c.value) for c in query.conditions if c.product}
    for reference, own in wanted.items():
        assert set(wanted.values()) & values[reference] == {own}
    assert set(wanted.values()) <= values["b"] and query.answers == ("b",)


def test_a_condition_without_which_the_answers_are_the_same_is_passed_over(make):
    """All square chairs are dotted here: asking for both would make one redundant."""
    alike = [
        product("a", color="red", shape="round", pattern="plain"),
        product("b", color="red", shape="square", pattern="dots"),
        product("s", kind="table", color="blue", shape="square", pattern="plain"),
        product("p", kind="table", color="blue", shape="oval", pattern="dots"),
        product("o", color="red", shape="oval", pattern="plain"),
        product("g", color="green", shape="square", pattern="dots"),
    ]
    made, _ = make(alike, vectors=NEAR | {b"o": (0, 1, 0.2), b"g": (0, 1, 0.1)}, quotas={3: 5})
    assert made.queries == 0 and made.composition.missing == {"n_conditions=3": 5}
    assert (
        made.composition.funnel["cold-start", "no further difference that a product can show"] > 0
    )


def test_partners_look_like_the_target_or_the_references(make):
    more = [*KNOWN, product("z", kind="table", color="blue", shape="square", pattern="wavy")]
    near = NEAR | {
        b"a": (1, 0.3, -0.3), b"b": (1, 0.3, 0.3), b"s": (1, 0.5, -0.5), b"z": (1, 0.5, 0.5),
    }  # fmt: skip
    window = Window(1, least=0.8)
    shown = {}
    for towards in ("target", "references"):
        _, [query] = make(more, out=towards, vectors=near, towards=towards, window=window)
        shown[towards] = query.references
    assert shown == {"target": ("a", "z"), "references": ("a", "s")}


def test_told_in_words_no_partner_is_needed(make):
    assert make(KNOWN[:5], out="shown")[0].queries == 0
    made, [query] = make(KNOWN[:6], tell="words")
    assert query.references == ("a",)
    assert "<Product 2> a product with shape: square </Product 2>" in read_tagged(query).whole
    assert asked_for(query)[1] == ("shape", "square", None) and query.answers == ("b", "c", "d")


BARE = [
    product("a", shape="round"),
    product("b"),
    *KNOWN[2:],
]


def model(ask):
    """Sees that b is a red chair with dots of size M."""
    text = text_of(ask)
    if "Name one attribute in which they are the same" in text:
        return {"attribute": "color", "value": "red"}
    if "Most Significant Attribute" in text:
        return "pattern" if "pattern" in text.split("choose from: ")[1] else "size."
    return '"dots"' if "attribute: pattern" in text else "L"


def test_what_the_catalogue_lacks_is_asked_and_marked(make):
    engine = Engine(model)
    made, queries = make(BARE, engine, quotas={3: 1})
    [query] = queries
    assert [c.key for c in query.conditions] == ["color", "pattern", "size", "class"]
    assert query.tags["judgements"] == "unverified" and query.relevant == {query.answers[0]: 1}
    steps = dict(made.composition.funnel)
    assert steps.pop(("cold-start", "proposed")) == sum(steps.values())
    attributes = [text_of(a).split("choose from: ")[1].split("\n")[0] for a in engine.asked
                  if "Most Significant Attribute" in text_of(a)]  # fmt: skip
    assert attributes == ["pattern, shape, size", "shape, size"]  # never a key that was taken
    [row] = pq.read_table(made.folder / "composition.parquet").to_pylist()
    assert row["known"] == [False, False, False] and row["shown"] in ("a", "b")
    recipe = json.loads((made.folder / "composition.json").read_text())
    assert recipe["engine"] == "scripted" and recipe["engine_identity"] == "scripted/1"
    rows = pq.read_table(made.folder / "candidates.parquet").to_pylist()
    assert {r["number"] for r in rows} == {2, 3} and {r["query_id"] for r in rows} == {query.id}
    assert rows[0]["product_id"] == query.references[1] and rows[0]["rank"] == 1


def test_the_value_of_a_target_that_has_one_is_not_asked(make):
    known_target = [
        product("a", color="red"),
        product("b", color="red", pattern="dots"),
        *KNOWN[2:],
    ]
    engine = Engine(model)
    _, queries = make(known_target, engine, quotas={2: 2})
    of_b = next(q for q in queries if q.answers[0] == "b")
    assert ("pattern", "dots") in [(c.key, c.value) for c in of_b.conditions]
    asked = [text_of(a) for a in engine.asked if a.id == "a>b"]
    assert len(asked) == 1 and "Most Significant Attribute" in asked[0]
    assert of_b.tags["judgements"] == "unverified"


@pytest.mark.parametrize(
    "said",
    [
        "No, they share many, but not any color",
        "colour",
        "pattern and shape",
        "",
        "ลาย",
        "the pattern",
    ],
)
def test_an_answer_off_the_list_is_asked_again_and_then_dropped(make, said):
    def say(ask):
        return said if "Most Significant" in text_of(ask) else model(ask)

    engine = Engine(say)
    made, queries = make(BARE, engine, quotas={2: 1}, retries=1)
    assert made.queries == 0 and made.composition.missing == {"n_conditions=2": 1}
    assert sum("Most Significant" in text_of(a) for a in engine.asked) == 4  # two pairs, twice each
    assert [r.item for r in made.rejects if r.source == "cold start"] in (
        ["a>b", "b>a"],
        ["b>a", "a>b"],
    )
    assert "one entry of the list" in made.rejects[-1].reason


@pytest.mark.parametrize(
    ("said", "value"),
    [("striped", "striped"), (" 'Striped'. ", "striped"), ("<think>no</think>STRIPED", "striped"),
     ("no", ""), ("No.", ""), ("No, none of them; any striped one", None), ("y", None), ("ลายทาง", "ลายทาง")],
)  # fmt: skip
def test_a_value_is_one_whole_entry(said, value):
    """The authors' filter takes any answer with a y in it: "No, ... any" passes there."""
    judge = judge_choice(["striped", "floral", "ลายทาง", "no"], "no")
    assert judge("q", Reply("q", text=said)).value == value


def test_no_value_ends_the_chain_and_is_counted(make):
    say = lambda ask: "no" if "Specific Value" in text_of(ask) else model(ask)  # noqa: E731
    made, _ = make(BARE, Engine(say), quotas={2: 1})
    assert made.composition.funnel["cold-start", "the model finds no value that fits"] == 2


def test_nobody_asked_leaves_unknown_pairs_out(make):
    made, _ = make(BARE, None, quotas={2: 1})
    assert made.queries == 0
    assert (
        made.composition.funnel["cold-start", "unknown to the catalogue, and nobody is asked"] == 2
    )


def test_the_papers_instruction_leaves_the_target_alone_judged(make):
    def say(ask):
        statement = (
            str(ask.parts[-1]).partition("Search Statement: ")[2].partition("\nYour Return")[0]
        )
        assert "<Product 2> a product with shape: " in statement  # as in the paper, in words
        return statement.removesuffix(".") + " with a small logo"

    _, [query] = make(KNOWN, Engine(say), instruct=True)
    text = read_tagged(query).text
    assert text.removesuffix(".").endswith("</Product 2> with a small logo")
    assert query.answers == ("b",) and query.tags["judgements"] == "unverified"
    assert query.tags["instruction"] == "model" and query.references == ("a", "s")


def test_an_instruction_that_loses_a_tag_is_left_as_it_was(make):
    made, queries = make(KNOWN, Engine(lambda ask: "A red chair with a logo"), instruct=True)
    assert {q.tags["instruction"] for q in queries} == {"template"}
    assert [r.source for r in made.rejects] == ["instruction"]
    assert all(q.tags["judgements"] == "unverified" for q in queries)


def test_a_killed_run_goes_on_and_makes_the_same(make, tmp_path):
    plan = {"quotas": {3: 1}}
    _, expected = make(BARE, Engine(model), out="whole", **plan)
    asked = []
    with ReplyStore(tmp_path / "replies") as store:
        for dies_after in (1, 2, 0):
            engine = Engine(model, dies_after)
            try:
                _, queries = make(BARE, Remembered(engine, store), out="resumed", **plan)
            except ChatError:
                assert dies_after and not (tmp_path / "resumed" / "products.parquet").exists()
            asked += [
                (text_of(a), *(p.read() for p in a.parts if not isinstance(p, str)))
                for a in engine.asked
            ]
    assert [(q.id, q.conditions) for q in queries] == [(q.id, q.conditions) for q in expected]
    assert len(asked) == len(set(asked)) > 3


def test_questions_left_open_make_nothing(make, tmp_path):
    class Silent(Engine):
        def ask(self, questions):
            list(questions)
            return iter(())

    with pytest.raises(Unanswered):
        make(BARE, Silent(str))
    assert not list((tmp_path / "out").glob("*.parquet"))


def test_the_same_for_one_seed_and_another_order_for_another(make):
    ids = [make(KNOWN, out=f"{i}", seed=seed)[1][0].id for i, seed in enumerate((0, 0, 1, 2, 3, 4))]
    assert ids[0] == ids[1] and set(ids) == {"cold-start-2-000000", "cold-start-2-000001"}


def test_a_folder_that_holds_a_catalogue_is_left_alone(make, tmp_path):
    make(KNOWN)
    with pytest.raises(StoreError, match="holds a catalogue already"):
        make(KNOWN)


# ----- single look-ups ----------------------------------------------------------------------------


def look_up(products, **partners):
    """The look-ups of a pool, and a chain from a to b without conditions."""
    pool, _ = make_pool(products)
    place = {name: i for i, name in enumerate(pool.ids)}
    vectors = np.tile(np.array([[1.0, 0, 0]], np.float32), (len(pool), 1))
    chain = Chain(0, place["a"], place["b"], 0.9)
    return Known.of(pool, Partners(vectors, **partners), [chain]), chain, place


def taken(known, chain, key, value, shown):
    return chain.then(Taken(known.numbers[key, value], shown, known=True))


def test_a_redundant_difference_is_passed_over_for_the_next():
    """Every square chair is dotted and not the other way round: asking for square first makes dots
    idle, and dots after square says nothing."""
    products = [
        product("a", color="red", shape="round", pattern="plain", size="S"),
        product("b", color="red", shape="square", pattern="dots", size="M"),
        product("c", color="red", shape="square", pattern="dots", size="L"),
        product("d", color="red", shape="round", pattern="dots", size="M"),
        product("f", color="blue", shape="square", pattern="dots", size="M"),
        product("s", kind="table", color="blue", shape="square", pattern="wavy", size="L"),
        product("p", kind="desk", color="blue", shape="oval", pattern="dots", size="S"),
        product("m", kind="bench", color="green", shape="oval", pattern="wavy", size="M"),
    ]
    known, chain, place = look_up(products)
    chain = taken(known, chain, "color", "red", place["a"])
    chain = taken(known, chain, "shape", "square", place["s"])
    found = known.differ(chain)
    assert known.pool.pairs[found.pair] == ("size", "M") and known.hidden(place["b"], found.pair)


def patterned(name, color, *patterns):
    values = [("color", color), *(("pattern", p) for p in patterns)]
    told = tuple(Attribute(key, value, "visual") for key, value in values)
    return replace(product(name), attributes=told)


def test_a_key_is_never_taken_twice_even_with_another_value():
    """Each of red, dots and stars alone would exclude somebody."""
    products = [
        patterned("a", "red", "plain"),
        patterned("b", "red", "dots", "stars"),
        patterned("c", "red", "dots"),
        patterned("d", "red", "stars"),
        patterned("e", "blue", "dots", "stars"),
        product("s", kind="table", pattern="dots"),
        product("p", kind="desk", pattern="stars"),
    ]
    known, chain, place = look_up(products)
    chain = taken(known, chain, "color", "red", place["a"])
    assert known.pool.pairs[known.differ(chain).pair] == ("pattern", "dots")
    chain = taken(known, chain, "pattern", "dots", place["s"])
    assert isinstance(known.differ(chain), Refused)


def test_who_can_show_a_value():
    products = [
        product("a", color="red", shape="round", spu="A"),
        product("b", color="red", shape="square", spu="B"),
        product("sibling", kind="table", color="blue", shape="square", spu="B"),
        product("kin", kind="table", color="blue", shape="square", spu="A"),
        product("red", kind="table", color="red", shape="square"),
        product("thai", kind="table", color="blue", shape="square", language="th"),
        product("good", kind="table", color="blue", shape="square", spu="C"),
    ]
    known, chain, place = look_up(products)
    square = known.numbers["shape", "square"]
    chain = taken(known, chain, "color", "red", place["a"])
    assert [known.pool.ids[p] for p in known.able(chain, square)] == ["good"]
    blue = known.numbers["color", "blue"]
    after = chain.then(Taken(square, place["good"], known=True))
    assert len(known.able(after, blue)) == 0  # the second product is blue, too


def test_a_product_is_the_target_of_one_query_at_most():
    chains = [Chain(0, 1, 2, 0.9), Chain(1, 3, 2, 0.9), Chain(2, 1, 4, 0.9), Chain(3, 1, 5, 0.9)]
    assert [c.number for c in one_each(chains, used={4})] == [0, 3]
