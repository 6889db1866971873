"""What a reader sees of names, the same in every table, figure and page."""

from collections.abc import Iterable, Sequence

from skulens.bench.naming import SILENT as SILENT
from skulens.bench.naming import shorten as shorten
from skulens.bench.result import Result
from skulens.records import Product

TITLE = 48
"""Characters of a product's name."""
SEPARATORS = " ,;:.–-|/("
"""Never the end of a name that is cut."""


def label(result: Result, among: Sequence[Result] = ()) -> str:
    """The system, with what tells its variant from those of others: "mini (mode paper)".

    Args:
        among: results that stand together; what all of them share is left to their title.
    """
    shared = shared_variant(among)
    own = [f"{k} {v}" for k, v in result.variant.items() if k != "gallery" and shared.get(k) != v]
    own += tell_weights(result, among)
    return shorten(result.name) + (f" ({', '.join(own)})" if own else "")


def tell_weights(result: Result, among: Sequence[Result]) -> list[str]:
    """The precision, or else the identity, where others of the same name and variant differ in it."""
    twins = [r for r in among if r.name == result.name and dict(r.variant) == dict(result.variant)]
    dtype = getattr(result.system, "dtype", "")
    if any(getattr(r.system, "dtype", "") != dtype for r in twins):
        return [f"dtype {dtype}"]
    different = any(r.system.identity != result.system.identity for r in twins)
    return [f"identity {result.system.identity[:8]}"] if different else []


def shared_variant(results: Sequence[Result]) -> dict[str, str]:
    """What the variants of all results have in common, except the gallery."""
    first = results[0].variant if results else {}
    return {
        k: v
        for k, v in first.items()
        if k != "gallery" and all(r.variant.get(k) == v for r in results)
    }


def noun_of(results: Iterable[Result]) -> str:
    """What systems are called: "encoder" where all are, else "system"."""
    return "encoder" if {r.system.kind for r in results} <= {"encoder"} else "system"


def count(n: int, noun: str) -> str:
    """1 entry, 2 entries, 3 encoders"""
    return f"{n:,} {noun if n == 1 else plural(noun)}"


def plural(noun: str) -> str:
    return noun[:-1] + "ies" if noun.endswith("y") else noun + "s"


def singular(nouns: str) -> str:
    """probes -> probe, queries -> query, SKUs -> SKU"""
    return nouns[:-3] + "y" if nouns.endswith("ies") else nouns.removesuffix("s")


def name_product(product: Product, most: int = TITLE, roles: Sequence[str] = ()) -> str:
    """What people call a product: its title, else the first words of a text, else its id.

    Args:
        most: characters; what is longer is cut at a word and ends in "…".
        roles: of the texts to look at where it has no title, in this order; then all others.
    """
    texts = (*(product.text(role) for role in roles), *product.texts.values())
    written = (product.title, *(text or "" for text in texts), product.id)
    return cut_at_word(next((w for text in written if (w := " ".join(text.split()))), ""), most)


def name_apart(
    one: Product, other: Product, most: int = TITLE, roles: Sequence[str] = ()
) -> tuple[str, str]:
    """Names of two products that stand side by side.

    Variants often share a title: then each is named by the first text in which the two differ,
    where there is one.
    """
    names = name_product(one, most, roles), name_product(other, most, roles)
    if names[0] != names[1]:
        return names
    for role in (*roles, *one.texts):
        texts = one.text(role), other.text(role)
        if all(texts):
            found = (_cut_to_difference(*texts, most), _cut_to_difference(*texts[::-1], most))  # type: ignore[arg-type]
            if found[0] != found[1]:
                return found
    return names


def _cut_to_difference(mine: str, other: str, most: int) -> str:
    """A text from just before the first word in which it differs from the other."""
    words, others = mine.split(), other.split()
    pairs = zip(words, others, strict=False)
    same = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(words), len(others)))
    start = max(same - 2, 0)
    return cut_at_word("… " * (start > 0) + " ".join(words[start:]), most)


def cut_at_word(text: str, most: int) -> str:
    """The text in at most `most` characters: whole words and "…" where some are missing.

    A first word that is longer than that is cut inside.
    """
    if len(text) <= most:
        return text
    head = text[: max(most - 1, 0)]
    if text[len(head)] != " " and " " in head:
        head = head[: head.rindex(" ")]
    return (head.rstrip(SEPARATORS) or head) + "…"
