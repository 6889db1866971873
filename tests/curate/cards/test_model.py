"""The steps that a model takes, with an engine of a few lines."""

import pytest

from skulens.curate.cards.card import Card, CardKey, CardValue
from skulens.curate.cards.make import CardSet
from skulens.curate.cards.model import (
    Answers,
    annotate_by_model,
    check_keys,
    choose_keys,
    choose_values,
    open_attributes,
)
from skulens.protocols import Reply
from skulens.records import Attribute, Image, Product, SystemInfo


class Engine:
    """Answers with what `say` gives for a question: a value, or a whole reply."""

    def __init__(self, say):
        self.say, self.asked = say, []
        self.info = SystemInfo(name="tiny", kind="chat", identity="tiny/1")

    def ask(self, questions):
        for ask in questions:
            self.asked.append(ask)
            said = self.say(ask)
            if said is not None:
                yield said if isinstance(said, Reply) else Reply(ask.id, value=said)


def values(*texts):
    return tuple(CardValue(t, (), 9 - i) for i, t in enumerate(texts))


@pytest.fixture
def made():
    keys = (
        CardKey("colour", values("red", "blue"), (), "visual", 9),
        CardKey("main color", values("red", "green"), (), "visual", 5),
        CardKey("isbn x", values("1", "2"), (), "text", 4),
        CardKey("fit", values("slim", "wide", "slim fit"), (), "visual", 3),
    )
    return CardSet([Card("hat", keys), Card("tie", keys[:1])])


def said(given, name="", keep=True):
    return {"given": given, "name": name or given, "keep": keep, "reason": "because"}


def test_checked_keys_are_dropped_renamed_and_joined(made):
    listed = [
        said("Colour", "Color"),
        said("main color", "color"),
        said("ISBN-X", keep=False),
        said("zip"),
    ]
    engine, answers = (
        Engine(lambda ask: {"attributes": listed if ask.id == "hat" else []}),
        Answers(),
    )
    done = check_keys(made, engine, answers)
    hat, tie = done.cards
    assert [(k.name, k.synonyms) for k in hat.keys] == [
        ("color", ("colour", "main color")),
        ("fit", ()),
    ]
    assert [(v.text, v.products) for v in hat.keys[0].values] == [
        ("red", 18),
        ("blue", 8),
        ("green", 8),
    ]
    assert tie == made.cards[1], "what the model leaves out stays"
    assert [(r.key, r.reason) for r in done.refused] == [("isbn x", "model: because")]
    assert [r.item for r in answers.rejects] == ["hat"] and "'zip'" in answers.rejects[0].reason
    assert "hat" in engine.asked[0].parts[0] and engine.asked[0].schema


def test_a_failure_leaves_the_card_and_is_named(made):
    answers = Answers()
    done = check_keys(
        made, Engine(lambda ask: Reply(ask.id, error="refused", reason="no")), answers
    )
    assert list(done.cards) == list(made.cards)
    assert [(r.item, r.reason) for r in answers.rejects] == [
        ("hat", "refused: no"),
        ("tie", "refused: no"),
    ]
    answers = Answers()
    check_keys(made, Engine(lambda ask: None), answers)
    assert answers.open == 2, "written into batch files"


def test_chosen_keys(made):
    listed = [said("fit", "cut"), said("colour"), said("nothing"), said("isbn x")]
    answers = Answers()
    done = choose_keys(made, Engine(lambda ask: {"attributes": listed}), 2, answers)
    assert [(k.name, k.synonyms) for k in done.cards[0].keys] == [("cut", ("fit",)), ("colour", ())]
    answers = Answers()
    same = choose_keys(made, Engine(lambda ask: {"attributes": []}), 2, answers)
    assert list(same.cards) == list(made.cards) and len(answers.rejects) == 2


def test_chosen_values(made):
    def say(ask):
        return {key: ["Wide", "wide", "crew", "slim"] for key in ask.schema["required"]}

    engine, answers = Engine(say), Answers()
    done = choose_values(made, engine, 2, answers)
    keys = {k.name: [v.text for v in k.values] for k in done.cards[0].keys}
    assert keys["fit"] == ["wide", "slim"]
    assert keys["colour"] == ["red", "blue"], "none of those named is one: all stay"
    assert any("'crew' is none" in r.reason and r.item == "hat:fit" for r in answers.rejects)
    assert engine.asked[0].schema["properties"]["fit"]["maxItems"] == 2


PHOTO = Image(data=b"x")
CARDS = {"hat": Card("hat", (
    CardKey("color", values("red", "blue"), ("colour",), "visual"),
    CardKey("fit", values("slim", "none"), (), "unknown"),
))}  # fmt: skip


def hat(id, *pairs, images=(PHOTO,)):
    return Product(id, title="A hat", category=("hat",), images=images,
                   attributes=tuple(Attribute(*p) for p in pairs))  # fmt: skip


def test_annotated_by_a_model():
    engine, answers = Engine(lambda ask: {"color": "blue", "fit": None}), Answers()
    products = [hat("a", ("Colour", "navy"), ("Colour", "dark")), hat("a"), hat("b", images=()),
                Product("c", category=("tie",), images=(PHOTO,)), hat("d")]  # fmt: skip
    done = list(annotate_by_model(products, CARDS, engine, answers))
    assert [p.id for p in done] == ["a", "d"]
    assert done[0].attributes == (Attribute("color", "blue", "visual", "tiny"),)
    assert [(r.item, r.reason) for r in answers.rejects] == [
        ("a", "the id occurred before"), ("b", "its product has no picture"), ("c", "its class has no card"),
    ]  # fmt: skip
    asked = engine.asked[0]
    assert asked.schema["properties"]["color"]["enum"] == ["red", "blue", None]
    assert "navy" in asked.parts[1] and "A hat" in asked.parts[1] and '"slim"' in asked.system


@pytest.mark.parametrize(
    ("text", "attributes", "reasons"),
    [
        ('{"color": "pink", "fit": "Slim"}', ["slim"], ["the value 'pink' of 'color'"]),
        ('```json\n{"Colour": "RED", "brim": "wide"}\n```', ["red"], ["the key 'brim'"]),
        ('{"color": "not visible", "fit": "none"}', ["none"], []),
        ('{"color": ["red"], "fit": null}', [], ["the value ['red'] of 'color'"]),
        ("[1]", None, ["schema_violation: broken"]),
        ("red", None, ["schema_violation: broken"]),
    ],
)
def test_answers_beside_the_card_are_rejects(text, attributes, reasons):
    reply = Reply("a", text=text, error="schema_violation", reason="broken")
    answers = Answers()
    done = list(annotate_by_model([hat("a")], CARDS, Engine(lambda ask: reply), answers))
    assert ([[a.value for a in p.attributes] for p in done] or [None]) == [attributes]
    assert len(answers.rejects) == len(reasons)
    for reject, reason in zip(answers.rejects, reasons, strict=True):
        assert reject.item == "a" and reject.reason.startswith(reason)


def test_open_attributes():
    listed = [{"name": "Neckline", "values": ["Crew", "V"]}, {"name": "fit", "values": []}]

    def say(ask):
        return (
            Reply(ask.id, error="engine", reason="gone")
            if ask.id == "b"
            else {"attributes": listed}
        )

    answers = Answers()
    done = list(
        open_attributes([hat("a", ("x", "y")), hat("b"), hat("c", images=())], Engine(say), answers)
    )
    assert [p.id for p in done] == ["a"]
    assert [(a.key, a.value, a.source) for a in done[0].attributes] == [
        ("Neckline", "Crew", "tiny"), ("Neckline", "V", "tiny"),
    ]  # fmt: skip
    assert [r.item for r in answers.rejects] == ["c", "b"] or [r.item for r in answers.rejects] == [
        "b",
        "c",
    ]
