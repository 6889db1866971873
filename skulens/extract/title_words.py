"""The baseline that looks for known words: claims are values whose words stand in a text.

The vocabulary is given, or learnt from what sellers of the same catalogue list as attributes. Gold
and judgements are never looked at, pictures neither.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from skulens.claims import Claim, Evidence
from skulens.errors import UnknownName
from skulens.records import Product, Reject, SystemInfo
from skulens.values.fields import find_field, find_path, is_asked
from skulens.values.lists import split_list
from skulens.values.normalise import VERSION, normalise

NAME = "title-words"
SHORTEST = 3
"""Characters of a learnt value: "S" and "5" stand in every text."""
Vocabulary = Mapping[str, Collection[str]]
"""Field path -> values."""


@dataclass(frozen=True, slots=True)
class _Found:
    start: int
    """Position among the words, or characters of Thai, of all texts together."""
    length: int
    value: str
    words: str


class TitleWords:
    """Claims the values of a vocabulary whose words stand, in order, in title or texts.

    A longer value hides the shorter ones within it ("navy blue" hides "blue"). Of a field of one
    value the first found is claimed, the title before other texts, these in alphabetical order of
    their roles; of a field of several all are.

    Args:
        vocabulary: field path -> values, claimed as they are written here; None: learnt from the
            attributes that the products given to `read` list (see `learn_vocabulary`).
        without: sources of attributes that nothing is learnt from, as in `SellerReader`.
    Raises:
        UnknownName: the vocabulary has an unknown path.
    """

    def __init__(self, vocabulary: Vocabulary | None = None, without: Collection[str] = ()):
        self.vocabulary, self.without = vocabulary, frozenset(without)
        given = None if vocabulary is None else {p: sorted(v) for p, v in vocabulary.items()}
        for path in given or {}:
            find_field(path)
        what = json.dumps([VERSION, given, sorted(self.without)], sort_keys=True)
        self.info = SystemInfo(
            name=NAME,
            kind="baseline",
            identity=f"{NAME}/1/{hashlib.sha256(what.encode()).hexdigest()[:12]}",
            family="rules",
            licence="Apache-2.0",
            params=0,
            about={
                "reads": "title and texts",
                "vocabulary": "learnt from the catalogue's attributes"
                if given is None
                else "given",
            },
        )

    def read(
        self, products: Iterable[Product], fields: Sequence[str] = ()
    ) -> Iterator[Claim | Reject]:
        """Claims product by product, fields in alphabetical order; rejects products without texts.

        With a vocabulary to learn, all products are held in memory first.

        Args:
            fields: paths, or prefixes that end in "."; empty: every field of the vocabulary.
        """
        vocabulary = self.vocabulary
        if vocabulary is None:
            products = list(products)
            vocabulary = learn_vocabulary(products, self.without)
        asked = [path for path in sorted(vocabulary) if not fields or is_asked(path, fields)]
        finders = {path: _Finder(vocabulary[path]) for path in asked}
        for product in products:
            texts = _texts_of(product)
            if not texts:
                yield Reject(
                    NAME, product.id, "no title and no texts", "add a title or description"
                )
            for path, finder in finders.items():
                yield from self._claim(product, path, finder.find(texts))

    def _claim(self, product: Product, path: str, found: list[_Found]) -> Iterator[Claim]:
        field = find_field(path)
        seen: set[str] = set()
        for hit in found:
            form = field.normalise(hit.value)
            if form in seen or (seen and not field.many):
                continue
            yield Claim(
                product.id, path, hit.value, language=product.language or "",
                evidence=(Evidence("", "seller", quote=hit.words),),
                predictor=self.info.identity, n=len(seen),
            )  # fmt: skip
            seen.add(form)


def learn_vocabulary(
    products: Iterable[Product], without: Collection[str] = ()
) -> dict[str, tuple[str, ...]]:
    """Field path -> the values that sellers list, sorted; too short and numeric ones left out.

    Of values that are equal in norm-v1 the first in alphabetical order stands for all.
    """
    values: dict[str, dict[str, str]] = {}
    listed = sorted(
        {(a.key, a.value) for p in products for a in p.attributes if a.source not in without}
    )
    for key, text in listed:
        try:
            path = find_path(key)
        except UnknownName:  # a key without a word in it names nothing
            continue
        for value in split_list(text) if find_field(path).many else (text.strip(),):
            form = normalise(value)
            if len(form) >= SHORTEST and any(c.isalpha() for c in form):
                values.setdefault(path, {}).setdefault(form, value)
    return {path: tuple(sorted(forms.values())) for path, forms in sorted(values.items())}


def _texts_of(product: Product) -> list[str]:
    """Title, then texts by role, in norm-v1; empty ones left out."""
    texts = [product.title, *(product.texts[role] for role in sorted(product.texts))]
    return [form for form in map(normalise, texts) if form]


class _Finder:
    """Finds the values of one field in normalised texts."""

    def __init__(self, values: Collection[str]):
        forms = {
            form: value for value in sorted(values, reverse=True) if (form := normalise(value))
        }
        self.spaced = {f: v for f, v in forms.items() if not _is_thai(f)}
        self.thai = {f: v for f, v in forms.items() if _is_thai(f)}
        self.longest = max((len(f.split()) for f in self.spaced), default=0)

    def find(self, texts: Sequence[str]) -> list[_Found]:
        """Values found, text by text, each text's by position; overlapping ones only once."""
        return [
            hit
            for text in texts
            for hit in sorted([*self._words(text), *self._characters(text)], key=lambda h: h.start)
        ]

    def _words(self, text: str) -> Iterator[_Found]:
        """The longest value at each word; words that it covers are passed over."""
        words = text.split()
        at = position = 0
        while at < len(words):
            for n in range(min(self.longest, len(words) - at), 0, -1):
                phrase = " ".join(words[at : at + n])
                if phrase in self.spaced:
                    yield _Found(position, len(phrase), self.spaced[phrase], phrase)
                    break
            else:
                n = 1
            position += sum(len(w) + 1 for w in words[at : at + n])
            at += n

    def _characters(self, text: str) -> Iterator[_Found]:
        """Thai is written without spaces: anywhere, but for a mark that follows, longest first."""
        taken: list[tuple[int, int]] = []
        for form in sorted(self.thai, key=lambda f: (-len(f), f)):
            start = text.find(form)
            while start >= 0:
                end = start + len(form)
                free = all(end <= a or start >= b for a, b in taken)
                if free and not _is_mark(text[end : end + 1]):
                    taken.append((start, end))
                    yield _Found(start, len(form), self.thai[form], form)
                start = text.find(form, end)


def _is_thai(text: str) -> bool:
    return any("\u0e01" <= c <= "\u0e4e" for c in text)


def _is_mark(character: str) -> bool:
    """Whether a Thai vowel or tone mark that belongs to the character before it."""
    return (
        bool(character)
        and character
        in "\u0e31\u0e33\u0e34\u0e35\u0e36\u0e37\u0e38\u0e39\u0e47\u0e48\u0e49\u0e4a\u0e4b\u0e4c"
    )
