"""Words of a text, in any language, as every engine without a tokeniser of its own searches them.

Text is cut where ICU sees words (UAX 29; Thai, Lao, Khmer and Chinese by dictionary), then each word
is folded: one code point sequence for what looks the same, no case, no marks on Latin letters
(Vietnamese đ is d), digits of any script as 0 to 9. Marks of Thai and other scripts stay: they make
other words. Nothing is stemmed; `grams` find affixes, plurals and slips of the pen.

Without icu4py (extra `icu`) words are what stands between spaces and punctuation, and a run of Thai
is cut into overlapping pairs of letters.
"""

import functools
import importlib.metadata
import importlib.util
import re
import unicodedata
from collections.abc import Iterator, Sequence

from skulens.values.text import ascii_digits, clean_characters, fold, fold_accents

VERSION = 1
"""Raised where the same text comes to be cut or folded otherwise."""
WORD = re.compile(r"[\u0e00-\u0e7f]+|[^\W_]+(?:['.-][^\W_]+)*")
THAI = re.compile(r"[\u0e00-\u0e7f]")
LONGEST = 64
"""Letters of a word; what goes beyond them is cut off."""
GRAMS = (3,)
"""Letters of a gram."""
FEWEST = 4
"""Letters in a row that make two words alike; three stand in too many by chance."""
ENOUGH = 10
"""Products found by words, among which a word of the query should occur."""
GRAM_WEIGHT = 0.25
"""Of the BM25 score of grams beside that of words."""
LETTERS = str.maketrans({"ø": "o", "ł": "l", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe"})
"""Latin letters whose marks Unicode does not take apart; đ is among those of `fold_accents`."""
SHAPES = re.compile(r"\u0e4d[\u0e48-\u0e4b]?\u0e32|[\u0e48-\u0e4b]\u0e4d\u0e32|\u0e40\u0e40|(?s:.)")
"""A character, or several Thai ones that look like another: parts of sara am, sara e twice."""


def split(text: str) -> list[str]:
    """The words of a text, in order, folded."""
    return [word for _, _, word in find_words(compose(text)[0])]


def grams(text: str, sizes: Sequence[int] = GRAMS) -> list[str]:
    """Overlapping runs of so many letters within words; where words adjoin, as in Thai, across them."""
    return [
        run[i : i + size]
        for run in runs_of(text)
        for size in sizes
        for i in range(len(run) - size + 1)
    ]


def missing_words(words: str, found: Sequence[str]) -> list[str]:
    """The words whose grams are to be searched too: those that none of the best texts has.

    Grams cost ten times as much as words and add little to words that are found; all of them count
    where fewer than ENOUGH texts share a word.

    Args:
        found: texts of the ENOUGH best products by words, whatever number is asked for.
    """
    asked = list(dict.fromkeys(split(words)))
    if len(found) < ENOUGH:
        return asked
    held = {word for text in found[:ENOUGH] for word in split(text)}
    return [word for word in asked if word not in held]


def runs_of(text: str) -> Iterator[str]:
    """Words joined where nothing stands between them."""
    run, last = "", 0
    for start, end, word in find_words(compose(text)[0], pairs=False):
        if start > last and run:
            yield run
            run = ""
        run, last = run + word, end
    if run:
        yield run


def matched(query: str, text: str) -> list[tuple[int, int]]:
    """(start, end) in the text as given of what the query finds there, in order.

    A word of the text that is one of the query's, or that is marked for its grams: it begins with a
    word of the query, or shares FEWEST letters in a row with one, and half of it. Words that adjoin,
    as in Thai, are one stretch.
    """
    asked = frozenset(split(query))
    composed, places = compose(text)
    found: list[tuple[int, int]] = []
    for start, end, word in words_in(composed):
        if word in asked or resembles_any(word, asked):
            if found and found[-1][1] >= start:
                start = found.pop()[0]
            found.append((start, end))
    return found if places is None else [(places[a], places[b]) for a, b in found]


@functools.lru_cache(maxsize=512)
def words_in(text: str) -> tuple[tuple[int, int, str], ...]:
    """`find_words` of a text that is likely to be looked at again: of a product that is found often."""
    return tuple(find_words(text))


@functools.lru_cache(maxsize=50_000)
def resembles_any(word: str, asked: frozenset[str]) -> bool:
    """Whether a word resembles one of those asked for."""
    return any(resembles(word, other) for other in asked)


def resembles(word: str, asked: str) -> bool:
    """Whether grams of the asked word stand in another, enough of them for a reader to see it."""
    if len(asked) < GRAMS[0]:
        return False
    if word.startswith(asked) or (THAI.match(word) and asked in word):
        return True
    shared = max(FEWEST, (len(asked) + 1) // 2)
    return any(asked[i : i + shared] in word for i in range(len(asked) - shared + 1))


def tokeniser() -> str:
    """What cuts words here, "icu 78.3/1" or "pairs/1": words of one cannot be found by another."""
    name = f"icu {_icu_version()}" if has_icu() else "pairs"
    return f"{name}/{VERSION}"


@functools.cache
def has_icu() -> bool:
    return importlib.util.find_spec("icu4py") is not None


def _icu_version() -> str:
    import icu4py

    return ".".join(icu4py.icu_version.split(".")[:2])


def find_words(text: str, pairs: bool = True) -> Iterator[tuple[int, int, str]]:
    """(start, end, folded word) in order, of a text as `compose` gives it.

    Args:
        pairs: without ICU, a run of Thai as overlapping pairs; else as one word.
    """
    spans = cut_by_icu(text) if has_icu() else cut_by_letters(text, pairs)
    for start, end in spans:
        if word := fold_word(text[start : min(end, start + LONGEST)]):
            yield start, end, word


def cut_by_icu(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of each word: a segment with a letter or a digit in it."""
    from icu4py.breakers import WordBreaker

    start = 0
    for piece in WordBreaker(text, "en"):  # the language does not matter: words go by script
        end = start + len(piece)
        if piece[0].isalnum() or any(map(str.isalnum, piece)):
            yield start, end
        start = end


def cut_by_letters(text: str, pairs: bool = True) -> Iterator[tuple[int, int]]:
    """(start, end) of what stands between spaces and punctuation; of pairs of letters in Thai."""
    for found in WORD.finditer(text):
        start, end = found.span()
        if pairs and THAI.match(found[0]) and end - start > 2:
            yield from ((i, i + 2) for i in range(start, end - 1))
        else:
            yield start, end


@functools.lru_cache(maxsize=100_000)
def fold_word(piece: str) -> str:
    """A word as it is compared; empty where nothing is left of it."""
    return ascii_digits(fold_accents(fold(clean_characters(piece))).translate(LETTERS))


def compose(text: str) -> tuple[str, list[int] | None]:
    """The text in NFC, Thai vowels typed in parts as one, and where its characters come from.

    Returns:
        Text, and per character its place in the original, with the original's length at the end;
        None where nothing changed.
    """
    text = text.encode("utf-8", "replace").decode()  # half a surrogate pair is no text
    if unicodedata.is_normalized("NFC", text) and "\u0e4d" not in text and "เเ" not in text:
        return text, None
    kept, places = [], []
    for start, shape in _shapes(text):
        found = (
            clean_characters(shape) if THAI.match(shape) else unicodedata.normalize("NFC", shape)
        )
        kept.append(found)
        places += [start] * len(found)
    return "".join(kept), [*places, len(text)]


def _shapes(text: str) -> Iterator[tuple[int, str]]:
    """(start, characters) of each character with the marks that follow it."""
    start, held = 0, ""
    for found in SHAPES.finditer(text):
        shape = found[0]
        joins = unicodedata.combining(shape[0]) or "\u1160" <= shape[0] <= "\u11ff"
        if held and not joins:
            yield start, held
            start, held = found.start(), ""
        held += shape
    if held:
        yield start, held
