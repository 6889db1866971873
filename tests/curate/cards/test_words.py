"""The two forms of a key or value."""

import random
import unicodedata

import pytest

from skulens.curate.cards.words import compare_form, is_no_answer, write_form

ALPHABET = (
    "aAzİßſﬁΣς0123456789٣๓½²™ <>≤≥-–−.,:/%+&;amplt#_'\"()[]กขคช้่ิีำาเ"
    "\u0e4d\u0301\u0307\u0345\u200bếđ \t\n"
)


def texts(n: int, seed: int):
    chance = random.Random(seed)
    for _ in range(n):
        yield "".join(chance.choice(ALPHABET) for _ in range(chance.randint(0, 10)))


@pytest.mark.parametrize(
    ("given", "written", "compared"),
    [
        ("Pattern/Print", "pattern/print", "pattern print"),
        ("pattern_print", "pattern_print", "pattern print"),
        (" V-Neck\n", "v-neck", "v neck"),
        ("5.8", "5.8", "5.8"),
        ("1,000 mAh", "1,000 mah", "1000 mah"),
        ("100% Cotton", "100% cotton", "100% cotton"),
        ("3+ inches", "3+ inches", "3+ inches"),
        ("heel (1-2 inches)", "heel (1-2 inches)", "heel 1 2 inches"),
        ("<5 mm", "<5 mm", "under 5 mm"),
        ("> 5 mm", "> 5 mm", "over 5 mm"),
        ("-20 °C", "-20 °c", "minus 20 c"),
        ("x-5", "x-5", "x 5"),
        ("ช่องข้าง", "ช่องข้าง", "ช่องข้าง"),
        ("น้ำเงิน!", "น้ำเงิน!", "น้ำเงิน"),
        ("Cafe\u0301", "café", "café"),
        ("!!!", "!!!", ""),
    ],
)
def test_forms(given, written, compared):
    assert write_form(given) == written
    assert compare_form(given) == compared


def test_what_means_something_else_stays_apart():
    for apart in (
        ["<5 mm", ">5 mm", "5 mm"],
        ["5.8", "58", "5 8"],
        ["20", "-20"],
        ["v neck", "vneck"],
    ):
        assert len(set(map(compare_form, apart))) == len(apart), apart


def test_both_forms_are_idempotent_and_agree():
    for text in texts(20_000, seed=5):
        written, compared = write_form(text), compare_form(text)
        assert write_form(written) == written, repr(text)
        assert compare_form(compared) == compared, repr(text)
        assert compare_form(written) == compared, repr(text)
        assert unicodedata.is_normalized("NFC", written) and unicodedata.is_normalized(
            "NFC", compared
        )


def test_thai_marks_are_kept():
    """Consonants, vowels and tone marks in their order, whatever punctuation stands around them."""
    chance = random.Random(6)
    consonants, marks = "กขคงจชดตนบปมยรลวสห", "ะาิีึืุู่้๊๋"
    for _ in range(2000):
        word = "".join(
            chance.choice(consonants) + chance.choice(["", chance.choice(marks)]) for _ in range(5)
        )
        assert compare_form(f"({word})/-{word}!") == f"{word} {word}"


def test_every_punctuation_and_symbol_parts_words_and_no_mark_does():
    kept = set("+<>≤≥")  # before a number; between letters, + stays and tells "c+" from "c"
    for code in range(0x20, 0x3000):
        c = chr(code)
        written = write_form(f"a{c}b")
        if (
            len(written) == 3
            and unicodedata.category(written[1])[0] in "PS"
            and written[1] not in kept
        ):
            assert compare_form(f"a{c}b") == "a b", hex(code)
        if 0x0E31 <= code <= 0x0E4E and unicodedata.category(c) == "Mn":
            assert c in compare_form(f"ก{c}ก"), hex(code)


@pytest.mark.parametrize(
    "text", ["none", "N/A", "Skip", "not specified", "ไม่มี", "", "--", "Unknown."]
)
def test_no_answer(text):
    assert is_no_answer(text)


@pytest.mark.parametrize("text", ["no sugar", "skip tread", "0", "nonslip"])
def test_answer(text):
    assert not is_no_answer(text)
