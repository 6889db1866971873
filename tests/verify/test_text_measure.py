"""The measure of `benchmarks.text_readers`, on readings written by hand."""

import pytest

pytest.importorskip("zxingcpp", reason="Looker needs zxing-cpp: pip install 'skulens[bars]'")

from benchmarks.text_readers import FOUND, runs_of_words, script_of, similarity, words_in
from skulens.claims import Line


def line(text: str, left: float, top: float) -> Line:
    right = left + 10 * len(text)
    return Line(text, (left, top, right, top, right, top + 20, left, top + 20), 0.9)


PAGE = (line("Fat", 0, 0), line("20.7g", 200, 2), line("P 13 6377675", 0, 60))


@pytest.mark.parametrize(
    ("gold", "found"),
    [
        ("Fat 20.7g", True),  # a row of a table
        ("FAT 20.7 G", True),
        ("6377675", True),  # a part of what was read as one line
        ("Fat P 13", False),  # of two rows
        ("20.7g Fat", False),
        ("6377576", False),
        ("Salt", False),
    ],
)
def test_a_gold_line_is_a_run_of_words_of_one_row(gold, found):
    assert (similarity(gold, runs_of_words(PAGE))[0] >= FOUND) == found


def test_nothing_read_is_nothing_found():
    assert similarity("Fat", runs_of_words(())) == (0.0, "")


def test_scripts_and_words():
    assert script_of("150 ml/мл") == "Cyrillic" and script_of("製造 BHR") == "Cjk"
    assert script_of("12 34") == "Latin"
    assert words_in([" , . :", "a 10 ml", "Вес"]) == 3
