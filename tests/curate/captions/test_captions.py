"""Questions hold what a caption may say; what fails is asked again with the reasons."""

import pytest

from skulens.chat.bulk.remember import Remembered
from skulens.chat.key import make_key
from skulens.chat.replies.store import ReplyStore
from skulens.curate.captions import captioner as room
from skulens.curate.captions import sources as texts
from skulens.curate.captions.captioner import Captioner, clean
from skulens.curate.captions.checks import Rules, Source
from skulens.curate.captions.sources import (
    Settings,
    answer_key,
    choose_roles,
    inputs_of,
    make_source,
    read_sources,
    roles_of,
)
from skulens.errors import ChatError, DataError
from skulens.prompts.load import load_prompt
from skulens.protocols import Reply
from skulens.records import Attribute, DatasetInfo, Product
from tests.curate.captions.asked import Scripted

WORDS = (lambda text: len(text.split()), 10)
RULES = Rules({"words": WORDS}, "The product is")
INFO = DatasetInfo("shop", "Shop")
PROMPT = load_prompt("openmpr_caption")


def source(name="a", text="A red can of Kova soup, ready in ten minutes, which everybody likes."):
    return Source(name, text)


def run(chat, sources, settings=Settings(), rules=RULES, prompt=PROMPT):
    return list(Captioner(chat, prompt, rules, settings).caption(sources))


def test_a_caption_that_passes_is_asked_once():
    chat = Scripted(lambda ask, n: "The product is Kova soup in a red can.")
    [done] = run(chat, [source()])
    assert done.state == "pass" and done.caption == "The product is Kova soup in a red can."
    assert len(chat.asked) == 1 and done.before == {"words": 13} and done.after == {"words": 9}


def test_what_fails_is_asked_again_with_the_reasons():
    said = [
        "The product is blue.",
        "The product is red Heinz soup.",
        "The product is soup in a red can.",
    ]
    chat = Scripted(lambda ask, n: said[n])
    [done] = run(chat, [source()])
    assert [a.caption for a in done.attempts] == said and done.state == "pass"
    first, second, third = (a.parts[0] for a in chat.asked)
    assert first in second and said[0] in second and "'blue'" in second and "'Heinz'" not in second
    assert said[1] in third and "'Heinz'" in third and said[0] not in third
    keys = {make_key(a, "scripted/1", []) for a in chat.asked}
    assert len(keys) == 3 and keys == {a.key for a in done.attempts}
    assert [a.sampling.get("temperature") for a in chat.asked] == [0, 0.7, 0.7]
    assert [a.sampling.get("seed") for a in chat.asked] == [None, 1, 2]


def test_the_same_answer_again_is_another_question():
    chat = Scripted(lambda ask, n: "The product is blue.")
    run(chat, [source()])
    assert len({make_key(a, "", []) for a in chat.asked}) == 3


def test_the_attempt_that_fails_least_is_kept_and_marked():
    said = [
        "The product is a red can of the very best soup that money can buy you",  # too long
        "The product is a blue Heinz can.",
        "The product is a blue can.",
    ]
    [done] = run(Scripted(lambda ask, n: said[n]), [source()])
    assert done.state == "marked" and done.caption == said[2]
    [done] = run(Scripted(lambda ask, n: said[n]), [source()], Settings(retries=0))
    assert done.caption == said[0] and len(done.attempts) == 1


def test_a_caption_that_fits_wins_over_a_longer_one_with_fewer_failures():
    said = ["The product is a red can of soup that is very very good", "blue Heinz"]
    [done] = run(Scripted(lambda ask, n: said[n]), [source()], Settings(retries=1))
    assert len(done.attempts[0].failed) < len(done.attempts[1].failed)
    assert done.caption == "blue Heinz"


@pytest.mark.parametrize("error", ["invalid_json", "schema_violation", "truncated"])
def test_an_answer_that_cannot_be_read_is_asked_for_again(error):
    good = "The product is soup in a red can."
    chat = Scripted(lambda ask, n: good if n else (error, "no"))
    [done] = run(chat, [source()])
    assert done.state == "pass" and done.attempts[0].error == error
    assert room.CORRECTABLE[error] in chat.asked[1].parts[0]


@pytest.mark.parametrize("error", ["refused", "transport", "rate_limit", "engine"])
def test_a_failure_that_would_be_repeated_is_kept(error):
    chat = Scripted(lambda ask, n: (error, "no"))
    [done] = run(chat, [source()])
    assert len(chat.asked) == 1 and done.state == "failed" and done.caption == ""
    assert done.best.error == error and done.best.reason == "no"


def test_an_answer_is_better_than_an_error():
    said = [("truncated", "too long"), "The product is blue.", ("refused", "no")]
    [done] = run(Scripted(lambda ask, n: said[n]), [source()])
    assert done.state == "marked" and done.caption == "The product is blue."


def test_captions_come_in_the_order_of_the_sources_whatever_the_engine_does(monkeypatch):
    monkeypatch.setattr(room, "CHUNK", 3)
    names = [f"p{i}" for i in range(8)]
    chat = Scripted(lambda ask, n: f"The product is {ask.id}, red can {n}.", backwards=True)
    done = run(chat, (source(name, f"{name} in a red can") for name in names))
    assert [d.source.id for d in done] == names
    assert all(d.caption.startswith(f"The product is {d.source.id}") for d in done)


def test_a_chunk_is_drawn_when_the_one_before_is_done(monkeypatch):
    monkeypatch.setattr(room, "CHUNK", 2)
    drawn = []

    def sources():
        for i in range(6):
            drawn.append(i)
            yield source(str(i))

    chat = Scripted(lambda ask, n: "The product is soup in a red can.")
    stream = Captioner(chat, PROMPT, RULES).caption(sources())
    next(stream)
    assert len(drawn) == 2 and len(chat.asked) == 2


def test_only_long_leaves_what_fits():
    chat = Scripted(lambda ask, n: "The product is soup in a red can.")
    done = run(chat, [source("short", "A red can."), source()], Settings(only_long=True))
    assert [d.state for d in done] == ["short", "pass"]
    assert done[0].caption == "A red can." and len(chat.asked) == 1


def test_a_reply_to_nobody_stops_the_run():
    class Wrong(Scripted):
        def ask(self, questions):
            for ask in questions:
                yield Reply(ask.id, value={"label": "x"})
                yield Reply(ask.id, value={"label": "y"})

    with pytest.raises(ChatError, match="'a', which was not asked, or answered twice"):
        run(Wrong(lambda ask, n: ""), [source()])


def test_a_question_without_an_answer_stops_the_run():
    class Silent(Scripted):
        def ask(self, questions):
            list(questions)
            return iter(())

    with pytest.raises(ChatError, match="1 questions without an answer.*resume"):
        run(Silent(lambda ask, n: ""), [source()])


def test_two_sources_of_one_id_are_refused():
    with pytest.raises(DataError, match="unique"):
        run(Scripted(lambda ask, n: ""), [source(), source()])


def test_nothing_is_asked_twice(tmp_path):
    said = ["The product is blue.", "The product is soup in a red can."]
    with ReplyStore(tmp_path) as store:
        first = run(Remembered(Scripted(lambda ask, n: said[n]), store), [source()])
        silent = Scripted(lambda ask, n: pytest.fail("asked again"))
        again = run(Remembered(silent, store), [source()])
    assert [a.caption for a in first[0].attempts] == [a.caption for a in again[0].attempts] == said
    assert all(a.cached for a in again[0].attempts)
    assert [a.key for a in first[0].attempts] == [a.key for a in again[0].attempts]


# ----- what is asked --------------------------------------------------------------------------


def test_roles_are_those_asked_for_openmprs_or_the_gallery_text():
    plain = roles_of(Product("a", title="T", texts={"description": "d", "blurb": "b", "none": ""}))
    assert plain == ["description", "blurb", "title"]
    assert choose_roles(Settings(), INFO, plain) == (("description",), ())
    asked = Settings(texts=("blurb", "title"), tag=("description",))
    assert choose_roles(asked, INFO, plain) == (("blurb", "title"), ("description",))
    told = (*texts.OPENMPR_TEXTS, *texts.OPENMPR_TAG, "caption")
    expected = (texts.OPENMPR_TEXTS, texts.OPENMPR_TAG)
    assert choose_roles(Settings(), INFO, told) == expected
    assert choose_roles(Settings(), INFO, ["title"]) == (("title",), ())
    with pytest.raises(DataError, match="called 'blurb'; texts there are: title"):
        choose_roles(Settings(texts=("blurb",)), INFO, ["title"])
    with pytest.raises(DataError, match="no texts"):
        choose_roles(Settings(), INFO, [])


def test_a_source_has_texts_title_and_the_attributes_that_are_checked():
    attributes = (Attribute("Colour", "red"), Attribute("origin", "Sweden"))
    product = Product("a", title="T", texts={"d": "one", "e": "two"}, attributes=attributes)
    made = make_source(product, ("d",), ("e",))
    assert (made.description, made.tag, made.title) == ("one", "two", "T")
    assert [a.key for a in made.attributes] == ["Colour"]
    assert [a.key for a in make_source(product, ("d",), (), ("origin",)).attributes] == ["origin"]
    assert make_source(product, ("title",), ()).title == ""  # said once
    assert make_source(product, ("f",), ()) is None


def test_products_that_cannot_be_asked_about_are_rejects():
    rejects = []
    products = [Product("a", texts={"d": "x"}), Product("b"), Product("a", texts={"d": "y"})]
    made = list(read_sources(products, Settings(), (("d",), ()), frozenset(), rejects.append))
    assert [s.id for s in made] == ["a"]
    assert [(r.item, r.reason) for r in rejects] == [
        ("b", "it has no text called d"), ("a", "the id occurred before")
    ]  # fmt: skip


def template(tmp_path, inputs, body, answer="given"):
    path = tmp_path / "own.md"
    kinds = {"tokens": "{about: a number, kind: number}"}
    slots = "\n".join(f"  {i}: {kinds.get(i, 'a text')}" for i in inputs)
    head = f"purpose: test\ninputs:\n{slots}\nanswer: {answer}"
    path.write_text(f"---\n{head}\n---\nSay.\n--- user ---\n{body}\n")
    return load_prompt(str(path))


def test_a_template_gets_the_slots_that_it_has(tmp_path):
    full = Source("a", "D", "T", "Title", (Attribute("colour", "red"),))
    prompt = template(tmp_path, ["description", "title"], "{{ title }}: {{ description }}")
    assert inputs_of(full, prompt, 9) == {"description": "D\ncolour: red", "title": "Title"}
    assert inputs_of(full, PROMPT, 9)["tag"] == "T\nTitle\ncolour: red"
    [ask] = [Captioner(Scripted(lambda a, n: ""), prompt, RULES).make_question(full)]
    assert ask.parts == ("Title: D\n  colour: red",) and ask.system == "Say."
    assert ask.template == prompt.sha256 and ask.stage == "caption"


def test_a_template_that_asks_for_more_is_refused_at_the_door(tmp_path):
    prompt = template(tmp_path, ["description", "price"], "{{ description }} {{ price }}")
    with pytest.raises(DataError, match="asks for 'price'; .*description, tag, title"):
        Captioner(Scripted(lambda a, n: ""), prompt, RULES)


def test_a_template_that_shows_nothing_is_refused(tmp_path):
    with pytest.raises(DataError, match="shows nothing of a product"):
        Captioner(Scripted(lambda a, n: ""), template(tmp_path, ["tokens"], "{{ tokens }}"), RULES)


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        ("text", None),
        ("given", "label"),
        (
            "{schema: {type: object, properties: {label: {type: string}, n: {type: string}}}}",
            "label",
        ),
        (
            "{schema: {type: object, properties: {said: {type: string}, n: {type: integer}}}}",
            "said",
        ),
    ],
)
def test_where_a_caption_stands_in_an_answer(tmp_path, answer, key):
    assert answer_key(template(tmp_path, ["description"], "{{ description }}", answer)) == key


def test_answers_without_a_caption_are_refused(tmp_path):
    prompt = template(
        tmp_path, ["description"], "{{ description }}",
        "{schema: {type: object, properties: {a: {type: string}, b: {type: string}}}}",
    )  # fmt: skip
    with pytest.raises(DataError, match="answers of prompt 'own' have a, b"):
        answer_key(prompt)


def test_free_text_and_other_keys_are_captions_too(tmp_path):
    class Free(Scripted):
        def ask(self, questions):
            for reply in super().ask(questions):
                yield Reply(reply.id, text=reply.text, value=self.value and {"said": reply.text})

    good = "The product is soup in a red can."
    for value, answer in (
        (False, "text"),
        (True, "{schema: {properties: {said: {type: string}}}}"),
    ):
        thought = "" if value else "<think>Short, then.</think>\n"  # which is no caption
        chat = Free(lambda ask, n, before=thought: before + good if n else "blue")
        chat.value = value
        prompt = template(tmp_path, ["description"], "{{ description }}", answer)
        [done] = run(chat, [source()], prompt=prompt)
        assert done.caption == good and "blue" in chat.asked[1].parts[0]
        assert ('{"said": "blue"}' in chat.asked[1].parts[0]) == value


def test_a_retry_keeps_the_instructions_before_all_else():
    chat = Scripted(lambda ask, n: "The product is blue.")
    run(chat, [source("a"), source("b", "A red can.")])
    first, second = chat.asked[0], chat.asked[2]
    assert second.system.startswith(first.system) and second.system != first.system
    assert chat.asked[2].system == chat.asked[3].system
    assert second.template != first.template and second.schema == first.schema


def test_count_open_asks_what_it_can_and_counts_the_rest():
    class Stored(Scripted):
        def ask(self, questions):
            for ask in questions:
                self.asked.append(ask)
                if ask.id == "a":
                    yield Reply(ask.id, value={"label": "The product is blue."})

    chat = Stored(lambda ask, n: "")
    maker = Captioner(chat, PROMPT, RULES)
    assert maker.count_open([source("a"), source("b"), source("c")]) == 2
    assert [a.id for a in chat.asked] == ["a", "b", "c", "a", "a"]


def test_a_text_without_end_is_a_reject(tmp_path):
    rejects = []
    products = [Product("a", texts={"d": "x " * texts.LONGEST})]
    assert not list(read_sources(products, Settings(), (("d",), ()), frozenset(), rejects.append))
    assert "characters, at most 50,000" in rejects[0].reason


def test_a_product_with_a_tag_alone_is_described_by_it():
    assert inputs_of(Source("a", "", "T"), PROMPT, 9) == {
        "description": "T", "tag": "", "tokens": 9
    }  # fmt: skip


def test_the_model_is_told_the_least_limit():
    rules = Rules({"a": (len, 77), "b": (len, 24)})
    ask = Captioner(Scripted(lambda a, n: ""), PROMPT, rules).make_question(source())
    assert "24 tokens" in f"{ask.system} {ask.parts[0]}" and "77" not in ask.system
    assert ask.sampling["max_tokens"] == 200


def test_sampling():
    assert Settings(max_tokens=None, temperature=None).sampling(77) == {}
    assert Settings().sampling(77) == {"max_tokens": 308, "temperature": 0.0}
    assert Settings(temperature=1.0).sampling(77, 2)["temperature"] == 1.0
    with pytest.raises(DataError, match="got -1"):
        Settings(retries=-1)


def test_a_caption_is_one_line():
    assert clean("  The product\nis  a\tcan. ") == "The product is a can."
