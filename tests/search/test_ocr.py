"""Words on photos -> products, with a text reader whose answers are known."""

import numpy as np
import pytest
from rapidfuzz.distance import Indel

pytest.importorskip("bm25s")
pytest.importorskip("zxingcpp")

from skulens.index.bm25 import Bm25
from skulens.records import Image, Item, Query
from skulens.search.systems import ocr
from skulens.search.systems.ocr import Likeness, Ocr, _Matcher
from skulens.verify.look import Looker
from tests.search.printed import PixelReader, show

GALLERY = [
    Item("juice", ("Bravo apelsin juice, 1 liter",)),
    Item("milk", ("Arla mellanmjölk, ekologisk",)),
    Item("oats", ("Oatly havredryck",)),
    Item("plain", ("milk without a name",)),
    Item("mute", ()),
]


def ask(name: str, *parts, **more) -> Query:
    return Query(name, Item(name, parts), **more)


def rank(*queries: Query, gallery=GALLERY, k=9, reader=None) -> dict[str, list[str]]:
    run = Ocr(reader or PixelReader(), progress=False).rank(queries, gallery, k)
    return {q: [p for p, _ in run.candidates(i)] for i, q in enumerate(run.queries)}


def test_print_finds_its_product_and_a_blank_photo_finds_none():
    found = rank(
        ask("photo", show("BRAVO", "apelsin")),
        ask("blank", show("")),
        ask("foreign", show("zzzzzz 12")),
        ask("two", show("Arla"), show("OATLY havredryck")),
    )
    assert found == {"photo": ["juice"], "blank": [], "foreign": [], "two": ["oats", "milk"]}


def test_slips_of_the_reader_and_lost_accents_are_forgiven():
    found = rank(
        ask("q", show("MELLANMJOLK")), ask("r", show("mellanm0lk")), ask("s", show("0atIy"))
    )
    assert found == {"q": ["milk"], "r": ["milk"], "s": []}, "3 of 5 letters are another word"


def test_lost_accents_cost_nothing():
    gallery = [Item("a", ("öl",)), Item("b", ("ol2",))]
    assert rank(ask("q", show("OL")), gallery=gallery) == {"q": ["a"]}, "too short to be alike"
    scores = [
        Ocr(PixelReader(), progress=False).rank([ask("q", show(word))], GALLERY, 9).scores
        for word in ("mellanmjölk", "MELLANMJOLK")
    ]
    assert np.array_equal(*scores)


def test_a_word_that_occurs_stands_for_itself_alone():
    gallery = [Item("a", ("mango",)), Item("b", ("mangos",)), Item("c", ("mangoz",))]
    assert rank(ask("q", show("mango")), gallery=gallery) == {"q": ["a"]}
    assert set(rank(ask("q", show("mangox")), gallery=gallery)["q"]) == {"a", "b", "c"}


def test_short_words_are_matched_only_where_they_are_equal():
    gallery = [Item("a", ("ab",)), Item("b", ("abc",)), Item("c", ("abcd",))]
    assert rank(ask("q", show("ab")), gallery=gallery) == {"q": ["a"]}
    assert rank(ask("q", show("ac")), gallery=gallery) == {"q": []}
    assert rank(ask("q", show("abd")), gallery=gallery) == {"q": ["c"]}, "abc is 0.67 like abd"


class Sums:
    """An index whose scores are the weights that it is given."""

    words = ("apelsin", "apelsinjuice", "is", "mellanmjolk", "juice")

    def score(self, weights):
        return dict(weights)


@pytest.mark.parametrize("likeness", [Likeness(), Likeness(0.5, 2), Likeness(0.9, 6)])
@pytest.mark.parametrize("read", ["apelsin", "apelsln", "jui", "juices", "i", "mjolk", "qqqq"])
def test_weights_are_the_similarities_of_a_plain_loop(read, likeness):
    expected = {}
    for known in Sums.words:
        similarity = Indel.normalized_similarity(read, known)
        if min(len(read), len(known)) >= likeness.letters and similarity >= likeness.least:
            expected[known] = round(similarity, 2)
    if read in Sums.words:
        expected = {read: 1.0}
    assert _Matcher(Sums(), likeness).score([read, read]) == expected


def test_the_best_of_two_readings_of_a_word_counts():
    assert _Matcher(Sums()).score(["juices", "juice", "juicee"]) == {"juice": 1.0}


def test_texts_of_a_query_and_print_on_gallery_pictures_count_too():
    gallery = [*GALLERY, Item("shown", (show("Zebra"),)), Item("both", ("Lion", show("Tiger")))]
    found = rank(
        ask("text", "zebra"), ask("mixed", show("havredryck"), "lion"), ask("t", show("tiger")),
        gallery=gallery,
    )  # fmt: skip
    assert found["text"] == ["shown"] and set(found["mixed"]) == {"oats", "both"}
    assert found["t"] == ["both"]


def test_equal_words_score_as_bm25_does():
    text = "bravo juice 1"
    run = Ocr(PixelReader(), progress=False).rank([ask("q", show(text))], GALLERY, 9)
    plain = Bm25().rank([ask("q", text)], GALLERY, 9)
    assert list(run.candidates(0)) == list(plain.candidates(0)) != []


def test_at_most_k_and_the_best_item_of_a_product():
    gallery = [
        Item("a", ("tea",)),
        Item("a", ("green tea tea",)),
        Item("b", ("tea leaves in a box",)),
    ]
    run = Ocr(PixelReader(), progress=False).rank([ask("q", show("tea"))], gallery, 9)
    assert sorted(p for p, _ in run.candidates(0)) == ["a", "b"]
    assert rank(ask("q", show("tea")), gallery=gallery, k=1) == {"q": ["a"]}


def test_queries_that_cannot_be_read_are_named_and_not_in_the_run(tmp_path):
    gone = Image(path=str(tmp_path / "gone.png"))
    system = Ocr(PixelReader(), progress=False)
    queries = [ask("good", show("Oatly")), ask("gone", gone), ask("page", Image(data=b"<html>"))]
    gallery = [*GALLERY, Item("torn", (Image(data=b"GIF89a"), "Oatly"))]
    run = system.rank(queries, gallery, 9)
    assert run.queries == ("good",) and {p for p, _ in run.candidates(0)} == {"oats", "torn"}
    assert sorted(r.item for r in system.rejects) == ["gone", "page", "torn"]
    system.rank(queries[:1], GALLERY, 9)
    assert system.rejects == [], "those of the latest call"


def test_the_language_of_a_query_reaches_the_reader():
    reader = PixelReader()
    rank(ask("q", show("Oatly"), tags={"language": "sv"}), ask("r", show("Arla")), reader=reader)
    assert reader.given == [("sv",), ()]


def test_what_was_read_is_kept_and_a_killed_run_goes_on(tmp_path):
    queries = [ask(f"q{i}", show(f"word {i}", "Oatly")) for i in range(5)]

    class Dies(PixelReader):
        def read(self, picture, languages=()):
            if len(self.given) == 3:
                raise KeyboardInterrupt
            return super().read(picture, languages)

    with pytest.raises(KeyboardInterrupt):
        Ocr(Dies(), cache=tmp_path, progress=False).rank(queries, GALLERY, 9)
    again = PixelReader()
    first = Ocr(again, cache=tmp_path, progress=False)
    run = first.rank(queries, GALLERY, 9)
    assert len(again.given) == 2 and set(first.cost) == {"images_per_s"}
    third = PixelReader()
    warm = Ocr(third, cache=tmp_path, progress=False)
    same = warm.rank(queries, GALLERY, 9)
    assert third.given == [] and warm.cost == {}, "nothing was read: no rate is claimed"
    assert np.array_equal(run.scores, same.scores) and np.array_equal(run.order, same.order)


def test_readings_are_those_of_a_looker(tmp_path):
    """A cache that another command filled is used, and bars are not decoded for words."""
    photo = show("Oatly")
    system = Ocr(PixelReader(), cache=tmp_path, progress=False)
    system.rank([ask("q", photo)], GALLERY, 9)
    reader = PixelReader()
    looker = Looker(reader, bars=False, cache=tmp_path)
    seen, _ = looker.look_at(ocr.as_product(ask("q", photo)))
    assert reader.given == [] and [[line.text for line in m] for m in seen.lines.values()] == [
        ["Oatly"]
    ]


def test_identity_and_name_are_those_of_its_reader(monkeypatch):
    one, other = Ocr(PixelReader()), Ocr(PixelReader("thumbs"))
    assert one.info.identity != other.info.identity and one.info.parts[0].name == "pixels"
    assert one.info.params == 10 and one.info.kind == "retriever"
    assert Ocr(PixelReader(), likeness=Likeness(0.9)).info.identity != one.info.identity
    monkeypatch.setattr(ocr, "open_text_reader", PixelReader)
    named = [Ocr(name) for name in ("", "thumbs")]
    assert [(o.name, o.info.parts[0].name) for o in named] == [
        ("ocr", "routed"),
        ("ocr:thumbs", "thumbs"),
    ]
