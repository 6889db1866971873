"""Instructions in natural words: what is kept, what is asked again, what a trait does."""

import json
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from skulens.catalog.open import open_catalog
from skulens.chat.bulk.remember import Remembered
from skulens.chat.replies.store import ReplyStore
from skulens.curate.asked.rewrite import Plan, judge_shown, rewrite_catalog
from skulens.curate.asked.tagged import read_tagged
from skulens.errors import ChatError, DataError, StoreError
from skulens.prompts.load import load_prompt
from skulens.protocols import Reply
from skulens.records import Condition, Image, Item, Query
from tests.curate.asked.engine import Engine, product, text_of
from tests.curate.asked.files import on_disk

SHOP = [
    product("r", color="red", material="pine", title="เก้าอี้สีแดง <br>"),
    product("o", color="green", material="oak"),
    product("t1", color="red", material="oak"),
    product("t2", color="red", material="oak"),
    product("t3", color="red", material="oak"),
    product("n", color="blue", material="oak"),
]
WORDS = (
    "I want a chair in the color of <Product 1> |image| </Product 1> and the material of "
    "<Product 2> |image| </Product 2>."
)


@pytest.fixture
def shop(tmp_path):
    """A catalogue of three queries, the last without product tags, and its products."""
    found, _ = on_disk(SHOP, {}, tmp_path)
    photo = {p.id: p.images[0] for p in found.listed}
    parts = (
        "Find a chair with the same color as <Product 1> ", photo["r"],
        "\nเก้าอี้สีแดง </Product 1> and the same material as <Product 2> ", photo["o"],
        "\nOak & co </Product 2>",
    )  # fmt: skip
    conditions = (
        Condition("color", "red", 1, "r", modality="visual"),
        Condition("material", "oak", 3, "o", modality="text"),
        Condition("class", "chair", modality="both"),
    )
    first = Query(
        "q1", Item("q1", parts), {"t1": 1, "t2": 1, "t3": 1, "n": 0}, conditions,
        references=("r", "o"), hard_negatives=("n",), tags={"method": "x"}, group="t1",
    )  # fmt: skip
    second = replace(first, id="q2", item=Item("q2", ("Please f" + parts[0][1:], *parts[1:])))
    untagged = replace(first, id="q3", item=Item("q3", ("like ", photo["r"])),
                       conditions=(Condition("color", "red", 1, "r"),))  # fmt: skip
    probe = Query("probe", Item("probe", (photo["r"],)), {"r": 1})
    found.splits = {"composed": [first, second, untagged], "probes": [probe]}
    found.info = replace(found.info, splits=("composed", "probes"))
    return found


def run(shop, engine, out, **plan):
    made = rewrite_catalog(shop, engine, Plan(**plan), out)
    read = open_catalog(str(out), allow_outside=True)
    return made, {q.id: q for s in read.info.splits for q in read.queries(s)}


def rows(folder):
    return {r["query_id"]: r for r in pq.read_table(folder / "rewriting.parquet").to_pylist()}


def test_only_words_change(shop, tmp_path):
    engine = Engine(lambda ask: {"query": WORDS})
    made, found = run(shop, engine, tmp_path / "out")
    before = {q.id: q for q in shop.splits["composed"]}
    after = found["q1"]
    assert read_tagged(after).text == WORDS
    assert [p.path for p in after.item.parts if isinstance(p, Image)] == [
        str((tmp_path / f"{n}.png").resolve()) for n in ("r", "o")
    ]
    assert "|image| เก้าอี้สีแดง </Product 1>" in read_tagged(after).whole
    for name in ("relevant", "references", "hard_negatives", "group", "conditions"):
        assert getattr(after, name) == getattr(before["q1"], name)
    assert after.tags == {"method": "x", "instruction": "rewritten"}
    assert found["q3"].tags["instruction"] == "template" and "probe" in found
    assert made.states == {"rewritten": 2, "template": 1}
    row = rows(made.folder)["q1"]
    assert row["prompt_sha256"] == load_prompt("merit_rewrite").sha256
    assert row["engine"] == "scripted" and row["engine_identity"] == "scripted/1"
    assert row["attempts"] == 1 and row["new_words"] == ["want"]
    assert "no tags" in pq.read_table(made.folder / "rejects.parquet").to_pylist()[0]["reason"]


def test_titles_and_pictures_are_not_shown_to_the_model(shop, tmp_path):
    engine = Engine(lambda ask: {"query": WORDS})
    run(shop, engine, tmp_path / "out")
    said = str(engine.asked[0].parts[-1])
    assert "เก้าอี้" not in said and "red" not in said and said.endswith("</Product 2>.")
    assert len(engine.asked) == 2 and all(isinstance(p, str) for p in engine.asked[0].parts)


def test_a_lost_tag_is_asked_again_and_a_value_given_away_too(shop, tmp_path):
    def say(ask):
        text = text_of(ask)
        if "has to stand exactly once" in text:
            return {"query": WORDS.replace("a chair", "a red chair")}
        if "must not say 'red'" in text:
            return {"query": WORDS}
        return {"query": WORDS.replace(" </Product 2>", "")}

    made, found = run(shop, Engine(say), tmp_path / "out")
    assert made.passed_at == {3: 2} and read_tagged(found["q1"]).text == WORDS


def test_what_never_passes_keeps_its_words_and_is_marked(shop, tmp_path):
    engine = Engine(lambda ask: {"query": WORDS.replace("chair", "thing")})
    made, found = run(shop, engine, tmp_path / "out", retries=1)
    assert found["q1"].tags["instruction"] == "template"
    assert found["q1"].item.parts[0] == shop.splits["composed"][0].item.parts[0]
    row = rows(made.folder)["q1"]
    assert row["attempts"] == 2 and "'chair', has to be named" in row["problems"][0]
    assert row["after"] == row["before"] and "thing" in row["said"]
    record = json.loads((made.folder / "rewriting.json").read_text())
    assert record["states"] == {"template": 3} and record["rejects"] == 3


def test_a_free_text_prompt_of_ones_own_works(shop, tmp_path):
    mine = tmp_path / "mine.v1.md"
    mine.write_text(
        "---\npurpose: a query -> another\ninputs:\n  statement: The query.\n---\nSay it.\n"
        "--- user ---\nQuery: {{ statement }}\n"
    )
    made, _ = run(shop, Engine(lambda ask: WORDS), tmp_path / "out", prompt=str(mine))
    assert made.states["rewritten"] == 2


# ----- an added trait -----------------------------------------------------------------------------

TRAIT = WORDS[:-1] + " with a small logo"


def with_trait(seen):
    def say(ask):
        if "whether it has this trait" in text_of(ask):
            return {"reason": "so", "shown": seen is None or ask.id.split()[1] in seen}
        return {"trait": "with a small logo", "query": TRAIT}

    return Engine(say)


def test_answers_without_the_added_trait_are_no_longer_judged(shop, tmp_path):
    engine = with_trait({"t1", "t3"})
    made, found = run(shop, engine, tmp_path / "out", trait=True)
    assert found["q1"].relevant == {"t1": 1, "t3": 1, "n": 0}
    row = rows(made.folder)["q1"]
    assert row["trait"] == "with a small logo" and row["answers_without_trait"] == ["t2"]
    first = engine.asked[0]
    assert [p.path for p in first.parts if isinstance(p, Image)][-1].endswith("t1.png")
    assert sum(isinstance(p, Image) for p in first.parts) == 3
    looked_at = {a.id for a in engine.asked if "this trait: with a small logo" in text_of(a)}
    assert looked_at == {f"{q} {t}" for q in ("q1", "q2") for t in ("t1", "t2", "t3")}


def test_answers_that_nobody_looked_at_are_unjudged(shop, tmp_path):
    _, found = run(shop, with_trait({"t1", "t2", "t3"}), tmp_path / "out", trait=True, verify=2)
    assert found["q1"].relevant == {"t1": 1, "t2": 1, "n": 0}


def test_a_trait_that_no_answer_has_is_not_taken(shop, tmp_path):
    made, found = run(shop, with_trait(set()), tmp_path / "out", trait=True)
    assert found["q1"].tags["instruction"] == "template"
    assert found["q1"].relevant == {"t1": 1, "t2": 1, "t3": 1, "n": 0}
    assert "no answer was found to have" in rows(made.folder)["q1"]["problems"][0]


@pytest.mark.parametrize(
    "value", [{"shown": "No, not any"}, {"shown": "y"}, {"shown": 1}, {}, None, "true"]
)
def test_only_true_is_true(value):
    assert judge_shown("q", Reply("q", text="No, not any", value=value)).value is None
    assert judge_shown("q", Reply("q", value={"shown": False})).value is False


# ----- runs ---------------------------------------------------------------------------------------


def test_a_killed_run_goes_on_where_it_stopped(shop, tmp_path):
    asked = []
    with ReplyStore(tmp_path / "replies") as store:
        for dies_after in (1, 3, 0):
            engine = with_trait(None)
            engine.dies_after = dies_after
            try:
                made, _ = run(shop, Remembered(engine, store), tmp_path / "out", trait=True)
            except ChatError:
                assert dies_after and not (tmp_path / "out" / "products.parquet").exists()
            asked += [(text_of(a), a.parts[:-1] or a.parts) for a in engine.asked]
    assert made.states["rewritten"] == 2
    keys = [(text, tuple(p.read() for p in parts if isinstance(p, Image))) for text, parts in asked]
    assert len(keys) == len(set(keys)) == 2 + 3  # both queries have the same answers and trait


def test_folders_that_cannot_be_used_are_named(shop, tmp_path):
    run(shop, Engine(lambda ask: {"query": WORDS}), tmp_path / "out")
    with pytest.raises(StoreError, match="holds a catalogue already"):
        run(shop, Engine(lambda ask: pytest.fail("asked")), tmp_path / "out")
    shop.splits = {"probes": shop.splits["probes"]}
    shop.info = replace(shop.info, splits=("probes",))
    with pytest.raises(DataError, match="has no queries with conditions"):
        run(shop, Engine(str), tmp_path / "other")
