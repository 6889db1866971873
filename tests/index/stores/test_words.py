"""Words in five languages: cut, folded, found, and shown where they stand."""

import json
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from skulens.index.bm25 import WordIndex
from skulens.index.stores import words
from skulens.index.stores.words import compose, grams, matched, split, tokeniser

TITLES = json.loads((Path(__file__).parent / "titles.json").read_text(encoding="utf-8"))
icu = pytest.mark.skipif(not words.has_icu(), reason="needs icu4py")


@pytest.fixture
def no_icu(monkeypatch):
    monkeypatch.setattr(words, "has_icu", lambda: False)


def found_first(use_grams: bool) -> dict[str, list[str]]:
    """Language -> probes whose title alone is first."""
    ids, texts = list(TITLES["titles"]), list(TITLES["titles"].values())
    legs = [(split, 1.0), (grams, words.GRAM_WEIGHT)][: 1 + use_grams]
    indexes = [(cut, weight, WordIndex(map(cut, texts))) for cut, weight in legs]
    found: dict[str, list[str]] = {}
    for probe in TITLES["probes"]:
        text = probe["text"]
        if probe["kind"] == "decomposed marks":
            text = unicodedata.normalize("NFD", text)
        scores = sum(w * index.score(Counter(cut(text))) for cut, w, index in indexes)
        best = [i for i, s in zip(ids, scores, strict=True) if s == scores.max() > 0]
        found.setdefault(probe["language"], [])
        if best == [probe["finds"]]:
            found[probe["language"]].append(probe["text"])
    return found


@icu
def test_probes_find_their_titles():
    by_words, with_grams = found_first(False), found_first(True)
    every = Counter(probe["language"] for probe in TITLES["probes"])
    assert every == {"th": 4, "vi": 4, "id": 3, "ms": 2, "en": 2}
    assert {n: len(f) for n, f in with_grams.items()} == every
    assert {n: len(f) for n, f in by_words.items()} == {"th": 4, "vi": 4, "id": 2, "ms": 1, "en": 1}


def test_probes_find_their_titles_without_icu(no_icu):
    found = found_first(True)
    assert {n: len(f) for n, f in found.items()} == {"th": 4, "vi": 4, "id": 3, "ms": 2, "en": 2}
    assert tokeniser() == "pairs/1"


@icu
def test_texts_are_cut_into_words():
    assert split("เสื้อเชิ้ตผู้ชายแขนยาว") == ["เสื้อ", "เชิ้ต", "ผู้ชาย", "แขน", "ยาว"]
    assert split("Kaos-oblong, don’t! 5.8 USB-C") == ["kaos", "oblong", "don't", "5.8", "usb", "c"]
    assert split("ขนาด ๑๕๐ มล.") == ["ขนาด", "150", "มล"]
    assert tokeniser().startswith("icu ")


@pytest.mark.parametrize("cut_by_icu", [True, False])
@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("Đế giày ĐỎ", "de giay do"),
        (unicodedata.normalize("NFD", "Đế giày đỏ"), "de giay do"),
        ("Søren Œuvre Straße Łódź", "soren oeuvre strasse lodz"),
        ("ＡＢＣ １５", "abc 15"),
        ("İstanbul ISTANBUL", "istanbul istanbul"),
    ],
)
def test_words_that_look_alike_are_the_same(text, same, cut_by_icu, monkeypatch):
    if cut_by_icu and not words.has_icu():
        pytest.skip("needs icu4py")
    monkeypatch.setattr(words, "has_icu", lambda: cut_by_icu)
    assert split(text) == same.split()


@pytest.mark.parametrize("typed", ["น้\u0e4d\u0e32ปลา", "น\u0e4d\u0e49\u0e32ปลา"])
def test_thai_vowels_typed_in_parts(typed):
    assert split(typed) == split("น้ำปลา")
    assert split("เเป้ง") == split("แป้ง"), "sara e twice looks like sara ae"


def test_other_marks_make_other_words():
    assert split("ขา") != split("ข่า") != split("ข้า")


def test_odd_texts():
    assert split("") == grams("") == split(" \n…!😀_") == []
    assert split("a\ud800b 👟 shoe\x00s") == ["a", "b", "shoe", "s"]
    assert split("x" * 1000) == ["x" * words.LONGEST]
    assert split("soft\u00adhyphen") == ["softhyphen"]
    megabyte = "áo đỏ เสื้อ " * 90_000
    assert len(split(megabyte)) == 270_000


def test_grams_stay_within_words_but_cross_those_of_thai():
    assert grams("Boots in") == ["boo", "oot", "ots"]
    assert grams("สีแดง") == ["สีแ", "ีแด", "แดง"]
    assert grams("đỏ") == []


@icu
@pytest.mark.parametrize(
    ("query", "text", "marked"),
    [
        ("red shoes", "Red, scarlet or powdered shoe", ["Red", "shoe"]),
        ("boot", "Ankle BOOTS, boot", ["BOOTS", "boot"]),
        ("membaca", "Buku bacaan anak", ["bacaan"]),
        ("สีแดง วิ่ง", "รองเท้าผ้าใบสีแดงสำหรับวิ่ง", ["สีแดง", "วิ่ง"]),
        ("ชาย", "เสื้อผู้ชายสีขาว", ["ผู้ชาย"]),
        ("ao do", "Một chiếc áo màu đỏ 😀 Áo", ["áo", "đỏ", "Áo"]),
        ("size 10", "size 100, 10 pcs", ["size", "10"]),
        ("", "text", []),
        ("x", "", []),
    ],
)
def test_what_a_query_finds_is_marked(query, text, marked):
    assert [text[a:b] for a, b in matched(query, text)] == marked


def test_marks_stand_in_the_text_as_given():
    text = "😀 " + unicodedata.normalize("NFD", "Giày đế êm, màu đỏ") + " ซอสน้\u0e4d\u0e32ปลา"
    spans = matched("giay do nuoc น้ำปลา", text)
    assert [unicodedata.normalize("NFC", text[a:b]) for a, b in spans][:2] == ["Giày", "đỏ"]
    assert text[slice(*spans[-1])].endswith("น้\u0e4d\u0e32ปลา")


@pytest.mark.parametrize("text", ["Áo đỏ", "น้\u0e4d\u0e32ปลา", "e\u0301\u0323 각", ""])
def test_every_character_has_a_place_in_the_original(text):
    for given in (text, unicodedata.normalize("NFD", text)):
        composed, places = compose(given)
        assert unicodedata.is_normalized("NFC", composed)
        if places is None:
            assert composed == given
        else:
            assert len(places) == len(composed) + 1 and places[-1] == len(given)
            assert places == sorted(places)
            again = "".join(
                compose(given[a:b])[0] for a, b in zip(places, places[1:], strict=False) if a < b
            )
            assert again == composed
