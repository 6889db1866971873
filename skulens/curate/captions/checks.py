"""Is a caption fit to stand for a product? Small checks, each with a reason that a model can act on.

Against the limits: `check_tokens` (each encoder's own tokenizer), `check_start`, `check_content`.
Against the source: brand, colour, size and shape kept (`check_kept`), and no number, colour, name
or claim that the source does not have (`check_invented`).

A kind counts as kept where the caption has at least one of the source's values of that kind, so a
failure is certain to have lost all of them; a long source names more colours than a caption can
hold. Only what is surely a brand, colour, size or shape is demanded (`facts.Fact.sure`), whereas
anything in the source, in any sense, may stand in the caption. Both err towards passing: what the
checks find is a lower bound of what is wrong, and wrong words in lower case ("tuna" of a fruit) are
beyond them, which is what the review is for.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, get_args

from skulens.curate.captions.facts import (
    Fact,
    find_amounts,
    find_brands,
    find_claims,
    find_colours,
    find_names,
    find_shapes,
    name_form,
    numbers_of,
    same_amount,
    stem,
    words_of,
)
from skulens.records import Attribute
from skulens.values.fields import find_path
from skulens.values.text import fold

Kind = Literal["brand", "colour", "size", "shape"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""What a caption has to keep (OpenMPR, section 4.1)."""
INVENTED = ("number", "colour", "name", "claim")
Verdict = Literal["pass", "fail", "none"]
"""none: there is nothing to check, such as the colour of a source that names none."""
Counter = tuple[Callable[[str], int], int]
"""Counts the tokens of a text, special ones included; most tokens."""
_PATHS: Mapping[str, Kind] = {
    "attributes.brand": "brand", "attributes.colour": "colour", "attributes.size": "size",
    "attributes.net_content": "size", "attributes.capacity": "size", "attributes.weight": "size",
    "attributes.dimensions": "size", "attributes.shape": "shape", "attributes.form": "shape",
    "attributes.packaging": "shape", "attributes.package": "shape",
}  # fmt: skip
SHORTEST = 3
"""Letters of a word that says something."""
EMPTY_WORDS = frozenset((
    "the", "and", "for", "with", "this", "that", "from", "are", "was", "has", "have", "its",
    "their", "your", "you", "our", "can", "may", "not", "all", "any", "but", "than", "then",
    "when", "which", "who", "will", "been", "being", "also", "very", "more", "most", "such",
    "product", "item", "description", "tag", "label",
))  # fmt: skip
"""Words that are in texts of any product, folded stems."""
NEAR = 88
"""Least similarity (of 100) of a name to a word of the source that it may be a spelling of."""


@dataclass(frozen=True)
class Source:
    """What is known of a product: all that its caption may say."""

    id: str
    description: str
    tag: str = ""
    """A second text, on its label or tag."""
    title: str = ""
    attributes: tuple[Attribute, ...] = ()
    language: str = ""
    brands: frozenset[str] = frozenset()
    """Brands of the catalogue (`facts.name_form`), looked for in the title."""

    @cached_property
    def everything(self) -> str:
        """All of it as one text."""
        told = [f"{a.key}: {a.value}" for a in self.attributes]
        return "\n".join(filter(None, (self.title, self.description, self.tag, *told)))

    @property
    def text(self) -> str:
        """What stands for the product without a caption."""
        return "\n".join(filter(None, (self.description, self.tag)))

    @cached_property
    def words(self) -> set[str]:
        return words_of(self.everything)

    @cached_property
    def squeezed(self) -> str:
        """Letters and digits alone, so that "RedHot" is found in "Red Hot"."""
        return squeeze(self.everything)

    @cached_property
    def amounts(self) -> list[Fact]:
        return find_amounts(self.everything, self.language)

    @cached_property
    def numbers(self) -> set[str]:
        return numbers_of(self.everything, self.language)

    @cached_property
    def claims(self) -> set[str]:
        return {f.form for f in find_claims(self.everything)}

    def facts(self, kind: Kind) -> list[Fact]:
        """What it says of a kind; attributes first, which are sure."""
        return self._facts[kind]

    @cached_property
    def _facts(self) -> dict[str, list[Fact]]:
        found: dict[str, list[Fact]] = {kind: [] for kind in KINDS}
        for attribute in self.attributes:
            kind = kind_of(attribute.key)
            if kind:
                found[kind] += self._read(kind, attribute.value)
        texts = "\n".join(filter(None, (self.title, self.description, self.tag)))
        found["colour"] += find_colours(texts, self.language)
        found["size"] += find_amounts(texts, self.language)
        for text in (self.title, self.description, self.tag):
            found["shape"] += find_shapes(text)
        if not found["brand"]:
            found["brand"] = find_brands(f"{self.description}\n{self.tag}")
            found["brand"] += [Fact(b, b) for b in self.brands if holds(name_form(self.title), b)]
        return found

    def _read(self, kind: Kind, value: str) -> list[Fact]:
        """An attribute's value, which is of its kind for sure."""
        if kind == "brand":
            return [Fact(value, name_form(value))] if name_form(value) else []
        read = {
            "colour": lambda: find_colours(value, self.language),
            "size": lambda: find_amounts(value, self.language),
            "shape": lambda: find_shapes(value),
        }[kind]
        return [Fact(f.said, f.form) for f in read()]


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of one check of one caption."""

    name: str
    """"tokens mini", "start", "kept colour", "invented number" ..."""
    verdict: Verdict
    reason: str = ""
    """What to correct, for a model to act on; empty where there is nothing."""


@dataclass(frozen=True)
class Rules:
    """What captions are checked for."""

    counters: Mapping[str, Counter] = field(default_factory=dict)
    """Encoder -> its tokenizer and limit."""
    start: str = ""
    """How a caption has to begin; empty: anyhow."""
    keep: tuple[Kind, ...] = KINDS
    invented: tuple[str, ...] = INVENTED

    @property
    def tokens(self) -> int:
        """The least limit: a caption has to fit all encoders. 0 without any."""
        return min((limit for _, limit in self.counters.values()), default=0)

    @property
    def names(self) -> tuple[str, ...]:
        """Of all checks, in their order."""
        return (
            *(f"tokens {name}" for name in self.counters),
            *(["start"] if self.start else []),
            "content",
            *(f"kept {kind}" for kind in self.keep),
            *(f"invented {kind}" for kind in self.invented),
        )


def check_caption(caption: str, source: Source, rules: Rules) -> tuple[Check, ...]:
    """Every check of a caption, in the order of `rules.names`."""
    return (
        *check_tokens(caption, rules.counters),
        *(check_start(caption, rules.start) if rules.start else ()),
        check_content(caption, source, rules.start),
        *(check_kept(caption, source, kind) for kind in rules.keep),
        *(check_invented(caption, source, kind) for kind in rules.invented),
    )


def check_tokens(caption: str, counters: Mapping[str, Counter]) -> list[Check]:
    """Does the caption fit each encoder?"""
    found = []
    for name, (count, limit) in counters.items():
        tokens = count(caption)
        reason = (
            f"it is too long: {tokens} tokens, at most {limit}; leave out what matters least"
            if tokens > limit
            else ""
        )
        found.append(Check(f"tokens {name}", "fail" if reason else "pass", reason))
    return found


def check_start(caption: str, start: str) -> list[Check]:
    """Does it begin as asked? Capitals do not matter."""
    if fold(caption).startswith(fold(start)):
        return [Check("start", "pass")]
    return [Check("start", "fail", f'it has to begin with "{start}"')]


def check_content(caption: str, source: Source, start: str = "") -> Check:
    """Does it say anything of its product beside its start: a word that the source has?

    "The product is not available in your location" passes every other check.
    """
    rest = caption[len(start) :] if fold(caption).startswith(fold(start)) else caption
    told = [w for w in words_of(rest) if len(w) >= SHORTEST and w not in EMPTY_WORDS]
    if set(told) & source.words:
        return Check("content", "pass")
    reason = "it says nothing that the source says; describe this product"
    return Check("content", "fail", reason)


def check_kept(caption: str, source: Source, kind: Kind) -> Check:
    """Has the caption at least one of the source's values of a kind?"""
    name = f"kept {kind}"
    demanded = {f.form: f.said for f in reversed(source.facts(kind)) if f.sure}
    if not demanded:
        return Check(name, "none")
    known = dict.fromkeys(demanded)
    if kind == "colour":  # "orange" is not demanded, but a caption that has it has a colour
        known |= dict.fromkeys(f.form for f in source.facts(kind))
    if any(_has(caption, form, kind, source.language) for form in known):
        return Check(name, "pass")
    said = list(dict.fromkeys(reversed(demanded.values())))[:4]
    return Check(
        name, "fail", f"it lacks the {kind}; the source says {' and '.join(map(repr, said))}"
    )


def _has(caption: str, form: str, kind: Kind, language: str) -> bool:
    if kind == "brand":
        told = name_form(caption)
        first = form.split()[0]
        short = len(first) > 2 and holds(told, first)  # "365" of "365 Everyday Value"
        return holds(told, form) or squeeze(form) in squeeze(caption) or short or _near(told, form)
    if kind == "size":
        return any(same_amount(f.form, form) for f in find_amounts(caption, language))
    found = find_colours(caption, language) if kind == "colour" else find_shapes(caption)
    return any(f.form == form for f in found)


def _near(told: str, form: str) -> bool:
    """Whether a name stands in a text in another spelling."""
    from rapidfuzz import fuzz

    return len(form) > 4 and fuzz.partial_ratio(form, told, score_cutoff=NEAR) > 0


def check_invented(caption: str, source: Source, kind: str) -> Check:
    """Does the caption say a number, colour, name or claim that the source does not?"""
    found = list(dict.fromkeys(_FINDERS[kind](caption, source)))
    if not found:
        return Check(f"invented {kind}", "pass")
    said = " and ".join(map(repr, found[:4]))
    return Check(
        f"invented {kind}", "fail", f"it says {said}, which the source does not say: leave it out"
    )


def invented_numbers(caption: str, source: Source) -> list[str]:
    """Amounts and numbers of the caption that the source lacks, as written."""
    known, bare, found = source.amounts, source.numbers, []
    unitless = {k.form for k in known if " " not in k.form}
    for fact in find_amounts(caption, source.language):
        written = next(iter(re.findall(r"[\d.,/]+", fact.said)), "").rstrip(".,/")
        number, _, unit = fact.form.partition(" ")
        counted = unit in ("", "piece")  # "32-count" of a source with "32 pods"
        if counted and (number in bare or written in bare):
            continue
        # "170 calories" of "calories per serving: 170"
        if any(same_amount(fact.form, k.form) for k in known) or written in unitless:
            continue
        found.append(fact.said)
    return found


def invented_colours(caption: str, source: Source) -> list[str]:
    """Colours that the source has neither by name nor by their base."""
    bases = {f.form for f in source.facts("colour")}
    several = len(bases) > 1
    return [
        f.said
        for f in find_colours(caption, source.language)
        if f.form not in bases
        and not words_of(f.said) & source.words
        and not (several and f.form == "multicolor")
    ]


def invented_names(caption: str, source: Source) -> list[str]:
    """Capitalised words within sentences that the source lacks in any spelling close to them."""
    return [f.said for f in find_names(caption) if not knows(source, f.said, f.form)]


def invented_claims(caption: str, source: Source) -> list[str]:
    """Claims ("organic", "gluten-free") that the source does not make."""
    return [
        f.said
        for f in find_claims(caption)
        if f.form not in source.claims and squeeze(f.said) not in source.squeezed
    ]


_FINDERS: Mapping[str, Callable[[str, Source], list[str]]] = {
    "number": invented_numbers,
    "colour": invented_colours,
    "name": invented_names,
    "claim": invented_claims,
}


def knows(source: Source, word: str, form: str) -> bool:
    """Whether the source has a word, as part of another or nearly so spelt."""
    from rapidfuzz import fuzz, process

    parts = {stem(p) for p in re.split(r"['&-]", word) if p[:1].isupper()}  # not of "MSG-free"
    if form in source.words or parts <= source.words or len(form) < 2:
        return True
    if any(w.startswith(form) or form.startswith(w) for w in source.words if len(w) > 4):
        return True  # "European" of "Europe"
    if len(form) > 2 and squeeze(word) in source.squeezed:
        return True
    if len(form) < 5:
        return False
    near = process.extractOne(form, source.words, scorer=fuzz.ratio, score_cutoff=NEAR)
    return near is not None


def new_words(caption: str, source: Source) -> list[str]:
    """Words of four letters and more that the source does not have, for people to look at: no
    check, since a caption may use words of its own."""
    seen = dict.fromkeys(re.findall(r"[^\W\d_]{4,}", caption))
    return [w for w in seen if not words_of(w) & source.words and squeeze(w) not in source.squeezed]


def kind_of(key: str) -> Kind | None:
    """What an attribute's key says of a product, if it is one of `KINDS`."""
    from skulens.errors import UnknownName

    try:
        return _PATHS.get(find_path(key))
    except UnknownName:
        return None


def holds(text: str, form: str) -> bool:
    """Whether a normalised name stands in a normalised text, as whole words."""
    return bool(form) and f" {form} " in f" {text} "


def squeeze(text: str) -> str:
    return re.sub(r"[\W_]+", "", fold(text))


def failures(checks: Sequence[Check]) -> list[Check]:
    return [c for c in checks if c.verdict == "fail"]


def brands_of(attributes: Collection[Attribute]) -> set[str]:
    """The brands that a product's attributes give, normalised."""
    return {name_form(a.value) for a in attributes if kind_of(a.key) == "brand"} - {""}
