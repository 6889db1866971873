"""The three principles: what the catalogue decides, what a model says, what becomes of queries."""

import json
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from skulens.catalog.open import open_catalog
from skulens.chat.bulk.remember import Remembered
from skulens.chat.replies.store import ReplyStore
from skulens.curate.asked.filter import (
    Filtered,
    Plan,
    compare,
    filter_catalog,
    judge_principles,
)
from skulens.curate.asked.principles import PRINCIPLES, Facts, Finding, judge_query
from skulens.curate.asked.tagged import read_tagged
from skulens.curate.queries.make import write_rows
from skulens.errors import ChatError
from skulens.protocols import Reply
from skulens.records import Condition, Image, Item, Query
from tests.curate.asked.engine import Engine, product, text_of
from tests.curate.asked.files import on_disk

SHOP = [
    product("r", color="red", material="pine", title="Sofa chair"),
    product("o", color="green", material="oak", title="Chair of solid oak"),
    product("th", color="red", material="oak", title="เก้าอี้สวย", language="th"),
    product("id", color="red", material="oak", title="Kursi merah", language="id"),
    product("t1", color="red", material="oak"),
    product("t2", color="blue", material="oak"),
    product("bare"),
    product("table", kind="table", color="red", material="oak"),
]
FACTS = Facts({p.id: p for p in SHOP})
RED = Condition("color", "red", 1, "r", modality="visual")
OAK = Condition("material", "oak", 3, "o", modality="text")
CHAIR = Condition("class", "chair", modality="both")


def query(first="r", second="o", head="Find a chair", answers=("t1",), conditions=(RED, OAK, CHAIR),
          name="q", photos=None):  # fmt: skip
    held = FACTS.products
    photos = photos or {n: Image(data=n.encode()) for n in held}
    parts = (
        f"{head} with the same color as <Product 1> ", photos[first],
        f"\n{held[first].title} </Product 1> and the same material as <Product 2> ",
        photos[second], f"\n{held[second].title} </Product 2>",
    )  # fmt: skip
    shown = {"r": first, "o": second}
    asked = tuple(replace(c, product=shown.get(c.product or "")) for c in conditions)
    return Query(name, Item(name, parts), dict.fromkeys(answers, 1), asked,
                 references=(first, second), group=name)  # fmt: skip


def verdicts(asked):
    found = judge_query(asked, read_tagged(asked), FACTS)
    return tuple(found[p].verdict for p in PRINCIPLES), "; ".join(f.reason for f in found.values())


@pytest.mark.parametrize(
    ("asked", "expected", "reason"),
    [
        (query(), ("holds", "holds", "holds"), ""),
        (query(second="t1"), ("fails", "holds", "holds"), "product 2 does not tell material 'oak'"),
        (query(second="th"), ("unknown", "holds", "holds"), "may tell material 'oak' in another"),
        (query(head="Find a red chair"), ("holds", "fails", "holds"), "the query writes out color 'red'"),
        (query(head="Find an oak chair"), ("holds", "holds", "holds"), ""),
        (query(first="id"), ("holds", "fails", "holds"), "product 1 writes out color 'red'"),
        (query(first="th"), ("holds", "unknown", "holds"), "may write out color 'red' in another"),
        (query(answers=("t1", "t2")), ("holds", "holds", "fails"), "answer 't2': color blue, expected red"),
        (query(answers=("bare",)), ("holds", "holds", "unknown"), "no color of answer 'bare'"),
        (query(answers=("table",)), ("holds", "holds", "fails"), "class table, expected chair"),
        (query(answers=()), ("holds", "holds", "fails"), "has no answer"),
        (query(first="t2"), ("holds", "holds", "fails"), "reference 't2': color blue"),
        (query(conditions=(replace(RED, value=None), OAK)), ("holds", "holds", "unknown"), "what the same color is"),
        (query(head="Find a thing"), ("fails", "holds", "holds"), "the query does not tell class 'chair'"),
    ],
)  # fmt: skip
def test_the_catalogue_decides_what_it_knows(asked, expected, reason):
    found, reasons = verdicts(asked)
    assert found == expected and reason in reasons


@pytest.mark.parametrize(
    ("kind", "said"),
    [("cloth", "clothing"), ("headphone", "a pair of headphones"), ("sofa", "sofas")],
)
def test_a_class_may_be_called_as_the_templates_call_it(kind, said):
    asked = query(conditions=(RED, Condition("class", kind)), head=f"Find {said}")
    assert judge_query(asked, read_tagged(asked), FACTS)["non_omission"].verdict == "holds"


def test_a_value_that_the_class_is_called_by_is_not_written_out():
    gold = replace(RED, value="gold")
    asked = query(conditions=(gold, Condition("class", "gold")), head="Find gold jewelry")
    assert judge_query(asked, read_tagged(asked), FACTS)["vision_centric"].verdict == "holds"


# ----- the model ----------------------------------------------------------------------------------


def said(**verdict):
    return {
        k: v
        for p in PRINCIPLES
        for k, v in ((f"{p}_reason", f"because of {p}"), (p, verdict.get(p, True)))
    }


@pytest.mark.parametrize(
    "value",
    [
        said(accuracy="No, but any shopper would say only maybe"),
        said(accuracy="y"),
        said(vision_centric=1),
        {k: v for k, v in said().items() if k != "accuracy"},
        None,
        "yes",
    ],
)
def test_what_is_no_truth_value_is_no_answer(value):
    """The authors keep a query if the answer holds a y: "No, ... any" passes there, never here."""
    reply = Reply("q", text="No, the color differs in any case", value=value)
    judged = judge_principles("q", reply)
    assert judged.value is None and "true or false" in judged.problems[0]


def test_a_truth_value_is_taken_with_its_reason():
    judged = judge_principles("q", Reply("q", value=said(accuracy=False)))
    assert judged.value["accuracy"] == Finding("fails", "because of accuracy")
    assert judged.value["non_omission"].verdict == "holds"


@pytest.fixture
def shop(tmp_path):
    found, _ = on_disk(SHOP, {}, tmp_path)
    photos = {p.id: p.images[0] for p in found.listed}
    asked = [
        query(name="good", photos=photos),
        query(name="thai", second="th", photos=photos),
        query(name="wrong", answers=("t2",), photos=photos),
        query(name="thai wrong", first="th", answers=("t2",), photos=photos),
    ]
    untagged = Query("untagged", Item("untagged", ("like ", photos["r"])), {"t1": 1}, (RED,))
    probe = Query("probe", Item("probe", (photos["r"],)), {"r": 1})
    found.splits = {"composed": [*asked, untagged], "probes": [probe]}
    found.info = replace(found.info, splits=("composed", "probes"))
    return found


def run(shop, chat, out, **plan):
    made = filter_catalog(shop, chat, out, Plan(**plan))
    read = open_catalog(str(out), allow_outside=True)
    kept = {q.id for s in read.info.splits for q in read.queries(s)}
    rejects = {r["item"]: r for r in pq.read_table(out / "rejects.parquet").to_pylist()}
    rows = {r["query_id"]: r for r in pq.read_table(out / "filtering.parquet").to_pylist()}
    return made, kept, rejects, rows


def test_without_a_model_the_unknown_is_undecided(shop, tmp_path):
    made, kept, rejects, rows = run(shop, None, tmp_path / "out")
    assert kept == {"good", "probe"}
    assert made.states == {"kept": 1, "dropped": 2, "undecided": 1}
    assert set(rejects) == {"thai", "wrong", "thai wrong", "untagged"}  # nothing is lost
    assert (
        "in another language" in rejects["thai"]["reason"]
        and "ask a model" in rejects["thai"]["todo"]
    )
    assert (
        rows["wrong"]["accuracy_catalogue"] == "fails" and rows["wrong"]["accuracy_model"] is None
    )
    _, kept, rejects, _ = run(shop, None, tmp_path / "other", keep_undecided=True)
    assert kept == {"good", "thai", "probe"} and "thai" not in rejects


def test_what_the_composition_said_of_the_queries_kept_comes_along(shop, tmp_path):
    shop.root = tmp_path / "before"
    shop.root.mkdir()
    write_rows(shop.root / "composition.parquet", [{"query_id": n} for n in ("good", "thai")])
    (shop.root / "composition.json").write_text('{"seed": 5}')
    run(shop, None, tmp_path / "out")
    rows = pq.read_table(tmp_path / "out" / "composition.parquet").to_pylist()
    assert rows == [{"query_id": "good"}]
    assert json.loads((tmp_path / "out" / "composition.json").read_text()) == {"seed": 5}


def test_the_model_is_asked_about_the_rest_alone(shop, tmp_path):
    engine = Engine(lambda ask: said())
    made, kept, _, rows = run(shop, engine, tmp_path / "out")
    assert {a.id for a in engine.asked} == {"thai", "thai wrong"} and kept == {
        "good",
        "thai",
        "probe",
    }
    assert rows["thai"]["non_omission_model"] == "holds"
    assert rows["thai"]["non_omission_model_reason"] == "because of non_omission"
    assert rows["good"]["prompt_sha256"] is None and rows["thai"]["engine"] == "scripted"
    [thai] = [a for a in engine.asked if a.id == "thai"]
    assert [p.path for p in thai.parts[:-1]] == [
        str(tmp_path / f"{n}.png") for n in ("r", "th", "t1")
    ]
    assert "|image| เก้าอี้สวย </Product 2>" in text_of(thai) and "Title of t1" in text_of(thai)


def test_the_catalogue_counts_where_both_have_a_verdict(shop, tmp_path):
    engine = Engine(lambda ask: said(accuracy=ask.id != "good"))
    made, kept, _, rows = run(shop, engine, tmp_path / "out", ask_all=True)
    assert len(engine.asked) == 4 and kept == {"good", "thai", "probe"}
    assert rows["good"]["accuracy_model"] == "fails" and rows["good"]["state"] == "kept"
    found = {a.principle: a for a in made.agreements}
    assert found["accuracy"].counts == {
        ("holds", "fails"): 1, ("holds", "holds"): 1, ("fails", "holds"): 2,
    }  # fmt: skip
    assert found["accuracy"].agrees.value == 0.25 and found["accuracy"].caught.value == 0
    assert found["accuracy"].passed.value == 0.5 and found["non_omission"].agrees.n == 3
    record = json.loads((made.folder / "filtering.json").read_text())
    assert record["agreement"]["accuracy"]["counts"]["fails/holds"] == 2


def test_a_model_that_gives_no_verdict_leaves_it_undecided(shop, tmp_path):
    engine = Engine(lambda ask: said(non_omission="No, not any"))
    made, kept, rejects, rows = run(shop, engine, tmp_path / "out", retries=1)
    assert kept == {"good", "probe"} and rows["thai"]["state"] == "undecided"
    assert len(engine.asked) == 4 and "true or false" in rejects["thai"]["reason"]


def test_a_query_that_cannot_be_shown_is_undecided(shop, tmp_path):
    shop.listed = [replace(p, images=()) if p.id == "t1" else p for p in shop.listed]
    _, _, rejects, rows = run(shop, Engine(lambda ask: said()), tmp_path / "out")
    assert "answer 't1' has no picture" in rows["thai"]["problem"] and "thai" in rejects


def test_agreement_counts_groups_not_queries():
    """Ten queries of one SPU are one trial: the interval is as wide as with one."""

    def both(name, group, agrees):
        ours = dict.fromkeys(PRINCIPLES, Finding("holds"))
        theirs = dict.fromkeys(PRINCIPLES, Finding("holds" if agrees else "fails"))
        return Filtered(replace(query(name=name), group=group), ours, theirs)

    apart = [both(f"{i}", f"g{i}", i % 4) for i in range(40)]
    together = [both(f"{i}", f"g{i // 10}", i // 10 % 4) for i in range(40)]
    wide, narrow = (compare(f)[0].agrees for f in (together, apart))
    assert wide.value == narrow.value == 0.75 and wide.groups == 4 and narrow.groups == 40
    assert wide.high - wide.low > narrow.high - narrow.low > 0
    unknown = replace(apart[0], catalogue=dict.fromkeys(PRINCIPLES, Finding("unknown", "?")))
    assert compare([unknown]) == []


def test_a_killed_run_goes_on_where_it_stopped(shop, tmp_path):
    asked = []
    with ReplyStore(tmp_path / "replies") as store:
        for dies_after in (1, 2, 0):
            engine = Engine(lambda ask: said(), dies_after)
            try:
                _, kept, _, _ = run(shop, Remembered(engine, store), tmp_path / "out", ask_all=True)
            except ChatError:
                assert dies_after and not (tmp_path / "out" / "products.parquet").exists()
            asked += [(text_of(a), *(p.read() for p in a.parts[:-1])) for a in engine.asked]
    assert kept == {"good", "thai", "probe"}
    assert len(asked) == len(set(asked)) == 4
