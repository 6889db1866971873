"""Text -> what it says of a product: colours, amounts, shapes, brands, names and claims.

Readers of `skulens.values` decide what a word means; here it is only looked for. Text of catalogues
is prose, so words with a second meaning ("cream", "can be") are told apart by their neighbours, or
counted only where an error does no harm: see `Fact.sure`.
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path

from skulens.values.colours import parse_colour
from skulens.values.names import normalise_name
from skulens.values.numbers import NUMBER, parse_number, write_number
from skulens.values.text import clean_characters, fold
from skulens.values.units import parse_quantity


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that a text says."""

    said: str
    """As it stands there."""
    form: str
    """In which equal facts are equal: a base colour, an amount in its canonical unit ..."""
    sure: bool = True
    """False: the word has another meaning too, or the amount may be of something else (nutrition);
    such a fact counts as known where it stands and is demanded of nobody."""


NEIGHBOURS = 100
"""Characters around a word that tell what it is about."""


@lru_cache(maxsize=64)
def cleaned(text: str) -> str:
    """`values.text.clean_characters`, which is slow: every finder looks at the same few texts."""
    return clean_characters(text)


# ----- colours --------------------------------------------------------------------------------

COLOURS = (
    "black", "white", "gray", "grey", "brown", "beige", "red", "yellow", "green", "blue", "purple",
    "violet", "pink", "silver", "transparent", "colorless", "colourless", "multicolored",
    "multicoloured", "multicolor", "multicolour", "navy", "turquoise", "burgundy", "maroon",
    "khaki", "lilac", "fuchsia", "magenta", "teal",
)  # fmt: skip
"""English names that mean a colour and little else."""
TWO_MEANINGS = (
    "orange", "gold", "golden", "clear", "cream", "ivory", "olive", "mint", "wine", "tan", "camel",
    "charcoal", "lavender", "nude", "royal",
)  # fmt: skip
"""English names of colours that are foods, stuffs or qualities as often."""
_SIGN = re.compile(r"\s+(?:\w+\s)?(?:check ?mark|tick|lea(?:f|ves|fy)|recycling symbol)\b", re.I)
"""Small signs on labels, whose colour says nothing of the product."""
_ISH = {"yellowish": "yellow", "greenish": "green", "reddish": "red", "brownish": "brown",
        "whitish": "white", "purplish": "purple", "pinkish": "pink", "blackish": "black",
        "bluish": "blue", "greyish": "grey", "grayish": "gray"}  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")


def find_colours(text: str, language: str = "") -> list[Fact]:
    """Colours by their base ("red"), each place once.

    English unless `language` says otherwise; of other languages every name of `values.colours` is
    taken, single words only.
    """
    found = []
    english = language[:2].casefold() in ("", "en")
    text = cleaned(text)
    for match in re.finditer(r"[^\W\d_]+", text):
        word = fold(match[0])
        if english and word not in _ENGLISH:
            continue
        colour = parse_colour(_ISH.get(word, word)) if len(word) > 2 else None
        if colour is not None:
            drawn = _SIGN.match(neighbours(text, match)[1])
            sure = not english or (word not in TWO_MEANINGS and not drawn)
            found.append(Fact(match[0], colour.base, sure))
    return found


_ENGLISH = frozenset((*COLOURS, *TWO_MEANINGS, *_ISH))


# ----- numbers and amounts --------------------------------------------------------------------

_UNIT = r"(?:fl\.?\s?oz\.?|fluid ounces?|% vol|[^\W\d_]+\.?|[%℮°\"](?:\s?[CF]\b)?)"
_AMOUNT = re.compile(rf"(?<![\w.,/])((?:{NUMBER}))(\s?-?\s?)({_UNIT})?", re.I)
_NET = re.compile(
    r"\b(?:net|weigh\w*|wt|size[ds]?|volume|contents?|contain\w*|holds?|capacity|quantity|pack of"
    r"|total of)\b(?:[^.;]|[.](?=\d)){0,40}$",
    re.I,
)
_HOLDER = re.compile(
    r"^[\s-]*(?:\([^)]*\)\s*)?(?:\w+\s){0,2}(?:bottles?|cans?|jars?|box(?:es)?|bags?|packs?|"
    r"packages?|pouch(?:es)?|cartons?|tubs?|containers?|tins?|tubes?|packets?)\b",
    re.I,
)
_FOOD_FACT = re.compile(
    r"^\s*(?:of\s+)?(?:\w+\s){0,2}(?:protein|fat|sugars?|fib(?:er|re)|sodium|salt|carb\w*|calcium|"
    r"cholesterol|calories|iron|potassium|whole grain|vitamin|per|dv|daily|servings?)\b",
    re.I,
)
_SERVING = re.compile(r"\bserv(?:ing|e)s?\b(?:[^.;]|[.](?=\d)){0,40}$|\bper\s+$", re.I)
SIZES = ("ml", "g", "cm", "piece")
"""Canonical units of what a product holds or measures."""


def find_amounts(text: str, language: str = "") -> list[Fact]:
    """Numbers and quantities, the form in canonical units ("454 g"; of a bare number itself).

    `sure`: the amount is of what the package holds, by the words around it ("net weight", "19 oz
    can") or because nothing else is measured so (litres and fluid ounces).
    """
    found = []
    text = cleaned(text)
    for match in _AMOUNT.finditer(text):
        number, _, unit = match.groups()
        quantity = parse_quantity(f"{number} {unit}", language=language) if unit else None
        if quantity is None or not quantity.unit:
            bare = parse_number(number, language)
            if bare is not None:
                found.append(Fact(number, write_number(bare), False))
            continue
        before, after = neighbours(text, match)
        food = _FOOD_FACT.match(after) is not None
        serving = food or _SERVING.search(before)
        told = quantity.unit == "ml" or _NET.search(before) or _HOLDER.match(after)
        sure = quantity.unit in SIZES and not serving and bool(told)
        found.append(Fact(match[0].strip(" ."), str(quantity), sure))
    return found


def neighbours(text: str, match: re.Match[str]) -> tuple[str, str]:
    """What stands before and after a match, as far as it is looked at."""
    start, end = match.span()
    return text[max(0, start - NEIGHBOURS) : start], text[end : end + NEIGHBOURS]


def same_amount(first: str, second: str) -> bool:
    """Whether two forms of `find_amounts` are one amount, rounded as labels round (2 %)."""
    if first == second:
        return True
    (one, _, unit), (other, _, kind) = first.partition(" "), second.partition(" ")
    a, b = parse_number(one), parse_number(other)
    if a is None or b is None or unit != kind or not unit:
        return False
    return abs(a - b) <= max(abs(a), abs(b)) * 2 / 100


def numbers_of(text: str, language: str = "") -> set[str]:
    """Every number of a text, words up to ten among them, without units."""
    text = cleaned(text)
    digits = {parse_number(n, language) for n in re.findall(rf"(?:{NUMBER})", text)}
    # "2-3" and "1/2" are read whole above; their parts are numbers of the text, too
    digits |= {parse_number(n) for n in re.findall(r"\d+", text)}
    words = {parse_number(fold(w)) for w in _WORD.findall(text)}
    return {write_number(n) for n in digits | words if n is not None}


# ----- shapes and packages --------------------------------------------------------------------


@cache
def _lexicon() -> dict[str, dict[str, str]]:
    """ "forms" and "claims": words -> form."""
    table = json.loads((Path(__file__).parent / "shapes.json").read_text("utf-8"))
    return {
        kind: {word: form for form, words in table[kind].items() for word in words}
        for kind in ("forms", "claims")
    }


@cache
def _words_of(kind: str) -> re.Pattern[str]:
    words = sorted(_lexicon()[kind], key=len, reverse=True)
    return re.compile(r"(?<![\w-])(" + "|".join(map(re.escape, words)) + r")(?![\w-])", re.I)


_TASTE = re.compile(r"\b(?:tastes?|flavou?rs?|aroma|sound)\b[^.;]{0,30}$", re.I)
_DRAWN = re.compile(
    r"\s+(?:\w+\s)?(?:logo|emblem|badge|banner|icon|sticker|seal|stamp|frame|graphic|border|symbol|"
    r"text|window|section|element|area|background|with the (?:text|words?)|that (?:says|reads|"
    r"contains the))\b",
    re.I,
)
"""What follows a shape on the label, which is not the product's."""
_WRITTEN = re.compile(
    r"\b(?:text|words?|name|letter(?:s|ing)|written|placed|highlighted|printed|phrase)\b(?:[^.;]|[.](?=\d)){0,40}$",
    re.I,
)
EARLY = 200
"""Characters from the start of a text within which it says what the product is."""
_SHAPED = re.compile(r"[ -](?:in )?shaped?\b", re.I)
_MEASURE = re.compile(r"(?:\d|\bper|\b(?:a|one|half))\s*$", re.I)
_NOUN_BEFORE = re.compile(
    r"(?:\b(?:a|an|the|this|that|each|per|of|in|oz|ounce|tin|steel|\w+-sized)|\d\w*)[ -]+$", re.I
)
_VERB_AFTER = re.compile(
    r"\s+(?:also\s+|then\s+|even\s+)?(?:be|have|also|not|easily|vary|help|make|use|eat|add|serve|store|keep|last|reach|grow|take|get|come|contain)\b",
    re.I,
)
_NOUN_AFTER = re.compile(
    r"\s*(?:of|with|is|has|that|which|design|label|features|appears|and|,|\.|;|$)", re.I
)


def find_shapes(text: str) -> list[Fact]:
    """Shapes and kinds of package, by their form ("cylindrical", "bottle").

    `sure`: near the start of the text or said twice, or a shape beside the word "shape"; what
    prose names once and late is often something in a picture on the label.
    """
    text = cleaned(text)
    found = []
    for match in _words_of("forms").finditer(text):
        word, (before, after) = fold(match[0]), neighbours(text, match)
        if word == "can" and not _is_noun(before, after):
            continue
        form = _lexicon()["forms"][word]
        drawn = _DRAWN.match(after) or (word == "box" and _WRITTEN.search(before))
        cup = word in ("cup", "cups", "bowl", "bowls") and _MEASURE.search(before)
        early = match.start() < EARLY or _SHAPED.match(after)
        # Every package is a package: said of any product, it distinguishes none.
        vague = form in ("package", "container") or (word == "round" and _TASTE.search(before))
        found.append((Fact(match[0], form, not (drawn or cup or vague)), bool(early)))
    often = Counter(fact.form for fact, _ in found if fact.sure)
    return [
        replace(fact, sure=fact.sure and (early or often[fact.form] > 1)) for fact, early in found
    ]


def _is_noun(before: str, after: str) -> bool:
    """Whether "can" between these texts is a tin, not the verb."""
    if _VERB_AFTER.match(after):
        return False
    colour = re.search(r"([^\W\d_]+)[ -]+$", before)
    return bool(
        _NOUN_BEFORE.search(before)
        or (colour and fold(colour[1]) in _ENGLISH)
        or (_NOUN_AFTER.match(after) and colour)
    )


def find_claims(text: str) -> list[Fact]:
    """Claims that labels make and laws regulate: "organic", "gluten-free" ..."""
    return [
        Fact(m[0], _lexicon()["claims"][fold(m[0])])
        for m in _words_of("claims").finditer(cleaned(text))
    ]


# ----- brands and names -----------------------------------------------------------------------

_CAPITAL = r"(?:[^\W\d_a-z][\w'&]*|\d+%?)"
_NAME = rf"{_CAPITAL}(?:[ -](?:(?:of|de|and|&|the|la|y) )?{_CAPITAL})*"
_BRANDS = (
    re.compile(rf"\bbrand(?: name)?(?:,| is| of|:)? [\"']?({_NAME})[\"']?"),
    re.compile(rf"[\"']?\b({_NAME}?)[\"']?(?:,)? (?:brand|logo)\b"),
)
_NO_BRAND = frozenset(
    ["the", "its", "this", "a", "an", "us", "nutrition", "net", "it", "no", "new"]
)
_SEALS = re.compile(
    r"\b(?:usda|non gmo|gmo|project|verified|certified|organic certif\w*|department|fda|kosher|"
    r"united states|no \d+|fair trade|whole grain|bpa|recycl\w*|gluten free)\b"
)
"""Seals have logos, too."""


def find_brands(text: str, known: Collection[str] = ()) -> list[Fact]:
    """Brands: names beside the words "brand" or "logo", and those of `known` (normalised)."""
    text = cleaned(text).replace("\u2019", "'")
    found = []
    for pattern in _BRANDS:
        for match in pattern.finditer(text):
            said = re.sub(r"^(?:The|A|An|Its|This) ", "", match[1]).strip(" .'\"")
            form = name_form(said)
            small = len(form) < 2 or (form.isdigit() and len(form) < 3)
            certified = "certif" in fold(neighbours(text, match)[0])
            if not small and not certified and form not in _NO_BRAND and not _SEALS.search(form):
                found.append(Fact(said, form))
    padded = f" {name_form(text)} "
    found += [Fact(k, k) for k in sorted(known) if k and f" {k} " in padded]
    return found


def name_form(text: str) -> str:
    """A name in norm-v1 (without legal form), possessive endings dropped."""
    return normalise_name(re.sub(r"'s\b|(?<=s)'(?!\w)", "", text.replace("\u2019", "'")))


_SENTENCE = re.compile(r"(?:^|[.!?:;\"(]\s+|[\"(])$")


def find_names(text: str) -> Iterator[Fact]:
    """Capitalised words inside sentences, one by one; a word that begins a sentence is no name."""
    text = cleaned(text).replace("\u2019", "'")
    for match in re.finditer(r"[^\W\d_]+(?:['&-][^\W\d_]+)*", text):
        word = match[0]
        if not word[0].isupper() or _SENTENCE.search(text[: match.start()]):
            continue
        yield Fact(word, stem(word))


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """A folded word without possessive and plural endings, roughly; equal words are one word."""
    word = re.sub(r"'s?$", "", fold(word).replace("\u2019", "'"))
    if len(word) < 4 or not word.isascii() or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("xes", "ches", "shes", "sses", "oes")):
        return word[:-2]
    return word.removesuffix("s")


def words_of(text: str) -> set[str]:
    """Stems of the words of a text, of hyphenated ones and their parts."""
    found: set[str] = set()
    for match in _WORD.finditer(cleaned(text).replace("\u2019", "'")):
        found |= {stem(match[0]), *(stem(part) for part in re.split(r"['-]", match[0]) if part)}
    return found
