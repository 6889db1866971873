"""Searches of a small shop whose right answers are known by hand: what its legs find, and its answers."""

import io
import threading
from dataclasses import replace

import numpy as np
import PIL.Image
import pytest

import skulens
from skulens.documents import FieldColumn, Schema
from skulens.encode.embed import Embedder
from skulens.errors import DataError, StoreError, UnknownName
from skulens.index.exact import ExactIndex
from skulens.index.stores import open_store as open_engine
from skulens.index.stores.fields import is_twin
from skulens.records import Image, Item, Query, Reject
from skulens.search.calibrated import Threshold
from skulens.search.legs import coverage
from skulens.search.request import Request, make_request
from skulens.search.shop import Shop
from tests.search.small_shop import (
    COLOURS,
    PRODUCTS,
    Colours,
    codes_of,
    column,
    ids,
    make_shop,
    photo,
)

pytestmark = pytest.mark.usefixtures("encoders")


# ----- one leg --------------------------------------------------------------------------------


def test_a_photo_finds_its_colour_with_cosines():
    answer = make_shop().search(photo=photo("red"), k=4)
    assert ids(answer) == ["r3", "r2", "r1", "o2"]  # equal scores: larger id first
    assert answer.hits[0].score == pytest.approx(1, abs=1e-6)
    orange, red = (np.array(COLOURS[c]) / np.linalg.norm(COLOURS[c]) for c in ("orange", "red"))
    assert answer.hits[3].score == pytest.approx(float(orange @ red), abs=1e-6)


def test_a_photo_alone_has_the_very_order_and_scores_of_its_encoder():
    shop, given = make_shop(), photo((90, 150, 60))
    found = {h.id: h.score for h in shop.search(photo=given, k=10).hits}
    [fused] = Embedder([Colours()]).embed_items([Item("q", (given,))], "query")
    names = sorted(p.id for p in PRODUCTS)
    index = ExactIndex(names, shop.store.vectors("picture", names))
    order, scores = index.search(fused.vectors, 10)
    assert list(found) == [names[i] for i in order[0]]
    assert list(found.values()) == pytest.approx(scores[0].tolist(), abs=1e-7)


def test_a_vector_may_be_given_and_comes_back():
    shop = make_shop()
    asked = shop.search(photo=photo("blue"), give_vectors=True)
    again = shop.search(vectors={"picture": 3 * asked.vectors["picture"]})
    assert [h.score for h in again.hits] == [h.score for h in asked.hits]
    assert ids(again) == ids(asked)
    assert shop.search(photo=photo("blue")).vectors == {}


def test_no_encoder_is_opened_for_a_given_vector(monkeypatch):
    shop = make_shop()
    monkeypatch.setattr(shop.embedder, "encoder", lambda _: pytest.fail("opened"))
    monkeypatch.setattr(shop.embedder, "_embedder", lambda _: pytest.fail("opened"))
    assert shop.search(vectors={"picture": np.array([1, 0, 0, 0])}, k=1).hits[0].id == "r3"


def test_weighted_photos_are_the_normalised_sum_of_unit_vectors():
    shop = make_shop()
    given = [(photo("red"), 2), (photo("blue"), -0.5), (photo("green"), 1)]
    found = shop.search(photo=given, give_vectors=True).vectors["picture"]
    unit = {c: np.append(COLOURS[c], 0) / np.linalg.norm(COLOURS[c]) for c in COLOURS}
    wanted = 2 * unit["red"] - 0.5 * unit["blue"] + unit["green"]
    np.testing.assert_allclose(found, wanted / np.linalg.norm(wanted), atol=1e-6)


def test_what_each_part_says_of_a_hit():
    answer = make_shop().search("cotton", [(photo("red"), 1), (photo("orange"), -0.5)], k=10)
    [hit] = [h for h in answer.hits if h.id == "o1"]
    cosine = next(h for h in make_shop().search(photo=photo("red")).hits if h.id == "o1").score
    assert [(p.part, p.weight) for p in hit.why.parts] == [(0, 1), (1, -0.5), (2, 1)]
    assert [p.score for p in hit.why.parts] == pytest.approx([cosine, 1, 0], abs=1e-6)


def test_weights_that_cancel_out():
    with pytest.raises(DataError, match="cancel out in 'picture'"):
        make_shop().search(photo=[(photo("red"), 1), (photo("red", 30), -1)])
    with pytest.raises(DataError, match="cancel out"):
        make_shop().search(photo=(photo("red"), 0))


def test_pages_are_pieces_of_the_whole():
    shop = make_shop()
    whole = shop.search("red shirt", photo("orange"), k=10)
    pages = [shop.search("red shirt", photo("orange"), k=3, offset=o) for o in range(0, 12, 3)]
    assert [i for page in pages for i in ids(page)] == ids(whole)
    assert [h.rank for page in pages for h in page.hits] == list(range(1, 11))
    assert ids(shop.search("red", offset=500)) == []


# ----- legs -----------------------------------------------------------------------------------


def test_legs_are_fused_by_reciprocal_ranks():
    shop = make_shop()
    even = {"picture": 1, "words": 1}
    answer = shop.search("coat", photo("red"), k=10, by="ranks", weights=even)
    first = answer.hits[0]
    assert (first.id, first.score) == ("r3", pytest.approx(first.why.relevance))
    assert first.why.legs["picture"].rank == 1
    assert sum(leg.share for leg in first.why.legs.values()) == pytest.approx(first.score)
    assert first.score == pytest.approx((1 / 61 + 1 / 61) / 2)
    assert answer.legs["picture"].parts == (0, 1)
    assert answer.legs["words"].parts == (1,)


def test_legs_are_fused_by_scores():
    answer = make_shop().search("coat", photo("blue"), k=10)
    shares = {leg: [h.why.legs[leg].share for h in answer.hits if leg in h.why.legs]
              for leg in ("picture", "words")}  # fmt: skip
    assert (max(shares["picture"]), min(shares["picture"])) == (pytest.approx(1 / 2), 0)
    assert (max(shares["words"]), min(shares["words"])) == (pytest.approx(1 / 2), 0)
    assert (answer.legs["picture"].weight, answer.legs["words"].weight) == (1, 1)


def test_words_count_by_how_much_of_them_the_best_hit_has():
    assert coverage("red coat", "a coat, red") == 1
    assert coverage("coats", "coat") == pytest.approx(2 / 3)  # coa, oat, but not ats
    assert coverage("sữa yến mạch", "Peach Class 1") == pytest.approx(1 / 4)
    assert coverage("xl", "size xl") == 1 and coverage("xl", "size m") == 0
    assert coverage("", "red") == coverage("?!", "red") == 0

    def most(words: str) -> float:
        """The largest share that the leg has in a hit."""
        hits = make_shop().search(words, photo("blue"), k=10).hits
        return max(h.why.legs["words"].share for h in hits if "words" in h.why.legs)

    assert most("coat") == pytest.approx(1 / 2)
    assert most("coats") == pytest.approx((2 / 3) / (1 + 2 / 3))
    nothing = make_shop().search("zzz", photo("blue")).hits[0].why.legs
    assert set(nothing) == {"picture"} and nothing["picture"].share == pytest.approx(1)


def test_photos_are_compared_with_texts_only_where_asked_or_nothing_else_is_there():
    both = make_shop(column("picture"), column("text"))
    assert set(both.search(photo=photo("red")).legs) == {"picture"}
    assert set(both.search(photo=photo("red"), weights={"text": 1}).legs) == {"picture", "text"}
    mixed = both.search("blue", photo("red"))
    assert (mixed.legs["picture"].parts, mixed.legs["text"].parts) == ((0, 1), (1,))
    assert set(make_shop(column("text")).search(photo=photo("red")).legs) == {"text"}


def test_words_that_match_are_shown():
    hits = make_shop().search("Coats red").hits
    assert next(h for h in hits if h.id == "r3").why.words == ("red", "coat")


@pytest.mark.parametrize("by", ["ranks", "scores"])
def test_a_leg_of_weight_0_is_left_out(by):
    shop = make_shop()
    alone = shop.search("coat", photo("red"), weights={"words": 0}, by=by)
    assert set(alone.legs) == {"picture"}
    words = shop.search("coat", photo("red"), weights={"picture": 0}, by=by)
    assert set(ids(words)) == {"r3", "b1", "n1"}


def test_columns_read_what_they_can():
    shop = make_shop(column("picture", "pictures"), column("text", "texts"))
    answer = shop.search("red", photo("blue"))
    assert {n: leg.parts for n, leg in answer.legs.items()} == {
        "picture": (0,),
        "text": (1,),
        "words": (1,),
    }
    assert not answer.notes


def test_a_part_that_no_leg_reads_is_told():
    shop = make_shop(column("text", "texts"))
    answer = shop.search("red", Image(path="b.jpg"), codes=False)
    [note] = answer.notes
    assert note.code == "part-unread" and note.sentence.startswith("b.jpg was read by no leg")


def test_a_query_that_nothing_reads():
    shop = make_shop(column("text", "texts"))
    with pytest.raises(DataError, match=r"search for photos: text \(texts\) reads text; words"):
        shop.search(photo=photo("red"))
    with pytest.raises(DataError, match="the weight of picture, words is 0"):
        make_shop().search("red", weights={"picture": 0, "words": 0})


def test_legs_that_there_are_not():
    shop = make_shop()
    with pytest.raises(UnknownName, match="'picture'"):
        shop.search("red", weights={"pictures": 1})
    with pytest.raises(UnknownName, match="'picture'"):
        shop.search(vectors={"pictur": [1, 0, 0, 0]})
    with pytest.raises(UnknownName, match="leg 'words'"):
        shop.search(vectors={"words": [1.0]})


def test_vectors_of_another_width():
    with pytest.raises(DataError, match="picture takes 4 numbers, got 3"):
        make_shop().search(vectors={"picture": [1, 0, 0]})
    with pytest.raises(DataError, match="length 0"):
        make_shop().search(vectors={"picture": [0, 0, 0, 0]})


# ----- answers --------------------------------------------------------------------------------


def test_fields_and_thumbnails_of_the_hits_alone(monkeypatch):
    shop = make_shop()
    asked, fetch = [], shop.store.fetch
    names = [c.field for c in shop.store.schema.fields if not is_twin(c.field)]

    def spy(ids, fields=None):
        asked.append((tuple(ids), fields))
        return fetch(ids, fields)

    monkeypatch.setattr(shop.store, "fetch", spy)
    answer = shop.search(photo=photo("red"), k=2)
    assert asked == [(("r3", "r2"), names)]
    assert answer.hits[0].fields["price"] == 90
    assert [h.thumbnail for h in answer.hits] == [b"r3", b"r2"]
    assert asked[1:] == [(("r3", "r2"), ["thumbnail"])]  # once for both


def test_without_details_nothing_is_fetched(monkeypatch):
    shop, fetch = make_shop(), make_shop().store.fetch
    fetched = []
    monkeypatch.setattr(shop.store, "fetch", lambda *a: fetched.append(a) or fetch(*a))
    answer = shop.search("coat", photo("red"), details=False)
    assert [(len(i), names) for i, names in fetched] == [(1, ["words"])]  # of the best hit by words
    assert ids(answer)[0] == "r3" and answer.hits[0].fields == {"id": "r3"}


def test_an_answer_as_json():
    import json

    record = (
        make_shop()
        .search("coat", photo("red"), like={"collar": "sku:r1"}, facets="price", give_vectors=True)
        .to_record()
    )
    again = json.loads(json.dumps(record, allow_nan=False))
    assert again["hits"][0]["why"]["legs"]["words"]["rank"] == 1
    assert again["facets"]["price"][0]["count"] == 1
    assert len(again["vectors"]["picture"]) == 4


def test_many_requests_are_embedded_together_and_bad_photos_are_rejects():
    shop = make_shop()
    good = [Request(Query(c, Item(c, (photo(c),))), k=1, codes=False) for c in ("red", "blue")]
    bad = Request(Query("bad", Item("bad", (Image(data=b"no picture"), "red"))))
    found = list(shop.answers([good[0], bad, good[1]]))
    assert isinstance(found[1], Reject) and found[1].item == "bad"
    assert [ids(found[0]), ids(found[2])] == [["r3"], ["b2"]]
    assert [ids(shop.answer(r)) for r in good] == [["r3"], ["b2"]]
    assert list(shop.answers([])) == []


@pytest.mark.parametrize("data", [b"", b"no picture", b"<svg/>", b"\xff\xd8\xff\xe0broken"])
def test_a_photo_that_is_none_is_named(data, tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"a\.jpg cannot be searched with"):
        make_shop().search("red", path)
    with pytest.raises(DataError, match=r"b\.jpg cannot be searched with"):
        make_shop().search(photo=tmp_path / "b.jpg")
    with pytest.raises(DataError, match="cannot be searched with"):
        make_shop().search(photo=tmp_path)


def test_ten_photos_are_one_question():
    answer = make_shop().search(photo=[photo(c, 10 + n) for n in range(2) for c in COLOURS], k=3)
    assert len(answer.hits) == 3 and answer.legs["picture"].parts == tuple(range(10))
    assert len(answer.hits[0].why.parts) == 10


def test_texts_of_any_letters():
    shop = make_shop()
    for text in ("red \ud800", "\x00", "😀" * 500, "a" * 10_000, "เสื้อสีแดง", "%'\";--"):
        assert shop.search(text).hits


def test_a_text_longer_than_an_encoder_reads_is_told():
    assert codes_of(make_shop().search("red " * 6)) == []  # 8 tokens with the special ones
    [note] = make_shop().search("red " * 7, photo("red")).notes
    assert note.code == "text-cut" and "9 tokens, colours reads 8" in note.sentence


def test_a_text_that_one_encoder_would_cut_is_left_to_one_that_reads_all_of_it():
    shop = make_shop(column("picture"), column("text", "readers"))
    short, long = "red " * 6, "red " * 7
    assert set(shop.search(short).legs) == {"picture", "text", "words"}
    answer = shop.search(long)
    assert set(answer.legs) == {"text", "words"} and answer.notes == ()
    both = shop.search(long, photo("blue"))  # the photo is still read
    assert both.legs["picture"].parts == (0,) and both.legs["text"].parts == (1,)
    named = shop.search(long, weights={"picture": 1})
    assert set(named.legs) == {"picture", "text", "words"} and codes_of(named) == ["text-cut"]
    assert shop.embedder.columns_to_read(make_request(long)) == ("text",)
    two = make_shop(column("picture"), column("text", "texts"))  # which cuts it, too
    assert "picture" in two.search(long).legs


def test_what_there_is_to_know_of_a_shop(monkeypatch):
    shop = make_shop(calibration=Threshold(0.5))
    info = shop.info()
    assert info["products"] == 10 and info["calibrated"]["value"] == 0.5
    monkeypatch.setattr("skulens.search.codes.can_read", lambda: False)
    assert "skulens[bars]" in str(shop.info()["bar_codes"])


def test_an_empty_store_answers():
    shop = make_shop(products=PRODUCTS)
    shop.store.delete([p.id for p in PRODUCTS])
    answer = shop.search("red", photo("red"), sort="price", collapse="spu", facets="price",
                         like={"collar": photo("blue")}, facts="prefer")  # fmt: skip
    assert answer.hits == () and answer.facets == {"price": {}}


def test_a_store_of_another_encoder(monkeypatch):
    shop, make = make_shop(), Colours.__init__

    def change(self, *args, **more):
        make(self, *args, **more)
        object.__setattr__(self.info, "identity", "colours-2")

    monkeypatch.setattr(Colours, "__init__", change)
    with pytest.raises(StoreError, match="colours"):
        shop.search(photo=photo("red"))


def test_an_encoder_may_stand_elsewhere_now():
    moved = make_shop(replace(column("picture"), encoder="gone:somewhere"))
    with pytest.raises(StoreError, match="gone:somewhere"):
        moved.search(photo=photo("red"))
    found = Shop(moved.store, encoders={"picture": "colours"}).search(photo=photo("red"), k=1)
    assert ids(found) == ["r3"]
    with pytest.raises(StoreError, match="not what made the column 'picture'"):
        Shop(moved.store, encoders={"picture": "pictures"}).search(photo=photo("red"))
    with pytest.raises(UnknownName, match="'picture'"):
        Shop(moved.store, encoders={"pictures": "colours"})


def test_the_door_of_the_package(tmp_path, monkeypatch):
    schema = Schema((column("picture"),), (FieldColumn("id", "text"),))
    store = open_engine("memory:", schema)
    monkeypatch.setattr("skulens.search.shop.open_engine", lambda address: store)
    with skulens.open_store("memory:") as shop:
        assert isinstance(shop, Shop) and shop.store is store


def test_threads_may_share_a_shop():
    shop, found, errors = make_shop(), {}, []
    shop.search(photo=photo("red"))

    def ask(colour):
        try:
            for _ in range(5):
                found.setdefault(colour, set()).add(tuple(ids(shop.search(colour, photo(colour)))))
        except Exception as e:
            errors.append(e)

    threads = [threading.Thread(target=ask, args=(c,)) for c in COLOURS]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not errors
    assert all(len(answers) == 1 for answers in found.values())


def test_photos_are_upright():
    picture = PIL.Image.new("RGB", (20, 10), COLOURS["red"])
    out = io.BytesIO()
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(out, "JPEG", exif=exif)
    assert make_shop().search(photo=out.getvalue(), k=1).hits[0].id == "r3"
