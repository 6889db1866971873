"""Cue words: what labels print before a value, found however a reader spaces and accents them.

The words are tables beside the modules that use them: {"kind": {"language": ["words", ...]}}.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from skulens.claims import Line
from skulens.verify.layout import Print

_OTHERS = str.maketrans("đłøıħ", "dloih")
"""Letters whose stroke is no accent in Unicode."""
_LETTER = r"[^\W\d_]"
_SPACELESS = re.compile("[\u0e00-\u0e7f]")
"""Letters of languages that write no spaces between words."""


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """The text in small letters without accents, character for character as long as it is."""
    return "".join(_plain_letter(c) for c in text)


def _plain_letter(letter: str) -> str:
    base = unicodedata.normalize("NFD", letter)[:1].casefold()
    return (base if len(base) == 1 else letter).translate(_OTHERS)


@dataclass(frozen=True, slots=True)
class Cue:
    """A cue word in a text."""

    kind: str
    languages: tuple[str, ...]
    """In which the word is written so, in the order of the table."""
    start: int
    end: int

    def language(self, known: Sequence[str] = ()) -> str:
        """The language of the word, if one is known to be on the label or it has only one."""
        shared = [one for one in self.languages if one in known]
        if shared:
            return shared[0]
        return self.languages[0] if len(self.languages) == 1 else ""


class Cues:
    """The words of a table, compiled: of words that overlap the longest is found."""

    def __init__(self, table: Mapping[str, Mapping[str, Sequence[str]]]):
        self._kind: dict[str, str] = {}
        self._spelt: dict[str, dict[str, list[str]]] = {}
        for kind, by_language in table.items():
            for language, words in by_language.items():
                for word in words:
                    key = _squeeze(word)
                    self._kind.setdefault(key, kind)
                    languages = self._spelt.setdefault(key, {}).setdefault(_spell(word), [])
                    if language not in languages:
                        languages.append(language)
        self._pattern = _compile({w for by in table.values() for ws in by.values() for w in ws})

    def find(self, text: str) -> Iterator[Cue]:
        """Cue words of a text, in order, without overlap.

        Of languages whose words differ in accents alone, those that are spelt as printed.
        """
        for match in self._pattern.finditer(plain(text)):
            key = _squeeze(match.group())
            spelt = self._spelt[key]
            exact = spelt.get(_spell(text[match.start() : match.end()]))
            every = [language for languages in spelt.values() for language in languages]
            languages = tuple(dict.fromkeys(exact or every))
            yield Cue(self._kind[key], languages, match.start(), match.end())

    def first(self, text: str) -> Cue | None:
        return next(self.find(text), None)


def load_cues(module: str) -> Cues:
    """The cue words beside a module, by its `__file__`; keys that begin with "_" are notes."""
    table = json.loads(Path(module).with_suffix(".json").read_text("utf-8"))
    return Cues({kind: words for kind, words in table.items() if not kind.startswith("_")})


def _squeeze(word: str) -> str:
    return _spell(plain(word))


def _spell(word: str) -> str:
    return re.sub(r"[\s.'’\-]", "", word.casefold())


def _compile(words: Iterable[str]) -> re.Pattern:
    """Spaces and periods of a cue may be missing or more in print; a word is no part of another,
    but in languages that write none apart."""
    ordered = sorted(words, key=lambda word: -len(_squeeze(word)))
    spaceless = [_body(word) for word in ordered if _SPACELESS.search(word)]
    spaced = [_body(word) for word in ordered if not _SPACELESS.search(word)]
    apart = [rf"(?<!{_LETTER})(?=\w)(?:{'|'.join(spaced)})(?!{_LETTER})"] if spaced else []
    return re.compile("|".join([*apart, *spaceless]) or r"(?!)")


def _body(word: str) -> str:
    pieces = [re.escape(piece) for piece in re.split(r"[\s.'’\-]+", plain(word)) if piece]
    return r"[\s.'’\-]*".join(pieces)


@dataclass(frozen=True, slots=True)
class Following:
    """A text in which the value of a cue may stand."""

    text: str
    lines: tuple[Line, ...]
    """That of the cue first."""


def what_follows(page: Print, line: Line, end: int) -> Iterator[Following]:
    """Texts in which the value of a cue may stand, nearest first.

    The rest of its own line with what is read on, then each line further right on its row, then
    the line below. Empty texts are left out.

    Args:
        end: where the cue ends in the line.
    """
    strip = page.strip_of(line)
    place = next(i for i, one in enumerate(strip.lines) if one is line)
    rest = line.text[end:].lstrip(" :.;-–=/")
    more = strip.lines[place + 1 :]
    if rest.strip() or more:
        text = " ".join([rest, *(one.text for one in more)]).strip()
        yield Following(text, (line, *more))
    if rest.strip() and more:
        yield Following(rest.strip(), (line,))
    for one in page.after(line):
        if not any(one is other for other in more):
            yield Following(one.text.strip(), (line, one))
    for one in page.below(line, most=1):
        yield Following(one.text.strip(), (line, one))
