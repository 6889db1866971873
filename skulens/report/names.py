"""What a reader sees of names, the same in every table, figure and page."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from skulens.bench.result import Result

SILENT = "open_clip"
"""The family whose pairs are clear without its name."""


def shorten(name: str, *, silent: str = "") -> str:
    """A system's name as short as it stays clear: a path is cut to its last part.

    Args:
        silent: a family that is left out ("open_clip:RN50/openai" -> "RN50/openai").
    """
    family, colon, argument = name.rpartition(":")
    if family and family == silent:
        return argument
    local = argument.startswith((".", "/", "~")) or argument.count("/") > 1
    return family + colon + (Path(argument).name if local else argument)


def label(result: Result, among: Sequence[Result] = ()) -> str:
    """The system, with what tells its variant from those of others: "mini (mode paper)".

    Args:
        among: results that stand together; what all of them share is left to their title.
    """
    shared = shared_variant(among)
    own = [f"{k} {v}" for k, v in result.variant.items() if k != "gallery" and shared.get(k) != v]
    return shorten(result.name) + (f" ({', '.join(own)})" if own else "")


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
